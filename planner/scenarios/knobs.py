"""Knobs: one number of a case that can be turned, by an action of the sheet Scenarios.

As typed it is the number, on whom, for which mineral: ``capacity:CHN:cobalt``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from models.case import Case, fold
from models.checks.common import did_you_mean
from models.errors import Mistakes, UsageError
from models.schema import TAKES, ScenarioStep
from planner.scenarios import ACTIONS
from planner.scenarios.named import Named

SELLER, MEMBER, COUNTRY, NOBODY = "country or refiner", "member", "country", ""


@dataclass(frozen=True)
class Kind:
    """A kind of knob: its action, what it is called, and the range that is swept unless told.

    ``joint`` stands between the title and whom it is turned for, who is a ``place``.
    """

    word: str
    action: str
    title: str
    joint: str
    place: str
    first: float
    last: float
    step: float

    @property
    def is_factor(self) -> bool:
        """Whether the number multiplies what stands, so that 1 is the case as given."""
        return TAKES[self.action].value == "a factor"

    @property
    def most(self) -> float:
        """The largest number that the action takes; the smallest is 0."""
        return TAKES[self.action].most


CAP = Kind("cap", "set max country share", "Cap", "", NOBODY, 0.9, 0.3, 0.05)
KNOBS = (
    CAP,
    Kind("demand", "scale demand", "Demand", "of", MEMBER, 0.8, 1.2, 0.05),
    Kind("capacity", "scale capacity", "Capacity", "of", SELLER, 1.0, 0.0, 0.1),
    Kind("cost", "scale cost", "Cost", "of", SELLER, 1.0, 2.0, 0.1),
    Kind("tariff", "set tariff", "Tariff", "on", SELLER, 0.0, 1.0, 0.1),
    Kind("freight", "scale freight", "Freight", "from", SELLER, 1.0, 3.0, 0.25),
    Kind("mines", "scale mines", "Mines", "of", COUNTRY, 1.0, 0.0, 0.1),
)
"""Every kind, the cap first."""

_PROBES = (0.318, 0.159)
"""Values at which a knob that turns anything gives other cases than the one it is of."""


@dataclass(frozen=True)
class Turn:
    """A change of a case: steps of a what-if."""

    steps: tuple[ScenarioStep, ...]

    def __call__(self, case: Case) -> Case:
        """Return the case after the steps."""
        for step in self.steps:
            case = ACTIONS[step.action](case, step)
        return case


@dataclass(frozen=True)
class Knob:
    """A number of a case that a sweep sets or scales.

    ``said`` is what is typed for it (``capacity:CHN:cobalt``), ``title`` what people read
    (``Capacity of China, cobalt``). ``aims`` are steps without a value that select what it turns.
    """

    kind: Kind
    said: str
    title: str
    aims: tuple[ScenarioStep, ...]

    @property
    def is_cap(self) -> bool:
        """Whether it is the cap on single countries."""
        return self.kind == CAP

    def turned(self, value: float) -> Turn:
        """Return the change that sets the knob to a value."""
        return Turn(tuple(dataclasses.replace(aim, value=value) for aim in self.aims))

    def name(self, value: float) -> str:
        """Return what the run at a value is called: ``Cap 65 %``."""
        return f"{self.title} {percent(value)}"

    def turns(self, case: Case) -> bool:
        """Return whether the knob changes anything of a case."""
        return any(self.turned(value)(case) != case for value in _PROBES)


THE_CAP = Knob(CAP, CAP.word, CAP.title, (ScenarioStep(name="sweep", action=CAP.action),))
"""The cap on single countries, of all minerals."""


def percent(value: float) -> str:
    """Return a fraction as people read it: ``65 %``."""
    return f"{value * 100:.6g} %"


def knob_of(case: Case, said: str) -> Knob:
    """Return the knob that ``capacity:CHN:cobalt`` and the like mean; places may have a ``*``.

    Raises UsageError for an unknown knob, place or mineral, with the closest name, and for a knob
    that changes nothing of the case.
    """
    word, colon, rest = (part.strip() for part in said.partition(":"))
    kind = next((kind for kind in KNOBS if kind.word == fold(word)), None)
    words = [kind.word for kind in KNOBS]
    if kind is None:
        near = did_you_mean(word, words)
        hint = f"{near} " if near.startswith("did") else ""
        msg = f"--over {said!r}: no such knob; {hint}there is {_list(words)}"
        raise UsageError(msg)
    if kind == CAP:
        if colon:
            msg = f"--over {said!r}: the cap is swept for all minerals at once; write --over cap"
            raise UsageError(msg)
        return THE_CAP
    wrong = Mistakes()
    with wrong.kept(f"--over {said!r}: "):
        knob = _aimed(Named(case), kind, rest)
    wrong.tell()
    if not knob.turns(case):
        msg = f"--over {said!r}: the workbook has nothing that this changes{_places(case, kind)}"
        raise UsageError(msg)
    return knob


def _aimed(named: Named, kind: Kind, rest: str) -> Knob:
    """Return a knob on a place and a mineral; both may be blank, and a mineral may stand alone."""
    place, mineral = _split(named, kind, rest)
    wrong = Mistakes()
    with wrong.kept():
        minerals = named.minerals(mineral)
    with wrong.kept():
        _find(named, kind, place)
    wrong.tell()
    shown: tuple[str, ...] = ("",)
    chosen: list[tuple[str, str, str]]  # country, refiner, member
    if kind.place == MEMBER:
        shown = named.members(place)
        chosen = [("", "", member) for member in shown]
    elif kind.place == SELLER:
        sellers = named.sellers(place or "*")
        shown = tuple(seller.words for seller in sellers)
        chosen = [(seller.country, seller.refiner, "") for seller in sellers]
    else:
        country = named.country(place)
        shown = (named.country_name(country, place) if country else "",)
        chosen = [(country, "", "")]
    aims = tuple(
        ScenarioStep(name="sweep", action=kind.action, mineral=of, country=c, refiner=r, member=m)
        for c, r, m in chosen
        for of in minerals
    )
    who, what = _list(filter(None, shown)), _list(filter(None, minerals))
    title = f"{kind.title} {kind.joint} {who}" if who else kind.title
    said = ":".join(filter(None, (kind.word, place, mineral)))
    return Knob(kind, said, f"{title}, {what}" if what else title, aims)


def _split(named: Named, kind: Kind, rest: str) -> tuple[str, str]:
    """Return the words for place and mineral."""
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


def _find(named: Named, kind: Kind, text: str) -> None:
    """Raise UsageError where nobody is called so, with the closest name or code."""
    if not text:
        return
    try:
        if kind.place == MEMBER:
            named.members(text)
        elif kind.place == SELLER:
            named.sellers(text)
        else:
            named.country(text)
    except UsageError as error:
        msg = f"{error}{_close_code(named.case, kind, text, str(error))}"
        raise UsageError(msg) from error


def _places(case: Case, kind: Kind) -> str:
    """Name the countries where there is something to turn, the first dozen."""
    if kind.place == MEMBER:
        return ""
    if kind.place == SELLER:
        codes = {r.country for r in case.refiners} | {p.country for p in case.projects}
        what = "refiners and projects stand in"
    else:
        codes = {m.country for m in case.mines}
        what = "mines are in"
    names = sorted(map(case.country_name, codes))
    if not names:
        return f"; it has no {what.partition(' ')[0]}"
    most = 12
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"; its {what} {', '.join(names[:most])}{more}"


def _close_code(case: Case, kind: Kind, place: str, told: str) -> str:
    """Name the country whose code is close to what was typed, where nothing else is named."""
    if kind.place not in {SELLER, COUNTRY} or "did you mean" in told:
        return ""
    codes = {r.country for r in case.refiners} | {m.country for m in case.mines}
    near = did_you_mean(place, codes)
    return f"; {near}" if near.startswith("did") else ""


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)
