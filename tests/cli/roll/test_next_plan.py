"""A plan of a rolled workbook says what it changes, and what of the plan before still holds."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.cli.roll.book import PLAN, change, write_three
from tests.order_book import table

NEXT = "outputs/next-plan.xlsx"
SINCE = "Orders new or larger since the last plan: {}; gone or smaller: {}."


@pytest.fixture
def rolled(three, folder, call):
    """The next workbook of three years."""
    assert call("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "next.xlsx")[0] == 0
    return folder / "next.xlsx"


@pytest.fixture
def commands(call, ask):
    """Both ways to run a command: for its words and for its JSON."""
    return call, ask


def texts(path):
    """All that the first page says."""
    page = openpyxl.load_workbook(path)["Overview"]
    words = (str(c.value) for row in page.iter_rows() for c in row if c.value)
    return "\n".join(words).replace("\u00a0", " ")


def changes():
    """Tonnes of each order that differs from the previous plan: before, now and the change."""
    headers = ("Ordered before", "Ordered now", "Change")
    return {
        (row["Year"], row["Refiner"]): tuple(row[header] for header in headers)
        for row in table(NEXT, "Since last plan")
    }


def test_nothing_new_keeps_every_order(rolled, call):
    """The plan before holds, order by order."""
    assert call("solve", "next.xlsx")[0] == 0
    assert "last plan" not in texts(NEXT)
    assert changes() == {}


@pytest.mark.slow
def test_what_changed_and_what_holds(rolled, call):
    """Near sells 30 of 60 t: far comes in for 30 t; 60 of 100 t of each year stay."""
    change(rolled, "Refiners", "Capacity (t/yr)", 2, 30)
    assert call("solve", "next.xlsx")[0] == 0
    assert SINCE.format(2, 2) in texts(NEXT)
    assert changes() == {
        (year, name): pytest.approx(tonnes)
        for year in (2027, 2028)
        for name, tonnes in {"Near": (60, 30, -30), "Far": (0, 30, 30)}.items()
    }
    assert call("verify", NEXT, "next.xlsx")[0] == 0


@pytest.mark.slow
def test_a_plant_that_is_built_later(folder, call):
    """The plant was planned for 2028; its first year is put off by a year."""
    write_three(folder / "three.xlsx")
    change(folder / "three.xlsx", "Projects", "First year", 2, 2028)
    assert call("solve", "three.xlsx")[0] == 0
    assert call("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "next.xlsx")[0] == 0
    change(folder / "next.xlsx", "Projects", "First year", 2, 2029)
    assert call("solve", "next.xlsx")[0] == 0
    assert "Orders new or larger since the last plan: " in texts(NEXT)
    rows = changes()
    assert rows.pop((2028, "New works")) == pytest.approx((40, 0, -40))
    assert {name for _, name in rows} == {"Far"}
    assert sum(row[2] for row in rows.values()) == pytest.approx(40)


def test_a_plain_workbook_has_no_plan_before(rolled, call):
    """No sheet, no line on the first page."""
    assert "plan before" not in texts(PLAN)
    assert "Since last plan" not in openpyxl.load_workbook(PLAN).sheetnames


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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("near", "far", "words"),
    [
        (60, 1000, "pays as much for purchases and leaves nothing missing, like the old one."),
        (30, 1000, "pays 37.5 % more for purchases and leaves nothing missing, like the old one."),
        (30, 10, "pays 12.5 % less for purchases and leaves 30 t more missing."),
        (0, 10, "pays 50.0 % less for purchases and leaves 90 t more missing."),
        (59.5, 0, "pays 0.6 % less for purchases and leaves nothing missing, like the old one."),
    ],
)
def test_two_plans_are_compared_in_their_common_years(rolled, commands, near, far, words):
    """Old in 2027 and 2028: 60 + 20 a year. New: near at 1, far at 2, and 20 for the plant.

    The reserve gives 10 t where anything is missing. What nobody sells now is no longer ordered.
    """
    call, ask = commands
    change(rolled, "Refiners", "Capacity (t/yr)", 2, near)
    change(rolled, "Refiners", "Capacity (t/yr)", 3, far)
    assert call("solve", "next.xlsx")[0] == 0
    code, _, err = call("diff", PLAN, NEXT)
    assert code == 0
    assert f"Over the years that are in both plans (2027, 2028), the new plan {words}" in err
    totals = ask("diff", PLAN, NEXT)[1]["totals"]
    paid, bought = 2 * (near + 2 * min(far, 60 - near) + 20), 2 * (near + min(far, 60 - near) + 40)
    assert (totals["purchases"]["old"], totals["purchases"]["new"]) == pytest.approx((160, paid))
    assert totals["tonnes"]["change"] == pytest.approx(bought - 200)
    assert sum(row[2] for row in changes().values()) == pytest.approx(bought - 200)
    gone = sum(row[2] < 0 for row in changes().values())
    assert (SINCE.format(len(changes()) - gone, gone) in texts(NEXT)) == bool(changes())
    short = max(0, 200 - bought - 10)
    assert totals["shortage_t"]["change"] == pytest.approx(short)
    assert totals["demand_t"]["change"] == 0
    assert totals["served_share"]["new"] == pytest.approx(1 - short / 200)
    assert totals["objective"]["change"] is totals["cash"]["change"] is None
