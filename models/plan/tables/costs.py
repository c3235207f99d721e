"""Cost by heading: what each unit costs, times how much of it the plan has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from models.program.component import Columns, headings
from models.resolve import Floats, Ints

if TYPE_CHECKING:
    from models.plan.plan import Plan


def costs(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.costs``: every heading, in the order in which they are told."""
    found = [
        (heading, float(money.sum()), float(discounted.sum()))
        for heading, money, discounted, _ in _charges(plan)
    ]
    return pd.DataFrame(found, columns=["heading", "money", "discounted"])


def mineral_costs(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.mineral_costs``: the same headings, of each mineral alone."""
    found: list[tuple[str, str, float, float]] = []
    every = list(_charges(plan))
    for m, mineral in enumerate(plan.expanded.minerals):
        for heading, money, discounted, of in every:
            own = of == m
            found.append((mineral, heading, float(money[own].sum()), float(discounted[own].sum())))
    return pd.DataFrame(found, columns=["mineral", "heading", "money", "discounted"])


def _charges(plan: Plan) -> Iterator[tuple[str, Floats, Floats, Ints]]:
    """Yield each heading, its amounts of money, the same discounted, and whose mineral each is."""
    years = len(plan.expanded.years)
    worth = np.array([plan.case.discount(year) for year in plan.expanded.years])
    none = (np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64))
    found = {heading: [none] for heading in headings()}
    for group in plan.program.variables:
        of, x = group.component, plan.x[group.at]
        units = np.maximum(x, 0.0) if isinstance(of, Columns) and of.is_delivery else x
        for charge in group.charges:
            money = units * charge.price
            found[charge.heading].append((money, money * worth[charge.year], group.cell // years))
    for heading, parts in found.items():
        money, discounted, mineral = (np.concatenate(part) for part in zip(*parts, strict=True))
        yield heading.name, money, discounted, mineral
