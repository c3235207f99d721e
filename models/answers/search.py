"""Programs of the smallest change of cells and of the smallest cap, solved and certified.

The smallest cap on single countries at which nothing is further missing is a column, not a grid
search: by mineral the least S at which the coalition is no shorter than without any cap.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from models import schema, tolerances
from models.case import Case
from models.errors import SolverError
from models.plan.plan import Plan
from models.program import TONNES, Program, build_program
from models.program.component import Bounds, InputCell
from models.program.families.diversification import EXCESS, SHARE
from models.program.families.shortage import SHORTAGE
from models.program.market import PLANT_DEMAND
from models.program.scaling import Scaling, choose_scaling, powers_of_two, unit_codes
from models.resolve import Expanded, Floats, Ints
from models.results.numbers import ALL
from models.solve import Certificate, LinearProgram, Solution, certify_alone, highs, summed_at

SPARE = 0.1
"""A change is dropped if the others suffice without growing by more than this in total."""


def _is_proven(_: Solution, proof: Certificate) -> bool:
    return proof.passed


def first_proven(  # noqa: PLR0913, PLR0917 - a program, and how it is scaled and proven
    question: str,
    rows: LinearProgram,
    scaled: Callable[..., Scaling],
    proof_of: Callable[[Solution], Certificate],
    accepts: Callable[[Solution, Certificate], bool] = _is_proven,
    attempts: Sequence[highs.Attempt] = highs.ATTEMPTS,
    /,
    **limits: Any,
) -> tuple[Solution, Certificate]:
    """Return the first accepted solution among the attempts, and its proof.

    ``scaled`` returns the scaling, with small numbers ``raised`` (scaled up) or not. ``limits``
    limit the search for integer columns (``highs.solve``). Raises SolverError, "no proven
    ``question``", where no attempt is accepted.
    """
    for attempt in attempts:
        scale = scaled(raised=attempt.raised)
        try:
            solution = scale.unscaled(highs.solve(scale.scaled(rows), attempt, **limits))
        except SolverError:
            continue
        proof = proof_of(solution)
        if accepts(solution, proof):
            return solution, proof
    msg = f"no proven {question}"
    raise SolverError(msg)


class WarmStartedSequence:
    """Programs of one shape, each proven and solved from the optimum of the one before.

    They differ from ``rows`` in costs and bounds; ``rows`` determines the scaling. ``need`` [t] is
    the largest demand, violations are relative to ``measure`` [t], and ``units`` are those of
    columns and rows. ``size`` [t] is the magnitude of a row's limit where its bound does not show
    it. If the objective is in tonnes, not money, ``tonnes`` is an amount that matters, and each
    tonne has cost 1. ``question`` names the answer in the error that is raised where nothing is
    proven. ``start`` is an optimal basis of ``rows``, or None.
    """

    def __init__(  # noqa: PLR0913 - a program and how it is measured, all of it named
        self,
        rows: LinearProgram,
        question: str,
        *,
        need: float,
        measure: float,
        units: tuple[Any, Any],
        size: Floats | None = None,
        tonnes: float | None = None,
        attempts: Sequence[highs.Attempt] = highs.ATTEMPTS,
        start: Any = None,
        warm: highs.Attempt = highs.WARM_START,
    ) -> None:
        self._attempts, self._warm = attempts, warm
        self.question, self._in_tonnes = question, None if tonnes is None else units[0] == TONNES
        self._scaling = partial(
            choose_scaling, rows, need=need, column_unit=units[0], row_unit=units[1], row_size=size
        )
        self._scale = self._scaled()
        self._certify = partial(
            certify_alone,
            measure=measure,
            tonnes=(units[0] == TONNES, units[1] == TONNES),
            finest=(0.0, 0.0) if tonnes is None else (1.0, tonnes),
        )
        # loaded with the second program, if there is one
        self._solver: highs.PersistentSolver | None = None
        self._basis = start

    def solved(self, rows: LinearProgram) -> tuple[Solution, Certificate]:
        """Return the optimum and its proof; SolverError where no attempt gives one.

        Programs with integer columns are each solved from scratch.
        """
        proven = self.warm_started(rows)
        if proven is None:
            self._solver = self._basis = None
            proof_of = partial(self.proof, rows)
            question, attempts = self.question, self._attempts
            proven = first_proven(question, rows, self._scaled, proof_of, _is_proven, attempts)
        if self._solver is None and not rows.whole.any():
            self._basis = proven[0].basis
        return proven

    def _scaled(self, *, raised: bool = False) -> Scaling:
        scale = self._scaling(raised=raised)
        if self._in_tonnes is None:
            return scale
        tonne = float(scale.column[self._in_tonnes][0])
        return dataclasses.replace(scale, price=scale.column / tonne, dual=scale.row * tonne)

    def warm_started(
        self, rows: LinearProgram, fixed_duals: tuple[Ints, Floats] | None = None
    ) -> tuple[Solution, Certificate] | None:
        """Return the optimum, from the one before, and its proof; None without either.

        ``fixed_duals`` has rows and the duals with which it must be optimal, in place of its own.
        """
        if self._solver is None and self._basis is None:
            return None
        try:
            if self._solver is None:
                self._solver = highs.PersistentSolver(self._warm)
                self._solver.load(self._scale.scaled(rows))
                self._solver.start_from(self._basis)
            else:
                self._solver.change_program(self._scale.scaled(rows))
            solution = self._scale.unscaled(self._solver.run())
        except SolverError:
            return None
        if fixed_duals is not None:
            duals = solution.duals.copy()
            duals[fixed_duals[0]] = fixed_duals[1]
            solution = dataclasses.replace(solution, duals=duals)
        proof = self.proof(rows, solution)
        return (solution, proof) if proof.passed else None

    def restart_from(self, basis: Any) -> None:
        """Let the next program start from another basis than that of the one before."""
        if self._solver is None:
            self._basis = basis
        else:
            self._solver.start_from(basis)

    def moves(self, limits: Floats) -> Floats | None:
        """Return how the last optimum's columns move if the limits of rows do.

        Both are per unit of one number, and the last basis is kept: rows at their limit stay there.
        None where the last program was solved from scratch.
        """
        if self._solver is None:
            return None
        return self._scale.column * self._solver.moves(self._scale.row * limits)

    def proof(self, rows: LinearProgram, solution: Solution) -> Certificate:
        return self._certify(rows, solution).of_block(0, mip_gap=solution.mip_gap)


class ChangeSearch:
    """The program of the least change of relaxable ``parameters``, with ``bounds`` on all else.

    It is scaled by ``need`` [t]; violations are relative to ``measure`` [t].
    """

    def __init__(self, wide: Expanded, parameters: tuple[InputCell, ...], bounds: Bounds) -> None:
        from models.program.compile import compile_model
        from models.program.sourcing import build_least_change

        program = build_program(wide)
        cells = [cell for block in program.blocks for cell in block]
        frame = build_least_change(wide, cells, parameters, bounds)
        self.need = float(np.max(program.need, initial=1.0))
        self.measure = wide.case.tolerance_scale
        self.rows = rows = compile_model(frame.model)
        self.column_unit = unit_codes(rows.column_keys, len(rows.cost), frame.units)
        self.row_unit = unit_codes(rows.row_keys, len(rows.row_lower), frame.units)
        columns = {keys.name: keys for keys in rows.column_keys}
        self.change, self.left = columns["change"].span, columns["left"].start

    def least_left(self) -> float:
        cost = np.zeros(len(self.rows.cost))
        cost[self.left] = 1.0
        x = self._solved(dataclasses.replace(self.rows, cost=cost))
        return max(0.0, float(x[self.left]))

    def smallest_change(self, left: float) -> dict[int, float]:
        """Return the change of each parameter (in its units) that leaves ``left`` t short.

        A parameter is not changed if the others suffice with little growth (``SPARE``).
        """
        upper = self.rows.upper.copy()
        upper[self.left] = left + tolerances.CHANGE_SLACK * self.need
        units = self._units(upper)
        total = float(units.sum())
        for i in np.argsort(units, kind="stable").tolist():
            if units[i] <= tolerances.CHANGED_UNITS:
                continue
            without = upper.copy()
            without[self.change.start + i] = 0.0
            try:
                fewer_units = self._units(without)
            except SolverError:
                continue  # it is needed
            fewer = np.count_nonzero(fewer_units > tolerances.CHANGED_UNITS) < np.count_nonzero(
                units > tolerances.CHANGED_UNITS
            )
            if fewer and float(fewer_units.sum()) <= (1.0 + SPARE) * total:
                upper, units = without, fewer_units
        return {i: float(u) for i, u in enumerate(units.tolist()) if u > tolerances.CHANGED_UNITS}

    def _units(self, upper: Floats) -> Floats:
        return self._solved(dataclasses.replace(self.rows, upper=upper))[self.change]

    def _solved(self, rows: LinearProgram) -> Floats:
        """Return the proven values of the columns; SolverError where there are none."""
        units = self.column_unit, self.row_unit
        alone = WarmStartedSequence(
            rows, "smallest change", need=self.need, measure=self.measure, units=units
        )
        return alone.solved(rows)[0].x


def dual_of_no_shortage(plan: Plan, mineral: str, year: int) -> float | None:
    """Return the extra cost of the last tonne served over a tonne short [money of the first year].

    It is the dual of a zero shortage in the year; None where nothing is proven.
    """
    every = (plan.column_at(SHORTAGE, (mineral, member, year)) for member in plan.expanded.members)
    asked = [column for column in every if column >= 0]
    program = plan.program
    block = int(program.blocks_of(asked[0]))
    span, limits = program.columns_of(block), program.rows_of(block)
    rows, inside = program.block(block), np.array(asked) - span.start
    upper = rows.upper.copy()
    upper[inside] = 0.0
    rows = dataclasses.replace(rows, upper=upper)
    alone = WarmStartedSequence(
        rows, "last tonne",
        need=float(program.need[block]), size=program.row_size[limits],
        measure=float(program.violation_scale(plan.case.tolerance_scale)[block]),
        units=(program.column_unit[span], program.row_unit[limits]),
    )  # fmt: skip
    try:
        solution = alone.solved(rows)[0]
    except SolverError:
        return None
    reduced = rows.cost - rows.value_at(solution.duals)
    return max(0.0, float(-reduced[inside].min()))


# ---- the smallest caps ---------------------------------------------------------------------------


NO_CAP = 1_000.0
"""A cap that caps nothing, and the answer where no cap is loose enough."""
_FIRST, _SMALL = 0.7, 0.05
"""The first cap of a search, and one below which none is tried but 0."""
_FIRST_STEP = 1e-2
"""The first step of a search from a guess."""


def least_share(case: Case, uncapped: Plan) -> dict[str, float]:
    """Return by mineral the smallest cap at which no mineral is further missing, and for ``ALL``.

    ``uncapped`` is the proven plan of the same case without its caps on countries, the reference.
    The caps are the case's max limits on single countries, in all their years. A mineral's cap is
    its own alone: the others have none. That of ``ALL`` is one cap for all. What is missing is that
    of the cheapest plan with the cap, which the points of a sweep show: it may be short where a
    dearer plan isn't. A cap is above 1 where tonnes are stored, and ``NO_CAP`` where they are in a
    year without a need. Minerals without a supplier are left out. Raises SolverError where no
    attempt gives a proven optimum.
    """
    limits = (
        dataclasses.replace(row, share=schema.ByYear(1.0)) if row.caps_each_country else row
        for row in case.share_limits
    )
    e = Expanded(case.change(share_limits=tuple(limits)))
    program = build_program(e)
    missing = uncapped.missing.sum(axis=1)
    plant_demand = summed_at(
        *uncapped.component_arrays(PLANT_DEMAND), (len(e.minerals), len(e.years))
    )
    with_suppliers = [name for name in e.minerals if e.of_mineral[name]]
    least = dict.fromkeys([*with_suppliers, ALL] if with_suppliers else [], 0.0)
    with highs.solvers_kept():
        for b, measure in enumerate(program.violation_scale(case.tolerance_scale).tolist()):
            caps = _Caps(program, b, e, (missing, plant_demand), measure)
            names = [e.minerals[m] for m in caps.minerals]
            if not names:
                continue
            for m, name in zip(caps.minerals, names, strict=True):
                least[name] = caps.smallest_cap([m], least[name])
            largest = max(least[name] for name in (ALL, *names))
            least[ALL] = caps.smallest_cap(caps.minerals, largest) if len(names) > 1 else largest
    return least


@dataclass(frozen=True)
class _CappedPlan:
    """The cheapest plan with a cap, and how it moves with the cap while its basis stays optimal.

    ``further`` is the most that is further missing, as a share of a mineral's need, above the least
    that counts. ``moves`` has the tonnes by which each column moves per unit of the cap. By these
    moves nothing is further missing from the cap ``zero`` on, and ``fall`` is missing per unit of
    the cap below it; NaN where that is unknown, or where nothing falls.
    """

    cap: float
    solution: Solution
    further: float
    moves: Floats | None = None
    zero: float = math.nan
    fall: float = math.nan

    @property
    def is_enough(self) -> bool:
        return self.further <= tolerances.CAP_ROUNDING


def _step_up(bad: list[_CappedPlan], enough: float, guess: float) -> tuple[float, bool]:
    """Return the next cap between the last that is too small and one that is enough.

    Also returns whether it is where what is missing ends by the last piece, or by the last two
    points.
    """
    least, line = bad[-1].cap, bad[-1].zero
    if math.isnan(line) and len(bad) > 1 and (fall := bad[-2].further - bad[-1].further) > 0:
        line = least + bad[-1].further * (least - bad[-2].cap) / fall
    if least < line < enough:
        at, is_by_line = line, True
    elif least < guess < enough:
        at, is_by_line = guess, False
    elif enough < math.inf:
        at, is_by_line = (least + min(enough, 1.0 + 2 * least)) / 2, False
    else:
        at, is_by_line = least + max(_FIRST_STEP, least - guess), False
        at = min(at, (1.0 + least) / 2) if least < 1.0 - _FIRST_STEP else NO_CAP
    if at > 1.0 and enough == math.inf:
        return (1.0 if least < 1.0 else NO_CAP), False
    return at, is_by_line


class _Caps:
    r"""The program of a block with a cap S on single countries, on some of its minerals.

    .. math:: flows_r - e_r \le S \cdot base_r \quad \text{for each row r of a cap on them}

    All other rows stay as they are, but caps on other minerals don't bind. The base is demand, and
    may have columns: the tonnes that plants take and unmet demand would have used, what members
    transfer to them, or purchases.
    """

    def __init__(
        self,
        program: Program,
        b: int,
        e: Expanded,
        of_reference: tuple[Floats, Floats],
        measure: float,
    ) -> None:
        """Take block ``b``, and of the reference what is missing and what plants take [t].

        Both are by mineral and year.
        """
        short, plant_demand = of_reference
        span, inside, years = program.columns_of(b), program.rows_of(b), len(e.years)
        self._rows = rows = program.block(b)
        self._row = rows.entry_rows()
        n, m, row = len(rows.cost), len(rows.row_lower), self._row
        cell = np.full(m, -1)
        each = np.array([limit.caps_each_country for limit in e.case.share_limits], dtype=bool)
        for group in program.groups(SHARE, b):
            capped = each[group.limit_numbers]
            cell[group.at[capped]] = group.cell[capped]
        self._mineral = np.where(cell < 0, -1, cell // years)
        self.minerals = [m for m in np.unique(self._mineral).tolist() if m >= 0]
        if not self.minerals:
            return
        (lacking,) = program.groups(SHORTAGE, b)
        self._short_at = lacking.at
        short_minerals, self._short_of = np.unique(lacking.cell // years, return_inverse=True)
        cells = np.zeros(short.shape, dtype=bool)
        cells.ravel()[lacking.cell] = True
        need = np.where(cells, e.demand.sum(axis=1), 0.0)[short_minerals].sum(axis=1)
        self._short = np.where(cells, short, 0.0)[short_minerals].sum(axis=1)
        self._need = need
        is_excess = np.zeros(n, dtype=bool)
        for columns in program.groups(EXCESS, b):
            is_excess[columns.at] = True
        # of a cap's row, what is neither the supplier's tonnes nor an excess is in the base
        self._in_base = (cell >= 0)[row] & (rows.values < 0) & ~is_excess[rows.columns]
        self._size = size = float(powers_of_two(program.need[[b]])[0])  # causes no rounding
        # the base of the reference, in tonnes
        mineral, year = np.divmod(np.maximum(cell, 0), years)
        wanted = (e.demand.sum(axis=1) + plant_demand)[mineral, year]
        has_base = np.bincount(row, self._in_base, m) > 0
        self._base_guess = np.where(has_base, np.where(wanted > 0, wanted, size), rows.row_upper)
        has_negative = np.bincount(row, (rows.values < 0) | (rows.lower[rows.columns] < 0), m) > 0
        self._is_zero = (rows.row_upper <= 0) & ~has_negative
        self._measure = measure
        self._units = program.column_unit[span], program.row_unit[inside]
        self._is_cap = self._mineral >= 0
        self._free: Any = None

    def smallest_cap(self, chosen: list[int], known: float) -> float:
        """Return the smallest cap on the chosen minerals at which none is further missing.

        It is at least ``known``. What is further missing falls in straight pieces as the cap rises,
        so most steps go to where the piece of the last one ends. It is ``NO_CAP`` if there is no
        such cap: tonnes are stored in a year without a need.
        """
        if known >= NO_CAP:
            return known
        self._restart()
        if known > 0 and self._point_at(chosen, known).is_enough:
            return known
        # a guess takes as long as four plans, or as one with whole projects, which saves more
        guess = self._guesses[chosen[0]] if self._rows.whole.any() and len(chosen) == 1 else known
        at = max(known, guess - tolerances.SAME_CAP) if guess > 0 else _FIRST
        bad, enough, is_by_line = list[_CappedPlan](), math.inf, False
        while True:
            point = self._point_at(chosen, at)
            if point.is_enough:
                enough = at
            elif at >= NO_CAP:
                return NO_CAP
            else:
                bad.append(point)
            if (end := self._proven_end(chosen, point)) is not None:
                return end
            is_there = point.is_enough and bad and point.further > -tolerances.MISSING_PART / 4
            if is_there or enough - tolerances.SAME_CAP <= (bad[-1].cap if bad else known):
                return enough if enough > tolerances.CAP_ROUNDING else 0.0
            if point.is_enough and is_by_line:
                at, is_by_line = max(known, enough - tolerances.SAME_CAP), False
            elif bad:
                at, is_by_line = _step_up(bad, enough, guess)
            else:
                at = 2 * enough - guess - _FIRST_STEP if guess > 0 else enough / 2
                at = max(known, at) if at > _SMALL else known

    def _proven_end(self, chosen: list[int], point: _CappedPlan) -> float | None:
        """Return the smallest cap where the point's own basis proves it, else None.

        Between two caps at which the same duals are optimal, the plan moves straight. So if at one
        of them something is further missing, and at the other nothing, what is between them is
        known. If the fall ends close by, so that not even a trace is missing, the cap is there.
        """
        if self._in_base.any() or not point.zero > 0:
            return None
        other = max(0.0, point.zero - tolerances.SAME_CAP) if point.is_enough else point.zero
        further = self._moved(chosen, point, other)
        if math.isnan(further) or (further <= tolerances.CAP_ROUNDING) is point.is_enough:
            return None
        rest = (tolerances.MISSING_PART / 2 - tolerances.CHANGE_SLACK) / point.fall
        end = point.zero + rest
        is_near = rest <= tolerances.SAME_CAP and not math.isnan(self._moved(chosen, point, end))
        return end if is_near else point.zero

    def _moved(self, chosen: list[int], point: _CappedPlan, cap: float) -> float:
        """Return what is further missing at another cap if the point's basis is proven optimal."""
        x = point.solution.x + (cap - point.cap) * np.asarray(point.moves)
        moved = dataclasses.replace(point.solution, x=x)
        proof = self._planned.proof(self._rows_at(chosen, cap), moved)
        if not (proof.passed and proof.violation <= tolerances.CHANGE_SLACK):
            return math.nan
        return float(np.max(self._further(x), initial=-1.0))

    def _further(self, x: Floats) -> Floats:
        """Return what is further missing of each mineral, above the least that counts."""
        short = np.bincount(self._short_of, x[self._short_at], len(self._need))
        more: Floats = (short - self._short) / self._need
        return more - tolerances.MISSING_PART / 2

    @cached_property
    def _guesses(self) -> dict[int, float]:
        """By mineral a cap near its smallest.

        They are the caps of least sum at which a plan exists that is no shorter, whatever its cost.
        A base with columns is that of the reference.
        """
        rows, base, size = self._rows_at(self.minerals, 0.0), self._base_guess, self._size
        n, m, count = len(rows.cost), len(rows.row_lower), len(self.minerals)
        (caps,) = np.nonzero(self._is_cap)
        of_caps = n + np.searchsorted(self.minerals, self._mineral[caps])
        entries = (
            np.concatenate([caps, m + self._short_of]),
            np.concatenate([of_caps, self._short_at]),
            np.concatenate([-base[caps] / size, np.ones(len(self._short_at))]),
        )
        rows = dataclasses.replace(rows, cost=np.zeros(n)).extended(
            entries,
            (np.ones(count), np.zeros(count), np.full(count, np.inf)),
            (np.full(len(self._need), -np.inf), self._short + tolerances.CHANGE_SLACK * self._need),
        )
        units = tuple(
            np.append(unit, np.full(more, TONNES))
            for unit, more in zip(self._units, (count, len(self._need)), strict=True)
        )
        try:
            solution = self._sequence(rows, units, tonnes=size).solved(rows)[0]
        except SolverError:  # a longer search then
            return dict.fromkeys(self.minerals, 1.0)
        return dict(zip(self.minerals, (solution.x[n:] / size).tolist(), strict=True))

    def _sequence(self, rows: LinearProgram, units: Any, **options: Any) -> WarmStartedSequence:
        return WarmStartedSequence(
            rows,
            "smallest cap",
            need=self._size,
            measure=self._measure,
            units=units,
            attempts=(highs.DEVEX, *highs.ATTEMPTS),
            **options,
        )

    @cached_property
    def _planned(self) -> WarmStartedSequence:
        """The programs with a cap; that without a base's columns differ in limits alone."""
        rows = self._rows
        n, m = len(rows.cost), len(rows.row_lower)
        start = highs.basis_of(np.zeros(n, np.uint8), np.ones(m, np.uint8))
        return self._sequence(rows, self._units, start=start, warm=highs.AGAIN)

    def _restart(self) -> None:
        """Let the next program start from the optimum without caps, which is near each mineral's.

        It is solved once, if there are several minerals.
        """
        if self.minerals[1:] and not self._rows.whole.any():
            if self._free is None:
                self._free = self._planned.solved(self._rows_at([], NO_CAP))[0].basis
            self._planned.restart_from(self._free)

    def _rows_at(self, chosen: list[int], cap: float) -> LinearProgram:
        """Return the program with a cap on the chosen minerals."""
        rows = self._rows
        is_chosen = np.isin(self._mineral, chosen)
        most, upper, values = rows.row_upper.copy(), rows.upper.copy(), rows.values
        most[self._is_cap] = np.where(is_chosen[self._is_cap], cap * most[self._is_cap], np.inf)
        # a row that allows only 0 closes its columns: a bound says so faster
        is_closed = (self._is_zero & (is_chosen | ~self._is_cap))[self._row] & (values > 0)
        upper[rows.columns[is_closed]] = 0.0
        if self._in_base.any():
            values = np.where(self._in_base, cap * values, values)
        return dataclasses.replace(rows, upper=upper, row_upper=most, values=values)

    def _point_at(self, chosen: list[int], cap: float) -> _CappedPlan:
        """Return the cheapest plan with the cap; none is further missing if it is enough."""
        rows = self._rows_at(chosen, cap)
        solution = self._planned.solved(rows)[0]
        further = self._further(solution.x)
        point = _CappedPlan(cap, solution, float(np.max(further, initial=-1.0)))
        terms = np.where(self._in_base, self._rows.values * solution.x[rows.columns], 0.0)
        base = self._rows.row_upper - np.bincount(self._row, terms, len(rows.row_lower))
        moves = self._planned.moves(np.where(np.isin(self._mineral, chosen), base, 0.0))
        if moves is None or not len(further):
            return point
        falls = -np.bincount(self._short_of, moves[self._short_at], len(further)) / self._need
        is_falling = falls > tolerances.CAP_ROUNDING
        zeros = cap + further / np.where(is_falling, falls, np.nan)
        last = int(np.argmax(np.where(is_falling, zeros, -np.inf) if point.is_enough else further))
        zero, fall = float(zeros[last]), float(falls[last])
        return dataclasses.replace(point, moves=moves, zero=zero, fall=fall)
