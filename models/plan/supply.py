"""What each member needs, buys, is short of and pays for, by mineral and year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from models import tolerances
from models.program.families.shortage import OF_TIER, SHORTAGE
from models.program.market import BALANCE
from models.resolve import Ints

if TYPE_CHECKING:
    from models.plan.plan import Plan


def supply_of(plan: Plan) -> pd.DataFrame:
    """Return the table ``Plan.supply``.

    demand, purchased, short [t], marginal_price, landed (average, inputs included; NaN without
    purchases) [money/t], short_cost (what the shortage counts for) [money].
    """
    case, e, d = plan.case, plan.expanded, plan.expanded.deliveries
    bought, paid = np.zeros((2, len(e.minerals), len(e.members), len(e.years)))
    np.add.at(bought, (d.mineral, d.member, d.year), plan.delivered)
    price = d.landed + plan.input_cost[d.source, d.year] if e.intakes else d.landed
    np.add.at(paid, (d.mineral, d.member, d.year), plan.delivered * price)
    short, prices, cost = np.zeros((3, *bought.shape))
    for table, (at, values) in (
        (short, plan.part(SHORTAGE)),
        (prices, plan.row_part(BALANCE)),
    ):
        table[at or ([],) * 3] = values
    tiered = [(e.mineral_at[m], e.member_at[j], e.years.index(t)) for m, j, t in case.tiers_of]
    for m, j, t in {*zip(*map(np.ndarray.tolist, np.nonzero(short)), strict=True), *tiered}:
        cost[m, j, t] = _short_cost(plan, (e.minerals[m], e.members[j], e.years[t]))
    at = np.nonzero((e.demand > 0) | (bought > 0) | e.has_stock[:, :, None])
    tonnes = bought[at]
    is_bought = tonnes > tolerances.LEAST_FLOW
    landed = np.divide(paid[at], tonnes, out=np.full(len(tonnes), np.nan), where=is_bought)
    found = pd.DataFrame(
        {
            "year": np.array(e.years, dtype=np.int64)[at[2]],
            "mineral": spelt(e.minerals, at[0]),
            "member": spelt(e.members, at[1]),
            "demand": e.demand[at],
            "purchased": tonnes,
            "short": short[at],
            "marginal_price": prices[at],
            "landed": landed,
            "short_cost": cost[at],
        }
    )
    return found.sort_values(["year", "mineral", "member"], kind="stable", ignore_index=True)


def _short_cost(plan: Plan, key: tuple[str, str, int]) -> float:
    """Return what a member's shortage of a mineral in a year costs by its price [money]."""
    mineral, member, year = key
    if key not in plan.case.tiers_of:
        return plan.value(SHORTAGE, key) * plan.case.shortage_cost(mineral, year)
    return sum(
        plan.value(OF_TIER, (mineral, member, tier, year))
        * plan.case.tier_cost(mineral, tier, year)
        for tier in plan.case.tiers_of[key]
    )


def spelt(names: Sequence[str], at: Ints) -> list[str]:
    """Return the names at some positions."""
    found: list[str] = np.array([*names, ""], dtype=object)[at].tolist()
    return found
