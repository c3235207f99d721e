"""Writes an input workbook from plain rows: formats, notes of headers, drop-downs, bounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import xlsxwriter

from models import case, schema, units
from models.schema import SHEETS, CellKind, Column, Record
from models.schema.evidence import GRADES
from planner.render.palette import INK, LINE, NAVY, PALE, WHITE
from planner.scratch import scratch_folder
from planner.workbook import headers
from planner.workbook.cells import DECIMAL, WHOLE
from planner.workbook.csv_folder import open_folder
from planner.workbook.findings import letters
from planner.workbook.grid import header_and_rows
from planner.workbook.headers import RECORDS, ParsedHeader

Row = Mapping[str, object]
Tables = Mapping[str, Sequence[Row]]
NUMBERS = DECIMAL | WHOLE
_NEARLY = (schema.Settings, schema.Country, schema.Freight, schema.Lane, schema.ShareLimit)
_REQUIRED = tuple(record.SHEET for record in SHEETS if record.REQUIRED)
EVERY_CASE = (*_REQUIRED, *(record.SHEET for record in _NEARLY))
"""The sheets that every case needs, and those that nearly every case has."""
_EXAMPLE = Path(__file__).parent / "example"
"""The rows of a template, a CSV file per sheet: a small case that can be solved, with a binding
limit. Its figures are invented, but plausible."""
MADE = datetime(2026, 1, 1, tzinfo=UTC)
"""A fixed date of creation: the same rows give the same file, to the byte."""
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


def template_tables(*, empty: bool = False) -> dict[str, list[dict[str, object]]]:
    """Return the rows of the template by sheet, with every setting.

    ``empty`` leaves out the example: Settings keeps its names and defaults, other sheets only the
    headers that are years.
    """
    tables: dict[str, list[dict[str, object]]] = {}
    grids = {grid.title: header_and_rows(grid) for grid in open_folder(_EXAMPLE).grids}
    for sheet, (header, *rows) in ((sheet, grids[sheet]) for sheet in RECORDS):
        filled = [{str(h): v for h, v in zip(header, row, strict=True) if v != ""} for row in rows]
        if empty and sheet != schema.Settings.SHEET:
            years: dict[str, object] = {str(h): None for h in header if str(h).isdigit()}
            filled = [years] if years else []
        tables[sheet] = filled
    name, value = headers.SETTING.header, headers.VALUE.header
    stated = {row[name]: row[value] for row in tables[schema.Settings.SHEET]}
    if empty:
        del stated[schema.Settings.column_of("plan_title").header]
    usual = {c: getattr(schema.Settings(), c.field) for c in schema.Settings.columns()}
    tables[schema.Settings.SHEET] = [
        {name: text, value: stated.get(text, None if default == "" else default)}
        for column, default in usual.items()
        for text in [headers.header_text(column, units.MONEY)]
    ]
    return tables


def template_rows(sheets: Sequence[str], *, empty: bool = False) -> dict[str, list[list[object]]]:
    tables = template_tables(empty=empty)
    return {s: record_rows(r, tables) for s, r in RECORDS.items() if s in sheets}


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
    path: Path, tables: Tables, *, sheets: Iterable[str] | None = None, form: FormBook | None = None
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
        sheet: sheet_columns(records[sheet], tables)
        if sheet in records
        else [*{key: ParsedHeader(str(key)) for row in tables[sheet] for key in row}.values()]
        for sheet in shown
    }
    choices = Choices(layouts, tables, {} if form is None else form.names)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with (
        scratch_folder() as parts,
        xlsxwriter.Workbook(str(path), {**options, "tmpdir": parts}) as book,
    ):
        book.set_properties({"created": MADE})
        book.set_size(2400, 1500)
        formats: Formats = cache(lambda **properties: book.add_format(properties))
        page = _Page(book, formats)
        page.write(shown) if form is None else page.write_form(form)
        for sheet in shown:
            _TemplateSheet(book, formats, choices, sheet, records.get(sheet)).write()
        if choices.lists:
            lists: Any = book.add_worksheet(LISTS)
            lists.hide()
        for i, entries in enumerate(choices.lists):
            for line, entry in enumerate(entries):
                if entry.startswith("="):
                    lists.write_formula(line, i, entry, None, "")
                else:
                    lists.write_string(line, i, entry)


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
        self.currency = currency_of(choices.tables)
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
        longest = max((len(_cell_text(cell)) for cell in cells), default=0)
        properties = self.formats(**_cell_properties(heading))
        lines = WRAPPED_LINES if len(cells) <= FEW_ROWS else 1
        if heading.is_remark and longest > lines * WIDEST:
            for line in range(1, len(self.rows) + 1):
                self.sheet.set_row(line, ROW_HEIGHT)
        self.sheet.set_column(i, i, _width(heading, longest), properties)
        self.sheet.write_string(0, i, heading.text, self.formats(**_header_properties(heading)))
        if self.record is not None:
            _comment(self.sheet, 0, i, header_comment(self.record, heading, self.currency))
        for line, cell in enumerate(cells, start=1):
            self._cell(line, i, cell, properties)
        rule = self.choices.rule(self.name, heading)
        if rule is not None:
            self.sheet.data_validation(1, i, self.choices.last_row(self.name) - 1, i, rule)

    def _cell(self, line: int, i: int, cell: object, properties: Any) -> None:
        if cell is None or cell == "":
            return
        if isinstance(cell, bool) or not isinstance(cell, int | float):
            text = str(cell) if not isinstance(cell, bool) else "yes" if cell else "no"
            self.sheet.write_string(line, i, text, properties)
        elif math.isfinite(cell):
            self.sheet.write_number(line, i, cell, properties)
        else:
            msg = f"{self.name}, row {line + 1}: {cell} cannot be written to a cell"
            raise ValueError(msg)

    def _settings(self) -> None:
        """Give each value of Settings its own format, drop-down and bound."""
        places = {h.column: i for i, h in enumerate(self.layout)}
        name_at, value_at = places[headers.SETTING], places[headers.VALUE]
        for line, row in enumerate(self.rows, start=1):
            column = headers.setting_named(str(row.get(self.layout[name_at].text) or ""))
            if column is None:
                continue
            form = _number_format(column)
            properties = self.formats(num_format=form, valign="top", align="left", indent=1)
            value = row.get(self.layout[value_at].text)
            if value is None or value == "":
                self.sheet.write_blank(line, value_at, None, properties)
            self._cell(line, value_at, value, properties)
            rule = self.choices.cell_rule(column)
            if rule is not None:
                self.sheet.data_validation(line, value_at, line, value_at, rule)
            lines = [column.meaning, *allowed_values(column, self.currency), if_blank(column)]
            _comment(self.sheet, line, name_at, "\n".join(lines))


def _cell_text(cell: object) -> str:
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return f"{cell:,.6g}" if abs(cell) < 1000 else f"{cell:z,.0f}"  # noqa: PLR2004 - as AMOUNT
    return "" if cell is None else str(cell)


def _comment(sheet: Any, line: int, i: int, text: str) -> None:
    if text:
        lines = sum(1 + len(part) // COMMENT_LETTERS for part in text.split("\n"))
        size = {"width": COMMENT_WIDTH, "height": LINE_HEIGHT * (lines + 1), "font_size": 9}
        sheet.write_comment(line, i, text, size)


def _print_setup(sheet: Any) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)


# ---- formats ------------------------------------------------------------------------------------


def _header_properties(heading: ParsedHeader) -> dict[str, object]:
    """Return the header's format: dark if every row must fill the column."""
    column = heading.column
    is_required = column is not None and column.required and heading.year is None
    properties = {"font_color": INK} | (
        REMARK if heading.is_remark else DARK if is_required else LIGHT
    )
    words = {"text_wrap": True, "valign": "vcenter", "align": "left", "indent": 1}
    return properties | words | {"border": 1, "border_color": LINE}


def _cell_properties(heading: ParsedHeader) -> dict[str, object]:
    """Return the format of a column's cells; texts are indented, away from a number before them."""
    column = heading.column
    form = AMOUNT if heading.spread else _number_format(column)
    properties: dict[str, object] = {"num_format": form, "valign": "top"}
    if heading.is_remark or (column is not None and column.kind not in NUMBERS):
        properties |= {"align": "left", "indent": 1}
    return properties | {"text_wrap": True} if heading.is_remark else properties


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


_QUESTION = (
    "Who should buy how much of a mineral from which refiner, in which year and at what cost, "
    "if no single country may supply more than a given share?"
)

_RULES = """
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

_COMMANDS = (
    ("planner check FILE", "lists every error and warning, each with its cell"),
    ("planner solve FILE", "writes the plan to outputs/<name of this file>-plan.xlsx"),
    ("planner solve FILE --max-country-share 0.5", "the same with a tighter limit on each country"),
    ("planner solve FILE --scenario NAME", "the same with a what-if of the sheet Scenarios"),
    ("planner new FILE --all", "a template with every sheet"),
)


class _Page:
    def __init__(self, book: xlsxwriter.Workbook, formats: Formats) -> None:
        self.sheet: Any = book.add_worksheet("Read me")
        self.formats = formats
        self.row = 0

    def write(self, sheets: Sequence[str]) -> None:
        self._begin("Sourcing plan: the workbook in", _QUESTION, _COMMANDS)
        self._pair("Dark header", "must be filled in every row", **DARK)
        self._pair("Light header", "may be blank: its note names the default", **LIGHT)
        self._pair("Grey header", "remarks, which the planner does not use", **REMARK)
        for record in SHEETS:
            meaning = f"Required. {record.MEANING}" if record.REQUIRED else record.MEANING
            if record.SHEET in sheets:
                self._sheet(record.SHEET, meaning)
            else:
                there = f"(not in this workbook) {record.MEANING}"
                self._pair(record.SHEET, there, font_color="#667085")
        rules = enumerate(_RULES.strip().split("\n\n"), start=1)
        self._rules(f"{number}. {' '.join(rule.split())}" for number, rule in rules)

    def write_form(self, form: FormBook) -> None:
        title, purpose, commands, rules = form.page
        self._begin(title, purpose, commands)
        for record in form.records.values():
            self._sheet(record.SHEET, record.MEANING)
        self._rules(rules)

    def _begin(self, title: str, purpose: str, commands: Sequence[tuple[str, str]]) -> None:
        """Write everything before the list of sheets."""
        self.sheet.hide_gridlines(2)
        self.sheet.set_column(0, 0, max(44, *(len(command) + 2 for command, _ in commands)))
        self.sheet.set_column(1, 1, 100)
        self.sheet.set_tab_color("#7F8FA9")
        _print_setup(self.sheet)
        self._line(title, bold=True, font_size=16, font_color=NAVY)
        self._wide(purpose)
        self._head("How to run (in a terminal, in this file's folder)")
        for command, does in commands:
            self._pair(command, does, font_name="Consolas", font_size=10)
        self._head("The sheets")

    def _rules(self, rules: Iterable[str]) -> None:
        self._head("The rules")
        for rule in rules:
            self._wide(rule)

    def _line(self, text: str, **properties: object) -> None:
        self.sheet.write_string(self.row, 0, text, self.formats(**properties))
        self.row += 1

    def _head(self, text: str) -> None:
        self.row += 1
        self._line(text, bold=True, font_size=12, font_color=NAVY, bottom=1, bottom_color=NAVY)
        self.sheet.write_blank(self.row - 1, 1, None, self.formats(bottom=1, bottom_color=NAVY))

    def _wide(self, text: str) -> None:
        properties = self.formats(text_wrap=True, valign="top")
        self.sheet.merge_range(self.row, 0, self.row, 1, text, properties)
        # Excel does not fit the height of merged cells by itself.
        self.sheet.set_row(self.row, 15 * (1 + len(text) // 160))
        self.row += 1

    def _pair(self, left: str, right: str, *, link: str = "", **properties: object) -> None:
        form = self.formats(valign="top", **properties)
        if link:
            self.sheet.write_url(self.row, 0, link, form, left)
        else:
            self.sheet.write_string(self.row, 0, left, form)
        self.sheet.write_string(self.row, 1, right, self.formats(valign="top", text_wrap=True))
        self.row += 1

    def _sheet(self, name: str, meaning: str) -> None:
        link = f"internal:'{name}'!A1"
        self._pair(name, meaning, link=link, underline=1, font_color="#0B5394")


# ---- columns ------------------------------------------------------------------------------------


def currency_of(tables: Tables) -> str:
    """Return the currency that the rows of Settings name, USD if they name none."""
    for row in tables.get(schema.Settings.SHEET, ()):
        if case.normalize(str(row.get(headers.SETTING.header) or "")) == "currency":
            return str(row.get(headers.VALUE.header) or "").strip() or units.MONEY
    return units.MONEY


def sheet_columns(record: type[Record], tables: Tables) -> list[ParsedHeader]:
    """Return every column of a sheet: declared, by year, spread, unknown, then Note and Source."""
    currency, name = currency_of(tables), schema.Member.column_of("name").header
    rows = tables.get(schema.Member.SHEET, ())
    members = {case.normalize(str(row[name])): str(row[name]) for row in rows if row.get(name)}
    there = []
    for text in dict.fromkeys(str(key) for row in tables.get(record.SHEET, ()) for key in row):
        heading = replace(headers.parse_header(record, case.clean_name(text), members), text=text)
        is_unknown = heading.is_remark and not heading.always
        if is_unknown and record.SPREAD == headers.MEMBERS and not members:
            heading = replace(heading, spread=text)
        there.append(heading)
    base = {h.column: h for h in there if h.year is None}
    shown: list[ParsedHeader] = []
    for column in headers.DECLARED[record].values():
        header = headers.header_text(column, currency)
        shown.append(base.get(column) or ParsedHeader(header, column=column))
        steps = (h for h in there if h.column is column and h.year is not None)
        shown += sorted(steps, key=lambda h: h.year or 0)
    spread = [h for h in there if h.spread]
    if record.SPREAD == headers.MEMBERS and not spread:
        spread = [ParsedHeader(member, spread=member) for member in members.values()]
    remarks = {h.always: h for h in there if h.always}
    for field, word in headers.REMARKS.items():
        remarks.setdefault(field, ParsedHeader(word, always=field))
    extra = (h for h in there if h.is_remark and not h.always)
    return [*shown, *spread, *extra, *remarks.values()]


def record_rows(record: type[Record], tables: Tables) -> list[list[object]]:
    """Return a sheet's header and rows as lists of cells; "" is a blank cell."""
    header = [heading.text for heading in sheet_columns(record, tables)]
    rows = tables.get(record.SHEET, ())
    cells = [["" if (v := row.get(text)) is None else v for text in header] for row in rows]
    return [[*header], *cells]


# ---- comments of headers ------------------------------------------------------------------------


def header_comment(record: type[Record], heading: ParsedHeader, currency: str) -> str:
    """Return meaning, unit, bound, choices and default of a column; "" if nothing is known."""
    column = heading.column
    if heading.spread:
        usual = units.in_currency(headers.SPREADS[record.SPREAD].unit, currency)
        unit = "" if heading.unit else f", in {usual}"
        if record.SPREAD == headers.YEARS:
            return f"Demand in {heading.text}{unit}. Blank: 0."
        return f"Freight to {heading.text}{unit}. Blank: the setting Default freight."
    if column is None:
        words = {
            "note": "Your own text; it is copied into the plan.",
            "source": "Where the row's numbers come from; it is copied into the plan.",
            headers.GRADE: f"How reliable the row's numbers are: {GRADES}.",
        }
        return words.get(heading.always, "A note: the planner does not use it.")
    lines = [column.meaning]
    if heading.year:
        lines.append(f"Holds from {heading.year} on. Blank: the previous column's value continues.")
    lines += allowed_values(column, currency)
    if column.by_year and not heading.year:
        unit = f" ({units.accepted(column.unit, currency)[0]})" if column.unit else ""
        lines.append(f"By year: add a column such as {column.header} 2030{unit}.")
    if record.SPREAD == headers.YEARS and column.field == "member":
        lines.append("Then a column per year, such as 2026, in t.")
    if not heading.year:
        lines.append(if_blank(column))
    return "\n".join(line for line in lines if line)


def allowed_values(column: Column, currency: str) -> list[str]:
    """Return the allowed values of a column's cells: unit, bounds, choices, sheets of names."""
    lines = {
        "Unit: ": " or ".join(units.accepted(column.unit, currency)) if column.unit else "",
        "One of: ": ", ".join(column.choices),
        "Allowed: ": _bounds_text(column),
        "A name of the sheet ": " or ".join(column.refers),
    }
    return [f"{start}{end}." for start, end in lines.items() if end]


def if_blank(column: Column) -> str:
    if column.required:
        return "Must be filled."
    return f"Blank: {column.default}." if column.default else ""


def _bounds_text(column: Column) -> str:
    """Return the bounds of a number in words, "" if it has no upper bound."""
    if column.most == float("inf"):
        return ""
    least = f"above {column.least:g}" if column.above else f"{column.least:g}"
    most = f"below {column.most:g}" if column.below else f"{column.most:g}"
    return f"{least} to {most}"


# ---- drop-downs and bounds ----------------------------------------------------------------------

LISTS = "Lists"
"""The hidden sheet with drop-downs that are too long for a rule, or join words and names."""
LONGEST_LITERAL = 255
"""Most characters of a drop-down within a rule: Excel refuses a file with more."""
ROWS = 1000
"""Least rows below the header that have drop-downs and bounds."""

Rule = dict[str, Any]

_BLOCS = (f"{schema.EACH_OUTSIDE}{schema.COALITION}", schema.COALITION, schema.OTHER)
_SUPPLIERS = (*_BLOCS, schema.PRIMARY, schema.RECYCLED)
_WORDS: dict[Column, tuple[Sequence[str], str]] = {
    schema.ShareLimit.column_of("buyer"): ((schema.EACH,), schema.Member.SHEET),
    schema.ShareLimit.column_of("supplier"): (_SUPPLIERS, schema.Country.SHEET),
    schema.SecurityTarget.column_of("lost_country"): (_BLOCS[:1], schema.Country.SHEET),
}
"""Columns that accept words as well as names: the words, and the sheet of the names."""
_OWNED = {steps.column_of("company") for steps in (schema.ScenarioStep, schema.EventStep)}
"""Columns that name an owner; their drop-down offers the owners in the sheet Refiners."""


class Choices:
    """Makes the validation rules of a workbook, and the lists of its hidden sheet."""

    def __init__(
        self,
        layouts: Mapping[str, Sequence[ParsedHeader]],
        tables: Tables,
        names: Mapping[str, Sequence[str]],
    ) -> None:
        """Take columns and rows of each sheet; ``names`` are of sheets in another workbook."""
        self.layouts, self.tables, self.names = layouts, tables, names
        self.lists: list[list[str]] = []
        """Columns of the hidden sheet; an entry that begins with ``=`` is a formula."""

    def last_row(self, sheet: str) -> int:
        """Return the last row of a sheet with drop-downs and bounds, the header being row 1.

        Below the header these are twice the rows that are filled, and at least ``ROWS``.
        """
        return 1 + max(ROWS, 2 * len(self.tables.get(sheet, ())))

    def rule(self, sheet: str, heading: ParsedHeader) -> Rule | None:
        """Return the rule of a column's cells, None if they may have any value."""
        column = heading.column
        if heading.spread:
            return _number_rule(headers.SPREADS[RECORDS[sheet].SPREAD])
        if column is None:
            return None
        if column in _OWNED:
            return self._names(schema.Refiner.SHEET, field="company")
        words, home = _WORDS.get(column, ((), next(iter(column.refers), "")))
        if column.kind is CellKind.COUNTRY and sheet != schema.Country.SHEET:
            home = schema.Country.SHEET
        if not home:
            return self.cell_rule(column)
        if home in self.names:
            return _offered(self._hidden([*self.names[home]])) if self.names[home] else None
        rule = self._names(home, words)
        if rule is not None and len(column.refers) == 1:
            rule = _list_rule(rule["source"], f"a name of the sheet {home}: add it there first")
        return rule

    def cell_rule(self, column: Column) -> Rule | None:
        """Return the rule of a cell from its column's declaration, or its setting's."""
        if column.kind is CellKind.YES_NO:
            return _list_rule(["yes", "no"], "yes or no")
        if not column.choices:
            return _number_rule(column)
        choices = [*column.choices]
        is_long = len(",".join(choices)) > LONGEST_LITERAL
        return _list_rule(self._hidden(choices) if is_long else choices, ", ".join(choices))

    def _hidden(self, entries: list[str]) -> str:
        """Return the cells of the hidden sheet with a list, which is added if it is new."""
        if entries not in self.lists:
            self.lists.append(entries)
        letter = letters(self.lists.index(entries) + 1)
        return f"={LISTS}!${letter}$1:${letter}${len(entries)}"

    def _names(self, sheet: str, words: Sequence[str] = (), field: str = "") -> Rule | None:
        """Offer words and the names in a sheet, down to the last one; accept others.

        Others are accepted since any country may be written. The names are the sheet's keys, or the
        values in its column of a ``field``.
        """
        layout = self.layouts.get(sheet, ())
        declared = {letters(i): h.column for i, h in enumerate(layout, start=1) if h.column}
        key = next((letter for letter, column in declared.items() if column.key), None)
        if key is None:
            return None
        letter = next((each for each, c in declared.items() if c.field == field), key)
        last = self.last_row(sheet)
        filled = f"COUNTA({sheet}!${key}$2:${key}${last})"
        source = f"=OFFSET({sheet}!${letter}$2,0,0,MAX(1,{filled}),1)"
        if words:
            cells = (f"{sheet}!${letter}${row}" for row in range(2, last + 1))
            self.lists.append([*words, *(f'=IF({cell}="","",{cell})' for cell in cells)])
            here = letters(len(self.lists))
            source = f"=OFFSET({LISTS}!${here}$1,0,0,{len(words)}+{filled},1)"
        return _offered(source)


def _offered(source: str) -> Rule:
    """Return a drop-down that accepts other values, too."""
    return {"validate": "list", "source": source, "show_error": False}


def _list_rule(source: list[str] | str, wanted: str) -> Rule:
    """Return the drop-down of a list; ``source`` are its values or their cells."""
    return {
        "validate": "list",
        "source": source,
        "error_title": "Not in the list",
        "error_message": f"Expected {wanted}."[:LONGEST_LITERAL],
    }


def _number_rule(column: Column) -> Rule | None:
    """Return the rule that a cell takes only a column's numbers; None for texts."""
    if column.kind not in NUMBERS:
        return None
    rule: Rule = {
        "validate": "integer" if column.kind in WHOLE else "decimal",
        "error_title": "Not a number that fits",
        "error_message": f"Expected {column.kind.value}, {_bounds_text(column) or 'not negative'}.",
    }
    if column.most == float("inf"):
        return rule | {"criteria": ">=", "value": column.least}
    return rule | {"criteria": "between", "minimum": column.least, "maximum": column.most}
