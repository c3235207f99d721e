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
from planner.sheets.stress.notes import stress_note

BY_WEIGHT = "All minerals by weight; see By mineral."

_BY_CHANCE = " A figure within two standard errors of 0, either sign, may be chance alone."
_APART = (
    "Which of the two figures lies more than 1.96 standard errors from 0. The others are not"
    " distinguishable from 0: more draws, or more years of the event in them, would tell."
)
_TOTAL = (
    "What the program minimises: cash, shortage and other penalties, discounted to the first year."
)
_OF_A_SHEET = {
    "Events: A year adds, as agreed": "What a year of the event adds to total cost, from how draws"
    " with more and fewer such years differ." + _BY_CHANCE,
    "Events: A year adds, re-planned": "The same of the plan made anew." + _BY_CHANCE,
    "Events: A year adds short, as agreed": "What a year of the event adds to shortage."
    + _BY_CHANCE,
    "Events: A year adds short, re-planned": "The same of the plan made anew." + _BY_CHANCE,
    "Events: Distinguishable from 0, as agreed": _APART,
    "Events: Distinguishable from 0, re-planned": _APART,
}


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
        stress_note(sheet, header)
        or _OF_A_SHEET.get(place)
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
