"""Actual figures: deliveries, closing stocks and plants of a workbook or CSV, put on a plan's."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models import tolerances
from models.case import fold
from models.checks.common import error
from models.errors import Finding
from models.results.orders import OrderLines
from models.schema import Record
from models.schema.rounds import ACTUALS, ActualBuild, ClosingStock, Delivery
from planner.documents.deliveries import part_of
from planner.workbook.cells import DECIMAL, WHOLE
from planner.workbook.excel import open_excel
from planner.workbook.findings import ReadingContext, refused
from planner.workbook.grid import Grid, cells_of, fill
from planner.workbook.headers import understand
from planner.workbook.parts import is_input
from planner.workbook.records import read_sheet

if TYPE_CHECKING:
    from planner.going_on.outcome import Purchase

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_MARKED = re.compile(r"^'(?=['\"\s]*[=+\-@])")
"""The apostrophe by which a CSV file keeps a text from being a formula."""
_CSV_HEADERS = {
    lines.header: Delivery.column_of(name).header
    for lines, name in ((OrderLines.order_id, "order"), (OrderLines.plan_id, "plan"))
}
"""Headers of orders.csv under which the columns of Deliveries stand."""
_HOW = re.compile(r"planner roll (?P<plan>.+) INPUT --to (?P<to>\d{4}) .*")
_PAID = re.compile(rf"{Delivery.column_of('paid').header} \((?P<currency>[A-Z]{{3}})/t\)")
_TO_FILL = "planner new --actuals PLAN -o actuals.xlsx writes one to fill in"
NAMES = ("mineral", "refiner", "member")
"""What an order is of, beside its year."""


@dataclass(frozen=True)
class Actuals:
    """What a file says, row by row, and where.

    ``plan`` and ``to`` are the plan's file and the year it goes on from, as its first page has
    them.
    """

    path: Path
    context: ReadingContext
    deliveries: tuple[Delivery, ...] = ()
    stocks: tuple[ClosingStock, ...] = ()
    built: tuple[ActualBuild, ...] = ()
    plan: str = ""
    to: int | None = None


def read_actuals(path: Path, currency: str = "") -> Actuals:
    """Read a workbook or CSV of actuals; what is wrong with its cells is in the context.

    Without a currency, that of its columns is taken.
    Raises InputError where it is none, or has no such sheet.
    """
    if path.suffix.casefold() != ".csv" and is_input(path):
        raise refused(path, "this is an input workbook", "a workbook of actuals", _TO_FILL)
    grids = [*_grids(path)]
    context = ReadingContext(currency=currency or _currency(grids))
    records = {fold(record.SHEET): record for record in ACTUALS}
    rows: dict[type[Record], Any] = {}
    for grid in grids:
        record = records.get(fold(grid.title))
        if record is not None and grid.header_row:
            rows[record] = read_sheet(record, grid, context).records()
    if not rows:
        names = ", ".join(record.SHEET for record in ACTUALS)
        raise refused(path, "no sheet of actuals", f"one of {names}", _TO_FILL)
    deliveries, stocks, built = (rows.get(record, ()) for record in ACTUALS)
    page = next(filter(None, map(_HOW.fullmatch, _texts(grids))), None)
    plan, to = (page["plan"], int(page["to"])) if page else ("", None)
    return Actuals(path, context, deliveries, stocks, built, plan, to)


def how_to_roll(plan: str, to: int) -> str:
    """Return the command on the first page of a workbook of actuals."""
    return f"planner roll {plan} INPUT --to {to} --actuals FILE -o NEXT"


def _texts(grids: Sequence[Grid]) -> Iterator[str]:
    for grid in grids[:1]:
        for row in cells_of(grid):
            yield from (value for value in row if isinstance(value, str))


def _currency(grids: Sequence[Grid]) -> str:
    """Return the currency of what was paid."""
    texts = (str(name) for grid in grids for name in grid.header.values())
    found = next(filter(None, map(_PAID.fullmatch, texts)), None)
    return found["currency"] if found else ReadingContext.currency


def _grids(path: Path) -> Iterator[Grid]:
    if path.suffix.casefold() != ".csv":
        yield from open_excel(path).grids
        return
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise refused(path, str(error), "a CSV file in UTF-8, or a workbook") from error
    first = text.partition("\n")[0]
    lines = list(csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count)))
    header = [_CSV_HEADERS.get(name.strip(), name) for name in lines[0]] if lines else []
    numeric = {i for i, name in enumerate(header) if _is_number(name)}
    rows: list[list[object]] = [[*header]]
    rows += ([_cell(c, is_number=i in numeric) for i, c in enumerate(line)] for line in lines[1:])
    cells = ([(i, c) for i, c in enumerate(row, start=1) if c not in {"", None}] for row in rows)
    yield fill(Delivery.SHEET, enumerate(cells, start=1))


def _is_number(header: str) -> bool:
    column = understand(Delivery, header, {}).column
    return column is not None and column.kind in DECIMAL | WHOLE


def _cell(text: str, *, is_number: bool) -> object:
    text = _MARKED.sub("", text.strip())
    return float(text) if is_number and _NUMBER.fullmatch(text) else text


# ---- what rows say among themselves --------------------------------------------------------------


def by_itself(actuals: Actuals, to: int | None) -> tuple[Finding, ...]:
    """Return what is wrong with actuals whatever the plan is; years from ``to`` on aren't over."""
    work = AmongRows(actuals)
    work.deliveries(to)
    for stock in actuals.stocks:
        if to is not None and stock.year >= to:
            work.not_over(stock, f"before {to}")
    rows = dict[str, list[ActualBuild]]()
    for built in actuals.built:
        rows.setdefault(fold(built.project), []).append(built)
    for of in rows.values():
        total = sum(row.part or 0.0 for row in of)
        if total > 1.0 + tolerances.WHOLE_SUM:
            work.too_much_built(of[-1], of[-1].project, total)
    return work.in_order()


def names_of(row: Delivery | Purchase) -> tuple[object, ...]:
    """Return year and names of an order."""
    return (row.year, *(fold(getattr(row, name)) for name in (*NAMES, "contract", "project")))


@dataclass
class AmongRows:
    """Errors of rows, each at its cell."""

    actuals: Actuals
    findings: list[Finding] = field(default_factory=list, kw_only=True)

    def in_order(self) -> tuple[Finding, ...]:
        """Return all of them, with those of the reading."""
        context = self.actuals.context
        return context.layout.in_order([*context.findings, *self.findings])

    def wrong(
        self, record: Record, name: str, found: str, wanted: str = "", hint: str = ""
    ) -> None:
        self.findings.append(error(record, name, found, wanted, hint))

    def deliveries(self, to: int | None) -> None:
        """Find orders that are given twice, rows without names, years and plans of others."""
        plans = Counter(fold(row.plan) for row in self.actuals.deliveries if row.plan)
        seen = dict[tuple[object, ...], Delivery]()
        kinds = dict[str, set[str]]()
        for row in self.actuals.deliveries:
            if row.plan and fold(row.plan) != plans.most_common(1)[0][0]:
                self.wrong(row, "plan", f"the plan {row.plan}: other rows are of another plan")
                continue
            name, part = part_of(row.order)
            own: list[tuple[object, ...]]
            others: list[tuple[object, ...]]
            if row.order:
                own = [(fold(name), part)]
                others = [(fold(name), "")] if part else [(fold(name), "in parts")]
            elif self.has_names(row):
                own, others = [names_of(row)], []
            else:
                continue
            if to is not None and row.year is not None and row.year >= to:
                self.not_over(row, f"before {to}")
                continue
            first = next((seen[key] for key in (*others, *own) if key in seen), None)
            if first is not None:
                self.twice(row, first)
                continue
            if row.order and part:
                own.append((fold(name), "in parts"))
                kinds.setdefault(fold(name), set()).add(part[0])
            elif row.order:
                own.append(names_of(row))
            for key in own:
                seen.setdefault(key, row)
            if len(kinds.get(fold(name), ())) > 1:
                self.in_two_ways(row, name)

    def has_names(self, row: Delivery) -> bool:
        """Return whether a row without an order has all names of one."""
        blank = [name for name in ("year", *NAMES) if getattr(row, name) in {"", None}]
        if blank:
            found = "a blank cell; the row has no order"
            self.wrong(row, blank[0], found, "an order, or year, mineral, refiner and member")
        return not blank

    def not_over(self, row: Delivery | ClosingStock, over: str) -> None:
        self.wrong(row, "year", f"the year {row.year}", f"a year that is over: {over}")

    def twice(self, row: Delivery, first: Delivery) -> None:
        header = Delivery.column_of("order" if first.order else "year").header
        place = self.actuals.context.layout.cell(Delivery.SHEET, first.row, header)
        name = "order" if row.order else "year"
        self.wrong(row, name, f"this order appears twice, first in {place}", "each order once")

    def in_two_ways(self, row: Delivery, order: str) -> None:
        found = f"the order {order} is given by quarter and by month"
        self.wrong(row, "order", found, "all its deliveries by one of the two")

    def too_much_built(
        self, row: ActualBuild, project: str, total: float, as_planned: str = ""
    ) -> None:
        found = f"the parts of {project} add up to {total:z.6g}{as_planned}"
        hint = "give 0 for a year in which it did not start"
        self.wrong(row, "part", found, "at most 1 in all", hint)
