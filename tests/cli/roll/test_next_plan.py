"""A plan of a rolled workbook says what it changes, and what of the plan before still holds."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.cli.roll.book import PLAN, write_three
from tests.order_book import table

NEXT = "outputs/next-plan.xlsx"


@pytest.fixture
def rolled(three, folder, call):
    """The next workbook of three years."""
    assert call("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "next.xlsx")[0] == 0
    return folder / "next.xlsx"


def texts(path):
    """All that the first page says."""
    page = openpyxl.load_workbook(path)["Overview"]
    words = (str(c.value) for row in page.iter_rows() for c in row if c.value)
    return "\n".join(words).replace("\u00a0", " ")


def change(path, sheet, header, row, value):
    """Set a cell of a workbook by its header."""
    book = openpyxl.load_workbook(path)
    cells = {c.value: c.column for c in book[sheet][1]}
    book[sheet].cell(row, cells[header]).value = value
    book.save(path)


def test_nothing_new_keeps_every_order(rolled, call):
    """The plan before holds, order by order."""
    assert call("solve", "next.xlsx")[0] == 0
    assert "Every order of 2027 to 2028 is the same as before." in texts(NEXT)
    assert table(NEXT, "Since last plan") == []


def test_what_changed_and_what_holds(rolled, call):
    """Near sells 30 of 60 t: far comes in for 30 t; 60 of 100 t of each year stay."""
    change(rolled, "Refiners", "Capacity (t/yr)", 2, 30)
    assert call("solve", "next.xlsx")[0] == 0
    page = texts(NEXT)
    assert "70 % of its tonnes come from the same supplier as before" in page
    assert "2 orders changed, 0 went, 2 came." in page
    rows = {(r["Year"], r["Refiner"]): r for r in table(NEXT, "Since last plan")}
    assert (rows[2027, "Near"]["Ordered before"], rows[2027, "Near"]["Ordered now"]) == (60, 30)
    assert rows[2028, "Far"]["Change"] == pytest.approx(30)


def test_a_plant_that_is_built_later(folder, call):
    """The plant was planned for 2028; its first year is put off by a year."""
    write_three(folder / "three.xlsx")
    change(folder / "three.xlsx", "Projects", "First year", 2, 2028)
    assert call("solve", "three.xlsx")[0] == 0
    assert call("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "next.xlsx")[0] == 0
    change(folder / "next.xlsx", "Projects", "First year", 2, 2029)
    assert call("solve", "next.xlsx")[0] == 0
    assert "New (not built, was 2028)" in texts(NEXT)


def test_it_is_verified_like_any_plan(rolled, call):
    """Written again from its values, part for part."""
    call("solve", "next.xlsx")
    assert call("verify", NEXT, "next.xlsx")[0] == 0


def test_a_plain_workbook_has_no_plan_before(rolled, call):
    """No sheet, no line on the first page."""
    assert "plan before" not in texts(PLAN)
    assert "Since last plan" not in openpyxl.load_workbook(PLAN).sheetnames


def test_a_redacted_copy_keeps_no_order_of_before(folder, call):
    """The sheet names members: it goes."""
    names = {"A": "France", "B": "Japan", "C": "Canada"}
    write_three(
        folder / "three.xlsx",
        Members=[{"Member": name, "Country": country} for name, country in names.items()],
        Demand=[
            {"Mineral": "Copper", "Member": name, "2026": 40, "2027": 50, "2028": 60}
            for name in names
        ],
        Stockpiles=[],
    )
    assert call("solve", "three.xlsx")[0] == 0
    assert call("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "next.xlsx")[0] == 0
    change(folder / "next.xlsx", "Refiners", "Capacity (t/yr)", 2, 30)
    assert call("solve", "next.xlsx")[0] == 0
    assert len(table(NEXT, "Since last plan")) > 0
    words = ("redact", NEXT, "--member", "A", "--member", "B", "-o", "open.xlsx")
    assert call(*words)[0] == 0
    assert "Since last plan" not in openpyxl.load_workbook("open.xlsx").sheetnames


def test_past_years_are_kept_and_not_read(rolled, ask, call):
    """The column has another header, and its numbers."""
    sheet = openpyxl.load_workbook(rolled)["Demand"]
    headers = [c.value for c in sheet[1]]
    assert sheet.cell(2, headers.index("Past 2026") + 1).value == 100
    code, answer = ask("check", "next.xlsx")
    assert code == 0
    assert not [w for w in answer["warnings"] if w["sheet"] == "Demand"]


def test_wrong_rows_of_the_plan_before(rolled, ask):
    """Somebody typed over them: an error at the cell, as in any sheet."""
    change(rolled, "Orders before", "Tonnes (t)", 2, "many")
    code, answer = ask("check", "next.xlsx")
    assert code == 1
    assert answer["errors"][0]["sheet"] == "Orders before"
    assert Path("next.xlsx").exists()
