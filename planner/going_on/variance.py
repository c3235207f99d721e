"""Planned and delivered amounts by mineral and supplier, in cents so that sums are exact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models.results.rounds import SupplierVariance
from planner.going_on.outcome import Purchase

CENTS = 100
"""Cents per unit of money."""


@dataclass
class Variance:
    """Planned and delivered tonnes, and money in cents."""

    planned_t: float = 0.0
    delivered_t: float = 0.0
    planned: int = 0
    paid: int = 0
    by_price: int = 0

    @property
    def by_quantity(self) -> int:
        """The part of the cost difference that is not due to prices [cents]."""
        return self.paid - self.planned - self.by_price

    def add(self, each: Purchase) -> None:
        """Add an order to these sums, with each amount of money rounded to the cent.

        If exactly the planned tonnes were delivered, the whole difference in cost counts as due to
        the price. So rounding puts no cent on the quantity.
        """
        planned, paid = (
            _cents(each.planned * each.planned_price),
            _cents(each.delivered * each.paid),
        )
        price = _cents((each.paid - each.planned_price) * each.delivered)
        self.planned_t += each.planned
        self.delivered_t += each.delivered
        self.planned += planned
        self.paid += paid
        self.by_price += paid - planned if each.delivered == each.planned else price


def _cents(money: float) -> int:
    return round(money * CENTS)


def _largest_first(item: tuple[tuple[str, str, str], Variance]) -> tuple[object, ...]:
    """Rank by the difference in money, then in tonnes, then by name."""
    key, each = item
    return -abs(each.paid - each.planned), -abs(each.delivered_t - each.planned_t), key


def total(purchases: Iterable[Purchase]) -> Variance:
    result = Variance()
    for each in purchases:
        result.add(each)
    return result


def by_supplier(purchases: Iterable[Purchase], currency: str) -> SupplierVariance:
    """Return variances by mineral and supplier, the largest difference first."""
    variances: dict[tuple[str, str, str], Variance] = {}
    for each in purchases:
        variances.setdefault((each.mineral, each.refiner, each.country), Variance()).add(each)
    rows = [
        {
            "mineral": mineral, "refiner": refiner, "country": country,
            "planned": v.planned_t, "delivered": v.delivered_t,
            "change": v.delivered_t - v.planned_t,
            "planned_money": v.planned / CENTS, "paid_money": v.paid / CENTS,
            "money": (v.paid - v.planned) / CENTS,
            "by_price": v.by_price / CENTS, "by_quantity": v.by_quantity / CENTS,
        }
        for (mineral, refiner, country), v in sorted(variances.items(), key=_largest_first)
    ]  # fmt: skip
    return SupplierVariance.of_rows(rows, words={"money": currency})
