"""Compare: the base case and what-ifs of it, each planned whole and set beside the base."""

from __future__ import annotations

from dataclasses import dataclass

from models import checks
from models.case import BASE, Case
from models.errors import Finding, Severity
from models.plan import Plan
from planner.scenarios.variant import LIMIT, Variant
from planner.studies.engine import Run, Study


@dataclass(frozen=True)
class Compared:
    """One case that is compared: its name, and the change from the workbook's case to it.

    ``errors`` say where its records contradict the rules: such a case is not planned. ``warnings``
    say what in the change touches nothing.
    """

    name: str
    variant: Variant
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()


def compared(case: Case, scenarios: tuple[str, ...], asked: Variant | None) -> list[Compared]:
    """Return the cases to compare: Base first, the scenarios, and last what the command asks.

    ``scenarios`` are names as the workbook spells them; Base is always there, and none is twice.
    """
    names = dict.fromkeys(name for name in scenarios if name != BASE)
    found = [_checked(case, name, Variant(name)) for name in (BASE, *names)]
    if asked is not None and asked.changes:
        found.append(_checked(case, _name(asked, [BASE, *names]), asked))
    return found


def _checked(case: Case, name: str, variant: Variant) -> Compared:
    """Return a case to compare with what the rules say of it."""
    changed, warnings = variant.with_findings(case)
    found = checks.check(changed, checks.RULES)
    errors = tuple(f for f in found if f.severity is Severity.ERROR)
    return Compared(name, variant, errors, warnings)


_LONGEST = 60


def _name(asked: Variant, taken: list[str]) -> str:
    """Return what the command's own case is called: by what it does, as much as is short."""
    parts = [f"{what_if.heading} {what_if.words}" for what_if in asked.what_ifs]
    said = asked.changes.get(LIMIT)
    parts += [f"{LIMIT} {said}"] if said is not None else []
    shown = len(parts)
    while shown > 1 and len(_joined(parts, shown)) > _LONGEST:
        shown -= 1
    name = _joined(parts, shown)
    return name if name not in taken else f"{name} (command line)"


def _joined(parts: list[str], shown: int) -> str:
    """Return the first of several changes in words, and how many more there are."""
    first = "; ".join(parts[:shown])
    first = first if len(first) <= _LONGEST or shown > 1 else f"{first[: _LONGEST - 1].rstrip()}…"
    return first if shown == len(parts) else f"{first}; {len(parts) - shown} more"


def compare_study(case: Case, cases: list[Compared]) -> Study[Plan]:
    """Return the study: a chain for each case that keeps the rules, all started from the base."""
    chains = tuple((Run(each.name, each.variant),) for each in cases if not each.errors)
    return Study(case, chains, whole)


def whole(plan: Plan) -> Plan:
    """Return all of the plan: the sheets of a comparison show it whole."""
    return plan
