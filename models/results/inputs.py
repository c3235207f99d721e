"""The table of what plants take in to make a mineral."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.case import Case
from models.results import common
from models.results.common import PlanTable
from models.results.field import Name, field
from models.results.supply import Flows, Prices

if TYPE_CHECKING:
    import pandas as pd

    from models.plan import Plan


PRODUCTS = "; "
"""What stands between the products of a joint input."""


class PlantInputs(PlanTable):
    """Every flow of an input to a plant: bought of another plant, or handed over by a member."""

    TABLE, PLACE, OF = "Inputs", 135, "inputs"
    GRAIN = ("year", "mineral", "refiner", "project", "member", "plant", "plant_project", "product")

    year = common.YEAR
    mineral = common.MINERAL.like(header="Input", meaning="The mineral that goes in.")
    refiner = common.REFINER.like(
        header="Supplier", meaning="Who sells it; blank where a member hands it over."
    )
    country = common.COUNTRY.like(header="Supplier country", meaning="Country of the supplier.")
    member = common.MEMBER.like(
        header="Handed over by",
        meaning="The member that hands it over from what it buys or holds; blank where it is sold.",
    )
    plant = common.PLANT.like(meaning="The refiner that takes it in.", names=Name.REFINER)
    product = field.text("Product", "What the plant makes of it; several for a joint input.")
    plant_country = field.text("Plant country", "Country of the plant.", names=Name.COUNTRY)
    tonnes = common.TONNES
    cost = Flows.cost.like(meaning="The supplier's cost, at the gate.")
    tariff = Flows.tariff
    freight = common.FREIGHT.like(meaning="Freight from the supplier's country to the plant's.")
    support = Flows.support
    levy = Flows.levy
    landed = Flows.landed.like(meaning=f"{Flows.landed.meaning} 0 where it is handed over.")
    total = Flows.total
    worth = Prices.marginal.like(
        meaning="What one tonne more of the input is worth to the plant in that year."
    )
    unused = field.tonnes(
        "Beyond need", "Tonnes that a joint line takes beyond what its products need."
    )
    project = common.PROJECT.like(
        meaning="The project that the supplier is; blank for existing refiners.", printed=False
    )
    plant_project = common.PROJECT.like(
        header="Plant project",
        meaning="The project that the plant is; blank for existing refiners.",
        printed=False,
    )

    @classmethod
    def is_due(cls, plan: Plan, given: Case) -> bool:
        """Return whether plants need inputs, in the plan or in the workbook."""
        return any(case.needed_inputs for case in (plan.case, given))

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        e = plan.expanded
        products = {
            (intake.mineral, intake.refiner): PRODUCTS.join(
                e.sources[r].mineral for r, _ in intake.needs
            )
            for intake in e.intakes
            if intake.is_joint
        }
        rows = zip(table["mineral"], table["plant"], table["product"], strict=True)
        return {
            "tariff": table["cost"] * table["tariff"],
            "product": [product or products[mineral, plant] for mineral, plant, product in rows],
        }
