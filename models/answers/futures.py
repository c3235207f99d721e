"""One plan for several futures: what is decided before they part is the same in all of them.

``under_risk`` makes programs with recourse (``models.answers.recourse``) of a plan's case and its
futures: few futures are one program. Of many each mineral is planned apart, for the futures that
differ for it, and budgets and the tail tie minerals to each other.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models import solve, tolerances
from models.answers import recourse
from models.case import Case, SearchLimits
from models.errors import SolverError
from models.plan.block_solver import Proof
from models.plan.plan import Plan
from models.plan.solving import part, parts
from models.program import TONNES, Program, program_of
from models.program.builder import grouped
from models.program.component import Columns, columns_named
from models.program.families.projects import BUDGET, BUILT, CARRIED, REST
from models.program.families.shortage import SHORTAGE
from models.program.families.stockpiles import STOCK, widest
from models.program.scaling import powers_of_two
from models.resolve import Expanded, Floats, Ints, free_budgets

_COMMITTED = (BUILT, REST, CARRIED)
"""Decided once for all futures, whatever happens: what is built, and so what budgets leave."""
_TYPICAL = 1e-4
"""What a part of all costs the tail is counted in."""


@dataclass(frozen=True)
class Future:
    """One course of things: its case, its probability, and what is known on the way.

    ``known`` [mineral, year] numbers what has happened to a mineral up to a year, from 1 on: the
    same number in two futures, the same until then.
    """

    case: Case
    chance: float
    known: Ints


@dataclass(frozen=True)
class Course:
    """What one way to plan comes to by future: ``costs`` [s, money], ``short`` [s, mineral, t]."""

    costs: Floats
    short: Floats
    proof: Proof


@dataclass(frozen=True)
class Decision:
    """What is decided before anything happens: as planned plainly, and under risk.

    Of a column by its component and its key that lasts (``Columns.lasting``); amounts in t, of a
    plant the fraction built.
    """

    of: Columns
    key: Any
    plain: float
    risky: float


@dataclass(frozen=True)
class RiskPlans:
    """The plan under risk, and the plain plan kept to until something happens.

    ``decisions`` are those that both make while nothing has happened, and what is built.
    """

    risky: Course
    plain: Course
    decisions: tuple[Decision, ...]


AT_ONCE = 20
"""Futures that are one program at most, where minerals can be planned apart."""
_FEWER = 5
"""The part of many futures that is planned first."""
_BEFORE = 0.25
"""The part of a time limit that each of the two plans of those may take."""


def under_risk(
    plan: Plan,
    futures: Sequence[Future],
    calm: Ints,
    tail: recourse.Tail | None = None,
    *,
    at_once: int = AT_ONCE,
) -> RiskPlans:
    """Return the cheapest plan for all futures at once, beside the plain ``plan``.

    What is built is the same in all futures; all else that is decided in a year is the same in
    those that have been the same for its mineral up to that year. ``calm`` [mineral, year] are the
    numbers of ``Future.known`` where nothing happens. The plain plan is kept to while nothing has
    happened; from then on it is planned as under risk. The futures' cases have the minerals,
    members, years, sources, projects, budgets and contracts of the plan's, and their chances sum
    to 1. More than ``at_once`` are planned mineral by mineral, but where projects have to be whole.
    SolverError where no attempt gives a proof.
    """
    tail = tail or recourse.Tail()
    groups = apart(plan.case) if len(futures) > at_once else ()
    if len(groups) > 1 and not plan.program.rows.whole.any():
        return _Apart(plan, groups, futures, calm, tail).found(at_once)
    plain = _PlainPlan(plan.expanded, plan.program, plan.x)
    return _Extensive(plain, futures, calm, tail, _unit(plan)).found()


def apart(case: Case) -> tuple[tuple[str, ...], ...]:
    """Return the minerals that limits tie to each other, budgets left out."""
    return parts(case.change(budget=()))


@dataclass(frozen=True)
class _PlainPlan:
    """The plain plan, or what it decides for some minerals: ``x`` are the values of columns."""

    expanded: Expanded
    program: Program
    x: Floats


class _Extensive:
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
            made = program_of(expanded, names)
            names = made.names
            self.programs.append(made)
            # a stock may serve another future than its own, which needs more than its own room
            self.rows.append(dataclasses.replace(made.rows, upper=widest(expanded, made)))
        self.scale = max([self.case.tolerance_scale, *(f.case.tolerance_scale for f in futures)])
        every, known = [*self.programs, self.base], [*(f.known for f in futures), calm]
        told = [_known(p, at) for p, at in zip(every, known, strict=True)]
        columns = _numbered([p.variables for p in every], told)
        rows = _numbered(
            [p.constraints for p in every],
            [_known_in_rows(p, at, c) for p, at, c in zip(every, known, told, strict=True)],
        )
        self.whole = recourse.ExtensiveForm(
            [
                recourse.ScenarioProgram(of, c, r, p.column_unit, p.row_unit)
                for p, of, c, r in zip(self.programs, self.rows, columns, rows, strict=False)
            ],
            np.array([f.chance for f in futures]),
            tail,
            need=max(float(p.need.max(initial=0.0)) for p in every) or 1.0,
            unit=unit,
        )
        numbers = self.whole.numbers
        at = np.minimum(np.searchsorted(numbers, columns[-1]), max(len(numbers) - 1, 0))
        self.place: Ints = np.where(numbers[at] == columns[-1], at, -1) if len(numbers) else at
        """Where each column of the plain plan stands in the whole; -1 where its future is none."""

    def found(self) -> RiskPlans:
        """Return both plans; where the plain one is as good it is the plan under risk."""
        risky, x = self._course(self.whole.rows)
        plain, _ = self._course(self.kept())
        whole = self.whole
        is_plain = _as_good(risky, plain, whole.chances, whole.tail)
        values = None if is_plain else whole.joined(x)
        return RiskPlans(
            _proven_by(plain, risky) if is_plain else risky, plain, tuple(self.decisions(values))
        )

    def _course(self, rows: solve.LinearProgram) -> tuple[Course, list[Floats]]:
        x, proof = self.whole.solved(
            rows, lambda x: self.violation(x)[0] <= tolerances.MOST_VIOLATION, self.case.search
        )
        violation, allowed = self.violation(x)[1], tolerances.MOST_VIOLATION * self.scale
        shape = (len(rows.row_lower), len(rows.cost), len(rows.values))
        made = Proof(
            violation, "", allowed, proof.dual_infeasibility, proof.gap, proof.mip_gap, 1, 0,
            *shape, (),
        )  # fmt: skip
        return Course(self.whole.costs(x), self.short(x), made), x

    def short(self, x: Sequence[Floats]) -> Floats:
        """Return what is short by future and mineral [t]."""
        return np.array([_short(p, of) for p, of in zip(self.programs, x, strict=True)])

    def violation(self, x: Sequence[Floats]) -> tuple[float, float]:
        """Return the largest violation of any future's own program: as a part, and in t."""
        worst = [0.0, 0.0]
        for program, rows, of in zip(self.programs, self.rows, x, strict=True):
            measure, none = program.measure(self.scale), np.zeros(len(rows.row_lower))
            found = program.certify(of, none, measure, rows=rows).violation
            worst = [max(worst[0], *found), max(worst[1], *(found * measure))]
        return float(worst[0]), float(worst[1])

    def kept(self) -> solve.LinearProgram:
        """Return the whole with the plain plan kept to while nothing has happened."""
        rows, base = self.whole.rows, self.base
        decided = np.zeros(len(base.rows.cost), dtype=bool)
        near = np.full(len(decided), tolerances.CHANGE_SLACK)
        demand = self.plain.expanded.demand.max(axis=1, initial=0.0).ravel()
        for group in base.variables:
            decided[group.at] = columns_named(group.component).decided is not None
            if group.component.unit == TONNES:
                near[group.at] = (
                    tolerances.CHANGE_SLACK * demand[group.cell]
                    + tolerances.PLAIN_PLAN * self.whole.need
                )
        own = np.flatnonzero(decided & (self.place >= 0))
        at, x, near = self.place[own], self.plain.x[own], near[own]
        lower, upper = rows.lower.copy(), rows.upper.copy()
        x, near = np.where(rows.whole[at], np.round(x), x), np.where(rows.whole[at], 0.0, near)
        lower[at] = np.clip(x - near, rows.lower[at], rows.upper[at])
        upper[at] = np.clip(x + near, rows.lower[at], rows.upper[at])
        return dataclasses.replace(rows, lower=lower, upper=upper)

    def spent(self) -> tuple[Ints, Floats]:
        """Return columns of the whole that budgets pay for, and what by year [money m]."""
        of = self.base
        place = {row.year: y for y, row in enumerate(self.case.budget)}
        uses = np.zeros((len(place), len(of.rows.cost)))
        for group in of.constraints:
            if group.component is BUDGET:
                for row, year in zip(group.at.tolist(), group.year.tolist(), strict=True):
                    inside = slice(of.rows.starts[row], of.rows.starts[row + 1])
                    uses[place[year], of.rows.columns[inside]] = of.rows.values[inside]
        for group in of.variables:
            if group.component is CARRIED:
                uses[:, group.at] = 0.0
        at = np.flatnonzero(uses.any(axis=0))
        return self.place[at], uses[:, at]

    def decisions(self, values: Floats | None) -> Iterator[Decision]:
        """Yield what is built, stored and bought while nothing has happened.

        ``values`` are those of the whole's columns, None: the plain plan is the plan under risk.
        """
        for group in self.base.variables:
            of = columns_named(group.component)
            if of.decided is None or not (of in {BUILT, STOCK} or of.is_delivery):
                continue
            known = np.flatnonzero(self.place[group.at] >= 0)
            at = group.at[known]
            plain = self.plain.x[at]
            risky = plain if values is None else values[self.place[at]]
            used = np.flatnonzero((plain != 0) | (risky != 0))
            keys = group.keys(known[used])
            for key, was, now in zip(keys, plain[used].tolist(), risky[used].tolist(), strict=True):
                yield Decision(of, of.lasting(self.case, key), was, now)


def _as_good(risky: Course, plain: Course, chances: Floats, tail: recourse.Tail) -> bool:
    least, kept = (recourse.valued(of.costs, chances, tail) for of in (risky, plain))
    return kept - least <= tolerances.CHANGE_SLACK * abs(least)


def _proven_by(plain: Course, risky: Course) -> Course:
    violation = max(risky.proof.violation, plain.proof.violation)
    return dataclasses.replace(plain, proof=dataclasses.replace(risky.proof, violation=violation))


class _Apart:
    """Minerals planned apart, that budgets and the tail tie to each other."""

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
        self.at = [[names.index(name) for name in group] for group in groups]
        decided = {key: plan.x[at] for key, at in _decided(plan.program, plan.case)}
        self.each, every = list[_Extensive](), list[tuple[Ints, Ints, Floats]]()
        for group, at in zip(groups, self.at, strict=True):
            own = [f.known[at].tobytes() for f in futures]
            first = {key: i for i, key in reversed([*enumerate(own)])}
            order = sorted(first.values())
            of = np.array([order.index(first[key]) for key in own])
            chances = np.bincount(of, self.chances).tolist()
            mine = [
                Future(part(futures[i].case, group), chance, futures[i].known[at])
                for i, chance in zip(order, chances, strict=True)
            ]
            plain = _plain_of(part(plan.case, group), decided)
            one = _Extensive(plain, mine, calm[at], recourse.Tail(), 1.0)
            self.each.append(one)
            every.append((of, *one.spent()))
        free = free_budgets(plan.case)
        limits = np.array([free[row.year] for row in plan.case.budget], dtype=float)
        self.prices = np.array([self._price(row.year) for row in plan.case.budget], dtype=float)
        if plan.case.settings.carry_over_budget:  # what is spent up to a year
            every = [(of, at, np.cumsum(uses, axis=0)) for of, at, uses in every]
            limits, self.prices = np.cumsum(limits), self.prices - np.append(self.prices[1:], 0.0)
        # a limit of 0, or one that no other mineral takes of, each mineral keeps by itself
        takers = np.sum([(uses > 0).any(axis=1) for *_, uses in every], axis=0)
        shared = (takers > 1) & (limits > 0)
        self.prices = np.maximum(self.prices[shared], 0.0)
        self.tied = recourse.Tied(
            [
                recourse.DistinctScenarios(one.whole, of, at, uses[shared])
                for one, (of, at, uses) in zip(self.each, every, strict=True)
            ],
            limits[shared],
            self.chances,
            tail,
            _unit(plan),
        )

    def _price(self, year: int) -> float:
        return -self.plan.dual(BUDGET, year) * self.plan.case.discount(year)

    def mixed(self, search: SearchLimits, at_once: int) -> tuple[recourse.Mix, recourse.Mix]:
        """Return the plain plan kept to, and the plan under risk, begun from its policies.

        A time limit is that of each.
        """
        kept = self.tied.mixed([one.kept() for one in self.each], search=search)
        began = time.perf_counter()
        start = dataclasses.replace(kept, prices=self._first_prices(search, at_once))
        left = _within(search, lambda most: most - (time.perf_counter() - began))
        return kept, self.tied.mixed([one.whole.rows for one in self.each], start, left)

    def _first_prices(self, search: SearchLimits, at_once: int) -> Floats:
        """Return the prices that fewer futures, planned before, end with; else the plain plan's."""
        few = self.futures[: len(self.futures) // _FEWER]
        if len(few) < max(at_once, 1):
            return self.prices
        total = sum(f.chance for f in few)
        few = [dataclasses.replace(f, chance=f.chance / total) for f in few]
        try:
            of = _Apart(self.plan, self.groups, few, self.calm, self.tail)
            return of.mixed(_within(search, lambda most: _BEFORE * most), at_once)[1].prices
        except SolverError:  # prices are where the rounds begin, no more
            return self.prices

    def found(self, at_once: int) -> RiskPlans:
        """Return both plans."""
        kept, mix = self.mixed(self.plan.case.search, at_once)
        plain, risky = self._course(kept), self._course(mix)
        is_plain = _as_good(risky, plain, self.chances, self.tail)
        decisions = [
            of
            for one, x in zip(self.each, mix.x, strict=True)
            for of in one.decisions(None if is_plain else x)
        ]
        return RiskPlans(_proven_by(plain, risky) if is_plain else risky, plain, tuple(decisions))

    def _course(self, mix: recourse.Mix) -> Course:
        """Return what a mix comes to, proven by each future's own program and by what is least."""
        costs = np.zeros(len(self.chances))
        short = np.zeros((len(costs), len(self.plan.expanded.minerals)))
        broken, tonnes = mix.overrun, 0.0
        for one, at, of, values in zip(self.each, self.at, self.tied.parts, mix.x, strict=True):
            x = one.whole.by_future(values)
            costs += one.whole.costs(x)[of.of]
            short[:, at] = one.short(x)[of.of]
            relative, by = one.violation(x)
            broken, tonnes = max(broken, relative), max(tonnes, by)
        value = recourse.valued(costs, self.chances, self.tail)
        gap = self.tied.gap(value, mix.least)
        if not (broken <= tolerances.MOST_VIOLATION and gap >= -tolerances.MOST_GAP):
            msg = f"no proven plan for {len(costs)} futures, mineral by mineral"
            raise SolverError(msg)
        gap, every = max(gap, 0.0), [one.whole.rows for one in self.each]
        is_open = gap > tolerances.MOST_GAP
        proof = Proof(
            tonnes, "", tolerances.MOST_VIOLATION * max(one.scale for one in self.each),
            mix.dual_infeasibility, 0.0 if is_open else gap, gap if is_open else 0.0, len(every), 0,
            sum(len(of.row_lower) for of in every), sum(len(of.cost) for of in every),
            sum(len(of.values) for of in every), (),
        )  # fmt: skip
        return Course(costs, short, proof)


def _within(search: SearchLimits, limit: Callable[[float], float]) -> SearchLimits:
    seconds = search.seconds
    return search if seconds is None else dataclasses.replace(search, seconds=limit(seconds))


def _plain_of(case: Case, decided: Mapping[Any, float]) -> _PlainPlan:
    """Return the plain plan of a part of its case; 0 of columns that are no decision."""
    expanded = Expanded(case)
    program = program_of(expanded)
    x = np.zeros(len(program.rows.cost))
    for key, at in _decided(program, case):
        x[at] = decided.get(key, 0.0)
    return _PlainPlan(expanded, program, x)


def _decided(program: Program, case: Case) -> Iterator[tuple[Any, int]]:
    """Yield the columns that are decisions: what each is in any part of the case, and where."""
    for group in program.variables:
        of = columns_named(group.component)
        if of.decided is not None:
            for key, at in zip(group.keys(np.arange(len(group))), group.at.tolist(), strict=True):
                yield (of.name, of.lasting(case, key)), at


def _unit(plan: Plan) -> float:
    return float(powers_of_two(np.array([_TYPICAL * abs(plan.objective)]))[0])


def _known(program: Program, known: Ints) -> Ints:
    """Return what is known where each column is decided; 0 of what is for all futures."""
    found = np.zeros(len(program.rows.cost), dtype=np.int64)
    for group in program.variables:
        if group.component not in _COMMITTED:
            found[group.at] = known.ravel()[group.cell]
    return found


def _known_in_rows(program: Program, known: Ints, columns: Ints) -> Ints:
    """Return the same of rows; 0 of those that limit only what is for all futures."""
    found = np.zeros(len(program.rows.row_lower), dtype=np.int64)
    for group in program.constraints:
        found[group.at] = known.ravel()[group.cell]
    later = program.rows.entry_rows()[columns[program.rows.columns] > 0]
    return np.where(np.bincount(later, minlength=len(found)) > 0, found, 0)


def _numbered(programs: Sequence[Sequence[Any]], known: Sequence[Ints]) -> list[Ints]:
    """Return numbers of all columns, or rows: the same for the same key of which the same is known.

    Keys are compared by position: those of the programs are of the same names.
    """
    found, after = [np.zeros(len(of), dtype=np.int64) for of in known], 0
    for component in {g.component: None for groups in programs for g in groups}:
        mine = [
            (s, g) for s, groups in enumerate(programs) for g in groups
            if g.component is component and len(g)
        ]  # fmt: skip
        if not mine:
            continue
        parts = zip(*(g.index for _, g in mine), strict=True)
        keys = [np.concatenate(part) for part in parts]
        (first, *_), inverse = grouped(*keys, np.concatenate([known[s][g.at] for s, g in mine]))
        ends = np.cumsum([len(g) for _, g in mine])[:-1]
        for (s, g), own in zip(mine, np.split(inverse, ends), strict=True):
            found[s][g.at] = after + own
        after += len(first)
    return found


def _short(program: Program, x: Floats) -> Floats:
    """Return what is short by mineral [t]."""
    found = np.zeros(len(program.draft.expanded.minerals))
    for group in program.variables:
        if group.component is SHORTAGE:
            np.add.at(found, group.index[0], x[group.at])
    return found
