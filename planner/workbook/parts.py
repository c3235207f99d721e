"""The Excel tables of a workbook: what each sheet's table is called and where it stands.

A sheet may be renamed and rows put above its table; the table keeps its name and its place.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.workbook.anatomy import SheetPart, sheet_parts
from planner.workbook.archive import BROKEN, Archive


@dataclass(frozen=True)
class TablePlace:
    """An Excel table: its name, and its corners (row and column, 1 is A1's)."""

    name: str
    top: int
    left: int
    bottom: int
    right: int


def table_places(path: Path) -> dict[str, TablePlace]:
    """Return the first table of each sheet by the sheet's title; none where a part is damaged."""
    try:
        with Archive(path) as archive:
            return dict(_places(archive, sheet_parts(path)))
    except BROKEN:
        return {}


def _places(archive: Archive, sheets: Iterable[SheetPart]) -> Iterator[tuple[str, TablePlace]]:
    names = set(archive.namelist())
    for sheet in sheets:
        for kind, target in _relations(archive, sheet.part, names):
            if kind.endswith("/table") and target in names:
                place = _place(next(_elements(archive, target, "table")))
                if place is not None:
                    yield sheet.title, place
                    break


def _place(table: Any) -> TablePlace | None:
    from openpyxl.utils import range_boundaries

    left, top, right, bottom = range_boundaries(table.get("ref", ""))
    name = table.get("displayName") or table.get("name") or ""
    if not (left and top and right and bottom and name):
        return None
    return TablePlace(name, top, left, bottom, right)


def _relations(archive: Archive, part: str, names: set[str]) -> Iterator[tuple[str, str]]:
    """Yield kind and target of what a part refers to."""
    folder, name = posixpath.split(part)
    listed = posixpath.join(folder, "_rels", f"{name}.rels")
    if listed not in names:
        return
    for each in _elements(archive, listed, "Relationship"):
        target = each.get("Target", "")
        whole = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
        yield each.get("Type", ""), posixpath.normpath(whole)


def _elements(archive: Archive, part: str, tag: str) -> Iterator[Any]:
    from openpyxl.xml.functions import fromstring

    for each in fromstring(archive.read(part)).iter():
        if str(each.tag).rpartition("}")[2] == tag:
            yield each
