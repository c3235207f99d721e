"""Cost by heading, recomputed from the tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from models.expand import Floats, target_penalty

if TYPE_CHECKING:
    from models.plan.plan import Plan


@dataclass(frozen=True)
class _Charges:
    """All that falls under a heading: money, the same discounted, and whose mineral it is."""

    heading: str
    money: Floats
    discounted: Floats
    minerals: np.ndarray[Any, np.dtype[np.object_]]


def costs(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.costs``: the headings of the books, recomputed from the tables."""
    found = [(c.heading, float(c.money.sum()), float(c.discounted.sum())) for c in _charges(plan)]
    return pd.DataFrame(found, columns=["heading", "money", "discounted"])


def mineral_costs(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.mineral_costs``: the same headings, of each mineral alone."""
    found: list[tuple[str, str, float, float]] = []
    every = list(_charges(plan))
    for mineral in plan.expanded.minerals:
        for c in every:
            own = c.minerals == mineral
            of = float(c.money[own].sum()), float(c.discounted[own].sum())
            found.append((mineral, c.heading, *of))
    return pd.DataFrame(found, columns=["mineral", "heading", "money", "discounted"])


def _charges(plan: Plan) -> Iterator[_Charges]:
    """Yield every heading once, in the order in which they are told."""
    case, d = plan.case, plan.expanded.deliveries
    years = np.array(plan.expanded.years)[d.year]
    bought = np.array(plan.expanded.minerals, dtype=object)[d.mineral]

    def note(heading: str, money: Any, when: Any, minerals: Any) -> _Charges:
        amounts, at = np.asarray(money, dtype=float), np.asarray(when, dtype=np.int64)
        worth = np.array([case.discount(int(y)) for y in at], dtype=float)
        return _Charges(heading, amounts, amounts * worth, np.asarray(minerals, dtype=object))

    yield note("purchase", plan.delivered * d.cost, years, bought)
    yield note("tariff", plan.delivered * d.cost * d.tariff, years, bought)
    yield note("freight", plan.delivered * d.freight, years, bought)
    contract, stock, project, mined = plan.contracts, plan.stocks, plan.projects, plan.ore
    signed = [case.contracts[k].mineral for k in contract["contract"].tolist()]
    yield note("take or pay", contract["untaken"] * contract["price"], contract["year"], signed)
    holding = [
        case.stockpile_of[k].holding_cost
        for k in zip(stock["mineral"], stock["member"], strict=True)
    ]
    kept = stock["closing"] * np.array(holding, dtype=float)
    yield note("holding", kept, stock["year"], stock["mineral"])
    yield note("capital", project["charge"], project["year"], project["mineral"])
    ore = (mined["year"], mined["mineral"])
    yield note("ore premium", mined["tonnes"] * mined["premium"], *ore)
    yield note("ore freight", mined["tonnes"] * mined["freight"], *ore)
    yield note("switching", *_switching(plan))
    yield note("shortage", *_shortage(plan))
    unfair, weight = plan.values.get("unfair_shortage", {}), case.settings.fair_shortage_weight
    yield note(
        "unfair shortage",
        [t * weight * case.shortage_cost(k[0], k[2]) for k, t in unfair.items()],
        [k[2] for k in unfair],
        [k[0] for k in unfair],
    )
    over = {cap.key: cap for cap in plan.caps}
    of = plan.values.get("excess", {})
    yield note(
        "limit penalty",
        [t * (over[k].penalty or 0.0) for k, t in of.items()],
        [k[4] for k in of],
        [k[1] for k in of],
    )
    yield note("stock shortfall", *_shortfall(plan, stock))


_Noted = tuple[list[float], list[int], list[str]]
"""Money, the years and the minerals."""


def _switching(plan: Plan) -> _Noted:
    dropped = plan.values.get("switched", {})
    price = plan.case.settings.switching_cost
    first = [plan.expanded.years[0]] * len(dropped)
    return [t * price for t in dropped.values()], first, [k[1] for k in dropped]


def _shortage(plan: Plan) -> _Noted:
    """Cost of shortage: of each tier where demand has tiers, else of the whole."""
    case, money, years, minerals = plan.case, [], [], []
    for key, tonnes in plan.values.get("shortage", {}).items():
        if key not in case.tiers_of:
            money.append(tonnes * case.shortage_cost(key[0], key[2]))
            years.append(key[2])
            minerals.append(key[0])
    for (mineral, _, tier, year), tonnes in plan.values.get("tier_shortage", {}).items():
        money.append(tonnes * case.tier_cost(mineral, tier, year))
        years.append(year)
        minerals.append(mineral)
    return money, years, minerals


def _shortfall(plan: Plan, stock: pd.DataFrame) -> _Noted:
    money, years = [], []
    for row in stock.to_dict("records"):
        pile = plan.case.stockpile_of[row["mineral"], row["member"]]
        money.append(row["shortfall"] * target_penalty(plan.case, pile, row["year"]))
        years.append(row["year"])
    return money, years, stock["mineral"].tolist()
