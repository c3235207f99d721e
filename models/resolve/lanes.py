"""Lanes, and the deliveries that they allow, by source, member and year."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.case import Case, in_force
from models.resolve.sources import Bools, Floats, Ints, Source
from models.schema import Lane

# ---- lanes -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lanes:
    """The lanes of one mineral after all overrides, by (source, member, year).

    ``freight`` [USD/t] is NaN where nothing gives one; ``refiner_max`` and ``country_max`` [t/yr]
    are infinite where there is none; ``country_max`` is by (country, member, year).
    """

    sources: tuple[int, ...]
    countries: tuple[str, ...]
    freight: Floats
    tariff: Floats
    open: Bools
    refiner_max: Floats
    country_max: Floats


def resolve_lanes(case: Case, every: tuple[Source, ...], positions: tuple[int, ...]) -> Lanes:
    """Apply Freight, then the rows of Lanes top to bottom, to one mineral's lanes."""
    found = [every[i] for i in positions]
    countries = tuple(sorted({s.country for s in found}))
    members = [m.name for m in case.members]
    shape = (len(found), len(members), len(case.years))
    default = case.settings.default_freight
    base = {row.country: dict(row.costs) for row in case.freight}
    freight = np.full(shape, np.nan if default is None else default)
    for s, source in enumerate(found):
        given = base.get(source.country, {})
        for j, member in enumerate(members):
            if member in given:
                freight[s, j] = given[member]
    lanes = Lanes(
        sources=positions,
        countries=countries,
        freight=freight,
        tariff=np.zeros(shape),
        open=np.ones(shape, dtype=bool),
        refiner_max=np.full(shape, np.inf),
        country_max=np.full((len(countries), *shape[1:]), np.inf),
    )
    for row in case.lanes:
        if found and row.mineral in {"", found[0].mineral}:
            _override(lanes, row, found, members, case.years)
    return lanes


def _override(
    lanes: Lanes, row: Lane, found: list[Source], members: list[str], horizon: tuple[int, ...]
) -> None:
    buyers = [j for j, name in enumerate(members) if row.member in {"", name}]
    years = [t for t, year in enumerate(horizon) if in_force(row, year)]
    matched = [
        s
        for s, source in enumerate(found)
        if row.country in {"", source.country} and row.refiner in {"", source.name}
    ]
    if not (buyers and years and matched):
        return
    at = np.ix_(matched, buyers, years)
    if row.freight is not None:
        lanes.freight[at] = row.freight
    if row.freight_factor != 1.0:
        lanes.freight[at] *= row.freight_factor
    if row.tariff is not None:
        lanes.tariff[at] = row.tariff
    if row.open is not None:
        lanes.open[at] = row.open
    if row.max is not None and row.refiner:
        lanes.refiner_max[at] = row.max
    elif row.max is not None:
        countries = [c for c, code in enumerate(lanes.countries) if row.country in {"", code}]
        lanes.country_max[np.ix_(countries, buyers, years)] = row.max


# ---- deliveries --------------------------------------------------------------------------------


SPOT = -1
"""The contract of a spot flow."""

FIELDS = ("mineral", "year", "source", "member", "contract", "cost", "tariff", "freight")
DELIVERY = np.dtype([(name, np.int64 if i < 5 else np.float64) for i, name in enumerate(FIELDS)])  # noqa: PLR2004


@dataclass(frozen=True)
class Deliveries:
    """Every flow that can exist, ordered by mineral, year, source, member, contract.

    ``mineral`` ... ``contract`` are positions (contract: SPOT, or a position in
    ``case.contracts``); ``cost`` [USD/t] is the refiner's cost or the contract's price,
    ``tariff`` a fraction of it, ``freight`` [USD/t].
    """

    mineral: Ints
    year: Ints
    source: Ints
    member: Ints
    contract: Ints
    cost: Floats
    tariff: Floats
    freight: Floats

    @property
    def landed(self) -> Floats:
        """What a tonne costs at the member's gate [USD/t]."""
        return self.cost * (1.0 + self.tariff) + self.freight

    def __len__(self) -> int:
        """Count the deliveries."""
        return len(self.source)


def join(parts: Iterable[NDArray[np.void]]) -> Deliveries:
    """Put parts together in the deliveries' order; those of spot are in it, mineral by mineral."""
    joined = np.concatenate([np.zeros(0, dtype=DELIVERY), *parts])
    keys = ("contract", "member", "source", "year", "mineral")
    if (joined["contract"] != SPOT).any():  # spot alone stands in order already
        joined = joined[np.lexsort([joined[key] for key in keys])]
    return Deliveries(**{name: np.ascontiguousarray(joined[name]) for name in FIELDS})
