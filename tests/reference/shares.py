"""Shares of a given plan: who counts in a group, and the largest country's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from .reading import ROW, Case, Source
from .stages import Line


def belongs(case: Case, source: Source, group: str, name: str) -> bool:
    """Whether a source is in a supplier group."""
    if group == "country":
        return source.country == name
    if group == "owner":
        return source.owner == name
    if group == "bloc":
        return name in case.blocs(source.country)
    if group == "company":
        return source.company == name
    if group == "kind":
        return source.kind == name
    return source.refiner == name


def largest_share(
    case: Case,
    flow: Mapping[tuple[Source, str, int], float],
    inputs: Mapping[tuple[Source, Line, int], float],
    taken: Callable[[str, int], float],
) -> dict[str, float]:
    """By mineral: largest over years of a country's tonnes to the coalition over the base."""
    result = dict.fromkeys(case.minerals, 0.0)
    for mineral in case.minerals:
        for year in case.years:
            sold: dict[str, float] = defaultdict(float)
            for (source, _, t), amount in [*flow.items(), *inputs.items()]:
                if (source.mineral, t) == (mineral, year):
                    sold[source.country] += amount
            base = case.demand_of(mineral, tuple(case.members), year) + taken(mineral, year)
            if case.purchases_basis:
                base = sum(sold.values())
            sold.pop(ROW, None)
            if base > 0:
                result[mineral] = max(result[mineral], max(sold.values(), default=0.0) / base)
    return result
