"""How far a plan could differ at almost no cost: the least and most from each supplier.

Programs of near-optimal plans, or modelling to generate alternatives (Brill, Chang & Hopkins
(1982), Management Science 28(3); Neumann & Brown (2021), Electric Power Systems Research 190). They
find the least and the most tonnes of a supplier over all plans of one mineral that cost at most a
little more cash. Other minerals and all builds stay as planned, so that no budget links the mineral
to others. The slack is a fraction of the mineral's own cash: a fraction of the total would let the
mineral with the largest bill pay for every change. Penalties and each year's shortage may not rise:
otherwise buying fewer tonnes would pay for more expensive ones. Minerals that are made from one
another count as one mineral here, with the slack on the cash of all of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from models import tolerances
from models.answers.search import WarmStartedSequence
from models.errors import SolverError
from models.plan.plan import Plan
from models.program import TONNES
from models.program.families import projects, shortage
from models.resolve import Bools, Floats, Ints, chain_of
from models.solve import total_of

BY_COUNTRY, BY_REFINER, BY_PROJECT = "country", "refiner", "project"
"""The kinds of supplier: all plants of a country, one plant, or one plant that could be built."""


@dataclass(frozen=True)
class Range:
    """A supplier's sales of a mineral: as planned, at least and at most [t, all years].

    ``base`` [t] is the demand from which shares are calculated; for an input it includes use by
    plants. ``refiner`` and ``project`` are "" if the supplier is a country. An end is None if it is
    not proven. ``slack`` is the extra cash that is allowed a year, for its whole chain [money].
    """

    mineral: str
    country: str
    refiner: str
    project: str
    now: float
    least: float | None
    most: float | None
    base: float = 0.0
    slack: float | None = None


def ranges(plan: Plan, mineral: str, slack: float, by: str = BY_COUNTRY) -> tuple[Range, ...]:
    """Return the ranges of all suppliers that could sell any of a mineral, in the order of sources.

    ``slack`` is the extra cash allowed, as a fraction of the mineral's cash. If suppliers are
    projects, the mineral's own projects may be built, within the budget that the others leave.
    """
    near = NearOptimal(plan, mineral, slack, is_building=by == BY_PROJECT)
    m, results = plan.expanded.mineral_at[mineral], list[Range]()
    base = float(plan.expanded.demand[m].sum() + plan.plant_demand[m].sum())
    for supplier, columns in near.suppliers(by):
        now = max(0.0, float(near.x[columns].sum()))
        least = near.extreme_sum(columns, 1.0) if now > near.nothing else 0.0
        most = near.extreme_sum(columns, -1.0)
        if least is not None:
            least = min(now, max(0.0, least))
        most = None if most is None else max(now, most)
        results.append(Range(mineral, *supplier, now, least, most, base, near.slack_a_year))
    return tuple(results)


class NearOptimal:
    """The program whose solutions are near-optimal plans of one mineral, the rest fixed as planned.

    ``x`` has the planned values of its columns [t, and fractions of projects]. ``columns`` and
    ``rows`` are the positions of its columns and rows in the plan's program. Added rows limit the
    cash, the penalties, and the shortage of each year. ``slack_a_year`` is the extra cash [money].
    """

    def __init__(
        self, plan: Plan, mineral: str, slack: float, *, is_building: bool = False
    ) -> None:
        e, program = plan.expanded, plan.program
        self.plan, self.m, self.slack_a_year = plan, e.mineral_at[mineral], 0.0
        self._chain = np.array(sorted(e.mineral_at[name] for name in chain_of(plan.case, mineral)))
        every, years = plan.solver_x, len(e.years)
        free: Bools = np.zeros(len(program.rows.cost), bool)
        for group in program.variables:
            if group.component is projects.CARRIED:
                free[group.at] = is_building
            elif group.component not in {projects.BUILT, projects.REST} or is_building:
                free[group.at] = np.isin(group.cell // years, self._chain)
        part, self.rows = program.rows.restricted(free, every)
        self.columns = np.flatnonzero(free)
        self.x: Floats = every[self.columns]
        self._place = np.cumsum(free) - 1
        demand = e.demand[self._chain].sum(axis=0)
        need, self.demand = float(demand.max(initial=0.0)), float(demand.sum())
        self.need = need or float(program.need.max(initial=1.0))
        self.nothing = tolerances.CHANGE_SLACK * self.need
        upper = plan.valid_upper_bounds[free]
        inside = dataclasses.replace(part, cost=np.zeros(len(self.columns)), upper=upper)
        self.program = inside.bounded(self._limits(every, slack))

    def _limits(self, every: Floats, slack: float) -> Iterator[tuple[Ints, Floats, float]]:
        """Yield columns, amounts and upper limit of each added row.

        All are in t; money is divided by the cost of the most expensive column.
        """
        program, years = self.plan.program, len(self.plan.expanded.years)
        cash, penalties = np.zeros((2, len(program.rows.cost)))
        mine = np.zeros(len(cash), dtype=bool)
        short: list[list[Ints]] = [[] for _ in range(years * len(self._chain))]
        for group in program.variables:
            mine[group.at] = np.isin(group.cell // years, self._chain)
            for charge in group.charges:
                (penalties if charge.heading.is_penalty else cash)[group.at] += charge.price
            if group.component is shortage.SHORTAGE:
                for i, (m, t) in enumerate(product(self._chain.tolist(), range(years))):
                    short[i].append(group.at[group.cell == m * years + t])
        for price, more in ((cash, slack), (penalties, 0.0)):
            paid = np.where(mine, price * every, 0.0)
            columns = self.columns[price[self.columns] > 0]
            if len(columns):
                of_tonnes = price[columns][program.column_unit[columns] == TONNES]
                self.slack_a_year += more * float(paid.sum()) / max(years, 1)
                dearest = float(of_tonnes.max(initial=0.0)) or 1.0
                most = (float(paid[columns].sum()) + more * float(paid.sum())) / dearest
                yield self._place[columns], price[columns] / dearest, most + self.nothing
        for columns in map(np.concatenate, short):
            if len(columns):
                yield total_of(self._place[columns], float(every[columns].sum()) + self.nothing)

    def suppliers(self, by: str) -> Iterator[tuple[tuple[str, str, str], Ints]]:
        """Yield each supplier's country, refiner and project, and its sales columns by position."""
        e, d = self.plan.expanded, self.plan.expanded.sales
        by_supplier: dict[tuple[str, str, str], list[int]] = {}
        for i in np.flatnonzero(d.mineral == self.m).tolist():
            source = e.sources[d.source[i]]
            if by != BY_PROJECT or source.project:
                plant = ("", "") if by == BY_COUNTRY else (source.name, source.project)
                by_supplier.setdefault((source.country, *plant), []).append(i)
        for supplier, columns in by_supplier.items():
            yield supplier, self._place[self.plan.program.sold[columns]]

    def extreme_sum(self, columns: Ints, sign: float) -> float | None:
        """Return the smallest (``sign`` 1) or largest (-1) sum of some columns [t].

        None where it is not proven, so that the others are still known.
        """
        cost = np.zeros(len(self.columns))
        cost[columns] = sign
        try:
            x = self._ranged.solved(dataclasses.replace(self.program, cost=cost))[0].x
        except SolverError:
            return None
        return float(x[columns].sum())

    @cached_property
    def _ranged(self) -> WarmStartedSequence:
        """The sequence that solves and proves such programs; added rows are in tonnes."""
        program, more = self.plan.program, len(self.program.row_lower) - len(self.rows)
        return WarmStartedSequence(
            self.program, f"range of {self.plan.expanded.minerals[self.m]}",
            need=self.need, measure=self.need, tonnes=self.demand,
            units=(
                program.column_unit[self.columns],
                np.append(program.row_unit[self.rows], np.full(more, TONNES, np.int8)),
            ),
        )  # fmt: skip
