"""The two halves of the reference held against each other."""

from __future__ import annotations

import pytest

from .formulation import Optimum, evaluate, solve
from .neutral import Book
from .reading import Case


def solved(book: Book) -> Optimum:
    """Solve, and hold evaluate against it: objective, totals, no violation."""
    optimum = solve(book)
    check = evaluate(book, optimum.flows)
    case = Case(book)
    amounts = [case.demand(m, j, t) for m in case.minerals for j in case.members
               for t in case.years] + [1.0]
    dearest = max((case.shortage_cost(m, t) for m in case.minerals for t in case.years), default=0)
    rounding = 1e-14 * max(amounts) * dearest  # of sums that cancel
    near = pytest.approx(optimum.objective, rel=1e-9, abs=max(1e-9, rounding))
    assert check.objective == near
    assert sum(check.costs.values()) == near
    assert check.violation <= 1e-9 * max(1000.0, *amounts), check.violated
    for name in ("purchases_usd", "tonnes", "shortage_t", "demand_t"):
        one, other = getattr(check.totals, name), getattr(optimum.totals, name)
        assert one == pytest.approx(other, rel=1e-9, abs=1e-9 * max(amounts)), name
    for mineral, short in optimum.totals.shortage_by_mineral.items():
        assert check.totals.shortage_by_mineral[mineral] == pytest.approx(
            short, rel=1e-9, abs=1e-9 * max(amounts)
        )
    return optimum
