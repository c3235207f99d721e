"""Wildcards resolved in one place: a Case's rows as sources, lanes, deliveries and single caps.

Words such as "all", "each" and "from 2028 on" are resolved here, once per Case, into arrays over
minerals, sources, members and years. So the families of constraints are plain loops.
"""

from models.resolve.caps import Cap as Cap
from models.resolve.caps import Survival as Survival
from models.resolve.caps import buyers_of as buyers_of
from models.resolve.caps import caps as caps
from models.resolve.caps import sellers as sellers
from models.resolve.caps import single_countries as single_countries
from models.resolve.caps import supplier_names as supplier_names
from models.resolve.caps import survivals as survivals
from models.resolve.caps import tightest_on_countries as tightest_on_countries
from models.resolve.end_use import Pattern as Pattern
from models.resolve.end_use import pattern as pattern
from models.resolve.end_use import pattern_of as pattern_of
from models.resolve.end_use import tier_words as tier_words
from models.resolve.expanded import SPOT as SPOT
from models.resolve.expanded import Cell as Cell
from models.resolve.expanded import Expanded as Expanded
from models.resolve.expanded import contract_price as contract_price
from models.resolve.rights import Rights as Rights
from models.resolve.rights import last_rights as last_rights
from models.resolve.rights import payer_of as payer_of
from models.resolve.rights import shares_of_payers as shares_of_payers
from models.resolve.rights import supported as supported
from models.resolve.sources import DAYS as DAYS
from models.resolve.sources import Bools as Bools
from models.resolve.sources import Floats as Floats
from models.resolve.sources import Ints as Ints
from models.resolve.sources import Source as Source
from models.resolve.sources import budget_year as budget_year
from models.resolve.sources import budgets_due as budgets_due
from models.resolve.sources import buyer_blocs as buyer_blocs
from models.resolve.sources import capital_charge as capital_charge
from models.resolve.sources import charged_fraction as charged_fraction
from models.resolve.sources import daily_demand as daily_demand
from models.resolve.sources import deciding_row as deciding_row
from models.resolve.sources import fixed_builds as fixed_builds
from models.resolve.sources import free_budgets as free_budgets
from models.resolve.sources import growth as growth
from models.resolve.sources import mine_capacity as mine_capacity
from models.resolve.sources import ore_lane as ore_lane
from models.resolve.sources import running_starts as running_starts
from models.resolve.sources import source_of as source_of
from models.resolve.sources import start_years as start_years
from models.resolve.sources import stock_room as stock_room
from models.resolve.sources import stock_target as stock_target
from models.resolve.sources import target_penalty as target_penalty
from models.resolve.sources import unbuilt as unbuilt
from models.resolve.stages import TO_PLANT as TO_PLANT
from models.resolve.stages import PricedFlows as PricedFlows
from models.resolve.stages import by_stage as by_stage
from models.resolve.stages import chain_of as chain_of
from models.resolve.stages import closing_lane as closing_lane
from models.resolve.stages import inputs_by_plant as inputs_by_plant
from models.resolve.stages import made_into as made_into
from models.resolve.stages import needed_rows as needed_rows
from models.resolve.stages import selects_source as selects_source
from models.resolve.stages import to_plant as to_plant
from models.resolve.stages import whole_need as whole_need
