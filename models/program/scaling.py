"""The scaling: powers of two that bring a block's largest demand and cost near ten thousand."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models import solve, tolerances
from models.program.component import MONEY, TONNES
from models.resolve import Floats, Ints

_TYPICAL = 1e4
"""The value to which the largest demand is scaled, since HiGHS's tolerances are absolute."""
_TYPICAL_MONEY = 1e6
"""The value to which the largest cost per tonne is scaled: higher, since costs vary more."""
_FINER = 1e4
"""The extra factor on money if small numbers are scaled up."""
_MOST_RAISED = 2.0**20
"""The largest extra factor on a row with a small limit, so that its errors weigh the same."""
_BOUNDLESS = 1e15
"""A limit above this many times the need never binds, and is too large for the solver."""
_FINEST = 2.0**-20
"""The smallest scale of a fraction built."""


@dataclass(frozen=True)
class Scaling:
    """How a program is scaled.

    A scaled column is the column divided by ``column``; a scaled row is the row times ``row``; a
    scaled cost is the cost times ``price``, a scaled dual the dual divided by ``dual``. Factors are
    powers of two, so scaling causes no rounding.
    """

    column: Floats
    row: Floats
    price: Floats
    dual: Floats

    def scaled(
        self,
        rows: solve.LinearProgram,
        like: tuple[solve.LinearProgram, solve.LinearProgram] | None = None,
    ) -> solve.LinearProgram:
        """Return the scaled program.

        ``like`` is a program of the same shape and its scaled one: arrays that are equal to its own
        are not scaled again, but shared.
        """
        arrays = {}
        for name in solve.ARRAYS:
            if like is not None and not len(rows.differs_at(name, like[0])):
                arrays[name] = getattr(like[1], name)
            else:
                arrays[name] = self._scaled(name, rows)
        return dataclasses.replace(rows, **arrays)

    def _scaled(self, name: str, rows: solve.LinearProgram) -> Floats:
        numbers: Floats = getattr(rows, name)
        if name == "values":
            return numbers * self.column[rows.columns] * self.row[rows.entry_rows()]
        if name == "cost":
            return numbers * self.price
        by_row = name.startswith("row")
        scaled = numbers * self.row if by_row else numbers / self.column
        is_upper = name.endswith("upper")
        return np.where(scaled > _BOUNDLESS, math.inf, scaled) if is_upper else scaled

    def unscaled(self, solution: solve.Solution) -> solve.Solution:
        """Return a solution of the scaled program in tonnes and money."""
        x, duals = solution.x * self.column, solution.duals * self.dual
        return dataclasses.replace(solution, x=x, duals=duals)


def choose_scaling(  # noqa: PLR0913 - what a program is scaled by, all of it named
    rows: solve.LinearProgram,
    *,
    need: float,
    column_unit: Any,
    row_unit: Any,
    row_size: Floats | None = None,
    raised: bool = False,
) -> Scaling:
    """Choose the scaling of a block.

    Tonnes are scaled by the block's largest ``need`` [t], or by the largest amount that must be
    bought or built at once if that is much larger. Money is scaled by the largest cost per tonne. A
    fraction built is scaled by its capital (unless it is integer), a budget by its largest entry,
    and a carried budget like the capital of a plant. ``raised`` scales up rows whose limits are
    tiny compared with the others, and costs; it helps where numbers differ by a factor of a
    billion. A row's limit is its ``row_size`` if that is a number, else its bound.
    """
    tonnes, in_tonnes = column_unit == TONNES, row_unit == TONNES
    lump = tolerances.FINEST_NEED * _lump(rows, tonnes, in_tonnes)
    needed = max(need, lump) if need > 0 else 0.0
    tonne = float(powers_of_two(np.array([needed / _TYPICAL]))[0])
    unit = np.where(tonnes, tonne, _FINEST)
    dearest = float(np.max(rows.cost * unit, initial=0.0))
    finer = _FINER if raised else 1.0
    money = 1.0 / float(powers_of_two(np.array([dearest / (_TYPICAL_MONEY * finer)]))[0])
    column_scale, row_scale = np.where(tonnes, tonne, 1.0), np.where(in_tonnes, 1.0 / tonne, 1.0)
    if not (tonnes.all() and in_tonnes.all()):
        _scale_builds_and_budgets(rows, column_scale, row_scale, column_unit, row_unit, money)
    if raised:
        limit = np.where(in_tonnes, _row_magnitudes(rows, row_size) / tonne, 0.0)
        small = (limit > 0) & (limit < 1)
        row_scale[small] *= np.minimum(_MOST_RAISED, powers_of_two(1.0 / limit[small]))
    return Scaling(column_scale, row_scale, column_scale * money, row_scale / money)


def _scale_builds_and_budgets(  # noqa: PLR0913, PLR0917 - the two parts of a scaling, and by what
    rows: solve.LinearProgram,
    column_scale: Floats,
    row_scale: Floats,
    column_unit: Any,
    row_unit: Any,
    money: float,
) -> None:
    """Set the scales of columns and rows that are not in tonnes; ``money`` is the costs' scale."""
    built = np.flatnonzero((column_unit != TONNES) & ~rows.whole)
    capital = powers_of_two(rows.cost[built] * money / _TYPICAL_MONEY)
    column_scale[built] = np.maximum(_FINEST, 1.0 / np.maximum(1.0, capital))
    of_budget = (row_unit == MONEY)[rows.entry_rows()] & (column_unit != MONEY)[rows.columns]
    capex = np.abs(rows.values * column_scale[rows.columns])[of_budget]
    column_scale[column_unit == MONEY] = powers_of_two(np.max(capex, initial=0.0, keepdims=True))[0]
    for i in np.flatnonzero(row_unit == MONEY).tolist():
        inside = slice(int(rows.starts[i]), int(rows.starts[i + 1]))
        entries = np.abs(rows.values[inside] * column_scale[rows.columns[inside]])
        row_scale[i] = 1.0 / float(powers_of_two(np.array([np.max(entries, initial=0.0)]))[0])


def joined_scalings(parts: Sequence[Scaling]) -> Scaling:
    """Return the scaling of the block-diagonal program of several blocks."""
    names = [field.name for field in dataclasses.fields(Scaling)]
    return Scaling(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _lump(rows: solve.LinearProgram, tonnes: Any, in_tonnes: Any) -> float:
    """Return the largest amount that must be bought, or that an integer plant can make [t]."""
    lumps = rows.row_lower[in_tonnes & np.isfinite(rows.row_lower)]
    if not tonnes.all():
        plants = rows.values[~tonnes[rows.columns] & in_tonnes[rows.entry_rows()]]
        lumps = np.concatenate([lumps, plants])
    return float(np.max(np.abs(lumps), initial=0.0))


def _row_magnitudes(rows: solve.LinearProgram, row_size: Floats | None) -> Floats:
    """Return the magnitude of each row's limit; none for a balance, whose terms may be larger."""
    low = np.where(np.isfinite(rows.row_lower), np.abs(rows.row_lower), 0.0)
    high = np.where(np.isfinite(rows.row_upper), np.abs(rows.row_upper), 0.0)
    found = np.where(rows.row_lower == rows.row_upper, 0.0, np.maximum(low, high))
    if row_size is not None:
        found = np.where(np.isfinite(row_size), row_size, found)
    return np.asarray(found, dtype=float)


def powers_of_two(value: Floats) -> Floats:
    """Return the power of two nearest to each positive number; 1 for any other number."""
    fine = (value > 0) & np.isfinite(value)
    exponent = np.round(np.log2(np.where(fine, value, 1.0)))
    return np.where(fine, 2.0 ** np.clip(exponent, -1000.0, 1000.0), 1.0)


def unit_codes(keys: Any, count: int, other: dict[str, int]) -> Ints:
    """Return the unit of each column or row: tonnes, except those named in ``other``."""
    found = np.full(count, TONNES, dtype=np.int64)
    for group in keys:
        found[group.span] = other.get(group.name, TONNES)
    return found
