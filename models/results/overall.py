"""The tables of a plan's measures: Summary, By mineral, By year, the scorecard."""

from __future__ import annotations

from enum import StrEnum

from models.measures import IF_IT_STOPS, SEE_MORE, TIED_INPUTS, WITH_SURGE
from models.results import common
from models.results.field import Colour, Format, Name, Result, field

HHI = (
    "Herfindahl-Hirschman index: the sum of squared country shares in per cent."
    " 10,000 means one country alone. Above 1,800 is highly concentrated (US merger"
    " guidelines, 2023). Rest of world counts in the total, but its share is not squared."
)


COUNTED_IN = "Tonnes are of"
"""The row of Summary that names the substance that each mineral's tonnes count."""


CURRENT_SUPPLY, CAPACITY_TODAY = "Current supply", "capacity (an estimate)"
"""The two possible sources of today's shares."""


class Summary(Result):
    """One row for each measure, one column for each mineral.

    Money is undiscounted and tonnes are the sum of all years unless the row says otherwise.
    """

    TABLE, PLACE = "Summary", 10
    GRAIN = ("measure",)

    measure = common.MEASURE.like(widest=38)
    value = common.VALUE.like(
        "The figure for the whole plan. Minerals are added by weight unless the measure"
        " says otherwise; blank if they cannot be added.",
        widest=20,
    )
    unit = common.UNIT.like(
        f"Unit of the value and of each mineral's number. The row {COUNTED_IN} names the"
        " substance that each mineral's tonnes count."
    )
    minerals = field(
        "One column for each mineral",
        Format.TONNES,
        "The measure for this mineral alone; blank if it is for the whole plan.",
        optional=True,
        spread=True,
        widest=14,
    )
    remark = common.REMARK.like(widest=44)


class Figure(StrEnum):
    """The rows of Summary from which other sheets and pages read a figure."""

    TITLE = "Plan title"
    QUESTION = "Question"
    CAUTION = "Caution"
    SCENARIO = "Scenario"
    EXTENDED = "Extended by"
    STATUS = "Status"
    YEARS = "Years"
    FIRST_YEAR = "First year"
    LAST_YEAR = "Last year"
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
    ESTIMATED_ROWS = "Rows marked as estimates"
    INPUT_ROWS = "Rows of the input"
    INPUT_FILE = "Input file"
    INPUT_SHA256 = "Input SHA-256"
    PLANNER = "Planner version"
    SOLVER = "Solver version"
    WRITTEN = "Written"


OPTION, COST, HHI_BY = "Option: ", "Cost: ", "HHI by "
"""The starts of the rows of Summary for options, cost headings and HHI."""


_REFERENCE = "The reference is the plan without share limits."


class ByMineral(Result):
    """One row for each mineral, over all years.

    The first page prints some of the columns; the others are for the screen.
    """

    TABLE, PLACE, ON_SCREEN = "By mineral", 20, "supplier_today"
    GRAIN = ("mineral",)

    mineral = common.MINERAL
    demand = common.NEED.like("What members need, all years together.")
    short = common.MISSING_TONNES.like("The part of that need that is not met.")
    missing_share = common.MISSING_SHARE
    purchased = common.PURCHASES.like("Purchases of all years together, including those for stock.")
    taken = field.tonnes(
        "Used by plants",
        "Tonnes that plants use as an input, all years together: their purchases and"
        " the tonnes that members supply. Shares of demand count them as demand,"
        " shares of purchases as purchases.",
        optional=True,
    )
    short_of_supply = common.MISSING_WITHOUT_LIMITS
    missing_without_limits_share = common.MISSING_WITHOUT_LIMITS_SHARE
    short_by_limits = common.MISSING_BECAUSE_OF_LIMITS
    supplier_free = field.country(
        "Largest supplier without limits",
        "The largest supplier in the plan without share limits. Blank: there is none.",
    )
    supplier_free_share = field.share(
        "Its share of purchases without limits",
        "That country's share of all purchases in the last planned year, without limits.",
    )
    supplier = common.SUPPLIER
    supplier_share = common.SUPPLIER_SHARE
    supplier_of_demand = common.SUPPLIER_OF_DEMAND
    supplier_limit = field.share(
        "Limit on it in {last}",
        "The coalition's tightest limit on that country in that year, as a share of"
        " {basis}. Blank: none.",
    )
    served_without = field.share(
        "Served if it stops, in {last}",
        "Share of that year's need that would still be met without that country."
        f" {IF_IT_STOPS} {SEE_MORE}",
    )
    stage_country = field.country(
        "Largest loss through all stages",
        "The country outside the coalition whose loss would leave least of this"
        " mineral, if plants also lose the inputs that it sells them. Blank: no country's loss"
        " takes any of it.",
        optional=True,
    )
    served_through = field.share(
        "Served through all stages if it stops, in {last}",
        "Share of that year's need that would still be met, if plants also lose all production"
        f" that depends on inputs or ore from that country, at any stage. {TIED_INPUTS}",
        optional=True,
    )
    extra_cost = common.EXTRA_COST.like(f"{common.EXTRA_COST.meaning} {_REFERENCE}")
    extra = common.EXTRA_COST_PER_T
    extra_cost_share = common.EXTRA_COST_SHARE.like(
        f"{common.EXTRA_COST_SHARE.meaning} {_REFERENCE}"
    )
    dependent = field.text(
        "Most dependent member",
        "The member that buys the largest share of this mineral from one country"
        " outside the coalition, in the last planned year. If several members have the"
        " same rounded share from the same country: their number.",
        names=Name.MEMBER,
    )
    dependent_country = field.country(
        "Depends on", "The country that sells most of this mineral to that member."
    )
    dependent_share = field.share(
        "Share of what it buys in {last}",
        "That country's share of the member's purchases of this mineral.",
    )
    unit = common.UNIT.like(printed=False)
    need = field.tonnes("Need in {last}", "Need of the coalition in the last planned year.")
    last_taken = field.tonnes(
        "Used by plants in {last}",
        "Tonnes that plants take as an input in the last planned year.",
        optional=True,
    )
    served = field.share("Served share of demand", "1 minus shortage / demand, all years together.")
    landed = common.LANDED
    same_cost = common.COST_OF_SAME_TONNES
    tonnes_compared = common.TONNES_COMPARED
    last_country = field.country(
        "Largest country in {last}", "The country with the largest share in the last planned year."
    )
    last_share = field.share(
        "Largest share in {last}", "Largest share of one country in the last planned year."
    )
    last_limit = field.share(
        "Limit in {last}",
        "The coalition's tightest limit on that country in that year; blank: none.",
    )
    hhi_capacity = field(
        "HHI by capacity",
        Format.INDEX,
        f"Before the plan, by nameplate capacity of all refiners. {HHI}",
    )
    hhi_purchases = field(
        "HHI by purchases", Format.INDEX, f"With the plan, by the coalition's purchases. {HHI}"
    )
    supplier_today = field.country(
        "Largest supplier today",
        "The largest supplier today, before any scenario. The next column names the source.",
    )
    today_by = field.text(
        "Today is by",
        f"{CURRENT_SUPPLY}: today's purchases, measured in the same way as the plan."
        f" {CAPACITY_TODAY}: the workbook has no purchases of today, so the shares are"
        " those of the world's refining capacity.",
    )
    supplier_today_share = field.share(
        "Its share of purchases today",
        "That country's share of all purchases today, or an estimate of it.",
    )
    surged = field.share(
        "Served if it stops, in {last}, with surge",
        f'As the column "Served if it stops, in {{last}}", but with a surge. {WITH_SURGE}',
    )
    shortage_by_limits = field.money(
        "Shortage by limits at its cost",
        "Shortage cost minus shortage cost without share limits, all years together."
        f" Nobody pays it. {common.UNDISCOUNTED}",
    )
    limits_kept = field.text(
        "Share limits kept",
        "Whether every share limit on this mineral is kept in every year. no: one is"
        " exceeded, and total cost has its penalty. Blank: it has no limit.",
    )
    paid = common.PURCHASES.like(
        fmt=Format.MONEY,
        meaning=f"Cost or price, tariff and freight of all flows. {common.UNDISCOUNTED}",
        unit="{money}",
    )
    share = field.share(
        "Largest share of {basis}",
        "Largest share of one country in any year, without Rest of world. If the limit"
        " tightens over the years, this is often the first year.",
    )
    limit = field.share(
        "Limit on it", "The coalition's tightest limit on that country in that year; blank: none."
    )
    country = field.country("Largest country", "The country with the largest share in any year.")
    year = field("In year", Format.YEAR, "The year of the largest share.")
    years_at_limit = field.count(
        "Years at limit",
        "Number of years in which the coalition's limit on the last year's largest"
        " country binds; blank: it has no limit.",
    )
    bound_on_members = field.count(
        "Binding limits on members",
        "Number of binding max limits on single members or groups, counted once for"
        " each supplier and year.",
    )


class MeasuresByYear(Result):
    """Each mineral by year: one block for each measure, one row for each mineral.

    The columns are years. Filter by mineral to see all its measures. Money is undiscounted.
    """

    TABLE, PLACE = "By year", 25
    PRINTED = False
    GRAIN = ("measure", "mineral")

    measure = common.MEASURE.like(
        fmt=Format.TEXT,
        meaning="The measure of the row; the row above each block explains it.",
        widest=24,
    )
    mineral = common.MINERAL
    unit = common.UNIT.like("Unit of the numbers in the row.")
    years = field(
        "One column for each year",
        Format.TONNES,
        "The measure in that year; blank if there is no value.",
        optional=True,
        spread=True,
        widest=17,
    )


class Scorecard(Result):
    """One row for each measure, buyer and mineral: before the plan, with it, and the benchmark.

    The sheet is left out if nothing is planned.
    """

    TABLE, PLACE = "Scorecard", 30
    GRAIN = ("measure", "mineral", "buyer")

    measure = common.MEASURE.like(
        fmt=Format.TEXT,
        meaning="The measure of the row; the row above each group explains it. Shares of supply"
        " are shares of purchases. They differ from the shares of demand in Summary if there is a"
        " shortage or if stocks are filled. Low is better for concentration and reliance. High is"
        " better for production at home, cover and N-1.",
    )
    mineral = common.MINERAL
    buyer = common.BUYER.like(
        "The coalition, or the EU if members have the group EU and Countries has a bloc EU."
    )
    before = field.share(
        "Before",
        "The measure before the plan, with the scenario and what-ifs. The column"
        ' "Before is" names its base.',
    )
    after_first = field.share("After, {first}", "The measure in that year of the plan.")
    after_last = field.share(
        "After, {last}", "The measure in that year of the plan.", optional=True
    )
    required = field.share(
        "Required",
        "The benchmark of Regulation (EU) 2024/1252, Art. 5, for 2030. The regulation sets its"
        " least shares for all minerals together. Here every benchmark is applied to each mineral,"
        " as if the coalition were the Union. At home means plants and mines in countries of the"
        " bloc coalition (for the EU: of the bloc EU), whoever owns them.",
    )
    met = field.text(
        "Met",
        "Whether the plan keeps the benchmark in every year from 2030 on, or in its last year if"
        " it ends before. Years without demand are skipped. The remark lists the years that miss"
        " it. no data: the remark says which data are missing in the workbook.",
        colour=Colour.LIGHTS,
    )
    unit = common.UNIT.like("Unit of the numbers in the row.")
    before_is = field.text(
        "Before is",
        "nameplate: capacity of all refiners, or mines, in the first year. usable: the"
        " part of it that the coalition may use. today: members' purchases in Current"
        " supply. opening: the stock before the first year.",
    )
    remark = common.REMARK.like(
        "The countries that the number is about, or why there is no number. For HHI-WGI,"
        " if countries have no Governance: its range, from the best to the worst possible"
        " governance of these."
    )
    source = common.SOURCE.like("Source of the measure or the benchmark.")
    formula = field(
        "Formula",
        Format.REMARK,
        "Formula of the measure. S_c is a country's share of supply, D the buyer's demand.",
        printed=False,
    )


class Benchmarks(Result):
    """The cost of keeping each EU benchmark that a plan misses, one row for each."""

    TABLE = "EU benchmarks"
    GRAIN = ("benchmark", "mineral", "buyer")

    benchmark = field.text(
        "Benchmark",
        "A benchmark of Regulation (EU) 2024/1252, Art. 5, that the plan misses in some year from"
        " 2030 on, or in its last year if it ends before 2030.",
    )
    mineral = common.MINERAL
    buyer = common.BUYER.like("The buyer; the benchmark is a share of its consumption.")
    kind = common.LIMIT_KIND.like(
        "min: at least this share is required. max: at most this share is allowed."
    )
    required = Scorecard.required.like(
        "The share that the benchmark requires at least or, for one country outside,"
        " allows at most."
    )
    worst_share = field.share(
        "Share in the plan", "The share in the year that is farthest from the benchmark."
    )
    worst_year = ByMineral.year.like("That year.", printed=True)
    share_if_asked = field.share(
        "Share with it as a limit",
        "The share in the cheapest plan that has the benchmark as a limit, in the year that is"
        " farthest from it. If the benchmark cannot be met: the share in the plan that misses it by"
        " the fewest tonnes, at any cost.",
    )
    can_be_met = field.text(
        "Could be met",
        "Whether the plan with the benchmark as a limit keeps it in all these years. More missing:"
        " it does, but more of this mineral or of the others is missing than in this plan.",
        colour=Colour.LIGHTS,
    )
    extra_cash = field.millions(
        "Extra cash cost",
        "Cash cost of the plan with the benchmark minus cash cost of this plan, all"
        " years, undiscounted. Below 0 if fewer tonnes are bought. If the benchmark"
        " cannot be met, this is the cost of coming as close as possible.",
    )
    extra_cost = field.millions(
        "Extra cost with shortage",
        "Total cost of the plan with the benchmark minus total cost of this plan,"
        " discounted. It includes shortage and missed stock targets, but not the"
        " penalty for missing the benchmark.",
    )
    extra_short = common.FURTHER_MISSING.like(
        "Missing tonnes of the mineral with the benchmark minus those in this plan, all years.",
        key="extra_short_t",
    )
    extra_short_others = field.tonnes(
        "Further missing of other minerals",
        "The same difference for all other minerals, added by weight. Minerals share the budget"
        " for projects, so meeting a benchmark for one can reduce the supply of another.",
        key="extra_short_others_t",
    )
    remark = common.REMARK.like(
        "Years that miss it, or why the benchmark could not be added as a limit."
    )
