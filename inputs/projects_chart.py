"""A chart as SVG: a row a project, a column a cap, a bar as long as the part that is built."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

BLUE, ORANGE, INK, GREY, PALE = "#0072B2", "#D55E00", "#1F2933", "#6B7785", "#E9EDF2"
"""Okabe-Ito blue and orange: told apart by every kind of colour vision."""

NAME, GROUP, CELL, BAR, ROW, TOP = 230, 90, 118, 88, 22, 84
SMALLEST = 0.0005

Rows = Sequence[tuple[str, str, Sequence[tuple[float, float]]]]
"""Name, mineral, and for each cap the part built, and whether it is built with whole projects."""


def chart(title: str, columns: Sequence[str], rows: Rows) -> str:
    """Return the chart."""
    width = NAME + GROUP + CELL * len(columns) + 20
    height = TOP + ROW * len(rows) + 16
    body = [
        _text(14, 24, title, size=15, weight="bold"),
        f'<rect x="14" y="38" width="22" height="10" fill="{BLUE}"/>',
        _text(42, 47, "part built, with partial projects", colour=GREY),
        f'<circle cx="226" cy="43" r="5" fill="{ORANGE}"/>',
        _text(238, 47, "built, with whole projects only", colour=GREY),
    ]
    body += [
        _text(NAME + GROUP + CELL * i, TOP - 10, name, weight="bold")
        for i, name in enumerate(columns)
    ]
    before = ""
    for line, (name, group, cells) in enumerate(rows):
        y = TOP + ROW * line
        if group != before:
            body.append(
                f'<line x1="14" y1="{y}" x2="{width - 14}" y2="{y}" stroke="{GREY}" '
                'stroke-width="0.6"/>'
            )
            body.append(_text(14, y + 15, group, weight="bold"))
            before = group
        body.append(_text(GROUP + 14, y + 15, name))
        for i, (part, whole) in enumerate(cells):
            body += _cell(NAME + GROUP + CELL * i, y + 5, part, whole)
    inner = "\n".join(body)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="Arial, Helvetica, sans-serif" role="img">\n'
        f'<title>{escape(title)}</title>\n<rect width="100%" height="100%" fill="#FFFFFF"/>\n'
        f"{inner}\n</svg>\n"
    )


def _cell(x: int, y: int, part: float, whole: float) -> list[str]:
    """A bar from 0 to 1, and a dot after it."""
    found = [f'<rect x="{x}" y="{y}" width="{BAR}" height="12" fill="{PALE}"/>']
    if part > SMALLEST:
        length = max(1.5, BAR * min(part, 1.0))
        found.append(f'<rect x="{x}" y="{y}" width="{length:.1f}" height="12" fill="{BLUE}"/>')
    if whole > 1 - SMALLEST:
        found.append(f'<circle cx="{x + BAR + 11}" cy="{y + 6}" r="5" fill="{ORANGE}"/>')
    return found


def _text(  # noqa: PLR0913 - how a word looks, all of it named
    x: int, y: int, words: str, *, size: int = 12, weight: str = "normal", colour: str = INK
) -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{colour}">'
        f"{escape(words)}</text>"
    )
