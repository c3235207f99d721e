"""Rows of Scenarios and Risks: what an action takes, whom it selects, when an event holds."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from models.case import Case
from models.checks.common import advise, at, plants, seller
from models.errors import Finding
from models.schema import EVENT_ACTIONS, TAKES, EventStep, Lane, ScenarioStep
from models.schema.column import MOST_TARIFF
from models.schema.policy import SELECTORS, Step
from models.units import percent_hint

# ---- rows whose selectors match nothing together -----------------------------------------------


_MEMBERS_OWN = {"scale demand": "row of Demand", "set stock target": "stockpile"}
_MINES_OWN = {"scale mines", "block ore"}


def lanes_that_match_nothing(case: Case) -> Iterator[Finding]:
    """A row of Lanes matches a refiner or project by all that it names."""
    sources = _patterns((p.mineral, p.country, seller(p)) for p in plants(case))
    countries = {country for _, country, _ in sources}
    for lane in case.lanes:
        if lane.country and lane.country not in countries:
            said = f"no refiner stands in {case.country_name(lane.country)}"
            yield advise(lane, "country", said, "the row matches nothing")
        elif _is_sure(case, lane, sources) and not _any(lane, sources):
            yield advise(lane, _field(lane), _no_refiner(case, lane), "the row matches nothing")


def steps_that_match_nothing(case: Case) -> Iterator[Finding]:
    """A step of a scenario or an event matches a refiner, a mine, demand or a stockpile."""
    sources = _patterns((p.mineral, p.country, seller(p)) for p in plants(case))
    mines = _patterns((m.mineral, m.country, "") for m in case.mines)
    demand = _patterns((d.mineral, d.member) for d in case.demand)
    piles = _patterns((s.mineral, s.member) for s in case.stockpiles)
    for step in steps(case):
        takes = TAKES.get(step.action)
        if takes is None or step.action == "build project" or not _is_sure(case, step, sources):
            continue
        said = ""
        field = _field(step)
        if step.action in _MEMBERS_OWN:
            pairs = demand if step.action == "scale demand" else piles
            if (step.mineral, step.member) not in pairs:
                whose = f" of {step.member}" if step.member else ""
                what = f" for {step.mineral}" if step.mineral else ""
                said = f"no {_MEMBERS_OWN[step.action]}{whose}{what}"
                field = "member" if step.member else field
        elif step.action in _MINES_OWN:
            if not _any(step, mines):
                said = f"no mine{_of(step.mineral)}{_in(case, step.country)}"
        elif "refiner" in takes.selectors and not _any(step, sources):
            said = _no_refiner(case, step)
        if said:
            yield advise(step, field, f"`{step.action}` matches {said}")


def ore_lanes_that_match_nothing(case: Case) -> Iterator[Finding]:
    """A row of Ore lanes matches a mine, and a country that refines."""
    mines = _patterns((m.mineral, m.country) for m in case.mines)
    refining = _patterns((p.mineral, p.country) for p in plants(case))
    for row in case.ore_lanes:
        if row.mineral and row.mineral not in case.mineral_of:
            continue
        if (row.mineral, row.mine_country) not in mines:
            said = f"no mine{_of(row.mineral)}{_in(case, row.mine_country)}"
            field = "mine_country" if row.mine_country else "mineral"
            yield advise(row, field, said, "the row matches nothing")
        elif (row.mineral, row.refiner_country) not in refining:
            said = f"no refiner{_of(row.mineral)}{_in(case, row.refiner_country)}"
            field = "refiner_country" if row.refiner_country else "mineral"
            yield advise(row, field, said, "the row matches nothing")


def _patterns(keys: Iterable[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Return every row of selectors, blank ones included, that matches one of the keys."""
    return {found for key in set(keys) for found in itertools.product(*((k, "") for k in key))}


def _is_sure(case: Case, row: Lane | Step, sources: set[tuple[str, ...]]) -> bool:
    """Whether all names are known, and no other finding says that the row matches nothing."""
    if row.mineral and row.mineral not in case.mineral_of:
        return False
    if row.member and row.member not in case.member_of:
        return False
    return not row.refiner or (row.mineral, "", row.refiner) in sources


def _any(row: Lane | Step, sources: set[tuple[str, ...]]) -> bool:
    return (row.mineral, row.country, row.refiner) in sources


def _field(row: Lane | Step) -> str:
    """The cell that a finding is told at: the first that narrows most."""
    named = ("country", "refiner", "mineral", "member")
    blank = "action" if isinstance(row, Step) else "country"
    return next((field for field in named if getattr(row, field)), blank)


def _no_refiner(case: Case, row: Lane | Step) -> str:
    who = f"no {row.refiner}" if row.refiner else "no refiner"
    return f"{who}{_of(row.mineral)}{_in(case, row.country)}"


def _of(mineral: str) -> str:
    return f" of {mineral}" if mineral else ""


def _in(case: Case, country: str) -> str:
    return f" in {case.country_name(country)}" if country else ""


# ---- steps of scenarios and events -------------------------------------------------------------


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


# ---- events that may happen --------------------------------------------------------------------


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
