"""The sweep: one number of a case turned step by step, and what each step costs.

Over the cap on single countries it is the frontier of cost and shortage: the less one country may
supply, the dearer the plan, until tonnes are lacking.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click
import pandas as pd

from models import answers, measures, schema, tolerances, units
from models.case import Case, fold, in_force
from models.errors import SolverError, UsageError
from models.plan import LEVY, PENALTIES, TARIFF, Plan
from models.results import ByMineral, Field, Look, Result
from models.results import Figure as Measure
from models.results.common import MINERAL, SHORT, words_of
from models.schema import SecurityTarget
from models.schema.column import MOST_TARIFF
from planner.render.chart import Form, Picture, Role, Series, short
from planner.render.table import with_number
from planner.render.words import (
    counted,
    inner,
    known,
    least,
    listed,
    money,
    percent,
    scale,
    share,
    tonnes,
)
from planner.scenarios import drop_share_limits, parameters, set_max_country_share
from planner.scenarios.parameters import percent as percent_of
from planner.scenarios.parameters import price_words
from planner.sheets.findings import number_short, shortages
from planner.sheets.missing import hardest, missing, worst_first
from planner.sheets.survival import NOT_TESTED, needed_of, years_words
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
from planner.studies.members import most_paid, tariffs_at, who_pays_section
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
    sign = 1 if end > start else -1
    return (*(float(start + sign * i * by) for i in range(steps)), last)


# ---- what is read of a plan ----------------------------------------------------------------------


Row = dict[str, Any]
"""What a plan says of one mineral, or of all of them (``ALL``), by the names of OF_POINT."""
Rows = Mapping[str, Row]
"""The rows of a plan by mineral, all of them first; empty where there is no plan."""


def read(plan: Plan) -> tuple[Row, ...]:
    """Return the rows of a plan, all minerals first.

    Tonnes in t over all years; ``objective`` discounted, ``purchases`` and ``cash`` not [money].
    ``share`` is the largest of one country in any year, ``country`` whose (None, "": nobody sells).
    Beside OF_POINT ``saved`` is what a point more of the cap saves by its duals [money].
    """
    costs, losses = plan.mineral_costs, plan.security.assign(kept=plan.security["missing"] <= 0)
    amounts = {
        "objective": measures.sums(costs, "discounted", "mineral"),
        "purchases": measures.sums(plan.flows, "total", "mineral"),
        "cash": measures.sums(costs[~costs["heading"].isin(PENALTIES)], "money", "mineral"),
        "tariffs": measures.sums(costs[costs["heading"] == TARIFF.name], "money", "mineral"),
        "levies": measures.sums(costs[costs["heading"] == LEVY.name], "money", "mineral"),
        "outside": measures.sums(plan.flows[_is_outside(plan)], "tonnes", "mineral"),
        "demand": measures.sums(plan.supply, "demand", "mineral"),
        "tonnes": measures.sums(plan.supply, "purchased", "mineral"),
        "short": measures.sums(plan.supply, "short", "mineral"),
        "saved": {mineral: worth * measures.POINT for mineral, worth in plan.worth_of_caps.items()},
        "missing": measures.sums(losses, "missing", "mineral"),
    }
    survived = losses.groupby("mineral")["kept"].mean()
    tops = measures.largest_country_shares(plan.countries, plan.case.settings.share_basis)
    each = []
    for name in plan.expanded.minerals:
        own: Row = {amount: by.get(name, 0.0) for amount, by in amounts.items()}
        own |= {"mineral": name, "kept": float(survived.get(name, 1.0)), "share": None}
        if name in tops:
            country = plan.case.country_name(tops[name].country)
            own |= {"share": tops[name].share, "country": country}
        each.append(own)
    selling = [of for of in each if of["share"] is not None]
    top: Row = max(selling, key=lambda of: float(of["share"]), default={"share": None})
    whole: Row = {
        "mineral": ALL,
        "share": top["share"],
        "country": top.get("country", ""),
        "objective": plan.objective,
        "purchases": plan.purchases,
        "cash": plan.cash,
        **{name: sum(amounts[name].values()) for name in ("saved", "missing", "outside", *_DUTIES)},
        "demand": plan.case.total_demand,
        "tonnes": plan.tonnes,
        "short": plan.shortage,
        "kept": float(losses["kept"].mean()) if len(losses) else 1.0,
    }
    return tuple(
        {"country": "", **of, "served": measures.served_share(of["demand"], of["short"])}
        | {"net_cost": measures.net_cost(of["cash"], sum(of[name] for name in _DUTIES))}
        for of in (whole, *each)
    )


def _is_outside(plan: Plan) -> pd.Series[bool]:
    """Return which flows come from outside the coalition."""
    inside = (
        c for c in plan.flows["country"].unique() if schema.COALITION in plan.case.blocs_of(c)
    )
    return ~plan.flows["country"].isin([*inside])


# ---- runs ----------------------------------------------------------------------------------------


_BOUGHT = {
    "year": "int64", "mineral": "object", "member": "object", "purchased": "float64",
    "landed": "float64", "short_cost": "float64",
}  # fmt: skip
"""What of ``Plan.supply`` says who pays."""


def _bought(plan: Plan) -> tuple[tuple[Any, ...], ...]:
    rows = plan.supply[list(_BOUGHT)].itertuples(index=False, name=None)
    # None, not NaN: what is the same is then equal
    return tuple(tuple(None if v != v else v for v in row) for row in rows)  # noqa: PLR0124


@dataclass(frozen=True)
class SweepPoint:
    """One plan of a sweep: its rows, all minerals first, then each.

    ``smallest`` are the smallest caps that cost no tonne of supply, known of the case without caps
    alone; ``trouble`` says why they are not known. ``bought`` are rows of ``supply``.
    """

    rows: tuple[Row, ...] = ()
    smallest: tuple[tuple[str, float], ...] = ()
    trouble: str = ""
    bought: tuple[tuple[Any, ...], ...] = ()

    @property
    def supply(self) -> pd.DataFrame:
        """What each member buys by mineral and year, as ``Plan.supply`` has it."""
        return pd.DataFrame(list(self.bought), columns=list(_BOUGHT)).astype(_BOUGHT)

    @property
    def by_mineral(self) -> Rows:
        return {of["mineral"]: of for of in self.rows}


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
    is_given = parameter.is_cap and bool(path_of(base))
    own = len(points) + is_given
    compared, own_points = outcomes.every[:-own], outcomes.every[-own:]
    given, turned = own_points[:is_given], own_points[is_given:]
    first, uncapped = compared[0].found or SweepPoint(), compared[-1].found or SweepPoint()
    rows = _frontier(points, turned, first, by_duals=parameter.is_cap)
    smallest = _smallest_caps(rows, _reference(uncapped), dict(uncapped.smallest))
    trouble = [f"what to compare with is not known: {of.error}" for of in compared if of.error]
    return SweepResult(
        parameter,
        tuple(points),
        rows,
        _reference(first),
        smallest if parameter.is_cap else pd.DataFrame(),
        outcomes,
        "; ".join(filter(None, (*trouble, uncapped.trouble))),
        path_of(base) if given else "",
        _frontier([math.nan] * len(given), given, first, by_duals=True),
        years_words(tested_by(base, parameter), needed_of(base)),
    )


def _reference(of: SweepPoint) -> pd.DataFrame:
    return _frame([_row(None, row, None, None, None) for row in of.rows])


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
    free, made = first.by_mineral, [outcome.found or SweepPoint() for outcome in outcomes]
    of_all = _like_for_like(made, first)
    for value, outcome, point, like in zip(points, outcomes, made, of_all, strict=True):
        now = point.by_mineral
        if not now:
            rows.append({"value": value, "mineral": ALL, "trouble": outcome.error})
        for name, of in now.items():
            slope = of["saved"] if by_duals else _difference(value, of, before)
            rows.append(_row(value, of, free.get(name), slope, like.get(name)))
        before = (value, now) if now else None
    return _frame(rows)


def _frame(rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=[f.name for f in OF_POINT])
    words = [f.name for f in OF_POINT if f.look.is_text]
    table[words] = table[words].astype(object).fillna("")
    return table.astype({f.name: float for f in OF_POINT if not f.look.is_text})


def _row(
    value: float | None,
    of: Row,
    free: Row | None,
    slope: float | None,
    like: tuple[float, float] | None,
) -> Row:
    """Return a row; ``like`` is what ``_like_for_like`` says. Without a reference those are blank.

    Differences that are rounding are 0.
    """
    row = {**of, "value": value, "slope": slope}
    demand, tonnes = of["demand"], of["tonnes"]
    if free is not None:
        row["lost"] = measures.beyond(of["short"], free["short"], max(demand, free["demand"]))
        row["premium"] = measures.premium(of["cash"], free["cash"], tonnes)
        costs = of["objective"], free["objective"]
        row["with_shortage"] = measures.premium_with_shortage(*costs, demand)
    if like is not None and tonnes > 0:
        extra, same = like
        row |= {"like_for_like": extra / tonnes, "dearer": measures.part(extra, same)}
    return row


def _like_for_like(
    points: Sequence[SweepPoint], free: SweepPoint
) -> list[dict[str, tuple[float, float]]]:
    """Return by mineral what its tonnes cost more than the same tonnes in the reference, and that.

    A mineral that is not bought there has none. All minerals together are the sums.
    """
    tables = [p.supply.assign(point=at) for at, p in enumerate([*points, free])]
    found = measures.constant_basket(pd.concat(tables, ignore_index=True), free.supply, "point")
    baskets = [found.get(at, {}) for at in range(len(points))]
    return [of and {**of, ALL: measures.together(of)} for of in baskets]


def _difference(value: float, of: Row, before: tuple[float, Rows] | None) -> float | None:
    """Return what one point more saves between this point and the one before."""
    other = None if before is None else before[1].get(of["mineral"])
    if before is None or other is None:
        return None
    saved = measures.beyond(other["objective"], of["objective"], of["objective"])
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


def results(of: SweepResult, words: Mapping[str, str]) -> tuple[Result, Result]:
    """Return the tables of a sweep: the frontier, and the smallest caps or the case as given."""
    rows = of.rows
    if of.path:
        rows = pd.concat([of.given.assign(point=AS_IN_WORKBOOK), rows.assign(point=FLAT)])
    rows = pd.concat([own for _, own in rows.groupby("mineral", sort=False)])
    if not rows["levies"].any() and not of.parameter.kind.is_price:
        rows = rows.drop(columns="levies")
    if of.parameter.is_cap:
        made = _made(Frontier, rows, words), _made(SmallestCaps, of.smallest, words)
    else:
        rows = rows.assign(knob=of.parameter.title)
        beside = WithoutSecurity if of.parameter.kind == parameters.SECURITY else AsGiven
        if of.parameter.kind != parameters.SECURITY:
            point = measures.POINT if of.parameter.kind.is_price else 1.0
            rows = rows.assign(slope=0.0 - rows["slope"] / point)  # not -0.0
        else:
            rows = with_tested(rows, of.tested)
        made = _made(_table_of(of.parameter), rows, words), _made(beside, of.reference, words)
    return (made[0] if any(rows["trouble"]) else made[0].without(Frontier.trouble)), made[1]


def _table_of(parameter: parameters.Parameter) -> type[Frontier]:
    """Return the table of a sweep's points."""
    if parameter.is_cap:
        return Frontier
    of = {parameters.SECURITY: SecurityCurve, parameters.FLOOR: FloorCurve}
    return of.get(parameter.kind, TurnedFrontier)


def paying(of: SweepResult, case: Case) -> WhoPaysByCap | None:
    """Return a row a point and member; None where nothing is known of any, or of the reference."""
    reference, *every = (outcome.found or SweepPoint() for outcome in of.outcomes)
    values = [*([None] if of.path else []), *of.points]  # the workbook's own caps are no one value
    points = every[-len(values) :]
    known_of = [(v, point.supply) for v, point in zip(values, points, strict=True) if point.rows]
    if not reference.rows or not known_of:
        return None
    turned = WhoPaysByFloor if of.parameter.kind.is_price else WhoPaysByValue
    made = WhoPaysByCap if of.parameter.is_cap else turned
    table = made.of_cases(case, reference.supply, known_of)
    if not of.path:
        return table.without(made.point)
    points_of = [FLAT if known(value) else AS_IN_WORKBOOK for value in table.case]
    return made(words=table.words, **{**table.data, "point": points_of})


def _made(of: type[Result], table: pd.DataFrame, words: Mapping[str, str]) -> Result:
    columns: dict[str, Any] = {f.name: table[f.name] for f in of.FIELDS if f.name in table}
    return of(words=words, **columns)


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

    Over a cap the tight end stands on the right, and cost and shortage are what the cap adds. Of
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
        self.own = _value_of(tables.option(OWN_CAP))
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
        of_short = ("short share", "Demand that goes short", "Share of coalition demand")
        of_losses = ("kept", "Losses of a country that are survived", SecurityCurve.kept.header)
        other = self.by_mineral(*(of_losses if self.is_secured else of_short))
        first = [self.paid(), self.tonnes_short(), dearer, other]
        if self.is_floor:
            first = [self.paid(), self.moved(), self.tonnes_short()]
        if self.is_cap:
            first = [*self.panels(), self.room(), dearer]
        made = [*first, *(self.small(name) for name in self.dearest())]
        return tuple(p for p in made if p is not None)

    def panels(self) -> tuple[Picture, ...]:
        """What a cap costs, and below it what is then missing: two panels over one scale."""
        cost, missing_parts = self.paid(), self.missing()
        if cost and missing_parts:  # the scale is below both
            cost = replace(cost, across="")
        return tuple(replace(p, is_panel=True) for p in (cost, missing_parts) if p)

    def missing(self) -> Picture | None:
        """What part of each mineral's need is missing: of those that are hit hardest."""
        parts = {m: self.at(m, "short share") for m in self.minerals if m != ALL}
        ranked = [m for m in sorted(parts, key=lambda m: -_peak(parts[m])) if _peak(parts[m])]
        shown = [m for m in parts if m in ranked[:_MOST_LINES]]
        if not shown:
            return None
        series = [Series(short(m), Role.ONE_OF_MANY, parts[m]) for m in shown]
        given = self.lacking(None)
        worst = next((m for m in worst_first(given) if m in shown), "")
        if worst:  # of the others it would be a line each
            level = (given[worst],) * len(self.values)
            series += [Series(f"{AS_IN_WORKBOOK}: {short(worst)}", Role.LIMIT, level)]
        series += self.here(_peak(parts[ranked[0]]))
        some = (
            f" (the {len(shown)} hit hardest of {len(ranked)})" if len(shown) < len(ranked) else ""
        )
        title = f"Missing part of each mineral's need, {self.horizon}{some}"
        return self.picture(title, series, "Share of need")

    def here(self, high: float) -> list[Series]:
        """Return a stroke at the workbook's own cap, where it is one of the points."""
        if self.own not in self.values or not high:
            return []
        values = [high if value == self.own else None for value in self.values]
        return [Series(f"The workbook's cap, {percent_of(self.own)}", Role.HERE, values)]

    def at(self, mineral: str, name: str) -> tuple[float | None, ...]:
        """Return a mineral's figures, nothing seen as 0; None where there is no plan."""
        own = self.rows[self.rows["mineral"] == mineral]
        nothing = 0.0 if name in _AMOUNTS else tolerances.SHOWN_SHARE
        found = {
            float(value): None if pd.isna(y) else float(y) if abs(y) >= nothing else 0.0
            for value, y in zip(own["value"], _figures(own, name), strict=True)
        }
        return tuple(found.get(value) for value in self.values)

    def lacking(self, value: float | None) -> dict[str, float]:
        """Return what part of each mineral's need is short at a point, None: the workbook's."""
        rows = self._minerals_at(value)
        parts = zip(rows["mineral"], rows["demand"], rows["served"], strict=True)
        return {m: 1.0 - served for m, demand, served in parts if demand > 0}

    def shortages(self, value: float | None) -> str:
        return shortages(self.lacking(value))

    def _minerals_at(self, value: float | None) -> pd.DataFrame:
        """Return the rows of minerals at a point, None: the workbook's."""
        rows = self.given if value is None else self.rows[self.rows["value"] == value]
        return rows[rows["mineral"] != ALL]

    @property
    def first_short(self) -> list[str]:
        """The minerals that decide the smallest cap of all: below it they run short first."""
        caps = self.caps.drop(index=ALL)["smallest"].sort_values(ascending=False, kind="stable")
        return [str(m) for m, cap in caps.items() if cap >= caps.iloc[0] - tolerances.SHOWN_SHARE]

    def premium(self, value: float | None) -> float | None:
        """Return how much dearer the same tonnes are at a point, None: the workbook's own caps."""
        rows = self.given if value is None else self.rows[self.rows["value"] == value]
        found = [float(d) for d in rows["dearer"][rows["mineral"] == ALL] if known(d)]
        return found[0] if found else None

    def as_in_workbook(self, mineral: str, name: str, size: float = 1.0) -> list[Series]:
        """Return the line of the workbook's own caps, level over all values, if it is planned."""
        own = self.given[self.given["mineral"] == mineral]
        levels = [] if own.empty else [float(y) for y in _figures(own, name) if known(y)]
        values = [(level / size,) * len(self.values) for level in levels]
        return [Series(AS_IN_WORKBOOK, Role.LIMIT, line) for line in values]

    def picture(self, title: str, series: Sequence[Series], axis: str, **more: Any) -> Picture:
        """Return lines over the values."""
        if self.is_cap:
            of = "" if more.get("small") else f"'s share of coalition {self.basis}"
            across = f"Cap on any one country{of}: loose → tight"
        else:
            of = "100 % = as given"
            if not self.kind.is_factor:
                of = "share of the cost at the refiner's gate"
            if self.is_secured:
                of = "of demand, if any one country is lost: loose → tight"
            across = f"{self.title} ({f'{self.currency}/t' if self.is_floor else of})"
        values, look = tuple(self.values), Look.PRICE if self.is_floor else Look.SHARE
        return Picture(title, Form.LINES, values, tuple(series), axis, across, scale=look, **more)

    def words(self, value: float) -> str:
        return price_words(value, self.currency) if self.is_floor else percent_of(value)

    def money(self, mineral: str, *names: str) -> tuple[str, list[tuple[float | None, ...]]]:
        """Return amounts of money in the unit that suits the first of them, and that unit."""
        amounts = [self.at(mineral, name) for name in names]
        size, unit = scale(_peak(amounts[0]), self.currency)
        return unit, [tuple(None if v is None else v / size for v in each) for each in amounts]

    def paid(self) -> Picture | None:
        """How much dearer the tonnes bought become in all; of another knob all that is paid.

        A part of their cost, not a sum: a sum falls where a tighter cap leaves less to buy.
        """
        if self.is_cap or self.is_secured:
            line, what = self.at(ALL, "dearer"), "the cap" if self.is_cap else "surviving a loss"
            title = f"How much dearer {what} makes what is still bought, {self.horizon}"
            title = f"Extra cost of the same tonnes, {self.horizon}" if self.is_cap else title
            series = [Series("All minerals", Role.PLAN, line), *self.as_in_workbook(ALL, "dearer")]
            series += self.here(_peak(line))
            axis = "Extra cost" if self.is_cap else f"Above its landed cost {self.kind.before}"
            return self.picture(title, series, axis) if _peak(line) else None
        unit, (amounts, net) = self.money(ALL, "cash", "net_cost")
        title = f"{self.title}: what is paid for what is bought, {self.horizon}"
        series, axis = [Series(Measure.CASH_COST, Role.PLAN, amounts)], Measure.CASH_COST
        series += [Series(Measure.NET_COST, Role.FREE, net)] if self.is_floor else []
        kept = self.picture(title, series, f"{axis} ({unit})", look=Look.MILLIONS)
        return kept if _peak(amounts) else None

    def tonnes_short(self) -> Picture | None:
        """What is short in all: a cost that falls for want of supply is no gain.

        Over security what lacks if a country is lost.
        """
        of, what = (SecurityCurve.missing, "lacks") if self.is_secured else (SHORT, "is short")
        amounts = self.at(ALL, "missing" if self.is_secured else "short")
        title = f"{self.title}: what {what}, all minerals by weight, {self.horizon}"
        series = [Series(of.header, Role.SHORT, amounts)]
        return self.picture(title, series, of.header, look=Look.TONNES) if _peak(amounts) else None

    def moved(self) -> Picture | None:
        """What is bought outside the coalition, all minerals by weight."""
        amounts, header = self.at(ALL, "outside"), FloorCurve.outside.header
        title = f"{self.title}: what is bought outside the coalition, {self.horizon}"
        series = [Series(header, Role.PLAN, amounts)]
        return self.picture(title, series, header, look=Look.TONNES) if _peak(amounts) else None

    def room(self) -> Picture | None:
        """How far a cap can go down before it costs tonnes, beside the largest share without."""
        caps = self.caps[self.caps["share"].notna()].drop(index=ALL, errors="ignore")
        caps = caps.head(_MOST_SMALL)
        if caps.empty:  # of a mineral that nobody sells there is no share to compare with
            return None
        free, least = (tuple(map(float, caps[name])) for name in ("share", "smallest"))
        return Picture(
            f"How tight a cap can be before supply is lost, {self.horizon}",
            Form.GROUPED,
            tuple(short(str(mineral)) for mineral in caps.index),
            (
                Series("Largest country without caps", Role.FREE, free),
                Series("Smallest cap that need cost no tonne", Role.PLAN, least),
            ),
            f"Share of coalition {self.basis}",
            MINERAL.header,
        )

    def by_mineral(self, name: str, title: str, axis: str) -> Picture | None:
        """Return a chart of one figure, a line a mineral: the same minerals in the same colours."""
        kept, rising = self.rising()
        lines = {mineral: self.at(mineral, name) for mineral in kept}
        if all(_peak(line) < tolerances.SHOWN_SHARE for line in lines.values()):
            return None
        some = "" if len(kept) == rising else f" (the {len(kept)} of {rising} that change most)"
        series = [Series(short(m), Role.ONE_OF_MANY, line) for m, line in lines.items()]
        return self.picture(f"{title}, {self.horizon}{some}", series, axis)

    def rising(self) -> tuple[list[str], int]:
        """Return the minerals that rise highest in cost or shortage, and how many rise at all."""
        rise: dict[str, float] = {}
        for name in ("dearer", "lost share"):
            of = {m: _peak(self.at(m, name)) for m in self.minerals if m != ALL}
            most = max(of.values(), default=0.0)
            for mineral, peak in of.items():
                if peak >= tolerances.SHOWN_SHARE:
                    rise[mineral] = rise.get(mineral, 0.0) + peak / most
        highest = sorted(rise, key=lambda m: -rise[m])[:_MOST_LINES]
        return [m for m in self.minerals if m in highest], len(rise)

    def dearest(self) -> list[str]:
        """Return the minerals with a chart of their own: with demand, those that cost most."""
        each = self.rows[self.rows["mineral"] != ALL].groupby("mineral", sort=False)
        most = each[["demand", "cash"]].max()
        most = most[most["demand"] > 0]
        kept = most["cash"].sort_values(ascending=False, kind="stable").index[:_MOST_SMALL]
        return [str(mineral) for mineral in most.index if mineral in kept]

    def small(self, mineral: str) -> Picture:
        """One mineral: how much dearer, and how much is short, with its smallest cap if known."""
        dearer = f"Dearer than {self.kind.before}, of cost"
        series = [
            Series(dearer, Role.PLAN, self.at(mineral, "dearer")),
            Series("Short, of demand", Role.SHORT, self.at(mineral, "short share")),
        ]
        title = short(mineral)
        if mineral in self.caps.index:
            title += f": no tonne need be lost down to {least(self.caps['smallest'][mineral])}"
        return self.picture(title, series, "", small=True)

    def of_mineral(self, mineral: str) -> tuple[Picture, ...]:
        """Return the charts of one mineral for a report: cost, shortage, the largest country."""
        name = "all minerals" if mineral == ALL else mineral
        unit, (total, cash) = self.money(mineral, "objective", "cash")
        size, _ = scale(_peak(self.at(mineral, "objective")), self.currency)
        paid = [
            Series(f"{Measure.TOTAL_COST}, {self.discounted}", Role.PLAN, total),
            Series(f"{Measure.CASH_COST}, undiscounted", Role.FREE, cash),
            *self.as_in_workbook(mineral, "objective", size),
        ]
        lacking = [
            Series(SHORT.header, Role.SHORT, self.at(mineral, "short share")),
            *self.as_in_workbook(mineral, "short share"),
        ]
        hints = [str(c or "") for c in self.rows["country"][self.rows["mineral"] == mineral]]
        held = [Series(ByMineral.country.header, Role.PLAN, self.at(mineral, "share"), hints=hints)]
        held += [Series("Cap", Role.LIMIT, tuple(self.values))] if self.is_cap else []
        return (
            self.picture(f"Cost, {name} ({unit})", paid, unit, look=Look.MILLIONS),
            self.picture(f"Part of demand that is short, {name}", lacking, "Part of demand short"),
            self.picture(f"Largest share of one country, {name}", held, "Share of one country"),
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


def _peak(values: Sequence[float | None]) -> float:
    return max((abs(v) for v in values if v is not None), default=0.0)


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
    tariff; a price floor at the border, in money per tonne of one mineral; or security, the demand
    that may be short after any country's loss. WHO is a country or a refiner (for demand, a member
    or group).

    \b
    planner sweep case.xlsx
    planner sweep case.xlsx --from 80% --to 40% --step 2.5%
    planner sweep case.xlsx --over capacity:CHN:cobalt --from 1 --to 0 --step 0.1
    planner sweep case.xlsx --over tariff:China --to 0.5
    planner sweep case.xlsx --over floor:cobalt --from 30000 --to 40000 --step 1000
    planner sweep case.xlsx --over security --from 1 --to 0 --step 0.1

    A point without a proven plan is listed with its reason; all others are written. The exit code
    is then 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "sweep", "Sweep", "frontier"
    QUESTION = "What does a tighter cap, or a step of another number, cost?"
    LACKING = "no point planned"
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
        span = zip((first, last, step), self.parameter.span, strict=True)
        self.points = grid(
            self.parameter, *(own if given is None else given for given, own in span)
        )
        self.task = counted(len(self.points), "point")

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
    def tariffs(self) -> str:
        return tariffs_at(self.outcomes, len(self.points), self.case.settings.currency)

    @property
    def judged(self) -> Sequence[Outcome[Any]]:
        """The points, without what they are compared with."""
        return self.outcomes[-len(self.points) - bool(self.result.path) :]

    @property
    def known(self) -> str:
        planned = sum(outcome.planned for outcome in self.judged[-len(self.points) :])
        return f"{planned:,} of {len(self.points):,} points planned"

    @property
    def what(self) -> str:
        """The knob and the points: ``Cap from 90 % to 30 %, 13 points``."""
        given = (f"{inner(name)} {v}" for name, v in self.start.options.items())
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
        made = results(self.result, words_of(self.start.case))
        who = paying(self.result, self.start.case)
        return [*made, who] if who is not None else list(made)

    def label(self, outcome: Outcome[Any]) -> str:
        return outcome.name.removeprefix(f"{self.parameter.title} ")

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return an object a point, the reference, and the smallest caps."""
        of, is_cap, over = self.result, self.parameter.is_cap, {"over": self.parameter.typed}
        table = _table_of(self.parameter)
        own_caps = {"as_in_workbook": {"caps": of.path, **_object(of.given, table)}}
        return {
            **(own_caps if of.path else {}),
            **over,
            "scenario": self.start.case.scenario,
            "rows": [
                {**({} if is_cap else over), table.value.json_key: value, **_object(own, table)}
                for value, own in of.rows.groupby("value", sort=False)
            ],
            "reference": _object(of.reference, table, trouble=False),
            "who_pays": tables.records(WhoPaysByCap),
            "smallest_cap": dict(_known_caps(tables).rows(*_CAP)) if SmallestCaps in tables else {},
            "trouble": self.trouble or None,
            **({"not_tested": tables.option(NOT_TESTED) or None} if of.tested else {}),
        }

    def screen(self, tables: Tables) -> tuple[Numbers, ...]:
        """Return the points of all minerals together, and the smallest caps."""
        frontier = tables[Frontier]
        of = type(frontier)
        whole = frontier.where([mineral == ALL for mineral in frontier.mineral])
        named = (of.point,) if self.result.path else ()
        fields = (of.value, of.cash, of.dearer, of.short, of.lost, of.served, of.slope)
        if of is SecurityCurve:
            fields = (of.value, of.cash, of.dearer, of.short, of.missing, of.kept, of.slope)
        if of is FloorCurve:
            fields = (of.value, of.cash, of.levies, of.net_cost, of.outside, of.short, of.slope)
        found = [Numbers(whole, (*named, *fields))]
        if SmallestCaps in tables:
            caps = _known_caps(tables)
            found.append(Numbers(caps, _CAP, "Smallest caps that need cost no tonne"))
        return tuple(found)

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        return _SweepCharts(tables).all()

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Say what the whole way costs, what it leaves short, and how far it costs no tonne."""
        charts = _SweepCharts(tables)
        of = charts.rows[charts.rows["mineral"] == ALL]
        of = with_number(of, "objective")
        if of.empty:
            none = KeyFigure("Points", "none", "no point has a proven plan.")
            return Headline("No point has a proven plan.", (none,))
        if not any(map(charts.lacking, charts.values)):
            none = KeyFigure("Minerals that are needed", "none", "no member has demand.")
            return Headline("Nothing is needed, so nothing can be missing.", (none,))
        if charts.is_cap:
            return _of_cap(charts)
        if charts.is_floor:
            return _of_floor(charts)
        if not charts.is_secured:
            return _of_turned(charts)
        first, last = of.iloc[0], of.iloc[-1]
        start, end = percent(first["value"]), percent(last["value"])
        cost = float(last["objective"] - first["objective"])
        more = f"{'+' if cost > 0 else ''}{money(cost, charts.currency)}"
        ends = f"{charts.title} from {start} to {end}"
        lacks, before = charts.shortages(last["value"]), charts.shortages(first["value"])
        remark = f"{ends}; {charts.discounted}, shortage and penalties included."
        number = number_short(charts.lacking(last["value"]))
        figures = [
            KeyFigure("Total cost, tightest against loosest", more, remark),
            KeyFigure(f"Minerals short at {end}", number, f"{lacks}; at {start}: {before}."),
        ]
        told, finding = price_of_security(charts.rows, ends, tables)
        figures.insert(0, told)
        named = f"at {end}", charts.kind.before
        figures += most_paid(tables, WhoPaysByCap, last["value"], *named)
        return Headline(f"{finding}.", tuple(figures))

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return the frontier of all minerals and of each, and the charts of the workbook."""
        charts, frontier = _SweepCharts(tables), tables[Frontier]
        of = type(frontier)
        named = (of.point,) if charts.path else ()
        fields = (of.value, of.objective, of.cash, of.short, of.served, of.country, of.share)
        if of is FloorCurve:
            fields = (of.value, of.cash, of.levies, of.net_cost, of.outside, of.short, of.served)
        fields = (*named, *fields)
        views = {
            "All minerals" if mineral == ALL else mineral: (
                (charts.panels() if charts.is_cap and mineral == ALL else ())
                or charts.of_mineral(mineral),
                Numbers(frontier.where([m == mineral for m in frontier.mineral]), fields),
            )
            for mineral in charts.minerals
        }
        if not views:
            return ()
        blocks: tuple[Numbers, ...] = ()
        if SmallestCaps in tables:
            caps = tables[SmallestCaps]
            is_more = any(known(s) and s > 1 for s in caps.share)
            note = "Shares are of demand: beyond 100 % is bought for stock." if is_more else ""
            heading = "The smallest caps that cost no tonne of supply"
            blocks = (Numbers(caps, SmallestCaps.FIELDS[:6], heading, note),)
        knob = inner(charts.title)
        heading = f"Cost and shortage by {knob}"
        lead = (
            "Each mark is a plan of its own, proven optimal. Total cost counts shortage at its"
            " price; cash cost is what is paid, and falls where tonnes are not bought."
        )
        first = Section("frontier", heading, lead, views, MINERAL.header, blocks)
        before = f"the case {charts.kind.before}"
        before = f"the same case {charts.kind.before}" if charts.is_cap else before

        def point(value: Any) -> str:
            if charts.is_floor:
                return charts.words(value)
            return percent(value) if known(value) else AS_IN_WORKBOOK

        return (first, *who_pays_section(tables, WhoPaysByCap, charts.title, before, point))


_SAME_TONNES = (
    "Costs compare the same tonnes {before}: what is missing is not paid for, so the cash that is"
    " paid may fall."
)


def _of_cap(charts: _SweepCharts) -> Headline:
    """Return what a tighter cap costs and leaves missing: the workbook's own, and the tightest."""
    tight = min(v for v in charts.values if charts.lacking(v))
    points: dict[str, float | None] = {}
    if not charts.given.empty:
        points["With the workbook's caps"] = None
    elif charts.own in charts.values and charts.own != tight:
        points[f"At the workbook's {percent_of(charts.own)}"] = charts.own
    elif tight != max(charts.values):
        loose = max(v for v in charts.values if charts.lacking(v))
        points[f"At {percent_of(loose)}"] = loose
    own = "the workbook's " if tight == charts.own else ""
    points[f"At {own}{percent_of(tight)}"] = tight
    said, figures = list[str](), list[KeyFigure]()
    if ALL in charts.caps.index:
        down, decide = least(float(charts.caps["smallest"][ALL])), listed(charts.first_short)
        said.append(
            f"A cap of {down} or more costs no supply; below it, {decide} is missing first."
        )
        remark = f"Set by {decide}: below it, more is missing than without a cap."
        figures.append(KeyFigure("Tightest cap that costs no supply", down, remark))
    costs = list[str]()
    for name, value in points.items():
        premium, lacking = charts.premium(value), charts.lacking(value)
        shown = "not known" if premium is None else f"{'+' if premium > 0 else ''}{share(premium)}"
        remark = f"For the same tonnes, against {_BEFORE}. {missing(lacking)}."
        figures.append(KeyFigure(name, shown, remark))
        dear = "an unknown cost" if premium is None else (
            f"{share(abs(premium))} {'less' if premium < 0 else 'more'} for the same tonnes"
        )  # fmt: skip
        who = "it" if costs else "the coalition"
        when = inner(name) if costs else name
        costs.append(f"{when} {who} pays {dear}, and {hardest(lacking)}")
    care = [_SAME_TONNES.format(before=f"with {_BEFORE}")]
    if charts.path:
        care.append(f"Each point is one cap for all years; the workbook's own go {charts.path}.")
    if charts.basis == schema.DEMAND:
        care.append("Caps are of demand: where supply is missing, one country sells more than that"
                    " of what is bought.")  # fmt: skip
    return Headline(" ".join([*said, f"{'; '.join(costs)}."]), tuple(figures), tuple(care))


def _of_floor(charts: _SweepCharts) -> Headline:
    """Return what is paid, in levies and net of them, and what moves, at both ends of a sweep."""
    names = ("cash", "levies", "net_cost", "outside")
    at = {name: dict(zip(charts.values, charts.at(ALL, name), strict=True)) for name in names}
    known_points = [v for v in charts.values if charts.lacking(v)]
    low, high = min(known_points), max(known_points)
    figures = list[KeyFigure]()
    for value in dict.fromkeys((low, high)):
        cash, levies, net = (money(at[of][value] or 0.0, charts.currency) for of in names[:3])
        remark = f"{levies} of it is levies; net of tariffs and levies it is {net}."
        figures.append(KeyFigure(f"Paid at {charts.words(value)}", cash, remark))
    before, then = (at["outside"][value] or 0.0 for value in (low, high))
    extra = (at["net_cost"][high] or 0.0) - (at["net_cost"][low] or 0.0)
    more = f"{money(abs(extra), charts.currency)} {'less' if extra < 0 else 'more'}"
    figures.append(KeyFigure("Bought outside", tonnes(then), f"{tonnes(before)} at the lowest."))
    finding = (
        f"At a floor of {charts.words(high)} {tonnes(then)} is bought outside the coalition, at"
        f" {charts.words(low)} {tonnes(before)}. Net of levies the higher floor costs {more}."
    )
    care = (f"{missing(charts.lacking(high))} at {charts.words(high)}.",)
    return Headline(finding, tuple(figures), care)


def _of_turned(charts: _SweepCharts) -> Headline:
    """Return what is paid, and missing, at both ends of a sweep of another number."""
    ends = [v for v in charts.values if charts.lacking(v)]
    cash = dict(zip(charts.values, charts.at(ALL, "cash"), strict=True))
    said, figures = list[str](), list[KeyFigure]()
    for value in dict.fromkeys((ends[0], ends[-1])):
        paid, lacking = money(cash[value] or 0.0, charts.currency), charts.lacking(value)
        figures.append(KeyFigure(f"Paid at {percent_of(value)}", paid, f"{missing(lacking)}."))
        said.append(f"at {percent_of(value)} {paid} is paid and {hardest(lacking)}")
    premium = charts.premium(ends[-1])
    if premium is not None:
        name = f"The same tonnes at {percent_of(ends[-1])}"
        shown = f"{'+' if premium > 0 else ''}{share(premium)}"
        lacks = missing(charts.lacking(ends[-1]))
        figures.append(KeyFigure(name, shown, f"Against the case {charts.kind.before}. {lacks}."))
    finding = f"{charts.title}: {'; '.join(said)}."
    before = f"with the case {charts.kind.before}"
    return Headline(finding, tuple(figures), (_SAME_TONNES.format(before=before),))


_CAP = (SmallestCaps.mineral, SmallestCaps.smallest)


def _known_caps(tables: Tables) -> SmallestCaps:
    caps = tables[SmallestCaps]
    return caps.where([mineral != ALL and known(cap) for mineral, cap in caps.rows(*_CAP)])


def _object(rows: pd.DataFrame, of: type[Frontier], *, trouble: bool = True) -> dict[str, object]:
    """Return the object of one point: all minerals, and each by name; null where no plan is."""
    share, country, error = Frontier.share, Frontier.country, Frontier.trouble.json_key
    figures = figures_of(of)
    by_name = {str(row["mineral"]): row for row in rows.to_dict("records")}
    numbers = {m: {f.json_key: row.get(f.name, 0.0) for f in figures} for m, row in by_name.items()}
    whole = numbers.pop(ALL, dict[str, object].fromkeys(f.json_key for f in figures))
    shares = {m: by_name[m][share.name] for m in numbers}
    return {
        **whole,
        share.json_key: shares,
        "by_mineral": {
            m: {
                **own,
                share.json_key: shares[m],
                country.json_key: by_name[m][country.name] or None,
            }
            for m, own in numbers.items()
        },
        **({error: next(filter(None, rows["trouble"]), None)} if trouble else {}),
    }
