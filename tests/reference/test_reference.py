"""The reference against cases worked by hand; the arithmetic stands in each docstring."""

from __future__ import annotations

import pytest

from .cases_sheets import BookT, Cells
from .formulation import Flows, evaluate


def tiny(years: int = 1, price: float = 50, members: tuple[str, ...] = ("A",)) -> BookT:
    """Demand 100 t of copper a year and member from 2026; CHN 100 t/yr at 10 USD/t; freight 0."""
    return {
        "Settings": [{"Setting": "Default freight (USD/t)", "Value": 0}],
        "Minerals": [{"Mineral": "copper", "Price (USD/t)": price}],
        "Members": [{"Member": name, "Country": None} for name in members],
        "Refiners": [refiner("Jin", "CHN", 100, 10)],
        "Demand": [
            {"Mineral": "copper", "Member": name} | {str(2026 + i): 100 for i in range(years)}
            for name in members
        ],
    }


def refiner(name: str, country: str, capacity: float, cost: float) -> Cells:
    """A row of Refiners for copper."""
    return {
        "Refiner": name,
        "Mineral": "copper",
        "Country": country,
        "Capacity (t/yr)": capacity,
        "Cost (USD/t)": cost,
    }


def put(book: BookT, setting: str, value: object) -> None:
    """Add a setting."""
    book["Settings"].append({"Setting": setting, "Value": value})


def contract(member: str, least: float) -> Cells:
    """A contract with Jin at 12 USD/t."""
    return {
        "Refiner": "Jin",
        "Mineral": "copper",
        "Member": member,
        "Min (t/yr)": least,
        "Price (USD/t)": 12,
    }


def project_book() -> BookT:
    """Two years of 100 t, no refiner but a project: 100 t/yr, 1 USD m, life 2, cost 10."""
    book = tiny(years=2, price=10000)
    put(book, "Cost of capital", 0)
    book["Refiners"][0]["Capacity (t/yr)"] = 0
    book["Projects"] = [
        {
            "Project": "P",
            "Refiner": "New",
            "Mineral": "copper",
            "Country": "AUS",
            "Capacity (t/yr)": 100,
            "Capex (USD m)": 1,
            "Cost (USD/t)": 10,
            "First year": 2026,
            "Lead time (yr)": 1,
            "Life (yr)": 2,
        }
    ]
    book["Budget"] = [{"Year": 2026, "Capex (USD m)": 0.5}]
    return book


def test_violations_are_seen() -> None:
    """Plans that break a rule: 7 t too much, 1 t on a closed lane, an unknown source."""
    book = tiny()
    flows = Flows(spot=[("Jin", None, "copper", "A", 2026, 107.0)])
    assert evaluate(book, flows).violation == pytest.approx(7)
    book["Lanes"] = [{"Open": "no"}]
    flows.spot = [("Jin", None, "copper", "A", 2026, 1.0)]
    assert evaluate(book, flows).violated == "closed lane Jin copper A 2026"
    flows.spot = [("Who", None, "copper", "A", 2026, 3.0)]
    assert evaluate(book, flows).violation == pytest.approx(3)


def test_overspending_is_seen() -> None:
    """0.75 built at 1 USD m against a budget of 0.5: a third too much of 75 t/yr is 25 t."""
    answer = evaluate(project_book(), Flows(builds=[("P", 2026, 0.75)]))
    assert answer.violation == pytest.approx(25)
    assert answer.violated == "budget 2026"
