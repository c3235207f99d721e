"""Reads a sheet's header row: the catalogue's column, the year and the unit of each header."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from numbers import Real

from models.case import clean_name, common_letters, normalize
from models.checks.common import is_total, name_hint, total_hint
from models.errors import Finding, Severity
from models.schema import SHEETS, CellKind, Column, Record, Settings
from models.schema.column import FIRST_YEAR, LAST_YEAR, MOST_PRICE, MOST_TONNES
from models.schema.rounds import ROUNDS
from models.units import UnitError, accepted, factor, in_currency
from planner.workbook.cells import (
    as_float,
    described,
    hint_of,
    is_number,
    member_meant,
    one_of,
    plain_number,
)
from planner.workbook.findings import CellError, ReadingContext, address, at_cell
from planner.workbook.grid import Grid

RECORDS: dict[str, type[Record]] = {record.SHEET: record for record in SHEETS}
REMARKS = {name: name.capitalize() for name in ("note", "source")}
"""Headers that every sheet may have, by the name of their field."""
GRADE = "grade"
"""Field of another column that every sheet may have: how reliable the row's numbers are."""
YEARS, MEMBERS = "years", "members"
SUCH_AS = 2026
"""The year in the examples of messages."""
SPREADS = {
    YEARS: Column(YEARS, CellKind.NUMBER, "", unit="t", most=MOST_TONNES, field=YEARS),
    MEMBERS: Column(MEMBERS, CellKind.NUMBER, "", unit="USD/t", most=MOST_PRICE, field=MEMBERS),
}
"""The columns of a year in Demand and of a member in Freight; their header may omit the unit."""
SETTING = Column("Setting", CellKind.TEXT, "Which setting.", required=True)
VALUE = Column("Value", CellKind.TEXT, "Its value.", default="as the setting says")

_UNIT = re.compile(r"(?P<name>.*?)\s*\((?P<unit>[^()]*)\)")
_BY_YEAR = re.compile(r"(?P<name>.+) (?P<year>\d{4})")
_YEAR = re.compile(r"\d{4}")
PAST = "Past"
"""Prefix of a past year's column in Demand: the column is kept, but not read."""


@dataclass(frozen=True)
class ParsedHeader:
    """One header with its meaning.

    One of three is set: ``column`` (with ``year`` if it is by year), ``always`` (note, source or
    grade) or ``spread`` (a year of Demand, a member of Freight). If none is, the column is kept as
    a note. ``position`` 1 is column A; ``name`` is the text without the ``unit`` (None: no unit);
    ``factor`` converts its numbers.
    """

    text: str
    position: int = 0
    name: str = ""
    unit: str | None = None
    column: Column | None = None
    year: int | None = None
    always: str = ""
    spread: str = ""
    factor: float = 1.0

    @property
    def label(self) -> str:
        """The column's name in findings: the header without unit."""
        if self.column is None:
            return self.spread or self.text
        return self.column.header if self.year is None else f"{self.column.header} {self.year}"

    @property
    def key(self) -> str:
        """The name that must be unique in a header row."""
        return normalize(self.label)

    @property
    def is_remark(self) -> bool:
        """Whether the column is text for readers, which the planner does not use."""
        return self.column is None and not self.spread


SETTINGS = {normalize(c.header): c for c in Settings.columns()}
DECLARED = {r: {normalize(c.header): c for c in r.columns()} for r in (*SHEETS, *ROUNDS)} | {
    Settings: {normalize(c.header): c for c in (SETTING, VALUE)}
}
"""The catalogue's columns of each sheet by normalized header."""


def header_text(column: Column, currency: str, year: int | None = None) -> str:
    """Write a column's header: ``Capacity 2027 (t/yr)``, money in the workbook's currency."""
    head = f"{column.header} {year}" if year else column.header
    return f"{head} ({in_currency(column.unit, currency)})" if column.unit else head


def split_unit(text: str) -> tuple[str, str | None]:
    """Split a header or setting into its name and the unit in parentheses (None: no unit)."""
    match = _UNIT.fullmatch(text)
    return (match["name"], match["unit"].strip()) if match else (text, None)


def parse_header(
    record: type[Record], text: str, members: Mapping[str, str], position: int = 0
) -> ParsedHeader:
    """Parse a header such as ``Capacity 2027 (t/yr)``; ``members`` is keyed by normalized name."""
    columns = DECLARED[record]
    # a header such as Target (days) has parentheses of its own, and no unit
    name, unit = (text, None) if normalize(text) in columns else split_unit(text)
    key, heading = normalize(name), ParsedHeader(text, position, name, unit)
    by_year = _BY_YEAR.fullmatch(name)
    stem = columns.get(normalize(by_year["name"])) if by_year else None
    if normalize(text) in {*REMARKS, GRADE}:
        heading = replace(heading, always=normalize(text))
    elif record.SPREAD == MEMBERS and normalize(text) in members:
        heading = replace(heading, unit=None, spread=members[normalize(text)])
    elif key in columns:
        heading = replace(heading, column=columns[key])
    elif by_year and stem and stem.by_year:
        heading = replace(heading, column=stem, year=int(by_year["year"]))
    elif record.SPREAD == YEARS and _YEAR.fullmatch(name):
        heading = replace(heading, year=int(name), spread=name)
    elif record.SPREAD == MEMBERS and key in members:
        heading = replace(heading, spread=members[key])
    return heading


def setting_named(label: str) -> Column | None:
    """Return the setting that a label names, with or without a unit; None if it names none."""
    return SETTINGS.get(normalize(label)) or SETTINGS.get(normalize(split_unit(label)[0]))


def known_headers(record: type[Record], cells: Iterable[object]) -> int:
    texts = (common_letters(clean_name(value)) for value in cells if isinstance(value, str))
    return sum(parse_header(record, text, {}).column is not None for text in texts)


def unit_factor(column: Column, unit: str | None, place: str, name: str, currency: str) -> float:
    """Return the factor that converts numbers in a unit to the column's own unit.

    ``place`` is the header or the setting with the unit, ``name`` its name without the unit; both
    are for the message of the CellError raised.
    """
    if column.unit and unit is None:
        options = one_of(tuple(f"({u})" for u in accepted(column.unit, currency)))
        message = f"{place} has no unit"
        raise CellError(message, f"{name} {options}")
    if unit is None:
        return 1.0
    if not column.unit:
        hint = "write fractions, or format the cells as percent" if "%" in unit else ""
        message = f"the unit ({unit}) in {place}"
        raise CellError(message, f"{name} without a unit", hint)
    try:
        return factor(unit, column.unit, currency)
    except UnitError as error:
        message = f"{place}: {error}"
        raise CellError(message, "") from error


def not_a_member(name: str) -> str:
    """Say that a column of Freight is headed by a name that is not a member."""
    return f"{name!r} is not a member"


class HeaderRow:
    """Reads the header row of one sheet; what is wrong with it is in ``findings``."""

    def __init__(self, record: type[Record], grid: Grid, context: ReadingContext) -> None:
        """Parse each header, with the context's currency and members."""
        self.record, self.grid, self.context = record, grid, context
        self.columns = DECLARED[record]
        self.findings: list[Finding] = []
        read = (self._read(position, value) for position, value in sorted(grid.header.items()))
        self.headings: list[ParsedHeader] = [heading for heading in read if heading is not None]
        self.refused: set[str] = set()
        there = {h.column.header for h in self.headings if h.column is not None}
        self._refuse_repeated()
        self._years_ascend()
        self._nameless()
        for column in self.columns.values():
            is_required = column.required or record is Settings
            if is_required and column.header not in there:
                message = f"the column {column.header!r} is missing"
                wanted = f"a column headed {in_currency(column.title, context.currency)!r}"
                self._error(max(grid.header) + 1, message, wanted)

    # ---- one header ----------------------------------------------------------------------------

    def _read(self, position: int, value: object) -> ParsedHeader | None:
        """Parse the header of a column; None with a finding if it is no text."""
        if isinstance(value, str):
            written = clean_name(value)
        elif is_number(value):  # a year may be a number
            written = plain_number(as_float(value))
        else:
            self._error(position, described(value), "a column header as text", hint_of(value))
            return None
        heading = parse_header(
            self.record, common_letters(written), self.context.members or {}, position
        )
        if heading.is_remark and not heading.always:
            return self._unlisted(replace(heading, text=written))
        if heading.year is not None and not FIRST_YEAR <= heading.year <= LAST_YEAR:
            message = f"the year {heading.name if heading.spread else heading.year}"
            message += "" if heading.spread else f" in the header {heading.text!r}"
            self._error(position, message, f"a year from {FIRST_YEAR} to {LAST_YEAR}")
            if heading.spread:
                return None
        return heading if heading.always else self._with_factor(heading)

    def _unlisted(self, heading: ParsedHeader) -> ParsedHeader | None:
        """Read a column not in the catalogue: a mistake in Demand and Freight, else a note."""
        if self.record.SPREAD == YEARS:
            by_year = _BY_YEAR.fullmatch(heading.name)
            if by_year and normalize(by_year["name"]) == normalize(PAST):
                return None
            message = f"the header {common_letters(heading.text)!r} is neither a known column"
            known = ", ".join(c.header for c in self.columns.values())
            wanted = f"{known}, Note, Source, Grade or a year such as {SUCH_AS}"
            hint = self._near(heading.name)
            self._error(heading.position, f"{message} nor a year", wanted, hint)
            return None
        if self.record.SPREAD == MEMBERS:
            return self._no_member(replace(heading, text=common_letters(heading.text)))
        return self._unknown(heading)

    def _with_factor(self, heading: ParsedHeader) -> ParsedHeader:
        """Return the header with the factor of its unit; a finding if the unit is wrong."""
        column = heading.column or SPREADS[self.record.SPREAD]
        if heading.spread and not heading.unit:
            return heading
        place, name = f"the header {heading.text!r}", heading.label
        try:
            times = unit_factor(column, heading.unit, place, name, self.context.currency)
        except CellError as error:
            if Settings.SHEET in self.context.misspelt:  # it may have another currency
                self.context.refuse_misspelt(Settings.SHEET)
                return heading
            self._error(heading.position, error.found, error.expected, str(error.hint))
            return heading
        return replace(heading, factor=times)

    def _no_member(self, heading: ParsedHeader) -> ParsedHeader | None:
        """Read a column of Freight without a member: a misspelt name, or a note."""
        if self.context.members is None:  # Members could not be read
            return None
        name, countries = heading.name, self.context.members_of
        hint = name_hint(name, self.context.members) or member_meant(name, countries)
        if not (hint or self.context.members_sure):
            return None  # it may be a member whose name could not be read
        if hint or any(isinstance(v, Real) for v in self.grid.values(heading.position)):
            hint = total_hint("column") if is_total(name) else hint
            expected = "a member of the sheet Members"
            self._error(heading.position, not_a_member(name), expected, hint)
            return None
        return self._unknown(heading)

    def _unknown(self, heading: ParsedHeader) -> ParsedHeader:
        """Report an unknown column, which is kept as a note."""
        by_year = _BY_YEAR.fullmatch(heading.name)
        stem = self.columns.get(normalize(by_year["name"])) if by_year else None
        hint = f"{stem.header} cannot be given by year" if stem else self._near(heading.name)
        message = f"the column {heading.text!r} is not known and is kept as a note"
        row = self.grid.header_row
        self.findings.append(
            Finding(self.record.SHEET, row, heading.text, message, "", hint, Severity.WARNING)
        )
        return heading

    def _near(self, name: str) -> str:
        """Return a hint with the similar column, "" if there is none."""
        if is_total(name) and self.record.SPREAD:
            return total_hint("column")
        return name_hint(
            name, {key: c.title for key, c in self.columns.items()} | REMARKS | {GRADE: "Grade"}
        )

    # ---- the row as a whole --------------------------------------------------------------------

    def _refuse_repeated(self) -> None:
        kept: dict[str, ParsedHeader] = {}
        repeated: set[str] = set()
        for heading in self.headings:
            before = kept.setdefault(heading.key, heading)
            if before is not heading:
                first = f"column {before.position}"
                if not self.grid.file:
                    first = address(before.position, self.grid.header_row)
                message = f"the column {heading.label!r} appears twice, first in {first}"
                self._error(heading.position, message, "each column once")
                repeated.add(heading.key)
        # it is not clear which of the two is meant, so neither is read
        self.refused = {h.column.header for h in self.headings if h.column and h.key in repeated}
        self.headings = [h for h in kept.values() if h.spread or h.key not in repeated]

    def _years_ascend(self) -> None:
        """Report years that do not ascend, and a sheet without years."""
        years = [(h.year, h.position) for h in self.headings if h.year is not None and h.spread]
        for (before, _), (year, position) in pairwise(years):
            if year < before:
                message = f"the year {year} comes after {before}"
                self._error(position, message, "year columns in ascending order")
        if self.record.SPREAD == YEARS and not years and not self.findings:
            wanted = "one column per year, headed 2026, 2027, ..."
            self._error(min(self.grid.header), "no year column", wanted)

    def _nameless(self) -> None:
        """Report cells without a header, which are not read; numbers in Demand are an error."""
        columns: dict[int, list[tuple[int, object]]] = {}
        is_read = self.record is not Settings or self.grid.file
        for row, position, value in self.grid.stray if is_read else ():
            columns.setdefault(position, []).append((row, value))
        for position, cells in sorted(columns.items()):
            row, value = cells[0]
            more = f" and {len(cells) - 1} more below are" if len(cells) > 1 else " is"
            message = f"{described(value)}{more} in a column without a header"
            if self.record.SPREAD and any(isinstance(v, Real) for _, v in cells):
                wanted = f"a header in {address(position, self.grid.header_row)}"
                finding = at_cell(self.record.SHEET, position, row, message, wanted)
            else:
                message, kind = f"{message} and not read", Severity.WARNING
                finding = at_cell(self.record.SHEET, position, row, message, severity=kind)
            self.findings.append(finding)

    def _error(self, position: int, message: str, expected: str, hint: str = "") -> None:
        row = self.grid.header_row
        self.findings.append(at_cell(self.record.SHEET, position, row, message, expected, hint))
