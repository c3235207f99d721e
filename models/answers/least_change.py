"""The smallest change of the workbook that removes a shortage, found by the program itself.

A rule of thumb would name the limit that binds; behind it may stand another. Here share limits,
capacities, lanes, the part of a capacity that is open, mines and budgets are all columns of one
linear program, which moves as few of them as little as it can; then the workbook so changed is
planned, and only what removes the shortage there is told.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from models.answers.search import SPARE, Change, Search, applied, bounds, dearer, rounded_up
from models.case import Case
from models.errors import InputError, SolverError
from models.plan.block_solver import BlockSolver
from models.plan.plan import Plan
from models.plan.solving import check, together
from models.program.component import OPEN, SHARE, InputCell, Levers, Place, Rows, Where
from models.program.families import FAMILIES
from models.program.families.shortage import SHORTAGE
from models.resolve import Expanded
from models.schema import RECYCLED, ByYear, Refiner

__all__ = ["OPEN", "SHARE", "SPARE", "Change", "LeastChange", "Newcomer", "applied", "least_change"]

MEMBER, MINERAL_YEAR, MINERAL = "member", "mineral and year", "mineral"
"""Whose shortage has to go so that the member's does."""
Fixed = Callable[[Place], bool]
_ROUNDS = 6
"""How often what is still short after planning again is asked for again."""
_ENOUGH = 0.5
"""It is asked for again where no more than this part of the shortage is left."""


@dataclass(frozen=True)
class Newcomer:
    """A refiner that the workbook does not have: its ``country`` and capacity [t/yr]."""

    country: str
    capacity: float


@dataclass(frozen=True)
class LeastChange:
    """What removes a shortage.

    ``changes`` are empty where none does. ``left`` [t] is the least that stays short whatever is
    changed; ``scope`` says whose shortage the changes remove: the member's alone, all members' of
    the mineral in that year, or in all years. ``after`` [t] is what the changed workbook leaves
    short there, ``elsewhere`` [t] what others are short beyond the plan's, in all. ``is_dear`` says
    that supply is there or can be had, and costs more than the shortage: the change is then one of
    the shortage cost, if any. ``newcomer`` is, where nothing else helps, a new refiner
    that does.
    """

    changes: tuple[Change, ...] = ()
    left: float = 0.0
    scope: str = MEMBER
    after: float = 0.0
    elsewhere: float = 0.0
    is_dear: bool = False
    newcomer: Newcomer | None = None


def least_change(
    plan: Plan, mineral: str, member: str, year: int, is_fixed: Fixed | None = None
) -> LeastChange | None:
    """Return the smallest change that removes a shortage; None where there is none.

    ``is_fixed`` says of a cell that something else than the workbook decides what it says, such as
    a scenario: such a cell is changed only where the others do not do.

    A change is measured by what its cell says now (1 is as much again), a cell that says 0 or
    closes a lane by the member's demand. Others are short no more than in ``plan``, reserves and
    obligations as it leaves them, and other minerals' plants are built as it builds them. The
    answer is tried: the case is changed and planned again.

    Raises SolverError where no attempt gives a proven optimum.
    """
    at = (mineral, member, year)
    if plan.value(SHORTAGE, at) <= plan.tolerance(mineral, year):
        return None
    left: list[float] = []
    trials = Trials(plan)
    for fixed in (is_fixed, None) if is_fixed else (None,):
        for scope in (MEMBER, MINERAL_YEAR, MINERAL):
            if scope != MEMBER and _served(plan, at, scope) == _served(plan, at, _BEFORE[scope]):
                continue
            found, least = _loosened(plan, at, scope, trials, fixed)
            if found is not None:
                return found
            if fixed is None:
                left += [] if least is None else [least]
    change = dearer(plan, mineral, year)
    tried = None if change is None else trials(applied(plan.case, (change,)))
    if change is not None and tried is not None and not _is_short(tried, at):
        return LeastChange((change,), 0.0, MINERAL_YEAR, *_after(plan, tried, at), is_dear=True)
    return LeastChange(
        left=left[0] if left else 0.0, is_dear=not left, newcomer=_newcomer(plan, at, trials)
    )


def _newcomer(plan: Plan, at: Where, trials: Trials) -> Newcomer | None:
    """Return a new refiner that ends the shortage, tried; None where it does not.

    It needs no ore, sells at the mineral's price in that year alone, and makes what all members are
    short of in that year: they share it.
    """
    case, (mineral, member, year) = plan.case, at
    countries = [case.member_of[member].country, *(m.country for m in case.members)]
    country = next((code for code in countries if code), "")
    if not country:
        return None
    short = sum(plan.value(SHORTAGE, key) for key in _served(plan, at, MINERAL_YEAR))
    capacity = rounded_up(short, "t/yr")
    refiner = Refiner(
        name=" or ".join(["new", *(r.name for r in case.refiners)]), mineral=mineral,
        country=country, capacity=ByYear(capacity), kind=RECYCLED, first_year=year, last_year=year,
        cost=ByYear(case.mineral_of[mineral].price.value(year)),
    )  # fmt: skip
    after = trials(case.change(refiners=(*case.refiners, refiner)))
    served = after is not None and not _is_short(after, at)
    return Newcomer(case.country_name(country), capacity) if served else None


_BEFORE = {MINERAL_YEAR: MEMBER, MINERAL: MINERAL_YEAR}


def _loosened(
    plan: Plan, at: Where, scope: str, trials: Trials, fixed: Fixed | None
) -> tuple[LeastChange | None, float | None]:
    """Return what removes the shortage within a scope; else None, and what no change removes [t].

    What is freed may be used elsewhere: capital, above all. As long as planning again leaves no
    more than half of the shortage there, what it leaves is asked for again.
    """
    made: dict[tuple[str, Place], Change] = {}
    current = plan
    for _ in range(_ROUNDS):
        mineral, member, year = at
        cells = _cells(
            current.case.of_minerals([mineral]), year, plan.case.demand_of[mineral, member, year]
        )
        found = [cell for cell in cells.usable() if fixed is None or not fixed(cell.place)]
        wide = Expanded(_wide(cells.case))
        levers = tuple(cell.lever(wide) for cell in found)
        served = _served(current, at, scope)
        search = Search(wide, levers, bounds(current, wide, _right(cells.e), served))
        least = search.least_left()
        if least > plan.tolerance(mineral, year):
            return None, least
        changes = tuple(_change(found[i], u) for i, u in search.smallest(least).items())
        after = trials(applied(current.case, changes)) if changes else None
        if after is None:
            return None, None
        for change in changes:
            key = (change.field, change.place)
            first = made.get(key, change)
            made[key] = dataclasses.replace(change, was=first.was, what=first.what)
        if not _is_short(after, at):
            told = LeastChange(tuple(made.values()), 0.0, scope, *_after(plan, after, at))
            return told, None
        if after.value(SHORTAGE, at) > _ENOUGH * current.value(SHORTAGE, at):
            return None, None
        current = after
    return None, None


_LOOSENED = sorted((f.loosening for f in FAMILIES if f.loosening), key=lambda of: of.rank)


def _cells(case: Case, year: int, need: float) -> Levers:
    """Return the cells of a case of one mineral that bear on a year."""
    found = Levers(case, year, need)
    for loosening in _LOOSENED:
        loosening.levers(found)
    return found


def _wide(case: Case) -> Case:
    """Return the case in which all that a cell can bring about exists, however little of it."""
    for loosening in _LOOSENED:
        case = case if loosening.wide is None else loosening.wide(case)
    return case


def _right(e: Expanded) -> dict[tuple[Rows, Any], float]:
    """Return the limits of the case as it is, which a wider one has lost."""
    every = (limit for loosening in _LOOSENED for limit in loosening.right(e))
    return {(rows, key): most for rows, key, most in every}


def _change(cell: InputCell, units: float) -> Change:
    """Return the change of a cell by so many units."""
    least = cell.was + units * cell.size if cell.unit != OPEN else 1.0
    to = max(rounded_up(least, cell.unit), cell.was)
    years = tuple(sorted(cell.years))
    return Change(cell.place, cell.field, cell.what, cell.unit, cell.was, least, to, years)


def _served(plan: Plan, at: Where, scope: str) -> frozenset[Where]:
    """Return whose shortage goes: the member's; all members', since they share it; all years'."""
    short = frozenset(
        key
        for key, tonnes in plan.amounts(SHORTAGE).items()
        if key[0] == at[0] and tonnes > plan.tolerance(key[0], key[2])
    )
    if scope == MEMBER:
        return frozenset({at})
    return frozenset({at} | {key for key in short if scope == MINERAL or key[2] == at[2]})


class Trials:
    """Plans of changed cases, in which a model of a shape that the plan has proven is not built."""

    def __init__(self, plan: Plan) -> None:
        """Take the shapes of the plan's blocks."""
        program = plan.program
        self._proven = {program.shape(b) for b in range(len(program.blocks))}

    def __call__(self, case: Case) -> Plan | None:
        """Plan a case; None where it has no plan."""
        try:
            check(case)
            solver = BlockSolver(Expanded(case), proven=self._proven)
            program = solver.program
            found = [r for group in together(program.blocks) for r in solver(group)]
        except (InputError, SolverError):
            return None
        return Plan(case, found, solver.expanded, program)


def _is_short(plan: Plan, at: Where) -> bool:
    return plan.value(SHORTAGE, at) > plan.tolerance(at[0], at[2])


def _after(plan: Plan, found: Plan, at: Where) -> tuple[float, float]:
    """Return what is short there after a change, and what is short elsewhere beyond the plan's."""
    before = plan.amounts(SHORTAGE)
    more = sum(
        tonnes - before.get(key, 0.0)
        for key, tonnes in found.amounts(SHORTAGE).items()
        if tonnes - before.get(key, 0.0) > plan.tolerance(key[0], key[2])
    )
    return found.value(SHORTAGE, at), float(more)
