"""Stocks, projects and ore resolved: what a blank cell of theirs means, in one place."""

from __future__ import annotations

import math

from models.case import Case, in_force
from models.schema import Mine, Project, Stockpile

MILLION = 1e6


def stock_target(pile: Stockpile, year: int) -> float:
    """Return the stock to hold at a year's end [t]: as stated, else the opening stock."""
    stated = pile.target.at(year)
    return pile.opening if stated is None else stated


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
