"""A sheet of the plan as data: a name and columns that know how their cells look."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from models.results.field import Colour, Field, Look, Name, Result
from models.schema import BY_COUNTRY, BY_OWNER
from planner.render.words import clean

if TYPE_CHECKING:
    import pandas as pd

Cell = str | int | float | None
"""What a cell holds; None is a blank one."""

COALITION_BUYER = "Coalition"
"""What a reader sees of the buyer that is the coalition as one."""

ALL_MINERALS = "all"
"""What a reader sees of all minerals together."""

WHOLE = {Name.BUYER: COALITION_BUYER, Name.MINERALS: ALL_MINERALS}
"""How "" is shown that stands for the whole."""


@dataclass(frozen=True)
class Column:
    """A column: its exact header, its look, and a cell for every row.

    ``looks`` gives each cell its own look where a column mixes several (Summary); ``meaning`` is
    the note that readers see when they point at the header.
    """

    header: str
    look: Look
    values: Sequence[Cell]
    looks: Sequence[Look] | None = None
    meaning: str = ""


@dataclass(frozen=True)
class Table:
    """A sheet: one header row and columns of equal length.

    ``sections`` are positions of rows that head a group; ``filtered`` says whether readers may
    filter and sort it (not where charts read from it). ``printed`` is how many columns from the
    left are printed (None: all but notes and sources; 0: the header alone). ``heat`` names columns
    whose cells darken from 0 to the largest number of all of them: more is worse. ``lights`` names
    columns whose cells begin with ✓ or ✗ and are coloured by it. ``against_first`` names columns of
    shares whose cells are coloured by how far they are above or below the first row's.
    """

    name: str
    columns: tuple[Column, ...]
    sections: frozenset[int] = frozenset()
    filtered: bool = True
    printed: int | None = None
    heat: tuple[str, ...] = ()
    lights: tuple[str, ...] = ()
    against_first: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.columns[0].values) if self.columns else 0

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers, from left to right."""
        return tuple(c.header for c in self.columns)

    def column(self, header: str) -> Column:
        """Return a column by its header."""
        return next(c for c in self.columns if c.header == header)

    def to_frame(self) -> pd.DataFrame:
        """Return the table as a pandas DataFrame, headers as column names."""
        import pandas as pd

        return pd.DataFrame({c.header: _series(c) for c in self.columns})


def table_of(result: Result, country: Callable[[str], str] = str) -> Table:
    """Return a result as a sheet shows it; ``country`` names a country by its code."""
    fields = result.fields
    unprinted = (i for i, f in enumerate(fields) if not f.printed)
    return Table(
        result.TABLE,
        tuple(_column(result, f, country) for f in fields),
        result.sections,
        result.FILTERED,
        next(unprinted, None),
        **{
            name: tuple(f.title(result.words) for f in fields if f.colour is colour)
            for name, colour in _COLOURED
        },
    )


_COLOURED = (
    ("heat", Colour.HEAT), ("lights", Colour.LIGHTS), ("against_first", Colour.AGAINST_FIRST),
)  # fmt: skip


def _column(result: Result, of: Field, country: Callable[[str], str]) -> Column:
    values = result.data[of.name]
    if of.names is Name.COUNTRY:
        values = _each(values, country)
    elif of.names in WHOLE:
        whole = WHOLE[of.names]
        values = _each(values, lambda name: name or whole)
    elif of.names is Name.SUPPLIER:
        pairs = zip(values, result.data["group"], strict=True)
        values = [country(v) if g in {BY_COUNTRY, BY_OWNER} else v for v, g in pairs]
    elif of.scale != 1.0:
        values = [of.scaled(value) for value in _listed(values)]
    title, looks = of.title(result.words), result.looks.get(of.name)
    if looks is not None:
        cells = [clean(v) if isinstance(v, str) else v for v in values]
        return Column(title, of.look, cells, list(looks), of.meaning)
    return replace(column(title, of.look, values), meaning=of.meaning)


def _each(values: Any, say: Callable[[str], str]) -> list[str | None]:
    """Return what is said of each value: few in many rows."""
    listed = _listed(values)
    known = {value: None if value is None else say(value) for value in set(listed)}
    return [known[value] for value in listed]


def column(header: str, look: Look, values: Iterable[Any]) -> Column:
    """Return a column of a plan's values: NaN and infinity are blank, booleans yes or no."""
    listed = _listed(values)
    kinds = set(map(type, listed))
    if look.is_text:
        if kinds == {str}:  # nearly every column: few texts in many cells
            known = {text: _word(text) for text in set(listed)}
            return Column(header, look, [known[text] for text in listed])
        return Column(header, look, [_word(v) for v in listed])
    if kinds == {int} or (kinds == {float} and math.isfinite(sum(listed))):
        return Column(header, look, listed)
    return Column(header, look, [_number(v) for v in listed])


def _listed(values: Any) -> list[Any]:
    return values.tolist() if hasattr(values, "tolist") else list(values)


def _word(value: Any) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return clean(str(value)) if value not in {None, ""} else None


def _number(value: Any) -> int | float | None:
    if value is None or value - value != 0:  # NaN and infinity differ from themselves
        return None
    return int(value) if isinstance(value, int) else float(value)


def _series(of: Column) -> Any:
    import pandas as pd

    if of.looks is not None or of.look.is_text:
        return pd.Series(list(of.values), dtype=object)
    whole = of.look in {Look.YEAR, Look.COUNT} and None not in of.values
    return pd.Series(list(of.values), dtype="int64" if whole else "float64")


# ---- results as JSON: an object a row, a key a field, countries by their codes, blank as null ----

Record = dict[str, object]


def records(result: Result, *fields: Field) -> list[Record]:
    """Return the rows of a result, of some fields or of all that it has."""
    chosen = fields or result.fields
    keys = [f.json_key for f in chosen]
    return [
        {key: _json(value) for key, value in zip(keys, row, strict=True)}
        for row in result.rows(*chosen)
    ]


def _json(value: Any) -> object:
    """Return a value as JSON holds it: it has neither NaN nor infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
