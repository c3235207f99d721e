"""Blocks: build, compile, compare with the case's arrays, solve, prove; and again, cold, if not.

A model is built once for each shape. Blocks that differ in numbers alone, such as a mineral's other
years, take theirs from the arrays, which the model built has been compared with.
"""

from __future__ import annotations

import dataclasses
import gc
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models import solve as solver
from models.errors import SolverError
from models.program import TONNES, Program, Scaling, joined, program_of, scaling
from models.program.compile import compile_model, differences
from models.program.sourcing import build
from models.resolve import Cell, Expanded, Floats
from models.solve import (
    Certificate,
    Certificates,
    Rows,
    Solution,
    certificate_of,
    certify_blocks,
    fits,
    worst_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


# ---- a solved and proved block -----------------------------------------------------------------


@dataclass(frozen=True)
class BlockResult:
    """A solved and proved block: its columns' values and its rows' duals, in the program's order.

    Values in t (or fractions), duals in discounted money for each unit of the right-hand side.
    ``worst`` is the position in the block of the row, or after all rows of the column, that is
    violated most, -1 where nothing is; ``measure`` [t] is what the certificate's violation is a
    part of; ``size`` counts rows, columns and nonzeros; ``built`` says
    whether a model was built for it; ``basis`` is what a like block may start from.
    """

    block: int
    x: Floats
    duals: Floats
    certificate: Certificate
    worst: int
    measure: float
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


def block_result(  # noqa: PLR0913 - what is known of a block, all of it named
    program: Program,
    b: int,
    solution: Solution,
    certificates: Certificates,
    measure: Floats,
    *,
    first: int | None = None,
    failures: Sequence[str] = (),
    built: bool = False,
    seconds: tuple[float, float] = (0.0, 0.0),
) -> BlockResult:
    """Return what a solution and its certificates say of block b.

    They are of the blocks from ``first`` on (None: of b alone); ``measure`` [t] is that of every
    block of the program; ``seconds`` are those of building and of solving.
    """
    start = b if first is None else first
    before, above = program.columns_of(start).start, program.rows_of(start).start
    at, inside = program.columns_of(b), program.rows_of(b)
    columns = slice(at.start - before, at.stop - before)
    rows = slice(inside.start - above, inside.stop - above)
    i, worst = b - start, -1
    if certificates.worst_row[i] >= 0:
        worst = int(certificates.worst_row[i]) - rows.start
    elif certificates.worst_column[i] >= 0:
        worst = rows.stop - rows.start + int(certificates.worst_column[i]) - columns.start
    starts = program.rows.starts
    return BlockResult(
        block=b,
        x=solution.x[columns],
        duals=solution.duals[rows],
        certificate=certificate_of(certificates, i, "", solution.mip_gap),
        worst=worst,
        measure=float(measure[b]),
        attempt=solution.attempt,
        failures=tuple(failures),
        size=(
            rows.stop - rows.start,
            columns.stop - columns.start,
            int(starts[inside.stop] - starts[inside.start]),
        ),
        built=built,
        build_seconds=seconds[0],
        solve_seconds=seconds[1],
        basis=solution.basis,
    )


def trouble(certificate: Certificate, of: Certificates, rows: Rows, i: int = 0) -> str:
    """Say why the solution of the i-th block of a program is no proof."""
    return (
        f"violation {certificate.violation:.2g} of the largest need in "
        f"{worst_name(of, i, rows) or 'no row'}, dual infeasibility "
        f"{certificate.dual_infeasibility:.2g}, gap {certificate.gap:.2g}, "
        f"MIP gap {certificate.mip_gap:.2g}"
    )


# ---- solving blocks ----------------------------------------------------------------------------


MOST_COLUMNS = 2_400
"""Small blocks are solved together up to so many columns."""
NO_NUMBERS = "not a number for every column and row"


class BlockSolver:
    """Solves the blocks of one Case."""

    def __init__(  # noqa: PLR0913 - what a case is solved with, all of it named
        self,
        expanded: Expanded,
        names: Sequence[Any] = (),
        *,
        blocks: Sequence[Sequence[Cell]] | None = None,
        proven: set[bytes] | None = None,
        tolerance_scale: float | None = None,
        like: Program | None = None,
        is_compared: bool = True,
    ) -> None:
        """Take the case's program as arrays.

        ``names`` and ``blocks`` as of ``program_of``; ``proven`` are the shapes whose model has
        been built and compared, shared between a case and its variants; ``tolerance_scale`` [t]
        is the most that violations are measured by (None: the case's own); ``like`` as of
        ``program_of``; without ``is_compared`` no model is built.
        """
        self.expanded = expanded
        self.program: Program = program_of(expanded, names, blocks, like)
        self._is_compared = is_compared
        self.proven: set[bytes] = set() if proven is None else proven
        of_case = expanded.case.tolerance_scale if tolerance_scale is None else tolerance_scale
        self.measure = self.program.measure(of_case)

    def __call__(self, blocks: Sequence[int]) -> list[BlockResult]:
        """Solve blocks in order, small ones of them several at a time.

        Each piece starts from the one before where they are of one shape, and that one was solved
        in one. Raises SolverError where no attempt gives a proven optimum.
        """
        found: list[BlockResult] = []
        shapes: tuple[bytes, ...] = ()
        last: list[BlockResult] = []
        for piece in pieces(self.program, blocks, MOST_COLUMNS):
            before, shapes = shapes, tuple(self.program.shape(b) for b in piece)
            start = last[-1].basis if shapes == before and in_one(last) else None
            if len(piece) == 1:
                last = [self.solve(piece[0], shapes[0], start)]
            else:
                last = self._together(piece, shapes, start)
            found += last
        return found

    def solve(self, b: int, shape: bytes = b"", start: Any = None) -> BlockResult:
        """Solve one block, from the basis of a like one if given; cold if that gives no proof."""
        began = time.perf_counter()
        rows = self.program.block(b)
        built = self.compare(b, rows, shape or self.program.shape(b))
        since = time.perf_counter()
        failures: list[str] = []
        attempts = [(attempt, None) for attempt in solver.ATTEMPTS]
        if start is not None and not rows.whole.any():
            attempts.insert(0, (solver.ATTEMPTS[0], start))
        for attempt, basis in attempts:
            scale = self.scaling(b, rows, raised=attempt.raised)
            name = attempt.name if basis is None else f"{attempt.name} from a like block"
            try:
                found = _run(scale.scaled(rows), attempt, basis)
            except SolverError as error:
                failures.append(f"{name}: {error}")
                continue
            if not fits(rows, found):
                failures.append(f"{name}: {NO_NUMBERS}")
                continue
            solution = scale.unscaled(found)
            certificates = self.certify(b, rows, solution)
            certificate = certificate_of(certificates, 0, "", solution.mip_gap)
            if certificate.passed:
                seconds = (since - began, time.perf_counter() - since)
                return block_result(
                    self.program, b, solution, certificates, self.measure,
                    failures=failures, built=built, seconds=seconds,
                )  # fmt: skip
            failures.append(f"{name}: {trouble(certificate, certificates, rows)}")
        msg = f"no proven optimum for {self._where(b)}: {'; '.join(failures)}"
        raise SolverError(msg)

    def _together(
        self, piece: tuple[int, ...], shapes: tuple[bytes, ...], start: Any
    ) -> list[BlockResult]:
        """Solve neighbouring blocks as one program; one that is not proven so is solved alone."""
        began = time.perf_counter()
        of, first, last = self.program, piece[0], piece[-1]
        each = [of.block(b) for b in piece]
        built = [self.compare(*one) for one in zip(piece, each, shapes, strict=True)]
        since = time.perf_counter()
        rows = of.block(first, last)
        scale = joined([self.scaling(b, r) for b, r in zip(piece, each, strict=True)])
        name = f"{solver.ATTEMPTS[0].name} of {len(piece)} blocks"
        why: list[str] = []  # each block is no proof, "" where it is one
        try:
            found = _run(scale.scaled(rows), solver.ATTEMPTS[0], start)
        except SolverError as error:
            why = [str(error)] * len(piece)
        else:
            if fits(rows, found):
                solution = scale.unscaled(found)
                certificates = self.certify(first, rows, solution, last)
                each_proof = [certificate_of(certificates, i, "") for i in range(len(piece))]
                why = [
                    "" if proof.passed else trouble(proof, certificates, rows, i)
                    for i, proof in enumerate(each_proof)
                ]
            else:
                why = [NO_NUMBERS] * len(piece)
        part = 1.0 / len(piece)
        seconds = ((since - began) * part, (time.perf_counter() - since) * part)
        results = []
        for i, b in enumerate(piece):
            if why[i]:
                alone = self.solve(b, shapes[i])
                failures = (f"{name}: {why[i]}", *alone.failures)
                result = dataclasses.replace(alone, failures=failures, built=built[i])
            else:
                result = block_result(
                    of, b, solution, certificates, self.measure,
                    first=first, built=built[i], seconds=seconds,
                )  # fmt: skip
            results.append(result)
        return results

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

    def certify(
        self, b: int, rows: Rows, solution: Solution, last: int | None = None
    ) -> Certificates:
        """Return the certificate of a solution of one block, or of all from it up to another."""
        of, end = self.program, (b if last is None else last) + 2
        return certify_blocks(
            rows,
            solution.x,
            solution.duals,
            self.measure[b : end - 1],
            tonnes=(
                of.column_unit[of.columns_of(b, last)] == TONNES,
                of.row_unit[of.rows_of(b, last)] == TONNES,
            ),
            starts=(
                of.column_starts[b:end] - of.column_starts[b],
                of.row_starts[b:end] - of.row_starts[b],
            ),
        )

    def compare(self, b: int, rows: Rows, shape: bytes) -> bool:
        """Build the model of a block whose shape is new, and compare the two.

        Returns whether one was built; raises SolverError where it is not the case's program.
        """
        if shape in self.proven or not self._is_compared:
            return False
        with _no_collection():
            model = compile_model(build(self.expanded, self.program.blocks[b]).model)
        wrong = differences(model, rows)
        if wrong:
            msg = f"the program built is not the case's: {'; '.join(wrong[:3])}"
            raise SolverError(msg)
        self.proven.add(shape)
        return True

    def _where(self, b: int) -> str:
        e, cells = self.expanded, self.program.blocks[b]
        names = sorted({e.minerals[m] for m, _ in cells})
        years = sorted({e.years[t] for _, t in cells})
        return f"{', '.join(names)} {years[0]}" + (f" to {years[-1]}" if len(years) > 1 else "")


def in_one(results: Sequence[BlockResult]) -> bool:
    """Return whether blocks come out of one run of the solver, so that they have one basis."""
    return len({id(result.basis) for result in results}) == 1


def _run(rows: Rows, attempt: solver.Attempt, start: Any) -> Solution:
    return solver.solve(rows, attempt) if start is None else solver.solve(rows, attempt, start)


def pieces(program: Program, blocks: Sequence[int], most: int) -> list[tuple[int, ...]]:
    """Return blocks that are solved together: neighbours of at most so many columns in all.

    A run of the solver costs as much as some hundred columns do; what must be whole stays alone.
    """
    found: list[list[int]] = []
    room = 0
    for b in blocks:
        at = program.columns_of(b)
        wide = at.stop - at.start
        alone = bool(program.rows.whole[at].any())
        if found and found[-1][-1] == b - 1 and wide <= room and not alone:
            found[-1].append(b)
            room -= wide
        else:
            found.append([b])
            room = 0 if alone else most - wide
    return [tuple(piece) for piece in found]


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
