"""Files opened: an input workbook, a plan; where one is missing, the one that may be meant."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from models.errors import Finding, InputError
from planner.workbook import Book, read
from planner.workbook.parts import is_plan

if TYPE_CHECKING:
    from planner.audit import PlanSheets
    from planner.workbook.plan_file import PlanFile

T = TypeVar("T")

_PLAN_GIVEN = "this workbook is a plan"
_WANTED = "the workbook that it was made from; its Summary names it as Input file"

CLOSE_NAME = 0.6
"""How alike the names of two files are at least, where the one may be meant by the other."""


def open_plan(path: Path, tell: Callable[[str], None] = lambda _: None) -> PlanFile:
    """Read a plan workbook back.

    Raises InputError where it is none; a plan that is missing is told with the one that may be
    meant.
    """
    from planner.workbook.plan_file import read_plan

    tell(f"Reading {path}")
    return _named(path, read_plan)


def open_sheets(path: Path, tell: Callable[[str], None] = lambda _: None) -> PlanSheets:
    """Read the sheets of a plan workbook cell by cell, to verify or to redact it.

    Raises InputError as ``open_plan`` does.
    """
    from planner.audit import open_plan as read_sheets

    tell(f"Reading {path}")
    return _named(path, read_sheets)


def open_input(path: Path) -> Book:
    """Read an input workbook; InputError with all findings where it has errors.

    A plan given in its place is told as such, in one finding.
    """
    try:
        return _named(path, read)
    except InputError as error:
        if not is_plan(path):
            raise
        raise InputError([Finding(found=_PLAN_GIVEN, expected=_WANTED)]) from error


def _named(path: Path, how: Callable[[Path], T]) -> T:
    """Read a file; where it is missing, name the one in its folder that may be meant."""
    try:
        return how(path)
    except InputError as error:
        close = None if path.exists() else _similar(path)
        if close is None:
            raise
        hint = f"did you mean {close}?"
        raise InputError(dataclasses.replace(f, hint=hint) for f in error.findings) from error


def _similar(path: Path) -> Path | None:
    """Return the workbook of a path's folder whose name is the most like it."""
    try:
        found = [
            each.name
            for each in path.parent.iterdir()
            if each.suffix.casefold() in {".xlsx", ".xlsm"}
            and not each.name.startswith(("~$", "."))
        ]
    except (OSError, ValueError):
        return None
    stems: dict[str, str] = {}
    for name in sorted(found):
        stems.setdefault(Path(name).stem.casefold(), name)
    close = difflib.get_close_matches(path.stem.casefold(), stems, n=1, cutoff=CLOSE_NAME)
    return path.with_name(stems[close[0]]) if close else None
