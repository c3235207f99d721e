"""The first page of a plan, and the sheet About: what was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models import results
from models.case import BASE
from models.plan import OPTIMAL
from models.results import About, DecideNow, Figure, Format, Result, Security, Stocks
from models.results.overall import OPTION
from planner.render.chart import drawn
from planner.render.claims import SheetTables
from planner.render.front import FirstPage, first_columns
from planner.render.table import table_of
from planner.sheets.changes import changed_builds, changed_orders
from planner.sheets.checks import checks
from planner.sheets.context import Context, made_by_words, marked_rows, once, question
from planner.sheets.figures import by_mineral_table
from planner.sheets.findings import Row, plan_findings, result_rows, supplier_chart

MOST_ROWS = 12
"""Most minerals in the chart; the sheet By mineral has all."""
SHOWN = (
    results.ByMineral.mineral, results.ByMineral.demand, results.ByMineral.missing_share,
    results.ByMineral.missing_without_limits_share, results.ByMineral.supplier,
    results.ByMineral.supplier_free_share, results.ByMineral.supplier_share,
    results.ByMineral.served_without, results.ByMineral.served_through, results.ByMineral.extra,
)  # fmt: skip
"""The fields of By mineral in the page's table; those that are blank are left out."""
COMPARED_WITH = "Extra cost: against the plan without share limits."
NO_NEED = "Need 0: what is bought of it is for plants or for stock."
"""What the table is compared with, and what a need of 0 means."""


def about_table(context: Context) -> About:
    """Return what was asked of a plan, one number in a row."""
    case, (marked, rows) = context.case, marked_rows(context.book.case)
    years, count = case.years, Format.COUNT
    values = {
        Figure.TITLE: context.title,
        Figure.QUESTION: question(case),
        Figure.CAUTION: case.settings.caution,
        Figure.INPUT_FILE: context.book.file_name,
        Figure.SCENARIO: case.scenario,
        **{f"{OPTION}{name}": value for name, value in context.options.items()
           if name.casefold() != "scenario"},
        Figure.FIRST_YEAR: (years[0], Format.YEAR) if years else "",
        Figure.LAST_YEAR: (years[-1], Format.YEAR) if years else "",
        Figure.SHARE_BASIS: case.settings.share_basis,
        Figure.ESTIMATED_ROWS: (marked, count) if marked else "",
        Figure.INPUT_ROWS: (rows, count),
    }  # fmt: skip
    return About.of(values)


@once
def plan_tables(context: Context) -> SheetTables:
    """Return the tables of a plan from which its findings are made."""
    made = {
        results.ByMineral: by_mineral_table(context),
        DecideNow: DecideNow.from_plan(context.plan),
        Security: Security.from_plan(context.plan) if context.case.security else None,
        Stocks: Stocks.from_plan(context.plan) if context.case.stockpiles else None,
        results.Tiers: results.Tiers.from_plan(context.plan) if context.case.tiers else None,
        results.ChangedOrders: changed_orders(context),
        results.ChangedBuilds: changed_builds(context),
        About: about_table(context),
    }
    return SheetTables(made.get, context.country_name)


PROVEN = "Proven: no cheaper plan keeps the rules."


def _always_said(about: Result | None) -> str:
    """Return the proof, scenario and options, for which a page has room even if it is without."""
    values = (
        {} if about is None else dict(zip(about.data["what"], about.data["value"], strict=True))
    )
    options = {k.removeprefix(OPTION): str(v) for k, v in values.items() if k.startswith(OPTION)}
    made_by = made_by_words(str(values.get(Figure.SCENARIO, BASE)), options)
    return PROVEN if made_by == BASE else f"{PROVEN} {made_by}"


@once
def overview(context: Context) -> FirstPage:
    """Return the first page of a plan."""
    page = first_page(plan_tables(context), context.title, question(context.case))
    made_by = "" if context.is_as_given else context.made_by
    return replace(page, made_by=made_by, proof=_proof_sentence(context))


def first_page(tables: SheetTables, title: str, question_text: str) -> FirstPage:
    """Return the first page that follows from a plan's tables alone."""
    table = tables.get(results.ByMineral)
    if table is None:
        return FirstPage(title, question_text, plan_findings(tables))
    picture = supplier_chart(_minerals_for_chart(result_rows(table)), table.words)
    shown = first_columns(table_of(table, tables.country), table, SHOWN)
    notes = [
        COMPARED_WITH if results.ByMineral.extra.title(table.words) in shown.headers else "",
        NO_NEED if any(need == 0 for need in table.data["demand"]) else "",
    ]
    return FirstPage(
        title,
        question_text,
        plan_findings(tables),
        shown,
        drawn(picture),
        table_note=" ".join(filter(None, notes)),
        reserved=_always_said(tables.get(About)),
    )


def _minerals_for_chart(rows: Sequence[Row]) -> list[Row]:
    """Return the minerals for the chart, by what is paid for them, in the table's order."""
    ranked = sorted(rows, key=lambda row: -(row.get("paid") or 0.0))[:MOST_ROWS]
    return [row for row in rows if row in ranked]


def _proof_sentence(context: Context) -> str:
    """Return whether the plan is proven; the sheet Checks has the figures."""
    plan = context.plan
    if checks(context).passed[0] != "yes":
        return 'Not proven: on the sheet Checks, rows with "no" say what fails.'
    if plan.status != OPTIMAL:
        return "Not proven: the search ended early, see the sheet Checks."
    if plan.extension is not None:
        return "Proven, with the rules that were added to the case."
    return PROVEN
