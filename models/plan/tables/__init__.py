"""The tables of a plan, read from values and duals by position and key."""

from models.plan.tables.costs import costs, mineral_costs
from models.plan.tables.limits import limits
from models.plan.tables.sales import countries, flows, sources, supply
from models.plan.tables.stages import contracts, ore, projects, stocks
from models.plan.tables.today import changes, tiers

__all__ = [
    "changes",
    "contracts",
    "costs",
    "countries",
    "flows",
    "limits",
    "mineral_costs",
    "ore",
    "projects",
    "sources",
    "stocks",
    "supply",
    "tiers",
]
