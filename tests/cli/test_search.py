"""A search for whole projects that ends before the cheapest builds are proven: said everywhere."""

from __future__ import annotations

import json

import openpyxl
import pytest

from tests.bench.cases import facilities, write_workbook


@pytest.fixture
def many(folder):
    """A book of 30 plants and 60 buyers, of which the search takes a while."""
    write_workbook(facilities(30, 60), folder / "many.xlsx")
    return folder / "many.xlsx"


def cells(path, sheet):
    return [cell for row in openpyxl.load_workbook(path)[sheet].values for cell in row if cell]


@pytest.mark.slow
def test_a_gap_ends_the_search_with_the_best_plan_and_says_how_far_it_is_proven(many, call):
    code, out, _ = call("solve", "many.xlsx", "--json", "--output", "best.xlsx")
    best = json.loads(out)
    assert (code, best["status"]) == (0, "optimal")
    assert best["search_gap"] <= 1e-9
    code, out, err = call("solve", "many.xlsx", "--gap", "60%", "--json", "--output", "plan.xlsx")
    found = json.loads(out)
    assert (code, found["status"]) == (0, "feasible")
    assert 1e-3 < found["search_gap"] <= 0.6
    over = (found["objective_usd"] - best["objective_usd"]) / found["objective_usd"]
    assert -1e-9 <= over <= found["search_gap"] + 1e-9
    words = f"at most {found['search_gap'] * 100:.2f} % of its cost could still be saved"
    early = "Not proven: the search ended early, see the sheet Checks."
    assert early in cells("plan.xlsx", "Overview")
    checks = [str(cell).replace("\xa0", " ") for cell in cells("plan.xlsx", "Checks")]
    assert any(words in cell for cell in checks)
    assert "feasible" in cells("plan.xlsx", "Summary")
    code, _, err = call("verify", "plan.xlsx", "many.xlsx")
    assert code == 0
    assert words in err.replace("\xa0", " ")
    assert not any("ended early" in str(cell) for cell in cells("best.xlsx", "Overview"))


@pytest.mark.slow
def test_time_ends_the_search_with_a_plan_or_the_reason_why_there_is_none(folder, call):
    write_workbook(facilities(50, 100), folder / "many.xlsx")
    code, _, err = call("solve", "many.xlsx", "--time-limit", "1", "--output", "plan.xlsx")
    if code:
        assert "no plan was found in the time given to the search" in err
    else:
        assert "Not proven: the search ended early, see the sheet Checks." in err


@pytest.mark.parametrize(
    "options",
    [("--time-limit", "0"), ("--gap", "-1"), ("--gap", "1%", "--solver", "glpk")],
)
def test_limits_that_are_none_or_of_another_solver_are_refused(many, call, options):
    code, _, err = call("solve", "many.xlsx", *options)
    assert code == 2
    assert options[0] in err
