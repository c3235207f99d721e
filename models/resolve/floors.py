"""Price floors resolved: the floor that applies to a flow, and the levy that raises its price."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from models import schema
from models.case import Case, in_force

_Floats = NDArray[np.float64]


def buyer_blocs(case: Case, country: str) -> tuple[str, ...]:
    """Return the blocs of a buyer's country; one with no country is in the coalition."""
    return case.blocs_of(country) if country else (schema.COALITION,)


def applies(case: Case, row: schema.PriceFloor, seller: str, buyer: Collection[str]) -> bool:
    """Return whether a floor applies to sales from a country into some blocs, at any price.

    It applies if the buyer is in the zone, and the seller is neither in it nor exempt.
    """
    names = {seller, *case.blocs_of(seller)}
    return row.zone in buyer and row.zone not in names and names.isdisjoint(row.exempt)


def floors_that_apply(
    case: Case, mineral: str, sellers: Sequence[str], buyers: Sequence[Collection[str]]
) -> _Floats:
    """Return the highest floor that applies [money/t], by (seller, buyer, year); 0: none.

    ``sellers`` are countries, ``buyers`` the blocs of each buyer.
    """
    floors = np.zeros((len(sellers), len(buyers), len(case.years)))
    for row in case.price_floors:
        if row.mineral == mineral:
            pairs = [applies(case, row, c, blocs) for c in sellers for blocs in buyers]
            is_met = np.array(pairs, dtype=bool).reshape(len(sellers), len(buyers), 1)
            floor = [row.floor.value(y) if in_force(row, y) else 0.0 for y in case.years]
            np.maximum(floors, np.where(is_met, floor, 0.0), out=floors)
    return floors


def levy(floor: _Floats, landed: _Floats) -> _Floats:
    """Return the levy at the border [money/t]: the floor minus the landed cost, at least 0."""
    return np.maximum(0.0, floor - landed)


def deciding_row(
    case: Case, mineral: str, seller: str, buyer: Collection[str], year: int
) -> schema.PriceFloor | None:
    """Return the row with the highest floor that applies to a flow in a year; None: none does."""
    rows = (
        row
        for row in case.price_floors
        if row.mineral == mineral and in_force(row, year) and applies(case, row, seller, buyer)
    )
    return max(rows, key=lambda row: row.floor.value(year), default=None)
