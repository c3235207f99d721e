"""Writes an input workbook: formats, header notes, drop-downs, frozen headers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import xlsxwriter

from models import schema
from models.schema import SHEETS, CellKind, Column, Record
from planner.render.palette import INK, LINE, NAVY, PALE, WHITE
from planner.scratch import scratch_folder
from planner.workbook.cells import WHOLE
from planner.workbook.headers import RECORDS, SETTING, VALUE, ParsedHeader, setting_named
from planner.workbook.template import columns
from planner.workbook.template.columns import Choices, Row, Tables

_NEARLY = (schema.Settings, schema.Country, schema.Freight, schema.Lane, schema.ShareLimit)
_REQUIRED = tuple(record.SHEET for record in SHEETS if record.REQUIRED)
EVERY_CASE = (*_REQUIRED, *(record.SHEET for record in _NEARLY))
"""The sheets that every case needs, and those that nearly every case has."""
MADE = datetime(2026, 1, 1, tzinfo=UTC)
"""A fixed date of creation: the same rows give the same file, to the byte."""
A4 = 9
COMMENT_WIDTH, COMMENT_LETTERS, LINE_HEIGHT = 300, 44, 17

GENERAL = "General"
AMOUNT = "[>=1000]#,##0;General"
"""Thousands separators and no decimals from 1,000 on, all digits below.

``#,##0.###`` would leave a bare point: ``1,200.``
"""
FRACTIONS = {schema.Lane.column_of("tariff"), schema.Refiner.column_of("max_growth")}
"""Numbers that are fractions but may exceed 1."""
DARK: dict[str, Any] = {"bold": True, "font_color": WHITE, "bg_color": NAVY}
LIGHT: dict[str, Any] = {"bold": True, "bg_color": PALE}
REMARK: dict[str, Any] = {"italic": True, "bg_color": "#F2F2F2"}
"""Styles of headers: required columns, optional columns, remarks."""
NARROWEST, WIDEST = 9, 60
FILTER_ARROW = 5
"""Characters that the filter's arrow covers in a header."""
ONE_LINE_HEADER = 14
"""Headers up to this length are on one line, so that the unit of ``Capex (USD m)`` is not split."""
WRAPPED_LINES = 2
"""Lines of a remark from which on only its first is shown: in a tall row numbers are hard to find.
"""
FEW_ROWS = 30
ROW_HEIGHT = 14.25
"""A fixed height: at 15, the default, Excel and LibreOffice fit the height to the text."""
HEADER_HEIGHT = 33

Formats = Callable[..., Any]
"""Makes the formats of one workbook from their properties, each once."""


@dataclass(frozen=True)
class FormBook:
    """The contents of a form to fill in, a workbook that is not an input.

    ``names`` for its drop-downs are by the sheet of the input that defines them; ``page`` is its
    first page: title, purpose, commands with their purpose, and rules.
    """

    records: Mapping[str, type[Record]]
    names: Mapping[str, Sequence[str]]
    page: tuple[str, str, Sequence[tuple[str, str]], Sequence[str]]


def write_book(
    path: Path,
    tables: Tables,
    *,
    sheets: Iterable[str] | None = None,
    form: FormBook | None = None,
) -> None:
    """Write an input workbook from plain rows, or a ``form`` in the same style.

    ``tables`` has the rows of each sheet, as mappings of headers with units to values; None is
    blank. All columns of the catalogue are written, also those that no row has; by-year, Note,
    Source and unknown columns are kept. ``sheets`` are the sheets to write; by default those of
    ``tables`` and the required ones.
    """
    records = RECORDS if form is None else form.records
    wanted = {*tables, *_REQUIRED} if sheets is None else {*sheets}
    shown = [sheet for sheet in dict.fromkeys((*records, *tables)) if sheet in wanted]
    layouts = {
        sheet: columns.headings(records[sheet], tables)
        if sheet in records
        else [
            ParsedHeader(str(key)) for key in dict.fromkeys(k for row in tables[sheet] for k in row)
        ]
        for sheet in shown
    }
    choices = Choices(layouts, tables, {} if form is None else form.names)
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
        formats: Formats = cache(lambda **look: book.add_format(look))
        page = _Page(book, formats)
        page.write(shown) if form is None else page.write_form(form)
        for sheet in shown:
            _TemplateSheet(book, formats, choices, sheet, records.get(sheet)).write()
        _write_lists(book, choices)


class _TemplateSheet:
    def __init__(
        self,
        book: xlsxwriter.Workbook,
        formats: Formats,
        choices: Choices,
        name: str,
        record: type[Record] | None,
    ) -> None:
        self.name, self.record, self.layout = name, record, choices.layouts[name]
        self.rows: Sequence[Row] = choices.tables.get(name, ())
        self.currency = columns.currency_of(choices.tables)
        self.formats, self.choices = formats, choices
        self.sheet: Any = book.add_worksheet(name)

    def write(self) -> None:
        """Write the sheet: header, comments, rows, formats, drop-downs, and print settings."""
        self.sheet.set_row(0, HEADER_HEIGHT)
        keys = [i for i, h in enumerate(self.layout) if h.column is not None and h.column.key]
        # the leading columns that name a row stay in sight
        self.sheet.freeze_panes(1, len(keys) if keys == list(range(len(keys))) else 0)
        _print_setup(self.sheet)
        self.sheet.repeat_rows(0)
        self.sheet.autofilter(0, 0, max(len(self.rows), 1), len(self.layout) - 1)
        # A year as a header is text that looks like a number: no green corner for it.
        self.sheet.ignore_errors({"number_stored_as_text": "A1:XFD1"})
        if self.record is not None:
            self.sheet.set_tab_color(NAVY if self.record.REQUIRED else PALE)
        self.sheet.set_comments_author("planner")
        for i, heading in enumerate(self.layout):
            self._column(i, heading)
        if self.record is schema.Settings:
            self._settings()

    def _column(self, i: int, heading: ParsedHeader) -> None:
        cells = [row.get(heading.text) for row in self.rows]
        longest = max((len(_as_text(cell)) for cell in cells), default=0)
        look = self.formats(**_cell_look(heading))
        lines = WRAPPED_LINES if len(cells) <= FEW_ROWS else 1
        if heading.is_remark and longest > lines * WIDEST:
            for line in range(1, len(self.rows) + 1):
                self.sheet.set_row(line, ROW_HEIGHT)
        self.sheet.set_column(i, i, _width(heading, longest), look)
        self.sheet.write_string(0, i, heading.text, self.formats(**_header_look(heading)))
        if self.record is not None:
            _comment(self.sheet, 0, i, columns.comment(self.record, heading, self.currency))
        for line, cell in enumerate(cells, start=1):
            self._cell(line, i, cell, look)
        rule = self.choices.rule(self.name, heading)
        if rule is not None:
            self.sheet.data_validation(1, i, self.choices.last_row(self.name) - 1, i, rule)

    def _cell(self, line: int, i: int, cell: object, look: Any) -> None:
        if cell is None or cell == "":
            return
        if isinstance(cell, bool) or not isinstance(cell, int | float):
            text = str(cell) if not isinstance(cell, bool) else "yes" if cell else "no"
            self.sheet.write_string(line, i, text, look)
        elif math.isfinite(cell):
            self.sheet.write_number(line, i, cell, look)
        else:
            msg = f"{self.name}, row {line + 1}: {cell} cannot be written to a cell"
            raise ValueError(msg)

    def _settings(self) -> None:
        """Give each value of Settings its own format, drop-down and bound."""
        places = {h.column: i for i, h in enumerate(self.layout)}
        name_at, value_at = places[SETTING], places[VALUE]
        for line, row in enumerate(self.rows, start=1):
            column = setting_named(str(row.get(self.layout[name_at].text) or ""))
            if column is None:
                continue
            look = self.formats(
                num_format=_number_format(column), valign="top", align="left", indent=1
            )
            value = row.get(self.layout[value_at].text)
            if value is None or value == "":
                self.sheet.write_blank(line, value_at, None, look)
            self._cell(line, value_at, value, look)
            rule = self.choices.cell_rule(column)
            if rule is not None:
                self.sheet.data_validation(line, value_at, line, value_at, rule)
            lines = [
                column.meaning,
                *columns.facts(column, self.currency),
                columns.if_blank(column),
            ]
            _comment(self.sheet, line, name_at, "\n".join(lines))


def _as_text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return f"{cell:,.6g}" if abs(cell) < 1000 else f"{cell:z,.0f}"  # noqa: PLR2004 - as AMOUNT
    return str(cell)


def _comment(sheet: Any, line: int, i: int, text: str) -> None:
    if text:
        lines = sum(1 + len(part) // COMMENT_LETTERS for part in text.split("\n"))
        size = {"width": COMMENT_WIDTH, "height": LINE_HEIGHT * (lines + 1), "font_size": 9}
        sheet.write_comment(line, i, text, size)


def _print_setup(sheet: Any) -> None:
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)


def _write_lists(book: xlsxwriter.Workbook, choices: Choices) -> None:
    if not choices.lists:
        return
    sheet = book.add_worksheet(columns.LISTS)
    sheet.hide()
    for i, entries in enumerate(choices.lists):
        for line, entry in enumerate(entries):
            if entry.startswith("="):
                sheet.write_formula(line, i, entry, None, "")
            else:
                sheet.write_string(line, i, entry)


# ---- formats ------------------------------------------------------------------------------------


def _header_look(heading: ParsedHeader) -> dict[str, object]:
    """Return the header's format: dark if every row must fill the column."""
    column = heading.column
    is_required = column is not None and column.required and heading.year is None
    look = {"font_color": INK} | (REMARK if heading.is_remark else DARK if is_required else LIGHT)
    words = {"text_wrap": True, "valign": "vcenter", "align": "left", "indent": 1}
    return look | words | {"border": 1, "border_color": LINE}


def _cell_look(heading: ParsedHeader) -> dict[str, object]:
    """Return the format of a column's cells; texts are indented, away from a number before them."""
    column = heading.column
    form = AMOUNT if heading.spread else _number_format(column)
    look: dict[str, object] = {"num_format": form, "valign": "top"}
    if heading.is_remark or (column is not None and column.kind not in columns.NUMBERS):
        look |= {"align": "left", "indent": 1}
    return look | {"text_wrap": True} if heading.is_remark else look


def _number_format(column: Column | None) -> str:
    if column is None:
        return GENERAL
    if column.kind is CellKind.SHARE or column in FRACTIONS:
        return "0.0%"
    if column.kind in WHOLE:
        return "0"
    return AMOUNT if column.unit else GENERAL


def _width(heading: ParsedHeader, longest: int) -> float:
    """Return a width that shows every cell, and the header on two lines at most."""
    words, head = heading.text.split(), len(heading.text)
    if head > ONE_LINE_HEADER:
        cuts = range(len(words) + 1)
        head = min(max(len(" ".join(words[:i])), len(" ".join(words[i:]))) for i in cuts)
    return float(min(max(head + FILTER_ARROW, longest + 3, NARROWEST), WIDEST))


# ---- the sheet Read me --------------------------------------------------------------------------

READ_ME = "Read me"

QUESTION = (
    "Who should buy how much of a mineral from which refiner, in which year and at what cost, "
    "if no single country may supply more than a given share?"
)

RULES = """
The first row with any text holds the headers of a sheet. Columns may be in any order, and empty
rows are skipped. Rows that are hidden or filtered out in Excel still count.

Columns with a dark header must be filled in every row. In other columns, a blank cell means the
default. The note of the header names it: point at the header to see its note.

The header states the unit: numbers under Capacity (kt/yr) are kilotonnes a year. You may use kg,
lb, t, kt and Mt. Money is in the Currency of the sheet Settings.

Shares and rates are fractions from 0 to 1: 0.65, or 65 % in a cell formatted as percent.

If the note of a column says "By year", you may add the column again with a year: Capacity 2028
(t/yr) applies from 2028 on. In Demand every year has its own column.

Countries are English names or ISO codes; Rest of world is supply from unknown countries. Minerals,
members and refiners must be spelled as in their own sheets.

A number stored as text, n/a, #REF! or a date instead of a number is an error, and reported with its
cell. The planner never guesses.

In Lanes, Ore lanes, Scenarios and Risks a later row overrides an earlier one; in all other sheets
the order of rows does not matter.

It is not an error if supply is too small: the plan shows the shortage with its cause and cost.

The planner never writes to this workbook. The columns Note and Source are copied into the plan.
"""
"""The rules for a workbook, one per paragraph."""

COMMANDS = (
    ("planner check FILE", "lists every error and warning, each with its cell"),
    ("planner solve FILE", "writes the plan to outputs/<name of this file>-plan.xlsx"),
    ("planner solve FILE --max-country-share 0.5", "the same with a tighter limit on each country"),
    ("planner solve FILE --scenario NAME", "the same with a what-if of the sheet Scenarios"),
    ("planner new FILE --all", "a template with every sheet"),
)


class _Page:
    def __init__(self, book: xlsxwriter.Workbook, formats: Formats) -> None:
        self.sheet: Any = book.add_worksheet(READ_ME)
        self.formats = formats
        self.row = 0

    def write(self, sheets: Sequence[str]) -> None:
        self._begin()
        self._line("Sourcing plan: the workbook in", bold=True, font_size=16, font_color=NAVY)
        self._wide(QUESTION)
        self._head("How to run (in a terminal, in this file's folder)")
        for command, does in COMMANDS:
            self._pair(command, does, font_name="Consolas", font_size=10)
        self._head("The sheets")
        self._pair("Dark header", "must be filled in every row", **DARK)
        self._pair("Light header", "may be blank: its note names the default", **LIGHT)
        self._pair("Grey header", "remarks, which the planner does not use", **REMARK)
        for record in SHEETS:
            meaning = f"Required. {record.MEANING}" if record.REQUIRED else record.MEANING
            if record.SHEET in sheets:
                self._pair(record.SHEET, meaning, is_link=True, underline=1, font_color="#0B5394")
            else:
                there = f"(not in this workbook) {record.MEANING}"
                self._pair(record.SHEET, there, font_color="#667085")
        self._head("The rules")
        for number, rule in enumerate(RULES.strip().split("\n\n"), start=1):
            self._wide(f"{number}. {' '.join(rule.split())}")
        _print_setup(self.sheet)

    def write_form(self, form: FormBook) -> None:
        title, purpose, commands, rules = form.page
        self._begin(max(len(command) for command, _ in commands))
        self._line(title, bold=True, font_size=16, font_color=NAVY)
        self._wide(purpose)
        self._head("How to run (in a terminal, in this file's folder)")
        for command, does in commands:
            self._pair(command, does, font_name="Consolas", font_size=10)
        self._head("The sheets")
        for record in form.records.values():
            look: dict[str, Any] = {"underline": 1, "font_color": "#0B5394"}
            self._pair(record.SHEET, record.MEANING, is_link=True, **look)
        self._head("The rules")
        for rule in rules:
            self._wide(rule)
        _print_setup(self.sheet)

    def _begin(self, longest: int = 0) -> None:
        self.sheet.hide_gridlines(2)
        self.sheet.set_column(0, 0, max(44, longest + 2))
        self.sheet.set_column(1, 1, 100)
        self.sheet.set_tab_color("#7F8FA9")

    def _line(self, text: str, **look: object) -> None:
        self.sheet.write_string(self.row, 0, text, self.formats(**look))
        self.row += 1

    def _head(self, text: str) -> None:
        self.row += 1
        self._line(text, bold=True, font_size=12, font_color=NAVY, bottom=1, bottom_color=NAVY)
        self.sheet.write_blank(self.row - 1, 1, None, self.formats(bottom=1, bottom_color=NAVY))

    def _wide(self, text: str) -> None:
        look = self.formats(text_wrap=True, valign="top")
        self.sheet.merge_range(self.row, 0, self.row, 1, text, look)
        # Excel does not fit the height of merged cells by itself.
        self.sheet.set_row(self.row, 15 * (1 + len(text) // 160))
        self.row += 1

    def _pair(self, left: str, right: str, *, is_link: bool = False, **look: object) -> None:
        form = self.formats(valign="top", **look)
        if is_link:
            self.sheet.write_url(self.row, 0, f"internal:'{left}'!A1", form, left)
        else:
            self.sheet.write_string(self.row, 0, left, form)
        self.sheet.write_string(self.row, 1, right, self.formats(valign="top", text_wrap=True))
        self.row += 1
