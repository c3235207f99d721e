"""Tariffs and price floors in place of caps.

A tariff on a capped country of what a cap's shadow price is,
without the cap, has the same plan among its cheapest: prices and quantities do the same (Weitzman
(1974), Review of Economic Studies 41(4)), and by the program's duality its cost is that of the
capped plan and the tariff's revenue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models import tolerances
from models.plan.plan import Plan
from models.resolve import SPOT, buyer_blocs
from models.schema import BY_COUNTRY, COALITION, MAX, REFINING


@dataclass(frozen=True)
class TariffEquivalent:
    """What a tariff on a country would have to be to do what a cap on it does.

    ``tariff`` [money/t] is the cap's shadow price, ``of_cost`` that over the average cost of what
    the buyer has from there; ``revenue`` [money] is the tariff on the tonnes of the plan.
    ``floor`` [money/t] is the price floor that does the same, all other countries exempt: None
    where no one floor does, because tonnes from there land at different costs, or because who buys
    them is not the zone.
    """

    year: int
    mineral: str
    buyer: str
    country: str
    share: float
    tonnes: float
    tariff: float
    of_cost: float | None
    floor: float | None

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
                _floor(plan, row),
            )
        )  # fmt: skip
    return tuple(found)


def _floor(plan: Plan, row: Mapping[Any, Any]) -> float | None:
    """Return the price floor that does what a cap does: its shadow price above the landed cost."""
    e, d, case = plan.expanded, plan.expanded.deliveries, plan.case
    zones = [buyer_blocs(case, member.country) for member in case.members]
    is_border = all(COALITION in blocs for blocs in zones) and not row["buyer"]
    if not is_border or COALITION in case.blocs_of(row["supplier"]):
        return None
    of_country = np.array([s.country == row["supplier"] for s in e.sources], dtype=bool)
    inside = np.array(e.cell(e.mineral_at[row["mineral"]], e.years.index(row["year"])))
    at = inside[of_country[d.source[inside]]]
    landed = (d.landed - d.levy)[at]
    if not len(at) or np.ptp(landed) > tolerances.SAME_COST * landed.max() or d.levy[at].any():
        return None
    return float(landed.mean() + row["shadow_price"])
