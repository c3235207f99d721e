"""Blocks: the parts of a Case that do not touch one another.

A cell is one mineral in one year. Each family says which minerals' years it ties (a stock, a
project or a limit on growth does) and which minerals it joins (a budget does, those of the projects
that it pays for). What is not tied is a linear program of its own: the unit that is built, solved,
proved and sent to another process.
"""

from __future__ import annotations

from models.case import Case
from models.program.families import FAMILIES
from models.resolve import Cell


def split(case: Case) -> tuple[tuple[Cell, ...], ...]:
    """Return the blocks, each its cells (positions of mineral and year), in a fixed order."""
    years = range(len(case.years))
    tied = {mineral for family in FAMILIES for mineral in family.ties(case)}
    joined = {mineral for family in FAMILIES for mineral in family.joins(case)}
    blocks: list[tuple[Cell, ...]] = []
    together: list[Cell] = []
    for m, name in enumerate(m.name for m in case.minerals):
        cells = [(m, t) for t in years]
        if name in joined:
            together += cells
        elif name in tied:
            blocks.append(tuple(cells))
        else:
            blocks += [(cell,) for cell in cells]
    if together:
        blocks.append(tuple(together))
    return tuple(blocks)
