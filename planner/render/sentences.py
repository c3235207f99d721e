"""Sentences that several surfaces show, each written once: plan, studies, terminal, report, page.

``PAGE`` holds the templates that the page with sliders fills itself.
"""

from __future__ import annotations

from models.measures import TIED_INPUTS
from models.results.common import MISSING
from planner.render.words import TARIFFS

_MISSING = MISSING + "{compared}, as a share of need: {minerals}"
_NOTHING = "Nothing{more} is missing{compared}"
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
