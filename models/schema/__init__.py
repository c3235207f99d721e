"""The catalogue: every sheet and column of a workbook, declared once.

A sheet is a record class; a column is a field of it that carries a ``Column``: header, unit,
bound, default and meaning. The reader, the template with its drop-downs and comments, the cell
messages, the plan's headings and the manual's data page all follow it. A field without a column is
something that only a scenario can say.
"""

from models.schema.column import ByYear, Column, Kind, Record
from models.schema.market import (
    COALITION,
    DEMAND,
    OTHER,
    PRIMARY,
    PURCHASES,
    RECYCLED,
    REST_OF_WORLD,
    Country,
    Demand,
    Member,
    Mineral,
    Refiner,
    Settings,
)
from models.schema.ore import Mine, OreLane
from models.schema.policy import (
    BY_BLOC,
    BY_COUNTRY,
    BY_KIND,
    BY_OWNER,
    BY_REFINER,
    EACH,
    EACH_OUTSIDE,
    MAX,
    MIN,
    MINING,
    REFINING,
    BudgetYear,
    Contract,
    Project,
    ShareLimit,
    Stockpile,
)
from models.schema.scenario import ACTIONS, EVENT_ACTIONS, EventStep, ScenarioStep
from models.schema.today import CurrentSupply, Tier
from models.schema.transport import Freight, Lane

SHEETS: tuple[type[Record], ...] = (
    Settings,
    Mineral,
    Member,
    Country,
    Refiner,
    Demand,
    Freight,
    Lane,
    ShareLimit,
    Contract,
    Project,
    BudgetYear,
    Stockpile,
    Mine,
    OreLane,
    Tier,
    CurrentSupply,
    ScenarioStep,
    EventStep,
)
"""The sheets of a workbook, in the order of the template."""

__all__ = [
    "ACTIONS",
    "BY_BLOC",
    "BY_COUNTRY",
    "BY_KIND",
    "BY_OWNER",
    "BY_REFINER",
    "COALITION",
    "DEMAND",
    "EACH",
    "EACH_OUTSIDE",
    "EVENT_ACTIONS",
    "MAX",
    "MIN",
    "MINING",
    "OTHER",
    "PRIMARY",
    "PURCHASES",
    "RECYCLED",
    "REFINING",
    "REST_OF_WORLD",
    "SHEETS",
    "BudgetYear",
    "ByYear",
    "Column",
    "Contract",
    "Country",
    "CurrentSupply",
    "Demand",
    "EventStep",
    "Freight",
    "Kind",
    "Lane",
    "Member",
    "Mine",
    "Mineral",
    "OreLane",
    "Project",
    "Record",
    "Refiner",
    "ScenarioStep",
    "Settings",
    "ShareLimit",
    "Stockpile",
    "Tier",
]
