"""Stocks, projects and ore resolved: what a blank cell of theirs means, in one place."""

from __future__ import annotations

import math
from dataclasses import dataclass

from models.case import Case, in_force
from models.schema import MIN, Mine, Project, Refiner, Stockpile

MILLION = 1e6
DAYS = 365.0
_MOST_GROWN = math.log(1e9)
"""A billionfold is no limit; more would be no number that a solver takes."""


def stock_target(case: Case, pile: Stockpile, year: int) -> float:
    """Return the stock to hold at a year's end [t]: in t or days as stated, else the opening stock.

    A day is a 365th of the member's demand of that year.
    """
    stated = pile.target.at(year)
    if stated is not None:
        return stated
    if pile.target_days is not None:
        return pile.target_days * a_day(case, pile.mineral, pile.member, year)
    return pile.opening


def stock_room(case: Case, pile: Stockpile) -> float:
    """Return the most that a stock can hold [t]: its maximum, or as much as any plan could use.

    No plan is better for a stock beyond its opening, its target, all the demand of its mineral, as
    much again for each least share (bought to keep it, then stored), and what is bought today
    (kept up to spare switching). A maximum far beyond that is no limit, and no number to compute
    with.
    """
    demand = sum(case.coalition_demand(pile.mineral, year) for year in case.years)
    leasts = sum(
        row.limit == MIN and row.mineral in {"", pile.mineral} for row in case.share_limits
    )
    today = sum(s.tonnes for s in case.current_supply if s.mineral == pile.mineral)
    target = max(stock_target(case, pile, year) for year in case.years)
    return min(pile.max, pile.opening + target + (2 + leasts) * demand + today)


def a_day(case: Case, mineral: str, member: str, year: int) -> float:
    """Return a day of a member's demand [t]."""
    return case.demand_of.get((mineral, member, year), 0.0) / DAYS


def target_penalty(case: Case, pile: Stockpile, year: int) -> float:
    """Return what a tonne below target costs in a year [money/t/yr].

    A fiftieth of the shortage cost, in the last year half of it, unless stated: a reserve serves an
    emergency and is not sold off at the end.
    """
    if pile.target_penalty is not None:
        return pile.target_penalty
    part = 1 / 2 if year == case.years[-1] else 1 / 50
    return part * case.shortage_cost(pile.mineral, year)


def capital_charge(case: Case, project: Project) -> float:
    """Return what a project built in full costs in each year of output [money].

    Capex x capital-recovery factor r / (1 - (1 + r)^-life), or capex / life at r = 0.
    """
    rate = case.settings.cost_of_capital
    factor = (
        1.0 / project.life if rate == 0 else rate / -math.expm1(-project.life * math.log1p(rate))
    )
    return project.capex * MILLION * factor


def budget_year(project: Project, start: int, years: tuple[int, ...]) -> int:
    """Return the year whose budget pays for output that starts in ``start``."""
    return max(start - project.lead_time, years[0])


def mine_capacity(mine: Mine, year: int) -> float:
    """Return what a country can mine in a year [t contained]; 0 outside its years."""
    return mine.capacity.value(year) if in_force(mine, year) else 0.0


def ore_lane(
    case: Case, mineral: str, mine_country: str, refiner_country: str, year: int
) -> tuple[float, bool]:
    """Return freight [money/t contained] and whether ore may flow, all Ore lanes applied."""
    freight, is_open = 0.0, True
    for row in case.ore_lanes:
        if (
            row.mineral in {"", mineral}
            and row.mine_country in {"", mine_country}
            and row.refiner_country in {"", refiner_country}
            and in_force(row, year)
        ):
            freight = freight if row.freight is None else row.freight
            is_open = is_open if row.open is None else row.open
    return freight, is_open


@dataclass(frozen=True)
class Growth:
    """How much a refiner may sell in a year: ``most`` [t] plus ``times`` its sales the year before.

    ``before`` is the year before in the horizon, None for the first.
    """

    most: float
    times: float = 0.0
    before: int | None = None


def growth(case: Case, refiner: Refiner, year: int, usable: float) -> Growth | None:
    """Return what Max growth allows a refiner in a year, None where it does not limit it.

    Sales may grow by the fraction a year from today's or the year before's. Where today's supply of
    the mineral is not given the first year is free. A refiner that sells nothing today may add the
    setting Growth floor x its ``usable`` capacity [t/yr] each year.
    """
    if refiner.max_growth is None:
        return None
    today = [s for s in case.current_supply if s.mineral == refiner.mineral]
    own = sum(s.tonnes for s in today if s.refiner == refiner.name)
    floor = case.settings.growth_floor * usable if own <= 0 else 0.0
    at = case.years.index(year)
    if at == 0:
        return Growth(own * (1.0 + refiner.max_growth) + floor) if today else None
    before = case.years[at - 1]
    grown = (year - before) * math.log1p(refiner.max_growth)
    return Growth(floor, math.exp(min(grown, _MOST_GROWN)), before)
