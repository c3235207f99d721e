"""Minimums of contracts after force majeure (contract section 3, Contract)."""

from __future__ import annotations

from collections import defaultdict

from .cells import filled, in_years, must
from .reading import Case, Source


def minimums(case: Case, year: int) -> dict[int, float]:
    """Row of Contracts -> t that are due in a year; a row that lapses is left out."""
    sources = {(s.refiner, s.mineral): s for s in case.sources if s.project is None}
    due: dict[int, float] = {}
    seller: dict[int, Source] = {}
    together: dict[Source, float] = defaultdict(float)
    for k, row in enumerate(case.book.get("Contracts", ())):
        if all(value is None for value in row.values()):
            continue
        source = sources[must(row, "Refiner"), must(row, "Mineral")]
        lane = case.lane(source, must(row, "Member"), year)
        dead = not lane.open or 0.0 in (lane.max_country, lane.max_source)
        if in_years(row, year) and not dead and case.usable(source, year) > 0:
            due[k], seller[k] = filled(row, "Min (t/yr)", 0.0), source
            together[source] += due[k]
    for k, source in seller.items():
        room = case.usable(source, year)
        due[k] *= room / together[source] if together[source] > room else 1.0
    return due
