"""One mineral, member and year explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.plan.explain.binding import binding
from models.plan.explain.demand import demand_cost
from models.plan.explain.facts import Explanation, Price
from models.plan.explain.label import Labels
from models.plan.explain.price import Pricing

if TYPE_CHECKING:
    from models.plan.plan import Plan


def explain(plan: Plan, mineral: str, member: str, year: int) -> Explanation:
    """Return what sets the price of a mineral for a member in a year, and what binds there.

    The names are the case's own, the year is one of its years; KeyError or ValueError if not.
    Without demand or a stockpile there is no price, and nothing that binds is worth anything there.
    """
    e, d = plan.expanded, plan.expanded.deliveries
    m, j, t = e.mineral_at[mineral], e.member_at[member], e.years.index(year)
    inside = np.array(e.cell(m, t), dtype=np.int64)
    mine = inside[d.member[inside] == j] if len(inside) else inside
    short = plan.value("shortage", (mineral, member, year))
    labels = Labels(plan)
    table = plan.shortages
    table = table[
        (table["mineral"] == mineral) & (table["member"] == member) & (table["year"] == year)
    ]
    pricing = Pricing(labels)
    price = _price(pricing, (m, j, t), year)
    return Explanation(
        mineral=mineral,
        member=member,
        year=year,
        demand=float(e.demand[m, j, t]),
        purchased=float(plan.delivered[mine].sum()),
        short=short,
        nothing=plan.tolerance(mineral, year),
        price=price,
        binding=() if price is None else binding(pricing, mineral, member, year),
        cause=str(table["cause"].iloc[0]) if len(table) else "",
        demand_cost=(
            demand_cost(pricing, mineral, member, year)
            if price is not None and e.demand[m, j, t] > 0
            else None
        ),
    )


def _price(pricing: Pricing, cell: tuple[int, int, int], year: int) -> Price | None:
    """Return the price of the balance of (mineral, member, year) by position, None without one."""
    for laid in pricing.labels.program.row_parts:
        if laid.part.name == "balance":
            at = np.flatnonzero(
                np.logical_and.reduce(
                    [k == want for k, want in zip(laid.part.key, cell, strict=True)]
                )
            )
            if len(at):
                return pricing.price(int(laid.at[at[0]]), year)
    return None
