"""A case back to plain rows, in tonnes and the case's currency: what ``write_book`` writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields

from models.case import Case
from models.schema import (
    SHEETS,
    ByYear,
    Column,
    Country,
    Demand,
    Freight,
    Kind,
    Record,
    Settings,
)
from planner.workbook.template.layout import title

_APART = {"note", "source", "row", "tonnes", "costs"}
"""Fields without a column that are written all the same, or need not be."""


def tables_of(case: Case) -> dict[str, list[dict[str, object]]]:
    """Return the rows of every sheet that the case has, each header with its unit.

    Only what a workbook can say: a case that a scenario made may say more (a factor on freight, a
    project built outside the budget), and then ValueError tells what.
    """
    _refuse_unsayable(case)
    tables: dict[str, list[dict[str, object]]] = {}
    for record in SHEETS:
        if record is Settings:
            tables[record.SHEET] = _settings(case.settings)
        else:
            rows = _rows(record, case)
            if rows:
                tables[record.SHEET] = rows
    # A row without a name keeps the years of a case that demands nothing.
    tables.setdefault(
        Demand.SHEET, [{"Mineral": None, "Member": None, **{str(y): None for y in case.years}}]
    )
    return tables


def _settings(settings: Settings) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for column in Settings.columns():
        value = getattr(settings, column.field)
        if value is not None and value != "":
            name = title(column, settings.currency)
            rows.append({"Setting": name, "Value": _yes_no(value)})
    return rows


def _rows(record: type[Record], case: Case) -> list[dict[str, object]]:
    """Return the rows of a sheet, all with the same headers."""
    records = case.records(record.SHEET)
    makers = [
        maker for column in record.columns() for maker in _makers(column, records, case).items()
    ]
    if record is Demand:
        makers += [(str(year), _demand_of(year)) for year in case.years]
    if record is Freight:
        names = dict.fromkeys(m.name for m in case.members)
        makers += [(name, _freight_to(name)) for name in names]
    for word in ("note", "source"):
        if any(getattr(r, word) for r in records):
            makers.append((word.capitalize(), _field(word)))
    return [{header: make(r) for header, make in makers} for r in records]


_Maker = Callable[[Record], object]


def _makers(column: Column, records: Iterable[Record], case: Case) -> dict[str, _Maker]:
    """Return, for each header that a column needs, what makes its cell from a record."""
    plain = title(column, case.settings.currency)
    values = [getattr(r, column.field) for r in records]
    if any(isinstance(v, ByYear) for v in values):
        years = sorted({year for v in values if isinstance(v, ByYear) for year, _ in v.steps})
        steps = {title(column, case.settings.currency, y): _step(column.field, y) for y in years}
        return {plain: _base(column.field), **steps}
    if column.kind is Kind.COUNTRY:
        return {plain: lambda r: case.country_name(getattr(r, column.field))}
    return {plain: _field(column.field)}


def _field(name: str) -> _Maker:
    def make(record: Record) -> object:
        value = getattr(record, name)
        if isinstance(value, tuple):
            return "; ".join(map(str, value))
        return _yes_no(value)

    return make


def _base(name: str) -> _Maker:
    return lambda record: getattr(record, name).base


def _step(name: str, year: int) -> _Maker:
    return lambda record: dict(getattr(record, name).steps).get(year)


def _demand_of(year: int) -> _Maker:
    return lambda record: dict(getattr(record, "tonnes")).get(year)  # noqa: B009 - any Record


def _freight_to(member: str) -> _Maker:
    return lambda record: dict(getattr(record, "costs")).get(member)  # noqa: B009 - any Record


def _yes_no(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


def _refuse_unsayable(case: Case) -> None:
    """Raise ValueError where the case says what no cell can hold."""
    for record in SHEETS:
        written = _APART | {c.field for c in record.columns()}
        for field in fields(record):
            if field.name in written:
                continue
            if any(getattr(r, field.name) != field.default for r in case.records(record.SHEET)):
                msg = f"no column of {record.SHEET} can say {field.name}: a scenario made the case"
                raise ValueError(msg)
        for column in record.columns():
            values = [getattr(r, column.field) for r in case.records(record.SHEET)]
            if not column.by_year and any(isinstance(v, ByYear) and v.steps for v in values):
                msg = f"{record.SHEET} has no column by year for {column.header}"
                raise ValueError(msg)
    if case.ceilings:
        msg = "no sheet can say what was agreed to be sold at most"
        raise ValueError(msg)
    home = tuple(sorted({m.country for m in case.members if m.country}))
    if case.home_blocs != home:
        msg = f"no column of {Country.SHEET} can say whose home the coalition was before a scenario"
        raise ValueError(msg)
