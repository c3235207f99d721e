"""Reads the cells of an Excel file, sheet by sheet on demand and row by row."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from planner.workbook import archive
from planner.workbook.archive import BROKEN, Archive, RefusedError
from planner.workbook.findings import refused
from planner.workbook.grid import Grid, SheetExtras, fill
from planner.workbook.stream import SheetSource, VolatileWords, formats_of, rows, shared_strings

_CALCULATE_ON_LOAD = re.compile(rb"<calcPr[^>]*\bfullCalcOnLoad=[\"'](?:1|true)[\"']")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UNLOCK = "save it without one"
_SAVE_AS = "save it as .xlsx in Excel"
WORKBOOK = "an Excel workbook (.xlsx or .xlsm)"


@dataclass(frozen=True)
class ExcelSheet:
    """A worksheet of a file: its title, and its cells, which are read on demand."""

    title: str
    path: Path
    part: str
    source: SheetSource
    is_hidden: bool = False

    @cached_property
    def grid(self) -> Grid:
        """The cells; InputError if they cannot be read."""
        extras = SheetExtras()
        with as_input_error(self.path):
            grid = extras.added_to(fill(self.title, rows(self.source, self.part, extras)))
            return replace(grid, is_hidden=self.is_hidden)


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
        content = archive.contents(path)
        _refuse(content)
        sheets = tuple(_sheets(path, io.BytesIO(content)))
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


def _refuse(content: bytes) -> None:
    """Refuse a file that is not an Excel workbook, by its first bytes and its parts."""
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    is_ole, is_zip = content.startswith(_OLE), content.startswith(b"PK\x03\x04")
    is_locked = is_ole and "EncryptedPackage".encode("utf-16-le") in content
    archive.refuse_if(
        (not content, "the file is empty"),
        (is_locked, "the workbook is protected by a password", _UNLOCK),
        (is_ole, "this is an old .xls workbook", _SAVE_AS),
        (start.startswith(b"<"), "this is HTML or XML text, not a workbook", _SAVE_AS),
        (not is_zip and b"\0" in content[:4096], "this is not a workbook"),
        (not is_zip, "this is text (CSV?), not a workbook", _SAVE_AS),
    )
    try:
        with Archive(io.BytesIO(content)) as package:
            parts = package.infolist()
            names = {part.filename for part in parts}
            kind = package.read("mimetype")[:200] if "mimetype" in names else b""
            try:
                ambiguities = list(archive.ambiguous(package))
            except RefusedError:
                raise
            except BROKEN:  # it is refused as damaged below, or when its sheets are read
                ambiguities = []
    except RefusedError:
        raise
    except BROKEN as error:
        message = "the file is damaged or cut off"
        raise RefusedError(message, "save or copy it again") from error
    is_open = kind.startswith(b"application/vnd.oasis.opendocument")
    is_binary = any(name.endswith("workbook.bin") for name in names)
    several = f"programs show this workbook in different ways: {', '.join(ambiguities[:1])}"
    archive.refuse_if(
        (is_open, "this is an OpenDocument file", "save it as .xlsx in LibreOffice"),
        (any(part.flag_bits & 1 for part in parts), "the file is protected by a password", _UNLOCK),
        (is_binary, "this is a binary .xlsb workbook", _SAVE_AS),
        ("[Content_Types].xml" not in names, "this is a zip archive, not a workbook"),
        (bool(ambiguities), several, archive.RESAVE),
    )


def _sheets(path: Path, stream: BinaryIO) -> Iterator[ExcelSheet]:
    from openpyxl.styles.stylesheet import apply_stylesheet

    package = archive.package_of(stream, read_only=True, data_only=True, keep_links=False)
    package.archive.verify()
    package.read_manifest()
    package.read_workbook()
    apply_stylesheet(package.archive, package.wb)
    names = package.parser.defined_names.definedName
    # if the file asks Excel to calculate again on opening, a library that does not calculate wrote
    # it, and its formulas have 0 instead of a value
    books = [name for name in package.valid_files if name.endswith("xl/workbook.xml")]
    is_stale = any(_CALCULATE_ON_LOAD.search(package.archive.read(name)) for name in books)
    source = SheetSource(
        package.archive,
        package.wb,
        shared_strings(package),
        is_stale,
        formats_of(package.wb),
        VolatileWords({each.name: each.value or "" for each in names}),
    )
    for sheet, link in package.parser.find_sheets():
        if link.target in package.valid_files and "chartsheet" not in link.Type:
            yield ExcelSheet(sheet.name, path, link.target, source, sheet.state != "visible")
