"""The tables of a comparison of scenarios."""

from __future__ import annotations

from functools import partial

from models.results import Checks, Figure, Result, Tiers, common, field
from models.results import difference as difference_of_files
from models.results.common import COUNTRY, MINERAL, UNIT, YEAR
from models.results.field import Format
from models.results.numbers import PlanNumbers
from planner.studies.variant_tables import RunTable, RunTotals

_AGAINST = "The scenario minus the base; 0 where they differ only by rounding."
_OVER_YEARS = "Over all years."
_STARTS = "The share of the project that starts in each year. Blank: it is not built."
_OUTPUT = "Over all years. All projects are added by weight."
_millions = partial(field.millions, scale=1.0)
SCENARIO = field.text(
    Figure.SCENARIO,
    "Base is the workbook as it is. Each scenario makes its own changes to the base.",
)
_SCENARIO = SCENARIO.like(meaning="")


class Comparison(RunTotals):
    """What each scenario costs, what is missing, and how that differs from the base."""

    TABLE, BOOK = "Comparison", "compare"
    foresight = field.text(
        "Foresight",
        "foreseen: the scenario is known from the first year. unforeseen: nobody knows of it before"
        " the year in About, so the base plan's decisions of earlier years are kept.",
        optional=True,
    )
    changes = field(
        "What it changes",
        Format.LONG,
        "Its rows of the sheet Scenarios, or its what-ifs, with years.",
        optional=True,
    )
    more = field.money(
        "Total cost against base", f"{_AGAINST} Discounted, like total cost.", key="difference_usd"
    )
    surprise = field.money(
        "Not knowing costs",
        "Total cost if unforeseen minus total cost if foreseen (the row above). A scenario that"
        " starts before the year in About has one more row, in which it starts in that year, so"
        " that both rows have the same events. Discounted.",
        key="surprise_usd",
        optional=True,
    )
    cash_more = field.money(
        "Cash cost against base", f"{_AGAINST} Below 0: less cash is paid. Undiscounted."
    )
    binding = field(
        "Binding share limits", Format.COUNT, "One per buyer, supplier, mineral and year."
    )


class MissingByYear(Result):
    """One row per scenario, mineral and year: the missing part of need.

    Minerals of which nothing is missing in any year are left out. The severity of a loss that
    begins in 2029 shows in the years from 2029 on; over all years it would look smaller.
    """

    TABLE, GRAIN, BOOK = "Missing by year", ("run", "mineral", "year"), "compare"
    run = RunTable.run
    mineral = MINERAL
    year = YEAR
    need = PlanNumbers.need
    missing = PlanNumbers.missing
    missing_share = PlanNumbers.missing_share.like(key="missing_share")
    further_missing = PlanNumbers.further_missing
    further_missing_share = PlanNumbers.further_missing_share


class MissingByTier(Result):
    """One row per scenario, mineral, member and tier of demand, over all years."""

    TABLE, GRAIN, BOOK = "Missing by tier", ("run", "mineral", "member", "tier"), "compare"
    run = RunTable.run
    mineral = MINERAL
    member = common.MEMBER
    tier = Tiers.tier
    need = PlanNumbers.need
    missing = PlanNumbers.missing
    missing_share = PlanNumbers.missing_share.like(key="missing_share")
    further_missing = PlanNumbers.further_missing
    further_missing_share = PlanNumbers.further_missing_share


class ScenarioInputs(Result):
    """Inputs of a scenario that differ from the base; years with the same change share a row.

    Rows that a scenario adds (a closed lane, a share limit) have no cell.
    """

    TABLE, BOOK = "Changes", "compare"
    scenario = _SCENARIO
    sheet = difference_of_files.InputChanges.sheet
    cell = Checks.cell.like(
        meaning="The input's cell in the workbook; added: a row that only the scenario has."
    )
    what = difference_of_files.InputChanges.what.like(
        meaning="The row and the column that differ, with the years in which they do."
    )
    before = field.text("Base value", "Blank: the base has no such row, or no number in it.")
    after = field.text(
        "Scenario value", "The value in the scenario. removed: the scenario does not have the row."
    )


class FlowDifferences(Result):
    """The flows that change most from the base to each scenario.

    Refiners of one country often have the same landed cost, so many equally cheap plans split a
    member's purchases between them. The sheet therefore compares the sales of each country to each
    member and to the plants of each country, and the total sales of each refiner. A mineral with
    the same cost and shortage as in the base is left out: its flows differ only between equally
    cheap plans.
    """

    TABLE, BOOK = "Differences", "compare"
    scenario = _SCENARIO
    mineral = MINERAL
    level = field.text(
        "Level",
        "country to member: sales of one country to one member. country to plants: sales of one"
        " country to the plants of one country, as inputs. refiner to coalition: all sales of one"
        " refiner or project; these tonnes are also in the other two levels, so don't add them.",
    )
    seller = difference_of_files.Moves.seller.like(
        meaning="The ten largest changes of each scenario, mineral and level are listed; a row"
        " below them counts the others. The scenario's last row names the minerals with the same"
        " cost and shortage in each year as in the base."
    )
    buyer = difference_of_files.Moves.buyer
    old = field.tonnes("Base", _OVER_YEARS)
    new = field.tonnes("In the scenario", _OVER_YEARS)
    change = field.tonnes(common.CHANGE.header, "The scenario minus the base.")
    unit = UNIT


class ProjectsBuilt(Result):
    """Projects that a scenario builds differently from the base, the largest change of capex first.

    All minerals share one budget, so a scenario for one mineral can leave another one short: its
    plant is built smaller, later or not at all.
    """

    TABLE, BOOK = "Projects built", "compare"
    scenario = _SCENARIO
    project = common.PROJECT.like(
        meaning="A project that the scenario builds differently, the largest change of capex first."
        " All projects: the sum of all projects, changed or not."
    )
    mineral = MINERAL.like(
        meaning="All minerals share the sheet Budget, if there is one: a larger or earlier plant"
        " for one mineral can leave too little money for another."
    )
    country = COUNTRY
    capex_old = _millions("Base capex", _OVER_YEARS)
    capex_new = _millions("Capex in the scenario", _OVER_YEARS)
    capex_change = _millions("Change of capex", _AGAINST)
    starts_old = field.text("Base output starts", _STARTS)
    starts_new = field.text("Output starts in the scenario", _STARTS)
    tonnes_change = field.tonnes("Change of output", _AGAINST)
    tonnes_old = field.tonnes("Base output", _OUTPUT, printed=False)
    tonnes_new = field.tonnes("Output in the scenario", _OUTPUT)
