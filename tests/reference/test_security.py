"""A plan that survives the loss of a country: closed form, cases by hand, laws."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from tests.budget import at_length
from tests.scenarios.edits import by_hand

from .agreement import solved
from .cases import ALL, SECURE, random_book
from .cases_sheets import BookT
from .formulation import Flows, evaluate, solve
from .test_reference import put, refiner, tiny


def pair(short: float | None = None, years: int = 1, **cells: object) -> BookT:
    """100 t of need a year; 100 t at 1 from China and 100 at 2 from Chile; one row of Security."""
    book = tiny(years)
    book["Refiners"] = [refiner("Jin", "CHN", 100, 1), refiner("Sur", "CHL", 100, 2)]
    row = {header.replace("_", " "): value for header, value in cells.items()}
    book["Security"] = [{"Max short": short} | row] if short is not None else []
    return book


def stock(book: BookT, **cells: object) -> BookT:
    """The book with a stockpile of 30 t, kept for nothing and not wanted at the end."""
    row = {"Mineral": "copper", "Member": "A", "Max (t)": 30, "Opening (t)": 30, "Target (t)": 0}
    book["Stockpiles"] = [row | cells]
    return book


@pytest.mark.parametrize("percent", range(30, 101, 5))
def test_closed_form(percent: int) -> None:
    """Without either country x + 20 of the other are left, so both sell 80 - 100 x Max short."""
    expected = 100 + max(0, 80 - percent)
    assert solved(pair(percent / 100)).objective == pytest.approx(expected)


def test_below_what_can_be_had() -> None:
    """Max short 0.2 wants 80 from both. 50 and 50 bought: each loss leaves 70, 10 missing at 50 (a
    tenth of 500): 150 + 1,000. Any split misses 20; the cheapest that needs no more is 60 and 40:
    140 + 1,000."""
    assert solved(pair(0.2)).objective == pytest.approx(1140)
    found = evaluate(pair(0.2), Flows(spot=[
        ("Jin", None, "copper", "A", 2026, 50.0), ("Sur", None, "copper", "A", 2026, 50.0),
    ]))  # fmt: skip
    assert found.objective == pytest.approx(1150)
    assert found.costs["security"] == pytest.approx(1000)


def test_surge() -> None:
    """Max short 0.4 wants 60 from both. Surge 0: 20 of 100 t bought are missing at 50 whatever the
    split; the cheapest, Sur selling 40, costs 140. Surge 0.6: Sur sells 60 in need, 0 before."""
    book = pair(0.4)
    put(book, "Surge", 0)
    assert solved(book).objective == pytest.approx(140 + 20 * 50)
    book["Settings"][-1]["Value"] = 0.6
    assert solved(book).objective == pytest.approx(100)
    book["Security"][0]["Max short"] = 0.3  # Sur sells 10
    assert solved(book).objective == pytest.approx(110)


def test_surge_is_cut_off_at_capacity() -> None:
    """Need 120, Jin of 70 t, surge 0.2: Max short 0.4 wants 72. Without Sur at most 70 are left, so
    2 are missing at 50; without Jin Sur has to sell 52: 68 + 104 + 100."""
    book = pair(0.4)
    book["Demand"][0]["2026"] = 120
    book["Refiners"][0]["Capacity (t/yr)"] = 70
    assert solved(book).objective == pytest.approx(272)


def test_penalty() -> None:
    """Max short 0.2, all from Jin: 60 t missing. At 0.5 that is cheaper than 1 more a tonne; at 0
    free; at 1.5 the 20 t that no split can cure are missed, Sur sells 40."""
    assert solved(pair(0.2, **{"Penalty (USD/t)": 0.5})).objective == pytest.approx(100 + 30)
    assert solved(pair(0, **{"Penalty (USD/t)": 0})).objective == pytest.approx(100)
    assert solved(pair(0.2, **{"Penalty (USD/t)": 1.5})).objective == pytest.approx(140 + 30)


def test_discounted_and_by_year() -> None:
    """Max short 0.4 from 2027, 1 before, and none in 2028: 100 + 140 / 1.1 + 100 / 1.21."""
    book = pair(1, years=3, Max_short_2027=0.4, Last_year=2027)
    put(book, "Discount rate", 0.1)
    assert solved(book).objective == pytest.approx(100 + 140 / 1.1 + 100 / 1.21)
    book["Security"][0] |= {"Penalty (USD/t)": 0.25, "First year": 2027}
    assert solved(book).objective == pytest.approx(100 + 110 / 1.1 + 100 / 1.21)


def test_stocks_of_the_year_before() -> None:
    """30 t in store count when the year begins: 60 are wanted, so both sell 10 at least; the 30 are
    used, 60 come from Jin: 80. Two years: q kept costs 1 + holding in 2026 and saves 2 in 2027,
    where Sur sells 40 - q: at holding 0 q = 30, 110 + 80; at 1.5 q = 0, 80 + 140. Not counted: 40
    from both, 10 t more than wanted."""
    once = stock(pair(0.4))
    assert solved(once).objective == pytest.approx(80)
    twice = stock(pair(0.4, years=2))
    assert solved(twice).objective == pytest.approx(190)
    twice["Stockpiles"][0]["Holding cost (USD/t/yr)"] = 1.5
    assert solved(twice).objective == pytest.approx(220)
    assert solved(stock(pair(0.4, Count_stocks="no"))).objective == pytest.approx(120)


def test_ore() -> None:
    """Plants of recovery 0.5, mines of 220 t in all: of 110 t refined 100 are sold, 10 in reserve.
    Max short 0.45 wants 55 from both: Sur sells 45 and 10 more. With ore enough, or where Sur needs
    none, it sells 35 and 20 more. Max short 0.4 wants 120 in all: 10 missing at 50, 40 from Sur."""
    book = pair(0.45)
    for row in book["Refiners"]:
        row["Recovery"] = 0.5
    book["Mines"] = [
        {"Mineral": "copper", "Country": "COD", "Capacity (t/yr)": 120},
        {"Mineral": "copper", "Country": "PER", "Capacity (t/yr)": 100},
    ]
    assert solved(book).objective == pytest.approx(145)
    book["Refiners"][1]["Needs ore"] = "no"
    assert solved(book).objective == pytest.approx(135)
    book["Refiners"][1]["Needs ore"] = "yes"
    book["Security"][0]["Max short"] = 0.4
    assert solved(book).objective == pytest.approx(640)
    book["Mines"][0]["Capacity (t/yr)"] = 1000
    assert solved(book).objective == pytest.approx(140)


def test_project() -> None:
    """Sur is a project that costs 0.1 USD m a year built in full. Without Jin 30 t are wanted: of a
    fraction f at most 100 f, and 20 f more than it sells: f = 0.3, Sur sells 24. A missing tonne
    would cost 5,000."""
    book = pair(0.7)
    book["Minerals"][0]["Price (USD/t)"] = 5000
    put(book, "Cost of capital", 0)
    book["Refiners"].pop()
    book["Projects"] = [
        {
            "Project": "P",
            "Refiner": "Sur",
            "Mineral": "copper",
            "Country": "CHL",
            "Capacity (t/yr)": 100,
            "Capex (USD m)": 0.1,
            "Cost (USD/t)": 2,
            "First year": 2026,
            "Life (yr)": 1,
        }
    ]
    assert solved(book).objective == pytest.approx(30_000 + 76 + 48)
    book["Projects"][0]["First year"] = 2027  # cannot sell: no row for Chile, none can be built
    assert solved(book).objective == pytest.approx(100 + 30 * 5000)


def test_who_is_lost() -> None:
    """Blank is each outside the coalition; a name alone; each outside a bloc; Rest of world never;
    a country that has no source which can sell in the year never."""
    assert solved(pair(0.5, Lost_country="CHN")).objective == pytest.approx(130)
    assert solved(pair(0.5, Lost_country="CHL")).objective == pytest.approx(100)
    friends = pair(0.5, Lost_country="each outside friends")
    friends["Countries"] = [{"Country": "CHN", "Bloc": "east; friends"}]
    assert solved(friends).objective == pytest.approx(100)
    home = pair(0.5)
    home["Members"][0]["Country"] = "CHN"
    assert solved(home).objective == pytest.approx(100)
    world = pair(0.5)
    world["Refiners"][0]["Country"] = "ROW"
    assert solved(world).objective == pytest.approx(100)
    shut = pair(0)  # Sur alone sells; Jin is no loss. 80 t: all of Sur's 100 missing at 50
    shut["Lanes"] = [{"From country": "CHN", "Open": "no"}]
    assert solved(shut).objective == pytest.approx(200 + 100 * 50)
    shut["Lanes"] = [{"From country": "CHN", "Max (t/yr)": 0}]
    assert solved(shut).objective == pytest.approx(200 + 100 * 50)


def test_nobody_to_sell_to() -> None:
    """China's one open lane goes to B. Without demand or stock of B it can't sell, so it is not
    lost: 90 t from Chile, 10 short. With a row of Stockpiles of B it is: 10 missing at 50 more."""
    book = pair(0, Count_stocks="no", Lost_country="CHN")
    book["Members"].append({"Member": "B", "Country": None})
    book["Refiners"][1]["Capacity (t/yr)"] = 90
    book["Lanes"] = [{"From country": "CHN", "To member": "A", "Open": "no"}]
    assert solved(book).objective == pytest.approx(180 + 10 * 500)
    book["Stockpiles"] = [{"Mineral": "copper", "Member": "B", "Max (t)": 1, "Target (t)": 0}]
    assert solved(book).objective == pytest.approx(180 + 10 * 500 + 10 * 50)


def test_each_mineral_and_row_alone() -> None:
    """A row for copper does nothing to tin; two rows of it cost their penalties each."""
    book = pair(0.4, Mineral="copper")
    book["Minerals"].append({"Mineral": "tin", "Price (USD/t)": 50})
    book["Demand"].append({"Mineral": "tin", "Member": "A", "2026": 100})
    book["Refiners"].append(refiner("Jin", "CHN", 100, 1) | {"Mineral": "tin"})
    assert solved(book).objective == pytest.approx(140 + 100)
    book["Security"].append({"Mineral": "tin", "Max short": 0.9})
    assert solved(book).objective == pytest.approx(140 + 100 + 10 * 50)
    book["Security"].append({"Max short": 0.9, "Penalty (USD/t)": 7})
    assert solved(book).objective == pytest.approx(140 + 100 + 10 * 57)


def test_max_short_set_by_a_scenario() -> None:
    """0.4 for copper from 2027 in a row for all minerals: the other years keep 1, tin 0.9."""
    book = pair(1, years=2, Max_short_2027=0.9)
    book["Minerals"].append({"Mineral": "tin", "Price (USD/t)": 50})
    book["Demand"].append({"Mineral": "tin", "Member": "A", "2027": 100})
    book["Refiners"].append(refiner("Jin", "CHN", 100, 1) | {"Mineral": "tin"})
    step = {"Action": "set max short", "Mineral": "copper", "First year": 2027, "Value": 0.4}
    assert solved(book).objective == pytest.approx(300 + 10 * 50)
    assert solved(by_hand(book, [step]).book).objective == pytest.approx(340 + 10 * 50)
    assert by_hand(tiny(), [step]).book == tiny()


@pytest.mark.parametrize("seed", range(at_length(10, 30)))
def test_security_only_adds_cost(seed: int) -> None:
    """A target costs at most what the plan without it misses of it; a Max short of 1 is free."""
    book = random_book(np.random.default_rng([31, seed]), 2, SECURE - {"whole projects"})
    free = copy.deepcopy(book)
    rows = free.pop("Security")
    best, secure = solve(free), solved(book)
    missed = evaluate(book, best.flows)
    assert secure.objective >= best.objective * (1 - 1e-9) - 1e-6
    assert secure.objective <= missed.objective * (1 + 1e-9) + 1e-6
    idle = [row | {h: 1 for h in row if h.startswith("Max short")} for row in rows]
    again = solve(free | {"Security": idle}).objective
    assert again == pytest.approx(best.objective, rel=1e-9, abs=1e-6)


def test_books_are_the_same_without_security() -> None:
    """The sheet is drawn last: no other cell of a book moves with it; and it matters in many."""
    matters = 0
    for seed in range(25):
        book = random_book(np.random.default_rng([32, seed]), 2, SECURE - {"whole projects"})
        plain = random_book(np.random.default_rng([32, seed]), 2, ALL - {"whole projects"})
        settings = [row for row in book.pop("Settings", []) if row["Setting"] != "Surge"]
        assert settings == plain.pop("Settings", [])
        rows = book.pop("Security")
        assert book == plain
        of = plain | {"Settings": settings}
        free, secure = solve(of), solve(of | {"Security": rows})
        missed = evaluate(of | {"Security": rows}, free.flows)
        matters += secure.objective < missed.objective * (1 - 1e-6)
    assert matters >= 4, matters
