"""Deliveries: every flow that can exist, spot or contract, as arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.resolve.sources import Floats, Ints

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
