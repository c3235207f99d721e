"""Shortage by hand: what is missing has a price, and members share it by demand."""

from __future__ import annotations

import pytest

from tests.models.desk import (
    BookT,
    cost,
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
TWO = {"A": 100, "B": 100}
FREIGHT = {"From country": "CHN", "B": 5}


def test_two_members_share_fairly() -> None:
    """100 t for two demands of 100, B's freight is 5; an unfair tonne costs 0.1 x 500 = 50.

    Both get 50: 100 x 10 + 50 x 5 + 100 x 500 = 51,250. One more tonne of Jin's goes half to each
    and saves 500 - 10 - 5 / 2 = 487.5.
    """
    book = make(jin(), demand=TWO, Freight=[FREIGHT])
    plan = solve(book)
    assert plan.objective == near(51250)
    assert (short(plan, "A"), short(plan, "B")) == near((50, 50))
    assert cost(plan, "unfair shortage") == near(0, abs=1e-6)
    assert rent(plan, "Jin") == near(487.5)
    assert slope(book, "Refiners", 0, "Capacity (t/yr)") == near(-487.5)


def test_weight_zero_leaves_it_with_the_dearest() -> None:
    """The same at weight 0: A takes all, 100 x 10 + 100 x 500 = 51,000.

    One more tonne of Jin's goes to B: 500 - 15 = 485. A tonne less for A goes to B, which saves
    10 + 485; a tonne more is short, 500.
    """
    book = make(jin(), demand=TWO, Freight=[FREIGHT], settings={"Fair shortage weight": 0})
    plan = solve(book)
    assert plan.objective == near(51000)
    assert (short(plan, "A"), short(plan, "B")) == near((0, 100), abs=1e-6)
    assert slope(book, "Refiners", 0, "Capacity (t/yr)") == near(-485)
    assert slope(book, "Demand", 0, "2026", -1) == near(495)
    assert slope(book, "Demand", 0, "2026", 1) == near(500)
    assert 495 - 1e-6 <= price(plan, "A") <= 500 + 1e-6
    assert slope(book, "Demand", 1, "2026") == near(500)
    assert price(plan, "B") == near(500)


def test_shares_follow_demand() -> None:
    """Demands 150 and 50, 100 t of Jin: short 100, three quarters and one.

    100 x 10 + 100 x 500 = 51,000.
    """
    plan = solve(make(jin(), demand={"A": 150, "B": 50}))
    assert plan.objective == near(51000)
    assert (short(plan, "A"), short(plan, "B")) == near((75, 25))


def test_unfair_where_fairness_costs_more() -> None:
    """B's freight is 60. Fair: 1,000 + 50 x 60 + 50,000 = 54,000.

    All to A: 1,000 + 50,000, and B is short 100, 50 beyond its part: 50 x 50 = 2,500; 53,500.
    """
    book = make(jin(), demand=TWO, Freight=[{"From country": "CHN", "B": 60}])
    plan = solve(book)
    assert plan.objective == near(53500)
    assert cost(plan, "shortage") == near(50000)
    assert cost(plan, "unfair shortage") == near(2500)
    assert (short(plan, "A"), short(plan, "B")) == near((0, 100), abs=1e-6)


def test_a_supplier_dearer_than_the_shortage() -> None:
    """Dear sells at 600, a tonne short costs 500: 100 x 10 + 50 x 500 = 26,000, nothing of Dear's.

    A multiple of 20 makes it 1,000 a tonne: 1,000 + 50 x 600 = 31,000.
    """
    book = make(jin(), refiner("Dear", "PER", 100, 600), demand=150)
    plan = solve(book)
    assert plan.objective == near(26000)
    assert tonnes(plan, refiner="Dear") == 0
    assert price(plan) == near(500)
    book["Settings"].append({"Setting": "Shortage cost multiple", "Value": 20})
    plan = solve(book)
    assert plan.objective == near(31000)
    assert price(plan) == near(600)


def test_shortage_cost_by_year() -> None:
    """Stated 15 in 2026, between Jin (10, 60 t) and Sur (20): short 40. From 2027 on 80: Sur sells.

    2026: 600 + 40 x 15 = 1,200. 2027: 600 + 40 x 20 = 1,400.
    """
    book = make(jin(60), sur(), years=(2026, 2027))
    book["Minerals"][0] |= {"Shortage cost (USD/t)": 15, "Shortage cost 2027 (USD/t)": 80}
    plan = solve(book)
    assert plan.objective == near(2600)
    assert (short(plan, year=2026), short(plan, year=2027)) == near((40, 0), abs=1e-6)
    assert (price(plan, year=2026), price(plan, year=2027)) == near((15, 20))
    assert slope(book, "Demand", 0, "2026") == near(15)
    assert rent(plan, "Jin", 2026) == near(5)
    assert rent(plan, "Jin", 2027) == near(10)


def test_price_by_year_sets_the_shortage_cost() -> None:
    """Price 50, then 70 from 2027 on, no supply at all: 100 x 500 + 100 x 700 = 120,000."""
    book = make(jin(0), years=(2026, 2027))
    book["Minerals"][0]["Price 2027 (USD/t)"] = 70
    plan = solve(book)
    assert plan.objective == near(120000)
    assert plan.served_share == near(0)
    assert [price(plan, year=y) for y in (2026, 2027)] == near([500, 700])


def test_no_more_short_than_demanded() -> None:
    """Minerals are short each by itself, and who has no demand is never short.

    Copper 40 short, nickel none: 60 x 10 + 40 x 500 + 30 x 10 = 20,900.
    """
    book = make(
        jin(60), refiner("Jin", "CHN", 100, 10, Mineral="nickel"), demand={"A": 100, "B": 0}
    )
    book["Minerals"].append({"Mineral": "nickel", "Price (USD/t)": 50})
    book["Demand"].append({"Mineral": "nickel", "Member": "B", "2026": 30})
    plan = solve(book)
    assert plan.objective == near(20900)
    assert plan.shortage == near(40)
    assert plan.shortages[["mineral", "member"]].to_numpy().tolist() == [["copper", "A"]]


def tiers(capacity: float) -> BookT:
    """Return demand in two tiers: 30 of defence at 20 x 50 a tonne short, 70 of other at 4 x 50."""
    book = make(jin(capacity))
    row = {"Mineral": "copper", "Member": "A"}
    book["Demand"] = [row | {"Tier": "defence", "2026": 30}, row | {"Tier": "other", "2026": 70}]
    book["Tiers"] = [
        {"Tier": "defence", "Shortage cost multiple": 20},
        {"Tier": "other", "Shortage cost multiple": 4},
    ]
    return book


def test_a_shortage_falls_on_the_lowest_tier_first() -> None:
    """60 t of Jin's: 40 of other are short: 600 + 40 x 200 = 8,600, a tonne costs 200.

    20 t: all 70 of other, and 10 of defence: 200 + 14,000 + 10,000 = 24,200; a tonne costs 1,000.
    """
    book = tiers(60)
    plan = solve(book)
    assert plan.objective == near(8600)
    assert price(plan) == near(200)
    assert rent(plan, "Jin") == near(190)
    assert slope(book, "Refiners", 0, "Capacity (t/yr)") == near(-190)
    book = tiers(20)
    plan = solve(book)
    assert plan.objective == near(24200)
    assert short(plan) == near(80)
    assert slope(book, "Demand", 0, "2026") == near(1000)
    assert slope(book, "Demand", 1, "2026") == near(200)  # its own tonne more to be short
    assert slope(book, "Refiners", 0, "Capacity (t/yr)") == near(-990)


def test_tiers_beside_plain_demand_share_fairly() -> None:
    """A has 100 in tiers, B 100 at 500; Jin has 100. Cheapest: A's other 70 and 30 of B.

    1,000 + 70 x 200 + 30 x 500, and A is short 70, 20 beyond its part of 50: 20 x 50 = 1,000:
    31,000. (Shifting a tonne from A to B costs 300 and saves 50.)
    """
    book = tiers(100)
    book["Members"].append({"Member": "B"})
    book["Demand"].append({"Mineral": "copper", "Member": "B", "Tier": None, "2026": 100})
    plan = solve(book)
    assert plan.objective == near(31000)
    assert (short(plan, "A"), short(plan, "B")) == near((70, 30))
    assert cost(plan, "unfair shortage") == near(1000)
