"""Helpers of the rules: a finding at a field of a record, the closest name, rows of totals."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from models.case import Case, normalize
from models.errors import Finding, Severity
from models.schema import SHEETS, Project, Record, Refiner

Rule = Callable[[Case], Iterator[Finding]]

CLOSE = 0.65
"""Names less similar than this are not suggested; Spain and Japan have a similarity of 0.6."""
FEW = 8
"""Most names listed: those probably meant, or all known names if no name is close."""
_SHORTEST = 3
"""Fewest letters for a text to be matched as part of a name."""


def error(record: Record, field: str, found: str, expected: str = "", hint: str = "") -> Finding:
    header = record.column_of(field).header
    return Finding(record.SHEET, record.row, header, found, expected, hint)


def warn(record: Record, field: str, found: str, hint: str = "") -> Finding:
    header = record.column_of(field).header
    return Finding(record.SHEET, record.row, header, found, "", hint, Severity.WARNING)


def closest_names(name: str, known: Iterable[str], cutoff: float) -> list[str]:
    """Return the known name that is most similar, if any is similar enough; else the anagrams.

    Similar enough is a similarity of ``cutoff`` or more (0 to 1, by ``difflib``). Anagrams are the
    known names with the same letters in another order.
    """
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=cutoff)
    return close or [each for each in names if sorted(each) == sorted(name)]


def name_hint(name: str, known: Mapping[str, str], cutoff: float = CLOSE) -> str:
    """Return a hint with the names probably meant; "" if there are none.

    ``known`` has the names by their normalized form. All names in which the text is a word or
    begins one are meant; if there are none, a similar name is.
    """
    normalized = normalize(name)
    close = names_containing(normalized, known) or closest_names(normalized, known, cutoff)
    shown = " or ".join(repr(known[each]) for each in close[:FEW])
    return f"did you mean {shown}?" if close else ""


def names_containing(text: str, known: Iterable[str], *, beginnings: bool = True) -> list[str]:
    """Return the names with the text as whole words, else as the beginning of a word.

    All are normalized. A text of fewer than three letters matches nothing.
    """
    if len(text) < _SHORTEST:
        return []
    start, names = rf"(?<!\w){re.escape(text)}", list(known)
    patterns = [rf"{start}(?!\w)", *([start] if beginnings else [])]
    found = ([name for name in names if re.search(p, name)] for p in patterns)
    return next(filter(None, found), [])


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint with the closest known name, or with all known names if they are few."""
    spelt = {normalize(k): k for k in sorted(known)}
    every = f"choose from {', '.join(spelt.values())}" if 0 < len(spelt) <= FEW else ""
    return name_hint(name, spelt) or every


def plants(case: Case) -> tuple[Refiner | Project, ...]:
    return (*case.refiners, *case.projects)


def seller(plant: Refiner | Project) -> str:
    """Return the name that a refiner or project sells under."""
    return plant.refiner if isinstance(plant, Project) else plant.name


def minerals_made(named: Iterable[tuple[str, Refiner | Project]]) -> dict[str, set[str]]:
    """Return the minerals that plants make, by a name given with each plant."""
    made: dict[str, set[str]] = {}
    for name, plant in named:
        made.setdefault(name, set()).add(plant.mineral)
    return made


def companies(case: Case) -> frozenset[str]:
    return frozenset({plant.company for plant in plants(case)} - {""})


def rows_with_years(case: Case) -> Iterator[tuple[Any, int | None, int | None]]:
    """Yield every row that has a first year, with its first and last year."""
    for record in SHEETS:
        if any(column.field == "first_year" for column in record.columns()):
            for row in case.records(record.SHEET):
                yield row, getattr(row, "first_year", None), getattr(row, "last_year", None)


# ---- rows of totals ----------------------------------------------------------------------------

_WORD = (
    r"(?:grand |sub[ -]?)?(?:totals?|sums?)|totale|totaal|(?:gesamt|zwischen)?summe|gesamt"
    r"|insgesamt|итого|всего|合計|小計|総計|合计|小计|总计|합계|[σ∑]"
)
_TOTAL = re.compile(rf"(?:{_WORD})(?:\W.*)?|.*\W(?:sub[ -]?)?totals?\W*")


def is_total(name: object) -> bool:
    """Return whether a name is for a total, such as Sum, Subtotal copper or Copper total."""
    return isinstance(name, str) and _TOTAL.fullmatch(normalize(name)) is not None


def is_word_of_total(text: object) -> bool:
    return isinstance(text, str) and re.fullmatch(rf"(?:{_WORD})\W*", normalize(text)) is not None


def total_hint(what: str) -> str:
    """Return the hint to remove a total; ``what`` is ``row`` or ``column``."""
    return f"this looks like a total {what}; remove it"
