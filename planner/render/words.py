"""Numbers, names and years in words, the same on every surface; text that each surface can show.

A number that is rounded to 0 is 0, never -0: each format of decimals has the option ``z``, and
``signed`` writes a sign only before a number that is not 0 as shown.
"""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from numbers import Real
from typing import TYPE_CHECKING, TypeGuard

from models import tolerances

if TYPE_CHECKING:
    from models.program import CashCost

NAMED = 3
"""Most names in a list; further ones are counted."""
_MOST_CHOICES = 30
"""Most choices listed if an option is missing."""
_LARGE = ((1e9, "billion"), (1e6, "million"))
_SCALES = ((1e12, "trillion"), (1e9, "bn"), (1e6, "m"))
_PAIR = 2
"""Most consecutive years that are named one by one; more are written as a range."""
_SMALLEST = 0.001
"""Amounts below this are written ``under 0.001``: their digits mean nothing."""


def listed(items: Iterable[str], most: int | None = None) -> str:
    """Return items as a sentence lists them: ``a, b and c``; beyond ``most``, ``a, b and 2 more``.

    A single further item is named, too: "and 1 more" would not be shorter.
    """
    names = list(items)
    if most is not None and len(names) > most + 1:
        names = [*names[:most], f"{len(names) - most} more"]
    return join_words(names, " and ")


def few(names: Sequence[str], most: int = NAMED) -> str:
    """Return names in a line, only the first ``most`` of many: ``a, b, c and 5 more``."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def missing_option(option: str, choices: Sequence[str]) -> str:
    return f"{option} is missing; choose from {few(choices, _MOST_CHOICES)}"


def year_span(years: Iterable[int]) -> str:
    """Return the first and the last of some years: ``2026 to 2035``, ``no years``."""
    ordered = sorted(years)
    if not ordered:
        return "no years"
    first, last = ordered[0], ordered[-1]
    return str(first) if first == last else f"{first} to {last}"


def each_year(years: Iterable[int], last: str = ", ") -> str:
    """Return the exact years: ``2026, 2027, 2030 to 2034``; "" for none.

    ``last`` stands between the last two: a comma, or a word such as ``and``.
    """
    words = list[str]()
    # consecutive years have the same difference to their positions
    for _, places in groupby(enumerate(sorted(set(years))), key=lambda place: place[1] - place[0]):
        run = [year for _, year in places]
        words += map(str, run) if len(run) <= _PAIR else [f"{run[0]} to {run[-1]}"]
    return join_words(words, last)


def join_words(words: list[str], last: str) -> str:
    """Return words joined by commas, and the last two by ``last``: ``a, b and c``."""
    return last.join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


# ---- numbers ------------------------------------------------------------------------------------


def without_noise(number: float, total: float) -> float:
    """Return a number, or 0 if it is negligible compared with the total."""
    return 0.0 if abs(number) <= tolerances.REMAINDER * abs(total) else number


def whole_share(part: float) -> float:
    """Return a share, or 0 or 1 if it is nearer to that than the least part that counts."""
    least = tolerances.MISSING_PART
    return next((whole for whole in (0.0, 1.0) if abs(part - whole) <= least), part)


def share_words(part: float) -> str:
    """Return a share in per cent: 100 % only if nothing is missing, 0 % only if none is there."""
    part = whole_share(part)
    if 0.0 < part < tolerances.SHOWN_SHARE:
        return "under 0.1 %"
    if -tolerances.SHOWN_SHARE < part < 0.0:
        return "-0.1 to 0 %"
    if 1.0 - tolerances.SHOWN_SHARE < part < 1.0:
        return "over 99.9 %"
    percent = part * 100.0
    return f"{percent:z.0f} %" if abs(percent - round(percent)) < 0.05 else f"{percent:z.1f} %"  # noqa: PLR2004


def amount_words(number: float, unit: str) -> str:
    """Return an amount: ``4.1 million t``."""
    size = abs(number)
    for scale, word in _LARGE:
        if size >= scale:
            return f"{number / scale:z,.1f} {word} {unit}"
    if size >= 100 or number == round(number):  # noqa: PLR2004
        return f"{number:z,.0f} {unit}"
    return f"{near_zero(number) or f'{number:z,.3g}'} {unit}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 cell``, ``1,000 cells``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def all_of(number: int, noun: str) -> str:
    """Return all of some things: ``Both members``, ``All 3 members``."""
    return f"Both {noun}s" if number == 2 else f"All {counted(number, noun)}"  # noqa: PLR2004


def number_of(count: int, noun: str) -> str:
    """Return a number of things in words: no errors, 1 error, 1,000 errors."""
    return counted(count, noun) if count else f"no {noun}s"


def known(value: object) -> TypeGuard[float]:
    """Return whether a value is a finite number."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def percent(value: object, digits: int = 1) -> str:
    """Return a share in per cent, "" if it is unknown."""
    return f"{float(value):z.{digits}%}".replace("%", " %") if known(value) else ""


def from_to(first: str, last: str) -> str:
    """Return two values as shown: ``from 65 % to 35 %``; ``at 65 %`` if both are shown the same."""
    return f"at {first}" if first == last else f"from {first} to {last}"


def minimum_share(part: float, digits: int = 1) -> str:
    """Return a minimum in per cent, rounded up: the number shown must be enough."""
    ten = 10.0 ** (digits + 2)
    return percent(math.ceil(part * ten - tolerances.ROUNDED_STEP) / ten, digits)


def formatted_number(value: object) -> str:
    """Return a number with the digits that matter, "" if it is unknown."""
    if not known(value):
        return ""
    shown = float(value)
    size = abs(shown)
    if 0 < size < 0.05:  # noqa: PLR2004 - below, one digit says nothing
        return near_zero(shown) or f"{shown:.2g}"
    whole = size >= 100 or abs(shown - round(shown)) < tolerances.REMAINDER  # noqa: PLR2004
    return f"{shown:z,.0f}" if whole else f"{shown:z,.1f}"


def near_zero(value: float) -> str:
    """Return ``under 0.001`` or ``above -0.001`` for an amount near 0; "" for any other."""
    if not 0 < abs(value) < _SMALLEST:
        return ""
    return f"under {_SMALLEST:g}" if value > 0 else f"above -{_SMALLEST:g}"


def signed(value: float, form: str) -> str:
    """Return a change in the given format: +3, -2, and 0 without a sign."""
    text = f"{value:+z{form}}"
    return text if any(digit in text for digit in "123456789") else text[1:]


def tonnes_words(value: float) -> str:
    """Return tonnes in words: ``242.7 million t``."""
    if abs(value) >= 1e6:  # noqa: PLR2004
        return f"{value / 1e6:z,.1f} million t"
    return f"{formatted_number(value)} t"


def money_words(value: float, currency: str) -> str:
    """Return an amount in words: ``2,608.4 bn USD``."""
    for (size, word), digits in zip(_SCALES, (2, 1, 1), strict=True):
        if abs(value) >= size:
            return f"{value / size:z,.{digits}f} {word} {currency}"
    return f"{formatted_number(value)} {currency}"


TARIFFS = (
    "{amount} of {cost} is {kinds}. Members' own treasuries receive this money; without it,"
    " {cost} is {net}."
)


def tariff_words(plans: Mapping[str, CashCost], currency: str) -> str:
    """Return how much of plans' cash cost is tariffs and levies, and the rest; "" without any.

    ``plans`` are the cash costs by the name of each plan; a single plan has the name "".
    """
    text = ""
    for name, paid in plans.items():
        parts = {"tariffs": paid.tariffs, "levies": paid.levies}
        some = {kind: money_words(amount, currency) for kind, amount in parts.items() if amount > 0}
        where, net = f"{capitalized(name)}: " if name else "", money_words(paid.net, currency)
        if text:
            named_amounts = some or {"tariffs": money_words(0.0, currency)}
            amounts = ", ".join(f"{kind} {amount}" for kind, amount in named_amounts.items())
            text += f" {where}{amounts}, net cost {net}."
        elif some:
            (kind, amount), *more = some.items()
            kinds = kind + "".join(f" and {other} {name}" for name, other in more)
            text = where + TARIFFS.format(amount=amount, kinds=kinds, cost="the cash cost", net=net)
    return text


def unit_scale(largest: float, currency: str) -> tuple[float, str]:
    """Return the divisor of a chart's amounts, and the unit that results."""
    for size, word in _SCALES[1:]:
        if largest >= size:
            return size, f"{currency} {word}"
    return 1.0, currency


# ---- words from the input, as cells, charts, pages and terminals can hold them ------------------

MOST_CHARACTERS = 32_767
"""What a cell of Excel holds, in UTF-16 units."""

_LABEL = 30
"""Longest name in charts of a page; tables show names in full."""
_BREAKS = re.compile(r"[\t\r\n\v\f\x85\u2028\u2029]+")
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_FORMULA = re.compile(r"(^|[;\t\r\n])(?=['\"\s]*[=+\-@＝＋－＠])")
_GUARDED = re.compile(_FORMULA.pattern.replace(")(", ")'(", 1))
"""Places where a spreadsheet may read a formula: also after a character that may separate cells."""


def proven_words() -> str:
    """Return the sentence on a plan that is proven optimal."""
    return (
        "The plan keeps every rule of the case, and no other plan that does is cheaper by more than"
        " one part in ten million"
    )


def search_words(gap: float, what: str = "whole projects", how: str = "ended early") -> str:
    """Return the sentences on a search that ended early: for ``what``, ``how``, and its gap."""
    return (
        f"The search for {what} {how}. This is the best plan found; at most {percent(gap, 2)} of"
        " its cost could still be saved."
    )


def clean_text(text: str) -> str:
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

    An apostrophe, by which spreadsheets mark text, is put before each ``= + - @`` at the start of
    the text or after a semicolon, a tab or a line break: some spreadsheets begin a cell there,
    quoted or not. Blanks, quotes and apostrophes before the sign don't hide it, so removing one
    apostrophe at each such place gives the text back.
    """
    return _FORMULA.sub(r"\1'", text)


def unguarded(text: str) -> str:
    return _GUARDED.sub(r"\1", text)


def width_of(text: str) -> int:
    """Return a text's display width, in character cells."""
    if text.isascii():
        return len(text)
    marks = sum(unicodedata.category(c) in {"Mn", "Me", "Cf"} for c in text)
    return len(text) - marks + sum(unicodedata.east_asian_width(c) in "WF" for c in text)


def truncated(text: str, most: int) -> str:
    """Return a text cut to at most ``most`` characters, with an ellipsis if it is cut."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def chart_label(text: object, most: int = _LABEL) -> str:
    """Return a text as a chart of a page shows it: escaped, since Plotly interprets some HTML."""
    return html.escape(truncated(clean_text(str(text)), most), quote=False)


def labels(texts: Sequence[object]) -> list[str]:
    """Return the labels of an axis, cut only if different texts stay different."""
    short = [chart_label(text) for text in texts]
    if len(set(short)) < len({clean_text(str(text)) for text in texts}):
        return [chart_label(text, MOST_CHARACTERS) for text in texts]
    return short


def word(value: object) -> str:
    """Return a cell's value as text, "" if it is blank."""
    is_blank = value is None or value != value  # noqa: PLR0124 - NaN is a blank cell
    return "" if is_blank else clean_text(str(value))


_COMMAND = "planner "


def capitalized(text: str) -> str:
    """Return a text with its first letter capitalized, unless it starts with a command to type."""
    return text if text.startswith(_COMMAND) else f"{text[:1].upper()}{text[1:]}"


def terminal_safe(text: str) -> str:
    """Return a text of the workbook without characters that could steer the terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


_SENTENCE_END = re.compile(r"(?<=[.?!]) (?=[^a-z])")
_UNBROKEN = "\x00"


def split_sentences(text: str, names: Iterable[str] = ()) -> list[str]:
    """Return the sentences of a text; a full stop inside one of the ``names`` ends none."""
    for each in {form for name in names if ". " in name for form in (name, capitalized(name))}:
        text = text.replace(each, each.replace(" ", _UNBROKEN))
    parts = _SENTENCE_END.split(text) if text else []
    return [part.replace(_UNBROKEN, " ") for part in parts]


def uncapitalized(text: str) -> str:
    """Return a sentence with a lower-case first letter, for use inside another sentence."""
    return f"{text[:1].lower()}{text[1:]}"
