"""The reference against cases worked by hand; the arithmetic stands in each docstring."""

from __future__ import annotations

import pytest

from .agreement import solved
from .cases_sheets import BookT, Cells
from .cells import by_year
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


def test_cap_splits_between_countries() -> None:
    """Cap 0.6 of demand 100: 60 x 10 + 40 x 20 = 1,400."""
    book = tiny()
    book["Refiners"].append(refiner("Sur", "CHL", 100, 20))
    book["Share limits"] = [{"Limit": "max", "Supplier group": "country", "Share": 0.6}]
    assert solved(book).objective == pytest.approx(1400)


def test_base_of_a_cap() -> None:
    """One country, cap 0.65. Of demand: 65 x 10 + 35 x 500 = 18,150. Of purchases: none can be
    bought, 100 x 500 = 50,000. Soft at 7 USD/t of excess: 100 x 10 + 35 x 7 = 1,245."""
    book = tiny()
    book["Share limits"] = [{"Limit": "max", "Supplier group": "country", "Share": 0.65}]
    assert solved(book).objective == pytest.approx(18150)
    book["Share limits"][0]["Penalty (USD/t)"] = 7
    assert solved(book).objective == pytest.approx(1245)
    book["Share limits"][0]["Penalty (USD/t)"] = None
    put(book, "Share basis", "purchases")
    assert solved(book).objective == pytest.approx(50000)


def test_rest_of_world_is_capped_by_name_only() -> None:
    """Cap 0.5 on each country leaves Rest of world free: 100 x 10 = 1,000; by its name, or as
    the bloc other, it binds: 50 x 10 + 50 x 500 = 25,500."""
    book = tiny()
    book["Refiners"] = [refiner("Far", "ROW", 100, 10)]
    limit: Cells = {"Limit": "max", "Supplier group": "country", "Share": 0.5}
    book["Share limits"] = [limit]
    assert solved(book).objective == pytest.approx(1000)
    limit["Supplier"] = "each outside coalition"
    assert solved(book).objective == pytest.approx(1000)
    limit["Supplier"] = "ROW"
    assert solved(book).objective == pytest.approx(25500)
    limit |= {"Supplier": None, "Supplier group": "bloc"}
    assert solved(book).objective == pytest.approx(25500)


def test_minimum_share_costs_its_penalty() -> None:
    """Min 0.3 from DEU at 50: 70 x 10 + 30 x 50 = 2,200 (a miss would cost 500 a t). At a
    penalty of 15 the miss is cheaper than 40 more a t: 100 x 10 + 30 x 15 = 1,450."""
    book = tiny()
    book["Refiners"].append(refiner("Ruhr", "DEU", 100, 50))
    limit: Cells = {"Limit": "min", "Supplier group": "country", "Supplier": "DEU", "Share": 0.3}
    book["Share limits"] = [limit]
    assert solved(book).objective == pytest.approx(2200)
    limit["Penalty (USD/t)"] = 15
    assert solved(book).objective == pytest.approx(1450)


def test_take_or_pay() -> None:
    """Contract of at least 180 at 12, demand 100, tariff 0.5: all 100 are taken at 18 (6 more
    than not taking, spot is 15) and 80 paid at 12: 1,800 + 960 = 2,760."""
    book = tiny()
    book["Refiners"][0]["Capacity (t/yr)"] = 200
    book["Lanes"] = [{"From country": "CHN", "Tariff": 0.5}]
    book["Contracts"] = [contract("A", 180)]
    assert solved(book).objective == pytest.approx(2760)


def contract(member: str, least: float) -> Cells:
    """A contract with Jin at 12 USD/t."""
    return {
        "Refiner": "Jin",
        "Mineral": "copper",
        "Member": member,
        "Min (t/yr)": least,
        "Price (USD/t)": 12,
    }


def test_force_majeure() -> None:
    """Minimums 120 and 60 of a refiner of 90 shrink to 60 and 30. Lane to A closed: A's lapses
    and B's 60 of its demand 100 stands. Weight 0, shortage 500, spot 10, contract 12.
    Open: all 90 t go through contracts: 90 x 12 + 110 x 500 = 56,080.
    Closed: 60 x 12 + 30 x 10 + 110 x 500 = 56,020. Max 0 does as closed does."""
    book = tiny(members=("A", "B"))
    put(book, "Fair shortage weight", 0)
    book["Refiners"][0]["Capacity (t/yr)"] = 90
    book["Contracts"] = [contract("A", 120), contract("B", 60)]
    optimum = solved(book)
    assert optimum.objective == pytest.approx(56080)
    assert {k: t for k, _, t in optimum.flows.contracts} == pytest.approx({0: 60, 1: 30})
    book["Lanes"] = [{"To member": "A", "Open": "no"}]
    assert solved(book).objective == pytest.approx(56020)
    book["Lanes"] = [{"To member": "A", "Refiner": "Jin", "Max (t/yr)": 0}]
    assert solved(book).objective == pytest.approx(56020)


def test_fair_shortage() -> None:
    """100 t for two demands of 100; B's freight is 5. Weight 0.1: an unfair t costs 50, so both
    get 50: 100 x 10 + 50 x 5 + 100 x 500 = 51,250. Weight 0: A takes all, 51,000."""
    book = tiny(members=("A", "B"))
    book["Freight"] = [{"From country": "CHN", "B": 5}]
    assert solved(book).objective == pytest.approx(51250)
    put(book, "Fair shortage weight", 0)
    assert solved(book).objective == pytest.approx(51000)


def test_stock_carries_over_a_gap() -> None:
    """Capacity 120 then 80, stock of 20 held at 1, 2026 and 2028, rate 0.1: 120 x 10 + 20 x 1 +
    80 x 10 / 1.21 = 1,881.157...; the target is 0."""
    book = tiny()
    put(book, "Discount rate", 0.1)
    book["Demand"][0]["2028"] = 100
    book["Refiners"][0] |= {"Capacity (t/yr)": 120, "Capacity 2027 (t/yr)": 80}
    book["Stockpiles"] = [
        {
            "Mineral": "copper",
            "Member": "A",
            "Max (t)": 20,
            "Holding cost (USD/t/yr)": 1,
        }
    ]
    assert solved(book).objective == pytest.approx(1220 + 800 / 1.21)


def test_stock_target_defaults() -> None:
    """Opening 30 is the target. Two years, no supply but 100 t in 2026. In 2026 the 30 t stay or
    go for demand in 2027 at 500 a t; missing the target in 2027 costs half of 500.
    2026: 100 x 10; 2027: 70 x 500 + 30 x 250 = 42,500; together 43,500.
    Supply of 130 t at 10 in 2026 changes nothing (Max 30). Supply of 70 in 2026: using the stock
    then costs a fiftieth, 10 a t, more than later: 700 + 30 x 500 + 42,500 = 58,200."""
    book = tiny(years=2)
    book["Refiners"][0]["Capacity 2027 (t/yr)"] = 0
    book["Stockpiles"] = [{"Mineral": "copper", "Member": "A", "Max (t)": 30, "Opening (t)": 30}]
    assert solved(book).objective == pytest.approx(43500)
    book["Refiners"][0]["Capacity (t/yr)"] = 70
    assert solved(book).objective == pytest.approx(58200)


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


def test_project_within_its_budget() -> None:
    """A start in 2026 or 2027 spends in 2026: half is built, in 2026. 100 t x 10 = 1,000;
    capital 0.5 x 1e6 / 2 x 2 = 500,000; shortage 100 t x 100,000 = 10,000,000.
    Whole projects: none, 200 t x 100,000. A budget of 1: 2,000 + 1,000,000."""
    book = project_book()
    assert solved(book).objective == pytest.approx(10_501_000)
    put(book, "Whole projects", "yes")
    assert solved(book).objective == pytest.approx(20_000_000)
    book["Budget"][0]["Capex (USD m)"] = 1
    assert solved(book).objective == pytest.approx(1_002_000)


def test_project_life_ends() -> None:
    """Life 1, no budget: one start of 1 in all, so one year is served: 1,000 + 1,000,000 +
    100 x 100,000 = 11,001,000."""
    book = project_book()
    book["Budget"] = []
    book["Projects"][0]["Life (yr)"] = 1
    assert solved(book).objective == pytest.approx(11_001_000)


def test_ore() -> None:
    """Recovery 0.5, mine of 100: 50 t refined. Ore 100 x (2 + 3), refining 50 x 10, shortage
    50 x 500: 26,000. Mining cap 0.6 of demand: 60 t of ore, 300 + 300 + 70 x 500 = 35,600."""
    book = tiny()
    book["Refiners"][0]["Recovery"] = 0.5
    book["Mines"] = [
        {
            "Mineral": "copper",
            "Country": "COD",
            "Capacity (t/yr)": 100,
            "Premium (USD/t)": 2,
        }
    ]
    book["Ore lanes"] = [{"Freight (USD/t)": 3}]
    assert solved(book).objective == pytest.approx(26000)
    book["Share limits"] = [
        {"Limit": "max", "Supplier group": "country", "Share": 0.6, "Stage": "mining"}
    ]
    assert solved(book).objective == pytest.approx(35600)


def test_lanes_override_and_both_kinds_of_max() -> None:
    """Jin at 10 and Yin at 11, both CHN. Max 70 of the country, overridden to 60; Max 20 of Jin:
    20 x 10 + 40 x 11 + 40 x 500 = 20,640."""
    book = tiny()
    book["Refiners"].append(refiner("Yin", "CHN", 100, 11))
    book["Lanes"] = [
        {"From country": "CHN", "Max (t/yr)": 70},
        {"Max (t/yr)": 60},
        {"Refiner": "Jin", "Max (t/yr)": 20},
        {"Refiner": "Jin", "Tariff": 0},
    ]
    assert solved(book).objective == pytest.approx(20640)


def test_by_year_cells() -> None:
    """The latest filled column up to the year holds; blanks leave what stood."""
    row = {"Share": 0.5, "Share 2027": None, "Share 2028": 0.3, "Shares 2026": 9}
    assert [by_year(row, "Share", "", t) for t in (2026, 2027, 2028, 2031)] == [0.5, 0.5, 0.3, 0.3]


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
