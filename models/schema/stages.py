"""The sheets on the inputs of plants, and on the lanes of inputs."""

from __future__ import annotations

from models import tolerances
from models.schema.column import Record, named, number, selector, years, yes_no
from models.schema.market import lane_freight, lane_open, lane_tariff

MOST_RATIO = 1e5
"""Most tonnes of an input for one tonne of product."""


class Input(Record):
    """The tonnes of one mineral that a plant needs to make a tonne of another one."""

    SHEET = "Inputs"
    MEANING = (
        "Which minerals are made from which others. The cost of a product does not include its"
        " inputs."
    )

    mineral: str = named("Mineral", "The product.", "Minerals", key=True)
    refiner: str = named(
        "Refiner",
        "The refiner that needs the input. For this refiner, the row replaces the"
        " general row, which names no refiner.",
        "Refiners",
        "Projects",
        key=True,
        default="every primary refiner and project of the product",
    )
    input: str = named("Input", "The mineral that the product is made from.", "Minerals", key=True)
    tonnes: float = number(
        "Tonnes per tonne",
        "Tonnes of input for each tonne of product: 0 (none is needed), or"
        f" {tolerances.LEAST_RATIO:zf} to {MOST_RATIO:z,.0f}.",
        most=MOST_RATIO,
        is_fact=True,
    )
    joint: bool = yes_no(
        "Joint",
        "yes: one tonne of input gives all joint products of the refiner at once.",
        value=False,
    )


class InputLane(Record):
    """A row of Input lanes, which changes all lanes of inputs that it matches.

    If several rows match, the last one counts for each cell that it fills.
    """

    SHEET = "Input lanes"
    IS_ORDERED = True
    MEANING = (
        "Changes to lanes of inputs, applied from top to bottom. A blank selector matches all."
    )

    input: str = selector("Input", "The input that the lanes carry.", "Minerals")
    country: str = selector("From country", "The country that sells on the lanes.")
    refiner: str = selector("Refiner", "The supplier of the input.", "Refiners", "Projects")
    to_country: str = selector("To country", "The country of the plants that buy the input.")
    to_plant: str = selector(
        "To plant",
        "The refiner that buys the input, with its projects; one that needs the input.",
        "Refiners",
        "Projects",
    )
    freight: float | None = lane_freight("Freight on the lane.", "unchanged (0 at first)")
    tariff: float | None = lane_tariff("the supplier's cost")
    open: bool | None = lane_open()
    first_year: int | None = years("First year", "First year in which the row applies.")
    last_year: int | None = years("Last year", "Last year in which the row applies.")
    freight_factor: float = 1.0
    """Factor of a scenario on the freight; no column."""
    company: str = ""
    """The company whose plants a scenario selects ("": all); no column."""
    tariff_added: float = 0.0
    """Addition of a scenario to the tariff; no column."""
    is_abroad: bool = False
    """Whether the row skips plants in the supplier's own country; only scenarios set it."""
