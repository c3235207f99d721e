"""The whole solution and its proof, what was checked, and of a study whence it comes."""

from __future__ import annotations

from models.results.common import ACCEPTED, COLUMN, MEANING, SHEET, UNIT, VALUE, WHAT
from models.results.field import Look, Result, field

_PLAN = field.text(
    "Plan",
    "this plan, or the plan of the same case without share limits.",
    printed=False,
)
_FAMILY = field.text("Family", printed=False)
_KEY = field.text("Key", printed=False)


class Values(Result):
    """Every variable of the linear program that is not 0, except the flows of the sheet Plan.

    In t; for the family ``built``, the fraction of a project. The plan without share limits has all
    its variables here.
    """

    TABLE, PLACE = "Values", 180
    GRAIN = ("plan", "family", "key")

    plan = _PLAN
    family = _FAMILY.like(
        meaning="The family of variables of the linear program, as in docs/mathematics.md."
    )
    key = _KEY.like(meaning="Which variable of the family; countries are codes.")
    value = VALUE.like(
        look=Look.TONNES,
        meaning="Tonnes; for the family built, the fraction of a project. Variables that are not"
        " listed are 0, except the flows of the sheet Plan. For planner verify.",
        printed=False,
    )


class Duals(Result):
    """Every dual value of the linear program, undiscounted: what one unit more would cost.

    In money for each unit of the right-hand side: a tonne, a fraction of a project, money of a
    budget.
    """

    TABLE, PLACE = "Duals", 190
    GRAIN = ("plan", "family", "key")

    plan = _PLAN
    family = _FAMILY.like(
        meaning="The family of constraints of the linear program, as in docs/mathematics.md."
    )
    key = _KEY.like(meaning="Which constraint of the family; countries are codes.")
    dual = field(
        "Dual",
        Look.PRICE,
        "What one more unit on the right-hand side would cost, undiscounted. Constraints"
        " that are not listed have no dual value. For planner verify.",
        unit="{money} per unit",
        printed=False,
    )


class Checks(Result):
    """The proof, with one line that says whether all of it passed, then the input."""

    TABLE, PLACE = "Checks", 160

    check = field.text("Check")
    passed = field.text("Passed", "yes or no; blank if there is nothing to pass.")
    sheet = SHEET
    cell = field.text("Cell")
    column = COLUMN
    what = WHAT
    value = VALUE.like(look=Look.TINY)
    accepted = ACCEPTED.like(meaning="Largest value that passes the check.")
    unit = UNIT


class ChartData(Result):
    """The numbers behind the charts, by chart, series and category."""

    TABLE, PLACE = "Chart data", 170
    GRAIN = ("chart", "series", "category")
    FILTERED = False

    chart = field("Chart", Look.LONG, printed=False)
    series = field.text("Series")
    category = field.text("Category")
    value = VALUE.like(look=Look.SHARE)


class Glossary(Result):
    """The terms that a workbook uses, in a sentence each, with where they stand."""

    TABLE = "Glossary"
    GRAIN = ("term",)

    term = field.text("Term")
    meaning = MEANING
    places = field("Where", Look.LONG)


# ---- of every study ----------------------------------------------------------------------------

BOOK = "study"


class About(Result):
    """Input, options, versions, and what the input warns of."""

    TABLE, BOOK = "About", BOOK
    what = WHAT.like(look=Look.TEXT)
    value = VALUE

    def option(self, what: str) -> str:
        """Return the value of a row, "" where there is none."""
        pairs = dict(reversed(list(self.rows(About.what, About.value))))
        return str(pairs.get(what) or "")


class Runs(Result):
    """One row a run: whether it is proven, and how well."""

    TABLE, GRAIN, BOOK = "Runs", ("run",), BOOK
    run = field.text("Run")
    proven = field.text("Proven")
    objective = field(
        "Objective",
        Look.MONEY,
        "Total cost: what the program minimizes. It has cash, shortage and other"
        " penalties, discounted to the first year.",
    )
    violation = field("Largest violation", Look.TINY, unit="t")
    allowed = ACCEPTED.like(unit="t")
    dual_infeasibility = field("Dual infeasibility", Look.TINY)
    gap = field("Gap", Look.TINY)
    trouble = field("Trouble", Look.LONG)
