"""The solution and its proof, the checks, and the origin of a study."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from models.results.common import ACCEPTED, COLUMN, MEANING, SHEET, UNIT, VALUE, WHAT
from models.results.field import Format, Result, field

_PLAN = field.text(
    "Plan",
    "The plan that the row is for: this plan, or the plan of the same case without share limits.",
    printed=False,
)
_FAMILY = field.text("Family", printed=False)
_KEY = field.text("Key", printed=False)


class Values(Result):
    """Every variable of the linear program that is not 0, except the flows of the sheet Plan.

    Values are in t; for the family ``built``, they are fractions of a project. For the plan without
    share limits, all variables are here.
    """

    TABLE, PLACE = "Values", 180
    PRINTED = False
    GRAIN = ("plan", "family", "key")

    plan = _PLAN
    family = _FAMILY.like(
        "The family of variables of the linear program, as in docs/mathematics.md."
    )
    key = _KEY.like("The variable within the family; countries are codes.")
    value = VALUE.like(
        fmt=Format.TONNES,
        meaning="Tonnes; for the family built, the fraction of a project. Variables that are not"
        " listed are 0, except the flows of the sheet Plan. planner verify reads them.",
        printed=False,
    )


class Duals(Result):
    """Every dual value of the linear program, undiscounted: the cost of one more unit.

    Money per unit of the right-hand side, which is a tonne, a fraction of a project, or money of a
    budget.
    """

    TABLE, PLACE = "Duals", 190
    PRINTED = False
    GRAIN = ("plan", "family", "key")

    plan = _PLAN
    family = _FAMILY.like(
        "The family of constraints of the linear program, as in docs/mathematics.md."
    )
    key = _KEY.like("The constraint within the family; countries are codes.")
    dual = field(
        "Dual",
        Format.PRICE,
        "Cost of one more unit on the right-hand side, undiscounted. Constraints that"
        " are not listed have no dual value. planner verify reads them.",
        unit="{money} per unit",
        printed=False,
    )


class Checks(Result):
    """The result of every check: first one line for all of them, then the proof, then the input."""

    TABLE, PLACE = "Checks", 160
    PRINTED = False

    check = field.text("Check")
    passed = field.text("Passed", "yes or no; blank if the line is only information.")
    sheet = SHEET
    cell = field.text("Cell")
    column = COLUMN
    what = WHAT
    value = VALUE.like(fmt=Format.TINY)
    accepted = ACCEPTED.like("Largest value that passes the check.")
    unit = UNIT


class ChartData(Result):
    """The numbers behind the charts, by chart, series and category."""

    TABLE, PLACE = "Chart data", 170
    PRINTED = False
    GRAIN = ("chart", "series", "category")
    FILTERED = False

    chart = field("Chart", Format.LONG, printed=False)
    series = field.text("Series")
    category = field.text("Category")
    value = VALUE.like(fmt=Format.SHARE)


class Glossary(Result):
    """The terms that a workbook uses, each with its meaning and its sheets."""

    TABLE = "Glossary"
    PRINTED = False
    GRAIN = ("term",)

    term = field.text("Term")
    meaning = MEANING
    places = field("Where", Format.LONG)


# ---- of every study ----------------------------------------------------------------------------

BOOK = "study"


class About(Result):
    """What was asked, options, versions, and warnings about the input; one number in a row."""

    TABLE, BOOK, PLACE = "About", BOOK, 158
    what = WHAT.like(fmt=Format.TEXT)
    value = VALUE

    @classmethod
    def of(cls, rows: Mapping[str, Any], warnings: Iterable[str] = ()) -> Self:
        """Return the sheet of some values by name: a text, or a number and its format.

        Blank values are left out. Warnings on the input are the last rows.
        """
        every = (*rows.items(), *(("Warning", warning) for warning in warnings))
        filled = [(str(name), v) for name, v in every if v not in {None, ""}]
        pairs = [(name, v if isinstance(v, tuple) else (v, Format.LONG)) for name, v in filled]
        return cls(
            what=[name for name, _ in pairs],
            value=[value for _, (value, _) in pairs],
            formats={"value": [fmt for _, (_, fmt) in pairs]},
        )

    def option(self, what: str) -> str:
        """Return the value next to a text in the column ``what``; "" if it is missing or blank.

        If the text is there several times, the first row counts.
        """
        pairs = dict(reversed(list(self.rows(About.what, About.value))))
        return str(pairs.get(what) or "")


class Runs(Result):
    """One row for each run, with the proof that it is optimal."""

    TABLE, GRAIN, BOOK = "Runs", ("run",), BOOK
    run = field.text("Run")
    proven = field.text("Proven")
    objective = field(
        "Objective",
        Format.MONEY,
        "Total cost, which the program minimizes: cash, shortage and other penalties,"
        " discounted to the first year.",
    )
    violation = field("Largest violation", Format.TINY, unit="t")
    allowed = ACCEPTED.like(unit="t")
    dual_infeasibility = field("Dual infeasibility", Format.TINY)
    gap = field("Gap", Format.TINY)
    trouble = field("Trouble", Format.LONG)
