"""How a table is printed: on which pages of A4, and how much of it.

A program that prints a workbook prints all of it unless a sheet says what, and a plan of many rows
would be hundreds of pages that nobody reads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.results.field import Look
from planner.render import style
from planner.render.table import Table

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
    def of(cls, table: Table, widths: Sequence[float]) -> Paper:
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
        return self.wide <= _WIDEST_UPRIGHT


def print_setup(sheet: Any, said: str, paper: Paper) -> None:
    """Print on A4, narrow tables upright; the header, and the keys of a wide one, on every page."""
    if not paper.is_upright:
        sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(paper.across, 0)
    sheet.repeat_rows(0)
    if paper.keys:
        sheet.repeat_columns(0, paper.keys - 1)
    sheet.set_footer(style.footer(said))


def printed_rows(paper: Paper, heights: Sequence[float], lines: int) -> int:
    """Return how many rows of some heights [points] are printed on pages as wide as their columns.

    Columns are made smaller until they fit, never larger; the header, of so many lines, is on each
    page.
    """
    across, down = _SIDES if paper.is_upright else _SIDES[::-1]
    across = (across - _ACROSS) * paper.across
    size = min(1.0, across / max(paper.wide * _CHARACTER, 1.0))
    room = (down - _DOWN) / size * _SPARE - style.header_height(lines)
    most = max(1, MOST_PAGES // paper.across)
    pages, left = 1, room
    for row, height in enumerate(heights):
        if height > left:
            if pages == most:
                return row
            pages, left = pages + 1, room
        left -= height
    return len(heights)
