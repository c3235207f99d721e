"""Splits orders into deliveries by quarter or month, which add up to the order exactly."""

from __future__ import annotations

import calendar
import itertools
import re
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Any

from models.results.field import Result, spread_over
from models.results.orders import Calendar

if TYPE_CHECKING:
    import pandas as pd

PARTS: Mapping[str, tuple[str, ...]] = {
    "quarter": tuple(f"Q{number}" for number in range(1, 5)),
    "month": tuple(f"M{number:02}" for number in range(1, 13)),
}
"""Names of the equal parts of a year, by the value of the option --periods."""
_PART = re.compile(r"(?P<order>.+)-(?P<part>Q[1-4]|M(?:0[1-9]|1[0-2]))", re.IGNORECASE)
_KILOGRAM, _FINEST, _CENT = 3, 8, 2
"""Decimals of a delivery [t], of an order [t], and of money."""


def split_id(delivery: str) -> tuple[str, str]:
    """Return order and part of a delivery's id, such as Q1; "" for the id of a whole order."""
    match = _PART.fullmatch(delivery.strip())
    return (match["order"], match["part"].upper()) if match else (delivery, "")


def same_parts(part: str) -> tuple[str, ...]:
    """Return all quarters for a quarter, all months for a month."""
    return next(parts for parts in PARTS.values() if part in parts)


def split(tonnes: float, parts: int) -> list[Decimal]:
    """Return equal deliveries of an order [t], rounded to the kilogram; the last is the remainder.

    They add up to the order in orders.csv, to the last digit.
    """
    whole = rounded(tonnes, _FINEST)
    # min: if the order is less than a kilogram, rounding may give more than the order
    due = [min(whole, rounded(float(whole * i / parts), _KILOGRAM)) for i in range(parts)]
    due.append(whole)
    return [after - before for before, after in itertools.pairwise(due)]


def days_of(year: int, part: str) -> tuple[str, str]:
    """Return the first and the last day of a part of a year, YYYY-MM-DD."""
    number = int(part[1:])
    first, last = (3 * number - 2, 3 * number) if part[0] == "Q" else (number, number)
    end = calendar.monthrange(year, last)[1]
    return f"{year}-{first:02}-01", f"{year}-{last:02}-{end}"


def deliveries(orders: pd.DataFrame, period: str) -> Iterator[dict[str, Any]]:
    """Yield the deliveries of orders, by order and then by date; a delivery of 0 t is left out.

    Tonnes and money add up to the order's in orders.csv.
    """
    parts = PARTS[period]
    rows: list[Any] = orders.to_dict("records")
    for order in rows:
        tonnes = split(order["tonnes"], len(parts))
        money, whole = rounded(order["total_amount"], _CENT, 14), sum(tonnes)
        paid = Decimal(0)
        for part, own, so_far in zip(parts, tonnes, itertools.accumulate(tonnes), strict=True):
            if own:
                due = (money * so_far / whole).quantize(Decimal(1).scaleb(-_CENT))
                start, end = days_of(int(order["year"]), part)
                yield {
                    **order,
                    "delivery_id": f"{order['order_id']}-{part}",
                    "period": part,
                    "start_date": start,
                    "end_date": end,
                    "tonnes": float(own),
                    "total_amount": float(due - paid),
                }
                paid = due


def calendar_of(orders: pd.DataFrame, period: str) -> Result:
    parts = PARTS[period]
    names = ("order_id", "year", "mineral", "refiner", "contract", "tonnes")
    rows: list[Any] = orders.to_dict("records")
    return spread_over(Calendar, Calendar.parts, parts).of_rows(
        [
            {
                **{name: row[name] for name in names},
                "unit": row["mass_unit"] or "t",
                **{
                    f"of_{i}": float(part)
                    for i, part in enumerate(split(row["tonnes"], len(parts)))
                },
            }
            for row in rows
        ]
    )


# ---- rounding ------------------------------------------------------------------------------------
# Rounds numbers for purchasing systems; rounding errors of floats have no effect.

_EXACT = Context(prec=64, rounding=ROUND_HALF_EVEN)


def rounded(value: float, decimals: int, digits: int = 12) -> Decimal:
    """Round to a number of decimals, after rounding to ``digits`` significant digits.

    So 106.10849999999999, which another program may have saved for 106.1085, gives the same.
    """
    return Decimal(f"{value:.{digits}g}").quantize(Decimal(1).scaleb(-decimals), context=_EXACT)


def plain_number(value: float, decimals: int, digits: int) -> str:
    """Return a number rounded, with a decimal point, no exponent and no thousands separators."""
    text = format(rounded(value, decimals, digits), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
