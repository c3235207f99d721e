"""Events that may happen: what the rows of one must agree on, and what is likely not meant."""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case
from models.checks.common import advise, at
from models.checks.scenarios import TAKES
from models.errors import Finding
from models.schema import EVENT_ACTIONS, EventStep

_SHARED = ("probability", "duration")


def event_actions(case: Case) -> Iterator[Finding]:
    """An event's change can hold in one year alone."""
    for step in case.risks:
        if step.action in TAKES and step.action not in EVENT_ACTIONS:
            said = f"`{step.action}` holds for all years, an event for some"
            yield at(step, "action", said, "an action that has years", "say it in Scenarios")


def one_event_one_chance(case: Case) -> Iterator[Finding]:
    """The rows of an event happen together: they have one probability and one duration."""
    firsts = _firsts(case)
    for step in case.risks:
        first = firsts[step.name]
        for field in _SHARED:
            here, there = getattr(step, field), getattr(first, field)
            if here != there:
                header = EventStep.column_of(field).header
                said = (
                    f"{step.name} has the {header.lower()} {here:g} in row {step.row} and "
                    f"{there:g} in row {first.row}"
                )
                yield at(step, field, said, "one for all rows of an event", "they happen together")


def chances_that_decide_nothing(case: Case) -> Iterator[Finding]:
    """An event that never happens, or that happens in every year."""
    for step in _firsts(case).values():
        if step.probability == 0:
            yield advise(step, "probability", f"a probability of 0: {step.name} never happens")
        elif step.probability == 1:
            said = f"a probability of 1: {step.name} happens in every year"
            yield advise(step, "probability", said, "a percent is 0.01")


def _firsts(case: Case) -> dict[str, EventStep]:
    """Return the first row of each event."""
    found: dict[str, EventStep] = {}
    for step in case.risks:
        found.setdefault(step.name, step)
    return found
