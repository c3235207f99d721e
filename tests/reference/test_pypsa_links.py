"""Plans with stages have the optimum of PyPSA, in which plants are links of efficiency."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .product import NEAR, planned
from .pypsa_links import BOOKS, OPTIMA, optimum


def equals(optimal: dict[str, Any], found: dict[str, Any]) -> None:
    """Hold an objective and the tonnes short against PyPSA's."""
    assert found["objective"] == pytest.approx(optimal["objective"], rel=NEAR)
    assert found["short"] == pytest.approx(optimal["short"], rel=NEAR, abs=NEAR)


@pytest.mark.parametrize("name", BOOKS)
def test_the_optimum_is_that_of_pypsa(name: str, tmp_path: Path) -> None:
    """The stored optima were computed with PyPSA by ``pypsa_links``."""
    answer = planned(BOOKS[name](), tmp_path)
    plan = {"objective": answer.said["objective_usd"], "short": answer.short}
    equals(json.loads(OPTIMA.read_text(encoding="utf-8"))[name], plan)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", BOOKS)
def test_stored_optima_are_those_of_pypsa(name: str) -> None:
    """Where PyPSA is installed, each network is solved again."""
    pytest.importorskip("pypsa")
    equals(json.loads(OPTIMA.read_text(encoding="utf-8"))[name], optimum(BOOKS[name]()))
