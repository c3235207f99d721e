"""Words from the input as cells, charts, pages and terminals can hold them."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence

MOST_CHARACTERS = 32_767
"""What a cell of Excel holds, in UTF-16 units."""

_LABEL = 30
"""Longer names are cut in charts of a page; tables have them whole."""
_BREAKS = re.compile(r"[\t\r\n\v\f\x85\u2028\u2029]+")
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_FORMULA = re.compile(r"(^|[;\t\r\n])(?=['\"\s]*[=+\-@＝＋－＠])")
"""Where a spreadsheet may see a formula begin: also after what it may take for the next cell."""


def clean(text: str) -> str:
    """Return text without control characters, cut with an ellipsis to what a cell holds."""
    if not text.isprintable():
        text = _FORBIDDEN.sub("", _BREAKS.sub(" ", text))
    if len(text) * 2 <= MOST_CHARACTERS:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= MOST_CHARACTERS * 2:
        return text
    return units[: (MOST_CHARACTERS - 1) * 2].decode("utf-16-le", errors="ignore") + "…"


def guarded(text: str) -> str:
    """Return text that a spreadsheet opening a CSV will not take for a formula.

    A leading apostrophe is what spreadsheets themselves mark text with. One stands before each
    ``= + - @`` that begins the text, or that follows a semicolon, a tab or a line break in it: a
    spreadsheet that separates cells by these begins a cell there, quoted or not. Blanks, quotes and
    apostrophes before the sign do not hide it, so that taking one apostrophe off at each such place
    gives every text back.
    """
    return _FORMULA.sub(r"\1'", text)


def width_of(text: str) -> int:
    """Return how many columns of a plain letter's width a text takes."""
    if text.isascii():
        return len(text)
    marks = sum(unicodedata.category(c) in {"Mn", "Me", "Cf"} for c in text)
    return len(text) - marks + sum(unicodedata.east_asian_width(c) in "WF" for c in text)


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


def word(value: object) -> str:
    """Return what a cell of words holds, "" where it is blank."""
    is_blank = value is None or value != value  # noqa: PLR0124 - NaN is a blank cell
    return "" if is_blank else clean(str(value))


def plain(text: str) -> str:
    """Return a text of the workbook without characters that could steer the terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
