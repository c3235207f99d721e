"""Planned against delivered, by mineral and supplier, in whole cents that add up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models.results.rounds import SupplierVariance
from planner.going_on.outcome import Purchase

CENT = 0.01


@dataclass
class Variance:
    """Tonnes, and money in cents."""

    planned_t: float = 0.0
    delivered_t: float = 0.0
    planned: int = 0
    paid: int = 0
    by_quantity: int = 0

    @property
    def by_price(self) -> int:
        """What is left of the difference, so that both parts add up to it."""
        return self.paid - self.planned - self.by_quantity

    def add(self, each: Purchase) -> None:
        """Count an order, each of its amounts rounded to the cent."""
        self.planned_t += each.planned
        self.delivered_t += each.delivered
        self.planned += _cents(each.planned * each.planned_price)
        self.paid += _cents(each.delivered * each.paid)
        self.by_quantity += _cents(each.planned_price * (each.delivered - each.planned))


def _cents(money: float) -> int:
    return round(money / CENT)


def total(purchases: Iterable[Purchase]) -> Variance:
    """Return the sum of all orders."""
    found = Variance()
    for each in purchases:
        found.add(each)
    return found


def by_supplier(purchases: Iterable[Purchase], currency: str) -> SupplierVariance:
    """Return planned and delivered by mineral and supplier, in the order of their names."""
    found: dict[tuple[str, str, str], Variance] = {}
    for each in purchases:
        found.setdefault((each.mineral, each.refiner, each.country), Variance()).add(each)
    rows = [
        {
            "mineral": mineral, "refiner": refiner, "country": country,
            "planned": of.planned_t, "delivered": of.delivered_t,
            "change": of.delivered_t - of.planned_t,
            "planned_money": of.planned * CENT, "paid_money": of.paid * CENT,
            "money": (of.paid - of.planned) * CENT,
            "by_price": of.by_price * CENT, "by_quantity": of.by_quantity * CENT,
        }
        for (mineral, refiner, country), of in sorted(found.items())
    ]  # fmt: skip
    return SupplierVariance.of_rows(rows, words={"money": currency})
