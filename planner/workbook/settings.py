"""The sheet Settings: a row per setting, read before all others since headers name its currency."""

from __future__ import annotations

import dataclasses
import difflib
import re
from typing import Any

from models.case import common_letters, fold
from models.errors import Finding, warning
from models.schema import Column, Settings
from models.units import MONEY, UnitError, accepted, factor
from planner.workbook.cells import CellError, converter, shown, text
from planner.workbook.context import Context, DefaultTaken
from planner.workbook.grid import Grid
from planner.workbook.headers import ALWAYS, UNIT
from planner.workbook.layout import SheetLayout, letters
from planner.workbook.merged import refuse_merged

SETTING, VALUE = "Setting", "Value"


def read_settings(grid: Grid | None, context: Context) -> Settings:
    """Read the settings; what is wrong goes into the context's findings."""
    rows = _rows(grid, context) if grid is not None and grid.header_row else {}
    context.currency = _currency(rows, context)
    fields: dict[str, Any] = {"currency": context.currency}
    for column in Settings.columns():
        row, label, value = rows.get(column.field, (0, column.header, None))
        unit_factor = _factor(column, row, label, context) if row else 1.0
        if value is None:
            context.defaults.append(DefaultTaken(Settings.SHEET, column.header, 1, column.default))
        elif column.field != "currency":
            try:
                convert = converter(column, unit_factor, context.currency)
                fields[column.field] = convert(value)
            except CellError as error:
                context.error(Settings.SHEET, row, column.header, error)
    return Settings(**fields)


def _rows(grid: Grid, context: Context) -> dict[str, tuple[int, str, object]]:
    """Row, label as written and value by the field of the setting."""
    places = {fold(str(value)): position for position, value in grid.header.items()}
    layout = context.layout.sheets[Settings.SHEET] = SheetLayout(grid.header_row, places)
    _header(grid, context)
    if SETTING.casefold() not in places or VALUE.casefold() not in places:
        return {}
    read = (places[SETTING.casefold()], places[VALUE.casefold()])
    context.findings += refuse_merged(Settings.SHEET, grid, read)
    known = {fold(c.header): c for c in Settings.columns()}
    labels = grid.values(places[SETTING.casefold()])
    values = grid.values(places[VALUE.casefold()])
    found: dict[str, tuple[int, str, object]] = {}
    for row, label, value in zip(grid.rows, labels, values, strict=True):
        if label is None:
            if value is not None:
                said = f"{shown(value)} without the name of a setting"
                context.error(Settings.SHEET, row, SETTING, CellError(said, "a setting"))
            continue
        said = common_letters(text(label)) if isinstance(label, str) else shown(label)
        match = UNIT.fullmatch(said)
        column = known.get(fold(said)) or known.get(fold(match["name"] if match else said))
        if column is None:
            close = difflib.get_close_matches(fold(match["name"] if match else said), known, n=1)
            hint = f"did you mean {known[close[0]].title!r}?" if close else ""
            names = ", ".join(c.header for c in Settings.columns())
            unknown = CellError(f"{said!r} is no setting", f"one of {names}", hint)
            context.error(Settings.SHEET, row, SETTING, unknown)
        elif column.field in found:
            first = f"{letters(places[SETTING.casefold()])}{found[column.field][0]}"
            twice = CellError(
                f"{column.header} stands twice, first in {first}", "each setting once"
            )
            context.error(Settings.SHEET, row, SETTING, twice)
        else:
            found[column.field] = (row, said, value)
            layout.rows[fold(column.header)] = row
    return found


def _header(grid: Grid, context: Context) -> None:
    """Setting and Value must be there, each once; other columns are notes."""
    seen: dict[str, int] = {}
    for position, value in sorted(grid.header.items()):
        name = fold(str(value))
        cell = f"{letters(position)}{grid.header_row}"
        if name in seen:
            first = f"{letters(seen[name])}{grid.header_row}"
            said = f"the column {value!r} stands twice, first in {first}"
            _add(context, grid, cell, said, "each column once")
        seen.setdefault(name, position)
        if name not in {SETTING.casefold(), VALUE.casefold(), *ALWAYS}:
            close = difflib.get_close_matches(name, [SETTING, VALUE], n=1)
            hint = f"did you mean {close[0]!r}?" if close else ""
            said = f"the column {value!r} is not known and kept as a note"
            unknown = warning(Settings.SHEET, grid.header_row, found=said, hint=hint)
            context.findings.append(dataclasses.replace(unknown, cell=cell))
    for header in (SETTING, VALUE):
        if header.casefold() not in seen:
            cell = f"{letters(min(grid.header))}{grid.header_row}"
            said = f"the column {header!r} is missing"
            _add(context, grid, cell, said, f"a column headed {header!r}")


def _add(context: Context, grid: Grid, cell: str, found: str, expected: str) -> None:
    context.findings.append(
        Finding(Settings.SHEET, grid.header_row, found=found, expected=expected, cell=cell)
    )


def _currency(rows: dict[str, tuple[int, str, object]], context: Context) -> str:
    """Return the workbook's currency; US dollars where it is blank or no three-letter code."""
    row, _, value = rows.get("currency", (0, "", None))
    if value is None:
        return MONEY
    if isinstance(value, str) and re.fullmatch(r"[a-z]{3}", fold(value)):
        return fold(value).upper()
    hint = value.hint if hasattr(value, "hint") else ""
    wrong = CellError(shown(value), "a three-letter currency code such as USD or EUR", hint)
    context.error(Settings.SHEET, row, "Currency", wrong)
    return MONEY


def _factor(column: Column, row: int, label: str, context: Context) -> float:
    """Return what a setting's value is multiplied by, from the unit beside its name."""
    match = UNIT.fullmatch(label)
    unit = match["unit"].strip() if match and fold(label) != fold(column.header) else None
    problem = ""
    if column.unit and unit is None:
        options = " or ".join(f"({u})" for u in accepted(column.unit, context.currency))
        problem, wanted = f"the setting {label!r} has no unit", f"{column.header} with {options}"
    elif unit is not None and not column.unit:
        problem, wanted = f"the unit ({unit}) in the setting {label!r}", column.header
    elif unit is not None:
        try:
            return factor(unit, column.unit, context.currency)
        except UnitError as error:
            problem, wanted = f"the setting {label!r}: {error}", ""
    if problem:
        at = context.layout.sheets[Settings.SHEET].columns[SETTING.casefold()]
        found = Finding(Settings.SHEET, row, found=problem, expected=wanted)
        context.findings.append(dataclasses.replace(found, cell=f"{letters(at)}{row}"))
    return 1.0
