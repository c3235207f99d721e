"""Finds number formats that show a cell's value as a different number.

A format has up to four sections; the value's sign or a condition selects one of them. In a section
placeholders print digits, commas divide by a thousand, and any text may be added. So the value is
printed as Excel prints it, and the text is read as a person reads it: digits, decimal mark, sign,
percent, and words such as "k" or "million". (ECMA-376 part 1, 18.8.31.)
"""

from __future__ import annotations

import math
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

GENERAL = "General"
_LONGEST = 255
"""Most characters of a format in Excel."""
_DIGITS = 309 + 2 * _LONGEST
"""Precision of the decimals: a double has up to 309 digits before the point, each % adds two."""

# ---- the sections of a format -------------------------------------------------------------------


class FormatToken(NamedTuple):
    """A token of a section: its kind, and its text."""

    kind: str
    text: str


_TOKEN = re.compile(
    r'"(?P<literal>[^"]*)"?|\\(?P<escaped>.)|_(?P<room>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>general)|(?P<exponent>e[+-])|(?P<date>am/pm|a/p|[ymdhsgeb])|(?P<digit>[0#?])"
    r"|(?P<mark>[.,%/@;])|(?P<plain>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)", re.IGNORECASE)
_HOLDS = {
    "<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__,
    "=": float.__eq__, "<>": float.__ne__,
}  # fmt: skip
_ELAPSED = re.compile(r"[hms]+", re.IGNORECASE)


@dataclass(frozen=True)
class FormatSection:
    """A section of a format, with its condition; ``operator`` is "" if it has none."""

    tokens: tuple[FormatToken, ...]
    operator: str = ""
    bound: float = 0.0
    is_red: bool = False

    def has_token(self, *kinds: str) -> bool:
        return any(token.kind in kinds for token in self.tokens)


@lru_cache(4096)
def _sections(code: str) -> tuple[FormatSection, ...]:
    parts: list[list[FormatToken]] = [[]]
    for match in _TOKEN.finditer(code):
        kind, text = match.lastgroup or "literal", match[match.lastgroup or 0]
        if kind == "mark" and text == ";":
            parts.append([])
        else:
            parts[-1].append(FormatToken(kind, text))
    return tuple(map(_section, parts))


def _section(tokens: Sequence[FormatToken]) -> FormatSection:
    kept: list[FormatToken] = []
    operator, bound, is_red = "", 0.0, False
    is_number = any(token.kind in {"digit", "general"} for token in tokens)
    for kind, text in tokens:
        condition = _CONDITION.fullmatch(text) if kind == "bracket" else None
        if condition:
            operator, bound = condition[1], float(condition[2])
        elif kind == "bracket" and text.startswith("$"):
            money = text[1:].rpartition("-")[0] or text[1:].partition("-")[0]
            kept.append(FormatToken("literal", money))
        elif kind == "bracket" and _ELAPSED.fullmatch(text):
            kept.append(FormatToken("date", text))
        elif kind == "bracket":
            is_red = is_red or text.casefold() == "red"
        elif kind in {"escaped", "plain"} or (kind == "date" and is_number):
            kept.append(FormatToken("literal", text))
        elif kind in {"room", "fill"}:  # a fill is repeated to the width of the column
            is_blank = kind == "room" or text.isspace()
            kept.append(FormatToken("literal", " " if is_blank else text))
        else:
            kept.append(FormatToken(kind, text))
    return FormatSection(tuple(kept), operator, bound, is_red)


_ALL = FormatSection((FormatToken("general", GENERAL),))


def _choices(code: str, value: float) -> list[tuple[FormatSection, bool]]:
    """Return the sections that may print a number, and whether a minus sign is added to each.

    There are several if none has a condition that holds: programs may differ.
    """
    every = _sections(code)
    sections = [section for section in every[:3] if not _is_of_text(section)]
    if not sections or not code.strip():
        return [(_ALL, value < 0)]
    if any(s.operator for s in sections):
        for section in sections:
            if section.operator and _HOLDS[section.operator](float(value), section.bound):
                is_for_negatives = section.operator in {"<", "<="} and section.bound <= 0
                return [(section, value < 0 and not is_for_negatives)]
        return [(s, value < 0) for s in sections if not s.operator]
    if len(sections) > 1 and value < 0:
        return [(sections[1], False)]
    if len(sections) > 2 and value == 0:  # noqa: PLR2004 - positive, negative, zero
        return [(sections[2], False)]
    return [(sections[0], value < 0)]


def _is_of_text(section: FormatSection) -> bool:
    return FormatToken("mark", "@") in section.tokens


# ---- printing -----------------------------------------------------------------------------------
#
# Until the text is read, digits and marks of the number itself are characters of a private range,
# so that they are not confused with digits in the format's text.

_NATIVE = {ord(letter): chr(0xE000 + i) for i, letter in enumerate("0123456789.-/ E")}
_FROM_NATIVE = {ord(native): chr(letter) for letter, native in _NATIVE.items()}


def _native(text: str) -> str:
    return text.translate(_NATIVE)


def _printed(section: FormatSection, value: float, sign: str) -> str:
    tokens = section.tokens
    if section.has_token("date") and not section.has_token("digit", "general"):
        return "(a date)"
    if section.has_token("general") and not section.has_token("digit"):
        number = _native(f"{abs(value):.10g}".upper())
        return sign + "".join(number if t.kind == "general" else t.text for t in tokens)
    places = [i for i, token in enumerate(tokens) if token.kind == "digit"]
    if not places:
        return sign * bool(tokens) + "".join(token.text for token in tokens)
    with localcontext(prec=_DIGITS):
        percents = sum(token == FormatToken("mark", "%") for token in tokens)
        number = abs(Decimal(repr(float(value)))) * 100**percents
        slashes = (i for i, token in enumerate(tokens) if token == FormatToken("mark", "/"))
        if slash := next((i for i in slashes if i >= places[0]), 0):
            return sign + _fraction(tokens, places, slash, number)
        powers = (i for i, token in enumerate(tokens) if token.kind == "exponent")
        if power := next((i for i in powers if places[0] <= i < places[-1]), 0):
            return sign + _power(tokens, places, power, number)
        return sign + _plain(tokens, places, number)


def _plain(tokens: Sequence[FormatToken], places: Sequence[int], number: Decimal) -> str:
    point = next((i for i, t in enumerate(tokens) if t == FormatToken("mark", ".")), len(tokens))
    whole, decimals = [i for i in places if i < point], [i for i in places if i > point]
    ends = {whole[-1] if whole else -1, places[-1]}
    commas = [i for i, t in enumerate(tokens) if t == FormatToken("mark", ",")]
    after = [i for i in commas if i > max(ends) or (whole and whole[-1] < i < point)]
    step = Decimal(1).scaleb(-len(decimals))
    number = (number / 1000 ** len(after)).quantize(step, ROUND_HALF_UP)
    left, _, right = f"{number:zf}".partition(".")
    digits: dict[int, str] = {}
    left = left.lstrip("0")
    for i in reversed(whole):
        digits[i] = (left if i == whole[0] else left[-1:]) or _blank(tokens[i].text)
        left = left if i == whole[0] else left[:-1]
    if left and not whole and point < len(tokens):  # .00 of 12.5 is 12.50
        digits[point] = left
    for i, digit in zip(decimals, right, strict=True):
        rest = right[decimals.index(i) :]
        digits[i] = _blank(tokens[i].text) if not rest.strip("0") else digit
    printed = ""
    for i, token in enumerate(tokens):
        if token.kind == "digit":
            printed += _native(digits[i])
        elif i == point:
            printed += _native(digits.get(i, "") + ".")
        elif not (i in commas and (i in after or (whole and whole[0] <= i < whole[-1]))):
            printed += token.text
    return printed


def _blank(placeholder: str) -> str:
    return {"0": "0", "?": " "}.get(placeholder, "")


def _power(tokens: Sequence[FormatToken], places: Sequence[int], mark: int, number: Decimal) -> str:
    mantissa = [i for i in places if i < mark]
    point = next((i for i in range(mark) if tokens[i] == FormatToken("mark", ".")), mark)
    step, decimals = sum(i < point for i in mantissa), sum(i > point for i in mantissa)
    exponent = 0 if not number else number.adjusted() // max(step, 1) * max(step, 1)
    part = number.scaleb(-exponent).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    before, after = tokens[: places[0]], tokens[places[-1] + 1 :]
    return _texts(before) + _native(f"{part:zf}E{exponent}") + _texts(after)


def _fraction(
    tokens: Sequence[FormatToken], places: Sequence[int], slash: int, number: Decimal
) -> str:
    end = slash + 1
    while end < len(tokens) and (tokens[end].kind == "digit" or tokens[end].text.isdigit()):
        end += 1
    below = "".join(token.text for token in tokens[slash + 1 : end])
    start = slash
    while start and tokens[start - 1].kind == "digit":
        start -= 1
    exact = Fraction(number)
    whole = int(exact) if places[0] < start else 0
    fixed = int(below) if below.isdigit() and int(below) else 0
    rest = exact - whole
    if fixed:
        part = Fraction(round(rest * fixed), fixed)
        text = f"{round(rest * fixed)}/{fixed}" if part else ""
    else:
        part = rest.limit_denominator(max(10 ** max(len(below), 1) - 1, 1))
        text = f"{part.numerator}/{part.denominator}" if part else ""
    number_text = " ".join(filter(None, (str(whole) if whole or not text else "", text)))
    return _texts(tokens[: places[0]]) + _native(number_text) + _texts(tokens[end:])


def _texts(tokens: Sequence[FormatToken]) -> str:
    return "".join(token.text for token in tokens if token.kind in {"literal", "mark"})


# ---- reading as a person does -------------------------------------------------------------------

_TIMES = {
    "percent": 1e-2, "pct": 1e-2, "prozent": 1e-2, "ppm": 1e-6, "ppb": 1e-9, "bp": 1e-4,
    "bps": 1e-4, "hundred": 1e2, "dozen": 12.0, "k": 1e3, "thousand": 1e3, "thousands": 1e3,
    "tsd": 1e3, "lakh": 1e5, "m": 1e6, "mn": 1e6, "mm": 1e6, "mio": 1e6, "mln": 1e6,
    "million": 1e6, "millions": 1e6, "crore": 1e7, "b": 1e9, "bn": 1e9, "mrd": 1e9, "billion": 1e9,
    "billions": 1e9, "tn": 1e12, "trillion": 1e12, "kg": 1e-3, "kt": 1e3, "Mt": 1e6, "Gt": 1e9,
    "per cent": 1e-2,
}  # fmt: skip
"""Factors of words after a number; of weights, in tonnes: MT and mt mean metric tonnes."""
_PARTS = {"%": 1e-2, "٪": 1e-2, "﹪": 1e-2, "％": 1e-2, "‰": 1e-3, "‱": 1e-4}
_SCALES = "十百千万萬億兆"
"""Numerals that multiply the number before them."""
_AROUND = f" .{''.join(_PARTS)}"
_MINUS = "-−–—‐‑‒﹣－"
_NONE = {"", *_MINUS, "--", "nil", "none", "zero"}
"""Texts that mean zero."""
_FRACTION = re.compile(r"(?:(\d+)\s+)?(\d+)\s*[/⁄∕]\s*(\d+)")
_RUN = re.compile(r"[.,٫]?\d+(?:[.,٫٬'’\s]\d+)*(?:[eE][+-]?\d+)?")
_DECIMAL, _GROUP, _INDIAN = ".,٫", 3, 2
_MONEY = re.compile(r"(?:[^\W\d_]{0,2}[$€£¥₹₩₽₺]|(?<![A-Za-z])[A-Z]{3}(?![A-Za-z]))")
_WORD = re.compile(r"per cent|[^\W\d_]+")


_SUBSCRIPT = "\u2080"
_FORMULA = re.compile(rf"(?:(?<![^\W\d_])(?![eExX](?![^\W\d_]))[^\W\d_]+|{_SUBSCRIPT})$")
"""A word to which a following digit belongs, such as CO in CO2; not the e of 1e3, or an x."""


_LARGEST = Fraction(sys.float_info.max)


NumberRead = tuple[float, float]
"""A number as a person reads it, and the value of one unit of its last digit."""


def _read(printed: str) -> list[NumberRead] | None:
    """Return the numbers that a person may read in a text; None if it is not one number."""
    text, is_of_number = _letters(printed)
    fraction = _FRACTION.search(text)
    match = fraction or _RUN.search(text)
    if match is None:
        return []
    before, after = text[: match.start()], text[match.end() :]
    beside = before + after.lstrip(f" .{_SCALES}")
    if re.search(r"\d", beside) or any(map(_numeral, beside)):
        return None
    is_native = is_of_number[match.start() : match.end()]
    is_exact = not all(is_native[i] for i, letter in enumerate(match[0]) if letter.isdigit())
    if fraction:
        whole, top, bottom = int(match[1] or 0), int(match[2]), int(match[3])
        exact = Fraction(whole * bottom + top, bottom or 1)
        number = float(exact) if exact < _LARGEST else math.inf
        numbers = [(number, 1 / bottom)] if bottom else []
    else:
        numbers = list(_numbers(match[0], is_native))
    times = _times(before, after)
    by = -times if _is_negative(before, after) else times
    return [(by * each, 0.0 if is_exact else times * step) for each, step in numbers]


def _letters(printed: str) -> tuple[str, list[bool]]:
    """Return a text with plain digits, and which characters belong to the number itself.

    Digits of a chemical formula, such as CO2, are not digits of a number.
    """
    text, is_of_number = "", list[bool]()
    for letter in printed:
        native = _FROM_NATIVE.get(ord(letter))
        digit = unicodedata.decimal(letter, None)
        if native is not None:
            text += native
        elif digit is None:
            text += letter
        else:
            text += _SUBSCRIPT if _FORMULA.search(text) and not is_of_number[-1] else str(digit)
        is_of_number.append(native is not None)
    return text, is_of_number


def _numbers(text: str, is_native: Sequence[bool]) -> Iterator[NumberRead]:
    """Yield the numbers that digits with marks between them may mean."""
    digits, _, power = text.partition("e" if "e" in text else "E")
    times = 10.0 ** max(min(int(power), 400), -400) if power else 1.0
    marks = [(i, m) for i, m in enumerate(digits) if not m.isdigit()]
    real = [i for i, mark in marks if mark == "." and is_native[i]]
    others = [(i, mark) for i, mark in marks if i not in real]
    end = real[0] if real else len(digits)
    sizes = [b - a - 1 for a, b in pairwise([*(i for i, _ in others), end])]
    is_grouped = (
        bool(sizes) and sizes[-1] == _GROUP and ({*sizes} == {_GROUP} or {*sizes[:-1]} == {_INDIAN})
    )
    kinds = {mark for _, mark in others}
    if not others or (is_grouped and len(kinds) == 1):
        yield _number(digits, real[:1], times)
    if len(others) == 1 and not real and others[0][1] in _DECIMAL:
        yield _number(digits, [others[0][0]], times)
    if others and not is_grouped and not (len(others) == 1 and others[0][1] in _DECIMAL):
        yield (math.nan, 0.0)


def _number(digits: str, point: Sequence[int], times: float) -> NumberRead:
    end = point[0] if point else len(digits)
    whole, decimals = ("".join(filter(str.isdigit, part)) for part in (digits[:end], digits[end:]))
    return float(f"{whole or 0}.{decimals or 0}") * times, times * 10.0 ** -len(decimals)


def _times(before: str, after: str) -> float:
    """Return the factor of a number, from the texts before and after it."""
    times, rest = 1.0, after.lstrip(" .")
    while rest and (rest[0] in _PARTS or rest[0] in _SCALES):
        times *= _PARTS.get(rest[0]) or _numeral(rest[0])
        rest = rest[1:].lstrip()
    if before.rstrip()[-1:] in _PARTS and before.strip():
        times *= _PARTS[before.rstrip()[-1]]
    for _ in range(2):
        word = _WORD.match(rest)
        by = _TIMES.get(word[0], _TIMES.get(word[0].casefold())) if word else None
        if by is not None:
            return times * by
        money = _MONEY.match(rest)
        rest = rest[money.end() :].lstrip() if money else rest
    return times


def _numeral(letter: str) -> float:
    """Return the value of a numeral such as 万; 0 if the letter is not a numeral."""
    if "<su" in unicodedata.decomposition(letter) or letter == _SUBSCRIPT:
        return 0.0
    return unicodedata.numeric(letter, 0.0)


def _is_negative(before: str, after: str) -> bool:
    ahead = before.rstrip(" '’")
    money = re.search(rf"{_MONEY.pattern}$", ahead)
    ahead = ahead[: money.start()].rstrip() if money else ahead
    if ahead.endswith("(") and ")" in after:
        return True
    is_hyphen = len(ahead) > 1 and ahead[-2].isalnum()
    return (ahead[-1:] in {*_MINUS} and not is_hyphen) or after.strip(_AROUND) in {*_MINUS}


# ---- comparing what is shown with the value -----------------------------------------------------


class OtherValue(NamedTuple):
    """What a cell shows if that differs from its value: the text, and the number read in it."""

    text: str
    number: float = math.nan
    step: float = 0.0


@lru_cache(4096)
def other_number(code: str, value: float) -> OtherValue | None:
    """Return what a format shows if it differs from the value by more than rounding, else None."""
    if not math.isfinite(value):
        return None
    if len(code) > _LONGEST:
        return OtherValue("(no format)")
    choices = _choices(code, value)
    for section, has_minus in choices:
        printed = _printed(section, value, _native("-") if has_minus else "")
        text = printed.translate(_FROM_NATIVE).strip()
        readings = _read(printed)
        if not readings:
            has_room = section.has_token("digit") and abs(value) < 1
            # nothing, a dash or a word, with a currency or without
            means_zero = _MONEY.sub("", text).casefold().strip(". ") in _NONE
            if readings == [] and (value == 0 or has_room) and means_zero:
                continue
            return OtherValue(text)
        is_red = section.is_red and value < 0
        for number, step in readings:
            read = -abs(number) if is_red else number
            if not is_near(read, value, step):
                return OtherValue(text, read, step)
    return None if choices else OtherValue("")


def is_near(read: float, value: float, step: float) -> bool:
    """Return whether a number as read equals a value, up to the rounding of its last digit."""
    return abs(read - value) <= 0.5000001 * step + 1e-9 * abs(value)


def other_text(code: str, value: str) -> OtherValue | None:
    """Return what a format shows if it differs from the text, else None."""
    sections = _sections(code)
    section = sections[min(len(sections), 4) - 1]  # positive, negative, zero, text
    if len(sections) < 4 and not _is_of_text(section):  # noqa: PLR2004
        return None
    printed = "".join(
        value if token == FormatToken("mark", "@") else token.text for token in section.tokens
    )
    return None if _bare(printed) == _bare(value) else OtherValue(printed.strip())


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, text))


# ---- formats that show every value as it is -----------------------------------------------------

_PROBES = (
    0.0, 1.0, 0.5, 0.004, 0.65, 7.0, 12.34, 65.0, 100.0, 999.5, 1234.5, 65432.1, 1234567.89,
    123456789012.0, 1e-7, 3e15, -1.0, -0.5, -12.0, -1234.5,
)  # fmt: skip
"""Sample numbers of all sizes: a section prints all numbers in the same way."""
_NEAR = (0.5, 1 - 1e-9, 1.0, 1 + 1e-9, 2.0, 1000.0)
"""Multiples of a condition's bound, tried to reach its section and the next one."""


@lru_cache(4096)
def shows_numbers(code: str) -> bool:
    """Return whether a format prints every number as it is, rounded."""
    bounds = [s.bound for s in _sections(code) if s.operator]
    values = [*_PROBES, *(bound * by for bound in bounds for by in _NEAR)]
    return all(other_number(code, value) is None for value in values)
