"""The colours and the font of workbook, charts and report: plain constants, no library needed."""

from __future__ import annotations

NAVY, PALE, INK, LINE = "#1F3864", "#D9E2F3", "#1F2933", "#B4C0D4"
"""Titles and headers; groups of rows; words; rules between cells."""
MUTED, GRID = "#5B6775", "#E3E6EA"
"""Words of less weight, still legible on white; the grid of a chart."""
WHITE, NOTE = "#FFFFFF", "#FFFBE6"
"""Paper, and words on dark; the notes pinned to headers."""

FONT, FONT_SIZE = "Arial", 10
"""A font that every office program has, or one of the same widths: columns, and the charts that
span them, are then as wide everywhere."""

BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, YELLOW = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442",
)  # fmt: skip
"""Okabe and Ito's palette (2008), told apart by the colour-blind too; vermilion is kept for limits
and shortage."""
GREY, LIGHT_GREY, PALE_SKY, PALE_ORANGE = "#7F7F7F", "#BFBFBF", "#CFE8F7", "#F9E3B4"
HEAT, COOL = "#F4A97A", "#8CC8EE"
"""The dark ends of scales under black numbers: more, and less."""
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, YELLOW)
"""Of series that stand for one of many, in order."""

GOOD, CARE, BAD = "#0072B2", "#8A5A00", "#B34700"
"""What is met, what needs care and what is not; said in a word and a sign beside them, too."""
