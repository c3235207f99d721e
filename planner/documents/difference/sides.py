"""A difference as its sheets take it, and what it comes to in a sentence."""

from __future__ import annotations

from planner.documents.difference.compare import PlanDifference
from planner.documents.difference.inputs import Inputs
from planner.render.words import each_year
from planner.sheets.difference import Sides

EQUAL = "The two plans are equal: every figure, flow and price is the same"
TIES = "The two plans cost and lack the same; only the choice among equally cheap flows differs"


def sides_of(found: PlanDifference, inputs: Inputs) -> Sides:
    """Return a difference as its sheets take it."""
    pair = found.pair
    minerals = {*found.minerals["mineral"], *found.moves.table["mineral"]}
    verdict = verdict_of(found)
    return Sides(
        lines=found.lines,
        notes=(*((verdict,) if verdict else ()), *pair.notes(), *inputs.notes),
        inputs=inputs.reason,
        input_lines=inputs.lines,
        minerals=found.minerals,
        members=found.members,
        prices=found.prices,
        prices_in_all=found.prices_in_all,
        moves=found.moves.table,
        among_equals=found.moves.among_equals,
        units={mineral: pair.unit(mineral) for mineral in minerals},
        money=pair.money,
        years=each_year(pair.years),
    )


def verdict_of(found: PlanDifference) -> str:
    """Say that two plans are equal, or as good as; "" where they differ."""
    if found.is_equal:
        return EQUAL
    only_ties = found.same_totals and len(found.moves.table) == 0
    return TIES if only_ties and found.moves.among_equals else ""
