"""How an input workbook looks: number formats, colours and widths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter

from models.schema import Column, Kind
from planner.workbook.template.layout import Heading

GENERAL = "General"
AMOUNT = "[>=1000]#,##0;General"
"""Thousands apart from 1,000 on, every digit below: ``#,##0.###`` leaves a bare point (1,200.)."""
PERCENT = "0.0%"
YEAR = "0"
FRACTIONS = {"Tariff", "Max growth"}
"""Numbers that are fractions but may exceed 1."""

NAVY, PALE, GREY, INK, LINE = "#1F3864", "#D9E2F3", "#F2F2F2", "#1F2933", "#B4C0D4"

NARROWEST, WIDEST = 9, 60
FILTER_ARROW = 5
"""Characters that the filter's arrow covers in a header."""
ONE_LINE_HEADER = 14
"""Headers up to this length stand on one line, so that ``Capex (USD m)`` keeps its unit whole."""
WRAPPED_LINES = 2
"""Longer remarks show their first line: a row of many lines hides the numbers beside it."""
FEW_ROWS = 30
ROW_HEIGHT = 14.25
"""Not 15, the default, which Excel and LibreOffice take as leave to grow the row."""
HEADER_HEIGHT = 33


class Styles:
    """The formats of one workbook, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        """Start with none."""
        self._book = book
        self._made: dict[tuple[tuple[str, object], ...], Any] = {}

    def get(self, **properties: object) -> Any:
        """Return the format with these properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(properties)
        return self._made[key]

    def header(self, heading: Heading) -> Any:
        """Return the header's look: dark where every row must fill the column."""
        common = {
            "text_wrap": True,
            "valign": "vcenter",
            "align": "left",
            "indent": 1,
            "border": 1,
            "border_color": LINE,
        }
        if heading.required:
            return self.get(bold=True, font_color="#FFFFFF", bg_color=NAVY, **common)
        if heading.remark:
            return self.get(italic=True, font_color=INK, bg_color=GREY, **common)
        return self.get(bold=True, font_color=INK, bg_color=PALE, **common)

    def cell(self, heading: Heading) -> Any:
        """Return the look of a column's cells; words stand apart from the number before them."""
        look: dict[str, object] = {
            "num_format": number_format(heading.column, heading.spread),
            "valign": "top",
        }
        if holds_text(heading):
            look |= {"align": "left", "indent": 1}
        if heading.remark:
            look["text_wrap"] = True
        return self.get(**look)


def holds_text(heading: Heading) -> bool:
    """Return whether a column holds words, not numbers."""
    if heading.spread:
        return False
    numbers = (Kind.NUMBER, Kind.SHARE, Kind.YEAR, Kind.WHOLE)
    return heading.column is None or heading.column.kind not in numbers


def number_format(column: Column | None, spread: str = "") -> str:
    """Return the number format of a column (of a setting, of its value)."""
    if spread:
        return AMOUNT
    if column is None:
        return GENERAL
    if column.kind is Kind.SHARE or column.header in FRACTIONS:
        return PERCENT
    if column.kind in (Kind.YEAR, Kind.WHOLE):
        return YEAR
    return AMOUNT if column.unit else GENERAL


def width(heading: Heading, texts: Iterable[str]) -> float:
    """Return a width that shows every cell, and the header on two lines at most."""
    words = heading.text.split()
    halves = (
        max(len(" ".join(words[:i])), len(" ".join(words[i:]))) for i in range(len(words) + 1)
    )
    short = len(heading.text) <= ONE_LINE_HEADER
    head = (len(heading.text) if short else min(halves, default=0)) + FILTER_ARROW
    body = max((len(text) for text in texts), default=0) + 3
    return float(min(max(head, body, NARROWEST), WIDEST))


def is_long(texts: Sequence[str]) -> bool:
    """Return whether remarks are too long to be shown in full in every row."""
    lines = WRAPPED_LINES if len(texts) <= FEW_ROWS else 1
    return max((len(text) for text in texts), default=0) > lines * WIDEST
