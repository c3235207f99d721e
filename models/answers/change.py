"""Changes of cells of the workbook, and the case that they make."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from models.case import Case
from models.program.facts import Place
from models.program.levers import OPEN, SHARE
from models.schema import ByYear

_DIGITS = 4
"""Figures that an amount is rounded up to."""
_POINTS = 1000
"""A share is rounded up to a tenth of a point."""


@dataclass(frozen=True)
class Change:
    """One cell from one value to another; ``years`` are those of the horizon that it holds for.

    ``field`` is the record's; ``least`` is the value that the program asks for, ``to`` the same
    rounded up. ``unit`` is "share", "t/yr", "money m" or "open" (0 is no, 1 is yes). ``what`` says
    in words what the cell is.
    """

    place: Place
    field: str
    what: str
    unit: str
    was: float
    least: float
    to: float
    years: tuple[int, ...]


def rounded_up(value: float, unit: str) -> float:
    """Return a value rounded up to what one would type: a tenth of a point, four figures."""
    if unit == OPEN:
        return 1.0
    if unit == SHARE:
        return min(1.0, math.ceil(value * _POINTS - 1e-6) / _POINTS)
    if value <= 0:
        return 0.0
    grain = 10.0 ** (math.floor(math.log10(value)) - _DIGITS + 1)
    return float(f"{math.ceil(value / grain - 1e-6) * grain:.{_DIGITS}g}")


def applied(case: Case, changes: Iterable[Change]) -> Case:
    """Return the case of a workbook in which the cells say what they are changed to."""
    for change in changes:
        name = Case.SHEET_FIELDS[change.place.sheet]
        records = tuple(
            _with(record, change) if record.row == change.place.row else record
            for record in getattr(case, name)
        )
        case = case.change(**{name: records})
    return case


def _with(record: Any, change: Change) -> Any:
    before = getattr(record, change.field)
    value: Any = change.to > 0 if change.unit == OPEN else change.to
    if isinstance(before, ByYear):
        step = change.place.step
        value = (
            ByYear(change.to, before.steps)
            if step is None
            else ByYear(
                before.base,
                tuple((y, change.to if y == step else v) for y, v in before.steps),
            )
        )
    return dataclasses.replace(record, **{change.field: value})
