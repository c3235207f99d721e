"""Days of stock, tiers, switching and growth worked by hand, and laws they keep."""

from __future__ import annotations

import numpy as np
import pytest

from tests.budget import at_length

from .agreement import solved
from .cases import CONTINUITY, random_book
from .cases_sheets import BookT, Cells
from .formulation import Flows, evaluate
from .test_reference import contract, put, tiny


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


@pytest.mark.parametrize("seed", range(at_length(3, 40)))
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
