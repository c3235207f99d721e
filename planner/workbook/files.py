"""Opens workbooks for a command; a file that is missing gets a hint at a similar name."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from models.errors import InputError
from planner.workbook.read import Book, read

if TYPE_CHECKING:
    from planner.workbook.plan_file import PlanFile

T = TypeVar("T")

MIN_SIMILARITY = 0.6
"""Smallest similarity of a file name that is suggested for a missing file."""


def open_plan(path: Path, tell: Callable[[str], None] = lambda _: None) -> PlanFile:
    """Read a plan workbook.

    InputError if the file is not one; if it is missing, the error suggests a similar name.
    """
    from planner.workbook.plan_file import read_plan

    tell(f"Reading {path}")
    return with_suggestion(path, read_plan)


def open_input(path: Path) -> Book:
    """Read an input workbook; InputError with all findings if it has errors.

    If the file is missing, the error suggests a similar name.
    """
    return with_suggestion(path, read)


def with_suggestion(path: Path, reader: Callable[[Path], T]) -> T:
    """Read a file; if it is missing, suggest the most similar name in its folder."""
    try:
        return reader(path)
    except InputError as error:
        close = None if path.exists() else _similar(path)
        if close is None:
            raise
        hint = f"did you mean {close}?"
        raise InputError(dataclasses.replace(f, hint=hint) for f in error.findings) from error


def _similar(path: Path) -> Path | None:
    """Return the workbook in the same folder that has the most similar name."""
    try:
        there = [each.name for each in path.parent.iterdir()]
    except (OSError, ValueError):
        return None
    names = [n for n in there if n.casefold().endswith((".xlsx", ".xlsm"))]
    names = [n for n in names if not n.startswith(("~$", "."))]
    stems = {Path(name).stem.casefold(): name for name in sorted(names, reverse=True)}
    close = difflib.get_close_matches(path.stem.casefold(), stems, n=1, cutoff=MIN_SIMILARITY)
    return path.with_name(stems[close[0]]) if close else None
