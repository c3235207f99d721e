"""Compares a plan's file with the same plan, written again: its parts, otherwise its cells."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from models import tolerances
from models.errors import Finding
from models.results import CATALOGUE, ChartData, Checks, Format, Glossary, Summary
from models.results.difference import TableChange, TableDifference
from planner.render.table import Table, TableColumn
from planner.workbook.archive import BROKEN
from planner.workbook.cells import described
from planner.workbook.findings import at_cell
from planner.workbook.grid import Dated, Fault, Grid, filled_rows
from planner.workbook.plan_file import PART, SUMMARY, fits_double

Grids = Mapping[str, Grid]
_MISSING = "this sheet is missing"
_SENTENCES = {Checks.TABLE, ChartData.TABLE, Glossary.TABLE}
_TEXTS = {Format.LONG, Format.SENTENCE, Format.REMARK}
_MOST_IN_ROW = 6
"""Largest number of cells that show which row is missing."""

# ---- parts of the file --------------------------------------------------------------------------

_NUMBER = re.compile(
    rb'(?:(?<=\d"><v>)|(?<=<c:v>)|(?<=[ ]val="))(-?\d+(?:\.\d+)?(?:[Ee][+-]?\d+)?)(?=[<"])'
)
"""A number in a cell, a chart or a colour scale; not the index of a shared string."""
_SHEET, _NUMBERS = "xl/worksheets/sheet", "numbers"
_MOST_TIMES = 4
"""A part that is longer than the planner's by this factor is not read: it is another one."""


def unsure_parts(file: Path, written: Path) -> frozenset[str] | None:
    """Return the sheets in which numbers differ; None if another program wrote the file.

    All parts are compared unpacked, byte for byte. Numbers that differ only by rounding count as
    equal, since another machine may compute other last digits.
    """
    unsure = set[str]()
    with zipfile.ZipFile(file) as found, zipfile.ZipFile(written) as expected:
        if sorted(found.namelist()) != sorted(expected.namelist()):
            return None
        for name in expected.namelist():
            expected_part = expected.read(name)
            if found.getinfo(name).file_size > _MOST_TIMES * len(expected_part):
                return None
            try:
                part = found.read(name)
            except BROKEN:
                return None
            kind = _difference(part, expected_part)
            if kind == _NUMBERS and name.startswith(_SHEET):
                unsure.add(name)
            elif kind:
                return None
    return frozenset(unsure)


def _difference(part: bytes, expected_part: bytes) -> str:
    """Return what differs between two parts beyond rounding: "", numbers or texts."""
    if part == expected_part:
        return ""
    found, expected = _NUMBER.split(part), _NUMBER.split(expected_part)
    if found[::2] != expected[::2]:
        return "texts"
    pairs = zip(map(float, found[1::2]), map(float, expected[1::2]), strict=True)
    return "" if all(near(*pair, tolerances.CANCELLED_SUM) for pair in pairs) else _NUMBERS


def near(found: object, expected: object, dust: float) -> bool:
    """Return whether two cells have numbers that differ only by rounding errors of sums.

    They may differ by the fraction SAME_CELL of the larger one, plus ``dust`` in their unit. False
    if a cell has no number.
    """
    if not fits_double(found) or not fits_double(expected):
        return False
    first, second = float(found), float(expected)
    return abs(first - second) <= tolerances.SAME_CELL * max(abs(first), abs(second)) + dust


# ---- cells --------------------------------------------------------------------------------------


def differing_cells(
    sheets: Grids, expected: Grids, tables: Mapping[str, Table]
) -> Iterator[Finding]:
    """Yield each cell that differs on the sheets that the planner writes, row by row.

    ``tables`` are the plan's, written again, with the format of each number. Sheets that the
    planner doesn't write are left out.
    """
    for title, expected_sheet in expected.items():
        sheet = sheets.get(title)
        if sheet is None:
            yield Finding(title, found=_MISSING)
            continue
        part = PART.fullmatch(title)
        table = tables.get(title) or tables.get(part[1] if part else "")
        if table is None:
            cells = _all_cells(sheet), _all_cells(expected_sheet)
            yield from _cell_differences(*cells, expected_sheet)
            continue
        top = sheet.header_row
        if top != expected_sheet.header_row and expected_sheet.header_row:
            message = f"the header is in row {top}" if top else "there is no header"
            yield Finding(title, top, found=message, expected="row 1")
        cells = _cells_beside(sheet, top), _cells_beside(expected_sheet, top)
        yield from _cell_differences(*cells, expected_sheet)
        yield from _row_differences(sheet, expected_sheet, table)


def unknown_sheets(sheets: Grids, expected: Grids) -> tuple[str, ...]:
    """Return the titles of sheets that the planner doesn't write."""
    return tuple(title for title in sheets if title not in expected)


CellsByPosition = dict[tuple[int, int], object]
"""Cells by row and column number."""


def _all_cells(grid: Grid) -> CellsByPosition:
    header = {(grid.header_row, column): value for column, value in grid.header.items()}
    return header | {(row, column): v for row, cells in filled_rows(grid) for column, v in cells}


def _cells_beside(grid: Grid, top: int) -> CellsByPosition:
    """Return the header, as if it were in the row ``top``, and the cells beside the columns."""
    header = {(top, column): value for column, value in grid.header.items()}
    return header | {(row, column): value for row, column, value in grid.stray}


def _cell_differences(
    found: CellsByPosition, expected: CellsByPosition, sheet: Grid
) -> Iterator[Finding]:
    """Yield the cells of two versions of a sheet that differ beyond rounding."""
    for at in sorted({*found, *expected}):
        value, wanted = found.get(at), expected.get(at)
        if value != wanted and not near(value, wanted, tolerances.CANCELLED_SUM):
            (row, column), texts = at, (_repr_of(value), _repr_of(wanted))
            header = str(sheet.header.get(column, ""))
            yield at_cell(sheet.title, column, row, *texts, column=header)


def _row_differences(sheet: Grid, expected: Grid, table: Table) -> Iterator[Finding]:
    """Yield the cells of a table that differ, and rows that are missing, added or moved."""
    columns, columns_at = sorted(expected.header), dict(enumerate(table.columns, start=1))
    before, after = ({c: grid.values(c) for c in columns} for grid in (expected, sheet))
    is_same = partial(_is_same, _Rounding(expected, before, columns_at))
    keys = _key_columns(expected, columns_at)
    compared = TableDifference(before, after, keys, columns, in_order=True)
    found = [_finding(sheet, expected, each) for each in compared.cells(is_same)]
    yield from sorted(found, key=lambda f: f.row)
    rows = [after for _, after in compared.pairs if after is not None]
    moved = (after for before, after in pairwise(rows) if after < before)
    for row in [] if found else islice(moved, 1):
        message = "the rows are in another order from here on"
        yield Finding(sheet.title, sheet.rows[row], found=message)


def _key_columns(expected: Grid, columns_at: Mapping[int, TableColumn]) -> list[int]:
    """Return the columns that identify a row; without declared ones, all columns of texts."""
    part, columns = PART.fullmatch(expected.title), sorted(expected.header)
    kind = CATALOGUE.get(expected.title) or CATALOGUE.get(part[1] if part else "")
    grain: list[int] = []
    if kind is not None:
        position_of = kind.positions([str(expected.header[column]) for column in columns])
        grain = [columns[position_of[name]] for name in kind.GRAIN if name in position_of]
    texts = [c for c in columns if c in columns_at and columns_at[c].fmt.is_text]
    return grain or texts or columns


def _finding(sheet: Grid, expected: Grid, change: TableChange) -> Finding:
    """Return the finding on a cell that differs, or a row that is missing or added."""
    title = sheet.title
    if change.row_after is None:
        row = change.row or 0
        cells = (expected.values(column)[row] for column in sorted(expected.header))
        shown = [f"{v:.6g}" if isinstance(v, float) else str(v) for v in cells if v is not None]
        message, texts = "a row is missing", ", ".join(shown[:_MOST_IN_ROW])
        return Finding(title, expected.rows[row], found=message, expected=texts)
    number = sheet.rows[change.row_after]
    if change.row is None:
        message = "the plan computed from the input does not have this row"
        return Finding(title, number, found=message)
    column: Any = change.column
    texts_of = _repr_of(change.after), _repr_of(change.before)
    return at_cell(title, column, number, *texts_of, column=str(expected.header[column]))


class _Rounding:
    """The tolerance for a number of a table, beyond its own rounding: its terms may cancel."""

    def __init__(
        self,
        expected: Grid,
        values: Mapping[int, Sequence[object]],
        columns_at: Mapping[int, TableColumn],
    ) -> None:
        self.expected, self.values = expected, values
        self.formats = {c: column.formats for c, column in columns_at.items() if column.formats}
        self.largest: dict[int, dict[Format | None, float]] = {}
        column_of = {header: column for column, header in expected.header.items()}
        is_checks = expected.title == Checks.TABLE
        self.proof = column_of.get(Checks.value.header, 0) if is_checks else 0
        self.accepted = column_of.get(Checks.accepted.header, 0)

    def tolerance(self, column: int, row: int) -> float:
        """Return the tolerance for a column's cell, by the position of its row."""
        if column not in self.largest:
            most = self.largest[column] = {}
            for i, value in enumerate(self.values[column]):
                if fits_double(value):
                    fmt = self._format(column, i)
                    most[fmt] = max(most.get(fmt, 0.0), abs(float(value)))
        room = tolerances.CANCELLED_SUM * self.largest[column].get(self._format(column, row), 0.0)
        if column == self.proof and self.values[column][row]:
            accepted = self.values[self.accepted][row] if self.accepted else None
            room += tolerances.PROOF_REPEATED * float(accepted) if fits_double(accepted) else 0.0
        return room

    def _format(self, column: int, row: int) -> Format | None:
        """Return a cell's format in a column that has one for each row; None in other columns."""
        formats = self.formats.get(column, ())
        number = self.expected.rows[row] - self.expected.header_row - 1
        return formats[number] if number < len(formats) else None


def _is_same(rounding: _Rounding, column: Any, row: int, expected: object, found: object) -> bool:
    """Return whether two cells have numbers that differ only by rounding."""
    are_numbers = fits_double(found) and fits_double(expected)
    return are_numbers and near(found, expected, rounding.tolerance(column, row))


def _repr_of(value: object) -> str:
    """Return a cell's value as a finding shows it, with all digits."""
    if value is None:
        return "a blank cell"
    if isinstance(value, Fault | Dated):
        return described(value)
    if isinstance(value, float):
        return f"{value:.15g}"
    return repr(value) if isinstance(value, str) else str(value)


# ---- a plan of another version ------------------------------------------------------------------


def common_fields(
    sheets: Grids, expected: Grids, tables: Mapping[str, Table]
) -> tuple[dict[str, Grid], dict[str, Grid]]:
    """Return the numbers and names that two versions of the planner both write for a plan.

    They are matched by their headers and, in Summary, by their measures. Pages, charts, the
    glossary and Checks are left out: their texts depend on the version.
    """
    found_fields: dict[str, Grid] = {}
    expected_fields: dict[str, Grid] = {}
    for title in (t for t in sheets if t in expected and t in tables and t not in _SENTENCES):
        sheet, wanted = sheets[title], expected[title]
        column_of = {header: column for column, header in sheet.header.items()}
        kept = {Summary.measure.header, Summary.value.header} if title == SUMMARY else set()
        declared = tables[title].columns
        origins = {
            column: column_of[header]
            for column, header in wanted.header.items()
            if header in column_of and (header in kept or declared[column - 1].fmt not in _TEXTS)
        }
        grids = (
            _selected_columns(sheet, origins, wanted),
            _selected_columns(wanted, dict(zip(origins, origins, strict=True)), wanted),
        )
        if title == SUMMARY:
            both = {*grids[0].values(1)} & {*grids[1].values(1)}
            grids = _summary_rows(grids[0], both), _summary_rows(grids[1], both)
        found_fields[title], expected_fields[title] = grids
    return found_fields, expected_fields


def unmatched(sheets: Grids, expected: Grids, tables: Mapping[str, Table]) -> Iterator[Finding]:
    """Yield sheets, columns and measures that only the plan has, or only this version writes."""
    for title in [*expected, *unknown_sheets(sheets, expected)]:
        sheet, wanted = sheets.get(title), expected.get(title)
        if sheet is None:
            yield Finding(title, found=_MISSING, expected=_OF_THIS)
        elif wanted is None:
            yield Finding(title, found=f"this sheet {_UNKNOWN}")
        elif title in tables and title != ChartData.TABLE:
            yield from _other_texts("column", sheet, sheet.header, wanted.header.values())
            for row, column, _ in sheet.stray:
                yield at_cell(title, column, row, f"this cell {_UNKNOWN}")
            if title == SUMMARY:
                measures = [_measure_rows(grid) for grid in (sheet, wanted)]
                yield from _other_texts("measure", sheet, *measures)


_OF_THIS = "what this version writes"
_UNKNOWN = "is not written by this version of the planner: it is not compared"


def _measure_rows(summary: Grid) -> dict[int, object]:
    """Return the name of the measure in each row of Summary, by the row's number."""
    column = {header: c for c, header in summary.header.items()}.get(Summary.measure.header, 0)
    return dict(zip(summary.rows, summary.values(column), strict=True))


def _other_texts(
    kind: str, sheet: Grid, found: Mapping[int, object], expected: Iterable[object]
) -> Iterator[Finding]:
    """Yield the texts without a counterpart; of two equal ones, the second has none."""
    left = Counter(expected.values() if isinstance(expected, Mapping) else expected)
    for number, text in sorted(found.items()):
        row, column = (sheet.header_row, number) if kind == "column" else (number, 1)
        if left[text]:
            left[text] -= 1
        else:
            yield at_cell(sheet.title, column, row, f"the {kind} {text!r} {_UNKNOWN}")
    for text in left.elements():
        yield Finding(sheet.title, found=f"the {kind} {text!r} is missing", expected=_OF_THIS)


def _selected_columns(grid: Grid, origins: Mapping[int, int], like: Grid) -> Grid:
    """Return some columns of a sheet, at the numbers and under the headers of another's."""
    header = {column: like.header[column] for column in origins}
    columns = {column: grid.values(origin) for column, origin in origins.items()}
    return Grid(grid.title, like.header_row, header, grid.rows, columns)


def _summary_rows(summary: Grid, names: AbstractSet[object]) -> Grid:
    """Return the rows of Summary for some measures, if they have any value."""
    rows = zip(*(summary.values(column) for column in sorted(summary.columns)), strict=True)
    kept = [
        i
        for i, (name, *cells) in enumerate(rows)
        if name in names and any(cell is not None for cell in cells)
    ]
    columns = {column: [values[i] for i in kept] for column, values in summary.columns.items()}
    numbers = [summary.rows[i] for i in kept]
    return Grid(summary.title, summary.header_row, summary.header, numbers, columns)
