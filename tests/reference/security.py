"""What is to be left where a country is lost: the sheet Security (contract section 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .cells import by_year, filled, in_years, text, yes
from .reading import ROW, Case, Source


@dataclass(frozen=True)
class Target:
    """What all sources outside a country, with stocks or without, are to reach in a year, in t.

    penalty is USD per t that is missing.
    """

    mineral: str
    year: int
    lost: str
    needed: float
    stocks: bool
    penalty: float


def size(case: Case, source: Source, year: int) -> float:
    """t/yr of a source: of a refiner what is usable, of a project all of it where it can run."""
    if source.project is None:
        return case.usable(source, year)
    row = case.project_rows[source.project]
    first, life = filled(row, "First year", case.years[0]), case.life(source.project)
    decided = case.decided.get(source.project)
    starts = [y for y in case.years if y >= first] if decided is None else [decided]
    runs = any(start <= year < start + life for start in starts)
    return filled(row, "Capacity (t/yr)", 0.0) if runs else 0.0


def can_sell(case: Case, source: Source, year: int) -> bool:
    """Whether a source has capacity in a year, and an open lane with room to some member."""
    lanes = [case.lane(source, member, year) for member in case.members]
    some = any(lane.open and lane.max_country > 0 and lane.max_source > 0 for lane in lanes)
    return some and size(case, source, year) > 0


def targets(case: Case) -> Iterator[Target]:
    """One for each row, mineral, year and country that the row names and that can sell."""
    everyone = tuple(case.members)
    for row in case.sheet("Security"):
        named, lost = text(row, "Mineral"), text(row, "Lost country") or "each outside coalition"
        for year in case.years:
            if not in_years(row, year):
                continue
            short = by_year(row, "Max short", "", year)
            assert short is not None
            for mineral in case.minerals if named is None else [named]:
                of = [s for s in case.sources if s.mineral == mineral]
                selling = {s.country for s in of if can_sell(case.whole, s, year)} - {ROW}
                for country in sorted(selling):
                    bloc = lost.lower().startswith("each outside ") and lost[13:].strip()
                    if bloc in case.blocs(country) if bloc else country != lost:
                        continue
                    yield Target(
                        mineral,
                        year,
                        country,
                        (1.0 - short) * case.demand_of(mineral, everyone, year),
                        yes(row, "Count stocks") is not False,
                        filled(row, "Penalty (USD/t)", case.shortage_cost(mineral, year) / 10.0),
                    )
