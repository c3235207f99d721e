"""Compares a plan's file with the same plan computed and written again: its cells and its parts.

It also finds content that the planner never writes, such as formulas and hidden rows.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from models import tolerances
from models.errors import Finding
from models.results import ChartData, Checks, Glossary, Look, Summary
from planner.audit.file import PlanSheets
from planner.render.table import Table, TableColumn
from planner.workbook import archive, parts, plan_file
from planner.workbook.cells import shown
from planner.workbook.findings import at_cell, refused
from planner.workbook.grid import Dated, Fault, Grid, lines
from planner.workbook.plan_file import PART, SUMMARY, is_number

_MISSING = "this sheet is missing"
_SENTENCES = {Checks.TABLE, ChartData.TABLE, Glossary.TABLE}
_TEXTS = {Look.LONG, Look.SENTENCE, Look.REMARK}
_FARTHEST, _SEARCHES = 25, 50
"""Most extra or missing rows that are recognized at one place; most failed searches per sheet."""


def compare(
    sheets: Mapping[str, Grid], expected: Mapping[str, Grid], tables: Mapping[str, Table]
) -> list[Finding]:
    """Return all differences; ``tables`` are the plan's, written again, with formats of numbers."""
    findings = [Finding(t, found=_MISSING) for t in expected if t not in sheets]
    for title, grid in sheets.items():
        if title not in expected:
            findings.append(Finding(title, found="the planner does not write this sheet"))
            continue
        part, wanted_grid, row = PART.fullmatch(title), expected[title], grid.header_row
        table = tables.get(title) or tables.get(part[1] if part else "")
        if table is not None and row != wanted_grid.header_row and wanted_grid.header_row:
            message = f"the header is in row {row}" if row else "there is no header"
            findings.append(Finding(title, row, found=message, expected="row 1"))
        _page(grid, wanted_grid, findings, is_table=table is not None)
        if table is not None:
            _Rows(grid, wanted_grid, table, findings).compare()
    kept = [title for title in sheets if title in expected]
    wanted = [title for title in expected if title in sheets]
    if kept != wanted:
        moved = next(f for f, e in zip(kept, wanted, strict=True) if f != e)
        findings.append(Finding(moved, found="this sheet is out of order"))
    return findings


def common_fields(
    sheets: Mapping[str, Grid], expected: Mapping[str, Grid], tables: Mapping[str, Table]
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
            if header in place_of and (header in kept or columns[place - 1].look not in _TEXTS)
        }
        here[title] = _fields(there, places, wanted)
        due[title] = _fields(wanted, dict(zip(places, places, strict=True)), wanted)
        if title == SUMMARY:
            both = {*here[title].values(1)} & {*due[title].values(1)}
            here[title], due[title] = (_measures(g[title], both) for g in (here, due))
    return here, due


def unmatched(
    sheets: Mapping[str, Grid], expected: Mapping[str, Grid], tables: Mapping[str, Table]
) -> Iterator[Finding]:
    """Yield what only the plan has, written by another version, or only this version writes.

    Sheets, columns and measures are matched by their names, numbers on pages and charts by value.
    """
    for title in sheets.keys() | expected.keys():
        there, wanted = sheets.get(title), expected.get(title)
        if there is None:
            yield Finding(title, found=_MISSING, expected=_OF_THIS)
        elif wanted is None:
            yield Finding(title, found=f"this sheet {_UNKNOWN}")
        elif title not in tables or title == ChartData.TABLE:
            yield from _other_numbers(there, wanted)
        else:
            yield from _other_columns(there, wanted)
            if title == SUMMARY:
                yield from _other_measures(there, wanted)


_OF_THIS = "what this version writes"
_UNKNOWN = "is not written by this version of the planner: it is not compared"


def _other_columns(sheet: Grid, expected: Grid) -> Iterator[Finding]:
    """Yield columns without a counterpart; of two with the same header, the second has none."""
    top = sheet.header_row
    due = Counter(expected.header.values())
    for place, header in sorted(sheet.header.items()):
        if due[header]:
            due[header] -= 1
        else:
            yield at_cell(sheet.title, place, top, f"the column {header!r} {_UNKNOWN}")
    for header in due.elements():
        message = f"the column {header!r} is missing"
        yield Finding(sheet.title, top, found=message, expected=_OF_THIS)
    for row, place, _ in sheet.stray:
        yield at_cell(sheet.title, place, row, f"this cell {_UNKNOWN}")


def _other_measures(sheet: Grid, expected: Grid) -> Iterator[Finding]:
    """Yield measures of Summary without a counterpart."""
    head = Summary.measure.header
    places = [{h: p for p, h in grid.header.items()}.get(head, 0) for grid in (sheet, expected)]
    there, due = (
        {name: row for row, name in zip(grid.rows, grid.values(place), strict=True)}
        for grid, place in zip((sheet, expected), places, strict=True)
    )
    for name, row in there.items():
        if name not in due:
            yield at_cell(sheet.title, places[0], row, f"the measure {name!r} {_UNKNOWN}")
    for name in due.keys() - there.keys():
        yield Finding(sheet.title, found=f"the measure {name!r} is missing", expected=_OF_THIS)


def _other_numbers(sheet: Grid, expected: Grid) -> Iterator[Finding]:
    """Yield numbers on a page that this version does not write there."""
    there, wanted = (
        sorted(
            (float(value), place)
            for place, value in _cells(grid, grid.header_row, is_table=False).items()
            if is_number(value)
        )
        for grid in (sheet, expected)
    )
    due = deque(number for number, _ in wanted)
    for number, (row, place) in there:
        while due and due[0] < number and not near(due[0], number):
            due.popleft()
        if due and near(due[0], number):
            due.popleft()
        else:
            message = f"the number {number:.15g} {_UNKNOWN.partition(':')[0]}"
            yield at_cell(sheet.title, place, row, message)


def _fields(grid: Grid, places: Mapping[int, int], like: Grid) -> Grid:
    """Return some columns of a sheet, in the places and under the headers of another."""
    header = {place: like.header[place] for place in places}
    columns = {place: grid.values(origin) for place, origin in places.items()}
    return Grid(grid.title, like.header_row, header, grid.rows, columns)


def _measures(summary: Grid, names: AbstractSet[object]) -> Grid:
    """Return the rows of Summary for some measures, if they have any value."""
    lines = zip(*(summary.values(place) for place in sorted(summary.columns)), strict=True)
    kept = [
        i
        for i, (name, *cells) in enumerate(lines)
        if name in names and any(cell is not None for cell in cells)
    ]
    columns = {place: [values[i] for i in kept] for place, values in summary.columns.items()}
    rows = [summary.rows[i] for i in kept]
    return Grid(summary.title, summary.header_row, summary.header, rows, columns)


def _page(sheet: Grid, expected: Grid, findings: list[Finding], *, is_table: bool = False) -> None:
    """Compare all cells of a page; of a table, only the header and cells outside its columns."""
    top = sheet.header_row if is_table else expected.header_row
    there, wanted = _cells(sheet, sheet.header_row, is_table), _cells(expected, top, is_table)
    for row, place in sorted({*there, *wanted}):
        here, due = there.get((row, place)), wanted.get((row, place))
        if here != due and not near(here, due):
            header = str(expected.header.get(place, "")) if is_table else ""
            texts = _shown(here), _shown(due)
            findings.append(at_cell(sheet.title, place, row, *texts, column=header))


def _cells(grid: Grid, top: int, is_table: bool) -> dict[tuple[int, int], object]:
    """Return cells by row and column, with the header in the row ``top``."""
    by_place = {(top, place): value for place, value in grid.header.items()}
    if is_table:
        return by_place | {(row, place): value for row, place, value in grid.stray}
    return by_place | {(row, place): v for row, cells in lines(grid) for place, v in cells}


def near(here: object, due: object, dust: float = tolerances.CANCELLED_SUM) -> bool:
    """Return whether two cells have numbers that differ only by rounding errors of sums.

    They may differ by the fraction SAME_CELL of the larger one, plus ``dust`` in their unit. False
    if a cell has no number.
    """
    if not is_number(here) or not is_number(due):
        return False
    first, second = float(here), float(due)
    return abs(first - second) <= tolerances.SAME_CELL * max(abs(first), abs(second)) + dust


class _Rows:
    def __init__(self, sheet: Grid, expected: Grid, table: Table, findings: list[Finding]) -> None:
        self.sheet, self.expected, self.findings = sheet, expected, findings
        self.places = sorted(expected.header)
        self.there, self.wanted = (
            list(zip(*(grid.values(place) for place in self.places), strict=True))
            for grid in (sheet, expected)
        )
        columns = dict(enumerate(table.columns, start=1))
        self.largest = [_largest(columns.get(p), expected.values(p)) for p in self.places]
        self.headers = [expected.header[place] for place in self.places]
        self.searches = 0

    def compare(self) -> None:
        """Compare row by row; an extra or missing row is one finding."""
        i = k = 0
        while i < len(self.there) or k < len(self.wanted):
            extra, missing = self._shifted(i, k)
            for n in range(i, i + extra):
                self._report(n, 0, "the plan computed from the input does not have this row", "")
            above = " above" if i < len(self.there) else ""
            for row in self.wanted[k : k + missing]:
                cells = [v for v in row if v is not None][:6]
                texts = (f"{v:.6g}" if isinstance(v, float) else str(v) for v in cells)
                self._report(i, 0, f"a row is missing{above}", ", ".join(texts))
            if not extra and not missing:
                for n in self._differing(i, k):
                    here, due = self.there[i][n], self.wanted[k][n]
                    self._report(i, self.places[n], _shown(here), _shown(due))
                extra = missing = 1
            i, k = i + extra, k + missing

    def _shifted(self, i: int, k: int) -> tuple[int, int]:
        """Return how many rows from here on are extra, and how many are missing; one of them is 0.

        If the next rows match, only cells of this row were changed. The number of searches is
        limited, for tables that differ throughout.
        """
        if i >= len(self.there) or k >= len(self.wanted):
            return int(i < len(self.there)), int(k < len(self.wanted))
        if self._match(i, k) or self.searches >= _SEARCHES or self._match(i + 1, k + 1):
            return 0, 0
        for step in range(1, _FARTHEST + 1):
            if self._match(i + step, k):
                return step, 0
            if self._match(i, k + step):
                return 0, step
        self.searches += 1
        return 0, 0

    def _match(self, i: int, k: int) -> bool:
        return i < len(self.there) and k < len(self.wanted) and not self._differing(i, k)

    def _differing(self, i: int, k: int) -> list[int]:
        """Return the positions of cells in a row that differ from the expected row."""
        row, due = self.there[i], self.wanted[k]
        if row == due:
            return []
        return [
            n
            for n, (here, wanted) in enumerate(zip(row, due, strict=True))
            if here != wanted and not near(here, wanted, self._dust(n, k))
        ]

    def _dust(self, n: int, k: int) -> float:
        """Return the tolerance for a number, in addition to its own rounding."""
        room = tolerances.CANCELLED_SUM * self.largest[n](
            self.expected.rows[k] - self.expected.header_row - 1
        )
        due = dict(zip(self.headers, self.wanted[k], strict=True))
        is_proof = self.sheet.title == Checks.TABLE and self.headers[n] == Checks.value.header
        accepted = due.get(Checks.accepted.header)
        if is_proof and self.wanted[k][n] and is_number(accepted):
            room += tolerances.PROOF_REPEATED * float(accepted)
        return room

    def _report(self, i: int, place: int, message: str, expected: str) -> None:
        """Add a finding for the i-th row, in a column; ``place`` 0: for the whole row."""
        rows = self.sheet.rows
        row = rows[i] if i < len(rows) else (rows[-1] if rows else self.sheet.header_row) + 1
        header = str(self.expected.header.get(place, ""))
        finding = at_cell(self.sheet.title, place, row, message, expected, column=header)
        self.findings.append(finding)


def _largest(column: TableColumn | None, values: Sequence[object]) -> Callable[[int], float]:
    """Return, by row, the largest number in the column with the format of the row's cell."""
    looks = (column.looks if column is not None else None) or ()
    kinds: Iterable[Look | None] = looks or repeat(None)
    most: dict[Look | None, float] = {}
    for look, value in zip(kinds, column.values if column and looks else values, strict=False):
        if is_number(value):
            most[look] = max(most.get(look, 0.0), abs(float(value)))
    return lambda row: most.get(looks[row] if row < len(looks) else None, 0.0)


def _shown(value: object) -> str:
    if value is None:
        return "a blank cell"
    if isinstance(value, Fault | Dated):
        return shown(value)
    if isinstance(value, float):
        return f"{value:.15g}"
    return repr(value) if isinstance(value, str) else str(value)


_NUMBER = re.compile(
    rb'(?:(?<=\d"><v>)|(?<=<c:v>)|(?<=[ ]val="))(-?\d+(?:\.\d+)?(?:[Ee][+-]?\d+)?)(?=[<"])'
)
"""A number in a cell, a chart or a colour scale; not the index of a shared string."""
_CELL = re.compile(rb'<c r="([A-Z]{1,3}\d{1,7})"')
_SHEET, _STRINGS = "xl/worksheets/sheet", "xl/sharedStrings.xml"
_OWN = ("xl/workbook.xml", "xl/styles.xml", _STRINGS)
_OFFICE = re.compile(
    r"(?:.*/)?_rels/[^/]*\.rels|\[Content_Types\]\.xml|docProps/(?:app|core|custom)\.xml"
    r"|xl/(?:workbook|styles|sharedStrings|metadata)\.xml"
    r"|xl/(?:worksheets|tables|comments|theme|printerSettings)/[^/]+|xl/comments\d+\.xml"
    r"|xl/drawings/[^/]+\.(?:xml|vml)|xl/charts/[^/]+\.xml"
)
"""Parts that another program may write when it saves a plan; any other part was added."""


@dataclass(frozen=True)
class PackageParts:
    """How a package differs from the one that the planner writes.

    ``changed`` has the parts that differ, each with the first cell that does ("": not in a cell);
    ``unsure`` has sheets in which only numbers differ, perhaps by rounding. ``is_resaved``: no
    sheet, and no list of texts, sheets or formats is as the planner writes it, so another program
    has saved the file.
    """

    changed: Mapping[str, str]
    unsure: frozenset[str]
    is_resaved: bool
    names: Sequence[str]

    @property
    def is_unchanged(self) -> bool:
        """Whether all parts are as the planner writes them, except perhaps for numbers."""
        return not self.changed

    @property
    def added(self) -> Iterator[str]:
        """Parts that no program adds by saving a plan: macros, links to other files, pictures."""
        return (name for name in self.names if not _OFFICE.fullmatch(name))

    def changes(
        self, sheets: Sequence[archive.SheetPart], *, are_cells_known: bool
    ) -> Iterator[tuple[str, str, str]]:
        """Yield each part that differs, with the title of its sheet and the first cell that does.

        ``are_cells_known``: leave out sheets and texts, whose cells are reported already.
        """
        titles = {sheet.part: sheet.title for sheet in sheets}
        for name, cell in self.changed.items():
            if not (are_cells_known and (name.startswith(_SHEET) or name == _STRINGS)):
                yield name, titles.get(name, ""), cell


def compare_packages(file: Path, written: Path) -> PackageParts:
    """Compare two packages part by part, byte for byte; numbers may differ by rounding."""
    changed: dict[str, str] = {}
    unsure, alike = set(), False
    with zipfile.ZipFile(file) as here, zipfile.ZipFile(written) as due:
        there, wanted = here.namelist(), due.namelist()
        for name in [*wanted, *sorted({*there} - {*wanted})]:
            if name not in there or name not in wanted:
                changed[name] = ""
                continue
            left, right = here.read(name), due.read(name)
            kind = _kind(name, left, right)
            if kind == "changed":
                changed[name] = _first_cell(name, left, right)
            elif kind == "unsure":
                unsure.add(name)
            elif left != right or name in _OWN or name.startswith(_SHEET):
                alike = True
    return PackageParts(changed, frozenset(unsure), not alike and not unsure, there)


def _kind(name: str, part: bytes, written: bytes) -> str:
    """Return "" if two parts are equal up to rounding of numbers, else ``changed`` or ``unsure``.

    A sheet is ``unsure`` if only its numbers differ: its cells have to be compared.
    """
    if part == written:
        return ""
    here, due = _NUMBER.split(part), _NUMBER.split(written)
    if len(here) != len(due) or here[::2] != due[::2]:
        return "changed"
    pairs = zip(map(float, here[1::2]), map(float, due[1::2]), strict=True)
    if all(near(*pair) for pair in pairs):
        return ""
    return "unsure" if name.startswith(_SHEET) else "changed"


def _first_cell(name: str, part: bytes, written: bytes) -> str:
    """Return the first cell of a sheet that differs, "" if the difference is not in a cell."""
    if not name.startswith(_SHEET):
        return ""
    pairs = enumerate(zip(part, written, strict=False))
    position = next((i for i, (here, due) in pairs if here != due), min(len(part), len(written)))
    last = part.find(b"</sheetData>")
    cells = [] if 0 <= last < position else _CELL.findall(part, 0, part.find(b">", position) + 1)
    return cells[-1].decode() if cells else ""


# ---- content that the planner never writes -------------------------------------------------------

_SHOW = "show them again, or ask for the workbook as planner solve wrote it"


def foreign_content(file: PlanSheets) -> Iterator[Finding]:
    """Yield formulas, duplicate cells, sheets without cells, and hidden sheets, rows and columns.

    Raises InputError if a sheet cannot be read.
    """
    for sheet in file.listed:
        if sheet.kind != archive.WORKSHEET:
            message = f"this is a {sheet.kind or 'name without a sheet'}, not a worksheet"
            yield Finding(sheet.title, found=message, expected="a sheet that the planner wrote")
            continue
        if sheet.is_hidden:
            yield Finding(sheet.title, found="this sheet is hidden", expected="all sheets shown")
        try:
            anatomy = parts.Anatomy(file.path, sheet.part)
        except archive.BROKEN as error:
            message = f"the sheet {sheet.title} is damaged ({error})"
            raise refused(file.path, message, plan_file.PLAN_FILE) from error
        yield from _in_sheet(sheet.title, anatomy)


def _in_sheet(title: str, anatomy: parts.Anatomy) -> Iterator[Finding]:
    twice = "in the file twice or in the wrong place, so programs show different values"
    for cells, message, expected in (
        (anatomy.formulas, "this cell has a formula", "a plain value"),
        (anatomy.misplaced, f"this cell or row is {twice}", ""),
    ):
        for cell in cells:
            digits = cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            row = int(digits) if digits.isdecimal() else 0
            yield Finding(title, row, found=message, expected=expected, cell=cell)
    if anatomy.rows:
        count, first = len(anatomy.rows), anatomy.rows[0]
        several = f"{count:,} rows are hidden, the first of them {first}"
        message = several if count > 1 else f"row {first} is hidden"
        yield Finding(title, first, found=message, hint=f"a filter may hide them: {_SHOW}")
    if anatomy.columns:
        message = f"columns are hidden: {', '.join(anatomy.columns)}"
        yield Finding(title, found=message, hint=_SHOW)
