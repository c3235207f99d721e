"""The sheets that say who needs what, and who refines it."""

from __future__ import annotations

from dataclasses import dataclass

from models.schema.column import MOST_MULTIPLE, ByYear, Kind, Record, column, years

PRIMARY, RECYCLED = "primary", "recycled"
DEMAND, PURCHASES = "demand", "purchases"
COALITION, OTHER = "coalition", "other"
REST_OF_WORLD = "ROW"
"""The code of an unattributed remainder of supply: outside the coalition, capped only by name."""


@dataclass(frozen=True, kw_only=True)
class Settings(Record):
    """What holds for the whole workbook."""

    SHEET = "Settings"
    MEANING = "What holds for the whole workbook; each row is a setting and its value."

    plan_title: str = column(
        "Plan title",
        Kind.TEXT,
        "The title that the plan carries on its first sheet.",
        value="",
        default="the file's name",
    )
    currency: str = column(
        "Currency",
        Kind.TEXT,
        "Three-letter code of the money that every price, cost and header is in.",
        value="USD",
        default="USD",
    )
    price_year: int | None = column(
        "Price year",
        Kind.YEAR,
        "The year whose money the prices are in; a label, nothing is inflated.",
        value=None,
        default="not stated",
    )
    discount_rate: float = column(
        "Discount rate",
        Kind.SHARE,
        "A cost t years after the first year counts (1 + rate)^-t.",
        value=0.0,
        default="0",
    )
    cost_of_capital: float = column(
        "Cost of capital",
        Kind.SHARE,
        "The yearly return that the capital of a project must earn.",
        value=0.08,
        default="0.08",
    )
    default_freight: float | None = column(
        "Default freight",
        Kind.NUMBER,
        "Freight of every pair of supplier country and member that Freight does not give.",
        value=None,
        unit="USD/t",
        default="none: a pair that Freight does not give is an error",
    )
    shortage_cost_multiple: float = column(
        "Shortage cost multiple",
        Kind.NUMBER,
        "A tonne short costs this many times the mineral's price.",
        value=10.0,
        most=MOST_MULTIPLE,
        default="10",
    )
    fair_shortage_weight: float = column(
        "Fair shortage weight",
        Kind.SHARE,
        "What a tonne short beyond a member's part costs on top, as a part of the shortage cost.",
        value=0.1,
        below=True,
        default="0.1",
    )
    share_basis: str = column(
        "Share basis",
        Kind.CHOICE,
        "What a share limit is a share of: the buyer's demand, or what it purchases.",
        value=DEMAND,
        choices=(DEMAND, PURCHASES),
        default="demand",
    )
    switching_cost: float = column(
        "Switching cost",
        Kind.NUMBER,
        "What each tonne costs by which a flow in the first year falls below today's.",
        value=0.0,
        unit="USD/t",
        default="0",
    )
    growth_floor: float = column(
        "Growth floor",
        Kind.SHARE,
        "How much of its usable capacity a refiner that sells nothing today may add in a year, "
        "where Max growth limits it.",
        value=0.1,
        default="0.1",
    )
    whole_projects: bool = column(
        "Whole projects",
        Kind.YES_NO,
        "yes: a project is built in full or not at all.",
        value=False,
        default="no",
    )


@dataclass(frozen=True, kw_only=True)
class Mineral(Record):
    """A refined mineral that the coalition buys."""

    SHEET = "Minerals"
    MEANING = "The refined minerals that the coalition buys."
    REQUIRED = True

    name: str = column("Mineral", Kind.NAME, "The mineral.", key=True)
    price: ByYear = column(
        "Price",
        Kind.NUMBER,
        "Market price; it sets what a shortage costs.",
        unit="USD/t",
        by_year=True,
    )
    shortage_cost: ByYear = column(
        "Shortage cost",
        Kind.NUMBER,
        "What a tonne of unmet demand costs.",
        value=ByYear(),
        unit="USD/t",
        by_year=True,
        default="price x shortage cost multiple",
    )
    unit: str = column(
        "Unit",
        Kind.TEXT,
        'What a tonne is a tonne of, such as "t Li content"; carried into the plan.',
        value="",
        default="t",
    )


@dataclass(frozen=True, kw_only=True)
class Member(Record):
    """A buyer of the coalition."""

    SHEET = "Members"
    MEANING = "The buyers of the coalition: countries, or several countries that buy as one."
    REQUIRED = True

    name: str = column("Member", Kind.NAME, "The member.", key=True)
    country: str = column(
        "Country",
        Kind.COUNTRY,
        "The member's country.",
        value="",
        default="several countries",
    )
    group: str = column(
        "Group",
        Kind.NAME,
        "A name that several members share, such as EU; a share limit can have it as buyer.",
        value="",
        default="none",
    )


@dataclass(frozen=True, kw_only=True)
class Country(Record):
    """A country that refines, mines or buys."""

    SHEET = "Countries"
    MEANING = "Blocs of countries and their governance."

    code: str = column("Country", Kind.COUNTRY, "The country.", key=True)
    blocs: tuple[str, ...] = column(
        "Bloc",
        Kind.NAME,
        "One or more names separated by ; (the bloc coalition is the coalition's own).",
        value=(),
        default="coalition for a member's country, else other",
    )
    governance: float | None = column(
        "Governance",
        Kind.NUMBER,
        "A governance score, such as the mean of the World Bank's indicators (-2.5 to 2.5).",
        value=None,
        least=-1e3,
        most=1e3,
        default="none",
    )


@dataclass(frozen=True, kw_only=True)
class Refiner(Record):
    """A refinery, or a company's or a country's refining of one mineral."""

    SHEET = "Refiners"
    MEANING = "Who can refine how much of a mineral, where, and at what cost."
    REQUIRED = True

    name: str = column("Refiner", Kind.NAME, "The refiner.", key=True)
    mineral: str = column(
        "Mineral", Kind.NAME, "The mineral it refines.", key=True, refers=("Minerals",)
    )
    country: str = column("Country", Kind.COUNTRY, "Where it refines.")
    capacity: ByYear = column(
        "Capacity", Kind.NUMBER, "What it can refine in a year.", unit="t/yr", by_year=True
    )
    cost: ByYear = column(
        "Cost",
        Kind.NUMBER,
        "What a tonne costs at its gate, ore included.",
        unit="USD/t",
        by_year=True,
    )
    kind: str = column(
        "Kind",
        Kind.CHOICE,
        "From ore (primary) or from scrap (recycled).",
        value=PRIMARY,
        choices=(PRIMARY, RECYCLED),
        default="primary",
    )
    owner: str = column(
        "Owner country",
        Kind.COUNTRY,
        "The country of whoever controls it.",
        value="",
        default="its country",
    )
    first_year: int | None = years("First year", "First year in which it refines.")
    last_year: int | None = years("Last year", "Last year in which it refines.")
    available_share: ByYear = column(
        "Available share",
        Kind.SHARE,
        "The part of its capacity that is open to the coalition.",
        value=ByYear(),
        by_year=True,
        default="1",
    )
    recovery: float = column(
        "Recovery",
        Kind.SHARE,
        "Tonnes refined from a tonne contained in ore.",
        value=1.0,
        above=True,
        default="1",
    )
    needs_ore: bool | None = column(
        "Needs ore",
        Kind.YES_NO,
        "Whether it takes ore from Mines.",
        value=None,
        default="yes for primary, no for recycled",
    )
    max_growth: float | None = column(
        "Max growth",
        Kind.NUMBER,
        "How fast its sales to the coalition may grow in a year, a fraction (may exceed 1).",
        value=None,
        most=MOST_MULTIPLE,
        default="no limit",
    )
    extra_usable: ByYear = ByYear(0.0)
    """Usable t/yr that a scenario adds in the refiner's own years; no column."""


@dataclass(frozen=True, kw_only=True)
class Demand(Record):
    """What one member needs of one mineral."""

    SHEET = "Demand"
    MEANING = "What each member needs of each mineral, a column per year (t)."
    REQUIRED = True
    SPREAD = "years"

    mineral: str = column("Mineral", Kind.NAME, "The mineral.", key=True, refers=("Minerals",))
    member: str = column("Member", Kind.NAME, "The member.", key=True, refers=("Members",))
    tier: str = column(
        "Tier",
        Kind.NAME,
        "The tier of this demand, such as defence: its shortage has a cost of its own.",
        value="",
        key=True,
        default="none: the mineral's shortage cost",
        refers=("Tiers",),
    )
    tonnes: tuple[tuple[int, float], ...] = ()
    """(year, t) for every year column of the sheet; a blank cell is 0."""
