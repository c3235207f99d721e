"""What a roll says: who missed how much, what it cost, which orders change, and why. By hand."""

from __future__ import annotations

import pytest

from tests.cli.roll.book import PLAN, change, deliver, fill, write_three
from tests.order_book import table
from tests.reference.claims import wrong_findings

ROLL = ("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "next.xlsx")
CARRIED = "On the sheet Carried over, notes: {}; rows left out: 1."
"""Left out is a row of Scenarios, as its years are over; a note is on a budget."""


def said(ask, *words):
    """The sentences of a roll by place; each stands on the first sheet, and its claims hold."""
    code, answer = ask(*ROLL, *words)
    assert code == 0, answer
    findings = answer["findings"]
    assert wrong_findings(findings, "next.xlsx") == []
    return {
        place: [f["sentence"] for f in findings if f["place"] == place]
        for place in ("answer", "figure", "decide", "care")
    }


def test_who_missed_how_much_and_what_it_cost(three, ask):
    """Near: 30 of 60 t at 1.5 instead of 1. 15 more by price, 30 less by quantity."""
    deliver(three, Near=(30, 1.5))
    found = said(ask, "--actuals", "actuals.xlsx")
    missed = "Near missed most by planned cost: 30 t of Copper."
    cost = "Purchases cost 15 USD less than planned."
    assert found["answer"] == [f"{missed} {cost}", "The orders of later years stay as they were."]
    assert found["figure"] == [
        "15 USD more by price, 30 USD less by quantity.",
        "Suppliers of a mineral that delivered less than planned: 1 of 2.",
    ]
    unreported = "Orders not reported, so counted as planned: 1 of 2."
    assert found["care"] == [unreported, CARRIED.format(1)]
    assert found["decide"] == []


def test_as_planned_is_what_was_delivered_so(three, ask, call):
    """Both orders come as planned; then nothing is reported."""
    deliver(three, Near=(60, 1), Far=(40, 2))
    found = said(ask, "--actuals", "actuals.xlsx")
    text = "No supplier delivered less than planned. Purchases cost what was planned."
    assert found["answer"][0] == text
    assert (found["figure"], found["care"]) == ([], [CARRIED.format(1)])
    printed = call(*ROLL, "--force", "--actuals", "actuals.xlsx")[2].splitlines()
    assert printed[1:3] == found["answer"]
    assert f"Note: {CARRIED.format(1)}" in printed


def test_nothing_reported(three, ask):
    found = said(ask)
    assert found["answer"] == [
        "Orders not reported, so counted as planned: 2 of 2.",
        "The orders of later years stay as they were.",
    ]


def test_a_plant_that_is_late_is_named(three, ask, call):
    """New runs from 2028 instead of 2027: Far's 40 t take the place of its 40 t in 2027."""
    fill(three, "Built", D2=0, A3="New", B3=2028, D3=1)
    found = said(ask, "--actuals", "actuals.xlsx")
    assert found["answer"] == [
        "Orders not reported, so counted as planned: 2 of 2.",
        "Orders of later years that are new: 1; gone: 1. Because of a plant, New: 2.",
    ]
    moved = "Built for 2028 of New: 1 of the plant, 0 in the last plan."
    assert found["care"] == [CARRIED.format(0), moved]
    assert found["decide"] == [
        "Buy 40 t of Copper for A from Far in 2027, 0 t in the old plan.",
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
    assert found["answer"][1].endswith("Because of a stock, A: 1.")
    write_three(folder / "three.xlsx", Projects=[], Budget=[])
    assert call("solve", "three.xlsx")[0] == 0
    assert call(*ROLL, "--force")[0] == 0
    change("next.xlsx", "Refiners", "Cost (USD/t)", 3, 600)
    assert call("solve", "next.xlsx")[0] == 0
    why = {(r["Why"], r["Because of"]) for r in table("outputs/next-plan.xlsx", "Since last plan")}
    assert why == {("price", "Far")}
