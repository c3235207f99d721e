"""An Excel file to the cells of its sheets, a row at a time."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

from models.errors import Finding, InputError
from planner.workbook.grid import Grid, fill
from planner.workbook.package import ambiguous
from planner.workbook.stream import rows

MOST_PACKED = 1 << 29
"""A file of more bytes is refused."""
MOST_UNPACKED = 1 << 30
"""A file that unpacks to more bytes is refused: it is damaged or made to fill the memory."""
MOST_PART = 1 << 28
"""So is one with a part of more bytes that is no sheet of cells: those are held in memory."""

_MARKUP = b"<"
_ANEW = re.compile(rb"<calcPr[^>]*\bfullCalcOnLoad=[\"'](?:1|true)[\"']")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    ParseError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What openpyxl and the zip archive raise on a damaged file."""

_SAVE_AS = "save it as .xlsx in Excel"
_RESAVE = "look at what it shows, and save it again in Excel or LibreOffice"
WORKBOOK = "an Excel workbook (.xlsx or .xlsm)"


@dataclass(frozen=True)
class ExcelFile:
    """The sheets of a file and the SHA-256 of its bytes."""

    grids: tuple[Grid, ...]
    sha256: str


def open_excel(path: Path) -> ExcelFile:
    """Read the cells of every worksheet, hidden ones too.

    Macros never run and links to other files are never followed. Raises InputError for whatever
    is no readable workbook.
    """
    content = _bytes(path)
    _refuse(path, content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # parts that openpyxl cannot keep are not read anyway
            grids = tuple(_grids(io.BytesIO(content), stale=_stale(content)))
    except BROKEN as error:
        raise _error(path, f"the workbook is damaged ({_said(error)})") from error
    return ExcelFile(grids, hashlib.sha256(content).hexdigest())


def _bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise _error(path, "this is a folder")
        if not path.exists():
            raise _error(path, "there is no such file")
        if not path.is_file():
            raise _error(path, "this is no ordinary file")
        size = path.stat().st_size
        if size > MOST_PACKED:
            raise _error(path, f"the file has {size:,} bytes; at most {MOST_PACKED:,} are read")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise _error(path, f"the file cannot be read ({_said(error)})") from error
    if not content:
        raise _error(path, "the file is empty")
    return content


def _refuse(path: Path, content: bytes) -> None:
    """Refuse what is no Excel workbook, by its first bytes and its parts."""
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if content.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise _error(path, "the workbook is protected by a password", "save it without one")
        raise _error(path, "this is an old .xls workbook", _SAVE_AS)
    if not content.startswith(_ZIP):
        if start.startswith(_MARKUP):
            raise _error(path, "this is HTML or XML text, not a workbook", _SAVE_AS)
        is_text = b"\0" not in content[:4096]
        found = "this is text (CSV?), not a workbook" if is_text else "this is no workbook"
        raise _error(path, found, _SAVE_AS if is_text else "")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            kind = archive.read("mimetype")[:200] if "mimetype" in names else b""
    except BROKEN as error:
        raise _error(path, "the file is damaged or cut off", "save or copy it again") from error
    if kind.startswith(b"application/vnd.oasis.opendocument"):
        raise _error(path, "this is an OpenDocument file", "save it as .xlsx in LibreOffice")
    if any(part.flag_bits & 1 for part in parts):
        raise _error(path, "the file is protected by a password", "save it without one")
    large = any(p.file_size > MOST_PART and "worksheets/" not in p.filename for p in parts)
    if large or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise _error(path, f"the file unpacks to more than {MOST_UNPACKED:,} bytes")
    if any(name.endswith("workbook.bin") for name in names):
        raise _error(path, "this is a binary .xlsb workbook", _SAVE_AS)
    if "[Content_Types].xml" not in names:
        raise _error(path, "this is a zip archive, not a workbook")
    for said in _ambiguous(content):
        raise _error(path, f"programs show this workbook in different ways: {said}", _RESAVE)


def _ambiguous(content: bytes) -> list[str]:
    """Return what programs would read in different ways; none of a damaged file, told elsewhere."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return list(ambiguous(archive))
    except (*BROKEN, ExpatError):
        return []


def _error(path: Path, found: str, hint: str = "") -> InputError:
    return InputError([Finding(sheet="", found=f"{path}: {found}", expected=WORKBOOK, hint=hint)])


def _said(error: BaseException) -> str:
    text = str(getattr(error, "strerror", None) or error) or type(error).__name__
    return text.splitlines()[0][:200]


def _stale(content: bytes) -> bool:
    """Whether the file asks Excel to calculate anew on opening.

    Then a formula's 0 is no saved value but what libraries write that do not calculate.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name.endswith("xl/workbook.xml")]
        return any(_ANEW.search(archive.read(name)) for name in names)


def _grids(stream: BinaryIO, *, stale: bool) -> Iterator[Grid]:
    from openpyxl import load_workbook

    book: Any = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    try:
        for sheet in book.worksheets:
            yield fill(sheet.title, rows(book, sheet, stale=stale))
    finally:
        book.close()
