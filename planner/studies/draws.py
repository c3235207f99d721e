"""Random draws of events, year by year, and two plans for each draw.

Each draw has its own generator, seeded by the seed and the draw's number: draw 17 is the same
whether ten or a thousand are drawn. Each draw is planned twice: the agreed plan is hit by the
events, and the case is planned again as if the events had been known.

Groups of minerals without a common constraint have separate programs. Each set of events that
touches a group is planned once, however many draws have it. A draw's cost is the sum over groups.

Statistics of a sample of draws, and the uncertainty of each, come last.
"""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import click
import numpy as np

from models.case import Case, CaseStep, CaseSteps, Selection, in_force
from models.errors import UsageError
from models.measures import SURGE, difference
from models.plan import SECURITY_PENALTY, SHORTAGE, Plan, Session
from models.plan.solving import case_of, linked_minerals
from models.resolve import Bools, Floats
from models.schema import ShareLimit
from planner.options import IntegerOption
from planner.scenarios import events
from planner.scenarios.actions import year_ranges
from planner.scenarios.events import Hits
from planner.stops import Stop
from planner.studies.agreed import Rules, case_before_loss
from planner.studies.engine import Change, Outcome, Run, Study, Tell, chains_of, run_studies
from planner.studies.places import Where, start_session

NO_EVENT = "no event"
NO_EVENTS = (
    "the workbook has no events to draw: add the sheet Risks. It has one or more rows per event,"
    " with its Yearly probability (planner new FILE --with Risks shows how)"
)


def draw_options(least: int, default: int, of_draws: str, of_seed: str) -> tuple[Any, Any]:
    """Return the options ``--draws``, from ``least`` on, and ``--seed``, with their helps."""
    draws, seed = IntegerOption(least, 100_000), IntegerOption(0, 2**63 - 1)
    shown: dict[str, Any] = {"default": default, "show_default": default > 0}
    return (
        click.option("--draws", type=draws, metavar="N", help=of_draws, **shown),
        click.option("--seed", type=seed, metavar="S", help=of_seed, default=1, show_default=True),
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
        return _label(self.under_way)


def _label(under_way: Iterable[tuple[str, Collection[int]]]) -> str:
    return ", ".join(f"{name} {runs_of_years(years)}" for name, years in under_way) or NO_EVENT


def hits_words(case: Case, hits: Hits) -> str:
    """Return the events of some hits in words, with their years: ``Export stop 2027-2028``."""
    years = defaultdict[str, set[int]](set)
    for position, year in hits:
        years[case.risks[position].name].add(year)
    return _label(years.items())


def runs_of_years(years: Collection[int]) -> str:
    """Return years in words: ``2026, 2028-2030``."""
    runs = year_ranges(range(min(years), max(years) + 1), years)
    return ", ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in runs)


def draws(case: Case, number: int, seed: int) -> tuple[Draw, ...]:
    every = events.events(case)
    return tuple(_draw(case, every, seed, i) for i in range(number))


def _draw(case: Case, every: Sequence[events.Event], seed: int, number: int) -> Draw:
    """Draw each event in each year; an event that begins again while under way lasts longer."""
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
    return Draw(tuple(under_way.items()), events.active_rows(case, under_way))


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


def foreseen(case: Case, hits: Hits) -> Change:
    """Return the change to a case in which the events are known before it is planned."""
    steps = CaseSteps(events.event_changes(case, hits))
    return steps.__call__  # a plain callable, so that the run gets a case, and tables, of its own


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

AGREED, REPLANNED = "As agreed", "Re-planned"
"""The two plans of a draw: the agreed plan, hit by the events; and a plan that knew of them."""

CHAIN = 24
"""Runs in a chain. Long chains gain more from warm starts; short ones keep more workers busy."""


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
    agreed: DrawResults
    replanned: DrawResults
    outcomes: tuple[Outcome[DrawTotals], ...]
    stopped: Stop | None = None

    @property
    def samples(self) -> tuple[DrawResults, DrawResults]:
        return self.agreed, self.replanned

    @property
    def left_out(self) -> float:
        """The part of the plan's total cost that is not counted: Security's penalty [money]."""
        return difference(self.base.objective, self.base_totals.objective, self.base.objective)

    @property
    def distinct(self) -> int:
        """How many different sets of hits the draws have."""
        return len({draw.hits for draw in self.draws})


def totals_of(plan: Plan) -> DrawTotals:
    e = plan.expanded
    short = np.zeros((len(e.minerals), len(e.members)))
    (mineral, member, _), tonnes = plan.part(SHORTAGE)
    np.add.at(short, (mineral, member), tonnes)
    return DrawTotals(plan.objective, plan.cash, short)


def names_of_runs(case: Case, chances: Chances) -> list[str]:
    """Return the names of the runs that plan the draws of a case, as agreed and re-planned."""
    free, drawn = case.change(security=()), draws(case, chances.draws, chances.seed)
    known = _known_events(case)
    plans = (_PlanRuns(name, free, case, drawn, known) for name in (AGREED, REPLANNED))
    chains = (chain for each in plans for study in each.studies for chain in study.chains)
    return [run.name for chain in chains for run in chain]


EventFreePlans = tuple[Session, Plan, Plan | None]
"""The session of a case without events, its agreed plan, and the plan that need not survive losses
(None: there is no sheet Security)."""


def plan_without_events(case: Case, where: Where | None = None) -> EventFreePlans:
    """Plan a case as if no event happened; UsageError if it has no sheet Risks."""
    if not case.risks:
        raise UsageError(NO_EVENTS)
    session = start_session(case, where)
    base = session.base
    return session, base, session.solve_cold(case.change(security=())) if case.security else None


def _known_events(case: Case) -> Callable[[tuple[str, ...], Hits], Change]:
    return lambda _, hits: CaseSteps(events.event_changes(case, hits))


def plan_draws(
    case: Case,
    chances: Chances,
    where: Where | None = None,
    tell: Tell | None = None,
    event_free: EventFreePlans | None = None,
) -> RiskResults:
    """Draw the events of a case and plan each draw twice: as agreed, and re-planned.

    The agreed plan is the plan of the case without events, with its sheet Security. Results leave
    out the penalty of Security, since losses come as events. The draws of a run that fails are NaN.
    Raises UsageError if the case has no sheet Risks; InputError and SolverError if the plan without
    events fails.
    """
    session, base, free_plan = event_free or plan_without_events(case, where)
    drawn, free = draws(case, chances.draws, chances.seed), case.change(security=())
    rules = (Rules(0.0, keep_caps=True), Rules(chances.surge, keep_caps=True))
    calm, surging = (case_before_loss(base, r) for r in rules)
    ceilings_of = {
        minerals: tuple(c for c in surging.ceilings if c[2] in minerals)
        for minerals in linked_minerals(calm)
    }

    def surprise_of(minerals: tuple[str, ...], hits: Hits) -> Change:
        return surprise(case, hits, ceilings_of[minerals], keep_caps=chances.keep_caps)

    plans = (
        _PlanRuns(AGREED, calm, case, drawn, surprise_of),
        _PlanRuns(REPLANNED, free, case, drawn, _known_events(case)),
    )
    results = run_studies([study for each in plans for study in each.studies], where, tell)
    session.confirm()
    outcomes = tuple(outcome for each in results for outcome in each)
    stopped = results[-1].stopped if results else None
    first, totals = len(plans[0].runs), [outcome.result for outcome in outcomes]
    penalty = base.costs.set_index("heading")["discounted"][SECURITY_PENALTY.name]
    calm_base = dataclasses.replace(totals_of(base), objective=base.objective - float(penalty))
    calm_free = totals_of(free_plan) if free_plan is not None else calm_base
    agreed = plans[0].sample(totals[:first], calm_base)
    replanned = plans[1].sample(totals[first:], calm_free)
    return RiskResults(base, calm_base, drawn, agreed, replanned, outcomes, stopped)


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
        self.of_draw = [[hits_on(p, draw.hits, reach) for draw in drawn] for p in self.parts]
        every = ((p, hits) for p, each in enumerate(self.of_draw) for hits in sorted({(), *each}))
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
            is_new, base = self.name == AGREED, case_of(self.base, minerals)
            studies.append(Study(base, chains_of(runs, CHAIN), totals_of, is_compared=is_new))
        return tuple(studies)

    def sample(self, totals: Sequence[DrawTotals | None], calm: DrawTotals) -> DrawResults:
        """Return the totals of each draw: the totals without events plus what its events add.

        Events add the difference between the same runs with and without hits. So the totals include
        capital already spent and demand that was never to be met, which the runs leave out.
        """
        base = self._sums(totals, [[()] for _ in self.parts])
        hit = self._sums(totals, self.of_draw)
        objective, cash, short = (with_it - none for with_it, none in zip(hit, base, strict=True))
        every = calm.objective + objective, calm.cash + cash, calm.short[None] + short
        return DrawResults(self.name, *every)

    def _sums(
        self, totals: Sequence[DrawTotals | None], hits: Sequence[Sequence[Hits]]
    ) -> tuple[Floats, Floats, Floats]:
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
    return ", ".join(minerals) if len(minerals) < len(case.minerals) else "all minerals"


def hits_on(minerals: tuple[str, ...], hits: Hits, reach: Reach) -> Hits:
    return tuple(hit for hit in hits if not reach[hit[0]].isdisjoint(minerals))


# ---- statistics of a sample ----------------------------------------------------------------------

TAIL = 0.95
_STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""Student's t for 95 %, for 1, 2, 3 and more degrees of freedom."""
SURE = 1.959963984540054
"""Standard errors on either side of the mean that contain 95 % of a normal distribution."""


@dataclass(frozen=True)
class Spread:
    """Statistics of a sample of one quantity, each in the quantity's unit.

    ``error`` is the standard error of the mean, ``tail_error`` the standard error of ``tail``. The
    95th percentile lies between ``high_from`` and ``high_to`` with 95 % confidence (NaN: too few
    draws).
    """

    mean: float
    error: float
    low: float
    middle: float
    high: float
    high_from: float
    high_to: float
    tail: float
    tail_error: float


def spread(sample: Floats) -> Spread:
    """Return the statistics of a sample; all are NaN if it is empty.

    Percentiles are interpolated linearly between the drawn values, as in Excel's PERCENTILE.INC.
    """
    if not len(sample):
        return Spread(*([math.nan] * 9))
    count, ordered = len(sample), np.sort(sample)
    low, middle, high = np.quantile(sample, (0.05, 0.5, TAIL)).tolist()
    # the number of draws below the 95th percentile is binomial, approximated as normal
    rank, by = count * TAIL, SURE * math.sqrt(count * TAIL * (1.0 - TAIL))
    first, last = math.floor(rank - by), math.ceil(rank + by) + 1  # the smallest has rank 1
    high_from = float(ordered[first - 1]) if first >= 1 else math.nan
    high_to = float(ordered[last - 1]) if last <= count else math.nan
    mean, tail = float(sample.mean()), conditional_value_at_risk(sample)
    return Spread(mean, standard_error(sample), low, middle, high, high_from, high_to, *tail)


def standard_error(sample: Floats) -> float:
    """Return the standard error of a mean; NaN for fewer than two draws."""
    return float(sample.std(ddof=1) / math.sqrt(len(sample))) if len(sample) > 1 else math.nan


def confidence_half_width(batches: Floats) -> float:
    r"""Return the half-width of the 95 % confidence interval of the mean of independent batches.

    .. math:: t_{B-1} \frac{s}{\sqrt B}

    s is the standard deviation of B batches, at most ten: Mak, Morton & Wood (1999), Operations
    Research Letters 24(1-2), 47-56. NaN for fewer than two.
    """
    error = standard_error(batches)
    return error if math.isnan(error) else _STUDENT[len(batches) - 2] * error


def conditional_value_at_risk(sample: Floats, level: float = TAIL) -> tuple[float, float]:
    r"""Return the mean of the worst fraction ``1 - level`` of a sample, and its standard error.

    .. math:: CVaR_a = \min_v \; v + \frac{1}{(1 - a) n} \sum_i \max(0, x_i - v)

    Larger is worse. The minimum lies at the smallest value that at least a fraction ``level`` of
    the sample does not exceed: Rockafellar & Uryasev (2000), Journal of Risk 2(3), theorem 1. The
    error is the standard error of the mean of ``v + max(0, x - v) / (1 - level)`` at that value,
    which has the estimate's distribution in large samples: Trindade et al. (2007), Journal of
    Banking & Finance 31(11).
    """
    ordered = np.sort(sample)
    rank = max(1, math.ceil(round(level * len(ordered), 9)))
    value = float(ordered[rank - 1])
    terms = value + np.maximum(0.0, ordered - value) / (1.0 - level)
    return float(terms.mean()), standard_error(terms)


@dataclass(frozen=True)
class Chance:
    """How often something was drawn, with a 95 % confidence interval of its probability."""

    share: float
    error: float
    least: float
    most: float


def chance(happened: int, count: int) -> Chance:
    """Return the probability estimated from the draws in which something happened.

    The interval is Wilson's (1927, Journal of the American Statistical Association 22(158)). It
    stays between 0 and 1, and is also valid if nothing happened in any draw.
    """
    if count == 0:
        return Chance(math.nan, math.nan, math.nan, math.nan)
    share, z = happened / count, SURE
    error = math.sqrt(share * (1.0 - share) / count)
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    by = z / (1 + z * z / count) * math.sqrt(error**2 + z * z / (4 * count**2))
    least = 0.0 if happened == 0 else centre - by  # exactly, not by rounding
    most = 1.0 if happened == count else centre + by
    return Chance(share, error, least, most)


def effects(sample: Floats, counts: Floats) -> tuple[Floats, Floats]:
    r"""Return the effect of one event of each kind on a quantity, and its standard error.

    ``counts`` has one row per draw and one column per kind of event. Least squares of the sample on
    the counts separates the effects of events that happen in the same draws. An effect is NaN if
    its event never happened, or equally often in all draws. The errors are robust to unequal
    variance (White 1980, Econometrica 48(4), scaled by n / (n - k)).
    """
    count, things = counts.shape
    slope_of, errors = np.full(things, np.nan), np.full(things, np.nan)
    varied = np.flatnonzero(counts.max(axis=0, initial=0) > counts.min(axis=0, initial=np.inf))
    design = np.column_stack([np.ones(count), counts[:, varied]])
    if not len(varied) or np.linalg.matrix_rank(design) < design.shape[1] or count <= len(varied):
        return slope_of, errors
    inverse = np.linalg.inv(design.T @ design)
    slopes = inverse @ (design.T @ sample)
    slope_of[varied] = slopes[1:]
    left = count - design.shape[1]
    if left > 0:
        scattered = design * (sample - design @ slopes)[:, None]
        spread_of = inverse @ (scattered.T @ scattered) @ inverse * (count / left)
        errors[varied] = np.sqrt(np.maximum(0.0, np.diag(spread_of)))[1:]  # no negative rounding
    return slope_of, errors
