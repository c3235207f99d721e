"""Rows that help the search for whole builds: they cut no whole plan off, and leave less to do."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest

from models.errors import SolverError
from models.program import build_program
from models.resolve import Expanded
from models.solve import LinearProgram
from models.solve.highs import PersistentSolver, tightened
from tests.budget import few
from tests.models.desk import make, read, refiner, sur


def plants(rng: np.random.Generator, *, stocks: bool) -> Any:
    """Return a book of four plants that may be built, three buyers, two years, and dear supply."""
    projects = [
        {
            "Project": f"P{i}", "Refiner": f"P{i}", "Mineral": "copper", "Country": "AUS",
            "Capacity (t/yr)": int(rng.integers(20, 120)), "Capex (USD m)": rng.random() * 0.01,
            "Cost (USD/t)": int(rng.integers(5, 60)), "First year": 2026, "Lead time (yr)": 0,
            "Life (yr)": 10,
        }
        for i in range(4)
    ]  # fmt: skip
    demand = {name: rng.integers(5, 60, 2).tolist() for name in "ABC"}
    held = {"Mineral": "copper", "Member": "A", "Max (t)": 30, "Opening (t)": 10}
    sheets = {"Stockpiles": [held]} if stocks else {}
    return make(
        sur(), demand=demand, years=(2026, 2027), Projects=projects,
        settings={"Whole projects": "yes", "Cost of capital": 0.1}, **sheets,
    )  # fmt: skip


def rows_of(book: Any) -> LinearProgram:
    program = build_program(Expanded(read(book)))
    return program.block(0, len(program.blocks) - 1)


def cost(rows: LinearProgram, **bounds: Any) -> float:
    """Return the least cost of a linear program; infinite where there is none."""
    free = dataclasses.replace(rows, whole=np.zeros_like(rows.whole), **bounds)
    try:
        return float(rows.cost @ PersistentSolver().load(free).run().x)
    except SolverError:
        return np.inf


@pytest.mark.parametrize("stocks", [False, True])
@pytest.mark.parametrize("seed", few(range(4), 2))
def test_each_choice_of_builds_costs_the_same(seed: int, stocks: bool) -> None:
    rows = rows_of(plants(np.random.default_rng(seed), stocks=stocks))
    more = tightened(rows)
    assert len(more.row_lower) > len(rows.row_lower)
    builds = np.flatnonzero(rows.whole)
    assert len(builds) == 8
    costs = []
    for chosen in itertools.product((0.0, 1.0), repeat=len(builds)):
        lower, upper = rows.lower.copy(), rows.upper.copy()
        lower[builds] = upper[builds] = chosen
        costs.append(cost(rows, lower=lower, upper=upper))
        assert cost(more, lower=lower, upper=upper) == pytest.approx(costs[-1], rel=1e-9)
    assert cost(rows) <= cost(more) + 1e-6
    assert cost(more) <= min(costs) + 1e-6


def test_they_close_the_gap_of_facility_location() -> None:
    """Ten buyers of 1 t and plants of 10 t: a tenth of each would do for a buyer, without them."""
    book = make(
        refiner("Sur", "CHL", 100, 90), demand=dict.fromkeys("ABCDEFGHIJ", 1),
        settings={"Whole projects": "yes", "Cost of capital": 0.0},
        Projects=[
            {"Project": f"P{i}", "Refiner": f"P{i}", "Mineral": "copper", "Country": "AUS",
             "Capacity (t/yr)": 10, "Capex (USD m)": 0.0001, "Cost (USD/t)": 1 + i,
             "First year": 2026, "Lead time (yr)": 0, "Life (yr)": 1}
            for i in range(5)
        ],
        Lanes=[{"Refiner": f"P{i}", "To member": name, "Freight (USD/t)": 40 * ((i + j) % 5 > 0)}
               for i in range(5) for j, name in enumerate("ABCDEFGHIJ")],
    )  # fmt: skip
    rows = rows_of(book)
    best = PersistentSolver(whole=True).load(tightened(rows)).run()
    whole = float(rows.cost @ best.x)
    assert cost(rows) < whole - 1.0
    assert cost(tightened(rows)) > cost(rows) + 1.0
    assert float(rows.cost @ PersistentSolver(whole=True).load(rows).run().x) == pytest.approx(
        whole
    )


def test_a_program_without_whole_columns_stays() -> None:
    rows = rows_of(make(sur(), demand=10))
    assert len(tightened(rows).row_lower) == len(rows.row_lower)
