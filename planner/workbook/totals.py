"""Rows of totals below a table: one finding each in the place of all their errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from models.case import fold
from models.checks.totals import is_total, looks_like
from models.errors import Finding, Severity
from models.schema import SHEETS, Member, Mineral
from planner.workbook.context import Context
from planner.workbook.grid import Grid
from planner.workbook.layout import letters
from planner.workbook.records import Parsed


def tell_totals(
    grids: Mapping[str, Grid], parsed: Mapping[str, Parsed], context: Context
) -> list[Finding]:
    """Return all findings, those of a row that is named Total and defined nowhere as one."""
    faulty: dict[str, set[int]] = {}
    for finding in context.findings:
        if finding.severity is Severity.ERROR:
            faulty.setdefault(finding.sheet, set()).add(finding.row)
    totals: dict[tuple[str, int], Finding] = {}
    for sheet in faulty.keys() & parsed.keys():
        names = _defined(parsed, sheet)
        for row, at, value in _named_total(sheet, grids[sheet], context):
            if row in faulty[sheet] and fold(value) not in names:
                said, cell = f"{value!r}: {looks_like('row')}", f"{letters(at)}{row}"
                totals.setdefault((sheet, row), Finding(sheet, row, found=said, cell=cell))
    others = [f for f in context.findings if (f.sheet, f.row) not in totals]
    return [*others, *totals.values()]


def _named_total(sheet: str, grid: Grid, context: Context) -> Iterable[tuple[int, int, str]]:
    """Yield row, position and text where a cell that names the row is that of a total."""
    record = next(r for r in SHEETS if sheet == r.SHEET)
    places = context.layout.sheets[sheet].columns
    for column in record.columns():
        at = places.get(fold(column.header))
        if at is not None and (column.key or column.required):
            for row, value in zip(grid.rows, grid.values(at), strict=True):
                if isinstance(value, str) and is_total(value):
                    yield row, at, value


def _defined(parsed: Mapping[str, Parsed], sheet: str) -> set[str]:
    """Return the names of minerals and members, folded, that other sheets define."""
    homes = {Mineral.SHEET, Member.SHEET} - {sheet}
    return {fold(str(n)) for home in homes & parsed.keys() for n in parsed[home].fields["name"]}
