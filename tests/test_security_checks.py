"""Bad cells of the sheet Security: each is named, with what is expected."""

from __future__ import annotations

from typing import Any

import pytest

from models.errors import Finding, InputError, Severity
from planner.workbook import read_tables
from tests.models.desk import jin, make, sur


def found(**cells: Any) -> list[Finding]:
    """Return what is told of a row of Security with these cells, spaces as underscores."""
    row = {"Max short": 0.2} | {name.replace("_", " "): value for name, value in cells.items()}
    book = make(jin(), sur(), years=(2026, 2027), Security=[row])
    try:
        told = read_tables(book).warnings
    except InputError as error:
        told = error.findings
    return [each for each in told if each.sheet == "Security"]


@pytest.mark.parametrize(
    ("cells", "column", "said"),
    [
        ({"Mineral": "coper"}, "Mineral", "did you mean 'copper'?"),
        ({"Lost_country": "Chna"}, "Lost country", "China"),
        ({"Lost_country": "each"}, "Lost country", "leave the cell blank"),
        ({"Lost_country": "each outside Nato"}, "Lost country", "'Nato' is not defined"),
        ({"Max_short": 20}, "Max short", "did you mean 0.2 (20 %)?"),
        ({"Max_short": -0.1}, "Max short", "0 to 1"),
        (
            {"Max_short": None, "Mineral": "copper"},
            "Max short",
            "a blank cell; Max short must be filled",
        ),
        ({"Count_stocks": "maybe"}, "Count stocks", "yes or no"),
        ({"First_year": 2027, "Last_year": 2026}, "Last year", "is before the first year"),
    ],
)
def test_errors(cells: dict[str, Any], column: str, said: str) -> None:
    """An unknown name, a number out of range, a blank cell, years in the wrong order."""
    (finding,) = found(**cells)
    assert (finding.severity, finding.column) == (Severity.ERROR, column)
    assert said in f"{finding.message} {finding.expected} {finding.hint}"


@pytest.mark.parametrize(
    ("cells", "column", "said"),
    [
        ({"Lost_country": "Peru"}, "Lost country", "no refiner of any mineral in Peru"),
        ({"Lost_country": "ROW"}, "Lost country", "Rest of world stands for many suppliers"),
        (
            {"Lost_country": "each outside other"},
            "Lost country",
            "no refiner of any mineral is in a country outside the bloc other",
        ),
        ({"Last_year": 2020}, "Last year", "is before the first planned year"),
    ],
)
def test_warnings(cells: dict[str, Any], column: str, said: str) -> None:
    """A country that sells nothing, or a row that never applies."""
    (finding,) = found(**cells)
    assert (finding.severity, finding.column) == (Severity.WARNING, column)
    assert said in finding.message


def test_a_good_row_is_told_nothing_of() -> None:
    """Whatever way a country is spelt."""
    assert found(Lost_country="chn") == found(Lost_country="Each Outside Coalition") == []
