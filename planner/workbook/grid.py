"""What stands in the cells of a sheet, before anything is made of it."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from models.case import fold
from models.errors import Finding
from planner.workbook.findings import address, at_cell

Cells = Iterable[tuple[int, object]]
"""The filled cells of one row: position of the column (1 is A) and value."""


@dataclass(frozen=True)
class Fault:
    """A cell that has no value to read: an error value, or a formula that was never worked out."""

    text: str
    hint: str = ""


@dataclass(frozen=True)
class Dated:
    """A number that its format shows as a date or time; None where no calendar has that day."""

    number: float
    date: object

    hint = "where the number is meant, give the cell a number format: it is there"


class Area(NamedTuple):
    """Merged cells: first and last row and column (1 is A)."""

    top: int
    left: int
    bottom: int
    right: int

    def __str__(self) -> str:
        """Return the address, such as A2:A4."""
        return f"{address(self.left, self.top)}:{address(self.right, self.bottom)}"


_TWICE = Fault("a cell or row that the file gives twice, or out of its place")


@dataclass
class Grid:
    """A sheet as it stands: its header row, and the cells below it by column.

    ``header`` holds the filled cells of the first non-empty row. ``columns`` holds, by the position
    of a column (1 is A), a value for each of ``rows`` (row numbers of the worksheet); None is
    blank. Empty rows are not in it. ``stray`` are cells in columns without a header (row, position,
    value); a row that holds nothing else counts as empty. ``merged`` are the areas of merged cells.
    """

    title: str
    header_row: int = 0
    header: dict[int, object] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    columns: dict[int, list[object]] = field(default_factory=dict)
    stray: list[tuple[int, int, object]] = field(default_factory=list)
    merged: tuple[Area, ...] = ()

    def values(self, position: int) -> list[object]:
        """Return a value for each row of a column, None where it is blank."""
        return self.columns.get(position) or [None] * len(self.rows)


def fill(title: str, rows: Iterable[tuple[int, Cells]]) -> Grid:
    """Gather the rows of a sheet by column; text is stripped, empty rows are skipped."""
    grid = Grid(title)
    pending: list[dict[int, object]] = []
    last = 0
    for number, cells in rows:
        filled: dict[int, object] = {}
        for position, value in cells:
            text = value.strip() if type(value) is str else value
            if type(text) is str and not text.isascii() and not fold(text):
                text = None  # letters that nobody sees
            if text is not None and text != "":
                filled[position] = _TWICE if position in filled else text
        if number <= last:
            filled = dict.fromkeys(filled, _TWICE)
        last = number
        if not filled:
            continue
        if not grid.header_row:
            grid.header_row, grid.header = number, filled
            continue
        if not filled.keys() <= grid.header.keys():
            grid.stray += [(number, p, v) for p, v in filled.items() if p not in grid.header]
            if grid.header.keys().isdisjoint(filled):
                continue
        grid.rows.append(number)
        pending.append(filled)
        if len(pending) == _BATCH:
            _add(grid, pending)
    _add(grid, pending)
    return grid


_BATCH = 1000
"""Rows that are turned into columns at a time: a row takes ten times the room."""


def _add(grid: Grid, rows: list[dict[int, object]]) -> None:
    for position in grid.header:
        grid.columns.setdefault(position, []).extend([row.get(position) for row in rows])
    rows.clear()


def from_rows(title: str, rows: Sequence[Mapping[str, object]]) -> Grid:
    """Gather rows given as header to scalar: the header is row 1, the first of them row 2."""
    headers = dict.fromkeys(header for row in rows for header in row)
    places = {header: place for place, header in enumerate(headers, start=1)}
    below = (((places[h], value) for h, value in row.items()) for row in rows)
    header: Cells = ((place, text) for text, place in places.items())
    return fill(title, enumerate([header, *below], start=1))


def lines(grid: Grid) -> list[tuple[int, list[tuple[int, object]]]]:
    """Return the filled cells of each row below the header, in order."""
    found: dict[int, list[tuple[int, object]]] = {}
    for position, values in grid.columns.items():
        for row, value in zip(grid.rows, values, strict=True):
            if value is not None:
                found.setdefault(row, []).append((position, value))
    for row, position, value in grid.stray:
        found.setdefault(row, []).append((position, value))
    return [(row, sorted(found[row], key=lambda cell: cell[0])) for row in sorted(found)]


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """Keep the garbage collector off: the cells of a large sheet are many objects, no circles."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@cache
def column_number(column: str) -> int:
    """Return the position of a column given by its letters; ValueError where no sheet has it."""
    from openpyxl.utils import column_index_from_string

    return column_index_from_string(column)


# ---- merged cells -------------------------------------------------------------------------------
#
# They are an error wherever they reach over what is read, since only the first has a value. Whether
# 1,000 over three rows is meant once or three times, and whether China over three rows of Lanes is
# meant in all of them, the file does not say; the others would be read as blank, "all".


def area_of(text: str) -> Area | None:
    """Return the area of an address, None of whole columns or rows; ValueError where it is none."""
    from openpyxl.utils import range_boundaries

    left, top, right, bottom = range_boundaries(text)
    return Area(top, left, bottom, right) if left and top and right and bottom else None


def areas(addresses: Iterable[str]) -> Iterator[Area]:
    """Yield the areas of more than one cell. Raises ValueError where an address is none."""
    for each in addresses:
        area = area_of(each)
        if area is None:
            raise ValueError(each)
        if (area.left, area.top) != (area.right, area.bottom):
            yield area


def refuse_merged(sheet: str, grid: Grid, read: Collection[int]) -> Iterator[Finding]:
    """Yield an error at each merged area with a value in a column that is read.

    The value is put into all its cells, so that nothing else is told of them.
    """
    places = {row: i for i, row in enumerate(grid.rows)} if grid.merged else {}
    for area in grid.merged:
        reaches = any(area.left <= position <= area.right for position in read)
        if area.bottom >= grid.header_row and reaches and _spread(grid, area, places):
            found, hint = (
                f"the cells {area} are merged",
                "unmerge them, and fill each that is meant",
            )
            yield at_cell(sheet, area.left, area.top, found, "each cell by itself", hint)


def _spread(grid: Grid, area: Area, places: Mapping[int, int]) -> bool:
    """Put an area's value into its blank cells below the header; false where it has none."""
    columns = [p for p in grid.header if area.left <= p <= area.right]
    rows = [places[row] for row in range(area.top, area.bottom + 1) if row in places]
    cells = [(grid.columns[p], i) for p in columns if p in grid.columns for i in rows]
    values = [column[i] for column, i in cells if column[i] is not None]
    for column, i in cells if values else ():
        column[i] = values[0] if column[i] is None else column[i]
    return bool(values) or (area.top <= grid.header_row and bool(columns))
