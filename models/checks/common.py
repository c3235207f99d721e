"""What the rules share: a finding at a field of a record, the closest known name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator

from models.case import Case, fold
from models.errors import Finding, Severity
from models.schema import SHEETS, Column, Project, Record, Refiner

Rule = Callable[[Case], Iterator[Finding]]

CLOSE = 0.6


_COLUMNS = {record.SHEET: record.columns() for record in SHEETS}


def columns(record: type[Record]) -> tuple[Column, ...]:
    """Return the columns of a sheet; they are asked for on every Case."""
    return _COLUMNS[record.SHEET]


def at(  # noqa: PLR0913, PLR0917 - the parts of a finding
    record: Record,
    field: str,
    found: str,
    expected: str = "",
    hint: str = "",
    severity: Severity = Severity.ERROR,
) -> Finding:
    """Return a finding at a field of a record."""
    header = next(c.header for c in columns(type(record)) if c.field == field)
    return Finding(record.SHEET, record.row, header, found, expected, hint, severity)


def advise(record: Record, field: str, found: str, hint: str = "") -> Finding:
    """Return a warning at a field of a record."""
    return at(record, field, found, "", hint, Severity.WARNING)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint with the closest known name, or with those there are when they are few."""
    spelt = {fold(k): k for k in sorted(known)}
    close = difflib.get_close_matches(fold(name), spelt, n=1, cutoff=CLOSE)
    if close:
        return f"did you mean {spelt[close[0]]!r}?"
    few = 8
    return f"there is {', '.join(spelt.values())}" if 0 < len(spelt) <= few else ""


def plants(case: Case) -> tuple[Refiner | Project, ...]:
    """Return refiners and projects: every record that is a source."""
    return (*case.refiners, *case.projects)


def seller(plant: Refiner | Project) -> str:
    """Return the name that a refiner or project sells under."""
    return plant.refiner if isinstance(plant, Project) else plant.name
