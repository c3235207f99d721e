"""The plan as sheets, in order, with charts and one style for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from models import results
from models.plan import Plan
from models.results import Format
from models.results.common import PlanTable
from planner.render.table import Table, TableColumn, table_of
from planner.render.xlsx import write_workbook
from planner.sheets.changes import changed_builds, changed_orders
from planner.sheets.checks import checks, duals_table, values_table
from planner.sheets.context import Context, RunRecord
from planner.sheets.figures import (
    by_mineral_table,
    by_year_table,
    members_table,
    scorecard_of,
    shortage_causes,
)
from planner.sheets.front import about_table, overview, plan_tables
from planner.sheets.glossary import glossary
from planner.sheets.pictures import chart_data, pictures
from planner.sheets.summary import summary
from planner.workbook import Book

__all__ = [
    "SHEETS",
    "Context",
    "Format",
    "RunRecord",
    "Table",
    "TableColumn",
    "tables",
    "write_plan",
]

SHEETS = tuple(sorted((r for r in results.CATALOGUE.values() if r.PLACE), key=lambda r: r.PLACE))
"""The tables in order. Overview comes before them, Charts before Plan, Glossary before the tables
that nobody reads: chart data, values and duals, which ``planner verify`` needs."""
_MADE: Mapping[type[results.Result], Callable[[Context], results.Result | None]] = {
    results.Summary: summary,
    results.DecideNow: lambda context: plan_tables(context).get(results.DecideNow),
    results.About: about_table,
    results.ByMineral: by_mineral_table,
    results.Members: members_table,
    results.MeasuresByYear: by_year_table,
    results.ShortageCauses: lambda context: shortage_causes(context.plan),
    results.Scorecard: lambda context: scorecard_of(context.plan),
    results.ChangedOrders: changed_orders,
    results.ChangedBuilds: changed_builds,
    results.Checks: checks,
    results.ChartData: chart_data,
    results.Values: values_table,
    results.Duals: duals_table,
}
"""Functions that make the sheets that need more than the plan; None if a sheet has no rows."""


STACKED = tuple(r for r in SHEETS if r not in _MADE or r in {results.Members, results.Scorecard})
"""Sheets in which the rows of several scenarios can be stacked: one row per year or member.
Summary, Checks and the proof of a single plan can't be stacked."""


def result_of(result: type[results.Result], context: Context) -> results.Result | None:
    """Return a table of a plan; None if the input has no such rows."""
    if result in _MADE:
        return _MADE[result](context)
    if issubclass(result, PlanTable) and result.is_shown(context.plan, context.book.case):
        return result.from_plan(context.plan)
    return None


def tables(plan: Plan, book: Book, **more: Any) -> dict[str, Table]:
    """Return the sheets of a plan, as ``planner solve`` writes them.

    Args:
        plan: The plan.
        book: The input that it was made from.
        **more: ``without_limits``, the plan of the same case without share limits, with which the
            cost of the limits is shown; ``options``, ``timings`` and other fields of ``Context``.

    Returns:
        The sheets by name, in order; ``to_frame`` makes one a pandas DataFrame.

    Example:
        >>> sheets = planner.tables(planner.solve(book.case), book)
        >>> list(sheets)[:2]
        ['Decide now', 'Summary']
    """
    return _tables(Context(plan, book, **more))


def write_plan(
    path: Path, plan: Plan, book: Book, *, is_packed: bool = True, **more: Any
) -> dict[str, Table]:
    """Write a plan's workbook, charts included; an existing file is replaced.

    Args:
        path: The file, which ends in .xlsx.
        plan: The plan.
        book: The input that it was made from.
        is_packed: Compress the file.
        **more: As for ``tables``.

    Returns:
        The sheets, as ``tables`` does.

    Raises:
        WriteError: The file cannot be written.

    Example:
        >>> sheets = planner.write_plan(Path("plan.xlsx"), planner.solve(book.case), book)
        >>> Path("plan.xlsx").exists()
        True
    """
    context = Context(plan, book, **more)
    plan.foresee()
    sheets = _tables(context)
    write_workbook(
        path, tuple(sheets.values()), pictures(context), context.title, context.made_by,
        front=overview(context), created=context.record.written, is_packed=is_packed,
    )  # fmt: skip
    return sheets


def _tables(context: Context) -> dict[str, Table]:
    made = (result_of(result, context) for result in SHEETS)
    shown = [table_of(rows, context.country_name) for rows in made if rows is not None]
    if any(table.name == results.ShortageCauses.TABLE for table in shown):  # printed instead
        shown = [replace(t, printed=0) if t.name == results.Shortages.TABLE else t for t in shown]
    front = overview(context)
    texts = (front.question, *(f"{each.name} {each.text}" for each in front.findings))
    last = next(i for i, table in enumerate(shown) if table.name == results.ChartData.TABLE)
    return {t.name: t for t in (*shown[:last], glossary(shown, texts), *shown[last:])}
