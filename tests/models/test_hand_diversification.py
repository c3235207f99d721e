"""Share limits by hand: most and least, of whom, for whom, of what, and what they cost."""

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
    refiner,
    short,
    slope,
    solve,
    sur,
    tonnes,
)

near = pytest.approx


def most(share: float, group: str = "country", **more: object) -> dict[str, Any]:
    """Return a max; ``more`` are columns."""
    return {"Limit": "max", "Supplier group": group, "Share": share} | more


def least(share: float, supplier: str, group: str = "country", **more: object) -> dict[str, Any]:
    """Return a min; ``more`` are columns."""
    named = {"Limit": "min", "Supplier group": group, "Supplier": supplier, "Share": share}
    return named | more


def limits(*rows: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the sheet."""
    return {"Share_limits": list(rows)}


def test_cap_binds() -> None:
    """At most 0.6 of 100 from one country: 60 x 10 + 40 x 20 = 1,400.

    A tonne of relief, 0.01 of the share, saves 20 - 10. One more tonne of demand lets 0.6 more in
    from China: 0.6 x 10 + 0.4 x 20 = 14; the balance alone (the base as it was) costs 20.
    """
    book = make(jin(), sur(), **limits(most(0.6)))
    plan = solve(book)
    assert plan.objective == near(1400)
    row = one(plan.limits, supplier="CHN")
    assert row["binding"]
    assert (row["tonnes"], row["share"], row["base"]) == near((60, 0.6, 100))
    assert row["shadow_price"] == near(10)
    assert not one(plan.limits, supplier="CHL")["binding"]
    assert slope(book, "Share limits", 0, "Share", 0.01) == near(-10 * 100)
    assert price(plan) == near(20)
    assert slope(book, "Demand", 0, "2026") == near(14)
    assert plan.max_country_share == near({"copper": 0.6})


def test_cap_on_the_coalition_or_on_each_member() -> None:
    """Demands 100 and 100, Jin and Sur without end, China's freight to B 5, cap 0.5.

    As one: China's 100 go to A: 1,000 + 2,000 = 3,000. Each: 50 to each: 500 + 1,000 to A,
    50 x 15 + 1,000 to B, 3,250.
    """
    freight = [{"From country": "CHN", "B": 5}]
    book = make(
        jin(300), sur(300), demand={"A": 100, "B": 100}, Freight=freight, **limits(most(0.5))
    )
    plan = solve(book)
    assert plan.objective == near(3000)
    assert tonnes(plan, member="A", country="CHN") == near(100)
    book["Share limits"][0]["Buyer"] = "each"
    plan = solve(book)
    assert plan.objective == near(3250)
    prices = {b: one(plan.limits, supplier="CHN", buyer=b)["shadow_price"] for b in "AB"}
    assert prices == near({"A": 10, "B": 5})
    assert slope(book, "Share limits", 0, "Share", 0.01) == near(-(10 + 5) * 100)


def test_cap_on_a_group_of_members() -> None:
    """A and B are the EU, C is not; demand 100 each. China's cap 0.5 for the EU: 100 of its 200.

    China 100 + C's 100: 200 x 10 + 100 x 20 = 4,000. China's freight to A of 3 sends all of the
    EU's 100 to B: the same cost. Each of the three: 150 x 10 + 150 x 20, and 50 x 3: 4,650.
    """
    book = make(
        jin(900),
        sur(900),
        demand={"A": 100, "B": 100, "C": 100},
        **limits(most(0.5, Buyer="EU", Supplier="CHN")),
    )
    for row in book["Members"][:2]:
        row["Group"] = "EU"
    book["Freight"] = [{"From country": "CHN", "A": 3}]
    plan = solve(book)
    assert plan.objective == near(4000)
    assert tonnes(plan, member="B", country="CHN") == near(100)
    assert one(plan.limits, supplier="CHN", buyer="EU")["base"] == near(200)
    assert slope(book, "Share limits", 0, "Share", -0.01) == near(-10 * 200)
    book["Share limits"][0]["Buyer"] = "each"
    assert solve(book).objective == near(4650)


def test_cap_of_a_bloc() -> None:
    """China (10) and Indonesia (12) are the east: at most 0.5 together, 50 x 10 + 50 x 20 = 1,500.

    A tonne of relief lets China take Chile's place, 20 - 10. By country the cap of 0.5 is no use:
    50 x 10 + 50 x 12 = 1,100.
    """
    east = [{"Country": "CHN", "Bloc": "east"}, {"Country": "IDN", "Bloc": "far; east"}]
    book = make(jin(), refiner("Ind", "IDN", 100, 12), sur(), Countries=east)
    book["Share limits"] = [most(0.5, "bloc", Supplier="east")]
    plan = solve(book)
    assert plan.objective == near(1500)
    assert one(plan.limits, supplier="east")["shadow_price"] == near(10)
    assert slope(book, "Share limits", 0, "Share", 0.01) == near(-1000)
    book["Share limits"] = [most(0.5)]
    assert solve(book).objective == near(1100)


def test_soft_limit_is_paid_where_that_is_cheaper() -> None:
    """Cap 0.6, 7 a tonne beyond: 100 x 10 + 40 x 7 = 1,280, below 1,400 within the cap.

    A tonne of relief saves 7. At 15 nothing is beyond it: 1,400, and relief saves 10.
    """
    book = make(jin(), sur(), **limits(most(0.6, **{"Penalty (USD/t)": 7})))
    plan = solve(book)
    assert plan.objective == near(1280)
    row = one(plan.limits, supplier="CHN")
    assert (row["excess"], row["shadow_price"]) == near((40, 7))
    assert cost(plan, "limit penalty") == near(280)
    assert slope(book, "Share limits", 0, "Share", 0.01) == near(-700)
    book = changed(book, "Share limits", 0, **{"Penalty (USD/t)": 15})
    plan = solve(book)
    assert plan.objective == near(1400)
    assert one(plan.limits, supplier="CHN")["shadow_price"] == near(10)


def test_least_share_is_met_or_missed_at_a_price() -> None:
    """At least 0.3 from Germany at 50: 70 x 10 + 30 x 50 = 2,200 (a miss costs 500).

    A tonne less of it saves 50 - 10. With a penalty of 15 it is missed: 1,000 + 30 x 15 = 1,450.
    With 20 t of capacity, 10 t are missed: 80 x 10 + 20 x 50 + 10 x 500 = 6,800.
    """
    book = make(jin(), refiner("Ruhr", "DEU", 100, 50), **limits(least(0.3, "DEU")))
    plan = solve(book)
    assert plan.objective == near(2200)
    assert one(plan.limits, supplier="DEU")["shadow_price"] == near(40)
    assert slope(book, "Share limits", 0, "Share", 0.01) == near(4000)
    missed = changed(book, "Share limits", 0, **{"Penalty (USD/t)": 15})
    plan = solve(missed)
    assert plan.objective == near(1450)
    assert one(plan.limits, supplier="DEU")["excess"] == near(30)
    assert slope(missed, "Share limits", 0, "Share", 0.01) == near(1500)
    few = changed(book, "Refiners", 1, **{"Capacity (t/yr)": 20})
    plan = solve(few)
    assert plan.objective == near(6800)
    assert one(plan.limits, supplier="DEU")["shadow_price"] == near(500)


def test_share_of_purchases_or_of_demand() -> None:
    """Jin without end, 30 t of Sur's, cap 0.6, demand 100.

    Of demand: Jin 60, Sur 30, short 10: 600 + 600 + 5,000 = 6,200; relief saves 490 a tonne.
    Of purchases: Jin <= 0.6 (Jin + 30), so 45; short 25: 450 + 600 + 12,500 = 13,550. A tonne of
    relief makes it Jin <= 1.5 x 30 + 2.5: 2.5 x 490 = 1,225. One more tonne of Sur's takes 1.5 of
    Jin's with it: 480 + 1.5 x 490 = 1,215.
    """
    book = make(jin(900), sur(30), **limits(most(0.6, Supplier="CHN")))
    plan = solve(book)
    assert plan.objective == near(6200)
    assert one(plan.limits)["shadow_price"] == near(490)
    assert one(plan.limits)["base"] == near(100)
    book["Settings"].append({"Setting": "Share basis", "Value": "purchases"})
    plan = solve(book)
    assert plan.objective == near(13550)
    row = one(plan.limits)
    assert (row["shadow_price"], row["base"], row["share"]) == near((1225, 75, 0.6))
    assert slope(book, "Refiners", 1, "Capacity (t/yr)") == near(-1215)
    assert slope(book, "Share limits", 0, "Share", 1e-6) == near(-75 * 1225, rel=1e-4)
    assert short(plan) == near(25)


def test_basis_purchases_leaves_a_least_share_of_demand() -> None:
    """No supply but Ruhr's 20 t at 50; at least 0.3 of the demand: 10 missed, whatever the basis.

    20 x 50 + 80 x 500 + 10 x 500 = 46,000.
    """
    book = make(refiner("Ruhr", "DEU", 20, 50), **limits(least(0.3, "DEU")))
    assert solve(book).objective == near(46000)
    book["Settings"].append({"Setting": "Share basis", "Value": "purchases"})
    assert solve(book).objective == near(46000)


def test_each_country_outside_the_coalition() -> None:
    """Oz of Australia sells at 8; A is Australian. Demand 100, Oz 50, cap 0.3.

    Each outside coalition: Oz is free: 50 x 8 + 30 x 10 + 20 x 20 = 1,100. Each country: Oz 30, Jin
    30, Sur 30 and 10 short: 240 + 300 + 600 + 5,000 = 6,140. Each owner outside: with Oz owned by
    China, Oz and Jin have 30 together: 240 + 600 + 40 x 500 = 20,840.
    """
    book = make(refiner("Oz", "AUS", 50, 8), jin(), sur())
    book["Members"][0]["Country"] = "AUS"
    book["Share limits"] = [most(0.3, Supplier="each outside coalition")]
    plan = solve(book)
    assert plan.objective == near(1100)
    assert sorted(plan.limits["supplier"]) == ["CHL", "CHN"]
    book["Share limits"] = [most(0.3)]
    assert solve(book).objective == near(6140)
    book["Refiners"][0]["Owner country"] = "CHN"
    book["Share limits"] = [most(0.3, "owner", Supplier="each outside coalition")]
    assert solve(book).objective == near(20840)


def test_rest_of_world_is_capped_by_name_only() -> None:
    """Far of the rest of the world at 10. Cap 0.5 on each country: free, 1,000.

    By its name: 50 x 10 + 50 x 500 = 25,500; a tonne of relief saves 490.
    """
    book = make(refiner("Far", "ROW", 100, 10), **limits(most(0.5)))
    plan = solve(book)
    assert plan.objective == near(1000)
    assert plan.limits.empty
    assert plan.max_country_share == {"copper": 0}
    book["Share limits"][0]["Supplier"] = "ROW"
    plan = solve(book)
    assert plan.objective == near(25500)
    assert one(plan.limits)["shadow_price"] == near(490)
    book["Share limits"][0] |= {"Supplier": None, "Supplier group": "owner"}
    assert solve(book).objective == near(1000)


def test_kind_and_refiner_as_suppliers() -> None:
    """Scrap at 30, recycled; at least 0.25 recycled and at most 0.5 of any one refiner.

    Jin 50, scrap 25, Sur 25: 500 + 750 + 500 = 1,750. A tonne less of the least saves 30 - 20, a
    tonne more of Jin 20 - 10.
    """
    book = make(
        jin(), sur(), refiner("Scrap", "CHL", 100, 30, Kind="recycled"),
        **limits(least(0.25, "recycled", "kind"), most(0.5, "refiner")),
    )  # fmt: skip
    plan = solve(book)
    assert plan.objective == near(1750)
    assert one(plan.limits, kind="min")["shadow_price"] == near(10)
    assert one(plan.limits, supplier="Jin")["shadow_price"] == near(10)
    assert slope(book, "Share limits", 0, "Share", 0.01) == near(1000)
    assert slope(book, "Share limits", 1, "Share", 0.01) == near(-1000)


def test_share_by_year_and_years_of_a_limit() -> None:
    """China's cap is 0.6 in 2027, 0.3 in 2028, none before and after.

    1,000 + 1,400 + (30 x 10 + 70 x 20 = 1,700) + 1,000 = 5,100.
    """
    years = {"Share 2028": 0.3, "First year": 2027, "Last year": 2028}
    limit = most(0.6, Supplier="CHN", **years)
    plan = solve(make(jin(), sur(), years=(2026, 2027, 2028, 2029), **limits(limit)))
    assert plan.objective == near(5100)
    assert [tonnes(plan, refiner="Jin", year=y) for y in (2027, 2028)] == near([60, 30])


def test_hard_cap_on_no_demand_forbids_buying_for_stock() -> None:
    """B has a stockpile and no demand; its target of 30 costs 20 a tonne missed.

    Free: 30 x 10 = 300. Each member's cap of 0.5 of nothing: 30 x 20 = 600.
    """
    pile = {
        "Mineral": "copper", "Member": "B", "Max (t)": 30, "Target (t)": 30,
        "Target penalty (USD/t/yr)": 20,
    }  # fmt: skip
    book = make(jin(), demand={"A": 0, "B": 0}, Stockpiles=[pile])
    assert solve(book).objective == near(300)
    book["Share limits"] = [most(0.5, Buyer="each")]
    assert solve(book).objective == near(600)
    book["Share limits"][0]["Penalty (USD/t)"] = 4
    assert solve(book).objective == near(300 + 120)


def test_least_share_of_a_supplier_that_has_nothing() -> None:
    """At least 0.1 from Peru, which has no refiner: missed in full, 1,000 + 10 x 500 = 6,000.

    A named refiner counts only for minerals that it has: nothing missed for nickel.
    """
    book = make(jin(), **limits(least(0.1, "PER")))
    assert solve(book).objective == near(6000)
    book = make(jin(), refiner("Nic", "CHN", 100, 10, Mineral="nickel"))
    book["Minerals"].append({"Mineral": "nickel", "Price (USD/t)": 50})
    book["Demand"].append({"Mineral": "nickel", "Member": "A", "2026": 10})
    book["Share limits"] = [least(0.5, "Jin", "refiner")]
    assert solve(book).objective == near(1000 + 100)
