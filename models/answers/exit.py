r"""How little of a country a plan can do with, and the cheapest plan that does with so little.

Linear programs on the arrays of the plan (lexicographic optimization: Isermann (1982), OR Spektrum
4), each proven by a certificate of its own. With x the program's columns, of which C_m are what the
country delivers of mineral m:

.. math:: a_m = \min_x \sum_{C_m} x, \qquad
          q = \min_x \sum_m \frac{1}{demand_m} \sum_{C_m} x, \qquad
          \min_x cost \cdot x \ \text{ with } \sum_m \frac{1}{demand_m} \sum_{C_m} x \le q

What it sells to plants is delivered, too; demand for an input has what plants take beside it.
In all of them the program's rows hold, and the coalition is short of no mineral in any year more
than in the plan. Nothing else that costs a penalty is more than there, either (no reserve lacks
more of its target, no soft limit is exceeded by more), and no mineral is bought there more over all
years; for a_m that is asked of the mineral alone.

What a budget ties is asked together: one set of plants has to do for all minerals. A mineral counts
by the part of its demand that the country delivers, or the one with the most tonnes would get all
the budget. What one mineral could do with if it came first is a_m.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models import solve, tolerances
from models.answers import explain, search
from models.errors import SolverError
from models.plan.block_solver import BlockResult, Proof, proof_of
from models.plan.plan import Plan
from models.program import FRACTION, TONNES, within
from models.program.component import MINERAL, YEAR, CellAddress, columns_named
from models.program.families.shortage import COST, SHORTAGE, UNFAIR_COST
from models.resolve import Bools, Floats, Ints

TOGETHER = ""
"""Stands for all minerals where the programs are told apart by mineral."""
_SHORT = {COST, UNFAIR_COST}
"""What a shortage costs: the penalties that members may share otherwise."""


@dataclass(frozen=True)
class Hold:
    """A limit that keeps a mineral with the country in a year.

    ``at`` is what its cell says, in its ``unit``: "t", "point" (a hundredth of a share) or "money
    m". A unit more (``direction`` -1: less) would spare ``spares`` t of the country over all years,
    if the mineral came first, at the margin.
    """

    mineral: str
    year: int
    kind: str
    what: str
    at: float
    unit: str
    spares: float
    direction: int
    place: CellAddress | None


@dataclass(frozen=True)
class Exit:
    """A plan and its exit from a country.

    ``path`` is the cheapest plan with the least tonnes of the country, all minerals together;
    ``alone`` the least tonnes by mineral if it came first, of those that the plan buys there.
    ``proofs`` are of the programs of least tonnes, by mineral, and of all TOGETHER. ``failed`` is
    why a mineral's least, if it came first, is not known; ``unknown`` why its way out is not, which
    is then that of the plan.
    """

    country: str
    plan: Plan
    path: Plan
    alone: dict[str, float]
    holds: tuple[Hold, ...]
    proofs: dict[str, Proof]
    failed: dict[str, str] = dataclasses.field(default_factory=dict)
    unknown: dict[str, str] = dataclasses.field(default_factory=dict)


def exit_from(plan: Plan, country: str) -> Exit:
    """Return how a plan gets away from a country (its code), and what holds it there.

    A search that fails leaves the others. Raises SolverError where no way out is proven at all.
    """
    program, sales = plan.program, plan.expanded.sales
    own = np.array([s.country == country for s in plan.expanded.sources], dtype=bool)
    theirs = own[sales.source]
    alone: dict[str, float] = defaultdict(float)
    asked: dict[str, list[BlockResult]] = defaultdict(list)
    cheapest = {result.block: result for result in plan.blocks}
    failed, unknown = dict[str, str](), dict[str, str]()
    for b in range(len(program.blocks)):
        of = _Fenced(plan, b, theirs)
        for m in of.planned:
            try:
                asked[m].append(of.alone(m))
                alone[m] += of.tonnes(asked[m][-1])[m]
            except SolverError as error:
                failed[m] = str(error)
        if of.planned:
            try:
                together = of.together()
                cheapest[b] = of.cheapest(together)
                asked[TOGETHER].append(together)
            except SolverError as error:
                unknown |= dict.fromkeys(of.planned, str(error))
    if unknown and not asked[TOGETHER]:
        raise SolverError(next(iter(unknown.values())))
    path = Plan(plan.case, [*cheapest.values()], plan.expanded, program)
    holds = [hold for m in alone for result in asked[m] for hold in _holds(path, m, result)]
    proofs = {name: proof_of(plan.case, of, lambda: program) for name, of in asked.items() if of}
    known = {m: tonnes for m, tonnes in alone.items() if m not in failed}
    return Exit(country, plan, path, known, tuple(holds), proofs, failed, unknown)


class _Fenced:
    """The program of a block in which nothing is worse than in the plan.

    Its last rows say what is short of each of its minerals in each year, what the country delivers
    of each mineral in all years, and that as a sum of ``weights``, which are one over the demand.
    ``planned`` [t] is what the plan buys there, of the minerals of which it buys any.
    """

    def __init__(self, plan: Plan, block: int, theirs: Bools) -> None:
        """Take the block's arrays; ``theirs`` are the sales of the country."""
        self.plan, self.block = plan, block
        program, e = plan.program, plan.expanded
        self.at, self.inside = program.columns_of(block), program.rows_of(block)
        flow, cells = program.sold, program.blocks[block]
        mine = theirs & (flow >= self.at.start) & (flow < self.at.stop)
        self.columns: dict[str, Ints] = {}
        self.planned: dict[str, float] = {}
        self.weights: dict[str, float] = {}
        for m in sorted({m for m, _ in cells}):
            name, years = e.minerals[m], [e.years[t] for c, t in cells if c == m]
            of = flow[mine & (e.sales.mineral == m)] - self.at.start
            bought = float(plan.x[self.at][of].sum())
            demand = sum(plan.case.coalition_demand(name, year) for year in years)
            demand += float(plan.beyond_demand[m].sum())
            if bought > tolerances.CHANGE_SLACK * demand:
                self.columns[name], self.planned[name] = of, bought
                self.weights[name] = 1.0 / (demand or bought)

    # ---- what is asked ---------------------------------------------------------------------------

    def alone(self, mineral: str) -> BlockResult:
        """Return the least of a mineral that the country delivers; its duals are in t."""
        return self._least({mineral: 1.0}, np.full(len(self.columns) + 1, np.inf), mineral)

    def together(self) -> BlockResult:
        """Return the least of all minerals, each by its weight; no more of any than planned."""
        return self._least(self.weights, self._most(np.inf))

    def cheapest(self, together: BlockResult) -> BlockResult:
        """Return the cheapest plan with no more of the country than all minerals together need."""
        tonnes = self.tonnes(together)
        least = sum(weight * tonnes[m] for m, weight in self.weights.items())
        return self._solved(
            self.plan.program.block(self.block).cost, self._most(least + tolerances.CHANGE_SLACK)
        )

    def tonnes(self, result: BlockResult) -> dict[str, float]:
        """Return what the country delivers by mineral [t]."""
        return {m: max(0.0, float(result.x[of].sum())) for m, of in self.columns.items()}

    def _most(self, weighted: float) -> Floats:
        slack = {m: tolerances.CHANGE_SLACK / weight for m, weight in self.weights.items()}
        return np.array([*(t + slack[m] for m, t in self.planned.items()), weighted])

    def _least(self, weights: Mapping[str, float], most: Floats, of: str = TOGETHER) -> BlockResult:
        size = self._dearest / max(weights.values())  # near the costs that the scaling is made for
        cost = np.zeros(len(self._rows.cost))
        for mineral, weight in weights.items():
            cost[self.columns[mineral]] = size * weight
        found = self._solved(cost, most, of)
        return dataclasses.replace(found, duals=found.duals / size)

    # ---- the program -----------------------------------------------------------------------------

    @cached_property
    def _rows(self) -> solve.LinearProgram:
        """The block's arrays, then the rows of the exit."""
        of, (short, cell) = self.plan.program.block(self.block), self._short
        upper = self.plan.widest[self.at]
        need, x = self.plan.expanded.demand.sum(axis=1).reshape(-1), self.plan.x[self.at]
        lacking = ((c, short[cell == c]) for c in np.unique(cell))
        sold = [*self.columns.values()]
        weights = np.repeat([*self.weights.values()], [len(at) for at in sold])
        limits = [
            *(
                (at, np.ones(len(at)), x[at].sum() + tolerances.CHANGE_SLACK * need[c])
                for c, at in lacking
            ),
            *((at, np.ones(len(at)), np.inf) for at in sold),
            (np.concatenate(sold), weights, np.inf),
        ]
        return search.bounded(dataclasses.replace(of, upper=upper), limits)

    def _upper(self, of: str) -> Floats:
        """Return the columns' upper bounds with no penalty of a mineral above the plan's."""
        program, e, x = self.plan.program, self.plan.expanded, self.plan.x[self.at]
        upper: Floats = self._rows.upper.copy()
        need = e.demand.sum(axis=1).reshape(-1)
        for group in program.variables:
            paid = columns_named(group.component).headings
            if paid and all(h.is_penalty and h not in _SHORT for h in paid):
                inside = within(group.at, self.at)
                at, cell = group.at[inside] - self.at.start, group.cell[inside]
                if of:
                    own = cell // len(e.years) == e.mineral_at[of]
                    at, cell = at[own], cell[own]
                upper[at] = np.minimum(
                    upper[at], x[at] + tolerances.CHANGE_SLACK * (1.0 + need[cell])
                )
        return upper

    @cached_property
    def _short(self) -> tuple[Ints, Ints]:
        """The columns of what is short, and the mineral and year of each as one number."""
        groups = [g for g in self.plan.program.variables if g.component is SHORTAGE]
        at, cell = (
            np.concatenate([np.zeros(0, dtype=np.int64), *(getattr(g, name) for g in groups)])
            for name in ("at", "cell")
        )
        inside = (at >= self.at.start) & (at < self.at.stop)
        return at[inside] - self.at.start, cell[inside]

    @cached_property
    def _onwards(self) -> search.Onwards:
        """What solves the programs, and proves them."""
        of, more = self.plan.program, len(self._rows.row_lower) - self._own
        units = np.full(more, TONNES)
        units[-1] = FRACTION
        return search.Onwards(
            self._rows, f"least of what is bought there: {', '.join(self.columns)}",
            need=float(of.need[self.block]), measure=self._measure,
            units=(of.column_unit[self.at], np.append(of.row_unit[self.inside], units)),
            size=np.append(of.row_size[self.inside], np.full(more, np.nan)),
        )  # fmt: skip

    @property
    def _own(self) -> int:
        return int(self.inside.stop - self.inside.start)

    @property
    def _dearest(self) -> float:
        return float(np.max(self._rows.cost, initial=0.0)) or 1.0

    # ---- solved and proven -----------------------------------------------------------------------

    def _solved(self, cost: Floats, most: Floats, of: str = TOGETHER) -> BlockResult:
        """Return the proven optimum with so much sold at most, by mineral and in all.

        Penalties are those of the plan at most: of one mineral, or of all TOGETHER.
        """
        limits = np.concatenate([self._rows.row_upper[: -len(most)], most])
        upper = self._upper(of)
        rows = dataclasses.replace(self._rows, cost=cost, upper=upper, row_upper=limits)
        found, proof = self._onwards.solved(rows)
        return BlockResult(
            block=self.block, x=found.x, duals=found.duals[: self._own],
            certificate=proof, worst=-1, measure=self._measure,
            attempt=found.attempt, size=(len(rows.row_lower), len(rows.cost), len(rows.values)),
        )  # fmt: skip

    @property
    def _measure(self) -> float:
        return float(self.plan.program.measure(self.plan.case.tolerance_scale)[self.block])


def _holds(path: Plan, mineral: str, result: BlockResult) -> Iterator[Hold]:
    """Yield the limits that the least tonnes of a mineral in a block rest on."""
    duals = np.zeros(len(path.prices))
    duals[path.program.rows_of(result.block)] = result.duals
    for of, key, at in explain.rows_worth(path, "bears_on", duals, tolerances.SPARED_TONNES):
        if of.part(key, MINERAL, mineral) != mineral:
            continue  # what other minerals may not go short of is told by the budget that ties them
        label, (limit, step, direction) = of.label(path, key), explain.limit_of(path, of, key, at)
        moved = step.right - sum(amount * float(path.x[c]) for c, amount in step.entries)
        spares = abs(float(duals[at]) * moved)
        if spares > tolerances.SPARED_TONNES:
            yield Hold(
                mineral, of.part(key, YEAR), label.kind or of.kind, label.what, limit, label.unit,
                spares, direction, label.place,
            )  # fmt: skip
