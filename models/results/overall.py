"""Tables that say a plan measure by measure: Summary, By mineral, the scorecard."""

from __future__ import annotations

from enum import StrEnum

from models.measures import IF_IT_STOPS, SEE_MORE, TIED_INPUTS, WITH_SURGE
from models.results import common
from models.results.field import Colour, Look, Name, Result, field

HHI = (
    "Herfindahl-Hirschman index: the sum of squared country shares in per cent."
    " 10,000 is one country alone. Above 1,800 is highly concentrated (US merger"
    " guidelines, 2023). Rest of world counts in the total, but adds nothing itself."
)


COUNTED_IN = "Tonnes are of"
"""The row of Summary that says what a tonne of each mineral is a tonne of."""


CURRENT_SUPPLY, CAPACITY_TODAY = "Current supply", "capacity (an estimate)"
"""What today's shares are by."""


class Summary(Result):
    """One row for each measure, one column for each mineral.

    Money is undiscounted and tonnes are of all years unless the row says otherwise.
    """

    TABLE, PLACE = "Summary", 10
    GRAIN = ("measure",)

    measure = common.MEASURE.like(widest=38)
    value = common.VALUE.like(
        meaning="For the whole plan. Minerals are added by weight unless the measure says"
        " otherwise; blank if they cannot be added.",
        widest=20,
    )
    unit = common.UNIT.like(
        meaning=f"Unit of the value and of each mineral's number. The row {COUNTED_IN} says what a"
        " tonne of each mineral counts."
    )
    minerals = field(
        "A column a mineral",
        Look.TONNES,
        "The measure for this mineral alone; blank if it is for the whole plan.",
        optional=True,
        spread=True,
        widest=14,
    )
    remark = common.REMARK.like(widest=44)


class Figure(StrEnum):
    """The rows of Summary by which other surfaces find a number of the whole plan."""

    TITLE = "Plan title"
    QUESTION = "Question"
    SCENARIO = "Scenario"
    EXTENDED = "Extended by"
    STATUS = "Status"
    YEARS = "Years"
    PRICE_YEAR = "Price year"
    MINERALS = "Minerals"
    MEMBERS = "Members"
    TOTAL_COST = "Total cost"
    CASH_COST = "Cash cost"
    TARIFFS = "Tariffs in it"
    LEVIES = "Levies in it"
    NET_COST = "Cost net of tariffs"
    PURCHASES_COST = "Purchases cost"
    COST_PER_TONNE = "Cost per tonne"
    DEMAND = "Demand"
    TONNES = "Tonnes purchased"
    SHORTAGE = "Shortage"
    SERVED_SHARE = "Served share"
    LIMITS_COST = "Limits cost in all"
    LIMITS_COST_CASH = "Limits cost in cash"
    LIMITS_COST_A_YEAR = "Limits cost a year, same tonnes"
    LIMITS_SHORTAGE_A_YEAR = "Limits cost a year in shortage"
    IF_IT_STOPS = "Served if the largest supplier stops"
    THROUGH_ALL_STAGES = "Served through all stages if a country stops"
    KEEP_ENOUGH = "Minerals that keep 80 % if their largest supplier stops"
    BINDING_LIMITS = "Binding limits"
    SHARE_BASIS = "Share basis"
    WHOLE_PROJECTS = "Whole projects"
    CARRY_OVER_BUDGET = "Carry over budget"
    SURGE = "Surge if another is lost"
    ESTIMATES = "Marked as estimates"
    INPUT_FILE = "Input file"
    INPUT_SHA256 = "Input SHA-256"
    PLANNER = "Planner version"
    SOLVER = "Solver version"
    WRITTEN = "Written"
    SURE = "How sure is it"


OPTION, COST, HHI_BY = "Option: ", "Cost: ", "HHI by "
"""What stands in Summary before the name of an option, of a heading of cost, of what an HHI is."""


class ByMineral(Result):
    """One row for each mineral, over all years.

    The printed columns are those of the first page; the others are for the screen.
    """

    TABLE, PLACE = "By mineral", 20
    GRAIN = ("mineral",)

    mineral = common.MINERAL
    demand = common.DEMAND.like(meaning="All years together.")
    purchased = common.PURCHASES.like(meaning="All years together, including purchases for stock.")
    taken = field.tonnes(
        "Taken by plants",
        "Tonnes that plants take as an input, all years together: what they buy and what members"
        " hand over. Shares of demand count them as demand, shares of purchases as purchases.",
        optional=True,
    )
    short_of_supply = field.tonnes(
        "Short because supply can't give it",
        "Short even without any share limit, all years together.",
    )
    short_by_limits = field.tonnes(
        "Short because the limits forbid it",
        "Short with the share limits but not without them, all years together. Below 0:"
        " the limits move supply to this mineral.",
    )
    supplier_free = field.text(
        "Largest supplier without limits",
        "The largest supplier of the same case without share limits. Blank: the case has none.",
        names=Name.COUNTRY,
    )
    supplier_free_share = field.share(
        "Its share of purchases without limits",
        "That country's sales over all purchases in the last planned year, without limits.",
    )
    supplier = field.text(
        "Largest supplier in {last}",
        "The country outside the coalition that sells most to it in the last planned"
        " year, by place of refining. Rest of world is many countries, so it does not"
        " count. Blank: none sells.",
        names=Name.COUNTRY,
    )
    supplier_share = field.share(
        "Its share of purchases in {last}",
        "That country's sales over all purchases in that year, including those for stock.",
    )
    supplier_of_demand = field.share(
        "Its share of demand in {last}",
        "That country's sales over demand. Demand and purchases differ if something is"
        " short, or stocks are filled or drawn. A limit of demand applies to this share.",
    )
    supplier_limit = field.share(
        "Limit on it in {last}",
        "The coalition's tightest limit on that country in that year, a share of"
        " {basis}. Blank: none.",
    )
    served_without = field.share(
        "Served if it stops, in {last}",
        f"Share of that year's need that would still be met. {IF_IT_STOPS} {SEE_MORE}",
    )
    stage_country = field.text(
        "Largest loss through all stages",
        "The country outside the coalition that matters most for this mineral through all stages:"
        " if it stopped, and plants lost what it sells them, too, the least would be left.",
        names=Name.COUNTRY,
        optional=True,
    )
    served_through = field.share(
        "Served through all stages if it stops, in {last}",
        "Share of that year's need that would still be met, if plants also lose what they make"
        f" from inputs and ore of that country, through all stages. {TIED_INPUTS}",
        optional=True,
    )
    extra = field.price(
        "Landed cost added by limits",
        "For the same tonnes: the average landed cost of a tonne bought, less its cost"
        " in the same case without share limits. Each tonne counts at its member's landed"
        " cost of the year.",
    )
    dependent = field.text(
        "Most dependent member",
        "The member that buys the largest share of this mineral from one country outside"
        " the coalition, in the last planned year. If several members have the same"
        " printed share of the same country: how many of all members.",
        names=Name.MEMBER,
    )
    dependent_country = field.text("Depends on", "That country.", names=Name.COUNTRY)
    dependent_share = field.share(
        "Share of what it buys in {last}", "That country's share of all that the member buys."
    )
    unit = common.UNIT.like(printed=False)
    need = field.tonnes("Need in {last}", "What the coalition needs in the last planned year.")
    last_taken = field.tonnes(
        "Taken by plants in {last}",
        "What plants take of it as an input in the last planned year.",
        optional=True,
    )
    short = common.SHORT.like(
        meaning="Demand neither bought nor drawn from stock, all years together."
    )
    served = field.share(
        "Served share of demand", "1 less shortage over demand, all years together."
    )
    landed = common.LANDED
    last_country = field.text(
        "Largest country in {last}",
        "The country with the largest share in the last planned year.",
        names=Name.COUNTRY,
    )
    last_share = field.share(
        "Largest share in {last}", "Largest share of one country in the last planned year."
    )
    last_limit = field.share(
        "Limit in {last}",
        "The coalition's tightest limit on that country in that year; blank: none.",
    )
    hhi_capacity = field(
        "HHI by capacity", Look.INDEX, f"By nameplate capacity of all refiners, before. {HHI}"
    )
    hhi_purchases = field(
        "HHI by purchases", Look.INDEX, f"By what the coalition buys, after. {HHI}"
    )
    supplier_today = field.text(
        "Largest supplier today",
        "The largest supplier today, by the source that the next column names, before"
        " any scenario.",
        names=Name.COUNTRY,
        printed=False,
    )
    today_by = field.text(
        "Today is by",
        f"{CURRENT_SUPPLY}: what is bought today, measured as the plan is. {CAPACITY_TODAY}: the"
        " workbook doesn't say what is bought today; in its place stand the shares of the world's"
        " refining capacity.",
        printed=False,
    )
    supplier_today_share = field.share(
        "Its share of purchases today",
        "That country's sales over all purchases today, or its estimate.",
        printed=False,
    )
    served_without_today = field.share(
        "Served if it stops, today",
        "Share of today's purchases that would be left without today's largest supplier."
        f" {IF_IT_STOPS}",
        printed=False,
    )
    surged_today = field.share(
        "Served if it stops, today, with surge",
        f"Compare Served if it stops, today. {WITH_SURGE}",
        printed=False,
    )
    surged = field.share(
        "Served if it stops, in {last}, with surge",
        f"Compare Served if it stops, in {{last}}. {WITH_SURGE}",
        printed=False,
    )
    alike = field(
        "Members alike",
        Look.COUNT,
        "Number of members with that printed share of purchases from that country.",
        printed=False,
    )
    wholly_dependent = field(
        "Members that buy all from one country",
        Look.COUNT,
        "Number of members that buy all their tonnes of this mineral from one country"
        " outside the coalition, in the last planned year.",
        printed=False,
    )
    shortage_by_limits = field.money(
        "Shortage by limits at its cost",
        "Shortage at its shortage cost, less the same without share limits, all years"
        f" together. Nobody pays it. {common.UNDISCOUNTED}",
        printed=False,
    )
    limits_kept = field.text(
        "Share limits kept",
        "Whether every share limit on this mineral is kept in every year. no: one is"
        " exceeded at its penalty. Blank: it has none.",
        printed=False,
    )
    paid = common.PURCHASES.like(
        look=Look.MONEY,
        meaning=f"Cost or price, tariff and freight of all flows. {common.UNDISCOUNTED}",
        unit="{money}",
        printed=False,
    )
    share = field.share(
        "Largest share of {basis}",
        "Largest share of one country in any single year, without Rest of world. If the"
        " limit tightens over the years, this is often the first year.",
        printed=False,
    )
    limit = field.share(
        "Limit on it",
        "The coalition's tightest limit on that country in that year; blank: none.",
        printed=False,
    )
    country = field.text(
        "Largest country",
        "The country with the largest share of any year.",
        names=Name.COUNTRY,
        printed=False,
    )
    year = field("In year", Look.YEAR, "The year of the largest share.", printed=False)
    years_at_limit = field(
        "Years at limit",
        Look.COUNT,
        "Number of years in which the coalition's limit on the last year's largest"
        " country binds; blank if it has none.",
        printed=False,
    )
    bound_on_members = field(
        "Binding limits on members",
        Look.COUNT,
        "Number of binding max limits on single members or groups. Each supplier and year counts.",
        printed=False,
    )


class MeasuresByYear(Result):
    """Each mineral by year: blocks are measures, rows are minerals, columns are years.

    Filter by mineral to see all its measures. Money is undiscounted.
    """

    TABLE, PLACE = "By year", 25
    GRAIN = ("measure", "mineral")

    measure = common.MEASURE.like(
        look=Look.TEXT,
        meaning="What the row measures; the row above each block explains it.",
        widest=24,
    )
    mineral = common.MINERAL
    unit = common.UNIT.like(meaning="Unit of the numbers in the row.")
    years = field(
        "A column a year",
        Look.TONNES,
        "The measure in that year alone; blank if there is no value.",
        optional=True,
        spread=True,
        widest=17,
    )


class Scorecard(Result):
    """One row for each measure, buyer and mineral: before, after, benchmark.

    Left out where nothing is planned.
    """

    TABLE, PLACE = "Scorecard", 30
    GRAIN = ("measure", "mineral", "buyer")

    measure = common.MEASURE.like(
        look=Look.TEXT,
        meaning="What is measured; the row above each group explains it. Shares of supply are"
        " shares of purchases. They differ from the shares of demand in Summary if a"
        " mineral is short or stocks are filled. Low is better for concentration and"
        " reliance. High is better for production inside, cover and N-1.",
    )
    mineral = common.MINERAL
    buyer = common.BUYER.like(
        meaning="The buyer of the supply: the coalition, or the EU if members are grouped as EU"
        " and Countries has a bloc EU."
    )
    before = field.share(
        "Before",
        "The world as the workbook has it, with the scenario and what-ifs but without"
        " the plan. The column Before is says what counts.",
    )
    after_first = field.share("After, {first}", "For the plan in that year.")
    after_last = field.share("After, {last}", "For the plan in that year.", optional=True)
    required = field.share(
        "Required",
        "The benchmark of Regulation (EU) 2024/1252, Art. 5. The Union must meet it by"
        " 2030, over all minerals where it is a least share. Here it is read for each"
        " mineral, as if the coalition were the Union. Inside are plants and mines in"
        " countries with the bloc coalition (for the EU's own: EU), whoever owns them.",
    )
    met = field.text(
        "Met",
        "Whether the plan keeps the benchmark in every year from 2030 on (in the last"
        " year, if it ends before). Years without demand are skipped. The remark lists"
        " the years that miss it. no data: the workbook does not say; the remark says"
        " what is missing.",
        colour=Colour.LIGHTS,
    )
    unit = common.UNIT.like(meaning="Unit of the numbers in the row.")
    before_is = field.text(
        "Before is",
        "nameplate: capacity of all refiners, or mines, in the first year. usable: the"
        " part that the coalition may use. today: members' purchases in Current supply."
        " opening: the stock before the first year.",
    )
    remark = common.REMARK.like(
        meaning="Who it is, or why there is no number. For HHI-WGI: the range if countries have"
        " no Governance, from all best governed to all worst governed."
    )
    source = common.SOURCE.like(meaning="Where the measure, or the benchmark, comes from.")
    formula = field(
        "Formula",
        Look.REMARK,
        "How it is computed. S_c is a country's share of supply, D the buyer's demand.",
        printed=False,
    )


class Benchmarks(Result):
    """What it would cost to keep the EU's benchmarks that a plan misses, one row each."""

    TABLE = "EU benchmarks"
    GRAIN = ("benchmark", "mineral", "buyer")

    benchmark = field.text(
        "Benchmark",
        "A benchmark of Regulation (EU) 2024/1252, Art. 5, that the plan misses in some year from"
        " 2030 on, or in its last year if it ends before 2030.",
    )
    mineral = common.MINERAL
    buyer = common.BUYER.like(meaning="The buyer; the benchmark is a share of its consumption.")
    kind = common.LIMIT_KIND.like(
        meaning="min: at least this share is required. max: at most this share."
    )
    required = Scorecard.required.like(
        meaning="At least, or at most (one country outside), this share."
    )
    worst_share = field.share("Plan's worst year", "The plan's share in the worst of these years.")
    worst_year = ByMineral.year.like(meaning="That worst year.", printed=True)
    share_if_asked = field.share(
        "Reached if asked for",
        "The same share in the cheapest plan with the benchmark added to its limits, in"
        " the worst of these years. If it cannot be met: in the plan that misses it by"
        " the fewest tonnes.",
    )
    can_be_met = field.text(
        "Can it be met",
        "Whether that plan keeps the benchmark in all these years.",
        colour=Colour.LIGHTS,
    )
    extra_cash = field.millions(
        "Extra cash cost",
        "Cash cost of that plan less the plan's, all years, undiscounted. Below 0 if"
        " tonnes are given up. If the benchmark cannot be met, this is the cost of coming"
        " as close as possible.",
    )
    extra_cost = field.millions(
        "Extra cost with shortage",
        "Total cost of that plan less the plan's, discounted. It includes shortage and"
        " missed stock targets, but not the penalty for missing the benchmark.",
    )
    extra_short = field.tonnes(
        "Extra short",
        "Shortage of the mineral beyond the plan's, all years together.",
        key="extra_short_t",
    )
    extra_short_others = field.tonnes(
        "Extra short of others",
        "The same for all other minerals, by weight. Minerals share the budget for projects, so"
        " one can cost another supply.",
        key="extra_short_others_t",
    )
    remark = common.REMARK.like(
        meaning="The worst year, or why the benchmark could not be added as a limit."
    )
