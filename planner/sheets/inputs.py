"""What differs between two cases, input by input: the base's records against a scenario's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import MISSING, dataclass, fields
from typing import Any

from models.case import Case
from models.results.field import Look
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
from planner.render.table import Cell
from planner.render.words import clean, span

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
    cells can hold, ``look`` is that of numbers. ``row_after`` is the row of a record that was added
    and ``column_after`` the header of the cell that ``after`` comes from, where it may be another.
    """

    sheet: str
    row: int
    column: str
    what: str
    before: Cell
    after: Cell
    look: Look = Look.TEXT
    row_after: int = 0
    column_after: str = ""


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
        beyond = _beyond(case, before, f.name)
        if beyond:
            yield from _pairs(place, f"{label}: {beyond}", old, new, _look(before))
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
    """Yield the cells of columns beyond the declared ones."""
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
    runs: list[tuple[str, Cell, Cell, str, list[int]]] = []
    for year in case.years:
        old: Cell = series[0].at(year)
        new: Cell = series[1].at(year)
        if old == new:
            runs.append(("", None, None, "", []))
            continue
        cell, other = (_cell_of(header, each, year) for each in series)
        if runs and runs[-1][:3] == (cell, old, new):
            runs[-1][4].append(year)
        else:
            runs.append((cell, old, new, other, [year]))
    for cell, was, now, other, years in runs:
        if years:
            words = f"{start} {span(years)}"
            yield Difference(*place, cell, words, was, now, look, column_after=other)


def _cell_of(header: str, series: ByYear, year: int) -> str:
    """Return the header of the column that a year's number stands in."""
    steps = [y for y, value in series.steps if y <= year and value is not None]
    return f"{header} {steps[-1]}" if steps else header


def _of_added(case: Case, record: Record) -> Iterator[Difference]:
    """Yield what an added row says: its filled cells that are no selectors, or that it is there."""
    is_told = False
    columns = {c.field: c for c in type(record).columns()}
    label = _label(case, record)
    for f in fields(record):
        value, column = getattr(record, f.name), columns.get(f.name)
        default = f.default if f.default is not MISSING else None
        if not f.compare or value == default or _is_label(record, column):
            continue
        header, said, look = _named(case, f.name, column)
        look = _look(record) if _beyond(case, record, f.name) else look
        for cell, what, one in _cells(case, record, f.name, header, said):
            place = (record.row, cell)
            words = f"{label}: {what}"
            is_told = True
            yield Difference(record.SHEET, 0, "", words, None, _shown(one), look, *place)
    if not is_told:
        place = (record.row, _first(record))
        yield Difference(record.SHEET, 0, "", label, None, ADDED, Look.TEXT, *place)


def _cells(
    case: Case, record: Record, field: str, header: str, said: str
) -> Iterator[tuple[str, str, Any]]:
    """Yield header, words and value of each cell that a field of an added row fills."""
    value, start = getattr(record, field), _beyond(case, record, field)
    if start:
        for name, one in value:
            yield str(name), f"{start}{name}", one
    elif isinstance(value, ByYear):
        yield header, said, value.base
        for year, one in value.steps:
            if one is not None:
                yield f"{header} {year}", f"{said} {year}", one
    else:
        yield header, said, value


def _beyond(case: Case, record: Record, field: str) -> str:
    """Return what cells beyond declared columns are: years of Demand, members of Freight."""
    if isinstance(record, Demand) and field == "tonnes":
        return "Demand (t) "
    if isinstance(record, Freight) and field == "costs":
        return f"Freight ({case.settings.currency}/t) to "
    return ""


def _look(record: Record) -> Look:
    return Look.TONNES if isinstance(record, Demand) else Look.PRICE


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
