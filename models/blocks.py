"""Blocks: the parts of a Case that do not touch one another.

A cell is one mineral in one year. A stock, a project or a limit on growth ties the years of its
mineral; a budget ties the minerals of the projects that it pays for. What is not tied is a linear
program of its own: the unit that is built, solved, proved and sent to another process.
"""

from __future__ import annotations

from models.case import Case
from models.expand import Cell


def split(case: Case) -> tuple[tuple[Cell, ...], ...]:
    """Return the blocks, each its cells (positions of mineral and year), in a fixed order."""
    years = range(len(case.years))
    projects = {p.mineral for p in case.projects}
    growing = {r.mineral for r in case.refiners if r.max_growth is not None}
    tied = projects | growing | {s.mineral for s in case.stockpiles}
    paid = {p.mineral for p in case.projects if p.built_in is None} if case.budget else set()
    blocks: list[tuple[Cell, ...]] = []
    together: list[Cell] = []
    for m, name in enumerate(m.name for m in case.minerals):
        cells = [(m, t) for t in years]
        if name in paid:
            together += cells
        elif name in tied:
            blocks.append(tuple(cells))
        else:
            blocks += [(cell,) for cell in cells]
    if together:
        blocks.append(tuple(together))
    return tuple(blocks)
