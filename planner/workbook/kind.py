"""What a file at a path is: the question before it is replaced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.case import fold
from models.schema import Demand, Mineral, Refiner
from planner.workbook.archive import BROKEN, Archive

FINDINGS = "Findings"
"""The sheet that a marked copy begins with."""

_INPUT = {fold(record.SHEET) for record in (Mineral, Refiner, Demand)}
_PLAN = {"summary", "plan"}


def is_input(path: Path) -> bool:
    """Return whether a file is a workbook that a plan is made from: not a plan, not a copy."""
    names = {fold(name) for name in sheet_names(path)}
    return names >= _INPUT and not names >= _PLAN


def is_plan(path: Path) -> bool:
    """Return whether a file is a plan that was written."""
    return {fold(name) for name in sheet_names(path)} >= _PLAN


def is_marked(path: Path) -> bool:
    """Return whether a file is the marked copy of a workbook."""
    return FINDINGS in sheet_names(path)[:1]


def sheet_names(path: Path) -> list[str]:
    """Return the names of a workbook's sheets in their order; none where it is no workbook."""
    from openpyxl.xml.functions import fromstring

    try:
        with Archive(path) as archive:
            part = next((n for n in archive.namelist() if n.endswith("xl/workbook.xml")), "")
            root: Any = fromstring(archive.read(part))
    except BROKEN:
        return []
    sheets = (each for each in root.iter() if each.tag.rpartition("}")[2] == "sheet")
    return [each.get("name", "") for each in sheets]
