"""The tables of a workbook that the planner wrote, as the report asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from planner.render.text import word
from planner.render.words import known, number, percent
from planner.report.part import Facts
from planner.workbook.plan_file import bare, unit_of


@dataclass(frozen=True)
class Tables:
    """Sheets by name; columns are asked for by their header without unit."""

    sheets: Mapping[str, pd.DataFrame]

    def __contains__(self, sheet: str) -> bool:
        """Return whether there is such a sheet with any row."""
        return sheet in self.sheets and len(self.sheets[sheet]) > 0

    def header(self, sheet: str, name: str) -> str:
        """Return a column's header with its unit, "" where there is no such column."""
        if sheet not in self.sheets:
            return ""
        return next(
            (str(h) for h in self.sheets[sheet].columns if name in {str(h), bare(str(h))}), ""
        )

    def unit(self, sheet: str, name: str) -> str:
        """Return the unit in a column's header."""
        return unit_of(self.header(sheet, name))

    def part(self, sheet: str, **names: str) -> pd.DataFrame:
        """Return columns under the names given; those that the sheet lacks are blank."""
        table = self.sheets.get(sheet, pd.DataFrame())
        found = {}
        for short, name in names.items():
            header = self.header(sheet, name)
            found[short] = table[header] if header else pd.Series([None] * len(table), dtype=object)
        return pd.DataFrame(found)


def facts(columns: Mapping[str, Iterable[object]], looks: Mapping[str, str] | None = None) -> Facts:
    """Return a table of texts from columns; ``looks`` says which are ``share`` and which ``year``.

    A column of numbers without a look has the digits that matter.
    """
    looks = looks or {}
    made: list[list[str]] = []
    numeric: set[int] = set()
    for position, (header, values) in enumerate(columns.items()):
        listed = list(values)
        look = looks.get(header, "")
        if look or any(known(v) for v in listed):
            numeric.add(position)
        made.append([_shown(v, look) for v in listed])
    return Facts(tuple(columns), tuple(zip(*made, strict=True)), frozenset(numeric))


def _shown(value: object, look: str) -> str:
    if isinstance(value, str):
        return word(value)
    if look == "share":
        return percent(value)
    if look == "year":
        return f"{value:.0f}" if known(value) else ""
    return number(value) if known(value) or value is None else word(value)


def blank(values: Iterable[object]) -> list[float | None]:
    """Return numbers with None for those that are unknown."""
    return [float(v) if known(v) else None for v in values]


def in_order(values: Iterable[object]) -> list[str]:
    """Return the different words of a column in the order in which they come."""
    return list(dict.fromkeys(word(v) for v in values if word(v)))


def largest_cell(
    down: Sequence[str], across: Sequence[str], values: Sequence[Sequence[float | None]]
) -> tuple[float, str, str] | None:
    """Return the largest number of a matrix with its row and column; None where it is blank."""
    cells = (
        (value, name, header)
        for name, row in zip(down, values, strict=True)
        for header, value in zip(across, row, strict=True)
        if value is not None
    )
    return max(cells, key=lambda cell: cell[0], default=None)
