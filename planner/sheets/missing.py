"""What is missing, in words: it is said beside whatever a cap, a scenario or a loss costs.

Parts are of need, by mineral over all years or of one mineral by year. What is missing in a few
years is said of these years: over all of them it would read as less than it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from models import tolerances
from models.results.common import MISSING
from planner.render.words import listed, share, span

NAMED = 3
"""Minerals that a sentence names; more are counted."""
_YEARS = 3
"""Years whose parts are said one by one; of more the least and the most."""


def worst_first(parts: Mapping[str, float]) -> dict[str, float]:
    """Return the minerals of which anything is missing, the one that is hit hardest first."""
    short = ((name, part) for name, part in parts.items() if part > tolerances.MISSING_PART)
    return dict(sorted(short, key=lambda each: -each[1]))


def hardest(parts: Mapping[str, float], beyond: str = "") -> str:
    """Return how much is missing of the mineral that is hit hardest: ``16 % of Tin is missing``.

    ``beyond`` says beyond what, where the parts are so.
    """
    for name, part in worst_first(parts).items():
        return f"{share(part)}{' more' if beyond else ''} of {name} is missing{beyond}"
    return f"nothing{' more' if beyond else ''} is missing{beyond}"


def missing(parts: Mapping[str, float], beyond: str = "") -> str:
    """Return what is missing of each mineral, worst first: ``Missing: Tin 41 % and Zinc 2 %``."""
    named = [f"{name} {share(part)}" for name, part in worst_first(parts).items()]
    if not named:
        return f"{'Nothing more' if beyond else 'Nothing'} is missing{beyond}"
    return f"{MISSING}{beyond}, of need: {listed(named, NAMED)}"


def in_years(parts: Mapping[int, float]) -> str:
    """Return what part of each year's need is missing in the years in which any is; "" of none.

    ``42 % in 2029 and 50 % in 2030``; of many years ``42 to 52 % a year, 2029 to 2035``.
    """
    found = {year: part for year, part in sorted(parts.items()) if part > tolerances.MISSING_PART}
    low, high = (share(of(found.values(), default=0.0)) for of in (min, max))
    if len(found) <= _YEARS and (low != high or len(found) == 1):
        return listed(f"{share(part)} in {year}" for year, part in found.items())
    if not found:
        return ""
    ends = high if low == high else f"{low.removesuffix(' %')} to {high}"
    some = "" if len(found) == max(found) - min(found) + 1 else f"{len(found)} years of "
    return f"{ends} a year, {some}{span(found)}"
