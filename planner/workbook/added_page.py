"""A sheet with texts and tables in the planner's style, which is added to a copy of an input."""

from __future__ import annotations

import math
from typing import Any

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import quote_sheetname
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties

from planner.render import palette
from planner.render.style import number_format
from planner.render.table import Table
from planner.workbook.findings import address, letters

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


def link_to(title: str, cell: str) -> str:
    return f"{quote_sheetname(title)}!{cell}"
