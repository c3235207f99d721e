"""How far a shadow price holds, and what a whole unit is worth: the program around its optimum.

Written for changes of the plan, with its reduced costs and duals as prices, the program costs
nothing at the plan itself and at every other optimum. Two programs follow (parametric programming:
Gal (1995), Postoptimal Analyses, ch. 3; Bertsimas & Tsitsiklis (1997), ch. 5):

- the *face*, in which all that would cost is held: how far a limit moves on it is how far the
  shadow price holds;
- the *whole*, with a limit moved by a unit: the least that costs beyond the shadow price.

A shadow price that is one of several, because more limits bind than are needed, holds in one
direction alone or in none; the whole then says what a unit each way is worth.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import SolverError
from models.program import TONNES
from models.program.component import Step
from models.resolve import Floats, Ints
from models.solve import Held, Rows

if TYPE_CHECKING:
    from models.answers.price import Pricing

REDUCED = 1e-7
"""A reduced cost below this part of the prices that make it up is none."""
_PRICED = 1e-9
"""Duals below this part of the block's largest are rounding."""
_FAR = 1e3
"""A limit that moves by so many times the largest demand moves as far as one likes."""
_NEAR = 1e-8
"""A range below this part of the largest demand is none."""


@dataclass(frozen=True)
class Reach:
    """How the worth of a limit goes on, by its step's units, in money of the first year.

    ``rate`` is d cost / d unit by the plan's duals; it holds for ``down`` units less and ``up``
    units more, None where coefficients move. ``more`` is by how much total cost changes with one
    unit more, ``less`` with one unit less; None where no plan is found. All but the rate are None
    where they were not asked for.
    """

    rate: float
    down: float | None
    up: float | None
    more: float | None
    less: float | None


class Local:
    """A block's program around the plan: made once, asked about many limits of the block."""

    def __init__(self, pricing: Pricing, block: int) -> None:
        """Take the block's arrays."""
        program, plan = pricing.plan.program, pricing.plan
        at, self.inside = program.columns_of(block), program.rows_of(block)
        self.first = at.start
        self.x: Floats = plan.x[at]
        self.duals: Floats = pricing.duals[self.inside]
        self.rows = self._around(program.block(block), np.abs(pricing.reduced[at]) <= REDUCED)
        need = float(program.need[block]) or float(np.max(np.abs(self.x), initial=0.0)) or 1.0
        self.size = np.where(program.row_unit[self.inside] == TONNES, need, 1.0)
        self._face_basis: Any = None
        self._whole: Held | None = None

    def reach(self, step: Step, *, is_solved: bool = True) -> Reach:
        """Return how far the shadow price of a limit holds, and what a unit each way is worth.

        Without ``is_solved`` the shadow price alone is told, and nothing is solved.
        """
        row, moved = step.row - self.inside.start, self._moved(step)
        rate = moved * float(self.duals[row])
        down = up = None
        if moved == 0.0:
            return Reach(0.0, down, up, 0.0, 0.0)
        if not is_solved:
            return Reach(rate, down, up, None, None)
        if not step.entries:
            down, up = (self._far(row, sign) / step.right for sign in (-1.0, 1.0))
        more = rate if up is not None and up >= 1.0 else self._cost(step, 1.0)
        less = -rate if down is not None and down >= 1.0 else self._cost(step, -1.0)
        return Reach(rate, down, up, more, less)

    def _moved(self, step: Step) -> float:
        """Return by how much a unit widens a row's limit for the plan as it is."""
        return step.right - sum(a * float(self.x[c - self.first]) for c, a in step.entries)

    def _around(self, rows: Rows, is_free: Any) -> Rows:
        """Return the whole: changes of the columns, then what rows with a dual leave of a limit.

        A row with a dual stands at its limit; what it leaves of it costs the dual.
        """
        activity, duals = rows.activity(self.x), self.duals
        low = np.minimum(rows.row_lower - activity, 0.0)
        high = np.maximum(rows.row_upper - activity, 0.0)
        priced = np.abs(duals) > _PRICED * float(np.max(np.abs(duals), initial=0.0))
        left: Ints = np.flatnonzero(priced & (rows.row_lower < rows.row_upper))
        width = np.where(duals[left] < 0, -low[left], high[left])
        low[priced] = high[priced] = 0.0
        n, k = len(self.x), len(left)
        entry_row = np.concatenate([rows.entry_rows(), left])
        column = np.concatenate([rows.columns, n + np.arange(k)])
        values = np.concatenate([rows.values, np.where(duals[left] < 0, 1.0, -1.0)])
        order = np.lexsort((column, entry_row))
        count = np.bincount(entry_row, minlength=len(duals))
        reduced = np.where(is_free, 0.0, rows.cost - rows.priced(duals))
        lower, upper = np.minimum(rows.lower - self.x, 0.0), np.maximum(rows.upper - self.x, 0.0)
        lower[rows.whole] = upper[rows.whole] = 0.0  # prices are those of the builds chosen
        return Rows(
            cost=np.concatenate([reduced, np.abs(duals[left])]),
            lower=np.concatenate([lower, np.zeros(k)]),
            upper=np.concatenate([upper, width]),
            row_lower=low,
            row_upper=high,
            starts=np.concatenate([[0], np.cumsum(count)]).astype(np.int64),
            columns=column[order].astype(np.int64),
            values=values[order],
            whole=np.zeros(n + k, dtype=bool),
        )

    @cached_property
    def _face(self) -> Rows:
        """The columns that cost nothing; all others are held."""
        of = self.rows
        free = of.cost == 0.0
        place = np.cumsum(free) - 1
        mine = free[of.columns]
        count = np.bincount(of.entry_rows()[mine], minlength=len(of.row_lower))
        return Rows(
            cost=of.cost[free],
            lower=of.lower[free],
            upper=of.upper[free],
            row_lower=of.row_lower,
            row_upper=of.row_upper,
            starts=np.concatenate([[0], np.cumsum(count)]).astype(np.int64),
            columns=place[of.columns[mine]].astype(np.int64),
            values=of.values[mine],
            whole=of.whole[free],
        )

    def _far(self, row: int, sign: float) -> float:
        """Return how far a limit moves on the face [the row's unit]; inf where nothing ends it."""
        of, far = self._face, _FAR * float(self.size[row])
        at, n = int(of.starts[row + 1]), len(of.cost)
        starts = of.starts.copy()
        starts[row + 1 :] += 1
        face = dataclasses.replace(
            of,
            cost=np.append(of.cost, -1.0 / self.size[row]),
            lower=np.append(of.lower, 0.0),
            upper=np.append(of.upper, far),
            starts=starts,
            columns=np.insert(of.columns, at, n),
            values=np.insert(of.values, at, -sign),
            whole=np.append(of.whole, False),
        )
        try:
            held = Held().load(face)
            if self._face_basis is not None:
                held.start_from(self._face_basis)
            found = held.run()
        except SolverError:
            return 0.0  # nothing is claimed
        self._face_basis = found.basis
        moved = float(found.x[n])
        if moved >= far * (1.0 - REDUCED):
            return math.inf
        return moved if moved > _NEAR * self.size[row] else 0.0

    def _cost(self, step: Step, units: float) -> float | None:
        """Return by how much total cost changes with so many units; None where no plan is found."""
        row = step.row - self.inside.start
        by = units * self._moved(step)
        low, high, values = self.rows.row_lower.copy(), self.rows.row_upper.copy(), self.rows.values
        low[row] += by
        high[row] += by
        if step.entries:
            values = values.copy()
            start = int(self.rows.starts[row])
            inside = self.rows.columns[start : int(self.rows.starts[row + 1])]
            for column, amount in step.entries:
                values[start + np.flatnonzero(inside == column - self.first)[0]] += units * amount
        asked = dataclasses.replace(self.rows, row_lower=low, row_upper=high, values=values)
        try:
            if self._whole is None:
                self._whole = Held().load(self.rows)
                self._whole.run()
            self._whole.change(asked)
            x = self._whole.run().x
        except SolverError:
            self._whole = None
            return None
        return float(np.sum(asked.cost * x)) + by * float(self.duals[row])
