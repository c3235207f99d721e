"""How the cells of a workbook's sheets are shown, as far as a table made again has to know."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MOST_ROWS = 4_000
"""Rows that are looked at: a longer table has columns of one look each."""


@dataclass(frozen=True)
class Worn:
    """Of one sheet: number formats by row and column (1 is the first), for the rows looked at.

    ``fills`` are the rows whose first cell has a colour, in RGB; ``wrapped`` the columns whose
    texts go on several lines; ``printed`` the range that is printed, "" all of it.
    """

    formats: dict[tuple[int, int], str] = field(default_factory=dict)
    fills: dict[int, str] = field(default_factory=dict)
    wrapped: frozenset[int] = frozenset()
    printed: str = ""


def worn(path: Path) -> dict[str, Worn]:
    """Return how the cells of each sheet are shown, by the sheet's title."""
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book: Any = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    try:
        return {s.title: _of(s) for s in book.worksheets}
    finally:
        book.close()


def _of(sheet: Any) -> Worn:
    formats: dict[tuple[int, int], str] = {}
    fills: dict[int, str] = {}
    wrapped: set[int] = set()
    for row in sheet.iter_rows(max_row=MOST_ROWS):
        for i, cell in enumerate(row):
            if cell.value is None:
                continue
            if isinstance(cell.value, str):
                if cell.row > 1 and cell.alignment is not None and cell.alignment.wrap_text:
                    wrapped.add(cell.column)
            else:
                formats[cell.row, cell.column] = cell.number_format
            if i == 0 and cell.fill.fill_type == "solid":
                fills[cell.row] = str(cell.fill.fgColor.rgb)[-6:]
    printed = str(getattr(sheet, "_print_area", None) or "").rpartition("!")[2]
    return Worn(formats, fills, frozenset(wrapped), printed)
