"""Contracts by hand: tranches, take or pay, force majeure, minimums that shrink."""

from __future__ import annotations

from typing import Any

import pytest

from tests.models.desk import (
    changed,
    cost,
    jin,
    make,
    one,
    price,
    rent,
    short,
    slope,
    solve,
    sur,
    tonnes,
)

near = pytest.approx


def signed(least: float | None = None, pays: float | None = 12, **more: object) -> dict[str, Any]:
    """Return a contract of A with Jin at 12 a t; ``more`` are columns."""
    return {
        "Contract": "K",
        "Refiner": "Jin",
        "Mineral": "copper",
        "Member": "A",
        "Min (t/yr)": least,
        "Max (t/yr)": None,
        "Price (USD/t)": pays,
    } | more


def test_take_or_pay_beyond_the_demand() -> None:
    """At least 120 at 12, demand 100, spot 10: 100 x 12 + 20 x 12 = 1,440.

    A tonne left untaken costs 12 as one taken does: one more tonne of demand is free, one less of
    the minimum saves 12.
    """
    book = make(jin(200), Contracts=[signed(120)])
    plan = solve(book)
    assert plan.objective == near(1440)
    assert cost(plan, "take or pay") == near(240)
    row = one(plan.contracts)
    assert (row["minimum"], row["taken"], row["untaken"]) == near((120, 100, 20))
    assert row["worth"] == near(12)
    assert slope(book, "Contracts", 0, "Min (t/yr)") == near(12)
    assert price(plan) == near(0)
    assert slope(book, "Demand", 0, "2026") == near(0, abs=1e-6)


def test_tariff_makes_taking_dearer_than_not() -> None:
    """Tariff 0.5: a taken tonne lands at 18, spot at 15; leaving it costs 12 and spot 15.

    All 100 of the minimum of 120 are taken: 1,800 + 240 = 2,040. At a tariff of 9 (spot of Jin 100,
    contract 120, Sur 20) none is taken: 120 x 12 + 100 x 20 = 3,440.
    """
    book = make(jin(200), sur(), Contracts=[signed(120)])
    book["Lanes"] = [{"From country": "CHN", "Tariff": 0.5}]
    assert solve(book).objective == near(2040)
    book["Lanes"][0]["Tariff"] = 9
    plan = solve(book)
    assert plan.objective == near(3440)
    assert one(plan.contracts)["untaken"] == near(120)


def test_tranches_below_and_above_spot() -> None:
    """K1 at most 30 at 8, K2 at least 20 at 15, spot 10: 240 + 300 + 50 x 10 = 1,040.

    One more tonne of K1 saves 2; one less of K2's minimum saves 15 - 10.
    """
    first = signed(None, 8, **{"Max (t/yr)": 30})
    second = signed(20, 15, Contract="L")
    book = make(jin(), Contracts=[first, second])
    plan = solve(book)
    assert plan.objective == near(1040)
    taken = {k: tonnes(plan, contract=k) for k in (0, 1, -1)}
    assert taken == near({0: 30, 1: 20, -1: 50})
    assert plan.dual("contract_maximum", (0, "Jin", "copper", "A", 2026)) == near(-2)
    assert slope(book, "Contracts", 0, "Max (t/yr)") == near(-2)
    assert one(plan.contracts, contract=1)["worth"] == near(5)
    assert slope(book, "Contracts", 1, "Min (t/yr)") == near(5)
    assert price(plan) == near(10)


def test_contracts_count_against_capacity() -> None:
    """Jin has 70: the contract's 50 at 12 leave 20 of spot; Sur 30: 600 + 200 + 600 = 1,400.

    One more tonne of Jin's takes Sur's place: 20 - 10.
    """
    book = make(jin(70), sur(), Contracts=[signed(50)])
    plan = solve(book)
    assert plan.objective == near(1400)
    assert rent(plan, "Jin") == near(10)
    assert slope(book, "Refiners", 0, "Capacity (t/yr)") == near(-10)
    assert slope(book, "Contracts", 0, "Min (t/yr)") == near(2)  # 12 instead of Jin's spot at 10


def test_force_majeure() -> None:
    """At least 40 at 12, Sur at 20. Open: 40 x 12 + 60 x 10 = 1,080.

    Lane closed, or its Max 0, or nothing of Jin open to the coalition: 100 x 20 = 2,000, nothing
    untaken. A Max of 5 is none: 5 taken, 35 paid for, 60 + 420 + 95 x 20 = 2,380.
    """
    book = make(jin(), sur(), Contracts=[signed(40)])
    assert solve(book).objective == near(1080)
    lapses = [
        book | {"Lanes": [{"From country": "CHN", "Open": "no"}]},
        book | {"Lanes": [{"From country": "CHN", "Max (t/yr)": 0}]},
        book | {"Lanes": [{"Refiner": "Jin", "To member": "A", "Max (t/yr)": 0}]},
        changed(book, "Refiners", 0, **{"Available share": 0}),
        changed(book, "Refiners", 0, **{"Capacity (t/yr)": 0}),
        changed(book, "Refiners", 0, **{"First year": 2027}),
    ]
    for lapsed in lapses:
        plan = solve(lapsed)
        assert plan.objective == near(2000)
        row = one(plan.contracts)
        assert (row["minimum"], row["untaken"]) == (0, 0)
    plan = solve(book | {"Lanes": [{"From country": "CHN", "Max (t/yr)": 5}]})
    assert plan.objective == near(2380)
    assert one(plan.contracts)["untaken"] == near(35)


def test_minimums_shrink_to_what_a_refiner_has() -> None:
    """Minimums 120 (A) and 60 (B) of a refiner of 90 shrink to 60 and 30; weight 0.

    90 x 12 + 110 x 500 = 56,080. With A's lane closed its minimum lapses and B's 60 stand whole:
    60 x 12 + 30 x 10 + 110 x 500 = 56,020.
    """
    book = make(jin(90), demand={"A": 100, "B": 100}, settings={"Fair shortage weight": 0})
    book["Contracts"] = [signed(120), signed(60, Member="B")]
    plan = solve(book)
    assert plan.objective == near(56080)
    assert list(plan.contracts["minimum"]) == near([60, 30])
    assert (short(plan, "A"), short(plan, "B")) == near((40, 70))
    book["Lanes"] = [{"To member": "A", "Open": "no"}]
    plan = solve(book)
    assert plan.objective == near(56020)
    assert sorted(plan.contracts["minimum"]) == near([0, 60])


def test_minimums_shrink_to_the_open_part() -> None:
    """Half of Jin's 100 is open; minimums 60 at 12 and 40 at 8 shrink to 30 and 20.

    Both are taken in full, and 50 x 20 of Sur: 360 + 160 + 1,000 = 1,520.
    """
    book = make(jin(**{"Available share": 0.5}), sur())
    book["Contracts"] = [signed(60), signed(40, 8, Contract="L")]
    plan = solve(book)
    assert sorted(plan.contracts["minimum"]) == near([20, 30])
    # the tranche at 8 has no maximum: it would take all 50, leaving 30 of the other paid for;
    # 50 x 8 + 30 x 12 + 50 x 20 = 1,760, so both minimums are taken
    assert plan.objective == near(1520)
    assert one(plan.contracts, minimum=30)["taken"] == near(30)


def test_price_follows_the_refiners_cost() -> None:
    """No price stated: Jin's cost, 10 in 2026 and 30 from 2027 on; the tariff of 0.1 is on it.

    At least 50, freight 2. 2026: 100 x (11 + 2) = 1,300. 2027: 50 x (33 + 2) + 50 of Sur at
    22 + 2 = 2,950: an untaken tonne would cost 30 + 24.
    """
    book = make(jin(**{"Cost 2027 (USD/t)": 30}), sur(), years=(2026, 2027))
    book["Contracts"] = [signed(50, None)]
    book["Lanes"] = [{"Tariff": 0.1, "Freight (USD/t)": 2}]
    plan = solve(book)
    assert plan.objective == near(1300 + 2950)
    assert list(plan.contracts["price"]) == near([10, 30])
    assert one(plan.contracts, year=2027)["worth"] == near(35 - 24)


def test_years_of_a_contract() -> None:
    """Takes 50 at 12 in 2027 alone, a supplier at 10 otherwise: 1,000 + 600 + 500 + 1,000."""
    years = {"First year": 2027, "Last year": 2027}
    plan = solve(make(jin(), years=(2026, 2027, 2028), Contracts=[signed(50, 12, **years)]))
    assert plan.objective == near(3100)
    assert list(plan.contracts["year"]) == [2027]


def test_contracts_count_in_share_limits() -> None:
    """Cap 0.4 on China, at least 60 at 12: 40 taken, 20 paid for: 480 + 240 + 60 x 20 = 1,920.

    A tonne of relief: 12 taken instead of paid, and Sur's 20 saved.
    """
    limit = {"Limit": "max", "Supplier group": "country", "Supplier": "CHN", "Share": 0.4}
    book = make(jin(), sur(), Contracts=[signed(60)], Share_limits=[limit])
    plan = solve(book)
    assert plan.objective == near(1920)
    assert one(plan.contracts)["untaken"] == near(20)
    assert one(plan.limits)["shadow_price"] == near(20)
    assert slope(book, "Share limits", 0, "Share", 0.01) == near(-2000)


def test_a_contract_without_demand_is_paid_for() -> None:
    """B has no demand and no stock, its contract of 10 at 12 holds: 120 for nothing."""
    plan = solve(make(jin(), demand={"A": 100, "B": 0}, Contracts=[signed(10, Member="B")]))
    assert plan.objective == near(1120)
    assert plan.tonnes == near(100)
