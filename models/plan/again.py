"""A plan from its values and duals: certified anew, nothing solved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.account import TONNES, Program
from models.expand import Expanded, Floats
from models.plan.block import block_result
from models.plan.plan import Plan
from models.proof import certify_blocks
from models.solver import Solution


def plan_again(  # noqa: PLR0913 - a solution, and what its run says of itself
    expanded: Expanded,
    program: Program,
    x: Floats,
    prices: Floats,
    *,
    mip_gap: float = 0.0,
    failures: Sequence[str] = (),
    built: int = 0,
) -> Plan:
    """Return the plan of a case that a solution makes, with the certificates that it deserves.

    ``x`` [t or fractions] and the undiscounted duals ``prices`` are in the program's order, the
    program being the case's own account. ``mip_gap``, ``failures`` and the number of models
    ``built`` are what the run says of itself: nothing here can tell.
    """
    case = expanded.case
    years, which = np.unique(program.row_year, return_inverse=True)
    worth = np.array([case.discount(year) if year else 1.0 for year in years.tolist()])
    duals = prices * worth[which] if len(years) else prices
    measure = program.measure(case.yardstick)
    certificates = certify_blocks(
        program.rows,
        x,
        duals,
        measure,
        tonnes=(program.column_unit == TONNES, program.row_unit == TONNES),
        starts=(program.column_starts, program.row_starts),
    )
    solution = Solution(x, duals, np.zeros(0), attempt="as given", mip_gap=mip_gap)
    results = [
        block_result(program, b, solution, certificates, measure, first=0, built=b < built)
        for b in range(len(program.blocks))
    ]
    if results:
        results[0] = replace(results[0], failures=tuple(failures))
    plan = Plan(case, results, expanded, program)
    plan.__dict__["prices"] = prices  # as given: discounted and back they may differ by rounding
    return plan
