"""A session: a case and its variants, planned one after another; what they share is made once.

Each block of the base case stays in the solver with its basis. A variant's program is made from its
own case (``models.program``) and laid out as the base's; a block whose plan of before still
proves itself is not solved again, any other is changed in place and solved from where it was, and
every plan is proven again from the variant's own arrays. What does not fit the base's layout, or
gives no proof, is solved cold.

The plan of a variant depends on the base case, and on the variants solved since ``restart``, and on
nothing else: a study that fixes its chains gets the same plans, to the bit, wherever they run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from models import tolerances
from models.case import Case, CaseStep, SetNumber
from models.errors import SolverError
from models.plan import block_solver, solving
from models.plan.plan import Plan
from models.plan.variation import ARRAYS, NoVectorsError, Variation
from models.program import ComponentArrays, FittedVariant, Program, Scaling, build_program, fit
from models.program.builder import Charge
from models.resolve import Bools, Expanded, Floats, Ints
from models.solve import AGAIN, LinearProgram, PersistentSolver, Solution, extended_basis, fits

_AS_BEFORE = "as before"


@dataclass
class _Kept:
    """Blocks of the base in one solver: how they are scaled, and the basis that they begin from.

    ``is_under_way`` says whether they have started from there since the session did.
    """

    blocks: tuple[int, ...]
    rows: LinearProgram
    scale: Scaling
    basis: Any
    solver: PersistentSolver | None = None
    is_under_way: bool = False


class Session:
    """Plans of one base case and of its variants."""

    def __init__(
        self,
        base: Case,
        *,
        is_near: bool = False,
        is_compared: bool = True,
        in_background: bool = False,
    ) -> None:
        """Keep the base case, whose program is compared with its model.

        Without ``is_compared`` somebody else compares them. ``in_background`` a process of its own
        does: plans are the case's once ``confirm`` has returned.

        Those of variants are not: that arrays and model are one program is tested on cases of every
        kind, and the certificate of each plan holds it against the variant's own arrays.

        With ``is_near`` a block that has more than its like in the base starts from that one's
        basis: it takes less time, and of plans that cost the same it is one near the base's.
        """
        self.case = base
        self._is_near = is_near
        self._is_compared = is_compared
        self._in_background = in_background
        self._start: tuple[Floats, Floats] = (np.zeros(0), np.zeros(0))
        self._x, self._duals = self._start
        self._moved: set[int] = set()
        self._kept: dict[int, _Kept] = {}
        self._checked: set[Any] = set()

    @cached_property
    def _solver(self) -> block_solver.BlockSolver:
        return block_solver.BlockSolver(Expanded(self.case), compares_here=self._is_compared)

    @cached_property
    def base(self) -> Plan:
        """The plan of the base case; the same as that of ``solve``."""
        solving.check(self.case)
        solver, results = self._solver, list[block_solver.BlockResult]()
        if self._in_background:
            solver.compare_in_background()
        for group in block_solver.together(solver.program.blocks):
            proven = solver(group)
            for blocks, *run in solver.runs(proven):
                self._kept.update(dict.fromkeys(blocks, _Kept(blocks, *run)))
            results += proven
        plan = Plan(self.case, results, solver.expanded, solver.program)
        self._start = (plan.solver_x, plan.discounted)
        self.restart()
        return plan

    def confirm(self) -> None:
        """Wait for the background comparison of Pyomo models with the arrays that were solved.

        SolverError if they differ: then the plans are not the case's. Without a comparison in the
        background, nothing is done.
        """
        self._solver.confirm()

    def restart(self) -> None:
        """Let the next variant start from the base case's plan."""
        self._x, self._duals = (a.copy() for a in self._start)
        self._moved.clear()
        for kept in self._kept.values():
            kept.is_under_way = False

    def solve(self, case: Case) -> Plan:
        """Return the proven optimal plan of a variant, started from the one solved before.

        Raises InputError where its records contradict one another, SolverError where no attempt
        gives a proven optimum.
        """
        if case is self.case:
            return self.base
        base = self.base.program
        solving.check(case, self.case)
        expanded = self._solver.expanded.changed(case)
        program = build_program(expanded, base.names, like=base)
        solver = block_solver.BlockSolver(expanded, program, is_compared=False)
        is_like = _comparable(self._solver.expanded, expanded)
        results = self._from_before(solver) if is_like else solver.all()
        return Plan(case, results, expanded, solver.program)

    def solve_cold(self, case: Case) -> Plan:
        """Return the proven optimal plan of a variant, started from nothing.

        Of plans that cost the same, the one found does then not depend on the base. Raises what
        ``solve`` raises.
        """
        solving.check(case, self.case)
        expanded = Expanded(case)
        solver = block_solver.BlockSolver(expanded, is_compared=False)
        return Plan(case, solver.all(), expanded, solver.program)

    # ---- what differs from the base -------------------------------------------------------------

    @cached_property
    def variation(self) -> Variation:
        """The changes of the base case as vectors of its program."""
        return Variation(self._solver.expanded, self.base.program)

    def vary(self, parts: Sequence[CaseStep]) -> Plan | None:
        """Return the proven optimal plan of a variant that is a change of vectors.

        None where vectors don't express it, or give no proof: then ``solve`` its case. The plan's
        program is the variant's; ``case``, and what is resolved of it, are the base's. So read
        amounts, prices and costs of columns of it, and total and cash cost, but no table. Raises
        InputError where the first number that a kind of change sets contradicts records; a later
        one that does has no plan, so ``solve`` says why. Countries' tonnes may be read, too; the
        limits beside them are the base's.
        """
        for part in parts:
            if isinstance(part.kind, SetNumber) and part.kind.turn not in self._checked:
                solving.check(part(self.case), self.case)
                self._checked.add(part.kind.turn)
        base, e = self.base.program, self._solver.expanded
        try:
            rows = self.variation.arrays(parts)
            program = replace(base, rows=rows, variables=_charged(base, rows))
            solver = block_solver.BlockSolver(e, program, is_compared=False)
            return Plan(self.case, self._from_before(solver), e, program)
        except (NoVectorsError, SolverError):
            return None

    @cached_property
    def _standing(self) -> tuple[list[block_solver.BlockResult], Bools]:
        """The blocks of a variant that leaves them unchanged, and which of them need no solve."""
        blocks = np.arange(len(self.base.program.blocks))
        proofs = _proofs(self._solver, blocks, self._start).values()
        return [p.result for p in proofs], np.array([p.is_settled for p in proofs], dtype=bool)

    def _touched(self, program: Program, measure: Floats) -> Bools:
        """Return the blocks of a variant whose plan may differ from the base's."""
        base, touched = self.base.program, ~self._standing[1]
        touched |= measure != self._solver.measure
        touched[[*self._moved]] = True
        rows = program.rows
        starts = {"cost": base.column_starts, "row_lower": base.row_starts}
        starts |= dict.fromkeys(("lower", "upper"), base.column_starts)
        starts |= {"row_upper": base.row_starts, "values": base.rows.starts[base.row_starts]}
        for name in ARRAYS:
            now, before = getattr(rows, name), getattr(base.rows, name)
            if now is not before:
                at = np.flatnonzero(now != before)
                touched[np.searchsorted(starts[name], at, side="right") - 1] = True
        return touched

    # ---- from the plan before -------------------------------------------------------------------

    def _from_before(self, solver: block_solver.BlockSolver) -> list[block_solver.BlockResult]:
        """Solve a variant's blocks from the plan before; cold where they do not fit the base's."""
        base, program = self.base.program, solver.program
        fitted = fit(program, base)
        is_vectors = program.rows.columns is base.rows.columns
        is_vectors = is_vectors and np.array_equal(program.rows.whole, base.rows.whole)
        results = dict(enumerate(self._standing[0] if is_vectors else ()))
        touched = np.ones(len(fitted.like), dtype=bool)
        if is_vectors:
            touched = self._touched(program, solver.measure)
        point = self._in_variant(fitted)
        moved = touched & _is_refuted(program, point) & np.isin(fitted.of_block, [*self._kept])
        proofs = _proofs(solver, np.flatnonzero(touched & ~moved), point)
        settled = {b for b, proof in proofs.items() if fitted.of_block[b] >= 0 and proof.is_settled}
        unsettled = fitted.of_block[[*({*proofs} - settled), *np.flatnonzero(moved)]]
        troubles = self._solve_pieces(fitted, {*unsettled.tolist()})
        if troubles:
            again = np.isin(fitted.of_block, [*troubles])
            point = self._in_variant(fitted)
            proofs |= _proofs(solver, np.flatnonzero(again), point)
        for b, proof in proofs.items():
            block = int(fitted.of_block[b])
            name, trouble = troubles.get(block, (_AS_BEFORE, "" if b in settled else "not kept"))
            result = replace(proof.result, attempt=name)
            if block < 0 or trouble or not result.certificate.passed:
                start = None if block in troubles else self._extended(program, fitted, b)
                certificate, result = result.certificate, solver.solve(b, start=start)
                if block in troubles:
                    trouble = trouble or (
                        f"violation {certificate.violation:.2g},"
                        f" {block_solver.optimality_words(certificate)}"
                    )
                    attempt = f"from the plan before: {trouble}"
                    result = replace(result, failures=(attempt, *result.failures))
                    self._kept[block].is_under_way = False
            results[b] = result
        return [results[b] for b in sorted(results)]

    def _in_variant(self, fitted: FittedVariant) -> tuple[Floats, Floats]:
        """Return the values and duals of before in the variant's order; 0 for what is new."""
        x = np.where(fitted.columns >= 0, np.append(self._x, 0.0)[fitted.columns], 0.0)
        duals = np.where(fitted.rows >= 0, np.append(self._duals, 0.0)[fitted.rows], 0.0)
        return x, duals

    def _solve_pieces(
        self, fitted: FittedVariant, unsettled: set[int]
    ) -> dict[int, tuple[str, str]]:
        """Solve blocks that are not settled, by the base's numbers, from where they were.

        Returns for each block that was solved the attempt's name and the trouble it met.
        """
        troubles: dict[int, tuple[str, str]] = {}
        program = self.base.program
        for piece in dict.fromkeys(kept.blocks for kept in self._kept.values()):
            if unsettled.isdisjoint(piece):
                continue
            kept = self._kept[piece[0]]
            span, inside = (of(piece[0], piece[-1]) for of in (program.columns_of, program.rows_of))
            rows = program.block(piece[0], piece[-1], fitted.arrays)
            try:
                solution = kept.scale.unscaled(self._run(kept, rows))
                trouble = "" if fits(rows, solution) else block_solver.NO_NUMBERS
            except SolverError as error:
                trouble = str(error)
            kept.is_under_way = not trouble
            if not trouble:
                self._x[span], self._duals[inside] = solution.x, solution.duals
                self._moved.update(piece)
            troubles.update(dict.fromkeys(piece, ("" if trouble else solution.attempt, trouble)))
        return troubles

    def _extended(self, program: Program, fitted: FittedVariant, b: int) -> Any:
        """Return the extended basis of the like block in the base; None if there is none."""
        kept = self._kept.get(int(fitted.like[b])) if self._is_near else None
        if kept is None:
            return None
        base, first = self.base.program, kept.blocks[0]
        every = (
            (fitted.columns[program.columns_of(b)], base.columns_of(first)),
            (fitted.rows[program.rows_of(b)], base.rows_of(first)),
        )
        columns, rows = (np.where(places >= 0, places - piece.start, -1) for places, piece in every)
        return extended_basis(kept.basis, columns, rows)

    @staticmethod
    def _run(kept: _Kept, rows: LinearProgram) -> Solution:
        """Change the program that the solver has, and solve it from where it was."""
        if kept.solver is None:
            kept.solver = PersistentSolver(AGAIN).load(kept.scale.scaled(kept.rows))
        kept.solver.change(kept.scale.scaled(rows))
        if not kept.is_under_way:
            kept.solver.start_from(kept.basis)
            kept.is_under_way = True
        return kept.solver.run()


@dataclass(frozen=True)
class _Proof:
    """What a point is worth as the plan of a block; settled: it need not be solved."""

    result: block_solver.BlockResult
    is_settled: bool


def _is_refuted(program: Program, point: tuple[Floats, Floats]) -> Bools:
    """Return the blocks that values and duals are surely no optimum of: nobody need certify them.

    A limit is broken, or one that has a price is not met, by more than rounding.
    """
    rows, (x, duals) = program.rows, point
    activity, limit = rows.activity(x), np.where(duals > 0, rows.row_lower, rows.row_upper)
    apart = np.where(duals != 0, np.abs(activity - limit), 0.0)
    beyond = np.maximum(rows.lower - x, x - rows.upper)
    refuted = np.zeros(len(program.blocks), dtype=bool)
    for starts, far, size in (
        (program.row_starts, apart, limit),
        (program.column_starts, beyond, x),
    ):
        at = np.flatnonzero(far > tolerances.REFUTED * np.maximum(1.0, np.abs(size)))
        refuted[np.searchsorted(starts, at, side="right") - 1] = True
    return refuted


def _proofs(
    solver: block_solver.BlockSolver, blocks: Ints, point: tuple[Floats, Floats]
) -> dict[int, _Proof]:
    """Return of some blocks, in order, what values and duals of the whole program are worth."""
    found, program, (x, duals) = {}, solver.program, point
    for run in np.split(blocks, np.flatnonzero(np.diff(blocks) > 1) + 1) if len(blocks) else ():
        first, last = int(run[0]), int(run[-1])
        columns, rows = program.columns_of(first, last), program.rows_of(first, last)
        solution = Solution(x[columns], duals[rows], np.zeros(0), attempt=_AS_BEFORE)
        proofs = program.certify(solution.x, solution.duals, solver.measure, first, last)
        proven = proofs.within(tolerances.NEEDS_NO_SOLVE, tolerances.NEEDS_NO_SOLVE)
        for b in run.tolist():
            result = block_solver.block_result(program, b, solution, proofs, solver.measure, first)
            searched = bool(program.rows.whole[program.columns_of(b)].any())
            found[b] = _Proof(result, bool(proven[b - first]) and not searched)
    return found


def _charged(base: Program, rows: LinearProgram) -> tuple[ComponentArrays, ...]:
    """Return a program's columns with what their cost has changed by, charged to one heading."""
    if rows.cost is base.rows.cost:
        return base.variables
    more = rows.cost - base.rows.cost
    worth = base.draft.expanded.discounts
    found = []
    for group in base.variables:
        if group.charges and more[group.at].any():
            year = group.cell % len(worth)
            charge = Charge(group.charges[0].heading, more[group.at] / worth[year], year)
            found.append(replace(group, charges=(*group.charges, charge)))
        else:
            found.append(group)
    return tuple(found)


def _comparable(base: Expanded, variant: Expanded) -> bool:
    """Return whether positions of minerals, members, years, sources and contracts are the same."""

    def layout(e: Expanded) -> tuple[Any, ...]:
        """Return the names by which positions are given; equal for cases with equal positions."""
        case = e.case
        return (
            e.minerals,
            e.members,
            e.years,
            [(s.name, s.project, s.mineral) for s in e.sources],
            [(c.refiner, c.mineral, c.member) for c in case.contracts],
            [p.name for p in case.projects],
            [(m.mineral, m.country) for m in case.mines],
            [(i.mineral, i.refiner, i.project, i.product) for i in e.intakes],
        )

    return layout(base) == layout(variant)
