"""Where what is told stands in the workbook."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from models.case import Case
from models.plan.explain import Place
from models.plan.explain.words import step_in_force
from models.schema import SHEETS, ByYear, Record

_SHEETS = {record.SHEET: record for record in SHEETS}


@dataclass(frozen=True)
class Cells:
    """Where a place stands in the workbook as read, ``book`` being its case before any scenario.

    ``cell_of`` turns sheet, row and header into a cell, "" where the sheet has no such column.
    """

    book: Case
    planned: Case
    cell_of: Callable[[str, int, str], str]

    def cell(self, place: Place | None) -> str:
        """Return ``Refiners!D14``; the sheet, row and header where no cell says it; "" of none."""
        if place is None:
            return ""
        column = self._column(place)
        found = self.cell_of(place.sheet, place.row, column)
        return f"{place.sheet}!{found}" if found else f"{place.sheet} row {place.row}, {column}"

    def at(self, place: Place | None) -> str:
        """Return the cell in brackets, to be put behind what it is; "" of none."""
        return f"  [{self.cell(place)}]" if place else ""

    def is_of_scenario(self, place: Place) -> bool:
        """Return whether a scenario or a what-if says something else there than the workbook."""
        before, after = (self._record(case, place) for case in (self.book, self.planned))
        name = self._field(place)
        return (
            before is None or after is None or getattr(before, name) != getattr(after, name)
        )  # fmt: skip

    def _column(self, place: Place) -> str:
        """Return the header; a year that only a scenario tells apart is that of the workbook's."""
        record = self._record(self.book, place)
        series: Any = None if record is None else getattr(record, self._field(place))
        if place.step is None or not isinstance(series, ByYear):
            return place.column
        return dataclasses.replace(place, step=step_in_force(series, place.step)).column

    @staticmethod
    def _field(place: Place) -> str:
        return next(
            c.field for c in _SHEETS[place.sheet].columns() if c.header == place.header
        )  # fmt: skip

    @staticmethod
    def _record(case: Case, place: Place) -> Record | None:
        return next((r for r in case.records(place.sheet) if r.row == place.row), None)
