"""A linear program collected entry by entry, scaled, and handed to HiGHS."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import fsum, inf

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array

SPAN = 1e4  # the largest amount and the largest cost per t after scaling
NEAR = 1e-7  # a fraction this close to 0 or 1 is tried as such
INFEASIBLE = 2  # status of linprog
TIGHT = 1e-9  # feasibility tolerances of HiGHS after scaling


class NoOptimumError(RuntimeError):
    """HiGHS proved no optimum."""


class InfeasibleError(NoOptimumError):
    """HiGHS calls the program infeasible, with presolve and without."""


@dataclass
class Program:
    """minimise cost.x, rows, 0 <= x <= upper.

    `mass` marks columns and rows in t; all others are numbers without a unit.
    """

    cost: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    mass: list[bool] = field(default_factory=list)
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    senses: list[str] = field(default_factory=list)
    right: list[float] = field(default_factory=list)
    row_mass: list[bool] = field(default_factory=list)

    def add(
        self, cost: float, upper: float = inf, *, whole: bool = False, mass: bool = True
    ) -> int:
        """A variable; returns its column."""
        self.cost.append(cost)
        self.upper.append(upper)
        self.whole.append(whole)
        self.mass.append(mass)
        return len(self.cost) - 1

    def row(
        self,
        terms: Iterable[tuple[int, float]],
        sense: str,
        right: float,
        *,
        mass: bool = True,
    ) -> None:
        """A constraint: sum of coefficient x variable, `<=`, `>=` or `=`, right-hand side."""
        index = len(self.senses)
        self.entries.extend((index, column, value) for column, value in terms)
        self.senses.append(sense)
        self.right.append(right)
        self.row_mass.append(mass)

    def optimum(self) -> tuple[float, NDArray[np.float64]]:
        """(objective, values of the variables), both unscaled; an error without an optimum."""
        if not self.cost:
            return 0.0, np.zeros(0)
        cost, upper = np.array(self.cost), np.array(self.upper)
        mass, right = np.array(self.mass), np.array(self.right)
        in_t = np.concatenate(
            [upper[mass & np.isfinite(upper)], np.abs(right)[np.array(self.row_mass, dtype=bool)]]
        )
        size = float(in_t.max(initial=0.0)) / SPAN or 1.0
        price = float(cost[mass].max(initial=0.0)) / SPAN or 1.0
        column = np.where(mass, size, 1.0)
        row = np.where(np.array(self.row_mass, dtype=bool), size, 1.0)
        where = np.array([(i, j) for i, j, _ in self.entries], dtype=int).reshape(-1, 2)
        value = np.array([v for _, _, v in self.entries], dtype=float)
        value = value * column[where[:, 1]] / row[where[:, 0]]
        matrix = csr_array((value, (where[:, 0], where[:, 1])), shape=(len(row), len(cost)))
        for array in (cost, value, right):
            assert np.isfinite(array).all()
        scaled = cost * column / (size * price)
        low_high = np.column_stack([np.zeros(len(cost)), upper / column])
        rhs = right / row
        if any(self.whole):
            low_high = self._builds(scaled, matrix, rhs, low_high)
        x = self._linear(scaled, matrix, rhs, low_high)
        x = np.clip(x, low_high[:, 0], low_high[:, 1]) * column
        return fsum(cost * x), x

    def _linear(
        self,
        cost: NDArray[np.float64],
        matrix: csr_array,
        rhs: NDArray[np.float64],
        low_high: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Optimum of the scaled LP."""
        equal = np.array([sense == "=" for sense in self.senses], dtype=bool)
        sign = np.array([-1.0 if sense == ">=" else 1.0 for sense in self.senses])
        signed = csr_array(matrix.multiply(sign[:, None]))
        seen = set()
        for presolve, tight in ((False, TIGHT), (True, TIGHT), (False, 1e-7), (True, 1e-7)):
            answer = linprog(
                cost,
                A_ub=signed[~equal],
                b_ub=(sign * rhs)[~equal],
                A_eq=matrix[equal],
                b_eq=rhs[equal],
                bounds=low_high,
                method="highs",
                options={
                    "presolve": presolve,
                    "primal_feasibility_tolerance": tight,
                    "dual_feasibility_tolerance": tight,
                },
            )
            if answer.status == 0:
                return np.asarray(answer.x)
            seen.add(answer.status)
        raise InfeasibleError if seen == {INFEASIBLE} else NoOptimumError(answer.message)

    def _builds(
        self,
        cost: NDArray[np.float64],
        matrix: csr_array,
        rhs: NDArray[np.float64],
        low_high: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Bounds of the scaled LP with every whole column fixed at its best 0 or 1.

        A plain branch and bound over LPs: small cases only, but free of the solver's own search.
        """
        whole = np.flatnonzero(self.whole)
        best, chosen = inf, low_high
        stack = [low_high]
        while stack:
            bounds = stack.pop()
            try:
                x = self._linear(cost, matrix, rhs, bounds)
            except InfeasibleError:
                continue
            value = fsum(cost * x)
            free = whole[bounds[whole, 0] < bounds[whole, 1]]
            if value >= best - 1e-13 * abs(best):
                continue
            if not free.size:
                best, chosen = value, bounds
                continue
            away = np.abs(x[free] - np.round(x[free]))
            column = free[np.argmax(away)]
            first = np.round(x[column])
            if away.max() <= NEAR:  # the rounded builds alone, before their neighbours
                rounded = _fixed(bounds, free, np.round(x[free]))
                stack.append(_fixed(bounds, column, 1 - first))
                if free.size > 1:
                    stack.append(_fixed(bounds, column, first))
                stack.append(rounded)
            else:
                stack += [_fixed(bounds, column, 1 - first), _fixed(bounds, column, first)]
        if best == inf:
            raise InfeasibleError
        return chosen


def _fixed(
    bounds: NDArray[np.float64],
    columns: NDArray[np.int_] | np.int_,
    value: NDArray[np.float64] | np.float64,
) -> NDArray[np.float64]:
    """A copy of the bounds with columns fixed."""
    result = bounds.copy()
    result[columns, 0] = result[columns, 1] = value
    return result
