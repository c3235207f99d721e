"""Golden LP files: the mathematics of each family on a case of a few rows, compared as text.

Where one differs on purpose, run the tests with PLANNER_GOLDEN=write and read the change.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from models.program.compile import compile_model
from models.program.families import FAMILIES
from models.program.program import split_blocks
from models.program.sourcing import build
from models.resolve import Expanded
from models.solve import LinearProgram
from tests.budget import at_length
from tests.models.desk import BookT, jin, make, read, refiner, solve, sur
from tests.models.stages import ALLY, CHINA, cap, made, plant, stages
from tests.reference.cases import random_book

GOLDEN = Path(__file__).parent / "golden"
NAMES = [family.model.__module__.rpartition(".")[2] for family in FAMILIES]


def refining() -> BookT:
    """Two refiners, one with a part of its capacity open, two years, a discount."""
    return make(
        jin(**{"Available share": 0.4}),
        sur(),
        years=(2026, 2027),
        demand={"A": [100, 110]},
        settings={"Discount rate": 0.25},
    )


def lanes() -> BookT:
    """A Max of a country with two refiners, one of a refiner; tariff, freight and a price floor."""
    lanes = [
        {"From country": "CHN", "Max (t/yr)": 60, "Tariff": 0.1},
        {"Refiner": "Jin", "Max (t/yr)": 20, "Freight (USD/t)": 3},
        {"From country": "CHL", "To member": "B", "Open": "no"},
    ]
    members = {"A": 100, "B": 50}
    floors = [{"Mineral": "copper", "Floor (USD/t)": 12.5}]
    sellers = (jin(), refiner("Yin", "CHN", 100, 11), sur())
    return make(*sellers, demand=members, Lanes=lanes, Price_floors=floors)


def tiers() -> BookT:
    """China is closed to A's defence in the second year; a reserve with a Max draw."""
    ban = {"From country": "CHN", "Tier": "defence", "Open": "no", "First year": 2027}
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 50, "Opening (t)": 20, "Target (t)": 0,
            "Max draw (t/yr)": 6}  # fmt: skip
    book = make(jin(), sur(15), years=(2026, 2027), Lanes=[ban], Stockpiles=[pile])
    row = book["Demand"][0]
    book["Demand"] = [row | {"Tier": "defence", "2026": 30, "2027": 30}, row | {"2026": 70}]
    return book | {"Tiers": [{"Tier": "defence", "Shortage cost multiple": 20}]}


def contracts() -> BookT:
    """Two tranches of one refiner, whose minimums shrink to what it has."""
    first = {"Refiner": "Jin", "Mineral": "copper", "Member": "A"}
    rows = [
        first | {"Min (t/yr)": 90, "Price (USD/t)": 12},
        first | {"Min (t/yr)": 30, "Max (t/yr)": 40},
    ]
    return make(jin(), sur(), Contracts=rows)


def stockpiles() -> BookT:
    """A reserve with a target over two years, filled and drawn no faster than so much a year."""
    pile = {
        "Mineral": "copper", "Member": "A", "Max (t)": 50, "Opening (t)": 20, "Target (t)": 30,
        "Holding cost (USD/t/yr)": 1, "Max fill (t/yr)": 8, "Max draw (t/yr)": 6,
    }  # fmt: skip
    return make(jin(), years=(2026, 2027), Stockpiles=[pile])


def projects() -> BookT:
    """A plant of life 2 over three years, lead time 1, budgets."""
    plant = {
        "Project": "P", "Refiner": "New", "Mineral": "copper", "Country": "AUS",
        "Capacity (t/yr)": 40, "Capex (USD m)": 2, "Cost (USD/t)": 5, "First year": 2027,
        "Lead time (yr)": 1, "Life (yr)": 2,
    }  # fmt: skip
    budget = [{"Year": y, "Capex (USD m)": 1} for y in (2026, 2027)]
    settings = {"Cost of capital": 0}
    return make(jin(), years=(2026, 2027, 2028), settings=settings, Projects=[plant], Budget=budget)


def ore() -> BookT:
    """Two mines, two refiners, one that recovers half, a closed ore lane."""
    mines = [
        {"Mineral": "copper", "Country": "COD", "Capacity (t/yr)": 100, "Premium (USD/t)": 2},
        {"Mineral": "copper", "Country": "PER", "Capacity (t/yr)": 30},
    ]
    lanes = [
        {"Freight (USD/t)": 3},
        {"Mine country": "PER", "Refiner country": "CHN", "Open": "no"},
    ]
    return make(jin(Recovery=0.5), sur(), Mines=mines, Ore_lanes=lanes)


def shortage() -> BookT:
    """Two members share what is missing; a third has no demand."""
    return make(jin(), demand={"A": 150, "B": 50, "C": 0})


def diversification() -> BookT:
    """A hard max of each country, a soft one of a bloc, a min; of purchases."""
    limits = [
        {"Limit": "max", "Supplier group": "country", "Share": 0.65},
        {
            "Limit": "max", "Supplier group": "bloc", "Supplier": "other", "Share": 0.5,
            "Buyer": "each", "Penalty (USD/t)": 4,
        },
        {"Limit": "min", "Supplier group": "country", "Supplier": "CHL", "Share": 0.2},
    ]  # fmt: skip
    settings = {"Share basis": "purchases"}
    return make(jin(), sur(), demand={"A": 100, "B": 50}, settings=settings, Share_limits=limits)


def continuity() -> BookT:
    """Today's supply: what leaving it costs, and how fast sales may grow."""
    row = {"Mineral": "copper", "Member": "A"}
    today = [
        row | {"Refiner": name, "Tonnes (t/yr)": t} for name, t in {"Jin": 50, "Sur": 30}.items()
    ]
    settings = {"Switching cost (USD/t)": 4}
    growing = {"Max growth": 0.25}
    return make(
        jin(**growing), sur(), refiner("New", "AUS", 80, 15, **growing), years=(2026, 2027),
        settings=settings, Current_supply=today,
    )  # fmt: skip


def security() -> BookT:
    """Each of two countries may be lost; a stock, a plant that may be built, ore for one."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 50, "Opening (t)": 20, "Target (t)": 0}
    plant = projects()["Projects"][0] | {"Kind": "recycled", "Country": "CHL"}
    mines = [{"Mineral": "copper", "Country": "COD", "Capacity (t/yr)": 100}]
    rows = [{"Max short": 0.2, "Max short 2027": 0.1}, {"Lost country": "CHN", "Max short": 0}]
    rows[1] |= {"Count stocks": "no", "Penalty (USD/t)": 7, "First year": 2027}
    return make(
        jin(Recovery=0.5), sur(**{"Needs ore": "no"}), years=(2026, 2027), Stockpiles=[pile],
        Projects=[plant], Mines=mines, Security=rows, settings={"Surge": 0.25},
    )  # fmt: skip


def inputs() -> BookT:
    """A joint line, a chain of three minerals, stock that is handed over, caps on both stages."""
    return stages(
        {"ore": 5, "NdPr": 50, "DyTb": 300, "magnet": 90},
        [
            plant("Mine", "ore", CHINA, 1, Max_growth=0.25), plant("Pit", "ore", ALLY, 2),
            plant("Line", "NdPr", ALLY, 3, 40), plant("Line", "DyTb", ALLY, 3, 9),
            plant("Mag", "magnet", CHINA, 7, 30),
        ],
        [
            made("NdPr", "ore", 5, Refiner="Line", Joint="yes"),
            made("DyTb", "ore", 20, Refiner="Line", Joint="yes"),
            made("magnet", "NdPr", 0.25), made("magnet", "DyTb", 0.5, Refiner="Mag"),
        ],
        {"magnet": [10, 12], "DyTb": 1},
        years=(2026, 2027),
        members={"A": CHINA},
        Share_limits=[cap(0.75), cap(0.5, "NdPr", ALLY, Buyer="A")],
        Stockpiles=[{"Mineral": "NdPr", "Member": "A", "Max (t)": 4, "Opening (t)": 2}],
        Security=[{"Mineral": "ore", "Lost country": "CHN", "Max short": 0.25}],
        Input_lanes=[{"Input": "ore", "Tariff": 0.5, "Freight (USD/t)": 2}],
    )  # fmt: skip


BOOKS = {
    book.__name__: book
    for book in (
        refining, lanes, contracts, stockpiles, projects, ore, continuity, shortage, tiers,
        inputs, security, diversification,
    )
}  # fmt: skip


def as_text(book: BookT, path: Path) -> str:
    """Return the program of a book as Pyomo writes it, names spelt out."""
    expanded = Expanded(read(book))
    cells = [cell for block in split_blocks(expanded.case) for cell in block]
    model = build(expanded, cells).model
    model.write(str(path), format="lp", io_options={"symbolic_solver_labels": True})
    return path.read_text(encoding="utf-8").replace("\r\n", "\n")


def parts(text: str) -> list[list[str]]:
    """Return the objective, each row and the bounds, in which versions of Pyomo order terms."""
    return [sorted(part.splitlines()) for part in text.split("\n\n")]


def test_every_family_has_a_golden_file() -> None:
    """A family without one is not pinned."""
    assert sorted(BOOKS) == sorted(NAMES)
    assert sorted(p.stem for p in GOLDEN.glob("*.lp")) == sorted(NAMES)


@pytest.mark.parametrize("name", sorted(BOOKS))
def test_golden(name: str, tmp_path: Path) -> None:
    """The program of a family's book is the one that was read and agreed on."""
    text = as_text(BOOKS[name](), tmp_path / "model.lp")
    golden = GOLDEN / f"{name}.lp"
    if os.environ.get("PLANNER_GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8", newline="\n")
    assert parts(text) == parts(golden.read_text(encoding="utf-8"))


# ---- the same model by other ways --------------------------------------------------------------


def models_of(book: BookT) -> list[Any]:
    """Return the Pyomo models of a book's blocks."""
    expanded = Expanded(read(book))
    return [build(expanded, cells).model for cells in split_blocks(expanded.case)]


def drawn(seed: int) -> BookT:
    """Return a random book of whatever there is."""
    return random_book(np.random.default_rng([17, seed]), 2)


@pytest.mark.parametrize("seed", range(at_length(5, 12)))
def test_another_interface_finds_the_same(seed: int) -> None:
    """Pyomo's own interface to HiGHS, from the same model."""
    book = drawn(seed)
    cost = 0.0
    for model in models_of(book):
        if next(model.component_data_objects(pyo.Var), None) is None:
            continue
        highs = pyo.SolverFactory("appsi_highs")
        highs.options["mip_rel_gap"] = 0.0
        found = highs.solve(model, load_solutions=False)
        assert found.solver.termination_condition == pyo.TerminationCondition.optimal
        cost += found.problem.upper_bound
    plan = solve(book)
    assert plan.objective == pytest.approx(cost, rel=1e-6, abs=1e-3)


def of_rows(rows: LinearProgram) -> tuple[dict[Any, Any], dict[Any, float]]:
    """Return rows and costs of our compiler by name: one entry for each side that limits."""
    names = [(k.name, key) for k in rows.column_keys for key in k.index]
    found: dict[Any, Any] = {}
    for keys in rows.row_keys:
        for i, key in enumerate(keys.index, start=keys.start):
            inside = slice(rows.starts[i], rows.starts[i + 1])
            body: dict[Any, float] = {}
            for c, value in zip(rows.columns[inside], rows.values[inside], strict=True):
                body[names[c]] = body.get(names[c], 0.0) + float(value)
            low, high = float(rows.row_lower[i]), float(rows.row_upper[i])
            if low == high:
                found[keys.name, key, 0] = (body, low)
            else:
                found |= {(keys.name, key, -1): (body, low)} if np.isfinite(low) else {}
                found |= {(keys.name, key, 1): (body, high)} if np.isfinite(high) else {}
    return found, {n: c for n, c in zip(names, rows.cost.tolist(), strict=True) if c}


def of_pyomo(model: Any) -> tuple[dict[Any, Any], dict[Any, float]]:
    """Return the same of Pyomo's compiler."""
    form = LinearStandardFormCompiler().write(model, mixed_form=True)
    names = [(v.parent_component().local_name, v.index()) for v in form.columns]
    matrix = form.A.tocsr()
    found: dict[Any, Any] = {}
    for i, (row, side) in enumerate(form.rows):
        inside = slice(matrix.indptr[i], matrix.indptr[i + 1])
        entries = zip(matrix.indices[inside], matrix.data[inside], strict=True)
        body = {names[c]: float(v) for c, v in entries}
        key = (row.parent_component().local_name, row.index(), side)
        found[key] = (body, float(form.rhs[i]))
    costs = form.c.toarray().ravel() if hasattr(form.c, "toarray") else np.ravel(form.c)
    return found, {n: c for n, c in zip(names, costs.tolist(), strict=True) if c}


@pytest.mark.parametrize("seed", range(at_length(8, 25)))
def test_compiler_agrees_with_pyomos(seed: int) -> None:
    """Rows, sides and costs, by name, to the last digits."""
    for model in models_of(drawn(seed)):
        if next(model.component_data_objects(pyo.Constraint), None) is None:
            continue
        ours, our_cost = of_rows(compile_model(model))
        theirs, their_cost = of_pyomo(model)
        assert our_cost == pytest.approx(their_cost, rel=1e-12)
        assert ours.keys() == theirs.keys()
        for key, (body, right) in ours.items():
            other, other_right = theirs[key]
            assert right == pytest.approx(other_right, rel=1e-12), key
            nonzero = {n: v for n, v in body.items() if v}
            assert nonzero == pytest.approx({n: v for n, v in other.items() if v}, rel=1e-12), key


def test_compiler_takes_any_linear_model() -> None:
    """Expressions that are no flat lists, constants, both sides, a variable twice, a whole one."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var([1, 2], within=pyo.NonNegativeReals, bounds=(None, 9))
    model.n = pyo.Var(within=pyo.Integers, bounds=(-2, 5))
    model.both = pyo.Constraint(expr=(1, 2 * model.x[1] + 3 * model.x[2] + 4, 20))
    model.twice = pyo.Constraint(expr=model.x[1] + 2 * (model.x[1] - model.n) == 3)
    model.cost = pyo.Objective(expr=5 * model.x[1] + model.n - 2 * model.x[1])
    rows = compile_model(model)
    assert rows.cost.tolist() == [3, 0, 1]
    assert (rows.lower.tolist(), rows.upper.tolist()) == ([0, 0, -2], [9, 9, 5])
    assert (rows.row_lower.tolist(), rows.row_upper.tolist()) == ([-3, 3], [16, 3])
    assert rows.whole.tolist() == [False, False, True]
    assert rows.activity(np.array([1.0, 1.0, 1.0])).tolist() == [5, 1]
    model.square = pyo.Constraint(expr=model.x[1] ** 2 <= 1)
    with pytest.raises(ValueError, match="not linear"):
        compile_model(model)
