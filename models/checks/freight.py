"""Every pair of supplier country and member has a freight."""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case, fold
from models.checks.common import at, plants
from models.checks.reserved import COLUMNS
from models.errors import Finding
from models.schema import Freight, Project, Refiner

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
