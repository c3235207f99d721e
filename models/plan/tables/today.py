"""What the plan changes against today, and who is short by tier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from models.plan.tables.base import table
from models.program.families.shortage import OF_TIER

if TYPE_CHECKING:
    from models.plan.plan import Plan


def changes(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.changes``."""
    first = plan.expanded.years[0]
    place = {(s.name, s.mineral): s.country for s in plan.expanded.sources}
    known = {s.mineral for s in plan.case.current_supply}
    tonnes: dict[tuple[str, str, str], list[float]] = {}
    for s in plan.case.current_supply:
        tonnes.setdefault((s.mineral, s.refiner, s.member), [0.0, 0.0])[0] += s.tonnes
    for row in plan.flows.to_dict("records"):
        if row["year"] == first and row["mineral"] in known:
            key = (row["mineral"], row["refiner"], row["member"])
            tonnes.setdefault(key, [0.0, 0.0])[1] += row["tonnes"]
    rows = [
        {
            "mineral": mineral,
            "refiner": refiner,
            "country": place[refiner, mineral],
            "member": member,
            "today": today,
            "planned": planned,
            "change": planned - today,
        }
        for (mineral, refiner, member), (today, planned) in sorted(tonnes.items())
    ]
    return table(
        rows, ["mineral", "refiner", "country", "member", "today", "planned", "change"], []
    )


def tiers(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.tiers``."""
    rows = [
        {
            "year": year,
            "mineral": mineral,
            "member": member,
            "tier": tier,
            "demand": demand,
            "short": plan.value(OF_TIER, (mineral, member, tier, year)),
            "cost": plan.case.tier_cost(mineral, tier, year),
        }
        for (mineral, member, year), of in sorted(plan.case.tiers_of.items())
        for tier, demand in sorted(of.items())
    ]
    return table(rows, ["year", "mineral", "member", "tier", "demand", "short", "cost"], [])
