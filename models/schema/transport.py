"""The sheets that say how refined minerals travel."""

from __future__ import annotations

from dataclasses import dataclass

from models.schema.column import MOST_TARIFF, Kind, Record, column, years


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
