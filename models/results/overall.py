"""Tables that say a plan measure by measure: Summary, By mineral, the scorecard."""

from __future__ import annotations

from enum import StrEnum

from models.measures import IF_IT_STOPS, SEE_MORE, WITH_SURGE
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
        meaning="Of the whole plan, minerals by weight unless the measure says how; blank where"
        " minerals do not add up to anything.",
        widest=20,
    )
    unit = common.UNIT.like(
        meaning="Of the value and of each mineral; a tonne of a mineral is what the row"
        f" {COUNTED_IN} says."
    )
    minerals = field(
        "A column a mineral",
        Look.TONNES,
        "The measure of this mineral alone; blank where it is of the plan as one.",
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
    purchased = common.PURCHASES.like(meaning="All years together, purchases for stock included.")
    short_of_supply = field.tonnes(
        "Short because supply can't give it",
        "Short even without any share limit, all years together.",
    )
    short_by_limits = field.tonnes(
        "Short because the limits forbid it",
        "Short with the share limits and not without them, all years together. Below 0: the limits"
        " move supply to this mineral.",
    )
    supplier_free = field.text(
        "Largest supplier without limits",
        "As the largest supplier, of the same case without share limits. Blank: the case has none.",
        names=Name.COUNTRY,
    )
    supplier_free_share = field.share(
        "Its share of purchases without limits",
        "What that country sells over all that is bought in the last year planned, without limits.",
    )
    supplier = field.text(
        "Largest supplier in {last}",
        "The one country outside the coalition that sells most to it in the last year planned, by"
        " where it refines; Rest of world is many countries and none. Blank: none sells.",
        names=Name.COUNTRY,
    )
    supplier_share = field.share(
        "Its share of purchases in {last}",
        "What that country sells over all that is bought in that year, for stock too.",
    )
    supplier_of_demand = field.share(
        "Its share of demand in {last}",
        "The same over demand, which purchases differ from where something is short, or stocks are"
        " filled or drawn. A limit of demand bears on this share.",
    )
    supplier_limit = field.share(
        "Limit on it in {last}",
        "The coalition's tightest limit on that country in that year, a share of {basis}. Blank:"
        " none.",
    )
    served_without = field.share(
        "Served if it stops, in {last}",
        f"The share of that year's need that is then served. {IF_IT_STOPS} {SEE_MORE}",
    )
    extra = field.price(
        "Extra landed cost by limits",
        "Like for like: what a tonne bought costs landed on average, less what the same tonnes cost"
        " in the same case without share limits, each at its member's landed cost of the year.",
    )
    dependent = field.text(
        "Most dependent member",
        "The member that buys the largest share of this mineral from one country outside the"
        " coalition in the last year planned; where several have that share of the same country, to"
        " the tenth of a point that is printed, how many of all members.",
        names=Name.MEMBER,
    )
    dependent_country = field.text("Depends on", "That country.", names=Name.COUNTRY)
    dependent_share = field.share(
        "Share of what it buys in {last}", "What that country sells of all that the member buys."
    )
    unit = common.UNIT.like(printed=False)
    need = field.tonnes("Need in {last}", "What the coalition needs in the last year planned.")
    short = common.SHORT.like(
        meaning="Demand neither bought nor taken from stock, all years together."
    )
    served = field.share(
        "Served share of demand", "1 less what is short over demand, all years together."
    )
    landed = common.LANDED
    last_country = field.text(
        "Largest country in {last}",
        "The country that has the largest share in the last year planned.",
        names=Name.COUNTRY,
    )
    last_share = field.share(
        "Largest share in {last}", "The largest share of one country in the last year planned."
    )
    last_limit = field.share(
        "Limit in {last}",
        "The tightest limit of the coalition on that country in that year; blank: none.",
    )
    hhi_capacity = field(
        "HHI by capacity", Look.INDEX, f"By nameplate capacity of all refiners, before. {HHI}"
    )
    hhi_purchases = field(
        "HHI by purchases", Look.INDEX, f"By what the coalition buys, after. {HHI}"
    )
    supplier_today = field.text(
        "Largest supplier today",
        "As the largest supplier, today: by what the next column says, before any scenario.",
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
        "What that country sells over all that is bought today, or its estimate.",
        printed=False,
    )
    served_without_today = field.share(
        "Served if it stops, today",
        f"What is left of today's purchases without today's largest supplier. {IF_IT_STOPS}",
        printed=False,
    )
    surged_today = field.share(
        "Served if it stops, today, with surge",
        f"As today without surge. {WITH_SURGE}",
        printed=False,
    )
    surged = field.share(
        "Served if it stops, in {last}, with surge",
        f"As in the plan without surge. {WITH_SURGE}",
        printed=False,
    )
    alike = field(
        "Members alike",
        Look.COUNT,
        "How many members have that share of what they buy from that country, as printed.",
        printed=False,
    )
    wholly_dependent = field(
        "Members that buy all from one country",
        Look.COUNT,
        "How many members buy all that they buy of this mineral in the last year planned in one"
        " country outside the coalition.",
        printed=False,
    )
    shortage_by_limits = field.money(
        "Shortage by limits at its cost",
        "What is short, at the shortage cost, less that without share limits, all years together:"
        f" nobody pays it. {common.UNDISCOUNTED}",
        printed=False,
    )
    limits_kept = field.text(
        "Share limits kept",
        "Whether every share limit on this mineral is kept in every year; no: one is exceeded at"
        " its penalty. Blank: it has none.",
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
        "The largest share that one country has in any single year, Rest of world left out. Where"
        " the limit tightens over the years this is often the first year.",
        printed=False,
    )
    limit = field.share(
        "Limit on it",
        "The tightest limit of the coalition on that country in that year; blank: none.",
        printed=False,
    )
    country = field.text(
        "Largest country",
        "The country that has the largest share of any year.",
        names=Name.COUNTRY,
        printed=False,
    )
    year = field("In year", Look.YEAR, "The year of the largest share.", printed=False)
    years_at_limit = field(
        "Years at limit",
        Look.COUNT,
        "In how many years the coalition's limit on the largest country of the last year binds;"
        " blank where it has none.",
        printed=False,
    )
    bound_on_members = field(
        "Binding limits on members",
        Look.COUNT,
        "How many max limits on single members or groups bind, each supplier and year counted"
        " alone.",
        printed=False,
    )


class ByYear(Result):
    """Each mineral by year: blocks are measures, rows are minerals, columns are years.

    Filter by mineral to see all its measures. Money is undiscounted.
    """

    TABLE, PLACE = "By year", 25
    GRAIN = ("measure", "mineral")

    measure = common.MEASURE.like(
        look=Look.TEXT,
        meaning="What the row is of; the row above each block says what that means.",
        widest=24,
    )
    mineral = common.MINERAL
    unit = common.UNIT.like(meaning="What the numbers of the row are.")
    years = field(
        "A column a year",
        Look.TONNES,
        "The measure in that year alone; blank where there is nothing to say.",
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
        meaning="What is measured; the row above each group says of what. Shares of supply are of"
        " what is bought, so that they differ from the shares of demand in Summary where a mineral"
        " is short or stocks are filled. Concentration and reliance are better low; what is"
        " inside, cover and N-1 better high.",
    )
    mineral = common.MINERAL
    buyer = common.BUYER.like(
        meaning="Whose supply it is: the coalition's, or the EU's own where members are grouped as"
        " EU and a bloc of Countries is called EU."
    )
    before = field.share(
        "Before",
        "Of the world as the workbook has it (a scenario and what-ifs included), without the plan;"
        " the column Before is says of what.",
    )
    after_first = field.share("After, {first}", "Of the plan in that year.")
    after_last = field.share("After, {last}", "Of the plan in that year.", optional=True)
    required = field.share(
        "Required",
        "The benchmark of Regulation (EU) 2024/1252, Art. 5. It is set for the Union, by 2030,"
        " overall where it is a least; here it is read mineral by mineral, and of the coalition as"
        " if it were the Union: inside are plants and mines in countries whose Bloc is coalition"
        " (of the EU's own: EU), whoever owns them.",
    )
    met = field.text(
        "Met",
        "Whether the plan keeps the benchmark in every year from 2030 on (in the last, where it"
        " ends before); years without demand are skipped. The years that miss it stand in the"
        " remark. no data: the workbook does not say it; the remark says what lacks.",
        colour=Colour.LIGHTS,
    )
    unit = common.UNIT.like(meaning="What the numbers of the row are.")
    before_is = field.text(
        "Before is",
        "nameplate: capacity of all refiners, or mines, in the first year; usable: what of it the"
        " coalition may use; today: what members buy by Current supply; opening: the stock before"
        " the first year.",
    )
    remark = common.REMARK.like(
        meaning="Who it is, or why there is no number. Of HHI-WGI: between what and what it lies"
        " where countries have no Governance, all of those governed best, and worst."
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
        " 2030 on (in the last, where it ends before).",
    )
    mineral = common.MINERAL
    buyer = common.BUYER.like(meaning="Whose consumption it is a share of.")
    kind = common.LIMIT_KIND.like(meaning="min: at least the share is required; max: at most.")
    required = Scorecard.required.like(
        meaning="At least, or at most (one third country), this share."
    )
    worst_share = field.share(
        "Plan's worst year", "The share in the plan, in the worst of those years."
    )
    worst_year = ByMineral.year.like(meaning="That worst year.", printed=True)
    share_if_asked = field.share(
        "Reached if asked for",
        "The same share in the cheapest plan of the same case with the benchmark added to its"
        " limits, in the worst of those years. Where it cannot be met, of the plan from which the"
        " fewest tonnes lack.",
    )
    can_be_met = field.text(
        "Can it be met",
        "Whether that plan keeps the benchmark in all those years.",
        colour=Colour.LIGHTS,
    )
    extra_cash = field.millions(
        "Extra cash cost",
        "Cash cost of that plan less that of the plan, all years, undiscounted. Below 0 where"
        " tonnes are given up. Where the benchmark cannot be met, what it costs to come as close.",
    )
    extra_cost = field.millions(
        "Extra cost with shortage",
        "Total cost of that plan less that of the plan, discounted, the cost of shortage and of"
        " missed stock targets in it, the penalty for what lacks of the benchmark not.",
    )
    extra_short = field.tonnes(
        "Extra short",
        "What is short of the mineral beyond what is short in the plan, all years together.",
        key="extra_short_t",
    )
    extra_short_others = field.tonnes(
        "Extra short of others",
        "The same of all other minerals, by weight: a budget of projects ties them together.",
        key="extra_short_others_t",
    )
    remark = common.REMARK.like(meaning="The worst year, or why the benchmark was not asked for.")
