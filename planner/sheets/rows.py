"""Rows of sheets that mix kinds of values, such as Summary."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.results import Look, Summary
from planner.render.table import Cell
from planner.render.words import clean


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
        self.measures.append(clean(str(measure)))
        self.values.append(clean(value) if isinstance(value, str) else value)
        self.looks.append(look)
        self.units.append(clean(unit) or None)
        self.remarks.append(clean(remark) or None)

    def result(self) -> Summary:
        """Return the rows as the sheet Summary."""
        return Summary(
            measure=self.measures,
            value=self.values,
            unit=self.units,
            remark=self.remarks,
            looks={"value": self.looks},
            sections=self.sections,
        )
