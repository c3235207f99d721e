"""Blocks: build, compile, compare with the case's account, solve, prove; and again, cold, if not.

A model is built once for each shape. Blocks that differ in numbers alone, such as a mineral's other
years, take theirs from the account, which the model built has been compared with.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models import solver
from models.account import TONNES, Program, Scaling, account, differences, scaling
from models.compile import compile_model
from models.errors import SolverError
from models.expand import Cell, Expanded, Floats
from models.proof import (
    Certificate,
    Certificates,
    certificate_of,
    certify_blocks,
    fits,
    worst_name,
)
from models.solver import Rows, Solution
from models.sourcing import build

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class BlockResult:
    """A solved and proved block: its columns' values and its rows' duals, in the program's order.

    Values in t (or fractions), duals in discounted money for each unit of the right-hand side.
    ``worst`` is the position in the block of the row, or after all rows of the column, that is
    violated most, -1 where nothing is; ``size`` counts rows, columns and nonzeros; ``built`` says
    whether a model was built for it; ``basis`` is what a like block may start from.
    """

    block: int
    x: Floats
    duals: Floats
    certificate: Certificate
    worst: int
    attempt: str
    failures: tuple[str, ...]
    size: tuple[int, int, int]
    built: bool
    build_seconds: float
    solve_seconds: float
    basis: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """Send all but the basis, which only its own process can read."""
        return {**self.__dict__, "basis": None}


class BlockSolver:
    """Solves the blocks of one Case."""

    def __init__(
        self,
        expanded: Expanded,
        names: Sequence[Any] = (),
        *,
        blocks: Sequence[Sequence[Cell]] | None = None,
        proven: set[bytes] | None = None,
        yardstick: float | None = None,
    ) -> None:
        """Take the case's own account of its program.

        ``names`` and ``blocks`` as of ``account``; ``proven`` are the shapes whose model has been
        built and compared, shared between a case and its variants; ``yardstick`` [t] is what
        violations are measured by (None: the case's own).
        """
        self.expanded = expanded
        self.program: Program = account(expanded, names, blocks)
        self.proven: set[bytes] = set() if proven is None else proven
        self.yardstick = expanded.case.yardstick if yardstick is None else yardstick

    def __call__(self, blocks: Sequence[int]) -> list[BlockResult]:
        """Solve blocks in order, each started from the one before where they are of one shape.

        Raises SolverError where no attempt gives a proven optimum.
        """
        found: list[BlockResult] = []
        shape, basis = b"", None
        for b in blocks:
            before, shape = shape, self.program.shape(b)
            found.append(self.solve(b, shape, basis if shape == before else None))
            basis = found[-1].basis
        return found

    def solve(self, b: int, shape: bytes = b"", start: Any = None) -> BlockResult:
        """Solve one block, from the basis of a like one if given; cold if that gives no proof."""
        began = time.perf_counter()
        rows = self.program.block(b)
        shape = shape or self.program.shape(b)
        is_new = shape not in self.proven
        if is_new:
            self._compare(b, rows)
            self.proven.add(shape)
        built = time.perf_counter()
        failures: list[str] = []
        attempts = [(attempt, None) for attempt in solver.ATTEMPTS]
        if start is not None and not rows.whole.any():
            attempts.insert(0, (solver.ATTEMPTS[0], start))
        for attempt, basis in attempts:
            scale = self.scaling(b, rows, raised=attempt.raised)
            given = () if basis is None else (basis,)
            warm = "" if basis is None else " from a like block"
            try:
                found = solver.solve(scale.scaled(rows), attempt, *given)
            except SolverError as error:
                failures.append(f"{attempt.name}{warm}: {error}")
                continue
            if not fits(rows, found):
                failures.append(f"{attempt.name}{warm}: not a number for every column and row")
                continue
            solution = scale.unscaled(found)
            certificates = self.certify(b, rows, solution)
            certificate = certificate_of(certificates, 0, "", solution.mip_gap)
            if not certificate.passed:
                failures.append(
                    f"{attempt.name}{warm}: {_trouble(certificate, certificates, rows)}"
                )
                continue
            return self._result(
                b, rows, solution, (certificate, certificates), failures, is_new, (began, built)
            )
        msg = f"no proven optimum for {self._where(b)}: {'; '.join(failures)}"
        raise SolverError(msg)

    def scaling(self, b: int, rows: Rows, *, raised: bool = False) -> Scaling:
        """Return how a block is scaled."""
        of = self.program
        at, inside = of.columns_of(b), of.rows_of(b)
        return scaling(
            rows,
            need=float(of.need[b]),
            column_unit=of.column_unit[at],
            row_unit=of.row_unit[inside],
            row_size=of.row_size[inside],
            raised=raised,
        )

    def certify(self, b: int, rows: Rows, solution: Solution) -> Certificates:
        """Return the certificate of one block's solution."""
        of = self.program
        return certify_blocks(
            rows,
            solution.x,
            solution.duals,
            self.yardstick,
            tonnes=(
                of.column_unit[of.columns_of(b)] == TONNES,
                of.row_unit[of.rows_of(b)] == TONNES,
            ),
            starts=(np.array([0, len(rows.cost)]), np.array([0, len(rows.row_lower)])),
        )

    def _compare(self, b: int, rows: Rows) -> None:
        """Build a block's model, and refuse it where it is not the case's program."""
        with _no_collection():
            model = compile_model(build(self.expanded, self.program.blocks[b]).model)
        wrong = differences(model, rows)
        if wrong:
            msg = f"the program built is not the case's: {'; '.join(wrong[:3])}"
            raise SolverError(msg)

    def _result(  # noqa: PLR0913, PLR0917 - the parts of a result
        self,
        b: int,
        rows: Rows,
        solution: Solution,
        proof: tuple[Certificate, Certificates],
        failures: list[str],
        is_new: bool,
        times: tuple[float, float],
    ) -> BlockResult:
        certificate, of = proof
        return BlockResult(
            block=b,
            x=solution.x,
            duals=solution.duals,
            certificate=certificate,
            worst=worst_of(of, len(rows.row_lower)),
            attempt=solution.attempt,
            failures=tuple(failures),
            size=(len(rows.row_lower), len(rows.cost), len(rows.values)),
            built=is_new,
            build_seconds=times[1] - times[0],
            solve_seconds=time.perf_counter() - times[1],
            basis=solution.basis,
        )

    def _where(self, b: int) -> str:
        e, cells = self.expanded, self.program.blocks[b]
        names = sorted({e.minerals[m] for m, _ in cells})
        years = sorted({e.years[t] for _, t in cells})
        return f"{', '.join(names)} {years[0]}" + (f" to {years[-1]}" if len(years) > 1 else "")


def worst_of(found: Certificates, rows: int) -> int:
    """Return where one block is violated most: a row, or after all rows a column; -1 nowhere."""
    if found.worst_row[0] >= 0:
        return int(found.worst_row[0])
    return rows + int(found.worst_column[0]) if found.worst_column[0] >= 0 else -1


def _trouble(certificate: Certificate, of: Certificates, rows: Rows) -> str:
    """Say why a solution is no proof."""
    return (
        f"violation {certificate.violation:.2g} of the largest demand in "
        f"{worst_name(of, 0, rows) or 'no row'}, dual infeasibility "
        f"{certificate.dual_infeasibility:.2g}, gap {certificate.gap:.2g}, "
        f"MIP gap {certificate.mip_gap:.2g}"
    )


@contextmanager
def _no_collection() -> Iterator[None]:
    """Switch the garbage collector off: a model is many objects and no garbage."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()
