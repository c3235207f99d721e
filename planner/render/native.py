"""Pictures drawn as native Excel charts: series, axes, legend, and a sheet of charts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from models.results.field import Format
from planner.render import palette, style, table
from planner.render.chart import Form, Picture, Role, Series, colour_of, decimals, round_step, spans
from planner.render.words import width_of

LARGE, SMALL = (760, 400), (500, 300)
"""Width and height in pixels."""
_SCALES = ((1e8, "#,##0,,", "million t"), (1e6, "#,##0.0,,", "million t"),
           (1e4, "#,##0,", "thousand t"), (0.0, "#,##0", "t"))  # fmt: skip
_ROUND = (1.0, 2.0, 5.0, 10.0)
"""Steps of an axis, before multiplying by a power of ten."""
_NEGLIGIBLE = 0.02
"""If values reach below 0 by less than this fraction of the axis, it starts at 0."""
_LEAST_SHARE = 0.01
"""Least upper end of an axis of shares, so that smaller shares look flat."""
_TITLE_LINE = {True: 46, False: 66}
"""Characters on a line of the title of a small chart, and of a large one."""
_STEP = 0.2
_FULL_FROM = 0.45
"""Stacked shares get an axis up to 100 % only if one is above this; columns side by side always."""
_LABEL_LETTER, _AXIS_TITLE, _MARGIN = 6, 40, 14
"""Pixels: width of a label's letter, of a vertical axis with a title, and of one without."""
_MOST_LABEL = 0.45
"""Most of a chart's width that labels may take; longer ones are on two lines."""
_ROW, _ROW_POINTS = 21, 15.75
"""Height of each row in pixels and in points. It is set because charts span rows: a program that
resizes empty rows would squash the charts."""
_FEW = 3
"""Up to this many categories, columns are narrow."""
_MANY = 8
"""With more categories than this, their names are smaller."""
LINE_COLOURS = (*palette.COLOURS[:-1], palette.INK)
_MARKS = ("circle", "square", "diamond", "triangle")
"""Lines also differ in their markers, for prints without colour."""
_MOST_MARKS = 40
"""Most points of a line that are marked."""
_COLUMN = 64
"""Width of each column in pixels. It is set because the print area consists of whole columns."""
_ACROSS = (2 * (LARGE[0] + 16)) // _COLUMN
"""The last printed column."""
_LETTER = 10
"""Average width of a title's letter in pixels, with some margin."""
_TOP, _PAGE = 3, 48
"""Rows above the first chart, and rows on a printed page."""


def draw_charts(  # noqa: PLR0913, PLR0917 - a workbook and its parts
    book: xlsxwriter.Workbook,
    sheet: Any,
    pictures: Sequence[Picture],
    data: table.Table,
    styles: style.Styles,
    titles: tuple[str, str],
) -> None:
    """Draw the pictures from the sheet of chart data: two large or three small ones per row.

    ``titles`` are the plan's title, and its scenario and options.
    """
    title, made_by = titles
    sheet.hide_gridlines(2)
    sheet.set_default_row(_ROW_POINTS)
    sheet.set_column_pixels(0, _ACROSS, _COLUMN)
    room = (_ACROSS + 1) * _COLUMN / _LETTER
    sheet.set_row(0, 26 * max(1, math.ceil(width_of(title) / room)))
    head = {"bold": True, "font_size": 16, "font_color": palette.NAVY, "text_wrap": True}
    fmt = styles.get(**head, align="left")
    sheet.merge_range(0, 0, 0, _ACROSS, "", fmt)
    sheet.write_string(0, 0, title, fmt)
    caption = "The numbers behind each chart are in the sheet Chart data."
    caption = caption if pictures else "There is nothing to draw."
    caption = f"Scenario: {made_by}. {caption}" if made_by else caption
    sheet.write_string(1, 0, caption, styles.get(font_color=palette.INK))
    row, breaks, full = _TOP, [], _PAGE
    for small in (False, True):
        wide, high = SMALL if small else LARGE
        pairs = zip(pictures, spans(pictures), strict=True)
        chosen = [(picture, rows) for picture, rows in pairs if picture.small is small]
        per_row, down = (3 if small else 2), high // _ROW + 1
        for i, (picture, rows) in enumerate(chosen):
            if i % per_row == 0:
                if row + down > full:
                    breaks.append(row)
                    full = row + _PAGE
                top, row = row, row + down
            placing = {"x_offset": (i % per_row) * (wide + 16), "y_offset": 6, "object_position": 2}
            sheet.insert_chart(top, 0, native_chart(book, picture, rows, data.name), placing)
    for below in range(1, row + 1):
        sheet.set_row(below, _ROW_POINTS)
    style.on_a4(sheet, f"Charts: {made_by}" if made_by else "Charts")
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, row, _ACROSS)  # one column more than needed, so that no edge is cut
    sheet.set_h_pagebreaks(breaks)


def native_chart(
    book: xlsxwriter.Workbook, picture: Picture, rows: Sequence[tuple[int, int]], sheet: str
) -> Any:
    """Return a picture's chart, which reads the rows of each series in a sheet of chart data."""
    drawn, over, many = book.add_chart(_KINDS[picture.form]), None, 0
    for series, (first, last) in zip(picture.series, rows, strict=True):
        options = {
            "name": [sheet, first + 1, 1],
            "categories": [sheet, first + 1, 2, last + 1, 2],
            "values": [sheet, first + 1, 3, last + 1, 3],
        }
        line = _line_format(series.role, picture.form)
        if line is not None:
            over = over or book.add_chart({"type": "line"})
            over.add_series(options | line)
            continue
        is_line = picture.form is Form.LINES
        fmt = _curve(series, many) if is_line else _fill_format(series, many, picture)
        drawn.add_series(options | fmt)
        many += series.role is Role.ONE_OF_MANY
    if over is not None:
        drawn.combine(over)
    _frame_chart(drawn, picture)
    return drawn


_KINDS = {
    Form.GROUPED: {"type": "column"},
    Form.STACKED: {"type": "column", "subtype": "stacked"},
    Form.BARS: {"type": "bar", "subtype": "stacked"},
    Form.AGAINST: {"type": "column"},
    Form.LINES: {"type": "scatter", "subtype": "straight_with_markers"},
}


def _line_format(role: Role, form: Form) -> dict[str, Any] | None:
    """Return the format of a series that is drawn as a line over columns; None for other series.

    A limit over grouped columns is a separate stroke for each category, since nothing between
    categories has a meaning.
    """
    if form is Form.GROUPED and role is Role.LIMIT:
        stroke = {"color": palette.VERMILION}
        mark = {"type": "long_dash", "size": 20, "fill": stroke, "border": stroke}
        return {"line": {"none": True}, "marker": mark}
    if form is not Form.AGAINST or role is Role.PLAN:
        return None
    if role is Role.LIMIT:
        return {"line": {"color": palette.VERMILION, "width": 3, "dash_type": "square_dot"}}
    return {"line": {"color": palette.INK, "width": 1.5}}


def _fill_format(series: Series, number: int, picture: Picture) -> dict[str, Any]:
    colour = colour_of(series, number)
    fmt: dict[str, Any] = {"gap": 300 if len(picture) <= _FEW else 70}
    if series.role is Role.SHORT:
        hatch = {"fg_color": palette.VERMILION, "bg_color": palette.WHITE}
        fmt["pattern"] = {"pattern": "wide_upward_diagonal", **hatch}
        return fmt | {"border": {"color": palette.VERMILION, "width": 0.75}}
    return fmt | {"fill": {"color": colour}, "border": {"color": palette.WHITE, "width": 0.5}}


def _curve(series: Series, number: int) -> dict[str, Any]:
    """Return the format of a line, with a marker at each point unless there are too many."""
    colour = colour_of(series, number, LINE_COLOURS)
    if series.role is Role.HERE:  # an error bar from the value down to the scale is the stroke
        stroke = {"color": colour, "width": 2, "dash_type": "dash"}
        down = {"type": "percentage", "value": 100, "direction": "minus", "end_style": 0}
        dot = {"type": "short_dash", "size": 7, "fill": {"color": colour}}
        return {"line": {"none": True}, "marker": dot, "y_error_bars": down | {"line": stroke}}
    fill = {"color": colour}
    kind = "square" if series.role is Role.SHORT else _MARKS[number % len(_MARKS)]
    mark: dict[str, Any] = {"type": kind, "size": 5, "fill": fill, "border": fill}
    if len(series.values) > _MOST_MARKS:
        mark = {"type": "none"}
    return {"line": {"color": colour, "width": 2.25}, "marker": mark}


# ---- title, axes, scales, plot and legend --------------------------------------------------------


def _frame_chart(chart: Any, picture: Picture) -> None:
    """Give a chart its title, axes, plot, legend and size."""
    wide, high = SMALL if picture.small else LARGE
    size = 9 if picture.small else 10
    plain = {"name": palette.FONT, "size": size, "color": palette.INK}
    axis_title, scale = picture.axis, "0%"
    if picture.fmt is Format.TONNES:
        scale, unit = next(s[1:] for s in _SCALES if picture.highest >= s[0])
        axis_title = f"{axis_title} ({unit})"
    elif picture.fmt is not Format.SHARE:
        scale = style.number_format(picture.fmt, picture.numbers)
    title = {"name": palette.FONT, "size": size + 3, "bold": True, "color": palette.NAVY}
    chart.set_title({"name": _plain_title(picture.title), "name_font": title, "overlay": False})
    both = {"name_font": plain | {"bold": False}, "num_font": plain, "line": {"none": True}}
    grid = {"visible": True, "line": {"color": palette.GRID, "width": 0.75}}
    values: dict[str, Any] = both | {
        "name": _plain_title(axis_title), "num_format": scale, "min": 0, "major_gridlines": grid,
    }  # fmt: skip
    across: dict[str, Any] = both | {
        "name": _plain_title(picture.across),
        "num_format": style.number_format(picture.scale, ()),
        "major_tick_mark": "none",
    }
    if picture.form in {Form.GROUPED, Form.STACKED}:
        # names on several lines: rotated names would cover the legend
        across["num_font"] = plain | {"rotation": 0, "size": size - 2 * (len(picture) > _MANY)}
    if picture.fmt is Format.SHARE and (
        picture.form in {Form.GROUPED, Form.AGAINST} or picture.highest > _FULL_FROM
    ):
        steps = math.ceil(round(picture.highest / _STEP, 3))
        values |= {"max": max(1.0, steps * _STEP), "major_unit": _STEP}
    elif picture.fmt is Format.SHARE and picture.form is not Form.LINES:
        values |= _upright(picture)  # few per cent: steps with the digits that tell them apart
    if picture.form is Form.LINES:
        values |= _upright(picture)
        across |= _level(picture)
    elif min(picture.numbers, default=0.0) < 0:
        values |= _upright(picture)
        across |= {"label_position": "low"}
    if picture.form is Form.BARS:
        # The library calls a bar chart's vertical axis y; the largest member is on top.
        across |= {"reverse": True, "crossing": "max"}
        chart.set_x_axis(values)
        chart.set_y_axis(across)
    else:
        chart.set_x_axis(across)
        chart.set_y_axis(values)
    _set_plot_area(chart, picture, plain)
    chart.set_size({"width": wide, "height": high})
    chart.set_chartarea({"border": {"color": palette.GRID}})
    chart.show_hidden_data()
    chart.show_blanks_as("gap")


def _upright(picture: Picture) -> dict[str, Any]:
    """Return the axis of values: from 0, or the lowest value, with the digits its steps need."""
    low, high = min(picture.numbers, default=0.0), picture.highest
    if picture.fmt is Format.SHARE:
        high = max(high, _LEAST_SHARE)
    if -low < _NEGLIGIBLE * high:
        low = 0.0
    low, end, unit = _round_axis(min(low, 0.0), max(high, 0.0), 6)
    # a value above the end of the axis only by rounding would not be drawn
    axis: dict[str, Any] = {"min": low, "max": max(end, high), "major_unit": unit}
    if picture.fmt in {Format.SHARE, Format.MILLIONS}:
        axis["num_format"] = _digits_of(picture.fmt, unit)
    return axis


def _level(picture: Picture) -> dict[str, Any]:
    """Return the horizontal axis of lines, in the order of its categories."""
    ends = picture.places or [0.0]
    low, high, unit = _round_axis(min(ends), max(ends), 8 if picture.small else 12)
    if picture.scale is Format.YEAR:
        low, high, unit = min(ends), max(ends), max(1.0, round(unit))
    axis: dict[str, Any] = {"min": low, "max": high, "major_unit": unit, "label_position": "low"}
    if picture.scale is Format.SHARE:
        axis["num_format"] = _digits_of(picture.scale, unit)
    if ends[0] > ends[-1]:
        axis |= {"reverse": True, "crossing": "max"}
    return axis


def _round_axis(low: float, high: float, most: int) -> tuple[float, float, float]:
    """Return round numbers around ``low`` and ``high``, and a round step between them."""
    if high - low <= abs(high) * 1e-9:
        high = low + (abs(low) or 1.0)
    rough = (high - low) / most
    unit = round_step(rough, _ROUND)
    first, last = math.floor(low / unit + 1e-9), math.ceil(high / unit - 1e-9)
    return round(first * unit, 12), round(last * unit, 12), round(unit, 12)


def _digits_of(fmt: Format, unit: float) -> str:
    """Return a number format with the decimals that steps of this size need."""
    shown = unit * 100 if fmt is Format.SHARE else unit
    after = decimals(shown, 7)
    digits = f"0.{'0' * after}" if after else "0"
    return f"{digits}%" if fmt is Format.SHARE else f"#,##{digits}"


def _set_plot_area(chart: Any, picture: Picture, plain: dict[str, Any]) -> None:
    """Set the plot area, whatever size a program gives the legend."""
    is_bars = picture.form is Form.BARS
    left = (0.23 if picture.small else 0.2) if is_bars else (0.13 if picture.small else 0.1)
    if is_bars:
        longest = max((width_of(str(name)) for name in picture.categories), default=0)
        wide, _ = SMALL if picture.small else LARGE
        beside = _AXIS_TITLE if picture.across else _MARGIN
        left = max(left, min(_MOST_LABEL, (longest * _LABEL_LETTER + beside) / wide))
    top, below = (0.14, 0.26) if picture.small else (0.12, 0.25)
    if width_of(picture.title) > _TITLE_LINE[picture.small]:
        top += 0.06
    if picture.form is Form.LINES:  # one line of labels, so that the plot reaches further down
        left, below = (0.11 if picture.small else left), (0.26 if picture.small else 0.21)
    plot = {"x": left, "y": top, "width": 0.97 - left, "height": 1.0 - top - below}
    is_line = picture.form is Form.LINES
    if picture.is_panel and is_line:  # plots of one width, low, one above another
        chart.set_plotarea({"layout": {"x": 0.07, "y": 0.24, "width": 0.74, "height": 0.52}})
        chart.set_legend({"position": "right", "font": plain})
        return
    # If the title says what the only series is, there is no legend. A single part of a stack needs
    # one, except bars of the plan or of shortage: titles name these.
    is_in_title = len(picture.series) == 1 and picture.form is not Form.STACKED
    is_in_title &= not is_bars or picture.series[0].role in {Role.PLAN, Role.SHORT}
    if is_in_title:
        plot["height"] = 1.0 - top - (0.16 if is_line else below - 0.08)
    chart.set_plotarea({"layout": plot})
    chart.set_legend({"none": True} if is_in_title else {"position": "bottom", "font": plain})


def _plain_title(title: str) -> str:
    """Return a title that is not read as a reference to a cell, whatever a mineral is called.

    XlsxWriter reads `=Sheet!A1` in a title as a reference; a zero-width space prevents that.
    """
    return title.replace("!", "!\u200b")
