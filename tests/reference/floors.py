"""The levy of a price floor at the border: the sheet Price floors (contract section 7.3)."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from .cells import by_year, in_years, must, text

if TYPE_CHECKING:
    from .reading import Case, Source


def zones_of_member(case: Case, member: str) -> Collection[str]:
    """Blocs of a member's country; a member without one counts as in the coalition."""
    country = text(case.members[member], "Country")
    return {"coalition"} if country is None else case.blocs(country)


def levy(case: Case, source: Source, zones: Collection[str], year: int, landed: float) -> float:
    """USD/t on a flow from a source to a buyer in these blocs: the highest of all floors.

    landed is cost or price x (1 + tariff) + freight, in USD/t.
    """
    home = case.blocs(source.country)
    highest = 0.0
    for row in case.sheet("Price floors"):
        zone = text(row, "Zone") or "coalition"
        exempt = {name.strip() for name in (text(row, "Exempt") or "").split(";")}
        if (
            must(row, "Mineral") == source.mineral
            and in_years(row, year)
            and zone in zones
            and zone not in home
            and not exempt & {source.country, *home}
        ):
            floor = by_year(row, "Floor", " (USD/t)", year)
            assert floor is not None
            highest = max(highest, floor - landed)
    return highest
