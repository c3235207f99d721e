"""Pages for a browser: filled templates, hashes of scripts, and JSON that is safe in a page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from planner.render import table
from planner.render.chart import Form, Picture, Role, colour_of
from planner.render.front import DECIDE, MOST_ROWS, WITH_CARE, FirstPage
from planner.render.table import facts_of_columns
from planner.render.words import clean_text

_PERCENT = re.compile(r"(?<=\d) %")


def render(template: str, **values: object) -> str:
    """Return a page made of one of ``planner/render/templates``; every text is escaped."""
    return environment().get_template(template).render(**values)


@cache
def environment() -> Environment:
    return Environment(
        loader=PackageLoader("planner.render"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        keep_trailing_newline=True,
    )


def _finalized(value: Any) -> Any:
    """Return a text without control characters; no line ends before a per cent sign."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return _PERCENT.sub("\u00a0%", clean_text(value))
    return value


def hash_of(script: str) -> str:
    """Return the hash by which a page's Content-Security-Policy allows an inline script."""
    # A browser reads every line break as one line feed before it takes the hash.
    digest = hashlib.sha256(script.replace("\r\n", "\n").encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def json_of(data: object) -> str:
    """Return JSON that can't end the script element that holds it."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


# ---- a first page as a part of another page, with charts of plain SVG ----------------------------


_STACKED = {Form.STACKED, Form.BARS}
_HIGH = 100.0
"""Height of a chart of lines, in its own units."""


def first_page_html(front: FirstPage, level: int = 3) -> str:
    """Return the HTML of a first page without its title; headings have the given level.

    Its chart is bars or lines of SVG, which needs neither a script nor a style.
    """
    shown = front.wide_table
    facts = facts_of_columns(shown.columns) if shown is not None else None
    charts = [each for picture in front.pictures if (each := small_chart(picture))]
    return render(
        "first_page.html", front=front, facts=facts, charts=charts, most=MOST_ROWS, level=level,
        decide=DECIDE, with_care=WITH_CARE,
    )  # fmt: skip


@dataclass(frozen=True)
class Bar:
    """A bar: position and length in per cent of the width, colour, name of its series, number."""

    start: float
    length: float
    colour: str
    name: str
    shown: str


@dataclass(frozen=True)
class SmallChart:
    """A chart: ``legend`` are colours and names; ``bars`` are by category, one list a line.

    ``lines`` are colours and points of lines; ``ends`` are the texts below their ends.
    """

    title: str
    axis: str
    legend: tuple[tuple[str, str], ...]
    bars: tuple[tuple[str, tuple[tuple[Bar, ...], ...]], ...] = ()
    lines: tuple[tuple[str, str], ...] = ()
    ends: tuple[str, str] = ("", "")
    top: str = ""


def small_chart(picture: Picture) -> SmallChart | None:
    """Return a chart for a page without a chart library; None for heat maps."""
    if picture.form is Form.HEAT:
        return None
    series = [(s, colour_of(s, i)) for i, s in enumerate(picture.series) if s.role is not Role.HERE]
    legend = tuple((colour, clean_text(s.name)) for s, colour in series) if len(series) > 1 else ()
    if picture.form is Form.LINES:
        return _line_chart(picture, series, legend)
    numbers = picture.numbers
    low, high = min([0.0, *numbers]), max(0.0, picture.highest)
    scale = 100.0 / ((high - low) or 1.0)

    def lines(i: int) -> Iterator[tuple[Bar, ...]]:
        stack, at = list[Bar](), 0.0
        for s, colour in series:
            value = s.values[i]
            if value is None:
                continue
            shown = table.formatted(value, picture.fmt)
            start = at if picture.form in _STACKED else min(0.0, value)
            bar = Bar((start - low) * scale, abs(value) * scale, colour, clean_text(s.name), shown)
            if picture.form in _STACKED and value >= 0.0:
                stack.append(bar)
                at += value
            else:
                yield (bar,)
        if stack:
            yield tuple(stack)

    names = (table.formatted(c, picture.scale) for c in picture.categories)
    bars = tuple((clean_text(name), tuple(lines(i))) for i, name in enumerate(names))
    return SmallChart(picture.title, picture.axis, legend, bars)


def _line_chart(
    picture: Picture, series: list[tuple[Any, str]], legend: tuple[tuple[str, str], ...]
) -> SmallChart:
    places, high = picture.places, picture.highest or 1.0
    wide = (places[-1] - places[0]) or 1.0
    drawn = []
    for s, colour in series:
        points = zip(places, s.values, strict=True)
        at = (
            f"{100 * (x - places[0]) / wide:z.2f},{_HIGH * (1 - y / high):z.2f}"
            for x, y in points if y is not None
        )  # fmt: skip
        drawn.append((colour, " ".join(at)))
    first, last = (table.formatted(places[i], picture.scale) for i in (0, -1))
    top = table.formatted(high, picture.fmt)
    return SmallChart(
        picture.title, picture.axis, legend, (), tuple(drawn), (first, last), top
    )  # fmt: skip
