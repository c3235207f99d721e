"""Reads the tables of a plan's or a study's workbook."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeGuard, TypeVar, cast

import pandas as pd

from models import case, results
from models.errors import Finding, InputError
from models.results import Field, Figure, Flows, Format, MeasuresByYear, Prices, Result, Summary
from models.results.field import spread_header
from planner.render.table import NAMES_OF_ALL
from planner.workbook import excel
from planner.workbook.archive import is_input, is_plan, table_places, workbook_title
from planner.workbook.cells import described, iso3_code
from planner.workbook.findings import Area, at_cell, refused
from planner.workbook.grid import Dated, Fault, Grid, columns_from_rows, filled_rows

PLAN, SUMMARY = Flows.TABLE, Summary.TABLE
PLAN_FILE = "a plan workbook, as planner solve writes it"
REDACTED = "Redacted"
"""The measure in Summary that marks a plan as redacted."""
PART = re.compile(r"(.+) \d+")
"""The name of a continuation sheet, for a table with more rows than a sheet can have."""
R = TypeVar("R", bound=Result)
Value = str | int | float | None
"""A cell's value in a plan; None is blank."""

_NO_TABLES = {"Overview", "Charts"}


@dataclass(frozen=True)
class PlanFile:
    """A plan workbook that was read.

    ``tables`` has its sheets in order, as DataFrames with the headers as written. A column of
    numbers is int64 or float64 (blank: NaN), a column of texts has objects (blank: None).
    ``sha256`` is of the file's bytes.
    """

    path: Path
    sha256: str
    tables: Mapping[str, pd.DataFrame]

    def measure(self, name: str) -> Value:
        """Return the value of a row of Summary; None if it is blank or missing."""
        value, _ = self._measures.get(case.normalize(name), (None, ""))
        return value

    def unit(self, name: str) -> str:
        """Return the unit of a row of Summary, "" if it has none."""
        return self._measures.get(case.normalize(name), (None, ""))[1]

    def number(self, name: str) -> float:
        """Return the number in a row of Summary; NaN if its value is not a number."""
        value = self.measure(name)
        return float(value) if isinstance(value, int | float) else float("nan")

    @property
    def measures(self) -> tuple[str, ...]:
        """The figures of Summary in order; after ``Shortage`` come ``Shortage: copper`` etc."""
        return tuple(name for name, _, _ in self._figures())

    @property
    def title(self) -> str:
        return str(self.measure(Figure.TITLE) or self.path.stem)

    @property
    def currency(self) -> str:
        return self.result(Flows).words.get("money", "")

    @cached_property
    def years(self) -> tuple[int, ...]:
        """The planned years in order, also those in which nothing is needed."""
        by_year = self.tables.get(MeasuresByYear.TABLE, pd.DataFrame())
        years = {int(header) for header in map(str, by_year) if header.isdigit()}
        for kind in (Flows, Prices, results.Refiners):
            years |= {int(year) for year in self.result(kind).frame()[kind.year.name].dropna()}
        return tuple(sorted(years))

    def result(self, result_type: type[R]) -> R:
        """Return the table of a declared sheet, with countries as codes.

        It is empty if the sheet is missing; a missing column is blank.
        """
        if result_type not in self._results:
            rows = self.tables.get(result_type.TABLE)
            self._results[result_type] = read_back(rows, result_type)
        return cast("R", self._results[result_type])

    def __contains__(self, kind: type[Result]) -> bool:
        return kind.TABLE in self.tables and len(self.tables[kind.TABLE]) > 0

    @cached_property
    def _results(self) -> dict[type[Result], Result]:
        return {}

    @cached_property
    def countries(self) -> dict[str, str]:
        """Every country's name as the plan spells it, by code."""
        names: dict[str, str] = {}
        for result in (r for r in results.CATALOGUE.values() if not r.BOOK):
            table = self.tables.get(result.TABLE, pd.DataFrame())
            for each in result.FIELDS:
                if each.names is results.Name.COUNTRY and each.header in table:
                    for name in table[each.header].dropna().unique():
                        names.setdefault(code_of(str(name)), str(name))
        return names

    def country_name(self, code: str) -> str:
        return self.countries.get(code, code)

    @cached_property
    def _measures(self) -> dict[str, tuple[Value, str]]:
        measures: dict[str, tuple[Value, str]] = {}
        for name, value, unit in self._figures():
            measures.setdefault(case.normalize(name), (value, unit))
        return measures

    def _figures(self) -> Iterator[tuple[str, Value, str]]:
        """Yield name, value and unit of each figure of Summary, also by mineral."""
        table = self.tables.get(Summary.TABLE, pd.DataFrame())
        names = map(str, self.result(results.ByMineral).data["mineral"])
        headers = {f": {name}": spread_header(Summary, name) for name in names}
        columns = {name: list(table[header]) for name, header in headers.items() if header in table}
        rows = self.result(Summary).rows(Summary.measure, Summary.value, Summary.unit)
        for i, (measure, value, unit) in enumerate(rows):
            cells = {"": value, **{name: column[i] for name, column in columns.items()}}
            for name, cell in cells.items():
                if cell is not None and cell == cell:  # noqa: PLR0124 - NaN is a blank cell
                    yield f"{measure}{name}", cell, unit or ""


def read_plan(path: Path) -> PlanFile:
    """Read a plan workbook, as ``planner solve`` writes it.

    A sheet is identified by the name of its Excel table, else by its title; cells outside the
    table are left out. Raises InputError with all findings if the file is not a workbook, not a
    single plan, or a redacted plan, or if it has missing columns or damaged cells.
    """
    path = Path(path)
    sha256, grids = grids_of(path)
    refuse_other(path, grids)
    if findings := [*missing(grids), *damaged_cells(grids)]:
        raise InputError(findings)
    return PlanFile(path, sha256, frames_of(grids))


@dataclass(frozen=True)
class StudyFile:
    """A study's workbook that was read; ``tables`` as in ``PlanFile``.

    ``title`` is from the file's properties, "" if it has none.
    """

    path: Path
    sha256: str
    title: str
    tables: Mapping[str, pd.DataFrame]


def read_study(path: Path, sheet: str, command: str) -> StudyFile:
    """Read a study's workbook as ``command`` writes it; ``sheet`` is in each workbook of its kind.

    Raises InputError if the file is not a workbook, if that sheet is missing or empty, or if a
    cell has no readable value.
    """
    sha256, grids = grids_of(path)
    refuse_other_study(path, grids, sheet, command)
    if findings := [*damaged_cells(grids, is_plan=False)]:
        raise InputError(findings)
    return StudyFile(path, sha256, workbook_title(path), frames_of(grids))


def grids_of(path: Path) -> tuple[str, dict[str, Grid]]:
    """Return the SHA-256 and the tables of a workbook that the planner wrote.

    Raises InputError if the file is not a workbook, or has two sheets of the same title.
    """
    file = excel.open_excel(path)
    refuse_duplicate_titles(path, [sheet.title for sheet in file.sheets])
    places = table_places(path)
    grids: dict[str, Grid] = {}
    for grid in file.grids:
        if grid.title in _NO_TABLES and grid.title not in places:
            continue
        place = places.get(grid.title)
        part = grid if place is None else _sheet_of_table(grid, place.area)
        name = grid.title if place is None else _sheet_of(place.name)
        if part.header_row and name not in grids:
            grids[name] = replace(part, title=name)
    return file.sha256, grids


def _sheet_of(table: str) -> str:
    """Return the title of a sheet from its Excel table's name, which has ``_`` for a space."""
    name = table.removesuffix("_table")
    titles = (result.TABLE for result in results.CATALOGUE.values())
    declared = {re.sub(r"\W", "_", title): title for title in titles}
    return declared.get(name) or name.replace("_", " ")


def _sheet_of_table(grid: Grid, place: Area) -> Grid:
    """Return the cells within the sheet's table; what users write beside it is left out."""
    beside = [p for p in grid.header if not place.left <= p <= place.right]
    if grid.header_row == place.top and not beside and not grid.stray:
        return grid
    rows = filled_rows(grid)
    if grid.header_row:
        rows = [(grid.header_row, sorted(grid.header.items())), *rows]
    inside = (
        (row, [cell for cell in cells if place.left <= cell[0] <= place.right])
        for row, cells in rows
        if row >= place.top
    )
    return columns_from_rows(grid.title, inside)


# ---- cells to tables --------------------------------------------------------------------------


@cache
def _formats(header: str) -> frozenset[Format]:
    every = (f for r in results.CATALOGUE.values() if not r.BOOK for f in r.FIELDS)
    return frozenset(f.fmt for f in every if header == f.header or f.parsed(header) is not None)


def frames_of(grids: Mapping[str, Grid]) -> dict[str, pd.DataFrame]:
    """Return tables as DataFrames; a table split over several sheets is joined."""
    frames: dict[str, pd.DataFrame] = {}
    for name, grid in grids.items():
        part = PART.fullmatch(name)
        columns = {
            str(h): _column_series(str(h), grid.values(p)) for p, h in sorted(grid.header.items())
        }
        whole, frame = part[1] if part and part[1] in grids else name, pd.DataFrame(columns)
        before = frames.get(whole)
        frames[whole] = frame if before is None else pd.concat([before, frame], ignore_index=True)
    return frames


def _column_series(header: str, values: Sequence[object]) -> pd.Series:
    """Return a column: as numbers if all its filled cells are numbers."""
    kinds = set(map(type, values)) - {type(None)}
    formats = _formats(header)
    if kinds <= {int, float} and (kinds or "(" in header or any(not k.is_text for k in formats)):
        whole = (
            kinds <= {int} and None not in values and bool(formats & {Format.YEAR, Format.COUNT})
        )
        return pd.Series(list(values), dtype="int64" if whole else "float64")
    return pd.Series(list(values), dtype=object)


# ---- tables to fields --------------------------------------------------------------------------


def read_back(table: pd.DataFrame | None, kind: type[R]) -> R:
    """Return a table as a result, with each field's column by its header."""
    headers = [] if table is None else [str(header) for header in table.columns]
    places = kind.positions(headers)
    words: dict[str, str] = {}
    data: dict[str, Any] = {}
    for each in kind.FIELDS:
        if table is not None and each.name in places:
            header = headers[places[each.name]]
            words |= each.parsed(header) or {}
            data[each.name] = _values(each, table[header])
        elif not each.optional:
            data[each.name] = [None] * (0 if table is None else len(table))
    return kind(words=words, **data)


def _values(field: Field, column: pd.Series) -> pd.Series | list[str | None]:
    """Return a column's values as results have them: codes of countries, unscaled numbers."""
    if field.names is results.Name.COUNTRY:
        codes = {name: code_of(name) for name in column.dropna().unique()}
        return [codes.get(name) for name in column]  # pandas would make blanks NaN
    if field.scale != 1.0:
        return pd.to_numeric(column, errors="coerce") * field.scale
    if field.names in NAMES_OF_ALL:
        whole = NAMES_OF_ALL[field.names]
        return column.map(lambda name: "" if name == whole else name)
    return column


def code_of(name: str) -> str:
    """Return a country's code, or the name itself if it is not a country."""
    return iso3_code(name) or name


# ---- whether a workbook is a plan ----------------------------------------------------------------


@dataclass(frozen=True)
class RequiredColumns:
    """Fields that a sheet must have as columns: ``filled`` in every row, or possibly ``blank``."""

    result: type[Result]
    filled: str = ""
    blank: str = ""
    is_optional: bool = False

    @cached_property
    def fields(self) -> dict[str, Field]:
        """The fields by header without unit: texts, numbers, then those that may be blank."""
        fields = []
        for names in (self.filled, self.blank):
            part = [getattr(self.result, name) for name in names.split()]
            fields += sorted(part, key=lambda f: not f.fmt.is_text)
        return {f.header: f for f in fields}


_REQUIRED = {
    required.result.TABLE: required
    for required in (
        RequiredColumns(Summary, blank="measure value"),
        RequiredColumns(
            Flows,
            "mineral refiner country member year tonnes cost tariff freight landed total",
            "contract",
        ),
        RequiredColumns(results.Shortages, "mineral member year demand short", "cause share"),
        RequiredColumns(results.CountryShares, "mineral buyer country year"),
        RequiredColumns(Prices, "mineral member year demand purchased short", "marginal landed"),
        RequiredColumns(
            results.Contracts,
            "refiner mineral member year min minimum taken untaken price paid",
            "contract maximum row",
            is_optional=True,
        ),
        RequiredColumns(
            results.Stocks,
            "mineral member year opening change closing target shortfall",
            is_optional=True,
        ),
    )
}
_STUDIES = {
    "comparison": "a comparison of scenarios",
    "frontier": "a sweep",
    "stress": "a stress test",
    "risk": "a study of risks",
    "under risk": "a plan under risk",
}
_AS_WRITTEN = "as planner solve wrote them"
_MOST_WHOLE = 10**15
"""Largest year or count that is read: a double holds it exactly."""
_ONE_PLAN = "name the workbook of one plan, as planner solve FILE --scenario NAME writes it"


def bare(header: str) -> str:
    """Return a header without its unit."""
    return header.partition(" (")[0]


def refuse_other(path: Path, grids: Mapping[str, Grid]) -> None:
    """Raise InputError for a workbook that is not a plan, with its kind."""
    if is_input(path):
        hint = f"make its plan first: planner solve {path.name}"
        raise refused(path, "this is an input workbook, not a plan", PLAN_FILE, hint)
    normalized = {case.normalize(name) for name in grids}
    study = next((message for name, message in _STUDIES.items() if name in normalized), "")
    plan = grids.get(PLAN)
    if study or (plan is not None and Figure.SCENARIO in plan.header.values()):
        message = f"this is {study or 'a study of several plans'}, not a plan"
        raise refused(path, message, PLAN_FILE, _ONE_PLAN)
    if plan is None or SUMMARY not in grids:
        lacks = " and ".join(name for name in (SUMMARY, PLAN) if name not in grids)
        message = f"this is not a plan: it has no sheet {lacks}"
        raise refused(path, message, PLAN_FILE, "name a workbook that planner solve wrote")
    refuse_redacted(path, grids)


def refuse_redacted(path: Path, grids: Mapping[str, Grid]) -> None:
    """Raise InputError for a plan that an earlier version redacted: its Summary says so."""
    summary = grids.get(SUMMARY)
    header = {} if summary is None else {text: place for place, text in summary.header.items()}
    place = header.get(Summary.measure.header, 0)
    if summary is not None and REDACTED in summary.values(place):
        message = "this plan is redacted: an earlier version removed some of its figures"
        raise refused(path, message, PLAN_FILE, "use the plan from before it was redacted")


def refuse_other_study(path: Path, grids: Mapping[str, Grid], sheet: str, command: str) -> None:
    """Raise InputError for a workbook without the sheet that all workbooks of a command have."""
    if sheet not in grids:
        kinds = {"an input workbook": is_input, "a plan": is_plan}
        kind = next((kind for kind, is_kind in kinds.items() if is_kind(path)), "another workbook")
        message, by = f"this is {kind}, its sheet {sheet} is missing or empty", f"planner {command}"
        raise refused(path, message, f"a workbook of {by}", f"name one that {by} wrote")


def refuse_duplicate_titles(path: Path, titles: Sequence[str]) -> None:
    """Raise InputError for a workbook with two sheets of the same title."""
    sheets = Counter(map(case.normalize, titles))
    twice = next((title for title in titles if sheets[case.normalize(title)] > 1), "")
    if twice:
        message = f"two sheets are called {twice}"
        raise refused(path, message, PLAN_FILE, "use the plan as planner solve wrote it")


def missing(grids: Mapping[str, Grid]) -> Iterator[Finding]:
    """Yield a finding for each missing sheet, or sheet with missing columns."""
    for sheet, required in _REQUIRED.items():
        grid = grids.get(sheet)
        if grid is None:
            if not required.is_optional:
                message = f"the sheet {sheet} is missing"
                yield Finding(sheet, found=message, expected=f"the sheets {_AS_WRITTEN}")
            continue
        there = {bare(str(header)) for header in grid.header.values()}
        absent = [name for name in required.fields if name not in there]
        if absent:
            noun, verb = ("columns", "are") if len(absent) > 1 else ("column", "is")
            message, every = f"the {noun} {', '.join(absent)} {verb} missing", _AS_WRITTEN
            yield at_cell(sheet, min(grid.header), grid.header_row, message, f"the columns {every}")


def damaged_cells(grids: Mapping[str, Grid], *, is_plan: bool = True) -> Iterator[Finding]:
    """Yield a finding for each cell that cannot be as the planner wrote it.

    In a study these are only cells without a readable value, numbers in place of names, and years
    and counts that are not whole.
    """
    for sheet, grid in grids.items():
        required = _REQUIRED.get(sheet) if is_plan else None
        for position, header in grid.header.items():
            field = required.fields.get(bare(str(header))) if required else None
            is_filled = required and field and field.name in required.filled.split()
            number = field is not None and not field.fmt.is_text
            written = f"the {'number' if number else 'text'} that planner solve wrote"
            expected = written if is_plan else ""
            for row, value in zip(grid.rows, grid.values(position), strict=True):
                hint = ""
                if isinstance(value, Fault | Dated):
                    message, hint = described(value), value.hint
                elif value is None and is_filled:
                    message = "the cell is blank"
                elif number and value is not None and not fits_double(value):
                    message = f"{value!r} is not a number"
                elif value is not None and (fault := _not_declared(sheet, str(header), value)):
                    message, expected = f"{value!r} {fault}", "the cell as the planner wrote it"
                else:
                    continue
                yield at_cell(sheet, position, row, message, expected, hint, column=str(header))


def _not_declared(sheet: str, header: str, value: object) -> str:
    """Return why a value cannot be in a column of names, years or counts; "" if it can."""
    fields = _fields_with_header(sheet, header)
    if fields and all(f.names is not None for f in fields) and not isinstance(value, str):
        return "is not a name"
    whole = fields and all(f.fmt in {Format.YEAR, Format.COUNT} for f in fields)
    if whole and not isinstance(value, str):
        is_whole = fits_double(value) and float(value).is_integer() and abs(value) <= _MOST_WHOLE
        return "" if is_whole else "is not a whole number"
    return ""


_ONE_WORD = re.compile(r"\{\w+\}")


@cache
def _fields_with_header(sheet: str, header: str) -> tuple[Field, ...]:
    """Return the fields that may have a header on a sheet: kinds of workbooks share sheet names.

    A header that is one word of the run, such as ``{axis}``, counts only where no other matches.
    """
    part = PART.fullmatch(sheet)
    tables = {sheet, part[1] if part else sheet}
    kinds = [r for r in results.CATALOGUE.values() if r.TABLE in tables]
    found = [f for r in kinds for f in r.FIELDS if not f.spread and f.parsed(header) is not None]
    return tuple([f for f in found if not _ONE_WORD.fullmatch(f.header)] or found)


def fits_double(value: object) -> TypeGuard[int | float]:
    """Return whether a cell has a number that fits into a double."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max
