"""Actions on supply: lanes, refiners, projects, mines and ore."""

from __future__ import annotations

import dataclasses

from models.case import Case, in_force
from models.schema import Lane, Mine, OreLane, Project, Refiner, ScenarioStep
from planner.scenarios.select import changed, matches, scaled, value_of

_ROUNDING = 1e-12
"""What is left of a capacity after as much was taken from it is rounding."""


def block_lanes(case: Case, step: ScenarioStep) -> Case:
    """No flow, spot or contract, from the matching refiners to the matching members."""
    return _with_lane(case, step, Lane(open=False))


def set_lane_max(case: Case, step: ScenarioStep) -> Case:
    """Max of the matching country's, or named refiner's, lanes becomes Value [t/yr], each alone."""
    return _with_lane(case, step, Lane(max=step.value))


def set_tariff(case: Case, step: ScenarioStep) -> Case:
    """Tariff of the matching lanes becomes Value (a fraction)."""
    return _with_lane(case, step, Lane(tariff=step.value))


def scale_freight(case: Case, step: ScenarioStep) -> Case:
    """Freight of the matching lanes is multiplied by Value."""
    return _with_lane(case, step, Lane(freight_factor=value_of(step)))


def _with_lane(case: Case, step: ScenarioStep, lane: Lane) -> Case:
    """Add a last row to Lanes: it overrides what stood, on the lanes it matches."""
    matched = any(matches(r, step) for r in case.refiners) or any(
        matches(p, step) for p in case.projects
    )
    gone = step.member not in {"", *case.member_of}  # a step before removed the member
    if not matched or gone or lane == Lane():
        return case
    row = dataclasses.replace(
        lane,
        mineral=step.mineral,
        country=step.country,
        refiner=step.refiner,
        member=step.member,
        first_year=step.first_year,
        last_year=step.last_year,
    )
    return case.change(lanes=(*case.lanes, row))


def scale_capacity(case: Case, step: ScenarioStep) -> Case:
    """Capacity of the matching refiners and projects is multiplied by Value."""
    factor = value_of(step)

    def refiner(record: Refiner) -> Refiner:
        # what a scenario added before is usable capacity too, and is scaled with the rest
        return dataclasses.replace(
            record,
            capacity=scaled(case, step, record.capacity, factor),
            extra_usable=scaled(case, step, record.extra_usable, factor),
        )

    def project(record: Project) -> Project:
        return dataclasses.replace(record, capacity=scaled(case, step, record.capacity, factor))

    return case.change(
        refiners=changed(case.refiners, step, refiner),
        projects=changed(case.projects, step, project),
    )


def add_capacity(case: Case, step: ScenarioStep) -> Case:
    """Value [t/yr] of usable capacity is added to the matching refiners, in their own years."""
    value = value_of(step)

    def refiner(record: Refiner) -> Refiner:
        def added(year: int, before: float | None) -> float:
            extra = before or 0.0
            if not in_force(step, year):
                return extra
            share = record.available_share.at(year)
            own = record.capacity.value(year) * (1.0 if share is None else share)
            left = extra + value
            floored = left <= -own * (1.0 - _ROUNDING)
            return -own if floored else left  # usable capacity is floored at 0

        return dataclasses.replace(record, extra_usable=record.extra_usable.map(case.years, added))

    return case.change(refiners=changed(case.refiners, step, refiner))


def scale_cost(case: Case, step: ScenarioStep) -> Case:
    """Cost of the matching refiners and projects is multiplied by Value; not contract prices."""
    factor = value_of(step)
    return case.change(
        refiners=changed(
            case.refiners,
            step,
            lambda r: dataclasses.replace(r, cost=scaled(case, step, r.cost, factor)),
        ),
        projects=changed(
            case.projects,
            step,
            lambda p: dataclasses.replace(p, cost=scaled(case, step, p.cost, factor)),
        ),
    )


def build_project(case: Case, step: ScenarioStep) -> Case:
    """Build the matching projects in full in First year (blank: their own), outside the budget."""

    def project(record: Project) -> Project:
        # its own first year may lie before the horizon, in a gap of it, or beyond it
        own = next((year for year in case.years if year >= record.first_year), None)
        built_in = step.first_year or own
        return record if built_in is None else dataclasses.replace(record, built_in=built_in)

    return case.change(projects=changed(case.projects, step, project))


def scale_mines(case: Case, step: ScenarioStep) -> Case:
    """Capacity of the matching mines is multiplied by Value."""
    factor = value_of(step)

    def mine(record: Mine) -> Mine:
        return dataclasses.replace(record, capacity=scaled(case, step, record.capacity, factor))

    return case.change(mines=changed(case.mines, step, mine))


def block_ore(case: Case, step: ScenarioStep) -> Case:
    """Ore of the mine country Country goes nowhere."""
    if not any(matches(m, step) for m in case.mines):
        return case
    row = OreLane(
        mineral=step.mineral,
        mine_country=step.country,
        open=False,
        first_year=step.first_year,
        last_year=step.last_year,
    )
    return case.change(ore_lanes=(*case.ore_lanes, row))
