"""One plan: a workbook and the command's options to a proven plan, timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models.case import Case
from models.errors import Finding, InputError, SolverError
from planner import scenarios
from planner.run.start import Ask, nothing_asked, start_file
from planner.scenarios import WhatIf
from planner.workbook import Book

if TYPE_CHECKING:
    from models.plan import Plan
    from planner.sheets.lost import Lost
    from planner.studies import Where


@dataclass(frozen=True)
class Run:
    """A plan with all that its workbook says about how it came about.

    ``without_limits`` is the plan of the same case without its share limits (None: it has none, or
    the solver proved no optimum, which ``trouble`` then tells); ``seconds`` by stage.
    ``what_ifs`` were asked for beside the workbook; ``made_with`` are all options as typed.
    ``lost`` is the plan when its largest supplier country has stopped (None: not known).
    """

    book: Book
    plan: Plan
    without_limits: Plan | None
    options: dict[str, str]
    seconds: dict[str, float]
    trouble: str = ""
    what_ifs: tuple[WhatIf, ...] = ()
    made_with: tuple[tuple[str, str], ...] = ()
    lost: Lost | None = None

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Every warning on the input and on the scenario."""
        return self.book.warnings


def solve_file(  # noqa: PLR0913 - what a plan is of, and where it is made
    path: Path,
    *,
    scenario: str = scenarios.BASE,
    what_ifs: Ask = nothing_asked,
    max_country_share: float | None = None,
    where: Where | None = None,
    tell: Callable[[str], None] = lambda _: None,
    notify: Callable[[str], None] = lambda _: None,
) -> Run:
    """Read a workbook, apply a scenario, what-ifs and a share limit, and plan.

    Raises InputError, UsageError for an unknown scenario or a what-if that is none, or SolverError.
    ``where`` the parts of a large case are planned is this machine unless given; the plan does not
    depend on it. ``tell`` hears of each stage as it begins, ``notify`` what there is to say of the
    place (a cluster without workers).
    """
    from planner.sheets.summary import STAGES

    read, *planned = STAGES
    start = start_file(
        path, scenario=scenario, what_ifs=what_ifs, max_country_share=max_country_share, tell=tell
    )
    book, case, variant = start.book, start.case, start.variant
    seconds = {read: start.seconds}
    tell("Planning")
    without_limits, trouble = None, ""
    plans: list[Plan] = []

    def counted(of: Case) -> Plan:
        plans.append(plan_of(of))
        return plans[-1]

    with _planning(case, where, notify) as plan_of:
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
        lost = _lost(plan, counted, tell)
    for stage in planned:
        seconds[stage] = sum(p.timings.get(stage, 0.0) for p in plans)
    return Run(
        book, plan, without_limits, start.options, seconds, trouble,
        what_ifs=variant.what_ifs, made_with=variant.typed, lost=lost,
    )  # fmt: skip


def _lost(plan: Plan, plan_of: Callable[[Case], Plan], tell: Callable[[str], None]) -> Lost | None:
    """Return the plan when its largest supplier country has stopped; None where there is none.

    None of a large case, too, whose run it would make half as long again: the first page then says
    what is left if nothing is bought instead.
    """
    from planner.sheets.front import largest_supplier
    from planner.studies.losses import without_country

    if not plans_its_loss(plan.case):
        return None
    country = largest_supplier(plan)
    if not country:
        return None
    tell(f"Planning without {plan.case.country_name(country)}")
    try:
        return without_country(plan, country, plan_of)
    except SolverError:  # as of a large case
        return None


def plans_its_loss(case: Case) -> bool:
    """Return whether a run of a case plans, too, that its largest supplier country has stopped."""
    from planner.studies.places import WORTH_PROCESSES, routes_of

    return routes_of(case) < WORTH_PROCESSES


@contextmanager
def _planning(
    case: Case, where: Where | None, notify: Callable[[str], None]
) -> Iterator[Callable[[Case], Plan]]:
    """Give what plans a case and then its variants.

    The variants of a small case start from its plan; the parts of a large one come and go, on all
    cores.
    """
    from models.plan import Session, solve
    from planner.studies import ThisMachine
    from planner.studies.places import WORTH_PROCESSES, routes_of

    with (where or ThisMachine()).mapping(case, notify) as over:
        if over is map and routes_of(case) < WORTH_PROCESSES:
            session = Session(case)
            yield lambda of: session.base if of is case else session.solve(of)
        else:
            yield lambda of: solve(of, over)
