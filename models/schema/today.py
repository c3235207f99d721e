"""The sheets that say how demand ranks, and what is bought today."""

from __future__ import annotations

from dataclasses import dataclass

from models.schema.column import MOST_MULTIPLE, Kind, Record, column


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
