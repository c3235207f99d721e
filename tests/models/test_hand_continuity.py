"""Continuity by hand: leaving today's suppliers costs, sales grow only so fast."""

from __future__ import annotations

from typing import Any

import pytest

from tests.models.desk import (
    changed,
    cost,
    jin,
    make,
    price,
    read,
    slope,
    solve,
    solve_case,
    sur,
    tonnes,
)

near = pytest.approx
TWO_YEARS = (2026, 2027)


def today(name: str, amount: float, member: str = "A") -> dict[str, Any]:
    """Return a row of Current supply."""
    return {"Refiner": name, "Mineral": "copper", "Member": member, "Tonnes (t/yr)": amount}


def grows(by: float) -> dict[str, Any]:
    """Return the column Max growth."""
    return {"Max growth": by}


def test_switching_where_it_pays() -> None:
    """Sur sells 60 today at 20, Jin could at 10. At 4 a tonne it is left: 1,000 + 60 x 4 = 1,240.

    At 15 it is kept: 400 + 1,200 = 1,600; a tonne more of it today costs 20 - 10 more.
    """
    book = make(jin(), sur(), Current_supply=[today("Sur", 60)], settings={"Switching cost": 4})
    book["Settings"][-1]["Setting"] = "Switching cost (USD/t)"
    plan = solve(book)
    assert plan.objective == near(1240)
    assert cost(plan, "switching") == near(240)
    assert plan.dual("switching", ("Sur", "copper", "A")) == near(4)
    assert slope(book, "Current supply", 0, "Tonnes (t/yr)") == near(4)
    book["Settings"][-1]["Value"] = 15
    plan = solve(book)
    assert plan.objective == near(1600)
    assert tonnes(plan, refiner="Sur") == near(60)
    assert plan.dual("switching", ("Sur", "copper", "A")) == near(10)
    assert slope(book, "Current supply", 0, "Tonnes (t/yr)") == near(10)


def test_switching_counts_once_and_by_member() -> None:
    """In the second year Sur is left for nothing. Only A bought of it, so B need not.

    Cost 15: A keeps 60 in 2026: 400 + 1,200; B 100 of Jin: 1,000; 2027: 2,000. Together 4,600.
    """
    book = make(
        jin(300), sur(), demand={"A": 100, "B": 100}, years=TWO_YEARS,
        Current_supply=[today("Sur", 60)], settings={"Switching cost (USD/t)": 15},
    )  # fmt: skip
    plan = solve(book)
    assert plan.objective == near(4600)
    assert tonnes(plan, refiner="Sur", member="A", year=2026) == near(60)
    assert tonnes(plan, refiner="Sur") == near(60)


def test_growth_from_todays_sales() -> None:
    """Jin sells 50 today and may grow by 0.2: 60, then 72; the rest is Sur's.

    600 + 800, then 720 + 560: 2,680. One more tonne in 2026 saves 10, and 1.2 x 10 in 2027; one
    more today 1.2 x 22.
    """
    book = make(
        jin(**grows(0.2)), sur(), years=TWO_YEARS, Current_supply=[today("Jin", 50)]
    )  # fmt: skip
    plan = solve(book)
    assert plan.objective == near(2680)
    assert [tonnes(plan, refiner="Jin", year=y) for y in TWO_YEARS] == near([60, 72])
    assert plan.dual("sales_growth", ("Jin", "copper", 2026)) == near(-22)
    assert plan.dual("sales_growth", ("Jin", "copper", 2027)) == near(-10)
    assert slope(book, "Current supply", 0, "Tonnes (t/yr)") == near(-26.4)
    assert price(plan, year=2027) == near(20)


def test_growth_over_a_gap() -> None:
    """2026 and 2028: 60, then 60 x 1.2 x 1.2 = 86.4: 600 + 800 + 864 + 272 = 2,536."""
    book = make(jin(**grows(0.2)), sur(), years=(2026, 2028), Current_supply=[today("Jin", 50)])
    plan = solve(book)
    assert plan.objective == near(2536)
    assert tonnes(plan, refiner="Jin", year=2028) == near(86.4)


def test_who_sells_nothing_today_starts_with_the_floor() -> None:
    """Jin sells nothing today, Sur does: 0.1 of 100 in 2026, then 10 x 1.2 + 10 = 22.

    100 + 1,800, then 220 + 1,560: 3,680. A floor of 0.3: 30, then 66: 300 + 1,400 + 660 + 680.
    """
    book = make(
        jin(**grows(0.2)), sur(), years=TWO_YEARS, Current_supply=[today("Sur", 100)]
    )  # fmt: skip
    assert solve(book).objective == near(3680)
    book["Settings"].append({"Setting": "Growth floor", "Value": 0.3})
    assert solve(book).objective == near(3040)


def test_first_year_is_free_where_today_is_unknown() -> None:
    """No row of today's: 100 of Jin in 2026; in 2027, of 150, 100 x 1.2 + 0.1 x 200 = 140.

    1,000 + 1,400 + 10 x 20 = 2,600.
    """
    book = make(
        jin(200, **grows(0.2)), sur(), years=TWO_YEARS, demand={"A": [100, 150]}
    )  # fmt: skip
    plan = solve(book)
    assert plan.objective == near(2600)
    assert tonnes(plan, refiner="Jin", year=2027) == near(140)


def test_growth_makes_buying_early_worth_it() -> None:
    """Jin (10, then 10) grows by 1 from what it sold; Sur costs 12 in 2026, 90 in 2027.

    Today 20: Jin 40, then 80. Without Jin in 2026 nothing could be bought of it in 2027, so all 40
    are: 400 + 60 x 12 + 800 + 20 x 90 = 3,720; a tonne more today is 2 x 2 + 4 x 80 cheaper.
    """
    book = make(jin(**grows(1)), sur(), years=TWO_YEARS, Current_supply=[today("Jin", 20)])
    book["Refiners"][1] |= {"Cost (USD/t)": 12, "Cost 2027 (USD/t)": 90}
    plan = solve(book)
    assert plan.objective == near(3720)
    assert slope(book, "Current supply", 0, "Tonnes (t/yr)") == near(-(2 * 2 + 4 * 80))
    dear = changed(book, "Refiners", 0, **{"Cost (USD/t)": 15})
    dear["Refiners"][0]["Cost 2027 (USD/t)"] = 10
    # 3 a tonne more than Sur in 2026 buys 2 t at 80 less in 2027: still all 40
    assert solve(dear).objective == near(3720 + 40 * 5)


def test_agreed_sales() -> None:
    """No more than an agreed 30 of Jin's: 300 + 1,400 = 1,700; a tonne more saves 10."""
    case = read(make(jin(), sur())).change(ceilings=(("Jin", "", "copper", 2026, 30.0),))
    plan = solve_case(case)
    assert plan.objective == near(1700)
    assert plan.dual("agreed_sales", ("Jin", "", "copper", 2026)) == near(-10)
    more = case.change(ceilings=(("Jin", "", "copper", 2026, 31.0),))
    assert solve_case(more).objective == near(1690)


def test_agreed_purchases() -> None:
    """A buys no more than an agreed 30 of Jin's 100, so 30 of Sur at 20; a tonne more saves 10."""
    case = read(make(jin(), sur(), demand={"A": 60.0, "B": 40.0}))
    capped = case.change(member_ceilings=(("Jin", "", "copper", "A", 2026, 30.0),))
    plan = solve_case(capped)
    assert plan.objective == near(70 * 10 + 30 * 20)
    assert plan.dual("agreed_purchases", ("Jin", "", "copper", "A", 2026)) == near(-10)
    wide = case.change(member_ceilings=(("Jin", "", "copper", "A", 2026, 60.0),))
    assert solve_case(wide).objective == near(1000)
