"""A variant's program beside its base case's: which columns and rows they share.

What a variant lacks of the base (a lane that closed, a refiner that is lost) stays in the base's
layout as a column that is 0 and a row that binds nothing, so that a solver can keep what it holds.
What it has beyond the base does not fit: such a block is built anew.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.program.groups import Group
from models.program.program import Program
from models.resolve import Ints
from models.solve import Rows


@dataclass(frozen=True)
class Fitted:
    """A variant in the layout of its base.

    ``columns`` and ``rows`` are the base's position of each of the variant's (-1: not there);
    ``of_block`` is the base's block of each of the variant's, -1 where it does not fit; ``arrays``
    is the variant's program in the base's layout, and the base's own where no block fits.
    """

    columns: Ints
    rows: Ints
    of_block: Ints
    arrays: Rows


def fit(variant: Program, base: Program) -> Fitted:
    """Return a variant's program in the layout of its base.

    The names of the variant are those of the base and perhaps more (``account``'s ``names``).
    """
    if variant.rows.columns is base.rows.columns:  # the same program but for its limits
        every = (np.arange(len(base.rows.cost)), np.arange(len(base.rows.row_lower)))
        return Fitted(*every, np.arange(len(base.blocks)), variant.rows)
    columns = _places(variant.variables, base.variables, len(variant.rows.cost))
    rows = _places(variant.constraints, base.constraints, len(variant.rows.row_lower))
    of_block = _blocks(variant, base)
    fits = of_block >= 0
    for places, starts in ((columns, variant.column_starts), (rows, variant.row_starts)):
        fits &= ~_any(places < 0, starts)
    at = _entries(variant.rows, base.rows, columns, rows)
    fits &= ~_any(_of_rows(at < 0, variant.rows), variant.row_starts)
    arrays = _in_layout(variant.rows, base.rows, (columns, rows), at)
    of_block = np.where(fits, of_block, -1)
    _as_in_base(arrays, base, of_block)
    return Fitted(columns, rows, of_block, arrays)


class Kinds:
    """Of which components a fitted block is not made as the base's is: it has fewer of them, ...

    ... or bounds or limits where there were none, or none where there were, or coefficients of
    another sign. Such a block may have been counted by a part of the account that the base's model
    was never compared with.
    """

    def __init__(self, base: Program) -> None:
        """Look at how the base is made."""
        self._base, rows = base, base.rows
        self._names = sorted({group.name for group in (*base.variables, *base.constraints)})
        self._of_columns = self._codes(base.variables, base.column_starts)
        self._of_rows = self._codes(base.constraints, base.row_starts)
        self._components = self._by_block(np.union1d(self._of_columns, self._of_rows))
        self._column_kinds, self._row_kinds = _column_kinds(rows), _row_kinds(rows)
        self._signs, self._entry_rows = np.sign(rows.values), rows.entry_rows()

    def _codes(self, groups: tuple[Group, ...], starts: Ints) -> Ints:
        """Return the block and component of each column or row, as one number."""
        found = np.repeat(np.arange(len(starts) - 1), np.diff(starts)) * len(self._names)
        for group in groups:
            found[group.at] += self._names.index(group.name)
        return found

    def apart(self, fitted: Fitted) -> dict[int, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Return by block of the base its components and those of them, where there are any."""
        columns = self._column_kinds != _column_kinds(fitted.arrays)
        columns |= _lacking(fitted.columns, len(columns))
        rows = self._row_kinds != _row_kinds(fitted.arrays)
        rows |= _lacking(fitted.rows, len(rows))
        rows[self._entry_rows[self._signs != np.sign(fitted.arrays.values)]] = True
        found = self._by_block(np.union1d(self._of_columns[columns], self._of_rows[rows]))
        return {block: (self._components[block], names) for block, names in found.items()}

    def _by_block(self, codes: Ints) -> dict[int, tuple[str, ...]]:
        found: dict[int, tuple[str, ...]] = {}
        for code in codes.tolist():
            block, name = divmod(code, len(self._names))
            found[block] = (*found.get(block, ()), self._names[name])
        return found


def _column_kinds(rows: Rows) -> Ints:
    """Return of each column whether it is whole, and which bounds it has, as one number."""
    return np.asarray(np.isfinite(rows.lower) * 4 + np.isfinite(rows.upper) * 2 + rows.whole)


def _row_kinds(rows: Rows) -> Ints:
    """Return of each row which limits it has, and whether it is an equation, as one number."""
    low, high = rows.row_lower, rows.row_upper
    return np.asarray(np.isfinite(low) * 4 + np.isfinite(high) * 2 + (low == high))


def _lacking(places: Ints, count: int) -> NDArray[np.bool_]:
    """Return which positions of the base the variant has nothing for."""
    found = np.ones(count, dtype=bool)
    found[places[places >= 0]] = False
    return found


def _as_in_base(arrays: Rows, base: Program, of_block: Ints) -> None:
    """Put back the base's numbers in blocks that no block of the variant fits."""
    left = np.ones(len(base.blocks), dtype=bool)
    left[of_block[of_block >= 0]] = False
    if not left.any():
        return
    columns = np.repeat(left, np.diff(base.column_starts))
    rows = np.repeat(left, np.diff(base.row_starts))
    entries = np.repeat(rows, np.diff(base.rows.starts))
    for names, at in (
        (("cost", "lower", "upper"), columns),
        (("row_lower", "row_upper"), rows),
        (("values",), entries),
    ):
        for name in names:
            getattr(arrays, name)[at] = getattr(base.rows, name)[at]


def _places(variant: tuple[Group, ...], base: tuple[Group, ...], count: int) -> Ints:
    """Return the base's position of each of the variant's columns, or rows; -1 for none."""
    found = np.full(count, -1, dtype=np.int64)
    for component in {group.component for group in variant}:
        mine = [group for group in variant if group.component is component and len(group)]
        theirs = [group for group in base if group.component is component and len(group)]
        if not mine or not theirs:
            continue
        keys = [np.concatenate(k) for k in zip(*(m.index for m in mine), strict=True)]
        others = [np.concatenate(k) for k in zip(*(t.index for t in theirs), strict=True)]
        at = np.concatenate([m.at for m in mine])
        places = np.concatenate([t.at for t in theirs])
        one, other = np.zeros(len(at), dtype=np.int64), np.zeros(len(places), dtype=np.int64)
        for k, o in zip(keys, others, strict=True):
            # the parts of a key as the digits of one number, so that keys compare as numbers
            size = int(max(k.max(initial=0), o.max(initial=0))) + 1
            one, other = one * size + k, other * size + o
        if len(one) == len(other) and np.array_equal(one, other):
            found[at] = places
            continue
        order = np.argsort(other, kind="stable")
        ranked = other[order]
        where = np.minimum(np.searchsorted(ranked, one), len(ranked) - 1)
        found[at] = np.where(ranked[where] == one, places[order[where]], -1)
    return found


def _blocks(variant: Program, base: Program) -> Ints:
    """Return the base's block of the same cells for each of the variant's, -1 for none."""
    place = {cells: b for b, cells in enumerate(base.blocks)}
    return np.array([place.get(cells, -1) for cells in variant.blocks], dtype=np.int64)


def _any(marks: NDArray[np.bool_], starts: Ints) -> NDArray[np.bool_]:
    """Return which blocks have a mark."""
    before = np.concatenate([[0], np.cumsum(marks)])
    return np.asarray(before[starts[1:]] > before[starts[:-1]])


def _of_rows(marks: NDArray[np.bool_], rows: Rows) -> NDArray[np.bool_]:
    """Return which rows have an entry with a mark."""
    return _any(marks, rows.starts)


def _entries(variant: Rows, base: Rows, columns: Ints, rows: Ints) -> Ints:
    """Return the base's position of each of the variant's entries, -1 for none."""
    wide = len(base.cost) + 1
    codes = base.entry_rows() * wide + base.columns  # ascending, as the account lays them out
    mine = rows[variant.entry_rows()] * wide + columns[variant.columns]
    if not len(codes):
        return np.full(len(mine), -1, dtype=np.int64)
    if len(mine) == len(codes) and np.array_equal(mine, codes):
        return np.arange(len(codes))
    where = np.minimum(np.searchsorted(codes, mine), len(codes) - 1)
    return np.where(codes[where] == mine, where, -1)


def _in_layout(variant: Rows, base: Rows, places: tuple[Ints, Ints], at: Ints) -> Rows:
    """Return the variant's numbers in the base's layout; ``at`` are the places of its entries."""
    columns, rows = places
    has_column, has_row, has_entry = columns >= 0, rows >= 0, at >= 0
    cost = base.cost.copy()
    lower, upper = np.zeros(len(base.cost)), np.zeros(len(base.cost))
    low = np.full(len(base.row_lower), -np.inf)
    high = np.full(len(base.row_lower), np.inf)
    to = columns[has_column]
    cost[to], lower[to] = variant.cost[has_column], variant.lower[has_column]
    upper[to] = variant.upper[has_column]
    low[rows[has_row]], high[rows[has_row]] = (
        variant.row_lower[has_row], variant.row_upper[has_row],
    )  # fmt: skip
    values = base.values.copy()
    values[at[has_entry]] = variant.values[has_entry]
    # an entry that the variant lacks, of a row and a column that it has, is 0
    kept_row = np.zeros(len(base.row_lower), dtype=bool)
    kept_row[rows[has_row]] = True
    kept_column = np.zeros(len(base.cost), dtype=bool)
    kept_column[to] = True
    lost = kept_row[base.entry_rows()] & kept_column[base.columns]
    lost[at[has_entry]] = False
    values[lost] = 0.0
    return dataclasses.replace(
        base, cost=cost, lower=lower, upper=upper, row_lower=low, row_upper=high, values=values
    )
