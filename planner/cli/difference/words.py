"""The figures of a difference by name, and what of it are words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.documents.difference import PlanDifference
    from planner.sheets.difference import Line

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


def differing_words(found: PlanDifference) -> Iterator[Line]:
    """Yield scenario, years, options and the like where they differ."""
    for line in found.lines:
        is_figure = isinstance(line.old, float) or isinstance(line.new, float)
        if line.counts and not line.is_title and not is_figure and not line.is_same:
            yield line
