"""A name used in one sheet is defined in its home sheet."""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case
from models.checks.common import advise, at, columns, did_you_mean
from models.errors import Finding
from models.schema import SHEETS, Contract, CurrentSupply, Lane, Project, Refiner
from models.schema.scenario import Step

MOST_HINTS = 50
"""Unknown names of a column that get a closest match: to look for one takes time."""


def defined(case: Case, homes: tuple[str, ...]) -> set[str]:
    """Return the names that sheets define; Projects defines refiners."""
    found: set[str] = set()
    for home in homes:
        if home == Project.SHEET:
            found |= {p.refiner for p in case.projects}
        else:
            found |= {str(getattr(r, "name", "")) for r in case.records(home)}
    return found - {""}


def names_are_defined(case: Case) -> Iterator[Finding]:
    """Minerals, members, refiners and tiers, wherever a column refers to their sheet."""
    for record in SHEETS:
        for column in columns(record):
            if not column.refers:
                continue
            known = defined(case, column.refers)
            hints: dict[str, str] = {}
            for row in case.records(record.SHEET):
                name = getattr(row, column.field)
                if name and name not in known:
                    said = f"{name!r} is not in {' or '.join(column.refers)}"
                    wanted = f"a name of the sheet {' or '.join(column.refers)}"
                    if name not in hints and len(hints) < MOST_HINTS:
                        hints[name] = did_you_mean(name, known)
                    yield at(row, column.field, said, wanted, hints.get(name, ""))


def refiners_have_the_mineral(case: Case) -> Iterator[Finding]:
    """Where a row names a refiner of the sheet Refiners and a mineral, the two are one row there.

    A row of Lanes, Scenarios or Risks that names a pair that does not exist matches nothing: a
    warning.
    """
    pairs = {(r.name, r.mineral) for r in case.refiners}
    refiners = {name for name, _ in pairs}
    minerals = {m.name for m in case.minerals}
    planned = pairs | {(p.refiner, p.mineral) for p in case.projects}
    # that a mineral of a refiner is not known is said there
    anyone = {name for name, _ in planned} - {
        name for name, mineral in planned if mineral not in minerals
    }
    signed: tuple[Contract | CurrentSupply, ...] = (*case.contracts, *case.current_supply)
    for row in signed:
        known = row.refiner in refiners and row.mineral in minerals
        if known and (row.refiner, row.mineral) not in pairs:
            said = f"{row.refiner} does not refine {row.mineral} in Refiners"
            has = sorted(mineral for name, mineral in pairs if name == row.refiner)
            if not set(has) <= minerals:
                continue  # that a mineral of the refiner is not known is said there
            wanted = f"a row of {Refiner.SHEET} for both"
            yield at(row, "mineral", said, wanted, f"it refines {', '.join(has)}")
    selecting: tuple[Lane | Step, ...] = (*case.lanes, *case.scenarios, *case.risks)
    for choice in selecting:
        known = choice.refiner in anyone and choice.mineral in minerals
        if known and (choice.refiner, choice.mineral) not in planned:
            said = f"{choice.refiner} does not refine {choice.mineral}: the row matches nothing"
            yield advise(choice, "mineral", said)
