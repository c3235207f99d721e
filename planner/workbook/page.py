"""A sheet that is no table, such as a first page, as it stands: its cells with their looks."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_EMPTY = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/>'
    b"</worksheet>"
)
_PIXEL = 9525
"""English metric units of a pixel."""
_WIDTH = 8.43
"""Characters that a column is wide where nothing is said."""

Look = tuple[tuple[str, object], ...]
"""Properties of a format, in the words of the library that writes workbooks."""


@dataclass(frozen=True)
class Placed:
    """A cell: row and column (0 is the first), the last of both where cells are merged."""

    row: int
    column: int
    last_row: int
    last_column: int
    value: str | int | float | None
    look: Look
    link: str = ""


@dataclass(frozen=True)
class Page:
    """A sheet laid out freely.

    ``widths`` in characters and ``heights`` in points, from the first on; ``chart`` is the place of
    its chart: row, column, width and height in pixels.
    """

    title: str
    cells: tuple[Placed, ...]
    widths: tuple[float, ...]
    heights: tuple[float, ...]
    chart: tuple[int, int, int, int] | None = None


def read_page(path: Path, part: str, title: str) -> Page:
    """Return a sheet as it stands; ``part`` is the file in the archive that it is in."""
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book: Any = load_workbook(_alone(path, part))
    sheet = book[title]
    merged = {(m.min_row, m.min_col): (m.max_row, m.max_col) for m in sheet.merged_cells.ranges}
    inside = {
        (row, column)
        for m in sheet.merged_cells.ranges
        for row in range(m.min_row, m.max_row + 1)
        for column in range(m.min_col, m.max_col + 1)
    } - merged.keys()
    widths = tuple(_widths(sheet))
    heights = tuple(sheet.row_dimensions[row].height or 15.0 for row in range(1, sheet.max_row + 1))
    cells = tuple(_placed(cell, merged) for cell in _cells(sheet, merged, inside))
    return Page(title, cells, widths, heights, _chart(sheet, widths, heights))


def _alone(path: Path, part: str) -> io.BytesIO:
    """Return the workbook with its other sheets emptied: they may be large."""
    kept = io.BytesIO()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(kept, "w") as new:
        for name in archive.namelist():
            folder = re.fullmatch(r"xl/worksheets/(_rels/)?([^/]+\.xml)(\.rels)?", name)
            if folder is None or part.endswith(f"/{folder[2]}"):
                new.writestr(name, archive.read(name))
            elif not folder[1]:
                new.writestr(name, _EMPTY)
    kept.seek(0)
    return kept


def _widths(sheet: Any) -> Iterator[float]:
    """Yield the width of each column; what is said of one holds up to the last of its group."""
    said: dict[int, float] = {}
    for key in list(sheet.column_dimensions):
        of = sheet.column_dimensions[key]
        for column in range(of.min or 0, (of.max or 0) + 1):
            said[column] = of.width
    for column in range(1, sheet.max_column + 1):
        # a file says widths with the room that a cell keeps beside its letters
        yield max(said.get(column, _WIDTH + 5 / 7) - 5 / 7, 0.0)


def _cells(
    sheet: Any, merged: dict[tuple[int, int], tuple[int, int]], inside: set[tuple[int, int]]
) -> Iterator[Any]:
    for row in sheet.iter_rows():
        for cell in row:
            at = (cell.row, cell.column)
            if at not in inside and (cell.value is not None or at in merged):
                yield cell


def _placed(cell: Any, merged: dict[tuple[int, int], tuple[int, int]]) -> Placed:
    row, column = cell.row, cell.column
    last_row, last_column = merged.get((row, column), (row, column))
    link = cell.hyperlink.location if cell.hyperlink is not None else ""
    return Placed(
        row - 1, column - 1, last_row - 1, last_column - 1, cell.value, _look(cell), link or ""
    )


def _look(cell: Any) -> Look:
    font, fill, side, align = cell.font, cell.fill, cell.border, cell.alignment
    found: dict[str, object] = {
        "bold": bool(font.b),
        "font_size": font.sz,
        "font_color": _colour(font.color),
        "underline": 1 if font.u else 0,
        "bg_color": _colour(fill.fgColor) if fill.fill_type == "solid" else "",
        "text_wrap": bool(align.wrap_text),
        "indent": int(align.indent or 0),
        "align": align.horizontal or "",
        "valign": {"center": "vcenter"}.get(align.vertical, align.vertical or "bottom"),
        "num_format": cell.number_format if cell.number_format != "General" else "",
        "top": _thick(side.top),
        "top_color": _colour(side.top.color),
        "bottom": _thick(side.bottom),
        "bottom_color": _colour(side.bottom.color),
    }
    return tuple((name, value) for name, value in found.items() if value)


def _colour(colour: Any) -> str:
    rgb = getattr(colour, "rgb", None)
    return f"#{rgb[-6:]}" if isinstance(rgb, str) else ""


def _thick(side: Any) -> int:
    return {"thin": 1, "medium": 2, "thick": 5}.get(side.style or "", 0)


def _chart(
    sheet: Any, widths: tuple[float, ...], heights: tuple[float, ...]
) -> tuple[int, int, int, int] | None:
    drawn = next(iter(sheet._charts), None)  # noqa: SLF001
    anchor = getattr(drawn, "anchor", None)
    if anchor is None or not hasattr(anchor, "to"):
        return None
    start, end = anchor._from, anchor.to  # noqa: SLF001
    across = [int(wide * 7 + 5) for wide in widths]
    down = [int(points * 4 / 3 + 0.5) for points in heights]
    wide = sum(across[start.col : end.col]) + (end.colOff - start.colOff) // _PIXEL
    high = sum(down[start.row : end.row]) + (end.rowOff - start.rowOff) // _PIXEL
    return start.row, start.col, int(wide), int(high)
