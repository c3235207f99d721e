"""Tariffs in place of caps.

A tariff on a capped country of what a cap's shadow price is,
without the cap, has the same plan among its cheapest: prices and quantities do the same (Weitzman
(1974), Review of Economic Studies 41(4)), and by the program's duality its cost is that of the
capped plan and the tariff's revenue.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.plan.plan import Plan
from models.resolve import SPOT
from models.schema import BY_COUNTRY, MAX, REFINING


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

    Of caps on demand; a cap on purchases moves with what is bought, which no tariff does, and so
    does one on an input that plants take.
    """
    found = []
    flows = plan.flows[plan.flows["contract"] == SPOT]
    for row in plan.limits.to_dict("records"):
        is_cap = (row["kind"], row["stage"], row["group"]) == (MAX, REFINING, BY_COUNTRY)
        moves = plan.case.settings.share_basis != "demand" or plan.expanded.is_input(row["mineral"])
        if not is_cap or row["shadow_price"] <= 0 or moves:
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
