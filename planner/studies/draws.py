"""Events by chance: drawn for every year, and what each draw does to the plan.

Each draw has its own generator, seeded by the seed and the draw's number: draw 17 is the same
whether ten or a thousand are drawn. Each is planned twice: events strike the agreed plan, and the
case is planned again as if they had been known.

Minerals that no block ties are planned apart. Each set of events that touches a mineral is planned
once, however many draws it is in; a draw's cost is the sum over minerals.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from models.case import Case, CaseStep, CaseSteps, Selection, in_force
from models.errors import UsageError
from models.measures import SURGE, beyond
from models.plan import SECURITY_PENALTY, SHORTAGE, Plan, Session
from models.plan.solving import case_of, linked_minerals
from models.resolve import Bools, Floats
from models.schema import ShareLimit
from planner.scenarios.actions import stretches
from planner.scenarios.events import Event, Hits, events, happen, hits, touched
from planner.stops import Stop
from planner.studies.agreed import Rules, stressed
from planner.studies.engine import Change, Outcome, Run, Study, Tell, chains_of, run_studies
from planner.studies.places import Where, begun

NO_EVENT = "no event"
NO_EVENTS = (
    "the workbook has no events to draw: add the sheet Risks, one row or more an event with its"
    " Yearly probability (planner new FILE --with Risks shows how)"
)


@dataclass(frozen=True)
class Draw:
    """One possible course of things: the years in which each event is under way.

    ``under_way`` are (event, years), events that never begin left out; ``hits`` are the rows of the
    sheet that hold, with their years.
    """

    under_way: tuple[tuple[str, tuple[int, ...]], ...]
    hits: Hits

    @property
    def label(self) -> str:
        """The draw in words: ``Export stop 2027-2028, Drought 2030``."""
        return _label(self.under_way)


def _label(under_way: Iterable[tuple[str, Collection[int]]]) -> str:
    return ", ".join(f"{name} {runs_of_years(years)}" for name, years in under_way) or NO_EVENT


def happening(case: Case, hits: Hits) -> str:
    """Return in words which events' rows hold in which years: ``Export stop 2027-2028``."""
    years: dict[str, set[int]] = {}
    for position, year in hits:
        years.setdefault(case.risks[position].name, set()).add(year)
    return _label(years.items())


def runs_of_years(years: Collection[int]) -> str:
    """Return years in words: ``2026, 2028-2030``."""
    runs = stretches(range(min(years), max(years) + 1), years)
    return ", ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in runs)


def draws(case: Case, number: int, seed: int) -> tuple[Draw, ...]:
    """Return the first ``number`` draws of a seed."""
    every = events(case)
    return tuple(_draw(case, every, seed, i) for i in range(number))


def _draw(case: Case, every: Sequence[Event], seed: int, number: int) -> Draw:
    """Draw each event and year on its own; an event that begins again while under way goes on."""
    source = np.random.SeedSequence(seed, spawn_key=(number,))
    chances = np.random.Generator(np.random.PCG64(source)).random((len(every), len(case.years)))
    under_way = dict[str, tuple[int, ...]]()
    for event, numbers in zip(every, chances.tolist(), strict=True):
        pairs = zip(case.years, numbers, strict=True)
        begins = [year for year, number in pairs if number < event.probability]
        lasts = {year + i for year in begins for i in range(event.duration)}
        years = tuple(year for year in case.years if year in lasts)
        if years:
            under_way[event.name] = years
    return Draw(tuple(under_way.items()), hits(case, under_way))


# ---- what a draw changes in a case ---------------------------------------------------------------


Ceilings = tuple[tuple[str, str, str, int, float], ...]


@dataclass(frozen=True)
class Surge:
    """A kind of change: in the years selected sources may sell up to these ceilings."""

    ceilings: Ceilings

    def __call__(self, case: Case, of: Selection) -> Case:
        """Return the case with other ceilings in these years."""
        chosen = case.years if of.years is None else of.years
        kept = (c for c in case.ceilings if c[3] not in chosen)
        return case.change(ceilings=(*kept, *(c for c in self.ceilings if c[3] in chosen)))


def waive(case: Case, of: Selection) -> Case:
    """Return the case whose share limits do not hold in the years selected: a kind of change."""
    kept = tuple(year for year in case.years if of.years is not None and year not in of.years)
    limits = (row for limit in case.share_limits for row in _within(limit, case.years, kept))
    return case.change(share_limits=tuple(limits))


def surprise(case: Case, hits: Hits, surging: Ceilings, *, keep_caps: bool) -> CaseSteps:
    """Return the change of an agreed plan that events strike, with no surge and all its limits.

    The plan stays so until the first struck year, and stores nothing in expectation. From then on
    sources may sell up to ``surging``. In the struck years share limits are waived, unless
    ``keep_caps``. ``case`` is the one whose rows of Risks hold.
    """
    struck = frozenset(year for _, year in hits)
    if not struck:
        return CaseSteps()
    later = frozenset(year for year in case.years if year >= min(struck))
    answers = [CaseStep(Surge(surging), Selection(years=later))]
    answers += [] if keep_caps else [CaseStep(waive, Selection(years=struck))]
    return CaseSteps((*happen(case, hits), *answers))


def foreseen(case: Case, hits: Hits) -> Change:
    """Return the change to a case in which events happen, known before any plan is made."""
    return CaseSteps(happen(case, hits)).__call__  # not by vectors, so that it has its own tables


def _within(limit: ShareLimit, years: tuple[int, ...], kept: Collection[int]) -> list[ShareLimit]:
    """Return a limit so that it holds in some of the horizon's years alone, a row a stretch."""
    due = [year for year in years if in_force(limit, year)]
    held = [year for year in due if year in kept]
    if held == due:
        return [limit]
    return [
        dataclasses.replace(limit, first_year=first, last_year=last)
        for first, last in stretches(years, held)
    ]


# ---- all draws, planned twice --------------------------------------------------------------------


Reach = tuple[frozenset[str], ...]
"""The minerals that each row of Risks may touch."""

AGREED, REPLANNED = "As agreed", "Re-planned"
"""The two plans of a draw: the agreed one, struck; and one that knew of the events."""

CHAIN = 24
"""Runs in a chain: enough to gain from one another, few enough to share among workers."""


@dataclass(frozen=True)
class Chances:
    """What is drawn: how often, from which seed, and what may answer an event."""

    draws: int = 1000
    seed: int = 1
    surge: float = SURGE
    keep_caps: bool = False


@dataclass(frozen=True)
class DrawTotals:
    """What is kept of a plan: money, and t short by mineral and member over all years."""

    objective: float
    cash: float
    short: Floats


@dataclass(frozen=True)
class DrawResults:
    """One plan a draw: its ``objective`` and ``cash`` [money]; ``short`` by draw, mineral, member.

    NaN where a plan of the draw is not known.
    """

    name: str
    objective: Floats
    cash: Floats
    short: Floats

    @property
    def is_known(self) -> Bools:
        """By draw: whether it has a proven plan."""
        return ~np.isnan(self.objective)


@dataclass(frozen=True)
class Risk:
    """All draws of a case, and the totals of both plans in them.

    ``base`` is the plan of the case with no event, ``reading`` its totals; ``outcomes`` say how
    each run was proven.
    """

    chances: Chances
    base: Plan
    reading: DrawTotals
    draws: tuple[Draw, ...]
    agreed: DrawResults
    replanned: DrawResults
    outcomes: tuple[Outcome[DrawTotals], ...]
    stopped: Stop | None = None

    @property
    def samples(self) -> tuple[DrawResults, DrawResults]:
        """Both plans, the agreed one first."""
        return self.agreed, self.replanned

    @property
    def left_out(self) -> float:
        """What of the plan's total cost is no cost here: the penalty of Security [money]."""
        return beyond(self.base.objective, self.reading.objective, self.base.objective)

    @property
    def distinct(self) -> int:
        """How many draws differ from all others in what they hit."""
        return len({draw.hits for draw in self.draws})


def reading(plan: Plan) -> DrawTotals:
    """Return what is kept of a plan."""
    e = plan.expanded
    short = np.zeros((len(e.minerals), len(e.members)))
    (mineral, member, _), tonnes = plan.part(SHORTAGE)
    np.add.at(short, (mineral, member), tonnes)
    return DrawTotals(plan.objective, plan.cash, short)


@dataclass(frozen=True)
class CalmPlans:
    """What is planned of a case before its draws, and the session that planned it.

    ``again`` is the plan that need not survive losses, None where that is the agreed plan ``base``.
    """

    session: Session
    base: Plan
    again: Plan | None

    @staticmethod
    def runs(case: Case, chances: Chances) -> list[str]:
        """Return the names of the runs that follow, as far as the case alone says."""
        free, drawn = case.change(security=()), draws(case, chances.draws, chances.seed)
        plans = (_Plans(name, free, case, drawn, _known(case)) for name in (AGREED, REPLANNED))
        return [
            run.name
            for each in plans
            for study in each.studies
            for chain in study.chains
            for run in chain
        ]


def plan_calm(case: Case, where: Where | None = None) -> CalmPlans:
    """Plan a case with no event; UsageError where it has no events to draw."""
    if not case.risks:
        raise UsageError(NO_EVENTS)
    session = begun(case, where)
    base = session.base
    again = session.solve_cold(case.change(security=())) if case.security else None
    return CalmPlans(session, base, again)


def _known(case: Case) -> Callable[[tuple[str, ...], Hits], Change]:
    return lambda _, hits: CaseSteps(happen(case, hits))


def risk(
    case: Case,
    chances: Chances | None = None,
    where: Where | None = None,
    tell: Tell | None = None,
    calm_plans: CalmPlans | None = None,
) -> Risk:
    """Draw the events of a case and plan each draw twice: as agreed, and again.

    The agreed plan is the plan of the case with no event. Where it is made to survive losses, that
    stays so, and its penalty for what is missing is left out once events are known. ``calm_plans``
    are the case's own. A plan that fails does not lose the others: its draws are unknown (NaN).
    Raises UsageError where the case has no events, InputError and SolverError where the case itself
    cannot be planned.
    """
    chances = chances or Chances()
    calm_plans = calm_plans or plan_calm(case, where)
    drawn = draws(case, chances.draws, chances.seed)
    base, free = calm_plans.base, case.change(security=())
    rules = (Rules(0.0, keep_caps=True), Rules(chances.surge, keep_caps=True))
    calm, surging = (stressed(base, r) for r in rules)

    ceilings_of = {
        minerals: tuple(c for c in surging.ceilings if c[2] in minerals)
        for minerals in linked_minerals(calm)
    }

    def struck(minerals: tuple[str, ...], hits: Hits) -> Change:
        return surprise(case, hits, ceilings_of[minerals], keep_caps=chances.keep_caps)

    plans = (
        _Plans(AGREED, calm, case, drawn, struck),
        _Plans(REPLANNED, free, case, drawn, _known(case)),
    )
    results = run_studies([study for each in plans for study in each.studies], where, tell)
    calm_plans.session.confirm()
    outcomes = tuple(outcome for each in results for outcome in each)
    stopped = results[-1].stopped if results else None
    first, totals = len(plans[0].runs), [outcome.found for outcome in outcomes]
    penalty = base.costs.set_index("heading")["discounted"][SECURITY_PENALTY.name]
    calm_base = dataclasses.replace(reading(base), objective=base.objective - float(penalty))
    calm_again = reading(calm_plans.again) if calm_plans.again is not None else calm_base
    agreed = plans[0].sample(totals[:first], calm_base)
    replanned = plans[1].sample(totals[first:], calm_again)
    return Risk(chances, base, calm_base, drawn, agreed, replanned, outcomes, stopped)


class _Plans:
    """The runs of one kind of plan: each part of a case under each set of hits that touch it."""

    def __init__(
        self,
        name: str,
        base: Case,
        case: Case,
        drawn: Sequence[Draw],
        change: Callable[[tuple[str, ...], Hits], Change],
    ) -> None:
        """Find the distinct sets of hits of each part, also the set without hits.

        ``base`` is what is struck, ``case`` the one whose sheet Risks the hits are rows of.
        """
        self.name, self.base, self.case, self.parts = name, base, case, linked_minerals(base)
        reach = tuple(touched(base, row) for row in case.risks)
        self.of_draw = [[hits_on(p, draw.hits, reach) for draw in drawn] for p in self.parts]
        every = ((p, hits) for p, each in enumerate(self.of_draw) for hits in sorted({(), *each}))
        self.runs = {key: i for i, key in enumerate(every)}
        self._change = change

    @property
    def studies(self) -> tuple[Study[DrawTotals], ...]:
        """A study a part, its runs in chains of neighbours, which are alike."""
        studies = []
        for p, minerals in enumerate(self.parts):
            prefix = f"{self.name}: {minerals_words(self.base, minerals)}"
            runs = [
                Run(f"{prefix}: {happening(self.case, hits)}", self._change(minerals, hits))
                for i, hits in self.runs
                if i == p
            ]
            is_new = self.name == AGREED  # the parts of the case itself are compared as the whole
            base = case_of(self.base, minerals)
            studies.append(Study(base, chains_of(runs, CHAIN), reading, is_compared=is_new))
        return tuple(studies)

    def sample(self, totals: Sequence[DrawTotals | None], calm: DrawTotals) -> DrawResults:
        """Return the totals of each draw: those without events, and what its events add to them.

        What they add is the difference from the same parts without any event. So capital that is
        spent, and demand that was not to be met, count though they are left out of what is struck.
        """
        hits: list[list[Hits]] = [[()] for _ in self.parts]
        base, struck = self._sums(totals, hits), self._sums(totals, self.of_draw)
        return DrawResults(
            self.name,
            calm.objective + (struck[0] - base[0]),
            calm.cash + (struck[1] - base[1]),
            calm.short[None] + (struck[2] - base[2]),
        )

    def _sums(
        self, totals: Sequence[DrawTotals | None], hits: Sequence[Sequence[Hits]]
    ) -> tuple[Floats, Floats, Floats]:
        """Return objective, cash and shortage of each draw; ``hits`` by part and draw."""
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


def hits_on(minerals: tuple[str, ...], hits: Hits, reach: Reach) -> Hits:
    """Return the hits that reach one of the minerals."""
    return tuple(hit for hit in hits if not reach[hit[0]].isdisjoint(minerals))
