"""Each member's demand, purchases, shortage and payments, by mineral and year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models import tolerances
from models.plan import stages
from models.program import component
from models.program.families.shortage import OF_TIER
from models.program.families.tiers import TIER_NEED
from models.program.market import BALANCE
from models.resolve import Floats, Ints
from models.solve import summed_at

if TYPE_CHECKING:
    from models.program import Solved


def supply_columns(plan: Solved) -> dict[str, Any]:
    """Return the columns of ``Plan.supply``, in the order of year, mineral and member.

    demand, purchased, short [t], marginal_price (of the tier that costs most), landed (average,
    inputs included; NaN without purchases) [money/t], short_cost (the priced shortage) [money].
    """
    case, e, d = plan.case, plan.expanded, plan.expanded.deliveries
    of_delivery = (d.mineral, d.member, d.year)
    bought = summed_at(of_delivery, plan.delivered, e.demand.shape)
    price = (
        d.landed + plan.cached(stages.input_cost)[d.source, d.year] if e.plant_inputs else d.landed
    )
    paid = summed_at(of_delivery, plan.delivered * price, e.demand.shape)
    short, prices = plan.missing, marginal_prices(plan)
    each = [[case.shortage_cost(m, year) for year in e.years] for m in e.minerals]
    cost = short * np.array(each).reshape(len(e.minerals), 1, len(e.years))
    for (mineral, member, year), tiers in e.split_tiers.items():
        cost[e.mineral_at[mineral], e.member_at[member], e.years.index(year)] = sum(
            plan.value(OF_TIER, (mineral, member, tier, year)) * case.tier_cost(mineral, tier, year)
            for tier in tiers
        )
    m, j, t = np.nonzero((e.demand > 0) | (bought > 0) | e.has_stock[:, :, None])
    places = (np.unique(names, return_inverse=True)[1] for names in (e.members, e.minerals))
    order = np.lexsort((*(of[at] for of, at in zip(places, (j, m), strict=True)), t))
    at = (m[order], j[order], t[order])
    tonnes = bought[at]
    is_bought = tonnes > tolerances.LEAST_FLOW
    landed = np.divide(paid[at], tonnes, out=np.full(len(tonnes), np.nan), where=is_bought)
    return {
        "year": np.array(e.years, dtype=np.int64)[at[2]],
        "mineral": names_at(e.minerals, at[0]),
        "member": names_at(e.members, at[1]),
        "demand": e.demand[at],
        "purchased": tonnes,
        "short": short[at],
        "marginal_price": prices[at],
        "landed": landed,
        "short_cost": cost[at],
    }


def marginal_prices(plan: Solved) -> Floats:
    """Return what one more tonne costs each member [money/t], by (mineral, member, year).

    Where tiers are cut off it is the price of the tier that costs most.
    """
    prices, dearest = np.zeros((2, *plan.expanded.demand.shape))
    at, values = plan.row_part(BALANCE)
    prices[at or ([],) * 3] = values
    index, duals = plan.row_part(TIER_NEED)  # at least 0: a need is a lower limit
    if index:
        m, j, _, t = index
        np.maximum.at(dearest, (m, j, t), duals)
    return np.asarray(prices + dearest)


def tier_duals(plan: Solved) -> dict[component.Where, dict[str, float]]:
    """Return what a tonne for each tier costs beyond the member's balance [money/t].

    By mineral, member and year, where tiers are cut off.
    """
    e, found = plan.expanded, dict[component.Where, dict[str, float]]()
    for m, j, t in e.cut_off:
        mineral, member, year = where = e.minerals[m], e.members[j], e.years[t]
        found[where] = {
            tier: plan.dual(TIER_NEED, (mineral, member, tier, year))
            for tier in plan.case.tiers_of[where]
        }
    return found


def names_at(names: Sequence[str], at: Ints) -> list[str]:
    found: list[str] = np.array([*names, ""], dtype=object)[at].tolist()
    return found
