"""How many printed pages a sheet takes, and how much of it is printed: the rest is for the screen.

A program that prints a workbook prints all of it unless a sheet says what, and a plan of many rows
would be hundreds of pages that nobody reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planner.render.style import header_height

MOST_PAGES = 2
"""Pages of one sheet that are printed by default."""
A4, A3 = 9, 8
_SIDES = {A4: (595.0, 842.0), A3: (842.0, 1191.0)}
"""Width and height upright in points."""
_ACROSS, _DOWN = 58.0, 80.0
"""What the margins take of a page's width and height in points."""
_CHARACTER = 5.45
"""Points of a character of a column's width, the column's own margins included."""
_SPARE = 0.96
"""The part of a page that is reckoned with: no two programs break pages at the same row."""


@dataclass(frozen=True)
class Printed:
    """What is printed of a table: its paper, the rows below the header, and the pages they take."""

    paper: int
    is_landscape: bool
    rows: int
    pages: int


def printed(
    wide: float, heights: Sequence[float], lines: int, *, paper: int, is_landscape: bool
) -> Printed:
    """Return what is printed of rows of some heights [points] on pages as wide as their columns.

    ``wide`` is in characters. Columns are made smaller until they fit, never larger; the header,
    of so many lines, stands on each page.
    """
    across, down = _SIDES[paper][::-1] if is_landscape else _SIDES[paper]
    size = min(1.0, (across - _ACROSS) / max(wide * _CHARACTER, 1.0))
    room = (down - _DOWN) / size * _SPARE - header_height(lines)
    pages, left = 1, room
    for row, height in enumerate(heights):
        if height > left:
            if pages == MOST_PAGES:
                return Printed(paper, is_landscape, row, pages)
            pages, left = pages + 1, room
        left -= height
    return Printed(paper, is_landscape, len(heights), pages)
