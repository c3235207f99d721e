"""Lanes by hand: freight, tariffs, closed lanes and both kinds of Max."""

from __future__ import annotations

import pytest

from tests.models.desk import cost, jin, make, price, refiner, short, slope, solve, sur, tonnes

near = pytest.approx
YEARS = (2026, 2027, 2028)


def yin(capacity: float = 100) -> dict[str, object]:
    """Return Yin of China, at 11 a t."""
    return refiner("Yin", "CHN", capacity, 11)


def test_tariff_flips_the_supplier() -> None:
    """Jin at 10 with a tariff of 0.9 lands at 19, below Sur's 20: 1,900 (1,000 + 900).

    With 1.5 it lands at 25: Sur sells, 2,000.
    """
    lanes = [{"From country": "CHN", "Tariff": 0.9}]
    book = make(jin(), sur(), Lanes=lanes)
    plan = solve(book)
    assert plan.objective == near(1900)
    assert (cost(plan, "purchase"), cost(plan, "tariff")) == near((1000, 900))
    assert slope(book, "Lanes", 0, "Tariff", 0.01) == near(100 * 10)
    lanes[0]["Tariff"] = 1.5
    plan = solve(book)
    assert plan.objective == near(2000)
    assert tonnes(plan, refiner="Sur") == near(100)


def test_lane_closed_in_one_year() -> None:
    """China to A closed in 2027: 1,000 + 2,000 + 1,000 = 4,000."""
    closed = [{"From country": "CHN", "Open": "no", "First year": 2027, "Last year": 2027}]
    plan = solve(make(jin(), sur(), years=YEARS, Lanes=closed))
    assert plan.objective == near(4000)
    assert [tonnes(plan, refiner="Jin", year=y) for y in YEARS] == near([100, 0, 100])


def test_max_of_a_country() -> None:
    """Jin (10) and Yin (11) of China share a Max of 60 to A: 60 x 10 + 40 x 20 = 1,400.

    One more tonne of lane saves 20 - 10.
    """
    book = make(jin(), yin(), sur(), Lanes=[{"From country": "CHN", "Max (t/yr)": 60}])
    plan = solve(book)
    assert plan.objective == near(1400)
    assert plan.dual("country_lane_max", ("CHN", "copper", "A", 2026)) == near(-10)
    assert slope(book, "Lanes", 0, "Max (t/yr)") == near(-10)


def test_max_of_a_refiner() -> None:
    """Jin's lane holds 20, Yin's is free: 20 x 10 + 80 x 11 = 1,080; a tonne more saves 1."""
    book = make(jin(), yin(), Lanes=[{"Refiner": "Jin", "Max (t/yr)": 20}])
    plan = solve(book)
    assert plan.objective == near(1080)
    assert plan.dual("refiner_lane_max", ("Jin", "", "copper", "A", 2026)) == near(-1)
    assert slope(book, "Lanes", 0, "Max (t/yr)") == near(-1)


def test_both_kinds_of_max() -> None:
    """Jin 20, China 60: 20 x 10 + 40 x 11 + 40 x 20 = 1,440.

    More of Jin's lane saves 11 - 10; more of China's lets Yin take Sur's place, 20 - 11.
    """
    lanes = [{"Refiner": "Jin", "Max (t/yr)": 20}, {"From country": "CHN", "Max (t/yr)": 60}]
    book = make(jin(), yin(), sur(), Lanes=lanes)
    plan = solve(book)
    assert plan.objective == near(1440)
    assert plan.dual("refiner_lane_max", ("Jin", "", "copper", "A", 2026)) == near(-1)
    assert plan.dual("country_lane_max", ("CHN", "copper", "A", 2026)) == near(-9)
    assert slope(book, "Lanes", 0, "Max (t/yr)") == near(-1)
    assert slope(book, "Lanes", 1, "Max (t/yr)") == near(-9)


def test_max_binds_each_member_and_country_alone() -> None:
    """A Max of 60 without any selector: China and Chile have 60 to A and 60 to B each.

    Demand 100 each: 60 x 10 + 40 x 20 a member, 2,800 in all.
    """
    both = {"A": 100, "B": 100}
    plan = solve(make(jin(300), sur(300), demand=both, Lanes=[{"Max (t/yr)": 60}]))
    assert plan.objective == near(2800)
    assert tonnes(plan, country="CHN", member="B") == near(60)


def test_max_of_a_project_is_its_own() -> None:
    """A Max of 30 on Jin holds for the refiner and for the project under its name, each its own.

    Project of 100 t at 5 and no capital, 30 x 5 + 30 x 10 + 40 x 20 = 1,250.
    """
    project = {
        "Project": "P", "Refiner": "Jin", "Mineral": "copper", "Country": "CHN",
        "Capacity (t/yr)": 100, "Capex (USD m)": 0, "Cost (USD/t)": 5, "First year": 2026,
    }  # fmt: skip
    lanes = [{"Refiner": "Jin", "Max (t/yr)": 30}]
    plan = solve(make(jin(), sur(), Projects=[project], Lanes=lanes))
    assert plan.objective == near(1250)
    assert tonnes(plan, project="P") == near(30)


def test_later_rows_override_cell_by_cell() -> None:
    """Freight 7 and tariff 0.1 on all; then China's tariff 0.2, its freight stays 7.

    Jin lands at 10 x 1.2 + 7 = 19, Sur at 20 x 1.1 + 7 = 29: 80 x 19 + 20 x 29 = 2,100.
    In the other order the row for all wins: Jin 10 x 1.1 + 7 = 18, 80 x 18 + 580 = 2,020.
    """
    lanes = [{"Freight (USD/t)": 7, "Tariff": 0.1}, {"From country": "CHN", "Tariff": 0.2}]
    assert solve(make(jin(80), sur(), Lanes=lanes)).objective == near(2100)
    assert solve(make(jin(80), sur(), Lanes=lanes[::-1])).objective == near(2020)


def test_freight_by_member() -> None:
    """China ships to A at 1, to B at 12; Sur to both at 0; 150 of Jin, demand 100 each.

    A takes 100 of Jin at 11. B pays 22 for Jin, 20 for Sur: all Sur. 1,100 + 2,000 = 3,100.
    At 8 B takes Jin's other 50 at 18: 1,100 + 900 + 1,000 = 3,000; a tonne more of Jin's saves 2.
    """
    book = make(
        jin(150), sur(), demand={"A": 100, "B": 100}, Freight=[{"From country": "CHN", "A": 1}]
    )
    book["Lanes"] = [{"From country": "CHN", "To member": "B", "Freight (USD/t)": 12}]
    plan = solve(book)
    assert plan.objective == near(3100)
    assert tonnes(plan, member="B", refiner="Sur") == near(100)
    book["Lanes"][0]["Freight (USD/t)"] = 8
    plan = solve(book)
    assert plan.objective == near(3000)
    assert cost(plan, "freight") == near(100 + 400)
    assert (price(plan, "A"), price(plan, "B")) == near((13, 20))
    assert slope(book, "Refiners", 0, "Capacity (t/yr)") == near(-2)
    assert slope(book, "Demand", 0, "2026") == near(13)  # A's tonne pushes one of B to Sur: 11 + 2
    assert slope(book, "Demand", 1, "2026") == near(20)


def test_reopened_by_a_later_row() -> None:
    """All lanes closed, then Chile's opened: 100 x 20; without that row 100 t short, 50,000."""
    lanes = [{"Open": "no"}, {"From country": "CHL", "Open": "yes"}]
    assert solve(make(jin(), sur(), Lanes=lanes)).objective == near(2000)
    plan = solve(make(jin(), sur(), Lanes=lanes[:1]))
    assert plan.objective == near(50000)
    assert short(plan) == near(100)
    assert price(plan) == near(500)
