"""How the plan's workbook looks: formats, colours, widths, and what is printed on which pages."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from models.results.field import Look
from planner.render.palette import INK, LINE, NAVY, PALE, WHITE
from planner.render.table import Cell, Table, TableColumn
from planner.render.words import width_of

TABLE_STYLE = "Table Style Light 1"
ROW_HEIGHT, LINE_HEIGHT, SECTION_HEIGHT = 15.75, 13.5, 18.75
"""In points. Rows have heights of their own, so that no program fits them in its own way and lets
the header cover the first."""
MOST_LINES = 4
"""A sentence stands on up to so many lines; the rest is read in the formula bar."""
_FOOTER = 200
"""Characters that a page's footer may say: Excel holds 255 with its codes."""
HEADER_LINES = (2, 3, 4)
"""Lines of a header: as few as let a table be printed on A4."""
_ARROW = 4
"""Characters that a filter's arrow covers in a header."""
_ONE_LINE = 14
"""Headers up to this length stand on one line, so that ``Capex (USD m)`` keeps its unit whole."""
_LETTER = 0.88
"""How wide a letter of a text is on average, against a digit."""
BOLD = 1.1
"""How much wider bold letters are."""
_NARROWEST, _WIDEST, _WIDEST_REMARK, _WIDEST_MIXED, _WIDEST_LONG = 7, 52, 40, 34, 76
_WIDEST_SENTENCE = 132
_SAMPLED = 2_000
"""How many different texts of a column are measured."""

_FORMATS = {
    Look.YEAR: "0",
    Look.COUNT: "#,##0",
    Look.FACTOR: "[<10]0.00##;[<100]#,##0.0#;#,##0",
    Look.SHARE: "0.0%",
    Look.INDEX: "#,##0",
    Look.TINY: "[=0]0;[>=0.01]#,##0.00;0.0E+00",
    Look.SECONDS: "#,##0.00",
    Look.MILLIONS: "#,##0.0",
    Look.DAYS: "#,##0.0",
}
_WHOLE = "#,##0"
_IN_MILLIONS = ((1e8, 0), (1e5, 1), (1e3, 3))
"""From where on money is shown in millions with so many decimals; the cell has it all."""
_SMALL_TOO = "[=0]0;[<100]#,##0.0;#,##0"
"""A decimal below 100, where it matters; none above, where it is noise."""


def number_format(look: Look, values: Iterable[Cell]) -> str:
    """Return the number format of cells: digits that matter and no others."""
    if look in _FORMATS:
        return _FORMATS[look]
    if look.is_text:
        return "General"
    numbers = [v for v in _numbers(values) if v]
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    if low < 0:
        return _WHOLE if max(-low, high) >= 100 else "#,##0.0"  # noqa: PLR2004
    if look is Look.MONEY and (low >= 100 or not numbers):  # noqa: PLR2004
        return _WHOLE
    if numbers and high < 1:
        return "0.000"
    return _SMALL_TOO


def among_others(look: Look, value: Cell, most: float) -> str:
    """Return the number format of a cell in a column of numbers of several kinds.

    ``most`` is the largest amount of money there: where it is in millions, all others are.
    """
    if look is Look.MONEY and isinstance(value, int | float) and most >= _IN_MILLIONS[0][0]:
        for least, decimals in _IN_MILLIONS:
            if abs(value) >= least:
                return f'#,##0{"." * (decimals > 0)}{"0" * decimals},," m"'
    return number_format(look, (value,))


def most_money(column: TableColumn) -> float:
    """Return the largest amount of money in a column of numbers of several kinds."""
    pairs = zip(column.values, column.looks or (), strict=False)
    amounts = (abs(v) for v, look in pairs if look is Look.MONEY and isinstance(v, int | float))
    return max(amounts, default=0.0)


def with_right_gap(form: str) -> str:
    """Return a number format that leaves a digit's width free, so that words may follow.

    An indent to the right would do, but is drawn in some rows and not in others by LibreOffice.
    """
    return ";".join(f"{part}_0" for part in form.split(";"))


_WIDEST_OF = {Look.LONG: _WIDEST_LONG, Look.REMARK: _WIDEST_REMARK, Look.SENTENCE: _WIDEST_SENTENCE}


def footer(text: str) -> str:
    """Return a page's footer: what it is of, and its number."""
    plain = text[:_FOOTER].replace("&", "&&")[:_FOOTER].rstrip("&")
    return f"&L{plain}&RPage &P of &N"


def on_a4(sheet: Any, text: str) -> None:
    """Print a sheet on landscape A4 whose foot says of what it is."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.4, bottom=0.5)
    sheet.set_footer(footer(text))


def lines(value: Cell, wide: float, look: Look) -> int:
    """Return on how many lines of a column's width a text stands; a plain one runs over instead."""
    if not isinstance(value, str) or look is Look.TEXT:
        return 1
    count = math.ceil(width_of(value) * _LETTER / max(wide - 2, 1.0))
    return min(count, MOST_LINES) if look is Look.SENTENCE else max(count, 1)


class Styles:
    """The formats of one workbook, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, object], ...], Any] = {}

    def get(self, **properties: object) -> Any:
        """Return the format with these properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format({"valign": "vcenter", **properties})
        return self._made[key]

    def header(self, look: Look = Look.TEXT, *, filtered: bool = False) -> Any:
        """Return the header's look: over words to the left, over numbers to the right.

        The thick white rule keeps the first row of each page apart, however small it is printed;
        the filter's arrow covers what a wider indent leaves free.
        """
        place = {"align": "left", "indent": 1}
        if not look.is_text:
            place = {"align": "right", "indent": 2 if filtered else 1}
        return self.get(
            bold=True, font_color=WHITE, bg_color=NAVY, text_wrap=True, valign="vcenter",
            border=1, border_color=LINE, bottom=5, bottom_color=WHITE, **place,
        )  # fmt: skip

    def section(self) -> Any:
        """Return the look of a heading inside a sheet."""
        return self.get(bold=True, font_color=NAVY, bg_color=PALE, top=1, top_color=NAVY)

    def cell(self, look: Look, values: Sequence[Cell]) -> Any:
        """Return the look of cells that share a look."""
        if look.is_text:
            return self.get(align="left", indent=1, text_wrap=look in {Look.LONG, Look.SENTENCE})
        return self.number(number_format(look, values))

    def number(self, form: str) -> Any:
        """Return the look of numbers in a number format."""
        return self.get(num_format=with_right_gap(form), align="right")

    def among_numbers(self) -> Any:
        """Return the look of a text in a column of numbers: it ends where they do."""
        return self.get(align="right", indent=1, text_wrap=True)

    def title(self) -> Any:
        """Return the look of a sheet's title."""
        return self.get(bold=True, font_size=16, font_color=NAVY, text_wrap=True, align="left")

    def caption(self) -> Any:
        """Return the look of a sentence below a title."""
        return self.get(font_color=INK)


def header_height(lines: int) -> float:
    """Return the height of a header of so many lines, in points."""
    return 7.5 + LINE_HEIGHT * lines


def widths(
    column: TableColumn, *, filtered: bool, sections: frozenset[int] = frozenset()
) -> tuple[float, ...]:
    """Return widths that show every cell, and the header on each of ``HEADER_LINES`` at most.

    Text beyond the widest is wrapped, or cut off in remarks; rows in ``sections`` run over.
    """
    seen: set[tuple[Cell, Look]]
    if column.looks is None and not column.look.is_text:
        numbers = _numbers(column.values)
        seen = {(n, column.look) for n in (min(numbers), max(numbers))} if numbers else set()
    elif column.looks is None and not sections:
        seen = {(value, column.look) for value in set(column.values)}
    else:
        pairs = enumerate(
            zip(column.values, column.looks or [column.look] * len(column.values), strict=True)
        )
        seen = {pair for i, pair in pairs if i not in sections}
    if len(seen) > _SAMPLED:
        seen = set(sorted(seen, key=lambda s: -len(str(s[0])))[:_SAMPLED])
    most = most_money(column)
    body = max((_drawn(*cell, most) for cell in seen), default=0)
    if column.widest:
        widest = column.widest
    elif column.looks is not None and any(look is Look.LONG for look in column.looks):
        widest = _WIDEST_MIXED
    else:
        widest = _WIDEST_OF.get(column.look, _WIDEST)
    if not column.look.is_text:
        body += 1  # numbers keep off the words to their right
    body = min(max(body + 2, _NARROWEST), widest)
    heads = (round(_in_lines(column.header, lines) * BOLD) for lines in HEADER_LINES)
    return tuple(float(max(body, head + (_ARROW if filtered else 1))) for head in heads)


def _in_lines(header: str, lines: int) -> int:
    """Return how wide a header is on so many lines; its unit, in brackets, stands on one."""
    if width_of(header) <= (_ONE_LINE if lines == HEADER_LINES[0] else 0) or lines == 1:
        return width_of(header)
    words = re.sub(r" (?=[^(]*\)$)", "\N{NO-BREAK SPACE}", header).split(" ")
    cuts = ((" ".join(words[:i]), " ".join(words[i:])) for i in range(1, len(words)))
    wide = (max(width_of(first), _in_lines(rest, lines - 1)) for first, rest in cuts)
    return min(wide, default=width_of(header))


def _numbers(values: Iterable[Cell]) -> Sequence[float]:
    """Return the numbers among cells; a column that is all numbers as it stands."""
    listed: list[Any] = values if isinstance(values, list) else list(values)
    if set(map(type, listed)) <= {int, float}:
        return listed
    return [v for v in listed if isinstance(v, int | float)]


def _drawn(value: Cell, look: Look, most: float) -> int:
    """Return how many characters a cell takes beside so much money."""
    if value is None:
        return 0
    if isinstance(value, str):
        return width_of(value) + 1
    if look is Look.YEAR:
        return 4
    if among_others(look, value, most).endswith(' m"'):
        return len(f"{value / 1e6:z,.1f} m")
    if look in {Look.SHARE, Look.TINY}:
        return len(f"{value:z.1%}") if look is Look.SHARE else max(7, len(f"{value:z,.2f}"))
    decimals = 0 if abs(value) >= 100 or look in {Look.COUNT, Look.INDEX} else 3  # noqa: PLR2004
    return len(f"{value:z,.{decimals}f}")


# ---- how a table is printed ----------------------------------------------------------------------
#
# A program that prints a workbook prints all of it unless a sheet says what, and a plan of many
# rows would be hundreds of pages that nobody reads.

_WIDEST_UPRIGHT, WIDEST = 146, 215
"""Characters across a page of A4, upright and across, that are printed at 7 points."""
_WIDEST_KEYS = 60
"""Characters of the columns that are printed again on each page of a table of several pages."""
MOST_PAGES = 2
"""Pages of one sheet that are printed by default."""
_SIDES = (595.0, 842.0)
"""Width and height of A4 upright in points."""
_ACROSS, _DOWN = 58.0, 80.0
"""What the margins take of a page's width and height in points."""
_CHARACTER = 5.45
"""Points of a character of a column's width, the column's own margins included."""
_SPARE = 0.96
"""The part of a page that is reckoned with: no two programs break pages at the same row."""


@dataclass(frozen=True)
class Paper:
    """Pages of A4 that a table's columns are printed on, beside one another.

    ``wide`` is in characters, on all these pages; ``keys`` are the columns that say what a row is
    of, which each page has.
    """

    wide: float
    across: int = 1
    keys: int = 0

    @classmethod
    def fitting(cls, table: Table, widths: Sequence[float]) -> Paper:
        """Return as few pages as let the columns, of these widths, be read."""
        wide, keys = sum(widths), 0
        if wide <= WIDEST:
            return cls(wide)
        for i, column in enumerate(table.columns[: len(widths)], start=1):
            is_key = column.look.is_text or column.look is Look.YEAR
            if not is_key or sum(widths[:i]) > _WIDEST_KEYS:
                break
            keys = i
        again = sum(widths[:keys])
        across = math.ceil((wide - again) / (WIDEST - again))
        return cls(wide + again * (across - 1), across, keys)

    @property
    def is_upright(self) -> bool:
        """Whether the columns fit a portrait page."""
        return self.wide <= _WIDEST_UPRIGHT


def print_setup(sheet: Any, text: str, paper: Paper) -> None:
    """Print on A4, narrow tables upright; the header, and the keys of a wide one, on every page."""
    if not paper.is_upright:
        sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(paper.across, 0)
    sheet.repeat_rows(0)
    if paper.keys:
        sheet.repeat_columns(0, paper.keys - 1)
    sheet.set_footer(footer(text))


def printed_rows(paper: Paper, heights: Sequence[float], lines: int) -> int:
    """Return how many rows of some heights [points] are printed on pages as wide as their columns.

    Columns are made smaller until they fit, never larger; the header, of so many lines, is on each
    page.
    """
    across, down = _SIDES if paper.is_upright else _SIDES[::-1]
    across = (across - _ACROSS) * paper.across
    size = min(1.0, across / max(paper.wide * _CHARACTER, 1.0))
    room = (down - _DOWN) / size * _SPARE - header_height(lines)
    most = max(1, MOST_PAGES // paper.across)
    pages, left = 1, room
    for row, height in enumerate(heights):
        if height > left:
            if pages == most:
                return row
            pages, left = pages + 1, room
        left -= height
    return len(heights)
