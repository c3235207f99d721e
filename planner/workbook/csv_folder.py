"""A folder of CSV files to the cells of its sheets: one file a sheet, named like it.

A CSV file says nothing of itself: neither its letters' encoding, nor what separates its cells, nor
which mark begins the decimals. Each is read where the file leaves no doubt, and else an error.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from models.case import clean, common_letters, fold
from models.errors import Finding, InputError
from models.schema import CellKind, Column, Record, Settings
from planner.render.words import unguarded
from planner.workbook.archive import (
    MOST_CELLS,
    MOST_PACKED,
    MOST_PARTS,
    MOST_ROWS,
    MOST_UNPACKED,
    RefusedError,
    reason,
    refuse_if,
    refuse_odd,
)
from planner.workbook.cells import DECIMAL, FRACTION_MOST, WHOLE
from planner.workbook.excel import ExcelFile, open_excel
from planner.workbook.findings import quoted, refused
from planner.workbook.grid import Cells, Fault, Grid, fill
from planner.workbook.headers import RECORDS, setting_named, understand

CSV_FOLDER = "a folder of CSV files, one a sheet"
LONGEST_CELL = 32_767
"""Characters of a cell: as many as Excel has."""
ERROR_VALUES = {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"}
"""What spreadsheet programs write in place of a value that a formula could not give."""
_BEGINNING = 1 << 16
"""Bytes of a file of another name that are looked at: its header."""
SEPARATORS = ",;\t"
_SEPARATOR_LINE = re.compile(r"sep=(.)")
_IN_QUOTES = re.compile(r'"(?:[^"]|"")*"?')
_LOGICAL = {"true": True, "false": False}
_SAVE_AS = "save it as CSV UTF-8"
_TO_QUOTE = "put a text or number that holds what separates the cells into quotes"


@dataclass(frozen=True)
class CsvFolder:
    """The sheets of a folder, and the SHA-256 of its files."""

    grids: tuple[Grid, ...]
    sha256: str


def open_source(path: Path) -> ExcelFile | CsvFolder:
    """Open a workbook, or a folder of CSV files; InputError for whatever is neither."""
    return open_folder(path) if is_folder(path) else open_excel(path)


def is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir may raise


def open_folder(path: Path) -> CsvFolder:
    """Read the CSV files of a folder, and nothing that lies in another.

    Raises InputError with what is wrong with each file that cannot be read.
    """
    tables: list[SheetFile] = []
    unknown: list[Grid] = []
    findings: list[Finding] = []
    digests: dict[str, str] = {}
    room = _Room()
    for file in _sized(path):
        if not sheet_of(file.name):
            unknown.append(_header_alone(file))
            continue
        try:
            content = contents(file)
            tables.append(SheetFile.of(file.name, content, room))
            digests[file.name] = hashlib.sha256(content).hexdigest()
        except _FileError as error:
            findings.append(error.finding)
    if findings:
        raise InputError(findings)
    shown = {table.mark for table in tables if table.separator != ","} - {""}
    usual = shown.pop() if len(shown) == 1 else ""
    return CsvFolder((*unknown, *(table.grid(usual) for table in tables)), digest_of(digests))


def folder_fingerprint(path: Path) -> str:
    """Return the SHA-256 of a folder's files, as ``CsvFolder`` has it; OSError, InputError."""
    files = (file for file in _sized(path) if sheet_of(file.name))
    return digest_of({f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files})


def digest_of(digests: Mapping[str, str]) -> str:
    """Return the SHA-256 of files, each given by its name and its own SHA-256."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def sheet_of(name: str) -> str:
    """Return the sheet that a file is named after, ``share-limits.csv``; "" where there is none."""
    return _SHEETS.get(fold(re.sub("[-_]", " ", Path(name).stem)), "")


_SHEETS = {fold(name): name for name in RECORDS}


# ---- files --------------------------------------------------------------------------------------


class _FileError(Exception):
    """What is wrong with a file as a whole, or from a row of it on."""

    def __init__(
        self, name: str, message: str, expected: str = "", hint: str = "", row: int = 0
    ) -> None:
        super().__init__(message)
        self.finding = Finding(sheet_of(name), row, "", message, expected, hint, file=name)


def _sized(folder: Path) -> list[Path]:
    """Return the CSV files of a folder; InputError where there is none, or too much to read."""
    try:
        names = sorted(each.name for each in os.scandir(folder))
    except OSError as error:
        raise refused(folder, f"the folder cannot be read ({reason(error)})", CSV_FOLDER) from error
    files = [
        folder / n for n in names if n.lower().endswith(".csv") and not n.startswith((".", "~"))
    ]
    if not files:
        books = [n for n in names if n.lower().endswith((".xlsx", ".xlsm")) and n[0] not in ".~"]
        hint = f"did you mean {folder / books[0]}?" if books else ""
        raise refused(folder, "the folder has no CSV file", CSV_FOLDER, hint)
    if len(files) > MOST_PARTS:
        raise refused(folder, f"the folder has more than {MOST_PARTS:,} files", CSV_FOLDER)
    findings: list[Finding] = []
    total = 0
    for file in files:
        try:
            total += _size(file, folder) if sheet_of(file.name) else 0
        except _FileError as error:
            findings.append(error.finding)
    if findings:
        raise InputError(findings)
    if total > MOST_UNPACKED:
        message = f"the files have {total:,} bytes; at most {MOST_UNPACKED:,} are read"
        raise refused(folder, message, CSV_FOLDER)
    return files


def _size(file: Path, folder: Path) -> int:
    """Return a file's bytes before any is read; an error where it is not one of the folder's."""
    try:
        refuse_odd(file)
        real = Path(os.path.realpath(file))
        size = file.stat().st_size
        refuse_if(
            (
                not real.is_relative_to(os.path.realpath(folder)),
                "this is a link that leads out of the folder",
                "put the file itself there",
            ),
            (
                size > MOST_PACKED,
                f"the file has {size:,} bytes; at most {MOST_PACKED:,} are read",
            ),
        )
    except RefusedError as error:
        raise _FileError(file.name, str(error), "a CSV file", error.hint) from error
    return size


def contents(file: Path) -> bytes:
    """Return the bytes of a file that is one of the folder's."""
    try:
        return file.read_bytes()
    except OSError as error:
        message = f"the file cannot be read ({reason(error)})"
        raise _FileError(file.name, message) from error


def _beginning(file: Path) -> bytes:
    """Return the first lines of a file that no sheet is named after: only its header is looked at.

    It is what the file may be meant as that is asked; one that cannot be read is of no use.
    """
    try:
        if not file.is_file() or not Path(os.path.realpath(file)).is_relative_to(
            os.path.realpath(file.parent)
        ):
            return b""
        with file.open("rb") as opened:
            content = opened.read(_BEGINNING)
        return content if len(content) < _BEGINNING else content.rpartition(b"\n")[0]
    except OSError:
        return b""


# ---- bytes to rows ------------------------------------------------------------------------------


_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
"""The marks that a file of text begins with, and the encodings that they say."""


def _text(name: str, content: bytes) -> str:
    """Return a file's text; an error where its letters cannot be told for sure."""
    encoding = next((e for mark, e in _MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        letters = f"the byte {content[error.start]:#04x}, which is no letter in UTF-8"
        message = letters if encoding.startswith("utf-8") else "half a letter of UTF-16"
        raise _FileError(name, message, "text in UTF-8", _SAVE_AS, row) from error
    if content.startswith(b"PK\x03\x04"):
        raise _FileError(name, "this is a workbook or a zip archive, not text", "a CSV file")
    if "\0" in text:
        message = "this is not text, or text in UTF-16 or UTF-32 without a mark that says so"
        raise _FileError(name, message, "text in UTF-8", _SAVE_AS)
    return text


def _separator(text: str) -> str:
    """Return what separates the cells: of comma, semicolon and tab what the header has most of."""
    for line in _IN_QUOTES.sub("", text[:_BEGINNING]).splitlines():
        if match := _SEPARATOR_LINE.fullmatch(line.strip()):
            return match[1]
        if line.strip():
            return max(SEPARATORS, key=line.count)
    return ","


class _Room:
    """What is still read of a folder: as many cells as of a workbook."""

    def __init__(self) -> None:
        self.cells = 0


def _rows(name: str, text: str, separator: str, room: _Room) -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of each row, as a spreadsheet program counts them."""
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    row = 0
    try:
        for row, cells in enumerate(reader, start=1):
            room.cells += 1 + len(cells)
            if row > MOST_ROWS:
                raise _FileError(name, f"the file has more than {MOST_ROWS:,} rows")
            if room.cells > MOST_CELLS:
                raise _FileError(name, f"the files have more than {MOST_CELLS:,} cells")
            if row > 1 or not _SEPARATOR_LINE.fullmatch(separator.join(cells)):
                yield row, cells
    except csv.Error as error:
        _tell(name, row + 1, error)


def _tell(name: str, row: int, error: csv.Error) -> NoReturn:
    """Raise what is wrong with a row that is no CSV, in words."""
    message = f"the row cannot be read ({error})"
    hint = "put a text that holds quotes into quotes, and write each of its quotes twice"
    if "field larger" in str(error):
        message = f"a cell of more than {LONGEST_CELL:,} characters, or quotes that are not closed"
    elif "unexpected end" in str(error):
        message = "quotes that are not closed before the end of the file"
    raise _FileError(name, message, "", hint, row) from error


# ---- texts to cells -----------------------------------------------------------------------------

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_WITH_COMMA = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?", re.ASCII)
_UNSURE = re.compile(r"[-+]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
"""1.234 or 1,234: a decimal mark, or one between thousands."""
_DIGITS = 15
"""Digits of a whole number that a double holds without doubt."""

_Convert = Callable[[str, str], object]
"""Text and decimal mark to a cell."""


def _mark(texts: Iterable[str], separator: str) -> str:
    """Return the decimal mark that the numbers of a file show, "" where they show none.

    0,65 shows a comma and 0.65 a point; 1,234 and 1.234 show nothing, as other programs write a
    thousand so. Where cells are separated by commas, a point is what everyone writes.
    """
    sure = [text for text in texts if not _UNSURE.fullmatch(text)]
    if any("." in text and _NUMBER.fullmatch(text) for text in sure):
        return "."
    if any(map(_WITH_COMMA.fullmatch, sure)):
        return ","
    return "." if separator == "," else ""


def _number(text: str, mark: str) -> object:
    """Return the number that a text is, or what is not clear of it; the text where it is none.

    ``mark`` is the decimal mark, "" where it is not known.
    """
    is_comma = "," in text and _WITH_COMMA.fullmatch(text) is not None
    is_point = _NUMBER.fullmatch(text) is not None
    if not (is_comma or is_point):
        return text
    has_mark = is_comma or "." in text
    if has_mark and not mark:
        hint = f"write {re.sub('[.,]', '', text)}, or one more decimal: {text}0"
        message = f"{quoted(text)}, which may be a thousand or more, or have decimals"
        return Fault(f"the text {message}", hint)
    if has_mark and is_comma != (mark == ","):
        hint = f"write it without thousands marks; the decimal mark of this file is {mark!r}"
        return Fault(f"the text {quoted(text)}", hint)
    text = text.replace(",", ".")
    if text.lstrip("+-").isdigit() and len(text) <= _DIGITS:
        return int(text)
    return float(text)


def _share(text: str, mark: str) -> object:
    """Return a fraction, which spreadsheet programs write as a percentage where it is one."""
    if not text.endswith("%"):
        return _number(text, mark)
    value = _number(text[:-1].rstrip(), mark)
    if isinstance(value, Fault):
        return value
    if isinstance(value, str):
        return text
    from decimal import Decimal

    return float(Decimal(text[:-1].rstrip().replace(",", ".")).scaleb(-2))


def _yes_no(text: str, _: str) -> object:
    return _LOGICAL.get(fold(text), text)


def _as_text(text: str, _: str) -> object:
    return text


def _converter(column: Column | None) -> _Convert:
    """Return what turns the texts of a column into cells; of columns of years and members, too."""
    if column is None:
        return _number
    is_share = column.kind is CellKind.SHARE or (
        column.kind is CellKind.NUMBER and not column.unit and column.most <= FRACTION_MOST
    )
    if is_share:
        return _share
    if column.kind in DECIMAL | WHOLE:
        return _number
    return _yes_no if column.kind is CellKind.YES_NO else _as_text


@dataclass(frozen=True)
class SheetFile:
    """A sheet's file: its rows as texts, and what turns each column into cells."""

    name: str
    separator: str
    rows: list[tuple[int, list[str]]]
    first: int
    """Where among the rows the header is."""
    mark: str

    @classmethod
    def of(cls, name: str, content: bytes, room: _Room) -> SheetFile:
        """Read a file; _FileError where it is no CSV."""
        text = _text(name, content)
        separator = _separator(text)
        rows = [(n, [c.strip() for c in cells]) for n, cells in _rows(name, text, separator, room)]
        first = next((i for i, (_, cells) in enumerate(rows) if any(cells)), len(rows))
        if first < len(rows):
            width = len(rows[first][1])
            longer = next(((n, len(c)) for n, c in rows[first:] if len(c) > width), None)
            if longer:  # a separator in a text or number has moved the cells behind it
                message = f"the row has {longer[1]} cells, the header {width}"
                raise _FileError(name, message, "", _TO_QUOTE, longer[0])
        table = cls(name, separator, rows, first, "")
        return replace(table, mark=_mark(table._numbers(), separator))

    @property
    def record(self) -> type[Record]:
        return RECORDS[sheet_of(self.name)]

    @cached_property
    def kinds(self) -> Mapping[int, _Convert]:
        """What turns texts into cells by column; a remark, and what is no column, stays text."""
        kinds: dict[int, _Convert] = {}
        header = self.rows[self.first][1] if self.first < len(self.rows) else []
        for position, text in enumerate(header, 1):
            heading = understand(self.record, common_letters(clean(text)), {}, position)
            is_free = heading.always or (heading.is_remark and not self.record.SPREAD)
            kinds[position] = _as_text if is_free else _converter(heading.column)
        return kinds

    def _numbers(self) -> Iterator[str]:
        """Yield the texts that may be numbers."""
        texts = {} if self.record is Settings else {
            p for p, kind in self.kinds.items() if kind in {_as_text, _yes_no}
        }  # fmt: skip
        for _, cells in self.rows[self.first + 1 :]:
            for position, cell in enumerate(cells, 1):
                if cell and position not in texts:
                    yield cell.removesuffix("%").rstrip()

    def grid(self, usual: str) -> Grid:
        """Return the cells; ``usual`` is the decimal mark where the file shows none itself."""
        mark = self.mark or usual
        cells_of = self._setting if self.record is Settings else self._cells
        filled = (
            (row, cells_of(cells, mark) if i > self.first else _header(cells))
            for i, (row, cells) in enumerate(self.rows)
        )
        grid = fill(self.record.SHEET, filled)
        grid.file = self.name
        return grid

    def _cells(self, cells: Sequence[str], mark: str) -> Cells:
        kinds = self.kinds
        return [(p, _cell(c, kinds.get(p, _number), mark)) for p, c in enumerate(cells, 1) if c]

    def _setting(self, cells: Sequence[str], mark: str) -> Cells:
        """Return the cells of a setting: what its value is, the name beside it says."""
        named = filter(None, (setting_named(common_letters(clean(cell))) for cell in cells))
        column = next(named, None)
        kind = _as_text if column is None else _converter(column)
        return [(p, _cell(c, kind, mark)) for p, c in enumerate(cells, 1) if c]


def _header_alone(file: Path) -> Grid:
    """Return a file that no sheet is named after, as far as its header goes."""
    name = file.name
    grid = Grid(re.sub("[-_]", " ", file.stem), file=name)
    try:
        text = _text(name, _beginning(file))
        rows = _rows(name, text, _separator(text), _Room())
        grid.header = dict(_header(next((cells for _, cells in rows if any(cells)), [])))
    except _FileError:  # whatever it is, it is not read
        pass
    return grid


def _header(cells: Sequence[str]) -> list[tuple[int, object]]:
    return [(p, unguarded(cell)) for p, cell in enumerate(cells, 1)]


def _cell(text: str, kind: _Convert, mark: str) -> object:
    """Return what stands in a cell; a formula and an error value are faults."""
    if text.startswith("="):
        hint = "write its value; a text that begins so has an apostrophe before it"
        return Fault(f"the formula {quoted(text)}", hint)
    if text in ERROR_VALUES:
        return Fault(f"the error value {text}")
    return unguarded(text) if kind is _as_text else kind(text, mark)


# ---- a file by itself ---------------------------------------------------------------------------


@dataclass(frozen=True)
class CsvFile:
    """A CSV file that is no sheet: its header, the rows below as texts, its decimal mark."""

    header: list[str]
    below: list[list[str]]
    mark: str


def read_file(path: Path) -> CsvFile:
    """Read a file that is no sheet; InputError where it is no CSV, or too large."""
    try:
        _size(path, path.parent)
        content = contents(path)
        text = _text(path.name, content)
        separator = _separator(text)
        read = [
            [c.strip() for c in cells] for _, cells in _rows(path.name, text, separator, _Room())
        ]
    except _FileError as error:
        raise InputError([error.finding]) from error
    filled = [cells for cells in read if any(cells)]
    header, below = (filled[0], filled[1:]) if filled else ([], [])
    mark = _mark((cell.removesuffix("%").rstrip() for cells in below for cell in cells), separator)
    return CsvFile([unguarded(cell) for cell in header], below, mark)


def read_sheet_file(path: Path) -> SheetFile:
    """Read the file of a sheet as its texts; InputError where it is no CSV, or too large."""
    try:
        _size(path, path.parent)
        return SheetFile.of(path.name, contents(path), _Room())
    except _FileError as error:
        raise InputError([error.finding]) from error


def cell_of(text: str, column: Column | None, mark: str) -> object:
    """Return what the text of a CSV file is in a column; None: in one of words."""
    return _cell(text, _as_text if column is None else _converter(column), mark) if text else None
