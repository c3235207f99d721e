"""Blocks: build, compile, compare with the case's arrays, solve, prove; else once more, cold.

A model is built once for each shape. Blocks that differ only in numbers, such as a mineral's other
years, take them from the arrays that the model was compared with.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models import background, tolerances
from models import solve as solver
from models.case import Case
from models.errors import SolverError
from models.program import Program, Scaling, build_program, joined, scaling, within
from models.resolve import Cell, Expanded, Floats
from models.solve import Certificate, Certificates, LinearProgram, Solution, fits

# ---- a solved and proved block -----------------------------------------------------------------


@dataclass(frozen=True)
class BlockResult:
    """A solved and proved block: its columns' values and its rows' duals, in the program's order.

    Values are in t (or fractions), duals in discounted money per unit of the right-hand side.
    ``worst`` is the position in the block of what is violated most, a row or, after all rows, a
    column; -1: none. The certificate's violation is a part of ``measure`` [t]. ``size`` counts
    rows, columns and nonzeros, ``built`` says whether a model was built for it, and a block of the
    same shape may start from ``basis``.
    """

    block: int
    x: Floats
    duals: Floats
    certificate: Certificate
    worst: int
    measure: float
    attempt: str
    size: tuple[int, int, int]
    failures: tuple[str, ...] = ()
    built: bool = False
    build_seconds: float = 0.0
    solve_seconds: float = 0.0
    basis: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "basis": None}


def block_result(  # noqa: PLR0913, PLR0917 - what a block's result is read from
    program: Program,
    b: int,
    solution: Solution,
    certificates: Certificates,
    measure: Floats,
    first: int = 0,
) -> BlockResult:
    """Return the result of block ``b`` from a solution and its certificates.

    Both are of the blocks from ``first`` on; ``measure`` [t] is that of every block of the program.
    """
    before, above = int(program.column_starts[first]), int(program.row_starts[first])
    span, inside = program.columns_of(b), program.rows_of(b)
    rows, columns = inside.stop - inside.start, span.stop - span.start
    i, worst = b - first, -1
    if certificates.worst_row[i] >= 0:
        worst = int(certificates.worst_row[i]) + above - inside.start
    elif certificates.worst_column[i] >= 0:
        worst = rows + int(certificates.worst_column[i]) + before - span.start
    starts = program.rows.starts
    return BlockResult(
        block=b,
        x=solution.x[span.start - before : span.stop - before],
        duals=solution.duals[inside.start - above : inside.stop - above],
        certificate=certificates.of_block(i, mip_gap=solution.mip_gap),
        worst=worst,
        measure=float(measure[b]),
        attempt=solution.attempt,
        size=(rows, columns, int(starts[inside.stop] - starts[inside.start])),
        basis=solution.basis,
    )


def worths(case: Case, program: Program) -> Floats:
    """Return the discount factor of each row's year."""
    years, which = np.unique(program.row_year, return_inverse=True)
    worth = [case.discount(year) if year else 1.0 for year in years.tolist()]
    return np.array(worth, dtype=float)[which]


# ---- the proof of a whole plan -----------------------------------------------------------------


@dataclass(frozen=True)
class Proof:
    """The proof of a whole plan: the worst of its blocks.

    ``violation`` is in t, and so is ``allowed``, a part of the case's largest demand; a block's own
    allowance follows from ``BlockResult.measure``. ``dual_infeasibility`` and ``gap`` are relative.
    So many ``models`` were built and compared with the case's arrays; the other blocks have the
    same shapes. ``retries`` say which attempts failed before one passed.
    """

    violation: float
    violated: str
    allowed: float
    dual_infeasibility: float
    gap: float
    mip_gap: float
    blocks: int
    models: int
    rows: int
    columns: int
    nonzeros: int
    retries: tuple[str, ...]


OPTIMAL = "optimal"
"""The status of a plan that is proven to be the cheapest."""


def status_of(gap: float) -> str:
    """Return ``optimal``, or ``feasible`` where a search ended with a gap."""
    return OPTIMAL if gap <= tolerances.MOST_MIP_GAP else "feasible"


def proof_of(case: Case, blocks: Sequence[BlockResult], program: Callable[[], Program]) -> Proof:
    """Return the proof of a case's solved blocks; ``program`` is asked for where a row is named."""
    certificates = [b.certificate for b in blocks]
    worst = max(blocks, key=lambda b: b.certificate.violation * b.measure, default=None)
    rows, columns, nonzeros = (sum(b.size[i] for b in blocks) for i in range(3))
    place = worst_place(program(), worst.block, worst.worst) if worst and worst.worst >= 0 else None
    elsewhere = worst.certificate.violated if worst else ""
    return Proof(
        violation=worst.certificate.violation * worst.measure if worst else 0.0,
        violated=place_words(*place) if place else elsewhere,
        allowed=tolerances.MOST_VIOLATION * case.tolerance_scale,
        dual_infeasibility=max((c.dual_infeasibility for c in certificates), default=0.0),
        gap=max((c.gap for c in certificates), default=0.0),
        mip_gap=max((c.mip_gap for c in certificates), default=0.0),
        blocks=len(blocks),
        models=sum(b.built for b in blocks),
        rows=rows,
        columns=columns,
        nonzeros=nonzeros,
        retries=tuple(failure for b in blocks for failure in b.failures),
    )


def worst_place(program: Program, block: int, worst: int) -> tuple[str, Any] | None:
    """Return component and key of a block's row, or column where ``worst`` is beyond its rows."""
    rows, columns = program.rows_of(block), program.columns_of(block)
    count = rows.stop - rows.start
    is_row = worst < count
    position = rows.start + worst if is_row else columns.start + worst - count
    for group in program.constraints if is_row else program.variables:
        place = within(group.at, slice(position, position + 1))
        if place.stop > place.start:
            return group.name, group.keys(np.array([place.start]))[0]
    return None


def place_words(name: str, key: object) -> str:
    """Return a row or column of the program in words: ``ore balance: Jin, copper, 2026``.

    ``key`` is its key, a tuple or a single name; blank parts of it are left out.
    """
    parts = key if isinstance(key, tuple) else (key,)
    return f"{name.replace('_', ' ')}: {', '.join(str(part) for part in parts if part != '')}"


# ---- solving blocks ----------------------------------------------------------------------------


MOST_COLUMNS = 2_400
"""Small blocks are solved together up to so many columns."""
_LEAST_SECONDS = 1.0
"""A search for whole builds has so long, whatever others took."""
NO_NUMBERS = "not a number for every column and row"


class BlockSolver:
    """Solves the blocks of one Case."""

    def __init__(  # noqa: PLR0913 - what a case is solved with, all of it named
        self,
        expanded: Expanded,
        program: Program | None = None,
        *,
        blocks: Sequence[Sequence[Cell]] | None = None,
        tolerance_scale: float | None = None,
        is_compared: bool = True,
        compares_here: bool = True,
    ) -> None:
        """Take the case's program as arrays (None: it is laid out, in ``blocks``).

        ``tolerance_scale`` [t] is the most that violations are measured by (None: the case's own).
        Without ``is_compared`` no Pyomo model is built; unless ``compares_here``, somebody else
        does (``compare_shapes``).
        """
        self.expanded = expanded
        self.program: Program = program or build_program(expanded, blocks=blocks)
        self._is_compared = is_compared
        self._compares_here = compares_here
        self._background: background.BackgroundProcess[None] | None = None
        self._began = time.perf_counter()
        self.proven: set[bytes] = set()
        """The shapes whose model has been built and compared."""
        of_case = expanded.case.tolerance_scale if tolerance_scale is None else tolerance_scale
        self.measure = self.program.measure(of_case)

    def __call__(self, blocks: Sequence[int]) -> list[BlockResult]:
        """Return the results of blocks in order; small ones are solved several at a time.

        A piece starts from the one before if both have one shape. Raises SolverError where no
        attempt gives a proven optimum.
        """
        results: list[BlockResult] = []
        shapes: tuple[bytes, ...] = ()
        last: list[BlockResult] = []
        for piece in pieces(self.program, blocks):
            before, shapes = shapes, tuple(self.program.shape(b) for b in piece)
            start = last[-1].basis if shapes == before and from_one_run(last) else None
            if len(piece) == 1:
                last = [self.solve(piece[0], shapes[0], start)]
            else:
                last = self._together(piece, shapes, start)
            results += last
        return results

    def all(self) -> list[BlockResult]:
        """Solve all blocks, those of the same minerals one after another."""
        return [result for group in together(self.program.blocks) for result in self(group)]

    def runs(
        self, results: Sequence[BlockResult]
    ) -> Iterator[tuple[tuple[int, ...], LinearProgram, Scaling, Any]]:
        """Yield the blocks of a group that were solved together: their program, scaling and basis.

        Empty blocks and blocks with integer columns are left out: no other run may start from them.
        """
        program, of_block = self.program, {result.block: result for result in results}
        for piece in pieces(program, [*of_block]):
            is_one = from_one_run([of_block[b] for b in piece])
            for blocks in [piece] if is_one else [(b,) for b in piece]:
                rows, basis = program.block(blocks[0], blocks[-1]), of_block[blocks[0]].basis
                if basis is not None and not rows.whole.any():
                    yield blocks, rows, self.scaling_of(blocks), basis

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
            (result,) = self._tried((b,), rows, scale, attempt, basis)
            if isinstance(result, BlockResult):
                return replace(
                    result, failures=tuple(failures), built=built, build_seconds=since - began,
                    solve_seconds=time.perf_counter() - since,
                )  # fmt: skip
            failures.append(f"{name}: {result}")
        msg = f"no proven optimum for {self.where(b)}: {'; '.join(failures)}"
        raise SolverError(msg)

    def _together(
        self, piece: tuple[int, ...], shapes: tuple[bytes, ...], start: Any
    ) -> list[BlockResult]:
        """Solve neighbouring blocks as one program; what is not proven so is solved alone."""
        began = time.perf_counter()
        each = [self.program.block(b) for b in piece]
        built = [self.compare(*each_block) for each_block in zip(piece, each, shapes, strict=True)]
        since = time.perf_counter()
        rows = self.program.block(piece[0], piece[-1])
        scale = joined([self.scaling(b, r) for b, r in zip(piece, each, strict=True)])
        tried = self._tried(piece, rows, scale, solver.ATTEMPTS[0], start)
        building, solving = since - began, time.perf_counter() - since
        results = []
        for i, outcome in enumerate(tried):
            if isinstance(outcome, BlockResult):
                result = replace(
                    outcome, build_seconds=building / len(piece), solve_seconds=solving / len(piece)
                )
            else:
                alone = self.solve(piece[i], shapes[i])
                why = f"{solver.ATTEMPTS[0].name} of {len(piece)} blocks: {outcome}"
                result = replace(alone, failures=(why, *alone.failures))
            results.append(replace(result, built=built[i]))
        return results

    def _tried(
        self,
        piece: tuple[int, ...],
        rows: LinearProgram,
        scale: Scaling,
        attempt: solver.Attempt,
        start: Any,
    ) -> list[BlockResult | str]:
        """Solve neighbouring blocks as one program: each block's result, or why it is no proof."""
        begin = () if start is None else (start,)
        limits = self._limits() if rows.whole.any() else {}
        accepted = math.inf if limits.get("seconds") else limits.get("gap", 0.0)
        try:
            solved = solver.solve(scale.scaled(rows), attempt, *begin, **limits)
        except SolverError as error:
            return [str(error)] * len(piece)
        if not fits(rows, solved):
            return [NO_NUMBERS] * len(piece)
        program, first, solution = self.program, piece[0], scale.unscaled(solved)
        x, duals = solution.x, solution.duals
        certificates = program.certify(x, duals, self.measure, first, piece[-1], rows)
        results: list[BlockResult | str] = []
        for i, b in enumerate(piece):
            result = block_result(program, b, solution, certificates, self.measure, first)
            proof = result.certificate
            if proof.passed_within(accepted):
                results.append(result)
            else:
                results.append(refusal(proof, certificates.worst_name(i, rows)))
        return results

    def _limits(self) -> dict[str, float]:
        """Return where the search of one more block ends: of the time, what the others left."""
        search = self.expanded.case.search
        if search.seconds is None:
            return {"gap": search.gap}
        left = search.seconds - (time.perf_counter() - self._began)
        return {"gap": search.gap, "seconds": max(_LEAST_SECONDS, left)}

    def scaling(self, b: int, rows: LinearProgram, *, raised: bool = False) -> Scaling:
        """Return how a block is scaled."""
        program = self.program
        span, inside = program.columns_of(b), program.rows_of(b)
        return scaling(
            rows,
            need=float(program.need[b]),
            column_unit=program.column_unit[span],
            row_unit=program.row_unit[inside],
            row_size=program.row_size[inside],
            raised=raised,
        )

    def scaling_of(self, blocks: Sequence[int], *, raised: bool = False) -> Scaling:
        program = self.program
        return joined([self.scaling(b, program.block(b), raised=raised) for b in blocks])

    def compare(self, b: int, rows: LinearProgram, shape: bytes) -> bool:
        """Build the model of a block whose shape is new, and compare it with the arrays.

        Returns whether the shape was new; raises SolverError where the model is not the case's
        program.
        """
        if shape in self.proven or not self._is_compared:
            return False
        if self._compares_here:
            self._compare(b, rows)
        self.proven.add(shape)
        return True

    def _compare(self, b: int, rows: LinearProgram) -> None:
        from models.program.compile import compile_model, differences
        from models.program.sourcing import build

        with _no_collection():
            model = compile_model(build(self.expanded, self.program.blocks[b]).model)
        wrong = differences(model, rows)
        if wrong:
            msg = f"the program built is not the case's: {'; '.join(wrong[:3])}"
            raise SolverError(msg)

    def compare_shapes(self) -> None:
        """Compare the models of all shapes; SolverError where one is not the case's program."""
        first: dict[bytes, int] = {}
        for b in range(len(self.program.blocks)):
            first.setdefault(self.program.shape(b), b)
        for b in first.values():
            self._compare(b, self.program.block(b))

    def compare_in_background(self) -> None:
        """Start to compare the models of all shapes in a background process.

        What is solved meanwhile is the case's only once ``confirm`` has returned.
        """
        self._compares_here = False
        self._background = background.BackgroundProcess(self.compare_shapes)

    def confirm(self) -> None:
        """Wait for the background comparison; SolverError where a program is not the case's."""
        if self._background is not None:
            self._background.result()

    def where(self, b: int) -> str:
        """Return the minerals and years of a block in words."""
        e, cells = self.expanded, self.program.blocks[b]
        names = sorted({e.minerals[m] for m, _ in cells})
        years = sorted({e.years[t] for _, t in cells})
        return f"{', '.join(names)} {years[0]}" + (f" to {years[-1]}" if len(years) > 1 else "")


def optimality_words(proof: Certificate) -> str:
    """Return how far a solution is from proven optimal: dual infeasibility and gap, in words."""
    return f"dual infeasibility {proof.dual_infeasibility:.2g}, gap {proof.gap:.2g}"


def refusal(proof: Certificate, worst: str) -> str:
    """Return why a solution is no proof; ``worst`` names the row or column violated most."""
    return (
        f"violation {proof.violation:.2g} of the largest need in {worst or 'no row'}, "
        f"{optimality_words(proof)}, MIP gap {proof.mip_gap:.2g}"
    )


def from_one_run(results: Sequence[BlockResult]) -> bool:
    """Return whether blocks come out of one run of the solver, so that they have one basis."""
    return len({id(result.basis) for result in results}) == 1


def together(blocks: Sequence[Sequence[Cell]]) -> list[tuple[int, ...]]:
    """Return the blocks in groups to be solved one after another: those of the same minerals."""
    minerals = [frozenset(m for m, _ in cells) for cells in blocks]
    groups: list[list[int]] = []
    for b, mine in enumerate(minerals):
        if b and mine == minerals[b - 1]:
            groups[-1].append(b)
        else:
            groups.append([b])
    return [tuple(group) for group in groups]


def pieces(program: Program, blocks: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the blocks that are solved together: neighbours of at most MOST_COLUMNS in all.

    A run of the solver costs as much as some hundred columns do. Blocks with integer columns are
    alone.
    """
    parts: list[list[int]] = []
    left = 0
    for b in blocks:
        span = program.columns_of(b)
        wide = span.stop - span.start
        alone = bool(program.rows.whole[span].any())
        if parts and parts[-1][-1] == b - 1 and wide <= left and not alone:
            parts[-1].append(b)
            left -= wide
        else:
            parts.append([b])
            left = 0 if alone else MOST_COLUMNS - wide
    return [tuple(piece) for piece in parts]


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
