"""What stands in the cells of a sheet, before anything is made of it."""

from __future__ import annotations

import contextlib
import gc
import math
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from models import case, errors
from planner.render.words import few
from planner.workbook.archive import refuse_if
from planner.workbook.findings import address, at_cell, letters
from planner.workbook.number_format import other_number

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

    hint = "if you mean the number, give the cell a number format"


@dataclass(frozen=True)
class Printed:
    """A value that its format shows as another one.

    ``text`` is what is shown, ``number`` what a person reads there (NaN: none) and ``step`` what
    its last digit is worth.
    """

    value: float | str
    text: str
    number: float = math.nan
    step: float = 0.0

    hint = "give the cell a number format that shows its value"

    def __str__(self) -> str:
        return self.text


class Area(NamedTuple):
    """Merged cells: first and last row and column (1 is A)."""

    top: int
    left: int
    bottom: int
    right: int

    def __str__(self) -> str:
        return f"{address(self.left, self.top)}:{address(self.right, self.bottom)}"


MOST_LOOKS = 4_000_000
"""Cells of a sheet that conditional formats cover, counted once a format: some 20 seconds."""
_TWICE = Fault("a cell or row that is in the file twice or in the wrong place")


class VolatileFormula(NamedTuple):
    """A formula that is calculated anew each time: its cell, and the function that makes it so."""

    row: int
    position: int
    function: str


_YES = {"1", "true", "on"}
_SEEN = 1.0
"""A row of fewer points or a column of fewer characters cannot be seen."""


def is_yes(text: str) -> bool:
    return text.lower() in _YES


def _is_small(size: str) -> bool:
    try:
        return float(size) < _SEEN
    except ValueError:
        return False


def is_hidden_row(attributes: Mapping[str, str], *, are_all: bool) -> bool:
    """Return whether a row cannot be seen; ``are_all``: nor can those that say nothing."""
    if "ht" not in attributes:
        return is_yes(attributes["hidden"]) if "hidden" in attributes else are_all
    return is_yes(attributes.get("hidden", "")) or _is_small(attributes["ht"])


def hidden_columns(attributes: Mapping[str, str]) -> list[tuple[int, int]]:
    """Return the first and last of columns that cannot be seen; nothing where they can."""
    if is_yes(attributes.get("hidden", "")) or _is_small(attributes.get("width", "")):
        return [(int(attributes.get("min", "1")), int(attributes.get("max", "1")))]
    return []


@dataclass
class SheetExtras:
    """What is heard of a sheet while its cells are read.

    Addresses of merged areas, hidden rows and columns, volatile formulas, and conditional number
    formats with the areas that they are of.
    """

    merged: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    columns: list[tuple[int, int]] = field(default_factory=list)
    volatile: list[tuple[int, int, str]] = field(default_factory=list)
    rules: list[tuple[str, str]] = field(default_factory=list)
    are_rows_hidden: bool = False

    def hear_row(self, number: int, attributes: Mapping[str, str]) -> None:
        """Keep a row that cannot be seen."""
        if is_hidden_row(attributes, are_all=self.are_rows_hidden):
            self.rows.append(number)

    def put_into(self, grid: Grid) -> Grid:
        """Return the cells with what was heard of them."""
        looks = 0
        message = f"{grid.title}: conditional formatting covers more than {MOST_LOOKS:,} cells"
        for addresses, code in dict.fromkeys(self.rules):
            for each in addresses.split():
                looks += 1 + _print(grid, each, code)
                refuse_if((looks > MOST_LOOKS, message))
        kept = {grid.header_row, *grid.rows}
        hidden = {p for p in grid.header if any(a <= p <= b for a, b in self.columns)}
        return replace(
            grid,
            merged=tuple(areas(self.merged)),
            hidden_rows=tuple(row for row in self.rows if row in kept),
            hidden_columns=tuple(sorted(hidden)),
            volatile=tuple(VolatileFormula(*each) for each in self.volatile),
        )


def _print(grid: Grid, addresses: str, code: str) -> int:
    """Put what a conditional format may print into the numbers that it is of; return how many."""
    from openpyxl.utils import range_boundaries

    left, top, right, bottom = range_boundaries(addresses)
    looks = 0
    for position, values in grid.columns.items():
        if (left or 1) <= position <= (right or position):
            first, last = bisect_left(grid.rows, top or 1), len(grid.rows)
            for i in range(first, last if bottom is None else bisect_right(grid.rows, bottom)):
                value = values[i]
                if type(value) is float or type(value) is int:
                    looks += 1
                    other = other_number(code, float(value))
                    values[i] = value if other is None else Printed(value, *other)
    return looks


@dataclass
class Grid:
    """A sheet as it stands: its header row, and the cells below it by column.

    ``header`` holds the filled cells of the first non-empty row. ``columns`` holds, by the position
    of a column (1 is A), a value for each of ``rows`` (row numbers of the worksheet); None is
    blank. Empty rows are not in it. ``stray`` are cells in columns without a header (row, position,
    value); a row that holds nothing else counts as empty. ``merged`` are the areas of merged cells.
    ``hidden_rows`` and ``hidden_columns`` are those that hold something; ``volatile`` are formulas
    whose value changes each time the workbook is calculated. ``file`` is the CSV file that holds
    the sheet, "" where a workbook does.
    """

    title: str
    header_row: int = 0
    header: dict[int, object] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    columns: dict[int, list[object]] = field(default_factory=dict)
    stray: list[tuple[int, int, object]] = field(default_factory=list)
    merged: tuple[Area, ...] = ()
    is_hidden: bool = False
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: tuple[int, ...] = ()
    volatile: tuple[VolatileFormula, ...] = ()
    file: str = ""

    @property
    def name(self) -> str:
        """What a person finds the sheet by."""
        return f"the file {self.file}" if self.file else f"the sheet {self.title!r}"

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
            if type(text) is str and not text.isascii() and not case.fold(text):
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
    filled: dict[int, list[tuple[int, object]]] = {}
    for position, values in grid.columns.items():
        for row, value in zip(grid.rows, values, strict=True):
            if value is not None:
                filled.setdefault(row, []).append((position, value))
    for row, position, value in grid.stray:
        filled.setdefault(row, []).append((position, value))
    return [(row, sorted(filled[row], key=lambda cell: cell[0])) for row in sorted(filled)]


def cells_of(grid: Grid) -> list[list[object]]:
    """Return a sheet's header and the rows below it, blank ones too; "" is a blank cell."""
    places = sorted(grid.header)
    last = max(grid.rows, default=grid.header_row)
    rows: list[list[object]] = [[""] * len(places) for _ in range(grid.header_row, last + 1)]
    rows[0] = [str(grid.header[p]) for p in places]
    for i, position in enumerate(places):
        for row, value in zip(grid.rows, grid.values(position), strict=True):
            if value is not None:
                rows[row - grid.header_row][i] = value
    return rows


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


def refuse_merged(sheet: str, grid: Grid, read: Collection[int]) -> Iterator[errors.Finding]:
    """Yield an error at each merged area with a value in a column that is read.

    The value is put into all its cells, so that nothing else is told of them.
    """
    places = {row: i for i, row in enumerate(grid.rows)} if grid.merged else {}
    for area in grid.merged:
        reaches = any(area.left <= position <= area.right for position in read)
        if area.bottom >= grid.header_row and reaches and _spread(grid, area, places):
            message, hint = (
                f"the cells {area} are merged",
                "unmerge them and fill each cell",
            )
            yield at_cell(sheet, area.left, area.top, message, "single cells", hint)


def _spread(grid: Grid, area: Area, places: Mapping[int, int]) -> bool:
    """Put an area's value into its blank cells below the header; false where it has none."""
    columns = [p for p in grid.header if area.left <= p <= area.right]
    rows = [places[row] for row in range(area.top, area.bottom + 1) if row in places]
    cells = [(grid.columns[p], i) for p in columns if p in grid.columns for i in rows]
    values = [column[i] for column, i in cells if column[i] is not None]
    for column, i in cells if values else ():
        column[i] = values[0] if column[i] is None else column[i]
    return bool(values) or (area.top <= grid.header_row and bool(columns))


# ---- what is read though nobody sees it, and what changes each time ------------------------------

_NAMED = 5
"""Rows, columns or formulas that are named; of more, how many."""


def unseen(sheet: str, grid: Grid, read: Mapping[int, str]) -> Iterator[errors.Finding]:
    """Yield warnings of what is hidden and read all the same, and of formulas that are volatile.

    ``read`` are the columns that are read, by position, each with its header.
    """
    shown, hint = "still read", "show it if you need it, or delete it"
    if grid.is_hidden:
        yield errors.warning(sheet, found=f"the sheet is hidden but {shown}", hint=hint)
    if grid.hidden_rows:
        rows = [str(row) for row in grid.hidden_rows]
        message = _few("row {} is hidden", "rows {} are hidden", rows)
        first = min(grid.header, default=1)
        yield at_cell(
            sheet, first, grid.hidden_rows[0], f"{message} but {shown}", "", hint, **_KIND
        )
    columns = [position for position in grid.hidden_columns if position in read]
    if columns:
        named = [f"{read[position]} ({letters(position)})" for position in columns]
        message = _few("the column {} is hidden", "the columns {} are hidden", named)
        top = grid.header_row
        yield at_cell(sheet, columns[0], top, f"{message} but {shown}", "", hint, **_KIND)
    formulas = [each for each in grid.volatile if each.position in read]
    if formulas:
        cells = [f"{address(f.position, f.row)} ({f.function})" for f in formulas]
        message = _few("the formula in {} changes", "the formulas in {} change", cells)
        message += " with each calculation: the saved value is read"
        hint = "replace the formula with its value"
        yield at_cell(sheet, formulas[0].position, formulas[0].row, message, "", hint, **_KIND)


_KIND: dict[str, Any] = {"severity": errors.Severity.WARNING}


def _few(single: str, several: str, names: Sequence[str]) -> str:
    return (single if len(names) == 1 else several).format(few(names, _NAMED))
