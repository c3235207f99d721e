"""The format of workbooks: number formats, colours, widths, and printed pages."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import xlsxwriter

from models.results.field import Format
from planner.render.palette import FONT, FONT_SIZE, LINE, NAVY, WHITE
from planner.render.table import Cell, Table, TableColumn
from planner.render.words import width_of

TABLE_STYLE = "Table Style Light 1"
ROW_HEIGHT, LINE_HEIGHT, SECTION_HEIGHT = 15.75, 13.5, 18.75
"""In points. Row heights are set because a program that sizes rows itself may let the header cover
the first row."""
MOST_LINES = 4
"""Most lines of a sentence in a cell; the formula bar shows the rest."""
_FOOTER = 200
"""Most characters of a page footer's text: Excel allows 255 with formatting codes."""
HEADER_LINES = (2, 3, 4)
"""Possible numbers of lines of a header: the smallest with which the table fits on A4 is used."""
_ARROW = 4
"""Characters that a filter's arrow covers in a header."""
_ONE_LINE = 14
"""Headers up to this length are on one line, such as ``Capex (USD m)``."""
_LETTER = 0.88
"""Average width of a letter, relative to a digit."""
BOLD = 1.1
"""How much wider bold letters are."""
_NARROWEST, _WIDEST, _WIDEST_MIXED = 7, 52, 34
_WIDEST_OF = {Format.LONG: 76, Format.REMARK: 40, Format.SENTENCE: 132}
_SAMPLED = 2_000
"""Most different texts of a column that are measured."""

_FORMATS = {
    Format.YEAR: "0",
    Format.COUNT: "#,##0",
    Format.FACTOR: "[<10]0.00##;[<100]#,##0.0#;#,##0",
    Format.SHARE: "0.0%",
    Format.INDEX: "#,##0",
    Format.TINY: "[=0]0;[>=0.01]#,##0.00;0.0E+00",
    Format.SECONDS: "#,##0.00",
    Format.MILLIONS: "#,##0.0",
    Format.DAYS: "#,##0.0",
}
_WHOLE = "#,##0"
_IN_MILLIONS = ((1e8, 0), (1e5, 1), (1e3, 3))
"""Amounts from which money is shown in millions, and with how many decimals; cells keep all digits.
"""
_SMALL_TOO = "[=0]0;[<100]#,##0.0;#,##0"
"""Number format with one decimal below 100, and none from 100 on."""


def number_format(fmt: Format, values: Iterable[Cell]) -> str:
    """Return the number format of cells: digits that matter and no others."""
    if fmt in _FORMATS:
        return _FORMATS[fmt]
    if fmt.is_text:
        return "General"
    numbers = [v for v in _numbers_among(values) if v]
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    if low < 0:
        return _WHOLE if max(-low, high) >= 100 else "#,##0.0"  # noqa: PLR2004
    if fmt is Format.MONEY and (low >= 100 or not numbers):  # noqa: PLR2004
        return _WHOLE
    if numbers and high < 1:
        return "0.000"
    return _SMALL_TOO


def mixed_format(fmt: Format, value: Cell, most: float) -> str:
    """Return the number format of a cell in a column with several kinds of numbers.

    ``most`` is the column's largest amount of money: if it is shown in millions, all amounts are.
    """
    if fmt is Format.MONEY and isinstance(value, int | float) and most >= _IN_MILLIONS[0][0]:
        for least, decimals in _IN_MILLIONS:
            if abs(value) >= least:
                return f'#,##0{"." * (decimals > 0)}{"0" * decimals},," m"'
    return number_format(fmt, (value,))


def most_money(column: TableColumn) -> float:
    """Return the largest amount of money in a column with several kinds of numbers."""
    pairs = zip(column.values, column.formats or (), strict=False)
    amounts = (abs(v) for v, fmt in pairs if fmt is Format.MONEY and isinstance(v, int | float))
    return max(amounts, default=0.0)


def with_right_gap(form: str) -> str:
    """Return a number format with a gap on the right, so that it doesn't touch the next column.

    An indent would do the same, but LibreOffice draws it only in some rows.
    """
    return ";".join(f"{part}_0" for part in form.split(";"))


def footer(text: str) -> str:
    plain = text[:_FOOTER].replace("&", "&&")[:_FOOTER].rstrip("&")
    return f"&L{plain}&RPage &P of &N"


def on_a4(sheet: Any, text: str, *, upright: bool = False, top: float = 0.4) -> None:
    """Print a sheet on A4 with a margin at the ``top`` [inches], and with a text in the footer."""
    if not upright:
        sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=top, bottom=top + 0.1)
    sheet.set_footer(footer(text))


def line_count(value: Cell, wide: float, fmt: Format) -> int:
    """Return how many lines a text takes in a column this wide; ``Format.TEXT`` is not wrapped."""
    if not isinstance(value, str) or fmt is Format.TEXT:
        return 1
    count = math.ceil(width_of(value) * _LETTER / max(wide - 2, 1.0))
    return min(count, MOST_LINES) if fmt is Format.SENTENCE else max(count, 1)


def usual_font() -> dict[str, Any]:
    """Return the font of a workbook's cells, a new one each time: XlsxWriter changes it."""
    return {"font_name": FONT, "font_size": FONT_SIZE}


class Styles:
    """The formats of one workbook, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, object], ...], Any] = {}

    def get(self, **properties: object) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format({"valign": "vcenter", **properties})
        return self._made[key]

    def header_style(self, fmt: Format = Format.TEXT, *, filtered: bool = False) -> Any:
        """Return the header's format: left-aligned above text, right-aligned above numbers.

        The thick white line below separates the header from the first row, however small it is
        printed. A wider indent leaves room for the filter's arrow.
        """
        align, indent = ("left", 1) if fmt.is_text else ("right", 2 if filtered else 1)
        return self.get(
            bold=True, font_color=WHITE, bg_color=NAVY, text_wrap=True, valign="vcenter",
            border=1, border_color=LINE, bottom=5, bottom_color=WHITE, align=align, indent=indent,
        )  # fmt: skip

    def cell_style(self, fmt: Format, values: Sequence[Cell]) -> Any:
        if fmt.is_text:
            return self.get(align="left", indent=1, text_wrap=fmt in {Format.LONG, Format.SENTENCE})
        return self.number_style(number_format(fmt, values))

    def number_style(self, form: str) -> Any:
        return self.get(num_format=with_right_gap(form), align="right")


def header_height(lines: int) -> float:
    return 7.5 + LINE_HEIGHT * lines


def column_widths(
    column: TableColumn, *, filtered: bool, sections: frozenset[int] = frozenset()
) -> tuple[float, ...]:
    """Return the width that shows every cell, for a header on each number of ``HEADER_LINES``.

    Longer text is wrapped, or cut off in remarks; text of ``sections`` may cover the next columns.
    """
    seen: set[tuple[Cell, Format]]
    if column.formats is None and not column.fmt.is_text:
        numbers = _numbers_among(column.values)
        seen = {(n, column.fmt) for n in (min(numbers), max(numbers))} if numbers else set()
    elif column.formats is None and not sections:
        seen = {(value, column.fmt) for value in set(column.values)}
    else:
        formats = column.formats or repeat(column.fmt, len(column.values))
        pairs = enumerate(zip(column.values, formats, strict=True))
        seen = {pair for i, pair in pairs if i not in sections}
    if len(seen) > _SAMPLED:
        seen = set(sorted(seen, key=lambda s: -len(str(s[0])))[:_SAMPLED])
    most = most_money(column)
    body = max((_drawn_width(*cell, most) for cell in seen), default=0)
    widest = column.widest or _WIDEST_OF.get(column.fmt, _WIDEST)
    if not column.widest and Format.LONG in (column.formats or ()):
        widest = _WIDEST_MIXED
    if not column.fmt.is_text:
        body += 1  # a gap between numbers and the text to their right
    body = min(max(body + 2, _NARROWEST), widest)
    heads = (round(_in_lines(column.header, lines) * BOLD) for lines in HEADER_LINES)
    return tuple(float(max(body, head + (_ARROW if filtered else 1))) for head in heads)


def _in_lines(header: str, lines: int) -> int:
    """Return how wide a header is on this many lines, without a line break in its unit."""
    if width_of(header) <= (_ONE_LINE if lines == HEADER_LINES[0] else 0) or lines == 1:
        return width_of(header)
    words = re.sub(r" (?=[^(]*\)$)", "\N{NO-BREAK SPACE}", header).split(" ")
    cuts = ((" ".join(words[:i]), " ".join(words[i:])) for i in range(1, len(words)))
    wide = (max(width_of(first), _in_lines(rest, lines - 1)) for first, rest in cuts)
    return min(wide, default=width_of(header))


def _numbers_among(values: Iterable[Cell]) -> Sequence[float]:
    """Return the numbers among cells; a list of only numbers is returned itself."""
    listed: list[Any] = values if isinstance(values, list) else list(values)
    if set(map(type, listed)) <= {int, float}:
        return listed
    numbers = (int, float)  # ``int | float`` would be built again for each cell
    return [v for v in listed if isinstance(v, numbers)]


def _drawn_width(value: Cell, fmt: Format, most: float) -> int:
    """Return how many characters a cell takes; ``most`` is the column's largest amount of money."""
    if value is None:
        return 0
    if isinstance(value, str):
        return width_of(value) + 1
    if fmt is Format.YEAR:
        return 4
    if mixed_format(fmt, value, most).endswith(' m"'):
        return len(f"{value / 1e6:z,.1f} m")
    if fmt in {Format.SHARE, Format.TINY}:
        return len(f"{value:z.1%}") if fmt is Format.SHARE else max(7, len(f"{value:z,.2f}"))
    decimals = 0 if abs(value) >= 100 or fmt in {Format.COUNT, Format.INDEX} else 3  # noqa: PLR2004
    return len(f"{value:z,.{decimals}f}")


# ---- how a table is printed ----------------------------------------------------------------------
#
# Without a print area, a program prints all rows: hundreds of pages for a large plan.

_WIDEST_UPRIGHT, WIDEST = 146, 215
"""Characters that fit on a line at 7 points: on A4 in portrait, and in landscape."""
_WIDEST_KEYS = 60
"""Most characters of the key columns that are repeated on each page of a table."""
MOST_PAGES = 2
"""Most pages of a sheet that are printed by default."""
_SIDES = (595.0, 842.0)
"""Width and height of A4 in portrait, in points."""
_ACROSS, _DOWN = 58.0, 80.0
"""Margins: their share of a page's width and of its height, in points."""
_CHARACTER = 5.45
"""Points per character of a column's width, including the column's own margins."""
_SPARE = 0.96
"""Fraction of a page's height that is used, because programs break pages at different rows."""


@dataclass(frozen=True)
class Paper:
    """The A4 pages on which a table's columns are printed, ``across`` of them side by side.

    ``wide`` is their total width in characters; ``keys`` is the number of columns that identify a
    row, which are repeated on each page.
    """

    wide: float
    across: int = 1
    keys: int = 0

    @classmethod
    def fitting(cls, table: Table, widths: Sequence[float]) -> Paper:
        """Return the smallest number of pages on which columns of these widths are legible."""
        wide, keys = sum(widths), 0
        if wide <= WIDEST:
            return cls(wide)
        for i, column in enumerate(table.columns[: len(widths)], start=1):
            is_key = column.fmt.is_text or column.fmt is Format.YEAR
            if not is_key or sum(widths[:i]) > _WIDEST_KEYS:
                break
            keys = i
        again = sum(widths[:keys])
        across = math.ceil((wide - again) / (WIDEST - again))
        return cls(wide + again * (across - 1), across, keys)

    @property
    def is_upright(self) -> bool:
        return self.wide <= _WIDEST_UPRIGHT


def print_setup(sheet: Any, text: str, paper: Paper) -> None:
    """Set up printing on A4: narrow tables in portrait; headers and key columns on every page."""
    on_a4(sheet, text, upright=paper.is_upright, top=0.5)
    sheet.fit_to_pages(paper.across, 0)
    sheet.repeat_rows(0)
    if paper.keys:
        sheet.repeat_columns(0, paper.keys - 1)


def printed_rows(paper: Paper, heights: Sequence[float], lines: int) -> int:
    """Return how many rows of these heights [points] are printed.

    Pages are scaled down until their columns fit, never up; each has a header of ``lines`` lines.
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
