"""A comparison: a workbook's base case and what-ifs of it, planned side by side."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import Finding, Mistakes
from planner import scenarios
from planner.run.opening import open_input
from planner.run.start import Ask, nothing_asked
from planner.scenarios.variant import Variant, WhatIf, scenario_name
from planner.workbook import Book

if TYPE_CHECKING:
    from models.plan import Plan
    from planner.studies import Outcomes, Tell, Where
    from planner.studies.compare import Compared


@dataclass(frozen=True)
class Comparison:
    """A workbook's base case and what-ifs of it, each planned or with why it has no plan.

    ``cases`` are all that were to be compared, Base first; ``outcomes`` are of those that keep the
    workbook's rules, in the same order. ``book`` carries the warnings on all of them.
    """

    book: Book
    cases: tuple[Compared, ...]
    outcomes: Outcomes[Plan]
    options: dict[str, str]
    seconds: dict[str, float]
    what_ifs: tuple[WhatIf, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Where the records of a case contradict the workbook's rules."""
        found = (f for case in self.cases for f in case.variant.within(case.errors))
        return self.book.layout.in_order(found)


def compare_file(  # noqa: PLR0913 - what a comparison is of, and where its runs take place
    path: Path,
    *,
    chosen: tuple[str, ...] = (),
    what_ifs: Ask = nothing_asked,
    max_country_share: float | None = None,
    where: Where | None = None,
    tell: Callable[[str], None] = lambda _: None,
    watch: Tell | None = None,
) -> Comparison:
    """Read a workbook, and plan its base case and its scenarios.

    ``chosen`` names scenarios (none: all of them). What-ifs and a limit on countries' shares make
    one case more, on top of the base. Raises InputError where the workbook has errors, UsageError
    for an unknown scenario or a what-if that is none.
    """
    from planner.studies import run_study
    from planner.studies.compare import compare_study, compared

    began = time.perf_counter()
    tell(f"Reading {path}")
    book = open_input(path)
    wrong, found = Mistakes(), list[str]()
    for name in chosen:
        with wrong.kept():
            found.append(scenario_name(book.case, name))
    with wrong.kept():
        asked = Variant(what_ifs=what_ifs(book.case), max_country_share=max_country_share)
    wrong.tell()
    names = tuple(dict.fromkeys(found))
    cases = compared(book.case, names or scenarios.names(book.case), asked)
    warnings = [*book.warnings, *(f for case in cases for f in case.warnings)]
    book = dataclasses.replace(book, warnings=book.layout.in_order(warnings))
    read = time.perf_counter()
    outcomes = run_study(compare_study(book.case, cases), where, watch)
    seconds = {"read": read - began, "solve": time.perf_counter() - read}
    options = {"Scenarios": ", ".join(names)} if names else {}
    options |= asked.changes
    return Comparison(book, tuple(cases), outcomes, options, seconds, asked.what_ifs)
