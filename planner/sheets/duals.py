"""Values and Duals: the whole solution and its proof, for those who check a plan.

With the input workbook these two sheets and the sheet Plan are enough to prove the plan again
without solving anything (``planner.audit``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from models.account import Laid
from models.expand import SPOT, Floats
from models.plan import Plan
from models.plan.tables.base import LEAST_FLOW
from planner.sheets.context import Context, once
from planner.sheets.table import Cell, Look, Table, column
from planner.sheets.text import clean

VALUES, DUALS = "Values", "Duals"
THIS, FREE, LOST = "this plan", "without share limits", "largest supplier stopped"
"""Whose values and duals they are: the plan's, or those of a plan that it is set against."""


@once
def values(context: Context) -> Table:
    """Every column of the linear program that is not 0, but for the flows of the sheet Plan.

    In t, of the family ``built`` the fraction of a project. The plan without share limits and that
    when the largest supplier country has stopped, where there are such, have all columns here.
    """
    found = [(THIS, *row) for row in keyed(context.plan.program.column_parts, unlisted(context))]
    for whose, plan in _beside(context):
        found += [(whose, *row) for row in keyed(plan.program.column_parts, solution(plan))]
    return _table(VALUES, "Value", Look.TONNES, found)


@once
def duals(context: Context) -> Table:
    """Every row of the linear program with a dual, undiscounted: what one unit more would cost.

    In money for each unit of the right-hand side: a tonne, a fraction of a project, money of a
    budget.
    """
    found = [(THIS, *row) for row in keyed(context.plan.program.row_parts, context.plan.prices)]
    for whose, plan in _beside(context):
        found += [(whose, *row) for row in keyed(plan.program.row_parts, plan.prices)]
    return _table(DUALS, f"Dual ({context.currency} per unit)", Look.PRICE, found)


def _beside(context: Context) -> Iterator[tuple[str, Plan]]:
    """Yield the plans that this one is set against, and whose they are."""
    if context.without_limits is not None:
        yield FREE, context.without_limits
    if context.lost is not None:
        yield LOST, context.lost.left


def keyed(parts: Sequence[Laid], numbers: Floats) -> Iterator[tuple[str, str, float]]:
    """Yield family, key in words and number of every column or row whose number is not 0."""
    for laid in parts:
        mine = numbers[laid.at]
        at = np.flatnonzero(mine)
        for key, number in zip(laid.part.spelled(at), mine[at].tolist(), strict=True):
            yield laid.part.name, key_text(key), number


def key_text(key: Any) -> str:
    """Return a key in words: ``Cobalt | Japan | 2026``; two keys never read the same."""
    of = key if isinstance(key, tuple) else (key,)
    said = (str(part).replace("\\", "\\\\").replace("|", "\\|") for part in of)
    return clean(" | ".join(said)).strip()


def solution(plan: Plan) -> Floats:
    """Return the value of every column as the solver left it."""
    return np.concatenate([np.zeros(0), *(block.x for block in plan.blocks)])


def unlisted(context: Context) -> Floats:
    """Return the plan's values, those of the spot flows that the sheet Plan lists left out."""
    plan, found = context.plan, solution(context.plan)
    flow = plan.program.flow
    listed = (plan.expanded.deliveries.contract == SPOT) & (plan.delivered > LEAST_FLOW)
    found[flow[listed]] = 0.0
    return found


def _table(
    name: str, header: str, look: Look, rows: Sequence[tuple[str, str, str, float]]
) -> Table:
    of: list[tuple[Cell, ...]] = list(zip(*rows, strict=True)) if rows else [()] * 4
    return Table(
        name,
        (
            column("Plan", Look.TEXT, of[0]),
            column("Family", Look.TEXT, of[1]),
            column("Key", Look.TEXT, of[2]),
            column(header, look, of[3]),
        ),
        printed=0,
    )
