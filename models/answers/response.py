"""What the plan would do for one tonne more: the moves by which it is served.

At an optimum a tonne more in one balance is served by columns that cost what they are worth, along
rows that bind and keep binding (sensitivity analysis: Bertsimas & Tsitsiklis (1997), ch. 5). Many
such moves may exist; the one told moves the fewest tonnes. Whatever it is, what it costs is the
marginal price.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models import solve as solver
from models.answers.facts import Move
from models.answers.local import REDUCED
from models.errors import SolverError
from models.program import TONNES
from models.program.component import columns_named
from models.resolve import Bools, Ints
from models.solve import Rows

if TYPE_CHECKING:
    from models.answers.price import Pricing

_NOTHING = 1e-9
"""Duals below this part of the largest, room below this part of demand, and moves of fewer tonnes
are rounding."""
_INSIDE = 1e-3
"""What a tonne counts that only adds up others, such as ore."""
_FORCED = 1e3
"""What a tonne counts that has no room."""


def response(pricing: Pricing, row: int, year: int) -> tuple[tuple[Move, ...], bool]:
    """Return the moves that serve one tonne more in a balance, and whether there is room for them.

    Where there is no room (a limit is just reached that is worth nothing), one tonne less is served
    by the moves turned round, and one tonne more may cost more. No moves where the solver finds
    none. ``year`` is the balance's, whose money the moves are in.
    """
    program = pricing.plan.program
    block = int(np.searchsorted(program.row_starts, row, side="right")) - 1
    at, inside = program.columns_of(block), program.rows_of(block)
    kept = np.arange(at.start, at.stop)[np.abs(pricing.reduced[at]) <= REDUCED]
    asked = _program(pricing, kept, np.arange(inside.start, inside.stop), row)
    try:
        x = solver.solve(asked).x
    except SolverError:
        return (), True
    n = len(kept)
    moved = x[:n] - x[n : 2 * n]
    roomy = not np.any((asked.cost >= _FORCED) & (x > _NOTHING))
    worth, mineral = pricing.plan.case.discount(year), pricing.plan.row(row)[1][0]
    found = []
    for i in np.flatnonzero(np.abs(moved) > _NOTHING).tolist():
        column, amount = int(kept[i]), float(moved[i])
        of, key = pricing.plan.column(column)
        cost = float(program.rows.cost[column]) * amount / worth
        if of.is_move or cost != 0.0:
            what, source = pricing.move_words(of, key, mineral)
            found.append(Move(of.name, what, amount, cost, source))
    found.sort(key=lambda move: (-abs(move.amount), move.what))
    return tuple(found), roomy


def _program(pricing: Pricing, kept: Ints, rows: Ints, row: int) -> Rows:
    """Return the program of the fewest tonnes moved.

    Its columns: each kept column up, each down, and one a row that may be broken.
    """
    of, program = pricing.rows, pricing.plan.program
    x, block = pricing.plan.x, pricing.duals[rows]
    place = np.full(len(of.cost), -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    first, last = int(of.starts[rows[0]]), int(of.starts[rows[-1] + 1])
    entry_row = np.repeat(np.arange(len(rows)), np.diff(of.starts[rows[0] : rows[-1] + 2]))
    column, values = place[of.columns[first:last]], of.values[first:last]
    mine = column >= 0
    entry_row, column, values = entry_row[mine], column[mine], values[mine]
    activity = of.activity(x)[rows]
    low, high = of.row_lower[rows], of.row_upper[rows]
    near = _NOTHING * max(float(np.max(program.need, initial=1.0)), 1.0)
    priced = np.abs(block) > _NOTHING * float(np.max(np.abs(block), initial=0.0))
    full, empty = activity >= high - near, activity <= low + near
    n, m = len(kept), len(rows)
    least, most = np.where(empty, 0.0, -np.inf), np.where(full, 0.0, np.inf)
    least[priced] = most[priced] = 0.0
    asked = rows == row
    least[asked] = most[asked] = 1.0
    over, under = np.flatnonzero(full & ~priced), np.flatnonzero(empty & ~priced)
    broken = np.concatenate([over, under])
    weight = np.where(_counts(pricing, kept), 1.0, _INSIDE)
    stuck = _NOTHING * np.where(program.column_unit[kept] == TONNES, near / _NOTHING, 1.0)
    up = np.where(x[kept] >= of.upper[kept] - stuck, _FORCED, weight)
    down = np.where(x[kept] <= of.lower[kept] + stuck, _FORCED, weight)
    sign = np.concatenate([np.full(len(over), -1.0), np.ones(len(under))])
    at_row = np.concatenate([entry_row, entry_row, broken])
    at_column = np.concatenate([column, column + n, np.arange(len(broken)) + 2 * n])
    number = np.concatenate([values, -values, sign])
    order = np.argsort(at_row * (2 * n + len(broken)) + at_column, kind="stable")
    count = 2 * n + len(broken)
    return Rows(
        cost=np.concatenate([up, down, np.full(len(broken), _FORCED)]),
        lower=np.zeros(count),
        upper=np.full(count, np.inf),
        row_lower=least,
        row_upper=most,
        starts=np.concatenate([[0], np.cumsum(np.bincount(at_row, minlength=m))]).astype(np.int64),
        columns=at_column[order].astype(np.int64),
        values=number[order],
        whole=np.zeros(count, dtype=bool),
    )


def _counts(pricing: Pricing, kept: Ints) -> Bools:
    """Return which columns are tonnes that someone moves."""
    found: Bools = np.zeros(len(pricing.rows.cost), dtype=bool)
    for group in pricing.plan.program.variables:
        found[group.at] = columns_named(group.component).is_move
    return found[kept]
