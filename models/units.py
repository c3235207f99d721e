"""Conversion of the units in headers; no other module converts.

A unit is mass, money or time, or money per mass, mass per year and so on. Only masses convert
(kg, lb, t, kt, Mt); money is in the workbook's one currency. One international avoirdupois pound
is 0.45359237 kg exactly (International Yard and Pound Agreement, 1959).
"""

from __future__ import annotations

import re

MASSES = {"kg": 1e-3, "lb": 0.45359237e-3, "t": 1.0, "kt": 1e3, "Mt": 1e6}
"""Tonnes in one unit of mass."""

MILLION = 1e6

MONEY = "USD"
"""The currency in the declared units; a workbook's `Currency` replaces it."""

_YEAR = re.compile(r"/\s*(yr|year|y|a)\b")


class UnitError(ValueError):
    """A unit that does not convert to the unit of its column."""


def in_currency(unit: str, currency: str) -> str:
    """Return a declared unit in the workbook's currency: ``USD/t`` becomes ``EUR/t``."""
    return unit.replace(MONEY, currency)


def accepted(unit: str, currency: str = MONEY) -> list[str]:
    """Return every unit that converts to a declared unit, the declared one first."""
    own = in_currency(unit, currency)
    head, mass, tail = _split_unit(own)
    return [own, *(f"{head}{m}{tail}" for m in MASSES if mass and m != mass)]


def factor(text: str, unit: str, currency: str = MONEY) -> float:
    """Return the factor that converts numbers in the unit ``text`` to the declared ``unit``.

    Raises a UnitError, which lists the accepted units, if the unit does not convert.
    """
    own = in_currency(unit, currency)
    head, mass, tail = _split_unit(own)
    given = re.sub(r"\s+", " ", _YEAR.sub("/yr", text.strip()))
    given = re.sub(r"\s*/\s*", "/", given)
    normalized, hint = given.casefold(), ""
    if not mass and normalized == own.casefold():
        return 1.0
    if mass:
        meant = _unit_meant(given, head, tail)
        hint = f"; did you mean ({meant})?" if meant else ""
        if normalized.startswith(head.casefold()) and normalized.endswith(tail.casefold()):
            word = given[len(head) : len(given) - len(tail)]
            if word in MASSES:
                return 1.0 / MASSES[word] if head.endswith("/") else MASSES[word]
            if word.casefold() == "mt":
                hint = (
                    "; traders write MT for tonnes (t), engineers Mt for megatonnes: write t or Mt"
                )
    options = " or ".join(f"({u})" for u in accepted(unit, currency))
    msg = f"the unit ({given}) does not convert; accepted are {options}{hint}"
    raise UnitError(msg)


def _split_unit(unit: str) -> tuple[str, str, str]:
    """Split a unit around its mass: ``USD/t/yr`` is ``("USD/", "t", "/yr")``; no mass is ""."""
    match = re.fullmatch(r"((?:[^/]+/)?)(t)((?:/yr)?)", unit)
    return (match[1], match[2], match[3]) if match else (unit, "", "")


def in_words(number: float) -> str:
    """Return a number as people write it: ``100 million``, not ``1e+08``."""
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if size <= abs(number) < 1e3 * size:
            return f"{number / size:g} {word}"
    return f"{number:g}"


def percent_hint(number: float) -> str:
    """Return the hint that a number was meant in percent: ``did you mean 0.4 (40 %)?`` for 40.

    The caller decides whether the hint applies.
    """
    return f"did you mean {number / 100:.6g} ({number:.6g} %)?"


_WORDS = {
    "kilogram": "kg", "kilograms": "kg", "kgs": "kg",
    "pound": "lb", "pounds": "lb", "lbs": "lb",
    "tonne": "t", "tonnes": "t", "metric ton": "t", "metric tons": "t",
    "kilotonne": "kt", "kilotonnes": "kt", "megatonne": "Mt", "megatonnes": "Mt",
    "kg": "kg", "lb": "lb", "t": "t", "kt": "kt",
}  # fmt: skip
_PER_YEAR = re.compile(r"(?:/yr|\s*per (?:year|annum)|\s*p\.?a\.?)$", re.IGNORECASE)


def _unit_meant(given: str, head: str, tail: str) -> str:
    """Return the accepted unit that a wrong unit probably means; "" if none is close."""
    core = _PER_YEAR.sub("", given)
    if head:
        if not core.casefold().startswith(head.casefold()):
            return ""
        core = core[len(head) :]
    mass = core if core in MASSES else _WORDS.get(core.casefold().strip(), "")
    return f"{head}{mass}{tail}" if mass else ""
