"""How a column of a result is declared: header, unit, look, meaning, JSON key, whose name; once.

A result is a table that the planner gives out. Its class declares its columns as fields, and an
object of the class holds the data: a sequence a field, never an object a row, since a plan has
200,000 rows. Workbook, CSV, JSON, terminal, report and manual follow the declaration, and so does
reading a workbook back.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, overload

if TYPE_CHECKING:
    import pandas as pd


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
    FACTOR = "factor on a number, or a number of any unit"
    SHARE = "share"
    INDEX = "index from 0 to 10,000"
    TINY = "a number near 0"
    SECONDS = "seconds"
    DAYS = "days"

    @property
    def is_text(self) -> bool:
        """Whether cells of the look hold words."""
        return self in {Look.TEXT, Look.LONG, Look.SENTENCE, Look.REMARK}


class Name(StrEnum):
    """Whose name a cell holds; a country is held as its code and shown by its name."""

    MINERAL = "mineral"
    MINERALS = "mineral or all of them"
    """A mineral, or "" for all of them together."""
    MEMBER = "member"
    BUYER = "buyer"
    """A member, a group of members, or "" for the coalition as one."""
    REFINER = "refiner"
    COUNTRY = "country"
    PROJECT = "project"
    CONTRACT = "contract"
    SUPPLIER = "supplier"
    """A refiner, a bloc, a kind, or a country or owner by its code."""


class Colour(StrEnum):
    """How the cells of a column are coloured by what they hold."""

    HEAT = "the darker, the larger"
    LIGHTS = "by the sign ✓ or ✗ that they begin with"
    AGAINST_FIRST = "by how far they are above or below the first row"


_ESCAPE = re.compile("_x(?=[0-9A-Fa-f]{4}_)")
_OF_NAME = " (name)"
_LONGEST = 200
"""Characters of a name that the header of its column keeps."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Field:
    """A column: everything that a surface needs to show it, and a reader to find it.

    ``header`` and ``unit`` may hold placeholders that are filled where the table is shown:
    ``{money}``, ``{basis}``, ``{year}``. ``key`` is its name in JSON, in which ``{name}`` stands
    for the attribute's; by default that is all. ``printed`` is false of what stands to the right of
    a printed page. ``optional`` ones may lack in a table. ``spread`` is true of one that stands for
    a column for each of some names, which are known with the data alone: ``spread_over`` makes
    them. ``widest`` is how many characters of it stand on a line at most (0: as its look has it).
    ``scale`` is what a sheet divides the numbers by (1e6 of millions); data and JSON have them
    whole. ``blank`` is what a terminal shows of a blank cell. ``name`` and ``table`` are filled by
    the class that the field stands in.
    """

    header: str
    look: Look
    meaning: str = ""
    unit: str = ""
    names: Name | None = None
    key: str = ""
    printed: bool = True
    optional: bool = False
    spread: bool = False
    widest: int = 0
    colour: Colour | None = None
    scale: float = 1.0
    blank: str = ""
    name: str = ""
    table: str = ""

    @classmethod
    def text(cls, header: str, meaning: str = "", **more: Any) -> Field:
        """Declare a column of words."""
        return cls(header, Look.TEXT, meaning, **more)

    @classmethod
    def tonnes(cls, header: str, meaning: str = "", **more: Any) -> Field:
        """Declare a column of tonnes."""
        return cls(header, Look.TONNES, meaning, unit="t", **more)

    @classmethod
    def share(cls, header: str, meaning: str = "", **more: Any) -> Field:
        """Declare a column of shares."""
        return cls(header, Look.SHARE, meaning, **more)

    @classmethod
    def price(cls, header: str, meaning: str = "", **more: Any) -> Field:
        """Declare a column of money per tonne."""
        return cls(header, Look.PRICE, meaning, unit="{money}/t", **more)

    @classmethod
    def money(cls, header: str, meaning: str = "", **more: Any) -> Field:
        """Declare a column of money."""
        return cls(header, Look.MONEY, meaning, unit="{money}", **more)

    @classmethod
    def millions(cls, header: str, meaning: str = "", *, scale: float = 1e6, **more: Any) -> Field:
        """Declare a column of money in millions; ``scale`` 1: the data are in millions, too."""
        return cls(header, Look.MILLIONS, meaning, unit="{money} m", scale=scale, **more)

    def like(self, **changes: Any) -> Field:
        """Return the same column with some properties changed."""
        return replace(self, **changes)

    def title(self, words: Mapping[str, str]) -> str:
        """Return the header with its unit, words in braces filled in."""
        return self.whole.format_map(words)

    @property
    def json_key(self) -> str:
        """The key of its values in JSON."""
        return self.key.format(name=self.name) or self.name

    @property
    def whole(self) -> str:
        """The header with its unit in parentheses, placeholders as they are."""
        return f"{self.header} ({self.unit})" if self.unit else self.header

    def scaled(self, value: Any) -> Any:
        """Return a value as shown: divided by the scale where it is a number."""
        return value if value is None or self.scale == 1.0 else value / self.scale

    def read(self, header: str) -> dict[str, str] | None:
        """Return what the placeholders hold in a header; None where it is not this field's."""
        parts = _PLACEHOLDER.split(self.whole)
        pattern, seen = "", set()
        for i, part in enumerate(parts):
            if i % 2 == 0:
                pattern += re.escape(part)
            else:
                pattern += f"(?P={part})" if part in seen else f"(?P<{part}>.*?)"
                seen.add(part)
        match = re.fullmatch(pattern, header)
        return None if match is None else match.groupdict()

    @overload
    def __get__(self, result: None, owner: type[Result]) -> Field: ...
    @overload
    def __get__(self, result: Result, owner: type[Result]) -> Any: ...
    def __get__(self, result: Result | None, owner: type[Result]) -> Any:
        """Return the declaration from the class, the column's data from an object of it."""
        if result is None:
            return self
        try:
            return result.data[self.name]
        except KeyError:
            raise AttributeError(self.name) from None

    def __set__(self, result: Result, value: object) -> None:
        msg = f"{self.table} does not change"
        raise AttributeError(msg)


field = Field
"""Declares a column of a result."""

CATALOGUE: dict[str, type[Result]] = {}
"""Every declared result by the name of its sheet, and of its kind of workbook where two share it.

Filled as the modules that declare them are imported; ``models.results`` imports all of its own.
"""


class Result:
    """A table that the planner gives out; its docstring says what the sheet tells.

    ``TABLE`` is the name of its sheet, ``GRAIN`` the fields that make a row one of its kind,
    ``BOOK`` the kind of workbook where it is not a plan's. ``words`` fill the placeholders of
    headers; ``looks`` give each cell of a column a look of its own, where a column mixes several;
    ``sections`` are the positions of rows that head a group.
    """

    TABLE: ClassVar[str] = ""
    PLACE: ClassVar[int] = 0
    """Where the sheet stands among those of a plan, which ascend; 0 is in none."""
    GRAIN: ClassVar[tuple[str, ...]] = ()
    BOOK: ClassVar[str] = ""
    FILTERED: ClassVar[bool] = True
    FIELDS: ClassVar[tuple[Field, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Bind the fields to the class: a declaration may be shared by several."""
        names = dict.fromkeys(f.name for f in cls.FIELDS)
        for name, declared in vars(cls).copy().items():
            if isinstance(declared, Field):
                bound = replace(declared, name=name, table=cls.TABLE)
                setattr(cls, name, bound)
                names[name] = None
        cls.FIELDS = tuple(getattr(cls, name) for name in names)
        unknown = set(cls.GRAIN) - set(names)
        if unknown:
            msg = f"{cls.__name__}: no field {', '.join(sorted(unknown))}"
            raise TypeError(msg)
        if cls.TABLE:
            CATALOGUE[f"{cls.BOOK}: {cls.TABLE}" if cls.BOOK else cls.TABLE] = cls

    def __init__(
        self,
        *,
        words: Mapping[str, str] | None = None,
        looks: Mapping[str, Sequence[Look]] | None = None,
        sections: Iterable[int] = (),
        **columns: Any,
    ) -> None:
        """Take a sequence (an array, a Series, a list) for every field that is not optional."""
        due = {f.name for f in self.FIELDS if not f.optional}
        names = {f.name for f in self.FIELDS}
        wrong = (due - columns.keys()) | (columns.keys() - names)
        if wrong:
            msg = f"{type(self).__name__}: columns lack or are unknown: {', '.join(sorted(wrong))}"
            raise TypeError(msg)
        self.data: dict[str, Any] = {
            f.name: _kept(columns[f.name]) for f in self.FIELDS if f.name in columns
        }
        if len({len(values) for values in self.data.values()}) > 1:
            msg = f"{type(self).__name__}: columns of unlike length"
            raise ValueError(msg)
        self.words: Mapping[str, str] = words or {}
        self.looks: Mapping[str, Sequence[Look]] = looks or {}
        self.sections = frozenset(sections)

    @classmethod
    def of_rows(cls, rows: Sequence[Mapping[Any, Any]], **more: Any) -> Self:
        """Return the table of rows by the names of the fields; what a row lacks is blank."""
        columns: dict[str, Any] = {f.name: [row.get(f.name) for row in rows] for f in cls.FIELDS}
        return cls(**more, **columns)

    @classmethod
    def positions(cls, headers: Sequence[str]) -> dict[str, int]:
        """Return where among some headers each field stands, by its name.

        Headers without a placeholder are looked for first, so that none is taken for another.
        """
        places: dict[str, int] = {}
        declared = (f for f in cls.FIELDS if not f.spread)
        for each in sorted(declared, key=lambda f: "{" in f.whole):
            for place, header in enumerate(headers):
                if place not in places.values() and each.read(header) is not None:
                    places[each.name] = place
                    break
        return places

    @property
    def fields(self) -> tuple[Field, ...]:
        """The columns that the table has, in declared order."""
        return tuple(f for f in self.FIELDS if f.name in self.data)

    def __len__(self) -> int:
        return len(next(iter(self.data.values()), ()))

    def frame(self) -> pd.DataFrame:
        """Return the data as a DataFrame, a column a field, countries by their codes."""
        import pandas as pd

        return pd.DataFrame({name: _plain(values) for name, values in self.data.items()})

    def rows(self, *fields: Field) -> Iterable[tuple[Any, ...]]:
        """Return the values of some columns, row by row."""
        return zip(*(_listed(self.data[f.name]) for f in fields), strict=True)

    def without(self, *fields: Field) -> Self:
        """Return the table without some of the columns that may lack."""
        left = {f.name for f in self.fields} - {f.name for f in fields}
        data = {name: values for name, values in self.data.items() if name in left}
        return type(self)(words=self.words, looks=self.looks, sections=self.sections, **data)

    def where(self, kept: Any) -> Self:
        """Return the rows that a sequence of yes and no keeps."""
        return self._taken([i for i, keep in enumerate(_listed(kept)) if keep])

    def ranked(self, by: Field, most: int | None = None) -> Self:
        """Return the rows in which a field is above 0, the largest first, at most so many."""
        values = [v or 0.0 for v in _listed(self.data[by.name])]
        above = [i for i, value in enumerate(values) if value > 0]
        return self._taken(sorted(above, key=lambda i: -values[i])[:most])

    def _taken(self, rows: list[int]) -> Self:
        data = {name: _rows_at(values, rows) for name, values in self.data.items()}
        looks = {name: [each[i] for i in rows] for name, each in self.looks.items()}
        return type(self)(words=self.words, looks=looks, **data)


R = TypeVar("R", bound=Result)


def spread_over(kind: type[R], declared: Field, names: Sequence[str]) -> type[R]:
    """Return a table's class with a column for each of some names where one field stands for them.

    Their data go by ``of_0``, ``of_1`` and so on.
    """
    headers = [spread_header(kind, name) for name in names]
    columns = {f"of_{i}": _named(declared, each) for i, each in enumerate(headers)}
    body = {"__doc__": kind.__doc__, "TABLE": "", **columns}  # which there are is in no catalogue
    table: type[R] = type(kind.__name__, (kind,), body)
    table.TABLE = kind.TABLE
    of_names = [*map(table.__dict__.get, columns)]
    apart = [of_names if f.name == declared.name else [f] for f in kind.FIELDS]
    table.FIELDS = tuple(f for fields in apart for f in fields if f is not None)
    return table


def spread_header(kind: type[Result], name: str) -> str:
    """Return the header of a name that has a column of its own."""
    return header_of_name(name, (f for f in kind.FIELDS if not f.spread))


def header_of_name(name: str, others: Iterable[Field]) -> str:
    """Return the header of a name's column, unlike the headers of the other columns.

    A spreadsheet's table names its columns without control characters, reads ``_x0041_`` as A, and
    keeps 255 characters of a header: a longer name ends with a digest of itself.
    """
    taken = {f.header.casefold() for f in others}
    header = _ESCAPE.sub("_X", "".join(filter(str.isprintable, name)))
    if len(header) > _LONGEST:
        header = f"{header[:_LONGEST]}… {hashlib.sha256(name.encode()).hexdigest()[:8]}"
    bare = header.casefold()
    while bare.endswith(_OF_NAME):
        bare = bare.removesuffix(_OF_NAME)
    return f"{header}{_OF_NAME}" if bare in taken else header


def crossed(  # noqa: PLR0913, PLR0917 - the parts of a matrix
    name: str,
    lead: Mapping[Field, Sequence[Any]],
    across: Sequence[str],
    cells: Mapping[tuple[Any, ...], Any],
    declared: Field,
    words: Mapping[str, str],
) -> Result:
    """Return a matrix: a row for each of ``lead``, then a column for each name ``across``.

    ``cells`` are by the row's lead and the name; what is not among them is blank. Which columns
    there are is known with the data alone; what they mean is declared once, by ``declared``.
    """
    fields = {f.name: f for f in lead}
    headers = [header_of_name(each, lead) for each in across]
    spread = {f"of_{i}": _named(declared, each) for i, each in enumerate(headers)}
    kind: type[Result] = type(name, (Result,), {"__doc__": declared.meaning, **fields, **spread})
    rows = list(zip(*lead.values(), strict=True))
    columns: dict[str, Any] = {f.name: list(values) for f, values in lead.items()}
    for position, each in enumerate(across):
        columns[f"of_{position}"] = [cells.get((*row, each)) for row in rows]
    table = kind(words=words, **columns)
    kind.TABLE = name  # once the class is made: which columns it has is no part of the catalogue
    return table


def _named(declared: Field, name: str) -> Field:
    return declared.like(header=name.replace("{", "{{").replace("}", "}}"), optional=False)


def _kept(values: Any) -> Any:
    return values if hasattr(values, "__len__") else list(values)


def _listed(values: Any) -> list[Any]:
    return values.tolist() if hasattr(values, "tolist") else list(values)


def _plain(values: Any) -> Any:
    return values.to_numpy() if hasattr(values, "to_numpy") else values


def _rows_at(values: Any, positions: list[int]) -> Any:
    if hasattr(values, "iloc"):
        return values.iloc[positions]
    listed = _listed(values)
    return [listed[i] for i in positions]
