"""The solution that a plan's workbook holds: a value for every column, a dual for every row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np

from models.errors import Finding
from models.program import Group, Program
from models.resolve import SPOT, Expanded, Floats
from planner.audit.file import Line, PlanSheets
from planner.render.text import clean
from planner.sheets.duals import DUALS, FREE, LOST, THIS, VALUES, key_text
from planner.workbook.plan_columns import PLAN, is_number

_FLOW = ("Year", "Mineral", "Refiner", "Project", "Member", "Contract", "Tonnes")
_NO_NUMBER = "no number that a plan could hold stands here"
_MOST = 1e18
"""A number beyond is no plan's: amounts, prices and their bounds are far below."""


@dataclass(frozen=True)
class Taken:
    """Values [t or fractions] and undiscounted duals in a program's order, and what was amiss."""

    x: Floats
    prices: Floats
    findings: tuple[Finding, ...]


def has(file: PlanSheets, whose: str) -> bool:
    """Return whether the workbook holds values or duals of a plan."""
    sheets = (VALUES, DUALS)
    return any(line.cells[0] == whose for s in sheets for line in file.lines(s, ("Plan",)))


def taken(file: PlanSheets, expanded: Expanded, program: Program, whose: str = THIS) -> Taken:
    """Return the solution of a plan as its workbook holds it.

    What names no column or row of the program, stands twice or is no number is left out, and told.
    """
    findings: list[Finding] = []
    x = _keyed(file, VALUES, "Value", whose, (program.variables, len(program.rows.cost)), findings)
    rows = (program.constraints, len(program.rows.row_lower))
    prices = _keyed(file, DUALS, "Dual", whose, rows, findings)
    if whose == THIS:
        for line, column, tonnes in _flows(file, expanded, program, findings):
            if x[column]:
                found = "this flow stands twice: here and before, or in the sheet Values"
                findings.append(line.finding(6, "Tonnes", found))
            x[column] += tonnes
    return Taken(x, prices, tuple(findings))


def _keyed(  # noqa: PLR0913, PLR0917 - a sheet, and what it is read for
    file: PlanSheets,
    sheet: str,
    header: str,
    whose: str,
    of: tuple[Sequence[Group], int],
    findings: list[Finding],
) -> Floats:
    """Return the numbers of the sheet Values or Duals in the program's order, 0 for the rest."""
    parts, size = of
    found, seen = np.zeros(size), np.zeros(size, dtype=bool)
    places: dict[str, dict[str, int]] = {}
    for line in file.lines(sheet, ("Plan", "Family", "Key", header)):
        plan, family, key, number = line.cells
        if plan != whose:
            if plan not in {THIS, FREE, LOST}:
                said = f"{plan!r} is no plan of this workbook"
                if whose == THIS:
                    findings.append(
                        line.finding(0, "Plan", said, f"{THIS!r}, {FREE!r} or {LOST!r}")
                    )
            continue
        name = str(family)
        if name not in places:
            places[name] = _places(parts, name)
        at = places[name].get(str(key), -1)
        if not places[name]:
            findings.append(line.finding(1, "Family", f"the case has no {name!r}"))
        elif at < 0:
            findings.append(line.finding(2, "Key", f"the case has no {name} {key!r}"))
        elif not _fits(number):
            findings.append(line.finding(3, header, _NO_NUMBER))
        elif seen[at]:
            findings.append(line.finding(2, "Key", f"{name} {key!r} stands twice"))
        else:
            found[at], seen[at] = float(number), True
    return found


def _places(parts: Sequence[Group], family: str) -> dict[str, int]:
    """Return the position in the program of each key of a family, in words."""
    found: dict[str, int] = {}
    for group in parts:
        if group.name == family:
            keys = group.keys(np.arange(len(group.at)))
            found.update(zip(map(key_text, keys), group.at.tolist(), strict=True))
    return found


def _flows(
    file: PlanSheets, e: Expanded, program: Program, findings: list[Finding]
) -> Iterator[tuple[Line, int, float]]:
    """Yield the column and the tonnes of each spot flow of the sheet Plan.

    Flows under a contract stand in Values, too, since contracts may share a name.
    """
    d = e.deliveries
    at = np.flatnonzero(d.contract == SPOT)
    column = {
        (
            e.years[t],
            _word(e.sources[r].mineral),
            _word(e.sources[r].name),
            _word(e.sources[r].project),
            _word(e.members[j]),
        ): place
        for r, j, t, place in zip(
            d.source[at].tolist(),
            d.member[at].tolist(),
            d.year[at].tolist(),
            program.flow[at].tolist(),
            strict=True,
        )
    }
    for line in file.lines(PLAN, _FLOW):
        year, mineral, refiner, project, member, contract, tonnes = line.cells
        if contract is not None:
            continue
        key = (year, str(mineral), str(refiner), str(project or ""), str(member))
        place = column.get(key, -1)
        if place < 0:
            said = f"in the case {refiner} sells no {mineral} to {member} in {year}"
            findings.append(line.finding(2, "Refiner", said))
        elif not _fits(tonnes):
            findings.append(line.finding(6, "Tonnes", _NO_NUMBER))
        else:
            yield line, place, float(tonnes)


def _word(name: str) -> str:
    return clean(name).strip()


def _fits(value: object) -> TypeGuard[int | float]:
    return is_number(value) and abs(value) <= _MOST
