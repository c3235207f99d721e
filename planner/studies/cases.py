"""The cases of a comparison: the base and its what-ifs, each also as a surprise."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models import checks
from models.answers.cost_sharing import DualBill, bill_of
from models.case import BASE, Case, FixedDecisions
from models.errors import Finding, Severity, SolverError, UsageError, warning
from models.plan import Plan
from models.schema import TAKES, ScenarioStep
from planner.render.words import listed, signed, span
from planner.scenarios import LIMIT, Variant, steps_of
from planner.studies.agreed import Unforeseen, decided_before
from planner.studies.engine import NOT_RUN, Outcome, Outcomes, Run, Study, Tell, add_done, run_study

if TYPE_CHECKING:
    from planner.studies.places import Where

UNFORESEEN = "unforeseen"
_REMOVES = "remove member"
_LONGEST = 60
"""Characters of the name of the command's own case at most."""


@dataclass(frozen=True)
class ComparedCase:
    """One case that is compared: its name, and the change from the workbook's case to it.

    ``errors`` say where its records break the rules: such a case is not planned. ``warnings`` say
    what in the change touches nothing. For a surprise, ``foreseen`` is the name of the same change
    known from the first year.
    """

    name: str
    variant: Variant | Unforeseen
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    foreseen: str = ""


def compared(case: Case, scenarios: tuple[str, ...], asked: Variant | None) -> list[ComparedCase]:
    """Return the cases to compare: Base first, the scenarios, and last what the command asks.

    ``scenarios`` are names as the workbook spells them; Base is always there, and none is twice.
    """
    names = [BASE, *dict.fromkeys(name for name in scenarios if name != BASE)]
    cases = [_checked(case, name, Variant(name)) for name in names]
    if asked is not None and asked.changes:
        cases.append(_checked(case, _name(asked, names), asked))
    return cases


def _checked(case: Case, name: str, variant: Variant) -> ComparedCase:
    """Return a case to compare with what the rules say of it."""
    changed, warnings = variant.with_findings(case)
    findings = checks.check(changed, checks.RULES)
    errors = tuple(f for f in findings if f.severity is Severity.ERROR)
    return ComparedCase(name, variant, errors, warnings)


def with_unforeseen(case: Case, cases: Sequence[ComparedCase], year: int) -> list[ComparedCase]:
    """Return the cases, each but the base followed by itself as a surprise from a year on.

    A change that acts before that year, too, has a third case between the two: its part from the
    year on, known. So the surprise is compared with the same events. Left out, with a warning, is
    what removes a member, which has no year, and what does nothing from the year on.
    """
    every = list[ComparedCase]()
    for each in cases:
        every.append(each)
        if each.name == BASE or not isinstance(each.variant, Variant):
            continue
        late = Unforeseen(each.variant, FixedDecisions(year))
        why = f"`{_REMOVES}` holds for all years"
        if all(step.action != _REMOVES for step in late.steps(case)):
            why = "" if late.acts(case) else f"it does nothing from {year} on"
        if why:
            left_out = warning("", found=f"{each.name} is not planned as {UNFORESEEN}: {why}")
            every[-1] = dataclasses.replace(each, warnings=(*each.warnings, left_out))
            continue
        name, errors = each.name, tuple(checks.errors(late(case)))
        if late.acts_before(case):
            name = f"{each.name} from {year}"
            every.append(ComparedCase(name, dataclasses.replace(late, is_known=True), errors))
        every.append(ComparedCase(f"{name} ({UNFORESEEN})", late, errors, foreseen=name))
    return every


def _name(asked: Variant, taken: list[str]) -> str:
    """Return what the command's own case is called: by what it does, as much as is short."""
    parts = [f"{what_if.heading} {what_if.words}" for what_if in asked.what_ifs]
    limit = asked.changes.get(LIMIT)
    parts += [f"{LIMIT} {limit}"] if limit is not None else []
    names = [_joined(parts, shown) for shown in range(len(parts), 0, -1)]
    name = next((name for name in names if len(name) <= _LONGEST), names[-1])
    return name if name not in taken else f"{name} (command line)"


def _joined(parts: list[str], shown: int) -> str:
    """Return the first of several changes in words, and how many more there are."""
    first = "; ".join(parts[:shown])
    first = first if len(first) <= _LONGEST or shown > 1 else f"{first[: _LONGEST - 1].rstrip()}…"
    return first if shown == len(parts) else f"{first}; {len(parts) - shown} more"


@dataclass(frozen=True)
class Planned:
    """A plan, and who pays what for it: None if not asked for, a text if not known."""

    plan: Plan
    bill: DualBill | str | None = None


def compare_study(case: Case, cases: list[ComparedCase], *, bills: bool = False) -> Study[Planned]:
    """Return the study: a chain for each case that keeps the rules, all started from the base.

    With ``bills`` each result says who pays what.
    """
    chains = tuple((Run(each.name, each.variant),) for each in cases if not each.errors)
    return Study(case, chains, billed if bills else computed)


def plan_cases(
    case: Case,
    cases: Sequence[ComparedCase],
    where: Where | None,
    tell: Tell | None,
    *,
    bills: bool = False,
) -> tuple[list[ComparedCase], Outcomes[Planned]]:
    """Return the cases with what was decided before them, and the outcome of each that is planned.

    Surprises are planned after the base, whose decisions of earlier years hold. With ``bills`` each
    other result says who pays what.
    """
    total = sum(not each.errors for each in cases)
    late = [each for each in cases if isinstance(each.variant, Unforeseen)]
    first = [each for each in cases if isinstance(each.variant, Variant)]
    study = compare_study(case, first, bills=bills)
    foreseen = run_study(study, where, add_done(tell, 0, total))
    base, trouble, more = foreseen[0].found, "", Outcomes[Planned](())
    if base is not None and not foreseen.stopped and late:
        late = [_after(base.plan, each) for each in late]
        try:
            more = run_study(compare_study(case, late), where, add_done(tell, len(foreseen), total))
        except UsageError as error:  # the place was there before
            trouble = str(error)
    elif foreseen.stopped:
        trouble = "the study was stopped before"
    else:
        trouble = f"what was decided before is not known: {foreseen[0].error}"
    if trouble:
        left = (each.name for each in late if not each.errors)
        unrun = (Outcome[Planned](name, error=f"{NOT_RUN}{trouble}", ran=False) for name in left)
        more = Outcomes(tuple(unrun), foreseen.stopped)
    by_name = {each.name: each for each in late}
    decided = [by_name.get(each.name, each) for each in cases]
    return decided, Outcomes((*foreseen, *more), more.stopped)


def _after(base: Plan, each: ComparedCase) -> ComparedCase:
    """Return a case that comes unforeseen with what the base's plan decides before."""
    change = each.variant
    if isinstance(change, Unforeseen):
        change = dataclasses.replace(change, agreed=decided_before(base, change.agreed.before))
    return dataclasses.replace(each, variant=change)


_COMPUTED = (
    "flows", "shortages", "sources", "countries", "contracts", "stocks", "projects", "ore",
    "limits", "changes", "tiers", "security", "costs", "mineral_costs", "values", "cash",
    "tariffs", "levies", "purchases", "tonnes", "shortage", "delivered", "taken", "handed",
)  # fmt: skip
"""What is computed of a plan where it is planned, so that its program is not laid out again."""


def computed(plan: Plan) -> Planned:
    """Return a plan with its tables, computed where it is planned."""
    for name in _COMPUTED:
        getattr(plan, name)
    return Planned(plan)


def billed(plan: Plan) -> Planned:
    """Return a plan, and who pays what for it."""
    try:
        return Planned(computed(plan).plan, bill_of(plan))
    except SolverError as error:
        return Planned(plan, str(error))


# ---- what a case changes, in words ---------------------------------------------------------------

_MUCH = 0.01
"""A difference of demand from the base's that is mentioned is larger."""
_MOST_STEPS = 3
"""Steps of a scenario that are named; more are counted."""


def demand_against(base: Case, case: Case) -> str:
    """Return by how much demand differs from the base's: by mineral, the least and the most."""
    if case.years != base.years:
        return ""
    pairs = [
        [sum(c.coalition_demand(m.name, y) for y in base.years) for c in (base, case)]
        for m in base.minerals
    ]
    parts = sorted(after / before - 1.0 for before, after in pairs if before > 0)
    if not parts or max(map(abs, parts)) <= _MUCH:
        return ""
    ends = dict.fromkeys(f"{signed(part * 100, '.0f')} %" for part in (parts[0], parts[-1]))
    return " to ".join(ends)


def of_other_demand(every: Iterable[tuple[object, object]]) -> str:
    """Return which cases have another demand than the base; ``every`` are names with how much."""
    names = [f"{name} ({by} by mineral)" for name, by in every if isinstance(by, str) and by]
    if not names:
        return ""
    verb, whose = ("changes", "its") if len(names) == 1 else ("change", "their own")
    return f"{listed(names, 2)} {verb} demand. Costs and served shares there are of {whose} demand."


def in_words(case: Case, change: Variant | Unforeseen) -> str:
    """Return what a case changes: each step with what it selects and its years."""
    variant = change.variant if isinstance(change, Unforeseen) else change
    what_ifs = [step for what_if in variant.what_ifs for step in what_if.steps]
    steps = [_step(case, step) for step in (*steps_of(case, variant.scenario), *what_ifs)]
    if variant.max_country_share is not None:
        steps.append(f"{LIMIT.lower()} {variant.max_country_share:g}")
    more = [f"{len(steps) - _MOST_STEPS} more"] if len(steps) > _MOST_STEPS else []
    return "; ".join([*steps[:_MOST_STEPS], *more])


def _step(case: Case, step: ScenarioStep) -> str:
    country = step.country and case.country_name(step.country)
    names = filter(None, (step.mineral, country, step.refiner, step.company, step.member))
    action = f"{step.action} {step.value:g}" if step.value is not None else step.action
    selected = ", ".join(names)
    first, last = step.first_year or case.years[0], step.last_year or case.years[-1]
    when = "" if "first_year" not in TAKES[step.action].selectors else f", {span((first, last))}"
    return f"{action}{f': {selected}' if selected else ''}{when}"
