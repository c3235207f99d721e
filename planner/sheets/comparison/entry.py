"""One case of a comparison, and the sheets of several plans under one another."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.case import Case
from models.results.field import Look
from planner.render.table import Cell, Column, Table
from planner.render.text import clean
from planner.sheets.context import Context

_DUST = 1e-9
"""A difference below this part of what it is of is rounding."""

CellOf = Callable[[str, int, str], str]
"""The address of a cell by sheet, row and column header; "" where there is none."""


def nowhere(sheet: str, row: int, column: str) -> str:
    """Return no address: of a case that came from no workbook."""
    del sheet, row, column
    return ""


@dataclass(frozen=True)
class Entry:
    """One case of a comparison.

    ``case`` is the case that is planned; ``context`` holds its plan (None: there is none, and
    ``error`` says why). ``cell_of`` finds the workbook's cells.
    """

    name: str
    case: Case
    context: Context | None = None
    error: str = ""
    cell_of: CellOf = nowhere


def difference(here: float | None, there: float | None) -> float | None:
    """Return how much more a figure is than the base's; 0 where they differ by rounding alone."""
    if here is None or there is None:
        return None
    by = here - there
    return by if abs(by) > _DUST * max(abs(here), abs(there)) else 0.0


def stacked(entries: Sequence[Entry], make: Callable[[Context], Table | None]) -> Table | None:
    """Return a plan's sheet for all plans, one under another, with the column Scenario first.

    None where no plan has the sheet.
    """
    made = [(entry.name, make(entry.context)) for entry in entries if entry.context is not None]
    parts = [(name, table) for name, table in made if table is not None]
    if not parts:
        return None
    first = parts[0][1]
    of = dict.fromkeys(header for _, table in parts for header in table.headers)
    columns = [Column("Scenario", Look.TEXT, _repeated(parts))]
    for header in of:
        values: list[Cell] = []
        looks: list[Look] = []
        own = next(table.column(header) for _, table in parts if header in table.headers)
        for _, table in parts:
            here = table.column(header) if header in table.headers else None
            values += [None] * len(table) if here is None else here.values
            looks += (here.looks if here is not None and here.looks else None) or (
                [own.look] * len(table)
            )
        columns.append(Column(header, own.look, values, looks if own.looks else None, own.meaning))
    printed = None if first.printed is None else first.printed + 1
    # the plan's own Changes sets today beside it; here that name says which inputs differ
    name = "Changes from today" if first.name == "Changes" else first.name
    return dataclasses.replace(first, name=name, columns=tuple(columns), printed=printed)


def _repeated(parts: Sequence[tuple[str, Table]]) -> list[Cell]:
    return [clean(name) for name, table in parts for _ in range(len(table))]
