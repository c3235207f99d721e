"""Sentences that several surfaces show, each written once: plan, studies, terminal, report, page.

``PAGE`` holds the templates that the page with sliders fills itself. Parts are fractions of need:
of each mineral over all years, or of one mineral in each year. A shortage in a few years is given
for these years, since it would look smaller as a fraction of all years' need.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from models import tolerances
from models.measures import TIED_INPUTS
from models.results.common import MISSING
from planner.render.words import NAMED, TARIFFS, listed, share, uncapitalized

_YEARS = 3
"""Years whose shortages are listed one by one; of more years, only the lowest and the highest."""
_MISSING = MISSING + "{beyond}, as a share of need: {minerals}"
_NOTHING = "Nothing{more} is missing{beyond}"
SAME_TONNES = "The tonnes bought cost {more}."
WITHOUT = "Without {lost}, {bound} {part} of the need for {minerals} is missing."
WORST_LOSS = (
    "The worst case: without {country}, {short} of the need for {mineral} is missing in {year};"
    " at most {most} is allowed."
)
STAGES = (
    "Share of demand still met in {year} if the country whose loss leaves least stops, and nothing"
    " is bought instead. At the last stage, only its sales to members are lost. Through all stages,"
    f" plants also lose what they make from its inputs and ore. {TIED_INPUTS}"
)
PAGE = {
    "missing": _MISSING, "nothing": _NOTHING, "same tonnes": SAME_TONNES, "tariffs": TARIFFS,
    "without": WITHOUT, "worst loss": WORST_LOSS, "stages": STAGES,
}  # fmt: skip
"""Sentence templates that ``page.js`` fills as ``str.format`` does, by the names used there."""


def largest_first(
    amounts: Mapping[str, float], text: Callable[[str], str], most: int = NAMED
) -> str:
    """Return names as a sentence lists them, the largest first, each as ``text`` has it."""
    return listed(map(text, sorted(amounts, key=lambda name: -amounts[name])), most)


def worst_first(parts: Mapping[str, float]) -> dict[str, float]:
    """Return the minerals with a shortage, the one that is hit hardest first."""
    short = ((name, part) for name, part in parts.items() if part > tolerances.MISSING_PART)
    return dict(sorted(short, key=lambda each: -each[1]))


def hardest(parts: Mapping[str, float]) -> str:
    """Return the shortage of the mineral hit hardest: ``16 % of the need for Tin is missing``."""
    for name, part in worst_first(parts).items():
        return f"{share(part)} of the need for {name} is missing"
    return uncapitalized(missing({}))


def missing(parts: Mapping[str, float], beyond: str = "") -> str:
    """Return each mineral's shortage, the worst first: ``Missing: Tin 41 % and Zinc 2 %``.

    ``beyond`` names the baseline of parts that are differences from one: `` beyond the plan``.
    """
    minerals = largest_first(worst_first(parts), lambda name: f"{name} {share(parts[name])}")
    if minerals:
        return _MISSING.format(beyond=beyond, minerals=minerals)
    return _NOTHING.format(more=" more" if beyond else "", beyond=beyond)


def shortages(parts: Mapping[str, float]) -> str:
    """Return how many minerals are short, and which one most; minerals are never added up.

    ``parts`` are missing fractions of need: ``3 of 8 minerals are short, most of all Tin: 41 % of
    need``.
    """
    short = worst_first(parts)
    if not short:
        return "no mineral is short"
    name = next(iter(short))
    if len(parts) == 1:
        return f"{name} is short: {share(short[name])} of need"
    verb, which = ("is", "") if len(short) == 1 else ("are", "most of all ")
    count = f"{number_short(parts)} minerals {verb} short"
    return f"{count}, {which}{name}: {share(short[name])} of need"


def number_short(parts: Mapping[str, float]) -> str:
    """Return how many minerals are short: ``3 of 8``."""
    return f"{len(worst_first(parts)):,} of {len(parts):,}"
