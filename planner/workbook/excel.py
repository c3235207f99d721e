"""Reads the cells of an Excel file with calamine, sheet by sheet on demand.

calamine is given a copy of the parts that it reads, unpacked within limits and without the cells
that it can't read (``SheetScan``).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import html
import io
import re
import warnings
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any
from xml.parsers import expat

from python_calamine import CalamineWorkbook

from planner.workbook import archive
from planner.workbook.archive import BROKEN, WORKSHEET, Archive, RefusedError, relations_of
from planner.workbook.findings import column_number, letters, quoted, refused
from planner.workbook.grid import Area, Cells, Dated, Fault, Grid, area_of, columns_from_rows

UNSAVED = Fault(
    "a formula without a saved value", "open it in Excel or LibreOffice, let it calculate and save"
)
_LEFT_OUT = (
    re.compile(rb"<(?:\w+:)?dimension\b[^<>]*/>"),
    re.compile(rb'<c r="[A-Z]{1,3}+\d{1,7}+"[^<>]*+>(?:(?<=/>)|</c>)'),
    re.compile(rb'<row r="\d{1,7}+"[^<>]*+>(?:(?<=/>)|\s*</row>)'),
)
"""A sheet's size, which is often wrong; blank cells and rows, of which there may be a million."""
_PLAIN_CELL = (
    rb'<c r="[A-Z]{1,3}+\1"(?: s="\d++")?+'
    rb'(?:(?: t="n")?+><v>-?\d++(?:\.\d++)?+(?:[eE][-+]?\d++)?+</v>| t="s"><v>\d{1,9}+</v>)</c>'
)
_PLAIN = re.compile(
    rb'(?:<row r="(\d{1,7}+)"(?: ht="[1-9][\d.]*+"| hidden="(?:0|false)"'
    rb'|(?! (?:ht|hidden|r)=) [\w:]++="[\w:;., -]*+")*+>\s*+(?:'
    + _PLAIN_CELL + rb"\s*+)++</row>\s*+){1,1000}+"
)  # fmt: skip
"""Rows of cells with numbers and shared texts alone: calamine reads them as they are."""
_ROW, _COLUMN = re.compile(rb'<row r="(\d++)'), re.compile(rb'<c r="([A-Z]++)')
_SHARED = re.compile(rb' t="s"><v>(\d++)')
_CDATA = re.compile(rb"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_NUMBER = re.compile(r"\s*[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\s*")
_COUNT = re.compile(r"[0-9]+", re.ASCII)
_TWICE = Fault("a cell or row that is in the file twice or in the wrong place")
_DIGITS = "0123456789"
_TRUTHS = {"0", "1", "true", "false"}
_TEXTS = {"str", "inlineStr"}
"""Types of cells that may hold any text."""
_SEEN = 1.0
"""A row lower than this (points), or a column narrower than this (characters), is invisible."""


# ---- what a sheet hides --------------------------------------------------------------------------


def is_yes(text: str) -> bool:
    return text.lower() in {"1", "true", "on"}


def _is_small(size: str) -> bool:
    try:
        return float(size) < _SEEN
    except ValueError:
        return False


def is_hidden_row(attributes: Mapping[str, str], *, are_all: bool) -> bool:
    """Return whether a row is hidden; ``are_all``: rows are hidden by default."""
    if "ht" not in attributes:
        return is_yes(attributes["hidden"]) if "hidden" in attributes else are_all
    return is_yes(attributes.get("hidden", "")) or _is_small(attributes["ht"])


def hidden_columns(attributes: Mapping[str, str]) -> list[tuple[int, int]]:
    """Return (first, last) of a group of columns if it is hidden, else nothing."""
    if is_yes(attributes.get("hidden", "")) or _is_small(attributes.get("width", "")):
        return [(int(attributes.get("min", "1")), int(attributes.get("max", "1")))]
    return []


# ---- a sheet -------------------------------------------------------------------------------------


@dataclass
class _Cell:
    row: int
    column: int
    kind: str
    inner: int = -1
    """Offset of the cell's content; -1 if it has none."""
    formula: str | None = None
    value: str | None = None


class SheetScan:
    """What was found in a sheet's XML; ``xml`` is what calamine is to read of it.

    ``values`` replace what calamine reads, by row and column (1 is the first): a Fault, or a number
    that is written with spaces around it. ``rows`` and ``columns`` are hidden.
    """

    def __init__(self, xml: bytes, texts: int, *, is_stale: bool) -> None:
        """Scan a sheet of a workbook with so many shared ``texts``.

        ``is_stale``: a formula's 0 counts as no saved value. Raises ExpatError or ValueError if the
        sheet is damaged.
        """
        if b"<![CDATA[" in xml:  # calamine reads it as blank
            xml = _CDATA.sub(lambda text: html.escape(text[1].decode(), quote=False).encode(), xml)
        self.values = defaultdict[int, dict[int, object]](dict)
        self.rows: list[int] = []
        self.columns: list[tuple[int, int]] = []
        self.formulas: list[tuple[int, int]] = []
        self._texts, self._is_stale = texts, is_stale
        self._arrays: list[Area] = []
        self._cuts: list[tuple[int, int]] = []
        self._is_row_back, self._columns = False, set[int]()
        self._row = self._column = self._last_row = self._last_column = 0
        self._are_rows_hidden = self._is_in_rows = False
        self._cell: _Cell | None = None
        self._text: list[str] | None = None
        parser = self._parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.EntityDeclHandler = self._refuse
        pieces, reached, self._skipped = list[bytes](), 0, 0
        ends = [m.span() for m in _PLAIN.finditer(xml)] if b"<!" not in xml else []
        for start, end in [*ends, (len(xml), len(xml))]:
            piece = xml[reached:start]
            for pattern in _LEFT_OUT:
                piece = pattern.sub(b"", piece)
            parser.Parse(piece, False)
            plain = xml[start:end]
            if self._can_skip(plain):
                self._skipped += len(plain)
            else:
                parser.Parse(plain, False)
            pieces += [piece, plain]
            reached = end
        parser.Parse(b"", True)
        self.xml = self._without_cuts(b"".join(pieces))

    def _refuse(self, *_: object) -> None:
        msg = "a sheet declares an entity"
        raise ValueError(msg)

    def _can_skip(self, plain: bytes) -> bool:
        """Return whether plain rows need no parsing: they are valid, and in the right place."""
        rows = [*map(int, _ROW.findall(plain))]
        kinds = {*plain.translate(None, b"0123456789").split(b"</row>")}  # most rows are alike
        columns = [_COLUMN.findall(kind) for kind in kinds]
        is_sound = (
            bool(rows)
            and self._is_in_rows
            and self._cell is None
            and not self._arrays
            and not self._are_rows_hidden
            and self._row < rows[0]
            and rows == sorted({*rows})
            and all(len({*each}) == len(each) for each in columns)
            and max(map(int, {*_SHARED.findall(plain)}), default=-1) < self._texts
        )
        if is_sound:
            self._row = self._last_row = rows[-1]
            letters = {each.decode() for each in chain(*columns)}
            self._last_column = max(self._last_column, *map(column_number, letters))
        return is_sound

    @property
    def last_cell(self) -> tuple[int, int]:
        """The last row and the last column with a value; 0 if the sheet has none."""
        return self._last_row, self._last_column

    @property
    def _offset(self) -> int:
        return self._skipped + self._parser.CurrentByteIndex

    def _without_cuts(self, xml: bytes) -> bytes:
        pieces, reached = [], 0
        for start, end in self._cuts:
            pieces.append(xml[reached:start])
            reached = end
        return b"".join([*pieces, xml[reached:]])

    # ---- handlers of the parser ------------------------------------------------------------------

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        cell = self._cell
        if cell is not None:
            if cell.inner < 0:
                cell.inner = self._offset
            if tag in {"v", "f"}:
                self._text = []
                self._parser.CharacterDataHandler = self._text.append
            if tag == "f" and attributes.get("t") == "array" and ":" in attributes.get("ref", ""):
                area = area_of(attributes["ref"])  # only its first cell has the formula
                self._arrays += [] if area is None else [area]
        elif tag == "c" and self._is_in_rows:
            self._start_cell(attributes)
        elif tag == "row" and self._is_in_rows:
            self._start_row(attributes)
        elif tag == "sheetData":
            self._is_in_rows = True
        elif tag == "col":
            self.columns += hidden_columns(attributes)
        elif tag == "sheetFormatPr":
            self._are_rows_hidden = is_yes(attributes.get("zeroHeight", ""))

    def _start_row(self, attributes: dict[str, str]) -> None:
        row = int(attributes["r"]) if "r" in attributes else self._row + 1
        self._is_row_back = row <= self._row
        self._row, self._column, self._columns = row, 0, set[int]()
        if is_hidden_row(attributes, are_all=self._are_rows_hidden):
            self.rows.append(self._row)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r", "")
        if place:
            letters = place.rstrip(_DIGITS)
            self._column, self._row = column_number(letters), int(place[len(letters) :])
        else:
            self._column += 1
        self._cell = _Cell(self._row, self._column, attributes.get("t", "n"))

    def _end(self, name: str) -> None:
        tag = name.rpartition(":")[2]
        cell = self._cell
        if cell is None:
            self._is_in_rows = self._is_in_rows and tag != "sheetData"
        elif tag == "c":
            self._cell = None
            if cell.inner >= 0:
                self._end_cell(cell)
        elif self._text is not None and tag in {"v", "f"}:
            text, self._text = "".join(self._text), None
            self._parser.CharacterDataHandler = None
            if tag == "v":
                cell.value = text
            else:
                cell.formula = text

    def _end_cell(self, cell: _Cell) -> None:
        row, column = cell.row, cell.column
        self._last_row = max(self._last_row, row)
        self._last_column = max(self._last_column, column)
        if cell.formula is not None:
            self.formulas.append((row, column))
        value = self._other_value(cell)
        if self._is_row_back or column in self._columns:
            value = _TWICE
        self._columns.add(column)
        if value is not None:
            self.values[row][column] = value
            self._cuts.append((cell.inner, self._offset))

    def _other_value(self, cell: _Cell) -> Fault | float | None:
        """Return what a cell holds, if calamine would read something else, or nothing."""
        kind, text = cell.kind, cell.value or ""
        if kind == "e":
            return Fault(f"the error value {text}")
        is_zero = self._is_stale and kind == "n" and not text.strip("+-0.")
        if (not text or is_zero) and kind != "str":
            is_formula = cell.formula is not None
            if is_formula or any(a.contains(cell.row, cell.column) for a in self._arrays):
                return UNSAVED
        if kind == "n" and text != text.strip() and _NUMBER.fullmatch(text):
            return float(text)
        if not text or self._can_read(kind, text):
            return None
        message = f"a cell that cannot be read: {quoted(text)} is not a number"
        return Fault(message, "type the number again")

    def _can_read(self, kind: str, text: str) -> bool:
        """Return whether a cell's text is valid for its type."""
        match kind:
            case "n":
                return _NUMBER.fullmatch(text) is not None
            case "s":
                return _COUNT.fullmatch(text) is not None and int(text) < self._texts
            case "b":
                return text in _TRUTHS
            case "d":
                return _is_date(text)
            case _:
                return kind in _TEXTS


def _is_date(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


_CALCULATE_ON_LOAD = re.compile(rb"<calcPr[^>]*\bfullCalcOnLoad=[\"'](?:1|true)[\"']")
_TEXT = re.compile(rb"<(?:\w+:)?si[ />]")
_BOOK, _STRINGS, _STYLES = "xl/workbook.xml", "sharedStrings", "styles"
WORKBOOK = "an Excel workbook (.xlsx or .xlsm)"
_DECIMALS = 9
"""Decimals of a date as a number of days: calamine reads dates to the millisecond."""
_EXACT = 2.0**53
"""Up to this a float holds every integer."""


@dataclass(frozen=True)
class ExcelSheet:
    """A worksheet of a file: its title, and its cells, which are read on demand."""

    title: str
    path: Path
    number: int
    """Its place in the workbook's list of sheets."""
    book: CalamineWorkbook
    scan: SheetScan
    is_hidden: bool = False

    @cached_property
    def grid(self) -> Grid:
        """The cells; InputError if they cannot be read."""
        with as_input_error(self.path):
            sheet, scan = self.book.get_sheet_by_index(self.number), self.scan
            merged = [
                Area(top + 1, left + 1, bottom + 1, right + 1)
                for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
                if (top, left) != (bottom, right)
            ]
            grid = columns_from_rows(self.title, _scanned_rows(sheet, scan))
        kept = {grid.header_row, *grid.rows}
        hidden = {p for p in grid.header if any(a <= p <= b for a, b in scan.columns)}
        return replace(
            grid,
            merged=tuple(merged),
            is_hidden=self.is_hidden,
            hidden_rows=tuple(row for row in scan.rows if row in kept),
            hidden_columns=tuple(sorted(hidden)),
        )


def _scanned_rows(sheet: Any, scan: SheetScan) -> Iterator[tuple[int, Cells]]:
    """Yield number and filled cells of each row, from calamine and from the scan."""
    top, left = sheet.start or (0, 0)
    rows = dict(enumerate(sheet.to_python(), start=top + 1))
    for number in sorted(rows.keys() | scan.values.keys()):
        values = enumerate(rows.get(number, ()), start=left + 1)
        cells = [(position, _plain_value(value)) for position, value in values if value != ""]
        if others := scan.values.get(number):
            cells = sorted((dict(cells) | others).items())
        yield number, cells


def _plain_value(value: Any) -> object:
    if type(value) is float:
        return int(value) if abs(value) <= _EXACT and value.is_integer() else value
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        from openpyxl.utils.datetime import to_excel

        serial: Any = to_excel
        return Dated(round(serial(value), _DECIMALS), value)
    return value


@dataclass(frozen=True)
class ExcelFile:
    """The worksheets of a file, hidden ones too, and the SHA-256 of its bytes."""

    sheets: tuple[ExcelSheet, ...]
    sha256: str

    @property
    def grids(self) -> tuple[Grid, ...]:
        """The cells of every worksheet; InputError if they cannot be read."""
        return tuple(sheet.grid for sheet in self.sheets)


def open_excel(path: Path) -> ExcelFile:
    """Open a file; its sheets are read on demand.

    Macros never run and links to other files are never followed. Raises InputError if the file is
    not a workbook.
    """
    with as_input_error(path):
        content = archive.workbook_contents(path)
        with Archive(io.BytesIO(content)) as package:
            package.unpack_all()
            sheets = tuple(_worksheets(path, package))
    return ExcelFile(sheets, hashlib.sha256(content).hexdigest())


@contextlib.contextmanager
def as_input_error(path: Path) -> Iterator[None]:
    """Raise errors of reading a file as an InputError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about parts that are not read anyway
            yield
    except RefusedError as error:
        raise refused(path, str(error), WORKBOOK, error.hint) from error
    except BROKEN as error:
        message = f"the workbook is damaged ({archive.reason(error)})"
        raise refused(path, message, WORKBOOK) from error


def _worksheets(path: Path, package: Archive) -> Iterator[ExcelSheet]:
    """Yield the worksheets; calamine gets their parts in an archive of its own."""
    book, listed = package.book, package.sheets()
    links = dict(package.links(book))
    strings, styles = links.get(_STRINGS, ""), links.get(_STYLES, "")
    texts = package.held(strings, archive.MOST_TEXTS) if strings else b""
    count = len(_TEXT.findall(texts))
    many = f"the texts of the file have more than {archive.MOST_CELLS:,} elements"
    archive.refuse_if((count > archive.MOST_CELLS, many))
    about = package.held(book)
    # if the file asks Excel to calculate again on opening, a library that does not calculate wrote
    # it, and its formulas have 0 instead of a value
    is_stale = _CALCULATE_ON_LOAD.search(about) is not None
    scans: dict[str, SheetScan] = {}
    cells = 0
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as copy:
        for sheet in (each for each in listed if each.kind == WORKSHEET):
            if sheet.part not in scans:
                xml = package.held(sheet.part, archive.MOST_UNPACKED)
                scan = scans[sheet.part] = SheetScan(xml, count, is_stale=is_stale)
                copy.writestr(sheet.part, scan.xml)
                scan.xml = b""
            cells += _refuse_large(sheet.title, scans[sheet.part], cells)
        copy.writestr(_BOOK, about)
        if strings:
            copy.writestr(strings, texts)
        for name in (archive.CONTENT_TYPES, "_rels/.rels", styles):
            if name in package.NameToInfo:
                copy.writestr(name, package.held(name))
        copy.writestr(relations_of(_BOOK), package.held(relations_of(book)))
    made.seek(0)
    opened = CalamineWorkbook.from_filelike(made)
    for number, sheet in enumerate(listed):
        if sheet.kind == WORKSHEET:
            scan = scans[sheet.part]
            yield ExcelSheet(sheet.title, path, number, opened, scan, sheet.is_hidden)


def _refuse_large(title: str, scan: SheetScan, others: int) -> int:
    """Return how many cells calamine holds for a sheet: from A1 to the last one with a value."""
    row, column = scan.last_cell
    reach = f"the sheet {title} reaches to row {row:,} and column {letters(column)}"
    many = f"{reach}: the file has more than {archive.MOST_CELLS:,} cells"
    archive.refuse_if(
        (row > archive.MOST_ROWS, f"{reach}: it has more than {archive.MOST_ROWS:,} rows"),
        (others + row * column > archive.MOST_CELLS, many, "delete what is far from the table"),
    )
    return row * column
