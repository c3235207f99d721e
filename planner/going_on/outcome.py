"""The outcome of past years, as planned but for actual figures, and what differs from the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from models import schema, tolerances
from models.answers import exchanged
from models.errors import SolverError
from models.plan import BUILT, STOCK, Plan, solve
from models.results import ChangedBuilds, ChangedOrders, DecideNow, Result, rounds
from models.results.decisions import changes_of, decisions_of
from models.results.rounds import OTHER, PLANT, PRICE, SupplierVariance
from planner.render.claims import Sentence, SheetTables, collect_sentences, say
from planner.render.words import counted
from planner.sheets.changes import changed_builds, order_changes
from planner.sheets.context import Context
from planner.sheets.findings import changed_decisions, moved_build
from planner.workbook import Book

if TYPE_CHECKING:
    from planner.documents.orders import Orders


@dataclass(frozen=True)
class Purchase:
    """The planned and the actual purchase under an order of a year [t, money/t].

    ``order`` is "" for a purchase that was not planned. Prices are landed. An order that is not
    reported counts as planned.
    """

    order: str
    year: int
    mineral: str
    refiner: str
    project: str
    country: str
    member: str
    contract: str
    planned: float
    planned_price: float
    delivered: float
    paid: float
    is_reported: bool = False

    @property
    def is_as_planned(self) -> bool:
        return (self.delivered, self.paid) == (self.planned, self.planned_price)


@dataclass(frozen=True)
class PastYears:
    """The outcome of the years before ``to``; ``last`` is the last of these years.

    ``stocks`` are closing stocks of the last year by mineral and member [t]. ``built`` are built
    fractions by project and first year of output. ``actual`` are the keys of stocks and fractions
    with an actual figure, ``differing`` those of stocks that are not as planned. ``inputs`` is the
    number of purchases of inputs by plants: these have no orders, and so are as planned.
    ``unreported`` of all ``rows`` have no actual figure, and count as planned.
    """

    to: int
    last: int
    purchases: tuple[Purchase, ...]
    stocks: dict[tuple[str, str], float]
    built: dict[tuple[str, int], float]
    actual: frozenset[tuple[object, ...]] = field(default=frozenset())
    differing: frozenset[tuple[str, str]] = frozenset()
    inputs: int = 0
    unreported: int = 0
    rows: int = 0

    @property
    def variance(self) -> Variance:
        total = Variance()
        for each in self.purchases:
            total.add(each)
        return total

    @property
    def not_reported(self) -> str:
        kinds = "orders, closing stocks, plants"
        if self.inputs:
            kinds += f", {counted(self.inputs, 'purchase')} of inputs by plants"
        return f"{self.unreported:,} of {counted(self.rows, 'figure')} ({kinds})"

    @property
    def as_planned(self) -> str:
        """How many of the orders that were reported were delivered and paid as planned."""
        reported = [each.is_as_planned for each in self.purchases if each.is_reported]
        return f"{sum(reported):,} of {counted(len(reported), 'reported order')}"

    @property
    def other_stocks(self) -> dict[str, str]:
        """The minerals whose closing stock differs from the plan, each with a member."""
        return {m: who for m, who in self.stocks if (m, who) in self.differing}


def planned_outcome(plan: Plan, orders: Orders, to: int) -> PastYears:
    """Return the outcome of the years before ``to`` if all goes as planned."""
    past = orders.table[orders.table["year"] < to]
    purchases = tuple(
        Purchase(
            order=row["order_id"],
            year=int(row["year"]),
            **{n: str(row[n] or "") for n in _NAMES},  # type: ignore[arg-type]
            planned=float(row["tonnes"]),
            planned_price=float(row["unit_landed"]),
            delivered=float(row["tonnes"]),
            paid=float(row["unit_landed"]),
        )
        for row in past.to_dict("records")
    )
    last = max(year for year in plan.expanded.years if year < to)
    stocks = {k: max(0.0, plan.value(STOCK, (*k, last))) for k in plan.case.stockpile_of}
    built = {
        (project.name, year): part
        for project in plan.case.projects
        for year, part in _fraction_built(plan, project, to).items()
    }
    inputs = int(((plan.inputs["year"] < to) & (plan.inputs["refiner"] != "")).sum())
    rows = len(purchases) + len(stocks) + len(built) + inputs
    return PastYears(to, last, purchases, stocks, built, inputs=inputs, unreported=rows, rows=rows)


_NAMES = ("mineral", "refiner", "project", "country", "member", "contract")


def _fraction_built(plan: Plan, project: schema.Project, to: int) -> dict[int, float]:
    """Return the built fraction of a project by first year of output, if building has to begin now.

    Years on the sheet Built are left out, also those of rows that a scenario delays. Years beyond
    the horizon are included: if a plant was not begun in time, a later plan cannot begin it in the
    past.
    """
    due = dict(project.late)
    known = {due.get(year, year): part for year, part in project.begun}
    first = max(project.first_year, plan.expanded.years[0])
    years = {y for y in range(first, to + project.lead_time) if y not in known}
    if project.built_in is not None and project.built_in - project.lead_time < to:
        years |= {project.built_in} - known.keys()
    parts: dict[int, float] = {}
    for year in sorted(years):
        part = plan.value(BUILT, (project.name, year))
        near = round(part) if abs(part - round(part)) <= tolerances.WHOLE_SUM else part
        parts[year] = float(min(max(near, 0.0), 1.0))
    over = sum(parts.values()) - (1.0 - sum(known.values()))
    if over > 0 and parts:  # the largest part gives up the solver's rounding
        largest = max(parts, key=lambda year: parts[year])
        parts[largest] = max(0.0, parts[largest] - over)
    return parts


@dataclass
class Variance:
    """Planned and delivered tonnes, and money in cents, so that sums are exact."""

    planned_t: float = 0.0
    delivered_t: float = 0.0
    orders: int = 0
    unreported: int = 0
    planned: int = 0
    paid: int = 0
    by_price: int = 0

    @property
    def money(self) -> tuple[float, ...]:
        """Planned and paid money, their difference, and its parts by price and by quantity."""
        change = self.paid - self.planned  # in cents, as all amounts of this class
        cents = self.planned, self.paid, change, self.by_price, change - self.by_price
        return tuple(each / 100 for each in cents)

    def add(self, each: Purchase) -> None:
        """Add an order to these sums, with each amount of money rounded to the cent.

        If exactly the planned tonnes were delivered, the whole difference in cost counts as due to
        the price. So rounding puts no cent on the quantity.
        """
        planned = round(each.planned * each.planned_price * 100)
        paid = round(each.delivered * each.paid * 100)
        price = round((each.paid - each.planned_price) * each.delivered * 100)
        self.orders += 1
        self.unreported += not each.is_reported
        self.planned_t += each.planned
        self.delivered_t += each.delivered
        self.planned += planned
        self.paid += paid
        self.by_price += paid - planned if each.delivered == each.planned else price


def variance_by_supplier(purchases: Iterable[Purchase], currency: str) -> SupplierVariance:
    """Return variances by mineral and supplier: the largest difference first, then by tonnes."""
    variances: dict[tuple[str, str, str], Variance] = {}
    for each in purchases:
        variances.setdefault((each.mineral, each.refiner, each.country), Variance()).add(each)
    rows: list[dict[str, Any]] = [
        {
            "mineral": mineral, "refiner": refiner, "country": country,
            "planned": v.planned_t, "delivered": v.delivered_t,
            "change": v.delivered_t - v.planned_t, **dict(zip(_MONEY, v.money, strict=True)),
            "missed": missed, "missed_money": missed * v.planned / 100 / (v.planned_t or 1.0),
            "orders": v.orders, "unreported": v.unreported,
        }
        for (mineral, refiner, country), v in sorted(variances.items())
        for missed in [max(0.0, v.planned_t - v.delivered_t)]
    ]  # fmt: skip
    rows.sort(key=lambda row: (-abs(row["money"]), -abs(row["change"])))
    return SupplierVariance.of_rows(rows, words={"money": currency})


_MONEY = ("planned_money", "paid_money", "money", "by_price", "by_quantity")


_OLD = "the old plan"
NEXT_PLAN = "The next plan"
"""The case of the sheet Decide now."""


@dataclass(frozen=True)
class Story:
    """The tables of a roll, by their classes, and the sentences made from them.

    A table without rows is left out.
    """

    tables: Mapping[type[Result], Result]
    sentences: tuple[Sentence, ...]


def story(
    variances: SupplierVariance, plan: Plan, book: Book, to: int, stocks: Mapping[str, str]
) -> Story:
    """Return the story of a roll; it plans the next workbook.

    ``plan`` is the old plan, ``book`` the next workbook, which begins in the year ``to``.
    ``stocks`` are the minerals whose closing stock differs from the plan, each with its member.
    Without a proven next plan, it says nothing of later orders.
    """
    made: list[Result | None] = [variances]
    try:
        context = Context(solve(book.case), book)
    except SolverError:
        is_planned = False
    else:
        is_planned, before = True, decisions_of(plan, to)
        changes = changes_of(decisions_of(context.plan), before, exchanged(context.plan, before))
        made += (
            order_changes(context, stocks),
            changed_builds(context),
            DecideNow.of_changes({NEXT_PLAN: changes}, book.case),
        )
    tables = {type(table): table for table in made if table is not None and len(table)}
    findings = _Findings(tables, book.case.country_name, is_planned=is_planned)
    return Story(tables, findings.sentences())


class _Findings(SheetTables):
    def __init__(
        self,
        tables: Mapping[type[Result], Result],
        country: Callable[[str], str],
        *,
        is_planned: bool,
    ) -> None:
        super().__init__(tables.get, country)
        self.tables, self.is_planned = tables, is_planned

    def sentences(self) -> tuple[Sentence, ...]:
        return collect_sentences(
            self.missed, self.cost, self.orders, self.reasons, self.moved, self.decide
        )

    def missed(self) -> Iterator[Sentence]:
        """Yield who delivered less than planned, and how many orders were not reported."""
        fields = SupplierVariance
        if fields not in self.tables:
            yield say("answer", "These years are without orders and without deliveries.")
            return
        rows = self.sheet(fields)
        unreported, orders = rows.sum(fields.unreported), rows.sum(fields.orders)
        if unreported.number == orders.number:
            yield say("answer", "Not reported: what was delivered on {orders} orders. They count as"
                                " planned.", orders=orders)  # fmt: skip
            return
        short = rows.count(fields.missed, ">", tolerances.SAME_ORDER)
        if not short.number:
            none = rows.none(fields.missed, ">", tolerances.SAME_ORDER)
            yield say("answer", "No supplier delivered less than planned.", none=none)
        else:
            top = rows.largest(fields.missed_money)
            yield say("answer", "{top[refiner]} missed most by planned cost: {missed} of"
                                " {top[mineral]} were not delivered, worth {top}.",
                      top=top, missed=rows.row_of(top).value(fields.missed))  # fmt: skip
            planned = rows.count(fields.planned, ">", 0.0)
            yield say("answer", "Suppliers of a mineral that delivered less than planned: {short}"
                                " of {every}.", short=short, every=planned)  # fmt: skip
        if unreported.number:
            yield say("care", "Not reported, so counted as planned: {unreported} of {orders}"
                              " orders.", unreported=unreported, orders=orders)  # fmt: skip

    def cost(self) -> Iterator[Sentence]:
        """Yield what purchases cost more or less than planned, by price and by quantity."""
        rows, fields = self.sheet(SupplierVariance), SupplierVariance
        money, price, quantity = (
            rows.sum(f) for f in (fields.money, fields.by_price, fields.by_quantity)
        )
        if not price.number and not quantity.number:
            return
        claims = {"money": money, "price": price, "quantity": quantity}
        whole, by_price, by_quantity = (
            f"{{{name}}} more" if claim.number > 0 else f"{{{name}}}"
            for name, claim in claims.items()
        )
        text = (
            f"Purchases cost {whole} than planned: {by_price} by price, {by_quantity} by quantity."
        )
        yield say("answer", text, money=money, price=price, quantity=quantity)

    def orders(self) -> Iterator[Sentence]:
        """Yield how many later orders are new, gone and changed."""
        fields = ChangedOrders
        if not self.is_planned:
            yield say("answer", "The next workbook has no proven plan.")
            return
        if fields not in self.tables:
            yield say("answer", "The orders of later years stay as they were.")
            return
        rows = self.sheet(fields)
        new, gone = rows.count(fields.before, "=", 0.0), rows.count(fields.now, "=", 0.0)
        both = rows.where(before={"not": 0.0}, now={"not": 0.0})
        start = "Orders of later years that are new: {news}; gone: {gones}"
        if len(both):
            other = both.count(fields.now, ">", 0.0)
            yield say("answer", f"{start}; with other tonnes: {{other}}.",
                      news=new, gones=gone, other=other)  # fmt: skip
        else:
            yield say("answer", f"{start}.", news=new, gones=gone)

    def reasons(self) -> Iterator[Sentence]:
        """Yield how many of these orders change because of a plant, a stock, a price."""
        rows, fields = self.sheet(ChangedOrders), ChangedOrders
        words = {PLANT: "a plant", rounds.STOCK: "a stock", PRICE: "a price"}
        for why, name in words.items():
            of = rows.count(fields.why, "=", why)
            if of.number:
                first = rows.where(why=why).first(fields.because)
                text = f"{{of}} of them change because of {name}: {{first[because]}}."
                yield say("answer", text, of=of, first=first)
        other = rows.count(fields.why, "=", OTHER)
        if other.number:
            yield say("answer", "{other} of them change for another reason, such as an exchange at"
                                " the same cost.", other=other)  # fmt: skip

    def moved(self) -> Iterator[Sentence]:
        yield from moved_build(self.sheet(ChangedBuilds), "answer")

    def decide(self) -> Iterator[Sentence]:
        yield from changed_decisions(self.sheet(DecideNow), _OLD)
