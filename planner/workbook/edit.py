"""A copy of an input workbook with some cells changed: formats, formulas and drop-downs stay.

It is what openpyxl can keep: macros and drawn shapes are not in the copy. openpyxl writes formulas
without their values, so these are put back in afterwards; a formula that counts on a changed cell
becomes its value, since the number belongs to the row as the input has it.
"""

from __future__ import annotations

import io
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
from openpyxl.utils import quote_sheetname, range_boundaries
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import TableColumn
from openpyxl.xml.functions import fromstring

from models.case import fold
from planner.scratch import scratch_file
from planner.workbook.findings import letters
from planner.workbook.grid import Area, area_of, no_collection

_EXTENSION = "{http://schemas.microsoft.com/office/spreadsheetml/2009/9/main}"
_FORMULA = "{http://schemas.microsoft.com/office/excel/2006/main}"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_COMMENT_WIDTH, _COMMENT_LETTERS, _LINE, _COMMENT_HEIGHT = 340, 52, 17, 420
_FORMULA_CELL = re.compile(
    rb'<c r="([A-Z]+\d+)"((?: s="\d+")?)>(<f\b[^>]*(?:/>|>[^<]*</f>))<v\s*(?:/>|></v>)</c>'
)
"""A cell with a formula as openpyxl writes it, without its value."""
_UNSURE = re.compile(r"\b(?:INDIRECT|OFFSET)\(", re.IGNORECASE)
"""Functions whose cells a formula does not name."""
_LAST_ROW, _LAST_COLUMN = 1 << 20, 1 << 14


class SavedValue(NamedTuple):
    """What a file says that a formula gave: the kind of value, and the value as text."""

    kind: str
    text: str

    @property
    def value(self) -> str | float | bool | None:
        if self.kind == "b":
            return self.text == "1"
        if self.kind in {"str", "e"}:
            return self.text
        return float(self.text) if self.text else None


def load(source: Path) -> tuple[Any, dict[tuple[str, str], SavedValue]]:
    """Read a workbook to change it: openpyxl's, and the values of formulas by sheet and cell."""
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
    """Keep the lists that Excel stores apart, since they stand on another sheet."""
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
    """Give every comment a box that shows all of it; openpyxl does not keep the size."""
    for _, comment in comments(sheet):
        wrapped = (1 + len(line) // _COMMENT_LETTERS for line in comment.text.split("\n"))
        comment.width = _COMMENT_WIDTH
        comment.height = min(_COMMENT_HEIGHT, (1 + sum(wrapped)) * _LINE)


def comments(sheet: Any) -> Iterator[tuple[Any, Comment]]:
    """Yield the cells with a comment; iterating over rows would make those that are not there."""
    for cell in list(sheet._cells.values()):  # noqa: SLF001
        if cell.comment is not None:
            yield cell, cell.comment


def show_first(book: Any, sheet: Any) -> None:
    """Have a workbook open at a sheet; two selected sheets would be edited as one."""
    for other in book.worksheets:
        other.sheet_view.tabSelected = other is sheet
    book.active = book.worksheets.index(sheet)
    book.views[0].firstSheet = 0


# ---- cells that change ---------------------------------------------------------------------------


@dataclass
class EditedBook:
    """An input workbook whose cells are changed one by one, and then saved elsewhere.

    ``changed`` are the cells that got another value, by title, row and column; ``fixed`` are the
    formulas that became their values.
    """

    book: Any
    saved: dict[tuple[str, str], SavedValue] = field(default_factory=dict)
    changed: dict[str, set[tuple[int, int]]] = field(default_factory=dict)
    fixed: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, source: Path) -> EditedBook:
        """Read the workbook to change."""
        with warnings.catch_warnings(), no_collection():
            warnings.simplefilter("ignore")  # what openpyxl cannot keep
            return cls(*load(source))

    def sheet(self, name: str) -> Any | None:
        """Return the sheet of a name, without regard to case and spaces; None: there is none."""
        return next((s for s in self.book.worksheets if fold(s.title) == fold(name)), None)

    def put(self, sheet: Any, row: int, column: int, value: object) -> None:
        """Set a cell; its look stays."""
        cell = sheet.cell(row, column)
        cell.value = value
        if isinstance(value, str) and value:
            cell.data_type = "s"  # also one that looks like a formula
        self.changed.setdefault(sheet.title, set()).add((row, column))

    def clear(self, sheet: Any, row: int) -> None:
        """Take the values out of a row."""
        for column in range(1, sheet.max_column + 1):
            if sheet.cell(row, column).value is not None:
                self.put(sheet, row, column, None)

    def add_row(self, sheet: Any, cells: Mapping[int, object]) -> int:
        """Add a row below all others, by column, in the look of the last; return its number."""
        last = _last_row(sheet)
        for column in range(1, sheet.max_column + 1):
            _take_look(sheet.cell(last + 1, column), sheet.cell(last, column))
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
        """Add a column on the right of all headers, in the look of the last; return its number."""
        last = max(c for c in range(1, sheet.max_column + 1) if sheet.cell(header_row, c).value)
        for row in range(header_row, _last_row(sheet) + 1):
            _take_look(sheet.cell(row, last + 1), sheet.cell(row, last))
        self.put(sheet, header_row, last + 1, title)
        for table in sheet.tables.values():
            area = area_of(table.ref)
            if area is not None and (area.top, area.right) == (header_row, last):
                number = max((c.id for c in table.tableColumns), default=0) + 1
                table.tableColumns.append(TableColumn(id=number, name=title))
                _resize(table, area._replace(right=last + 1))
        return last + 1

    def add_sheet(self, name: str, headers: Sequence[str], after: Sequence[str], like: Any) -> Any:
        """Add a sheet with its header row, behind the last of some others, in another's look."""
        there = [i for i, s in enumerate(self.book.worksheets) if fold(s.title) in set(after)]
        sheet = self.book.create_sheet(name, max(there, default=len(self.book.worksheets)) + 1)
        for column, header in enumerate(headers, start=1):
            self.put(sheet, 1, column, header)
            _take_look(sheet.cell(1, column), like)
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
            with warnings.catch_warnings(), no_collection():
                warnings.simplefilter("ignore")
                self.book.save(plain)
            _put_values_back(plain, path, self._by_part())

    def _by_part(self) -> dict[str, dict[str, SavedValue]]:
        """Return the values of formulas by the part that openpyxl writes their sheet to."""
        parts: dict[str, dict[str, SavedValue]] = {}
        for number, sheet in enumerate(self.book.worksheets, start=1):
            cells = {cell: v for (title, cell), v in self.saved.items() if title == sheet.title}
            if cells:
                parts[f"xl/worksheets/sheet{number}.xml"] = cells
        return parts

    def fix(self) -> None:
        """Make values of the formulas that count on a changed cell; ``fixed`` are these."""
        for title, cell in sorted(self.saved):
            sheet = self.book[title]
            of = sheet[cell]
            if of.data_type != "f":
                continue
            formula = of.value if isinstance(of.value, str) else getattr(of.value, "text", "")
            if self._counts_on_change(title, formula or ""):
                of.value = self.saved[title, cell].value
                self.fixed.append((title, cell))

    def _counts_on_change(self, title: str, formula: str) -> bool:
        if _UNSURE.search(formula):
            return True
        tokens = Tokenizer(formula if formula.startswith("=") else f"={formula}").items
        ranges = (t.value for t in tokens if t.type == Token.OPERAND and t.subtype == Token.RANGE)
        return any(self._is_changed(title, each) for each in ranges)

    def _is_changed(self, title: str, reference: str) -> bool:
        """Return whether a reference reaches a changed cell; what is no plain one is taken to."""
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
    """Return the address of a cell as a link within the workbook has it."""
    return f"{quote_sheetname(title)}!{cell}"


def _last_row(sheet: Any) -> int:
    """Return the last row with a value."""
    rows = (c.row for c in sheet._cells.values() if c.value is not None)  # noqa: SLF001
    return max(rows, default=1)


def _take_look(cell: Any, of: Any) -> None:
    if of.has_style:
        cell._style = copy(of._style)  # noqa: SLF001


def _resize(table: Any, area: Area) -> None:
    table.ref = str(area)
    if table.autoFilter is not None:
        table.autoFilter.ref = str(area)


def _put_values_back(
    plain: Path, path: Path, parts: Mapping[str, Mapping[str, SavedValue]]
) -> None:
    """Write a saved workbook again with the values of its formulas."""
    with (
        zipfile.ZipFile(plain) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for item in source.infolist():
            content = source.read(item)
            values = parts.get(item.filename)
            if values is not None:
                content = _FORMULA_CELL.sub(partial(_with_value, values), content)
            target.writestr(item, content)


def _with_value(values: Mapping[str, SavedValue], cell: re.Match[bytes]) -> bytes:
    saved = values.get(cell[1].decode())
    if saved is None:
        return cell[0]
    kind = b"" if saved.kind == "n" else f' t="{saved.kind}"'.encode()
    text = escape(saved.text).encode()
    return b'<c r="%s"%s%s>%s<v>%s</v></c>' % (cell[1], cell[2], kind, cell[3], text)
