"""The first page: what it is made of, as data, and how it is drawn.

Cards, chart, lights and sentences on one landscape page; or drawn again from its cells.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import xlsxwriter

from planner.render import native, palette, style
from planner.render.chart import Picture
from planner.render.words import clean, width_of

NAME = "Overview"
"""The sheet's name."""


class State(Enum):
    """How a question is answered: a word, and a sign that is told without its colour."""

    GOOD = ("●", "Yes")
    CARE = ("▲", "Partly")
    BAD = ("■", "No")
    NONE = ("○", "Not asked")

    @property
    def words(self) -> str:
        """The sign and the word."""
        return " ".join(self.value)


@dataclass(frozen=True)
class Number:
    """A number in large print: what it is above it, in which format, and of whom below it.

    ``value`` None: not known, and ``of`` says why.
    """

    head: str
    value: float | None
    form: str
    of: str = ""


@dataclass(frozen=True)
class Asked:
    """A question with two numbers, and the sentences that go with them; ``sheet`` has the rest."""

    question: str
    numbers: tuple[Number, Number]
    said: tuple[str, ...]
    sheet: str


@dataclass(frozen=True)
class Light:
    """A question that is answered yes, partly or no; ``sheet`` has the rest."""

    question: str
    state: State
    said: str
    sheet: str


@dataclass(frozen=True)
class Line:
    """A sentence; ``sheet`` has the rest ("" none)."""

    said: str
    sheet: str = ""


@dataclass(frozen=True)
class Front:
    """The first page: three questions, a chart, lights, what changed, what is fragile, whence."""

    title: str
    made_by: str
    asked: tuple[Asked, ...]
    lights: tuple[Light, ...]
    changed: tuple[Line, ...]
    fragile: tuple[Line, ...]
    origin: tuple[str, ...]
    links: tuple[str, ...]
    picture: Picture | None = None

    @property
    def texts(self) -> Iterator[str]:
        """Every sentence on the page."""
        for asked in self.asked:
            yield from (asked.question, *asked.said, *(n.head for n in asked.numbers))
        for light in self.lights:
            yield from (light.question, light.said)
        yield from (line.said for line in (*self.changed, *self.fragile))
        yield from self.origin
        if self.picture is not None:
            yield from (self.picture.title, *(s.name for s in self.picture.series))


# ---- drawn ---------------------------------------------------------------------------------------


_CARD, _GAP = 4, 1
"""Columns of a card, and between two."""
_WIDE, _NARROW = 13.5, 1.6
"""Widths of the columns of a card, and between two, in characters."""
_COLUMNS = 3 * _CARD + 2 * _GAP
_LEFT, _RIGHT = (0, 2 * _CARD + _GAP - 1), (2 * (_CARD + _GAP), _COLUMNS - 1)
"""First and last column of the chart, and of the lights beside it."""
_ROW, _LARGE, _TITLE = 16.5, 36.0, 27.0
"""Heights in points: of a line of words, of large print, of the title."""
_TIGHT = 0.84
"""How wide a letter is on average against a digit; with some room, for fonts differ."""
_COLOUR = {
    State.GOOD: palette.GOOD,
    State.CARE: palette.CARE,
    State.BAD: palette.BAD,
    State.NONE: palette.MUTED,
}
_LEAST_HIGH = 290
"""Pixels that the chart is high at least."""


class Page:
    """A sheet laid out freely, from the top."""

    def __init__(self, sheet: Any, styles: style.Styles) -> None:
        """Begin at the first row."""
        self.sheet = sheet
        self.styles = styles
        self.row = 0
        self.heights: dict[int, float] = {}

    def tall(self, row: int, points: float) -> None:
        """See that a row is at least so high."""
        self.heights[row] = max(self.heights.get(row, _ROW), points)

    def words(self, row: int, columns: tuple[int, int], text: str, **look: object) -> None:
        """Write a text across columns, on as many lines as it takes."""
        usual = {"text_wrap": True, "font_color": palette.INK, "align": "left"}
        form = self.styles.get(**{**usual, **look})
        first, last = columns
        if last > first:
            self.sheet.merge_range(row, first, row, last, "", form)
        # a number and its per cent stay on one line
        self.sheet.write_string(row, first, clean(text).replace(" %", "\u00a0%"), form)
        size = look.get("font_size", palette.FONT_SIZE)
        scale = float(str(size)) / palette.FONT_SIZE
        room = (last - first + 1) * _WIDE - 2.0
        count = max(1, math.ceil(width_of(text) * _TIGHT * scale / room))
        self.tall(row, _ROW * scale + (count - 1) * style.LINE_HEIGHT * scale)

    def link(
        self, row: int, columns: tuple[int, int], name: str, said: str = "", indent: int = 0
    ) -> None:
        """Write a link to a sheet across columns."""
        form = self.styles.get(
            font_color=palette.BLUE, underline=1, align="left" if said else "right", indent=indent
        )
        first, last = columns
        if last > first:
            self.sheet.merge_range(row, first, row, last, "", form)
        self.sheet.write_url(row, first, f"internal:'{name}'!A1", form, said or name)

    def finish(self, columns: int, what: str) -> None:
        """Set heights, and print it all on one landscape page whose foot says of what it is."""
        for row in range(self.row + 1):
            self.sheet.set_row(row, self.heights.get(row, _ROW))
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.set_margins(left=0.4, right=0.4, top=0.4, bottom=0.5)
        self.sheet.print_area(0, 0, self.row, columns - 1)
        self.sheet.fit_to_pages(1, 1)
        self.sheet.set_footer(style.footer(f"Overview: {what}"))


def draw(
    book: xlsxwriter.Workbook,
    sheet: Any,
    front: Front,
    data: tuple[str, Sequence[tuple[int, int]]],
    styles: style.Styles,
) -> None:
    """Draw the first page; ``data`` is the sheet of chart data and the rows of the chart's series.

    Links lead only to sheets that ``front.links`` names.
    """
    page = Page(sheet, styles)
    sheet.hide_gridlines(2)
    sheet.set_default_row(_ROW)
    for i in range(_COLUMNS):
        sheet.set_column(i, i, _NARROW if i % (_CARD + _GAP) == _CARD else _WIDE)
    whole = (0, _COLUMNS - 1)
    page.words(0, whole, front.title, bold=True, font_size=16, font_color=palette.NAVY)
    page.tall(0, _TITLE)
    page.words(1, whole, f"Scenario: {front.made_by}")
    page.row = 3
    _cards(page, front)
    below = page.row
    _lights(page, front)
    _chart(book, page, front, data, below)
    _lists(page, front)
    _foot(page, front)
    page.finish(_COLUMNS, front.made_by)
    sheet.center_horizontally()


def _cards(page: Page, front: Front) -> None:
    top = page.row
    below = top + 4 + max(len(asked.said) for asked in front.asked)
    for i, asked in enumerate(front.asked):
        left = i * (_CARD + _GAP)
        _card(page, top, left, asked)
        if asked.sheet in front.links:
            at = (left, left + _CARD - 1)
            page.link(below, at, asked.sheet, f"More: {asked.sheet}", indent=1)
    page.row = below + 1
    page.heights[page.row] = _ROW / 2
    page.row += 1


def _card(page: Page, top: int, left: int, asked: Asked) -> None:
    whole, half = (left, left + _CARD - 1), _CARD // 2
    page.words(
        top, whole, asked.question,
        bold=True, font_color=palette.NAVY, bg_color=palette.PALE, top=2, top_color=palette.NAVY,
        indent=1,
    )  # fmt: skip
    page.tall(top, 2 * _ROW)
    for i, number in enumerate(asked.numbers):
        at = (left + i * half, left + (i + 1) * half - 1)
        page.words(top + 1, at, number.head, font_color=palette.MUTED, indent=1)
        _number(page, top + 2, at, number)
        page.words(top + 3, at, number.of, valign="top", indent=1)
    for i, said in enumerate(asked.said):
        last = left + _CARD - 1
        page.words(top + 4 + i, (left, last), said, font_size=9, valign="top", indent=1)


def _number(page: Page, row: int, columns: tuple[int, int], number: Number) -> None:
    """A number in large print; a long one, such as money with its unit, in smaller."""
    size = 24 if "%" in number.form else 15
    look: dict[str, object] = {
        "bold": True, "font_size": size, "font_color": palette.NAVY, "align": "left", "indent": 1,
        "num_format": number.form,
    }  # fmt: skip
    form = page.styles.get(**look)
    page.sheet.merge_range(row, columns[0], row, columns[1], "", form)
    if number.value is None:
        page.sheet.write_string(row, columns[0], "–", form)
    else:
        page.sheet.write_number(row, columns[0], number.value, form)
    page.tall(row, _LARGE)


def _lights(page: Page, front: Front) -> None:
    head(page, page.row, _RIGHT, "Does the plan do what it should?")
    page.row += 1
    for light in front.lights:
        _light(page, page.row, light, front.links)
        page.row += 2


def _light(page: Page, row: int, light: Light, links: Sequence[str]) -> None:
    first, last = _RIGHT
    page.words(row, (first, first), light.state.words, bold=True, font_color=_COLOUR[light.state])
    page.words(row, (first + 1, last - 1), light.question, bold=True)
    if light.sheet in links:
        page.link(row, (last, last), light.sheet)
    page.words(row + 1, (first + 1, last), light.said, font_size=9, valign="top")


def head(page: Page, row: int, columns: tuple[int, int], text: str) -> None:
    """Write what stands over a part of the page."""
    page.words(
        row, columns, text,
        bold=True, font_color=palette.NAVY, bottom=1, bottom_color=palette.NAVY,
    )  # fmt: skip


def _chart(
    book: xlsxwriter.Workbook,
    page: Page,
    front: Front,
    data: tuple[str, Sequence[tuple[int, int]]],
    top: int,
) -> None:
    """Draw the chart beside the lights, as high as they are."""
    if front.picture is None:
        return
    name, rows = data
    heights = [page.heights.get(row, _ROW) for row in range(top, page.row)]
    high = max(int(sum(heights) * 4 / 3), _LEAST_HIGH)
    short = high - int(sum(heights) * 4 / 3)
    page.tall(page.row - 1, page.heights.get(page.row - 1, _ROW) + short * 0.75)
    first, last = _LEFT
    wide = sum(
        int((_NARROW if i % (_CARD + _GAP) == _CARD else _WIDE) * 7 + 5)
        for i in range(first, last + 1)
    )
    made = native.chart(book, front.picture, rows, name)
    made.set_size({"width": wide - 4, "height": high - 8})
    page.sheet.insert_chart(top, first, made, {"x_offset": 1, "y_offset": 2, "object_position": 2})


def _lists(page: Page, front: Front) -> None:
    page.row += 1
    top = page.row
    ends = [top]
    for what, lines, columns in (
        ("What changed", front.changed, (0, _CARD + 1)),
        ("What is most fragile", front.fragile, (_CARD + 3, _COLUMNS - 1)),
    ):
        if lines:
            head(page, top, columns, what)
            ends.append(_lines(page, top + 1, columns, lines, front.links))
    page.row = max(ends) + 1


def _lines(
    page: Page, row: int, columns: tuple[int, int], lines: Sequence[Line], links: Sequence[str]
) -> int:
    first, last = columns
    for line in lines:
        page.words(row, (first, last - 1), line.said)
        if line.sheet in links:
            page.link(row, (last, last), line.sheet)
        row += 1
    return row


def _foot(page: Page, front: Front) -> None:
    whole = (0, _COLUMNS - 1)
    head(page, page.row, whole, "Where the figures come from, and where to read on")
    page.row += 1
    for said in front.origin:
        page.words(page.row, whole, said, font_size=9)
        page.row += 1
    columns = [i for i in range(_COLUMNS) if i % (_CARD + _GAP) != _CARD]
    for i, name in enumerate(front.links):
        row, at = page.row + i // len(columns), columns[i % len(columns)]
        page.link(row, (at, at), name, name)
    page.row += (len(front.links) - 1) // len(columns) if front.links else 0
