"""An input workbook to a Case, with every finding in one go."""

from __future__ import annotations

import contextlib
import difflib
import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models import checks
from models.case import Case, fold
from models.errors import Finding, InputError, Severity, warning
from models.schema import (
    SHEETS,
    Country,
    Demand,
    Freight,
    Lane,
    Member,
    Project,
    Record,
    Refiner,
    Settings,
    ShareLimit,
)
from planner.workbook.context import Context, DefaultTaken
from planner.workbook.excel import open_excel
from planner.workbook.grid import Grid, from_rows
from planner.workbook.layout import Layout
from planner.workbook.names import unify
from planner.workbook.records import Parsed, read_sheet
from planner.workbook.settings import read_settings

CLOSE_SHEET = 0.75


@dataclass(frozen=True)
class Book:
    """A workbook that was read: its case, and what there is to tell of it.

    ``layout`` finds the cell of a sheet, row and column; ``sha256`` is of the file's bytes, or of
    the rows where there was no file.
    """

    case: Case
    warnings: tuple[Finding, ...] = ()
    defaults: tuple[DefaultTaken, ...] = ()
    layout: Layout = field(default_factory=Layout)
    sha256: str = ""
    path: Path | None = None

    @property
    def title(self) -> str:
        """The plan's title: the setting, or else the file's name."""
        named = self.case.settings.plan_title
        return named or (self.path.stem if self.path is not None else "")


def read(path: Path) -> Book:
    """Read an input workbook (.xlsx, .xlsm).

    Raises InputError with all findings, errors and warnings, where there is an error.
    """
    with _no_collection():
        file = open_excel(Path(path))
        return _read(file.grids, file.sha256, Path(path))


def read_tables(tables: Mapping[str, Sequence[Mapping[str, object]]]) -> Book:
    """Read a workbook given as sheet to rows, each a mapping from header to scalar.

    The same rules hold as for a file; the header counts as row 1, the first row as row 2.
    """
    grids = [from_rows(title, rows) for title, rows in tables.items()]
    said = repr([(title, [list(row.items()) for row in rows]) for title, rows in tables.items()])
    return _read(grids, hashlib.sha256(said.encode()).hexdigest(), None)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector off: a large sheet makes many objects and no circles."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _read(grids: Iterable[Grid], sha256: str, path: Path | None) -> Book:
    context = Context()
    found = _sheets(grids, context)
    settings = read_settings(found.get(Settings.SHEET), context)
    parsed: dict[str, Parsed] = {}
    for record in SHEETS:
        grid = found.get(record.SHEET)
        if record is not Settings and grid is not None and grid.header_row:
            parsed[record.SHEET] = read_sheet(record, grid, context)
            if record is Member:
                names = parsed[Member.SHEET]
                context.members = {fold(n): n for n in names.fields["name"] if n}
                context.members_sure = not names.unread
    _beginnings(parsed, context)
    unify(parsed, context)
    case = _case(settings, parsed, context)
    failed = any(f.severity is Severity.ERROR for f in context.findings)
    context.findings += _checked(case, parsed, context) if failed else checks.check(case)
    findings = context.layout.in_order(context.findings)
    if any(f.severity is Severity.ERROR for f in findings):
        raise InputError(findings)
    return Book(case, findings, tuple(context.defaults), context.layout, sha256, path)


def _sheets(grids: Iterable[Grid], context: Context) -> dict[str, Grid]:
    """Return the known sheets by their name in the catalogue, and say what is amiss with others."""
    known = {fold(record.SHEET): record for record in SHEETS}
    found: dict[str, Grid] = {}
    for grid in grids:
        record = known.get(fold(grid.title))
        if record is None:
            close = difflib.get_close_matches(fold(grid.title), known, n=1, cutoff=CLOSE_SHEET)
            if close:
                said = f"the sheet {grid.title!r} is not known and not read"
                hint = f"did you mean {known[close[0]].SHEET!r}?"
                context.findings.append(warning(grid.title, found=said, hint=hint))
        elif record.SHEET in found:
            said = f"the sheets {found[record.SHEET].title!r} and {grid.title!r} have one name"
            context.findings.append(Finding(record.SHEET, found=said, expected="each sheet once"))
        else:
            found[record.SHEET] = grid
    for record in SHEETS:
        if record.REQUIRED:
            _require(record, found.get(record.SHEET), context)
    return found


def _require(record: type[Record], grid: Grid | None, context: Context) -> None:
    names = ", ".join(c.header for c in record.columns() if c.required)
    if grid is None:
        said, sheet = f"the sheet {record.SHEET} is missing", f"a sheet with the columns {names}"
        context.findings.append(Finding(record.SHEET, found=said, expected=sheet))
    elif not grid.header_row:
        said = f"the sheet {record.SHEET} is empty"
        columns = f"a header row with the columns {names}"
        context.findings.append(Finding(record.SHEET, found=said, expected=columns))
    elif not grid.rows:
        context.findings.append(
            warning(record.SHEET, grid.header_row, found="no row stands below the header")
        )


def _beginnings(parsed: Mapping[str, Parsed], context: Context) -> None:
    """A required column given by year alone must begin with the horizon."""
    for sheet, rows in parsed.items():
        for header, year in rows.begins.items():
            if context.years and year > context.years[0]:
                said = f"nothing holds before the column {header} {year}"
                wanted = f"a column {header} without a year, or one for {context.years[0]}"
                row = context.layout.sheets[sheet].header_row
                context.findings.append(Finding(sheet, row, f"{header} {year}", said, wanted))
                context.lacking.add((sheet, header))


def _case(settings: Settings, parsed: Mapping[str, Parsed], context: Context) -> Case:
    fields: dict[str, Any] = {
        Case.SHEET_FIELDS[sheet]: rows.records() for sheet, rows in parsed.items()
    }
    names = {
        code: min(
            spellings, key=lambda said: (len(said) <= len(code), said)
        )  # a name before a code
        for code, spellings in context.spellings.items()
    }
    names |= context.listed
    return Case(
        years=context.years,
        settings=settings,
        country_names=tuple(sorted(names.items())),
        **fields,
    )


def _checked(case: Case, parsed: Mapping[str, Parsed], context: Context) -> list[Finding]:
    """Run the rules on what could be read, without what only follows from what could not."""
    failed = {f.sheet for f in context.findings if f.severity is Severity.ERROR}
    rules = checks.ROW_RULES if failed & _FREIGHT_FROM else checks.RULES
    found = []
    for finding in checks.check(case, rules):
        homes = _homes(finding)
        missing = any(not _named(parsed.get(home)) for home in homes & _REQUIRED)
        unread = any(parsed[home].unread for home in homes & parsed.keys())
        follows = missing or (unread and not finding.hint.startswith("did you mean"))
        told = (finding.sheet, finding.row) in context.bad or (
            (finding.sheet, finding.column) in context.lacking
        )
        if not told and not follows:
            found.append(finding)
    return found


_REQUIRED = {r.SHEET for r in SHEETS if r.REQUIRED}
_FREIGHT_FROM = {r.SHEET for r in (Settings, Member, Refiner, Demand, Freight, Lane, Project)}
"""Sheets of which an unread cell can make a freight, or the horizon, seem to lack."""


def _named(parsed: Parsed | None) -> bool:
    """Whether a sheet gave any names."""
    return parsed is not None and len(parsed.lost) < len(parsed.rows)


def _homes(finding: Finding) -> set[str]:
    """Return the sheets that the name at a finding's place is defined in."""
    record = next((r for r in SHEETS if finding.sheet == r.SHEET), None)
    if record is ShareLimit and finding.column == ShareLimit.column_of("buyer").header:
        return {Member.SHEET}
    if record is ShareLimit and finding.column == ShareLimit.column_of("supplier").header:
        return {Refiner.SHEET, Country.SHEET}
    columns = record.columns() if record is not None else ()
    return {home for c in columns if c.header == finding.column for home in c.refers}
