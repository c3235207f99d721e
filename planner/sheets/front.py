"""The first page of a plan, and the sheet About: what was asked."""

from __future__ import annotations

from dataclasses import replace

from models import results
from models.plan import OPTIMAL
from models.results import About, DecideNow, Figure, Look, Security, Stocks
from planner.render.chart import Picture
from planner.render.front import MOST_COLUMNS, FirstPage
from planner.render.table import Table, table_of
from planner.sheets.checks import checks
from planner.sheets.context import Context, marked_rows, once, question
from planner.sheets.figures import by_mineral, figures
from planner.sheets.findings import PlanTables, chart, findings, rows_of
from planner.sheets.last_plan import changed_builds, changed_orders

MOST_ROWS = 12
"""Most minerals in the chart, by value of demand; the sheet By mineral has all."""
SHOWN = (
    results.ByMineral.mineral, results.ByMineral.demand, results.ByMineral.missing_share,
    results.ByMineral.missing_without_limits_share, results.ByMineral.supplier,
    results.ByMineral.supplier_free_share, results.ByMineral.supplier_share,
    results.ByMineral.served_without, results.ByMineral.served_through, results.ByMineral.extra,
)  # fmt: skip
"""The fields of By mineral in the page's table; those that are blank are left out."""


def about(context: Context) -> About:
    """Return what was asked of a plan, one number in a row."""
    case, (marked, rows) = context.case, marked_rows(context.book.case)
    years, count = case.years, Look.COUNT
    said = {
        Figure.TITLE: context.title,
        Figure.QUESTION: question(case),
        Figure.CAUTION: case.settings.caution,
        Figure.INPUT_FILE: context.book.file_name,
        Figure.SCENARIO: case.scenario,
        **{f"Option: {name}": value for name, value in context.options.items()
           if name.casefold() != "scenario"},
        Figure.FIRST_YEAR: (years[0], Look.YEAR) if years else "",
        Figure.LAST_YEAR: (years[-1], Look.YEAR) if years else "",
        Figure.SHARE_BASIS: case.settings.share_basis,
        Figure.ESTIMATED_ROWS: (marked, count) if marked else "",
        Figure.INPUT_ROWS: (rows, count),
    }  # fmt: skip
    return About.of(said)


@once
def plan_tables(context: Context) -> PlanTables:
    """Return the tables of a plan from which its findings are made."""
    made = {
        results.ByMineral: by_mineral(context),
        DecideNow: DecideNow.from_plan(context.plan),
        Security: Security.from_plan(context.plan) if context.case.security else None,
        Stocks: Stocks.from_plan(context.plan) if context.case.stockpiles else None,
        results.Tiers: results.Tiers.from_plan(context.plan) if context.case.tiers else None,
        results.ChangedOrders: changed_orders(context),
        results.ChangedBuilds: changed_builds(context),
        About: about(context),
    }
    return PlanTables(made.get, context.country)


@once
def overview(context: Context) -> FirstPage:
    """Return the first page of a plan."""
    page = first_page(plan_tables(context), context.title, question(context.case))
    made_by = "" if context.is_as_given else context.made_by
    drawn = front_pictures(context)
    return replace(page, pictures=drawn, made_by=made_by, proof=_proof(context))


def first_page(tables: PlanTables, title: str, asked: str) -> FirstPage:
    """Return the first page that follows from a plan's tables alone."""
    table = tables.get(results.ByMineral)
    drawn = None if table is None else shown(table, tables)
    return FirstPage(title, asked, findings(tables), drawn)


def shown(table: results.Result, tables: PlanTables) -> Table:
    """Return the page's table: the chosen columns of By mineral that are not blank."""
    whole = table_of(table, tables.country)
    titles = [f.title(table.words) for f in SHOWN if f.name in table.data]
    columns = [whole.column(title) for title in titles]
    filled = [c for c in columns if any(value is not None for value in c.values)]
    return replace(whole, columns=tuple(filled[:MOST_COLUMNS]), printed=None)


@once
def front_pictures(context: Context) -> tuple[Picture, ...]:
    """Return the page's chart: the largest supplier's share without limits and with them."""
    by_value = sorted(figures(context), key=lambda row: -row["demand_value"])[:MOST_ROWS]
    largest = {row["mineral"] for row in by_value}
    table = by_mineral(context)
    chosen = table.where([mineral in largest for mineral in table.mineral])
    picture = chart(rows_of(chosen), chosen.words)
    return () if picture is None else (picture,)


def _proof(context: Context) -> str:
    """Return whether the plan is proven; the sheet Checks has the figures."""
    plan = context.plan
    if checks(context).passed[0] != "yes":
        return 'Not proven: on the sheet Checks, rows with "no" say what fails.'
    if context.within:
        return f"The plan keeps the rules of the case, and {context.within}."
    if plan.status != OPTIMAL:
        return "Not proven: the search ended early, see the sheet Checks."
    if plan.extension is not None:
        return "Proven, with the rules that were added to the case."
    return "Proven: no cheaper plan keeps the rules."
