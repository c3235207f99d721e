"""Words that give away a member that is taken out: its own name is not the only one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from models.schema import SHEETS, Freight, Record
from planner.audit.redacted.tables import rows
from planner.sheets import Table
from planner.sheets.context import COALITION_BUYER

_OF_MEMBERS = {"Member", "To member", "Buyer"}
_PLACES = ("Refiner", "Mineral", "Country", "Project")
_TYPED = re.compile(r"--(?:block|lose|what-if)\b|set stock target")
"""Options as typed, which may name a member by a code; a target for all is a target of each."""


def _is_of_members(record: type[Record]) -> bool:
    return record is Freight or any(c.header in _OF_MEMBERS for c in record.columns())


INPUT_OF_MEMBERS = frozenset(record.SHEET for record in SHEETS if _is_of_members(record))
"""Sheets of the input whose rows are members' own: a warning there may tell one's figure."""


def bare(header: str) -> str:
    """Return a header without its unit."""
    return header.partition(" (")[0]


def telling(
    tables: Iterable[Table], gone: AbstractSet[str], members: AbstractSet[str]
) -> re.Pattern[str]:
    """Return what matches a text that gives a member away.

    Such are its name, those of its contracts, and groups of buyers: a group may be one member.
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
    words |= theirs - kept
    found = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{found})(?!\w)|{_TYPED.pattern}", re.IGNORECASE)


def _named(table: Table, heads: list[str], what: str, whose: str) -> Iterator[tuple[str, str]]:
    """Yield the texts of a column with whose each is; none where the table lacks either."""
    if what in heads and whose in heads:
        at, of = heads.index(what), heads.index(whose)
        for cells in rows(table):
            if isinstance(cells[at], str):
                yield str(cells[at]), str(cells[of])
