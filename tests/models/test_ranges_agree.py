"""Ranges against the second formulation, on random books of every feature."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from models.answers.ranges import BY_COUNTRY, BY_PROJECT, BY_REFINER, ranges
from tests.budget import at_length
from tests.models.desk import BookT, neutral
from tests.models.desk import solve_once as solve
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


def roomy(dice: np.random.Generator) -> BookT:
    """Return a book, mostly with a part of its demand and with stocks of many times their Max."""
    book, part, times = random_book(dice, 2, ALL), 10.0 ** -dice.integers(3), dice.choice(TIMES)
    for row in book.get("Stockpiles", []):
        row["Max (t)"] = min(1e9, cast("float", row["Max (t)"]) * times)
    for row in book["Demand"]:
        row |= {h: t * part for h, t in row.items() if h.isdigit() and isinstance(t, float)}
    return book


TIMES, SLACKS = (1.0, 30.0, 1e4), (0.001, 0.01, 0.2, 0.5, 2.0)


@pytest.mark.slow
@pytest.mark.fuzz
@hypothesis.given(seed=st.integers(0, 2**32 - 1))
@hypothesis.settings(max_examples=at_length(12, 100), phases=[hypothesis.Phase.generate])
def test_ranges_are_those_of_the_second_formulation(seed: int) -> None:
    """By country, refiner and project, with little slack and much, little room in stocks and much.

    A tonne in place of another may cost next to nothing, so that a rounded cent is many kilograms:
    an end is right where it lies between those of slightly less and slightly more slack.
    """
    dice = np.random.default_rng([51, seed])
    by, slack = dice.choice([BY_COUNTRY, BY_REFINER, BY_PROJECT]), dice.choice(SLACKS)
    book = roomy(dice)
    plan = solve(book)
    held = given(book, neutral(plan))
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
            near = 1e-5 * max(plan.case.largest_demand, more[1], 1.0)
            assert more[0] - near <= found.least <= less[0] + near, found
            assert less[1] - near <= found.most <= more[1] + near, found
