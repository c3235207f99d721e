"""A session: a case and its variants, planned one after another; what they share is made once.

Each block of the base case stays in the solver with its basis. A variant's program is made from its
own case (``models.program``) and laid out as the base's; a block whose plan of before still
proves itself is not solved again, any other is changed in place and solved from where it was, and
every plan is proven anew from the variant's own arrays. What does not fit the base's layout, or
gives no proof, is solved cold.

The plan of a variant depends on the base case, and on the variants solved since ``restart``, and on
nothing else: a study that fixes its chains gets the same plans, to the bit, wherever they run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from models.case import Case
from models.errors import SolverError
from models.plan.block_solver import (
    NO_NUMBERS,
    BlockResult,
    BlockSolver,
    block_result,
    optimality_words,
    together,
)
from models.plan.plan import Plan
from models.plan.solving import check
from models.program import Fitted, Program, Scaling, fit
from models.resolve import Bools, Expanded, Floats
from models.solve import Certificates, Held, Rows, Solution, extended, fits

_SETTLED = 1e-11
"""A plan of before needs no solve where violation and gap are below this: the rounding of sums."""


@dataclass
class _Kept:
    """Blocks of the base in one solver: how they are scaled, and the basis that they begin from.

    ``is_under_way`` says whether they have started from there since the session did.
    """

    blocks: tuple[int, ...]
    rows: Rows
    scale: Scaling
    basis: Any
    held: Held | None = None
    is_under_way: bool = False


class Session:
    """Plans of one base case and of its variants."""

    def __init__(
        self, base: Case, *, is_near: bool = False, is_compared: bool = True, beside: bool = False
    ) -> None:
        """Keep the base case, whose program is compared with its model.

        Without ``is_compared`` that is so once its own plan is asked for: another session of the
        same case has done it. With ``beside`` a process beside does it: plans are the case's once
        ``confirm`` says so.

        Those of variants are not: that arrays and model are one program is tested on cases of every
        kind, and the certificate of each plan holds it against the variant's own arrays.

        With ``is_near`` a block that has more than its like in the base starts from that one's
        basis: it takes less time, and of plans that cost the same it is one near the base's.
        """
        self.case = base
        self._is_near = is_near
        self._is_compared = is_compared
        self._is_beside = beside
        self._start: tuple[Floats, Floats] = (np.zeros(0), np.zeros(0))
        self._x, self._duals = self._start
        self._kept: dict[int, _Kept] = {}

    @cached_property
    def _solver(self) -> BlockSolver:
        return BlockSolver(Expanded(self.case), is_compared=self._is_compared)

    @cached_property
    def base(self) -> Plan:
        """The plan of the base case; the same as that of ``solve``."""
        plan, solver = self._begun, self._solver
        if self._is_compared:
            return plan
        built = solver.compare_all()
        results = [replace(b, built=built[b.block]) for b in plan.blocks]
        return Plan(self.case, results, solver.expanded, solver.program)

    @cached_property
    def _begun(self) -> Plan:
        """The plan of the base case, perhaps not yet compared."""
        check(self.case)
        solver, results = self._solver, list[BlockResult]()
        if self._is_beside:
            solver.compare_beside()
        for group in together(solver.program.blocks):
            found = solver(group)
            for blocks, *run in solver.runs(found):
                self._kept.update(dict.fromkeys(blocks, _Kept(blocks, *run)))
            results += found
        plan = Plan(self.case, results, solver.expanded, solver.program)
        self._start = (plan.solver_x, plan.discounted)
        self.restart()
        return plan

    def confirm(self) -> None:
        """Wait for what is compared beside; SolverError where the plans are not the case's."""
        self._solver.confirm()

    def restart(self) -> None:
        """Let the next variant start from the base case's plan."""
        self._x, self._duals = (a.copy() for a in self._start)
        for kept in self._kept.values():
            kept.is_under_way = False

    def solve(self, case: Case) -> Plan:
        """Return the proven optimal plan of a variant, started from the one solved before.

        Raises InputError where its records contradict one another, SolverError where no attempt
        gives a proven optimum.
        """
        if case is self.case:
            return self.base
        base = self._begun.program
        check(case, self.case)
        expanded = self._solver.expanded.changed(case)
        solver = BlockSolver(expanded, base.names, like=base, is_compared=False)
        is_like = _comparable(self._solver.expanded, expanded)
        results = self._from_before(solver) if is_like else solver.all()
        return Plan(case, results, expanded, solver.program)

    def _from_before(self, solver: BlockSolver) -> list[BlockResult]:
        """Solve a variant's blocks from the plan before; cold where they do not fit the base's."""
        program = solver.program
        fitted = fit(program, self._begun.program)
        x, duals = self._in_variant(fitted)
        certificates = program.certify(x, duals, solver.measure)
        settled = _settled(program, fitted, certificates)
        told = self._solve_pieces(fitted, settled)
        if told:
            x, duals = self._in_variant(fitted)
            certificates = program.certify(x, duals, solver.measure)
        results = []
        for b, of in enumerate(fitted.of_block.tolist()):
            name, trouble = told.get(of, ("as before", "" if settled[b] else "not kept"))
            solution = Solution(x, duals, np.zeros(0), attempt=name)
            result = block_result(program, b, solution, certificates, solver.measure)
            proof = result.certificate
            if of < 0 or trouble or not proof.passed:
                start = None if of in told else self._extended(program, fitted, b)
                result = solver.solve(b, start=start)
                if of in told:
                    trouble = trouble or (
                        f"violation {proof.violation:.2g}, {optimality_words(proof)}"
                    )
                    said = f"from the plan before: {trouble}"
                    result = replace(result, failures=(said, *result.failures))
                    self._kept[of].is_under_way = False
            results.append(result)
        return results

    def _in_variant(self, fitted: Fitted) -> tuple[Floats, Floats]:
        """Return the values and duals of before, in the variant's order; 0 for what is new."""
        x = np.where(fitted.columns >= 0, np.append(self._x, 0.0)[fitted.columns], 0.0)
        duals = np.where(fitted.rows >= 0, np.append(self._duals, 0.0)[fitted.rows], 0.0)
        return x, duals

    def _solve_pieces(self, fitted: Fitted, settled: Bools) -> dict[int, tuple[str, str]]:
        """Solve, in place and from where they were, the base's blocks that are not settled.

        Returns by block of the base the attempt's name and the trouble it met, for those solved.
        """
        told: dict[int, tuple[str, str]] = {}
        of = self._begun.program
        unsettled = {
            of for of, done in zip(fitted.of_block.tolist(), settled, strict=True) if not done
        }
        for piece in dict.fromkeys(kept.blocks for kept in self._kept.values()):
            if unsettled.isdisjoint(piece):
                continue
            kept = self._kept[piece[0]]
            at, inside = of.columns_of(piece[0], piece[-1]), of.rows_of(piece[0], piece[-1])
            rows = of.block(piece[0], piece[-1], fitted.arrays)
            try:
                found = kept.scale.unscaled(self._run(kept, rows))
                trouble = "" if fits(rows, found) else NO_NUMBERS
            except SolverError as error:
                trouble = str(error)
            kept.is_under_way = not trouble
            if not trouble:
                self._x[at], self._duals[inside] = found.x, found.duals
            told.update(dict.fromkeys(piece, ("" if trouble else found.attempt, trouble)))
        return told

    def _extended(self, program: Program, fitted: Fitted, b: int) -> Any:
        """Return the basis of a block's like in the base, for one that has more; None: none."""
        kept = self._kept.get(int(fitted.like[b])) if self._is_near else None
        if kept is None:
            return None
        of, first = self._begun.program, kept.blocks[0]
        every = (
            (fitted.columns[program.columns_of(b)], of.columns_of(first)),
            (fitted.rows[program.rows_of(b)], of.rows_of(first)),
        )
        columns, rows = (np.where(at >= 0, at - piece.start, -1) for at, piece in every)
        return extended(kept.basis, columns, rows)

    @staticmethod
    def _run(kept: _Kept, rows: Rows) -> Solution:
        """Change what the solver holds, and solve it from where it was."""
        if kept.held is None:
            kept.held = Held().load(kept.scale.scaled(kept.rows))
        kept.held.change(kept.scale.scaled(rows))
        if not kept.is_under_way:
            kept.held.start_from(kept.basis)
            kept.is_under_way = True
        return kept.held.run()


def _settled(program: Program, fitted: Fitted, certificates: Certificates) -> Bools:
    """Return the blocks whose plan of before is proven for a variant as it stands."""
    whole = program.rows.whole
    searched = np.array(
        [bool(whole[program.columns_of(b)].any()) for b in range(len(program.blocks))], dtype=bool
    )
    proven = certificates.within(_SETTLED, _SETTLED)
    return np.asarray(proven & ~searched & (fitted.of_block >= 0))


def _comparable(base: Expanded, variant: Expanded) -> bool:
    """Return whether positions of minerals, members, years, sources and contracts are the same."""

    def said(e: Expanded) -> tuple[Any, ...]:
        case = e.case
        return (
            e.minerals,
            e.members,
            e.years,
            [(s.name, s.project, s.mineral) for s in e.sources],
            [(c.refiner, c.mineral, c.member) for c in case.contracts],
            [p.name for p in case.projects],
            [(m.mineral, m.country) for m in case.mines],
        )

    return said(base) == said(variant)
