"""The first sheet of a template: what each sheet is for, the rules, how to run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import xlsxwriter

from planner.workbook.template.layout import RECORDS
from planner.workbook.template.style import GREY, NAVY, PALE, Styles

READ_ME = "Read me"

QUESTION = (
    "Who should buy how much of a mineral from which refiner, in which year and at what cost, "
    "if no single country may supply more than a given share?"
)

RULES = """
The first row of a sheet that is not empty holds its headers; columns may stand in any order, and
empty rows are skipped. Rows that Excel hides or filters out still count.

Dark headers must be filled in every row. In all others a blank cell takes the default that the
header's note names (rest the pointer on it).

The unit stands in the header: Capacity (kt/yr) is read as kilotonnes. kg, lb, t, kt and Mt convert;
money is in the Currency of Settings.

Shares and rates are fractions from 0 to 1: 0.65, or 65 % in a cell formatted as percent.

Columns whose note says "By year" may stand again with a year: Capacity 2028 (t/yr) holds from 2028
on. In Demand every year has its own column.

Countries are English names or ISO codes; Rest of world is supply of no known country. Minerals,
members and refiners must be spelled as in their own sheets.

Numbers are numbers: a number stored as text, n/a, #REF! or a date is reported as an error at its
cell, never guessed.

In Lanes, Ore lanes, Scenarios and Risks a later row overrides an earlier one; elsewhere the order
of rows means nothing.

What cannot be supplied is no error: the plan shows it as a shortage with its cause and cost.

The planner never writes to this workbook. Columns named Note and Source travel into the plan.
"""
"""The rules of a workbook in ten paragraphs."""

COMMANDS = (
    ("planner check FILE", "lists every error and warning, each with its cell"),
    ("planner solve FILE", "writes the plan to outputs/<name of this file>-plan.xlsx"),
    ("planner solve FILE --max-country-share 0.5", "the same with a tighter limit on each country"),
    ("planner solve FILE --scenario NAME", "the same with a what-if of the sheet Scenarios"),
    ("planner new FILE --all", "a template with every sheet"),
)


def add_read_me(book: xlsxwriter.Workbook, styles: Styles, sheets: Sequence[str]) -> None:
    """Add the sheet; ``sheets`` are those that the workbook has."""
    sheet = book.add_worksheet(READ_ME)
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 1, 100)
    sheet.set_tab_color("#7F8FA9")
    page = _Page(sheet, styles)
    page.line("Sourcing plan: the workbook in", bold=True, font_size=16, font_color=NAVY)
    page.wide(QUESTION)
    page.head("How to run (in a terminal, in this file's folder)")
    for command, does in COMMANDS:
        page.pair(command, does, font_name="Consolas", font_size=10)
    page.head("The sheets")
    page.pair(
        "Dark header", "must be filled in every row", bold=True, font_color="#FFFFFF", bg_color=NAVY
    )
    page.pair("Light header", "may be blank: its note names the default", bold=True, bg_color=PALE)
    page.pair("Grey header", "remarks, not computed with", italic=True, bg_color=GREY)
    for record in RECORDS.values():
        must = "Must be there. " if record.REQUIRED else ""
        if record.SHEET in sheets:
            page.link(record.SHEET, f"{must}{record.MEANING}")
        else:
            page.pair(
                record.SHEET, f"(not in this workbook) {record.MEANING}", font_color="#667085"
            )
    page.head("The rules")
    for number, rule in enumerate(RULES.strip().split("\n\n"), start=1):
        page.wide(f"{number}. {' '.join(rule.split())}")
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)


class _Page:
    """Lines of text, written downwards."""

    def __init__(self, sheet: Any, styles: Styles) -> None:
        self.sheet = sheet
        self.styles = styles
        self.row = 0

    def line(self, text: str, **look: object) -> None:
        self.sheet.write_string(self.row, 0, text, self.styles.get(**look))
        self.row += 1

    def head(self, text: str) -> None:
        self.row += 1
        self.line(text, bold=True, font_size=12, font_color=NAVY, bottom=1, bottom_color=NAVY)
        self.sheet.write_blank(self.row - 1, 1, None, self.styles.get(bottom=1, bottom_color=NAVY))

    def wide(self, text: str) -> None:
        look = self.styles.get(text_wrap=True, valign="top")
        self.sheet.merge_range(self.row, 0, self.row, 1, text, look)
        # Excel does not fit the height of merged cells by itself.
        self.sheet.set_row(self.row, 15 * (1 + len(text) // 160))
        self.row += 1

    def pair(self, left: str, right: str, **look: object) -> None:
        self.sheet.write_string(self.row, 0, left, self.styles.get(valign="top", **look))
        self.sheet.write_string(self.row, 1, right, self.styles.get(valign="top", text_wrap=True))
        self.row += 1

    def link(self, sheet: str, right: str) -> None:
        look = self.styles.get(valign="top", underline=1, font_color="#0B5394")
        self.sheet.write_url(self.row, 0, f"internal:'{sheet}'!A1", look, sheet)
        self.sheet.write_string(self.row, 1, right, self.styles.get(valign="top", text_wrap=True))
        self.row += 1
