"""Benchmarks that a plan misses: what each would cost, added alone to the case's limits.

A minimum (extraction, processing, recycling) is added as a soft limit. Its penalty is dearer than
anything in the workbook, so what is missing even then cannot be supplied; no cost shown includes
the penalty. A maximum (one country outside) is added as a hard limit: where other countries cannot
supply, the plan is short. Each holds from the year in which the benchmarks are due, for one mineral
and buyer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from models import schema, tolerances
from models.case import Case
from models.plan import EXCESS, SHORTAGE, Plan, solve
from models.resolve import caps
from models.results import Benchmarks as Missed
from models.results import Result, Scorecard
from models.schema.column import MOST_PRICE
from models.scorecard import Score, due_years, measures, scorecard
from models.scorecard.supplied import PlanSupply, buyers
from planner.options import CAP_HELP
from planner.render.table import Record, records
from planner.render.words import counted, listed, percent
from planner.sheets.scorecard import remark, scorecard_of
from planner.studies.engine import Outcome, Outcomes, Run, Study, Tell, run_study
from planner.studies.kind import Headline, KeyFigure, Numbers, Section, StudyKind, Tables

if TYPE_CHECKING:
    from planner.studies.places import Where

_ADDED = "benchmark"
"""The source of an added limit; its note names the measure, and the buyer if not all."""


@dataclass(frozen=True)
class AddBenchmark:
    """The case with a benchmark added to its limits.

    Recycling in countries with codes ``outside`` does not count: their refiners of the mineral
    become primary, and need no more ore than before.
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
    """The totals of a plan.

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
    """A missed benchmark, and the plan in which it is added to the limits.

    ``cash`` and ``cost`` are that plan's less the base plan's [money], ``short`` and
    ``short_others`` the same of shortage of the mineral and of all others [t]; differences within
    the proofs are 0. They are None, and ``reason`` says why, where there is no such plan.
    """

    score: Score
    required: measures.Required
    totals: ScorecardTotals | None = None
    reason: str = ""
    cash: float | None = None
    cost: float | None = None
    short: float | None = None
    short_others: float | None = None

    @property
    def reached(self) -> dict[int, float]:
        """The share by year with the benchmark added."""
        return self.totals.reached if self.totals else {}

    @property
    def worst(self) -> tuple[int, float]:
        """The year in which the plan is farthest from the benchmark, and the share there."""
        return self.required.worst(self.score.share_by_year)

    @property
    def worst_asked(self) -> tuple[int, float] | None:
        """The same with the benchmark added; None where there is no such plan."""
        return self.required.worst(self.reached) if self.reached else None

    @property
    def is_kept(self) -> bool | None:
        """Whether it is then met in all years; None where there is no such plan."""
        return len(self.kept) == len(self.reached) if self.reached else None

    @property
    def kept(self) -> tuple[int, ...]:
        """The years in which it is then met."""
        return tuple(y for y, share in self.reached.items() if self.required.is_met(share))

    @property
    def is_moved(self) -> bool:
        """Whether adding it changes the share of any year."""
        before = self.score.share_by_year
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

    A chain has the runs of one mineral, so results do not depend on where it runs.
    """
    case, scores, base = plan.case, scorecard(plan), read(plan)
    missed = [(s, s.required, added(case, s)) for s in scores if s.required and s.met is False]
    chains: dict[str, list[Run]] = {}
    for score, _, change in missed:
        if isinstance(change, AddBenchmark):
            chains.setdefault(score.mineral, []).append(Run(_name(score), change))
    study = Study(case, tuple(map(tuple, chains.values())), read, is_near=True)
    outcomes: Outcomes[ScorecardTotals] = run_study(study, where, tell) if chains else Outcomes(())
    by_name = {outcome.name: outcome for outcome in outcomes}
    priced = tuple(
        BenchmarkPrice(score, required, reason=change)
        if isinstance(change, str)
        else _priced(plan, base, BenchmarkPrice(score, required), by_name[_name(score)])
        for score, required, change in missed
    )
    return ScoredPlan(plan, scores, base, priced, outcomes)


def _name(score: Score) -> str:
    buyer = f" of the {score.buyer.name}" if score.buyer.name else ""
    return f"{score.measure.title}{buyer}: {score.mineral}"


def _priced(
    plan: Plan, base: ScorecardTotals, price: BenchmarkPrice, outcome: Outcome[ScorecardTotals]
) -> BenchmarkPrice:
    totals = outcome.found
    if totals is None:
        return replace(price, reason=outcome.error)

    def beyond(difference: float, least: float) -> float:
        return difference if abs(difference) > least else 0.0

    least = max(tolerances.SAME_COST * abs(plan.objective), totals.open)
    few = tolerances.REMAINDER * plan.case.total_demand
    more = {name: totals.short[name] - base.short[name] for name in base.short}
    return replace(
        price,
        totals=totals,
        cash=beyond(totals.cash - base.cash, least),
        cost=beyond(totals.cost - base.cost, least),
        short=beyond(more.pop(price.score.mineral), few),
        short_others=beyond(sum(more.values()), few),
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
        return "not asked for: the workbook limits kinds, and recycling elsewhere is one of them"
    return AddBenchmark(limit, outside)


def _limit(case: Case, score: Score, required: measures.Required) -> schema.ShareLimit:
    """Return a benchmark as a row: a maximum is hard, a minimum has a penalty.

    For ore of the bloc's mines the share is of the coalition's demand, as a limit counts all ore.
    """
    buyer, mineral = score.buyer, score.mineral
    each = {
        schema.BY_BLOC: buyer.bloc,
        schema.BY_COUNTRY: f"{schema.EACH_OUTSIDE}{buyer.bloc}",
        schema.BY_KIND: schema.RECYCLED,
    }
    share = schema.ByYear(required.share)
    of_all = required.stage == schema.MINING and not required.is_most
    if buyer.name and of_all:
        names = [case.members[j].name for j in buyer.members]

        def part(year: int, share: float | None) -> float:
            need = sum(case.demand_of.get((mineral, name, year), 0.0) for name in names)
            total = case.coalition_demand(mineral, year)
            return (share or 0.0) * need / total if total > 0 else 0.0

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
    """Return a plan's totals, and how far an added benchmark is kept.

    Recycling counts even where recyclers elsewhere are now primary and none is left.
    """
    case = plan.case
    short = dict.fromkeys((m.name for m in case.minerals), 0.0)
    for (mineral, *_), tonnes in plan.amounts(SHORTAGE).items():
        short[mineral] += tonnes
    cost, reached = plan.objective, dict[int, float]()
    for i, row in enumerate(case.share_limits):
        if row.source != _ADDED:
            continue
        cost -= _penalty(plan, i, row)
        name, _, whose = row.note.partition(" ")
        measure = next(m for m in measures.MEASURES if m.name == name)
        buyer, supply = next(b for b in buyers(case) if b.name == whose), PlanSupply(plan)
        supplied = {y: supply.supply_of(row.mineral, buyer, y) for y in due_years(case.years)}
        shares = {year: measure.value(supply_of).amount for year, supply_of in supplied.items()}
        reached = {year: share for year, share in shares.items() if share is not None}
    return ScorecardTotals(plan.cash, cost, plan.proof.gap * abs(plan.objective), short, reached)


def _penalty(plan: Plan, position: int, row: schema.ShareLimit) -> float:
    """Return the discounted penalty for missing an added limit [money]."""
    e = plan.expanded
    return sum(
        plan.value(EXCESS, cap.key) * (cap.penalty or 0.0) * plan.case.discount(cap.year)
        for t in range(len(e.years))
        for cap in caps(e, e.mineral_at[row.mineral], t, row.stage)
        if cap.limit == position
    )


# ---- in tables, JSON and words -------------------------------------------------------------------

CAN_BE_MET = {True: "✓ yes", False: "✗ no", None: "– not asked"}
_SHOWN = (
    Missed.benchmark, Missed.mineral, Missed.required, Missed.worst_share, Missed.share_if_asked,
    Missed.extra_cash, Missed.extra_short,
)  # fmt: skip


def missed_of(prices: Sequence[BenchmarkPrice], case: Case) -> Missed:
    """Return the sheet EU benchmarks: the missed ones, in the order of the scorecard."""
    rows = [
        {
            "benchmark": p.score.measure.title,
            "mineral": p.score.mineral,
            "buyer": p.score.buyer.name,
            "kind": schema.MAX if p.required.is_most else schema.MIN,
            "required": p.required.share,
            "worst_year": p.worst[0],
            "worst_share": p.worst[1],
            "share_if_asked": p.worst_asked[1] if p.worst_asked else None,
            "can_be_met": CAN_BE_MET[p.is_kept],
            "extra_cash": p.cash,
            "extra_cost": p.cost,
            "extra_short": p.short,
            "extra_short_others": p.short_others,
            "remark": _remark(p, of_purchases=case.settings.share_basis == schema.PURCHASES),
        }
        for p in prices
    ]
    return Missed.of_rows(rows, words={"money": case.settings.currency})


def _remark(price: BenchmarkPrice, *, of_purchases: bool) -> str:
    """Return whether a benchmark can be met, in words."""
    if price.reason or price.worst_asked is None:
        return price.reason
    year, share = price.worst_asked
    parts = []
    if not price.is_kept:
        how = "supply takes it to" if price.is_moved else "supply allows no more than the plan has"
        parts = [f"cannot be met: {how} {share:z.1%} in {year}, the worst year"]
        if price.kept:
            parts.append(f"met in {len(price.kept)} of {len(price.reached)} years")
    if of_purchases and price.required.is_most:
        parts.append("a share of purchases, as Share basis says")
    amounts = ((price.short, ""), (price.short_others, " of other minerals (one budget)"))
    short = [f"{tonnes:z,.0f} t{end}" for tonnes, end in amounts if tonnes and tonnes > 0]
    if short:
        parts.append(f"leaves short {', '.join(short)}")
    return "; ".join(parts)


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
    QUESTION = "Does the plan keep the benchmarks, and what would the missed ones cost?"
    HEADING = "Scorecard: {plan}"
    MONEY = "extra cash cost is undiscounted; extra cost with shortage is a present value"
    LACKING = "nothing was planned"
    task = "the case"
    RESULTS = (Missed, Scorecard)
    RUN, PROGRESS = "missed benchmark", "{count} priced"
    LIMIT = CAP_HELP

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        """Plan the case, and price what it misses."""
        plan = solve(self.start.case)
        say("Planning each missed benchmark")
        self.scored = benchmarks(plan, where, tell)
        self.outcomes, self.stopped = self.scored.outcomes.every, self.scored.outcomes.stopped
        self.missed = missed_of(self.scored.priced, self.start.case)

    @property
    def planned(self) -> bool:
        return True

    @property
    def runs(self) -> Sequence[Outcome[Any]]:
        plan = self.scored.plan
        return (Outcome("The plan", self.scored.base, plan.objective, plan.proof), *self.outcomes)

    @property
    def subject(self) -> str:
        """How many benchmarks are met."""
        with_benchmark = [s for s in self.scored.scores if s.required is not None]
        kept = sum(s.met is True for s in with_benchmark)
        unknown = sum(s.met is None for s in with_benchmark)
        more = f", {unknown} without data" if unknown else ""
        count = len(with_benchmark) - unknown
        return f"{kept} of {count} benchmarks met{more} (Regulation (EU) 2024/1252)"

    @property
    def plans(self) -> Mapping[str, Plan]:
        return {"the plan": self.scored.plan}

    def tables(self) -> list[Result]:
        scores = scorecard_of(self.scored.plan, self.scored.scores)
        return [self.missed] if scores is None else [scores, self.missed]

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return an object a score, and one a missed benchmark."""
        del tables
        case, years = self.start.case, self.start.case.years
        benchmarks: list[Record] = [
            row
            | {Missed.can_be_met.json_key: p.is_kept}
            | {"years_asked": len(p.reached), "years_met": len(p.kept)}
            for row, p in zip(records(self.missed), self.scored.priced, strict=True)
        ]
        return {
            "scenario": case.scenario,
            "first_year": years[0] if years else None,
            "last_year": years[-1] if years else None,
            "scores": [_score(case, score) for score in self.scored.scores],
            "benchmarks": benchmarks,
        }

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Say how many benchmarks are missed, how many of them could be met, and the worst."""
        if Missed not in tables:
            return Headline("The plan misses no benchmark that can be computed from its workbook.")
        rows: list[dict[str, Any]] = [
            row | {"buyer": row["buyer"] or "coalition"} for row in tables.records(Missed)
        ]
        worst = max(rows, key=lambda row: abs(row["required"] - row["worst_share"]))
        missed = Counter(row["buyer"] for row in rows)
        could = Counter(row["buyer"] for row in rows if row["can_be_met"] == CAN_BE_MET[True])
        each = listed(
            f"{counted(number, 'benchmark')} of the {buyer} ({could[buyer] or 'none'} could be met)"
            for buyer, number in missed.items()
        )

        def by_buyer(counts: Counter[str]) -> str:
            return listed(f"{number} of the {buyer}" for buyer, number in counts.items()) or "none"

        who = f"{worst['benchmark']}, {worst['mineral']}"
        reached, required = percent(worst["worst_share"]), percent(worst["required"])
        figures = (
            KeyFigure(
                "Benchmarks missed", by_buyer(missed), "in the worst year in which they apply."
            ),
            KeyFigure("Could be met", by_buyer(could), "each by itself, as one more limit."),
            KeyFigure(
                "Farthest off",
                f"{reached}, required {required}",
                f"{who}, of the {worst['buyer']}.",
            ),
        )
        return Headline(
            f"The plan misses {each}. The benchmark missed by most is {who}: the {worst['buyer']}"
            f" reaches {reached}, and {required} is required.",
            figures,
        )

    def terminal_tables(self, tables: Tables) -> Iterator[str | Numbers]:
        """Return the coalition's missed benchmarks, and how many the EU misses."""
        table = tables[Missed]
        coalition = table.where([not buyer for buyer in table.buyer])
        yield Numbers(coalition, _SHOWN, "Missed benchmarks")
        others = len(table) - len(coalition)
        if others:
            yield f"The EU misses {counted(others, 'benchmark')}: see the sheet {Missed.TABLE}"

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return the missed benchmarks."""
        if Missed not in tables:
            return ()
        table = tables[Missed]
        lead = "For each benchmark, the plan is made again with that benchmark as one more limit."
        return (Section("benchmarks", table.TABLE, lead, Numbers(table).view()),)
