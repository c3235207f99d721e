"""A workbook's zip archive, opened and unpacked within limits that no genuine workbook reaches.

A small file can be made to unpack to terabytes. What counts are the bytes that really come out: a
part that gives more than it declares is cut off there and fails its checksum.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, BinaryIO
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

MOST_PACKED = 1 << 28
"""Bytes of a file: it is held in memory. A sheet of a million rows has some 100 MB."""
MOST_PARTS = 10_000
"""Parts of a file: a sheet with a table, comments and charts has some ten."""
MOST_UNPACKED = 1 << 29
"""Bytes that all parts unpack to: 200,000 rows of 60 columns, or a million of 12."""
MOST_RATIO = 250
"""Bytes unpacked from one: sheets of cells have 5 to 50, blank formatted rows up to 150."""
ENOUGH_FOR_RATIO = 1 << 26
"""A file that unpacks to fewer bytes does no harm at any ratio."""
MOST_TEXTS = 1 << 27
"""Bytes of the part that keeps the texts of all cells."""
MOST_HELD = 1 << 25
"""Bytes of any other part that is held as a whole, such as formats and names."""
MOST_MARKS = 1 << 18
"""Elements of such a part: each becomes an object. Excel knows 65,490 formats of cells."""
MOST_ROWS = 1_048_576
"""Rows of a sheet: as many as Excel has."""
MOST_CELLS = 8_000_000
"""Cells of a file, a row counted as one: 200,000 rows of 39 columns; half as many with formulas."""
MOST_NAME = 255
"""Letters of a file's name on any system."""

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
    ParseError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the zip archive, its XML and openpyxl raise on a damaged file."""


class RefusedError(ValueError):
    """A file that is not opened, or not unpacked any further; the text says why."""


def contents(path: Path) -> bytes:
    """Return the bytes of a file; RefusedError where it is no regular one, or too large."""
    refuse_odd(path)
    size = path.stat().st_size
    if size > MOST_PACKED:
        msg = f"the file has {size:,} bytes; at most {MOST_PACKED:,} are read"
        raise RefusedError(msg)
    return path.read_bytes()


def refuse_odd(path: Path) -> None:
    """Raise RefusedError unless a path leads to a regular file: a pipe would wait for ever."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RefusedError(_MISSING) from error
    except (OSError, ValueError) as error:  # too long a name, or letters that no name has
        if len(path.name) > MOST_NAME:
            msg = f"{_MISSING}: its name has more than {MOST_NAME} letters"
            raise RefusedError(msg) from error
        if isinstance(error, PermissionError):
            msg = f"the file cannot be read ({error.strerror})"
            raise RefusedError(msg) from error
        raise RefusedError(_MISSING) from error
    if stat.S_ISDIR(mode):
        msg = "this is a folder"
        raise RefusedError(msg)
    if not stat.S_ISREG(mode):
        msg = "this is no regular file"
        raise RefusedError(msg)


_MISSING = "there is no such file"


class Archive(zipfile.ZipFile):
    """An archive that is only read, and never further than the limits say."""

    def __init__(self, file: Path | BinaryIO) -> None:
        """Open an archive; RefusedError where what it declares is beyond a limit."""
        if isinstance(file, Path):
            refuse_odd(file)
        super().__init__(file)
        parts = self.infolist()
        if len(parts) > MOST_PARTS:
            msg = f"the file has {len(parts):,} parts; at most {MOST_PARTS:,} are read"
            raise RefusedError(msg)
        unpacked = sum(part.file_size for part in parts)
        if unpacked > MOST_UNPACKED:
            msg = f"the file unpacks to more than {MOST_UNPACKED:,} bytes"
            raise RefusedError(msg)
        packed = max(1, sum(part.compress_size for part in parts))
        if unpacked > ENOUGH_FOR_RATIO and unpacked > MOST_RATIO * packed:
            msg = f"the file unpacks to more than {MOST_RATIO} times its bytes"
            raise RefusedError(msg)
        if any(part.compress_type not in _METHODS for part in parts):
            msg = "the file is packed in a way that Excel does not know"
            raise RefusedError(msg)

    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        """Return a part that is held as a whole; RefusedError where it is too large for that."""
        found, marks = [], 0
        with self.open(name, pwd=pwd) as source:
            _refuse_large(name, self.getinfo(_name(name)).file_size, MOST_HELD)
            while piece := source.read(_CHUNK):
                marks += piece.count(b"<")
                if marks > 2 * MOST_MARKS:
                    msg = f"the part {_name(name)} has more than {MOST_MARKS:,} elements"
                    raise RefusedError(msg)
                found.append(piece)
        return b"".join(found)

    def texts(self, name: str) -> IO[bytes]:
        """Open the part that keeps the texts of all cells."""
        _refuse_large(name, self.getinfo(name).file_size, MOST_TEXTS)
        return self.open(name)

    def verify(self) -> None:
        """Unpack every part once: BadZipFile or zlib.error where one is damaged."""
        for part in self.infolist():
            with self.open(part) as source:
                while source.read(_CHUNK):
                    pass


def _name(part: str | zipfile.ZipInfo) -> str:
    return part if isinstance(part, str) else part.filename


def _refuse_large(name: str | zipfile.ZipInfo, size: int, most: int) -> None:
    if size > most:
        msg = f"the part {_name(name)} unpacks to more than {most:,} bytes"
        raise RefusedError(msg)


def package_of(stream: BinaryIO, **options: bool) -> Any:
    """Return openpyxl's reader of what stands around the cells, over an archive with limits."""
    from openpyxl.reader.excel import ExcelReader

    reader: Any = ExcelReader(stream, **options)
    reader.archive = Archive(stream)
    return reader
