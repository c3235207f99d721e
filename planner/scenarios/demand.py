"""Actions on the buyers: demand, stocks, membership."""

from __future__ import annotations

import dataclasses

from models.case import Case, in_force
from models.schema import ScenarioStep
from planner.scenarios.select import value_of


def scale_demand(case: Case, step: ScenarioStep) -> Case:
    """Demand of the matching minerals and members is multiplied by Value."""
    factor = value_of(step)
    return case.change(
        demand=tuple(
            dataclasses.replace(
                row,
                tonnes=tuple(
                    (year, t * factor if in_force(step, year) else t) for year, t in row.tonnes
                ),
            )
            if step.mineral in {"", row.mineral} and step.member in {"", row.member}
            else row
            for row in case.demand
        )
    )


def set_stock_target(case: Case, step: ScenarioStep) -> Case:
    """Target of the matching stockpiles becomes Value [t]."""
    value = value_of(step)
    return case.change(
        stockpiles=tuple(
            dataclasses.replace(
                pile,
                target=pile.target.map(
                    case.years, lambda year, before: value if in_force(step, year) else before
                ),
            )
            if step.mineral in {"", pile.mineral} and step.member in {"", pile.member}
            else pile
            for pile in case.stockpiles
        )
    )


def remove_member(case: Case, step: ScenarioStep) -> Case:
    """Take out the member with its demand, stockpiles, contracts, supply and own limits.

    Refiners stay, countries keep their blocs.
    """
    gone = {m.name for m in case.members if step.member in {"", m.name}}
    left = {m.group for m in case.members if m.name not in gone}
    gone_groups = {name for name in case.groups if name not in left}
    return case.change(
        members=tuple(m for m in case.members if m.name not in gone),
        demand=tuple(d for d in case.demand if d.member not in gone),
        stockpiles=tuple(s for s in case.stockpiles if s.member not in gone),
        contracts=tuple(c for c in case.contracts if c.member not in gone),
        current_supply=tuple(s for s in case.current_supply if s.member not in gone),
        lanes=tuple(row for row in case.lanes if row.member not in gone),
        freight=tuple(
            dataclasses.replace(
                row, costs=tuple((member, cost) for member, cost in row.costs if member not in gone)
            )
            for row in case.freight
        ),
        share_limits=tuple(row for row in case.share_limits if row.buyer not in gone | gone_groups),
        scenarios=tuple(s for s in case.scenarios if s.member not in gone),
        risks=tuple(r for r in case.risks if r.member not in gone),
    )
