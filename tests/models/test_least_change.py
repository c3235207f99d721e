"""The smallest change that removes a shortage: by hand, and as laws."""

from __future__ import annotations

import pytest

from models.answers.least_change import LeastChange, applied, least_change
from tests.budget import at_length
from tests.models.desk import FIRST, BookT, jin, make, refiner, short, solve_case, sur
from tests.models.desk import solve_once as solve
from tests.models.test_explain import capped
from tests.models.test_laws import draw

near = pytest.approx


def removed(book: BookT, member: str = "A", year: int = FIRST) -> LeastChange:
    """The smallest change of a book, which is tried: the shortage there is gone."""
    plan = solve(book)
    found = least_change(plan, "copper", member, year)
    assert found is not None
    if found.changes:
        after = solve_case(applied(plan.case, found.changes))
        assert after.value("shortage", ("copper", member, year)) == near(0, abs=1e-6)
    return found


def cells(found: LeastChange) -> list[tuple[str, int, str, float, float]]:
    """The changed cells: sheet, row, header, from, to."""
    return [(c.place.sheet, c.place.row, c.place.column, c.was, c.to) for c in found.changes]


def test_a_cap_is_raised_where_that_is_the_smallest_change() -> None:
    """China's 60 and Sur's 30 for 100: ten more are a sixth of the cap, a third of Sur."""
    found = removed(make(jin(), sur(30), Share_limits=[capped(0.6, "CHN")]))
    assert cells(found) == [("Share limits", 2, "Share", near(0.6), near(0.7))]
    assert found.changes[0].least == near(0.7)


def test_a_capacity_is_raised_where_a_cap_alone_does_nothing() -> None:
    """Jin has but 60 behind its cap of 60: 8 more of both are 2 x 8/60, of Sur's 32 a quarter."""
    found = removed(make(jin(60), sur(32), Share_limits=[capped(0.6, "CHN")]))
    assert cells(found) == [("Refiners", 3, "Capacity", near(32), near(40))]


def test_a_cap_and_a_capacity_are_raised_together() -> None:
    """Jin alone, 60 under a cap of 60: both have to give."""
    found = removed(make(jin(60), Share_limits=[capped(0.6, "CHN")]))
    assert sorted(cells(found)) == [
        ("Refiners", 2, "Capacity", near(60), near(100)),
        ("Share limits", 2, "Share", near(0.6), near(1.0)),
    ]


def test_two_countries_under_one_cap() -> None:
    """Each alone at 40 % of 100: at 50 % the two make it."""
    book = make(jin(), sur(), Share_limits=[capped(0.4)])
    assert short(solve(book)) == near(20)
    assert cells(removed(book)) == [("Share limits", 2, "Share", near(0.4), near(0.5))]


def test_the_column_in_force_is_changed() -> None:
    """Share 2027 holds from 2027 on: changing it changes 2028, too, and leaves 2026."""
    book = make(jin(), years=(2026, 2027, 2028), Share_limits=[capped(1.0, "CHN", Share_2027=0.9)])
    found = removed(book, year=2028)
    assert cells(found) == [("Share limits", 2, "Share 2027", near(0.9), near(1.0))]
    assert found.changes[0].years == (2027, 2028)


@pytest.mark.parametrize(
    ("row", "header", "was", "to"),
    [
        ({"Open": "no"}, "Open", 0, 1),
        ({"Max (t/yr)": 60}, "Max", 60, 100),
        ({"Max (t/yr)": 0}, "Max", 0, 100),
        ({"Refiner": "Jin", "Max (t/yr)": 80}, "Max", 80, 100),
    ],
)
def test_a_lane_is_opened_or_widened(
    row: dict[str, object], header: str, was: float, to: float
) -> None:
    """Jin's lane to A is closed, or too narrow."""
    found = removed(make(jin(), Lanes=[{"From country": "CHN", "To member": "A"} | row]))
    assert cells(found) == [("Lanes", 2, header, near(was), near(to))]


def test_the_last_row_of_a_lane_is_the_one_that_is_changed() -> None:
    """Row 2 gives 50, row 3 overrides it with 70."""
    lanes = [{"From country": "CHN", "Max (t/yr)": t} for t in (50, 70)]
    found = removed(make(jin(), Lanes=lanes))
    assert cells(found) == [("Lanes", 3, "Max", near(70), near(100))]


def test_the_open_part_of_a_capacity() -> None:
    """80 % of 110 are open, 88: 91 % will do, of nothing as well. 80 % of 90 need a capacity."""
    found = removed(make(jin(110, Available_share=0.8)))
    assert cells(found) == [("Refiners", 2, "Available share", near(0.8), near(0.91))]
    found = removed(make(jin(90, Available_share=0.8)))
    assert ("Refiners", 2, "Capacity") in [cell[:3] for cell in cells(found)]
    found = removed(make(jin(110, Available_share=0)))
    assert cells(found) == [("Refiners", 2, "Available share", near(0), near(0.91))]


def test_a_budget() -> None:
    """A plant of 50 t for 0.01 m; 0.002 m build 10 t of it, 30 are needed."""
    plant = {
        "Project": "P", "Refiner": "P", "Mineral": "copper", "Country": "CHL",
        "Capacity (t/yr)": 50, "Capex (USD m)": 0.01, "Cost (USD/t)": 10, "First year": 2026,
    }  # fmt: skip
    book = make(
        jin(Last_year=2025), demand=30, Projects=[plant],
        Budget=[{"Year": 2026, "Capex (USD m)": 0.002}],
    )  # fmt: skip
    assert cells(removed(book)) == [("Budget", 2, "Capex", near(0.002), near(0.006))]


def test_a_mine() -> None:
    """Jin has room and no ore: 60 t mined."""
    mine = {"Mineral": "copper", "Country": "PER", "Capacity (t/yr)": 60}
    assert cells(removed(make(jin(), Mines=[mine]))) == [
        ("Mines", 2, "Capacity", near(60), near(100))
    ]


def test_where_nothing_is_refined_no_change_helps() -> None:
    """The only refiner has closed: all 100 stay short."""
    found = removed(make(jin(Last_year=2025)))
    assert found.changes == ()
    assert found.left == near(100)
    assert not found.is_dear


def test_supply_that_costs_more_than_a_shortage() -> None:
    """Jin's tonne costs 600, a tonne short 500: at 600 it is bought."""
    found = removed(make(refiner("Jin", "CHN", 100, 600)))
    assert found.is_dear
    (change,) = found.changes
    assert (change.place.sheet, change.place.column) == ("Minerals", "Shortage cost")
    assert (change.was, change.to) == (near(500), near(601, abs=1.01))


def test_a_shared_shortage_goes_for_all_or_for_none() -> None:
    """What A alone lacks would be shared with B: the change is for both."""
    found = removed(make(jin(150), demand={"A": 100, "B": 100}))
    assert cells(found) == [("Refiners", 2, "Capacity", near(150), near(200))]
    assert found.scope == "mineral and year"


def test_a_cell_that_is_fixed_is_changed_only_where_no_other_does() -> None:
    """China's cap is a scenario's: Sur grows instead; without Sur there is but the cap."""
    cap = {"Share_limits": [capped(0.6, "CHN")]}
    for book, sheet in (
        (make(jin(), sur(30), **cap), "Refiners"), (make(jin(), **cap), "Share limits"),
    ):  # fmt: skip
        plan = solve(book)
        found = least_change(
            plan, "copper", "A", FIRST, lambda place: place.sheet == "Share limits"
        )
        assert found is not None
        assert [c.place.sheet for c in found.changes] == [sheet]


def test_no_shortage_needs_no_change() -> None:
    """All is served."""
    assert least_change(solve(make(jin())), "copper", "A", FIRST) is None


# ---- laws --------------------------------------------------------------------------------------


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(3, 16)))
def test_the_change_removes_the_shortage(seed: int) -> None:
    """Told changes are tried in a book changed cell by cell; what cannot be had is told as such."""
    plan = solve(draw(seed))
    for row in plan.shortages.head(2).to_dict("records"):
        at = (row["mineral"], row["member"], row["year"])
        found = least_change(plan, *at)
        assert found is not None
        assert bool(found.changes) or found.left > 0 or found.is_dear
        if found.changes:
            after = solve_case(applied(plan.case, found.changes))
            assert after.value("shortage", at) <= plan.tolerance(at[0], at[2])
            assert all(change.to >= change.was for change in found.changes)
