"""Reads the values of a worksheet's cells from its XML, row by row."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import IO, Any, NamedTuple
from xml.etree.ElementTree import XMLPullParser, iterparse

from planner.workbook import archive, findings, grid, number_format
from planner.workbook.archive import MAIN, Archive, RefusedError, local

UNSAVED = grid.Fault(
    "a formula without a saved value", "open it in Excel or LibreOffice, let it calculate and save"
)
_DIGITS = "0123456789"
_ROW_TAG, _MERGE, _COLUMN, _ALL_ROWS, _RULE = (
    f"{{{MAIN}}}{tag}" for tag in ("row", "mergeCell", "col", "sheetFormatPr", "cfRule")
)
_NEW_RULES = "{http://schemas.microsoft.com/office/spreadsheetml/2009/9/main}conditionalFormatting"
_TAGS = {_ROW_TAG, _MERGE, _COLUMN, _ALL_ROWS, _RULE, _NEW_RULES}
"""Elements that are used; all others are skipped."""
_AREAS = "sqref"
_OUTER = 2
"""Elements around a row or a merged area: the sheet, and the list of rows or merged areas."""
_NUMBER = re.compile(r"\s*[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\s*")
_COUNT = re.compile(r"\s*[0-9]+\s*")


@dataclass(frozen=True)
class FormatsToCheck:
    """Number formats that may show a value as a different one, by the cell's style (``s``).

    ``dates`` are styles of dates and times, ``rules`` number formats of conditional formats by id.
    """

    numbers: Mapping[str, str]
    texts: Mapping[str, str]
    dates: frozenset[str]
    rules: Mapping[str, str]


def formats_of(book: Any) -> FormatsToCheck:
    """Return the number formats of a workbook that have to be checked."""
    from openpyxl.styles.numbers import BUILTIN_FORMATS_MAX_SIZE, builtin_format_code

    dates = frozenset(map(str, book._date_formats))  # noqa: SLF001
    custom = book._number_formats  # noqa: SLF001
    codes: dict[str, str] = {}
    for i, style in enumerate(book._cell_styles):  # noqa: SLF001
        number = style.numFmtId - BUILTIN_FORMATS_MAX_SIZE
        code = custom[number] if number >= 0 else builtin_format_code(style.numFmtId)
        codes[str(i)] = code or number_format.GENERAL
    rules = {
        str(i): str(each.numFmt.formatCode)
        for i, each in enumerate(book._differential_styles.styles)  # noqa: SLF001
        if each.numFmt is not None
    }
    numbers = {k: c for k, c in codes.items() if k not in dates}
    return FormatsToCheck(
        numbers={k: c for k, c in numbers.items() if not number_format.shows_numbers(c)},
        texts={k: c for k, c in codes.items() if number_format.other_text(c, "Text")},
        dates=dates,
        rules={k: c for k, c in rules.items() if not number_format.shows_numbers(c)},
    )


# ---- volatile formulas ---------------------------------------------------------------------------

_FUNCTIONS = (
    "RAND", "RANDBETWEEN", "RANDARRAY", "NOW", "TODAY", "OFFSET", "INDIRECT", "CELL", "INFO",
)  # fmt: skip
_IN_QUOTES, _NAMES = re.compile(r'"[^"]*"'), re.compile(r"[\w.\\?]+")


class VolatileWords:
    """Finds what makes a formula volatile: a function, or a name that stands for one."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """Know the workbook's names, each with its formula."""
        self._words = self._pattern(())
        users = defaultdict[str, list[str]](list)
        for name, formula in names.items():
            for word in set(_NAMES.findall(_IN_QUOTES.sub("", formula.casefold()))):
                users[word].append(name)
        volatile = [name for name, formula in names.items() if self.function_in(formula)]
        seen = set(volatile)
        for name in volatile:  # the list grows by names that use a volatile name
            more = [user for user in users[name.casefold()] if user not in seen]
            seen.update(more)
            volatile += more
        self._words = self._pattern(volatile)
        self._hints = [word.upper().encode() for word in ("RAND", *_FUNCTIONS[3:], *volatile, "&")]

    @staticmethod
    def _pattern(names: Iterable[str]) -> re.Pattern[str]:
        functions, calls = "|".join(_FUNCTIONS), "|".join(map(re.escape, names))
        either = rf"(?:{functions})(?=\s*\()" + (rf"|(?:{calls})(?![\w.(])" if calls else "")
        return re.compile(rf"(?<![\w.])(?:_xlfn\.)?({either})", re.IGNORECASE)

    def function_in(self, formula: str) -> str:
        """Return the volatile function or name in a formula, "" if there is none."""
        match = self._words.search(_IN_QUOTES.sub("", formula))
        return match[1].upper() if match else ""

    def may_be_in(self, piece: bytes) -> bool:
        """Return whether a piece of XML may contain a volatile formula."""
        capital = piece.upper() if b"<f" in piece else b""
        return any(hint in capital for hint in self._hints)


@dataclass
class SheetSource:
    """A workbook whose sheets are being read, with the bytes and cells read so far.

    ``is_stale``: a formula's 0 counts as no saved value. ``formats`` have to be checked.
    """

    archive: Archive
    book: Any
    texts: Sequence[str]
    is_stale: bool
    formats: FormatsToCheck
    volatile: VolatileWords
    bytes: int = 0
    cells: int = 0

    def count(self, *, bytes_: int = 0, cells: int = 0) -> None:
        """Count bytes and cells; RefusedError above the limits."""
        self.bytes, self.cells = self.bytes + bytes_, self.cells + cells
        if self.cells > archive.MOST_CELLS:
            msg = f"the file has more than {archive.MOST_CELLS:,} cells"
            raise RefusedError(msg)
        if self.bytes > archive.MOST_UNPACKED:
            msg = f"the sheets of the file unpack to more than {archive.MOST_UNPACKED:,} bytes"
            raise RefusedError(msg)


def rows(
    source: SheetSource, part: str, extras: grid.SheetExtras
) -> Iterator[tuple[int, grid.Cells]]:
    """Yield number and cells of each row of a sheet; collect everything else in ``extras``.

    Blank rows may be left out.

    Nearly all rows have only numbers and texts. These are read from the XML by a regular
    expression, five times quicker than by a parser. An XML parser reads all other rows, and
    everything outside the rows. Both give the same cells.
    """
    for count, row in enumerate(_rows(source, part, extras), start=1):
        if count > archive.MOST_ROWS:
            msg = f"a sheet of the file has more than {archive.MOST_ROWS:,} rows"
            raise RefusedError(msg)
        yield row


def _rows(
    source: SheetSource, part: str, extras: grid.SheetExtras
) -> Iterator[tuple[int, grid.Cells]]:
    reader, tree = _CellReader(source, extras), _Tree(source)
    plain = PlainRows(source.texts, source.formats, formulas=not source.is_stale)
    number = 0
    with source.archive.open(part) as file:
        for piece in _filled(source, file):
            offset = 0
            may_be_volatile = source.volatile.may_be_in(piece)
            reader.may_be_volatile = reader.may_be_volatile or may_be_volatile
            while offset < len(piece):
                taken = plain.take(piece, offset)
                if taken is not None and not (
                    may_be_volatile and source.volatile.may_be_in(piece[offset : taken.end])
                ):
                    number, cells, attributes, offset = taken
                    source.count(cells=len(cells) + 1)
                    if extras.are_rows_hidden or _may_hide(attributes):
                        extras.add_row(number, dict(_ATTRIBUTE.findall(attributes.decode())))
                    yield number, cells
                    continue
                end = piece.find(b"<row ", offset + 1)
                passed = piece[offset:end] if end > 0 else piece[offset:]
                offset += len(passed)
                plain.skip(passed)
                for element in tree.feed(passed):
                    if element.tag != _ROW_TAG:
                        _collect(element, source, extras)
                        continue
                    row_number = element.get("r")
                    number = int(float(row_number)) if row_number else number + 1
                    extras.add_row(number, element.attrib)
                    yield number, reader.cells(element, number)
                plain.is_on = plain.is_on and not (source.is_stale and reader.arrays)
        tree.parser.close()


def _collect(element: Any, source: SheetSource, extras: grid.SheetExtras) -> None:
    """Add an element that is not a row to the extras."""
    if element.tag == _MERGE:
        extras.merged.append(element.get("ref", ""))
    elif element.tag == _COLUMN:
        extras.columns += grid.hidden_columns(element.attrib)
    elif element.tag == _ALL_ROWS:
        extras.are_rows_hidden = grid.is_yes(element.get("zeroHeight", ""))
    elif element.tag == _RULE:
        code = source.formats.rules.get(element.get("dxfId", ""))
        extras.rules += [] if code is None else [(element.get(_AREAS, ""), code)]
    else:
        parts = [each for each in element.iter() if local(each) in {"numFmt", "sqref"}]
        areas = " ".join(each.text or "" for each in parts if local(each) == "sqref")
        codes = (each.get("formatCode", "") for each in parts if local(each) == "numFmt")
        extras.rules += [(areas, code) for code in codes if not number_format.shows_numbers(code)]


class _Tree:
    """An XML parser that is fed in pieces, and forgets the elements of earlier pieces."""

    def __init__(self, source: SheetSource) -> None:
        self.parser: Any = XMLPullParser(events=("start", "end"))
        self._source = source
        self._open: list[Any] = []

    def feed(self, part: bytes) -> Iterator[Any]:
        """Parse the next piece of the XML; yield the elements that are used and end in it."""
        self.parser.feed(part)
        for event, element in self.parser.read_events():
            if event == "start":
                self._open.append(element)
                self._source.count(cells=1)
                continue
            self._open.pop()
            if element.tag in _TAGS:
                if element.tag == _RULE and self._open:
                    element.set(_AREAS, self._open[-1].get(_AREAS, ""))
                yield element
        for i, outer in enumerate(self._open[:_OUTER]):
            is_last_open = len(self._open) > i + 1
            del outer[: len(outer) - is_last_open]


@lru_cache(1024)
def _plain_style(style: str) -> str:
    return str(int(style))


class _CellReader:
    """Reads cells as openpyxl does, but distinguishes a formula without a value from a blank."""

    def __init__(self, source: SheetSource, extras: grid.SheetExtras) -> None:
        from openpyxl.worksheet import _reader

        book, self.stale, self.strings = source.book, source.is_stale, source.texts
        self.formula, self.value_tag = _reader.FORMULA_TAG, _reader.VALUE_TAG
        self.values = {_reader.VALUE_TAG, _reader.INLINE_STRING}
        dates, times = book._date_formats, book._timedelta_formats  # noqa: SLF001
        self.formats, self.volatile, self.extras = source.formats, source.volatile, extras
        self.parser = _reader.WorkSheetParser(
            io.BytesIO(), self.strings, True, book.epoch, dates, times
        )
        self.may_be_volatile = False
        self.arrays: list[grid.Area] = []
        """The areas of array formulas."""

    def cells(self, row: Any, number: int) -> list[tuple[int, object]]:
        cells = []
        place = 0
        for element in row:
            address = element.get("r")
            place = findings.column_number(address.rstrip(_DIGITS)) if address else place + 1
            value = self._value(element)
            if self.may_be_volatile:
                word = self.volatile.function_in(element.findtext(self.formula) or "")
                self.extras.volatile += [(number, place, word)] if word else []
            if self.arrays and self._is_unsaved(element, value):
                in_array = any(
                    area.left <= place <= area.right and area.top <= number <= area.bottom
                    for area in self.arrays
                )
                value = UNSAVED if in_array else value
            cells.append((place, value))
        return cells

    def _value(self, element: Any) -> object:
        try:
            style = _plain_style(element.get("s", "0"))
            if len(element) == 1 and element[0].tag == self.value_tag:
                # nearly every cell: a plain number, or a shared string
                kind, text = element.get("t", "n"), element[0].text
                if kind == "s" and text and _COUNT.fullmatch(text):
                    return self._printed(style, self.strings[int(text)])
                if kind == "n" and text and style not in self.formats.dates:
                    return self._printed(style, _number(text))
            return self._printed(style, self._careful(element, style))
        except (ValueError, LookupError, OverflowError):
            return _unread(element.findtext(self.value_tag) or "")

    def _printed(self, style: str, value: object) -> object:
        """Return a value; as Printed if its format shows it as a different one."""
        other = None
        if type(value) is str and style in self.formats.texts:
            other = number_format.other_text(self.formats.texts[style], value)
        elif (type(value) is float or type(value) is int) and style in self.formats.numbers:
            other = number_format.other_number(self.formats.numbers[style], float(value))
        return value if other is None else grid.Printed(value, *other)  # type: ignore[arg-type]

    def _careful(self, element: Any, style: str) -> object:
        if sum(part.tag in self.values for part in element) > 1:
            return grid.Fault("a cell with two values")
        formula = element.find(self.formula)
        if formula is not None and formula.get("t") == "array" and ":" in formula.get("ref", ""):
            area = grid.area_of(formula.get("ref"))  # only its first cell has the formula
            self.arrays += [] if area is None else [area]
        text = element.findtext(self.value_tag)
        kind = element.get("t", "n")
        if text and not _WRITTEN.get(kind, _ANY).fullmatch(text):
            return _unread(text)
        cell = self.parser.parse_cell(element)
        value: object = cell["value"]
        if kind == "n" and text and style in self.formats.dates:
            return grid.Dated(_number(text), value if cell["data_type"] == "d" else None)
        if cell["data_type"] == "e":
            return grid.Fault(f"the error value {value}")
        value = value + 0.0 if type(value) is float else value  # no -0
        is_formula = formula is not None
        return UNSAVED if is_formula and self._is_unsaved(element, value) else value

    def _is_unsaved(self, element: Any, value: object) -> bool:
        return element.get("t") != "str" and (value is None or (self.stale and value == 0))


_ANY = re.compile(r".*", re.DOTALL)
_WRITTEN = {"n": _NUMBER, "s": _COUNT}
"""Valid values of a cell, by its type: Python would also accept 1_000 and non-ASCII digits."""


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text) + 0.0 if "." in text or "e" in text.lower() else int(text)  # no -0


def _unread(text: str) -> grid.Fault:
    message = f"a cell that cannot be read: {findings.quoted(text)} is not a number"
    return grid.Fault(message, "type the number again")


_PIECE = 1 << 18
_LONGEST = 1 << 20
"""Bytes of the longest text: a cell holds 32,767 letters."""
_BLANK_CELL = re.compile(rb'<c r="[A-Z]{1,3}\d{1,7}"[^<>]*(?:/>|(?<!/)></c>)')
_BLANK_ROW = re.compile(rb'<row r="\d{1,7}"[^<>]*(?:/>|(?<!/)>\s*</row>)')


def _filled(source: SheetSource, file: IO[bytes]) -> Iterator[bytes]:
    """Yield a sheet's XML without blank formatted cells and rows, which may be a million.

    Each piece ends where a row begins, or a cell of a row that is longer than a piece.
    """
    rest, quiet = b"", 0
    while piece := file.read(_PIECE):
        source.count(bytes_=len(piece))
        quiet = 0 if b"<" in piece else quiet + len(piece)
        if quiet > _LONGEST:
            msg = "a sheet has a text that is too long for a cell"
            raise RefusedError(msg)
        whole = rest + piece
        # if no cell begins in the piece, all of it but an incomplete tag is yielded
        cuts = (whole.rfind(tag) for tag in (b"<row ", b"<c ", b"<"))
        cut = next((cut for cut in cuts if cut > 0), len(whole))
        whole, rest = whole[:cut], whole[cut:]
        if kept := _BLANK_ROW.sub(b"", _BLANK_CELL.sub(b"", whole)):
            yield kept
    if rest:
        yield rest


# ---- plain rows, which need no parser -----------------------------------------------------------

_START = rb'<c r="([A-Z]{1,3})\d{1,7}"(?: s="(0|[1-9]\d*)")?(?: t="(s|n|str|inlineStr)")?>'
_FORMULA = rb"(?:<f(?: [^<>]*)?(?:/>|>[^<>]*</f>))?"
_VALUE = rb'(?:<v>([^<>&\r]+)</v>|<is><t(?: xml:space="preserve")?>([^<>&\r]+)</t></is>)</c>'
_PYTHON_NUMBER = re.compile(rb"<v>[-+0-9.eE]*_")
"""A value such as 1_000, which is a number in Python but not in XML."""
_ROW = rb'<row r="(\d{1,7})"([^<>]*)(?<!/)>((?:%s)+)</row>'
"""A plain row: it has no markup or escape that only a parser understands."""


_TALL, _ATTRIBUTE = re.compile(rb' ht="[1-9]'), re.compile(r"(\w+)\s*=\s*[\"']([^\"']*)[\"']")


def _may_hide(attributes: bytes) -> bool:
    return b"hidden" in attributes or (b"ht" in attributes and not _TALL.search(attributes))


class PlainRow(NamedTuple):
    """A plain row: its number, its cells, its attributes, and the offset of its end."""

    number: int
    cells: list[tuple[int, object]]
    attributes: bytes
    end: int


class PlainRows:
    """Reads plain rows from the XML of a worksheet without a parser."""

    def __init__(self, strings: Sequence[str], formats: FormatsToCheck, *, formulas: bool) -> None:
        """Set up the patterns; ``formulas``: cells with a formula and a saved value are plain, too.

        ``strings`` are the workbook's shared strings.
        """
        self.is_on = False
        self._strings = strings
        self._numbers = _coded({*formats.dates, *formats.numbers})
        self._texts = _coded(formats.texts)
        cell = _START + (_FORMULA if formulas else b"") + _VALUE
        self._cell = re.compile(cell)
        self._row = re.compile(_ROW % re.sub(rb"\((?!\?)", b"(?:", cell))
        self._known = False

    def skip(self, part: bytes) -> None:
        """Look in skipped XML for the start and end of the rows, and for comments."""
        if b"<worksheet" in part and not self._known:
            declared = re.search(rb"encoding=[\"'](.*?)[\"']", part)
            text = declared is None or declared[1].lower() == b"utf-8"
            self._known = text and f' xmlns="{MAIN}"'.encode() in part
        self.is_on = self.is_on or (self._known and b"<sheetData>" in part)
        if b"</sheetData" in part or b"<!" in part:  # a comment may hide rows
            self.is_on = self._known = False

    def take(self, piece: bytes, offset: int) -> PlainRow | None:
        """Return the row that begins at an offset; None if it needs the parser."""
        match = self._row.match(piece, offset) if self.is_on else None
        if match is None:
            return None
        try:
            cells = self._cells(match[3])
        except (ValueError, LookupError, OverflowError):
            return None
        if cells is None:
            return None
        return PlainRow(int(match[1]), cells, match[2], match.end())

    def _cells(self, row: bytes) -> list[tuple[int, object]] | None:
        """Return position and value of each cell of a row; None if one needs the parser."""
        strings, numbers, texts = self._strings, self._numbers, self._texts
        cells: list[tuple[int, object]] = []
        if b"_" in row and _PYTHON_NUMBER.search(row):
            return None
        for column, style, kind, value, text in self._cell.findall(row):
            place = _place(column)
            if texts and kind and kind != b"n" and style in texts:
                return None
            if kind == b"s" and value.isdigit():
                cells.append((place, strings[int(value)]))
            elif (not kind or kind == b"n") and value and style not in numbers:
                is_whole = not (b"." in value or b"e" in value or b"E" in value)
                cells.append((place, int(value) if is_whole else float(value) + 0.0))
            elif (kind == b"str" and value) or (kind == b"inlineStr" and text):
                cells.append((place, (value or text).decode()))
            else:
                return None
        return cells


def _coded(styles: Iterable[str]) -> frozenset[bytes]:
    return frozenset(style.encode() for style in styles) | {b"" for style in styles if style == "0"}


@cache
def _place(column: bytes) -> int:
    return findings.column_number(column.decode())


# ---- shared strings -----------------------------------------------------------------------------

_ENTRY, _TEXT = f"{{{MAIN}}}si", f"{{{MAIN}}}t"


def shared_strings(package: Any) -> list[str]:
    """Return the shared strings by index, as openpyxl reads them."""
    from openpyxl.cell.text import Text
    from openpyxl.xml.constants import SHARED_STRINGS

    from_tree: Any = Text.from_tree
    part = package.package.find(SHARED_STRINGS)
    if part is None:
        return []
    texts: list[str] = []
    with package.archive.open_texts(part.PartName[1:]) as source:
        events = iterparse(source)  # noqa: S314 - expat bounds the growth of entities
        for count, (_, node) in enumerate(events):
            if count > archive.MOST_CELLS:
                msg = f"the texts of the file have more than {archive.MOST_CELLS:,} elements"
                raise RefusedError(msg)
            if node.tag == _ENTRY:
                text: Any = ""
                if len(node) == 1 and node[0].tag == _TEXT:  # nearly all; others have pieces
                    text = node[0].text or ""
                elif len(node):
                    text = from_tree(node).content
                texts.append(str(text).replace("x005F_", ""))
                node.clear()
    return texts
