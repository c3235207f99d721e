"""The report of a study: its finding, and its charts with their numbers, of its tables alone."""

from __future__ import annotations

from collections.abc import Sequence

from planner.render.chart import Form, Picture
from planner.render.plotly import figure_of, heat_width
from planner.render.table import column
from planner.render.text import clean
from planner.render.words import shown
from planner.report.part import Block, Choice, Facts, Part, Plot, Selector, View
from planner.studies.kind import Numbers, Section

_LEAST, _ROW = 320, 28
"""Pixels that a chart is high at least, and that each of its rows takes."""
_ROWS = {Form.BARS, Form.STACKED, Form.HEAT, Form.ROWS}


def part_of(section: Section) -> Part:
    """Return a section as the report shows it, with a list of what a reader may choose."""
    options = tuple(section.views)
    views: dict[Choice, View] = {
        ((at,) if section.choice else ()): View(
            tuple(_plot(picture) for picture in pictures), _facts(numbers)
        )
        for at, (pictures, numbers) in enumerate(section.views.values())
    }
    selectors = (Selector(section.choice, options),) if section.choice else ()
    blocks = tuple(Block(n.heading, _facts(n), n.note) for n in section.blocks)
    return Part(section.key, section.heading, section.lead, views, selectors, blocks=blocks)


def _plot(picture: Picture) -> Plot:
    """Return a chart with what it shows in a sentence: how much there is, and the most of it."""
    rows = len(picture.series) if picture.form is Form.HEAT else len(picture)
    high = _ROW * rows * (len(picture.series) if picture.form is Form.ROWS else 1)
    what = "A map" if picture.form is Form.HEAT else "A chart"
    names = [clean(s.name) for s in picture.series]
    said = f"{what} of {len(picture):,} by {len(names):,}: {picture.title}."
    cells = [
        (value, name, category)
        for name, series in zip(names, picture.series, strict=True)
        for category, value in zip(picture.categories, series.values, strict=True)
        if value is not None
    ]
    if cells:
        value, name, category = max(cells, key=lambda cell: cell[0])
        said += f" The most: {name}, {category}, {shown(value, picture.look)}."
    return Plot(
        picture.title,
        figure_of(picture),
        said,
        max(_LEAST, 110 + high) if picture.form in _ROWS else _LEAST,
        heat_width(picture.categories) if picture.form is Form.HEAT else 240,
    )


def _facts(numbers: Numbers) -> Facts:
    """Return some fields of a result as a table of texts."""
    made = [
        column(f.title(numbers.result.words), f.look, [_scaled(v, f.scale) for v in values])
        for f, values in zip(numbers.fields, _columns(numbers), strict=True)
    ]
    rows = zip(*([shown(v, c.look) for v in c.values] for c in made), strict=True)
    numeric = frozenset(i for i, c in enumerate(made) if not c.look.is_text)
    return Facts(tuple(c.header for c in made), tuple(rows), numeric)


def _columns(numbers: Numbers) -> Sequence[Sequence[object]]:
    return [list(numbers.result.data[f.name]) for f in numbers.fields]


def _scaled(value: object, by: float) -> object:
    return value / by if by != 1.0 and isinstance(value, int | float) else value
