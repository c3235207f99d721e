"""The first page of a roll: its findings hold, stand in cells with links, and are few."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import planner
from planner.documents.orders import orders_of
from planner.going_on.outcome import PastYears, planned_outcome
from planner.going_on.roll import RolledPlan, rolled
from planner.sheets import write_plan
from planner.workbook import read
from planner.workbook.read import open_plan
from tests.books import write_book
from tests.budget import few
from tests.first_pages import over_budget, printed_of
from tests.reference.cases import END_USE, EVERYTHING, random_book
from tests.reference.claims import wrong_findings

KINDS = {"plain": frozenset(), "stages": EVERYTHING, "tiers": END_USE}


@pytest.mark.parametrize("seed", few(range(12), 3))
def test_findings_stand_in_cells_with_links_and_are_few(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    book = random_book(rng, 3, [*KINDS.values()][seed % len(KINDS)])
    write_book(tmp_path / "case.xlsx", book, sheets=tuple(book))
    next_plan = rolled_at_random(rng, tmp_path / "case.xlsx")
    if next_plan is None:
        return
    page, path = next_plan.page, tmp_path / "next.xlsx"
    next_plan.write(path)
    assert wrong_findings([each.json() for each in page.findings], path) == []
    assert [*over_budget(page, printed_of(page))] == []


def rolled_at_random(rng: np.random.Generator, path: Path) -> RolledPlan | None:
    """Roll the plan of a book, with a random outcome; None if it has one year alone."""
    book = read(path)
    years = book.case.years
    if len(years) == 1:
        return None
    plan = planner.solve(book.case)
    write_plan(path.with_name("plan.xlsx"), plan, book)
    orders = orders_of(open_plan(path.with_name("plan.xlsx")))
    outcome = planned_outcome(plan, orders, years[int(rng.integers(1, len(years)))])
    return rolled(plan, orders, book, came(rng, outcome), ("plan.xlsx", path.name))


def came(rng: np.random.Generator, outcome: PastYears) -> PastYears:
    """Return an outcome in which some came as planned, some didn't, and some isn't reported."""
    share = rng.choice([0.0, 0.5, 1.0], 5)
    purchases = [
        replace(
            each,
            is_reported=True,
            delivered=each.delivered * (rng.random() * 1.1 if rng.random() < share[1] else 1.0),
            paid=each.paid * (0.5 + rng.random() if rng.random() < share[2] else 1.0),
        )
        if rng.random() < share[0]
        else each
        for each in outcome.purchases
    ]
    stocks = {
        key: tonnes * 2.0 * rng.random() if rng.random() < share[3] else tonnes
        for key, tonnes in outcome.stocks.items()
    }
    built = {key: 0.0 if rng.random() < share[4] else part for key, part in outcome.built.items()}
    differing = frozenset(key for key in stocks if stocks[key] != outcome.stocks[key])
    return replace(
        outcome, purchases=tuple(purchases), stocks=stocks, built=built, differing=differing,
        actual=frozenset({*differing, *(key for key in built if built[key] != outcome.built[key])}),
    )  # fmt: skip
