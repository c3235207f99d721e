"""What differs between two tables: cells, and rows of only one of them."""

from __future__ import annotations

import pytest

from models.results.changes import TableChange, changes, paired_rows

BEFORE = {"who": ["A", "B", "C", "B"], "year": [1, 1, 1, 2], "t": [10.0, 20.0, 30.0, 40.0]}


def table(*rows):
    """Return a table by column."""
    return dict(zip(BEFORE, (list(column) for column in zip(*rows, strict=True)), strict=True))


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
    ],
    ids=["same", "sorted", "a cell", "a row less", "a row less, a cell", "a row twice", "a key"],
)  # fmt: skip
def test_cells_and_rows_that_differ(rows, found) -> None:
    assert [*changes(BEFORE, table(*rows), ("who", "year"), ("who", "year", "t"))] == found


def test_a_caller_says_which_cells_are_the_same() -> None:
    after = {**BEFORE, "t": [10.0, 20.5, 30.0, 41.0]}
    near = lambda column, row, old, new: column == "t" and abs(new - old) < 1 and row == 1  # noqa: E731
    [change] = changes(BEFORE, after, ("who", "year"), ("t",), near)
    assert (change.row, change.before, change.after) == (3, 40.0, 41.0)


def test_rows_of_one_key_are_matched_in_their_order() -> None:
    assert paired_rows(["x", "x", "y"], ["y", "x", "x"]) == ([(0, 1), (1, 2), (2, 0)], [])
    assert paired_rows([], []) == ([], [])
    assert paired_rows(["x"], []) == ([], [(0, None)])
    assert paired_rows([], ["x"]) == ([], [(None, 0)])
