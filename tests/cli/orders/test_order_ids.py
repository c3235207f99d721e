"""Ids of orders: the same as long as the order is, whatever else the plan holds."""

from __future__ import annotations

import math
from pathlib import Path

import openpyxl
import pytest

from planner.documents.orders import order_id, rounded
from tests.order_book import PLAN, lines, order_rows, write_order_book


@pytest.mark.parametrize("value", [106.1085, 8.1535, 0.0005, 1234567.8905])
def test_the_last_bit_does_not_decide(value):
    """What lies in the middle between two kilograms goes the same way whoever saved it last."""
    near = {math.nextafter(value, 0.0), value, math.nextafter(value, math.inf), value * (1 + 1e-14)}
    assert len({rounded(each, 3) for each in near}) == 1


def test_the_same_plan_gives_the_same_csv(plan, call):
    """Solved again, read again, in another folder; times in the plan differ."""
    call("orders", PLAN, "one")
    call("solve", "two.xlsx", "--output", "again/other.xlsx")
    call("orders", "again/other.xlsx", "two")
    assert Path("one/orders.csv").read_bytes() == Path("two/orders.csv").read_bytes()


def test_ids_stay_when_other_orders_change(plan, call, folder):
    """More demand of A in 2027, names written otherwise: 2026 keeps its ids and its revisions."""
    call("orders", PLAN, "one")
    rows = order_rows()
    rows["Demand"][0]["2027"] = 110
    rows["Refiners"][0]["Refiner"] = "china  Works"
    write_order_book(folder / "more.xlsx", **rows)
    call("solve", "more.xlsx")
    call("orders", "outputs/more-plan.xlsx", "two")
    before, after = ({r["order_id"]: r for r in lines(f"{n}/orders.csv")} for n in ("one", "two"))
    assert before.keys() == after.keys()
    for key, row in before.items():
        if row["year"] == "2026":
            assert row["revision"] == after[key]["revision"]
    changed = [k for k in before if before[k]["revision"] != after[k]["revision"]]
    assert changed
    assert all(before[k]["tonnes"] != after[k]["tonnes"] for k in changed)
    assert {r["plan_id"] for r in before.values()} != {r["plan_id"] for r in after.values()}


@pytest.mark.slow
def test_ids_do_not_depend_on_other_rows(folder, call):
    """Rows in another order, a refiner and a member more that do nothing: the same orders.

    Three tranches of one name, one of them not taken, and a contract without a name. A pays less
    freight from China, so that one plan alone is the cheapest.
    """
    rows = order_rows()
    near = {"From country": "China", "To member": "A", "Freight (USD/t)": 0.5}
    rows["Lanes"].append(near)
    bare = {"Refiner": "Chile works", "Mineral": "Copper", "Member": "B/C", "Max (t/yr)": 4}
    twins = [{"Contract": "Twin", **bare, "Member": "A", "Price (USD/t)": p} for p in (9, 8, 70)]
    rows["Contracts"] += [{**bare, "Price (USD/t)": 7}, *twins]
    write_order_book(folder / "one.xlsx", **rows)
    more = {name: list(reversed(table)) for name, table in rows.items()}
    more["Lanes"] = rows["Lanes"]
    more["Refiners"].insert(0, {**rows["Refiners"][1], "Refiner": "Idle", "Cost (USD/t)": 4000})
    more["Members"].insert(0, {"Member": "Aaa"})
    write_order_book(folder / "two.xlsx", **more)
    found = []
    for name in ("one", "two"):
        call("solve", f"{name}.xlsx")
        assert call("orders", f"outputs/{name}-plan.xlsx", name)[0] == 0
        found.append(lines(f"{name}/orders.csv"))
    kept = ("order_id", "revision", "refiner", "member", "unit_price", "tonnes")
    before, after = ({tuple(r[k] for k in kept) for r in table} for table in found)
    assert before == after
    assert len({r["order_id"] for r in found[0]}) == len(found[0]) == len(before)
    contracts = {r["contract"] for r in found[0]}
    assert {"Twin", "Offtake", "row 3 of Contracts"} <= contracts
    assert sum(r["contract"] == "Twin" and r["year"] == "2027" for r in found[0]) == 2


def test_a_tranche_keeps_its_id_when_its_twin_is_not_taken(folder, call):
    """Two tranches of one name: the cheaper is shut in the second plan, the other stays itself."""
    rows = order_rows()
    tranche = {
        "Contract": "Twin", "Refiner": "Chile works", "Mineral": "Copper", "Member": "A",
        "Max (t/yr)": 4,
    }  # fmt: skip
    rows["Lanes"] = []
    found = []
    for name, price in (("both", 8), ("dear", 9)):
        cheap = {**tranche, "Price (USD/t)": 8, "Max (t/yr)": 4 if name == "both" else 0}
        rows["Contracts"] = [cheap, {**tranche, "Price (USD/t)": 9}]
        write_order_book(folder / f"{name}.xlsx", **rows)
        call("solve", f"{name}.xlsx")
        assert call("orders", f"outputs/{name}-plan.xlsx", name)[0] == 0
        twins = [r for r in lines(f"{name}/orders.csv") if r["contract"] == "Twin"]
        found.append({(r["year"], r["unit_price"]): r["order_id"] for r in twins})
        assert ("2026", str(price)) in found[-1]
    both, dear = found
    assert set(dear) == {("2026", "9"), ("2027", "9")}
    assert all(dear[key] == both[key] for key in dear)
    assert len(set(both.values())) == 4


def test_names_that_differ_by_their_code_points_alone(folder, call):
    """An accent or none: two refiners to the planner, and two orders."""
    rows = order_rows()
    names = ["Côte", "Cote"]
    for row, name in zip(rows["Refiners"], names, strict=True):
        row["Refiner"] = name
    rows["Contracts"] = []
    write_order_book(folder / "odd.xlsx", **rows)
    call("solve", "odd.xlsx")
    assert call("orders", "outputs/odd-plan.xlsx", "orders")[0] == 0
    found = [r["order_id"] for r in lines()]
    assert len(set(found)) == len(found)


def test_ids_are_known_for_good():
    """An id that is out in the world must be the same in every later version."""
    key = ("Copper", "China works", "", "A", "")
    assert order_id(2026, key) == "ORD-2026-z08tx8kmx7w1"
    assert order_id(2026, [" copper", "CHINA  works", "", "a", ""]) == order_id(2026, key)
    assert len({order_id(y, key, n) for y in (2026, 2027) for n in (0, 1, 2)}) == 6


@pytest.mark.slow
def test_a_plan_that_another_program_saved(folder, call):
    """Tables, styles and the last digits of a number may go; the orders are the same.

    Demand lies in the middle between two kilograms, where these digits might decide.
    """
    rows = order_rows()
    for row, tonnes in zip(rows["Demand"], (40.1085, 8.1535), strict=True):
        row["2026"] = tonnes
    write_order_book(folder / "half.xlsx", **rows)
    call("solve", "half.xlsx")
    plan = "outputs/half-plan.xlsx"
    assert call("orders", plan, "orders")[0] == 0
    openpyxl.load_workbook(plan).save("saved.xlsx")
    book = openpyxl.Workbook()
    for sheet in openpyxl.load_workbook(plan):
        copy = book.create_sheet(sheet.title)
        for row in sheet.iter_rows(values_only=True):
            copy.append([float(f"{v:.15g}") if isinstance(v, float) else v for v in row])
    book.save("bare.xlsx")
    for name in ("saved", "bare"):
        assert call("orders", f"{name}.xlsx", name)[0] == 0
        assert Path(name, "orders.csv").read_bytes() == Path("orders/orders.csv").read_bytes()
