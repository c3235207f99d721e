"""What a report is made of: parts with charts, what each shows in words, and the numbers behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Choice = tuple[int, ...]
"""Which option of each selector is chosen, counted from 0."""


@dataclass(frozen=True)
class Facts:
    """A table of texts; ``numeric`` are the positions of columns of numbers."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Plot:
    """One chart: a Plotly figure, what it shows in a sentence, its height in pixels.

    In a place narrower than ``width`` pixels the chart scrolls.
    """

    title: str
    figure: Any
    alt: str
    height: int = 320
    width: int = 240


@dataclass(frozen=True)
class View:
    """What stands below the selectors: charts, and the table of their numbers."""

    plots: tuple[Plot, ...]
    facts: Facts


@dataclass(frozen=True)
class Selector:
    """A list of which one is chosen."""

    label: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """A table that is content itself, under a heading of its own."""

    heading: str
    facts: Facts
    note: str = ""


@dataclass(frozen=True)
class Part:
    """A section of the report.

    ``views`` has one view for each choice of the ``selectors``, ``()`` alone where there is none.
    ``small`` charts tile. ``key`` is a word for links to the section.
    """

    key: str
    heading: str
    lead: str
    views: Mapping[Choice, View]
    selectors: tuple[Selector, ...] = ()
    small: bool = False
    blocks: tuple[Block, ...] = ()

    @property
    def chosen(self) -> Choice:
        """What the selectors choose when the page opens."""
        return next(iter(self.views))

    @property
    def view(self) -> View:
        """What is seen when the page opens."""
        return self.views[self.chosen]

    @property
    def is_drawn(self) -> bool:
        """Whether any view has a chart."""
        return any(view.plots for view in self.views.values())


@dataclass(frozen=True)
class Headline:
    """One of the numbers at the top: what it is, the number, and what stands beside it."""

    name: str
    value: str
    remark: str


@dataclass(frozen=True)
class Page:
    """A whole report.

    ``made_by`` is the scenario and the options; ``verdict`` whether it is proven, ``sound`` whether
    that is good news; ``notes`` are told before all else; ``about`` says where it comes from.
    """

    kind: str
    title: str
    made_by: str
    verdict: str
    sound: bool
    headlines: tuple[Headline, ...]
    parts: tuple[Part, ...]
    about: Facts
    notes: Sequence[str] = field(default_factory=tuple)
