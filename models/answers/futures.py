"""One plan for several futures: decisions are the same in all of them until they differ.

``under_risk`` makes a stochastic program with recourse (``models.answers.recourse``) of a plan's
case and its futures. Few futures are solved as one extensive form. With many futures each mineral
is a subproblem over the futures that differ for it. A master problem links the subproblems by their
budgets and by the tail of their costs.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from models import solve, tolerances
from models.answers import recourse
from models.case import Case, SearchLimits
from models.errors import SolverError
from models.plan.block_solver import Proof
from models.plan.plan import Plan
from models.plan.solving import case_of, linked_minerals
from models.program import TONNES, Program, build_program
from models.program.builder import unique_keys
from models.program.component import NOT_LISTED, Columns, columns_named
from models.program.families.projects import BUDGET, CARRIED
from models.program.families.shortage import SHORTAGE
from models.program.families.stockpiles import valid_upper_bounds
from models.program.program import positions_in
from models.program.scaling import powers_of_two
from models.resolve import Expanded, Floats, Ints, free_budgets

_TYPICAL = 1e-4
"""The scale of the tail-risk variable (CVaR), as a fraction of the plan's cost."""


@dataclass(frozen=True)
class Future:
    """A scenario: its case, its probability, and its history up to each year.

    ``observed`` [mineral, year] is a number, from 1 on, for the history of a mineral up to a year.
    Futures with equal numbers have the same history up to that year.
    """

    case: Case
    chance: float
    observed: Ints


@dataclass(frozen=True)
class FutureOutcomes:
    """A plan's outcome in each future: ``costs`` [s, money] and ``short`` [s, mineral, t]."""

    costs: Floats
    short: Floats
    proof: Proof


@dataclass(frozen=True)
class Decision:
    """A decision made before any event, in the plain plan and in the plan under risk.

    ``component`` and ``key`` (``Columns.stable_key``) name the column. The amounts are tonnes, or
    the fraction of a plant that is built.
    """

    component: Columns
    key: Any
    plain: float
    risky: float


@dataclass(frozen=True)
class RiskPlans:
    """The plan under risk, and the plain plan, which is followed until an event happens.

    ``decisions`` are the builds, and the decisions before any event, of both plans.
    """

    risky: FutureOutcomes
    plain: FutureOutcomes
    decisions: tuple[Decision, ...]


AT_ONCE = 20
"""Above this number of futures, each mineral is solved separately where possible."""
_FEWER = 5
"""One future in five is planned first, to give starting prices."""
_BEFORE = 0.25
"""The share of a time limit that each of the two plans for starting prices may take."""


def under_risk(
    plan: Plan,
    futures: Sequence[Future],
    calm: Ints,
    tail: recourse.Tail | None = None,
    *,
    at_once: int = AT_ONCE,
) -> RiskPlans:
    """Return the plan under risk, cheapest over all futures together, and the plain ``plan``.

    First-stage columns (``Columns.is_first_stage``) are the same in all futures. Every other
    decision of a year is the same in all futures with the same history of its mineral up to that
    year. ``calm`` [mineral, year] has the numbers of ``Future.observed`` for the history without
    any event. The plain plan is followed until the first event; later decisions are planned as
    under risk. The futures' cases have the plan's minerals, members, years, sources, projects,
    budgets and contracts, and their probabilities sum to 1. More than ``at_once`` futures are
    planned mineral by mineral, unless projects are integer. Raises SolverError where no attempt is
    proven.
    """
    tail = tail or recourse.Tail()
    groups = independent_groups(plan.case) if len(futures) > at_once else ()
    if len(groups) > 1 and not plan.program.rows.whole.any():
        return _Decomposition(plan, groups, futures, calm, tail).plans(at_once)
    plain = _PlainPlan(plan.expanded, plan.program, plan.x)
    return _JointProgram(plain, futures, calm, tail, _unit(plan)).plans()


def independent_groups(case: Case) -> tuple[tuple[str, ...], ...]:
    """Return the minerals in groups that only budgets link with one another."""
    return linked_minerals(case.change(budget=()))


@dataclass(frozen=True)
class _PlainPlan:
    """The plain plan, or its decisions for some minerals: ``x`` has the values of columns."""

    expanded: Expanded
    program: Program
    x: Floats


class _JointProgram:
    def __init__(
        self,
        plain: _PlainPlan,
        futures: Sequence[Future],
        calm: Ints,
        tail: recourse.Tail,
        unit: float,
    ) -> None:
        self.plain, self.base, self.case = plain, plain.program, plain.expanded.case
        names = self.base.names
        self.programs: list[Program] = []
        self.rows: list[solve.LinearProgram] = []
        for future in futures:
            expanded = plain.expanded.changed(future.case)
            program = build_program(expanded, names)
            names = program.names
            self.programs.append(program)
            # a stock is shared by futures, and another one may need more of it than this one
            self.rows.append(
                dataclasses.replace(program.rows, upper=valid_upper_bounds(expanded, program))
            )
        self.scale = max([self.case.tolerance_scale, *(f.case.tolerance_scale for f in futures)])
        every, states = [*self.programs, self.base], [*(f.observed for f in futures), calm]
        column_states = [_column_states(p, s) for p, s in zip(every, states, strict=True)]
        columns = _numbered([p.variables for p in every], column_states)
        rows = _numbered(
            [p.constraints for p in every],
            [_row_states(p, s, c) for p, s, c in zip(every, states, column_states, strict=True)],
        )
        self.extensive = recourse.ExtensiveForm(
            [
                recourse.ScenarioProgram(arrays, c, r, p.column_unit, p.row_unit)
                for p, arrays, c, r in zip(self.programs, self.rows, columns, rows, strict=False)
            ],
            np.array([f.chance for f in futures]),
            tail,
            need=max(float(p.need.max(initial=0.0)) for p in every) or 1.0,
            unit=unit,
        )
        self.place = positions_in(self.extensive.numbers, columns[-1])
        """The position of each column of the plain plan in the extensive form; -1: not there."""

    def plans(self) -> RiskPlans:
        """Return both plans; the plain one is also the plan under risk if it is as cheap."""
        risky, x = self._course(self.extensive.rows)
        plain, _ = self._course(self.with_plain_plan_fixed())
        extensive = self.extensive
        is_plain = _as_good(risky, plain, extensive.chances, extensive.tail)
        values = None if is_plain else extensive.joined(x)
        return RiskPlans(
            _proven_by(plain, risky) if is_plain else risky, plain, tuple(self.decisions(values))
        )

    def _course(self, rows: solve.LinearProgram) -> tuple[FutureOutcomes, list[Floats]]:
        x, proof = self.extensive.solved(
            rows, lambda x: self.violation(x)[0] <= tolerances.MOST_VIOLATION, self.case.search
        )
        violation, allowed = self.violation(x)[1], tolerances.MOST_VIOLATION * self.scale
        shape = (len(rows.row_lower), len(rows.cost), len(rows.values))
        full_proof = Proof(
            violation, "", allowed, proof.dual_infeasibility, proof.gap, proof.mip_gap, 1, 0,
            *shape, (),
        )  # fmt: skip
        return FutureOutcomes(self.extensive.costs(x), self.short(x), full_proof), x

    def short(self, x: Sequence[Floats]) -> Floats:
        """Return the shortage by future and mineral [s, mineral, t]."""
        tonnes = np.zeros((len(x), len(self.plain.expanded.minerals)))
        for program, of_mineral, values in zip(self.programs, tonnes, x, strict=True):
            for group in program.variables:
                if group.component is SHORTAGE:
                    np.add.at(of_mineral, group.index[0], values[group.at])
        return tonnes

    def violation(self, x: Sequence[Floats]) -> tuple[float, float]:
        """Return the largest violation of any future's own program, relative and in t."""
        worst = [0.0, 0.0]
        for program, rows, values in zip(self.programs, self.rows, x, strict=True):
            measure, none = program.measure(self.scale), np.zeros(len(rows.row_lower))
            violations = program.certify(values, none, measure, rows=rows).violation
            worst = [max(worst[0], *violations), max(worst[1], *(violations * measure))]
        return float(worst[0]), float(worst[1])

    def with_plain_plan_fixed(self) -> solve.LinearProgram:
        """Return the extensive form with the plain plan's decisions before any event fixed."""
        rows, base = self.extensive.rows, self.base
        decided = np.zeros(len(base.rows.cost), dtype=bool)
        near = np.full(len(decided), tolerances.CHANGE_SLACK)
        demand = self.plain.expanded.demand.max(axis=1, initial=0.0).ravel()
        for group in base.variables:
            decided[group.at] = columns_named(group.component).decided is not None
            if group.component.unit == TONNES:
                near[group.at] = (
                    tolerances.CHANGE_SLACK * demand[group.cell]
                    + tolerances.SAME_AMOUNTS * self.extensive.need
                )
        common = np.flatnonzero(decided & (self.place >= 0))
        columns, x, near = self.place[common], self.plain.x[common], near[common]
        lower, upper = rows.lower.copy(), rows.upper.copy()
        whole = rows.whole[columns]
        x, near = np.where(whole, np.round(x), x), np.where(whole, 0.0, near)
        lower[columns] = np.clip(x - near, rows.lower[columns], rows.upper[columns])
        upper[columns] = np.clip(x + near, rows.lower[columns], rows.upper[columns])
        return dataclasses.replace(rows, lower=lower, upper=upper)

    def spent(self) -> tuple[Ints, Floats]:
        """Return the columns that budgets pay for, and a unit's use of each budget [money m]."""
        base = self.base
        place = {row.year: y for y, row in enumerate(self.case.budget)}
        uses = np.zeros((len(place), len(base.rows.cost)))
        for group in base.constraints:
            if group.component is BUDGET:
                for row, year in zip(group.at.tolist(), group.year.tolist(), strict=True):
                    inside = slice(base.rows.starts[row], base.rows.starts[row + 1])
                    uses[place[year], base.rows.columns[inside]] = base.rows.values[inside]
        for group in base.variables:
            if group.component is CARRIED:
                uses[:, group.at] = 0.0
        columns = np.flatnonzero(uses.any(axis=0))
        return self.place[columns], uses[:, columns]

    def decisions(self, values: Floats | None) -> Iterator[Decision]:
        """Yield the decisions before any event that the two plans make; 0 in both is left out.

        Columns whose values follow from other decisions are left out too, such as shortages and the
        ore behind a refiner's sales. ``values`` are those of the extensive form (None: the plain
        plan is the plan under risk).
        """
        for group in self.base.variables:
            component = columns_named(group.component)
            if component.decision in {None, NOT_LISTED}:
                continue
            shared = np.flatnonzero(self.place[group.at] >= 0)
            columns = group.at[shared]
            plain = self.plain.x[columns]
            risky = plain if values is None else values[self.place[columns]]
            used = np.flatnonzero((plain != 0) | (risky != 0))
            keys = group.keys(shared[used])
            for key, was, now in zip(keys, plain[used].tolist(), risky[used].tolist(), strict=True):
                yield Decision(component, component.stable_key(self.case, key), was, now)


def _as_good(
    risky: FutureOutcomes, plain: FutureOutcomes, chances: Floats, tail: recourse.Tail
) -> bool:
    least, kept = (recourse.valued(course.costs, chances, tail) for course in (risky, plain))
    return kept - least <= tolerances.CHANGE_SLACK * abs(least)


def _proven_by(plain: FutureOutcomes, risky: FutureOutcomes) -> FutureOutcomes:
    violation = max(risky.proof.violation, plain.proof.violation)
    return dataclasses.replace(plain, proof=dataclasses.replace(risky.proof, violation=violation))


class _Decomposition:
    """Groups of minerals as subproblems, linked by budgets and the tail in a master problem."""

    def __init__(
        self,
        plan: Plan,
        groups: Sequence[tuple[str, ...]],
        futures: Sequence[Future],
        calm: Ints,
        tail: recourse.Tail,
    ) -> None:
        self.plan, self.groups, self.futures = plan, groups, futures
        self.calm, self.tail, names = calm, tail, plan.expanded.minerals
        self.chances = np.array([f.chance for f in futures])
        self.positions = [[names.index(name) for name in group] for group in groups]
        decided = {key: plan.x[positions] for key, positions in _decided(plan.program, plan.case)}
        self.each, every = list[_JointProgram](), list[tuple[Ints, Ints, Floats]]()
        for group, positions in zip(groups, self.positions, strict=True):
            histories = [f.observed[positions].tobytes() for f in futures]
            first = {key: i for i, key in reversed([*enumerate(histories)])}
            order = sorted(first.values())
            scenario_of = np.array([order.index(first[key]) for key in histories])
            chances = np.bincount(scenario_of, self.chances).tolist()
            mine = [
                Future(case_of(futures[i].case, group), chance, futures[i].observed[positions])
                for i, chance in zip(order, chances, strict=True)
            ]
            plain = _plain_of(case_of(plan.case, group), decided)
            joint = _JointProgram(plain, mine, calm[positions], recourse.Tail(), 1.0)
            self.each.append(joint)
            every.append((scenario_of, *joint.spent()))
        free = free_budgets(plan.case)
        limits = np.array([free[row.year] for row in plan.case.budget], dtype=float)
        years = [row.year for row in plan.case.budget]
        prices = [-plan.dual(BUDGET, year) * plan.case.discount(year) for year in years]
        self.prices = np.array(prices, dtype=float)
        if plan.case.settings.carry_over_budget:  # limits are then on spending up to a year
            every = [(s, columns, np.cumsum(uses, axis=0)) for s, columns, uses in every]
            limits, self.prices = np.cumsum(limits), self.prices - np.append(self.prices[1:], 0.0)
        # a limit of 0, or one that a single subproblem uses, stays inside that subproblem
        takers = np.sum([(uses > 0).any(axis=1) for *_, uses in every], axis=0)
        shared = (takers > 1) & (limits > 0)
        self.prices = np.maximum(self.prices[shared], 0.0)
        self.master = recourse.MasterProblem(
            [
                recourse.MergedScenarios(joint.extensive, scenario_of, positions, uses[shared])
                for joint, (scenario_of, positions, uses) in zip(self.each, every, strict=True)
            ],
            limits[shared],
            self.chances,
            tail,
            _unit(plan),
        )

    def mixed(
        self, search: SearchLimits, at_once: int
    ) -> tuple[recourse.ConvexCombination, recourse.ConvexCombination]:
        """Return the result of following the plain plan, and the plan under risk.

        The search for the plan under risk starts from the policies of the plain plan. Each search
        has the full time limit.
        """
        plain = self.master.best_mix(
            [joint.with_plain_plan_fixed() for joint in self.each], search=search
        )
        began = time.perf_counter()
        start = dataclasses.replace(plain, prices=self._first_prices(search, at_once))
        left = _within(search, lambda most: most - (time.perf_counter() - began))
        return plain, self.master.best_mix(
            [joint.extensive.rows for joint in self.each], start, left
        )

    def _first_prices(self, search: SearchLimits, at_once: int) -> Floats:
        """Return the final prices of a plan for fewer futures, or else the plain plan's prices."""
        few = self.futures[: len(self.futures) // _FEWER]
        if len(few) < max(at_once, 1):
            return self.prices
        total = sum(f.chance for f in few)
        few = [dataclasses.replace(f, chance=f.chance / total) for f in few]
        try:
            smaller = _Decomposition(self.plan, self.groups, few, self.calm, self.tail)
            return smaller.mixed(_within(search, lambda most: _BEFORE * most), at_once)[1].prices
        except SolverError:  # prices are only a starting point
            return self.prices

    def plans(self, at_once: int) -> RiskPlans:
        """Return the plan under risk, the plain plan, and their decisions before any event.

        If no other plan is better, the plain plan is the plan under risk. If a fifth of the futures
        are at least ``at_once``, these are planned first, to give starting prices.
        """
        followed, mix = self.mixed(self.plan.case.search, at_once)
        plain, risky = self._course(followed), self._course(mix)
        is_plain = _as_good(risky, plain, self.chances, self.tail)
        every = zip(self.each, mix.x, strict=True)
        decisions = (joint.decisions(None if is_plain else x) for joint, x in every)
        course = _proven_by(plain, risky) if is_plain else risky
        return RiskPlans(course, plain, tuple(chain.from_iterable(decisions)))

    def _course(self, mix: recourse.ConvexCombination) -> FutureOutcomes:
        """Return a combination's outcome, proven by each future's program and the lower bound."""
        costs = np.zeros(len(self.chances))
        short = np.zeros((len(costs), len(self.plan.expanded.minerals)))
        broken, tonnes = mix.overrun, 0.0
        parts = self.master.parts
        for joint, minerals, its, values in zip(
            self.each, self.positions, parts, mix.x, strict=True
        ):
            x = joint.extensive.by_future(values)
            costs += joint.extensive.costs(x)[its.scenario_of]
            short[:, minerals] = joint.short(x)[its.scenario_of]
            relative, by = joint.violation(x)
            broken, tonnes = max(broken, relative), max(tonnes, by)
        value = recourse.valued(costs, self.chances, self.tail)
        gap = self.master.gap(value, mix.least)
        if not (broken <= tolerances.MOST_VIOLATION and gap >= -tolerances.MOST_GAP):
            msg = f"no proven plan for {len(costs)} futures, mineral by mineral"
            raise SolverError(msg)
        gap, every = max(gap, 0.0), [joint.extensive.rows for joint in self.each]
        is_open = gap > tolerances.MOST_GAP
        proof = Proof(
            tonnes, "", tolerances.MOST_VIOLATION * max(joint.scale for joint in self.each),
            mix.dual_infeasibility, 0.0 if is_open else gap, gap if is_open else 0.0, len(every), 0,
            sum(len(p.row_lower) for p in every), sum(len(p.cost) for p in every),
            sum(len(p.values) for p in every), (),
        )  # fmt: skip
        return FutureOutcomes(costs, short, proof)


def _within(search: SearchLimits, limit: Callable[[float], float]) -> SearchLimits:
    seconds = search.seconds
    return search if seconds is None else dataclasses.replace(search, seconds=limit(seconds))


def _plain_of(case: Case, decided: Mapping[Any, float]) -> _PlainPlan:
    """Return the plain plan of a case of some minerals; columns that are no decision are 0."""
    expanded = Expanded(case)
    program = build_program(expanded)
    x = np.zeros(len(program.rows.cost))
    for key, column in _decided(program, case):
        x[column] = decided.get(key, 0.0)
    return _PlainPlan(expanded, program, x)


def _decided(program: Program, case: Case) -> Iterator[tuple[Any, int]]:
    """Yield the name, key and position of each column that is a decision."""
    for group in program.variables:
        component = columns_named(group.component)
        if component.decided is not None:
            keys = group.keys(np.arange(len(group)))
            for key, column in zip(keys, group.at.tolist(), strict=True):
                yield (component.name, component.stable_key(case, key)), column


def early_plan(plan: Plan, decisions: Iterable[Decision]) -> Plan:
    """Return a plan with the decisions before any event of the plan under risk; all else is kept.

    Only these decisions may be read from it.
    """
    columns, x = dict(_decided(plan.program, plan.case)), plan.solver_x
    for each in decisions:
        x[columns[each.component.name, each.key]] = each.risky
    spans = map(plan.program.columns_of, range(len(plan.program.blocks)))
    pairs = zip(plan.blocks, spans, strict=True)
    results = [dataclasses.replace(block, x=x[span]) for block, span in pairs]
    return Plan(plan.case, results, plan.expanded, plan.program)


def _unit(plan: Plan) -> float:
    return float(powers_of_two(np.array([_TYPICAL * abs(plan.objective)]))[0])


def _column_states(program: Program, states: Ints) -> Ints:
    """Return the number of the history known when each column is decided; first stage: 0."""
    state_of = np.zeros(len(program.rows.cost), dtype=np.int64)
    for group in program.variables:
        if not columns_named(group.component).is_first_stage:
            state_of[group.at] = states.ravel()[group.cell]
    return state_of


def _row_states(program: Program, states: Ints, columns: Ints) -> Ints:
    """Return the number of the history known for each row; 0 if it only has first-stage columns."""
    state_of = np.zeros(len(program.rows.row_lower), dtype=np.int64)
    for group in program.constraints:
        state_of[group.at] = states.ravel()[group.cell]
    later = program.rows.entry_rows()[columns[program.rows.columns] > 0]
    return np.where(np.bincount(later, minlength=len(state_of)) > 0, state_of, 0)


def _numbered(programs: Sequence[Sequence[Any]], states: Sequence[Ints]) -> list[Ints]:
    """Number all columns, or rows: equal numbers where key and observed history are equal.

    Keys are compared by position, since the programs have the same names.
    """
    numbers, after = [np.zeros(len(state), dtype=np.int64) for state in states], 0
    for component in {g.component: None for groups in programs for g in groups}:
        mine = [
            (s, g) for s, groups in enumerate(programs) for g in groups
            if g.component is component and len(g)
        ]  # fmt: skip
        if not mine:
            continue
        parts = zip(*(g.index for _, g in mine), strict=True)
        keys = [np.concatenate(part) for part in parts]
        (first, *_), inverse = unique_keys(
            *keys, np.concatenate([states[s][g.at] for s, g in mine])
        )
        ends = np.cumsum([len(g) for _, g in mine])[:-1]
        for (s, g), block in zip(mine, np.split(inverse, ends), strict=True):
            numbers[s][g.at] = after + block
        after += len(first)
    return numbers
