"""What a rolled workbook says of the years that are over, and what it takes over from them."""

from __future__ import annotations

from models.results import common, proof
from models.results.field import Look, Result, field

BOOK = "roll"


class SupplierVariance(Result):
    """What was planned of each mineral from each supplier, and what came.

    The difference in money is split by price and by quantity. The two add up, to the cent.
    """

    TABLE, BOOK, GRAIN = "What differed", BOOK, ("mineral", "refiner")

    mineral = common.MINERAL
    refiner = common.REFINER
    country = common.COUNTRY
    planned = field.tonnes("Planned", "Tonnes that the plan orders.")
    delivered = field.tonnes(
        "Delivered", "Tonnes delivered; the planned tonnes where no figure is given."
    )
    change = field.tonnes("Difference", "Delivered less planned.")
    planned_money = field.money("Planned cost", "Planned tonnes at the planned landed cost.")
    paid_money = field.money("Paid in all", "Delivered tonnes at what was paid for them.")
    money = field.money("Difference in cost", "Paid less planned cost.")
    by_price = field.money(
        "By price", "What was paid less the planned landed cost, times delivered tonnes."
    )
    by_quantity = field.money(
        "By quantity", "The planned landed cost, times delivered less planned tonnes."
    )


class CarriedOver(Result):
    """Every cell that differs from the workbook before, with what it was and why."""

    TABLE, BOOK = "Carried over", BOOK

    sheet = common.SHEET
    cell = proof.Checks.cell.like(meaning="Where it is in this workbook.")
    what = common.WHAT.like(look=Look.LONG, meaning="What the row is of.")
    column = common.COLUMN
    before = field.text("Was", "What the workbook before has; blank: nothing.")
    after = field.text("Is now", "What this workbook has; blank: taken out.")
    reason = field("Why", Look.LONG, "Where the new value comes from.")
