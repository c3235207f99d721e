"""N-1: what is left of supply without its largest country, and how far it goes.

The International Energy Agency asks (Global Critical Minerals Outlook 2025) how much of what the
others need is left when the largest supplier drops out with its own demand: (S - Smax) /
(D - Dmax). Its plain form leaves demand whole: (S - Smax) / D. Both are of the world there; here
supply is what is open to the coalition and demand the coalition's, so that Dmax is 0 unless the
largest supplier is a member's country.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.measures import largest
from models.plan import Plan

COLUMNS = (
    "mineral", "year", "demand", "supply", "largest", "largest_supply", "largest_demand",
    "over_all", "over_rest", "bought", "seller", "seller_sold", "bought_over_all",
)  # fmt: skip


def n_minus_1(plan: Plan, first_year: int) -> pd.DataFrame:
    """Return one row a mineral and year of a plan from ``first_year`` on: ``COLUMNS``.

    demand D [t]; supply S, the usable capacity of refiners and of what is built of projects [t/yr];
    largest (country; Rest of world is none), largest_supply Smax and largest_demand Dmax (of the
    members whose country it is); over_all (S - Smax) / D; over_rest (S - Smax) / (D - Dmax). And of
    what the plan buys: bought, the largest seller with seller_sold [t], and bought_over_all, what
    is bought of the others over D. NaN where the demand is 0.
    """
    case, sources = plan.case, plan.sources
    home = {m.name: m.country for m in case.members}
    rows: list[dict[str, object]] = []
    summed = sources.groupby(["mineral", "year", "country"])[["usable", "tonnes"]].sum()
    cells = {cell: of.droplevel([0, 1]) for cell, of in summed.groupby(level=[0, 1])}
    for mineral in plan.expanded.minerals:
        for year in (y for y in case.years if y >= first_year):
            by_country = cells.get((mineral, year), summed.iloc[:0].droplevel([0, 1]))
            supply, bought = (float(by_country[c].sum()) for c in ("usable", "tonnes"))
            lost, most = _largest(by_country["usable"])
            seller, sold = _largest(by_country["tonnes"])
            needs = {m: case.demand_of.get((mineral, m, year), 0.0) for m in home}
            demand = case.coalition_demand(mineral, year)
            at_home = sum((t for m, t in needs.items() if lost and home[m] == lost), 0.0)
            rows.append(
                {
                    "mineral": mineral,
                    "year": year,
                    "demand": demand,
                    "supply": supply,
                    "largest": lost,
                    "largest_supply": most,
                    "largest_demand": at_home,
                    "over_all": _over(supply - most, demand),
                    "over_rest": _over(supply - most, demand - at_home),
                    "bought": bought,
                    "seller": seller,
                    "seller_sold": sold,
                    "bought_over_all": _over(bought - sold, demand),
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def _largest(by_country: pd.Series[float]) -> tuple[str, float]:
    """Return the country with the most, the first by name of equal ones; "" where all have 0."""
    tops = largest(dict(zip(map(str, by_country.index), by_country.tolist(), strict=True)))
    return next((top for top in tops if top[1] > 0), ("", 0.0))


def _over(left: float, demand: float) -> float:
    return left / demand if demand > 0 else np.nan
