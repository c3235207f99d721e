"""Changes: the inputs of each scenario that differ from the base's."""

from __future__ import annotations

from collections.abc import Sequence

from models.case import Case
from models.results.field import Look
from planner.render.table import Cell, Column, Table, column
from planner.sheets.comparison.entry import Entry
from planner.sheets.comparison.inputs import ADDED, input_differences

MOST_CHANGES = 2_000
"""Changes listed of one scenario at most; the rest is counted in a last row."""


def changed_cells(base: Case, case: Case) -> int:
    """Return how many inputs of a case differ from the base's."""
    return sum(1 for _ in input_differences(base, case))


def changes(entries: Sequence[Entry]) -> Table | None:
    """One row an input that differs; None where there is only the base.

    Years in which a cell's number changes alike stand in one row. What a scenario adds (a closed
    lane, a share limit) has no cell.
    """
    if len(entries) <= 1:
        return None
    base = entries[0].case
    names: list[str] = []
    sheets: list[str] = []
    cells: list[str] = []
    whats: list[str] = []
    befores: list[Cell] = []
    afters: list[Cell] = []
    looks: list[Look] = []
    for entry in entries[1:]:
        found = list(input_differences(base, entry.case))
        for each in found[:MOST_CHANGES]:
            cell = entry.cell_of(each.sheet, each.row, each.column) if each.row else ADDED
            names.append(entry.name)
            sheets.append(each.sheet)
            cells.append(cell)
            whats.append(each.what)
            befores.append(each.before)
            afters.append(each.after)
            looks.append(each.look)
        left = len(found) - MOST_CHANGES
        if left > 0 or not found:
            names.append(entry.name)
            sheets.append("")
            cells.append("")
            whats.append(f"and {left:,} more" if left > 0 else "nothing differs from the base")
            befores.append(None)
            afters.append(None)
            looks.append(Look.TEXT)
    return Table(
        "Changes",
        (
            column("Scenario", Look.TEXT, names),
            column("Sheet", Look.TEXT, sheets),
            column("Cell", Look.TEXT, cells),
            column("Input", Look.LONG, whats),
            Column("Base value", Look.TEXT, befores, looks),
            Column("Scenario value", Look.TEXT, afters, looks),
        ),
    )
