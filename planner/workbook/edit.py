"""Writes a copy of an input in which cells, comments and sheets change; the rest stays as it is.

Each part of a workbook that is not changed is copied to the byte: charts, drawings, formats of
cells, drop-downs. In a changed sheet only the changed cells are written again.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.formula.tokenizer import Token, Tokenizer
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import absolute_coordinate, quote_sheetname, range_boundaries
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties

from models.case import normalize
from planner.render import palette
from planner.render.style import number_format
from planner.render.table import Table
from planner.scratch import is_folder
from planner.workbook import archive, csv_folder
from planner.workbook.archive import WORKSHEET, Archive
from planner.workbook.excel import open_excel
from planner.workbook.findings import Place, address, letters, parse_address
from planner.workbook.grid import Grid
from planner.workbook.package import (
    CellColours,
    EditedSheet,
    SheetTree,
    WorkbookPackage,
    bytes_of,
    grafted,
    grow,
)

_LAST_ROW, _LAST_COLUMN = 1 << 20, 1 << 14
_UNSURE = re.compile(r"\b(?:INDIRECT|OFFSET)\(", re.IGNORECASE)
"""Functions whose result depends on cells that the formula does not name."""

_FILTER = "_xlnm._FilterDatabase"
"""The name that Excel gives to the cells that a sheet filters."""


class EditedCase:
    """The sheets of an input that are changed, and the sheets that are added to them.

    ``titles`` are those of all sheets in their order. ``pages`` has the added pages (openpyxl).
    """

    def __init__(self, titles: Iterable[str]) -> None:
        """Begin with the titles of the input's sheets."""
        self.titles = [*titles]
        self.sheets: dict[str, EditedSheet] = {}
        self.pages: Any = Workbook()
        del self.pages[self.pages.sheetnames[0]]

    def grid(self, title: str) -> Grid:
        raise NotImplementedError

    def sheet(self, name: str) -> EditedSheet | None:
        """Return the sheet with a name, ignoring case and spaces, or None."""
        title = next((each for each in self.titles if normalize(each) == normalize(name)), "")
        if title and title not in self.sheets:
            self.sheets[title] = EditedSheet.of(self.grid(title))
        return self.sheets.get(title)

    def remove(self, title: str) -> None:
        self.titles.remove(title)

    def free(self, name: str) -> str:
        while normalize(name) in map(normalize, self.titles):
            name += "_"
        return name

    def add_page(self, name: str, at: int) -> Any:
        """Add a blank sheet of openpyxl at a place of the list."""
        self.titles.insert(at, self.free(name))
        return self.pages.create_sheet(self.titles[at])

    def add_drawn_page(self, name: str, drawn: bytes) -> None:
        """Add the one sheet of a workbook as the first, before any other is added."""
        self.pages = load_workbook(io.BytesIO(drawn))
        self.titles.insert(0, self.free(name))
        self.pages.worksheets[0].title = self.titles[0]

    def add_sheet(self, name: str, headers: Sequence[str], after: Sequence[str]) -> EditedSheet:
        """Add a sheet with a header row, after the last of others."""
        positions = [i for i, title in enumerate(self.titles) if normalize(title) in set(after)]
        page = self.add_page(name, max(positions, default=len(self.titles) - 1) + 1)
        made = EditedSheet(Grid(page.title, 1, dict(enumerate(headers, start=1))), 1)
        made.cells |= {(1, column): text for column, text in made.grid.header.items()}
        self.sheets[page.title] = made
        return made

    def _fill_pages(self) -> None:
        """Write the cells of added sheets to their pages."""
        for page in self.pages.worksheets:
            if (edit := self.sheets.get(page.title)) is not None:
                AddedPage(page, len(edit.grid.header)).write_cells(edit.cells)

    def fix(self) -> list[tuple[str, str, object]]:
        """Replace formulas that depend on a changed cell by their values; return cell and value."""
        return []


class EditedFolder(EditedCase):
    """A folder of CSV files."""

    def __init__(self, source: Path) -> None:
        self.source = source
        self._grids = {grid.title: grid for grid in csv_folder.open_folder(source).grids}
        super().__init__(self._grids)

    def grid(self, title: str) -> Grid:
        return self._grids[title]

    def written(self) -> tuple[dict[str, bytes], set[str]]:
        """Return the contents of the files that are new or changed, and the names of those gone."""
        self._fill_pages()
        contents: dict[str, bytes] = {}
        for page in self.pages.worksheets:
            rows = page.iter_rows(values_only=True)
            contents[csv_folder.csv_name(page.title)] = csv_folder.csv_bytes(rows)
        for sheet in self.sheets.values():
            if sheet.cells and sheet.grid.file:
                name = csv_folder.sheet_of(sheet.grid.file)
                contents |= [csv_folder.edited_file(self.source, name, sheet.cells)]
        kept = {grid.file for title, grid in self._grids.items() if title in self.titles}
        return contents, {grid.file for grid in self._grids.values()} - kept


class EditedBook(EditedCase):
    """A workbook. Its methods raise the errors of ``BROKEN`` where its XML is damaged."""

    def __init__(self, source: Path) -> None:
        self.source = source
        self._package = WorkbookPackage(Archive(io.BytesIO(archive.file_bytes(source))))
        super().__init__(s.title for s in self._package.sheets)
        self.parts = {s.title: s.part for s in self._package.sheets if s.kind == WORKSHEET}
        self._trees: dict[str, SheetTree] = {}

    @cached_property
    def _sheets(self) -> dict[str, Any]:
        return {sheet.title: sheet for sheet in open_excel(self.source).sheets}

    def grid(self, title: str) -> Grid:
        return self._sheets[title].grid if title in self._sheets else Grid(title)

    def blank(self, title: str) -> EditedSheet:
        """Return a sheet for changes that don't look at its cells."""
        return self.sheets.setdefault(title, EditedSheet(Grid(title), _LAST_ROW))

    def tree(self, title: str) -> SheetTree:
        if title not in self._trees:
            self._trees[title] = SheetTree(self._package.content(self.parts[title]))
        return self._trees[title]

    def notes(self, title: str) -> dict[Place, str]:
        """Return the texts of a sheet's comments by their cell."""
        package = self._package
        part = package.linked(self.parts[title], "comments")
        return {
            parse_address(each.get("ref", "A1")): "".join(
                text.text or "" for text in each.iter() if archive.local(text) == "t"
            )
            for each in (package.archive.elements(part, "comment") if part else ())
        }

    def remove(self, title: str) -> None:
        self._package.remove(self.titles.index(title), self.parts.pop(title))
        super().remove(title)

    def fix(self) -> list[tuple[str, str, object]]:
        fixed: list[tuple[str, str, object]] = []
        for title in self.parts:
            for place, formula in self.tree(title).formulas():
                value, cells = self.tree(title).value(place), self.blank(title).cells
                if value is not None and place not in cells and self._depends(title, formula):
                    self.blank(title).fixed.add(place)
                    fixed.append((title, address(place[1], place[0]), value))
        return fixed

    def _depends(self, title: str, formula: str) -> bool:
        """Return whether a formula depends on a changed cell."""
        if _UNSURE.search(formula):
            return True
        tokens = Tokenizer(f"={formula}").items
        ranges = (t.value for t in tokens if t.type == Token.OPERAND and t.subtype == Token.RANGE)
        names = self._package.names
        return any(
            self._is_changed(title, each)
            for name in ranges
            for each in names.get(normalize(name), [name])
        )

    def _is_changed(self, title: str, reference: str) -> bool:
        """Return whether a reference includes a changed cell; assumed if it is no plain range."""
        sheet, _, cells = reference.rpartition("!")
        edited = self.sheets.get(sheet.strip("'").replace("''", "'") or title)
        if ":" in sheet:  # of several sheets
            cells = ""
        try:
            left, top, right, bottom = range_boundaries(cells)
        except (ValueError, TypeError):
            return any(each.cells for each in self.sheets.values())
        return edited is not None and any(
            (top or 1) <= row <= (bottom or _LAST_ROW)
            and (left or 1) <= column <= (right or _LAST_COLUMN)
            for row, column in edited.cells
        )

    def finished_copy(self, suffix: str, *, show: str = "", recalculate: bool = False) -> bytes:
        """Return the copy. It opens at the page ``show``; Excel recalculates its formulas if asked.

        Macros go unless the copy's name ends in .xlsm, as Excel would not open it.
        """
        package = self._package
        for title, part in self.parts.items():
            edit = self.sheets.get(title)
            if edit is not None and edit.is_changed:
                package.contents[part] = self._edited(part, edit, self.tree(title))
        self._fill_pages()
        for page in self.pages.worksheets:
            page.sheet_view.tabSelected = page.title == show
        made = grafted(self.pages, package.styles) if self.pages.worksheets else {}
        for at, title in enumerate(self.titles):
            if title in made:
                package.insert(at, title, made[title])
        for page in self.pages.worksheets:
            if rows := page.print_title_rows:
                at = self.titles.index(page.title)
                package.define_name(
                    "_xlnm.Print_Titles", f"{quote_sheetname(page.title)}!{rows}", at
                )
        if show:
            package.select_sheet(self.titles.index(show))
        if recalculate:
            for each in package.tree(package.book).iter("{*}calcPr"):
                each.set("fullCalcOnLoad", "1")
        package.set_kind(has_macros=suffix.lower() == ".xlsm")
        return package.packed()

    def _edited(self, part: str, edit: EditedSheet, sheet: SheetTree) -> bytes:
        sheet.write_edit(edit, self._package)
        if edit.notes and (key := self._package.comment(part, edit.notes)):
            sheet.link_notes(key)
        bottom = max([edit.last, *(row for row, _ in edit.cells)])
        tables = [t for kind, t in self._package.archive.links(part) if kind == "table"]
        for table in tables if edit.cells else ():
            grow(self._package.tree(table), edit, bottom)
        for each in sheet.tree.iterchildren("{*}autoFilter"):
            grow(each, edit, bottom)
            title = edit.grid.title
            at = [t for t in self.titles if t not in self.pages.sheetnames].index(title)
            cells = f"{quote_sheetname(title)}!{absolute_coordinate(each.get('ref'))}"
            self._package.define_name(_FILTER, cells, at, only_old=True)
        return bytes_of(sheet.tree)


def formula_cells(source: Path) -> dict[str, set[str]]:
    if is_folder(source):
        return {}
    sheets = open_excel(source).sheets
    return {s.title: {address(column, row) for row, column in s.scan.formulas} for s in sheets}


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

    def write_title(self, text: str) -> None:
        self._words(text, palette.NAVY, 27, bold=True, size=16)

    def paragraph(self, text: str) -> None:
        self._words(text, palette.INK, size=palette.FONT_SIZE)

    def set_link(self, cell: Any, sheet: str, target: str) -> None:
        """Make a cell a link to a cell of another sheet."""
        location = f"{quote_sheetname(sheet)}!{target}"
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=location)
        cell.font = Font(name=palette.FONT, color=_hex(palette.BLUE), underline="single")

    def colour(self, row: int, column: int, fmt: CellColours) -> None:
        cell = self.sheet.cell(row, column)
        cell.fill = PatternFill("solid", fgColor=fmt.fill or "")
        cell.font = Font(name=palette.FONT, color=fmt.ink)

    def _words(self, text: str, colour: str, height: float = _LINE_HEIGHT, **font: Any) -> None:
        cell = self.sheet.cell(self.row, 1, text)
        fmt = Font(name=palette.FONT, color=_hex(colour), **font)
        cell.data_type, cell.font = "s", fmt
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        self.sheet.merge_cells(
            start_row=self.row, end_row=self.row, start_column=1, end_column=self.columns
        )
        columns = (self.sheet.column_dimensions[letters(c + 1)] for c in range(self.columns))
        wide = sum(float(column.width or _NARROWEST) for column in columns)
        lines = math.ceil(len(text) * _PER_LINE * (fmt.size or 10) / 10 / wide)
        self.sheet.row_dimensions[self.row].height = height + (lines - 1) * _LINE_HEIGHT
        self.row += 1

    def widths(self, *widths: float) -> None:
        for column, wide in enumerate(widths, start=1):
            self.sheet.column_dimensions[letters(column)].width = wide

    def write_table(self, table: Table) -> None:
        """Write a table with its header."""
        top = self.row
        for column, c in enumerate(table.columns, start=1):
            side = "left" if c.fmt.is_text else "right"
            self._head(top, column, c.header, side)
            form = number_format(c.fmt, c.values)
            at = Alignment(horizontal=side, vertical="top", wrap_text=True)
            font = Font(name=palette.FONT, size=palette.FONT_SIZE)
            for row, value in enumerate(c.values, start=top + 1):
                cell = self.sheet.cell(row, column, value)
                if isinstance(value, str):
                    cell.data_type = "s"
                cell.font, cell.border, cell.alignment = font, _BOX, at
                cell.number_format = form
        self.sheet.row_dimensions[top].height = 2 * _LINE_HEIGHT + 3
        self.row = top + 1 + len(table)

    def _head(self, row: int, column: int, text: str, side: str) -> None:
        head = self.sheet.cell(row, column, text)
        head.font = Font(name=palette.FONT, bold=True, color=_hex(palette.WHITE))
        head.fill = PatternFill("solid", fgColor=_hex(palette.NAVY))
        head.alignment = Alignment(wrap_text=True, vertical="center", horizontal=side)
        head.border = _BOX

    def write_cells(self, cells: Mapping[Place, object]) -> None:
        """Write the cells of an input's sheet by their place; the first row is its header."""
        self.sheet.sheet_view.showGridLines = True
        for (row, column), value in sorted(cells.items()):
            if row == 1:
                self._head(row, column, str(value), "left")
                self.sheet.column_dimensions[letters(column)].width = fitted([value, " " * 8])
            else:
                cell = self.sheet.cell(row, column, value)
                cell.data_type = "s" if isinstance(value, str) else cell.data_type
            self.row = row + 1
        self.add_filter(1)

    def add_filter(self, top: int) -> None:
        """Add a filter to the rows below a header row, and freeze the header."""
        last = max(self.row - 1, top + 1)
        self.sheet.auto_filter.ref = f"A{top}:{address(self.columns, last)}"
        self.sheet.freeze_panes = f"A{top + 1}"
        self.sheet.print_title_rows = f"{top}:{top}"


def fitted(values: list[object]) -> float:
    longest = max((len(str(value)) for value in values), default=0)
    return float(min(max(longest + 2, _NARROWEST), _WIDEST))
