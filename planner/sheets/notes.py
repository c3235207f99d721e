"""What the headers mean: the notes that readers see when they point at one, all in one place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from models.results import (
    CATALOGUE,
    Benchmarks,
    Changes,
    Duals,
    Field,
    Scorecard,
    Summary,
    Values,
    common,
)
from models.results.field import meaning_of
from planner.render.table import Table
from planner.sheets.difference_notes import DIFFERENCE_NOTES
from planner.sheets.orders.notes import ORDER_NOTES

BY_WEIGHT = "All minerals by weight; see By mineral."

_OF_THEIR_OWN = {Benchmarks, Changes, Scorecard, Summary, Values, Duals}
"""Results whose headers mean something else in other sheets."""


def _shared() -> dict[str, str]:
    """Return what a header means wherever it stands: as shared fields say, else a plan's sheets."""
    found = {f.header: f.meaning for f in vars(common).values() if isinstance(f, Field)}
    for result in CATALOGUE.values():
        for each in () if result.BOOK or result in _OF_THEIR_OWN else result.FIELDS:
            found.setdefault(each.header, each.meaning)
    return found


_SHARED = _shared()


def note(sheet: str, header: str) -> str:
    """Return what a header means, "" where it speaks for itself."""
    bare = header.partition(" (")[0]
    place = f"{sheet}: {bare}"
    return (
        ORDER_NOTES.get(place)
        or DIFFERENCE_NOTES.get(place)
        or meaning_of(sheet, header)
        or _SHARED.get(bare, "")
    )


def noted(tables: Iterable[Table]) -> list[Table]:
    """Return tables of which every column says what it means, declared or not."""
    return [
        replace(
            table,
            columns=tuple(
                c if c.meaning else replace(c, meaning=note(table.name, c.header))
                for c in table.columns
            ),
        )
        for table in tables
    ]
