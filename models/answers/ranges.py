"""How far a plan could be otherwise for next to nothing: least and most of each supplier.

The programs of near-optimal plans, or modelling to generate alternatives (Brill, Chang & Hopkins
(1982), Management Science 28(3); Neumann & Brown (2021), Electric Power Systems Research 190): of
the plans of one mineral whose cash is at most a little more than the plan's, the least and the most
tonnes of a supplier. All else stands as planned: other minerals, and what is built, so that no
budget ties the mineral to others. Slack is on the mineral's own cash, since on the whole cost the
mineral that most is paid for would pay for all; penalties may not rise and no year may be shorter,
or tonnes not bought would pay for dear ones.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models import tolerances
from models.answers.price import arrays
from models.answers.search import Onwards, bounded
from models.errors import SolverError
from models.plan.block_solver import BlockResult
from models.plan.plan import Plan
from models.program import TONNES
from models.program.families import projects, shortage
from models.resolve import Bools, Floats, Ints
from models.solve import Certificate, LinearProgram, Solution

BY_COUNTRY, BY_REFINER, BY_PROJECT = "country", "refiner", "project"
"""What a supplier is: all plants of a country, a plant, or a plant that could be built."""


@dataclass(frozen=True)
class Range:
    """A supplier of a mineral: what it sells as planned, at least and at most [t, all years].

    ``refiner`` and ``project`` are "" where the supplier is a country. An end is None that no
    attempt proves.
    """

    mineral: str
    country: str
    refiner: str
    project: str
    now: float
    least: float | None
    most: float | None


def ranges(plan: Plan, mineral: str, slack: float, by: str = BY_COUNTRY) -> tuple[Range, ...]:
    """Return the ranges of a mineral's suppliers that could sell any, in the order of sources.

    ``slack`` is a part of the mineral's cash. By project, what is built of the mineral's own
    projects is free, within what the others leave of the budget.
    """
    near = Near(plan, mineral, slack, is_building=by == BY_PROJECT)
    found = []
    for supplier, at in near.suppliers(by):
        now = max(0.0, float(near.x[at].sum()))
        least, most = _end(near.least, at) if now > near.nothing else 0.0, _end(near.most, at)
        if least is not None:
            least = min(now, max(0.0, least))
        found.append(
            Range(mineral, *supplier, now, least, None if most is None else max(now, most))
        )
    return tuple(found)


def _end(asked: Callable[[Ints], float], at: Ints) -> float | None:
    """Return an end of a range; None where nothing is proven: the others are known all the same."""
    try:
        return asked(at)
    except SolverError:
        return None


class Near:
    """The program of the plans of one mineral near a plan: all else is held as planned.

    ``x`` are the planned values of its columns [t, and fractions of projects]; ``columns`` and
    ``rows`` are where they and the plan's rows stand in the plan's program. Four limits are added:
    on cash, on penalties, and on what is short in each year.
    """

    def __init__(
        self, plan: Plan, mineral: str, slack: float, *, is_building: bool = False
    ) -> None:
        """Take the mineral's part of the plan's program; SolverError where it is no program."""
        e, of = plan.expanded, plan.program
        self.plan, self.m = plan, e.mineral_at[mineral]
        every = plan.solver_x
        free = self._free(is_building=is_building)
        entry = free[of.rows.columns]
        at_row = of.rows.entry_rows()
        self.columns, self.rows = np.flatnonzero(free), np.unique(at_row[entry])
        self.x: Floats = every[self.columns]
        self._place = np.cumsum(free) - 1
        need, self.demand = float(e.demand[self.m].max(initial=0.0)), float(e.demand[self.m].sum())
        self.need = need or float(of.need.max(initial=1.0))
        self.nothing = tolerances.CHANGE_SLACK * self.need
        held = of.rows.activity(np.where(free, 0.0, every))[self.rows]
        inside = arrays(
            (
                np.searchsorted(self.rows, at_row[entry]),
                self._place[of.rows.columns[entry]],
                of.rows.values[entry],
            ),
            (np.zeros(len(self.columns)), of.rows.lower[free], plan.widest[free]),
            (of.rows.row_lower[self.rows] - held, of.rows.row_upper[self.rows] - held),
        )
        inside = dataclasses.replace(inside, whole=of.rows.whole[free])
        self.program = bounded(inside, self._limits(every, slack))

    def _free(self, *, is_building: bool) -> Bools:
        """Return which columns of the plan's program are free."""
        years, free = (
            len(self.plan.expanded.years),
            np.zeros(len(self.plan.program.rows.cost), bool),
        )
        for group in self.plan.program.variables:
            if group.component is projects.CARRIED:
                free[group.at] = is_building
            elif group.component not in {projects.BUILT, projects.REST} or is_building:
                free[group.at] = group.cell // years == self.m
        return free

    def _limits(self, every: Floats, slack: float) -> Iterator[tuple[Ints, Floats, float]]:
        """Yield columns, amounts and most of each limit that is added, in t.

        Of money, tonnes of the dearest.
        """
        of, years = self.plan.program, len(self.plan.expanded.years)
        cash, penalties = np.zeros((2, len(of.rows.cost)))
        mine = np.zeros(len(cash), dtype=bool)
        short: list[list[Ints]] = [[] for _ in range(years)]
        for group in of.variables:
            mine[group.at] = group.cell // years == self.m
            for charge in group.charges:
                (penalties if charge.heading.is_penalty else cash)[group.at] += charge.price
            if group.component is shortage.SHORTAGE:
                for t in range(years):
                    short[t].append(group.at[group.cell == self.m * years + t])
        for price, more in ((cash, slack), (penalties, 0.0)):
            paid, at = np.where(mine, price * every, 0.0), self.columns[price[self.columns] > 0]
            if len(at):
                dearest = float(price[at][of.column_unit[at] == TONNES].max(initial=0.0)) or 1.0
                most = (float(paid[at].sum()) + more * float(paid.sum())) / dearest
                yield self._place[at], price[at] / dearest, most + self.nothing
        for at in map(np.concatenate, short):
            if len(at):
                yield self._place[at], np.ones(len(at)), float(every[at].sum()) + self.nothing

    def suppliers(self, by: str) -> Iterator[tuple[tuple[str, str, str], Ints]]:
        """Yield the country, refiner and project of each supplier, and where its deliveries are."""
        e, d = self.plan.expanded, self.plan.expanded.deliveries
        found: dict[tuple[str, str, str], list[int]] = {}
        for i in np.flatnonzero(d.mineral == self.m).tolist():
            of = e.sources[d.source[i]]
            if by != BY_PROJECT or of.project:
                plant = ("", "") if by == BY_COUNTRY else (of.name, of.project)
                found.setdefault((of.country, *plant), []).append(i)
        for supplier, at in found.items():
            yield supplier, self._place[self.plan.program.flow[at]]

    # ---- asked -----------------------------------------------------------------------------------

    def least(self, at: Ints) -> float:
        """Return the least that some columns add up to [t]; SolverError where none is proven."""
        return float(self._asked(at, 1.0)[at].sum())

    def most(self, at: Ints) -> float:
        """Return the most that some columns add up to [t]; SolverError where none is proven."""
        return float(self._asked(at, -1.0)[at].sum())

    def _asked(self, at: Ints, sign: float) -> Floats:
        cost = np.zeros(len(self.columns))
        cost[at] = sign
        return self._ranged.solved(dataclasses.replace(self.program, cost=cost))[0].x

    @cached_property
    def _ranged(self) -> Onwards:
        return self._onwards(self.program, "range", self.demand)

    def _onwards(self, rows: LinearProgram, what: str, tonnes: float | None = None) -> Onwards:
        """Return what solves and proves programs like one, whose last rows are in tonnes."""
        of, more = self.plan.program, len(rows.row_lower) - len(self.rows)
        return Onwards(
            rows, f"{what} of {self.plan.expanded.minerals[self.m]}",
            need=self.need, measure=self.need, tonnes=tonnes,
            units=(
                of.column_unit[self.columns],
                np.append(of.row_unit[self.rows], np.full(more, TONNES, np.int8)),
            ),
        )  # fmt: skip

    def cheapest(self, at: Ints, most: float) -> tuple[Solution, Certificate]:
        """Return the cheapest plan in which some columns add up to so much at most [t].

        With its certificate; the duals are in discounted money, those of the added limits last.
        SolverError where none is proven.
        """
        cost = self.plan.program.rows.cost[self.columns]
        rows = dataclasses.replace(self.program, cost=cost)
        rows = bounded(rows, [(at, np.ones(len(at)), most + self.nothing)])
        return self._onwards(rows, "plan of least tonnes").solved(rows)


# ---- the plan that takes least of a country ------------------------------------------------------


def least_plan(plan: Plan, country: str, slack: float) -> Plan:
    """Return the cheapest of the plans near a plan that take least of a country.

    Of each mineral that it could sell the least, all builds as planned, and of the plans with that
    least the cheapest, which the certificates are of: a plan whose duals are those of the program
    with the limits on cash, penalties, shortage and the country's tonnes. SolverError where one is
    not proven.
    """
    of, x, duals = plan.program, plan.solver_x, plan.discounted
    proofs: dict[int, Certificate] = {}
    for m, mineral in enumerate(plan.expanded.minerals):
        near = Near(plan, mineral, slack)
        at = dict(near.suppliers(BY_COUNTRY)).get((country, "", ""))
        if at is not None:
            found, proofs[m] = near.cheapest(at, near.least(at))
            x[near.columns], duals[near.rows] = found.x, found.duals[: len(near.rows)]
    results = [
        _result(plan, b, x[of.columns_of(b)], duals[of.rows_of(b)], proofs)
        for b in range(len(of.blocks))
    ]
    return Plan(plan.case, results, plan.expanded, of)


def _result(
    plan: Plan, b: int, x: Floats, duals: Floats, proofs: Mapping[int, Certificate]
) -> BlockResult:
    """Return a block's result, with the worst of the certificates of its minerals."""
    block, cost = plan.blocks[b], float((plan.program.block(b).cost * x).sum())
    of = [proofs[m] for m in sorted({m for m, _ in plan.program.blocks[b]}) if m in proofs]
    worst = {
        name: max(getattr(each, name) for each in (block.certificate, *of))
        for name in ("violation", "dual_infeasibility", "gap")
    }
    proof = dataclasses.replace(block.certificate, **worst, violated="", primal=cost, dual=cost)
    return dataclasses.replace(block, x=x, duals=duals, certificate=proof, worst=-1, basis=None)
