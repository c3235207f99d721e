"""The keys of a command's JSON: each is declared once, with its meaning and how its value is found.

The list of keys in the manual is made from the declarations; so is what only one study answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.results import Result
    from planner.render.table import Record

ABSENT = object()
"""The value of a key that an answer lacks."""


@dataclass(frozen=True)
class AnswerKey:
    """A key of an answer: its name, and its meaning in the manual.

    ``value`` returns its value from what the command planned, or is the path of an attribute of the
    study. ``rows`` are the keys of each row, if
    the value is a list of rows; a row may lack those that are ``optional``. ``when`` says which
    answers have the key; "": all.
    """

    name: str
    meaning: str
    value: Callable[..., object] | str = lambda *_: ABSENT
    rows: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    when: str = ""

    def find(self, *planned: Any) -> object:
        """Return its value from a study and its tables."""
        value = self.value
        return attrgetter(value)(planned[0]) if isinstance(value, str) else value(*planned)


AnswerKeys = tuple[AnswerKey, ...]


def table_key(
    name: str,
    table: type[Result],
    value: Callable[..., object] | None = None,
    *,
    more: tuple[str, ...] = (),
) -> AnswerKey:
    """Return the key that lists the rows of a study's table; no rows if it has no such table.

    ``value`` finds the rows from a study and its tables where they are not simply the table's;
    ``more`` are keys that it adds to a row.
    """

    def rows(study: object, tables: Any) -> list[Record]:
        del study
        found: list[Record] = tables.records(table)
        return found

    keys = dict.fromkeys([*(f.json_key for f in table.FIELDS), *more])
    optional = tuple(f.json_key for f in table.FIELDS if f.optional)
    meaning = f"the sheet `{table.TABLE}`"
    return AnswerKey(name, meaning, value or rows, tuple(keys), optional)


def answered(keys: AnswerKeys, *planned: Any) -> dict[str, object]:
    """Return an answer: the value of each key that it has."""
    found = {key.name: key.find(*planned) for key in keys}
    return {name: value for name, value in found.items() if value is not ABSENT}


def listed_keys(keys: AnswerKeys) -> str:
    """Return the keys as a list for the manual; keys of rows that are equal are listed once."""
    lines = []
    listed: dict[tuple[str, ...], str] = {}
    for key in keys:
        has = f": {', '.join(f'`{row}`' for row in key.rows)}" if key.rows else ""
        first = listed.setdefault(key.rows, key.name)
        if key.rows and first != key.name:
            has = f", with the keys of `{first}`"
        when = f" ({key.when})" if key.when else ""
        lines.append(f"- `{key.name}`{when}: {key.meaning}{has}.")
    return "\n".join(lines)
