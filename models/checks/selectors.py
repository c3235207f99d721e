"""Rows whose selectors match nothing together: warnings."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from models.case import Case
from models.checks.common import advise, plants, seller
from models.checks.scenarios import TAKES, steps
from models.errors import Finding
from models.schema import Lane
from models.schema.scenario import Step

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
