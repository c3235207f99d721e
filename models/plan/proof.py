"""The proof of a whole plan; and a plan from its values and duals, certified anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.case import Case
from models.plan.block_solver import BlockResult
from models.program import Program, within
from models.solve import MOST_VIOLATION


@dataclass(frozen=True)
class Proof:
    """The proof of a whole plan: the worst of its blocks.

    ``violation`` and ``allowed`` in t, the latter of the case's largest demand: what a block is
    allowed is of its own, see ``BlockResult.measure``; ``dual_infeasibility`` and ``gap`` relative;
    ``models`` were built and compared with the case's arrays, the other blocks being of the same
    shapes; ``retries`` say which attempts failed before one passed.
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


def proof_of(case: Case, blocks: Sequence[BlockResult], program: Callable[[], Program]) -> Proof:
    """Return the proof of a case's solved blocks; ``program`` is asked for where a row is named."""
    certificates = [b.certificate for b in blocks]
    worst = max(blocks, key=lambda b: b.certificate.violation * b.measure, default=None)
    rows, columns, nonzeros = (sum(b.size[i] for b in blocks) for i in range(3))
    return Proof(
        violation=worst.certificate.violation * worst.measure if worst else 0.0,
        violated=_violated(worst, program()) if worst and worst.worst >= 0 else "",
        allowed=MOST_VIOLATION * case.tolerance_scale,
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


def _violated(block: BlockResult, program: Program) -> str:
    """Return the row or column of a block that is violated most, in words."""
    found = worst_place(program, block.block, block.worst)
    return place_words(*found) if found is not None else ""


def worst_place(program: Program, block: int, worst: int) -> tuple[str, Any] | None:
    """Return component and key of a block's row, or column where ``worst`` is beyond its rows."""
    rows, columns = program.rows_of(block), program.columns_of(block)
    count = rows.stop - rows.start
    is_row = worst < count
    at = rows.start + worst if is_row else columns.start + worst - count
    for group in program.constraints if is_row else program.variables:
        place = within(group.at, slice(at, at + 1))
        if place.stop > place.start:
            return group.name, group.keys(np.array([place.start]))[0]
    return None


def place_words(name: str, key: object) -> str:
    """Return a row or column of the program in words: ``ore balance: Jin, copper, 2026``.

    ``key`` is its key, a tuple or a single name; blank parts of it are left out.
    """
    parts = key if isinstance(key, tuple) else (key,)
    return f"{name.replace('_', ' ')}: {', '.join(str(part) for part in parts if part != '')}"
