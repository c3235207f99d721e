"""Names and years in words."""

from __future__ import annotations

import click
import pytest

from models.errors import Finding
from models.units import in_words
from planner.options import IntegerOption
from planner.render.words import capitalized, each_year, listed, percent, share_words, year_span
from planner.workbook.findings import sentence
from planner.workbook.grid import Grid, warn_hidden


def test_names() -> None:
    """One more than the most is named, two more are counted."""
    assert [listed("abcd"[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert listed("abcd", 3) == "a, b, c and d"
    assert listed("abcde", 3) == "a, b, c and 2 more"


def test_from_when_to_when() -> None:
    """Whatever is between, in whatever order."""
    assert year_span(()) == "no years"
    assert year_span([2030]) == "2030"
    assert year_span((2035, 2026, 2027)) == "2026 to 2035"


def test_just_which_years() -> None:
    """Runs of three are joined, two are listed; each counts once."""
    assert each_year([]) == ""
    assert each_year([2030, 2030]) == "2030"
    assert each_year([2035, 2030, 2031, 2032]) == "2030 to 2032, 2035"
    assert each_year([2030, 2031, 2033], " and ") == "2030, 2031 and 2033"


def test_no_zero_has_a_sign() -> None:
    assert (percent(-0.0001), share_words(-0.0001), share_words(-0.02)) == (
        "0.0 %",
        "-0.1 to 0 %",
        "-2 %",
    )


def test_a_bound_is_spelled() -> None:
    said = [in_words(number) for number in (0.0, 1e3, 1e8, 2.5e9, -1e10)]
    assert said == ["0", "1000", "100 million", "2.5 billion", "-10 billion"]


def test_a_row_opens_a_sentence_with_a_capital() -> None:
    """A name keeps its letters; a number of things does not begin with one."""
    texts = ["row 4 is hidden", "rows 4, 5 are hidden", "iron works is no member"]
    assert [sentence(Finding(found=text)) for text in texts] == [
        "Row 4 is hidden.", "Rows 4, 5 are hidden.", "iron works is no member.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        ("planner new FILE --with Sources shows one", "planner new FILE --with Sources shows one."),
        ("no file? planner new writes one", "No file? planner new writes one."),
        ("did you mean 'Iron'?", "Did you mean 'Iron'?"),
        ("planners know better", "Planners know better."),
    ],
)
def test_a_command_to_type_keeps_its_small_letter(hint: str, shown: str) -> None:
    assert sentence(Finding(found="x is missing", hint=hint)) == f"x is missing. {shown}"
    assert capitalized("planner roll: as planned") == "planner roll: as planned"


def test_help_names_a_range_in_words() -> None:
    """The largest seed is the machine's and says nothing to a reader."""
    ranges = (IntegerOption(min=1), IntegerOption(1, 100_000), IntegerOption(0, 2**63 - 1))
    options = [click.Option(["--n"], type=kind) for kind in ranges]
    records = [option.get_help_record(click.Context(click.Command("c"))) for option in options]
    assert [record and record[1].strip() for record in records] == [
        "[1 or more]", "[1 to 100,000]", "[0 or more]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("last", "text"),
    [
        (2, "row 2 is hidden"),
        (6, "rows 2, 3, 4, 5, 6 are hidden"),
        (7, "rows 2, 3, 4, 5, 6 and 1 more are hidden"),
    ],
)
def test_five_hidden_rows_are_named_and_of_more_the_first_five(last, text) -> None:
    grid = Grid("Demand", 1, {1: "Mineral"}, hidden_rows=tuple(range(2, last + 1)))
    assert [finding.found for finding in warn_hidden("Demand", grid, {})] == [
        f"{text} but still read"
    ]
