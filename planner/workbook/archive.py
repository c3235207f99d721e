"""A workbook's zip archive: unpacked within limits, since a small file can unpack to terabytes.

The limits hold for the bytes that are really unpacked: a part that unpacks to more than it declares
is cut off there and fails its checksum.
"""

from __future__ import annotations

import io
import posixpath
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple
from xml.etree.ElementTree import Element, fromstring
from xml.parsers.expat import ExpatError

from python_calamine import CalamineError

from models import case, schema
from planner.workbook.findings import Area, area_of

MOST_PACKED = 1 << 28
"""Largest file in bytes: it is held in memory. A sheet of a million rows has some 100 MB."""
MOST_PARTS = 10_000
"""Most parts in a file: a sheet with a table, comments and charts has some ten."""
MOST_UNPACKED = 1 << 29
"""Most bytes that all parts unpack to: 200,000 rows of 60 columns, or a million of 12."""
MOST_RATIO = 250
"""Most unpacked bytes per packed byte: sheets have 5 to 50, blank formatted rows up to 150."""
ENOUGH_FOR_RATIO = 1 << 26
"""A file that unpacks to fewer bytes may have any ratio."""
MOST_TEXTS = 1 << 27
"""Most bytes of the part with the shared strings, the texts of all cells."""
MOST_HELD = 1 << 25
"""Most bytes of any other part but a sheet, such as formats and names."""
MOST_ELEMENTS = 1 << 18
"""Most XML elements in such a part: each becomes an object. Excel allows 65,490 cell formats."""
MOST_ROWS = 1_048_576
"""Most rows of a sheet, as in Excel."""
MOST_CELLS = 8_000_000
"""Most cells of a sheet, from A1 to the last row and column with a value: 200,000 rows of 40."""
MOST_NAME = 255
"""Longest file name that every system allows."""

_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}

CONTENT_TYPES = "[Content_Types].xml"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UNLOCK = "save it without one"
_SAVE_AS = "save it as .xlsx in Excel"
BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    CalamineError,
    EOFError,
    ExpatError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,  # of XML
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the zip archive, its XML, calamine and openpyxl raise on a damaged file."""


def reason(error: BaseException) -> str:
    """Return an error's text, cut to one line."""
    text = str(getattr(error, "strerror", None) or error) or type(error).__name__
    return text.splitlines()[0][:200]


class RefusedError(ValueError):
    """A file that is not opened, or not unpacked any further; the text says why."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def refuse_if(*cases: tuple[bool, str] | tuple[bool, str, str]) -> None:
    """Raise RefusedError with the message, and the hint if any, of the first case that is true."""
    for is_refused, *message in cases:
        if is_refused:
            raise RefusedError(*message)


def file_bytes(path: Path) -> bytes:
    """Return the bytes of a file; RefusedError if it is too large or not a regular file."""
    refuse_special(path)
    try:
        size = path.stat().st_size
        message = f"the file has {size:,} bytes; at most {MOST_PACKED:,} are read"
        refuse_if((size > MOST_PACKED, message))
        return path.read_bytes()
    except OSError as error:
        message = f"the file cannot be read ({reason(error)})"
        raise RefusedError(message) from error


def refuse_special(path: Path) -> None:
    """Raise RefusedError unless the path is a regular file: reading a pipe might never end."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:  # too long a name, or letters that no name has
        message = "there is no such file"
        if isinstance(error, PermissionError) and len(path.name) <= MOST_NAME:
            message = f"the file cannot be read ({error.strerror})"
        elif len(path.name) > MOST_NAME:
            message += f": its name has more than {MOST_NAME} letters"
        raise RefusedError(message) from error
    refuse_if(
        (stat.S_ISDIR(mode), "this is a folder"),
        (not stat.S_ISREG(mode), "this is not a regular file"),
    )


class SheetPart(NamedTuple):
    """A sheet in the workbook's list.

    ``part`` is its file in the archive, "" if there is none; ``kind`` is its kind by its
    relationship, such as ``worksheet`` or ``chartsheet``.
    """

    title: str
    part: str
    kind: str
    is_hidden: bool


WORKSHEET = "worksheet"
"""The kind of a sheet of cells."""


class Archive(zipfile.ZipFile):
    """A workbook's zip archive that is read only, up to the limits."""

    def __init__(self, file: Path | BinaryIO) -> None:
        """Open an archive; RefusedError if it declares more than a limit."""
        if isinstance(file, Path):
            refuse_special(file)
        super().__init__(file)
        parts = self.infolist()
        unpacked = sum(part.file_size for part in parts)
        packed = max(1, sum(part.compress_size for part in parts))
        is_bomb = unpacked > ENOUGH_FOR_RATIO and unpacked > MOST_RATIO * packed
        is_odd = any(part.compress_type not in _METHODS for part in parts)
        count = f"the file has {len(parts):,} parts inside; at most {MOST_PARTS:,} are read"
        refuse_if(
            (len(parts) > MOST_PARTS, count),
            (unpacked > MOST_UNPACKED, f"the file unpacks to more than {MOST_UNPACKED:,} bytes"),
            (is_bomb, f"the file unpacks to more than {MOST_RATIO} times its bytes"),
            (is_odd, "the file is packed in a way that Excel does not know"),
        )

    def unpack_all(self) -> None:
        """Unpack every part once; BadZipFile or zlib.error if one is damaged."""
        if damaged := self.testzip():
            msg = f"Bad CRC-32 for file {damaged!r}"
            raise zipfile.BadZipFile(msg)

    def held(self, part: str, most: int = 0) -> bytes:
        """Return a whole part in UTF-8; RefusedError if it is larger than ``most`` bytes."""
        most = most or MOST_HELD
        large = f"the part {part} unpacks to more than {most:,} bytes"
        refuse_if((self.getinfo(part).file_size > most, large))
        return _in_utf8(self.read(part))

    def xml(self, part: str) -> Element:
        content = self.held(part)
        message = f"the workbook is too complex to read: {part} inside it has more than"
        message += f" {MOST_ELEMENTS:,} XML elements"
        refuse_if((content.count(b"<") > 2 * MOST_ELEMENTS, message))
        return fromstring(content)  # noqa: S314 - expat bounds the growth of entities

    def elements(self, part: str, tag: str) -> Iterator[Element]:
        return (each for each in self.xml(part).iter() if local(each) == tag)

    def links(self, part: str) -> Iterator[tuple[str, str]]:
        """Yield (kind, target) of each internal relationship of a part, or of the package ("")."""
        return ((kind, target) for _, kind, target in self.relations(part))

    def relations(self, part: str) -> Iterator[tuple[str, str, str]]:
        """Yield (id, kind, target) of each internal relationship of a part."""
        listed = relations_of(part)
        if listed not in self.NameToInfo:
            return
        for each in self.elements(listed, "Relationship"):
            if each.get("TargetMode") != "External":
                folder = posixpath.dirname(part)
                target = posixpath.join("/", folder, each.get("Target", ""))
                kind = each.get("Type", "").rpartition("/")[2]
                yield each.get("Id", ""), kind, posixpath.normpath(target).lstrip("/")

    @property
    def book(self) -> str:
        """The part with the list of sheets."""
        documents = (target for kind, target in self.links("") if kind == "officeDocument")
        return next(documents, "xl/workbook.xml")

    def sheets(self) -> tuple[SheetPart, ...]:
        """Return all sheets in the workbook's list, in order."""
        links = {key: (target, kind) for key, kind, target in self.relations(self.book)}
        sheets = []
        for each in self.elements(self.book, "sheet"):
            key = next((v for k, v in each.attrib.items() if k.rpartition("}")[2] == "id"), "")
            part, kind = links.get(key, ("", ""))
            there = (part, kind) if part in self.NameToInfo else ("", "")
            is_hidden = each.get("state", "visible") != "visible"
            sheets.append(SheetPart(each.get("name", ""), *there, is_hidden))
        return tuple(sheets)


def relations_of(part: str) -> str:
    """Return the name of the part that lists the relationships of a part."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _in_utf8(content: bytes) -> bytes:
    """Return XML in UTF-8: calamine finds a sheet in UTF-16 blank."""
    declared = _DECLARED.match(content)
    is_wide = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
    encoding = "utf-16" if is_wide else declared[1].decode() if declared else "utf-8"
    if encoding.lower() in {"utf-8", "us-ascii"}:
        return content
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", content.decode(encoding)).encode()


_DECLARED = re.compile(rb"\s*<\?xml[^>]*?encoding=[\"']([A-Za-z0-9_.-]+)")


def local(element: Element) -> str:
    """Return an element's tag without its namespace."""
    return str(element.tag).rpartition("}")[2]


def workbook_contents(path: Path) -> bytes:
    """Return the bytes of an Excel workbook.

    Raises RefusedError if the file is none, which its first bytes and its parts show.
    """
    content = file_bytes(path)
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    is_ole, is_zip = content.startswith(_OLE), content.startswith(b"PK\x03\x04")
    is_locked = is_ole and "EncryptedPackage".encode("utf-16-le") in content
    refuse_if(
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
            kind = package.held("mimetype")[:200] if "mimetype" in names else b""
    except RefusedError:
        raise
    except BROKEN as error:
        message = "the file is damaged or cut off"
        raise RefusedError(message, "save or copy it again") from error
    is_open = kind.startswith(b"application/vnd.oasis.opendocument")
    is_binary = any(name.endswith("workbook.bin") for name in names)
    refuse_if(
        (is_open, "this is an OpenDocument file", "save it as .xlsx in LibreOffice"),
        (any(part.flag_bits & 1 for part in parts), "the file is protected by a password", _UNLOCK),
        (is_binary, "this is a binary .xlsb workbook", _SAVE_AS),
        (CONTENT_TYPES not in names, "this is a zip archive, not a workbook"),
    )
    return content


# ---- the kind of a workbook ---------------------------------------------------------------------

_INPUT = {
    case.normalize(record.SHEET) for record in (schema.Mineral, schema.Refiner, schema.Demand)
}
_PLAN = {"summary", "plan"}
"""Sheets that every plan has; an input may have sheets of its own that are named like them."""


def is_input(path: Path) -> bool:
    return {case.normalize(name) for name in sheet_names(path)} >= _INPUT


def is_plan(path: Path) -> bool:
    return are_of_plan(sheet_names(path))


def are_of_plan(titles: Iterable[str]) -> bool:
    """Return whether the titles of a workbook's sheets are a plan's."""
    names = {case.normalize(title) for title in titles}
    return names >= _PLAN and not names >= _INPUT


def sheet_names(path: Path) -> list[str]:
    """Return the names of a workbook's sheets in order; none if the file is not a workbook."""
    try:
        with Archive(path) as archive:
            return [sheet.title for sheet in archive.sheets()]
    except BROKEN:
        return []


def workbook_title(path: Path) -> str:
    """Return the title in a workbook's properties, "" if it has none."""
    try:
        with Archive(path) as archive:
            titles = archive.elements("docProps/core.xml", "title")
            return next((each.text or "" for each in titles), "")
    except BROKEN:
        return ""


# ---- sheets and their tables --------------------------------------------------------------------


class TablePlace(NamedTuple):
    """An Excel table and its area: its name stays if the sheet is renamed or rows are inserted."""

    name: str
    area: Area


def table_places(path: Path) -> dict[str, TablePlace]:
    """Return the first table of each sheet by the sheet's title; none if a part is damaged."""
    places: dict[str, TablePlace] = {}
    try:
        with Archive(path) as archive:
            for sheet in archive.sheets():
                for kind, part in archive.links(sheet.part):
                    if kind != "table" or part not in archive.NameToInfo:
                        continue
                    table = next(archive.elements(part, "table"))
                    area = area_of(table.get("ref", ""))
                    name = table.get("displayName") or table.get("name") or ""
                    if area and name:
                        places[sheet.title] = TablePlace(name, area)
                        break
    except BROKEN:
        return {}
    return places
