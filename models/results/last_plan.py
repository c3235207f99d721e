"""The table of orders that changed since the previous plan."""

from __future__ import annotations

from models.results import common
from models.results.field import Look, Result, field
from models.results.supply import Flows


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
        "Ordered before", Look.TONNES, "Tonnes ordered in the previous plan; 0: no such order."
    )
    now = field("Ordered now", Look.TONNES, "Tonnes ordered in this plan; 0: the order is gone.")
    change = common.CHANGE.like(meaning="Tonnes ordered now minus tonnes ordered before.")
    unit = common.UNIT
    project = common.PROJECT.like(printed=False)
