"""A plan that survives the loss of a country: closed form, cases by hand, laws."""

from __future__ import annotations

import pytest

from tests.scenarios.edits import by_hand

from .agreement import solved
from .cases_sheets import BookT
from .test_reference import refiner, tiny


def pair(short: float | None = None, years: int = 1, **cells: object) -> BookT:
    """100 t of need a year; 100 t at 1 from China and 100 at 2 from Chile; one row of Security."""
    book = tiny(years)
    book["Refiners"] = [refiner("Jin", "CHN", 100, 1), refiner("Sur", "CHL", 100, 2)]
    row = {header.replace("_", " "): value for header, value in cells.items()}
    book["Security"] = [{"Max short": short} | row] if short is not None else []
    return book


def stock(book: BookT, **cells: object) -> BookT:
    """The book with a stockpile of 30 t, kept for nothing and not wanted at the end."""
    row = {"Mineral": "copper", "Member": "A", "Max (t)": 30, "Opening (t)": 30, "Target (t)": 0}
    book["Stockpiles"] = [row | cells]
    return book


def test_surge_is_cut_off_at_capacity() -> None:
    """Need 120, Jin of 70 t, surge 0.2: Max short 0.4 wants 72. Without Sur at most 70 are left, so
    2 are missing at 50; without Jin Sur has to sell 52: 68 + 104 + 100."""
    book = pair(0.4)
    book["Demand"][0]["2026"] = 120
    book["Refiners"][0]["Capacity (t/yr)"] = 70
    assert solved(book).objective == pytest.approx(272)


def test_nobody_to_sell_to() -> None:
    """China's one open lane goes to B. Without demand or stock of B it can't sell, so it is not
    lost: 90 t from Chile, 10 short. With a row of Stockpiles of B it is: 10 missing at 50 more."""
    book = pair(0, Count_stocks="no", Lost_country="CHN")
    book["Members"].append({"Member": "B", "Country": None})
    book["Refiners"][1]["Capacity (t/yr)"] = 90
    book["Lanes"] = [{"From country": "CHN", "To member": "A", "Open": "no"}]
    assert solved(book).objective == pytest.approx(180 + 10 * 500)
    book["Stockpiles"] = [{"Mineral": "copper", "Member": "B", "Max (t)": 1, "Target (t)": 0}]
    assert solved(book).objective == pytest.approx(180 + 10 * 500 + 10 * 50)


def test_max_short_set_by_a_scenario() -> None:
    """0.4 for copper from 2027 in a row for all minerals: the other years keep 1, tin 0.9."""
    book = pair(1, years=2, Max_short_2027=0.9)
    book["Minerals"].append({"Mineral": "tin", "Price (USD/t)": 50})
    book["Demand"].append({"Mineral": "tin", "Member": "A", "2027": 100})
    book["Refiners"].append(refiner("Jin", "CHN", 100, 1) | {"Mineral": "tin"})
    step = {"Action": "set max short", "Mineral": "copper", "First year": 2027, "Value": 0.4}
    assert solved(book).objective == pytest.approx(300 + 10 * 50)
    assert solved(by_hand(book, [step]).book).objective == pytest.approx(340 + 10 * 50)
    assert by_hand(tiny(), [step]).book == tiny()
