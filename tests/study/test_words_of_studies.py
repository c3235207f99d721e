"""What studies say at their thresholds: counts, order, singulars and signs of results by hand."""

from __future__ import annotations

import pytest

from planner.studies.exit import ExitStudy
from planner.studies.exit_tables import Exits
from tests.models.desk import jin, make
from tests.study.test_way_out import told

# ---- the way out ---------------------------------------------------------------------------------


@pytest.mark.parametrize("tonnes", [0.4, 1e-5])
def test_a_country_that_sells_little_is_left_all_the_same(tonnes: float) -> None:
    """What is above a millionth of a tonne is bought there, and stays there."""
    tables = told(make(jin(200), demand=tonnes, years=(2026, 2027)))
    (row,) = tables[Exits].frame().to_dict("records")
    assert row["left_share"] == pytest.approx(1.0)
    assert "China still sells" in row["remark"]
    said = [each.text for each in ExitStudy.findings(tables) if each.place == "answer"]
    assert said[0] == "No mineral bought from China can do without it in 2027."
