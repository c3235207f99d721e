"""Events of the sheet Risks, applied to a case as scenarios are.

An event has all rows with its name. In each year of an event, its rows apply, except outside their
own first and last year.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter

from models import checks, errors, schema
from models.case import Case, CaseStep, CaseSteps, Selection, in_force
from models.checks.common import plants, seller
from planner.scenarios.actions import ActionKind, DrawnDelays, changes_nothing, delayed_projects

Hits = tuple[tuple[int, int], ...]
"""Rows of the sheet Risks that apply in a year: pairs (position in ``case.risks``, year)."""


@dataclass(frozen=True)
class Event:
    """An event that may begin in any year of the horizon.

    ``probability`` is the chance that it begins in a year; ``duration`` [yr] includes the first
    year, and is 1 if all it does happens once; ``rows`` are positions in ``case.risks``.
    """

    name: str
    probability: float
    duration: int
    rows: tuple[int, ...]


def events_of(case: Case) -> tuple[Event, ...]:
    """Return the events of a case in the order of their first rows."""
    rows: dict[str, list[int]] = {}
    for position, step in enumerate(case.risks):
        rows.setdefault(step.name, []).append(position)
    return tuple(
        Event(name, first.probability, 1 if is_short else first.duration, tuple(positions))
        for name, positions in rows.items()
        for first in [case.risks[positions[0]]]
        for is_short in [all(case.risks[position].is_once for position in positions)]
    )


def active_rows(
    case: Case,
    under_way: Mapping[str, Iterable[int]],
    begins: Mapping[str, Iterable[int]] | None = None,
) -> Hits:
    """Return the rows that apply in each year, from the years of each event.

    A row that happens once applies in the years in which its event begins.
    """
    return tuple(
        sorted(
            (position, year)
            for position, step in enumerate(case.risks)
            for year in ((begins or {}) if step.is_once else under_way).get(step.name, ())
            if in_force(step, year)
        )
    )


def apply_events(case: Case, hits: Hits) -> Case:
    """Return the case after applying rows of the sheet Risks in the years of ``hits``."""
    return CaseSteps(event_changes(case, hits))(case)


def event_changes(case: Case, rows: Hits, *, is_decided: bool = False) -> tuple[CaseStep, ...]:
    """Return the changes that rows of the sheet Risks make in their years, top to bottom.

    Delays come last. ``is_decided`` is as in ``DrawnDelays``.
    """
    years: dict[int, set[int]] = {}
    for position, year in rows:
        years.setdefault(position, set()).add(year)
    names = [f.name for f in dataclasses.fields(schema.ScenarioStep)]
    changes, delays = list[CaseStep](), list[tuple[schema.ScenarioStep, int]]()
    for position, when in sorted(years.items()):
        row = case.risks[position]
        step = schema.ScenarioStep(**{name: getattr(row, name) for name in names})
        if row.is_once:
            delays += [(step, year) for year in when]
        else:
            changes.append(CaseStep(ActionKind(step), Selection(years=frozenset(when))))
    groups = _of_same_projects(case, sorted(delays, key=itemgetter(1)))
    changes += [CaseStep(DrawnDelays(group, is_decided=is_decided)) for group in groups]
    return tuple(changes)


def _of_same_projects(
    case: Case, delays: Iterable[tuple[schema.ScenarioStep, int]]
) -> list[tuple[tuple[schema.ScenarioStep, int], ...]]:
    """Return delays in groups that share no project: each group is a change of its own."""
    groups: list[tuple[frozenset[str], tuple[tuple[schema.ScenarioStep, int], ...]]] = []
    for delay in delays:
        own: tuple[tuple[schema.ScenarioStep, int], ...] = (delay,)
        names = delayed_projects(case, delay[0])
        others = [group for group in groups if group[0].isdisjoint(names)]
        for known, earlier in (group for group in groups if not group[0].isdisjoint(names)):
            names, own = names | known, (*earlier, *own)
        groups = [*others, (names, tuple(sorted(own, key=itemgetter(1))))]
    return [group for _, group in groups]


def affected_minerals(case: Case, row: schema.EventStep) -> frozenset[str]:
    """Return the minerals that a row of Risks may affect."""
    if row.action == "scale shortage cost":
        minerals = [m.name for m in case.minerals]
    elif row.action == "scale demand":
        minerals = [d.mineral for d in case.demand if row.member in {"", d.member}]
    elif row.action == "set stock target":
        minerals = [s.mineral for s in case.stockpiles if row.member in {"", s.member}]
    elif row.action in {"scale mines", "block ore"}:
        minerals = [m.mineral for m in case.mines if row.country in {"", m.country}]
    else:
        minerals = [
            p.mineral
            for p in (case.projects if row.action == "delay project" else plants(case))
            if row.selects(p.mineral, p.country, seller(p), p.company)
        ]
    return frozenset(mineral for mineral in minerals if row.mineral in {"", mineral})


def event_findings(case: Case) -> Iterator[errors.Finding]:
    """Yield errors that an event causes in a case, and warnings on rows without effect.

    Each event is applied separately, in every year.
    """
    for event in events_of(case):
        changed = case
        for position in event.rows:
            row, before = case.risks[position], changed
            held = [year for year in case.years if in_force(row, year)]
            years = held[:1] if row.is_once else held
            changed = apply_events(changed, tuple((position, year) for year in years))
            if changed == before and held:
                yield changes_nothing(row)
        for finding in checks.check_rules(changed, checks.RULES):
            if finding.severity is errors.Severity.ERROR:
                message = f"in the event {event.name}: {finding.found}"
                yield dataclasses.replace(finding, found=message)


def projects_with_delays(case: Case) -> frozenset[str]:
    """Return the projects that an event may delay."""
    rows = (row for row in case.risks if row.action == "delay project")
    return frozenset[str]().union(*(delayed_projects(case, row) for row in rows))
