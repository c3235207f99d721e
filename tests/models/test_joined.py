"""Blocks solved several at a time, models built once a shape: a fault in one of them shows."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
from typing import Any

import numpy as np
import pytest

import models.plan.block_solver as block_module
from models.errors import SolverError
from models.plan import Session
from models.plan.block_solver import BlockSolver
from models.program import build_program
from models.program.compile import compile_model
from models.resolve import Expanded
from models.schema import ScenarioStep
from models.solve import LinearProgram, Solution, highs
from models.solve.highs import ATTEMPTS
from planner.scenarios import ACTIONS
from tests.models.desk import BookT, jin, make, read, refiner, solve_case, sur
from tests.models.desk import solve_once as solve

Patch = pytest.MonkeyPatch
TRUE_SOLVE, TRUE_INSTANCE = highs.solve, highs._instance


def years(count: int, **sheets: Any) -> BookT:
    """Return a book of so many years, a block each, of one shape."""
    demand = [50.0 + 10 * i for i in range(count)]
    return make(jin(), sur(), demand=demand, years=range(2026, 2026 + count), **sheets)


def first_joined_as(patch: Patch, change: Any) -> list[Any]:
    """Change what the first run of several blocks gives; returns where each run started from."""
    starts: list[Any] = []

    def faulty(rows: LinearProgram, attempt: Any = ATTEMPTS[0], start: Any = None) -> Solution:
        starts.append(start)
        found = TRUE_SOLVE(rows, attempt) if start is None else TRUE_SOLVE(rows, attempt, start)
        return change(found, rows) if len(starts) == 1 else found

    patch.setattr(highs, "solve", faulty)
    return starts


# ---- one of several ----------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_one_block_of_a_piece_alone_is_no_proof(wrong: int, monkeypatch: Patch) -> None:
    """That block, and no other, is solved alone; the reason names what it breaks."""
    made = years(3)
    true = solve(made)

    def change(found: Solution, rows: LinearProgram) -> Solution:
        x = found.x.copy()
        at = slice(wrong * len(x) // 3, (wrong + 1) * len(x) // 3)
        x[at] *= 1.1
        return dataclasses.replace(found, x=x)

    first_joined_as(monkeypatch, change)
    plan = solve(made)
    assert plan.objective == pytest.approx(true.objective, rel=1e-9)
    assert [len(block.failures) for block in plan.blocks] == [int(b == wrong) for b in range(3)]
    (said,) = plan.proof.retries
    assert said.startswith("dual simplex of 3 blocks: violation 0.1 of the largest need in balance")
    assert f"'A', {2026 + wrong})" in said


def test_a_piece_without_numbers_and_one_without_proof_are_told_apart(monkeypatch: Patch) -> None:
    """What is no solution is not what is a wrong one."""
    made = years(2)
    first_joined_as(monkeypatch, lambda found, _: dataclasses.replace(found, x=found.x * np.nan))
    assert {said.partition(": ")[2] for said in solve(made).proof.retries} == {
        "not a number for every column and row"
    }
    first_joined_as(monkeypatch, lambda found, _: dataclasses.replace(found, x=found.x * 1.1))
    for said in solve(made).proof.retries:
        assert said.startswith("dual simplex of 2 blocks: violation 0.1 of the largest need")


def test_no_piece_starts_from_a_block_solved_alone(monkeypatch: Patch) -> None:
    """Where a piece falls apart, the next one of its shape starts cold, and so gives its proof."""
    made = years(6)
    columns = build_program(Expanded(read(made))).columns_of(0)
    monkeypatch.setattr(block_module, "MOST_COLUMNS", 2 * (columns.stop - columns.start))
    whole = first_joined_as(monkeypatch, lambda found, _: found)
    solve(made)
    assert [start is None for start in whole] == [True, False, False]
    broken = first_joined_as(
        monkeypatch, lambda found, _: dataclasses.replace(found, x=found.x * 1.1)
    )
    plan = solve(made)
    assert [start is None for start in broken] == [True, True, True, True, False]
    assert len(plan.proof.retries) == 2


def test_a_kept_solver_finds_the_same_to_the_bit(monkeypatch: Patch) -> None:
    """Programs that one instance solves one after another have the solutions of one each."""
    case, made = read(years(6)), list[int]()
    monkeypatch.setattr(block_module, "MOST_COLUMNS", 1)

    def instance() -> Any:
        made.append(1)
        return TRUE_INSTANCE()

    def numbers() -> list[bytes]:
        results = solve_case(case).blocks
        return [part.tobytes() for result in results for part in (result.x, result.duals)]

    monkeypatch.setattr(highs, "_instance", instance)
    kept = numbers()
    assert len(made) == 1
    monkeypatch.setattr(highs, "solvers_kept", contextlib.nullcontext)
    assert numbers() == kept
    assert len(made) == 1 + 6


# ---- one model a shape -------------------------------------------------------------------------


def test_a_fault_in_the_second_shape_alone(monkeypatch: Patch) -> None:
    """Every shape is compared, not the first alone."""
    made = years(2)
    made["Refiners"].append(refiner("Oz", "AUS", 10, 5) | {"First year": 2027})
    shapes = {build_program(Expanded(read(made))).fingerprint(b) for b in (0, 1)}
    assert len(shapes) == 2

    def dearer(model: Any) -> LinearProgram:
        rows = compile_model(model)
        later = any(2027 in key for keys in rows.column_keys for key in keys.index)
        return dataclasses.replace(rows, cost=rows.cost * (1.1 if later else 1.0))

    monkeypatch.setattr("models.program.compile.compile_model", dearer)
    with pytest.raises(SolverError, match="the Pyomo model differs from the case's arrays"):
        solve(made)


def test_a_fault_in_the_second_mineral_alone(monkeypatch: Patch) -> None:
    """Two minerals whose blocks look the same are two models: what is said of one is its own."""
    made = make(jin(), demand=50)
    made["Minerals"].append({"Mineral": "zinc", "Price (USD/t)": 50})
    made["Refiners"].append(jin() | {"Mineral": "zinc"})
    made["Demand"].append({"Mineral": "zinc", "Member": "A", "2026": 50})
    case = read(made)

    def dearer(model: Any) -> LinearProgram:
        rows = compile_model(model)
        is_zinc = any("zinc" in key for keys in rows.column_keys for key in keys.index)
        return dataclasses.replace(rows, cost=rows.cost * (1.1 if is_zinc else 1.0))

    monkeypatch.setattr("models.program.compile.compile_model", dearer)
    solve_case(case.of_minerals(["copper"]))
    with pytest.raises(SolverError, match="the Pyomo model differs from the case's arrays"):
        BlockSolver(Expanded(case))((0, 1))


def bound(least: str, year: int) -> dict[str, Any]:
    """Return a soft limit on China that holds in one year."""
    return {
        "Limit": least, "Mineral": "copper", "Supplier group": "country", "Supplier": "CHN",
        "Share": 0.3, "Penalty (USD/t)": 9, "First year": year, "Last year": year,
    }  # fmt: skip


def test_what_makes_two_shapes() -> None:
    """A max beside a min, a bound beside none and an equation beside a limit are other shapes."""
    both = build_program(
        Expanded(read(years(2, Share_limits=[bound("max", 2026), bound("min", 2027)])))
    )
    assert both.fingerprint(0) != both.fingerprint(1)
    ranged, equal = (
        dataclasses.replace(both, rows=dataclasses.replace(both.rows, row_lower=low))
        for low in (np.zeros_like(both.rows.row_upper), both.rows.row_upper)
    )
    assert ranged.fingerprint(0) != equal.fingerprint(0)
    renamed = tuple(
        dataclasses.replace(group, component=copy.copy(group.component))
        for group in both.constraints
    )
    for group in renamed:
        object.__setattr__(group.component, "name", f"{group.name}s")
    assert dataclasses.replace(both, constraints=renamed).fingerprint(0) != both.fingerprint(0)
    same = build_program(
        Expanded(read(years(2, Share_limits=[bound("max", 2026), bound("max", 2027)])))
    )
    assert same.fingerprint(0) == same.fingerprint(1)
    at, inside = same.columns_of(1), same.rows_of(1)
    rows = same.rows
    for name, place, value in (
        ("upper", at.start, 5.0),
        ("lower", at.start, -np.inf),
        ("row_upper", inside.start, np.inf),
        ("row_lower", inside.start, float(rows.row_upper[inside.start])),
        ("whole", at.start, True),
        ("values", int(rows.starts[inside.start]), -1.0),
    ):
        array = getattr(rows, name).copy()
        assert array[place] != value, name
        array[place] = value
        other = dataclasses.replace(same, rows=dataclasses.replace(rows, **{name: array}))
        assert other.fingerprint(1) != same.fingerprint(0), name


def test_names_of_several_blocks() -> None:
    """Columns and rows of blocks side by side are named as in each block alone."""
    program = build_program(Expanded(read(years(3, Share_limits=[bound("max", 2027)]))))
    for of, parts in (("row_keys", program.row_starts), ("column_keys", program.column_starts)):
        joined = {
            at: (keys.name, key)
            for keys in getattr(program.block(0, 2), of)
            for at, key in enumerate(keys.index, start=keys.start)
        }
        alone = {
            int(parts[b]) + at: (keys.name, key)
            for b in range(3)
            for keys in getattr(program.block(b), of)
            for at, key in enumerate(keys.index, start=keys.start)
        }
        assert joined == alone


# ---- variants ----------------------------------------------------------------------------------


def grown(case: Any) -> Any:
    """Return the case with a fifth more demand: no change of its shapes."""
    return ACTIONS["scale demand"](
        case, ScenarioStep(name="more", action="scale demand", value=1.2)
    )


def test_only_the_base_case_is_compared_with_its_model(monkeypatch: Patch) -> None:
    """Of variants no model is built; one solved from scratch is compared, and is the same plan."""
    case = read(make(jin(200), sur(200), refiner("Oz", "AUS", 90, 30), demand=100))
    session, built = Session(case), 0

    def counting(self: Any, b: int, rows: LinearProgram, shape: bytes) -> bool:
        nonlocal built
        new = true_compare(self, b, rows, shape)
        built += new
        return new

    true_compare = block_module.BlockSolver.compare
    monkeypatch.setattr(block_module.BlockSolver, "compare", counting)
    assert session.base.proof.models == built == 1
    for country in ("CHN", "CHL", "AUS"):
        step = ScenarioStep(name="lost", action="scale capacity", country=country, value=0.0)
        lost = ACTIONS["scale capacity"](case, step)
        before, plan = built, session.solve(lost)
        assert built == before
        assert plan.objective == solve_case(lost).objective
        assert built == before + 1


def test_names_in_another_order_travel() -> None:
    """A variant's new names are numbered as where it is made anew: prices stay with their lane."""
    case = read(
        make(
            jin(1000), sur(1000), demand={"A": 50, "B": 60},
            Lanes=[{"To member": "A", "Max (t/yr)": 20}],
            Share_limits=[
                {"Limit": "max", "Mineral": "copper", "Supplier group": "country",
                 "Supplier": "CHN", "Share": 0.9},
                {"Limit": "max", "Mineral": "copper", "Supplier group": "owner", "Share": 0.9},
            ],
        )
    )  # fmt: skip
    new = {"CHN": "NER", "CHL": "DZA"}
    variant = case.change(
        refiners=tuple(dataclasses.replace(r, country=new[r.country]) for r in case.refiners),
        share_limits=tuple(
            dataclasses.replace(row, supplier=new.get(row.supplier, row.supplier))
            for row in case.share_limits
        ),
    )
    session = Session(case)
    plan = session.solve(variant)
    prices = plan.duals["country_lane_max"]
    assert len(set(prices.values())) == 2
    back = build_program(plan.expanded, plan.program.names)
    for parts, others in (
        (plan.program.constraints, back.constraints),
        (plan.program.variables, back.variables),
    ):
        for one, other in zip(parts, others, strict=True):
            every = np.arange(len(one.at))
            assert one.keys(every) == other.keys(every)
    assert prices == pytest.approx(solve_case(variant).duals["country_lane_max"])


def test_a_whole_variant_is_searched_again() -> None:
    """With whole projects the plan before proves its fractions fixed alone: no block is settled."""
    plant = {
        "Project": "P", "Refiner": "New", "Mineral": "copper", "Country": "AUS",
        "Capacity (t/yr)": 100, "Capex (USD m)": 0.02, "Cost (USD/t)": 5, "First year": 2026,
    }  # fmt: skip
    case = read(
        make(jin(), demand=100, settings={"Whole projects": "yes", "Cost of capital": 0.08},
             Projects=[plant | {"Life (yr)": 20}])
    )  # fmt: skip
    session = Session(case)
    assert session.base.value("built", ("P", 2026)) == 0.0  # 2,037 a year to save 500
    cheap = case.change(projects=(dataclasses.replace(case.projects[0], capex=0.001),))
    plan = session.solve(cheap)
    assert plan.value("built", ("P", 2026)) == 1.0  # 102 to save 500; what is fixed says nothing
    assert plan.objective == pytest.approx(solve_case(cheap).objective, rel=1e-9)
