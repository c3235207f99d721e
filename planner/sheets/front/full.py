"""Plants that run full: when a supplier stops, they have nothing to add in its stead."""

from __future__ import annotations

from planner.sheets.context import Context
from planner.sheets.front.shares import todays_shares, usable_of


def full_in_plan(context: Context, lost: str) -> float:
    """Return the part of all suppliers' capacity but the lost country's that the plan uses up.

    Capacity is what is open to the coalition, of all years, by value; 0 where there is none.
    """
    plan, full, whole = context.plan, 0.0, 0.0
    for of in plan.sources.to_dict("records"):
        mineral, year = str(of["mineral"]), int(of["year"])
        if of["country"] == lost or of["usable"] <= 0:
            continue
        value = of["usable"] * context.case.mineral_of[mineral].price.value(year)
        whole += value
        if of["usable"] - of["tonnes"] <= plan.tolerance(mineral, year):
            full += value
    return full / whole if whole > 0 else 0.0


def full_today(context: Context, lost: str) -> float:
    """Return the same of today: the need of the years planned, at today's shares of supply."""
    case, full, whole = context.book.case, 0.0, 0.0
    shares = todays_shares(case)
    for r in case.refiners:
        if r.country == lost:
            continue
        for year in case.years:
            usable = usable_of(r, year)
            value = usable * case.mineral_of[r.mineral].price.value(year)
            whole += value
            wanted = shares.get((r.name, r.mineral), 0.0) * case.coalition_demand(r.mineral, year)
            if wanted >= usable:
                full += value
    return full / whole if whole > 0 else 0.0
