"""The cost of inputs that plants buy, charged to the buyers of the products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from models.measures import difference
from models.plan.stages import input_cost

if TYPE_CHECKING:
    import pandas as pd

    from models.plan import Plan
    from models.resolve import Floats, Ints


def bought_by_plants(plan: Plan) -> pd.DataFrame:
    """Return the rows of ``Plan.inputs`` that plants buy; members supply the others."""
    return plan.inputs[plan.inputs["member"] == ""]


def sums_by_mineral(
    plan: Plan, mineral: Ints | list[int], amounts: Floats | list[float]
) -> dict[str, float]:
    """Return sums by mineral; ``mineral[i]`` is the position of the mineral of ``amounts[i]``."""
    names, at = plan.expanded.minerals, np.array(mineral, dtype=int)
    return dict(zip(names, np.bincount(at, amounts, len(names)).tolist(), strict=True))


def with_input_costs(
    plan: Plan, amounts: Mapping[str, float], charged: Floats, counted: Floats | float = 0.0
) -> dict[str, float]:
    """Return money by mineral, with the cost of inputs moved to the minerals made from them.

    ``charged`` is the cost of each flow of an input [money]; ``counted`` is the part of it that
    ``amounts`` already has at the input's mineral. If a plant makes nothing in a year, the cost
    stays with the input.
    """
    e, d, flows = plan.expanded, plan.expanded.deliveries, plan.expanded.input_flows
    if not e.intakes:
        return dict(amounts)
    cost = input_cost(plan, charged)
    more, less = np.array([amounts.get(m, 0.0) for m in e.minerals]), np.zeros(len(e.minerals))
    np.add.at(more, d.mineral, plan.delivered * cost[d.source, d.year])
    made = np.array([plan.sold[[r for r, _ in of.needs]].sum(axis=0) for of in e.intakes])
    is_unused = made[flows.intake, flows.year] <= 0
    np.add.at(
        more, flows.mineral, is_unused * (charged + plan.taken * cost[flows.source, flows.year])
    )
    np.add.at(less, flows.mineral, counted)
    pairs = zip(more.tolist(), less.tolist(), strict=True)
    return {
        m: difference(plus, minus, plus) for m, (plus, minus) in zip(e.minerals, pairs, strict=True)
    }
