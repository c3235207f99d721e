"""Names that mean the same get one spelling: that of the sheet in which they are defined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from models.case import fold
from models.schema import (
    BY_BLOC,
    BY_COUNTRY,
    BY_KIND,
    BY_OWNER,
    COALITION,
    EACH,
    EACH_OUTSIDE,
    OTHER,
    PRIMARY,
    RECYCLED,
    Country,
    EventStep,
    Member,
    Project,
    Refiner,
    ScenarioStep,
    ShareLimit,
)
from planner.workbook.cells import country
from planner.workbook.findings import CellError, Context
from planner.workbook.records import Parsed

Spelling = Mapping[str, str]
"""A spelling by folded name."""


def unify(sheets: Mapping[str, Parsed], context: Context) -> None:
    """Give every name in the parsed sheets the spelling of its home sheet, where it matches."""
    members = _first(_values(sheets, Member.SHEET, "name"))
    projects = _least(_values(sheets, Project.SHEET, "refiner"))
    refiners = {**projects, **_least(_values(sheets, Refiner.SHEET, "name"))}
    groups = _least(_values(sheets, Member.SHEET, "group"))
    blocs = _least(b for row in _values(sheets, Country.SHEET, "blocs") for b in row)
    blocs |= {fold(COALITION): COALITION, fold(OTHER): OTHER}
    homes: dict[str, Spelling] = {Refiner.SHEET: refiners}
    for parsed in sheets.values():
        for column in parsed.record.columns():
            if column.refers:
                home = column.refers[0]
                if home not in homes:
                    homes[home] = _first(_values(sheets, home, "name"))
                _respell(parsed, column.field, homes[home])
    _respell(sheets.get(Refiner.SHEET), "name", refiners)
    _respell(sheets.get(Project.SHEET), "refiner", refiners)
    _respell(sheets.get(Member.SHEET), "group", groups)
    for steps in (ScenarioStep.SHEET, EventStep.SHEET):
        _respell(sheets.get(steps), "name", _first(_values(sheets, steps, "name")))
    countries = sheets.get(Country.SHEET)
    if countries is not None:
        rows = countries.fields["blocs"]
        countries.fields["blocs"] = [
            tuple(sorted({blocs[fold(bloc)] for bloc in row})) for row in rows
        ]
    limits = sheets.get(ShareLimit.SHEET)
    if limits is not None:
        _respell(limits, "buyer", {**groups, **members, EACH: EACH})
        _suppliers(limits, blocs, refiners, context)


def _suppliers(limits: Parsed, blocs: Spelling, refiners: Spelling, context: Context) -> None:
    """Give each limit's supplier the spelling of what its group is made of."""
    header = ShareLimit.column_of("supplier").header
    group_header = ShareLimit.column_of("group").header
    suppliers = limits.fields["supplier"]
    for i, (group, supplier) in enumerate(zip(limits.fields["group"], suppliers, strict=True)):
        folded = fold(supplier)
        bad = context.bad.get((limits.record.SHEET, limits.rows[i]), set())
        if not folded or group_header in bad:
            continue
        if group in {BY_COUNTRY, BY_OWNER}:
            if folded.startswith(EACH_OUTSIDE):
                bloc = folded.removeprefix(EACH_OUTSIDE)
                named = supplier[len(EACH_OUTSIDE) :]
                suppliers[i] = EACH_OUTSIDE + blocs.get(bloc, named)
                continue
            try:
                suppliers[i] = country(supplier)
                context.spell(suppliers[i], supplier)
            except CellError as error:
                if folded == EACH:
                    hint = "leave the cell blank to limit each country alone"
                    error = CellError(error.found, error.expected, hint)
                context.error(limits.record.SHEET, limits.rows[i], header, error)
                suppliers[i] = ""
        elif group == BY_BLOC:
            suppliers[i] = blocs.get(folded, supplier)
        elif group == BY_KIND:
            suppliers[i] = folded if folded in {PRIMARY, RECYCLED} else supplier
        else:
            suppliers[i] = refiners.get(folded, supplier)


def _values(sheets: Mapping[str, Parsed], sheet: str, name: str) -> list[Any]:
    parsed = sheets.get(sheet)
    return parsed.fields[name] if parsed is not None else []


def _first(names: Iterable[object]) -> dict[str, str]:
    """Return the first spelling of each name."""
    found: dict[str, str] = {}
    for name in names:
        if name:
            found.setdefault(fold(str(name)), str(name))
    return found


def _least(names: Iterable[object]) -> dict[str, str]:
    """Return the alphabetically first spelling, so that the order of rows does not count."""
    return _first(sorted({str(name) for name in names if name}))


def _respell(parsed: Parsed | None, field: str, spelling: Spelling) -> None:
    if parsed is None:
        return
    values = parsed.fields[field]
    exact = {value: spelling.get(fold(value), value) for value in set(values)}
    parsed.fields[field] = [exact[value] for value in values]
