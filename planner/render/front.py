"""The first page of a plan or a study, as data and drawn, on one landscape page.

A page has a question, its answer, three figures, what to decide now, a chart, a table, and what to
read with care. Each surface has one function that shows it.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, islice
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from models import units
from models.results import Field, Format, Result
from planner.render import chart, native, palette, style
from planner.render.claims import Place, Sentence
from planner.render.table import Table, TableColumn
from planner.render.words import clean_text, known, truncated, width_of

NAME = "Overview"
"""The sheet's name."""
MOST: Mapping[Place, int] = {"answer": 2, "figure": 3, "decide": 4, "care": 2}
"""Most sentences in each part of the page; of what to decide, the last counts all decisions."""
MOST_COLUMNS = 9
"""Most columns of the page's table."""
MOST_ROWS = 12
"""Most rows of the page's table; its sheet has all."""
MOST_WORDS, MOST_NUMBERS = 160, 20
"""Most words and numbers of the page outside its table; years are no numbers."""
DECIDE, WITH_CARE = "Decide now", "With care"
"""Headings of what to decide, and of how to read the answer."""


@dataclass(frozen=True)
class FirstPage:
    """The content of a first page.

    ``made_by`` are the scenario and the options of a plan, or the files that a workbook was rolled
    from; ``sentences`` beyond those that the page has room for (``MOST``) are left out. ``table``
    has at most ``MOST_COLUMNS`` columns; ``table_note``, below it, says in which order its rows
    are, and with what they are compared.
    ``proof`` says whether the plan is proven. A page of a plan leaves room for ``reserved`` in
    place of ``made_by`` and ``proof``, so that surfaces with and without them say the same.
    """

    title: str
    question: str
    sentences: tuple[Sentence, ...]
    table: Table | None = None
    pictures: tuple[chart.Picture, ...] = ()
    made_by: str = ""
    proof: str = ""
    table_note: str = ""
    reserved: str = ""

    def of(self, place: Place) -> tuple[Sentence, ...]:
        """Return the sentences of one part of the page."""
        return tuple(s for s in self.findings if s.place == place)

    @cached_property
    def findings(self) -> tuple[Sentence, ...]:
        """The sentences of the page, from top to bottom.

        If the page would say too much, counts of what to read with care are left out, then figures
        but the first, other cautions, and decisions, the last of each first. How many decisions
        there are stays, unless all of them are named.
        """
        chosen = [s for p, most in MOST.items() for s in self._first(p)[:most]]
        counts = [s for s in chosen if any(claim.rule == "count" for claim in s.claims)]
        of_decisions = [s for s in counts if s.place == "decide"]
        figures = [s for s in chosen if s.place == "figure"]
        decisions, cautions = (
            [s for s in chosen if s.place == place and s not in counts]
            for place in ("decide", "care")
        )
        counted = [s for s in counts if s.place == "care"]
        spare = [*decisions, *figures[:1], *cautions, *figures[1:], *counted]
        while spare and self._is_long(chosen):
            chosen.remove(spare.pop())
        named = sum(s in decisions for s in chosen)
        return tuple(s for s in chosen if s not in of_decisions or s.claims[0].number > named)

    @cached_property
    def wide_table(self) -> Table | None:
        """The table with large sums of money in millions; a terminal scales each cell instead."""
        if self.table is None or not len(self.table):
            return None
        return replace(self.table, columns=tuple(map(_in_millions, self.table.columns)))

    @property
    def rest_of_table(self) -> str:
        """How many rows of the table the page has no room for, and their sheet; "" without any."""
        table = self.table
        if table is None or len(table) <= MOST_ROWS:
            return ""
        return f"and {len(table) - MOST_ROWS:,} more: {table.name}"

    def _first(self, place: Place) -> list[Sentence]:
        return [sentence for sentence in self.sentences if sentence.place == place]

    def _is_long(self, sentences: Sequence[Sentence]) -> bool:
        """Return whether a page with these sentences has more words or numbers than allowed."""
        texts = [text for s in sentences for text in (s.name, s.number, s.text)]
        about = self.reserved or f"{self.made_by} {self.proof}"
        fixed = (self.title, about, self.question, self.table_note, DECIDE, WITH_CARE)
        text = " ".join((*fixed, self.rest_of_table, *texts))
        numbers = (n for n in _NUMBER.findall(text) if not _YEAR.fullmatch(n))
        return len(text.split()) > MOST_WORDS or sum(1 for _ in numbers) > MOST_NUMBERS


_NUMBER, _YEAR = re.compile(r"(?<!\w)\d(?:[\d.,]*\d)?"), re.compile(r"(?:19|20|21)\d\d")


def _in_millions(column: TableColumn) -> TableColumn:
    """Return a column of large sums of money in millions, any other column unchanged."""
    values = [float(v) if known(v) else None for v in column.values]
    if (
        column.fmt is not Format.MONEY
        or max((abs(v) for v in values if v), default=0.0) < _LARGE_SUM
    ):
        return column
    header = f"{column.header.removesuffix(')')} m)"
    millions = [None if v is None else v / units.MILLION for v in values]
    return replace(column, header=header, fmt=Format.MILLIONS, values=millions)


_LARGE_SUM = 1e7
"""From here on, money in a table is in millions."""


def first_columns(whole: Table, result: Result, fields: Sequence[Field]) -> Table:
    """Return the page's table: of these fields, in their order, the first that are not blank."""
    titles = [f.title(result.words) for f in fields or result.fields if f.name in result.data]
    columns = (whole.column(title) for title in titles)
    filled = (c for c in columns if any(value not in {None, ""} for value in c.values))
    return replace(whole, columns=tuple(islice(filled, MOST_COLUMNS)), printed=None)


# ---- drawn ---------------------------------------------------------------------------------------


_COLUMNS = 18
"""Columns of the page."""
_WIDE = 8.6
"""Width of a column in characters."""
_WIDE_POINTS = 870.0
"""Width of the page in points."""
_LARGE, _LOW = 30.0, 6.0
"""Heights in points: of large print, of a gap."""
_TIGHT = 0.84
"""Average width of a letter relative to a digit, with some margin because fonts differ."""
_SMALL = 9
"""Font size of small print."""
Properties = dict[str, Any]
"""A format, by the names of its properties."""
_EDGE: Properties = {"left": 5, "left_color": palette.WHITE, "indent": 1}
"""Format of a gap on the left of a figure."""
_NAME_LINES = 2
"""Most lines of a name in the table; longer names are cut, since the sheet has them in full."""
_LONG = 16
"""Most letters of a number in large print; longer ones, such as money with its unit, are smaller.
"""
_PER_ROW, _LEAST, _LEAST_OF_SEVERAL, _MOST = 3, 235.0, 165.0, 420.0
"""Small charts per row; least height in points of a single row of charts, least height of each of
several rows, and greatest height of any."""
_CHART_ROWS, _BETWEEN = 12, 6.0
"""Rows of the sheet that a row of charts covers; gap between two rows of charts, in points."""
_SHAPE = 1.47
"""Width divided by height of a page's printed area."""


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

    def write_text(
        self,
        row: int,
        columns: tuple[int, int],
        text: str,
        place: tuple[str, str] | None = None,
        **properties: Any,
    ) -> None:
        """Write a text across columns, on as many lines as it needs.

        ``place``, a sheet and an address, is the cell that the text is linked to.
        """
        usual = {"text_wrap": True, "font_color": palette.INK, "align": "left"}
        form = self.styles.get(**{**usual, **properties})
        first, last = self._merged(row, columns, form)
        # a number and its per cent stay on one line
        shown = clean_text(text).replace(" %", "\u00a0%")
        if place is None:
            self.sheet.write_string(row, first, shown, form)
        else:
            link = f"internal:'{place[0]}'!{place[1]}"
            self.sheet.write_url(row, first, link, form, shown, f"{place[0]}, {place[1]}")
        size = properties.get("font_size", palette.FONT_SIZE)
        scale = float(str(size)) / palette.FONT_SIZE
        wide = width_of(text) * (style.BOLD if properties.get("bold") else 1.0)
        room = sum(self.widths[first : last + 1]) - 2.0
        count = max(1, math.ceil(wide * _TIGHT * scale / room))
        self.raise_row(row, self.ROW * scale + (count - 1) * style.LINE_HEIGHT * scale)

    def write_number(self, row: int, columns: tuple[int, int], value: float, form: Any) -> None:
        """Write a number across columns."""
        first, _ = self._merged(row, columns, form)
        self.sheet.write_number(row, first, value, form)

    def _merged(self, row: int, columns: tuple[int, int], form: Any) -> tuple[int, int]:
        """Merge cells of a row, if there are several; return the first and the last column."""
        first, last = columns
        if last > first:
            self.sheet.merge_range(row, first, row, last, "", form)
        return columns

    def card(
        self,
        figure: Sentence,
        columns: tuple[int, int],
        place: tuple[str, str] | None,
        edge: Properties,
    ) -> None:
        """Write a figure: its name, its number in large print, and its sentence below."""
        top, size = self.row, 20 if width_of(figure.number) <= _LONG else 15
        bold: Properties = {"bold": True, "font_color": palette.NAVY}
        properties: Properties = {
            "bg_color": palette.PALE,
            "top": 2,
            "top_color": palette.NAVY,
            **edge,
        }
        self.write_text(top, columns, figure.name, **bold, **properties)
        self.write_text(top + 1, columns, figure.number, **bold, font_size=size, **edge)
        small: Properties = {"font_size": _SMALL, "valign": "top", **edge}
        self.write_text(top + 2, columns, figure.text, place, **small)
        self.heights[top + 1] = _LARGE

    def add_gap(self) -> None:
        self.heights[self.row] = _LOW
        self.row += 1

    def finish(self, subject: str) -> None:
        """Set row heights and printing: one landscape page with ``subject`` in its footer."""
        for row in range(self.row + 1):
            self.sheet.set_row(row, self.heights.get(row, self.ROW))
        style.on_a4(self.sheet, f"Overview: {subject}")
        self.sheet.print_area(0, 0, self.row, len(self.widths) - 1)
        self.sheet.fit_to_pages(1, 1)


def draw_front(  # noqa: PLR0913, PLR0917 - the workbook, the page, and what it refers to
    book: xlsxwriter.Workbook,
    sheet: Any,
    front: FirstPage,
    tables: Sequence[Table],
    data: tuple[str, Sequence[Sequence[tuple[int, int]]]],
    styles: style.Styles,
) -> None:
    """Draw the first page.

    ``tables`` are the other sheets, to whose cells sentences are linked. ``data`` is the sheet of
    chart data, and the rows of the series of each of the page's charts.
    """
    page, table_of = FrontSheet(sheet, styles, [_WIDE] * _COLUMNS), {t.name: t for t in tables}
    whole = page.full_width
    page.write_text(0, whole, front.title, bold=True, font_size=16, font_color=palette.NAVY)
    page.row = 1
    if front.made_by:
        page.write_text(1, whole, front.made_by, font_size=_SMALL, font_color=palette.MUTED)
        page.row = 2
    page.write_text(page.row, whole, front.question, font_size=12, font_color=palette.MUTED)
    page.row += 1
    _sentences(page, front.of("answer"), table_of, "", bold=True, font_size=12)
    page.add_gap()
    _write_figures(page, front.of("figure"), table_of)
    _sentences(page, front.of("decide"), table_of, DECIDE)
    first, lines = page.row, _in_rows(front.pictures)
    page.row += len(lines) * _CHART_ROWS + bool(lines)
    if front.wide_table is not None:
        if front.table_note:
            page.write_text(
                page.row, whole, front.table_note, font_size=_SMALL, font_color=palette.MUTED
            )
            page.row += 1
        _write_table(page, front.wide_table, front.rest_of_table)
    _sentences(page, front.of("care"), table_of, WITH_CARE)
    if front.proof:
        page.write_text(page.row, whole, front.proof, font_size=_SMALL, font_color=palette.MUTED)
        page.row += 1
    high = _fitted(page, range(first, first + len(lines) * _CHART_ROWS), len(lines))
    _charts(book, page, first, high, lines, data)
    page.finish(front.made_by or front.title)
    sheet.center_horizontally()


def front_alone(front: FirstPage, tables: Sequence[Table]) -> bytes:
    """Return a workbook with a first page alone, without charts.

    Its sentences are linked to cells of ``tables``, sheets of another workbook, to which the page
    is added.
    """
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"default_format_properties": style.usual_font()}) as book:
        styles = style.Styles(book)
        draw_front(book, book.add_worksheet(NAME), front, tables, ("", ()), styles)
    return made.getvalue()


def claim_cell(sentence: Sentence, tables: Mapping[str, Table]) -> tuple[str, str] | None:
    """Return the sheet and the address of the cell behind a sentence; None if there is none."""
    claim = sentence.behind
    if claim is None or claim.sheet not in tables:
        return None
    headers = tables[claim.sheet].headers
    column = headers.index(claim.column) if claim.column in headers else 0
    row = 0 if claim.position is None else claim.position + 1
    return claim.sheet, xl_rowcol_to_cell(row, column)


def _sentences(
    page: FrontSheet,
    sentences: Sequence[Sentence],
    tables: Mapping[str, Table],
    title: str,
    **properties: Any,
) -> None:
    """Write sentences below one another, each linked to the cell behind it.

    They are centred in their rows: at the top, the line below a heading would cut the first.
    """
    if not sentences:
        return
    first, last = page.full_width
    if title:
        draw_heading(page, page.row, (first, last), title)
        page.row += 1
    for sentence in sentences:
        cell = claim_cell(sentence, tables)
        page.write_text(
            page.row, (first, last), sentence.text, cell, valign="vcenter", **properties
        )
        page.row += 1
    page.add_gap()


def _write_figures(
    page: FrontSheet, figures: Sequence[Sentence], tables: Mapping[str, Table]
) -> None:
    """Write figures beside one another: name, large print, and a sentence."""
    for i, figure in enumerate(figures):
        wide = _COLUMNS // len(figures)
        columns = (i * wide, (i + 1) * wide - 1)
        page.card(figure, columns, claim_cell(figure, tables), _EDGE if i else {})
    if figures:
        page.row += 3
        page.add_gap()


def _spans(table: Table) -> list[int]:
    """Return how many of the page's columns each column is wide: those with long names most."""
    count = len(table.columns)
    texts = (
        [width_of(v) for v in c.values[:MOST_ROWS] if isinstance(v, str)] for c in table.columns
    )
    longest = [max(each, default=0.0) for each in texts]
    wide = [max(2, _COLUMNS // count - 1)] * count
    for _ in range(_COLUMNS - sum(wide)):
        wide[max(range(count), key=lambda i: longest[i] / wide[i])] += 1
    return wide


def _write_table(page: FrontSheet, table: Table, rest: str) -> None:
    """Write the first rows of a table, and ``rest``; a column is several of the page's."""
    top, ends = page.row, list(accumulate(_spans(table)))
    spans = zip([0, *ends[:-1]], [end - 1 for end in ends], strict=True)
    line: Properties = {"border": 1, "border_color": palette.LINE, "font_size": _SMALL}
    for across, column in zip(spans, table.columns, strict=True):
        page.write_text(
            top, across, column.header, **line, bold=True, font_color=palette.WHITE,
            bg_color=palette.NAVY, indent=1, align="left" if column.fmt.is_text else "right",
        )  # fmt: skip
        form = style.with_right_gap(style.number_format(column.fmt, column.values))
        for row, value in enumerate(column.values[:MOST_ROWS], top + 1):
            if isinstance(value, int | float):
                properties = page.styles.get(**line, num_format=form, align="right")
                page.write_number(row, across, value, properties)
            else:
                most = round(_NAME_LINES * sum(page.widths[across[0] : across[1] + 1]))
                text = truncated(value or "", most)
                page.write_text(row, across, text, **line, bold=across[0] == 0, indent=1)
    page.row = top + 1 + min(len(table), MOST_ROWS)
    if rest:
        page.write_text(page.row, page.full_width, rest, font_size=_SMALL)
        page.row += 1
    page.add_gap()


def draw_heading(page: FrontSheet, row: int, columns: tuple[int, int], text: str) -> None:
    page.write_text(
        row, columns, text,
        bold=True, font_color=palette.NAVY, bottom=1, bottom_color=palette.NAVY,
    )  # fmt: skip


# ---- charts: they fill the space that the text leaves --------------------------------------------


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
    room = _WIDE_POINTS / _SHAPE
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
            drawn = native.native_chart(book, picture, next(rows), data[0])
            across = wide // (_PER_ROW if picture.small else len(line))
            gap = 6  # also at the edge of the page, which would cut a border
            drawn.set_size({"width": across - gap, "height": int((high - _BETWEEN) * 4 / 3)})
            placing = {"object_position": 1, "x_offset": j * across}
            page.sheet.insert_chart(first + i * _CHART_ROWS, 0, drawn, placing)
