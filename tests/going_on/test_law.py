"""What a plan costs is what it costs in the years that are over, and what the next one costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import planner
from planner.documents.orders import orders_of
from planner.going_on.outcome import planned_outcome
from planner.going_on.roll import rolled
from planner.sheets import write_plan
from planner.workbook import read
from planner.workbook.read import open_plan
from tests.books import write_book
from tests.budget import BUDGET, few
from tests.reference.cases import EVERYTHING, random_book

FEATURES = EVERYTHING - {"switching"}
"""Every sheet; a switching cost is the price of changing, which breaks the law on purpose."""
QUICK, BATCH = 8, 8
HELD = 1e-9


@pytest.mark.parametrize("seed", few(range(QUICK), 3))
def test_next_plan_costs_what_the_old_one_had_to_pay(seed: int, tmp_path: Path) -> None:
    """Cost of the old plan = its cost in the years that are over + that of the next, discounted."""
    rolls(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("batch", range(BUDGET // (2 * BATCH)))
def test_next_plan_costs_what_the_old_one_had_to_pay_at_length(batch: int, tmp_path: Path) -> None:
    """The same on more books; at least a quarter of them can be compared."""
    first = QUICK + batch * BATCH
    tried = [rolls(seed, tmp_path) for seed in range(first, first + BATCH)]
    assert sum(tried) >= BATCH / 4


def rolls(seed: int, folder: Path) -> bool:
    """Roll a random book to a random year, plan it again, and compare.

    False: it has one year alone, or the next plan has other rules.
    """
    rng = np.random.default_rng(seed)
    book = random_book(rng, 3, FEATURES)
    rows = [row for row in book["Settings"] if row["Setting"] != "Growth floor"]
    book["Settings"] = [*rows, {"Setting": "Growth floor", "Value": 0}]
    write_book(folder / "book.xlsx", book, sheets=tuple(book))
    before = read(folder / "book.xlsx")
    years = before.case.years
    if len(years) == 1:
        return False
    to = years[int(rng.integers(1, len(years)))]
    plan = planner.solve(before.case)
    write_plan(folder / "plan.xlsx", plan, before)
    orders = orders_of(open_plan(folder / "plan.xlsx"))
    outcome = planned_outcome(plan, orders, to)
    next_plan = rolled(plan, orders, before, outcome, ("", ""))
    next_plan.write(folder / "next.xlsx")
    after = planner.solve(read(folder / "next.xlsx").case)
    assert after.expanded.years == tuple(year for year in years if year >= to)
    if not _is_comparable(before.case, plan, after, to):
        return False
    rate = before.case.settings.discount_rate
    tail = (1 + rate) ** -(to - years[0]) * after.objective
    assert next_plan.dropped + tail == pytest.approx(plan.objective, rel=HELD, abs=HELD), seed
    return True


def _is_comparable(case, plan, after, to) -> bool:
    """Whether the next plan has the same rules: two of them look back further than a year.

    Max growth counts from the year before, which a book with a gap does not plan. Security asks
    nothing of a country whose only plant was not begun in time.
    """
    last = max(year for year in case.years if year < to)
    if last < to - 1 and any(r.max_growth is not None for r in case.refiners):
        return False
    later = [i for i, year in enumerate(case.years) if year >= to]
    could, can = plan.expanded.can_sell[:, later], after.expanded.can_sell
    return not case.security or could.shape != can.shape or bool((could == can).all())
