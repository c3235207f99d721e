"""Looks up names on a command line in a workbook's case."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from models import checks, resolve
from models.case import Case, normalize
from models.checks import advice, rows, scenarios, stages, tiers
from models.checks.common import companies, did_you_mean, names_containing, plants, seller
from models.errors import Finding, Severity, UsageError
from models.schema import REST_OF_WORLD, ScenarioStep
from planner.workbook.cells import closest_country, iso3_code
from planner.workbook.findings import sentence

_RULES = (
    rows.numbers_are_within_bounds,
    rows.last_year_not_before_first,
    scenarios.selectors_fit_actions,
    scenarios.values_fit_actions,
    scenarios.projects_are_matched,
    stages.plants_of_lanes_take_the_input,
    advice.outside_the_horizon,
    tiers.tiers_that_match_no_demand,
)
"""Rules for a row of the sheet Scenarios, except for the rules on names."""


@dataclass(frozen=True)
class Seller:
    """A country, a refiner or a company that owns plants; every seller if all three are blank."""

    words: str
    country: str = ""
    refiner: str = ""
    company: str = ""

    @property
    def selectors(self) -> dict[str, Any]:
        return {"country": self.country, "refiner": self.refiner, "company": self.company}


class Named:
    """Looks up names of a case; ``*`` matches any letters."""

    SELECTORS = ("mineral", "refiner", "company", "member", "tier", "plant")
    """The selectors whose names ``names`` looks up."""

    def __init__(self, case: Case) -> None:
        self.case = case

    def sellers(self, text: str, *, parts: bool = False) -> tuple[Seller, ...]:
        """Return the country, or the companies and refiners, that a text names.

        A text that names a country and a refiner means the country if the workbook has it,
        otherwise the refiner. With ``parts``, a part of a name is enough: the text matches names
        that contain it as whole words. If there are none, it matches names with a word that begins
        with it, unless it is similar to a country. UsageError if nothing matches.
        """
        if text == "*":
            return (Seller(""),)
        matching = self._owners_and_refiners(partial(_matching, text))
        code = iso3_code(text)
        if code is not None and (not matching or code in self._sellers | self._buyers):
            return (Seller(self.country_name(code, text), country=code),)
        hint = closest_country(text)
        if not matching and parts:
            matching = self._owners_and_refiners(partial(_containing, text, beginnings=not hint))
        if not matching:
            owners = companies(self.case)
            is_simple = hint or not owners  # similar to a country: the user means no company
            wanted = "a country or a refiner" if is_simple else "a country, a company or a refiner"
            raise _unknown(text, wanted, hint or _near(text, owners | self.case.refiner_names))
        return matching

    def _owners_and_refiners(
        self, match: Callable[[Iterable[str]], tuple[str, ...]]
    ) -> tuple[Seller, ...]:
        """Return the companies and refiners whose names match.

        If a company matches, refiners with an Owner are left out: they belong to their company.
        """
        owners = match(sorted(companies(self.case)))
        owned = {seller(plant) for plant in plants(self.case) if plant.company} if owners else set()
        names = match(sorted(self.case.refiner_names - owned))
        sellers = [Seller(name, company=name) for name in owners]
        return (*sellers, *(Seller(name, refiner=name) for name in names))

    @property
    def _sellers(self) -> set[str]:
        """The countries that refine or mine."""
        return {each.country for each in (*plants(self.case), *self.case.mines)}

    @property
    def _buyers(self) -> set[str]:
        return {member.country for member in self.case.members}

    def sells(self, country: str) -> bool:
        """Return whether a plant or a mine is in the country, given by its code."""
        return country in self._sellers

    def countries_outside(self) -> list[str]:
        """Return the names of countries that sell and have no member, in order."""
        codes = self._sellers - self._buyers - {REST_OF_WORLD}
        return sorted(map(self.case.country_name, codes), key=normalize)

    def country_code(self, text: str) -> str:
        """Return the code of a country, "" for all; UsageError if it is unknown."""
        if text in {"", "*"}:
            return ""
        code = iso3_code(text)
        if code is None:
            raise _unknown(text, "a country", closest_country(text))
        return code

    def country_name(self, code: str, typed: str = "") -> str:
        """Return a country's name as the workbook spells it, otherwise as typed."""
        name = self.case.country_name(code)
        return name if name != code else typed or code

    def names(self, selector: str, text: str) -> tuple[str, ...]:
        """Return the names that a text stands for, of a ``selector`` of steps; ("",) means all.

        A member may also be named by its country or group.
        """
        if text.strip() in {"", "*"}:
            return ("",)
        matching = _matching(text, self._known[selector])
        if not matching and selector == "member":
            code, members = iso3_code(text), self.case.members
            groups = {normalize(name): names for name, names in self.case.groups.items()}
            in_country = tuple(m.name for m in members if code and m.country == code)
            matching = in_country or groups.get(normalize(text), ())
        if not matching:
            wanted = f"a {selector} in the workbook"
            raise _unknown(text, wanted, _near(text, self._known[selector]))
        return matching

    @cached_property
    def _known(self) -> dict[str, list[str]]:
        """All names by selector; refiners include projects, plants are refiners with inputs."""
        return {
            "mineral": [m.name for m in self.case.minerals],
            "refiner": sorted(self.case.refiner_names),
            "company": sorted(companies(self.case)),
            "member": [m.name for m in self.case.members],
            "tier": [row.name for row in self.case.tiers],
            "plant": sorted(resolve.inputs_by_plant(self.case)),
        }

    def check_steps(self, steps: tuple[ScenarioStep, ...]) -> tuple[tuple[Finding, ...], list[str]]:
        """Return the warnings and errors of steps, as for rows of the sheet Scenarios."""
        case, warnings, errors = self.case.change(scenarios=steps, risks=()), [], []
        for finding in dict.fromkeys(checks.check_rules(case, _RULES)):
            if finding.sheet == ScenarioStep.SHEET and finding.severity is Severity.ERROR:
                errors.append(sentence(finding))
            elif finding.sheet == ScenarioStep.SHEET and finding.severity is Severity.WARNING:
                warnings.append(dataclasses.replace(finding, sheet="", row=0, column=""))
        return tuple(warnings), errors


def _matching(text: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the name that equals a text, otherwise the names that match its ``*``."""
    parts = (re.escape(part) for part in normalize(text).split("*"))
    pattern = re.compile(".*".join(parts))
    exact = [name for name in names if normalize(name) == normalize(text)]
    return tuple(exact or (name for name in names if pattern.fullmatch(normalize(name))))


def _containing(text: str, names: Iterable[str], *, beginnings: bool) -> tuple[str, ...]:
    """Return the names that contain a text as whole words; otherwise as the beginning of a word."""
    spelt = {normalize(name): name for name in names}
    normalized = (
        [] if "*" in text else names_containing(normalize(text), spelt, beginnings=beginnings)
    )
    return tuple(spelt[name] for name in normalized)


def _near(text: str, choices: Iterable[str]) -> str:
    """Return a hint with the most similar name, or with the name that contains a text."""
    names = list(choices)
    bare = normalize(text).strip("* ")
    containing = [name for name in names if bare and bare in normalize(name)]
    if len(containing) == 1:
        return f"did you mean {containing[0]!r}?"
    if len(containing) > 1 and "*" not in text:
        count, first = len(containing), min(containing)  # the same in every run
        return f'{count} names contain it, such as {first!r}: write "*{text}*" for all of them'
    return did_you_mean(text, names)


def _unknown(text: str, wanted: str, hint: str) -> UsageError:
    return UsageError(f"{text!r} is not {wanted}{f'; {hint}' if hint else ''}")
