"""What a user types on a command line: names of a workbook's case, and parameters of a sweep."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from models import checks
from models.case import Case, CaseStep, CaseSteps, SetNumber, fold
from models.checks import advice, rows, scenarios
from models.checks.common import companies, did_you_mean, names_containing, plants, seller
from models.errors import Finding, Mistakes, Severity, UsageError
from models.schema import ACTION_CELLS, REST_OF_WORLD, ByYear, ScenarioStep, SecurityTarget
from planner.render.words import few
from planner.scenarios.actions import ActionKind, CaseChange
from planner.workbook.countries import closest_country, country_code

_RULES = (
    rows.numbers_are_within_bounds,
    rows.last_year_not_before_first,
    scenarios.selectors_fit_actions,
    scenarios.values_fit_actions,
    scenarios.builds_match_projects,
    advice.outside_the_horizon,
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
        code = country_code(text)
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

    def countries_outside(self) -> list[str]:
        """Return the names of countries that sell and have no member, in order."""
        codes = self._sellers - self._buyers - {REST_OF_WORLD}
        return sorted(map(self.case.country_name, codes), key=fold)

    def country(self, text: str) -> str:
        """Return the code of a country, "" for all; UsageError if it is unknown."""
        if text in {"", "*"}:
            return ""
        code = country_code(text)
        if code is None:
            raise _unknown(text, "a country", closest_country(text))
        return code

    def country_name(self, code: str, typed: str = "") -> str:
        """Return a country's name as the workbook spells it, otherwise as typed."""
        name = self.case.country_name(code)
        return name if name != code else typed or code

    def minerals(self, text: str) -> tuple[str, ...]:
        return self._names(text, "mineral", [m.name for m in self.case.minerals])

    def refiners(self, text: str) -> tuple[str, ...]:
        """Return the refiners, including projects, that a text names; ("",) means all."""
        return self._names(text, "refiner", sorted(self.case.refiner_names))

    def companies(self, text: str) -> tuple[str, ...]:
        """Return the owners of refiners or projects that a text names; ("",) means all."""
        return self._names(text, "company", sorted(companies(self.case)))

    def members(self, text: str) -> tuple[str, ...]:
        """Return the members that a text names by name, country or group; ("",) means all."""
        code, members = country_code(text), self.case.members
        in_country = tuple(m.name for m in members if code and m.country == code)
        groups = {fold(name): names for name, names in self.case.groups.items()}
        others = in_country or groups.get(fold(text), ())
        return self._names(text, "member", [m.name for m in members], others)

    def _names(
        self, text: str, kind: str, names: list[str], others: tuple[str, ...] = ()
    ) -> tuple[str, ...]:
        if text.strip() in {"", "*"}:
            return ("",)
        matching = _matching(text, names) or others
        if not matching:
            raise _unknown(text, f"a {kind} in the workbook", _near(text, names))
        return matching

    def check_steps(self, steps: tuple[ScenarioStep, ...]) -> tuple[tuple[Finding, ...], list[str]]:
        """Return the warnings and errors of steps, as for rows of the sheet Scenarios."""
        case, warnings, errors = self.case.change(scenarios=steps, risks=()), [], []
        for finding in dict.fromkeys(checks.check(case, _RULES)):
            if finding.sheet == ScenarioStep.SHEET and finding.severity is Severity.ERROR:
                errors.append(finding.message)
            elif finding.sheet == ScenarioStep.SHEET and finding.severity is Severity.WARNING:
                warnings.append(dataclasses.replace(finding, sheet="", row=0, column=""))
        return tuple(warnings), errors


def _matching(text: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the name that equals a text, otherwise the names that match its ``*``."""
    parts = (re.escape(part) for part in fold(text).split("*"))
    pattern = re.compile(".*".join(parts))
    exact = [name for name in names if fold(name) == fold(text)]
    return tuple(exact or (name for name in names if pattern.fullmatch(fold(name))))


def _containing(text: str, names: Iterable[str], *, beginnings: bool) -> tuple[str, ...]:
    """Return the names that contain a text as whole words; otherwise as the beginning of a word."""
    spelt = {fold(name): name for name in names}
    folded = [] if "*" in text else names_containing(fold(text), spelt, beginnings=beginnings)
    return tuple(spelt[name] for name in folded)


def _near(text: str, choices: Iterable[str]) -> str:
    """Return a hint with the most similar name, or with the name that contains a text."""
    names = list(choices)
    bare = fold(text).strip("* ")
    containing = [name for name in names if bare and bare in fold(name)]
    if len(containing) == 1:
        return f"did you mean {containing[0]!r}?"
    if len(containing) > 1 and "*" not in text:
        count, first = len(containing), containing[0]
        return f'{count} names contain it, such as {first!r}: write "*{text}*" for all of them'
    return did_you_mean(text, names)


def _unknown(text: str, wanted: str, hint: str) -> UsageError:
    return UsageError(f"{text!r} is not {wanted}{f'; {hint}' if hint else ''}")


@dataclass(frozen=True)
class ParameterKind:
    """A kind of parameter: its word, its action, and the default range of a sweep.

    A title has ``joint`` between the kind and the place: "Capacity of China". ``before`` describes
    the case that points are compared with. ``titled`` is the title if it is not the word. The range
    of a price is given as shares of the mineral's price.
    """

    word: str
    action: str
    joint: str
    first: float
    last: float
    step: float
    before: str = "as given"
    titled: str = ""

    @property
    def title(self) -> str:
        return self.titled or self.word.capitalize()

    @property
    def place(self) -> str:
        """The selector of the place, such as country; "" if the action has none."""
        selectors = ACTION_CELLS[self.action].selectors
        return next((name for name in ("refiner", "member", "country") if name in selectors), "")

    @property
    def is_factor(self) -> bool:
        """Whether the number multiplies a value of the case, so that 1 changes nothing."""
        return ACTION_CELLS[self.action].value == "a factor"

    @property
    def is_price(self) -> bool:
        return ACTION_CELLS[self.action].value == "money/t"

    @property
    def largest(self) -> float:
        """The largest number that the action accepts; the smallest is 0."""
        return ACTION_CELLS[self.action].most


CAP = ParameterKind("cap", "set max country share", "", 0.9, 0.3, 0.05, "without share limits")
SECURITY = ParameterKind(
    "security", "set max short", "of", 1.0, 0.0, 0.1, "without security", titled="Max short"
)
FLOOR = ParameterKind("floor", "set price floor", "", 0.5, 1.5, 0.1, titled="Price floor")
KINDS = (
    CAP,
    ParameterKind("demand", "scale demand", "of", 0.8, 1.2, 0.05),
    ParameterKind("capacity", "scale capacity", "of", 1.0, 0.0, 0.1),
    ParameterKind("cost", "scale cost", "of", 1.0, 2.0, 0.1),
    ParameterKind("tariff", "set tariff", "on", 0.0, 1.0, 0.1),
    FLOOR,
    ParameterKind("freight", "scale freight", "from", 1.0, 3.0, 0.25),
    ParameterKind("mines", "scale mines", "of", 1.0, 0.0, 0.1),
    SECURITY,
)
"""All kinds, with the cap first."""

_PROBES = (0.318, 0.159)
"""Test values: a parameter with any effect changes the case at one of them."""
_MOST = 12
"""Largest number of countries named in a message."""


@dataclass(frozen=True)
class Parameter:
    """A number of a case that a sweep sets or scales.

    ``typed`` is its form on a command line (``capacity:CHN:cobalt``), ``title`` its form for
    readers (``Capacity of China, cobalt``). ``aims`` are the steps that set it, without their
    value. ``price`` [money/t] is the mineral's price if the number is a price, in ``currency``.
    """

    kind: ParameterKind
    typed: str
    title: str
    aims: tuple[ScenarioStep, ...]
    price: float = 1.0
    currency: str = ""

    @property
    def span(self) -> tuple[float, float, float]:
        """The default range of a sweep: first value, last value, step."""
        shares = self.kind.first, self.kind.last, self.kind.step
        first, last, step = (float(f"{self.price * share:.4g}") for share in shares)
        return first, last, step

    @property
    def is_cap(self) -> bool:
        return self.kind == CAP

    def change_to(self, value: float) -> CaseChange | CaseSteps:
        if self.is_cap:
            return CaseSteps(
                tuple(CaseStep(SetNumber(ActionKind(aim), value)) for aim in self.aims)
            )
        return CaseChange(tuple(dataclasses.replace(aim, value=value) for aim in self.aims))

    def run_name(self, value: float) -> str:
        """Return the name of the run at a value: ``Cap 65 %``."""
        return f"{self.title} {self.words(value)}"

    def words(self, value: float) -> str:
        """Return a value in words, with its unit: ``65 %``, or for a price ``1,250 USD/t``."""
        return price_words(value, self.currency) if self.kind.is_price else percent(value)


THE_CAP = Parameter(CAP, CAP.word, CAP.title, (ScenarioStep(name="sweep", action=CAP.action),))
"""The cap on single countries, for all minerals."""


def without_security(case: Case) -> Case:
    return case.change(security=())


def with_security(case: Case, over: str) -> Case:
    """Return the case to sweep; a sweep over security needs a row on the sheet Security.

    If the case has none, a row without effect is added: 100 % of demand may be short after a loss.
    """
    is_over_security = fold(over.partition(":")[0].strip()) == SECURITY.word
    if case.security or not is_over_security:
        return case
    return case.change(security=(SecurityTarget(max_short=ByYear(1.0)),))


def percent(value: float) -> str:
    return f"{value * 100:.6g} %"


def price_words(value: float, currency: str) -> str:
    return f"{value:,.6g} {currency}/t"


def parameter_of(case: Case, typed: str) -> Parameter:
    """Return the parameter that a user types as ``capacity:CHN:cobalt``; ``*`` means all places.

    Raises UsageError for an unknown parameter, place or mineral, with the most similar name, and
    for a parameter that changes nothing in the case.
    """
    wrong = Mistakes()
    with wrong.collect(f"--over {typed!r}: "):
        parameter = _parameter(case, typed)
    wrong.raise_if_any()
    return parameter


def _parameter(case: Case, typed: str) -> Parameter:
    word, colon, rest = (part.strip() for part in typed.partition(":"))
    words = [kind.word for kind in KINDS]
    kind = next((kind for kind in KINDS if kind.word == fold(word)), None)
    if kind is None:
        near = did_you_mean(word, words)
        hint = f"{near} " if near.startswith("did") else ""
        msg = f"there is no such parameter; {hint}choose from {', '.join(words)}"
        raise UsageError(msg)
    if kind == CAP:
        if colon:
            msg = "the cap always applies to all minerals; write --over cap"
            raise UsageError(msg)
        return THE_CAP
    parameter = _aimed(Named(case), kind, rest)
    probes = (parameter.change_to(parameter.price * value) for value in _PROBES)
    if all(change(case) == case for change in probes):
        msg = f"this parameter changes nothing in the workbook{_places(case, kind)}"
        raise UsageError(msg)
    return parameter


def _aimed(named: Named, kind: ParameterKind, rest: str) -> Parameter:
    """Return a parameter of a place and a mineral; either may be blank."""
    place, mineral = _split(named, kind, rest)
    wrong = Mistakes()
    with wrong.collect():
        minerals = named.minerals(mineral)
    with wrong.collect():
        places = _find(named, kind, place)
    wrong.raise_if_any()
    own, price = named.case.minerals, 1.0
    if kind.is_price:
        minerals = (own[0].name,) if minerals == ("",) and len(own) == 1 else minerals
        if minerals == ("",) or len(minerals) > 1:
            names = few([m.name for m in own], _MOST)
            msg = f"{kind.word} needs one mineral: write {kind.word}:NAME; NAME is one of {names}"
            raise UsageError(msg)
        price = named.case.mineral_of[minerals[0]].price.value(named.case.years[0]) or 1.0
    aims = tuple(
        ScenarioStep(name="sweep", action=kind.action, mineral=name, **selectors)
        for _, selectors in places
        for name in minerals
    )
    who = ", ".join(words for words, _ in places if words)
    named_minerals = ", ".join(filter(None, minerals))
    title = f"{kind.title} {kind.joint} {who}" if who else kind.title
    typed = ":".join(filter(None, (kind.word, place, mineral)))
    title = f"{title}, {named_minerals}" if named_minerals else title
    return Parameter(kind, typed, title, aims, price, named.case.settings.currency)


def _split(named: Named, kind: ParameterKind, rest: str) -> tuple[str, str]:
    if not kind.place:
        return "", rest
    if ":" in rest:
        place, _, mineral = (part.strip() for part in rest.rpartition(":"))
        return place, mineral
    try:  # demand:cobalt means the mineral, unless a place has that name
        _find(named, kind, rest)
    except UsageError:
        if fold(rest) in {fold(m.name) for m in named.case.minerals}:
            return "", rest
        raise
    return rest, ""


def _find(named: Named, kind: ParameterKind, text: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the places that a text names, as words and selectors; a blank text means all.

    Raises UsageError for an unknown place, with the most similar name or code.
    """
    try:
        if kind.place == "member":
            return [(name, {"member": name}) for name in named.members(text)]
        if kind.place == "refiner":
            return [(seller.words, seller.selectors) for seller in named.sellers(text or "*")]
        code = named.country(text)
    except UsageError as error:
        hint = ""
        if kind.place != "member" and "did you mean" not in str(error):  # a similar code
            case = named.case
            codes = {r.country for r in case.refiners} | {m.country for m in case.mines}
            near = did_you_mean(text, codes)
            hint = f"; {near}" if near.startswith("did") else ""
        msg = f"{error}{hint}"
        raise UsageError(msg) from error
    return [(named.country_name(code, text) if code else "", {"country": code})]


def _places(case: Case, kind: ParameterKind) -> str:
    """Return the end of a message: the countries where the parameter changes something."""
    if kind.place == "member":
        return ""
    if kind.place == "refiner":
        codes, things = {plant.country for plant in plants(case)}, "refiners and projects are in"
    else:
        codes, things = {m.country for m in case.mines}, "mines are in"
    names = sorted(map(case.country_name, codes))
    if not names:
        return f"; it has no {things.partition(' ')[0]}"
    return f"; its {things} {few(names, _MOST)}"
