"""What differs between two tables: amounts side by side, cells, and rows of only one of them."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.results.difference import TableChange, TableDifference, paired_rows

BEFORE = {"who": ["A", "B", "C", "B"], "year": [1, 1, 1, 2], "t": [10.0, 20.0, 30.0, 40.0]}
GRAIN = ("who", "year")


def table(*rows):
    """Return a table by column."""
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], []]
    return dict(zip(BEFORE, columns, strict=True))


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([("A", 1, 10.0), ("B", 1, 20.0), ("C", 1, 30.0), ("B", 2, 40.0)], []),
        ([("B", 2, 40.0), ("C", 1, 30.0), ("B", 1, 20.0), ("A", 1, 10.0)], []),
        ([("A", 1, 10.0), ("B", 1, 21.0), ("C", 1, 30.0), ("B", 2, 40.0)],
         [TableChange(1, 1, "t", 20.0, 21.0)]),
        ([("A", 1, 10.0), ("C", 1, 30.0), ("B", 2, 40.0)], [TableChange(1, None)]),
        ([("A", 1, 10.0), ("C", 1, 33.0), ("B", 2, 40.0)],
         [TableChange(1, None), TableChange(2, 1, "t", 30.0, 33.0)]),
        ([("A", 1, 10.0), ("B", 1, 20.0), ("B", 1, 5.0), ("C", 1, 30.0), ("B", 2, 40.0)],
         [TableChange(None, 2)]),
        ([("A", 1, 10.0), ("B", 1, 20.0), ("D", 1, 30.0), ("B", 2, 40.0)],
         [TableChange(2, 2, "who", "C", "D")]),
        ([("A", 1, 10.0), ("B", 1, None), ("C", 1, 30.0), ("B", 2, 40.0)],
         [TableChange(1, 1, "t", 20.0, None)]),
    ],
    ids=["same", "sorted", "a cell", "a row less", "a row less, a cell", "a row twice", "a key",
         "a blank"],
)  # fmt: skip
def test_cells_and_rows_that_differ(rows, found) -> None:
    compared = TableDifference(BEFORE, table(*rows), GRAIN, tuple(BEFORE), in_order=True)
    assert [*compared.cells()] == found


def test_a_caller_says_which_cells_are_the_same() -> None:
    after = {**BEFORE, "t": [10.0, 20.5, 30.0, 41.0]}
    near = lambda column, row, old, new: column == "t" and abs(new - old) < 1 and row == 1  # noqa: E731
    [change] = TableDifference(BEFORE, after, GRAIN, ("t",)).cells(near)
    assert (change.row, change.before, change.after) == (3, 40.0, 41.0)


@pytest.mark.parametrize(
    ("before", "after", "pairs"),
    [
        ("xxy", "yxx", [(0, 1), (1, 2), (2, 0)]),
        ("", "", []),
        ("x", "", [(0, None)]),
        ("", "x", [(None, 0)]),
        ("xx", "x", [(0, 0), (1, None)]),
        ("xy", "zx", [(0, 1), (1, None), (None, 0)]),
    ],
)
def test_rows_of_one_key_are_matched_in_their_order(before, after, pairs) -> None:
    assert paired_rows([*before], [*after]) == pairs


def test_what_a_key_leaves_is_matched_by_the_next_and_at_last_in_order() -> None:
    """A1 is kept, B2 is B3 by its letter; C4 and D5 have no common key."""
    before, after = ["B2", "A1", "C4"], ["A1", "D5", "B3"]
    keys = (lambda row: row, lambda row: row[0])
    assert paired_rows(before, after, keys) == [(0, 2), (1, 0), (2, None), (None, 1)]
    assert paired_rows(before, after, keys, in_order=True) == [(0, 2), (1, 0), (2, 1)]
    assert paired_rows(before, [*after, "E6"], keys, in_order=True)[2:] == [
        (2, None), (None, 1), (None, 3),
    ]  # fmt: skip


# ---- amounts side by side -----------------------------------------------------------------------

AMOUNTS = st.one_of(st.none(), st.just(math.nan), st.floats(-1e9, 1e9, allow_subnormal=False))
TABLES = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 3), AMOUNTS), max_size=12)


def rows_of(before, after, **absent):
    return TableDifference(table(*before), table(*after), GRAIN, ("t",)).rows(absent)


def keys_of(rows):
    return Counter(tuple(row[:2]) for row in rows)


@given(TABLES)
def test_a_table_does_not_differ_from_itself(rows) -> None:
    itself = TableDifference(table(*rows), table(*rows), GRAIN, ("t",))
    assert all(row["t_old"] == row["t_new"] for row in itself.rows({}))
    assert {row["t_change"] for row in itself.rows({})} <= {0.0, None}
    assert not [*itself.cells(lambda _column, _row, old, new: old is new)]


@given(TABLES, TABLES)
def test_each_key_of_either_table_is_there_as_often_as_in_the_longer_one(before, after) -> None:
    rows = rows_of(before, after, t=0.0)
    found = [(row["who"], row["year"]) for row in rows]
    assert Counter(found) == keys_of(before) | keys_of(after)
    assert found == sorted(found)


@given(TABLES, TABLES)
def test_swapped_tables_have_the_opposite_changes(before, after) -> None:
    there, back = rows_of(before, after, t=0.0), rows_of(after, before, t=0.0)
    for row, other in zip(there, back, strict=True):
        assert (row["t_old"], row["t_new"]) == (other["t_new"], other["t_old"])
        change = row["t_change"]
        assert other["t_change"] == (None if change is None else -change)


@given(TABLES, TABLES)
def test_no_amount_is_lost_and_a_blank_has_no_change(before, after) -> None:
    """The sums of both sides are those of the tables; a change is new minus old, or rounding."""
    rows = rows_of(before, after, t=0.0)
    for side, given_rows in (("t_old", before), ("t_new", after)):
        known = [t for *_, t in given_rows if t is not None and not math.isnan(t)]
        assert math.fsum(row[side] or 0.0 for row in rows) == pytest.approx(math.fsum(known))
    for row in rows:
        old, new, change = (row[f"t_{side}"] for side in ("old", "new", "change"))
        if old is None or new is None:
            assert change is None
        else:
            assert change == new - old or abs(new - old) <= 1e-7 * max(abs(old), abs(new))


def test_an_absent_row_is_nothing_or_blank_and_duplicates_keep_their_order() -> None:
    before, after = [("A", 1, 5.0), ("B", 1, 7.0), ("B", 1, 1.0)], [("B", 1, 9.0)]
    cells = [tuple(row.values()) for row in rows_of(before, after, t=0.0)]
    assert cells == [("A", 1, 5.0, 0.0, -5.0), ("B", 1, 7.0, 9.0, 2.0), ("B", 1, 1.0, 0.0, -1.0)]
    assert [row["t_change"] for row in rows_of(before, after)] == [None, 2.0, None]
    assert [*rows_of([], after)[0]] == ["who", "year", "t_old", "t_new", "t_change"]
    [nameless] = TableDifference(
        {"who": ["A"], "": [1.0]}, {"who": ["A"], "": [3]}, ("who",), ("",)
    ).rows({})
    assert nameless == {"who": "A", "old": 1.0, "new": 3.0, "change": 2.0}
