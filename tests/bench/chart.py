"""A chart of time against size as SVG, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

INK, GREY, PALE = "#1F2933", "#6B7785", "#E1E6EC"
COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's: told apart by every kind of colour vision; the first is this planner's."""

WIDTH, HEIGHT = 880, 480
LEFT, RIGHT, TOP, BOTTOM = 64, 240, 60, 56
APART = 17
"""Pixels between two labels at the end of lines."""


@dataclass(frozen=True)
class Line:
    """A way's median seconds by number of flows; ``ours`` is drawn thick."""

    label: str
    points: Sequence[tuple[float, float]]
    ours: bool = False


def chart(title: str, lines: Sequence[Line]) -> str:
    """Return the chart; every line has a point."""
    flows = [x for line in lines for x, _ in line.points]
    seconds = [y for line in lines for _, y in line.points]
    across = (math.log10(min(flows)) - 0.1, math.log10(max(flows)) + 0.1)
    up = (math.floor(math.log10(min(seconds)) * 2) / 2, math.ceil(math.log10(max(seconds)) * 2) / 2)

    def x_of(value: float) -> float:
        part = (math.log10(value) - across[0]) / (across[1] - across[0])
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def y_of(value: float) -> float:
        part = (math.log10(value) - up[0]) / ((up[1] - up[0]) or 1.0)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)

    body = [_text(LEFT, 26, title, size=15, weight="bold")]
    body.append(_text(LEFT, 45, "seconds of the whole process, median of the runs", colour=GREY))
    for power in range(math.floor(across[0]), math.ceil(across[1]) + 1):
        if across[0] <= power <= across[1]:
            x = x_of(10.0**power)
            body.append(_rule(x, TOP, x, HEIGHT - BOTTOM))
            body.append(_text(x, HEIGHT - BOTTOM + 18, _short(10.0**power), anchor="middle"))
    for power in range(math.floor(up[0]), math.ceil(up[1]) + 1):
        for value in (10.0**power, 3 * 10.0**power):
            if up[0] - 1e-9 <= math.log10(value) <= up[1] + 1e-9:
                y = y_of(value)
                body.append(_rule(LEFT, y, WIDTH - RIGHT, y))
                body.append(_text(LEFT - 8, y + 4, f"{value:g}", anchor="end"))
    middle = (LEFT + WIDTH - RIGHT) / 2
    body.append(_text(middle, HEIGHT - 14, "flows that there can be", anchor="middle", colour=GREY))
    ends = {}
    for at, line in enumerate(lines):
        colour = COLOURS[at % len(COLOURS)]
        where = [(x_of(x), y_of(y)) for x, y in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in where)
        width = 3.2 if line.ours else 1.6
        body.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"'
            f"{_dashes(at)}/>"
        )
        body += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.4" fill="{colour}"/>' for x, y in where]
        ends[at] = where[-1]
    body += _labels(lines, ends)
    inner = "\n".join(body)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="Arial, Helvetica, sans-serif" role="img">\n'
        f'<title>{escape(title)}</title>\n<rect width="100%" height="100%" fill="#FFFFFF"/>\n'
        f"{inner}\n</svg>\n"
    )


def _dashes(at: int) -> str:
    return ' stroke-dasharray="6 4"' if at % 2 else ""


def _labels(lines: Sequence[Line], ends: dict[int, tuple[float, float]]) -> list[str]:
    """Name each line at the right edge, apart from one another, with a thin line from its end."""
    order = sorted(ends, key=lambda at: ends[at][1])
    places: list[float] = []
    for at in order:
        least = places[-1] + APART if places else 0.0
        places.append(max(ends[at][1], least))
    over = max(0.0, (places[-1] if places else 0.0) - (HEIGHT - BOTTOM))
    places = [place - over for place in places]
    found, edge = [], WIDTH - RIGHT + 22
    for at, y in zip(order, places, strict=True):
        colour, (x_end, y_end) = COLOURS[at % len(COLOURS)], ends[at]
        found.append(
            f'<line x1="{x_end + 5:.1f}" y1="{y_end:.1f}" x2="{edge - 4}" y2="{y:.1f}" '
            f'stroke="{colour}" stroke-width="0.7"/>'
        )
        weight = "bold" if lines[at].ours else "normal"
        found.append(f'<circle cx="{edge}" cy="{y:.1f}" r="3.4" fill="{colour}"/>')
        found.append(_text(edge + 8, y + 4, lines[at].label, weight=weight))
    return found


def _short(value: float) -> str:
    return f"{value / 1e6:g} M" if value >= 1e6 else f"{value:,.0f}"


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{PALE}" '
        'stroke-width="1"/>'
    )


def _text(
    x: float,
    y: float,
    words: str,
    *,
    size: int = 12,
    weight: str = "normal",
    colour: str = INK,
    anchor: str = "start",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'fill="{colour}" text-anchor="{anchor}">{escape(words)}</text>'
    )
