"""Values and shadow prices of a whole plan, from its blocks, as arrays and by key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.account import TONNES, Laid, Program
from models.case import Case
from models.expand import Expanded, Floats, Ints
from models.plan.block import BlockResult

_DUST = 1e-9
"""A value below this part of the block's smallest need is the solver's rounding: it is taken as 0.

The need of a mineral and year is its largest demand of one member."""


def values_of(program: Program, blocks: Sequence[BlockResult]) -> Floats:
    """Return the value of every column of a program, the solver's rounding taken as 0."""
    x = np.concatenate([np.zeros(0), *(block.x for block in blocks)])
    least = _DUST * np.repeat(program.least_need, np.diff(program.column_starts))
    dust = np.where(program.column_unit == TONNES, least, _DUST)
    return np.where(np.abs(x) > dust, x, 0.0)


def prices_of(case: Case, program: Program, blocks: Sequence[BlockResult]) -> Floats:
    """Return the undiscounted dual of every row of a program (d cost / d right-hand side)."""
    duals = np.concatenate([np.zeros(0), *(block.duals for block in blocks)])
    years, which = np.unique(program.row_year, return_inverse=True)
    worth = np.array([case.discount(year) if year else 1.0 for year in years.tolist()])
    return np.asarray(duals / worth[which]) if len(years) else duals


def by_key(parts: Sequence[Laid], values: Floats, without: set[str]) -> dict[str, dict[Any, float]]:
    """Return values by component and key, zeros left out."""
    found: dict[str, dict[Any, float]] = {}
    for laid in parts:
        if laid.part.name in without:
            continue
        mine = values[laid.at]
        at = np.flatnonzero(mine)
        keys = laid.part.spelled(at)
        # several rows of Share limits are parts of one component
        found.setdefault(laid.part.name, {}).update(zip(keys, mine[at].tolist(), strict=True))
    return found


def component(parts: Sequence[Laid], name: str, values: Floats) -> tuple[tuple[Ints, ...], Floats]:
    """Return a component as arrays: the positions that its keys are made of, and its values."""
    found = [laid for laid in parts if laid.part.name == name]
    if len(found) == 1:
        return found[0].part.key, values[found[0].at]
    # several rows of Share limits are parts of one component
    keys = tuple(
        np.concatenate(key) for key in zip(*(laid.part.key for laid in found), strict=True)
    )
    return keys, np.concatenate([np.zeros(0), *(values[laid.at] for laid in found)])


def costs_of(
    expanded: Expanded, program: Program, values: Floats, components: Sequence[str]
) -> Floats:
    """Return what some components cost, by (mineral, year) [money, undiscounted]."""
    found = np.zeros(len(expanded.minerals) * len(expanded.years))
    for laid in program.column_parts:
        if laid.part.name in components:
            np.add.at(found, laid.part.cell, program.rows.cost[laid.at] * values[laid.at])
    discount = np.array([expanded.case.discount(year) for year in expanded.years])
    return np.asarray(found.reshape(len(expanded.minerals), len(expanded.years)) / discount)
