"""Ways out of a country and ranges near the plan: by hand, and laws on random books."""

from __future__ import annotations

import numpy as np
import pytest

from tests.budget import at_length

from .alternatives import given, leave, span
from .cases import ALL, random_book
from .cases_sheets import BookT
from .evaluation import evaluate
from .formulation import Flows, solve
from .reading import Case, Source
from .test_reference import put, refiner, tiny


def jin(source: Source) -> bool:
    """Whether a source is Jin."""
    return source.refiner == "Jin"


def sur(source: Source) -> bool:
    """Whether a source is Sur."""
    return source.refiner == "Sur"


def growing() -> BookT:
    """Need 100 a year, China 100 at 10; Chile 40, 55, 70, 85, 100 at 20."""
    book = tiny(years=5)
    others = {f"Capacity {2027 + i} (t/yr)": 55 + 15 * i for i in range(4)}
    book["Refiners"].append(refiner("Sur", "CHL", 40, 20) | others)
    return book


def test_out_of_a_country() -> None:
    """60, 45, 30, 15, 0 t are needed of China: at most half from 2027, nothing from 2030. 150 x 10
    + 350 x 20 = 8,500; the plan buys all of it."""
    found = leave(growing(), "CHN", ["copper"], {})
    assert found.least == pytest.approx(150)
    assert found.tonnes == pytest.approx(
        {2026: 60, 2027: 45, 2028: 30, 2029: 15, 2030: 0}, abs=1e-6
    )
    assert found.plan.objective == pytest.approx(8500)
    assert leave(growing(), "CHL", ["copper"], {}).least == pytest.approx(0, abs=1e-6)


def test_no_year_is_shorter() -> None:
    """Need 130: the plan is short by none but in 2026 (140 t), so 90 of China in 2026, then less.
    A shortage of 30 t that is allowed in 2027 alone saves 30 of 2027's."""
    book = growing()
    for year in range(2026, 2031):
        book["Demand"][0][str(year)] = 130
    short = given(book, solve(book).flows).short
    assert sum(short.values()) == pytest.approx(0, abs=1e-6)
    assert leave(book, "CHN", ["copper"], short).least == pytest.approx(90 + 75 + 60 + 45 + 30)
    found = leave(book, "CHN", ["copper"], short | {("copper", 2027): 30})
    assert found.tonnes[2027] == pytest.approx(45)
    assert found.least == pytest.approx(270)


def test_builds_and_stock_on_the_way_out() -> None:
    """A project of 30 t from 2027 at capex 0.1 USD m and 70 t of Sur: 30 t of China in 2026 but for
    10 in store (a stock need not be kept); capital 0.1 USD m x 2 / 2 in all; half the budget, half
    of it."""
    book = tiny(years=2)
    put(book, "Cost of capital", 0)
    book["Refiners"].append(refiner("Sur", "CHL", 70, 20))
    book["Stockpiles"] = [{"Mineral": "copper", "Member": "A", "Max (t)": 10, "Opening (t)": 10}]
    book["Projects"] = [
        {
            "Project": "P",
            "Refiner": "New",
            "Mineral": "copper",
            "Country": "AUS",
            "Capacity (t/yr)": 30,
            "Capex (USD m)": 0.1,
            "Cost (USD/t)": 5,
            "First year": 2027,
            "Life (yr)": 1,
        }
    ]
    found = leave(book, "CHN", ["copper"], {})
    assert found.least == pytest.approx(20)
    # 70 + 70 of Sur, 20 of Jin, 30 of P; its capital; a target of 10 t missed at 10, then at 250
    assert found.plan.objective == pytest.approx(140 * 20 + 200 + 150 + 1e5 + 100 + 2500)
    book["Budget"] = [{"Year": 2027, "Capex (USD m)": 0.05}]
    assert leave(book, "CHN", ["copper"], {}).least == pytest.approx(35)


def near(slack: float = 0.05) -> tuple[float, float]:
    """Least and most of Sur where Jin costs 10, Sur 11."""
    book = tiny()
    book["Refiners"].append(refiner("Sur", "CHL", 100, 11))
    return span(book, "copper", sur, given(book, solve(book).flows), slack)


def test_ranges_by_hand() -> None:
    """1,000 x 1.05 = 10 a + 11 (100 - a): 50 of the dearer at most; 10 at slack 0.01; 0 at 0."""
    assert near() == pytest.approx((0, 50), abs=1e-5)
    assert near(0.01) == pytest.approx((0, 10), abs=1e-5)
    assert near(0) == pytest.approx((0, 0), abs=1e-5)
    assert near(5) == pytest.approx((0, 100), abs=1e-5)


def test_ranges_hold_what_a_plan_is_short() -> None:
    """Jin of 60 t at 10, Sur of 30 at 20, need 100: both sell all, whatever the slack."""
    book = tiny()
    book["Refiners"] = [refiner("Jin", "CHN", 60, 10), refiner("Sur", "CHL", 30, 20)]
    held = given(book, solve(book).flows)
    assert held.short == pytest.approx({("copper", 2026): 10})
    assert held.cash == pytest.approx({"copper": 1200})
    assert held.penalties == pytest.approx({"copper": 5000})
    assert span(book, "copper", jin, held, 1) == pytest.approx((60, 60), abs=1e-5)
    held.short["copper", 2026] = 40  # cash 1,200 x 1: 60 t are enough, of Jin 30 at least
    assert span(book, "copper", jin, held, 0) == pytest.approx((30, 60), abs=1e-5)


def test_ranges_and_penalties() -> None:
    """Half of Jin at most, else 7 a tonne; Sur at 20: the plan buys Jin alone, 50 over. Slack 0 on
    1,000 of cash leaves no choice; at 0.2 20 t of Sur. Where half is hard and Sur cheap, 60 of Jin
    break no fence of cash but one of penalties."""
    book = tiny()
    book["Refiners"].append(refiner("Sur", "CHL", 100, 20))
    limit = {"Limit": "max", "Supplier group": "country", "Share": 0.5, "Penalty (USD/t)": 7}
    book["Share limits"] = [limit]
    held = given(book, solve(book).flows)
    assert held.penalties == pytest.approx({"copper": 350})
    assert span(book, "copper", sur, held, 0.2) == pytest.approx((0, 20), abs=1e-5)
    limit["Penalty (USD/t)"] = 30
    held = given(book, solve(book).flows)
    assert held.cash == pytest.approx({"copper": 1500})
    assert span(book, "copper", jin, held, 0) == pytest.approx((50, 100), abs=1e-5)
    assert span(book, "copper", jin, held, 0, penalties_held=True) == pytest.approx((50, 50))


def test_ranges_of_a_project() -> None:
    """Jin at 10 for 100 t: 1,000. P of 100 t at 5 with 1,000 a year of capital: not built, so fixed
    it sells 0. Free, 5 p + 10 p + 10 (100 - p) <= 1,100: 20 t."""
    book = tiny()
    put(book, "Cost of capital", 0)
    book["Projects"] = [
        {
            "Project": "P",
            "Refiner": "New",
            "Mineral": "copper",
            "Country": "AUS",
            "Capacity (t/yr)": 100,
            "Capex (USD m)": 0.001,
            "Cost (USD/t)": 5,
            "First year": 2026,
            "Life (yr)": 1,
        }
    ]
    held = given(book, solve(book).flows)
    for free, most in ((False, 0), (True, 20)):
        found = span(book, "copper", lambda s: s.project == "P", held, 0.1, builds_free=free)
        assert found == pytest.approx((0, most), abs=1e-5)


@pytest.mark.parametrize("seed", range(at_length(8, 20)))
def test_laws(seed: int) -> None:
    """Out of a country: no more of it than the plan buys, no cheaper, no shorter, and what is said
    costs what it says. Ranges hold the plan, and wider slack a narrower one; least of a range that
    costs all it likes is never below the way out."""
    book = random_book(np.random.default_rng([41, seed]), 2, ALL - {"whole projects"})
    best, case = solve(book), Case(book)
    held, mineral = given(book, best.flows), case.sources[0].mineral
    country = case.sources[0].country

    def of(source: Source) -> bool:
        return source.country == country and source.mineral == mineral

    def bought(flows: Flows) -> float:
        names = {(s.refiner, s.project, s.mineral) for s in case.sources if of(s)}
        found = sum(t for *name, _, _, t in flows.spot if tuple(name) in names)
        rows = book.get("Contracts", [])
        of_rows = [(rows[k]["Refiner"], None, rows[k]["Mineral"]) for k, _, _ in flows.contracts]
        return found + sum(
            t for name, (_, _, t) in zip(of_rows, flows.contracts, strict=True) if name in names
        )

    dust = 1e-6 * max(1.0, *(t for *_, t in best.flows.spot), *held.short.values())
    out = leave(book, country, [mineral], held.short)
    assert out.least <= bought(best.flows) + dust
    assert out.plan.objective >= best.objective * (1 - 1e-7) - 1e-6
    assert sum(out.tonnes.values()) == pytest.approx(bought(out.plan.flows), abs=dust)
    again = evaluate(book, out.plan.flows)
    assert again.objective == pytest.approx(out.plan.objective, rel=1e-7, abs=1e-6)
    for key, t in given(book, out.plan.flows).short.items():
        assert t <= held.short[key] + dust
    narrow = span(book, mineral, of, held, 0.01)
    wide = span(book, mineral, of, held, 0.1)
    assert wide[0] - dust <= narrow[0] <= bought(best.flows) + dust
    assert bought(best.flows) - dust <= narrow[1] <= wide[1] + dust
    assert out.least <= wide[0] + dust
