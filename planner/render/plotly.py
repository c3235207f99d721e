"""Pictures drawn with Plotly for a page: bars, lines and heat maps, one look for all.

Colours of words, axes and grounds are left to the page, which is light or dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from models.results.field import Look
from planner.render import palette
from planner.render.chart import Form, Picture, Role, Series, colour_of
from planner.render.words import label, labels, listed, number, percent

Values = Sequence[float | None]

_MARGIN = {"l": 8, "r": 12, "t": 8, "b": 8}
_SHARES = ".0%"
_TICKS, _FEW = 8, 5
_MARKS = ("circle", "square", "diamond", "triangle-up", "x", "cross")
_TEXT = 13
_FULL = 300
"""Characters of names that a reader points at."""
_HATCHED = {Role.SHORT, Role.ANEW}
"""Roles that are told apart without colour."""
_DASHES = ("solid", "dash", "dot", "dashdot")


def figure_of(picture: Picture) -> Any:
    """Draw a picture, the same as native charts do."""
    is_share = picture.look is Look.SHARE
    if picture.form is Form.LINES:
        numbers = [c for c in picture.categories if isinstance(c, int | float)]
        scale = Scale(
            numbers,
            picture.across,
            "d" if picture.scale is Look.YEAR else ".0%" if picture.scale is Look.SHARE else "~s",
            falling=numbers != sorted(numbers),
        )
        look = ".0%" if is_share else "~s"
        figure = lines(scale, picture.series, axis=picture.axis, look=look)
        if picture.scale is Look.YEAR and len(numbers) <= _FEW:  # no half years
            figure.update_xaxes(tickmode="array", tickvals=numbers)
        return figure
    if picture.form is Form.HEAT:
        joined = picture.distinct
        rows_of = [each.values for each in joined]
        named = [listed(each.hints) for each in joined]
        return heat(
            [s.name for s in joined], picture.categories, rows_of, what=picture.axis, whose=named
        )
    if picture.form is Form.ROWS:
        return rows(
            picture.categories, picture.series, axis=picture.axis, shares=is_share, grouped=True
        )
    if picture.form in {Form.STACKED, Form.BARS}:
        return rows(picture.categories, picture.series, axis=picture.axis, shares=is_share)
    return bars(picture.categories, picture.series, axis=picture.axis, shares=is_share)


def bars(
    categories: Sequence[object], series: Sequence[Series], *, axis: str, shares: bool = True
) -> Any:
    """Draw columns over categories; a series that is a limit is a dashed line over them."""
    names = labels(categories)
    traces: list[Any] = []
    for i, each in enumerate(series):
        hints, hover = _hover(each, "%{x}", "%{y:.1%}" if shares else "%{y:,.4~r}")
        if each.role is Role.LIMIT:
            traces.append(
                go.Scatter(
                    x=names, y=list(each.values), name=label(each.name), customdata=hints,
                    hovertemplate=hover, mode="lines" if len(names) > 1 else "markers",
                    line={
                        "color": colour_of(each, i), "width": 3, "dash": "5px,3px", "shape": "hvh",
                    },
                    marker={"symbol": "line-ew-open", "size": 40, "color": colour_of(each, i),
                            "line": {"width": 3}},
                )
            )  # fmt: skip
        else:
            traces.append(
                go.Bar(
                    x=names, y=list(each.values), name=label(each.name), customdata=hints,
                    hovertemplate=hover, marker=_fill(each, i),
                )
            )  # fmt: skip
    figure = go.Figure(traces)
    figure.update_layout(barmode="group", bargap=0.3)
    figure.update_xaxes(type="category", nticks=_TICKS)
    figure.update_yaxes(
        title=label(axis), tickformat=_SHARES if shares else ",", rangemode="tozero"
    )
    if shares:
        highest = max((v for s in series for v in s.values if v is not None), default=1.0)
        figure.update_yaxes(range=[0, max(1.0, highest) * 1.04])
    return framed(figure, legend=len(series) > 1)


def rows(
    categories: Sequence[object],
    series: Sequence[Series],
    *,
    axis: str,
    shares: bool = True,
    grouped: bool = False,
) -> Any:
    """Draw bars on one another, or ``grouped`` side by side, the first category on top.

    Parts of a whole have their name and number in them, where there is room; others have their
    number beside them.
    """
    names = labels(categories)
    traces = []
    for i, each in enumerate(series):
        hints, hover = _hover(each, "%{y}", "%{x:.1%}" if shares else "%{x:,.4~r}")
        traces.append(
            go.Bar(
                y=names, x=list(each.values), name=label(each.name), customdata=hints,
                hovertemplate=hover, orientation="h", marker=_fill(each, i),
                **_numbers(each, shares=shares, is_grouped=grouped, is_one=len(series) == 1),
            )
        )  # fmt: skip
    figure = go.Figure(traces)
    figure.update_layout(uniformtext={"mode": "hide", "minsize": 11})
    figure.update_layout(barmode="group" if grouped else "relative", bargap=0.25)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    figure.update_xaxes(title=label(axis), tickformat=_SHARES if shares else ",")
    return framed(figure, legend=len(series) > 1)


@dataclass(frozen=True)
class Scale:
    """The numbers under lines: their title, their format, and whether they fall from the left."""

    numbers: Sequence[float]
    title: str = ""
    look: str = "d"
    falling: bool = False


def lines(across: Scale, series: Sequence[Series], *, axis: str, look: str = "~s") -> Any:
    """Draw lines over a scale, each with its mark and dash; ``look`` is the values' format."""
    traces = []
    for i, each in enumerate(series):
        hints, hover = _hover(each, "%{x}", f"%{{y:{',.4~r' if look == '~s' else look}}}")
        traces.append(
            go.Scatter(
                x=list(across.numbers), y=list(each.values), name=label(each.name),
                customdata=hints, hovertemplate=hover, mode="lines+markers",
                line={"color": colour_of(each, i), "width": 2.5, "dash": _DASHES[i % len(_DASHES)]},
                marker={"symbol": _MARKS[i % len(_MARKS)], "size": 7},
            )
        )  # fmt: skip
    figure = go.Figure(traces)
    figure.update_xaxes(title=label(across.title), tickformat=across.look, nticks=_TICKS)
    if across.falling:
        figure.update_xaxes(autorange="reversed")
    figure.update_yaxes(title=label(axis), tickformat=look, rangemode="tozero")
    return framed(figure, legend=len(series) > 1)


def heat(
    down: Sequence[object],
    across: Sequence[object],
    values: Sequence[Values],
    *,
    what: str,
    whose: Sequence[str] = (),
) -> Any:
    """Draw shares as a map that darkens with them; a share of nothing is left blank.

    Each cell says its number; ``what`` is the word for what the shares are, ``whose`` names rows in
    full where a reader points at them.
    """
    names = [[label(name, _FULL)] * len(across) for name in whose or map(str, down)]
    shown = [
        ["" if v is None else (f"{v:.0%}" if v >= 0.005 or v == 0 else "<1%") for v in row]  # noqa: PLR2004
        for row in values
    ]
    highest = max((v for row in values for v in row if v is not None), default=0.0)
    figure = go.Figure(
        go.Heatmap(
            x=labels(across), y=labels(down),
            z=[list(row) for row in values], zmin=0, zmax=max(highest, 0.01), text=shown,
            texttemplate="%{text}", textfont={"size": 12}, xgap=2, ygap=2, hoverongaps=False,
            customdata=names,
            hovertemplate=f"%{{customdata}}, %{{x}}: %{{z:.1%}} {label(what)}<extra></extra>",
            showscale=False,
        )
    )  # fmt: skip
    figure.update_xaxes(type="category", side="top")
    figure.update_yaxes(type="category", autorange="reversed")
    return framed(figure, legend=False)


def heat_width(across: Sequence[object]) -> int:
    """Return the pixels that a heat map needs, so that its numbers do not run into one another."""
    return 150 + 62 * len(across)


@dataclass(frozen=True)
class Flow:
    """Tonnes from one place to another."""

    source: str
    target: str
    amount: float


def sankey(flows: Sequence[Flow], colours: dict[str, str], *, unit: str) -> Any:
    """Draw flows from sources, on the left, to targets; ``colours`` are the sources'."""
    sources = _by_weight([(f.source, f.amount) for f in flows])
    targets = _by_weight([(f.target, f.amount) for f in flows])
    at = {name: i for i, name in enumerate(sources)}
    to = {name: len(sources) + i for i, name in enumerate(targets)}
    paint = [colours.get(name, palette.GREY) for name in sources]
    figure = go.Figure(
        go.Sankey(
            arrangement="fixed", valueformat=",.4~r", valuesuffix=f" {label(unit)}",
            node={
                "label": [label(n) for n in (*sources, *targets)],
                "color": [*paint, *(palette.GREY for _ in targets)],
                "pad": 18, "thickness": 16, "line": {"width": 0},
                "hovertemplate": "%{label}: %{value}<extra></extra>",
            },
            link={
                "source": [at[f.source] for f in flows],
                "target": [to[f.target] for f in flows],
                "value": [f.amount for f in flows],
                "color": [faded(paint[at[f.source]]) for f in flows],
                "hovertemplate": "%{source.label} to %{target.label}: %{value}<extra></extra>",
            },
        )
    )  # fmt: skip
    return framed(figure, legend=False)


def faded(colour: str) -> str:
    """Return a colour that shows what is below it."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.45)"


def _by_weight(pairs: Sequence[tuple[str, float]]) -> list[str]:
    total: dict[str, float] = {}
    for name, amount in pairs:
        total[name] = total.get(name, 0.0) + amount
    return sorted(total, key=lambda name: (-total[name], name))


def _hover(series: Series, place: str, value: str) -> tuple[list[str] | None, str]:
    name = label(series.name).replace("%{", "% {")
    if not series.hints:
        return None, f"{place}, {name}: {value}<extra></extra>"
    return [label(h) for h in series.hints], (
        f"{place}, {name}: {value}, %{{customdata}}<extra></extra>"
    )


def _numbers(series: Series, *, shares: bool, is_grouped: bool, is_one: bool) -> dict[str, Any]:
    """Return where the numbers of bars stand: amounts on one another have no room for theirs."""
    if not (shares or is_grouped or is_one):
        return {"textposition": "none"}
    return _beside(series, shares=shares) if is_grouped or not shares else _inside(series)


def _inside(series: Series) -> dict[str, Any]:
    if series.role in _HATCHED:  # words would not be read on hatching, which tells it apart itself
        return {"textposition": "none"}
    name = label(series.name)
    return {
        "text": [f"{name} {v:.0%}" if v else "" for v in series.values],
        "textposition": "inside", "insidetextanchor": "middle", "textangle": 0,
    }  # fmt: skip


def _beside(series: Series, *, shares: bool) -> dict[str, Any]:
    said = percent if shares else number
    return {
        "text": [said(v) for v in series.values], "textposition": "outside", "textangle": 0,
        "cliponaxis": False,
    }  # fmt: skip


def _fill(series: Series, number: int) -> dict[str, Any]:
    colour = colour_of(series, number)
    fill: dict[str, Any] = {"color": colour, "line": {"width": 0}}
    if series.role in _HATCHED:
        fill["pattern"] = {
            "shape": "/", "size": 7, "solidity": 0.3, "bgcolor": colour,
            "fgcolor": "#FFFFFF",
        }  # fmt: skip
    return fill


def framed(figure: Any, *, legend: bool) -> Any:
    """Give a figure the margins, the font and the legend that all have."""
    figure.update_layout(
        template="none",
        margin=_MARGIN,
        showlegend=legend,
        dragmode=False,
        font={"family": f"{palette.FONT}, Helvetica, sans-serif", "size": _TEXT},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "traceorder": "normal"},
    )
    axes = {"automargin": True, "fixedrange": True, "title.font.size": _TEXT}
    figure.update_xaxes(**axes)
    figure.update_yaxes(**axes)
    return figure
