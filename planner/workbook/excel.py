"""Reads the cells of an Excel file with calamine, sheet by sheet on demand.

calamine is given a copy of the parts that it reads, unpacked within limits and without the cells
that it can't read: see ``scan``.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from planner.workbook import archive
from planner.workbook.archive import BROKEN, WORKSHEET, Archive, RefusedError, relations_of
from planner.workbook.findings import letters, refused
from planner.workbook.grid import Area, Cells, Dated, Grid, columns_from_rows
from planner.workbook.scan import SheetScan

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
            grid = columns_from_rows(self.title, _rows(sheet, scan))
        kept = {grid.header_row, *grid.rows}
        hidden = {p for p in grid.header if any(a <= p <= b for a, b in scan.columns)}
        return replace(
            grid,
            merged=tuple(merged),
            is_hidden=self.is_hidden,
            hidden_rows=tuple(row for row in scan.rows if row in kept),
            hidden_columns=tuple(sorted(hidden)),
        )


def _rows(sheet: Any, scan: SheetScan) -> Iterator[tuple[int, Cells]]:
    """Yield number and filled cells of each row, from calamine and from the scan."""
    top, left = sheet.start or (0, 0)
    rows = dict(enumerate(sheet.to_python(), start=top + 1))
    for number in sorted(rows.keys() | scan.values.keys()):
        values = enumerate(rows.get(number, ()), start=left + 1)
        cells = [(position, _value(value)) for position, value in values if value != ""]
        if others := scan.values.get(number):
            cells = sorted((dict(cells) | others).items())
        yield number, cells


def _value(value: Any) -> object:
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
            package.verify()
            sheets = tuple(_sheets(path, package))
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


def _sheets(path: Path, package: Archive) -> Iterator[ExcelSheet]:
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
    row, column = scan.last
    reach = f"the sheet {title} reaches to row {row:,} and column {letters(column)}"
    many = f"{reach}: the file has more than {archive.MOST_CELLS:,} cells"
    archive.refuse_if(
        (row > archive.MOST_ROWS, f"{reach}: it has more than {archive.MOST_ROWS:,} rows"),
        (others + row * column > archive.MOST_CELLS, many, "delete what is far from the table"),
    )
    return row * column
