"""A plan workbook read back: the tables that were written, and what is no plan."""

from __future__ import annotations

import hashlib
import re

import openpyxl
import pandas as pd
import pytest

from models.errors import InputError
from models.plan import solve
from planner.render import xlsx as writing
from planner.sheets import tables, write_plan
from planner.workbook import read
from planner.workbook.plan_file import read_plan
from tests.order_book import write_order_book


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The input as read, its plan, and the plan's workbook."""
    folder = tmp_path_factory.mktemp("plan")
    book = read(write_order_book(folder / "two.xlsx"))
    plan = solve(book.case)
    write_plan(folder / "two-plan.xlsx", plan, book)
    return book, plan, folder / "two-plan.xlsx"


@pytest.fixture
def edited(made, tmp_path):
    """Change the plan's workbook and return where it is."""

    def edit(change):
        book = openpyxl.load_workbook(made[2])
        change(book)
        book.save(tmp_path / "edited.xlsx")
        return tmp_path / "edited.xlsx"

    return edit


def said(path):
    with pytest.raises(InputError) as caught:
        read_plan(path)
    return [(f.place, f.message) for f in caught.value.findings]


def test_tables_come_back_as_they_were_written(made):
    book, plan, path = made
    found = read_plan(path)
    written = tables(plan, book)
    assert list(found.tables) == list(written)
    for name in written.keys() - {"Summary", "Chart data", "Checks"}:
        before, after = written[name].to_frame(), found.tables[name]
        assert list(after.columns) == list(before.columns)
        for header in before:
            if pd.api.types.is_numeric_dtype(before[header]):
                assert pd.api.types.is_numeric_dtype(after[header]), (name, header)
                pd.testing.assert_series_equal(
                    after[header], before[header], check_dtype=False, rtol=1e-14
                )
            else:
                kept = [None if pd.isna(v) else v for v in after[header]]
                assert kept == list(before[header]), (name, header)
    assert found.tables["Plan"]["Year"].dtype == "int64"
    assert found.tables["Plan"]["Tonnes"].dtype == "float64"


def test_measures_of_summary(made):
    book, plan, path = made
    found = read_plan(path)
    assert found.number("Total cost") == pytest.approx(plan.objective, rel=1e-14)
    assert found.measure("input sha-256") == book.sha256
    assert found.unit("Total cost") == "USD"
    assert found.measure("No such row") is None
    assert found.number("Scenario") != found.number("Scenario")
    assert (found.title, found.currency, found.measure("Years")) == (
        "Two works", "USD", "2026 to 2027",
    )  # fmt: skip
    assert "Cost" not in found.measures
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_sheet_is_known_by_its_table(made, edited):
    """Renamed, with a title above it and remarks beside it."""

    def change(book):
        sheet = book["Plan"]
        sheet.title = "What we buy"
        sheet["Z1"], sheet["Z2"] = "seen", "by me"
        summary = book["Summary"]
        table = summary.tables["Summary_table"]
        del summary.tables["Summary_table"]
        summary.insert_rows(1, 2)
        summary["A1"] = "For the committee"
        column, last = re.fullmatch(r"A1:([A-Z]+)(\d+)", table.ref).groups()
        table.ref = f"A3:{column}{int(last) + 2}"
        summary.add_table(table)

    found = read_plan(edited(change))
    before = read_plan(made[2])
    pd.testing.assert_frame_equal(found.tables["Plan"], before.tables["Plan"])
    assert found.measure("Plan title") == "Two works"


def test_parts_of_a_long_table_are_one(made, tmp_path, monkeypatch):
    book, plan, path = made
    monkeypatch.setattr(writing, "MOST_ROWS", 4)
    write_plan(tmp_path / "long.xlsx", plan, book)
    assert "Plan 2" in openpyxl.load_workbook(tmp_path / "long.xlsx").sheetnames
    found = read_plan(tmp_path / "long.xlsx").tables
    assert "Plan 2" not in found
    pd.testing.assert_frame_equal(found["Plan"], read_plan(path).tables["Plan"])


def test_what_is_no_plan(made, tmp_path):
    assert "planner solve two.xlsx" in said(made[2].with_name("two.xlsx"))[0][1]
    (tmp_path / "text.xlsx").write_text("Year,Mineral")
    assert "this is text (CSV?), not a workbook" in said(tmp_path / "text.xlsx")[0][1]
    (tmp_path / "cut.xlsx").write_bytes(made[2].read_bytes()[:3000])
    assert "damaged or cut off" in said(tmp_path / "cut.xlsx")[0][1]
    assert "there is no such file" in said(tmp_path / "none.xlsx")[0][1]
    other = openpyxl.Workbook()
    other.active["A1"] = "Shopping"
    other.save(tmp_path / "other.xlsx")
    assert "it has no sheet Summary and Plan" in said(tmp_path / "other.xlsx")[0][1]


@pytest.mark.parametrize(
    ("sheet", "word"),
    [("Comparison", "comparison"), ("Frontier", "sweep"), ("Stress", "stress test")],
)
def test_studies_are_no_plans(edited, sheet, word):
    path = edited(lambda book: book.create_sheet(sheet).append(["Scenario"]))
    [(_, message)] = said(path)
    assert word in message
    assert "name the workbook of one plan" in message


def test_cells_broken_since(edited):
    def change(book):
        sheet = book["Plan"]
        sheet["G2"], sheet["E3"], sheet["H3"] = "sixty", None, "=1/0"

    assert said(edited(change)) == [
        ("Plan!E3", "the cell is blank; expected the text that planner solve wrote"),
        ("Plan!G2", "'sixty' is not a number; expected the number that planner solve wrote"),
        (
            "Plan!H3",
            (
                "a formula without a saved value; expected the number that planner solve wrote."
                " open it in Excel or LibreOffice, let it calculate and save"
            ),
        ),
    ]


def test_a_column_that_is_gone(edited):
    [(place, message)] = said(edited(lambda book: book["Plan"].delete_cols(7)))
    assert place == "Plan!A1"
    assert "the column Tonnes is missing" in message
