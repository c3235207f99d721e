"""The cells of a sheet by column, before they are interpreted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from models import case, errors
from planner.render.words import few
from planner.workbook.findings import Area, at_cell, letters

Cells = Iterable[tuple[int, object]]
"""The filled cells of one row: position of the column (1 is A) and value."""


@dataclass(frozen=True)
class Fault:
    """A cell without a readable value: an error value, or a formula that was never calculated."""

    text: str
    hint: str = ""


@dataclass(frozen=True)
class Dated:
    """A number that its format shows as a date or time."""

    number: float
    date: object

    hint = "if you mean the number, give the cell a number format"


@dataclass
class Grid:
    """A sheet's header row, and the cells below it by column.

    ``header`` has the filled cells of the first non-empty row. ``columns`` has, by the position of
    a column (1 is A), a value for each of ``rows`` (row numbers of the worksheet); None is blank.
    Empty rows are left out. ``stray`` has cells in columns without a header (row, position, value);
    a row with nothing else counts as empty. ``hidden_rows`` and ``hidden_columns`` have a value.
    ``file`` is the CSV file of the sheet, "" for a sheet of a workbook.
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
    file: str = ""

    @property
    def name(self) -> str:
        """The sheet's name in messages."""
        return f"the file {self.file}" if self.file else f"the sheet {self.title!r}"

    def values(self, position: int) -> list[object]:
        """Return a value for each row of a column, None for a blank cell."""
        return self.columns.get(position) or [None] * len(self.rows)


def columns_from_rows(title: str, rows: Iterable[tuple[int, Cells]]) -> Grid:
    """Gather the rows of a sheet by column; text is stripped, empty rows are skipped."""
    grid = Grid(title)
    pending: list[dict[int, object]] = []
    for number, cells in rows:
        filled: dict[int, object] = {}
        for position, value in cells:
            text = value.strip() if type(value) is str else value
            if type(text) is str and not text.isascii() and not case.normalize(text):
                text = None  # only invisible characters
            if text is not None and text != "":
                filled[position] = text
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
"""Rows that are converted to columns at a time: as rows they take ten times the memory."""


def _add(grid: Grid, rows: list[dict[int, object]]) -> None:
    """Append rows to the grid's columns, and clear them."""
    for position in grid.header:
        grid.columns.setdefault(position, []).extend([row.get(position) for row in rows])
    rows.clear()


def from_rows(title: str, rows: Sequence[Mapping[str, object]]) -> Grid:
    """Build a grid from rows by header: the header counts as row 1, the first row as row 2."""
    headers = list(dict.fromkeys(header for row in rows for header in row))
    position_of = {header: position for position, header in enumerate(headers, start=1)}
    below = (((position_of[h], value) for h, value in row.items()) for row in rows)
    return columns_from_rows(title, enumerate([enumerate(headers, start=1), *below], start=1))


def filled_rows(grid: Grid) -> list[tuple[int, list[tuple[int, object]]]]:
    """Return the filled cells of each row below the header, in order."""
    filled: dict[int, list[tuple[int, object]]] = {}
    for position, values in grid.columns.items():
        for row, value in zip(grid.rows, values, strict=True):
            if value is not None:
                filled.setdefault(row, []).append((position, value))
    for row, position, value in grid.stray:
        filled.setdefault(row, []).append((position, value))
    return [(row, sorted(filled[row], key=lambda cell: cell[0])) for row in sorted(filled)]


def header_and_rows(grid: Grid) -> list[list[object]]:
    """Return a sheet's header and the rows below it, also blank rows; "" is a blank cell."""
    positions = sorted(grid.header)
    last = max(grid.rows, default=grid.header_row)
    rows: list[list[object]] = [[""] * len(positions) for _ in range(grid.header_row, last + 1)]
    rows[0] = [str(grid.header[p]) for p in positions]
    for i, position in enumerate(positions):
        for row, value in zip(grid.rows, grid.values(position), strict=True):
            if value is not None:
                rows[row - grid.header_row][i] = value
    return rows


# ---- merged cells -------------------------------------------------------------------------------
#
# Only the first cell of a merged area has a value; the others would be read as blank. The file does
# not say whether 1,000 over three rows is meant once or three times. So merged cells are an error
# in every column that is read.


def refuse_merged(sheet: str, grid: Grid, read: Collection[int]) -> Iterator[errors.Finding]:
    """Yield an error at each merged area with a value in a column that is read.

    The value is copied to all cells of the area, so that they cause no further findings.
    """
    index_of_row = {row: i for i, row in enumerate(grid.rows)} if grid.merged else {}
    for area in grid.merged:
        reaches = any(area.left <= position <= area.right for position in read)
        if area.bottom >= grid.header_row and reaches and _spread(grid, area, index_of_row):
            message, hint = f"the cells {area} are merged", "unmerge them and fill each cell"
            yield at_cell(sheet, area.left, area.top, message, "single cells", hint)


def _spread(grid: Grid, area: Area, places: Mapping[int, int]) -> bool:
    """Copy an area's value to its blank cells below the header; return whether it has a value."""
    columns = [p for p in grid.header if area.left <= p <= area.right]
    rows = [places[row] for row in range(area.top, area.bottom + 1) if row in places]
    cells = [(grid.columns[p], i) for p in columns if p in grid.columns for i in rows]
    values = [column[i] for column, i in cells if column[i] is not None]
    for column, i in cells if values else ():
        column[i] = values[0] if column[i] is None else column[i]
    return bool(values) or (area.top <= grid.header_row and bool(columns))


# ---- hidden rows and columns ---------------------------------------------------------------------

_NAMED = 5
"""Most rows or columns that a message names; the others are counted."""


def warn_hidden(sheet: str, grid: Grid, read: Mapping[int, str]) -> Iterator[errors.Finding]:
    """Yield warnings about hidden rows and columns that are read.

    ``read`` has the headers of the columns that are read, by position.
    """
    shown, hint = "still read", "show it if you need it, or delete it"
    if grid.is_hidden:
        yield errors.warning(sheet, found=f"the sheet is hidden but {shown}", hint=hint)
    if grid.hidden_rows:
        message = _few("row {} is hidden", "rows {} are hidden", list(map(str, grid.hidden_rows)))
        first = min(grid.header, default=1)
        row = grid.hidden_rows[0]
        yield _warning(sheet, first, row, f"{message} but {shown}", "", hint)
    columns = [position for position in grid.hidden_columns if position in read]
    if columns:
        named = [f"{read[position]} ({letters(position)})" for position in columns]
        message = _few("the column {} is hidden", "the columns {} are hidden", named)
        yield _warning(sheet, columns[0], grid.header_row, f"{message} but {shown}", "", hint)


_warning = partial(at_cell, severity=errors.Severity.WARNING)


def _few(single: str, several: str, names: Sequence[str]) -> str:
    return (single if len(names) == 1 else several).format(few(names, _NAMED))
