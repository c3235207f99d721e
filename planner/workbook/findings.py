"""Errors and warnings of reading a workbook: the cell of each, and its text for users."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from models.case import clean_name, normalize
from models.errors import Finding, InputError, Severity
from models.schema import SHEETS, Settings
from planner.render.words import capitalized

MOST_HINTS = 1000
MOST_FINDINGS = 10_000
"""Most findings of one severity per column: a malicious file can have millions."""
LONGEST_SHOWN = 60
_ORDER = {record.SHEET: place for place, record in enumerate(SHEETS)}
_YEAR = re.compile(r" \d{4}$")
_LETTERS, _LAST_COLUMN = string.ascii_uppercase, 1 << 14


# ---- cells --------------------------------------------------------------------------------------

Place = tuple[int, int]
"""Row and column of a cell (1 is the first)."""


def letters(position: int) -> str:
    """Return a column's letters: 1 is A, 27 is AA."""
    text = ""
    while position > 0:
        position, rest = divmod(position - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


@cache
def column_number(column: str) -> int:
    """Return the position of a column given by its letters; ValueError beyond the last column."""
    position = 0
    for letter in column.upper():
        position = position * 26 + _LETTERS.index(letter) + 1
    if not 0 < position <= _LAST_COLUMN:
        raise ValueError(column)
    return position


def address(position: int, row: int) -> str:
    """Return the address of a cell, such as ``D14``."""
    return f"{letters(position)}{row}"


class Area(NamedTuple):
    """Merged cells: first and last row and column (1 is A)."""

    top: int
    left: int
    bottom: int
    right: int

    def __str__(self) -> str:
        return f"{address(self.left, self.top)}:{address(self.right, self.bottom)}"

    def contains(self, row: int, column: int) -> bool:
        return self.top <= row <= self.bottom and self.left <= column <= self.right


def area_of(text: str) -> Area | None:
    """Return the area of an address; None for whole columns or rows. ValueError if invalid."""
    if _WHOLE.fullmatch(text):
        return None
    match = _AREA.fullmatch(text)
    if match is None:
        raise ValueError(text)
    left, top = column_number(match[1]), int(match[2])
    right, bottom = (column_number(match[3]), int(match[4])) if match[3] else (left, top)
    return Area(top, left, bottom, right)


_AREA = re.compile(r"\$?([A-Z]+)\$?(\d+)(?::\$?([A-Z]+)\$?(\d+))?", re.IGNORECASE | re.ASCII)
_WHOLE = re.compile(r"\$?[A-Z]+:\$?[A-Z]+|\$?\d+:\$?\d+", re.IGNORECASE | re.ASCII)


def parse_address(cell: str) -> Place:
    """Return row and column of an address."""
    area = area_of(cell)
    return (area.top, area.left) if area else (1, 1)


def ranges_of(cells: Iterable[str]) -> list[str]:
    """Return cells of one sheet as ranges: ``D2:M9``; a single cell stays as it is."""
    strips: list[Area] = []
    for row, column in map(parse_address, cells):
        if strips and strips[-1][1:] == (strips[-1].left, row, column - 1):
            strips[-1] = strips[-1]._replace(right=column)
        else:
            strips.append(Area(row, column, row, column))
    areas: list[Area] = []
    last: dict[tuple[int, int], int] = {}  # the last area of some columns
    for strip in strips:
        i = last.get((strip.left, strip.right), -1)
        if i >= 0 and areas[i].bottom + 1 == strip.top:
            areas[i] = areas[i]._replace(bottom=strip.bottom)
        else:
            last[strip.left, strip.right] = len(areas)
            areas.append(strip)
    return [address(a.left, a.top) if a[:2] == a[2:] else str(a) for a in areas]


def each_cell(ranges: str) -> list[str]:
    """Return every cell of ranges with ", " between them; each keeps its sheet: ``Demand!D2``."""
    cells = []
    for sheet, mark, cells_of in (each.rpartition("!") for each in ranges.split(", ")):
        if cells_of and (area := area_of(cells_of)):
            rows, columns = range(area.top, area.bottom + 1), range(area.left, area.right + 1)
            cells += [f"{sheet}{mark}{address(column, row)}" for row in rows for column in columns]
    return cells


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
    """Return a finding at the cell of a column's position and a row; position 0: the whole row."""
    cell = address(position, row) if position else ""
    return Finding(sheet, row, column, message, expected, hint, severity, cell)


def refused(path: Path, message: str, expected: str, hint: str = "") -> InputError:
    """Return the error for a file that is refused as a whole."""
    return InputError([Finding(found=f"{path}: {message}", expected=expected, hint=hint)])


def quoted(text: str) -> str:
    return repr(text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}...")


class CellError(Exception):
    """A cell whose value is not valid for its column."""

    def __init__(self, message: str, expected: str, hint: str | Callable[[], str] = "") -> None:
        super().__init__(message)
        self.found, self.expected, self.hint = message, expected, hint


# ---- addresses ----------------------------------------------------------------------------------


class Unit(NamedTuple):
    """A unit as a header writes it, and the factor that converts its numbers on reading."""

    text: str
    factor: float


@dataclass
class SheetLayout:
    """One sheet: its header row, the position of each header and, in Settings, each row."""

    header_row: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    """Position (1 is A) by normalized header: without unit and case, with the year if it is by
    year."""
    rows: dict[str, int] = field(default_factory=dict)
    """Row by normalized name of a setting."""
    units: dict[str, Unit] = field(default_factory=dict)
    """Unit by normalized header, only for columns that are not in the catalogue's unit."""
    titles: dict[int, str] = field(default_factory=dict)
    """Header by position, as a CSV file writes it; empty for a sheet of a workbook."""

    def address(self, position: int, row: int) -> str:
        """Return the name of a cell in messages: ``D14``, or row and column of a CSV file."""
        return f"row {row}, column {position}" if self.titles else address(position, row)


@dataclass
class Layout:
    """The layout of a workbook: finds the cell (``D14``) of a sheet, row and column header."""

    sheets: dict[str, SheetLayout] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """The CSV file of each sheet; empty for a workbook."""

    def sheet(self, name: str) -> SheetLayout:
        """Return the layout of a sheet, an empty one if the sheet is missing."""
        return self.sheets.get(name, SheetLayout())

    def position(self, sheet: str, row: int, column: str) -> tuple[int, int]:
        """Return a cell's row and column number (A is 1), each 0 if unknown."""
        layout = self.sheet(sheet)
        name = normalize(column)
        if name in layout.rows:
            return layout.rows[name], layout.columns.get("value", 0)
        if name and name not in layout.columns:  # only given by year: its first year column
            step = re.compile(rf"{re.escape(name)} \d{{4}}")
            name = min(filter(step.fullmatch, layout.columns), default=name)
        return row, layout.columns.get(name, 0)

    def address(self, sheet: str, row: int, column: str) -> str:
        """Return the address of a cell, such as ``D14``; "" if the sheet or setting is missing.

        If the column is missing, it is the first cell of the row; row 0 means the header row.
        """
        layout = self.sheet(sheet)
        if not layout.header_row:
            return ""
        line, position = self.position(sheet, row, column)
        if sheet == Settings.SHEET and not line:
            return ""
        first = min(layout.columns.values(), default=1)
        return address(position or first, line or layout.header_row)

    def known_cell(self, sheet: str, row: int, column: str) -> str:
        """Return the address of a cell; "" if the sheet has no such column or setting."""
        layout = self.sheet(sheet)
        names = layout.rows if sheet == Settings.SHEET else layout.columns
        return self.address(sheet, row, column) if normalize(column) in names else ""

    def unit(self, sheet: str, column: str) -> Unit | None:
        """Return the unit in a column's header; None if it is the catalogue's unit."""
        return self.sheet(sheet).units.get(normalize(column))

    def sorted_by_cell(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return findings without duplicates, each with its cell, sorted by sheet, row, column.

        The cell of a sheet's CSV file is given by file, row and column as that file writes it.
        """

        def with_cell(finding: Finding) -> Finding:
            if not finding.cell and (finding.row or finding.column):
                cell = self.address(finding.sheet, finding.row, finding.column)
                finding = replace(finding, cell=cell)
            file = self.files.get(finding.sheet, "")
            if not file:
                return finding
            row, column = parse_address(finding.cell) if finding.cell else (finding.row, 0)
            title = self.sheet(finding.sheet).titles.get(column, "")
            return replace(finding, file=file, row=row, column=title or finding.column)

        def sort_key(finding: Finding) -> tuple[int, str, int, tuple[int, str], Finding]:
            row, position = self.position(finding.sheet, finding.row, finding.column)
            column = letters(parse_address(finding.cell)[1] if finding.cell else position)
            rank = _ORDER.get(finding.sheet, len(_ORDER))
            return rank, finding.sheet, row, (len(column), column), finding

        return tuple(sorted(dict.fromkeys(map(with_cell, findings)), key=sort_key))


# ---- the state of reading -----------------------------------------------------------------------


@dataclass(frozen=True)
class DefaultUsed:
    """How many cells of a column were blank, and the default used for them."""

    sheet: str
    column: str
    cells: int
    used: str


@dataclass
class ReadingContext:
    """Collects findings, defaults, layout and spellings of countries while a workbook is read.

    ``bad`` has the columns with an error, by (sheet, row); for a column by year also its header
    without the year. ``missing`` has the columns (sheet, header) that cannot be read at all.
    ``members`` has the members by normalized name, None if the sheet Members could not be read;
    ``members_of`` has the member of each country that has only one, by the country's code.
    ``misspelt`` has the title of each sheet with a misspelt name, and how messages call it, by the
    name that is meant; both are "" once an error reports it.
    """

    currency: str = "USD"
    findings: list[Finding] = field(default_factory=list)
    defaults: list[DefaultUsed] = field(default_factory=list)
    layout: Layout = field(default_factory=Layout)
    bad: dict[tuple[str, int], set[str]] = field(default_factory=dict)
    missing: set[tuple[str, str]] = field(default_factory=set)
    members: dict[str, str] | None = None
    members_of: dict[str, str] = field(default_factory=dict)
    members_sure: bool = True
    misspelt: dict[str, tuple[str, str]] = field(default_factory=dict)
    years: tuple[int, ...] = ()
    spellings: dict[str, set[str]] = field(default_factory=dict)
    listed: dict[str, str] = field(default_factory=dict)
    counts: Counter[tuple[str, str, Severity]] = field(default_factory=Counter)

    def error(self, sheet: str, row: int, column: str, error: CellError) -> None:
        """Record a cell's error and mark its row; slow hints only for the first thousand."""
        if not self.has_room(sheet, column, Severity.ERROR):
            return
        hint = error.hint
        if not isinstance(hint, str):
            hint = hint() if len(self.findings) < MOST_HINTS else ""
        self.findings.append(Finding(sheet, row, column, error.found, error.expected, hint))
        self.bad.setdefault((sheet, row), set()).update({column, _YEAR.sub("", column)})

    def has_room(self, sheet: str, column: str, severity: Severity) -> bool:
        """Count a finding of a column, and return whether it is still recorded."""
        self.counts[sheet, column, severity] += 1
        return self.counts[sheet, column, severity] <= MOST_FINDINGS

    def overflows(self) -> list[Finding]:
        """Return, for each column with too many findings, one that counts those left out."""
        return [
            Finding(sheet, 0, column, f"{count - MOST_FINDINGS:,} more such cells", severity=kind)
            for (sheet, column, kind), count in self.counts.items()
            if count > MOST_FINDINGS
        ]

    def refuse_misspelt(self, name: str) -> None:
        """Report a sheet with a misspelt name as an error, once: the workbook needs its content."""
        title, typed = self.misspelt[name]
        if title:
            self.misspelt[name] = "", ""
            self.findings = [finding for finding in self.findings if finding.sheet != title]
            file = self.layout.files.get(name, "")
            found = f"there is no {f'file {file}' if file else f'sheet {name}'}"
            self.findings.append(Finding(name, found=found, hint=f"is {typed} meant?"))

    def add_spelling(self, code: str, spelling: str, *, listed: bool = False) -> None:
        """Record a spelling of a country; ``listed``: it is from the sheet Countries."""
        written = clean_name(spelling)
        written = written.upper() if normalize(written) == normalize(code) else written
        if listed:
            self.listed.setdefault(code, written)
        self.spellings.setdefault(code, set()).add(written)

    def country_name(self, code: str) -> str:
        """Return a country's spelling: in the sheet Countries, else a name, else a code."""
        if code in self.listed:
            return self.listed[code]
        spellings = self.spellings.get(code, {code})
        return min(spellings, key=lambda name: (len(name) <= len(code), name))


# ---- sentences ----------------------------------------------------------------------------------

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\([^)]*\)")
_VERB = re.compile(
    r"\b(?:is|are|has|have|was|stands?|lies?|would|does|do|stays?|holds?|changes?|match(?:es)?"
    r"|must|appl(?:y|ies)|cannot|exceeds?|appears?|comes?|belongs?|adds?|names?|pays?|gives?)\b"
)
_THING = re.compile(r"(?:the|an?) ")
_CAPITALIZED = re.compile(r"(?:the|an?|no|in|found|expected|this|nothing|did|it|rows?) ")
"""First words that get a capital letter; a name or a path at the beginning keeps its spelling."""


def sentence(finding: Finding) -> str:
    return " ".join(part for part in (statement(finding), advice(finding)) if part)


def statement(finding: Finding) -> str:
    """Say what is wrong and what is expected."""
    message, expected = finding.found.strip(), finding.expected.strip()
    if not message:
        return _ended(f"expected {expected}") if expected else ""
    if not expected:
        return _ended(message)
    # "the text 'x'" has no verb and gets one; "the sheet is empty" is a sentence already
    bare = _THING.match(message) and not _VERB.search(_QUOTED.sub("", message))
    return _ended(f"{'found ' if bare else ''}{message}; expected {expected}")


def advice(finding: Finding) -> str:
    """Say the nearest fix; "" if none is known."""
    # "did you mean 0.65? it is stored as text" holds two sentences
    parts = filter(None, re.split(r"(?<=[?.!])\s+", finding.hint.strip()))
    return " ".join(_ended(capitalized(part)) for part in parts)


def _ended(text: str) -> str:
    """Return a text as a sentence, with a capital letter and a full stop."""
    text = text.strip()
    end = "" if text.endswith((".", "?", "!")) else "."
    return f"{capitalized(text) if _CAPITALIZED.match(text) else text}{end}"
