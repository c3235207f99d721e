"""Numbers in words, as a reader who has no time reads them."""

from __future__ import annotations

_SCALES = ((1e9, "billion"), (1e6, "million"))
_DUST = 0.0005
"""Parts below this are said to be nearly nothing, or nearly all."""
_NOISE = 1e-9
"""What is less than this part of the whole is what is left when numbers cancel: nothing."""


def solid(number: float, whole: float) -> float:
    """Return a number, 0 where it is noise against the whole that it is a part of."""
    return 0.0 if abs(number) <= _NOISE * abs(whole) else number


def solid_share(part: float) -> float:
    """Return a share, 0 or 1 where noise alone parts it from them."""
    return 1.0 - solid(1.0 - solid(part, 1.0), 1.0)


def share(part: float) -> str:
    """Return a share in per cent: never 100 % where something lacks, nor 0 % where something is."""
    part = solid_share(part)
    if 0.0 < part < _DUST:
        return "under 0.1 %"
    if 1.0 - _DUST < part < 1.0:
        return "over 99.9 %"
    percent = part * 100.0
    return f"{percent:.0f} %" if abs(percent - round(percent)) < 0.05 else f"{percent:.1f} %"  # noqa: PLR2004


def share_form(part: float) -> str:
    """Return the number format of a share in large print, which rounds nothing up to all of it."""
    part = solid_share(part)
    if share(part).startswith(("under", "over")):
        return f'"{share(part)}"'
    return "0 %" if part in {0.0, 1.0} or 0.005 <= part < 0.995 else "0.0 %"  # noqa: PLR2004


def amount(number: float, unit: str) -> str:
    """Return an amount: ``4.1 million t``."""
    size = abs(number)
    for scale, word in _SCALES:
        if size >= scale:
            return f"{number / scale:,.1f} {word} {unit}"
    if size >= 100 or number == round(number):  # noqa: PLR2004
        return f"{number:,.0f} {unit}"
    return f"{number:,.3g} {unit}"


def large_form(number: float, unit: str) -> str:
    """Return the number format of an amount in large print, its unit in words."""
    name = unit.replace('"', "")
    for scale, word in _SCALES:
        if abs(number) >= scale:
            commas = "," * (3 if scale == _SCALES[0][0] else 2)
            return f'#,##0.0{commas}" {word} {name}"'
    return f'#,##0" {name}"'


def counted(number: int, what: str) -> str:
    """Return a number of things: ``1 year``, ``3 years``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
