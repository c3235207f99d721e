"""A row or column of totals is told as such, in one finding."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl.utils import get_column_letter

from models.checks.common import is_total
from models.errors import InputError, Severity
from planner.workbook import read, read_tables
from planner.workbook.template import template_tables
from tests.books import editing, write_book
from tests.small_book import add, both, column, faults, put, small_book


@pytest.mark.parametrize("name", ["Total", "TOTAL:", "Sum", "Subtotal", "Sub-total copper"])
@pytest.mark.parametrize(
    ("sheet", "rest"),
    [
        ("Demand", (None, 1400, 1480)),
        ("Demand", ("Total", 1400, 1480)),
        ("Refiners", (None, None, 7600)),
        ("Refiners", ("Copper", None, 7600)),
        ("Mines", (None, 5000)),
        ("Freight", (1, 2, 3)),
        ("Minerals", ()),
        ("Budget", (40,)),
        ("Stockpiles", (None, 100)),
        ("Lanes", ()),
        ("Ore lanes", ()),
        ("Countries", ()),
    ],
)
def test_a_total_row_is_one_finding(sheet: str, rest: tuple[object, ...], name: str) -> None:
    book = small_book()
    add(sheet, name, *rest)(book)
    at = f"{sheet}!A{len(book[sheet]) + 1}"
    told = faults(read_tables, book)
    assert [place for place, _ in told] == [at]
    assert "this looks like a total row; remove it" in told[0][1]


@pytest.mark.parametrize("row", [("Total", None, None), ("Codelco", "Copper", "Total")])
def test_a_total_of_what_is_bought_today(row: tuple[object, ...]) -> None:
    book = small_book()
    headers = ("Refiner", "Mineral", "Member")
    rows = [("Codelco", "Copper", "Japan"), row]
    book["Current supply"] = [
        dict(zip((*headers, "Tonnes (t/yr)"), (*names, 40), strict=True)) for names in rows
    ]
    told = faults(read_tables, book)
    at = "A3" if row[0] == "Total" else "C3"
    assert [place for place, _ in told] == [f"Current supply!{at}"]
    assert "this looks like a total row" in told[0][1]


def test_a_subtotal_of_one_mineral() -> None:
    book = small_book()
    add("Demand", "Copper", "Total", 1100, 1160)(book)
    told = faults(read_tables, book)
    assert [place for place, _ in told] == ["Demand!B5"]
    assert "this looks like a total row" in told[0][1]


@pytest.mark.parametrize(
    ("sheet", "header", "name"),
    [
        ("Lanes", "To member", "Total"),
        ("Lanes", "From country", "Summe"),
        ("Mines", "Country", "Gesamtsumme"),
        ("Minerals", "Note", "Total:"),
        ("Demand", "Note", "Sum"),
        ("Refiners", "No.", "Sum"),
        ("Refiners", "Kind", "合計"),
    ],
)
def test_the_word_in_another_cell_than_the_first(sheet: str, header: str, name: str) -> None:
    """The cell that must name the row is blank, or the name is one that may be left out."""
    book = small_book()
    if header not in book[sheet][0]:
        book[sheet] = [{header: at, **row} for at, row in enumerate(book[sheet], start=1)]
    numbers = {h: 5 for h, v in book[sheet][0].items() if isinstance(v, int | float)}
    book[sheet].append({**dict.fromkeys(book[sheet][0]), **numbers, header: name})
    told = faults(read_tables, book)
    at = get_column_letter([*book[sheet][0]].index(header) + 1)
    assert [place for place, _ in told] == [f"{sheet}!{at}{len(book[sheet]) + 1}"]
    assert f"{name!r}: this looks like a total row; remove it" in told[0][1]


def test_a_total_beside_the_table(tmp_path: Path) -> None:
    """The word stands in a column without a header."""
    tables = template_tables()
    write_book(tmp_path / "case.xlsx", tables)
    with editing(tmp_path / "case.xlsx") as book:
        sheet = book["Demand"]
        row, free = len(tables["Demand"]) + 2, sheet.max_column + 1
        sheet.cell(row, 3, 5000)
        sheet.cell(row, free, "Total")
    with pytest.raises(InputError) as error:
        read(tmp_path / "case.xlsx")
    [finding] = [f for f in error.value.findings if f.severity is Severity.ERROR]
    assert finding.place == f"Demand!{get_column_letter(free)}{row}"
    assert "this looks like a total row" in finding.message


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
