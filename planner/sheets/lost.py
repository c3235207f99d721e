"""The plan when a supplier country has stopped, as the sheets take it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.plan import Plan


@dataclass(frozen=True)
class Lost:
    """What is left of an agreed plan when its largest supplier country has stopped.

    ``country`` is a code; ``surge`` the part of its usable capacity that a supplier may sell beyond
    what was agreed. ``bought`` [t] is by (mineral, country, year); ``short`` [t] by (mineral,
    year), what the agreed plan itself leaves short included. ``left`` is the plan that says so.
    """

    country: str
    surge: float
    bought: Mapping[tuple[str, str, int], float]
    short: Mapping[tuple[str, int], float]
    left: Plan
