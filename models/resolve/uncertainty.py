"""The uncertain numbers of a case, and the range of each.

A *number* is one cell of a row, or one of its columns over all years: its years change together. A
*factor* is one number, or several that move together in proportion: those of an assumption that the
sheet Uncertainty names (``Together``). A refiner's capacity and available share are one factor,
its usable capacity, which moves the capacity.

The range of a factor is a pair of multiples of the value. It comes from the last row of the sheet
Uncertainty that names the number, or else from the grade of its row, or else from whether the row
is marked as an estimate.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from models import schema
from models.case import Case, clean_name, normalize
from models.schema.column import MOST_PRICE, MOST_TONNES, ByYear, CellKind, Column, Record
from models.schema.evidence import DERIVED, ESTIMATE, PUBLISHED, WIDER, pedigree

CHOICES = {(schema.ShareLimit.SHEET, "share"), (schema.SecurityTarget.SHEET, "max_short")}
"""Numbers that are the planner's own choice, so no row of Uncertainty may vary them."""
SPREAD_COLUMNS: dict[type[Record], Column] = {
    schema.Demand: Column(
        schema.Demand.SHEET,
        CellKind.NUMBER,
        "",
        "t",
        most=MOST_TONNES,
        field="tonnes",
        is_fact=True,
    ),
    schema.Freight: Column(
        schema.Freight.SHEET, CellKind.NUMBER, "", "USD/t", most=MOST_PRICE, field="costs"
    ),
}
"""The numbers in the columns of years and of members, which are not declared one by one."""
_AT_MOST = {"opening": "max", "min": "max"}
"""Numbers with an upper bound that is another number of their row."""
_UNIT, _YEAR = re.compile(r"\s*\([^()]*\)$"), re.compile(r"\s*\d{4}$")


class Number(NamedTuple):
    """One number of one row over all its years; ``member`` is that of a cell in Freight."""

    sheet: str
    row: int
    field: str
    member: str = ""

    @property
    def column(self) -> Column:
        return header_of(self.sheet, self.field)


@dataclass(frozen=True)
class Factor:
    """Numbers that move together, and their range as multiples of each number.

    ``by`` names the origin of the range, ``together`` the assumption that the numbers belong to
    ("": the factor is one number). ``is_usable``: the range counts the available share, too.
    """

    numbers: tuple[Number, ...]
    low: float
    high: float
    by: str
    is_estimate: bool
    together: str = ""
    is_usable: bool = False

    @property
    def first(self) -> Number:
        return self.numbers[0]


_RECORDS = {record.SHEET: record for record in schema.SHEETS}


@cache
def header_of(sheet: str, field: str) -> Column:
    return next(c for c in columns_with_ranges(_RECORDS[sheet]) if c.field == field)


def columns_with_ranges(record: type[Record]) -> tuple[Column, ...]:
    """Return the columns of a sheet with numbers that may have a range."""
    if not record.IS_PLANNED:
        return ()
    if record is schema.Settings:
        return tuple(c for c in record.columns() if c.is_fact)
    numbers = (c for c in record.columns() if c.kind in {CellKind.NUMBER, CellKind.SHARE})
    spread = [SPREAD_COLUMNS[record]] if record in SPREAD_COLUMNS else []
    return (*(c for c in numbers if (record.SHEET, c.field) not in CHOICES), *spread)


RANGED = {
    normalize(name): record for name, record in _RECORDS.items() if columns_with_ranges(record)
}
"""The sheets with numbers that may have a range, by normalized name."""


def column_named(record: type[Record], name: str, case: Case) -> tuple[Column, str] | None:
    """Return the column, and for Freight the member, named in a row of Uncertainty, or None.

    Unit and year may be left out: all years of a number change together.
    """
    texts = {
        normalize(name),
        normalize(_UNIT.sub("", name)),
        normalize(_YEAR.sub("", _UNIT.sub("", name))),
    }
    for column in columns_with_ranges(record):
        if normalize(column.header) in texts or normalize(column.title) in texts:
            return column, ""
    if record is schema.Demand and ("tonnes" in texts or name.strip() in map(str, case.years)):
        return SPREAD_COLUMNS[schema.Demand], ""
    member = next((m.name for m in case.members if normalize(m.name) in texts), "")
    return (SPREAD_COLUMNS[schema.Freight], member) if record is schema.Freight and member else None


def values_of(row: Any, field: str, member: str = "") -> tuple[float, ...]:
    """Return the numbers of a row that belong to one factor."""
    value = getattr(row, field)
    if isinstance(value, ByYear):
        return value.numbers()
    if isinstance(value, tuple):
        return tuple(number for name, number in value if member in {"", name})
    return () if value is None else (value,)


def _stated(row: Any, column: Column, member: str) -> tuple[float, ...]:
    """Return the numbers of a column; none if a cell has the value of a blank one.

    A setting counts even then: who has the workbook's cells knows whether it is filled.
    """
    numbers = values_of(row, column.field, member)
    if isinstance(row, schema.Settings):
        return numbers
    return () if numbers == (getattr(type(row), column.field, None),) else numbers


def scaled_row(row: Any, column: Column, factor: float, member: str = "") -> Any:
    """Return a row with one number multiplied by a factor, limited by the column's bound."""

    def times(number: float | None) -> float | None:
        return None if number is None else min(number * factor, column.most)

    value = getattr(row, column.field)
    new: Any
    if isinstance(value, ByYear):
        new = ByYear(times(value.base), tuple((year, times(step)) for year, step in value.steps))
    elif isinstance(value, tuple):
        new = tuple((n, times(v) if member in {"", n} else v) for n, v in value)
    else:
        new = times(value)
    return replace(row, **{column.field: new})


def factors(case: Case) -> tuple[Factor, ...]:
    """Return all factors of a case, in the order of the sheets, rows and columns of their numbers.

    Their numbers are all that are facts, and others that a row of Uncertainty names. A blank cell
    has no range, nor has a 0, or the number that a blank cell stands for.
    """
    found = dict[object, Factor]()
    for factor in _single_factors(case):
        number, name = factor.first, normalize(factor.together)
        capacity = number._replace(field="capacity")
        if name:
            found[name] = _joined_factor(found[name], factor) if name in found else factor
        elif number.field == "available_share" and capacity in found:
            found[capacity] = _usable(found[capacity], factor)
        else:
            found[number] = factor
    return tuple(found.values())


def _joined_factor(factor: Factor, other: Factor) -> Factor:
    """Return a factor with the number of another one of the same assumption.

    Of a source whose capacity and available share both belong to it, the capacity moves.
    """
    number = other.first
    is_twice = number.field == "available_share"
    is_twice = is_twice and number._replace(field="capacity") in factor.numbers
    return replace(
        factor,
        numbers=factor.numbers if is_twice else (*factor.numbers, number),
        high=min(factor.high, other.high),
        is_estimate=factor.is_estimate or other.is_estimate,
    )


def _usable(capacity: Factor, available: Factor) -> Factor:
    """Return the factor of a source's usable capacity: it moves the capacity by the wider range."""
    low, high = min(capacity.low, available.low), max(capacity.high, available.high)
    is_wider = capacity.low > low, capacity.high < high
    origins = [available.by if wider else capacity.by for wider in is_wider]
    return replace(
        capacity,
        low=low,
        high=high,
        by=" and ".join(dict.fromkeys(origins)),
        is_estimate=capacity.is_estimate or available.is_estimate,
        is_usable=True,
    )


def _single_factors(case: Case) -> Iterator[Factor]:
    """Yield each number of a case that has a range, as a factor of its own."""
    rows = [(row, named) for row in case.uncertainty if (named := _number_named(case, row))]
    for sheet in schema.SHEETS:
        for record in sorted(case.records(sheet.SHEET), key=lambda each: each.row):
            for column in columns_with_ranges(sheet):
                for member in _members_of(record, column):
                    hits = [r for r, named in rows if _is_named(r, named, record, column, member)]
                    has = any(_stated(record, column, member))
                    if has and (hits or column.is_fact):
                        yield _ranged(case, record, column, member, hits)


_Named = tuple[type[Record], Column, str]


def _number_named(case: Case, row: schema.Uncertainty) -> _Named | None:
    record = RANGED.get(normalize(row.sheet))
    found = column_named(record, row.header, case) if record else None
    return (record, *found) if record and found else None


def _members_of(record: Any, column: Column) -> Iterable[str]:
    is_spread = isinstance(record, schema.Freight) and column is SPREAD_COLUMNS[schema.Freight]
    return [member for member, _ in record.costs] if is_spread else [""]


def _is_named(
    row: schema.Uncertainty, named: _Named, record: Any, column: Column, member: str
) -> bool:
    """Return whether a row of Uncertainty names a number."""
    sheet, its_column, its_member = named
    if not isinstance(record, sheet) or its_column != column or its_member not in {"", member}:
        return False
    for name in SELECTORS:
        wanted, fields = getattr(row, name), fields_of(sheet, name)
        of_row = {member if field == "costs" else getattr(record, field) for field in fields}
        if wanted and wanted not in of_row:
            return False
    return True


SELECTORS = ("mineral", "country", "refiner", "member")
_OWN: dict[tuple[type[Record], str], tuple[str, ...]] = {
    (schema.Mineral, "mineral"): ("name",),
    (schema.Refiner, "refiner"): ("name",),
    (schema.Project, "refiner"): ("refiner", "name"),
    (schema.Freight, "member"): ("costs",),
    (schema.Country, "country"): ("code",),
    (schema.OreLane, "country"): ("mine_country",),
    (schema.InputLane, "mineral"): ("input",),
}
"""The fields that a selector stands for, if not the field with the same name."""


def fields_of(record: type[Record], selector: str) -> tuple[str, ...]:
    """Return the fields of a sheet for a selector of Uncertainty; () for none."""
    named = {column.field for column in record.columns()}
    return _OWN.get((record, selector), (selector,) if selector in named else ())


def matches_nothing(case: Case, row: schema.Uncertainty) -> bool:
    """Return whether a row of Uncertainty fits no number in the workbook."""
    named = _number_named(case, row)
    if named is None:
        return False
    sheet, column, _ = named
    return not any(
        _is_named(row, named, record, column, member) and any(_stated(record, column, member))
        for record in case.records(sheet.SHEET)
        for member in _members_of(record, column)
    )


def _ranged(
    case: Case, record: Any, column: Column, member: str, rows: list[schema.Uncertainty]
) -> Factor:
    """Return a number with its range, limited to the column's bounds."""
    together = ""
    if rows:
        last = rows[-1]
        low, high, by = last.low, last.high, f"row {last.row} of {last.SHEET}"
        together = clean_name(last.together)
    else:
        low, high, by = _by_grade(case.settings, record)
    numbers = values_of(record, column.field, member)
    bound = getattr(record, _AT_MOST.get(column.field, ""), None)
    most = column.most if bound is None else min(column.most, bound)
    high = min(
        (_bounded_factor(high, number, most) for number in numbers if number > 0), default=high
    )
    estimate = schema.is_estimate(record.note, record.grade)
    number_of = Number(record.SHEET, record.row, column.field, member)
    return Factor((number_of,), low, max(1.0, high), by, estimate, together)


def _bounded_factor(factor: float, number: float, most: float) -> float:
    """Return the factor, or the largest one that keeps a number within its bound."""
    if number * factor <= most:
        return factor
    cut = most / number
    return cut if number * cut <= most else math.nextafter(cut, 0.0)


def _by_grade(settings: schema.Settings, record: Record) -> tuple[float, float, str]:
    """Return the range from a row's grade or estimate mark, and the origin in words."""
    grade = record.grade
    if grade and grade not in WIDER:
        factor = pedigree(grade)
        return 1.0 / factor, factor, f"pedigree {grade}"
    word = grade or (ESTIMATE if schema.is_estimate(record.note) else PUBLISHED)
    own = settings.published_range if word in {PUBLISHED, DERIVED} else settings.estimate_range
    width = WIDER[word] * own
    if not (grade or (record.source or "").strip() or (record.note or "").strip()):
        word = f"no source or grade: {width * 100:z.4g} % assumed"
    return max(0.0, 1.0 - width), 1.0 + width, word
