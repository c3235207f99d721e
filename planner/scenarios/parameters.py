"""Parameters that a sweep varies: one number of a case, by an action of the sheet Scenarios.

As typed it is the number, on whom, for which mineral: ``capacity:CHN:cobalt``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from models.case import Case, CaseStep, CaseSteps, SetNumber, fold
from models.checks.common import did_you_mean, plants
from models.errors import Mistakes, UsageError
from models.schema import TAKES, ByYear, ScenarioStep, SecurityTarget
from planner.render.words import few
from planner.scenarios.actions import ActionKind, CaseChange
from planner.scenarios.named import Named


@dataclass(frozen=True)
class ParameterKind:
    """A kind of parameter: its word, its action, and the range that is swept unless said.

    ``joint`` stands between the title and whom it is set for; ``before`` says what the points are
    compared with; ``titled`` is the title where it is not the word. The range of a price is in
    parts of the mineral's.
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
        """Which selector says whom it is set for; "" where none does."""
        selectors = TAKES[self.action].selectors
        return next((name for name in ("refiner", "member", "country") if name in selectors), "")

    @property
    def is_factor(self) -> bool:
        """Whether the number multiplies what stands, so that 1 is the case as given."""
        return TAKES[self.action].value == "a factor"

    @property
    def is_price(self) -> bool:
        """Whether the number is money a tonne: of one mineral."""
        return TAKES[self.action].value == "money/t"

    @property
    def most(self) -> float:
        """The largest number that the action takes; the smallest is 0."""
        return TAKES[self.action].most


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
"""Every kind, the cap first."""

_PROBES = (0.318, 0.159)
"""Values at which a parameter that changes anything gives other cases than the one it is of."""
_MOST = 12
"""Countries named in a message."""


@dataclass(frozen=True)
class Parameter:
    """A number of a case that a sweep sets or scales.

    ``typed`` is what is typed for it (``capacity:CHN:cobalt``), ``title`` what people read
    (``Capacity of China, cobalt``). ``aims`` are steps without a value that select what it changes.
    ``price`` [money/t] is the mineral's where the number is a price, in a ``currency``.
    """

    kind: ParameterKind
    typed: str
    title: str
    aims: tuple[ScenarioStep, ...]
    price: float = 1.0
    currency: str = ""

    @property
    def span(self) -> tuple[float, float, float]:
        """The first value, the last one and the step that are swept unless said."""
        of = self.kind.first, self.kind.last, self.kind.step
        first, last, step = (float(f"{self.price * part:.4g}") for part in of)
        return first, last, step

    @property
    def is_cap(self) -> bool:
        return self.kind == CAP

    def at(self, value: float) -> CaseChange | CaseSteps:
        if self.is_cap:
            return CaseSteps(
                tuple(CaseStep(SetNumber(ActionKind(aim), value)) for aim in self.aims)
            )
        return CaseChange(tuple(dataclasses.replace(aim, value=value) for aim in self.aims))

    def name(self, value: float) -> str:
        """Return what the run at a value is called: ``Cap 65 %``."""
        return f"{self.title} {self.words(value)}"

    def words(self, value: float) -> str:
        return price_words(value, self.currency) if self.kind.is_price else percent(value)

    def changes(self, case: Case) -> bool:
        return any(self.at(self.price * value)(case) != case for value in _PROBES)


THE_CAP = Parameter(CAP, CAP.word, CAP.title, (ScenarioStep(name="sweep", action=CAP.action),))
"""The cap on single countries, of all minerals."""


def without_security(case: Case) -> Case:
    """Return the case that need not survive a loss."""
    return case.change(security=())


def secured(case: Case, over: str) -> Case:
    """Return the case that is swept: over security one with a row of it, where there is none.

    It asks nothing yet: all may be short of each mineral if a country outside is lost.
    """
    is_asked = fold(over.partition(":")[0].strip()) == SECURITY.word
    if case.security or not is_asked:
        return case
    return case.change(security=(SecurityTarget(max_short=ByYear(1.0)),))


def percent(value: float) -> str:
    """Return a fraction as people read it: ``65 %``."""
    return f"{value * 100:.6g} %"


def price_words(value: float, currency: str) -> str:
    """Return a price as people read it: ``12,500 USD/t``."""
    return f"{value:,.6g} {currency}/t"


def parameter_of(case: Case, typed: str) -> Parameter:
    """Return the parameter that ``capacity:CHN:cobalt`` and the like mean; ``*`` in places is any.

    Raises UsageError for an unknown parameter, place or mineral, with the closest name, and for one
    that changes nothing of the case.
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
        msg = f"no such knob; {hint}there is {', '.join(words)}"
        raise UsageError(msg)
    if kind == CAP:
        if colon:
            msg = "the cap is swept for all minerals at once; write --over cap"
            raise UsageError(msg)
        return THE_CAP
    parameter = _aimed(Named(case), kind, rest)
    if not parameter.changes(case):
        msg = f"the workbook has nothing that this changes{_places(case, kind)}"
        raise UsageError(msg)
    return parameter


def _aimed(named: Named, kind: ParameterKind, rest: str) -> Parameter:
    """Return a parameter of a place and a mineral; either may be blank, the mineral alone, too."""
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
    """Return the words for place and mineral."""
    if not kind.place:
        return "", rest
    if ":" in rest:
        place, _, mineral = (part.strip() for part in rest.rpartition(":"))
        return place, mineral
    try:  # demand:cobalt means the mineral, unless someone is called so
        _find(named, kind, rest)
    except UsageError:
        if fold(rest) in {fold(m.name) for m in named.case.minerals}:
            return "", rest
        raise
    return rest, ""


def _find(named: Named, kind: ParameterKind, text: str) -> list[tuple[str, dict[str, Any]]]:
    """Return whom a text names, in words and as selectors; all where it is blank.

    Raises UsageError where nobody is called so, with the closest name or code.
    """
    try:
        if kind.place == "member":
            return [(name, {"member": name}) for name in named.members(text)]
        if kind.place == "refiner":
            return [(seller.words, seller.selectors) for seller in named.sellers(text or "*")]
        code = named.country(text)
    except UsageError as error:
        msg = f"{error}{_close_code(named.case, kind, text, str(error))}"
        raise UsageError(msg) from error
    return [(named.country_name(code, text) if code else "", {"country": code})]


def _places(case: Case, kind: ParameterKind) -> str:
    """Name the countries where there is something to change, the first dozen."""
    if kind.place == "member":
        return ""
    if kind.place == "refiner":
        codes, things = {plant.country for plant in plants(case)}, "refiners and projects stand in"
    else:
        codes, things = {m.country for m in case.mines}, "mines are in"
    names = sorted(map(case.country_name, codes))
    if not names:
        return f"; it has no {things.partition(' ')[0]}"
    return f"; its {things} {few(names, _MOST)}"


def _close_code(case: Case, kind: ParameterKind, place: str, error: str) -> str:
    """Name the country whose code is close to what was typed, where nothing else is named."""
    if kind.place == "member" or "did you mean" in error:
        return ""
    codes = {r.country for r in case.refiners} | {m.country for m in case.mines}
    near = did_you_mean(place, codes)
    return f"; {near}" if near.startswith("did") else ""
