"""The start of a command: its workbook, and the case after its scenario and what-ifs."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from models import checks
from models.case import NO_SEARCH_LIMITS, Case, SearchLimits
from models.errors import Finding, InputError, Mistakes, Severity
from planner import scenarios
from planner.scenarios import Variant, WhatIf, events, scenario_name
from planner.workbook import Book
from planner.workbook.read import open_input

WhatIfReader = Callable[[Case], tuple[WhatIf, ...]]
"""Reads the what-ifs of a command line, in the names of a case; raises UsageError."""


@dataclass(frozen=True)
class Start:
    """The workbook of a command, and the case after the scenario and what-ifs of its options.

    ``book`` also has the warnings on scenario and what-ifs; ``seconds`` is the time for reading.
    """

    book: Book
    case: Case
    variant: Variant
    seconds: float

    @property
    def options(self) -> dict[str, str]:
        return self.variant.options

    def input_error(self, findings: Iterable[Finding]) -> InputError:
        """Return the InputError of findings on the case, each with its cell of the workbook."""
        return InputError(
            self.book.layout.sorted_by_cell(self.variant.with_origin(tuple(findings)))
        )


def start_file(  # noqa: PLR0913 - all options of a case
    path: Path,
    *,
    scenario: str = scenarios.BASE,
    what_ifs: WhatIfReader = lambda _: (),
    max_country_share: float | None = None,
    search: SearchLimits = NO_SEARCH_LIMITS,
    on_stage: Callable[[str], None] = lambda _: None,
) -> Start:
    """Read a workbook, and apply a scenario, then what-ifs, then a limit on countries' shares.

    Raises InputError if the workbook has errors; UsageError for an unknown scenario, or for a
    what-if with a name that the workbook does not have.
    """
    began = time.perf_counter()
    on_stage(f"Reading {path}")
    book = open_input(path)
    wrong = Mistakes()
    with wrong.collect():
        name = scenario_name(book.case, scenario)
    with wrong.collect():
        changes = what_ifs(book.case)
    wrong.raise_if_any()
    variant = Variant(name, changes, max_country_share, search)
    case, findings = variant.with_findings(book.case)
    if findings:
        warnings = book.layout.sorted_by_cell((*book.warnings, *findings))
        book = dataclasses.replace(book, warnings=warnings)
    return Start(book, case, variant, time.perf_counter() - began)


def check_file(path: Path) -> Book:
    """Read a workbook and apply every scenario and every event; the Book has all warnings.

    Raises InputError if the workbook has errors, also after a scenario or an event is applied.
    """
    book = open_input(path)
    findings = list(book.warnings)
    for name in scenarios.scenario_names(book.case):
        case, warnings = scenarios.apply_with_findings(book.case, name)
        findings += [*warnings, *Variant(name).with_origin(tuple(checks.errors(case)))]
    findings += events.event_findings(book.case)
    book = dataclasses.replace(book, warnings=book.layout.sorted_by_cell(findings))
    if any(f.severity is Severity.ERROR for f in book.warnings):
        raise InputError(book.warnings)
    return book
