"""Amounts, money and years as a sentence says them."""

from __future__ import annotations

import math

from models.answers import OPEN, SHARE

POINT = "point"
"""Unit of a limit that is no amount."""


def amount(value: float) -> str:
    """Return tonnes, or money in millions, with no more figures than they need."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.4g}"  # noqa: PLR2004


def money(value: float) -> str:
    """Return money: whole from a thousand on, else with cents; never -0.00."""
    value = 0.0 if near(value, 0.0) else value
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"  # noqa: PLR2004


def large(value: float) -> str:
    """Return money in billions or millions where it is that large."""
    for size, word in ((1e9, "bn"), (1e6, "m")):
        if value >= size:
            return f"{value / size:,.4g} {word}"
    return money(value)


def percent(value: float) -> str:
    """Return a share."""
    return f"{value * 100:.4g} %"


def limit(value: float, unit: str, currency: str) -> str:
    """Return what a limit is at, in its unit."""
    if unit == POINT:
        return percent(value)
    return f"{amount(value)} {'t' if unit == 't' else f'm {currency}'}"


def typed(value: float, unit: str) -> str:
    """Return what a cell says as it is typed, every figure of it, with the unit of its header."""
    if unit == SHARE:
        return percent(value)
    if unit == OPEN:
        return "yes" if value > 0 else "no"
    return f"{value:,.12g} {unit}"


def one_unit(unit: str, currency: str) -> str:
    """Return the name of one unit of a limit."""
    return {POINT: "one point", "t": "one tonne"}.get(unit, f"one million {currency}")


def near(a: float, b: float) -> bool:
    """Return whether two amounts of money are the same but for rounding."""
    return math.isclose(a, b, rel_tol=1e-6, abs_tol=0.005)
