"""What a tonne more of demand costs, which is not what a tonne more of supply is worth.

Demand is the balance's limit, and stands elsewhere, too: a limit on a share of demand allows more,
a fair part of a shortage grows, and a reserve in days asks for more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.account import Laid
from models.expand import DAYS

if TYPE_CHECKING:
    from models.plan.explain.label import Labels
    from models.plan.explain.price import Pricing


def demand_cost(pricing: Pricing, mineral: str, member: str, year: int) -> float | None:
    """Return what one tonne more of demand costs [money of the year]: the slope of total cost.

    None where demand has tiers: it depends on the tier.
    """
    labels = pricing.labels
    case, at = labels.case, (mineral, member, year)
    if at in case.tiers_of or labels.plan.value("shortage", at) < 0:
        return None
    worth = case.discount(year)
    total = 0.0
    for laid in labels.program.row_parts:
        for row, key in _priced(laid, pricing):
            total += float(pricing.duals[row]) * _slope(labels, laid.part.name, key, at)
    return (total + _at_bound(pricing, at)) / worth


def _priced(laid: Laid, pricing: Pricing) -> list[tuple[int, Any]]:
    """Return the rows of a part that demand stands in and that are worth something."""
    if laid.part.name not in {"balance", "share_limit", "fair_shortage", "stock_target"}:
        return []
    found = np.flatnonzero(pricing.duals[laid.at])
    return list(zip(laid.at[found].tolist(), laid.part.spelled(found), strict=True))


def _slope(labels: Labels, name: str, key: Any, at: tuple[str, str, int]) -> float:
    """Return by how much a row's limit rises with a tonne of demand."""
    case, (mineral, member, year) = labels.case, at
    if name == "balance":
        return float(key == at)
    if name == "share_limit":
        cap = labels.caps[key]
        mine = labels.e.member_at[member] in cap.buyers and not cap.of_purchases
        return cap.share if mine and (cap.mineral, cap.year) == (mineral, year) else 0.0
    if name == "stock_target":
        pile = case.stockpile_of[mineral, member] if key == at else None
        return 0.0 if pile is None or pile.target_days is None else pile.target_days / DAYS
    _, other, _ = key
    if (key[0], key[2]) != (mineral, year):
        return 0.0
    every, own = case.coalition_demand(mineral, year), case.demand_of[mineral, other, year]
    short = labels.plan.value("coalition_shortage", (mineral, year))
    return ((every if other == member else 0.0) - own) / every**2 * short


def _at_bound(pricing: Pricing, at: tuple[str, str, int]) -> float:
    """Return what more demand saves by letting more be short, where all of it is."""
    program = pricing.labels.program
    for laid in program.column_parts:
        if laid.part.name == "shortage":
            for i in np.flatnonzero(np.isfinite(program.rows.upper[laid.at])).tolist():
                if laid.part.spelled(np.array([i]))[0] == at:
                    column = int(laid.at[i])
                    entries = pricing.entries(column)
                    priced = sum(a * float(pricing.duals[row]) for row, a in entries)
                    return min(0.0, float(program.rows.cost[column]) - priced)
    return 0.0
