"""Rules on the sheet Uncertainty."""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case, fold
from models.checks.common import error, name_hint, warn
from models.errors import Finding
from models.resolve.uncertainty import (
    CHOICES,
    SELECTORS,
    column_named,
    columns_with_ranges,
    fields_of,
    matches_nothing,
    record_named,
)
from models.schema import SHEETS, Record


def ranges_are_of_numbers(case: Case) -> Iterator[Finding]:
    """A row names a column of numbers, and selects only by columns of the same sheet."""
    for row in case.uncertainty:
        record = record_named(row.sheet)
        if record is None:
            known = {fold(each.SHEET): each.SHEET for each in SHEETS if columns_with_ranges(each)}
            said = f"{row.sheet!r} is not a sheet with numbers that can have a range"
            wanted = f"one of {', '.join(known.values())}"
            yield error(row, "sheet", said, wanted, name_hint(row.sheet, known))
        elif column_named(record, row.header, case) is None:
            yield _no_column(record, row.header, error(row, "header", ""))
        else:
            for name in SELECTORS:
                if getattr(row, name) and not fields_of(record, name):
                    header = row.column_of(name).header
                    said = f"the sheet {record.SHEET} has no {header}"
                    yield error(row, name, said, "a blank cell")


def _no_column(record: type[Record], name: str, where: Finding) -> Finding:
    choices = {fold(record.column_of(f).header) for sheet, f in CHOICES if sheet == record.SHEET}
    known = {fold(column.header): column.header for column in columns_with_ranges(record)}
    if fold(name) in choices:
        said, hint = (
            f"{name!r} is what you choose, not an uncertain fact",
            "`planner sweep` varies caps",
        )
    else:
        said = f"the sheet {record.SHEET} has no column of numbers called {name!r}"
        hint = name_hint(name, known)
    wanted = f"one of {', '.join(known.values())}"
    return Finding(where.sheet, where.row, where.column, said, wanted, hint)


def ranges_that_match_nothing(case: Case) -> Iterator[Finding]:
    """Warn of rows that match no number above 0."""
    for row in case.uncertainty:
        if matches_nothing(case, row):
            yield warn(
                row, "sheet", "no number of the workbook matches the row", "the row changes nothing"
            )
