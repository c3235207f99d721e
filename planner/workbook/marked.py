"""Writes a copy of a workbook in which each faulty cell has a colour and a comment on its error."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties

from models import case, results
from models.errors import Finding, Severity, WriteError
from planner.workbook import edit
from planner.workbook.archive import BROKEN, reason
from planner.workbook.cells import is_number
from planner.workbook.csv_folder import is_folder, open_folder
from planner.workbook.findings import advice, sentence, statement
from planner.workbook.grid import Fault, lines, paused_gc
from planner.workbook.parts import FINDINGS
from planner.workbook.save import save

MOST_MARKED = 2_000
"""Most cells that are coloured and commented, errors first: Excel is slow with more."""
MOST_LISTED = 5_000
"""Most findings on the sheet Findings, errors first."""
MOST_JOINED = 10
"""Most findings in one comment."""
LONGEST = 1_000
"""Most characters of one finding."""

SIGN = "planner check:"
"""First line of a comment's findings, by which a later run recognizes and removes them."""
_TITLE = "What planner check found"

_FILL = {Severity.ERROR: "FFFFC7CE", Severity.WARNING: "FFFFEB9C"}
_INK = {Severity.ERROR: "FF9C0006", Severity.WARNING: "FF7F6000"}
_LOOK_UP = ("FFDDEBF7", "FF1F4E78")
"""Colours of fill and font for a cell that decides the plan, and whose value should be verified."""
_FACE = "Calibri"
_LOOKS = {
    kind: {"fill": PatternFill("solid", _FILL[kind]), "font": Font(name=_FACE, color=_INK[kind])}
    for kind in Severity
}
_LINK = Font(name=_FACE, color="FF0563C1", underline="single")
_TOP, _WRAPPED = Alignment(vertical="top"), Alignment(vertical="top", wrap_text=True)
_COLUMNS = (
    ("Kind", 11),
    (results.Checks.sheet.header, 18),
    (results.Checks.cell.header, 12),
    ("What is there and what is expected", 80),
    ("Hint", 50),
)
"""Headers of the sheet Findings, and the widths of its columns."""
_HEADER_ROW = 4


@dataclass(frozen=True)
class Marked:
    """A marked copy: its path, how many cells are marked, and how many are left unmarked."""

    path: Path
    cells: int
    left: int = 0


def is_markable(findings: Sequence[Finding]) -> bool:
    """Return whether findings are about a workbook's sheets, not about a file as a whole."""
    return all(finding.sheet for finding in findings)


def mark(
    source: Path,
    target: Path,
    findings: Sequence[Finding],
    look_up: Mapping[tuple[str, str], str] = MappingProxyType({}),
) -> Marked:
    """Write a copy with marked faulty cells and a first sheet that lists every finding.

    ``look_up`` has the comments of cells that the user should verify, by sheet and address. The
    source is only read; macros are not copied. Raises WriteError if the workbook cannot be copied,
    or the copy cannot be written.
    """
    with warnings.catch_warnings(), paused_gc():
        warnings.simplefilter("ignore")  # about content that openpyxl cannot keep
        try:
            book = _of_folder(source) if is_folder(source) else edit.load(source)[0]
            titles = {case.fold(sheet.title): sheet.title for sheet in reversed(book.worksheets)}
            errors_first = sorted(findings, key=lambda f: f.severity is not Severity.ERROR)
            cells = _cells(book, titles, errors_first)
            _clean(book)
            for (title, address), listed in list(cells.items())[:MOST_MARKED]:
                first, more = listed[:MOST_JOINED], len(listed) - MOST_JOINED
                lines = [f"{f.severity.capitalize()}: {_cut(sentence(f))}" for f in first]
                lines = [SIGN, *lines, *([f"and {more:,} more"] if more > 0 else [])]
                severity = listed[0].severity  # errors come first
                _comment(book[title][address], (_FILL[severity], _INK[severity]), lines)
            placed = {(titles.get(case.fold(s), ""), a): text for (s, a), text in look_up.items()}
            deciding = {at: text for at, text in placed.items() if at[0] and at not in cells}
            for (title, address), text in deciding.items():
                _comment(book[title][address], _LOOK_UP, (SIGN, text))
            for sheet in book.worksheets:
                edit.fit_comments(sheet)
            _list(book, errors_first, titles, len(cells))
        except BROKEN as error:  # in parts that the planner does not read
            msg = f"{target} is not written: {source} cannot be copied ({reason(error)})"
            raise WriteError(msg) from error
        written = save(target, book.save)
    marked = min(len(cells), MOST_MARKED) + len(deciding)
    return Marked(written, marked, max(0, len(cells) - MOST_MARKED))


def _of_folder(source: Path) -> Any:
    book: Any = Workbook()
    book.remove(book.active)
    for grid in open_folder(source).grids:
        sheet = book.create_sheet(grid.title)
        for row, cells in [(grid.header_row, list(grid.header.items())), *lines(grid)]:
            for position, value in cells if row else ():
                cell = sheet.cell(row, position)
                if is_number(value):
                    cell.value = value
                else:
                    text = value.text if isinstance(value, Fault) else str(value)
                    _text(sheet, cell.coordinate, text)
    return book


# ---- cells ---------------------------------------------------------------------------------------


def _cells(
    book: Any, titles: Mapping[str, str], findings: Sequence[Finding]
) -> dict[tuple[str, str], list[Finding]]:
    """Return the findings by their cell (title of the sheet and address) or the one shown for it.

    Of merged cells, only the first is shown.
    """
    merged = {
        (sheet.title, cell.coordinate): str(area.start_cell.coordinate)
        for sheet in book.worksheets
        for area in sheet.merged_cells.ranges
        for place in area.cells
        if isinstance(cell := sheet._cells.get(place), MergedCell)  # noqa: SLF001
    }
    cells: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        title = titles.get(case.fold(finding.sheet))
        if title is not None and finding.cell:
            address = merged.get((title, finding.cell), finding.cell)
            cells.setdefault((title, address), []).append(finding)
    return cells


def _comment(cell: Any, look: tuple[str, str], lines: Sequence[str]) -> None:
    """Colour a cell, and add lines to its comment."""
    # also its font: the light font of a dark header would be invisible
    _colour(cell, PatternFill("solid", fgColor=look[0]), look[1])
    text = "\n".join(lines)
    old = cell.comment
    comment = text if old is None else f"{old.text.rstrip()}\n\n{text}"
    cell.comment = Comment(comment, "planner" if old is None else old.author)


def _colour(cell: Any, fill: PatternFill, ink: str | None) -> None:
    font = copy(cell.font)
    font.color = ink
    cell.fill, cell.font = fill, font


def _clean(book: Any) -> None:
    """Remove the marks of an earlier run, if the workbook is a marked copy."""
    if FINDINGS not in book.sheetnames or book[FINDINGS]["A1"].value != _TITLE:
        return
    del book[FINDINGS]
    for sheet in book.worksheets:
        for cell, comment in edit.comments(sheet):
            if SIGN not in comment.text:
                continue
            kept = comment.text.partition(SIGN)[0].rstrip()
            cell.comment = Comment(kept, comment.author) if kept else None
            _colour(cell, PatternFill(), None)


# ---- the sheet Findings --------------------------------------------------------------------------


def _list(book: Any, findings: Sequence[Finding], titles: Mapping[str, str], marked: int) -> None:
    """Add the sheet Findings; ``marked`` is the number of cells with findings."""
    title = FINDINGS
    while case.fold(title) in {case.fold(name) for name in book.sheetnames}:
        title += "_"
    sheet = book.create_sheet(title, 0)
    edit.show_first(book, sheet)
    errors = sum(f.severity is Severity.ERROR for f in findings)
    _text(sheet, "A1", _TITLE, font=Font(name=_FACE, bold=True, size=14))
    counts = f"Errors: {errors:,}. Warnings: {len(findings) - errors:,}."
    if marked > MOST_MARKED:
        counts += f" The first {MOST_MARKED:,} of {marked:,} cells are marked."
    if len(findings) > MOST_LISTED:
        counts += f" The first {MOST_LISTED:,} of {len(findings):,} findings are listed."
    _text(sheet, "A2", counts)
    for letter, severity in zip("AB", Severity, strict=True):
        _text(sheet, f"{letter}3", severity.value, **_LOOKS[severity])
    _text(sheet, "D3", "A marked cell has its colour, and its finding in a comment.")
    white, navy = Font(name=_FACE, bold=True, color="FFFFFFFF"), PatternFill("solid", "FF1F3864")
    for letter, (header, width) in zip("ABCDE", _COLUMNS, strict=True):
        _text(sheet, f"{letter}{_HEADER_ROW}", header, font=white, fill=navy)
        sheet.column_dimensions[letter].width = width
    for row, finding in enumerate(findings[:MOST_LISTED], _HEADER_ROW + 1):
        _line(sheet, row, finding, titles.get(case.fold(finding.sheet)))
    sheet.auto_filter.ref = f"A{_HEADER_ROW}:E{max(sheet.max_row, _HEADER_ROW + 1)}"
    sheet.freeze_panes = f"A{_HEADER_ROW + 1}"
    sheet.print_title_rows = f"{_HEADER_ROW}:{_HEADER_ROW}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _line(sheet: Any, row: int, finding: Finding, title: str | None) -> None:
    _text(sheet, f"A{row}", finding.severity.value, **_LOOKS[finding.severity])
    _text(sheet, f"B{row}", _cut(title or finding.sheet or "Workbook"))
    place = _text(sheet, f"C{row}", finding.cell or ("A1" if title else ""))
    if title:
        target = edit.link_to(title, finding.cell or "A1")
        place.hyperlink = Hyperlink(ref=place.coordinate, location=target)
        place.font = _LINK
    _text(sheet, f"D{row}", _cut(statement(finding)))
    _text(sheet, f"E{row}", _cut(advice(finding)))
    for letter in "ABCDE":
        sheet[f"{letter}{row}"].alignment = _WRAPPED if letter in "DE" else _TOP


def _text(sheet: Any, address: str, text: str, **look: object) -> Any:
    """Write a text, also one that looks like a formula."""
    cell = sheet[address]
    cell.value = text
    if text:
        cell.data_type = "s"
    for name, value in look.items():
        setattr(cell, name, value)
    return cell


def _cut(text: str) -> str:
    clean = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]", "?", text)
    return clean if len(clean) <= LONGEST else f"{clean[: LONGEST - 3]}..."
