"""Benchmarks that a plan misses: what each would cost, added to the case's limits alone.

A least (extraction, processing, recycling) is added as a soft limit, a tonne missing from it dearer
than all else in the workbook: what lacks even so is what supply cannot give, and no cost told has
that penalty in it. A most (one third country) is added as a hard one: where others cannot give, the
plan is short. Each holds from the year in which the benchmarks are due, on one mineral and buyer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from models.case import Case
from models.plan import Plan, solve
from models.program.families.diversification import EXCESS
from models.program.families.shortage import SHORTAGE
from models.resolve import caps
from models.results import Benchmarks as Missed
from models.results import Result, Scorecard
from models.schema import (
    BY_BLOC,
    BY_COUNTRY,
    BY_KIND,
    EACH_OUTSIDE,
    MAX,
    MIN,
    MINING,
    PRIMARY,
    PURCHASES,
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
from planner.render.records import Record, records
from planner.render.text import plain
from planner.render.words import counted, number_of, percent
from planner.sheets.scorecard import before_is, remark, scorecard_of
from planner.studies.engine import Outcome, Outcomes, Run, Study, Tell, run_study
from planner.studies.kind import Figure, Headline, Numbers, Section, StudyKind, Tables

if TYPE_CHECKING:
    from planner.studies.places import Where

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


# ---- what each comes to --------------------------------------------------------------------------

_PROVEN = 1e-7
"""A plan's cost is proven to this part of it: differences below it are no difference."""
_DUST = 1e-9
"""A difference of two shortages below this part of all demand is rounding."""


def prices_of(found: Benchmarks) -> list[Price]:
    """Return a row for each missed benchmark; differences that are not proven are 0."""
    return [_price(found, priced) for priced in found.priced]


def _price(found: Benchmarks, priced: Priced) -> Price:
    score, base, other = priced.score, found.base, priced.found
    required = score.required
    cash = cost = short = others = None
    if other is not None:
        least = max(_PROVEN * abs(found.plan.objective), other.open)
        few = _DUST * found.plan.case.total_demand
        cash = _beyond(other.cash - base.cash, least)
        cost = _beyond(other.cost - base.cost, least)
        lost = {name: other.short[name] - base.short[name] for name in base.short}
        short = _beyond(lost.pop(score.mineral), few)
        others = _beyond(sum(lost.values()), few)
    return Price(
        benchmark=priced.title,
        mineral=score.mineral,
        buyer=score.buyer.name,
        required=0.0 if required is None else required.share,
        is_most=required is not None and required.is_most,
        worst=priced.worst,
        reached=priced.worst_asked,
        is_kept=priced.is_kept,
        is_moved=priced.is_moved,
        years=0 if other is None else len(other.reached),
        kept=len(priced.kept),
        cash=cash,
        cost=cost,
        short=short,
        short_others=others,
        reason=priced.reason,
        is_of_purchases=found.plan.case.settings.share_basis == PURCHASES,
    )


def _beyond(difference: float, least: float) -> float:
    return difference if abs(difference) > least else 0.0


YES, NO, NOT_ASKED = "✓ yes", "✗ no", "– not asked"


@dataclass(frozen=True)
class Price:
    """A benchmark that the plan misses, and the plan in which it is asked for.

    ``worst`` and ``reached`` are (year, share) of the worst year, in the plan and in the other;
    ``cash`` and ``cost`` are that one's less the plan's [money], ``short`` and ``short_others`` its
    shortage less the plan's [t]. None, and ``reason``, where it was not asked for or has no plan.
    ``years`` are how many it is asked for, ``kept`` in how many of them it is kept; ``is_moved``
    says that asking for it changes the share of any. ``is_of_purchases`` says that limits are of
    purchases, by Share basis.
    """

    benchmark: str
    mineral: str
    buyer: str
    required: float
    is_most: bool
    worst: tuple[int, float]
    reached: tuple[int, float] | None = None
    is_kept: bool | None = None
    is_moved: bool = False
    years: int = 0
    kept: int = 0
    cash: float | None = None
    cost: float | None = None
    short: float | None = None
    short_others: float | None = None
    reason: str = ""
    is_of_purchases: bool = False

    @property
    def says(self) -> str:
        """Whether it can be kept, in words."""
        if self.reason or self.reached is None:
            return self.reason
        year, share = self.reached
        said = []
        if not self.is_kept:
            how = (
                "supply takes it to" if self.is_moved else "supply gives nothing beyond the plan's"
            )
            said = [f"cannot be met: {how} {share:.1%} in {year}, the worst year"]
            if self.kept:
                said.append(f"met in {self.kept} of {self.years} years")
        if self.is_of_purchases and self.is_most:
            said.append("asked for of purchases, as Share basis says")
        lacks = []
        if self.short and self.short > 0:
            lacks.append(f"{self.short:,.0f} t")
        if self.short_others and self.short_others > 0:
            lacks.append(f"{self.short_others:,.0f} t of other minerals (one budget)")
        if lacks:
            said.append(f"leaves short {', '.join(lacks)}")
        return "; ".join(said)


def results_of(prices: Sequence[Price], money: str) -> Missed:
    """Return the sheet EU benchmarks: the missed ones, in the order of the scorecard."""
    return Missed(
        words={"money": money},
        benchmark=[p.benchmark for p in prices],
        mineral=[p.mineral for p in prices],
        buyer=[p.buyer for p in prices],
        kind=["max" if p.is_most else "min" for p in prices],
        required=[p.required for p in prices],
        worst_share=[p.worst[1] for p in prices],
        worst_year=[p.worst[0] for p in prices],
        share_if_asked=[None if p.reached is None else p.reached[1] for p in prices],
        can_be_met=[_can(p) for p in prices],
        extra_cash=[p.cash for p in prices],
        extra_cost=[p.cost for p in prices],
        extra_short=[p.short for p in prices],
        extra_short_others=[p.short_others for p in prices],
        remark=[p.says for p in prices],
    )


def _can(price: Price) -> str:
    if price.is_kept is None:
        return NOT_ASKED
    return YES if price.is_kept else NO


# ---- JSON and words ------------------------------------------------------------------------------


def _score(case: Case, score: Score) -> dict[str, object]:
    return {
        "measure": told(score.measure).title,
        "mineral": score.mineral,
        "buyer": score.buyer.name,
        "before": score.before.amount,
        "before_is": before_is(score) or "",
        "after_first": score.first.amount,
        "after_last": score.last.amount,
        "required": None if score.required is None else score.required.share,
        "met": score.met,
        "missed_years": list(score.missed),
        "unit": told(score.measure).unit,
        "remark": remark(score, case),
    }


def _told(prices: Sequence[Price], of: Missed) -> list[Record]:
    """Return an object a missed benchmark; whether it can be met is true, false or not known."""
    fields = (
        Missed.benchmark, Missed.mineral, Missed.buyer, Missed.required, Missed.worst_year,
        Missed.worst_share, Missed.share_if_asked, Missed.extra_cash, Missed.extra_cost,
        Missed.extra_short, Missed.extra_short_others, Missed.remark,
    )  # fmt: skip
    return [
        row | {Missed.can_be_met.json_key: p.is_kept, "years_asked": p.years, "years_met": p.kept}
        for row, p in zip(records(of, *fields), prices, strict=True)
    ]


OWN = "EU's own"


def _lines(found: Benchmarks) -> Iterator[str]:
    """Yield which benchmarks are missed by how much, and what keeping each would cost."""
    prices = prices_of(found)
    own = [p for p in prices if not p.buyer]
    if own:
        currency = found.plan.case.settings.currency
        told_of = f"in the worst year; and if asked for: how far, extra cash {currency} m"
        yield f"{'Missed':<13} {told_of}"
    width = max((len(p.mineral) for p in own), default=0)
    for title, rows in groupby(own, key=lambda p: p.benchmark):
        each = list(rows)
        bound = "at most" if each[0].is_most else "at least"
        yield f"  {title}, {bound} {each[0].required:.0%}"
        for p in each:
            yield f"    {plain(p.mineral):<{width}} {p.worst[1]:>6.1%}  {_comes_to(p)}"
    others = len(prices) - len(own)
    if others:
        said = f"{number_of(others, 'benchmark')} missed: see the sheet {Missed.TABLE}"
        yield f"{OWN:<13} {said}"


def _comes_to(price: Price) -> str:
    """Return what asking for a benchmark comes to, in a few words."""
    if price.reached is None or price.cash is None:
        return price.reason
    money = millions(price.cash) if price.cash else "no cost"
    if price.is_kept:
        said = f"can be met: {money}"
    elif price.is_moved:
        some = f", met in {price.kept} of {price.years} years" if price.kept else ""
        said = f"reaches {price.reached[1]:.1%}, no more{some}: {money}"
    else:
        said = "cannot be raised"
    if price.short:
        said += f"; {price.short:+,.0f} t short"
    if price.short_others:
        said += f"; {price.short_others:+,.0f} t short of other minerals"
    return said


def millions(money: float) -> str:
    """Return money in millions with its sign: whole from ten on, else what matters of it."""
    millions = money / 1e6
    if abs(millions) >= 10:  # noqa: PLR2004
        return f"{millions:+,.0f}"
    if abs(millions) >= 0.005:  # noqa: PLR2004 - less is not told in hundredths
        return f"{millions:+.2g}"
    return "+<0.01" if money > 0 else "-<0.01"


# ---- the study -----------------------------------------------------------------------------------


class ScorecardStudy(StudyKind):
    """Score a plan before and after, and price each benchmark that it misses.

    The plan is made as by solve. Its scorecard (concentration, import reliance, days of cover,
    N-1, the benchmarks of the EU's Critical Raw Materials Act) stands in every plan of solve, too.
    Here each missed benchmark is then added to the limits alone, and planned: what it would cost,
    what it would leave short, or how far it can be met at all.

    \b
    planner scorecard case.xlsx
    planner scorecard case.xlsx --scenario "Export ban" --csv tables

    A run without a proven plan stands in the workbook with its reason; the exit code is then 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "scorecard", "Scorecard", "scorecard"
    QUESTION = "Does the plan keep the benchmarks, and what would those that it misses cost?"
    LACKING = "nothing was planned"
    RESULTS = (Missed, Scorecard)
    LIMIT = "Limit of one country's share of each mineral, 0 to 1; applied last."

    @property
    def task(self) -> str:
        """What is planned first."""
        return "the case"

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        """Plan the case, and price what it misses."""
        plan = solve(self.start.case)
        say("Planning each missed benchmark")
        self.found = benchmarks(plan, where, tell)
        self.outcomes, self.stopped = self.found.outcomes.every, self.found.outcomes.stopped
        self.prices = prices_of(self.found)
        self.missed = results_of(self.prices, self.start.case.settings.currency)

    @property
    def planned(self) -> bool:
        """The plan is there, whatever becomes of its benchmarks."""
        return True

    @property
    def known(self) -> str:
        """How many missed benchmarks have a price."""
        priced = sum(outcome.planned for outcome in self.outcomes)
        return f"{priced:,} of {len(self.outcomes):,} missed benchmarks priced"

    @property
    def runs(self) -> Sequence[Outcome[Any]]:
        """The plan, then each benchmark asked for."""
        plan = self.found.plan
        return (Outcome("The plan", self.found.base, plan.objective, plan.proof), *self.outcomes)

    @property
    def what(self) -> str:
        """How many benchmarks are met."""
        asked_of = [s for s in self.found.scores if s.required is not None]
        kept = sum(s.met is True for s in asked_of)
        untold = sum(s.met is None for s in asked_of)
        more = f", {untold} without data" if untold else ""
        return f"{kept} of {len(asked_of) - untold} met{more} (Regulation (EU) 2024/1252)"

    @property
    def title(self) -> str:
        """The title of the workbook."""
        return f"{self.TITLE}: {self.named}"

    def tables(self) -> list[Result]:
        """Return the scorecard of the plan, and its missed benchmarks."""
        scores = scorecard_of(self.found.plan, self.found.scores)
        return [self.missed] if scores is None else [scores, self.missed]

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return an object a score, and one a missed benchmark."""
        del tables
        case = self.start.case
        years = case.years
        return {
            "scenario": case.scenario,
            "first_year": years[0] if years else None,
            "last_year": years[-1] if years else None,
            "scores": [_score(case, score) for score in self.found.scores],
            "benchmarks": _told(self.prices, self.missed),
        }

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Return how many benchmarks are missed, the worst of them, and how many can be met."""
        if Missed not in tables:
            return Headline("The plan misses no benchmark that its workbook can tell.")
        rows = tables[Missed]
        missed, kept = len(rows), sum(said == YES for said in rows.can_be_met)
        far = [abs(need - got) for need, got in rows.rows(Missed.required, Missed.worst_share)]
        at = far.index(max(far))
        worst = f"{rows.benchmark[at]}, {rows.mineral[at]}"
        got, need = percent(rows.worst_share[at]), percent(rows.required[at])
        return Headline(
            f"The plan misses {counted(missed, 'benchmark')}, of which {kept or 'none'} could be"
            f" met; farthest off is {worst}: {got}, required {need}.",
            (
                Figure("Benchmarks missed", str(missed), "in the worst of the years they are due."),
                Figure("Could be met", str(kept), "if each alone was added to the limits."),
                Figure("Farthest off", got, f"{worst}; required {need}."),
            ),
        )

    def screen(self, tables: Tables) -> Iterator[str]:
        """Return what is missed, and what it would cost."""
        del tables
        return _lines(self.found)

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return the missed benchmarks."""
        if Missed not in tables:
            return ()
        of = tables[Missed]
        lead = "Each added to the plan's limits alone, and planned."
        return (Section("benchmarks", of.TABLE, lead, {"": ((), Numbers(of, of.fields))}),)
