"""Parameters of a sweep: each changes one number of a case by an action of the sheet Scenarios.

A user types kind, place and mineral, such as ``capacity:CHN:cobalt``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from models.case import Case, CaseStep, CaseSteps, SetNumber, normalize
from models.checks.common import did_you_mean, plants
from models.errors import Mistakes, UsageError
from models.schema import ACTION_CELLS, ByYear, ScenarioStep, SecurityTarget
from planner.render.words import few
from planner.scenarios.actions import ActionKind, CaseChange
from planner.scenarios.named import Named


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
    def place_selector(self) -> str:
        """The selector of the place, such as country; "" if the action has none."""
        selectors = ACTION_CELLS[self.action].selectors
        return next((name for name in ("refiner", "member", "country") if name in selectors), "")

    @property
    def is_price(self) -> bool:
        return ACTION_CELLS[self.action].value == "money/t"

    @property
    def largest_value(self) -> float:
        """The largest number that the action accepts; the smallest is 0."""
        return ACTION_CELLS[self.action].most


CAP = ParameterKind("cap", "set max country share", "", 0.9, 0.3, 0.05, "without a cap")
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
    def default_range(self) -> tuple[float, float, float]:
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
        is_price = self.kind.is_price
        return f"{value:,.6g} {self.currency}/t" if is_price else exact_percent(value)


THE_CAP = Parameter(CAP, CAP.word, CAP.title, (ScenarioStep(name="sweep", action=CAP.action),))
"""The cap on single countries, for all minerals."""


def without_security(case: Case) -> Case:
    return case.change(security=())


def with_security(case: Case, over: str) -> Case:
    """Return the case to sweep; a sweep over security needs a row on the sheet Security.

    If the case has none, a row without effect is added: 100 % of demand may be short after a loss.
    """
    is_over_security = normalize(over.partition(":")[0].strip()) == SECURITY.word
    if case.security or not is_over_security:
        return case
    return case.change(security=(SecurityTarget(max_short=ByYear(1.0)),))


def exact_percent(value: float) -> str:
    return f"{value * 100:.6g} %"


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
    kind = next((kind for kind in KINDS if kind.word == normalize(word)), None)
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
        msg = f"this parameter changes nothing in the workbook{_countries_hint(case, kind)}"
        raise UsageError(msg)
    return parameter


def _aimed(named: Named, kind: ParameterKind, rest: str) -> Parameter:
    """Return a parameter of a place and a mineral; either may be blank."""
    place, mineral = _place_and_rest(named, kind, rest)
    wrong = Mistakes()
    with wrong.collect():
        minerals = named.names("mineral", mineral)
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


def _place_and_rest(named: Named, kind: ParameterKind, rest: str) -> tuple[str, str]:
    if not kind.place_selector:
        return "", rest
    if ":" in rest:
        place, _, mineral = (part.strip() for part in rest.rpartition(":"))
        return place, mineral
    try:  # demand:cobalt means the mineral, unless a place has that name
        _find(named, kind, rest)
    except UsageError:
        if normalize(rest) in {normalize(m.name) for m in named.case.minerals}:
            return "", rest
        raise
    return rest, ""


def _find(named: Named, kind: ParameterKind, text: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the places that a text names, as words and selectors; a blank text means all.

    Raises UsageError for an unknown place, with the most similar name or code.
    """
    try:
        if kind.place_selector == "member":
            return [(name, {"member": name}) for name in named.names("member", text)]
        if kind.place_selector == "refiner":
            return [(seller.words, seller.selectors) for seller in named.sellers(text or "*")]
        code = named.country_code(text)
    except UsageError as error:
        hint = ""
        if kind.place_selector != "member" and "did you mean" not in str(error):  # a similar code
            case = named.case
            codes = {r.country for r in case.refiners} | {m.country for m in case.mines}
            near = did_you_mean(text, codes)
            hint = f"; {near}" if near.startswith("did") else ""
        msg = f"{error}{hint}"
        raise UsageError(msg) from error
    return [(named.country_name(code, text) if code else "", {"country": code})]


def _countries_hint(case: Case, kind: ParameterKind) -> str:
    """Return the end of a message: the countries where the parameter changes something."""
    if kind.place_selector == "member":
        return ""
    if kind.place_selector == "refiner":
        codes, sellers = {plant.country for plant in plants(case)}, "refiners and projects are in"
    else:
        codes, sellers = {m.country for m in case.mines}, "mines are in"
    names = sorted(map(case.country_name, codes))
    if not names:
        return f"; it has no {sellers.partition(' ')[0]}"
    return f"; its {sellers} {few(names, _MOST)}"
