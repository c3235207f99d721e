"""The declaration of a workbook's columns: header, unit, bounds, default and meaning."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from enum import Enum
from functools import cache
from typing import Any, ClassVar, dataclass_transform

MOST_TONNES = 1e10
MOST_PRICE = 1e8
MOST_CAPEX = 1e7
MOST_MULTIPLE = 1e3
MOST_TARIFF = 10.0
FIRST_YEAR, LAST_YEAR = 1900, 2300
_MOST_BY_UNIT = {
    "t": MOST_TONNES,
    "t/yr": MOST_TONNES,
    "USD/t": MOST_PRICE,
    "USD/t/yr": MOST_PRICE,
    "USD m": MOST_CAPEX,
}


class CellKind(Enum):
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
    """A quantity that may change from year to year.

    ``base`` holds before the first step, each step ``(year, value)`` from its year on. A value of
    None means that the cell is blank, so the column's default holds. Steps are in order of year.
    """

    base: float | None = None
    steps: tuple[tuple[int, float | None], ...] = ()

    def at(self, year: int) -> float | None:
        """Return the value of a year, None if the cell is blank."""
        value = self.base
        for start, step in self.steps:
            if start > year:
                break
            value = step
        return value

    def value(self, year: int) -> float:
        """Return the value of a year; raise a ValueError if there is none."""
        value = self.at(year)
        if value is None:
            msg = f"no value for {year}"
            raise ValueError(msg)
        return value

    def map(
        self, years: tuple[int, ...], change: Callable[[int, float | None], float | None]
    ) -> ByYear:
        """Return the series with ``change(year, value)`` applied to each of some years.

        If nothing changes, it is the same object.
        """
        changed = tuple((year, change(year, self.at(year))) for year in years)
        if all(value == self.at(year) for year, value in changed):
            return self
        return ByYear(self.base, changed)

    def numbers(self) -> tuple[float, ...]:
        base = () if self.base is None else (self.base,)
        return base + tuple(v for _, v in self.steps if v is not None)


@dataclass(frozen=True)
class Column:
    """One column of a sheet, as the reader, the template, messages and the manual need it.

    ``unit`` is written in parentheses in the header ("": no unit). ``default`` says in words what a
    blank cell means. ``refers`` names the sheets in which a name must be defined. ``least`` and
    ``most`` are the bounds of a number in the unit; ``above`` and ``below`` exclude the bound
    itself. ``hints`` are (value, advice) pairs for values that people try but that are not allowed.
    With ``or_group``, a cell holds a member or a group of members; with ``several``, names with ;
    between them. ``carried`` columns are repeated in the plan's sheets, next to the results of the
    row. ``is_fact`` marks uncertain facts, which ``planner sensitivity`` varies; it varies other
    numbers only if the sheet Uncertainty names them.
    """

    header: str
    kind: CellKind
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
    or_group: bool = False
    several: bool = False
    carried: bool = False
    is_fact: bool = False
    field: str = ""

    @property
    def title(self) -> str:
        return f"{self.header} ({self.unit})" if self.unit else self.header

    @property
    def holds_member(self) -> bool:
        """Whether the cells name members, or groups of members."""
        return self.or_group or "Members" in self.refers

    def allows(self, number: float) -> bool:
        """Return whether a number in the column's unit is finite and within its bounds."""
        is_at_bound = (self.above and number == self.least) or (self.below and number == self.most)
        return self.least <= number <= self.most and math.isfinite(number) and not is_at_bound


# ---- declarations ------------------------------------------------------------------------------


_TEXTS = {CellKind.TEXT, CellKind.NAME, CellKind.CHOICE, CellKind.COUNTRY}


def column(
    header: str, kind: CellKind, meaning: str, *, value: Any = dataclasses.MISSING, **parts: Any
) -> Any:
    """Declare a record's field as a column; without ``value`` and ``default`` it must be filled.

    ``parts`` are the other fields of ``Column``. By default, ``most`` follows from the unit, and
    ``default`` from the value. A blank cell with only a ``default`` is "" if the column holds texts
    or a choice, ``ByYear()`` if its numbers are by year, and None otherwise.
    """
    if value is dataclasses.MISSING and "default" in parts:
        value = ByYear() if parts.get("by_year") else "" if kind in _TEXTS else None
    if kind is CellKind.YEAR:
        parts |= {"least": FIRST_YEAR, "most": LAST_YEAR}
    elif kind is CellKind.SHARE:
        parts.setdefault("most", 1.0)
    elif parts.get("unit") in _MOST_BY_UNIT:
        parts.setdefault("most", _MOST_BY_UNIT[parts["unit"]])
    required = value is dataclasses.MISSING
    if isinstance(value, str | float | int):
        parts.setdefault("default", _in_words(value))
    declared = Column(header, kind, meaning, required=required, **parts)
    return field(default=value, metadata={"column": declared})


def _in_words(value: str | float) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:g}"


def text(header: str, meaning: str, **parts: Any) -> Any:
    return column(header, CellKind.TEXT, meaning, **parts)


def yes_no(header: str, meaning: str, **parts: Any) -> Any:
    return column(header, CellKind.YES_NO, meaning, **parts)


def named(header: str, meaning: str, *refers: str, **parts: Any) -> Any:
    return column(header, CellKind.NAME, meaning, refers=refers, **parts)


def country_code(header: str, meaning: str, **parts: Any) -> Any:
    return column(header, CellKind.COUNTRY, meaning, **parts)


def selector(header: str, meaning: str, *refers: str, default: str = "all") -> Any:
    """Declare a column that selects records by name, or by country; a blank cell selects all."""
    kind = CellKind.NAME if refers else CellKind.COUNTRY
    return column(header, kind, meaning, default=default, refers=refers)


def choice(header: str, meaning: str, *choices: str, **parts: Any) -> Any:
    return column(header, CellKind.CHOICE, meaning, choices=choices, **parts)


def number(header: str, meaning: str, unit: str = "", **parts: Any) -> Any:
    return column(header, CellKind.NUMBER, meaning, unit=unit, **parts)


def series(header: str, meaning: str, unit: str, **parts: Any) -> Any:
    return number(header, meaning, unit, by_year=True, **parts)


def fraction(header: str, meaning: str, **parts: Any) -> Any:
    return column(header, CellKind.SHARE, meaning, **parts)


def years(header: str, meaning: str) -> Any:
    """Declare a First year or Last year; if both are blank, the row always applies."""
    return column(header, CellKind.YEAR, meaning, default="always")


@dataclass_transform(kw_only_default=True, frozen_default=True)
@dataclass(frozen=True, kw_only=True)
class Record:
    """A row of a sheet; every subclass is a frozen dataclass.

    ``row`` is its row number in the worksheet, and is not compared.
    """

    SHEET: ClassVar[str]
    MEANING: ClassVar[str]
    REQUIRED: ClassVar[bool] = False
    IS_PLANNED: ClassVar[bool] = True
    """Whether the linear program reads the sheet's rows itself.

    False for sheets that change no plan, and for rows that a Case turns into other records.
    """
    IS_ORDERED: ClassVar[bool] = False
    """Whether the order of the rows matters."""
    SPREAD: ClassVar[str] = ""
    """The columns besides the declared ones: "years" (Demand) or "members" (Freight)."""

    note: str = field(default="", compare=False)
    source: str = field(default="", compare=False)
    grade: str = field(default="", compare=False)
    row: int = field(default=0, compare=False)

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, kw_only=True)(cls)

    @classmethod
    @cache
    def columns(cls) -> tuple[Column, ...]:
        declared = ((f.metadata.get("column"), f.name) for f in fields(cls))
        return tuple(dataclasses.replace(c, field=name) for c, name in declared if c is not None)

    @classmethod
    def column_of(cls, name: str) -> Column:
        """Return the column of a field, by the field's name; KeyError if the sheet has none."""
        for declared in cls.columns():
            if declared.field == name:
                return declared
        msg = f"{cls.__name__} has no column for the field {name}"
        raise KeyError(msg)
