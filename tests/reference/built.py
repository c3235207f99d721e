"""What is begun or stands: the sheet Built (contract section 7.4)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .cells import filled, must

if TYPE_CHECKING:
    from .reading import Case

DUST = 1e-9
"""By how much the fractions of a project may differ from 1 in all."""


@dataclass(frozen=True)
class Standing:
    """A part of a project that sells whatever the program decides, some years late or none."""

    project: str
    year: int
    fraction: float
    late: int = 0

    @property
    def start(self) -> int:
        """The first year of its output."""
        return self.year + self.late

    def due(self, case: Case) -> int:
        """The year in which its capital falls due, before the horizon or in it."""
        row = case.project_rows[self.project]
        return self.year - int(filled(row, "Lead time (yr)", 0.0))

    def runs(self, case: Case, year: int) -> bool:
        """Whether it can sell in a year."""
        return self.start <= year < self.start + case.life(self.project)

    def charged(self, case: Case, year: int) -> bool:
        """Whether its capital is charged in a year, as if it were not late."""
        return self.year <= year < self.year + case.life(self.project)


def standing(case: Case) -> list[Standing]:
    """The rows of Built; that one is late stands in a cell that no workbook has."""
    return [
        Standing(
            must(row, "Project"),
            int(filled(row, "Year", 0.0)),
            filled(row, "Fraction", 0.0) * case.part_of_project(must(row, "Project")),
            int(filled(row, "Years late", 0.0)),
        )
        for row in case.sheet("Built")
    ]


def left(case: Case, project: str) -> float:
    """The fraction of a project that is neither begun nor stands."""
    rows = [row for row in case.sheet("Built") if must(row, "Project") == project]
    rest = 1.0 - sum(filled(row, "Fraction", 0.0) for row in rows)
    return 0.0 if rest <= DUST else rest


def payments(case: Case) -> dict[int, float]:
    """USD m that fall due by year of the horizon or of its gaps; what is due earlier is paid."""
    result: dict[int, float] = defaultdict(float)
    for part in standing(case):
        if part.due(case) >= case.years[0]:
            capex = filled(case.project_rows[part.project], "Capex (USD m)", 0.0)
            result[part.due(case)] += part.fraction * capex
    return result
