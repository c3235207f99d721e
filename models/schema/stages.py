"""The sheets that say what a mineral is made from, and how that travels to the plants."""

from __future__ import annotations

from dataclasses import dataclass

from models import tolerances
from models.schema.column import CellKind, Record, column, named, number, selector, years
from models.schema.market import lane_freight, lane_open, lane_tariff

MOST_RATIO = 1e5
"""Tonnes of an input at most for a tonne of the product."""


@dataclass(frozen=True, kw_only=True)
class Input(Record):
    """What a plant needs of another mineral to make one."""

    SHEET = "Inputs"
    MEANING = (
        "Which minerals are made from which others. The cost of a product does not include its"
        " inputs."
    )

    mineral: str = named("Mineral", "The product.", "Minerals", key=True)
    refiner: str = named(
        "Refiner",
        "The refiner that needs the input. A row that names a refiner replaces, for it, the row"
        " that names none.",
        "Refiners",
        "Projects",
        value="",
        key=True,
        default="every primary refiner and project of the product",
    )
    input: str = named("Input", "The mineral it is made from.", "Minerals", key=True)
    tonnes: float = number(
        "Tonnes per tonne",
        "Tonnes of input for each tonne of product: 0 (none is needed), or"
        f" {tolerances.LEAST_RATIO:zf} to {MOST_RATIO:z,.0f}.",
        most=MOST_RATIO,
    )
    joint: bool = column(
        "Joint",
        CellKind.YES_NO,
        "yes: one tonne of input gives all joint products of the refiner at once.",
        value=False,
    )


@dataclass(frozen=True, kw_only=True)
class InputLane(Record):
    """A change to the lanes of inputs that it matches; a later row overrides, cell by cell."""

    SHEET = "Input lanes"
    IS_ORDERED = True
    MEANING = (
        "Changes to lanes of inputs, applied from top to bottom. A blank selector matches all."
    )

    input: str = selector("Input", "Which input.", "Minerals")
    country: str = selector("From country", "Which supplier country.")
    refiner: str = selector("Refiner", "Which supplier.", "Refiners", "Projects")
    to_country: str = selector("To country", "Plants of which country.")
    freight: float | None = lane_freight("Freight on the lane.", "unchanged (0 at first)")
    tariff: float | None = lane_tariff("the supplier's cost")
    open: bool | None = lane_open()
    first_year: int | None = years("First year", "First year of the row.")
    last_year: int | None = years("Last year", "Last year of the row.")
    freight_factor: float = 1.0
    """What a scenario multiplies the freight by; no column."""
    company: str = ""
    """The company whose plants a scenario selects ("": all); no column."""
    tariff_added: float = 0.0
    """What a scenario adds to the tariff; no column."""
    is_abroad: bool = False
    """Whether it leaves out plants in the supplier's own country, as a scenario may; no column."""
