"""Names that are probably misspelt: one letter off another, or in a home sheet and nowhere else."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from models import schema
from models.case import Case, normalize
from models.checks.common import closest_names, plants, warn
from models.errors import Finding
from models.schema import Record

_LEAST_LETTERS, _MOST_LETTERS = 3, 100
"""Names with fewer or more letters are not compared: short ones may well differ by one letter."""
_LEAST_USES = 2
"""Fewest rows with an unknown name, from which the name in its home sheet is the odd one."""
_SIMILAR = 0.8
"""Least similarity of that name to the unknown one."""
_MOST_SEARCHED = 50
"""Most unknown names per home sheet that are searched, since each search takes time."""


def names_spelt_alike(case: Case) -> Iterator[Finding]:
    """Warn of an owner, group or bloc whose name is one letter off another one.

    No sheet defines these names, so a misspelt one is a company, group or bloc of its own. The name
    with fewer rows gets the warning; of equally many rows, the one that comes later.
    """
    uses: tuple[tuple[str, str, Iterable[tuple[Record, str]]], ...] = (
        ("owner", "company", ((record, record.company) for record in plants(case))),
        ("group", "group", ((record, record.group) for record in case.members)),
        ("bloc", "blocs", ((record, bloc) for record in case.countries for bloc in record.blocs)),
    )
    for kind, field, named in uses:
        rows: dict[str, list[Record]] = defaultdict(list)
        for row, name in named:
            rows[name].append(row)
        often = sorted(rows, key=lambda name: -len(rows[name]))
        for name, like in _one_letter_off(often):
            problem = f"the {kind} {name!r} is one letter off the {kind} {like!r}, and counts apart"
            yield warn(rows[name][0], field, problem, f"did you mean {like!r}?")


def _one_letter_off(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each name that is one letter off an earlier one, with the earlier one."""
    known: dict[str, list[str]] = defaultdict(list)
    for name in names:
        normalized = normalize(name)
        if not _LEAST_LETTERS <= len(normalized) <= _MOST_LETTERS:
            continue
        # two such names are equal once a letter is left out of one of them, or of both
        letters = (i for i, letter in enumerate(normalized) if not letter.isdigit())
        parts = {normalized, *(normalized[:i] + normalized[i + 1 :] for i in letters)}
        likes = (like for part in parts for like in known[part])
        like = next(
            (each for each in likes if is_one_letter_off(normalize(each), normalized)), None
        )
        if like is not None:
            yield name, like
        for part in parts:
            known[part].append(name)


def is_one_letter_off(one: str, other: str) -> bool:
    """Return whether a letter is missing in one of two texts, is another one, or two are swapped.

    Digits, and letters that are words of their own, tell names apart: Plant 1, Plant B.
    """
    least = min(len(one), len(other))
    start = next((i for i in range(least) if one[i] != other[i]), least)
    same = range(least - start)
    end = next((i for i in same if one[-1 - i] != other[-1 - i]), least - start)
    parts = one[start : len(one) - end], other[start : len(other) - end]
    is_swapped = len(parts[0]) == 2 and parts[0] == parts[1][::-1]  # noqa: PLR2004
    if parts[0] == parts[1] or (max(map(len, parts)) > 1 and not is_swapped):
        return False
    is_word = not re.search(r"\w$", one[:start]) and not re.match(r"\w", one[len(one) - end :])
    return not is_word and not any(map(str.isdigit, "".join(parts)))


def misspelt_at_home(case: Case) -> dict[str, tuple[Record, int]]:
    """Return names used in several rows, but misspelt in the sheet that defines them.

    By the name as it is used: the row that defines it, under a similar name that no row uses, and
    the number of rows that use it.
    """
    found: dict[str, tuple[Record, int]] = {}
    for home in (schema.Mineral, schema.Member, schema.Refiner):
        defined: dict[str, list[Record]] = defaultdict(list)
        for row in case.records(home.SHEET):
            defined[normalize(_name(row))].append(row)
        used: Counter[str] = Counter()
        for record in schema.SHEETS:
            fields = [column.field for column in record.columns() if home.SHEET in column.refers]
            used.update(getattr(row, name) for row in case.records(record.SHEET) for name in fields)
        sold = {normalize(project.refiner) for project in case.projects}
        idle = [name for name, rows in defined.items() if not used[_name(rows[0])]]
        odd = [n for n in used if n and used[n] >= _LEAST_USES and normalize(n) not in defined]
        for name in [n for n in odd if normalize(n) not in sold][:_MOST_SEARCHED]:
            for like in closest_names(normalize(name), idle, _SIMILAR):
                is_other = re.sub(r"\D", "", name) != re.sub(r"\D", "", like)
                if not is_other and used[name] > len(defined[like]):
                    found[name] = defined[like][0], used[name]
    return found


def _name(row: Record) -> str:
    return str(getattr(row, "name", ""))
