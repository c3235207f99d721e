"""Where numbers come from and how certain they are: Sources, grades of rows, and Uncertainty."""

from __future__ import annotations

import math
import re

from models.schema import market, policy, stages
from models.schema.column import MOST_MULTIPLE, Record, choice, number, selector, text

PUBLISHED, DERIVED, ESTIMATE, GUESS = "published", "derived", "estimate", "guess"
WIDER = {PUBLISHED: 1.0, DERIVED: 2.0, ESTIMATE: 1.0, GUESS: 2.0}
"""The grades, with the factor of each on the range that the settings give.

Estimates and guesses start from Estimate range, the others from Published range.
"""
GRADES = f"{', '.join(WIDER)}, or five scores from 1 to 5 such as 3,3,3,3,3"
"""Allowed entries in a column Grade."""
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
    """Return a grade in its stored form, such as ``3,3,3,3,3``; None if the text is no grade."""
    word = " ".join(text.split()).casefold()
    scores = _DIGITS.fullmatch(word)
    return ",".join(scores.groups()) if scores else word if word in {"", *WIDER} else None


def pedigree(grade: str) -> float:
    """Return the uncertainty factor of five scores; (3,3,3,3,3) gives 1.262.

    The range runs from value / factor to value x factor. The logarithm of the factor is the root of
    the sum of squared logarithms of the scores' factors.
    """
    scores = zip(PEDIGREE.values(), grade.split(","), strict=True)
    return math.exp(math.hypot(*(math.log(factors[int(score) - 1]) for factors, score in scores)))


def is_estimate(note: object, grade: str = "") -> bool:
    """Return whether a row is an estimate by its grade or, without one, by its note."""
    if grade:
        return grade in {ESTIMATE, GUESS}
    return str(note or "").casefold().startswith(f"{ESTIMATE}:")


class Uncertainty(Record):
    """The range of some numbers in a sheet, as factors on their values."""

    SHEET = "Uncertainty"
    IS_PLANNED, IS_ORDERED = False, True
    MEANING = (
        "Ranges of numbers in other sheets, as factors for `planner sensitivity`. If"
        " rows overlap, the last one counts."
    )

    sheet: str = text("Sheet", "The sheet that has the numbers, such as Refiners.")
    header: str = text(
        "Column",
        "The column of that sheet, such as Capacity. For the sheets Demand and"
        " Freight, write `Demand` or `Freight`.",
    )
    mineral: str = selector("Mineral", "Limits the range to rows of this mineral.", "Minerals")
    country: str = selector("Country", "Limits the range to rows of this country.")
    refiner: str = selector(
        "Refiner", "Limits the range to rows of this refiner or project.", "Refiners", "Projects"
    )
    member: str = selector("Member", "Limits the range to rows of this member.", "Members")
    low: float = number(
        "Low", "The low end of the range, as a factor on the value: 0.8 is 20 % less.", most=1.0
    )
    high: float = number(
        "High",
        "The high end of the range, as a factor on the value: 1.2 is 20 % more.",
        least=1.0,
        most=MOST_MULTIPLE,
    )
    together: str = text(
        "Together",
        "Name of an assumption. All numbers of its rows move together, in proportion. Its rows have"
        " the same Low and High.",
        default="each number moves alone",
    )


# ---- the sheet Sources --------------------------------------------------------------------------

_DECLARED = (
    each
    for module in (market, policy, stages)
    for each in vars(module).values()
    if isinstance(each, type) and issubclass(each, Record) and hasattr(each, "SHEET")
)
FILLED = tuple(r.SHEET for r in dict.fromkeys(_DECLARED) if any(c.key for c in r.columns()))
"""The sheets that `planner pull` can fill: those with a key, by which rows are matched."""


class DataSource(Record):
    """A table elsewhere whose rows fill a sheet."""

    SHEET = "Sources"
    MEANING = "Tables from which `planner pull` fills sheets. A plan does not read this sheet."
    IS_PLANNED, IS_ORDERED = False, True

    sheet: str = choice("Sheet", "The sheet to fill; its rows are matched by their key.", *FILLED)
    place: str = text(
        "From",
        "A CSV, Excel, Parquet or SQLite file beside the workbook, or the name of an environment"
        " variable that holds the URL of a database.",
    )
    table: str = text(
        "Table or query",
        "A sheet of Excel; a table of a database, or a query that begins with SELECT or WITH.",
        default="the only table",
    )
    columns_of: str = text(
        "Columns",
        "Pairs `source column=workbook column`, with ; between them. After the"
        " workbook's column, a unit in parentheses gives the unit of the source.",
        default="columns of the same name",
    )
    where: str = text(
        "Where",
        "Filters `source column=value`, with ; between them. Only rows that pass all"
        " filters are read.",
        default="all rows",
    )
