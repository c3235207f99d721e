"""The page on sensitivity: its tables are what the larger example says."""

from __future__ import annotations

import re

import pytest

from inputs import sensitivity_story as story
from models.resolve.uncertainty import factors
from planner.sheets.context import estimates
from planner.workbook import read
from tests.budget import IS_LONG, at_length

TEXT = story.PAGE.read_text(encoding="utf-8")


def between(mark: str) -> list[str]:
    """The lines of a table of the page, without its head."""
    return TEXT.split(f"<!-- {mark} -->")[1].split(f"<!-- /{mark} -->")[0].strip().splitlines()[2:]


@pytest.mark.slow
@pytest.mark.fuzz
def test_the_figures_of_the_cells_that_decide_are_those_of_the_example() -> None:
    """`python -m inputs.sensitivity_story` was run after the last change; their order is held."""
    lines = between(story.CELLS)
    assert len(lines) == 8
    lines = lines[:: at_length(4, 1)]
    cells = [re.split(r"[ !:,|]+", line)[1:3] for line in lines]
    every = story.rows(story.study(only=[(sheet, first) for sheet, first in cells]))
    assert [story.line(every[sheet, first]) for sheet, first in cells] == lines
    ranks = [every[sheet, first]["rank"] for sheet, first in cells]
    assert ranks == sorted(ranks)


@pytest.mark.slow
def test_the_figures_of_what_was_looked_up_are_those_of_the_example() -> None:
    only = [each.cell for each in story.KNOWN]
    before = story.rows(story.study(only=only))
    after = story.rows(story.study([each.range for each in story.KNOWN], only))
    for each, line in zip(story.KNOWN, between(story.LOOKED_UP), strict=True):
        assert line.startswith(
            f"| {story.change(each.name, before[each.cell], after[each.cell])} |"
        )


def test_the_page_counts_the_numbers_of_the_example() -> None:
    case = read(story.HERE / "critical-minerals.xlsx").case
    every = [f for f in factors(case) if f.first.sheet != "Settings"]  # a blank cell
    assert all(factor.is_estimate for factor in every)
    numbers = [number for factor in every for number in factor.numbers]
    rows, marked = len({(n.sheet, n.row) for n in numbers}), estimates(case).partition(" ")[0]
    said = (
        f"{len(every)} numbers with a range, in {rows} of the {marked} rows that are marked as"
        " estimates"
    )
    assert said in " ".join(TEXT.split())


@pytest.mark.fuzz
@pytest.mark.skipif(not IS_LONG, reason="two studies of the larger example")
def test_both_tables_are_those_of_whole_studies() -> None:
    before = story.study()
    after = story.study([each.range for each in story.KNOWN])
    assert [*story.twelve(before)][2:] == between(story.CELLS)
    assert [*story.changes(before, after)][2:] == between(story.LOOKED_UP)
