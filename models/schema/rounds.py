"""Sheets about past years: actual deliveries, stocks and builds, and the previous plan.

No template has them, and no linear program reads them. A planner fills the first three sheets.
``planner roll`` writes the other two into the next workbook, so that the next plan can show what
it changes.
"""

from __future__ import annotations

from models.schema.column import CellKind, Record, column, fraction, named, number


class Delivery(Record):
    """The actual delivery on an order, or on a purchase that no plan has."""

    SHEET = "Deliveries"
    MEANING = "Tonnes delivered on each order, and their cost per tonne."

    order: str = named(
        "Order",
        "The order's id, as planner orders writes it. A row with an id needs no other names.",
        default="the order that has the names in this row",
    )
    year: int | None = column("Year", CellKind.YEAR, "The year of delivery.", default="the order's")
    mineral: str = named("Mineral", "The mineral bought.", "Minerals", default="the order's")
    refiner: str = named("Refiner", "The refiner that sold it.", "Refiners", default="the order's")
    project: str = named(
        "Project", "The project that built the plant.", "Projects", default="an existing plant"
    )
    member: str = named("Member", "The member that bought it.", "Members", default="the order's")
    contract: str = named(
        "Contract", "The contract, if the tonnes are bought under one.", default="none"
    )
    planned: float | None = number(
        "Planned",
        "Tonnes that the plan orders. The planner does not read this column.",
        "t",
        default="not read",
    )
    planned_price: float | None = number(
        "Planned price",
        "Landed cost of a tonne in the plan. The planner does not read this column.",
        "USD/t",
        default="not read",
    )
    delivered: float | None = number(
        "Delivered", "Tonnes delivered. 0: none.", "t", default="as planned"
    )
    paid: float | None = number(
        "Paid",
        "Total cost of a tonne: price, tariff, freight and levy.",
        "USD/t",
        default="as planned",
    )
    plan: str = named("Plan", "The plan's id, as planner orders writes it.", default="not checked")


class ClosingStock(Record):
    """A stockpile at the end of a year."""

    SHEET = "Stocks"
    MEANING = "Tonnes in each stockpile at the end of the year."

    mineral: str = named("Mineral", "The mineral.", "Minerals", key=True)
    member: str = named("Member", "The member that owns the stockpile.", "Members", key=True)
    year: int = column("Year", CellKind.YEAR, "The year that has ended.", key=True)
    planned: float | None = number(
        "Planned",
        "Tonnes in the stockpile in the plan. The planner does not read this column.",
        "t",
        default="not read",
    )
    closing: float | None = number(
        "Closing", "Tonnes at the end of the year.", "t", default="as planned"
    )


class ActualBuild(Record):
    """The part of a project that was actually built, if it differs from the plan."""

    SHEET = "Built"
    MEANING = "Parts of projects that started output, or will start it, in a year."

    project: str = named("Project", "The project.", "Projects", key=True)
    year: int = column(
        "Year",
        CellKind.YEAR,
        "First year of output. A late plant has one row per year in which a part of it starts.",
        key=True,
    )
    planned: float | None = fraction(
        "Planned",
        "Fraction that the plan builds for the year. The planner does not read this column.",
        default="not read",
    )
    part: float | None = fraction(
        "Fraction",
        "Fraction of the project that starts output in the year. 0: none.",
        default="as planned",
    )


class PreviousOrder(Record):
    """An order in the previous plan for a year that is still ahead."""

    SHEET = "Orders before"
    MEANING = "The orders of the previous plan, from which this workbook was made."

    year: int = column("Year", CellKind.YEAR, "The year of delivery.")
    mineral: str = named("Mineral", "The mineral bought.")
    refiner: str = named("Refiner", "The refiner that sells it.")
    project: str = named(
        "Project", "The project that built the plant.", default="an existing plant"
    )
    member: str = named("Member", "The member that buys.")
    contract: str = named(
        "Contract", "The contract, if the tonnes are bought under one.", default="none"
    )
    tonnes: float = number("Tonnes", "Tonnes of the year.", "t")
    landed: float = number("Landed cost", "Cost of a tonne at the member's gate.", "USD/t")


class PreviousBuild(Record):
    """A part of a project that the previous plan builds for a year that is still ahead."""

    SHEET = "Builds before"
    MEANING = "Parts of projects that the previous plan builds, from its first year on."

    project: str = named("Project", "The project.", key=True)
    year: int = column("Year", CellKind.YEAR, "First year of output.", key=True)
    part: float = fraction("Fraction", "Fraction of the project that starts output in the year.")


ACTUALS: tuple[type[Record], ...] = (Delivery, ClosingStock, ActualBuild)
"""The sheets of the workbook with actual figures."""
ROUNDS: tuple[type[Record], ...] = (*ACTUALS, PreviousOrder, PreviousBuild)
"""All sheets of this module."""
