"""The sweep: one number of a case turned step by step, and what each step costs.

Over the cap on single countries it is the frontier of cost and shortage: the less one country may
supply, the dearer the plan, until tonnes are lacking.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pandas as pd

from models import answers, measures, schema, tolerances, units
from models.case import Case, fold, in_force
from models.errors import SolverError, UsageError
from models.plan import LEVY, PENALTIES, SHORTAGE, TARIFF, Plan
from models.plan.countries import country_shares
from models.plan.secured import SECURED, survived
from models.plan.supply import supply_columns
from models.results import ByMineral, Field, Look, Result
from models.results import Figure as Measure
from models.results.common import MINERAL, SHORT, words_of
from models.schema import SecurityTarget
from models.schema.column import MOST_TARIFF
from planner.render import chart
from planner.render.chart import Picture, Role, Series, numbers, peak, short
from planner.render.sentences import hardest, missing, number_short, shortages, worst_first
from planner.render.table import with_number
from planner.render.words import (
    counted,
    from_to,
    known,
    listed,
    minimum_share,
    money,
    percent,
    scale,
    share,
    tonnes,
    uncapitalized,
)
from planner.scenarios import drop_share_limits, parameters, set_max_country_share
from planner.scenarios.parameters import percent as percent_of
from planner.scenarios.parameters import price_words
from planner.sheets.survival import NOT_TESTED, case_years_needed, years_words
from planner.studies import members
from planner.studies.charged import by_mineral, on_products
from planner.studies.engine import Outcome, Outcomes, Run, Study, Tell, chains_of, run_study
from planner.studies.kind import (
    BASIS,
    YEARS,
    Headline,
    KeyFigure,
    Numbers,
    Section,
    StudyKind,
    Tables,
)
from planner.studies.security_curve import covered, price_of_security, tested_by, with_tested
from planner.studies.sweep_tables import (
    AsGiven,
    FloorCurve,
    Frontier,
    SecurityCurve,
    SmallestCaps,
    TurnedFrontier,
    WhoPaysByCap,
    WhoPaysByFloor,
    WhoPaysByValue,
    WithoutSecurity,
)

if TYPE_CHECKING:
    from planner.run import Start
    from planner.studies.places import Where

AS_IN_WORKBOOK = "As in the workbook"
"""The point that has the workbook's own caps, where they differ by year; its row of About."""
FLAT = "One cap for all years"
ALL = ""
"""In the place of a mineral's name: all of them together."""
MOST_POINTS = 1_000
"""Points of a sweep at most."""
CHAIN = 10
"""Points of a chain at most: neighbours start from one another, chains run side by side."""
_SLIP, _LOST = 100, tolerances.MISSING_PART
"""A fraction up to this was likely meant in per cent; a point costs tonnes where more than this
part of demand is short beyond the reference."""


# ---- of a point ----------------------------------------------------------------------------------

OF_POINT = (
    *(f for f in SecurityCurve.FIELDS if f.name not in {Frontier.knob.name, Frontier.point.name}),
    FloorCurve.outside,
)
"""What is known of a point, and of a mineral at it."""
_APART = {Frontier.value.name, Frontier.share.name, Frontier.demand.name}


def figures_of(kind: type[Frontier]) -> list[Field]:
    """Return what JSON has of a point, and of a mineral at it."""
    own = {Frontier.slope.name} if kind is FloorCurve else set()  # a point is of a share
    names = {f.name for f in kind.FIELDS} - _APART - own
    return [f for f in OF_POINT if not f.look.is_text and f.name in names]


_DUTIES = ("tariffs", "levies")
"""What of the cash cost members' own treasuries receive."""
_OF_PLAN = ("objective", "purchases", "cash", *_DUTIES, "tonnes")


# ---- points --------------------------------------------------------------------------------------


def grid(
    parameter: parameters.Parameter, first: float, last: float, step: float
) -> tuple[float, ...]:
    """Return the points from first to last, both included; the last step may be a shorter one.

    Raises UsageError where a number is out of bounds, the step leads nowhere or to too many points.
    """
    most = parameter.kind.most
    for option, value in (("--from", first), ("--to", last)):
        if not 0.0 <= value <= most:
            slip = most <= MOST_TARIFF and most < value <= _SLIP
            hint = f"; {units.percent_hint(value)}" if slip else ""
            bounds = "0 to 1 (100 %)" if most == 1.0 else f"0 to {most:g}"
            msg = f"{option} {value:g}: {parameter.title} goes from {bounds}{hint}"
            raise UsageError(msg)
    way = last - first
    if step == 0 or not math.isfinite(step):
        msg = f"--step {step:g} leads nowhere: name a step such as {parameter.span[2]:g}"
        raise UsageError(msg)
    if step < 0 <= way or step > most:
        slip = most <= 1.0 <= step <= _SLIP
        hint = units.percent_hint(step) if slip else "the direction is that from --from to --to"
        msg = f"--step {step:g} does not lead from {first:g} to {last:g}; {hint}"
        raise UsageError(msg)
    # Decimal, so that 0.9 by 0.05 meets 0.3 and every point is the number that one would type.
    start, end, by = (Decimal(repr(number)) for number in (first, last, abs(step)))
    steps = math.ceil(abs(end - start) / by)
    if steps >= MOST_POINTS:
        msg = (
            f"from {first:g} to {last:g} by {abs(step):g} is {steps + 1:,} points, of at most"
            f" {MOST_POINTS:,}: take a larger --step"
        )
        raise UsageError(msg)
    return (*(float(start + (by if end > start else -by) * i) for i in range(steps)), last)


# ---- what is read of a plan ----------------------------------------------------------------------


Row = dict[str, Any]
"""What a plan says of one mineral, or of all of them (``ALL``), by the names of OF_POINT."""
Rows = Mapping[str, Row]
"""The rows of a plan by mineral, all of them first; empty where there is no plan."""


def read(plan: Plan) -> tuple[Row, ...]:
    """Return the rows of a plan, all minerals first.

    Tonnes in t over all years; ``objective`` discounted, ``purchases`` and ``cash`` not [money].
    Money of inputs is that of the buyers of what is made from them.
    ``share`` is the largest of one country in any year, ``country`` whose (None, "": nobody sells).
    Beside OF_POINT ``saved`` is what a point more of the cap saves by its duals [money].
    """
    e, sales, (at, short) = plan.expanded, plan.expanded.sales, plan.part(SHORTAGE)
    lost = [dict(zip(SECURED.split(), row, strict=True)) for row in survived(plan)]
    names, lacking = ([row[name] for row in lost] for name in ("mineral", "missing"))
    counted = np.where(plan.all_sold > tolerances.LEAST_FLOW, plan.all_sold, 0.0)
    home = [schema.COALITION in plan.case.blocs_of(source.country) for source in e.sources]
    to_outside = counted * ~np.array(home, dtype=bool)[sales.source]
    amounts = {
        **_money(plan),
        "outside": by_mineral(plan, sales.mineral, to_outside),
        "demand": by_mineral(plan, np.arange(len(e.minerals)), e.demand.sum(axis=(1, 2))),
        "tonnes": by_mineral(plan, e.deliveries.mineral, plan.delivered),
        "inputs": by_mineral(plan, sales.mineral, counted * (sales.member < 0)),
        "short": by_mineral(plan, at[0] if at else [], short),
        "saved": {mineral: worth * measures.POINT for mineral, worth in plan.worth_of_caps.items()},
        "missing": by_mineral(plan, [e.mineral_at[m] for m in names], lacking),
    }
    met = {m: [lack <= 0 for n, lack in zip(names, lacking, strict=True) if n == m] for m in names}
    tops = measures.largest_country_shares(country_shares(plan, 1), plan.case.settings.share_basis)
    minerals = list[Row]()
    for name in e.minerals:
        row: Row = {amount: by.get(name, 0.0) for amount, by in amounts.items()}
        row |= {"mineral": name, "kept": np.mean(met.get(name, 1.0)).item(), "share": None}
        if name in tops:
            country = plan.case.country_name(tops[name].country)
            row |= {"share": tops[name].share, "country": country}
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
        "kept": np.mean([lack <= 0 for lack in lacking] or 1.0).item(),
    }
    return tuple(
        {"country": "", **row, "served": measures.served_share(row["demand"], row["short"])}
        | {"net_cost": measures.net_cost(row["cash"], sum(row[name] for name in _DUTIES))}
        for row in (total, *minerals)
    )


def _money(plan: Plan) -> dict[str, dict[str, float]]:
    """Return what is paid by mineral; what an input costs the buyers of the product pay."""
    e, d, flows = plan.expanded, plan.expanded.deliveries, plan.expanded.input_flows

    def charged(*headings: str, kind: int = 0) -> dict[str, float]:
        sums = (plan.charges[name][kind] for name in headings if name in plan.charges)
        return by_mineral(plan, np.arange(len(e.minerals)), sum(sums, np.zeros(len(e.minerals))))

    # what plants pay, less and with what is paid for their tonnes
    net, gross = plan.taken * flows.landed, plan.taken * (flows.landed + flows.support)
    worth = net * e.discounts[flows.year]
    tariffs, levies = plan.taken * flows.cost * flows.tariff, plan.taken * flows.levy
    is_flow = plan.delivered > tolerances.LEAST_FLOW
    bought = by_mineral(plan, d.mineral, plan.delivered * d.landed * is_flow)
    paid = [name for name in plan.charges if name not in PENALTIES]
    return {
        "objective": on_products(plan, charged(*plan.charges, kind=1), worth, worth),
        "purchases": on_products(plan, bought, net),
        "cash": on_products(plan, charged(*paid), gross, gross),
        "tariffs": on_products(plan, charged(TARIFF.name), plan.input_tariffs, tariffs),
        "levies": on_products(plan, charged(LEVY.name), plan.input_levies, levies),
    }


# ---- runs ----------------------------------------------------------------------------------------


_BOUGHT = {
    "year": "int64", "mineral": "object", "member": "object", "purchased": "float64",
    "landed": "float64", "short_cost": "float64",
}  # fmt: skip
"""What of ``Plan.supply`` says who pays."""


def _bought(plan: Plan) -> tuple[tuple[Any, ...], ...]:
    columns = {n: np.asarray(of).tolist() for n, of in supply_columns(plan).items() if n in _BOUGHT}
    # None, not NaN: what is the same is then equal
    columns["landed"] = [None if v != v else v for v in columns["landed"]]  # noqa: PLR0124
    return tuple(map(tuple, columns.values()))


@dataclass(frozen=True)
class SweepPoint:
    """One plan of a sweep: its rows, all minerals first, then each.

    ``smallest`` are the smallest caps that cost no tonne of supply, known of the case without caps
    alone; ``trouble`` says why they are not known. ``bought`` are columns of ``supply``.
    """

    rows: tuple[Row, ...] = ()
    smallest: tuple[tuple[str, float], ...] = ()
    trouble: str = ""
    bought: tuple[tuple[Any, ...], ...] = ()

    @cached_property
    def supply(self) -> pd.DataFrame:
        """What each member buys by mineral and year, as ``Plan.supply`` has it."""
        every = zip(_BOUGHT.items(), self.bought or [()] * len(_BOUGHT), strict=True)
        return pd.DataFrame({n: pd.Series(values, dtype=kind) for (n, kind), values in every})

    @property
    def by_mineral(self) -> Rows:
        """The rows by mineral."""
        return {row["mineral"]: row for row in self.rows}


@dataclass(frozen=True)
class SweepResult:
    """A sweep and what came of it.

    ``rows`` has a row a point and mineral, all minerals first, with the fields of ``Frontier``; a
    point without a plan is one row with its ``trouble``. ``reference`` has the same columns for the
    case that the premiums are measured against (empty: not known). ``smallest`` has, for the cap
    alone, a row a mineral with the fields of ``SmallestCaps``. ``given`` are the rows of the
    workbook's own caps where they differ by year, as ``path`` says ("": they do not). ``tested``
    are the years, in words, of each mineral that a sweep over security sets what may be short of.
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
    """Return the case without the limits that a cap on single countries sets; all others stay."""
    kept = tuple(row for row in case.share_limits if not row.caps_each_country)
    return case.change(share_limits=kept)


def path_of(case: Case, *, is_one: bool = False) -> str:
    """Return in words how the caps on single countries go by year; "" where they are flat, or none.

    ``from 85 % in 2026 to 65 % in 2030`` where it stays at that; a year without a cap differs
    from one with it. Where not all caps go the same way, or they come back to where they were, the
    words are their bounds.
    With ``is_one``, "" is said only where there is one cap for every mineral, buyer and year.
    """
    buyers = {row.buyer for row in case.share_limits if row.caps_each_country}
    paths = {
        tuple(_tightest(case, mineral.name, buyer, year) for year in case.years)
        for mineral in case.minerals
        for buyer in buyers
    }
    capped = [path for path in paths if is_one or any(share is not None for share in path)]
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
    loosest = None if None in shares else max(share for share in shares if share is not None)
    tightest = min(share for share in shares if share is not None)
    kinds = ["by year"] * (not is_flat) + ["by mineral or buyer"] * (len(capped) > 1)
    by = " and ".join(kinds)
    return f"from {_cap_words(loosest)} to {_cap_words(tightest)}, {by}"


def _tightest(case: Case, mineral: str, buyer: str, year: int) -> float | None:
    """Return the least cap on single countries of a mineral and buyer in a year, None: no cap."""
    shares = (
        row.share.value(year)
        for row in case.share_limits
        if row.caps_each_country
        and row.buyer == buyer
        and row.mineral in {"", mineral}
        and mineral not in row.except_minerals
        and in_force(row, year)
    )
    return min(shares, default=None)


def _cap_words(share: float | None) -> str:
    return "no cap" if share is None else percent_of(share)


def read_point(plan: Plan) -> SweepPoint:
    """Return what is kept of a point: its plan in rows, and what is bought where."""
    return SweepPoint(read(plan), bought=_bought(plan))


@dataclass(frozen=True)
class Uncapped:
    """Reads the plan without caps on single countries: what a sweep keeps, and smallest caps."""

    base: Case

    def __call__(self, plan: Plan) -> SweepPoint:
        """Return the point."""
        try:
            smallest = answers.least_share(set_max_country_share(self.base, 1.0), plan)
        except SolverError as error:
            return replace(read_point(plan), trouble=f"the smallest caps are not known: {error}")
        known_caps = ((m, smallest[m]) for m in plan.expanded.minerals if m in smallest)
        return replace(read_point(plan), smallest=tuple(known_caps))


def study_of(
    base: Case, parameter: parameters.Parameter, points: Sequence[float]
) -> Study[SweepPoint]:
    """Return the runs of a sweep: what points are compared with, then these in chains.

    Of a cap that is the case without share limits, planned as ``solve`` plans it for the same use;
    where there are other limits, too, the case without caps alone follows it, of which the smallest
    caps are read. Where the case's own caps differ by year, they are a point before the others.
    """
    compared = [Run("As given")]
    if parameter.is_cap:
        uncapped = Run("No cap on single countries", without_country_caps, Uncapped(base))
        free = Run("No share limits", drop_share_limits, is_cold=True)
        is_same = without_country_caps(base) == drop_share_limits(base)
        compared = [replace(free, read=uncapped.read)] if is_same else [free, uncapped]
    elif parameter.kind == parameters.SECURITY:
        compared = [Run(WithoutSecurity.TABLE, parameters.without_security)]
    runs = [Run(parameter.name(value), parameter.at(value)) for value in points]
    given = ((Run(AS_IN_WORKBOOK),),) if parameter.is_cap and path_of(base) else ()
    references = tuple((run,) for run in compared)
    return Study(base, (*references, *given, *chains_of(runs, CHAIN)), read_point)


def sweep(
    base: Case,
    parameter: parameters.Parameter,
    points: Sequence[float],
    where: Where | None = None,
    tell: Tell | None = None,
) -> SweepResult:
    """Plan a case at each value of a knob; a point without a plan does not lose the others.

    ``where`` and ``tell`` as in ``run_study``.
    """
    outcomes = run_study(study_of(base, parameter, points), where, tell)
    path = path_of(base) if parameter.is_cap else ""
    count = len(points) + bool(path)
    compared, planned = outcomes.every[:-count], outcomes.every[-count:]
    given, turned = planned[: bool(path)], planned[bool(path) :]
    first, uncapped = compared[0].found or SweepPoint(), compared[-1].found or SweepPoint()
    rows = _frontier(points, turned, first, by_duals=parameter.is_cap)
    smallest = pd.DataFrame()
    if parameter.is_cap:
        smallest = _smallest_caps(rows, _reference(uncapped), dict(uncapped.smallest))
    trouble = [f"what to compare with is not known: {o.error}" for o in compared if o.error]
    return SweepResult(
        parameter,
        tuple(points),
        rows,
        _reference(first),
        smallest,
        outcomes,
        "; ".join(filter(None, (*trouble, uncapped.trouble))),
        path,
        _frontier([math.nan] * len(given), given, first, by_duals=True),
        years_words(tested_by(base, parameter), case_years_needed(base)),
    )


def _reference(point: SweepPoint) -> pd.DataFrame:
    return _frame([_row(None, row, None, None, None) for row in point.rows])


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
    """Return a row a point and mineral, all minerals first; ``first`` is the reference.

    ``by_duals`` says that a slope is read from the duals of the plan; else it is the difference to
    the point before.
    """
    rows: list[dict[str, object]] = []
    before: tuple[float, Rows] | None = None
    reference, planned = first.by_mineral, [o.found or SweepPoint() for o in outcomes]
    baskets = _like_for_like(planned, first)
    for value, outcome, point, basket in zip(points, outcomes, planned, baskets, strict=True):
        minerals = point.by_mineral
        if not minerals:
            rows.append({"value": value, "mineral": ALL, "trouble": outcome.error})
        for name, row in minerals.items():
            slope = row["saved"] if by_duals else _difference(value, row, before)
            rows.append(_row(value, row, reference.get(name), slope, basket.get(name)))
        before = (value, minerals) if minerals else None
    return _frame(rows)


def _frame(rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=[f.name for f in OF_POINT])
    words = [f.name for f in OF_POINT if f.look.is_text]
    table[words] = table[words].astype(object).fillna("")
    return table.astype({f.name: float for f in OF_POINT if not f.look.is_text})


def _row(
    value: float | None,
    amounts: Row,
    reference: Row | None,
    slope: float | None,
    basket: tuple[float, float] | None,
) -> Row:
    """Return a row; ``basket`` is what ``_like_for_like`` says. Without a reference some are blank.

    Differences that are rounding are 0.
    """
    row = {**amounts, "value": value, "slope": slope}
    demand, tonnes = amounts["demand"], amounts["tonnes"]
    if reference is not None:
        whole = max(demand, reference["demand"])
        row["lost"] = measures.beyond(amounts["short"], reference["short"], whole)
        row["premium"] = measures.premium(amounts["cash"], reference["cash"], tonnes)
        costs = amounts["objective"], reference["objective"]
        row["with_shortage"] = measures.premium_with_shortage(*costs, demand)
    if basket is not None and tonnes > 0:
        extra, same = basket
        row |= {"like_for_like": extra / tonnes, "dearer": measures.part(extra, same)}
    return row


def _like_for_like(
    points: Sequence[SweepPoint], reference: SweepPoint
) -> list[dict[str, tuple[float, float]]]:
    """Return by mineral what its tonnes cost more than the same tonnes in the reference, and that.

    A mineral that is not bought there has none. All minerals together are the sums.
    """
    tables = [p.supply.assign(point=i) for i, p in enumerate([*points, reference])]
    every = pd.concat(tables, ignore_index=True)
    baskets = measures.constant_basket(every, reference.supply, "point")
    minerals = (baskets.get(i, {}) for i in range(len(points)))
    return [each and {**each, ALL: measures.together(each)} for each in minerals]


def _difference(value: float, row: Row, before: tuple[float, Rows] | None) -> float | None:
    """Return what one point more saves between this point and the one before."""
    other = None if before is None else before[1].get(row["mineral"])
    if before is None or other is None:
        return None
    saved = measures.beyond(other["objective"], row["objective"], row["objective"])
    return saved / (value - before[0]) * measures.POINT or 0.0  # not -0.0


def _smallest_caps(
    rows: pd.DataFrame, free: pd.DataFrame, least: Mapping[str, float]
) -> pd.DataFrame:
    """Return a row a mineral: its smallest cap, the loosest point that costs tonnes, no cap."""
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


def results(sweep: SweepResult, words: Mapping[str, str]) -> tuple[Result, Result]:
    """Return the tables of a sweep: the frontier, and the smallest caps or the case as given."""
    rows, parameter = sweep.rows, sweep.parameter
    is_security = parameter.kind == parameters.SECURITY
    if sweep.path:
        rows = pd.concat([sweep.given.assign(point=AS_IN_WORKBOOK), rows.assign(point=FLAT)])
    rows = pd.concat([mineral for _, mineral in rows.groupby("mineral", sort=False)])
    if not rows["levies"].any() and not parameter.kind.is_price:
        rows = rows.drop(columns="levies")
    second, reference = (SmallestCaps, sweep.smallest) if parameter.is_cap else (
        WithoutSecurity if is_security else AsGiven, sweep.reference
    )  # fmt: skip
    if not parameter.is_cap:
        rows = rows.assign(knob=parameter.title)
        step = measures.POINT if parameter.kind.is_price else 1.0
        turned = rows.assign(slope=0.0 - rows["slope"] / step)  # not -0.0
        rows = with_tested(rows, sweep.tested) if is_security else turned
    frontier = _result(_table_of(parameter), rows, words)
    empty = [] if any(rows["trouble"]) else [Frontier.trouble]
    empty += [] if (rows["inputs"] > 0).any() else [Frontier.inputs]
    return frontier.without(*empty), _result(second, reference, words)


def _table_of(parameter: parameters.Parameter) -> type[Frontier]:
    """Return the table of a sweep's points."""
    if parameter.is_cap:
        return Frontier
    of = {parameters.SECURITY: SecurityCurve, parameters.FLOOR: FloorCurve}
    return of.get(parameter.kind, TurnedFrontier)


def paying(sweep: SweepResult, case: Case) -> WhoPaysByCap | None:
    """Return a row a point and member; None where nothing is known of any, or of the reference."""
    reference, *every = (outcome.found or SweepPoint() for outcome in sweep.outcomes)
    # the workbook's own caps are no one value
    values = [*([None] if sweep.path else []), *sweep.points]
    pairs = zip(values, every[-len(values) :], strict=True)
    supplies = [(value, point.supply) for value, point in pairs if point.rows]
    if not reference.rows or not supplies:
        return None
    turned = WhoPaysByFloor if sweep.parameter.kind.is_price else WhoPaysByValue
    kind = WhoPaysByCap if sweep.parameter.is_cap else turned
    table = kind.of_cases(case, reference.supply, supplies)
    if not sweep.path:
        return table.without(kind.point)
    points = [FLAT if known(value) else AS_IN_WORKBOOK for value in table.case]
    return kind(words=table.words, **{**table.data, "point": points})


def _result(kind: type[Result], table: pd.DataFrame, words: Mapping[str, str]) -> Result:
    columns: dict[str, Any] = {f.name: table[f.name] for f in kind.FIELDS if f.name in table}
    return kind(words=words, **columns)


# ---- charts, of the tables alone -----------------------------------------------------------------

_NAMED = 3
"""Minerals that a sentence names; more are counted."""
_MOST_LINES = 6
"""Lines of a chart at most: those that rise highest."""
_MOST_SMALL = 12
"""Minerals with a chart of their own at most: those that cost most."""
_AMOUNTS = {"cash", "net_cost", "levies", "short", "missing", "outside"}
"""Figures that are no shares: in money or tonnes."""


class _SweepCharts:
    """The charts of a sweep: cost, room for a cap, who gets dearer, who goes short; each mineral.

    Over a cap the tight end is on the right, and cost and shortage are what the cap adds. Of
    another knob, which changes how much is bought, they are all that is paid, and all that is
    short; the scale runs as the sweep does.
    """

    def __init__(self, tables: Tables) -> None:
        """Read the tables."""
        frontier = tables[Frontier]
        rows = frontier.frame()
        self.is_cap = not isinstance(frontier, TurnedFrontier)
        self.title = "Cap" if self.is_cap else str(rows["knob"].iloc[0])
        self.rows = with_number(rows, "value")
        self.minerals = list(dict.fromkeys(self.rows["mineral"]))
        self.path = tables.option(AS_IN_WORKBOOK)
        self.own_cap = _value_of(tables.option(OWN_CAP))
        is_given = [bool(self.path) and not known(value) for value in rows["value"]]
        self.given = rows[is_given].set_index("mineral", drop=False)
        caps = pd.DataFrame(columns=["mineral", "smallest", "share"])
        caps = tables[SmallestCaps].frame() if SmallestCaps in tables else caps
        caps = caps[caps["smallest"].notna()]
        self.caps = caps.drop_duplicates("mineral").set_index("mineral")
        self.currency = frontier.words.get("money", "")
        self.discounted = frontier.words.get("discounted", "")
        self.basis, self.horizon = tables.option(BASIS), tables.option(YEARS)
        word = tables.option(OVER).partition(":")[0]
        self.kind = next((kind for kind in parameters.KINDS if kind.word == word), parameters.CAP)
        self.is_secured = isinstance(frontier, SecurityCurve)
        self.is_floor = isinstance(frontier, FloorCurve)
        self.values = [float(v) for v in self.rows["value"][self.rows["mineral"] == ALL]]
        if self.is_cap:
            self.values.sort(reverse=True)

    def all(self) -> tuple[Picture, ...]:
        """Return the charts of the workbook."""
        if len(self.values) < 2:  # noqa: PLR2004 - one point is no line
            return ()
        before = f"Above its landed cost {self.kind.before}"
        dearer = self.by_mineral("dearer", "How much dearer a tonne becomes", before)
        small = [self.small(mineral) for mineral in self.dearest()]
        if self.is_cap:
            return chart.drawn(*self.panels(), self.room(), dearer, *small)
        of_short = ("short share", "Demand that goes short", "Share of coalition demand")
        of_losses = ("kept", "Losses of a country that are survived", SecurityCurve.kept.header)
        other = self.by_mineral(*(of_losses if self.is_secured else of_short))
        if self.is_floor:
            return chart.drawn(self.paid(), self.moved(), self.tonnes_short(), *small)
        return chart.drawn(self.paid(), self.tonnes_short(), dearer, other, *small)

    def panels(self) -> tuple[Picture, ...]:
        """What a cap costs, and below it what is then missing: two panels over one scale."""
        cost, missing_parts = self.paid(), self.missing()
        if cost and missing_parts:  # the scale is below both
            cost = replace(cost, across="")
        return tuple(replace(p, is_panel=True) for p in (cost, missing_parts) if p)

    def missing(self) -> Picture | None:
        """What part of each mineral's need is missing: of those that are hit hardest."""
        every = {m: self.figures(m, "short share") for m in self.minerals if m != ALL}
        parts = {mineral: values for mineral, values in every.items() if peak(values)}
        shown = chart.top({mineral: peak(values) for mineral, values in parts.items()}, _MOST_LINES)
        if not shown:
            return None
        series = [Series(short(m), Role.ONE_OF_MANY, parts[m]) for m in shown]
        given = self.lacking(None)
        worst = next((m for m in worst_first(given) if m in shown), "")
        if worst:  # of the others it would be a line each
            level = (given[worst],) * len(self.values)
            series += [Series(f"{AS_IN_WORKBOOK}: {short(worst)}", Role.LIMIT, level)]
        series += self.here(max(map(peak, parts.values())))
        some = chart.some_of(len(shown), len(parts), "hit hardest")
        title = f"Missing part of each mineral's need, {self.horizon}{some}"
        return self.picture(title, series, "Share of need")

    def here(self, high: float) -> list[Series]:
        """Return a stroke at the workbook's own cap, where it is one of the points."""
        if self.own_cap not in self.values or not high:
            return []
        values = [high if value == self.own_cap else None for value in self.values]
        return [Series(f"The workbook's cap, {percent_of(self.own_cap)}", Role.HERE, values)]

    def figures(self, mineral: str, name: str) -> tuple[float | None, ...]:
        """Return a mineral's figures, nothing seen as 0; None where there is no plan."""
        rows = self.rows[self.rows["mineral"] == mineral]
        least = 0.0 if name in _AMOUNTS else tolerances.SHOWN_SHARE
        figures = {
            float(value): None if pd.isna(y) else float(y) if abs(y) >= least else 0.0
            for value, y in zip(rows["value"], _figures(rows, name), strict=True)
        }
        return tuple(figures.get(value) for value in self.values)

    def lacking(self, value: float | None) -> dict[str, float]:
        """Return what part of each mineral's need is short at a point, None: the workbook's."""
        rows = self._rows_at(value)
        parts = zip(rows["mineral"], rows["demand"], rows["served"], strict=True)
        return {m: 1.0 - served for m, demand, served in parts if m != ALL and demand > 0}

    def _rows_at(self, value: float | None) -> pd.DataFrame:
        """Return the rows at a point, None: the workbook's."""
        return self.given if value is None else self.rows[self.rows["value"] == value]

    @property
    def first_short(self) -> list[str]:
        """The minerals that decide the smallest cap of all: below it they run short first."""
        caps = self.caps.drop(index=ALL)["smallest"].sort_values(ascending=False, kind="stable")
        return [str(m) for m, cap in caps.items() if cap >= caps.iloc[0] - tolerances.SHOWN_SHARE]

    def premium(self, value: float | None) -> float | None:
        """Return how much dearer the same tonnes are at a point, None: the workbook's own caps."""
        rows = self._rows_at(value)
        return next((float(d) for d in rows["dearer"][rows["mineral"] == ALL] if known(d)), None)

    def as_in_workbook(self, mineral: str, name: str, size: float = 1.0) -> list[Series]:
        """Return the line of the workbook's own caps, level over all values, if it is planned."""
        levels = _figures(self.given[self.given["mineral"] == mineral], name)
        return [
            Series(AS_IN_WORKBOOK, Role.LIMIT, (float(level) / size,) * len(self.values))
            for level in levels
            if known(level)
        ]

    def picture(self, title: str, series: Sequence[Series], axis: str, **more: Any) -> Picture:
        """Return lines over the values."""
        if self.is_cap:
            base = "" if more.get("small") else f"'s share of coalition {self.basis}"
            across = f"Cap on any one country{base}: loose → tight"
        else:
            unit = "100 % = as given"
            if not self.kind.is_factor:
                unit = "share of the cost at the refiner's gate"
            if self.is_secured:
                unit = "of demand, if any one country is lost: loose → tight"
            if self.is_floor:
                unit = f"{self.currency}/t"
            across = f"{self.title} ({unit})"
        values, look = tuple(self.values), Look.PRICE if self.is_floor else Look.SHARE
        return Picture(
            title, chart.Form.LINES, values, tuple(series), axis, across, scale=look, **more
        )

    def words(self, value: float) -> str:
        """Return a value of the parameter in words: a price or a share."""
        return price_words(value, self.currency) if self.is_floor else percent_of(value)

    def money(self, mineral: str, *names: str) -> tuple[str, list[tuple[float | None, ...]]]:
        """Return amounts of money in the unit that suits the first of them, and that unit."""
        amounts = [self.figures(mineral, name) for name in names]
        size, unit = scale(peak(amounts[0]), self.currency)
        return unit, [numbers(each, size) for each in amounts]

    def paid(self) -> Picture | None:
        """How much dearer the tonnes bought become in all; of another knob all that is paid.

        A part of their cost, not a sum: a sum falls where a tighter cap leaves less to buy.
        """
        if not self.is_cap and not self.is_secured:
            unit, (amounts, net) = self.money(ALL, "cash", "net_cost")
            title = f"{self.title}: what is paid for what is bought, {self.horizon}"
            series = [Series(Measure.CASH_COST, Role.PLAN, amounts)]
            series += [Series(Measure.NET_COST, Role.FREE, net)] if self.is_floor else []
            axis = f"{Measure.CASH_COST} ({unit})"
            paid = self.picture(title, series, axis, look=Look.MILLIONS)
            return paid if peak(amounts) else None
        dearer = self.figures(ALL, "dearer")
        title, axis = "Extra cost of the same tonnes", "Extra cost"
        if self.is_secured:
            title = "How much dearer surviving a loss makes what is still bought"
            axis = f"Above its landed cost {self.kind.before}"
        series = [Series("All minerals", Role.PLAN, dearer), *self.as_in_workbook(ALL, "dearer")]
        series += self.here(peak(dearer))
        return self.picture(f"{title}, {self.horizon}", series, axis) if peak(dearer) else None

    def tonnes_short(self) -> Picture | None:
        """What is short in all: a cost that falls for want of supply is no gain.

        Over security what is missing if a country is lost.
        """
        column, verb = (SecurityCurve.missing, "is missing") if self.is_secured else (
            SHORT, "is short"
        )  # fmt: skip
        amounts = self.figures(ALL, "missing" if self.is_secured else "short")
        title = f"{self.title}: what {verb}, all minerals by weight, {self.horizon}"
        series = [Series(column.header, Role.SHORT, amounts)]
        shown = self.picture(title, series, column.header, look=Look.TONNES)
        return shown if peak(amounts) else None

    def moved(self) -> Picture | None:
        """What is bought outside the coalition, all minerals by weight."""
        amounts, header = self.figures(ALL, "outside"), FloorCurve.outside.header
        title = f"{self.title}: what is bought outside the coalition, {self.horizon}"
        series = [Series(header, Role.PLAN, amounts)]
        return self.picture(title, series, header, look=Look.TONNES) if peak(amounts) else None

    def room(self) -> Picture | None:
        """How far a cap can go down before it costs tonnes, beside the largest share without."""
        # of a mineral that nobody sells there is no share to compare with
        caps = self.caps[self.caps["share"].notna()].drop(index=ALL, errors="ignore")
        return chart.bars(
            f"How tight a cap can be before supply is lost, {self.horizon}",
            caps,
            map(short, map(str, caps.index)),
            {
                "Largest country without caps": (Role.FREE, SmallestCaps.share),
                "Smallest cap that costs no supply": (Role.PLAN, SmallestCaps.smallest),
            },
            f"Share of coalition {self.basis}",
            across=MINERAL.header,
            most=_MOST_SMALL,
        )

    def by_mineral(self, name: str, title: str, axis: str) -> Picture | None:
        """Return a chart of one figure, a line a mineral: the same minerals in the same colours."""
        rise = self.rising()
        values = {mineral: self.figures(mineral, name) for mineral in chart.top(rise, _MOST_LINES)}
        if all(peak(line) < tolerances.SHOWN_SHARE for line in values.values()):
            return None
        some = chart.some_of(len(values), len(rise), "changing most")
        series = [Series(short(m), Role.ONE_OF_MANY, line) for m, line in values.items()]
        return self.picture(f"{title}, {self.horizon}{some}", series, axis)

    def rising(self) -> dict[str, float]:
        """Return how much each mineral rises in cost and shortage, of those that rise at all."""
        rise = dict.fromkeys(self.minerals, 0.0)
        for name in ("dearer", "lost share"):
            peaks = {m: peak(self.figures(m, name)) for m in self.minerals if m != ALL}
            most = max(peaks.values(), default=0.0)
            for mineral, size in peaks.items():
                rise[mineral] += size / most if size >= tolerances.SHOWN_SHARE else 0.0
        return {mineral: size for mineral, size in rise.items() if size > 0}

    def dearest(self) -> list[str]:
        """Return the minerals with a chart of their own: with demand, those that cost most."""
        minerals = self.rows[self.rows["mineral"] != ALL].groupby("mineral", sort=False)
        most = minerals[["demand", "cash"]].max()
        needed = most[most["demand"] > 0]["cash"]
        return chart.top({str(m): float(cash) for m, cash in needed.items()}, _MOST_SMALL)

    def small(self, mineral: str) -> Picture:
        """One mineral: how much dearer, and how much is short, with its smallest cap if known."""
        dearer = f"Dearer than {self.kind.before}, of cost"
        series = [
            Series(dearer, Role.PLAN, self.figures(mineral, "dearer")),
            Series("Short, of demand", Role.SHORT, self.figures(mineral, "short share")),
        ]
        title = short(mineral)
        if mineral in self.caps.index:
            smallest = minimum_share(self.caps["smallest"][mineral])
            title += f": no tonne need be lost down to {smallest}"
        return self.picture(title, series, "", small=True)

    def of_mineral(self, mineral: str) -> tuple[Picture, ...]:
        """Return the charts of one mineral for a report: cost, shortage, the largest country."""
        name = "all minerals" if mineral == ALL else mineral
        unit, (total, cash) = self.money(mineral, "objective", "cash")
        size, _ = scale(peak(self.figures(mineral, "objective")), self.currency)
        paid = [
            Series(f"{Measure.TOTAL_COST}, {self.discounted}", Role.PLAN, total),
            Series(f"{Measure.CASH_COST}, undiscounted", Role.FREE, cash),
            *self.as_in_workbook(mineral, "objective", size),
        ]
        lacking = [
            Series(SHORT.header, Role.SHORT, self.figures(mineral, "short share")),
            *self.as_in_workbook(mineral, "short share"),
        ]
        hints = [str(c or "") for c in self.rows["country"][self.rows["mineral"] == mineral]]
        shares = self.figures(mineral, "share")
        largest = [Series(ByMineral.country.header, Role.PLAN, shares, hints=hints)]
        largest += [Series("Cap", Role.LIMIT, tuple(self.values))] if self.is_cap else []
        return (
            self.picture(f"Cost, {name} ({unit})", paid, unit, look=Look.MILLIONS),
            self.picture(f"Part of demand that is short, {name}", lacking, "Part of demand short"),
            self.picture(f"Largest share of one country, {name}", largest, "Share of one country"),
        )


def _figures(rows: pd.DataFrame, name: str) -> pd.Series[float]:
    if name == "lost share":
        return rows["lost"] / rows["demand"].where(rows["demand"] > 0)
    if name == "short share":
        return 1.0 - rows["served"]
    return rows[name]


def _value_of(cap: str) -> float | None:
    """Return the number that ``percent_of`` says; None of ""."""
    return float(Decimal(cap.removesuffix(" %")) / 100) if cap else None


# ---- the kind ------------------------------------------------------------------------------------

_ASSUMED = "no row in the workbook: each mineral, each country outside the coalition, stocks count"
_BEFORE = f"the same case {parameters.CAP.before}"
OWN_CAP = "The workbook's cap"
"""The row of About that has it, where it is one for every mineral, buyer and year."""
OVER = "Over"
"""The row of About that has what was turned, as typed."""


class Amount(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A number, or a percentage with its sign."""

    name = "amount"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read 0.65, 65% or 1.5."""
        text = str(value).strip()
        try:
            amount = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            amount = math.nan
        if not math.isfinite(amount):
            self.fail(f"{text!r} is not a number such as 0.65 or 65%", param, ctx)
        return amount


class Sweep(StudyKind):
    """Plan a workbook with many caps on what one country may supply, to compare cost and cap.

    Each point sets the cap for all minerals, as --max-country-share of planner solve does, after
    the scenario and what-ifs. The workbook shows cost, shortage and premium at each point, in total
    and by mineral. It also shows the smallest cap that costs no tonne of supply.

    --over changes another number instead: a factor on demand, capacity, cost, freight or mines; a
    tariff; a price floor at the border, in money per tonne of one mineral; or security, the
    demand that may be short if any one country is lost. WHO is a country or a refiner (for demand,
    a member or group).

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
    QUESTION = "What does a tighter cap, or a step of another number, cost?"
    LACKING, RUN = "no point planned", "point"
    PART = "[<KNOB>-]"
    RESULTS = (
        Frontier, TurnedFrontier, SecurityCurve, FloorCurve, SmallestCaps, AsGiven,
        WithoutSecurity, WhoPaysByCap, WhoPaysByValue, WhoPaysByFloor,
    )  # fmt: skip
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
        """Take the points; UsageError for an unknown knob, or points that make no sense."""
        super().__init__(start)
        self.case = parameters.secured(start.case, over)
        self.parameter = parameters.parameter_of(self.case, over)
        asked = zip((first, last, step), self.parameter.span, strict=True)
        self.points = grid(
            self.parameter, *(default if given is None else given for given, default in asked)
        )
        self.task = counted(len(self.points), self.RUN)

    @classmethod
    def part(cls, options: Mapping[str, Any]) -> str:
        """Return the knob, but for the cap: a sweep of another is another workbook."""
        typed = str(options["over"]).strip().replace(":", "-")
        return "" if fold(typed) == parameters.CAP.word else typed

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        """Plan the reference and all points."""
        del say
        self.result = sweep(self.case, self.parameter, self.points, where, tell)
        self.outcomes, self.stopped = self.result.outcomes.every, self.result.outcomes.stopped

    @property
    def tariff_sentence(self) -> str:
        return members.tariffs_at(self.outcomes, len(self.points), self.case.settings.currency)

    @property
    def judged(self) -> Sequence[Outcome[Any]]:
        """The points, without what they are compared with."""
        return self.outcomes[-len(self.points) - bool(self.result.path) :]

    @property
    def progress_label(self) -> str:
        planned = sum(outcome.planned for outcome in self.judged[-len(self.points) :])
        return f"{planned:,} of {counted(len(self.points), self.RUN)} planned"

    @property
    def subject(self) -> str:
        """The knob and the points: ``Cap from 90 % to 30 %, 13 points``."""
        given = (f"{uncapitalized(name)} {v}" for name, v in self.start.options.items())
        return "; ".join([title_of(self.parameter, self.points), *given])

    @property
    def options(self) -> dict[str, str]:
        """The points, the knob as typed, scenario and what-ifs, what premiums are against."""
        against = "the same case without share limits"
        return {
            self.TITLE: title_of(self.parameter, self.points),
            OVER: self.parameter.typed,
            **({AS_IN_WORKBOOK: self.result.path} if self.result.path else self._own_cap),
            **self.start.options,
            **({} if self.case == self.start.case else {SecurityTarget.SHEET: _ASSUMED}),
            **covered(self.case, self.parameter),
            "Premiums are against": against
            if self.parameter.is_cap
            else f"the case {self.parameter.kind.before}",
            **({Frontier.trouble.header: self.trouble} if self.trouble else {}),
        }

    @property
    def _own_cap(self) -> dict[str, str]:
        """The workbook's own cap, where it is one."""
        case = self.start.case
        caps = {row.share.value(y) for row in case.share_limits if row.caps_each_country
                for y in case.years}  # fmt: skip
        is_one = self.parameter.is_cap and len(caps) == 1 and not path_of(case, is_one=True)
        return {OWN_CAP: percent_of(caps.pop())} if is_one else {}

    @property
    def trouble(self) -> str:
        """Why the reference, or the smallest caps, are not known."""
        return self.result.trouble

    def tables(self) -> list[Result]:
        """Return the frontier, and the smallest caps or the case as given."""
        tables = results(self.result, words_of(self.start.case))
        payers = paying(self.result, self.start.case)
        return [*tables, payers] if payers is not None else list(tables)

    def label(self, outcome: Outcome[Any]) -> str:
        return outcome.name.removeprefix(f"{self.parameter.title} ")

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return an object a point, the reference, and the smallest caps."""
        result, table, over = self.result, _table_of(self.parameter), {"over": self.parameter.typed}
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
            "who_pays": tables.records(WhoPaysByCap),
            "smallest_cap": dict(_known_caps(tables).rows(*_CAP)) if SmallestCaps in tables else {},
            "trouble": self.trouble or None,
            **({"not_tested": tables.option(NOT_TESTED) or None} if result.tested else {}),
        }

    def terminal_tables(self, tables: Tables) -> Iterator[Numbers]:
        """Return the points of all minerals together, and the smallest caps."""
        frontier = tables[Frontier]
        kind = type(frontier)
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
        return _SweepCharts(tables).all()

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Say what the whole way costs, what it leaves short, and how far it costs no tonne."""
        charts = _SweepCharts(tables)
        points = with_number(charts.rows[charts.rows["mineral"] == ALL], "objective")
        if points.empty:
            none = KeyFigure("Points", "none", "no point has a proven plan.")
            return Headline("No point has a proven plan.", (none,))
        if not any(map(charts.lacking, charts.values)):
            none = KeyFigure("Minerals that are needed", "none", "no member needs any mineral.")
            return Headline("Nothing is needed, so nothing can be missing.", (none,))
        if charts.is_cap:
            return _of_cap(charts)
        if charts.is_floor:
            return _of_floor(charts)
        return _of_security(charts, tables, points) if charts.is_secured else _of_turned(charts)

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return the frontier of all minerals and of each, and the charts of the workbook."""
        charts, frontier = _SweepCharts(tables), tables[Frontier]
        kind = type(frontier)
        fields = [kind.value, kind.objective, kind.cash]
        fields += [kind.short, kind.served, kind.country, kind.share]
        if issubclass(kind, FloorCurve):
            fields = [kind.value, kind.cash, kind.levies, kind.net_cost, kind.outside]
            fields += [kind.short, kind.served]
        if charts.path:
            fields = [kind.point, *fields]
        views = {
            "All minerals" if mineral == ALL else mineral: (
                (charts.panels() if charts.is_cap and mineral == ALL else ())
                or charts.of_mineral(mineral),
                Numbers(frontier.where([m == mineral for m in frontier.mineral]), tuple(fields)),
            )
            for mineral in charts.minerals
        }
        if not views:
            return ()
        blocks: tuple[Numbers, ...] = ()
        if SmallestCaps in tables:
            caps = tables[SmallestCaps]
            is_more = any(known(share) and share > 1 for share in caps.share)
            note = "Shares are of demand; above 100 %, some is bought for stock." if is_more else ""
            heading = "The smallest caps that cost no tonne of supply"
            blocks = (Numbers(caps, SmallestCaps.FIELDS[:6], heading, note),)
        heading = f"Cost and shortage by {uncapitalized(charts.title)}"
        lead = (
            "Each mark is a plan of its own, proven optimal. Total cost counts shortage at its"
            " price. Cash cost is what is paid; it falls where tonnes are not bought."
        )
        first = Section("frontier", heading, lead, views, MINERAL.header, blocks)
        before = f"the {'same ' if charts.is_cap else ''}case {charts.kind.before}"

        def point(value: Any) -> str:
            if charts.is_floor:
                return charts.words(value)
            return percent(value) if known(value) else AS_IN_WORKBOOK

        return (first, *members.who_pays_section(tables, WhoPaysByCap, charts.title, before, point))


def _of_cap(charts: _SweepCharts) -> Headline:
    """Return what a tighter cap costs and leaves missing: the workbook's own, and the tightest."""
    tight = min(v for v in charts.values if charts.lacking(v))
    points: dict[str, float | None] = {}
    if not charts.given.empty:
        points["With the workbook's caps"] = None
    elif charts.own_cap in charts.values and charts.own_cap != tight:
        points[f"At the workbook's {percent_of(charts.own_cap)}"] = charts.own_cap
    elif tight != max(charts.values):
        loose = max(v for v in charts.values if charts.lacking(v))
        points[f"At {percent_of(loose)}"] = loose
    owner = "the workbook's " if tight == charts.own_cap else ""
    points[f"At {owner}{percent_of(tight)}"] = tight
    sentences, figures = list[str](), list[KeyFigure]()
    if ALL in charts.caps.index:
        down, first = minimum_share(float(charts.caps["smallest"][ALL])), listed(charts.first_short)
        sentences.append(
            f"With a cap of {down} or more, no more is missing than without. With a tighter cap,"
            f" {first} runs short first."
        )
        remark = f"{first} sets it: below it, more is missing than without a cap."
        figures.append(KeyFigure("Tightest cap that costs no supply", down, remark))
    who = "the coalition"
    for name, value in points.items():
        premium, lacking = charts.premium(value), charts.lacking(value)
        shown = "not known" if premium is None else _signed(premium)
        remark = f"for the same tonnes, compared with {_BEFORE}. {missing(lacking)}."
        figures.append(KeyFigure(name, shown, remark))
        costs, who = f"{who} pays {members.premium_words(premium)}", "it"
        sentences.append(f"{name} {costs}, and {hardest(lacking)}.")
    care = [f"{members.same_tonnes(f'with {_BEFORE}')}{_cheaper(charts)}"]
    if charts.path:
        care.append("Each point sets one cap for all years. The workbook's own caps change"
                    f" {charts.path}, so none of these points is the workbook's plan.")  # fmt: skip
    if charts.basis == schema.DEMAND:
        care.append("Caps are shares of demand. Where supply is missing, one country can sell a"
                    " larger share of what is bought.")  # fmt: skip
    return Headline(" ".join(sentences), tuple(figures), tuple(care))


def _cheaper(charts: _SweepCharts) -> str:
    """Return why the same tonnes look cheaper at caps that leave tonnes missing; "" if none do."""
    at = [
        percent_of(value)
        for value in charts.values
        if (charts.premium(value) or 0.0) < -tolerances.SHOWN_SHARE
        and max(charts.lacking(value).values(), default=0.0) > tolerances.MISSING_PART
    ]
    if not at:
        return ""
    return (
        f" At {listed(at, _NAMED)} they look cheaper: each tonne is compared with the average cost"
        " without limits, and the missing tonnes would have been the dearest."
    )


def _signed(premium: float) -> str:
    return f"{'+' if premium > 0 else ''}{share(premium)}"


def _of_floor(charts: _SweepCharts) -> Headline:
    """Return what is paid, in levies and net of them, and what moves, at both ends of a sweep."""
    names = ("cash", "levies", "net_cost", "outside")
    at = {name: dict(zip(charts.values, charts.figures(ALL, name), strict=True)) for name in names}
    low, high = (of(v for v in charts.values if charts.lacking(v)) for of in (min, max))
    figures = list[KeyFigure]()
    for value in dict.fromkeys((low, high)):
        cash, levies, net = (money(at[of][value] or 0.0, charts.currency) for of in names[:3])
        remark = f"{levies} of that is levies; net of tariffs and levies it is {net}."
        figures.append(KeyFigure(f"Paid at {charts.words(value)}", cash, remark))
    before, then = (at["outside"][value] or 0.0 for value in (low, high))
    extra = (at["net_cost"][high] or 0.0) - (at["net_cost"][low] or 0.0)
    more = f"{money(abs(extra), charts.currency)} {'less' if extra < 0 else 'more'}"
    outside = KeyFigure("Bought outside", tonnes(then), f"{tonnes(before)} at the lowest.")
    first, last = map(charts.words, (low, high))
    moved = f", at {first} {tonnes(before)}. Net of levies the higher floor costs it {more}"
    finding = f"At a floor of {last} the coalition buys {tonnes(then)} outside"
    finding += f"{moved if low < high else ''}."
    of = charts.rows.groupby("mineral")[["cash", "outside", "short"]]
    is_level = (of.agg(np.ptp) <= tolerances.TWO_PLANS * of.max()).all(axis=None)
    if low < high and is_level and not any(at["levies"].values()):
        finding = f"Every floor from {first} to {last} costs the same, and no levy is paid."
    care = f"{missing(charts.lacking(high))} at {charts.words(high)}."
    return Headline(finding, (*figures, outside), (care,))


def _of_turned(charts: _SweepCharts) -> Headline:
    """Return what is paid, and missing, at both ends of a sweep of another number."""
    ends = [v for v in charts.values if charts.lacking(v)]
    cash = dict(zip(charts.values, charts.figures(ALL, "cash"), strict=True))
    before, sentences, figures = f"the case {charts.kind.before}", list[str](), list[KeyFigure]()
    for value in dict.fromkeys((ends[0], ends[-1])):
        paid, lacking = money(cash[value] or 0.0, charts.currency), charts.lacking(value)
        figures.append(KeyFigure(f"Paid at {percent_of(value)}", paid, f"{missing(lacking)}."))
        sentences.append(f"at {percent_of(value)} buyers pay {paid}, and {hardest(lacking)}")
    premium = charts.premium(ends[-1])
    if premium is not None:
        name = f"The same tonnes at {percent_of(ends[-1])}"
        remark = f"compared with {before}. {missing(charts.lacking(ends[-1]))}."
        figures.append(KeyFigure(name, _signed(premium), remark))
    finding = f"{charts.title}: {'; '.join(sentences)}."
    return Headline(finding, tuple(figures), (members.same_tonnes(f"with {before}"),))


def _of_security(charts: _SweepCharts, tables: Tables, points: pd.DataFrame) -> Headline:
    """Return what surviving any loss costs, and of which minerals nothing is then missing."""
    first, last = points.iloc[0], points.iloc[-1]
    start, end = percent(first["value"]), percent(last["value"])
    cost = float(last["objective"] - first["objective"])
    ends = f"{charts.title} {from_to(start, end)}"
    before, after = (charts.lacking(point["value"]) for point in (first, last))
    safe, finding = price_of_security(charts.rows, ends, tables)
    figures = (
        safe,
        KeyFigure(
            "Total cost, tightest less loosest",
            f"{'+' if cost > 0 else ''}{money(cost, charts.currency)}",
            f"{ends}; {charts.discounted}, shortage and penalties included.",
        ),
        KeyFigure(
            f"Minerals short at {end}",
            number_short(after),
            f"{shortages(after)}; at {start}: {shortages(before)}.",
        ),
        *members.most_paid(tables, WhoPaysByCap, last["value"], f"at {end}", charts.kind.before),
    )
    return Headline(f"{finding}.", figures)


_CAP = (SmallestCaps.mineral, SmallestCaps.smallest)


def _known_caps(tables: Tables) -> SmallestCaps:
    caps = tables[SmallestCaps]
    return caps.where([mineral != ALL and known(cap) for mineral, cap in caps.rows(*_CAP)])


def _object(rows: pd.DataFrame, kind: type[Frontier], *, trouble: bool = True) -> dict[str, object]:
    """Return the object of one point: all minerals, and each by name; null where no plan is."""
    share, country, error = Frontier.share, Frontier.country, Frontier.trouble.json_key
    figures = figures_of(kind)
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
