"""Members who plan alone: by hand, and laws on random books."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from tests.budget import at_length

from .bills import cost
from .cases import SECURE, random_book
from .cases_sheets import BookT
from .formulation import solve
from .reading import Case
from .test_reference import contract, put, refiner, tiny


def crossed(a: float = 50, b: float = 50) -> BookT:
    """Jin and Sur of 50 t at 10 and 20; A is near Jin, B near Sur, the other way costs 5."""
    book = tiny(members=("A", "B"))
    for row, t in zip(book["Demand"], (a, b), strict=True):
        row["2026"] = t
    book["Refiners"] = [refiner("Jin", "CHN", 50, 10), refiner("Sur", "CHL", 50, 20)]
    book["Freight"] = [
        {"From country": "CHN", "A": 0, "B": 5},
        {"From country": "CHL", "A": 5, "B": 0},
    ]
    return book


def test_alone_by_hand() -> None:
    """Each has half of both: 25 x 10 + 25 x 20 + 25 x 5 = 875; together 50 x 10 + 50 x 20."""
    assert cost(crossed(), ["A"]) == pytest.approx(875)
    assert cost(crossed(), ["B"]) == pytest.approx(875)
    assert cost(crossed(), ["A", "B"]) == pytest.approx(1500)
    # by demand: 40 and 10 of each for A, which wants 80
    assert cost(crossed(80, 20), ["A"]) == pytest.approx(40 * 10 + 40 * 25)


def test_shortage_alone_is_not_unfair() -> None:
    """A cannot buy of Jin: 25 short at 500, 25 of Sur at 25; together B leaves it Sur: 50 x 25 +
    50 x 15. Where 10 t of Sur are all there is the 40 t short of A cost 500 each, no more."""
    book = crossed()
    book["Lanes"] = [{"From country": "CHN", "To member": "A", "Open": "no"}]
    assert cost(book, ["A"]) == pytest.approx(25 * 500 + 25 * 25)
    assert cost(book, "AB") == pytest.approx(2000)
    book["Refiners"][1]["Capacity (t/yr)"] = 10
    assert cost(book, "AB") == pytest.approx(10 * 25 + 50 * 15 + 40 * 500)
    assert solve(book).objective == pytest.approx(cost(book, "AB") + 20 * 50)


def test_own_and_shared() -> None:
    """Cap half of demand a country: of S's own. B's contract of 20 t at 12 is its own, due whoever
    plans: alone it has 25 t of Jin, 20 under contract (5 more of freight each)."""
    book = crossed()
    book["Share limits"] = [{"Limit": "max", "Supplier group": "country", "Share": 0.3}]
    assert cost(book, "A") == pytest.approx(15 * 10 + 15 * 25 + 20 * 500)
    book["Share limits"] = [{"Limit": "max", "Buyer": "B", "Supplier group": "country", "Share": 0}]
    assert cost(book, "A") == pytest.approx(875)
    assert cost(book, "B") == pytest.approx(50 * 500)
    book["Share limits"] = []
    book["Contracts"] = [contract("B", 20)]
    assert cost(book, "A") == pytest.approx(875)
    assert cost(book, "B") == pytest.approx(20 * 17 + 5 * 15 + 25 * 20)
    book["Contracts"] = [contract("B", 60), contract("A", 40)]  # shrink to 30 and 20
    assert cost(book, "B") == pytest.approx(25 * 17 + 5 * 12 + 25 * 20)


def test_projects_budgets_and_mines() -> None:
    """A wants 60 of 80 in 2026 and 20 of 80 in 2027: three quarters and a quarter of a mine, half
    of a project and of its budget. Nothing else sells. A: 40 t project, 20 of it its own, budget
    for half of that: 10 t a year at 1,000 x 10 / 40 x 2 of capital."""
    book = tiny(years=2, members=("A", "B"))
    put(book, "Cost of capital", 0)
    for row, demands in zip(book["Demand"], ((60, 20), (20, 60)), strict=True):
        row |= dict(zip(("2026", "2027"), demands, strict=True))
    book["Refiners"][0]["Capacity (t/yr)"] = 0
    book["Projects"] = [
        {
            "Project": "P",
            "Refiner": "New",
            "Mineral": "copper",
            "Country": "AUS",
            "Capacity (t/yr)": 40,
            "Capex (USD m)": 0.002,
            "Cost (USD/t)": 1,
            "First year": 2026,
            "Life (yr)": 2,
        }
    ]
    book["Budget"] = [{"Year": 2026, "Capex (USD m)": 0.001}, {"Year": 2027, "Capex (USD m)": 0}]
    capital = 0.25 * 2000
    assert cost(book, "A") == pytest.approx(20 * 1 + capital + 60 * 500)
    assert cost(book, "AB") == pytest.approx(2 * cost(book, "A"))
    book["Mines"] = [{"Mineral": "copper", "Country": "AUS", "Capacity (t/yr)": 12}]
    # 9 t of ore in 2026, 3 in 2027, at capital of 50 a t of capacity: 9 built
    assert cost(book, "A") == pytest.approx(12 * 1 + 9 * 50 + 68 * 500)


@pytest.mark.parametrize("seed", range(at_length(8, 25)))
def test_laws(seed: int) -> None:
    """Of all parts of a coalition: two that plan apart pay no less than together; all together it
    is the plan itself with fairness at nothing and projects in parts."""
    book = random_book(np.random.default_rng([43, seed]), 2, SECURE - {"whole projects"})
    rows = [row for row in book["Settings"] if row["Setting"] != "Fair shortage weight"]
    even = book | {"Settings": [*rows, {"Setting": "Fair shortage weight", "Value": 0}]}
    members = [*Case(book).members]
    parts = [set(of) for n in range(1, len(members) + 1) for of in combinations(members, n)]
    costs = {frozenset(of): cost(book, of) for of in parts}
    whole = costs[frozenset(members)]
    assert whole == pytest.approx(solve(even).objective, rel=1e-9, abs=1e-6)
    for one, other in combinations(costs, 2):
        if not one & other:
            apart = costs[one] + costs[other]
            assert costs[one | other] <= apart * (1 + 1e-9) + 1e-6


@pytest.mark.parametrize("seed", range(10))
def test_members_that_differ_in_size_only(seed: int) -> None:
    """Two copies of a member, one three times the other, without freight: planning together is
    worth nothing."""
    book = random_book(
        np.random.default_rng([44, seed]), 2, {"discount", "limits", "mines", "projects"}
    )
    book["Members"] = [{"Member": "A"}, {"Member": "B"}]
    book["Freight"] = [
        {"From country": row["From country"], "A": 7, "B": 7} for row in book["Freight"]
    ]
    demand = [row for row in book["Demand"] if row["Member"] == "Alpha"]
    years = [str(year) for year in Case(book).years]
    book["Demand"] = [
        row | {"Member": member} | {year: (row[year] or 0) * times for year in years}
        for row in demand
        for member, times in (("A", 1), ("B", 3))
    ]
    buyers = ("A", "B")
    for row in book.get("Share limits", []):
        row["Buyer"] = None
    apart = sum(cost(book, member) for member in buyers)
    assert cost(book, buyers) == pytest.approx(apart, rel=1e-9, abs=1e-6)
