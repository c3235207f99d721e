"""The XML of one worksheet to the values of its cells, a row at a time."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.etree.ElementTree import XMLPullParser

from planner.workbook.grid import Cells, Fault
from planner.workbook.plain import MAIN, PlainRows

UNSAVED = Fault(
    "a formula without a saved value", "open it in Excel or LibreOffice, let it calculate and save"
)
_DIGITS = "0123456789"
_ROW = f"{{{MAIN}}}row"


def rows(book: Any, sheet: Any, *, stale: bool) -> Iterator[tuple[int, Cells]]:
    """Yield row number and cells of each row of an openpyxl read-only worksheet.

    Wholly blank rows may be left out. ``stale``: a formula's 0 counts as no saved value.

    Rows of numbers and texts, as nearly all are, are taken from the text of the XML, five times
    quicker than from its elements; every other row goes through an XML parser, as does all that
    stands around the rows. Both give the same cells.
    """
    with sheet.parent._archive.open(sheet._worksheet_path) as source:  # noqa: SLF001
        reader = _Reader(book, sheet, stale=stale)
        plain = PlainRows(reader.strings, reader.dates, formulas=not stale)
        parser: Any = XMLPullParser(events=("end",))
        number = 0
        for piece in _filled(source):
            at = 0
            while at < len(piece):
                taken = plain.take(piece, at)
                if taken is not None:
                    number, cells, at = taken
                    yield number, cells
                    continue
                end = piece.find(b"<row ", at + 1)
                part = piece[at:end] if end > 0 else piece[at:]
                at += len(part)
                plain.pass_by(part)
                parser.feed(part)
                for element in _rows_of(parser):
                    said = element.get("r")
                    number = int(float(said)) if said else number + 1
                    yield number, reader.cells(element, number)
                    element.clear()
                plain.is_on = plain.is_on and not (stale and reader.arrays)
        parser.close()


def _rows_of(parser: Any) -> Iterator[Any]:
    for _, element in parser.read_events():
        if element.tag == _ROW:
            yield element


class _Reader:
    """Reads cells as openpyxl does, and tells a formula without a value from a blank."""

    def __init__(self, book: Any, sheet: Any, *, stale: bool) -> None:
        from openpyxl.worksheet._reader import (
            FORMULA_TAG,
            INLINE_STRING,
            VALUE_TAG,
            WorkSheetParser,
        )

        self.stale = stale
        self.strings = sheet._shared_strings  # noqa: SLF001
        self.formula, self.value_tag = FORMULA_TAG, VALUE_TAG
        self.values = {VALUE_TAG, INLINE_STRING}
        self.parser = WorkSheetParser(
            io.BytesIO(),
            self.strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,  # noqa: SLF001
            timedelta_formats=book._timedelta_formats,  # noqa: SLF001
        )
        self.dates = {str(style) for style in book._date_formats}  # noqa: SLF001
        self.positions: dict[str, int] = {}
        self.arrays: list[tuple[int, int, int, int]] = []
        """First column and row, last column and row of each formula over several cells."""

    def cells(self, row: Any, number: int) -> list[tuple[int, object]]:
        """Return position and value of the cells of a row; blank ones may be among them."""
        found = []
        place = 0
        for element in row:
            address = element.get("r")
            place = self._position(address) if address else place + 1
            value = self._value(element)
            if self.arrays and (value is None or (self.stale and value == 0)):
                is_text = element.get("t") == "str"
                if not is_text and self._in_array(place, number):
                    value = UNSAVED
            found.append((place, value))
        return found

    def _in_array(self, column: int, row: int) -> bool:
        """Whether a cell belongs to a formula that stands in the first of its cells."""
        return any(c <= column <= d and r <= row <= s for c, r, d, s in self.arrays)

    def _position(self, address: str) -> int:
        column = address.rstrip(_DIGITS)
        place = self.positions.get(column)
        if place is None:
            from openpyxl.utils import column_index_from_string

            place = self.positions[column] = column_index_from_string(column)
        return place

    def _value(self, element: Any) -> object:
        try:
            if len(element) == 1 and element[0].tag == self.value_tag:
                # nearly every cell: a plain number, or a text kept once for the workbook
                kind, text = element.get("t", "n"), element[0].text
                if kind == "s" and text:
                    return self.strings[int(text)]
                if kind == "n" and text and element.get("s") not in self.dates:
                    return float(text) if "." in text or "e" in text.lower() else int(text)
            return self._careful(element)
        except (ValueError, LookupError, OverflowError):
            return Fault("a cell that cannot be read")

    def _careful(self, element: Any) -> object:
        if sum(part.tag in self.values for part in element) > 1:
            return Fault("a cell that holds two values")
        self._array(element.find(self.formula))
        cell = self.parser.parse_cell(element)
        value: object = cell["value"]
        if cell["data_type"] == "e":
            return Fault(f"the error value {value}")
        if value is None or (self.stale and value == 0):
            is_text = element.get("t") == "str"  # a formula whose saved value is no text
            if element.find(self.formula) is not None and not is_text:
                return UNSAVED
        return value

    def _array(self, formula: Any) -> None:
        """Keep the cells that a formula fills: those after the first carry no formula."""
        if formula is None or formula.get("t") != "array" or ":" not in formula.get("ref", ""):
            return
        from openpyxl.utils import range_boundaries

        first, top, last, bottom = range_boundaries(formula.get("ref"))
        if first and top and last and bottom:
            self.arrays.append((first, top, last, bottom))


_PIECE = 1 << 18
_BLANK_CELL = re.compile(rb'<c r="[A-Z]{1,3}\d{1,7}"[^<>]*(?:/>|(?<!/)></c>)')
_BLANK_ROW = re.compile(rb'<row r="\d{1,7}"[^<>]*(?:/>|(?<!/)>\s*</row>)')


def _filled(source: BinaryIO) -> Iterator[bytes]:
    """Yield a sheet's XML without blank formatted cells and rows, which may be a million.

    Each piece ends where a row begins, or a cell of a row that is longer than a piece.
    """
    rest = b""
    while piece := source.read(_PIECE):
        whole = rest + piece
        cut = whole.rfind(b"<row ")
        if cut <= 0:
            cut = whole.rfind(b"<c ")
        if cut <= 0:  # no cell begins here: hand it on, but for a tag that is cut in two
            cut = whole.rfind(b"<")
        if cut <= 0:
            cut = len(whole)
        whole, rest = whole[:cut], whole[cut:]
        if kept := _BLANK_ROW.sub(b"", _BLANK_CELL.sub(b"", whole)):
            yield kept
    if rest:
        yield rest
