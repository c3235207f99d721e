"""Both sides of each tolerance of amounts, prices and games: the numbers are written out here."""

from __future__ import annotations

import dataclasses
from contextlib import nullcontext
from types import SimpleNamespace as Stub
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models import measures
from models.answers import cost_sharing, explain, futures, recourse
from models.answers.payment import Steps, payments
from models.answers.price import Pricing
from models.answers.recourse import Tail
from models.answers.search import ChangeSearch, _CappedPlan, _Caps
from models.case import CaseSteps
from models.checks import magnitude
from models.errors import InputError
from models.plan import Plan, block_solver, gaps, session
from models.plan.variation import Variation, differs
from models.program import compile as compiled
from models.program.component import TONNES
from models.program.scaling import choose_scaling
from models.resolve.sources import unbuilt
from models.schema import Demand, ScenarioStep
from models.solve import LinearProgram, certify_blocks
from models.solve.highs import tightened
from planner.audit import compare
from planner.documents import data_in, orders
from planner.render import chart, words
from planner.scenarios.actions import add_capacity
from planner.sheets import changes
from planner.sheets.checks import Checks, _recount
from planner.sheets.context import Context
from planner.studies import agreed_plan, sensitivity
from planner.studies.exit_tables import _without_rounding
from planner.workbook import Book
from planner.workbook.grid import Grid
from tests.models.desk import jin, make, read, refiner, sur
from tests.models.desk import solve_once as solve
from tests.models.stages import made, plant, stages

BELOW, ABOVE = 0.9, 1.1


@pytest.fixture(scope="module")
def plan() -> Plan:
    """50 t of Jin, who has 100 t at 10; Sur's 100 t at 20 are idle."""
    return solve(make(jin(), sur(), demand=50))


# ---- one function, two numbers -------------------------------------------------------------------


def _grown(case: Any, value: float) -> float | None:
    step = ScenarioStep(name="less", action="add capacity", value=value)
    return add_capacity(case, step).refiners[0].extra_usable.at(2026)


def _demand(tonnes: float) -> Demand:
    return Demand(mineral="copper", member="A", tonnes=((2026, tonnes),))


def _met(left: float) -> float:
    """Return the demand of an agreed plan that meets a part of a million tonnes."""
    plan: Any = Stub(case=Stub(tiers_of={}), value=lambda *_: 1e6 * (1.0 - left))
    return agreed_plan._with_met_demand(plan, _demand(1e6), (2026,)).tonnes[0][1]


def _built(part: float) -> float:
    project = Stub(name="P", begun=())
    case: Any = Stub(projects=[project], settings=Stub(whole_projects=True))
    return agreed_plan._rounded_build(case, ("P", 2026), part)


def _project(built: float) -> Any:
    return Stub(begun=((2026, built),))


def _moves(by: float) -> bool:
    old, new = {("tin", "a"): 100.0}, {("tin", "a"): 100.0 + by}
    return bool(changes.changed_amounts(old, new, ("mineral", "seller"), 1))


def _costs(by: float) -> bool:
    return bool(changes.minerals_that_differ([({("tin", 2026): 1e3}, {("tin", 2026): 1e3 + by})]))


def _changes_builds(lost: float) -> bool:
    """Return whether a number, not known in advance, costs enough to change what is built."""
    end: Any = Stub(kept_cost=lost, figures=Stub(objective=0.0))
    base: Any = Stub(objective=-1.0)
    return sensitivity.EndPlans(base, end, end).changes_builds == sensitivity.YES


def _smallest_cap(missing: float) -> tuple[float, list[float]]:
    """Return the smallest cap where a part is missing below a third, and the caps tried."""
    tried: list[float] = []

    def at(_: object, cap: float) -> _CappedPlan:
        tried.append(cap)
        return _CappedPlan(cap, Stub(), missing if cap < 1 / 3 else -1.0)  # type: ignore[arg-type]

    stub = Stub(
        _point_at=at, _restart=dict, _proven_end=lambda *_: None, _rows=Stub(whole=np.zeros(1))
    )
    found = _Caps.smallest_cap(stub, [0], 0.0)  # type: ignore[arg-type]
    assert found is not None
    return found, tried


def _agree(off: float) -> bool:
    """Return whether orders accept a row whose total, a million, is off by a fraction."""
    row = {"tonnes": 1.0, "unit_landed": 1e6, "unit_price": 1e6, "total_amount": 1e6 * (1 + off)}
    names = {"year": 2026, "mineral": "tin", "refiner": "R", "member": "A"}
    try:
        orders._refuse_changed(Stub(currency="USD"), pd.DataFrame([row | names]))  # type: ignore[arg-type]
    except InputError:
        return False
    return True


def _reported(off: float) -> bool:
    """Return whether a net sum of 1, and of its opposite off by a part of both, is 0."""
    return float(measures.net_sums(np.array([1.0, -1.0 + 2.0 * off]))) == 0.0


_EQUAL = {
    "a sum that cancels": (_reported, 1e-13),
    "demand": (lambda t: _demand(t).tonnes[0][1] == 0.0, 1e-9),
    "a difference": (lambda by: measures.difference(1 + by, 1, 1) == 0.0, 1e-9),
    "a change": (lambda by: measures.net_change(1 + by, 1) == 0.0, 1e-9),
    "a number of a total": (lambda by: words.without_noise(by, 1) == 0.0, 1e-9),
    "capacity that is left": (
        lambda left: _grown(read(make(jin())), -100.0 * (1.0 - left)) == -100.0, 1e-12,
    ),
    "demand that is left": (lambda left: _met(left) == 0.0, 1e-12),
    "an amount that moves": (lambda by: not _moves(100.0 * by), 1e-6),
    "a missing part": (lambda part: not chart._are_alike([part], [2e-4]), 1e-6),
    "the part of a plant": (lambda part: _built(1.0 - part) == 1.0, 1e-6),
    "a change of cost": (lambda by: sensitivity._is_same_change(1.0, 1.0 + by, 0.0), 1e-6),
    "what is worth knowing": (lambda lost: not _changes_builds(lost), 1e-6),
    "what a mineral keeps": (lambda by: measures.keeps_enough(0.8 - by), 1e-6),
    "a limit": (lambda by: measures.stays_within({2026: 0.5 + by}, 0.5) == 2026, 1e-6),
    "a share shown": (lambda part: words.share_words(part) == "under 0.1 %", 5e-4),
    "a share rounded up": (lambda by: words.minimum_share(0.5 + by) == "50.0 %", 1e-4 * 1e-3),
    "a total of a row": (_agree, 1e-6),
    "a cost": (lambda by: not _costs(1e3 * by), 1e-7),
    "a ratio": (lambda by: magnitude._is_far(10.0 * (1.0 - by), 1.0, 10.0), 1e-9),
    "parts of a plant": (lambda left: unbuilt(_project(1.0 - left)) == 0.0, 1e-9),
    "a dual": (lambda dual: explain._from_nothing(dual, 1.0) == 0.0, 1e-9),
    "two plans": (lambda by: _without_rounding(by, 1.0) == 0.0, 1e-5),
    "a number of a source": (lambda by: data_in._meets_condition(1.0 + by, "1"), 1e-12),
    "a coefficient": (lambda by: bool(compiled._close(np.array(1.0), np.array(1.0 + by))), 1e-12),
    "a slider": (lambda by: not differs(np.array([2e3 + 2e3 * by]), np.array([2e3]))[0], 1e-9),
    "a small slider": (lambda by: not differs(np.array([0.5 + by]), np.array([0.5]))[0], 1e-9),
    "a cap's further missing": (lambda part: _smallest_cap(part)[0] == 0.0, 1e-10),
    "a payment rounded up": (lambda by: Steps().step_at_least(123.0 * (1 + by)) == 23, 1e-12),
}  # fmt: skip


@pytest.mark.parametrize(("is_rounding", "limit"), _EQUAL.values(), ids=_EQUAL)
def test_rounding_is_what_is_below_the_limit(is_rounding: Any, limit: float) -> None:
    assert is_rounding(limit * BELOW)
    assert not is_rounding(limit * ABOVE)


def test_the_smallest_cap_is_found_to_a_hundred_thousandth() -> None:
    """The last steps halve what is between a cap that is enough and one that is not."""
    found, tried = _smallest_cap(0.5)
    below = max(cap for cap in tried if cap < 1 / 3)
    assert below < 1 / 3 <= found
    assert 0.4e-5 < found - below <= 1e-5


# ---- the proof -----------------------------------------------------------------------------------


def _program(cost: list[float], row: list[float], low: float, most: list[float]) -> LinearProgram:
    """Return a program of one row, at least ``low``; columns from 0 on."""
    n = len(cost)
    return LinearProgram(
        cost=np.array(cost), lower=np.zeros(n), upper=np.array(most),
        row_lower=np.array([low]), row_upper=np.array([np.inf]),
        starts=np.array([0, n]), columns=np.arange(n), values=np.array(row),
        whole=np.zeros(n, dtype=bool),
    )  # fmt: skip


def _certified(rows: LinearProgram, x: list[float]) -> Any:
    tonnes = np.ones(len(x), dtype=bool), np.ones(1, dtype=bool)
    starts = np.array([0, len(x)]), np.array([0, 1])
    return certify_blocks(rows, np.array(x), np.zeros(1), np.ones(1), tonnes=tonnes, starts=starts)


@pytest.mark.parametrize(("by", "passes"), [(BELOW, True), (ABOVE, False)])
def test_a_violation_is_relative_to_a_part_of_the_largest_terms(by: float, passes: bool) -> None:
    """Terms of 1e9 t: a ten-millionth of them is 100 t, and a millionth of that may be violated."""
    rows = _program([0.0, 0.0], [1.0, -1.0], 0.0, [1e10, 1e10])
    violation = _certified(rows, [5e8, 5e8 + by * 1e-4]).violation[0]
    assert (violation <= 1e-6) == passes


@pytest.mark.parametrize(("by", "passes"), [(BELOW, True), (ABOVE, False)])
def test_a_price_is_relative_to_a_fraction_of_the_dearest(by: float, passes: bool) -> None:
    """The dearest costs 1: a price of 1e-15 has the wrong sign by 1e-7 of a hundred-millionth."""
    rows = _program([1.0, -by * 1e-15], [1.0, 1.0], 0.0, [0.0, np.inf])
    assert (_certified(rows, [0.0, 0.0]).dual_infeasibility[0] <= 1e-7) == passes


@pytest.mark.parametrize(("by", "is_optimal"), [(BELOW, True), (ABOVE, False)])
def test_a_block_needs_no_solve_up_to_a_violation_and_gap(plan, by, is_optimal) -> None:
    x = plan.solver_x
    x[plan.program.flow[np.argmax(plan.delivered)]] -= by * 1e-11 * 50.0
    solver = block_solver.BlockSolver(plan.expanded, plan.program)
    checked = session._checks(solver, np.array([0]), (x, plan.discounted))
    assert checked[0].is_optimal is is_optimal


@pytest.mark.parametrize(("by", "needs_solve"), [(BELOW, False), (ABOVE, True)])
def test_a_block_surely_needs_a_solve_beyond_a_violation(plan, by, needs_solve) -> None:
    at, rows = plan.program.flow[np.argmin(plan.delivered)], plan.program.rows  # 0 t
    changed = dataclasses.replace(rows, lower=rows.lower.copy())
    changed.lower[at] = by * 1e-6
    point = session._Point(plan.program, rows, plan.solver_x, plan.discounted)
    assert point.refuted(changed).tolist() == [needs_solve]


@pytest.mark.parametrize(("by", "needs_solve"), [(BELOW, False), (ABOVE, True)])
def test_a_block_surely_needs_a_solve_beyond_a_gap(plan, by, needs_solve) -> None:
    """A purchase costs more by a billionth of the cost of all."""
    at, rows = plan.program.flow[np.argmax(plan.delivered)], plan.program.rows
    changed = dataclasses.replace(rows, cost=rows.cost.copy())
    changed.cost[at] += by * 1e-9 * plan.objective / plan.solver_x[at]
    point = session._Point(plan.program, rows, plan.solver_x, plan.discounted)
    assert point.refuted(changed).tolist() == [needs_solve]


@pytest.mark.parametrize(("by", "passed"), [(BELOW, "yes"), (ABOVE, "no")])
def test_cost_is_added_up_again_to_a_billionth(plan, by, passed) -> None:
    """50 t at 10 cost 500."""
    certificate = dataclasses.replace(plan.blocks[0].certificate, primal=500.0 * (1.0 + by * 1e-9))
    block = dataclasses.replace(plan.blocks[0], certificate=certificate)
    off = Plan(plan.case, [block], plan.expanded, plan.program)
    row = next(iter(_recount(Context(off, Book(plan.case)))))
    assert row["passed"] == passed


@pytest.mark.parametrize(("by", "is_same"), [(BELOW, True), (ABOVE, False)])
def test_a_figure_of_the_proof_is_repeated_to_a_millionth_of_its_tolerance(by, is_same) -> None:
    """Accepted is 1e-6, so 1e-12 between two machines."""
    columns: dict[int, list[object]] = {1: [1e-7], 2: [1e-6]}
    header: dict[int, object] = {1: Checks.value.header, 2: Checks.accepted.header}
    grid = Grid(Checks.TABLE, 1, header, [2], columns)
    rounding = compare._Rounding(grid, columns, {})
    assert compare._is_same(rounding, 1, 0, 1e-7, 1e-7 + by * 1e-12) is is_same
    assert not compare._is_same(rounding, 2, 0, 1e-6, 1e-6 + by * 1e-12 + 1e-14)


# ---- amounts of a plan ---------------------------------------------------------------------------


@pytest.mark.parametrize(("demand", "rows"), [(0.9e-6, 0), (1.1e-6, 1)])
def test_a_gram_and_less_is_no_flow(demand: float, rows: int) -> None:
    assert len(solve(make(jin(), demand=demand)).flows) == rows


@pytest.mark.parametrize(("by", "is_kept"), [(BELOW, False), (ABOVE, True)])
def test_a_value_below_a_billionth_of_the_need_is_0(plan, by, is_kept) -> None:
    idle = plan.program.flow[np.argmin(plan.delivered)]
    block = dataclasses.replace(plan.blocks[0], x=plan.solver_x)
    block.x[idle] = by * 1e-9 * 50.0
    changed = Plan(plan.case, [block], plan.expanded, plan.program)
    assert (changed.x[idle] > 0.0) == is_kept


@pytest.mark.parametrize(("by", "counts"), [(BELOW, False), (2 * ABOVE, True)])
def test_tonnes_are_scaled_by_need_unless_a_purchase_is_a_billion_times_as_large(
    by: float, counts: bool
) -> None:
    units = np.array([TONNES]), np.array([TONNES])
    scales = [
        choose_scaling(
            _program([1.0], [1.0], lump, [np.inf]), need=need, column_unit=units[0],
            row_unit=units[1],
        ).column[0]
        for need, lump in ((1.0, by * 1e9), (1.0, 1.0), (4.0, 1.0))
    ]  # fmt: skip
    assert (scales[0] != scales[1]) == counts
    assert scales[1] != scales[2]


@pytest.mark.parametrize(("most", "warned"), [(100.0 / 1.0009, False), (100.0 / 1.0011, True)])
def test_a_max_is_rounded_by_a_thousandth(most: float, warned: bool) -> None:
    """100 days of 365 t a year are 100 t."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": most, "Target (days)": 100}
    case = read(make(jin(capacity=1e3), demand=365, Stockpiles=[pile]))
    assert any(magnitude.targets_above_max(case)) is warned


@pytest.mark.parametrize(("ratio", "is_error"), [(1.1e-6, False), (0.9e-6, True)])
def test_a_tonne_needs_a_gram_of_an_input_at_least(ratio: float, is_error: bool) -> None:
    plants = [plant("O", "ore", "CHN", 1), plant("M", "metal", "CHL", 1)]
    book = stages({"ore": 50, "metal": 100}, plants, [made("metal", "ore", ratio)], {"metal": 1})
    with pytest.raises(InputError) if is_error else nullcontext():
        read(book)


# ---- prices and payments -------------------------------------------------------------------------


@pytest.mark.parametrize(("by", "is_gap"), [(BELOW, False), (ABOVE, True)])
def test_a_gap_of_a_ten_millionth_of_the_landed_cost_is_none(plan, by, is_gap) -> None:
    gap, landed = np.full((2, 1), by * 1e-7 * 20.0), np.full((2, 1), 20.0)
    assert (gaps._gaps_of_free_plants(plan, gap, landed, np.zeros(0)) > 0).any() == is_gap


@pytest.mark.parametrize(("by", "is_tight"), [(BELOW, True), (ABOVE, False)])
def test_a_column_is_used_at_a_reduced_cost_of_a_ten_millionth(plan, by, is_tight) -> None:
    pricing = Pricing(plan)
    row = plan.program.row_starts[0]
    columns = [c for c, _ in plan.row_entries(row)]
    pricing.__dict__["reduced"] = np.full(len(plan.x), by * 1e-7)
    assert pricing.tight(row) == (columns if is_tight else [])


@pytest.mark.parametrize(("cheaper", "payment"), [(1e-6, 1e-5), (2e-5, 2e-5)])
def test_a_payment_is_a_hundred_thousandth_of_a_tonne_at_least(cheaper, payment) -> None:
    """Sur costs 0.9, and Jin a little less: Sur runs for the difference, but for no less."""
    plants = refiner("Jin", "CHN", 100, 0.9 - cheaper), refiner("Sur", "CHL", 100, 0.9)
    needed = payments(solve(make(*plants)), "copper")
    assert needed[0].payment == pytest.approx(payment, rel=0.11)


@pytest.mark.parametrize(("below", "step"), [(3.3e-6, 0), (2.7e-6, 1)])
def test_a_payment_that_ties_is_followed_by_the_next_step(below: float, step: int) -> None:
    """Three millionths, three times what a payment that works may be lower."""
    assert Steps().step_above(100.0 * (1.0 - below)) == step


# ---- changes, policies and games -----------------------------------------------------------------


@pytest.mark.parametrize(("by", "is_good"), [(BELOW, True), (ABOVE, False)])
def test_a_plan_for_all_futures_is_as_good_to_a_billionth(by: float, is_good: bool) -> None:
    risky, plain = (Stub(costs=np.array([cost])) for cost in (100.0, 100.0 + by * 1e-7))
    found = futures._as_good(risky, plain, np.ones(1), Tail())  # type: ignore[arg-type]
    assert found == is_good


@pytest.mark.parametrize(("units", "kept"), [(0.9e-9, []), (1.1e-9, [0])])
def test_a_change_of_a_billionth_of_a_unit_is_none(units: float, kept: list[int]) -> None:
    asked: Any = Stub(
        rows=Stub(upper=np.zeros(3)), left=0, need=1.0, change=slice(1, 2),
        _units=lambda upper: np.array([0.0 if upper[1] == 0 and upper[2] else units]),
    )  # fmt: skip
    assert [*ChangeSearch.smallest_change(asked, 0.0)] == kept


@pytest.mark.parametrize(("off", "are_own"), [(BELOW, True), (ABOVE, False)])
def test_bills_at_other_prices_are_the_same_to_a_ten_millionth_of_cost(
    monkeypatch, off, are_own
) -> None:
    bills = np.array([40.0, 60.0])
    pool: Any = Stub(
        together=Stub(bills=bills), divided=Stub(members=2), restart=lambda: None, scale=100.0
    )
    monkeypatch.setattr(cost_sharing, "_coalition_bills", lambda *_: bills + off * 1e-5)
    assert (cost_sharing.dual_bills(pool).least is bills) == are_own


@pytest.mark.parametrize(("off", "are_prices"), [(BELOW, True), (ABOVE, False)])
def test_bills_add_up_to_the_cost_to_a_billionth(off: float, are_prices: bool) -> None:
    own, other = np.array([40.0, 60.0]), np.array([50.0, 50.0 + off * 1e-7])
    pool: Any = Stub(
        together=Stub(bills=own, cost=100.0), scale=100.0, cost=lambda _: Stub(bills=other)
    )
    assert (cost_sharing._coalition_bills(pool, np.zeros(2)) is other) is are_prices


@pytest.mark.parametrize(("limit", "rows"), [(BELOW, 1), (ABOVE, 2)])
def test_a_row_is_added_if_it_is_tighter_by_a_millionth(limit: float, rows: int) -> None:
    """x + y <= 10 of a plant built or not, and x can be a little less than 10."""
    row = dataclasses.replace(
        _program([1.0, 1.0, 1.0], [1.0, 1.0, -10.0], -np.inf, [10.0 - limit * 1e-5, 20.0, 1.0]),
        row_upper=np.zeros(1), whole=np.array([False, False, True]),
    )  # fmt: skip
    assert len(tightened(row).row_lower) == rows


@pytest.mark.parametrize(("weight", "kept"), [(0.9e-12, 0.0), (1.1e-12, 1.1e-12)])
def test_a_weight_of_a_policy_of_a_trillionth_is_none(monkeypatch, weight, kept) -> None:
    solution = Stub(x=np.array([1.0, weight]), duals=np.zeros(1))
    monkeypatch.setattr(recourse, "first_proven", lambda *_: (solution, Stub(primal=1.0)))
    asked: Any = Stub(
        limits=np.zeros(0),
        chances=np.ones(1),
        weight=0.0,
        unit=1.0,
        _scenario_weights=lambda duals: duals,
    )
    policy: Any = Stub(costs=np.ones(1), limit_use=np.zeros(0))
    weights, *_ = recourse.MasterProblem._master(asked, [[policy, policy]])
    assert weights[0][1] == pytest.approx(kept, rel=1e-3)


def test_the_plain_plans_amounts_are_fixed_to_a_billionth_and_a_trillionth(plan) -> None:
    """Of 50 t: 1e-9 of the demand, and 1e-12 of the largest need."""
    state = np.zeros((1, 1), dtype=np.int64)
    variation = Variation(plan.expanded, plan.program)
    future = futures.Future(CaseSteps(), 1.0, state)
    joint = futures._JointProgram(variation, plan.x, [future], state, Tail(), 1.0)
    rows, flow = joint.with_plain_plan_fixed(), plan.program.flow[np.argmax(plan.delivered)]
    at = joint.place[flow]
    assert 50.0 - rows.lower[at] == pytest.approx(50.0 * 1.001e-9, rel=1e-4)
    assert rows.upper[at] - 50.0 == pytest.approx(50.0 * 1.001e-9, rel=1e-4)


@pytest.mark.parametrize(("gain", "joins"), [(4e-9, 0.0), (6e-9, 1.0)])
def test_a_group_grows_for_a_gain_of_five_billionths(monkeypatch, gain, joins) -> None:
    """The second member's bill alone is 0; in the split it pays a little."""
    asked = list[LinearProgram]()

    def solved(solve: Any) -> Any:
        asked.append(solve.args[0])
        return Stub(x=np.array([0.0, 0.0, 0.0]))

    monkeypatch.setattr(cost_sharing.highs, "first_solved", solved)
    pool: Any = Stub(planned={(): Stub(bills=np.array([1.0, 0.0]))}, scale=1.0)
    cost_sharing._most_left(pool, np.array([1.0, gain]), whole=True)
    assert (asked[0].cost[1] < 0.0) == joins
