"""The first page, as data and drawn.

It has a question and its answer, three figures, a table, a chart, traffic lights and sentences, on
one landscape page.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import xlsxwriter

from planner.render import chart, native, palette, style
from planner.render.table import Table
from planner.render.words import clean, cut, width_of

NAME = "Overview"
"""The sheet's name."""


class AnswerState(Enum):
    """How a question is answered: a word, and a symbol that is recognisable without colour."""

    GOOD = ("●", "Yes")
    CARE = ("▲", "Partly")
    BAD = ("■", "No")
    NONE = ("○", "Not asked")

    @property
    def words(self) -> str:
        """The state in text: ``● Yes``."""
        return " ".join(self.value)


@dataclass(frozen=True)
class KeyFinding:
    """A finding: its name, its number in large print, and sentences; ``sheet`` has the details."""

    name: str
    number: str
    text: str
    sheet: str


@dataclass(frozen=True)
class TrafficLight:
    """A question that is answered yes, partly or no; ``sheet`` has the details."""

    question: str
    state: AnswerState
    text: str
    sheet: str


@dataclass(frozen=True)
class Sentence:
    """A sentence; ``sheet`` has the details, if it is not ""."""

    text: str
    sheet: str = ""


@dataclass(frozen=True)
class Front:
    """The content of the first page.

    ``minerals`` is a table with as many columns as the page has, ``notes`` say how to read it;
    ``lines`` are further sentences, and ``care`` says what to read with care.
    """

    title: str
    made_by: str
    answer: TrafficLight
    findings: tuple[KeyFinding, ...]
    minerals: Table
    notes: tuple[str, ...]
    lights: tuple[TrafficLight, ...]
    lines: tuple[Sentence, ...]
    care: tuple[str, ...]
    links: tuple[str, ...]
    picture: chart.Picture | None = None

    @property
    def widths(self) -> tuple[float, ...]:
        return (*_WIDTHS[:_MORE_AT], *(_MORE,) * self.more, *_WIDTHS[_MORE_AT:])

    @property
    def more(self) -> int:
        """How many columns the table of minerals has beyond those in ``_WIDTHS``."""
        return max(0, len(self.minerals.columns) - len(_WIDTHS))

    @property
    def texts(self) -> Iterator[str]:
        for point in self.findings:
            yield from (point.name, point.text)
        yield from (*self.minerals.headers, *self.notes)
        for light in (self.answer, *self.lights):
            yield from (light.question, light.text)
        yield from (*(line.text for line in self.lines), *self.care)
        if self.picture is not None:
            yield from (self.picture.title, *(s.name for s in self.picture.series))


# ---- drawn ---------------------------------------------------------------------------------------


_WIDTHS = (14, 11, 11, 11.5, 11.5, 11, 12, 10, 11, 9, 9, 10, 11, 14, 11, 10)
"""Widths of the columns of the table of minerals, in characters."""
_MORE, _MORE_AT = 10, 3
"""Width and position of additional columns of that table."""
_CARDS, _RIGHT = (0, 5, 11), 9
"""First column of each figure, and of the traffic lights to the right of the chart; without
additional columns."""
_LARGE, _TITLE, _LOW = 30.0, 27.0, 6.0
"""Heights in points: of large print, of the title, of a gap."""
_TIGHT = 0.84
"""Average width of a letter relative to a digit, with some margin because fonts differ."""
_COLOUR = {
    AnswerState.GOOD: palette.GOOD,
    AnswerState.CARE: palette.CARE,
    AnswerState.BAD: palette.BAD,
    AnswerState.NONE: palette.MUTED,
}
_LEAST_HIGH = 270
"""Minimum height of the chart in pixels."""
_PLOT = {"x": 0.06, "y": 0.17, "width": 0.91, "height": 0.58}
"""Position of the plot area in the chart, as fractions of its size."""
_SMALL = 9
"""Font size of small print."""
_NAME_LINES = 2
"""Most lines of a name in the table of minerals; longer names are cut."""
_LONG = 16
"""Most letters of a number in large print; longer ones, such as money with its unit, are smaller.
"""


class FrontSheet:
    """A sheet that is laid out freely from the top; ``widths`` are its columns' in characters."""

    ROW = 16.5
    """Height of a line of text, in points."""

    def __init__(self, sheet: Any, styles: style.Styles, widths: Sequence[float]) -> None:
        self.sheet = sheet
        self.styles = styles
        self.widths = widths
        self.row = 0
        self.heights: dict[int, float] = {}
        sheet.hide_gridlines(2)
        sheet.set_default_row(self.ROW)
        for i, wide in enumerate(widths):
            sheet.set_column(i, i, wide)

    @property
    def full_width(self) -> tuple[int, int]:
        """The first and the last column."""
        return 0, len(self.widths) - 1

    def widen(self, by: float) -> None:
        """Multiply the width of each column by ``by``, with the margin that Excel adds."""
        edge = 5 / 7  # what Excel adds to a column's characters
        self.widths = [(wide + edge) * by - edge for wide in self.widths]
        for i, wide in enumerate(self.widths):
            self.sheet.set_column(i, i, wide)

    def raise_row(self, row: int, points: float) -> None:
        """Make a row at least ``points`` high."""
        self.heights[row] = max(self.heights.get(row, self.ROW), points)

    def words(self, row: int, columns: tuple[int, int], text: str, **look: object) -> None:
        """Write a text across columns, on as many lines as it needs."""
        usual = {"text_wrap": True, "font_color": palette.INK, "align": "left"}
        form = self.styles.get(**{**usual, **look})
        first, last = columns
        if last > first:
            self.sheet.merge_range(row, first, row, last, "", form)
        # a number and its per cent stay on one line
        self.sheet.write_string(row, first, clean(text).replace(" %", "\u00a0%"), form)
        size = look.get("font_size", palette.FONT_SIZE)
        scale = float(str(size)) / palette.FONT_SIZE
        wide = width_of(text) * (style.BOLD if look.get("bold") else 1.0)
        room = sum(self.widths[first : last + 1]) - 2.0
        count = max(1, math.ceil(wide * _TIGHT * scale / room))
        self.raise_row(row, self.ROW * scale + (count - 1) * style.LINE_HEIGHT * scale)

    def link(
        self, row: int, columns: tuple[int, int], name: str, text: str = "", indent: int = 0
    ) -> None:
        """Write a link to a sheet across columns."""
        form = self.styles.get(
            font_color=palette.BLUE, underline=1, align="left" if text else "right", indent=indent
        )
        first, last = columns
        if last > first:
            self.sheet.merge_range(row, first, row, last, "", form)
        self.sheet.write_url(row, first, f"internal:'{name}'!A1", form, text or name)

    def gap(self) -> None:
        """Leave a low empty row at ``row``, and go on below it."""
        self.heights[self.row] = _LOW
        self.row += 1

    def finish(self, subject: str) -> None:
        """Set row heights and printing: one landscape page with ``subject`` in its footer."""
        for row in range(self.row + 1):
            self.sheet.set_row(row, self.heights.get(row, self.ROW))
        style.on_a4(self.sheet, f"Overview: {subject}")
        self.sheet.print_area(0, 0, self.row, len(self.widths) - 1)
        self.sheet.fit_to_pages(1, 1)


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
    page = FrontSheet(sheet, styles, front.widths)
    whole = page.full_width
    page.words(0, whole, front.title, bold=True, font_size=16, font_color=palette.NAVY)
    page.raise_row(0, _TITLE)
    page.words(1, whole, f"Scenario: {front.made_by}", font_size=_SMALL, font_color=palette.MUTED)
    page.words(2, whole, front.answer.question, font_size=12, font_color=palette.MUTED)
    colour = _COLOUR[front.answer.state]
    page.words(3, whole, front.answer.text, bold=True, font_size=14, font_color=colour)
    page.row = 4
    page.gap()
    _findings(page, front)
    page.gap()
    _minerals(page, front)
    page.gap()
    below = page.row
    _lights(page, front)
    _chart(book, page, front, data, below)
    page.gap()
    _lines(page, front)
    page.gap()
    _foot(page, front)
    page.finish(front.made_by)
    sheet.center_horizontally()


def _findings(page: FrontSheet, front: Front) -> None:
    top = page.row
    starts = [first + front.more if first else 0 for first in _CARDS]
    ends = [*(first - 1 for first in starts[1:]), page.full_width[1]]
    for left, last, point in zip(starts, ends, front.findings, strict=False):
        columns = left, last
        edge = {"left": 5, "left_color": palette.WHITE, "indent": 1}
        look = {"bg_color": palette.PALE, "top": 2, "top_color": palette.NAVY, **edge}
        page.words(top, columns, point.name, bold=True, font_color=palette.NAVY, **look)
        large = {"bold": True, "font_size": 20, "font_color": palette.NAVY}
        if width_of(point.number) > _LONG:
            large["font_size"] = 15
        page.words(top + 1, columns, point.number, **large, **edge)
        page.heights[top + 1] = _LARGE
        page.words(top + 2, columns, point.text, font_size=_SMALL, valign="top", **edge)
        if point.sheet in front.links:
            page.link(top + 3, (left, last), point.sheet, f"More: {point.sheet}", indent=1)
    page.row = top + 4


def _minerals(page: FrontSheet, front: Front) -> None:
    """Write the table of minerals, one column of the page for each of its columns."""
    table, top = front.minerals, page.row
    line = {"border": 1, "border_color": palette.LINE, "font_size": _SMALL}
    for place, column in enumerate(table.columns):
        page.words(
            top, (place, place), column.header, **line, bold=True, font_color=palette.WHITE,
            bg_color=palette.NAVY, indent=1, align="left" if column.look.is_text else "right",
        )  # fmt: skip
        form = style.with_right_gap(style.number_format(column.look, column.values))
        for row, value in enumerate(column.values, top + 1):
            if isinstance(value, int | float):
                look = page.styles.get(**line, num_format=form, align="right")
                page.sheet.write_number(row, place, value, look)
            else:
                most = round(_NAME_LINES * page.widths[place])  # By mineral has it uncut
                page.words(
                    row, (place, place), cut(value or "", most), **line, bold=place == 0, indent=1
                )
    page.row = top + 1 + len(table)
    for note in front.notes:
        page.words(page.row, page.full_width, note, font_size=_SMALL)
        page.row += 1


def _lights(page: FrontSheet, front: Front) -> None:
    first, last = _RIGHT + front.more, page.full_width[1]
    heading(page, page.row, (first, last), "Does the plan do what it should?")
    row = page.row + 1
    for light in front.lights:
        colour = _COLOUR[light.state]
        page.words(row, (first, first), light.state.words, bold=True, font_color=colour)
        page.words(row, (first + 1, last - 2), light.question, bold=True)
        if light.sheet in front.links:
            page.link(row, (last - 1, last), light.sheet)
        page.words(row + 1, (first + 1, last), light.text, font_size=_SMALL, valign="top")
        row += 2
    page.row = row


def heading(page: FrontSheet, row: int, columns: tuple[int, int], text: str) -> None:
    page.words(
        row, columns, text,
        bold=True, font_color=palette.NAVY, bottom=1, bottom_color=palette.NAVY,
    )  # fmt: skip


def _chart(
    book: xlsxwriter.Workbook,
    page: FrontSheet,
    front: Front,
    data: tuple[str, Sequence[tuple[int, int]]],
    top: int,
) -> None:
    """Draw the chart to the left of the traffic lights, with the same height."""
    if front.picture is None:
        return
    name, rows = data
    heights = [page.heights.get(row, FrontSheet.ROW) for row in range(top, page.row)]
    high = max(int(sum(heights) * 4 / 3), _LEAST_HIGH)
    short = high - int(sum(heights) * 4 / 3)
    page.raise_row(page.row - 1, page.heights.get(page.row - 1, FrontSheet.ROW) + short * 0.75)
    wide = sum(int(width * 7 + 5) for width in page.widths[: _RIGHT + front.more])
    drawing = native.chart(book, front.picture, rows, name)
    drawing.set_size({"width": wide - 12, "height": high - 4})
    drawing.set_plotarea({"layout": _PLOT})
    page.sheet.insert_chart(top, 0, drawing, {"x_offset": 1, "y_offset": 2, "object_position": 2})


def _lines(page: FrontSheet, front: Front) -> None:
    """Write the sentences that belong to no figure, each with a link to the sheet of details."""
    if not front.lines:
        return
    first, last = page.full_width
    heading(page, page.row, (first, last), "What the plan builds, and what is scarce")
    page.row += 1
    for line in front.lines:
        page.words(page.row, (first, last - 2), line.text, font_size=_SMALL, valign="top")
        if line.sheet in front.links:
            page.link(page.row, (last - 1, last), line.sheet)
        page.row += 1


def _foot(page: FrontSheet, front: Front) -> None:
    whole = page.full_width
    heading(page, page.row, whole, "What to read with care, and where to read on")
    page.row += 1
    for text in front.care:
        page.words(page.row, whole, text, font_size=_SMALL)
        page.row += 1
    pairs = range(0, len(_WIDTHS), 2)
    for i, name in enumerate(front.links):
        place = pairs[i % len(pairs)]
        page.link(page.row + i // len(pairs), (place, place + 1), name, name)
    page.row += (len(front.links) - 1) // len(pairs) if front.links else 0
