"""Sources: refiners, and projects, each a source of its own under its refiner's name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.case import Case, in_force
from models.schema import PRIMARY, ByYear, Project, Refiner

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Source:
    """A refiner of one mineral, or a project, which is a source of its own."""

    name: str
    project: str
    mineral: str
    country: str
    owner: str
    kind: str
    needs_ore: bool
    recovery: float
    cost: ByYear
    record: Refiner | Project


def sources(case: Case) -> tuple[Source, ...]:
    """Return refiners and projects as sources, ordered by mineral, name, project."""
    found = [
        Source(
            r.name,
            "",
            r.mineral,
            r.country,
            r.owner or r.country,
            r.kind,
            r.kind == PRIMARY if r.needs_ore is None else r.needs_ore,
            r.recovery,
            r.cost,
            r,
        )
        for r in case.refiners
    ]
    found += [
        Source(
            p.refiner,
            p.name,
            p.mineral,
            p.country,
            p.owner or p.country,
            p.kind,
            p.kind == PRIMARY,
            1.0,
            p.cost,
            p,
        )
        for p in case.projects
    ]
    place = {m.name: i for i, m in enumerate(case.minerals)}
    return tuple(sorted(found, key=lambda s: (place[s.mineral], s.name, s.project)))


def starts(project: Project, years: tuple[int, ...], year: int) -> list[int]:
    """Return the years in which output of a project could have begun that still runs in ``year``.

    That is y of the horizon with year - life < y <= year, from the project's first year on, or the
    one year in which a scenario has it built.
    """
    return [y for y in start_years(project, years) if year - project.life < y <= year]


def start_years(project: Project, years: tuple[int, ...]) -> list[int]:
    """Return the years in which output of a project may begin."""
    if project.built_in is not None:
        return [project.built_in]
    return [y for y in years if y >= project.first_year]


def capacities(found: tuple[Source, ...], years: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Usable and nameplate capacity [t/yr] by (source, year); a project's usable one is 0."""
    usable = np.zeros((len(found), len(years)))
    nameplate = np.zeros((len(found), len(years)))
    for i, source in enumerate(found):
        record = source.record
        for t, year in enumerate(years):
            if isinstance(record, Project):
                nameplate[i, t] = record.capacity.value(year)
            elif in_force(record, year):
                nameplate[i, t] = record.capacity.value(year)
                share = record.available_share.at(year)
                open_part = nameplate[i, t] * (1.0 if share is None else share)
                usable[i, t] = max(0.0, open_part + (record.extra_usable.at(year) or 0.0))
    return usable, nameplate
