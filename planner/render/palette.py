"""The colours and the font of workbooks, charts and reports."""

from __future__ import annotations

NAVY, PALE, INK, LINE = "#1F3864", "#D9E2F3", "#1F2933", "#B4C0D4"
"""Colours of titles and headers; of headings of row groups; of text; of lines between cells."""
MUTED, GRID = "#5B6775", "#E3E6EA"
"""Colours of secondary text, still legible on white; of a chart's grid."""
WHITE, NOTE = "#FFFFFF", "#FFFBE6"
"""Colours of the background and of text on dark fills; of the notes attached to headers."""

FONT, FONT_SIZE = "Arial", 10
"""A font that every office program has, or replaces by one of the same widths, so that columns and
charts have the same width everywhere."""

BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, YELLOW = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442",
)  # fmt: skip
"""The palette of Okabe and Ito (2008), which colour-blind readers can tell apart. Vermilion is only
for limits and shortage."""
LIGHT_GREY, PALE_SKY, PALE_ORANGE = "#BFBFBF", "#CFE8F7", "#F9E3B4"
HEAT, COOL = "#F4A97A", "#8CC8EE"
"""Darkest colours of scales behind black numbers: for high values, and for low values."""
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, YELLOW)
"""Colours of series without a colour of their own, in order."""

GOOD, CAUTION, BAD = "#0072B2", "#8A5A00", "#B34700"
"""Colours for yes, partly and no; a word and a symbol next to them say the same."""
