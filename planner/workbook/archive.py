"""A workbook's zip archive: unpacked within limits, and read as Excel and LibreOffice show it.

A small file can be made to unpack to terabytes. The limits hold for the bytes that are really
unpacked: a part that unpacks to more than it declares is cut off there and fails its checksum.

A package states twice where its parts are: in ``[Content_Types].xml`` and by relationships. Some
programs follow the first, others the second, so a package in which they differ is refused.
"""

from __future__ import annotations

import posixpath
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple, cast
from xml.etree.ElementTree import Element, fromstring
from xml.parsers.expat import ExpatError

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
"""Most bytes of any other part that is read into memory as a whole, such as formats and names."""
MOST_ELEMENTS = 1 << 18
"""Most XML elements in such a part: each becomes an object. Excel allows 65,490 cell formats."""
MOST_ROWS = 1_048_576
"""Most rows of a sheet, as in Excel."""
MOST_CELLS = 8_000_000
"""Most cells in a file, with one more per row: 200,000 rows of 39 columns; half with formulas."""
MOST_NAME = 255
"""Longest file name that every system allows."""

RESAVE = "check what it shows, and save it again in Excel or LibreOffice"
_CHUNK = 1 << 18
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}

BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
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
"""What the zip archive, its XML and openpyxl raise on a damaged file."""


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


def contents(path: Path) -> bytes:
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


class Archive(zipfile.ZipFile):
    """A zip archive that is read only, up to the limits."""

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
        try:
            self._places = places(self._file)
        except (OverflowError, ValueError, struct.error) as error:
            message = f"the file is damaged, or not a single zip archive: {error}"
            raise RefusedError(message, RESAVE) from error

    @property
    def _file(self) -> BinaryIO:
        return cast("BinaryIO", self.fp)

    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        """Return a whole part; RefusedError if it is too large to be held in memory."""
        part = name if isinstance(name, str) else name.filename
        pieces, tags = [], 0
        with self._bounded(part, MOST_HELD, pwd) as source:
            while piece := source.read(_CHUNK):
                tags += piece.count(b"<")
                pieces.append(piece)
                message = f"the workbook is too complex to read: {part} inside it has more than"
                message += f" {MOST_ELEMENTS:,} XML elements"
                refuse_if((tags > 2 * MOST_ELEMENTS, message))
        return b"".join(pieces)

    def open_texts(self, name: str) -> IO[bytes]:
        """Open the part with the shared strings; RefusedError if it is too large."""
        return self._bounded(name, MOST_TEXTS)

    def _bounded(self, part: str, most: int, pwd: bytes | None = None) -> IO[bytes]:
        size = self.getinfo(part).file_size
        refuse_if((size > most, f"the part {part} unpacks to more than {most:,} bytes"))
        return self.open(part, pwd=pwd)

    def verify(self) -> None:
        """Unpack every part once; BadZipFile or zlib.error if one is damaged."""
        for part in self.infolist():
            size, crc = 0, 0
            for piece in self._unpacked(part):
                size, crc = size + len(piece), zlib.crc32(piece, crc)
                if size > part.file_size:
                    break
            if (size, crc) != (part.file_size, part.CRC):
                msg = f"Bad CRC-32 for file {part.filename!r}"
                raise zipfile.BadZipFile(msg)

    def _unpacked(self, part: zipfile.ZipInfo) -> Iterator[bytes]:
        """Yield a part's unpacked bytes; BadZipFile if bytes follow the end of the packed data."""
        file, (start, left) = self._file, self._places[part.header_offset]
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        is_packed, rest = part.compress_type != zipfile.ZIP_STORED, b""
        file.seek(start)
        while (left or rest) and not unpacker.eof:
            piece = rest or file.read(min(left, _CHUNK))
            left -= 0 if rest else len(piece)
            if not piece:
                raise EOFError
            yield unpacker.decompress(piece, _CHUNK) if is_packed else piece
            rest = unpacker.unconsumed_tail
        if is_packed and (left or unpacker.unused_data or not unpacker.eof):
            msg = f"bytes follow the end of {part.filename}"
            raise zipfile.BadZipFile(msg)

    def xml(self, part: str) -> Element:
        return fromstring(self.read(part))  # noqa: S314 - expat bounds the growth of entities

    def elements(self, part: str, tag: str) -> Iterator[Element]:
        return (each for each in self.xml(part).iter() if local(each) == tag)

    def links(self, part: str) -> Iterator[tuple[str, str]]:
        """Yield (kind, target) of each internal relationship of a part, or of the package ("")."""
        folder, name = posixpath.split(part)
        listed = posixpath.join(folder, "_rels", f"{name}.rels")
        if listed not in self.NameToInfo:
            return
        for each in self.elements(listed, "Relationship"):
            if each.get("TargetMode") != "External":
                target = posixpath.join("/", folder, each.get("Target", ""))
                kind = each.get("Type", "").rpartition("/")[2]
                yield kind, posixpath.normpath(target).lstrip("/")


def local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def package_of(stream: BinaryIO, **options: bool) -> Any:
    """Return openpyxl's reader for everything but the cells, over an archive with limits."""
    from openpyxl.reader.excel import ExcelReader

    reader: Any = ExcelReader(stream, **options)
    reader.archive = Archive(stream)
    return reader


# ---- ambiguous packages: programs read them in different ways -----------------------------------

_KINDS, _ROOT, _STYLES = "[Content_Types].xml", "_rels/.rels", "xl/styles.xml"
_DOCUMENT, _STRINGS, _FORMATS = "officeDocument", "sharedStrings", "styles"
_BOOK = re.compile(r".*(?:spreadsheetml\.(?:sheet|template)|\.macroEnabled)\.main\+xml")
_OF_STRINGS = re.compile(r".*spreadsheetml\.sharedStrings\+xml")
_OF_STYLES = re.compile(r".*spreadsheetml\.styles\+xml")
_TWO_TEXTS = re.compile(rb"</(?:\w+:)?t>\s*<(?:\w+:)?t[ />]|AlternateContent|<!DOCTYPE")
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_FOREIGN = re.compile(rb"<\w[\w.-]*:|\sxmlns|<!")
_FOREIGN_HINTS = (re.compile(rb':(?<!"1:)'), re.compile(b"xmlns"), re.compile(b"!"))
"""Texts of which every match of ``_FOREIGN`` has one, and few rows do (their ``spans="1:9"`` does
not count). Searching for these first takes a quarter of the time."""
_PIECE, _OVERLAP = 1 << 20, 64


def ambiguous(archive: Archive) -> Iterator[str]:
    """Yield what programs would read in different ways; each is a reason to refuse the file."""
    names = Counter(name.casefold() for name in archive.namelist())
    twice = [f"its part {name} appears twice" for name, count in names.items() if count > 1]
    yield from twice[:1] or _Package(archive).ambiguous()


class _Package:
    """The parts of a package by kind, and what its workbook refers to."""

    def __init__(self, archive: Archive) -> None:
        self.archive, self.names = archive, set(archive.namelist())
        self.kinds = self._kinds()
        self.documents = [t for kind, t in archive.links("") if kind == _DOCUMENT]
        self.book = self.documents[0] if self.documents else "xl/workbook.xml"
        self.links = list(archive.links(self.book))

    def ambiguous(self) -> Iterator[str]:
        yield from self._documents()
        if self.book in self.names:
            yield from self._book()
        yield from self._strings()
        yield from self._formats()
        for kind, part in self.links:
            if kind == "worksheet" and part in self.names:
                with self.archive.open(part) as source:
                    is_foreign = _may_be_foreign(source) and _has_foreign(source)
                if is_foreign:
                    yield f"the rows of {part} contain something that is neither a row nor a cell"

    def _documents(self) -> Iterator[str]:
        """Yield the reasons if the package does not name exactly one workbook."""
        books = self._of(_BOOK)
        if len(self.documents) > 1:
            yield f"{_ROOT} names {len(self.documents)} workbooks: {', '.join(self.documents)}"
        elif self.documents and books != self.documents:
            names = ", ".join(books) or "none"
            yield f"{_ROOT} names the workbook {self.book}, {_KINDS} names {names}"
        shown = [t for k, t in self.links if k in {"worksheet", "chartsheet", "dialogsheet"}]
        for part, count in Counter(shown).items():
            if count > 1:
                yield f"two sheets refer to the same part, {part}"

    def _book(self) -> Iterator[str]:
        """Yield the reasons if the list of sheets can be read in two ways."""
        lists = 0
        for each in self.archive.xml(self.book).iter():
            tag = local(each)
            lists += tag == "sheets"
            inside = {local(e) for e in each.iter()} if tag == "AlternateContent" else set()
            if inside & {"sheet", "sheets", "definedName"}:
                yield f"{self.book} lists alternative sheets"
        if lists > 1:
            yield f"{self.book} lists its sheets twice"

    def _strings(self) -> Iterator[str]:
        """Yield the reasons if there are several lists of texts, or a text is stored twice."""
        yield from self._one(_STRINGS, _OF_STRINGS, "list of texts")
        for part in self._of(_OF_STRINGS):
            if part in self.names:
                with self.archive.open_texts(part) as source:
                    if any(map(_TWO_TEXTS.search, _overlapping(source))):
                        yield f"a text in {part} is stored twice"

    def _formats(self) -> Iterator[str]:
        """Yield the reasons if there are several lists of formats, or a format is given twice."""
        yield from self._one(_FORMATS, _OF_STYLES, "list of formats")
        lists = [t for kind, t in self.links if kind == _FORMATS]
        if lists and lists != [_STYLES] and _STYLES in self.names:
            yield f"the workbook's list of formats is {lists[0]}, but there is also {_STYLES}"
        for part in self._of(_OF_STYLES):
            if part in self.names:
                groups = (each for each in self.archive.xml(part) if local(each) == "numFmts")
                numbers = [each.get("numFmtId", "") for group in groups for each in group]
                for number in (each for each, count in Counter(numbers).items() if count > 1):
                    yield f"{part} gives the number format {number} twice"

    def _one(self, link: str, kind: re.Pattern[str], thing: str) -> Iterator[str]:
        named, there = [t for k, t in self.links if k == link], self._of(kind)
        if max(len(named), len(there)) > 1 or (named and there and named != there):
            yield f"there is more than one {thing}: {', '.join(sorted({*named, *there}))}"

    def _of(self, kind: re.Pattern[str]) -> list[str]:
        return [part for part, each in self.kinds if kind.fullmatch(each)]

    def _kinds(self) -> list[tuple[str, str]]:
        """Return each part with its kind, which is stated for its name or for its extension."""
        kinds: list[tuple[str, str]] = []
        ends: dict[str, str] = {}
        for each in self.archive.xml(_KINDS).iter() if _KINDS in self.names else ():
            kind = each.get("ContentType", "")
            if local(each) == "Override":
                kinds.append((each.get("PartName", "").lstrip("/"), kind))
            elif local(each) == "Default":
                ends[each.get("Extension", "").casefold()] = kind
        others = sorted(self.names - {part for part, _ in kinds})
        return [*kinds, *((n, ends.get(n.rpartition(".")[2].casefold(), "")) for n in others)]


def _overlapping(source: IO[bytes]) -> Iterator[bytes]:
    """Yield a part in pieces; each begins with the end of the one before."""
    rest = b""
    while piece := source.read(_PIECE):
        yield rest + piece
        rest = (rest + piece)[-_OVERLAP:]


def _may_be_foreign(source: IO[bytes]) -> bool:
    """Return whether a sheet's rows contain a prefix, namespace or comment: nearly none do."""
    is_in = False
    for text in _overlapping(source):
        start = 0 if is_in else text.find(b"<sheetData") + 1
        end = text.find(b"</sheetData")
        is_in = is_in or start > 0
        span = (start, end if end >= 0 else len(text))
        is_hinted = is_in and any(hint.search(text, *span) for hint in _FOREIGN_HINTS)
        if is_hinted and _FOREIGN.search(text, *span):
            return True
        if end >= 0:
            return False
    return True


def _has_foreign(source: IO[bytes]) -> bool:
    """Return whether rows contain elements of another namespace, outside extension lists."""
    from xml.parsers import expat

    source.seek(0)
    open_tags: list[str] = []
    foreign: list[str] = []

    def on_start_tag(name: str, _: object) -> None:
        space, _, tag = name.rpartition("}")
        if open_tags and space not in {MAIN, _STRICT} and "extLst" not in open_tags:
            foreign.append(tag)
        if open_tags or tag == "sheetData":
            open_tags.append(tag)

    def on_end_tag(_: str) -> None:
        if open_tags:
            open_tags.pop()

    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler, parser.EndElementHandler = on_start_tag, on_end_tag
    parser.ParseFile(source)
    return bool(foreign)


# ---- the directory -------------------------------------------------------------------------------
#
# Programs find the parts of an archive in three ways: by the directory at its end, by a zip64
# record before that, or by the header before each part. If these differ, or the file has bytes that
# none of them lists, two programs may read two different workbooks from one file.

_END = struct.Struct("<4s4H2LH")
_END_64, _LOCATOR = struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
_ENTRY, _HEADER = struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s5H3L2H")
_IS_END, _IS_END_64, _IS_LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_IS_ENTRY, _IS_HEADER, _IS_DESCRIPTOR = b"PK\x01\x02", b"PK\x03\x04", b"PK\x07\x08"
_ELSEWHERE, _ELSEWHERE_SHORT = 0xFFFFFFFF, 0xFFFF
"""Placeholders for a number that is in the zip64 record or field instead."""
_ZIP64, _UNICODE_NAME = 0x0001, 0x7075
_ENCRYPTED, _DESCRIBED, _UTF8 = 1 << 0, 1 << 3, 1 << 11
"""Bits of a part's flags; ``_DESCRIBED``: a data descriptor after the part repeats its sizes."""
_LONGEST_DESCRIPTOR = 24


class _Entry(NamedTuple):
    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int
    start: int

    def __str__(self) -> str:
        return self.name.decode(errors="replace")


def places(file: BinaryIO) -> dict[int, tuple[int, int]]:
    """Return where the packed bytes of each part begin and their number, by its header's offset.

    Raises RefusedError if the directory does not list everything in the file, struct.error if the
    file is cut off, ValueError or OverflowError for an impossible offset.
    """
    start, end, count = _directory(file)
    entries = sorted(_entries(file, start, end, count), key=lambda entry: entry.start)
    located: dict[int, tuple[int, int]] = {}
    follows = [entry.start for entry in entries[1:]] + [start] * bool(entries)
    reached = 0
    for entry, following in zip(entries, follows, strict=True):
        refuse_if(
            (entry.start > reached, f"the bytes before {entry} belong to no part"),
            (entry.start < reached, f"the part {entry} overlaps another"),
        )
        located[entry.start] = _place(file, entry, following)
        reached = following
    refuse_if((reached != start, "the bytes before the directory belong to no part"))
    return located


def _read(file: BinaryIO, start: int, size: int) -> bytes:
    file.seek(start)
    return file.read(size)


def _directory(file: BinaryIO) -> tuple[int, int, int]:
    last = file.seek(0, 2) - _END.size
    sign, *disks, here, count, size, start, comment = _END.unpack(_read(file, last, _END.size))
    refuse_if((sign != _IS_END or comment > 0, "bytes follow its end record"))
    plain, end = (*disks, here, count, size, start), last
    locator = _read(file, last - _LOCATOR.size, _LOCATOR.size) if last >= _LOCATOR.size else b""
    if locator.startswith(_IS_LOCATOR):
        _, disk, end, total = _LOCATOR.unpack(locator)
        record = _END_64.unpack(_read(file, end, _END_64.size))
        sign, length, _, _, *wide = record
        is_whole = sign == _IS_END_64 and end + 12 + length == last - _LOCATOR.size
        stand_ins = (_ELSEWHERE_SHORT,) * 4 + (_ELSEWHERE,) * 2
        is_alike = all(n in {w, s} for n, w, s in zip(plain, wide, stand_ins, strict=True))
        is_other = not is_whole or not is_alike or (disk, total) not in {(0, 1), (0, 0)}
        refuse_if((is_other, "its end record and its zip64 record name different directories"))
        plain = (wide[0], wide[1], wide[2], wide[3], wide[4], wide[5])
    *disks, here, count, size, start = plain
    is_elsewhere = any(disks) or here != count or start + size != end
    refuse_if((is_elsewhere, "its directory is not where its end record says"))
    return start, end, count


def _entries(file: BinaryIO, start: int, end: int, count: int) -> Iterator[_Entry]:
    content, cursor = _read(file, start, end - start), 0
    for _ in range(count):
        (sign, _, _, flags, method, _, _, crc, packed, unpacked, of_name, of_extra, of_comment,
         disk, _, _, offset) = _ENTRY.unpack_from(content, cursor)  # fmt: skip
        cursor += _ENTRY.size
        fields = content[cursor : cursor + of_name + of_extra]
        name, extra = fields[:of_name], fields[of_name:]
        cursor += of_name + of_extra + of_comment
        is_odd = sign != _IS_ENTRY or disk not in {0, _ELSEWHERE_SHORT}
        refuse_if((is_odd, "its directory contains something that is not an entry"))
        sizes = _wide(name, extra, (unpacked, packed, offset))
        yield _Entry(name, flags, method, crc, sizes[1], sizes[0], sizes[2])
    refuse_if((cursor != len(content), "its directory is longer than its entries"))


def _place(file: BinaryIO, entry: _Entry, following: int) -> tuple[int, int]:
    """Return the place of a part's bytes; its header has to match the directory."""
    (sign, _, flags, method, _, _, crc, packed, unpacked, of_name, of_extra) = _HEADER.unpack(
        _read(file, entry.start, _HEADER.size)
    )
    content = _read(file, entry.start + _HEADER.size, of_name + of_extra)
    name, extra = content[:of_name], content[of_name:]
    sizes = _wide(name, extra, (unpacked, packed))
    given, due = (crc, sizes[1], sizes[0]), (entry.crc, entry.packed, entry.unpacked)
    is_later = bool(flags & _DESCRIBED) and given == (0, 0, 0)
    bits = _ENCRYPTED | _UTF8
    is_alike = (name, method, flags & bits) == (entry.name, entry.method, entry.flags & bits)
    is_header = sign == _IS_HEADER and is_alike and (is_later or given == due)
    refuse_if((not is_header, f"the header of {entry} differs from its entry in the directory"))
    start = entry.start + _HEADER.size + of_name + of_extra
    behind = following - start - entry.packed
    descriptor = _read(file, start + entry.packed, min(max(behind, 0), _LONGEST_DESCRIPTOR + 1))
    forms = ("<3L", "<L2Q") if max(due) <= _ELSEWHERE else ("<L2Q",)
    described = {struct.pack(form, *due) for form in forms}
    allowed = {b""} if not is_later else set()
    if flags & _DESCRIBED:
        allowed |= described | {_IS_DESCRIPTOR + each for each in described}
    is_odd = behind < 0 or descriptor not in allowed
    refuse_if((is_odd, f"the bytes after {entry} belong to no part"))
    return start, entry.packed


def _wide(name: bytes, extra: bytes, numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sizes and the offset of a part, from the zip64 field if it has them."""
    part = f"the part {name.decode(errors='replace')}"
    while len(extra) >= 4:  # noqa: PLR2004 - kind and length
        kind, size = struct.unpack_from("<2H", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        is_renamed = kind == _UNICODE_NAME and field[5:] != name
        refuse_if((is_renamed, f"{part} has a second name"))
        if kind == _ZIP64:
            given = [each for (each,) in struct.iter_unpack("<Q", field[: len(field) // 8 * 8])]
            missing = [i for i, number in enumerate(numbers) if number == _ELSEWHERE]
            if len(given) >= len(missing) > 0:
                wide = dict(zip(missing, given, strict=False))
                numbers = tuple(wide.get(i, number) for i, number in enumerate(numbers))
            else:
                refuse_if((not {*given} <= {0, *numbers}, f"{part} has two sizes"))
    return numbers
