"""Reads a plan's workbook to verify it: its cells, and what the run recorded about itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from models.case import normalize
from models.errors import Finding
from models.plan.block_solver import NO_NUMBERS
from models.results import Checks, Field, Figure, Summary
from models.solve.highs import ATTEMPTS
from planner.seal import SEAL, SEALED
from planner.sheets.checks import FAILED, MIP_GAP, MODELS, OPTION
from planner.sheets.context import RunRecord
from planner.sheets.summary import STAGES, WRITTEN
from planner.workbook import archive, excel, findings, plan_file
from planner.workbook.grid import Grid
from planner.workbook.read import with_suggestion

PYTHON, TIME = "Python version", "Time: "
_RELEASE = r"\d{1,4}(?:\.\d{1,6}){1,3}(?:\.?(?:a|b|rc|dev|post)\d{1,4})?\+?"
RECORDS: Mapping[str, re.Pattern[str]] = {
    Figure.PLANNER: re.compile(_RELEASE),
    Figure.SOLVER: re.compile(
        rf"(?:\w{{1,40}}(?: {_RELEASE})?, by Pyomo {_RELEASE}, prices by )?HiGHS {_RELEASE}"
        rf"|\w{{1,40}}(?: {_RELEASE})?, by Pyomo {_RELEASE}"
    ),
    PYTHON: re.compile(_RELEASE),
    Figure.WRITTEN: re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"),
    Figure.INPUT_FILE: re.compile(r"[^/\\\x00-\x1f]{1,120}\.xls[xm]", re.IGNORECASE),
}
"""Measures of Summary that the run records about itself, each with the form of its value.

They cannot be computed from plan and input. A value of another form is ignored; a different name
of the input file is reported.
"""
_NUMBER = r"(?:\d[\d.e+-]{0,12}|inf|nan)"
_PROOF = (
    rf"violation {_NUMBER}(?: of the largest need in no row)?, dual infeasibility {_NUMBER},"
    rf" gap {_NUMBER}(?:, MIP gap {_NUMBER})?"
)
_ENDS = (
    "Bound on objective reached|Empty|Infeasible|Interrupted by (?:HiGHS|user)|(?:Iteration|Memory"
    "|Solution|Time) limit reached|(?:Load|Model|Postsolve|Presolve|Solve) error|Not Set|Optimal"
    "|Primal infeasible or unbounded|Target for objective reached|Unbounded|Unknown"
)
_REFUSED = (
    "the option [a-z_]{1,40}|the (?:program|run|basis to start from)|new (?:costs|bounds|limits)"
    "|to forget its last run"
)
_FAILURE = re.compile(
    rf"(?:from the plan before|(?:{'|'.join(re.escape(a.name) for a in ATTEMPTS)})"
    rf"(?: from a like block| of \d{{1,6}} blocks)?): (?:not kept|{re.escape(NO_NUMBERS)}|{_PROOF}"
    rf"|the solver (?:ended with: (?:{_ENDS})|refused (?:{_REFUSED}) \((?:kError|kWarning|kOk)\)))"
)
"""The text of a failed attempt, which the run also records about itself."""


@dataclass(frozen=True)
class Recorded:
    """What a run recorded about itself.

    ``made_with`` has name and value of each option as typed; ``input_sha256`` is the fingerprint of
    its input; ``record`` has versions and time, the present ones if those in the plan are
    malformed; ``extended`` is what was added to the model, "" if nothing was.
    """

    made_with: tuple[tuple[str, str], ...] = ()
    input_file: str = ""
    input_sha256: str = ""
    record: RunRecord = field(default_factory=RunRecord)
    timings: dict[str, float] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    built: int = 0
    mip_gap: float = 0.0
    extended: str = ""


@dataclass(frozen=True)
class SheetRow:
    """A row of a sheet: its place, and the cells of the requested fields."""

    sheet: str
    row: int
    cells: tuple[object, ...]
    places: Mapping[Field, int]

    def finding_at(self, column: Field, message: str, expected: str = "") -> Finding:
        place, header = self.places[column], column.header
        return findings.at_cell(self.sheet, place, self.row, message, expected, column=header)


@dataclass(frozen=True)
class PlanSheets:
    """The worksheets of a plan's workbook by title, in order.

    A sheet is read on demand; InputError if it cannot be read.
    """

    path: Path
    sha256: str
    grids: Mapping[str, Grid]

    def table_rows(self, *fields: Field) -> Iterator[SheetRow]:
        """Yield the rows of a table, including its continuation sheets, with the requested fields.

        Headers are matched without their units; a missing column gives blank cells. Values are
        those stored in the cells, not as their formats show them.
        """
        for title in self.grids:
            part = plan_file.PART.fullmatch(title)
            if fields[0].table in {title, part[1] if part else title}:
                grid = self.grids[title]
                place_of = {plan_file.bare(str(h)): place for place, h in grid.header.items()}
                places = {column: place_of.get(column.header, 0) for column in fields}
                columns = [grid.values(place) for place in places.values()]
                for row, *cells in zip(grid.rows, *columns, strict=True):
                    yield SheetRow(title, row, tuple(cells), places)

    @property
    def sealed(self) -> Iterator[list[float]]:
        """The numbers of which the plan's seal (``planner.seal``) is the fingerprint, by column.

        They are the tonnes in the sheet Plan, and the numbers of the sheets Values and Duals.
        """
        for _, column in SEALED:
            cells = (line.cells[0] for line in self.table_rows(column))
            yield [float(value) for value in cells if plan_file.fits_double(value)]

    @cached_property
    def recorded(self) -> Recorded:
        """What the run recorded about itself, as far as the plan has it."""
        timings: dict[str, float] = {}
        values: dict[str, str] = {}
        for line in self.table_rows(Summary.measure, Summary.value):
            measure, value = str(line.cells[0]), line.cells[1]
            stage = measure.removeprefix(TIME)
            if measure.startswith(TIME):
                if stage in STAGES and plan_file.fits_double(value) and value >= 0:
                    timings[stage] = float(value)
            elif measure in RECORDS:
                if RECORDS[measure].fullmatch(str(value)):
                    values[measure] = str(value)
            else:
                values[measure] = str(value or "")
        failures: list[str] = []
        typed: list[tuple[str, str]] = []
        built, mip_gap, is_failed = 0, 0.0, False
        for line in self.table_rows(Checks.check, Checks.column, Checks.what, Checks.value):
            kind, option, words, value = line.cells
            text, number = str(words or ""), value if plan_file.fits_double(value) else 0
            if kind == "program" and is_failed:
                failures += [text] if _FAILURE.fullmatch(text) else []
            elif kind == "program":
                is_failed = text.startswith(FAILED)
                built = int(number) if text.startswith(MODELS) else built
            elif kind == "proof" and text.startswith(MIP_GAP):
                mip_gap = float(number)
            elif kind == OPTION and not text.startswith(SEAL):
                typed.append((str(option or ""), text))
        named = (Figure.INPUT_FILE, Figure.INPUT_SHA256, Figure.EXTENDED)
        file, sha256, extended = (values.get(name, "") for name in named)
        record, failed = _record(values), tuple(failures)
        return Recorded(
            tuple(typed), file, sha256, record, timings, failed, built, mip_gap, extended
        )


def _record(values: Mapping[str, str]) -> RunRecord:
    """Return what wrote a plan, and when, by its Summary; this version and now where blank."""
    now = RunRecord()
    try:
        written = datetime.strptime(values[Figure.WRITTEN], WRITTEN)
    except (KeyError, ValueError):
        written = now.written
    return RunRecord(
        values.get(Figure.PLANNER, now.planner),
        values.get(Figure.SOLVER, now.solver),
        values.get(PYTHON, now.python),
        written,
    )


class _Grids(Mapping[str, Grid]):
    def __init__(self, sheets: Mapping[str, excel.ExcelSheet]) -> None:
        self._sheets = sheets

    def __getitem__(self, title: str) -> Grid:
        return self._sheets[title].grid

    def __iter__(self) -> Iterator[str]:
        return iter(self._sheets)

    def __len__(self) -> int:
        return len(self._sheets)


def open_sheets(path: Path, on_stage: Callable[[str], None] = lambda _: None) -> PlanSheets:
    """Read the sheets of a plan workbook cell by cell, to verify it.

    Raises InputError if it is not a workbook, or not a plan. Also if it has a sheet or a part
    twice: then its contents would depend on the program that reads it. If the file is missing, the
    error suggests a similar name.
    """
    on_stage(f"Reading {path}")
    return with_suggestion(path, _sheets_of)


def _sheets_of(path: Path) -> PlanSheets:
    """Return a plan's sheets, unread; InputError if the file is no plan, or is redacted."""
    file = excel.open_excel(path)
    plan_file.refuse_duplicate_titles(path, [sheet.title for sheet in file.sheets])
    grids = _Grids({sheet.title: sheet for sheet in file.sheets})
    of_a_plan = (plan_file.SUMMARY, plan_file.PLAN, Checks.TABLE)
    if {*map(normalize, grids)}.isdisjoint(map(normalize, of_a_plan)):
        message, hint = "this is not a plan", "name a workbook that planner solve wrote"
        if archive.is_input(path):
            message = "this is an input workbook, not a plan"
            hint = "name the plan first, then its input"
        raise findings.refused(path, message, plan_file.PLAN_FILE, hint)
    plan_file.refuse_redacted(path, grids)
    return PlanSheets(path, file.sha256, grids)
