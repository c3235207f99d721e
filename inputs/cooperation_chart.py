"""A chart as SVG: what is short by mineral, members alone above the coalition together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

BLUE, ORANGE, INK, GREY, PALE = "#0072B2", "#D55E00", "#1F2933", "#6B7785", "#E9EDF2"
"""Okabe-Ito blue and orange: told apart by every kind of colour vision."""

NAME, PANEL, BAR, GAP, ROW, TOP, FOOT = 96, 400, 250, 24, 50, 122, 40


@dataclass(frozen=True)
class Bar:
    """A mineral: demand, and what is short of it alone and together [t]."""

    mineral: str
    demand: float
    alone: float
    together: float


@dataclass(frozen=True)
class Panel:
    """One workbook: its title, its bars, and a line of words below them."""

    title: str
    bars: Sequence[Bar]
    note: str


def chart(title: str, subtitle: str, panels: Sequence[Panel]) -> str:
    """Return the chart: a panel a workbook, side by side on one scale."""
    most = max((max(b.alone, b.together) / b.demand for p in panels for b in p.bars), default=1.0)
    width = 14 + PANEL * len(panels) + GAP * (len(panels) - 1) + 14
    height = TOP + ROW * max(len(p.bars) for p in panels) + FOOT
    body = [
        _text(14, 26, title, size=16, weight="bold"),
        _text(14, 46, subtitle, colour=GREY),
        f'<rect x="14" y="60" width="22" height="11" fill="{ORANGE}"/>',
        _text(42, 70, "each member alone, with its pro-rata part of every plant, summed"),
        f'<rect x="430" y="60" width="22" height="11" fill="{BLUE}"/>',
        _text(458, 70, "the coalition together"),
    ]
    for i, panel in enumerate(panels):
        x = 14 + (PANEL + GAP) * i
        body.append(_text(x, TOP - 20, panel.title, size=13, weight="bold"))
        body.append(
            f'<line x1="{x}" y1="{TOP - 10}" x2="{x + PANEL}" y2="{TOP - 10}" stroke="{GREY}" '
            'stroke-width="0.6"/>'
        )
        for line, bar in enumerate(panel.bars):
            body += _bars(x, TOP + ROW * line, bar, most)
        body.append(_text(x, height - 14, panel.note, size=11, colour=GREY))
    inner = "\n".join(body)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="Arial, Helvetica, sans-serif" role="img">\n'
        f'<title>{escape(title)}</title>\n<rect width="100%" height="100%" fill="#FFFFFF"/>\n'
        f"{inner}\n</svg>\n"
    )


def _bars(x: int, y: int, bar: Bar, most: float) -> list[str]:
    """A mineral's name and its two bars, each with its share and tonnes."""
    room = BAR - 40
    found = [_text(x, y + 22, bar.mineral, weight="bold")]
    for down, tonnes, colour in ((2, bar.alone, ORANGE), (19, bar.together, BLUE)):
        share = tonnes / bar.demand
        length = max(1.0, room * share / most)
        size = f'width="{length:.1f}" height="14"'
        found.append(f'<rect x="{x + NAME}" y="{y + down}" {size} fill="{colour}"/>')
        label = f"{share:.1%} ({amount(tonnes)})"
        found.append(_text(round(x + NAME + length + 6), y + down + 11, label, size=11))
    return found


def amount(tonnes: float) -> str:
    """Return tonnes in three digits or so, in t, kt or Mt."""
    size, unit = next(((s, u) for s, u in ((1e6, "Mt"), (1e3, "kt")) if tonnes >= s), (1.0, "t"))
    value = tonnes / size
    return f"{value:.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"  # noqa: PLR2004 - digits


def _text(  # noqa: PLR0913 - how a word looks, all of it named
    x: int, y: int, words: str, *, size: int = 12, weight: str = "normal", colour: str = INK
) -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{colour}">'
        f"{escape(words)}</text>"
    )
