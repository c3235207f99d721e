"""Results as tables: as a sheet with the formats of its cells, on a terminal, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from models.results.field import Colour, Field, Format, Name, Result
from models.schema import OF_COUNTRIES
from planner.render import words
from planner.render.words import clean_text, formatted_number, known, percent

if TYPE_CHECKING:
    import pandas as pd

Cell = str | int | float | None
"""The value of a cell; None if it is blank."""

COALITION_BUYER = "Coalition"
"""Name shown for the coalition as a single buyer."""

ALL_MINERALS = "all"
"""Name shown for all minerals together."""

NAMES_OF_ALL = {Name.BUYER: COALITION_BUYER, Name.MINERALS: ALL_MINERALS}
"""Names shown for "", which stands for all buyers or minerals together."""


@dataclass(frozen=True)
class TableColumn:
    """A column: its exact header, its format, and a cell for every row.

    ``formats`` gives each cell its own format in a mixed column (Summary); ``meaning`` is the note
    on the header; ``colour`` says how values are coloured; ``widest`` is the greatest width in
    characters (0: the format's).
    """

    header: str
    fmt: Format
    values: Sequence[Cell]
    formats: Sequence[Format] | None = None
    meaning: str = ""
    colour: Colour | None = None
    widest: int = 0


@dataclass(frozen=True)
class Table:
    """A sheet: one header row and columns of equal length.

    ``sections`` are positions of rows that head a group; ``filtered`` says whether readers may
    filter and sort the table (not if charts read from it). ``printed`` is how many columns from the
    left are printed (None: all except the last ones of notes and sources; 0: none).
    """

    name: str
    columns: tuple[TableColumn, ...]
    sections: frozenset[int] = frozenset()
    filtered: bool = True
    printed: int | None = None

    def __len__(self) -> int:
        return len(self.columns[0].values) if self.columns else 0

    @property
    def headers(self) -> tuple[str, ...]:
        return tuple(c.header for c in self.columns)

    def column(self, header: str) -> TableColumn:
        return next(c for c in self.columns if c.header == header)

    def to_frame(self) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame({c.header: _as_series(c) for c in self.columns})


def table_of(result: Result, country: Callable[[str], str] = str) -> Table:
    """Return a result as a sheet shows it; ``country`` names a country by its code."""
    columns = tuple(_column(result, field, country) for field in result.fields)
    printed = next((i for i, field in enumerate(result.fields) if not field.printed), None)
    printed = printed if result.PRINTED else 0
    return Table(result.TABLE, columns, result.sections, result.FILTERED, printed)


def _column(result: Result, field: Field, country: Callable[[str], str]) -> TableColumn:
    values = result.data[field.name]
    if field.names is Name.COUNTRY:
        values = _words_of_values(values, country)
    elif field.names in NAMES_OF_ALL:
        name_of_all = NAMES_OF_ALL[field.names]
        values = _words_of_values(values, lambda name: name or name_of_all)
    elif field.names is Name.SUPPLIER:
        named, groups = cache(country), _as_list(result.data["group"])
        pairs = zip(_as_list(values), groups, strict=True)
        values = [named(v) if g in OF_COUNTRIES else v for v, g in pairs]
    elif field.scale != 1.0:
        values = [field.scaled(value) for value in _as_list(values)]
    title, formats = field.title(result.words), result.formats.get(field.name)
    if formats is not None:
        cells = [clean_text(v) if isinstance(v, str) else v for v in values]
        made = TableColumn(title, field.fmt, cells, list(formats))
    else:
        made = table_column(title, field.fmt, values)
    return replace(made, meaning=field.meaning, colour=field.colour, widest=field.widest)


def _words_of_values(values: Any, say: Callable[[str], str | None]) -> list[str | None]:
    """Return the words of each value, computed once for each different value."""
    listed = _as_list(values)
    words = {value: None if value is None else say(value) for value in set(listed)}
    return [words[value] for value in listed]


def table_column(header: str, fmt: Format, values: Iterable[Any]) -> TableColumn:
    listed = _as_list(values)
    kinds = set(map(type, listed))
    if fmt.is_text:
        if kinds == {str}:  # nearly every column: few texts in many cells
            return TableColumn(header, fmt, _words_of_values(listed, _as_word))
        return TableColumn(header, fmt, [_as_word(v) for v in listed])
    if kinds == {int} or (kinds == {float} and math.isfinite(sum(listed))):
        return TableColumn(header, fmt, listed)
    return TableColumn(header, fmt, [_as_number(v) for v in listed])


def _as_list(values: Any) -> list[Any]:
    return values.tolist() if hasattr(values, "tolist") else list(values)


def _as_word(value: Any) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return clean_text(str(value)) if value not in {None, ""} else None


def _as_number(value: Any) -> int | float | None:
    if value is None or value - value != 0:  # NaN and infinity differ from themselves
        return None
    return int(value) if isinstance(value, int) else float(value)


def _as_series(column: TableColumn) -> Any:
    import pandas as pd

    if column.formats is not None or column.fmt.is_text:
        return pd.Series(list(column.values), dtype=object)
    whole = column.fmt in {Format.YEAR, Format.COUNT} and None not in column.values
    return pd.Series(list(column.values), dtype="int64" if whole else "float64")


# ---- results in words ----------------------------------------------------------------------------


def with_number(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    return rows[rows[name].map(known).astype(bool)]


def formatted(value: object, fmt: Format) -> str:
    """Return a value in words, as its format shows it; "" if it is blank."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if fmt is Format.SHARE:
        return percent(value)
    if fmt is Format.YEAR:
        return f"{value:z.0f}" if known(value) else ""
    if fmt is Format.FACTOR and known(value) and abs(value) < 100:  # noqa: PLR2004
        return f"{value:z.4g}"  # one decimal would make 0.95 and 1.05 another range
    return formatted_number(value)


# ---- results as JSON: one object per row, one key per field, countries by code, blank as null ----

Record = dict[str, object]


def records(result: Result, *fields: Field) -> list[Record]:
    """Return a result's rows, with some fields or all."""
    chosen = fields or result.fields
    keys = [f.json_key for f in chosen]
    return [dict(zip(keys, map(json_value, row), strict=True)) for row in result.rows(*chosen)]


def json_value(value: Any) -> object:
    """Return a value for JSON: None for NaN and infinity, which JSON doesn't have."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


# ---- tables of texts on pages for a browser, no wider than a page --------------------------------


@dataclass(frozen=True)
class Facts:
    """A table of texts; ``numeric`` are the positions of columns of numbers."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()

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
    columns = table_of(result, country).columns
    names = [f.name for f in result.fields]
    return facts_of_columns(
        [columns[names.index(f.name)] for f in fields or result.fields if f.name in names]
    )


def facts_of_columns(chosen: Sequence[TableColumn]) -> Facts:
    """Return columns of a sheet as a table of texts, without columns that are blank."""
    chosen = [c for c in chosen if any(v not in {None, ""} for v in c.values)] or chosen
    formats = (c.formats or [c.fmt] * len(c.values) for c in chosen)
    cells = [map(formatted, c.values, each) for c, each in zip(chosen, formats, strict=True)]
    is_number = [not c.fmt.is_text or any(map(words.known, c.values)) for c in chosen]
    numeric = frozenset(i for i, is_one in enumerate(is_number) if is_one)
    return Facts(tuple(c.header for c in chosen), tuple(zip(*cells, strict=True)), numeric)
