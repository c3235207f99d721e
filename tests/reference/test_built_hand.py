"""Begun plants, fill and draw of stocks worked by hand; the arithmetic is in each docstring."""

from __future__ import annotations

import pytest

from .cases_sheets import BookT
from .formulation import evaluate, solve
from .hand import book_of, project, seller
from .program import NoOptimumError
from .test_reference import put


def begun(years: int = 3, *built: tuple[int, float], **cells: object) -> BookT:
    """100 t a year wanted, a t short costs 100,000; a project of 100 t at 10 with life 2 that costs
    USD 500,000 a year."""
    book = book_of({"tin": 100.0}, [seller("Idle", "tin", "CHN", 1, 0)], years=years, short=100_000)
    put(book, "Cost of capital", 0)
    book["Projects"] = [project("P", "tin", "AUS", 10, **cells)]
    book["Built"] = [{"Project": "P", "Year": year, "Fraction": part} for year, part in built]
    return book


def test_builds_that_break_a_rule() -> None:
    """More than is left, and a build in a year with a row, have no plan."""
    book = begun(2, (2026, 0.5))
    assert solve(book, {("P", 2027): 0.5}).objective == pytest.approx(solve(book).objective)
    for builds in ({("P", 2027): 0.6}, {("P", 2026): 0.1}):
        with pytest.raises(NoOptimumError):
            solve(book, builds)
    found = evaluate(book, solve(begun(2)).flows)
    assert found.violation == pytest.approx(100)
