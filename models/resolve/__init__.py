"""Wildcards in one place: a Case's rows resolved to sources, lanes, deliveries and single caps.

Whatever a workbook says of "all", "each" and "from 2028 on" is spelt out here, once a Case, as
arrays over minerals, sources, members and years, so that the families of constraints are plain
loops.
"""

from models.resolve.caps import Cap, caps
from models.resolve.expanded import Cell, Expanded, contract_price
from models.resolve.lanes import SPOT, Deliveries
from models.resolve.sources import Bools, Floats, Ints, Source, start_years, starts
from models.resolve.stages import (
    DAYS,
    MILLION,
    Growth,
    a_day,
    budget_year,
    capital_charge,
    growth,
    mine_capacity,
    ore_lane,
    stock_room,
    stock_target,
    target_penalty,
)

__all__ = [
    "DAYS",
    "MILLION",
    "SPOT",
    "Bools",
    "Cap",
    "Cell",
    "Deliveries",
    "Expanded",
    "Floats",
    "Growth",
    "Ints",
    "Source",
    "a_day",
    "budget_year",
    "capital_charge",
    "caps",
    "contract_price",
    "growth",
    "mine_capacity",
    "ore_lane",
    "start_years",
    "starts",
    "stock_room",
    "stock_target",
    "target_penalty",
]
