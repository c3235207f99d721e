"""Merged cells: an error wherever they reach over what is read, since only the first has a value.

Whether 1,000 over three rows is meant once or three times, and whether China over three rows of
Lanes is meant in all of them, the file does not say; the others would be read as blank, "all".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from models.errors import Finding
from planner.workbook.grid import Area, Grid
from planner.workbook.layout import letters


def areas(addresses: Iterable[str]) -> Iterator[Area]:
    """Yield the areas of more than one cell. Raises ValueError where an address is none."""
    from openpyxl.utils import range_boundaries

    for address in addresses:
        left, top, right, bottom = range_boundaries(address)
        if not (left and top and right and bottom):
            raise ValueError(address)
        if (left, top) != (right, bottom):
            yield Area(top, left, bottom, right)


def refuse_merged(sheet: str, grid: Grid, read: Collection[int]) -> list[Finding]:
    """Return an error at each merged area with a value in a column that is read.

    The value is put into all its cells, so that nothing else is told of them.
    """
    places = {row: i for i, row in enumerate(grid.rows)} if grid.merged else {}
    found = []
    for area in grid.merged:
        columns = range(area.left, area.right + 1)
        if area.bottom < grid.header_row or not any(p in columns for p in read):
            continue
        if _spread(grid, area, places):
            said, hint = f"the cells {area} are merged", "unmerge them, and fill each that is meant"
            cell = f"{letters(area.left)}{area.top}"
            wanted = "each cell by itself"
            found.append(Finding(sheet, area.top, "", said, wanted, hint, cell=cell))
    return found


def _spread(grid: Grid, area: Area, places: dict[int, int]) -> bool:
    """Put an area's value into its blank cells below the header; false where it has none."""
    columns = [p for p in grid.header if area.left <= p <= area.right]
    rows = [places[row] for row in range(area.top, area.bottom + 1) if row in places]
    cells = [(grid.columns[p], i) for p in columns if p in grid.columns for i in rows]
    values = [column[i] for column, i in cells if column[i] is not None]
    for column, i in cells if values else ():
        column[i] = values[0] if column[i] is None else column[i]
    return bool(values) or (area.top <= grid.header_row and bool(columns))
