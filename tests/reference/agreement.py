"""The two halves of the reference held against each other."""

from __future__ import annotations

from itertools import combinations

import pytest

from .continuity import tiers
from .formulation import Optimum, evaluate, solve
from .neutral import Book
from .reading import Case


def solved(book: Book) -> Optimum:
    """Solve, and hold evaluate against it: objective, totals, no violation."""
    optimum = solve(book)
    check = evaluate(book, optimum.flows)
    case = Case(book)
    amounts = [
        case.demand(m, j, t) for m in case.minerals for j in case.members for t in case.years
    ] + [1.0]
    costs = [
        tier.cost
        for m in case.minerals
        for j in case.members
        for t in case.years
        for tier in tiers(case, m, j, t)
    ]
    costs += [case.shortage_cost(m, t) for m in case.minerals for t in case.years]
    dearest = max(costs, default=0.0)
    rounding = 1e-14 * max(amounts) * dearest  # of sums that cancel
    near = pytest.approx(optimum.objective, rel=1e-9, abs=max(1e-9, rounding))
    assert check.objective == near
    assert sum(check.costs.values()) == near
    assert check.violation <= 1e-9 * max(1000.0, *amounts), check.violated
    names = ("purchases_usd", "tonnes", "shortage_t", "demand_t", "inputs_t")
    for name in (*names, "tariffs_usd", "levies_usd", "net_cost_usd"):
        one, other = getattr(check.totals, name), getattr(optimum.totals, name)
        assert one == pytest.approx(other, rel=1e-9, abs=1e-9 * max(amounts)), name
    for mineral, short in optimum.totals.shortage_by_mineral.items():
        assert check.totals.shortage_by_mineral[mineral] == pytest.approx(
            short, rel=1e-9, abs=1e-9 * max(amounts)
        )
    for mineral in case.minerals:
        for member in case.members:
            for alike in ties(case, mineral, member):
                keys = [(mineral, member, tier) for tier in alike]
                one = sum(check.totals.shortage_by_tier[key] for key in keys)
                other = sum(optimum.totals.shortage_by_tier[key] for key in keys)
                assert one == pytest.approx(other, rel=1e-9, abs=1e-8 * max(amounts)), keys
    return optimum


def ties(case: Case, mineral: str, member: str) -> list[set[str | None]]:
    """Tiers of a member, those together that cost the same in some year."""
    groups: list[set[str | None]] = [{name} for name in case.demand_rows(mineral, member)]
    for year in case.years:
        found = tiers(case, mineral, member, year)
        for one, other in combinations(found, 2):
            if one.cost == pytest.approx(other.cost, rel=1e-6, abs=1e-9):
                joined = [group for group in groups if group & {one.name, other.name}]
                groups = [group for group in groups if group not in joined]
                groups.append(set().union(*joined))
    return groups
