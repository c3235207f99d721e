"""What a roll says: who missed how much, what it cost, which orders change, and why. By hand."""

from __future__ import annotations

import pytest

from tests.cli.roll.book import PLAN, change, deliver, fill, write_three
from tests.order_book import table
from tests.reference.claims import read_workbook, wrong_finding

ROLL = ("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "next.xlsx")


def said(ask, *words):
    """The sentences of a roll by place, each of whose claims is on a sheet of the workbook."""
    code, answer = ask(*ROLL, *words)
    assert code == 0, answer
    findings, (_, sheets) = answer["findings"], read_workbook("next.xlsx")
    assert [why for finding in findings for why in wrong_finding(finding, sheets)] == []
    return {
        place: [f["sentence"] for f in findings if f["place"] == place]
        for place in ("answer", "decide", "care")
    }


def test_who_missed_how_much_and_what_it_cost(three, ask):
    """Near: 30 of 60 t at 1.5 instead of 1. 15 more by price, 30 less by quantity."""
    deliver(three, Near=(30, 1.5))
    found = said(ask, "--actuals", "actuals.xlsx")
    assert found["answer"] == [
        "Near missed most by planned cost: 30 t of Copper were not delivered, worth 30 USD.",
        "Suppliers of a mineral that delivered less than planned: 1 of 2.",
        "Purchases cost 15 USD less than planned: 15 USD more by price, 30 USD less by quantity.",
        "The orders of later years stay as they were.",
    ]
    assert found["care"] == ["Not reported, so counted as planned: 1 of 2 orders."]
    assert found["decide"] == []


def test_as_planned_is_what_was_delivered_so(three, ask, call):
    """Both orders come as planned; then nothing is reported."""
    deliver(three, Near=(60, 1), Far=(40, 2))
    found = said(ask, "--actuals", "actuals.xlsx")
    assert found["answer"][0] == "No supplier delivered less than planned."
    assert found["care"] == []
    text = call(*ROLL, "--force", "--actuals", "actuals.xlsx")[2]
    assert "As planned    2 of 2 reported orders" in text
    assert "Not reported  2 of 4 figures" in text


def test_nothing_reported(three, ask):
    found = said(ask)
    assert found["answer"] == [
        "Not reported: what was delivered on 2 orders. They count as planned.",
        "The orders of later years stay as they were.",
    ]


def test_a_plant_that_is_late_is_named(three, ask, call):
    """New runs from 2028 instead of 2027: Far's 40 t take the place of its 40 t in 2027."""
    fill(three, "Built", D2=0, A3="New", B3=2028, D3=1)
    found = said(ask, "--actuals", "actuals.xlsx")
    assert found["answer"][1:] == [
        "Orders of later years that are new: 1; gone: 1.",
        "2 of them change because of a plant: New.",
        "Built for 2028 of New: 1 of the plant, 0 in the last plan.",
    ]
    assert found["decide"] == [
        "Buy 40 t of Copper for A from Far, 0 t in the old plan.",
        "All 2 decisions: sheet Decide now.",
    ]
    rows = {(r["Decision"], r["What"]): r["Change"] for r in table("next.xlsx", "Decide now")}
    assert rows == {("buy", "Far"): pytest.approx(40), ("buy", "New"): pytest.approx(-40)}
    assert call("solve", "next.xlsx")[0] == 0
    moved = table("outputs/next-plan.xlsx", "Plants since last plan")
    assert [(row["Year"], row["Change"]) for row in moved] == [(2027, -1), (2028, 1)]


@pytest.mark.slow
def test_a_stock_and_a_price_are_named(three, ask, folder, call):
    """5 t are left instead of 10: 5 more are bought. Then Far asks 3 instead of 2."""
    fill(three, "Stocks", E2=5)
    found = said(ask, "--actuals", "actuals.xlsx")
    assert any("because of a stock: A." in text for text in found["answer"])
    write_three(folder / "three.xlsx", Projects=[], Budget=[])
    assert call("solve", "three.xlsx")[0] == 0
    assert call(*ROLL, "--force")[0] == 0
    change("next.xlsx", "Refiners", "Cost (USD/t)", 3, 600)
    assert call("solve", "next.xlsx")[0] == 0
    why = {(r["Why"], r["Because of"]) for r in table("outputs/next-plan.xlsx", "Since last plan")}
    assert why == {("price", "Far")}
