"""Reads the kind of a workbook, its title, and the places of its tables."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from models import case, schema
from planner.workbook import grid
from planner.workbook.archive import BROKEN, Archive

# ---- the kind of a workbook ---------------------------------------------------------------------

_INPUT = {case.fold(record.SHEET) for record in (schema.Mineral, schema.Refiner, schema.Demand)}
PLAN_SHEETS = {"summary", "plan"}
"""Sheets that every plan has, and no input."""


def is_input(path: Path) -> bool:
    names = {case.fold(name) for name in sheet_names(path)}
    return names >= _INPUT and not names >= PLAN_SHEETS


def is_plan(path: Path) -> bool:
    return {case.fold(name) for name in sheet_names(path)} >= PLAN_SHEETS


def sheet_names(path: Path) -> list[str]:
    """Return the names of a workbook's sheets in order; none if the file is not a workbook."""
    try:
        with Archive(path) as archive:
            return [sheet.title for sheet in archive.sheets()]
    except BROKEN:
        return []


def workbook_title(path: Path) -> str:
    """Return the title in a workbook's properties, "" if it has none."""
    try:
        with Archive(path) as archive:
            titles = archive.elements("docProps/core.xml", "title")
            return next((each.text or "" for each in titles), "")
    except BROKEN:
        return ""


# ---- sheets and their tables --------------------------------------------------------------------


class TablePlace(NamedTuple):
    """An Excel table and its area: its name stays if the sheet is renamed or rows are inserted."""

    name: str
    area: grid.Area


def table_places(path: Path) -> dict[str, TablePlace]:
    """Return the first table of each sheet by the sheet's title; none if a part is damaged."""
    places: dict[str, TablePlace] = {}
    try:
        with Archive(path) as archive:
            for sheet in archive.sheets():
                for kind, part in archive.links(sheet.part):
                    if kind != "table" or part not in archive.NameToInfo:
                        continue
                    table = next(archive.elements(part, "table"))
                    area = grid.area_of(table.get("ref", ""))
                    name = table.get("displayName") or table.get("name") or ""
                    if area and name:
                        places[sheet.title] = TablePlace(name, area)
                        break
    except BROKEN:
        return {}
    return places
