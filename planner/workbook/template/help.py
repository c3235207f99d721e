"""What a header says when the pointer rests on it."""

from __future__ import annotations

from models.schema import Column, Record
from models.units import accepted
from planner.workbook.template.layout import YEARS, Heading, parse_header


def comment(record: type[Record], heading: Heading, currency: str) -> str:
    """Return meaning, unit, bound, choices and default of a column; "" if nothing is known."""
    if heading.spread:
        if heading.spread == YEARS:
            return f"Demand in {heading.text}{_unit(heading, 't')}. Blank: 0."
        unit = _unit(heading, f"{currency}/t")
        return f"Freight to {heading.text}{unit}. Blank: the setting Default freight."
    if heading.column is None:
        words = {"note": "Your own words; they travel into the plan.", "source": "Where from."}
        return words.get(heading.text.strip().casefold(), "A note: the planner does not use it.")
    lines = [heading.column.meaning]
    if heading.year:
        lines.append(f"Holds from {heading.year} on. Blank: what stood before.")
    lines += facts(heading.column, currency)
    if heading.column.by_year and not heading.year:
        unit = f" ({accepted(heading.column.unit, currency)[0]})" if heading.column.unit else ""
        lines.append(f"By year: add a column such as {heading.column.header} 2030{unit}.")
    if record.SPREAD == YEARS and heading.column.header == "Member":
        lines.append("Then a column per year, such as 2026, in t.")
    if not heading.year:
        lines.append(must(heading.column))
    return "\n".join(line for line in lines if line)


def _unit(heading: Heading, usual: str) -> str:
    """Return the usual unit of a spread column, "" where its header names one."""
    return "" if parse_header(heading.text)[2] else f", in {usual}"


def facts(column: Column, currency: str) -> list[str]:
    """Return what a cell may hold: unit, bounds, choices, where its name must be defined."""
    lines = []
    if column.unit:
        lines.append(f"Unit: {' or '.join(accepted(column.unit, currency))}.")
    if column.choices:
        lines.append(f"One of: {', '.join(column.choices)}.")
    bound = bounds(column)
    if bound:
        lines.append(f"Allowed: {bound}.")
    if column.refers:
        lines.append(f"A name of the sheet {' or '.join(column.refers)}.")
    return lines


def bounds(column: Column) -> str:
    """Return the bounds of a number in words, "" where it has none worth saying."""
    if column.most == float("inf"):
        return ""
    least = f"above {column.least:g}" if column.above else f"{column.least:g}"
    most = f"below {column.most:g}" if column.below else f"{column.most:g}"
    return f"{least} to {most}"


def must(column: Column) -> str:
    """Return whether the cell must be filled, and else what a blank means."""
    if column.required:
        return "Must be filled."
    return f"Blank: {column.default}." if column.default else ""
