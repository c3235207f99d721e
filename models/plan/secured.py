"""The supply left in a plan if a country is lost, and the targets of Security."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from models.measures import POINT, survived_share
from models.program.families.projects import CAPACITY as PROJECT_CAPACITY
from models.program.families.refining import CAPACITY as REFINING_CAPACITY
from models.program.families.security import ORE, RESERVE, SURGE, SURVIVAL, security_requirements
from models.program.families.stockpiles import STOCK
from models.resolve import Floats, Survival, sellers

if TYPE_CHECKING:
    from models.program import Solved

SECURED = "row year mineral country demand lost left served target missing binding point"


def secured_rows(plan: Solved) -> Iterator[tuple[Any, ...]]:
    """Yield a row (columns ``SECURED``) per row of Security, lost country, mineral and year."""
    e, every = plan.expanded, [*security_requirements(plan.expanded)]
    cells = {(e.mineral_at[s.mineral], e.years.index(s.year)) for s in every}
    supply = plan.sold + _possible_surge(plan, cells)
    country, mineral = (
        np.array([getattr(source, name) for source in e.sources], dtype=object)
        for name in ("country", "mineral")
    )
    for s in every:
        t, here, mine = e.years.index(s.year), mineral == s.mineral, country == s.country
        left = float(supply[here & ~mine, t].sum()) + _counted_stocks(plan, s)
        target, nothing = 1.0 - s.most_short, plan.tolerance(s.mineral, s.year)
        need = s.demand + _used_elsewhere(plan, s)
        missing = target * need - left  # the program's own column is free if its penalty is 0
        yield (
            s.row, s.year, s.mineral, s.country, need, float(plan.sold[here & mine, t].sum()),
            left, survived_share(left, need), target, missing if missing > nothing else 0.0,
            left <= target * need + nothing, plan.dual(SURVIVAL, s.key) * POINT * need,
        )  # fmt: skip


def _used_elsewhere(plan: Solved, s: Survival) -> float:
    """Return the use of an input by plants outside a country, and the need of unmet demand [t]."""
    if not s.is_input:
        return 0.0
    e = plan.expanded
    m, t = e.mineral_at[s.mineral], e.years.index(s.year)
    home = np.array([plant.country == s.country for plant in e.plant_inputs], dtype=bool)
    found = float(plan.plant_demand[m, t])
    for flows, tonnes in (
        (e.input_flows, plan.delivered_to_plants),
        (e.plant_transfers, plan.transferred),
    ):
        here = (flows.mineral == m) & (flows.year == t) & home[flows.plant_input]
        found -= float(tonnes[here].sum())
    return found


def _counted_stocks(plan: Solved, s: Survival) -> float:
    """Return the stocks that count [t]: at the end of the year before, or the opening stocks."""
    years, members = plan.expanded.years, plan.expanded.members
    t = years.index(s.year)
    if t == 0 or not s.record.count_stocks:
        return s.opening
    return sum(plan.value(STOCK, (s.mineral, member, years[t - 1])) for member in members)


def _possible_surge(plan: Solved, cells: set[tuple[int, int]]) -> Floats:
    """Return each source's possible extra sales [t/yr], by (source, year), in some cells.

    The program has only as much of them as it needs. The rest that surge, capacity and ore allow is
    added here; ore goes first to the sources with the highest recovery.
    """
    e, reserves = plan.expanded, np.zeros(plan.sold.shape)
    for m, t in cells:
        year, selling = e.years[t], [(r, e.sources[r]) for r in sellers(e, m, t)]
        mined = plan.row_at(ORE, (e.minerals[m], year))
        ore = float(plan.slack[mined]) if mined >= 0 else math.inf
        room: dict[int, float] = {}
        for r, source in selling:
            key = (*source.key, year)
            reserves[r, t] = plan.value(RESERVE, key)
            ore -= reserves[r, t] / source.recovery if source.needs_ore else 0.0
            capacity_row = plan.row_at(REFINING_CAPACITY, (source.name, source.mineral, year))
            capacity = plan.row_at(PROJECT_CAPACITY, key) if source.project else capacity_row
            limits = [row for row in (plan.row_at(SURGE, key), capacity) if row >= 0]
            room[r] = max(0.0, float(plan.slack[limits].min()) - reserves[r, t])
        for r, source in sorted(selling, key=lambda each: -each[1].recovery):
            more = min(room[r], max(0.0, ore) * source.recovery) if source.needs_ore else room[r]
            ore -= more / source.recovery if source.needs_ore else 0.0
            reserves[r, t] += more
    return reserves
