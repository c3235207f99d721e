"""The reference on random books: its halves agree, and no plan beats the optimum."""

from __future__ import annotations

import copy
from itertools import product
from math import inf

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from tests.budget import few

from .agreement import solved
from .cases import ALL, CORE, END_USE, books, random_book
from .cases_sheets import BookT
from .formulation import solve
from .program import NoOptimumError
from .reading import Case

CHECKS = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.slow
@pytest.mark.parametrize("features", [CORE, END_USE], ids=["core", "all"])
def test_halves_agree(features: frozenset[str]) -> None:
    """evaluate(solve) = solve."""

    @given(book=books(features))
    @CHECKS
    def agree(book: BookT) -> None:
        solved(book)

    agree()


@pytest.mark.parametrize("feature", sorted(END_USE))
def test_each_feature_alone(feature: str) -> None:
    """A feature can be drawn without the others."""
    for seed in range(20):
        solved(random_book(np.random.default_rng(seed), 2, {feature}))


@pytest.mark.slow
@pytest.mark.parametrize("seed", few(range(60), 20))
def test_whole_projects_by_trying_all(seed: int) -> None:
    """The optimum with whole projects is the best of all whole builds, each tried by itself."""
    rng = np.random.default_rng(seed)
    book: BookT = {}
    while not book.get("Projects"):
        book = random_book(rng, 2, ALL - {"whole projects"})
    whole = copy.deepcopy(book)
    whole.setdefault("Settings", []).append({"Setting": "Whole projects", "Value": "yes"})
    optimum, case, best = solved(whole), Case(book), inf
    for starts in product([None, *case.years], repeat=len(case.project_rows)):
        pairs = zip(case.project_rows, starts, strict=True)
        builds = {(project, start): 1.0 for project, start in pairs if start is not None}
        try:
            best = min(best, solve(book, builds).objective)
        except NoOptimumError:  # before a first year or beyond a budget
            continue
    assert optimum.objective == pytest.approx(best, rel=1e-9, abs=1e-6)
