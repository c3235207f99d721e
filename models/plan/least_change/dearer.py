"""Where supply is there and costs more than a shortage: the shortage cost at which it is bought."""

from __future__ import annotations

import dataclasses

import numpy as np

from models.account import TONNES, Scaling, scaling
from models.plan.explain.facts import Place
from models.plan.explain.words import step_in_force
from models.plan.least_change.attempts import first_proven
from models.plan.least_change.change import Change, rounded_up
from models.plan.plan import Plan
from models.proof import MOST_GAP, MOST_VIOLATION, certify_blocks
from models.schema import Mineral
from models.solver import Solution


def dearer(plan: Plan, mineral: str, year: int) -> Change | None:
    """Return the shortage cost from which a year's shortage is not the cheaper choice.

    The plan is made again with nothing short there; what the last tonne then costs is the dual of
    that. None where demand has tiers, or nothing proves it.
    """
    case = plan.case
    if any(key[0] == mineral and key[2] == year for key in case.tiers_of):
        return None
    dual = _worth(plan, mineral, year)
    if dual is None:
        return None
    record = case.mineral_of[mineral]
    was = case.shortage_cost(mineral, year)
    least = was + dual / case.discount(year)
    step = None if record.shortage_cost.at(year) is None else step_in_force(
        record.shortage_cost, year
    )  # fmt: skip
    header = Mineral.column_of("shortage_cost").header
    years = tuple(
        y
        for y in case.years
        if record.shortage_cost.at(y) is None
        or step_in_force(record.shortage_cost, y) == step
    )  # fmt: skip
    place = Place(Mineral.SHEET, record.row, header, step)
    what = f"what a tonne of {mineral} short costs"
    to = rounded_up(least * (1.0 + 1e-9), "money/t")
    return Change(place, "shortage_cost", what, "money/t", was, least, to, years)


def _worth(plan: Plan, mineral: str, year: int) -> float | None:
    """Return how much more the last tonne costs than a tonne short [money of the first year]."""
    program = plan.program
    asked = [
        int(at)
        for laid in program.column_parts
        if laid.part.name == "shortage"
        for at, key in zip(laid.at, laid.part.spelled(np.arange(len(laid.part))), strict=True)
        if (key[0], key[2]) == (mineral, year)
    ]
    block = int(np.searchsorted(program.column_starts, asked[0], side="right")) - 1
    at, inside = program.columns_of(block), program.rows_of(block)
    rows = program.block(block)
    own = np.array(asked) - at.start
    upper = rows.upper.copy()
    upper[own] = 0.0
    rows = dataclasses.replace(rows, upper=upper)
    units = program.column_unit[at], program.row_unit[inside]

    def scaled(raised: bool) -> Scaling:
        return scaling(
            rows, need=float(program.need[block]), column_unit=units[0], row_unit=units[1],
            row_size=program.row_size[inside], raised=raised,
        )  # fmt: skip

    def is_proven(found: Solution) -> bool:
        proof = certify_blocks(
            rows, found.x, found.duals, program.measure(plan.case.yardstick)[[block]],
            tonnes=(units[0] == TONNES, units[1] == TONNES),
            starts=(np.array([0, len(rows.cost)]), np.array([0, len(rows.row_lower)])),
        )  # fmt: skip
        return bool(proof.within(MOST_VIOLATION, MOST_GAP)[0])

    found = first_proven(rows, scaled, is_proven)
    if found is None:
        return None
    reduced = rows.cost - rows.priced(found.duals)
    return max(0.0, float(-reduced[own].min()))
