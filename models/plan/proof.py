"""The proof of a whole plan: the worst of its blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.account import Program
from models.case import Case
from models.plan.block import BlockResult
from models.proof import MOST_VIOLATION


@dataclass(frozen=True)
class Proof:
    """The proof of a whole plan: the worst of its blocks.

    ``violation`` and ``allowed`` in t; ``dual_infeasibility`` and ``gap`` relative; ``models`` were
    built and compared with the case's account, the other blocks being of the same shapes;
    ``retries`` say which attempts failed before one passed.
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
    largest = case.yardstick
    certificates = [b.certificate for b in blocks]
    worst = max(blocks, key=lambda b: b.certificate.violation, default=None)
    rows, columns, nonzeros = (sum(b.size[i] for b in blocks) for i in range(3))
    return Proof(
        violation=worst.certificate.violation * largest if worst else 0.0,
        violated=_violated(worst, program()) if worst and worst.worst >= 0 else "",
        allowed=MOST_VIOLATION * largest,
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
    """Return the name of the row or column of a block that is violated most."""
    rows = program.block(block.block)
    at, keys = block.worst, rows.row_keys
    if at >= len(rows.row_lower):
        at, keys = at - len(rows.row_lower), rows.column_keys
    for of in keys:
        if of.stretch.start <= at < of.stretch.stop:
            return f"{of.name}{of.index[at - of.start]}"
    return ""
