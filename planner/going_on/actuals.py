"""The workbook of actual figures, to fill in and to read: deliveries, closing stocks and plants."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models import tolerances
from models.case import fold
from models.checks.common import error
from models.errors import Finding, UsageError
from models.results import Flows, Prices, Projects, Stocks
from models.results.orders import OrderLines
from models.schema import Member, Mineral, Project, Record, Refiner, Settings
from models.schema.rounds import ACTUALS, ActualBuild, ClosingStock, Delivery
from planner.documents.deliveries import rounded, split_id
from planner.render.words import span
from planner.workbook.csv_folder import SheetFile, read_file
from planner.workbook.excel import open_excel
from planner.workbook.findings import ReadingContext, refused
from planner.workbook.grid import Grid, header_and_rows
from planner.workbook.headers import SETTING, VALUE, title
from planner.workbook.parts import is_input
from planner.workbook.records import read_sheet

if TYPE_CHECKING:
    from planner.documents.orders import Orders
    from planner.going_on.outcome import Purchase
    from planner.workbook.plan_file import PlanFile

_CSV_HEADERS = {
    lines.header: Delivery.column_of(name).header
    for lines, name in ((OrderLines.order_id, "order"), (OrderLines.plan_id, "plan"))
}
"""Headers of orders.csv, with the header of the same column on the sheet Deliveries."""
# the command on the first page of a workbook of actuals
_ROLL_COMMAND = re.compile(r"planner roll (?P<plan>.+) INPUT --to (?P<to>\d{4}) .*")
_PAID = re.compile(rf"{Delivery.column_of('paid').header} \((?P<currency>[A-Z]{{3}})/t\)")
_TO_FILL = "planner new --actuals PLAN -o actuals.xlsx writes one to fill in"
ORDER_NAMES = ("mineral", "refiner", "member")
"""With the year, these identify an order."""


@dataclass(frozen=True)
class Actuals:
    """The rows of a file of actuals, and the context for messages about them.

    ``plan`` and ``to`` are the plan's file and the first year of the next plan, read from the first
    page.
    """

    path: Path
    context: ReadingContext
    deliveries: tuple[Delivery, ...] = ()
    stocks: tuple[ClosingStock, ...] = ()
    built: tuple[ActualBuild, ...] = ()
    plan: str = ""
    to: int | None = None


def read_actuals(path: Path, currency: str = "") -> Actuals:
    """Read a workbook or CSV file of actuals; errors in its cells are collected in the context.

    Without ``currency``, the headers of the file say the currency. Raises InputError if the file
    has no sheet of actuals.
    """
    if path.suffix.casefold() != ".csv" and is_input(path):
        raise refused(path, "this is an input workbook", "a workbook of actuals", _TO_FILL)
    grids = [*_grids(path)]
    headers = (str(name) for grid in grids for name in grid.header.values())
    paid = next(filter(None, map(_PAID.fullmatch, headers)), None)
    known = paid["currency"] if paid else ReadingContext.currency
    context = ReadingContext(currency=currency or known)
    records = {fold(record.SHEET): record for record in ACTUALS}
    rows: dict[type[Record], Any] = {}
    for grid in grids:
        record = records.get(fold(grid.title))
        if record is not None and grid.header_row:
            context.layout.files |= {record.SHEET: grid.file} if grid.file else {}
            rows[record] = read_sheet(record, grid, context).records()
    if not rows:
        names = ", ".join(record.SHEET for record in ACTUALS)
        raise refused(path, "no sheet of actuals", f"one of {names}", _TO_FILL)
    deliveries, stocks, built = (rows.get(record, ()) for record in ACTUALS)
    cells = (value for grid in grids[:1] for row in header_and_rows(grid) for value in row)
    texts = (value for value in cells if isinstance(value, str))
    page = next(filter(None, map(_ROLL_COMMAND.fullmatch, texts)), None)
    plan, to = (page["plan"], int(page["to"])) if page else ("", None)
    return Actuals(path, context, deliveries, stocks, built, plan, to)


def _grids(path: Path) -> Iterable[Grid]:
    if path.suffix.casefold() != ".csv":
        return open_excel(path).grids
    return [SheetFile.of(read_file(path, _CSV_HEADERS), Delivery).grid("")]


# ---- checks without the plan ---------------------------------------------------------------------


def check_alone(actuals: Actuals, to: int | None) -> tuple[Finding, ...]:
    """Return the errors that are found without the plan; years before ``to`` are over."""
    errors = RowErrors(actuals)
    errors.check_deliveries(to)
    for stock in actuals.stocks:
        if to is not None and stock.year >= to:
            errors.year_not_over(stock, f"before {to}")
    rows = dict[str, list[ActualBuild]]()
    for built in actuals.built:
        rows.setdefault(fold(built.project), []).append(built)
    for of_project in rows.values():
        total = sum(row.part or 0.0 for row in of_project)
        if total > 1.0 + tolerances.WHOLE_SUM:
            errors.too_much_built(of_project[-1], of_project[-1].project, total)
    return errors.in_order()


def order_identity(row: Delivery | Purchase) -> tuple[object, ...]:
    return (row.year, *(fold(getattr(row, name)) for name in (*ORDER_NAMES, "contract", "project")))


@dataclass
class RowErrors:
    """Collects errors of rows, each with its cell."""

    actuals: Actuals
    findings: list[Finding] = field(default_factory=list, kw_only=True)

    def in_order(self) -> tuple[Finding, ...]:
        """Return all errors in the order of cells, including errors found while reading."""
        context = self.actuals.context
        return context.layout.in_order([*context.findings, *self.findings])

    def wrong(
        self, record: Record, name: str, found: str, wanted: str = "", hint: str = ""
    ) -> None:
        self.findings.append(error(record, name, found, wanted, hint))

    def check_deliveries(self, to: int | None) -> None:
        """Find orders that are given twice, missing names, and wrong years and plans."""
        plans = Counter(fold(row.plan) for row in self.actuals.deliveries if row.plan)
        seen = dict[tuple[object, ...], Delivery]()
        kinds = dict[str, set[str]]()
        for row in self.actuals.deliveries:
            if row.plan and fold(row.plan) != plans.most_common(1)[0][0]:
                self.wrong(
                    row,
                    "plan",
                    f"this row belongs to the plan {row.plan}, most rows to another plan",
                )
                continue
            name, part = split_id(row.order)
            own: list[tuple[object, ...]]
            others: list[tuple[object, ...]]
            if row.order:
                own = [(fold(name), part)]
                others = [(fold(name), "")] if part else [(fold(name), "in parts")]
            elif self.has_names(row):
                own, others = [order_identity(row)], []
            else:
                continue
            if to is not None and row.year is not None and row.year >= to:
                self.year_not_over(row, f"before {to}")
                continue
            first = next((seen[key] for key in (*others, *own) if key in seen), None)
            if first is not None:
                self.order_given_twice(row, first)
                continue
            if row.order and part:
                own.append((fold(name), "in parts"))
                kinds.setdefault(fold(name), set()).add(part[0])
            elif row.order:
                own.append(order_identity(row))
            for key in own:
                seen.setdefault(key, row)
            if len(kinds.get(fold(name), ())) > 1:
                self.by_quarter_and_month(row, name)

    def has_names(self, row: Delivery) -> bool:
        blank = [name for name in ("year", *ORDER_NAMES) if getattr(row, name) in {"", None}]
        if blank:
            found = "the cell is blank, and the row has no order"
            self.wrong(row, blank[0], found, "an order, or else year, mineral, refiner and member")
        return not blank

    def year_not_over(self, row: Delivery | ClosingStock, over: str) -> None:
        self.wrong(row, "year", f"the year {row.year}", f"a past year ({over})")

    def order_given_twice(self, row: Delivery, first: Delivery) -> None:
        header = Delivery.column_of("order" if first.order else "year").header
        place = self.actuals.context.layout.cell(Delivery.SHEET, first.row, header)
        name = "order" if row.order else "year"
        self.wrong(row, name, f"this order appears twice, first in {place}", "each order once")

    def by_quarter_and_month(self, row: Delivery, order: str) -> None:
        found = f"the deliveries of order {order} are given both by quarter and by month"
        self.wrong(row, "order", found, "all of them by quarter, or all by month")

    def too_much_built(
        self, row: ActualBuild, project: str, total: float, as_planned: str = ""
    ) -> None:
        found = f"the built parts of {project} add up to {total:z.6g}{as_planned}"
        hint = "enter 0 for a year in which no part started"
        self.wrong(row, "part", found, "a sum of at most 1", hint)


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
    from planner.workbook.template import FormBook, write_book

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
    try:  # such as outputs/case-plan.xlsx
        place = Path(os.path.relpath(plan.path, folder)).as_posix()
    except ValueError:  # on another drive
        place = str(plan.path)
    roll = f"planner roll {place} INPUT --to {next_year(orders, years)} --actuals FILE -o NEXT"
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
