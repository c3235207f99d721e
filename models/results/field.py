"""The declaration of results: header, unit, format, meaning and JSON key of each column.

A result is a table that the planner writes. Its class declares its columns as fields. An object of
the class holds the data, one sequence per field; an object per row would be slow, since a plan has
200,000 rows. Workbook, CSV, JSON, terminal, report and manual follow the declaration, and a
workbook is read back by it.
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


class Format(StrEnum):
    """The kind of a column's values, which decides their format."""

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
        return self in {Format.TEXT, Format.LONG, Format.SENTENCE, Format.REMARK}


class Name(StrEnum):
    """The kind of name in a cell. A country is stored as its code and shown by its name."""

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
    """A refiner, a bloc, a kind, or the code of a country or of an owner's country."""


class Colour(StrEnum):
    """The rule for the colours of a column's cells."""

    HEAT = "the darker, the larger"
    LIGHTS = "by the sign ✓ or ✗ that they begin with"
    AGAINST_FIRST = "by how far they are above or below the first row"


_ESCAPE = re.compile("_x(?=[0-9A-Fa-f]{4}_)")
_OF_NAME = " (name)"
_LONGEST = 200
"""Characters of a name that are kept in the header of its column."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Field:
    """The declaration of one column, for writing it and for reading it back.

    ``header`` and ``unit`` may have placeholders, such as ``{money}``, ``{basis}`` and ``{year}``,
    that are filled when the table is shown. ``key`` is the name in JSON, with ``{name}`` for the
    attribute's name ("": just that name). Fields that are not ``printed`` are to the right of the
    printed page. A table may leave out ``optional`` fields. A ``spread`` field stands for several
    columns, one for each of some names that only the data give (see ``spread_over``). ``widest`` is
    the largest width of a column in characters (0: as its format has it). ``scale`` divides the
    numbers in sheets (1e6 for millions), but not in data and JSON. ``blank`` is what a terminal
    shows for a blank cell. The class of the field fills ``name`` and ``table``.
    """

    header: str
    fmt: Format
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
        return cls(header, Format.TEXT, meaning, **more)

    @classmethod
    def country(cls, header: str, meaning: str = "", **more: Any) -> Field:
        return cls(header, Format.TEXT, meaning, names=Name.COUNTRY, **more)

    @classmethod
    def count(cls, header: str, meaning: str = "", **more: Any) -> Field:
        return cls(header, Format.COUNT, meaning, **more)

    @classmethod
    def tonnes(cls, header: str, meaning: str = "", **more: Any) -> Field:
        return cls(header, Format.TONNES, meaning, unit="t", **more)

    @classmethod
    def share(cls, header: str, meaning: str = "", **more: Any) -> Field:
        return cls(header, Format.SHARE, meaning, **more)

    @classmethod
    def price(cls, header: str, meaning: str = "", **more: Any) -> Field:
        return cls(header, Format.PRICE, meaning, unit="{money}/t", **more)

    @classmethod
    def money(cls, header: str, meaning: str = "", **more: Any) -> Field:
        return cls(header, Format.MONEY, meaning, unit="{money}", **more)

    @classmethod
    def millions(cls, header: str, meaning: str = "", *, scale: float = 1e6, **more: Any) -> Field:
        """Declare a column of money in millions; with ``scale`` 1 the data are in millions too."""
        return cls(header, Format.MILLIONS, meaning, unit="{money} m", scale=scale, **more)

    def like(self, meaning: str | None = None, **changes: Any) -> Field:
        return replace(self, meaning=self.meaning if meaning is None else meaning, **changes)

    def title(self, words: Mapping[str, str]) -> str:
        return self.header_with_unit.format_map(words)

    @property
    def json_key(self) -> str:
        return self.key.format(name=self.name) or self.name

    @property
    def header_with_unit(self) -> str:
        return f"{self.header} ({self.unit})" if self.unit else self.header

    def scaled(self, value: Any) -> Any:
        """Return a value as a sheet shows it, divided by the scale."""
        return value if value is None or self.scale == 1.0 else value / self.scale

    def parsed(self, header: str) -> dict[str, str] | None:
        """Return the placeholders' values in a header; None if it is another field's header."""
        parts = _PLACEHOLDER.split(self.header_with_unit)
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
        """Return the field itself from the class, and the column's data from an object."""
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
"""The name by which classes declare their fields."""

CATALOGUE: dict[str, type[Result]] = {}
"""All declared results by sheet name, with the kind of workbook if two share a name.

Each module adds its results when it is imported; ``models.results`` imports all of its own.
"""


class Result:
    """A table that the planner writes. The docstring of a subclass describes the sheet.

    ``TABLE`` is the name of the sheet, ``GRAIN`` the fields that identify a row, ``BOOK`` the kind
    of workbook ("": a plan). ``words`` fill the placeholders of headers. ``formats`` give a format
    to each cell of a column that mixes several. ``sections`` are the positions of rows that head a
    group.
    """

    TABLE: ClassVar[str] = ""
    PLACE: ClassVar[int] = 0
    """Sort key of the sheet in a plan's workbook; 0 if no plan has it."""
    GRAIN: ClassVar[tuple[str, ...]] = ()
    BOOK: ClassVar[str] = ""
    ON_SCREEN: ClassVar[str] = ""
    """The first of the fields that are only for the screen: it and all after it aren't printed."""
    PRINTED: ClassVar[bool] = True
    """Whether the sheet is printed; long tables are only for the screen."""
    FILTERED: ClassVar[bool] = True
    FIELDS: ClassVar[tuple[Field, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Bind the fields to the class, since several classes may share a declaration."""
        names, on_paper = dict.fromkeys(f.name for f in cls.FIELDS), True
        for name, declared in vars(cls).copy().items():
            if isinstance(declared, Field):
                on_paper = on_paper and name != cls.ON_SCREEN
                printed = declared.printed and on_paper
                bound = replace(declared, name=name, table=cls.TABLE, printed=printed)
                setattr(cls, name, bound)
                names[name] = None
        cls.FIELDS = tuple(getattr(cls, name) for name in names)
        unknown = {*cls.GRAIN, cls.ON_SCREEN} - {*names, ""}
        if unknown:
            msg = f"{cls.__name__}: no field {_listing(unknown)}"
            raise TypeError(msg)
        if cls.TABLE:
            CATALOGUE[f"{cls.BOOK}: {cls.TABLE}" if cls.BOOK else cls.TABLE] = cls

    def __init__(
        self,
        *,
        words: Mapping[str, str] | None = None,
        formats: Mapping[str, Sequence[Format]] | None = None,
        sections: Iterable[int] = (),
        **columns: Any,
    ) -> None:
        """Take a sequence (array, Series or list) for every field that is not optional."""
        due = {f.name for f in self.FIELDS if not f.optional}
        names = {f.name for f in self.FIELDS}
        wrong = (due - columns.keys()) | (columns.keys() - names)
        if wrong:
            msg = f"{type(self).__name__}: columns are missing or unknown: {_listing(wrong)}"
            raise TypeError(msg)
        self.data: dict[str, Any] = {
            f.name: _sized(columns[f.name]) for f in self.FIELDS if f.name in columns
        }
        if len({len(values) for values in self.data.values()}) > 1:
            msg = f"{type(self).__name__}: columns have different lengths"
            raise ValueError(msg)
        self.words: Mapping[str, str] = words or {}
        self.formats: Mapping[str, Sequence[Format]] = formats or {}
        self.sections = frozenset(sections)

    @classmethod
    def of_rows(cls, rows: Sequence[Mapping[Any, Any]], **more: Any) -> Self:
        """Return the table of some rows, given by field names; a missing value is blank."""
        columns: dict[str, Any] = {f.name: [row.get(f.name) for row in rows] for f in cls.FIELDS}
        return cls(**more, **columns)

    @classmethod
    def positions(cls, headers: Sequence[str]) -> dict[str, int]:
        """Return the position of each field among some headers, by field name.

        Fields without placeholders are matched first, so that no other field takes their header.
        """
        places: dict[str, int] = {}
        declared = (f for f in cls.FIELDS if not f.spread)
        for each in sorted(declared, key=lambda f: "{" in f.header_with_unit):
            for place, header in enumerate(headers):
                if place not in places.values() and each.parsed(header) is not None:
                    places[each.name] = place
                    break
        return places

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(f for f in self.FIELDS if f.name in self.data)

    def __len__(self) -> int:
        return len(next(iter(self.data.values()), ()))

    def frame(self) -> pd.DataFrame:
        """Return the data as a DataFrame, one column per field, with countries as codes."""
        import pandas as pd

        return pd.DataFrame(
            {n: v.to_numpy() if hasattr(v, "to_numpy") else v for n, v in self.data.items()}
        )

    def rows(self, *fields: Field) -> Iterable[tuple[Any, ...]]:
        return zip(*(_as_list(self.data[f.name]) for f in fields), strict=True)

    def without(self, *fields: Field) -> Self:
        left = {f.name for f in self.fields} - {f.name for f in fields}
        data = {name: values for name, values in self.data.items() if name in left}
        return type(self)(words=self.words, formats=self.formats, sections=self.sections, **data)

    def where(self, kept: Any) -> Self:
        return self.take([i for i, keep in enumerate(_as_list(kept)) if keep])

    def ordered(self, by: Field) -> Self:
        """Return the rows, the largest value of a field first; a blank counts as 0."""
        values = [v or 0.0 for v in _as_list(self.data[by.name])]
        return self.take(sorted(range(len(values)), key=lambda i: -values[i]))

    def ranked(self, by: Field) -> Self:
        """Return the rows with a positive value of a field, largest value first."""
        rows = self.ordered(by)
        return rows.take([i for i, v in enumerate(_as_list(rows.data[by.name])) if (v or 0.0) > 0])

    def take(self, rows: list[int]) -> Self:
        """Return the rows at some positions, in their order."""
        data = {name: _rows_at(values, rows) for name, values in self.data.items()}
        formats = {name: [each[i] for i in rows] for name, each in self.formats.items()}
        return type(self)(words=self.words, formats=formats, **data)


R = TypeVar("R", bound=Result)


def spread_over(kind: type[R], declared: Field, names: Sequence[str]) -> type[R]:
    """Return a result class with a column for each name in place of one spread field.

    The data of these columns are named ``of_0``, ``of_1`` and so on.
    """
    headers = [spread_header(kind, name) for name in names]
    columns = {f"of_{i}": _column_named(declared, each) for i, each in enumerate(headers)}
    body = {"__doc__": kind.__doc__, "TABLE": "", **columns}  # not in the catalogue
    table: type[R] = type(kind.__name__, (kind,), body)
    table.TABLE = kind.TABLE
    of_names = [*map(table.__dict__.get, columns)]
    apart = [of_names if f.name == declared.name else [f] for f in kind.FIELDS]
    table.FIELDS = tuple(f for fields in apart for f in fields if f is not None)
    return table


def spread_header(kind: type[Result], name: str) -> str:
    return header_of_name(name, (f for f in kind.FIELDS if not f.spread))


def header_of_name(name: str, others: Iterable[Field]) -> str:
    """Return the header of a name's column, different from the headers of the other columns.

    A spreadsheet's table has no control characters in headers, reads ``_x0041_`` as A, and keeps
    255 characters. A longer name therefore ends with a digest of itself.
    """
    other_headers = {f.header.casefold() for f in others}
    header = _ESCAPE.sub("_X", "".join(filter(str.isprintable, name)))
    if len(header) > _LONGEST:
        header = f"{header[:_LONGEST]}… {hashlib.sha256(name.encode()).hexdigest()[:8]}"
    bare = header.casefold()
    while bare.endswith(_OF_NAME):
        bare = bare.removesuffix(_OF_NAME)
    return f"{header}{_OF_NAME}" if bare in other_headers else header


def matrix_of(  # noqa: PLR0913, PLR0917 - the parts of a matrix
    name: str,
    lead: Mapping[Field, Sequence[Any]],
    across: Sequence[str],
    cells: Mapping[tuple[Any, ...], Any],
    declared: Field,
    words: Mapping[str, str],
) -> Result:
    """Return a matrix: one row for each entry of ``lead``, one column for each name ``across``.

    ``cells`` are keyed by the row's lead and the name; missing cells are blank. ``declared`` gives
    the meaning of all columns, whose names only the data give.
    """
    fields = {f.name: f for f in lead}
    headers = [header_of_name(each, lead) for each in across]
    spread = {f"of_{i}": _column_named(declared, each) for i, each in enumerate(headers)}
    kind: type[Result] = type(name, (Result,), {"__doc__": declared.meaning, **fields, **spread})
    rows = list(zip(*lead.values(), strict=True))
    columns: dict[str, Any] = {f.name: list(values) for f, values in lead.items()}
    for position, each in enumerate(across):
        columns[f"of_{position}"] = [cells.get((*row, each)) for row in rows]
    table = kind(words=words, **columns)
    kind.TABLE = name  # set last, so that the class is not in the catalogue
    return table


def _column_named(declared: Field, name: str) -> Field:
    return declared.like(header=name.replace("{", "{{").replace("}", "}}"), optional=False)


def _listing(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _sized(values: Any) -> Any:
    return values if hasattr(values, "__len__") else list(values)


def _as_list(values: Any) -> list[Any]:
    return values.tolist() if hasattr(values, "tolist") else list(values)


def _rows_at(values: Any, positions: list[int]) -> Any:
    if hasattr(values, "iloc"):
        return values.iloc[positions]
    listed = _as_list(values)
    return [listed[i] for i in positions]
