"""What a measure says of one mineral, one buyer and one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from models.case import Case
from models.scorecard.supplied import Buyer, Supplied


@dataclass(frozen=True)
class Value:
    """A number, None where it cannot be told; ``said`` names who, or says why there is none."""

    amount: float | None
    said: str = ""


Measure = Callable[[Supplied, str, Buyer, int | None], Value]
"""A measure of a mineral and buyer in a year, or before (None).

Its docstring gives a title, then formula, unit and source, each after its word; the sheet shows
them as they stand there.
"""

UNTOLD = Value(None)
NOTHING_SUPPLIED = "nothing supplied"
_NAMED = 3
"""Countries that are named; more are counted."""


def over(amount: float, whole: float, said: str = "", lacks: str = "no demand") -> Value:
    """Return a part of a whole; no number, and what it ``lacks``, where the whole is nothing."""
    return Value(amount / whole, said) if whole > 0 else Value(None, lacks)


def names(case: Case, codes: Iterable[str], most: int = _NAMED) -> str:
    """Return countries as the workbook spells them: some by name, the others counted."""
    spelt = [case.country_name(code) for code in codes]
    more = f" and {len(spelt) - most} more" if len(spelt) > most else ""
    return ", ".join(spelt[:most]) + more
