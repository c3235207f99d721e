"""Tariffs in place of caps.

A tariff on a capped country equal to the cap's shadow price, without the cap, has the same plan
among its cheapest: prices and quantities do the same (Weitzman (1974), Review of Economic Studies
41(4)). By duality it costs what the capped plan costs, and the tariff's revenue on top.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.plan.plan import Plan
from models.resolve import SPOT
from models.schema import BY_COUNTRY, MAX, REFINING


@dataclass(frozen=True)
class TariffEquivalent:
    """The tariff on a country that would do what a cap on it does.

    ``tariff`` [money/t] is the cap's shadow price, ``of_cost`` the same over the average cost of
    what the buyer has from there, and ``revenue`` [money] the tariff on the plan's tonnes.
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
    """Return the tariffs that would do what the binding caps on countries do.

    These are caps on demand; a cap on purchases moves with what is bought, which no tariff does.
    """
    needed = []
    flows = plan.flows[plan.flows["contract"] == SPOT]
    for row in plan.limits.to_dict("records"):
        is_cap = (row["kind"], row["stage"], row["group"]) == (MAX, REFINING, BY_COUNTRY)
        if not is_cap or row["shadow_price"] <= 0 or plan.case.settings.share_basis != "demand":
            continue
        chosen = (flows["year"] == row["year"]) & (flows["mineral"] == row["mineral"])
        mine = flows[chosen & (flows["country"] == row["supplier"])]
        cost = float(np.average(mine["cost"], weights=mine["tonnes"])) if len(mine) else 0.0
        needed.append(
            TariffEquivalent(
                row["year"], row["mineral"], row["buyer"], row["supplier"], row["allowed"],
                row["tonnes"], row["shadow_price"],
                row["shadow_price"] / cost if cost > 0 else None,
            )
        )  # fmt: skip
    return tuple(needed)
