"""Events of the sheet Risks, applied to a case as scenarios are.

An event has all rows with its name. In each year of an event, its rows apply, except outside their
own first and last year.
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
"""Rows of the sheet Risks that apply in a year: pairs (position in ``case.risks``, year)."""


@dataclass(frozen=True)
class Event:
    """An event that may begin in any year of the horizon.

    ``probability`` is the chance that it begins in a year; ``duration`` [yr] includes the first
    year; ``rows`` are positions in ``case.risks``.
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
        Event(name, first.probability, first.duration, tuple(positions))
        for name, positions in rows.items()
        for first in [case.risks[positions[0]]]
    )


def active_rows(
    case: Case, under_way: Mapping[str, Iterable[int]], only: int | None = None
) -> Hits:
    """Return the rows that apply in each year, from the years of each event.

    With ``only``, return only the row at that position.
    """
    return tuple(
        sorted(
            (position, year)
            for position, step in enumerate(case.risks)
            for year in under_way.get(step.name, ())
            if in_force(step, year) and only in {None, position}
        )
    )


def apply_events(case: Case, rows: Hits) -> Case:
    """Return the case after applying rows of the sheet Risks in their years."""
    return CaseSteps(event_changes(case, rows))(case)


def event_changes(case: Case, rows: Hits) -> tuple[CaseStep, ...]:
    """Return the changes that rows of the sheet Risks make in their years, top to bottom."""
    years: dict[int, set[int]] = {}
    for position, year in rows:
        years.setdefault(position, set()).add(year)
    changes, names = [], [f.name for f in dataclasses.fields(schema.ScenarioStep)]
    for position, when in sorted(years.items()):
        values = {name: getattr(case.risks[position], name) for name in names}
        step = schema.ScenarioStep(**values)
        changes.append(CaseStep(ActionKind(step), Selection(years=frozenset(when))))
    return tuple(changes)


def affected_minerals(case: Case, row: schema.EventStep) -> frozenset[str]:
    """Return the minerals that a row of Risks may affect."""
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


def findings(case: Case) -> Iterator[errors.Finding]:
    """Yield errors that an event causes in a case, and warnings on rows without effect.

    Each event is applied separately, in every year.
    """
    for event in events(case):
        changed = case
        for position in event.rows:
            row, before = case.risks[position], changed
            changed = apply_events(changed, active_rows(case, {event.name: case.years}, position))
            if changed == before and any(in_force(row, year) for year in case.years):
                yield changes_nothing(row)
        for finding in checks.check(changed, checks.RULES):
            if finding.severity is errors.Severity.ERROR:
                message = f"in the event {event.name}: {finding.found}"
                yield dataclasses.replace(finding, found=message)
