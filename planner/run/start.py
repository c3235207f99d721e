"""What a command begins with: a workbook read, and what its words make of it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from models import checks
from models.case import Case
from models.errors import Finding, InputError, Mistakes, Severity
from planner import scenarios
from planner.run.opening import open_input
from planner.scenarios import Variant, WhatIf, events, scenario_name
from planner.workbook import Book

Ask = Callable[[Case], tuple[WhatIf, ...]]
"""What is asked beside the workbook, told in the names of its case; raises UsageError."""


@dataclass(frozen=True)
class Start:
    """What a command begins with: the workbook as read, and the case that its words make of it.

    ``book`` carries the warnings on the scenario and the what-ifs, too; ``seconds`` is what reading
    took.
    """

    book: Book
    case: Case
    variant: Variant
    seconds: float

    @property
    def options(self) -> dict[str, str]:
        """Scenario, what-ifs and limit as rows of options."""
        return self.variant.options

    def placed(self, findings: Iterable[Finding]) -> InputError:
        """Return the error that a case's findings are, each with its cell of the workbook."""
        return InputError(self.book.layout.in_order(self.variant.within(tuple(findings))))


def nothing_asked(_: Case) -> tuple[WhatIf, ...]:
    """Ask nothing beside the workbook."""
    return ()


def start_file(
    path: Path,
    *,
    scenario: str = scenarios.BASE,
    what_ifs: Ask = nothing_asked,
    max_country_share: float | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Start:
    """Read a workbook, and apply a scenario, then what-ifs, then a limit on countries' shares.

    Raises InputError where the workbook has errors; UsageError for an unknown scenario, or for a
    what-if that says nothing the workbook knows.
    """
    began = time.perf_counter()
    tell(f"Reading {path}")
    book = open_input(path)
    wrong = Mistakes()
    with wrong.kept():
        name = scenario_name(book.case, scenario)
    with wrong.kept():
        asked = what_ifs(book.case)
    wrong.tell()
    variant = Variant(name, asked, max_country_share)
    case, findings = variant.with_findings(book.case)
    if findings:
        warnings = book.layout.in_order((*book.warnings, *findings))
        book = dataclasses.replace(book, warnings=warnings)
    return Start(book, case, variant, time.perf_counter() - began)


def check_file(path: Path) -> Book:
    """Read a workbook and try every scenario and every event; the Book carries all warnings.

    Raises InputError where the workbook has errors, or what a scenario or an event makes of it.
    """
    book = open_input(path)
    findings = list(book.warnings)
    for name in scenarios.names(book.case):
        case, warnings = scenarios.apply_with_findings(book.case, name)
        findings += [*warnings, *Variant(name).within(tuple(checks.errors(case)))]
    findings += events.findings(book.case)
    book = dataclasses.replace(book, warnings=book.layout.in_order(findings))
    if any(f.severity is Severity.ERROR for f in book.warnings):
        raise InputError(book.warnings)
    return book
