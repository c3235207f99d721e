"""A plan under risk: decisions before the first event are the same in all drawn futures.

The futures are draws of the sheet Risks, as in ``planner risk``. Three ways to plan are compared:
each future known, which no plan can beat; one plan for all futures; and the plain plan, kept until
the first event. Minerals without a common limit have separate programs, unless the CVaR of total
cost counts. Independent batches of futures are planned too: their spread shows how sure the saving
is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from models import measures, tolerances
from models.answers import futures as planning
from models.answers.futures import FutureOutcomes
from models.answers.nearest import nearest_plan
from models.answers.recourse import Tail, cvar, valued
from models.case import Case
from models.errors import UsageError
from models.plan import BUILT, OPTIMAL, SHORTAGE, Plan, Session, status_of
from models.plan.solving import case_of, linked_minerals
from models.program import build_program, component
from models.resolve import Expanded, Floats, Ints
from models.results import DecideNow, Format, Result, Runs
from models.results.common import words_of
from models.results.decisions import changes_of, decisions_of
from planner.options import CAP_HELP
from planner.render import words
from planner.render.chart import Form, Picture, Role, Series, shortened
from planner.render.claims import Sentence, collect_sentences, say
from planner.render.keys import AnswerKey, table_key
from planner.scenarios.events import Hits, affected_minerals
from planner.sheets.findings import decide_now, nothing_needed
from planner.studies import draws as drawing
from planner.studies import engine
from planner.studies.kind import Numbers, StudyKind, Tables
from planner.studies.spread import confidence_half_width
from planner.studies.under_risk_tables import (
    KINDS,
    LEAST_CHANGE,
    YES,
    Batches,
    EarlyDecisions,
    Expected,
    Futures,
    PlansUnderRisk,
)

if TYPE_CHECKING:
    from planner.scenarios.start import Start
    from planner.studies.places import Where

MOST = 100
"""Largest number of different futures if projects are integer: all share one search."""
MOST_COLUMNS = 1_000_000
"""Largest number of columns, over all different futures, of minerals that limits tie together."""
_WEIGHT = 10
"""How many futures planned as if known take as long as one plan for a batch."""
_IN_CHAIN = 8
"""Number of futures in a chain of runs that plan each future as if it were known."""
_MOST_BATCHES, _LEAST_IN_BATCH = 5, 5
"""Largest number of batches, and smallest number of futures in a batch."""
_DEFAULT_FUTURES, _DEFAULT_WHOLE = 100, 20
"""Default number of futures; and the default if projects are integer."""

_EXPECTED, _LEAST, _DEAREST = "Expected total cost", "Mean and CVaR by weight", "Dearest future"
FUTURES, OBJECTIVE, NOTE = "Futures", "What is least", "Note"
"""Rows of About: the count of draws; what the plan under risk minimizes; a note without draws."""


# ---- runs ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class UnderRiskResult:
    """The result of a run, future by future; a run of all futures has that of the plain plan, too.

    ``decided`` are rows of EarlyDecisions [t, or t/yr of builds], ``changes`` of DecideNow.
    """

    by_future: FutureOutcomes
    plain: FutureOutcomes | None = None
    decided: tuple[dict[str, Any], ...] = ()
    changes: tuple[dict[str, Any], ...] = ()


def informed_result(plan: Plan) -> UnderRiskResult:
    """Return the result of a future that is planned as if it were known."""
    (mineral, _, _), tonnes = plan.component_arrays(SHORTAGE)
    short = np.bincount(mineral, tonnes, len(plan.expanded.minerals)).astype(float)[None]
    return UnderRiskResult(FutureOutcomes(np.array([plan.objective]), short, plan.proof))


def plan_together(  # noqa: PLR0913 - a plan, its futures and how they are planned
    plan: Plan,
    session: Session,
    *,
    futures: Sequence[planning.Future],
    calm: Ints,
    tail: Tail,
    is_batch: bool = False,
) -> UnderRiskResult:
    """Make one plan for all futures, from the plan of the case without events.

    ``calm`` is as in ``models.answers.futures``. Of a batch only the costs are read.
    """
    planned = planning.under_risk(
        plan, futures, calm, tail, variation=session.variation, only_cost=is_batch
    )
    if is_batch:
        return UnderRiskResult(planned.risky, planned.plain)
    early = decisions_of(planning.early_plan(plan, planned.decisions))
    base = nearest_plan(plan, early)  # equally cheap: what differs from it has to
    decided = tuple(_decision_rows(base, planning.compared_with(base, planned.decisions)))
    changes = changes_of(early, decisions_of(base), ())
    return UnderRiskResult(planned.risky, planned.plain, decided, changes)


def _decision_rows(plan: Plan, made: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of EarlyDecisions, without amounts that are rounding."""
    case, first = plan.case, plan.case.years[0]
    country = {
        (s.name, s.project, s.mineral): case.country_name(s.country) for s in plan.expanded.sources
    }
    projects = {p.name: p for p in case.projects}
    sums: dict[tuple[str, str, str, int], list[float]] = {}
    for decision in made:
        columns, size, rows = decision.component, 1.0, []
        part_of = partial(columns.part, decision.key)
        mineral = part_of(component.MINERAL) or part_of(component.INPUT)
        year = part_of(component.YEAR)
        if columns is BUILT:
            project = projects[part_of(component.PROJECT)]
            if project.built_in is None and year in dict(project.begun):
                continue  # begun before the plan, so not a decision of it
            size, mineral = project.capacity.value(max(year, first)), project.mineral
        if columns.decision.lasts or year == first:
            seller = country.get((part_of(component.REFINER), part_of(component.PROJECT), mineral))
            who = seller or part_of(component.MEMBER) or part_of(component.PROJECT)
            rows.append((columns.decision.name, mineral, who))
            record, _ = part_of(component.CONTRACT, (None, 0))
            if record is not None:
                who = f"{record.name or record.refiner}: {record.member}"
                rows.append((component.TAKING.name, mineral, who))
        for row in rows:
            amounts = sums.setdefault((*row, year), [0.0, 0.0])
            amounts[0] += size * decision.plain
            amounts[1] += size * decision.risky
    for (kind, mineral, who, year), (plain, risky) in sums.items():
        if max(plain, risky) > plan.tolerance(mineral, year):
            yield {
                "kind": kind, "mineral": mineral, "who": who, "year": year,
                "unit": "t/yr" if kind == component.BUILDING.name else "t",
                "plain": plain, "risky": risky, "change": measures.net_change(risky, plain),
            }  # fmt: skip


@dataclass(frozen=True)
class _MineralGroup:
    """Minerals in one program: their different futures, and the number of each draw's future.

    ``batches`` are the draws of each independent batch; () if all draws are the same.
    """

    case: Case
    reach: tuple[frozenset[str], ...]
    hits: tuple[Hits, ...]
    of_draw: tuple[int, ...]
    batches: tuple[Ints, ...]

    @property
    def too_large(self) -> str:
        """Return why its futures cannot be planned at once, "" if they can."""
        if len(self.hits) <= MOST:
            return ""
        if self.case.settings.whole_projects:
            return f"{len(self.hits):,} of them differ, and the limit with whole projects is {MOST}"
        for minerals in planning.independent_groups(self.case):
            differ = {*drawing.hits_on(minerals, self.hits, self.reach)}
            # each different sequence of events up to a year has columns of its own in that year
            years = [len({_hits_until(hits, year) for hits in differ}) for year in self.case.years]
            single = len(build_program(Expanded(case_of(self.case, minerals))).rows.cost)
            columns = int(single * sum(years) / len(years))
            if columns > MOST_COLUMNS:
                return (
                    f"{len(differ):,} of them differ for {', '.join(minerals)}, which takes about"
                    f" {columns:,} columns, and the limit is {MOST_COLUMNS:,}"
                )
        return ""

    @property
    def chances(self) -> list[Floats]:
        """The probability of each future: in all draws, then in the draws of each batch."""
        future_of_draw = np.array(self.of_draw)
        samples = (future_of_draw, *(future_of_draw[batch] for batch in self.batches))
        return [np.bincount(drawn, minlength=len(self.hits)) / len(drawn) for drawn in samples]

    def study(self, case: Case, tail: Tail) -> engine.Study[UnderRiskResult]:
        """Return the runs: all futures at once, each batch at once, then each future as known.

        ``case`` has the sheet Risks. ``tail`` says how much the dearest futures count in the
        objective.
        """
        names = [m.name for m in self.case.minerals]
        # all futures share builds, so budgets link none
        groups = planning.independent_groups(self.case)
        label: dict[object, int] = {}

        def labels_of(hits: Hits) -> Ints:
            """Return the label of a future's hits so far, by (mineral, year).

            Hits so far are those up to the year that touch the mineral's group. Where two futures
            have the same label, nobody can tell them apart yet.
            """
            labels = np.zeros((len(names), len(self.case.years)), dtype=np.int64)
            for i, minerals in enumerate(groups):
                (touching,) = drawing.hits_on(minerals, [hits], self.reach)
                rows = [names.index(name) for name in minerals]
                for t, year in enumerate(self.case.years):
                    key = i, t, _hits_until(touching, year)
                    labels[rows, t] = label.setdefault(key, len(label) + 1)
            return labels

        events = tuple(drawing.foreseen(case, hits) for hits in self.hits)
        labels_by_future, calm = tuple(map(labels_of, self.hits)), labels_of(())

        def together_in(name: str, chances: Floats, *, is_batch: bool) -> engine.Run:
            drawn = np.flatnonzero(chances)
            futures = tuple(
                planning.Future(events[i], float(chances[i]), labels_by_future[i]) for i in drawn
            )
            compare = partial(
                plan_together, futures=futures, calm=calm, tail=tail, is_batch=is_batch
            )
            return engine.Run(f"{name}: {who}", compare=compare, weight=_WEIGHT)

        who = drawing.minerals_words(case, names)
        titles = ("Under risk", *(f"Under risk, batch {b + 1}" for b in range(len(self.batches))))
        together, *batches = (
            together_in(title, chances, is_batch=i > 0)
            for i, (title, chances) in enumerate(zip(titles, self.chances, strict=True))
        )
        runs = [engine.Run(f"Known, future {i}: {who}", event) for i, event in enumerate(events, 1)]
        chains = (*engine.split_chains(batches, 1), *engine.split_chains(runs, _IN_CHAIN))
        return engine.Study(self.case, ((together,), *chains), informed_result)


def _hits_until(hits: Hits, year: int) -> Hits:
    return tuple(hit for hit in hits if hit[1] <= year)


def _groups_of(
    case: Case, drawn: Sequence[drawing.Draw], tail: Tail, batches: tuple[Ints, ...]
) -> list[_MineralGroup]:
    """Return the groups of minerals planned together, each with its different futures."""
    together = linked_minerals(case) if not tail.weight else (tuple(m.name for m in case.minerals),)
    reach, groups = tuple(affected_minerals(case, row) for row in case.risks), []
    for minerals in together:
        hits = drawing.hits_on(minerals, [draw.hits for draw in drawn], reach)
        future_of_hits = {each: i for i, each in enumerate(dict.fromkeys(hits))}
        group_case, parts = case_of(case, minerals), batches if len(future_of_hits) > 1 else ()
        of_draw = tuple(map(future_of_hits.__getitem__, hits))
        groups.append(_MineralGroup(group_case, reach, tuple(future_of_hits), of_draw, parts))
    return groups


_WAYS = (
    ("informed", PlansUnderRisk.informed.header, Role.OTHER),
    ("risky", PlansUnderRisk.risky.header, Role.REPLANNED),
    ("plain", PlansUnderRisk.plain.header, Role.PLAN),
)
"""Each future known; one plan for all futures; the plain plan, kept until the first event."""
_SHOWN_WAYS = (_WAYS[0], _WAYS[2], _WAYS[1])


def _informed_by_future(group: _MineralGroup, outcomes: engine.Outcomes[Any]) -> FutureOutcomes:
    """Return the cost and shortage of each future, planned as if it were known."""
    runs: Sequence[Any] = outcomes.of_runs[1 + len(group.batches) :]
    every = [outcome.result.by_future for outcome in runs]
    costs, short = (np.concatenate([getattr(c, n) for c in every]) for n in ("costs", "short"))
    return FutureOutcomes(costs, short, every[0].proof)


def _cvar_words(alpha: float) -> str:
    return f"CVaR {100 * alpha:g} of total cost"


def batches_of(futures: int) -> tuple[Ints, ...]:
    """Return the futures of each batch, in the order of the draws; () if futures are too few."""
    many = min(_MOST_BATCHES, futures // _LEAST_IN_BATCH)
    return tuple(np.array_split(np.arange(futures), many)) if many > 1 else ()


def _information_values(
    informed: float, risky: float, plain: float, *, is_objective: bool
) -> dict[str, float]:
    least = 0.0 if is_objective else -np.inf  # below 0 only within the gap of the proofs
    evpi = max(least, words.without_noise(risky - informed, risky))
    vss = max(least, words.without_noise(plain - risky, plain))
    return {"informed": informed, "risky": risky, "plain": plain, "evpi": evpi, "vss": vss}


def _shares(rows: Any, name: str) -> list[float]:
    """Return tonnes as a percentage of the demand, row by row."""
    pairs = rows[[name, "demand"]].to_numpy().tolist()
    return [100.0 * (measures.ratio(tonnes, need) or 0.0) for tonnes, need in pairs]


def _change_of_decision(row: Mapping[str, Any], needs: Mapping[str, float]) -> dict[str, Any]:
    """Return whether a decision changes, and by how much of its mineral's need."""
    larger = max(row["plain"], row["risky"])
    change = abs(row["change"])
    changes = YES if change > LEAST_CHANGE * larger else None
    return {"changes": changes, "size": change / (needs.get(row["mineral"]) or larger)}


# ---- findings ------------------------------------------------------------------------------------


def _calm(tables: Tables) -> Iterator[Sentence]:
    """Yield that no future has an event."""
    no_events = tables.sheet(Futures).all(Futures.events, "=", drawing.NO_EVENT)
    text = "No event happens in a drawn future: the plan under risk is the plain plan."
    yield say("answer", text, every=no_events)
    yield say("care", "{note}.", note=tables.asked(NOTE))


def _is_calm(tables: Tables) -> bool:
    return list(tables[Futures].events) == [drawing.NO_EVENT]


def _most_spared(tables: Tables) -> Iterator[Sentence]:
    """Yield the mineral whose shortage is reduced most by planning for events."""
    if _is_calm(tables):
        return
    fields, rows = Expected, tables.sheet(Expected)
    nothing = collect_sentences(partial(nothing_needed, rows, fields.plain_share))
    if nothing:
        yield from nothing
        return
    most = rows.largest(fields.spared)
    if most.number <= tolerances.MISSING_PART:
        none = rows.none(fields.spared, ">", tolerances.MISSING_PART)
        yield say("answer", "Planning for events leaves no mineral less missing, on average.",
                  none=none)  # fmt: skip
        return
    row = rows.where(mineral=most["mineral"])
    text = "With planning for events, on average {risky} of the need for {top[mineral]} is missing,"
    if rows.stands_out(most, fields.spared):
        text = "Planning for events helps {top[mineral]} most: on average {risky} of its need is"
        text += " missing,"
    text += " {plain} in the plain plan."
    shares = row.value(fields.risky_share), row.value(fields.plain_share)
    yield say("answer", text, top=most, risky=shares[0], plain=shares[1])
    least = rows.smallest(fields.spared)
    if least.number < -tolerances.MISSING_PART:
        row = rows.row_of(least)
        text = "But more {worse[mineral]} is missing: {risky}, {plain} in the plain plan."
        shares = row.value(fields.risky_share), row.value(fields.plain_share)
        yield say("answer", text, worse=least, risky=shares[0], plain=shares[1])


_LASTING = (component.BUILDING.name, component.STORING.name)


def _changed_builds(tables: Tables) -> Iterator[Sentence]:
    """Yield how many builds and stocks change before the first event."""
    if _is_calm(tables):
        return
    fields, rows = EarlyDecisions, tables.sheet(EarlyDecisions).where(kind=[*_LASTING])
    changed = rows.count(fields.changes, "=", YES)
    if not changed.number:
        text = "Before the first event, no build and no stock differs from the plain plan."
        yield say("answer", text, none=rows.none(fields.changes, "=", YES))
        return
    text = "Builds and stocks that differ from the plain plan before the first event: {count}."
    yield say("figure", text, name="Builds and stocks that change", large="count", count=changed)


def _advice(tables: Tables) -> Iterator[Sentence]:
    """Yield what to decide now otherwise than in the plain plan."""
    yield from decide_now(tables.sheet(DecideNow), "the plain plan")


def _warnings(tables: Tables) -> Iterator[Sentence]:
    row: Any = next(iter(tables.records(PlansUnderRisk)))
    if Batches not in tables:
        yield say("care", "Too few futures to say how sure this is: ask for more with --futures.")
    elif row["vss_error_usd"] and row["vss_error_usd"] >= row["vss_usd"] and DecideNow in tables:
        yield say("care", "The change may be chance: what it saves is within its margin of error."
                          " More futures (--futures) narrow it.")  # fmt: skip
    if not _is_calm(tables):
        yield say("care", "After an event the plan often knows what comes next, so it looks better"
                          " than a real plan.")  # fmt: skip


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
    RESULTS = (PlansUnderRisk, EarlyDecisions, Futures, Expected, Batches, DecideNow)
    SHOWN = (Expected.mineral, Expected.demand, Expected.plain_share, Expected.risky_share)
    ANSWER = (
        table_key("worth", PlansUnderRisk),
        table_key("decisions", EarlyDecisions),
        table_key("rows", Futures),
        table_key("minerals", Expected),
        table_key("batches", Batches),
        AnswerKey("search_gap", "gap of the search for integer projects", "gap"),
        AnswerKey("proven_gap", "gap that is proven, relative", "relative_gap"),
        AnswerKey("futures", "futures that were drawn", lambda study, _: len(study.drawn)),
        AnswerKey("different_futures", "futures that differ from one another",
                  lambda study, _: len(study.different)),
        AnswerKey("seed", "the seed of the draws", "seed"),
        AnswerKey("alpha", "the level of the CVaR", "tail.alpha"),
        AnswerKey("weight", "the weight of the CVaR", "tail.weight"),
    )  # fmt: skip
    NOTE = (
        "All years, on average of the futures; sorted by what is spared. The plain plan ignores"
        " events."
    )
    TOPICS = _calm, _most_spared, _changed_builds, _advice, _warnings
    LIMIT = CAP_HELP

    def __init__(
        self, start: Start, *, futures: int | None, seed: int, alpha: float, weight: float
    ) -> None:
        super().__init__(start)
        if futures is None:
            futures = _DEFAULT_WHOLE if start.case.settings.whole_projects else _DEFAULT_FUTURES
        case, self.seed, self.tail = start.case, seed, Tail(alpha, weight)
        self.drawn = drawing.draws(case, futures, seed)
        first = {draw.hits: draw for draw in reversed(self.drawn)}
        self.different = tuple(first[hits] for hits in dict.fromkeys(d.hits for d in self.drawn))
        self.batches = batches_of(futures)
        self.groups = _groups_of(case, self.drawn, self.tail, self.batches)
        why = next(filter(None, (group.too_large for group in self.groups)), "")
        if why:
            msg = f"{futures:,} futures cannot be planned at once: {why}. Ask for fewer --futures"
            raise UsageError(msg)
        self.task = words.counted(len(self.different), "future")

    def plan(
        self, where: Where | None, on_progress: engine.OnProgress | None, on_stage: engine.OnStage
    ) -> None:
        del on_stage
        studies = [group.study(self.start.case, self.tail) for group in self.groups]
        self.results: list[engine.Outcomes[Any]] = [
            *engine.run_studies(studies, where, on_progress)
        ]
        self.outcomes = [outcome for each in self.results for outcome in each]
        self.stopped = self.results[-1].stopped if self.results else None

    # ---- what came of it -------------------------------------------------------------------------

    @property
    def has_plan(self) -> bool:
        return all(outcome.is_planned for outcome in self.outcomes)

    @property
    def runs(self) -> Sequence[engine.Outcome[Any]]:
        runs = list[engine.Outcome[Any]]()
        for group, outcomes in zip(self.groups, self.results, strict=True):
            for outcome, chances in zip_longest(outcomes, group.chances):
                result = outcome.result
                if result is None or result.plain is None or chances is None:
                    runs.append(outcome)
                    continue
                for end, result_of in (("", result.by_future), (", plain plan", result.plain)):
                    cost = valued(result_of.costs, chances[chances > 0], self.tail)
                    name = outcome.name + end
                    runs.append(replace(outcome, name=name, objective=cost, proof=result_of.proof))
        return runs

    @property
    def relative_gap(self) -> float:
        """The largest relative optimality gap of any run."""
        return max((max(p.gap, p.mip_gap) for run in self.runs if (p := run.proof)), default=0.0)

    @property
    def gap(self) -> float:
        """The largest relative gap of a search that ended early."""
        return max((p.mip_gap for run in self.runs if (p := run.proof)), default=0.0)

    @property
    def status(self) -> str:
        return status_of(self.gap)

    @property
    def trouble(self) -> str:
        if not self.start.case.risks:
            return drawing.NO_EVENTS
        if self.status == OPTIMAL:
            return ""
        search, ended = self.start.case.search, words.search_words(self.gap)
        if not self.start.case.settings.whole_projects:
            is_early = search.seconds is not None or self.gap <= search.gap + tolerances.MOST_GAP
            how = "ended early" if is_early else "used up its rounds"
            ended = words.search_words(self.gap, "what minerals share", how)
        return f"{ended} Differences between plans that are smaller than this mean nothing."

    @property
    def _objective_words(self) -> str:
        weight = self.tail.weight
        if not weight:
            return "the expected cost"
        mean = f"{words.percent(1.0 - weight, 0)} of the expected cost plus " if weight < 1 else ""
        is_single = 1.0 - self.tail.alpha <= 1.0 / len(self.drawn)
        few = " (with so few futures, the cost of the most expensive one)" if is_single else ""
        return f"{mean}{words.percent(weight, 0)} of the {_cvar_words(self.tail.alpha)}{few}"

    @property
    def options(self) -> dict[str, str]:
        return {
            **self.start.options,
            FUTURES: f"{len(self.drawn):,}",
            "Different futures": f"{len(self.different):,}",
            "Seed": str(self.seed),
            OBJECTIVE: self._objective_words,
            Runs.proven.header: f"to within {self.relative_gap:z.0e} of the lowest possible cost",
            NOTE if self.status == OPTIMAL else "Search": self.trouble[:1].upper()
            + self.trouble[1:],
            "What is built": "decided before the first event, the same in all futures",
            "All else": "decided in its year, knowing the events so far that touch the mineral."
            " Later events are known only as far as all drawn futures that are left agree",
            PlansUnderRisk.plain.header: "builds are kept to the end, other decisions until the"
            " first event that touches the mineral. After that event the coalition buys again from"
            " any supplier. In planner risk a supplier sells only agreed tonnes and a surge, so the"
            " mean cost is higher",
        }

    def tables(self) -> list[Result]:
        case, currency = self.start.case, words_of(self.start.case)
        count = Counter(draw.hits for draw in self.drawn)
        chances = np.array([count[d.hits] / len(self.drawn) for d in self.different])
        names = [m.name for m in case.minerals]
        costs, short = self._by_future(names)
        measured: list[dict[str, Any]] = []
        for name, measure in self._measures.items():
            row = _information_values(
                *(measure(c, chances) for c in costs), is_objective=not measured
            )
            measured.append({"measure": name, "error": None} | row)
        batches = [self._batch(b) for b in range(len(self.batches))]
        if batches:
            saved = np.array([row["vss"] for row in batches])
            measured[0]["error"] = confidence_half_width(saved)
        decided = [row for each in self.results if each[0].result for row in each[0].result.decided]
        order, grain = [*KINDS], EarlyDecisions.GRAIN[1:]
        decided.sort(key=lambda row: (order.index(row["kind"]), *map(row.__getitem__, grain)))
        ways = [way for way, *_ in _WAYS]
        short_ways = (f"short_{way}" for way in ways)
        expected = (chances[:, None] * short).sum(axis=1)
        need = [sum(case.coalition_demand(m, y) for y in case.years) for m in names]
        needs = dict(zip(names, need, strict=True))
        decided = [row | _change_of_decision(row, needs) for row in decided]
        shares: dict[str, Any] = {
            f"{way}_share": [measures.ratio(t, n) for t, n in zip(tonnes, need, strict=True)]
            for way, tonnes in zip(ways, expected.tolist(), strict=True)
            if way != "informed"
        }
        together = (each[0].result for each in self.results)
        changes = [row for result in together if result for row in result.changes]
        decide = DecideNow.of_changes({PlansUnderRisk.risky.header: changes}, case)
        pairs = zip(shares["plain_share"], shares["risky_share"], strict=True)
        spared = [
            None if a is None or b is None else words.without_noise(a - b, 1.0) for a, b in pairs
        ]
        return [
            PlansUnderRisk.of_rows(measured, words=currency),
            EarlyDecisions.of_rows(decided, words=currency),
            Futures(
                words=currency,
                future=list(range(1, len(chances) + 1)),
                chance=chances,
                events=[drawing.hits_words(case, d.hits) for d in self.different],
                **dict(zip(ways, costs, strict=True)),
                **dict(zip(short_ways, short.sum(axis=2), strict=True)),
            ),
            Expected(
                words=currency,
                mineral=names,
                demand=need,
                spared=spared,
                **shares,
                **dict(zip(ways, expected, strict=True)),
            ),
            *([Batches.of_rows(batches, words=currency)] if batches else []),
            *([decide] if len(decide) else []),
        ]

    def _batch(self, b: int) -> dict[str, Any]:
        """Return the objective of each way to plan over the futures of a batch."""
        batch, measure = self.batches[b], next(iter(self._measures.values()))
        costs, chances = np.zeros((3, len(batch))), np.full(len(batch), 1.0 / len(batch))
        for group, outcomes in zip(self.groups, self.results, strict=True):
            drawn = np.array(group.of_draw)[batch]
            future_of_draw = np.searchsorted(np.unique(drawn), drawn)
            result: Any = outcomes[1 + b if group.batches else 0].result
            costs[0] += _informed_by_future(group, outcomes).costs[drawn]
            costs[1] += result.by_future.costs[future_of_draw]
            costs[2] += result.plain.costs[future_of_draw]
        row = _information_values(*(measure(c, chances) for c in costs), is_objective=True)
        return {"batch": b + 1, "futures": len(batch), **row}

    @property
    def _measures(self) -> dict[str, Callable[[Floats, Floats], float]]:
        """Measures of costs and probabilities by future; the objective is first."""
        least = {_LEAST: partial(valued, tail=self.tail)} if self.tail.weight else {}
        return {
            **least,
            _EXPECTED: partial(valued, tail=Tail()),
            _cvar_words(self.tail.alpha): partial(cvar, alpha=self.tail.alpha),
            _DEAREST: lambda costs, _: float(costs.max()),
        }

    def _by_future(self, names: Sequence[str]) -> tuple[Floats, Floats]:
        """Return cost by way and future [money], shortage by way, future and mineral [t]."""
        first = [self.drawn.index(d) for d in self.different]
        costs = np.zeros((len(_WAYS), len(first)))
        short = np.zeros((len(_WAYS), len(first), len(names)))
        for group, outcomes in zip(self.groups, self.results, strict=True):
            rows = [group.of_draw[i] for i in first]
            columns = [names.index(m.name) for m in group.case.minerals]
            result: Any = outcomes[0].result
            informed = _informed_by_future(group, outcomes)
            for w, way in enumerate((informed, result.by_future, result.plain)):
                costs[w] += way.costs[rows]
                short[w][:, columns] += way.short[rows]
        return costs, short

    # ---- from the tables alone -------------------------------------------------------------------

    @classmethod
    def main_table(cls, tables: Tables) -> Numbers | None:
        """Return the minerals, the most spared first."""
        return Numbers(tables[Expected].ordered(Expected.spared), cls.SHOWN)

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        short_rows = tables[Expected].frame()
        short_rows = short_rows[short_rows[["informed", "risky", "plain"]].max(axis=1) > 0]
        names = tuple(map(shortened, short_rows["mineral"]))
        series = (Series(head, role, _shares(short_rows, way)) for way, head, role in _SHOWN_WAYS)
        title, need = f"Share of need that is missing on average, {tables.years}", "% of need"
        chart = Picture(title, Form.GROUPED, names, tuple(series), need, "", Format.DAYS)
        return (chart,) if len(short_rows) else ()
