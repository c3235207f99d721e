"""How many rows of a workbook are marked as estimates: counted here, for every surface."""

from __future__ import annotations

from models.case import Case
from models.schema import Settings
from planner.render.words import counted, is_estimate


def estimates(case: Case, *sheets: str) -> str:
    """Return how many rows of a workbook, or of some of its sheets, are estimates; "" for none.

    ``430 of 538 rows``: rows whose Note marks them, of all rows but those of Settings.
    """
    every = sheets or tuple(sheet for sheet in case.SHEET_FIELDS if sheet != Settings.SHEET)
    rows = [row for sheet in every for row in case.records(sheet)]
    marked = sum(is_estimate(getattr(row, "note", "")) for row in rows)
    return f"{marked:,} of {counted(len(rows), 'row')}" if marked else ""
