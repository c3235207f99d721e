"""Writes a copy of a workbook in which each faulty cell has a colour and a comment on its error."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from models import case, results
from models.errors import Finding, Severity, WriteError
from models.garbage import paused_gc
from planner.render.table import Table, TableColumn
from planner.workbook.archive import BROKEN, reason, sheet_names
from planner.workbook.edit import AddedPage, EditedBook
from planner.workbook.findings import Place, advice, parse_address, sentence, statement
from planner.workbook.package import CellColours
from planner.workbook.save import save_file

FINDINGS = "Findings"
"""The first sheet of a marked copy."""
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

_COLOURS = {
    Severity.ERROR: CellColours("FFFFC7CE", "FF9C0006"),
    Severity.WARNING: CellColours("FFFFEB9C", "FF7F6000"),
}
_WIDTHS = (11, 18, 12, 80, 50)
"""Widths of the columns of the sheet Findings."""


@dataclass(frozen=True)
class Marked:
    """A marked copy: its path, how many cells are marked, and how many are left unmarked."""

    path: Path
    cells: int
    left: int = 0


def is_marked(path: Path) -> bool:
    """Return whether a workbook is a marked copy."""
    return FINDINGS in sheet_names(path)[:1]


def is_markable(findings: Sequence[Finding]) -> bool:
    """Return whether findings are about a workbook's sheets, not about a file as a whole."""
    return all(finding.sheet for finding in findings)


def mark(source: Path, target: Path, findings: Sequence[Finding]) -> Marked:
    """Write a copy with marked faulty cells and a first sheet that lists every finding.

    The source is only read; macros are not copied. Raises WriteError if the workbook cannot be
    copied, or the copy cannot be written.
    """
    with paused_gc():
        try:
            book = EditedBook(source)
            titles = {case.normalize(title): title for title in reversed(book.parts)}
            errors_first = sorted(findings, key=lambda f: f.severity is not Severity.ERROR)
            cells = _findings_by_cell(book, titles, errors_first)
            _clean(book)
            _mark_cells(book, cells)
            first_sheet = _add_findings_sheet(book, errors_first, titles, len(cells))
            made = book.finished_copy(target.suffix, show=first_sheet)
        except BROKEN as error:  # in parts that the planner does not read
            msg = f"{target} is not written: {source} cannot be copied ({reason(error)})"
            raise WriteError(msg) from error
    written = save_file(target, lambda scratch: scratch.write_bytes(made))
    return Marked(written, min(len(cells), MOST_MARKED), max(0, len(cells) - MOST_MARKED))


# ---- cells ---------------------------------------------------------------------------------------


def _findings_by_cell(
    book: EditedBook, titles: Mapping[str, str], findings: Sequence[Finding]
) -> dict[tuple[str, Place], list[Finding]]:
    """Return the findings by their cell (title of the sheet and place) or the one shown for it.

    Of merged cells, only the first is shown.
    """
    cells: dict[tuple[str, Place], list[Finding]] = {}
    for finding in findings:
        title = titles.get(case.normalize(finding.sheet))
        if title is not None and finding.cell:
            place = book.tree(title).merged_origin(parse_address(finding.cell))
            cells.setdefault((title, place), []).append(finding)
    return cells


def _mark_cells(book: EditedBook, cells: Mapping[tuple[str, Place], Sequence[Finding]]) -> None:
    """Colour cells, and add their findings, errors first, to their comments."""
    notes = {title: book.notes(title) for title in book.parts}
    for (title, place), listed in list(cells.items())[:MOST_MARKED]:
        more = len(listed) - MOST_JOINED
        lines = [f"{f.severity.capitalize()}: {_cut(sentence(f))}" for f in listed[:MOST_JOINED]]
        text = "\n".join([SIGN, *lines, *([f"and {more:,} more"] if more > 0 else [])])
        sheet = book.blank(title)
        # also its font: the light font of a dark header would be invisible
        sheet.colours_of[place] = _COLOURS[listed[0].severity]
        old = sheet.notes[place] if place in sheet.notes else notes[title].get(place)
        sheet.notes[place] = f"{old.rstrip()}\n\n{text}" if old else text


def _clean(book: EditedBook) -> None:
    """Remove the marks of an earlier run, if the workbook is a marked copy."""
    if FINDINGS not in book.parts or book.grid(FINDINGS).header.get(1) != _TITLE:
        return
    book.remove(FINDINGS)
    for title in book.parts:
        for place, text in book.notes(title).items():
            if SIGN in text:
                sheet = book.blank(title)
                sheet.notes[place] = text.partition(SIGN)[0].rstrip() or None
                sheet.colours_of[place] = CellColours()


# ---- the sheet Findings --------------------------------------------------------------------------


def _add_findings_sheet(
    book: EditedBook, findings: Sequence[Finding], titles: Mapping[str, str], marked: int
) -> str:
    """Add the sheet Findings, and return its title; ``marked`` cells have findings."""
    page = AddedPage(book.add_page(FINDINGS, 0), len(_WIDTHS))
    page.widths(*_WIDTHS)
    page.write_title(_TITLE)
    errors = sum(f.severity is Severity.ERROR for f in findings)
    counts = f"Errors: {errors:,}. Warnings: {len(findings) - errors:,}."
    if marked > MOST_MARKED:
        counts += f" The first {MOST_MARKED:,} of {marked:,} cells are marked."
    if len(findings) > MOST_LISTED:
        counts += f" The first {MOST_LISTED:,} of {len(findings):,} findings are listed."
    page.paragraph(counts)
    page.paragraph("A marked cell has the colour of its kind, and its finding in a comment.")
    shown = [(f, titles.get(case.normalize(f.sheet))) for f in findings[:MOST_LISTED]]
    columns: dict[str, list[str | None]] = {
        "Kind": [f.severity.value for f, _ in shown],
        results.Checks.sheet.header: [_cut(t or f.sheet or "Workbook") for f, t in shown],
        results.Checks.cell.header: [f.cell or ("A1" if t else None) for f, t in shown],
        "What is there and what is expected": [_cut(statement(f)) for f, _ in shown],
        "Hint": [_cut(advice(f)) or None for f, _ in shown],
    }
    top = page.row
    texts = (TableColumn(name, results.Format.TEXT, cells) for name, cells in columns.items())
    page.write_table(Table(FINDINGS, tuple(texts)))
    page.add_filter(top)
    for row, (finding, title) in enumerate(shown, top + 1):
        page.colour(row, 1, _COLOURS[finding.severity])
        if title:
            page.set_link(page.sheet.cell(row, 3), title, finding.cell or "A1")
    return str(page.sheet.title)


def _cut(text: str) -> str:
    clean = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]", "?", text)
    return clean if len(clean) <= LONGEST else f"{clean[: LONGEST - 3]}..."
