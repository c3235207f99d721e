"""The plan as sheets: each a function from a plan to a table; charts; one style for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from models.plan import Plan
from planner.sheets.checks import checks
from planner.sheets.context import Book, Context
from planner.sheets.delimited import write_csv
from planner.sheets.minerals import by_mineral
from planner.sheets.pictures import chart_data, pictures
from planner.sheets.shares import country_shares, share_limits
from planner.sheets.stages import contracts, ore, projects, stocks
from planner.sheets.summary import summary
from planner.sheets.supply import plan as plan_sheet
from planner.sheets.supply import prices, refiners, shortages
from planner.sheets.table import Column, Look, Table
from planner.sheets.today import changes, tiers
from planner.sheets.write import write_workbook

__all__ = ["SHEETS", "Column", "Context", "Look", "Table", "tables", "write_csv", "write_plan"]

SHEETS: tuple[Callable[[Context], Table | None], ...] = (
    summary,
    by_mineral,
    plan_sheet,
    shortages,
    country_shares,
    share_limits,
    refiners,
    prices,
    contracts,
    stocks,
    projects,
    ore,
    tiers,
    changes,
    checks,
    chart_data,
)
"""The sheets in order; None where the input has no such rows. Charts stand before Plan."""


def tables(
    plan: Plan,
    book: Book,
    *,
    without_limits: Plan | None = None,
    options: Mapping[str, str] | None = None,
    timings: Mapping[str, float] | None = None,
) -> dict[str, Table]:
    """Return the sheets of a plan by name, in order.

    ``without_limits`` is the plan of the same case without share limits (None: it has none, or no
    such plan is known); ``options`` are those of the run; ``timings`` are seconds by stage.
    """
    return _tables(Context(plan, book, without_limits, options or {}, timings or {}))


def write_plan(  # noqa: PLR0913 - a run has many parts, all of them named
    path: Path,
    plan: Plan,
    book: Book,
    *,
    without_limits: Plan | None = None,
    options: Mapping[str, str] | None = None,
    timings: Mapping[str, float] | None = None,
) -> None:
    """Write the plan's workbook, charts included, to a file; arguments as in ``tables``."""
    context = Context(plan, book, without_limits, options or {}, timings or {})
    made = tuple(_tables(context).values())
    write_workbook(path, made, pictures(context), context.title, context.made_by)


def _tables(context: Context) -> dict[str, Table]:
    made = (sheet(context) for sheet in SHEETS)
    return {table.name: table for table in made if table is not None}
