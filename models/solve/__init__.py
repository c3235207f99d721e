"""A linear program as arrays, its solution, and the certificate: what the solution proves.

HiGHS, which solves it, is in ``models.solve.highs``. That module imports from here, so its names
are imported from there. HiGHS's own claims are not used. Activities, reduced costs and both
objectives are computed here, for all blocks of a program in one pass. Weak duality (any textbook,
such as Bertsimas & Tsitsiklis (1997), ch. 4): if primal feasibility, dual feasibility and gap hold,
no plan costs less than the dual objective, so this one is optimal to the gap.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import tolerances

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Keys:
    """The keys of one component's rows or columns, which have consecutive positions."""

    name: str
    start: int
    index: tuple[Any, ...]

    @property
    def span(self) -> slice:
        return slice(self.start, self.start + len(self.index))


def name_at(keys: Sequence[Keys], position: int) -> str:
    """Return the name of a position, such as ``spot('Jin', '', 'copper', 'A', 2026)``, or ""."""
    groups = (group for group in keys if group.span.start <= position < group.span.stop)
    return next((f"{group.name}{group.index[position - group.start]}" for group in groups), "")


ARRAYS = ("cost", "lower", "upper", "row_lower", "row_upper", "values")
"""The arrays of numbers of a program, which a variant may change."""


@dataclass(frozen=True)
class LinearProgram:
    """A linear program as arrays.

    Minimise ``cost @ x`` subject to ``lower <= x <= upper`` and ``row_lower <= A x <= row_upper``.
    A is stored by rows (``starts``, ``columns``, ``values``): row i has the entries ``starts[i]``
    up to ``starts[i + 1]``, so ``starts`` has one more element than there are rows. ``cost``,
    ``lower``, ``upper`` and ``whole`` (which marks integer columns) have one element per column,
    ``row_lower`` and ``row_upper`` one per row, ``columns`` and ``values`` one per entry.
    ``column_keys`` and ``row_keys`` name every column and row.
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
        """Return A x, the activity of each row."""
        return _summed_at_positions(
            self.entry_rows(), self.values * x[self.columns], len(self.row_lower)
        )

    def value_at(self, y: Floats) -> Floats:
        """Return A' y, the value of each column's entries at the row prices y."""
        return _summed_at_positions(
            self.columns, self.values * y[self.entry_rows()], len(self.cost)
        )

    def differs_at(self, name: str, other: LinearProgram) -> Ints:
        """Return the positions at which one of the ``ARRAYS`` differs from another program's."""
        own, theirs = getattr(self, name), getattr(other, name)
        return np.flatnonzero(own != theirs) if own is not theirs else np.zeros(0, dtype=np.int64)

    def fixed_at(self, x: Floats) -> LinearProgram:
        """Return the program with its integer columns fixed, as continuous columns.

        Each is fixed at its value in ``x``, rounded and within its bounds.
        """
        if not self.whole.any():
            return self
        fixed = np.clip(np.round(x), self.lower, self.upper)
        lower, upper = (np.where(self.whole, fixed, bounds) for bounds in (self.lower, self.upper))
        return dataclasses.replace(self, lower=lower, upper=upper, whole=np.zeros_like(self.whole))

    def entry_rows(self) -> Ints:
        return np.repeat(np.arange(len(self.row_lower)), np.diff(self.starts))

    # ---- programs beside the main one ------------------------------------------------------------

    @classmethod
    def of(cls, entries: Any, columns: Any, rows: Any) -> LinearProgram:
        """Return a program without integer columns.

        Entries are given as (row, column, value), columns as (cost, lower, upper), rows as (lower,
        upper).
        """
        (row, column, value), (cost, lower, upper), (least, most) = entries, columns, rows
        order = np.lexsort((column, row))
        return cls(
            cost=cost,
            lower=lower,
            upper=upper,
            row_lower=least,
            row_upper=most,
            starts=np.cumsum(np.bincount(row + 1, minlength=len(least) + 1)).astype(np.int64),
            columns=column[order].astype(np.int64),
            values=value[order],
            whole=np.zeros(len(cost), dtype=bool),
        )

    def cut(self, columns: Bools, rows: Bools | None = None) -> LinearProgram:
        """Return the program of some columns and rows (None: all rows), without integer columns."""
        row, chosen = (
            self.entry_rows(),
            np.ones(len(self.row_lower), bool) if rows is None else rows,
        )
        kept = columns[self.columns] & chosen[row]
        places = (np.cumsum(chosen) - 1)[row[kept]], (np.cumsum(columns) - 1)[self.columns[kept]]
        return LinearProgram.of(
            (*places, self.values[kept]),
            (self.cost[columns], self.lower[columns], self.upper[columns]),
            (self.row_lower[chosen], self.row_upper[chosen]),
        )

    def restricted(self, free: Bools, x: Floats) -> tuple[LinearProgram, Ints]:
        """Return the program of the ``free`` columns, with all others fixed at ``x``; and its rows.

        The second result has the positions of the rows with a free column.
        """
        row, entry = self.entry_rows(), free[self.columns]
        is_kept = np.bincount(row[entry], minlength=len(self.row_lower)) > 0
        fixed = self.activity(np.where(free, 0.0, x))[is_kept]
        part = self.cut(free, is_kept)
        lower, upper = part.row_lower - fixed, part.row_upper - fixed
        part = dataclasses.replace(part, row_lower=lower, row_upper=upper, whole=self.whole[free])
        return part, np.flatnonzero(is_kept)

    def extended(
        self, entries: Any, columns: Any = ((), (), ()), rows: Any = ((), ())
    ) -> LinearProgram:
        """Return the program with further columns and rows behind its own, as ``of`` takes them."""
        own = (
            (self.entry_rows(), self.columns, self.values),
            (self.cost, self.lower, self.upper),
            (self.row_lower, self.row_upper),
        )
        pairs = zip(own, (entries, columns, rows), strict=True)
        joined = (
            [np.concatenate(both) for both in zip(mine, more, strict=True)] for mine, more in pairs
        )
        whole = np.append(self.whole, np.zeros(len(columns[0]), bool))
        made = LinearProgram.of(*joined)
        return dataclasses.replace(made, whole=whole, column_keys=self.column_keys)

    def bounded(self, limits: Iterable[tuple[Ints, Floats, float]]) -> LinearProgram:
        """Return the program with further rows, each of columns, amounts and an upper limit."""
        parts = [*limits]
        counts = np.array([len(columns) for columns, *_ in parts], dtype=np.int64)
        added_row = np.repeat(np.arange(len(parts)), counts)
        entries = (
            len(self.row_lower) + added_row,
            np.concatenate([np.zeros(0, np.int64), *(columns for columns, *_ in parts)]),
            np.concatenate([np.zeros(0), *(amounts for _, amounts, _ in parts)]),
        )
        most = [limit for *_, limit in parts]
        return self.extended(entries, rows=(np.full(len(parts), -np.inf), most))


def total_of(columns: Ints, upper: float) -> tuple[Ints, Floats, float]:
    """Return a limit for ``bounded``: the sum of some columns, and its upper limit."""
    return columns, np.ones(len(columns)), upper


def _summed_at_positions(where: Ints, terms: Floats, count: int) -> Floats:
    return np.bincount(where, terms, count).astype(float, copy=False)


def summed_at(at: tuple[Ints, ...], amounts: Floats, shape: tuple[int, ...]) -> Floats:
    """Return an array of sums: each amount added, in turn, at its position on every axis.

    Positions are not negative.
    """
    used = np.flatnonzero(amounts)  # most purchases of a plan are 0
    where = np.ravel_multi_index(tuple(position[used] for position in at), shape)
    return _summed_at_positions(where, amounts[used], math.prod(shape)).reshape(shape)


@dataclass(frozen=True)
class Solution:
    """Values of columns and duals of rows (d objective / d right-hand side).

    A program of the same shape may start from ``basis``, which only the solver can read.
    """

    x: Floats
    duals: Floats
    attempt: str = ""
    mip_gap: float = 0.0
    basis: Any = None


# ---- the certificate -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Certificate:
    """The quality of a solution as a proof of optimality; all figures are relative, 0 is perfect.

    ``violation`` is the largest violation of a row or bound, at ``violated``, relative to the
    block's tonnes (to 1 for fractions, to the limit for money). ``dual_infeasibility`` is the
    largest reduced cost or dual with the wrong sign, relative to its price terms. ``gap`` is the
    gap between the primal and the dual objective; ``mip_gap`` is the solver's for integer projects.
    """

    violation: float
    violated: str
    dual_infeasibility: float
    gap: float
    primal: float
    dual: float
    mip_gap: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether the certificate proves optimality; a NaN never does."""
        return self.passed_within(tolerances.MOST_MIP_GAP)

    def passed_within(self, mip_gap: float) -> bool:
        """Return whether it proves optimality except for the gap of a search for integer builds."""
        return bool(
            self.violation <= tolerances.MOST_VIOLATION
            and self.dual_infeasibility <= tolerances.MOST_GAP
            and self.gap <= tolerances.MOST_GAP
            and self.mip_gap <= max(mip_gap, tolerances.MOST_MIP_GAP)
        )


@dataclass(frozen=True)
class Certificates:
    """Certificates of all blocks of a program, each figure an array over blocks.

    ``worst_row`` and ``worst_column`` have the position of each block's largest violation: one of
    them is -1, and both if nothing is violated.
    """

    violation: Floats
    worst_row: Ints
    worst_column: Ints
    dual_infeasibility: Floats
    gap: Floats
    primal: Floats
    dual: Floats

    def of_block(self, block: int, violated: str = "", mip_gap: float = 0.0) -> Certificate:
        return Certificate(
            float(self.violation[block]),
            violated,
            float(self.dual_infeasibility[block]),
            float(self.gap[block]),
            float(self.primal[block]),
            float(self.dual[block]),
            mip_gap,
        )

    def worst_name(self, block: int, rows: LinearProgram) -> str:
        row = name_at(rows.row_keys, int(self.worst_row[block]))
        return row or name_at(rows.column_keys, int(self.worst_column[block]))

    def within(self, violation: float, gap: float) -> Bools:
        """Return which blocks are feasible and optimal within given tolerances."""
        return np.asarray(
            (self.violation <= violation) & (self.dual_infeasibility <= gap) & (self.gap <= gap)
        )


def certify_alone(
    rows: LinearProgram,
    solution: Solution,
    measure: float,
    tonnes: tuple[Bools, Bools],
    finest: tuple[float, float] = (0.0, 0.0),
) -> Certificates:
    """Return the certificates of a program that is one block; see ``certify_blocks``."""
    if not fits(rows, solution):
        no_place, no_proof, no_money = np.array([-1]), np.array([np.inf]), np.array([np.nan])
        return Certificates(no_proof, no_place, no_place, no_proof, no_proof, no_money, no_money)
    return certify_blocks(
        rows,
        solution.x,
        solution.duals,
        np.array([measure]),
        tonnes=tonnes,
        starts=(np.array([0, len(rows.cost)]), np.array([0, len(rows.row_lower)])),
        finest=finest,
    )


def fits(rows: LinearProgram, solution: Solution) -> bool:
    """Return whether a solution has a finite value per column and a finite dual per row."""
    return (
        len(solution.x) == len(rows.cost)
        and len(solution.duals) == len(rows.row_lower)
        and bool(np.isfinite(solution.x).all() and np.isfinite(solution.duals).all())
    )


def certify_blocks(  # noqa: PLR0913 - a program, a solution, and how it is measured
    rows: LinearProgram,
    x: Floats,
    duals: Floats,
    measure: Floats,
    *,
    tonnes: tuple[Bools, Bools],
    starts: tuple[Ints, Ints],
    finest: tuple[float, float] = (0.0, 0.0),
) -> Certificates:
    """Return the certificates of all blocks at once.

    The violations of each block are relative to its ``measure`` [t], unless rounding errors are
    larger. ``tonnes`` says which columns and rows are in tonnes. ``starts`` has the first column
    and row of each block, with one more element each for the end. ``finest`` has the smallest price
    and objective to which dual infeasibility and gap are relative. With integer columns these are
    certificates of the linear program in which these columns are fixed.
    """
    fixed = rows.fixed_at(x)
    lower, upper = fixed.lower, fixed.upper
    (column_starts, row_starts), entry_rows = starts, rows.entry_rows()
    of_entries = rows.values * x[rows.columns]
    activity = _summed_at_positions(entry_rows, of_entries, len(rows.row_lower))

    def worst_violations(measure: Floats) -> tuple[Floats, Ints, Ints]:
        limits = (activity, rows.row_lower, rows.row_upper), (x, lower, upper)
        by_row, by_column = (
            _violations(*of, measure, starts_of, is_tonnes)
            for of, starts_of, is_tonnes in zip(
                limits, (row_starts, column_starts), tonnes[::-1], strict=True
            )
        )
        return _worst(by_row, by_column, row_starts, column_starts)

    violation, worst_row, worst_column = worst_violations(measure)
    # small violations may be rounding errors of large terms
    if (violation > tolerances.MOST_VIOLATION).any():
        terms = _summed_at_positions(entry_rows, np.abs(of_entries), len(rows.row_lower))
        terms = np.where(tonnes[1], terms, 0.0)
        coarse = np.maximum(measure, tolerances.FINEST_TERMS * _most(terms, row_starts))
        violation, worst_row, worst_column = worst_violations(coarse)
    priced = rows.values * duals[entry_rows]
    reduced = rows.cost - _summed_at_positions(rows.columns, priced, len(rows.cost))
    wrong_columns, of_columns = _signs_and_contributions(reduced, lower, upper)
    wrong_rows, of_rows = _signs_and_contributions(duals, rows.row_lower, rows.row_upper)
    primal = _sums_of_rows(rows.cost * x, column_starts)
    dual = _sums_of_rows(of_rows, row_starts) + _sums_of_rows(of_columns, column_starts)
    least = np.full(len(primal), max(finest[1], 1e-300))
    scale = np.maximum.reduce([np.abs(primal), np.abs(dual), least])
    gap, infeasibility = np.abs(primal - dual) / scale, np.zeros(len(primal))
    is_close = (gap <= tolerances.NEEDS_NO_SOLVE).all()
    if is_close and not wrong_columns.any():
        prices = wrong_columns  # there is nothing that prices would be compared with
    else:
        prices = np.abs(rows.cost) + _summed_at_positions(
            rows.columns, np.abs(priced), len(rows.cost)
        )
        dearest = tolerances.NEGLIGIBLE_PRICE * _most(prices, column_starts)
        floor = np.repeat(np.maximum(finest[0], dearest), np.diff(column_starts))
        prices = np.maximum(prices, floor)
        infeasibility = _most(wrong_columns / np.maximum(prices, 1e-300), column_starts)
    if not is_close:  # a gap within the rounding of the sums of money is none
        noise = 1e-9 * (
            _sums_of_rows(np.abs(of_rows), row_starts)
            + _sums_of_rows(np.abs(of_columns) + prices * np.abs(x), column_starts)
        )
        gap = np.abs(primal - dual) / np.maximum(scale, noise)
    if wrong_rows.any():
        largest_dual = np.maximum(_most(np.abs(duals), row_starts), 1e-300)
        on_rows = wrong_rows / np.repeat(largest_dual, np.diff(row_starts))
        infeasibility = np.maximum(infeasibility, _most(on_rows, row_starts))
    return Certificates(violation, worst_row, worst_column, infeasibility, gap, primal, dual)


def _violations(  # noqa: PLR0913, PLR0917 - values, their limits, and how they are measured
    value: Floats, low: Floats, high: Floats, measure: Floats, starts: Ints, tonnes: Bools
) -> Floats:
    """Return violations relative to their block's ``measure`` [t], or to their limit.

    Numbers that are not above 0 are not relative, since they violate nothing.
    """
    by = np.maximum(low - value, value - high)
    at = np.flatnonzero(by > 0)
    limit = np.ones(len(at))
    for limits in (low[at], high[at]):
        np.maximum(limit, np.abs(limits), out=limit, where=np.isfinite(limits))
    of_block = measure[np.searchsorted(starts, at, side="right") - 1]
    by[at] /= np.where(tonnes[at], of_block, limit)
    return np.asarray(by)


def _worst(
    by_row: Floats, by_column: Floats, row_starts: Ints, column_starts: Ints
) -> tuple[Floats, Ints, Ints]:
    """Return each block's largest violation, 0 for none, and its position."""
    rows, columns = _most(by_row, row_starts), _most(by_column, column_starts)
    violation = np.maximum(0.0, np.maximum(rows, columns))
    worst_row, worst_column = np.full((2, len(violation)), -1, dtype=np.int64)
    for b in np.flatnonzero(violation > 0).tolist():
        is_row = rows[b] >= columns[b]
        worst, by, starts = (
            (worst_row, by_row, row_starts) if is_row else (worst_column, by_column, column_starts)
        )
        worst[b] = starts[b] + np.argmax(by[starts[b] : starts[b + 1]])
    return violation, worst_row, worst_column


def _most(values: Floats, starts: Ints) -> Floats:
    """Return each block's largest value; 0 where it has none above 0."""
    largest = np.zeros(len(starts) - 1)
    filled = np.flatnonzero(np.diff(starts))
    if len(filled):
        largest[filled] = np.maximum(0.0, np.maximum.reduceat(values, starts[:-1][filled]))
    return largest


def _sums_of_rows(values: Floats, starts: Ints) -> Floats:
    return np.array([values[a:b].sum() for a, b in pairwise(starts.tolist())])


def _signs_and_contributions(price: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return how far prices have the wrong sign, and each limit times its price.

    A price of a limit that is infinite has the wrong sign. The second is each limit's contribution
    to the dual objective.
    """
    limit = np.where(price > 0, low, high)
    has_limit = np.isfinite(limit)
    wrong = np.where(has_limit, 0.0, np.abs(price))
    return wrong, np.where(has_limit, limit, 0.0) * price
