"""The planner against the independent second formulation, on random books.

The objectives must agree, and the planner's own plan, priced and checked by the reference straight
from the book, must cost what the planner says and break no rule.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from tests.budget import BUDGET, at_length
from tests.models.desk import BookT, neutral, solve_once
from tests.reference import formulation
from tests.reference.cases import ALL, CORE, FLOORED, books, random_book

RELATIVE = 1e-7
MOST = FLOORED
"""What random books may have, but for stages, end uses and what is begun."""
BATCH = 25
"""Books a test of the long run: so that it spreads over processes."""


def agrees(book: BookT) -> None:
    """Hold a book's plan against the reference."""
    plan = solve_once(book)
    reference = formulation.solve(book)
    demands = [t for row in book["Demand"] for h, t in row.items() if h.isdigit() and t] or [0.0]
    largest = max(demands)
    dearest = max((*plan.expanded.deliveries.landed, *_shortage_costs(plan)), default=0.0)
    dust = 1e-9 * largest * dearest  # of sums that cancel
    objective = pytest.approx(reference.objective, rel=RELATIVE, abs=dust)
    assert plan.objective == objective
    assert plan.costs["discounted"].sum() == objective
    found = formulation.evaluate(book, neutral(plan))
    assert found.objective == objective
    assert found.violation <= 1e-6 * max(largest, 1.0), found.violated
    in_tonnes = RELATIVE * max(largest, 1.0)
    assert found.totals.tonnes == pytest.approx(plan.tonnes, rel=RELATIVE, abs=in_tonnes)
    assert found.totals.shortage_t == pytest.approx(plan.shortage, rel=RELATIVE, abs=in_tonnes)
    paid = in_tonnes * dearest
    assert found.totals.purchases_usd == pytest.approx(plan.purchases, rel=RELATIVE, abs=paid)
    for key, t in found.shortage.items():
        assert plan.value("shortage", key) == pytest.approx(t, rel=RELATIVE, abs=in_tonnes)
    for mineral, share in plan.max_country_share.items():
        assert share == pytest.approx(found.max_country_share[mineral], rel=1e-6, abs=1e-6), mineral
    assert plan.served_share == pytest.approx(found.totals.served_share, abs=1e-6)
    for row in plan.limits.to_dict("records"):
        assert row["excess"] <= max(0.0, -row["room"]) + in_tonnes, row


def _shortage_costs(plan: object) -> list[float]:
    case = plan.case
    short = [case.shortage_cost(m.name, year) for m in case.minerals for year in case.years]
    return [*short, *(row.penalty or 0.0 for row in case.security)]


@pytest.mark.fuzz
@given(book=books(features=CORE))
@settings(max_examples=at_length(12, 120))
def test_core(book: BookT) -> None:
    """Lanes, limits, discounting, groups, blocs: what most books have."""
    agrees(book)


@pytest.mark.slow
@pytest.mark.fuzz
@given(book=books(features=ALL))
@settings(max_examples=at_length(16, 150))
def test_all(book: BookT) -> None:
    """Contracts, stockpiles, projects and ore as well."""
    agrees(book)


@pytest.mark.fuzz
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_every_size(size: int) -> None:
    """A few books of each size from a generator with a seed, the same on every run."""
    for seed in range(at_length(2, 15)):
        agrees(random_book(np.random.default_rng(1000 * size + seed), size, MOST))


def sharing_a_tight_budget(seed: int) -> BookT | None:
    """A random book whose projects are wanted and whose budgets, carried over, pay for few."""
    rng = np.random.default_rng([8, seed])
    book = random_book(rng, 3, ALL - {"carried budget"})
    years = sorted(int(header) for header in book["Demand"][0] if header.isdigit())
    if not book.get("Projects") or len(years) == 1:
        return None
    for row in book["Projects"]:
        row["Capex (USD m)"] = float(row["Capacity (t/yr)"]) * float(rng.integers(1, 50)) / 1e5
        row["First year"] = int(years[0] + rng.integers(0, 2))
        row["Lead time (yr)"] = int(rng.integers(0, 2))
    most = 0.3 * sum(row["Capex (USD m)"] for row in book["Projects"])
    spans = [year for year in range(years[0] - 1, years[-1] + 1) if rng.random() < 0.7]
    rng.shuffle(spans)
    book["Budget"] = [{"Year": y, "Capex (USD m)": most * float(rng.random())} for y in spans]
    book["Settings"] = [*book.get("Settings", []), {"Setting": "Carry over budget", "Value": "yes"}]
    return book


@pytest.mark.fuzz
def test_budgets_that_are_carried_over() -> None:
    """Tight budgets, some before the first year, some years without: the setting matters."""
    matters = 0
    for book in filter(None, map(sharing_a_tight_budget, range(at_length(20, 60)))):
        agrees(book)
        alone = [*book["Settings"][:-1], {"Setting": "Carry over budget", "Value": "no"}]
        without = formulation.solve(book | {"Settings": alone}).objective
        matters += without > formulation.solve(book).objective * (1 + 1e-6)
    assert matters >= 2


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("batch", range((BUDGET + BATCH - 1) // BATCH))
def test_long_run(batch: int) -> None:
    """As many as the budget allows, every other one with more."""
    for seed in range(batch * BATCH, min(BUDGET, (batch + 1) * BATCH)):
        features = MOST if seed % 2 else ALL
        book = random_book(np.random.default_rng([7, seed]), 1 + seed % 5, features)
        try:
            agrees(book)
        except AssertionError as error:
            msg = f"[7, {seed}], {1 + seed % 5}, {'MOST' if seed % 2 else 'ALL'}: {error}"
            raise AssertionError(msg) from error
