"""The extra cost of the same tonnes: what a plan pays for what it and a reference both buy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import tolerances
from models.measures import difference, ratio

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Buyer = tuple[str, str]
"""A member and "", or "" and a product: all plants that make it are one buyer."""
NAMED_FROM = 0.5
"""A sentence names an extra cost only if this part of the reference's tonnes is compared."""


def is_named(compared: float | None) -> bool:
    """Return whether a sentence may name the extra cost of a mineral's tonnes.

    ``compared`` is the part of the reference's tonnes that both plans buy (None: unknown).
    """
    return compared is not None and compared >= NAMED_FROM


@dataclass(frozen=True)
class Basket:
    """The same tonnes in two plans: ``tonnes``, their ``extra`` cost, their ``cost`` in the other.

    ``there`` are all tonnes that the reference buys [t]; money is undiscounted.
    """

    tonnes: float
    extra: float
    cost: float
    there: float

    @property
    def per_tonne(self) -> float | None:
        return ratio(self.extra, self.tonnes)

    @property
    def share(self) -> float | None:
        """The extra cost as a share of the cost of the same tonnes in the reference."""
        return ratio(self.extra, self.cost)

    @property
    def compared(self) -> float | None:
        """The same tonnes as a share of all tonnes that the reference buys."""
        return ratio(self.tonnes, self.there)


NOTHING = Basket(0.0, 0.0, 0.0, 0.0)
"""The basket of a buyer that buys nothing in one of the plans."""


@dataclass(frozen=True)
class Baskets:
    """The amounts of ``Basket`` as arrays by (buyer, mineral, year), with the names of the axes."""

    buyers: Sequence[Buyer]
    minerals: Sequence[str]
    years: Sequence[int]
    tonnes: Floats
    extra: Floats
    cost: Floats
    there: Floats

    def whole(self) -> Basket:
        return self._basket(slice(None))

    def by_mineral(self) -> dict[str, Basket]:
        return {m: self._basket((slice(None), i)) for i, m in enumerate(self.minerals)}

    def by_buyer(self) -> dict[Buyer, Basket]:
        return {buyer: self._basket(i) for i, buyer in enumerate(self.buyers)}

    def by_year(self) -> dict[tuple[str, int], Basket]:
        """Return the baskets by mineral and year."""
        cells = np.ndindex(len(self.minerals), len(self.years))
        names = ((self.minerals[m], self.years[t]) for m, t in cells)
        inside = np.ndindex(len(self.minerals), len(self.years))
        return {
            name: self._basket((slice(None), m, t))
            for name, (m, t) in zip(names, inside, strict=True)
        }

    def _basket(self, at: Any) -> Basket:
        amounts = (self.tonnes, self.extra, self.cost, self.there)
        tonnes, extra, cost, there = (float(each[at].sum()) for each in amounts)
        return Basket(tonnes, difference(extra, 0.0, cost), cost, there)


@dataclass(frozen=True)
class Purchases:
    """What members and plants buy, one entry per flow, the cheapest of each cell first.

    A cell is a buyer, mineral and year; ``cell`` is its number in an array of ``shape``. ``price``
    is the landed cost [money/t].
    """

    buyers: tuple[Buyer, ...]
    minerals: tuple[str, ...]
    years: tuple[int, ...]
    cell: Ints
    tonnes: Floats
    price: Floats

    @classmethod
    def of(
        cls,
        axes: tuple[Sequence[Buyer], Sequence[str], Sequence[int]],
        at: tuple[Ints, Ints, Ints],
        tonnes: Floats,
        price: Floats,
    ) -> Purchases:
        """Return purchases at positions ``at`` of three axes: buyers, minerals and years."""
        cell = np.ravel_multi_index(at, tuple(map(len, axes))) if len(tonnes) else np.zeros(0, int)
        order = np.lexsort((price, cell))
        buyers, minerals, years = axes
        names = (tuple(buyers), tuple(minerals), tuple(years))
        return cls(*names, cell[order], tonnes[order], price[order])

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[Buyer, str, int, float, float]]) -> Purchases:
        """Return purchases given by buyer, mineral, year, tonnes and landed cost [money/t]."""
        columns = [*zip(*rows, strict=True)] or [()] * 5
        axes = [sorted(set(names)) for names in columns[:3]]
        positions = [{name: i for i, name in enumerate(names)} for names in axes]
        at = [
            np.array([of[name] for name in column], dtype=np.int64)
            for of, column in zip(positions, columns[:3], strict=True)
        ]
        tonnes, price = (np.array(column, dtype=float) for column in columns[3:])
        return cls.of((axes[0], axes[1], axes[2]), (at[0], at[1], at[2]), tonnes, price)

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self.buyers), len(self.minerals), len(self.years)

    @cached_property
    def bought(self) -> Floats:
        """Tonnes by (buyer, mineral, year)."""
        return self._by_cell(self.tonnes)

    def cost_of(self, wanted: Floats) -> Floats:
        """Return the cost of the cheapest tonnes of each cell [money].

        ``wanted`` are these tonnes by (buyer, mineral, year), at most ``bought``.
        """
        until = np.cumsum(self.tonnes)
        first = np.searchsorted(self.cell, self.cell)  # where each entry's cell begins
        before = until - self.tonnes - (until - self.tonnes)[first]
        bought = np.clip(wanted.ravel()[self.cell] - before, 0.0, self.tonnes)
        return self._by_cell(bought * self.price)

    def against(self, reference: Purchases) -> Baskets:
        """Return the same tonnes here and in a reference.

        formula: with n the smaller of the tonnes bought here and there of a buyer, mineral and
                 year: the cost of the n cheapest tonnes here - that of the n cheapest there
        unit: money, undiscounted; below 0 where another buyer takes the dear tonnes
        base: n tonnes; as a share, their cost in the reference
        """
        # what a buyer of the reference alone buys counts as bought there
        buyers = tuple(dict.fromkeys((*self.buyers, *reference.buyers)))
        axes = (buyers, self.minerals, self.years)
        here, there = self.on_axes(axes), reference.on_axes(axes)
        same = np.minimum(here.bought, there.bought)
        cost = there.cost_of(same)
        extra = here.cost_of(same) - cost
        is_rounding = np.abs(extra) <= tolerances.REMAINDER * cost
        return Baskets(*axes, same, np.where(is_rounding, 0.0, extra), cost, there.bought)

    def on_axes(self, axes: tuple[Sequence[Buyer], Sequence[str], Sequence[int]]) -> Purchases:
        """Return these purchases on other axes; what has no place there is left out."""
        mine = (self.buyers, self.minerals, self.years)
        if axes == mine:
            return self
        places = np.unravel_index(self.cell, self.shape)
        moved = []
        for names, wanted, at in zip(mine, axes, places, strict=True):
            position = {name: i for i, name in enumerate(wanted)}
            moved.append(np.array([position.get(name, -1) for name in names], dtype=np.int64)[at])
        kept = np.flatnonzero(np.all([at >= 0 for at in moved], axis=0))
        buyer, mineral, year = (at[kept] for at in moved)
        return Purchases.of(axes, (buyer, mineral, year), self.tonnes[kept], self.price[kept])

    def _by_cell(self, amounts: Floats) -> Floats:
        sums = np.bincount(self.cell, amounts, int(np.prod(self.shape)))
        return np.asarray(sums.reshape(self.shape))
