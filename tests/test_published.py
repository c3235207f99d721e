"""Published tables, planned again: the totals that others give, and what caps cost."""

from pathlib import Path

import pytest

from inputs.build import book
from inputs.published.cobalt import COBALT, TOTALS
from inputs.tables import read as table
from models.plan import solve
from planner.scenarios import apply, set_max_country_share
from planner.workbook import read

TOP = Path(__file__).parent.parent
PAGE = (TOP / "docs" / "published.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def case():
    return read(TOP / "inputs" / f"{COBALT}.xlsx").case


@pytest.mark.parametrize("row", table(TOTALS), ids=lambda row: row["scenario"])
def test_a_scenario_costs_what_the_table_says(case, row):
    plan = solve(apply(case, row["scenario"]))
    assert plan.objective == pytest.approx(float(row["total_usd"]), abs=5e-4)
    assert plan.shortage == pytest.approx(0)
    assert f"{plan.objective:,.3f} |" in PAGE


@pytest.mark.parametrize(
    ("cap", "cost", "suppliers"),
    [
        (1.0, 3848.000, 1), (0.6, 4276.608, 2), (0.45, 4476.556, 3), (0.35, 4662.148, 3),
        (0.3, 4775.368, 4), (0.2, 5261.992, 5), (0.125, 8514.995, 8),
    ],
)  # fmt: skip
def test_a_cap_costs_what_the_page_says(case, cap, cost, suppliers):
    """Filled from the cheapest on: each country up to the cap."""
    prices = sorted(refiner.cost.base for refiner in case.refiners)
    shares = [max(0, min(cap, 1 - cap * at)) for at in range(len(prices))]
    by_hand = sum(price * share * 0.148 for price, share in zip(prices, shares, strict=True))
    plan = solve(set_max_country_share(case, cap))
    assert plan.objective == pytest.approx(cost, abs=5e-4)
    assert by_hand == pytest.approx(cost, abs=5e-4)
    assert (plan.flows["tonnes"] > 1e-9).sum() == suppliers
    assert f"{cost:,.3f} |" in PAGE


def test_the_workbook_is_made_from_the_data(case):
    made = book(COBALT)
    costs = {refiner.name: refiner.cost.base / 1000 for refiner in case.refiners}
    written = {row["Refiner"]: row["Cost (USD/kg)"] for row in made["Refiners"]}
    assert written == pytest.approx(costs)
    assert len(made["Scenarios"]) == len(case.scenarios)
