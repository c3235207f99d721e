"""How far supply goes without others: import reliance, days of cover, N-1."""

from __future__ import annotations

import math

from models.measures import days_of_cover, largest
from models.scorecard.eu_benchmarks import processing
from models.scorecard.supplied import Buyer, Supplied
from models.scorecard.value import UNTOLD, Value, over


def import_reliance(of: Supplied, mineral: str, buyer: Buyer, when: int | None) -> Value:
    """Import reliance.

    formula: (D - what refiners in the bloc supply) / D, at least 0; shortage and stock drawn count as not from inside
    unit: share of demand
    source: own; the net import reliance of USGS is (imports - exports + stock changes) over apparent consumption instead
    """  # noqa: E501 - a line a word, as the sheet shows them
    inside = processing(of, mineral, buyer, when)
    if inside.amount is None:
        return inside
    return Value(max(0.0, 1.0 - inside.amount))


def cover(of: Supplied, mineral: str, buyer: Buyer, when: int | None) -> Value:
    """Days of cover.

    formula: stock at the end of the year / (D / 365); before: the opening stock and the first year's D
    unit: days
    source: days of consumption, as of the oil stocks of Council Directive 2009/119/EC
    """  # noqa: E501 - a line a word, as the sheet shows them
    stock = of.stock(mineral, when, buyer)
    if stock is None:  # of the EU nothing is said then: the coalition's row says it
        return UNTOLD if buyer.name else Value(None, "no stockpile")
    demand = of.demand(mineral, of.first if when is None else when, buyer)
    days = days_of_cover(stock, demand)
    return Value(days, "no demand" if days is None else "")


def n_1_all(of: Supplied, mineral: str, buyer: Buyer, when: int | None) -> Value:
    """N-1, all demand.

    formula: (S - Smax) / D, S what the coalition may use of capacity, Smax that of the largest country; before: without projects
    unit: share of demand
    source: N-1 of IEA, Global Critical Minerals Outlook 2025, demand left whole
    """  # noqa: E501 - a line a word, as the sheet shows them
    return _left(of, mineral, buyer, when, rest=False)


def n_1_rest(of: Supplied, mineral: str, buyer: Buyer, when: int | None) -> Value:
    """N-1, demand of the others.

    formula: (S - Smax) / (D - Dmax), Dmax the demand of members of that country
    unit: share of demand
    source: N-1 of IEA, Global Critical Minerals Outlook 2025
    """
    return _left(of, mineral, buyer, when, rest=True)


def _left(of: Supplied, mineral: str, buyer: Buyer, when: int | None, *, rest: bool) -> Value:
    if buyer.name:
        return UNTOLD
    if when is not None:
        country, whole, others = of.left[mineral, when]
        amount = others if rest else whole
        said = of.case.country_name(country) if country else ""
        return Value(None, "no demand") if math.isnan(amount) else Value(amount, said)
    e = of.expanded
    amounts: dict[str, float] = {}
    for i in e.of_mineral[mineral]:
        country = e.sources[i].country
        amounts[country] = amounts.get(country, 0.0) + float(e.usable[i, 0])
    lost, most = next((top for top in largest(amounts) if top[1] > 0), ("", 0.0))
    demand = of.demand(mineral, of.first, buyer)
    if rest:
        demand -= sum(
            of.case.demand_of.get((mineral, m.name, of.first), 0.0)
            for m in of.case.members
            if lost and m.country == lost
        )
    left = sum(amounts.values()) - most
    return over(left, demand, of.case.country_name(lost) if lost else "")
