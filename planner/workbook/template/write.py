"""Plain rows to an input workbook: formats, header notes, drop-downs, frozen headers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from models.case import fold
from models.schema import SHEETS, Country, Freight, Lane, Record, Settings, ShareLimit
from planner.scratch import scratch_folder
from planner.workbook.template.choices import LISTS, Choices
from planner.workbook.template.help import comment, facts, must
from planner.workbook.template.layout import (
    RECORDS,
    Heading,
    Row,
    Tables,
    currency_of,
    headings,
    setting_column,
)
from planner.workbook.template.readme import add_read_me
from planner.workbook.template.style import (
    HEADER_HEIGHT,
    NAVY,
    PALE,
    ROW_HEIGHT,
    Styles,
    is_long,
    number_format,
    width,
)

EVERY_CASE = (
    *(record.SHEET for record in SHEETS if record.REQUIRED),
    *(record.SHEET for record in (Settings, Country, Freight, Lane, ShareLimit)),
)
"""The sheets that every case needs or nearly every case has."""

MADE = datetime(2026, 1, 1, tzinfo=UTC)
"""A fixed date of creation: the same rows give the same file, to the byte."""

A4 = 9
COMMENT_WIDTH = 300
COMMENT_LETTERS = 44
LINE_HEIGHT = 17


def write_book(
    path: Path, tables: Tables, *, sheets: Iterable[str] | None = None, read_me: bool = True
) -> None:
    """Write an input workbook from plain rows.

    ``tables`` holds the rows of each sheet, header (with its unit) to scalar; None is blank.
    Columns of the catalogue that no row has are added; by-year, Note, Source and unknown columns
    are kept.
    ``sheets`` says which sheets are shown: unless given, those of ``tables`` and the required ones.
    """
    shown = _shown(tables, sheets)
    layouts = {
        sheet: headings(RECORDS[sheet], tables) if sheet in RECORDS else _plain(tables[sheet])
        for sheet in shown
    }
    choices = Choices(layouts, {sheet: len(rows) for sheet, rows in tables.items()})
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with (
        scratch_folder() as parts,
        xlsxwriter.Workbook(str(path), {**options, "tmpdir": parts}) as book,
    ):
        book.set_properties({"created": MADE})
        book.set_size(2400, 1500)
        styles = Styles(book)
        if read_me:
            add_read_me(book, styles, shown)
        for sheet in shown:
            _Sheet(book, styles, choices, sheet, layouts[sheet], tables).write()
        _write_lists(book, choices)


class _Sheet:
    """One worksheet in the making."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a sheet is made of
        self,
        book: xlsxwriter.Workbook,
        styles: Styles,
        choices: Choices,
        name: str,
        layout: Sequence[Heading],
        tables: Tables,
    ) -> None:
        self.name = name
        self.record: type[Record] | None = RECORDS.get(name)
        self.layout = layout
        self.rows = tables.get(name, ())
        self.currency = currency_of(tables)
        self.styles = styles
        self.choices = choices
        self.sheet: Any = book.add_worksheet(name)

    def write(self) -> None:
        """Write header, rows, rules and the look of all."""
        self.sheet.set_row(0, HEADER_HEIGHT)
        self.sheet.freeze_panes(1, self._frozen())
        self.sheet.set_landscape()
        self.sheet.set_paper(A4)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.repeat_rows(0)
        self.sheet.autofilter(0, 0, max(len(self.rows), 1), len(self.layout) - 1)
        # A year as a header is text that looks like a number: no green corner for it.
        self.sheet.ignore_errors({"number_stored_as_text": "A1:XFD1"})
        if self.record is not None:
            self.sheet.set_tab_color(NAVY if self.record.REQUIRED else PALE)
        self.sheet.set_comments_author("planner")
        for i, heading in enumerate(self.layout):
            self._column(i, heading)
        if self.record is Settings:
            self._settings()

    def _frozen(self) -> int:
        """Count the leading columns that name a row: they stay in sight."""
        keys = [i for i, h in enumerate(self.layout) if h.column is not None and h.column.key]
        return keys[-1] + 1 if keys == list(range(len(keys))) and keys else 0

    def _column(self, i: int, heading: Heading) -> None:
        cells = [row.get(heading.text) for row in self.rows]
        texts = [_as_text(cell) for cell in cells]
        look = self.styles.cell(heading)
        if heading.remark and is_long(texts):
            for line in range(1, len(self.rows) + 1):
                self.sheet.set_row(line, ROW_HEIGHT)
        self.sheet.set_column(i, i, width(heading, texts), look)
        self.sheet.write_string(0, i, heading.text, self.styles.header(heading))
        if self.record is not None:
            _comment(self.sheet, 0, i, comment(self.record, heading, self.currency))
        for line, cell in enumerate(cells, start=1):
            self._cell(line, i, cell, look)
        rule = self.choices.rule(self.name, heading)
        if rule is not None:
            self.sheet.data_validation(1, i, self.choices.last_row(self.name) - 1, i, rule)

    def _cell(self, line: int, i: int, cell: object, look: Any) -> None:
        if cell is None or cell == "":
            return
        if isinstance(cell, bool):
            self.sheet.write_string(line, i, "yes" if cell else "no", look)
        elif isinstance(cell, int | float):
            if not math.isfinite(cell):
                msg = f"{self.name}, row {line + 1}: {cell} is not a number that a cell can hold"
                raise ValueError(msg)
            self.sheet.write_number(line, i, cell, look)
        else:
            self.sheet.write_string(line, i, str(cell), look)

    def _settings(self) -> None:
        """Give each value of Settings its own format, drop-down and bound."""
        at = {fold(h.text): i for i, h in enumerate(self.layout)}
        name_at, value_at = at["setting"], at["value"]
        for line, row in enumerate(self.rows, start=1):
            column = setting_column(row.get(self.layout[name_at].text))
            if column is None:
                continue
            look = self.styles.get(
                num_format=number_format(column), valign="top", align="left", indent=1
            )
            value = row.get(self.layout[value_at].text)
            if value is None or value == "":
                self.sheet.write_blank(line, value_at, None, look)
            self._cell(line, value_at, value, look)
            rule = self.choices.cell_rule(column)
            if rule is not None:
                self.sheet.data_validation(line, value_at, line, value_at, rule)
            said = [column.meaning, *facts(column, self.currency), must(column)]
            _comment(self.sheet, line, name_at, "\n".join(said))


def _shown(tables: Tables, sheets: Iterable[str] | None) -> list[str]:
    """List the sheets in the order of the catalogue, then any that it does not know."""
    wanted = {*tables, *(r.SHEET for r in SHEETS if r.REQUIRED)} if sheets is None else {*sheets}
    known = [record.SHEET for record in SHEETS if record.SHEET in wanted]
    return known + [sheet for sheet in tables if sheet in wanted and sheet not in RECORDS]


def _plain(rows: Sequence[Row]) -> list[Heading]:
    return [Heading(str(key)) for key in dict.fromkeys(key for row in rows for key in row)]


def _as_text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return f"{cell:,.6g}" if abs(cell) < 1000 else f"{cell:,.0f}"  # noqa: PLR2004 - as AMOUNT
    return str(cell)


def _comment(sheet: Any, line: int, i: int, text: str) -> None:
    if not text:
        return
    lines = sum(1 + len(part) // COMMENT_LETTERS for part in text.split("\n"))
    size = {"width": COMMENT_WIDTH, "height": LINE_HEIGHT * (lines + 1), "font_size": 9}
    sheet.write_comment(line, i, text, size)


def _write_lists(book: xlsxwriter.Workbook, choices: Choices) -> None:
    """Write the hidden sheet that feeds the drop-downs which no column feeds."""
    if not choices.lists:
        return
    sheet = book.add_worksheet(LISTS)
    sheet.hide()
    for i, entries in enumerate(choices.lists):
        for line, entry in enumerate(entries):
            if entry.startswith("="):
                sheet.write_formula(line, i, entry, None, "")
            else:
                sheet.write_string(line, i, entry)
