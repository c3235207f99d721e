"""Members that plan together: the program split by member, and the cost of any group of them.

Each member brings its demand, stocks, contracts and limits, and its rights to what all share. So
every limit of the program is a sum of one part per member, and a group S costs c(S) = min {c x : A
x >= the sum of its parts}: a linear production game (Owen 1975, Mathematical Programming 9).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from models.answers.search import first_proven
from models.case import Case
from models.errors import SolverError
from models.plan.block_solver import BlockSolver, groups_of_blocks
from models.program import TONNES, ComponentArrays, Program, Scaling, component
from models.program.market import TRANSFERRED, by_member
from models.resolve import Bools, Expanded, Floats, Ints, Rights
from models.solve import Certificate, Solution, certify_alone, highs
from models.solve import LinearProgram as Arrays

ROW_LIMITS, COLUMN_LIMITS = ("row_lower", "row_upper"), ("lower", "upper")
"""The arrays of a program that are split by member."""
SHARED = -1
"""Marks a column or row that belongs to all members instead of one."""


def shareable(case: Case) -> Case:
    """Return the case in which every limit is a sum of one part per member.

    Plants are built in fractions, and there is no penalty for unfair shortages, since a fair part
    depends on who takes part.
    """
    settings = dataclasses.replace(case.settings, fair_shortage_weight=0.0, whole_projects=False)
    return case if settings == case.settings else case.change(settings=settings)


# ---- a program split by member -------------------------------------------------------------------


@dataclass(frozen=True)
class CoupledBlocks:
    """Blocks that are solved together: their arrays (``take``), positions and scaling.

    ``basis`` is the final basis of the coalition's plan. Violations are relative to ``measure``
    [t]. ``raised`` gives the scaling with small numbers scaled up (None: the same).
    """

    take: Callable[[Arrays], Arrays]
    columns: slice
    rows: slice
    scale: Scaling
    measure: float
    basis: object = None
    raised: Callable[[], Scaling] | None = None


@dataclass(frozen=True)
class DividedProgram:
    """A linear program whose limits are sums of one part per member.

    ``parts`` has each limit's parts, by (column or row, member). ``column_owner`` and ``row_owner``
    have the member to which each belongs (SHARED: all). ``column_tonnes`` and ``row_tonnes`` say
    which are in tonnes. ``priced`` [money] is the non-cash cost per unit of each column, such as
    the penalty for a shortage.
    """

    rows: Arrays
    parts: Mapping[str, Floats]
    column_owner: Ints
    row_owner: Ints
    column_tonnes: Bools
    row_tonnes: Bools
    priced: Floats
    pieces: tuple[CoupledBlocks, ...]

    @property
    def members(self) -> int:
        return int(self.parts["lower"].shape[1])

    def program_of(self, group: Floats) -> Arrays:
        """Return the program of a group, given by member: 1 in, 0 out, or a part of it."""
        limits = {}
        for name, parts in self.parts.items():
            whole = getattr(self.rows, name)
            own_limit = np.einsum("ij,j->i", parts, group)
            limits[name] = np.where(np.isfinite(whole), own_limit, whole)
        return dataclasses.replace(self.rows, **limits)

    def bills(self, duals: Floats) -> Floats:
        """Return each member's bill: its parts of limits at their shadow prices [member, money]."""
        reduced = self.rows.cost - self.rows.value_at(duals)
        bills = np.zeros(self.members)
        for names, price in ((ROW_LIMITS, duals), (COLUMN_LIMITS, reduced)):
            for name, dual in zip(
                names, (np.maximum(price, 0.0), np.minimum(price, 0.0)), strict=True
            ):
                priced = np.where(np.isfinite(getattr(self.rows, name)), dual, 0.0)
                bills += np.einsum("i,ij->j", priced, self.parts[name])
        return bills


def divided(case: Case) -> DividedProgram:
    """Return a case's program, split by member; SolverError where it has no proven optimum."""
    expanded = Expanded(shareable(case))
    solver = BlockSolver(expanded, is_compared=False)
    program, rows = solver.program, _with_bounded_transfers(solver.program, expanded)
    owners = component.Owners(expanded, Rights(expanded), program.names)
    count, columns, limits = len(expanded.members), len(rows.cost), len(rows.row_lower)
    parts = {name: np.zeros((columns, count)) for name in COLUMN_LIMITS}
    parts |= {name: np.zeros((limits, count)) for name in ROW_LIMITS}
    column_owner, row_owner = np.full(columns, SHARED), np.full(limits, SHARED)
    for group in program.variables:
        _divide(owners, group, column_owner, parts, {n: getattr(rows, n) for n in COLUMN_LIMITS})
    for group in program.constraints:
        _divide(owners, group, row_owner, parts, {n: getattr(rows, n) for n in ROW_LIMITS})
    pieces = tuple(
        CoupledBlocks(
            take=partial(program.block, blocks[0], blocks[-1]),
            columns=program.columns_of(blocks[0], blocks[-1]),
            rows=program.rows_of(blocks[0], blocks[-1]),
            scale=scale,
            raised=partial(solver.scaling_of, blocks, raised=True),
            measure=float(solver.measure[list(blocks)].max()),
            basis=basis,
        )
        for group in groups_of_blocks(program.blocks)
        for blocks, _, scale, basis in solver.runs(solver(group))  # other blocks decide nothing
    )
    return DividedProgram(
        rows, parts, column_owner, row_owner,
        program.column_unit == TONNES, program.row_unit == TONNES,
            non_cash_costs(program, expanded),
        pieces,
    )  # fmt: skip


def _with_bounded_transfers(program: Program, e: Expanded) -> Arrays:
    """Return the program with an upper bound on transfers to plants, above what plants can take.

    A member outside the group then transfers nothing, instead of buying for the others.
    """
    upper = program.rows.upper.copy()
    (transfers,) = program.groups(TRANSFERRED)
    if len(transfers):
        plant_input, _, t = transfers.index
        capacity = np.maximum(e.usable, e.nameplate)
        # by plant input and year, for all products of the plant
        most = np.array([sum(ratio * capacity[r] for r, ratio in i.needs) for i in e.plant_inputs])
        upper[transfers.at] = most[plant_input, t]
    return dataclasses.replace(program.rows, upper=upper)


def non_cash_costs(program: Program, expanded: Expanded) -> Floats:
    """Return the non-cash cost per unit of each column [money, discounted]."""
    costs = np.zeros(len(program.rows.cost))
    discounts = expanded.discounts
    for group in program.variables:
        for charge in group.charges:
            if charge.heading.is_penalty:
                costs[group.at] += charge.price * discounts[charge.year]
    return costs


def _divide(
    owners: component.Owners,
    group: ComponentArrays,
    whose: Ints,
    parts: Mapping[str, Floats],
    limits: Mapping[str, Floats],
) -> None:
    """Enter the owners of a component's columns or rows, and the members' parts of their limits."""
    declared: component.Columns | component.Rows = group.component  # type: ignore[assignment]
    index = dict(zip(declared.positions, group.index, strict=True))
    if {component.MEMBER, component.CONTRACT} & index.keys():
        whose[group.at] = np.argmax(by_member(owners, index, np.ones(len(group))), axis=1)
    for name, every in limits.items():
        limit = every[group.at]
        kept = np.isfinite(limit)
        if declared.divided is None:
            if limit[kept].any():
                msg = f"{declared.name} has a bound, and does not declare how members divide it"
                raise TypeError(msg)
        elif kept.any():
            inside = {part: positions[kept] for part, positions in index.items()}
            parts[name][group.at[kept]] = declared.divided(owners, inside, limit[kept])


# ---- the plan of any group -----------------------------------------------------------------------


@dataclass(frozen=True)
class PlannedGroup:
    """A planned group: its proven cost [money], its bills, and the values ``x`` of its columns.

    ``bills`` are each member's parts at the group's shadow prices. For any other group they add up
    to at most the cost of that group.
    """

    cost: float
    bills: Floats
    x: Floats


class ProductionGame:
    """Members that plan together, and the cost of any group of them alone.

    ``divided`` is their program split by member, ``together`` the plan of all members.
    """

    def __init__(self, divided: DividedProgram) -> None:
        self.divided = divided
        self._solvers: list[highs.PersistentSolver | None] = [None] * len(divided.pieces)
        self.planned: dict[tuple[float, ...], PlannedGroup] = {}
        self.together = self.cost(np.ones(divided.members))

    @property
    def scale(self) -> float:
        """The amount of money that tolerances are relative to."""
        return abs(self.together.cost) or 1.0

    def restart(self) -> None:
        """Start the next group from the coalition's basis."""
        for solver, piece in zip(self._solvers, self.divided.pieces, strict=True):
            if solver is not None:
                solver.start_from(piece.basis)

    def cost(self, group: Floats) -> PlannedGroup:
        """Plan a group, from the basis of the last one; SolverError where nothing is proven."""
        key = tuple(group.tolist())
        if key not in self.planned:
            divided, rows = self.divided, self.divided.program_of(group)
            x, duals = np.zeros(len(rows.cost)), np.zeros(len(rows.row_lower))
            for i, piece in enumerate(divided.pieces):
                solution = self._solved(i, piece, piece.take(rows))
                x[piece.columns], duals[piece.rows] = solution.x, solution.duals
            bills = divided.bills(duals)
            self.planned[key] = PlannedGroup(float(np.sum(bills * group)), bills, x)
        return self.planned[key]

    def plan_alone(self, member: int) -> Floats:
        """Return the values of all columns when one member plans alone; others' columns are 0."""
        divided = self.divided
        rows = divided.program_of(np.eye(divided.members)[member])
        x = np.zeros(len(rows.cost))
        for piece in divided.pieces:
            columns = np.isin(divided.column_owner[piece.columns], (SHARED, member))
            limits = np.isin(divided.row_owner[piece.rows], (SHARED, member))
            part = piece.take(rows).cut(columns, limits)
            solution = self._cold(piece, part, columns, limits)
            x[piece.columns][columns] = solution.x
        return x

    def _solved(self, i: int, piece: CoupledBlocks, rows: Arrays) -> Solution:
        """Solve a piece from its last basis, or from scratch if that proves nothing."""
        every = (np.ones(len(rows.cost), dtype=bool), np.ones(len(rows.row_lower), dtype=bool))
        solver = self._solvers[i]
        try:
            if solver is None:
                solver = self._solvers[i] = highs.PersistentSolver().load(piece.scale.scaled(rows))
                solver.start_from(piece.basis)
            else:
                solver.change_program(piece.scale.scaled(rows))
            solution = piece.scale.unscaled(solver.run())
            if self._proof(piece, rows, solution, *every).passed:
                return solution
        except SolverError:
            pass
        self._solvers[i] = None
        return self._cold(piece, rows, *every)

    def _cold(self, piece: CoupledBlocks, rows: Arrays, columns: Bools, limits: Bools) -> Solution:
        def scaled(*, raised: bool) -> Scaling:
            scale = piece.raised() if raised and piece.raised else piece.scale
            return Scaling(
                scale.column[columns], scale.row[limits], scale.price[columns], scale.dual[limits]
            )

        def proof_of(solution: Solution) -> Certificate:
            return self._proof(piece, rows, solution, columns, limits)

        return first_proven("cost of a group of members", rows, scaled, proof_of)[0]

    def _proof(
        self, piece: CoupledBlocks, rows: Arrays, solution: Solution, columns: Bools, limits: Bools
    ) -> Certificate:
        of_columns = self.divided.column_tonnes[piece.columns][columns]
        tonnes = (of_columns, self.divided.row_tonnes[piece.rows][limits])
        return certify_alone(rows, solution, piece.measure, tonnes).of_block(0)
