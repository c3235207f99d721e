"""Benchmarks that a plan misses: what each would cost, added to the case's limits alone.

A least (extraction, processing, recycling) is added as a soft limit, a tonne missing from it dearer
than all else in the workbook: what lacks even so is what supply cannot give, and no cost told has
that penalty in it. A most (one third country) is added as a hard one: where others cannot give, the
plan is short. Each holds from the year in which the benchmarks are due, on one mineral and buyer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from models import schema, tolerances
from models.case import Case
from models.plan import Plan, solve
from models.program.families.diversification import EXCESS
from models.program.families.shortage import SHORTAGE
from models.resolve import caps
from models.results import Benchmarks as Missed
from models.results import Result, Scorecard
from models.schema.column import MOST_PRICE
from models.scorecard import Score, due_years, measures, scorecard
from models.scorecard.supplied import PlanSupply, buyers
from planner.render.table import Record, records
from planner.render.words import counted, listed, number_of, percent, plain, signed, tariff_words
from planner.sheets.scorecard import remark, scorecard_of
from planner.studies.engine import Outcome, Outcomes, Run, Study, Tell, run_study
from planner.studies.kind import Headline, KeyFigure, Numbers, Section, StudyKind, Tables

if TYPE_CHECKING:
    from planner.studies.places import Where

_ADDED = "benchmark"
"""The source of a limit that was added; its note names the measure, and the buyer if not all."""


@dataclass(frozen=True)
class AddBenchmark:
    """The case with a benchmark added to its limits.

    ``outside`` are the codes of countries whose recycling does not count: their refiners of the
    mineral go under primary, needing no more ore than before.
    """

    limit: schema.ShareLimit
    outside: frozenset[str] = frozenset()

    def __call__(self, case: Case) -> Case:
        """Return the changed case."""
        refiners = tuple(
            replace(r, kind=schema.PRIMARY, needs_ore=bool(r.needs_ore))
            if r.mineral == self.limit.mineral
            and r.kind == schema.RECYCLED
            and r.country in self.outside
            else r
            for r in case.refiners
        )
        changed = {} if refiners == case.refiners else {"refiners": refiners}
        return case.change(share_limits=(*case.share_limits, self.limit), **changed)


@dataclass(frozen=True)
class ScorecardTotals:
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
class BenchmarkPrice:
    """A benchmark that the plan misses, and the plan in which it is asked for.

    ``cash`` and ``cost`` are that one's less the plan's [money], ``short`` and ``short_others`` its
    shortage of the mineral and of all others less the plan's [t]; differences that are not proven
    are 0. None, and ``reason``, where it was not asked for or has no plan.
    """

    score: Score
    required: measures.Required
    found: ScorecardTotals | None = None
    reason: str = ""
    cash: float | None = None
    cost: float | None = None
    short: float | None = None
    short_others: float | None = None

    @property
    def title(self) -> str:
        return self.score.measure.title

    @property
    def reached(self) -> dict[int, float]:
        """The share by year where it is asked for."""
        return self.found.reached if self.found else {}

    @property
    def worst(self) -> tuple[int, float]:
        """The year in which the plan is farthest from the benchmark, and the share there."""
        return self.required.worst(self.score.reached)

    @property
    def worst_asked(self) -> tuple[int, float] | None:
        """The same of the plan with the benchmark asked for; None where there is none."""
        return self.required.worst(self.reached) if self.reached else None

    @property
    def is_kept(self) -> bool | None:
        """Whether it is kept where it is asked for; None where that is not known."""
        return len(self.kept) == len(self.reached) if self.reached else None

    @property
    def kept(self) -> tuple[int, ...]:
        """The years in which it is kept where it is asked for."""
        return tuple(y for y, share in self.reached.items() if self.required.is_met(share))

    @property
    def is_moved(self) -> bool:
        """Whether asking for it changes the share of any year."""
        before = self.score.reached
        return any(
            abs(share - before[y]) > tolerances.LIMIT_KEPT for y, share in self.reached.items()
        )


@dataclass(frozen=True)
class ScoredPlan:
    """A plan's scorecard, and what each benchmark that it misses would cost."""

    plan: Plan
    scores: tuple[Score, ...]
    base: ScorecardTotals
    priced: tuple[BenchmarkPrice, ...]
    outcomes: Outcomes[ScorecardTotals]


def benchmarks(plan: Plan, where: Where | None = None, tell: Tell | None = None) -> ScoredPlan:
    """Return the scorecard of a plan and the price of each missed benchmark.

    A chain is a mineral's, so that what is found does not depend on where it runs.
    """
    case, scores, base = plan.case, scorecard(plan), read(plan)
    missed = [(s, s.required, added(case, s)) for s in scores if s.required and s.met is False]
    chains: dict[str, list[Run]] = {}
    for score, _, change in missed:
        if isinstance(change, AddBenchmark):
            chains.setdefault(score.mineral, []).append(Run(_name(score), change))
    study = Study(case, tuple(map(tuple, chains.values())), read, is_near=True)
    outcomes: Outcomes[ScorecardTotals] = run_study(study, where, tell) if chains else Outcomes(())
    of = {outcome.name: outcome for outcome in outcomes}
    priced = tuple(
        BenchmarkPrice(score, required, reason=change)
        if isinstance(change, str)
        else _priced(plan, base, BenchmarkPrice(score, required), of[_name(score)])
        for score, required, change in missed
    )
    return ScoredPlan(plan, scores, base, priced, outcomes)


def _name(score: Score) -> str:
    buyer = f" of the {score.buyer.name}" if score.buyer.name else ""
    return f"{score.measure.title}{buyer}: {score.mineral}"


def _priced(
    plan: Plan, base: ScorecardTotals, price: BenchmarkPrice, outcome: Outcome[ScorecardTotals]
) -> BenchmarkPrice:
    other = outcome.found
    if other is None:
        return replace(price, reason=outcome.error)

    def beyond(difference: float, least: float) -> float:
        return difference if abs(difference) > least else 0.0

    least = max(tolerances.SAME_COST * abs(plan.objective), other.open)
    few = tolerances.REMAINDER * plan.case.total_demand
    lost = {name: other.short[name] - base.short[name] for name in base.short}
    return replace(
        price,
        found=other,
        cash=beyond(other.cash - base.cash, least),
        cost=beyond(other.cost - base.cost, least),
        short=beyond(lost.pop(price.score.mineral), few),
        short_others=beyond(sum(lost.values()), few),
    )


def added(case: Case, score: Score) -> AddBenchmark | str:
    """Return the change that asks for a benchmark, or why no limit of a workbook says it."""
    if score.required is None:
        return "not asked for: the measure has no benchmark"
    limit, bloc = _limit(case, score, score.required), score.buyer.bloc
    if limit.group != schema.BY_KIND:
        return AddBenchmark(limit)

    def elsewhere(plants: Iterable[schema.Refiner | schema.Project]) -> frozenset[str]:
        return frozenset(
            p.country
            for p in plants
            if p.mineral == limit.mineral
            and p.kind == schema.RECYCLED
            and bloc not in case.blocs_of(p.country)
        )

    if elsewhere(case.projects):
        return "not asked for: no limit tells recycling inside from projects that recycle elsewhere"
    outside = elsewhere(case.refiners)
    if outside and any(row.group == schema.BY_KIND for row in case.share_limits):
        return "not asked for: the workbook limits kinds, of which recycling elsewhere is one"
    return AddBenchmark(limit, outside)


def _limit(case: Case, score: Score, required: measures.Required) -> schema.ShareLimit:
    """Return a benchmark as a row: a most is hard; a tonne that lacks of a least is dear.

    Ore of the bloc's mines is asked for of the coalition's demand, as a limit counts ore for all.
    """
    buyer, mineral = score.buyer, score.mineral
    each = {
        schema.BY_BLOC: buyer.bloc,
        schema.BY_COUNTRY: f"{schema.EACH_OUTSIDE}{buyer.bloc}",
        schema.BY_KIND: schema.RECYCLED,
    }
    share, of_all = (
        schema.ByYear(required.share),
        required.stage == schema.MINING and not required.is_most,
    )
    if buyer.name and of_all:
        names = [case.members[j].name for j in buyer.members]

        def part(year: int, share: float | None) -> float:
            own = sum(case.demand_of.get((mineral, name, year), 0.0) for name in names)
            whole = case.coalition_demand(mineral, year)
            return (share or 0.0) * own / whole if whole > 0 else 0.0

        share = share.map(case.years, part)
    return schema.ShareLimit(
        limit=schema.MAX if required.is_most else schema.MIN,
        mineral=mineral,
        buyer="" if of_all else buyer.name,
        group=required.group,
        supplier=each[required.group],
        share=share,
        penalty=None if required.is_most else MOST_PRICE,
        first_year=due_years(case.years)[0],
        stage=required.stage,
        note=f"{score.measure.name} {buyer.name}",
        source=_ADDED,
    )


def read(plan: Plan) -> ScorecardTotals:
    """Read a plan: what it costs, what is short, and how far an added benchmark is kept.

    Recycling counts where recyclers elsewhere are now under primary and none is left, too.
    """
    case = plan.case
    short = dict.fromkeys((m.name for m in case.minerals), 0.0)
    for (mineral, *_), tonnes in plan.amounts(SHORTAGE).items():
        short[mineral] += tonnes
    cost, reached = plan.objective, dict[int, float]()
    for at, row in enumerate(case.share_limits):
        if row.source != _ADDED:
            continue
        cost -= _penalty(plan, at, row)
        name, _, whose = row.note.partition(" ")
        measure = next(m for m in measures.MEASURES if m.name == name)
        buyer, supply = next(b for b in buyers(case) if b.name == whose), PlanSupply(plan)
        values = ((y, supply.of(row.mineral, buyer, y)) for y in due_years(case.years))
        shares = {year: measure.value(of).amount for year, of in values}
        reached = {year: share for year, share in shares.items() if share is not None}
    return ScorecardTotals(plan.cash, cost, plan.proof.gap * abs(plan.objective), short, reached)


def _penalty(plan: Plan, at: int, row: schema.ShareLimit) -> float:
    """Return the discounted penalty on what lacks of an added limit [money]."""
    e = plan.expanded
    return sum(
        plan.value(EXCESS, cap.key) * (cap.penalty or 0.0) * plan.case.discount(cap.year)
        for t in range(len(e.years))
        for cap in caps(e, e.mineral_at[row.mineral], t, row.stage)
        if cap.limit == at
    )


# ---- in tables, JSON and words -------------------------------------------------------------------

_OWN = "EU's own"
CAN_BE_MET = {True: "✓ yes", False: "✗ no", None: "– not asked"}
_TOLD = (
    Missed.benchmark, Missed.mineral, Missed.buyer, Missed.required, Missed.worst_year,
    Missed.worst_share, Missed.share_if_asked, Missed.extra_cash, Missed.extra_cost,
    Missed.extra_short, Missed.extra_short_others, Missed.remark,
)  # fmt: skip


def missed_of(prices: Sequence[BenchmarkPrice], case: Case) -> Missed:
    """Return the sheet EU benchmarks: the missed ones, in the order of the scorecard."""
    return Missed(
        words={"money": case.settings.currency},
        benchmark=[p.title for p in prices],
        mineral=[p.score.mineral for p in prices],
        buyer=[p.score.buyer.name for p in prices],
        kind=[schema.MAX if p.required.is_most else schema.MIN for p in prices],
        required=[p.required.share for p in prices],
        worst_share=[p.worst[1] for p in prices],
        worst_year=[p.worst[0] for p in prices],
        share_if_asked=[p.worst_asked[1] if p.worst_asked else None for p in prices],
        can_be_met=[CAN_BE_MET[p.is_kept] for p in prices],
        extra_cash=[p.cash for p in prices],
        extra_cost=[p.cost for p in prices],
        extra_short=[p.short for p in prices],
        extra_short_others=[p.short_others for p in prices],
        remark=[
            _remark(p, is_of_purchases=case.settings.share_basis == schema.PURCHASES)
            for p in prices
        ],
    )


def _remark(price: BenchmarkPrice, *, is_of_purchases: bool) -> str:
    """Return whether a benchmark can be kept, in words."""
    if price.reason or price.worst_asked is None:
        return price.reason
    year, share = price.worst_asked
    said = []
    if not price.is_kept:
        how = "supply takes it to" if price.is_moved else "supply gives nothing beyond the plan's"
        said = [f"cannot be met: {how} {share:z.1%} in {year}, the worst year"]
        if price.kept:
            said.append(f"met in {len(price.kept)} of {len(price.reached)} years")
    if is_of_purchases and price.required.is_most:
        said.append("asked for of purchases, as Share basis says")
    amounts = ((price.short, ""), (price.short_others, " of other minerals (one budget)"))
    lacks = [f"{amount:z,.0f} t{of}" for amount, of in amounts if amount and amount > 0]
    if lacks:
        said.append(f"leaves short {', '.join(lacks)}")
    return "; ".join(said)


def _each_buyer(buyers: Iterable[str]) -> dict[str, int]:
    counts = Counter(buyers)
    return {name or "coalition": counts[name] for name in sorted(counts)}


def _score(case: Case, score: Score) -> dict[str, object]:
    return {
        "measure": score.measure.title,
        "mineral": score.mineral,
        "buyer": score.buyer.name,
        "before": score.before.amount,
        "before_is": score.before_is,
        "after_first": score.first.amount,
        "after_last": score.last.amount,
        "required": None if score.required is None else score.required.share,
        "met": score.met,
        "missed_years": list(score.missed),
        "unit": score.measure.unit,
        "remark": remark(score, case),
    }


def _lines(prices: Sequence[BenchmarkPrice], currency: str) -> Iterator[str]:
    """Yield which benchmarks are missed by how much, and what keeping each would cost."""
    own = [p for p in prices if not p.score.buyer.name]
    if own:
        told_of = f"in the worst year; and if asked for: how far, extra cash {currency} m"
        yield f"{'Missed':<13} {told_of}"
    width = max((len(p.score.mineral) for p in own), default=0)
    for (title, required), rows in groupby(own, key=lambda p: (p.title, p.required)):
        yield f"  {title}, {'at most' if required.is_most else 'at least'} {required.share:z.0%}"
        for p in rows:
            yield f"    {plain(p.score.mineral):<{width}} {p.worst[1]:>z6.1%}  {_comes_to(p)}"
    others = len(prices) - len(own)
    if others:
        said = f"{number_of(others, 'benchmark')} missed: see the sheet {Missed.TABLE}"
        yield f"{_OWN:<13} {said}"


def _comes_to(price: BenchmarkPrice) -> str:
    """Return what asking for a benchmark comes to, in a few words."""
    if price.worst_asked is None or price.cash is None:
        return price.reason
    money = millions(price.cash) if price.cash else "no cost"
    if price.is_kept:
        said = f"can be met: {money}"
    elif price.is_moved:
        years = f"{len(price.kept)} of {len(price.reached)} years"
        some = f", met in {years}" if price.kept else ""
        said = f"reaches {price.worst_asked[1]:z.1%}, no more{some}: {money}"
    else:
        said = "cannot be raised"
    for amount, of in ((price.short, ""), (price.short_others, " of other minerals")):
        said += f"; {signed(amount, ',.0f')} t short{of}" if amount else ""
    return said


def millions(money: float) -> str:
    """Return money in millions with its sign: whole from ten on, else what matters of it."""
    millions = money / 1e6
    if abs(millions) >= 10:  # noqa: PLR2004
        return signed(millions, ",.0f")
    if abs(millions) >= 0.005:  # noqa: PLR2004 - less is not told in hundredths
        return signed(millions, ".2g")
    return "+<0.01" if money > 0 else "-<0.01"


# ---- the study -----------------------------------------------------------------------------------


class ScorecardStudy(StudyKind):
    """Score a plan before and after, and price each benchmark that it misses.

    The plan is first made as planner solve makes it. Its scorecard covers concentration, import
    reliance, days of cover, N-1 and the benchmarks of the EU's Critical Raw Materials Act. Every
    plan of planner solve has the same scorecard. This study also adds each missed benchmark to the
    limits, one at a time, and plans again. It shows what the benchmark costs and leaves short, or
    how far it can be met.

    \b
    planner scorecard case.xlsx
    planner scorecard case.xlsx --scenario "Export ban" --csv tables

    A run without a proven plan is listed with its reason. The exit code is then 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "scorecard", "Scorecard", "scorecard"
    QUESTION = "Does the plan keep the benchmarks, and what would those that it misses cost?"
    HEADING = "Scorecard: {named}"
    MONEY = "extra cash cost undiscounted, extra cost with shortage discounted"
    LACKING = "nothing was planned"
    task = "the case"
    RESULTS = (Missed, Scorecard)
    LIMIT = "Cap one country's share of each mineral, 0 to 1. Applied last."

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        """Plan the case, and price what it misses."""
        plan = solve(self.start.case)
        say("Planning each missed benchmark")
        self.found = benchmarks(plan, where, tell)
        self.outcomes, self.stopped = self.found.outcomes.every, self.found.outcomes.stopped
        self.missed = missed_of(self.found.priced, self.start.case)

    @property
    def planned(self) -> bool:
        return True

    @property
    def known(self) -> str:
        priced = sum(outcome.planned for outcome in self.outcomes)
        return f"{priced:,} of {len(self.outcomes):,} missed benchmarks priced"

    @property
    def runs(self) -> Sequence[Outcome[Any]]:
        plan = self.found.plan
        return (Outcome("The plan", self.found.base, plan.objective, plan.proof), *self.outcomes)

    @property
    def what(self) -> str:
        """How many benchmarks are met."""
        with_benchmark = [s for s in self.found.scores if s.required is not None]
        kept = sum(s.met is True for s in with_benchmark)
        unknown = sum(s.met is None for s in with_benchmark)
        more = f", {unknown} without data" if unknown else ""
        return f"{kept} of {len(with_benchmark) - unknown} met{more} (Regulation (EU) 2024/1252)"

    @property
    def tariffs(self) -> str:
        plan = self.found.plan
        return tariff_words({"the plan": plan.cash_cost}, plan.case.settings.currency)

    def tables(self) -> list[Result]:
        scores = scorecard_of(self.found.plan, self.found.scores)
        return [self.missed] if scores is None else [scores, self.missed]

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return an object a score, and one a missed benchmark."""
        del tables
        case, years = self.start.case, self.start.case.years
        benchmarks: list[Record] = [
            row
            | {Missed.can_be_met.json_key: p.is_kept}
            | {"years_asked": len(p.reached), "years_met": len(p.kept)}
            for row, p in zip(records(self.missed, *_TOLD), self.found.priced, strict=True)
        ]
        return {
            "scenario": case.scenario,
            "first_year": years[0] if years else None,
            "last_year": years[-1] if years else None,
            "scores": [_score(case, score) for score in self.found.scores],
            "benchmarks": benchmarks,
        }

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Return how many benchmarks are missed, the worst of them, and how many can be met."""
        if Missed not in tables:
            return Headline("The plan misses no benchmark that its workbook can tell.")
        rows = tables[Missed]
        far = [abs(need - got) for need, got in rows.rows(Missed.required, Missed.worst_share)]
        at = far.index(max(far))
        whose = rows.buyer[at] or "coalition"
        worst = f"{rows.benchmark[at]}, {rows.mineral[at]}"
        got, need = percent(rows.worst_share[at]), percent(rows.required[at])
        missed, kept = _each_buyer(rows.buyer), _each_buyer(
            buyer for buyer, can in rows.rows(Missed.buyer, Missed.can_be_met)
            if can == CAN_BE_MET[True]
        )  # fmt: skip
        said = listed(
            f"{counted(number, 'benchmark')} of the {buyer} ({kept.get(buyer) or 'none'} could be"
            " met)"
            for buyer, number in missed.items()
        )

        def apart(counts: dict[str, int]) -> str:
            return listed(f"{number} of the {buyer}" for buyer, number in counts.items()) or "none"

        figures = (
            KeyFigure(
                "Benchmarks missed", apart(missed), "in the worst of the years they are due."
            ),
            KeyFigure("Could be met", apart(kept), "if each alone was added to the limits."),
            KeyFigure("Farthest off", f"{got}, required {need}", f"{worst}, of the {whose}."),
        )
        finding = (
            f"The plan misses {said}. Farthest off: {worst}: the {whose} reaches {got}; {need} is"
            " required."
        )
        return Headline(finding, figures)

    def screen(self, tables: Tables) -> Iterator[str]:
        del tables
        return _lines(self.found.priced, self.start.case.settings.currency)

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return the missed benchmarks."""
        if Missed not in tables:
            return ()
        of = tables[Missed]
        lead = "Each added to the plan's limits alone, and planned."
        return (Section("benchmarks", of.TABLE, lead, Numbers(of).view()),)
