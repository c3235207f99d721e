"""Supports resolved: the plants of a row, and the members that pay for it."""

from __future__ import annotations

from models.case import Case, in_force
from models.resolve.expanded import Expanded
from models.resolve.sources import Source
from models.resolve.stages import need_ratios
from models.schema import Support


def supported(expanded: Expanded, row: Support) -> list[int]:
    """Return the sources of the row's mineral that a row of Supports names, by position.

    They are the refiner or project of that name. If there is none, they are all projects that sell
    under a refiner of that name.
    """
    own = [
        i
        for i, s in enumerate(expanded.sources)
        if s.mineral == row.mineral and row.plant == (s.project or s.name)
    ]
    under = [
        i
        for i, s in enumerate(expanded.sources)
        if s.mineral == row.mineral and row.plant == s.name
    ]
    return own or under


def shares_of_payers(case: Case, payer: str, mineral: str, year: int) -> dict[str, float]:
    """Return the share of a bill that each member pays: by demand, or equal shares without any.

    Demand includes the need of demand for products, through all stages.
    """
    members = case.groups.get(payer, (payer,)) if payer else tuple(case.member_of)
    ratios = need_ratios(case, mineral).items()
    demand = {
        member: sum(ratio * case.demand_of.get((m, member, year), 0.0) for m, ratio in ratios)
        for member in members
    }
    total = sum(demand.values())
    return {
        name: of / total if total > 0 else 1.0 / len(members)
        for name, of in demand.items()
        if of > 0 or total <= 0
    }


def payer_of(expanded: Expanded, source: Source, year: int) -> str:
    """Return the payer of a plant's subsidy, from its row of Supports."""
    rows = (
        row
        for row in expanded.case.supports
        if in_force(row, year)
        and any(expanded.sources[i] is source for i in supported(expanded, row))
    )
    return next((row.payer for row in rows), "")
