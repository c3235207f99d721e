"""The outcome of past years, as planned but for actual figures, and what differs from the plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from models import schema, tolerances
from models.plan import BUILT, STOCK, Plan
from models.results.rounds import SupplierVariance
from planner.render.words import counted

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
        """The minerals of which a stockpile holds other than planned, each with a member."""
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
        for year, part in _built(plan, project, to).items()
    }
    inputs = int(((plan.inputs["year"] < to) & (plan.inputs["refiner"] != "")).sum())
    rows = len(purchases) + len(stocks) + len(built) + inputs
    return PastYears(to, last, purchases, stocks, built, inputs=inputs, unreported=rows, rows=rows)


_NAMES = ("mineral", "refiner", "project", "country", "member", "contract")


def _built(plan: Plan, project: schema.Project, to: int) -> dict[int, float]:
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
        more = self.paid - self.planned
        cents = self.planned, self.paid, more, self.by_price, more - self.by_price
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
