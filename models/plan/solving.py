"""Case in, Plan out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from models import checks
from models.blocks import split
from models.case import Case
from models.errors import InputError, Severity
from models.expand import Expanded
from models.plan.block import BlockSolver
from models.plan.plan import Plan

Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


def solve(case: Case, run: Map = map) -> Plan:
    """Return the proven optimal plan of a case.

    Raises InputError where records contradict one another, SolverError where no attempt gives a
    proven optimum. ``run`` maps a function over blocks; it must keep their order.
    """
    errors = [f for f in checks.check(case, checks.RULES) if f.severity is Severity.ERROR]
    if errors:
        raise InputError(errors)
    expanded = Expanded(case)
    return Plan(expanded, list(run(BlockSolver(expanded), split(expanded))))
