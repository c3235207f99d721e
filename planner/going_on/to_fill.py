"""The workbook of actuals to fill in: orders, reserves and plants of some years of a plan."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import UsageError
from models.results import Flows, Prices, Projects, Stocks
from models.results.orders import OrderLines
from models.schema import Member, Mineral, Project, Refiner, Settings
from models.schema.rounds import ACTUALS, ActualBuild, ClosingStock, Delivery
from planner.documents.numbers import rounded
from planner.going_on.actuals import roll_command
from planner.render.words import span
from planner.workbook.headers import SETTING, VALUE, title
from planner.workbook.template import FormBook, write_book

if TYPE_CHECKING:
    from planner.documents.orders import Orders
    from planner.workbook.plan_file import PlanFile

_RULES = (
    "1. A blank cell counts as planned. A 0 means that nothing was delivered.",
    "2. Paid is the full cost of a tonne: price, tariff, freight and levy.",
    (
        "3. Enter purchases that were not planned below the orders. Leave Order blank, and fill in"
        " year, mineral, refiner and member."
    ),
    (
        "4. Deliveries from planner orders --periods are orders, too: their ids end in Q1 or M01."
        " Fill in each order either as a whole or by its deliveries."
    ),
    (
        "5. A delayed plant has two rows in Built: 0 for its planned year, and the built fraction"
        " for its new year."
    ),
)


def write_actuals(path: Path, orders: Orders, years: Sequence[int], folder: Path) -> None:
    """Write the workbook of actuals for some years of a plan.

    Its first page shows the plan's path from ``folder``, where the workbook will be used.
    """
    plan, money = orders.plan, orders.plan.currency
    tables: dict[str, list[dict[str, object]]] = {
        Settings.SHEET: [{SETTING.header: "Currency", VALUE.header: money}],
        Delivery.SHEET: _deliveries(orders, years),
        ClosingStock.SHEET: _stocks(plan, max(years), money),
        ActualBuild.SHEET: _built(plan, years),
    }
    when = span(years)
    purpose = (
        f"The orders of {when} in the plan {plan.title} ({orders.plan_id}). Fill in each figure"
        " that differs from the plan, then roll the plan."
    )
    roll = roll_command(_relative_path(folder, plan.path), next_year(orders, years))
    form = FormBook(
        records={record.SHEET: record for record in ACTUALS},
        names=_names(plan),
        page=(
            f"What was delivered in {when}",
            purpose,
            [
                ("planner check FILE", "lists every error with its cell"),
                (roll, "writes the workbook of the next plan"),
            ],
            _RULES,
        ),
    )
    write_book(path, tables, sheets=[record.SHEET for record in ACTUALS], form=form)


def _relative_path(folder: Path, file: Path) -> str:
    """Return a file's path relative to a folder, such as ``outputs/case-plan.xlsx``."""
    try:
        return Path(os.path.relpath(file, folder)).as_posix()
    except ValueError:  # on another drive
        return str(file)


def planned_years(orders: Orders, wanted: Sequence[int]) -> list[int]:
    """Return the wanted years, by default the plan's first; UsageError if one isn't planned."""
    every = _years(orders)
    unknown = [year for year in wanted if year not in every]
    if unknown or not every:
        years = f"it has {span(every)}" if every else "it has no years"
        msg = f"the plan has no year {', '.join(map(str, unknown))}; {years}"
        raise UsageError(msg)
    return sorted(set(wanted)) or every[:1]


def next_year(orders: Orders, years: Sequence[int]) -> int:
    """Return the year of a plan that follows the last of some years."""
    return min((year for year in _years(orders) if year > max(years)), default=max(years) + 1)


def _years(orders: Orders) -> list[int]:
    return sorted({int(year) for year in orders.plan.result(Prices).frame()["year"]})


def _deliveries(orders: Orders, years: Sequence[int]) -> list[dict[str, object]]:
    money, table = orders.plan.currency, orders.table
    lines = OrderLines
    fields = (
        lines.order_id, lines.year, lines.mineral, lines.refiner, lines.project, lines.member,
        lines.contract, lines.tonnes, lines.unit_landed, None, None, lines.plan_id,
    )  # fmt: skip
    headers = [title(column, money) for column in Delivery.columns()]
    return [
        {h: _shown(row[f.name]) if f else None for h, f in zip(headers, fields, strict=True)}
        for row in table[table["year"].isin(years)].to_dict("records")
    ]


def _shown(value: object) -> object:
    """Return the value of a cell; a float is rounded to 8 decimals."""
    return float(rounded(value, 8)) if isinstance(value, float) else value or None


def _stocks(plan: PlanFile, year: int, money: str) -> list[dict[str, object]]:
    stocks = plan.result(Stocks)
    names = ("mineral", "member", "year", "planned", "closing")
    headers = [title(ClosingStock.column_of(name), money) for name in names]
    fields = (Stocks.mineral, Stocks.member, Stocks.year, Stocks.closing)
    rows = [row for row in stocks.rows(*fields) if row[2] == year]
    return [dict(zip(headers, (*map(_shown, row), None), strict=True)) for row in rows]


def _built(plan: PlanFile, years: Sequence[int]) -> list[dict[str, object]]:
    """Return the plan's builds with output or spending up to the last of some years."""
    fields = (Projects.project, Projects.year, Projects.started, Projects.spent_in)
    rows = [row for row in plan.result(Projects).rows(*fields) if row[2]]
    due = [row for row in rows if min(row[1], row[3] or row[1]) <= max(years)]
    headers = [
        ActualBuild.column_of(name).header for name in ("project", "year", "planned", "part")
    ]
    return [dict(zip(headers, (p, y, _shown(part), None), strict=True)) for p, y, part, _ in due]


def _names(plan: PlanFile) -> dict[str, list[str]]:
    flows = plan.result(Flows).frame()
    stocks, projects = plan.result(Stocks).frame(), plan.result(Projects).frame()

    def names_in(*columns: object) -> list[str]:
        """Return the distinct names in some columns, sorted; blank cells are left out."""
        return sorted({str(name) for each in columns for name in each if name})  # type: ignore[attr-defined]

    return {
        Mineral.SHEET: names_in(flows["mineral"], stocks["mineral"]),
        Member.SHEET: names_in(flows["member"], stocks["member"]),
        Refiner.SHEET: names_in(flows["refiner"]),
        Project.SHEET: names_in(projects["project"]),
    }
