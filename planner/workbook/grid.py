"""What stands in the cells of a sheet, before anything is made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from models.case import fold
from planner.workbook.layout import letters

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
        return f"{letters(self.left)}{self.top}:{letters(self.right)}{self.bottom}"


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
    """Move rows to the columns of a grid."""
    for position in grid.header:
        grid.columns.setdefault(position, []).extend([row.get(position) for row in rows])
    rows.clear()


def from_rows(title: str, rows: Sequence[Mapping[str, object]]) -> Grid:
    """Gather rows given as header to scalar: the header is row 1, the first of them row 2."""
    places: dict[str, int] = {}
    for row in rows:
        for header in row:
            places.setdefault(header, len(places) + 1)
    lines: list[tuple[int, Cells]] = [(1, [(place, header) for header, place in places.items()])]
    lines += [
        (number, [(places[header], value) for header, value in row.items()])
        for number, row in enumerate(rows, start=2)
    ]
    return fill(title, lines)


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
