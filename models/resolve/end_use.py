"""End use: the tiers of demand that each source may serve, and the members with tiers cut off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from models.case import Case
from models.resolve.sources import Bools

if TYPE_CHECKING:
    from models.resolve.expanded import Expanded, Lanes

Pattern = tuple[str, ...]
"""The tiers of a member's demand that a source may serve, sorted ("": demand without a tier)."""
CutOff = Mapping[tuple[int, int, int], tuple[Pattern, ...]]
"""The patterns of a member's sources, fewest tiers first, by (mineral, member, year) by position.

It has only members, minerals and years in which a source may serve some tiers and not others.
"""


def tier_words(tier: str) -> str:
    """Return a tier in words, also of demand without one."""
    return tier or "demand without a tier"


def can_cut_off(case: Case) -> bool:
    """Return whether any row of Lanes has a tier."""
    return any(row.tier for row in case.lanes)


def tiers_of_lanes(case: Case, mineral: str) -> tuple[Pattern, Bools]:
    """Return the tiers of the demand for a mineral, and whether a member has them.

    The second is by (member, tier). A member without demand has only demand without a tier.
    """
    demand_tiers = case.demand_tiers
    each = [demand_tiers.get((mineral, member.name), ("",)) for member in case.members]
    tiers = tuple(sorted({tier for own in each for tier in own}))
    has = [[tier in own for tier in tiers] for own in each]
    return tiers, np.array(has, dtype=bool).reshape(len(each), len(tiers))


def pattern(lanes: Lanes, number: int) -> Pattern:
    """Return the tiers of a number of ``Lanes.patterns``."""
    return tuple(tier for k, tier in enumerate(lanes.tiers) if number >> k & 1)


def cut_off(e: Expanded, base: CutOff) -> CutOff:
    """Return the sets of tiers that sources may serve, where some may not serve all of them.

    A variant that closes a lane in full keeps the patterns of its base: they then limit nothing,
    and the program has the base's columns and rows.
    """
    found: dict[tuple[int, int, int], set[Pattern]] = {}
    for name in e.minerals:
        lanes, m = e.lanes[name], e.mineral_at[name]
        if lanes.serves is None:
            continue
        _, has = tiers_of_lanes(e.case, name)
        partly = (lanes.serves != has[:, None, :]).any(axis=3) & lanes.open
        numbers = lanes.patterns
        for j, t in np.argwhere(partly.any(axis=0)).tolist():
            present = np.unique(numbers[lanes.open[:, j, t], j, t]).tolist()
            found[m, j, t] = {pattern(lanes, number) for number in present}
    tiers = e.case.demand_tiers if base else {}
    for (m, j, t), patterns in base.items():
        own = {*tiers.get((e.minerals[m], e.members[j]), ())}
        if len(own) > 1 and e.lanes[e.minerals[m]].serves is not None:
            found.setdefault((m, j, t), set()).update(p for p in patterns if own.issuperset(p))
    return {
        at: tuple(sorted(patterns, key=lambda each: (len(each), each)))
        for at, patterns in sorted(found.items())
        if e.demand[at] > 0
    }


def split_tiers(e: Expanded) -> dict[tuple[str, str, int], dict[str, float]]:
    """Return the demand [t] by tier, by (mineral, member, year), where it matters who is short.

    It doesn't where a tonne short costs as much in each tier as without tiers, and none is cut off:
    there the program is that of a case without tiers, and tiers share a shortage by demand.
    """
    cut = {(e.minerals[m], e.members[j], e.years[t]) for m, j, t in e.cut_off}
    priced = {row.name for row in e.case.tiers if row.multiple is not None}
    return {
        where: tiers
        for where, tiers in e.case.tiers_of.items()
        if where in cut or not priced.isdisjoint(tiers)
    }


def pattern_of(e: Expanded, source: int, member: int, year: int) -> Pattern:
    """Return the tiers that a source, given by position, may serve of a member in a year."""
    name = e.sources[source].mineral
    lanes = e.lanes[name]
    if lanes.serves is None:
        own = e.case.demand_tiers.get((name, e.members[member]), ("",))
        return own if lanes.open[source - lanes.sources[0], member, year] else ()
    return pattern(lanes, int(lanes.patterns[source - lanes.sources[0], member, year]))
