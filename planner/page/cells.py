"""Where in the workbook stands what a slider moves, as Excel names cells: ``Demand!C2:L97``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from models.case import Case
from models.checks.common import plants
from models.schema import BudgetYear, Demand, Security, ShareLimit
from models.schema.column import Record
from planner.render.words import counted, listed
from planner.workbook.findings import Layout, address

if TYPE_CHECKING:
    from planner.workbook import Book

_NAMED = 6
"""Cells named one by one; more are counted."""


def cells_of(book: Book, countries: tuple[str, ...]) -> dict[str, list[str]]:
    """Return by slider the cells of each of its parts, in words."""
    case, layout = book.case, book.layout
    return {
        "demand": [_block(layout, case.demand, Demand, r"\d{4}")],
        "budget": [_block(layout, case.budget, BudgetYear, "capex")],
        "cap": [_caps(layout, case, m.name) for m in case.minerals],
        "security": [_block(layout, case.security, Security, r"max short( \d{4})?")],
        "tariff": ["a last row of its own in Lanes"] * len(countries),
        "lost": [_plants(layout, case, country) for country in countries],
    }


def _columns(layout: Layout, sheet: type[Record], pattern: str) -> list[int]:
    of = layout.of(sheet.SHEET).columns
    return sorted(at for header, at in of.items() if re.fullmatch(pattern, header))


def _block(layout: Layout, rows: Iterable[Record], sheet: type[Record], pattern: str) -> str:
    """Return the cells of some columns in all given rows."""
    columns, at = _columns(layout, sheet, pattern), [row.row for row in rows]
    if not columns or not at:
        return ""
    first, last = address(columns[0], min(at)), address(columns[-1], max(at))
    return f"{sheet.SHEET}!{first}" if first == last else f"{sheet.SHEET}!{first}:{last}"


def _caps(layout: Layout, case: Case, mineral: str) -> str:
    """Return the cells of the caps on countries, each alone, that a mineral has."""
    rows = [r for r in case.share_limits if r.caps_each_country and r.mineral in {"", mineral}]
    cells = [_block(layout, [row], ShareLimit, r"share( \d{4})?") for row in rows]
    return listed([cell for cell in cells if cell]) or "a row of its own in Share limits"


def _plants(layout: Layout, case: Case, country: str) -> str:
    """Return the cells of the capacities of a country's plants, and whether it has ore."""
    found = [plant for plant in plants(case) if plant.country == country]
    cells = [_block(layout, [plant], type(plant), r"capacity( \d{4})?") for plant in found]
    more = len(cells) - _NAMED
    named = [*cells[:_NAMED], *([counted(more, "other cell")] if more > 0 else [])]
    if any(mine.country == country for mine in case.mines):
        named.append("rows of its own in Ore lanes")
    return listed(named)
