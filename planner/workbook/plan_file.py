"""A plan workbook read back: its tables, with numbers as numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from models.case import fold
from models.errors import Finding, InputError, warning
from planner.seal import SEAL, SEALED, is_short, seal
from planner.workbook.excel import open_excel
from planner.workbook.grid import Grid, fill, lines
from planner.workbook.parts import TablePlace, table_places
from planner.workbook.plan_columns import (
    PART,
    PLAN,
    PRICES,
    SUMMARY,
    amiss,
    bare,
    missing,
    refuse_other,
    refuse_twice,
    unit_of,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PlanFile", "Value", "bare", "edited", "frames_of", "grids_of", "read_plan", "unit_of"]

Value = str | int | float | None
"""What a cell of a plan holds; None is a blank one."""

_WHOLE = {"Year", "Row in input", "In year", "Years at limit", "Capex spent in"}
_ALWAYS_NUMBERS = re.compile(
    r".*\(.+\)|Tonnes|Share .*|Limit|Headroom|Utilization|Largest share.*|Limit (on|in) .*"
    r"|HHI .*|Served .*|Days of cover|Started|Running|Binding limits on members|Accepted up to"
    r"|Year|Row in input|In year|Years at limit|Capex spent in"
)
"""Headers of columns that hold numbers even where all their cells are blank."""
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
        table = self.tables[SUMMARY]
        filled = table["Value"].notna()
        return tuple(str(name) for name in table.loc[filled, "Measure"])

    @property
    def title(self) -> str:
        """The plan's title, else the file's name."""
        return str(self.measure("Plan title") or self.path.stem)

    @property
    def currency(self) -> str:
        """The currency that the plan counts in."""
        return unit_of(self.header(PLAN, "Total"))

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

    @property
    def _measures(self) -> dict[str, tuple[Value, str]]:
        """Value and unit of each row of Summary by its folded name; the first of a name counts."""
        kept = self.__dict__.get("_kept")
        if kept is None:
            table, kept = self.tables[SUMMARY], {}
            units = table["Unit"] if "Unit" in table else [None] * len(table)
            for name, value, unit in zip(table["Measure"], table["Value"], units, strict=True):
                if value == value and value is not None:  # noqa: PLR0124 - NaN is a blank cell
                    kept.setdefault(fold(str(name)), (value, unit or ""))
            object.__setattr__(self, "_kept", kept)
        found: dict[str, tuple[Value, str]] = kept
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
    return table.removesuffix("_table").replace("_", " ")


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


# ---- whether the tables are those that were written -------------------------------------------

_SAME = 1e-6
"""Relative difference of two sums of one plan that rounding may make."""
_SUMS = (
    (PLAN, "Tonnes", "Tonnes purchased"),
    (PLAN, "Total", "Purchases cost"),
    (PRICES, "Demand", "Demand"),
    (PRICES, "Purchases", "Tonnes purchased"),
    (PRICES, "Short", "Shortage"),
    ("Refiners", "Tonnes", "Tonnes purchased"),
    ("By mineral", "Demand", "Demand"),
    ("By mineral", "Purchases", "Tonnes purchased"),
    ("By mineral", "Short", "Shortage"),
)
"""Columns whose rows add up to a measure of Summary."""
_HINT = "what is written here is of the plan as it stands; planner verify says more"
_FLOW = 1e-3
"""Flows too small to be listed may add up to this [t]."""


def edited(plan: PlanFile) -> tuple[Finding, ...]:
    """Return where a plan no longer carries its own sums: somebody changed it since it was written.

    A plan that carries them may have been changed, too: ``planner verify`` tells with its input.
    """
    sums = (finding for of in _SUMS for finding in _not_summed(plan, *of))
    return (*sums, *_not_bought(plan), *_not_sealed(plan))


def _not_sealed(plan: PlanFile) -> Iterator[Finding]:
    """Yield that the numbers are not those that Checks has the seal of.

    A program that keeps fewer digits breaks it without a change: there it says nothing.
    """
    import pandas as pd

    if not all(sheet in plan.tables for sheet in ("Checks", *(s for s, _ in SEALED))):
        return
    said = map(str, plan.tables["Checks"]["What"])
    seals = [text.removeprefix(f"{SEAL}: ") for text in said if text.startswith(SEAL)]
    columns = [
        pd.to_numeric(plan.column(sheet, header), errors="coerce").dropna().tolist()
        for sheet, header in SEALED
    ]
    if seals and seals != [seal(columns)] and not is_short(columns):
        yield warning(
            "Checks",
            found="numbers of Plan, Values or Duals are not those that the plan's seal is of: rows"
            " were changed after the plan was made",
            hint=_HINT,
        )


def _not_summed(plan: PlanFile, sheet: str, name: str, measure: str) -> Iterator[Finding]:
    """Yield that the rows of a column do not add up to what Summary says."""
    try:
        header = plan.header(sheet, name)
    except KeyError:
        return
    unit = plan.unit(measure)
    said, found = plan.number(measure), float(plan.tables[sheet][header].sum())
    if not abs(said - found) <= _SAME * max(abs(said), abs(found)) + _SAME:
        of = "" if sheet == PLAN else f"'s {name}"
        yield warning(
            sheet,
            found=f"the rows of the sheet {sheet}{of} add up to {found:,.2f} {unit}, Summary says"
            f" {said:,.2f} {unit}: rows were changed after the plan was made",
            hint=_HINT,
        )


def _not_bought(plan: PlanFile) -> Iterator[Finding]:
    """Yield the first member that buys another amount in Plan than in Prices."""
    keys = ["Year", "Mineral", "Member"]
    bought = plan.tables[PLAN].groupby(keys)[plan.header(PLAN, "Tonnes")].sum()
    listed = plan.tables[PRICES].groupby(keys)[plan.header(PRICES, "Purchases")].sum()
    off = bought.sub(listed, fill_value=0.0).abs()
    found = off[off > _SAME * listed.reindex(off.index, fill_value=0.0).abs() + _FLOW]
    if len(found):
        year, mineral, member = found.index[0]
        yield warning(
            PRICES,
            found=f"{member} buys other tonnes of {mineral} in {year} than in the sheet Plan"
            f" ({len(found):,} such row{'s' if len(found) > 1 else ''}): rows were changed after"
            " the plan was made",
            hint=_HINT,
        )


# ---- cells to tables --------------------------------------------------------------------------


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
    if kinds <= {int, float} and (kinds or _ALWAYS_NUMBERS.fullmatch(header)):
        whole = header in _WHOLE and kinds <= {int} and None not in values
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
