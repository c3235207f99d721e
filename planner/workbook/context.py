"""What reading one workbook gathers: findings, defaults taken, places, spellings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from models.case import clean, fold
from models.errors import Finding
from planner.workbook.cells import CellError
from planner.workbook.layout import Layout

MOST_HINTS = 1000
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

    def error(self, sheet: str, row: int, column: str, error: CellError) -> None:
        """Keep a cell's error and mark its row; thousands of errors get no hints that take time."""
        hint = error.hint
        if not isinstance(hint, str):
            hint = hint() if len(self.findings) < MOST_HINTS else ""
        self.findings.append(Finding(sheet, row, column, error.found, error.expected, hint))
        self.bad.setdefault((sheet, row), set()).update({column, _YEAR.sub("", column)})

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
