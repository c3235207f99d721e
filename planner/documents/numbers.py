"""Numbers as a purchasing system takes them: rounded, whatever a float's last bits are."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

_EXACT = Context(prec=64, rounding=ROUND_HALF_EVEN)


def rounded(value: float, decimals: int, digits: int = 12) -> Decimal:
    """Return a number to so many decimals, whatever the last bits of a float are.

    It is rounded to ``digits`` significant ones first: 106.1085 and 106.10849999999999 are one, as
    a workbook that another program saved has the other.
    """
    return Decimal(f"{value:.{digits}g}").quantize(Decimal(1).scaleb(-decimals), context=_EXACT)


def plain_number(value: float, decimals: int, digits: int) -> str:
    """Return a number rounded, with a decimal point, no exponent and no thousands separators."""
    text = format(rounded(value, decimals, digits), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
