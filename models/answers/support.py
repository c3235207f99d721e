"""Tariffs and price floors in place of caps.

Replace a cap on a country by a tariff equal to the cap's shadow price. The capped plan is then
among the cheapest plans: prices and quantities are equivalent (Weitzman (1974), Review of Economic
Studies 41(4)). By duality the cost is the cost of the capped plan plus the tariff's revenue.
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
    """The tariff on a country that would have the same effect as a cap on it.

    ``tariff`` [money/t] is the cap's shadow price. ``of_cost`` is the tariff relative to the
    average cost of the buyer's purchases from there. ``revenue`` [money] is the tariff on the
    plan's tonnes. ``floor`` [money/t] is the price floor with the same effect, if all other
    countries are exempt. It is None if no single floor has it: tonnes from there land at different
    costs, or the zone is not the buyer.
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
        """The revenue of the tariff [money]."""
        return self.tariff * self.tonnes


def tariffs(plan: Plan) -> tuple[TariffEquivalent, ...]:
    """Return the tariffs that would have the same effect as the binding caps on countries.

    Only caps on demand are included. Caps on purchases, or on an input that plants take, have a
    base that changes with the plan: no fixed tariff has the same effect.
    """
    needed = []
    flows = plan.flows[plan.flows["contract"] == SPOT]
    for row in plan.limits.to_dict("records"):
        is_cap = (row["kind"], row["stage"], row["group"]) == (MAX, REFINING, BY_COUNTRY)
        moves = plan.case.settings.share_basis != "demand" or plan.expanded.is_input(row["mineral"])
        if not is_cap or row["shadow_price"] <= 0 or moves:
            continue
        chosen = (flows["year"] == row["year"]) & (flows["mineral"] == row["mineral"])
        mine = flows[chosen & (flows["country"] == row["supplier"])]
        cost = float(np.average(mine["cost"], weights=mine["tonnes"])) if len(mine) else 0.0
        needed.append(
            TariffEquivalent(
                row["year"], row["mineral"], row["buyer"], row["supplier"], row["allowed"],
                row["tonnes"], row["shadow_price"],
                row["shadow_price"] / cost if cost > 0 else None,
                _floor(plan, row),
            )
        )  # fmt: skip
    return tuple(needed)


def _floor(plan: Plan, row: Mapping[Any, Any]) -> float | None:
    """Return the price floor equal to a cap: the landed cost plus the cap's shadow price."""
    e, d, case = plan.expanded, plan.expanded.deliveries, plan.case
    zones = [buyer_blocs(case, member.country) for member in case.members]
    is_border = all(COALITION in blocs for blocs in zones) and not row["buyer"]
    if not is_border or COALITION in case.blocs_of(row["supplier"]):
        return None
    of_country = np.array([s.country == row["supplier"] for s in e.sources], dtype=bool)
    inside = np.array(e.cell(e.mineral_at[row["mineral"]], e.years.index(row["year"])))
    used = inside[of_country[d.source[inside]]]
    landed = (d.cost * (1.0 + d.tariff) + d.freight)[
        used
    ]  # the landed cost that a floor compares: before subsidies
    if not len(used) or np.ptp(landed) > tolerances.SAME_COST * landed.max() or d.levy[used].any():
        return None
    return float(landed.mean() + row["shadow_price"])
