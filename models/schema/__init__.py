"""The declarations of all sheets and columns of a workbook.

A sheet is a record class. A column is a field of that class that carries a ``Column``: header,
unit, bounds, default and meaning. The reader, the template, messages, the plan's headings and the
manual follow these declarations. A field without a column can only be set by a scenario.
"""

from models.schema.column import ByYear as ByYear
from models.schema.column import CellKind as CellKind
from models.schema.column import Column as Column
from models.schema.column import Record as Record
from models.schema.evidence import DataSource as DataSource
from models.schema.evidence import Uncertainty as Uncertainty
from models.schema.evidence import grade_of as grade_of
from models.schema.evidence import is_estimate as is_estimate
from models.schema.market import COALITION as COALITION
from models.schema.market import DEMAND as DEMAND
from models.schema.market import HOME_FIRST as HOME_FIRST
from models.schema.market import OTHER as OTHER
from models.schema.market import PRIMARY as PRIMARY
from models.schema.market import PURCHASES as PURCHASES
from models.schema.market import RECYCLED as RECYCLED
from models.schema.market import REST_OF_WORLD as REST_OF_WORLD
from models.schema.market import TODAY as TODAY
from models.schema.market import Country as Country
from models.schema.market import CurrentSupply as CurrentSupply
from models.schema.market import Demand as Demand
from models.schema.market import Freight as Freight
from models.schema.market import Lane as Lane
from models.schema.market import Member as Member
from models.schema.market import Mine as Mine
from models.schema.market import Mineral as Mineral
from models.schema.market import OreLane as OreLane
from models.schema.market import Refiner as Refiner
from models.schema.market import Settings as Settings
from models.schema.market import Tier as Tier
from models.schema.policy import ACTION_CELLS as ACTION_CELLS
from models.schema.policy import ACTIONS as ACTIONS
from models.schema.policy import BY_BLOC as BY_BLOC
from models.schema.policy import BY_COMPANY as BY_COMPANY
from models.schema.policy import BY_COUNTRY as BY_COUNTRY
from models.schema.policy import BY_KIND as BY_KIND
from models.schema.policy import BY_OWNER as BY_OWNER
from models.schema.policy import BY_REFINER as BY_REFINER
from models.schema.policy import EACH as EACH
from models.schema.policy import EACH_OUTSIDE as EACH_OUTSIDE
from models.schema.policy import EVENT_ACTIONS as EVENT_ACTIONS
from models.schema.policy import MAX as MAX
from models.schema.policy import MIN as MIN
from models.schema.policy import MINING as MINING
from models.schema.policy import OF_COUNTRIES as OF_COUNTRIES
from models.schema.policy import OF_NAMES as OF_NAMES
from models.schema.policy import REFINING as REFINING
from models.schema.policy import ActionCells as ActionCells
from models.schema.policy import BudgetYear as BudgetYear
from models.schema.policy import Built as Built
from models.schema.policy import Contract as Contract
from models.schema.policy import EventStep as EventStep
from models.schema.policy import PriceFloor as PriceFloor
from models.schema.policy import Project as Project
from models.schema.policy import Right as Right
from models.schema.policy import ScenarioStep as ScenarioStep
from models.schema.policy import SecurityTarget as SecurityTarget
from models.schema.policy import ShareLimit as ShareLimit
from models.schema.policy import Stockpile as Stockpile
from models.schema.policy import Support as Support
from models.schema.stages import Input as Input
from models.schema.stages import InputLane as InputLane

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
    PriceFloor,
    SecurityTarget,
    Contract,
    Project,
    Built,
    BudgetYear,
    Support,
    Stockpile,
    Mine,
    OreLane,
    Input,
    InputLane,
    Tier,
    CurrentSupply,
    Right,
    DataSource,
    Uncertainty,
    ScenarioStep,
    EventStep,
)
"""The sheets of a workbook, in the order of the template."""
