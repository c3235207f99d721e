"""A map of the world on which countries darken with their share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from planner.render.plotly import framed
from planner.render.text import label
from planner.render.words import percent
from planner.report.world.outlines import middles
from planner.workbook.countries import country_code

_MOST_NAMES = 7
_SMALLEST_NAMED = 0.02
_APART = (34.0, 9.0)
"""Degrees of longitude or latitude that two names on the map must be apart."""


def world_map(shares: Mapping[str, float]) -> tuple[Any, tuple[str, ...]]:
    """Draw countries by their share, the largest with name and number.

    Returns the figure, and the names that have no place on the map.
    """
    codes = {name: country_code(name) or "" for name in shares}
    placed = middles()
    there = {name: share for name, share in shares.items() if codes[name] in placed}
    figure = go.Figure([
        go.Choropleth(
            locations=[codes[name] for name in there], z=list(there.values()), zmin=0,
            zmax=max(there.values(), default=1.0), text=[label(name) for name in there],
            hovertemplate="%{text}: %{z:.1%}<extra></extra>",
            colorbar={"orientation": "h", "thickness": 10, "len": 0.4, "x": 0.5, "y": -0.01,
                      "yanchor": "top", "tickformat": ".0%", "nticks": 5, "outlinewidth": 0},
        ),
        _names(there, codes),
    ])  # fmt: skip
    figure.update_geos(
        projection={"type": "natural earth", "rotation": {"lon": 11}},
        lataxis_range=[-56, 80], visible=False, showland=True,
        showcountries=True, bgcolor="rgba(0,0,0,0)", countrywidth=0.5,
    )  # fmt: skip
    return framed(figure, legend=False), tuple(sorted(set(shares) - set(there)))


def _names(shares: Mapping[str, float], codes: Mapping[str, str]) -> Any:
    """Return the names of the largest, save those that would stand on another."""
    kept: dict[str, tuple[float, float]] = {}
    for name in sorted(shares, key=lambda n: (-shares[n], n)):
        x, y = middles()[codes[name]]
        clear = all(abs(x - a) >= _APART[0] or abs(y - b) >= _APART[1] for a, b in kept.values())
        if clear and shares[name] >= _SMALLEST_NAMED and len(kept) < _MOST_NAMES:
            kept[name] = (x, y)
    return go.Scattergeo(
        lon=[x for x, _ in kept.values()], lat=[y for _, y in kept.values()], mode="text",
        text=[f"{label(name)} {percent(shares[name], 0)}" for name in kept], hoverinfo="skip",
        textfont={"size": 12},
    )  # fmt: skip
