"""Sentences that several surfaces say, each written once: plan, studies, terminal, report and page.

``PAGE`` holds those that the page with sliders fills itself. Parts are of need, by mineral over all
years or of one mineral by year. What is missing in a few years is said of these years: over all of
them it would read as less than it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from models import tolerances
from models.measures import TIED_INPUTS
from models.results.common import MISSING
from planner.render.words import NAMED, TARIFFS, inner, listed, share, span

_YEARS = 3
"""Years whose parts are said one by one; of more the least and the most."""
_MISSING = MISSING + "{beyond}, as a share of need: {minerals}"
_NOTHING = "Nothing{more} is missing{beyond}"
SAME_TONNES = "The same tonnes cost {more}."
WITHOUT = "Without {lost}, {bound} {part} of {minerals} is short."
WORST_LOSS = "The worst: without {country}, {short} of {mineral} is short in {year}; {most} may be."
STAGES = (
    "Part of demand that is served in {year} if the country stops whose loss leaves least; nothing"
    " is bought instead. At the last stage its own sales to members are lost; through all stages"
    f" plants also lose what they make of inputs and ore from there. {TIED_INPUTS}"
)
PAGE = {
    "missing": _MISSING, "nothing": _NOTHING, "same tonnes": SAME_TONNES, "tariffs": TARIFFS,
    "without": WITHOUT, "worst loss": WORST_LOSS, "stages": STAGES,
}  # fmt: skip
"""Sentences that ``page.js`` fills as ``str.format`` does, by the names that it has for them."""


def ranked(amounts: Mapping[str, float], text: Callable[[str], str], most: int = NAMED) -> str:
    """Return names as a sentence lists them, the largest first, each as ``text`` has it."""
    return listed(map(text, sorted(amounts, key=lambda name: -amounts[name])), most)


def worst_first(parts: Mapping[str, float]) -> dict[str, float]:
    """Return the minerals of which anything is missing, the one that is hit hardest first."""
    short = ((name, part) for name, part in parts.items() if part > tolerances.MISSING_PART)
    return dict(sorted(short, key=lambda each: -each[1]))


def hardest(parts: Mapping[str, float], beyond: str = "") -> str:
    """Return what the mineral that is hit hardest misses: ``16 % of the need for Tin is missing``.

    ``beyond`` says beyond what, where the parts are so.
    """
    for name, part in worst_first(parts).items():
        return f"{share(part)}{' more' if beyond else ''} of the need for {name} is missing{beyond}"
    return inner(_nothing(beyond))


def missing(parts: Mapping[str, float], beyond: str = "") -> str:
    """Return what is missing of each mineral, worst first: ``Missing: Tin 41 % and Zinc 2 %``."""
    minerals = ranked(worst_first(parts), lambda name: f"{name} {share(parts[name])}")
    return _MISSING.format(beyond=beyond, minerals=minerals) if minerals else _nothing(beyond)


def _nothing(beyond: str) -> str:
    return _NOTHING.format(more=" more" if beyond else "", beyond=beyond)


def in_years(parts: Mapping[int, float]) -> str:
    """Return what part of each year's need is missing in the years in which any is; "" of none.

    ``42 % of need in 2029 and 50 % in 2030``; of many years ``42 to 52 % of need a year, 2029 to
    2035``.
    """
    short = {year: part for year, part in sorted(parts.items()) if part > tolerances.MISSING_PART}
    low, high = (share(end(short.values(), default=0.0)) for end in (min, max))
    if len(short) <= _YEARS and (low != high or len(short) == 1):
        first = min(short)
        return listed(
            f"{share(part)}{' of need' if year == first else ''} in {year}"
            for year, part in short.items()
        )
    if not short:
        return ""
    ends = high if low == high else f"{low.removesuffix(' %')} to {high}"
    some = "" if len(short) == max(short) - min(short) + 1 else f"{len(short)} years of "
    return f"{ends} of need a year, {some}{span(short)}"


def shortages(parts: Mapping[str, float], beyond: str = "") -> str:
    """Return of how many minerals need is short, and the one shortest of it: never a sum of them.

    ``parts`` are of need, by mineral: ``3 of 8 minerals are short, most of all Tin: 41 % of need``.
    """
    short = worst_first(parts)
    if not short:
        return f"no mineral is short{beyond}"
    name = next(iter(short))
    if len(parts) == 1:
        return f"{name} is short{beyond}: {share(short[name])} of need"
    verb, which = ("is", "") if len(short) == 1 else ("are", "most of all ")
    return (
        f"{number_short(parts)} minerals {verb} short{beyond}, {which}{name}:"
        f" {share(short[name])} of need"
    )


def number_short(parts: Mapping[str, float]) -> str:
    """Return of how many minerals need is short: ``3 of 8``."""
    return f"{len(worst_first(parts)):,} of {len(parts):,}"
