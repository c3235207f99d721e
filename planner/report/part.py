"""The parts of a report: sections with charts, their alternative texts, and tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.results import Field, Result
from planner.render import chart, plotly, table
from planner.render.words import known
from planner.studies.kind import KeyFigure

Choice = tuple[int, ...]
"""The chosen option of each selector, counted from 0."""


@dataclass(frozen=True)
class Facts:
    """A table of texts; ``numeric`` are the positions of columns of numbers.

    A table that does not belong to a chart has a ``heading``, and may have a ``note``.
    """

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    heading: str = ""
    note: str = ""


def facts_of(result: Result, *fields: Field, country: Callable[[str], str] = str) -> Facts:
    """Return some fields of a result, or all, as a table of texts."""
    columns = table.table_of(result, country).columns
    names = [f.name for f in result.fields]
    chosen = [columns[names.index(f.name)] for f in fields or result.fields if f.name in names]
    looks = (c.looks or [c.look] * len(c.values) for c in chosen)
    cells = [map(table.shown, c.values, each) for c, each in zip(chosen, looks, strict=True)]
    is_number = [not c.look.is_text or any(map(known, c.values)) for c in chosen]
    numeric = frozenset(i for i, is_one in enumerate(is_number) if is_one)
    return Facts(tuple(c.header for c in chosen), tuple(zip(*cells, strict=True)), numeric)


@dataclass(frozen=True)
class Plot:
    """One chart: a Plotly figure, its alternative text, its height in pixels.

    If there is less room than ``width`` pixels, the chart scrolls.
    """

    title: str
    figure: Any
    alt: str
    height: int = 320
    width: int = 240


_LARGE, _SMALL, _AXES, _BAR, _NAMES, _CELL = 320, 240, 110, 34, 100, 28
"""Heights in pixels: of large and small charts; of a bar chart's axes and each bar; of a heat map's
column names and each row."""


def plot(picture: chart.Picture, alt: str) -> Plot:
    height, figure = _SMALL if picture.small else _LARGE, plotly.figure_of(picture)
    if picture.form is chart.Form.HEAT:
        wide = plotly.heat_width(picture.categories)
        return Plot(picture.title, figure, alt, _NAMES + _CELL * len(picture.distinct), wide)
    if picture.form in {chart.Form.BARS, chart.Form.ROWS}:
        side_by_side = len(picture.series) if picture.form is chart.Form.ROWS else 1
        height = _AXES + _BAR * len(picture) * side_by_side
    return Plot(picture.title, figure, alt, height)


@dataclass(frozen=True)
class View:
    """The content below the selectors: charts, and the table of their numbers."""

    plots: tuple[Plot, ...]
    facts: Facts


@dataclass(frozen=True)
class ReportSection:
    """A section of the report.

    ``selectors`` are lists of options by label; ``views`` has a view for each combination of
    options, or only ``()`` without selectors. ``blocks`` are further tables. ``small`` charts are
    shown side by side. ``key`` is the word in links to the section.
    """

    key: str
    heading: str
    lead: str
    views: Mapping[Choice, View]
    selectors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    small: bool = False
    blocks: tuple[Facts, ...] = ()

    @property
    def first_choice(self) -> Choice:
        return next(iter(self.views))

    @property
    def view(self) -> View:
        return self.views[self.first_choice]

    @property
    def is_drawn(self) -> bool:
        """Whether any view of the section has a chart."""
        return any(view.plots for view in self.views.values())


@dataclass(frozen=True)
class ReportPage:
    """A complete report.

    ``made_by`` is the scenario and the options; ``verdict`` says whether all is proven, and
    ``sound`` is True if so; ``notes`` are shown first; ``about`` lists file, input and versions;
    ``question``, ``finding`` and ``care`` (how to read it) are those of a study. ``further`` are
    headlines behind a click: those of a plan's studies, except the answer of each.
    """

    kind: str
    title: str
    made_by: str
    verdict: str
    sound: bool
    headlines: tuple[KeyFigure, ...]
    parts: tuple[ReportSection, ...]
    about: Facts
    notes: Sequence[str] = field(default_factory=tuple)
    question: str = ""
    finding: str = ""
    care: Sequence[str] = field(default_factory=tuple)
    further: tuple[KeyFigure, ...] = ()
