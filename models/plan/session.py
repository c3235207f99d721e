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

from models import tolerances
from models.case import Case
from models.errors import SolverError
from models.plan import block_solver, solving
from models.plan.plan import Plan
from models.program import Fitted, Program, Scaling, fit, split
from models.program.builder import all_names
from models.program.parts import PartialProgram, apart, part_of, spliced, touched
from models.resolve import Bools, Expanded, Floats
from models.solve import AGAIN, Certificates, Held, LinearProgram, Solution, extended, fits

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
        self._moved: set[int] = set()
        self._known: dict[frozenset[int], PartialProgram] = {}
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
        if self._is_beside:
            solver.compare_beside()
        for group in block_solver.together(solver.program.blocks):
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
        found = None if part is None else self._solve_part(case, part)
        if found is not None:
            return found
        expanded = self._solver.expanded.changed(case)
        solver = block_solver.BlockSolver(expanded, base.names, like=base, is_compared=False)
        is_like = _comparable(self._solver.expanded, expanded)
        results = self._from_before(solver, self._whole) if is_like else solver.all()
        return Plan(case, results, expanded, solver.program)

    def solve_cold(self, case: Case) -> Plan:
        """Return the proven optimal plan of a variant, started from nothing: that of ``solve``.

        So it is the same beside any base: of plans that cost the same, the one found does not
        depend on what it is set beside. Raises what ``solve`` raises.
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
        """Return a part of the base; the last are kept, since neighbours in a study are alike."""
        base, known = self._begun.program, self._known
        if minerals not in known:
            known[minerals] = part_of(self._solver.expanded, base, minerals)
            while sum(len(p.columns) for p in known.values()) > _KEPT * len(base.rows.cost):
                del known[next(iter(known))]
        return known[minerals]

    @cached_property
    def _standing(self) -> tuple[list[block_solver.BlockResult], Bools]:
        """Blocks as a variant that leaves them alone has them, and which need no solve."""
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

        None where that is all of it, or cannot be told, and where the blocks are others.
        """
        base, names = self._begun.program, touched(self.case, case)
        if names is None or len(self._apart) == 1 or split(case) != base.blocks:
            return None
        at, unsettled = self._solver.expanded.mineral_at, ~self._standing[1]
        unsettled[[*self._moved]] = True
        minerals = {at[name] for name in names}
        minerals |= {m for b in np.flatnonzero(unsettled) for m, _ in base.blocks[b]}
        found = [one for one in self._apart if not one.isdisjoint(minerals)]
        if not found or len(found) == len(self._apart):
            return None
        part = self._part(frozenset().union(*found))
        same = base.measure(case.tolerance_scale) == self._solver.measure
        same[[*part.blocks]] = True
        return part if same.all() else None

    def _solve_part(self, case: Case, part: PartialProgram) -> Plan | None:
        """Solve the part that differs, laid out alone; None where it has others to plan for.

        All else stands as it is in the base.
        """
        base, own = self._begun.program, part.expanded.changed(part.of(case))
        names = (*base.names, *sorted(all_names(own).difference(base.names)))
        scale = case.tolerance_scale
        solver = block_solver.BlockSolver(own, names, tolerance_scale=scale, is_compared=False)
        if not _comparable(part.expanded, own):
            return None
        results = self._standing[0].copy()
        for result in self._from_before(solver, part):
            at = part.blocks[result.block]
            results[at] = replace(result, block=at)
        whole = self._solver.expanded.changed(case)
        return Plan(case, results, whole, spliced(base, part, whole, own, solver.program))

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
        told = self._solve_pieces(fitted, settled, part)
        if told:
            x, duals = self._in_variant(fitted, part)
            certificates = program.certify(x, duals, solver.measure)
        results = []
        for b, of in enumerate(fitted.of_block.tolist()):
            name, trouble = told.get(of, (_AS_BEFORE, "" if settled[b] else "not kept"))
            solution = Solution(x, duals, np.zeros(0), attempt=name)
            result = block_solver.block_result(program, b, solution, certificates, solver.measure)
            proof = result.certificate
            if of < 0 or trouble or not proof.passed:
                start = None if of in told else self._extended(program, fitted, b, part)
                result = solver.solve(b, start=start)
                if of in told:
                    trouble = trouble or (
                        f"violation {proof.violation:.2g}, {block_solver.optimality_words(proof)}"
                    )
                    said = f"from the plan before: {trouble}"
                    result = replace(result, failures=(said, *result.failures))
                    self._kept[part.blocks[of]].is_under_way = False
            results.append(result)
        return results

    def _in_variant(self, fitted: Fitted, part: PartialProgram) -> tuple[Floats, Floats]:
        """Return the values and duals of before, in the variant's order; 0 for what is new."""
        x, duals = self._x[part.columns], self._duals[part.rows]
        x = np.where(fitted.columns >= 0, np.append(x, 0.0)[fitted.columns], 0.0)
        duals = np.where(fitted.rows >= 0, np.append(duals, 0.0)[fitted.rows], 0.0)
        return x, duals

    def _solve_pieces(
        self, fitted: Fitted, settled: Bools, part: PartialProgram
    ) -> dict[int, tuple[str, str]]:
        """Solve, in place and from where they were, the part's blocks that are not settled.

        Returns by block of the part the attempt's name and the trouble it met, for those solved.
        """
        told: dict[int, tuple[str, str]] = {}
        of = part.program
        unsettled = {
            of for of, done in zip(fitted.of_block.tolist(), settled, strict=True) if not done
        }
        place = {b: i for i, b in enumerate(part.blocks)}
        for piece in dict.fromkeys(self._kept[b].blocks for b in part.blocks if b in self._kept):
            own = [place[b] for b in piece]
            if unsettled.isdisjoint(own):
                continue
            kept = self._kept[piece[0]]
            at, inside = of.columns_of(own[0], own[-1]), of.rows_of(own[0], own[-1])
            rows = of.block(own[0], own[-1], fitted.arrays)
            try:
                found = kept.scale.unscaled(self._run(kept, rows))
                trouble = "" if fits(rows, found) else block_solver.NO_NUMBERS
            except SolverError as error:
                trouble = str(error)
            kept.is_under_way = not trouble
            if not trouble:
                self._x[part.columns[at]] = found.x
                self._duals[part.rows[inside]] = found.duals
                self._moved.update(piece)
            told.update(dict.fromkeys(own, ("" if trouble else found.attempt, trouble)))
        return told

    def _extended(self, program: Program, fitted: Fitted, b: int, part: PartialProgram) -> Any:
        """Return the basis of a block's like in the base, for one that has more; None: none."""
        like = int(fitted.like[b])
        kept = self._kept.get(part.blocks[like]) if self._is_near and like >= 0 else None
        if kept is None:
            return None
        of, first = part.program, part.blocks.index(kept.blocks[0])
        every = (
            (fitted.columns[program.columns_of(b)], of.columns_of(first)),
            (fitted.rows[program.rows_of(b)], of.rows_of(first)),
        )
        columns, rows = (np.where(at >= 0, at - piece.start, -1) for at, piece in every)
        return extended(kept.basis, columns, rows)

    @staticmethod
    def _run(kept: _Kept, rows: LinearProgram) -> Solution:
        """Change what the solver holds, and solve it from where it was."""
        if kept.held is None:
            kept.held = Held(AGAIN).load(kept.scale.scaled(kept.rows))
        kept.held.change(kept.scale.scaled(rows))
        if not kept.is_under_way:
            kept.held.start_from(kept.basis)
            kept.is_under_way = True
        return kept.held.run()


def _settled(program: Program, certificates: Certificates) -> Bools:
    """Return the blocks whose plan of before is proven for a variant as it stands."""
    whole = program.rows.whole
    searched = np.array(
        [bool(whole[program.columns_of(b)].any()) for b in range(len(program.blocks))], dtype=bool
    )
    proven = certificates.within(tolerances.SETTLED, tolerances.SETTLED)
    return np.asarray(proven & ~searched)


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
            [(i.mineral, i.refiner, i.project, i.product) for i in e.intakes],
        )

    return said(base) == said(variant)
