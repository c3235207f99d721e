"""Native Excel charts of the plan's pictures, on one sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from planner.sheets import palette, style
from planner.sheets.axes import LARGE, SMALL, frame
from planner.sheets.picture import Form, Picture, Role, Series, spans
from planner.sheets.table import Table
from planner.sheets.text import width_of

_ROW, _ROW_POINTS = 21, 15.75
"""A row's height in pixels and in points, set for each: charts span rows, and a program that fits
empty rows in its own way would squash them."""
_FEW = 3
"""So few categories have slim columns."""
_LINES = (palette.BLUE, palette.ORANGE, palette.GREEN, palette.PURPLE, palette.SKY, palette.INK)
_HOLDS_LABEL = 0.03
"""A bar of this part of the axis holds its number."""
_MARKS = ("circle", "square", "diamond", "triangle")
"""Lines differ in their marks, too, for those who print without colour."""
_MOST_MARKS = 40
"""Points of a line at most that are marked each."""
_COLUMN = 64
"""A column's width in pixels, set for each: what is printed is whole columns."""
_ACROSS = (2 * (LARGE[0] + 16)) // _COLUMN
"""The last column printed."""
_LETTER = 10
"""Pixels of a letter of the title on average, with some room."""
_TOP, _PAGE = 3, 48
"""Rows above the first chart, and rows on a printed page."""

_FILLS = {
    Role.PLAN: palette.BLUE,
    Role.FREE: palette.LIGHT_GREY,
    Role.LIMIT: palette.VERMILION,
    Role.OTHER: palette.LIGHT_GREY,
    Role.HOME: palette.NAVY,
    Role.STOCK: palette.PALE_ORANGE,
    Role.INSIDE: palette.BLUE,
    Role.INSIDE_IDLE: palette.PALE_SKY,
    Role.OUTSIDE: palette.ORANGE,
    Role.OUTSIDE_IDLE: palette.PALE_ORANGE,
    Role.ANEW: palette.ORANGE,
}


def draw(  # noqa: PLR0913, PLR0917 - a workbook and its parts
    book: xlsxwriter.Workbook,
    sheet: Any,
    pictures: Sequence[Picture],
    data: Table,
    styles: style.Styles,
    titles: tuple[str, str],
) -> None:
    """Draw the pictures, two large or three small ones a row, from the sheet of chart data.

    ``titles`` are the plan's, and what it is made by: scenario and options.
    """
    title, made_by = titles
    sheet.hide_gridlines(2)
    sheet.set_default_row(_ROW_POINTS)
    sheet.set_column_pixels(0, _ACROSS, _COLUMN)
    room = (_ACROSS + 1) * _COLUMN / _LETTER
    sheet.set_row(0, 26 * max(1, math.ceil(width_of(title) / room)))
    sheet.merge_range(0, 0, 0, _ACROSS, "", styles.title())
    sheet.write_string(0, 0, title, styles.title())
    said = "The numbers behind each chart stand in the sheet Chart data."
    said = said if pictures else "There is nothing to draw."
    sheet.write_string(1, 0, f"Scenario: {made_by}. {said}" if made_by else said, styles.caption())
    row, breaks, full = _TOP, [], _PAGE
    for small in (False, True):
        wide, high = SMALL if small else LARGE
        chosen = [
            (picture, rows)
            for picture, rows in zip(pictures, spans(pictures), strict=True)
            if picture.small is small
        ]
        a_row, down = (3 if small else 2), high // _ROW + 1
        for i, (picture, rows) in enumerate(chosen):
            if i % a_row == 0:
                if row + down > full:
                    breaks.append(row)
                    full = row + _PAGE
                at, row = row, row + down
            place = {"x_offset": (i % a_row) * (wide + 16), "y_offset": 6, "object_position": 2}
            sheet.insert_chart(at, 0, chart(book, picture, rows, data.name), place)
    for below in range(1, row + 1):
        sheet.set_row(below, _ROW_POINTS)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.4, bottom=0.5)
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, row, _ACROSS)  # a column more than the charts need: no edge is cut
    sheet.set_h_pagebreaks(breaks)
    sheet.set_footer(style.footer(f"Charts: {made_by}" if made_by else "Charts"))


def chart(
    book: xlsxwriter.Workbook, picture: Picture, rows: Sequence[tuple[int, int]], sheet: str
) -> Any:
    """Return a picture's chart, which reads the rows of each series in a sheet of chart data."""
    kinds = {
        Form.GROUPED: {"type": "column"},
        Form.STACKED: {"type": "column", "subtype": "stacked"},
        Form.BARS: {"type": "bar", "subtype": "stacked"},
        Form.AGAINST: {"type": "column"},
        Form.LINES: {"type": "scatter", "subtype": "straight_with_markers"},
        Form.COUNTS: {"type": "column"},
    }
    made = book.add_chart(kinds[picture.form])
    over = None
    many = 0
    for series, (first, last) in zip(picture.series, rows, strict=True):
        options = {
            "name": [sheet, first + 1, 1],
            "categories": [sheet, first + 1, 2, last + 1, 2],
            "values": [sheet, first + 1, 3, last + 1, 3],
        }
        if picture.form is Form.LINES:
            made.add_series(options | _curve(series, many))
            many += series.role is Role.ONE_OF_MANY
        elif picture.form is Form.AGAINST and series.role is not Role.PLAN:
            over = over or book.add_chart({"type": "line"})
            over.add_series(options | _line(series.role))
        elif series.role is Role.LIMIT and picture.form is Form.GROUPED:
            over = over or book.add_chart({"type": "line"})
            over.add_series(options | _marks())
        else:
            made.add_series(options | _filled(series, many, picture))
            many += series.role is Role.ONE_OF_MANY
    if over is not None:
        made.combine(over)
    frame(made, picture)
    return made


def _filled(series: Series, number: int, picture: Picture) -> dict[str, Any]:
    gap: dict[str, Any] = {"gap": 300 if len(picture) <= _FEW else 70}
    if picture.is_labelled:
        gap = {"gap": 45, "data_labels": _labels(series, number)}
    if picture.form is Form.COUNTS:
        gap = {"gap": 8}
    border = {"border": {"color": palette.WHITE, "width": 0.5}}
    if series.role is Role.SHORT:
        pattern = {
            "pattern": "wide_upward_diagonal",
            "fg_color": palette.VERMILION,
            "bg_color": palette.WHITE,
        }
        return {"pattern": pattern, "border": {"color": palette.VERMILION, "width": 0.75}} | gap
    colour = _FILLS.get(series.role) or palette.COLOURS[number % len(palette.COLOURS)]
    return {"fill": {"color": colour}} | border | gap


def _labels(series: Series, number: int) -> dict[str, Any]:
    """Write values into their bars, but for those too small to hold one."""
    colour = _FILLS.get(series.role) or palette.COLOURS[number % len(palette.COLOURS)]
    is_dark = series.role is not Role.SHORT and colour in {
        palette.BLUE,
        palette.GREEN,
        palette.NAVY,
    }
    words = palette.WHITE if is_dark else palette.INK
    return {
        "value": True,
        "num_format": "0%",
        "font": {"name": palette.FONT, "size": 9, "bold": True, "color": words},
        "custom": [
            None if value is not None and value >= _HOLDS_LABEL else {"delete": True}
            for value in series.values
        ],
    }


def _line(role: Role) -> dict[str, Any]:
    """A line over the plan's columns; the limit's stands out where it meets their tops."""
    if role is Role.LIMIT:
        return {"line": {"color": palette.VERMILION, "width": 3, "dash_type": "square_dot"}}
    return {"line": {"color": palette.INK, "width": 1.5}}


def _curve(series: Series, number: int) -> dict[str, Any]:
    """A line with a mark at each of its points, where there are not too many."""
    colour = _FILLS.get(series.role) or _LINES[number % len(_LINES)]
    mark = _MARKS[number % len(_MARKS)]
    if series.role is Role.SHORT:
        colour, mark = palette.VERMILION, "square"
    fill = {"color": colour}
    return {
        "line": {"color": colour, "width": 2.25},
        "marker": {"type": mark, "size": 5, "fill": fill, "border": fill}
        if len(series.values) <= _MOST_MARKS
        else {"type": "none"},
    }


def _marks() -> dict[str, Any]:
    """A limit is a stroke over its own columns: what lies between categories means nothing."""
    stroke = {"color": palette.VERMILION}
    return {
        "line": {"none": True},
        "marker": {"type": "long_dash", "size": 20, "fill": stroke, "border": stroke},
    }
