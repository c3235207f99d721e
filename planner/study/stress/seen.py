"""What is read of the plan of a loss: arrays of numbers, since there are many losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.expand import Floats, contract_price, ore_lane
from models.plan import Plan

DAYS = 365.0
"""Days of a year."""


@dataclass(frozen=True)
class Price:
    """The highest marginal price of a mineral [money/t], over its price, and where it stands."""

    price: float
    over: float
    member: str
    year: int


@dataclass(frozen=True)
class Seen:
    """A plan in numbers.

    By (mineral, member, year): ``bought``, ``short`` and ``stock`` at the year's end [t]. By
    (mineral, year): ``cash``, what is paid without capital and the cost of leaving suppliers, and
    ``penalty``, the cost of shortage [money, undiscounted]. ``dearest`` by mineral.
    """

    bought: Floats
    short: Floats
    stock: Floats
    cash: Floats
    penalty: Floats
    dearest: tuple[Price | None, ...]


def read(plan: Plan) -> Seen:
    """Return a plan in numbers."""
    e, d = plan.expanded, plan.expanded.deliveries
    bought = np.zeros(e.demand.shape)
    np.add.at(bought, (d.mineral, d.member, d.year), plan.delivered)
    year_at = {year: t for t, year in enumerate(e.years)}
    short, stock = np.zeros(e.demand.shape), np.zeros(e.demand.shape)
    for table, name in ((short, "shortage"), (stock, "stock")):
        for (mineral, member, year), tonnes in plan.values.get(name, {}).items():
            table[e.mineral_at[mineral], e.member_at[member], year_at[year]] = tonnes
    return Seen(bought, short, stock, _cash(plan), _penalty(plan), _dearest(plan))


def _cash(plan: Plan) -> Floats:
    """Return purchases, take or pay, holding and ore by (mineral, year) [money]."""
    case, e, d = plan.case, plan.expanded, plan.expanded.deliveries
    found = np.zeros((len(e.minerals), len(e.years)))
    np.add.at(found, (d.mineral, d.year), plan.delivered * d.landed)
    for (k, _, mineral, _, year), tonnes in plan.values.get("untaken", {}).items():
        found[e.mineral_at[mineral], e.years.index(year)] += tonnes * contract_price(e, k, year)
    for (mineral, member, year), tonnes in plan.values.get("stock", {}).items():
        holding = case.stockpile_of[mineral, member].holding_cost
        found[e.mineral_at[mineral], e.years.index(year)] += tonnes * holding
    premium = {(m.mineral, m.country): m.premium for m in case.mines}
    home = {(s.name, s.project, s.mineral): s.country for s in e.sources}
    freight: dict[tuple[str, str, str, int], float] = {}
    for (mined, refiner, project, mineral, year), tonnes in plan.values.get("ore", {}).items():
        lane = (mineral, mined, home[refiner, project, mineral], year)
        if lane not in freight:
            freight[lane] = ore_lane(case, *lane)[0]
        cost = premium[mineral, mined] + freight[lane]
        found[e.mineral_at[mineral], e.years.index(year)] += tonnes * cost
    return found


def _penalty(plan: Plan) -> Floats:
    """Return the cost of shortage by (mineral, year) [money]."""
    case, e = plan.case, plan.expanded
    found = np.zeros((len(e.minerals), len(e.years)))
    for key, tonnes in plan.values.get("shortage", {}).items():
        if key not in case.tiers_of:
            mineral, _, year = key
            cost = tonnes * case.shortage_cost(mineral, year)
            found[e.mineral_at[mineral], e.years.index(year)] += cost
    for (mineral, _, tier, year), tonnes in plan.values.get("tier_shortage", {}).items():
        cost = tonnes * case.tier_cost(mineral, tier, year)
        found[e.mineral_at[mineral], e.years.index(year)] += cost
    return found


def _dearest(plan: Plan) -> tuple[Price | None, ...]:
    e = plan.expanded
    found: dict[str, Price] = {}
    for (mineral, member, year), price in sorted(plan.duals.get("balance", {}).items()):
        if e.demand[e.mineral_at[mineral], e.member_at[member], e.years.index(year)] <= 0:
            continue
        usual = plan.case.mineral_of[mineral].price.value(year)
        over = price / usual if usual > 0 else np.inf
        best = found.get(mineral)
        # prices that differ by rounding alone are one: the first in order is named
        if best is None or over > best.over * (1.0 + 1e-9):
            found[mineral] = Price(float(price), float(over), member, year)
    return tuple(found.get(mineral) for mineral in e.minerals)


def days_until_short(gaps: Sequence[float], stock: float) -> float | None:
    """Return how many days a stock fills the gaps of the years from a loss on, None if all.

    ``gaps`` [t] is what purchases leave of each year's demand, below 0 where they add to the stock;
    within a year a gap is spread evenly.
    """
    days = 0.0
    for gap in gaps:
        if gap > 0 and gap > stock:
            return days + DAYS * max(0.0, stock) / gap
        stock -= gap
        days += DAYS
    return None
