"""Random draws of events, year by year, and two plans for each draw.

Each draw has its own generator, seeded by the seed and the draw's number: draw 17 is the same
whether ten or a thousand are drawn. Each draw is planned twice: the agreed plan is hit by the
events, and the case is planned again as if the events had been known.

Groups of minerals without a common constraint have separate programs. Each set of events that
touches a group is planned once, however many draws have it. A draw's cost is the sum over groups.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from models.case import Case, CaseStep, CaseSteps, Selection, in_force
from models.errors import UsageError
from models.measures import SURGE, difference
from models.plan import SECURITY_PENALTY, Plan
from models.plan.solving import case_of, linked_minerals
from models.resolve import Bools, Floats
from models.schema import ShareLimit
from planner.scenarios import events
from planner.scenarios.actions import year_ranges
from planner.scenarios.events import Hits
from planner.stops import Stop
from planner.studies.agreed_plan import Rules, case_before_loss
from planner.studies.engine import (
    Change,
    OnProgress,
    Outcome,
    Run,
    Study,
    run_studies,
    split_chains,
)
from planner.studies.places import Where, start_session

NO_EVENT = "no event"
NO_EVENTS = (
    "the workbook has no events to draw: add the sheet Risks. It has one or more rows per event,"
    " with its Yearly probability (planner new FILE --with Risks shows how)"
)


@dataclass(frozen=True)
class Draw:
    """One random future: the years in which each event is under way.

    ``under_way`` are events with their years, without events that never begin. ``hits`` are the
    rows of the sheet Risks that hold, each with a year.
    """

    under_way: tuple[tuple[str, tuple[int, ...]], ...]
    hits: Hits

    @property
    def label(self) -> str:
        """The events in words: ``Export stop 2027-2028, Drought 2030``."""
        return _events_in_words(self.under_way)


def _events_in_words(under_way: Iterable[tuple[str, Collection[int]]]) -> str:
    return ", ".join(f"{name} {runs_of_years(years)}" for name, years in under_way) or NO_EVENT


def hits_words(case: Case, hits: Hits) -> str:
    """Return the events of some hits in words, with their years: ``Export stop 2027-2028``."""
    years = defaultdict[str, set[int]](set)
    for position, year in hits:
        years[case.risks[position].name].add(year)
    return _events_in_words(years.items())


def runs_of_years(years: Collection[int]) -> str:
    """Return years in words: ``2026, 2028-2030``."""
    runs = year_ranges(range(min(years), max(years) + 1), years)
    return ", ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in runs)


def draws(case: Case, number: int, seed: int) -> tuple[Draw, ...]:
    case_events = events.events_of(case)
    return tuple(_draw_events(case, case_events, seed, i) for i in range(number))


def _draw_events(case: Case, case_events: Sequence[events.Event], seed: int, number: int) -> Draw:
    """Draw each event in each year; an event that begins again while under way lasts longer."""
    source = np.random.SeedSequence(seed, spawn_key=(number,))
    shape = len(case_events), len(case.years)
    chances = np.random.Generator(np.random.PCG64(source)).random(shape)
    under_way, begun = dict[str, tuple[int, ...]](), dict[str, list[int]]()
    for event, numbers in zip(case_events, chances.tolist(), strict=True):
        pairs = zip(case.years, numbers, strict=True)
        begins = [year for year, number in pairs if number < event.probability]
        begun[event.name] = begins
        lasts = {year + i for year in begins for i in range(event.duration)}
        years = tuple(year for year in case.years if year in lasts)
        if years:
            under_way[event.name] = years
    return Draw(tuple(under_way.items()), events.active_rows(case, under_way, begun))


# ---- changes of a case by a draw -----------------------------------------------------------------


Ceilings = tuple[tuple[str, str, str, int, float], ...]


@dataclass(frozen=True)
class Surge:
    """A kind of change: in some years sources may sell up to these ceilings."""

    ceilings: Ceilings

    def __call__(self, case: Case, of: Selection) -> Case:
        years = case.years if of.years is None else of.years
        kept = (c for c in case.ceilings if c[3] not in years)
        return case.change(ceilings=(*kept, *(c for c in self.ceilings if c[3] in years)))


def waive(case: Case, of: Selection) -> Case:
    """Return the case without share limits in the selected years: a kind of change."""
    kept = tuple(year for year in case.years if of.years is not None and year not in of.years)
    limits = (row for limit in case.share_limits for row in _held_in(limit, case.years, kept))
    return case.change(share_limits=tuple(limits))


def surprise(case: Case, hits: Hits, surging: Ceilings, *, keep_caps: bool) -> CaseSteps:
    """Return the change that events make to an agreed plan: nobody knew of them.

    Until the first year with an event the plan stays as agreed. From then on sources may sell up to
    ``surging``. In years with an event share limits are waived, unless ``keep_caps``. ``case`` has
    the sheet Risks.
    """
    hit_years = frozenset(year for _, year in hits)
    if not hit_years:
        return CaseSteps()
    later = frozenset(year for year in case.years if year >= min(hit_years))
    responses = [CaseStep(Surge(surging), Selection(years=later))]
    responses += [] if keep_caps else [CaseStep(waive, Selection(years=hit_years))]
    return CaseSteps((*events.event_changes(case, hits), *responses))


def foreseen(case: Case, hits: Hits) -> CaseSteps:
    """Return the change in one future; a delay shifts what one plan for all futures builds."""
    return CaseSteps(events.event_changes(case, hits, is_decided=True))


def _held_in(limit: ShareLimit, years: tuple[int, ...], kept: Collection[int]) -> list[ShareLimit]:
    """Return rows that keep a limit in the ``kept`` years only: one per run of years."""
    due = [year for year in years if in_force(limit, year)]
    held = [year for year in due if year in kept]
    if held == due:
        return [limit]
    return [
        dataclasses.replace(limit, first_year=first, last_year=last)
        for first, last in year_ranges(years, held)
    ]


# ---- all draws, planned twice --------------------------------------------------------------------


Reach = tuple[frozenset[str], ...]
"""The minerals that each row of the sheet Risks may touch."""

AS_AGREED, REPLANNED = "As agreed", "Re-planned"
"""The two plans of a draw: the agreed plan, hit by the events; and a plan that knew of them."""

CHAIN = 24
"""Runs in a chain. Long chains gain more from warm starts; short ones keep more workers busy."""
_ORDERED_TOGETHER = 1_000
"""How many sets of hits are ordered together: the time grows with the square."""


@dataclass(frozen=True)
class Chances:
    """The number of draws, their seed, and the permitted responses to an event."""

    draws: int = 1000
    seed: int = 1
    surge: float = SURGE
    keep_caps: bool = False


@dataclass(frozen=True)
class DrawTotals:
    """Totals of a plan: costs [money], and shortage over all years [t] by mineral and member."""

    objective: float
    cash: float
    short: Floats


@dataclass(frozen=True)
class DrawResults:
    """Totals of one kind of plan: costs by draw [money]; ``short`` by draw, mineral and member [t].

    NaN if a plan of the draw is not known.
    """

    name: str
    objective: Floats
    cash: Floats
    short: Floats

    @property
    def is_known(self) -> Bools:
        return ~np.isnan(self.objective)


@dataclass(frozen=True)
class RiskResults:
    """All draws of a case, with the totals of the agreed and of the re-planned plan.

    ``base`` is the plan without events, ``base_totals`` are its totals without the penalty of
    Security. ``outcomes`` have the proof of each run.
    """

    base: Plan
    base_totals: DrawTotals
    draws: tuple[Draw, ...]
    as_agreed: DrawResults
    replanned: DrawResults
    outcomes: tuple[Outcome[DrawTotals], ...]
    stopped: Stop | None = None

    @property
    def samples(self) -> tuple[DrawResults, DrawResults]:
        return self.as_agreed, self.replanned

    @property
    def left_out(self) -> float:
        """The part of the plan's total cost that is not counted: Security's penalty [money]."""
        return difference(self.base.objective, self.base_totals.objective, self.base.objective)

    @property
    def distinct_draws(self) -> int:
        """How many different sets of hits the draws have."""
        return len({draw.hits for draw in self.draws})


def draw_totals(plan: Plan) -> DrawTotals:
    return DrawTotals(plan.objective, plan.cash, plan.missing.sum(axis=2))


def plan_draws(
    case: Case,
    chances: Chances,
    where: Where | None = None,
    on_progress: OnProgress | None = None,
) -> RiskResults:
    """Draw the events of a case and plan each draw twice: as agreed, and re-planned.

    The agreed plan is the plan of the case without events, with its sheet Security. Results leave
    out the penalty of Security, since losses come as events. The draws of a run that fails are NaN.
    Raises UsageError if the case has no sheet Risks; InputError and SolverError if the plan without
    events fails.
    """
    if not case.risks:
        raise UsageError(NO_EVENTS)
    without_security = case.change(security=())
    session = start_session(case, where)
    base, free_plan = session.base, session.solve_cold(without_security) if case.security else None
    drawn = draws(case, chances.draws, chances.seed)
    rules = (Rules(0.0, keep_caps=True), Rules(chances.surge, keep_caps=True))
    late = events.projects_with_delays(case)
    before_event, surging = (case_before_loss(base, r, late) for r in rules)
    ceilings_of = {
        minerals: tuple(c for c in surging.ceilings if c[2] in minerals)
        for minerals in linked_minerals(before_event)
    }

    def surprise_of(minerals: tuple[str, ...], hits: Hits) -> Change:
        return surprise(case, hits, ceilings_of[minerals], keep_caps=chances.keep_caps)

    def known_events(_: tuple[str, ...], hits: Hits) -> Change:
        return CaseSteps(events.event_changes(case, hits))

    plans = (
        _PlanRuns(AS_AGREED, before_event, case, drawn, surprise_of),
        _PlanRuns(REPLANNED, without_security, case, drawn, known_events),
    )
    results = run_studies([study for each in plans for study in each.studies], where, on_progress)
    session.confirm()
    outcomes = tuple(outcome for each in results for outcome in each)
    stopped = results[-1].stopped if results else None
    first, totals = len(plans[0].runs), [outcome.result for outcome in outcomes]
    penalty = base.costs.set_index("heading")["discounted"][SECURITY_PENALTY.name]
    calm_base = dataclasses.replace(draw_totals(base), objective=base.objective - float(penalty))
    calm_free = draw_totals(free_plan) if free_plan is not None else calm_base
    as_agreed = plans[0].sample(totals[:first], calm_base)
    replanned = plans[1].sample(totals[first:], calm_free)
    return RiskResults(base, calm_base, drawn, as_agreed, replanned, outcomes, stopped)


class _PlanRuns:
    """The runs of one kind of plan: each group of minerals with each set of hits that touch it."""

    def __init__(
        self,
        name: str,
        base: Case,
        case: Case,
        drawn: Sequence[Draw],
        change: Callable[[tuple[str, ...], Hits], Change],
    ) -> None:
        """Find the different sets of hits of each group, and add the set without hits.

        ``base`` is the case that the hits change, ``case`` the one with the sheet Risks.
        """
        self.name, self.base, self.case, self.parts = name, base, case, linked_minerals(base)
        reach = tuple(events.affected_minerals(base, row) for row in case.risks)
        hits = [draw.hits for draw in drawn]
        self.of_draw = [hits_on(minerals, hits, reach) for minerals in self.parts]
        every = ((p, hits) for p, each in enumerate(self.of_draw) for hits in by_similarity(each))
        self.runs = {key: i for i, key in enumerate(every)}
        self._change = change

    @property
    def studies(self) -> tuple[Study[DrawTotals], ...]:
        """One study per group of minerals; runs that follow one another have similar hits."""
        studies = []
        for p, minerals in enumerate(self.parts):
            prefix = f"{self.name}: {minerals_words(self.base, minerals)}"
            runs = [
                Run(f"{prefix}: {hits_words(self.case, hits)}", self._change(minerals, hits))
                for i, hits in self.runs
                if i == p
            ]
            # re-planned cases are parts of one that is compared already
            is_new, base = self.name == AS_AGREED, case_of(self.base, minerals)
            studies.append(Study(base, split_chains(runs, CHAIN), draw_totals, is_compared=is_new))
        return tuple(studies)

    def sample(self, totals: Sequence[DrawTotals | None], calm: DrawTotals) -> DrawResults:
        """Return the totals of each draw: the totals without events plus what its events add.

        Events add the difference between the same runs with and without hits. So the totals include
        capital already spent and demand that was never to be met, which the runs leave out.
        """
        base = self._sums(totals, [[()] for _ in self.parts])
        hit = self._sums(totals, self.of_draw)
        objective, cash, short = (with_it - none for with_it, none in zip(hit, base, strict=True))
        totals_of_draws = calm.objective + objective, calm.cash + cash, calm.short[None] + short
        return DrawResults(self.name, *totals_of_draws)

    def _sums(
        self, totals: Sequence[DrawTotals | None], hits: Sequence[Sequence[Hits]]
    ) -> tuple[Floats, Floats, Floats]:
        """Return cost, cash and shortage of each draw, summed over its groups of minerals."""
        count = len(hits[0]) if hits else 0
        place = {m.name: i for i, m in enumerate(self.base.minerals)}
        objective, cash = np.zeros(count), np.zeros(count)
        short = np.zeros((count, len(place), len(self.base.members)))
        for p, minerals in enumerate(self.parts):
            rows = [place[name] for name in minerals]
            for i, key in enumerate(hits[p]):
                run = totals[self.runs[p, key]]
                objective[i] += np.nan if run is None else run.objective
                cash[i] += np.nan if run is None else run.cash
                short[i, rows] = np.nan if run is None else run.short
        return objective, cash, short


def minerals_words(case: Case, minerals: Collection[str]) -> str:
    """Return the names of minerals, or "all minerals"."""
    return ", ".join(minerals) if len(minerals) < len(case.minerals) else "all minerals"


def by_similarity(drawn: Iterable[Hits]) -> list[Hits]:
    """Return each different set of hits once, ordered so that neighbours are similar.

    The empty set comes first; the next is always the one left that differs in the fewest hits. Each
    run is warm-started from the run before it. Thousands are ordered in parts.
    """
    distinct, ordered = sorted({(), *drawn}), list[Hits]()
    for first in range(0, len(distinct), _ORDERED_TOGETHER):
        part = distinct[first : first + _ORDERED_TOGETHER]
        hits_of_part = sorted({hit for hits in part for hit in hits})
        position_of = {hit: i for i, hit in enumerate(hits_of_part)}
        has = np.zeros((len(part), len(position_of)), dtype=np.float32)
        for row, hits in zip(has, part, strict=True):
            row[[position_of[hit] for hit in hits]] = 1.0
        size, current = has.sum(axis=1), 0
        # sums of small whole numbers, so their order does not matter
        differ = size + size[:, np.newaxis] - 2.0 * (has @ has.T)
        for _ in part:
            ordered.append(part[current])
            differ[:, current] = np.inf
            current = int(differ[current].argmin())
    return ordered


def hits_on(minerals: tuple[str, ...], hits_of_draws: Iterable[Hits], reach: Reach) -> list[Hits]:
    """Return the hits of each set that may touch one of the minerals."""
    rows = {i for i, touched in enumerate(reach) if not touched.isdisjoint(minerals)}
    return [tuple(hit for hit in hits if hit[0] in rows) for hits in hits_of_draws]
