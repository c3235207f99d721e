"""The sheets that say where ore comes from, how refined minerals travel, what is bought today."""

from __future__ import annotations

from dataclasses import dataclass

from models.schema.column import MOST_MULTIPLE, MOST_TARIFF, ByYear, Kind, Record, column, years

# ---- where ore comes from ----------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Mine(Record):
    """What a country can mine of a mineral for the coalition's refiners."""

    SHEET = "Mines"
    MEANING = "Ore: what each country can mine, in contained metal."

    mineral: str = column("Mineral", Kind.NAME, "The mineral.", key=True, refers=("Minerals",))
    country: str = column("Country", Kind.COUNTRY, "Where it is mined.", key=True)
    capacity: ByYear = column(
        "Capacity",
        Kind.NUMBER,
        "Contained metal that can be mined in a year.",
        unit="t/yr",
        by_year=True,
    )
    premium: float = column(
        "Premium",
        Kind.NUMBER,
        "What its ore costs on top of the refiner's cost.",
        value=0.0,
        unit="USD/t",
        default="0",
    )
    first_year: int | None = years("First year", "First year in which it is mined.")
    last_year: int | None = years("Last year", "Last year in which it is mined.")


@dataclass(frozen=True, kw_only=True)
class OreLane(Record):
    """A change to the ore lanes it matches; a later row overrides, cell by cell."""

    SHEET = "Ore lanes"
    MEANING = "Changes to the lanes of ore, applied top to bottom; a blank selector matches all."

    mineral: str = column(
        "Mineral", Kind.NAME, "Which mineral.", value="", default="all", refers=("Minerals",)
    )
    mine_country: str = column(
        "Mine country", Kind.COUNTRY, "From which country.", value="", default="all"
    )
    refiner_country: str = column(
        "Refiner country", Kind.COUNTRY, "To refiners of which country.", value="", default="all"
    )
    freight: float | None = column(
        "Freight",
        Kind.NUMBER,
        "Freight of a tonne contained.",
        value=None,
        unit="USD/t",
        default="as it stood (0 at first)",
    )
    open: bool | None = column(
        "Open",
        Kind.YES_NO,
        "no: nothing flows.",
        value=None,
        default="as it stood (yes at first)",
    )
    first_year: int | None = years("First year", "First year in which the row holds.")
    last_year: int | None = years("Last year", "Last year in which the row holds.")


# ---- how refined minerals travel ---------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Freight(Record):
    """What it costs to ship from one country to each member."""

    SHEET = "Freight"
    MEANING = "Freight from a country to each member, a column per member (USD/t)."
    SPREAD = "members"

    country: str = column("From country", Kind.COUNTRY, "The supplier country.", key=True)
    costs: tuple[tuple[str, float], ...] = ()
    """(member, USD/t) where a cell is filled."""


@dataclass(frozen=True, kw_only=True)
class Lane(Record):
    """A change to the lanes it matches; a later row overrides, cell by cell."""

    SHEET = "Lanes"
    MEANING = "Changes to lanes, applied top to bottom; a blank selector matches all."

    mineral: str = column(
        "Mineral", Kind.NAME, "Which mineral.", value="", default="all", refers=("Minerals",)
    )
    country: str = column(
        "From country", Kind.COUNTRY, "Which supplier country.", value="", default="all"
    )
    refiner: str = column(
        "Refiner",
        Kind.NAME,
        "Which refiner.",
        value="",
        default="all",
        refers=("Refiners", "Projects"),
    )
    member: str = column(
        "To member", Kind.NAME, "Which member.", value="", default="all", refers=("Members",)
    )
    freight: float | None = column(
        "Freight",
        Kind.NUMBER,
        "Freight on the lane.",
        value=None,
        unit="USD/t",
        default="as it stood",
    )
    tariff: float | None = column(
        "Tariff",
        Kind.NUMBER,
        "Tariff, a fraction of the refiner's cost (may exceed 1).",
        value=None,
        most=MOST_TARIFF,
        default="as it stood (0 at first)",
    )
    open: bool | None = column(
        "Open",
        Kind.YES_NO,
        "no: nothing flows.",
        value=None,
        default="as it stood (yes at first)",
    )
    max: float | None = column(
        "Max",
        Kind.NUMBER,
        "Most that flows in a year: from the country, or from the refiner where one is named.",
        value=None,
        unit="t/yr",
        default="as it stood (none at first)",
    )
    first_year: int | None = years("First year", "First year in which the row holds.")
    last_year: int | None = years("Last year", "Last year in which the row holds.")
    freight_factor: float = 1.0
    """What a scenario multiplies the freight by; no column."""


# ---- how demand ranks, and what is bought today ------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Tier(Record):
    """A rank of demand: what it costs to leave it unmet."""

    SHEET = "Tiers"
    MEANING = "Ranks of demand: a shortage falls on the tier with the lowest multiple first."

    name: str = column("Tier", Kind.NAME, "The tier, such as defence, essential, other.", key=True)
    multiple: float = column(
        "Shortage cost multiple",
        Kind.NUMBER,
        "A tonne of this tier short costs this many times the mineral's price.",
        most=MOST_MULTIPLE,
    )


@dataclass(frozen=True, kw_only=True)
class CurrentSupply(Record):
    """What a member buys from a refiner today."""

    SHEET = "Current supply"
    MEANING = "Who buys how much from whom today: what the plan is set beside."

    refiner: str = column("Refiner", Kind.NAME, "The refiner.", key=True, refers=("Refiners",))
    mineral: str = column("Mineral", Kind.NAME, "The mineral.", key=True, refers=("Minerals",))
    member: str = column("Member", Kind.NAME, "Who buys.", key=True, refers=("Members",))
    tonnes: float = column("Tonnes", Kind.NUMBER, "What it buys in a year.", unit="t/yr")
