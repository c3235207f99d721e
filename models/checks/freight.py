"""Every pair of supplier country and member has a freight."""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case, in_force
from models.checks.common import at, plants, seller
from models.errors import Finding
from models.schema import Freight, Lane, Project, Refiner

MOST_NAMED = 4


def every_pair_has_freight(case: Case) -> Iterator[Finding]:
    """Freight, the default or Lanes give one, unless every lane of the pair is always closed."""
    if case.settings.default_freight is not None:
        return
    given = {row.country: row for row in case.freight}
    by_country: dict[str, list[Refiner | Project]] = {}
    for plant in plants(case):
        if plant.country:
            by_country.setdefault(plant.country, []).append(plant)
    rows = _Rows(case)
    for country, found in sorted(by_country.items()):
        stated = {name for name, _ in given[country].costs} if country in given else set()
        lacking = [
            member.name
            for member in case.members
            if member.name not in stated and not rows.cover(country, member.name, found)
        ]
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


class _Rows:
    """The rows of Lanes by the country and member that they name."""

    def __init__(self, case: Case) -> None:
        self.years = case.years
        self.by_pair: dict[tuple[str, str], list[tuple[int, Lane]]] = {}
        for place, row in enumerate(case.lanes):
            self.by_pair.setdefault((row.country, row.member), []).append((place, row))

    def cover(self, country: str, member: str, found: list[Refiner | Project]) -> bool:
        """Return whether Lanes give a freight to, or close, every lane of a pair in every year."""
        pairs = ((country, member), (country, ""), ("", member), ("", ""))
        placed = sorted(
            (p for pair in pairs for p in self.by_pair.get(pair, [])), key=lambda p: p[0]
        )
        rows = [row for _, row in placed if row.freight is not None or row.open is not None]
        return bool(rows) and all(
            self._covered(plant, year, rows) for plant in found for year in self.years
        )

    @staticmethod
    def _covered(plant: Refiner | Project, year: int, rows: list[Lane]) -> bool:
        is_open, has_freight = True, False
        for row in rows:
            if (
                row.mineral in {"", plant.mineral}
                and row.refiner in {"", seller(plant)}
                and in_force(row, year)
            ):
                is_open = row.open if row.open is not None else is_open
                has_freight = has_freight or row.freight is not None
        return has_freight or not is_open
