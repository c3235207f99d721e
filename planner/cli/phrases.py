"""Reads what-ifs from a command line.

Each becomes steps of a scenario, which the actions of the sheet Scenarios apply. An error in a row
of that sheet is an error here, too.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from models import case, errors, schema, units
from models.checks.common import did_you_mean
from models.checks.scenarios import advice_on
from models.schema.column import MOST_TARIFF
from planner.cli.answer import refuse
from planner.options import BLOCK, LOSE, WHAT_IF

if TYPE_CHECKING:
    from planner.scenarios.named import Named

_NAMES = ("mineral", "country", "refiner", "owner", "member", "tier", "plant")
_KEYS = (*_NAMES, "years", "first year", "last year", "value")
_FIELDS = {"years": "first_year", "owner": "company"}
"""The fields of keys that have another name."""
_YEARS = re.compile(r"(\d{4})?\s*(-|–|to)?\s*(\d{4})?")
_NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(.*)", re.IGNORECASE)
_SLIP = 100
"""Where a fraction is expected, a larger number up to this one was probably meant in percent."""

Reading = tuple[str, tuple[schema.ScenarioStep, ...]]
"""A sentence on what an option does, and its steps."""


def read_block(text: str, named: Named) -> Reading:
    """Read --block, SELLER:BUYER or SELLER:BUYER:MINERAL, and block these sales.

    Examples are ``CHN:JPN``, ``*:JPN`` and ``"Lynas*:Japan:Rare earths"``. The seller is a country,
    company or refiner, the buyer a member, country or group; ``*`` alone means all. Returns the
    seller, buyer and minerals in words, and the steps of the scenario. UsageError if the workbook
    has no such name.
    """
    parts = [part.strip() for part in text.split(":")]
    if len(parts) not in {2, 3} or not all(parts):
        refuse("write seller and buyer, as in CHN:JPN or CHN:JPN:Graphite")
    wrong = errors.Mistakes()
    with wrong.collect():
        sellers = named.sellers(parts[0])
    with wrong.collect():
        members = _buyers(parts[0], parts[1], named)
    with wrong.collect():
        minerals = named.names("mineral", parts[2]) if len(parts) > 2 else ("",)  # noqa: PLR2004
    wrong.raise_if_any()
    steps = tuple(
        schema.ScenarioStep(
            name=BLOCK, action="block lanes", mineral=mineral, member=member, **seller.selectors
        )
        for seller in sellers
        for member in members
        for mineral in minerals
    )
    words = f"{_all_of(s.words for s in sellers)} to {_all_of(members)}"
    return words if minerals == ("",) else f"{words}, {_all_of(minerals)}", steps


def _buyers(seller: str, buyer: str, named: Named) -> tuple[str, ...]:
    """Return the members of a lane; if there is none, ask whether both sides were swapped."""
    try:
        return named.names("member", buyer)
    except errors.UsageError as error:
        try:
            named.sellers(buyer)
            named.names("member", seller)
        except errors.UsageError:
            raise error from None
        refuse(f"{buyer!r} is not a member in the workbook; did you mean {buyer}:{seller}?")


def read_lose(text: str, named: Named) -> Reading:
    """Read --lose: a country, which loses its plants and ore, or companies or refiners."""
    if not text.strip(" *"):
        refuse("name a country, a refiner or a company")
    steps: list[schema.ScenarioStep] = []
    lost = schema.ScenarioStep(name=LOSE, action="scale capacity", value=0.0)
    sellers = named.sellers(text.strip(), parts=True)
    for seller in sellers:
        steps.append(replace(lost, **seller.selectors))
        if seller.country:
            steps.append(schema.ScenarioStep(name=LOSE, action="block ore", country=seller.country))
    return _all_of(seller.words for seller in sellers), tuple(steps)


def read_what_if(text: str, named: Named) -> Reading:
    """Read --what-if: ``ACTION; selector=...; years=...; value=...``, by header of Scenarios."""
    step, words = _phrase(text, named)
    choices = {name: named.names(name, getattr(step, name)) for name in named.SELECTORS}
    chosen: Iterator[dict[str, Any]]
    chosen = (dict(zip(choices, names, strict=True)) for names in product(*choices.values()))
    return words, tuple(replace(step, **names) for names in chosen)


def _all_of(words: Iterator[str] | tuple[str, ...]) -> str:
    return " and ".join(word or "all" for word in words)


# ---- an action in words: scale capacity; country=China; years=2027-2030; value=0.7 ---------------


@dataclass(frozen=True)
class _Phrase:
    """The parts of a what-if: its action, the selectors and value of the action, other words."""

    action: str
    takes: schema.ActionCells
    values: dict[str, str]

    @property
    def keys(self) -> str:
        """The keys that the action accepts; its first and last year are one key."""
        keys = {field: key for key, field in _FIELDS.items() if key != "years"}
        names = [keys.get(name, name.replace("_", " ")) for name in self.takes.selectors]
        if "last year" in names:
            names = [n for n in names if n not in {"first year", "last year"}] + ["years"]
        return ", ".join([*names, *(["value"] if self.takes.value else [])])


def _phrase(text: str, named: Named) -> tuple[schema.ScenarioStep, str]:
    """Return the step of a what-if, and a sentence with the workbook's names.

    Mineral, refiner, owner, member, tier and plant stay as typed, since one text may name several.
    """
    phrase = _parsed_phrase(text, named)
    given = dict[str, Any]()
    for key, text_of in phrase.values.items():
        field = _FIELDS.get(key, key.replace(" ", "_"))
        if key != "value" and field not in phrase.takes.selectors:
            advice = advice_on(phrase.action, field)
            text = f"`{phrase.action}` does not accept {key}; it accepts {phrase.keys}"
            refuse(f"{text}; {advice}" if advice else text)
        if key in _NAMES:
            given[field] = text_of
    first, last = _phrase_years(phrase)
    given["country"] = named.country_code(given.get("country", ""))
    step = schema.ScenarioStep(
        name=WHAT_IF,
        action=phrase.action,
        first_year=first,
        last_year=last,
        value=_phrase_value(phrase),
        **given,
    )
    return step, _what_if_in_words(step, phrase, named)


def _parsed_phrase(text: str, named: Named) -> _Phrase:
    """Parse a what-if into action and values by key; UsageError says what is wrong."""
    head, *rest = (" ".join(part.split()) for part in text.split(";"))
    actions = {case.normalize(action): action for action in schema.ACTIONS}
    if case.normalize(head) not in actions:
        near = did_you_mean(head, schema.ACTIONS) or f"choose from {', '.join(schema.ACTIONS)}"
        wrong = "begin with an action" if "=" in head else f"there is no action {head!r}"
        refuse(f"{wrong}; {near}")
    action, values = actions[case.normalize(head)], dict[str, str]()
    for part in filter(None, rest):
        key, equals, value = (word.strip() for word in part.partition("="))
        if not equals:
            refuse(f"{part!r} has no key: write {_guess(part, named)}")
        key = "years" if case.normalize(key) == "year" else case.normalize(key).replace("_", " ")
        if key not in _KEYS:
            near = did_you_mean(key, _KEYS)
            refuse(f"there is no key {key!r}; {near or 'choose from ' + ', '.join(_KEYS)}")
        if key in values:
            refuse(f"{key} is given twice")
        if not value:
            refuse(f"{key}= has no value: leave out {key}= to select all")
        values[key] = value
    return _Phrase(action, schema.ACTION_CELLS[action], values)


def _guess(part: str, named: Named) -> str:
    """Return the most likely key and value of a word without a key."""
    if _YEARS.fullmatch(part) and re.search(r"\d{4}", part):
        return f"years={part} or value={part}" if part.isdigit() else f"years={part}"
    if _NUMBER.fullmatch(part):
        return f"value={part}"
    for key in ("mineral", "country", "refiner", "owner", "member", "tier"):
        with contextlib.suppress(errors.UsageError):
            if key == "country":
                named.country_code(part)
            else:
                named.names("company" if key == "owner" else key, part)
            return f"{key}={part}"
    return f"country={part}, for example"


def _phrase_years(phrase: _Phrase) -> tuple[int | None, int | None]:
    """Return first and last year: of ``years=2027-2030``, ``2027-``, ``-2030``, ``2027``."""
    span = phrase.values.get("years")
    if span is None:
        return _year(phrase, "first year"), _year(phrase, "last year")
    if phrase.values.keys() & {"first year", "last year"}:
        refuse("years= includes the first and last year: leave out first year= and last year=")
    match = _YEARS.fullmatch(span)
    if match is None or not (match[1] or match[3]):
        refuse(f"years={span} is not valid; write years=2027-2030, 2027-, -2030 or 2027")
    first, dash, last = match.groups()
    if first and last and not dash:
        refuse(f"years={span} is not valid; write years={first}-{last}")
    ends = (int(first) if first else None, int(last) if last else None)
    if "last_year" not in phrase.takes.selectors:
        if ends[0] is None or (dash and last):
            refuse(f"`{phrase.action}` accepts only one year, as in years=2028")
        return ends[0], None
    return ends if dash else (ends[0], ends[0])


def _year(phrase: _Phrase, key: str) -> int | None:
    """Return a year of a phrase, None if it has no such key; UsageError if it is no year."""
    text = phrase.values.get(key)
    if text is None:
        return None
    if not re.fullmatch(r"\d{4}", text):
        refuse(f"{key}={text} is not a year")
    return int(text)


def _phrase_value(phrase: _Phrase) -> float | None:
    """Return the value: a number, a percentage of a factor or share, or an amount with its unit."""
    text, takes = phrase.values.get("value"), phrase.takes
    wanted = f"{takes.value} from {takes.least:g} to {takes.most:g}"
    if text is None and takes.value:
        example = max(0.5, takes.least)
        refuse(f"`{phrase.action}` needs a value, {wanted}, as in value={example:g}")
    if text is None:
        return None
    match = _NUMBER.fullmatch(text)
    if match is None:
        refuse(f"value={text} is not a number; expected {wanted}")
    number, unit = float(match[1]), match[2].strip()
    if re.match(r"[,']\d", unit):
        refuse(f"value={text} is not a number: write 1234.5, without separators of thousands")
    if unit == "%" and takes.value.startswith("a "):
        number /= 100
    elif unit and takes.value.startswith("t"):
        number *= _mass_factor(text, unit, takes.value)
    elif unit:
        refuse(f"value={text} is not a number; expected {wanted}")
    if takes.value and not (math.isfinite(number) and takes.least <= number <= takes.most):
        slip = takes.most <= MOST_TARIFF and takes.most < number <= _SLIP and unit != "%"
        hint = f"; {units.percent_hint(number)}" if slip else ""
        refuse(f"value={text} is out of range; expected {wanted}{hint}")
    return number


def _mass_factor(text: str, unit: str, wanted: str) -> float:
    """Return the factor from a unit to ``wanted``; ``5 kt`` for a yearly amount is 5 kt/yr."""
    yearly = wanted.endswith("/yr") and "/" not in unit
    try:
        return units.factor(f"{unit}/yr" if yearly else unit, wanted)
    except units.UnitError as error:
        refuse(f"value={text}: {error}")


def _what_if_in_words(step: schema.ScenarioStep, phrase: _Phrase, named: Named) -> str:
    """Return a what-if with the workbook's names: ``scale capacity (China, from 2027): 0.7``."""
    mineral, *others = (named.names(name, getattr(step, name)) for name in named.SELECTORS)
    country = (named.country_name(step.country, phrase.values.get("country", "")),)
    chosen = [" and ".join(names) for names in (mineral, country, *others) if names != ("",)]
    first, last = step.first_year, step.last_year
    to = f" to {last}" if last not in {None, first} else ""
    if first is not None:
        is_start = last is None and "last_year" in phrase.takes.selectors
        chosen.append(f"from {first}" if is_start else f"{first}{to}")
    elif last is not None:
        chosen.append(to.strip())
    where = f" ({', '.join(chosen)})" if chosen else ""
    unit = f" {phrase.takes.value}" if phrase.takes.value.startswith("t") else ""
    return f"{step.action}{where}" + (f": {step.value:.10g}{unit}" if phrase.takes.value else "")
