"""The charts of a study of variants, made from its tables alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from models import tolerances
from models.results import Field, Result
from models.results.numbers import ALL
from planner.render.chart import (
    Form,
    Picture,
    Role,
    Series,
    drawn,
    lines,
    peak,
    series_values,
    shortened,
    some_of,
)
from planner.render.words import known, listed
from planner.studies.variant_tables import RunTotals

MOST_BARS, MOST_LINES, MOST_ROWS = 12, 6, 30
"""How many runs, minerals and rows of a heat map are drawn at most."""


def charts(main: RunTotals) -> tuple[Picture, ...]:
    """Return bars by run, without the reference, which is the first row.

    They show what is further missing of the mineral hit hardest, and what the same tonnes cost.
    """
    t = type(main)
    rows = [*main.rows(t.run, t.hit, t.hit_share, t.extra_cost_share)][1:]
    costs = [(row[0], row[3]) for row in rows if _is_visible(row[3])]
    return drawn(
        missing_chart([row[:3] for row in rows]),
        _bars(t.extra_cost.header, costs, Role.PLAN, "Share of their cost in the reference"),
    )


def missing_chart(rows: Sequence[tuple[Any, ...]]) -> Picture | None:
    """Return bars by run of what is further missing of the mineral hit hardest, the most first.

    ``rows`` are name, mineral hit hardest, and its further missing share.
    """
    short_rows = sorted((row for row in rows if _is_visible(row[2])), key=lambda row: -row[2])
    named = [
        (f"{name}: {mineral}" if mineral else name, part) for name, mineral, part in short_rows
    ]
    title, axis = "Further missing of the mineral hit hardest", "Share of the mineral's need"
    return _bars(title, named, Role.SHORT, axis)


def _is_visible(value: Any) -> bool:
    return known(value) and abs(value) > tolerances.SHOWN_SHARE


def _bars(title: str, bars: Sequence[tuple[str, Any]], role: Role, axis: str) -> Picture | None:
    """Return a bar for each run; None with fewer than two of them."""
    if len(bars) < 2:  # noqa: PLR2004
        return None
    first = bars[:MOST_BARS]
    names, values = tuple(shortened(name) for name, _ in first), series_values(v for _, v in first)
    title += some_of(len(first), len(bars), "first")
    series = (Series(axis, role, values),)
    return Picture(title, Form.BARS, names, series, axis, "", is_panel=True)


def heat_picture(heat: Result) -> Picture | None:
    """Return a heat map of what is hit as a chart; runs with equal values share a row."""
    lead = sum(not f.name.startswith("of_") for f in heat.fields)
    alike: dict[tuple[float | None, ...], list[str]] = {}
    for name, *values in heat.rows(heat.fields[0], *heat.fields[lead:]):
        key = tuple(float(v) if _is_visible(v) else None for v in values)
        if any(map(known, key)):
            alike.setdefault(key, []).append(str(name))
    rows = list(alike.items())[:MOST_ROWS]
    hit = [i for i in range(len(heat.fields) - lead) if any(known(key[i]) for key, _ in rows)]
    if len(hit) < 2:  # noqa: PLR2004 - bars show a single mineral
        return None
    title = f"Further missing, as a share of need{some_of(len(rows), len(alike), 'first')}"
    columns = tuple(heat.fields[lead + i].title({}) for i in hit)
    series = tuple(
        Series(listed(names, 1), Role.SHORT, [key[i] for i in hit]) for key, names in rows
    )
    return Picture(title, Form.HEAT, columns, series, "further missing", "")


# ---- over the values of a number -----------------------------------------------------------------


def line_charts(  # noqa: PLR0913 - what lines over a number show
    points: Result,
    mineral: Field,
    value: Field,
    across: str,
    *,
    cost: tuple[str, str, Field],
    part: tuple[str, str, Field],
    mark: tuple[str, float] | None = None,
) -> tuple[Picture, ...]:
    """Return two panels over a number: a cost of all minerals, and a part of each mineral's need.

    ``cost`` and ``part`` are title, axis and field. The number's axis runs as the points do. Points
    without a value are levels. ``mark`` names a value that is drawn as a vertical line.
    """
    places = [v for v in dict.fromkeys(v for (v,) in points.rows(value)) if known(v)]
    if len(places) < 2:  # noqa: PLR2004 - one point is no line
        return ()
    title, axis, field = cost
    whole = _lines_of(points, mineral, value, field, places)
    series = [Series("All minerals", Role.PLAN, whole.pop(ALL, ()))]
    level = [y for m, v, y in points.rows(mineral, value, field) if m == ALL and not known(v)]
    series += [Series("As in the workbook", Role.LIMIT, [y] * len(places)) for y in level]
    pictures: list[Picture | None] = [
        Picture(title, Form.LINES, tuple(places), tuple(series), axis, "", scale=value.fmt,
                fmt=field.fmt, is_panel=True)
        if peak(series[0].values) else None
    ]  # fmt: skip
    title, axis, field = part
    values = _lines_of(points, mineral, value, field, places)
    values = {name: line for name, line in values.items() if name != ALL and peak(line)}
    drawn_lines = lines(
        title, places, values, axis, across=across, most=MOST_LINES, which="hit hardest",
        scale=value.fmt, is_panel=True,
    )  # fmt: skip
    pictures.append(drawn_lines and _marked(drawn_lines, mark))
    return drawn(*pictures)


def _lines_of(
    points: Result, mineral: Field, value: Field, field: Field, places: Sequence[Any]
) -> dict[str, Sequence[float | None]]:
    """Return a field by mineral, over the places; None where a point has no plan."""
    cells: dict[str, dict[Any, Any]] = {}
    for name, place, amount in points.rows(mineral, value, field):
        cells.setdefault(name, {})[place] = amount
    return {name: series_values(row.get(place) for place in places) for name, row in cells.items()}


def _marked(picture: Picture, mark: tuple[str, float] | None) -> Picture:
    if mark is None or mark[1] not in picture.categories:
        return picture
    values = [picture.highest if place == mark[1] else None for place in picture.categories]
    return replace(picture, series=(*picture.series, Series(mark[0], Role.HERE, values)))
