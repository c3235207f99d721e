"""A solved and proved block, as read from the solution of one block or of several together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.program import Program
from models.resolve import Floats
from models.solve import Certificate, Certificates, Rows, Solution, certificate_of, worst_name


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
