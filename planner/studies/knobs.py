"""What a sweep turns: one number of a case, by an action of the sheet Scenarios."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from models.case import Case
from models.checks.scenarios import TAKES
from models.schema import ScenarioStep
from planner.scenarios import ACTIONS

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
