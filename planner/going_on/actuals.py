"""Actual figures: the workbook to fill in, and each row read and matched with its order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models import errors, tolerances
from models.case import normalize
from models.checks.common import did_you_mean, error, name_hint
from models.errors import UsageError
from models.plan import Plan
from models.results import Flows, Projects, Stocks
from models.results.orders import OrderLines
from models.schema import Member, Mineral, Project, Record, Refiner, Settings
from models.schema.rounds import ACTUALS, ActualBuild, ClosingStock, Delivery
from planner.documents.orders import rounded, same_parts, split_id
from planner.going_on.outcome import PastYears, Purchase
from planner.render.words import counted, each_year, year_span
from planner.workbook.archive import is_input
from planner.workbook.csv_folder import SheetFile, read_file
from planner.workbook.excel import open_excel
from planner.workbook.findings import ReadingContext, refused
from planner.workbook.grid import Grid
from planner.workbook.headers import SETTING, VALUE, header_text
from planner.workbook.records import read_sheet

if TYPE_CHECKING:
    from planner.documents.orders import Orders
    from planner.workbook.plan_file import PlanFile


_CSV_HEADERS = {
    lines.header: Delivery.column_of(name).header
    for lines, name in ((OrderLines.order_id, "order"), (OrderLines.plan_id, "plan"))
}
"""Headers of orders.csv, with the header of the same column on the sheet Deliveries."""
_TO_FILL = "planner new --actuals PLAN -o actuals.xlsx writes one to fill in"
ORDER_NAMES = ("mineral", "refiner", "member")
"""With the year, these identify an order."""


@dataclass(frozen=True)
class Actuals:
    """The rows of a file of actuals, and the context for messages about them."""

    path: Path
    context: ReadingContext
    deliveries: tuple[Delivery, ...] = ()
    stocks: tuple[ClosingStock, ...] = ()
    built: tuple[ActualBuild, ...] = ()


def read_actuals(path: Path, currency: str) -> Actuals:
    """Read a workbook or CSV file of actuals; errors in its cells are collected in the context.

    Raises InputError if the file has no sheet of actuals.
    """
    if path.suffix.casefold() != ".csv" and is_input(path):
        raise refused(path, "this is an input workbook", "a workbook of actuals", _TO_FILL)
    grids = [*_grids(path)]
    context = ReadingContext(currency=currency)
    records = {normalize(record.SHEET): record for record in ACTUALS}
    rows: dict[type[Record], Any] = {}
    for grid in grids:
        record = records.get(normalize(grid.title))
        if record is not None and grid.header_row:
            context.layout.files |= {record.SHEET: grid.file} if grid.file else {}
            rows[record] = read_sheet(record, grid, context).records()
    if not rows:
        names = ", ".join(record.SHEET for record in ACTUALS)
        raise refused(path, "no sheet of actuals", f"one of {names}", _TO_FILL)
    deliveries, stocks, built = (rows.get(record, ()) for record in ACTUALS)
    return Actuals(path, context, deliveries, stocks, built)


def _grids(path: Path) -> Iterable[Grid]:
    if path.suffix.casefold() != ".csv":
        return open_excel(path).grids
    return [SheetFile.of(read_file(path, _CSV_HEADERS), Delivery).grid("")]


def order_identity(row: Delivery | Purchase) -> tuple[object, ...]:
    """Return what identifies an order without its id: year, names, contract and project."""
    return (
        row.year,
        *(normalize(getattr(row, name)) for name in (*ORDER_NAMES, "contract", "project")),
    )


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
    when = year_span(years)
    purpose = (
        f"The orders of {when} in the plan {plan.title} ({orders.plan_id}). Fill in each figure"
        " that differs from the plan, then roll the plan."
    )
    try:  # such as outputs/case-plan.xlsx
        plan_path = Path(os.path.relpath(plan.path, folder)).as_posix()
    except ValueError:  # on another drive
        plan_path = str(plan.path)
    roll = f"planner roll {plan_path} INPUT --to {next_year(orders, years)} --actuals FILE -o NEXT"
    form = FormBook(
        records={record.SHEET: record for record in ACTUALS},
        names=_names_by_column(plan),
        page=(
            f"What was delivered in {when}",
            purpose,
            [(roll, "lists every error with its cell, or writes the workbook of the next plan")],
            _RULES,
        ),
    )
    write_book(path, tables, sheets=[record.SHEET for record in ACTUALS], form=form)


def planned_years(orders: Orders, wanted: Sequence[int]) -> list[int]:
    """Return the wanted years, by default the plan's first; UsageError if one isn't planned."""
    planned = orders.plan.years
    unknown = [year for year in wanted if year not in planned]
    if unknown:
        msg = f"the plan has no year {each_year(unknown)}; it has {each_year(planned)}"
        raise UsageError(msg)
    return sorted(set(wanted) or planned[:1])


def next_year(orders: Orders, years: Sequence[int]) -> int:
    """Return the year of a plan that follows the last of some years."""
    return min((year for year in orders.plan.years if year > max(years)), default=max(years) + 1)


def _deliveries(orders: Orders, years: Sequence[int]) -> list[dict[str, object]]:
    money, table = orders.plan.currency, orders.table
    lines = OrderLines
    fields = (
        lines.order_id, lines.year, lines.mineral, lines.refiner, lines.project, lines.member,
        lines.contract, lines.tonnes, lines.unit_landed, None, None, lines.plan_id,
    )  # fmt: skip
    headers = [header_text(column, money) for column in Delivery.columns()]
    return [
        {
            h: _rounded_value(row[f.name]) if f else None
            for h, f in zip(headers, fields, strict=True)
        }
        for row in table[table["year"].isin(years)].to_dict("records")
    ]


def _rounded_value(value: object) -> object:
    """Return the value of a cell; a float is rounded to 8 decimals."""
    return float(rounded(value, 8)) if isinstance(value, float) else value or None


def _stocks(plan: PlanFile, year: int, money: str) -> list[dict[str, object]]:
    stocks = plan.result(Stocks)
    names = ("mineral", "member", "year", "planned", "closing")
    headers = [header_text(ClosingStock.column_of(name), money) for name in names]
    fields = (Stocks.mineral, Stocks.member, Stocks.year, Stocks.closing)
    rows = [row for row in stocks.rows(*fields) if row[2] == year]
    return [dict(zip(headers, (*map(_rounded_value, row), None), strict=True)) for row in rows]


def _built(plan: PlanFile, years: Sequence[int]) -> list[dict[str, object]]:
    """Return the plan's builds with output or spending up to the last of some years."""
    fields = (Projects.project, Projects.year, Projects.started, Projects.spent_in)
    rows = [row for row in plan.result(Projects).rows(*fields) if row[2]]
    due = [row for row in rows if min(row[1], row[3] or row[1]) <= max(years)]
    headers = [
        ActualBuild.column_of(name).header for name in ("project", "year", "planned", "part")
    ]
    return [
        dict(zip(headers, (p, y, _rounded_value(part), None), strict=True)) for p, y, part, _ in due
    ]


def _names_by_column(plan: PlanFile) -> dict[str, list[str]]:
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


_MOST_HINTS, _LEAST_SIMILARITY = 20, 0.9
"""Most unknown ids for which a similar one is suggested, and its least similarity."""


def with_actuals(outcome: PastYears, actuals: Actuals, plan: Plan, orders: Orders) -> PastYears:
    """Return the outcome of past years with actual figures; InputError lists all errors."""
    matching = _Matching(actuals, outcome, plan, orders)
    actual = matching.outcome()
    findings = matching.sorted_findings()
    if any(f.severity is errors.Severity.ERROR for f in findings):
        raise errors.InputError(findings)
    return actual


@dataclass
class _Matching:
    """Finds the order, reserve or plant of each row; collects errors, each with its cell."""

    actuals: Actuals
    before: PastYears
    plan: Plan
    orders: Orders
    findings: list[errors.Finding] = field(default_factory=list)

    def sorted_findings(self) -> tuple[errors.Finding, ...]:
        """Return all findings, also those of reading the file, sorted by sheet and cell."""
        context = self.actuals.context
        return context.layout.sorted_by_cell([*context.findings, *self.findings])

    def add_error(
        self, record: Record, name: str, found: str, wanted: str = "", hint: str = ""
    ) -> None:
        """Add the error that a row's field ``name`` has ``found`` instead of ``wanted``."""
        self.findings.append(error(record, name, found, wanted, hint))

    def outcome(self) -> PastYears:
        """Return the outcome, with every actual figure in the file."""
        purchases, given = self._purchases()
        stocks, stock_keys = self._stocks()
        built, built_keys = self._built()
        rows = len(purchases) + len(stocks) + len(built) + self.before.inputs
        actual = len(given) + len(stock_keys) + len(built_keys)
        before = self.before.stocks
        differing = {k for k in stocks.keys() & stock_keys if stocks[k] != before[k]}
        return replace(
            self.before,
            purchases=tuple(
                replace(each, is_reported=i in given) for i, each in enumerate(purchases)
            ),
            differing=frozenset(differing),
            stocks=stocks,
            built=built,
            actual=frozenset({*stock_keys, *built_keys}),
            unreported=rows - actual,
            rows=rows,
        )

    @property
    def _years(self) -> list[int]:
        return [year for year in self.plan.expanded.years if year < self.before.to]

    # ---- deliveries -----------------------------------------------------------------------------

    def _purchases(self) -> tuple[list[Purchase], set[int]]:
        """Return all purchases, and the positions of purchases with an actual figure."""
        purchases, given = list(self.before.purchases), set[int]()
        seen: dict[tuple[object, ...], Delivery] = {}
        first_of: dict[int, Delivery] = {}
        parts: dict[int, dict[str, Delivery]] = {}
        for row in self._of_this_plan():
            match = self._by_id(row) if row.order else self._by_names(row)
            if match is None:
                continue
            position, part = match
            key = ("order", position, part) if position >= 0 else order_identity(row)
            first = seen.get(("order", position, "")) or seen.get(key)
            if position >= 0 and not part:
                first = first or first_of.get(position)
            if first is not None:
                self._add_repeated(row, first)
                continue
            seen[key] = row
            if position >= 0:
                first_of.setdefault(position, row)
            if part:
                parts.setdefault(position, {})[part] = row
            elif position >= 0:
                purchases[position] = _as_delivered(purchases[position], row)
            elif (bought := self._unplanned(row)) is not None:
                given.add(len(purchases))
                purchases.append(bought)
            if position >= 0 and (row.delivered is not None or row.paid is not None):
                given.add(position)
        for position, rows in parts.items():
            purchases[position] = self._in_parts(purchases[position], rows)
        return purchases, given

    def _add_repeated(self, row: Delivery, first: Delivery) -> None:
        """Add the error that a row repeats the order of the row ``first``."""
        header = Delivery.column_of("order" if first.order else "year").header
        cell = self.actuals.context.layout.address(Delivery.SHEET, first.row, header)
        name = "order" if row.order else "year"
        self.add_error(row, name, f"this order appears twice, first in {cell}", "each order once")

    def _of_this_plan(self) -> Iterator[Delivery]:
        """Yield the rows of this plan; rows of another plan are one error, at the first of them."""
        rows = self.actuals.deliveries
        others = [r for r in rows if r.plan and normalize(r.plan) != normalize(self.orders.plan_id)]
        if others:
            more = f", and {counted(len(others) - 1, 'more row')}" if len(others) > 1 else ""
            found = f"the plan {others[0].plan}{more}: these rows belong to another plan"
            hint = f"planner new --actuals {self.orders.plan.path.name} writes a file for this plan"
            self.add_error(others[0], "plan", found, self.orders.plan_id, hint)
        left_out = {id(row) for row in others}
        yield from (row for row in rows if id(row) not in left_out)

    def _by_id(self, row: Delivery) -> tuple[int, str] | None:
        """Return the position of a row's order, and the part delivered; None if it is wrong."""
        (name, part), purchases = split_id(row.order), self.before.purchases
        position = self._ids.get(normalize(name))
        if position is not None:
            return (position, part) if self._agrees(row, purchases[position]) else None
        year = self._year_of_id.get(normalize(name))
        if year is not None:
            found = f"the order {row.order} belongs to {year}"
            self.add_error(row, "order", found, f"an order of {year_span(self._years)}")
            return None
        hint = ""
        if len(self.findings) < _MOST_HINTS:  # comparing with all ids takes time
            ids = {normalize(each.order): each.order for each in purchases}
            hint = name_hint(row.order, ids, _LEAST_SIMILARITY)
        found = f"{self.orders.plan.path.name} has no order {row.order!r}"
        self.add_error(row, "order", found, "an id that planner orders writes", hint)
        return None

    @cached_property
    def _year_of_id(self) -> dict[str, int]:
        table = self.orders.table
        return dict(zip(map(normalize, table["order_id"]), map(int, table["year"]), strict=True))

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {normalize(each.order): i for i, each in enumerate(self.before.purchases)}

    def _agrees(self, row: Delivery, order: Purchase) -> bool:
        """Return whether the names that a row gives are the names of its order."""
        for name in ("year", *ORDER_NAMES, "project", "contract"):
            typed, planned = getattr(row, name), getattr(order, name)
            if typed not in {"", None} and normalize(str(typed)) != normalize(str(planned)):
                belongs = f"belongs to {planned}" if planned else f"has no {name}"
                found = f"{typed}, but the order {row.order} {belongs}"
                wanted = f"{planned} or a blank cell" if planned else "a blank cell"
                self.add_error(row, name, found, wanted)
                return False
        return True

    def _by_names(self, row: Delivery) -> tuple[int, str] | None:
        """Return the position of the order with a row's names, -1 if none; None if it is wrong."""
        blank = [name for name in ("year", *ORDER_NAMES) if getattr(row, name) in {"", None}]
        if blank:
            found = "the cell is blank, and the row has no order"
            self.add_error(
                row, blank[0], found, "an order, or else year, mineral, refiner and member"
            )
        if blank or not (self._is_in_past_year(row) and self._is_known(row)):
            return None
        names = order_identity(row)
        matches = self._positions_by_names.get(names, [])  # without a project: the refiner's own
        if len(matches) > 1:
            ids = ", ".join(self.before.purchases[i].order for i in matches[:3])
            self.add_error(row, "order", f"{len(matches)} orders have these names", f"one of {ids}")
            return None
        return (matches[0] if matches else -1), ""

    @cached_property
    def _positions_by_names(self) -> dict[tuple[object, ...], list[int]]:
        positions: dict[tuple[object, ...], list[int]] = {}
        for i, each in enumerate(self.before.purchases):
            positions.setdefault(order_identity(each), []).append(i)
        return positions

    def _is_in_past_year(self, row: Delivery | ClosingStock) -> bool:
        """Return whether a row's year is past; otherwise its error is added."""
        is_over = row.year in self._years
        if not is_over:
            over = f"a past year ({year_span(self._years)})"
            self.add_error(row, "year", f"the year {row.year}", over)
        return is_over

    @cached_property
    def _known(self) -> dict[str, dict[str, str]]:
        """All names by column; each is spelt out by its normalized form."""
        case, ordered = self.plan.case, map(str, self.orders.table["contract"])
        names: dict[str, Iterable[str]] = {
            "mineral": case.mineral_of,
            "member": case.member_of,
            "refiner": case.refiner_names,
            "project": [p.name for p in case.projects],
            "contract": [*ordered, *(c.name for c in case.contracts)],
        }
        return {
            column: {normalize(name): name for name in every} for column, every in names.items()
        }

    def _is_known(self, row: Delivery) -> bool:
        """Return whether a row's names are the plan's; otherwise the first error is added."""
        for name, known in self._known.items():
            typed = getattr(row, name)
            if typed and normalize(typed) not in known:
                found = f"{typed!r} is not in the plan"
                self.add_error(row, name, found, "", did_you_mean(typed, known.values()))
                return False
        if self._source(row) is None:
            self.add_error(row, "refiner", f"{row.refiner} does not refine {row.mineral}")
            return False
        return True

    def _source(self, row: Delivery) -> int | None:
        """Return the position of a row's refiner or project for its mineral, None if none."""
        return self._sources.get(tuple(map(normalize, (row.refiner, row.mineral, row.project))))

    @cached_property
    def _sources(self) -> dict[tuple[str, ...], int]:
        sources = enumerate(self.plan.expanded.sources)
        return {tuple(map(normalize, (s.name, s.mineral, s.project))): i for i, s in sources}

    def _unplanned(self, row: Delivery) -> Purchase | None:
        """Return a purchase without an order, at its cost in the plan."""
        if row.delivered is None:
            found = "the cell is blank, and the plan has no such order"
            self.add_error(row, "delivered", found, "the tonnes that were delivered")
            return None
        planned = self._landed(row)
        if planned is None and row.paid is None:
            found = "the cell is blank, and the plan has no price for this purchase"
            self.add_error(row, "paid", found, "the cost per tonne")
            return None
        source = self.plan.expanded.sources[self._source(row) or 0]
        members = {normalize(name): name for name in self.plan.case.member_of}
        price = row.paid if planned is None else planned
        return Purchase(
            order="",
            year=row.year or 0,
            mineral=source.mineral,
            refiner=source.name,
            project=source.project,
            country=source.country,
            member=members[normalize(row.member)],
            contract=row.contract,
            planned=0.0,
            planned_price=price or 0.0,
            delivered=row.delivered,
            paid=(price or 0.0) if row.paid is None else row.paid,
        )

    def _landed(self, row: Delivery) -> float | None:
        """Return the cost of a tonne of a spot purchase in the plan; None without an open lane."""
        e, d = self.plan.expanded, self.plan.expanded.deliveries
        members = [normalize(name) for name in e.members]
        same = (d.source == self._source(row)) & (d.year == e.years.index(row.year or 0))
        same &= (d.member == members.index(normalize(row.member))) & (d.contract < 0)
        places = np.flatnonzero(same)
        return float(d.landed[places[0]]) if len(places) else None

    def _in_parts(self, order: Purchase, rows: Mapping[str, Delivery]) -> Purchase:
        """Return an order that is delivered in parts; parts without a row are as planned."""
        kinds = {part[0] for part in rows}
        if len(kinds) > 1:
            found = f"the deliveries of order {order.order} are given both by quarter and by month"
            wanted = "all of them by quarter, or all by month"
            self.add_error([*rows.values()][-1], "order", found, wanted)
            return order
        parts = same_parts(next(iter(rows)))
        tonnes, money = 0.0, 0.0
        for part in parts:
            due = order.planned / len(parts)
            planned = replace(order, planned=due, delivered=due)
            delivery = _as_delivered(planned, rows.get(part))
            tonnes += delivery.delivered
            money += delivery.delivered * delivery.paid
        paid = money / tonnes if tonnes > 0 else order.planned_price
        return replace(order, delivered=tonnes, paid=paid)

    # ---- reserves and plants --------------------------------------------------------------------

    def _stocks(self) -> tuple[dict[tuple[str, str], float], set[tuple[object, ...]]]:
        found, given = dict(self.before.stocks), set[tuple[object, ...]]()
        names_of = {
            (normalize(mineral), normalize(member)): (mineral, member) for mineral, member in found
        }
        for row in self.actuals.stocks:
            if not self._is_in_past_year(row):
                continue
            key = names_of.get((normalize(row.mineral), normalize(row.member)))
            if key is None:
                name = f"{row.mineral} of {row.member}"
                hint = did_you_mean(name, [" of ".join(names) for names in found])
                self.add_error(row, "mineral", f"the plan has no reserve of {name}", "", hint)
            elif row.closing is not None and row.year == self.before.last:
                found[key] = row.closing
                given.add(key)
        return found, given

    def _built(self) -> tuple[dict[tuple[str, int], float], set[tuple[object, ...]]]:
        found, given = dict(self.before.built), set[tuple[object, ...]]()
        projects = {normalize(p.name): p for p in self.plan.case.projects}
        last: dict[str, ActualBuild] = {}
        for row in self.actuals.built:
            project = projects.get(normalize(row.project))
            if project is None:
                hint = did_you_mean(row.project, [p.name for p in projects.values()])
                self.add_error(row, "project", f"{row.project!r} is not in the plan", "", hint)
            elif row.year < self.plan.expanded.years[0] and row.year not in dict(project.begun):
                wanted = f"a year from {self.plan.expanded.years[0]} on"
                self.add_error(row, "year", f"the year {row.year}", wanted)
            elif row.part is not None:
                found[project.name, row.year] = row.part
                given.add((project.name, row.year))
                last[project.name] = row
        for name, row in last.items():
            parts = dict(projects[normalize(name)].begun)
            parts |= {year: part for (owner, year), part in found.items() if owner == name}
            if sum(parts.values()) > 1.0 + tolerances.WHOLE_SUM:
                planned = [y for y in parts if (name, y) not in given and parts[y] > 0]
                text = f"the built parts of {name} add up to {sum(parts.values()):z.6g}"
                text += f" ({year_span(planned)} as planned)" if planned else ""
                hint = "enter 0 for a year in which no part started"
                self.add_error(row, "part", text, "a sum of at most 1", hint)
        return found, given


def _as_delivered(order: Purchase, row: Delivery | None) -> Purchase:
    """Return an order with a row's tonnes and price; where blank, with the planned ones."""
    delivered = order.delivered if row is None or row.delivered is None else row.delivered
    paid = order.paid if row is None or row.paid is None else row.paid
    return replace(order, delivered=delivered, paid=paid)
