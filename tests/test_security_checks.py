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


ERROR, WARNING = Severity.ERROR, Severity.WARNING


@pytest.mark.parametrize(
    ("severity", "cells", "column", "said"),
    [
        (ERROR, {"Mineral": "coper"}, "Mineral", "did you mean 'copper'?"),
        (ERROR, {"Lost_country": "Chna"}, "Lost country", "China"),
        (ERROR, {"Lost_country": "each"}, "Lost country", "leave the cell blank"),
        (ERROR, {"Lost_country": "each outside Nato"}, "Lost country", "'Nato' is not defined"),
        (ERROR, {"Max_short": 20}, "Max short", "did you mean 0.2 (20 %)?"),
        (ERROR, {"Max_short": -0.1}, "Max short", "0 to 1"),
        (ERROR, {"Max_short": None, "Mineral": "copper"}, "Max short", "Max short must be filled"),
        (ERROR, {"Count_stocks": "maybe"}, "Count stocks", "yes or no"),
        (ERROR, {"First_year": 2027, "Last_year": 2026}, "Last year", "is before the first year"),
        (WARNING, {"Lost_country": "Peru"}, "Lost country", "no refiner of any mineral in Peru"),
        (WARNING, {"Lost_country": "ROW"}, "Lost country", "stands for many suppliers"),
        (
            WARNING,
            {"Lost_country": "each outside other"},
            "Lost country",
            "no refiner of any mineral is in a country outside the bloc other",
        ),
        (WARNING, {"Last_year": 2020}, "Last year", "is before the first planned year"),
    ],
)
def test_what_is_told(severity: Severity, cells: dict[str, Any], column: str, said: str) -> None:
    """An error: a bad name, number, blank cell or years. A warning: a row that never applies."""
    (finding,) = found(**cells)
    assert (finding.severity, finding.column) == (severity, column)
    assert said in f"{finding.message} {finding.expected} {finding.hint}"


def test_a_good_row_is_told_nothing_of() -> None:
    """Whatever way a country is spelt."""
    assert found(Lost_country="chn") == found(Lost_country="Each Outside Coalition") == []
