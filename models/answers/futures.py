"""One plan for several futures: decisions are the same in all of them until they differ.

``under_risk`` makes a stochastic program with recourse (``models.answers.recourse``) of a plan's
case and its futures. Few futures are solved as one extensive form. With many futures each mineral
is a subproblem over the futures that differ for it. A master problem links the subproblems by their
budgets and by the tail of their costs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from models import solve, tolerances
from models.answers import recourse
from models.case import Case, CaseSteps, Kind, Selection
from models.errors import SolverError
from models.plan.block_solver import Proof
from models.plan.plan import Plan
from models.plan.solving import case_of, linked_minerals
from models.plan.variation import NoVectorsError, Variation
from models.program import TONNES, Program, build_program
from models.program.builder import unique_keys
from models.program.component import NOT_LISTED, Columns, columns_named
from models.program.families.projects import BUDGET, CARRIED
from models.program.families.shortage import SHORTAGE
from models.program.families.stockpiles import STOCK, valid_upper_bounds
from models.program.program import positions_in
from models.program.scaling import powers_of_two
from models.resolve import Bools, Expanded, Floats, Ints, free_budgets

_TYPICAL = 1e-4
"""The scale of the tail-risk variable (CVaR), as a fraction of the plan's cost."""


@dataclass(frozen=True)
class Future:
    """A scenario: how it changes a case, its probability, and its history up to each year.

    Where ``change`` is CaseSteps that only change numbers of the plan's program, no program is
    built for the future. ``observed`` [mineral, year] is a number, from 1 on, for the history of a
    mineral up to a year. Futures with equal numbers have the same history up to that year.
    """

    change: Callable[[Case], Case]
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


def under_risk(  # noqa: PLR0913 - a plan, its futures and how they are planned
    plan: Plan,
    futures: Sequence[Future],
    calm: Ints,
    tail: recourse.Tail | None = None,
    *,
    at_once: int = AT_ONCE,
    variation: Variation | None = None,
    only_cost: bool = False,
) -> RiskPlans:
    """Return the plan under risk, cheapest over all futures together, and the plain ``plan``.

    First-stage columns (``Columns.is_first_stage``) are the same in all futures. Every other
    decision of a year is the same in all futures with the same history of its mineral up to that
    year. ``calm`` [mineral, year] has the numbers of ``Future.observed`` for the history without
    any event. The plain plan is followed until the first event; later decisions are planned as
    under risk. The futures' cases have the plan's minerals, members, years, sources, projects,
    budgets and contracts, and their probabilities sum to 1. More than ``at_once`` futures are
    planned mineral by mineral, unless projects are integer. ``variation`` is that of the plan's
    program, if it is known. With ``only_cost``, any of several equally cheap plans will do. Raises
    SolverError where no attempt is proven.
    """
    tail = tail or recourse.Tail()
    groups = independent_groups(plan.case) if len(futures) > at_once else ()
    if len(groups) > 1 and not plan.program.rows.whole.any():
        decided = {
            key: plan.x[positions] for key, positions in _decision_columns(plan.program, plan.case)
        }
        bases = [_plain_of(case_of(plan.case, group), decided) for group in groups]
        return _Decomposition(plan, bases, futures, calm, tail).plans()
    plain = variation or Variation(plan.expanded, plan.program), plan.x
    return _JointProgram(*plain, futures, calm, tail, _unit(plan)).plans(only_cost=only_cost)


def independent_groups(case: Case) -> tuple[tuple[str, ...], ...]:
    """Return the minerals in groups that only budgets link with one another."""
    return linked_minerals(case.change(budget=()))


@dataclass(frozen=True)
class _FutureProgram:
    """A future's program, and the numbers with which it is part of the extensive form.

    ``rows`` has upper bounds that are valid in all futures. ``columns`` and ``limits`` are those
    that the future has: without lanes that an event closes, and limits on nothing. ``scale`` [t] is
    the case's.
    """

    program: Program
    rows: solve.LinearProgram
    scale: float
    columns: Bools
    limits: Bools

    def scenario(self, column_ids: Ints, row_ids: Ints) -> recourse.ScenarioProgram:
        """Return the program for the extensive form, with an id for each column and row."""
        columns, limits, program, rows = self.columns, self.limits, self.program, self.rows
        if not (columns.all() and limits.all()):
            rows = dataclasses.replace(rows.cut(columns, limits), whole=rows.whole[columns])
        return recourse.ScenarioProgram(
            rows, column_ids[columns], row_ids[limits],
            program.column_unit[columns], program.row_unit[limits],
        )  # fmt: skip

    def every_column(self, x: Floats) -> Floats:
        """Return the values of all columns of the program, from those of its own."""
        values = np.zeros(len(self.rows.cost))
        values[self.columns] = x
        return values


class _FuturePrograms:
    """The programs of futures: the base's with other numbers, or built where that does not do."""

    def __init__(self, variation: Variation, futures: Sequence[Future]) -> None:
        self.variation, self.futures = variation, futures
        self.names = variation.program.names
        e, self.output = variation.expanded, None
        self.kinds = dict[Kind, bool]()
        """Whether a kind of change keeps all needs, so that its programs have the base's scale."""
        every = (f.change.parts for f in futures if isinstance(f.change, CaseSteps))
        for kind in {step.kind: None for steps in every for step in steps}:
            changed = e.changed(kind(e.case, Selection()))
            same = (e.minerals, e.members, e.case.demand, e.case.stockpiles)
            new = changed.minerals, changed.members, changed.case.demand, changed.case.stockpiles
            self.kinds[kind] = same == new and changed.source_identities == e.source_identities
            if self.kinds[kind]:
                outputs = (np.maximum(world.usable, world.nameplate) for world in (e, changed))
                most = np.maximum(*outputs)
                self.output = most if self.output is None else np.maximum(self.output, most)
        self.upper = valid_upper_bounds(e, variation.program, self.output)
        (stocks,) = variation.program.groups(STOCK)
        self.stocks = stocks.at

    def every(self) -> list[_FutureProgram]:
        return [self._program(future) for future in self.futures]

    def _program(self, future: Future) -> _FutureProgram:
        change, base = future.change, self.variation.expanded
        if isinstance(change, CaseSteps) and all(self.kinds[step.kind] for step in change.parts):
            with suppress(NoVectorsError):
                return self._with_numbers(self.variation.arrays(change.parts))
        expanded = base.changed(change(base.case))
        program = build_program(expanded, self.names)
        self.names = program.names
        # a stock is shared by futures, and another one may need more of it than this one
        rows = dataclasses.replace(program.rows, upper=valid_upper_bounds(expanded, program))
        every = np.ones(len(rows.cost), bool), np.ones(len(rows.row_lower), bool)
        return _FutureProgram(program, rows, expanded.case.tolerance_scale, *every)

    def _with_numbers(self, rows: solve.LinearProgram) -> _FutureProgram:
        base, upper = self.variation.program, rows.upper.copy()
        before = base.rows
        upper[self.stocks] = self.upper[self.stocks]
        gone = (rows.upper == 0) & (rows.lower == 0) & (before.upper > 0)
        limited = np.isfinite(rows.row_lower) | np.isfinite(rows.row_upper)
        idle = ~limited & (np.isfinite(before.row_lower) | np.isfinite(before.row_upper))
        return _FutureProgram(
            dataclasses.replace(base, rows=rows), dataclasses.replace(rows, upper=upper),
            self.variation.expanded.case.tolerance_scale,
            ~gone, ~idle,
        )  # fmt: skip


class _JointProgram:
    """The futures' programs as one; ``x`` are the columns of the plain plan, or of a part of it."""

    def __init__(  # noqa: PLR0913, PLR0917 - a plan, its futures and how they are planned
        self,
        variation: Variation,
        x: Floats,
        futures: Sequence[Future],
        calm: Ints,
        tail: recourse.Tail,
        unit: float,
    ) -> None:
        self.expanded, self.base, self.x = variation.expanded, variation.program, x
        self.case = self.expanded.case
        self.futures = _FuturePrograms(variation, futures).every()
        self.scale = max(self.case.tolerance_scale, *(f.scale for f in self.futures))
        every = [*(f.program for f in self.futures), self.base]
        states = [*(f.observed for f in futures), calm]
        cells = _CellsOfStates(every)
        columns = _numbered([p.variables for p in every], cells.states(0, states))
        rows = _numbered([p.constraints for p in every], cells.states(1, states))
        self.extensive = recourse.ExtensiveForm(
            [f.scenario(c, r) for f, c, r in zip(self.futures, columns, rows, strict=False)],
            np.array([f.chance for f in futures]),
            tail,
            need=max(float(p.need.max(initial=0.0)) for p in every) or 1.0,
            unit=unit,
        )
        self.start: Any = None
        """A basis near an optimum: the base's for each future; None if any has another program."""
        statuses = None if self.extensive.rows.whole.any() else variation.statuses
        if statuses and all(f.program.variables is self.base.variables for f in self.futures):
            of_columns, of_rows = statuses
            self.start = self.extensive.joined_basis(
                [(of_columns[f.columns], of_rows[f.limits]) for f in self.futures]
            )
        self.place = positions_in(self.extensive.numbers, columns[-1])
        """The position of each column of the plain plan in the extensive form; -1: not there."""

    def plans(self, *, only_cost: bool = False) -> RiskPlans:
        """Return both plans; the plain one is also the plan under risk if it is as cheap.

        With ``only_cost``, any of several equally cheap plans will do.
        """
        risky, x, basis = self._course(self.extensive.rows, self.start if only_cost else None)
        plain, *_ = self._course(self.with_plain_plan_fixed(), basis if only_cost else None)
        extensive = self.extensive
        is_plain = _as_good(risky, plain, extensive.chances, extensive.tail)
        values = None if is_plain else extensive.joined(x)
        return RiskPlans(
            _proven_by(plain, risky) if is_plain else risky, plain, tuple(self.decisions(values))
        )

    def _course(
        self, rows: solve.LinearProgram, start: Any = None
    ) -> tuple[FutureOutcomes, list[Floats], Any]:
        def is_kept(x: list[Floats]) -> bool:
            return self.violation(x)[0] <= tolerances.MOST_VIOLATION

        x, proof, basis = self.extensive.solved(rows, is_kept, self.case.search, start)
        violation, allowed = self.violation(x)[1], tolerances.MOST_VIOLATION * self.scale
        shape = (len(rows.row_lower), len(rows.cost), len(rows.values))
        full_proof = Proof(
            violation, "", allowed, proof.dual_infeasibility, proof.gap, proof.mip_gap, 1, 0,
            *shape, (),
        )  # fmt: skip
        return FutureOutcomes(self.extensive.costs(x), self.short(x), full_proof), x, basis

    def short(self, x: Sequence[Floats]) -> Floats:
        """Return the shortage by future and mineral [s, mineral, t]."""
        tonnes = np.zeros((len(x), len(self.expanded.minerals)))
        for future, of_mineral, own in zip(self.futures, tonnes, x, strict=True):
            values = future.every_column(own)
            for group in future.program.groups(SHORTAGE):
                np.add.at(of_mineral, group.index[0], values[group.at])
        return tonnes

    def violation(self, x: Sequence[Floats]) -> tuple[float, float]:
        """Return the largest violation of any future's own program, relative and in t."""
        worst = [0.0, 0.0]
        for future, own in zip(self.futures, x, strict=True):
            program, rows = future.program, future.rows
            measure, none = program.violation_scale(self.scale), np.zeros(len(rows.row_lower))
            values = future.every_column(own)
            violations = program.certify(values, none, measure, rows=rows).violation
            worst = [max(worst[0], *violations), max(worst[1], *(violations * measure))]
        return float(worst[0]), float(worst[1])

    def with_plain_plan_fixed(self) -> solve.LinearProgram:
        """Return the extensive form with the plain plan's decisions before any event fixed."""
        rows, base = self.extensive.rows, self.base
        decided = np.zeros(len(base.rows.cost), dtype=bool)
        near = np.full(len(decided), tolerances.CHANGE_SLACK)
        demand = self.expanded.demand.max(axis=1, initial=0.0).ravel()
        for group in base.variables:
            decided[group.at] = columns_named(group.component).decided is not None
            if group.component.unit == TONNES:
                near[group.at] = (
                    tolerances.CHANGE_SLACK * demand[group.cell]
                    + tolerances.SAME_AMOUNTS * self.extensive.need
                )
        common = np.flatnonzero(decided & (self.place >= 0))
        columns, x, near = self.place[common], self.x[common], near[common]
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
        for group in base.groups(BUDGET):
            for row, year in zip(group.at.tolist(), group.year.tolist(), strict=True):
                inside = slice(base.rows.starts[row], base.rows.starts[row + 1])
                uses[place[year], base.rows.columns[inside]] = base.rows.values[inside]
        for group in base.groups(CARRIED):
            uses[:, group.at] = 0.0
        # a column that no future has, such as a plant that is delayed in all, spends nothing
        columns = np.flatnonzero(uses.any(axis=0) & (self.place >= 0))
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
            plain = self.x[columns]
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
        bases: Sequence[tuple[Variation, Floats]],
        futures: Sequence[Future],
        calm: Ints,
        tail: recourse.Tail,
    ) -> None:
        self.plan, self.bases, self.futures = plan, bases, futures
        self.calm, self.tail, names = calm, tail, plan.expanded.minerals
        self.chances = np.array([f.chance for f in futures])
        self.positions = [[names.index(name) for name in of.expanded.minerals] for of, _ in bases]
        self.each, every = list[_JointProgram](), list[tuple[Ints, Ints, Floats]]()
        for plain, positions in zip(bases, self.positions, strict=True):
            histories = [f.observed[positions].tobytes() for f in futures]
            first = {key: i for i, key in reversed([*enumerate(histories)])}
            order = sorted(first.values())
            scenario_of = np.array([order.index(first[key]) for key in histories])
            chances = np.bincount(scenario_of, self.chances).tolist()
            mine = [
                Future(futures[i].change, chance, futures[i].observed[positions])
                for i, chance in zip(order, chances, strict=True)
            ]
            joint = _JointProgram(*plain, mine, calm[positions], recourse.Tail(), 1.0)
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
                recourse.MergedScenarios(
                    joint.extensive, scenario_of, positions, uses[shared], joint.start
                )
                for joint, (scenario_of, positions, uses) in zip(self.each, every, strict=True)
            ],
            limits[shared],
            self.chances,
            tail,
            _unit(plan),
        )

    def mixed(self) -> tuple[recourse.ConvexCombination, recourse.ConvexCombination]:
        """Return the result of following the plain plan, and the plan under risk.

        The search for the plan under risk starts from the policies of the plain plan, at its prices
        of budgets. Each search has the full time limit.
        """
        fixed, search = [j.with_plain_plan_fixed() for j in self.each], self.plan.case.search
        plain = self.master.best_mix(fixed, search=search)
        start = dataclasses.replace(plain, prices=self.prices)
        free = [joint.extensive.rows for joint in self.each]
        return plain, self.master.best_mix(free, start, search)

    def plans(self) -> RiskPlans:
        """Return the plan under risk, the plain plan, and their decisions before any event.

        If no other plan is better, the plain plan is the plan under risk.
        """
        followed, mix = self.mixed()
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
        parts = self.master.subproblems
        for joint, minerals, its, values in zip(
            self.each, self.positions, parts, mix.x, strict=True
        ):
            x = joint.extensive.by_scenario(values)
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


def _plain_of(case: Case, decided: Mapping[Any, float]) -> tuple[Variation, Floats]:
    """Return the plain plan of a case of some minerals; columns that are no decision are 0."""
    expanded = Expanded(case)
    program = build_program(expanded)
    x = np.zeros(len(program.rows.cost))
    for key, column in _decision_columns(program, case):
        x[column] = decided.get(key, 0.0)
    return Variation(expanded, program), x


def _decision_columns(program: Program, case: Case) -> Iterator[tuple[Any, int]]:
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
    columns, x = dict(_decision_columns(plan.program, plan.case)), plan.solver_x
    for each in decisions:
        x[columns[each.component.name, each.key]] = each.risky
    return plan.with_columns(x)


def compared_with(plan: Plan, decisions: Iterable[Decision]) -> Iterator[Decision]:
    """Yield the decisions with the amounts of another plain plan."""
    columns, x = dict(_decision_columns(plan.program, plan.case)), plan.x
    for each in decisions:
        plain = float(x[columns[each.component.name, each.key]])
        yield dataclasses.replace(each, plain=plain)


def _unit(plan: Plan) -> float:
    return float(powers_of_two(np.array([_TYPICAL * abs(plan.objective)]))[0])


class _CellsOfStates:
    """Where the history that is known for each column or row of some programs is found.

    By program, the mineral and year of each column and row as one number; -1 for first-stage
    columns, and for rows that only have these.
    """

    def __init__(self, programs: Sequence[Program]) -> None:
        known = dict[int, tuple[Ints, Ints]]()  # programs that differ in numbers share their groups
        for program in programs:
            if id(program.variables) not in known:
                known[id(program.variables)] = self._cells(program)
        self.every = [known[id(program.variables)] for program in programs]

    @staticmethod
    def _cells(program: Program) -> tuple[Ints, Ints]:
        columns, rows = (np.full(len(of), -1) for of in (program.rows.cost, program.rows.row_lower))
        for group in program.variables:
            if not columns_named(group.component).is_first_stage:
                columns[group.at] = group.cell
        for group in program.constraints:
            rows[group.at] = group.cell
        later = program.rows.entry_rows()[columns[program.rows.columns] >= 0]
        return columns, np.where(np.bincount(later, minlength=len(rows)) > 0, rows, -1)

    def states(self, which: int, states: Sequence[Ints]) -> list[Ints]:
        """Return the number of the history known for each column (0) or row (1); 0 for none."""
        pairs = zip((cells[which] for cells in self.every), states, strict=True)
        return [np.append(state.ravel(), 0)[cells] for cells, state in pairs]


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
        # programs that differ in numbers share their groups
        distinct = {id(g): g for _, g in mine}
        parts = zip(*(g.index for g in distinct.values()), strict=True)
        _, order = unique_keys(*(np.concatenate(part) for part in parts))
        split = np.split(order, np.cumsum([len(g) for g in distinct.values()])[:-1])
        order_of = dict(zip(distinct, split, strict=True))
        (first, *_), inverse = unique_keys(
            np.concatenate([order_of[id(g)] for _, g in mine]),
            np.concatenate([states[s][g.at] for s, g in mine]),
        )
        ends = np.cumsum([len(g) for _, g in mine])[:-1]
        for (s, g), block in zip(mine, np.split(inverse, ends), strict=True):
            numbers[s][g.at] = after + block
        after += len(first)
    return numbers
