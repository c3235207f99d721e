"""The world map of a report, drawn without a network.

``countries-110m.json`` is a TopoJSON topology of the outlines of Natural Earth 4.1.0 at 1:110
million (public domain), from the package world-atlas 2.0.2, which may be copied with its LICENSE.
Its countries have ISO 3166-1 numbers. Borders are Natural Earth's; the smallest countries are
missing at this scale.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import accumulate
from typing import Any

import plotly.graph_objects as go

from planner.render.plotly import with_frame
from planner.render.words import label, percent
from planner.workbook.countries import iso3_code

_MOST_NAMES = 7
_SMALLEST_NAMED = 0.02
_APART = (34.0, 9.0)
"""Least distance of two names on the map, in degrees of longitude or latitude."""
_MOVED = (0.0, 9.0, -9.0)
"""Degrees by which a name may be moved up, so that it doesn't cover another."""
_FILE = "countries-110m.json"
_LEFT_OUT = {"ATA"}
"""Antarctica is left out: it would take a quarter of the map, and nothing is refined there."""

Point = tuple[float, float]
"""Degrees of longitude and latitude."""


def world_map(shares: Mapping[str, float]) -> tuple[Any, tuple[str, ...]]:
    """Draw countries by their share, the largest with name and number.

    Returns the figure, and the names that are not on the map.
    """
    codes = {name: iso3_code(name) or "" for name in shares}
    on_map = middles()
    there = {name: share for name, share in shares.items() if codes[name] in on_map}
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
    return with_frame(figure, legend=False), tuple(sorted(set(shares) - set(there)))


def _names(shares: Mapping[str, float], codes: Mapping[str, str]) -> Any:
    """Return the names of the largest countries, moved up or down if they would overlap.

    Names that would still overlap are left out.
    """
    named: dict[str, Point] = {}
    for name in sorted(shares, key=lambda n: (-shares[n], n))[:_MOST_NAMES]:
        x, y = middles()[codes[name]]
        free = (up for up in _MOVED if _is_clear((x, y + up), named.values()))
        up = next(free, None) if shares[name] >= _SMALLEST_NAMED else None
        if up is not None:
            named[name] = (x, y + up)
    return go.Scattergeo(
        lon=[x for x, _ in named.values()], lat=[y for _, y in named.values()], mode="text",
        text=[f"{label(name)} {percent(shares[name], 0)}" for name in named], hoverinfo="skip",
        textfont={"size": 12},
    )  # fmt: skip


def _is_clear(place: Point, others: Iterable[Point]) -> bool:
    return all(abs(place[0] - x) >= _APART[0] or abs(place[1] - y) >= _APART[1] for x, y in others)


@cache
def outlines() -> dict[str, Any]:
    """Return the topology in Plotly's form: countries by their ISO3 code, and land."""
    import pycountry

    topology = json.loads(files("planner.report.world").joinpath(_FILE).read_text("utf-8"))
    countries = []
    for shape in topology["objects"]["countries"]["geometries"]:
        country = pycountry.countries.get(numeric=shape.get("id", ""))
        code = country.alpha_3 if country else shape["properties"]["name"]
        if code not in _LEFT_OUT:
            countries.append({"type": shape["type"], "arcs": shape["arcs"], "id": code})
    land = {"type": "GeometryCollection", "geometries": countries}
    return {**topology, "objects": {"countries": land, "land": land}}


@cache
def middles() -> dict[str, Point]:
    """Return the middle of each country's largest part, by ISO3 code."""
    topology = outlines()
    lines = [_line(arc, topology["transform"]) for arc in topology["arcs"]]
    centres = {}
    for shape in topology["objects"]["countries"]["geometries"]:
        polygons = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
        rings = [_middle([*_ring(polygon[0], lines)]) for polygon in polygons]
        centres[shape["id"]] = max(rings, key=lambda ring: ring[0])[1]
    return centres


def _line(arc: Sequence[Sequence[int]], transform: dict[str, Any]) -> list[Point]:
    """Return an arc's points in degrees, from its steps on a grid."""
    (sx, sy), (tx, ty) = transform["scale"], transform["translate"]
    columns, rows = zip(*arc, strict=True)
    return [(x * sx + tx, y * sy + ty) for x, y in zip(accumulate(columns), accumulate(rows),
                                                       strict=True)]  # fmt: skip


def _ring(arcs: Sequence[int], lines: Sequence[list[Point]]) -> Iterator[Point]:
    """Yield the points of a ring; longitudes may go beyond 180. ``~i`` is arc i reversed."""
    before, turns = None, 0
    for arc in arcs:
        for x, y in lines[arc] if arc >= 0 else reversed(lines[~arc]):
            if before is not None and abs(x - before) > 180:  # noqa: PLR2004 - half the world
                turns += 1 if x < before else -1
            before = x
            yield x + 360 * turns, y


def _middle(ring: Sequence[Point]) -> tuple[float, Point]:
    """Return a ring's area in square degrees and its centre of gravity."""
    pairs = [*zip(ring, [*ring[1:], ring[0]], strict=True)]
    crosses = [a[0] * b[1] - b[0] * a[1] for a, b in pairs]
    twice = sum(crosses)
    if not twice:  # a sliver that the grid closed
        return 0.0, ring[0]
    x, y = (
        sum((a[i] + b[i]) * cross for (a, b), cross in zip(pairs, crosses, strict=True))
        / (3 * twice)
        for i in (0, 1)
    )
    return abs(twice) / 2, ((x + 180) % 360 - 180, y)
