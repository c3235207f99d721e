"""What a plan's workbook shows beside the values of its cells, and the planner never writes."""

from __future__ import annotations

from collections.abc import Iterator

from models.errors import Finding, InputError
from planner.audit.file import PlanSheets
from planner.workbook.anatomy import WORKSHEET, Anatomy, anatomy
from planner.workbook.archive import BROKEN
from planner.workbook.plan_columns import PLAN_FILE

_SHOW = "show them again, or ask for the workbook as written"


def amiss(file: PlanSheets) -> Iterator[Finding]:
    """Yield formulas, cells given twice, sheets that are no sheets of cells, and what is hidden.

    Raises InputError where a sheet cannot be read.
    """
    for sheet in file.listed:
        if sheet.kind != WORKSHEET:
            said = f"this is no sheet of cells but a {sheet.kind or 'name without a sheet'}"
            yield Finding(sheet.title, found=said, expected="a sheet that the planner wrote")
            continue
        if sheet.is_hidden:
            yield Finding(sheet.title, found="this sheet is hidden", expected="all sheets shown")
        try:
            found = anatomy(file.path, sheet.part)
        except BROKEN as error:
            said = f"{file.path}: the sheet {sheet.title} is damaged ({error})"
            raise InputError([Finding(found=said, expected=PLAN_FILE)]) from error
        yield from _in_sheet(sheet.title, found)


def _in_sheet(title: str, found: Anatomy) -> Iterator[Finding]:
    for cell in found.formulas:
        yield Finding(
            title, _row(cell), found="a formula stands here", expected="a plain value", cell=cell
        )
    for cell in found.misplaced:
        said = "this cell or row stands twice, or out of its place: programs show one or the other"
        yield Finding(title, _row(cell), found=said, cell=cell)
    if found.rows:
        count, first = len(found.rows), found.rows[0]
        said = f"{count:,} row{'s are' if count > 1 else ' is'} hidden, the first of them {first}"
        yield Finding(title, first, found=said, hint=f"a filter may hide them: {_SHOW}")
    if found.columns:
        said = f"columns are hidden: {', '.join(found.columns)}"
        yield Finding(title, found=said, hint=_SHOW)


def _row(cell: str) -> int:
    digits = cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return int(digits) if digits.isdecimal() else 0
