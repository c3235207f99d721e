"""What the least change may not make worse than the plan has it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from models.account import account
from models.expand import SPOT, Expanded, budget_year
from models.plan.plan import Plan
from models.sourcing import Bounds

SLACK = 1e-9
"""What may exceed the plan's, as a part of demand: the solver's rounding."""
Key = tuple[str, str, int]
"""Mineral, member and year."""


def bounds(
    plan: Plan, wide: Expanded, right: dict[tuple[str, Any], float], served: Iterable[Key]
) -> Bounds:
    """Return the bounds of a search: no more short than in the plan, nothing short in ``served``.

    Reserves lack no more, and obligations are broken by no more, than in the plan; nothing is newly
    bought for more than a shortage costs; other minerals' plants take of each budget what they do.
    """
    mineral, case = wide.minerals[0], plan.case
    slack = {year: SLACK * case.coalition_demand(mineral, year) for year in wide.years}
    short = {
        (mineral, member, year): plan.value("shortage", (mineral, member, year)) + slack[year]
        for member in wide.members
        for year in wide.years
    }
    asked = frozenset(served)
    short |= {key: slack[key[2]] for key in asked}
    most = {
        (name, key): plan.value(name, key) + slack[key[-1]]
        for name in ("excess", "stock_shortfall")
        for key in _keys(wide, name)
    }
    return Bounds({**right, **_budgets(plan, mineral)}, most | _dear(plan, wide), short, asked)


def _keys(wide: Expanded, name: str) -> list[Any]:
    return [
        key
        for laid in account(wide).column_parts
        if laid.part.name == name
        for key in laid.part.spelled(np.arange(len(laid.part)))
    ]


def _dear(plan: Plan, wide: Expanded) -> dict[tuple[str, Any], float]:
    """Return the deliveries that cost more than a shortage and that the plan does without."""
    d, mineral = wide.deliveries, wide.minerals[0]
    cost = np.array([_shortage_cost(plan, mineral, year) for year in wide.years])
    flows = plan.flows[plan.flows["mineral"] == mineral]
    used = set(zip(flows["refiner"], flows["project"], flows["member"], flows["year"], strict=True))
    found: dict[tuple[str, Any], float] = {}
    for i in np.flatnonzero(d.landed > cost[d.year]).tolist():
        s, member, year = wide.sources[d.source[i]], wide.members[d.member[i]], d.year[i]
        if (s.name, s.project, member, wide.years[year]) in used:
            continue
        if d.contract[i] == SPOT:
            found["spot", (s.name, s.project, mineral, member, wide.years[year])] = 0.0
        else:
            key = (int(d.contract[i]), s.name, mineral, member, wide.years[year])
            found["contracted", key] = 0.0
    return found


def _shortage_cost(plan: Plan, mineral: str, year: int) -> float:
    """Return what a tonne short costs at least: in the cheapest tier, where demand has tiers."""
    case = plan.case
    tiers = {
        tier for key, of in case.tiers_of.items() if (key[0], key[2]) == (mineral, year)
        for tier, tonnes in of.items() if tonnes > 0
    }  # fmt: skip
    return min(
        (case.tier_cost(mineral, tier, year) for tier in tiers),
        default=case.shortage_cost(mineral, year),
    )


def _budgets(plan: Plan, mineral: str) -> dict[tuple[str, Any], float]:
    """Return what the plants of other minerals leave of each budget [money m]."""
    case = plan.case
    others = {p.name: p for p in case.projects if p.mineral != mineral and p.built_in is None}
    left = {row.year: row.capex for row in case.budget}
    for (name, start), part in plan.values.get("built", {}).items():
        if name in others:
            year = budget_year(others[name], start, case.years)
            if year in left:
                left[year] -= part * others[name].capex
    return {("budget", year): max(0.0, capex) for year, capex in left.items()}
