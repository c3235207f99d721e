"""What the actions share: which records a step selects, and how a series changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from models.case import Case, in_force
from models.schema import ByYear, Mine, Project, Refiner, ScenarioStep

R = TypeVar("R", Refiner, Project, Mine)
Action = Callable[[Case, ScenarioStep], Case]


def value_of(step: ScenarioStep) -> float:
    """Return a step's Value; raises ValueError where it is blank."""
    if step.value is None:
        msg = f"`{step.action}` needs a Value"
        raise ValueError(msg)
    return step.value


def matches(record: Refiner | Project | Mine, step: ScenarioStep) -> bool:
    """Return whether a refiner, project or mine is one that a step selects."""
    if isinstance(record, Mine):
        return step.selects(record.mineral, record.country)
    name = record.refiner if isinstance(record, Project) else record.name
    return step.selects(record.mineral, record.country, name)


def changed(records: Iterable[R], step: ScenarioStep, change: Callable[[R], R]) -> tuple[R, ...]:
    """Return the records with those changed that a step selects."""
    return tuple(change(r) if matches(r, step) else r for r in records)


def scaled(case: Case, step: ScenarioStep, series: ByYear, factor: float) -> ByYear:
    """Return a series with its values multiplied in the step's years."""
    return series.map(
        case.years,
        lambda year, before: (
            before * factor if before is not None and in_force(step, year) else before
        ),
    )
