"""Security resolved: the countries that may be lost, one at a time, by mineral and year."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.case import in_force
from models.resolve.caps import single_countries
from models.resolve.expanded import Expanded
from models.schema import COALITION, EACH_OUTSIDE, REST_OF_WORLD, SecurityTarget

ONCE_IN = 10.0
"""A blank penalty prices a shortage as if the loss happened once in this many years."""


@dataclass(frozen=True)
class Survival:
    """The requirement of a row of Security for a mineral and year if one country is lost.

    ``row`` is its position in ``case.security``. ``demand`` [t] is the coalition's, ``most_short``
    the share of it that may be short. ``opening`` [t] are the opening stocks that count, in the
    first year. ``penalty`` [money/t] is the cost of a missing tonne. ``is_input``: plants may use
    the mineral, too.
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
        """The supply required without the country, besides opening stocks [t].

        It may be below 0. For an input, the use of plants is added in the program.
        """
        left = (1.0 - self.most_short) * self.demand - self.opening
        return left if self.is_input else max(0.0, left)

    @property
    def key(self) -> tuple[int, str, str, int]:
        """Its key in the program: position of the row of Security, mineral, country, year."""
        return (self.row, self.mineral, self.country, self.year)


def sellers(expanded: Expanded, mineral: int, year: int) -> list[int]:
    """Return the sources that can sell a mineral in a year, all by position."""
    of = expanded.of_mineral[expanded.minerals[mineral]]
    return [r for r in of if expanded.can_sell[r, year]]


def survivals(expanded: Expanded, mineral: int, year: int) -> Iterator[Survival]:
    """Yield the requirements of Security for a mineral and year (by position), by row and country.

    Countries that can sell there count. The rest of the world, being many, is never lost.
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
