"""Rows of sheets that mix kinds of values, such as Summary."""

from __future__ import annotations

from dataclasses import dataclass, field

from planner.sheets.table import Cell, Column, Look, Table
from planner.sheets.text import clean


@dataclass
class Rows:
    """Rows of measure, value, unit and remark, with sections."""

    measures: list[Cell] = field(default_factory=list)
    values: list[Cell] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    units: list[Cell] = field(default_factory=list)
    remarks: list[Cell] = field(default_factory=list)
    sections: list[int] = field(default_factory=list)

    def section(self, title: str) -> None:
        """Begin a group of rows."""
        self.sections.append(len(self.measures))
        self.add(title, None)

    def add(
        self, measure: str, value: Cell, look: Look = Look.LONG, unit: str = "", remark: str = ""
    ) -> None:
        """Add a row; a value that is not known is blank."""
        if isinstance(value, float) and value - value != 0:  # NaN or infinite
            value = None
        self.measures.append(clean(measure))
        self.values.append(clean(value) if isinstance(value, str) else value)
        self.looks.append(look)
        self.units.append(clean(unit) or None)
        self.remarks.append(clean(remark) or None)

    def table(self, name: str) -> Table:
        """Return the rows as a sheet."""
        return Table(
            name,
            (
                Column("Measure", Look.LONG, self.measures),
                Column("Value", Look.LONG, self.values, self.looks),
                Column("Unit", Look.TEXT, self.units),
                Column("Remark", Look.LONG, self.remarks),
            ),
            frozenset(self.sections),
        )
