"""Begun plants, fill and draw of stocks worked by hand; the arithmetic is in each docstring."""

from __future__ import annotations

import numpy as np
import pytest

from tests.budget import few
from tests.scenarios.edits import by_hand, optimum

from .agreement import solved
from .cases import BEGUN, random_book
from .cases_sheets import BookT
from .formulation import Optimum, evaluate, solve
from .hand import book_of, project, seller
from .program import NoOptimumError
from .test_random_books import legal
from .test_reference import put


def begun(years: int = 3, *built: tuple[int, float], **cells: object) -> BookT:
    """100 t a year wanted, a t short costs 100,000; a project of 100 t at 10 with life 2 that costs
    USD 500,000 a year."""
    book = book_of({"tin": 100.0}, [seller("Idle", "tin", "CHN", 1, 0)], years=years, short=100_000)
    put(book, "Cost of capital", 0)
    book["Projects"] = [project("P", "tin", "AUS", 10, **cells)]
    book["Built"] = [{"Project": "P", "Year": year, "Fraction": part} for year, part in built]
    return book


def test_what_stands_runs_on() -> None:
    """Built in 2025, life 2: sells in 2026 alone, charged for 2026 alone. Half of it: the other
    half can be built in one year, so 2027 is served by half, and 2028 or 2026 too."""
    assert solved(begun(3, (2025, 1.0))).objective == pytest.approx(1000 + 500_000 + 200 * 100_000)
    half = 250_000
    expected = 500 + half + 2 * (500 + half) + 150 * 100_000
    assert solved(begun(3, (2025, 0.5))).objective == pytest.approx(expected)
    assert solved(begun(3, (2020, 1.0))).objective == pytest.approx(300 * 100_000)
    assert solved(begun(1, (2030, 1.0))).objective == pytest.approx(100 * 100_000)


def test_fraction_is_fixed() -> None:
    """Half in 2026 whether it pays or not; nothing more in that year, so the rest comes in 2027."""
    book = begun(2, (2026, 0.5))
    plan = solved(book)
    assert plan.flows.builds == [("P", 2027, pytest.approx(0.5))]
    assert plan.objective == pytest.approx(500 + 1000 + 3 * 250_000 + 50 * 100_000)
    book["Demand"][0] |= {"2026": 0.0, "2027": 0.0}
    assert solved(book).objective == pytest.approx(2 * 250_000)
    zero = begun(1, (2026, 0.0))  # not begun in time: can't begin
    assert solved(zero).objective == pytest.approx(100 * 100_000)


def test_budget_of_what_is_due() -> None:
    """Lead time 1. Half for 2027 is due in 2026: 0.5 of a budget of 0.75, so 0.25 more can be
    built, for 2026 or 2027. A budget of 0.25 counts as 0.5. Half of 2026 was due in 2025: all of
    0.5 is left."""
    for money, more in ((0.75, 0.25), (0.25, 0.0), (0.5, 0.0), (2.0, 0.5)):
        book = begun(2, (2027, 0.5), Life=9) | {"Budget": [{"Year": 2026, "Capex (USD m)": money}]}
        book["Projects"][0] |= {"Lead time (yr)": 1, "Life (yr)": 2}
        assert _more(solved(book)) == pytest.approx(more), money
    book = begun(2, (2026, 0.5)) | {"Budget": [{"Year": 2026, "Capex (USD m)": 0.3}]}
    book["Projects"][0]["Lead time (yr)"] = 1
    assert _more(solved(book)) == pytest.approx(0.3)


def _more(plan: Optimum) -> float:
    """How much is built beside what stands."""
    return sum(part for _, _, part in plan.flows.builds)


def test_carried_over_budget() -> None:
    """Budgets of 0.25 and 1; 0.5 is due in 2026, so 2026 counts as 0.5 and the two years as 1.25:
    in 2027 at most 0.75 more. P's other half and half of a dearer Q would be 1."""
    book = begun(2, (2026, 0.5))
    book["Projects"].append(project("Q", "tin", "AUS", 20))
    book["Budget"] = [{"Year": 2026, "Capex (USD m)": 0.25}, {"Year": 2027, "Capex (USD m)": 1.0}]
    put(book, "Carry over budget", "yes")
    book["Demand"][0]["2027"] = 200.0
    assert _more(solved(book)) == pytest.approx(0.75)
    book["Settings"][-1]["Value"] = "no"
    assert _more(solved(book)) == pytest.approx(1.0)


def test_whole_projects() -> None:
    """What is left is built whole or not at all: 0.75 at USD 0.75 m, budget 0.7 or 0.8."""
    for money, more in ((0.7, 0.0), (0.8, 0.75)):
        book = begun(1, (2025, 0.25)) | {"Budget": [{"Year": 2026, "Capex (USD m)": money}]}
        put(book, "Whole projects", "yes")
        assert _more(solved(book)) == pytest.approx(more), money
    book = begun(1, (2025, 1 / 3), (2024, 1 / 3), (2023, 1 / 3))
    assert _more(solved(book)) == 0


def test_build_project_builds_the_rest() -> None:
    """0.4 stands from 2025. Build project in 2026: 0.6 more, outside the budget of 0; what is due
    of Built stays in it."""
    book = begun(1, (2025, 0.4)) | {"Budget": [{"Year": 2026, "Capex (USD m)": 0}]}
    step = {"Action": "build project", "Refiner": "P"}
    assert optimum(by_hand(book, [step])) == pytest.approx(1000 + 500_000)
    book = begun(1, (2026, 0.4)) | {"Budget": [{"Year": 2026, "Capex (USD m)": 0.5}]}
    book["Projects"].append(project("Q", "tin", "AUS", 20, Kind="recycled"))
    book["Demand"][0]["2026"] = 200.0
    cost = 1000 + 20 * 10 + 500_000 + 50_000 + 90 * 100_000
    assert optimum(by_hand(book, [step])) == pytest.approx(cost)


def test_builds_that_break_a_rule() -> None:
    """More than is left, and a build in a year with a row, have no plan."""
    book = begun(2, (2026, 0.5))
    assert solve(book, {("P", 2027): 0.5}).objective == pytest.approx(solve(book).objective)
    for builds in ({("P", 2027): 0.6}, {("P", 2026): 0.1}):
        with pytest.raises(NoOptimumError):
            solve(book, builds)
    found = evaluate(book, solve(begun(2)).flows)
    assert found.violation == pytest.approx(100)


def reserve(**cells: object) -> BookT:
    """Three years of 90 t; 100 t at 1 and 50 at 2; a reserve of up to 30 t, 5 a year for each tonne
    missing."""
    sellers = [seller("Jin", "tin", "CHN", 1, 100), seller("Sur", "tin", "CHL", 2, 50)]
    book = book_of({"tin": 90.0}, sellers, years=3)
    row = {"Mineral": "tin", "Member": "A", "Max (t)": 30, "Target (t)": 30}
    row["Target penalty (USD/t/yr)"] = 5
    more = {header.replace("_", " "): value for header, value in cells.items()}
    book["Stockpiles"] = [row | more]
    return book


def test_fill() -> None:
    """At once: 30 t more, 20 of them at 2: 140 + 90 + 90 = 320. At most 10 a year: 100 each, 20 and
    10 t missing at 5: 300 + 150. At most 8: 98 each, 22 + 14 + 6 missing: 294 + 210."""
    book = reserve()
    assert solved(book).objective == pytest.approx(320)
    for most, cost in ((10, 450), (8, 504), (0, 270 + 450), (30, 320), (100, 320)):
        book["Stockpiles"][0]["Max fill (t/yr)"] = most
        assert solved(book).objective == pytest.approx(cost), most


def test_draw() -> None:
    """30 t in store, none wanted there: used at once at most 12, then 12, then 6: 270 - 30 in all,
    whatever the limit, but with 5 a year 255, and with 0 none."""
    book = reserve()
    row = book["Stockpiles"][0]
    row |= {"Opening (t)": 30, "Target (t)": 0, "Holding cost (USD/t/yr)": 1}
    for most, cost in ((None, 240), (12, 240 + 18 + 6), (5, 255 + 25 + 20 + 15), (0, 270 + 90)):
        row["Max draw (t/yr)"] = most
        assert solved(book).objective == pytest.approx(cost), most


@pytest.mark.parametrize("seed", few(range(60), 20))
def test_halves_agree_on_begun_plants(seed: int) -> None:
    """evaluate(solve) = solve on books with Built, fill and draw limits."""
    book = random_book(np.random.default_rng(seed), 3, BEGUN)
    legal(book)
    solved(book)


@pytest.mark.parametrize("seed", few(range(30), 10))
def test_built_as_planned_changes_nothing(seed: int) -> None:
    """The builds of a plan written into Built: the same cost, if no budget is short of them."""
    rng = np.random.default_rng(seed)
    book: BookT = {}
    while not book.get("Projects"):
        book = random_book(rng, 2, BEGUN - {"built", "whole projects"})
    plan = solved(book)
    rows = [{"Project": p, "Year": t, "Fraction": part} for p, t, part in plan.flows.builds]
    again = book | {"Built": rows}
    cost = plan.objective
    assert solve(again).objective == pytest.approx(cost, rel=1e-9, abs=1e-6)
