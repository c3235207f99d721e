"""The plan as sheets: each a function from a plan to a table; charts; one style for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from models.plan import Plan
from planner.sheets.checks import checks
from planner.sheets.context import Book, Context, Record
from planner.sheets.delimited import write_csv
from planner.sheets.duals import duals, values
from planner.sheets.front import overview
from planner.sheets.glossary import glossary
from planner.sheets.lost import Lost
from planner.sheets.minerals import by_mineral
from planner.sheets.pictures import chart_data, pictures
from planner.sheets.scorecard import scorecard_sheet
from planner.sheets.shares import country_shares, share_limits
from planner.sheets.stages import contracts, ore, projects, stocks
from planner.sheets.summary import summary
from planner.sheets.supply import plan as plan_sheet
from planner.sheets.supply import prices, refiners, shortages
from planner.sheets.table import Column, Look, Table
from planner.sheets.today import changes, tiers
from planner.sheets.write import write_workbook

__all__ = [
    "SHEETS",
    "Column",
    "Context",
    "Look",
    "Record",
    "Table",
    "tables",
    "write_csv",
    "write_plan",
]

SHEETS: tuple[Callable[[Context], Table | None], ...] = (
    summary,
    by_mineral,
    scorecard_sheet,
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
    values,
    duals,
)
"""The sheets in order; None where the input has no such rows. Overview, which is no table, stands
first, Charts before Plan, Glossary last."""


def tables(  # noqa: PLR0913 - a run has many parts, all of them named
    plan: Plan,
    book: Book,
    *,
    without_limits: Plan | None = None,
    options: Mapping[str, str] | None = None,
    timings: Mapping[str, float] | None = None,
    made_with: Sequence[tuple[str, str]] = (),
    lost: Lost | None = None,
) -> dict[str, Table]:
    """Return the sheets of a plan by name, in order.

    ``without_limits`` is the plan of the same case without share limits (None: it has none, or no
    such plan is known); ``options`` are those of the run, ``made_with`` the same as typed, name and
    value; ``timings`` are seconds by stage; ``lost`` is the plan when its largest supplier country
    has stopped (None: not known).
    """
    context = Context(plan, book, without_limits, options or {}, timings or {}, made_with, lost)
    return _tables(context)


def write_plan(  # noqa: PLR0913 - a run has many parts, all of them named
    path: Path,
    plan: Plan,
    book: Book,
    *,
    without_limits: Plan | None = None,
    options: Mapping[str, str] | None = None,
    timings: Mapping[str, float] | None = None,
    made_with: Sequence[tuple[str, str]] = (),
    lost: Lost | None = None,
    record: Record | None = None,
) -> dict[str, Table]:
    """Write the plan's workbook, charts included, to a file; return its sheets as ``tables``."""
    context = Context(
        plan, book, without_limits, options or {}, timings or {}, made_with, lost,
        record or Record(),
    )  # fmt: skip
    made = _tables(context)
    write_workbook(
        path, tuple(made.values()), pictures(context), context.title, context.made_by,
        front=overview(context, made), created=context.record.written,
    )  # fmt: skip
    return made


def _tables(context: Context) -> dict[str, Table]:
    made = [table for table in (sheet(context) for sheet in SHEETS) if table is not None]
    said = overview(context, (table.name for table in made)).texts
    return {table.name: table for table in (*made, glossary(made, said))}
