"""Tiers of demand and today's supply, looked up in the book (the page docs/continuity.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from .cells import filled, must, number, text
from .reading import Case, Source


@dataclass(frozen=True)
class Tier:
    """Demand of one tier of a member in a year, t, and USD per t of it short."""

    name: str | None
    demand: float
    cost: float


def tiers(case: Case, mineral: str, member: str, year: int) -> list[Tier]:
    """Tiers of a member in a year, one for each of its rows of Demand."""
    multiples = {
        must(row, "Tier"): number(row, "Shortage cost multiple") for row in case.sheet("Tiers")
    }
    result = []
    for name, row in case.demand_rows(mineral, member).items():
        cost = case.shortage_cost(mineral, year)
        multiple = None if name is None else multiples[name]
        if multiple is not None:
            cost = case.price(mineral, year) * multiple
        result.append(Tier(name, filled(row, str(year), 0.0), cost))
    return result


def spread(found: list[Tier], short: float) -> dict[str | None, float]:
    """t each tier is short at the least cost; tiers of one cost in proportion to demand."""
    result: dict[str | None, float] = {}
    for cost in sorted({tier.cost for tier in found}):
        alike = [tier for tier in found if tier.cost == cost]
        whole = sum(tier.demand for tier in alike)
        part = min(short, whole)
        for tier in alike:
            result[tier.name] = part * (tier.demand / whole) if whole > 0 else 0.0
        short -= part
    return result


def refiner(case: Case, name: str, mineral: str) -> Source:
    """The refiner's row as a source, not a project under its name."""
    return next(
        source
        for source in case.sources
        if (source.refiner, source.project, source.mineral) == (name, None, mineral)
    )


def today(case: Case) -> dict[tuple[Source, str], float]:
    """(refiner of a mineral, member) -> t/yr of the sheet Current supply; no rows of plants."""
    return {
        (refiner(case, must(row, "Refiner"), must(row, "Mineral")), must(row, "Member")): filled(
            row, "Tonnes (t/yr)", 0.0
        )
        for row in case.sheet("Current supply")
        if text(row, "Plant") is None
    }


def sold_today(case: Case) -> dict[Source, float]:
    """Refiner of a mineral -> t/yr that it sells today, to members and to plants."""
    result: dict[Source, float] = defaultdict(float)
    for row in case.sheet("Current supply"):
        source = refiner(case, must(row, "Refiner"), must(row, "Mineral"))
        result[source] += filled(row, "Tonnes (t/yr)", 0.0)
    return result


@dataclass(frozen=True)
class Growth:
    """Sales of a source in a year <= factor x sales of the year before + constant t.

    before is None in the first year, where the constant holds today's sales.
    """

    source: Source
    year: int
    before: int | None
    factor: float
    constant: float


def growth_limits(case: Case) -> Iterator[Growth]:
    """All limits on the growth of refiners' sales to members and to plants."""
    sold, anyone = sold_today(case), sold_today(case.whole)
    known = {source.mineral for source in anyone}
    selling = {source for source, t in anyone.items() if t > 0}
    floor = case.setting("Growth floor", 0.1)
    for (name, mineral), row in case.refiner_rows.items():
        most = number(row, "Max growth")
        if most is None:
            continue
        source = refiner(case, name, mineral)
        for index, year in enumerate(case.years):
            start = floor * case.usable(source, year) if source not in selling else 0.0
            if index > 0:
                before = case.years[index - 1]
                yield Growth(source, year, before, (1.0 + most) ** (year - before), start)
            elif mineral in known:
                yield Growth(source, year, None, 0.0, (1.0 + most) * sold.get(source, 0.0) + start)
