"""The declared tables of the command compare."""

from __future__ import annotations

from models.measures import IF_IT_STOPS, TIED_INPUTS
from models.results import ByMineral, Checks, Result, WhoPays, common, field
from models.results import Figure as Measure
from models.results import difference as difference_of_files
from models.results.common import (
    CHANGE,
    COUNTRY,
    DEMAND,
    MINERAL,
    MISSING,
    PROJECT,
    SHARE_SHORT,
    SHORT,
    UNIT,
    YEAR,
)
from models.results.field import Field, Look

_AGAINST = "The scenario minus the base; 0 where they differ only by rounding."
_WEIGHED = "All minerals are added by weight, so those with most tonnes count most."
_STARTS = "The share of the project that starts in each year. Blank: it is not built."
_OVER_YEARS = "Over all years."
_OUTPUT = "Over all years. All projects are added by weight."
SCENARIO = field.text(
    Measure.SCENARIO,
    "Base is the workbook as it is. Each scenario makes its own changes to the base.",
)
_SCENARIO = SCENARIO.like(meaning="")


def _millions(header: str, meaning: str, *, optional: bool = False) -> Field:
    return field.millions(header, meaning, scale=1.0, optional=optional)


class Comparison(Result):
    """What each scenario costs, what is short, and how that differs from the base."""

    TABLE, GRAIN, BOOK = "Comparison", ("scenario",), "compare"
    scenario = SCENARIO
    foresight = field.text(
        "Foresight",
        "foreseen: the scenario is known from the first year. unforeseen: nobody knows of it before"
        " the year in About, so the base plan's decisions of earlier years are kept.",
        optional=True,
    )
    total = _millions(
        Measure.TOTAL_COST,
        "What a plan minimises: cash, shortage and other penalties, discounted where the workbook"
        " has a rate.",
    )
    more = _millions("Total cost against base", f"{_AGAINST} Discounted, like total cost.")
    more_share = more.like(look=Look.SHARE, unit="%")
    surprise = _millions(
        "Not knowing costs",
        "Total cost if unforeseen minus total cost if foreseen (the row above). A scenario that"
        " starts before the year in About has one more row, in which it starts in that year, so"
        " that both rows have the same events. Discounted.",
        optional=True,
    )
    cash = _millions(
        Measure.CASH_COST, "What is paid, without shortage and penalties. Undiscounted."
    )
    short = SHORT.like(meaning="All minerals added by weight; the next sheets show each mineral.")
    short_more = field.tonnes("Short against base", _AGAINST)
    served = ByMineral.served.like(meaning=f"{ByMineral.served.meaning} {_WEIGHED}")
    keep_enough = field(
        Measure.KEEP_ENOUGH,
        Look.COUNT,
        f"In the last year; the sheet By mineral shows which. {IF_IT_STOPS}",
        key="minerals_that_keep_80_percent",
    )
    keep_through = field(
        "Minerals that keep 80 % through all stages",
        Look.COUNT,
        "The same count if plants also lose the output that they make from inputs of the country"
        f" that stops. {TIED_INPUTS}",
        key="minerals_that_keep_80_percent_through_all_stages",
        optional=True,
    )
    changes = field(
        "What it changes",
        Look.LONG,
        "Its rows of the sheet Scenarios, or its what-ifs, with years.",
    )
    demand = field.text(
        "Demand against base",
        "The least and the largest change of a mineral's demand over all years. Costs and served"
        " shares are then for the changed demand. Blank: no mineral's demand changes by more than"
        " 1 %.",
        optional=True,
    )
    result = field("Result", Look.LONG, "proven optimal, or why there is no plan.")
    moved = field(
        "Projects that change most, capex",
        Look.LONG,
        "Capex over all years, scenario minus base. The sheet Projects built lists all projects."
        " All minerals share the sheet Budget, so more capex for one mineral can leave less for"
        " another.",
        unit="{money} m",
        optional=True,
    )
    tonnes = field.tonnes(
        Measure.TONNES, "All minerals added by weight, purchases for stock included.", printed=False
    )
    purchases = _millions(
        Measure.PURCHASES_COST, "Cost or price, tariff and freight of all flows. Undiscounted."
    )
    tariffs = _millions(Measure.TARIFFS, common.IN_CASH)
    levies = _millions(Measure.LEVIES, common.IN_CASH, optional=True)
    net_cost = _millions(Measure.NET_COST, common.LESS_TARIFFS)
    cash_more = _millions(
        "Cash cost against base", f"{_AGAINST} Below 0: less cash is paid. Undiscounted."
    )
    binding = field(
        "Binding share limits", Look.COUNT, "One per buyer, supplier, mineral and year."
    )
    inputs = field("Inputs changed", Look.COUNT, "Rows of the sheet Changes.")
    paid = _millions(
        "Paid, discounted", "The part of total cost that is paid. Discounted.", optional=True
    )
    penalties = _millions(
        "Shortage and other penalties",
        "The part of total cost that nobody pays in cash. Discounted.",
        optional=True,
    )


class ScenarioMinerals(Result):
    """One row per mineral and scenario, grouped by mineral."""

    TABLE, GRAIN, BOOK = "By mineral", ("mineral", "scenario"), "compare"
    scenario = _SCENARIO
    mineral = MINERAL
    demand = ByMineral.demand
    purchased = ByMineral.purchased
    taken = ByMineral.taken
    short = ByMineral.short
    short_more = Comparison.short_more
    served = ByMineral.served
    landed = ByMineral.landed
    landed_more = field.price("Landed cost against base", _AGAINST)
    last_country = ByMineral.last_country
    last_share = ByMineral.last_share
    last_limit = ByMineral.last_limit
    hhi_purchases = ByMineral.hhi_purchases
    hhi_purchases_more = field(
        "HHI against base", Look.INDEX, f"{_AGAINST} Above 0: more concentrated."
    )
    served_without = ByMineral.served_without
    stage_country = ByMineral.stage_country
    served_through = ByMineral.served_through
    unit = ByMineral.unit
    paid = ByMineral.paid
    share = ByMineral.share
    limit = ByMineral.limit
    country = ByMineral.country
    year = ByMineral.year
    worth_short = field.money(
        "Short at its price",
        "The shortage of each year times the mineral's price of that year. Undiscounted.",
        optional=True,
    )


class MissingByYear(Result):
    """One row per scenario, mineral and year: the missing part of need.

    Minerals of which nothing is missing in any year are left out. The severity of a loss that
    begins in 2029 shows in the years from 2029 on; over all years it would look smaller.
    """

    TABLE, GRAIN, BOOK = "Missing by year", ("scenario", "mineral", "year"), "compare"
    scenario = _SCENARIO
    mineral = MINERAL
    year = YEAR
    need = DEMAND.like(meaning="What the coalition needs in the year.")
    short = SHORT.like(meaning="Demand of the year that is neither bought nor taken from stock.")
    short_more = Comparison.short_more.like(meaning="The scenario minus the base, in the year.")
    part = SHARE_SHORT.like(
        header=MISSING, meaning="Short / need, in the year.", key="missing_share"
    )
    part_more = field.share("Missing beyond the base", "Short against base / need, in the year.")


class WhoPaysByScenario(WhoPays):
    """One row per scenario and member: what the member pays more than in the base, a year.

    Extra cash compares the same tonnes in both plans. Tonnes that are missing are counted at the
    shortage cost, in a column of their own.
    """

    TABLE, BOOK = "Who pays", "compare"
    case = _SCENARIO.like(key="scenario")
    extra, dearer, extra_shortage = (
        f.like(meaning=f.meaning.replace("the reference", "the base"))
        for f in (WhoPays.extra, WhoPays.dearer, WhoPays.extra_shortage)
    )


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
    change = field.tonnes(CHANGE.header, "The scenario minus the base.")
    unit = UNIT


class ProjectsBuilt(Result):
    """Projects that a scenario builds differently from the base, the largest change of capex first.

    All minerals share one budget, so a scenario for one mineral can leave another one short: its
    plant is built smaller, later or not at all.
    """

    TABLE, BOOK = "Projects built", "compare"
    scenario = _SCENARIO
    project = PROJECT.like(
        meaning="A project that the scenario builds differently, the largest change of capex first."
        " All projects: the sum of all projects, changed or not."
    )
    mineral = MINERAL.like(
        meaning="All minerals share the sheet Budget, if there is one: a larger or earlier plant"
        " for one mineral can leave too little money for another."
    )
    country = COUNTRY
    capex_before = _millions("Base capex", _OVER_YEARS)
    capex_after = _millions("Capex in the scenario", _OVER_YEARS)
    capex_more = _millions("Change of capex", _AGAINST)
    starts_before = field.text("Base output starts", _STARTS)
    starts_after = field.text("Output starts in the scenario", _STARTS)
    tonnes_more = field.tonnes("Change of output", _AGAINST)
    tonnes_before = field.tonnes("Base output", _OUTPUT, printed=False)
    tonnes_after = field.tonnes("Output in the scenario", _OUTPUT)


_COLOURED = (
    " Coloured where it differs from the base: orange above it, blue below, darker from 10 points"
    " on."
)
SHORT_BY_MINERAL = (
    "Short by mineral",
    "Shortage / demand of the coalition, all years together." + _COLOURED,
)
LARGEST_SHARES = (
    "Largest shares",
    "The largest share of any one country in the last year, Rest of world left out. The sheet By"
    " mineral names the country and its limit." + _COLOURED,
)
