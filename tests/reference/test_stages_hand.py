"""Stages worked by hand and laws they keep; the arithmetic is in each docstring."""

from __future__ import annotations

import pytest

from .agreement import solved
from .cases_sheets import BookT
from .formulation import solve
from .hand import book_of, cap, made_from, project, seller
from .test_reference import put
from .through import Loss


def separation() -> BookT:
    """Two lines that cost nothing, on concentrates at 1 and 5 USD/t."""
    sellers = [
        seller("Mine 1", "first", "CHN", 1),
        seller("Mine 2", "second", "AUS", 5),
        *(seller(line, of, "USA", 0) for line in ("L1", "L2") for of in ("NdPr", "DyTb")),
    ]
    yields = [
        ("NdPr", "L1", 0.22),
        ("DyTb", "L1", 0.002),
        ("NdPr", "L2", 0.20),
        ("DyTb", "L2", 0.05),
    ]
    inputs = [
        made_from(of, "first" if line == "L1" else "second", 1 / part, Refiner=line, Joint="yes")
        for of, line, part in yields
    ]
    demand = {"first": 0.0, "second": 0.0, "NdPr": 10.0, "DyTb": 0.2}
    return book_of(demand, sellers, inputs)


def alloy(sure: float = 5) -> BookT:
    """20 t of alloy, 1 t of oxide a tonne; China and an ally make both, the ally 7 t of oxide."""
    sellers = [
        seller("Ox CN", "oxide", "CHN", 1),
        seller("Ox AU", "oxide", "AUS", 2, 7),
        seller("Al CN", "alloy", "CHN", 1),
        seller("Al AU", "alloy", "AUS", 2, sure),
    ]
    return book_of({"oxide": 0.0, "alloy": 20.0}, sellers, [made_from("alloy", "oxide", 1)])


def test_two_inputs_and_ore() -> None:
    """A t of cell takes 2 t of salt at 3 and 0.5 of foil at 8, and ore at 1 with recovery 0.5:
    6 + 4 + 2 + 5 of its own = 17. Mines of 30 t: 15 t of cell, 5 short."""
    sellers = [
        seller("S", "salt", "CHL", 3),
        seller("F", "foil", "CHN", 8),
        seller("C", "cell", "AUS", 5, Recovery=0.5),
    ]
    inputs = [made_from("cell", "salt", 2), made_from("cell", "foil", 0.5)]
    book = book_of({"salt": 0.0, "foil": 0.0, "cell": 20.0}, sellers, inputs)
    ore = {"Mineral": "cell", "Country": "COD", "Capacity (t/yr)": 30, "Premium (USD/t)": 1}
    book["Mines"] = [ore]
    assert solved(book).objective == pytest.approx(15 * 17 + 5 * 1000)
    ore["Capacity (t/yr)"] = 100
    optimum = solved(book)
    assert optimum.objective == pytest.approx(340)
    assert optimum.totals.inputs_t == pytest.approx(50)


def test_base_of_another_buyer() -> None:
    """A wants 4 t of oxide and hands 10 to its plant. A cap of 0.5 on China into A: 7 t at 1, 7 at
    2. Of what A purchases the same. The coalition's cap: the same base, 14."""
    sellers = [
        seller("Ox CN", "oxide", "CHN", 1),
        seller("Ox CL", "oxide", "CHL", 2),
        seller("Al", "alloy", "AUS", 0),
    ]
    book = book_of(
        {"oxide": 4.0, "alloy": 10.0}, sellers, [made_from("alloy", "oxide", 1)], country="AUS"
    )
    book["Input lanes"] = [{"Open": "no"}]
    book["Stockpiles"] = [{"Mineral": "oxide", "Member": "A", "Max (t)": 0}]
    for buyer in ("A", "each", None):
        book["Share limits"] = [cap(0.5, "oxide", Supplier="CHN", Buyer=buyer)]
        assert solved(book).objective == pytest.approx(21), buyer
    put(book, "Share basis", "purchases")
    for buyer in ("A", None):
        book["Share limits"][0]["Buyer"] = buyer
        assert solved(book).objective == pytest.approx(21), buyer


def test_member_limit_counts_no_input() -> None:
    """The plant buys 10 t by itself: a cap of 0 on China into the member binds its 4 t alone."""
    sellers = [
        seller("Ox CN", "oxide", "CHN", 1),
        seller("Ox CL", "oxide", "CHL", 2),
        seller("Al", "alloy", "AUS", 0),
    ]
    book = book_of({"oxide": 4.0, "alloy": 10.0}, sellers, [made_from("alloy", "oxide", 1)])
    book["Share limits"] = [cap(0, "oxide", Supplier="CHN", Buyer="A")]
    assert solved(book).objective == pytest.approx(10 + 8)
    book["Share limits"] = [cap(0, "oxide", Supplier="CHN")]
    assert solved(book).objective == pytest.approx(28)


def test_base_through_all_stages() -> None:
    """Magnet takes 2 t of alloy, alloy 3 of oxide. 10 t of magnet wanted, the plant makes 6, 4 are
    short: the base of oxide is 36 + 24, of alloy 12 + 8. Cap 0.6 on China: 36 t of oxide, all."""
    sellers = [
        seller("Ox CN", "oxide", "CHN", 1),
        seller("Ox CL", "oxide", "CHL", 100),
        seller("Al", "alloy", "AUS", 0),
        seller("Ma", "magnet", "AUS", 0, 6),
    ]
    inputs = [made_from("magnet", "alloy", 2), made_from("alloy", "oxide", 3)]
    book = book_of({"oxide": 0.0, "alloy": 0.0, "magnet": 10.0}, sellers, inputs)
    book["Share limits"] = [cap(0.6, "oxide")]
    assert solved(book).objective == pytest.approx(36 + 4000)
    book["Share limits"] = [cap(0.5, "oxide")]
    assert solved(book).objective == pytest.approx(30 + 600 + 4000)
    put(book, "Share basis", "purchases")
    assert solved(book).objective == pytest.approx(18 + 1800 + 4000)


def test_ratio_of_unmet_demand() -> None:
    """Without a general row the smallest row above 0 counts: 2 of 0, 2 and 5."""
    sellers = [seller("Ox", "oxide", "CHN", 1)]
    sellers += [seller(f"R{i}", "alloy", "AUS", 1, 0) for i in range(3)]
    sellers.append(seller("R3", "alloy", "AUS", 0, 1))
    inputs = [made_from("alloy", "oxide", r, Refiner=f"R{i}") for i, r in enumerate((0, 5, 2, 4))]
    book = book_of({"oxide": 0.0, "alloy": 3.0}, sellers, inputs)
    book["Share limits"] = [cap(0.5, "oxide")]  # 4 f of oxide at most half of 4 f + 2 (3 - f)
    assert solved(book).totals.shortage_t == pytest.approx(3 - 1)
    book["Share limits"] = [cap(0.4, "oxide")]  # 4 f <= 0.4 (4 f + 6 - 2 f): f = 2.4 / 3.2
    assert solved(book).totals.shortage_t == pytest.approx(3 - 0.75)


def test_reserve_counts_what_plants_take() -> None:
    """Sur's 100 t of oxide: 90 go to the plant, so 10 are in reserve, not 20. Demand 20 of oxide,
    Max short 0: without China 110 are wanted, 100 can be had: 10 missing at 100."""
    sellers = [
        seller("Ox CN", "oxide", "CHN", 1, 20),
        seller("Ox CL", "oxide", "CHL", 1, 100),
        seller("Al", "alloy", "AUS", 0),
    ]
    book = book_of({"oxide": 20.0, "alloy": 90.0}, sellers, [made_from("alloy", "oxide", 1)])
    book["Security"] = [{"Mineral": "oxide", "Max short": 0, "Lost country": "CHN"}]
    assert solved(book).objective == pytest.approx(110 + 10 * 100)


def test_contract_without_its_input() -> None:
    """A contract of 10 t at 7 with a plant that can't get its input: 70 are paid, 10 t short."""
    book = alloy()
    book["Input lanes"] = [{"Open": "no"}]
    book["Demand"][1]["2026"] = 10
    book["Contracts"] = [
        {
            "Refiner": "Al AU",
            "Mineral": "alloy",
            "Member": "A",
            "Min (t/yr)": 5,
            "Price (USD/t)": 7,
        }
    ]
    assert solved(book).objective == pytest.approx(35 + 10_000)


def test_project_under_a_joint_line() -> None:
    """The line makes at most 2 t of x beside y: 4 t of rock at 1 give 2 t of x and 1 of y. 6 t of x
    are wanted: 4 short. A project under its name makes x alone, from 2 t of rock a tonne: 4 + 8."""
    sellers = [
        seller("Rock", "rock", "CHN", 1),
        seller("Line", "x", "AUS", 0, 2),
        seller("Line", "y", "AUS", 0),
    ]
    inputs = [
        made_from("x", "rock", 2, Refiner="Line", Joint="yes"),
        made_from("y", "rock", 4, Refiner="Line", Joint="yes"),
    ]
    book = book_of({"rock": 0.0, "x": 6.0, "y": 1.0}, sellers, inputs)
    assert solved(book).objective == pytest.approx(4 + 4000)
    book["Projects"] = [project("P", "x", "CHN", 0) | {"Refiner": "Line", "Capex (USD m)": 0}]
    assert solved(book).objective == pytest.approx(4 + 8)


def test_joint_line_that_can_sell_nothing_takes_nothing() -> None:
    """A floor of 0.5 on Chile's share of rock can't be met by rock that a shut line throws away."""
    sellers = [
        seller("Far", "rock", "CHN", 1),
        seller("Near", "rock", "CHL", 2),
        seller("Line", "x", "AUS", 0),
    ]
    book = book_of(
        {"rock": 10.0, "x": 0.0}, sellers, [made_from("x", "rock", 1, Refiner="Line", Joint="yes")]
    )
    book["Share limits"] = [cap(0.5, "rock") | {"Limit": "min", "Supplier": "CHN"}]
    sellers[0]["Cost (USD/t)"] = 1
    book["Lanes"] = [{"From country": "CHN", "Mineral": "rock", "Open": "no"}]
    assert solved(book).objective == pytest.approx(20 + 5 * 1000)


def test_loss_through_all_stages() -> None:
    """13 t of oxide from China and 7 from the ally, alloy of the ally alone: nothing is lost at the
    last stage without China, 65 % through all. Of 20 t that a member hands over 5 come from its
    stock and are not lost."""
    book = alloy(sure=100)
    book["Refiners"].pop(2)
    book["Share limits"] = [cap(0.65, "oxide")]
    loss = Loss(book, solve(book).flows, "CHN", 2026)
    assert loss.served("alloy", through=False) == pytest.approx(1)
    assert loss.served("alloy", through=True) == pytest.approx(0.35)
    book["Share limits"] = []
    book["Members"][0]["Country"] = "AUS"
    book["Input lanes"] = [{"Open": "no"}]
    book["Stockpiles"] = [
        {"Mineral": "oxide", "Member": "A", "Max (t)": 5, "Opening (t)": 5, "Target (t)": 0}
    ]
    loss = Loss(book, solve(book).flows, "CHN", 2026)
    assert loss.served("alloy", through=True) == pytest.approx(0.25)
