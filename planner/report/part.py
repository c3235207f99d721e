"""What a report is made of: parts with charts, what each shows in words, and the numbers behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.results import Field, Look, Result
from planner.render import chart, plotly, table
from planner.render.words import known
from planner.studies.kind import KeyFigure

Columns = Mapping[Any, Iterable[Any]]
"""Values by the field that they are of, or by a header of their own, alone or with its look."""
Choice = tuple[int, ...]
"""Which option of each selector is chosen, counted from 0."""


@dataclass(frozen=True)
class Facts:
    """A table of texts; ``numeric`` are the positions of columns of numbers.

    Where it is content itself it has a ``heading`` of its own, and may have a ``note``.
    """

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    heading: str = ""
    note: str = ""


def facts(columns: Columns, **words: str) -> Facts:
    """Return a table of texts from columns.

    ``words`` fill the placeholders of fields' headers; a name of the workbook is a header of its
    own, in which braces are braces. A column of numbers without a look has the digits that matter.
    """
    made = []
    for head, values in columns.items():
        cells = list(values)
        title, look = str(head), Look.TONNES if any(map(known, cells)) else Look.TEXT
        if isinstance(head, Field):
            title, look = head.title(words), head.look
        elif isinstance(head, tuple):
            title, look = head
        made.append(table.TableColumn(title, look, cells))
    return _texts(made)


def facts_of(result: Result, *fields: Field, country: Callable[[str], str] = str) -> Facts:
    """Return some fields of a result, or all, as a table of texts."""
    columns = table.table_of(result, country).columns
    named = {f.name: column for f, column in zip(result.fields, columns, strict=True)}
    return _texts([named[f.name] for f in fields or result.fields if f.name in named])


def _texts(columns: Sequence[table.TableColumn]) -> Facts:
    looks = (c.looks or [c.look] * len(c.values) for c in columns)
    cells = [map(table.shown, c.values, of) for c, of in zip(columns, looks, strict=True)]
    numbers = [not c.look.is_text or any(map(known, c.values)) for c in columns]
    numeric = frozenset(i for i, is_number in enumerate(numbers) if is_number)
    return Facts(tuple(c.header for c in columns), tuple(zip(*cells, strict=True)), numeric)


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


_LARGE, _SMALL, _AXES, _BAR, _NAMES, _CELL = 320, 240, 110, 34, 100, 28
"""Pixels: charts; axes and each bar, names of columns and each row of cells, where one grows."""


def plot(picture: chart.Picture, alt: str) -> Plot:
    """Draw a picture as high and as wide as it needs."""
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
    """What stands below the selectors: charts, and the table of their numbers."""

    plots: tuple[Plot, ...]
    facts: Facts


@dataclass(frozen=True)
class ReportSection:
    """A section of the report.

    ``views`` has one view for each choice of the ``selectors``, ``()`` alone where there is none;
    these are lists of which one is chosen, by their labels. ``blocks`` are content themselves.
    ``small`` charts tile. ``key`` is a word for links to the section.
    """

    key: str
    heading: str
    lead: str
    views: Mapping[Choice, View]
    selectors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    small: bool = False
    blocks: tuple[Facts, ...] = ()

    @property
    def chosen(self) -> Choice:
        return next(iter(self.views))

    @property
    def view(self) -> View:
        return self.views[self.chosen]

    @property
    def is_drawn(self) -> bool:
        return any(view.plots for view in self.views.values())


@dataclass(frozen=True)
class ReportPage:
    """A whole report.

    ``made_by`` is the scenario and the options; ``verdict`` whether it is proven, ``sound`` whether
    that is good news; ``notes`` are told before all else; ``about`` says where it comes from;
    ``question`` and ``finding`` are what a study asks and answers, ``care`` how to read it.
    ``further`` are headlines behind a click: of a plan's studies, all but the answer of each.
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
