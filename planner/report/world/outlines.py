"""The outlines of countries: Natural Earth 4.1.0 at 1:110 million, public domain.

``countries-110m.json`` is that of the package world-atlas 2.0.2 as shipped, which may be copied
with its LICENSE: a TopoJSON topology whose countries are known by their ISO 3166-1 number. Borders
are where Natural Earth draws them; the smallest countries have none at this scale.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import accumulate
from typing import Any

_FILE = "countries-110m.json"
_LEFT_OUT = {"ATA"}
"""Nothing is refined there, and it would take a quarter of the map."""

Point = tuple[float, float]
"""Degrees of longitude and latitude."""


@cache
def outlines() -> dict[str, Any]:
    """Return the topology as Plotly takes it: countries by their ISO3 code, and land."""
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
    found = {}
    for shape in topology["objects"]["countries"]["geometries"]:
        polygons = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
        rings = [_middle([*_ring(polygon[0], lines)]) for polygon in polygons]
        found[shape["id"]] = max(rings, key=lambda ring: ring[0])[1]
    return found


def _line(arc: Sequence[Sequence[int]], transform: dict[str, Any]) -> list[Point]:
    """Return an arc's points: steps on a grid, added up and put in degrees."""
    (sx, sy), (tx, ty) = transform["scale"], transform["translate"]
    columns, rows = zip(*arc, strict=True)
    return [(x * sx + tx, y * sy + ty) for x, y in zip(accumulate(columns), accumulate(rows),
                                                       strict=True)]  # fmt: skip


def _ring(arcs: Sequence[int], lines: Sequence[list[Point]]) -> Iterator[Point]:
    """Yield the points of a ring, on past 180 degrees; the arc ``~i`` is arc i from its end."""
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
