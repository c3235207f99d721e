"""A sheet of the plan as data: a name and columns that know how their cells look."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from planner.sheets.text import clean

if TYPE_CHECKING:
    import pandas as pd

Cell = str | int | float | None
"""What a cell holds; None is a blank one."""


class Look(StrEnum):
    """What a column's cells are, hence how they are shown."""

    TEXT = "text"
    LONG = "text on several lines"
    SENTENCE = "text on a few lines of a wide column"
    REMARK = "text that may be cut off by the column's edge"
    YEAR = "year"
    COUNT = "count"
    TONNES = "t"
    MONEY = "money"
    MILLIONS = "money in millions"
    PRICE = "money per t"
    SHARE = "share"
    INDEX = "index from 0 to 10,000"
    TINY = "a number near 0"
    SECONDS = "seconds"
    DAYS = "days"

    @property
    def is_text(self) -> bool:
        """Whether cells of the column are words."""
        return self in {Look.TEXT, Look.LONG, Look.SENTENCE, Look.REMARK}


@dataclass(frozen=True)
class Column:
    """A column: its exact header, its look, and a cell for every row.

    ``looks`` gives each cell its own look where a column mixes several (Summary).
    """

    header: str
    look: Look
    values: Sequence[Cell]
    looks: Sequence[Look] | None = None


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


def column(header: str, look: Look, values: Iterable[Any]) -> Column:
    """Return a column of a plan's values: NaN and infinity are blank, booleans yes or no."""
    listed = values.tolist() if hasattr(values, "tolist") else list(values)
    kinds = set(map(type, listed))
    if look.is_text:
        if kinds == {str}:  # nearly every column: few texts in many cells
            known = {text: _word(text) for text in set(listed)}
            return Column(header, look, [known[text] for text in listed])
        return Column(header, look, [_word(v) for v in listed])
    if kinds == {int} or (kinds == {float} and math.isfinite(sum(listed))):
        return Column(header, look, listed)
    return Column(header, look, [_number(v) for v in listed])


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
