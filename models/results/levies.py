"""The table of levies: what is paid at borders with a price floor, by year and payer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.results import common
from models.results.common import PlanTable
from models.results.field import field

if TYPE_CHECKING:
    import pandas as pd

    from models.plan import Plan


def levied(plan: Plan) -> pd.DataFrame:
    """Return a row a year, mineral and payer of a levy: tonnes that pay it, levies [money].

    A payer is a member, or a plant in a member's country that buys an input.
    """
    import pandas as pd

    of = plan.flows.assign(levy=plan.flows.get("levy", 0.0))
    of = of.assign(levies=of["tonnes"] * of["levy"])[of["levy"] > 0]
    columns = ["year", "mineral", "member", "tonnes", "levies"]
    e, paid = plan.expanded, plan.input_levies
    flows, at = e.input_flows, np.flatnonzero(paid > 0)
    plants = [
        (e.years[flows.year[k]], e.minerals[flows.mineral[k]], e.intakes[flows.intake[k]].plant,
         plan.taken[k], paid[k])
        for k in at.tolist()
    ]  # fmt: skip
    of = pd.concat([of[columns], pd.DataFrame(plants, columns=columns)]) if plants else of
    return of.groupby(["year", "mineral", "member"], as_index=False)[["tonnes", "levies"]].sum()


class Levies(PlanTable):
    """Who pays levies at borders with a price floor, by year and mineral."""

    TABLE, PLACE = "Levies", 42
    GIVEN = "price_floors"
    GRAIN = ("year", "mineral", "member")

    year = common.YEAR
    mineral = common.MINERAL
    member = common.MEMBER.like(
        meaning="Who buys these tonnes and pays the levy: a member, or a plant that buys an input."
    )
    tonnes = common.TONNES.like(meaning="Tonnes on which a levy is paid.")
    levies = field.money(
        "Levies",
        "Tonnes x levy. Its own treasury receives it. Undiscounted.",
    )
    each = field.price("Levy per tonne", "Levies over tonnes.")

    @classmethod
    def table(cls, plan: Plan) -> pd.DataFrame:
        return levied(plan)

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        del plan
        return {"each": table["levies"] / table["tonnes"]}
