"""A program of this package solved: the first attempt whose solution is proven."""

from __future__ import annotations

from collections.abc import Callable

from models import solver
from models.account import Scaling
from models.errors import SolverError
from models.solver import Rows, Solution


def first_proven(
    rows: Rows, scaling: Callable[[bool], Scaling], is_proven: Callable[[Solution], bool]
) -> Solution | None:
    """Return the first attempt's solution that is proven; None where none is.

    ``scaling`` tells how the program is scaled, with small numbers raised or not.
    """
    for attempt in solver.ATTEMPTS:
        scale = scaling(attempt.raised)
        try:
            found = scale.unscaled(solver.solve(scale.scaled(rows), attempt))
        except SolverError:
            continue
        if is_proven(found):
            return found
    return None
