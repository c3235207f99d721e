"""The cost of a plan in the years before a given one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from models.plan.plan import Plan


def cost_before(plan: Plan, year: int) -> float:
    """Return the cost of the years before ``year``, discounted to the first year [money]."""
    from models.program.component import columns_named

    over = sum(each < year for each in plan.expanded.years)
    worth = np.where(np.arange(len(plan.expanded.years)) < over, plan.expanded.discounts, 0.0)
    total = 0.0
    for group in plan.program.variables:
        x = plan.x[group.at]
        units = np.maximum(x, 0.0) if columns_named(group.component).is_delivery else x
        total += sum(float((units * c.price * worth[c.year]).sum()) for c in group.charges)
    return total
