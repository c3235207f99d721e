"""Benchmarks that a plan misses: what each would cost, added to the case's limits alone.

A least (extraction, processing, recycling) is added as a soft limit, a tonne missing from it dearer
than all else in the workbook: what lacks even so is what supply cannot give, and no cost told has
that penalty in it. A most (one third country) is added as a hard one: where others cannot give, the
plan is short. Each holds from the year in which the benchmarks are due, on one mineral and buyer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from models.case import Case
from models.plan import Plan
from models.program.families.diversification import EXCESS
from models.program.families.shortage import SHORTAGE
from models.resolve import caps
from models.schema import (
    BY_BLOC,
    BY_COUNTRY,
    BY_KIND,
    EACH_OUTSIDE,
    MAX,
    MIN,
    MINING,
    PRIMARY,
    RECYCLED,
    REFINING,
    ByYear,
    Project,
    Refiner,
    ShareLimit,
)
from models.schema.column import MOST_PRICE
from models.scorecard import MET_WITHIN, Score, Supplied, buyers, due_years, scorecard, told
from models.scorecard.eu_benchmarks import (
    extraction,
    one_country,
    one_country_ore,
    processing,
    recycled_inside,
    recycling,
)
from planner.studies import Outcome, Outcomes, Run, Study, Tell, Where, run_study

_MEASURES = {
    m.__name__: m for m in (extraction, processing, recycling, one_country, one_country_ore)
} | {recycling.__name__: recycled_inside}
"""How an added benchmark is read off a plan: recycling with recyclers elsewhere under primary."""
_ADDED = "benchmark"
"""The source of a limit that was added; its note names the measure, and the buyer if not all."""
_DEAR = MOST_PRICE
"""What a tonne that lacks of a benchmark costs [money/t]: the highest price a workbook may have."""


@dataclass(frozen=True)
class Asked:
    """The case with a benchmark added to its limits.

    ``outside`` are the codes of countries whose recycling does not count: their refiners of the
    mineral go under primary, needing no more ore than before.
    """

    limit: ShareLimit
    outside: frozenset[str] = frozenset()

    def __call__(self, case: Case) -> Case:
        """Return the changed case."""
        refiners = tuple(
            replace(r, kind=PRIMARY, needs_ore=bool(r.needs_ore))
            if r.mineral == self.limit.mineral and r.kind == RECYCLED and r.country in self.outside
            else r
            for r in case.refiners
        )
        changed = {} if refiners == case.refiners else {"refiners": refiners}
        return case.change(share_limits=(*case.share_limits, self.limit), **changed)


@dataclass(frozen=True)
class Found:
    """What is read of a plan.

    ``cash`` [money, undiscounted]; ``cost`` the objective without the penalty on an added benchmark
    [money]; ``open`` what the proof leaves open of the objective [money]; ``short`` by mineral [t,
    all years]; ``reached`` the added benchmark's share by year.
    """

    cash: float
    cost: float
    open: float
    short: dict[str, float]
    reached: dict[int, float]


@dataclass(frozen=True)
class Priced:
    """A benchmark that the plan misses: the plan with it asked for, or why there is none."""

    score: Score
    found: Found | None
    reason: str = ""

    @property
    def title(self) -> str:
        """The benchmark's name."""
        return told(self.score.measure).title

    @property
    def worst(self) -> tuple[int, float]:
        """The year in which the plan is farthest from the benchmark, and the share there."""
        return self._worst(self.score.reached)

    @property
    def worst_asked(self) -> tuple[int, float] | None:
        """The same of the plan with the benchmark asked for; None where there is none."""
        return self._worst(self.found.reached) if self.found and self.found.reached else None

    @property
    def is_kept(self) -> bool | None:
        """Whether it is kept where it is asked for; None where that is not known."""
        worst, required = self.worst_asked, self.score.required
        return None if worst is None or required is None else required.is_met(worst[1])

    @property
    def kept(self) -> tuple[int, ...]:
        """The years in which it is kept where it is asked for."""
        required, reached = self.score.required, self.found.reached if self.found else {}
        return tuple(y for y, share in reached.items() if required and required.is_met(share))

    @property
    def is_moved(self) -> bool:
        """Whether asking for it changes the share of any year."""
        reached, before = self.found.reached if self.found else {}, self.score.reached
        return any(abs(share - before[y]) > MET_WITHIN for y, share in reached.items())

    def _worst(self, reached: dict[int, float]) -> tuple[int, float]:
        required = self.score.required
        share = required.worst(list(reached.values())) if required else 0.0
        return next((y, s) for y, s in reached.items() if s == share)


@dataclass(frozen=True)
class Benchmarks:
    """A plan's scorecard, and what each benchmark that it misses would cost."""

    plan: Plan
    scores: tuple[Score, ...]
    base: Found
    priced: tuple[Priced, ...]
    outcomes: Outcomes[Found]


def benchmarks(plan: Plan, where: Where | None = None, tell: Tell | None = None) -> Benchmarks:
    """Return the scorecard of a plan and the price of each missed benchmark.

    A chain is a mineral's, so that what is found does not depend on where it runs.
    """
    case, scores = plan.case, scorecard(plan)
    missed = [score for score in scores if score.met is False]
    changes = [asked(case, score) for score in missed]
    chains: dict[str, list[Run]] = {}
    for score, change in zip(missed, changes, strict=True):
        if isinstance(change, Asked):
            chains.setdefault(score.mineral, []).append(Run(_name(score), change))
    study = Study(case, tuple(map(tuple, chains.values())), read)
    outcomes: Outcomes[Found] = run_study(study, where, tell) if chains else Outcomes(())
    of = {outcome.name: outcome for outcome in outcomes}
    priced = tuple(
        Priced(score, None, change) if isinstance(change, str) else _priced(score, of[_name(score)])
        for score, change in zip(missed, changes, strict=True)
    )
    return Benchmarks(plan, scores, read(plan), priced, outcomes)


def _name(score: Score) -> str:
    buyer = f" of the {score.buyer.name}" if score.buyer.name else ""
    return f"{told(score.measure).title}{buyer}: {score.mineral}"


def _priced(score: Score, outcome: Outcome[Found]) -> Priced:
    return Priced(score, outcome.found, outcome.error)


def asked(case: Case, score: Score) -> Asked | str:
    """Return the change that asks for a benchmark, or why no limit of a workbook says it."""
    measure, buyer = score.measure, score.buyer
    if measure is recycling:
        return _recycling(case, score)
    if measure is extraction:
        return Asked(_extraction(case, score))
    if measure is processing:
        return Asked(_limit(case, score, MIN, BY_BLOC, buyer.bloc, REFINING))
    stage = MINING if measure is one_country_ore else REFINING
    return Asked(_limit(case, score, MAX, BY_COUNTRY, f"{EACH_OUTSIDE}{buyer.bloc}", stage))


def _extraction(case: Case, score: Score) -> ShareLimit:
    """Ask for ore of the bloc's mines: of the coalition's demand, as a limit counts ore for all."""
    limit = _limit(case, score, MIN, BY_BLOC, score.buyer.bloc, MINING)
    if not score.buyer.name:
        return limit
    names = [case.members[j].name for j in score.buyer.members]

    def part(year: int, share: float | None) -> float:
        own = sum(case.demand_of.get((score.mineral, name, year), 0.0) for name in names)
        whole = case.coalition_demand(score.mineral, year)
        return (share or 0.0) * own / whole if whole > 0 else 0.0

    return replace(limit, buyer="", share=limit.share.map(case.years, part))


def _recycling(case: Case, score: Score) -> Asked | str:
    """Ask for recycling inside: a limit by kind, for which recycling elsewhere is none."""
    mineral, bloc = score.mineral, score.buyer.bloc

    def elsewhere(plants: Iterable[Refiner | Project]) -> frozenset[str]:
        return frozenset(
            p.country
            for p in plants
            if p.mineral == mineral and p.kind == RECYCLED and bloc not in case.blocs_of(p.country)
        )

    if elsewhere(case.projects):
        return "not asked for: no limit tells recycling inside from projects that recycle elsewhere"
    outside = elsewhere(case.refiners)
    if outside and any(row.group == BY_KIND for row in case.share_limits):
        return "not asked for: the workbook limits kinds, of which recycling elsewhere is one"
    return Asked(_limit(case, score, MIN, BY_KIND, RECYCLED, REFINING), outside)


def _limit(  # noqa: PLR0913, PLR0917 - the cells of a row
    case: Case, score: Score, limit: str, group: str, supplier: str, stage: str
) -> ShareLimit:
    required = score.required
    return ShareLimit(
        limit=limit,
        mineral=score.mineral,
        buyer=score.buyer.name,
        group=group,
        supplier=supplier,
        share=ByYear(required.share if required else 0.0),
        penalty=_DEAR if limit == MIN else None,
        first_year=due_years(case.years)[0],
        stage=stage,
        note=f"{score.measure.__name__} {score.buyer.name}",
        source=_ADDED,
    )


def read(plan: Plan) -> Found:
    """Read a plan: what it costs, what is short, and how far an added benchmark is kept."""
    case = plan.case
    short = dict.fromkeys((m.name for m in case.minerals), 0.0)
    for (mineral, *_), tonnes in plan.amounts(SHORTAGE).items():
        short[mineral] += tonnes
    added = [(k, row) for k, row in enumerate(case.share_limits) if row.source == _ADDED]
    cost, reached = plan.objective, dict[int, float]()
    for at, row in added:
        cost -= _penalty(plan, at, row)
        name, _, whose = row.note.partition(" ")
        of, measure = Supplied(plan), _MEASURES[name]
        buyer = next(b for b in buyers(case) if b.name == whose)
        shares = {y: measure(of, row.mineral, buyer, y).amount for y in due_years(case.years)}
        reached = {year: share for year, share in shares.items() if share is not None}
    return Found(plan.cash, cost, plan.proof.gap * abs(plan.objective), short, reached)


def _penalty(plan: Plan, at: int, row: ShareLimit) -> float:
    """Return the discounted penalty on what lacks of an added limit [money]."""
    e = plan.expanded
    return sum(
        plan.value(EXCESS, cap.key) * (cap.penalty or 0.0) * plan.case.discount(cap.year)
        for t in range(len(e.years))
        for cap in caps(e, e.mineral_at[row.mineral], t, row.stage)
        if cap.limit == at
    )
