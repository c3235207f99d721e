"""What the first page is made of, as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from planner.sheets.picture import Picture


class State(Enum):
    """How a question is answered: a word, and a sign that is told without its colour."""

    GOOD = ("●", "Yes")
    CARE = ("▲", "Partly")
    BAD = ("■", "No")
    NONE = ("○", "Not asked")

    @property
    def words(self) -> str:
        """The sign and the word."""
        return " ".join(self.value)


@dataclass(frozen=True)
class Number:
    """A number in large print: what it is above it, in which format, and of whom below it.

    ``value`` None: not known, and ``of`` says why.
    """

    head: str
    value: float | None
    form: str
    of: str = ""


@dataclass(frozen=True)
class Asked:
    """A question with two numbers, and the sentences that go with them; ``sheet`` has the rest."""

    question: str
    numbers: tuple[Number, Number]
    said: tuple[str, ...]
    sheet: str


@dataclass(frozen=True)
class Light:
    """A question that is answered yes, partly or no; ``sheet`` has the rest."""

    question: str
    state: State
    said: str
    sheet: str


@dataclass(frozen=True)
class Line:
    """A sentence; ``sheet`` has the rest ("" none)."""

    said: str
    sheet: str = ""


@dataclass(frozen=True)
class Front:
    """The first page: three questions, a chart, lights, what changed, what is fragile, whence."""

    title: str
    made_by: str
    asked: tuple[Asked, ...]
    lights: tuple[Light, ...]
    changed: tuple[Line, ...]
    fragile: tuple[Line, ...]
    origin: tuple[str, ...]
    links: tuple[str, ...]
    picture: Picture | None = None

    @property
    def texts(self) -> Iterator[str]:
        """Every sentence on the page."""
        for asked in self.asked:
            yield from (asked.question, *asked.said, *(n.head for n in asked.numbers))
        for light in self.lights:
            yield from (light.question, light.said)
        yield from (line.said for line in (*self.changed, *self.fragile))
        yield from self.origin
        if self.picture is not None:
            yield from (self.picture.title, *(s.name for s in self.picture.series))
