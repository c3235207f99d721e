"""The plan as sheets: what each is made from, in order; charts; one style for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from models.plan import Plan
from models.results import (
    ByMineral,
    Changes,
    ChartData,
    Checks,
    Contracts,
    CountryShares,
    Duals,
    Flows,
    Look,
    Ore,
    Prices,
    Projects,
    Refiners,
    Result,
    Scorecard,
    ShareLimits,
    Shortages,
    Stocks,
    Summary,
    Tiers,
    Values,
)
from models.results.common import PlanTable
from planner.render.table import Column, Table, table_of
from planner.render.xlsx import write_workbook
from planner.sheets.checks import checks
from planner.sheets.context import Book, Context, Record
from planner.sheets.duals import duals, values
from planner.sheets.figures import by_mineral
from planner.sheets.front import overview
from planner.sheets.glossary import glossary
from planner.sheets.lost import Lost
from planner.sheets.pictures import chart_data, pictures
from planner.sheets.scorecard import scorecard_sheet
from planner.sheets.summary import summary

__all__ = ["SHEETS", "Column", "Context", "Look", "Record", "Table", "tables", "write_plan"]

Maker = Callable[[Context], Result | None]


def _of(result: type[PlanTable]) -> Maker:
    """Return what makes a sheet that every plan has, from the plan alone."""
    return lambda context: result.of(context.plan)


def _if_given(result: type[PlanTable], field: str) -> Maker:
    """Return what makes a sheet that is there where the input has such rows."""
    return lambda context: (
        result.of(context.plan)
        if getattr(context.case, field) or getattr(context.book.case, field)
        else None
    )


def _tiers(context: Context) -> Tiers | None:
    return Tiers.of(context.plan) if len(context.plan.tiers) else None


def _changes(context: Context) -> Changes | None:
    return Changes.of(context.plan) if context.case.current_supply else None


SHEETS: Mapping[type[Result], Maker] = {
    Summary: summary,
    ByMineral: by_mineral,
    Scorecard: scorecard_sheet,
    Flows: _of(Flows),
    Shortages: _of(Shortages),
    CountryShares: _of(CountryShares),
    ShareLimits: _of(ShareLimits),
    Refiners: _of(Refiners),
    Prices: _of(Prices),
    Contracts: _if_given(Contracts, "contracts"),
    Stocks: _if_given(Stocks, "stockpiles"),
    Projects: _if_given(Projects, "projects"),
    Ore: _if_given(Ore, "mines"),
    Tiers: _tiers,
    Changes: _changes,
    Checks: checks,
    ChartData: chart_data,
    Values: values,
    Duals: duals,
}
"""The sheets in order, and what makes each; None where the input has no such rows. Overview, which
is no table, stands first, Charts before Plan, Glossary last."""


def sheet(result: type[Result], context: Context) -> Table | None:
    """Return a sheet of a plan as it is shown; None where the input has no such rows."""
    made = SHEETS[result](context)
    return None if made is None else table_of(made, context.country)


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
    made = [table for table in (sheet(result, context) for result in SHEETS) if table is not None]
    said = overview(context, (table.name for table in made)).texts
    return {table.name: table for table in (*made, glossary(made, said))}
