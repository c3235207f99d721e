"""A plan workbook read back: its tables, with numbers as numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from models.case import fold
from models.errors import InputError
from models.results import CATALOGUE, Field, Flows, Look, Name, Result, Summary
from planner.render.table import WHOLE
from planner.workbook.countries import country_code
from planner.workbook.excel import open_excel
from planner.workbook.grid import Grid, fill, lines
from planner.workbook.parts import TablePlace, table_places
from planner.workbook.plan_columns import (
    PART,
    amiss,
    bare,
    missing,
    refuse_other,
    refuse_twice,
    unit_of,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PlanFile", "Value", "bare", "frames_of", "grids_of", "read_plan", "unit_of"]

R = TypeVar("R", bound=Result)
Value = str | int | float | None
"""What a cell of a plan holds; None is a blank one."""

_NO_TABLES = {"Overview", "Charts"}


@dataclass(frozen=True)
class PlanFile:
    """A plan workbook that was read.

    ``tables`` are its sheets in order: DataFrames with the headers as written. A column of numbers
    is int64 or float64 (blank: NaN), one of words is of objects (blank: None). ``sha256`` is of the
    file's bytes.
    """

    path: Path
    sha256: str
    tables: Mapping[str, pd.DataFrame]

    def measure(self, name: str) -> Value:
        """Return the value of a row of Summary; None where it is blank or there is no such row."""
        value, _ = self._measures.get(fold(name), (None, ""))
        return value

    def unit(self, name: str) -> str:
        """Return the unit of a row of Summary, "" where it has none."""
        return self._measures.get(fold(name), (None, ""))[1]

    def number(self, name: str) -> float:
        """Return the value of a row of Summary that is a number; NaN where it is none."""
        value = self.measure(name)
        return float(value) if isinstance(value, int | float) else float("nan")

    @property
    def measures(self) -> tuple[str, ...]:
        """The rows of Summary in order, without the titles of its groups."""
        rows = self.result(Summary).rows(Summary.measure, Summary.value)
        return tuple(str(name) for name, value in rows if value is not None and value == value)  # noqa: PLR0124 - NaN

    @property
    def title(self) -> str:
        """The plan's title, else the file's name."""
        return str(self.measure("Plan title") or self.path.stem)

    @property
    def currency(self) -> str:
        """The currency that the plan counts in."""
        return self.result(Flows).words.get("money", "")

    def result(self, of: type[R]) -> R:
        """Return a sheet as its fields, countries by their codes; empty where there is none.

        A column that the sheet lacks is blank.
        """
        found = self._results.get(of)
        if found is None:
            found = self._results[of] = read_back(self.tables.get(of.TABLE), of)
        return cast("R", found)

    def __contains__(self, of: type[Result]) -> bool:
        """Return whether there is such a sheet with any row."""
        return of.TABLE in self.tables and len(self.tables[of.TABLE]) > 0

    @cached_property
    def _results(self) -> dict[type[Result], Result]:
        return {}

    @cached_property
    def countries(self) -> dict[str, str]:
        """Every country's name as the plan spells it, by code."""
        found: dict[str, str] = {}
        for result in CATALOGUE.values():
            for each in result.FIELDS:
                table = self.tables.get(result.TABLE)
                if each.names is Name.COUNTRY and table is not None and each.header in table:
                    for name in table[each.header].dropna().unique():
                        found.setdefault(code_of(str(name)), str(name))
        return found

    def country(self, code: str) -> str:
        """Return a country's name as the plan spells it."""
        return self.countries.get(code, code)

    def header(self, sheet: str, name: str) -> str:
        """Return the header of a column by its name without unit.

        Raises KeyError where the sheet lacks it.
        """
        for header in self.tables[sheet].columns:
            if bare(str(header)) == name:
                return str(header)
        raise KeyError(name)

    def column(self, sheet: str, name: str) -> pd.Series:
        """Return a column by its name without unit."""
        return self.tables[sheet][self.header(sheet, name)]

    @cached_property
    def _measures(self) -> dict[str, tuple[Value, str]]:
        """Value and unit of each row of Summary by its folded name; the first of a name counts."""
        found: dict[str, tuple[Value, str]] = {}
        rows = self.result(Summary).rows(Summary.measure, Summary.value, Summary.unit)
        for name, value, unit in rows:
            if value == value and value is not None:  # noqa: PLR0124 - NaN is a blank cell
                found.setdefault(fold(str(name)), (value, unit or ""))
        return found


def read_plan(path: Path) -> PlanFile:
    """Read a plan workbook, as ``planner solve`` writes it.

    Sheets are known by the names of their Excel tables, else by their own; rows above a table and
    columns beside it are left out. Raises InputError with all findings where the file is no
    workbook, none of one plan, or a redacted one, and where cells that a plan stands on cannot be.
    """
    path = Path(path)
    sha256, grids = grids_of(path)
    refuse_other(path, grids)
    findings = [*missing(grids), *amiss(grids)]
    if findings:
        raise InputError(findings)
    return PlanFile(path, sha256, frames_of(grids))


def grids_of(path: Path) -> tuple[str, dict[str, Grid]]:
    """Read the tables of a workbook that the planner wrote: the hash of its bytes, and the tables.

    Raises InputError where the file is no workbook, or gives a sheet twice.
    """
    file = open_excel(path)
    refuse_twice(path, [grid.title for grid in file.grids])
    places = table_places(path)
    grids: dict[str, Grid] = {}
    for grid in file.grids:
        if grid.title in _NO_TABLES and grid.title not in places:
            continue
        place = places.get(grid.title)
        part = grid if place is None else _within(grid, place)
        name = grid.title if place is None else _sheet_of(place.name)
        if part.header_row and name not in grids:
            grids[name] = replace(part, title=name)
    return file.sha256, grids


def frames_of(grids: Mapping[str, Grid]) -> dict[str, pd.DataFrame]:
    """Return tables as DataFrames, numbers as numbers; parts of one table stand as one."""
    return _joined({name: _frame(grid) for name, grid in grids.items()})


def _sheet_of(table: str) -> str:
    """Return the sheet that an Excel table is named after, whose name knows letters alone."""
    name = table.removesuffix("_table")
    declared = {re.sub(r"\W", "_", of.TABLE): of.TABLE for of in CATALOGUE.values()}
    return declared.get(name) or name.replace("_", " ")


def _within(grid: Grid, place: TablePlace) -> Grid:
    """Return what stands in a sheet's table."""
    beside = [p for p in grid.header if not place.left <= p <= place.right]
    if grid.header_row == place.top and not beside and not grid.stray:
        return grid
    rows = lines(grid)
    if grid.header_row:
        rows = [(grid.header_row, sorted(grid.header.items())), *rows]
    inside = (
        (row, [cell for cell in cells if place.left <= cell[0] <= place.right])
        for row, cells in rows
        if row >= place.top
    )
    return fill(grid.title, inside)


# ---- cells to tables --------------------------------------------------------------------------


@cache
def _looks(header: str) -> frozenset[Look]:
    """Return how columns of a header look, whichever sheets of a plan have it."""
    every = (f for result in CATALOGUE.values() for f in result.FIELDS)
    return frozenset(f.look for f in every if header == f.header or f.read(header) is not None)


def _frame(grid: Grid) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {
            str(header): _series(str(header), grid.values(position))
            for position, header in sorted(grid.header.items())
        }
    )


def _series(header: str, values: Sequence[object]) -> pd.Series:
    """Return a column: numbers as numbers, where all that is filled are numbers."""
    import pandas as pd

    kinds = set(map(type, values)) - {type(None)}
    looks = _looks(header)
    if kinds <= {int, float} and (kinds or "(" in header or any(not k.is_text for k in looks)):
        whole = kinds <= {int} and None not in values and bool(looks & {Look.YEAR, Look.COUNT})
        return pd.Series(list(values), dtype="int64" if whole else "float64")
    return pd.Series(list(values), dtype=object)


def _joined(frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Put the parts of a table of more rows than a sheet has under one another."""
    import pandas as pd

    parts: dict[str, list[pd.DataFrame]] = {}
    for name, frame in frames.items():
        part = PART.fullmatch(name)
        parts.setdefault(part[1] if part and part[1] in frames else name, []).append(frame)
    return {
        name: found[0] if len(found) == 1 else pd.concat(found, ignore_index=True)
        for name, found in parts.items()
    }


# ---- tables to fields --------------------------------------------------------------------------


def read_back(table: pd.DataFrame | None, of: type[R]) -> R:
    """Return a table as a result: each field's column, whatever fills its header.

    Headers without a placeholder are looked for first, so that none is taken for another.
    """
    left = [] if table is None else [str(header) for header in table.columns]
    words: dict[str, str] = {}
    data: dict[str, Any] = {}
    for each in sorted(of.FIELDS, key=lambda f: "{" in f.whole):
        for header in left:
            if (said := each.read(header)) is not None:
                words |= said
                left.remove(header)
                data[each.name] = _values(each, table[header])  # type: ignore[index]
                break
        else:
            if not each.optional:
                data[each.name] = [None] * (0 if table is None else len(table))
    return of(words=words, **{f.name: data[f.name] for f in of.FIELDS if f.name in data})


def _values(of: Field, column: pd.Series) -> pd.Series | list[str | None]:
    """Return a column of a sheet as its field holds it."""
    import pandas as pd

    if of.names is Name.COUNTRY:
        codes = {name: code_of(name) for name in column.dropna().unique()}
        return [codes.get(name) for name in column]  # pandas would make blanks NaN
    if of.scale != 1.0:
        return pd.to_numeric(column, errors="coerce") * of.scale
    if of.names in WHOLE:
        whole = WHOLE[of.names]
        return column.map(lambda name: "" if name == whole else name)
    return column


def code_of(name: str) -> str:
    """Return a country's code, the name itself where it is none."""
    return country_code(name) or name
