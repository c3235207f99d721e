"""Sheets beside the input: what came of a year that is over, and what the plan before it said.

They are in no template and no program reads them. A planner fills the first three; ``planner roll``
writes the others into the next workbook, so that the next plan can say what it changes.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.schema.column import CellKind, Record, column, fraction, named, number


@dataclass(frozen=True, kw_only=True)
class Delivery(Record):
    """What came of an order of a plan, or of a purchase that was in no plan."""

    SHEET = "Deliveries"
    MEANING = "What was delivered of each order, and what a tonne of it cost."

    order: str = named(
        "Order",
        "The order's id, as planner orders writes it. With it, no other name is needed.",
        value="",
        default="the order of the names in this row",
    )
    year: int | None = column(
        "Year", CellKind.YEAR, "The year of delivery.", value=None, default="the order's"
    )
    mineral: str = named("Mineral", "What was bought.", "Minerals", value="", default="the order's")
    refiner: str = named("Refiner", "Who sold it.", "Refiners", value="", default="the order's")
    project: str = named(
        "Project",
        "The project that built the plant.",
        "Projects",
        value="",
        default="an existing plant",
    )
    member: str = named("Member", "Who bought it.", "Members", value="", default="the order's")
    contract: str = named("Contract", "Under which contract.", value="", default="none")
    planned: float | None = number(
        "Planned",
        "What the plan orders. The planner does not read this column.",
        "t",
        value=None,
        default="not read",
    )
    planned_price: float | None = number(
        "Planned price",
        "What a tonne costs in the plan, landed. The planner does not read this column.",
        "USD/t",
        value=None,
        default="not read",
    )
    delivered: float | None = number(
        "Delivered", "Tonnes delivered. 0: none.", "t", value=None, default="as planned"
    )
    paid: float | None = number(
        "Paid",
        "What a tonne cost in all: price, tariff, freight and levy.",
        "USD/t",
        value=None,
        default="as planned",
    )
    plan: str = named(
        "Plan", "The plan's id, as planner orders writes it.", value="", default="not checked"
    )


@dataclass(frozen=True, kw_only=True)
class ClosingStock(Record):
    """What a reserve held at the end of a year."""

    SHEET = "Stocks"
    MEANING = "What each reserve held at the end of the year."

    mineral: str = named("Mineral", "The mineral.", "Minerals", key=True)
    member: str = named("Member", "Whose reserve it is.", "Members", key=True)
    year: int = column("Year", CellKind.YEAR, "The year that has ended.", key=True)
    planned: float | None = number(
        "Planned",
        "What the plan holds in it. The planner does not read this column.",
        "t",
        value=None,
        default="not read",
    )
    closing: float | None = number(
        "Closing", "Tonnes at the end of the year.", "t", value=None, default="as planned"
    )


@dataclass(frozen=True, kw_only=True)
class ActualBuild(Record):
    """What was built of a project, where that is not as planned."""

    SHEET = "Built"
    MEANING = "Parts of projects that started output, or will start it, in a year."

    project: str = named("Project", "The project.", "Projects", key=True)
    year: int = column(
        "Year", CellKind.YEAR, "First year of output. A plant that is late has a row for each.",
        key=True,
    )  # fmt: skip
    planned: float | None = fraction(
        "Planned", "What the plan builds for the year. The planner does not read this column.",
        value=None, default="not read",
    )  # fmt: skip
    part: float | None = fraction(
        "Fraction", "Part of the project that starts output in the year. 0: none.", value=None,
        default="as planned",
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class OrderBefore(Record):
    """An order of the plan before this one, of a year that is still planned."""

    SHEET = "Orders before"
    MEANING = "The orders of the plan that this workbook was rolled from."

    year: int = column("Year", CellKind.YEAR, "The year of delivery.")
    mineral: str = named("Mineral", "What is bought.")
    refiner: str = named("Refiner", "Who sells it.")
    project: str = named(
        "Project", "The project that the plant is.", value="", default="an existing plant"
    )
    member: str = named("Member", "Who buys.")
    contract: str = named("Contract", "Under which contract.", value="", default="none")
    tonnes: float = number("Tonnes", "Tonnes of the year.", "t")
    landed: float = number("Landed cost", "What a tonne costs at the member's gate.", "USD/t")


@dataclass(frozen=True, kw_only=True)
class BuildBefore(Record):
    """A part of a project that the plan before this one builds for a year that is still planned."""

    SHEET = "Builds before"
    MEANING = "What the plan that this workbook was rolled from builds from its first year on."

    project: str = named("Project", "The project.", key=True)
    year: int = column("Year", CellKind.YEAR, "First year of output.", key=True)
    part: float = fraction("Fraction", "Part of the project that starts output in the year.")


ACTUALS: tuple[type[Record], ...] = (Delivery, ClosingStock, ActualBuild)
"""The sheets of a workbook of actuals."""
ROUNDS: tuple[type[Record], ...] = (*ACTUALS, OrderBefore, BuildBefore)
"""All of them."""
