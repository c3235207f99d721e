"""The smallest caps on random books, against the plans of points about them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from models import tolerances
from models.answers.search import NO_CAP, least_share
from models.case import Case
from models.plan import Plan, solve
from models.program.families.shortage import SHORTAGE
from models.resolve import Floats
from models.results.numbers import ALL
from planner.scenarios import set_max_country_share
from planner.studies.source import without_country_caps
from planner.studies.sweep_tables import Frontier, SmallestCaps
from tests.budget import few
from tests.models.desk import BookT, jin, make, read, sur
from tests.models.stages import random_stages
from tests.models.test_laws import draw
from tests.reference.cases import EVERYTHING, random_book
from tests.study.planned import swept, table

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


def tiered(book: BookT) -> BookT:
    """Return the book with half of its demand in a tier whose shortage costs nothing."""
    (row,) = book["Demand"]
    book["Demand"] = [row | {"2026": 50}, row | {"2026": 50, "Tier": "free"}]
    return book | {"Tiers": [{"Tier": "free", "Shortage cost multiple": 0}]}


STOCK = {"Mineral": "copper", "Member": "A", "Max (t)": 100, "Target (t)": 0}


@pytest.mark.parametrize(
    ("book", "cap"),
    [
        # 50 t are stored in a year that needs 10 t, then in one that needs none
        (make(jin(60), demand={"A": [10, 110]}, years=(2026, 2027), Stockpiles=[STOCK]), 6),
        (make(jin(50), demand={"A": [0, 100]}, years=(2026, 2027), Stockpiles=[STOCK]), NO_CAP),
        # of 100 t, 40 at most are Chile's: China has to sell 60; a shortage that costs nothing
        (make(jin(), sur(40)), 0.6),
        (make(jin(), sur(40), settings={"Shortage cost multiple": 0}), 0),
        # half of the demand is in a tier whose shortage costs nothing: China sells the other half
        (tiered(make(jin())), 0.5),
        # nobody can sell; nobody is there to sell
        (make(jin(), Lanes=[{"From country": "CHN", "Open": "no"}]), 0),
        (make(jin(), demand=0), 0),
    ],
)  # fmt: skip
def test_every_mineral_with_a_supplier_has_a_smallest_cap(book: BookT, cap: float) -> None:
    """Here that of all is copper's; a mineral without a supplier has none."""
    book["Minerals"].append({"Mineral": "zinc", "Price (USD/t)": 1})
    case = read(book)
    found = least_share(set_max_country_share(case, 1.0), solve(case))
    assert found == pytest.approx({"copper": cap, ALL: cap}, abs=2e-6)


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

    assert sellers <= set(found)
    for mineral, cap in found.items():
        if cap > 1:  # even a cap of 100 % costs tonnes that go to stock
            assert further(1.0, mineral) > tolerances.MISSING_PART, (mineral, cap)
        else:
            enough = min(1.0, cap * (1 + 1e-6))
            assert further(enough, mineral) <= tolerances.MISSING_PART, (mineral, cap)
        if cap > 0:
            below = min(1.0, max(0.0, cap - 0.005))
            assert further(below, mineral) > tolerances.MISSING_PART / 4, (mineral, cap)


@pytest.mark.slow
@pytest.mark.parametrize("seed", few(range(200), 20))
def test_no_point_at_or_above_the_smallest_cap_is_further_missing(seed: int) -> None:
    """On the sheets of a sweep; the books have stages, tiers, free shortages and other limits."""
    book = random_book(np.random.default_rng([9, seed]), 3, EVERYTHING - {"whole projects"})
    found = swept({sheet: rows for sheet, rows in book.items() if rows}, 1.0, 0.7, 0.4, 0.2, 0.0)
    caps = table(found, SmallestCaps)
    least = caps.loc[caps["mineral"] == ALL, "smallest"].max()
    points = table(found, Frontier)
    further = points[points["value"] >= least]["further_missing_share"]
    assert not (further > tolerances.MISSING_PART).any(), points
