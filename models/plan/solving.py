"""Case in, Plan out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from models import checks
from models.account import Program
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
    check(case)
    expanded = Expanded(case)
    solver = BlockSolver(expanded)
    groups = together(solver.program)
    results = [result for found in run(solver, groups) for result in found]
    return Plan(expanded, solver.program, results)


def check(case: Case) -> None:
    """Raise InputError where a case's records contradict one another."""
    errors = [f for f in checks.check(case, checks.RULES) if f.severity is Severity.ERROR]
    if errors:
        raise InputError(errors)


def together(program: Program) -> list[tuple[int, ...]]:
    """Return the blocks in groups to be solved one after another: those of the same minerals."""
    minerals = [frozenset(m for m, _ in cells) for cells in program.blocks]
    found: list[list[int]] = []
    for b, mine in enumerate(minerals):
        if b and mine == minerals[b - 1]:
            found[-1].append(b)
        else:
            found.append([b])
    return [tuple(group) for group in found]
