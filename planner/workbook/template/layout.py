"""Which columns a sheet has: the catalogue's, in its order, with those that the rows add."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.case import fold
from models.schema import SHEETS, Column, Kind, Record, Settings
from models.units import MONEY, in_currency

Row = Mapping[str, object]
Tables = Mapping[str, Sequence[Row]]

YEARS, MEMBERS = "years", "members"
"""What the columns of Demand and of Freight beyond the declared ones are (``Record.SPREAD``)."""

REMARKS = ("Note", "Source")
"""Columns that every sheet may have."""

RECORDS: dict[str, type[Record]] = {record.SHEET: record for record in SHEETS}

SETTING = Column("Setting", Kind.TEXT, "Which setting.", required=True)
VALUE = Column("Value", Kind.TEXT, "Its value.", default="as the setting says")

_HEADER = re.compile(r"(?P<name>.+?)(?:\s+(?P<year>\d{4}))?\s*(?:\((?P<unit>[^()]*)\))?\s*")


@dataclass(frozen=True)
class Heading:
    """One column of a worksheet.

    ``column`` is its declaration (None: Note, Source, or a column that the catalogue does not
    know); ``year`` the year from which a column by year holds; ``spread`` what a column of Demand
    or Freight beyond the declared ones is.
    """

    text: str
    column: Column | None = None
    year: int | None = None
    spread: str = ""

    @property
    def required(self) -> bool:
        """Whether every row must fill it."""
        return self.column is not None and self.column.required and self.year is None

    @property
    def remark(self) -> bool:
        """Whether it holds words for the reader that the planner does not compute with."""
        return self.column is None and not self.spread


def parse_header(text: str) -> tuple[str, int | None, str]:
    """Part a header into name, year and unit: ``Capacity 2027 (t/yr)``."""
    match = _HEADER.fullmatch(text.strip())
    if match is None:
        return text.strip(), None, ""
    year = match["year"]
    return match["name"], int(year) if year else None, match["unit"] or ""


def currency_of(tables: Tables) -> str:
    """Return the currency that the rows of Settings name, USD if they name none."""
    for row in tables.get(Settings.SHEET, ()):
        if fold(str(row.get("Setting") or "")) == "currency":
            return str(row.get("Value") or MONEY).strip() or MONEY
    return MONEY


def setting_columns() -> dict[str, Column]:
    """Return the column of each setting by its folded name."""
    return {fold(c.header): c for c in Settings.columns()}


def setting_column(name: object) -> Column | None:
    """Return the declaration of a setting, its name with unit or without."""
    return setting_columns().get(fold(parse_header(str(name or ""))[0]))


def title(column: Column, currency: str, year: int | None = None) -> str:
    """Write a column's header: ``Capacity 2027 (t/yr)``, money in the workbook's currency."""
    head = f"{column.header} {year}" if year else column.header
    return f"{head} ({in_currency(column.unit, currency)})" if column.unit else head


def columns_of(record: type[Record]) -> tuple[Column, ...]:
    """Return the columns that a sheet's header declares."""
    return (SETTING, VALUE) if record is Settings else record.columns()


def headings(record: type[Record], tables: Tables) -> list[Heading]:
    """Return every column of a sheet: declared, by year, spread, unknown, then Note and Source."""
    currency = currency_of(tables)
    declared = {fold(c.header): c for c in columns_of(record)}
    base: dict[str, Heading] = {}
    by_year: dict[str, list[Heading]] = {}
    spread: list[Heading] = []
    extra: list[Heading] = []
    remarks: dict[str, Heading] = {}
    names = [str(row["Member"]) for row in tables.get("Members", ()) if row.get("Member")]
    members = set(map(fold, names))
    for text in _given(tables.get(record.SHEET, ())):
        # A header such as "Target (days)" is a name of its own, not one of another unit.
        whole = declared.get(fold(text))
        name, year, _ = (text, None, "") if whole else parse_header(text)
        column = whole or declared.get(fold(name))
        if column is not None and year is None:
            base[column.header] = Heading(text, column)
        elif column is not None and column.by_year:
            by_year.setdefault(column.header, []).append(Heading(text, column, year))
        elif fold(text) in map(fold, REMARKS):
            remarks[fold(text)] = Heading(text)
        elif record.SPREAD == YEARS and name.isdigit():
            spread.append(Heading(text, spread=YEARS))
        elif record.SPREAD == MEMBERS and (not members or {fold(text), fold(name)} & members):
            spread.append(Heading(text, spread=MEMBERS))
        else:
            extra.append(Heading(text))
    if record.SPREAD == MEMBERS and not spread:
        spread = [Heading(name, spread=MEMBERS) for name in names]
    found: list[Heading] = []
    for column in declared.values():
        found.append(base.get(column.header) or Heading(title(column, currency), column))
        found += sorted(by_year.get(column.header, ()), key=lambda h: h.year or 0)
    return [
        *found,
        *spread,
        *extra,
        *remarks.values(),
        *(Heading(word) for word in REMARKS if fold(word) not in remarks),
    ]


def _given(rows: Iterable[Row]) -> list[str]:
    """List the headers of all rows, each once, in the order in which they first stand."""
    return list(dict.fromkeys(str(key) for row in rows for key in row))
