"""Where what is told stands in the workbook."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from models.answers import Place, rounded_up, step_in_force
from models.case import Case
from models.schema import SHEETS, ByYear, Column, Record
from models.units import in_currency

_SHEETS = {record.SHEET: record for record in SHEETS}


@dataclass(frozen=True)
class Cells:
    """Where a place stands in the workbook as read, ``book`` being its case before any scenario.

    ``cell_of`` turns sheet, row and header into a cell, "" where the sheet has no such column.
    ``unit_of`` gives the unit that a sheet's column is written in, and what its numbers are
    multiplied by as they are read; None where that is the catalogue's own unit.
    """

    book: Case
    planned: Case
    cell_of: Callable[[str, int, str], str]
    unit_of: Callable[[str, str], tuple[str, float] | None]

    def cell(self, place: Place | None) -> str:
        """Return ``Refiners!D14``; the sheet, row and header where no cell says it; "" of none."""
        if place is None:
            return ""
        column = self._column(place)
        found = self.cell_of(place.sheet, place.row, column)
        if found:
            return f"{place.sheet}!{found}"
        return (
            f"{place.sheet} row {place.row}, {column}" if place.row else f"{place.sheet}, {column}"
        )

    def at(self, *places: Place | None) -> str:
        """Return cells in brackets, to be put behind what they are; "" of none.

        A cell that is written in another unit than what is told of it is said with that unit.
        """
        found = []
        for place in filter(None, places):
            other = self._other_unit(place)
            found.append(self.cell(place) + (f", in {other[0]}" if other else ""))
        return f"  [{'; '.join(found)}]" if found else ""

    def unit(self, place: Place) -> str:
        """Return the unit that a cell is written in, "" where it has none."""
        other = self._other_unit(place)
        if other is not None:
            return other[0]
        return in_currency(self._declared(place).unit, self.planned.settings.currency)

    def typed(self, place: Place, value: float) -> float:
        """Return a value in the unit that its cell is written in."""
        other = self._other_unit(place)
        return value if other is None else float(f"{value / other[1]:.12g}")

    def typed_up(self, place: Place, value: float) -> float:
        """Return the same rounded up, where the unit is another one, to what one would type."""
        other = self._other_unit(place)
        return value if other is None else rounded_up(value / other[1], other[0])

    def _other_unit(self, place: Place) -> tuple[str, float] | None:
        return self.unit_of(place.sheet, self._column(place))

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
    def _declared(place: Place) -> Column:
        return next(c for c in _SHEETS[place.sheet].columns() if c.header == place.header)

    def _field(self, place: Place) -> str:
        return self._declared(place).field

    @staticmethod
    def _record(case: Case, place: Place) -> Record | None:
        return next((r for r in case.records(place.sheet) if r.row == place.row), None)
