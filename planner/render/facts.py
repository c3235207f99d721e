"""Tables of texts on pages for a browser, no wider than a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from models.results import Field, Result
from planner.render import table, words


@dataclass(frozen=True)
class Facts:
    """A table of texts; ``numeric`` are the positions of columns of numbers.

    A table that does not belong to a chart has a ``heading``, and may have a ``note``.
    """

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    heading: str = ""
    note: str = ""

    @property
    def side_by_side(self) -> tuple[Facts, ...]:
        """The table in parts that a page has room for; each begins with the names of its rows."""
        if not self.headers:
            return ()
        lead = range(self._names)
        parts: list[list[int]] = [[]]
        whole = room = _ROOM - sum(map(self._width, lead))
        for i in range(len(lead), len(self.headers)):
            if self._width(i) > room and parts[-1]:
                parts.append([])
                room = whole
            parts[-1].append(i)
            room -= self._width(i)
        return (self,) if len(parts) == 1 else tuple(self._of([*lead, *part]) for part in parts)

    @property
    def _names(self) -> int:
        """How many columns from the left name a row, at most three."""
        count = range(1, min(3, len(self.headers)) + 1)
        return next((n for n in count if len({row[:n] for row in self.rows}) == len(self.rows)), 1)

    def _of(self, chosen: Sequence[int]) -> Facts:
        rows = tuple(tuple(row[i] for i in chosen) for row in self.rows)
        numeric = frozenset(n for n, i in enumerate(chosen) if i in self.numeric)
        return replace(self, headers=tuple(self.headers[i] for i in chosen), rows=rows,
                       numeric=numeric)  # fmt: skip

    def _width(self, i: int) -> int:
        """Return the characters that a column needs: words and numbers are not broken."""
        cells = [row[i] for row in self.rows]
        if i not in self.numeric:
            lines = (c[: _SENTENCE if len(c) > _LONG else _WORDS] for c in cells)
            cells = [*chain.from_iterable(map(str.split, cells)), *lines]
        return max(map(len, (*self.headers[i].split(), *cells)), default=0) + _BETWEEN


_ROOM, _BETWEEN, _LONG, _WORDS, _SENTENCE = 138, 2, 40, 24, 32
"""Characters: in a line of a table; between columns; from which a text is a sentence; most that a
line of a name needs, and that a line of a sentence needs."""


def facts_of(result: Result, *fields: Field, country: Callable[[str], str] = str) -> Facts:
    """Return some fields of a result, or all, as a table of texts."""
    columns = table.table_of(result, country).columns
    names = [f.name for f in result.fields]
    return facts_of_columns(
        [columns[names.index(f.name)] for f in fields or result.fields if f.name in names]
    )


def facts_of_columns(chosen: Sequence[table.TableColumn]) -> Facts:
    """Return columns of a sheet as a table of texts, without columns that are blank."""
    chosen = [c for c in chosen if any(v not in {None, ""} for v in c.values)] or chosen
    formats = (c.formats or [c.fmt] * len(c.values) for c in chosen)
    cells = [map(table.formatted, c.values, each) for c, each in zip(chosen, formats, strict=True)]
    is_number = [not c.fmt.is_text or any(map(words.known, c.values)) for c in chosen]
    numeric = frozenset(i for i, is_one in enumerate(is_number) if is_one)
    return Facts(tuple(c.header for c in chosen), tuple(zip(*cells, strict=True)), numeric)
