"""One run: a workbook and the command's options to findings, or to a plan, timed."""

from __future__ import annotations

import dataclasses
import difflib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models import checks
from models.case import Case, fold
from models.errors import Finding, InputError, Severity, SolverError, UsageError
from planner import scenarios
from planner.workbook import Book, read

if TYPE_CHECKING:
    from models.plan import Plan


CLOSE_NAME = 0.6
"""How alike the names of two files are at least, where the one may be meant by the other."""


@dataclass(frozen=True)
class Run:
    """A plan with all that its workbook says about how it came about.

    ``without_limits`` is the plan of the same case without its share limits (None: it has none, or
    the solver proved no optimum, which ``trouble`` then tells); ``seconds`` by stage.
    """

    book: Book
    plan: Plan
    without_limits: Plan | None
    options: dict[str, str]
    seconds: dict[str, float]
    trouble: str = ""

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Every warning on the input and on the scenario."""
        return self.book.warnings


def check_file(path: Path) -> Book:
    """Read a workbook and try every scenario; the Book carries all warnings.

    Raises InputError where the workbook has errors, or what a scenario makes of it.
    """
    book = _read(path)
    findings = list(book.warnings)
    for name in scenarios.names(book.case):
        case, warnings = scenarios.apply_with_findings(book.case, name)
        errors = (f for f in checks.check(case, checks.RULES) if f.severity is Severity.ERROR)
        findings += [*warnings, *(_within(name, f) for f in errors)]
    book = dataclasses.replace(book, warnings=book.layout.in_order(findings))
    if any(f.severity is Severity.ERROR for f in book.warnings):
        raise InputError(book.warnings)
    return book


def solve_file(
    path: Path,
    *,
    scenario: str = scenarios.BASE,
    max_country_share: float | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Run:
    """Read a workbook, apply a scenario and then a share limit, and plan.

    Raises InputError, UsageError for an unknown scenario, or SolverError. ``tell`` hears of each
    stage as it begins.
    """
    from models.plan import solve

    began = time.perf_counter()
    tell(f"Reading {path}")
    book = _read(path)
    case, findings = scenario_case(book.case, scenario)
    if max_country_share is not None:
        case = scenarios.set_max_country_share(case, max_country_share)
    if findings:
        warnings = book.layout.in_order((*book.warnings, *findings))
        book = dataclasses.replace(book, warnings=warnings)
    seconds = {"read": time.perf_counter() - began}
    tell("Planning")
    try:
        plan = solve(case)
    except InputError as error:
        found = (_within(case.scenario, f) for f in error.findings)
        raise InputError(book.layout.in_order(found)) from error
    without_limits, trouble = None, ""
    if case.share_limits:
        tell("Planning without share limits, to say what they cost")
        try:
            without_limits = solve(scenarios.drop_share_limits(case))
        except SolverError as error:  # what the limits cost stays unknown; the plan is proven
            trouble = f"what the share limits cost is not known: {error}"
    plans = [p for p in (plan, without_limits) if p is not None]
    for stage in ("build", "solve"):
        seconds[stage] = sum(p.timings.get(stage, 0.0) for p in plans)
    options = {} if case.scenario == scenarios.BASE else {"Scenario": case.scenario}
    if max_country_share is not None:
        options["Max country share"] = f"{max_country_share:g}"
    return Run(book, plan, without_limits, options, seconds, trouble)


def _read(path: Path) -> Book:
    """Read a workbook; where it is missing, name the one in its folder that may be meant."""
    try:
        return read(path)
    except InputError as error:
        close = None if path.exists() else _similar(path)
        if close is None:
            raise
        hint = f"did you mean {close}?"
        raise InputError(dataclasses.replace(f, hint=hint) for f in error.findings) from error


def _similar(path: Path) -> Path | None:
    """Return the workbook of a path's folder whose name is the most like it."""
    try:
        found = [
            each.name
            for each in path.parent.iterdir()
            if each.suffix.casefold() in {".xlsx", ".xlsm"}
            and not each.name.startswith(("~$", "."))
        ]
    except (OSError, ValueError):
        return None
    stems: dict[str, str] = {}
    for name in sorted(found):
        stems.setdefault(Path(name).stem.casefold(), name)
    close = difflib.get_close_matches(path.stem.casefold(), stems, n=1, cutoff=CLOSE_NAME)
    return path.with_name(stems[close[0]]) if close else None


def scenario_case(case: Case, name: str) -> tuple[Case, tuple[Finding, ...]]:
    """Return the case of a scenario and its warnings; UsageError names the closest if unknown."""
    known = {fold(k): k for k in (scenarios.BASE, *scenarios.names(case))}
    if fold(name) not in known:
        close = difflib.get_close_matches(fold(name), known, n=1, cutoff=0.5)
        every = ", ".join(known.values())
        hint = f"did you mean {known[close[0]]!r}?" if close else f"there is {every}"
        msg = f"no scenario {name!r} in the sheet Scenarios; {hint}"
        raise UsageError(msg)
    return scenarios.apply_with_findings(case, known[fold(name)])


def _within(scenario: str, finding: Finding) -> Finding:
    """Return a finding that says in which scenario it arises."""
    if scenario == scenarios.BASE:
        return finding
    return dataclasses.replace(finding, found=f"in scenario {scenario}: {finding.found}")
