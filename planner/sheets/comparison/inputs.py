"""What differs between two cases, input by input: the base's records against a scenario's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import MISSING, dataclass, fields
from typing import Any

from models.case import Case
from models.schema import (
    SHEETS,
    ByYear,
    Column,
    Demand,
    EventStep,
    Freight,
    Kind,
    Record,
    ScenarioStep,
)
from models.units import in_currency
from planner.sheets.table import Cell, Look
from planner.sheets.text import clean

ADDED, REMOVED = "added", "removed"

_BESIDE: dict[str, tuple[str, str, str]] = {
    "extra_usable": ("Capacity", "usable capacity added", "t/yr"),
    "built_in": ("First year", "year in which it is built in full", ""),
    "freight_factor": ("Freight", "freight multiplied by", ""),
    "except_minerals": ("Mineral", "all minerals but", ""),
}
"""Fields that only a scenario fills: the column they stand beside, what they are, the unit."""
_LOOKS = {
    "t": Look.TONNES,
    "t/yr": Look.TONNES,
    "USD/t": Look.PRICE,
    "USD/t/yr": Look.PRICE,
    "USD m": Look.MILLIONS,
}
_NAMES = {Kind.NAME, Kind.COUNTRY, Kind.CHOICE}


@dataclass(frozen=True)
class Difference:
    """One input that differs.

    ``row`` and ``column`` (the header of a cell) say where it stands in the workbook; row 0 is
    nowhere. ``what`` is the record and the column in words; ``before`` and ``after`` are what
    cells can hold, ``look`` is that of numbers.
    """

    sheet: str
    row: int
    column: str
    what: str
    before: Cell
    after: Cell
    look: Look = Look.TEXT


def input_differences(base: Case, case: Case) -> Iterator[Difference]:
    """Yield every input of the base that a case has otherwise, in the order of the sheets."""
    if base == case:
        return
    for record in SHEETS:
        if record in {ScenarioStep, EventStep}:  # they say changes, and are none
            continue
        before, after = base.records(record.SHEET), case.records(record.SHEET)
        if before is after or before == after:
            continue
        for found in _of_sheet(base, before, after):
            # that its member left is told in Members
            told = record is Freight and found.column in base.member_of.keys() - case.member_of
            if not told:
                yield found


def _of_sheet(
    case: Case, before: Iterable[Record], after: Iterable[Record]
) -> Iterator[Difference]:
    """Pair the rows of a sheet by their place in the workbook, else by what they are of."""
    left: dict[object, list[Record]] = {}
    for record in after:
        left.setdefault(_key(record), []).append(record)
    for record in sorted(before, key=lambda r: r.row):
        same = left.get(_key(record), [])
        if not same:
            yield Difference(
                record.SHEET, record.row, _first(record), _label(case, record), None, REMOVED
            )
            continue
        other = record if record in same else same[0]
        same.remove(other)
        if other != record:
            yield from _of_record(case, record, other)
    for record in (record for records in left.values() for record in records):
        yield from _of_added(case, record)


def _key(record: Record) -> object:
    """Return what a record is recognised by."""
    if record.row:
        return record.row
    keys = [c.field for c in type(record).columns() if c.key]
    return tuple(getattr(record, name) for name in keys) if keys else record


def _first(record: Record) -> str:
    return next(iter(type(record).columns())).header


def _of_record(case: Case, before: Record, after: Record) -> Iterator[Difference]:
    """Yield what differs between a row and what a scenario makes of it."""
    columns = {c.field: c for c in type(before).columns()}
    label = _label(case, before)
    for f in fields(before):
        old, new = getattr(before, f.name), getattr(after, f.name)
        if not f.compare or old == new:
            continue
        place = (before.SHEET, before.row)
        if isinstance(before, Demand) and f.name == "tonnes":
            yield from _pairs(place, f"{label}: Demand (t) ", old, new, Look.TONNES)
            continue
        if isinstance(before, Freight) and f.name == "costs":
            unit = f"{case.settings.currency}/t"
            yield from _pairs(place, f"{label}: Freight ({unit}) to ", old, new, Look.PRICE)
            continue
        header, said, look = _named(case, f.name, columns.get(f.name))
        if isinstance(old, ByYear) and isinstance(new, ByYear):
            yield from _by_year(case, place, header, f"{label}: {said}", (old, new), look)
        else:
            words = f"{label}: {said}"
            yield Difference(*place, header, words, _shown(old), _shown(new), look)


def _pairs(
    place: tuple[str, int], start: str, old: Any, new: Any, look: Look
) -> Iterator[Difference]:
    """Yield the cells of columns beyond the declared ones: years of Demand, members of Freight."""
    before, after = dict(old), dict(new)
    for header in dict.fromkeys([*before, *after]):
        if before.get(header) != after.get(header):
            name = str(header)
            gone = after.get(header, REMOVED)
            yield Difference(*place, name, start + name, before.get(header), gone, look)


def _by_year(  # noqa: PLR0913, PLR0917 - a series and where it stands
    case: Case,
    place: tuple[str, int],
    header: str,
    start: str,
    series: tuple[ByYear, ByYear],
    look: Look,
) -> Iterator[Difference]:
    """Yield the years in which a series differs, those with equal numbers in one cell together."""
    runs: list[tuple[str, Cell, Cell, list[int]]] = []
    for year in case.years:
        old: Cell = series[0].at(year)
        new: Cell = series[1].at(year)
        if old == new:
            runs.append(("", None, None, []))
            continue
        steps = [y for y, value in series[0].steps if y <= year and value is not None]
        cell = f"{header} {steps[-1]}" if steps else header
        if runs and runs[-1][:3] == (cell, old, new):
            runs[-1][3].append(year)
        else:
            runs.append((cell, old, new, [year]))
    for cell, was, now, years in runs:
        if years:
            when = str(years[0]) if len(years) == 1 else f"{years[0]} to {years[-1]}"
            yield Difference(*place, cell, f"{start} {when}", was, now, look)


def _of_added(case: Case, record: Record) -> Iterator[Difference]:
    """Yield what a row says that a scenario adds: its filled cells that are no selectors."""
    columns = {c.field: c for c in type(record).columns()}
    label = _label(case, record)
    for f in fields(record):
        value, column = getattr(record, f.name), columns.get(f.name)
        default = f.default if f.default is not MISSING else None
        if not f.compare or value == default or _is_label(record, column):
            continue
        _, said, look = _named(case, f.name, column)
        if isinstance(value, ByYear):
            value = value.base
        yield Difference(record.SHEET, 0, "", f"{label}: {said}", None, _shown(value), look)


def _named(case: Case, field: str, column: Column | None) -> tuple[str, str, Look]:
    """Return the header of a field's cell, what it is with its unit, and how its numbers look."""
    if column is None:
        header, said, own = _BESIDE.get(field, ("", field.replace("_", " "), ""))
        look = _LOOKS.get(own, Look.YEAR if field == "built_in" else Look.PRICE)
    else:
        header = said = column.header
        own, look = column.unit, _LOOKS.get(column.unit, Look.PRICE)
        if column.kind is Kind.SHARE:
            look = Look.SHARE
        elif column.kind in {Kind.YEAR, Kind.WHOLE}:
            look = Look.YEAR
    unit = in_currency(own, case.settings.currency)
    return header, f"{said} ({unit})" if unit else said, look


def _is_label(record: Record, column: Column | None) -> bool:
    """Return whether a column says which row it is rather than what holds there."""
    if column is None:
        return False
    if any(c.key for c in type(record).columns()):
        return column.key
    return column.kind in _NAMES or column.kind is Kind.YEAR


def _label(case: Case, record: Record) -> str:
    """Return a record by its key, or by all that says which row it is, with headers."""
    keyed = any(c.key for c in type(record).columns())
    said = []
    for column in type(record).columns():
        value = getattr(record, column.field)
        is_default = not column.required and value == getattr(type(record), column.field, None)
        if not _is_label(record, column) or is_default or value in {"", None}:
            continue
        is_code = column.kind is Kind.COUNTRY or column.field == "supplier"
        text = case.country_name(value) if is_code else str(_shown(value))
        said.append(text if keyed else f"{column.header} {text}")
    return ", ".join(said) or "all"


def _shown(value: Any) -> Cell:
    """Return a value as a cell holds it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float) or value is None:
        return value
    if isinstance(value, tuple):
        return clean(", ".join(str(each) for each in value)) or None
    return clean(str(value)) or None
