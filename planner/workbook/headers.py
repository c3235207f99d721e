"""What the header row of a sheet means: which column of the catalogue, year and unit each has."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from numbers import Real

from models.case import clean, common_letters, fold
from models.checks.totals import is_total, looks_like
from models.errors import Finding, warning
from models.schema import Column, Record, Settings
from models.schema.column import FIRST_YEAR, LAST_YEAR
from models.units import UnitError, accepted, factor, in_currency
from planner.workbook.cells import as_float, plain, shown
from planner.workbook.grid import Grid
from planner.workbook.layout import letters

ALWAYS = ("note", "source")
"""Fields of every record, whose columns are always allowed."""

SPREAD_UNIT = {"years": "t", "members": "USD/t"}
"""The unit of the columns beyond the declared ones; it need not be written."""

CLOSE = 0.6
UNIT = re.compile(r"(?P<name>.*?)\s*\((?P<unit>[^()]*)\)")
"""A name with a unit in parentheses behind it: a header, or a setting."""
_BY_YEAR = re.compile(r"(?P<name>.+) (?P<year>\d{4})")
_YEAR = re.compile(r"\d{4}")


@dataclass(frozen=True)
class Heading:
    """One header cell understood.

    ``position`` 1 is column A. Exactly one of these holds: ``column`` (with ``year`` where it is by
    year), ``always`` (note or source), ``spread`` (a year of Demand, a member of Freight), or none
    of them: a column that is kept as a note. ``factor`` converts its numbers.
    """

    position: int
    text: str
    column: Column | None = None
    year: int | None = None
    always: str = ""
    spread: str = ""
    factor: float = 1.0

    @property
    def label(self) -> str:
        """The header without unit, as findings name the column."""
        if self.column is None:
            return self.spread or self.text
        return self.column.header if self.year is None else f"{self.column.header} {self.year}"

    @property
    def unit(self) -> str:
        """The unit as written, "" without one."""
        match = UNIT.fullmatch(self.text)
        return match["unit"].strip() if match else ""

    @property
    def key(self) -> str:
        """What may stand only once in a header row."""
        return fold(self.label)


def known_headers(record: type[Record], cells: Iterable[object]) -> int:
    """Return how many cells are headers of a sheet; those of Settings are its two columns."""
    known = {fold(c.header) for c in record.columns()}
    if record is Settings:
        known = {"setting", "value"}
    count = 0
    for value in cells:
        if isinstance(value, str):
            text = common_letters(clean(value))
            match = UNIT.fullmatch(text)
            name = match["name"] if match else text
            step = _BY_YEAR.fullmatch(name)
            names = {fold(text), fold(name), fold(step["name"] if step else name)}
            count += bool(names & known)
    return count


class HeaderRow:
    """Reads the header row of one sheet; what is wrong with it is in ``findings``."""

    def __init__(
        self,
        record: type[Record],
        grid: Grid,
        currency: str,
        *,
        members: Mapping[str, str] | None,
        members_sure: bool,
    ) -> None:
        """Understand each header; ``members`` are the known ones by folded name (None: unknown).

        ``members_sure``: there is no further member, whose name could not be read.
        """
        self.members_sure = members_sure
        self.record, self.grid, self.currency = record, grid, currency
        self.members = members
        self.columns = {fold(c.header): c for c in record.columns()}
        self.findings: list[Finding] = []
        self.headings: list[Heading] = []
        self.refused: set[str] = set()
        for position in sorted(grid.header):
            heading = self._read(position, grid.header[position])
            if heading is not None:
                self.headings.append(heading)
        there = {h.column.header for h in self.headings if h.column is not None}
        self._refuse_repeated()
        self._nameless()
        self._missing(there)

    # ---- one header ----------------------------------------------------------------------------

    def _read(self, position: int, value: object) -> Heading | None:
        written = self._text(position, value)
        if written is None:
            return None
        text = common_letters(written)
        # a header such as Target (days) has parentheses of its own, and no unit
        match = None if fold(text) in self.columns else UNIT.fullmatch(text)
        if match is None or fold(text) in self.columns:  # a header may have parentheses of its own
            name, unit = text, None
        else:
            name, unit = match["name"], match["unit"].strip()
        members = self.members if self.record.SPREAD == "members" and self.members else {}
        if fold(text) in ALWAYS:
            heading: Heading | None = Heading(position, text, always=fold(text))
        elif fold(text) in members:
            heading = Heading(position, text, spread=members[fold(text)])
        elif (known := self._column(name)) is not None:
            heading = self._known(position, text, *known, unit)
        elif self.record.SPREAD == "years":
            heading = self._year(position, text, name, unit)
        elif self.record.SPREAD == "members":
            heading = self._member(position, text, name, unit)
        else:
            heading = self._unknown(position, written, name)
        return heading

    def _text(self, position: int, value: object) -> str | None:
        """A header as text: a year may stand as a number."""
        if isinstance(value, str):
            return clean(value)
        if isinstance(value, Real) and not isinstance(value, bool):
            return plain(as_float(value))
        self._error(position, shown(value), "a column header as text", getattr(value, "hint", ""))
        return None

    def _column(self, name: str) -> tuple[Column, int | None] | None:
        """Return the column that a header without unit names, and its year where it has one."""
        column = self.columns.get(fold(name))
        if column is not None:
            return column, None
        stem, year = self._by_year(name)
        return (stem, year) if stem is not None and stem.by_year else None

    def _by_year(self, name: str) -> tuple[Column | None, int | None]:
        """Part ``Capacity 2028`` into its column and year."""
        match = _BY_YEAR.fullmatch(name)
        column = self.columns.get(fold(match["name"])) if match else None
        return (column, int(match["year"])) if match and column else (None, None)

    def _known(
        self, position: int, text: str, column: Column, year: int | None, unit: str | None
    ) -> Heading:
        if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
            said = f"the year {year} in the header {text!r}"
            self._error(position, said, f"a year from {FIRST_YEAR} to {LAST_YEAR}")
        times = 1.0
        options = " or ".join(f"({u})" for u in accepted(column.unit, self.currency))
        wanted = column.header if year is None else f"{column.header} {year}"
        if column.unit and unit is None:
            self._error(
                position,
                f"the header {text!r} has no unit",
                f"{wanted} with {options}",
            )
        elif unit is not None and not column.unit:
            self._error(
                position,
                f"the unit ({unit}) in the header {text!r}",
                f"{wanted} without a unit",
                "write fractions, or format the cells as percent" if "%" in unit else "",
            )
        elif unit is not None:
            try:
                times = factor(unit, column.unit, self.currency)
            except UnitError as error:
                self._error(position, f"the header {text!r}: {error}", "")
        return Heading(position, text, column, year, factor=times)

    def _year(self, position: int, text: str, name: str, unit: str | None) -> Heading | None:
        if not _YEAR.fullmatch(name):
            known = [c.header for c in self.record.columns()]
            self._error(
                position,
                f"the header {text!r} is neither a known column nor a year",
                f"{', '.join(known)}, Note, Source or a year such as 2026",
                self._near(name),
            )
            return None
        if not FIRST_YEAR <= int(name) <= LAST_YEAR:
            self._error(position, f"the year {name}", f"a year from {FIRST_YEAR} to {LAST_YEAR}")
            return None
        times = self._spread_factor(position, text, unit)
        return Heading(position, text, year=int(name), spread=name, factor=times)

    def _member(self, position: int, text: str, name: str, unit: str | None) -> Heading | None:
        if self.members is None:  # Members could not be read: no word about its names
            return None
        member = self.members.get(fold(name))
        if member is not None:
            times = self._spread_factor(position, text, unit)
            return Heading(position, text, spread=member, factor=times)
        close = difflib.get_close_matches(fold(name), self.members, n=1, cutoff=CLOSE)
        numbers = any(isinstance(v, Real) for v in self.grid.values(position))
        if not (close or self.members_sure):
            return None  # it may be the member whose name cannot be read
        if close or numbers:
            hint = f"did you mean {self.members[close[0]]!r}?" if close else ""
            hint = looks_like("column") if is_total(name) else hint
            self._error(position, f"{name!r} is no member", "a member of the sheet Members", hint)
            return None
        return self._unknown(position, text, name)

    def _spread_factor(self, position: int, text: str, unit: str | None) -> float:
        if not unit:
            return 1.0
        try:
            return factor(unit, SPREAD_UNIT[self.record.SPREAD], self.currency)
        except UnitError as error:
            self._error(position, f"the header {text!r}: {error}", "")
            return 1.0

    def _unknown(self, position: int, text: str, name: str) -> Heading:
        stem, _ = self._by_year(name)
        hint = f"{stem.header} cannot be given by year" if stem else self._near(name)
        self.findings.append(
            warning(
                self.record.SHEET,
                self.grid.header_row,
                text,
                found=f"the column {text!r} is not known and kept as a note",
                hint=hint,
            )
        )
        return Heading(position, text)

    def _near(self, name: str) -> str:
        if is_total(name) and self.record.SPREAD:
            return looks_like("column")
        known = {key: column.title for key, column in self.columns.items()}
        known |= {word: word.capitalize() for word in ALWAYS}
        close = difflib.get_close_matches(fold(name), known, n=1, cutoff=CLOSE)
        if not close:
            return ""
        return f"did you mean {known[close[0]]!r}?"

    # ---- the row as a whole --------------------------------------------------------------------

    def _refuse_repeated(self) -> None:
        kept: dict[str, Heading] = {}
        repeated: set[str] = set()
        for heading in self.headings:
            before = kept.setdefault(heading.key, heading)
            if before is not heading:
                at = f"{letters(before.position)}{self.grid.header_row}"
                self._error(
                    heading.position,
                    f"the column {heading.label!r} stands twice, first in {at}",
                    "each column once",
                )
                repeated.add(heading.key)
        # which of the two is meant is not known, so neither is read
        self.refused = {h.column.header for h in self.headings if h.column and h.key in repeated}
        self.headings = [h for h in kept.values() if h.spread or h.key not in repeated]
        years = [h for h in self.headings if h.year is not None and h.spread]
        for earlier, later in itertools.pairwise(years):
            if (earlier.year or 0) > (later.year or 0):
                self._error(
                    later.position,
                    f"the year {later.year} stands after {earlier.year}",
                    "year columns that ascend",
                )
        if self.record.SPREAD == "years" and not years and not self.findings:
            first = min(self.grid.header, default=1)
            self._error(first, "no year column", "one column per year, headed 2026, 2027, ...")

    def _nameless(self) -> None:
        """Cells under no header are not read: say so, and refuse numbers in Demand."""
        columns: dict[int, list[tuple[int, object]]] = {}
        for row, position, value in self.grid.stray:
            columns.setdefault(position, []).append((row, value))
        for position, cells in sorted(columns.items()):
            row, value = cells[0]
            cell = f"{letters(position)}{row}"
            more = f", and {len(cells) - 1} more below," if len(cells) > 1 else ""
            stand = "stand" if more else "stands"
            found = f"{shown(value)}{more} {stand} in a column without a header"
            numbers = any(isinstance(v, Real) for _, v in cells)
            if numbers and self.record.SPREAD:
                self.findings.append(
                    Finding(
                        self.record.SHEET,
                        row,
                        found=found,
                        expected=f"a header in {letters(position)}{self.grid.header_row}",
                        cell=cell,
                    )
                )
            else:
                unread = warning(self.record.SHEET, row, found=f"{found}: not read")
                self.findings.append(replace(unread, cell=cell))

    def _missing(self, there: set[str]) -> None:
        for column in self.columns.values():
            if column.required and column.header not in there:
                self._error(
                    min(self.grid.header, default=1),
                    f"the column {column.header!r} is missing",
                    f"a column headed {in_currency(column.title, self.currency)!r}",
                )

    def _error(self, position: int, found: str, expected: str, hint: str = "") -> None:
        cell = f"{letters(position)}{self.grid.header_row}"
        self.findings.append(
            Finding(
                self.record.SHEET,
                self.grid.header_row,
                found=found,
                expected=expected,
                hint=hint,
                cell=cell,
            )
        )
