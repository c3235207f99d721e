"""The first page of a workbook, as data and drawn, on one landscape page.

A plan's has a question and its answer, three figures, a table, a chart, traffic lights and
sentences; a study's has a question, the finding, numbers, charts and cautions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
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
class DetailLine:
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
    lines: tuple[DetailLine, ...]
    care: tuple[str, ...]
    links: tuple[str, ...]
    picture: chart.Picture | None = None

    @property
    def widths(self) -> tuple[float, ...]:
        return (*_WIDTHS[:_MORE_AT], *(_MORE,) * self.more, *_WIDTHS[_MORE_AT:])

    @property
    def more(self) -> int:
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
_EDGE: dict[str, object] = {"left": 5, "left_color": palette.WHITE, "indent": 1}
"""Format of a gap on the left of a figure."""
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
        self.row = 0
        self.heights: dict[int, float] = {}
        sheet.hide_gridlines(2)
        sheet.set_default_row(self.ROW)
        self.set_widths(widths)

    @property
    def full_width(self) -> tuple[int, int]:
        return 0, len(self.widths) - 1

    def set_widths(self, widths: Sequence[float]) -> None:
        self.widths = widths
        for i, wide in enumerate(widths):
            self.sheet.set_column(i, i, wide)

    def raise_row(self, row: int, points: float) -> None:
        self.heights[row] = max(self.heights.get(row, self.ROW), points)

    def words(self, row: int, columns: tuple[int, int], text: str, **look: object) -> None:
        """Write a text across columns, on as many lines as it needs."""
        usual = {"text_wrap": True, "font_color": palette.INK, "align": "left"}
        form = self.styles.get(**{**usual, **look})
        first, last = self._merged(row, columns, form)
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
        first, _ = self._merged(row, columns, form)
        self.sheet.write_url(row, first, f"internal:'{name}'!A1", form, text or name)

    def _merged(self, row: int, columns: tuple[int, int], form: Any) -> tuple[int, int]:
        """Merge cells of a row, if there are several; return the first and the last column."""
        first, last = columns
        if last > first:
            self.sheet.merge_range(row, first, row, last, "", form)
        return columns

    def card(
        self, top: int, columns: tuple[int, int], texts: Sequence[str], size: int, **edge: object
    ) -> None:
        """Write a figure: its name, its number in large print, and a remark below."""
        name, number, remark = texts
        bold = {"bold": True, "font_color": palette.NAVY}
        look = {"bg_color": palette.PALE, "top": 2, "top_color": palette.NAVY, **edge}
        self.words(top, columns, name, **bold, **look)
        self.words(top + 1, columns, number, **bold, font_size=size, **edge)
        self.words(top + 2, columns, remark, font_size=_SMALL, valign="top", **edge)

    def gap(self) -> None:
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
        size = 20 if width_of(point.number) <= _LONG else 15
        page.card(top, (left, last), (point.name, point.number, point.text), size, **_EDGE)
        page.heights[top + 1] = _LARGE
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
                most = round(_NAME_LINES * page.widths[place])  # the sheet By mineral has it uncut
                text = cut(value or "", most)
                page.words(row, (place, place), text, **line, bold=place == 0, indent=1)
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


# ---- the first page of a study -------------------------------------------------------------------

_COLUMNS, _CARDS_A_ROW = 12, 3
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
    """The content of the first page of a study's workbook.

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
    first, lines = page.row, _in_rows(front.pictures)
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
    per_row = min(len(front.numbers), _CARDS_A_ROW)
    for i, texts in enumerate(front.numbers):
        wide = _COLUMNS // per_row
        top, left = page.row + i // per_row * 4, i % per_row * wide
        page.card(top, (left, left + wide - 1), texts, 18, **(_EDGE if left else {}))
    page.row += -(-len(front.numbers) // (per_row or 1)) * 4


# ---- charts: they fill the space below the text --------------------------------------------------


def _in_rows(pictures: Sequence[chart.Picture]) -> list[Sequence[chart.Picture]]:
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
    by, edge = max(1.0, (words + lines * high) / room), 5 / 7  # Excel's margin, in characters
    page.set_widths([(wide + edge) * by - edge for wide in page.widths])
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
