"""What happened in past years, and what it changes: the findings of a roll.

First who delivered less than planned, then what that cost, then which later orders are new, gone or
changed, and why. Every sentence with a number is a claim on a sheet of the next workbook.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from models import tolerances
from models.answers import exchanged
from models.errors import SolverError
from models.plan import Plan, solve
from models.results import ChangedBuilds, ChangedOrders, DecideNow, Result
from models.results.decisions import changes_of, decisions_of
from models.results.rounds import OTHER, PLANT, PRICE, STOCK, SupplierVariance
from planner.render.claims import Sentence, SheetTables, say, told
from planner.sheets.context import Context
from planner.sheets.decide import changed
from planner.sheets.findings import moved_build
from planner.sheets.last_plan import changed_builds, order_changes
from planner.workbook import Book

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
    ``stocks`` are the minerals of which a stockpile holds other than planned, each with its member.
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
        return told(self.missed, self.cost, self.orders, self.reasons, self.moved, self.decide)

    def missed(self) -> Iterator[Sentence]:
        """Yield who delivered less than planned, and how many orders were not reported."""
        t = SupplierVariance
        if t not in self.tables:
            yield say("answer", "These years are without orders and without deliveries.")
            return
        rows = self.sheet(t)
        unreported, orders = rows.sum(t.unreported), rows.sum(t.orders)
        if unreported.number == orders.number:
            yield say("answer", "Not reported: what was delivered on {orders} orders. They count as"
                                " planned.", orders=orders)  # fmt: skip
            return
        short = rows.count(t.missed, ">", tolerances.SAME_ORDER)
        if not short.number:
            none = rows.none(t.missed, ">", tolerances.SAME_ORDER)
            yield say("answer", "No supplier delivered less than planned.", none=none)
        else:
            top = rows.largest(t.missed_money)
            yield say("answer", "{top[refiner]} missed most by planned cost: {missed} of"
                                " {top[mineral]} were not delivered, worth {top}.",
                      top=top, missed=rows.of(top).value(t.missed))  # fmt: skip
            every = rows.count(t.planned, ">", 0.0)
            yield say("answer", "Suppliers of a mineral that delivered less than planned: {short}"
                                " of {every}.", short=short, every=every)  # fmt: skip
        if unreported.number:
            yield say("care", "Not reported, so counted as planned: {unreported} of {orders}"
                              " orders.", unreported=unreported, orders=orders)  # fmt: skip

    def cost(self) -> Iterator[Sentence]:
        """Yield what purchases cost more or less than planned, by price and by quantity."""
        rows, t = self.sheet(SupplierVariance), SupplierVariance
        money, price, quantity = (rows.sum(f) for f in (t.money, t.by_price, t.by_quantity))
        if not price.number and not quantity.number:
            return
        every = {"money": money, "price": price, "quantity": quantity}
        whole, by_price, by_quantity = (
            f"{{{name}}} more" if claim.number > 0 else f"{{{name}}}"
            for name, claim in every.items()
        )
        text = (
            f"Purchases cost {whole} than planned: {by_price} by price, {by_quantity} by quantity."
        )
        yield say("answer", text, money=money, price=price, quantity=quantity)

    def orders(self) -> Iterator[Sentence]:
        """Yield how many later orders are new, gone and changed."""
        t = ChangedOrders
        if not self.is_planned:
            yield say("answer", "The next workbook has no proven plan.")
            return
        if t not in self.tables:
            yield say("answer", "The orders of later years stay as they were.")
            return
        rows = self.sheet(t)
        new, gone = rows.count(t.before, "=", 0.0), rows.count(t.now, "=", 0.0)
        both = rows.where(before={"not": 0.0}, now={"not": 0.0})
        start = "Orders of later years that are new: {news}; gone: {gones}"
        if len(both):
            other = both.count(t.now, ">", 0.0)
            yield say("answer", f"{start}; with other tonnes: {{other}}.",
                      news=new, gones=gone, other=other)  # fmt: skip
        else:
            yield say("answer", f"{start}.", news=new, gones=gone)

    def reasons(self) -> Iterator[Sentence]:
        """Yield how many of these orders change because of a plant, a stock, a price."""
        rows, t = self.sheet(ChangedOrders), ChangedOrders
        words = {PLANT: "a plant", STOCK: "a stock", PRICE: "a price"}
        for why, name in words.items():
            of = rows.count(t.why, "=", why)
            if of.number:
                first = rows.where(why=why).first(t.because)
                text = f"{{of}} of them change because of {name}: {{first[because]}}."
                yield say("answer", text, of=of, first=first)
        other = rows.count(t.why, "=", OTHER)
        if other.number:
            yield say("answer", "{other} of them change for another reason, such as an exchange at"
                                " the same cost.", other=other)  # fmt: skip

    def moved(self) -> Iterator[Sentence]:
        yield from moved_build(self.sheet(ChangedBuilds), "answer")

    def decide(self) -> Iterator[Sentence]:
        yield from changed(self.sheet(DecideNow), _OLD)
