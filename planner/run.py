"""One run: a workbook and the command's options to findings, or to plans, timed."""

from __future__ import annotations

import dataclasses
import difflib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from models import checks
from models.background import can_fork
from models.case import NO_SEARCH_LIMITS, Case, SearchLimits
from models.errors import Finding, InputError, Mistakes, Severity, SolverError
from planner import scenarios
from planner.scenarios import Variant, WhatIf, events, scenario_name
from planner.workbook import Book, read
from planner.workbook.parts import is_plan

if TYPE_CHECKING:
    from models.plan import Plan
    from models.results import ByMineral
    from planner.audit import PlanSheets
    from planner.report import Report
    from planner.studies import Where
    from planner.workbook.plan_file import PlanFile

T = TypeVar("T")

Ask = Callable[[Case], tuple[WhatIf, ...]]
"""What is asked beside the workbook, in the names of its case; raises UsageError."""

CLOSE_NAME = 0.6
"""How alike the names of two files are at least, where the one may be meant by the other."""


# ---- files opened --------------------------------------------------------------------------------


def open_plan(path: Path, tell: Callable[[str], None] = lambda _: None) -> PlanFile:
    """Read a plan workbook back.

    Raises InputError where it is none; if the file is missing, the error names the plan that may be
    meant.
    """
    from planner.workbook.plan_file import read_plan

    tell(f"Reading {path}")
    return _named(path, read_plan)


def open_report(path: Path) -> Report:
    """Read the workbook of a plan or of a study; raises InputError as ``open_plan`` does."""
    from planner.report import read_report

    return _named(path, read_report)


def open_sheets(path: Path, tell: Callable[[str], None] = lambda _: None) -> PlanSheets:
    """Read the sheets of a plan workbook cell by cell, to verify or to redact it.

    Raises InputError as ``open_plan`` does.
    """
    from planner.audit import open_plan as read_sheets

    tell(f"Reading {path}")
    return _named(path, read_sheets)


def open_input(path: Path) -> Book:
    """Read an input workbook; InputError with all findings where it has errors.

    A plan given in its place is one finding, which says so.
    """
    try:
        return _named(path, read)
    except InputError as error:
        if not is_plan(path):
            raise
        made_from = "the workbook that it was made from; its Summary names it as Input file"
        given = Finding(found="this workbook is a plan", expected=made_from)
        raise InputError([given]) from error


def _named(path: Path, how: Callable[[Path], T]) -> T:
    """Read a file; where it is missing, name the one in its folder that may be meant."""
    try:
        return how(path)
    except InputError as error:
        close = None if path.exists() else _similar(path)
        if close is None:
            raise
        hint = f"did you mean {close}?"
        raise InputError(dataclasses.replace(f, hint=hint) for f in error.findings) from error


def _similar(path: Path) -> Path | None:
    """Return the workbook of a path's folder whose name is the most like it."""
    try:
        names = [
            each.name
            for each in path.parent.iterdir()
            if each.suffix.casefold() in {".xlsx", ".xlsm"}
            and not each.name.startswith(("~$", "."))
        ]
    except (OSError, ValueError):
        return None
    stems: dict[str, str] = {}
    for name in sorted(names):
        stems.setdefault(Path(name).stem.casefold(), name)
    close = difflib.get_close_matches(path.stem.casefold(), stems, n=1, cutoff=CLOSE_NAME)
    return path.with_name(stems[close[0]]) if close else None


# ---- what a command begins with ------------------------------------------------------------------


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
        return self.variant.options

    def placed(self, findings: Iterable[Finding]) -> InputError:
        """Return the error that a case's findings are, each with its cell of the workbook."""
        return InputError(self.book.layout.in_order(self.variant.within(tuple(findings))))


def nothing_asked(_: Case) -> tuple[WhatIf, ...]:
    """Ask nothing beside the workbook."""
    return ()


def start_file(  # noqa: PLR0913 - what makes a case of a workbook
    path: Path,
    *,
    scenario: str = scenarios.BASE,
    what_ifs: Ask = nothing_asked,
    max_country_share: float | None = None,
    search: SearchLimits = NO_SEARCH_LIMITS,
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
    with wrong.collect():
        name = scenario_name(book.case, scenario)
    with wrong.collect():
        asked = what_ifs(book.case)
    wrong.raise_if_any()
    variant = Variant(name, asked, max_country_share, search)
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


# ---- a plan --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PlanRun:
    """A plan with all that its workbook says about how it came about.

    ``without_limits`` is the plan of the same case without its share limits (None: it has none, or
    the solver proved no optimum, which ``trouble`` then tells); ``seconds`` by stage.
    ``what_ifs`` were asked for beside the workbook; ``made_with`` are all options as typed;
    ``solver`` is the one that planned, with its version, "" HiGHS. ``confirm`` waits for what is
    still compared in the background, and raises SolverError where the plan is not the case's;
    ``kept`` is what its sheets have worked out, to be shown on the terminal, too.
    """

    book: Book
    plan: Plan
    without_limits: Plan | None
    options: dict[str, str]
    seconds: dict[str, float]
    trouble: str = ""
    what_ifs: tuple[WhatIf, ...] = ()
    made_with: tuple[tuple[str, str], ...] = ()
    solver: str = ""
    confirm: Callable[[], None] = lambda: None
    kept: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        from planner.sheets.context import Context

        return Context(self.plan, self.book).warnings

    @cached_property
    def minerals(self) -> ByMineral:
        """The rows of the sheet By mineral."""
        from planner.sheets.context import Context
        from planner.sheets.figures import by_mineral

        return by_mineral(Context(self.plan, self.book, self.without_limits, kept=self.kept))


def solve_file(  # noqa: PLR0913 - what a plan is of, and where it is made
    path: Path,
    *,
    scenario: str = scenarios.BASE,
    what_ifs: Ask = nothing_asked,
    max_country_share: float | None = None,
    search: SearchLimits = NO_SEARCH_LIMITS,
    where: Where | None = None,
    solver: str = "",
    in_background: bool = False,
    tell: Callable[[str], None] = lambda _: None,
    notify: Callable[[str], None] = lambda _: None,
) -> PlanRun:
    """Read a workbook, apply a scenario, what-ifs and a share limit, and plan.

    Raises InputError, UsageError for an unknown scenario or a what-if that is none, or SolverError.
    ``where`` the parts of a large case are planned is this machine unless given; the plan does not
    depend on it. ``solver`` is one that Pyomo finds ("" HiGHS); UsageError where it finds none of
    that name. ``in_background`` compares models in a background process, where that can be:
    call ``Run.confirm`` before the plan is given out. ``tell`` hears of each stage as it begins,
    ``notify`` what there is to say of the place (a cluster without workers).
    """
    from models.plan.by_model import BY_HIGHS
    from models.solve import version
    from planner.sheets.summary import STAGES

    read, *planned = STAGES
    named = ""
    if solver:
        from models.program.outside import solver_version

        named = solver_version(solver)
    start = start_file(
        path,
        scenario=scenario,
        what_ifs=what_ifs,
        max_country_share=max_country_share,
        search=search,
        tell=tell,
    )
    book, case, variant = start.book, start.case, start.variant
    seconds = {read: start.seconds}
    tell("Planning")
    without_limits, trouble = None, ""
    plans: list[Plan] = []

    def counted(each: Case) -> Plan:
        plans.append(plan_of(each))
        return plans[-1]

    with _planning(case, where, notify, solver, in_background=in_background) as (plan_of, confirm):
        try:
            plan = counted(case)
        except InputError as error:
            raise start.placed(error.findings) from error
        if case.share_limits:
            tell("Planning without share limits, to say what they cost")
            try:
                without_limits = counted(scenarios.drop_share_limits(case))
            except SolverError as error:  # what the limits cost stays unknown; the plan is proven
                trouble = f"what the share limits cost is not known: {error}"
    for stage in planned:
        seconds[stage] = sum(p.timings.get(stage, 0.0) for p in plans)
    if solver and any(BY_HIGHS in block.attempt for block in plan.blocks):
        named += f", {BY_HIGHS.replace('HiGHS', version())}"
    return PlanRun(
        book, plan, without_limits, start.options, seconds, trouble,
        what_ifs=variant.what_ifs, made_with=variant.typed, solver=named, confirm=confirm,
    )  # fmt: skip


@contextmanager
def _planning(
    case: Case,
    where: Where | None,
    notify: Callable[[str], None],
    solver: str,
    *,
    in_background: bool,
) -> Iterator[tuple[Callable[[Case], Plan], Callable[[], None]]]:
    """Give what plans a case and then its variants, and what waits for the background.

    A small case and its variants share one comparison with the model; the parts of a large one come
    and go, on all cores. Every plan starts from nothing, so what a case is compared with is the
    same plan whatever the case is.
    """
    from models.plan import Session, solve
    from planner.studies import LocalProcesses
    from planner.studies.places import WORTH_A_FORK, WORTH_PROCESSES, routes_of

    def nothing() -> None:
        """Wait for nothing: all was done on the way."""

    if solver:
        yield lambda of: solve(of, solver=solver), nothing
        return
    with (where or LocalProcesses()).mapping(case, notify) as over:
        routes = routes_of(case)
        if over is map and routes < WORTH_PROCESSES:
            in_background = in_background and routes >= WORTH_A_FORK and can_fork()
            session = Session(case, in_background=in_background)
            yield lambda of: session.base if of is case else session.solve_cold(of), session.confirm
        else:
            yield lambda of: solve(of, over), nothing
