"""Tables into a workbook: native Excel tables, formats, widths, print set-up."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from models.results.field import Look
from planner.render import native, palette, style
from planner.render.chart import Picture, spans
from planner.render.front import NAME, Front, draw
from planner.render.sheet import Filled, Sheet
from planner.render.study_front import StudyFront, draw_study
from planner.render.table import Column, Table
from planner.scratch import scratch_folder

MOST_ROWS = 1_048_575
"""Rows that a sheet holds below its header."""
_IN_MEMORY = 100_000
"""Cells up to which a workbook's parts are kept in memory (some 90 bytes a cell), not in scratch
files of their own, whose making takes longer than the writing of a small plan."""
_A4, _A3 = 9, 8
_WIDEST_UPRIGHT, _WIDEST_ON_A4 = 160, 215
"""Characters across a front of A4 that can still be read; wider tables are printed on A3."""
_APART, _FAR = 0.005, 0.1
"""Shares that differ by so much from the first row's are coloured, and coloured more."""
_NOTE_LINE, _NOTE_WIDTH = 42, 300
"""Characters on a line of a note, and its width in pixels."""


def write_workbook(  # noqa: PLR0913 - a workbook and its parts
    path: Path,
    tables: Sequence[Table],
    pictures: Sequence[Picture],
    title: str,
    made_by: str = "",
    *,
    charts_before: str = "Plan",
    front: Front | StudyFront | None = None,
) -> None:
    """Write tables and charts to a file; every text is a text, never a formula.

    ``made_by`` says under the title and on every printed page which scenario and options it is of.
    The charts stand before the sheet ``charts_before``; they read from the table "Chart data". A
    table with more rows than a sheet holds goes on in the next: ``Plan``, ``Plan 2``. ``front`` is
    the first page; its chart's numbers are the last in the table "Chart data", a study's the first.
    """
    in_memory = sum(len(t) * len(t.columns) for t in tables) <= _IN_MEMORY
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": in_memory,
        "default_format_properties": {"font_name": palette.FONT, "font_size": palette.FONT_SIZE},
    }
    parts = contextlib.nullcontext() if in_memory else scratch_folder()
    with parts as folder, xlsxwriter.Workbook(str(path), {**options, "tmpdir": folder}) as book:
        book.set_properties({"title": title[:255], "subject": made_by[:255]})
        book.set_size(1920, 1200)
        styles = style.Styles(book)
        first = None if front is None else book.add_worksheet(NAME)
        drawn = None
        for table in tables:
            if table.name == charts_before:
                drawn = book.add_worksheet("Charts")
            for part in _parts(table):
                sheet = book.add_worksheet(part.name, worksheet_class=Sheet)
                _write(sheet, part, styles, made_by)
        if drawn is not None:
            data = next(t for t in tables if t.name == "Chart data")
            native.draw(book, drawn, pictures, data, styles, (title, made_by))
        if first is None or front is None:
            return
        if isinstance(front, StudyFront):
            draw_study(book, first, front, ("Chart data", next(iter(spans(pictures)), ())), styles)
        else:
            shown = [*pictures, *([front.picture] if front.picture is not None else [])]
            rows = spans(shown)[-1] if shown else []
            draw(book, first, front, ("Chart data", rows), styles)


def _parts(table: Table) -> Iterator[Table]:
    """Yield a table, in parts where it has more rows than a sheet."""
    if len(table) <= MOST_ROWS:
        yield table
        return
    for number, first in enumerate(range(0, len(table), MOST_ROWS), start=1):
        rows = slice(first, first + MOST_ROWS)
        columns = tuple(
            replace(c, values=c.values[rows], looks=None if c.looks is None else c.looks[rows])
            for c in table.columns
        )
        sections = {row - first for row in table.sections if first <= row < first + MOST_ROWS}
        name = table.name if number == 1 else f"{table.name} {number}"
        yield replace(table, name=name, columns=columns, sections=frozenset(sections))


def _write(sheet: Sheet, table: Table, styles: style.Styles, made_by: str) -> None:
    rows, last = len(table), len(table.columns) - 1
    sheet.set_default_row(style.ROW_HEIGHT)
    widths = _widths(table)
    sheet.fill(_cells(table, styles), _heights(table, widths))
    heads = [styles.header(c.look, filtered=table.filtered) for c in table.columns]
    sheet.add_tall_table(
        rows,
        last,
        {
            "name": re.sub(r"\W", "_", table.name) + "_table",
            "style": style.TABLE_STYLE,
            "banded_rows": not table.sections,
            "autofilter": table.filtered,
            "columns": [
                {"header": header[:255], "header_format": head}
                for header, head in zip(table.headers, heads, strict=True)
            ],
        },
    )
    for i, (column, wide) in enumerate(zip(table.columns, widths, strict=True)):
        sheet.set_column(i, i, wide)
        _note(sheet, i, column.meaning)
    _heat(sheet, table)
    _lights(sheet, table, styles)
    _against_first(sheet, table, styles)
    sheet.set_row(0, style.HEADER_HEIGHT)
    sheet.freeze_panes(1, 0)
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{max(rows, 1) + 1}"})
    printed = _printed(table)
    if not printed:  # for the screen alone: a front that says so stands for it
        sheet.print_area(0, 0, 0, last)
        sheet.set_header(f"&LNot printed: {rows:,} rows, to be read on the screen")
    elif printed <= last:  # the others are there to be read on the screen
        sheet.print_area(0, 0, max(rows, 1), printed - 1)
    said = f"{table.name}: {made_by}" if made_by else table.name
    print_setup(sheet, said, sum(widths[: printed or None]))


def _heat(sheet: Any, table: Table) -> None:
    """Darken cells from 0 to the largest number of all the heated columns."""
    columns = [i for i, column in enumerate(table.columns) if column.header in table.heat]
    numbers = [v for i in columns for v in table.columns[i].values if isinstance(v, int | float)]
    scale = {
        "type": "2_color_scale",
        "min_type": "num",
        "max_type": "num",
        "min_value": 0,
        "max_value": max(numbers, default=0) or 1,
        "min_color": palette.WHITE,
        "max_color": palette.HEAT,
    }
    for i in columns:
        sheet.conditional_format(1, i, max(len(table), 1), i, scale)


def _lights(sheet: Any, table: Table, styles: style.Styles) -> None:
    """Colour cells by the sign they begin with: ✓ blue, ✗ red-brown, apart to the colour-blind."""
    looks = {
        "✓": styles.get(font_color=palette.GOOD, bg_color=palette.PALE_SKY),
        "✗": styles.get(font_color=palette.BAD, bg_color=palette.PALE_ORANGE, bold=True),
    }
    for i in (i for i, column in enumerate(table.columns) if column.header in table.lights):
        for sign, look in looks.items():
            rule = {"type": "text", "criteria": "begins with", "value": sign, "format": look}
            sheet.conditional_format(1, i, max(len(table), 1), i, rule)


def _against_first(sheet: Any, table: Table, styles: style.Styles) -> None:
    """Colour shares that are above or below the first row's, darker where they are far from it."""
    looks = [
        (">=", _FAR, palette.HEAT), (">=", _APART, palette.PALE_ORANGE),
        ("<=", -_FAR, palette.COOL), ("<=", -_APART, palette.PALE_SKY),
    ]  # fmt: skip
    for i in (i for i, c in enumerate(table.columns) if c.header in table.against_first):
        name = xl_col_to_name(i)
        for sign, by, colour in looks:
            rule = f"=AND(ISNUMBER({name}2),ISNUMBER({name}$2),{name}2-{name}$2{sign}{by:g})"
            look = {"type": "formula", "criteria": rule, "format": styles.get(bg_color=colour)}
            sheet.conditional_format(1, i, max(len(table), 1), i, look | {"stop_if_true": True})


def _printed(table: Table) -> int:
    """Return how many columns are printed: all but notes and sources unless the table says."""
    if table.printed is not None:
        return table.printed
    shown = [i for i, column in enumerate(table.columns) if column.look is not Look.REMARK]
    return shown[-1] + 1


def _widths(table: Table) -> list[float]:
    return [
        style.width(column, filtered=table.filtered, sections=table.sections)
        for column in table.columns
    ]


def _heights(table: Table, widths: Sequence[float]) -> list[float]:
    """Return the height of every row: a program that is left to fit rows does so in its own way."""
    lines = [1] * len(table)
    for column, wide in zip(table.columns, widths, strict=True):
        if column.look in {Look.LONG, Look.SENTENCE}:
            look = column.look
            known = {v: style.lines(v, wide, look) for v in set(column.values)}
            lines = [
                max(most, known[value]) for most, value in zip(lines, column.values, strict=True)
            ]
    heights = [style.ROW_HEIGHT + (most - 1) * style.LINE_HEIGHT for most in lines]
    for row in table.sections:
        heights[row] = style.SECTION_HEIGHT
    return heights


def _note(sheet: Any, column: int, text: str) -> None:
    """Pin a note to a header."""
    if text:
        lines = sum(len(part) // _NOTE_LINE + 1 for part in text.split("\n"))
        size = {
            "width": _NOTE_WIDTH,
            "height": 18 + 16 * lines,
            "font_size": 9,
            "color": palette.NOTE,
        }
        sheet.write_comment(0, column, text, size)


def print_setup(sheet: Any, said: str, wide: float) -> None:
    """Print all columns on a front's width, narrow tables upright; the header on every front."""
    if wide > _WIDEST_UPRIGHT:
        sheet.set_landscape()
    sheet.set_paper(_A3 if wide > _WIDEST_ON_A4 else _A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer(style.footer(said))


def _cells(table: Table, styles: style.Styles) -> Iterator[Filled]:
    """Yield the cells of each column with their formats."""
    section = styles.section()
    for column in table.columns:
        if column.looks is None and not table.sections:
            yield Filled(column.values, styles.cell(column.look, column.values))
            continue
        values = list(column.values)
        formats = _each(column, styles)
        for row in table.sections:
            formats[row] = section
            values[row] = None if values[row] is None else str(values[row])
        yield Filled(values, formats)


def _each(column: Column, styles: style.Styles) -> list[Any]:
    """Return a format for each filled cell; cells with looks of their own go by their own size."""
    if column.looks is None:
        look = styles.cell(column.look, column.values)
        return [None if value is None else look for value in column.values]
    found = []
    for value, look in zip(column.values, column.looks, strict=True):
        if isinstance(value, str):
            found.append(styles.cell(look if look.is_text else Look.TEXT, ()))
        else:
            found.append(None if value is None else styles.cell(look, (value,)))
    return found
