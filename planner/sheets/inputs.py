"""What differs between two cases, input by input: the base's records against a scenario's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import MISSING, dataclass, fields
from itertools import groupby
from typing import Any

from models.case import Case
from models.results.common import look_of
from models.results.field import Look
from models.schema import (
    SHEETS,
    ByYear,
    CellKind,
    Column,
    Demand,
    EventStep,
    Freight,
    Lane,
    Project,
    Record,
    Refiner,
    ScenarioStep,
    ShareLimit,
)
from models.units import in_currency
from planner.render.table import Cell
from planner.render.words import clean, span

ADDED, REMOVED = "added", "removed"

_BESIDE: dict[str, tuple[Column, str, str, Look]] = {
    "extra_usable": (Refiner.column_of("capacity"), "usable capacity added", "t/yr", Look.TONNES),
    "support": (Refiner.column_of("cost"), "support paid", "USD/t", Look.PRICE),
    "built_in": (
        Project.column_of("first_year"),
        "year in which it is built in full",
        "",
        Look.YEAR,
    ),
    "freight_factor": (Lane.column_of("freight"), "freight multiplied by", "", Look.PRICE),
    "tariff_added": (Lane.column_of("tariff"), "added to the tariff", "", Look.SHARE),
    "except_minerals": (ShareLimit.column_of("mineral"), "all minerals but", "", Look.PRICE),
}
"""Fields that only a scenario fills: the column they stand beside, what they are, unit, look."""
_NAMES = {CellKind.NAME, CellKind.COUNTRY, CellKind.CHOICE}


@dataclass(frozen=True)
class InputDifference:
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


def input_differences(base: Case, case: Case) -> Iterator[InputDifference]:
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
) -> Iterator[InputDifference]:
    """Pair the rows of a sheet by their place in the workbook, else by what they are of."""
    left: dict[object, list[Record]] = {}
    for record in after:
        left.setdefault(_key(record), []).append(record)
    for record in sorted(before, key=lambda r: r.row):
        same = left.get(_key(record), [])
        if not same:
            yield InputDifference(
                record.SHEET, record.row, _first(record), _label(case, record), None, REMOVED
            )
            continue
        other = record if record in same else same[0]
        same.remove(other)
        if other != record:
            yield from record_differences(case, record, other)
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


def record_differences(case: Case, before: Record, after: Record) -> Iterator[InputDifference]:
    """Yield what differs between a row and what became of it, cell by cell."""
    label, place = _label(case, before), (before.SHEET, before.row)
    for f in fields(before):
        old, new = getattr(before, f.name), getattr(after, f.name)
        if not f.compare or old == new:
            continue
        of = _told(case, before, f.name)
        words = f"{label}: {of.said}"
        if of.is_spread:
            was, now = dict(old), dict(new)
            for header in dict.fromkeys([*was, *now]):
                one, other = was.get(header), now.get(header, REMOVED)
                if one != now.get(header):
                    name = str(header)
                    yield InputDifference(*place, name, words + name, one, other, of.look)
        elif isinstance(old, ByYear) and isinstance(new, ByYear):
            yield from _by_year(case, place, of, words, (old, new))
        else:
            yield InputDifference(*place, of.header, words, _shown(old), _shown(new), of.look)


def _by_year(
    case: Case, place: tuple[str, int], of: _Told, start: str, series: tuple[ByYear, ByYear]
) -> Iterator[InputDifference]:
    """Yield the years in which a series differs, those with equal numbers in one cell together."""

    def change(year: int) -> tuple[str, Cell, Cell] | None:
        old, new = (each.at(year) for each in series)
        return None if old == new else (_cell_of(of.header, series[0], year), old, new)

    for changed, run in groupby(case.years, key=change):
        if changed is not None:
            years, (cell, old, new) = [*run], changed
            other = _cell_of(of.header, series[1], years[0])
            words = f"{start} {span(years)}"
            yield InputDifference(*place, cell, words, old, new, of.look, column_after=other)


def _cell_of(header: str, series: ByYear, year: int) -> str:
    steps = [y for y, value in series.steps if y <= year and value is not None]
    return f"{header} {steps[-1]}" if steps else header


def _of_added(case: Case, record: Record) -> Iterator[InputDifference]:
    """Yield what an added row says: its filled cells that are no selectors, or that it is there."""
    label, found = _label(case, record), list[InputDifference]()
    columns = {c.field: c for c in type(record).columns()}
    for f in fields(record):
        value = getattr(record, f.name)
        default = f.default if f.default is not MISSING else None
        if f.compare and value != default and not _is_label(record, columns.get(f.name)):
            of = _told(case, record, f.name)
            for cell, what, one in _cells(of, value):
                words, place = f"{label}: {what}", (record.row, cell)
                found.append(
                    InputDifference(record.SHEET, 0, "", words, None, _shown(one), of.look, *place)
                )
    place = (record.row, _first(record))
    yield from found or [
        InputDifference(record.SHEET, 0, "", label, None, ADDED, Look.TEXT, *place)
    ]


def _cells(of: _Told, value: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield header, words and value of each cell that a field of an added row fills."""
    if of.is_spread:
        for name, one in value:
            yield str(name), f"{of.said}{name}", one
    elif isinstance(value, ByYear):
        yield of.header, of.said, value.base
        for year, one in value.steps:
            if one is not None:
                yield f"{of.header} {year}", f"{of.said} {year}", one
    else:
        yield of.header, of.said, value


@dataclass(frozen=True)
class _Told:
    """How a field is told: the header of its cell, what it is with its unit, its numbers' look.

    ``is_spread`` of columns beyond the declared ones: years of Demand, members of Freight.
    """

    header: str
    said: str
    look: Look
    is_spread: bool = False


def _told(case: Case, record: Record, field: str) -> _Told:
    currency = case.settings.currency
    if isinstance(record, Demand) and field == "tonnes":
        return _Told("", "Demand (t) ", Look.TONNES, is_spread=True)
    if isinstance(record, Freight) and field == "costs":
        return _Told("", f"Freight ({currency}/t) to ", Look.PRICE, is_spread=True)
    column = next((c for c in type(record).columns() if c.field == field), None)
    if column is not None:
        header = said = column.header
        own, look = column.unit, look_of(column)
    elif field in _BESIDE:
        beside, said, own, look = _BESIDE[field]
        header = beside.header
    else:
        header, said, own, look = "", field.replace("_", " "), "", Look.PRICE
    unit = in_currency(own, currency)
    return _Told(header, f"{said} ({unit})" if unit else said, look)


def _is_label(record: Record, column: Column | None) -> bool:
    """Return whether a column says which row it is rather than what holds there."""
    if column is None:
        return False
    if any(c.key for c in type(record).columns()):
        return column.key
    return column.kind in _NAMES or column.kind is CellKind.YEAR


def _label(case: Case, record: Record) -> str:
    """Return a record by its key, or by all that says which row it is, with headers."""
    keyed = any(c.key for c in type(record).columns())
    said = []
    for column in type(record).columns():
        value = getattr(record, column.field)
        is_default = not column.required and value == getattr(type(record), column.field, None)
        if not _is_label(record, column) or is_default or value in {"", None}:
            continue
        is_code = column.kind is CellKind.COUNTRY or column.field in {"supplier", "lost_country"}
        text = case.country_name(value) if is_code else str(_shown(value))
        if isinstance(value, tuple):  # of countries and blocs
            text = "; ".join(map(case.country_name, value))
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
