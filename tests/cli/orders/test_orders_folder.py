"""The folder of orders: what is replaced, and what is left alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from planner.documents.folder import file_names
from tests.books import editing
from tests.order_book import PLAN, order_rows, write_order_book


def test_a_second_run_replaces_its_own_and_no_more(plan, call, ask, folder):
    call("orders", PLAN, "orders")
    Path("orders/mine.txt").write_text("keep")
    rows = order_rows()
    rows["Members"][1]["Member"] = rows["Demand"][1]["Member"] = "New"
    rows["Stockpiles"][0]["Member"] = "New"
    write_order_book(folder / "new.xlsx", **rows)
    call("solve", "new.xlsx")
    code, answer = ask("orders", "outputs/new-plan.xlsx", "orders")
    assert (code, answer["removed"], answer["kept"]) == (0, ["B-C.xlsx"], [])
    assert sorted(p.name for p in Path("orders").iterdir()) == [
        "A.xlsx", "New.xlsx", "README.txt", "mine.txt", "orders.csv", "orders.json",
    ]  # fmt: skip
    listed = json.loads(Path("orders/orders.json").read_text(encoding="utf-8"))["files"]
    assert set(listed) == {"A.xlsx", "New.xlsx", "README.txt", "orders.csv"}


@pytest.mark.parametrize("is_open", [True, False])
def test_orders_of_a_member_that_left_and_that_somebody_needs(plan, call, ask, is_open, folder):
    """The workbook of B/C stays where it was changed or is open, and is told."""
    call("orders", PLAN, "orders")
    if is_open:
        Path("orders/.~lock.B-C.xlsx#").write_text("open")
    else:
        with editing("orders/B-C.xlsx") as book:
            book["Orders"]["T2"] = "PO 4711"
    before = Path("orders/B-C.xlsx").read_bytes()
    rows = order_rows()
    rows["Members"].pop()
    rows["Demand"].pop()
    rows["Stockpiles"] = []
    write_order_book(folder / "alone.xlsx", **rows)
    call("solve", "alone.xlsx")
    code, _, err = call("orders", "outputs/alone-plan.xlsx", "orders")
    assert code == 0
    assert "Kept          B-C.xlsx" in err
    assert Path("orders/B-C.xlsx").read_bytes() == before
    code, _, err = call("orders", PLAN, "orders")
    assert code == 4
    assert "B-C.xlsx, which planner orders did not write" in err


@pytest.mark.parametrize("name", ["A.xlsx", "orders.csv", "README.txt", "orders.json"])
def test_files_of_others_are_left_alone(plan, call, name):
    Path("orders").mkdir()
    Path("orders", name).write_text("mine")
    code, _, err = call("orders", PLAN, "orders")
    assert code == 4
    assert "choose another folder" in err
    assert [p.name for p in Path("orders").iterdir()] == [name]
    assert Path("orders", name).read_text() == "mine"


def test_orders_that_somebody_changed_are_left_alone(plan, call):
    call("orders", PLAN, "orders")
    with editing("orders/A.xlsx") as book:
        book["Orders"]["T2"] = "PO 4711"
    before = Path("orders/A.xlsx").read_bytes()
    code, _, err = call("orders", PLAN, "orders")
    assert code == 4
    assert "A.xlsx in orders changed since planner orders wrote it" in err
    assert Path("orders/A.xlsx").read_bytes() == before


def test_orders_that_are_open(plan, call):
    call("orders", PLAN, "orders")
    Path("orders/.~lock.A.xlsx#").write_text("open")
    code, _, err = call("orders", PLAN, "orders")
    assert code == 4
    assert "open in another program" in err


def test_file_names_are_safe_and_distinct():
    names = [
        "A/B", "A:B", "Côte d'Ivoire", "CON", "nul.txt", "COM¹", "...", "日本", "x" * 300, "=cmd",
        "a.b. ", "𠮷" * 90, "straße", "STRASSE",
    ]  # fmt: skip
    found = file_names(names)
    assert len({v.casefold() for v in found.values()}) == len(names)
    for stem in found.values():
        assert re.fullmatch(r"[\w .,()&+'-]+", stem), stem
        assert len(f"{stem}.xlsx".encode()) <= 255
        assert stem == stem.strip(" .")
        assert stem.casefold().partition(".")[0] not in {"con", "nul", "com¹"}
    assert found["Côte d'Ivoire"] == "Côte d'Ivoire"
    assert found["日本"] == "日本"
    assert found["A/B"] == file_names(["A:B", "A/B"])["A/B"] != file_names(["A/B"])["A/B"]
