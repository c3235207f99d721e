"""Values and Duals: the whole solution and its proof, for those who check a plan.

With the input workbook these two sheets and the sheet Plan are enough to prove the plan again
without solving anything (``planner.audit``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from models.plan import Plan
from models.plan.tables import LEAST_FLOW
from models.program import Group
from models.resolve import SPOT, Floats
from models.results import Duals, Values
from planner.render.words import clean
from planner.sheets.context import Context, once

VALUES, DUALS = Values.TABLE, Duals.TABLE
THIS, FREE, LOST = "this plan", "without share limits", "largest supplier stopped"
"""Whose values and duals they are: the plan's, or those of a plan that it is set against."""


@once
def values(context: Context) -> Values:
    """Return the sheet Values."""
    found = [(THIS, *row) for row in keyed(context.plan.program.variables, unlisted(context))]
    for whose, other in _beside(context):
        found += [(whose, *row) for row in keyed(other.program.variables, solution(other))]
    plan, family, key, value = zip(*found, strict=True) if found else ((),) * 4
    return Values(plan=plan, family=family, key=key, value=value)


@once
def duals(context: Context) -> Duals:
    """Return the sheet Duals."""
    found = [(THIS, *row) for row in keyed(context.plan.program.constraints, context.plan.prices)]
    for whose, other in _beside(context):
        found += [(whose, *row) for row in keyed(other.program.constraints, other.prices)]
    plan, family, key, dual = zip(*found, strict=True) if found else ((),) * 4
    return Duals(words={"money": context.currency}, plan=plan, family=family, key=key, dual=dual)


def _beside(context: Context) -> Iterator[tuple[str, Plan]]:
    """Yield the plans that this one is set against, and whose they are."""
    if context.without_limits is not None:
        yield FREE, context.without_limits
    if context.lost is not None:
        yield LOST, context.lost.left


def keyed(parts: Sequence[Group], numbers: Floats) -> Iterator[tuple[str, str, float]]:
    """Yield family, key in words and number of every column or row whose number is not 0."""
    for group in parts:
        mine = numbers[group.at]
        at = np.flatnonzero(mine)
        for key, number in zip(group.keys(at), mine[at].tolist(), strict=True):
            yield group.name, key_text(key), number


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
