"""Charts of pages for a browser, drawn with Plotly in one style.

The page sets the colours of text, axes and background, since it may be light or dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

from models.results.field import Format
from planner.render import palette
from planner.render.chart import Form, Picture, Role, Series, colour_of
from planner.render.words import (
    chart_label,
    clean_text,
    formatted_number,
    labels,
    listed,
    percent,
    truncated,
)

_MARGIN = {"l": 8, "r": 12, "t": 8, "b": 8}
_TICKS, _FEW, _NAMES = 8, 5, 12
_SHARES = ".2~%"
"""The format of shares at an axis, with no more digits than its steps need."""
_MARKS = ("circle", "square", "diamond", "triangle-up", "x", "cross")
_TEXT = 13
_TITLE, _LEVEL_TITLE, _ROWS_TITLE = 34, 44, 18
"""Most characters on a line of the title of a vertical axis, of a horizontal one, and of one below
bars, which names beside them leave little room on a telephone. Titles are wrapped, never cut,
because the unit comes last."""
_NAME = 30
"""Most characters of a line of a name beside a bar."""
_NAME_LINES = 2
"""Most lines of a name in a legend."""
_KEPT = "\N{NO-BREAK SPACE}"
_FULL = 300
"""Most characters of a name in hover text."""
_HATCHED = {Role.SHORT, Role.REPLANNED}
"""Roles that are hatched, so that they differ without colour, too."""
_DASHES = ("solid", "dash", "dot", "dashdot")


# ---- pictures -----------------------------------------------------------------------------------


def figure_of(picture: Picture) -> Any:
    """Draw a chart with the same content as the workbook's native chart."""
    by_form = {Form.LINES: _draw_lines, Form.HEAT: _draw_heat}
    by_form |= dict.fromkeys((Form.ROWS, Form.STACKED, Form.BARS), _draw_rows)
    return by_form.get(picture.form, _draw_columns)(picture)


def _draw_columns(picture: Picture) -> Any:
    """Draw columns over categories; a series that is a limit is a dashed line over them."""
    shares = picture.fmt is Format.SHARE
    names = labels(picture.categories)
    figure = go.Figure()
    for i, each in enumerate(picture.series):
        colour = colour_of(each, i)
        shown = _hover_text(each, "%{x}", "%{y:.1%}" if shares else "%{y:,.4~r}")
        if each.role is Role.LIMIT:
            figure.add_scatter(
                x=names, y=list(each.values), **shown,
                mode="lines" if len(names) > 1 else "markers",
                line={"color": colour, "width": 3, "dash": "5px,3px", "shape": "hvh"},
                marker={
                    "symbol": "line-ew-open", "size": 40, "color": colour, "line": {"width": 3},
                },
            )  # fmt: skip
        else:
            figure.add_bar(x=names, y=list(each.values), **shown, marker=_fill(each, i))
    figure.update_layout(barmode="group", bargap=0.3)
    ticks = len(names) if len(names) <= _NAMES else _TICKS  # not all bars of a histogram
    figure.update_xaxes(type="category", nticks=ticks)
    figure.update_yaxes(
        title=_title(picture.axis), tickformat=_SHARES if shares else ",", rangemode="tozero"
    )
    if shares:
        figure.update_yaxes(range=[0, max([1.0, *picture.numbers]) * 1.04])
    return with_frame(figure, legend=len(picture.series) > 1)


def _draw_rows(picture: Picture) -> Any:
    """Draw stacked bars, or ``Form.ROWS`` side by side, with the first category on top.

    Stacked shares have name and number inside, if there is room; other bars have their number next
    to them.
    """
    shares, beside = picture.fmt is Format.SHARE, picture.form is Form.ROWS
    names = _label_lines(picture.categories)
    figure = go.Figure()
    for i, each in enumerate(picture.series):
        figure.add_bar(
            y=names, x=list(each.values), orientation="h", marker=_fill(each, i),
            **_hover_text(each, "%{y}", "%{x:.1%}" if shares else "%{x:,.4~r}"),
            **_number_labels(each, shares=shares, beside=beside, is_one=len(picture.series) == 1),
        )  # fmt: skip
    figure.update_layout(uniformtext={"mode": "hide", "minsize": 11})
    figure.update_layout(barmode="group" if beside else "relative", bargap=0.25)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    figure.update_xaxes(
        title=_title(picture.axis, _ROWS_TITLE), tickformat=_SHARES if shares else ","
    )
    return with_frame(figure, legend=len(picture.series) > 1)


def _label_lines(texts: Sequence[object]) -> list[str]:
    return ["<br>".join(chart_label(line, _FULL) for line in name_lines(text)) for text in texts]


def name_lines(text: object) -> list[str]:
    """Return the lines of a name beside a bar."""
    return wrap(truncated(clean_text(str(text)), _FULL), _NAME)


def _draw_lines(picture: Picture) -> Any:
    """Draw lines over a numeric scale, each with its own marker and dash."""
    numbers = [c for c in picture.categories if isinstance(c, int | float)]
    fmt = _SHARES if picture.fmt is Format.SHARE else "~s"
    scale = {Format.YEAR: "d", Format.SHARE: _SHARES}.get(picture.scale, "~s")
    figure = go.Figure()
    for i, each in enumerate(picture.series):
        if each.role is Role.HERE:
            points = [(x, y) for x, y in zip(numbers, each.values, strict=True) if y is not None]
            figure.add_scatter(
                x=[x for x, _ in points for _ in range(2)],
                y=[v for _, y in points for v in (0.0, y)],
                name=chart_label(each.name), mode="lines", hoverinfo="name",
                line={"color": colour_of(each, i), "width": 2, "dash": "dash"},
            )  # fmt: skip
            continue
        figure.add_scatter(
            x=numbers, y=list(each.values), mode="lines+markers",
            **_hover_text(each, "%{x}", f"%{{y:{',.4~r' if fmt == '~s' else fmt}}}"),
            line={"color": colour_of(each, i), "width": 2.5, "dash": _DASHES[i % len(_DASHES)]},
            marker={"symbol": _MARKS[i % len(_MARKS)], "size": 7},
        )  # fmt: skip
    figure.update_xaxes(title=_title(picture.across, _LEVEL_TITLE), tickformat=scale, nticks=_TICKS)
    if numbers != sorted(numbers):
        figure.update_xaxes(autorange="reversed")
    figure.update_yaxes(title=_title(picture.axis), tickformat=fmt, rangemode="tozero")
    with_frame(figure, legend=len(picture.series) > 1)
    if picture.scale is Format.YEAR and len(numbers) <= _FEW:  # no half years
        figure.update_xaxes(tickmode="array", tickvals=numbers)
    return figure


def _draw_heat(picture: Picture) -> Any:
    """Draw shares as a heat map from 0 to 100 %; missing shares are blank.

    Each cell shows its number; hover text has all names of a row that stands for several series.
    """
    series = picture.distinct_series
    values = [list(each.values) for each in series]
    shown = [
        ["" if v is None else (f"{v:z.0%}" if v >= 0.005 or v == 0 else "<1%") for v in row]  # noqa: PLR2004
        for row in values
    ]
    whole = max([1.0, *picture.numbers])  # one share is as dark on every map
    figure = go.Figure(
        go.Heatmap(
            x=labels(picture.categories), y=labels([each.name for each in series]),
            z=values, zmin=0, zmax=whole, text=shown,
            texttemplate="%{text}", textfont={"size": 12}, xgap=2, ygap=2, hoverongaps=False,
            customdata=[[chart_label(listed(each.hints), _FULL)] * len(picture) for each in series],
            hovertemplate=f"%{{customdata}}, %{{x}}: %{{z:.1%}} {chart_label(picture.axis)}"
            "<extra></extra>",
            showscale=False,
        )
    )  # fmt: skip
    figure.update_xaxes(type="category", side="top")
    figure.update_yaxes(type="category", autorange="reversed")
    return with_frame(figure, legend=False)


def _title(axis: str, wide: int = _TITLE) -> str:
    """Return a title on as many lines as it needs, without a line break in its unit."""
    title, mark, unit = clean_text(axis).rpartition(" (")
    kept = f"{title}{mark}{unit.replace(' ', _KEPT) if mark else unit}"
    return "<br>".join(chart_label(line.replace(_KEPT, " "), _FULL) for line in wrap(kept, wide))


# ---- names, numbers, fills and frame of all charts -----------------------------------------------


def _hover_text(series: Series, place: str, value: str) -> dict[str, Any]:
    """Return a series' name and the hover text of its values."""
    name = chart_label(series.name)
    hover = f"{place}, {name.replace('%{', '% {')}: {value}"
    hints = [chart_label(h) for h in series.hints] or None
    more = ", %{customdata}" if hints else ""
    template = f"{hover}{more}<extra></extra>"
    lines = wrap(truncated(clean_text(series.name), _NAME_LINES * _TITLE), _TITLE)
    legend = "<br>".join(chart_label(line, _FULL) for line in lines)
    return {"name": legend, "customdata": hints, "hovertemplate": template}


def _number_labels(series: Series, *, shares: bool, beside: bool, is_one: bool) -> dict[str, Any]:
    """Return text and position of the numbers of bars.

    Stacked amounts have no room for numbers, and on hatched bars they would not be legible.
    """
    if beside or is_one:
        in_words = percent if shares else formatted_number
        return {
            "text": [in_words(v) for v in series.values],
            "textposition": "outside", "textangle": 0, "cliponaxis": False,
        }  # fmt: skip
    if not shares or series.role in _HATCHED:
        return {"textposition": "none"}
    return {
        "text": [f"{chart_label(series.name)} {v:z.0%}" if v else "" for v in series.values],
        "textposition": "inside", "insidetextanchor": "middle", "textangle": 0,
    }  # fmt: skip


def _fill(series: Series, number: int) -> dict[str, Any]:
    colour = colour_of(series, number)
    fill: dict[str, Any] = {"color": colour, "line": {"width": 0}}
    if series.role in _HATCHED:
        fill["pattern"] = {
            "shape": "/", "size": 7, "solidity": 0.3, "bgcolor": colour, "fgcolor": palette.WHITE,
        }  # fmt: skip
    return fill


def with_frame(figure: Any, *, legend: bool) -> Any:
    """Give a figure the margins, the font and the legend of all charts."""
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
