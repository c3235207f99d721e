"""The sheets of a plan's workbook as tables again, with the looks that they were written with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from planner.render.palette import PALE
from planner.sheets import Column, Look, Table
from planner.workbook.grid import Fault, Grid
from planner.workbook.worn import MOST_ROWS, Worn

_LOOKS = {
    "0.0%": Look.SHARE,
    "0": Look.YEAR,
    "#,##0": Look.COUNT,
    "#,##0.0": Look.MILLIONS,
    "#,##0.00": Look.SECONDS,
    "[=0]0;[>=0.01]#,##0.00;0.0E+00": Look.TINY,
}
"""The look of a number by its format; any other is one of tonnes or of prices, told alike."""
_SENTENCES, _REMARKS = {"Cause"}, {"Note", "Source"}
_LIGHTS = ("✓", "✗")
_ROOM = re.compile(r"_.")
"""Room that a format leaves beside a number."""
_COLUMNS = re.compile(r"\$([A-Z]+)\$\d+:\$([A-Z]+)\$(\d+)")

Cell = str | int | float | None


def table(grid: Grid, worn: Worn) -> Table:
    """Return a sheet as a table: its header is the first row, its columns from the left."""
    places = sorted(grid.header)
    columns = tuple(_column(grid, worn, place) for place in places)
    pale = PALE.lstrip("#").upper()
    sections = frozenset(
        i for i, row in enumerate(grid.rows) if worn.fills.get(row, "").upper() == pale
    )
    return Table(
        grid.title,
        columns,
        sections,
        printed=_printed(worn.printed),
        lights=tuple(c.header for c in columns if _is_light(c)),
    )


def _column(grid: Grid, worn: Worn, place: int) -> Column:
    header = str(grid.header[place])
    values = [_cell(value) for value in grid.values(place)]
    looks = [
        _look(worn.formats.get((row, place), "")) if not isinstance(value, str) else None
        for row, value in zip(grid.rows, values, strict=True)
    ]
    of_numbers = {
        look for look, value in zip(looks, values, strict=True) if look and value is not None
    }
    has_text = any(isinstance(value, str) for value in values)
    if not of_numbers:
        return Column(header, _of_text(header, place, worn), values)
    is_long = grid.rows[-1] > MOST_ROWS
    if not has_text and (len(of_numbers) == 1 or is_long):
        first = next(
            look for look, value in zip(looks, values, strict=True) if look and value is not None
        )
        return Column(header, first, values)
    text = _of_text(header, place, worn)
    known = [text if look is None else look for look in looks]
    return Column(header, text if has_text else Look.TONNES, values, known)


def _of_text(header: str, place: int, worn: Worn) -> Look:
    if header in _SENTENCES:
        return Look.SENTENCE
    if header in _REMARKS:
        return Look.REMARK
    return Look.LONG if place in worn.wrapped else Look.TEXT


def _look(number_format: str) -> Look:
    return _LOOKS.get(_ROOM.sub("", number_format), Look.TONNES)


def _cell(value: object) -> Cell:
    if isinstance(value, Fault):
        return value.text
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)


def _is_light(column: Column) -> bool:
    return any(isinstance(v, str) and v.startswith(_LIGHTS) for v in column.values)


def _printed(area: str) -> int | None:
    """Return how many columns are printed; None where all are."""
    found = _COLUMNS.fullmatch(area)
    if not found:
        return None
    number = 0
    for letter in found[2]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def rows(of: Table) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows of a table."""
    return zip(*(column.values for column in of.columns), strict=True)
