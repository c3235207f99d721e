"""A plan under risk: what is decided before anything happens is the same in all futures drawn.

The futures are draws of the sheet Risks, as ``planner risk`` draws them. Three ways to plan are set
side by side: had each future been known, which is less than can be had; one plan for all futures;
and the plain plan, kept to until something happens. Minerals that no budget ties are planned apart,
unless the tail of all costs counts. Independent batches of the futures are planned likewise, each
alone: how far their savings lie apart says how sure the saving of all is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from models import tolerances
from models.answers import Course, Future, Tail, apart, cvar, under_risk, valued
from models.case import Case
from models.errors import UsageError
from models.measures import change
from models.measures import part as part_of
from models.plan import OPTIMAL, Plan, status_of
from models.plan.solving import part, parts
from models.program import component, program_of
from models.program.component import MEMBER as MEMBER_PART
from models.program.component import MINERAL as MINERAL_PART
from models.program.component import PROJECT as PROJECT_PART
from models.program.component import YEAR as YEAR_PART
from models.program.families.projects import BUILT
from models.program.families.stockpiles import STOCK
from models.resolve import Expanded, Floats, Ints
from models.results import Look, Result, Runs, field
from models.results.common import CHANGE, DEMAND, MEASURE, MINERAL, UNIT, YEAR, words_of
from planner.render.chart import Form, Picture, Role, Series, short
from planner.render.table import records
from planner.render.words import (
    counted,
    inner,
    listed,
    money,
    opened,
    percent,
    search_words,
    share,
    solid,
)
from planner.scenarios.events import Hits, touched
from planner.studies.draws import NO_EVENTS, Draw, draws, foreseen, happening, own, reading, whose
from planner.studies.engine import Change, Outcome, Run, Study, Tell, chains_of, run_studies
from planner.studies.kind import YEARS, Headline, KeyFigure, Numbers, Section, StudyKind, Tables
from planner.studies.spread import give_or_take

if TYPE_CHECKING:
    from planner.run import Start
    from planner.studies.places import Where

MOST = 100
"""Futures that differ at most where projects are whole: they are one program and one search."""
MOST_COLUMNS = 1_000_000
"""Columns at most of minerals that limits tie, for all futures that differ for them."""
_CHAIN = 8
"""Futures planned one after another, as if each had been known."""
_BATCHES, _IN_BATCH = 5, 5
"""Batches at most, and futures of each at least."""
_ENOUGH, _ENOUGH_WHOLE = 100, 20
"""Futures that are drawn unless another number is asked for; where projects are whole."""
_MOST_BARS = 12
_EXPECTED, _LEAST, _DEAREST = "Expected total cost", "Mean and CVaR by weight", "Dearest future"
FUTURES, TAIL, NOTE = "Futures", "What is least", "Note"
"""Rows of About: how many were drawn; what the plan under risk makes least; that none is drawn."""
_FOR_SHARES, _USED_UP = "what minerals share", "used up its rounds"
_KINDS = _BUILD, _STORE, _BUY, _TAKE = (
    "built",
    "in stock at the end of the year",
    "bought",
    "taken",
)


# ---- tables --------------------------------------------------------------------------------------


_MONEY = field.millions("")


class Worth(Result):
    """What the plan under risk costs over all futures, and what it would save to know the future.

    The costs are discounted and count shortage and penalties at their prices.
    """

    TABLE, GRAIN, BOOK, FILTERED = "Under risk", ("measure",), "under risk", False
    measure = MEASURE.like(look=Look.TEXT)
    known = _MONEY.like(
        header="Each future known",
        meaning="Each future planned for itself: no plan can do better. Discounted.",
        key="known_usd",
    )
    risky = _MONEY.like(
        header="Plan under risk",
        meaning="One plan for all futures: what is built is the same in all; all else until they"
        " part. Discounted.",
        key="under_risk_usd",
    )
    plain = _MONEY.like(
        header="Plain plan",
        meaning="What the plain plan builds, and all that it decides until something happens; from"
        " then on planned as under risk. Discounted.",
        key="plain_usd",
    )
    evpi = _MONEY.like(
        header="Knowing would save",
        meaning="Plan under risk less each future known; of the expected cost the expected value of"
        " perfect information (EVPI). Discounted.",
        key="evpi_usd",
    )
    vss = _MONEY.like(
        header="Planning under risk saves",
        meaning="Plain plan less plan under risk; of the expected cost the value of the stochastic"
        " solution (VSS). Discounted.",
        key="vss_usd",
    )
    error = _MONEY.like(
        header="Give or take",
        meaning="Half of the interval that holds 95 % of what other futures, as many, would show"
        " as saved, from independent batches of futures. Discounted as the saving is; blank with"
        " too few futures.",
        key="vss_error_usd",
        optional=True,
    )


class Batches(Result):
    """One row an independent batch of the futures, planned for itself: what is least there."""

    TABLE, GRAIN, BOOK = "Batches", ("batch",), "under risk"
    batch = field("Batch", Look.COUNT, "Of the futures in the order in which they were drawn.")
    futures = field("Futures drawn", Look.COUNT)
    known, risky, plain, evpi, vss = Worth.known, Worth.risky, Worth.plain, Worth.evpi, Worth.vss


class Decisions(Result):
    """What is decided before anything happens: in the plain plan, and under risk.

    What is built; what stocks hold at the end of each year; what is bought, and taken of contracts,
    in the first year. Years in which something has happened in every future are left out.
    """

    TABLE, GRAIN, BOOK = "Decisions", ("what", "mineral", "who", "year"), "under risk"
    what = field.text("Decision", f"{_BUILD}, {_STORE}, {_BUY}, or {_TAKE} of a contract.")
    mineral = MINERAL
    who = field.text(
        "Of whom",
        "The project that is built, the member that stores, the country that sells, the contract.",
    )
    year = YEAR.like(meaning="Of what is built the year in which its output starts.")
    unit = UNIT.like(meaning="")
    plain = field("Plain plan", Look.TONNES, key="plain_t")
    risky = field("Plan under risk", Look.TONNES, key="under_risk_t")
    change = CHANGE.like(meaning="Plan under risk less plain plan.", key="change_t")


class Futures(Result):
    """One row a future: what happens, how likely it is, and what each way to plan comes to."""

    TABLE, GRAIN, BOOK = "Futures", ("future",), "under risk"
    future = field("Future", Look.COUNT)
    chance = field.share("Probability", "Of so many draws the part that is this future.")
    known = Worth.known
    risky = Worth.risky
    plain = Worth.plain
    short_known = field.tonnes("Short, future known")
    short_risky = field.tonnes("Short, plan under risk")
    short_plain = field.tonnes("Short, plain plan")
    events = field("Events", Look.REMARK, "In the years in which any of their rows holds.")


class Expected(Result):
    """One row a mineral: what is expected to be short, over all years."""

    TABLE, GRAIN, BOOK = "Expected short", ("mineral",), "under risk"
    mineral = MINERAL
    demand = DEMAND.like(meaning="Without events.", key="demand_t")
    known = Futures.short_known.like(header="Each future known", key="known_t")
    risky = Futures.short_risky.like(header="Plan under risk", key="under_risk_t")
    plain = Futures.short_plain.like(header="Plain plan", key="plain_t")


# ---- runs ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class UnderRiskResult:
    """What is kept of a run: what it comes to, and of one for all futures the plain plan, too.

    ``decided`` are rows of Decisions that either makes [t, or t/yr of what is built].
    """

    course: Course
    plain: Course | None = None
    decided: tuple[dict[str, Any], ...] = ()


def known_of(plan: Plan) -> UnderRiskResult:
    """Return what is kept of the plan of a future that was known."""
    of = reading(plan)
    return UnderRiskResult(Course(np.array([of.objective]), of.short.sum(axis=1)[None], plan.proof))


@dataclass(frozen=True)
class UnderRiskReader:
    """Plans for all futures at once, from the plan of the case without events.

    By future: what happens, what is known on the way and its chance, ``known`` and ``calm`` as of
    ``models.answers.futures``.
    """

    happens: tuple[Change, ...]
    known: tuple[Ints, ...]
    chances: Floats
    calm: Ints
    tail: Tail

    def __call__(self, plan: Plan) -> UnderRiskResult:
        """Return the plan under risk, and the plain plan kept to."""
        every = zip(self.happens, self.chances.tolist(), self.known, strict=True)
        futures = [Future(happen(plan.case), chance, known) for happen, chance, known in every]
        made = under_risk(plan, futures, self.calm, self.tail)
        return UnderRiskResult(made.risky, made.plain, tuple(_rows(plan, made.decisions)))


def _rows(plan: Plan, decisions: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of Decisions that are more than rounding."""
    case, first = plan.case, plan.case.years[0]
    country = {(s.name, s.project, s.mineral): s.country for s in plan.expanded.sources}
    projects = {p.name: p for p in case.projects}
    found: dict[tuple[str, str, str, int], list[float]] = {}
    for decision in decisions:
        of, key = decision.of, decision.key
        mineral, year, size = of.part(key, MINERAL_PART), of.part(key, YEAR_PART), 1.0
        rows = []
        if of is BUILT:
            project = projects[of.part(key, PROJECT_PART)]
            if project.built_in is None and year in dict(project.begun):
                continue  # it is no decision
            size = project.capacity.value(max(year, first))
            rows.append((_BUILD, project.mineral, project.name))
        elif of is STOCK:
            rows.append((_STORE, mineral, of.part(key, MEMBER_PART)))
        elif year == first:
            seller = country[of.part(key, component.REFINER), of.part(key, PROJECT_PART), mineral]
            rows.append((_BUY, mineral, case.country_name(seller)))
            record, _ = of.part(key, component.CONTRACT, (None, 0))
            if record is not None:
                rows.append((_TAKE, mineral, f"{record.name or record.refiner}: {record.member}"))
        for row in rows:
            sums = found.setdefault((*row, year), [0.0, 0.0])
            sums[0] += size * decision.plain
            sums[1] += size * decision.risky
    for (what, mineral, who, year), (plain, risky) in found.items():
        if max(plain, risky) > plan.tolerance(mineral, year):
            yield {
                "what": what, "mineral": mineral, "who": who, "year": year,
                "unit": "t/yr" if what == _BUILD else "t",
                "plain": plain, "risky": risky, "change": change(risky, plain),
            }  # fmt: skip


@dataclass(frozen=True)
class _MineralGroup:
    """Minerals planned together: the futures that differ for them, and which each draw is."""

    case: Case
    reach: tuple[frozenset[str], ...]
    hits: tuple[Hits, ...]
    of_draw: tuple[int, ...]

    @property
    def chances(self) -> Floats:
        """The probability of each of them: of so many draws its part."""
        return np.bincount(self.of_draw, minlength=len(self.hits)) / len(self.of_draw)

    @property
    def too_large(self) -> str:
        """Return why its futures cannot be planned at once, "" where they can."""
        if len(self.hits) <= MOST:
            return ""
        if self.case.settings.whole_projects:
            return f"{len(self.hits):,} of them differ, and with whole projects {MOST} may"
        for minerals in apart(self.case):
            differ = {own(hits, self.reach, minerals) for hits in self.hits}
            # what happens up to a year has its own columns of that year
            years = [len({_until(hits, year) for hits in differ}) for year in self.case.years]
            one = len(program_of(Expanded(part(self.case, minerals))).rows.cost)
            columns = int(one * sum(years) / len(years))
            if columns > MOST_COLUMNS:
                return (
                    f"{len(differ):,} of them differ for {', '.join(minerals)}, some {columns:,}"
                    f" columns, and {MOST_COLUMNS:,} can be planned"
                )
        return ""

    def chances_in(self, batch: Ints) -> Floats:
        """Return the probability of each of them among the draws of a batch."""
        drawn = np.array(self.of_draw)[batch]
        return np.bincount(drawn, minlength=len(self.hits)) / len(batch)

    def study(self, case: Case, tail: Tail, batches: Sequence[Ints]) -> Study[UnderRiskResult]:
        """Return its runs: all futures at once, each batch of them, then each as if known.

        ``case`` has the risks. Where nothing differs a batch is all of them.
        """
        names = [m.name for m in self.case.minerals]
        groups = apart(self.case)  # what is built is for all futures, so a budget is no tie
        label: dict[object, int] = {}

        def known(hits: Hits) -> Ints:
            found = np.zeros((len(names), len(self.case.years)), dtype=np.int64)
            for i, of in enumerate(groups):
                mine, at = own(hits, self.reach, of), [names.index(name) for name in of]
                for t, year in enumerate(self.case.years):
                    found[at, t] = label.setdefault((i, t, _until(mine, year)), len(label) + 1)
            return found

        happens = tuple(foreseen(case, hits) for hits in self.hits)
        every, calm, of = tuple(map(known, self.hits)), known(()), whose(case, names)

        def reader(chances: Floats) -> UnderRiskReader:
            at = np.flatnonzero(chances)
            courses = tuple(happens[i] for i in at)
            return UnderRiskReader(courses, tuple(every[i] for i in at), chances[at], calm, tail)

        runs = [Run(f"Known, future {i}: {of}", happen) for i, happen in enumerate(happens, 1)]
        together = Run(f"Under risk: {of}", read=reader(self.chances))
        apart_ = [
            Run(f"Under risk, batch {b}: {of}", read=reader(self.chances_in(batch)))
            for b, batch in enumerate(batches, 1)
        ]
        chains = (*chains_of(apart_, _CHAIN), *chains_of(runs, _CHAIN))
        return Study(self.case, ((together,), *chains), known_of)


def _until(hits: Hits, year: int) -> Hits:
    return tuple(hit for hit in hits if hit[1] <= year)


def _parts(case: Case, drawn: Sequence[Draw], tail: Tail) -> list[_MineralGroup]:
    """Return the minerals that belong together; all where the tail of all costs counts."""
    together = parts(case) if not tail.weight else (tuple(m.name for m in case.minerals),)
    reach, found = tuple(touched(case, row) for row in case.risks), []
    for minerals in together:
        hits = [own(draw.hits, reach, minerals) for draw in drawn]
        place = {each: i for i, each in enumerate(dict.fromkeys(hits))}
        at = tuple(map(place.__getitem__, hits))
        found.append(_MineralGroup(part(case, minerals), reach, tuple(place), at))
    return found


# ---- the kind ------------------------------------------------------------------------------------


class UnderRisk(StudyKind):
    """Plan under the events of the sheet Risks: ``planner solve FILE --under-risk``."""

    NAME, TITLE, WRITES = "under-risk", "Plan under risk", "plan under risk"
    QUESTION = "What should be decided now, if events may come?"
    HEADING = "{named}: plan under risk"
    MONEY = "discounted to the first year, shortage and penalties at their prices"
    LACKING = "the plan under risk is not known"
    RESULTS = (Worth, Decisions, Futures, Expected, Batches)
    LIMIT = "Cap one country's share of each mineral, 0 to 1. Applied last."

    def __init__(
        self, start: Start, *, futures: int | None, seed: int, alpha: float, weight: float
    ) -> None:
        """Draw the futures; UsageError where they are more than can be planned at once."""
        super().__init__(start)
        if futures is None:
            futures = _ENOUGH_WHOLE if start.case.settings.whole_projects else _ENOUGH
        case, self.seed, self.tail = start.case, seed, Tail(alpha, weight)
        self.drawn = draws(case, futures, seed)
        first = {draw.hits: draw for draw in reversed(self.drawn)}
        self.different = tuple(first[hits] for hits in dict.fromkeys(d.hits for d in self.drawn))
        self.parts = _parts(case, self.drawn, self.tail)
        self.batches = batches_of(futures)
        why = next(filter(None, (p.too_large for p in self.parts)), "")
        if why:
            msg = f"{futures:,} futures cannot be planned at once: {why}; ask for fewer --futures"
            raise UsageError(msg)
        self.task = counted(len(self.different), "future")

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        """Plan for all futures at once, and each as if it had been known."""
        del say
        case = self.start.case
        studies = [p.study(case, self.tail, self._of(p)) for p in self.parts]
        self.found = run_studies(studies, where, tell)
        self.outcomes = [outcome for of in self.found for outcome in of]
        self.stopped = self.found[-1].stopped if self.found else None

    def _of(self, p: _MineralGroup) -> Sequence[Ints]:
        return self.batches if len(p.hits) > 1 else ()

    # ---- what came of it -------------------------------------------------------------------------

    @property
    def planned(self) -> bool:
        return all(outcome.planned for outcome in self.outcomes)

    @property
    def known(self) -> str:
        done = sum(outcome.planned for outcome in self.outcomes)
        return f"{done:,} of {counted(len(self.outcomes), 'run')}"

    @property
    def runs(self) -> Sequence[Outcome[Any]]:
        """The runs, that of all futures with the proofs of its two plans."""
        found = list[Outcome[Any]]()
        for p, every in zip(self.parts, self.found, strict=True):
            chances = iter([p.chances, *map(p.chances_in, self._of(p))])
            for outcome in every:
                of, own = outcome.found, next(chances, None)
                if of is None or of.plain is None or own is None:
                    found.append(outcome)
                    continue
                own = own[own > 0]
                for end, made in (("", of.course), (", plain plan", of.plain)):
                    cost, name = valued(made.costs, own, self.tail), outcome.name + end
                    found.append(replace(outcome, name=name, objective=cost, proof=made.proof))
        return found

    @property
    def proven(self) -> float:
        """By what part of its cost a plan may be dearer than the cheapest."""
        return max((max(p.gap, p.mip_gap) for of in self.runs if (p := of.proof)), default=0.0)

    @property
    def gap(self) -> float:
        """What a search that ended early left open, as a part of its cost."""
        return max((of.proof.mip_gap for of in self.runs if of.proof is not None), default=0.0)

    @property
    def status(self) -> str:
        return status_of(self.gap)

    @property
    def trouble(self) -> str:
        """What the figures are worth where a search ended early."""
        if not self.start.case.risks:
            return NO_EVENTS
        if self.status == OPTIMAL:
            return ""
        search, said = self.start.case.search, search_words(self.gap)
        if not self.start.case.settings.whole_projects:
            is_early = search.seconds is not None or self.gap <= search.gap + tolerances.MOST_GAP
            said = search_words(self.gap, _FOR_SHARES, "ended early" if is_early else _USED_UP)
        return f"{said} Differences of less than that say nothing."

    @property
    def what(self) -> str:
        return f"{self.options[FUTURES]}, seed {self.seed}; least: {self._least}"

    @property
    def _least(self) -> str:
        weight = self.tail.weight
        if not weight:
            return "the expected cost"
        rest = f"{percent(1.0 - weight, 0)} the expected cost, " if weight < 1 else ""
        one = 1.0 - self.tail.alpha <= 1.0 / len(self.drawn)
        few = ", which of so few futures is the dearest alone" if one else ""
        return f"{rest}{percent(weight, 0)} the {_cvar_words(self.tail.alpha)}{few}"

    @property
    def options(self) -> dict[str, str]:
        """The scenario, what was drawn, what is least, and who knows what when."""
        return {
            **self.start.options,
            FUTURES: f"{len(self.drawn):,} drawn, {len(self.different):,} different",
            "Seed": str(self.seed),
            TAIL: self._least,
            Runs.proven.header: f"no plan costs less by more than {self.proven:z.0e} of the cost",
            **(
                {NOTE if self.status == OPTIMAL else "Search": self.trouble} if self.trouble else {}
            ),
            "What is built": "one programme for all futures, decided before anything happens",
            "All else": "decided in its year, knowing the events that touch the mineral up to it;"
            " what comes after is known only as far as the futures drawn have parted",
            Worth.plain.header: "kept to until the first event that touches a mineral; what is"
            " built to the end. From that event on it buys anew of any supplier, where planner risk"
            " binds each to what was agreed and a surge, so that the mean there is higher",
        }

    def tables(self) -> list[Result]:
        """Return what it is worth, the decisions, the futures, and what is short."""
        case, words = self.start.case, words_of(self.start.case)
        drawn = Counter(draw.hits for draw in self.drawn)
        chances = np.array([drawn[d.hits] / len(self.drawn) for d in self.different])
        at = [self.drawn.index(d) for d in self.different]
        names = [m.name for m in case.minerals]
        ways = {"known": self._sums(at, self._known)}
        ways["risky"] = self._sums(at, lambda _, of: of[0].found.course)
        ways["plain"] = self._sums(at, lambda _, of: of[0].found.plain)
        worth: list[dict[str, Any]] = []
        for name, of in self._measures.items():
            row = _worth(*(of(costs, chances) for costs, _ in ways.values()), is_least=not worth)
            worth.append({"measure": name, "error": None} | row)
        batches = [self._batch(b) for b in range(len(self.batches))]
        if batches:
            worth[0]["error"] = give_or_take(np.array([row["vss"] for row in batches]))
        every = [row for of in self.found if of[0].found for row in of[0].found.decided]
        grain = Decisions.GRAIN[1:]
        every.sort(key=lambda row: (_KINDS.index(row["what"]), *map(row.__getitem__, grain)))
        columns: dict[str, Any] = {way: costs for way, (costs, _) in ways.items()}
        columns |= {f"short_{way}": lacks.sum(axis=1) for way, (_, lacks) in ways.items()}
        expected: dict[str, Any] = {
            way: (chances[:, None] * lacks).sum(axis=0) for way, (_, lacks) in ways.items()
        }
        return [
            Worth.of_rows(worth, words=words),
            Decisions.of_rows(every, words=words),
            Futures(
                words=words,
                future=list(range(1, len(at) + 1)),
                chance=chances,
                events=[happening(case, d.hits) for d in self.different],
                **columns,
            ),
            Expected(
                words=words,
                mineral=names,
                demand=[sum(case.coalition_demand(m, y) for y in case.years) for m in names],
                **expected,
            ),
            *([Batches.of_rows(batches, words=words)] if batches else []),
        ]

    def _batch(self, b: int) -> dict[str, Any]:
        """Return what is least in a batch, planned in each way."""
        batch, measure = self.batches[b], next(iter(self._measures.values()))
        costs, chances = np.zeros((3, len(batch))), np.full(len(batch), 1.0 / len(batch))
        for p, outcomes in zip(self.parts, self.found, strict=True):
            drawn, place = np.array(p.of_draw)[batch], np.zeros(len(p.hits), dtype=np.int64)
            used = np.unique(drawn)
            place[used] = np.arange(len(used))
            made: Any = outcomes[1 + b if self._of(p) else 0].found
            costs[0] += self._known(p, outcomes).costs[drawn]
            costs[1] += made.course.costs[place[drawn]]
            costs[2] += made.plain.costs[place[drawn]]
        row = _worth(*(measure(of, chances) for of in costs), is_least=True)
        return {"batch": b + 1, "futures": len(batch), **row}

    @property
    def _measures(self) -> dict[str, Callable[[Floats, Floats], float]]:
        """What is told of costs by future and their chances, what is least first."""
        found: dict[str, Callable[[Floats, Floats], float]] = {}
        if self.tail.weight:
            found[_LEAST] = partial(valued, tail=self.tail)
        found[_EXPECTED] = partial(valued, tail=Tail())
        found[_cvar_words(self.tail.alpha)] = partial(cvar, alpha=self.tail.alpha)
        found[_DEAREST] = lambda costs, _: float(costs.max())
        return found

    def _known(self, p: _MineralGroup, outcomes: Any) -> Course:
        """Return what a part's futures come to that are known, each a run of its own."""
        every = [outcome.found.course for outcome in list(outcomes)[1 + len(self._of(p)) :]]
        costs, lacks = (np.concatenate([getattr(c, n) for c in every]) for n in ("costs", "short"))
        return Course(costs, lacks, every[0].proof)

    def _sums(self, at: Sequence[int], course: Callable[..., Any]) -> tuple[Floats, Floats]:
        """Return by future what one way to plan costs [money] and is short by mineral [t]."""
        names = [m.name for m in self.start.case.minerals]
        costs, lacks = np.zeros(len(at)), np.zeros((len(at), len(names)))
        for p, outcomes in zip(self.parts, self.found, strict=True):
            of, own = course(p, outcomes), [p.of_draw[i] for i in at]
            costs += of.costs[own]
            lacks[:, [names.index(m.name) for m in p.case.minerals]] += of.short[own]
        return costs, lacks

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return what was drawn, what it is worth, and an object a decision and a future."""
        return {
            "search_gap": self.gap,
            "proven_gap": self.proven,
            "scenario": self.start.case.scenario,
            "futures": len(self.drawn),
            "different_futures": len(self.different),
            "seed": self.seed,
            "alpha": self.tail.alpha,
            "weight": self.tail.weight,
            "worth": tables.records(Worth),
            "decisions": tables.records(Decisions),
            "rows": tables.records(Futures),
            "minerals": tables.records(Expected),
            "batches": tables.records(Batches),
        }

    def screen(self, tables: Tables) -> Iterator[Numbers]:
        """Return what it is worth, and what is decided otherwise."""
        yield Numbers(tables[Worth])
        of = _otherwise(tables)
        if of:
            kept = [row in of[:_MOST_BARS] for row in tables.records(Decisions)]
            told = tables[Decisions].where(kept)
            heading = f"Decided otherwise ({len(told)} of {len(of)}, the largest)"
            yield Numbers(told, heading=heading)

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Say what to decide otherwise, what that saves, how sure that is, and what is missing."""
        worth, futures, batches = tables[Worth], tables[Futures], tables.records(Batches)
        row = next(iter(worth.frame().to_dict("records")))
        unit, many = worth.words["money"], len(futures)
        cost, vss, evpi = (money(row[name], unit) for name in ("risky", "vss", "evpi"))
        drawn = int(tables.option(FUTURES).split()[0].replace(",", ""))
        if many == 1 and list(futures.events) == [_NOTHING]:
            why = tables.option(NOTE)
            return Headline(
                "Nothing happens in any future drawn: the plan under risk is the plain plan."
                + (f" {opened(why)}." if why else ""),
                (KeyFigure(_EXPECTED, cost, "that of the plain plan."),),
            )
        error = row["error"] if batches else None
        sure = f", give or take {money(error, unit)} between batches" if error is not None else ""
        over, least = f"Over {counted(drawn, 'future')}", ""
        if row["measure"] != _EXPECTED:
            least = f" of {inner(row['measure'])}"
        of = _otherwise(tables)
        if of:
            beside = _beside(of, _ADVISED)
            said = f"{_advice(of, _ADVISED)}. {over} that{beside} {vss}{least}{sure}."
        elif row["vss"]:
            said = (
                "Decide as the plain plan does, but for changes below 1 %."
                f" {over} these save {vss}{least}{sure}."
            )
        else:
            said = (
                f"Decide as the plain plan does. {over} planning for events saves nothing{least}."
            )
        lacks = _missing(tables)
        figures = (
            KeyFigure("Planning for events saves", vss, "against the plain plan (VSS)."),
            KeyFigure("A perfect forecast saves", evpi, "beyond that (EVPI)."),
            KeyFigure("Missing on average", *lacks),
        )
        return Headline(said, figures, tuple(_care(row, drawn, batches)))

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        """Return by future what is paid for not knowing it, and what is expected to be short."""
        frame = tables[Futures].frame()
        regret = frame[["plain", "risky"]].sub(frame["known"], axis=0)
        largest = regret["plain"].sort_values(ascending=False, kind="stable").index[:_MOST_BARS]
        shown = regret.loc[sorted(largest)]
        found: list[Picture] = []
        if len(frame) > 1:
            found.append(
                Picture(
                    f"What each future costs more than had it been known, {tables.option(YEARS)}",
                    Form.GROUPED,
                    tuple(f"Future {i + 1}" for i in shown.index),
                    tuple(Series(head, role, shown[way].tolist()) for way, head, role in _WAYS[1:]),
                    "{unit}",
                    "the futures with most" if len(frame) > _MOST_BARS else "",
                ).in_money(tables[Futures].words["money"])
            )
        lacks = tables[Expected].frame()
        lacks = lacks[lacks[["known", "risky", "plain"]].max(axis=1) > 0]
        if not lacks.empty:
            title = f"Share of demand expected to be short, {tables.option(YEARS)}"
            names = tuple(short(name) for name in lacks["mineral"])
            series = tuple(Series(head, role, [*_shares(lacks, way)]) for way, head, role in _WAYS)
            found.append(
                Picture(title, Form.GROUPED, names, series, "% of demand", "", look=Look.DAYS)
            )
        return tuple(found)

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return the futures, and the decisions."""
        lead = "Each way to plan in each future, the probability of which is its part of the draws."
        futures = Numbers(tables[Futures], _TOLD).view(*cls.pictures(tables)[:1])
        found = [Section("futures", "What each future costs", lead, futures)]
        if len(tables[Decisions]):
            heading = "What is decided before anything happens"
            found.append(Section("decisions", heading, "", Numbers(tables[Decisions]).view()))
        return tuple(found)


_NOTHING = Draw((), ()).label
_TOLD = (
    Futures.future, Futures.chance, Futures.known, Futures.risky, Futures.plain, Futures.events,
)  # fmt: skip
_WAYS = (
    ("known", Worth.known.header, Role.OTHER),
    ("plain", Worth.plain.header, Role.PLAN),
    ("risky", Worth.risky.header, Role.ANEW),
)


def _cvar_words(alpha: float) -> str:
    return f"CVaR {100 * alpha:g} of total cost"


def batches_of(futures: int) -> tuple[Ints, ...]:
    """Return which futures each independent batch has, in the order of the draws; () of too few."""
    many = min(_BATCHES, futures // _IN_BATCH)
    return tuple(np.array_split(np.arange(futures), many)) if many > 1 else ()


def _worth(known: float, risky: float, plain: float, *, is_least: bool) -> dict[str, float]:
    """Return what each way to plan comes to, and what knowing and planning under risk save."""
    saved = {"evpi": solid(risky - known, risky), "vss": solid(plain - risky, plain)}
    if is_least:  # of what is least none is below 0 but for the gap that a proof leaves
        saved = {name: max(0.0, of) for name, of in saved.items()}
    return {"known": known, "risky": risky, "plain": plain, **saved}


def _shares(rows: Any, name: str) -> Iterator[float]:
    for lacks, need in rows[[name, "demand"]].to_numpy():
        yield 100.0 * (part_of(lacks, need) or 0.0)


def _otherwise(tables: Tables) -> list[dict[str, Any]]:
    """Return the decisions that differ by a hundredth or more: builds first, the largest first.

    Large is what is much of the mineral's demand.
    """
    need = dict(tables[Expected].rows(Expected.mineral, Expected.demand))

    def differs(row: Any) -> bool:
        return bool(abs(row["change_t"]) > _ALIKE * max(row["plain_t"], row["under_risk_t"]))

    def place(row: Any) -> tuple[bool, float]:
        return row["what"] != _BUILD, -abs(row["change_t"]) / (need[row["mineral"]] or 1.0)

    return sorted(filter(differs, records(tables[Decisions])), key=place)


_ALIKE = 0.01
_ADVISED = 2
"""Decisions that a finding names."""


def _care(row: Mapping[Any, Any], drawn: int, batches: Sequence[Any]) -> Iterator[str]:
    """Yield how sure the saving is, and what it counts."""
    more = f"ask for more, such as --futures {max(_ENOUGH, 4 * drawn)}"
    if not batches:
        yield f"{counted(drawn, 'future')} are too few to say how sure the saving is: {more}."
    elif row["error"] and row["error"] >= row["vss"]:
        yield (
            f"The saving differs between {len(batches)} batches of futures by as much as it is:"
            f" before you act on it, {more}; four times as many about halve that."
        )
    yield (
        "The saving counts missing supply at its price; Expected short has its tonnes. After an"
        " event the plan knows what follows, so it looks better than can be done."
    )


def _missing(tables: Tables) -> tuple[str, str]:
    """Return what part of need is missing on average under risk, and in the plain plan.

    Of the mineral for which the two are farthest apart; where they are the same, of the shortest.
    """
    rows = []
    for mineral, need, *lacks in tables[Expected].rows(
        Expected.mineral, Expected.demand, Expected.risky, Expected.plain
    ):
        risky, plain = (part_of(of, need) or 0.0 for of in lacks)
        rows.append((round(abs(risky - plain), 6), max(risky, plain), mineral, risky, plain))
    by, most, mineral, risky, plain = max(rows, default=(0.0, 0.0, "", 0.0, 0.0))
    if not most:
        return "nothing", "of any mineral, in either plan."
    beside = f"{share(plain)} in the plain plan" if by else "as in the plain plan"
    return f"{share(risky)} of {mineral}", f"{beside}, of all years' need."


def _advice(rows: Sequence[dict[str, Any]], most: int) -> str:
    """Return in words what to do otherwise: ``Build Oulu two years earlier and Lacq larger``."""
    whose_: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        whose_.setdefault((row["what"], row["mineral"], row["who"]), []).append(row)
    said = [_advised(*key, of) for key, of in [*whose_.items()][:most]]
    verbs, parts = list[str](), list[str]()
    for verb, rest in said:
        parts.append(rest if verbs and verb == verbs[-1] else f"{verb} {rest}")
        verbs.append(verb)
    return opened(listed(parts))


def _groups(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    return [*dict.fromkeys((row["what"], row["mineral"], row["who"]) for row in rows)]


def _beside(rows: Sequence[dict[str, Any]], most: int) -> str:
    """Return what else changes beside what is named, as the saving is of all: by kind, counted."""
    left = Counter(what for what, *_ in _groups(rows)[most:])
    nouns = {_BUILD: "plant", _STORE: "stock", _BUY: "supplier", _TAKE: "contract"}
    others = [counted(left[what], nouns[what]) for what in _KINDS if left[what]]
    return f" and changes of {listed(others)} together save" if others else " saves"


def _advised(what: str, mineral: str, who: str, rows: Sequence[dict[str, Any]]) -> tuple[str, str]:
    """Return a verb and the rest: what changes of one plant, stock, country or contract."""
    was, now = ({r["year"]: r[way] for r in rows if r[way]} for way in ("plain_t", "under_risk_t"))
    before, after = sum(was.values()), sum(now.values())
    if what == _BUILD:
        plant = who if mineral.casefold() in who.casefold() else f"{who} ({mineral})"
        if not before or not after:
            return ("build" if after else "do not build"), plant
        sizes = "larger" if after > before else "smaller"
        by = min(was) - min(now)
        words = [sizes] if abs(after - before) > _ALIKE * max(before, after) else []
        if by:
            words.append(f"{counted(abs(by), 'year')} {'earlier' if by > 0 else 'later'}")
        return "build", f"{plant} {' and '.join(words) or 'in other years'}"
    more = "more" if after > before else "less"
    if what == _STORE:
        return "keep", f"{more} {mineral} in stock in {who}"
    return ("buy" if what == _BUY else "take"), f"{more} {mineral} from {who} in {min(was | now)}"
