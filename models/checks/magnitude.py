"""Warnings of numbers that probably have a wrong digit, unit or percent sign, one per row.

If several rules find the same row, the first rule's warning is shown. Blank cells and cells of 0
are skipped, and so are rows whose note says ``figure checked``.
"""

from __future__ import annotations

import dataclasses
import itertools
import statistics
from collections.abc import Callable, Iterator, Sequence

from models import schema, tolerances
from models.case import Case, in_force, normalize
from models.checks.common import plants, warn
from models.errors import Finding, warning
from models.resolve import stock_target, whole_need

CHECKED = "figure checked"
"""The words in a note that switch off these warnings for a row."""
FROM_MEDIAN = 30.0
"""A number above its column's median x this, or below median / this, is probably an error."""
ENOUGH = 3
"""Fewest numbers for a median to mean something."""
YEAR_TO_YEAR = 10.0
"""Suspicious factor between the demand, or price, of two consecutive years."""
ODD_YEAR, STEADY = 5.0, 2.0
"""Suspicious factor between demand in one year and in all other years.

It counts only if the other years differ by at most the factor ``STEADY``.
"""
OF_DEMAND = 50.0
"""A capacity above the mineral's demand x this is probably an error."""
WHOLE_COLUMN = 1000.0
"""Suspicious factor between all capacity for a mineral and its demand."""
FROM_PRICE = 10.0
"""Suspicious factor between a price in a contract, floor or support and the mineral's price."""
LEAST_CAP = 0.1
"""A cap below this was probably meant in per cent, or has a digit too few."""
PRICE = "USD/t"
SET_CAP = "set max country share"
_OWN_PRICES = {
    "Contracts": ("price",),
    "Price floors": ("floor",),
    "Supports": ("strike", "reference", "clawback"),
}
"""Prices that are compared with the mineral's price."""
_MOST_REPORTED = 1e12
"""The largest factor that a message states."""


def targets_above_max(case: Case) -> Iterator[Finding]:
    """Warn of stock targets above Max, which are missed in every year."""
    for stockpile in case.stockpiles:
        most = max(stockpile.target.numbers(), default=0.0)
        if most > stockpile.max:
            room = f"the Max of {stockpile.max:g} t that can be stored"
            problem = f"the target of {most:g} t is above {room}"
            hint = "the plan misses the target, and pays its penalty, in every year"
            yield warn(stockpile, "target", problem, hint)
        wanted = {year: stock_target(case, stockpile, year) for year in case.years}
        year = max(wanted, key=wanted.__getitem__, default=0)
        allowed = stockpile.max * (1 + tolerances.ROUNDED_MAX)
        if stockpile.target_days is not None and year and wanted[year] > allowed:
            days = (
                f"{stockpile.target_days:g} days of demand ({_as_tonnes(wanted[year])} in {year})"
            )
            problem = f"the Max of {_as_tonnes(stockpile.max)} is below the target of {days}"
            hint = "the plan pays the target's penalty for the tonnes that cannot be stored"
            yield warn(stockpile, "max", problem, hint)


def slips_of_magnitude(case: Case) -> Iterator[Finding]:
    """Warn of numbers that are probably wrong by a factor, one warning per row."""
    reported = {(finding.sheet, finding.row) for finding in targets_above_max(case)}
    for rule in _RULES:
        for row, finding in rule(case):
            place = (finding.sheet, finding.row)
            if place not in reported and CHECKED not in normalize(row.note):
                reported.add(place)
                yield dataclasses.replace(finding, found=f"{finding.found}; {_ENDS}")


_ENDS = f'if the number is right, write "{CHECKED}" in the row\'s Note'
_Found = Iterator[tuple[schema.Record, Finding]]


def _small_caps(case: Case) -> _Found:
    """Yield caps below a tenth; a cap of 0 is taken for a ban."""
    for row in case.share_limits:
        shares = _numbers_by_header(row, "share") if row.limit == schema.MAX else {}
        for column, share in shares.items():
            if share >= LEAST_CAP:
                continue
            hint = f"did you mean {share * 1000:.4g} %?"
            finding = warn(row, "share", f"{share * 100:.4g} % is a very small cap", hint)
            yield row, dataclasses.replace(finding, column=column)
    for step in case.scenarios:
        if step.action == SET_CAP and step.value and step.value < LEAST_CAP:
            problem = f"{step.value * 100:.4g} % is a very small cap"
            yield step, warn(step, "value", problem, f"did you mean {step.value * 1000:.4g} %?")


def _far_from_price(case: Case) -> _Found:
    """Yield prices far from the mineral's price in all years in which their row applies."""
    for sheet, fields in _OWN_PRICES.items():
        for row, field in itertools.product(case.records(sheet), fields):
            number, name = getattr(row, field), getattr(row, "mineral", "")
            years = [y for y in case.years if in_force(row, y)]
            if isinstance(number, schema.ByYear):
                number = number.at(years[0]) if years else None
            of = case.mineral_of.get(name)
            prices = [of.price.at(year) or 0.0 for year in years] if of is not None else []
            if number and prices and all(_is_far(number, p, FROM_PRICE) for p in prices):
                what = f"the price of {name} in {years[0]}"
                problem = f"{number:,.10g} is {_times(number, prices[0])} {what}, {prices[0]:,.10g}"
                yield row, warn(row, field, problem, "is a digit missing, or is the unit wrong?")


def _jumps(case: Case) -> _Found:
    """Yield demand and prices that jump from one year to the next."""
    for demand in case.demand:
        numbers = [(str(year), tonnes) for year, tonnes in demand.tonnes]
        yield from _jumping(demand, numbers, _as_tonnes)
        yield from _odd_years(demand, [(year, t) for year, t in numbers if t > 0])
    for record in schema.SHEETS:
        for column in record.columns():
            if column.by_year and column.unit == PRICE:
                for row in case.records(record.SHEET):
                    prices = [*_numbers_by_header(row, column.field).items()]
                    yield from _jumping(row, prices, "{:,.10g}".format)


_ByColumn = Sequence[tuple[str, float]]
"""Numbers of a row by header, in the order of the years."""


def _jumping(row: schema.Record, numbers: _ByColumn, words: Callable[[float], str]) -> _Found:
    """Yield numbers that are far from a neighbour's.

    Of the two, it is the number farther from the row's median or, if both are equally far, the
    later one.
    """
    for pair in itertools.pairwise(numbers):
        if _is_far(pair[0][1], pair[1][1], YEAR_TO_YEAR):
            middle = statistics.median(number for _, number in numbers if number > 0)
            odd = max(reversed(pair), key=lambda point: _ratio(point[1], middle))
            other = pair[0] if odd is pair[1] else pair[1]
            times = _times(odd[1], other[1])
            problem = f"{words(odd[1])} is {times} the {words(other[1])} of {other[0]}"
            yield row, _odd(row, odd[0], problem)


def _odd_years(row: schema.Record, numbers: _ByColumn) -> _Found:
    """Yield demand of a year that is far from all other years, if these are similar."""
    for i, (column, number) in enumerate(numbers) if len(numbers) >= ENOUGH else ():
        others = [n for k, (_, n) in enumerate(numbers) if k != i]
        least, most = min(others), max(others)
        is_odd = number >= ODD_YEAR * most or number * ODD_YEAR <= least
        if is_odd and most <= STEADY * least:
            middle = statistics.median(others)
            times = _times(number, middle)
            problem = f"{_as_tonnes(number)} is {times} the median of the other years,"
            problem = f"{problem} {_as_tonnes(middle)}"
            yield row, _odd(row, column, problem)


def _odd(row: schema.Record, column: str, problem: str) -> Finding:
    hint = "is there a digit too many or too few?"
    return warning(row.SHEET, row.row, column, found=problem, hint=hint)


def _above_demand(case: Case) -> _Found:
    """Yield capacities of plants and mines that are far above demand."""
    most = _largest_demand(case)
    for plant in (*plants(case), *case.mines):
        demand = most.get(plant.mineral, 0.0)
        found = _numbers_by_header(plant, "capacity").items() if demand > 0 else ()
        for column, number in found:
            if number <= OF_DEMAND * demand:
                continue
            what = f"the largest yearly demand for {plant.mineral}, {_as_tonnes(demand)}"
            problem = f"{_as_tonnes(number)}/yr is {_times(number, demand)} {what}"
            finding = warn(plant, "capacity", problem, _hint("capacity"))
            yield plant, dataclasses.replace(finding, column=column)


def _far_from_median(case: Case) -> _Found:
    """Yield numbers far from the median of their column and mineral, the farthest first.

    Capacities of refiners and projects are one column, and demand is grouped by tier and year.
    Current supply is left out, since its tonnes often differ by a factor of a thousand.
    """
    found = [*_far_from_group_median(plants(case), "capacity")]
    for record in schema.SHEETS:
        columns = record.columns() if record is not schema.CurrentSupply else ()
        if any(column.field == "mineral" for column in columns):
            for column in columns:
                is_plant = record in {schema.Refiner, schema.Project}
                if column.unit and not (is_plant and column.field == "capacity"):
                    found += _far_from_group_median(case.records(record.SHEET), column.field)
    for year in case.years:
        found += _far_from_group_median(case.demand, "tonnes", year)
    for _, row, finding in sorted(found, key=lambda each: -each[0]):
        yield row, finding


def _far_from_group_median(
    rows: Sequence[schema.Record], field: str, year: int = 0
) -> Iterator[tuple[float, schema.Record, Finding]]:
    """Yield each number far from its group's median, after its factor from the median.

    Each row counts once in the median, with its first number.
    """
    groups: dict[tuple[str, str], list[tuple[schema.Record, dict[str, float]]]] = {}
    for row in rows:
        numbers = _numbers_by_header(row, field, year)
        if numbers:
            key = (getattr(row, "mineral", ""), row.tier if isinstance(row, schema.Demand) else "")
            groups.setdefault(key, []).append((row, numbers))
    for (mineral, tier), found in groups.items():
        middle = statistics.median(next(iter(numbers.values())) for _, numbers in found)
        what = " ".join(filter(None, (mineral, tier))) or "the column"
        for row, numbers in found if len(found) >= ENOUGH else ():
            for column, number in numbers.items():
                if _is_far(number, middle, FROM_MEDIAN):
                    times = _times(number, middle)
                    problem = f"{_as_amount(number, field)} is {times} the median of {what}"
                    problem = f"{problem}, {_as_amount(middle, field)}"
                    finding = warning(row.SHEET, row.row, column, found=problem, hint=_hint(field))
                    yield _ratio(number, middle), row, finding


def _column_against_demand(case: Case) -> _Found:
    """Yield minerals whose capacities are probably all in another unit.

    Each plant counts with the median capacity, so that one wrong number causes no second warning.
    """
    demand_of = _largest_demand(case)
    for mineral in case.minerals:
        found = [p for p in plants(case) if p.mineral == mineral.name]
        sizes = [float(next(iter(p.capacity.numbers()), 0.0)) for p in found]
        total = statistics.median(sizes) * len(sizes) if sizes else 0.0
        demand = demand_of.get(mineral.name, 0.0)
        if (total > 0 < demand) and not 1 / WHOLE_COLUMN < total / demand < WHOLE_COLUMN:
            what = f"the total capacity for {mineral.name}, about {_as_amount(total, 'capacity')},"
            problem = f"{what} is {_times(total, demand)} the largest yearly demand for it"
            yield found[0], warn(found[0], "capacity", problem, _hint("capacity"))


_RULES = (
    _small_caps,
    _far_from_price,
    _jumps,
    _far_from_median,
    _column_against_demand,
    _above_demand,
)


# ---- numbers, and their words --------------------------------------------------------------------


def _ratio(a: float, b: float) -> float:
    """Return the larger of two numbers over the smaller; 0 if one of them is 0."""
    return max(a, b) / min(a, b) if min(a, b) > 0 else 0.0


def _is_far(a: float, b: float, factor: float) -> bool:
    return _ratio(a, b) >= factor * (1 - tolerances.SAME_RATIO)


def _largest_demand(case: Case) -> dict[str, float]:
    """Return the largest yearly demand for each mineral [t]."""
    return {
        m.name: max((whole_need(case, m.name, y) for y in case.years), default=0.0)
        for m in case.minerals
    }


def _numbers_by_header(row: schema.Record, field: str, year: int = 0) -> dict[str, float]:
    """Return the positive numbers of a row's field, by header; for Demand those of a year."""
    if isinstance(row, schema.Demand):
        stated: dict[str, float | None] = {str(year): dict(row.tonnes).get(year)}
    else:
        header, value = row.column_of(field).header, getattr(row, field)
        stated = {header: value}
        if isinstance(value, schema.ByYear):
            stated = {header: value.base} | {f"{header} {y}": n for y, n in value.steps}
    return {column: float(number) for column, number in stated.items() if number and number > 0}


def _times(number: float, usual: float) -> str:
    ratio = f"{min(_ratio(number, usual), _MOST_REPORTED):z,.0f}"
    return f"{ratio} times" if number >= usual else f"1/{ratio} of"


def _as_tonnes(number: float) -> str:
    return f"{number:z,.0f} t" if number >= 100 else f"{number:.4g} t"  # noqa: PLR2004


def _as_amount(number: float, field: str) -> str:
    units = {"capacity": f"{_as_tonnes(number)}/yr", "tonnes": _as_tonnes(number)}
    return units.get(field, f"{number:,.10g}")


def _hint(field: str) -> str:
    kt = ", such as kt typed as t" if field in {"capacity", "tonnes"} else ""
    return f"is it in another unit{kt}?"
