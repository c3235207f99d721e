"""Ranges against the second formulation, on random books of every feature."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from models.answers import BY_COUNTRY, BY_PROJECT, BY_REFINER, ranges
from tests.models.desk import neutral, solve
from tests.reference.alternatives import given, span
from tests.reference.cases import ALL, random_book
from tests.reference.reading import Source


def supplier(country: str, refiner: str, project: str) -> Callable[[Source], bool]:
    """Whether a source is the country, the refiner's own plant or the project."""

    def of(source: Source) -> bool:
        if not refiner:
            return source.country == country
        return (source.refiner, source.project or "") == (refiner, project)

    return of


@pytest.mark.parametrize("seed", range(18))
def test_ranges_are_those_of_the_second_formulation(seed: int) -> None:
    """By country, refiner and project, with little slack and much.

    A tonne in place of another may cost next to nothing, so that a rounded cent is many kilograms:
    an end is right where it lies between those of slightly less and slightly more slack.
    """
    book = random_book(np.random.default_rng([51, seed]), 2, ALL)
    by, slack = (BY_COUNTRY, BY_REFINER, BY_PROJECT)[seed % 3], (0.01, 0.2, 0.001)[seed // 3 % 3]
    plan = solve(book)
    held, near = given(book, neutral(plan)), 1e-5 * max(plan.case.largest_demand, 1.0)
    for mineral in plan.expanded.minerals:
        for found in ranges(plan, mineral, slack, by):
            of = supplier(found.country, found.refiner, found.project)
            less, more = (
                span(
                    book, mineral, of, held, slack + change,
                    builds_free=by == BY_PROJECT, penalties_held=True,
                )
                for change in (-1e-6, 1e-6)
            )  # fmt: skip
            assert more[0] - near <= found.least <= less[0] + near, found
            assert less[1] - near <= found.most <= more[1] + near, found
