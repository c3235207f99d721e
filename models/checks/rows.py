"""What must hold within a row: its numbers' bounds, and which of two is larger."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from models.case import Case
from models.checks.common import at, columns
from models.errors import Finding
from models.resolve import Expanded
from models.schema import (
    SHEETS,
    ByYear,
    Column,
    Demand,
    Freight,
    Kind,
    Lane,
    Record,
    Refiner,
)
from models.schema.column import MOST_PRICE, MOST_TONNES

_NUMBERS = {Kind.NUMBER, Kind.SHARE, Kind.YEAR, Kind.WHOLE}


def horizon(case: Case) -> Iterator[Finding]:
    """Demand has at least one year column."""
    if not case.years:
        wanted = "one column per year, headed 2026, 2027, ..."
        yield Finding(Demand.SHEET, found="no year column", expected=wanted)


def within_bounds(case: Case, passed: Case | None = None) -> Iterator[Finding]:
    """Every number keeps its column's bounds, those that a scenario makes included.

    The sheets that a case shares with one that has ``passed`` are not read again.
    """

    def new(sheet: str) -> tuple[Record, ...]:
        rows = case.records(sheet)
        return () if passed is not None and rows is passed.records(sheet) else rows

    for record in SHEETS:
        rows = new(record.SHEET)
        for column in columns(record) if rows else ():
            if column.kind in _NUMBERS:
                yield from _column_within(rows, column)
    for demand in case.demand if new(Demand.SHEET) else ():
        for year, tonnes in demand.tonnes:
            if not 0 <= tonnes <= MOST_TONNES:
                yield _outside(demand, str(year), tonnes, 0, MOST_TONNES)
    for freight in case.freight if new(Freight.SHEET) else ():
        for member, cost in freight.costs:
            if not 0 <= cost <= MOST_PRICE:
                yield _outside(freight, member, cost, 0, MOST_PRICE)
    for refiner in case.refiners if new(Refiner.SHEET) else ():
        for added in refiner.extra_usable.numbers():
            if not -MOST_TONNES <= added <= MOST_TONNES:
                yield _outside(refiner, "Capacity", added, -MOST_TONNES, MOST_TONNES)


def _column_within(rows: tuple[Record, ...], column: Column) -> Iterator[Finding]:
    least, most = column.least, column.most
    for row in rows:
        value: Any = getattr(row, column.field)
        if value is None:
            continue
        for number in value.numbers() if isinstance(value, ByYear) else (value,):
            fits = least <= number <= most and math.isfinite(number)
            at_bound = (column.above and number == least) or (column.below and number == most)
            if not fits or at_bound:
                yield _outside(row, column.header, number, least, most)


def _outside(row: Record, header: str, number: float, least: float, most: float) -> Finding:
    wanted = f"a number from {least:g} to {most:g}"
    return Finding(row.SHEET, row.row, header, f"the number {number:g}", wanted)


def by_year_filled(case: Case) -> Iterator[Finding]:
    """A column that must be filled has a value in every year of the horizon."""
    for record in SHEETS:
        required = [c for c in columns(record) if c.required and c.by_year]
        for row in case.records(record.SHEET) if required else ():
            for column in required:
                series: ByYear = getattr(row, column.field)
                if series.base is None:
                    gap = next((year for year in case.years if series.at(year) is None), None)
                    if gap is not None:
                        said = f"a blank cell; {column.header} must be filled for {gap}"
                        yield at(row, column.field, said, "a value for every year of Demand")


def one_target(case: Case) -> Iterator[Finding]:
    """A stock target is stated in t or in days; only a scenario sets t beside days, by year."""
    for pile in case.stockpiles:
        if pile.target_days is not None and pile.target.base is not None:
            said = "a target in days beside one in t"
            yield at(pile, "target_days", said, "one of the two, the other cell blank")


def usable_capacity(case: Case) -> Iterator[Finding]:
    """Capacity that a scenario adds to stays within the bound of an amount."""
    for refiner in case.refiners:
        if refiner.extra_usable.numbers() == (0.0,):
            continue
        for year in case.years:
            share = refiner.available_share.at(year)
            own = refiner.capacity.value(year) * (1.0 if share is None else share)
            usable = own + (refiner.extra_usable.at(year) or 0.0)
            if usable > MOST_TONNES:
                yield _outside(refiner, "Capacity", usable, 0, MOST_TONNES)
                break


def scaled_freight(case: Case) -> Iterator[Finding]:
    """Freight that scenarios multiply stays within the bounds of a price, on every lane."""
    if all(row.freight_factor == 1.0 for row in case.lanes):
        return
    expanded = Expanded(case)
    for mineral, lanes in expanded.lanes.items():
        dearest = float(np.nanmax(lanes.freight, initial=0.0))
        if not dearest <= MOST_PRICE:
            said = f"the freight of {mineral}, scaled to {dearest:g}"
            yield Finding(Lane.SHEET, 0, "Freight", said, f"a number from 0 to {MOST_PRICE:g}")


def last_year_not_before_first(case: Case) -> Iterator[Finding]:
    """First year and Last year stand in order."""
    for record in SHEETS:
        fields = {c.field for c in columns(record)}
        if not {"first_year", "last_year"} <= fields:
            continue
        for row in case.records(record.SHEET):
            first, last = getattr(row, "first_year", None), getattr(row, "last_year", None)
            if first is not None and last is not None and last < first:
                said = f"the last year {last} lies before the first year {first}"
                yield at(row, "last_year", said, f"{first} or later")


def stock_fits(case: Case) -> Iterator[Finding]:
    """The opening stock is at most what can be stored."""
    for pile in case.stockpiles:
        if pile.opening > pile.max:
            said = f"an opening stock of {pile.opening:g} t"
            yield at(pile, "opening", said, f"at most its Max, {pile.max:g} t")


def contract_range(case: Case) -> Iterator[Finding]:
    """A contract's Max is at least its Min."""
    for contract in case.contracts:
        if contract.max is not None and contract.max < contract.min:
            said = f"a Max of {contract.max:g} t/yr"
            yield at(contract, "max", said, f"at least its Min, {contract.min:g} t/yr")
