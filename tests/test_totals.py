"""A row or column of totals is told as such, in one finding."""

from __future__ import annotations

import pytest

from models.checks.common import is_total
from models.errors import Severity
from planner.workbook import read_tables
from tests.small_book import add, both, column, faults, put, small_book


@pytest.mark.parametrize("name", ["Total", "TOTAL:", "Sum", "Subtotal", "Sub-total copper"])
@pytest.mark.parametrize(
    ("sheet", "rest"),
    [("Demand", (None, 1400)), ("Demand", ("Japan", 1)), ("Refiners", ("Copper", None, 5))],
)
def test_a_total_row_is_told_as_such(sheet: str, rest: tuple[object, ...], name: str) -> None:
    book = small_book()
    add(sheet, name, *rest)(book)
    told = faults(read_tables, book)
    assert "this looks like a total row; remove it" in told[0][1]


@pytest.mark.parametrize(
    ("sheet", "cells", "at"),
    [
        ("Contracts", {"Contract": "Total"}, "A"),
        ("Lanes", {"Max (t/yr)": 900, "Note": "Sum"}, "K"),
    ],
)
def test_a_total_that_is_complete_is_a_warning(
    sheet: str, cells: dict[str, object], at: str
) -> None:
    book = small_book()
    first = book[sheet][0] if sheet == "Contracts" else dict.fromkeys(book[sheet][0])
    book[sheet].append({**first, **cells})
    said = [f for f in read_tables(book).warnings if "total row" in f.message]
    assert [f.place for f in said] == [f"{sheet}!{at}{len(book[sheet]) + 1}"]


@pytest.mark.parametrize("sheet", ["Demand", "Freight"])
def test_a_total_column(sheet: str) -> None:
    book = small_book()
    column(sheet, "Total", 1, 2, 3, 4)(book)
    told = faults(read_tables, book)
    assert len(told) == 1
    assert "this looks like a total column; remove it" in told[0][1]


def test_a_member_of_that_name_is_one() -> None:
    """Its errors are told as they are; the name alone is a warning."""
    book = small_book()
    both(
        add("Members", "Total"),
        column("Freight", "Total", 1, 1, 1, 1),
        add("Demand", "Copper", "Total", "x", 5),
    )(book)
    told = faults(read_tables, book)
    assert [place for place, _ in told] == ["Demand!C5"]
    assert "the text 'x'" in told[0][1]
    put("Demand", 5, "2026", 5)(book)
    said = [f for f in read_tables(book).warnings if "total row" in f.message]
    assert [f.place for f in said] == ["Members!A5"]
    assert said[0].severity is Severity.WARNING


@pytest.mark.parametrize("name", ["TotalEnergies", "Summit", "Sumitomo", "Totality", "Assume"])
def test_names_that_only_begin_so_are_names(name: str) -> None:
    assert not is_total(name)
