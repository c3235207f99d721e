"""The smallest cap that costs no tonne, on random books, against plans with caps about it."""

from __future__ import annotations

import dataclasses

import pytest

from models.answers.search import least_share
from models.case import Case
from models.plan import solve
from planner.scenarios import set_max_country_share
from tests.models.desk import read
from tests.models.mutate import put
from tests.models.test_laws import draw

WITHOUT = {"tiers", "whole projects", "carried budget", "purchases basis"}
"""What makes one tonne short worth another, ties years or minerals, or moves what is shared."""
DEAR = {"Shortage cost multiple": 1000, "Fair shortage weight": 0}
"""So that the cheapest plan is one of the least shortage."""
LIMIT = {"Limit": "max", "Supplier group": "country", "Share": 1.0}
MORE = (
    [],
    [{"Buyer": "each"}],
    [{"Buyer": "each", "Penalty (USD/t)": 1}],
    [{"Penalty (USD/t)": 1}],
)
"""Rows of caps beside those of the book: of each member alone, and some that may be exceeded."""


def hard(case: Case) -> Case:
    """Return the case with caps that are never exceeded, whatever one pays."""
    rows = (
        dataclasses.replace(row, penalty=None) if row.caps_each_country else row
        for row in case.share_limits
    )
    return case.change(share_limits=tuple(rows))


@pytest.mark.parametrize("seed", sorted({*range(25)} - {10, 24}))  # there nobody sells anything
def test_no_tonne_is_lost_at_the_smallest_cap_and_some_is_below(seed: int) -> None:
    book = draw(seed, WITHOUT, 2)
    for name, value in DEAR.items():
        book = put(book, name, value)
    for row in book["Minerals"]:
        for header in [h for h in row if h.startswith("Shortage cost")]:
            del row[header]
    book.setdefault("Share limits", []).extend(LIMIT | more for more in MORE[seed % len(MORE)])
    case = set_max_country_share(read(book), 1.0)
    free = solve(hard(case))
    near = 1e-6 * case.largest_demand
    found = least_share(case, free)
    assert found
    at_least = hard(case)
    for mineral, share in found.items():
        at_least = set_max_country_share(at_least, share, mineral)
    assert solve(at_least).shortage <= free.shortage + near
    for mineral, share in found.items():
        if share > 0.01:
            tighter = set_max_country_share(at_least, share - 0.01, mineral)
            assert solve(tighter).shortage > free.shortage + near, mineral
