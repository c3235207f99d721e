"""Parts laid out in a program, the names of their columns and rows, and the shape these make."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.account.builder import Part
from models.expand import Ints
from models.solver import Keys, Rows


@dataclass(frozen=True)
class Laid:
    """A part with the position of each of its columns or rows in the program, ascending."""

    part: Part
    at: Ints


class LazyKeys(Sequence[Keys]):
    """The names of a stretch of columns or rows, spelt when first looked at."""

    def __init__(self, parts: tuple[Laid, ...], stretch: slice) -> None:
        """Remember where they come from."""
        self._parts, self._stretch = parts, stretch
        self._spelled: tuple[Keys, ...] | None = None

    def sizes(self) -> list[tuple[str, int]]:
        """Return the name of each part that is there, and how many it has; nothing is spelt."""
        inside = [(laid.part.name, within(laid.at, self._stretch)) for laid in self._parts]
        return [(name, at.stop - at.start) for name, at in inside if at.stop > at.start]

    def _all(self) -> tuple[Keys, ...]:
        if self._spelled is None:
            found = [keys for laid in self._parts for keys in self._of(laid)]
            self._spelled = _merged(sorted(found, key=lambda keys: keys.start))
        return self._spelled

    def _of(self, laid: Laid) -> Iterator[Keys]:
        """Yield a part's names, a stretch for each block."""
        inside = within(laid.at, self._stretch)
        at = np.arange(inside.start, inside.stop)
        for run in np.split(at, np.flatnonzero(np.diff(laid.at[inside]) > 1) + 1):
            if len(run):
                start = int(laid.at[run[0]]) - self._stretch.start
                yield Keys(laid.part.name, start, tuple(laid.part.spelled(run)))

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
    """Return neighbours of one component as one: each row of Share limits was a part of its own."""
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
