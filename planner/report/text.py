"""Numbers and words of a report: digits that matter, and texts that are never taken for markup."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from numbers import Real
from typing import TypeGuard

import pandas as pd

from planner.sheets.text import MOST_CHARACTERS, clean

_LABEL = 30
"""Longer names are cut in charts; tables have them whole."""
NAMED = 3
"""Names told in a row; more are counted."""
_DUST = 1e-9
_PERCENT = re.compile(r"(?<=\d) %")
_SCALES = ((1e12, "trillion"), (1e9, "bn"), (1e6, "m"))


def escaped(text: object) -> str:
    """Return a text as HTML shows it, whatever is in it; no line ends before a per cent sign."""
    return html.escape(_PERCENT.sub("\u00a0%", clean(str(text))), quote=True)


def label(text: object, most: int = _LABEL) -> str:
    """Return a text as a chart shows it: Plotly takes some HTML for formats and links."""
    said = clean(str(text))
    said = said if len(said) <= most else f"{said[: most - 1].rstrip()}…"
    return html.escape(said, quote=False)


def labels(texts: Sequence[object]) -> list[str]:
    """Return the labels of an axis: what differs stays different, cut or not."""
    made = [label(text) for text in texts]
    if len(set(made)) < len({clean(str(text)) for text in texts}):
        return [label(text, MOST_CHARACTERS) for text in texts]
    return made


def known(value: object) -> TypeGuard[float]:
    """Return whether a cell holds a finite number."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def percent(value: object, digits: int = 1) -> str:
    """Return a share in per cent, "" where it is unknown."""
    return f"{float(value):.{digits}%}".replace("%", " %") if known(value) else ""


def number(value: object) -> str:
    """Return a number with the digits that matter, "" where it is unknown."""
    if not known(value):
        return ""
    shown = float(value)
    size = abs(shown)
    if 0 < size < 0.05:  # noqa: PLR2004 - below, one digit says nothing
        return f"{shown:.2g}"
    whole = size >= 100 or abs(shown - round(shown)) < _DUST  # noqa: PLR2004
    return f"{shown:,.0f}" if whole else f"{shown:,.1f}"


def tonnes(value: float) -> str:
    """Return tonnes in words: ``242.7 million t``."""
    if abs(value) >= 1e6:  # noqa: PLR2004
        return f"{value / 1e6:,.1f} million t"
    return f"{number(value)} t"


def money(value: float, currency: str) -> str:
    """Return an amount in words: ``2,608.4 bn USD``."""
    for size, word in _SCALES:
        if abs(value) >= size:
            digits = 2 if size == _SCALES[0][0] else 1
            return f"{value / size:,.{digits}f} {word} {currency}"
    return f"{number(value)} {currency}"


def scale(largest: float, currency: str) -> tuple[float, str]:
    """Return what amounts of a chart are divided by, and the unit they are then in."""
    for size, word in _SCALES[1:]:
        if largest >= size:
            return size, f"{currency} {word}"
    return 1.0, currency


def scaled(millions: Sequence[float | None], currency: str) -> tuple[list[float | None], str]:
    """Return amounts in millions in the unit that suits the largest, and that unit."""
    largest = max((abs(v) for v in millions if v is not None), default=0.0)
    size, unit = scale(max(largest * 1e6, 1e6), currency)
    return [v if v is None else v * 1e6 / size for v in millions], unit


def word(value: object) -> str:
    """Return what a cell of words holds, "" where it is blank."""
    return "" if value is None or pd.isna(value) else clean(str(value))  # type: ignore[call-overload]
