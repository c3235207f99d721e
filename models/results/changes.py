"""The differences between two tables with the same columns: cells, and rows of only one table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Columns = Mapping[Any, Sequence[Any]]
"""A table by column, such as ``Result.data``; all columns have the same length."""
Pair = tuple[int | None, int | None]
"""Positions of a row in the tables before and after; None: the table has no such row."""


@dataclass(frozen=True)
class TableChange:
    """A cell that differs, or a row that only one of two tables has.

    ``row`` and ``row_after`` are positions of the row in the table before and after (None: it has
    no such row); ``column`` is None for a row.
    """

    row: int | None
    row_after: int | None
    column: Hashable | None = None
    before: object = None
    after: object = None


def paired_rows(
    before: Sequence[Hashable], after: Sequence[Hashable]
) -> tuple[list[tuple[int, int]], list[Pair]]:
    """Match the rows of two tables by their keys.

    Of rows with the same key, the n-th are matched. If the same number of rows is left in both
    tables, they are matched in order: their keys were changed.

    Parameters
    ----------
    before, after
        The key of each row.

    Returns:
    -------
    The matched positions in the order of ``before``, and the rows that only one table has.

    """
    if before == after:
        return [(i, i) for i in range(len(before))], []
    places: dict[Hashable, list[int]] = defaultdict(list)
    for place in reversed(range(len(after))):
        places[after[place]].append(place)
    pairs, gone = list[tuple[int, int]](), list[int]()
    for row, key in enumerate(before):
        if places.get(key):
            pairs.append((row, places[key].pop()))
        else:
            gone.append(row)
    left = sorted(place for others in places.values() for place in others)
    if len(gone) == len(left):
        return sorted([*pairs, *zip(gone, left, strict=True)]), []
    return pairs, [*((row, None) for row in gone), *((None, place) for place in left)]


def changes(
    before: Columns,
    after: Columns,
    grain: Sequence[Hashable],
    amounts: Sequence[Hashable],
    is_same: Callable[[Hashable, int, Any, Any], bool] = lambda _column, _row, old, new: old == new,
) -> Iterator[TableChange]:
    """Yield each cell that differs between two tables, and each row that only one of them has.

    Parameters
    ----------
    before, after
        The two tables.
    grain
        The columns that identify a row.
    amounts
        The columns to compare.
    is_same
        Whether two cells that aren't equal count as the same, such as numbers that differ by
        rounding: a function of column, position of the row before, and both cells.

    """
    keys = [list(zip(*(table[c] for c in grain), strict=True)) for table in (before, after)]
    pairs, alone = paired_rows(*keys)
    for row, row_after in alone:
        yield TableChange(row, row_after)
    in_place = all(row == row_after for row, row_after in pairs)
    for column in amounts:
        old, new = before[column], after[column]
        if in_place and old == new:
            continue
        for row, row_after in pairs:
            was, now = old[row], new[row_after]
            if was != now and not is_same(column, row, was, now):
                yield TableChange(row, row_after, column, was, now)
