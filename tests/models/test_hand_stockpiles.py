"""Stockpiles by hand: what is carried over, what a target is worth, what holding costs."""

from __future__ import annotations

from typing import Any

import pytest

from models.answers.explain import explain
from models.answers.least_change import least_change
from tests.models.desk import (
    BookT,
    changed,
    cost,
    jin,
    make,
    one,
    price,
    refiner,
    rent,
    short,
    slope,
    solve,
    sur,
)

near = pytest.approx
TWO_YEARS = (2026, 2027)


def pile(most: float, opening: float | None = None, **more: object) -> dict[str, Any]:
    """Return A's stockpile of copper; ``more`` are columns."""
    return {
        "Mineral": "copper",
        "Member": "A",
        "Max (t)": most,
        "Opening (t)": opening,
        "Target (t)": None,
        "Target penalty (USD/t/yr)": None,
        "Holding cost (USD/t/yr)": None,
    } | more


HOLDS = {"Holding cost (USD/t/yr)": 1}


def test_carried_over_to_a_lean_year() -> None:
    """Jin has 150, then 80; demand 100 a year; holding costs 1. 20 are bought ahead.

    120 x 10 + 20 x 1 + 80 x 10 = 2,020. A tonne in 2027 costs 10 + 1; one more of Jin's in 2027
    saves that 1.
    """
    book = make(jin(150, **{"Capacity 2027 (t/yr)": 80}), years=TWO_YEARS)
    book["Stockpiles"] = [pile(50, **HOLDS)]
    plan = solve(book)
    assert plan.objective == near(2020)
    assert list(plan.stocks["closing"]) == near([20, 0])
    assert [price(plan, year=y) for y in TWO_YEARS] == near([10, 11])
    assert slope(book, "Demand", 0, "2027") == near(11)
    assert rent(plan, "Jin", 2027) == near(1)
    assert slope(book, "Refiners", 0, "Capacity 2027 (t/yr)") == near(-1)


def test_full_stockpile() -> None:
    """The same with room for 15: 5 are short in 2027: 115 x 10 + 15 + 800 + 5 x 500 = 4,465.

    One more tonne of room saves 500 - 11.
    """
    book = make(jin(150, **{"Capacity 2027 (t/yr)": 80}), years=TWO_YEARS)
    book["Stockpiles"] = [pile(15, **HOLDS)]
    plan = solve(book)
    assert plan.objective == near(4465)
    assert short(plan, year=2027) == near(5)
    assert price(plan, year=2027) == near(500)
    assert slope(book, "Stockpiles", 0, "Max (t)") == near(-489)


def test_opening_stock_is_used_where_no_target_keeps_it() -> None:
    """Opening 40, target 0: 60 x 10 = 600. A tonne more of it saves 10."""
    book = make(jin(), Stockpiles=[pile(50, 40, **{"Target (t)": 0})])
    plan = solve(book)
    assert plan.objective == near(600)
    assert list(plan.stocks["closing"]) == near([0])
    assert slope(book, "Stockpiles", 0, "Opening (t)") == near(-10)


def test_target_met_or_missed() -> None:
    """Target 30 of an empty stockpile, holding 1. A miss at 3 a tonne: 1,000 + 90 = 1,090.

    A miss at 12 is dearer than 10 + 1: 1,000 + 300 + 30 = 1,330, and a tonne less of target saves
    11.
    """
    book = make(jin(200), Stockpiles=[pile(50, **HOLDS)])
    book["Stockpiles"][0] |= {"Target (t)": 30, "Target penalty (USD/t/yr)": 3}
    plan = solve(book)
    assert plan.objective == near(1090)
    assert one(plan.stocks)["shortfall"] == near(30)
    assert one(plan.stocks)["worth"] == near(3)
    book = changed(book, "Stockpiles", 0, **{"Target penalty (USD/t/yr)": 12})
    plan = solve(book)
    assert plan.objective == near(1330)
    assert one(plan.stocks)["worth"] == near(11)
    assert slope(book, "Stockpiles", 0, "Target (t)") == near(11)


def test_default_penalty_keeps_a_reserve_in_the_last_year() -> None:
    """Opening 30 is the target; a miss costs 500 / 50 = 10, in the last year 500 / 2 = 250.

    No supply in 2027, 130 of Jin's in 2026 at 10. The reserve goes in 2027: 100 x 10 + 70 x 500 +
    30 x 250 = 43,500. With 70 of Jin's the 30 could go in 2026: 10 a tonne more than in 2027:
    700 + 30 x 500 + 42,500 = 58,200.
    """
    book = make(jin(130, **{"Capacity 2027 (t/yr)": 0}), years=TWO_YEARS, Stockpiles=[pile(30, 30)])
    plan = solve(book)
    assert plan.objective == near(43500)
    assert cost(plan, "stock shortfall") == near(7500)
    lean = changed(book, "Refiners", 0, **{"Capacity (t/yr)": 70})
    plan = solve(lean)
    assert plan.objective == near(58200)
    assert list(plan.stocks["closing"]) == near([30, 0])


def test_stated_penalty_holds_in_every_year() -> None:
    """A tonne short costs 20, so a miss 0.4, in the last year 10. No supply in 2027.

    100 x 10 + 70 x 20 + 30 x 10 = 2,700. At 0.4 stated, the last year too: 2,400 + 30 x 0.4.
    """
    book = make(jin(130, **{"Capacity 2027 (t/yr)": 0}), years=TWO_YEARS, Stockpiles=[pile(30, 30)])
    book["Minerals"][0]["Shortage cost (USD/t)"] = 20
    assert solve(book).objective == near(2700)
    book["Stockpiles"][0]["Target penalty (USD/t/yr)"] = 0.4
    assert solve(book).objective == near(2412)


def test_one_year_is_the_last() -> None:
    """A horizon of one year has only the last year's penalty: 250 a tonne. Demand 100, no supply.

    Opening 30: 70 x 500 + 30 x 250 = 42,500; at a fair part of nobody else.
    """
    plan = solve(make(jin(0), Stockpiles=[pile(30, 30)]))
    assert plan.objective == near(42500)
    assert one(plan.stocks)["shortfall"] == near(30)


def test_target_above_the_room() -> None:
    """Target 60, room for 50, a miss at 100, Jin at 10: filled in 2026, 10 missed in each year.

    150 x 10 + 100 x 10 + 2 x 10 x 100 = 4,500. One more tonne of room costs 10 once and saves 200.
    """
    book = make(jin(200), years=TWO_YEARS, Stockpiles=[pile(50)])
    book["Stockpiles"][0] |= {"Target (t)": 60, "Target penalty (USD/t/yr)": 100}
    plan = solve(book)
    assert plan.objective == near(4500)
    assert list(plan.stocks["shortfall"]) == near([10, 10])
    assert slope(book, "Stockpiles", 0, "Max (t)") == near(-190)


def test_holding_dearer_than_the_shortage() -> None:
    """Holding at 600: nothing is carried, 20 short in 2027: 1,000 + 800 + 10,000 = 11,800."""
    book = make(jin(150, **{"Capacity 2027 (t/yr)": 80}), years=TWO_YEARS)
    book["Stockpiles"] = [pile(50, **{"Holding cost (USD/t/yr)": 600})]
    plan = solve(book)
    assert plan.objective == near(11800)
    assert list(plan.stocks["closing"]) == near([0, 0])


def test_carried_over_a_gap_and_discounted() -> None:
    """2026 and 2028 at rate 0.1; Jin has 150, then 80; holding counts once, for 2026.

    120 x 10 + 20 x 1 + 80 x 10 / 1.21. A tonne more in 2028 is 11 spent in 2026, which is 11 x 1.21
    in the money of 2028.
    """
    book = make(
        jin(150, **{"Capacity 2027 (t/yr)": 80}), years=(2026, 2028), demand={"A": [100, 100]},
        settings={"Discount rate": 0.1}, Stockpiles=[pile(50, **HOLDS)],
    )  # fmt: skip
    plan = solve(book)
    assert plan.objective == near(1220 + 800 / 1.21)
    assert price(plan, year=2028) == near(11 * 1.21)
    assert slope(book, "Demand", 0, "2028") == near(11)


def test_no_shortage_to_fill_a_stock() -> None:
    """B has no demand row; its target of 10 is missed at 700 a tonne, dearer than a shortage.

    Nothing may be short for stock: without supply it is 10 x 700; with Jin 10 x 10.
    """
    book = make(jin(0), demand={"A": 0, "B": 0}, Stockpiles=[pile(10, Member="B")])
    book["Demand"] = book["Demand"][:1]
    book["Stockpiles"][0] |= {"Target (t)": 10, "Target penalty (USD/t/yr)": 700}
    assert solve(book).objective == near(7000)
    plan = solve(changed(book, "Refiners", 0, **{"Capacity (t/yr)": 100}))
    assert plan.objective == near(100)
    assert plan.purchases == near(100)


def test_purchases_for_stock_count_in_a_share() -> None:
    """Cap 0.6 of the demand of 100 on China; 20 wanted for stock at any price.

    60 of Jin's and 60 of Sur's: 600 + 1,200 = 1,800; a tonne of relief saves 10.
    """
    limit = {"Limit": "max", "Supplier group": "country", "Supplier": "CHN", "Share": 0.6}
    book = make(jin(), sur(), Stockpiles=[pile(20)], Share_limits=[limit])
    book["Stockpiles"][0] |= {"Target (t)": 20}
    plan = solve(book)
    assert plan.objective == near(1800)
    assert one(plan.limits)["shadow_price"] == near(10)
    assert plan.tonnes == near(120)


def test_target_in_days() -> None:
    """73 days of 100 t a year are 20 t, of 150 t 30 t; a miss at 40 a tonne, Jin at 10, holding 1.

    120 x 10 + 20, then 160 x 10 + 30: 2,850. A day of 2027 alone is 150 / 365 t, at 11 a tonne. A
    day of both: 100 t / 365 at 11, then 50 t / 365 at 10 more, and 150 / 365 held: 1,750 / 365.
    """
    book = make(jin(200), years=TWO_YEARS, demand={"A": [100, 150]}, Stockpiles=[pile(50, **HOLDS)])
    book["Stockpiles"][0] |= {"Target (days)": 73, "Target penalty (USD/t/yr)": 40}
    plan = solve(book)
    assert plan.objective == near(2850)
    assert list(plan.stocks["closing"]) == near([20, 30])
    assert list(plan.stocks["days"]) == near([73, 73])
    assert one(plan.stocks, year=2027)["day_worth"] == near(11 * 150 / 365)
    assert slope(book, "Stockpiles", 0, "Target (days)") == near(1750 / 365)


def test_bought_and_stored_so_that_others_may_sell() -> None:
    """Sur may sell 5 % of what is bought: for its 100 t to A, B buys 1,900 t of Oz and stores."""
    book = make(
        sur(), refiner("Oz", "AUS", 1e4, 1), demand={"A": 100, "B": 0},
        settings={"Share basis": "purchases"},
        Share_limits=[{"Limit": "max", "Supplier group": "country", "Supplier": "CHL",
                       "Share": 0.05}],
        Lanes=[{"Refiner": "Oz", "To member": "A", "Open": "no"}],
        Stockpiles=[pile(1e5) | {"Member": "B"}],
    )  # fmt: skip
    assert solve(book).objective == near(100 * 20 + 1_900)


def test_bought_and_stored_so_that_sales_grow() -> None:
    """B needs Jin's 100 t in the twelfth year; sales may grow by 5 % a year: A stores them before.

    100 / 1.05^t in the year t before it: 930.6 t in all.
    """
    years = tuple(range(2026, 2038))
    book = make(
        jin(1_000, Max_growth=0.05), demand={"A": [0] * 12, "B": [0] * 11 + [100]}, years=years,
        Current_supply=[{"Refiner": "Jin", "Mineral": "copper", "Member": "B",
                         "Tonnes (t/yr)": 60}],
        Stockpiles=[pile(1e5)],
    )  # fmt: skip
    assert solve(book).objective == near(10 * sum(100 / 1.05**t for t in range(12)))


# ---- how fast a stock is filled and drawn --------------------------------------------------------


def building_up(**more: object) -> BookT:
    """Return a book of three years with a reserve of 30 to fill, missed at 40 a tonne and year.

    90 are needed; 100 a year cost 1 a tonne, 50 more cost 2.
    """
    sources = [refiner("Near", "CHL", 100, 1), refiner("Far", "CHL", 50, 2)]
    book = make(*sources, demand=90, years=(2026, 2027, 2028), Stockpiles=[pile(50, **more)])
    book["Stockpiles"][0] |= {"Target (t)": 30, "Target penalty (USD/t/yr)": 40}
    return book


def test_a_reserve_is_filled_over_the_years() -> None:
    """At once: 100 x 1 + 20 x 2 + 180 = 320. 10 a year: 300 + (20 + 10) x 40 = 1,500.

    8 a year: 24 of 30 in the end, 3 x 98 + (22 + 14 + 6) x 40 = 1,974. One tonne more in the first
    year is missed in none of three, in the last in one: 119, 79 and 39.
    """
    assert solve(building_up()).objective == near(320)
    assert solve(building_up(**{"Max fill (t/yr)": 10})).objective == near(1500)
    book = building_up(**{"Max fill (t/yr)": 8})
    plan = solve(book)
    assert plan.objective == near(1974)
    assert list(plan.stocks["closing"]) == near([8, 16, 24])
    assert list(plan.stocks["fill_worth"]) == near([119, 79, 39])
    assert slope(book, "Stockpiles", 0, "Max fill (t/yr)") == near(-237)


def lean(**more: object) -> BookT:
    """Return a book of a year of plenty and one of no supply: 50 needed in each."""
    book = make(jin(**{"Last year": 2026}), demand=50, years=TWO_YEARS)
    return book | {"Stockpiles": [pile(50, **more)]}


@pytest.mark.parametrize("header", ["Max fill (t/yr)", "Max draw (t/yr)"])
def test_a_reserve_gives_no_faster_than_it_may(header: str) -> None:
    """30 a year in or out: 80 x 10 + 20 x 500 = 10,800. A tonne a year more saves 500 - 10."""
    book = lean(**{header: 30})
    plan = solve(book)
    assert plan.objective == near(10800)
    assert slope(book, "Stockpiles", 0, header) == near(-490)
    worth = "fill_worth" if "fill" in header else "draw_worth"
    assert plan.stocks[worth].sum() == near(490)
    for other in {"fill_worth", "draw_worth"} - {worth}:
        assert plan.stocks[other].sum() == 0


def test_the_opening_stock_is_drawn_no_faster_than_it_may() -> None:
    """Opening 40, target 0, 15 a year: 85 x 10 = 850. One tonne more a year saves 10."""
    book = make(jin(), Stockpiles=[pile(50, 40, **{"Target (t)": 0, "Max draw (t/yr)": 15})])
    plan = solve(book)
    assert plan.objective == near(850)
    assert list(plan.stocks["closing"]) == near([25])
    assert slope(book, "Stockpiles", 0, "Max draw (t/yr)") == near(-10)
    assert slope(book, "Stockpiles", 0, "Opening (t)") == near(0)


def test_a_reserve_that_is_locked() -> None:
    """Nothing in and nothing out: it stays at its opening stock, whatever is short."""
    locked = {"Max fill (t/yr)": 0, "Max draw (t/yr)": 0, "Target (t)": 0}
    plan = solve(lean(**locked, **{"Opening (t)": 20}))
    assert list(plan.stocks["closing"]) == near([20, 20])
    assert plan.objective == near(50 * 10 + 50 * 500)


def test_what_is_left_in_a_reserve_that_gives_no_more_is_a_cause() -> None:
    """It is told if something is left in it, or more would be put in; else it is simply empty."""
    for opening in (50, 80):
        more = {"Max (t)": 80, "Opening (t)": opening, "Target (t)": 0}
        causes = solve(lean(**{"Max draw (t/yr)": 30}, **more)).shortages
        assert list(causes["cause"]) == ["Its reserve gives no more than Max draw."]
    causes = solve(lean(**{"Max draw (t/yr)": 60, "Max fill (t/yr)": 30})).shortages
    assert list(causes["cause"]) == ["No supplier can run in this year."]


@pytest.mark.parametrize(
    ("header", "more"),
    [("Max fill", {}), ("Max draw", {"Opening (t)": 50, "Target (t)": 0})],
)
def test_a_faster_reserve_ends_a_shortage(header: str, more: dict[str, object]) -> None:
    """From 30 to the 50 that are needed, and nothing else."""
    found = least_change(solve(lean(**{f"{header} (t/yr)": 30}, **more)), "copper", "A", 2027)
    assert found is not None
    [change] = found.changes
    assert (change.place.header, change.was, change.to) == (header, 30, near(50))
    assert found.outcome is not None
    assert found.outcome.after == near(0, abs=1e-3)


def test_what_binds_on_a_reserve() -> None:
    """Explained for the lean year: Max draw, at 30 t a year, each more of which saves 490."""
    bound = [
        b for b in explain(solve(lean(**{"Max draw (t/yr)": 30})), "copper", "A", 2027).binding
        if b.kind == "stock draw"
    ]  # fmt: skip
    assert [(b.limit, b.shadow_price) for b in bound] == [(near(30), near(490))]
    assert bound[0].place is not None
    assert bound[0].place.header == "Max draw"
