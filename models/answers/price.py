"""The parts of a marginal price, how far it holds, and what one tonne more would change.

Prices follow from complementary slackness. A column that is used has no reduced cost, so its cost
equals the duals of the rows that it enters. For a member's balance this gives the price of supply
as the landed cost of a delivery plus the rents of the limits on it. A row that is only a sum (ore
at a refiner, a buyer's purchases, the tiers of a shortage) is replaced by the terms of the sum.

The program is written in changes from the plan, with reduced costs and duals as prices. It then
costs 0 at the plan and at every other optimum. Two programs follow (parametric programming: Gal
(1995), Postoptimal Analyses, ch. 3; Bertsimas & Tsitsiklis (1997), ch. 5):

- The *face* has the columns that cost nothing, and fixes all others. A shadow price holds for as
  long as its limit can move on the face.
- The *total* program moves a limit by a unit. Its optimum is the cost beyond the shadow price.

If several shadow prices are optimal, each is valid in one direction or in none. The total program
then gives the cost of a unit each way.
"""

from __future__ import annotations

import dataclasses
import enum
import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from models import tolerances
from models.errors import SolverError
from models.program import TONNES, component
from models.program.families.shortage import SHORTAGE
from models.resolve import Bools, Floats, Ints
from models.solve import LinearProgram, highs

if TYPE_CHECKING:
    from models.plan.plan import Plan

_FAR = 1e3
"""A limit that can move by this many times the largest demand is taken as free to move."""
_INSIDE = 1e-3
"""The weight of a tonne that is only a sum of other tonnes, such as ore."""
_FORCED = 1e3
"""The weight of a tonne for which no capacity is left."""
_SPENT = {
    kind for c in component.components() if isinstance(c, component.Columns) for kind in c.spent
}
"""Kinds of terms that are money spent, not rents."""
NEUTRAL = _SPENT | {
    c.kind for c in component.components() if isinstance(c, component.Rows) and c.is_neutral
}
"""Kinds of terms that are neither the scarcity of something nor a credit for it."""


class _Rank(enum.IntEnum):
    """The order in which columns are taken for what would serve one more tonne.

    A delivery is scarce if a limit of its own restricts it, so another buyer would have to give it
    up. A stock ranks like a delivery that is not used.
    """

    SHORTAGE = 0
    DELIVERY = 1
    SCARCE_DELIVERY = 2
    UNUSED = 3
    UNUSED_AND_SCARCE = 4
    NO_SHORTAGE_YET = 5


@dataclass(frozen=True)
class Move:
    """One of the changes that together deliver one more tonne.

    ``amount`` is the change in t, or in the fraction of a project that is built. ``cost`` is the
    total cost of the change [money of the year asked about]. ``source`` names what changes, without
    the buyer.
    """

    kind: str
    what: str
    amount: float
    cost: float
    source: str


@dataclass(frozen=True)
class MarginalPrice:
    """A marginal price of supply and its parts.

    ``setter`` says what would serve one more tonne: "delivery", "shortage", "stock", or "" if
    nothing does; ``words`` name it. The terms add up to ``amount`` [money/t]. ``is_scarce``: the
    delivery's own tonnes are scarce, so another buyer would get one tonne less. ``moves`` serve one
    more tonne, and their costs also add up to ``amount``; without ``has_slack`` they are the
    reversed moves for one tonne less. The price is valid for ``up`` tonnes more and ``down`` tonnes
    less. One full tonne more costs ``more``, and one less saves ``less`` [money] (None: not known).
    """

    amount: float
    setter: str
    words: str
    terms: tuple[component.PriceTerm, ...]
    is_scarce: bool = False
    moves: tuple[Move, ...] = ()
    has_slack: bool = True
    down: float = 0.0
    up: float = 0.0
    more: float | None = None
    less: float | None = None


class Pricing:
    """The duals of a plan's program, and the prices that follow from them."""

    def __init__(self, plan: Plan, preferred: Collection[int] = ()) -> None:
        """Take a plan, and the columns through which sums are followed where there is a choice."""
        self.plan, self.preferred = plan, preferred
        self.rows = plan.program.rows
        self._local: dict[int, LocalProgram] = {}

    @cached_property
    def duals(self) -> Floats:
        """The dual of every row, in money of the first year."""
        return self.plan.discounted

    @cached_property
    def reduced(self) -> Floats:
        """The reduced cost of each column relative to the sum of its price terms.

        Prices that are tiny against the block's largest are treated as rounding errors.
        """
        sizes = dataclasses.replace(self.rows, values=np.abs(self.rows.values))
        prices = np.abs(self.rows.cost) + sizes.value_at(np.abs(self.duals))
        program = self.plan.program
        for block in range(len(program.blocks)):
            of_block = prices[program.columns_of(block)]  # a view, which is changed in place
            least = tolerances.NEGLIGIBLE_PRICE * of_block.max(initial=1e-290)
            np.maximum(of_block, least, out=of_block)
        cost = self.rows.cost - self.rows.value_at(self.duals)
        return np.asarray(cost / prices)

    @cached_property
    def is_move(self) -> Bools:
        """Which columns are quantities that someone supplies, stores or goes without."""
        moves: Bools = np.zeros(len(self.rows.cost), dtype=bool)
        for group in self.plan.program.variables:
            moves[group.at] = component.columns_named(group.component).is_move
        return moves

    def local_program(self, row: int) -> LocalProgram:
        block = int(np.searchsorted(self.plan.program.row_starts, row, side="right")) - 1
        if block not in self._local:
            self._local[block] = LocalProgram(self, block)
        return self._local[block]

    def tight(self, row: int) -> list[int]:
        """Return the columns of a row that have no reduced cost."""
        columns = (c for c, _ in self.plan.row_entries(row))
        return [c for c in columns if abs(self.reduced[c]) <= tolerances.NO_REDUCED_COST]

    def price(self, row: int, year: int, along: tuple[int, ...] = ()) -> MarginalPrice:
        """Return the marginal price of a supply balance [money of its ``year``/t].

        ``along`` are rows that one more tonne enters, too, such as the need of a tier.
        """
        discount, step = self.plan.case.discount(year), component.LimitStep(row, 1.0, (), along)
        amount = float(self.duals[[*step.rows]].sum()) / discount
        best = min(
            (self._candidate(step, column, discount) for column in self.tight(row)),
            key=lambda candidate: candidate[0],
            default=None,
        )
        if best is None:
            return MarginalPrice(amount, "", "", ())
        (rank, *_), column, terms = best
        columns, key = self.plan.column_key(column)
        setter = "delivery" if columns.is_delivery else columns.name
        words, scarce = self._served_by(columns, key), rank is _Rank.SCARCE_DELIVERY
        # with one tonne more of demand, one tonne more can be short, also where all of it is short
        grows = column if columns is SHORTAGE else None
        reach = self.local_program(row).reach(step, grows=grows)
        return MarginalPrice(
            amount, setter, words, terms, scarce, *response(self, step, year),
            down=reach.down or 0.0,
            up=reach.up or 0.0,
            more=None if reach.more is None else reach.more / discount,
            less=None if reach.less is None else -reach.less / discount,
        )  # fmt: skip

    def _candidate(
        self, step: component.LimitStep, column: int, discount: float
    ) -> tuple[tuple[_Rank, float, float, int], int, tuple[component.PriceTerm, ...]]:
        """Return the sort key of a column that may serve one more tonne, the column, its terms."""
        columns, _ = self.plan.column_key(column)
        used = float(self.plan.x[column])
        terms = self._terms(step, column, discount)
        rent = sum(abs(t.amount) for t in terms if t.kind not in _SPENT)
        price = abs(float(self.duals[[*step.rows]].sum())) / discount
        scarce = rent > tolerances.NO_REDUCED_COST * max(price, 1e-300)
        if columns is SHORTAGE:
            rank = _Rank.SHORTAGE if used > 0 else _Rank.NO_SHORTAGE_YET
        elif not columns.is_delivery:
            rank = _Rank.UNUSED
        elif used > 0:
            rank = _Rank.SCARCE_DELIVERY if scarce else _Rank.DELIVERY
        else:
            rank = _Rank.UNUSED_AND_SCARCE if scarce else _Rank.UNUSED
        return (rank, rent if rank else 0.0, -used, column), column, terms

    def _terms(
        self, step: component.LimitStep, column: int, discount: float
    ) -> tuple[component.PriceTerm, ...]:
        """Return the duals of a step's rows as the terms of a column of its row [money of a year].

        The dual of a row ``along`` is added here. Where the column enters that row, too, it pays
        the dual, so the two cancel, up to rounding.
        """
        costs: list[component.PriceTerm] = []
        rents = {row: float(self.duals[row]) / discount for row in step.along}
        for found in self._follow(step.row, column, 1.0 / discount, frozenset()):
            if isinstance(found, component.PriceTerm):
                costs.append(found)
            else:
                rents[found[0]] = rents.get(found[0], 0.0) + found[1]
        merged: dict[tuple[str, str], component.PriceTerm] = {}
        for row, amount in rents.items():
            rounding = tolerances.REMAINDER * abs(float(self.duals[row])) / discount
            if abs(amount) <= (rounding if row in step.along else 0.0):
                continue
            rows, key = self.plan.row_key(row)
            label = rows.label(self.plan, key)
            name = label.kind or rows.kind, label.what
            before = merged[name].amount if name in merged else 0.0
            merged[name] = component.PriceTerm(*name, amount + before, label.place)
        return (*_netted(costs), *(t for t in merged.values() if t.amount != 0.0))

    def _follow(
        self, row: int, column: int, factor: float, seen: frozenset[int]
    ) -> Iterator[component.PriceTerm | tuple[int, float]]:
        """Yield ``factor`` x a row's dual: the cost of a column minus the duals of its other rows.

        Each result is a term of cost, or a row and its part. The rows ``seen`` are not followed
        again, since plants may take inputs from one another.
        """
        entries = self.plan.column_entries(column)
        pivot = sum(amount for other, amount in entries if other == row)
        yield from self._costs(column, factor / pivot)
        for other, coefficient in entries:
            if other != row and self.duals[other] != 0.0:
                share = -factor * coefficient / pivot
                through = self._through(other, seen | {row})
                if through is None:
                    yield other, share * float(self.duals[other])
                else:
                    yield from self._follow(other, through, share, seen | {row})

    def _through(self, row: int, seen: frozenset[int]) -> int | None:
        """Return the column that replaces a row that is only a sum; None for other rows."""
        through = self.plan.row_key(row)[0].through
        if row in seen or not through:
            return None
        candidates = [c for c in self.tight(row) if self.plan.column_key(c)[0] in through]
        # the input that a plant takes (+1), not its product, which is in the row, too (-ratio);
        # each preference counts only if some column meets it
        given = {c for c, amount in self.plan.row_entries(row) if amount > 0}
        candidates = [c for c in candidates if c in given] or candidates
        candidates = [c for c in candidates if c in self.preferred] or candidates
        return max(candidates, key=lambda c: (float(self.plan.x[c]), -c), default=None)

    def _costs(self, column: int, factor: float) -> list[component.PriceTerm]:
        """Return the terms of ``factor`` x a column's cost in money of the first year."""
        columns, key = self.plan.column_key(column)
        if columns.terms is None:
            cost = factor * float(self.rows.cost[column])
            terms = [component.PriceTerm(columns.words, columns.words, cost)]
        else:
            terms = columns.terms(self.plan, key, column, factor)
        return [term for term in terms if term.amount != 0.0 or term.kind == "cost"]

    def move_words(self, columns: component.Columns, key: Any, mineral: str) -> tuple[str, str]:
        """Return a column's description, with and without the receiving member.

        A mineral is named if it is not the one asked about.
        """
        if callable(columns.move):
            return columns.move(self.plan, key, mineral)
        named = columns.part(key, component.MINERAL)
        parts = {part: columns.part(key, part) for part in columns.key}
        parts["of"] = "" if named == mineral else f" of {named}"
        words = columns.move.format(**parts)
        if "{of}" not in columns.move:
            return words, words
        return words, columns.move.format(**{**parts, component.MEMBER: "all members"})

    def _served_by(self, columns: component.Columns, key: Any) -> str:
        """Return in words where one more tonne comes from, if this column supplies it."""
        if callable(columns.serves):
            return columns.serves(self.plan, key)
        parts = {part: columns.part(key, part) for part in columns.key}
        return columns.serves.format(**parts) or columns.words


# ---- the program around its optimum ------------------------------------------------------------


@dataclass(frozen=True)
class Reach:
    """How far a shadow price holds, in units of the limit and money of the first year.

    ``rate`` is d cost / d unit by the plan's duals. It is valid from ``down`` units below the limit
    to ``up`` units above it (None if changing the limit changes coefficients). ``more`` is the
    change of total cost for one unit more, ``less`` for one unit less (None: no plan).
    """

    rate: float
    down: float | None
    up: float | None
    more: float | None
    less: float | None


class LocalProgram:
    """The linear program of one block in changes from the plan, reused for many of its limits."""

    def __init__(self, pricing: Pricing, block: int) -> None:
        program, plan = pricing.plan.program, pricing.plan
        # positions in the case's program of the block's columns and rows
        span, self.block_rows = program.columns_of(block), program.rows_of(block)
        self.first, self.block = span.start, program.block(block)
        self.x: Floats = plan.x[span]
        self.duals: Floats = pricing.duals[self.block_rows]
        most = float(np.max(np.abs(self.duals), initial=0.0))
        self.priced = np.abs(self.duals) > tolerances.NO_DUAL * most
        is_kept = np.abs(pricing.reduced[span]) <= tolerances.NO_REDUCED_COST
        # columns (by position in the block) that can change without changing the cost by duals
        self.kept: Ints = np.flatnonzero(is_kept)
        self.changes = self._around()
        need = float(program.need[block]) or float(np.max(np.abs(self.x), initial=0.0)) or 1.0
        # by row: an amount to compare changes with, in the row's unit; of a budget, the budget
        unit, budget = program.row_unit[self.block_rows], np.abs(self.block.row_upper)
        budget = np.where(np.isfinite(budget) & (budget > 0), budget, 1.0)
        self.size = np.select([unit == TONNES, unit == component.MONEY], [need, budget], 1.0)
        self._face_basis: Any = None
        self._solver: highs.PersistentSolver | None = None

    def reach(self, step: component.LimitStep, *, grows: int | None = None) -> Reach:
        """Return how far the shadow price of a limit is valid, and the cost of a unit each way.

        ``grows`` is a column whose upper bound rises with the limit.
        """
        shift = self._shift(step)
        rate = shift * float(self.duals[[at - self.block_rows.start for at in step.rows]].sum())
        down = up = None
        if shift == 0.0:
            return Reach(0.0, down, up, 0.0, 0.0)
        if not step.entries:  # then ``right`` is above 0
            down = self._far(step, -1.0) / step.right
            up = self._far(step, 1.0, grows) / step.right
        more = rate if up is not None and up >= 1.0 else self._cost(step, 1.0, grows)
        less = -rate if down is not None and down >= 1.0 else self._cost(step, -1.0)
        return Reach(rate, down, up, more, less)

    def _shift(self, step: component.LimitStep) -> float:
        """Return by how much a step raises the limit at the plan's amounts [the row's unit]."""
        return step.right - sum(a * float(self.x[c - self.first]) for c, a in step.entries)

    def _around(self) -> LinearProgram:
        """Return the program in changes of columns, with a slack for each row with a dual.

        Such a row has no slack in the plan; each unit of slack costs the dual.
        """
        rows, duals, priced = self.block, self.duals, self.priced
        activity = rows.activity(self.x)
        low = np.minimum(rows.row_lower - activity, 0.0)
        high = np.maximum(rows.row_upper - activity, 0.0)
        # priced limits, but no equations; ``width`` [the row's unit] is the way from the bound that
        # binds to the other one, which a slack may go
        with_slack: Ints = np.flatnonzero(priced & (rows.row_lower < rows.row_upper))
        width = np.where(duals[with_slack] < 0, -low[with_slack], high[with_slack])
        low[priced] = high[priced] = 0.0
        count, slacks = len(self.x), len(with_slack)
        reduced = rows.cost - rows.value_at(duals)
        reduced[self.kept] = 0.0
        lower, upper = np.minimum(rows.lower - self.x, 0.0), np.maximum(rows.upper - self.x, 0.0)
        lower[rows.whole] = upper[rows.whole] = 0.0  # prices are those of the builds chosen
        sign = np.where(duals[with_slack] < 0, 1.0, -1.0)
        entries = with_slack, count + np.arange(slacks), sign
        around = dataclasses.replace(
            rows, cost=reduced, lower=lower, upper=upper, row_lower=low, row_upper=high,
            whole=np.zeros(count, bool),
        )  # fmt: skip
        return around.extended(entries, (np.abs(duals[with_slack]), np.zeros(slacks), width))

    @cached_property
    def _face(self) -> LinearProgram:
        return self.face(self.changes.cost == 0.0)

    def face(self, free: Bools) -> LinearProgram:
        """Return the program of the ``free`` columns, which cost nothing; all others are fixed.

        The slacks of rows with a dual are the last columns.
        """
        return self.changes.cut(free)

    def _far(self, step: component.LimitStep, sign: float, grows: int | None = None) -> float:
        """Return how far a limit can move on the face [the row's unit]; inf: without end.

        Whatever moves on the face costs what the duals say. All else costs more.
        """
        rows = [at - self.block_rows.start for at in step.rows]
        inner, size = self._face, float(self.size[rows[0]])
        if grows is not None and self.changes.cost[grows - self.first] == 0.0:
            # ``face_column`` [column of the block]: its position among those of the face
            upper, face_column = inner.upper.copy(), np.cumsum(self.changes.cost == 0.0) - 1
            upper[face_column[grows - self.first]] = np.inf
            inner = dataclasses.replace(inner, upper=upper)
        # one more column, with a unit's gain per unit of the limit: how far the limit moves
        distance, far = len(inner.cost), _FAR * size
        entries = np.array(rows), np.full(len(rows), distance), np.full(len(rows), -sign)
        face = inner.extended(entries, ([-1.0 / size], [0.0], [far]))
        try:
            # the new column enters other rows for each limit, so the solver takes a new program;
            # its shape stays, so the basis before still fits
            solver = highs.PersistentSolver().load(face)
            if self._face_basis is not None:
                solver.start_from(self._face_basis)
            optimum = solver.run_with_fallbacks()
        except SolverError:
            return 0.0  # the safe answer
        self._face_basis = optimum.basis
        reached = float(optimum.x[distance])  # both tolerances are above the solver's rounding
        if reached >= far * (1.0 - tolerances.NO_REDUCED_COST):
            return math.inf
        return reached if reached > tolerances.NEGLIGIBLE_PRICE * size else 0.0

    def _cost(
        self, step: component.LimitStep, units: float, grows: int | None = None
    ) -> float | None:
        """Return the change of total cost for some units [money]; None if no plan is found."""
        rows, shift = [at - self.block_rows.start for at in step.rows], units * self._shift(step)
        low, high = self.changes.row_lower.copy(), self.changes.row_upper.copy()
        low[rows] += shift
        high[rows] += shift
        values, upper = self.changes.values, self.changes.upper
        if step.entries:
            values = values.copy()
            start, end = self.changes.starts[rows[0]], self.changes.starts[rows[0] + 1]
            for column, amount in step.entries:
                is_column = self.changes.columns[start:end] == column - self.first
                values[start + np.flatnonzero(is_column)[0]] += units * amount
        if grows is not None:
            upper = upper.copy()
            upper[grows - self.first] += shift
        asked = dataclasses.replace(
            self.changes, row_lower=low, row_upper=high, values=values, upper=upper
        )
        try:
            if self._solver is None:
                self._solver = highs.PersistentSolver().load(self.changes)
                self._solver.run_with_fallbacks()
            self._solver.change_program(asked)
            x = self._solver.run_with_fallbacks().x
        except SolverError:
            self._solver = None
            return None
        return float(np.sum(asked.cost * x)) + shift * float(self.duals[rows].sum())


# ---- how the plan would serve one more tonne ---------------------------------------------------

# At an optimum one more tonne in a balance is served by columns with no reduced cost,
# while binding rows stay binding (sensitivity analysis: Bertsimas & Tsitsiklis (1997), ch.
# 5). Many such moves may exist; the one returned moves the fewest tonnes. The cost of any of them
# is the marginal price.


def response(
    pricing: Pricing, step: component.LimitStep, year: int
) -> tuple[tuple[Move, ...], bool]:
    """Return the moves that serve one more tonne in a step's rows, and whether they have slack.

    Without slack (a limit is just reached, with no shadow price) they are the reversed moves for
    one tonne less, and one more tonne may cost more. There are no moves if the solver finds none.
    Costs are in money of the balance's ``year``.
    """
    plan, row = pricing.plan, step.row
    local = pricing.local_program(row)
    asked = _fewest_moves(pricing, local, [at - local.block_rows.start for at in step.rows])
    try:
        x = highs.first_solved(partial(highs.solve, asked)).x
    except SolverError:
        return (), True
    # each kept column has two in the program: its change up, and its change down
    count = len(local.kept)
    change = x[:count] - x[count : 2 * count]
    has_slack = not np.any((asked.cost >= _FORCED) & (x > tolerances.NO_DUAL))
    discount, mineral = plan.case.discount(year), plan.row_key(row)[1][0]
    moves = []
    for at in np.flatnonzero(np.abs(change) > tolerances.NO_DUAL).tolist():
        column, amount = local.first + int(local.kept[at]), float(change[at])
        columns, key = plan.column_key(column)
        cost = float(pricing.rows.cost[column]) * amount / discount
        if columns.is_move or cost != 0.0:
            words, source = pricing.move_words(columns, key, mineral)
            moves.append(Move(columns.name, words, amount, cost, source))
    moves.sort(key=lambda move: (-abs(move.amount), move.what))
    return tuple(moves), has_slack


def _netted(terms: Sequence[component.PriceTerm]) -> Iterator[component.PriceTerm]:
    """Yield terms of cost; terms of one name with both signs are netted, or left out at zero.

    A price is followed through each row of a plant, and may pass the same plant twice.
    """
    alike = defaultdict[component.PriceTerm, list[component.PriceTerm]](list)
    for term in terms:
        alike[_unsigned(term)].append(term)
    for term in terms:
        same = alike[_unsigned(term)]
        amounts = [each.amount for each in same]
        if not same:  # its net was yielded
            continue
        if not min(amounts) < 0.0 < max(amounts):
            yield term
            continue
        net, least = math.fsum(amounts), tolerances.REMAINDER * max(map(abs, amounts))
        if abs(net) > least:
            alike_sign = next(each for each in same if each.amount * net > 0.0)
            yield dataclasses.replace(alike_sign, amount=net)
        same.clear()


def _unsigned(term: component.PriceTerm) -> component.PriceTerm:
    """Return a term without its amount and sign: "-0.2 t of ..." is the same as "0.2 t of ..."."""
    return dataclasses.replace(term, amount=0.0, what=term.what.removeprefix("-"))


def _fewest_moves(
    pricing: Pricing, local: LocalProgram, rows_served: Sequence[int]
) -> LinearProgram:
    """Return the program that serves one more tonne in some rows with the fewest tonnes moved.

    It has one column for each kept column up, one for each down, and one for each row that may be
    violated.
    """
    block, kept, program = local.block, local.kept, pricing.plan.program
    x, count = local.x[kept], len(kept)
    # slack [unit of the row or column] that is only rounding
    tonne = tolerances.NO_DUAL * max(float(np.max(program.need, initial=1.0)), 1.0)
    in_tonnes = program.row_unit[local.block_rows] == TONNES
    row_slack = np.where(in_tonnes, tonne, tolerances.NO_DUAL * local.size)
    in_tonnes = program.column_unit[local.first + kept] == TONNES
    column_slack = np.where(in_tonnes, tonne, tolerances.NO_DUAL)
    # by row: whether its upper, or its lower, limit binds; only a limit that binds holds the moves
    activity, priced = block.activity(local.x), local.priced
    binds_above = activity >= block.row_upper - row_slack
    binds_below = activity <= block.row_lower + row_slack
    least, most = np.where(binds_below, 0.0, -np.inf), np.where(binds_above, 0.0, np.inf)
    least[priced] = most[priced] = 0.0
    least[rows_served] = most[rows_served] = 1.0
    above, below = np.flatnonzero(binds_above & ~priced), np.flatnonzero(binds_below & ~priced)
    sign = np.concatenate([np.full(len(above), -1.0), np.ones(len(below))])
    # by kept column: its weight per unit up and down, larger where it is at its bound
    weight = np.where(pricing.is_move[local.first + kept], 1.0, _INSIDE)
    weight_up = np.where(x >= block.upper[kept] - column_slack, _FORCED, weight)
    weight_down = np.where(x <= block.lower[kept] + column_slack, _FORCED, weight)
    # by column of the block: its position among the kept ones, -1 for all others
    kept_at = np.full(len(block.cost), -1, dtype=np.int64)
    kept_at[kept] = np.arange(count)
    is_kept = kept_at[block.columns] >= 0  # by nonzero
    rows, values = block.entry_rows()[is_kept], block.values[is_kept]
    columns = kept_at[block.columns[is_kept]]
    violations = np.arange(2 * count, 2 * count + len(sign))
    cost = np.concatenate([weight_up, weight_down, np.full(len(sign), _FORCED)])
    return LinearProgram.of(
        (
            np.concatenate([rows, rows, above, below]),
            np.concatenate([columns, columns + count, violations]),
            np.concatenate([values, -values, sign]),
        ),
        (cost, np.zeros(len(cost)), np.full(len(cost), np.inf)),
        (least, most),
    )
