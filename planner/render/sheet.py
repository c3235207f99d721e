"""A worksheet whose cells below the header are written a column at a time.

XlsxWriter keeps an object for every cell and puts each into words by itself, which for a plan of
200,000 rows takes 14 s and a gigabyte; its mode for large sheets refuses tables. Here the library
makes the sheet and all that belongs to it (table, widths, comments, print set-up, charts), and only
the rows of cells are put into words by ``Sheet``, in the library's own form.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from xlsxwriter.utility import xl_col_to_name, xl_range
from xlsxwriter.worksheet import Worksheet

from planner.render.table import Cell
from planner.render.text import clean

_CHUNK = 1024
"""Rows that are put into words at a time."""


@dataclass(frozen=True)
class Filled:
    """A column's cells, from row 2 of the sheet on.

    ``formats`` is one format; or a list with a format for each cell, of which a blank one is then
    a coloured blank, and None leaves the cell out.
    """

    values: Sequence[Cell]
    formats: Any
    texts: dict[str, str] = field(default_factory=dict)
    """The place of each text in the workbook's list of texts; ``Sheet.fill`` fills it."""


class Sheet(Worksheet):  # type: ignore[misc]
    """A worksheet of which row 1 is written cell by cell, the others by ``fill``."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self._filled: list[Filled] = []
        self._heights: Sequence[float] = ()

    def fill(self, columns: Iterable[Filled], heights: Sequence[float]) -> None:
        """Set all cells below row 1, and the height of each of their rows in points.

        Raises TypeError for a number that is not finite.
        """
        self._filled, self._heights = list(columns), heights
        for column in self._filled:
            self._register(column)
        if heights:
            self._check_dimensions(len(heights), max(len(self._filled) - 1, 0))
        for row, points in enumerate(heights, start=1):
            if (pixels := _pixels(points)) != self.default_row_height:
                self.row_sizes[row] = [pixels, False]  # comments and charts are placed by them

    def add_tall_table(self, rows: int, last: int, options: dict[str, Any]) -> None:
        """Make a table of columns 0 to ``last``: the header and ``rows`` rows below it.

        The library notes every cell of a table to find tables that overlap; this one is alone.
        """
        self.add_table(0, 0, 1, last, options)
        whole = xl_range(0, 0, max(rows, 1), last)
        made = self.tables[-1]
        made |= {name: whole for name in ("range", "a_range", "autofilter") if made.get(name)}

    def _register(self, column: Filled) -> None:
        """Enter a column's texts into the workbook's list, and check its numbers."""
        shared, kinds = self.str_table, set(map(type, column.values))
        if any(issubclass(kind, str) for kind in kinds):
            words = [v for v in column.values if isinstance(v, str)]
            for text in dict.fromkeys(words):
                place = shared._get_shared_string_index(clean(text))  # noqa: SLF001
                column.texts[text] = str(place)
            shared.count += len(words) - len(column.texts)
        if any(issubclass(kind, float) for kind in kinds):
            numbers = [v for v in column.values if isinstance(v, float)]
            if not math.isfinite(sum(numbers)) and not all(map(math.isfinite, numbers)):
                msg = "a cell cannot hold NaN or infinity"
                raise TypeError(msg)

    # ---- what the library asks for when it writes the file -------------------------------------

    def _write_rows(self) -> None:
        """Write all rows: the first as the library does, the others from the columns."""
        self.dim_rowmax: int | None = 0
        super()._write_rows()
        self.dim_rowmax = len(self._heights)
        for first in range(0, len(self._heights), _CHUNK):
            stop = min(first + _CHUNK, len(self._heights))
            self.fh.write("".join(self._chunk(first, stop)))

    def _chunk(self, first: int, stop: int) -> Iterator[str]:
        """Yield the rows from ``first`` to before ``stop``, counted from below the header."""
        numbers = [str(row + 2) for row in range(first, stop)]
        parts = [_part(column, i, first, stop, numbers) for i, column in enumerate(self._filled)]
        known = {height: _height(height) for height in set(self._heights[first:stop])}
        heights = [known[height] for height in self._heights[first:stop]]
        cells = "".join(part.template for part in parts)
        given = [each for part in parts for each in part.given]
        if any(part.is_full for part in parts):
            row = f'<row r="%s"%s>{cells}</row>'
            return map(row.__mod__, zip(numbers, heights, *given, strict=True))
        filled = map(cells.__mod__, zip(*given, strict=True)) if given else repeat("", stop - first)
        return (
            f'<row r="{number}"{height}>{row}</row>' if row else f'<row r="{number}"{height}/>'
            for number, height, row in zip(numbers, heights, filled, strict=True)
        )

    def _get_range_data(
        self, row_start: int, col_start: int, row_end: int, col_end: int
    ) -> list[str | None]:
        """Return the cells of a column that a chart reads: the file keeps them in the chart too."""
        if row_start:
            values = self._filled[col_start].values[row_start - 1 : row_end]
            return [v if v is None or isinstance(v, str) else f"{v:.16g}" for v in values]
        kept: list[str | None] = super()._get_range_data(row_start, col_start, row_end, col_end)
        return kept


@dataclass(frozen=True)
class _Part:
    """Some rows of a column: the XML of a cell, and what is put into it row by row.

    ``is_full``: every row has a cell. Else each row gives its whole cell, or nothing.
    """

    template: str
    given: tuple[Sequence[Any], ...] = ()
    is_full: bool = False


def _part(column: Filled, place: int, first: int, stop: int, numbers: list[str]) -> _Part:
    """Put rows of a column into words: with one template where all are texts, or all numbers."""
    values, texts = column.values[first:stop], column.texts
    at = f'<c r="{xl_col_to_name(place)}'
    if isinstance(column.formats, list):
        cells = zip(numbers, values, map(_style, column.formats[first:stop]), strict=True)
        return _Part("%s", ([_cell(at, *cell, texts) or _blank(at, *cell) for cell in cells],))
    kinds = set(map(type, values))
    if kinds == {type(None)}:
        return _Part("")
    look = _style(column.formats)
    if all(issubclass(kind, str) for kind in kinds):
        places = [texts[str(value)] for value in values]
        return _Part(f'{at}%s{look} t="s"><v>%s</v></c>', (numbers, places), is_full=True)
    if all(issubclass(kind, int | float) for kind in kinds):
        return _Part(f"{at}%s{look}><v>%.17G</v></c>", (numbers, values), is_full=True)
    rows = zip(numbers, values, strict=True)
    return _Part("%s", ([_cell(at, n, value, look, texts) for n, value in rows],))


def _style(look: Any) -> str:
    """Return what closes a cell's address and names its format; "" for no cell."""
    return "" if look is None else f'" s="{look._get_xf_index()}"'  # noqa: SLF001


def _cell(at: str, number: str, value: Cell, look: str, texts: dict[str, str]) -> str:
    if value is None or not look:
        return ""
    if isinstance(value, str):
        return f'{at}{number}{look} t="s"><v>{texts[value]}</v></c>'
    return f"{at}{number}{look}><v>{value:.17G}</v></c>"


def _blank(at: str, number: str, _: Cell, look: str) -> str:
    return f"{at}{number}{look}/>" if look else ""


def _height(points: float) -> str:
    return f' ht="{_pixels(points) * 0.75:.16g}" customHeight="1"'


def _pixels(points: float) -> int:
    """Return a height in pixels of 0.75 points, of which the library gives each row whole ones."""
    return int(points * 4 / 3 + 0.5)
