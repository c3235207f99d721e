"""Compares a plan's file with the same plan, written again: its parts, otherwise its cells."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
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
    with zipfile.ZipFile(file) as here, zipfile.ZipFile(written) as due:
        if sorted(here.namelist()) != sorted(due.namelist()):
            return None
        for name in due.namelist():
            wanted = due.read(name)
            if here.getinfo(name).file_size > _MOST_TIMES * len(wanted):
                return None
            try:
                part = here.read(name)
            except BROKEN:
                return None
            kind = _difference(part, wanted)
            if kind == _NUMBERS and name.startswith(_SHEET):
                unsure.add(name)
            elif kind:
                return None
    return frozenset(unsure)


def _difference(part: bytes, written: bytes) -> str:
    """Return what differs between two parts beyond rounding: "", numbers or texts."""
    if part == written:
        return ""
    here, due = _NUMBER.split(part), _NUMBER.split(written)
    if here[::2] != due[::2]:
        return "texts"
    pairs = zip(map(float, here[1::2]), map(float, due[1::2]), strict=True)
    return "" if all(near(*pair, tolerances.CANCELLED_SUM) for pair in pairs) else _NUMBERS


def near(here: object, due: object, dust: float) -> bool:
    """Return whether two cells have numbers that differ only by rounding errors of sums.

    They may differ by the fraction SAME_CELL of the larger one, plus ``dust`` in their unit. False
    if a cell has no number.
    """
    if not fits_double(here) or not fits_double(due):
        return False
    first, second = float(here), float(due)
    return abs(first - second) <= tolerances.SAME_CELL * max(abs(first), abs(second)) + dust


# ---- cells --------------------------------------------------------------------------------------


def differing_cells(
    sheets: Grids, expected: Grids, tables: Mapping[str, Table]
) -> Iterator[Finding]:
    """Yield each cell that differs on the sheets that the planner writes, row by row.

    ``tables`` are the plan's, written again, with the format of each number. Sheets that the
    planner doesn't write are left out.
    """
    for title, due in expected.items():
        here = sheets.get(title)
        if here is None:
            yield Finding(title, found=_MISSING)
            continue
        part = PART.fullmatch(title)
        table = tables.get(title) or tables.get(part[1] if part else "")
        if table is None:
            yield from _page(_cells_by_place(here), _cells_by_place(due), due)
            continue
        if here.header_row != due.header_row and due.header_row:
            message = f"the header is in row {here.header_row}"
            message = message if here.header_row else "there is no header"
            yield Finding(title, here.header_row, found=message, expected="row 1")
        yield from _page(
            _cells_beside(here, here.header_row), _cells_beside(due, here.header_row), due
        )
        yield from _row_differences(here, due, table)


def unknown_sheets(sheets: Grids, expected: Grids) -> tuple[str, ...]:
    """Return the titles of sheets that the planner doesn't write."""
    return tuple(title for title in sheets if title not in expected)


Placed = dict[tuple[int, int], object]
"""Cells by row and column."""


def _cells_by_place(grid: Grid) -> Placed:
    header = {(grid.header_row, place): value for place, value in grid.header.items()}
    return header | {(row, place): v for row, cells in filled_rows(grid) for place, v in cells}


def _cells_beside(grid: Grid, top: int) -> Placed:
    """Return the header, as if it were in the row ``top``, and the cells beside the columns."""
    header = {(top, place): value for place, value in grid.header.items()}
    return header | {(row, place): value for row, place, value in grid.stray}


def _page(there: Placed, wanted: Placed, sheet: Grid) -> Iterator[Finding]:
    for row, place in sorted({*there, *wanted}):
        here, due = there.get((row, place)), wanted.get((row, place))
        if here != due and not near(here, due, tolerances.CANCELLED_SUM):
            header = str(sheet.header.get(place, ""))
            yield at_cell(sheet.title, place, row, _repr_of(here), _repr_of(due), column=header)


def _row_differences(sheet: Grid, expected: Grid, table: Table) -> Iterator[Finding]:
    """Yield the cells of a table that differ, and rows that are missing, added or moved."""
    places, columns_at = sorted(expected.header), dict(enumerate(table.columns, start=1))
    due, here = ({p: grid.values(p) for p in places} for grid in (expected, sheet))
    is_same = partial(_is_same, _Rounding(expected, due, columns_at))
    compared = TableDifference(due, here, _key_columns(expected, columns_at), places, in_order=True)
    found = [_finding(sheet, expected, each) for each in compared.cells(is_same)]
    yield from sorted(found, key=lambda f: f.row)
    rows = [after for _, after in compared.pairs if after is not None]
    moved = (after for before, after in pairwise(rows) if after < before)
    for row in [] if found else islice(moved, 1):
        message = "the rows are in another order from here on"
        yield Finding(sheet.title, sheet.rows[row], found=message)


def _key_columns(expected: Grid, columns_at: Mapping[int, TableColumn]) -> list[int]:
    """Return the columns that identify a row; without declared ones, all columns of texts."""
    part, places = PART.fullmatch(expected.title), sorted(expected.header)
    kind = CATALOGUE.get(expected.title) or CATALOGUE.get(part[1] if part else "")
    grain: list[int] = []
    if kind is not None:
        position_of = kind.positions([str(expected.header[place]) for place in places])
        grain = [places[position_of[name]] for name in kind.GRAIN if name in position_of]
    return grain or [p for p in places if p in columns_at and columns_at[p].fmt.is_text] or places


def _finding(sheet: Grid, expected: Grid, change: TableChange) -> Finding:
    title = sheet.title
    if change.row_after is None:
        row = change.row or 0
        cells = (expected.values(place)[row] for place in sorted(expected.header))
        shown_cells = [_plain_text(v) for v in cells if v is not None][:_MOST_IN_ROW]
        message, texts = "a row is missing", ", ".join(shown_cells)
        return Finding(title, expected.rows[row], found=message, expected=texts)
    number = sheet.rows[change.row_after]
    if change.row is None:
        message = "the plan computed from the input does not have this row"
        return Finding(title, number, found=message)
    place: Any = change.column
    texts_of = _repr_of(change.after), _repr_of(change.before)
    return at_cell(title, place, number, *texts_of, column=str(expected.header[place]))


def _plain_text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


class _Rounding:
    """The tolerance for a number of a table, beyond its own rounding: its terms may cancel."""

    def __init__(
        self,
        expected: Grid,
        due: Mapping[int, Sequence[object]],
        columns_at: Mapping[int, TableColumn],
    ) -> None:
        self.expected, self.due = expected, due
        self.formats = {p: column.formats for p, column in columns_at.items() if column.formats}
        self.largest: dict[int, dict[Format | None, float]] = {}
        headers = {header: place for place, header in expected.header.items()}
        is_checks = expected.title == Checks.TABLE
        self.proof = headers.get(Checks.value.header, 0) if is_checks else 0
        self.accepted = headers.get(Checks.accepted.header, 0)

    def tolerance(self, place: int, row: int) -> float:
        """Return the tolerance for a column's cell, by the position of its row."""
        if place not in self.largest:
            most = self.largest[place] = {}
            for i, value in enumerate(self.due[place]):
                if fits_double(value):
                    fmt = self._format(place, i)
                    most[fmt] = max(most.get(fmt, 0.0), abs(float(value)))
        room = tolerances.CANCELLED_SUM * self.largest[place].get(self._format(place, row), 0.0)
        if place == self.proof and self.due[place][row]:
            accepted = self.due[self.accepted][row] if self.accepted else None
            room += tolerances.PROOF_REPEATED * float(accepted) if fits_double(accepted) else 0.0
        return room

    def _format(self, place: int, row: int) -> Format | None:
        """Return the format of a cell in a column that has several: others have other units."""
        columns_at = self.formats.get(place, ())
        number = self.expected.rows[row] - self.expected.header_row - 1
        return columns_at[number] if number < len(columns_at) else None


def _is_same(rounding: _Rounding, column: Hashable, row: int, due: object, here: object) -> bool:
    place: Any = column
    return (
        fits_double(here) and fits_double(due) and near(here, due, rounding.tolerance(place, row))
    )


def _repr_of(value: object) -> str:
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
    here: dict[str, Grid] = {}
    due: dict[str, Grid] = {}
    for title in (t for t in sheets if t in expected and t in tables and t not in _SENTENCES):
        there, wanted = sheets[title], expected[title]
        place_of = {header: place for place, header in there.header.items()}
        kept = {Summary.measure.header, Summary.value.header} if title == SUMMARY else set()
        columns = tables[title].columns
        places = {
            place: place_of[header]
            for place, header in wanted.header.items()
            if header in place_of and (header in kept or columns[place - 1].fmt not in _TEXTS)
        }
        here[title] = _selected_columns(there, places, wanted)
        due[title] = _selected_columns(wanted, dict(zip(places, places, strict=True)), wanted)
        if title == SUMMARY:
            both = {*here[title].values(1)} & {*due[title].values(1)}
            here[title], due[title] = (_summary_rows(g[title], both) for g in (here, due))
    return here, due


def unmatched(sheets: Grids, expected: Grids, tables: Mapping[str, Table]) -> Iterator[Finding]:
    """Yield sheets, columns and measures that only the plan has, or only this version writes."""
    for title in [*expected, *unknown_sheets(sheets, expected)]:
        there, wanted = sheets.get(title), expected.get(title)
        if there is None:
            yield Finding(title, found=_MISSING, expected=_OF_THIS)
        elif wanted is None:
            yield Finding(title, found=f"this sheet {_UNKNOWN}")
        elif title in tables and title != ChartData.TABLE:
            yield from _other_texts("column", there, there.header, wanted.header.values())
            for row, place, _ in there.stray:
                yield at_cell(title, place, row, f"this cell {_UNKNOWN}")
            if title == SUMMARY:
                measures = [_measure_rows(grid) for grid in (there, wanted)]
                yield from _other_texts("measure", there, *measures)


_OF_THIS = "what this version writes"
_UNKNOWN = "is not written by this version of the planner: it is not compared"


def _measure_rows(summary: Grid) -> dict[int, object]:
    place = {header: p for p, header in summary.header.items()}.get(Summary.measure.header, 0)
    return dict(zip(summary.rows, summary.values(place), strict=True))


def _other_texts(
    kind: str, sheet: Grid, here: Mapping[int, object], due: Iterable[object]
) -> Iterator[Finding]:
    """Yield the texts without a counterpart; of two equal ones, the second has none."""
    left = Counter(due.values() if isinstance(due, Mapping) else due)
    for place, text in sorted(here.items()):
        row, column = (sheet.header_row, place) if kind == "column" else (place, 1)
        if left[text]:
            left[text] -= 1
        else:
            yield at_cell(sheet.title, column, row, f"the {kind} {text!r} {_UNKNOWN}")
    for text in left.elements():
        yield Finding(sheet.title, found=f"the {kind} {text!r} is missing", expected=_OF_THIS)


def _selected_columns(grid: Grid, places: Mapping[int, int], like: Grid) -> Grid:
    """Return some columns of a sheet, in the places and under the headers of another."""
    header = {place: like.header[place] for place in places}
    columns = {place: grid.values(origin) for place, origin in places.items()}
    return Grid(grid.title, like.header_row, header, grid.rows, columns)


def _summary_rows(summary: Grid, names: AbstractSet[object]) -> Grid:
    """Return the rows of Summary for some measures, if they have any value."""
    rows = zip(*(summary.values(place) for place in sorted(summary.columns)), strict=True)
    kept = [
        i
        for i, (name, *cells) in enumerate(rows)
        if name in names and any(cell is not None for cell in cells)
    ]
    columns = {place: [values[i] for i in kept] for place, values in summary.columns.items()}
    numbers = [summary.rows[i] for i in kept]
    return Grid(summary.title, summary.header_row, summary.header, numbers, columns)
