"""Merged cells: an error on every sheet, since what the hidden ones hold is not said."""

from __future__ import annotations

import pytest

from planner.workbook import read, read_tables
from tests.small_book import faults, small_book, workbook


@pytest.mark.parametrize(
    ("sheet", "area"),
    [
        ("Lanes", "B2:B3"),  # a country whose lower row would be all countries
        ("Lanes", "A2:B2"),
        ("Demand", "C2:D2"),
        ("Demand", "C2:C3"),
        ("Freight", "B2:B3"),
        ("Freight", "B1:C1"),
        ("Refiners", "D1:E1"),
        ("Settings", "B2:B3"),
        ("Scenarios", "D2:D3"),
        ("Share limits", "D2:D6"),
    ],
)
def test_merged_cells_that_are_read_are_an_error(tmp_path, sheet: str, area: str) -> None:
    made = workbook()
    made[sheet].merge_cells(area)
    made.save(tmp_path / "book.xlsx")
    told = dict(faults(read, tmp_path / "book.xlsx"))
    assert f"the cells {area} are merged" in told[f"{sheet}!{area.partition(':')[0]}"]


def test_of_a_merged_selector_nothing_else_is_told(tmp_path) -> None:
    made = workbook()
    made["Lanes"].merge_cells("B2:B3")
    made["Refiners"].merge_cells("C2:C3")  # required in both rows
    made.save(tmp_path / "book.xlsx")
    told = faults(read, tmp_path / "book.xlsx")
    assert [place for place, _ in told] == ["Refiners!C2", "Lanes!B2"]
    assert "fill each" in told[0][1]


@pytest.mark.parametrize("area", ["E2:E3", "H2:J3"], ids=["a note", "beside the table"])
def test_merged_cells_that_no_plan_is_made_from_do_no_harm(tmp_path, area: str) -> None:
    made = workbook()
    made["Minerals"].merge_cells(area)
    made.save(tmp_path / "book.xlsx")
    assert read(tmp_path / "book.xlsx").case == read_tables(small_book()).case


def test_merged_cells_without_a_value_are_blank_cells(tmp_path) -> None:
    made = workbook()
    made["Lanes"].merge_cells("I2:J3")
    book = small_book()
    book["Lanes"][1]["First year"] = book["Lanes"][1]["Last year"] = None
    made.save(tmp_path / "book.xlsx")
    assert read(tmp_path / "book.xlsx").case == read_tables(book).case
