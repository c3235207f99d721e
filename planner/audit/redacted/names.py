"""Words that give away a member that is taken out: its own name is not the only one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from planner.audit.redacted.tables import rows
from planner.render.table import COALITION_BUYER
from planner.sheets import Table
from planner.workbook.countries import country_words
from planner.workbook.plan_columns import bare

_PLACES = ("Refiner", "Mineral", "Country", "Project")
_STEM, _CODE = 4, 3
"""Letters that a word keeps at least where it is inflected; those of a country's code at most."""
_TYPED = re.compile(r"--(?:block|lose|what-if)\b|set stock target")
"""Options as typed, which may name a member by a code; a target for all is a target of each."""


@dataclass(frozen=True)
class Telling:
    """What matches a text that gives a member away: names in any form, codes as written."""

    pattern: re.Pattern[str]

    def search(self, text: str) -> bool:
        """Return whether a text gives a member away, however its letters and spaces are coded."""
        return self.pattern.search(_folded(text)) is not None


def telling(tables: Iterable[Table], gone: AbstractSet[str], members: AbstractSet[str]) -> Telling:
    """Return what matches a text that gives a member away.

    Such are its name and the country of that name with its codes, inflected forms of them
    (Japanese, Koreas), those of its contracts, and groups of buyers: a group may be one member.
    """
    words = set(gone)
    theirs: set[str] = set()
    kept: set[str] = set(members)
    for table in tables:
        heads = [bare(header) for header in table.headers]
        for name, whose in _named(table, heads, "Contract", "Member"):
            (theirs if whose in gone else kept).add(name)
        for name, _ in _named(table, heads, "Buyer", "Buyer"):
            if name != COALITION_BUYER and name not in members:
                words.add(name)
        for place in _PLACES:
            kept.update(name for name, _ in _named(table, heads, place, place))
    codes = {code for name in gone for code in country_words(name)}
    named = {name for name in codes if not _is_code(name)}
    stems = {rf"(?<!\w){re.escape(_stem(_folded(word)))}" for word in gone | named if _bends(word)}
    whole = {re.escape(_folded(word)) for word in words | named | (theirs - kept)}
    found = "|".join(sorted(stems | {_word(of) for of in whole}, key=len, reverse=True))
    coded = "|".join(sorted(re.escape(code) for code in codes - named)) or "(?!)"
    return Telling(
        re.compile(rf"(?i:{found}|{_TYPED.pattern})|(?<![A-Za-z])(?:{coded})(?![A-Za-z])")
    )


def _folded(text: str) -> str:
    """Return a text in one form of its letters, without marks that are not seen, single-spaced."""
    plain = unicodedata.normalize("NFKC", text)
    seen = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    return " ".join(seen.split())


def _stem(word: str) -> str:
    """Return what a word's inflected forms begin with: Germa of Germany, Norw of Norway."""
    return word[: max(_STEM, len(word) - 2)]


def _bends(word: str) -> bool:
    """Return whether a name is one word of Latin letters, long enough to be known by its stem."""
    return word.isalpha() and word.isascii() and len(word) > _STEM


def _word(escaped: str) -> str:
    """Return the pattern of a word: one of few letters stands alone, any other within others."""
    is_short = escaped.isascii() and len(escaped) < _STEM
    return rf"(?<!\w){escaped}(?:'?s)?(?!\w)" if is_short else escaped


def _is_code(word: str) -> bool:
    return word.isupper() and len(word) <= _CODE


def _named(table: Table, heads: list[str], what: str, whose: str) -> Iterator[tuple[str, str]]:
    """Yield the texts of a column with whose each is; none where the table lacks either."""
    if what in heads and whose in heads:
        at, of = heads.index(what), heads.index(whose)
        for cells in rows(table):
            if isinstance(cells[at], str):
                yield str(cells[at]), str(cells[of])
