"""Changes to a case: a scenario, then what-ifs, then a limit on countries' shares.

Each action is a pure function from Case to Case. A scenario applies the steps of one name, from top
to bottom, and returns a new case. ``models.checks`` finds errors in steps, such as a selector that
the action does not accept; a step that changes nothing gives a warning. A what-if has the same
steps, but they come from the command line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from models.case import BASE, NO_SEARCH_LIMITS, Case, SearchLimits, normalize
from models.checks.common import name_hint
from models.checks.scenarios import steps_that_match_nothing
from models.errors import Finding, UsageError, warning
from models.results import Figure
from models.schema import ScenarioStep
from planner.render.words import few
from planner.scenarios.actions import (
    ACTIONS,
    apply_steps,
    changes_nothing,
    drop_share_limits,
    set_max_country_share,
)

__all__ = [
    "ACTIONS",
    "BASE",
    "Variant",
    "WhatIf",
    "apply",
    "apply_with_findings",
    "drop_share_limits",
    "scenario_name",
    "scenario_names",
    "set_max_country_share",
]

_MOST_LISTED = 20
"""Largest number of scenarios listed in a message about an unknown one."""
LIMIT = "Max country share"
"""Name of the limit on every country's share in a table of options."""
SEARCH = "Search for whole projects"
"""Name, in a table of options, of the limits at which the integer search ends."""


def scenario_names(case: Case) -> tuple[str, ...]:
    """Return the scenarios of a case in the order of their first rows, without Base."""
    return tuple(dict.fromkeys(step.name for step in case.scenarios))


def apply(case: Case, name: str) -> Case:
    """Return the case of a scenario.

    Args:
        case: A case whose sheet Scenarios has the scenario.
        name: The scenario's name, in any case of letters; "Base" is the case itself.

    Raises:
        KeyError: There is no such scenario.

    Example:
        >>> planner.apply(book.case, "Base") == book.case
        True
    """
    changed, _ = apply_with_findings(case, name)
    return changed


def steps_of(case: Case, name: str) -> tuple[ScenarioStep, ...]:
    """Return the rows of a scenario; ``Base`` has none. Raises KeyError if unknown."""
    if normalize(name) == normalize(BASE):
        return ()
    steps = tuple(step for step in case.scenarios if normalize(step.name) == normalize(name))
    if not steps:
        raise KeyError(name)
    return steps


def apply_with_findings(case: Case, name: str) -> tuple[Case, tuple[Finding, ...]]:
    """Return the case of a scenario, and a warning for each step that changes nothing."""
    steps = steps_of(case, name)
    if not steps:
        return case, ()
    changed, findings = case.change(scenario=steps[0].name), []
    for step in steps:
        before, changed = changed, apply_steps(changed, (step,))
        if before == changed:
            findings.append(changes_nothing(step))
    return changed, tuple(findings)


@dataclass(frozen=True)
class WhatIf:
    """One change from the command line.

    ``option`` is the option's name and ``given`` its value as typed. ``words`` describe the change
    with the workbook's names. ``findings`` are warnings on the option.
    """

    option: str
    given: str
    words: str
    steps: tuple[ScenarioStep, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def typed(self) -> str:
        value = f'"{self.given}"' if any(c in self.given for c in " ;*") else self.given
        return f"{self.option} {value}"

    @property
    def heading(self) -> str:
        """The option's name as the heading of a row: ``--what-if`` gives ``What if``."""
        return self.option.lstrip("-").replace("-", " ").capitalize()


@dataclass(frozen=True)
class Variant:
    """All changes from the workbook's case to the planned case; picklable.

    The scenario is applied first, then the what-ifs in order, then the limit on every country's
    share of each mineral. ``search`` limits the integer search.
    """

    scenario: str = BASE
    what_ifs: tuple[WhatIf, ...] = ()
    max_country_share: float | None = None
    search: SearchLimits = NO_SEARCH_LIMITS

    @property
    def _is_scenario(self) -> bool:
        return normalize(self.scenario) != normalize(BASE)

    def __call__(self, case: Case) -> Case:
        """Return the changed case. Raises KeyError for an unknown scenario."""
        return self.with_findings(case)[0]

    def with_findings(self, case: Case) -> tuple[Case, tuple[Finding, ...]]:
        """Return the changed case, and a warning for each change without effect."""
        changed, of_scenario = apply_with_findings(case, self.scenario)
        findings = list(of_scenario)
        for what_if in self.what_ifs:
            before, changed = changed, apply_steps(changed, what_if.steps)
            findings += what_if.findings
            if before == changed:
                findings.append(_no_effect(changed, what_if))
        if self.max_country_share is not None:
            changed = set_max_country_share(changed, self.max_country_share)
        if self.search != NO_SEARCH_LIMITS:
            changed = changed.change(search=self.search)
        return changed, tuple(findings)

    @property
    def options(self) -> dict[str, str]:
        """Scenario and changes by name of option; {} for the workbook's case."""
        return ({Figure.SCENARIO.value: self.scenario} if self._is_scenario else {}) | self.changes

    @property
    def typed(self) -> tuple[tuple[str, str], ...]:
        """Names and values of the options, as on a command line."""
        options = [("--scenario", self.scenario)] if self._is_scenario else []
        options += [(what_if.option, what_if.given) for what_if in self.what_ifs]
        if self.max_country_share is not None:
            options.append(("--max-country-share", repr(float(self.max_country_share))))
        if self.search.seconds is not None:
            options.append(("--time-limit", f"{self.search.seconds:g}"))
        if self.search.gap:
            options.append(("--gap", f"{self.search.gap:g}"))
        return tuple(options)

    @property
    def changes(self) -> dict[str, str]:
        """What-ifs, share limit and search limits, by name of option."""
        rows: dict[str, str] = {}
        for what_if in self.what_ifs:
            before = rows.get(what_if.heading)
            rows[what_if.heading] = f"{before}; {what_if.words}" if before else what_if.words
        if self.max_country_share is not None:
            rows[LIMIT] = f"{self.max_country_share:g}"
        ends = [f"{self.search.seconds:g} s"] if self.search.seconds is not None else []
        ends += [f"a gap of {self.search.gap:.3g}"] if self.search.gap else []
        return rows | ({SEARCH: f"ends at {' or '.join(ends)}"} if ends else {})

    def with_origin(self, findings: tuple[Finding, ...]) -> Iterator[Finding]:
        """Yield the findings, each with the scenario and what-ifs in which it arises."""
        where = [f"in scenario {self.scenario}"] if self._is_scenario else []
        if self.what_ifs:
            where.append(f"with {', '.join(what_if.typed for what_if in self.what_ifs)}")
        start = f"{', '.join(where)}: " if where else ""
        for finding in findings:
            yield replace(finding, found=f"{start}{finding.found}")


def _no_effect(case: Case, what_if: WhatIf) -> Finding:
    """Return the warning that a what-if changes nothing, with the reason if it is known."""
    reasons = dict.fromkeys(
        finding.found.partition(" matches ")[2] or finding.found
        for finding in steps_that_match_nothing(case.change(scenarios=what_if.steps, risks=()))
    )
    hint = (
        f"it matches {'; '.join(reasons)}"
        if reasons
        else "nothing matches, or the workbook has the same value already"
    )
    return warning("", found=f"`{what_if.typed}` changes nothing", hint=hint)


def scenario_name(case: Case, name: str) -> str:
    """Return a scenario's name as the workbook spells it; UsageError suggests a similar one."""
    spelt = {normalize(k): k for k in (BASE, *scenario_names(case))}
    if normalize(name) not in spelt:
        hint, every = name_hint(name, spelt), few(list(spelt.values()), _MOST_LISTED)
        listed = f"{hint} Choose from {every}" if hint else f"choose from {every}"
        msg = f"there is no scenario {name!r}; {listed}"
        raise UsageError(msg)
    return spelt[normalize(name)]
