"""Values and Duals: the whole solution and its proof, for those who check a plan.

With the input workbook these two sheets and the sheet Plan are enough to prove the plan again
without solving anything (``planner.audit``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from models import tolerances
from models.plan import Plan
from models.program import ComponentArrays
from models.resolve import SPOT, Floats
from models.results import Duals, Values
from planner.render.words import clean
from planner.sheets.context import Context, once

VALUES, DUALS = Values.TABLE, Duals.TABLE
THIS, FREE = "this plan", "without share limits"
"""Whose values and duals they are: the plan's, or those of the one that it is set against."""


@once
def values(context: Context) -> Values:
    """Return the sheet Values."""

    def of(plan: Plan) -> Iterator[tuple[str, str, float]]:
        known = _unlisted(plan) if plan is context.plan else plan.solver_x
        return _keyed(plan.program.variables, known)

    plan, family, key, value = _stacked(context, of)
    return Values(plan=plan, family=family, key=key, value=value)


@once
def duals(context: Context) -> Duals:
    """Return the sheet Duals."""
    plan, family, key, dual = _stacked(
        context, lambda plan: _keyed(plan.program.constraints, plan.prices)
    )
    return Duals(words={"money": context.currency}, plan=plan, family=family, key=key, dual=dual)


def _stacked(
    context: Context, of: Callable[[Plan], Iterator[tuple[str, str, float]]]
) -> tuple[Sequence[Any], ...]:
    """Return the columns of what is told of the plan, and of the one that it is set against."""
    plans = {THIS: context.plan, FREE: context.without_limits}
    found = [(whose, *row) for whose, plan in plans.items() if plan is not None for row in of(plan)]
    return tuple(zip(*found, strict=True)) if found else ((),) * 4


def _keyed(parts: Sequence[ComponentArrays], numbers: Floats) -> Iterator[tuple[str, str, float]]:
    """Yield family, key in words and number of every column or row whose number is not 0."""
    for group in parts:
        mine = numbers[group.at]
        at = np.flatnonzero(mine)
        if group.limits is not None:  # those of each row of Share limits together
            at = at[np.argsort(group.limits[at], kind="stable")]
        for key, number in zip(group.keys(at), mine[at].tolist(), strict=True):
            yield group.name, key_text(key), number


def key_text(key: Any) -> str:
    """Return a key in words: ``Cobalt | Japan | 2026``; two keys never read the same."""
    parts = [*map(str, key)] if isinstance(key, tuple) else [str(key)]
    said = " | ".join(parts)
    if "\\" in said or said.count("|") >= len(parts):  # seldom, of tens of thousands
        said = " | ".join(p.replace("\\", "\\\\").replace("|", "\\|") for p in parts)
    return clean(said).strip()


def _unlisted(plan: Plan) -> Floats:
    """Return a plan's values, those of the spot flows that the sheet Plan lists left out."""
    found = plan.solver_x
    listed = (plan.expanded.deliveries.contract == SPOT) & (plan.delivered > tolerances.LEAST_FLOW)
    found[plan.program.flow[listed]] = 0.0
    return found
