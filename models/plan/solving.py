"""Case in, Plan out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from models import checks
from models.case import Case
from models.errors import InputError
from models.plan.block import BlockResult
from models.plan.block_solver import BlockSolver
from models.plan.plan import Plan
from models.program.blocks import split
from models.resolve import Cell, Expanded

Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


def solve(case: Case, run: Map = map) -> Plan:
    """Return the proven optimal plan of a case.

    Raises InputError where records contradict one another, SolverError where no attempt gives a
    proven optimum. ``run`` maps a function over groups of blocks, which come and go one after
    another: the built-in map, a process pool's, a cluster's. It must keep their order.
    """
    check(case)
    return Plan(case, [result for found in run(solve_group, groups(case)) for result in found])


def check(case: Case, passed: Case | None = None) -> None:
    """Raise InputError where records contradict one another; see ``checks.errors``."""
    errors = checks.errors(case, passed)
    if errors:
        raise InputError(errors)


@dataclass(frozen=True)
class Group:
    """Blocks to be solved one after another, and the case of their minerals alone.

    ``blocks`` are their numbers in the whole case, ``cells`` those of this group's case;
    ``yardstick`` [t] is the whole case's.
    """

    case: Case
    blocks: tuple[int, ...]
    cells: tuple[tuple[Cell, ...], ...]
    yardstick: float


def groups(case: Case) -> Iterable[Group]:
    """Yield the groups of a case, each when it is asked for: the blocks of the same minerals."""
    blocks = split(case)
    names = [m.name for m in case.minerals]
    for numbers in together(blocks):
        minerals = sorted({m for b in numbers for m, _ in blocks[b]})
        place = {m: i for i, m in enumerate(minerals)}
        yield Group(
            case.of_minerals(names[m] for m in minerals),
            numbers,
            tuple(tuple((place[m], t) for m, t in blocks[b]) for b in numbers),
            case.yardstick,
        )


def solve_group(group: Group) -> list[BlockResult]:
    """Return the results of a group's blocks, numbered as in the whole case."""
    expanded = Expanded(group.case)
    solver = BlockSolver(expanded, blocks=group.cells, yardstick=group.yardstick)
    found = solver(range(len(group.cells)))
    return [
        dataclasses.replace(result, block=b, basis=None)
        for b, result in zip(group.blocks, found, strict=True)
    ]


def together(blocks: Sequence[Sequence[Cell]]) -> list[tuple[int, ...]]:
    """Return the blocks in groups to be solved one after another: those of the same minerals."""
    minerals = [frozenset(m for m, _ in cells) for cells in blocks]
    found: list[list[int]] = []
    for b, mine in enumerate(minerals):
        if b and mine == minerals[b - 1]:
            found[-1].append(b)
        else:
            found.append([b])
    return [tuple(group) for group in found]
