"""Converts a cell to a value by its column's kind, bounds and choices; nothing is guessed.

Each converter takes the content of a cell that is not blank and returns its value, or raises
``CellError`` with the content, what is expected and, if one is near, the fix.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from itertools import chain
from numbers import Real
from pathlib import Path
from typing import TypeGuard

from models import case, units
from models.checks.common import closest_names, name_hint
from models.schema import CellKind, Column
from planner.workbook.findings import CellError, quoted
from planner.workbook.grid import Dated, Fault

Convert = Callable[[object], object]

DECIMAL, WHOLE = {CellKind.NUMBER, CellKind.SHARE}, {CellKind.YEAR, CellKind.WHOLE}
"""Kinds of cells that hold numbers."""
LARGEST = 1e15
"""A double holds every integer up to this exactly; it is far above all bounds of columns."""
FRACTION_MOST = 10.0
"""A number without unit and with at most this upper bound is a fraction: 25 may mean 25 %."""


def converter(column: Column, factor: float, currency: str) -> Convert:
    """Return the function that converts a column's cells; numbers are multiplied by ``factor``."""
    if column.kind in DECIMAL:
        return _number_converter(column, factor, currency)
    if column.kind in WHOLE:
        return partial(_whole_number, column)
    if column.kind is CellKind.CHOICE:
        return _choice(column)
    return {
        CellKind.YES_NO: parse_yes_no,
        CellKind.COUNTRY: parse_country,
        CellKind.NAME: parse_name,
    }.get(column.kind, parse_text)


def described(value: object) -> str:
    """Describe a cell's content in a message."""
    match value:
        case None:
            words = "a blank cell"
        case Fault():
            words = value.text
        case Dated():
            words = f"the number {plain_number(value.number)}, shown as {described(value.date)}"
        case bool():
            words = f"the logical value {str(value).upper()}"
        case str():
            words = f"the text {quoted(value)}"
        case dt.date():
            words = f"the date {value:%Y-%m-%d}"
        case dt.time() | dt.timedelta():
            words = f"the time {value}"
        case Real():
            words = f"the number {plain_number(as_float(value))}"
        case _:
            words = f"the value {value!r}"
    return words


def is_number(value: object) -> TypeGuard[Real]:
    """Return whether a value is a number; a logical value is not."""
    return isinstance(value, Real) and not isinstance(value, bool)


def as_float(value: Real) -> float:
    """Return a number as a float; infinity if it is too large."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def plain_number(number: float) -> str:
    """Return a number as people write it: no trailing .0, all significant digits."""
    if math.isfinite(number) and number == int(number) and abs(number) < LARGEST:
        return str(int(number))
    return repr(number)


def expected_values(column: Column, currency: str = "USD") -> str:
    """Say which values a column takes: kind, bounds or choices."""
    if column.kind is CellKind.CHOICE:
        return one_of(column.choices)
    if column.kind not in DECIMAL | WHOLE:
        return str(column.kind.value)
    word = column.kind.value.partition(" from ")[0]
    low, high = units.in_words(column.least), units.in_words(column.most)
    unit = f" ({units.in_currency(column.unit, currency)})" if column.unit else ""
    start = f"above {low}" if column.above else f"from {low}"
    to = "up to" if column.above else "to below" if column.below else "to"
    end = "" if math.isinf(column.most) else f" {to} {high}"
    return f"{word} {start}{end}{unit}"


def one_of(choices: tuple[str, ...]) -> str:
    return " or ".join(", ".join(choices).rsplit(", ", 1))


def parse_name(value: object) -> str:
    """Return a name; a number becomes its digits."""
    if isinstance(value, str):
        return case.clean_name(value)
    if is_number(value) and math.isfinite(as_float(value)):
        return plain_number(as_float(value))
    raise CellError(described(value), "a name", hint_of(value))


def parse_text(value: object) -> str:
    """Return free text; any other value as it is shown."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Fault):
        raise CellError(value.text, "text", value.hint)
    if isinstance(value, Dated):
        return parse_text(value.date)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, Real):
        return plain_number(as_float(value))
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return str(value)


def parse_country(value: object) -> str:
    """Return the ISO3 code of a country, ``ROW`` for the rest of the world."""
    if not isinstance(value, str):
        raise CellError(described(value), CellKind.COUNTRY.value, hint_of(value))
    code = iso3_code(value)
    if code is None:
        message = f"{quoted(value)} is not a known country"
        raise CellError(message, CellKind.COUNTRY.value, partial(closest_country, value))
    return code


def parse_yes_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and case.normalize(value) in {"yes", "no"}:
        return case.normalize(value) == "yes"
    raise CellError(described(value), CellKind.YES_NO.value, hint_of(value))


def _choice(column: Column) -> Convert:
    choices = {case.normalize(choice): choice for choice in column.choices}
    hints = {case.normalize(value): hint for value, hint in column.hints}

    def read_choice(value: object) -> str:
        if isinstance(value, str):
            choice = choices.get(case.normalize(value))
            if choice is not None:
                return choice
            hint = hints.get(case.normalize(value)) or name_hint(value, choices)
        else:
            hint = hint_of(value)
        raise CellError(described(value), one_of(column.choices), hint)

    return read_choice


def _number_converter(column: Column, factor: float, currency: str) -> Convert:
    least, most = column.least, column.most

    def number(value: object) -> float:
        if (  # quick, for nearly all cells
            (type(value) is float or type(value) is int)
            and -LARGEST < value < LARGEST
            and least < (number_read := value * factor) < most
        ):
            return number_read
        if not is_number(value):
            raise CellError(
                described(value), expected_values(column, currency), _number_hint(column, value)
            )
        given = as_float(value)
        number_read = given * factor
        if column.allows(number_read):
            return number_read
        hint = ""
        if not column.unit and most <= FRACTION_MOST and most < given <= 100:  # noqa: PLR2004
            hint = units.percent_hint(given)
        if factor != 1.0 and number_read > most:
            unit = units.in_currency(column.unit, currency)
            options = units.accepted(column.unit, currency)
            alike = (u for u in options if units.factor(u, column.unit, currency) == factor)
            typed = f"{plain_number(given)} {next(alike, options[0])}"
            message = f"{typed}, which is {units.in_words(number_read)} {unit}"
            raise CellError(message, f"at most {units.in_words(most)} {unit}", hint)
        raise CellError(described(value), expected_values(column, currency), hint)

    return number


def parse_numbers(
    column: Column, cells: Sequence[object], factor: float, blank: object
) -> list[object] | None:
    """Convert a column of numbers at once, blank cells to ``blank``.

    None if a cell is not a number within the bounds: then ``converter`` reads cell by cell.
    """
    if column.kind not in DECIMAL or not set(map(type, cells)) <= {int, float, type(None)}:
        return None
    filled: list[float] = [value for value in cells if value is not None]  # type: ignore[misc]
    low, high = min(filled, default=0.0), max(filled, default=0.0)
    if not (low > -LARGEST and high < LARGEST and math.isfinite(sum(filled))):
        return None
    if filled and not (column.allows(low * factor) and column.allows(high * factor)):
        return None
    return [blank if value is None else value * factor for value in cells]  # type: ignore[operator]


def _whole_number(column: Column, value: object) -> int:
    if not is_number(value):
        raise CellError(described(value), expected_values(column), _number_hint(column, value))
    given = as_float(value)
    if given.is_integer() and column.least <= given <= column.most:
        return int(given)
    raise CellError(described(value), expected_values(column))


def hint_of(value: object) -> str:
    """Return what to do about a formula without a value, a date and the like; else ""."""
    return value.hint if isinstance(value, Fault | Dated) else ""


_EITHER_MARK = re.compile(r"([-+]?[1-9]\d{0,2})[.,](\d{3})")
"""A number whose mark separates its decimals, or thousands."""


def _number_hint(column: Column, value: object) -> str:
    """What to do about text instead of a number."""
    if not isinstance(value, str):
        return hint_of(value)
    if mark := _EITHER_MARK.fullmatch(value.strip()):
        readings = (
            plain_number(float(f"{mark[1]}.{mark[2]}")),
            plain_number(float(f"{mark[1]}{mark[2]}")),
        )
        return f"is {' or '.join(readings)} meant? type it as a number"
    stripped = re.sub(r"(?<=\d)[,'\s\u00a0\u202f_](?=\d{3}(\D|$))", "", value)
    match = re.fullmatch(r"([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*(%?)", stripped)
    if match is None and re.search(r"\d[.,']\d", value):
        return "type it as a number, without thousands marks"
    if match is None:
        default = f"leave the cell blank to use the default: {column.default}"
        has_default = column.default and not re.search(r"\d", value)
        return "type a number" if column.required else default if has_default else ""
    number = float(match[1])
    is_percent = column.kind is CellKind.SHARE and column.most < number <= 100  # noqa: PLR2004
    if match[2] or is_percent:
        return f"{units.percent_hint(number)} the number is stored as text"
    return f"the number is stored as text: type it as a number, {plain_number(number)}"


_NAMES = ("alpha_2", "alpha_3", "name", "official_name", "common_name")
_CONGO, _SEVERAL = "congo", "if you mean several countries, leave the cell blank"
_HINTS = {
    _CONGO: "did you mean DR Congo or Republic of the Congo?",
    "eu": _SEVERAL,
    "european union": _SEVERAL,
}
"""What to do about names that belong to no single country."""
_CLOSE = 0.75
"""Least similarity of a name to the country that is suggested: Atlantis and Albania have 0.67."""


def normalize_country(name: str) -> str:
    """Return a country name for comparison: without case, accents, points and the word "the"."""
    plain = unicodedata.normalize("NFKD", case.normalize(name))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).replace(".", "")
    plain = plain.replace("&", " and ").replace("ı", "i")
    words = re.sub(r"[^\w]+", " ", plain).split()
    return " ".join("saint" if w == "st" else w for w in words if w != "the")


@cache
def iso3_code(name: str) -> str | None:
    """Return the ISO3 code for a name or code, ``ROW`` for the rest of the world; else None."""
    return _index().get(normalize_country(name))


def closest_country(name: str) -> str:
    """Return a hint with the country whose name is closest to an unknown one; "" if none is."""
    normalized = normalize_country(name)
    if normalized in _HINTS:
        return _HINTS[normalized]
    close = closest_names(normalized, _readable_names(), _CLOSE)
    if close and close[0] == _CONGO:
        return _HINTS[_CONGO]
    return f"did you mean {_readable_names()[close[0]]!r}?" if close else ""


def member_meant(name: str, members: Mapping[str, str]) -> str:
    """Return a hint with the member of the country named; ``members`` is keyed by its code."""
    member = members.get(iso3_code(name) or "")
    return f"did you mean {member!r}?" if member else ""


@cache
def _aliases() -> dict[str, list[str]]:
    """Names by ISO3 code that people write, but pycountry lacks."""
    with (Path(__file__).parent / "countries.csv").open(encoding="utf-8", newline="") as file:
        return {code: names.split("; ") for code, names in [*csv.reader(file)][1:]}


@cache
def _index() -> dict[str, str]:
    """ISO3 code by normalized name, ISO2 and ISO3 code."""
    import pycountry

    codes: dict[str, str] = {}
    for country in pycountry.countries:
        for attribute in _NAMES:
            name = getattr(country, attribute, "")
            head, _, tail = name.partition(", ")
            # "Bolivia, Plurinational State of" and "Plurinational State of Bolivia"
            for spelling in filter(None, (name, tail and f"{tail} {head}")):
                codes.setdefault(normalize_country(spelling), country.alpha_3)
    for code, names in _aliases().items():
        codes.update({normalize_country(name): code for name in names})
        codes.setdefault(code.casefold(), code)
    codes["xk"] = "XKX"
    del codes[_CONGO]  # two countries have this name
    return codes


@cache
def _readable_names() -> dict[str, str]:
    """A readable spelling by normalized name, for messages."""
    import pycountry

    official = (getattr(country, "common_name", country.name) for country in pycountry.countries)
    return {normalize_country(n): n for n in (*chain(*_aliases().values()), *official)}
