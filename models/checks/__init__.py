"""What must hold across the records of a Case, a rule a function; run on every Case."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from models.case import Case
from models.errors import Finding

Rule = Callable[[Case], Iterator[Finding]]

RULES: tuple[Rule, ...] = ()


def check(case: Case) -> tuple[Finding, ...]:
    """Return everything that the rules find, errors and warnings."""
    return tuple(finding for rule in RULES for finding in rule(case))
