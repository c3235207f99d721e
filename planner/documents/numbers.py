"""Rounds numbers for purchasing systems; rounding errors of floats have no effect."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

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
