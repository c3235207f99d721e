r"""The fewest tonnes that must be bought from a country, and the cheapest plan with them.

Linear programs on the plan's arrays (lexicographic optimization: Isermann (1982), OR Spektrum 4),
each proven by its own certificate. Let x be the columns, and C_m the country's deliveries of
mineral m:

.. math:: a_m = \min_x \sum_{C_m} x, \qquad
          q = \min_x \sum_m \frac{1}{demand_m} \sum_{C_m} x, \qquad
          \min_x cost \cdot x \ \text{ with } \sum_m \frac{1}{demand_m} \sum_{C_m} x \le q

The plan's rows hold in all of them. Sales of the country to plants count as deliveries, and the
demand for an input includes what plants take. Three things may not get worse than in the plan: the
shortage of each mineral in each year, every other penalty (such as for reserves below target), and
the tonnes of each mineral bought there over all years.

Minerals that share a budget are solved together, since the budget pays for the plants of all. Each
is weighted by one over its demand: otherwise the mineral with the most tonnes would get all of the
budget. a_m is the fewest tonnes of a mineral if it came first.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from models import solve, tolerances
from models.answers import explain, search
from models.errors import SolverError
from models.plan.block_solver import BlockResult, Proof, proof_of
from models.plan.plan import Plan
from models.program import FRACTION, TONNES
from models.program.component import MINERAL, YEAR, CellAddress, columns_named
from models.program.families.shortage import COST, SHORTAGE, UNFAIR_COST
from models.resolve import Bools, Floats, Ints
from models.solve import highs

TOGETHER = ""
"""The key for the total over all minerals, next to the keys of single minerals."""
_SHORT = {COST, UNFAIR_COST}
"""The penalties for shortages; the way out may divide them among members in another way."""


@dataclass(frozen=True)
class ExitBarrier:
    """A limit that keeps a mineral with the country in a year.

    ``limit`` is the value of its cell in ``unit``: "t", "point" (a hundredth of a share) or "money
    m". A limit looser by one unit (``direction`` 1: higher, -1: lower) would reduce the tonnes
    bought from the country by ``spares`` [t, all years] at the margin, if this mineral came first.
    """

    mineral: str
    year: int
    kind: str
    words: str
    limit: float
    unit: str
    spares: float
    direction: int
    place: CellAddress | None


@dataclass(frozen=True)
class Exit:
    """A plan and its way out of a country.

    ``path`` is the cheapest plan with the fewest tonnes from the country, all minerals together.
    ``alone`` has the fewest tonnes of each mineral when it is minimised alone, for the minerals
    that the plan buys there. ``proofs`` are the proofs of these programs, by mineral and for all
    TOGETHER. ``failed`` says why a mineral's fewest tonnes are not known. ``unknown`` says why its
    way out is not known; ``path`` then has the mineral as planned.
    """

    country: str
    plan: Plan
    path: Plan
    alone: dict[str, float]
    holds: tuple[ExitBarrier, ...]
    proofs: dict[str, Proof]
    failed: dict[str, str] = dataclasses.field(default_factory=dict)
    unknown: dict[str, str] = dataclasses.field(default_factory=dict)


def exit_from(plan: Plan, country: str) -> Exit:
    """Return a plan's way out of a country (a code), and the limits that keep it there.

    If the search fails for one mineral, the others are still returned. Raises SolverError where no
    way out is proven.
    """
    program, sales = plan.program, plan.expanded.sales
    own = np.array([s.country == country for s in plan.expanded.sources], dtype=bool)
    theirs = own[sales.source]
    alone: dict[str, float] = defaultdict(float)
    asked: dict[str, list[BlockResult]] = defaultdict(list)
    cheapest = {result.block: result for result in plan.blocks}
    failed, unknown = dict[str, str](), dict[str, str]()
    for b in range(len(program.blocks)):
        block = _ExitProgram(plan, b, theirs)
        for m in block.planned:
            try:
                asked[m].append(block.least_alone(m))
                alone[m] += block.deliveries(asked[m][-1])[m]
            except SolverError as error:
                failed[m] = str(error)
        if block.planned:
            try:
                together = block.least_together()
                cheapest[b] = block.cheapest(together)
                asked[TOGETHER].append(together)
            except SolverError as error:
                unknown |= dict.fromkeys(block.planned, str(error))
    if unknown and not asked[TOGETHER]:
        raise SolverError(next(iter(unknown.values())))
    path = Plan(plan.case, [*cheapest.values()], plan.expanded, program)
    holds = [hold for m in alone for result in asked[m] for hold in _barriers(path, m, result)]
    proofs = {m: proof_of(plan.case, run, lambda: program) for m, run in asked.items() if run}
    least = {m: tonnes for m, tonnes in alone.items() if m not in failed}
    return Exit(country, plan, path, least, tuple(holds), proofs, failed, unknown)


class _ExitProgram:
    """The program of a block with nothing worse than in the plan.

    Its last rows are the shortage of each of its minerals in each year, the country's deliveries of
    each mineral over all years, and their sum weighted by ``weights`` (one over the demand).
    ``planned`` [t] has what the plan buys in the country, for each mineral that it buys there.
    """

    def __init__(self, plan: Plan, block: int, is_theirs: Bools) -> None:
        self.plan, self.block = plan, block
        program, e = plan.program, plan.expanded
        self.span, self.inside = program.columns_of(block), program.rows_of(block)
        self.count = self.inside.stop - self.inside.start
        self.measure = float(program.violation_scale(plan.case.tolerance_scale)[block])
        flow, cells = program.sold, program.blocks[block]
        mine = is_theirs & (flow >= self.span.start) & (flow < self.span.stop)
        self.columns: dict[str, Ints] = {}
        self.planned: dict[str, float] = {}
        self.weights: dict[str, float] = {}
        for m in sorted({m for m, _ in cells}):
            name, years = e.minerals[m], [e.years[t] for c, t in cells if c == m]
            columns = flow[mine & (e.sales.mineral == m)] - self.span.start
            bought = float(plan.x[self.span][columns].sum())
            demand = sum(plan.case.coalition_demand(name, year) for year in years)
            demand += float(plan.plant_demand[m].sum())
            if bought > tolerances.CHANGE_SLACK * demand:
                self.columns[name], self.planned[name] = columns, bought
                self.weights[name] = 1.0 / (demand or bought)

    def least_alone(self, mineral: str) -> BlockResult:
        """Minimise the country's deliveries of one mineral; the duals are in t."""
        if self._plan_basis is not None:  # nearer than the least of another mineral
            self._sequence.restart_from(self._plan_basis)
        return self._least({mineral: 1.0}, self._most(np.inf))

    def least_together(self) -> BlockResult:
        """Minimise the sum of minerals' deliveries, each divided by its demand (``weights``).

        No mineral's deliveries exceed its planned tonnes.
        """
        return self._least(self.weights, self._most(np.inf))

    def cheapest(self, together: BlockResult) -> BlockResult:
        """Return the cheapest plan with no more from the country than ``together`` has."""
        tonnes = self.deliveries(together)
        least = sum(weight * tonnes[m] for m, weight in self.weights.items())
        cost = self.plan.program.block(self.block).cost
        return self._solved(cost, self._most(least + tolerances.CHANGE_SLACK))

    def deliveries(self, result: BlockResult) -> dict[str, float]:
        return {m: max(0.0, float(result.x[columns].sum())) for m, columns in self.columns.items()}

    def _most(self, weighted: float) -> Floats:
        slack = {m: tolerances.CHANGE_SLACK / weight for m, weight in self.weights.items()}
        return np.array([*(t + slack[m] for m, t in self.planned.items()), weighted])

    def _least(self, weights: Mapping[str, float], most: Floats) -> BlockResult:
        dearest = float(np.max(self._rows.cost, initial=0.0)) or 1.0
        size = dearest / max(weights.values())  # near typical costs, for the scaling
        cost = np.zeros(len(self._rows.cost))
        for mineral, weight in weights.items():
            cost[self.columns[mineral]] = size * weight
        result = self._solved(cost, most)
        return dataclasses.replace(result, duals=result.duals / size)

    @cached_property
    def _rows(self) -> solve.LinearProgram:
        program, upper = self.plan.program, self.plan.valid_upper_bounds[self.span]
        block, (short,) = program.block(self.block), program.groups(SHORTAGE, self.block)
        need, x = self.plan.expanded.demand.sum(axis=1).reshape(-1), self.plan.x[self.span]
        lacking = ((c, short.at[short.cell == c]) for c in np.unique(short.cell))
        sold = [*self.columns.values()]
        weights = np.repeat([*self.weights.values()], [len(columns) for columns in sold])
        limits = [
            *(
                solve.total_of(columns, x[columns].sum() + tolerances.CHANGE_SLACK * need[c])
                for c, columns in lacking
            ),
            *(solve.total_of(columns, np.inf) for columns in sold),
            (np.concatenate(sold), weights, np.inf),
        ]
        return dataclasses.replace(block, upper=upper).bounded(limits)

    @cached_property
    def _sequence(self) -> search.WarmStartedSequence:
        program, more = self.plan.program, len(self._rows.row_lower) - self.count
        units = np.full(more, TONNES)
        units[-1] = FRACTION
        return search.WarmStartedSequence(
            self._rows, f"smallest amount bought there: {', '.join(self.columns)}",
            need=float(program.need[self.block]), measure=self.measure,
            units=(program.column_unit[self.span], np.append(program.row_unit[self.inside], units)),
            size=np.append(program.row_size[self.inside], np.full(more, np.nan)),
        )  # fmt: skip

    @cached_property
    def _plan_basis(self) -> Any:
        """The plan's basis, with the added rows basic: they hold in the plan, with some slack.

        None if the block was not solved by itself, or has integer columns.
        """
        rows, basis = self._rows, next(r.basis for r in self.plan.blocks if r.block == self.block)
        if basis is None or len(basis.col_status) != len(rows.cost) or rows.whole.any():
            return None
        added = np.arange(len(rows.row_lower))
        added[self.count :] = -1
        return highs.extended_basis(basis, np.arange(len(rows.cost)), added)

    def _solved(self, cost: Floats, most: Floats) -> BlockResult:
        """Return the proven optimum with at most ``most`` delivered, by mineral and in total.

        No penalty is larger than the plan's.
        """
        e, x, upper = self.plan.expanded, self.plan.x[self.span], self._rows.upper.copy()
        need = e.demand.sum(axis=1).reshape(-1)
        for group in self.plan.program.groups(block=self.block):
            paid = columns_named(group.component).headings
            if paid and all(h.is_penalty and h not in _SHORT for h in paid):
                allowed = x[group.at] + tolerances.CHANGE_SLACK * (1.0 + need[group.cell])
                upper[group.at] = np.minimum(upper[group.at], allowed)
        limits = np.concatenate([self._rows.row_upper[: -len(most)], most])
        rows = dataclasses.replace(self._rows, cost=cost, upper=upper, row_upper=limits)
        solution, proof = self._sequence.solved(rows)
        return BlockResult(
            block=self.block, x=solution.x, duals=solution.duals[: self.count],
            certificate=proof, worst=-1, measure=self.measure,
            attempt=solution.attempt, size=(len(rows.row_lower), len(rows.cost), len(rows.values)),
        )  # fmt: skip


def _barriers(path: Plan, mineral: str, result: BlockResult) -> Iterator[ExitBarrier]:
    """Yield the limits that keep the least tonnes of a mineral in a block from being lower."""
    duals = np.zeros(len(path.prices))
    duals[path.program.rows_of(result.block)] = result.duals
    for rows, key, row in explain.rows_with_dual(path, "bears_on", duals, tolerances.LEAST_FLOW):
        if rows.part(key, MINERAL, mineral) != mineral:
            continue  # limits of other minerals show in the budget that ties them
        label = rows.label(path, key)
        limit, step, direction = explain.limit_of(path, rows, key, row)
        moved = step.right - sum(amount * float(path.x[c]) for c, amount in step.entries)
        spares = abs(float(duals[row]) * moved)
        if spares > tolerances.LEAST_FLOW:
            yield ExitBarrier(
                mineral, rows.part(key, YEAR), label.kind or rows.kind, label.what, limit,
                label.unit, spares, direction, label.place,
            )  # fmt: skip
