"""A workbook of actuals to fill in: all orders of a plan's year, its reserves and its plants."""

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
from planner.going_on.actuals import how_to_roll
from planner.render.words import span
from planner.workbook.headers import SETTING, VALUE
from planner.workbook.template import FormBook, write_book
from planner.workbook.template.columns import title

if TYPE_CHECKING:
    from planner.documents.orders import Orders
    from planner.workbook.plan_file import PlanFile

_RULES = (
    "1. A blank cell counts as planned. A 0 says that nothing came.",
    "2. Paid is what a tonne cost in all: price, tariff, freight and levy.",
    (
        "3. Purchases that the plan doesn't have go below the orders: without an order, but with"
        " year, mineral, refiner and member."
    ),
    (
        "4. A delivery of planner orders --periods is an order, too: its id has Q1 or M01 at its"
        " end. Give each order whole, or in its deliveries."
    ),
    (
        "5. A plant that is late has two rows in Built: 0 in its planned year, and its part in its"
        " new year."
    ),
)


def write_actuals(path: Path, orders: Orders, years: Sequence[int], folder: Path) -> None:
    """Write it for some years of a plan; ``folder`` is where it is kept, and used from."""
    plan, money = orders.plan, orders.plan.currency
    tables: dict[str, list[dict[str, object]]] = {
        Settings.SHEET: [{SETTING.header: "Currency", VALUE.header: money}],
        Delivery.SHEET: _deliveries(orders, years),
        ClosingStock.SHEET: _stocks(plan, max(years), money),
        ActualBuild.SHEET: _built(plan, years),
    }
    when = span(years)
    purpose = (
        f"What came of the orders of {when} of the plan {plan.title} ({orders.plan_id}). Fill in"
        " what differs, and roll the plan."
    )
    roll = how_to_roll(_seen_from(folder, plan.path), next_year(orders, years))
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


def _seen_from(folder: Path, file: Path) -> str:
    """Return a file's path from a folder, such as ``outputs/case-plan.xlsx``."""
    try:
        return Path(os.path.relpath(file, folder)).as_posix()
    except ValueError:  # on another drive
        return str(file)


def planned_years(orders: Orders, wanted: Sequence[int]) -> list[int]:
    """Return the years that are asked for, else the plan's first; UsageError for any other."""
    every = _years(orders)
    unknown = [year for year in wanted if year not in every]
    if unknown or not every:
        there = f"there is {span(every)}" if every else "it has none"
        msg = f"--year {', '.join(map(str, unknown))}: no year of the plan; {there}"
        raise UsageError(msg)
    return sorted(set(wanted)) or every[:1]


def next_year(orders: Orders, years: Sequence[int]) -> int:
    """Return the first year of a plan after some of its years."""
    return min((year for year in _years(orders) if year > max(years)), default=max(years) + 1)


def _years(orders: Orders) -> list[int]:
    return sorted({int(year) for year in orders.plan.result(Prices).frame()["year"]})


def _deliveries(orders: Orders, years: Sequence[int]) -> list[dict[str, object]]:
    money, table = orders.plan.currency, orders.table
    of = OrderLines
    fields = (
        of.order_id, of.year, of.mineral, of.refiner, of.project, of.member, of.contract,
        of.tonnes, of.unit_landed, None, None, of.plan_id,
    )  # fmt: skip
    headers = [title(column, money) for column in Delivery.columns()]
    return [
        {h: _shown(row[f.name]) if f else None for h, f in zip(headers, fields, strict=True)}
        for row in table[table["year"].isin(years)].to_dict("records")
    ]


def _shown(value: object) -> object:
    """Return a cell; a number without the last bits of a float."""
    return float(rounded(value, 8)) if isinstance(value, float) else value or None


def _stocks(plan: PlanFile, year: int, money: str) -> list[dict[str, object]]:
    stocks = plan.result(Stocks)
    names = ("mineral", "member", "year", "planned", "closing")
    headers = [title(ClosingStock.column_of(name), money) for name in names]
    fields = (Stocks.mineral, Stocks.member, Stocks.year, Stocks.closing)
    rows = [row for row in stocks.rows(*fields) if row[2] == year]
    return [dict(zip(headers, (*map(_shown, row), None), strict=True)) for row in rows]


def _built(plan: PlanFile, years: Sequence[int]) -> list[dict[str, object]]:
    """Return what the plan builds for output up to some years, or spends on in them."""
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

    def every(*columns: object) -> list[str]:
        return sorted({str(name) for each in columns for name in each if name})  # type: ignore[attr-defined]

    return {
        Mineral.SHEET: every(flows["mineral"], stocks["mineral"]),
        Member.SHEET: every(flows["member"], stocks["member"]),
        Refiner.SHEET: every(flows["refiner"]),
        Project.SHEET: every(projects["project"]),
    }
