"""The smallest cap on single countries that costs no tonne of supply, found by the program itself.

The cap is a column, not a grid: per mineral, the least S such that the coalition is short no more
than it must be when no country is capped.
"""

from __future__ import annotations

import dataclasses

from models import solve as solver
from models.case import Case
from models.errors import SolverError
from models.plan.plan import Plan
from models.program import program_of, scaling, units_of
from models.program.compile import compile_model
from models.program.families.shortage import SHORTAGE
from models.program.sourcing import build_least_share
from models.resolve import Cell, Expanded
from models.schema import PURCHASES, ByYear
from models.solve import certify

_SLACK = 1e-9
"""What the shortage may exceed its least by, as a part of demand: the solver's rounding."""


def least_share(case: Case, uncapped: Plan) -> dict[str, float]:
    """Return by mineral the smallest cap at which no more is short than in ``uncapped``.

    Minerals that a budget ties are asked together: the sum of their caps is least.

    ``uncapped`` is the proven plan of the same case without its caps on countries. The caps are
    those of the case's max limits on countries, each alone, in all their years; a mineral without
    one is not in the answer, nor is any in basis purchases, where the base moves with the plan.
    Raises SolverError where no attempt gives a proven optimum.
    """
    if case.settings.share_basis == PURCHASES:
        return {}
    wide = case.change(
        share_limits=tuple(
            dataclasses.replace(row, share=ByYear(1.0)) if row.caps_each_country else row
            for row in case.share_limits
        )
    )
    short: dict[tuple[str, int], float] = {}
    for (mineral, _, year), tonnes in uncapped.amounts(SHORTAGE).items():
        short[mineral, year] = short.get((mineral, year), 0.0) + tonnes
    for mineral in (m.name for m in case.minerals):
        for year in case.years:
            at = (mineral, year)
            short[at] = short.get(at, 0.0) + _SLACK * case.coalition_demand(mineral, year)
    expanded = Expanded(wide)
    found: dict[str, float] = {}
    of = program_of(expanded)
    measures = of.measure(case.tolerance_scale).tolist()
    for cells, need, measure in zip(of.blocks, of.need.tolist(), measures, strict=True):
        for mineral, share in _block(expanded, cells, short, need, measure).items():
            found[mineral] = max(found.get(mineral, 0.0), share)
    return found


def _block(
    expanded: Expanded,
    cells: tuple[Cell, ...],
    short: dict[tuple[str, int], float],
    need: float,
    measure: float,
) -> dict[str, float]:
    """Return the smallest caps of one block's minerals; violations are parts of ``measure`` [t]."""
    frame = build_least_share(expanded, cells, short)
    rows = compile_model(frame.model)
    of_columns = units_of(rows.column_keys, len(rows.cost), frame.units)
    of_rows = units_of(rows.row_keys, len(rows.row_lower), frame.units)
    capped = {key[1] for key in frame.model.country_cap}
    for attempt in solver.ATTEMPTS:
        scale = scaling(
            rows, need=need, column_unit=of_columns, row_unit=of_rows, raised=attempt.raised
        )
        try:
            solution = scale.unscaled(solver.solve(scale.scaled(rows), attempt))
        except SolverError:
            continue
        if certify(rows, solution, measure, frozenset(frame.units)).passed:
            return {
                name: share
                for keys in rows.column_keys
                if keys.name == "cap"
                for name, share in zip(keys.index, solution.x[keys.stretch].tolist(), strict=True)
                if name in capped
            }
    msg = "no proven smallest cap"
    raise SolverError(msg)
