"""The hand-over broken on purpose: a wrong plan never comes out, whatever goes wrong on the way."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import models.program.sourcing as sourcing_module
from models.errors import SolverError
from models.program import Scaling
from models.program import families as families_module
from models.program.compile import compile_model
from models.resolve import Expanded
from models.solve import LinearProgram, Solution, highs
from models.solve.highs import ATTEMPTS
from tests.models.desk import BookT, jin, make, read, refiner, solve_case, sur
from tests.models.desk import solve_once as solve
from tests.models.stages import oxide_and_alloy
from tests.models.test_hand_tiers import BAN
from tests.models.test_hand_tiers import book as banned

Patch = pytest.MonkeyPatch
TRUE_SOLVE = highs.solve


def book() -> BookT:
    """Return a book in one block, with rows of every family, most of them binding."""
    found = make(
        jin(60, **{"Max growth": 0.2}),
        sur(40),
        refiner("Scrap", "DEU", 30, 35, Kind="recycled"),
        demand={"A": [100, 120], "B": [50, 40]},
        years=(2026, 2027),
        settings={"Discount rate": 0.05, "Switching cost (USD/t)": 2},
    )
    first = {"Refiner": "Jin", "Mineral": "copper"}
    found["Lanes"] = [
        {"From country": "CHN", "To member": "A", "Max (t/yr)": 35, "Tariff": 0.1},
        {"Refiner": "Sur", "To member": "A", "Max (t/yr)": 22, "Freight (USD/t)": 3},
    ]
    found["Share limits"] = [
        {"Limit": "max", "Supplier group": "country", "Share": 0.4},
        {
            "Limit": "min", "Supplier group": "kind", "Supplier": "recycled", "Share": 0.3,
            "Penalty (USD/t)": 9,
        },
    ]  # fmt: skip
    found["Contracts"] = [
        first | {"Member": "A", "Min (t/yr)": 45, "Max (t/yr)": 50, "Price (USD/t)": 12},
        first | {"Member": "B", "Min (t/yr)": 5, "Max (t/yr)": 6, "Price (USD/t)": 8},
    ]
    found["Projects"] = [
        {
            "Project": "P", "Refiner": "New", "Mineral": "copper", "Country": "AUS",
            "Capacity (t/yr)": 30, "Capex (USD m)": 0.001, "Cost (USD/t)": 5, "First year": 2026,
        }
    ]  # fmt: skip
    found["Budget"] = [{"Year": 2026, "Capex (USD m)": 0.0006}]
    found["Stockpiles"] = [
        {
            "Mineral": "copper", "Member": "B", "Max (t)": 9, "Opening (t)": 5, "Target (t)": 8,
            "Holding cost (USD/t/yr)": 0.5,
        }
    ]  # fmt: skip
    found["Mines"] = [
        {"Mineral": "copper", "Country": "COD", "Capacity (t/yr)": 70, "Premium (USD/t)": 1},
        {"Mineral": "copper", "Country": "PER", "Capacity (t/yr)": 20},
    ]
    found["Current supply"] = [
        first | {"Member": "A", "Tonnes (t/yr)": 45},
        {"Refiner": "Scrap", "Mineral": "copper", "Member": "B", "Tonnes (t/yr)": 20},
    ]
    return found


def program(made: BookT) -> LinearProgram:
    """Return the arrays of a book's only block."""
    expanded = Expanded(read(made))
    cells = [(m, t) for m in range(len(expanded.minerals)) for t in range(len(expanded.years))]
    return compile_model(sourcing_module.build(expanded, cells).model)


# ---- what is compiled is not the case's --------------------------------------------------------


def compiled_as(patch: Patch, change: Callable[[LinearProgram], LinearProgram]) -> None:
    """Change what the compiler gives."""
    patch.setattr(
        "models.program.compile.compile_model", lambda model: change(compile_model(model))
    )


def without_row(rows: LinearProgram, i: int) -> LinearProgram:
    """Return a program without one of its rows; its keys follow."""
    keys, at = [], 0
    for k in rows.row_keys:
        index = tuple(key for n, key in enumerate(k.index, start=k.start) if n != i)
        keys.append(dataclasses.replace(k, start=at, index=index))
        at += len(index)
    entries = np.flatnonzero(rows.entry_rows() != i)
    counts = np.delete(np.diff(rows.starts), i)
    return dataclasses.replace(
        rows,
        row_lower=np.delete(rows.row_lower, i),
        row_upper=np.delete(rows.row_upper, i),
        starts=np.concatenate([[0], np.cumsum(counts)]),
        columns=rows.columns[entries],
        values=rows.values[entries],
        row_keys=tuple(keys),
    )


def bumped(rows: LinearProgram, name: str, i: int, by: float) -> LinearProgram:
    """Return a program with one number of an array changed."""
    array = getattr(rows, name).copy()
    array[i] = by if np.isinf(array[i]) or np.isnan(by) or np.isinf(by) else array[i] + by
    return dataclasses.replace(rows, **{name: array})


def refused(made: BookT) -> None:
    """A run ends in a SolverError, exit code 3."""
    with pytest.raises(SolverError) as caught:
        solve(made)
    assert caught.value.exit_code == 3


def each_refused(
    made: BookT, faults: list[Callable[[LinearProgram], LinearProgram]], patch: Patch
) -> None:
    """Every fault of the compiler ends a run."""
    case = read(made)
    assert faults
    for n, fault in enumerate(faults):
        compiled_as(patch, fault)
        try:
            solve_case(case)
        except SolverError:
            continue
        msg = f"fault {n} of {len(faults)} went through"
        raise AssertionError(msg)


def test_every_dropped_row(monkeypatch: Patch) -> None:
    """Each row in turn is left out of the program."""
    count = len(program(book()).row_lower)
    faults = [lambda rows, i=i: without_row(rows, i) for i in range(count)]
    each_refused(book(), faults, monkeypatch)


def test_every_changed_cost(monkeypatch: Patch) -> None:
    """Each column's cost in turn is a little more: a thousandth, or 0.001 where it is 0."""
    steps = np.maximum(np.abs(program(book()).cost) / 1000, 1e-3)
    faults = [lambda r, i=i, by=by: bumped(r, "cost", i, by) for i, by in enumerate(steps)]
    each_refused(book(), faults, monkeypatch)


@pytest.mark.slow
def test_every_changed_coefficient(monkeypatch: Patch) -> None:
    """Each coefficient in turn is a thousandth more."""
    values = program(book()).values
    faults = [lambda r, i=i, by=v / 1000: bumped(r, "values", i, by) for i, v in enumerate(values)]
    each_refused(book(), faults, monkeypatch)


@pytest.mark.parametrize("name", ["row_lower", "row_upper"])
def test_every_changed_right_hand_side(name: str, monkeypatch: Patch) -> None:
    """Each limit in turn is 0.01 too tight, or stands where there is none."""
    by = 0.01 if name == "row_lower" else -0.01
    count = len(program(book()).row_lower)
    faults = [lambda rows, i=i: bumped(rows, name, i, by) for i in range(count)]
    each_refused(book(), faults, monkeypatch)


def test_every_changed_bound_of_a_column(monkeypatch: Patch) -> None:
    """Each column's own bounds: one more upwards, a bound where there was none, less than 0."""
    rows = program(book())
    faults: list[Callable[[LinearProgram], LinearProgram]] = []
    for i in range(len(rows.cost)):
        faults.append(lambda r, i=i: bumped(r, "lower", i, -1.0))
        faults.append(lambda r, i=i: bumped(r, "upper", i, 0.125))
    each_refused(book(), faults, monkeypatch)


def test_every_lost_upper_bound(monkeypatch: Patch) -> None:
    """Columns with an upper bound lose it, one at a time."""
    upper = program(book()).upper
    faults = [
        lambda r, i=i: bumped(r, "upper", i, np.inf) for i in np.flatnonzero(np.isfinite(upper))
    ]
    each_refused(book(), faults, monkeypatch)


def test_lost_whole_columns(monkeypatch: Patch) -> None:
    """Whole projects whose columns are not marked whole."""
    whole = book()
    whole["Settings"].append({"Setting": "Whole projects", "Value": "yes"})
    assert solve(whole).objective > solve(book()).objective
    compiled_as(monkeypatch, lambda r: dataclasses.replace(r, whole=np.zeros_like(r.whole)))
    refused(whole)


def swap_keys(rows: LinearProgram) -> LinearProgram:
    """Give two rows of the same component each other's key."""
    keys = list(rows.row_keys)
    at = next(i for i, k in enumerate(keys) if k.name == "refining_capacity")
    keys[at] = dataclasses.replace(keys[at], index=keys[at].index[::-1])
    return dataclasses.replace(rows, row_keys=tuple(keys))


def swap_columns(rows: LinearProgram) -> LinearProgram:
    """Enter the columns of spot flows in the opposite order."""
    spot = next(k for k in rows.column_keys if k.name == "spot")
    order = np.arange(len(rows.cost))
    order[spot.span] = order[spot.span][::-1]
    return dataclasses.replace(rows, columns=order[rows.columns])


COMPILED: dict[str, Callable[[LinearProgram], LinearProgram]] = {
    "keys of two rows swapped": swap_keys,
    "columns in another order": swap_columns,
    "a cost that is not a number": lambda r: bumped(r, "cost", 0, np.nan),
    "a coefficient that is not a number": lambda r: bumped(r, "values", 0, np.nan),
    "a right-hand side that is not a number": lambda r: bumped(r, "row_upper", 0, np.nan),
    "a bound that is not a number": lambda r: bumped(r, "upper", 0, np.nan),
    "a right-hand side of 1e20": lambda r: bumped(r, "row_upper", 0, 1e20),
    "an infinite cost": lambda r: bumped(r, "cost", 0, np.inf),
    "all rows lost": lambda r: dataclasses.replace(
        r, row_lower=np.full_like(r.row_lower, -np.inf), row_upper=np.full_like(r.row_upper, np.inf)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(COMPILED))
def test_compiled_wrongly(name: str, monkeypatch: Patch) -> None:
    """A fault of the compiler ends a run."""
    compiled_as(monkeypatch, COMPILED[name])
    refused(book())


# ---- a family or a cost is lost ----------------------------------------------------------------


@pytest.mark.parametrize("position", range(len(families_module.FAMILIES)))
def test_family_left_out(position: int, monkeypatch: Patch) -> None:
    """A program without one of its families is not the case's."""
    families = list(families_module.FAMILIES)
    lost = families.pop(position)
    is_security = lost.model.__module__.endswith("security")  # others' rows are where it enters
    made = book() | ({"Security": [{"Max short": 0.1}]} if is_security else {})
    made = oxide_and_alloy() if lost.model.__module__.endswith("inputs") else made
    made = banned(BAN) if lost.model.__module__.endswith("tiers") else made
    monkeypatch.setattr(families_module, "FAMILIES", tuple(families))
    if lost.model.__module__.endswith(("shortage", "inputs")):  # others ask for what they made
        with pytest.raises((SolverError, AttributeError, KeyError)):
            solve(made)
    else:
        refused(made)


# ---- what the solver gets, and what it gives back ----------------------------------------------


def transferred_as(
    patch: Patch, change: Callable[[LinearProgram], LinearProgram], attempts: int
) -> None:
    """Change the program on its way into the solver, in the first attempts of each block."""

    def faulty(rows: LinearProgram, attempt: Any = ATTEMPTS[0]) -> Solution:
        wrong = attempt in ATTEMPTS[:attempts]
        return TRUE_SOLVE(change(rows) if wrong else rows, attempt)

    patch.setattr(highs, "solve", faulty)


def returned_as(
    patch: Patch, change: Callable[[Solution, LinearProgram], Solution], attempts: int
) -> None:
    """Change the solution on its way back, in the first attempts of each block."""

    def faulty(rows: LinearProgram, attempt: Any = ATTEMPTS[0]) -> Solution:
        found = TRUE_SOLVE(rows, attempt)
        return change(found, rows) if attempt in ATTEMPTS[:attempts] else found

    patch.setattr(highs, "solve", faulty)


def loosened(name: str) -> Callable[[LinearProgram], LinearProgram]:
    """Return a fault: the rows of a component bind no more."""

    def change(rows: LinearProgram) -> LinearProgram:
        at = next(k for k in rows.row_keys if k.name == name).span
        lower, upper = rows.row_lower.copy(), rows.row_upper.copy()
        lower[at], upper[at] = -np.inf, np.inf
        return dataclasses.replace(rows, row_lower=lower, row_upper=upper)

    return change


def dearer_spot(rows: LinearProgram) -> LinearProgram:
    """A fault: the cheapest spot flow is dear."""
    cost = rows.cost.copy()
    at = next(k for k in rows.column_keys if k.name == "spot").span
    cost[at] = cost[at][::-1] * 3
    return dataclasses.replace(rows, cost=cost)


def tight(rows: LinearProgram) -> LinearProgram:
    """A fault: capacities are a tenth smaller."""
    upper = rows.row_upper.copy()
    at = next(k for k in rows.row_keys if k.name == "refining_capacity").span
    upper[at] *= 0.9
    return dataclasses.replace(rows, row_upper=upper)


def impossible(rows: LinearProgram) -> LinearProgram:
    """A fault: more demand than all columns can bring."""
    at = next(k for k in rows.row_keys if k.name == "balance").span
    lower, upper = rows.row_lower.copy(), rows.row_upper.copy()
    lower[at] += 1e9
    upper[at] += 1e9
    return dataclasses.replace(rows, row_lower=lower, row_upper=upper)


TRANSFERRED: dict[str, Callable[[LinearProgram], LinearProgram]] = {
    "capacities lost": loosened("refining_capacity"),
    "balances lost": loosened("balance"),
    "share limits lost": loosened("share_limit"),
    "mines lost": loosened("mine_capacity"),
    "spot costs wrong": dearer_spot,
    "capacities too tight": tight,
    "a cost that is not a number": lambda r: bumped(r, "cost", 0, np.nan),
    "a bound of 1e20": lambda r: bumped(r, "row_upper", 0, 1e20),
    "a bound that is not a number": lambda r: bumped(r, "row_upper", 0, np.nan),
    "a balance that cannot be": impossible,
    "a cost without end": lambda r: dataclasses.replace(r, cost=-np.abs(r.cost)),
}


def shift(solution: Solution, name: str, rows: LinearProgram, by: float) -> Solution:
    """Move the first column of a component, by a part of the largest value."""
    x = solution.x.copy()
    at = next(k for k in rows.column_keys if k.name == name)
    x[at.start] += by * np.abs(x).max()
    return dataclasses.replace(solution, x=x)


def suboptimal(_: Solution, rows: LinearProgram) -> Solution:
    """Return a plan that keeps all rows and costs more, with the duals of the best one."""
    best = TRUE_SOLVE(rows)
    cost = np.random.default_rng(3).uniform(0.5, 1.5, len(rows.cost))
    other = TRUE_SOLVE(dataclasses.replace(rows, cost=cost))
    assert rows.cost @ other.x > rows.cost @ best.x * 1.001
    return dataclasses.replace(best, x=other.x)


def own_duals(_: Solution, rows: LinearProgram) -> Solution:
    """Return the best plan of other costs, duals and all."""
    cost = np.random.default_rng(3).uniform(0.5, 1.5, len(rows.cost))
    return TRUE_SOLVE(dataclasses.replace(rows, cost=cost))


RETURNED: dict[str, Callable[[Solution, LinearProgram], Solution]] = {
    "a permuted vector": lambda s, _: dataclasses.replace(s, x=np.roll(s.x, 1)),
    "a vector backwards": lambda s, _: dataclasses.replace(s, x=s.x[::-1].copy()),
    "no flow at all": lambda s, _: dataclasses.replace(s, x=0 * s.x),
    "a vector too short": lambda s, _: dataclasses.replace(s, x=s.x[:-1]),
    "another block's solution": lambda s, _: TRUE_SOLVE(program(make(jin(), sur()))),
    "a value that is not a number": lambda s, _: dataclasses.replace(s, x=s.x * np.nan),
    "a flow more": lambda s, rows: shift(s, "spot", rows, 1e-3),
    "a flow below 0": lambda s, rows: shift(s, "spot", rows, -2.0),
    "a shortage less": lambda s, rows: shift(s, "shortage", rows, -1e-3),
    "stock beyond its room": lambda s, rows: shift(s, "stock", rows, 2.0),
    "a plan that is not the best": suboptimal,
    "the best plan of other costs": own_duals,
    "duals of the other sign": lambda s, _: dataclasses.replace(s, duals=-s.duals),
    "no duals": lambda s, _: dataclasses.replace(s, duals=0 * s.duals),
    "duals backwards": lambda s, _: dataclasses.replace(s, duals=s.duals[::-1].copy()),
    "duals that are no numbers": lambda s, _: dataclasses.replace(s, duals=s.duals * np.nan),
    "duals too few": lambda s, _: dataclasses.replace(s, duals=s.duals[:-1]),
    "one dual of the other sign": lambda s, _: dataclasses.replace(
        s, duals=np.where(np.arange(len(s.duals)) == np.argmax(np.abs(s.duals)), -s.duals, s.duals)
    ),
    "a gap between whole and fraction": lambda s, _: dataclasses.replace(s, mip_gap=1e-3),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(TRANSFERRED))
def test_handed_over_wrongly(name: str, monkeypatch: Patch) -> None:
    """A fault in all attempts ends the run; in the first alone, the second mends it."""
    check_fault(lambda attempts: transferred_as(monkeypatch, TRANSFERRED[name], attempts))


@pytest.mark.parametrize("name", sorted(RETURNED))
def test_returned_wrongly(name: str, monkeypatch: Patch) -> None:
    """A fault in all attempts ends the run; in the first alone, the second mends it."""
    check_fault(lambda attempts: returned_as(monkeypatch, RETURNED[name], attempts))


def check_fault(inject: Callable[[int], None]) -> None:
    """Inject a fault into every attempt, then into the first, then into the first two."""
    case = read(book())
    true = solve_case(case)
    assert true.proof.retries == ()
    inject(len(ATTEMPTS))
    with pytest.raises(SolverError, match="no proven optimum for copper 2026 to 2027") as caught:
        solve_case(case)
    assert caught.value.exit_code == 3
    assert all(attempt.name in str(caught.value) for attempt in ATTEMPTS)
    for failing in (1, 2):
        inject(failing)
        plan = solve_case(case)
        assert plan.objective == pytest.approx(true.objective, rel=1e-9)
        assert len(plan.proof.retries) == failing
        assert plan.proof.retries[0].startswith(ATTEMPTS[0].name)
        assert plan.blocks[0].attempt == ATTEMPTS[failing].name
        assert plan.proof.violation <= plan.proof.allowed
        assert plan.tonnes == pytest.approx(true.tonnes, rel=1e-6)


def test_first_attempt_ends_badly(monkeypatch: Patch) -> None:
    """The solver gives up in its first settings; the next ones succeed, and the plan says so."""

    def faulty(rows: LinearProgram, attempt: Any = ATTEMPTS[0]) -> Solution:
        if attempt == ATTEMPTS[0]:
            msg = "the solver ended with: Unknown"
            raise SolverError(msg)
        return TRUE_SOLVE(rows, attempt)

    true = solve(book())
    monkeypatch.setattr(highs, "solve", faulty)
    plan = solve(book())
    assert plan.objective == pytest.approx(true.objective, rel=1e-9)
    assert plan.proof.retries == ("dual simplex: the solver ended with: Unknown",)


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda a: a.name)
def test_each_attempt_alone_solves(attempt: Any, monkeypatch: Patch) -> None:
    """Whatever the settings, the proven optimum is the same."""
    true = solve(book())
    monkeypatch.setattr(highs, "ATTEMPTS", (attempt,))
    plan = solve(book())
    assert plan.objective == pytest.approx(true.objective, rel=1e-9)
    assert plan.blocks[0].attempt == attempt.name


# ---- the scaling -------------------------------------------------------------------------------


def test_scaled_and_not_scaled_back(monkeypatch: Patch) -> None:
    """Solutions in scaled units are no solutions."""
    monkeypatch.setattr(Scaling, "unscaled", lambda self, solution: solution)
    refused(book())


def test_scaled_by_two_measures(monkeypatch: Patch) -> None:
    """One column scaled by another factor on the way in than on the way back."""

    def scaled(self: Scaling, rows: LinearProgram) -> LinearProgram:
        column = self.column.copy()
        column[: len(column) // 2] *= 2
        return true_scaled(dataclasses.replace(self, column=column), rows)

    true_scaled = Scaling.scaled
    monkeypatch.setattr(Scaling, "scaled", scaled)
    refused(book())


# ---- the solver by itself ----------------------------------------------------------------------


def small(**arrays: Any) -> LinearProgram:
    """Return: least 2 a + 3 b with a + b >= 4, a <= 3."""
    given: dict[str, Any] = {
        "cost": [2.0, 3.0], "lower": [0.0, 0.0], "upper": [3.0, np.inf], "row_lower": [4.0],
        "row_upper": [np.inf], "starts": [0, 2], "columns": [0, 1], "values": [1.0, 1.0],
        "whole": [False, False],
    }  # fmt: skip
    kinds = {"starts": np.int64, "columns": np.int64, "whole": bool}
    return LinearProgram(
        **{
            name: np.array(value, dtype=kinds.get(name, float))
            for name, value in (given | arrays).items()
        }
    )


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda a: a.name)
def test_solver_solves(attempt: Any) -> None:
    """a = 3, b = 1: 9; one more asked for costs 3."""
    found = highs.solve(small(), attempt)
    assert found.x == pytest.approx([3, 1])
    assert found.duals == pytest.approx([3])


@pytest.mark.parametrize(
    "arrays",
    [
        {"upper": [1.0, 1.0]},
        {"cost": [-1.0, -1.0], "upper": [np.inf, np.inf]},
        {"lower": [5.0, 0.0]},
        {"cost": [np.nan, 1.0]},
        {"cost": [np.inf, 1.0]},
        {"values": [np.nan, 1.0]},
        {"values": [1e20, 1.0]},
        {"row_lower": [np.nan]},
        {"row_lower": [1e20]},
        {"row_lower": [2.0], "row_upper": [1.0]},
        {"upper": [np.nan, 1.0]},
        {"columns": [0, 7]},
    ],
)
def test_solver_refuses(arrays: dict[str, Any]) -> None:
    """No optimum, or numbers that HiGHS would misread in silence."""
    with pytest.raises(SolverError):
        highs.solve(small(**arrays))


def test_solver_rounds_whole_columns() -> None:
    """Least 2 a + 3 b, a + b >= 3.5, both whole: 3 and 1, 9; duals are those with them fixed."""
    found = highs.solve(small(row_lower=[3.5], whole=[True, True]))
    assert found.x == pytest.approx([3, 1])
    assert found.mip_gap == 0
    assert found.duals == pytest.approx([0])


def test_solver_takes_nothing() -> None:
    """A program without columns."""
    arrays = {"cost": [], "lower": [], "upper": [], "row_lower": [], "row_upper": []}
    empty = small(**arrays, starts=[0], columns=[], values=[], whole=[])
    assert highs.solve(empty).x.size == 0


def test_solver_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever HiGHS says on file descriptor 1, a run leaves it empty."""
    solve(book())
    assert capfd.readouterr() == ("", "")
