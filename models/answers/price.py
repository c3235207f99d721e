"""What a marginal price is made of, from complementary slackness.

A column of the program that is used has no reduced cost: what it costs is what the rows it enters
are worth. Read for the balance of a member, that gives the price of supply there as the landed cost
of a delivery and the rents of what limits it. Rows that only add up (ore at a refiner, what a buyer
purchases, the tiers of a shortage) are followed to what they add up.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from models import solve as solver
from models.answers.facts import Move, Price
from models.answers.local import REDUCED, Local
from models.errors import SolverError
from models.program import TONNES
from models.program.component import (
    MEMBER,
    MINERAL,
    Columns,
    Rows,
    Step,
    Term,
    columns_named,
    components,
)
from models.program.families.shortage import SHORTAGE
from models.resolve import Bools, Floats, Ints
from models.solve import Rows as Arrays

if TYPE_CHECKING:
    from models.plan.plan import Plan


# ---- the price ---------------------------------------------------------------------------------


_NEGLIGIBLE = 1e-8
"""Prices below this part of the largest are rounding."""
_SPENT = {kind for of in components() if isinstance(of, Columns) for kind in of.spent}
"""Kinds of terms that are money spent, not rents."""
NEUTRAL = _SPENT | {of.kind for of in components() if isinstance(of, Rows) and of.is_neutral}
"""Kinds of terms that are neither the scarcity of something nor a credit for it."""


class Pricing:
    """The duals of a plan's program, and what columns make of them."""

    def __init__(self, plan: Plan) -> None:
        """Keep the plan."""
        self.plan = plan
        self.rows = plan.program.rows
        self._local: dict[int, Local] = {}

    @cached_property
    def duals(self) -> Floats:
        """The dual of every row, in money of the first year."""
        return np.concatenate([np.zeros(0), *(block.duals for block in self.plan.blocks)])

    @cached_property
    def reduced(self) -> Floats:
        """The reduced cost of every column as a part of the prices that make it up.

        Prices next to nothing beside their block's largest are rounding themselves.
        """
        prices = np.abs(self.rows.cost) + self.rows.absolute().priced(np.abs(self.duals))
        program = self.plan.program
        for b in range(len(program.blocks)):
            mine = prices[program.columns_of(b)]
            np.maximum(mine, _NEGLIGIBLE * mine.max(initial=1e-290), out=mine)
        cost = self.rows.cost - self.rows.priced(self.duals)
        return np.asarray(cost / prices)

    def local(self, row: int) -> Local:
        """Return the program around the plan of the block that a row stands in."""
        block = int(np.searchsorted(self.plan.program.row_starts, row, side="right")) - 1
        if block not in self._local:
            self._local[block] = Local(self, block)
        return self._local[block]

    def tight(self, row: int) -> list[int]:
        """Return the columns of a row that cost what they are worth."""
        inside = slice(int(self.rows.starts[row]), int(self.rows.starts[row + 1]))
        at = self.rows.columns[inside]
        return [int(c) for c in at[np.abs(self.reduced[at]) <= REDUCED].tolist()]

    def price(self, row: int, year: int) -> Price:
        """Return the price of a balance, in money of its year."""
        worth = self.plan.case.discount(year)
        amount = float(self.duals[row]) / worth
        best = min(
            (self._candidate(row, column, worth) for column in self.tight(row)),
            key=lambda found: found[0],
            default=None,
        )
        if best is None:
            return Price(amount, "", "", ())
        (rank, *_), column, terms = best
        of, key = self.plan.column(column)
        setter = "delivery" if of.is_delivery else of.name
        words, scarce = self._served_by(of, key), rank == 2  # noqa: PLR2004
        reach = self.local(row).reach(Step(row, 1.0))
        return Price(
            amount, setter, words, terms, scarce, *response(self, row, year),
            down=reach.down or 0.0,
            up=reach.up or 0.0,
            more=None if reach.more is None else reach.more / worth,
            less=None if reach.less is None else -reach.less / worth,
        )  # fmt: skip

    def _candidate(
        self, row: int, column: int, worth: float
    ) -> tuple[tuple[int, float, float, int], int, tuple[Term, ...]]:
        """Return how good a column is as what would serve one tonne more, and its terms.

        A shortage there is comes first; then a delivery that no limit of its own holds; then one
        that other buyers would have to give up, or a stock; then a shortage there is not yet.
        """
        of, _ = self.plan.column(column)
        used = float(self.plan.x[column])
        terms = self._terms(row, column, worth)
        own = sum(abs(t.amount) for t in terms if t.kind not in _SPENT)
        scarce = own > REDUCED * max(abs(float(self.duals[row])) / worth, 1e-300)
        if of is SHORTAGE:
            rank = 0 if used > 0 else 5
        elif of.is_delivery:
            rank = (2 if scarce else 1) if used > 0 else (4 if scarce else 3)
        else:
            rank = 3
        return (rank, own if rank > 0 else 0.0, -used, column), column, terms

    def _terms(self, row: int, column: int, worth: float) -> tuple[Term, ...]:
        """Return a row's dual by way of one of its columns, in money of a year."""
        costs: list[Term] = []
        rents: dict[int, float] = {}
        self._follow(row, column, 1.0 / worth, costs, rents, frozenset())
        merged: dict[tuple[str, str], Term] = {}
        for at, amount in rents.items():
            if amount == 0.0:
                continue
            of, key = self.plan.row(at)
            label = of.label(self.plan, key)
            kind = label.kind or of.kind
            before = merged.get((kind, label.what))
            total = amount + (before.amount if before else 0.0)
            merged[kind, label.what] = Term(kind, label.what, total, label.place)
        return (*costs, *(t for t in merged.values() if t.amount != 0.0))

    def _follow(  # noqa: PLR0913, PLR0917 - one step of a walk
        self,
        row: int,
        column: int,
        times: float,
        costs: list[Term],
        rents: dict[int, float],
        seen: frozenset[int],
    ) -> None:
        """Add ``times`` a row's dual as a column has it: its cost less its other rows' duals."""
        entries = self.plan.entries(column)
        own = sum(a for at, a in entries if at == row)
        costs += self._costs(column, times / own)
        for at, coefficient in entries:
            if at == row or self.duals[at] == 0.0:
                continue
            share = -times * coefficient / own
            through = self._through(at, seen | {row})
            if through is not None:
                self._follow(at, through, share, costs, rents, seen | {row})
            else:
                rents[at] = rents.get(at, 0.0) + share * float(self.duals[at])

    def _through(self, row: int, seen: frozenset[int]) -> int | None:
        """Return the column through which a row that only adds up is followed."""
        through = self.plan.row(row)[0].through
        if row in seen or through is None:
            return None
        found = [c for c in self.tight(row) if self.plan.column(c)[0] is through]
        return max(found, key=lambda c: (float(self.plan.x[c]), -c), default=None)

    def _costs(self, column: int, times: float) -> list[Term]:
        """Return what a column costs in money of the first year, by its parts."""
        of, key = self.plan.column(column)
        if of.terms is None:
            found = [Term(of.words, of.words, times * float(self.rows.cost[column]))]
        else:
            found = of.terms(self.plan, key, column, times)
        return [term for i, term in enumerate(found) if term.amount != 0.0 or term.kind == "cost"]

    def move_words(self, of: Columns, key: Any, mineral: str) -> tuple[str, str]:
        """Return what a column is in words, whose value moves, and what it is whoever gets it.

        Another mineral than the one asked about is named.
        """
        if callable(of.move):
            return of.move(self.plan, key, mineral)
        own = of.part(key, MINERAL)
        parts = {what: of.part(key, what) for what in of.key}
        parts["of"] = "" if own == mineral else f" of {own}"
        said = of.move.format(**parts)
        if "{of}" not in of.move:
            return said, said
        return said, of.move.format(**{**parts, MEMBER: "all members"})

    def _served_by(self, of: Columns, key: Any) -> str:
        """Return what one tonne more is where it comes from a column."""
        if callable(of.serves):
            return of.serves(self.plan, key)
        return of.serves.format(**{what: of.part(key, what) for what in of.key}) or of.words


# ---- what the plan would do for one tonne more -------------------------------------------------

# At an optimum a tonne more in one balance is served by columns that cost what they are worth,
# along rows that bind and keep binding (sensitivity analysis: Bertsimas & Tsitsiklis (1997), ch.
# 5). Many such moves may exist; the one told moves the fewest tonnes. Whatever it is, what it costs
# is the marginal price.


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


def _program(pricing: Pricing, kept: Ints, rows: Ints, row: int) -> Arrays:
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
    return Arrays(
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
