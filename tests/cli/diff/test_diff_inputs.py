"""The inputs of two plans compared: cell by cell, rows paired by what they are of."""

from __future__ import annotations

import contextlib
import shutil
from typing import Any

import openpyxl
import pytest

from models.case import normalize
from models.errors import InputError
from models.results import Format
from models.results.difference import InputChanges
from planner.documents.inputs import Inputs, _change_rows
from planner.workbook import read_tables
from planner.workbook.template import template_tables
from tests.order_book import PLAN as OLD
from tests.order_book import order_rows, table, write_order_book
from tests.small_book import small_book


@pytest.mark.slow
def test_inputs_by_cell(old, dearer, call, ask):
    """Found beside the plans by name and SHA-256."""
    _, answer = ask("diff", OLD, dearer)
    assert answer["inputs"]["compared"]
    assert answer["inputs"]["notes"] == []
    rows = {
        (r["sheet"], r["old_cell"], r["new_cell"]): (r["old"], r["new"])
        for r in answer["inputs"]["rows"]
    }
    assert rows == {
        ("Refiners", "D2", "D2"): (100, 80),
        ("Refiners", "E2", "E2"): (10, 11),
        ("Demand", "E2", "E2"): (100, 110),
    }
    books = [openpyxl.load_workbook(name) for name in ("two.xlsx", "dearer.xlsx")]
    for (sheet, *cells), values in rows.items():
        found = [book[sheet][cell].value for book, cell in zip(books, cells, strict=True)]
        assert found == list(values), (sheet, cells)
    _, _, err = call("diff", OLD, dearer)
    assert "3 inputs differ" in err
    assert "Refiners!D2 China works, Copper: Capacity (t/yr) 2026 to 2027: 100 to 80" in err
    sheet = table("outputs/dearer-plan-diff.xlsx", "Inputs")
    assert [(r["Sheet"], r["Cell in new workbook"], r["Old"], r["New"]) for r in sheet] == [
        ("Refiners", "D2", 100, 80),
        ("Refiners", "E2", 10, 11),
        ("Demand", "E2", 100, 110),
    ]


@pytest.mark.slow
def test_rows_are_paired_by_what_they_are(old, made, ask):
    """A refiner more on top, the others further down, another discount rate: no more differs."""
    rows = order_rows()
    new = {**rows["Refiners"][1], "Refiner": "Peru works", "Country": "Peru"}
    settings = [*rows["Settings"], {"Setting": "Discount rate", "Value": 0.05}]
    path = made("more", Refiners=[new, *reversed(rows["Refiners"])], Settings=settings, Lanes=[])
    _, answer = ask("diff", OLD, path)
    found = answer["inputs"]["rows"]
    assert {row["what"] for row in found if row["sheet"] == "Refiners"} == {
        "Peru works, Copper: Country",
        "Peru works, Copper: Capacity (t/yr)",
        "Peru works, Copper: Cost (USD/t)",
    }
    assert [r["new"] for r in found if r["what"].endswith("Country")] == ["Peru"]
    [rate] = [row for row in found if row["sheet"] == "Settings"]
    assert (rate["what"], rate["old"], rate["new"]) == ("Discount rate", 0, 0.05)
    [lane] = [row for row in found if row["sheet"] == "Lanes"]
    assert lane["new"] == "removed"
    assert len(found) == 5
    assert any("discounted at 5 % a year in the new one" in said for said in answer["notes"])


@pytest.mark.slow
def test_a_changed_name_is_one_change(old, made, ask):
    """Nothing but one cell of the row is another: the row is still the same row."""
    rows = order_rows()
    rows["Refiners"][0]["Refiner"] = "Another name"
    _, answer = ask("diff", OLD, made("renamed", Refiners=rows["Refiners"]))
    [found] = answer["inputs"]["rows"]
    assert (found["old"], found["new"]) == ("China works", "Another name")
    assert (found["old_cell"], found["new_cell"]) == ("A2", "A2")


@pytest.mark.slow
def test_added_rows_and_later_years_by_cell(old, made, call, ask):
    """Every cell that is told holds in its workbook what is told of it."""
    rows = order_rows()
    rows["Members"].append({"Member": "C"})
    rows["Demand"].append({"Mineral": "Copper", "Member": "C", "2026": 5, "2027": 7})
    rows["Refiners"].insert(
        0,
        {
            "Refiner": "New", "Mineral": "Copper", "Country": "Peru", "Capacity (t/yr)": 6,
            "Capacity 2027 (t/yr)": 9, "Cost (USD/t)": 3,
        },
    )  # fmt: skip
    rows["Refiners"][1]["Capacity 2027 (t/yr)"] = 120
    freight = [{"From country": "Chile", "A": 2, "C": 3}]
    path = made("grown", **{**rows, "Freight": freight})
    _, answer = ask("diff", OLD, path)
    found = {r["what"]: r for r in answer["inputs"]["rows"]}
    assert set(found) == {
        "C",
        "China works, Copper: Capacity (t/yr) 2027",
        "New, Copper: Country",
        "New, Copper: Capacity (t/yr)",
        "New, Copper: Capacity (t/yr) 2027",
        "New, Copper: Cost (USD/t)",
        "Copper, C: Demand (t) 2026",
        "Copper, C: Demand (t) 2027",
        "Chile: Freight (USD/t) to A",
        "Chile: Freight (USD/t) to C",
    }
    assert len(found) == len(answer["inputs"]["rows"])
    there, here = (openpyxl.load_workbook(name) for name in ("two.xlsx", "grown.xlsx"))
    assert (found["C"]["new"], found["C"]["old_cell"]) == ("added", "")
    assert here["Members"][found.pop("C")["new_cell"]].value == "C"
    for row in found.values():
        assert here[row["sheet"]][row["new_cell"]].value == row["new"], row
    later = found.pop("China works, Copper: Capacity (t/yr) 2027")
    assert there["Refiners"][later["old_cell"]].value == later["old"] == 100
    assert {row["old_cell"] for row in found.values()} == {""}
    _, back = ask("diff", path, OLD)
    gone = {r["what"]: r["old_cell"] for r in back["inputs"]["rows"] if r["new"] == "removed"}
    assert gone == {"C": "A4", "New, Copper": "A2", "Copper, C": "A4", "Chile": "A2"}


@pytest.mark.slow
def test_years_that_are_gone_have_no_cell(old, made, ask):
    demand = [{"Mineral": "Copper", "Member": n, "2027": v} for n, v in (("A", 100), ("B/C", 60))]
    _, answer = ask("diff", OLD, made("short", Demand=demand))
    assert [
        (r["what"], r["old_cell"], r["new_cell"], r["old"], r["new"])
        for r in answer["inputs"]["rows"]
    ] == [
        ("Copper, A: Demand (t) 2026", "D2", "", 60, "removed"),
        ("Copper, B/C: Demand (t) 2026", "D3", "", 40, "removed"),
    ]


@pytest.mark.slow
def test_lanes_in_another_order(old, made, ask):
    lanes = [{"From country": "Chile", "Tariff": 1}, {"From country": "Chile", "Tariff": 2}]
    paths = [made(name, Lanes=rows) for name, rows in (("up", lanes), ("down", lanes[::-1]))]
    _, answer = ask("diff", *paths)
    [row] = answer["inputs"]["rows"]
    assert row["sheet"] == "Lanes"
    assert "another order" in row["what"]


@pytest.mark.slow
def test_scenarios_that_differ(folder, call, ask):
    step = {"Scenario": "Half", "Action": "scale capacity", "Country": "China", "Value": 0.5}
    write_order_book(folder / "one.xlsx", Scenarios=[step])
    write_order_book(folder / "two.xlsx", Scenarios=[{**step, "Value": 0.6}])
    for name in ("one", "two"):
        call("solve", f"{name}.xlsx", "--scenario", "Half")
    call("solve", "one.xlsx", "--output", "base.xlsx")
    _, answer = ask("diff", "outputs/one-Half-plan.xlsx", "outputs/two-Half-plan.xlsx")
    assert [
        (r["sheet"], r["old_cell"], r["new_cell"], r["what"], r["old"], r["new"])
        for r in answer["inputs"]["rows"]
    ] == [
        (
            "Scenarios", "L2", "L2",
            "Scenario Half, Action scale capacity, Country China: Value", 0.5, 0.6,
        ),
    ]  # fmt: skip
    _, answer = ask("diff", "base.xlsx", "outputs/one-Half-plan.xlsx")
    assert {"what": "Scenario", "old": "Base", "new": "Half"} in answer["words"]
    assert answer["inputs"]["rows"] == []


@pytest.mark.slow
def test_steps_that_one_workbook_has(folder, call, ask):
    step = {"Scenario": "Half", "Action": "scale capacity", "Country": "China", "Value": 0.5}
    more = {"Scenario": "Half", "Action": "drop share limits"}
    for name, rows in (("one", [step]), ("two", [more, step])):
        write_order_book(folder / f"{name}.xlsx", Scenarios=rows)
        call("solve", f"{name}.xlsx", "--scenario", "Half")
    plans = [f"outputs/{name}-Half-plan.xlsx" for name in ("one", "two")]
    for pair, word in ((plans, "added"), (plans[::-1], "removed")):
        _, answer = ask("diff", *pair)
        [row] = answer["inputs"]["rows"]
        assert (row["what"], row["new"]) == ("Scenario Half, Action drop share limits", word)
        assert [row[key] != "" for key in ("old_cell", "new_cell")] == [
            word == "removed",
            word == "added",
        ]


@pytest.mark.slow
@pytest.mark.parametrize("source", ["small", "template"])
def test_each_changed_cell_is_one_change(source):
    """Whatever cell of whatever sheet is changed, one line tells it, with that cell."""
    tables: dict[str, Any] = small_book() if source == "small" else template_tables()
    old = read_tables(tables)
    scenarios = {normalize(step.name) for step in old.case.scenarios}
    compared = 0
    for sheet, rows in tables.items():
        for at, row in enumerate(rows):
            for header, value in [*row.items()]:
                if header in {"Note", "Source"} or not isinstance(value, int | float | str):
                    continue
                other = f"{value}x" if isinstance(value, str) else value * 0.9
                tables[sheet][at] = {**row, header: other}
                with contextlib.suppress(InputError):
                    new = read_tables(tables)
                    found = [change for change, _ in _change_rows(old, new, scenarios)]
                    assert len(found) <= 1, (sheet, at, header, found)
                    compared += len(found)
            tables[sheet][at] = row
    assert compared > 40


@pytest.mark.slow
def test_inputs_that_are_not_found(old, dearer, call, ask):
    """The old workbook was changed after its plan was made."""
    shutil.copy("two.xlsx", "kept.xlsx")
    shutil.copy("dearer.xlsx", "two.xlsx")
    _, answer = ask("diff", OLD, dearer)
    assert not answer["inputs"]["compared"]
    assert "two-plan.xlsx (two.xlsx, SHA-256 " in answer["inputs"]["said"]
    assert "name both with --inputs" in answer["inputs"]["said"]
    assert answer["totals"]["demand_t"]["change"] == pytest.approx(10)
    _, answer = ask("diff", OLD, dearer, "--inputs", "kept.xlsx", "dearer.xlsx")
    assert answer["inputs"]["compared"]
    assert len(answer["inputs"]["rows"]) == 3
    _, answer = ask("diff", OLD, dearer, "--inputs", "two.xlsx", "dearer.xlsx")
    [note] = answer["inputs"]["notes"]
    assert "two.xlsx is not the file that two-plan.xlsx was made from" in note
    assert answer["inputs"]["rows"] == []
    code, _, err = call("diff", OLD, dearer, "--inputs", "two.xlsx", OLD)
    assert code == 1
    assert f"{OLD}: " in err


def changed(*rows):
    """Inputs that differ, by hand; each row with the look of its values."""
    names = ("sheet", "old_cell", "new_cell", "what", "old", "new")
    formats = [fmt for *_, fmt in rows]
    made = [dict(zip(names, row, strict=False)) for row in rows]
    changes = InputChanges.of_rows(made, formats={"old": formats, "new": formats})
    return Inputs(changes, "", are_compared=True)


def test_inputs_that_differ_are_counted():
    one = ("Demand", "E2", "E2", "Copper", 1.0, 2.0, Format.TONNES)
    assert changed().count == "no input differs"
    assert changed(one).count == "1 input differs"
    assert changed(one, one).count == "2 inputs differ"
    assert changed(*[one] * 1000).count == "1,000 inputs differ"


def test_inputs_in_words():
    """A number, a share, a year, a blank cell, a row that is gone, one added, another order."""
    assert [*changed(
        ("Demand", "E2", "F2", "Copper", 1234.5, 0.0, Format.TONNES),
        ("Share limits", "C2", "C2", "Share", 0.655, None, Format.SHARE),
        ("Projects", "H2", "H2", "P", 2027, 2030.0, Format.YEAR),
        ("Members", "A3", "", "B", None, "removed", Format.TEXT),
        ("Members", "", "A4", "C", None, "added", Format.TEXT),
        ("Lanes", "", "", "the same rows in another order", None, None, Format.TEXT),
        ("Settings", "B2", "B2", "x" * 70, "y" * 40, "z", Format.TEXT),
    ).in_words] == [
        ("Demand!F2", "Copper", "1,234.5", "0"),
        ("Share limits!C2", "Share", "65.5 %", "blank"),
        ("Projects!H2", "P", "2027", "2030"),
        ("Members!A3 (old)", "B", "", "removed"),
        ("Members!A4", "C", "", "added"),
        ("Lanes", "the same rows in another order", "", ""),
        ("Settings!B2", "x" * 59 + "…", "y" * 27 + "…", "z"),
    ]  # fmt: skip
