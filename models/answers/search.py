"""Programs of the smallest change of cells and of the smallest cap, solved and certified.

The smallest cap on single countries that costs no tonne of supply is a column, not a grid search:
by mineral the least S at which the coalition is no shorter than without any cap.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from models import schema, tolerances
from models.answers.price import arrays
from models.case import Case
from models.errors import SolverError
from models.plan.block_solver import BlockSolver
from models.plan.plan import Plan
from models.program import TONNES, Program, build_program, within
from models.program.component import Bounds, InputCell
from models.program.families.diversification import SHARE
from models.program.families.shortage import SHORTAGE
from models.program.scaling import Scaling, powers_of_two, scaling, units_of
from models.resolve import Expanded, Floats, Ints
from models.solve import Certificate, LinearProgram, Solution, certify_alone, highs

SPARE = 0.1
"""A change is dropped if the others suffice without growing by more than this in total."""


def _passed(_: Solution, proof: Certificate) -> bool:
    return proof.passed


def first_proven(  # noqa: PLR0913, PLR0917 - a program, and how it is scaled and proven
    question: str,
    rows: LinearProgram,
    scaled: Callable[..., Scaling],
    proof_of: Callable[[Solution], Certificate],
    accepts: Callable[[Solution, Certificate], bool] = _passed,
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


def total_of(columns: Ints, most: float) -> tuple[Ints, Floats, float]:
    """Return a limit for ``bounded``: the sum of some columns, and its upper limit."""
    return columns, np.ones(len(columns)), most


def bounded(rows: LinearProgram, limits: Iterable[tuple[Ints, Floats, float]]) -> LinearProgram:
    """Return a program with added rows, each of columns, amounts and an upper limit."""
    parts = [
        (columns[order], by[order], most)
        for columns, by, most in limits
        for order in [np.argsort(columns)]
    ]
    ends = np.cumsum([len(columns) for columns, *_ in parts], dtype=np.int64)
    return dataclasses.replace(
        rows,
        row_lower=np.append(rows.row_lower, np.full(len(parts), -np.inf)),
        row_upper=np.append(rows.row_upper, [most for *_, most in parts]),
        starts=np.append(rows.starts, rows.starts[-1] + ends),
        columns=np.concatenate([rows.columns, *(columns for columns, *_ in parts)]),
        values=np.concatenate([rows.values, *(by for _, by, _ in parts)]),
        row_keys=(),
    )


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
    ) -> None:
        self._attempts = attempts
        self.question, self._in_tonnes = question, None if tonnes is None else units[0] == TONNES
        self._scaling = partial(
            scaling, rows, need=need, column_unit=units[0], row_unit=units[1], row_size=size
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
            proven = first_proven(question, rows, self._scaled, proof_of, _passed, attempts)
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
                self._solver = highs.PersistentSolver(highs.WARM_START)
                self._solver.load(self._scale.scaled(rows))
                self._solver.start_from(self._basis)
            else:
                self._solver.change(self._scale.scaled(rows))
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
        self.column_unit = units_of(rows.column_keys, len(rows.cost), frame.units)
        self.row_unit = units_of(rows.row_keys, len(rows.row_lower), frame.units)
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
            scaling, rows, need=self.need, column_unit=self.column_unit, row_unit=self.row_unit
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


def least_share(case: Case, uncapped: Plan) -> dict[str, float]:
    """Return by mineral the smallest cap that causes no more shortage than ``uncapped`` has.

    ``uncapped`` is the proven plan of the same case without its caps on countries. The caps are the
    case's max limits on single countries, in all their years. A mineral without one is left out,
    and so are limits on purchases, whose base changes with the plan. If a budget links minerals,
    the sum of their caps is minimised. Raises SolverError where no attempt gives a proven optimum.
    """
    if case.settings.share_basis == schema.PURCHASES:
        return {}
    limits = (
        dataclasses.replace(row, share=schema.ByYear(1.0)) if row.caps_each_country else row
        for row in case.share_limits
    )
    e = Expanded(case.change(share_limits=tuple(limits)))
    short = tolerances.CHANGE_SLACK * np.array(
        [[case.coalition_demand(m, y) for y in e.years] for m in e.minerals]
    )
    (m, _, t), tonnes = uncapped.part(SHORTAGE)
    np.add.at(short, (m, t), tonnes)
    shares_of: dict[str, float] = {}
    program = build_program(e)
    for b, measure in enumerate(program.measure(case.tolerance_scale).tolist()):
        size = float(powers_of_two(program.need[[b]])[0])  # a power of two causes no rounding
        rows, minerals, units = _asking(program, b, e, short.ravel(), size)
        if not minerals:
            continue
        asked = WarmStartedSequence(
            rows, "smallest cap", need=size, measure=measure, units=units, tonnes=size,
            attempts=(highs.DEVEX, *highs.ATTEMPTS),
        )  # fmt: skip
        caps = asked.solved(rows)[0].x[len(rows.cost) - len(minerals) :].tolist()
        for mineral, cap in zip((e.minerals[i] for i in minerals), caps, strict=True):
            shares_of[mineral] = max(shares_of.get(mineral, 0.0), cap / size)
    return shares_of


def _asking(
    program: Program, b: int, e: Expanded, short: Floats, size: float
) -> tuple[LinearProgram, list[int], tuple[Ints, Ints]]:
    r"""Return the program of a block that minimises the caps, not the cost.

    .. math:: \min S \quad \text{so that} \quad \sum_{r \in R_c, j \in B} (x + y)_{r,m,j,t} \le
              S \cdot base_{m,B,t}, \qquad \sum_j u_{m,j,t} \le short_{m,t}

    All other rows stay as they are. The cap S replaces the share of each max limit on a single
    country. That share is 1 in ``program``, so the limits of its rows are the bases. The last
    columns are the caps of the returned minerals, times ``size`` [t]. ``short`` [t] is the
    shortage allowed, by mineral and year. The last result has the units of columns and of rows.
    """
    span, inside, rows = program.columns_of(b), program.rows_of(b), program.block(b)
    n, m, row, years = len(rows.cost), len(rows.row_lower), rows.entry_rows(), len(e.years)
    count = len(program.row_unit)
    cell, is_cap = np.zeros(count, dtype=int), np.zeros(count, dtype=bool)
    each = np.array([row.caps_each_country for row in e.case.share_limits], dtype=bool)
    for group in program.constraints:
        if group.component is SHARE:
            cell[group.at], is_cap[group.at] = group.cell, each[group.limits]
    is_flow = np.isin(np.arange(span.start, span.stop), program.flow)[rows.columns]
    capped = np.unique(row[is_flow & is_cap[inside][row]])
    minerals, which = np.unique(cell[inside][capped] // years, return_inverse=True)
    (lacking,) = (group for group in program.variables if group.component is SHORTAGE)
    within_block = within(lacking.at, span)
    cells, of_cell = np.unique(lacking.cell[within_block], return_inverse=True)
    kept = is_flow | ~is_cap[inside][row]  # no excess
    entries = (
        (row[kept], rows.columns[kept], rows.values[kept]),
        (capped, n + which, -rows.row_upper[capped] / size),
        (m + of_cell, lacking.at[within_block] - span.start, np.ones(len(of_cell))),
    )
    caps, most, upper = np.zeros(len(minerals)), rows.row_upper.copy(), rows.upper.copy()
    most[capped] = 0.0
    # a row that allows only 0 closes its columns: a bound says so faster
    negative = np.bincount(row, (rows.values < 0) | (rows.lower[rows.columns] < 0), m)
    is_closed = ((rows.row_upper <= 0) & (negative == 0))[row] & (rows.values > 0)
    upper[rows.columns[is_closed]] = 0.0
    asked = arrays(
        tuple(np.concatenate(part) for part in zip(*entries, strict=True)),
        (
            np.append(np.zeros(n), caps + 1.0),
            np.append(rows.lower, caps),
            np.append(upper, caps + np.inf),
        ),
        (
            np.append(rows.row_lower, np.full(len(cells), -np.inf)),
            np.append(most, short[cells]),
        ),
    )
    whole = np.append(rows.whole, caps > 0)
    units = (
        np.append(program.column_unit[span], np.full(len(caps), TONNES)),
        np.append(program.row_unit[inside], np.full(len(cells), TONNES)),
    )
    return dataclasses.replace(asked, whole=whole), minerals.tolist(), units
