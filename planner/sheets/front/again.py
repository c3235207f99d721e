"""A first page drawn again from its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import xlsxwriter

from planner.sheets import charts, style
from planner.sheets.picture import Picture
from planner.sheets.text import clean


class Placed(Protocol):
    """A cell: row and column from 0 on, the last of both, value, properties of its format, link."""

    @property
    def row(self) -> int:
        """The first row."""
        ...

    @property
    def column(self) -> int:
        """The first column."""
        ...

    @property
    def last_row(self) -> int:
        """The last row of merged cells."""
        ...

    @property
    def last_column(self) -> int:
        """The last column of merged cells."""
        ...

    @property
    def value(self) -> str | int | float | None:
        """What stands in it."""
        ...

    @property
    def look(self) -> tuple[tuple[str, object], ...]:
        """The properties of its format."""
        ...

    @property
    def link(self) -> str:
        """Where in the workbook it leads to; "" nowhere."""
        ...


@dataclass(frozen=True)
class FrontAgain:
    """A first page as cells; ``chart`` is where its picture goes: row, column, pixels."""

    cells: Sequence[Placed]
    widths: Sequence[float]
    heights: Sequence[float]
    said: str
    picture: Picture | None = None
    chart: tuple[int, int, int, int] | None = None


def draw(
    book: xlsxwriter.Workbook,
    sheet: Any,
    front: FrontAgain,
    data: tuple[str, Sequence[tuple[int, int]]],
    styles: style.Styles,
) -> None:
    """Draw the page; ``data`` as for the page that a plan is written with."""
    sheet.hide_gridlines(2)
    for column, wide in enumerate(front.widths):
        sheet.set_column(column, column, wide)
    for row, points in enumerate(front.heights):
        sheet.set_row(row, points)
    for cell in front.cells:
        _write(sheet, cell, styles.get(**dict(cell.look)))
    if front.picture is not None and front.chart is not None:
        row, column, wide, high = front.chart
        made = charts.chart(book, front.picture, data[1], data[0])
        made.set_size({"width": wide, "height": high})
        sheet.insert_chart(row, column, made, {"x_offset": 1, "y_offset": 2, "object_position": 2})
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.4, bottom=0.5)
    sheet.print_area(0, 0, len(front.heights) - 1, len(front.widths) - 1)
    sheet.fit_to_pages(1, 1)
    sheet.center_horizontally()
    sheet.set_footer(style.footer(front.said))


def _write(sheet: Any, cell: Placed, form: Any) -> None:
    at = (cell.row, cell.column)
    if (cell.last_row, cell.last_column) != at:
        sheet.merge_range(*at, cell.last_row, cell.last_column, "", form)
    if cell.value is None:
        return
    if isinstance(cell.value, str):
        text = clean(cell.value)
        if cell.link:
            sheet.write_url(*at, f"internal:{cell.link}", form, text)
        else:
            sheet.write_string(*at, text, form)
    else:
        sheet.write_number(*at, cell.value, form)
