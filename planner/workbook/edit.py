"""Writes a copy of an input workbook with some cells changed; formats, formulas, drop-downs stay.

``AddedPage`` adds a sheet with texts and tables in the planner's style to it.

Macros and drawn shapes are lost, as openpyxl cannot keep them. openpyxl also writes formulas
without their values, so these are put back afterwards. A formula that depends on a changed cell is
replaced by its old value, which belongs to the row in the input.
"""

from __future__ import annotations

import io
import math
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from openpyxl.comments import Comment
from openpyxl.formula.tokenizer import Token, Tokenizer
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import quote_sheetname, range_boundaries
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.table import TableColumn
from openpyxl.xml.functions import fromstring

from models.case import fold
from planner.render import palette
from planner.render.style import number_format
from planner.render.table import Table
from planner.scratch import scratch_file
from planner.workbook.findings import address, letters
from planner.workbook.grid import Area, area_of, paused_gc

_EXTENSION = "{http://schemas.microsoft.com/office/spreadsheetml/2009/9/main}"
_FORMULA = "{http://schemas.microsoft.com/office/excel/2006/main}"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_COMMENT_WIDTH, _COMMENT_LETTERS, _LINE, _COMMENT_HEIGHT = 340, 52, 17, 420
_FORMULA_CELL = re.compile(
    rb'<c r="([A-Z]+\d+)"((?: s="\d+")?)>(<f\b[^>]*(?:/>|>[^<]*</f>))<v\s*(?:/>|></v>)</c>'
)
"""A cell with a formula as openpyxl writes it, without its value."""
_UNSURE = re.compile(r"\b(?:INDIRECT|OFFSET)\(", re.IGNORECASE)
"""Functions whose result depends on cells that the formula does not name."""
_LAST_ROW, _LAST_COLUMN = 1 << 20, 1 << 14


class SavedValue(NamedTuple):
    """A formula's saved value: its type in the file, and the value as text."""

    kind: str
    text: str

    @property
    def value(self) -> str | float | bool | None:
        """The value of the cell as it was read; None if it is blank."""
        if self.kind == "b":
            return self.text == "1"
        if self.kind in {"str", "e"}:
            return self.text
        return float(self.text) if self.text else None


def load(source: Path) -> tuple[Any, dict[tuple[str, str], SavedValue]]:
    """Return openpyxl's workbook for editing, and the saved values of formulas by (sheet, cell)."""
    content = source.read_bytes()
    reader: Any = ExcelReader(io.BytesIO(content), keep_vba=False, rich_text=True)
    reader.read()
    book = reader.wb
    book.template = False  # a template's copy is a workbook
    parts = {sheet.name: rel.target for sheet, rel in reader.parser.find_sheets()}
    saved: dict[tuple[str, str], SavedValue] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for sheet in book.worksheets:
            part = archive.read(parts[sheet.title])
            _keep_drop_downs(sheet, part)
            if b"<f" in part:
                saved.update(_saved(sheet.title, part))
    return book, saved


def _keep_drop_downs(sheet: Any, content: bytes) -> None:
    """Keep drop-downs with a list on another sheet, which Excel stores as an extension."""
    if b":dataValidation " not in content:
        return
    attributes = set(DataValidation.__attrs__) - {"sqref", "count"}
    for rule in fromstring(content).iter(f"{_EXTENSION}dataValidation"):
        cells = rule.findtext(f"{_FORMULA}sqref")
        if not cells:
            continue
        options: Any = {name: value for name, value in rule.attrib.items() if name in attributes}
        for name in ("formula1", "formula2"):
            options[name] = rule.findtext(f"{_EXTENSION}{name}/{_FORMULA}f")
        sheet.add_data_validation(DataValidation(sqref=cells, **options))


def _saved(title: str, part: bytes) -> Iterator[tuple[tuple[str, str], SavedValue]]:
    for cell in fromstring(part).iter(f"{_MAIN}c"):
        if cell.find(f"{_MAIN}f") is not None:
            text = cell.findtext(f"{_MAIN}v")
            if text is not None:
                yield (title, cell.get("r", "")), SavedValue(cell.get("t", "n"), text)


def fit_comments(sheet: Any) -> None:
    """Give every comment a box that fits its text; openpyxl does not keep the size."""
    for _, comment in comments(sheet):
        wrapped = (1 + len(line) // _COMMENT_LETTERS for line in comment.text.split("\n"))
        comment.width = _COMMENT_WIDTH
        comment.height = min(_COMMENT_HEIGHT, (1 + sum(wrapped)) * _LINE)


def comments(sheet: Any) -> Iterator[tuple[Any, Comment]]:
    """Yield the cells with a comment; iterating over rows would create missing cells."""
    for cell in list(sheet._cells.values()):  # noqa: SLF001
        if cell.comment is not None:
            yield cell, cell.comment


def show_first(book: Any, sheet: Any) -> None:
    """Select one sheet, at which the workbook opens; two selected sheets are edited together."""
    for other in book.worksheets:
        other.sheet_view.tabSelected = other is sheet
    book.active = book.worksheets.index(sheet)
    book.views[0].firstSheet = 0


# ---- changes of cells ----------------------------------------------------------------------------


@dataclass
class EditedBook:
    """An input workbook whose cells are changed one by one, and then saved elsewhere.

    ``changed`` has the changed cells (row, column) by title of the sheet; ``fixed`` the formulas
    (title, cell) that were replaced by their values.
    """

    book: Any
    saved: dict[tuple[str, str], SavedValue] = field(default_factory=dict)
    changed: dict[str, set[tuple[int, int]]] = field(default_factory=dict)
    fixed: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def open(cls, source: Path) -> EditedBook:
        with warnings.catch_warnings(), paused_gc():
            warnings.simplefilter("ignore")  # about content that openpyxl cannot keep
            return cls(*load(source))

    def sheet(self, name: str) -> Any | None:
        """Return the sheet with a name, ignoring case and spaces, or None."""
        return next((s for s in self.book.worksheets if fold(s.title) == fold(name)), None)

    def put(self, sheet: Any, row: int, column: int, value: object) -> None:
        """Set a cell's value and keep its format."""
        cell = sheet.cell(row, column)
        cell.value = value
        if isinstance(value, str) and value:
            cell.data_type = "s"  # also one that looks like a formula
        self.changed.setdefault(sheet.title, set()).add((row, column))

    def clear(self, sheet: Any, row: int) -> None:
        for column in range(1, sheet.max_column + 1):
            if sheet.cell(row, column).value is not None:
                self.put(sheet, row, column, None)

    def add_row(self, sheet: Any, cells: Mapping[int, object]) -> int:
        """Add a row below the last, formatted like it; return its number."""
        last = _last_row(sheet)
        for column in range(1, sheet.max_column + 1):
            _copy_format(sheet.cell(last + 1, column), sheet.cell(last, column))
        for column, value in cells.items():
            self.put(sheet, last + 1, column, value)
        for table in sheet.tables.values():
            area = area_of(table.ref)
            if area is not None and area.bottom == last:
                _resize(table, area._replace(bottom=last + 1))
        filtered = area_of(sheet.auto_filter.ref) if sheet.auto_filter.ref else None
        if filtered is not None and filtered.bottom == last:
            sheet.auto_filter.ref = str(filtered._replace(bottom=last + 1))
        return last + 1

    def add_column(self, sheet: Any, header_row: int, title: str) -> int:
        """Add a column right of the last header, formatted like it; return its number."""
        last = max(c for c in range(1, sheet.max_column + 1) if sheet.cell(header_row, c).value)
        for row in range(header_row, _last_row(sheet) + 1):
            _copy_format(sheet.cell(row, last + 1), sheet.cell(row, last))
        self.put(sheet, header_row, last + 1, title)
        for table in sheet.tables.values():
            area = area_of(table.ref)
            if area is not None and (area.top, area.right) == (header_row, last):
                number = max((c.id for c in table.tableColumns), default=0) + 1
                table.tableColumns.append(TableColumn(id=number, name=title))
                _resize(table, area._replace(right=last + 1))
        return last + 1

    def add_sheet(self, name: str, headers: Sequence[str], after: Sequence[str], like: Any) -> Any:
        """Add a sheet with a header row formatted ``like`` a cell, ``after`` the last of others."""
        there = [i for i, s in enumerate(self.book.worksheets) if fold(s.title) in set(after)]
        sheet = self.book.create_sheet(name, max(there, default=len(self.book.worksheets)) + 1)
        for column, header in enumerate(headers, start=1):
            self.put(sheet, 1, column, header)
            _copy_format(sheet.cell(1, column), like)
            sheet.column_dimensions[letters(column)].width = max(12.0, len(header) + 4.0)
        sheet.freeze_panes = "A2"
        return sheet

    # ---- saving ---------------------------------------------------------------------------------

    def write(self, path: Path) -> None:
        """Save the workbook, each formula with its value: call ``fix`` before."""
        for sheet in self.book.worksheets:
            fit_comments(sheet)
        calculation = self.book.calculation
        calculation.fullCalcOnLoad = calculation.forceFullCalc = False  # all values are saved
        with scratch_file(path.parent, ".xlsx") as plain:
            with warnings.catch_warnings(), paused_gc():
                warnings.simplefilter("ignore")
                self.book.save(plain)
            # openpyxl writes the sheets in order to parts with these names
            parts = {
                f"xl/worksheets/sheet{number}.xml": {
                    cell: value for (title, cell), value in self.saved.items() if title == name
                }
                for number, name in enumerate((s.title for s in self.book.worksheets), start=1)
            }
            with (
                zipfile.ZipFile(plain) as source,
                zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target,
            ):
                for item in source.infolist():
                    content, values = source.read(item), parts.get(item.filename)
                    if values:
                        content = _FORMULA_CELL.sub(partial(_with_value, values), content)
                    target.writestr(item, content)

    def fix(self) -> None:
        """Replace formulas that depend on a changed cell by their values."""
        for title, place in sorted(self.saved):
            cell = self.book[title][place]
            formula = cell.value if isinstance(cell.value, str) else getattr(cell.value, "text", "")
            if cell.data_type == "f" and self._depends_on_change(title, formula or ""):
                cell.value = self.saved[title, place].value
                self.fixed.append((title, place))

    def _depends_on_change(self, title: str, formula: str) -> bool:
        if _UNSURE.search(formula):
            return True
        tokens = Tokenizer(f"={formula.removeprefix('=')}").items
        ranges = (t.value for t in tokens if t.type == Token.OPERAND and t.subtype == Token.RANGE)
        return any(self._is_changed(title, each) for each in ranges)

    def _is_changed(self, title: str, reference: str) -> bool:
        """Return whether a reference includes a changed cell; assumed if it is no plain range."""
        named = self.book.defined_names.get(reference)
        sheet, _, cells = (named.attr_text if named is not None else reference).rpartition("!")
        name = sheet.strip("'").replace("''", "'") or title
        try:
            left, top, right, bottom = range_boundaries(cells)
        except (ValueError, TypeError):
            return bool(self.changed)
        return any(
            (top or 1) <= row <= (bottom or _LAST_ROW)
            and (left or 1) <= column <= (right or _LAST_COLUMN)
            for row, column in self.changed.get(name, ())
        )


def link_to(title: str, cell: str) -> str:
    return f"{quote_sheetname(title)}!{cell}"


def _last_row(sheet: Any) -> int:
    rows = (c.row for c in sheet._cells.values() if c.value is not None)  # noqa: SLF001
    return max(rows, default=1)


def _copy_format(cell: Any, like: Any) -> None:
    if like.has_style:
        cell._style = copy(like._style)  # noqa: SLF001


def _resize(table: Any, area: Area) -> None:
    table.ref = str(area)
    if table.autoFilter is not None:
        table.autoFilter.ref = str(area)


def _with_value(values: Mapping[str, SavedValue], cell: re.Match[bytes]) -> bytes:
    saved = values.get(cell[1].decode())
    if saved is None:
        return cell[0]
    kind = b"" if saved.kind == "n" else f' t="{saved.kind}"'.encode()
    text = escape(saved.text).encode()
    return b'<c r="%s"%s%s>%s<v>%s</v></c>' % (cell[1], cell[2], kind, cell[3], text)


# ---- added sheets with texts and tables in the planner's style -----------------------------------

_LINE_HEIGHT, _PER_LINE = 15.0, 1.05
_NARROWEST, _WIDEST = 11, 46


def _hex(colour: str) -> str:
    return f"FF{colour.removeprefix('#')}"


_RULE = Side("thin", color=_hex(palette.LINE))
_BOX = Border(left=_RULE, right=_RULE, top=_RULE, bottom=_RULE)


class AddedPage:
    """A sheet that is written from the top; ``row`` is the next free row."""

    def __init__(self, sheet: Any, columns: int) -> None:
        """Begin at the first row of a sheet; texts run over so many ``columns``."""
        self.sheet, self.columns, self.row = sheet, columns, 1
        sheet.sheet_view.showGridLines = False
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = 9
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)

    def title(self, text: str) -> None:
        self._words(text, palette.NAVY, 27, bold=True, size=16)

    def key_sentence(self, text: str) -> None:
        self._words(text, palette.NAVY, 21, bold=True, size=12)

    def heading(self, text: str) -> None:
        self.row += 1
        self._words(text, palette.NAVY, bold=True)

    def paragraph(self, text: str) -> None:
        self._words(text, palette.INK, size=palette.FONT_SIZE)

    def link(self, text: str, sheet: str) -> None:
        cell = self.sheet.cell(self.row, 1)
        self._words(text, palette.BLUE, underline="single")
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=link_to(sheet, "A1"))

    def _words(self, text: str, colour: str, height: float = _LINE_HEIGHT, **font: Any) -> None:
        cell = self.sheet.cell(self.row, 1, text)
        look = Font(name=palette.FONT, color=_hex(colour), **font)
        cell.data_type, cell.font = "s", look
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        self.sheet.merge_cells(
            start_row=self.row, end_row=self.row, start_column=1, end_column=self.columns
        )
        columns = (self.sheet.column_dimensions[letters(c + 1)] for c in range(self.columns))
        wide = sum(float(column.width or _NARROWEST) for column in columns)
        lines = math.ceil(len(text) * _PER_LINE * (look.size or 10) / 10 / wide)
        self.sheet.row_dimensions[self.row].height = height + (lines - 1) * _LINE_HEIGHT
        self.row += 1

    def widths(self, *widths: float) -> None:
        for column, wide in enumerate(widths, start=1):
            self.sheet.column_dimensions[letters(column)].width = wide

    def table(self, table: Table, total: tuple[object, ...] = ()) -> None:
        """Write a table with its header, and a row of totals if given."""
        top = self.row
        for column, of in enumerate(table.columns, start=1):
            side = "left" if of.look.is_text else "right"
            head = self.sheet.cell(top, column, of.header)
            head.font = Font(name=palette.FONT, bold=True, color=_hex(palette.WHITE))
            head.fill = PatternFill("solid", fgColor=_hex(palette.NAVY))
            head.alignment = Alignment(wrap_text=True, vertical="center", horizontal=side)
            head.border = _BOX
            form = number_format(of.look, of.values)
            values = (*of.values, *total[column - 1 : column])
            for row, value in enumerate(values, start=top + 1):
                cell = self.sheet.cell(row, column, value)
                if isinstance(value, str):
                    cell.data_type = "s"
                is_total = row > top + len(table)
                cell.font = Font(name=palette.FONT, size=palette.FONT_SIZE, bold=is_total)
                cell.border = _BOX
                cell.alignment = Alignment(vertical="top", horizontal=side, wrap_text=True)
                cell.number_format = form
        self.sheet.row_dimensions[top].height = 2 * _LINE_HEIGHT + 3
        self.row = top + 1 + len(table) + bool(total)

    def add_filter(self, top: int) -> None:
        """Add a filter to the rows below a header row, and freeze the header."""
        last = max(self.row - 1, top + 1)
        self.sheet.auto_filter.ref = f"A{top}:{address(self.columns, last)}"
        self.sheet.freeze_panes = f"A{top + 1}"
        self.sheet.print_title_rows = f"{top}:{top}"


def fitted(values: list[object]) -> float:
    longest = max((len(str(value)) for value in values), default=0)
    return float(min(max(longest + 2, _NARROWEST), _WIDEST))
