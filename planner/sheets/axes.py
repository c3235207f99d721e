"""What is around a chart's series: title, axes, scales, plot and legend."""

from __future__ import annotations

import math
from typing import Any

from planner.sheets import palette, style
from planner.sheets.picture import Form, Picture, Role
from planner.sheets.table import Look
from planner.sheets.text import width_of

LARGE, SMALL = (760, 400), (500, 300)
"""Width and height in pixels."""
_SCALES = ((1e8, "#,##0,,", "million t"), (1e6, "#,##0.0,,", "million t"),
           (1e4, "#,##0,", "thousand t"), (0.0, "#,##0", "t"))  # fmt: skip
_ROUND = (1.0, 2.0, 5.0, 10.0)
"""Steps of an axis, times a power of ten."""
_DUST = 0.02
"""What lies below 0 by less than this part of the axis needs no axis there."""
_LEAST_SHARE = 0.01
"""An axis of shares reaches to this at least: below it all is flat."""
_TITLE_LINE = {True: 46, False: 66}
"""Characters on a line of a small chart's title, and of a large one's."""
_STEP = 0.2
_FULL_FROM = 0.45
"""Stacked shares of which one is above this stand on an axis up to 100 %, others always."""
_LETTER, _AXIS_TITLE, _MARGIN = 6, 40, 14
"""Pixels of a letter of a label, across the title of an upright axis, and where it has none."""
_MOST_LABEL = 0.45
"""The part of a chart's width that labels may take; longer ones stand on two lines."""


def frame(chart: Any, picture: Picture) -> None:
    """Give a chart its title, axes, plot, legend and size."""
    wide, high = SMALL if picture.small else LARGE
    size = 9 if picture.small else 10
    plain = {"name": palette.FONT, "size": size, "color": palette.INK}
    axis_title, scale = picture.axis, "0%"
    if picture.look is Look.TONNES:
        scale, unit = next(s[1:] for s in _SCALES if picture.highest >= s[0])
        axis_title = f"{axis_title} ({unit})"
    elif picture.look is not Look.SHARE:
        scale = style.number_format(picture.look, _numbers(picture))
    title = {"name": palette.FONT, "size": size + 3, "bold": True, "color": palette.NAVY}
    chart.set_title({"name": _as_text(picture.title), "name_font": title, "overlay": False})
    values: dict[str, Any] = {
        "name": _as_text(axis_title),
        "name_font": plain | {"bold": False},
        "num_font": plain,
        "num_format": scale,
        "min": 0,
        "major_gridlines": {"visible": True, "line": {"color": palette.GRID, "width": 0.75}},
        "line": {"none": True},
    }
    if picture.look is Look.SHARE and (
        picture.form in {Form.GROUPED, Form.AGAINST} or picture.highest > _FULL_FROM
    ):
        steps = math.ceil(round(picture.highest / _STEP, 3))
        values |= {"max": max(1.0, steps * _STEP), "major_unit": _STEP}
    across: dict[str, Any] = {
        "name": _as_text(picture.across),
        "name_font": plain | {"bold": False},
        "num_font": plain,
        "num_format": style.number_format(picture.scale, ()),
        "line": {"none": True},
        "major_tick_mark": "none",
    }
    if picture.form is Form.LINES:
        values |= _upright(picture)
        across |= _level(picture)
    if picture.form is Form.BARS:
        # Of a bar chart the library calls the upright axis y; the largest member stands on top.
        across |= {"reverse": True, "crossing": "max"}
        chart.set_x_axis(values)
        chart.set_y_axis(across)
    else:
        chart.set_x_axis(across)
        chart.set_y_axis(values)
    _place(chart, picture, plain)
    chart.set_size({"width": wide, "height": high})
    chart.set_chartarea({"border": {"color": palette.GRID}})
    chart.show_hidden_data()
    chart.show_blanks_as("gap")


def _numbers(picture: Picture) -> list[float]:
    return [v for series in picture.series for v in series.values if v is not None]


def _upright(picture: Picture) -> dict[str, Any]:
    """The axis of the values of lines: from 0, or below it, with the digits that its steps need."""
    numbers = _numbers(picture)
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    if picture.look is Look.SHARE:
        high = max(high, _LEAST_SHARE)
    if -low < _DUST * high:
        low = 0.0
    low, high, unit = _ends(min(low, 0.0), max(high, 0.0), 6)
    found: dict[str, Any] = {"min": low, "max": high, "major_unit": unit}
    if picture.look in {Look.SHARE, Look.MILLIONS}:
        found["num_format"] = _digits_of(picture.look, unit)
    return found


def _level(picture: Picture) -> dict[str, Any]:
    """The scale under lines, in the direction of its categories, labelled at the foot."""
    ends = [float(c) for c in picture.categories if isinstance(c, int | float)] or [0.0]
    low, high, unit = _ends(min(ends), max(ends), 8 if picture.small else 12)
    if picture.scale is Look.YEAR:
        low, high, unit = min(ends), max(ends), max(1.0, round(unit))
    found: dict[str, Any] = {"min": low, "max": high, "major_unit": unit, "label_position": "low"}
    if picture.scale is Look.SHARE:
        found["num_format"] = _digits_of(picture.scale, unit)
    if ends[0] > ends[-1]:
        found |= {"reverse": True, "crossing": "max"}
    return found


def _ends(low: float, high: float, most: int) -> tuple[float, float, float]:
    """Return round ends around two numbers, and a round step that leads from one to the other."""
    if high - low <= abs(high) * 1e-9:
        high = low + (abs(low) or 1.0)
    rough = (high - low) / most
    tenth = 10.0 ** math.floor(math.log10(rough))
    unit = next(f * tenth for f in _ROUND if f * tenth >= rough * (1.0 - 1e-9))
    first, last = math.floor(low / unit + 1e-9), math.ceil(high / unit - 1e-9)
    return round(first * unit, 12), round(last * unit, 12), round(unit, 12)


def _digits_of(look: Look, unit: float) -> str:
    """Return a number format with the decimals that steps of a unit need."""
    shown = unit * 100 if look is Look.SHARE else unit
    decimals = next(d for d in range(8) if d == 7 or abs(round(shown, d) - shown) < shown * 1e-6)  # noqa: PLR2004
    digits = f"0.{'0' * decimals}" if decimals else "0"
    return f"{digits}%" if look is Look.SHARE else f"#,##{digits}"


def _place(chart: Any, picture: Picture, plain: dict[str, Any]) -> None:
    """Give the plot most of the chart, whatever a program thinks of the legend's size."""
    is_bars = picture.form is Form.BARS
    left = (0.23 if picture.small else 0.2) if is_bars else (0.13 if picture.small else 0.1)
    if is_bars and not picture.is_labelled:
        longest = max((width_of(str(name)) for name in picture.categories), default=0)
        wide, _ = SMALL if picture.small else LARGE
        beside = _AXIS_TITLE if picture.across else _MARGIN
        left = max(left, min(_MOST_LABEL, (longest * _LETTER + beside) / wide))
    top, below = (0.14, 0.26) if picture.small else (0.12, 0.25)
    if width_of(picture.title) > _TITLE_LINE[picture.small]:
        top += 0.06
    if picture.form is Form.LINES:  # one line of labels, so that the plot reaches further down
        left, below = (0.11 if picture.small else left), (0.26 if picture.small else 0.21)
    plot = {"x": left, "y": top, "width": 0.97 - left, "height": 1.0 - top - below}
    if picture.is_labelled:  # the axis has no title
        plot["height"] = 1.0 - top - 0.24
    is_told = _is_told(picture)
    if is_told:  # the title says what the one series is
        plot["height"] = 1.0 - top - (0.16 if picture.form is Form.LINES else below - 0.08)
    chart.set_plotarea({"layout": plot})
    chart.set_legend({"none": True} if is_told else {"position": "bottom", "font": plain})


def _is_told(picture: Picture) -> bool:
    """Return whether the title says what the only series is, so that no legend need name it.

    The one part of a stack that is there has to be named, but for a bar of the plan's, or of what
    is short: those are what titles speak of.
    """
    if len(picture.series) != 1 or picture.form is Form.STACKED:
        return False
    return picture.form is not Form.BARS or picture.series[0].role in {Role.PLAN, Role.SHORT}


def _as_text(title: str) -> str:
    """Return a title that is not taken for a reference, whatever a mineral is called.

    XlsxWriter reads `=Sheet!A1` in a title as one; a space of no width after the mark ends that.
    """
    return title.replace("!", "!\u200b")
