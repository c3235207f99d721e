"""Where things stand: sheet, row and column header to the cell that Excel shows, ``D14``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from models.case import fold
from models.errors import Finding
from models.schema import SHEETS, Settings

_ORDER = {record.SHEET: place for place, record in enumerate(SHEETS)}


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

    @property
    def first(self) -> int:
        """Position of the first column."""
        return min(self.columns.values(), default=1)


@dataclass
class Layout:
    """The places of a whole workbook."""

    sheets: dict[str, SheetLayout] = field(default_factory=dict)

    def position(self, sheet: str, row: int, column: str) -> tuple[int, int]:
        """Return row and column (1 is A) of a place, 0 for what is not known."""
        place = self.sheets.get(sheet)
        if place is None:
            return row, 0
        if place.rows or sheet == "Settings":
            at = place.rows.get(fold(column))
            if at is not None:
                return at, place.columns.get("value", 0)
        name = fold(column)
        if name and name not in place.columns:  # only given by year: its first year column
            steps = (
                key for key in place.columns if re.fullmatch(rf"{re.escape(name)} \d{{4}}", key)
            )
            name = min(steps, default=name)
        return row, place.columns.get(name, 0)

    def cell(self, sheet: str, row: int, column: str) -> str:
        """Return the address of a cell, such as ``D14``; "" where there is none.

        A column that the sheet lacks gives the first cell of the row; row 0 is the header row.
        """
        place = self.sheets.get(sheet)
        if place is None or not place.header_row:
            return ""
        at, position = self.position(sheet, row, column)
        if sheet == "Settings" and not at:
            return ""
        return f"{letters(position or place.first)}{at or place.header_row}"

    def known_cell(self, sheet: str, row: int, column: str) -> str:
        """Return the address of a cell; "" where the sheet has no such column or setting."""
        place = self.sheets.get(sheet)
        if place is None:
            return ""
        known = place.rows if sheet == Settings.SHEET else place.columns
        return self.cell(sheet, row, column) if fold(column) in known else ""

    def unit(self, sheet: str, column: str) -> Unit | None:
        """Return the unit that a column is written in, None where it is the catalogue's own."""
        place = self.sheets.get(sheet)
        return None if place is None else place.units.get(fold(column))

    def with_cell(self, finding: Finding) -> Finding:
        """Return a finding with its cell filled in."""
        if finding.cell or not (finding.row or finding.column):
            return finding
        return replace(finding, cell=self.cell(finding.sheet, finding.row, finding.column))

    def in_order(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return findings with their cells, each once, by sheet, row and column."""

        def rank(finding: Finding) -> tuple[int, str, int, int, Finding]:
            row, position = self.position(finding.sheet, finding.row, finding.column)
            match = re.fullmatch(r"([A-Z]+)\d+", finding.cell)
            position = number(match[1]) if match else position
            place = _ORDER.get(finding.sheet, len(_ORDER))
            return place, finding.sheet, row, position, finding

        return tuple(sorted(dict.fromkeys(map(self.with_cell, findings)), key=rank))


def letters(position: int) -> str:
    """Return a column's letters: 1 is A, 27 is AA."""
    text = ""
    while position > 0:
        position, rest = divmod(position - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def number(column: str) -> int:
    """Return the position of a column given by its letters: A is 1, AA is 27."""
    found = 0
    for letter in column:
        found = found * 26 + ord(letter) - ord("A") + 1
    return found
