"""A study's workbook read back: a sweep's, a stress test's, a comparison's or one of risks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import Finding, InputError
from planner.workbook.archive import BROKEN, Archive
from planner.workbook.grid import Fault, Grid
from planner.workbook.layout import letters
from planner.workbook.plan_file import frames_of, grids_of

if TYPE_CHECKING:
    import pandas as pd


_PROPERTIES = "docProps/core.xml"
_TERMS = "http://purl.org/dc/elements/1.1/"


@dataclass(frozen=True)
class StudyFile:
    """A study's workbook that was read; ``tables`` as those of a ``PlanFile``.

    ``sheet`` is the one that tells, ``title`` that of the file's properties, "" where it has none.
    """

    path: Path
    sha256: str
    sheet: str
    title: str
    tables: Mapping[str, pd.DataFrame]


def read_study(path: Path, sheet: str) -> StudyFile:
    """Read the workbook of a study that this sheet tells.

    Raises InputError where the file is no workbook, where the study's own sheet is empty, or where
    a cell holds no value.
    """
    sha256, grids = grids_of(path)
    faults = [*_faults(grids)]
    if sheet not in grids:
        what = f"{path}: the sheet {sheet} is empty"
        faults.append(Finding(sheet, found=what, hint="make the study's workbook again"))
    if faults:
        raise InputError(faults)
    return StudyFile(path, sha256, sheet, _title(path), frames_of(grids))


def _title(path: Path) -> str:
    """Return the title in a workbook's properties."""
    from openpyxl.xml.functions import fromstring

    try:
        with Archive(path) as archive:
            root: Any = fromstring(archive.read(_PROPERTIES))
    except BROKEN:
        return ""
    return next((each.text or "" for each in root.iter(f"{{{_TERMS}}}title")), "")


def _faults(grids: Mapping[str, Grid]) -> list[Finding]:
    """Return the cells that were broken since the study was written."""
    return [
        Finding(sheet, row, str(header), value.text, hint=value.hint, cell=f"{letters(at)}{row}")
        for sheet, grid in grids.items()
        for at, header in grid.header.items()
        for row, value in zip(grid.rows, grid.values(at), strict=True)
        if isinstance(value, Fault)
    ]
