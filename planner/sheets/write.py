"""Tables into a workbook: native Excel tables, formats, widths, print set-up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from planner.sheets import charts, style
from planner.sheets.picture import Picture
from planner.sheets.table import Column, Look, Table

_CHARTS_BEFORE = "Plan"
"""The charts stand before this sheet."""
_A4 = 9


def write_workbook(
    path: Path, tables: Sequence[Table], pictures: Sequence[Picture], title: str
) -> None:
    """Write tables and charts to a file; every text is a text, never a formula."""
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": title[:255]})
        book.set_size(1920, 1200)
        styles = style.Styles(book)
        drawn = None
        for table in tables:
            if table.name == _CHARTS_BEFORE:
                drawn = book.add_worksheet("Charts")
            _write(book.add_worksheet(table.name), table, styles)
        if drawn is not None:
            data = next(t for t in tables if t.name == "Chart data")
            charts.draw(book, drawn, pictures, data, styles, title)


def _write(sheet: Any, table: Table, styles: style.Styles) -> None:
    rows, last = len(table), len(table.columns) - 1
    _cells(sheet, table, styles)
    header = styles.header()
    sheet.add_table(
        0,
        0,
        max(rows, 1),
        last,
        {
            "name": re.sub(r"\W", "_", table.name) + "_table",
            "style": style.TABLE_STYLE,
            "banded_rows": not table.sections,
            "autofilter": table.filtered,
            "columns": [{"header": h[:255], "header_format": header} for h in table.headers],
        },
    )
    for i, column in enumerate(table.columns):
        wide = style.width(column, filtered=table.filtered, sections=table.sections)
        sheet.set_column(i, i, wide)
    sheet.set_row(0, style.HEADER_HEIGHT)
    sheet.freeze_panes(1, 0)
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{max(rows, 1) + 1}"})
    printed = [i for i, column in enumerate(table.columns) if column.look is not Look.REMARK]
    if len(printed) <= last:  # notes and sources are there to be read on the screen
        sheet.print_area(0, 0, max(rows, 1), printed[-1])
    print_setup(sheet, table.name)


def print_setup(sheet: Any, name: str) -> None:
    """Print landscape on A4, all columns on a page's width, the header on every page."""
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer(f"&L{name}&RPage &P of &N")


def _cells(sheet: Any, table: Table, styles: style.Styles) -> None:
    section = styles.section()
    for i, column in enumerate(table.columns):
        if column.looks is None:
            _column(sheet, i, column, styles, table.sections)
        else:
            _mixed(sheet, i, column, styles, table.sections)
        for row in table.sections:
            value = column.values[row]
            if value is None:
                sheet.write_blank(row + 1, i, None, section)
            else:
                sheet.write_string(row + 1, i, str(value), section)


def _column(
    sheet: Any, i: int, column: Column, styles: style.Styles, skipped: frozenset[int]
) -> None:
    look = styles.cell(column.look, column.values)
    text, number = sheet.write_string, sheet.write_number
    for row, value in enumerate(column.values):
        if value is None or row in skipped:
            continue
        if isinstance(value, str):
            text(row + 1, i, value, look)
        else:
            number(row + 1, i, value, look)


def _mixed(
    sheet: Any, i: int, column: Column, styles: style.Styles, skipped: frozenset[int]
) -> None:
    """Write a column whose cells have looks of their own, each number by its own size."""
    for row, (value, look) in enumerate(zip(column.values, column.looks or (), strict=True)):
        if value is None or row in skipped:
            continue
        if isinstance(value, str):
            text = look if look.is_text else Look.TEXT
            sheet.write_string(row + 1, i, value, styles.cell(text, ()))
        else:
            sheet.write_number(row + 1, i, value, styles.cell(look, (value,)))
