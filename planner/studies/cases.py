"""The cases of a comparison: the base, and scenarios and what-ifs, also as surprises."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models import checks
from models.answers.nearest import exchanged
from models.case import BASE, Case, FixedDecisions
from models.errors import Finding, UsageError, warning
from models.plan import Plan, Session
from models.results.decisions import Row, changes_of, decisions_of
from models.results.numbers import PlanNumbers
from models.schema import ACTION_CELLS, ScenarioStep
from planner.render.words import year_span
from planner.scenarios import LIMIT, Variant, steps_of
from planner.studies import compare_tables, engine
from planner.studies.agreed_plan import Unforeseen, decisions_before
from planner.studies.engine import OnProgress, Outcome, Outcomes, Run, run_study
from planner.studies.source import RunSource

if TYPE_CHECKING:
    from planner.studies.places import Where

UNFORESEEN = "unforeseen"
_REMOVES = "remove member"
_LONGEST_NAME = 60
"""The longest name, in characters, of the case that the command's options make."""


@dataclass(frozen=True)
class ComparedCase:
    """A case to compare: its name, and how it changes the workbook's case.

    ``errors`` are records that break the rules: such a case is not planned. ``warnings`` name the
    parts of the change that match no record. For a surprise, ``foreseen`` is the name of the same
    change known from the first year.
    """

    name: str
    variant: Variant | Unforeseen
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    foreseen: str = ""


def compared_cases(
    case: Case, scenarios: tuple[str, ...], asked: Variant | None
) -> list[ComparedCase]:
    """Return the cases to compare: Base, each scenario once, and the case of the options.

    ``scenarios`` are names as the workbook spells them; ``asked`` is the change that the command's
    options make.
    """
    names = [BASE, *dict.fromkeys(name for name in scenarios if name != BASE)]
    variants, cases = {name: Variant(name) for name in names}, list[ComparedCase]()
    if asked is not None and asked.changes:
        variants[_case_name(asked, names)] = asked
    for name, variant in variants.items():
        changed, warnings = variant.with_findings(case)
        cases.append(ComparedCase(name, variant, tuple(checks.errors(changed)), warnings))
    return cases


def with_unforeseen(case: Case, cases: Sequence[ComparedCase], year: int) -> list[ComparedCase]:
    """Return the cases, each but the base followed by the same change as a surprise in a year.

    A change that has an effect before that year gets one more case: the same change from the year
    on, known from the first year. So the surprise is compared with the same events. A change that
    removes a member, or has no effect from the year on, has no surprise, and gets a warning.
    """
    every = list[ComparedCase]()
    for each in cases:
        every.append(each)
        if each.name == BASE or not isinstance(each.variant, Variant):
            continue
        late = Unforeseen(each.variant, FixedDecisions(year))
        why = f"`{_REMOVES}` holds for all years"
        if all(step.action != _REMOVES for step in late.steps(case)):
            why = "" if late.has_effect(case) else f"it changes nothing from {year} on"
        if why:
            left_out = warning("", found=f"{each.name} is not planned as {UNFORESEEN}: {why}")
            every[-1] = dataclasses.replace(each, warnings=(*each.warnings, left_out))
            continue
        name, errors = each.name, tuple(checks.errors(late(case)))
        if late.has_effect_before(case):
            name = f"{each.name} from {year}"
            every.append(ComparedCase(name, dataclasses.replace(late, is_known=True), errors))
        every.append(ComparedCase(f"{name} ({UNFORESEEN})", late, errors, foreseen=name))
    return every


def _case_name(asked: Variant, used_names: list[str]) -> str:
    """Return the name of the case that the options make: its changes in words, as many as fit."""
    parts = [f"{what_if.heading} {what_if.words}" for what_if in asked.what_ifs]
    parts += [f"{LIMIT} {asked.changes[LIMIT]}"] if LIMIT in asked.changes else []
    names = list[str]()
    for shown in range(len(parts), 0, -1):
        first, left = "; ".join(parts[:shown]), len(parts) - shown
        if shown == 1 and len(first) > _LONGEST_NAME:
            first = f"{first[: _LONGEST_NAME - 1].rstrip()}…"
        names.append(f"{first}; {left} more" if left else first)
    name = next((name for name in names if len(name) <= _LONGEST_NAME), names[-1])
    return name if name not in used_names else f"{name} (command line)"


@dataclass(frozen=True)
class Planned:
    """A plan with its numbers, its ``plan_sheets``, and the rows of its sheet Decide now."""

    plan: Plan
    numbers: PlanNumbers
    sheets: compare_tables.PlanSheets
    decisions: tuple[Row, ...] = ()


def scenario_source(case: Case, cases: Sequence[ComparedCase]) -> RunSource:
    """Return the runs of the valid cases, each started from the base, which is the reference."""
    runs = tuple(Run(e.name, e.variant, compare=compared_with_base) for e in cases if not e.errors)
    return RunSource(case, runs, read=with_tables)


def plan_cases(
    case: Case,
    cases: Sequence[ComparedCase],
    where: Where | None,
    on_progress: OnProgress | None,
) -> tuple[list[ComparedCase], Outcomes[Planned]]:
    """Return the cases, and the outcome of each valid one.

    Surprises are planned after the base, because the base plan's decisions of earlier years are
    kept in them.
    """
    total = sum(not each.errors for each in cases)
    late = [each for each in cases if isinstance(each.variant, Unforeseen)]
    first = [each for each in cases if isinstance(each.variant, Variant)]
    source = scenario_source(case, first)
    foreseen = run_study(source.study, where, engine.offset_progress(on_progress, 0, total))
    base, trouble, more = foreseen[0].result, "", Outcomes[Planned](())
    if base is not None and not foreseen.stopped and late:
        late = [_with_base_decisions(base.plan, each) for each in late]
        progress = engine.offset_progress(on_progress, len(foreseen), total)
        try:
            more = run_study(scenario_source(case, late).study, where, progress)
        except UsageError as error:  # the place was reachable for the first runs
            trouble = str(error)
    elif foreseen.stopped:
        trouble = "the study was stopped before"
    else:
        why = f"has no proven plan: {foreseen[0].error}"
        trouble = f"the base, whose earlier decisions are kept, {why}"
    if trouble:
        left, why = (each.name for each in late if not each.errors), f"{engine.NOT_RUN}{trouble}"
        unrun = (Outcome[Planned](name, error=why, ran=False) for name in left)
        more = Outcomes(tuple(unrun), foreseen.stopped)
    by_name = {each.name: each for each in late}
    decided = [by_name.get(each.name, each) for each in cases]
    return decided, Outcomes((*foreseen, *more), more.stopped)


def _with_base_decisions(base: Plan, each: ComparedCase) -> ComparedCase:
    change = each.variant
    if isinstance(change, Unforeseen):
        change = dataclasses.replace(
            change, fixed_decisions=decisions_before(base, change.fixed_decisions.before)
        )
    return dataclasses.replace(each, variant=change)


_COMPUTED = (
    "flows", "shortages", "sources", "countries", "contracts", "stocks", "projects", "ore",
    "limits", "changes", "tiers", "security", "costs", "mineral_costs", "values", "cash",
    "tariffs", "levies", "purchases", "tonnes", "shortage", "delivered", "delivered_to_plants",
    "transferred",
)  # fmt: skip
"""Tables of a plan that are computed in the process that solved it, which has its program."""


def with_tables(plan: Plan) -> Planned:
    """Return a plan, once its tables ``_COMPUTED`` are computed in this process."""
    for name in _COMPUTED:
        getattr(plan, name)
    return Planned(plan, PlanNumbers.of(plan), compare_tables.plan_sheets(plan))


def compared_with_base(plan: Plan, session: Session) -> Planned:
    """Return a plan with its tables, and the decisions that differ from the base plan's.

    Before a surprise they are the base plan's, also those on plants that are late because of it.
    """
    if plan.case.fixed_decisions is not None:
        return with_tables(plan)
    now, base = map(decisions_of, (plan, session.base))
    decisions = changes_of(now, base, exchanged(plan, base))
    return dataclasses.replace(with_tables(plan), decisions=decisions)


# ---- changes of a case, in words -----------------------------------------------------------------

_MOST_STEPS = 3
"""How many steps of a scenario are named; the rest are only counted."""


def changes_in_words(case: Case, change: Variant | Unforeseen) -> str:
    """Return the changes of a case in words: each step, its records and its years."""
    variant = change.variant if isinstance(change, Unforeseen) else change
    what_ifs = [step for what_if in variant.what_ifs for step in what_if.steps]
    steps = [_step_in_words(case, step) for step in (*steps_of(case, variant.scenario), *what_ifs)]
    if variant.max_country_share is not None:
        steps.append(f"{LIMIT.lower()} {variant.max_country_share:g}")
    more = [f"{len(steps) - _MOST_STEPS} more"] if len(steps) > _MOST_STEPS else []
    return "; ".join([*steps[:_MOST_STEPS], *more])


def _step_in_words(case: Case, step: ScenarioStep) -> str:
    country = step.country and case.country_name(step.country)
    of = (step.mineral, country, step.refiner, step.company, step.member, step.tier, step.plant)
    names = filter(None, of)
    action = f"{step.action} {step.value:g}" if step.value is not None else step.action
    selected = ", ".join(names)
    first, last = step.first_year or case.years[0], step.last_year or case.years[-1]
    is_timed = "first_year" in ACTION_CELLS[step.action].selectors
    when = f", {year_span((first, last))}" if is_timed else ""
    return f"{action}{f': {selected}' if selected else ''}{when}"
