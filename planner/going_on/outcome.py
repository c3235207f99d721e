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
from models.results.rounds import OTHER, PLANT, PRICE, CarriedOver, SupplierVariance
from planner.render.claims import Claim, Sentence, SheetTables, collect_sentences, say
from planner.sheets.changes import changed_builds, order_changes
from planner.sheets.context import Context
from planner.sheets.findings import decide_now, moved_build
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


NOTE, WHOLE_ROW = "Note", "the row"
"""Cells of Carried over: what a row without a cell is, and what was in a row that is left out."""
_OLD = "the old plan"
_NOT_REPORTED = "Orders not reported, so counted as planned: {unreported} of {orders}."
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
    carried: CarriedOver, variances: SupplierVariance, plan: Plan, book: Book, outcome: PastYears
) -> Story:
    """Return the story of a roll; it plans the next workbook.

    ``plan`` is the old plan, ``book`` the next workbook, which begins when ``outcome`` ends.
    Without a proven next plan, it says nothing of later orders.
    """
    to, stocks = outcome.to, outcome.other_stocks
    made: list[Result | None] = [carried, variances]
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
            self.past, self.later, self.variances, self.reasons, self.decide, self.unreported,
            self.carried, self.moved,
        )  # fmt: skip

    def past(self) -> Iterator[Sentence]:
        """Yield who delivered less than planned, and what purchases cost more or less."""
        fields = SupplierVariance
        if fields not in self.tables:
            yield say("answer", "These years are without orders and without deliveries.")
            return
        rows = self.sheet(fields)
        unreported, orders = self._unreported()
        if unreported.number == orders.number:
            yield say("answer", _NOT_REPORTED, unreported=unreported, orders=orders)
            return
        money = rows.sum(fields.money)
        cost = _compared(money, "{money}") if money.number else "what was"
        cost = f"Purchases cost {cost}{' than' if money.number else ''} planned."
        if not rows.count(fields.missed, ">", tolerances.SAME_ORDER).number:
            none = rows.none(fields.missed, ">", tolerances.SAME_ORDER)
            text = f"No supplier delivered less than planned. {cost}"
            yield say("answer", text, none=none, money=money)
            return
        top = rows.largest(fields.missed_money)
        text = (
            f"{{top[refiner]}} missed most by planned cost: {{missed}} of {{top[mineral]}}. {cost}"
        )
        missed = rows.row_of(top).value(fields.missed)
        yield say("answer", text, top=top, missed=missed, money=money)

    def later(self) -> Iterator[Sentence]:
        """Yield how many later orders are new, gone and changed, and the most frequent reason."""
        fields = ChangedOrders
        if not self.is_planned:
            yield say("answer", "The next workbook has no proven plan.")
            return
        if fields not in self.tables:
            yield say("answer", "The orders of later years stay as they were.")
            return
        rows = self.sheet(fields)
        claims: dict[str, Any] = {
            "new": rows.count(fields.before, "=", 0.0),
            "gone": rows.count(fields.now, "=", 0.0),
        }
        start = "Orders of later years that are new: {new}; gone: {gone}"
        both = rows.where(before={"not": 0.0}, now={"not": 0.0})
        if len(both):
            start += "; with other tonnes: {other}"
            claims["other"] = both.count(fields.now, ">", 0.0)
        words, reason = self._reasons()[0]
        yield say("answer", f"{start}. {words.capitalize()}: {{of}}.", **claims, **reason)

    def _reasons(self) -> list[tuple[str, dict[str, Any]]]:
        """Return why later orders change, as words and claims: most orders first, OTHER last."""
        rows, fields = self.sheet(ChangedOrders), ChangedOrders
        reasons: list[tuple[str, dict[str, Any]]] = []
        for why, words in ((PLANT, "a plant"), (rounds.STOCK, "a stock"), (PRICE, "a price")):
            if len(of_why := rows.where(why=why)):
                such_as = "such as " if len({*of_why.cells(fields.because)}) > 1 else ""
                claims = {
                    "of": rows.count(fields.why, "=", why),
                    "first": of_why.first(fields.because),
                }
                reasons.append((f"because of {words}, {such_as}{{first[because]}}", claims))
        reasons.sort(key=lambda reason: -reason[1]["of"].number)
        if (of := rows.count(fields.why, "=", OTHER)).number:
            words = "for another reason, such as an exchange at the same cost"
            reasons.append((words, {"of": of}))
        return reasons

    def variances(self) -> Iterator[Sentence]:
        """Yield what purchases cost more or less by price and by quantity, and who missed."""
        rows, fields = self.sheet(SupplierVariance), SupplierVariance
        price, quantity = rows.sum(fields.by_price), rows.sum(fields.by_quantity)
        if not price.number and not quantity.number:
            return
        by_price, by_quantity = _compared(price, "{price}"), _compared(quantity, "{quantity}")
        text = f"{by_price} by price, {by_quantity} by quantity."
        claims = {"price": price, "quantity": quantity}
        larger = max(claims, key=lambda name: abs(claims[name].number))
        yield say("figure", text, name=f"Change of cost by {larger}", large=larger, **claims)
        short = rows.count(fields.missed, ">", tolerances.SAME_ORDER)
        planned = rows.count(fields.planned, ">", 0.0)
        if short.number:
            yield say("figure", "Suppliers of a mineral that delivered less than planned: {short}"
                                " of {every}.", name="Suppliers that missed", large="short",
                      short=short, every=planned)  # fmt: skip

    def reasons(self) -> Iterator[Sentence]:
        """Yield the other reasons for which later orders change."""
        for words, claims in self._reasons()[1:]:
            yield say("figure", f"Later orders that change {words}: {{of}}.",
                      name="Further orders that change", large="of", **claims)  # fmt: skip

    def decide(self) -> Iterator[Sentence]:
        yield from decide_now(self.sheet(DecideNow), _OLD)

    def unreported(self) -> Iterator[Sentence]:
        """Yield how many orders were not reported, if others were."""
        unreported, orders = self._unreported()
        if 0 < unreported.number < orders.number:
            yield say("care", _NOT_REPORTED, unreported=unreported, orders=orders)

    def _unreported(self) -> tuple[Claim, Claim]:
        """Return how many orders were not reported, and how many there are."""
        rows, fields = self.sheet(SupplierVariance), SupplierVariance
        return rows.sum(fields.unreported), rows.sum(fields.orders)

    def carried(self) -> Iterator[Sentence]:
        """Yield how many notes on what is carried over, and rows left out, there are."""
        rows, fields = self.sheet(CarriedOver), CarriedOver
        notes, gone = rows.count(fields.what, "=", NOTE), rows.count(fields.before, "=", WHOLE_ROW)
        if notes.number or gone.number:
            yield say("care", "On the sheet Carried over, notes: {notes}; rows left out: {gone}.",
                      notes=notes, gone=gone)  # fmt: skip

    def moved(self) -> Iterator[Sentence]:
        yield from moved_build(self.sheet(ChangedBuilds), "care")


def _compared(claim: Claim, slot: str) -> str:
    """Return a slot for a difference in money; a claim below 0 says ``less`` itself."""
    return f"{slot} more" if claim.number > 0 else slot
