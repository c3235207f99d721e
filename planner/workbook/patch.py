"""Writes a copy of an input in which only a few cells change; everything else stays, to the byte.

The cells are changed in the XML of a workbook's sheets: formats, formulas and their saved values,
drop-downs, charts and macros are copied as they are.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat
from xml.sax.saxutils import escape

from planner.workbook import csv_folder
from planner.workbook.archive import Archive
from planner.workbook.excel import open_excel
from planner.workbook.findings import address, column_number

Cells = Mapping[tuple[int, int], object]
"""New values by row and column (1 is the first)."""


@dataclass(frozen=True)
class SheetEdit:
    """The new values of a sheet's cells; rows after ``last`` are new, and formatted like it."""

    cells: Cells
    last: int


def write_edited(source: Path, target: Path, edits: Mapping[str, SheetEdit]) -> None:
    """Write a copy of a workbook with changed cells; ``edits`` is by title of the sheet."""
    with Archive(source) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        parts = {s.part: edits[s.title] for s in archive.sheets() if s.title in edits}
        tables = {
            table: edit
            for part, edit in parts.items()
            for kind, table in archive.links(part)
            if kind == "table"
        }
        for info in archive.infolist():
            name = info.filename
            with archive.open(info) as opened:
                content = opened.read()
            if name in parts:
                content = _SheetXml(content).edited(parts[name])
            elif name in tables:  # it is extended over the new rows, if it ended at the last row
                last = tables[name].last
                bottom = max((row for row, _ in tables[name].cells if row > last), default=last)
                content = re.sub(
                    rb'(\bref="[A-Z]+\d+:[A-Z]+)%d"' % last, rb'\g<1>%d"' % bottom, content
                )
            elif name.endswith("xl/workbook.xml"):  # Excel calculates formulas again as it opens
                content = re.sub(rb' fullCalcOnLoad="[^"]*"', b"", content)
                content = content.replace(b"<calcPr", b'<calcPr fullCalcOnLoad="1"')
            copy.writestr(name, content)


def formula_cells(source: Path) -> dict[str, set[str]]:
    if csv_folder.is_folder(source):
        return {}
    sheets = open_excel(source).sheets
    return {s.title: {address(column, row) for row, column in s.scan.formulas} for s in sheets}


# ---- XML -----------------------------------------------------------------------------------------


@dataclass
class _Place:
    start: int
    inner: int
    """The end of the start tag."""
    end: int = 0
    """The end of the element; 0 while it is open."""
    style: str = ""
    cells: dict[int, _Place] = field(default_factory=dict)


class _SheetXml:
    def __init__(self, content: bytes) -> None:
        if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            content = content.decode("utf-16").encode()
            content = re.sub(rb"^<\?xml[^>]*\?>", b"", content.lstrip(b"\xef\xbb\xbf"))
        self.content = content
        self.rows: dict[int, _Place] = {}
        self.data: _Place | None = None
        self.prefix = b""
        self._open: list[_Place] = []
        self._row = 0
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        self._parser = parser
        parser.Parse(content, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        prefix, _, tag = name.rpartition(":")
        start = self._parser.CurrentByteIndex
        place = _Place(start, _behind_tag(self.content, start), style=attributes.get("s", ""))
        self._open.append(place)
        if tag == "sheetData":
            self.data, self.prefix = place, f"{prefix}:".encode() if prefix else b""
        elif tag == "row" and self.data is not None and not self.data.end:
            self._row = int(attributes.get("r", self._row + 1))
            self.rows[self._row] = place
        elif tag == "c" and self.rows and not self.rows[self._row].end:
            cells = self.rows[self._row].cells
            letters = attributes.get("r", "").rstrip("0123456789")
            position = column_number(letters) if letters else max(cells, default=0) + 1
            cells[position] = place

    def _end(self, _: str) -> None:
        place = self._open.pop()
        index = self._parser.CurrentByteIndex
        # an element without an end tag ends where it starts
        place.end = place.inner if index == place.start else _behind_tag(self.content, index)

    # ---- changes ---------------------------------------------------------------------------------

    def edited(self, edit: SheetEdit) -> bytes:
        """Return the XML with cells replaced, or added in their order."""
        if self.data is None:
            return self.content
        pieces: list[tuple[int, int, bytes]] = []
        by_row: dict[int, dict[int, object]] = {}
        for (row, position), value in edit.cells.items():
            by_row.setdefault(row, {})[position] = value
        new = b""
        for row, cells in sorted(by_row.items()):
            if row in self.rows:
                pieces += self._in_row(row, cells, edit.last)
                continue
            inner = b"".join(self._cell(row, p, v, edit.last) for p, v in sorted(cells.items()))
            made = b'<%srow r="%d">%s</%srow>' % (self.prefix, row, inner, self.prefix)
            later = min((r for r in self.rows if r > row), default=0)
            if later:
                at = self.rows[later].start
                pieces.append((at, at, made))
            else:
                new += made
        if new and self.data.inner == self.data.end:  # <sheetData/>
            tag = b"%ssheetData" % self.prefix
            pieces.append((self.data.start, self.data.end, b"<%s>%s</%s>" % (tag, new, tag)))
        elif new:
            at = self.content.rindex(b"<", 0, self.data.end)
            pieces.append((at, at, new))
        parts, reached = [], 0
        for start, end, made in sorted(pieces, key=lambda piece: piece[:2]):
            parts += [self.content[reached:start], made]
            reached = end
        return b"".join([*parts, self.content[reached:]])

    def _in_row(
        self, row: int, cells: Mapping[int, object], last: int
    ) -> Iterator[tuple[int, int, bytes]]:
        place = self.rows[row]
        if place.inner == place.end:  # <row r="7"/>
            inner = b"".join(self._cell(row, p, v, last) for p, v in sorted(cells.items()))
            tag = self.content[place.start : place.end].rstrip().removesuffix(b"/>")
            yield place.start, place.end, b"%s>%s</%srow>" % (tag, inner, self.prefix)
            return
        added: dict[int, bytes] = {}
        for position, value in sorted(cells.items()):
            made = self._cell(row, position, value, last)
            if position in place.cells:
                yield place.cells[position].start, place.cells[position].end, made
                continue
            later = min((p for p in place.cells if p > position), default=0)
            end = self.content.rindex(b"<", place.start, place.end)
            at = place.cells[later].start if later else end
            added[at] = added.get(at, b"") + made
        for at, made in added.items():
            yield at, at, made

    def _cell(self, row: int, position: int, value: object, last: int) -> bytes:
        style = self._style(row, position, last)
        place, p = address(position, row).encode(), self.prefix
        look = b' s="%s"' % style.encode() if style else b""
        if isinstance(value, bool) or not isinstance(value, int | float):
            text = escape(_ILLEGIBLE.sub("?", str(value))).encode()
            return (
                b'<%sc r="%s"%s t="inlineStr"><%sis><%st xml:space="preserve">%s</%st></%sis></%sc>'
                % (p, place, look, p, p, text, p, p, p)
            )
        number = repr(value).encode()
        return b'<%sc r="%s"%s><%sv>%s</%sv></%sc>' % (p, place, look, p, number, p, p)

    def _style(self, row: int, position: int, last: int) -> str:
        """Return the style of a cell; of a new one, that of the last row or of the cell left."""
        for each in (row, last) if row > last else (row,):
            place = self.rows.get(each)
            if place and position in place.cells:
                return place.cells[position].style
        place = self.rows.get(row)
        return place.cells[position - 1].style if place and position - 1 in place.cells else ""


def _behind_tag(content: bytes, start: int) -> int:
    """Return the end of the tag that starts at an offset; a > in quotes does not end it."""
    match = _TAG.match(content, start)
    return match.end() if match else start


_TAG = re.compile(rb"<(?:[^\"'>]|\"[^\"]*\"|'[^']*')*>")
_ILLEGIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
