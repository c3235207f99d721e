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

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from models import tolerances
from models.case import Case
from models.errors import SolverError
from models.plan import block_solver, solving
from models.plan.plan import Plan
from models.program import Fitted, Program, Scaling, fit, split
from models.program.builder import all_names
from models.program.parts import PartialProgram, apart, part_of, spliced, touched
from models.resolve import Bools, Expanded, Floats
from models.solve import (
    AGAIN,
    Certificates,
    LinearProgram,
    PersistentSolver,
    Solution,
    extended,
    fits,
)

_KEPT = 4
"""Parts of the base are kept laid out that have so many times its columns in all."""
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

        Without ``is_compared`` that is so once its own plan is asked for: another session of the
        same case has done it. ``in_background`` a process of its own compares them: plans are
        the case's once ``confirm`` has returned.

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
        self._parts: dict[frozenset[int], PartialProgram] = {}
        self._kept: dict[int, _Kept] = {}

    @cached_property
    def _solver(self) -> block_solver.BlockSolver:
        return block_solver.BlockSolver(Expanded(self.case), is_compared=self._is_compared)

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
        """Wait for the background; SolverError where the plans are not the case's."""
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
        base = self._begun.program
        solving.check(case, self.case)
        part = self._differing(case)
        spliced_plan = None if part is None else self._solve_part(case, part)
        if spliced_plan is not None:
            return spliced_plan
        expanded = self._solver.expanded.changed(case)
        solver = block_solver.BlockSolver(expanded, base.names, like=base, is_compared=False)
        is_like = _comparable(self._solver.expanded, expanded)
        results = self._from_before(solver, self._whole) if is_like else solver.all()
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
    def _whole(self) -> PartialProgram:
        base = self._solver.expanded
        return part_of(base, self._begun.program, range(len(base.minerals)))

    @cached_property
    def _apart(self) -> tuple[frozenset[int], ...]:
        pieces = dict.fromkeys(kept.blocks for kept in self._kept.values())
        return apart(self._solver.expanded, self._begun.program, pieces)

    def _part(self, minerals: frozenset[int]) -> PartialProgram:
        """Return a part of the base; the last are kept, since a study's neighbours are alike."""
        base, parts = self._begun.program, self._parts
        if minerals not in parts:
            parts[minerals] = part_of(self._solver.expanded, base, minerals)
            while sum(len(p.columns) for p in parts.values()) > _KEPT * len(base.rows.cost):
                del parts[next(iter(parts))]
        return parts[minerals]

    @cached_property
    def _standing(self) -> tuple[list[block_solver.BlockResult], Bools]:
        """The blocks of a variant that leaves them unchanged, and which of them need no solve."""
        program, measure = self._begun.program, self._solver.measure
        certificates = program.certify(*self._start, measure)
        solution = Solution(*self._start, np.zeros(0), attempt=_AS_BEFORE)
        blocks = range(len(program.blocks))
        results = [
            block_solver.block_result(program, b, solution, certificates, measure) for b in blocks
        ]
        return results, _settled(program, certificates)

    def _differing(self, case: Case) -> PartialProgram | None:
        """Return the part in which a variant may differ from the plan of the base.

        None where it may differ anywhere, and where its blocks are not the base's.
        """
        base, names = self._begun.program, touched(self.case, case)
        if names is None or len(self._apart) == 1 or split(case) != base.blocks:
            return None
        position, unsettled = self._solver.expanded.mineral_at, ~self._standing[1]
        unsettled[[*self._moved]] = True
        minerals = {position[name] for name in names}
        minerals |= {m for b in np.flatnonzero(unsettled) for m, _ in base.blocks[b]}
        groups = [group for group in self._apart if not group.isdisjoint(minerals)]
        if not groups or len(groups) == len(self._apart):
            return None
        part = self._part(frozenset().union(*groups))
        same = base.measure(case.tolerance_scale) == self._solver.measure
        same[[*part.blocks]] = True
        return part if same.all() else None

    def _solve_part(self, case: Case, part: PartialProgram) -> Plan | None:
        """Solve the part that differs, laid out alone; None where positions are not the base's.

        Everything else is as in the base.
        """
        base, expanded = self._begun.program, part.expanded.changed(part.of(case))
        names = (*base.names, *sorted(all_names(expanded).difference(base.names)))
        scale = case.tolerance_scale
        solver = block_solver.BlockSolver(expanded, names, tolerance_scale=scale, is_compared=False)
        if not _comparable(part.expanded, expanded):
            return None
        results = self._standing[0].copy()
        for result in self._from_before(solver, part):
            block = part.blocks[result.block]
            results[block] = replace(result, block=block)
        whole = self._solver.expanded.changed(case)
        return Plan(case, results, whole, spliced(base, part, whole, expanded, solver.program))

    # ---- from the plan before -------------------------------------------------------------------

    def _from_before(
        self, solver: block_solver.BlockSolver, part: PartialProgram
    ) -> list[block_solver.BlockResult]:
        """Solve a variant's blocks from the plan before; cold where they do not fit the base's."""
        program = solver.program
        fitted = fit(program, part.program)
        x, duals = self._in_variant(fitted, part)
        certificates = program.certify(x, duals, solver.measure)
        settled = _settled(program, certificates) & (fitted.of_block >= 0)
        troubles = self._solve_pieces(fitted, settled, part)
        if troubles:
            x, duals = self._in_variant(fitted, part)
            certificates = program.certify(x, duals, solver.measure)
        results = []
        for b, block in enumerate(fitted.of_block.tolist()):
            name, trouble = troubles.get(block, (_AS_BEFORE, "" if settled[b] else "not kept"))
            solution = Solution(x, duals, np.zeros(0), attempt=name)
            result = block_solver.block_result(program, b, solution, certificates, solver.measure)
            proof = result.certificate
            if block < 0 or trouble or not proof.passed:
                start = None if block in troubles else self._extended(program, fitted, b, part)
                result = solver.solve(b, start=start)
                if block in troubles:
                    trouble = trouble or (
                        f"violation {proof.violation:.2g}, {block_solver.optimality_words(proof)}"
                    )
                    attempt = f"from the plan before: {trouble}"
                    result = replace(result, failures=(attempt, *result.failures))
                    self._kept[part.blocks[block]].is_under_way = False
            results.append(result)
        return results

    def _in_variant(self, fitted: Fitted, part: PartialProgram) -> tuple[Floats, Floats]:
        """Return the values and duals of before in the variant's order; 0 for what is new."""
        x, duals = self._x[part.columns], self._duals[part.rows]
        x = np.where(fitted.columns >= 0, np.append(x, 0.0)[fitted.columns], 0.0)
        duals = np.where(fitted.rows >= 0, np.append(duals, 0.0)[fitted.rows], 0.0)
        return x, duals

    def _solve_pieces(
        self, fitted: Fitted, settled: Bools, part: PartialProgram
    ) -> dict[int, tuple[str, str]]:
        """Solve the part's blocks that are not settled, in place and from where they were.

        Returns for each of them the attempt's name and the trouble it met.
        """
        troubles: dict[int, tuple[str, str]] = {}
        program = part.program
        unsettled = {
            block for block, done in zip(fitted.of_block.tolist(), settled, strict=True) if not done
        }
        place = {b: i for i, b in enumerate(part.blocks)}
        for piece in dict.fromkeys(self._kept[b].blocks for b in part.blocks if b in self._kept):
            blocks = [place[b] for b in piece]
            if unsettled.isdisjoint(blocks):
                continue
            kept = self._kept[piece[0]]
            ends = blocks[0], blocks[-1]
            span, inside = program.columns_of(*ends), program.rows_of(*ends)
            rows = program.block(*ends, fitted.arrays)
            try:
                solution = kept.scale.unscaled(self._run(kept, rows))
                trouble = "" if fits(rows, solution) else block_solver.NO_NUMBERS
            except SolverError as error:
                trouble = str(error)
            kept.is_under_way = not trouble
            if not trouble:
                self._x[part.columns[span]] = solution.x
                self._duals[part.rows[inside]] = solution.duals
                self._moved.update(piece)
            troubles.update(dict.fromkeys(blocks, ("" if trouble else solution.attempt, trouble)))
        return troubles

    def _extended(self, program: Program, fitted: Fitted, b: int, part: PartialProgram) -> Any:
        """Return the extended basis of the like block in the base; None if there is none."""
        like = int(fitted.like[b])
        kept = self._kept.get(part.blocks[like]) if self._is_near and like >= 0 else None
        if kept is None:
            return None
        base, first = part.program, part.blocks.index(kept.blocks[0])
        every = (
            (fitted.columns[program.columns_of(b)], base.columns_of(first)),
            (fitted.rows[program.rows_of(b)], base.rows_of(first)),
        )
        columns, rows = (np.where(places >= 0, places - piece.start, -1) for places, piece in every)
        return extended(kept.basis, columns, rows)

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


def _settled(program: Program, certificates: Certificates) -> Bools:
    """Return the blocks whose earlier plan is proven for a variant as it is."""
    whole = program.rows.whole
    searched = np.array(
        [bool(whole[program.columns_of(b)].any()) for b in range(len(program.blocks))], dtype=bool
    )
    proven = certificates.within(tolerances.SETTLED, tolerances.SETTLED)
    return np.asarray(proven & ~searched)


def _comparable(base: Expanded, variant: Expanded) -> bool:
    """Return whether positions of minerals, members, years, sources and contracts are the same."""

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
            [(i.mineral, i.refiner, i.project, i.product) for i in e.intakes],
        )

    return layout(base) == layout(variant)
