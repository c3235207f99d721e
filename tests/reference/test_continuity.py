"""Days of stock, tiers, switching and growth worked by hand, and laws they keep."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from tests.budget import at_length, few

from .agreement import solved
from .cases import ALL, CONTINUITY, random_book
from .cases_sheets import BookT, Cells
from .formulation import Flows, evaluate, solve
from .test_reference import contract, put, refiner, tiny


def tiered(supply: float, multiples: dict[str, float]) -> BookT:
    """Demand of 40 t a tier at price 50, Jin sells `supply` at 10."""
    book = tiny()
    book["Refiners"][0]["Capacity (t/yr)"] = supply
    book["Tiers"] = [
        {"Tier": name, "Shortage cost multiple": multiple} for name, multiple in multiples.items()
    ]
    book["Demand"] = [
        {"Mineral": "copper", "Member": "A", "Tier": name, "2026": 40} for name in multiples
    ]
    return book


def sold_today(book: BookT, name: str, t: float, member: str = "A") -> None:
    """Add a row of Current supply."""
    row: Cells = {"Refiner": name, "Mineral": "copper", "Member": member, "Tonnes (t/yr)": t}
    book.setdefault("Current supply", []).append(row)


def growing(years: int, growth: float, today: float | None) -> BookT:
    """Jin of 100 t/yr for 100 t a year, its sales limited in growth."""
    book = tiny(years)
    book["Refiners"][0]["Max growth"] = growth
    if today is not None:
        sold_today(book, "Jin", today)
    return book


def test_target_in_days() -> None:
    """Demand 73 then none: targets of 10 days of it, 2 t, then 0. Holding costs 1 a year, a t under
    target 100. 75 x 10 + 2 x 1 in 2026; the stock has nowhere to go in 2027, 2 more: 754.
    Max 1.5: 74.5 x 10 + 1.5 x 1 + 0.5 x 100 = 796.5 and 1.5 more: 798."""
    book = tiny(years=2)
    book["Demand"][0] |= {"2026": 73, "2027": None}
    book["Stockpiles"] = [
        {
            "Mineral": "copper",
            "Member": "A",
            "Max (t)": 5,
            "Target (days)": 10,
            "Target penalty (USD/t/yr)": 100,
            "Holding cost (USD/t/yr)": 1,
        }
    ]
    assert solved(book).objective == pytest.approx(754)
    book["Stockpiles"][0]["Max (t)"] = 1.5
    assert solved(book).objective == pytest.approx(798)


def test_days_count_all_tiers() -> None:
    """Tiers of 40 t at 1,000 and 40 at 100, 365 days: 80 t of stock are the target, Opening 8
    notwithstanding: 152 t x 10 = 1,520. Of 100 t: a t under target costs half of 500, so the
    second tier goes short first, 40 t; 100 - 40 + 8 = 68 t lie in stock:
    1,000 + 40 x 100 + 12 x 250 = 8,000."""
    book = tiered(200, {"army": 20, "cars": 2})
    book["Stockpiles"] = [
        {"Mineral": "copper", "Member": "A", "Max (t)": 90, "Opening (t)": 8, "Target (days)": 365}
    ]
    assert solved(book).objective == pytest.approx(1520)
    book["Refiners"][0]["Capacity (t/yr)"] = 100
    assert solved(book).objective == pytest.approx(8000)


def test_cheapest_tier_is_short_first() -> None:
    """Tiers of 40 t at 50 x 20 = 1,000, 50 x 4 = 200 and 50 x 0.1 = 5; 60 t at 10 USD/t. The last
    is not worth buying: 40 t to the first, 20 to the second: 600 + 20 x 200 + 40 x 5 = 4,800."""
    book = tiered(60, {"army": 20, "cars": 4, "toys": 0.1})
    optimum = solved(book)
    assert optimum.objective == pytest.approx(4800)
    assert optimum.totals.shortage_by_tier == pytest.approx(
        {
            ("copper", "A", "army"): 0,
            ("copper", "A", "cars"): 20,
            ("copper", "A", "toys"): 40,
        }
    )
    given = evaluate(book, Flows())  # nothing bought: 40 x (1,000 + 200 + 5)
    assert given.objective == pytest.approx(48200)
    assert given.totals.shortage_by_tier["copper", "A", "army"] == pytest.approx(40)


def test_blank_tier_and_fair_shortage() -> None:
    """A has 40 t at 1,000 and 60 t without a tier at 500, B 100 t without; sold at 10 USD/t.
    150 t: each is 25 t short, A in what has no tier: 1,500 + 50 x 500 = 26,500.
    50 t: 75 t each would put 15 t of A's at 1,000. Moving one to B saves 500 and costs 450 as
    unfair (0.9 of the mineral's 500), so B is 90 short, 15 beyond its part, A 60:
    500 + 150 x 500 + 15 x 450 = 82,250."""
    book = tiny(members=("A", "B"))
    put(book, "Fair shortage weight", 0.9)
    book["Refiners"][0]["Capacity (t/yr)"] = 150
    book["Tiers"] = [{"Tier": "army", "Shortage cost multiple": 20}]
    book["Demand"][0]["2026"] = 60
    book["Demand"].append({"Mineral": "copper", "Member": "A", "Tier": "army", "2026": 40})
    optimum = solved(book)
    assert optimum.objective == pytest.approx(26500)
    assert optimum.totals.shortage_by_tier["copper", "A", None] == pytest.approx(25)
    book["Refiners"][0]["Capacity (t/yr)"] = 50
    optimum = solved(book)
    assert optimum.objective == pytest.approx(82250)
    assert optimum.totals.shortage_by_tier["copper", "B", None] == pytest.approx(90)


def test_switching() -> None:
    """Today Jin (now at 30) sells 80, Sur (at 20) nothing. Two years of 100 t. Without a cost all
    comes from Sur: 4,000. At 8 a t it still does: 80 x 8 more, 4,640. At 12 Jin keeps 80 in the
    first year: 2,400 + 400 + 2,000 = 4,800. Tonnes of a contract with Jin (at 12, at most 50)
    count: 50 x 12 + 30 x 30 + 20 x 20 = 1,900 and 50 x 12 + 50 x 20 = 1,600: 3,500.
    Discount rate 1: 1,900 + 800. Nothing bought: 80 x 12 = 960 of switching."""
    book = tiny(years=2)
    book["Refiners"][0]["Cost (USD/t)"] = 30
    book["Refiners"].append(refiner("Sur", "CHL", 100, 20))
    sold_today(book, "Jin", 80)
    assert solved(book).objective == pytest.approx(4000)
    put(book, "Switching cost (USD/t)", 8)
    assert solved(book).objective == pytest.approx(4640)
    book["Settings"][-1]["Value"] = 12
    assert solved(book).objective == pytest.approx(4800)
    book["Contracts"] = [contract("A", 0) | {"Max (t/yr)": 50}]
    assert solved(book).objective == pytest.approx(3500)
    put(book, "Discount rate", 1)
    assert solved(book).objective == pytest.approx(2700)
    assert evaluate(book, Flows()).costs["switching"] == pytest.approx(960)


def test_switching_sees_members_and_not_projects() -> None:
    """Jin sells 60 t to A and 40 to B today; B's lane is closed, so 40 x 7 is paid whatever:
    100 x 10 + 280 + 100 x 500 = 51,280. A project under Jin's name serves B for nothing, but it
    is no flow of Jin's row: 1,000 + 280."""
    book = tiny(members=("A", "B"))
    put(book, "Switching cost (USD/t)", 7)
    put(book, "Fair shortage weight", 0)
    book["Lanes"] = [{"From country": "CHN", "To member": "B", "Open": "no"}]
    sold_today(book, "Jin", 60)
    sold_today(book, "Jin", 40, "B")
    assert solved(book).objective == pytest.approx(51280)
    book["Projects"] = [
        {
            "Project": "P",
            "Refiner": "Jin",
            "Mineral": "copper",
            "Country": "AUS",
            "Capacity (t/yr)": 100,
            "Capex (USD m)": 0,
            "Cost (USD/t)": 0,
            "First year": 2026,
        }
    ]
    book["Lanes"].append({"From country": "AUS", "To member": "A", "Open": "no"})
    assert solved(book).objective == pytest.approx(1280)


def test_growth_from_today() -> None:
    """40 t today, 50 % a year: 60, 90, 100 t: 250 x 10 + 50 x 500 = 27,500. 2026 and 2028: 60,
    then up to 1.5^2 x 60 = 135, so 100 t: 1,600 + 40 x 500 = 21,600."""
    assert solved(growing(3, 0.5, 40)).objective == pytest.approx(27500)
    book = growing(1, 0.5, 40)
    book["Demand"][0]["2028"] = 100
    assert solved(book).objective == pytest.approx(21600)


def test_growth_from_nothing() -> None:
    """A floor of a tenth of 100 t. Today known to be 0: 10, then 1.5 x 10 + 10 = 25 t: 350 +
    165 x 500 = 82,850; a floor of 0.3: 30, 75: 1,050 + 95 x 500 = 48,550. Today unknown: the first
    year is free, and growth of 0 limits nothing after."""
    book = growing(2, 0.5, 0)
    assert solved(book).objective == pytest.approx(82850)
    put(book, "Growth floor", 0.3)
    assert solved(book).objective == pytest.approx(48550)
    assert solved(growing(2, 0, None)).objective == pytest.approx(2000)
    book = growing(2, 0.5, None)  # known by another refiner's row
    book["Refiners"].append(refiner("Sur", "CHL", 0, 20))
    sold_today(book, "Sur", 5)
    assert solved(book).objective == pytest.approx(82850)


def test_growth_of_contracts_and_after_a_year_without_sales() -> None:
    """50 t today, growth 0, a minimum of 80 t at 12 in 2026 only: 50 t are taken and 30 paid at 12,
    then 50 x 10: 960 + 500 + 100 x 500 = 51,460. No capacity in 2027 of three years: with sales
    of today no floor, so no return: 500 + 250 x 500 = 125,500. Unknown today: 100, 0, then the
    floor of 10: 1,100 + 190 x 500 = 96,100."""
    book = growing(2, 0, 50)
    book["Contracts"] = [contract("A", 80) | {"Last year": 2026}]
    assert solved(book).objective == pytest.approx(51460)
    gap = {"Capacity 2027 (t/yr)": 0, "Capacity 2028 (t/yr)": 100}
    for today, usd in ((50, 125500), (None, 96100)):
        book = growing(3, 0, today)
        book["Refiners"][0] |= gap
        assert solved(book).objective == pytest.approx(usd)


def test_growth_beyond_its_limit_is_seen() -> None:
    """40 t today, 50 %: 70 t are 10 too much; 90 t after 50 are 15 too much."""
    flows = Flows(spot=[("Jin", None, "copper", "A", 2026, 70.0)])
    assert evaluate(growing(2, 0.5, 40), flows).violation == pytest.approx(10)
    flows.spot = [
        ("Jin", None, "copper", "A", 2026, 50.0),
        ("Jin", None, "copper", "A", 2027, 90.0),
    ]
    answer = evaluate(growing(2, 0.5, 40), flows)
    assert answer.violation == pytest.approx(15)
    assert answer.violated == "growth Jin copper 2027"


@pytest.mark.parametrize("seed", few(range(100), 30))
def test_equal_tiers_are_no_tiers(seed: int) -> None:
    """Tiers at the multiple of the mineral's shortage cost cost what the pooled demand costs."""
    book = random_book(np.random.default_rng(seed), 2, ALL - {"whole projects"})
    for row in book["Minerals"]:
        for header in row:
            row[header] = None if header.startswith("Shortage") else row[header]
    multiple = next(
        (row["Value"] for row in book.get("Settings", []) if row["Setting"][:8] == "Shortage"), None
    )
    for row in book.get("Tiers", []):
        row["Shortage cost multiple"] = 10 if multiple is None else multiple
    pooled = copy.deepcopy(book)
    pooled["Demand"] = []
    for row in copy.deepcopy(book["Demand"]):
        row.pop("Tier", None)
        key = (row["Mineral"], row["Member"])
        same = [r for r in pooled["Demand"] if (r["Mineral"], r["Member"]) == key]
        for header in row if same else ():
            if header.isdigit():
                same[0][header] = (same[0][header] or 0.0) + (row[header] or 0.0)
        pooled["Demand"] += [] if same else [row]
    expected = solve(pooled).objective
    assert solve(book).objective == pytest.approx(expected, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("seed", few(range(100), 30))
def test_less_freedom_never_gains(seed: int) -> None:
    """Growth limits and switching only add cost, and at most the whole of it."""
    book = random_book(np.random.default_rng(seed), 2, ALL - {"whole projects"})
    free = copy.deepcopy(book)
    free.pop("Current supply", None)
    for row in free["Refiners"]:
        row["Max growth"] = None
    best, other = solve(free), solved(book)
    assert other.objective >= best.objective * (1 - 1e-9) - 1e-6
    again = evaluate(book, best.flows)
    if again.violation <= 0:
        assert other.objective <= again.objective * (1 + 1e-9) + 1e-6


@pytest.mark.parametrize("seed", range(at_length(12, 40)))
def test_all_new_parts_are_drawn(seed: int) -> None:
    """Ten books hold each new column at least once."""
    found = set()
    for index in range(10):
        book = random_book(np.random.default_rng([seed, index]), 3, CONTINUITY | {"stockpiles"})
        found |= {header for rows in book.values() for row in rows for header in row if row[header]}
        found |= {row["Setting"] for row in book.get("Settings", [])}
    assert found >= {
        "Target (days)",
        "Tier",
        "Shortage cost multiple",
        "Tonnes (t/yr)",
        "Max growth",
        "Switching cost (USD/t)",
        "Growth floor",
    }
