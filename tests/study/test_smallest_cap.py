"""The smallest caps on random books, against the plans of points about them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from models import tolerances
from models.answers.search import least_share
from models.case import Case
from models.plan import Plan, solve
from models.program.families.shortage import SHORTAGE
from models.resolve import Floats
from models.results.numbers import ALL
from planner.scenarios import set_max_country_share
from planner.studies.source import without_country_caps
from tests.budget import few
from tests.models.desk import BookT, read
from tests.models.stages import random_stages
from tests.models.test_laws import draw

LIMIT = {"Limit": "max", "Supplier group": "country", "Share": 1.0}
MORE: tuple[list[dict[str, object]], ...] = (
    [],
    [{"Buyer": "each"}],
    [{"Buyer": "each", "Penalty (USD/t)": 1}],
    [{"Penalty (USD/t)": 1}],
)
"""Rows of caps beside those of the book: of each member alone, and some that may be exceeded."""


def missing(plan: Plan) -> Floats:
    (mineral, *_), tonnes = plan.component_arrays(SHORTAGE)
    return np.bincount(mineral, tonnes, len(plan.expanded.minerals)).astype(float)


def point(case: Case, cap: float, mineral: str) -> Case:
    """Return the case with a cap on one mineral alone, or on all."""
    capped = set_max_country_share(case, cap)
    if mineral == ALL:
        return capped
    alone = (
        dataclasses.replace(row, mineral=mineral) if row.caps_each_country else row
        for row in capped.share_limits
        if not row.caps_each_country
        or (row.mineral in {"", mineral} and mineral not in row.except_minerals)
    )
    return case.change(share_limits=tuple(alone))


def book_of(seed: int, *, stages: bool) -> BookT:
    if stages:
        return random_stages(seed)
    book = draw(seed, {"tiers"}, 2)
    book.setdefault("Share limits", []).extend(LIMIT | more for more in MORE[seed % len(MORE)])
    return book


@pytest.mark.slow
@pytest.mark.parametrize("stages", [False, True])
@pytest.mark.parametrize("seed", few(range(10), 4))
def test_nothing_is_further_missing_at_the_smallest_cap_and_something_below(
    seed: int, stages: bool
) -> None:
    case = read(book_of(seed, stages=stages))
    free = solve(without_country_caps(case))
    found = least_share(set_max_country_share(case, 1.0), free)
    sellers = {free.expanded.minerals[m] for m in free.expanded.sales.mineral}
    need = np.maximum(free.expanded.demand.sum(axis=(1, 2)), 1e-9)

    def further(cap: float, mineral: str) -> float:
        """Return the largest share of a mineral's need that is further missing at a point."""
        at = solve(point(case, cap, mineral))
        return float(np.max((missing(at) - missing(free)) / need))

    for mineral in (sellers | {ALL} if sellers else set()) - set(found):
        assert further(1.0, mineral) > tolerances.MISSING_PART, mineral
    for mineral, cap in found.items():
        if cap <= 1:  # above it, even a cap of 100 % costs tonnes that go to stock
            enough = min(1.0, cap * (1 + 1e-6))
            assert further(enough, mineral) <= tolerances.MISSING_PART, (mineral, cap)
        if cap > 0:
            below = min(1.0, max(0.0, cap - 0.005))
            assert further(below, mineral) > tolerances.MISSING_PART / 4, (mineral, cap)
