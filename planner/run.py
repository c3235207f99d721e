"""One run: a workbook and the command's options to a plan, timed."""

from __future__ import annotations

import dataclasses
import difflib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models.case import Case, fold
from models.errors import Finding, SolverError, UsageError
from models.plan import Plan, solve
from planner import scenarios
from planner.workbook import Book, read


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
        return tuple(self.book.warnings)


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
    began = time.perf_counter()
    tell(f"Reading {path}")
    book = read(path)
    case, findings = scenario_case(book.case, scenario)
    if max_country_share is not None:
        case = scenarios.set_max_country_share(case, max_country_share)
    if findings:
        book = dataclasses.replace(book, warnings=(*book.warnings, *findings))
    seconds = {"read": time.perf_counter() - began}
    tell("Planning")
    plan = solve(case)
    without_limits, trouble = None, ""
    if case.share_limits:
        tell("Planning without share limits, to say what they cost")
        try:
            without_limits = solve(scenarios.drop_share_limits(case))
        except SolverError as error:  # what the limits cost stays unknown; the plan is proven
            trouble = f"what the share limits cost is not known: {error}"
    for stage in ("build", "solve"):
        plans = [p for p in (plan, without_limits) if p is not None]
        seconds[stage] = sum(p.timings.get(stage, 0.0) for p in plans)
    options = {"Scenario": case.scenario}
    if max_country_share is not None:
        options["Max country share"] = f"{max_country_share:g}"
    return Run(book, plan, without_limits, options, seconds, trouble)


def scenario_case(case: Case, name: str) -> tuple[Case, tuple[Finding, ...]]:
    """Return the case of a scenario and its warnings; UsageError names the closest if unknown."""
    known = (scenarios.BASE, *scenarios.names(case))
    if fold(name) not in map(fold, known):
        folded = {fold(k): k for k in known}
        close = difflib.get_close_matches(fold(name), folded, n=1, cutoff=0.5)
        hint = f"did you mean {folded[close[0]]!r}?" if close else f"there is {', '.join(known)}"
        msg = f"no scenario {name!r} in the sheet Scenarios; {hint}"
        raise UsageError(msg)
    return scenarios.apply_with_findings(case, " ".join(name.split()))
