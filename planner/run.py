"""One run: from a workbook and a command's options to a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.background import can_fork
from models.case import NO_SEARCH_LIMITS, Case, SearchLimits
from models.errors import Finding, InputError, SolverError
from planner import scenarios
from planner.scenarios import WhatIf
from planner.scenarios.start import WhatIfReader, start_file
from planner.workbook import Book

if TYPE_CHECKING:
    from models.plan import Plan
    from models.results import ByMineral
    from planner.render.front import FirstPage


@dataclass(frozen=True)
class PlanRun:
    """A plan, and how it was made.

    ``without_limits`` is the plan of the same case without its share limits; it is None if the case
    has none, or if the solver proved no optimum (``trouble`` says why). ``seconds`` is by stage.
    ``what_ifs`` are the what-ifs of the command line; ``made_with`` are all options as typed.
    ``solver`` is its name and version; "" is HiGHS. ``confirm`` waits for the comparison in the
    background, and raises SolverError if it fails. ``kept`` are results that the sheets have
    computed and the terminal shows.
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
    def front(self) -> FirstPage:
        """The plan's first page."""
        from planner.sheets.context import Context
        from planner.sheets.front import overview

        options, kept = self.options, self.kept
        return overview(Context(self.plan, self.book, self.without_limits, options, cache=kept))

    @cached_property
    def minerals(self) -> ByMineral:
        from planner.sheets.context import Context
        from planner.sheets.figures import by_mineral_table

        return by_mineral_table(Context(self.plan, self.book, self.without_limits, cache=self.kept))


def solve_file(  # noqa: PLR0913 - all options of a plan
    path: Path,
    *,
    scenario: str = scenarios.BASE,
    what_ifs: WhatIfReader = lambda _: (),
    max_country_share: float | None = None,
    search: SearchLimits = NO_SEARCH_LIMITS,
    solver: str = "",
    in_background: bool = False,
    on_stage: Callable[[str], None] = lambda _: None,
) -> PlanRun:
    """Read a workbook, apply a scenario, what-ifs and a share limit, and plan.

    Raises InputError, SolverError, or UsageError for an unknown scenario or what-if. ``solver`` is
    the name of a solver that Pyomo can find ("": HiGHS); UsageError if it cannot. With
    ``in_background``, models are compared in a background process if possible: call
    ``PlanRun.confirm`` before you show the plan. ``on_stage`` is called at the beginning of each
    stage.
    """
    from models.plan.by_model import BY_HIGHS
    from models.solve.highs import version
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
        on_stage=on_stage,
    )
    book, case, variant = start.book, start.case, start.variant
    seconds = {read: start.seconds}
    on_stage("Planning")
    without_limits, trouble = None, ""
    plans: list[Plan] = []

    def planned_case(each: Case) -> Plan:
        plans.append(plan_of(each))
        return plans[-1]

    plan_of, confirm = _planning(case, solver, in_background=in_background)
    try:
        plan = planned_case(case)
    except InputError as error:
        raise start.input_error(error.findings) from error
    if case.share_limits:
        on_stage("Planning without share limits, to say what they cost")
        try:
            without_limits = planned_case(scenarios.drop_share_limits(case))
        except SolverError as error:  # the plan itself is proven
            trouble = f"the cost of the share limits is unknown: {error}"
    for stage in planned:
        seconds[stage] = sum(p.timings.get(stage, 0.0) for p in plans)
    if solver and any(BY_HIGHS in block.attempt for block in plan.blocks):
        named += f", {BY_HIGHS.replace('HiGHS', version())}"
    return PlanRun(
        book, plan, without_limits, start.options, seconds, trouble,
        what_ifs=variant.what_ifs, made_with=variant.typed, solver=named, confirm=confirm,
    )  # fmt: skip


_MIN_ROUTES_APART = 2_000_000
"""From this number of routes on (``routes_of``), the independent parts of a case have programs of
their own, one after another. A case with a million routes is planned in 3 s."""


def _planning(
    case: Case, solver: str, *, in_background: bool
) -> tuple[Callable[[Case], Plan], Callable[[], None]]:
    """Return the function that plans the case or a variant, and the one that waits at the end.

    A case and its variants share one comparison with the Pyomo model. Every plan starts from
    scratch, so it does not depend on the plan before it.
    """
    from models.plan import Session, solve
    from planner.studies.places import MIN_ROUTES_IN_BACKGROUND, routes_of

    routes = routes_of(case)
    if solver or routes >= _MIN_ROUTES_APART:
        return partial(solve, solver=solver), lambda: None
    in_background = in_background and routes >= MIN_ROUTES_IN_BACKGROUND and can_fork()
    session = Session(case, in_background=in_background)
    return (
        lambda each: session.base if each is case else session.solve_cold(each),
        session.confirm,
    )
