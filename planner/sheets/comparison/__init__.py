"""The comparison of a base case with scenarios of it: tables of all of them, and charts.

``Entry`` is one case with its plan, the base first. The plan's own sheets stand under one another
with the column Scenario first; ``comparison`` sets the scenarios beside the base.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from models.results import ByMineral, ChartData, Checks, Duals, Summary, Values
from planner.render.table import Table
from planner.sheets.comparison.builds import builds
from planner.sheets.comparison.changes import changes
from planner.sheets.comparison.entry import Entry, stacked
from planner.sheets.comparison.figures import by_mineral, comparison, largest, shortage
from planner.sheets.comparison.flows import differences
from planner.sheets.comparison.pictures import pictures
from planner.sheets.context import Book
from planner.sheets.study import Proven, write_study

__all__ = ["Entry", "tables", "write_comparison"]


def tables(entries: Sequence[Entry]) -> tuple[Table, ...]:
    """Return the sheets of a comparison in order; entries without a plan have a row in the first.

    Of the plan's own sheets all are there that have a row a year; Summary, Checks and what proves
    a single plan are not.
    """
    from planner.sheets import SHEETS, sheet

    left_out = {Summary, ByMineral, Checks, ChartData, Values, Duals}
    made = [
        comparison(entries),
        shortage(entries),
        largest(entries),
        by_mineral(entries),
        changes(entries),
        differences(entries),
        builds(entries),
        *(stacked(entries, partial(sheet, result)) for result in SHEETS if result not in left_out),
    ]
    return tuple(table for table in made if table is not None)


def write_comparison(  # noqa: PLR0913, PLR0917 - a study's workbook has many parts
    path: Path,
    made: Sequence[Table],
    entries: Sequence[Entry],
    book: Book,
    options: Mapping[str, str],
    runs: Sequence[Proven],
) -> None:
    """Write a comparison's workbook to a file: its tables, the charts behind the first one.

    ``runs`` are the proofs, one an entry.
    """
    named = book.case.settings.plan_title or (book.path.stem if book.path is not None else "Plan")
    write_study(
        path,
        made,
        pictures(entries),
        book,
        title=f"{named}: comparison",
        options=options,
        runs=runs,
        charts_before=made[1].name if len(made) > 1 else "",
    )
