"""The first page of a study's workbook: question, finding, numbers, charts and cautions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from planner.render import chart, native, palette, style
from planner.render.front import FrontSheet, heading

_COLUMNS, _CARDS = 12, 3
"""Columns of the page; most numbers side by side."""
_WIDE, _POINTS = 13.5, 75.0
"""Width of a column in characters, and in points."""
_PER_ROW, _LEAST, _LEAST_OF_SEVERAL, _MOST = 3, 235.0, 165.0, 420.0
"""Small charts per row; least height in points of a single row of charts, least height of each of
several rows, and greatest height of any."""
_CHART_ROWS, _BETWEEN = 12, 6.0
"""Rows of the sheet that a row of charts covers; gap between two rows of charts, in points."""
_SHAPE = 1.47
"""Width divided by height of a page's printed area."""
CARE = "To read with care"
"""Heading of the sentences on how to read a finding."""
LOOK_UP, _ASKED = "Look up first", "What was asked and assumed"


@dataclass(frozen=True)
class StudyFront:
    """The content of the first page.

    ``numbers`` are name, number in words and remark; ``assumed`` maps what was asked or assumed to
    its value; ``links`` are the other sheets. ``pictures`` are one chart, panels, or small charts
    side by side: the first ones of the workbook. ``care`` are sentences on how to read the finding;
    ``look_up`` are cells to look up first, each with its content.
    """

    title: str
    question: str
    finding: str
    numbers: tuple[tuple[str, str, str], ...]
    assumed: Mapping[str, str]
    links: tuple[str, ...]
    pictures: Sequence[chart.Picture] = ()
    care: Sequence[str] = ()
    look_up: Sequence[tuple[str, str]] = ()


def draw_study(
    book: xlsxwriter.Workbook,
    sheet: Any,
    front: StudyFront,
    data: tuple[str, Sequence[Sequence[tuple[int, int]]]],
    styles: style.Styles,
) -> None:
    """Draw the page; ``data`` is the sheet of chart data, and the rows of each chart's series."""
    page = FrontSheet(sheet, styles, [_WIDE] * _COLUMNS)
    whole = (0, _COLUMNS - 1)
    page.words(0, whole, front.title, bold=True, font_size=16, font_color=palette.NAVY)
    page.words(2, whole, front.question, font_size=12, font_color=palette.MUTED)
    page.words(3, whole, front.finding, bold=True, font_size=12)
    page.row = 5
    _numbers(page, front)
    first, lines = page.row, _lines(front.pictures)
    page.row += len(lines) * _CHART_ROWS + bool(lines)
    if front.care:
        heading(page, page.row, whole, CARE)
        for sentence in front.care:
            page.row += 1
            page.words(page.row, whole, sentence)
        page.row += 2
    for title, pairs in ((LOOK_UP, front.look_up), (_ASKED, front.assumed.items())):
        if not pairs:
            continue
        heading(page, page.row, whole, title)
        for name, value in pairs:
            page.row += 1
            page.words(page.row, (0, 2), name, valign="top", font_color=palette.MUTED)
            page.words(page.row, (3, _COLUMNS - 1), value, valign="top")
        page.row += 2
    heading(page, page.row, whole, "Where to read on")
    for i, name in enumerate(front.links):
        left = 2 * i % _COLUMNS
        page.row += left == 0
        page.link(page.row, (left, left + 1), name, name)
    high = _fitted(page, range(first, first + len(lines) * _CHART_ROWS), len(lines))
    _charts(book, page, first, high, lines, data)
    page.finish(front.title)


def _numbers(page: FrontSheet, front: StudyFront) -> None:
    """Write the numbers in large print beside one another."""
    per_row = min(len(front.numbers), _CARDS)
    for i, (name, number, remark) in enumerate(front.numbers):
        wide = _COLUMNS // per_row
        top, left = page.row + i // per_row * 4, i % per_row * wide
        columns = (left, left + wide - 1)
        edge = {"left": 5, "left_color": palette.WHITE, "indent": 1} if left else {}
        look = {"bg_color": palette.PALE, "top": 2, "top_color": palette.NAVY, **edge}
        page.words(top, columns, name, bold=True, font_color=palette.NAVY, **look)
        large = {"bold": True, "font_size": 18, "font_color": palette.NAVY}
        page.words(top + 1, columns, number, **large, **edge)
        page.words(top + 2, columns, remark, font_size=9, valign="top", **edge)
    page.row += -(-len(front.numbers) // (per_row or 1)) * 4


# ---- charts: they fill the space below the text --------------------------------------------------


def _lines(pictures: Sequence[chart.Picture]) -> list[Sequence[chart.Picture]]:
    """Return the charts row by row: small ones and bars side by side, each line chart alone."""
    per_row = _PER_ROW
    if any(not picture.small for picture in pictures):  # lines share the scale below them
        per_row = 1 if pictures[0].form is chart.Form.LINES else len(pictures)
    return [pictures[i : i + per_row] for i in range(0, len(pictures), per_row)]


def _fitted(page: FrontSheet, rows: range, lines: int) -> float:
    """Give the rows of charts the height that the text leaves free; return the height of a chart.

    A page that is too tall is scaled down to fit, which would leave its right side blank: its
    columns are made wider instead.
    """
    words = sum(page.heights.get(row, page.ROW) for row in range(page.row + 1) if row not in rows)
    room = _COLUMNS * _POINTS / _SHAPE
    least = _LEAST if lines == 1 else _LEAST_OF_SEVERAL
    high = min(max((room - words) / lines, least), _MOST) if lines else 0.0
    for row in rows:
        page.heights[row] = high / _CHART_ROWS
    page.widen(max(1.0, (words + lines * high) / room))
    return high


def _charts(  # noqa: PLR0913, PLR0917 - their places and their data
    book: xlsxwriter.Workbook,
    page: FrontSheet,
    first: int,
    high: float,
    lines: Sequence[Sequence[chart.Picture]],
    data: tuple[str, Sequence[Sequence[tuple[int, int]]]],
) -> None:
    """Draw the charts from row ``first`` on; they move and resize with the cells."""
    rows = iter(data[1])
    wide = (int(page.widths[0] * 7 + 0.5) + 5) * _COLUMNS  # as the library computes pixels
    for i, line in enumerate(lines):
        for j, picture in enumerate(line):
            drawn = native.chart(book, picture, next(rows), data[0])
            across = wide // (_PER_ROW if picture.small else len(line))
            gap = 6 if j + 1 < len(line) else 0
            drawn.set_size({"width": across - gap, "height": int((high - _BETWEEN) * 4 / 3)})
            place = {"object_position": 1, "x_offset": j * across}
            page.sheet.insert_chart(first + i * _CHART_ROWS, 0, drawn, place)
