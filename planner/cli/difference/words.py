"""What the difference of two plans comes to, in words, and its figures by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.documents.difference import Inputs, PlanDifference
    from planner.sheets.difference import Line, Sides

KEYS = {
    "Total cost": "objective",
    "Cash cost": "cash",
    "Purchases cost": "purchases",
    "Demand": "demand_t",
    "Tonnes purchased": "tonnes",
    "Shortage": "shortage_t",
    "Served share": "served_share",
}
"""Figures that a program hears of by a name of their own."""
EQUAL = "The two plans are equal: every figure, flow and price is the same"
TIES = "The two plans cost and lack the same; only the choice among equally cheap flows differs"


def sides_of(found: PlanDifference, inputs: Inputs) -> Sides:
    """Return a difference as its sheets take it."""
    from planner.documents.difference.pair import said_years
    from planner.sheets.difference import Sides

    pair = found.pair
    minerals = {*found.minerals["Mineral"], *found.moves.table["mineral"]}
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
        years=said_years(pair.years),
    )


def verdict_of(found: PlanDifference) -> str:
    """Say that two plans are equal, or as good as; "" where they differ."""
    if found.is_equal:
        return EQUAL
    only_ties = found.same_totals and len(found.moves.table) == 0
    return TIES if only_ties and found.moves.among_equals else ""


def differing_words(found: PlanDifference) -> Iterator[Line]:
    """Yield scenario, years, options and the like where they differ."""
    for line in found.lines:
        is_figure = isinstance(line.old, float) or isinstance(line.new, float)
        if line.counts and not line.is_title and not is_figure and not line.is_same:
            yield line
