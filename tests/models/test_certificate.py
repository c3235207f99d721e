"""The certificate by hand: what it measures by, and what it refuses."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from models.errors import SolverError
from models.plan import solve as solve_case
from models.solve import (
    Certificate,
    Keys,
    LinearProgram,
    Solution,
    certify_alone,
    certify_blocks,
    highs,
)
from models.solve.highs import ATTEMPTS
from tests.models.desk import BookT, jin, make, one, read, sur
from tests.models.desk import solve_once as solve

near = pytest.approx


def proof(rows: dict[str, Any], x: list[float], duals: list[float]) -> Certificate:
    """Return the certificate of a solution, measured by 100 t."""
    kinds = {"starts": np.int64, "columns": np.int64, "whole": bool}
    arrays: dict[str, Any] = {
        name: np.array(value, dtype=kinds.get(name, float)) for name, value in rows.items()
    }
    arrays.setdefault("whole", np.zeros(len(x), dtype=bool))
    solution = Solution(np.array(x), np.array(duals))
    keys = (Keys("money", 0, tuple(range(len(duals)))),)
    rows = LinearProgram(**arrays, row_keys=keys)
    tonnes = (np.ones(len(rows.cost), bool), np.ones(len(rows.row_lower), bool))
    proof = certify_alone(rows, solution, 100.0, tonnes)
    return proof.of_block(0, proof.worst_name(0, rows))


def least(**more: Any) -> dict[str, Any]:
    """Return: least 2 a + 3 b with a + b >= 4 and b >= 0, the latter as a row."""
    return {
        "cost": [2.0, 3.0], "lower": [0.0, 0.0], "upper": [np.inf, np.inf],
        "row_lower": [4.0, 0.0], "row_upper": [np.inf, np.inf],
        "starts": [0, 2, 3], "columns": [0, 1, 1], "values": [1.0, 1.0, 1.0],
    } | more  # fmt: skip


def test_the_best_plan_passes() -> None:
    """All of a, 8; a tonne more of the first row costs 2, the second row is worth nothing."""
    found = proof(least(), [4.0, 0.0], [2.0, 0.0])
    assert found == Certificate(0.0, "", 0.0, 0.0, 8.0, 8.0)
    assert found.passed


def test_a_dual_of_the_wrong_sign_on_a_row_at_nothing() -> None:
    """A least of 0 adds nothing to the dual objective: its dual's sign is looked at by itself."""
    found = proof(least(), [4.0, 0.0], [2.0, -1.0])
    assert (found.gap, found.violation) == (0.0, 0.0)
    assert found.dual_infeasibility == near(0.5)
    assert not found.passed


def test_a_wrong_reduced_cost_beside_a_dear_column() -> None:
    """A tonne of b saves 0.0005 of its cost of 1, however dear another column is."""
    cost = [2.0, 1.0, 1e6]
    more = {"cost": cost, "lower": [0.0] * 3, "upper": [np.inf] * 3}
    found = proof(least(**more), [0.0, 4.0, 0.0], [1.0005, 0.0])
    assert found.dual_infeasibility == near(0.0005 / 2.0005, rel=1e-3)
    assert not found.passed


def test_a_gap_beside_money_that_cancels() -> None:
    """Two columns at 1e5 and -1e5 + 1 cancel but for 1: half a millionth of that is a gap."""
    rows = {
        "cost": [1e5, 1 - 1e5, 1.0], "lower": [1.0, 1.0, 0.0], "upper": [1.0, 1.0, np.inf],
        "row_lower": [], "row_upper": [], "starts": [0], "columns": [], "values": [],
    }  # fmt: skip
    assert proof(rows, [1.0, 1.0, 0.0], []).passed
    found = proof(rows, [1.0, 1.0, 5e-4], [])
    assert found.gap == near(5e-4, rel=1e-3)
    assert not found.passed


def test_what_violations_are_measured_by() -> None:
    """Tonnes by the block's, fractions by 1, money by its limit; both sides of a limit."""
    rows = LinearProgram(
        cost=np.zeros(1), lower=np.zeros(1), upper=np.full(1, np.inf),
        row_lower=np.array([0.5, -np.inf, 5.0]), row_upper=np.array([np.inf, 1e6, np.inf]),
        starts=np.array([0, 1, 2, 3]), columns=np.zeros(3, dtype=np.int64),
        values=np.array([1.0, 1.0, 1.0]), whole=np.zeros(1, dtype=bool),
    )  # fmt: skip

    def violation(value: float, measure: float) -> float:
        found = certify_blocks(
            rows,
            np.array([value]),
            np.zeros(3),
            np.array([measure]),
            tonnes=(np.ones(1, dtype=bool), np.array([False, False, True])),
            starts=(np.array([0, 1]), np.array([0, 3])),
        )
        return float(found.violation[0])

    assert violation(0.25, 1e9) == near(0.25)  # the fraction; 4.75 t are nothing to 1e9
    assert violation(1e6 + 10, 1e-3) == near(1e-5)  # the money
    assert violation(3.0, 10.0) == near(0.2)  # the tonnes


# ---- a small mineral beside a large one ----------------------------------------------------------


def small_beside_large() -> BookT:
    """Return a book with a demand of 2,000,000 t, of 1.5 t, and of none."""
    book = make(jin(2e6), sur(2e6), demand=2e6)
    book["Minerals"] += [{"Mineral": n, "Price (USD/t)": 3e5} for n in ("gallium", "yttrium")]
    book["Demand"].append({"Mineral": "gallium", "Member": "A", "2026": 1.5})
    book["Refiners"].append(jin(10, **{"Cost (USD/t)": 2e5}) | {"Mineral": "gallium"})
    return book


def test_each_block_is_measured_by_its_own_need() -> None:
    """Gallium by 1.5 t, copper by its demand; yttrium, which nobody needs, by the case's."""
    plan = solve(small_beside_large())
    minerals = [m.name for m in plan.case.minerals]
    cells = [minerals[block[0][0]] for block in plan.program.blocks]
    measured = dict(zip(cells, (block.measure for block in plan.blocks), strict=True))
    assert measured == {"copper": 2e6, "gallium": 1.5, "yttrium": 2e6}


def test_a_stock_beyond_all_demand_is_measured_by_the_case() -> None:
    """An opening stock of 500 beside a demand of 50: by the 50, as before."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 500, "Opening (t)": 500}
    plan = solve(make(jin(), demand=50, Stockpiles=[pile]))
    assert [block.measure for block in plan.blocks] == [50.0]


def test_no_plan_at_all_for_a_small_mineral(monkeypatch: pytest.MonkeyPatch) -> None:
    """1.5 t that nobody ships nor lacks is 1e-6 of copper's demand, and no plan for gallium."""
    book = small_beside_large()
    true, wrong = solve(book), 1
    true_solve = highs.solve

    def faulty(rows: LinearProgram, attempt: Any = ATTEMPTS[0], start: Any = None) -> Solution:
        found = true_solve(rows, attempt) if start is None else true_solve(rows, attempt, start)
        names = {key[2] for keys in rows.column_keys if keys.name == "spot" for key in keys.index}
        if names == {"gallium"} and attempt in ATTEMPTS[:wrong]:
            return dataclasses.replace(found, x=0 * found.x, duals=0 * found.duals)
        return found

    monkeypatch.setattr(highs, "solve", faulty)
    plan = solve_case(read(book))
    (said,) = plan.proof.retries
    assert said.startswith("dual simplex: violation 1 of the largest need in balance('gallium'")
    assert plan.objective == near(true.objective, rel=1e-9)
    assert one(plan.supply, mineral="gallium")["purchased"] == near(1.5)
    wrong = len(ATTEMPTS)
    with pytest.raises(SolverError, match="no proven optimum for gallium 2026"):
        solve_case(read(book))
