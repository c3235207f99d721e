"""Reads the cells of an Excel file with calamine, sheet by sheet on demand.

calamine is given a copy of the parts that it reads, unpacked within limits and without the cells
that it reads as blank although they are not (``SheetScan``).
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
from pathlib import Path
from typing import Any
from xml.parsers import expat

from python_calamine import CalamineWorkbook

from planner.workbook import archive
from planner.workbook.archive import BROKEN, WORKSHEET, Archive, RefusedError, relations_of
from planner.workbook.findings import Area, area_of, column_number, letters, refused
from planner.workbook.grid import Cells, Dated, Fault, Grid, columns_from_rows

UNSAVED = Fault(
    "a formula without a saved value", "open it in Excel or LibreOffice, let it calculate and save"
)
_LEFT_OUT = (
    re.compile(rb"<!--.*?-->", re.DOTALL),
    re.compile(rb"<(?:\w+:)?dimension\b[^<>]*/>"),
    re.compile(rb'<c r="[A-Z]{1,3}+\d{1,7}+"[^<>]*+>(?:(?<=/>)|</c>)'),
    re.compile(rb'<row r="\d{1,7}+"[^<>]*+>(?:(?<=/>)|\s*</row>)'),
)
"""Comments; a sheet's size, which is often wrong; blank cells and rows, often a million of them."""
_CDATA = re.compile(rb"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_ATTRIBUTE = re.compile(r"([\w:]+)\s*=\s*[\"']([^\"']*)[\"']")
_HEAD = re.compile(rb"<(?:\w+:)?(?:col|sheetFormatPr)\b([^<>]*)>")
_DATA, _ROW = (re.compile(rb"<(?:\w+:)?%b\b([^<>]*)>" % tag) for tag in (b"sheetData", b"row"))
"""Tags that begin; a row's cells end where the next row begins."""
_CELL, _FORMULA, _VALUE = (
    re.compile(rb"<(?:\w+:)?%b\b([^<>]*?)(?:/>|>(.*?)</(?:\w+:)?%b>)" % (tag, tag), re.DOTALL)
    for tag in (b"c", b"f", b"v")
)
"""Elements with their attributes and content."""
_NUMBER = re.compile(rb"\br\s*=\s*[\"'](\d+)")
_PLACE = re.compile(rb"<(?:\w+:)?c\b(?:[^<>]*?\br=[\"']([A-Z]+))?")
_ODD = re.compile(rb"<(?:\w+:)?f\b|\bt\s*=\s*[\"']e[\"']")
"""What a row has that calamine may not read: a formula, an error value."""
_SIGNS = (b"<f", b":f", b'"e"', b"'e'")
"""A sheet without any of them has no such row; they are found in a fraction of the time."""
_SEEN = 1.0
"""A row lower than this (points), or a column narrower than this (characters), is invisible."""


def _attributes(text: bytes) -> dict[str, str]:
    return dict(_ATTRIBUTE.findall(text.decode()))


def _is_yes(text: str) -> bool:
    return text.lower() in {"1", "true", "on"}


def _is_hidden(attributes: Mapping[str, str], size: str) -> bool:
    """Return whether a row or column is hidden, or too small to be seen."""
    with contextlib.suppress(KeyError, ValueError):
        if float(attributes[size]) < _SEEN:
            return True
    return _is_yes(attributes.get("hidden", ""))


class SheetScan:
    """What was found in a sheet's XML; ``xml`` is what calamine is to read of it.

    ``values`` are faults by row and column (1 is the first): error values, and formulas without a
    saved value, which calamine reads as blank or refuses. ``rows`` and ``columns`` are hidden.
    """

    def __init__(self, xml: bytes, *, is_stale: bool) -> None:
        """Scan a sheet; ``is_stale``: a formula's 0 counts as no saved value.

        Raises ExpatError or ValueError if the sheet is damaged.
        """
        expat.ParserCreate().Parse(xml, True)
        if b"<!DOCTYPE" in xml:
            msg = "a sheet declares entities"
            raise ValueError(msg)
        # calamine reads it as blank
        xml = _CDATA.sub(lambda text: html.escape(text[1].decode(), quote=False).encode(), xml)
        for pattern in _LEFT_OUT:
            xml = pattern.sub(b"", xml)
        self.values = defaultdict[int, dict[int, object]](dict)
        self.rows: list[int] = []
        self.formulas: list[tuple[int, int]] = []
        self._is_stale, self._arrays = is_stale, list[Area]()
        self._row = self._column = self._last_row = self._most = 0
        start = begun.end() if (begun := _DATA.search(xml)) else len(xml)
        end = max(start, xml.rfind(b"sheetData>"))  # its end tag; a sheet without rows has none
        head, data = xml[:start], xml[start:end]
        formats = [*map(_attributes, _HEAD.findall(head))]
        self.columns = [
            (int(each["min"]), int(each["max"])) for each in formats
            if {"min", "max"} <= each.keys() and _is_hidden(each, "width")
        ]  # fmt: skip
        self._are_rows_hidden = any(_is_yes(each.get("zeroHeight", "")) for each in formats)
        self._letters = {*_PLACE.findall(data)}
        self.xml = head + self._scanned(data) + xml[end:]

    @property
    def last_cell(self) -> tuple[int, int]:
        """The last row and the last column with a value; 0 if the sheet has none."""
        columns = (column_number(each.decode()) for each in self._letters if each)
        return self._last_row, max(self._most, *columns, 0)

    def _scanned(self, data: bytes) -> bytes:
        """Note what the rows of the sheet have; return them for calamine."""
        is_odd, pieces, reached = any(sign in data for sign in _SIGNS), list[bytes](), 0
        rows = [*_ROW.finditer(data)]
        ends = [*(row.start() for row in rows[1:]), len(data)]
        for row, end in zip(rows, ends, strict=False):  # a sheet without rows has one end, too
            start = row.end()
            self._note_row(row[1])
            cells = data[start:end]
            if b"<c" in cells or b":c" in cells:
                self._last_row = max(self._last_row, self._row)
                if b"" in self._letters:
                    self._most = max(self._most, len(_PLACE.findall(cells)))
                if is_odd and (self._arrays or _ODD.search(cells)):
                    pieces += [data[reached:start], _CELL.sub(self._scan_cell, cells)]
                    reached = end
        return b"".join([*pieces, data[reached:]])

    def _note_row(self, attributes: bytes) -> None:
        """Take a row's number, and note whether it is hidden."""
        number = _NUMBER.search(attributes)
        self._row, self._column = int(number[1]) if number else self._row + 1, 0
        if self._are_rows_hidden or b"hidden" in attributes or b"ht" in attributes:
            given = _attributes(attributes)
            is_default = self._are_rows_hidden and given.keys().isdisjoint({"hidden", "ht"})
            if is_default or _is_hidden(given, "ht"):
                self.rows.append(self._row)

    def _scan_cell(self, match: re.Match[bytes]) -> bytes:
        """Return a cell for calamine, blank if it is a fault."""
        attributes, inner = _attributes(match[1]), match[2] or b""
        letters = attributes.get("r", "").rstrip("0123456789")
        self._column = column_number(letters) if letters else self._column + 1
        formula, saved = _FORMULA.search(inner), _VALUE.search(inner)
        text, kind = (saved[2] or b"").decode() if saved else "", attributes.get("t", "n")
        if formula:
            self.formulas.append((self._row, self._column))
            of_formula = _attributes(formula[1])
            if of_formula.get("t") == "array" and (area := area_of(of_formula.get("ref", "A1"))):
                self._arrays.append(area)  # only its first cell has the formula
        is_zero = self._is_stale and kind == "n" and not text.strip("+-0.")
        if kind == "e":
            fault = Fault(f"the error value {html.unescape(text)}")
        elif (
            (not text or is_zero)
            and kind != "str"
            and (formula or any(a.contains(self._row, self._column) for a in self._arrays))
        ):
            fault = UNSAVED
        else:
            return match[0]
        self.values[self._row][self._column] = fault
        return b"<c/>" if not letters else b""


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
    """Return a value of calamine as cells have it: whole floats as int, dates as Dated."""
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
                scan = scans[sheet.part] = SheetScan(xml, is_stale=is_stale)
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
