"""The sheets that say where ore comes from."""

from __future__ import annotations

from dataclasses import dataclass

from models.schema.column import ByYear, Kind, Record, column, years


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
