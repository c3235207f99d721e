"""A member alone: the case in which it buys by itself, from a part of every plant."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import TypeVar

from models.case import Case
from models.schema import COALITION, ByYear, Mine, Project, Refiner, ScenarioStep
from planner.scenarios import ACTIONS

R = TypeVar("R", Refiner, Mine)
Part = Callable[[str, str, int], float]
"""The part of a plant that a member has, 0 to 1, by mineral, country of the plant and year."""
Division = Callable[[Case, str], Part]
"""A division of every plant among the members: their parts of a plant in a year sum to 1."""


def pro_rata(case: Case, member: str) -> Part:
    """Return a member's parts where each has its share of the coalition's demand of every plant."""
    return lambda mineral, _, year: demand_share(case, member, mineral, (year,))


def home_first(case: Case, member: str) -> Part:
    """Return a member's parts where plants in a member's country are its own, others pro rata."""
    home = homes(case)

    def part(mineral: str, country: str, year: int) -> float:
        if country in home:
            return float(home[country] == member)
        return demand_share(case, member, mineral, (year,))

    return part


def whole_world(_: Case, __: str) -> Part:
    """Return parts of 1: the member has every plant to itself, and so has every other one."""
    return lambda *_: 1.0


def homes(case: Case) -> dict[str, str]:
    """Return the member that each country of the coalition is part of.

    The coalition's countries that are no member's own go to the member that stands for several, if
    there is one such member.
    """
    several = [m.name for m in case.members if not m.country]
    found = {}
    if len(several) == 1:
        found = {c.code: several[0] for c in case.countries if COALITION in c.blocs}
    return found | {m.country: m.name for m in case.members if m.country}


def demand_share(case: Case, member: str, mineral: str, years: Iterable[int]) -> float:
    """Return a member's share of the coalition's demand for a mineral over years, 0 without any."""
    chosen = tuple(years)
    all_of_it = sum(case.coalition_demand(mineral, year) for year in chosen)
    own = sum(case.demand_of.get((mineral, member, year), 0.0) for year in chosen)
    return own / all_of_it if all_of_it > 0 else 0.0


def alone(case: Case, member: str, division: Division = pro_rata) -> Case:
    """Return the case of one member that buys by itself.

    The other members are removed, countries keep their blocs. Capacities of refiners and mines, and
    sales that were agreed, become the member's part of the year. A project is built once, so its
    capacity and its capital become one part for all years: that of the years weighed by the
    coalition's demand. The budget becomes the member's part of the capital of all projects. Prices,
    lanes, stockpiles, contracts and supply of today are the member's own; shares are of its demand.
    """
    part = division(case, member)
    plants = {p.name: _of_all_years(case, part, p) for p in case.projects}
    capital = sum(p.capex for p in case.projects)
    own = sum(plants[p.name] * p.capex for p in case.projects)
    budget = own / capital if capital > 0 else 1.0
    country = {(r.name, "", r.mineral): r.country for r in case.refiners} | {
        (p.refiner, p.name, p.mineral): p.country for p in case.projects
    }
    left = case.change(
        refiners=tuple(_refiner(case, part, r) for r in case.refiners),
        mines=tuple(
            dataclasses.replace(m, capacity=_scaled(case, part, m, m.capacity)) for m in case.mines
        ),
        projects=tuple(_project(case, p, plants[p.name]) for p in case.projects),
        budget=tuple(dataclasses.replace(b, capex=b.capex * budget) for b in case.budget),
        ceilings=tuple(
            (name, project, mineral, year, t * part(mineral, country[name, project, mineral], year))
            for name, project, mineral, year, t in case.ceilings
        ),
        scenarios=(),
    )
    for other in case.members:
        if other.name != member:
            step = ScenarioStep(name=member, action="remove member", member=other.name)
            left = ACTIONS[step.action](left, step)
    return left


def _of_all_years(case: Case, part: Part, project: Project) -> float:
    weights = {y: case.coalition_demand(project.mineral, y) for y in case.years}
    total = sum(weights.values())
    parts = {y: part(project.mineral, project.country, y) for y in case.years}
    return (
        sum(parts[y] * w for y, w in weights.items()) / total if total > 0 else parts[case.years[0]]
    )


def _scaled(case: Case, part: Part, record: R, series: ByYear) -> ByYear:
    return series.map(
        case.years,
        lambda year, t: None if t is None else t * part(record.mineral, record.country, year),
    )


def _refiner(case: Case, part: Part, record: Refiner) -> Refiner:
    return dataclasses.replace(
        record,
        capacity=_scaled(case, part, record, record.capacity),
        extra_usable=_scaled(case, part, record, record.extra_usable),
    )


def _project(case: Case, record: Project, part: float) -> Project:
    return dataclasses.replace(
        record,
        capacity=record.capacity.map(case.years, lambda _, t: None if t is None else t * part),
        capex=record.capex * part,
    )
