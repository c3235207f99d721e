"""One plan for several futures: the book's farmer, cases by hand, laws, a second formulation."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, vstack

from models.answers import recourse as module
from models.answers.futures import Future, RiskPlans, independent_groups, under_risk
from models.answers.recourse import (
    ConvexCombination,
    ExtensiveForm,
    MasterProblem,
    MergedScenarios,
    Policy,
    ScenarioProgram,
    Tail,
    cvar,
    valued,
)
from models.errors import SolverError
from models.plan import Plan
from models.plan import solve as solve_case
from models.program.component import TONNES
from models.program.families.projects import BUILT
from models.program.families.stockpiles import STOCK
from models.resolve import Floats, Ints, budget_year
from models.schema import BudgetYear, ScenarioStep
from models.solve import Certificate, LinearProgram
from planner.scenarios.actions import CaseChange, apply_steps
from tests.budget import at_length
from tests.models.desk import jin, make, read, sur
from tests.models.test_laws import rounding
from tests.reference.cases import ALL, random_book

# ---- the farmer of Birge & Louveaux (2011), Introduction to Stochastic Programming, ch. 1.1 ------

# acres of wheat, corn, beets; t of wheat, corn bought; t of wheat, corn, beets sold, beyond quota
_COST = np.array([150.0, 230, 260, 238, 210, -170, -150, -36, -10])
_YIELDS = {"above": 1.2, "average": 1.0, "below": 0.8}


def farmer(yields: float, number: int) -> ScenarioProgram:
    """500 acres; 200 t of wheat and 240 t of corn are fed; 6,000 t of beets sell at 36, more at 10.

    Acres are the same columns in all futures, the land is the same row.
    """
    wheat, corn, beets = 2.5 * yields, 3.0 * yields, 20.0 * yields
    matrix = csr_matrix(
        [
            [1, 1, 1, 0, 0, 0, 0, 0, 0],
            [wheat, 0, 0, 1, 0, -1, 0, 0, 0],
            [0, corn, 0, 0, 1, 0, -1, 0, 0],
            [0, 0, -beets, 0, 0, 0, 0, 1, 1],
        ]
    )
    rows = LinearProgram(
        cost=_COST,
        lower=np.zeros(9),
        upper=np.array([np.inf] * 7 + [6_000.0, np.inf]),
        row_lower=np.array([-np.inf, 200, 240, -np.inf]),
        row_upper=np.array([500.0, np.inf, np.inf, 0]),
        starts=matrix.indptr.astype(np.int64),
        columns=matrix.indices.astype(np.int64),
        values=matrix.data.astype(float),
        whole=np.zeros(9, dtype=bool),
    )
    own = 100 * (number + 1)
    return ScenarioProgram(
        rows,
        np.array([0, 1, 2, *range(own, own + 6)]),
        np.array([0, *range(own, own + 3)]),
        np.full(9, TONNES),
        np.full(4, TONNES),
    )


FARMS = [farmer(of, i) for i, of in enumerate(_YIELDS.values())]
THIRDS = np.full(3, 1 / 3)


def test_the_farmer_s_plan_is_the_book_s() -> None:
    """Acres and profit of table 5, EVPI and VSS of ch. 1.1."""
    whole = ExtensiveForm(FARMS, THIRDS, need=500.0)
    assert (len(whole.rows.cost), len(whole.rows.row_lower)) == (3 + 3 * 6, 1 + 3 * 3)
    x, proof, _ = whole.solved()
    assert [of[:3] for of in x] == [pytest.approx([170, 80, 250])] * 3
    costs = whole.costs(x)
    assert -costs == pytest.approx([167_000, 109_350, 48_820], rel=1e-6)
    planned = float(costs @ THIRDS)
    assert (planned, proof.primal) == (pytest.approx(-108_390), pytest.approx(planned))
    known = [float(of.costs(of.solved()[0])[0]) for of in alone()]
    assert -np.array(known) == pytest.approx([167_666.67, 118_600, 59_950])
    assert planned - np.mean(known) == pytest.approx(7_016, abs=0.5)
    average, *_ = alone()[1].solved()
    bounds = {"lower": whole.rows.lower.copy(), "upper": whole.rows.upper.copy()}
    for bound in bounds.values():
        bound[whole.place[0][:3]] = average[0][:3]
    kept = whole.costs(whole.solved(module.dataclasses.replace(whole.rows, **bounds))[0])
    assert float(kept @ THIRDS) - planned == pytest.approx(1_150, abs=0.5)


def alone() -> list[ExtensiveForm]:
    return [ExtensiveForm([farm], np.ones(1), need=500.0) for farm in FARMS]


@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.5, 0.8, 0.95, 1.0])
@pytest.mark.parametrize("weight", [0.25, 1.0])
def test_what_is_least_is_the_value_of_the_costs(alpha: float, weight: float) -> None:
    """The program's own tail is that of its costs; no other plan's value is less."""
    tail = Tail(alpha, weight)
    whole = ExtensiveForm(FARMS, THIRDS, tail, need=500.0, unit=64.0)
    x, proof, _ = whole.solved()
    assert proof.primal == pytest.approx(valued(whole.costs(x), THIRDS, tail), rel=1e-6)
    others = [ExtensiveForm(FARMS, THIRDS, need=500.0)]
    others += [
        ExtensiveForm(FARMS, THIRDS, Tail(a, 1.0), need=500.0, unit=64.0) for a in (0.0, 0.5, 1.0)
    ]
    for of in others:
        assert proof.primal <= valued(of.costs(of.solved()[0]), THIRDS, tail) + 1e-3


def test_the_ends_of_the_tail_are_the_mean_and_the_worst() -> None:
    def least(tail: Tail) -> float:
        return ExtensiveForm(FARMS, THIRDS, tail, need=500.0, unit=64.0).solved()[1].primal

    mean = least(Tail())
    assert least(Tail(0.0, 1.0)) == pytest.approx(mean)
    assert least(Tail(0.9, 1e-12)) == pytest.approx(mean)
    assert least(Tail(1.0, 1.0)) == pytest.approx(least(Tail(0.99, 1.0)))
    assert least(Tail(1.0, 1.0)) == pytest.approx(-59_950)  # the bad year, planned for


def test_the_tail_of_all_futures_is_their_mean_and_no_column_of_its_own() -> None:
    """Its eta would have no bound: below all costs it changes nothing, or by rounding all."""
    of, mean = (ExtensiveForm(FARMS, THIRDS, tail).rows for tail in (Tail(0.0, 1.0), Tail()))
    assert (of.cost == mean.cost).all()
    assert np.isfinite(of.lower).all()


def test_cvar_is_of_so_much_probability() -> None:
    costs, chances = np.array([1.0, 4.0, 2.0]), np.array([0.5, 0.2, 0.3])
    assert cvar(costs, chances, 0.0) == pytest.approx(0.5 + 0.8 + 0.6)
    assert cvar(costs, chances, 0.8) == pytest.approx(4.0)
    assert cvar(costs, chances, 0.6) == pytest.approx((0.2 * 4 + 0.2 * 2) / 0.4)
    assert cvar(costs, chances, 1.0) == 4.0


def test_rows_that_differ_stay_apart() -> None:
    """Of one number, but with other entries, other limits or a wider row."""
    same = np.arange(4)
    sides = [
        ScenarioProgram(f.rows, f.column_ids, same, f.column_unit, f.row_unit)
        for f in (FARMS[0], farmer(1.2, 0), FARMS[1])
    ]
    whole = ExtensiveForm(sides, THIRDS, need=500.0)
    assert len(whole.rows.row_lower) == 4 + 3  # the second is the first; of the third all but land
    tighter = module.dataclasses.replace(FARMS[0].rows, row_upper=FARMS[0].rows.row_upper + 1.0)
    other = module.dataclasses.replace(sides[1], rows=tighter)
    assert len(ExtensiveForm([sides[0], other], THIRDS[:2], need=500.0).rows.row_lower) == 4 + 2


# ---- by hand -------------------------------------------------------------------------------------

YEARS = (2026, 2027)


def step(action: str, year: int, **more: object) -> ScenarioStep:
    return ScenarioStep(name="event", action=action, first_year=year, last_year=year, **more)


Happens = dict[int, list[ScenarioStep]]


def futures_of(plan: Plan, happens: Sequence[tuple[float, Happens]]) -> tuple[list[Future], Ints]:
    """The futures by chance and by what happens in which year, and the history without events."""
    labels: dict[tuple[object, ...], int] = {}
    many = len(plan.expanded.minerals)

    def known(of: Happens) -> np.ndarray:
        so_far = [tuple((y, *of[y]) for y in sorted(of) if y <= year) for year in plan.case.years]
        row = [labels.setdefault((t, so), len(labels) + 1) for t, so in enumerate(so_far)]
        return np.tile(np.array(row, dtype=np.int64), (many, 1))

    futures = [
        Future(CaseChange(tuple(s for y in of.values() for s in y)), chance, known(of))
        for chance, of in happens
    ]
    return futures, known({})


def planned(
    plan: Plan,
    happens: Sequence[tuple[float, Happens]],
    tail: Tail | None = None,
    at_once: int = 1_000,
) -> RiskPlans:
    """The plan under risk; minerals are planned apart where futures are more than ``at_once``."""
    return under_risk(plan, *futures_of(plan, happens), tail, at_once=at_once)


def embargo(chance: float) -> list[tuple[float, Happens]]:
    return [(1 - chance, {}), (chance, {2027: [step("block lanes", 2027, country="CHN")]})]


def amounts(found: RiskPlans, component: object) -> dict[object, tuple[float, float]]:
    return {d.key: (d.plain, d.risky) for d in found.decisions if d.component is component}


def test_a_stock_is_the_hedge_against_an_embargo() -> None:
    """Jin sells 150 t a year at 10, A needs 100, a tonne short costs 500, a tonne stored 1.

    The embargo comes in the second year, with 1/2. Under risk the 50 t left are stored in the first
    year: 1,550; then 500 without the embargo and 50 x 500 = 25,000 with it: 14,300. The plain plan
    stores none: 1,000, then 1,000 or 50,000. Known: 2,000 or 26,550.
    """
    pile = {"Mineral": "copper", "Member": "A", "Opening (t)": 0, "Max (t)": 100,
            "Target (t)": 0, "Holding cost (USD/t/yr)": 1}  # fmt: skip
    plan = solve_case(read(make(jin(150), years=YEARS, Stockpiles=[pile])))
    found = planned(plan, embargo(0.5))
    assert found.risky.costs == pytest.approx([2_050, 26_550])
    assert found.plain.costs == pytest.approx([2_000, 51_000], rel=1e-6)
    assert found.risky.short.ravel() == pytest.approx([0, 50])
    stored = amounts(found, STOCK)
    assert stored["copper", "A", 2026] == (pytest.approx(0), pytest.approx(50))


def test_a_stock_may_be_larger_than_one_future_has_use_for() -> None:
    """Jin sells 2,000 t a year at 10, A needs 100, a tonne stored costs 1.

    With 1/2 a reserve of 3,500 t has to be there in the second year, and a tonne less costs 250.
    So 1,600 t are stored in the first year, which is more than is needed in all years without it:
    17,000 and 1,600; then 1,500 or 20,000 and 3,500.
    """
    pile = {"Mineral": "copper", "Member": "A", "Opening (t)": 0, "Max (t)": 1e6,
            "Target (t)": 0, "Holding cost (USD/t/yr)": 1}  # fmt: skip
    plan = solve_case(read(make(jin(2_000), years=YEARS, Stockpiles=[pile])))
    asked = step("set stock target", 2027, value=3_500)
    found = planned(plan, [(0.5, {}), (0.5, {2027: [asked]})])
    assert found.risky.costs == pytest.approx([20_100, 42_100])
    assert amounts(found, STOCK)["copper", "A", 2026] == (0, pytest.approx(1_600))


@pytest.mark.parametrize(("weight", "is_built"), [(0.0, False), (0.9, True)])
def test_a_plant_is_built_in_all_futures_where_the_tail_counts(
    weight: float, is_built: bool
) -> None:
    """A plant for 2027, 30,000 for the year, replaces Jin where it is lost: it saves 49,000 there.

    At 1/2 that does not pay on average; it does where the dearer half counts for nine tenths.
    """
    plant = {"Project": "P", "Refiner": "P", "Mineral": "copper", "Country": "Chile",
             "Capacity (t/yr)": 100, "Cost (USD/t)": 10, "Capex (USD m)": 0.06,
             "First year": 2026, "Life (yr)": 2}  # fmt: skip
    book = make(jin(), years=YEARS, Projects=[plant], settings={"Cost of capital": 0})
    plan = solve_case(read(book))
    found = planned(plan, embargo(0.5), Tail(0.5, weight))
    unbuilt = [2_000, 51_000]
    assert found.risky.costs == pytest.approx([32_000] * 2 if is_built else unbuilt, rel=1e-6)
    assert found.plain.costs == pytest.approx(unbuilt, rel=1e-6)
    built = {("P", 2027): (0, pytest.approx(1))} if is_built else {}
    assert amounts(found, BUILT) == built


def test_what_is_built_stands_in_all_futures_and_flows_know_the_year() -> None:
    """Two embargoes that cannot be told apart before the second year: one stock serves both."""
    pile = {"Mineral": "copper", "Member": "A", "Opening (t)": 0, "Max (t)": 100,
            "Target (t)": 0, "Holding cost (USD/t/yr)": 1}  # fmt: skip
    plan = solve_case(read(make(jin(150), years=YEARS, Stockpiles=[pile])))
    lost = step("block lanes", 2027, country="CHN")
    early = step("block lanes", 2026, country="CHN")
    found = planned(plan, [(0.25, {2026: [early]}), (0.5, {2027: [lost]}), (0.25, {})])
    # lost in 2026: 50,000 short and 1,000 bought later; it knows that nothing more comes
    assert found.risky.costs == pytest.approx([51_000, 26_550, 2_050])
    assert found.risky.short.ravel() == pytest.approx([100, 50, 0])


# ---- laws ----------------------------------------------------------------------------------------


def book_of(seed: int, without: frozenset[str] = frozenset()) -> Plan:
    return solve_case(read(random_book(np.random.default_rng([31, seed]), 3, ALL - without)))


def happens_of(plan: Plan, seed: int, count: int) -> list[tuple[float, Happens]]:
    """Random futures: in some years lanes closed, plants and mines down, demand up."""
    rng, case = np.random.default_rng([32, seed]), plan.case
    countries = sorted({r.country for r in case.refiners})
    chances = rng.dirichlet(np.ones(count))
    found = []
    for chance in chances.tolist():
        of: Happens = {}
        for year in case.years:
            if rng.random() < 0.4:
                country = str(rng.choice(countries))
                every = (
                    step("block lanes", year, country=country),
                    step("scale capacity", year, country=country, value=0.3),
                    step("scale demand", year, value=1.3),
                    step("scale mines", year, value=0.5),
                )
                of[year] = [every[int(rng.integers(len(every)))]]
        found.append((chance, of))
    return found


def chances_of(happens: Sequence[tuple[float, Happens]]) -> Floats:
    return np.array([chance for chance, _ in happens])


@pytest.mark.fuzz
@pytest.mark.parametrize("at_once", [0, 1_000])
@pytest.mark.parametrize("seed", range(at_length(2, 12)))
def test_one_future_is_the_plain_plan_and_so_are_equal_ones(seed: int, at_once: int) -> None:
    plan = book_of(seed)
    near = 1e-7 * abs(plan.objective) + rounding(plan)
    for happens in ([(1.0, {})], [(0.2, {}), (0.5, {}), (0.3, {})]):
        found = planned(plan, happens, at_once=at_once)
        for course in (found.risky, found.plain):
            assert course.costs == pytest.approx([plan.objective] * len(happens), abs=2 * near)


@pytest.mark.fuzz
@settings(max_examples=at_length(5, 40))
@given(st.integers(0, 10**6))
def test_knowing_is_no_dearer_and_the_plain_plan_no_cheaper(seed: int) -> None:
    """WS <= RP <= EEV, by mean and with the tail; no future is below its own optimum."""
    plan = book_of(seed)
    happens = happens_of(plan, seed, 1 + seed % 4)
    chances = chances_of(happens)
    known = np.array(
        [solve_case(apply_steps(plan.case, [s for y in of.values() for s in y])).objective
         for _, of in happens]
    )  # fmt: skip
    tail = Tail(float(seed % 3) / 3, float(seed % 2) / 2)
    found = planned(plan, happens, tail, at_once=seed % 2 * 1_000)
    worth = [valued(of, chances, tail) for of in (known, found.risky.costs, found.plain.costs)]
    near = 3e-7 * max(map(abs, worth)) + 10 * rounding(plan)
    assert worth[0] <= worth[1] + near
    assert worth[1] <= worth[2] + near
    assert (found.risky.costs >= known - near / chances.min()).all()


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(3, 16)))
def test_a_second_formulation_agrees(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Each future with columns of its own, and an equation wherever two are the same decision."""
    plan = book_of(seed, frozenset({"whole projects"}))
    happens = happens_of(plan, seed, 3)
    made: list[ExtensiveForm] = []
    init = ExtensiveForm.__init__

    def kept(self: ExtensiveForm, *arguments: object, **more: object) -> None:
        init(self, *arguments, **more)  # type: ignore[arg-type]
        made.append(self)

    monkeypatch.setattr(ExtensiveForm, "__init__", kept)
    found = planned(plan, happens)
    expected = float(chances_of(happens) @ found.risky.costs)
    assert split(made[0].scenarios, chances_of(happens)) == pytest.approx(
        expected, rel=2e-6, abs=1e-6 * plan.case.largest_demand + rounding(plan)
    )


def split(sides: Sequence[ScenarioProgram], chances: Floats) -> float:
    """The least expected cost, by scipy."""
    sizes = [len(s.rows.cost) for s in sides]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    numbers = np.concatenate([s.column_ids for s in sides])
    first = {int(n): i for i, n in reversed([*enumerate(numbers.tolist())])}
    same = [(i, first[n]) for i, n in enumerate(numbers.tolist()) if first[n] != i]
    total = int(starts[-1])
    blocks, least, most = [], [], []
    for at, s in zip(starts.tolist(), sides, strict=False):
        r = s.rows
        blocks.append(csr_matrix((r.values, r.columns + at, r.starts), (len(r.row_lower), total)))
        least.append(r.row_lower)
        most.append(r.row_upper)
    matrix, low, high = vstack(blocks).tocsr(), np.concatenate(least), np.concatenate(most)
    equal = csr_matrix(
        (np.tile([1.0, -1.0], len(same)), (np.repeat(np.arange(len(same)), 2),
         np.array(same, dtype=int).ravel())), (len(same), total),
    )  # fmt: skip
    below, above = np.isfinite(high), np.isfinite(low)
    cost = np.concatenate([c * s.rows.cost for c, s in zip(chances, sides, strict=True)])
    scale = np.abs(cost).max() or 1.0
    found = linprog(
        cost / scale,
        vstack([matrix[below], -matrix[above]]),
        np.concatenate([high[below], -low[above]]),
        equal if same else None,
        np.zeros(len(same)) if same else None,
        bounds=np.column_stack(
            [np.concatenate([s.rows.lower for s in sides]),
             np.concatenate([s.rows.upper for s in sides])]
        ),
        method="highs",
    )  # fmt: skip
    assert found.success, found.message
    return float(found.fun) * scale


def test_what_is_not_proven_is_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of whatever attempt, a solution that its certificate refuses is not given out."""
    plan = solve_case(read(make(jin(), sur(), years=YEARS)))
    refused = Certificate(1.0, "", 1.0, 1.0, 0.0, 0.0)
    monkeypatch.setattr(ExtensiveForm, "certificate", lambda *_: refused)
    with pytest.raises(SolverError, match="no proven plan for 2 futures"):
        planned(plan, embargo(0.5))


# ---- minerals planned apart ----------------------------------------------------------------------


def two_farms(number: int, most: float) -> ScenarioProgram:
    """Two farms, the second in the year after the first's; ``most`` acres of beets on both."""
    yields = [*_YIELDS.values()]
    mine, other = farmer(yields[number], number), farmer(yields[(number + 1) % 3], number)
    a, b = mine.rows, other.rows
    beets = (np.array([2, 11]), np.ones(2))
    rows = LinearProgram(
        cost=np.concatenate([a.cost, b.cost]),
        lower=np.concatenate([a.lower, b.lower]),
        upper=np.concatenate([a.upper, b.upper]),
        row_lower=np.concatenate([a.row_lower, b.row_lower, [-np.inf]]),
        row_upper=np.concatenate([a.row_upper, b.row_upper, [most]]),
        starts=np.concatenate([a.starts, a.starts[-1] + b.starts[1:], [2 * a.starts[-1] + 2]]),
        columns=np.concatenate([a.columns, b.columns + 9, beets[0]]),
        values=np.concatenate([a.values, b.values, beets[1]]),
        whole=np.zeros(18, dtype=bool),
    )
    columns = np.concatenate([mine.column_ids, 10_000 + other.column_ids])
    numbers = np.concatenate([mine.row_ids, 10_000 + other.row_ids, [20_000]])
    return ScenarioProgram(rows, columns, numbers, np.full(18, TONNES), np.full(9, TONNES))


def farms_apart(most: float, tail: Tail) -> tuple[MasterProblem, list[LinearProgram]]:
    """The same two, each a part of its own, that share the limit."""
    of = [[0, 1, 2], [1, 2, 0]]
    wholes = [ExtensiveForm(FARMS, THIRDS, need=500.0) for _ in of]
    parts = [
        MergedScenarios(whole, np.array(at), whole.place[0][[2]], np.ones((1, 1)))
        for whole, at in zip(wholes, of, strict=True)
    ]
    return MasterProblem(parts, np.array([most]), THIRDS, tail, 64.0), [w.rows for w in wholes]


def mixed(most: float, tail: Tail) -> tuple[MasterProblem, ConvexCombination]:
    """Their best mix, begun from no beets at all."""
    tied, rows = farms_apart(most, tail)
    none = [replace(r, upper=r.upper.copy()) for r in rows]
    for r, part in zip(none, tied.subproblems, strict=True):
        r.upper[part.columns] = 0.0
    return tied, tied.best_mix(rows, tied.best_mix(none))


def value_of(tied: MasterProblem, mix: ConvexCombination, tail: Tail) -> float:
    costs = [
        part.extensive.costs(part.extensive.by_scenario(x))[part.scenario_of]
        for part, x in zip(tied.subproblems, mix.x, strict=True)
    ]
    return valued(np.sum(costs, axis=0), THIRDS, tail)


TAILS = [Tail(), Tail(0.5, 0.25), Tail(0.5, 1.0), Tail(0.95, 0.5), Tail(0.0, 1.0), Tail(1.0, 1.0)]


@pytest.mark.parametrize("most", [100.0, 400.0, 520.0, 2_000.0])
@pytest.mark.parametrize("tail", TAILS)
def test_farms_that_share_a_limit_cost_what_they_do_as_one(tail: Tail, most: float) -> None:
    """Of the second farm the years are the first's, turned by one: each is a part of its own."""
    whole = ExtensiveForm(
        [two_farms(i, most) for i in range(3)], THIRDS, tail, need=1_000.0, unit=64.0
    )
    _, proof, _ = whole.solved()
    tied, mix = mixed(most, tail)
    assert value_of(tied, mix, tail) == pytest.approx(proof.primal, rel=1e-6)
    assert mix.least == pytest.approx(proof.primal, rel=1e-6)
    assert mix.overrun <= 1e-9


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ("chance of a form", "a probability above 0"),
        ("chance of a master", "a probability above 0"),
        ("tail", "a subproblem has no tail"),
        ("column -1", "the subproblem doesn't have"),
        ("column of the tail", "the subproblem doesn't have"),
    ],
)
def test_what_would_give_a_wrong_optimum_is_refused(wrong: str, found: str) -> None:
    """What an impossible scenario costs, a tail counted twice, a limit on the last column."""
    tail, chances = Tail(0.9, 0.5), np.array([0.0, 0.5, 0.5])
    whole = ExtensiveForm(FARMS, THIRDS, tail if wrong == "tail" else None, need=500.0)
    column = {"column -1": -1, "column of the tail": len(whole.numbers)}.get(wrong, 0)

    def asked() -> object:
        if wrong == "chance of a form":
            return ExtensiveForm(FARMS, chances, tail, need=500.0)
        part = MergedScenarios(whole, np.arange(3), np.array([column]), np.ones((1, 1)))
        return MasterProblem([part], np.array([100.0]), chances, tail, 64.0)

    with pytest.raises(ValueError, match=found):
        asked()


@pytest.mark.parametrize("most", [1.0, 20.0, 100.0, 300.0, 400.0])
def test_first_policies_that_exceed_a_limit_are_refused(most: float) -> None:
    """They were taken for what the limit allows; without a limit, the farms grow 750 acres."""
    tied, rows = farms_apart(most, Tail())
    with pytest.raises(SolverError, match="the first policies use"):
        tied.best_mix(rows)


def test_what_mixes_policies_grows_as_its_entries_do() -> None:
    """For 4,000 futures whose tail counts no table of futures by futures, which would be 128 MB."""
    many = 4_000
    whole = ExtensiveForm(FARMS, THIRDS, need=500.0)
    part = MergedScenarios(whole, np.arange(many) % 3, whole.place[0][[2]], np.ones((1, 1)))
    tied = MasterProblem([part], np.array([100.0]), np.full(many, 1 / many), Tail(0.5, 0.5), 64.0)
    policies = [Policy(np.arange(0), np.zeros(0), np.full(many, c), np.zeros(1)) for c in (2, 1.0)]
    tracemalloc.start()
    parts, value, *_ = tied._master([policies])
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (parts[0].tolist(), value) == (pytest.approx([0, 1]), pytest.approx(1))
    assert most < many**2


def with_budgets(seed: int, *, carried: bool) -> Plan:
    """A random plan of minerals that share budgets: half of what is built without them."""
    case = book_of(seed, frozenset({"whole projects"})).case
    assert len(independent_groups(case)) > 1
    plants = {p.name: p for p in case.projects}
    spent: dict[int, float] = {}
    for (name, start), amount in solve_case(case.change(budget=())).amounts(BUILT).items():
        year = budget_year(plants[name], start, case.years)
        spent[year] = spent.get(year, 0.0) + amount * plants[name].capex
    years = range(min(spent), case.years[-1] + 1)
    budget = tuple(BudgetYear(year=y, capex=spent.get(y, 0.0) / 2) for y in years)
    settings = replace(case.settings, carry_over_budget=carried)
    return solve_case(case.change(budget=budget, settings=settings))


SHARING = [160, 12, 33, 250, 204, 44][: at_length(2, 6)]
"""Books in which plants of several minerals are worth building."""


@pytest.mark.fuzz
@pytest.mark.parametrize("carried", [False, True])
@pytest.mark.parametrize("seed", SHARING)
def test_minerals_apart_cost_what_they_do_as_one(seed: int, carried: bool) -> None:
    """Budgets that several minerals spend, without and with the tail; 1 to 5 futures."""
    plan = with_budgets(seed, carried=carried)
    happens = happens_of(plan, seed, 1 + seed % 5)
    chances = chances_of(happens)
    near = 1e-6 * plan.case.largest_demand + rounding(plan)
    for tail in (Tail(), Tail(0.5, 0.5), Tail(0.95, 1.0)):
        one, apart_ = (planned(plan, happens, tail, at_once) for at_once in (1_000, 0))
        for way in ("risky", "plain"):
            costs = [valued(getattr(of, way).costs, chances, tail) for of in (one, apart_)]
            assert costs[1] == pytest.approx(costs[0], rel=1e-6, abs=near)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(2, 12)))
def test_minerals_that_nothing_ties_cost_what_they_do_as_one(seed: int) -> None:
    plan = book_of(seed, frozenset({"whole projects"}))
    happens = happens_of(plan, seed, 4)
    tail = Tail(float(seed % 3) / 3, float(seed % 2) / 2)
    one, apart_ = (planned(plan, happens, tail, at_once) for at_once in (1_000, 0))
    costs = [valued(of.risky.costs, chances_of(happens), tail) for of in (one, apart_)]
    near = 1e-6 * plan.case.largest_demand + rounding(plan)
    assert costs[1] == pytest.approx(costs[0], rel=1e-6, abs=near)
    short = [chances_of(happens) @ of.risky.short.sum(axis=1) for of in (one, apart_)]
    assert len(one.risky.short) == len(apart_.risky.short) == 4
    assert (min(short) > 0) == (max(short) > near)


def test_two_equal_contracts_are_two_decisions() -> None:
    """Two rows of 20 t at 3, spot 10, and 30 t wanted of each of two minerals: 20 + 10 at 3."""
    book = make(jin(), years=YEARS, demand=30)
    contract = {"Refiner": "Jin", "Member": "A", "Min (t/yr)": 0, "Max (t/yr)": 20}
    book["Contracts"] = [contract | {"Mineral": "copper", "Price (USD/t)": 3} for _ in range(2)]
    for sheet in ("Minerals", "Demand", "Refiners", "Contracts"):
        book[sheet] += [row | {"Mineral": "tin"} for row in book[sheet]]
    plan = solve_case(read(book))
    happens = [(0.5, {}), (0.5, {2027: [step("scale demand", 2027, value=1.0)]})]
    for at_once in (0, 1_000):
        found = planned(plan, happens, at_once=at_once)
        assert found.plain.costs == pytest.approx([360, 360])
        assert sorted(round(d.plain) for d in found.decisions) == [10] * 4 + [20] * 4


TIED = Tail(0.5, 0.5)


@pytest.mark.fuzz
@pytest.mark.parametrize("tail", [Tail(), TIED])
def test_a_gap_that_is_left_open_is_told_and_true(
    monkeypatch: pytest.MonkeyPatch, tail: Tail
) -> None:
    """After few rounds the plan is dearer than the cheapest, by no more than is told."""
    told = []
    for seed in SHARING:
        plan = with_budgets(seed, carried=True)
        happens = happens_of(plan, seed, 4)
        chances = chances_of(happens)
        least = valued(planned(plan, happens, tail).risky.costs, chances, tail)
        for rounds in (1, 2):
            monkeypatch.setattr(module, "_MOST_ROUNDS", rounds)
            course = planned(plan, happens, tail, at_once=0).risky
            value, gap = valued(course.costs, chances, tail), course.proof.mip_gap
            assert least * (1 - 2e-7) <= value
            assert value * (1 - gap) <= least * (1 + 2e-7)
            told.append(gap)
    assert max(told) > 1e-7


@pytest.mark.parametrize("wrong", ["prices", "parts", "weights", "costs", "limits"])
def test_a_wrong_master_proves_nothing(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    """What it says of prices, weights or policies may be wrong: the gap that is told is true."""
    plan = with_budgets(160, carried=True)
    happens = happens_of(plan, 160, 4)
    chances = chances_of(happens)
    least = valued(planned(plan, happens, TIED).risky.costs, chances, TIED)
    master, weights = MasterProblem._master, MasterProblem._scenario_weights

    def broken(self: MasterProblem, pools: list[list[Policy]]) -> tuple[object, ...]:
        if wrong == "costs":
            pools = [[replace(p, costs=0.5 * p.costs) for p in pool] for pool in pools]
        if wrong == "limits":
            pools = [[replace(p, limit_use=0.0 * p.limit_use) for p in pool] for pool in pools]
        parts, value, prices, of = master(self, pools)
        if wrong == "parts":
            parts = [np.eye(len(part))[-1] for part in parts]
        return parts, value, 3.0 * prices if wrong == "prices" else prices, of

    monkeypatch.setattr(module, "_MOST_ROUNDS", 20)
    monkeypatch.setattr(MasterProblem, "_master", broken)
    if wrong == "weights":
        monkeypatch.setattr(
            MasterProblem, "_scenario_weights", lambda of, duals: weights(of, 7.0 * duals[::-1])
        )
    with suppress(SolverError):
        course = planned(plan, happens, TIED, at_once=0).risky
        value, gap = valued(course.costs, chances, TIED), course.proof.mip_gap + course.proof.gap
        assert least * (1 - 1e-7) <= value
        assert value * (1 - gap) <= least * (1 + 1e-7)


def test_a_bound_above_the_plan_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = with_budgets(160, carried=True)
    mixed_ = MasterProblem.best_mix

    def above(self: MasterProblem, *words: object, **more: object) -> ConvexCombination:
        mix = mixed_(self, *words, **more)  # type: ignore[arg-type]
        return replace(mix, least=mix.least * 1.001)

    monkeypatch.setattr(MasterProblem, "best_mix", above)
    with pytest.raises(SolverError, match="no proven plan for 4 futures, mineral by mineral"):
        planned(plan, happens_of(plan, 160, 4), at_once=0)
