"""The report of a study from what the study itself says and draws of its tables.

A kind of study gives its finding and its sections, both made of the tables that its workbook was
read back into. What they must have stands here; which module makes them is nothing to a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from models.results import Field, Result
from planner.render.chart import Form, Picture
from planner.render.table import Cell
from planner.render.terminal import shown
from planner.report.part import (
    Block,
    Choice,
    Facts,
    Headline,
    Part,
    Plot,
    Selector,
    View,
    facts_of,
    plot,
)

_TOLD = 12
"""Categories whose values stand in a chart's sentence; of more the largest is told."""
Country = Callable[[str], str]


class Figure(Protocol):
    """A number of the finding, in words."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def value(self) -> str: ...  # noqa: D102
    @property
    def remark(self) -> str: ...  # noqa: D102


class Numbers(Protocol):
    """Some fields of a result, to be read as a table under a heading."""

    @property
    def result(self) -> Result: ...  # noqa: D102
    @property
    def fields(self) -> Sequence[Field]: ...  # noqa: D102
    @property
    def heading(self) -> str: ...  # noqa: D102
    @property
    def note(self) -> str: ...  # noqa: D102


class Section(Protocol):
    """Charts and the numbers behind them, by what a reader may choose; "" alone of no choice."""

    @property
    def key(self) -> str: ...  # noqa: D102
    @property
    def heading(self) -> str: ...  # noqa: D102
    @property
    def lead(self) -> str: ...  # noqa: D102
    @property
    def views(self) -> Mapping[str, tuple[Sequence[Picture], Numbers]]: ...  # noqa: D102
    @property
    def choice(self) -> str: ...  # noqa: D102
    @property
    def blocks(self) -> Sequence[Numbers]: ...  # noqa: D102


def headlines_of(figures: Iterable[Figure]) -> tuple[Headline, ...]:
    """Return the numbers of a finding."""
    return tuple(Headline(f.name, f.value, f.remark) for f in figures)


def part_of(section: Section, country: Country = str) -> Part:
    """Return a section as a part of the report; ``country`` names a country by its code."""
    views: dict[Choice, View] = {
        (i,) if section.choice else (): View(tuple(map(plot_of, pictures)), _facts(said, country))
        for i, (pictures, said) in enumerate(section.views.values())
    }
    return Part(
        section.key,
        section.heading,
        section.lead,
        views,
        (Selector(section.choice, tuple(section.views)),) if section.choice else (),
        small=all(p.small for pictures, _ in section.views.values() for p in pictures),
        blocks=tuple(Block(n.heading, _facts(n, country), n.note) for n in section.blocks),
    )


def _facts(numbers: Numbers, country: Country) -> Facts:
    return facts_of(numbers.result, *numbers.fields, country=country)


def plot_of(picture: Picture) -> Plot:
    """Draw a picture, with a sentence that says what it shows."""
    return plot(picture, f"{picture.title}. {_sentence(picture)}.")


def _sentence(picture: Picture) -> str:
    first, last = (_category(picture, picture.categories[at]) for at in (0, -1))
    if picture.form is Form.LINES:
        ends = (
            f"{s.name} from {_value(picture, s.values[0])} to {_value(picture, s.values[-1])}"
            for s in picture.series
        )
        return f"Lines from {first} to {last}: {'; '.join(ends)}"
    cells = [
        (value, series.name, _category(picture, category))
        for series in picture.series
        for category, value in zip(picture.categories, series.values, strict=True)
        if value is not None
    ]
    if picture.form is Form.HEAT or len(picture) > _TOLD:
        what = "A map of" if picture.form is Form.HEAT else "Bars:"
        size = f"{len(picture.series)} by {len(picture)}"
        value, name, category = max(cells, default=(None, "", ""))
        most = f"; the most is {_value(picture, value)}: {category}, {name}" if cells else ""
        return f"{what} {size}{most}"
    of = [_category(picture, c) for c in picture.categories]
    told = (
        f"{c}: {', '.join(f'{n} {_value(picture, v)}' for v, n, at in cells if at == c)}"
        for c in dict.fromkeys(of)
    )
    return f"Bars. {'; '.join(told)}"


def _category(picture: Picture, category: Cell) -> str:
    return shown(category, picture.scale) if picture.form is Form.LINES else str(category)


def _value(picture: Picture, value: float | None) -> str:
    return shown(value, picture.look) or "unknown"
