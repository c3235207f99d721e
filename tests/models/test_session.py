"""Sessions: a variant started from what was solved before is the variant solved from scratch."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import planner
from models.case import Case, CaseStep, Selection
from models.errors import InputError, SolverError
from models.plan import BUDGET, BUILT, Plan, Session, solve
from models.plan import session as session_module
from models.program import build_program, fit
from models.resolve import Expanded
from models.schema import ByYear, ScenarioStep
from models.solve import LinearProgram, Solution, highs
from models.solve.highs import PersistentSolver
from planner.scenarios import ACTIONS, drop_share_limits, set_max_country_share
from planner.scenarios.actions import ActionKind
from planner.studies.draws import waive
from tests.budget import at_length
from tests.models.desk import read
from tests.models.test_laws import draw
from tests.reference.cases import SECURE, random_book

TUTORIAL, MAGNETS = (
    Path(__file__).parents[2] / "inputs" / f"{name}.xlsx" for name in ("tutorial", "magnets")
)


def step(action: str, **selectors: Any) -> ScenarioStep:
    """Return a step of a scenario."""
    return ScenarioStep(name="what if", action=action, **selectors)


def waived(case: Case, years: Collection[int]) -> Case:
    """Return the case struck by a draw in some years: its share limits do not hold there."""
    return waive(case, Selection(years=frozenset(years)))


def variants(case: Case) -> list[Case]:
    """Return variants that change limits, right-hand sides, costs, bounds and what exists."""
    found = [set_max_country_share(case, share) for share in (0.8, 0.6, 0.5, 0.4, 0.3)]
    found += [drop_share_limits(case), waived(case, case.years[len(case.years) // 2 :][:1])]
    for country in sorted({r.country for r in case.refiners}):
        found += [
            ACTIONS["scale capacity"](case, step("scale capacity", country=country, value=0.0)),
            ACTIONS["scale demand"](case, step("scale demand", value=1.3)),
            ACTIONS["scale cost"](case, step("scale cost", country=country, value=1.3)),
            ACTIONS["block lanes"](case, step("block lanes", country=country)),
            ACTIONS["set lane max"](case, step("set lane max", country=country, value=1.0)),
        ]
    if case.members:
        name = case.members[0].name
        found.append(ACTIONS["remove member"](case, step("remove member", member=name)))
    return found


def same(one: Plan, other: Plan) -> bool:
    """Return whether two plans are equal to the bit."""
    return bool(
        one.objective == other.objective
        and (one.delivered == other.delivered).all()
        and one.values == other.values
        and one.duals == other.duals
    )


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(2, 8)))
def test_variants_equal_a_solve_from_scratch(seed: int) -> None:
    """The same objective to 1e-9, whatever the variant changes, in a chain and from the base."""
    case = read(draw(seed))
    session = Session(case)
    assert same(session.base, solve(case))
    for again in (False, True):
        for variant in variants(case):
            if again:
                session.restart()
            plan, true = session.solve(variant), solve(variant)
            assert plan.objective == pytest.approx(true.objective, rel=1e-9, abs=1e-6)
            assert plan.proof.violation <= plan.proof.allowed
            assert plan.case == variant


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(2, 8)))
def test_history_leaves_no_trace(seed: int) -> None:
    """After a restart a chain gives the same bits, whatever the session solved before."""
    case = read(draw(seed))
    chain = variants(case)
    fresh, worn = Session(case), Session(case)
    for variant in reversed(chain):
        worn.solve(variant)
    worn.restart()
    for variant in chain:
        assert same(fresh.solve(variant), worn.solve(variant))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("action", "value"),
    [
        ("scale cost", 1.2),
        ("scale freight", 1.5),
        ("scale demand", 1.1),
        ("block lanes", None),
        ("raise tariff", 0.2),
    ],
)
def test_refused_steps_leave_no_trace(action: str, value: float | None) -> None:
    """After a restart ``vary`` gives the same bits, whatever steps of the kind it refused before.

    A plant's input belongs to its seller and to the plant, so steps of one country are refused.
    """
    case = planner.read(MAGNETS).case
    kind = ActionKind(step(action, value=value))
    fresh, worn = Session(case, is_compared=False), Session(case, is_compared=False)
    assert worn.vary([CaseStep(kind, Selection(country=case.refiners[0].country))]) is None
    worn.restart()
    late = [CaseStep(kind, Selection(years=frozenset(case.years[-1:])))]
    plans = [session.vary(late) for session in (fresh, worn)]
    assert plans[0] is not None
    assert plans[1] is not None
    assert same(plans[0], plans[1])


@pytest.mark.parametrize("seed", range(6))
def test_plans_travel(seed: int) -> None:
    """A plan sent to another process says there what it says here."""
    case = read(draw(seed))
    session = Session(case)
    for plan in (solve(case), session.base, *(session.solve(v) for v in variants(case)[:6])):
        assert same(pickle.loads(pickle.dumps(plan)), plan)


def warm() -> Case:
    """Return the first random book whose variants with other caps all fit its base's layout."""

    def fits(case: Case) -> bool:
        base = build_program(Expanded(case))
        capped = build_program(Expanded(case).changed(set_max_country_share(case, 0.4)), base.names)
        return bool((fit(capped, base).of_block >= 0).all())

    books = map(read, map(draw, range(40)))
    return next(c for c in books if not c.settings.whole_projects and fits(c))


def test_what_is_as_before_is_not_solved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit that does not bind can be relieved without a run of the solver."""
    case = warm()
    session = Session(case)
    wide = set_max_country_share(case, 1.0)
    assert session.base.proof.retries == ()
    session.solve(wide)

    def never(_: PersistentSolver) -> Solution:
        msg = "solved again"
        raise AssertionError(msg)

    monkeypatch.setattr(PersistentSolver, "run", never)
    plan = session.solve(wide)
    assert {block.attempt for block in plan.blocks} == {"as before"}


@pytest.mark.parametrize("value", [0.2, 0.5, 0.9, 1.0, 2.0])
def test_kept_builds_cost_the_same_whatever_the_budget(value: float) -> None:
    """The base's builds miss a smaller budget, which then does not apply; a larger one holds."""
    session = Session(planner.read(TUTORIAL).case, is_local=True)
    budget = CaseStep(ActionKind(step("scale budget", value=value)))
    plan = session.vary([budget])
    assert plan is not None
    assert (plan.objective > 1.001 * session.base.objective) == (value < 1.0)
    session.restart()
    kept = session.with_base_amounts(plan, BUILT, BUDGET)
    assert kept.objective == pytest.approx(session.base.objective, rel=1e-9)


def test_a_run_that_goes_on_for_too_long_is_solved_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unperturbed, the simplex method may go in circles: its iterations have an end."""
    monkeypatch.setattr(
        session_module, "AGAIN", dataclasses.replace(highs.AGAIN, max_iterations_per_size=0)
    )
    case = read(random_book(np.random.default_rng([3, 1]), 3, SECURE))
    session, failed = Session(case), list[str]()
    for variant in variants(case):
        plan = session.solve(variant)
        failed += plan.proof.retries
        assert plan.objective == pytest.approx(solve(variant).objective, rel=1e-9)
    assert any(of.startswith("from the plan before") and "Iteration limit" in of for of in failed)


def test_limits_that_are_waived_in_some_years_fit_their_base() -> None:
    """They are rows that bind nothing, whatever rows of Share limits the others are split into."""
    for seed in range(12):
        case = read(random_book(np.random.default_rng([55, seed]), 3, SECURE))
        base = build_program(Expanded(case))
        for years in (case.years[:1], case.years[1:2], case.years[1:]):
            variant = waived(case, years)
            own = build_program(Expanded(case).changed(variant), base.names)
            assert (fit(own, base).of_block >= 0).all()


def test_rows_of_share_limits_never_share_a_place() -> None:
    """Rows alike but for the share, of overlapping years, hard, soft, least and of ore."""
    rows = 0
    for seed in range(12):
        case = read(random_book(np.random.default_rng([55, seed]), 3, SECURE))
        again = [
            dataclasses.replace(
                row,
                share=ByYear(0.5),
                first_year=first,
                last_year=last,
            )
            for row in case.share_limits
            for first, last in ((None, None), (case.years[0], case.years[0]), (3000, 3001))
        ]
        twice = case.change(share_limits=(*case.share_limits, *again))
        base = build_program(Expanded(twice))
        for variant in (twice, case, waived(twice, case.years[:1])):
            own = fit(build_program(Expanded(twice).changed(variant), base.names), base)
            for places in (own.columns, own.rows):
                there = places[places >= 0]
                assert len(np.unique(there)) == len(there)
            rows += (own.rows >= 0).sum()
    assert rows > 1000


def test_contradictions_are_refused() -> None:
    """A variant that breaks a rule is an InputError, and the session goes on."""
    case = read(draw(1))
    session = Session(case)
    refiner = dataclasses.replace(case.refiners[0], mineral="unobtainium")
    with pytest.raises(InputError):
        session.solve(case.change(refiners=(refiner, *case.refiners[1:])))
    assert same(session.solve(case), solve(case))


# ---- the hand-over broken on purpose -----------------------------------------------------------


def loosened(rows: LinearProgram) -> LinearProgram:
    """A fault: no row binds."""
    none = np.full_like(rows.row_upper, np.inf)
    return dataclasses.replace(rows, row_lower=-none, row_upper=none)


def nothing(rows: LinearProgram) -> LinearProgram:
    """A fault: a tenth of the demand."""
    both = rows.row_lower == rows.row_upper
    low, high = rows.row_lower.copy(), rows.row_upper.copy()
    low[both] *= 0.1
    high[both] *= 0.1
    return dataclasses.replace(rows, row_lower=low, row_upper=high)


def free(rows: LinearProgram) -> LinearProgram:
    """A fault: all costs as they should not be."""
    return dataclasses.replace(rows, cost=rows.cost[::-1].copy())


def no_number(rows: LinearProgram) -> LinearProgram:
    """A fault: a cost that is not a number."""
    return dataclasses.replace(
        rows, cost=np.where(np.arange(len(rows.cost)) == 0, np.nan, rows.cost)
    )


@pytest.mark.parametrize("fault", [loosened, nothing, free, no_number])
def test_changed_in_place_wrongly(
    fault: Callable[[LinearProgram], LinearProgram], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is changed wrongly in the solver shows in the proof; the block is solved cold."""
    case = warm()
    variant = ACTIONS["scale demand"](set_max_country_share(case, 0.4), step("x", value=1.7))
    true = solve(variant)
    session = Session(case)
    assert session.base.proof.retries == ()
    change = PersistentSolver.change_program
    monkeypatch.setattr(
        PersistentSolver, "change_program", lambda self, rows: change(self, fault(rows))
    )
    plan = session.solve(variant)
    assert plan.objective == pytest.approx(true.objective, rel=1e-9)
    assert any(said.startswith("from the plan before") for said in plan.proof.retries)


def test_returned_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solution that is not the variant's is refused, and told as an attempt that failed."""
    case = warm()
    variant = ACTIONS["scale demand"](case, step("x", value=1.7))
    true = solve(variant)
    session = Session(case)
    assert session.base.proof.retries == ()
    run = PersistentSolver.run

    def faulty(self: PersistentSolver) -> Solution:
        found = run(self)
        return dataclasses.replace(found, x=found.x * 1.01) if session_is_warm else found

    session_is_warm = True
    monkeypatch.setattr(PersistentSolver, "run", faulty)
    with pytest.raises(SolverError):  # every attempt is broken: no plan comes out
        session.solve(variant)
    session_is_warm = False
    assert session.solve(variant).objective == pytest.approx(true.objective, rel=1e-9)
