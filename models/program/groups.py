"""Groups: a component's columns or rows, their place in the program, names and shape."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.program.component import Component, Heading
from models.resolve import Floats, Ints
from models.solve import Keys, Rows

Key = Callable[..., Any]
"""Spells a key: from the positions that make it up to the names that the model uses."""


@dataclass(frozen=True)
class Charge:
    """What a unit of each column costs under a heading [money, undiscounted], and in which year."""

    heading: Heading
    price: Floats
    year: Ints


@dataclass(frozen=True)
class Group:
    """Columns or rows of one component.

    ``at`` is the position of each in the program, ascending once it is laid out; ``cell`` (mineral
    x years + year) says whose each is. ``index`` are the arrays of whole numbers that keys are made
    of (positions of sources, members and years, numbered names), which ``key`` spells. ``year`` is
    the year whose money a row's dual is in, 0 for none; ``charges`` are what columns cost.
    """

    component: Component
    at: Ints
    cell: Ints
    index: tuple[Ints, ...]
    key: Key
    year: Ints
    charges: tuple[Charge, ...] = ()

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.cell)

    @property
    def name(self) -> str:
        """The component's name."""
        return self.component.name

    def keys(self, which: Ints) -> list[Any]:
        """Return the keys of some of them."""
        parts = (part[which].tolist() for part in self.index)
        return [self.key(*key) for key in zip(*parts, strict=True)]

    def moved(self, place: Ints) -> Group:
        """Return the group where its provisional positions have their places, in that order."""
        at = place[self.at]
        if not len(at) or (np.diff(at) > 0).all():
            return replace(self, at=at)
        order = np.argsort(at, kind="stable")  # the group's own order is not the blocks'
        return replace(
            self,
            at=at[order],
            cell=self.cell[order],
            index=tuple(part[order] for part in self.index),
            year=self.year[order],
            charges=tuple(Charge(c.heading, c.price[order], c.year[order]) for c in self.charges),
        )


class LazyKeys(Sequence[Keys]):
    """The names of a stretch of columns or rows, spelt when first looked at."""

    def __init__(self, groups: tuple[Group, ...], stretch: slice) -> None:
        """Remember where they come from."""
        self._groups, self._stretch = groups, stretch
        self._found: tuple[Keys, ...] | None = None

    def sizes(self) -> list[tuple[str, int]]:
        """Return the name of each group that is there, and how many it has; nothing is spelt."""
        inside = [(group.name, within(group.at, self._stretch)) for group in self._groups]
        return [(name, at.stop - at.start) for name, at in inside if at.stop > at.start]

    def _all(self) -> tuple[Keys, ...]:
        if self._found is None:
            found = [keys for group in self._groups for keys in self._of(group)]
            self._found = _merged(sorted(found, key=lambda keys: keys.start))
        return self._found

    def _of(self, group: Group) -> Iterator[Keys]:
        """Yield a group's names, a stretch for each block."""
        inside = within(group.at, self._stretch)
        at = np.arange(inside.start, inside.stop)
        for run in np.split(at, np.flatnonzero(np.diff(group.at[inside]) > 1) + 1):
            if len(run):
                start = int(group.at[run[0]]) - self._stretch.start
                yield Keys(group.name, start, tuple(group.keys(run)))

    def __getitem__(self, at: Any) -> Any:
        """Return some of the names."""
        return self._all()[at]

    def __len__(self) -> int:
        """Return how many stretches there are."""
        return len(self._all())

    def __iter__(self) -> Iterator[Keys]:
        """Go through the stretches."""
        return iter(self._all())


def _merged(found: Sequence[Keys]) -> tuple[Keys, ...]:
    """Return neighbours of one component as one: each row of Share limits was its own group."""
    merged: list[Keys] = []
    for keys in found:
        if merged and merged[-1].name == keys.name:
            before = merged.pop()
            merged.append(Keys(keys.name, before.start, before.index + keys.index))
        else:
            merged.append(keys)
    return tuple(merged)


def within(positions: Ints, stretch: slice) -> slice:
    """Return which of ascending positions lie in a stretch."""
    first, last = np.searchsorted(positions, (stretch.start, stretch.stop))
    return slice(int(first), int(last))


def fingerprint(rows: Rows, minerals: Sequence[int], sizes: Sequence[tuple[str, int]]) -> bytes:
    """Return a fingerprint of a block's structure: the same, the same model but for numbers.

    That is its minerals (by position), its components and their ``sizes``, where entries stand and
    their signs, which columns are whole, which bounds there are and which rows are equations.
    """
    found = hashlib.blake2b(digest_size=16)
    found.update(repr((minerals, len(rows.cost), sizes)).encode())
    bounds = (rows.lower, rows.upper, rows.row_lower, rows.row_upper)
    for array in (
        rows.starts,
        rows.columns,
        np.sign(rows.values).astype(np.int8),
        rows.whole,
        *(np.isfinite(bound) for bound in bounds),
        rows.row_lower == rows.row_upper,
    ):
        found.update(array.tobytes())
    return found.digest()
