"""Causes of shortages, and places in the program, in the words of the sheets."""

from __future__ import annotations

import re
from importlib import import_module
from types import SimpleNamespace

import pandas as pd
import pytest

from models.plan.block_solver import place_words
from tests.sheets.desk import made, rows


def test_a_plant_that_is_not_built_is_a_cause_in_words():
    book = rows()
    plant = {"Mineral": "copper", "Country": "Peru", "Capacity (t/yr)": 50, "Cost (USD/t)": 20}
    plant |= {"Capex (USD m)": 1000, "First year": 2026, "Refiner": "Lima works"}
    book["Projects"] = [plant | {"Project": "Lima"}]
    (first, *_) = made(book)["Shortages"].column("Cause").values
    assert "1 planned plant that is not built" in first
    book["Projects"].append(plant | {"Project": "Ica", "Refiner": "Ica works"})
    (first, *_) = made(book)["Shortages"].column("Cause").values
    assert "2 planned plants that are not built" in first


def test_where_a_constraint_is_violated_is_told_in_words():
    """A blank part of its key is left out; a key may be a single name."""
    assert place_words("ore_balance", ("Jin", "", "copper", 2034)) == (
        "ore balance: Jin, copper, 2034"
    )
    assert place_words("budget", 2026) == "budget: 2026"
    said = " ".join(map(str, made(rows())["Checks"].column("What").values))
    assert not re.search(r", at \w+\(|\('", said)


@pytest.mark.parametrize(("number", "follow"), [(5, ""), (6, " The 5 dearest follow.")])
def test_the_dearest_limits_are_announced_where_not_all_follow(monkeypatch, number, follow):
    summaries = import_module("planner.sheets.summary")  # the package has the function so
    table = pd.DataFrame({"buyer": [""] * number})
    monkeypatch.setattr(summaries, "binding", lambda _: table)
    monkeypatch.setattr(summaries, "_dearest_limits", lambda _: [])
    plan, case = SimpleNamespace(limits=range(9)), SimpleNamespace(share_limits=())
    _, (_, count, *_, remark) = summaries._binding_rows(SimpleNamespace(plan=plan, case=case))
    text = "Out of 9; each buyer, supplier, mineral and year counts."
    assert (count, remark) == (number, f"{text}{follow}")
