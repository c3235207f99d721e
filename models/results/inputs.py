"""The table of the inputs that plants use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.results import common
from models.results.common import PlanTable
from models.results.field import Name, field
from models.results.supply import Flows, Prices

if TYPE_CHECKING:
    import pandas as pd

    from models.plan import Plan


PRODUCTS = "; "
"""The separator between the products of a joint input."""


class PlantInputs(PlanTable):
    """Every flow of an input to a plant, which a plant sells or a member supplies."""

    TABLE, PLACE, PLAN_TABLE = "Inputs", 135, "inputs"
    PRINTED = False
    SHOWN_FOR = "needed_inputs"
    GRAIN = ("year", "mineral", "refiner", "project", "member", "plant", "plant_project", "product")

    year = common.YEAR
    mineral = common.MINERAL.like(
        header="Input", meaning="The mineral that the plant uses as an input."
    )
    refiner = common.REFINER.like(
        header="Supplier", meaning="The refiner that sells it; blank if a member supplies it."
    )
    country = common.COUNTRY.like(header="Supplier country", meaning="Country of the supplier.")
    member = common.MEMBER.like(
        header="Member",
        meaning="The member that supplies it from purchases or stock; blank if a refiner does.",
    )
    plant = common.PLANT.like("The refiner that uses the input.", names=Name.REFINER)
    product = field.text(
        "Product", "The product that the plant makes from it; several for a joint input."
    )
    plant_country = field.country("Plant country", "Country of the plant.")
    tonnes = common.TONNES
    cost = Flows.cost.like("The supplier's cost of a tonne, at its gate.")
    tariff = Flows.tariff
    freight = common.FREIGHT.like("Freight from the supplier's country to the plant's.")
    support = Flows.support
    levy = Flows.levy
    landed = Flows.landed.like(f"{Flows.landed.meaning} 0 if a member supplies it.")
    total = Flows.total
    worth = Prices.marginal.like("Value of one more tonne of the input to the plant in that year.")
    unused = field.tonnes(
        "More than needed",
        "Tonnes of a joint input that the plant uses and its products do not need.",
    )
    project = common.PROJECT.like(
        "The project, if the supplier is one; blank for existing refiners.", printed=False
    )
    plant_project = common.PROJECT.like(
        header="Plant project",
        meaning="The project, if the plant is one; blank for existing refiners.",
        printed=False,
    )

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        minerals, products = [source.mineral for source in plan.expanded.sources], {}
        for plant_input in plan.expanded.plant_inputs:
            if plant_input.is_joint:
                names = (minerals[source] for source, _ in plant_input.needs)
                products[plant_input.mineral, plant_input.refiner] = PRODUCTS.join(names)
        rows = zip(table["mineral"], table["plant"], table["product"], strict=True)
        return {
            "tariff": table["cost"] * table["tariff"],
            "product": [product or products[mineral, plant] for mineral, plant, product in rows],
        }
