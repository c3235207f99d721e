"""A session: a case and its variants, planned one after another; what they share is made once.

Each block of the base case stays in the solver with its basis. A variant's program is counted from
its own case (``models.account``) and laid out as the base's; a block whose plan of before still
proves itself is not solved again, any other is changed in place and solved from where it was, and
every plan is proven anew from the variant's own arrays. What does not fit the base's layout, or
gives no proof, is solved cold.

The plan of a variant depends on the base case, and on the variants solved since ``restart``, and on
nothing else: a study that fixes its chains gets the same plans, to the bit, wherever they run.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from models.account import TONNES, Fitted, Program, Scaling, fit
from models.case import Case
from models.errors import SolverError
from models.expand import Expanded, Floats
from models.plan.block import BlockResult, BlockSolver, worst_of
from models.plan.plan import Plan
from models.plan.solving import check, together
from models.proof import Certificates, certificate_of, certify_blocks, fits
from models.solver import Held, Rows, Solution

_SETTLED = 1e-11
"""A plan of before needs no solve where violation and gap are below this: the rounding of sums."""


@dataclass
class _Kept:
    """A block of the base in the solver: how it is scaled, and the basis that it began from.

    ``is_under_way`` says whether it has started from there since the session did.
    """

    rows: Rows
    scale: Scaling
    basis: Any
    held: Held | None = None
    is_under_way: bool = False


class Session:
    """Plans of one base case and of its variants."""

    def __init__(self, base: Case) -> None:
        """Keep the base case."""
        self.case = base
        self._proven: set[bytes] = set()
        self._kept: dict[int, _Kept] = {}
        self._start: tuple[Floats, Floats] = (np.zeros(0), np.zeros(0))
        self._x, self._duals = self._start

    @cached_property
    def _solver(self) -> BlockSolver:
        return BlockSolver(Expanded(self.case), proven=self._proven)

    @cached_property
    def base(self) -> Plan:
        """The plan of the base case; the same as that of ``solve``."""
        check(self.case)
        solver = self._solver
        results = [r for group in together(solver.program.blocks) for r in solver(group)]
        for result in results:
            b = result.block
            rows = solver.program.block(b)
            if result.basis is not None and not rows.whole.any():  # a search starts cold
                self._kept[b] = _Kept(rows, solver.scaling(b, rows), result.basis)
        plan = Plan(self.case, results, solver.expanded, solver.program)
        self._start = _joined(plan)
        self.restart()
        return plan

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
        check(case)
        base = self.base.program
        solver = BlockSolver(Expanded(case), base.names, proven=self._proven)
        program = solver.program
        if not _comparable(self._solver.expanded, solver.expanded):
            results = [r for group in together(program.blocks) for r in solver(group)]
            return Plan(case, results, solver.expanded, program)
        fitted = fit(program, base)
        settled, certificates = self._settled(program, fitted, case.yardstick)
        results = []
        for b, of in enumerate(fitted.of_block.tolist()):
            if of >= 0 and settled[b]:
                results.append(self._as_before(program, fitted, b, certificates))
                continue
            found = self._warm(solver, fitted, b, of) if of in self._kept else ""
            if isinstance(found, str):
                cold = solver.solve(b)
                failures = (found, *cold.failures) if found else cold.failures
                found = dataclasses.replace(cold, failures=failures)
            results.append(found)
        return Plan(case, results, solver.expanded, program)

    def _settled(self, program: Program, fitted: Fitted, yardstick: float) -> tuple[Any, Any]:
        """Return the blocks whose plan of before is proven for the variant as it stands."""
        x, duals = self._in_variant(fitted)
        found = certify_blocks(
            program.rows,
            x,
            duals,
            yardstick,
            tonnes=(program.column_unit == TONNES, program.row_unit == TONNES),
            starts=(program.column_starts, program.row_starts),
        )
        whole = program.rows.whole
        searched = np.array(
            [whole[program.columns_of(b)].any() for b in range(len(program.blocks))]
        )
        return found.within(_SETTLED, _SETTLED) & ~searched, found

    def _in_variant(self, fitted: Fitted) -> tuple[Floats, Floats]:
        """Return the values and duals of before, in the variant's order; 0 for what is new."""
        x = np.where(fitted.columns >= 0, np.append(self._x, 0.0)[fitted.columns], 0.0)
        duals = np.where(fitted.rows >= 0, np.append(self._duals, 0.0)[fitted.rows], 0.0)
        return x, duals

    def _as_before(
        self, program: Program, fitted: Fitted, b: int, certificates: Certificates
    ) -> BlockResult:
        at, inside = program.columns_of(b), program.rows_of(b)
        x = np.append(self._x, 0.0)[fitted.columns[at]]
        duals = np.append(self._duals, 0.0)[fitted.rows[inside]]
        worst = int(certificates.worst_row[b])
        if worst >= 0:
            worst -= inside.start
        elif certificates.worst_column[b] >= 0:
            worst = inside.stop - inside.start + int(certificates.worst_column[b]) - at.start
        starts = program.rows.starts
        size = (len(duals), len(x), int(starts[inside.stop] - starts[inside.start]))
        certificate = certificate_of(certificates, b, "")
        return BlockResult(b, x, duals, certificate, worst, "as before", (), size, False, 0.0, 0.0)

    def _warm(self, solver: BlockSolver, fitted: Fitted, b: int, of: int) -> BlockResult | str:
        """Solve a block in place from where it was; return why not where that gives no proof."""
        began = time.perf_counter()
        base, kept = self.base.program, self._kept[of]
        at, inside = base.columns_of(of), base.rows_of(of)
        rows = solver.program.block(b)
        try:
            found = kept.scale.unscaled(self._run(kept, _slice(fitted.laid, base, of, kept.rows)))
        except SolverError as error:
            kept.is_under_way = False
            return f"from the plan before: {error}"
        x = found.x[fitted.columns[solver.program.columns_of(b)] - at.start]
        duals = found.duals[fitted.rows[solver.program.rows_of(b)] - inside.start]
        solution = dataclasses.replace(found, x=x, duals=duals)
        if not fits(rows, solution):
            kept.is_under_way = False
            return "from the plan before: not a number for every column and row"
        certificates = solver.certify(b, rows, solution)
        certificate = certificate_of(certificates, 0, "")
        if not certificate.passed:
            kept.is_under_way = False
            return (
                f"from the plan before: violation {certificate.violation:.2g}, dual infeasibility "
                f"{certificate.dual_infeasibility:.2g}, gap {certificate.gap:.2g}"
            )
        self._x[at], self._duals[inside] = found.x, found.duals
        size = (len(rows.row_lower), len(rows.cost), len(rows.values))
        seconds = time.perf_counter() - began
        worst = worst_of(certificates, size[0])
        return BlockResult(
            b, x, duals, certificate, worst, found.attempt, (), size, False, 0.0, seconds
        )

    @staticmethod
    def _run(kept: _Kept, rows: Rows) -> Solution:
        """Change what the solver holds of a block, and solve it from where it was."""
        scaled = kept.scale.scaled(rows)
        if kept.held is None:
            kept.held = Held().load(kept.scale.scaled(kept.rows))
        kept.held.change(scaled)
        if not kept.is_under_way:
            kept.held.start_from(kept.basis)
            kept.is_under_way = True  # from here on it goes on from where it was
        return kept.held.run()


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


def _joined(plan: Plan) -> tuple[Floats, Floats]:
    """Return all values and duals of a plan, in its program's order."""
    none = np.zeros(0)
    return (
        np.concatenate([none, *(block.x for block in plan.blocks)]),
        np.concatenate([none, *(block.duals for block in plan.blocks)]),
    )


def _slice(laid: Rows, base: Program, block: int, like: Rows) -> Rows:
    """Return one block of a program laid out as the base's."""
    at, inside = base.columns_of(block), base.rows_of(block)
    first, last = int(laid.starts[inside.start]), int(laid.starts[inside.stop])
    return dataclasses.replace(
        like,
        cost=laid.cost[at],
        lower=laid.lower[at],
        upper=laid.upper[at],
        row_lower=laid.row_lower[inside],
        row_upper=laid.row_upper[inside],
        values=laid.values[first:last],
    )
