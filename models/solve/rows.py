"""A linear program as arrays, and its solution."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Keys:
    """What the rows or columns of one component are known by: a stretch of positions."""

    name: str
    start: int
    index: tuple[Any, ...]

    @property
    def stretch(self) -> slice:
        """The component's positions."""
        return slice(self.start, self.start + len(self.index))


@dataclass(frozen=True)
class Rows:
    """A linear program as arrays.

    Least ``cost @ x`` with ``lower <= x <= upper`` and ``row_lower <= A x <= row_upper``; A by rows
    (``starts``, ``columns``, ``values``): row i has the entries ``starts[i]`` up to
    ``starts[i + 1]``, so ``starts`` is one longer than there are rows. ``cost``, ``lower``,
    ``upper`` and ``whole``, which marks integer columns, are one a column; ``row_lower`` and
    ``row_upper`` one a row; ``columns`` and ``values`` one an entry. ``column_keys`` and
    ``row_keys`` name every column and row.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    starts: Ints
    columns: Ints
    values: Floats
    whole: NDArray[np.bool_]
    column_keys: Sequence[Keys] = ()
    row_keys: Sequence[Keys] = ()

    def activity(self, x: Floats) -> Floats:
        """Return A x."""
        return self.row_sums(self.values * x[self.columns])

    def row_sums(self, terms: Floats) -> Floats:
        """Sum one number per entry of A over each row."""
        sums: Floats = np.bincount(
            self.entry_rows(), weights=terms, minlength=len(self.row_lower)
        ).astype(float)
        return sums

    def priced(self, y: Floats) -> Floats:
        """Return A' y."""
        sums: Floats = np.bincount(
            self.columns, weights=self.values * y[self.entry_rows()], minlength=len(self.cost)
        ).astype(float)
        return sums

    def absolute(self) -> Rows:
        """Return the program with the absolute coefficients."""
        return dataclasses.replace(self, values=np.abs(self.values))

    def entry_rows(self) -> Ints:
        """Return the row of each entry of A."""
        return np.repeat(np.arange(len(self.row_lower)), np.diff(self.starts))


@dataclass(frozen=True)
class Solution:
    """Values of columns and duals of rows (d objective / d right-hand side).

    ``basis`` is what a program of the same shape may start from; only the solver can read it.
    """

    x: Floats
    duals: Floats
    reduced: Floats
    seconds: float = 0.0
    attempt: str = ""
    mip_gap: float = 0.0
    basis: Any = None
