"""What a plan workbook must hold so that its tables can be read back, and what is none."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from models.case import fold
from models.errors import Finding, InputError
from models.results import (
    Contracts,
    CountryShares,
    Field,
    Figure,
    Flows,
    Prices,
    Result,
    Shortages,
    Stocks,
    Summary,
)
from planner.workbook.findings import at_cell
from planner.workbook.grid import Fault, Grid
from planner.workbook.parts import is_input

PLAN, SUMMARY = Flows.TABLE, Summary.TABLE
PLAN_FILE = "a plan workbook, as planner solve writes it"
REDACTED = "Redacted"
"""The measure of Summary that says of a plan that it is redacted."""
PART = re.compile(r"(.+) \d+")
"""The name of a further sheet of a table that has more rows than one holds."""


@dataclass(frozen=True)
class Wanted:
    """Columns without which a sheet cannot be read.

    ``filled`` are filled in every row; ``blank`` may be blank.
    """

    filled: tuple[Field, ...] = ()
    blank: tuple[Field, ...] = ()
    is_optional: bool = False

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers of all of them without units: words, numbers, then what may be blank."""
        return tuple(
            f.header
            for part in (self.filled, self.blank)
            for is_text in (True, False)
            for f in part
            if f.look.is_text is is_text
        )

    def filled_in(self, header: str) -> bool:
        """Return whether every cell of a column must hold something."""
        return any(f.header == header for f in self.filled)

    def is_number(self, header: str) -> bool:
        """Return whether a column holds numbers."""
        return any(f.header == header and not f.look.is_text for f in (*self.filled, *self.blank))


WANTED: Mapping[type[Result], Wanted] = {
    Summary: Wanted(blank=(Summary.measure, Summary.value)),
    Flows: Wanted(
        (
            Flows.mineral, Flows.refiner, Flows.country, Flows.member, Flows.year, Flows.tonnes,
            Flows.cost, Flows.tariff, Flows.freight, Flows.landed, Flows.total,
        ),
        (Flows.contract,),
    ),
    Shortages: Wanted(
        (
            Shortages.mineral, Shortages.member, Shortages.year, Shortages.demand, Shortages.short,
        ),
        (Shortages.cause, Shortages.share),
    ),
    CountryShares: Wanted(
        (CountryShares.mineral, CountryShares.buyer, CountryShares.country, CountryShares.year)
    ),
    Prices: Wanted(
        (
            Prices.mineral, Prices.member, Prices.year, Prices.demand, Prices.purchased,
            Prices.short,
        ),
        (Prices.marginal, Prices.landed),
    ),
    Contracts: Wanted(
        (
            Contracts.refiner, Contracts.mineral, Contracts.member, Contracts.year, Contracts.min,
            Contracts.minimum, Contracts.taken, Contracts.untaken, Contracts.price, Contracts.paid,
        ),
        (Contracts.contract, Contracts.maximum, Contracts.row),
        is_optional=True,
    ),
    Stocks: Wanted(
        (
            Stocks.mineral, Stocks.member, Stocks.year, Stocks.opening, Stocks.change,
            Stocks.closing, Stocks.target, Stocks.shortfall,
        ),
        is_optional=True,
    ),
}  # fmt: skip
_BY_SHEET = {result.TABLE: wanted for result, wanted in WANTED.items()}

_STUDIES = {
    "comparison": "a comparison of scenarios",
    "frontier": "a sweep",
    "stress": "a stress test",
    "risk": "a study of risks",
}
_AS_WRITTEN = "as planner solve wrote them"
_ONE_PLAN = "name the workbook of one plan, as planner solve FILE --scenario NAME writes it"


def bare(header: str) -> str:
    """Return a header without its unit."""
    return header.partition(" (")[0]


def unit_of(header: str) -> str:
    """Return the unit in a header's parentheses, "" where it has none."""
    found = re.search(r"\(([^()]*)\)$", header)
    return found[1] if found else ""


def refuse_other(path: Path, grids: Mapping[str, Grid]) -> None:
    """Refuse a workbook of another kind, with what it is; InputError."""
    folded = {fold(name) for name in grids}
    study = next((said for name, said in _STUDIES.items() if name in folded), "")
    plan = grids.get(PLAN)
    several = plan is not None and Figure.SCENARIO in plan.header.values()
    if study or several:
        raise _other(path, f"this is {study or 'a study of several plans'}, not a plan", _ONE_PLAN)
    if plan is None or SUMMARY not in grids:
        if is_input(path):
            hint = f"make its plan first: planner solve {path.name}"
            raise _other(path, "this is an input workbook, not a plan", hint)
        lacks = " and ".join(name for name in (SUMMARY, PLAN) if name not in grids)
        said = f"this is no plan: it has no sheet {lacks}"
        raise _other(path, said, "name a workbook that planner solve wrote")
    redacted = _redacted(grids[SUMMARY])
    if redacted:
        said = f"this plan is redacted ({redacted}): what is taken out is missing here"
        raise _other(path, said, "take the plan as it was written")


def _redacted(summary: Grid) -> str:
    """Return what Summary says was redacted, "" where nothing was."""
    at = {str(header): position for position, header in summary.header.items()}
    if Summary.measure.header not in at or Summary.value.header not in at:
        return ""
    rows = zip(
        *(summary.values(at[f.header]) for f in (Summary.measure, Summary.value)), strict=True
    )
    return next((str(value) for measure, value in rows if measure == REDACTED), "")


def _other(path: Path, found: str, hint: str) -> InputError:
    return InputError([Finding(found=f"{path}: {found}", expected=PLAN_FILE, hint=hint)])


def refuse_twice(path: Path, titles: Sequence[str]) -> None:
    """Refuse a workbook that gives a sheet twice; InputError."""
    sheets = Counter(map(fold, titles))
    found = next((title for title in titles if sheets[fold(title)] > 1), "")
    if found:
        said = f"two sheets are called {found}"
        raise _other(path, said, "take the plan as it was written")


def missing(grids: Mapping[str, Grid]) -> Iterator[Finding]:
    """Yield the sheets and columns that every plan has, and this lacks."""
    for sheet, wanted in _BY_SHEET.items():
        grid = grids.get(sheet)
        if grid is None:
            if not wanted.is_optional:
                said = f"the sheet {sheet} is missing"
                yield Finding(sheet, found=said, expected=f"the sheets {_AS_WRITTEN}")
            continue
        there = {bare(str(header)) for header in grid.header.values()}
        lacks = [name for name in wanted.headers if name not in there]
        if lacks:
            said = f"the column {', '.join(lacks)} is missing"
            every = f"the columns {_AS_WRITTEN}"
            yield at_cell(sheet, min(grid.header), grid.header_row, said, expected=every)


def faults(grids: Mapping[str, Grid]) -> Iterator[Finding]:
    """Yield the cells that hold no value any more since the workbook was written."""
    for sheet, position, header, row, value in _cells(grids):
        if isinstance(value, Fault):
            yield at_cell(sheet, position, row, value.text, hint=value.hint, column=header)


def amiss(grids: Mapping[str, Grid]) -> Iterator[Finding]:
    """Yield the cells of a plan that were broken since it was written."""
    for sheet, position, header, row, value in _cells(grids):
        wanted, name = _BY_SHEET.get(sheet, Wanted()), bare(header)
        number = wanted.is_number(name)
        if isinstance(value, Fault):
            found, hint = value.text, value.hint
        elif value is None and wanted.filled_in(name):
            found, hint = "the cell is blank", ""
        elif number and value is not None and not is_number(value):
            found, hint = f"{value!r} is no number", ""
        else:
            continue
        expected = f"{'a number' if number else 'the text'} as planner solve wrote it"
        yield at_cell(sheet, position, row, found, expected=expected, hint=hint, column=header)


def _cells(grids: Mapping[str, Grid]) -> Iterator[tuple[str, int, str, int, object]]:
    """Yield sheet, position, header, row and value of each cell below the headers."""
    for sheet, grid in grids.items():
        for position, header in grid.header.items():
            for row, value in zip(grid.rows, grid.values(position), strict=True):
                yield sheet, position, str(header), row, value


def is_number(value: object) -> TypeGuard[int | float]:
    """Return whether a cell holds a number, and one that a double can be."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max
