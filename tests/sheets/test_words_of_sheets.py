"""Causes of shortages, and places in the program, in the words of the sheets."""

from __future__ import annotations

import re

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
