"""The tables of one planning round after another: what differed, was carried over and changed."""

from __future__ import annotations

from models.results import common, proof
from models.results.field import Format, Result, field
from models.results.supply import Flows

BOOK = "roll"
PRICE, PLANT, STOCK, OTHER = "price", "plant", "stock", "other"
"""Why an order changes."""


class SupplierVariance(Result):
    """Planned and actual deliveries, by mineral and supplier.

    The difference in cost is split into a part due to price and a part due to quantity, which add
    up to it exactly.
    """

    TABLE, BOOK, GRAIN = "What differed", BOOK, ("mineral", "refiner")

    mineral = common.MINERAL
    refiner = common.REFINER
    country = common.COUNTRY
    planned = field.tonnes("Planned", "Tonnes ordered in the plan.")
    delivered = field.tonnes(
        "Delivered", "Tonnes delivered; if no figure is given, the planned tonnes."
    )
    change = field.tonnes("Difference", "Delivered minus planned tonnes.")
    planned_money = field.money("Planned cost", "Planned tonnes x planned landed cost.")
    paid_money = field.money("Paid in all", "Delivered tonnes x landed cost paid.")
    money = field.money("Difference in cost", "Paid in all minus planned cost.")
    by_price = field.money(
        "By price",
        "(Landed cost paid per tonne - planned landed cost per tonne) x delivered tonnes.",
    )
    by_quantity = field.money(
        "By quantity", "Planned landed cost per tonne x (delivered tonnes - planned tonnes)."
    )
    missed = field.tonnes(
        "Not delivered",
        "Planned minus delivered tonnes; 0 if at least as much was delivered.",
        optional=True,
    )
    missed_money = field.money(
        "Cost of what was not delivered",
        "Tonnes not delivered x planned landed cost per tonne.",
        optional=True,
    )
    orders = field("Orders", Format.COUNT, optional=True)
    unreported = field(
        "Orders not reported",
        Format.COUNT,
        "Orders without a figure: they count as planned.",
        optional=True,
    )


class CarriedOver(Result):
    """Every cell that changed from the previous workbook, with its old value and the reason."""

    TABLE, BOOK = "Carried over", BOOK

    sheet = common.SHEET
    cell = proof.Checks.cell.like("The cell in this workbook.")
    what = common.WHAT.like(
        fmt=Format.LONG, meaning="The names in the row; Note: a note on what is carried over."
    )
    column = common.COLUMN
    before = field.text("Was", "The value in the previous workbook; blank: it had none.")
    after = field.text("Is now", "The value in this workbook; blank: it was removed.")
    reason = field("Why", Format.LONG, "The source of the new value.")


class ChangedOrders(Result):
    """Every order that differs from the previous plan, in the years that both plans cover.

    Only plans of workbooks that planner roll wrote have this sheet.
    """

    TABLE, PLACE = "Since last plan", 155
    GRAIN = ("year", "mineral", "refiner", "project", "member", "contract")

    year = common.YEAR
    mineral = common.MINERAL
    refiner = common.REFINER
    member = common.MEMBER
    contract = Flows.contract
    before = field(
        "Ordered before", Format.TONNES, "Tonnes ordered in the previous plan; 0: no such order."
    )
    now = field("Ordered now", Format.TONNES, "Tonnes ordered in this plan; 0: the order is gone.")
    change = common.CHANGE.like("Tonnes ordered now minus tonnes ordered before.")
    unit = common.UNIT
    why = CarriedOver.reason.like(
        fmt=Format.TEXT,
        meaning=f"{PRICE}: the landed cost of the supplier, or of another one of the mineral, has"
        f" changed. {PLANT}: a plant for the mineral is built in other years. {STOCK}: the"
        f" stockpile holds other than planned (in workbooks of planner roll). {OTHER}: none"
        " of these, such as an exchange that costs nothing.",
    )
    because = field.text("Because of", "The plant, the supplier, or the member with the stockpile.")
    project = common.PROJECT.like(printed=False)


class ChangedBuilds(Result):
    """Every plant of which the plan builds another part in a year than the previous plan did.

    Only plans of workbooks that planner roll wrote have this sheet.
    """

    TABLE, PLACE = "Plants since last plan", 156
    GRAIN = ("project", "year")

    project = common.PROJECT
    mineral = common.MINERAL
    country = common.COUNTRY
    year = common.YEAR.like("The first year of output.")
    before = field("Built before", Format.FACTOR, "The fraction of the plant in the previous plan.")
    now = field("Built now", Format.FACTOR, "The fraction of the plant in this plan.")
    change = common.CHANGE.like("Built now minus built before.", fmt=Format.FACTOR)
