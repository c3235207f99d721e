"""The parts of two packages: a plan's file as it is, and as the planner writes it.

And what a workbook shows beside the values of its cells, and the planner never writes.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import Finding
from planner.audit.compare import near
from planner.audit.file import PlanSheets
from planner.workbook import archive, findings, plan_columns
from planner.workbook.parts import WORKSHEET, Anatomy, SheetPart

_NUMBER = re.compile(
    rb'(?:(?<=\d"><v>)|(?<=<c:v>)|(?<=[ ]val="))(-?\d+(?:\.\d+)?(?:[Ee][+-]?\d+)?)(?=[<"])'
)
"""A number of a cell, of a chart or of a colour scale; not the place of a text in its list."""
_CELL = re.compile(rb'<c r="([A-Z]{1,3}\d{1,7})"')
_SHEET, _STRINGS = "xl/worksheets/sheet", "xl/sharedStrings.xml"
_OWN = ("xl/workbook.xml", "xl/styles.xml", _STRINGS)
_OFFICE = re.compile(
    r"(?:.*/)?_rels/[^/]*\.rels|\[Content_Types\]\.xml|docProps/(?:app|core|custom)\.xml"
    r"|xl/(?:workbook|styles|sharedStrings|metadata)\.xml"
    r"|xl/(?:worksheets|tables|comments|theme|printerSettings)/[^/]+|xl/comments\d+\.xml"
    r"|xl/drawings/[^/]+\.(?:xml|vml)|xl/charts/[^/]+\.xml"
)
"""Parts that a program makes of a plan that it opens and saves; any other was put in."""


@dataclass(frozen=True)
class PackageParts:
    """How a package differs from the planner's own.

    ``changed`` are the parts that differ, each with the first cell that does ("": not in a cell);
    ``unsure`` are sheets in which only numbers differ, perhaps by rounding. ``is_saved_anew`` says
    that no sheet, and no list of texts, sheets or formats is as the planner writes it: another
    program opened the file and saved it.
    """

    changed: Mapping[str, str]
    unsure: frozenset[str]
    is_saved_anew: bool
    names: Sequence[str]

    @property
    def is_own(self) -> bool:
        """Whether each part is the planner's own, but for numbers to look at."""
        return not self.changed

    @property
    def strange(self) -> Iterator[str]:
        """The parts that no saving of a plan makes: macros, links to other files, pictures."""
        return (name for name in self.names if not _OFFICE.fullmatch(name))

    def named(self, sheets: Sequence[SheetPart], *, cells: bool) -> Iterator[tuple[str, str, str]]:
        """Yield part, title of its sheet and first cell of what differs.

        ``cells``: cells that differ are named already, and with them sheets and the list of texts.
        """
        titles = {sheet.part: sheet.title for sheet in sheets}
        for name, cell in self.changed.items():
            if not (cells and (name.startswith(_SHEET) or name == _STRINGS)):
                yield name, titles.get(name, ""), cell


def parts(file: Path, written: Path) -> PackageParts:
    """Compare two packages part by part, byte for byte; numbers to a billionth."""
    changed: dict[str, str] = {}
    unsure, alike = set(), False
    with zipfile.ZipFile(file) as here, zipfile.ZipFile(written) as due:
        there, wanted = here.namelist(), due.namelist()
        for name in [*wanted, *sorted({*there} - {*wanted})]:
            if name not in there or name not in wanted:
                changed[name] = ""
                continue
            left, right = here.read(name), due.read(name)
            kind = _kind(name, left, right)
            if kind == "changed":
                changed[name] = _first_cell(name, left, right)
            elif kind == "unsure":
                unsure.add(name)
            elif left != right or name in _OWN or name.startswith(_SHEET):
                alike = True
    return PackageParts(changed, frozenset(unsure), not alike and not unsure, there)


def _kind(name: str, part: bytes, written: bytes) -> str:
    """Return "" where two parts differ in no more than the rounding of numbers."""
    if part == written:
        return ""
    here, due = _NUMBER.split(part), _NUMBER.split(written)
    if len(here) != len(due) or here[::2] != due[::2]:
        return "changed"
    pairs = zip(map(float, here[1::2]), map(float, due[1::2]), strict=True)
    if all(near(*pair) for pair in pairs):
        return ""
    return "unsure" if name.startswith(_SHEET) else "changed"


def _first_cell(name: str, part: bytes, written: bytes) -> str:
    """Return the first cell of a sheet that differs, "" where what differs is in no cell."""
    if not name.startswith(_SHEET):
        return ""
    pairs = enumerate(zip(part, written, strict=False))
    position = next((i for i, (here, due) in pairs if here != due), min(len(part), len(written)))
    last = part.find(b"</sheetData>")
    cells = [] if 0 <= last < position else _CELL.findall(part, 0, part.find(b">", position) + 1)
    return cells[-1].decode() if cells else ""


# ---- what the planner never writes ---------------------------------------------------------------

_SHOW = "show them again, or ask for the workbook as written"


def amiss(file: PlanSheets) -> Iterator[Finding]:
    """Yield formulas, cells given twice, sheets that are no sheets of cells, and what is hidden.

    Raises InputError where a sheet cannot be read.
    """
    for sheet in file.listed:
        if sheet.kind != WORKSHEET:
            message = f"this is a {sheet.kind or 'name without a sheet'}, not a sheet of cells"
            yield Finding(sheet.title, found=message, expected="a sheet that the planner wrote")
            continue
        if sheet.is_hidden:
            yield Finding(sheet.title, found="this sheet is hidden", expected="all sheets shown")
        try:
            anatomy = Anatomy(file.path, sheet.part)
        except archive.BROKEN as error:
            message = f"the sheet {sheet.title} is damaged ({error})"
            raise findings.refused(file.path, message, plan_columns.PLAN_FILE) from error
        yield from _in_sheet(sheet.title, anatomy)


def _in_sheet(title: str, anatomy: Anatomy) -> Iterator[Finding]:
    for cell in anatomy.formulas:
        message = "this cell holds a formula"
        yield Finding(title, _row(cell), found=message, expected="a plain value", cell=cell)
    for cell in anatomy.misplaced:
        message = "this cell or row is there twice, or out of its place: programs show one of them"
        yield Finding(title, _row(cell), found=message, cell=cell)
    if anatomy.rows:
        count, first = len(anatomy.rows), anatomy.rows[0]
        message = f"row {first} is hidden"
        if count > 1:
            message = f"{count:,} rows are hidden, the first of them {first}"
        yield Finding(title, first, found=message, hint=f"a filter may hide them: {_SHOW}")
    if anatomy.columns:
        message = f"columns are hidden: {', '.join(anatomy.columns)}"
        yield Finding(title, found=message, hint=_SHOW)


def _row(cell: str) -> int:
    digits = cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return int(digits) if digits.isdecimal() else 0
