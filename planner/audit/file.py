"""A plan's workbook as it lies there: its cells, and what the run says of itself."""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from models.case import fold
from models.errors import Finding, InputError
from planner.sheets.checks import MADE_WITH
from planner.workbook.excel import open_excel
from planner.workbook.grid import Grid
from planner.workbook.kind import is_input
from planner.workbook.layout import letters

SUMMARY, PLAN, CHECKS = "Summary", "Plan", "Checks"
SHA = "Input SHA-256"
VERSION = "Planner version"
REDACTED = "Redacted"
"""The measure of Summary that marks a redacted plan."""
FILE, TIME = "Input file", "Time: "
RECORDS = (FILE, VERSION, "Solver version", "Python version", "Written")
"""Measures of Summary that are the run's own record: nothing in the two files tells them."""
PLAN_FILE = "a plan workbook, as planner solve writes it"

_BUILT = "Models built"
_FAILED = "Attempts that failed"
_MIP_GAP = "Gap of the search over whole builds"
_FORMULA = re.compile(rb"<c\s[^>]*?\br=\"([A-Z]+[0-9]+)\"[^>]*>\s*<f[\s>/]")
_PART = re.compile(r"(.+) \d+")
_BOOK, _LINKS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"


@dataclass(frozen=True)
class Recorded:
    """What a run wrote of itself: options as typed, times, attempts, whether it was redacted.

    ``input_sha256`` is the fingerprint of its input, ``version`` that of the planner.
    """

    made_with: str = ""
    input_file: str = ""
    input_sha256: str = ""
    version: str = ""
    timings: dict[str, float] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    built: int = 0
    mip_gap: float = 0.0
    redacted: str = ""


@dataclass(frozen=True)
class Line:
    """A row of a sheet: where it stands, and the cells that were asked for."""

    sheet: str
    row: int
    cells: tuple[object, ...]
    places: tuple[int, ...]

    def finding(self, i: int, header: str, found: str, expected: str = "") -> Finding:
        """Return a finding at the i-th of its cells."""
        place = self.places[i]
        cell = f"{letters(place)}{self.row}" if place else ""
        return Finding(self.sheet, self.row, header, found, expected, cell=cell)


@dataclass(frozen=True)
class PlanSheets:
    """The sheets of a plan's workbook by title, in order; ``formulas`` are cells that hold one.

    ``parts`` are the files in the archive that the sheets are in.
    """

    path: Path
    sha256: str
    grids: dict[str, Grid]
    parts: dict[str, str] = field(default_factory=dict)
    formulas: tuple[tuple[str, str], ...] = ()

    def lines(self, name: str, headers: Sequence[str]) -> Iterator[Line]:
        """Yield the rows of a table, its further sheets included, with the columns asked for.

        A header is told without its unit; a column that lacks gives blanks.
        """
        for title, grid in self.grids.items():
            part = _PART.fullmatch(title)
            if title != name and not (part and part[1] == name):
                continue
            at = {str(h).partition(" (")[0]: place for place, h in grid.header.items()}
            places = tuple(at.get(header, 0) for header in headers)
            columns = [grid.values(place) for place in places]
            for row, *cells in zip(grid.rows, *columns, strict=True):
                yield Line(title, row, tuple(cells), places)

    @property
    def recorded(self) -> Recorded:
        """What the run wrote of itself, as far as it is there."""
        timings: dict[str, float] = {}
        said: dict[str, str] = {}
        for line in self.lines(SUMMARY, ("Measure", "Value")):
            measure, value = line.cells
            if isinstance(measure, str) and measure.startswith(TIME):
                if isinstance(value, int | float):
                    timings[measure.removeprefix(TIME)] = float(value)
            elif measure in {FILE, SHA, VERSION, REDACTED}:
                said[str(measure)] = str(value or "")
        failures: list[str] = []
        typed, built, mip_gap, is_failed = "", 0, 0.0, False
        for line in self.lines(CHECKS, ("Check", "What", "Value")):
            kind, what, value = line.cells
            text, number = str(what or ""), value if isinstance(value, int | float) else 0
            if kind == "program" and is_failed:
                failures.append(text)
            elif kind == "program":
                is_failed = text.startswith(_FAILED)
                built = int(number) if text.startswith(_BUILT) else built
            elif kind == "proof" and text.startswith(_MIP_GAP):
                mip_gap = float(number)
            elif kind == "run" and text.startswith(MADE_WITH):
                typed = text.removeprefix(MADE_WITH)
        return Recorded(
            made_with=typed,
            input_file=said.get(FILE, ""),
            input_sha256=said.get(SHA, ""),
            version=said.get(VERSION, ""),
            timings=timings,
            failures=tuple(failures),
            built=built,
            mip_gap=mip_gap,
            redacted=said.get(REDACTED, ""),
        )


def open_plan(path: Path) -> PlanSheets:
    """Read a plan's workbook. Raises InputError where it is no workbook, or no plan."""
    file = open_excel(path)
    grids = {grid.title: grid for grid in file.grids}
    if not {fold(name) for name in grids} & {fold(name) for name in (SUMMARY, PLAN, CHECKS)}:
        said, hint = "this is no plan", "name a workbook that planner solve wrote"
        if is_input(path):
            said = "this is an input workbook, no plan"
            hint = "the plan comes first, then its input"
        raise InputError([Finding(found=f"{path}: {said}", expected=PLAN_FILE, hint=hint)])
    parts = _parts(path)
    return PlanSheets(path, file.sha256, grids, parts, tuple(_formulas(path, parts)))


def _formulas(path: Path, parts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield sheet and cell of every formula: the planner writes none."""
    with zipfile.ZipFile(path) as archive:
        for title, part in parts.items():
            content = archive.read(part)
            if b"<f" in content:
                for found in _FORMULA.finditer(content):
                    yield title, found[1].decode()


def _parts(path: Path) -> dict[str, str]:
    """Return the part of the archive that each sheet stands in, by its title."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if not {_BOOK, _LINKS} <= names:
            return {}
        links = dict(_pairs(archive.read(_LINKS).decode(), "Relationship", "Id", "Target"))
        sheets = list(_pairs(archive.read(_BOOK).decode(), "sheet", "name", r"\w+:id"))
    found = {
        title: links[link].lstrip("/") if links[link].startswith("/") else f"xl/{links[link]}"
        for title, link in sheets
        if link in links
    }
    return {title: part for title, part in found.items() if part in names}


def _pairs(text: str, tag: str, *attributes: str) -> Iterator[tuple[str, str]]:
    """Yield two attributes of every element of a name."""
    for element in re.findall(rf"<(?:\w+:)?{tag}\s[^>]*>", text):
        found = [re.search(rf'\s{name}="([^"]*)"', element) for name in attributes]
        if found[0] and found[1]:
            yield html.unescape(found[0][1]), html.unescape(found[1][1])
