"""Sheets and columns that a plan workbook must have, and errors for workbooks without them."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeGuard

from models import case, errors
from models.results import (
    Contracts,
    CountryShares,
    Field,
    Figure,
    Flows,
    Prices,
    Shortages,
    Stocks,
    Summary,
)
from planner.workbook.cells import shown
from planner.workbook.findings import at_cell, refused
from planner.workbook.grid import Dated, Fault, Grid, Printed
from planner.workbook.parts import is_input, is_plan

PLAN, SUMMARY = Flows.TABLE, Summary.TABLE
PLAN_FILE = "a plan workbook, as planner solve writes it"
REDACTED = "Redacted"
"""The measure in Summary that marks a plan as redacted."""
PART = re.compile(r"(.+) \d+")
"""The name of a continuation sheet, for a table with more rows than a sheet can have."""


@dataclass(frozen=True)
class RequiredColumns:
    """Columns that a sheet must have: ``filled`` in every row, or possibly ``blank``."""

    filled: tuple[Field, ...] = ()
    blank: tuple[Field, ...] = ()
    is_optional: bool = False

    @cached_property
    def fields(self) -> dict[str, Field]:
        """The fields by header without unit: texts, numbers, then those that may be blank."""
        parts = (
            sorted(part, key=lambda f: not f.look.is_text) for part in (self.filled, self.blank)
        )
        return {f.header: f for part in parts for f in part}


_REQUIRED = {
    SUMMARY: RequiredColumns(blank=(Summary.measure, Summary.value)),
    PLAN: RequiredColumns(
        (
            Flows.mineral, Flows.refiner, Flows.country, Flows.member, Flows.year, Flows.tonnes,
            Flows.cost, Flows.tariff, Flows.freight, Flows.landed, Flows.total,
        ),
        (Flows.contract,),
    ),
    Shortages.TABLE: RequiredColumns(
        (
            Shortages.mineral, Shortages.member, Shortages.year, Shortages.demand, Shortages.short,
        ),
        (Shortages.cause, Shortages.share),
    ),
    CountryShares.TABLE: RequiredColumns(
        (CountryShares.mineral, CountryShares.buyer, CountryShares.country, CountryShares.year)
    ),
    Prices.TABLE: RequiredColumns(
        (
            Prices.mineral, Prices.member, Prices.year, Prices.demand, Prices.purchased,
            Prices.short,
        ),
        (Prices.marginal, Prices.landed),
    ),
    Contracts.TABLE: RequiredColumns(
        (
            Contracts.refiner, Contracts.mineral, Contracts.member, Contracts.year, Contracts.min,
            Contracts.minimum, Contracts.taken, Contracts.untaken, Contracts.price, Contracts.paid,
        ),
        (Contracts.contract, Contracts.maximum, Contracts.row),
        is_optional=True,
    ),
    Stocks.TABLE: RequiredColumns(
        (
            Stocks.mineral, Stocks.member, Stocks.year, Stocks.opening, Stocks.change,
            Stocks.closing, Stocks.target, Stocks.shortfall,
        ),
        is_optional=True,
    ),
}  # fmt: skip

_STUDIES = {
    "comparison": "a comparison of scenarios",
    "frontier": "a sweep",
    "stress": "a stress test",
    "risk": "a study of risks",
    "under risk": "a plan under risk",
}
_AS_WRITTEN = "as planner solve wrote them"
_ONE_PLAN = "name the workbook of one plan, as planner solve FILE --scenario NAME writes it"


def bare(header: str) -> str:
    """Return a header without its unit."""
    return header.partition(" (")[0]


def refuse_other(path: Path, grids: Mapping[str, Grid]) -> None:
    """Raise InputError for a workbook that is not a plan, with its kind."""
    folded = {case.fold(name) for name in grids}
    study = next((message for name, message in _STUDIES.items() if name in folded), "")
    plan = grids.get(PLAN)
    several = plan is not None and Figure.SCENARIO in plan.header.values()
    if study or several:
        message = f"this is {study or 'a study of several plans'}, not a plan"
        raise refused(path, message, PLAN_FILE, _ONE_PLAN)
    if plan is None or SUMMARY not in grids:
        if is_input(path):
            hint = f"make its plan first: planner solve {path.name}"
            raise refused(path, "this is an input workbook, not a plan", PLAN_FILE, hint)
        lacks = " and ".join(name for name in (SUMMARY, PLAN) if name not in grids)
        message = f"this is not a plan: it has no sheet {lacks}"
        raise refused(path, message, PLAN_FILE, "name a workbook that planner solve wrote")
    redacted = _redacted(grids[SUMMARY])
    if redacted:
        message = f"this plan is redacted ({redacted}): some of its figures were removed"
        raise refused(path, message, PLAN_FILE, "use the original plan, before redaction")


def refuse_other_study(path: Path, grids: Mapping[str, Grid], sheet: str, command: str) -> None:
    """Raise InputError for a workbook without the sheet that all workbooks of a command have."""
    if sheet not in grids:
        kinds = {"an input workbook": is_input, "a plan": is_plan}
        kind = next((kind for kind, is_kind in kinds.items() if is_kind(path)), "another workbook")
        message, by = f"this is {kind}, its sheet {sheet} is missing or empty", f"planner {command}"
        raise refused(path, message, f"a workbook of {by}", f"name one that {by} wrote")


def _redacted(summary: Grid) -> str:
    """Return what Summary says was redacted, "" if nothing was."""
    positions = {str(header): position for position, header in summary.header.items()}
    columns = [summary.values(positions.get(f.header, 0)) for f in (Summary.measure, Summary.value)]
    rows = zip(*columns, strict=True)
    return next((str(value) for measure, value in rows if measure == REDACTED), "")


def refuse_duplicate_titles(path: Path, titles: Sequence[str]) -> None:
    """Raise InputError for a workbook with two sheets of the same title."""
    sheets = Counter(map(case.fold, titles))
    twice = next((title for title in titles if sheets[case.fold(title)] > 1), "")
    if twice:
        message = f"two sheets are called {twice}"
        raise refused(path, message, PLAN_FILE, "use the plan as planner solve wrote it")


def missing(grids: Mapping[str, Grid]) -> Iterator[errors.Finding]:
    """Yield a finding for each missing sheet, or sheet with missing columns."""
    for sheet, required in _REQUIRED.items():
        grid = grids.get(sheet)
        if grid is None:
            if not required.is_optional:
                message = f"the sheet {sheet} is missing"
                yield errors.Finding(sheet, found=message, expected=f"the sheets {_AS_WRITTEN}")
            continue
        there = {bare(str(header)) for header in grid.header.values()}
        absent = [name for name in required.fields if name not in there]
        if absent:
            noun = "columns" if len(absent) > 1 else "column"
            message = f"the {noun} {', '.join(absent)} {'are' if len(absent) > 1 else 'is'} missing"
            every = f"the columns {_AS_WRITTEN}"
            yield at_cell(sheet, min(grid.header), grid.header_row, message, every)


def damaged_cells(grids: Mapping[str, Grid], *, is_plan: bool = True) -> Iterator[errors.Finding]:
    """Yield a finding for each cell that cannot be as the planner wrote it.

    In a study these are only cells without a readable value.
    """
    for sheet, grid in grids.items():
        required = _REQUIRED.get(sheet, RequiredColumns()) if is_plan else RequiredColumns()
        for position, header in grid.header.items():
            field = required.fields.get(bare(str(header)))
            number = field is not None and not field.look.is_text
            written = f"the {'number' if number else 'text'} that planner solve wrote"
            expected = written if is_plan else ""
            for row, value in zip(grid.rows, grid.values(position), strict=True):
                hint = ""
                if isinstance(value, Fault | Dated | Printed):
                    message, hint = shown(value), value.hint
                elif value is None and field in required.filled:
                    message = "the cell is blank"
                elif number and value is not None and not is_number(value):
                    message = f"{value!r} is not a number"
                else:
                    continue
                yield at_cell(sheet, position, row, message, expected, hint, column=str(header))


def is_number(value: object) -> TypeGuard[int | float]:
    """Return whether a cell has a number that fits into a double."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max
