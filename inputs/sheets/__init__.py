"""The sheets of a workbook, one function each: a case in, the rows of that sheet out.

To add a sheet, write its function in a module here and put it in `SHEETS`, in the order of the
workbook. A sheet without rows is left out.
"""

from collections.abc import Callable

from inputs.cases import Case
from inputs.sheets.market import countries, demand, members, minerals, refiners, settings, tiers
from inputs.sheets.ore import mines, ore_lanes
from inputs.sheets.policy import budget, projects, scenarios, share_limits, stockpiles
from inputs.sheets.risks import risks
from inputs.sheets.today import current_supply
from inputs.sheets.transport import freight, lanes
from inputs.sheets.uncertainty import uncertainty
from inputs.tables import Record

__all__ = ["SHEETS"]

SHEETS: tuple[tuple[str, Callable[[Case], list[Record]]], ...] = (
    ("Settings", settings),
    ("Minerals", minerals),
    ("Members", members),
    ("Countries", countries),
    ("Refiners", refiners),
    ("Tiers", tiers),
    ("Demand", demand),
    ("Freight", freight),
    ("Lanes", lanes),
    ("Share limits", share_limits),
    ("Projects", projects),
    ("Budget", budget),
    ("Stockpiles", stockpiles),
    ("Mines", mines),
    ("Ore lanes", ore_lanes),
    ("Current supply", current_supply),
    ("Scenarios", scenarios),
    ("Risks", risks),
    ("Uncertainty", uncertainty),
)
