"""How sure the numbers of a row are: its grade, and the sheet that gives ranges outright."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from models.schema.column import MOST_MULTIPLE, CellKind, Record, column, number, selector

PUBLISHED, DERIVED, ESTIMATE, GUESS = "published", "derived", "estimate", "guess"
WIDER = {PUBLISHED: 1.0, DERIVED: 2.0, ESTIMATE: 1.0, GUESS: 2.0}
"""Grades, and how many times the range of the setting each has: derived ones twice that of
published ones, guesses twice that of estimates."""
GRADES = f"{', '.join(WIDER)}, or five scores from 1 to 5 such as 3,3,3,3,3"
"""What may stand in a column Grade."""
PEDIGREE = {
    "reliability": (1.0, 1.05, 1.1, 1.2, 1.5),
    "completeness": (1.0, 1.02, 1.05, 1.1, 1.2),
    "time": (1.0, 1.03, 1.1, 1.2, 1.5),
    "place": (1.0, 1.01, 1.02, 1.02, 1.1),
    "technology": (1.0, 1.0, 1.2, 1.5, 2.0),
}
"""What each score of the pedigree matrix, 1 (best) to 5, adds to a range; version 1.

Weidema & Wesnæs (1996), Journal of Cleaner Production 4, 167-174, with the factors of ecoinvent 2
(Frischknecht & Jungbluth (2007), ecoinvent report 1, table 7.1), as the Python package
pedigree-matrix has them.
"""
_DIGITS = re.compile(r"\(?\s*([1-5])" + r"[\s,;/]*([1-5])" * 4 + r"\s*\)?")


def grade_of(text: str) -> str | None:
    """Return a grade as it is kept, five scores as ``3,3,3,3,3``; None where it is none."""
    word = " ".join(text.split()).casefold()
    scores = _DIGITS.fullmatch(word)
    return ",".join(scores.groups()) if scores else word if word in {"", *WIDER} else None


def pedigree(grade: str) -> float:
    """Return the factor that five scores put a number's range at: (3,3,3,3,3) is 1.262.

    The logarithms of their factors add up as squares. The range goes from the value divided by it
    to the value multiplied by it.
    """
    scores = zip(PEDIGREE.values(), grade.split(","), strict=True)
    return math.exp(math.hypot(*(math.log(factors[int(score) - 1]) for factors, score in scores)))


def is_estimate(note: object, grade: str = "") -> bool:
    """Return whether a row is an estimate: by its grade, else by what its note begins with."""
    if grade:
        return grade in {ESTIMATE, GUESS}
    return str(note or "").casefold().startswith(f"{ESTIMATE}:")


@dataclass(frozen=True, kw_only=True)
class Uncertainty(Record):
    """The range of some numbers of a sheet, as factors on their values."""

    SHEET = "Uncertainty"
    IS_PLANNED, IS_ORDERED = False, True
    MEANING = (
        "How far numbers may lie from what a sheet says: factors for `planner sensitivity`. Rows"
        " apply from top to bottom."
    )

    sheet: str = column("Sheet", CellKind.TEXT, "The sheet, such as Refiners.")
    header: str = column(
        "Column",
        CellKind.TEXT,
        "Its column, such as Capacity; `Demand` or `Freight` for the numbers of those sheets.",
    )
    mineral: str = selector("Mineral", "Rows of which mineral.", "Minerals")
    country: str = selector("Country", "Rows of which country.")
    refiner: str = selector("Refiner", "Rows of which refiner or project.", "Refiners", "Projects")
    member: str = selector("Member", "Rows of which member.", "Members")
    low: float = number("Low", "The low end, as a factor on the value: 0.8 is 20 % less.", most=1.0)
    high: float = number(
        "High",
        "The high end, as a factor on the value: 1.2 is 20 % more.",
        least=1.0,
        most=MOST_MULTIPLE,
    )
