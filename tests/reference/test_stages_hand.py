"""Stages worked by hand and laws they keep; the arithmetic is in each docstring."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from tests.budget import few

from .agreement import solved
from .alternatives import leave
from .cases import OWNED, STAGED, random_book
from .cases_sheets import BookT
from .formulation import evaluate, solve
from .hand import book_of, cap, made_from, project, seller
from .limits import minerals_of
from .reading import Case
from .test_random_books import legal
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


def test_closed_form_of_joint_lines() -> None:
    """0.22 a + 0.20 b = 10 and 0.002 a + 0.05 b = 0.2: a = 43.396, b = 2.264, cost a + 5 b. One
    more tonne of NdPr costs 3.774, one more of DyTb 84.906."""
    book = separation()
    optimum = solved(book)
    taken = {seller[0]: t for seller, _, _, t in optimum.flows.inputs}
    assert taken == pytest.approx({"Mine 1": 43.396226, "Mine 2": 2.264151}, rel=1e-6)
    assert optimum.objective == pytest.approx(54.716981)
    assert optimum.totals.inputs_t == pytest.approx(45.660377)
    assert optimum.totals.purchases_usd == pytest.approx(54.716981)
    assert optimum.totals.tonnes == pytest.approx(10.2)
    for row, price in ((2, 3.7735849), (3, 84.9056604)):
        more = copy.deepcopy(book)
        more["Demand"][row]["2026"] += 0.01  # type: ignore[operator]
        assert (solved(more).objective - optimum.objective) / 0.01 == pytest.approx(price)


def alloy(sure: float = 5) -> BookT:
    """20 t of alloy, 1 t of oxide a tonne; China and an ally make both, the ally 7 t of oxide."""
    sellers = [
        seller("Ox CN", "oxide", "CHN", 1),
        seller("Ox AU", "oxide", "AUS", 2, 7),
        seller("Al CN", "alloy", "CHN", 1),
        seller("Al AU", "alloy", "AUS", 2, sure),
    ]
    return book_of({"oxide": 0.0, "alloy": 20.0}, sellers, [made_from("alloy", "oxide", 1)])


def test_closed_form_of_caps_on_stages() -> None:
    """Cap 65 % on oxide: 13 + 7 x 2 + 20 = 47, all alloy from China. On both: 13 t of alloy come
    from China, 5 from the ally, 2 are short; 13 of 18 t of oxide: 13 + 5 x 2 + 13 + 5 x 2 = 46."""
    book = alloy()
    assert solved(book).objective == pytest.approx(40)
    book["Share limits"] = [cap(0.65, "oxide")]
    optimum = solved(book)
    assert optimum.objective == pytest.approx(47)
    assert evaluate(book, optimum.flows).max_country_share == pytest.approx(
        {"oxide": 0.65, "alloy": 1.0}
    )
    book["Share limits"] = [cap(0.65)]
    optimum = solved(book)
    assert optimum.objective == pytest.approx(46 + 2 * 1000)
    assert optimum.totals.purchases_usd == pytest.approx(46)
    assert optimum.totals.shortage_by_mineral == pytest.approx({"oxide": 0, "alloy": 2})


def test_closed_form_of_one_country_for_an_input() -> None:
    """All oxide is Chinese, cap 65 %, demand 10 of alloy: 6.5 are served, as with a cap on it."""
    book = alloy()
    book["Refiners"] = [seller("Ox", "oxide", "CHN", 1), seller("Al", "alloy", "AUS", 1)]
    book["Demand"][1]["2026"] = 10
    for mineral in ("oxide", "alloy"):
        book["Share limits"] = [cap(0.65, mineral)]
        assert solved(book).totals.shortage_t == pytest.approx(3.5)
        book["Refiners"][1]["Country"] = "CHN"


@pytest.mark.parametrize("seed", few(range(40), 14))
def test_closed_form_of_one_more_stage(seed: int) -> None:
    """A stage of ratio 1 that costs nothing before any mineral changes no cost."""
    book = random_book(np.random.default_rng(seed), 3, OWNED)
    longer = copy.deepcopy(book)
    rng = np.random.default_rng(seed)
    mineral = str(rng.choice([row["Mineral"] for row in book["Minerals"]]))
    first = book["Minerals"][0]
    for sheet in ("Share limits", "Security"):
        rows = longer.get(sheet, [])
        named = [row for row in rows if row["Mineral"] is not None]
        for row in rows:
            counts = _counts(book, row) if row["Mineral"] is None else []
            named += [row | {"Mineral": name} for name in counts]
        longer[sheet] = named
    longer["Minerals"].append(dict.fromkeys(first) | {"Mineral": "raw", "Price (USD/t)": 1})
    place = book["Refiners"][0]["Country"]
    longer["Refiners"].append(
        dict.fromkeys(book["Refiners"][0]) | seller("Raw", "raw", str(place), 0, 1e7)
    )
    longer["Inputs"] = [made_from(mineral, "raw", 1)]
    assert solved(longer).objective == pytest.approx(solve(book).objective, rel=1e-12, abs=1e-9)


def _counts(book: BookT, row: dict[str, object]) -> list[str]:
    """Minerals that a row without a mineral counts for."""
    if "Max short" in row:
        return [str(r["Mineral"]) for r in book["Minerals"]]
    mining = row["Stage"] == "mining"
    return minerals_of(Case(book), row, str(row["Supplier group"]), mining)


def test_rows_that_name_a_refiner() -> None:
    """1 t of oxide (cost 10) a tonne, but R2 needs 0.5, R3 none, R4 is recycled. R1 to R4 cost 1,
    2, 3 and 4 and make 10 t each, 40 wanted: 10 x (11 + 7 + 3 + 4) = 250. A row for R4 of 2:
    450."""
    sellers = [seller(f"R{i}", "alloy", "AUS", i, 10) for i in range(1, 5)]
    sellers[3]["Kind"] = "recycled"
    inputs = [
        made_from("alloy", "oxide", 1),
        made_from("alloy", "oxide", 0.5, Refiner="R2"),
        made_from("alloy", "oxide", 0, Refiner="R3"),
    ]
    book = book_of(
        {"oxide": 0.0, "alloy": 40.0}, [seller("Ox", "oxide", "CHN", 10), *sellers], inputs
    )
    assert solved(book).objective == pytest.approx(250)
    inputs.append(made_from("alloy", "oxide", 2, Refiner="R4"))
    assert solved(book).objective == pytest.approx(450)


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


def test_input_lanes() -> None:
    """Oxide at 10 with tariff 0.5 and freight 2 lands at 17; a later row for one maker opens at 1
    of freight and no tariff, but that maker has 6 t: 6 x 11 + 4 x 17 + 10 x 1. USD 20 are tariffs
    at the plant's border, which is a member's."""
    sellers = [
        seller("Ox 1", "oxide", "CHN", 10),
        seller("Ox 2", "oxide", "CHN", 10, 6),
        seller("Al", "alloy", "AUS", 1),
    ]
    book = book_of({"oxide": 0.0, "alloy": 10.0}, sellers, [made_from("alloy", "oxide", 1)])
    lanes = book["Input lanes"] = [
        {"Input": "oxide", "From country": "CHN", "Freight (USD/t)": 2, "Tariff": 0.5},
        {"Refiner": "Ox 2", "To country": "AUS", "Freight (USD/t)": 1, "Tariff": 0},
    ]
    book["Members"][0]["Country"] = "AUS"
    optimum = solved(book)
    assert optimum.objective == pytest.approx(66 + 68 + 10)
    assert optimum.totals.tariffs_usd == pytest.approx(20)
    assert optimum.totals.net_cost_usd == pytest.approx(124)
    book["Members"][0]["Country"] = "JPN"
    assert solved(book).totals.tariffs_usd == 0
    lanes.append({"Open": "no", "From country": "CHN", "Last year": 2026})
    assert solved(book).objective == pytest.approx(10_000)


def test_stock_handed_over() -> None:
    """No oxide may be sold to the plant of the member's country; the member has 5 t and buys 5 at
    10 for it: 50 + 10 x 1. Without a country, or with another, or without a row of Stockpiles, it
    hands nothing over."""
    sellers = [seller("Ox", "oxide", "CHN", 10), seller("Al", "alloy", "AUS", 1)]
    book = book_of({"oxide": 0.0, "alloy": 10.0}, sellers, [made_from("alloy", "oxide", 1)])
    book["Input lanes"] = [{"Open": "no"}]
    book["Stockpiles"] = [
        {"Mineral": "oxide", "Member": "A", "Max (t)": 5, "Opening (t)": 5, "Target (t)": 0}
    ]
    for country in (None, "JPN"):
        book["Members"][0]["Country"] = country
        assert solved(book).objective == pytest.approx(10_000)
    book["Members"][0]["Country"] = "AUS"
    optimum = solved(book)
    assert optimum.objective == pytest.approx(60)
    assert optimum.totals.inputs_t == 0
    book["Stockpiles"][0] |= {"Max (t)": 0, "Opening (t)": 0}
    assert solved(book).objective == pytest.approx(110)
    book["Stockpiles"] = []
    assert solved(book).objective == pytest.approx(10_000)


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


def test_security_of_an_input() -> None:
    """Oxide 40 t at 1 from China and at 2 from Chile, surge 0.2, all 100 t of it for a plant in
    Australia: as if the demand were for oxide. A plant in China needs none of it when China is
    lost: its 100 t count for the loss of Chile alone."""
    sellers = [
        seller("Ox CN", "oxide", "CHN", 1, 100),
        seller("Ox CL", "oxide", "CHL", 2, 100),
        seller("Al", "alloy", "AUS", 0),
    ]
    book = book_of(
        {"oxide": 0.0, "alloy": 100.0}, sellers, [made_from("alloy", "oxide", 1)], country="AUS"
    )
    book["Security"] = [{"Mineral": "oxide", "Max short": 0.5}]
    assert solved(book).objective == pytest.approx(100 + 30)
    sellers[2]["Country"] = "CHN"
    assert solved(book).objective == pytest.approx(100)
    book["Security"][0]["Lost country"] = "CHL"
    assert solved(book).objective == pytest.approx(100)


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


def test_growth_counts_plants() -> None:
    """Ox sells 10 t to a plant today and may grow by 0.5 a year: 15, then 22.5 t of 30 wanted."""
    sellers = [seller("Ox", "oxide", "CHN", 1, Max_growth=0.5), seller("Al", "alloy", "AUS", 0)]
    book = book_of(
        {"oxide": 0.0, "alloy": 30.0}, sellers, [made_from("alloy", "oxide", 1)], years=2
    )
    put(book, "Switching cost (USD/t)", 100)
    book["Current supply"] = [
        {"Refiner": "Ox", "Mineral": "oxide", "Plant": "Al", "Tonnes (t/yr)": 10}
    ]
    optimum = solved(book)
    assert optimum.totals.shortage_t == pytest.approx(15 + 7.5)
    assert optimum.objective == pytest.approx(15 + 22.5 + 22_500)
    book["Refiners"].append(seller("New", "oxide", "CHL", 0))
    assert solved(book).objective == pytest.approx(0)  # nothing is switched: no member's tonnes


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


def test_exit_counts_inputs() -> None:
    """The least oxide from China with nobody shorter: 13 of the 20 t, the ally makes 7."""
    assert leave(alloy(), "CHN", ["oxide"], {}).least == pytest.approx(13)


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


@pytest.mark.parametrize("seed", few(range(60), 20))
def test_halves_agree_on_stages(seed: int) -> None:
    """evaluate(solve) = solve on books with stages, of two to four minerals."""
    book = random_book(np.random.default_rng(seed), 3 + seed % 2, STAGED)
    legal(book)
    solved(book)
