"""Compares the parts of a plan's file with those that the planner writes.

It also finds content that the planner never writes, such as formulas and hidden rows.
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
from planner.workbook import archive, findings, plan_file
from planner.workbook.parts import WORKSHEET, Anatomy, SheetPart

_NUMBER = re.compile(
    rb'(?:(?<=\d"><v>)|(?<=<c:v>)|(?<=[ ]val="))(-?\d+(?:\.\d+)?(?:[Ee][+-]?\d+)?)(?=[<"])'
)
"""A number in a cell, a chart or a colour scale; not the index of a shared string."""
_CELL = re.compile(rb'<c r="([A-Z]{1,3}\d{1,7})"')
_SHEET, _STRINGS = "xl/worksheets/sheet", "xl/sharedStrings.xml"
_OWN = ("xl/workbook.xml", "xl/styles.xml", _STRINGS)
_OFFICE = re.compile(
    r"(?:.*/)?_rels/[^/]*\.rels|\[Content_Types\]\.xml|docProps/(?:app|core|custom)\.xml"
    r"|xl/(?:workbook|styles|sharedStrings|metadata)\.xml"
    r"|xl/(?:worksheets|tables|comments|theme|printerSettings)/[^/]+|xl/comments\d+\.xml"
    r"|xl/drawings/[^/]+\.(?:xml|vml)|xl/charts/[^/]+\.xml"
)
"""Parts that another program may write when it saves a plan; any other part was added."""


@dataclass(frozen=True)
class PackageParts:
    """How a package differs from the one that the planner writes.

    ``changed`` has the parts that differ, each with the first cell that does ("": not in a cell);
    ``unsure`` has sheets in which only numbers differ, perhaps by rounding. ``is_resaved``: no
    sheet, and no list of texts, sheets or formats is as the planner writes it, so another program
    has saved the file.
    """

    changed: Mapping[str, str]
    unsure: frozenset[str]
    is_resaved: bool
    names: Sequence[str]

    @property
    def is_unchanged(self) -> bool:
        """Whether all parts are as the planner writes them, except perhaps for numbers."""
        return not self.changed

    @property
    def added(self) -> Iterator[str]:
        """Parts that no program adds by saving a plan: macros, links to other files, pictures."""
        return (name for name in self.names if not _OFFICE.fullmatch(name))

    def changes(
        self, sheets: Sequence[SheetPart], *, are_cells_known: bool
    ) -> Iterator[tuple[str, str, str]]:
        """Yield each part that differs, with the title of its sheet and the first cell that does.

        ``are_cells_known``: leave out sheets and texts, whose cells are reported already.
        """
        titles = {sheet.part: sheet.title for sheet in sheets}
        for name, cell in self.changed.items():
            if not (are_cells_known and (name.startswith(_SHEET) or name == _STRINGS)):
                yield name, titles.get(name, ""), cell


def compare_packages(file: Path, written: Path) -> PackageParts:
    """Compare two packages part by part, byte for byte; numbers may differ by rounding."""
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
    """Return "" if two parts are equal up to rounding of numbers, else ``changed`` or ``unsure``.

    A sheet is ``unsure`` if only its numbers differ: its cells have to be compared.
    """
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
    """Return the first cell of a sheet that differs, "" if the difference is not in a cell."""
    if not name.startswith(_SHEET):
        return ""
    pairs = enumerate(zip(part, written, strict=False))
    position = next((i for i, (here, due) in pairs if here != due), min(len(part), len(written)))
    last = part.find(b"</sheetData>")
    cells = [] if 0 <= last < position else _CELL.findall(part, 0, part.find(b">", position) + 1)
    return cells[-1].decode() if cells else ""


# ---- content that the planner never writes -------------------------------------------------------

_SHOW = "show them again, or ask for the workbook as planner solve wrote it"


def foreign_content(file: PlanSheets) -> Iterator[Finding]:
    """Yield formulas, duplicate cells, sheets without cells, and hidden sheets, rows and columns.

    Raises InputError if a sheet cannot be read.
    """
    for sheet in file.listed:
        if sheet.kind != WORKSHEET:
            message = f"this is a {sheet.kind or 'name without a sheet'}, not a worksheet"
            yield Finding(sheet.title, found=message, expected="a sheet that the planner wrote")
            continue
        if sheet.is_hidden:
            yield Finding(sheet.title, found="this sheet is hidden", expected="all sheets shown")
        try:
            anatomy = Anatomy(file.path, sheet.part)
        except archive.BROKEN as error:
            message = f"the sheet {sheet.title} is damaged ({error})"
            raise findings.refused(file.path, message, plan_file.PLAN_FILE) from error
        yield from _in_sheet(sheet.title, anatomy)


def _in_sheet(title: str, anatomy: Anatomy) -> Iterator[Finding]:
    for cell in anatomy.formulas:
        message = "this cell has a formula"
        yield Finding(title, _row(cell), found=message, expected="a plain value", cell=cell)
    for cell in anatomy.misplaced:
        message = (
            "this cell or row is in the file twice or in the wrong place, so programs show"
            " different values"
        )
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
