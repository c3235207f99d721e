"""Programs of the smallest change of cells and of the smallest cap, solved and certified.

The smallest cap on single countries at which nothing is further missing is a column, not a grid
search: by mineral the least S at which the coalition is no shorter than without any cap.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from models import schema, tolerances
from models.case import Case
from models.errors import SolverError
from models.plan.block_solver import BlockSolver
from models.plan.plan import Plan
from models.program import TONNES, Program, build_program, positions_within
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
            proof_of = partial(self._proof, rows)
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
        proof = self._proof(rows, solution)
        return (solution, proof) if proof.passed else None

    def _proof(self, rows: LinearProgram, solution: Solution) -> Certificate:
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
        scaled = partial(
            choose_scaling,
            rows,
            need=self.need,
            column_unit=self.column_unit,
            row_unit=self.row_unit,
        )
        tonnes = (self.column_unit == TONNES, self.row_unit == TONNES)

        def proof_of(solution: Solution) -> Certificate:
            proof = certify_alone(rows, solution, self.measure, tonnes)
            return proof.of_block(0, mip_gap=solution.mip_gap)

        return first_proven("smallest change", rows, scaled, proof_of)[0].x


def dual_of_no_shortage(plan: Plan, mineral: str, year: int) -> float | None:
    """Return the extra cost of the last tonne served over a tonne short [money of the first year].

    It is the dual of a zero shortage in the year; None where nothing is proven.
    """
    every = (plan.column_at(SHORTAGE, (mineral, member, year)) for member in plan.expanded.members)
    asked = [column for column in every if column >= 0]
    blocks = BlockSolver(plan.expanded, plan.program, is_compared=False)
    program = blocks.program
    block = int(np.searchsorted(program.column_starts, asked[0], side="right")) - 1
    rows, inside = program.block(block), np.array(asked) - program.columns_of(block).start
    upper = rows.upper.copy()
    upper[inside] = 0.0
    rows = dataclasses.replace(rows, upper=upper)

    def proof_of(solution: Solution) -> Certificate:
        x, duals = solution.x, solution.duals
        return program.certify(x, duals, blocks.measure, block, block, rows).of_block(0)

    try:
        proven = first_proven("last tonne", rows, partial(blocks.scaling, block, rows), proof_of)
    except SolverError:
        return None
    reduced = rows.cost - rows.value_at(proven[0].duals)
    return max(0.0, float(-reduced[inside].min()))


# ---- the smallest caps ---------------------------------------------------------------------------


_FIRST_STEP, _NO_CAP = 1e-2, 1_000.0
"""The first step of the search for a cap; a cap that caps nothing."""


def least_share(case: Case, uncapped: Plan) -> dict[str, float]:
    """Return by mineral the smallest cap at which no mineral is further missing, and for ``ALL``.

    ``uncapped`` is the proven plan of the same case without its caps on countries, the reference.
    The caps are the case's max limits on single countries, in all their years. A mineral's cap is
    its own alone: the others have none. That of ``ALL`` is one cap for all. What is missing is that
    of the cheapest plan with the cap, which the points of a sweep show: it may be short where a
    dearer plan isn't. A cap may be above 1 where tonnes are stored. A mineral that nobody sells is
    left out, and so is one for which no cap is loose enough. Raises SolverError where no attempt
    gives a proven optimum.
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
    sold = [e.minerals[m] for m in np.unique(e.sales.mineral).tolist()]
    least: dict[str, float | None] = dict.fromkeys([*sold, ALL] if sold else [], 0.0)
    for b, measure in enumerate(program.violation_scale(case.tolerance_scale).tolist()):
        caps = _Caps(program, b, e, (missing, plant_demand), measure)
        guesses = caps.guesses()
        found = {m: caps.smallest_cap([m], cap) for m, cap in guesses.items()}
        for m, cap in found.items():
            name = e.minerals[m]
            least[name] = _larger(least[name], cap)
            least[ALL] = _larger(least[ALL], cap)
        if len(guesses) > 1 and least[ALL] is not None:
            largest = max(cap for cap in found.values() if cap is not None)
            least[ALL] = _larger(least[ALL], caps.smallest_cap([*guesses], largest))
    return {name: cap for name, cap in least.items() if cap is not None}


def _larger(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else max(one, other)


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
        for group in program.constraints:
            if group.component is SHARE:
                of = positions_within(group.at, inside)
                capped = each[group.limit_numbers[of]]
                cell[group.at[of][capped] - inside.start] = group.cell[of][capped]
        self._mineral = np.where(cell < 0, -1, cell // years)
        self.minerals = [m for m in np.unique(self._mineral).tolist() if m >= 0]
        if not self.minerals:
            return
        (lacking,) = (group for group in program.variables if group.component is SHORTAGE)
        of = positions_within(lacking.at, span)
        self._short_at = lacking.at[of] - span.start
        short_minerals, self._short_of = np.unique(lacking.cell[of] // years, return_inverse=True)
        cells = np.zeros(short.shape, dtype=bool)
        cells.ravel()[lacking.cell[of]] = True
        need = np.where(cells, e.demand.sum(axis=1), 0.0)[short_minerals].sum(axis=1)
        self._short = np.where(cells, short, 0.0)[short_minerals].sum(axis=1)
        self._need = need
        is_excess = np.zeros(n, dtype=bool)
        for columns in program.variables:
            if columns.component is EXCESS:
                is_excess[columns.at[positions_within(columns.at, span)] - span.start] = True
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
        self._sequence = partial(
            WarmStartedSequence,
            question="smallest cap",
            need=size,
            measure=measure,
            units=(
                np.append(program.column_unit[span], np.full(len(self.minerals), TONNES)),
                np.append(program.row_unit[inside], np.full(len(need), TONNES)),
            ),
            attempts=(highs.DEVEX, *highs.ATTEMPTS),
        )
        self._planned: WarmStartedSequence | None = None
        self._basis: Any = None

    def smallest_cap(self, chosen: list[int], cap: float) -> float | None:
        """Return the smallest cap on the chosen minerals at which none is further missing.

        It is searched from a guess. What is further missing falls in straight pieces as the cap
        rises, so most steps go to where the line through the last two ends. None: there is no such
        cap, for example because tonnes are stored in a year without a need.
        """
        bad = list[tuple[float, float]]()  # caps that are too small, and what is further missing
        enough, at, is_by_line = math.inf, cap, True
        while True:
            further = self._further_missing(chosen, at)
            is_enough = further <= tolerances.CAP_ROUNDING
            if is_enough:
                enough = at
            elif at >= _NO_CAP:
                return None
            else:
                bad.append((at, further))
            least, line = bad[-1][0] if bad else 0.0, None
            is_there = is_enough and bad and further > -tolerances.MISSING_PART / 4
            if is_there or enough - least <= tolerances.SAME_CAP:
                return enough if enough > tolerances.CAP_ROUNDING else 0.0
            if len(bad) > 1 and (fall := bad[-2][1] - bad[-1][1]) > 0:
                line = least + bad[-1][1] * (least - bad[-2][0]) / fall
            if is_enough and is_by_line:
                at, is_by_line = max(0.0, enough - tolerances.SAME_CAP), False
            elif not bad:
                at = max(0.0, 2 * enough - cap - _FIRST_STEP)
            elif line is not None and least < line < enough:
                at, is_by_line = line, True
            elif enough < math.inf:
                at = (least + min(enough, 1.0 + 2 * least)) / 2
            else:
                at = least + _FIRST_STEP if least < 1.0 else _NO_CAP
            if at > 1.0 and enough == math.inf:
                at, is_by_line = (1.0 if least < 1.0 else _NO_CAP), False

    def guesses(self) -> dict[int, float]:
        """Return by mineral a cap near its smallest.

        They are the caps of least sum at which a plan exists that is no shorter, whatever its cost.
        A base with columns is that of the reference.
        """
        if not self.minerals:
            return {}
        rows = self._rows_at(self.minerals, None)
        try:
            solution = self._sequence(rows, tonnes=self._size).solved(rows)[0]
        except SolverError:  # a longer search then
            return dict.fromkeys(self.minerals, 1.0)
        self._basis = solution.basis
        caps = solution.x[-len(self.minerals) :] / self._size
        return dict(zip(self.minerals, caps.tolist(), strict=True))

    def _rows_at(self, chosen: list[int], cap: float | None) -> LinearProgram:
        """Return the program with a cap on the chosen minerals, or with caps to minimise (None).

        The last columns are the minerals' caps, times ``size`` [t].
        """
        rows, row, size = self._rows, self._row, self._size
        n, m, minerals = len(rows.cost), len(rows.row_lower), len(self._need)
        base = self._base_guess if cap is None else rows.row_upper
        (caps,) = np.nonzero(self._mineral >= 0)
        is_chosen = np.isin(self._mineral, chosen)
        of_base = rows.values if cap is None else cap * rows.values
        kept = ~self._in_base if cap is None else np.ones(len(row), dtype=bool)
        entries = (
            (row[kept], rows.columns[kept], np.where(self._in_base, of_base, rows.values)[kept]),
            (caps, n + np.searchsorted(self.minerals, self._mineral[caps]), -base[caps] / size),
            (m + self._short_of, self._short_at, np.ones(len(self._short_at))),
        )
        most, upper = rows.row_upper.copy(), rows.upper.copy()
        most[caps] = np.where(is_chosen[caps], 0.0, np.inf)
        # a row that allows only 0 closes its columns: a bound says so faster
        is_closed = (self._is_zero & (is_chosen | (self._mineral < 0)))[row] & (rows.values > 0)
        upper[rows.columns[is_closed]] = 0.0
        zero = np.zeros(len(self.minerals))
        if cap is None:
            cost, lowest, largest = np.append(np.zeros(n), zero + 1.0), zero, zero + np.inf
            short = self._short + tolerances.CHANGE_SLACK * self._need
        else:
            cost, lowest, largest = np.append(rows.cost, zero), zero + cap * size, zero + cap * size
            short = np.full(minerals, np.inf)
        asked = LinearProgram.of(
            tuple(np.concatenate(part) for part in zip(*entries, strict=True)),
            (cost, np.append(rows.lower, lowest), np.append(upper, largest)),
            (np.append(rows.row_lower, np.full(minerals, -np.inf)), np.append(most, short)),
        )
        return dataclasses.replace(asked, whole=np.append(rows.whole, zero > 0))

    def _further_missing(self, chosen: list[int], cap: float) -> float:
        """Return the most that is further missing in the cheapest plan with the cap.

        It is a share of a mineral's need, above the least that counts; none is further missing if
        it isn't above zero.
        """
        rows = self._rows_at(chosen, cap)
        if self._planned is None:
            self._planned = self._sequence(rows, start=self._basis, warm=highs.DUAL_START)
        x = self._planned.solved(rows)[0].x
        short = np.bincount(self._short_of, x[self._short_at], len(self._need))
        more = (short - self._short) / self._need
        return float(np.max(more, initial=-1.0)) - tolerances.MISSING_PART / 2
