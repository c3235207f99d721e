"""The planner's own command on random books with begun plants, fill and draw of stocks, held
against the second formulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.budget import at_length
from tests.scenarios.edits import by_hand, decided

from .cases import ALL, BEGUN, CORE, PROJECTS, random_book
from .cases_scenarios import SCENARIO
from .cases_sheets import BookT
from .product import agrees, differences, planned

MONEY = ("tonnes", "purchases_usd")


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(2, 12)))
def test_projects_that_are_begun(seed: int, tmp_path: Path) -> None:
    """Projects, budgets carried over or not, whole or in parts, some of them begun."""
    features = CORE | PROJECTS | {"built"}
    agrees(random_book(np.random.default_rng(seed), 3, features), tmp_path, MONEY)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(2, 16)))
def test_all_with_begun_plants(seed: int, tmp_path: Path) -> None:
    """Begun plants, fill and draw with every sheet of the rounds before."""
    agrees(random_book(np.random.default_rng(seed), 3, BEGUN), tmp_path, MONEY)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(2, 6)))
def test_build_project_builds_what_is_left(seed: int, tmp_path: Path) -> None:
    """The scenario has the plan of the same decision by hand."""
    rng = np.random.default_rng(seed)
    book: BookT = {}
    while not book.get("Built"):
        book = random_book(rng, 3, ALL | {"built"})
    project = next(r for r in book["Projects"] if r["Project"] == book["Built"][0]["Project"])
    step = {"Scenario": SCENARIO, "Action": "build project", "Refiner": project["Refiner"]}
    answer = planned(book | {"Scenarios": [step]}, tmp_path, "--scenario", SCENARIO)
    found = differences(decided(by_hand(book, [step])), answer, MONEY)
    assert not found, found
