"""What is read of the plan of a loss: arrays of numbers, since there are many losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.plan import Plan
from models.program.component import Columns
from models.program.families.contracts import UNTAKEN
from models.program.families.ore import ORE
from models.program.families.shortage import OF_TIER, SHORTAGE
from models.program.families.stockpiles import STOCK
from models.program.market import BALANCE
from models.resolve import Floats

DAYS = 365.0
_SAME = 1e-9
"""Multiples of a usual price that differ by this part of them are one."""
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
    cash = plan.costs_of(UNTAKEN, STOCK, ORE)
    np.add.at(cash, (d.mineral, d.year), plan.delivered * d.landed)
    return Seen(
        bought,
        short=_by_member(plan, SHORTAGE),
        stock=_by_member(plan, STOCK),
        cash=cash,
        penalty=plan.costs_of(SHORTAGE, OF_TIER),
        dearest=_dearest(plan),
    )


def _by_member(plan: Plan, component: Columns) -> Floats:
    """Return a component's tonnes by (mineral, member, year)."""
    found = np.zeros(plan.expanded.demand.shape)
    key, tonnes = plan.part(component)
    if key:
        found[key] = tonnes
    return found


def _dearest(plan: Plan) -> tuple[Price | None, ...]:
    e = plan.expanded
    (m, j, t), prices = plan.row_part(BALANCE)
    usual = np.array([[of.price.value(y) for y in e.years] for of in plan.case.minerals])
    # prices that differ by rounding alone are one: the first in order is named
    in_order = np.argsort(np.argsort(e.members))
    order = np.lexsort((t, in_order[j]))
    order = order[(e.demand[m, j, t] > 0)[order] & (prices != 0)[order]]
    with np.errstate(divide="ignore"):
        over = prices[order] / usual[m[order], t[order]]
    reach = np.where(np.isfinite(over), over + _SAME * np.abs(over), over)
    found = list[Price | None]()
    for mineral in range(len(e.minerals)):
        at = np.flatnonzero(m[order] == mineral)
        if not len(at):
            found.append(None)
            continue
        first = at[reach[at] >= over[at].max()][0]
        i = order[first]
        found.append(Price(float(prices[i]), float(over[first]), e.members[j[i]], e.years[t[i]]))
    return tuple(found)


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
