"""What is wrong with the sheet Inputs, or likely not meant, each at its cell."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from models.checks import check_rules
from models.errors import Severity
from planner.workbook import read_tables
from tests.models.desk import BookT, read
from tests.models.stages import ALLY, CHINA, cap, made, oxide_and_alloy, plant, separation
from tests.small_book import faults


def with_inputs(*rows: dict[str, Any], **sheets: Any) -> BookT:
    """Return the book of oxide and alloy with other rows of Inputs."""
    return oxide_and_alloy() | {"Inputs": [*rows]} | sheets


WRONG = {
    "itself": (with_inputs(made("alloy", "alloy")), "Inputs!B2", "listed as its own input"),
    "circle": (
        with_inputs(made("alloy", "oxide"), made("oxide", "alloy", 2)),
        "Inputs!B2", "alloy would be made from itself, through oxide: alloy <- oxide <- alloy",
    ),
    "unknown input": (with_inputs(made("alloy", "oxyde")), "Inputs!B2", "'oxyde' is not in"),
    "unknown product": (with_inputs(made("alloi", "oxide")), "Inputs!A2", "'alloi' is not in"),
    "too little": (with_inputs(made("alloy", "oxide", 1e-7)), "Inputs!C2", "the number 1e-07"),
    "below 0": (with_inputs(made("alloy", "oxide", -1)), "Inputs!C2", "-1"),
    "too much": (with_inputs(made("alloy", "oxide", 2e5)), "Inputs!C2", "200000"),
    "no maker": (
        with_inputs(made("alloy", "oxide", Refiner="Bao")), "Inputs!D2", "Bao does not make alloy"
    ),
    "unknown refiner": (with_inputs(made("alloy", "oxide", Refiner="Boo")), "Inputs!D2", "'Boo'"),
    "joint of nobody": (
        with_inputs(made("alloy", "oxide", Joint="yes", Refiner=None)), "Inputs!E2",
        "the row is joint and names no refiner",
    ),
    "twice": (
        with_inputs(made("alloy", "oxide"), made("alloy", "oxide", 2)), "Inputs!A3", "appears twice"
    ),
    "no buyer": (
        with_inputs(made("alloy", "oxide"), **{"Current supply": [
            {"Refiner": "Bao", "Mineral": "oxide", "Member": None, "Plant": None, "Tonnes": 1}
        ]}), "Current supply!C2", "a blank cell",
    ),
    "two buyers": (
        with_inputs(made("alloy", "oxide"), **{"Current supply": [
            {"Refiner": "Bao", "Mineral": "oxide", "Member": "A", "Plant": "Zhong", "Tonnes": 1}
        ]}), "Current supply!D2", "the row names a member and a plant",
    ),
    "no plant of it": (
        with_inputs(made("alloy", "oxide"), **{"Current supply": [
            {"Refiner": "Zhong", "Mineral": "alloy", "Member": None, "Plant": "Bao", "Tonnes": 1}
        ]}), "Current supply!D2", "Bao does not take alloy as an input",
    ),
}  # fmt: skip


def in_t(book: BookT) -> BookT:
    """Return a book whose tonnes of today have their unit."""
    book = copy.deepcopy(book)
    for row in book.get("Current supply", []):
        row["Tonnes (t/yr)"] = row.pop("Tonnes")
    return book


@pytest.mark.parametrize("name", WRONG)
def test_an_error_at_its_cell(name: str) -> None:
    """A sheet that cannot be meant is refused."""
    book, place, said = WRONG[name]
    found = faults(read_tables, in_t(book))
    assert any(where == place and said in message for where, message in found), found


def test_joint_products_are_made_in_one_country() -> None:
    """One line is one place."""
    book = separation()
    next(r for r in book["Refiners"] if r["Refiner"] == "West")["Country"] = CHINA
    (found,) = faults(read_tables, book)
    assert found[0] == "Inputs!E3"
    assert "West makes DyTb in AUS, NdPr in CHN" in found[1]


def warned(book: BookT) -> list[tuple[str, str]]:
    """Return sheet and text of every warning on a book."""
    found = check_rules(read(book))
    assert not [f for f in found if f.severity is Severity.ERROR], found
    return [(f.sheet, f.message) for f in found]


def test_an_input_that_nobody_sells_is_told() -> None:
    """Its products cannot be made."""
    book = oxide_and_alloy()
    book["Refiners"] = [r for r in book["Refiners"] if r["Mineral"] != "oxide"]
    assert any(
        s == "Inputs" and "no refiner or project can sell oxide" in text for s, text in warned(book)
    )


@pytest.mark.parametrize("supplier", [CHINA, None])
def test_a_hard_cap_on_all_of_an_input_is_told(supplier: str | None) -> None:
    """A part of its products cannot be made."""
    book = oxide_and_alloy(cap(0.65, "oxide", supplier))
    assert not [text for sheet, text in warned(book) if sheet == "Share limits"]
    book["Refiners"] = [r for r in book["Refiners"] if r["Refiner"] != "Lyn"]
    (text,) = [text for sheet, text in warned(book) if sheet == "Share limits"]
    assert ("oxide" in text, "{" in text) == (True, False)
    soft = book | {"Share limits": [cap(0.65, "oxide", supplier, **{"Penalty (USD/t)": 3})]}
    assert not [text for sheet, text in warned(soft) if sheet == "Share limits"]


def test_a_contracts_price_is_that_of_a_toll() -> None:
    """Inputs must be paid for on top."""
    row = {"Refiner": "Zhong", "Mineral": "alloy", "Member": "A", "Min (t/yr)": 1}
    book = oxide_and_alloy(Contracts=[row | {"Price (USD/t)": 9}])
    assert any(
        s == "Contracts" and "the plan pays for oxide on top" in t.lower() for s, t in warned(book)
    )
    assert not [s for s, _ in warned(oxide_and_alloy(Contracts=[row])) if s == "Contracts"]


def test_a_member_of_several_countries_hands_nothing_over() -> None:
    """There is no plant in its country."""
    pile = {"Mineral": "oxide", "Member": "A", "Max (t)": 5}
    book = oxide_and_alloy(Stockpiles=[pile])
    assert any(s == "Stockpiles" and "has no Country" in text for s, text in warned(book))
    book["Members"][0]["Country"] = ALLY
    assert not [s for s, text in warned(book) if s == "Stockpiles"]


def test_what_plants_buy_is_no_slip() -> None:
    """An input nobody demands is bought all the same: no warning on its cost or capacity."""
    book = oxide_and_alloy()
    book["Refiners"][0]["Cost (USD/t)"] = 600
    book["Refiners"][0]["Capacity (t/yr)"] = 900
    book["Refiners"].append(plant("Late", "oxide", ALLY, 2, 30))
    assert not [text for s, text in warned(book) if s == "Refiners" and "shortage" in text]


SET = {"Scenario": "Floor", "Action": "set price floor", "Value": 90}
EVENT = {"Event": "Floor", "Yearly probability": 0.1, "Action": "set price floor", "Value": 90}


@pytest.mark.parametrize(
    ("sheets", "places"),
    [
        ({"Price floors": [{"Mineral": "alloy", "Floor (USD/t)": 90}]}, ["Price floors"]),
        ({"Scenarios": [SET | {"Mineral": "alloy"}]}, ["Scenarios"]),
        ({"Scenarios": [SET]}, ["Scenarios"]),
        ({"Risks": [EVENT | {"Mineral": "alloy"}]}, ["Risks"]),
        ({"Scenarios": [SET | {"Mineral": "oxide"}]}, []),
        ({"Scenarios": [SET | {"Mineral": "alloy", "Value": 0}]}, []),
    ],
    ids=["sheet", "action", "all minerals", "event", "an input", "no floor"],
)
def test_a_floor_is_that_of_a_toll(sheets: dict[str, Any], places: list[str]) -> None:
    """Wherever a floor on a product with inputs is set, a warning says what it is compared with."""
    found = warned(oxide_and_alloy(**sheets))
    assert [s for s, text in found if "without the cost of inputs" in text] == places
