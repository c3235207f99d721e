"""The difference of two plans: what moved, the largest first, one row for the rest; by hand."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import tolerances
from planner.sheets.changes import MOST_MOVES, changed_amounts, largest_moves, minerals_that_differ

KEYS = ["mineral", "seller", "buyer"]
TONNES = st.floats(0.0, 1e6, allow_subnormal=False)
FLOWS = st.dictionaries(st.tuples(st.sampled_from("XY"), st.integers(0, 20)), TONNES)


def groups(before, after):
    """The changed tonnes of each mineral, by mineral, seller and buyer."""
    old, new = ({(m, f"S{s}", "B"): t for (m, s), t in each.items()} for each in (before, after))
    rows = changed_amounts(old, new, KEYS, 1)
    return [list(group) for _, group in groupby(rows, key=lambda row: row["mineral"])]


def listed(before, after):
    """The rows of all minerals, one after another."""
    return [row for group in groups(before, after) for row in largest_moves(group)]


@given(FLOWS, FLOWS)
def test_the_rows_of_a_mineral_sum_to_what_moved(before, after):
    """Ten flows and one row for the others: none is lost, none is counted twice."""
    for group in groups(before, after):
        shown = list(largest_moves(group))
        assert len(shown) == min(len(group), MOST_MOVES + 1)
        assert sum(r["change"] for r in shown) == pytest.approx(
            sum(r["change"] for r in group), abs=1e-3
        )
        sizes = [abs(r["change"]) for r in shown if r["buyer"]]
        assert sizes == sorted(sizes, reverse=True)
        assert all(r["change"] == r["new"] - r["old"] for r in shown if r["buyer"])


def test_one_flow_more_than_ten_is_counted_as_one():
    before = {("X", i): 1.0 + i for i in range(11)}
    *_, last = listed(before, {})
    assert (last["seller"], last["buyer"]) == ("1 other flow", "")
    assert (last["old"], last["new"], last["change"]) == (1.0, 0.0, -1.0)
    assert listed({**before, ("X", 11): 0.5}, {})[-1]["seller"] == "2 other flows"
    assert len(listed({k: v for k, v in before.items() if v > 1}, {})) == MOST_MOVES


def test_of_equal_changes_the_first_name_is_first():
    rows = listed({("X", 2): 5.0, ("X", 1): 5.0}, {("X", 0): 5.0})
    assert [row["seller"] for row in rows] == ["S0", "S1", "S2"]


def test_what_is_the_rounding_of_the_largest_flow_of_a_mineral_is_no_move():
    """A milligram is a move where no flow is larger; beside a thousand tonnes it is none."""
    least = tolerances.LEAST_MOVE
    assert listed({("X", 1): 1e3}, {("X", 1): 1e3 * (1 + least / 2)}) == []
    assert len(listed({("X", 1): 1e3, ("Y", 1): 0.0}, {("X", 1): 1e3, ("Y", 1): 1e-9})) == 1


def test_minerals_that_cost_the_same_in_each_year_are_alike():
    """A dollar of a billion is rounding; the same sum in other years is not the same."""

    def by_year(*amounts, scale=1.0):
        years = [(mineral, year) for mineral in "XY" for year in (2030, 2031)]
        return {year: amount / scale for year, amount in zip(years, amounts, strict=True)}

    old, same = (1e9, 1.0, 1e9, 5.0), (1e9 + 1, 50.0, 1e9, 5.0)
    assert minerals_that_differ([(by_year(*old), by_year(*same))]) == set()
    swapped = (1e9, 1.0, 5.0, 1e9)
    every = [by_year(*old), by_year(*old)], [by_year(*old), by_year(*swapped)]
    assert minerals_that_differ(every) == {"Y"}
    one_less = {key: t for key, t in by_year(*old).items() if key != ("X", 2030)}
    assert minerals_that_differ([(by_year(*old), one_less)]) == {"X"}
    small = [by_year(*amounts, scale=1e9) for amounts in (old, same, swapped)]
    assert minerals_that_differ([(small[0], small[1])]) == set()
    assert minerals_that_differ([(small[0], small[2])]) == {"Y"}
