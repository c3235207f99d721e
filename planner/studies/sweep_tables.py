"""The tables that sweep gives out, declared: over a cap, another number, or security."""

from __future__ import annotations

from functools import partial

from models.results import ByMineral, Look, Name, Ore, Result, Runs, WhoPays, common, field
from models.results import Figure as Measure
from models.results.common import DEMAND, MINERAL, PURCHASES, SHORT, TONNES, UNDISCOUNTED

_PAID = "All that is paid: purchases, ore, capital charges, holding, take or pay. It has no"
_TOP = "The largest share of one country in any year. Rest of world does not count."
_UNTESTED = "Blank: Security tests no loss of this mineral."


_money = partial(field.money, key="{name}_usd")
_a_tonne = partial(field.price, key="{name}_usd_per_t")


class Frontier(Result):
    """What each cap costs and leaves short: all minerals together first, then each."""

    TABLE, GRAIN, BOOK = "Frontier", ("value", "mineral"), "sweep"
    knob = field.text("Knob", "The number that the sweep changes.", optional=True)
    point = field.text(
        "Point",
        "One cap for all years, or the workbook's own caps. Only where those differ by year.",
        optional=True,
    )
    value = field.share(
        "Cap",
        "The largest share that one country may supply in a year, set for all minerals as"
        " --max-country-share of planner solve sets it.",
        key="cap",
    )
    mineral = MINERAL.like(
        meaning="all: all minerals together, tonnes by weight.", names=Name.MINERALS
    )
    objective = _money(
        f"{Measure.TOTAL_COST}, {{discounted}}",
        "What the program minimises: cash, shortage and other penalties. If the workbook has a"
        " discount rate, they are discounted to the first year: total cost may then be below the"
        " cash cost, which is not discounted.",
    )
    purchases = _money(
        PURCHASES.header, f"Cost or price, tariff and freight of all purchases. {UNDISCOUNTED}"
    )
    cash = _money(
        f"{Measure.CASH_COST}, undiscounted", f"{_PAID} shortage and no penalties. {UNDISCOUNTED}"
    )
    tonnes = TONNES.like(meaning="What is bought over all years, also for stock.")
    short = SHORT.like(
        meaning="Demand that is neither bought nor taken from stock, over all years.",
        key="shortage_t",
    )
    lost = field.tonnes(
        "Short by the limits",
        "What is short here, less what is short without share limits.",
        key="shortage_beyond_t",
    )
    served = field.share(
        Measure.SERVED_SHARE, "What is not short, over demand.", key="served_share"
    )
    share = field.share(
        "Largest country share",
        f"{_TOP} Countries without a cap, such as the coalition's own, do count.",
        key="max_country_share",
    )
    country = ByMineral.country.like(names=None, key="largest_country", printed=True)
    slope = field.money(
        "A point looser saves",
        "What a cap that is one percentage point looser saves in total cost: the cap's dual values"
        " times its base, over all countries and years. At a kink it may be any value between the"
        " slopes on both sides.",
        key="slope_usd_per_point",
    )
    premium = _a_tonne(
        Ore.premium.header,
        "Cash cost less that of the reference, over tonnes bought. The reference is the same case"
        " without share limits, or the case as given if another number is changed. Below 0: what"
        " cannot be bought is not paid for.",
    )
    like_for_like = _a_tonne(
        "Premium like for like",
        "Average landed cost of the tonnes bought, less what the same tonnes cost in the reference:"
        " each at its member's landed cost of the mineral and year. Charges for new plants are left"
        " out.",
        key="premium_like_for_like_usd_per_t",
    )
    dearer = WhoPays.dearer.like(
        meaning="Premium like for like, over what the same tonnes cost in the reference.",
        key="dearer_like_for_like",
    )
    with_shortage = _a_tonne(
        "Premium with shortage",
        "Total cost less that of the reference, over demand. Shortage counts at its stated cost."
        " For all minerals together it never falls as a cap tightens.",
        key="premium_with_shortage_usd_per_t",
    )
    tariffs = _money(Measure.TARIFFS, common.IN_CASH)
    levies = _money(Measure.LEVIES, common.IN_CASH, optional=True)
    net_cost = _money(Measure.NET_COST, common.LESS_TARIFFS)
    inputs = field.tonnes(
        "Bought by plants",
        "What plants buy of one another over all years. The buyers of what they make are charged"
        " what it costs, by tonnes.",
        key="inputs_t",
        optional=True,
    )  # fmt: skip
    demand = DEMAND.like(meaning="What is needed over all years.", optional=True)
    trouble = Runs.trouble.like(meaning="Why the point has no plan.", key="error", optional=True)


class TurnedFrontier(Frontier):
    """What each value of another number costs and leaves short, against the case as given."""

    TABLE, GRAIN, BOOK = "Frontier", ("value", "mineral"), "sweep of another number"
    value = field.share(
        "Value", "What the number is set to. For a factor, 100 % is the case as given."
    )
    lost = Frontier.lost.like(
        header="Short beyond as given",
        meaning="What is short here, less what is short in the case as given.",
    )
    slope = Frontier.slope.like(
        header="A point more costs",
        meaning="What one percentage point more adds to total cost: the difference to the point"
        " before, a point. Below 0: it saves.",
    )


class SmallestCaps(Result):
    """By mineral the smallest cap that costs no tonne, and what the plan without any cap does."""

    TABLE, GRAIN, BOOK = "Smallest caps", ("mineral",), "sweep"
    mineral = Frontier.mineral.like(meaning="all: the largest of the smallest caps.")
    smallest = field.share(
        "Smallest cap",
        "The smallest cap on single countries with which no more need be short in any year than"
        " without a cap. Each mineral has its own; minerals that share a budget share it out. The"
        " number is exact, not a point of the sweep. At that cap the cheapest plan may still leave"
        " tonnes short, if they cost more than a shortage. Blank: not known, for example because"
        " shares are of purchases.",
    )
    costs_from = field.share(
        "First point that costs tonnes",
        "The loosest cap of this sweep at which more is short than without a cap. It may be above"
        " the mineral's smallest cap: a point caps all minerals, and one that is short takes more"
        " of the shared budget. Blank: no point costs tonnes.",
    )
    lost = field.tonnes(
        "Short by the cap there",
        "What is short at that point, less what is short without a cap.",
    )
    country = field.text("Largest country without caps")
    share = field.share(
        "Its share without caps",
        "Its largest share in any year. Purchases for stock count, so it may exceed 100 % of"
        " demand.",
    )
    cash = _money("Cash cost without caps, undiscounted")
    tonnes = field("Tonnes without caps", Look.TONNES)
    short = field.tonnes("Short without caps")


class SecurityCurve(TurnedFrontier):
    """What surviving the loss of any one country costs, by how much may be short then.

    Against the case without security.
    """

    TABLE, GRAIN, BOOK = "Frontier", ("value", "mineral"), "sweep over security"
    premium = Frontier.premium.like(
        meaning="Cash cost less that of the case without security, over tonnes bought."
    )
    value = field.share(
        "Max short",
        "The part of demand that may be short if a country is lost. It is set in all rows of"
        " Security.",
    )
    lost = Frontier.lost.like(
        header="Short beyond without security",
        meaning="What is short with nothing lost, less what is short without security.",
    )
    slope = Frontier.slope.like(
        header="A point tighter costs",
        meaning="What one percentage point less of Max short adds to total cost: the difference to"
        " the point before, a point. Below 0: it saves.",
    )
    missing = field.tonnes(
        "Missing if a country is lost",
        "What is missing of the supply that must remain, added up over years and over countries"
        f" lost one at a time. {_UNTESTED}",
        key="missing_if_lost_t",
    )
    kept = field.share(
        "Losses survived",
        "The part of all tested countries, minerals and years in which nothing is missing."
        f" {_UNTESTED}",
        key="losses_survived",
    )
    tested = field.text(
        "Years tested",
        "The years in which Max short is set for the mineral. Blank: none, so nothing is claimed.",
    )


class FloorCurve(TurnedFrontier):
    """What each price floor at the border costs, brings in levies and moves inside."""

    TABLE, GRAIN, BOOK = "Frontier", ("value", "mineral"), "sweep over a price floor"
    value = field.price("Price floor", "What it is set to in all zones, or in the coalition.")
    slope = Frontier.slope.like(
        header="A unit more costs",
        meaning="What a floor higher by one adds to total cost, as the difference to the point"
        " before; below 0: it saves.",
        key="slope_usd_per_unit",
    )
    levies = Frontier.levies.like(optional=False)
    outside = field.tonnes(
        "Bought outside",
        "What is bought of countries outside the coalition, by plants, too, all years together.",
        key="outside_t",
    )


class AsGiven(Result):
    """The case with the number as given, which the premiums are against."""

    TABLE, GRAIN, BOOK = "As given", ("mineral",), "sweep of another number"
    mineral, objective, purchases = Frontier.mineral, Frontier.objective, Frontier.purchases
    cash = Frontier.cash.like(
        meaning=f"All that is paid, without shortage and penalties. {UNDISCOUNTED}"
    )
    tonnes, short, served = Frontier.tonnes, Frontier.short, Frontier.served
    share, country = Frontier.share.like(meaning=_TOP), Frontier.country


class WithoutSecurity(AsGiven):
    """The case without security, which the premiums are against."""

    TABLE, BOOK = "Without security", "sweep"


class WhoPaysByCap(WhoPays):
    """Who pays at each cap: a row a cap and member, against the same case without share limits.

    Cash is of the same tonnes: what is not bought is not paid for, and counts as a shortage at its
    cost in a column of its own. Money a year.
    """

    TABLE, BOOK = "Who pays", "sweep"
    point = Frontier.point
    case = Frontier.value


WhoPaysByCap.FIELDS = (WhoPaysByCap.point, *(f for f in WhoPaysByCap.FIELDS if f.name != "point"))


class WhoPaysByFloor(WhoPaysByCap):
    """Who pays at each price floor, against the case as given, money a year."""

    TABLE, BOOK = "Who pays", "sweep over a price floor"
    case = FloorCurve.value


class WhoPaysByValue(WhoPaysByCap):
    """Who pays at each value of another number, against the case as given, money a year."""

    TABLE, BOOK = "Who pays", "sweep of another number"
    case = TurnedFrontier.value
