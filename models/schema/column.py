"""How a column of the workbook is declared: name, unit, bound, default and meaning, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any, ClassVar

MOST_TONNES = 1e10
MOST_PRICE = 1e8
MOST_CAPEX = 1e7
MOST_MULTIPLE = 1e3
MOST_TARIFF = 10.0
FIRST_YEAR, LAST_YEAR = 1900, 2300


class Kind(Enum):
    """What a cell holds."""

    TEXT = "text"
    NAME = "a name"
    NUMBER = "a number"
    SHARE = "a fraction from 0 to 1 (or a percentage)"
    YEAR = "a year"
    WHOLE = "a whole number"
    YES_NO = "yes or no"
    CHOICE = "one of a list"
    COUNTRY = "a country (English name, ISO2 or ISO3 code)"


@dataclass(frozen=True)
class ByYear:
    """A quantity that may step from year to year.

    ``base`` holds before the first step (None: nothing stated, the default counts); each step
    ``(year, value)`` holds from its year on (None: nothing stated from then on). Steps ascend.
    """

    base: float | None = None
    steps: tuple[tuple[int, float | None], ...] = ()

    def at(self, year: int) -> float | None:
        """Return the value that holds in a year, None where nothing is stated."""
        value = self.base
        for start, step in self.steps:
            if start > year:
                break
            value = step
        return value

    def value(self, year: int) -> float:
        """Return the value of a year of a column that must be filled."""
        value = self.at(year)
        if value is None:
            msg = f"no value for {year}"
            raise ValueError(msg)
        return value

    def map(
        self, years: tuple[int, ...], change: Callable[[int, float | None], float | None]
    ) -> ByYear:
        """Return a series with ``change(year, value)`` in each of the years of a horizon.

        It is the same series where nothing changes.
        """
        changed = tuple((year, change(year, self.at(year))) for year in years)
        if all(value == self.at(year) for year, value in changed):
            return self
        return ByYear(self.base, changed)

    def numbers(self) -> tuple[float, ...]:
        """Return every number stated."""
        base = () if self.base is None else (self.base,)
        return base + tuple(v for _, v in self.steps if v is not None)


@dataclass(frozen=True)
class Column:
    """One column: everything the reader, the template, the messages and the manual need.

    ``unit`` is written in the header in parentheses; "" means that the header has none.
    ``default`` says in words what a blank cell means. ``refers`` names the sheets that a name must
    be defined in. ``least`` and ``most`` bound a number after conversion to the unit;
    ``above`` and ``below`` exclude the bound itself. ``hints`` say what to do about a value that is
    likely to be tried and is no choice.
    """

    header: str
    kind: Kind
    meaning: str
    unit: str = ""
    required: bool = False
    key: bool = False
    default: str = ""
    by_year: bool = False
    least: float = 0.0
    most: float = float("inf")
    above: bool = False
    below: bool = False
    choices: tuple[str, ...] = ()
    refers: tuple[str, ...] = ()
    hints: tuple[tuple[str, str], ...] = ()
    field: str = ""

    @property
    def title(self) -> str:
        """The header as the template writes it, unit included."""
        return f"{self.header} ({self.unit})" if self.unit else self.header


_MISSING: Any = object()


def column(  # noqa: PLR0913 - a declaration has many parts, all of them named
    header: str,
    kind: Kind,
    meaning: str,
    *,
    value: Any = _MISSING,
    unit: str = "",
    key: bool = False,
    default: str = "",
    by_year: bool = False,
    least: float = 0.0,
    most: float | None = None,
    above: bool = False,
    below: bool = False,
    choices: tuple[str, ...] = (),
    refers: tuple[str, ...] = (),
    hints: tuple[tuple[str, str], ...] = (),
    required: bool | None = None,
) -> Any:
    """Declare a record's field as a column; without ``value`` the cell must be filled."""
    if most is None:
        most = 1.0 if kind is Kind.SHARE else _MOST_BY_UNIT.get(unit, float("inf"))
    if kind is Kind.YEAR:
        least, most = FIRST_YEAR, LAST_YEAR
    must = value is _MISSING if required is None else required
    declared = Column(
        header=header,
        kind=kind,
        meaning=meaning,
        unit=unit,
        required=must,
        key=key,
        default=default,
        by_year=by_year,
        least=least,
        most=most,
        above=above,
        below=below,
        choices=choices,
        refers=refers,
        hints=hints,
    )
    if value is _MISSING:
        return field(metadata={"column": declared})
    return field(default=value, metadata={"column": declared})


def years(header: str, meaning: str) -> Any:
    """Declare a First year or Last year that may stay blank: the row then always holds."""
    return column(header, Kind.YEAR, meaning, value=None, default="always")


_MOST_BY_UNIT = {
    "t": MOST_TONNES,
    "t/yr": MOST_TONNES,
    "USD/t": MOST_PRICE,
    "USD/t/yr": MOST_PRICE,
    "USD m": MOST_CAPEX,
}


@dataclass(frozen=True, kw_only=True)
class Record:
    """A row of a sheet. ``row`` is its place in the worksheet and no part of what it says."""

    SHEET: ClassVar[str]
    MEANING: ClassVar[str]
    REQUIRED: ClassVar[bool] = False
    SPREAD: ClassVar[str] = ""
    """What the columns beyond the declared ones are: "years" (Demand), "members" (Freight)."""

    note: str = field(default="", compare=False)
    source: str = field(default="", compare=False)
    row: int = field(default=0, compare=False)

    @classmethod
    def columns(cls) -> tuple[Column, ...]:
        """Return the declared columns, in the order of the template."""
        found = []
        for f in fields(cls):
            declared = f.metadata.get("column")
            if declared is not None:
                found.append(_named(declared, f.name))
        return tuple(found)

    @classmethod
    def column_of(cls, name: str) -> Column:
        """Return the column of a field."""
        for declared in cls.columns():
            if declared.field == name:
                return declared
        msg = f"{cls.__name__} has no column for the field {name}"
        raise KeyError(msg)


def _named(declared: Column, name: str) -> Column:
    values = {f.name: getattr(declared, f.name) for f in fields(declared)}
    return Column(**{**values, "field": name})
