"""The planner's own command on random books with stages, held against the second formulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.budget import at_length
from tests.scenarios.edits import by_hand, decided

from .cases import CORE, EVERYTHING, STAGED, random_book
from .cases_scenarios import SCENARIO, scenario
from .dice import Chooser, NumpyDice
from .hand import book_of, cap, made_from, seller
from .product import NEAR, SUMS, agrees, differences, planned
from .reading import Case
from .test_stages_hand import alloy, separation
from .through import Loss

STAGED_SUMS = tuple(name for name in SUMS if name != "levies_usd")


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(2, 8)))
def test_core_with_stages(seed: int, tmp_path: Path) -> None:
    """Lanes, limits, blocs, owners, and chains of two to four minerals."""
    agrees(
        random_book(np.random.default_rng(seed), 3 + seed % 2, CORE | {"stages"}),
        tmp_path,
        STAGED_SUMS,
    )


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(2, 12)))
def test_all_with_stages(seed: int, tmp_path: Path) -> None:
    """Stages with every sheet of the rounds before."""
    agrees(random_book(np.random.default_rng(seed), 3 + seed % 2, STAGED), tmp_path, STAGED_SUMS)


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(2, 8)))
def test_everything(seed: int, tmp_path: Path) -> None:
    """Stages, floors and begun plants together."""
    agrees(random_book(np.random.default_rng(seed), 3 + seed % 2, EVERYTHING), tmp_path)


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(2, 12)))
def test_scenarios_act_on_inputs(seed: int, tmp_path: Path) -> None:
    """A scenario in the workbook has the plan of the same edits done by hand."""
    rng = np.random.default_rng(seed)
    book = random_book(rng, 3 + seed % 2, STAGED)
    steps = scenario(Chooser(NumpyDice(rng)), book, Case(book).years)
    answer = planned(book | {"Scenarios": steps}, tmp_path, "--scenario", SCENARIO)
    found = differences(decided(by_hand(book, steps)), answer, STAGED_SUMS)
    assert not found, found


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(2, 12)))
def test_loss_through_all_stages(seed: int, tmp_path: Path) -> None:
    """What is left without a country in the last year, at the last stage and through all."""
    features = CORE | {"stages", "mines", "stockpiles"}
    book = random_book(np.random.default_rng(seed), 3 + seed % 2, features)
    answer = planned(book, tmp_path)
    for mineral, countries in answer.said.get("served_if_lost", {}).items():
        for country, left in countries.items():
            loss = Loss(book, answer.plan, country, Case(book).years[-1])
            for key, through in (("last_stage", False), ("through_all_stages", True)):
                here = loss.served(mineral, through=through)
                assert left[key] == pytest.approx(here, abs=NEAR), (mineral, country, key)


def test_closed_forms(tmp_path: Path) -> None:
    """The joint lines and the two caps that were worked by hand."""
    answer = planned(separation(), tmp_path)
    assert answer.said["objective_usd"] == pytest.approx(54.716981)
    assert answer.said["inputs_t"] == pytest.approx(45.660377)
    agrees(alloy(), tmp_path, STAGED_SUMS)


def test_nobody_to_sell_to(tmp_path: Path) -> None:
    """A country whose lanes reach only members that want nothing can't be lost."""
    book = book_of({"tin": 1.0}, [seller("R", "tin", "CHN", 1, 1)], short=10)
    book["Members"].append({"Member": "B"})
    book["Lanes"] = [{"To member": "A", "Open": "no"}]
    book["Security"] = [{"Max short": 0.75}]
    agrees(book, tmp_path, STAGED_SUMS)


def test_nothing_of_the_base_counts(tmp_path: Path) -> None:
    """A share of 0 of an input, and a security that lets all be missing."""
    book = alloy()
    book["Share limits"] = [cap(0, "oxide", Supplier="CHN", **{"Penalty_(USD/t)": 1})]
    agrees(book, tmp_path, STAGED_SUMS)
    book["Security"] = [{"Max short": 1}]
    agrees(book, tmp_path, STAGED_SUMS)


def test_short_tonnes_beside_large_needs(tmp_path: Path) -> None:
    """2.4 t short are listed where another shortage would have taken 2.5 m t of the mineral."""
    idle = [seller("R", "cobalt", "AUS", 1, 0), seller("G", "graphite", "USA", 1, 0)]
    inputs = [made_from("cobalt", "lithium", 500), made_from("graphite", "cobalt", 500)]
    book = book_of({"lithium": 2.4, "cobalt": 0.0, "graphite": 10.0}, idle, inputs)
    agrees(book, tmp_path, STAGED_SUMS)
