"""What reading one workbook gathers: findings, defaults taken, places, spellings."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from models.case import clean, fold
from models.errors import Finding, Severity
from planner.workbook.cells import CellError
from planner.workbook.layout import Layout

MOST_HINTS = 1000
MOST_TOLD = 10_000
"""Findings of one kind in a column; a hostile file has millions."""
_YEAR = re.compile(r" \d{4}$")


@dataclass(frozen=True)
class DefaultTaken:
    """How many cells of a column were blank, and what was used in their place."""

    sheet: str
    column: str
    cells: int
    used: str


@dataclass
class Context:
    """What reading one workbook gathers: findings, defaults, places, spellings of countries.

    ``bad`` are the columns with an error by (sheet, row), a column by year under its header without
    the year too; ``lacking`` the columns (sheet, header) that lack as a whole; ``members`` the
    members by folded name, None where the sheet could not be read.
    """

    currency: str = "USD"
    findings: list[Finding] = field(default_factory=list)
    defaults: list[DefaultTaken] = field(default_factory=list)
    layout: Layout = field(default_factory=Layout)
    bad: dict[tuple[str, int], set[str]] = field(default_factory=dict)
    lacking: set[tuple[str, str]] = field(default_factory=set)
    members: dict[str, str] | None = None
    members_sure: bool = True
    years: tuple[int, ...] = ()
    spellings: dict[str, set[str]] = field(default_factory=dict)
    listed: dict[str, str] = field(default_factory=dict)
    told: Counter[tuple[str, str, Severity]] = field(default_factory=Counter)

    def error(self, sheet: str, row: int, column: str, error: CellError) -> None:
        """Keep a cell's error and mark its row; thousands of errors get no hints that take time."""
        if not self.is_room(sheet, column, Severity.ERROR):
            return
        hint = error.hint
        if not isinstance(hint, str):
            hint = hint() if len(self.findings) < MOST_HINTS else ""
        self.findings.append(Finding(sheet, row, column, error.found, error.expected, hint))
        self.bad.setdefault((sheet, row), set()).update({column, _YEAR.sub("", column)})

    def is_room(self, sheet: str, column: str, severity: Severity) -> bool:
        """Return whether a column's further finding is to be kept; count it if not."""
        self.told[sheet, column, severity] += 1
        return self.told[sheet, column, severity] <= MOST_TOLD

    def more(self) -> list[Finding]:
        """Return a finding for each column that has more of them than are kept."""
        return [
            Finding(sheet, 0, column, f"{count - MOST_TOLD:,} more such cells", severity=severity)
            for (sheet, column, severity), count in self.told.items()
            if count > MOST_TOLD
        ]

    def spell(self, code: str, spelling: str, *, listed: bool = False) -> None:
        """Keep how a country is spelt; the sheet Countries has the say."""
        said = clean(spelling)
        said = said.upper() if fold(said) == fold(code) else said
        if listed:
            self.listed.setdefault(code, said)
        self.spellings.setdefault(code, set()).add(said)

    def country_name(self, code: str) -> str:
        """Return how a country is spelt: as listed, else by a name before a code."""
        if code in self.listed:
            return self.listed[code]
        spellings = self.spellings.get(code, {code})
        return min(spellings, key=lambda said: (len(said) <= len(code), said))
