"""The smallest change of the workbook that ends a shortage, found by a linear program.

Relaxing the limit that binds may not be enough, since another limit may bind next. Here all
relaxable parameters (``models.program.component.Relaxation``) are columns of one linear program. It
changes few of them, by as little as possible. The changed workbook is then planned: the size of the
change, and the members whose shortage it ends, are read only from such plans.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from models import resolve, tolerances
from models.answers.search import ChangeSearch, dual_of_no_shortage
from models.case import Case
from models.errors import InputError, SolverError
from models.plan import block_solver, solving
from models.plan.plan import Plan
from models.program import build_program, component, families, market
from models.program.families import projects, security, shortage
from models.schema import RECYCLED, ByYear, Mineral, Refiner

MEMBER, MINERAL_YEAR, MINERAL = "member", "mineral and year", "mineral"
"""The shortages that must end before the member's can: its own, the year's, or all years'."""
Fixed = Callable[[component.CellAddress], bool]
Limits = dict[tuple[component.Rows, Any], float]
_ROUNDS = 6
"""The most searches for the shortage that remains after planning with the changes so far."""
_ENOUGH = 0.5
"""The search is repeated if at most this fraction of the shortage remains."""
_DIGITS = 4
"""Significant digits to which an amount is rounded up."""
_FINE = 0.01
"""Relative tolerance of the smallest change: reduced by this fraction it is not enough."""
_POINTS = 1000
"""A share is rounded up to a tenth of a point."""
_RELAXATIONS = sorted(
    (f.relaxation for f in families.FAMILIES if f.relaxation), key=lambda r: r.rank
)

# ---- changes of cells of the workbook ----------------------------------------------------------


@dataclass(frozen=True)
class CellChange:
    """A change of one cell, for ``years`` of the horizon.

    ``field`` is the name of the record's field. ``was`` is the old value, ``least`` the value that
    the program needs, and ``to`` that value rounded up. ``unit`` is "share", "t/yr", "money m" or
    "open" (0 is no, 1 is yes). ``words`` name the cell.
    """

    place: component.CellAddress
    field: str
    words: str
    unit: str
    was: float
    least: float
    to: float
    years: tuple[int, ...]


def rounded_up(value: float, unit: str) -> float:
    """Return a value rounded up: shares to 0.1 points, others to four significant digits."""
    if unit == component.OPEN:
        return 1.0
    if unit == component.SHARE:
        return min(1.0, math.ceil(value * _POINTS - 1e-6) / _POINTS)
    if value <= 0:
        return 0.0
    grain = 10.0 ** (math.floor(math.log10(value)) - _DIGITS + 1)
    return float(f"{math.ceil(value / grain - 1e-6) * grain:.{_DIGITS}g}")


def applied(case: Case, changes: Iterable[CellChange]) -> Case:
    for change in changes:
        name = Case.SHEET_FIELDS[change.place.sheet]
        row, records = change.place.row, getattr(case, name)
        changed = tuple(
            _changed_record(each, change) if each.row == row else each for each in records
        )
        case = case.change(**{name: changed})
    return case


def _changed_record(record: Any, change: CellChange) -> Any:
    before, step = getattr(record, change.field), change.place.step
    value: Any = change.to > 0 if change.unit == component.OPEN else change.to
    if isinstance(before, ByYear):
        steps = tuple((y, change.to if y == step else v) for y, v in before.steps)
        value = ByYear(change.to if step is None else before.base, steps)
    return dataclasses.replace(record, **{change.field: value})


# ---- changes that end a shortage -----------------------------------------------------------------


@dataclass(frozen=True)
class NewRefiner:
    """A refiner to add to the workbook: its ``country`` and capacity [t/yr]."""

    country: str
    capacity: float


@dataclass(frozen=True)
class ChangeOutcome:
    """The plan with a change, compared with the plan without it, for a mineral and year.

    ``after`` [t] is the shortage of the member asked about. ``served`` are the members that are no
    longer short; ``still`` has the others, with their tonnes. ``scope`` says whose shortage
    ends. ``elsewhere`` [t] is the additional shortage of other members, minerals and years.
    """

    after: float
    served: tuple[str, ...]
    still: tuple[tuple[str, float], ...]
    scope: str
    elsewhere: float


@dataclass(frozen=True)
class LeastChange:
    """The smallest change that ends a shortage.

    ``changes`` is empty if no change ends it; ``left`` [t] is then the shortage that no change
    removes. ``outcome`` is the result of the plan with the changes. ``is_dear``: supply exists, but
    costs more than a shortage, so the only change is of the shortage cost. ``newcomer`` is a new
    refiner that helps if nothing else does. ``is_unknown``: a search had no proven optimum, and no
    other search found a change.
    """

    changes: tuple[CellChange, ...] = ()
    left: float = 0.0
    outcome: ChangeOutcome | None = None
    is_dear: bool = False
    newcomer: NewRefiner | None = None
    is_unknown: bool = False

    @property
    def scope(self) -> str:
        """Whose shortage ends: the member's, all members' of that year, or all in all years."""
        return MEMBER if self.outcome is None else self.outcome.scope


def least_change(
    plan: Plan, mineral: str, member: str, year: int, is_fixed: Fixed | None = None
) -> LeastChange | None:
    """Return the smallest change that ends a shortage; None where there is no shortage.

    ``is_fixed`` returns whether a cell's value comes from a scenario or the like, not from the
    workbook. Such a cell is changed only if changes of the others are not enough.

    A change is measured relative to the cell's present value (1: doubled), or to the member's
    demand if that value is 0 or the change opens a lane. Nothing else gets worse: no other shortage
    grows, reserves and obligations stay as in ``plan``, and other minerals' plants are built as in
    it. Minerals that are made from one another change together, so the cell may belong to an
    earlier stage. The answer is tested: the changed case is planned, with smaller changes until the
    member is short again. A search without a proven optimum is skipped, and the answer says so if
    it matters.
    """
    where = (mineral, member, year)
    if not _is_short(plan, where):
        return None
    left: list[float] = []
    is_unknown = False
    for fixed in (is_fixed, None) if is_fixed else (None,):
        before: frozenset[component.Where] = frozenset()
        for scope in (MEMBER, MINERAL_YEAR, MINERAL):
            served = _served(plan, where, scope)
            if served != before:
                try:
                    answer, least = _relaxed(plan, where, scope, fixed)
                except SolverError:
                    is_unknown, answer, least = True, None, None
                if answer is not None:
                    return answer
                if fixed is None and least is not None:
                    left.append(least)
            before = served
    change = _dearer(plan, mineral, year)
    tried = None if change is None else plan_or_none(applied(plan.case, (change,)))
    if change is not None and tried is not None and not _is_short(tried, where):
        return LeastChange((change,), outcome=_outcome(plan, tried, where), is_dear=True)
    if is_unknown and not left:
        return LeastChange(is_unknown=True)
    newcomer = _newcomer(plan, where)
    return LeastChange(left=left[0] if left else 0.0, is_dear=not left, newcomer=newcomer)


def relaxable_words() -> tuple[str, ...]:
    """Return the kinds of parameters that may be changed, in words, such as ``lanes``.

    They are in the order in which the program's kinds of rows are declared.
    """
    rows = (c for c in component.components() if isinstance(c, component.Rows))
    return tuple(dict.fromkeys(r.relaxable for r in rows if r.relaxable))


def plan_or_none(case: Case) -> Plan | None:
    """Return the plan of a changed case, not compared with Pyomo; None where it has no plan."""
    try:
        solving.require_valid(case)
        solver = block_solver.BlockSolver(resolve.Expanded(case), is_compared=False)
        results = solver.solve_all()
    except (InputError, SolverError):
        return None
    return Plan(case, results, solver.expanded, solver.program)


def _is_short(plan: Plan, where: component.Where) -> bool:
    return plan.value(shortage.SHORTAGE, where) > plan.tolerance(where[0], where[2])


def _served(plan: Plan, where: component.Where, scope: str) -> frozenset[component.Where]:
    """Return the shortages in a scope: the member's, all members' in the year, or in all years."""
    others = (k for k in plan.amounts(shortage.SHORTAGE) if k[0] == where[0] and _is_short(plan, k))
    if scope == MEMBER:
        return frozenset({where})
    return frozenset({where} | {key for key in others if scope == MINERAL or key[2] == where[2]})


def _outcome(plan: Plan, after_plan: Plan, where: component.Where) -> ChangeOutcome:
    mineral, _, year = where
    before, after = _short(plan, mineral), _short(after_plan, mineral)
    there = {member: tonnes for (_, member, when), tonnes in after.items() if when == year}
    was = [member for _, member, when in before if when == year]
    scope = MEMBER
    if not there and len(was) > 1:
        scope = MINERAL_YEAR
    if not after and any(when != year for _, _, when in before):
        scope = MINERAL
    every = after_plan.amounts(shortage.SHORTAGE).items()
    more = {key: tonnes - plan.value(shortage.SHORTAGE, key) for key, tonnes in every}
    new_shortage = sum(t for key, t in more.items() if t > plan.tolerance(key[0], key[2]))
    served = tuple(member for member in was if member not in there)
    still = tuple(sorted(there.items(), key=lambda each: (-each[1], each[0])))
    left = after_plan.value(shortage.SHORTAGE, where)
    return ChangeOutcome(left, served, still, scope, float(new_shortage))


def _short(plan: Plan, mineral: str) -> dict[component.Where, float]:
    every = plan.amounts(shortage.SHORTAGE).items()
    return {key: t for key, t in every if key[0] == mineral and _is_short(plan, key)}


def _smallest_changes(
    plan: Plan, where: component.Where, changes: tuple[CellChange, ...]
) -> tuple[CellChange, ...]:
    """Return the changes that the member needs, all reduced by the same fraction.

    Ending everyone's shortage may take more than ending this member's. Each attempt is planned,
    with the minerals that are planned together with this one.
    """
    position = plan.expanded.mineral_at[where[0]]
    blocks = [{m for m, _ in block} for block in plan.program.blocks]
    tied = set[int]().union(*(minerals for minerals in blocks if position in minerals))
    case = plan.case.of_minerals(plan.expanded.minerals[m] for m in tied)

    def ends_shortage(changes: Iterable[CellChange], part: float = 1.0) -> bool:
        """Return whether a member's shortage ends if a fraction ``part`` of each change is made."""
        parts = (_less(change, part) for change in changes)
        exact = (
            c if c.unit == component.OPEN else dataclasses.replace(c, to=c.least) for c in parts
        )
        tried = plan_or_none(applied(case, exact))
        return tried is not None and not _is_short(tried, where)

    for change in changes:
        fewer = tuple(each for each in changes if each is not change)
        if fewer and ends_shortage(fewer):
            changes = fewer
    if all(change.unit == component.OPEN for change in changes):
        return changes
    if not ends_shortage(changes, 1.0 - _FINE):
        return changes
    low, high = 0.0, 1.0 - _FINE
    while high - low > _FINE * high:
        part = (low + high) / 2.0
        if ends_shortage(changes, part):
            high = part
        else:
            low = part
    return tuple(_less(change, high) for change in changes)


def _relaxed(
    plan: Plan, where: component.Where, scope: str, fixed: Fixed | None
) -> tuple[LeastChange | None, float | None]:
    """Return the change that ends the shortages of a scope, or None and the rest that remains [t].

    Other members or minerals may use what a change makes available, above all capital. So the
    search is repeated for the remaining shortage, as long as that is at most half of it.
    """
    changed: dict[tuple[str, component.CellAddress], CellChange] = {}
    current = plan
    for _ in range(_ROUNDS):
        alone = current.case.of_minerals(resolve.chain_of(current.case, where[0]))
        cells = component.RelaxableCells(alone, where[2], plan.case.demand_of[where])
        wide, right = cells.case, Limits()
        for relaxation in _RELAXATIONS:
            relaxation.collect(cells)
            wide = relaxation.with_all_options(wide)
            right |= {(rows, key): most for rows, key, most in relaxation.right(cells.e)}
        parameters = [cell for cell in cells.usable() if fixed is None or not fixed(cell.place)]
        e = resolve.Expanded(wide)
        bounds = _changed_bounds(current, e, right, _served(current, where, scope))
        search = ChangeSearch(e, tuple(parameters), bounds)
        least = search.least_left()
        if least > plan.tolerance(where[0], where[2]):
            return None, least
        changes = [_cell_change(parameters[i], u) for i, u in search.smallest_change(least).items()]
        after = plan_or_none(applied(current.case, changes)) if changes else None
        if after is None:
            return None, None
        for change in changes:
            first = changed.get((change.field, change.place), change)
            changed[change.field, change.place] = dataclasses.replace(
                change, was=first.was, words=first.words
            )
        if not _is_short(after, where):
            smallest = _smallest_changes(plan, where, (*changed.values(),))
            tried = plan_or_none(applied(plan.case, smallest))
            if tried is None or _is_short(tried, where):
                smallest, tried = (*changed.values(),), after
            return LeastChange(smallest, outcome=_outcome(plan, tried, where)), None
        before, left = (p.value(shortage.SHORTAGE, where) for p in (current, after))
        if left > _ENOUGH * before:
            return None, None
        current = after
    return None, None


def _less(change: CellChange, part: float) -> CellChange:
    """Return a change reduced to a fraction; the opening of a lane is not reduced."""
    if change.unit == component.OPEN:
        return change
    least = change.was + part * (change.least - change.was)
    to = max(rounded_up(least, change.unit), change.was)
    return dataclasses.replace(change, least=least, to=to)


def _cell_change(cell: component.InputCell, units: float) -> CellChange:
    """Return the change of a cell by ``units`` of its step, rounded up to what people type."""
    least = cell.was + units * cell.size if cell.unit != component.OPEN else 1.0
    to = max(rounded_up(least, cell.unit), cell.was)
    years = tuple(sorted(cell.years))
    return CellChange(cell.place, cell.field, cell.what, cell.unit, cell.was, least, to, years)


# ---- limits that keep the rest as good as in the plan --------------------------------------------


def _changed_bounds(
    plan: Plan, wide: resolve.Expanded, right: Limits, served: frozenset[component.Where]
) -> component.Bounds:
    """Return the bounds of a search: no shortage above the plan's, and none in ``served``.

    ``right`` has the limits of the present case, which the wider case has lost. No other penalty is
    larger than in the plan, no new purchase costs more than a shortage, and other minerals' plants
    take the same part of each budget.
    """
    cells = itertools.product(wide.minerals, wide.years)
    needs = {cell: resolve.whole_need(plan.case, *cell) for cell in cells}
    slack = {cell: tolerances.CHANGE_SLACK * need for cell, need in needs.items()}
    every = itertools.product(wide.minerals, wide.members, wide.years)
    short = {key: plan.value(shortage.SHORTAGE, key) + slack[key[::2]] for key in every}
    short |= {key: slack[key[::2]] for key in served}
    declared = (c for c in component.components() if isinstance(c, component.Columns))
    priced = {c for c in declared if c.headings and all(h.is_penalty for h in c.headings)}
    penalties = priced - {shortage.SHORTAGE, shortage.OF_TIER, shortage.UNFAIR}
    most = {
        (columns, key): plan.value(columns, key)
        + slack[columns.part(key, component.MINERAL), columns.part(key, component.YEAR)]
        for group in build_program(wide).variables
        for columns in penalties
        if group.component is columns
        for key in group.keys(np.arange(len(group)))
        # a country that sells nothing in the plan may start to sell
        if columns is not security.MISSING or plan.column_at(columns, key) >= 0
    }
    return component.Bounds(
        {**right, **_budget_parts(plan, wide.minerals)}, most | _dear(plan, wide), short, served
    )


def _dear(plan: Plan, wide: resolve.Expanded) -> dict[tuple[component.Columns, Any], float]:
    """Return the deliveries that cost more than a shortage and that the plan does not use."""
    d, flows = wide.deliveries, plan.flows
    cost = np.array([[_shortage_cost(plan.case, m, y) for y in wide.years] for m in wide.minerals])
    columns = (flows[name] for name in ("refiner", "project", "mineral", "member", "year"))
    used = set(zip(*columns, strict=True))
    unused: dict[tuple[component.Columns, Any], float] = {}
    for i in np.flatnonzero(d.landed > cost[d.mineral, d.year]).tolist():
        s, member, year = wide.sources[d.source[i]], wide.members[d.member[i]], d.year[i]
        to, contract = (s.mineral, member, wide.years[year]), int(d.contract[i])
        if (s.name, s.project, *to) in used:
            continue
        if contract == resolve.SPOT:
            unused[market.SPOT_FLOW, (s.name, s.project, *to)] = 0.0
        else:
            unused[market.CONTRACT_FLOW, (contract, s.name, *to)] = 0.0
    return unused


def _shortage_cost(case: Case, mineral: str, year: int) -> float:
    """Return the least cost of a tonne short [money/t], in the cheapest tier if there are any."""
    every = (tiers.items() for key, tiers in case.tiers_of.items() if key[::2] == (mineral, year))
    tiers = {tier for of_member in every for tier, tonnes in of_member if tonnes > 0}
    costs = [case.tier_cost(mineral, tier, year) for tier in tiers]
    return min(costs, default=case.shortage_cost(mineral, year))


def _budget_parts(plan: Plan, minerals: tuple[str, ...]) -> Limits:
    """Return the part of each budget that other minerals' plants leave [money m].

    If budgets are carried over, it is the addition of each year.
    """
    others = (p for p in plan.case.projects if p.mineral not in minerals)
    left = projects.remaining_budgets(plan, others)
    if plan.case.settings.carry_over_budget:
        before = [0.0, *left.values()]
        left = {year: most - b for (year, most), b in zip(left.items(), before, strict=False)}
    return {(projects.BUDGET, year): capex for year, capex in left.items()}


# ---- if no change of a limit is enough -----------------------------------------------------------


def _dearer(plan: Plan, mineral: str, year: int) -> CellChange | None:
    """Return the shortage cost at which a year's shortage is no longer the cheaper choice.

    It adds the dual of a zero shortage in that year (``dual_of_no_shortage``). None where demand
    has tiers, or where nothing is proven.
    """
    case = plan.case
    if any(key[0] == mineral and key[2] == year for key in case.tiers_of):
        return None
    dual = dual_of_no_shortage(plan, mineral, year)
    if dual is None:
        return None
    record = case.mineral_of[mineral]
    stated, was = record.shortage_cost, case.shortage_cost(mineral, year)

    def step_of(y: int) -> int | None:
        """Return the year of the column in force in year ``y`` (2030, not a position).

        None: it is the column without a year, or the cells are blank.
        """
        return None if stated.at(y) is None else component.step_in_force(stated, y)

    least = was + dual / case.discount(year)
    years = tuple(y for y in case.years if stated.at(y) is None or step_of(y) == step_of(year))
    header = Mineral.column_of("shortage_cost").header
    place = component.CellAddress(Mineral.SHEET, record.row, header, step_of(year))
    words = f"the shortage cost of {mineral}"
    to = rounded_up(least * (1.0 + 1e-9), "money/t")
    return CellChange(place, "shortage_cost", words, "money/t", was, least, to, years)


def _newcomer(plan: Plan, where: component.Where) -> NewRefiner | None:
    """Return a new refiner that ends the shortage in a plan; None if none does.

    It needs no ore, sells at the mineral's price in that year alone, and makes the shortage of all
    members in that year, since they share it.
    """
    case, (mineral, member, year) = plan.case, where
    countries = [case.member_of[member].country, *(m.country for m in case.members)]
    country = next((code for code in countries if code), "")
    if not country:
        return None
    short = sum(plan.value(shortage.SHORTAGE, key) for key in _served(plan, where, MINERAL_YEAR))
    capacity = rounded_up(short, "t/yr")
    refiner = Refiner(
        name=" or ".join(["new", *(r.name for r in case.refiners)]), mineral=mineral,
        country=country, capacity=ByYear(capacity), kind=RECYCLED, first_year=year, last_year=year,
        cost=ByYear(case.mineral_of[mineral].price.value(year)),
    )  # fmt: skip
    after = plan_or_none(case.change(refiners=(*case.refiners, refiner)))
    served = after is not None and not _is_short(after, where)
    return NewRefiner(case.country_name(country), capacity) if served else None
