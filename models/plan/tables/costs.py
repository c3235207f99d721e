"""Cost by heading, recomputed from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from models.expand import target_penalty

if TYPE_CHECKING:
    from models.plan.plan import Plan


def costs(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.costs``: the headings of the books, recomputed from the tables."""
    case, d = plan.case, plan.expanded.deliveries
    years = np.array(plan.expanded.years)[d.year]
    found: list[tuple[str, float, float]] = []

    def note(heading: str, money: Any, when: Any) -> None:
        amounts, at = np.asarray(money, dtype=float), np.asarray(when, dtype=np.int64)
        worth = np.array([case.discount(int(y)) for y in at])
        found.append((heading, float(amounts.sum()), float((amounts * worth).sum())))

    note("purchase", plan.delivered * d.cost, years)
    note("tariff", plan.delivered * d.cost * d.tariff, years)
    note("freight", plan.delivered * d.freight, years)
    contract, stock, project, mined = plan.contracts, plan.stocks, plan.projects, plan.ore
    note("take or pay", contract["untaken"] * contract["price"], contract["year"])
    holding = [
        case.stockpile_of[k].holding_cost
        for k in zip(stock["mineral"], stock["member"], strict=True)
    ]
    note("holding", stock["closing"] * np.array(holding, dtype=float), stock["year"])
    note("capital", project["charge"], project["year"])
    note("ore premium", mined["tonnes"] * mined["premium"], mined["year"])
    note("ore freight", mined["tonnes"] * mined["freight"], mined["year"])
    note("switching", *_switching(plan))
    note("shortage", *_shortage(plan))
    unfair, weight = plan.values.get("unfair_shortage", {}), case.settings.fair_shortage_weight
    note(
        "unfair shortage",
        [t * weight * case.shortage_cost(k[0], k[2]) for k, t in unfair.items()],
        [k[2] for k in unfair],
    )
    over = {cap.key: cap for cap in plan.caps}
    of = plan.values.get("excess", {})
    note("limit penalty", [t * (over[k].penalty or 0.0) for k, t in of.items()], [k[4] for k in of])
    note("stock shortfall", *_shortfall(plan, stock))
    return pd.DataFrame(found, columns=["heading", "money", "discounted"])


def _switching(plan: Plan) -> tuple[list[float], list[int]]:
    dropped = plan.values.get("switched", {})
    price = plan.case.settings.switching_cost
    return [t * price for t in dropped.values()], [plan.expanded.years[0]] * len(dropped)


def _shortage(plan: Plan) -> tuple[list[float], list[int]]:
    """Cost of shortage: of each tier where demand has tiers, else of the whole."""
    case, money, years = plan.case, [], []
    for key, tonnes in plan.values.get("shortage", {}).items():
        if key not in case.tiers_of:
            money.append(tonnes * case.shortage_cost(key[0], key[2]))
            years.append(key[2])
    for (mineral, _, tier, year), tonnes in plan.values.get("tier_shortage", {}).items():
        money.append(tonnes * case.tier_cost(mineral, tier, year))
        years.append(year)
    return money, years


def _shortfall(plan: Plan, stock: pd.DataFrame) -> tuple[list[float], list[int]]:
    money, years = [], []
    for row in stock.to_dict("records"):
        pile = plan.case.stockpile_of[row["mineral"], row["member"]]
        money.append(row["shortfall"] * target_penalty(plan.case, pile, row["year"]))
        years.append(row["year"])
    return money, years
