"""One plan for several futures: what is decided before they part is the same in all of them.

A stochastic program with recourse in its extensive form (Birge & Louveaux (2011), Introduction to
Stochastic Programming, 2nd ed., ch. 2 and 3): the programs of all futures side by side, in which
columns decided while futures cannot be told apart stand once. What is least is the expected cost,
or in part the conditional value at risk, which is linear (Rockafellar & Uryasev (2000), Journal of
Risk 2(3)). ``Whole`` knows arrays alone; ``under_risk`` makes one of a plan's case and its futures.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from models.answers.search import SLACK, first_proven
from models.case import TO_THE_END, Case, Search
from models.errors import SolverError
from models.plan.block_solver import Proof
from models.plan.plan import Plan
from models.program import TONNES, Program, program_of, scaling
from models.program.builder import grouped
from models.program.component import FRACTION, Columns, columns_named
from models.program.families.projects import BUILT, CARRIED
from models.program.families.shortage import SHORTAGE
from models.program.families.stockpiles import STOCK, widest
from models.program.scaling import powers_of_two
from models.resolve import Bools, Floats, Ints
from models.solve import MOST_VIOLATION, Certificate, Rows, Solution, certify_alone

_COMMITTED = (BUILT, CARRIED)
"""Decided once for all futures, whatever happens: what is built, and so what budgets leave."""
_ROUNDING = 1e-12
"""What the plain plan's amounts are kept to, as a part of the largest need: a solver's rounding."""
_TYPICAL = 1e-4
"""What a part of all costs the tail is counted in."""


# ---- costs by future -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Tail:
    """What is least: (1 - weight) x mean + weight x CVaR of the costs of futures.

    The CVaR is the mean of the dearest 1 - ``alpha`` of all futures, by probability; where
    ``alpha`` is 1, or no future is as unlikely, the dearest of them.
    """

    alpha: float = 0.95
    weight: float = 0.0


def cvar(costs: Floats, chances: Floats, alpha: float) -> float:
    """Return the mean of the dearest 1 - ``alpha`` of all futures [money], by probability."""
    order = np.argsort(-costs, kind="stable")
    before = np.cumsum(chances[order]) - chances[order]
    part = np.clip((1.0 - alpha) - before, 0.0, chances[order])
    total = float(part.sum())
    return float((part * costs[order]).sum()) / total if total > 0 else float(costs.max())


def valued(costs: Floats, chances: Floats, tail: Tail) -> float:
    """Return what is least in a plan under risk, of its cost in each future [money]."""
    expected = float((chances * costs).sum())
    if not tail.weight:
        return expected
    return (1.0 - tail.weight) * expected + tail.weight * cvar(costs, chances, tail.alpha)


# ---- the extensive form, of arrays alone ---------------------------------------------------------


@dataclass(frozen=True)
class Side:
    """The program of one future; ``columns`` and ``numbers`` number its columns and its rows.

    Columns of one number are one in all futures. So are rows of one number that say the same.
    The units are those of ``models.program``.
    """

    rows: Rows
    columns: Ints
    numbers: Ints
    column_unit: Any
    row_unit: Any


class Whole:
    """The programs of futures as one; ``place`` is by future where its columns stand in ``rows``.

    ``costs`` [s] are those of a solution; the tail is counted in ``unit`` [money].
    """

    def __init__(
        self,
        sides: Sequence[Side],
        chances: Floats,
        tail: Tail | None = None,
        *,
        need: float = 1.0,
        unit: float = 1.0,
    ) -> None:
        """Lay the programs side by side; ``need`` [t] is what violations are parts of."""
        self.sides, self.chances, self.tail, self.need = sides, chances, tail or Tail(), need
        every = np.concatenate([s.columns for s in sides])
        self.numbers, inverse = np.unique(every, return_inverse=True)
        ends = np.cumsum([len(s.columns) for s in sides])[:-1]
        self.place: list[Ints] = np.split(inverse.astype(np.int64), ends)
        of, count = [s.rows for s in sides], len(self.numbers)
        cost, lower, upper = np.zeros(count), np.full(count, np.inf), np.full(count, -np.inf)
        whole, self.column_unit = np.zeros(count, dtype=bool), np.zeros(count, dtype=np.int8)
        for side, at, chance in zip(sides, self.place, chances.tolist(), strict=True):
            np.add.at(cost, at, chance * side.rows.cost)
            # futures differ in bounds that say what no plan could use: the widest holds for all
            np.minimum.at(lower, at, side.rows.lower)
            np.maximum.at(upper, at, side.rows.upper)
            whole[at] |= side.rows.whole
            self.column_unit[at] = side.column_unit
        width = np.concatenate([np.diff(r.starts) for r in of])
        row = np.repeat(np.arange(len(width)), width)
        column = np.concatenate([at[r.columns] for r, at in zip(of, self.place, strict=True)])
        order = np.argsort(row * max(count, 1) + column, kind="stable")
        column, values = column[order], np.concatenate([r.values for r in of])[order]
        least = np.concatenate([r.row_lower for r in of])
        most = np.concatenate([r.row_upper for r in of])
        first = _first_alike(np.concatenate([s.numbers for s in sides]))
        kept = first == np.arange(len(first))
        kept |= (least != least[first]) | (most != most[first])
        kept |= _differ(first, width, column, values)
        self.row_unit = np.concatenate([s.row_unit for s in sides])[kept]
        self.rows = Rows(
            cost=cost,
            lower=lower,
            upper=upper,
            row_lower=least[kept],
            row_upper=most[kept],
            starts=np.concatenate([[0], np.cumsum(width[kept])]).astype(np.int64),
            columns=column[kept[row]],
            values=values[kept[row]],
            whole=whole,
        )
        if self.tail.weight and 1.0 - self.tail.alpha < 1.0:  # of all futures it is their mean
            self._add_tail(unit)

    def _add_tail(self, unit: float) -> None:
        """Add the tail: columns eta and q of each future, and q >= its cost - eta, in ``unit``."""
        of, weight, count = self.rows, self.tail.weight, len(self.chances)
        eta = len(of.cost)
        beyond = 1.0 - self.tail.alpha
        beyond = beyond if beyond > self.chances.min() else 0.0  # then it is the dearest
        dear = self.chances / beyond if beyond else np.zeros(count)
        added = [
            (
                np.concatenate([at, [eta, eta + 1 + s]]),
                np.concatenate([-s_.rows.cost / unit, [1, 1]]),
            )
            for s, (s_, at) in enumerate(zip(self.sides, self.place, strict=True))
        ]
        self.rows = dataclasses.replace(
            of,
            cost=np.concatenate([(1.0 - weight) * of.cost, weight * unit * np.append(1.0, dear)]),
            lower=np.concatenate([of.lower, [-np.inf], np.zeros(count)]),
            upper=np.concatenate([of.upper, [np.inf], np.full(count, np.inf if beyond else 0.0)]),
            row_lower=np.append(of.row_lower, np.zeros(count)),
            row_upper=np.append(of.row_upper, np.full(count, np.inf)),
            starts=np.append(of.starts, of.starts[-1] + np.cumsum([len(at) for at, _ in added])),
            columns=np.concatenate([of.columns, *(at for at, _ in added)]),
            values=np.concatenate([of.values, *(values for _, values in added)]),
            whole=np.append(of.whole, np.zeros(count + 1, dtype=bool)),
        )
        self.column_unit = np.append(self.column_unit, np.full(count + 1, FRACTION, np.int8))
        self.row_unit = np.append(self.row_unit, np.full(count, FRACTION, np.int8))

    def solved(
        self,
        rows: Rows | None = None,
        is_kept: Callable[[list[Floats]], bool] = lambda _: True,
        search: Search = TO_THE_END,
    ) -> tuple[list[Floats], Certificate]:
        """Return the proven values by future, and the proof; SolverError where there is none.

        ``rows`` are those of the whole with other bounds; ``is_kept`` is what the values by future
        have to pass beside the proof; ``search`` where that for whole columns ends.
        """
        accepted = search.gap if search.seconds is None else np.inf
        rows = self.rows if rows is None else rows

        def accepts(found: Solution, proof: Certificate) -> bool:
            return proof.passed_within(accepted) and is_kept(self.by_future(found.x))

        units = {"column_unit": self.column_unit, "row_unit": self.row_unit}
        scaled = partial(scaling, rows, need=self.need, **units)
        limits = {"seconds": search.seconds, "gap": search.gap}
        made = first_proven(rows, scaled, partial(self.certificate, rows), accepts, **limits)
        if made is None:
            msg = f"no proven plan for {len(self.sides)} futures at once"
            raise SolverError(msg)
        found, proof = made
        return self.by_future(found.x), proof

    def by_future(self, x: Floats) -> list[Floats]:
        """Return the values of each future's columns."""
        return [x[at] for at in self.place]

    def costs(self, x: Sequence[Floats]) -> Floats:
        """Return what each future costs [money]."""
        return np.array([(s.rows.cost * of).sum() for s, of in zip(self.sides, x, strict=True)])

    def certificate(self, rows: Rows, found: Solution) -> Certificate:
        """Return the certificate of a solution of the whole."""
        tonnes = (self.column_unit == TONNES, self.row_unit == TONNES)
        return certify_alone(rows, found, self.need, tonnes).of(0, mip_gap=found.mip_gap)


def _first_alike(numbers: Ints) -> Ints:
    """Return for each number the position at which it stands first."""
    _, first, inverse = np.unique(numbers, return_index=True, return_inverse=True)
    return np.asarray(first[inverse], dtype=np.int64)


def _differ(first: Ints, width: Ints, column: Ints, values: Floats) -> Bools:
    """Return which rows have other entries than the row that ``first`` says."""
    starts = np.concatenate([[0], np.cumsum(width)])
    same_width = width == width[first]
    row = np.repeat(np.arange(len(width)), np.where(same_width, width, 0))
    inside = np.repeat(same_width, width)
    own = np.flatnonzero(inside)
    other = own - starts[row] + starts[first[row]]
    unlike = (column[own] != column[other]) | (values[own] != values[other])
    found: Bools = ~same_width | (np.bincount(row[unlike], minlength=len(width)) > 0)
    return found


# ---- of a case and its futures -------------------------------------------------------------------


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

    Of a column by its component and key; amounts in t, of a plant the fraction built.
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


def under_risk(
    plan: Plan, futures: Sequence[Future], calm: Ints, tail: Tail | None = None
) -> RiskPlans:
    """Return the cheapest plan for all futures at once, beside the plain ``plan``.

    What is built is the same in all futures; all else that is decided in a year is the same in
    those that have been the same for its mineral up to that year. ``calm`` [mineral, year] are the
    numbers of ``Future.known`` where nothing happens. The plain plan is kept to while nothing has
    happened; from then on it is planned as under risk. The futures' cases have the minerals,
    members, years, sources, projects and contracts of the plan's, and their chances sum to 1.
    SolverError where no attempt gives a proof.
    """
    return _Extensive(plan, futures, calm, tail or Tail()).found()


class _Extensive:
    def __init__(self, plan: Plan, futures: Sequence[Future], calm: Ints, tail: Tail) -> None:
        self.plan, self.base = plan, plan.program
        names = self.base.names
        self.programs: list[Program] = []
        self.rows: list[Rows] = []
        for future in futures:
            expanded = plan.expanded.changed(future.case)
            made = program_of(expanded, names)
            names = made.names
            self.programs.append(made)
            # a stock may serve another future than its own, which needs more than its own room
            self.rows.append(dataclasses.replace(made.rows, upper=widest(expanded, made)))
        self.scale = max([plan.case.tolerance_scale, *(f.case.tolerance_scale for f in futures)])
        every, known = [*self.programs, self.base], [*(f.known for f in futures), calm]
        told = [_known(p, at) for p, at in zip(every, known, strict=True)]
        columns = _numbered([p.variables for p in every], told)
        rows = _numbered(
            [p.constraints for p in every],
            [_known_in_rows(p, at, c) for p, at, c in zip(every, known, told, strict=True)],
        )
        self.whole = Whole(
            [
                Side(of, c, r, p.column_unit, p.row_unit)
                for p, of, c, r in zip(self.programs, self.rows, columns, rows, strict=False)
            ],
            np.array([f.chance for f in futures]),
            tail,
            need=max(float(p.need.max(initial=0.0)) for p in every) or 1.0,
            unit=float(powers_of_two(np.array([_TYPICAL * abs(plan.objective)]))[0]),
        )
        numbers = self.whole.numbers
        at = np.minimum(np.searchsorted(numbers, columns[-1]), max(len(numbers) - 1, 0))
        self.place: Ints = np.where(numbers[at] == columns[-1], at, -1) if len(numbers) else at
        """Where each column of the plain plan stands in the whole; -1 where its future is none."""

    def found(self) -> RiskPlans:
        """Return both plans; where the plain one is as good it is the plan under risk."""
        risky, x = self._course(self.whole.rows)
        plain, _ = self._course(self._kept())
        values = np.full(len(self.whole.rows.cost), np.nan)
        for at, of in zip(self.whole.place, x, strict=True):
            values[at] = of
        least, kept = (valued(c.costs, self.whole.chances, self.whole.tail) for c in (risky, plain))
        if kept - least <= SLACK * abs(least):
            own = self.place >= 0
            values[self.place[own]] = self.plan.x[own]
            bound = max((risky.proof, plain.proof), key=lambda proof: proof.violation)
            proof = dataclasses.replace(risky.proof, violation=bound.violation)
            risky = dataclasses.replace(plain, proof=proof)
        return RiskPlans(risky, plain, tuple(self._decisions(values)))

    def _course(self, rows: Rows) -> tuple[Course, list[Floats]]:
        x, proof = self.whole.solved(
            rows, lambda x: self._violation(x)[0] <= MOST_VIOLATION, self.plan.case.search
        )
        violation, allowed = self._violation(x)[1], MOST_VIOLATION * self.scale
        shape = (len(rows.row_lower), len(rows.cost), len(rows.values))
        made = Proof(
            violation, "", allowed, proof.dual_infeasibility, proof.gap, proof.mip_gap, 1, 0,
            *shape, (),
        )  # fmt: skip
        short = np.array([_short(p, of, self.plan) for p, of in zip(self.programs, x, strict=True)])
        return Course(self.whole.costs(x), short, made), x

    def _violation(self, x: Sequence[Floats]) -> tuple[float, float]:
        """Return the largest violation of any future's own program: as a part, and in t."""
        worst = [0.0, 0.0]
        for program, rows, of in zip(self.programs, self.rows, x, strict=True):
            measure, none = program.measure(self.scale), np.zeros(len(rows.row_lower))
            found = program.certify(of, none, measure, rows=rows).violation
            worst = [max(worst[0], *found), max(worst[1], *(found * measure))]
        return float(worst[0]), float(worst[1])

    def _kept(self) -> Rows:
        """Return the whole with the plain plan kept to while nothing has happened."""
        rows, base = self.whole.rows, self.base
        decided = np.zeros(len(base.rows.cost), dtype=bool)
        near = np.full(len(decided), SLACK)
        demand = self.plan.expanded.demand.max(axis=1, initial=0.0).ravel()
        for group in base.variables:
            decided[group.at] = columns_named(group.component).decided is not None
            if group.component.unit == TONNES:
                near[group.at] = SLACK * demand[group.cell] + _ROUNDING * self.whole.need
        own = np.flatnonzero(decided & (self.place >= 0))
        at, x, near = self.place[own], self.plan.x[own], near[own]
        lower, upper = rows.lower.copy(), rows.upper.copy()
        x, near = np.where(rows.whole[at], np.round(x), x), np.where(rows.whole[at], 0.0, near)
        lower[at] = np.clip(x - near, rows.lower[at], rows.upper[at])
        upper[at] = np.clip(x + near, rows.lower[at], rows.upper[at])
        return dataclasses.replace(rows, lower=lower, upper=upper)

    def _decisions(self, values: Floats) -> Iterator[Decision]:
        """Yield what is built, stored and bought while nothing has happened."""
        for group in self.base.variables:
            of = columns_named(group.component)
            if of.decided is None or not (of in {BUILT, STOCK} or of.is_delivery):
                continue
            known = np.flatnonzero(self.place[group.at] >= 0)
            at = group.at[known]
            plain, risky = self.plan.x[at], values[self.place[at]]
            used = np.flatnonzero((plain != 0) | (risky != 0))
            keys = group.keys(known[used])
            for key, was, now in zip(keys, plain[used].tolist(), risky[used].tolist(), strict=True):
                yield Decision(of, key, was, now)


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


def _short(program: Program, x: Floats, plan: Plan) -> Floats:
    """Return what is short by mineral [t]."""
    found = np.zeros(len(plan.expanded.minerals))
    for group in program.variables:
        if group.component is SHORTAGE:
            np.add.at(found, group.index[0], x[group.at])
    return found
