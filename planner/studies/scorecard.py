"""Missed benchmarks: the cost of each, if it alone is added to the case's limits.

A minimum (extraction, processing, recycling) is added as a soft limit. Its penalty is higher than
any cost in the workbook, so a benchmark that is still missed cannot be met. No cost shown includes
the penalty. A maximum (one country outside) is added as a hard limit; if other countries cannot
supply enough, the plan is short. Each limit is for one mineral and buyer, and holds from the year
in which benchmarks are due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from models import schema, tolerances
from models.case import Case
from models.plan import EXCESS, Plan, solve
from models.resolve import caps
from models.results import Benchmarks as Missed
from models.results import Result, Scorecard
from models.schema.column import MOST_PRICE
from models.scorecard import MEASURES, Required, Score, due_years, scorecard
from models.scorecard.supplied import PlanSupply, scored_buyers
from planner.options import CAP_HELP
from planner.render.claims import Sentence, SheetRows, say
from planner.render.keys import AnswerKey, table_key
from planner.render.table import Record, records
from planner.sheets.figures import MET, MISSED, NO_DATA, remark, scorecard_of
from planner.studies.engine import OnProgress, OnStage, Outcome, Outcomes, Run, Study, run_study
from planner.studies.kind import Numbers, StudyKind, Tables
from planner.studies.places import Where


@dataclass(frozen=True)
class AddBenchmark:
    """The case with a benchmark added to its limits.

    Recycling in the countries ``outside`` (codes) does not count: their recyclers of the mineral
    become primary refiners, and need no more ore than before.
    """

    limit: schema.ShareLimit
    outside: frozenset[str] = frozenset()

    def __call__(self, case: Case) -> Case:
        recycled = (self.limit.mineral, schema.RECYCLED)
        refiners = tuple(
            replace(r, kind=schema.PRIMARY, needs_ore=bool(r.needs_ore))
            if (r.mineral, r.kind) == recycled and r.country in self.outside
            else r
            for r in case.refiners
        )
        changed = {} if refiners == case.refiners else {"refiners": refiners}
        return case.change(share_limits=(*case.share_limits, self.limit), **changed)


@dataclass(frozen=True)
class ScorecardTotals:
    """The totals of a plan.

    ``cash`` [money, undiscounted]; ``cost``: the objective without the penalty on an added
    benchmark [money]; ``gap``: the optimality gap [money]; ``short``: shortage by mineral [t, all
    years]; ``reached``: the added benchmark's share by year.
    """

    cash: float
    cost: float
    gap: float
    short: dict[str, float]
    reached: dict[int, float]


@dataclass(frozen=True)
class BenchmarkPrice:
    """A missed benchmark, and the plan with it as one more limit.

    The last four fields are differences, this plan minus the base plan: cash and total cost
    [money], shortage of the mineral and of all others [t]. Differences within the optimality gap
    are 0. They are None, and ``reason`` says why, if there is no such plan.
    """

    score: Score
    required: Required
    totals: ScorecardTotals | None = None
    reason: str = ""
    cash: float | None = None
    cost: float | None = None
    short: float | None = None
    short_others: float | None = None

    @property
    def reached(self) -> dict[int, float]:
        """The share by year, with the benchmark added."""
        return self.totals.reached if self.totals else {}

    @property
    def worst(self) -> tuple[int, float]:
        """The base plan's year farthest from the benchmark, and its share in that year."""
        return self.required.worst(self.score.share_by_year)

    @property
    def worst_asked(self) -> tuple[int, float] | None:
        """The year farthest from the benchmark and its share, with the benchmark added, or None."""
        return self.required.worst(self.reached) if self.reached else None

    @property
    def can_be_met(self) -> bool | None:
        """Whether the benchmark is met in all years once it is added; None without a plan."""
        return len(self.years_met) == len(self.reached) if self.reached else None

    @property
    def years_met(self) -> tuple[int, ...]:
        return tuple(y for y, share in self.reached.items() if self.required.is_met(share))


@dataclass(frozen=True)
class ScoredPlan:
    """A plan's scorecard, and the cost of each benchmark that it misses."""

    plan: Plan
    scores: tuple[Score, ...]
    base: ScorecardTotals
    priced: tuple[BenchmarkPrice, ...]
    outcomes: Outcomes[ScorecardTotals]


def score_plan(
    plan: Plan, where: Where | None = None, on_progress: OnProgress | None = None
) -> ScoredPlan:
    """Return the scorecard of a plan and the price of each missed benchmark.

    Each mineral has one chain with all of its runs, so results are the same wherever they run.
    """
    case, scores, base = plan.case, scorecard(plan), scorecard_totals(plan)
    prices, chains = dict[str, BenchmarkPrice](), dict[str, list[Run]]()
    for score in scores:
        if score.required and score.met is False:
            change = benchmark_limit(case, score)
            buyer = f" of the {score.buyer.name}" if score.buyer.name else ""
            name = f"{score.measure.title}{buyer}: {score.mineral}"
            reason = change if isinstance(change, str) else ""
            prices[name] = BenchmarkPrice(score, score.required, reason=reason)
            if not isinstance(change, str):
                measure, buyer = score.measure.name, score.buyer.name
                read = partial(_totals_with, limit=change.limit, measure=measure, buyer=buyer)
                chains.setdefault(score.mineral, []).append(Run(name, change, read))
    outcomes: Outcomes[ScorecardTotals] = Outcomes(())
    if chains:
        by_mineral = tuple(map(tuple, chains.values()))
        study = Study(case, by_mineral, scorecard_totals, is_near=True)
        outcomes = run_study(study, where, on_progress)
    for outcome in outcomes:
        prices[outcome.name] = _with_differences(plan, base, prices[outcome.name], outcome)
    return ScoredPlan(plan, scores, base, tuple(prices.values()), outcomes)


def _with_differences(
    plan: Plan, base: ScorecardTotals, price: BenchmarkPrice, outcome: Outcome[ScorecardTotals]
) -> BenchmarkPrice:
    """Return the price of a benchmark: how its plan differs from the base, without rounding."""
    totals = outcome.result
    if totals is None:
        return replace(price, reason=outcome.error)

    def zero_below(least: float, difference: float) -> float:
        return difference if abs(difference) > least else 0.0

    least = max(tolerances.SAME_COST * abs(plan.objective), totals.gap)
    few = tolerances.REMAINDER * plan.case.total_demand
    more = {name: totals.short[name] - base.short[name] for name in base.short}
    return replace(
        price,
        totals=totals,
        cash=zero_below(least, totals.cash - base.cash),
        cost=zero_below(least, totals.cost - base.cost),
        short=zero_below(few, more.pop(price.score.mineral)),
        short_others=zero_below(few, sum(more.values())),
    )


def benchmark_limit(case: Case, score: Score) -> AddBenchmark | str:
    """Return the change that adds a benchmark as a limit, or why no limit can state it."""
    if score.required is None:
        return "not planned: the measure has no benchmark"
    limit, bloc = _as_share_limit(case, score, score.required), score.buyer.bloc
    if limit.group != schema.BY_KIND:
        return AddBenchmark(limit)

    def recycling_outside(plants: Iterable[schema.Refiner | schema.Project]) -> frozenset[str]:
        """Return the codes of countries outside the buyer's bloc that recycle the mineral."""
        recycled = (limit.mineral, schema.RECYCLED)
        countries = {p.country for p in plants if (p.mineral, p.kind) == recycled}
        return frozenset(c for c in countries if bloc not in case.blocs_of(c))

    if recycling_outside(case.projects):
        return "not planned: a limit on recycling would also count projects that recycle outside"
    outside = recycling_outside(case.refiners)
    if outside and any(row.group == schema.BY_KIND for row in case.share_limits):
        return "not planned: the workbook's own limits by kind also count recycling outside"
    return AddBenchmark(limit, outside)


def _as_share_limit(case: Case, score: Score, required: Required) -> schema.ShareLimit:
    """Return a benchmark as a row: a maximum is hard, a minimum has a penalty.

    For ore of a bloc's mines the share is of the coalition's demand: a limit counts all ore.
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

        def of_coalition(year: int, share: float | None) -> float:
            """Return a share of the buyer's demand as a share of the coalition's; None gives 0."""
            need = sum(case.demand_of.get((mineral, name, year), 0.0) for name in names)
            total = case.coalition_demand(mineral, year)
            return (share or 0.0) * need / total if total > 0 else 0.0

        share = share.map(case.years, of_coalition)
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
    )


def scorecard_totals(plan: Plan) -> ScorecardTotals:
    short = plan.missing.sum(axis=(1, 2)).tolist()
    return ScorecardTotals(
        cash=plan.cash,
        cost=plan.objective,
        gap=plan.proof.gap * abs(plan.objective),
        short=dict(zip(plan.expanded.minerals, short, strict=True)),
        reached={},
    )


def _totals_with(
    plan: Plan, *, limit: schema.ShareLimit, measure: str, buyer: str
) -> ScorecardTotals:
    """Return the totals of a plan one of whose share limits is a benchmark.

    Measure and buyer are given by name: a measure can't be sent to another process.
    """
    case, e, totals = plan.case, plan.expanded, scorecard_totals(plan)
    added = case.share_limits.index(limit)
    penalty = sum(
        plan.value(EXCESS, cap.key) * (cap.penalty or 0.0) * case.discount(cap.year)
        for t in range(len(e.years))
        for cap in caps(e, e.mineral_at[limit.mineral], t, limit.stage)
        if cap.limit == added
    )
    value_of = next(m for m in MEASURES if m.name == measure).value
    whose, supply = next(b for b in scored_buyers(case) if b.name == buyer), PlanSupply(plan)
    values = {y: value_of(supply.supply_of(limit.mineral, whose, y)) for y in due_years(case.years)}
    reached = {year: v.amount for year, v in values.items() if v.amount is not None}
    return replace(totals, cost=totals.cost - penalty, reached=reached)


# ---- tables, JSON and words ----------------------------------------------------------------------

YES, AT_A_SHORTAGE, NO, NOT_PLANNED = "✓ yes", "✓ more missing", "✗ no", "– not planned"
"""Values of the column "Could be met"."""
_MAIN_FIELDS = (
    Missed.benchmark, Missed.buyer, Missed.mineral, Missed.required, Missed.worst_share,
    Missed.share_if_asked, Missed.can_be_met, Missed.extra_cash, Missed.extra_short,
)  # fmt: skip


def missed_table(prices: Sequence[BenchmarkPrice], case: Case) -> Missed:
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
            "can_be_met": _could_be_met(p),
            "extra_cash": p.cash,
            "extra_cost": p.cost,
            "extra_short": p.short,
            "extra_short_others": p.short_others,
            "remark": _remark(p, of_purchases=case.settings.share_basis == schema.PURCHASES),
        }
        for p in prices
    ]
    return Missed.of_rows(rows, words={"money": case.settings.currency})


def _could_be_met(price: BenchmarkPrice) -> str:
    if price.can_be_met is None:
        return NOT_PLANNED
    is_more = any(more and more > 0 for more in (price.short, price.short_others))
    return (AT_A_SHORTAGE if is_more else YES) if price.can_be_met else NO


def _remark(price: BenchmarkPrice, *, of_purchases: bool) -> str:
    """Return why a benchmark has no price or is not met, and what it leaves missing."""
    if price.reason or price.worst_asked is None:
        return price.reason
    year, share = price.worst_asked
    parts = []
    if not price.can_be_met:
        before, least = price.score.share_by_year, tolerances.LIMIT_KEPT
        is_moved = any(
            y not in before or abs(part - before[y]) > least for y, part in price.reached.items()
        )
        how = "supply allows" if is_moved else "supply allows no more than the plan has,"
        parts = [f"cannot be met: {how} {share:z.1%} in {year}, the year farthest from it"]
        if price.years_met:
            parts.append(f"met in {len(price.years_met)} of {len(price.reached)} years")
    if of_purchases and price.required.is_most:
        parts.append("a share of purchases, as the setting Share basis says")
    amounts = ((price.short, ""), (price.short_others, " of other minerals (one budget)"))
    short = [f"{tonnes:z,.0f} t{end}" for tonnes, end in amounts if tonnes and tonnes > 0]
    parts += [f"leaves {', '.join(short)} more missing"] if short else []
    return "; ".join(parts)


_OF_SCORE: dict[str, Callable[[Score, Case], object]] = {
    "measure": lambda score, _: score.measure.title,
    "mineral": lambda score, _: score.mineral,
    "buyer": lambda score, _: score.buyer.name,
    "before": lambda score, _: score.before.amount,
    "before_is": lambda score, _: score.before_is,
    "after_first": lambda score, _: score.first.amount,
    "after_last": lambda score, _: score.last.amount,
    "required": lambda score, _: None if score.required is None else score.required.share,
    "met": lambda score, _: score.met,
    "missed_years": lambda score, _: list(score.missed),
    "unit": lambda score, _: score.measure.unit,
    "remark": remark,
}
"""The keys of a score in JSON, and how their values are found."""


def _scores(study: ScorecardStudy, _: Tables) -> list[Record]:
    case, scores = study.start.case, study.scored.scores
    return [{key: value(each, case) for key, value in _OF_SCORE.items()} for each in scores]


def _benchmarks(study: ScorecardStudy, _: Tables) -> list[Record]:
    return [
        row
        | {Missed.can_be_met.json_key: p.can_be_met}
        | {"years_asked": len(p.reached), "years_met": len(p.years_met)}
        for row, p in zip(records(study.missed), study.scored.priced, strict=True)
    ]


# ---- findings ------------------------------------------------------------------------------------


_BENCHMARK = "{row[benchmark]} ({row[mineral]}, {row[buyer]})"


def _benchmark_counts(tables: Tables) -> Iterator[Sentence]:
    """Yield how many benchmarks are met, missed and without data, and how many could be met."""
    rows, fields = tables.sheet(Scorecard), Scorecard
    met, missed, untested = (rows.count(fields.met, "=", light) for light in (MET, MISSED, NO_DATA))
    yield say("answer", "Benchmarks met: {met}; missed: {missed}; without data: {untested}.",
              met=met, missed=missed, untested=untested)  # fmt: skip
    if Missed in tables:
        rows = tables.sheet(Missed)
        could, more = (rows.count(Missed.can_be_met, "=", word) for word in (YES, AT_A_SHORTAGE))
        yield say("figure", "Missed benchmarks that could be met, each by itself as a limit, with"
                            " no more missing than in the plan: {could}; only with more missing:"
                            " {more}.", name="Could be met without missing more", large="could",
                  could=could, more=more)  # fmt: skip


def _farthest(tables: Tables) -> Iterator[Sentence]:
    """Yield the benchmarks that are missed farthest: a least share, and a largest share."""
    rows, fields = tables.sheet(Missed), Missed
    bounds = {schema.MIN: "at least {bound} is required", schema.MAX: "at most {bound} is allowed"}
    for kind, pick in ((schema.MIN, SheetRows.smallest), (schema.MAX, SheetRows.largest)):
        of_kind = rows.where(kind=kind)
        if not len(of_kind):
            continue
        row = pick(of_kind, fields.worst_share)
        where = {n: row.cells[n][1] for n in ("benchmark", "mineral", "buyer")}
        bound = rows.value(fields.required, **where)
        yield say("figure", f"{_BENCHMARK} is {{row}} in {{row[worst_year]}}; {bounds[kind]}.",
                  name="A missed benchmark", large="row", row=row, bound=bound)  # fmt: skip


def _missing_elsewhere(tables: Tables) -> Iterator[Sentence]:
    """Yield a benchmark that takes most from other minerals; others may take as much."""
    row = tables.sheet(Missed).largest(Missed.extra_short_others)
    if row.number > 0:
        text = f"Held as a limit, {_BENCHMARK} leaves a further {{row}} of other minerals missing"
        yield say("answer", f"{text} over the planned years, compared with the plan.", row=row)


# ---- the kind ------------------------------------------------------------------------------------


class ScorecardStudy(StudyKind):
    """Score today's supply and the plan, and find what each missed benchmark would cost.

    The plan is first made as planner solve makes it. Its scorecard covers concentration, import
    reliance, days of cover, N-1 and the benchmarks of the EU's Critical Raw Materials Act. Every
    plan of planner solve has the same scorecard. This study also adds each missed benchmark to the
    limits, one at a time, and plans again. It shows the extra cost and shortage, or how far the
    benchmark can be met.

    \b
    planner scorecard case.xlsx
    planner scorecard case.xlsx --scenario "Export ban" --csv tables

    A run without a proven plan is listed with its reason. The exit code is then 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "scorecard", "Scorecard", "scorecard"
    QUESTION = "Does the plan meet the benchmarks, and what would the missed ones cost?"
    HEADING = "Scorecard: {plan}"
    MONEY = "extra cash cost is undiscounted; extra cost with shortage is a present value"
    task = "the case"
    RESULTS = (Missed, Scorecard)
    ANSWER = (
        AnswerKey(
            "first_year", "the first year", lambda s, _: min(s.start.case.years, default=None)
        ),
        AnswerKey("last_year", "the last year", lambda s, _: max(s.start.case.years, default=None)),
        AnswerKey("scores", "each measure, by mineral and buyer", _scores, tuple(_OF_SCORE)),
        table_key("benchmarks", Missed, _benchmarks, more=("years_asked", "years_met")),
    )
    NOTE = (
        "Shares of consumption; of the years from 2030 on (else the last), the one farthest from"
        " the benchmark. At home: in the buyer's countries. What can't be met comes as near as it"
        " can."
    )
    TOPICS = _benchmark_counts, _farthest, _missing_elsewhere
    LIMIT = CAP_HELP

    def plan(self, where: Where | None, on_progress: OnProgress | None, on_stage: OnStage) -> None:
        plan = solve(self.start.case)
        on_stage("Planning each missed benchmark")
        self.scored = score_plan(plan, where, on_progress)
        self.outcomes, self.stopped = self.scored.outcomes.of_runs, self.scored.outcomes.stopped
        self.missed = missed_table(self.scored.priced, self.start.case)

    @property
    def has_plan(self) -> bool:
        return True

    @property
    def runs(self) -> Sequence[Outcome[Any]]:
        plan = self.scored.plan
        return (Outcome("The plan", self.scored.base, plan.objective, plan.proof), *self.outcomes)

    @property
    def plans(self) -> Mapping[str, Plan]:
        return {"the plan": self.scored.plan}

    def tables(self) -> list[Result]:
        scores = scorecard_of(self.scored.plan, self.scored.scores)
        return [self.missed] if scores is None else [scores, self.missed]

    @classmethod
    def main_table(cls, tables: Tables) -> Numbers | None:
        """Return the missed benchmarks: those that could be met first."""
        if Missed not in tables:
            return None
        table, order = tables[Missed], (YES, AT_A_SHORTAGE)
        last = [order.index(can) if can in order else len(order) for can in table.can_be_met]
        first = sorted(range(len(last)), key=last.__getitem__)
        buyers = len(set(table.buyer)) > 1
        fields = (f for f in _MAIN_FIELDS if buyers or f is not Missed.buyer)
        return Numbers(table.take(first), tuple(fields))
