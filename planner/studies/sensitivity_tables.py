"""Tables of sensitivity: results at both ends of each number, and of the workbook's own plan."""

from __future__ import annotations

from collections.abc import Callable

from models.results import Field, Format, Name, Result, common, field
from models.results import Figure as Measure
from planner.studies.factors import ENDS, LEAST, LOW, MOST

YES, NO = "yes", "no"
"""Values of the column Changes what is built, beside ``UNKNOWN``."""
EXACT, NEITHER, UNKNOWN = "exact", "neither", "not known"
"""How a prediction by shadow prices compares with the real change; LEAST and MOST are others."""


def _end(header: str, meaning: str, make: Callable[..., Field], key: str) -> tuple[Field, Field]:
    ends = ((LOW, "at its low end"), ("high", "at its high end"))
    low, high = (
        make(f"{header} at {end}", f"{meaning} {where}.", key=key.format(end=end))
        for end, where in ends
    )
    return low, high


class EndResults(Result):
    """Results of moving a number, or several together, to both ends of the range."""

    rank = field("Rank", Format.COUNT)
    what = field.text("What", "The number that moves, and what it belongs to.", widest=44)
    sheet = common.SHEET
    column = common.COLUMN
    cells = field.text(
        "Cells",
        "The number's cells in the workbook, all years; with the sheet if there are several rows.",
        optional=True,
    )
    mineral = common.MINERAL.like(meaning="")
    count = field("Numbers", Format.COUNT, "How many numbers move.", optional=True)
    value = field("Value", Format.FACTOR, "The value in its first cell.", optional=True)
    unit = common.UNIT.like(meaning="", optional=True)
    low = field("Low end, times the value", Format.FACTOR, "Low end / value.", optional=True)
    high = field("High end, times the value", Format.FACTOR, "High end / value.", optional=True)
    span = field.text("Range, times the value", "Both ends / value, in words.", optional=True)
    swing = field.millions(
        "Swing in cost",
        "Highest minus lowest total cost among three plans: at the low end, at the high end and"
        " with the workbook's number. Shortage counts at its price.",
        key="swing_usd",
    )
    alone = field.millions(
        "Sum of single swings",
        "The sum of the swings in cost if each number of the group moves alone.",
        key="alone_usd",
        optional=True,
    )
    swing_short = field.tonnes(
        "Swing in missing", "The same for the tonnes that are missing.", key="swing_short_t"
    )
    swing_cash = field.millions(
        "Swing in cash", f"The same for the cash that is paid. {common.UNDISCOUNTED}",
        key="swing_cash_usd",
    )  # fmt: skip
    hit = field.text(
        "Mineral hit hardest",
        "The mineral whose missing share of need, over all years, differs most between the three"
        " plans. Blank: no mineral's does.",
        names=Name.MINERAL,
    )
    swing_hit = field.share(
        "Swing in its missing share", "Highest minus lowest missing share of need of that mineral."
    )
    moved = field.share(
        "Bought elsewhere",
        "Share of purchases, by value, that moves to other plants than planned, at the end where it"
        " is larger.",
    )
    otherwise_low, otherwise_high = (
        field(
            f"What the plan would do at its {end} end",
            Format.SENTENCE,
            "What it builds, buys and leaves short, where that differs from the plan with the"
            " workbook's number.",
            widest=60,
            key=f"otherwise_{end}",
        )
        for end in ENDS
    )
    builds = field.text(
        "Changes what is built",
        f"{YES}: its worth of knowing is more than a millionth of total cost. {NO}: it is less."
        f" {UNKNOWN}: an end has no proven plan.",
    )
    built_low, built_high = _end(
        "What is built instead", "The largest changes of what is built,", field.text, "built_{end}"
    )
    worth = field.millions(
        "Worth of knowing",
        "What the coalition saves if it builds for the number's true value, not as planned today:"
        " the mean over both ends.",
        key="worth_usd",
    )
    by = field.text(
        "Range by",
        "What gives the range: a row of Uncertainty, the grade of the number's row, its mark as an"
        " estimate, or none of these.",
        optional=True,
    )
    estimate = field.text(
        "Estimate", "yes: the row is marked or graded as an estimate or a guess.", optional=True
    )
    origin = field(
        "Source or mark", Format.REMARK, "The source of the row, or else its note.", optional=True
    )
    cost_low, cost_high = _end(
        Measure.TOTAL_COST.value, "Total cost of the plan", field.millions, "cost_{end}_usd"
    )
    short_low, short_high = _end(
        common.MISSING, "Tonnes missing in the plan", field.tonnes, "short_{end}_t"
    )
    cash_low, cash_high = _end(
        Measure.CASH_COST.value, "Cash paid in the plan", field.millions, "cash_{end}_usd"
    )
    hit_low, hit_high = _end(
        "Its missing share", "Missing share of the need for the mineral hardest hit", field.share,
        "hit_share_{end}",
    )  # fmt: skip
    first_low, first_high = _end(
        "First order",
        "The change in total cost that today's shadow prices predict",
        field.millions,
        "first_order_{end}_usd",
    )
    first_order_is = field.text(
        "First order is",
        f"How the prediction compares with the real change of cost. {EXACT}: equal at both ends."
        f" {LEAST}: the real change is this or more, as for limits. {MOST}: it is this or less, as"
        f" for costs. {NEITHER}: it may be more or less. {UNKNOWN}: the move adds or removes"
        " decisions.",
        key="first_order",
    )
    top_low, top_high = _end(
        "Change in largest share",
        "The largest change, among minerals, in the share of purchases from the largest supplier"
        " country",
        field.share,
        "top_share_{end}",
    )


NUMBER_FIELDS = (
    EndResults.cells, EndResults.value, EndResults.unit, EndResults.low, EndResults.high,
    EndResults.span, EndResults.by, EndResults.estimate, EndResults.origin,
)  # fmt: skip
"""Columns of single numbers alone."""


class Sensitivities(EndResults):
    """One row per number with a range, the largest effect first; each moves alone."""

    TABLE, GRAIN, BOOK = "Sensitivity", ("sheet", "cells"), "sensitivity"


class DecidingNumbers(Result):
    """The numbers that would change what is built, the largest worth of knowing first."""

    TABLE, GRAIN, BOOK = "What decides", ("sheet", "cells"), "sensitivity"

    _all = EndResults
    rank, what, sheet, column, cells = _all.rank, _all.what, _all.sheet, _all.column, _all.cells
    mineral, value, unit, low, high = _all.mineral, _all.value, _all.unit, _all.low, _all.high
    worth, built_low, built_high = _all.worth, _all.built_low, _all.built_high
    by, origin = _all.by, _all.origin


class GroupSensitivities(EndResults):
    """One row per sheet, mineral and column; all its numbers move together."""

    TABLE, GRAIN, BOOK = "Groups", ("sheet", "column", "mineral"), "sensitivity"


class BaseTotals(Result):
    """Totals of the plan with the workbook's numbers: both ends are compared with it."""

    TABLE, GRAIN, BOOK = "As it stands", (), "sensitivity"

    cost = field.millions(Measure.TOTAL_COST.value, "Shortage counts at its price.", key="cost_usd")
    cash = field.millions(
        Measure.CASH_COST.value, f"The cash that is paid. {common.UNDISCOUNTED}", key="cash_usd"
    )
    short = common.MISSING_TONNES.like(key="short_t")
