"""A session: plans of a base case and of its variants, each warm-started from the plan before.

The program of a case consists of independent blocks. Each block of the base case stays in the
solver with its basis. A variant's program is built from its own case (``models.program``), with
columns and rows in the base's order where both have them. If the values and duals of the previous
plan are still optimal for a block, it isn't solved again. Otherwise its numbers are changed in the
solver, and it is solved from its last basis. Each block's plan is certified with the variant's own
arrays. A block that does not fit the base's order, or gives no certificate, is solved cold.

A variant's plan depends only on the base case and on the variants solved or tried since
``restart``. So a study with fixed chains gets the same plans, bit by bit, wherever they run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from models import tolerances
from models.case import Case, CaseStep, SetNumber
from models.errors import SolverError
from models.plan import block_solver, solving
from models.plan.parts import Parts
from models.plan.plan import Plan
from models.plan.variation import NoVectorsError, Variation
from models.program import ComponentArrays, FittedVariant, Program, Scaling, build_program, fit
from models.program.builder import Charge
from models.program.component import Columns, Rows
from models.resolve import Bools, Expanded, Floats, Ints
from models.solve import ARRAYS, LinearProgram, Solution, fits
from models.solve.highs import AGAIN, PersistentSolver, extended_basis

_AS_BEFORE = "as before"


@dataclass
class _WarmStart:
    """Blocks of the base case that are solved together: their program, scaling and optimal basis.

    ``scaled`` is the scaled program, made with the ``solver``. ``is_started`` says whether they
    were solved from ``basis`` since the session's (re)start; if so, they are next solved from the
    solver's current basis.
    """

    blocks: tuple[int, ...]
    rows: LinearProgram
    scale: Scaling
    basis: Any
    solver: PersistentSolver | None = None
    scaled: LinearProgram | None = None
    is_started: bool = False
    parts: Parts | None = None


@dataclass(frozen=True)
class _Point:
    """The values and duals from the last solve of each block, of the program ``base`` or a variant.

    ``rows`` has the last variant's numbers. A block that has failed since, or was solved cold, has
    earlier values, which are used only where they are certified.
    """

    base: Program
    rows: LinearProgram
    x: Floats
    duals: Floats

    @cached_property
    def _activity(self) -> Floats:
        return self.rows.activity(self.x)

    @cached_property
    def _reduced(self) -> Floats:
        """The reduced cost of each column."""
        return self.rows.cost - self.rows.value_at(self.duals)

    @cached_property
    def _spent(self) -> Floats:
        """The sum of the absolute costs of each block's columns [money]."""
        sums = np.concatenate([[0.0], np.cumsum(np.abs(self.rows.cost * self.x))])
        return np.asarray(np.diff(sums[self.base.column_starts]))

    def refuted(self, new: LinearProgram) -> Bools:
        """Return the blocks for which values and duals are clearly not optimal with new numbers.

        It's a quick check of the numbers that changed: a limit is violated, a row has a dual value
        but isn't binding, or a column isn't worth what it costs, by more than rounding.
        """
        old, base, (x, duals) = self.rows, self.base, (self.x, self.duals)
        changed = {name: new.differs_at(name, old) for name in ARRAYS}
        entries = changed["values"]
        row = np.searchsorted(base.rows.starts, entries, side="right") - 1
        column = base.rows.columns[entries]
        columns = np.unique(np.concatenate([*(changed[name] for name in ARRAYS[:3]), column]))
        rows = np.unique(np.concatenate([*(changed[name] for name in ARRAYS[3:5]), row]))
        refuted = np.zeros(len(base.blocks), dtype=bool)
        more = new.values[entries] - old.values[entries]

        def refute(starts: Ints, at: Ints, size: Floats, *miss: Floats) -> Ints:
            """Mark the blocks of rows, or columns, that any ``miss`` refutes; return all blocks."""
            far = np.max(miss, axis=0) > tolerances.REFUTED * np.maximum(1.0, np.abs(size))
            block = np.searchsorted(starts, at, side="right") - 1
            refuted[block[far]] = True
            return block

        if len(rows):
            added = np.bincount(np.searchsorted(rows, row), more * x[column], len(rows))
            activity, prices = self._activity[rows] + added, duals[rows]
            low, high = new.row_lower[rows], new.row_upper[rows]
            limit = np.where(prices > 0, low, high)
            apart = np.where(prices != 0, np.abs(activity - limit), 0.0)
            refute(base.row_starts, rows, activity, apart, low - activity, activity - high)
        if len(columns):
            now, low, high = (each[columns] for each in (x, new.lower, new.upper))
            block = refute(base.column_starts, columns, now, low - now, now - high)
            worth = np.bincount(np.searchsorted(columns, column), more * duals[row], len(columns))
            reduced = self._reduced[columns] + (new.cost - old.cost)[columns] - worth
            limit = np.where(reduced > 0, low, high)
            # a column without that bound may have a reduced cost by rounding: a certificate decides
            gap = reduced * np.where(np.isfinite(limit), now - limit, 0.0)
            refuted[block[gap > tolerances.REFUTED_GAP * self._spent[block]]] = True
        return refuted


def _placed_or_zero(values: Floats, places: Ints) -> Floats:
    """Return the value at each place, 0 at -1."""
    return np.where(places >= 0, np.append(values, 0.0)[places], 0.0)


class Session:
    """Plans one base case and its variants, each warm-started from the plan before.

    A plan depends only on the base case and on the variants solved or tried since ``restart``; a
    ``vary`` that returns None may have moved the solvers. Programs of variants aren't compared with
    Pyomo models: tests show on cases of every kind that arrays and model agree, and each plan of a
    variant is certified with the variant's own arrays.

    Args:
        base: The base case.
        is_near: Start a variant's block that adds columns or rows from the basis of the base's
            block. This is faster and, of equally cheap plans, gives one similar to the base's.
        is_local: First plan the first variant after a restart for the minerals that it changes,
            with all else as in the base's plan (``models.plan.parts``). This is faster if most
            variants change one mineral.
        is_compared: Compare the base case's program with its Pyomo model; False if another session
            does so.
        in_background: Compare them in another process; plans are valid only after ``confirm`` has
            returned.

    Attributes:
        base: The plan of the base case.

    Example:
        >>> session = planner.Session(book.case)
        >>> cases = [planner.set_max_country_share(book.case, cap) for cap in (0.6, 0.5)]
        >>> [round(session.solve(case).shortage) for case in cases]
        [35755, 82884]
    """

    def __init__(
        self,
        base: Case,
        *,
        is_near: bool = False,
        is_local: bool = False,
        is_compared: bool = True,
        in_background: bool = False,
    ) -> None:
        self.case = base
        self._is_near, self._is_local = is_near, is_local
        self._is_compared = is_compared
        self._in_background = in_background
        self._last_point: _Point | None = None
        # blocks whose last point, or basis in the solver, is no longer the base's
        self._solved_again: set[int] = set()
        self._warm_starts: dict[int, _WarmStart] = {}
        self._checked_kinds: set[Any] = set()

    @cached_property
    def _solver(self) -> block_solver.BlockSolver:
        """The solver of the base's blocks; another session may compare them with Pyomo models."""
        return block_solver.BlockSolver(Expanded(self.case), compares_here=self._is_compared)

    @cached_property
    def base(self) -> Plan:
        """The plan of the base case; ``models.plan.solve`` gives the same."""
        solving.require_valid(self.case)
        solver, results = self._solver, list[block_solver.BlockResult]()
        if self._in_background:
            solver.compare_in_background()
        for group in block_solver.groups_of_blocks(solver.program.blocks):
            proven = solver(group)
            for blocks, *run in solver.runs(proven):
                self._warm_starts.update(dict.fromkeys(blocks, _WarmStart(blocks, *run)))
            results += proven
        plan = Plan(self.case, results, solver.expanded, solver.program)
        self.restart()
        return plan

    @cached_property
    def _base_point(self) -> _Point:
        program = self.base.program
        return _Point(program, program.rows, self.base.solver_x, self.base.discounted)

    def confirm(self) -> None:
        """Wait for the comparison in the background; raises SolverError if it finds differences."""
        self._solver.confirm()

    @property
    def _point(self) -> _Point:
        """The values and duals to start from: those of the plan before."""
        return self._last_point or self._base_point

    def restart(self) -> None:
        """Let the next variant start from the base case's plan."""
        self._last_point = None
        self._solved_again.clear()
        for warm in self._warm_starts.values():
            warm.is_started = False

    def solve(self, case: Case) -> Plan:
        """Return the proven optimal plan of a variant, warm-started from the plan solved before.

        Raises InputError if its records contradict one another, SolverError if no attempt gives a
        proven optimum.
        """
        if case is self.case:
            return self.base
        base = self.base.program
        solving.require_valid(case, self.case)
        expanded = self._solver.expanded.changed(case)
        program = build_program(expanded, base.names, like=base)
        solver = block_solver.BlockSolver(expanded, program, is_compared=False)
        has_same_layout = _has_same_layout(self._solver.expanded, expanded)
        results = self._solve_from_previous(solver) if has_same_layout else solver.solve_all()
        return Plan(case, results, expanded, solver.program)

    def solve_cold(self, case: Case) -> Plan:
        """Return the proven optimal plan of a variant, without a warm start.

        If several plans cost the same, the choice does not depend on the base case. Raises the same
        errors as ``solve``.
        """
        solving.require_valid(case, self.case)
        expanded = Expanded(case)
        solver = block_solver.BlockSolver(expanded, is_compared=False)
        return Plan(case, solver.solve_all(), expanded, solver.program)

    # ---- variants that only change numbers of the base's program --------------------------------

    @cached_property
    def variation(self) -> Variation:
        """Translates changes of the base case into changed numbers of its program."""
        return Variation(self._solver.expanded, self.base.program)

    def vary(self, steps: Sequence[CaseStep]) -> Plan | None:
        """Return the proven optimal plan of a variant that only changes numbers of the program.

        This is faster than ``solve``. Returns None if the program would need other columns or rows,
        or if the plan gives no proof; then call ``solve`` with the variant's case.

        The plan's program is the variant's, but its ``case`` and ``expanded`` are the base's. So
        only amounts, prices, cost per column, total and cash cost and tonnes by country may be
        read; limits and tables would show the base's numbers.

        Raises InputError if a number contradicts the case's records. This is checked for the first
        number that each kind of change sets; for later ones None is returned, and ``solve`` raises
        the error.
        """
        for step in steps:
            if isinstance(step.kind, SetNumber) and step.kind.turn not in self._checked_kinds:
                solving.require_valid(step(self.case), self.case)
                self._checked_kinds.add(step.kind.turn)
        base, e = self.base.program, self._solver.expanded
        try:
            rows = self.variation.arrays(steps)
            program = replace(base, rows=rows, variables=_with_charges(base, rows))
            solver = block_solver.BlockSolver(e, program, is_compared=False)
            return Plan(self.case, self._solve_from_previous(solver), e, program)
        except (NoVectorsError, SolverError):
            return None

    def with_base_amounts(self, plan: Plan, columns: Columns, waived: Rows) -> Plan:
        """Return a variant's plan with the columns of a component fixed at the base plan's amounts.

        The limits ``waived`` do not apply where these amounts miss them, so their other columns pay
        no shadow price. Only total cost and amounts may be read. Raises SolverError without a
        proven optimum.
        """
        program, (keys, amounts) = plan.program, self.base.component_arrays(columns)
        rows, base = program.rows, self._base_point
        is_same = rows.columns is base.rows.columns
        fixed = dict(zip(zip(*map(np.ndarray.tolist, keys), strict=True), amounts, strict=True))
        lower, upper = rows.lower.copy(), rows.upper.copy()
        for group in program.variables:
            if group.component is columns and is_same:
                lower[group.at] = upper[group.at] = base.x[group.at]
            elif group.component is columns:
                index = zip(*(part.tolist() for part in group.index), strict=True)
                lower[group.at] = upper[group.at] = [fixed.get(key, 0.0) for key in index]
        low, high = rows.row_lower.copy(), rows.row_upper.copy()
        missed = np.ones(len(low), dtype=bool)
        if is_same:  # a limit that holds keeps its price, so that less has to be solved again
            activity = rows.activity(base.x)
            far = tolerances.REFUTED * np.maximum(1.0, np.abs(activity))
            missed = (activity > high + far) | (activity < low - far)
        for limits in program.constraints:
            if limits.component is waived:
                at = limits.at[missed[limits.at]]
                low[at], high[at] = -np.inf, np.inf
        fixed_rows = replace(rows, lower=lower, upper=upper, row_lower=low, row_upper=high)
        program = replace(program, rows=fixed_rows)
        solver = block_solver.BlockSolver(plan.expanded, program, is_compared=False)
        return Plan(plan.case, self._solve_from_previous(solver), plan.expanded, program)

    @cached_property
    def _base_checks(self) -> tuple[list[block_solver.BlockResult], Bools]:
        """Results of the base's blocks for its own plan, and for which of them it is optimal."""
        blocks = np.arange(len(self.base.program.blocks))
        point = self._base_point.x, self._base_point.duals
        checks = _checks(self._solver, blocks, point).values()
        return [c.result for c in checks], np.array([c.is_optimal for c in checks], dtype=bool)

    def _changed_blocks(self, program: Program, measure: Floats) -> Bools:
        """Return which blocks of a variant may have another plan than in the base case."""
        base, changed = self.base.program, ~self._base_checks[1]
        changed |= measure != self._solver.measure
        changed[[*self._solved_again]] = True
        rows = program.rows
        starts = {"cost": base.column_starts, "row_lower": base.row_starts}
        starts |= dict.fromkeys(("lower", "upper"), base.column_starts)
        starts |= {"row_upper": base.row_starts, "values": base.rows.starts[base.row_starts]}
        for name in ARRAYS:
            at = rows.differs_at(name, base.rows)
            changed[np.searchsorted(starts[name], at, side="right") - 1] = True
        return changed

    # ---- warm starts from the previous plan -----------------------------------------------------

    def _solve_from_previous(
        self, solver: block_solver.BlockSolver
    ) -> list[block_solver.BlockResult]:
        """Solve a variant's blocks from the previous plan, or cold if they don't fit the base's."""
        base, program = self.base.program, solver.program
        fitted = fit(program, base)
        is_vectors = program.rows.columns is base.rows.columns
        is_vectors = is_vectors and np.array_equal(program.rows.whole, base.rows.whole)
        results = dict(enumerate(self._base_checks[0] if is_vectors else ()))
        changed = np.ones(len(fitted.like), dtype=bool)
        if is_vectors:
            changed = self._changed_blocks(program, solver.measure)
        # marks by block of the variant; a block with a warm start can be solved in place, so a
        # refuted one needs no certificate first
        has_warm_start = self._among(self._warm_starts)[fitted.of_block]
        is_refuted = changed & has_warm_start & self._point.refuted(fitted.arrays)[fitted.of_block]
        checks = _checks(solver, np.flatnonzero(changed & ~is_refuted), self._point_for(fitted))
        optimal = {b for b, check in checks.items() if fitted.of_block[b] >= 0 and check.is_optimal}
        to_solve = fitted.of_block[[*({*checks} - optimal), *np.flatnonzero(is_refuted)]]
        attempts = self._solve_pieces(fitted, {*to_solve.tolist()})  # by block of the base
        if attempts:  # these solves have moved the point
            is_solved = self._among(attempts)[fitted.of_block]
            checks |= _checks(solver, np.flatnonzero(is_solved), self._point_for(fitted))
        for b, check in checks.items():
            block = int(fitted.of_block[b])
            is_attempted = block in attempts
            name, failure = attempts.get(block, (_AS_BEFORE, ""))
            result = replace(check.result, attempt=name)
            is_usable = not failure if is_attempted else b in optimal
            if block < 0 or not is_usable or not result.certificate.passed:
                start = None if is_attempted else self._extended_basis(program, fitted, b)
                certificate, result = result.certificate, solver.solve(b, start=start)
                if is_attempted:
                    failure = failure or (
                        f"violation {certificate.violation:.2g},"
                        f" {block_solver.optimality_words(certificate)}"
                    )
                    attempt = f"from the plan before: {failure}"
                    result = replace(result, failures=(attempt, *result.failures))
                    self._warm_starts[block].is_started = False
            results[b] = result
        return [results[b] for b in sorted(results)]

    def _among(self, blocks: Iterable[int]) -> Bools:
        """Mark blocks of the base; the last mark is for -1, no block."""
        marks = np.zeros(len(self.base.program.blocks) + 1, dtype=bool)
        marks[[*blocks]] = True
        return marks

    def _point_for(self, fitted: FittedVariant) -> tuple[Floats, Floats]:
        """Return the previous values and duals in the variant's order; new ones are 0."""
        x, duals = self._point.x, self._point.duals
        if fitted.is_same:
            return x, duals
        return _placed_or_zero(x, fitted.columns), _placed_or_zero(duals, fitted.rows)

    def _solve_pieces(
        self, fitted: FittedVariant, to_solve: set[int]
    ) -> dict[int, tuple[str, str]]:
        """Solve blocks, given by their positions in the base, from the solver's last basis.

        Blocks that share a solver are solved together. Returns for each solved block the attempt's
        name and why it failed ("": it did not).
        """
        attempts: dict[int, tuple[str, str]] = {}
        program, (x, duals) = self.base.program, (self._point.x.copy(), self._point.duals.copy())
        for blocks in dict.fromkeys(warm.blocks for warm in self._warm_starts.values()):
            if to_solve.isdisjoint(blocks):
                continue
            warm = self._warm_starts[blocks[0]]
            span, inside = (
                at(blocks[0], blocks[-1]) for at in (program.columns_of, program.rows_of)
            )
            rows, new, held = warm.rows, fitted.arrays, program.rows
            every = (*ARRAYS, "whole")
            changed = [name for name in every if getattr(new, name) is not getattr(held, name)]
            if changed:  # the others stay the same objects, so that they are not compared
                block = program.block(blocks[0], blocks[-1], new)
                rows = replace(rows, **{name: getattr(block, name) for name in changed})
            try:
                solution = self._solve_part(blocks, rows) or warm.scale.unscaled(
                    self._run(warm, rows)
                )
                failure = "" if fits(rows, solution) else block_solver.NO_NUMBERS
            except SolverError as error:
                failure = str(error)
            warm.is_started = not failure and solution.basis is not None
            if not failure:
                x[span], duals[inside] = solution.x, solution.duals
                self._solved_again.update(blocks)
            attempts.update(dict.fromkeys(blocks, ("" if failure else solution.attempt, failure)))
        if attempts:
            self._last_point = _Point(program, fitted.arrays, x, duals)
        return attempts

    def _solve_part(self, blocks: tuple[int, ...], rows: LinearProgram) -> Solution | None:
        """Return a block's solution by its changed minerals alone; None: solve the whole block."""
        warm, block = self._warm_starts[blocks[0]], blocks[0]
        if not self._is_local or warm.is_started or len(blocks) > 1 or rows.whole.any():
            return None
        if warm.parts is None:
            start, base = self._base_point, self.base.program
            point = start.x[base.columns_of(block)], start.duals[base.rows_of(block)]
            warm.parts = Parts(base, block, warm.rows, warm.scale, warm.basis, point)
        try:
            return warm.parts.solve(rows)
        except SolverError:
            return None

    def _extended_basis(self, program: Program, fitted: FittedVariant, b: int) -> Any:
        """Return the basis of a block's counterpart in the base, with new columns and rows added.

        None without ``is_near``, or if the base has no counterpart.
        """
        warm = self._warm_starts.get(int(fitted.like[b])) if self._is_near else None
        if warm is None:
            return None
        # the basis covers all blocks solved together, from ``first`` on
        base, first = self.base.program, warm.blocks[0]
        every = (
            (fitted.columns[program.columns_of(b)], base.columns_of(first)),
            (fitted.rows[program.rows_of(b)], base.rows_of(first)),
        )
        columns, rows = (np.where(places >= 0, places - piece.start, -1) for places, piece in every)
        return extended_basis(warm.basis, columns, rows)

    @staticmethod
    def _run(warm: _WarmStart, rows: LinearProgram) -> Solution:
        """Change the numbers of the program in the solver, and solve it from its last basis."""
        if warm.solver is None or warm.scaled is None:
            warm.scaled = warm.scale.scaled(warm.rows)
            warm.solver = PersistentSolver(AGAIN).load(warm.scaled)
        warm.solver.change_program(warm.scale.scaled(rows, (warm.rows, warm.scaled)))
        if not warm.is_started:
            warm.solver.start_from(warm.basis)
            warm.is_started = True
        return warm.solver.run()


@dataclass(frozen=True)
class _Check:
    """The result of a block with given values and duals, and whether it is certified optimal."""

    result: block_solver.BlockResult
    is_optimal: bool


def _runs(blocks: Ints) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of each run of consecutive blocks; ``blocks`` are ascending."""
    if len(blocks):
        for run in np.split(blocks, np.flatnonzero(np.diff(blocks) > 1) + 1):
            yield int(run[0]), int(run[-1])


def _checks(
    solver: block_solver.BlockSolver, blocks: Ints, point: tuple[Floats, Floats]
) -> dict[int, _Check]:
    """Certify the values and duals of the whole program for the given blocks, in order."""
    checks, program, (x, duals) = {}, solver.program, point
    for first, last in _runs(blocks):
        columns, rows = program.columns_of(first, last), program.rows_of(first, last)
        solution = Solution(x[columns], duals[rows], attempt=_AS_BEFORE)
        certificates = program.certify(solution.x, solution.duals, solver.measure, first, last)
        proven = certificates.within(tolerances.NEEDS_NO_SOLVE, tolerances.NEEDS_NO_SOLVE)
        for b in range(first, last + 1):
            result = block_solver.block_result(
                program, b, solution, certificates, solver.measure, first
            )
            is_integer = bool(program.rows.whole[program.columns_of(b)].any())
            checks[b] = _Check(result, bool(proven[b - first]) and not is_integer)
    return checks


def _with_charges(base: Program, rows: LinearProgram) -> tuple[ComponentArrays, ...]:
    """Return the base's columns, with the change of their cost added under their first heading.

    It is due in the column's year. If the cost is due in other years, such as a plant's capital,
    the change is due in these, in proportion.
    """
    if rows.cost is base.rows.cost:
        return base.variables
    increase = rows.cost - base.rows.cost
    discounts = base.draft.expanded.discounts
    groups = []
    for group in base.variables:
        if group.charges and increase[group.at].any():
            year, change = group.cell % len(discounts), increase[group.at]
            heading = group.charges[0].heading
            own = [charge for charge in group.charges if charge.heading is heading]
            more: tuple[Charge, ...]
            if all(np.array_equal(charge.year, year) for charge in own):
                more = (Charge(heading, change / discounts[year], year),)
            else:
                due = np.sum([charge.price * discounts[charge.year] for charge in own], axis=0)
                part = np.divide(change, due, out=np.zeros_like(change), where=due != 0)
                rest = np.where(due != 0, 0.0, change)
                more = tuple(replace(charge, price=charge.price * part) for charge in own)
                more = (*more, Charge(heading, rest / discounts[year], year))
            groups.append(replace(group, charges=(*group.charges, *more)))
        else:
            groups.append(group)
    return tuple(groups)


def _has_same_layout(base: Expanded, variant: Expanded) -> bool:
    """Return whether records whose positions are keys have the same positions.

    Rows of Security may differ: a program has the numbers of its own case's rows.
    """

    def layout(e: Expanded) -> tuple[Any, ...]:
        case = e.case
        return (
            e.minerals,
            e.members,
            e.years,
            [(s.name, s.project, s.mineral) for s in e.sources],
            [(c.refiner, c.mineral, c.member) for c in case.contracts],
            [p.name for p in case.projects],
            [(m.mineral, m.country) for m in case.mines],
            [(i.mineral, i.refiner, i.project, i.product) for i in e.plant_inputs],
        )

    return layout(base) == layout(variant)
