"""Why a plan is as it is: one mineral, member and year explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.answers.binding import binding
from models.answers.facts import Explanation
from models.answers.price import Pricing
from models.program.component import rows_named
from models.program.facts import Where
from models.program.families.shortage import SHORTAGE
from models.program.market import BALANCE

if TYPE_CHECKING:
    from models.plan.plan import Plan


def explain(plan: Plan, mineral: str, member: str, year: int) -> Explanation:
    """Return what sets the price of a mineral for a member in a year, and what binds there.

    The names are the case's own, the year is one of its years; KeyError or ValueError if not.
    Without demand or a stockpile there is no price, and nothing that binds is worth anything there.
    """
    e, d = plan.expanded, plan.expanded.deliveries
    m, j, t = e.mineral_at[mineral], e.member_at[member], e.years.index(year)
    inside = np.array(e.cell(m, t), dtype=np.int64)
    mine = inside[d.member[inside] == j] if len(inside) else inside
    table = plan.shortages
    table = table[
        (table["mineral"] == mineral) & (table["member"] == member) & (table["year"] == year)
    ]
    pricing = Pricing(plan)
    at = plan.at(BALANCE, (mineral, member, year))
    price = pricing.price(at, year) if at >= 0 else None
    is_wanted = price is not None and e.demand[m, j, t] > 0
    return Explanation(
        mineral=mineral,
        member=member,
        year=year,
        demand=float(e.demand[m, j, t]),
        purchased=float(plan.delivered[mine].sum()),
        short=plan.value(SHORTAGE, (mineral, member, year)),
        nothing=plan.tolerance(mineral, year),
        price=price,
        binding=() if price is None else binding(pricing, mineral, member, year),
        cause=str(table["cause"].iloc[0]) if len(table) else "",
        demand_cost=_demand_cost(pricing, (mineral, member, year)) if is_wanted else None,
    )


def _demand_cost(pricing: Pricing, at: Where) -> float | None:
    """Return what one tonne more of demand costs [money of the year]: the slope of total cost.

    That is not what a tonne more of supply is worth: demand is the balance's limit, and stands
    elsewhere, too (``Rows.slope``): a limit on a share of demand allows more, a fair part of a
    shortage grows, and a reserve in days asks for more. None where demand has tiers: it depends on
    the tier.
    """
    plan = pricing.plan
    if at in plan.case.tiers_of or plan.value(SHORTAGE, at) < 0:
        return None
    total = 0.0
    for group in plan.program.constraints:
        slope = rows_named(group.component).slope
        if slope is None:
            continue
        found = np.flatnonzero(pricing.duals[group.at])
        for row, key in zip(group.at[found].tolist(), group.keys(found), strict=True):
            total += float(pricing.duals[row]) * slope(plan, key, at)
    return (total + _at_bound(pricing, at)) / plan.case.discount(at[2])


def _at_bound(pricing: Pricing, at: Where) -> float:
    """Return what more demand saves by letting more be short, where all of it is."""
    plan, rows = pricing.plan, pricing.rows
    column = plan.column_at(SHORTAGE, at)
    if column < 0 or not np.isfinite(rows.upper[column]):
        return 0.0
    priced = sum(a * float(pricing.duals[row]) for row, a in plan.entries(column))
    return min(0.0, float(rows.cost[column]) - priced)
