"""What was found while a workbook was read: at which cell, and in sentences for people."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from models.case import clean, fold
from models.errors import Finding, InputError, Severity
from models.schema import SHEETS, Settings
from planner.render.words import capitalized

MOST_HINTS = 1000
MOST_TOLD = 10_000
"""Findings of one kind in a column; a hostile file has millions."""
LONGEST_SHOWN = 60
_ORDER = {record.SHEET: place for place, record in enumerate(SHEETS)}
_YEAR = re.compile(r" \d{4}$")
_CELL = re.compile(r"([A-Z]+)(\d+)")


# ---- cells --------------------------------------------------------------------------------------


def letters(position: int) -> str:
    """Return a column's letters: 1 is A, 27 is AA."""
    text = ""
    while position > 0:
        position, rest = divmod(position - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


@cache
def column_number(column: str) -> int:
    """Return the position of a column given by its letters; ValueError where no sheet has it."""
    from openpyxl.utils import column_index_from_string

    return column_index_from_string(column)


def address(position: int, row: int) -> str:
    """Return the address of a cell, such as ``D14``."""
    return f"{letters(position)}{row}"


def at_cell(  # noqa: PLR0913, PLR0917 - the parts of a finding
    sheet: str,
    position: int,
    row: int,
    message: str,
    expected: str = "",
    hint: str = "",
    *,
    column: str = "",
    severity: Severity = Severity.ERROR,
) -> Finding:
    """Return a finding at a cell that is known by its place; at a row as a whole if that is 0."""
    cell = address(position, row) if position else ""
    return Finding(sheet, row, column, message, expected, hint, severity, cell)


def refused(path: Path, message: str, expected: str, hint: str = "") -> InputError:
    return InputError([Finding(found=f"{path}: {message}", expected=expected, hint=hint)])


def csv_name(sheet: str) -> str:
    """Return the name of a sheet's CSV file: ``by-mineral.csv`` for By mineral."""
    return f"{sheet.lower().replace(' ', '-')}.csv"


def quoted(text: str) -> str:
    """Return a text in quotes, its beginning if it is long."""
    return repr(text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}...")


class CellError(Exception):
    """A cell that cannot be read as its column wants it."""

    def __init__(self, message: str, expected: str, hint: str | Callable[[], str] = "") -> None:
        super().__init__(message)
        self.found, self.expected, self.hint = message, expected, hint


# ---- where things stand -------------------------------------------------------------------------


class Unit(NamedTuple):
    """A unit as a header writes it, and what its numbers are multiplied by as they are read."""

    text: str
    factor: float


@dataclass
class SheetLayout:
    """One sheet: its header row, the position of each header and, in Settings, each row."""

    header_row: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    """Position (1 is A) by folded header without unit; by-year columns with their year."""
    rows: dict[str, int] = field(default_factory=dict)
    """Row by folded name of a setting."""
    units: dict[str, Unit] = field(default_factory=dict)
    """Unit by folded header, of the columns alone whose unit is not the catalogue's own."""
    titles: dict[int, str] = field(default_factory=dict)
    """Header by position, as a CSV file writes it; none of a workbook's sheet."""

    def address(self, position: int, row: int) -> str:
        """Return what a message calls a cell: ``D14``, or row and column of a CSV file."""
        return f"row {row}, column {position}" if self.titles else address(position, row)


@dataclass
class Layout:
    """The places of a whole workbook: sheet, row and column header to the cell, ``D14``."""

    sheets: dict[str, SheetLayout] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """The CSV file that holds a sheet; none of a workbook."""

    def sheet(self, name: str) -> SheetLayout:
        """Return the places of a sheet; none of one that is not there."""
        return self.sheets.get(name, SheetLayout())

    def position(self, sheet: str, row: int, column: str) -> tuple[int, int]:
        """Return row and column (1 is A) of a place, 0 for what is not known."""
        place = self.sheet(sheet)
        name = fold(column)
        if name in place.rows:
            return place.rows[name], place.columns.get("value", 0)
        if name and name not in place.columns:  # only given by year: its first year column
            step = re.compile(rf"{re.escape(name)} \d{{4}}")
            name = min(filter(step.fullmatch, place.columns), default=name)
        return row, place.columns.get(name, 0)

    def cell(self, sheet: str, row: int, column: str) -> str:
        """Return the address of a cell, such as ``D14``; "" where there is none.

        A column that the sheet lacks gives the first cell of the row; row 0 is the header row.
        """
        place = self.sheet(sheet)
        if not place.header_row:
            return ""
        line, position = self.position(sheet, row, column)
        if sheet == Settings.SHEET and not line:
            return ""
        first = min(place.columns.values(), default=1)
        return address(position or first, line or place.header_row)

    def known_cell(self, sheet: str, row: int, column: str) -> str:
        """Return the address of a cell; "" where the sheet has no such column or setting."""
        place = self.sheet(sheet)
        names = place.rows if sheet == Settings.SHEET else place.columns
        return self.cell(sheet, row, column) if fold(column) in names else ""

    def unit(self, sheet: str, column: str) -> Unit | None:
        """Return the unit that a column is written in, None where it is the catalogue's own."""
        return self.sheet(sheet).units.get(fold(column))

    def in_order(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return findings with their cells, each once, by sheet, row and column."""

        def with_cell(finding: Finding) -> Finding:
            if not finding.cell and (finding.row or finding.column):
                cell = self.cell(finding.sheet, finding.row, finding.column)
                finding = replace(finding, cell=cell)
            file = self.files.get(finding.sheet, "")
            return self._of_file(finding, file) if file else finding

        def rank(finding: Finding) -> tuple[int, str, int, tuple[int, str], Finding]:
            row, position = self.position(finding.sheet, finding.row, finding.column)
            match = _CELL.fullmatch(finding.cell)
            column = match[1] if match else letters(position)
            place = _ORDER.get(finding.sheet, len(_ORDER))
            return place, finding.sheet, row, (len(column), column), finding

        return tuple(sorted(dict.fromkeys(map(with_cell, findings)), key=rank))

    def _of_file(self, finding: Finding, file: str) -> Finding:
        """Return a finding with file, row and column of its cell, as a CSV file has them."""
        match = _CELL.fullmatch(finding.cell)
        row, column = (int(match[2]), column_number(match[1])) if match else (finding.row, 0)
        title = self.sheet(finding.sheet).titles.get(column, "")
        return replace(finding, file=file, row=row, column=title or finding.column)


# ---- what is gathered ---------------------------------------------------------------------------


@dataclass(frozen=True)
class DefaultTaken:
    """How many cells of a column were blank, and what was used in their place."""

    sheet: str
    column: str
    cells: int
    used: str


@dataclass
class ReadingContext:
    """What reading one workbook gathers: findings, defaults, places, spellings of countries.

    ``bad`` are the columns with an error by (sheet, row), a column by year under its header without
    the year too; ``lacking`` the columns (sheet, header) that lack as a whole; ``members`` the
    members by folded name, None where the sheet could not be read, and ``members_of`` by the code
    of their country, where it has one alone.
    """

    currency: str = "USD"
    findings: list[Finding] = field(default_factory=list)
    defaults: list[DefaultTaken] = field(default_factory=list)
    layout: Layout = field(default_factory=Layout)
    bad: dict[tuple[str, int], set[str]] = field(default_factory=dict)
    lacking: set[tuple[str, str]] = field(default_factory=set)
    members: dict[str, str] | None = None
    members_of: dict[str, str] = field(default_factory=dict)
    members_sure: bool = True
    years: tuple[int, ...] = ()
    spellings: dict[str, set[str]] = field(default_factory=dict)
    listed: dict[str, str] = field(default_factory=dict)
    counts: Counter[tuple[str, str, Severity]] = field(default_factory=Counter)

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
        self.counts[sheet, column, severity] += 1
        return self.counts[sheet, column, severity] <= MOST_TOLD

    def more(self) -> list[Finding]:
        """Return a finding for each column that has more of them than are kept."""
        return [
            Finding(sheet, 0, column, f"{count - MOST_TOLD:,} more such cells", severity=severity)
            for (sheet, column, severity), count in self.counts.items()
            if count > MOST_TOLD
        ]

    def spell(self, code: str, spelling: str, *, listed: bool = False) -> None:
        """Keep how a country is spelt; the sheet Countries has the say."""
        written = clean(spelling)
        written = written.upper() if fold(written) == fold(code) else written
        if listed:
            self.listed.setdefault(code, written)
        self.spellings.setdefault(code, set()).add(written)

    def country_name(self, code: str) -> str:
        """Return how a country is spelt: as listed, else by a name before a code."""
        if code in self.listed:
            return self.listed[code]
        spellings = self.spellings.get(code, {code})
        return min(spellings, key=lambda name: (len(name) <= len(code), name))


# ---- in sentences -------------------------------------------------------------------------------

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\([^)]*\)")
_VERB = re.compile(
    r"\b(?:is|are|has|have|was|stands?|lies?|would|does|do|stays?|holds?|changes?|match(?:es)?"
    r"|must|appl(?:y|ies)|cannot|exceeds?|appears?|comes?|belongs?|adds?|names?|pays?|gives?)\b"
)
_THING = re.compile(r"(?:the|an?) ")
_OURS = re.compile(r"(?:the|an?|no|in|found|expected|this|nothing|did|it|rows?) ")
"""Words that a sentence begins with; a name or a path keeps its spelling."""


def sentence(finding: Finding) -> str:
    """Say what is there and what is expected, and then the nearest fix."""
    return " ".join(part for part in (statement(finding), advice(finding)) if part)


def statement(finding: Finding) -> str:
    """Say what is there and what is expected."""
    message, wanted = finding.found.strip(), finding.expected.strip()
    if not message:
        return _ended(f"expected {wanted}") if wanted else ""
    if not wanted:
        return _ended(message)
    # A thing that stands there is told with a verb, what is said of it already has one.
    bare = _THING.match(message) and not _VERB.search(_QUOTED.sub("", message))
    return _ended(f"{'found ' if bare else ''}{message}; expected {wanted}")


def advice(finding: Finding) -> str:
    """Say the nearest fix; "" where none is known."""
    # "did you mean 0.65? it is stored as text" holds two sentences
    parts = filter(None, re.split(r"(?<=[?.!])\s+", finding.hint.strip()))
    return " ".join(_ended(capitalized(part)) for part in parts)


def _ended(text: str) -> str:
    text = text.strip()
    end = "" if text.endswith((".", "?", "!")) else "."
    return f"{capitalized(text) if _OURS.match(text) else text}{end}"
