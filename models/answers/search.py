"""The cells that change, and the program of the smallest change, solved and certified."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from models import solve as solver
from models.case import Case
from models.errors import SolverError
from models.plan.plan import Plan
from models.program import TONNES, Scaling, program_of, scaling, units_of
from models.program.compile import compile_model
from models.program.component import (
    OPEN,
    SHARE,
    YEAR,
    Bounds,
    Columns,
    Lever,
    Place,
    Rows,
    Where,
    step_in_force,
)
from models.program.families.diversification import EXCESS
from models.program.families.projects import BUDGET, BUILT
from models.program.families.shortage import SHORTAGE
from models.program.families.stockpiles import SHORTFALL
from models.program.market import CONTRACT_FLOW, SPOT_FLOW
from models.program.sourcing import build_least_change
from models.resolve import SPOT, Expanded, Floats, budget_year
from models.schema import ByYear, Mineral
from models.solve import MOST_GAP, MOST_VIOLATION, Solution, certify, certify_blocks
from models.solve import Rows as Arrays

# ---- changes of cells of the workbook ----------------------------------------------------------


_DIGITS = 4
"""Figures that an amount is rounded up to."""
_POINTS = 1000
"""A share is rounded up to a tenth of a point."""


@dataclass(frozen=True)
class Change:
    """One cell from one value to another; ``years`` are those of the horizon that it holds for.

    ``field`` is the record's; ``least`` is the value that the program asks for, ``to`` the same
    rounded up. ``unit`` is "share", "t/yr", "money m" or "open" (0 is no, 1 is yes). ``what`` says
    in words what the cell is.
    """

    place: Place
    field: str
    what: str
    unit: str
    was: float
    least: float
    to: float
    years: tuple[int, ...]


def rounded_up(value: float, unit: str) -> float:
    """Return a value rounded up to what one would type: a tenth of a point, four figures."""
    if unit == OPEN:
        return 1.0
    if unit == SHARE:
        return min(1.0, math.ceil(value * _POINTS - 1e-6) / _POINTS)
    if value <= 0:
        return 0.0
    grain = 10.0 ** (math.floor(math.log10(value)) - _DIGITS + 1)
    return float(f"{math.ceil(value / grain - 1e-6) * grain:.{_DIGITS}g}")


def applied(case: Case, changes: Iterable[Change]) -> Case:
    """Return the case of a workbook in which the cells say what they are changed to."""
    for change in changes:
        name = Case.SHEET_FIELDS[change.place.sheet]
        records = tuple(
            _with(record, change) if record.row == change.place.row else record
            for record in getattr(case, name)
        )
        case = case.change(**{name: records})
    return case


def _with(record: Any, change: Change) -> Any:
    before = getattr(record, change.field)
    value: Any = change.to > 0 if change.unit == OPEN else change.to
    if isinstance(before, ByYear):
        step = change.place.step
        value = (
            ByYear(change.to, before.steps)
            if step is None
            else ByYear(
                before.base,
                tuple((y, change.to if y == step else v) for y, v in before.steps),
            )
        )
    return dataclasses.replace(record, **{change.field: value})


# ---- the program of the smallest change --------------------------------------------------------


_SLACK = 1e-9
"""What may be left over what is least, or exceed the plan's, as a part of demand: rounding."""
_USED = 1e-9
"""A change of fewer units than this is rounding."""
SPARE = 0.1
"""A change is left out where fewer do it that need not grow by more than this part in all."""


class Search:
    """One program of the least change: ``levers`` and what they may not make worse."""

    def __init__(self, wide: Expanded, levers: tuple[Lever, ...], bounds: Bounds) -> None:
        """Build the model of all cells of the case."""
        of = program_of(wide)
        cells = [cell for cells in of.blocks for cell in cells]
        frame = build_least_change(wide, cells, levers, bounds)
        self.rows = compile_model(frame.model)
        self.other = frozenset(frame.units)
        self.units = (
            units_of(self.rows.column_keys, len(self.rows.cost), frame.units),
            units_of(self.rows.row_keys, len(self.rows.row_lower), frame.units),
        )
        self.need = float(np.max(of.need, initial=1.0))
        self.tolerance_scale = wide.case.tolerance_scale
        at = {keys.name: keys.stretch for keys in self.rows.column_keys}
        self.change, self.left = at["change"], at["left"].start
        self.kept: Any = None

    def least_left(self) -> float:
        """Return the tonnes that no change removes."""
        cost = np.zeros(len(self.rows.cost))
        cost[self.left] = 1.0
        return max(0.0, float(self._solved(dataclasses.replace(self.rows, cost=cost))[self.left]))

    def smallest(self, left: float) -> dict[int, float]:
        """Return the units of each lever that is used, with so many tonnes left over [t].

        A lever is not used where fewer do without it and need hardly grow.
        """
        upper = self.rows.upper.copy()
        upper[self.left] = left + _SLACK * self.need
        rows = dataclasses.replace(self.rows, upper=upper)
        units = self._solved(rows)[self.change]
        total = float(units.sum())
        for i in np.argsort(units, kind="stable").tolist():
            if units[i] <= _USED:
                continue
            without = upper.copy()
            without[self.change.start + i] = 0.0
            try:
                found = self._solved(dataclasses.replace(rows, upper=without))[self.change]
            except SolverError:
                continue  # it is needed
            fewer = np.count_nonzero(found > _USED) < np.count_nonzero(units > _USED)
            if fewer and float(found.sum()) <= (1.0 + SPARE) * total:
                upper, units = without, found
                rows = dataclasses.replace(rows, upper=upper)
        return {i: float(u) for i, u in enumerate(units.tolist()) if u > _USED}

    def _solved(self, rows: Arrays) -> Floats:
        """Return the proven values of the columns; SolverError where there are none."""
        found = first_proven(
            rows,
            lambda raised: scaling(
                rows, need=self.need, column_unit=self.units[0], row_unit=self.units[1],
                raised=raised,
            ),
            lambda found: certify(rows, found, self.tolerance_scale, self.other).passed,
        )  # fmt: skip
        if found is not None:
            return found.x
        msg = "no proven smallest change"
        raise SolverError(msg)


def first_proven(
    rows: Arrays, scaling: Callable[[bool], Scaling], is_proven: Callable[[Solution], bool]
) -> Solution | None:
    """Return the first attempt's solution that is proven; None where none is.

    ``scaling`` tells how the program is scaled, with small numbers raised or not.
    """
    for attempt in solver.ATTEMPTS:
        scale = scaling(attempt.raised)
        try:
            found = scale.unscaled(solver.solve(scale.scaled(rows), attempt))
        except SolverError:
            continue
        if is_proven(found):
            return found
    return None


# ---- what may not be worse than in the plan ----------------------------------------------------


def bounds(
    plan: Plan, wide: Expanded, right: dict[tuple[Rows, Any], float], served: Iterable[Where]
) -> Bounds:
    """Return the bounds of a search: no more short than in the plan, nothing short in ``served``.

    Reserves lack no more, and obligations are broken by no more, than in the plan; nothing is newly
    bought for more than a shortage costs; other minerals' plants take of each budget what they do.
    """
    mineral, case = wide.minerals[0], plan.case
    slack = {year: _SLACK * case.coalition_demand(mineral, year) for year in wide.years}
    short = {
        (mineral, member, year): plan.value(SHORTAGE, (mineral, member, year)) + slack[year]
        for member in wide.members
        for year in wide.years
    }
    asked = frozenset(served)
    short |= {key: slack[key[2]] for key in asked}
    most = {
        (of, key): plan.value(of, key) + slack[of.part(key, YEAR)]
        for of in (EXCESS, SHORTFALL)
        for key in _keys(wide, of)
    }
    return Bounds({**right, **_budgets(plan, mineral)}, most | _dear(plan, wide), short, asked)


def _keys(wide: Expanded, of: Columns) -> list[Any]:
    return [
        key
        for group in program_of(wide).variables
        if group.component is of
        for key in group.keys(np.arange(len(group)))
    ]


def _dear(plan: Plan, wide: Expanded) -> dict[tuple[Columns, Any], float]:
    """Return the deliveries that cost more than a shortage and that the plan does without."""
    d, mineral = wide.deliveries, wide.minerals[0]
    cost = np.array([_shortage_cost(plan, mineral, year) for year in wide.years])
    flows = plan.flows[plan.flows["mineral"] == mineral]
    used = set(zip(flows["refiner"], flows["project"], flows["member"], flows["year"], strict=True))
    found: dict[tuple[Columns, Any], float] = {}
    for i in np.flatnonzero(d.landed > cost[d.year]).tolist():
        s, member, year = wide.sources[d.source[i]], wide.members[d.member[i]], d.year[i]
        if (s.name, s.project, member, wide.years[year]) in used:
            continue
        if d.contract[i] == SPOT:
            found[SPOT_FLOW, (s.name, s.project, mineral, member, wide.years[year])] = 0.0
        else:
            key = (int(d.contract[i]), s.name, mineral, member, wide.years[year])
            found[CONTRACT_FLOW, key] = 0.0
    return found


def _shortage_cost(plan: Plan, mineral: str, year: int) -> float:
    """Return what a tonne short costs at least: in the cheapest tier, where demand has tiers."""
    case = plan.case
    tiers = {
        tier for key, of in case.tiers_of.items() if (key[0], key[2]) == (mineral, year)
        for tier, tonnes in of.items() if tonnes > 0
    }  # fmt: skip
    return min(
        (case.tier_cost(mineral, tier, year) for tier in tiers),
        default=case.shortage_cost(mineral, year),
    )


def _budgets(plan: Plan, mineral: str) -> dict[tuple[Rows, Any], float]:
    """Return what the plants of other minerals leave of each budget [money m]."""
    case = plan.case
    others = {p.name: p for p in case.projects if p.mineral != mineral and p.built_in is None}
    left = {row.year: row.capex for row in case.budget}
    for (name, start), part in plan.amounts(BUILT).items():
        if name in others:
            year = budget_year(others[name], start, case.years)
            if year in left:
                left[year] -= part * others[name].capex
    return {(BUDGET, year): max(0.0, capex) for year, capex in left.items()}


# ---- where supply costs more than a shortage ---------------------------------------------------


def dearer(plan: Plan, mineral: str, year: int) -> Change | None:
    """Return the shortage cost from which a year's shortage is not the cheaper choice.

    The plan is made again with nothing short there; what the last tonne then costs is the dual of
    that. None where demand has tiers, or nothing proves it.
    """
    case = plan.case
    if any(key[0] == mineral and key[2] == year for key in case.tiers_of):
        return None
    dual = _worth(plan, mineral, year)
    if dual is None:
        return None
    record = case.mineral_of[mineral]
    was = case.shortage_cost(mineral, year)
    least = was + dual / case.discount(year)
    step = None if record.shortage_cost.at(year) is None else step_in_force(
        record.shortage_cost, year
    )  # fmt: skip
    header = Mineral.column_of("shortage_cost").header
    years = tuple(
        y
        for y in case.years
        if record.shortage_cost.at(y) is None
        or step_in_force(record.shortage_cost, y) == step
    )  # fmt: skip
    place = Place(Mineral.SHEET, record.row, header, step)
    what = f"what a tonne of {mineral} short costs"
    to = rounded_up(least * (1.0 + 1e-9), "money/t")
    return Change(place, "shortage_cost", what, "money/t", was, least, to, years)


def _worth(plan: Plan, mineral: str, year: int) -> float | None:
    """Return how much more the last tonne costs than a tonne short [money of the first year]."""
    program = plan.program
    asked = [
        int(at)
        for group in program.variables
        if group.component is SHORTAGE
        for at, key in zip(group.at, group.keys(np.arange(len(group))), strict=True)
        if (key[0], key[2]) == (mineral, year)
    ]
    block = int(np.searchsorted(program.column_starts, asked[0], side="right")) - 1
    at, inside = program.columns_of(block), program.rows_of(block)
    rows = program.block(block)
    own = np.array(asked) - at.start
    upper = rows.upper.copy()
    upper[own] = 0.0
    rows = dataclasses.replace(rows, upper=upper)
    units = program.column_unit[at], program.row_unit[inside]

    def scaled(raised: bool) -> Scaling:
        return scaling(
            rows, need=float(program.need[block]), column_unit=units[0], row_unit=units[1],
            row_size=program.row_size[inside], raised=raised,
        )  # fmt: skip

    def is_proven(found: Solution) -> bool:
        proof = certify_blocks(
            rows, found.x, found.duals, program.measure(plan.case.tolerance_scale)[[block]],
            tonnes=(units[0] == TONNES, units[1] == TONNES),
            starts=(np.array([0, len(rows.cost)]), np.array([0, len(rows.row_lower)])),
        )  # fmt: skip
        return bool(proof.within(MOST_VIOLATION, MOST_GAP)[0])

    found = first_proven(rows, scaled, is_proven)
    if found is None:
        return None
    reduced = rows.cost - rows.priced(found.duals)
    return max(0.0, float(-reduced[own].min()))
