"""What plants buy of other plants, and what members hand to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from models import tolerances
from models.program.families.inputs import JOINT_NEED, NEED

if TYPE_CHECKING:
    from models.plan.plan import Plan

INPUTS = (
    "year mineral refiner project country member plant plant_project product plant_country tonnes"
    " cost tariff freight landed total worth unused"
)


def inputs(plan: Plan) -> Iterator[tuple[Any, ...]]:
    """Yield ``INPUTS`` of every flow of an input, sold to a plant or handed to it."""
    e, flows, hand = plan.expanded, plan.expanded.input_flows, plan.expanded.hand_overs
    if not e.intakes:
        return
    unused = unused_of(plan)

    def plant(i: int, t: int, share: float) -> tuple[tuple[Any, ...], tuple[float, float]]:
        of, year = e.intakes[i], e.years[t]
        whose = (of.refiner, of.project, of.product, of.country)
        return whose, (worth(plan, i, year), share * unused[i, t])

    arriving = _arriving(plan)
    for k in np.flatnonzero(plan.taken > tolerances.LEAST_FLOW).tolist():
        source, i, t = e.sources[flows.source[k]], int(flows.intake[k]), int(flows.year[k])
        tonnes, landed = float(plan.taken[k]), float(flows.landed[k])
        whose, more = plant(i, t, tonnes / arriving[i, t])
        seller = (source.mineral, source.name, source.project, source.country, "")
        money = (float(flows.cost[k]), float(flows.tariff[k]), float(flows.freight[k]))
        yield (e.years[t], *seller, *whose, tonnes, *money, landed, tonnes * landed, *more)
    for k in np.flatnonzero(plan.handed > tolerances.LEAST_FLOW).tolist():
        i, t, tonnes = int(hand.intake[k]), int(hand.year[k]), float(plan.handed[k])
        whose, more = plant(i, t, tonnes / arriving[i, t])
        member = e.members[hand.member[k]]
        giver = (e.intakes[i].mineral, "", "", "", member)
        yield (e.years[t], *giver, *whose, tonnes, 0.0, 0.0, 0.0, 0.0, 0.0, *more)


def worth(plan: Plan, i: int, year: int) -> float:
    """Return what a tonne more of an input is worth to a plant in a year [money/t]."""
    e, of = plan.expanded, plan.expanded.intakes[i]
    if not of.is_joint:
        return plan.dual(NEED, (of.mineral, of.refiner, of.project, of.product, year))
    keys = ((of.mineral, of.refiner, e.sources[r].mineral, year) for r, _ in of.needs)
    return sum(plan.dual(JOINT_NEED, key) for key in keys)


def _arriving(plan: Plan) -> Any:
    """Return what arrives of each input [t], by (intake, year)."""
    e, flows, hand = plan.expanded, plan.expanded.input_flows, plan.expanded.hand_overs
    found = np.zeros((len(e.intakes), len(e.years)))
    np.add.at(found, (flows.intake, flows.year), plan.taken)
    np.add.at(found, (hand.intake, hand.year), plan.handed)
    return found


def unused_of(plan: Plan) -> Any:
    """Return what joint lines take beyond their largest need [t], by (intake, year)."""
    e, found = plan.expanded, _arriving(plan)
    for i, of in enumerate(e.intakes):
        need = np.max([ratio * plan.sold[r] for r, ratio in of.needs], axis=0)
        nothing = [plan.tolerance(of.mineral, year) for year in e.years]
        found[i] = np.where(of.is_joint & (found[i] - need > nothing), found[i] - need, 0.0)
    return found
