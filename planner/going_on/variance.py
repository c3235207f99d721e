"""Planned against delivered, by mineral and supplier, in whole cents that add up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models.results.rounds import SupplierVariance
from planner.going_on.outcome import Purchase

CENTS = 100
"""In a unit of money."""


@dataclass
class Variance:
    """Tonnes, and money in cents."""

    planned_t: float = 0.0
    delivered_t: float = 0.0
    planned: int = 0
    paid: int = 0
    by_price: int = 0

    @property
    def by_quantity(self) -> int:
        """What is left of the difference, so that both parts add up to it."""
        return self.paid - self.planned - self.by_price

    def add(self, each: Purchase) -> None:
        """Count an order, each of its amounts rounded to the cent.

        By price is the whole difference where all tonnes came, and none where the price is as
        planned: no cent of rounding stands where there is no difference.
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


def _largest_first(of: tuple[tuple[str, str, str], Variance]) -> tuple[object, ...]:
    """Rank by the difference in money, then in tonnes, then by name."""
    key, each = of
    return -abs(each.paid - each.planned), -abs(each.delivered_t - each.planned_t), key


def total(purchases: Iterable[Purchase]) -> Variance:
    """Return the sum of all orders."""
    found = Variance()
    for each in purchases:
        found.add(each)
    return found


def by_supplier(purchases: Iterable[Purchase], currency: str) -> SupplierVariance:
    """Return planned and delivered by mineral and supplier: the largest difference first."""
    found: dict[tuple[str, str, str], Variance] = {}
    for each in purchases:
        found.setdefault((each.mineral, each.refiner, each.country), Variance()).add(each)
    rows = [
        {
            "mineral": mineral, "refiner": refiner, "country": country,
            "planned": of.planned_t, "delivered": of.delivered_t,
            "change": of.delivered_t - of.planned_t,
            "planned_money": of.planned / CENTS, "paid_money": of.paid / CENTS,
            "money": (of.paid - of.planned) / CENTS,
            "by_price": of.by_price / CENTS, "by_quantity": of.by_quantity / CENTS,
        }
        for (mineral, refiner, country), of in sorted(found.items(), key=_largest_first)
    ]  # fmt: skip
    return SupplierVariance.of_rows(rows, words={"money": currency})
