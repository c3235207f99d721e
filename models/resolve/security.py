"""Security resolved: each country whose loss a mineral is to survive in a year, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.case import in_force
from models.resolve.caps import single_countries
from models.resolve.expanded import Expanded
from models.schema import COALITION, EACH_OUTSIDE, REST_OF_WORLD, SecurityTarget

ONCE_IN = 10.0
"""A blank penalty prices a shortage as if the loss came once in so many years."""


@dataclass(frozen=True)
class Survival:
    """What a row of Security asks of a mineral and year if one country is lost.

    ``row`` is its position in ``case.security``; ``demand`` [t] is the coalition's, ``most_short``
    the part of it that may be short; ``opening`` [t] are the opening stocks that count, in the
    first year; ``penalty`` is what a tonne costs that lacks [money/t]. ``is_input`` says that
    plants may take it, beside demand.
    """

    row: int
    record: SecurityTarget
    mineral: str
    country: str
    year: int
    most_short: float
    demand: float
    opening: float
    penalty: float
    is_input: bool = False

    @property
    def least(self) -> float:
        """What has to be left without the country, beside opening stocks [t].

        Of an input more comes to it, so that it may be below 0.
        """
        left = (1.0 - self.most_short) * self.demand - self.opening
        return left if self.is_input else max(0.0, left)

    @property
    def key(self) -> tuple[int, str, str, int]:
        return (self.row, self.mineral, self.country, self.year)


def sellers(expanded: Expanded, mineral: int, year: int) -> list[int]:
    """Return the sources that can sell a mineral in a year, all by position."""
    of = expanded.of_mineral[expanded.minerals[mineral]]
    return [r for r in of if expanded.can_sell[r, year]]


def survivals(expanded: Expanded, mineral: int, year: int) -> Iterator[Survival]:
    """Yield what Security asks of a mineral and year (by position), row by row, country by country.

    A country is one that can sell there; Rest of world, being many, is never lost.
    """
    case, name, when = expanded.case, expanded.minerals[mineral], expanded.years[year]
    demand = case.coalition_demand(name, when)
    rows = [
        (i, row)
        for i, row in enumerate(case.security)
        if row.mineral in {"", name} and in_force(row, when)
    ]
    is_input = expanded.is_input(name)
    if not rows or (demand <= 0 and not is_input):
        return
    selling = {expanded.sources[r].country for r in sellers(expanded, mineral, year)}
    piles = (pile.opening for pile in case.stockpiles if pile.mineral == name)
    opening = sum(piles) if year == 0 else 0.0
    usual = case.shortage_cost(name, when) / ONCE_IN
    for i, row in rows:
        selector = row.lost_country or f"{EACH_OUTSIDE}{COALITION}"
        is_one = not selector.startswith(EACH_OUTSIDE)
        named = sorted(selling & {selector} - {REST_OF_WORLD})
        for country in named if is_one else single_countries(case, selector, selling):
            yield Survival(
                row=i,
                record=row,
                mineral=name,
                country=country,
                year=when,
                most_short=row.max_short.value(when),
                demand=demand,
                opening=opening if row.count_stocks else 0.0,
                penalty=usual if row.penalty is None else row.penalty,
                is_input=is_input,
            )
