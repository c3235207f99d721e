"""The sheets on demand, mining, refining, freight and today's purchases."""

from __future__ import annotations

from typing import Any

from models import tolerances
from models.schema.column import (
    MOST_MULTIPLE,
    MOST_TARIFF,
    ByYear,
    CellKind,
    Record,
    choice,
    column,
    country_code,
    fraction,
    named,
    number,
    selector,
    series,
    text,
    years,
    yes_no,
)

PRIMARY, RECYCLED = "primary", "recycled"
PRO_RATA, TODAY, HOME_FIRST = "pro rata", "today", "home first"
DEMAND, PURCHASES = "demand", "purchases"
COALITION, OTHER = "coalition", "other"
REST_OF_WORLD = "ROW"
"""The code of supply from unnamed countries.

It is outside the coalition, and only limits that name it apply to it.
"""


class Settings(Record):
    """The settings of a workbook."""

    SHEET = "Settings"
    MEANING = "Settings of the whole workbook, one per row."

    plan_title: str = text(
        "Plan title", "Title on the plan's first sheet.", default="the file's name"
    )
    currency: str = text(
        "Currency", "Three-letter code of the currency of all prices and costs.", value="USD"
    )
    price_year: int | None = column(
        "Price year",
        CellKind.YEAR,
        "Year of the prices. A label: nothing is inflated.",
        default="not stated",
    )
    discount_rate: float = fraction(
        "Discount rate",
        "A cost t years after the first year is multiplied by (1 + rate)^-t.",
        value=0.0,
    )
    cost_of_capital: float = fraction(
        "Cost of capital", "Yearly return that a project's capital must earn.", value=0.08
    )
    default_freight: float | None = number(
        "Default freight",
        "Freight from a supplier country to a member, used where the sheet Freight is blank.",
        "USD/t",
        default="none: every supplier country and member then need a freight",
    )
    shortage_cost_multiple: float = number(
        "Shortage cost multiple",
        "A tonne of unmet demand costs the mineral's price times this number.",
        value=10.0,
        most=MOST_MULTIPLE,
        is_fact=True,
    )
    fair_shortage_weight: float = fraction(
        "Fair shortage weight",
        "Extra cost of unmet demand above a member's fair part of the shortage, per"
        " tonne, as a fraction of the shortage cost.",
        value=0.1,
        below=True,
    )
    share_basis: str = choice(
        "Share basis",
        "The base of share limits: the buyer's demand or its purchases.",
        DEMAND,
        PURCHASES,
        value=DEMAND,
    )
    switching_cost: float = number(
        "Switching cost",
        "Cost of each tonne by which a purchase in the first year is below today's.",
        "USD/t",
        value=0.0,
    )
    growth_floor: float = fraction(
        "Growth floor",
        "Fraction of its usable capacity that a refiner without sales today may add in"
        " a year, if Max growth limits it.",
        value=0.1,
    )
    whole_projects: bool = yes_no(
        "Whole projects", "yes: each project is built in full or not at all.", value=False
    )
    rights: str = choice(
        "Rights",
        "How capacity is divided when members plan alone (`planner bills`). pro rata:"
        " by demand. today: by today's purchases. home first: first to the member in"
        " the plant's country, then by demand. The sheet Rights overrides it.",
        PRO_RATA,
        TODAY,
        HOME_FIRST,
        value=PRO_RATA,
    )
    carry_over_budget: bool = yes_no(
        "Carry over budget",
        "yes: unspent budget may be spent in later years that have a budget.",
        value=False,
    )
    estimate_range: float = fraction(
        "Estimate range",
        "Fraction by which `planner sensitivity` lowers and raises numbers of rows"
        " that are marked as estimates.",
        value=0.2,
    )
    published_range: float = fraction(
        "Published range",
        "Fraction by which `planner sensitivity` lowers and raises numbers of all other rows.",
        value=0.05,
    )
    surge: float = fraction(
        "Surge",
        "Extra tonnes that a supplier can sell if another one is lost, as a fraction"
        " of its usable capacity. Its sales stay within that capacity.",
        value=0.2,
    )
    caution: str = text(
        "Caution",
        "A sentence on the plan's first page: what the case must not be used for.",
        default="none",
    )


# ---- who needs what ----------------------------------------------------------------------------


class Mineral(Record):
    """A refined mineral that the coalition buys."""

    SHEET = "Minerals"
    MEANING = "The refined minerals that the coalition buys."
    REQUIRED = True

    name: str = named("Mineral", "The mineral.", key=True)
    price: ByYear = series(
        "Price", "Market price. It sets the cost of a shortage.", "USD/t", is_fact=True
    )
    shortage_cost: ByYear = series(
        "Shortage cost",
        "Cost of a tonne of unmet demand.",
        "USD/t",
        value=ByYear(),
        is_fact=True,
        default="price x shortage cost multiple",
    )
    unit: str = text(
        "Unit",
        'The substance that a tonne counts, such as "t Li content". The plan shows it.',
        default="t",
    )


class Member(Record):
    """A buyer of the coalition."""

    SHEET = "Members"
    MEANING = "The buyers of the coalition. A member is one country, or several that buy together."
    REQUIRED = True

    name: str = named("Member", "The member.", key=True)
    country: str = country_code("Country", "The member's country.", default="several countries")
    group: str = named(
        "Group",
        "A name that several members share, such as EU. Share limits can use it as buyer.",
        default="none",
    )


class Country(Record):
    """A country that refines, mines or buys."""

    SHEET = "Countries"
    MEANING = "Each country's blocs and governance score."

    code: str = country_code("Country", "The country.", key=True)
    blocs: tuple[str, ...] = named(
        "Bloc",
        "The country's blocs, with ; between them. The bloc coalition is the coalition itself.",
        value=(),
        several=True,
        default="coalition for a member's country, else other",
    )
    governance: float | None = number(
        "Governance",
        "Governance score, such as the World Bank's mean score (-2.5 to 2.5).",
        least=-1e3,
        most=1e3,
        default="none",
    )


class Demand(Record):
    """The demand of one member for one mineral."""

    SHEET = "Demand"
    MEANING = "How much of each mineral each member needs, with a column for each year (t)."
    REQUIRED = True
    SPREAD = "years"

    mineral: str = named("Mineral", "The mineral.", "Minerals", key=True)
    member: str = named("Member", "The member.", "Members", key=True)
    tier: str = named(
        "Tier",
        "Tier of this demand, such as defence. Each tier has its own shortage cost.",
        "Tiers",
        key=True,
        default="none: the mineral's shortage cost",
    )
    tonnes: tuple[tuple[int, float], ...] = ()
    """(year, t) for every year column of the sheet; a blank cell is 0."""
    unmet: tuple[tuple[int, float], ...] = ()
    """(year, t) of shortage in an agreed plan, which share limits count as demand; no column."""

    def __post_init__(self) -> None:
        """Set to 0 what a formula leaves if numbers cancel, such as ``=0.3-0.1-0.2``."""
        if any(0 < abs(t) <= tolerances.LEAST_DEMAND for _, t in self.tonnes):
            kept = tuple(
                (year, t if abs(t) > tolerances.LEAST_DEMAND else 0.0) for year, t in self.tonnes
            )
            object.__setattr__(self, "tonnes", kept)


class Tier(Record):
    """A priority class of demand, and the cost of leaving it unmet."""

    SHEET = "Tiers"
    MEANING = (
        "Priority classes of demand. A shortage falls first on the class with the lowest multiple."
    )

    name: str = named("Tier", "The tier, such as defence, essential, other.", key=True)
    multiple: float | None = number(
        "Shortage cost multiple",
        "A tonne of unmet demand in this tier costs the mineral's price times this number.",
        default="the mineral's own shortage cost",
        most=MOST_MULTIPLE,
        is_fact=True,
    )


class CurrentSupply(Record):
    """A purchase of a member, or of a plant, from a refiner today."""

    SHEET = "Current supply"
    MEANING = "Who buys how much from whom today. Results compare the plan with these purchases."

    refiner: str = named("Refiner", "The refiner.", "Refiners", key=True)
    mineral: str = named("Mineral", "The mineral.", "Minerals", key=True)
    member: str = named("Member", "Who buys.", "Members", key=True, default="a plant buys")
    plant: str = named(
        "Plant",
        "The plant that buys the mineral as an input.",
        "Refiners",
        "Projects",
        key=True,
        default="a member buys",
    )
    tonnes: float = number("Tonnes", "Tonnes bought in a year.", "t/yr", is_fact=True)


# ---- who refines and mines it ------------------------------------------------------------------


def plant_kind() -> Any:
    meaning = "primary: from ore. recycled: from scrap."
    return choice("Kind", meaning, PRIMARY, RECYCLED, value=PRIMARY)


def plant_owner() -> Any:
    meaning = "Country of the owner who controls the plant."
    return country_code("Owner country", meaning, default="its country")


def plant_company() -> Any:
    """Declare the column of the company that owns a plant."""
    meaning = "Company that owns the plant. Upper case and extra spaces make no difference."
    return named("Owner", meaning, default="none", carried=True)


class Refiner(Record):
    """A supplier of one refined mineral: one refinery, or all refining of a company or country."""

    SHEET = "Refiners"
    MEANING = "Who can refine how much of a mineral, where, and at what cost."
    REQUIRED = True

    name: str = named("Refiner", "The refiner.", key=True)
    mineral: str = named("Mineral", "The mineral it refines.", "Minerals", key=True)
    country: str = country_code("Country", "Where it refines.")
    capacity: ByYear = series(
        "Capacity", "Tonnes that it can refine in a year.", "t/yr", is_fact=True
    )
    cost: ByYear = series(
        "Cost", "Cost of a tonne at the refiner's gate, ore included.", "USD/t", is_fact=True
    )
    kind: str = plant_kind()
    owner: str = plant_owner()
    company: str = plant_company()
    first_year: int | None = years("First year", "First year of refining.")
    last_year: int | None = years("Last year", "Last year of refining.")
    available_share: ByYear = fraction(
        "Available share",
        "Fraction of its capacity that the coalition can use.",
        value=ByYear(),
        by_year=True,
        is_fact=True,
        default="1",
    )
    recovery: float = fraction(
        "Recovery",
        "Tonnes of metal refined from each tonne contained in the ore.",
        value=1.0,
        above=True,
    )
    needs_ore: bool | None = yes_no(
        "Needs ore",
        "Whether it takes ore from the sheet Mines.",
        default="yes for primary, no for recycled",
    )
    max_growth: float | None = number(
        "Max growth",
        "Highest yearly growth of its sales to the coalition, as a fraction (above 1 is allowed).",
        most=MOST_MULTIPLE,
        default="no limit",
    )
    extra_usable: ByYear = ByYear(0.0)
    """Usable t/yr that a scenario adds in the refiner's own years; no column."""
    support: ByYear = ByYear(0.0)
    """Payment of a scenario for each tonne that is sold [money/t]; no column."""


class Mine(Record):
    """A country's mines of one mineral, which supply the coalition's refiners with ore."""

    SHEET = "Mines"
    MEANING = "Ore that each country can mine, in contained metal."

    mineral: str = named("Mineral", "The mineral.", "Minerals", key=True)
    country: str = country_code("Country", "Where it is mined.", key=True)
    capacity: ByYear = series(
        "Capacity", "Contained metal that it can mine in a year.", "t/yr", is_fact=True
    )
    premium: float = number(
        "Premium",
        "Extra cost of ore from this country, on top of the refiner's cost.",
        "USD/t",
        value=0.0,
    )
    first_year: int | None = years("First year", "First year of mining.")
    last_year: int | None = years("Last year", "Last year of mining.")


# ---- how refined minerals and ore travel -------------------------------------------------------


class Freight(Record):
    """The freight from one country to each member."""

    SHEET = "Freight"
    MEANING = "Freight from each country to each member, with a column for each member (USD/t)."
    SPREAD = "members"

    country: str = country_code("From country", "The supplier country.", key=True)
    costs: tuple[tuple[str, float], ...] = ()
    """(member, USD/t) of the filled cells."""


def lane_freight(meaning: str, default: str) -> Any:
    """Declare the column Freight of a lane sheet; ``default`` says what a blank cell means."""
    return number("Freight", meaning, "USD/t", default=default)


def lane_tariff(of: str) -> Any:
    """Declare the column Tariff of a lane sheet; ``of`` names the base of the tariff."""
    meaning = f"Tariff as a fraction of {of} (above 1 is allowed)."
    default = "unchanged (0 at first)"
    return number("Tariff", meaning, most=MOST_TARIFF, default=default)


def lane_open() -> Any:
    meaning, default = "no: the lane is closed.", "unchanged (yes at first)"
    return yes_no("Open", meaning, default=default)


class Lane(Record):
    """A row of Lanes, which changes all lanes that it matches.

    If several rows match, the last one counts for each cell that it fills.
    """

    SHEET = "Lanes"
    IS_ORDERED = True
    MEANING = "Changes to lanes, applied from top to bottom. A blank selector matches all."

    mineral: str = selector("Mineral", "The mineral that the lanes carry.", "Minerals")
    country: str = selector("From country", "The country that sells on the lanes.")
    refiner: str = selector(
        "Refiner", "The refiner that sells on the lanes.", "Refiners", "Projects"
    )
    member: str = selector("To member", "The member that buys on the lanes.", "Members")
    tier: str = named(
        "Tier",
        "The tier of demand that the row is for. A row with a tier can only set Open.",
        "Tiers",
        default="all",
    )
    freight: float | None = lane_freight("Freight on the lane.", "unchanged")
    tariff: float | None = lane_tariff("the refiner's cost")
    open: bool | None = lane_open()
    max: float | None = number(
        "Max",
        "Most tonnes in a year from the country, or from the refiner if the row names one.",
        "t/yr",
        default="unchanged (none at first)",
    )
    first_year: int | None = years("First year", "First year in which the row applies.")
    last_year: int | None = years("Last year", "Last year in which the row applies.")
    freight_factor: float = 1.0
    """Factor of a scenario on the freight; no column."""
    company: str = ""
    """The company whose plants a scenario selects ("": all); no column."""
    tariff_added: float = 0.0
    """Addition of a scenario to the tariff; no column."""


class OreLane(Record):
    """A row of Ore lanes, which changes all ore lanes that it matches.

    If several rows match, the last one counts for each cell that it fills.
    """

    SHEET = "Ore lanes"
    IS_ORDERED = True
    MEANING = "Changes to ore lanes, applied from top to bottom. A blank selector matches all."

    mineral: str = selector("Mineral", "The mineral that the lanes carry.", "Minerals")
    mine_country: str = selector("Mine country", "The country that the ore comes from.")
    refiner_country: str = selector("Refiner country", "The country that refines the ore.")
    freight: float | None = lane_freight(
        "Freight of ore per tonne of contained metal.", "unchanged (0 at first)"
    )
    open: bool | None = lane_open()
    first_year: int | None = years("First year", "First year in which the row applies.")
    last_year: int | None = years("Last year", "Last year in which the row applies.")
