"""Refining by hand: who is cheapest sells first, up to what is open of its capacity."""

from __future__ import annotations

import pytest

from tests.models.desk import (
    FIRST,
    jin,
    make,
    price,
    refiner,
    rent,
    short,
    slope,
    solve,
    sur,
    tonnes,
)

near = pytest.approx
YEARS = (2026, 2027, 2028)


def test_cheapest_first() -> None:
    """Demand 150: 100 of Jin at 10 and 50 of Sur at 20: 1,000 + 1,000 = 2,000.

    One more tonne of demand comes from Sur, 20; one more of Jin's takes Sur's place, 20 - 10.
    """
    book = make(jin(), sur(), demand=150)
    plan = solve(book)
    assert plan.objective == near(2000)
    assert (tonnes(plan, refiner="Jin"), tonnes(plan, refiner="Sur")) == near((100, 50))
    assert price(plan) == near(20)
    assert slope(book, "Demand", 0, str(FIRST)) == near(20)
    assert rent(plan, "Jin") == near(10)
    assert slope(book, "Refiners", 0, "Capacity (t/yr)") == near(-10)
    assert rent(plan, "Sur") == near(0)
    assert slope(book, "Refiners", 1, "Capacity (t/yr)") == near(0)


def test_only_the_available_share_is_open() -> None:
    """Of Jin's 100 a share of 0.4 is open: 40 x 10 + 60 x 20 = 1,600.

    One more tonne of usable capacity, 0.01 of the share, saves 20 - 10.
    """
    book = make(jin(**{"Available share": 0.4}), sur())
    plan = solve(book)
    assert plan.objective == near(1600)
    assert rent(plan, "Jin") == near(10)
    assert slope(book, "Refiners", 0, "Available share", 0.01) == near(-1000)


def test_years_of_a_refiner() -> None:
    """Jin refines in 2027 alone: 100 x 20 + 100 x 10 + 100 x 20 = 5,000."""
    only = {"First year": 2027, "Last year": 2027}
    plan = solve(make(jin(**only), sur(), years=YEARS))
    assert plan.objective == near(5000)
    assert tonnes(plan, refiner="Jin", year=2027) == near(100)
    assert tonnes(plan, refiner="Jin") == near(100)


def test_cost_and_capacity_step_by_year() -> None:
    """Jin costs 25 from 2027 on and has 50 t from 2028 on; Sur (20) has 60 t.

    2026: 100 x 10 = 1,000. 2027: 60 x 20 + 40 x 25 = 2,200. 2028: 60 x 20 + 40 x 25 = 2,200 (40 of
    50). Together 5,400.
    """
    later = {"Cost 2027 (USD/t)": 25, "Capacity 2028 (t/yr)": 50}
    book = make(jin(**later), sur(60), years=YEARS)
    plan = solve(book)
    assert plan.objective == near(5400)
    assert [price(plan, year=y) for y in (2027, 2028)] == near([25, 25])
    assert rent(plan, "Sur", 2027) == near(5)
    assert slope(book, "Refiners", 1, "Capacity (t/yr)") == near(-10)  # 5 in 2027, 5 in 2028


def test_discounting_over_two_years() -> None:
    """Rate 0.1, demand 120 a year: 1,000 + 20 x 20 = 1,400, and 1,400 / 1.1 = 1,272.73.

    Prices and rents are undiscounted: 20 and 10 in both years. One more tonne in 2027 raises the
    objective by 20 / 1.1.
    """
    book = make(jin(), sur(), demand=120, years=(2026, 2027), settings={"Discount rate": 0.1})
    plan = solve(book)
    assert plan.objective == near(1400 + 1400 / 1.1)
    assert [price(plan, year=y) for y in (2026, 2027)] == near([20, 20])
    assert [rent(plan, "Jin", y) for y in (2026, 2027)] == near([10, 10])
    assert slope(book, "Demand", 0, "2027") == near(20 / 1.1)
    assert slope(book, "Refiners", 0, "Capacity (t/yr)") == near(-10 - 10 / 1.1)


def test_years_with_a_gap() -> None:
    """2026 and 2029 at rate 0.1: 2029 is three years on, 1,400 + 1,400 / 1.331; 2027 costs nothing.

    A step in the gap holds afterwards: at Cost 2028 = 15 it is 1,400 + (1,500 + 400) / 1.331.
    """
    rate = {"Discount rate": 0.1}
    book = make(jin(), sur(), demand=120, years=(2026, 2029), settings=rate)
    assert solve(book).objective == near(1400 + 1400 / 1.331)
    book["Refiners"][0]["Cost 2028 (USD/t)"] = 15
    assert solve(book).objective == near(1400 + 1900 / 1.331)


def test_minerals_do_not_share_a_refiner() -> None:
    """Jin refines 100 of copper at 10 and 80 of nickel at 30: 1,000, and 80 x 30 + 20 x 500."""
    book = make(jin(), refiner("Jin", "CHN", 80, 30, Mineral="nickel"))
    book["Minerals"].append({"Mineral": "nickel", "Price (USD/t)": 50})
    book["Demand"].append({"Mineral": "nickel", "Member": "A", "2026": 100})
    plan = solve(book)
    assert plan.objective == near(1000 + 2400 + 10000)
    assert short(plan, mineral="nickel") == near(20)
    assert price(plan, mineral="nickel") == near(500)


def test_nothing_to_plan() -> None:
    """No demand: no flow, objective 0, all of it served."""
    plan = solve(make(jin(), sur(), demand=0))
    assert plan.objective == 0
    assert plan.served_share == 1
    assert plan.flows.empty
    assert plan.shortages.empty
