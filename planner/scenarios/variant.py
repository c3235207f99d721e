"""What a command asks of a workbook beyond its cells: a scenario, what-ifs, a limit, in that order.

A what-if is steps of a scenario that no row of the workbook says: the same actions run.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from models.case import BASE, Case, fold
from models.checks.scenarios import steps_that_match_nothing
from models.errors import Finding, UsageError, warning
from models.schema import ScenarioStep
from planner.scenarios import ACTIONS, apply_with_findings, names, set_max_country_share

LIMIT = "Max country share"
"""What a row of options calls the limit on every country's share."""


@dataclass(frozen=True)
class WhatIf:
    """One change asked for beside the workbook.

    ``option`` is the option's name and ``given`` its value as typed; ``words`` say in the
    workbook's names what it does. ``findings`` are warnings on what was asked for.
    """

    option: str
    given: str
    words: str
    steps: tuple[ScenarioStep, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def typed(self) -> str:
        """The option as it was typed."""
        value = f'"{self.given}"' if any(c in self.given for c in " ;*") else self.given
        return f"{self.option} {value}"

    @property
    def heading(self) -> str:
        """What a row of options calls it: ``Block``, ``What if``."""
        return self.option.lstrip("-").replace("-", " ").capitalize()


@dataclass(frozen=True)
class Variant:
    """A change from the workbook's case to the one that is planned; picklable.

    The scenario is applied first, then the what-ifs in their order, then the limit on every
    country's share of each mineral.
    """

    scenario: str = BASE
    what_ifs: tuple[WhatIf, ...] = ()
    max_country_share: float | None = None

    def __call__(self, case: Case) -> Case:
        """Return the case that is planned. Raises KeyError for an unknown scenario."""
        return self.with_findings(case)[0]

    def with_findings(self, case: Case) -> tuple[Case, tuple[Finding, ...]]:
        """Return the case that is planned, and a warning for each change that touches nothing."""
        changed, found = apply_with_findings(case, self.scenario)
        findings = list(found)
        for what_if in self.what_ifs:
            after = changed
            for step in what_if.steps:
                after = ACTIONS[step.action](after, step)
            findings += what_if.findings
            if after == changed:
                findings.append(_nothing(changed, what_if))
            changed = after
        if self.max_country_share is not None:
            changed = set_max_country_share(changed, self.max_country_share)
        return changed, tuple(findings)

    @property
    def options(self) -> dict[str, str]:
        """What is asked for, as rows of options; empty for the workbook as it stands."""
        said = {} if fold(self.scenario) == fold(BASE) else {"Scenario": self.scenario}
        said |= self.changes
        return said

    @property
    def typed(self) -> tuple[tuple[str, str], ...]:
        """What is asked for as options of the command line, name and value."""
        said = [] if fold(self.scenario) == fold(BASE) else [("--scenario", self.scenario)]
        said += [(what_if.option, what_if.given) for what_if in self.what_ifs]
        if self.max_country_share is not None:
            said.append(("--max-country-share", repr(float(self.max_country_share))))
        return tuple(said)

    @property
    def changes(self) -> dict[str, str]:
        """What is asked for on top of the scenario, as rows of options."""
        said: dict[str, str] = {}
        for what_if in self.what_ifs:
            before = said.get(what_if.heading)
            said[what_if.heading] = f"{before}; {what_if.words}" if before else what_if.words
        if self.max_country_share is not None:
            said[LIMIT] = f"{self.max_country_share:g}"
        return said

    def within(self, findings: tuple[Finding, ...]) -> Iterator[Finding]:
        """Yield findings that say in which scenario and with which what-ifs they arise."""
        where = "" if fold(self.scenario) == fold(BASE) else f"in scenario {self.scenario}: "
        if self.what_ifs:
            typed = ", ".join(what_if.typed for what_if in self.what_ifs)
            where = f"{where.removesuffix(': ')}{', ' if where else ''}with {typed}: "
        for finding in findings:
            yield replace(finding, found=f"{where}{finding.found}") if where else finding


def _nothing(case: Case, what_if: WhatIf) -> Finding:
    """Return the warning that a what-if changes nothing, with the reason where one is seen."""
    said = dict.fromkeys(
        found.found.partition(" matches ")[2] or found.found
        for found in steps_that_match_nothing(case.change(scenarios=what_if.steps, risks=()))
    )
    hint = f"it matches {'; '.join(said)}" if said else "nothing matches, or it stands so already"
    return warning("", found=f"`{what_if.typed}` changes nothing", hint=hint)


def scenario_name(case: Case, name: str) -> str:
    """Return a scenario's name as the workbook spells it; UsageError names the closest to it."""
    known = {fold(k): k for k in (BASE, *names(case))}
    if fold(name) not in known:
        close = difflib.get_close_matches(fold(name), known, n=1, cutoff=0.5)
        every = ", ".join(known.values())
        hint = f"did you mean {known[close[0]]!r}?" if close else f"there is {every}"
        msg = f"no scenario {name!r} in the sheet Scenarios; {hint}"
        raise UsageError(msg)
    return known[fold(name)]
