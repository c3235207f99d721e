"""A chart as data: series over categories, the role of each, and where its numbers are.

``bars`` and ``lines`` make a chart from a result and its fields. ``top`` picks the
largest series, and ``some_of`` says in a title how many are drawn out of how many.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from models import tolerances
from models.results import ChartData, Field, Format
from planner.render import palette, table
from planner.render.words import clean_text, known, listed, truncated, unit_scale

if TYPE_CHECKING:
    import pandas as pd

_LABEL = 40
"""Longest name in charts; longer ones are cut."""
_ALIKE, _NOTHING = tolerances.SHOWN_SHARE, tolerances.MISSING_PART
"""Difference below which two shares look the same; share below which nothing is missing."""


class Form(StrEnum):
    """How a picture's series are drawn."""

    GROUPED = "columns side by side"
    STACKED = "stacked columns"
    BARS = "stacked bars"
    AGAINST = "columns with lines"
    LINES = "lines over a numeric scale"
    ROWS = "bars side by side; only on pages and slides"
    HEAT = "heat map with one row per series; in workbooks, a sheet's coloured cells replace it"


class Role(StrEnum):
    """What a series stands for; each role has the same colour in every chart."""

    PLAN = "this plan"
    FREE = "without share limits"
    LIMIT = "limit"
    SHORT = "short"
    OTHER = "other"
    POSSIBLE = "could be bought, too"
    REPLANNED = "planned again"
    ONE_OF_MANY = "one of many"
    HERE = "a vertical line at one point of the scale, from 0 up to its only value"


def series_values(column: Iterable[Any], size: float = 1.0) -> tuple[float | None, ...]:
    """Return the values of a series divided by ``size``; None where there is no number."""
    return tuple(float(v) / size if known(v) else None for v in column)


@dataclass(frozen=True)
class Series:
    """One series: a value or None for each category.

    ``colour`` replaces the colour of its role; ``hints`` are shown with the values in hover text.
    """

    name: str
    role: Role
    values: Sequence[float | None]
    colour: str = ""
    hints: Sequence[str] = ()


@dataclass(frozen=True)
class Picture:
    """One chart.

    ``axis`` is the title of the values' axis with its unit, ``across`` the title of the
    categories' axis. ``small`` charts are drawn several per row. Consecutive charts with
    ``is_panel`` are drawn together, with the same scale or names. The categories of ``Form.LINES``
    are numbers in the format ``scale``.
    """

    title: str
    form: Form
    categories: tuple[table.Cell, ...]
    series: tuple[Series, ...]
    axis: str
    across: str
    fmt: Format = Format.SHARE
    small: bool = False
    scale: Format = Format.YEAR
    is_panel: bool = False

    @property
    def numbers(self) -> list[float]:
        """All values of all series, without gaps."""
        return [v for series in self.series for v in series.values if v is not None]

    @property
    def places(self) -> list[float]:
        """The categories of ``Form.LINES``."""
        return [float(c) for c in self.categories if isinstance(c, int | float)]

    @property
    def highest(self) -> float:
        """The largest value; for stacked columns, the largest sum of positive values."""
        if self.form in {Form.STACKED, Form.BARS}:
            columns = zip(*(s.values for s in self.series), strict=True)
            return max((sum(max(0.0, v or 0.0) for v in each) for each in columns), default=0.0)
        return max(self.numbers, default=0.0)

    @property
    def distinct_series(self) -> tuple[Series, ...]:
        """The series, with those that look alike merged into one; ``hints`` are all their names."""
        alike: list[list[Series]] = []
        for each in self.series:
            same = (group for group in alike if _are_alike(group[0].values, each.values))
            group = next(same, None)
            if group is None:
                alike.append(group := [])
            group.append(each)
        named = [[each.name for each in group] for group in alike]
        return tuple(
            replace(group[0], name=_merged_name(names), hints=names)
            for group, names in zip(alike, named, strict=True)
        )

    @property
    def with_merged_lines(self) -> Picture:
        """The chart, with lines that coincide merged into one."""
        return replace(self, series=tuple(replace(each, hints=()) for each in self.distinct_series))

    def in_money(self, currency: str) -> Picture:
        """Return the chart with money in the unit that suits the largest amount.

        The unit fills ``{unit}`` in the title of the values' axis.
        """
        largest = max(map(abs, self.numbers), default=0.0)
        size, unit = unit_scale(largest, currency)
        series = tuple(replace(s, values=series_values(s.values, size)) for s in self.series)
        axis = self.axis.format(unit=unit)
        return replace(self, series=series, axis=axis, fmt=Format.MILLIONS)

    def __len__(self) -> int:
        return len(self.categories)


def drawn(*pictures: Picture | None) -> tuple[Picture, ...]:
    return tuple(picture for picture in pictures if picture is not None)


def is_worth_drawing(picture: Picture) -> bool:
    """Return whether a chart shows more than a single bar or cell, and more than rounding."""
    shown = [s for s in picture.series if s.role not in {Role.LIMIT, Role.HERE}]
    bars = [[abs(v or 0.0) > _NOTHING for v in s.values] for s in shown]
    if picture.form in {Form.STACKED, Form.BARS}:  # parts of one bar
        bars = [[any(parts) for parts in zip(*bars, strict=True)]]
    count = sum(map(sum, bars))
    return count > 1 or (picture.form is Form.LINES and count > 0)


# ---- charts of a result --------------------------------------------------------------------------

Values = Iterable[float | None]


def peak(values: Values) -> float:
    """Return the largest absolute value of a series; 0 if it has none."""
    return max((abs(value) for value in values if known(value)), default=0.0)


def top(sizes: Mapping[str, float], most: int) -> list[str]:
    """Return the ``most`` names with the largest sizes, in the order of ``sizes``, not by size."""
    largest = sorted(sizes, key=lambda name: -sizes[name])[:most]
    return [name for name in sizes if name in largest]


def some_of(shown: int, total: int, which: str = "largest") -> str:
    """Return the end of a title if not all is drawn: `` (the 6 largest of 8)``; else ""."""
    number = "" if shown == 1 else f"{shown} "
    return f" (the {number}{which} of {total})" if shown < total else ""


def bars(  # noqa: PLR0913 - what a chart of bars is made of
    title: str,
    rows: pd.DataFrame,
    names: Field | Iterable[str],
    parts: Mapping[str, tuple[Role, Field | Values]],
    axis: str,
    *,
    across: str = "",
    form: Form = Form.GROUPED,
    most: int | None = None,
    which: str = "",
    **more: Any,
) -> Picture | None:
    """Return bars, with a category for each of the first rows; None if no value differs from 0.

    ``rows`` are rows of ``result.frame()`` in drawing order; ``names`` is the field of the labels,
    or the labels; ``parts`` are the role and the field, or the values, of each series. At most
    ``most`` rows are drawn; with ``which``, the title says how many there are.
    """
    labels = map(shortened, map(str, rows[names.name])) if isinstance(names, Field) else names
    labels = tuple(labels)[:most]
    columns = ((name, role, rows[values.name] if isinstance(values, Field) else values)
               for name, (role, values) in parts.items())  # fmt: skip
    series = tuple(
        Series(name, role, series_values(values)[:most]) for name, role, values in columns
    )
    if not any(peak(each.values) for each in series):
        return None
    title += some_of(len(labels), len(rows), which) if which else ""
    return Picture(title, form, labels, series, axis, across, **more)


def lines(  # noqa: PLR0913 - what a chart of lines is made of
    title: str,
    points: Sequence[table.Cell],
    values: Mapping[str, Sequence[float | None]],
    axis: str,
    *,
    across: str = "",
    most: int | None = None,
    which: str = "highest",
    **more: Any,
) -> Picture | None:
    """Return a chart with a line for each name; None with fewer than two points, or no line.

    At most ``most`` lines are drawn: those with the largest values. The title then says how many
    there are.
    """
    sizes = {name: peak(line) for name, line in values.items()}
    names = top(sizes, len(sizes) if most is None else most)
    if not names or len(points) < 2:  # noqa: PLR2004 - one point is no line
        return None
    series = tuple(Series(shortened(name), Role.ONE_OF_MANY, values[name]) for name in names)
    title += some_of(len(names), len(values), which)
    return Picture(title, Form.LINES, tuple(points), series, axis, across, **more)


# ---- what series have in common ------------------------------------------------------------------


def _are_alike(some: Sequence[float | None], others: Sequence[float | None]) -> bool:
    """Return whether two rows of shares look alike; 0 and a small share do not."""
    return all(
        a is b if a is None or b is None
        else abs(a - b) < _ALIKE and (a > _NOTHING) == (b > _NOTHING)
        for a, b in zip(some, others, strict=True)
    )  # fmt: skip


def _merged_name(names: Sequence[str]) -> str:
    """Return the name of one line drawn for several series with the same values."""
    more = len(names) - 1
    return f"{names[0]} and {more} more" if more > 1 else listed(names)


_FILLS = dict.fromkeys((Role.LIMIT, Role.HERE, Role.SHORT), palette.VERMILION) | {
    Role.PLAN: palette.BLUE,
    Role.FREE: palette.LIGHT_GREY,
    Role.OTHER: palette.LIGHT_GREY,
    Role.POSSIBLE: palette.PALE_ORANGE,
    Role.REPLANNED: palette.ORANGE,
}


def colour_of(series: Series, number: int, colours: Sequence[str] = palette.COLOURS) -> str:
    return series.colour or _FILLS.get(series.role) or colours[number % len(colours)]


def shortened(name: str) -> str:
    return truncated(clean_text(name), _LABEL)


def chart_rows(charts: Iterable[Picture]) -> ChartData:
    """Return the numbers behind charts: one row for each chart, series and category."""
    points = [
        (picture, series, category, value)
        for picture in charts
        for series in picture.series
        for category, value in zip(picture.categories, series.values, strict=True)
    ]
    kinds = [
        Format.TEXT if isinstance(category, str)
        else picture.scale if picture.form is Form.LINES else Format.YEAR
        for picture, _, category, _ in points
    ]  # fmt: skip
    return ChartData(
        chart=[picture.title for picture, *_ in points],
        series=[series.name for _, series, *_ in points],
        category=[category for *_, category, _ in points],
        value=[value for *_, value in points],
        formats={"category": kinds, "value": [picture.fmt for picture, *_ in points]},
    )


def chart_table(charts: Iterable[Picture]) -> table.Table:
    return table.table_of(chart_rows(charts))


def spans(charts: Iterable[Picture]) -> list[list[tuple[int, int]]]:
    """Return, by picture and series, the first and last row of its values in the chart data."""
    rows, start = [], 0
    for picture in charts:
        end = start + len(picture) * len(picture.series)
        firsts = range(start, end, len(picture) or 1)
        rows.append([(first, first + len(picture) - 1) for first in firsts])
        start = end
    return rows


def round_step(least: float, factors: Sequence[float]) -> float:
    """Return the smallest product of a factor and a power of ten that is at least ``least``."""
    tenth = 10.0 ** math.floor(math.log10(least))
    return next(f * tenth for f in factors if f * tenth >= least * (1.0 - 1e-9))


def decimals(step: float, most: int = 8) -> int:
    """Return how many decimals multiples of ``step`` need to look different, at most ``most``."""
    return next((d for d in range(most) if abs(round(step, d) - step) < step * 1e-6), most)
