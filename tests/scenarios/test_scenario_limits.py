"""Actions on share limits, by hand.

Jin of China sells 100 t at 10, Sur of Chile 100 t at 20, 100 t are wanted each year; a tonne short
costs 500. Without a limit Jin sells all, 1,000 a year; at a cap of 0.6 it is 60 x 10 + 40 x 20 =
1,400.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.models.desk import jin, make, short, solve, sur
from tests.scenarios.edits import BookT, Row
from tests.scenarios.what_if import case_of, objective, plan_of, step

near = pytest.approx
THREE = (2026, 2027, 2028)


def cap(share: float = 0.9, penalty: float | None = None, **more: object) -> Row:
    """A max on countries, each alone; more columns with spaces as underscores."""
    row: Row = {"Limit": "max", "Supplier group": "country", "Share": share}
    row |= {"Penalty (USD/t)": penalty}
    return row | {h.replace("_", " "): said for h, said in more.items()}


def in_2027(share: float = 0.9, penalty: float | None = None) -> Row:
    """A cap in that year alone."""
    return cap(share, penalty, First_year=2027, Last_year=2027)


def desk(*limits: Row, years: tuple[int, ...] = (2026,), **more: Any) -> BookT:
    """The book of the module's docstring with these limits."""
    headers = list(dict.fromkeys(h for row in limits for h in row))
    rows = [{h: row.get(h) for h in headers} for row in limits]
    return make(jin(), sur(), years=years, **({"Share_limits": rows} if rows else {}), **more)


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


def spans(book: BookT, *steps: Row) -> list[tuple[int | None, int | None, float | None]]:
    """First year, last year and penalty of the limits that a scenario leaves."""
    rows = case_of(book, *steps).share_limits
    return sorted(((r.first_year, r.last_year, r.penalty) for r in rows), key=str)


# ---- set max country share ---------------------------------------------------------------------


def test_a_cap_where_there_is_none() -> None:
    """1,400 a year: one hard limit on the coalition for all years."""
    book = desk(years=THREE)
    assert objective(book, to(0.6)) == near(3 * 1400)
    (limit,) = case_of(book, to(0.6)).share_limits
    assert (limit.mineral, limit.buyer, limit.supplier) == ("copper", "", "")
    assert spans(book, to(0.6)) == [(None, None, None)]


def test_a_limit_in_one_year_and_its_gaps() -> None:
    """A cap of 0.9 in 2027 alone: 1,000 + (90 x 10 + 10 x 20 = 1,100) + 1,000 = 3,100.

    At 0.6 it holds 0.6 in 2027, and hard ones fill 2026 and 2028: 3 x 1,400.
    """
    book = desk(in_2027(), years=THREE)
    assert solve(book).objective == near(3100)
    assert objective(book, to(0.6)) == near(4200)
    assert spans(book, to(0.6)) == [(2026, 2026, None), (2027, 2027, None), (2028, 2028, None)]


def test_penalty_kept_in_its_years_and_hard_in_the_gaps() -> None:
    """2027 stays soft at 5, less than the 10 that Sur is dearer: 100 x 10 + 40 x 5 = 1,200.

    2026 and 2028 are hard: 1,400 + 1,200 + 1,400.
    """
    book = desk(in_2027(0.9, 5), years=THREE)
    plan = plan_of(book, to(0.6))
    assert plan.objective == near(4000)
    over = plan.limits[plan.limits["excess"] > 1e-6]
    assert over[["year", "supplier"]].to_numpy().tolist() == [[2027, "CHN"]]
    assert over["excess"].tolist() == near([40])


def test_a_penalty_of_nothing_is_a_penalty() -> None:
    """Soft at 0: 0.6 may be exceeded for nothing, 1,000."""
    assert objective(desk(cap(0.9, 0)), to(0.6)) == near(1000)


def test_gaps_of_several_years_are_one_stretch() -> None:
    """Limited in 2028: two stretches, 2026-2027 and 2029-2031, whatever years are left out."""
    years = (2026, 2027, 2028, 2029, 2031)
    book = desk(cap(First_year=2028, Last_year=2028), years=years)
    assert spans(book, to(0.6)) == [(2026, 2027, None), (2028, 2028, None), (2029, 2031, None)]
    assert objective(book, to(0.6)) == near(5 * 1400)


def test_shares_by_year_become_one() -> None:
    """0.9, from 2027 on 0.8, from 2028 on 0.5; set to 0.6: 3 x 1,400."""
    limit = cap(0.9) | {"Share 2027": 0.8, "Share 2028": 0.5}
    book = desk(limit, years=THREE)
    # 1,100 + (80 x 10 + 20 x 20 = 1,200) + (50 x 10 + 50 x 20 = 1,500)
    assert solve(book).objective == near(3800)
    assert objective(book, to(0.6)) == near(4200)


def test_a_looser_share_loosens() -> None:
    """0.5 hard, 1,500; set to 1: 1,000."""
    assert objective(desk(cap(0.5)), to(1)) == near(1000)


def test_a_share_of_nothing() -> None:
    """At 0 no country may sell: 100 x 500."""
    assert objective(desk(cap(0.5)), to(0)) == near(50_000)


def test_a_row_for_all_minerals_is_split() -> None:
    """A soft row for all at 0.9, 5 a t: copper and nickel 1,000 + 10 x 5 = 1,050 each.

    Copper to 0.6: 1,000 + 40 x 5 = 1,200 and nickel as it was: 2,250. Then nickel to 0.7:
    1,000 + 30 x 5 = 1,150, so 2,350. A last step for all to 0.8: 2 x (1,000 + 20 x 5) = 2,200.
    """
    book = two_minerals(cap(0.9, 5))
    assert solve(book).objective == near(2100)
    copper, nickel = to(0.6, Mineral="copper"), to(0.7, Mineral="nickel")
    assert objective(book, copper) == near(2250)
    assert objective(book, copper, nickel) == near(2350)
    assert objective(book, nickel, copper) == near(2350)
    assert objective(book, copper, nickel, to(0.8)) == near(2200)
    assert all(row.penalty == 5 for row in case_of(book, copper, nickel).share_limits)


def test_a_row_for_all_is_split_once() -> None:
    """Copper to 0.6 and then to 0.7: 1,000 + 30 x 5, the penalty paid once; nickel 1,050."""
    steps = (to(0.6, Mineral="copper"), to(0.7, Mineral="copper"))
    assert objective(two_minerals(cap(0.9, 5)), *steps) == near(1150 + 1050)


def test_a_row_for_all_covers_its_years_for_each_mineral() -> None:
    """Rows for all in 2026 and for nickel in 2027: copper lacks 2027 alone, nickel nothing."""
    early = cap(0.9, First_year=2026, Last_year=2026)
    late = cap(0.9, First_year=2027, Last_year=2027, Mineral="nickel")
    book = desk(early, late, years=(2026, 2027))
    book["Minerals"].append({"Mineral": "nickel", "Price (USD/t)": 50})
    rows = case_of(book, to(0.6)).share_limits
    new = [(r.mineral, r.first_year, r.last_year) for r in rows if r.mineral == "copper"]
    assert new == [("copper", 2027, 2027)]
    assert [r.mineral for r in rows].count("nickel") == 1


def test_another_mineral_is_left_alone() -> None:
    """Copper's cap of 0.9 stands where nickel's is set: 1,100 + 1,400."""
    book = two_minerals(cap(0.9, Mineral="copper"))
    assert objective(book, to(0.6, Mineral="nickel")) == near(2500)


def test_the_coalition_gets_a_hard_one_where_only_members_are_capped() -> None:
    """A and B, 50 t each, capped each at 0.9, soft at 1 a t.

    At 0.6 the members' caps stay soft: 1,000 + 40 x 1 = 1,040 if they were all. The coalition's is
    hard: 60 x 10 + 40 x 20 = 1,400, of which neither takes more than 30 from Jin.
    """
    book = desk(cap(0.9, 1, Buyer="each"), demand={"A": 50, "B": 50})
    assert objective(book, to(0.6)) == near(1400)
    rows = case_of(book, to(0.6)).share_limits
    assert {(r.buyer, r.penalty, r.share.base) for r in rows} == {("", None, 0.6), ("each", 1, 0.6)}


def test_a_members_cap_becomes_the_share_too() -> None:
    """A alone wants 100, at most 0.2 from each: 20 x 10 + 20 x 20 + 60 x 500 = 30,600.

    At 0.6 for A and for the coalition: 1,400.
    """
    book = desk(cap(0.2, Buyer="A"), demand={"A": 100, "B": 0})
    assert solve(book).objective == near(30_600)
    assert objective(book, to(0.6)) == near(1400)


@pytest.mark.parametrize(
    "limit",
    [
        cap(0.3, Supplier="CHN"),
        cap(0.3) | {"Supplier group": "owner", "Supplier": "CHN"},
        cap(0.3) | {"Supplier group": "refiner", "Supplier": "Jin"},
        cap(0.7) | {"Limit": "min", "Supplier": "CHL"},
    ],
    ids=["one country", "owner", "refiner", "min"],
)
def test_other_limits_stay(limit: Row) -> None:
    """Each keeps Jin at 30: 30 x 10 + 70 x 20 = 1,700 before and, at a cap of 0.8, after.

    The cap of 0.8 on each country is new, for none of these is one.
    """
    book = desk(limit)
    assert solve(book).objective == near(1700)
    assert objective(book, to(0.8)) == near(1700)
    assert len(case_of(book, to(0.8)).share_limits) == 2


def test_a_limit_on_ore_stays() -> None:
    """Mining max 0.3 on each country, one mine of 100 t: 30 t refined of ore, 70 t short.

    The cap of 1 on refining that the step sets binds nothing: 30 x 10 + 70 x 500 = 35,300.
    """
    mine = {"Mineral": "copper", "Country": "COD", "Capacity (t/yr)": 100}
    book = desk(cap(0.3, Stage="mining"), Mines=[mine])
    assert objective(book, to(1)) == near(35_300)


def test_each_outside_a_bloc_keeps_leaving_the_bloc_alone() -> None:
    """Chile is the coalition's own, capped are those outside, at 0.9.

    At 0.3 China sells 30 and Chile 70: 30 x 10 + 70 x 20 = 1,700; no limit on Chile is added.
    """
    book = desk(cap(0.9, Supplier="each outside coalition"))
    book["Members"][0]["Country"] = "CHL"
    assert objective(book, to(0.3)) == near(1700)
    (limit,) = case_of(book, to(0.3)).share_limits
    assert limit.supplier == "each outside coalition"


# ---- drop share limits -------------------------------------------------------------------------


def test_drop_the_limits_of_one_mineral() -> None:
    """For all 0.6, for copper 0.5, for nickel 0.7: copper 1,500, nickel 1,400.

    Copper's dropped: 1,000 + 1,400. Nickel's too: 2,000 and no row left, as if all were dropped.
    """
    book = two_minerals(cap(0.6), cap(0.5, Mineral="copper"), cap(0.7, Mineral="nickel"))
    assert solve(book).objective == near(2900)
    copper = step("drop share limits", Mineral="copper")
    nickel = step("drop share limits", Mineral="nickel")
    assert objective(book, copper) == near(2400)
    assert objective(book, copper, nickel) == near(2000)
    assert case_of(book, copper, nickel).share_limits == ()
    assert case_of(book, step("drop share limits")).share_limits == ()


def test_dropped_and_set_again() -> None:
    """Soft at 5 and dropped; a cap of 0.6 is then a new one, hard: 1,400, not 1,200.

    Also where a row for all minerals loses copper alone.
    """
    book = desk(cap(0.9, 5))
    assert objective(book, to(0.6)) == near(1200)
    assert objective(book, step("drop share limits"), to(0.6)) == near(1400)
    both = two_minerals(cap(0.9, 5))
    copper = step("drop share limits", Mineral="copper")
    assert objective(both, copper, to(0.6)) == near(1400 + 1200)
    # nickel as it was: 1,000 + 10 x 5
    assert objective(both, copper, to(0.6, Mineral="copper")) == near(1400 + 1050)


def test_limits_of_all_kinds_go() -> None:
    """A min, a max on ore, a max on refiners: nothing binds, 1,000 and no shortage."""
    mine = {"Mineral": "copper", "Country": "COD", "Capacity (t/yr)": 100}
    book = desk(
        cap(0.7) | {"Limit": "min", "Supplier": "CHL"},
        cap(0.3, Stage="mining"),
        cap(0.2) | {"Supplier group": "refiner"},
        Mines=[mine],
    )
    plan = plan_of(book, step("drop share limits", Mineral="copper"))
    assert plan.objective == near(1000)
    assert short(plan) == near(0, abs=1e-6)
