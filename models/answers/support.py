"""What supporting plants costs: bills of contracts for difference, and tariffs in place of caps.

Bills are sums on the tonnes of a plan and change nothing in it: a contract for difference is a
transfer from its payer to the plant. A tariff on a capped country of what a cap's shadow price is,
without the cap, has the same plan among its cheapest: prices and quantities do the same (Weitzman
(1974), Review of Economic Studies 41(4)), and by the program's duality its cost is that of the
capped plan and the tariff's revenue.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.case import in_force
from models.plan.plan import Plan
from models.resolve import SPOT, supported
from models.schema import BY_COUNTRY, MAX, REFINING


@dataclass(frozen=True)
class Bill:
    """What is paid for the tonnes of a plant in a year under a row of Supports.

    ``each`` is what a tonne gets [money/t], below 0 where the plant pays back; ``total`` [money].
    """

    year: int
    plant: str
    mineral: str
    payer: str
    tonnes: float
    strike: float
    reference: float
    each: float

    @property
    def total(self) -> float:
        """What is paid in all [money]."""
        return self.each * self.tonnes


def bills(plan: Plan) -> tuple[Bill, ...]:
    """Return the bills of all rows of Supports, by their row and year, where tonnes are sold."""
    case, e, found = plan.case, plan.expanded, list[Bill]()
    for row in case.supports:
        at = supported(e, row)
        for t, year in enumerate(e.years):
            tonnes = float(plan.sold[at, t].sum())
            if tonnes <= 0 or not in_force(row, year):
                continue
            price = case.mineral_of[row.mineral].price.value(year)
            reference = price if row.reference is None else row.reference
            each = difference(row.strike, reference, row.clawback)
            found.append(
                Bill(year, row.plant, row.mineral, row.payer, tonnes, row.strike, reference, each)
            )
    return tuple(found)


def difference(strike: float, reference: float, clawback: float | None) -> float:
    """Return what a tonne gets under a contract for difference [money/t], below 0: it pays back.

    formula: max(0, strike - reference) - max(0, reference - clawback)
    """
    back = 0.0 if clawback is None else max(0.0, reference - clawback)
    return max(0.0, strike - reference) - back


@dataclass(frozen=True)
class TariffEquivalent:
    """What a tariff on a country would have to be to do what a cap on it does.

    ``tariff`` [money/t] is the cap's shadow price, ``of_cost`` that over the average cost of what
    the buyer has from there; ``revenue`` [money] is the tariff on the tonnes of the plan.
    """

    year: int
    mineral: str
    buyer: str
    country: str
    share: float
    tonnes: float
    tariff: float
    of_cost: float | None

    @property
    def revenue(self) -> float:
        """What the tariff would bring in [money]."""
        return self.tariff * self.tonnes


def tariffs(plan: Plan) -> tuple[TariffEquivalent, ...]:
    """Return the tariffs that would do what the caps on countries do, where those bind.

    Of caps on demand; a cap on purchases moves with what is bought, which no tariff does.
    """
    found = []
    flows = plan.flows[plan.flows["contract"] == SPOT]
    for row in plan.limits.to_dict("records"):
        is_cap = (row["kind"], row["stage"], row["group"]) == (MAX, REFINING, BY_COUNTRY)
        if not is_cap or row["shadow_price"] <= 0 or plan.case.settings.share_basis != "demand":
            continue
        at = (flows["year"] == row["year"]) & (flows["mineral"] == row["mineral"])
        mine = flows[at & (flows["country"] == row["supplier"])]
        cost = float(np.average(mine["cost"], weights=mine["tonnes"])) if len(mine) else 0.0
        found.append(
            TariffEquivalent(
                row["year"], row["mineral"], row["buyer"], row["supplier"], row["allowed"],
                row["tonnes"], row["shadow_price"],
                row["shadow_price"] / cost if cost > 0 else None,
            )
        )  # fmt: skip
    return tuple(found)
