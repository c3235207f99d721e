"""The tables that compare gives out, declared."""

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

_AGAINST = "This scenario's less the base's; 0 where they differ by rounding alone."
_WEIGHED = "All minerals by weight: those of most tonnes decide it."
_STARTS = "Which part of the project starts in which year; blank: it is not built."
_OVER_YEARS = "Over all years."
_OUTPUT = "Over all years; of all projects by weight."
SCENARIO = field.text(
    Measure.SCENARIO, "Base is the workbook as it is; each scenario changes only this."
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
        "foreseen: known from the first year. unforeseen: nobody knew before the year that About"
        " names; what the base decides in earlier years stays decided.",
        optional=True,
    )
    total = _millions(
        Measure.TOTAL_COST,
        "What a plan minimises: cash, shortage and other penalties, discounted where the workbook"
        " has a rate.",
    )
    more = _millions("Total cost against base", f"{_AGAINST} Discounted, as total cost is.")
    more_share = more.like(look=Look.SHARE, unit="%")
    surprise = _millions(
        "Not knowing costs",
        "Total cost unforeseen less foreseen, the row above. A scenario that acts before the year"
        " has a row from that year on, too, so that both have the same events. Discounted.",
        optional=True,
    )
    cash = _millions(Measure.CASH_COST, "What is paid: no shortage, no penalties. Undiscounted.")
    short = SHORT.like(meaning="All minerals by weight; by mineral in the sheets that follow.")
    short_more = field.tonnes("Short against base", _AGAINST)
    served = ByMineral.served.like(meaning=f"{ByMineral.served.meaning} {_WEIGHED}")
    keep_enough = field(
        Measure.KEEP_ENOUGH,
        Look.COUNT,
        f"In the last year planned; by mineral in the sheet By mineral. {IF_IT_STOPS}",
        key="minerals_that_keep_80_percent",
    )
    keep_through = field(
        "Minerals that keep 80 % through all stages",
        Look.COUNT,
        "The same if plants lose what they make of inputs from the country that stops, too."
        f" {TIED_INPUTS}",
        key="minerals_that_keep_80_percent_through_all_stages",
        optional=True,
    )
    changes = field(
        "What it changes", Look.LONG, "Rows of Scenarios and what-ifs, with their years."
    )
    demand = field.text(
        "Demand against base",
        "By mineral, over all years, where a mineral's differs by more than a hundredth: costs and"
        " what is served are then of another demand.",
        optional=True,
    )
    result = field("Result", Look.LONG, "proven optimal, or why there is no plan.")
    moved = field(
        "Projects that change most, capex",
        Look.LONG,
        "Capex over all years, scenario less base; the sheet Projects built has all of them."
        " Projects of all minerals share the sheet Budget: what one mineral's scenario spends more,"
        " another mineral can't spend.",
        unit="{money} m",
        optional=True,
    )
    tonnes = field.tonnes(
        Measure.TONNES, "All minerals by weight, purchases for stock included.", printed=False
    )
    purchases = _millions(
        Measure.PURCHASES_COST, "Cost or price, tariff and freight of all flows. Undiscounted."
    )
    tariffs = _millions(Measure.TARIFFS, common.IN_CASH)
    levies = _millions(Measure.LEVIES, common.IN_CASH, optional=True)
    net_cost = _millions(Measure.NET_COST, common.LESS_TARIFFS)
    cash_more = _millions(
        "Cash cost against base", f"{_AGAINST} Below 0 where less is bought. Undiscounted."
    )
    binding = field(
        "Binding share limits", Look.COUNT, "Each buyer, supplier, mineral and year counted alone."
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
    """One row a mineral and scenario, the scenarios of a mineral under one another."""

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
        "What is short, at the mineral's price of each year. Undiscounted.",
        optional=True,
    )


class MissingByYear(Result):
    """What is missing in each year, a row a scenario, mineral and year, where anything ever is.

    A loss that begins in 2029 is as severe as its years from 2029 on: over all years it would look
    smaller. Parts times need add up to what is short over all years.
    """

    TABLE, GRAIN, BOOK = "Missing by year", ("scenario", "mineral", "year"), "compare"
    scenario = _SCENARIO
    mineral = MINERAL
    year = YEAR
    need = DEMAND.like(meaning="What the coalition needs in the year.")
    short = SHORT.like(meaning="Of the year: demand neither bought nor taken from stock.")
    short_more = Comparison.short_more.like(meaning="This scenario's less the base's, of the year.")
    part = SHARE_SHORT.like(
        header=MISSING, meaning="Short over need of the year.", key="missing_share"
    )
    part_more = field.share("Missing beyond the base", "Short against base over need of the year.")


class WhoPaysByScenario(WhoPays):
    """Who pays for each scenario: a row a scenario and member, against the base, money a year.

    Cash is of the same tonnes: what is not bought is not paid for, and counts as a shortage at its
    cost in a column of its own.
    """

    TABLE, BOOK = "Who pays", "compare"
    case = _SCENARIO.like(key="scenario")
    extra = WhoPays.extra.like(meaning=WhoPays.extra.meaning.replace("the reference", "the base"))
    dearer = WhoPays.dearer.like(
        meaning=WhoPays.dearer.meaning.replace("the reference", "the base")
    )
    extra_shortage = WhoPays.extra_shortage.like(
        meaning=WhoPays.extra_shortage.meaning.replace("the reference", "the base")
    )


class ScenarioInputs(Result):
    """The inputs of each scenario that differ from the base's, years that change alike in one row.

    What a scenario adds (a closed lane, a share limit) has no cell.
    """

    TABLE, BOOK = "Changes", "compare"
    scenario = _SCENARIO
    sheet = difference_of_files.InputChanges.sheet
    cell = Checks.cell.like(
        meaning="The input's cell in the workbook; added: a row that only the scenario has."
    )
    what = difference_of_files.InputChanges.what.like(
        meaning="The row by its key, then the column, with the years in which it differs."
    )
    before = field.text("Base value", "Blank where the row, or its number, is not there.")
    after = field.text("Scenario value", "What the scenario makes of it; removed: the row is gone.")


class FlowDifferences(Result):
    """The flows that change most from the base to each scenario.

    Refiners of one country often cost the same on the way and at the gate, so equally cheap plans
    split a member's purchases between them in many ways. Compared is therefore what each country
    sells each member and the plants of each country, and what each refiner sells in all. A mineral
    that costs the same and is as short as in the base is left out: its flows can differ only by a
    choice among equals.
    """

    TABLE, BOOK = "Differences", "compare"
    scenario = _SCENARIO
    mineral = MINERAL
    level = field.text(
        "Level",
        "country to member: what one country sells one member; country to plants: what it sells the"
        " plants of one country as an input; refiner to coalition: what one refiner or project"
        " sells in all. The last level counts the tonnes of the others again.",
    )
    seller = difference_of_files.Moves.seller.like(
        meaning="The ten largest changes of each scenario, mineral and level are listed; a row"
        " below them counts the others. The scenario's last row names the minerals that cost the"
        " same and are as short in each year as in the base."
    )
    buyer = difference_of_files.Moves.buyer
    old = field.tonnes("Base", _OVER_YEARS)
    new = field.tonnes("In the scenario", _OVER_YEARS)
    change = field.tonnes(CHANGE.header, "Scenario less base.")
    unit = UNIT


class ProjectsBuilt(Result):
    """What each scenario builds otherwise than the base, the largest change of capex first.

    Projects of all minerals share a budget of capital, so a scenario of one mineral can leave
    another one short: its plant is built smaller, later or not at all.
    """

    TABLE, BOOK = "Projects built", "compare"
    scenario = _SCENARIO
    project = PROJECT.like(
        meaning="A project that the scenario builds otherwise, the largest change of capex first;"
        " All projects is the sum over all of them, changed or not."
    )
    mineral = MINERAL.like(
        meaning="Minerals share the sheet Budget, where there is one: a plant built larger or"
        " sooner for one mineral can leave none for another."
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
    "Short over all demand of the coalition, all years together." + _COLOURED,
)
LARGEST_SHARES = (
    "Largest shares",
    "The largest share of one country in the last year planned, Rest of world left out, whoever it"
    " is; By mineral says who, and the limit on it." + _COLOURED,
)
