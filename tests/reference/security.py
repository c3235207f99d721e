"""What is to be left where a country is lost: the sheet Security (contract section 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .cells import by_year, filled, in_years, text, yes
from .reading import ROW, Case, Source


@dataclass(frozen=True)
class Target:
    """What all sources outside a country, with stocks or without, are to reach in a year, in t.

    kept is what is to be left of each tonne of need; penalty is USD per t that is missing.
    """

    mineral: str
    year: int
    lost: str
    kept: float
    needed: float
    stocks: bool
    penalty: float


def can_sell(case: Case, source: Source, year: int) -> bool:
    """Whether a source has capacity in a year and somebody to sell to."""
    return case.stages.sells(source, year)


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
                        1.0 - short,
                        (1.0 - short) * case.demand_of(mineral, everyone, year),
                        yes(row, "Count stocks") is not False,
                        filled(row, "Penalty (USD/t)", case.shortage_cost(mineral, year) / 10.0),
                    )
