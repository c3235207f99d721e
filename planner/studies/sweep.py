"""The sweep: one number of a case is changed step by step, and each step is planned.

Over the cap on single countries, it gives the frontier of cost and shortage: the less one country
may supply, the dearer the plan, until supply is missing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pandas as pd

from models import answers, measures, schema, tolerances, units
from models.case import Case, fold, in_force
from models.errors import SolverError, UsageError
from models.plan import LEVY, PENALTIES, SHORTAGE, TARIFF, Plan
from models.plan.countries import country_shares
from models.plan.secured import SECURED, secured_rows
from models.plan.stages import input_cost
from models.plan.supply import supply_columns
from models.program import CashCost
from models.resolve import Floats, Ints
from models.results import ByMineral, Field, Look, Result
from models.results import Figure as Measure
from models.results.common import EXTRA_COST, MINERAL, SHORT, words_of
from models.schema import SecurityTarget
from models.schema.column import MOST_TARIFF
from planner.render import chart, words
from planner.render.chart import Picture, Role, Series, numbers, peak, short
from planner.render.sentences import hardest, missing, number_short, shortages, worst_first
from planner.render.table import with_number
from planner.scenarios import drop_share_limits, parameters, set_max_country_share
from planner.scenarios.parameters import percent as percent_of
from planner.sheets.survival import NOT_TESTED, case_years_needed, years_words
from planner.studies import members, sweep_tables
from planner.studies.engine import Outcome, Outcomes, Run, Study, Tell, chains_of, run_study
from planner.studies.kind import YEARS, Headline, KeyFigure, Numbers, Section, StudyKind, Tables
from planner.studies.sweep_tables import FloorCurve, Frontier, SecurityCurve, SmallestCaps

if TYPE_CHECKING:
    from planner.run import Start
    from planner.studies.places import Where

AS_IN_WORKBOOK = "As in the workbook"
"""The point with the workbook's own caps if they differ by year, and its row of About."""
ONE_CAP = "One cap for all years"
ALL = ""
"""The name of all minerals together in the column Mineral."""
MOST_POINTS = 1_000
"""How many points a sweep has at most."""
CHAIN = 10
"""How many points a chain has at most. Each starts from the one before; chains run in parallel."""
_SLIP, _LOST = 100, tolerances.MISSING_PART
"""A number from 1 to ``_SLIP`` was probably meant in per cent. A point costs tonnes if more than
the fraction ``_LOST`` of demand is short beyond the reference."""


# ---- fields of a point ---------------------------------------------------------------------------

POINT_FIELDS = (
    *(f for f in SecurityCurve.FIELDS if f.name not in {Frontier.knob.name, Frontier.point.name}),
    FloorCurve.outside,
)
"""The fields of a point, and of one mineral at a point."""
_OTHER_FIELDS = {Frontier.value.name, Frontier.share.name, Frontier.demand.name}
"""The fields that are not figures of a point, or of one mineral at a point, in JSON."""
_DUTIES = ("tariffs", "levies")
"""The parts of the cash cost that members' own treasuries receive."""
_OF_PLAN = ("objective", "purchases", "cash", *_DUTIES, "tonnes")


# ---- points --------------------------------------------------------------------------------------


def grid(
    parameter: parameters.Parameter, first: float, last: float, step: float
) -> tuple[float, ...]:
    """Return the points from first to last, both included; the last step may be shorter.

    Raises UsageError if a number is out of bounds, or the step leads nowhere or to too many points.
    """
    most = parameter.kind.largest
    for option, value in (("--from", first), ("--to", last)):
        if not 0.0 <= value <= most:
            slip = most <= MOST_TARIFF and most < value <= _SLIP
            hint = f"; {units.percent_hint(value)}" if slip else ""
            bounds = "0 to 1 (100 %)" if most == 1.0 else f"0 to {most:g}"
            msg = f"{option} {value:g}: {parameter.title} must be from {bounds}{hint}"
            raise UsageError(msg)
    if step == 0 or not math.isfinite(step):
        msg = f"--step {step:g} is not a step: name one such as {parameter.span[2]:g}"
        raise UsageError(msg)
    if step < 0 <= last - first or step > most:
        slip = most <= 1.0 <= step <= _SLIP
        hint = units.percent_hint(step) if slip else "take a smaller step, in that direction"
        msg = f"--step {step:g} does not lead from {first:g} to {last:g}; {hint}"
        raise UsageError(msg)
    # Decimal, so that every point is the number that a person would type: 0.6, not 0.60000001
    start, end, by = (Decimal(repr(number)) for number in (first, last, abs(step)))
    steps = math.ceil(abs(end - start) / by)
    if steps >= MOST_POINTS:
        msg = (
            f"from {first:g} to {last:g} by {abs(step):g} is {steps + 1:,} points, more than"
            f" {MOST_POINTS:,}: take a larger --step"
        )
        raise UsageError(msg)
    return (*(float(start + (by if end > start else -by) * i) for i in range(steps)), last)


# ---- numbers of a plan ---------------------------------------------------------------------------


Row = dict[str, Any]
"""A plan's numbers for one mineral or for ``ALL``, by the names of ``POINT_FIELDS``."""
Rows = Mapping[str, Row]
"""The rows of a plan by mineral, ``ALL`` first; empty if there is no plan."""


def frontier_rows(plan: Plan) -> tuple[Row, ...]:
    """Return the rows of a plan, all minerals together first.

    Tonnes are over all years [t]; ``objective`` is discounted, ``purchases`` and ``cash`` are not
    [money]. The cost of inputs is charged to the minerals made from them. ``share`` is the largest
    share of any ``country`` in a year (None, "": nobody sells). ``saved``, which is not in
    ``POINT_FIELDS``, is the saving per percentage point of the cap by its duals [money].
    """
    e, sales, (at, short) = plan.expanded, plan.expanded.sales, plan.part(SHORTAGE)
    lost = [dict(zip(SECURED.split(), row, strict=True)) for row in secured_rows(plan)]
    names, gaps = ([row[name] for row in lost] for name in ("mineral", "missing"))
    counted = np.where(plan.all_sold > tolerances.LEAST_FLOW, plan.all_sold, 0.0)
    home = [schema.COALITION in plan.case.blocs_of(source.country) for source in e.sources]
    to_outside = counted * ~np.array(home, dtype=bool)[sales.source]
    amounts = {
        **_money(plan),
        "outside": sums_by_mineral(plan, sales.mineral, to_outside),
        "demand": sums_by_mineral(plan, np.arange(len(e.minerals)), e.demand.sum(axis=(1, 2))),
        "tonnes": sums_by_mineral(plan, e.deliveries.mineral, plan.delivered),
        "inputs": sums_by_mineral(plan, sales.mineral, counted * (sales.member < 0)),
        "short": sums_by_mineral(plan, at[0] if at else [], short),
        "saved": {mineral: worth * measures.POINT for mineral, worth in plan.cap_savings.items()},
        "missing": sums_by_mineral(plan, [e.mineral_at[m] for m in names], gaps),
    }
    met = {m: [gap <= 0 for n, gap in zip(names, gaps, strict=True) if n == m] for m in names}
    tops = measures.tops(country_shares(plan, 1), plan.case.settings.share_basis, ("mineral",))
    minerals = list[Row]()
    for name in e.minerals:
        row: Row = {amount: by.get(name, 0.0) for amount, by in amounts.items()}
        row |= {"mineral": name, "kept": np.mean(met.get(name, 1.0)).item(), "share": None}
        if (name,) in tops:
            most = tops[name,]
            row |= {"share": most.share, "country": plan.case.country_name(most.country)}
        minerals.append(row)
    selling = [row for row in minerals if row["share"] is not None]
    top: Row = max(selling, key=lambda row: float(row["share"]), default={"share": None})
    total: Row = {
        "mineral": ALL,
        "share": top["share"],
        "country": top.get("country", ""),
        **{name: getattr(plan, name) for name in _OF_PLAN},
        **{name: sum(amounts[name].values()) for name in ("saved", "missing", "inputs", "outside")},
        "demand": plan.case.total_demand,
        "short": plan.shortage,
        "kept": np.mean([gap <= 0 for gap in gaps] or 1.0).item(),
    }
    return tuple(
        {"country": "", **row, "served": measures.served_share(row["demand"], row["short"])}
        | {"net_cost": measures.net_cost(row["cash"], sum(row[name] for name in _DUTIES))}
        for row in (total, *minerals)
    )


def _money(plan: Plan) -> dict[str, dict[str, float]]:
    e, d, flows = plan.expanded, plan.expanded.deliveries, plan.expanded.input_flows

    def charges_by_mineral(*headings: str, kind: int = 0) -> dict[str, float]:
        """Return the cost under headings by mineral [money]; kind 1: discounted, 0: not."""
        every = (plan.charges[name][kind] for name in headings if name in plan.charges)
        costs = sum(every, np.zeros(len(e.minerals)))
        return dict(zip(e.minerals, costs.tolist(), strict=True))

    # payments of plants for inputs, without and with support
    net, gross = plan.taken * flows.landed, plan.taken * (flows.landed + flows.support)
    worth = net * e.discounts[flows.year]
    tariffs, levies = plan.taken * flows.cost * flows.tariff, plan.taken * flows.levy
    is_flow = plan.delivered > tolerances.LEAST_FLOW
    bought = sums_by_mineral(plan, d.mineral, plan.delivered * d.landed * is_flow)
    paid = [name for name in plan.charges if name not in PENALTIES]
    total, tariff = charges_by_mineral(*plan.charges, kind=1), charges_by_mineral(TARIFF.name)
    return {
        "objective": with_input_costs(plan, total, worth, worth),
        "purchases": with_input_costs(plan, bought, net),
        "cash": with_input_costs(plan, charges_by_mineral(*paid), gross, gross),
        "tariffs": with_input_costs(plan, tariff, plan.input_tariffs, tariffs),
        "levies": with_input_costs(plan, charges_by_mineral(LEVY.name), plan.input_levies, levies),
    }


def sums_by_mineral(
    plan: Plan, mineral: Ints | list[int], amounts: Floats | list[float]
) -> dict[str, float]:
    """Return sums by mineral; ``mineral[i]`` is the position of the mineral of ``amounts[i]``."""
    names, at = plan.expanded.minerals, np.array(mineral, dtype=int)
    return dict(zip(names, np.bincount(at, amounts, len(names)).tolist(), strict=True))


def with_input_costs(
    plan: Plan, amounts: Mapping[str, float], charged: Floats, counted: Floats | float = 0.0
) -> dict[str, float]:
    """Return money by mineral, with the cost of inputs moved to the minerals made from them.

    ``charged`` is the cost of each flow of an input [money]; ``counted`` is the part of it that
    ``amounts`` already has at the input's mineral. If a plant makes nothing in a year, the cost
    stays with the input.
    """
    e, d, flows = plan.expanded, plan.expanded.deliveries, plan.expanded.input_flows
    if not e.intakes:
        return dict(amounts)
    cost = input_cost(plan, charged)
    more, less = np.array([amounts.get(m, 0.0) for m in e.minerals]), np.zeros(len(e.minerals))
    np.add.at(more, d.mineral, plan.delivered * cost[d.source, d.year])
    made = np.array([plan.sold[[r for r, _ in of.needs]].sum(axis=0) for of in e.intakes])
    spent = charged + plan.taken * cost[flows.source, flows.year]
    np.add.at(more, flows.mineral, (made[flows.intake, flows.year] <= 0) * spent)
    np.add.at(less, flows.mineral, counted)
    pairs = zip(more.tolist(), less.tolist(), strict=True)
    return {
        m: measures.difference(plus, minus, plus)
        for m, (plus, minus) in zip(e.minerals, pairs, strict=True)
    }


# ---- runs ----------------------------------------------------------------------------------------


_BOUGHT = {
    "year": "int64", "mineral": "object", "member": "object", "purchased": "float64",
    "landed": "float64", "short_cost": "float64",
}  # fmt: skip
"""The columns of ``Plan.supply`` that show who pays."""


def _bought(plan: Plan) -> tuple[tuple[str, ...] | bytes, ...]:
    """Return the columns of ``_BOUGHT``; numbers as bytes: quick to send, and NaN equals NaN."""
    columns = supply_columns(plan)
    return tuple(
        tuple(columns[name]) if kind == "object" else np.asarray(columns[name], kind).tobytes()
        for name, kind in _BOUGHT.items()
    )


@dataclass(frozen=True)
class SweepPoint:
    """One plan of a sweep: its rows, all minerals together first.

    Only the case without caps has ``smallest``, the smallest caps that cost no supply;
    ``trouble`` says why they are not known. ``bought`` has the columns of ``supply``.
    """

    rows: tuple[Row, ...] = ()
    smallest: tuple[tuple[str, float], ...] = ()
    trouble: str = ""
    bought: tuple[tuple[str, ...] | bytes, ...] = ()

    @cached_property
    def supply(self) -> pd.DataFrame:
        """Purchases of each member by mineral and year, as in ``Plan.supply``."""
        every = zip(_BOUGHT.items(), self.bought or [()] * len(_BOUGHT), strict=True)
        columns = {
            name: np.frombuffer(values, kind) if isinstance(values, bytes) else values
            for (name, kind), values in every
        }
        return pd.DataFrame({n: pd.Series(of, dtype=_BOUGHT[n]) for n, of in columns.items()})

    @property
    def by_mineral(self) -> Rows:
        """The rows by mineral, with ``ALL`` (all minerals together) first; empty without a plan."""
        return {row["mineral"]: row for row in self.rows}


@dataclass(frozen=True)
class SweepResult:
    """A sweep and its results.

    ``rows`` has one row per point and mineral, all minerals together first, with the fields of
    ``Frontier``; a point without a plan is one row with its ``trouble``. ``reference`` has the same
    columns for the case with which premiums are compared (empty: not known). Only a sweep over the
    cap has ``smallest``, one row per mineral with the fields of ``SmallestCaps``. ``given`` has the
    rows of the workbook's own caps if they differ by year; ``path`` says how in words ("": they do
    not). ``tested`` has, for a sweep over security, the tested years of each mineral in words.
    """

    parameter: parameters.Parameter
    points: tuple[float, ...]
    rows: pd.DataFrame
    reference: pd.DataFrame
    smallest: pd.DataFrame
    outcomes: Outcomes[SweepPoint]
    trouble: str
    path: str
    given: pd.DataFrame
    tested: Mapping[str, str]


def without_country_caps(case: Case) -> Case:
    kept = tuple(row for row in case.share_limits if not row.caps_each_country)
    return case.change(share_limits=kept)


def cap_path_words(case: Case, *, is_one: bool = False) -> str:
    """Return in words how the caps on single countries change by year; "" if they don't.

    For example ``from 85 % in 2026 to 65 % in 2030``; a year without a cap counts as a change. If
    caps change in different ways, or return to the first value, the words are their bounds. With
    ``is_one`` the result is "" only if one cap holds for every mineral, buyer and year.
    """
    buyers = {row.buyer for row in case.share_limits if row.caps_each_country}
    paths = {
        tuple(_tightest(case, mineral.name, buyer, year) for year in case.years)
        for mineral in case.minerals
        for buyer in buyers
    }
    capped = [path for path in paths if is_one or any(share < math.inf for share in path)]
    is_flat = all(len({*path}) == 1 for path in capped)
    if is_flat and (len(capped) <= 1 or not is_one):
        return ""
    path = capped[0]
    first, last = path[0], path[-1]
    if len(capped) == 1 and first != last:
        start = case.years[0]
        steps = zip(case.years[1:], path[:-1], path[1:], strict=True)
        end = max(year for year, before, after in steps if before != after)
        return f"from {_cap_words(first)} in {start} to {_cap_words(last)} in {end}"
    shares = [share for path in capped for share in path]
    by = " and ".join(["by year"] * (not is_flat) + ["by mineral or buyer"] * (len(capped) > 1))
    return f"from {_cap_words(max(shares))} to {_cap_words(min(shares))}, {by}"


def _tightest(case: Case, mineral: str, buyer: str, year: int) -> float:
    """Return the tightest cap on single countries of a mineral and buyer in a year, or infinity."""
    shares = (
        row.share.value(year)
        for row in case.share_limits
        if row.caps_each_country
        and row.buyer == buyer
        and row.mineral in {"", mineral}
        and mineral not in row.except_minerals
        and in_force(row, year)
    )
    return min(shares, default=math.inf)


def _cap_words(share: float) -> str:
    return percent_of(share) if share < math.inf else "no cap"


def read_point(plan: Plan) -> SweepPoint:
    return SweepPoint(frontier_rows(plan), bought=_bought(plan))


@dataclass(frozen=True)
class UncappedReader:
    """Reads the plan without caps on single countries: a sweep's numbers, and smallest caps."""

    base: Case

    def __call__(self, plan: Plan) -> SweepPoint:
        try:
            smallest = answers.least_share(set_max_country_share(self.base, 1.0), plan)
        except SolverError as error:
            return replace(read_point(plan), trouble=f"the smallest caps are not known: {error}")
        known_caps = ((m, smallest[m]) for m in plan.expanded.minerals if m in smallest)
        return replace(read_point(plan), smallest=tuple(known_caps))


def study_of(
    base: Case, parameter: parameters.Parameter, points: Sequence[float]
) -> Study[SweepPoint]:
    """Return the runs of a sweep: the references, then the points in chains.

    For a sweep over the cap, the first reference is the case without share limits, planned as
    ``solve`` plans it. If there are limits other than caps, a second reference is the case without
    caps; the smallest caps are read from it. If the case's own caps differ by year, they are one
    more point before the others.
    """
    compared = [Run("As given")]
    if parameter.is_cap:
        uncapped = Run("No cap on single countries", without_country_caps, UncappedReader(base))
        free = Run("No share limits", drop_share_limits, is_cold=True)
        is_same = without_country_caps(base) == drop_share_limits(base)
        compared = [replace(free, read=uncapped.read)] if is_same else [free, uncapped]
    elif parameter.kind == parameters.SECURITY:
        compared = [Run(sweep_tables.WithoutSecurity.TABLE, parameters.without_security)]
    runs = [Run(parameter.run_name(value), parameter.change_to(value)) for value in points]
    given = ((Run(AS_IN_WORKBOOK),),) if parameter.is_cap and cap_path_words(base) else ()
    references = tuple((run,) for run in compared)
    return Study(base, (*references, *given, *chains_of(runs, CHAIN)), read_point)


def sweep(
    base: Case,
    parameter: parameters.Parameter,
    points: Sequence[float],
    where: Where | None = None,
    tell: Tell | None = None,
) -> SweepResult:
    """Plan a case at each value of a parameter; points without a plan don't stop the others."""
    outcomes = run_study(study_of(base, parameter, points), where, tell)
    path = cap_path_words(base) if parameter.is_cap else ""
    count = len(points) + bool(path)
    compared, planned = outcomes.every[:-count], outcomes.every[-count:]
    first, uncapped = compared[0].result or SweepPoint(), compared[-1].result or SweepPoint()
    values = [math.nan] * bool(path) + [*points]
    every = _frontier(values, planned, first, by_duals=parameter.is_cap)
    is_own = every["value"].isna()
    own, rows = every[is_own], every[~is_own].reset_index(drop=True)
    smallest = pd.DataFrame()
    if parameter.is_cap:
        smallest = _smallest_caps(rows, _frame(uncapped.rows), dict(uncapped.smallest))
    trouble = [f"the plan to compare with is not known: {o.error}" for o in compared if o.error]
    why = "; ".join(filter(None, (*trouble, uncapped.trouble)))
    tested = years_words(sweep_tables.tested_cells(base, parameter), case_years_needed(base))
    known = (rows, _frame(first.rows), smallest, outcomes, why, path, own, tested)
    return SweepResult(parameter, tuple(points), *known)


def title_of(parameter: parameters.Parameter, points: Sequence[float]) -> str:
    """Return a sweep in words: ``Cap from 90 % to 30 %, 13 points``."""
    span = parameter.words(points[0])
    if len(points) > 1:
        span = f"from {span} to {parameter.words(points[-1])}, {len(points)} points"
    return f"{parameter.title} {span}"


# ---- rows ----------------------------------------------------------------------------------------


def _frontier(
    points: Sequence[float],
    outcomes: Sequence[Outcome[SweepPoint]],
    first: SweepPoint,
    *,
    by_duals: bool,
) -> pd.DataFrame:
    """Return one row per point and mineral, all minerals first; ``first`` is the reference.

    With ``by_duals`` slopes are the duals of the plans; otherwise they are differences from the
    previous point.
    """
    rows: list[dict[str, object]] = []
    before: tuple[float, Rows] = math.nan, {}
    reference, planned = first.by_mineral, [o.result or SweepPoint() for o in outcomes]
    baskets = _like_for_like(planned, first)
    for value, outcome, point, basket in zip(points, outcomes, planned, baskets, strict=True):
        minerals = point.by_mineral
        if not minerals:
            rows.append({"value": value, "mineral": ALL, "trouble": outcome.error})
        for name, row in minerals.items():
            slope = row["saved"] if by_duals else _difference(value, row, before)
            rows.append(_row(value, row, reference.get(name), slope, basket.get(name)))
        before = value, minerals
    return _frame(rows)


def _frame(rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=[f.name for f in POINT_FIELDS])
    texts = [f.name for f in POINT_FIELDS if f.look.is_text]
    table[texts] = table[texts].astype(object).fillna("")
    return table.astype({f.name: float for f in POINT_FIELDS if not f.look.is_text})


def _row(
    value: float,
    amounts: Row,
    reference: Row | None,
    slope: float | None,
    basket: tuple[float, float] | None,
) -> Row:
    """Return a row; ``basket`` comes from ``_like_for_like``. Differences by rounding are 0.

    Without a reference some fields are blank.
    """
    row = {**amounts, "value": value, "slope": slope}
    demand, tonnes = amounts["demand"], amounts["tonnes"]
    if reference is not None:
        whole = max(demand, reference["demand"])
        row["lost"] = measures.difference(amounts["short"], reference["short"], whole)
        row["premium"] = measures.premium(amounts["cash"], reference["cash"], tonnes)
        costs = amounts["objective"], reference["objective"]
        row["with_shortage"] = measures.premium_with_shortage(*costs, demand)
    if basket is not None and tonnes > 0:
        extra, same = basket
        row |= {"like_for_like": extra / tonnes, "dearer": measures.ratio(extra, same)}
    return row


def _like_for_like(
    points: Sequence[SweepPoint], reference: SweepPoint
) -> list[dict[str, tuple[float, float]]]:
    """Return by mineral the extra cost of its tonnes, and the same tonnes' cost in the reference.

    A mineral that the reference does not buy has no entry. ``ALL`` has the sums.
    """
    tables = [p.supply.assign(point=i) for i, p in enumerate([*points, reference])]
    every = pd.concat(tables, ignore_index=True)
    baskets = measures.constant_basket(every, reference.supply, "point")
    minerals = (baskets.get(i, {}) for i in range(len(points)))
    return [each and {**each, ALL: measures.basket_total(each)} for each in minerals]


def _difference(value: float, row: Row, before: tuple[float, Rows]) -> float | None:
    """Return the saving per percentage point between this point and the previous one."""
    other = before[1].get(row["mineral"])
    if other is None:
        return None
    saved = measures.difference(other["objective"], row["objective"], row["objective"])
    return saved / (value - before[0]) * measures.POINT or 0.0  # not -0.0


def _smallest_caps(
    rows: pd.DataFrame, free: pd.DataFrame, least: Mapping[str, float]
) -> pd.DataFrame:
    """Return one row per mineral: smallest cap, loosest point with more shortage, no cap."""
    before = rows["mineral"].map(free.set_index("mineral")["short"])
    lost = rows.assign(lost=rows["short"] - before)
    costly = lost[lost["lost"] > _LOST * lost["demand"]].sort_values("value")
    loosest = costly.groupby("mineral").tail(1).set_index("mineral")
    known_caps = {**least, ALL: max(least.values())} if least else {}
    minerals = free["mineral"]
    return free.assign(
        smallest=minerals.map(known_caps).astype(float),
        costs_from=minerals.map(loosest["value"]).astype(float),
        lost=minerals.map(loosest["lost"]).astype(float),
    )


def results(sweep: SweepResult, placeholders: Mapping[str, str]) -> tuple[Result, Result]:
    """Return the sheet of points, and that of the smallest caps or else of the reference case."""
    rows, parameter = sweep.rows, sweep.parameter
    is_security = parameter.kind == parameters.SECURITY
    if sweep.path:
        rows = pd.concat([sweep.given.assign(point=AS_IN_WORKBOOK), rows.assign(point=ONE_CAP)])
    rows = pd.concat([mineral for _, mineral in rows.groupby("mineral", sort=False)])
    if not rows["levies"].any() and not parameter.kind.is_price:
        rows = rows.drop(columns="levies")
    if not parameter.is_cap:
        rows = rows.assign(knob=parameter.title)
        step = measures.POINT if parameter.kind.is_price else 1.0
        rising = rows.assign(slope=0.0 - rows["slope"] / step)  # not -0.0
        rows = sweep_tables.with_tested_years(rows, sweep.tested) if is_security else rising
    points, second, _ = sweep_tables.tables_of(parameter.kind)
    frontier = _result(points, rows, placeholders)
    empty = [] if any(rows["trouble"]) else [Frontier.trouble]
    empty += [] if (rows["inputs"] > 0).any() else [Frontier.inputs]
    reference = sweep.smallest if parameter.is_cap else sweep.reference
    return frontier.without(*empty), _result(second, reference, placeholders)


def who_pays(sweep: SweepResult, case: Case) -> sweep_tables.WhoPaysByCap | None:
    reference, *every = (outcome.result or SweepPoint() for outcome in sweep.outcomes)
    # None: the workbook's own caps, which are not one value
    values = [*([None] if sweep.path else []), *sweep.points]
    pairs = zip(values, every[-len(values) :], strict=True)
    supplies = [(value, point.supply) for value, point in pairs if point.rows]
    if not reference.rows or not supplies:
        return None
    *_, kind = sweep_tables.tables_of(sweep.parameter.kind)
    table = kind.of_cases(case, reference.supply, supplies)
    if not sweep.path:
        return table.without(kind.point)
    points = [ONE_CAP if words.known(value) else AS_IN_WORKBOOK for value in table.case]
    return kind(words=table.words, **{**table.data, "point": points})


def _result(kind: type[Result], table: pd.DataFrame, placeholders: Mapping[str, str]) -> Result:
    columns: dict[str, Any] = {f.name: table[f.name] for f in kind.FIELDS if f.name in table}
    return kind(words=placeholders, **columns)


# ---- charts, made from the tables alone ----------------------------------------------------------

_NAMED = 3
"""How many minerals a sentence names; the rest are only counted."""
_MOST_LINES = 6
"""How many lines a chart has at most: those that rise highest."""
_MOST_SMALL = 12
"""How many minerals have a chart of their own: those that cost most."""
_AMOUNTS = {"cash", "net_cost", "levies", "short", "missing", "outside"}
"""Figures in money or tonnes; the others are shares."""


class _SweepCharts:
    """The charts of a sweep: cost and shortage in total, the smallest caps, and each mineral.

    In a sweep over the cap, the tight end is on the right, and cost and shortage are those that the
    cap adds. In a sweep over another number, they are the whole cost and shortage, and the axis has
    the order of the points.
    """

    def __init__(self, tables: Tables) -> None:
        frontier = tables[Frontier]
        rows = frontier.frame()
        self.is_cap = not isinstance(frontier, sweep_tables.ParameterFrontier)
        self.title = "Cap" if self.is_cap else str(rows["knob"].iloc[0])
        self.rows = with_number(rows, "value")
        self.minerals = list(dict.fromkeys(self.rows["mineral"]))
        self.path = tables.option(AS_IN_WORKBOOK)
        cap = tables.option(OWN_CAP)  # as ``percent_of`` has put it into words
        self.own_cap = float(Decimal(cap.removesuffix(" %")) / 100) if cap else None
        is_given = [bool(self.path) and not words.known(value) for value in rows["value"]]
        self.given = rows[is_given].set_index("mineral", drop=False)
        caps = tables[SmallestCaps] if SmallestCaps in tables else SmallestCaps.of_rows([])
        known_caps = caps.frame().dropna(subset="smallest").drop_duplicates("mineral")
        self.caps = known_caps.set_index("mineral", drop=False)
        self.currency = frontier.words.get("money", "")
        self.discounted = frontier.words.get("discounted", "")
        self.basis, self.horizon = tables.option(Measure.SHARE_BASIS), tables.option(YEARS)
        word = tables.option(OVER).partition(":")[0]
        self.kind = next((kind for kind in parameters.KINDS if kind.word == word), parameters.CAP)
        self.is_secured = isinstance(frontier, SecurityCurve)
        self.is_floor = isinstance(frontier, FloorCurve)
        self.values = [float(v) for v in self.rows["value"][self.rows["mineral"] == ALL]]
        if self.is_cap:
            self.values.sort(reverse=True)

    def charts(self) -> tuple[Picture, ...]:
        if len(self.values) < 2:  # noqa: PLR2004 - one point is no line
            return ()
        before = f"Above its landed cost {self.kind.before}"
        dearer = self.mineral_lines("dearer", "How much dearer a tonne becomes", before)
        rows = self.rows[self.rows["mineral"] != ALL].groupby("mineral", sort=False)
        most = rows[["demand", "cash"]].max()
        cash = {str(m): float(paid) for m, paid in most[most["demand"] > 0]["cash"].items()}
        small = [self.small_chart(mineral) for mineral in chart.top(cash, _MOST_SMALL)]
        if self.is_cap:
            return chart.drawn(*self.panels(), self.smallest_caps_chart(), dearer, *small)
        of, what = Frontier.short, "short, all minerals added by weight"
        if self.is_secured:
            of, what = SecurityCurve.missing, "missing, all minerals added by weight"
        lacking = self.tonnes_chart(of, what, Role.SHORT)
        if self.is_floor:
            what = "bought outside the coalition"
            outside = self.tonnes_chart(FloorCurve.outside, what, Role.PLAN)
            return chart.drawn(self.cost_chart(), outside, lacking, *small)
        lines = "short share", "Demand that goes short", "Share of coalition demand"
        if self.is_secured:
            kept = SecurityCurve.kept
            lines = kept.name, "Losses of one country that the plan survives", kept.header
        other = self.mineral_lines(*lines)
        return chart.drawn(self.cost_chart(), lacking, dearer, other, *small)

    def panels(self) -> tuple[Picture, ...]:
        """Return the charts of cost and of what is missing, to be drawn one above the other."""
        cost, missing_parts = self.cost_chart(), self.missing_chart()
        if cost and missing_parts:  # the lower panel has the axis of both
            cost = replace(cost, across="")
        return tuple(replace(p, is_panel=True) for p in (cost, missing_parts) if p)

    def missing_chart(self) -> Picture | None:
        every = {m: self.figures(m, "short share") for m in self.minerals if m != ALL}
        parts = {mineral: values for mineral, values in every.items() if peak(values)}
        shown = chart.top({mineral: peak(values) for mineral, values in parts.items()}, _MOST_LINES)
        if not shown:
            return None
        series = [Series(short(m), Role.ONE_OF_MANY, parts[m]) for m in shown]
        given = self.missing_parts(None)
        worst = next((m for m in worst_first(given) if m in shown), "")
        if worst:  # one line only, for the mineral hit hardest
            level = (given[worst],) * len(self.values)
            series += [Series(f"{AS_IN_WORKBOOK}: {short(worst)}", Role.LIMIT, level)]
        series += self.own_cap_marker(max(map(peak, parts.values())))
        some = chart.some_of(len(shown), len(parts), "hit hardest")
        title = f"Missing part of each mineral's need, {self.horizon}{some}"
        return self.lines_chart(title, series, "Share of need")

    def own_cap_marker(self, high: float) -> list[Series]:
        """Return a vertical mark at the workbook's own cap, if it is one of the points."""
        if self.own_cap not in self.values or not high:
            return []
        values = [high if value == self.own_cap else None for value in self.values]
        return [Series(f"The workbook's cap, {percent_of(self.own_cap)}", Role.HERE, values)]

    def figures(self, mineral: str, name: str) -> tuple[float | None, ...]:
        """Return a mineral's figures; 0 if too small to see, None if there is no plan."""
        rows = self._of_mineral.get(mineral, self.rows.head(0))
        least = 0.0 if name in _AMOUNTS else tolerances.SHOWN_SHARE
        figures = {
            float(value): None if pd.isna(y) else float(y) if abs(y) >= least else 0.0
            for value, y in zip(rows["value"], _figures(rows, name), strict=True)
        }
        return tuple(figures.get(value) for value in self.values)

    def missing_parts(self, value: float | None) -> dict[str, float]:
        """Return the missing part of each mineral's need at a cap; None: the workbook's caps."""
        parts = (row[:3] for row in self._points.get(value, ()))
        return {m: 1.0 - served for m, demand, served in parts if m != ALL and demand > 0}

    def premium(self, value: float | None) -> float | None:
        dearer = (by for m, *_, by in self._points.get(value, ()) if m == ALL)
        return next((float(by) for by in dearer if words.known(by)), None)

    @cached_property
    def _of_mineral(self) -> dict[Any, pd.DataFrame]:
        return dict(iter(self.rows.groupby("mineral", sort=False)))

    @cached_property
    def _points(self) -> dict[float | None, list[tuple[Any, ...]]]:
        """Each point's mineral, demand, served share and dearer; None: the workbook's caps."""
        points = defaultdict[float | None, list[tuple[Any, ...]]](list)
        for rows, values in ((self.rows, self.rows["value"]), (self.given, repeat(None))):
            columns = (rows[name].tolist() for name in ("mineral", "demand", "served", "dearer"))
            for value, row in zip(values, zip(*columns, strict=True), strict=False):
                points[value].append(row)
        return points

    def as_in_workbook(self, mineral: str, name: str, size: float = 1.0) -> list[Series]:
        """Return a horizontal line for the workbook's own caps, if they are planned."""
        levels = _figures(self.given[self.given["mineral"] == mineral], name)
        return [
            Series(AS_IN_WORKBOOK, Role.LIMIT, (float(level) / size,) * len(self.values))
            for level in levels
            if words.known(level)
        ]

    def lines_chart(self, title: str, series: Sequence[Series], axis: str, **more: Any) -> Picture:
        if self.is_cap:
            base = "" if more.get("small") else f"'s share of coalition {self.basis}"
            across = f"Cap on any one country{base}: loose → tight"
        else:
            unit = "100 % = as given"
            if not self.kind.is_factor:
                unit = "share of the cost at the refiner's gate"
            if self.is_secured:
                unit = "share of demand, if any one country is lost: loose → tight"
            if self.is_floor:
                unit = f"{self.currency}/t"
            across = f"{self.title} ({unit})"
        look, form = Look.PRICE if self.is_floor else Look.SHARE, chart.Form.LINES
        points, lines = tuple(self.values), tuple(series)
        return Picture(title, form, points, lines, axis, across, scale=look, **more)

    def words(self, value: float) -> str:
        return parameters.price_words(value, self.currency) if self.is_floor else percent_of(value)

    def money_in_unit(self, mineral: str, *names: str) -> tuple[float, str, list[Any]]:
        amounts = [self.figures(mineral, name) for name in names]
        size, unit = words.scale(peak(amounts[0]), self.currency)
        return size, unit, [numbers(each, size) for each in amounts]

    def cost_chart(self) -> Picture | None:
        """Return a chart of the extra cost of the same tonnes; for other numbers, of cash paid.

        The extra cost is a share, because a sum falls if a tighter cap leaves less to buy.
        """
        if not self.is_cap and not self.is_secured:
            _, unit, (amounts, net) = self.money_in_unit(ALL, "cash", "net_cost")
            title = f"{self.title}: cash paid for purchases, {self.horizon}"
            series = [Series(Measure.CASH_COST, Role.PLAN, amounts)]
            series += [Series(Measure.NET_COST, Role.FREE, net)] if self.is_floor else []
            axis = f"{Measure.CASH_COST} ({unit})"
            paid = self.lines_chart(title, series, axis, look=Look.MILLIONS)
            return paid if peak(amounts) else None
        dearer = self.figures(ALL, "dearer")
        title, axis = EXTRA_COST.header, "Extra cost"
        if self.is_secured:
            title = "Extra cost of the same tonnes if the plan must survive a loss"
            axis = f"Above its landed cost {self.kind.before}"
        series = [Series("All minerals", Role.PLAN, dearer), *self.as_in_workbook(ALL, "dearer")]
        series += self.own_cap_marker(peak(dearer))
        return self.lines_chart(f"{title}, {self.horizon}", series, axis) if peak(dearer) else None

    def tonnes_chart(self, of: Field, what: str, role: Role) -> Picture | None:
        series = Series(of.header, role, self.figures(ALL, of.name))
        title = f"{self.title}: what is {what}, {self.horizon}"
        shown = self.lines_chart(title, [series], of.header, look=Look.TONNES)
        return shown if peak(series.values) else None

    def smallest_caps_chart(self) -> Picture | None:
        # a mineral that nobody sells has no share to compare with
        caps = self.caps[self.caps["share"].notna()].drop(index=ALL, errors="ignore")
        title = f"How tight a cap can be before supply is lost, {self.horizon}"
        parts = {
            "Largest country without caps": (Role.FREE, SmallestCaps.share),
            "Smallest cap that costs no supply": (Role.PLAN, SmallestCaps.smallest),
        }
        names, axis = SmallestCaps.mineral, f"Share of coalition {self.basis}"
        across = MINERAL.header
        return chart.bars(title, caps, names, parts, axis, across=across, most=_MOST_SMALL)

    def mineral_lines(self, name: str, title: str, axis: str) -> Picture | None:
        rise = self.rises()
        values = {mineral: self.figures(mineral, name) for mineral in chart.top(rise, _MOST_LINES)}
        if all(peak(line) < tolerances.SHOWN_SHARE for line in values.values()):
            return None
        some = chart.some_of(len(values), len(rise), "changing most")
        series = [Series(short(m), Role.ONE_OF_MANY, line) for m, line in values.items()]
        return self.lines_chart(f"{title}, {self.horizon}{some}", series, axis)

    def rises(self) -> dict[str, float]:
        """Return by mineral its largest rises in cost and in shortage, summed, if it has any."""
        # each as a fraction of the largest rise among the minerals
        rise = dict.fromkeys(self.minerals, 0.0)
        for name in ("dearer", "lost share"):
            peaks = {m: peak(self.figures(m, name)) for m in self.minerals if m != ALL}
            most = max(peaks.values(), default=0.0)
            for mineral, size in peaks.items():
                rise[mineral] += size / most if size >= tolerances.SHOWN_SHARE else 0.0
        return {mineral: size for mineral, size in rise.items() if size > 0}

    def small_chart(self, mineral: str) -> Picture:
        dearer = f"Dearer than {self.kind.before}, of cost"
        series = [
            Series(dearer, Role.PLAN, self.figures(mineral, "dearer")),
            Series("Short, of demand", Role.SHORT, self.figures(mineral, "short share")),
        ]
        title = short(mineral)
        if mineral in self.caps.index:
            smallest = words.minimum_share(self.caps["smallest"][mineral])
            title += f": no supply is lost with caps of {smallest} or more"
        return self.lines_chart(title, series, "", small=True)

    def mineral_charts(self, mineral: str) -> tuple[Picture, ...]:
        name = "all minerals" if mineral == ALL else mineral
        size, unit, (total, cash) = self.money_in_unit(mineral, "objective", "cash")
        paid = [
            Series(f"{Measure.TOTAL_COST}, {self.discounted}", Role.PLAN, total),
            Series(f"{Measure.CASH_COST}, undiscounted", Role.FREE, cash),
            *self.as_in_workbook(mineral, "objective", size),
        ]
        missing_parts = [
            Series(SHORT.header, Role.SHORT, self.figures(mineral, "short share")),
            *self.as_in_workbook(mineral, "short share"),
        ]
        hints = [str(c or "") for c in self.rows["country"][self.rows["mineral"] == mineral]]
        shares = self.figures(mineral, "share")
        largest = [Series(ByMineral.country.header, Role.PLAN, shares, hints=hints)]
        axis = "Share of one country"
        largest += [Series("Cap", Role.LIMIT, tuple(self.values))] if self.is_cap else []
        return (
            self.lines_chart(f"Cost, {name} ({unit})", paid, unit, look=Look.MILLIONS),
            self.lines_chart(f"Missing part of need, {name}", missing_parts, "Share of need"),
            self.lines_chart(f"Largest share of one country, {name}", largest, axis),
        )


def _figures(rows: pd.DataFrame, name: str) -> pd.Series[float]:
    if name == "lost share":
        return rows["lost"] / rows["demand"].where(rows["demand"] > 0)
    if name == "short share":
        return 1.0 - rows["served"]
    return rows[name]


# ---- the kind ------------------------------------------------------------------------------------

_ASSUMED = (
    "The workbook has no row, so the loss of each country outside the coalition is tested for all"
    " minerals. Stocks count."
)
OWN_CAP = "The workbook's cap"
"""The row of About with the workbook's cap, if one holds for every mineral, buyer and year."""
OVER = "Over"
"""The row of About with the number that is changed, as the user typed it."""


def _reference_words(kind: parameters.ParameterKind) -> str:
    """Return the case with which premiums are compared: ``the same case without share limits``."""
    return f"the {'same ' if kind == parameters.CAP else ''}case {kind.before}"


class Amount(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A number, or a percentage with its sign."""

    name = "amount"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Convert a text such as 0.65, 65% or 1.5."""
        text = str(value).strip()
        try:
            amount = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            amount = math.nan
        if not math.isfinite(amount):
            self.fail(f"{text!r} is not a number such as 0.65 or 65%", param, ctx)
        return amount


class Sweep(StudyKind):
    """Find what a tighter cap on single countries costs and leaves missing.

    The workbook is planned many times. Each point sets a cap for all minerals, as
    --max-country-share of planner solve does, after the scenario and what-ifs. The result shows
    cost, shortage and premium at each point, in total and by mineral. It also shows the smallest
    cap that costs no supply.

    --over changes another number instead: a factor on demand, capacity, cost, freight or mines; a
    tariff; a price floor at the border, in money per tonne of one mineral; or security, the share
    of demand that may be short if any one country is lost. WHO is a country or a refiner (for
    demand, a member or group).

    \b
    planner sweep case.xlsx
    planner sweep case.xlsx --from 80% --to 40% --step 2.5%
    planner sweep case.xlsx --over capacity:CHN:cobalt --from 1 --to 0 --step 0.1
    planner sweep case.xlsx --over tariff:China --to 0.5
    planner sweep case.xlsx --over floor:cobalt --from 50000 --to 80000 --step 5000
    planner sweep case.xlsx --over security --from 1 --to 0 --step 0.1

    A point without a proven plan is listed with its reason; all others are written. The exit code
    is then 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "sweep", "Sweep", "frontier"
    QUESTION = "What does a tighter cap, or a change of another number, cost?"
    LACKING, RUN = "no point planned", "point"
    PART = "[<KNOB>-]"
    RESULTS = sweep_tables.RESULTS
    OPTIONS = (
        click.option(
            "--from", "first", type=Amount(), metavar="A", help="The first point [cap: 0.9]."
        ),
        click.option("--to", "last", type=Amount(), metavar="B", help="The last point [cap: 0.3]."),
        click.option(
            "--step",
            type=Amount(),
            metavar="D",
            help="Distance between points; the last step may be shorter [cap: 0.05].",
        ),
        click.option(
            "--over",
            default="cap",
            metavar="KNOB",
            help="What to change: cap; floor:MINERAL; security:MINERAL; or demand, capacity, cost,"
            " tariff, freight or mines, with :WHO:MINERAL [cap].",
        ),
    )

    def __init__(
        self,
        start: Start,
        *,
        over: str,
        first: float | None,
        last: float | None,
        step: float | None,
    ) -> None:
        super().__init__(start)
        self.case = parameters.with_security(start.case, over)
        self.parameter = parameters.parameter_of(self.case, over)
        asked = zip((first, last, step), self.parameter.span, strict=True)
        bounds = (default if given is None else given for given, default in asked)
        self.points = grid(self.parameter, *bounds)
        self.task = words.counted(len(self.points), self.RUN)

    @classmethod
    def file_part(cls, options: Mapping[str, Any]) -> str:
        typed = str(options["over"]).strip().replace(":", "-")
        return "" if fold(typed) == parameters.CAP.word else typed

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        del say
        self.result = sweep(self.case, self.parameter, self.points, where, tell)
        self.outcomes, self.stopped = self.result.outcomes.every, self.result.outcomes.stopped

    @property
    def tariff_sentence(self) -> str:
        ends = [*self.outcomes[:1], *self.outcomes[-len(self.points) :]]  # the reference first
        rows = [(o.name, o.result.rows[0]) for o in ends if o.result and o.result.rows]
        paid = {
            name: CashCost(row["cash"], row["tariffs"], row["levies"])
            for name, row in [*rows[:1], *rows[-1:]]
        }
        return words.tariff_words(paid, self.case.settings.currency)

    @property
    def required_outcomes(self) -> Sequence[Outcome[Any]]:
        return self.outcomes[-len(self.points) - bool(self.result.path) :]

    @property
    def progress_label(self) -> str:
        planned = sum(outcome.planned for outcome in self.required_outcomes[-len(self.points) :])
        return f"{planned:,} of {words.counted(len(self.points), self.RUN)} planned"

    @property
    def subject(self) -> str:
        given = (f"{words.uncapitalized(name)} {v}" for name, v in self.start.options.items())
        return "; ".join([title_of(self.parameter, self.points), *given])

    @property
    def options(self) -> dict[str, str]:
        case, own_cap = self.start.case, ""
        rows = [row for row in case.share_limits if row.caps_each_country]
        caps = {row.share.value(year) for row in rows for year in case.years}
        if self.parameter.is_cap and len(caps) == 1 and not cap_path_words(case, is_one=True):
            own_cap = percent_of(caps.pop())
        return {
            self.TITLE: title_of(self.parameter, self.points),
            OVER: self.parameter.typed,
            AS_IN_WORKBOOK: self.result.path,
            OWN_CAP: own_cap,
            **self.start.options,
            SecurityTarget.SHEET: "" if self.case == self.start.case else _ASSUMED,
            **sweep_tables.tested_losses(self.case, self.parameter),
            "Premiums are against": _reference_words(self.parameter.kind),
            Frontier.trouble.header: self.trouble,
        }

    @property
    def trouble(self) -> str:
        return self.result.trouble

    def tables(self) -> list[Result]:
        tables = results(self.result, words_of(self.start.case))
        payers = who_pays(self.result, self.start.case)
        return [*tables, payers] if payers is not None else list(tables)

    def label(self, outcome: Outcome[Any]) -> str:
        return outcome.name.removeprefix(f"{self.parameter.title} ")

    def answer(self, tables: Tables) -> dict[str, object]:
        result, over = self.result, {"over": self.parameter.typed}
        table, *_ = sweep_tables.tables_of(self.parameter.kind)
        given = {"as_in_workbook": {"caps": result.path, **_object(result.given, table)}}
        knob = {} if self.parameter.is_cap else over
        return {
            **(given if result.path else {}),
            **over,
            **super().answer(tables),
            "rows": [
                {**knob, table.value.json_key: value, **_object(rows, table)}
                for value, rows in result.rows.groupby("value", sort=False)
            ],
            "reference": _object(result.reference, table, trouble=False),
            "who_pays": tables.records(sweep_tables.WhoPaysByCap),
            "smallest_cap": dict(_known_caps(tables).rows(*_CAP)) if SmallestCaps in tables else {},
            "trouble": self.trouble or None,
            **({"not_tested": tables.option(NOT_TESTED) or None} if result.tested else {}),
        }

    def terminal_tables(self, tables: Tables) -> Iterator[Numbers]:
        frontier, kind = tables[Frontier], type(tables[Frontier])
        point = (kind.point,) if self.result.path else ()
        fields = [kind.value, kind.cash, kind.dearer, kind.short, kind.lost, kind.served]
        if issubclass(kind, SecurityCurve):
            fields[-2:] = kind.missing, kind.kept
        if issubclass(kind, FloorCurve):
            fields = [kind.value, kind.cash, kind.levies, kind.net_cost, kind.outside, kind.short]
        points = frontier.where([mineral == ALL for mineral in frontier.mineral])
        yield Numbers(points, (*point, *fields, kind.slope))
        if SmallestCaps in tables:
            yield Numbers(_known_caps(tables), _CAP, "Smallest caps that cost no supply")

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        return _SweepCharts(tables).charts()

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        charts = _SweepCharts(tables)
        points = with_number(charts.rows[charts.rows["mineral"] == ALL], "objective")
        if points.empty:
            none = KeyFigure("Points", "none", "no point has a proven plan.")
            return Headline("No point has a proven plan.", (none,))
        if not any(map(charts.missing_parts, charts.values)):
            none = KeyFigure("Minerals that are needed", "none", "no member needs any mineral.")
            return Headline("Nothing is needed, so nothing can be missing.", (none,))
        if charts.is_cap:
            return _cap_headline(charts)
        if charts.is_floor:
            return _floor_headline(charts)
        if charts.is_secured:
            return _security_headline(charts, tables, points)
        return _parameter_headline(charts)

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        charts, frontier = _SweepCharts(tables), tables[Frontier]
        kind, shares = type(frontier), [Frontier.country, Frontier.share]
        fields = [kind.value, kind.objective, kind.cash, kind.short, kind.served, *shares]
        if issubclass(kind, FloorCurve):
            paid = [kind.value, kind.cash, kind.levies, kind.net_cost, kind.outside]
            fields = [*paid, kind.short, kind.served]
        if charts.path:
            fields = [kind.point, *fields]
        views = {
            "All minerals" if mineral == ALL else mineral: (
                (charts.panels() if charts.is_cap and mineral == ALL else ())
                or charts.mineral_charts(mineral),
                Numbers(frontier.where([m == mineral for m in frontier.mineral]), tuple(fields)),
            )
            for mineral in charts.minerals
        }
        if not views:
            return ()
        blocks: tuple[Numbers, ...] = ()
        if SmallestCaps in tables:
            caps = tables[SmallestCaps]
            is_more = any(words.known(share) and share > 1 for share in caps.share)
            note = "Shares are of demand. Above 100 %, some is bought for stock." if is_more else ""
            heading = "The smallest caps that cost no supply"
            blocks = (Numbers(caps, SmallestCaps.FIELDS[:6], heading, note),)
        heading = f"Cost and shortage by {words.uncapitalized(charts.title)}"
        lead = (
            "Each mark is a plan, proven optimal. Total cost includes shortage at its price. Cash"
            " cost is what is paid; it falls if less is bought."
        )
        first = Section("frontier", heading, lead, views, MINERAL.header, blocks)

        def point_name(value: Any) -> str:
            if charts.is_floor:
                return charts.words(value)
            return words.percent(value) if words.known(value) else AS_IN_WORKBOOK

        who, before = sweep_tables.WhoPaysByCap, _reference_words(charts.kind)
        return (first, *members.who_pays_section(tables, who, charts.title, before, point_name))


def _cap_headline(charts: _SweepCharts) -> Headline:
    tight = min(v for v in charts.values if charts.missing_parts(v))
    points: dict[str, float | None] = {}
    if not charts.given.empty:
        points["With the workbook's caps"] = None
    elif charts.own_cap in charts.values and charts.own_cap != tight:
        points[f"At the workbook's {percent_of(charts.own_cap)}"] = charts.own_cap
    elif tight != max(charts.values):
        loose = max(v for v in charts.values if charts.missing_parts(v))
        points[f"At {percent_of(loose)}"] = loose
    owner = "the workbook's " if tight == charts.own_cap else ""
    points[f"At {owner}{percent_of(tight)}"] = tight
    sentences, figures = list[str](), list[KeyFigure]()
    if ALL in charts.caps.index:
        down = words.minimum_share(float(charts.caps["smallest"][ALL]))
        caps = charts.caps.drop(index=ALL)["smallest"].sort_values(ascending=False, kind="stable")
        largest = caps[caps >= caps.iloc[0] - tolerances.SHOWN_SHARE]
        first = words.listed(map(str, largest.index))  # with the largest of the smallest caps
        sentences.append(
            f"With a cap of {down} or more, no more is missing than without a cap. With a tighter"
            f" cap, {first} runs short first."
        )
        remark = "runs short first: with a tighter cap, more is missing than without a cap."
        figures.append(KeyFigure("Tightest cap that costs no supply", down, f"{first} {remark}"))
    who, against = "the coalition", _reference_words(charts.kind)
    for name, value in points.items():
        premium, parts = charts.premium(value), charts.missing_parts(value)
        shown = "not known" if premium is None else _signed(premium)
        remark = f"for the same tonnes, compared with {against}. {missing(parts)}."
        figures.append(KeyFigure(name, shown, remark))
        costs, who = f"{who} pays {members.premium_words(premium)}", "it"
        sentences.append(f"{name} {costs}, and {hardest(parts)}.")
    care = [f"{members.same_tonnes('with and without share limits')}{_cheaper(charts)}"]
    if charts.path:
        care.append("Each point sets one cap for all years. The workbook's own caps change"
                    f" {charts.path}, so none of these points is the workbook's plan.")  # fmt: skip
    if charts.basis == schema.DEMAND:
        care.append("Caps are shares of demand. Where supply is missing, one country can sell a"
                    " larger share of what is bought.")  # fmt: skip
    return Headline(" ".join(sentences), tuple(figures), tuple(care))


def _cheaper(charts: _SweepCharts) -> str:
    """Say why the same tonnes look cheaper at caps that leave tonnes missing, or ""."""
    at = [
        percent_of(value)
        for value in charts.values
        if (charts.premium(value) or 0.0) < -tolerances.SHOWN_SHARE
        and max(charts.missing_parts(value).values(), default=0.0) > tolerances.MISSING_PART
    ]
    if not at:
        return ""
    return (
        f" At {words.listed(at, _NAMED)} the tonnes look cheaper than without limits, because they"
        " are compared with an average that includes the dear tonnes now missing."
    )


def _signed(premium: float) -> str:
    return f"{'+' if premium > 0 else ''}{words.share(premium)}"


def _floor_headline(charts: _SweepCharts) -> Headline:
    """Say what is paid, also in levies, and bought outside, at both ends of a sweep of floors."""
    names = ("cash", "levies", "net_cost", "outside")
    at = {name: dict(zip(charts.values, charts.figures(ALL, name), strict=True)) for name in names}
    low, high = (end(v for v in charts.values if charts.missing_parts(v)) for end in (min, max))
    figures = list[KeyFigure]()
    for value in dict.fromkeys((low, high)):
        amounts = (at[name][value] or 0.0 for name in names[:3])
        cash, levies, net = (words.money(amount, charts.currency) for amount in amounts)
        remark = f"{levies} of it is levies. Net of tariffs and levies it is {net}."
        figures.append(KeyFigure(f"Paid at {charts.words(value)}", cash, remark))
    before, then = (at["outside"][value] or 0.0 for value in (low, high))
    extra = (at["net_cost"][high] or 0.0) - (at["net_cost"][low] or 0.0)
    more = f"{words.money(abs(extra), charts.currency)} {'less' if extra < 0 else 'more'}"
    first, last, least, most = *map(charts.words, (low, high)), *map(words.tonnes, (before, then))
    outside = KeyFigure("Bought outside", most, f"{least} with the lowest floor.")
    finding = f"At a floor of {last} the coalition buys {most} from outside"
    if low < high:
        finding += f", and at {first} {least}. Net of levies, the higher floor costs {more}"
    finding += "."
    rows = charts.rows.groupby("mineral")[["cash", "outside", "short"]]
    is_level = (rows.agg(np.ptp) <= tolerances.PLAN_DIFFERENCE * rows.max()).all(axis=None)
    if low < high and is_level and not any(at["levies"].values()):
        finding = f"Every floor from {first} to {last} costs the same, and no levy is paid."
    care = f"{missing(charts.missing_parts(high))} at {charts.words(high)}."
    return Headline(finding, (*figures, outside), (care,))


def _parameter_headline(charts: _SweepCharts) -> Headline:
    ends = [v for v in charts.values if charts.missing_parts(v)]
    cash = dict(zip(charts.values, charts.figures(ALL, "cash"), strict=True))
    before, sentences, figures = _reference_words(charts.kind), list[str](), list[KeyFigure]()
    for value in dict.fromkeys((ends[0], ends[-1])):
        paid, parts = words.money(cash[value] or 0.0, charts.currency), charts.missing_parts(value)
        figures.append(KeyFigure(f"Paid at {percent_of(value)}", paid, f"{missing(parts)}."))
        sentences.append(f"at {percent_of(value)} buyers pay {paid}, and {hardest(parts)}")
    premium = charts.premium(ends[-1])
    if premium is not None:
        name = f"The same tonnes at {percent_of(ends[-1])}"
        remark = f"compared with {before}. {missing(charts.missing_parts(ends[-1]))}."
        figures.append(KeyFigure(name, _signed(premium), remark))
    finding = f"{charts.title}: {'; '.join(sentences)}."
    care = members.same_tonnes(f"at both ends and in {before}")
    return Headline(finding, tuple(figures), (care,))


def _security_headline(charts: _SweepCharts, tables: Tables, points: pd.DataFrame) -> Headline:
    first, last = points.iloc[0], points.iloc[-1]
    start, end = words.percent(first["value"]), words.percent(last["value"])
    cost = float(last["objective"] - first["objective"])
    ends = f"{charts.title} {words.from_to(start, end)}"
    before, after = (charts.missing_parts(point["value"]) for point in (first, last))
    safe, finding = sweep_tables.price_of_security(charts.rows, ends, tables)
    more = f"{'+' if cost > 0 else ''}{words.money(cost, charts.currency)}"
    counts = f"{ends}; {charts.discounted}, shortage and penalties included."
    missed = f"{shortages(after)}; at {start}: {shortages(before)}."
    point = (last["value"], f"at {end}", charts.kind.before)
    figures = (
        safe,
        KeyFigure("Total cost, tightest minus loosest", more, counts),
        KeyFigure(f"Minerals short at {end}", number_short(after), missed),
        *members.most_paid(tables, sweep_tables.WhoPaysByCap, *point),
    )
    return Headline(f"{finding}.", figures)


_CAP = (SmallestCaps.mineral, SmallestCaps.smallest)


def _known_caps(tables: Tables) -> SmallestCaps:
    caps = tables[SmallestCaps]
    return caps.where([mineral != ALL and words.known(cap) for mineral, cap in caps.rows(*_CAP)])


def _object(rows: pd.DataFrame, kind: type[Frontier], *, trouble: bool = True) -> dict[str, object]:
    """Return the JSON object of one point: all minerals and each by name; null without a plan."""
    share, country, error = Frontier.share, Frontier.country, Frontier.trouble.json_key
    own = {Frontier.slope.name} if kind is FloorCurve else set()  # its slope is per unit
    names = {f.name for f in kind.FIELDS} - _OTHER_FIELDS - own
    figures = [f for f in POINT_FIELDS if not f.look.is_text and f.name in names]
    by_name = {str(row["mineral"]): row for row in rows.to_dict("records")}
    numbers = {m: {f.json_key: row.get(f.name, 0.0) for f in figures} for m, row in by_name.items()}
    total = numbers.pop(ALL, dict[str, object].fromkeys(f.json_key for f in figures))
    shares = {mineral: by_name[mineral][share.name] for mineral in numbers}
    return {
        **total,
        share.json_key: shares,
        "by_mineral": {
            mineral: {
                **row,
                share.json_key: shares[mineral],
                country.json_key: by_name[mineral][country.name] or None,
            }
            for mineral, row in numbers.items()
        },
        **({error: next(filter(None, rows["trouble"]), None)} if trouble else {}),
    }
