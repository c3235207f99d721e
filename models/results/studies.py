"""Results that the workbook of every study has: where it comes from, and the proof of each run."""

from __future__ import annotations

from models.results.common import ACCEPTED, VALUE, WHAT
from models.results.field import Look, Result, field

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
    run = field("Run", Look.TEXT)
    proven = field("Proven", Look.TEXT)
    objective = field(
        "Objective",
        Look.MONEY,
        "Total cost: what the program minimises: cash, shortage and other penalties, discounted to"
        " the first year.",
    )
    violation = field("Largest violation", Look.TINY, unit="t")
    allowed = ACCEPTED.like(unit="t")
    dual_infeasibility = field("Dual infeasibility", Look.TINY)
    gap = field("Gap", Look.TINY)
    trouble = field("Trouble", Look.LONG)
