"""The findings of sensitivity: numbers that decide what is built, and numbers that move results."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from models.results import Field
from planner.render.claims import SMALLEST, Claim, Sentence, SheetRows, collect_sentences, say
from planner.studies.factors import ENDS
from planner.studies.kind import Tables
from planner.studies.sensitivity_tables import UNKNOWN, YES, EndResults, Sensitivities

_T = EndResults


def sensitivity_findings(tables: Tables) -> tuple[Sentence, ...]:
    """Return the sentences of the first page; only numbers that change builds decide the plan."""
    if Sensitivities not in tables:
        return (say("answer", "The workbook has no number with a range."),)
    rows = tables.sheet(Sensitivities)
    topics = (
        _most_decisive, _largest_missing_swing, _largest_cash_swing, _instead, _counts_of_numbers,
        _warnings,
    )  # fmt: skip
    return collect_sentences(*(partial(make, rows) for make in topics))


def _most_decisive(rows: SheetRows) -> Iterator[Sentence]:
    """Yield the number most worth knowing of those that change what is built."""
    deciding = rows.where(builds=YES)
    if len(deciding):
        text = "{top[what]} decides what is built: look it up first."
        yield say("answer", text, top=deciding.largest(_T.worth))
        return
    text = f"No number in its range would change what is built{_of_those(rows)}."
    yield say("answer", text, none=rows.none(_T.builds, "=", YES))


def _of_those(rows: SheetRows) -> str:
    """Return which numbers a sentence about no number covers, if it can't cover all."""
    is_unknown = UNKNOWN in rows.cells(_T.builds)
    return ", of those with a proven plan at each end" if is_unknown else ""


def _both_ends(rows: SheetRows, top: Claim, low: Field, high: Field) -> tuple[Claim, Claim]:
    """Return the cells at both ends of the row of a claim."""
    row = rows.row_of(top)
    return row.value(low), row.value(high)


def _most(rows: SheetRows, top: Claim, field: Field) -> str:
    """Return "most ", or "" if another number changes as much."""
    return "most " if rows.stands_out(top, field) else ""


def _largest_missing_swing(rows: SheetRows) -> Iterator[Sentence]:
    most = rows.largest(_T.swing_hit)
    if most.number < SMALLEST:
        # of a need that is missing in full the tonnes may change
        test: tuple[str, float] = (">", 0.0)
        text = "No number in its range changes the missing share of a mineral's need"
        if most.number > 0.0:
            text, test = f"{text} by {{none[test]}} or more", (">=", SMALLEST)
        none = rows.none(_T.swing_hit, *test)
        yield say("answer", f"{text}{_of_those(rows)}.", none=none)
        return
    ends = _both_ends(rows, most, _T.hit_low, _T.hit_high)
    text = (
        f"{{top[what]}} changes {_most(rows, most, _T.swing_hit)}what is missing of a mineral:"
        " {low} of the need for {top[hit]} at its low end, {high} at its high end."
    )
    yield say("answer", text, top=most, low=ends[0], high=ends[1])


def _largest_cash_swing(rows: SheetRows) -> Iterator[Sentence]:
    most = rows.largest(_T.swing_cash)
    if most.number > 0.0:
        text = (
            f"{{top[what]}} changes {_most(rows, most, _T.swing_cash)}what buyers pay in cash,"
            " by {top} within its range."
        )
        yield say("figure", text, name=_T.swing_cash.header, large="top", top=most)


def _instead(rows: SheetRows) -> Iterator[Sentence]:
    """Yield what would be built instead at both ends of the number most worth knowing."""
    most = rows.where(builds=YES).largest(_T.worth)
    for end in ENDS:
        if most.cells[f"built_{end}"][1]:
            text = f"With {{top[what]}} at its {end} end: {{top[built_{end}]}}."
            yield say("decide", text, top=most)


def _counts_of_numbers(rows: SheetRows) -> Iterator[Sentence]:
    counted = rows.count(_T.builds, "=", YES)
    if counted.number:
        text = "Numbers that would change what is built, within their ranges: {count}."
        yield say("figure", text, name=_T.builds.header, large="count", count=counted)


def _warnings(rows: SheetRows) -> Iterator[Sentence]:
    counted = rows.count(_T.builds, "=", UNKNOWN)
    if counted.number:
        text = "Numbers of which an end has no proven plan: {count}."
        yield say("care", text, count=counted)
    text = "Each number moves alone, within the range of its grade, its mark or the sheet"
    yield say("care", f"{text} Uncertainty.")
