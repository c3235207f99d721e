"""The charts of a study of variants, made from its tables alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from models import tolerances
from models.results import Field, Look, Result
from models.results.numbers import ALL
from planner.render.chart import (
    Form,
    Picture,
    Role,
    Series,
    drawn,
    lines,
    numbers,
    peak,
    short,
    some_of,
    top,
)
from planner.render.words import known, listed, word
from planner.studies.variant_tables import RunTotals

MOST_BARS, MOST_LINES, MOST_ROWS = 12, 6, 30
"""How many runs, minerals and rows of a heat map are drawn at most."""


def charts(main: RunTotals) -> tuple[Picture, ...]:
    """Return bars by run, without the reference, which is the first row."""
    t = type(main)
    rows = [*main.rows(t.run, t.hit, t.hit_share, t.extra_cost_share)][1:]
    title = t.extra_cost.header
    return run_charts(rows, (title, "Share of their cost in the reference", Look.SHARE))


def run_charts(rows: Sequence[tuple[Any, ...]], cost: tuple[str, str, Look]) -> tuple[Picture, ...]:
    """Return bars by run: what is further missing of the mineral hit hardest, and what it costs.

    ``rows`` are name, mineral hit hardest, its further missing share, and cost. The runs with most
    further missing come first. ``cost`` is title, axis and look of the costs.
    """
    rows = [row for row in rows if known(row[2]) or known(row[3])]
    ranked = sorted(rows, key=lambda row: -(row[2] or 0.0))[:MOST_BARS]
    more = some_of(len(ranked), len(rows), "with most missing")
    names = tuple(short(str(row[0])) for row in ranked)
    hit = tuple(f"{name}: {short(row[1])}" if row[1] else name
                for name, row in zip(names, ranked, strict=True))  # fmt: skip
    missing = _bars(
        f"Further missing of the mineral hit hardest{more}", hit, Role.SHORT,
        [row[2] for row in ranked], "Share of the mineral's need", Look.SHARE,
    )  # fmt: skip
    title, axis, look = cost
    costs = _bars(f"{title}{more}", names, Role.PLAN, [row[3] for row in ranked], axis, look)
    return drawn(missing, costs)


def _bars(  # noqa: PLR0913, PLR0917 - the parts of a chart
    title: str, names: Sequence[str], role: Role, values: Sequence[Any], axis: str, look: Look
) -> Picture | None:
    """Return bars; None with fewer than two of them that differ from 0."""
    shown = numbers(values)
    if sum(abs(v) > tolerances.MISSING_PART for v in shown if v is not None) < 2:  # noqa: PLR2004
        return None
    series = Series(axis, role, shown)
    picture = Picture(title, Form.BARS, tuple(names), (series,), axis, "", look, is_panel=True)
    if look is not Look.MONEY:
        return picture
    return replace(picture, axis="{unit}").in_money(axis)


def mineral_chart(name: str, rows: Result, run: Field, part: Field) -> Picture | None:
    """Return bars of a mineral's part by run; None if it is 0 in all of them."""
    pairs = [(word(label), value) for label, value in rows.rows(run, part)][:MOST_BARS]
    series = Series(part.header, Role.SHORT, numbers(value for _, value in pairs))
    if not peak(series.values):
        return None
    names = tuple(short(label) for label, _ in pairs)
    return Picture(f"{short(name)}: {part.header}", Form.BARS, names, (series,), part.header, "")


def heat_picture(heat: Result) -> Picture | None:
    """Return a heat map as a chart; runs with equal values share a row."""
    lead = sum(not f.name.startswith("of_") for f in heat.fields)
    alike: dict[tuple[float | None, ...], list[str]] = {}
    for name, *values in heat.rows(heat.fields[0], *heat.fields[lead:]):
        key = tuple(float(v) if known(v) and v > 0 else None for v in values)
        alike.setdefault(key, []).append(str(name))
    rows = list(alike.items())[:MOST_ROWS]
    if not any(known(value) for key, _ in rows for value in key):
        return None
    title = f"Further missing, as a share of need{some_of(len(rows), len(alike), 'first')}"
    columns = tuple(field.title({}) for field in heat.fields[lead:])
    series = tuple(Series(listed(names, 1), Role.SHORT, values) for values, names in rows)
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
        Picture(title, Form.LINES, tuple(places), tuple(series), axis, "", scale=value.look,
                look=field.look, is_panel=True)
        if peak(series[0].values) else None
    ]  # fmt: skip
    title, axis, field = part
    values = _lines_of(points, mineral, value, field, places)
    values = {name: line for name, line in values.items() if name != ALL and peak(line)}
    drawn_lines = lines(
        title, places, values, axis, across=across, most=MOST_LINES, which="hit hardest",
        scale=value.look, is_panel=True,
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
    return {name: numbers(row.get(place) for place in places) for name, row in cells.items()}


def _marked(picture: Picture, mark: tuple[str, float] | None) -> Picture:
    if mark is None or mark[1] not in picture.categories:
        return picture
    values = [picture.highest if place == mark[1] else None for place in picture.categories]
    return replace(picture, series=(*picture.series, Series(mark[0], Role.HERE, values)))


def ranked_bars(
    title: str,
    sizes: Mapping[str, float],
    parts: Mapping[str, tuple[Role, Mapping[str, Any]]],
    axis: str,
) -> Picture | None:
    """Return bars side by side of the names with the largest sizes; None if nothing is drawn."""
    names = top(sizes, MOST_BARS)
    series = tuple(
        Series(name, role, numbers(values.get(n) for n in names))
        for name, (role, values) in parts.items()
    )
    if len(names) < 2 or not any(peak(each.values) for each in series):  # noqa: PLR2004
        return None
    return Picture(title, Form.GROUPED, tuple(map(short, names)), series, axis, "", Look.SHARE)
