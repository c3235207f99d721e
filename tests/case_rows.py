"""A case back to plain rows, in tonnes and the case's currency: what ``write_book`` writes."""

from __future__ import annotations

from models import schema
from models.schema import SHEETS, ByYear, CellKind
from planner.workbook.headers import REMARKS, SETTING, VALUE, YEARS, header_text


def tables_of(case):
    """Return the rows of every sheet that the case has, each header with its unit."""
    tables = {}
    for record in SHEETS:
        rows = settings_rows(case) if record is schema.Settings else rows_of(record, case)
        if rows:
            tables[record.SHEET] = rows
    # A row without a name keeps the years of a case that demands nothing.
    nobody = dict.fromkeys(
        [c.header for c in schema.Demand.columns()] + [str(y) for y in case.years]
    )
    tables.setdefault(schema.Demand.SHEET, [nobody])
    return tables


def settings_rows(case):
    said = ((c, getattr(case.settings, c.field)) for c in schema.Settings.columns())
    return [
        {SETTING.header: header_text(c, case.settings.currency), VALUE.header: plain(value)}
        for c, value in said
        if value is not None and value != ""
    ]


def rows_of(record, case):
    """Return the rows of a sheet, all with the same headers."""
    records = case.records(record.SHEET)
    columns = {}
    for column in record.columns():
        columns |= columns_of(column, [getattr(r, column.field) for r in records], case)
    if record.SPREAD:
        years, members = ("tonnes", case.years), ("costs", [m.name for m in case.members])
        name, keys = years if record.SPREAD == YEARS else members
        pairs = [dict(getattr(r, name)) for r in records]
        columns |= {str(key): [each.get(key) for each in pairs] for key in keys}
    for name, header in REMARKS.items():
        remarks = [getattr(r, name) for r in records]
        columns |= {header: remarks} if any(remarks) else {}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def columns_of(column, values, case):
    """Return the cells of a column by its header; of one by year by each of its headers."""
    currency = case.settings.currency
    if any(isinstance(value, ByYear) for value in values):
        steps = [dict(value.steps) for value in values]
        years = sorted({year for each in steps for year in each})
        made = {header_text(column, currency, y): [each.get(y) for each in steps] for y in years}
        return {header_text(column, currency): [value.base for value in values], **made}
    if column.kind is CellKind.COUNTRY:
        values = [case.country_name(code) for code in values]
    return {header_text(column, currency): [plain(value) for value in values]}


def plain(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(map(str, value)) if isinstance(value, tuple) else value
