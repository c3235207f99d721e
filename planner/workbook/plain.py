"""Rows of a worksheet that hold only numbers and texts, from the text of its XML."""

from __future__ import annotations

import re
from collections.abc import Sequence

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

_START = rb'<c r="([A-Z]{1,3})\d{1,7}"(?: s="(\d+)")?(?: t="(s|n|str|inlineStr)")?>'
_FORMULA = rb"(?:<f(?: [^<>]*)?(?:/>|>[^<>]*</f>))?"
_VALUE = rb'(?:<v>([^<>&\r]+)</v>|<is><t(?: xml:space="preserve")?>([^<>&\r]+)</t></is>)</c>'
_ODD_NUMBER = re.compile(rb"<v>[-+0-9.eE]*_")
"""What Python takes for a number where XML has none, such as 1_000."""
_ROW = rb'<row r="(\d{1,7})"[^<>]*(?<!/)>((?:%s)+)</row>'
"""What a row looks like that needs no parser: no markup or escape is left out of sight."""


class PlainRows:
    """Takes rows from the text of a worksheet as long as it is sure what stands there."""

    def __init__(self, strings: Sequence[str], dates: set[str], *, formulas: bool) -> None:
        """Know the workbook's texts, and the formats (``s``) that make a number a date.

        ``formulas``: a cell's saved value is taken where a formula stands before it.
        """
        self.is_on = False
        self._strings, self._dates = strings, {style.encode() for style in dates}
        cell = _START + (_FORMULA if formulas else b"") + _VALUE
        self._cell = re.compile(cell)
        self._row = re.compile(_ROW % re.sub(rb"\((?!\?)", b"(?:", cell))
        self._places: dict[bytes, int] = {}
        self._known = False

    def pass_by(self, part: bytes) -> None:
        """Hear what is not taken: where the rows begin and end, and what makes all unsure."""
        if b"<worksheet" in part and not self._known:
            declared = re.search(rb"encoding=[\"'](.*?)[\"']", part)
            text = declared is None or declared[1].lower() == b"utf-8"
            self._known = text and f' xmlns="{MAIN}"'.encode() in part
        if self._known and b"<sheetData>" in part:
            self.is_on = True
        if b"</sheetData" in part or b"<!" in part:  # a comment may hide rows
            self.is_on = self._known = False

    def take(self, piece: bytes, at: int) -> tuple[int, list[tuple[int, object]], int] | None:
        """Return number, cells and end of the row that begins at a place; None: not sure."""
        match = self._row.match(piece, at) if self.is_on else None
        if match is None:
            return None
        try:
            cells = self._cells(match[2])
        except (ValueError, LookupError, OverflowError):
            return None
        return None if cells is None else (int(match[1]), cells, match.end())

    def _cells(self, row: bytes) -> list[tuple[int, object]] | None:
        """Return position and value of each cell of a row."""
        strings, dates, places = self._strings, self._dates, self._places
        found: list[tuple[int, object]] = []
        if b"_" in row and _ODD_NUMBER.search(row):
            return None
        for column, style, kind, value, text in self._cell.findall(row):
            place = places.get(column) or self._place(column)
            if kind == b"s" and value.isdigit():
                found.append((place, strings[int(value)]))
            elif (not kind or kind == b"n") and value and style not in dates:
                is_whole = not (b"." in value or b"e" in value or b"E" in value)
                found.append((place, int(value) if is_whole else float(value)))
            elif (kind == b"str" and value) or (kind == b"inlineStr" and text):
                found.append((place, (value or text).decode()))
            else:
                return None
        return found

    def _place(self, column: bytes) -> int:
        from openpyxl.utils import column_index_from_string

        place = self._places[column] = column_index_from_string(column.decode())
        return place
