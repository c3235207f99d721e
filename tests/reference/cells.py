"""Cells of a row as python values (contract section 2, rules for every sheet)."""

from __future__ import annotations

import re
from math import inf

from .neutral import Row

BY_YEAR = re.compile(r"(?P<name>.+?) (?P<year>\d{4})(?P<unit> \(.+\))?")


def text(row: Row, header: str) -> str | None:
    """Text of a cell without surrounding spaces; None where it is blank."""
    value = row.get(header)
    if value is None:
        return None
    return str(value).strip() or None


def company(row: Row) -> str | None:
    """The cell Owner as companies are compared: case and spaces do not count; None if blank."""
    name = text(row, "Owner")
    return None if name is None else same_company(name)


def same_company(name: str) -> str:
    """A company's name without regard to case, surrounding or repeated spaces."""
    return " ".join(name.casefold().split())


def number(row: Row, header: str) -> float | None:
    """Number in a cell; None where it is blank."""
    value = row.get(header)
    if value is None:
        return None
    assert isinstance(value, (int, float)), (header, value)
    return float(value)


def filled(row: Row, header: str, default: float) -> float:
    """Number in a cell, or the default where it is blank."""
    value = number(row, header)
    return default if value is None else value


def must(row: Row, header: str) -> str:
    """Text of a cell that must be filled."""
    value = text(row, header)
    assert value is not None, header
    return value


def yes(row: Row, header: str) -> bool | None:
    """A yes/no cell; None where it is blank."""
    value = text(row, header)
    return None if value is None else value.lower() == "yes"


def in_years(row: Row, year: int) -> bool:
    """Whether First year <= year <= Last year; a blank end is open."""
    return filled(row, "First year", -inf) <= year <= filled(row, "Last year", inf)


def by_year(row: Row, name: str, unit: str, year: int) -> float | None:
    """Value of a by-year column in a year (section 2, columns marked ~).

    The filled column `NAME YYYY UNIT` with the latest YYYY <= year holds, else the plain one.
    """
    best, value = -1, number(row, name + unit)
    for header in row:
        match = BY_YEAR.fullmatch(header)
        if match is None or (match["name"], match["unit"] or "") != (name, unit):
            continue
        since, cell = int(match["year"]), number(row, header)
        if cell is not None and best < since <= year:
            best, value = since, cell
    return value
