"""The planner's own command on random books with price floors, held against the second
formulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.budget import few

from .cases import CORE, FLOORED, random_book
from .product import SUMS, agrees, knows, planned
from .test_floors_hand import border

MONEY = tuple(name for name in SUMS if name != "inputs_t")


@pytest.fixture(autouse=True, scope="module")
def _known(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing to compare until the planner reads the sheet."""
    row = {"Mineral": "nothing", "Floor (USD/t)": 1}
    knows("Price floors", row, tmp_path_factory.mktemp("known"))


@pytest.mark.parametrize("seed", few(range(12), 4))
def test_core_with_floors(seed: int, tmp_path: Path) -> None:
    """Lanes, limits, blocs, owners, and floors of several zones."""
    agrees(random_book(np.random.default_rng(seed), 3, CORE | {"floors"}), tmp_path, MONEY)


@pytest.mark.parametrize("seed", few(range(16), 5))
def test_all_with_floors(seed: int, tmp_path: Path) -> None:
    """Floors with every sheet of the rounds before."""
    agrees(random_book(np.random.default_rng(seed), 3, FLOORED), tmp_path, MONEY)


@pytest.mark.parametrize(
    ("floor", "cost", "levies", "net"), [(10, 1000, 200, 800), (12, 1140, 160, 980)]
)
def test_closed_forms(floor: float, cost: float, levies: float, net: float, tmp_path: Path) -> None:
    """The two floors that were worked by hand."""
    said = planned(border(floor), tmp_path).said
    assert said["objective_usd"] == pytest.approx(cost)
    assert said["purchases_usd"] == pytest.approx(cost)
    assert said["levies_usd"] == pytest.approx(levies)
    assert said["net_cost_usd"] == pytest.approx(net)
