"""The tables that sweep gives out, declared: over a cap, another number, or security."""

from __future__ import annotations

from functools import partial

from models.results import ByMineral, Look, Name, Ore, Result, Runs, WhoPays, common, field
from models.results import Figure as Measure
from models.results.common import DEMAND, MINERAL, PURCHASES, SHORT, TONNES, UNDISCOUNTED

_PAID = "All that is paid: purchases, ore, capital charges, holding, take or pay; no shortage, no"
_TOP = "The largest share of one country in any year, Rest of world left out."


_money = partial(field.money, key="{name}_usd")
_a_tonne = partial(field.price, key="{name}_usd_per_t")


class Frontier(Result):
    """What each cap costs and leaves short: all minerals together first, then each."""

    TABLE, GRAIN, BOOK = "Frontier", ("value", "mineral"), "sweep"
    knob = field.text("Knob", "What is turned.", optional=True)
    point = field.text(
        "Point",
        "One cap for all years, or the workbook's own caps, which differ by year; there only where"
        " they do.",
        optional=True,
    )
    value = field.share(
        "Cap",
        "The most that one country may supply of the coalition's base in a year, set for all"
        " minerals as --max-country-share of solve does.",
        key="cap",
    )
    mineral = MINERAL.like(
        meaning="all: the coalition's whole plan, its tonnes by weight.", names=Name.MINERALS
    )
    objective = _money(
        f"{Measure.TOTAL_COST}, {{discounted}}",
        "What the program minimises: cash, shortage and other penalties, discounted to the first"
        " year where the input has a rate: it may then be less than the cash cost, which is not.",
    )
    purchases = _money(
        PURCHASES.header, f"Cost or price, tariff and freight of all flows. {UNDISCOUNTED}"
    )
    cash = _money(f"{Measure.CASH_COST}, undiscounted", f"{_PAID} penalties. {UNDISCOUNTED}")
    tonnes = TONNES.like(meaning="What is bought over all years, for stock too.")
    short = SHORT.like(
        meaning="Demand neither bought nor taken from stock, all years together.",
        key="shortage_t",
    )
    lost = field.tonnes(
        "Short by the limits",
        "Short, less what is short without share limits.",
        key="shortage_beyond_t",
    )
    served = field.share(
        Measure.SERVED_SHARE, "1 less what is short over demand.", key="served_share"
    )
    share = field.share(
        "Largest country share",
        f"{_TOP} Countries that the cap leaves alone (the coalition's own, where the workbook says"
        " so) count, too.",
        key="max_country_share",
    )
    country = ByMineral.country.like(names=None, key="largest_country", printed=True)
    slope = field.money(
        "A point looser saves",
        "What a cap looser by one percentage point saves in total cost: its shadow prices x base,"
        " over all countries and years; at a kink any value between the slopes on both sides.",
        key="slope_usd_per_point",
    )
    premium = _a_tonne(
        Ore.premium.header,
        "Cash cost less that of the reference (the same case without share limits; of another knob"
        " the case as given), over tonnes bought. It falls below 0 where tonnes that cannot be had"
        " are not paid for.",
    )
    like_for_like = _a_tonne(
        "Premium like for like",
        "What a tonne bought costs landed on average, less what the same tonnes cost in the"
        " reference, each at its member's landed cost of mineral and year. Charges for new plants"
        " are not in it.",
        key="premium_like_for_like_usd_per_t",
    )
    dearer = WhoPays.dearer.like(
        meaning="The premium like for like over what the same tonnes cost in the reference.",
        key="dearer_like_for_like",
    )
    with_shortage = _a_tonne(
        "Premium with shortage",
        "Total cost less that of the reference, over demand: shortage counts at its stated cost. Of"
        " all minerals it never falls as a cap tightens.",
        key="premium_with_shortage_usd_per_t",
    )
    tariffs = _money(Measure.TARIFFS, common.IN_CASH)
    levies = _money(Measure.LEVIES, common.IN_CASH, optional=True)
    net_cost = _money(Measure.NET_COST, common.LESS_TARIFFS)
    demand = DEMAND.like(meaning="What is needed over all years.", optional=True)
    trouble = Runs.trouble.like(meaning="Why this point has no plan.", key="error", optional=True)


class TurnedFrontier(Frontier):
    """What each value of another number costs and leaves short, against the case as given."""

    TABLE, GRAIN, BOOK = "Frontier", ("value", "mineral"), "sweep of another number"
    value = field.share("Value", "What it is set to: of a factor 100 % is the case as given.")
    lost = Frontier.lost.like(
        header="Short beyond as given",
        meaning="Short, less what is short in the case as given.",
    )
    slope = Frontier.slope.like(
        header="A point more costs",
        meaning="What one percentage point more adds to total cost, as the difference to the point"
        " before; below 0: it saves.",
    )


class SmallestCaps(Result):
    """By mineral the smallest cap that costs no tonne, and how things stand without any cap."""

    TABLE, GRAIN, BOOK = "Smallest caps", ("mineral",), "sweep"
    mineral = Frontier.mineral.like(meaning="all: the largest of the minerals' smallest caps.")
    smallest = field.share(
        "Smallest cap",
        "The smallest cap on single countries at which no more need be short than without any, in"
        " every year, each mineral at its own; exact, not from the grid. The cheapest plan at that"
        " cap may still leave tonnes short that cost more than a shortage. Minerals that a budget"
        " ties share it out. Blank: not known, as where shares are of purchases.",
    )
    costs_from = field.share(
        "First point that costs tonnes",
        "The loosest cap of this sweep at which more is short than without any; blank: none is. It"
        " may lie above the mineral's smallest cap: a point caps all minerals alike, and one that"
        " is already short there takes more of the budget that they share.",
    )
    lost = field.tonnes(
        "Short by the cap there",
        "What is short at that point beyond what is short without any cap.",
    )
    country = field.text("Largest country without caps")
    share = field.share(
        "Its share without caps",
        "Its largest share in any year; purchases for stock count, so that it may exceed 100 % of"
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
        "The part of demand that may be short if a country is lost, set in all rows of Security.",
    )
    lost = Frontier.lost.like(
        header="Short beyond without security",
        meaning="Short with nothing lost, less what is short without security.",
    )
    slope = Frontier.slope.like(
        header="A point tighter costs",
        meaning="What one percentage point less of Max short adds to total cost, as the difference"
        " to the point before; below 0: it saves.",
    )
    missing = field.tonnes(
        "Missing if a country is lost",
        "What is missing of what has to be left, countries lost one at a time, and years, added up."
        " Blank: Security tests no loss of this mineral.",
        key="missing_if_lost_t",
    )
    kept = field.share(
        "Losses survived",
        "Of all countries, minerals and years that are tested the part in which nothing is missing."
        " Blank: Security tests no loss of this mineral.",
        key="losses_survived",
    )
    tested = field.text(
        "Years tested",
        "In which years Max short is set for the mineral; blank: in none, so nothing is claimed.",
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
        "What is bought of countries outside the coalition, all years together.",
        key="outside_t",
    )


class AsGiven(Result):
    """The case with the number as it stands, which the premiums are against."""

    TABLE, GRAIN, BOOK = "As given", ("mineral",), "sweep of another number"
    mineral, objective, purchases = Frontier.mineral, Frontier.objective, Frontier.purchases
    cash = Frontier.cash.like(
        meaning=f"All that is paid: no shortage, no penalties. {UNDISCOUNTED}"
    )
    tonnes, short, served = Frontier.tonnes, Frontier.short, Frontier.served
    share, country = Frontier.share.like(meaning=_TOP), Frontier.country


class WithoutSecurity(AsGiven):
    """The case without security, which the premiums are against."""

    TABLE, BOOK = "Without security", "sweep"


class WhoPaysByCap(WhoPays):
    """Who pays at each cap: a row a cap and member, against the same case without share limits.

    Cash is told for the same tonnes: what is not bought is not paid for, and stands beside it as a
    shortage at its cost. Money a year.
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
