"""Events of the sheet Risks: a pure function from Case to Case, as a scenario is.

An event is the rows of one name. Where it is under way in a year, each of its rows holds in that
year, within the row's own first and last year.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from models import checks, errors, schema
from models.case import Case, CaseStep, CaseSteps, Selection, in_force
from models.checks.common import plants, seller
from planner.scenarios.actions import ActionKind, changes_nothing

Hits = tuple[tuple[int, int], ...]
"""Which rows hold in which years, as (position in ``case.risks``, year), ascending."""


@dataclass(frozen=True)
class Event:
    """An event that may begin in any year of the horizon.

    ``probability`` that it begins in a year; ``duration`` [yr], the year it begins in included;
    ``rows`` are positions in ``case.risks``.
    """

    name: str
    probability: float
    duration: int
    rows: tuple[int, ...]


def events(case: Case) -> tuple[Event, ...]:
    """Return the events of a case in the order of their first rows."""
    rows: dict[str, list[int]] = {}
    for position, step in enumerate(case.risks):
        rows.setdefault(step.name, []).append(position)
    return tuple(
        Event(
            name,
            case.risks[positions[0]].probability,
            case.risks[positions[0]].duration,
            tuple(positions),
        )
        for name, positions in rows.items()
    )


def hits(case: Case, under_way: Mapping[str, Iterable[int]], alone: int | None = None) -> Hits:
    """Return which rows hold in which years, where events are under way in some years.

    ``alone`` is the position of the one row that is asked for.
    """
    return tuple(
        sorted(
            (position, year)
            for position, step in enumerate(case.risks)
            for year in under_way.get(step.name, ())
            if in_force(step, year) and alone in {None, position}
        )
    )


def strike(case: Case, rows: Hits) -> Case:
    """Return the case in which rows of Risks hold in some years."""
    return CaseSteps(happen(case, rows))(case)


def happen(case: Case, rows: Hits) -> tuple[CaseStep, ...]:
    """Return what rows of Risks change in the years in which they hold, top to bottom."""
    years: dict[int, set[int]] = {}
    for position, year in rows:
        years.setdefault(position, set()).add(year)
    return tuple(
        CaseStep(ActionKind(_step(case.risks[position])), Selection(years=frozenset(when)))
        for position, when in sorted(years.items())
    )


def _step(row: schema.EventStep) -> schema.ScenarioStep:
    """Return what a row does as a step of a scenario of its name."""
    names = (f.name for f in dataclasses.fields(schema.ScenarioStep))
    return schema.ScenarioStep(**{name: getattr(row, name) for name in names})


def touched(case: Case, row: schema.EventStep) -> frozenset[str]:
    """Return the minerals of which a row of Risks may change anything."""
    if row.action == "scale demand":
        minerals = [d.mineral for d in case.demand if row.member in {"", d.member}]
    elif row.action == "set stock target":
        minerals = [s.mineral for s in case.stockpiles if row.member in {"", s.member}]
    elif row.action in {"scale mines", "block ore"}:
        minerals = [m.mineral for m in case.mines if row.country in {"", m.country}]
    else:
        minerals = [
            p.mineral
            for p in plants(case)
            if row.selects(p.mineral, p.country, seller(p), p.company)
        ]
    return frozenset(mineral for mineral in minerals if row.mineral in {"", mineral})


def findings(case: Case) -> tuple[errors.Finding, ...]:
    """Return what is amiss with events: what they make of a case, and rows that change nothing.

    Each is tried alone, under way in every year: an error says in which event it arises.
    """
    return tuple(finding for event in events(case) for finding in _tried(case, event))


def _tried(case: Case, event: Event) -> Iterator[errors.Finding]:
    """Apply an event's rows one after another in every year."""
    struck = case
    for position in event.rows:
        row = case.risks[position]
        hit = strike(struck, hits(case, {event.name: case.years}, position))
        if hit == struck and any(in_force(row, year) for year in case.years):
            yield changes_nothing(row)
        struck = hit
    for finding in checks.check(struck, checks.RULES):
        if finding.severity is errors.Severity.ERROR:
            message = f"in the event {event.name}: {finding.found}"
            yield dataclasses.replace(finding, found=message)
