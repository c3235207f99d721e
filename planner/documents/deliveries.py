"""Orders split into deliveries by quarter or month, which add up to the order exactly."""

from __future__ import annotations

import calendar
import itertools
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from planner.documents.numbers import rounded

if TYPE_CHECKING:
    import pandas as pd

PARTS: Mapping[str, tuple[str, ...]] = {
    "quarter": tuple(f"Q{number}" for number in range(1, 5)),
    "month": tuple(f"M{number:02}" for number in range(1, 13)),
}
"""The parts of a year, all of one size, by the word of the option --periods."""
_PART = re.compile(r"(?P<order>.+)-(?P<part>Q[1-4]|M(?:0[1-9]|1[0-2]))", re.IGNORECASE)
_KILOGRAM, _FINEST = 3, 8
"""Decimals of a delivery in t, and of an order."""


def delivery_id(order: str, part: str) -> str:
    """Return the id of a delivery: it stays as long as its order's does."""
    return f"{order}-{part}"


def part_of(name: str) -> tuple[str, str]:
    """Return the order of a delivery's id, and which part of it it is; "" of a whole order."""
    match = _PART.fullmatch(name.strip())
    return (match["order"], match["part"].upper()) if match else (name, "")


def every_part(part: str) -> tuple[str, ...]:
    """Return all parts of the kind that one is of."""
    return next(parts for parts in PARTS.values() if part in parts)


def split(tonnes: float, parts: int) -> list[Decimal]:
    """Return equal deliveries of an order [t], to the kilogram; the last takes the rest.

    They add up to the order as orders.csv has it, to the last digit.
    """
    whole = rounded(tonnes, _FINEST)
    due = [rounded(float(whole * i / parts), _KILOGRAM) for i in range(parts)] + [whole]
    return [after - before for before, after in itertools.pairwise(due)]


def days_of(year: int, part: str) -> tuple[str, str]:
    """Return the first and the last day of a part of a year, YYYY-MM-DD."""
    number = int(part[1:])
    first, last = (3 * number - 2, 3 * number) if part[0] == "Q" else (number, number)
    end = calendar.monthrange(year, last)[1]
    return f"{year}-{first:02}-01", f"{year}-{last:02}-{end}"


def deliveries(orders: pd.DataFrame, period: str) -> Iterator[dict[str, Any]]:
    """Yield the deliveries of orders, by order and then by date; those of nothing are left out."""
    parts = PARTS[period]
    rows: list[Any] = orders.to_dict("records")
    for order in rows:
        for part, tonnes in zip(parts, split(order["tonnes"], len(parts)), strict=True):
            if tonnes:
                start, end = days_of(int(order["year"]), part)
                yield {
                    **order,
                    "delivery_id": delivery_id(order["order_id"], part),
                    "start_date": start,
                    "end_date": end,
                    "tonnes": tonnes,
                }
