"""The first page of a study's workbook: the question, the finding, its numbers, charts, care."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from planner.render import native, palette, style
from planner.render.chart import Form, Picture
from planner.render.front import Page, head

_COLUMNS, _CARD = 12, 4
"""Columns of the page, and of one number."""
_WIDE, _PIXELS = 13.5, 99
"""Width of a column in characters, and in pixels."""
_HIGH, _PANEL, _SMALL, _A_ROW = 400, 230, 250, 3
"""Height in pixels of the chart, of a panel above another, of a small one; small ones in a row."""
CARE = "To read with care"
"""What is above the sentences on how to read a finding."""


@dataclass(frozen=True)
class StudyFront:
    """What the first page says; ``numbers`` are a name, a number in words and a remark each.

    ``assumed`` is by what was asked; ``links`` are the sheets that follow. ``pictures`` is one, or
    are panels, or small ones that tile; they are the first of all that have their numbers in the
    workbook. ``care`` are sentences on how to read it.
    """

    title: str
    question: str
    finding: str
    numbers: tuple[tuple[str, str, str], ...]
    assumed: Mapping[str, str]
    links: tuple[str, ...]
    pictures: Sequence[Picture] = ()
    care: Sequence[str] = ()


def draw_study(
    book: xlsxwriter.Workbook,
    sheet: Any,
    front: StudyFront,
    data: tuple[str, Sequence[Sequence[tuple[int, int]]]],
    styles: style.Styles,
) -> None:
    """Draw the page; ``data`` is the sheet of chart data, and by chart the rows of its series."""
    page = Page(sheet, styles, [_WIDE] * _COLUMNS)
    whole = (0, _COLUMNS - 1)
    page.words(0, whole, front.title, bold=True, font_size=16, font_color=palette.NAVY)
    page.words(2, whole, front.question, font_size=12, font_color=palette.MUTED)
    page.words(3, whole, front.finding, bold=True, font_size=12)
    page.row = 5
    _numbers(page, front)
    _charts(book, page, front.pictures, data)
    if front.care:
        head(page, page.row, whole, CARE)
        for said in front.care:
            page.row += 1
            page.words(page.row, whole, said)
        page.row += 2
    head(page, page.row, whole, "What was asked and assumed")
    for name, value in front.assumed.items():
        page.row += 1
        page.words(page.row, (0, 2), name, valign="top", font_color=palette.MUTED)
        page.words(page.row, (3, _COLUMNS - 1), value, valign="top")
    page.row += 2
    head(page, page.row, whole, "Where to read on")
    for i, name in enumerate(front.links):
        at = 2 * i % _COLUMNS
        page.row += at == 0
        page.link(page.row, (at, at + 1), name, name)
    page.finish(front.title)


def _numbers(page: Page, front: StudyFront) -> None:
    """Write the numbers in large print beside one another."""
    for i, (name, number, remark) in enumerate(front.numbers):
        top, left = page.row + i // 3 * 4, i % 3 * _CARD
        at = (left, left + _CARD - 1)
        look = {"bg_color": palette.PALE, "top": 2, "top_color": palette.NAVY}
        page.words(top, at, name, bold=True, font_color=palette.NAVY, **look)
        page.words(top + 1, at, number, bold=True, font_size=18, font_color=palette.NAVY)
        page.words(top + 2, at, remark, font_size=9, valign="top")
    page.row += -(-len(front.numbers) // 3) * 4


def _charts(
    book: xlsxwriter.Workbook,
    page: Page,
    pictures: Sequence[Picture],
    data: tuple[str, Sequence[Sequence[tuple[int, int]]]],
) -> None:
    """Draw the chart over the whole page, panels, or small ones beside one another."""
    a_row, high = _A_ROW, _SMALL
    if any(not picture.small for picture in pictures):  # panels: lines share the scale below them
        above = pictures[0].form is Form.LINES
        a_row, high = (1, _PANEL) if above and len(pictures) > 1 else (len(pictures), _HIGH)
    for i, (picture, rows) in enumerate(zip(pictures, data[1], strict=False)):
        made = native.chart(book, picture, rows, data[0])
        made.set_size({"width": _COLUMNS * _PIXELS // a_row, "height": high})
        across = i % a_row * (_COLUMNS // a_row)
        page.sheet.insert_chart(page.row, across, made, {"object_position": 2})
        if across + _COLUMNS // a_row == _COLUMNS or i == len(pictures) - 1:
            page.row += high * 3 // (4 * 16) + (2 if i == len(pictures) - 1 else 1)
