"""Bars, lines and maps made of a result, its fields and how many are drawn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.results import Result, field
from planner.render.chart import Role, bars, lines, peak, some_of, top


class Costs(Result):
    """What each country costs."""

    country = field.text("Country")
    cash = field.money("Cash")
    lost = field.money("Shortage")


COSTS = Costs(country=["Chile", "China", "Peru"], cash=[3.0, None, 1.0], lost=[0.0, 2.0, 0.0])
PARTS = {"Paid": (Role.PLAN, Costs.cash), "Not paid": (Role.SHORT, Costs.lost)}


@pytest.mark.parametrize(
    ("most", "which", "title"),
    [
        (None, "", "Cost"), (2, "", "Cost"), (2, "dearest", "Cost (the 2 dearest of 3)"),
        (3, "dearest", "Cost"), (9, "dearest", "Cost"),
    ],
)  # fmt: skip
def test_bars_are_the_first_rows(most, which, title) -> None:
    picture = bars("Cost", COSTS.frame(), Costs.country, PARTS, "USD", most=most, which=which)
    assert picture is not None
    assert picture.title == title
    assert picture.categories == ("Chile", "China", "Peru")[:most]
    assert [(each.name, each.role) for each in picture.series] == [
        ("Paid", Role.PLAN), ("Not paid", Role.SHORT),
    ]  # fmt: skip
    assert picture.series[0].values == (3.0, None, 1.0)[:most]


def test_there_are_no_bars_of_nothing() -> None:
    parts = {"Not paid": (Role.SHORT, Costs.lost)}
    rows = COSTS.frame()
    assert bars("Cost", rows.head(1), Costs.country, parts, "") is None
    assert bars("Cost", rows.head(0), Costs.country, parts, "") is None
    assert bars("Cost", rows.head(2), ["a", "b"], parts, "") is not None


LINES = {"Tin": (0.1, 0.5), "Zinc": (None, 0.2), "Lead": (0.3, 0.3)}


@pytest.mark.parametrize(
    ("most", "names", "title"),
    [
        (None, ["Tin", "Zinc", "Lead"], "Short"), (3, ["Tin", "Zinc", "Lead"], "Short"),
        (2, ["Tin", "Lead"], "Short (the 2 highest of 3)"),
        (1, ["Tin"], "Short (the highest of 3)"),
    ],
)  # fmt: skip
def test_lines_are_the_highest_in_their_own_order(most, names, title) -> None:
    picture = lines("Short", (2026, 2027), LINES, "Share", most=most)
    assert picture is not None
    assert [each.name for each in picture.series] == names
    assert picture.title == title


def test_one_point_is_no_line() -> None:
    assert lines("Short", (2026,), {"Tin": (0.1,)}, "Share") is None
    assert lines("Short", (2026, 2027), {}, "Share") is None


AMOUNTS = st.dictionaries(st.text(max_size=3), st.floats(-9, 9), max_size=6)


@pytest.mark.slow
@given(AMOUNTS, st.integers(0, 7))
def test_the_top_are_the_largest_in_their_own_order(amounts, most) -> None:
    found = top(amounts, most)
    assert found == [name for name in amounts if name in found]
    assert len(found) == min(most, len(amounts))
    left = [size for name, size in amounts.items() if name not in found]
    assert not found or max(left, default=-9) <= min(amounts[name] for name in found)


def test_a_title_says_how_many_of_how_many() -> None:
    assert some_of(6, 8) == " (the 6 largest of 8)"
    assert some_of(7, 8, "lowest") == " (the 7 lowest of 8)"
    assert some_of(1, 8) == " (the largest of 8)"
    assert some_of(8, 8) == ""


def test_the_peak_is_the_largest_size() -> None:
    assert peak([0.1, None, -0.5, float("nan")]) == 0.5
    assert peak([None]) == 0.0
