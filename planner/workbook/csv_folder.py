"""Reads the sheets of a folder of CSV files: one file per sheet, with the sheet's name.

A CSV file does not state its encoding, its separator or its decimal mark. Each is inferred from
the file's content; where that is ambiguous, the file is an error.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from models.case import clean_name, common_letters, normalize
from models.errors import Finding, InputError
from models.schema import CellKind, Column, Record, Settings
from models.schema.rounds import PreviousBuild, PreviousOrder
from planner.render.words import clean_text as legible
from planner.render.words import guarded, unguarded
from planner.scratch import is_folder
from planner.workbook import archive
from planner.workbook.archive import RefusedError, reason
from planner.workbook.cells import DECIMAL, FRACTION_MOST, WHOLE
from planner.workbook.excel import ExcelFile, open_excel
from planner.workbook.findings import quoted, refused
from planner.workbook.grid import Cells, Fault, Grid, columns_from_rows
from planner.workbook.headers import RECORDS, parse_header, setting_named

CSV_FOLDER = "a folder of CSV files, one per sheet"
LONGEST_CELL = 32_767
"""Most characters in a cell, as in Excel."""
ERROR_VALUES = {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"}
"""What spreadsheet programs write for a formula that failed."""
_BEGINNING = 1 << 16
"""Bytes to read of a file with an unknown name, to see its header."""
SEPARATORS = ",;\t"
_SEPARATOR_LINE = re.compile(r"sep=(.)")
_IN_QUOTES = re.compile(r'"(?:[^"]|"")*"?')
_SAVE_AS = "save it as CSV UTF-8"
_TO_QUOTE = "put a text or number that contains the separator of the cells into quotes"
_RECORDS = RECORDS | {record.SHEET: record for record in (PreviousOrder, PreviousBuild)}
_SHEETS = {normalize(name): name for name in _RECORDS}


@dataclass(frozen=True)
class CsvFolder:
    """The sheets of a folder, the SHA-256 of its files, and their decimal mark, "" if not clear."""

    grids: tuple[Grid, ...]
    sha256: str
    decimal_mark: str


def open_source(path: Path) -> ExcelFile | CsvFolder:
    """Open a workbook, or a folder of CSV files; InputError if it is neither."""
    return open_folder(path) if is_folder(path) else open_excel(path)


def open_folder(path: Path) -> CsvFolder:
    """Read the CSV files of a folder, but not links to files outside it.

    Raises InputError with a finding for each file that cannot be read.
    """
    tables: list[SheetFile] = []
    unknown: list[Grid] = []
    findings: list[Finding] = []
    digests: dict[str, str] = {}
    counter = _Counter()
    for file in _sized(path):
        if not sheet_of(file.name):
            unknown.append(_header_alone(file))
            continue
        try:
            content = contents(file)
            parsed = CsvFile.parse(file.name, content, counter)
            tables.append(SheetFile.of(parsed, _RECORDS[sheet_of(file.name)]))
            digests[file.name] = hashlib.sha256(content).hexdigest()
        except InputError as error:
            findings += error.findings
    if findings:
        raise InputError(findings)
    decimal_marks = {table.decimal_mark for table in tables if table.separator != ","} - {""}
    default_mark = decimal_marks.pop() if len(decimal_marks) == 1 else ""
    grids = (*unknown, *(table.grid(default_mark) for table in tables))
    return CsvFolder(grids, digest_of(digests), default_mark)


def folder_fingerprint(path: Path) -> str:
    """Return the SHA-256 of a folder's files, as in ``CsvFolder``; raises OSError, InputError."""
    files = (file for file in _sized(path) if sheet_of(file.name))
    return digest_of({f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files})


def digest_of(digests: Mapping[str, str]) -> str:
    """Return one SHA-256 for the files of a folder, from the SHA-256 of each."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def csv_name(sheet: str) -> str:
    """Return the name of a sheet's CSV file: ``by-mineral.csv`` for By mineral."""
    return f"{sheet.lower().replace(' ', '-')}.csv"


def sheet_of(name: str) -> str:
    """Return the sheet for a file name such as ``share-limits.csv``; "" if there is none."""
    return _SHEETS.get(normalize(re.sub("[-_]", " ", Path(name).stem)), "")


# ---- files --------------------------------------------------------------------------------------


def _file_error(
    name: str, message: str, expected: str = "", hint: str = "", row: int = 0
) -> InputError:
    return InputError([Finding(sheet_of(name), row, "", message, expected, hint, file=name)])


def _sized(folder: Path) -> list[Path]:
    """Return the CSV files of a folder; InputError if there is none, or too much to read."""
    try:
        names = sorted(each.name for each in os.scandir(folder))
    except OSError as error:
        raise refused(folder, f"the folder cannot be read ({reason(error)})", CSV_FOLDER) from error
    names = [name for name in names if not name.startswith((".", "~"))]
    files = [folder / name for name in names if name.lower().endswith(".csv")]
    if not files:
        books = [name for name in names if name.lower().endswith((".xlsx", ".xlsm"))]
        hint = f"did you mean {folder / books[0]}?" if books else ""
        raise refused(folder, "the folder has no CSV file", CSV_FOLDER, hint)
    if len(files) > archive.MOST_PARTS:
        raise refused(folder, f"the folder has more than {archive.MOST_PARTS:,} files", CSV_FOLDER)
    findings: list[Finding] = []
    total = 0
    for file in files:
        try:
            total += _file_size(file, folder) if sheet_of(file.name) else 0
        except InputError as error:
            findings += error.findings
    if findings:
        raise InputError(findings)
    if total > archive.MOST_UNPACKED:
        message = f"the files have {total:,} bytes; at most {archive.MOST_UNPACKED:,} are read"
        raise refused(folder, message, CSV_FOLDER)
    return files


def _file_size(file: Path, folder: Path | None = None) -> int:
    """Return a file's size in bytes; InputError if it is too large or outside its folder."""
    try:
        archive.refuse_special(file)
        size, most = file.stat().st_size, archive.MOST_PACKED
        link = "this is a link that leads out of the folder", "put the file itself into the folder"
        large = f"the file has {size:,} bytes; at most {most:,} are read"
        is_outside = folder is not None and not _is_within(file, folder)
        archive.refuse_if((is_outside, *link), (size > most, large))
    except RefusedError as error:
        raise _file_error(file.name, str(error), "a CSV file", error.hint) from error
    return size


def _is_within(file: Path, folder: Path) -> bool:
    return Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder))


def contents(file: Path) -> bytes:
    """Return a file's bytes; _FileError if it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        message = f"the file cannot be read ({reason(error)})"
        raise _file_error(file.name, message) from error


# ---- bytes to rows ------------------------------------------------------------------------------


_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
"""Byte order marks, and the encodings they indicate."""


def _decoded(name: str, content: bytes) -> str:
    """Return a file's text; InputError if its encoding is not clear."""
    encoding = next((e for mark, e in _MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        letters = f"the byte {content[error.start]:#04x}, which is not valid UTF-8"
        message = letters if encoding.startswith("utf-8") else "bytes that are not valid UTF-16"
        raise _file_error(name, message, "text in UTF-8", _SAVE_AS, row) from error
    if content.startswith(b"PK\x03\x04"):
        raise _file_error(name, "this is a workbook or a zip archive, not text", "a CSV file")
    if "\0" in text:
        message = "this is not text, or it is UTF-16 or UTF-32 text without a byte order mark"
        raise _file_error(name, message, "text in UTF-8", _SAVE_AS)
    return text


def _separator(text: str) -> str:
    """Return the separator: the comma, semicolon or tab that occurs most often in the header."""
    for line in _IN_QUOTES.sub("", text[:_BEGINNING]).splitlines():
        if match := _SEPARATOR_LINE.fullmatch(line.strip()):
            return match[1]
        if line.strip():
            return max(SEPARATORS, key=line.count)
    return ","


@dataclass
class _Counter:
    """Counts the cells of a folder: the limit is that of a workbook."""

    cells: int = 0


def _numbered_rows(
    name: str, text: str, separator: str, counter: _Counter
) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each row, numbered as in a spreadsheet program."""
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    row = 0
    try:
        for row, cells in enumerate(reader, start=1):
            counter.cells += 1 + len(cells)
            if row > archive.MOST_ROWS:
                raise _file_error(name, f"the file has more than {archive.MOST_ROWS:,} rows")
            if counter.cells > archive.MOST_CELLS:
                raise _file_error(name, f"the files have more than {archive.MOST_CELLS:,} cells")
            if row > 1 or not _SEPARATOR_LINE.fullmatch(separator.join(cells)):
                yield row, cells
    except csv.Error as error:
        message = f"the row cannot be read ({error})"
        hint = "put a text that contains quotes into quotes, and write each quote inside it twice"
        if "field larger" in str(error):
            most = f"{LONGEST_CELL:,} characters"
            message = f"a cell has more than {most}, or a closing quote is missing"
        elif "unexpected end" in str(error):
            message = "a quote is opened, and not closed before the end of the file"
        raise _file_error(name, message, "", hint, row + 1) from error


# ---- texts to cells -----------------------------------------------------------------------------

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_WITH_COMMA = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?", re.ASCII)
_UNSURE = re.compile(r"[-+]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
"""1.234 or 1,234: the mark may separate decimals or thousands."""
_DIGITS = 15
"""Most digits of an integer that a double always holds exactly."""

_Convert = Callable[[str, str], object]
"""Converts a text to a cell's value; the second argument is the decimal mark."""


def _as_number(text: str, decimal_mark: str) -> object:
    """Convert a text to a number, or to a Fault if it is ambiguous; other texts stay.

    ``decimal_mark`` is the decimal mark, "" if unknown.
    """
    is_comma = "," in text and _WITH_COMMA.fullmatch(text) is not None
    is_point = _NUMBER.fullmatch(text) is not None
    if not (is_comma or is_point):
        return text
    has_mark = is_comma or "." in text
    if has_mark and not decimal_mark:
        thousands = re.sub("[.,]", "", text)
        hint = f"for thousands write {thousands}; for decimals add a zero: {text}0"
        message = f"{quoted(text)}, in which the mark may separate thousands or decimals"
        return Fault(f"the text {message}", hint)
    if has_mark and is_comma != (decimal_mark == ","):
        in_file = f"the decimal mark of this file is {decimal_mark!r}"
        hint = f"write it without thousands marks; {in_file}"
        return Fault(f"the text {quoted(text)}", hint)
    text = text.replace(",", ".")
    if text.lstrip("+-").isdigit() and len(text) <= _DIGITS:
        return int(text)
    return float(text)


def _share(text: str, decimal_mark: str) -> object:
    """Convert a fraction or a percentage: spreadsheet programs write 65% for 0.65."""
    if not text.endswith("%"):
        return _as_number(text, decimal_mark)
    value = _as_number(text[:-1].rstrip(), decimal_mark)
    if isinstance(value, Fault):
        return value
    if isinstance(value, str):
        return text
    return float(Decimal(text[:-1].rstrip().replace(",", ".")).scaleb(-2))


def _yes_no(text: str, _: str) -> object:
    """Return True or False for these words as programs write them, other text unchanged."""
    return {"true": True, "false": False}.get(normalize(text), text)


def _kept_as_text(text: str, _: str) -> object:
    return text


def _converter(column: Column | None) -> _Convert:
    """Return the converter of a column; None: a column of a year or a member."""
    if column is None:
        return _as_number
    is_plain = column.kind is CellKind.NUMBER and not column.unit
    if column.kind is CellKind.SHARE or (is_plain and column.most <= FRACTION_MOST):
        return _share
    if column.kind in DECIMAL | WHOLE:
        return _as_number
    return _yes_no if column.kind is CellKind.YES_NO else _kept_as_text


@dataclass(frozen=True)
class CsvFile:
    """A CSV file: its rows as texts; ``first`` is the index of the header row."""

    name: str
    separator: str
    rows: list[tuple[int, list[str]]]
    first: int

    @classmethod
    def parse(
        cls, name: str, content: bytes, counter: _Counter, renamed: Mapping[str, str] | None = None
    ) -> CsvFile:
        """Parse a file's bytes; InputError if they are not CSV. Headers may be ``renamed``."""
        text = _decoded(name, content)
        separator = _separator(text)
        numbered = _numbered_rows(name, text, separator, counter)
        rows = [(n, [c.strip() for c in cells]) for n, cells in numbered]
        first = next((i for i, (_, cells) in enumerate(rows) if any(cells)), len(rows))
        if first < len(rows):
            row, header = rows[first]
            rows[first] = row, [(renamed or {}).get(cell, cell) for cell in header]
            width = len(header)
            longer = next(((n, len(c)) for n, c in rows[first:] if len(c) > width), None)
            if longer:  # a separator within a text or number has shifted the cells after it
                message = f"the row has {longer[1]} cells, the header {width}"
                raise _file_error(name, message, "", _TO_QUOTE, longer[0])
        return CsvFile(name, separator, rows, first)

    @property
    def header(self) -> list[str]:
        return self.rows[self.first][1] if self.first < len(self.rows) else []

    @property
    def below(self) -> list[tuple[int, list[str]]]:
        """The filled rows below the header, with their numbers; each is as wide as the header."""
        width = len(self.header)
        rows = ((n, cells) for n, cells in self.rows[self.first + 1 :] if any(cells))
        return [(n, cells + [""] * (width - len(cells))) for n, cells in rows]

    def decimal_mark_of(self, positions: Collection[int]) -> str:
        """Return the decimal mark of the numbers in some columns (0 is the first), "" if not clear.

        0,65 has a decimal comma and 0.65 a decimal point. In 1,234 and 1.234 the mark may separate
        thousands. If commas separate the cells, the decimal mark is a point.
        """
        texts = (cells[p].removesuffix("%").rstrip() for _, cells in self.below for p in positions)
        sure = [text for text in texts if not _UNSURE.fullmatch(text)]
        if any("." in text and _NUMBER.fullmatch(text) for text in sure):
            return "."
        if any(map(_WITH_COMMA.fullmatch, sure)):
            return ","
        return "." if self.separator == "," else ""


@dataclass(frozen=True)
class SheetFile(CsvFile):
    """A sheet's CSV file."""

    record: type[Record]

    @classmethod
    def of(cls, file: CsvFile, record: type[Record]) -> SheetFile:
        return cls(file.name, file.separator, file.rows, file.first, record)

    @cached_property
    def converters(self) -> Mapping[int, _Convert]:
        """The converter of each column; notes and unknown columns stay text."""
        converters: dict[int, _Convert] = {}
        for position, text in enumerate(self.header, 1):
            heading = parse_header(self.record, common_letters(clean_name(text)), {}, position)
            is_free = heading.always or (heading.is_remark and not self.record.SPREAD)
            converters[position] = _kept_as_text if is_free else _converter(heading.column)
        return converters

    @cached_property
    def decimal_mark(self) -> str:
        """The decimal mark of its numbers, "" if it is not clear."""
        is_text = self.record is not Settings
        texts = {p for p, c in self.converters.items() if is_text and c in {_kept_as_text, _yes_no}}
        return self.decimal_mark_of([p - 1 for p in self.converters if p not in texts])

    def grid(self, default_mark: str) -> Grid:
        """Return the cells; ``default_mark`` is used if the file's decimal mark is not clear."""
        decimal_mark = self.decimal_mark or default_mark
        cells_of = self._setting if self.record is Settings else self._cells
        filled = (
            (row, cells_of(cells, decimal_mark) if i > self.first else _header_cells(cells))
            for i, (row, cells) in enumerate(self.rows)
        )
        return replace(columns_from_rows(self.record.SHEET, filled), file=self.name)

    def _cells(self, cells: Sequence[str], decimal_mark: str) -> Cells:
        get = self.converters.get
        return [
            (p, _cell_value(c, get(p, _as_number), decimal_mark))
            for p, c in enumerate(cells, 1)
            if c
        ]

    def _setting(self, cells: Sequence[str], decimal_mark: str) -> Cells:
        """Return the cells of a setting's row: the setting's name decides how its value is read."""
        named = filter(None, (setting_named(common_letters(clean_name(cell))) for cell in cells))
        column = next(named, None)
        convert = _kept_as_text if column is None else _converter(column)
        return [(p, _cell_value(c, convert, decimal_mark)) for p, c in enumerate(cells, 1) if c]


def _header_alone(file: Path) -> Grid:
    """Return the grid of a file with an unknown name, with its header only.

    The header shows which sheet the file may be meant as.
    """
    name = file.name
    grid = Grid(re.sub("[-_]", " ", file.stem), file=name)
    # nothing is read from it but its header, and that not if it cannot be read
    with contextlib.suppress(OSError, InputError):
        if file.is_file() and _is_within(file, file.parent):
            with file.open("rb") as opened:
                content = opened.read(_BEGINNING)
            text = _decoded(
                name, content if len(content) < _BEGINNING else content.rpartition(b"\n")[0]
            )
            rows = _numbered_rows(name, text, _separator(text), _Counter())
            grid.header = dict(_header_cells(next((cells for _, cells in rows if any(cells)), [])))
    return grid


def _header_cells(cells: Sequence[str]) -> list[tuple[int, object]]:
    return [(p, unguarded(cell)) for p, cell in enumerate(cells, 1)]


def _cell_value(text: str, convert: _Convert, decimal_mark: str) -> object:
    """Return a cell's value; a formula and an error value are faults."""
    if text.startswith("="):
        hint = "write its value; if it is meant as text, put an apostrophe before it"
        return Fault(f"the formula {quoted(text)}", hint)
    if text in ERROR_VALUES:
        return Fault(f"the error value {text}")
    return unguarded(text) if convert is _kept_as_text else convert(text, decimal_mark)


# ---- single files -------------------------------------------------------------------------------


def read_file(path: Path, renamed: Mapping[str, str] | None = None) -> CsvFile:
    """Read a CSV file by the rules of CSV inputs; InputError if it is not CSV, or too large.

    Headers may be ``renamed``.
    """
    _file_size(path)
    return CsvFile.parse(path.name, contents(path), _Counter(), renamed)


def edited_file(
    folder: Path, sheet: str, cells: Mapping[tuple[int, int], object]
) -> tuple[str, bytes]:
    """Return name and bytes of a sheet's CSV file with changed cells, in the same CSV format.

    ``cells`` are the new values by row and column (1 is the first); None is a blank cell.
    """
    path = next(f for f in sorted(folder.iterdir()) if sheet_of(f.name) == sheet)
    file = SheetFile.of(read_file(path), _RECORDS[sheet])
    lines = {number: list(texts) for number, texts in file.rows}
    decimal_mark = file.decimal_mark or open_folder(folder).decimal_mark or "."
    for (row, position), value in sorted(cells.items()):
        texts = lines.setdefault(row, [])
        texts += [""] * (position - len(texts))
        if value is None or isinstance(value, str):
            texts[position - 1] = guarded(legible(value or ""))
        else:
            text = repr(value).replace(".", decimal_mark)
            texts[position - 1] = f"{text}0" if _UNSURE.fullmatch(text) else text
    width = max(map(len, lines.values()), default=0)
    output = io.StringIO(newline="")
    if file.separator not in SEPARATORS:  # then the first line names it
        output.write(f"sep={file.separator}\r\n")
        lines = {number - 1: texts for number, texts in lines.items()}
    writer = csv.writer(output, delimiter=file.separator, lineterminator="\r\n")
    for number in range(1, max(lines, default=0) + 1):
        texts = lines.get(number, [])
        writer.writerow([*texts, *[""] * (width - len(texts))] if any(texts) else [])
    return path.name, output.getvalue().encode("utf-8-sig")


def parse_cell(text: str, column: Column | None, decimal_mark: str) -> object:
    """Return the value of a CSV text in a column; ``column`` None: a column of text."""
    convert = _kept_as_text if column is None else _converter(column)
    return _cell_value(text, convert, decimal_mark) if text else None


def csv_bytes(rows: Iterable[Iterable[object]]) -> bytes:
    """Return rows as CSV for programs and Excel: UTF-8 with a byte-order mark, CR LF.

    Texts are quoted and numbers are not; a blank cell is an empty text. A text that spreadsheets
    would read as a formula is ``guarded``.
    """

    def cell(value: object) -> object:
        if isinstance(value, str):
            return guarded(value)
        return 0.0 if isinstance(value, float) and value == 0 else value  # -0.0 is 0.0

    output = io.StringIO(newline="")
    writer = csv.writer(output, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows(map(cell, row) for row in rows)
    return output.getvalue().encode("utf-8-sig")
