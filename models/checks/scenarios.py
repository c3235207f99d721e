"""Steps of scenarios and events: which cells an action takes, and what its Value may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.case import Case
from models.checks.common import advise, at
from models.errors import Finding
from models.schema import ScenarioStep
from models.schema.column import MOST_MULTIPLE, MOST_TARIFF, MOST_TONNES
from models.schema.scenario import Step
from models.units import percent_hint

_YEARS = ("first_year", "last_year")
_PLACES = ("mineral", "country", "refiner")


@dataclass(frozen=True)
class Takes:
    """What an action takes: the selectors that may be filled, and the bounds of its Value.

    ``value`` is what the Value is, "" where there is none.
    """

    selectors: tuple[str, ...]
    value: str = ""
    most: float = 0.0
    least: float = 0.0


TAKES = {
    "block lanes": Takes((*_PLACES, "member", *_YEARS)),
    "set lane max": Takes((*_PLACES, "member", *_YEARS), "t/yr", MOST_TONNES),
    "set tariff": Takes((*_PLACES, "member", *_YEARS), "a fraction", MOST_TARIFF),
    "scale freight": Takes((*_PLACES, "member", *_YEARS), "a factor", MOST_MULTIPLE),
    "scale capacity": Takes((*_PLACES, *_YEARS), "a factor", MOST_MULTIPLE),
    "add capacity": Takes((*_PLACES, *_YEARS), "t/yr", MOST_TONNES, -MOST_TONNES),
    "scale cost": Takes((*_PLACES, *_YEARS), "a factor", MOST_MULTIPLE),
    "scale demand": Takes(("mineral", "member", *_YEARS), "a factor", MOST_MULTIPLE),
    "scale mines": Takes(("mineral", "country", *_YEARS), "a factor", MOST_MULTIPLE),
    "block ore": Takes(("mineral", "country", *_YEARS)),
    "build project": Takes((*_PLACES, "first_year")),
    "set stock target": Takes(("mineral", "member", *_YEARS), "t", MOST_TONNES),
    "set max country share": Takes(("mineral",), "a share", 1.0),
    "drop share limits": Takes(("mineral",)),
    "remove member": Takes(("member",)),
}
"""What each action of the sheets Scenarios and Risks takes."""

SELECTORS = (*_PLACES, "member", *_YEARS)


def steps(case: Case) -> tuple[Step, ...]:
    """Return every row that says a change: of scenarios and of events."""
    return (*case.scenarios, *case.risks)


def selectors(case: Case) -> Iterator[Finding]:
    """A selector that an action does not list is blank."""
    for step in steps(case):
        takes = TAKES.get(step.action)
        for name in SELECTORS if takes is not None else ():
            value = getattr(step, name)
            if value not in {"", None} and takes is not None and name not in takes.selectors:
                listed = ", ".join(_header(known) for known in takes.selectors)
                shown = case.country_name(value) if name == "country" else value
                said = f"{shown!r} is no selector of `{step.action}`"
                yield at(step, name, said, "a blank cell", f"it takes {listed}")


def values(case: Case) -> Iterator[Finding]:
    """Value is filled where the action has one, and within its bounds."""
    for step in steps(case):
        takes = TAKES.get(step.action)
        if takes is None:
            continue
        if not takes.value:
            if step.value is not None:
                yield advise(step, "value", f"`{step.action}` has no Value: it is not used")
            continue
        wanted = f"{takes.value} from {takes.least:g} to {takes.most:g}"
        if step.value is None:
            yield at(step, "value", f"a blank cell; `{step.action}` needs a Value", wanted)
        elif not takes.least <= step.value <= takes.most:
            fraction = takes.most <= MOST_TARIFF < step.value <= 100  # noqa: PLR2004
            percent = percent_hint(step.value) if fraction else ""
            yield at(step, "value", f"the number {step.value:g}", wanted, percent)


def builds(case: Case) -> Iterator[Finding]:
    """`build project` finds a project, and its year is one of the horizon."""
    for step in case.scenarios:
        if step.action != "build project":
            continue
        # a project whose mineral is not known is said there
        found = [
            p
            for p in case.projects
            if step.selects(p.mineral, p.country, p.refiner) or p.mineral not in case.mineral_of
        ]
        if step.first_year is not None and step.first_year not in case.years:
            if case.years:
                said = f"the year {step.first_year}"
                yield at(step, "first_year", said, _horizon(case))
        elif not found:
            if not step.refiner or step.refiner in case.refiner_names:
                said = f"no project of {_selected(case, step)}"
                field = "refiner" if step.refiner else "action"
                yield at(step, field, said, "a project of the sheet Projects")
        elif step.first_year is None and case.years:
            late = [p for p in found if p.first_year > case.years[-1]]
            if late and len(late) == len(found):
                said = f"{late[0].name} would be built in {late[0].first_year}, its own first year"
                yield at(step, "first_year", said, _horizon(case))
            for plant in late if len(late) < len(found) else ():
                said = f"{plant.name}, first year {plant.first_year}, stays unbuilt"
                yield advise(step, "action", said, "its first year lies beyond the horizon")
        elif step.first_year is not None:
            for plant in found:
                if step.first_year < plant.first_year:
                    said = (
                        f"{plant.name} is built in {step.first_year}, before its own first year "
                        f"{plant.first_year}"
                    )
                    yield advise(step, "first_year", said)


def _selected(case: Case, step: ScenarioStep) -> str:
    said = [step.refiner, step.mineral, step.country and case.country_name(step.country)]
    return ", ".join(word for word in said if word) or "any refiner"


def _horizon(case: Case) -> str:
    first, last = case.years[0], case.years[-1]
    return f"a year of Demand, {first} to {last}" if first != last else f"the year {first}"


def _header(field: str) -> str:
    return ScenarioStep.column_of(field).header
