"""Solves and certifies the blocks (independent parts) of a case's program.

A block's program comes from arrays. To verify them, a Pyomo model is built for each shape of block
and compared with the arrays. Blocks of one shape differ only in numbers, such as the years of one
mineral, so they need no model of their own. If an attempt to solve a block gives no certificate,
the block is solved again, cold, with other solver settings.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models import background, tolerances
from models.case import Case
from models.errors import SolverError
from models.garbage import paused_gc
from models.program import Program, Scaling, build_program, choose_scaling, joined_scalings
from models.resolve import Cell, Expanded, Floats
from models.solve import Certificate, Certificates, LinearProgram, Solution, fits, highs

# ---- the result of a block ---------------------------------------------------------------------


@dataclass(frozen=True)
class BlockResult:
    """A solved and certified block: its columns' values and its rows' duals, in program order.

    Values are in t (or fractions), duals in discounted money per unit of the right-hand side.
    ``worst`` is the position in the block of the largest violation; positions of columns follow
    those of rows; -1: none. The certificate's violation is a fraction of ``measure`` [t]. ``size``
    has the numbers of rows, columns and nonzeros. ``built`` says whether a Pyomo model was built
    for the block. A block of the same shape may be warm-started from ``basis``.
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


def block_result(  # noqa: PLR0913, PLR0917 - the inputs of a block's result
    program: Program,
    b: int,
    solution: Solution,
    certificates: Certificates,
    measure: Floats,
    first: int = 0,
) -> BlockResult:
    """Return the result of block ``b`` from a solution and its certificates.

    Both, and the basis, cover all blocks from ``first`` on. ``measure`` [t] has the violation scale
    of each block of the program.
    """
    column_offset, row_offset = int(program.column_starts[first]), int(program.row_starts[first])
    columns, rows = program.columns_of(b), program.rows_of(b)
    row_count, column_count = rows.stop - rows.start, columns.stop - columns.start
    i, worst = b - first, -1  # ``worst``: position in the block, rows first, then columns
    if certificates.worst_row[i] >= 0:
        worst = int(certificates.worst_row[i]) + row_offset - rows.start
    elif certificates.worst_column[i] >= 0:
        worst = row_count + int(certificates.worst_column[i]) + column_offset - columns.start
    starts = program.rows.starts
    return BlockResult(
        block=b,
        x=solution.x[columns.start - column_offset : columns.stop - column_offset],
        duals=solution.duals[rows.start - row_offset : rows.stop - row_offset],
        certificate=certificates.of_block(i, mip_gap=solution.mip_gap),
        worst=worst,
        measure=float(measure[b]),
        attempt=solution.attempt,
        size=(row_count, column_count, int(starts[rows.stop] - starts[rows.start])),
        basis=solution.basis,
    )


def discount_factors(case: Case, program: Program) -> Floats:
    """Return the discount factor of each row's year, 1 for a row without a year."""
    years = np.flatnonzero(np.bincount(program.row_year))
    factors = np.ones(years.max(initial=0) + 1)
    factors[years] = [case.discount(year) if year else 1.0 for year in years.tolist()]
    return factors[program.row_year]


# ---- the proof of a whole plan -----------------------------------------------------------------


@dataclass(frozen=True)
class Proof:
    """The proof of a whole plan: the largest errors of its blocks.

    ``violation`` and ``allowed`` are in t. ``allowed`` is a fraction of the case's largest demand;
    each block's own allowance follows from ``BlockResult.measure``. ``violated`` names the row or
    column. ``dual_infeasibility`` and ``gap`` are relative. ``models`` is the number of Pyomo
    models that were built and compared with the arrays; the other blocks have the same shapes.
    ``retries`` has the failed attempts of blocks that a later attempt solved.
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
    """Return ``optimal``, or ``feasible`` if the search for integers ended with a gap."""
    return OPTIMAL if gap <= tolerances.MOST_MIP_GAP else "feasible"


def proof_of(case: Case, blocks: Sequence[BlockResult], program: Callable[[], Program]) -> Proof:
    """Return the proof of a case's solved blocks; ``program`` is called only to name a row."""
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
    """Return component and key of a block's largest violation, at ``worst`` as in BlockResult."""
    rows, columns = program.rows_of(block), program.columns_of(block)
    count = rows.stop - rows.start
    is_row = worst < count
    position = rows.start + worst if is_row else columns.start + worst - count
    for group in program.constraints if is_row else program.variables:
        if len(part := group.within(slice(position, position + 1))):
            return part.name, part.keys(np.array([0]))[0]
    return None


def place_words(name: str, key: object) -> str:
    """Return a row's or column's name for messages, such as ``ore balance: Jin, copper, 2026``.

    ``key`` is a tuple or a single name; its blank parts are left out.
    """
    parts = key if isinstance(key, tuple) else (key,)
    return f"{name.replace('_', ' ')}: {', '.join(str(part) for part in parts if part != '')}"


# ---- solving blocks ----------------------------------------------------------------------------


MOST_COLUMNS = 2_400
"""Small neighbouring blocks are solved together if they have at most so many columns in all."""
_MIN_SEARCH_SECONDS = 1.0
"""Minimum time for a block with integer columns, even if the case's search time is used up."""
NO_NUMBERS = "not a number for every column and row"


class BlockSolver:
    """Solves the blocks of one Case."""

    def __init__(  # noqa: PLR0913 - all are keyword arguments
        self,
        expanded: Expanded,
        program: Program | None = None,
        *,
        blocks: Sequence[Sequence[Cell]] | None = None,
        tolerance_scale: float | None = None,
        is_compared: bool = True,
        compares_here: bool = True,
    ) -> None:
        """Take the case's program (None: it is built here, with ``blocks`` if given).

        ``tolerance_scale`` [t] is the largest amount relative to which violations are measured
        (None: the case's own). If ``is_compared``, each new shape of block is compared with a Pyomo
        model while it is solved; without ``compares_here`` it is only noted as compared, since
        ``compare_shapes`` is called elsewhere.
        """
        self.expanded = expanded
        self.program: Program = program or build_program(expanded, blocks=blocks)
        self._is_compared = is_compared
        self._compares_here = compares_here
        self._background: background.BackgroundProcess[None] | None = None
        self._began = time.perf_counter()
        self.compared_shapes: set[bytes] = set()
        """The shapes whose model has been built and compared."""
        scale = expanded.case.tolerance_scale if tolerance_scale is None else tolerance_scale
        self.measure = self.program.violation_scale(scale)

    def __call__(self, blocks: Sequence[int]) -> list[BlockResult]:
        """Return the results of blocks in order; small blocks are solved together (``pieces``).

        A piece is warm-started from the piece before it if their blocks have the same shapes.
        Raises SolverError if no attempt gives a proven optimum.
        """
        results: list[BlockResult] = []
        shapes: tuple[bytes, ...] = ()
        last: list[BlockResult] = []
        with highs.solvers_kept():
            for piece in pieces(self.program, blocks):
                before, shapes = shapes, tuple(self.program.fingerprint(b) for b in piece)
                start = last[-1].basis if shapes == before and from_one_run(last) else None
                if len(piece) == 1:
                    last = [self.solve(piece[0], shapes[0], start)]
                else:
                    last = self._solve_jointly(piece, shapes, start)
                results += last
        return results

    def solve_all(self) -> list[BlockResult]:
        """Solve all blocks; blocks of the same minerals are warm-started from one another."""
        return [result for group in groups_of_blocks(self.program.blocks) for result in self(group)]

    def runs(
        self, results: Sequence[BlockResult]
    ) -> Iterator[tuple[tuple[int, ...], LinearProgram, Scaling, Any]]:
        """Yield blocks that were solved in one solver run, with their program, scaling and basis.

        Blocks without a basis and blocks with integer columns are left out: no other run can be
        warm-started from them.
        """
        program, of_block = self.program, {result.block: result for result in results}
        for piece in pieces(program, [*of_block]):
            is_one = from_one_run([of_block[b] for b in piece])
            for blocks in [piece] if is_one else [(b,) for b in piece]:
                rows, basis = program.block(blocks[0], blocks[-1]), of_block[blocks[0]].basis
                if basis is not None and not rows.whole.any():
                    yield blocks, rows, self.scaling_of(blocks), basis

    def solve(self, b: int, shape: bytes = b"", start: Any = None) -> BlockResult:
        """Solve one block, warm-started from ``start``, a basis of a block with the same shape.

        If that gives no certificate, it is solved cold, by one attempt after another.
        """
        began = time.perf_counter()
        rows = self.program.block(b)
        built = self.compare(b, rows, shape or self.program.fingerprint(b))
        since = time.perf_counter()
        failures: list[str] = []
        attempts = [(attempt, None) for attempt in highs.ATTEMPTS]
        if start is not None and not rows.whole.any():
            attempts.insert(0, (highs.ATTEMPTS[0], start))
        for attempt, basis in attempts:
            scale = self.scaling(b, rows, raised=attempt.raised)
            name = attempt.name if basis is None else f"{attempt.name} from a like block"
            (result,) = self._attempt((b,), rows, scale, attempt, basis)
            if isinstance(result, BlockResult):
                return replace(
                    result, failures=tuple(failures), built=built, build_seconds=since - began,
                    solve_seconds=time.perf_counter() - since,
                )  # fmt: skip
            failures.append(f"{name}: {result}")
        msg = f"no proven optimum for {self.block_words(b)}: {'; '.join(failures)}"
        raise SolverError(msg)

    def _solve_jointly(
        self, piece: tuple[int, ...], shapes: tuple[bytes, ...], start: Any
    ) -> list[BlockResult]:
        """Solve neighbouring blocks as one program, and each without a certificate alone."""
        began = time.perf_counter()
        each = [self.program.block(b) for b in piece]
        built = [self.compare(*each_block) for each_block in zip(piece, each, shapes, strict=True)]
        since = time.perf_counter()
        rows = self.program.block(piece[0], piece[-1])
        scale = joined_scalings([self.scaling(b, r) for b, r in zip(piece, each, strict=True)])
        outcomes = self._attempt(piece, rows, scale, highs.ATTEMPTS[0], start)
        building, solving = since - began, time.perf_counter() - since
        results = []
        for i, outcome in enumerate(outcomes):
            if isinstance(outcome, BlockResult):
                result = replace(
                    outcome, build_seconds=building / len(piece), solve_seconds=solving / len(piece)
                )
            else:
                alone = self.solve(piece[i], shapes[i])
                failure = f"{highs.ATTEMPTS[0].name} of {len(piece)} blocks: {outcome}"
                result = replace(alone, failures=(failure, *alone.failures))
            results.append(replace(result, built=built[i]))
        return results

    def _attempt(
        self,
        piece: tuple[int, ...],
        rows: LinearProgram,
        scale: Scaling,
        attempt: highs.Attempt,
        start: Any,
    ) -> list[BlockResult | str]:
        """Solve neighbouring blocks as one program; return each block's result or its failure."""
        basis = () if start is None else (start,)
        limits = self._search_limits() if rows.whole.any() else {}
        accepted = math.inf if limits.get("seconds") else limits.get("gap", 0.0)
        try:
            solved = highs.solve(scale.scaled(rows), attempt, *basis, **limits)
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
            certificate = result.certificate
            if certificate.passed_within(accepted):
                results.append(result)
            else:
                results.append(failure_words(certificate, certificates.worst_name(i, rows)))
        return results

    def _search_limits(self) -> dict[str, float]:
        """Return the gap or the remaining time at which the search for integers in a block ends."""
        search = self.expanded.case.search
        if search.seconds is None:
            return {"gap": search.gap}
        left = search.seconds - (time.perf_counter() - self._began)
        return {"gap": search.gap, "seconds": max(_MIN_SEARCH_SECONDS, left)}

    def scaling(self, b: int, rows: LinearProgram, *, raised: bool = False) -> Scaling:
        program = self.program
        span, inside = program.columns_of(b), program.rows_of(b)
        return choose_scaling(
            rows,
            need=float(program.need[b]),
            column_unit=program.column_unit[span],
            row_unit=program.row_unit[inside],
            row_size=program.row_size[inside],
            raised=raised,
        )

    def scaling_of(self, blocks: Sequence[int], *, raised: bool = False) -> Scaling:
        program = self.program
        return joined_scalings([self.scaling(b, program.block(b), raised=raised) for b in blocks])

    def compare(self, b: int, rows: LinearProgram, shape: bytes) -> bool:
        """Build the Pyomo model of a block if its shape is new, and compare it with the arrays.

        Returns whether the shape was new; raises SolverError if model and arrays differ.
        """
        if shape in self.compared_shapes or not self._is_compared:
            return False
        if self._compares_here:
            self._compare(b, rows)
        self.compared_shapes.add(shape)
        return True

    def _compare(self, b: int, rows: LinearProgram) -> None:
        with paused_gc():
            from models.program.compile import compile_model, differences
            from models.program.sourcing import build

            model = compile_model(build(self.expanded, self.program.blocks[b]).model)
        wrong = differences(model, rows)
        if wrong:
            msg = f"the Pyomo model differs from the case's arrays: {'; '.join(wrong[:3])}"
            raise SolverError(msg)

    def compare_shapes(self) -> None:
        """Compare a Pyomo model of each shape with its arrays; SolverError if they differ."""
        first: dict[bytes, int] = {}
        for b in range(len(self.program.blocks)):
            first.setdefault(self.program.fingerprint(b), b)
        for b in first.values():
            self._compare(b, self.program.block(b))

    def compare_in_background(self) -> None:
        """Start ``compare_shapes`` in a background process.

        Plans that are made meanwhile are valid only after ``confirm`` has returned.
        """
        self._compares_here = False
        self._background = background.BackgroundProcess(self.compare_shapes)

    def confirm(self) -> None:
        """Wait for the comparison in the background; raises SolverError if it finds differences."""
        if self._background is not None:
            self._background.result()

    def block_words(self, b: int) -> str:
        """Return the minerals and years of a block, such as ``copper, tin 2026 to 2030``."""
        e, cells = self.expanded, self.program.blocks[b]
        names = sorted({e.minerals[m] for m, _ in cells})
        years = sorted({e.years[t] for _, t in cells})
        return f"{', '.join(names)} {years[0]}" + (f" to {years[-1]}" if len(years) > 1 else "")


def optimality_words(certificate: Certificate) -> str:
    """Return how far a solution is from proven optimal: dual infeasibility and gap, in words."""
    return f"dual infeasibility {certificate.dual_infeasibility:.2g}, gap {certificate.gap:.2g}"


def failure_words(certificate: Certificate, worst: str) -> str:
    """Return why a certificate failed; ``worst`` names the row or column violated most."""
    return (
        f"violation {certificate.violation:.2g} of the largest need in {worst or 'no row'}, "
        f"{optimality_words(certificate)}, MIP gap {certificate.mip_gap:.2g}"
    )


def from_one_run(results: Sequence[BlockResult]) -> bool:
    """Return whether blocks were solved in one run of the solver, so that they share a basis."""
    return len({id(result.basis) for result in results}) == 1


def groups_of_blocks(blocks: Sequence[Sequence[Cell]]) -> list[tuple[int, ...]]:
    """Return groups of neighbouring blocks with the same minerals."""
    minerals = [frozenset(m for m, _ in cells) for cells in blocks]
    groups: list[list[int]] = []
    for b, names in enumerate(minerals):
        if b and names == minerals[b - 1]:
            groups[-1].append(b)
        else:
            groups.append([b])
    return [tuple(group) for group in groups]


def pieces(program: Program, blocks: Sequence[int]) -> list[tuple[int, ...]]:
    """Return blocks in pieces that are solved together: neighbours up to MOST_COLUMNS columns.

    This is faster because a run of the solver takes as long as solving some hundred columns. A
    block with integer columns is a piece of its own.
    """
    groups: list[list[int]] = []
    left = 0
    for b in blocks:
        span = program.columns_of(b)
        wide = span.stop - span.start
        is_integer = bool(program.rows.whole[span].any())
        if groups and groups[-1][-1] == b - 1 and wide <= left and not is_integer:
            groups[-1].append(b)
            left -= wide
        else:
            groups.append([b])
            left = 0 if is_integer else MOST_COLUMNS - wide
    return [tuple(piece) for piece in groups]
