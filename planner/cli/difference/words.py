"""The figures of a difference by name, and what of it are words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from models.results import Figure

if TYPE_CHECKING:
    from planner.documents.difference import PlanDifference
    from planner.sheets.difference import Line

KEYS = {
    Figure.TOTAL_COST: "objective",
    Figure.CASH_COST: "cash",
    Figure.PURCHASES_COST: "purchases",
    Figure.DEMAND: "demand_t",
    Figure.TONNES: "tonnes",
    Figure.SHORTAGE: "shortage_t",
    Figure.SERVED_SHARE: "served_share",
}
"""Figures that a program hears of by a name of their own."""


def differing_words(found: PlanDifference) -> Iterator[Line]:
    """Yield scenario, years, options and the like where they differ."""
    for line in found.lines:
        is_figure = isinstance(line.old, float) or isinstance(line.new, float)
        if line.counts and not line.is_title and not is_figure and not line.is_same:
            yield line
