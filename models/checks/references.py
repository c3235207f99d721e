"""Names: one used in a sheet is defined in its home sheet, and none reads as something else."""

from __future__ import annotations

from collections.abc import Iterator

from models.case import BASE, Case, fold
from models.checks.common import advise, at, columns, did_you_mean, plants
from models.errors import Finding
from models.schema import (
    EACH,
    REST_OF_WORLD,
    SHEETS,
    Contract,
    CurrentSupply,
    Freight,
    Lane,
    Project,
    Refiner,
)
from models.schema.policy import Step

# ---- names that would be read as something else ------------------------------------------------


COLUMNS = {"note", "source", fold(Freight.column_of("country").header)}
"""Headers of Freight, folded, that are no member's column."""


def names_that_mean_something_else(case: Case) -> Iterator[Finding]:
    """A member or group named each, a group named like a member, a scenario named Base."""
    members = {fold(m.name): m.name for m in case.members}
    for member in case.members:
        if fold(member.name) == EACH:
            yield at(member, "name", f"a member named {member.name!r}", "another name", _EACH)
        elif fold(member.name) in COLUMNS:
            said = f"a member named {member.name!r}"
            yield at(member, "name", said, "another name", "Freight has a column of that name")
        if member.group and fold(member.group) == EACH:
            yield at(member, "group", f"a group named {member.group!r}", "another name", _EACH)
        elif member.group and fold(member.group) in members:
            said = f"the group {member.group!r} has the name of a member"
            yield at(member, "group", said, "a name that no member has")
    for step in case.scenarios:
        if fold(step.name) == fold(BASE):
            said = f"a scenario named {step.name!r}"
            yield at(step, "name", said, "another name", "Base is the workbook as it stands")


_EACH = "in Share limits `each` is every member alone"


def member_countries(case: Case) -> Iterator[Finding]:
    """The rest of the world is outside the coalition."""
    for member in case.members:
        if member.country == REST_OF_WORLD:
            said = "the rest of the world as a member's country"
            yield at(member, "country", said, "a country", "leave it blank for several countries")


# ---- a name used in one sheet is defined in its home sheet -------------------------------------


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


# ---- every pair of supplier country and member has a freight -----------------------------------


MOST_NAMED = 4


def every_pair_has_freight(case: Case) -> Iterator[Finding]:
    """Freight or the default gives one to every pair; Lanes override it and do not stand for it."""
    if case.settings.default_freight is not None:
        return
    members = [member for member in case.members if fold(member.name) not in COLUMNS]
    given = {row.country: row for row in case.freight}
    by_country: dict[str, list[Refiner | Project]] = {}
    for plant in plants(case):
        if plant.country:
            by_country.setdefault(plant.country, []).append(plant)
    for country, found in sorted(by_country.items()):
        stated = {name for name, _ in given[country].costs} if country in given else set()
        lacking = [member.name for member in members if member.name not in stated]
        if country in given:
            for member in lacking:
                yield _lacks(given[country], case.country_name(country), member)
        elif lacking:
            named = ", ".join(lacking[:MOST_NAMED])
            more = len(lacking) - MOST_NAMED
            to = f"{named} and {more} more" if more > 0 else named
            first = min(found, key=lambda plant: (isinstance(plant, Project), plant.row))
            said = f"no freight from {case.country_name(country)} to {to}"
            yield at(first, "country", said, _WANTED, _HINT)


_WANTED = "a freight for every pair of supplier country and member"
_HINT = "fill the sheet Freight, or the setting Default freight for all pairs that it leaves out"


def _lacks(row: Freight, country: str, member: str) -> Finding:
    said = f"no freight from {country} to {member}"
    return Finding(row.SHEET, row.row, member, said, _WANTED, _HINT)
