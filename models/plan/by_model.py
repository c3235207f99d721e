"""Plans solved from the Pyomo model itself, with an analyst's extension or by another solver.

The proof is the same as for any plan: from the arrays and the solution alone. The proof of an
extended model covers the extension, too.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from models.case import Case
from models.errors import SolverError
from models.plan.block_solver import NO_NUMBERS, BlockResult, BlockSolver, failure_words
from models.plan.plan import Extension, Plan
from models.program import TONNES, choose_scaling, split_blocks
from models.program.families.stockpiles import maximum, valid_upper_bounds
from models.resolve import Cell, Expanded, Floats
from models.solve import Certificate, Keys, LinearProgram, Solution, certify_alone, fits, highs

if TYPE_CHECKING:
    from models.program.outside import Extend, ExtendedProgram

BY_HIGHS = "prices by HiGHS"
"""The remark on a block whose solver returned no duals."""


def model(case: Case) -> Any:
    """Return the complete Pyomo model of a case; docs/mathematics.md lists its components.

    Args:
        case: The case. Tonnes are in t, money is discounted and in the case's currency.

    Returns:
        A ``pyomo.environ.ConcreteModel``, not solved.

    Example:
        >>> type(planner.model(book.case)).__name__
        'ConcreteModel'
    """
    return _bounded_model(Expanded(case), [cell for cells in split_blocks(case) for cell in cells])


def _bounded_model(expanded: Expanded, cells: Sequence[Cell]) -> Any:
    """Return a model with bounds on stocks that are valid in any plan: their maximum."""
    from models.program.sourcing import build

    model = build(expanded, cells).model
    for key, stock in model.stock.items():
        most = maximum(expanded, key)
        if most is not None:
            stock.setub(None if math.isinf(most) else most)
    return model


def solve_model(case: Case, extend: Extend | None = None, name: str = "") -> Plan:
    """Return the proven plan of a checked case with an extension, or by another solver.

    ``name`` is the solver ("": HiGHS). An extension may link any rows of the case, so the total
    case is then one block. Raises the errors of ``models.program.outside``, and SolverError where
    there is no proven optimum, for example because the extension is infeasible.
    """
    expanded, blocks = Expanded(case), split_blocks(case)
    if extend is not None and blocks:
        blocks = (tuple(cell for cells in blocks for cell in cells),)
    solver = BlockSolver(expanded, blocks=blocks)
    models = [_BlockModel(solver, b, extend) for b in range(len(blocks))]
    solved = [each.solve(name) for each in models]
    plan = Plan(case, [result for result, _ in solved], expanded, solver.program)
    if extend is not None and solved:
        plan.extension = models[0].extension(solved[0][1])
    return plan


class _BlockModel:
    """A block's model in Pyomo, with its extension."""

    def __init__(self, solver: BlockSolver, b: int, extend: Extend | None) -> None:
        from models.program.outside import extended_program
        from models.program.sourcing import build

        self.solver, self.b, program = solver, b, solver.program
        self.columns, self.rows = program.columns_of(b), program.rows_of(b)
        self.own_size = (self.columns.stop - self.columns.start, self.rows.stop - self.rows.start)
        self.need = float(solver.measure[b])
        e, cells, arrays = solver.expanded, program.blocks[b], program.rows
        self.model = build(e, cells).model if extend is None else _bounded_model(e, cells)
        if extend is not None:
            arrays = dataclasses.replace(arrays, upper=valid_upper_bounds(e, program))
        unit = (program.column_unit[self.columns], program.row_unit[self.rows])
        rows = program.block(b, arrays=arrays)
        self.compiled: ExtendedProgram = extended_program(self.model, rows, unit, self.need, extend)

    def solve(self, name: str) -> tuple[BlockResult, Solution]:
        """Solve and prove, by the solver ``name`` ("": HiGHS); SolverError where that fails."""
        failures: list[str] = []
        for attempt in (None,) if name else highs.ATTEMPTS:
            try:
                rows = self.compiled.rows
                solution = self._by_highs(rows, attempt) if attempt else self._by(name)
            except SolverError as error:
                failures.append(f"{attempt.name if attempt else name}: {error}")
                continue
            certificate, worst = self._proof(solution)
            if certificate.passed:
                return self._result(solution, certificate, worst, failures), solution
            failures.append(
                f"{solution.attempt}: {failure_words(certificate, certificate.violated)}"
            )
        msg = f"no proven optimum for {self.solver.block_words(self.b)}: {'; '.join(failures)}"
        raise SolverError(msg)

    def _result(
        self, solution: Solution, certificate: Certificate, worst: int, failures: list[str]
    ) -> BlockResult:
        rows, (n, m) = self.compiled.rows, self.own_size
        return BlockResult(
            block=self.b, x=solution.x[:n], duals=solution.duals[:m], certificate=certificate,
            worst=worst, measure=self.need, attempt=solution.attempt, failures=tuple(failures),
            size=(len(rows.row_lower), len(rows.cost), len(rows.values)), built=True,
        )  # fmt: skip

    def _by_highs(self, rows: LinearProgram, attempt: highs.Attempt) -> Solution:
        (columns, units), size = self.compiled.unit, np.full(len(rows.row_lower), np.nan)
        size[: self.own_size[1]] = self.solver.program.row_size[self.rows]
        scale = choose_scaling(
            rows, need=self.need, column_unit=columns, row_unit=units, row_size=size,
            raised=attempt.raised,
        )  # fmt: skip
        solution = highs.solve(scale.scaled(rows), attempt)
        if not fits(rows, solution):
            raise SolverError(NO_NUMBERS)
        return scale.unscaled(solution)

    def _by(self, name: str) -> Solution:
        """Solve by another solver; duals that it does not return are computed by HiGHS.

        The certificate is computed here in both cases.
        """
        from models.program.outside import solve_by

        x, duals, gap = solve_by(name, self.model, self.compiled)
        if duals is not None:
            return Solution(x, duals, name, gap)
        priced = highs.first_solved(partial(self._by_highs, self.compiled.rows.fixed_at(x)))
        return Solution(x, priced.duals, f"{name}, {BY_HIGHS}", gap)

    def _proof(self, solution: Solution) -> tuple[Certificate, int]:
        """Return the certificate, and the worst position (-1: in the extension)."""
        rows, (columns, units), (n, m) = self.compiled.rows, self.compiled.unit, self.own_size
        proof = certify_alone(rows, solution, self.need, (columns == TONNES, units == TONNES))
        row, column = int(proof.worst_row[0]), int(proof.worst_column[0])
        worst = row if 0 <= row < m else m + column if 0 <= column < n else -1
        return proof.of_block(0, proof.worst_name(0, rows), solution.mip_gap), worst

    def extension(self, solution: Solution) -> Extension:
        (columns, rows), n = self.compiled.added, self.own_size[0]
        whole, cost = self.compiled.rows.whole[n:], self.compiled.rows.cost[n:]
        return Extension(
            values=_values_by_key(columns, solution.x),
            duals=_values_by_key(rows, solution.duals * self.compiled.factor),
            integer_count=int(whole.sum()),
            cost=float((cost * solution.x[n:]).sum()),
        )


def _values_by_key(names: tuple[Keys, ...], numbers: Floats) -> dict[str, dict[Any, float]]:
    return {k.name: dict(zip(k.index, numbers[k.span].tolist(), strict=True)) for k in names}
