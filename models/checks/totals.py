"""Rows of totals, which people put below their tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.case import Case, fold
from models.checks.common import advise
from models.errors import Finding
from models.schema import Member, Mineral, Project, Refiner

_WORD = r"(?:grand |sub[ -]?)?(?:totals?|sums?)|gesamt|summe|insgesamt"
_TOTAL = re.compile(rf"(?:{_WORD})(?:\W.*)?|.*\W(?:sub[ -]?)?totals?\W*")


def is_total(name: object) -> bool:
    """Return whether a name is that of a total: Total, Sum, Subtotal copper, Copper total."""
    return isinstance(name, str) and _TOTAL.fullmatch(fold(name)) is not None


def looks_like(what: str) -> str:
    """Say what a name of a total tells of a row or column."""
    return f"this looks like a total {what}; remove it"


def names_of_totals(case: Case) -> Iterator[Finding]:
    """A row that is complete and named Total counts beside those that it sums up."""
    for record in (Mineral, Member, Refiner, Project):
        for row in case.records(record.SHEET):
            name = getattr(row, "name", "")
            if is_total(name):
                yield advise(row, "name", f"a row named {name!r}", looks_like("row"))
