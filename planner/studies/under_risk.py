"""A plan under risk: what is decided before anything happens is the same in all drawn futures.

The futures are draws of the sheet Risks, as in ``planner risk``. Three ways to plan are compared:
each future known, which no plan can beat; one plan for all futures; and the plain plan, kept until
something happens. Minerals that no budget ties are planned apart, unless the tail of all costs
counts. Independent batches of futures are planned too: their spread says how sure the saving is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from models import tolerances
from models.answers import (
    Future,
    FutureOutcomes,
    Tail,
    cvar,
    independent_groups,
    under_risk,
    valued,
)
from models.case import Case
from models.errors import UsageError
from models.measures import change
from models.measures import part as part_of
from models.plan import BUILT, OPTIMAL, Plan, status_of
from models.plan.solving import case_of, linked_minerals
from models.program import build_program, component, decisions
from models.resolve import Expanded, Floats, Ints
from models.results import Field, Look, Result, Runs, field
from models.results.common import CHANGE, DEMAND, MEASURE, MINERAL, UNIT, YEAR, words_of
from planner.options import CAP_HELP
from planner.render import words
from planner.render.chart import Form, Picture, Role, Series, short
from planner.render.table import records
from planner.scenarios.events import Hits, touched
from planner.studies import draws as drawing
from planner.studies import engine
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
_KINDS = {kind.name: kind for kind in decisions.listed_kinds()}


# ---- tables --------------------------------------------------------------------------------------


def _discounted(header: str, meaning: str, key: str, **more: Any) -> Field:
    return field.millions(header, f"{meaning} Discounted.", key=key, **more)


class PlansUnderRisk(Result):
    """What the plan under risk costs over all futures, and what knowing the future would save.

    The costs are discounted and count shortage and penalties at their prices.
    """

    TABLE, GRAIN, BOOK, FILTERED = "Under risk", ("measure",), "under risk", False
    measure = MEASURE.like(look=Look.TEXT)
    informed = _discounted(
        "Each future known",
        "Each future planned as if it were known: no plan can cost less.",
        "known_usd",
    )
    risky = _discounted(
        "Plan under risk",
        "One plan for all futures. What is built is the same in all of them, and so is all else"
        " until their events differ.",
        "under_risk_usd",
    )
    plain = _discounted(
        "Plain plan",
        "Builds what the plain plan builds and follows it until something happens; from then on"
        " planned as under risk.",
        "plain_usd",
    )
    evpi = _discounted(
        "Knowing would save",
        "Plan under risk less each future known. For the expected cost this is the expected value"
        " of perfect information (EVPI).",
        "evpi_usd",
    )
    vss = _discounted(
        "Planning under risk saves",
        "Plain plan less plan under risk. For the expected cost this is the value of the stochastic"
        " solution (VSS).",
        "vss_usd",
    )
    error = _discounted(
        "Give or take",
        "As many other futures would save this much more or less, with 95 % confidence; from"
        " independent batches of futures. Blank: too few futures.",
        "vss_error_usd",
        optional=True,
    )


class Batches(Result):
    """One row an independent batch of the futures, planned by itself."""

    TABLE, GRAIN, BOOK = "Batches", ("batch",), "under risk"
    batch = field("Batch", Look.COUNT, "Futures are in the order in which they were drawn.")
    futures = field("Futures drawn", Look.COUNT)
    informed, risky, plain = PlansUnderRisk.informed, PlansUnderRisk.risky, PlansUnderRisk.plain
    evpi, vss = PlansUnderRisk.evpi, PlansUnderRisk.vss


class Decisions(Result):
    """What is decided before anything happens: in the plain plan, and under risk.

    What is built; what stocks hold at the end of each year; what is bought, by plants, too, and
    taken of contracts, in the first year. Years in which something has happened in every future are
    left out.
    """

    TABLE, GRAIN, BOOK = "Decisions", ("kind", "mineral", "who", "year"), "under risk"
    kind = field.text(
        "Decision",
        f"{', '.join(_KINDS)}. What is taken under a contract is among what is bought, too.",
        key="what",
    )
    mineral = MINERAL
    who = field.text(
        "Of whom",
        "The project that is built, the member that stores or hands over, the country that sells,"
        " the contract.",
    )
    year = YEAR.like(meaning="For what is built, the year in which its output starts.")
    unit = UNIT.like(meaning="")
    plain = field("Plain plan", Look.TONNES, key="plain_t")
    risky = field("Plan under risk", Look.TONNES, key="under_risk_t")
    change = CHANGE.like(meaning="Plan under risk less plain plan.", key="change_t")


class Futures(Result):
    """One row a future: what happens, how likely it is, and what each way to plan costs."""

    TABLE, GRAIN, BOOK = "Futures", ("future",), "under risk"
    future = field("Future", Look.COUNT)
    chance = field.share("Probability", "The share of draws that are this future.")
    informed, risky, plain = PlansUnderRisk.informed, PlansUnderRisk.risky, PlansUnderRisk.plain
    short_informed = field.tonnes("Short, future known", key="short_known")
    short_risky = field.tonnes("Short, plan under risk")
    short_plain = field.tonnes("Short, plain plan")
    events = field("Events", Look.REMARK, "With the years in which any of their rows holds.")


class Expected(Result):
    """One row a mineral: the expected shortage over all years."""

    TABLE, GRAIN, BOOK = "Expected short", ("mineral",), "under risk"
    mineral = MINERAL
    demand = DEMAND.like(meaning="Without events.", key="demand_t")
    informed = Futures.short_informed.like(header="Each future known", key="known_t")
    risky = Futures.short_risky.like(header="Plan under risk", key="under_risk_t")
    plain = Futures.short_plain.like(header="Plain plan", key="plain_t")


# ---- runs ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class UnderRiskResult:
    """What a run returns: its course, and for a run of all futures also the plain plan's.

    ``decided`` are rows of Decisions of either [t, or t/yr of what is built].
    """

    course: FutureOutcomes
    plain: FutureOutcomes | None = None
    decided: tuple[dict[str, Any], ...] = ()


def known_of(plan: Plan) -> UnderRiskResult:
    """Return the course of a future that was known."""
    totals = drawing.reading(plan)
    short = totals.short.sum(axis=1)[None]
    return UnderRiskResult(FutureOutcomes(np.array([totals.objective]), short, plan.proof))


@dataclass(frozen=True)
class UnderRiskReader:
    """Plans for all futures at once, from the plan of the case without events.

    By future: the events, what is known on the way, and the probability; ``knowledge`` is ``known``
    of ``models.answers.futures``, and ``calm`` as there.
    """

    events: tuple[engine.Change, ...]
    knowledge: tuple[Ints, ...]
    chances: Floats
    calm: Ints
    tail: Tail

    def __call__(self, plan: Plan) -> UnderRiskResult:
        """Return the plan under risk, and the plain plan kept to."""
        every = zip(self.events, self.chances.tolist(), self.knowledge, strict=True)
        futures = [Future(event(plan.case), chance, labels) for event, chance, labels in every]
        planned = under_risk(plan, futures, self.calm, self.tail)
        decided = tuple(_rows(plan, planned.decisions))
        return UnderRiskResult(planned.risky, planned.plain, decided)


def _rows(plan: Plan, made: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of Decisions that are more than rounding."""
    case, first = plan.case, plan.case.years[0]
    country = {
        (s.name, s.project, s.mineral): case.country_name(s.country) for s in plan.expanded.sources
    }
    projects = {p.name: p for p in case.projects}
    sums: dict[tuple[str, str, str, int], list[float]] = {}
    for decision in made:
        of, size, rows = decision.component, 1.0, []
        part_of = partial(of.part, decision.key)
        mineral = part_of(component.MINERAL) or part_of(component.INPUT)
        year = part_of(component.YEAR)
        if of is BUILT:
            project = projects[part_of(component.PROJECT)]
            if project.built_in is None and year in dict(project.begun):
                continue  # it is no decision
            size, mineral = project.capacity.value(max(year, first)), project.mineral
        if of.decision.lasts or year == first:
            seller = country.get((part_of(component.REFINER), part_of(component.PROJECT), mineral))
            who = seller or part_of(component.MEMBER) or part_of(component.PROJECT)
            rows.append((of.decision.name, mineral, who))
            record, _ = part_of(component.CONTRACT, (None, 0))
            if record is not None:
                who = f"{record.name or record.refiner}: {record.member}"
                rows.append((decisions.TAKING.name, mineral, who))
        for row in rows:
            amounts = sums.setdefault((*row, year), [0.0, 0.0])
            amounts[0] += size * decision.plain
            amounts[1] += size * decision.risky
    for (kind, mineral, who, year), (plain, risky) in sums.items():
        if max(plain, risky) > plan.tolerance(mineral, year):
            yield {
                "kind": kind, "mineral": mineral, "who": who, "year": year,
                "unit": "t/yr" if kind == decisions.BUILDING.name else "t",
                "plain": plain, "risky": risky, "change": change(risky, plain),
            }  # fmt: skip


@dataclass(frozen=True)
class _MineralGroup:
    """Minerals planned together: the scenarios that differ for them, and which each draw is.

    ``batches`` are the draws of each independent batch; none where nothing differs.
    """

    case: Case
    reach: tuple[frozenset[str], ...]
    hits: tuple[Hits, ...]
    of_draw: tuple[int, ...]
    batches: tuple[Ints, ...]

    @property
    def too_large(self) -> str:
        """Return why its scenarios cannot be planned at once, "" where they can."""
        if len(self.hits) <= MOST:
            return ""
        if self.case.settings.whole_projects:
            return f"{len(self.hits):,} of them differ, and with whole projects {MOST} may"
        for minerals in independent_groups(self.case):
            differ = {drawing.hits_on(minerals, hits, self.reach) for hits in self.hits}
            # what happens up to a year has its own columns of that year
            years = [len({_until(hits, year) for hits in differ}) for year in self.case.years]
            single = len(build_program(Expanded(case_of(self.case, minerals))).rows.cost)
            columns = int(single * sum(years) / len(years))
            if columns > MOST_COLUMNS:
                return (
                    f"{len(differ):,} of them differ for {', '.join(minerals)}, some {columns:,}"
                    f" columns, and {MOST_COLUMNS:,} can be planned"
                )
        return ""

    @property
    def chances(self) -> list[Floats]:
        """The probability of each scenario: among all draws, then among those of each batch."""
        every = np.array(self.of_draw)
        samples = (every, *(every[batch] for batch in self.batches))
        return [np.bincount(drawn, minlength=len(self.hits)) / len(drawn) for drawn in samples]

    def study(self, case: Case, tail: Tail) -> engine.Study[UnderRiskResult]:
        """Return its runs: all scenarios at once, each batch of them, then each as if known.

        ``case`` has the risks.
        """
        names = [m.name for m in self.case.minerals]
        groups = independent_groups(self.case)  # all futures share builds, so budgets link none
        label: dict[object, int] = {}

        def known_of_hits(hits: Hits) -> Ints:
            labels = np.zeros((len(names), len(self.case.years)), dtype=np.int64)
            for i, minerals in enumerate(groups):
                touching = drawing.hits_on(minerals, hits, self.reach)
                rows = [names.index(name) for name in minerals]
                for t, year in enumerate(self.case.years):
                    key = i, t, _until(touching, year)
                    labels[rows, t] = label.setdefault(key, len(label) + 1)
            return labels

        events = tuple(drawing.foreseen(case, hits) for hits in self.hits)
        every, calm = tuple(map(known_of_hits, self.hits)), known_of_hits(())

        def reader(chances: Floats) -> UnderRiskReader:
            drawn = np.flatnonzero(chances)
            happen, labels = tuple(events[i] for i in drawn), tuple(every[i] for i in drawn)
            return UnderRiskReader(happen, labels, chances[drawn], calm, tail)

        who = drawing.minerals_words(case, names)
        titles = ("Under risk", *(f"Under risk, batch {b + 1}" for b in range(len(self.batches))))
        together, *batches = (
            engine.Run(f"{title}: {who}", read=reader(chances))
            for title, chances in zip(titles, self.chances, strict=True)
        )
        runs = [engine.Run(f"Known, future {i}: {who}", event) for i, event in enumerate(events, 1)]
        chains = (*engine.chains_of(batches, _CHAIN), *engine.chains_of(runs, _CHAIN))
        return engine.Study(self.case, ((together,), *chains), known_of)


def _until(hits: Hits, year: int) -> Hits:
    return tuple(hit for hit in hits if hit[1] <= year)


def _groups_of(
    case: Case, drawn: Sequence[drawing.Draw], tail: Tail, batches: tuple[Ints, ...]
) -> list[_MineralGroup]:
    """Return the minerals that belong together; all where the tail of all costs counts."""
    together = linked_minerals(case) if not tail.weight else (tuple(m.name for m in case.minerals),)
    reach, groups = tuple(touched(case, row) for row in case.risks), []
    for minerals in together:
        hits = [drawing.hits_on(minerals, draw.hits, reach) for draw in drawn]
        place = {each: i for i, each in enumerate(dict.fromkeys(hits))}
        own_batches = batches if len(place) > 1 else ()
        of_draw = tuple(map(place.__getitem__, hits))
        groups.append(
            _MineralGroup(case_of(case, minerals), reach, tuple(place), of_draw, own_batches)
        )
    return groups


# ---- the kind ------------------------------------------------------------------------------------


class UnderRisk(StudyKind):
    """Plan under the events of the sheet Risks: ``planner solve FILE --under-risk``."""

    NAME, TITLE, WRITES = "under-risk", "Plan under risk", "plan under risk"
    QUESTION = "What should be decided now, if events may come?"
    HEADING = "{plan}: plan under risk"
    MONEY = (
        "all amounts are present values in the first year, with shortage and penalties at their"
        " prices"
    )
    LACKING = "the plan under risk is not known"
    RESULTS = (PlansUnderRisk, Decisions, Futures, Expected, Batches)
    RECORDS = ("worth", "decisions", "rows", "minerals", "batches")
    LIMIT = CAP_HELP

    def __init__(
        self, start: Start, *, futures: int | None, seed: int, alpha: float, weight: float
    ) -> None:
        """Draw the futures; UsageError where they are more than can be planned at once."""
        super().__init__(start)
        if futures is None:
            futures = _ENOUGH_WHOLE if start.case.settings.whole_projects else _ENOUGH
        case, self.seed, self.tail = start.case, seed, Tail(alpha, weight)
        self.drawn = drawing.draws(case, futures, seed)
        first = {draw.hits: draw for draw in reversed(self.drawn)}
        self.different = tuple(first[hits] for hits in dict.fromkeys(d.hits for d in self.drawn))
        self.batches = batches_of(futures)
        self.groups = _groups_of(case, self.drawn, self.tail, self.batches)
        why = next(filter(None, (group.too_large for group in self.groups)), "")
        if why:
            msg = f"{futures:,} futures cannot be planned at once: {why}; ask for fewer --futures"
            raise UsageError(msg)
        self.task = words.counted(len(self.different), "future")

    def plan(
        self, where: Where | None, tell: engine.Tell | None, say: Callable[[str], None]
    ) -> None:
        """Plan for all futures at once, and each as if it had been known."""
        del say
        studies = [group.study(self.start.case, self.tail) for group in self.groups]
        self.results: list[engine.Outcomes[Any]] = [*engine.run_studies(studies, where, tell)]
        self.outcomes = [outcome for each in self.results for outcome in each]
        self.stopped = self.results[-1].stopped if self.results else None

    # ---- what came of it -------------------------------------------------------------------------

    @property
    def planned(self) -> bool:
        return all(outcome.planned for outcome in self.outcomes)

    @property
    def runs(self) -> Sequence[engine.Outcome[Any]]:
        """The runs; the run of all futures has the proofs of its two plans."""
        runs = list[engine.Outcome[Any]]()
        for group, outcomes in zip(self.groups, self.results, strict=True):
            for outcome, chances in zip_longest(outcomes, group.chances):
                result = outcome.found
                if result is None or result.plain is None or chances is None:
                    runs.append(outcome)
                    continue
                for end, course in (("", result.course), (", plain plan", result.plain)):
                    cost = valued(course.costs, chances[chances > 0], self.tail)
                    name = outcome.name + end
                    runs.append(replace(outcome, name=name, objective=cost, proof=course.proof))
        return runs

    @property
    def proven(self) -> float:
        """By what part of its cost a plan may be dearer than the cheapest."""
        return max((max(p.gap, p.mip_gap) for run in self.runs if (p := run.proof)), default=0.0)

    @property
    def gap(self) -> float:
        """What a search that ended early left open, as a part of its cost."""
        return max((p.mip_gap for run in self.runs if (p := run.proof)), default=0.0)

    @property
    def status(self) -> str:
        return status_of(self.gap)

    @property
    def trouble(self) -> str:
        """What the figures are worth where a search ended early."""
        if not self.start.case.risks:
            return drawing.NO_EVENTS
        if self.status == OPTIMAL:
            return ""
        search, ended = self.start.case.search, words.search_words(self.gap)
        if not self.start.case.settings.whole_projects:
            is_early = search.seconds is not None or self.gap <= search.gap + tolerances.MOST_GAP
            how = "ended early" if is_early else _USED_UP
            ended = words.search_words(self.gap, _FOR_SHARES, how)
        return f"{ended} Smaller differences mean nothing."

    @property
    def subject(self) -> str:
        return f"{self.options[FUTURES]}, seed {self.seed}; least: {self._least}"

    @property
    def _least(self) -> str:
        weight = self.tail.weight
        if not weight:
            return "the expected cost"
        rest = f"{words.percent(1.0 - weight, 0)} the expected cost, " if weight < 1 else ""
        is_single = 1.0 - self.tail.alpha <= 1.0 / len(self.drawn)
        few = ", with so few futures the dearest alone" if is_single else ""
        return f"{rest}{words.percent(weight, 0)} the {_cvar_words(self.tail.alpha)}{few}"

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
            "What is built": "the same in all futures, decided before anything happens",
            "All else": "decided in its year, knowing the events up to then that touch the mineral;"
            " later events are known only as far as the drawn futures already differ",
            PlansUnderRisk.plain.header: "kept until the first event that touches a mineral; what"
            " is built stays to the end. After that event it buys again from any supplier. In"
            " planner risk suppliers are held to what was agreed and a surge: the mean is higher",
        }

    def tables(self) -> list[Result]:
        """Return the costs of each way to plan, the decisions, the futures, and what is short."""
        case, currency = self.start.case, words_of(self.start.case)
        count = Counter(draw.hits for draw in self.drawn)
        chances = np.array([count[d.hits] / len(self.drawn) for d in self.different])
        names = [m.name for m in case.minerals]
        costs, short = self._by_future(names)
        measured: list[dict[str, Any]] = []
        for name, measure in self._measures.items():
            row = _compared(*(measure(c, chances) for c in costs), is_least=not measured)
            measured.append({"measure": name, "error": None} | row)
        batches = [self._batch(b) for b in range(len(self.batches))]
        if batches:
            measured[0]["error"] = give_or_take(np.array([row["vss"] for row in batches]))
        decided = [row for each in self.results if each[0].found for row in each[0].found.decided]
        grain = Decisions.GRAIN[1:]
        order = [*_KINDS]
        decided.sort(key=lambda row: (order.index(row["kind"]), *map(row.__getitem__, grain)))
        ways = [way for way, *_ in _WAYS]
        short_columns = dict(zip((f"short_{w}" for w in ways), short.sum(axis=2), strict=True))
        expected = (chances[:, None] * short).sum(axis=1)
        return [
            PlansUnderRisk.of_rows(measured, words=currency),
            Decisions.of_rows(decided, words=currency),
            Futures(
                words=currency,
                future=list(range(1, len(chances) + 1)),
                chance=chances,
                events=[drawing.happening(case, d.hits) for d in self.different],
                **dict(zip(ways, costs, strict=True)),
                **short_columns,
            ),
            Expected(
                words=currency,
                mineral=names,
                demand=[sum(case.coalition_demand(m, y) for y in case.years) for m in names],
                **dict(zip(ways, expected, strict=True)),
            ),
            *([Batches.of_rows(batches, words=currency)] if batches else []),
        ]

    def _batch(self, b: int) -> dict[str, Any]:
        """Return what is least in a batch, for each way to plan."""
        batch, measure = self.batches[b], next(iter(self._measures.values()))
        costs, chances = np.zeros((3, len(batch))), np.full(len(batch), 1.0 / len(batch))
        for group, outcomes in zip(self.groups, self.results, strict=True):
            drawn = np.array(group.of_draw)[batch]
            place = np.searchsorted(np.unique(drawn), drawn)
            result: Any = outcomes[1 + b if group.batches else 0].found
            costs[0] += _known_course(group, outcomes).costs[drawn]
            costs[1] += result.course.costs[place]
            costs[2] += result.plain.costs[place]
        row = _compared(*(measure(c, chances) for c in costs), is_least=True)
        return {"batch": b + 1, "futures": len(batch), **row}

    @property
    def _measures(self) -> dict[str, Callable[[Floats, Floats], float]]:
        """What is shown of costs by future and their chances, what is least first."""
        measures: dict[str, Callable[[Floats, Floats], float]] = {}
        if self.tail.weight:
            measures[_LEAST] = partial(valued, tail=self.tail)
        measures[_EXPECTED] = partial(valued, tail=Tail())
        measures[_cvar_words(self.tail.alpha)] = partial(cvar, alpha=self.tail.alpha)
        measures[_DEAREST] = lambda costs, _: float(costs.max())
        return measures

    def _by_future(self, names: Sequence[str]) -> tuple[Floats, Floats]:
        """Return costs by way and future [money], shortage by way, future and mineral [t]."""
        first = [self.drawn.index(d) for d in self.different]
        costs = np.zeros((len(_WAYS), len(first)))
        short = np.zeros((len(_WAYS), len(first), len(names)))
        for group, outcomes in zip(self.groups, self.results, strict=True):
            rows = [group.of_draw[i] for i in first]
            columns = [names.index(m.name) for m in group.case.minerals]
            result: Any = outcomes[0].found
            for w, course in enumerate(
                (_known_course(group, outcomes), result.course, result.plain)
            ):
                costs[w] += course.costs[rows]
                short[w][:, columns] += course.short[rows]
        return costs, short

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return what was drawn, costs by way to plan, and an object a decision and a future."""
        return {
            **super().answer(tables),
            "search_gap": self.gap,
            "proven_gap": self.proven,
            "futures": len(self.drawn),
            "different_futures": len(self.different),
            "seed": self.seed,
            "alpha": self.tail.alpha,
            "weight": self.tail.weight,
        }

    def terminal_tables(self, tables: Tables) -> Iterator[Numbers]:
        """Return what each way to plan costs, and which decisions change."""
        yield Numbers(tables[PlansUnderRisk])
        changed = _changed(tables)
        if changed:
            largest = [row in changed[:_MOST_BARS] for row in tables.records(Decisions)]
            heading = f"Changed decisions ({sum(largest)} of {len(changed)}, the largest)"
            yield Numbers(tables[Decisions].where(largest), heading=heading)

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Say what to decide otherwise, what that saves, how sure that is, and what is missing."""
        table, futures, batches = tables[PlansUnderRisk], tables[Futures], tables.records(Batches)
        row = next(iter(table.frame().to_dict("records")))
        unit = table.words["money"]
        cost, vss, evpi = (words.money(row[name], unit) for name in ("risky", "vss", "evpi"))
        drawn = int(tables.option(FUTURES).split()[0].replace(",", ""))
        if list(futures.events) == [drawing.NO_EVENT]:
            why = tables.option(NOTE)
            return Headline(
                (
                    "No event happens in any of the drawn futures, so the plan under risk is the"
                    " plain plan."
                )
                + (f" {words.opened(why)}." if why else ""),
                (KeyFigure(_EXPECTED, cost, "as in the plain plan."),),
            )
        sure = ""
        if batches and row["error"] is not None:
            sure = f", give or take {words.money(row['error'], unit)}"
        over = f"Over {words.counted(drawn, 'future')}"
        least = "" if row["measure"] == _EXPECTED else f" of {words.inner(row['measure'])}"
        changed = _changed(tables)
        if changed:
            also = _also_changed(changed, _ADVISED)
            finding = f"{_advice(changed, _ADVISED)}. {over} that{also} {vss}{least}{sure}."
        elif row["vss"]:
            finding = (
                "Decide as the plain plan does; the plan under risk changes it by less than 1 %."
                f" {over} these changes save {vss}{least}{sure}."
            )
        else:
            finding = (
                f"Decide as the plain plan does. {over}, planning for events saves nothing{least}."
            )
        figures = (
            KeyFigure(
                "Planning for events saves",
                vss,
                "compared with the plain plan (value of the stochastic solution, VSS).",
            ),
            KeyFigure(
                "A perfect forecast would save",
                evpi,
                "more than that (expected value of perfect information, EVPI).",
            ),
            KeyFigure("Missing on average", *_missing(tables)),
        )
        return Headline(finding, figures, tuple(_care(row, drawn, batches)))

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        """Return what each future costs more than if it were known, and what is expected short."""
        frame = tables[Futures].frame()
        regret = frame[["plain", "risky"]].sub(frame["informed"], axis=0)
        largest = regret["plain"].sort_values(ascending=False, kind="stable").index[:_MOST_BARS]
        rows = regret.loc[sorted(largest)]
        of_futures = Picture(
            f"What each future costs more than if it were known, {tables.option(YEARS)}",
            Form.GROUPED,
            tuple(f"Future {i + 1}" for i in rows.index),
            tuple(Series(head, role, rows[way].tolist()) for way, head, role in _REGRETTED),
            "{unit}",
            "the futures with most" if len(frame) > _MOST_BARS else "",
        ).in_money(tables[Futures].words["money"])
        short_rows = tables[Expected].frame()
        short_rows = short_rows[short_rows[["informed", "risky", "plain"]].max(axis=1) > 0]
        of_minerals = Picture(
            f"Share of demand expected to be short, {tables.option(YEARS)}",
            Form.GROUPED,
            tuple(short(name) for name in short_rows["mineral"]),
            tuple(Series(head, role, _shares(short_rows, way)) for way, head, role in _SHOWN_WAYS),
            "% of demand",
            "",
            look=Look.DAYS,
        )
        shown = (of_futures, len(frame) > 1), (of_minerals, len(short_rows) > 0)
        return tuple(picture for picture, is_shown in shown if is_shown)

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return the futures, and the decisions."""
        lead = "Each way to plan in each future. Its probability is its share of the draws."
        futures = Numbers(tables[Futures], _FUTURE_FIELDS).view(*cls.pictures(tables)[:1])
        sections = [Section("futures", "What each future costs", lead, futures)]
        if Decisions in tables:
            heading = "What is decided before anything happens"
            sections.append(Section("decisions", heading, "", Numbers(tables[Decisions]).view()))
        return tuple(sections)


_FUTURE_FIELDS = (
    Futures.future, Futures.chance, Futures.informed, Futures.risky, Futures.plain, Futures.events,
)  # fmt: skip
_WAYS = (
    ("informed", PlansUnderRisk.informed.header, Role.OTHER),
    ("risky", PlansUnderRisk.risky.header, Role.ANEW),
    ("plain", PlansUnderRisk.plain.header, Role.PLAN),
)
_REGRETTED = (_WAYS[2], _WAYS[1])
_SHOWN_WAYS = (_WAYS[0], *_REGRETTED)


def _known_course(group: _MineralGroup, outcomes: engine.Outcomes[Any]) -> FutureOutcomes:
    """Return the course of a group's futures that are known, each a run of its own."""
    runs: Sequence[Any] = outcomes.every[1 + len(group.batches) :]
    every = [outcome.found.course for outcome in runs]
    costs, short = (np.concatenate([getattr(c, n) for c in every]) for n in ("costs", "short"))
    return FutureOutcomes(costs, short, every[0].proof)


def _cvar_words(alpha: float) -> str:
    return f"CVaR {100 * alpha:g} of total cost"


def batches_of(futures: int) -> tuple[Ints, ...]:
    """Return which futures each independent batch has, in the order of the draws; () of too few."""
    many = min(_BATCHES, futures // _IN_BATCH)
    return tuple(np.array_split(np.arange(futures), many)) if many > 1 else ()


def _compared(informed: float, risky: float, plain: float, *, is_least: bool) -> dict[str, float]:
    """Return what each way to plan costs, and what knowing and planning under risk save."""
    solid = words.solid
    saved = {"evpi": solid(risky - informed, risky), "vss": solid(plain - risky, plain)}
    if is_least:  # what is least saves at least 0, but for the gap that a proof leaves
        saved = {name: max(0.0, value) for name, value in saved.items()}
    return {"informed": informed, "risky": risky, "plain": plain, **saved}


def _shares(rows: Any, name: str) -> list[float]:
    pairs = rows[[name, "demand"]].to_numpy().tolist()
    return [100.0 * (part_of(tonnes, need) or 0.0) for tonnes, need in pairs]


def _changed(tables: Tables) -> list[dict[str, Any]]:
    """Return the decisions that change by a hundredth or more: builds first, the largest first.

    The size of a change is its share of the mineral's demand; without demand, of itself.
    """
    need = dict(tables[Expected].rows(Expected.mineral, Expected.demand))

    def differs(row: Any) -> bool:
        return bool(abs(row["change_t"]) > _ALIKE * max(row["plain_t"], row["under_risk_t"]))

    def place(row: Any) -> tuple[bool, float]:
        base = need[row["mineral"]] or max(row["plain_t"], row["under_risk_t"])
        return row["what"] != decisions.BUILDING.name, -abs(row["change_t"]) / base

    return sorted(filter(differs, records(tables[Decisions])), key=place)


_ALIKE = 0.01
_ADVISED = 2
"""Decisions that a finding names."""


def _care(row: Mapping[Any, Any], drawn: int, batches: Sequence[Any]) -> Iterator[str]:
    """Yield how sure the saving is, and what it counts."""
    more = f"ask for more, such as --futures {max(_ENOUGH, 4 * drawn)}"
    if not batches:
        futures = f"{words.counted(drawn, 'future')} {'is' if drawn == 1 else 'are'}"
        yield f"{futures} too few to say how sure the saving is. For a surer answer, {more}."
    elif row["error"] and row["error"] >= row["vss"]:
        yield (
            f"The saving is no larger than its differences between {len(batches)} batches of"
            f" futures. Before you act on it, {more}; four times as many futures about halve the"
            " differences."
        )
    yield (
        "The saving counts missing supply at its price; the sheet Expected short has the tonnes."
        " After an event the plan knows what comes next, so it looks better than a real plan can"
        " be."
    )


def _missing(tables: Tables) -> tuple[str, str]:
    """Return what part of need is missing on average under risk, and in the plain plan.

    Of the mineral for which the two are farthest apart; where they are the same, of the shortest.
    """
    rows = []
    for mineral, need, *tonnes in tables[Expected].rows(
        Expected.mineral, Expected.demand, Expected.risky, Expected.plain
    ):
        risky, plain = (part_of(t, need) or 0.0 for t in tonnes)
        rows.append((round(abs(risky - plain), 6), max(risky, plain), mineral, risky, plain))
    apart_by, most, mineral, risky, plain = max(rows, default=(0.0, 0.0, "", 0.0, 0.0))
    if not most:
        return "nothing", "no mineral is short in either plan."
    other = f"{words.share(plain)} in the plain plan" if apart_by else "as in the plain plan"
    return f"{words.share(risky)} of {mineral}", f"{other}, as a part of all years' need."


Decision = tuple[str, str, str]
"""What a changed decision is about: its kind, mineral, and plant, member, country or contract."""


def _by_decision(rows: Iterable[dict[str, Any]]) -> dict[Decision, list[dict[str, Any]]]:
    groups: dict[Decision, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["what"], row["mineral"], row["who"]), []).append(row)
    return groups


def _advice(rows: Sequence[dict[str, Any]], most: int) -> str:
    """Return in words what to change: ``Build Oulu two years earlier and Lacq larger``."""
    phrases, before = list[str](), ""
    for decision, years in [*_by_decision(rows).items()][:most]:
        verb, rest = _advised(*decision, years)
        phrases.append(rest if verb == before else f"{verb} {rest}")
        before = verb
    return words.opened(words.listed(phrases))


def _also_changed(rows: Sequence[dict[str, Any]], most: int) -> str:
    """Return what else changes, counted by kind, and the verb: the saving is of all changes."""
    left = Counter(kind for kind, *_ in [*_by_decision(rows)][most:])
    others = [words.counted(left[name], kind.noun) for name, kind in _KINDS.items() if left[name]]
    return f" and changes of {words.listed(others)} together save" if others else " saves"


def _advised(kind: str, mineral: str, who: str, rows: Sequence[dict[str, Any]]) -> tuple[str, str]:
    """Return a verb and the rest: what changes of one plant, stock, country or contract."""
    was, now = ({r["year"]: r[way] for r in rows if r[way]} for way in ("plain_t", "under_risk_t"))
    before, after = sum(was.values()), sum(now.values())
    more = "more" if after > before else "less"
    if kind != decisions.BUILDING.name:
        said = {"more": more, "mineral": mineral, "who": who, "year": min(was | now)}
        return _KINDS[kind].verb, _KINDS[kind].rest.format_map(said)
    plant = who if mineral.casefold() in who.casefold() else f"{who} ({mineral})"
    if not before or not after:
        return ("build" if after else "do not build"), plant
    changes, years = list[str](), min(was) - min(now)
    if abs(after - before) > _ALIKE * max(before, after):
        changes.append("larger" if after > before else "smaller")
    if years:
        changes.append(f"{words.counted(abs(years), 'year')} {'earlier' if years > 0 else 'later'}")
    return "build", f"{plant} {' and '.join(changes) or 'in other years'}"
