"""The table of levies that are paid at borders with a price floor, by year and payer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models import measures
from models.results import common
from models.results.common import PlanTable
from models.results.field import Name, field

if TYPE_CHECKING:
    import pandas as pd

    from models.plan import Plan


def levies_paid(plan: Plan) -> pd.DataFrame:
    """Return one row for each year, mineral and payer of a levy: its tonnes and levies [money].

    The payer is a ``member``, or a ``plant`` in a member's country that buys an input; the other
    column is "".
    """
    flows = plan.flows.assign(levy=plan.flows.get("levy", 0.0), plant="")
    flows = flows.assign(levies=flows["tonnes"] * flows["levy"])[flows["levy"] > 0]
    payer, amounts = ["year", "mineral", "member", "plant"], ["tonnes", "levies"]
    e, paid = plan.expanded, plan.input_levies
    inputs = [
        (e.years[e.input_flows.year[k]], e.minerals[e.input_flows.mineral[k]], "",
         e.intakes[e.input_flows.intake[k]].plant, plan.taken[k], paid[k])
        for k in np.flatnonzero(paid > 0).tolist()
    ]  # fmt: skip
    if inputs:
        import pandas as pd  # a check does without

        columns = [*payer, *amounts]
        flows = pd.concat([flows[columns], pd.DataFrame(inputs, columns=columns)])
    return flows.groupby(payer, as_index=False)[amounts].sum()


def levies_received(plan: Plan) -> dict[str, float]:
    """Return the levies [money] that the treasury of each member receives, in all years.

    A treasury receives the levies of its own member, and of plants in its country that buy inputs.
    If several members have the same country, they share the plants' levies equally.
    """
    e = plan.expanded
    received = measures.sums(levies_paid(plan), "levies", "member")
    for k in np.flatnonzero(plan.input_levies > 0).tolist():
        country = e.intakes[e.input_flows.intake[k]].country
        names = [member.name for member in plan.case.members if member.country == country]
        for name in names:
            each = float(plan.input_levies[k]) / len(names)
            received[name] = received.get(name, 0.0) + each
    return received


class Levies(PlanTable):
    """Who pays levies at borders with a price floor, by year and mineral."""

    TABLE, PLACE = "Levies", 42
    SHOWN_FOR = "price_floors"
    GRAIN = ("year", "mineral", "member", "plant")

    year = common.YEAR
    mineral = common.MINERAL
    member = common.MEMBER.like(
        meaning="The member that buys these tonnes and pays the levy; blank if a plant pays it."
    )
    plant = common.PLANT.like(
        meaning="The plant that buys these tonnes as an input and pays the levy.",
        names=Name.REFINER,
        optional=True,
    )
    tonnes = common.TONNES.like(meaning="Tonnes on which a levy is paid.")
    levies = field.money(
        "Levies",
        f"Tonnes x levy. The treasury of the buyer's country receives it. {common.UNDISCOUNTED}",
    )
    each = field.price("Levy per tonne", "Levies divided by tonnes.")

    @classmethod
    def table(cls, plan: Plan) -> pd.DataFrame:
        """Return the levies of the plan, without the column of plants if no plant pays one."""
        table = levies_paid(plan)
        return table if table["plant"].any() else table.drop(columns="plant")

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        del plan
        return {"each": table["levies"] / table["tonnes"]}
