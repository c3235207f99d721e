"""What a plan of a rolled workbook orders otherwise than the plan before it."""

from __future__ import annotations

from models.results import common
from models.results.field import Look, Result, field
from models.results.supply import Flows


class ChangedOrders(Result):
    """Every order that is not as in the plan before, of the years that both plan.

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
        "Ordered before", Look.TONNES, "Tonnes that the plan before orders; 0: no such order."
    )
    now = field("Ordered now", Look.TONNES, "Tonnes that this plan orders; 0: the order is gone.")
    change = common.CHANGE.like(meaning="Ordered now less ordered before.")
    unit = common.UNIT
    project = common.PROJECT.like(printed=False)
