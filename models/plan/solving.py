"""Case in, Plan out: check, split into blocks, solve, join; groups of linked minerals."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models import checks, schema
from models.case import Case
from models.errors import InputError
from models.plan.block_solver import (
    BlockResult,
    BlockSolver,
    block_result,
    discount_factors,
    groups_of_blocks,
)
from models.plan.by_model import solve_model
from models.plan.plan import Plan
from models.program import Program, split_blocks
from models.resolve import Cell, Expanded, Floats, supplier_names
from models.solve import Solution

if TYPE_CHECKING:
    from models.program.outside import Extend

# ---- planning a case ---------------------------------------------------------------------------


def solve(case: Case, *, extend: Extend | None = None, solver: str = "") -> Plan:
    """Return the proven optimal plan of a case.

    Independent groups of blocks are solved one after another, each from a program of its own.

    Args:
        case: The case to plan.
        extend: Is called with the case's total Pyomo model, and adds variables, linear constraints
            and the variables' costs; ``Plan.extension`` has them.
        solver: A solver that Pyomo finds, such as "glpk" or "gurobi"; "" is HiGHS.

    Raises:
        InputError: Records of the case contradict one another.
        SolverError: No attempt gives a proven optimum.
        UsageError: Pyomo finds no solver with that name.
        ValueError: ``extend`` changes the case's own rows.

    Example:
        >>> plan = planner.solve(book.case)
        >>> plan.status, round(plan.served_share, 3)
        ('optimal', 0.961)
    """
    require_valid(case)
    if extend is not None or solver:
        return solve_model(case, extend, solver)
    return Plan(case, [result for group in block_groups(case) for result in solve_group(group)])


def require_valid(case: Case, passed: Case | None = None) -> None:
    """Raise InputError where records contradict one another; see ``checks.errors``."""
    errors = checks.errors(case, passed)
    if errors:
        raise InputError(errors)


@dataclass(frozen=True)
class BlockGroup:
    """Blocks to be solved one after another, and the case reduced to their minerals.

    ``blocks`` are their numbers in the total case, ``cells`` their cells in this group's case.
    ``tolerance_scale`` [t] is that of the total case.
    """

    case: Case
    blocks: tuple[int, ...]
    cells: tuple[tuple[Cell, ...], ...]
    tolerance_scale: float


def block_groups(case: Case) -> Iterable[BlockGroup]:
    """Yield the groups of blocks with the same minerals, each made on demand."""
    blocks = split_blocks(case)
    names = [m.name for m in case.minerals]
    for numbers in groups_of_blocks(blocks):
        minerals = sorted({m for b in numbers for m, _ in blocks[b]})
        place = {m: i for i, m in enumerate(minerals)}
        yield BlockGroup(
            case.of_minerals(names[m] for m in minerals),
            numbers,
            tuple(tuple((place[m], t) for m, t in blocks[b]) for b in numbers),
            case.tolerance_scale,
        )


def solve_group(group: BlockGroup) -> list[BlockResult]:
    """Return the results of a group's blocks, numbered as in the total case."""
    expanded = Expanded(group.case)
    solver = BlockSolver(expanded, blocks=group.cells, tolerance_scale=group.tolerance_scale)
    results = solver(range(len(group.cells)))
    return [replace(r, block=b, basis=None) for b, r in zip(group.blocks, results, strict=True)]


# ---- groups of linked minerals -------------------------------------------------------------------

# Groups that nothing links can be planned separately. A study that changes a few minerals
# at a time plans each group once per change of it, not once per combination of changes.


def linked_minerals(case: Case) -> tuple[tuple[str, ...], ...]:
    """Return the groups of linked minerals, in the order of the case's minerals.

    Minerals are linked by a common block, or by a limit on one mineral that names a refiner or a
    company of another. The case must have passed ``models.checks``.
    """
    expanded = Expanded(case)
    names = expanded.minerals
    root = {name: name for name in names}
    tied = [{names[m] for m, _ in block} for block in split_blocks(expanded.case)]
    tied += [
        {
            row.mineral,
            *(
                s.mineral
                for s in expanded.sources
                if row.supplier in supplier_names(case, s, row.group)
            ),
        }
        for row in case.share_limits
        if row.mineral and row.group in schema.OF_NAMES
    ]
    for minerals in tied:
        roots = {root[name] for name in minerals}
        first = min(roots, key=names.index, default="")
        root = {name: first if old in roots else old for name, old in root.items()}
    return tuple(
        tuple(name for name in names if root[name] == each) for each in dict.fromkeys(root.values())
    )


def case_of(case: Case, minerals: tuple[str, ...]) -> Case:
    """Return the case reduced to some minerals, without scenarios, risks and rights.

    If ``minerals`` are complete groups, its objective and amounts are the same as those of its
    minerals in the total case.
    """
    chosen = frozenset(minerals)
    mine = case.of_minerals(minerals)
    sellers = {r.name for r in mine.refiners} | {p.refiner for p in mine.projects} | {""}
    companies = {r.company for r in mine.refiners} | {p.company for p in mine.projects} | {""}
    named = {schema.BY_REFINER: sellers, schema.BY_COMPANY: companies}
    return mine.change(
        lanes=tuple(
            row
            for row in case.lanes
            if row.mineral in {"", *chosen} and row.refiner in sellers and row.company in companies
        ),
        share_limits=tuple(row for row in case.share_limits if _can_apply(row, chosen, named)),
        security=tuple(row for row in case.security if row.mineral in {"", *chosen}),
        ore_lanes=tuple(row for row in case.ore_lanes if row.mineral in {"", *chosen}),
        inputs=tuple(row for row in mine.inputs if row.input in chosen),
        input_lanes=tuple(
            row
            for row in case.input_lanes
            if row.input in {"", *chosen}
            and {row.refiner, row.to_plant} <= sellers
            and row.company in companies
        ),
        ceilings=tuple(c for c in case.ceilings if c[2] in chosen),
        member_ceilings=tuple(c for c in case.member_ceilings if c[2] in chosen),
        scenarios=(),
        risks=(),
        rights=(),
    )


def _can_apply(
    row: schema.ShareLimit, minerals: frozenset[str], names: Mapping[str, Collection[str]]
) -> bool:
    """Return whether a limit can apply to any of some minerals, judging by its own cells.

    ``names`` has their suppliers, by supplier group.
    """
    is_there = row.supplier in names.get(row.group, {row.supplier})
    return row.mineral in {"", *minerals} and is_there


# ---- a plan from its values and duals ----------------------------------------------------------


def plan_from_solution(  # noqa: PLR0913 - a solution, and what its run says of itself
    expanded: Expanded,
    program: Program,
    x: Floats,
    prices: Floats,
    *,
    mip_gap: float = 0.0,
    failures: Sequence[str] = (),
    built: int = 0,
) -> Plan:
    """Return the plan of a case from a given solution, with certificates computed from it.

    ``x`` [t or fractions] and the undiscounted duals ``prices`` are in the order of the case's
    program. ``mip_gap``, ``failures`` and the number of models ``built`` are those of the original
    run, since they cannot be checked here.
    """
    case = expanded.case
    duals, measure = (
        prices * discount_factors(case, program),
        program.violation_scale(case.tolerance_scale),
    )
    certificates = program.certify(x, duals, measure)
    solution = Solution(x, duals, attempt="as given", mip_gap=mip_gap)
    results = [
        replace(block_result(program, b, solution, certificates, measure), built=b < built)
        for b in range(len(program.blocks))
    ]
    if results:
        results[0] = replace(results[0], failures=tuple(failures))
    plan = Plan(case, results, expanded, program)
    plan.__dict__["prices"] = prices  # as given: discounting and back could change them by rounding
    return plan
