"""Ore by hand: recovery, mines, ore lanes, limits on mining."""

from __future__ import annotations

from typing import Any

import pytest

from tests.models.desk import (
    BookT,
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


def mine(country: str = "COD", capacity: float = 100, premium: float = 0, **more: Any) -> Any:
    """Return a mine of copper."""
    return {
        "Mineral": "copper",
        "Country": country,
        "Capacity (t/yr)": capacity,
        "Premium (USD/t)": premium,
    } | more


def pit(*refiners: dict[str, Any], mines: list[dict[str, Any]], **more: Any) -> BookT:
    """Return a book with mines."""
    return make(*refiners, Mines=mines, **more)


def mining(share: float, limit: str = "max", **more: object) -> list[dict[str, Any]]:
    """Return a limit on mining by country."""
    first = {"Limit": limit, "Supplier group": "country", "Share": share, "Stage": "mining"}
    return [first | more]


def test_recovery() -> None:
    """Recovery 0.5, a mine of 100: 50 t. Ore 100 x (2 + 3), 50 x 10, 50 x 500: 26,000.

    One more tonne of ore is half a tonne refined: 0.5 x (500 - 10) - 5 = 240; the ore at the
    refiner is worth 245.
    """
    book = pit(jin(Recovery=0.5), mines=[mine(premium=2)])
    book["Ore lanes"] = [{"Freight (USD/t)": 3}]
    plan = solve(book)
    assert plan.objective == near(26000)
    assert (cost(plan, "ore premium"), cost(plan, "ore freight")) == near((200, 300))
    assert one(plan.ore)["tonnes"] == near(100)
    assert one(plan.ore)["rent"] == near(240)
    assert slope(book, "Mines", 0, "Capacity (t/yr)") == near(-240)
    assert abs(plan.dual("ore_balance", ("Jin", "", "copper", 2026))) == near(245)
    assert price(plan) == near(500)


def test_cheapest_ore_first() -> None:
    """Congo has 60 at a premium of 2, Peru 100 at 7: 60 x 2 + 40 x 7 + 100 x 10 = 1,400.

    A tonne refined costs 17; one more of Congo's mine saves 5.
    """
    book = pit(jin(200), mines=[mine(capacity=60, premium=2), mine("PER", 100, 7)])
    plan = solve(book)
    assert plan.objective == near(1400)
    assert price(plan) == near(17)
    assert slope(book, "Demand", 0, "2026") == near(17)
    assert one(plan.ore, mine_country="COD")["rent"] == near(5)
    assert slope(book, "Mines", 0, "Capacity (t/yr)") == near(-5)


def test_ore_lanes_override_and_close() -> None:
    """Freight 1 on all ore, 9 from Congo; then Peru's to China is closed.

    Open: Peru's at 1, 100 x 11. Closed: Congo's at 9 to China: 19 a tonne, as Sur (20, Chile) gets
    Peru's at 1, 21: 100 x 19. Congo closed as well: Sur, 100 x 21.
    """
    mines = [mine(), mine("PER")]
    lanes = [{"Freight (USD/t)": 1}, {"Mine country": "COD", "Freight (USD/t)": 9}]
    book = pit(jin(), sur(), mines=mines, Ore_lanes=lanes)
    assert solve(book).objective == near(1100)
    lanes.append({"Mine country": "PER", "Refiner country": "CHN", "Open": "no"})
    assert solve(book).objective == near(1900)
    lanes.append({"Mine country": "COD", "Open": "no", "First year": 2026})
    assert solve(book).objective == near(2100)


def test_limit_on_mining() -> None:
    """Recovery 0.5, cap 0.6 of the demand of 100 on each mine country: 60 t of Congo's ore.

    30 t refined: 30 x 10 + 60 x 5 + 70 x 500 = 35,600. A tonne of relief saves 240.
    """
    book = pit(jin(Recovery=0.5), mines=[mine(premium=5)], Share_limits=mining(0.6))
    plan = solve(book)
    assert plan.objective == near(35600)
    row = one(plan.limits)
    assert (row["supplier"], row["tonnes"], row["shadow_price"]) == ("COD", near(60), near(240))
    assert slope(book, "Share limits", 0, "Share", 0.01) == near(-24000)


def test_limit_on_mining_of_a_bloc_soft_and_least() -> None:
    """Congo at 0 and Zambia at 1 are the belt, Peru at 6; at most 0.5 of the belt's, 4 a t beyond.

    All 100 of Congo's: 1,000 + 50 x 4 = 1,200. Hard: 50 of Peru's: 1,000 + 300 = 1,300. At least
    0.2 of Peru's: 1,000 + 20 x 6 = 1,120; at a penalty of 2 it is missed: 1,040.
    """
    belt = [{"Country": "COD", "Bloc": "belt"}, {"Country": "ZMB", "Bloc": "belt"}]
    mines = [mine(), mine("ZMB", 100, 1), mine("PER", 100, 6)]
    limit = mining(0.5, Supplier="belt")[0] | {"Supplier group": "bloc", "Penalty (USD/t)": 4}
    book = pit(jin(), mines=mines, Countries=belt, Share_limits=[limit])
    assert solve(book).objective == near(1200)
    del limit["Penalty (USD/t)"]
    plan = solve(book)
    assert plan.objective == near(1300)
    assert one(plan.limits)["shadow_price"] == near(6)
    book["Share limits"] = mining(0.2, "min", Supplier="PER")
    assert solve(book).objective == near(1120)
    book["Share limits"][0]["Penalty (USD/t)"] = 2
    assert solve(book).objective == near(1040)


@pytest.mark.parametrize("basis", ["demand", "purchases"])
def test_soft_limit_on_mining_of_a_mineral_without_mines(basis: str) -> None:
    """At least 0.3 of 50 t from Congo, where nobody mines: 15 t missed at 500, 500 + 7,500.

    At a penalty of 7: 500 + 105. At most 0.3 at a penalty, and a limit that names no mineral, ask
    for nothing: 500.
    """
    limit = mining(0.3, "min", Supplier="COD")[0] | {"Mineral": "copper"}
    book = make(jin(), demand=50, settings={"Share basis": basis}, Share_limits=[limit])
    plan = solve(book)
    assert plan.objective == near(8000)
    assert one(plan.limits)["excess"] == near(15)
    limit["Penalty (USD/t)"] = 7
    assert solve(book).objective == near(605)
    del limit["Mineral"]
    assert solve(book).objective == near(500)
    limit |= {"Mineral": "copper", "Limit": "max"}
    assert solve(book).objective == near(500)
    limit["Supplier group"], limit["Supplier"] = "bloc", "other"
    assert solve(book).objective == near(500)


def test_limit_on_mining_of_purchases() -> None:
    """Congo without end, Peru 20 at 6, cap 0.6 on Congo of all ore: 30 and 20, so 50 t.

    500 + 120 + 50 x 500 = 25,620. Of demand it would be 60 and 20: 800 + 120 + 10,000 = 10,920.
    """
    mines = [mine(capacity=900), mine("PER", 20, 6)]
    book = pit(jin(), mines=mines, Share_limits=mining(0.6, Supplier="COD"))
    assert solve(book).objective == near(10920)
    book["Settings"].append({"Setting": "Share basis", "Value": "purchases"})
    plan = solve(book)
    assert plan.objective == near(25620)
    assert one(plan.limits)["base"] == near(50)


def test_who_needs_no_ore() -> None:
    """A mine of 30. Scrap (recycled, 12) and Toll (ore bought elsewhere, 11) need none of it.

    Jin 30 at 10, Toll 20 at 11, Scrap 50 at 12: 300 + 220 + 600 = 1,120. Nickel has no mine and
    no ore stage: 100 x 10.
    """
    book = pit(
        jin(), refiner("Toll", "CHL", 20, 11, **{"Needs ore": "no"}),
        refiner("Scrap", "CHL", 100, 12, Kind="recycled"),
        refiner("Nic", "CHN", 100, 10, Mineral="nickel", Recovery=0.5),
        mines=[mine(capacity=30)],
    )  # fmt: skip
    book["Minerals"].append({"Mineral": "nickel", "Price (USD/t)": 50})
    book["Demand"].append({"Mineral": "nickel", "Member": "A", "2026": 100})
    plan = solve(book)
    assert plan.objective == near(1120 + 1000)
    assert plan.ore["tonnes"].sum() == near(30)


def test_recycled_that_needs_ore_and_a_primary_project() -> None:
    """Scrap marked as needing ore takes it, at its recovery of 0.8; a project at recovery 1.

    Mine of 50 at 1; project of 30 at 5, no capital: 30 x (5 + 1); Scrap at 12: 20 t of ore are 16:
    16 x 12 + 20; 54 x 500: 180 + 192 + 20 + 27,000 = 27,392.
    """
    scrap = refiner("Scrap", "CHL", 100, 12, Kind="recycled", Recovery=0.8)
    scrap["Needs ore"] = "yes"
    project = {
        "Project": "P", "Refiner": "Scrap", "Mineral": "copper", "Country": "CHL",
        "Capacity (t/yr)": 30, "Capex (USD m)": 0, "Cost (USD/t)": 5, "First year": 2026,
    }  # fmt: skip
    plan = solve(pit(scrap, mines=[mine(capacity=50, premium=1)], Projects=[project]))
    assert plan.objective == near(27392)
    assert one(plan.ore, project="P")["tonnes"] == near(30)
    assert tonnes(plan, project="") == near(16)


def test_years_of_a_mine() -> None:
    """Congo's mine opens in 2027 and has 40 from 2028 on.

    50,000, then 1,000, then 400 + 60 x 500 = 30,400.
    """
    book = pit(jin(), mines=[mine(**{"First year": 2027, "Capacity 2028 (t/yr)": 40})])
    book["Demand"][0] |= {"2027": 100, "2028": 100}
    plan = solve(book)
    assert plan.objective == near(50000 + 1000 + 30400)
    assert [short(plan, year=y) for y in (2026, 2027, 2028)] == near([100, 0, 60], abs=1e-6)


def test_no_ore_gets_through() -> None:
    """Ore of the only mine goes nowhere: 100 x 500; a contract's minimum is still paid for.

    At least 40 at 12: 480 more. The refiner has capacity, so that is no force majeure.
    """
    book = pit(jin(), mines=[mine()], Ore_lanes=[{"Open": "no"}])
    assert solve(book).objective == near(50000)
    book["Contracts"] = [
        {
            "Refiner": "Jin", "Mineral": "copper", "Member": "A", "Min (t/yr)": 40,
            "Price (USD/t)": 12,
        }
    ]  # fmt: skip
    assert solve(book).objective == near(50480)
