"""Compare --unforeseen: what was decided before a year stands; hand sums, and laws on any book."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.case import Case, FixedDecisions
from models.errors import PlannerError
from models.plan import BUILT, REST, Plan, Session
from models.plan import solve as solve_case
from models.program.component import columns_named
from planner import scenarios
from planner.scenarios import Variant
from planner.studies import Here
from planner.studies.agreed_plan import Unforeseen, decisions_before
from planner.studies.cases import ComparedCase, compared_cases, plan_cases, with_unforeseen
from planner.studies.engine import Outcomes
from planner.workbook import read_tables
from tests.budget import at_length, few
from tests.models.desk import BookT, cost, jin, make, one, short, sur, tonnes
from tests.models.test_hand_built import begun, built
from tests.models.test_hand_projects import budget, plant, shelf
from tests.reference.cases import SECURE, random_book
from tests.scenarios.draws import ACTIONS, draw_step
from tests.scenarios.what_if import NAME, step, with_steps

near = pytest.approx
YEARS = (2026, 2027, 2028)


def plans_of(book: BookT, year: int, *steps: dict[str, Any], **asked: Any) -> tuple[Plan, ...]:
    """Return the base's plan, that of the scenario foreseen, and that of it unforeseen."""
    case = read_tables(with_steps(book, *steps) if steps else book).case
    variant = Variant(NAME if steps else "Base", **asked)
    base = solve_case(case)
    late = Unforeseen(variant, decisions_before(base, year))(case)
    plan = Session(case).solve(late)
    assert solve_case(late).objective == near(plan.objective)  # and its model is the same
    return base, solve_case(variant(case)), plan


def reserve(**more: float) -> dict[str, Any]:
    """Return a reserve of A, which holds nothing unless it pays."""
    return {"Mineral": "copper", "Member": "A", "Max (t)": 1000, "Opening (t)": 0} | more


def test_what_is_not_known_is_not_stored_for() -> None:
    """Nobody sells in 2027. Known: 100 of Sur are stored in 2026: 1,000 + 2,000 = 3,000.

    Not known: 2026 is as planned without it, 1,000; 100 t are short in 2027, at 500.
    """
    book = make(jin(), sur(), years=(2026, 2027), Stockpiles=[reserve()])
    lost = step("scale capacity", 0, First_year=2027)
    base, known, late = plans_of(book, 2027, lost)
    assert base.objective == near(2000)
    assert known.objective == near(3000)
    assert late.objective == near(1000 + 50_000)
    assert tonnes(late, year=2026) == near(100)
    assert short(late, year=2027) == near(100)


def test_what_was_stored_is_there() -> None:
    """The base stores Jin's 100 for 2027, when Jin costs 10 x 4: 2026 200 t, 2,000; 2027 0.

    Jin's cost stays 10 in the scenario of 2027 that halves demand: 50 t are left, 2,000 all the
    same. Known, 150 t are bought, 1,500.
    """
    book = make(jin(200), sur(0), years=(2026, 2027), Stockpiles=[reserve()])
    book["Refiners"][0] |= {"Cost 2027 (USD/t)": 40}
    base, known, late = plans_of(book, 2027, step("scale demand", 0.5, First_year=2027))
    assert [p.objective for p in (base, known, late)] == near([2000, 1500, 2000])
    assert one(late.stocks, year=2027)["closing"] == near(50)


def test_a_build_begun_stands() -> None:
    """A plant of lead time 1 is begun in 2026 for 2027, capital 1e6; 100 t a year from 2027 on.

    From 2027 on Sur sells 100 t at 20: known, 2 x 2,000 and no plant. Not known before 2027: the
    plant is there, 1e6 + 2 x 1,000. Not known before 2026, the first year: known.
    """
    late_plant = plant(**{"Lead time (yr)": 1, "First year": 2027})
    book = shelf(late_plant, years=YEARS)
    book["Refiners"].append(sur(0))
    book["Demand"][0]["2026"] = 0
    more = step("add capacity", 100, Refiner="Sur", First_year=2027)
    base, known, late = plans_of(book, 2027, more)
    assert base.objective == near(1_002_000)
    assert known.objective == near(4000)
    assert late.objective == near(1_002_000)
    assert cost(late, "capital") == near(1e6)
    assert plans_of(book, 2026, more)[2].objective == near(4000)


def test_a_build_not_begun_is_free() -> None:
    """As above with a budget of half the plant in 2026 and 2027 each: half of it stands.

    Base: half runs in 2027, all in 2028; each half has its capital over two years, of which the
    second's last lies beyond: 500,000 + 250,000, 50 t short in 2027, 150 t at 10. Unforeseen: the
    first half runs, 500,000 + 2 x 500; Sur sells the other 50 t a year, 2 x 1,000.
    """
    late_plant = plant(**{"Lead time (yr)": 1, "First year": 2027})
    book = shelf(late_plant, years=YEARS, Budget=budget(y2026=0.5, y2027=0.5))
    book["Refiners"].append(sur(0))
    book["Demand"][0]["2026"] = 0
    more = step("add capacity", 100, Refiner="Sur", First_year=2027)
    base, _, late = plans_of(book, 2027, more)
    assert base.objective == near(750_000 + 50 * 100_000 + 1500)
    assert late.objective == near(500_000 + 1000 + 2000)
    assert one(late.projects, year=2027)["built"] == near(0.5)
    assert one(late.projects, year=2028)["built"] == near(0)


@pytest.mark.parametrize(("lead", "is_built"), [(1, True), (2, False)])
def test_a_scenario_builds_only_what_it_can_begin(lead: int, is_built: bool) -> None:
    """Built for 2028 with a lead time of 1 it is begun in 2027; of 2 it would be in 2026."""
    dear = plant(**{"Lead time (yr)": lead, "First year": 2028, "Capex (USD m)": 1000})
    book = shelf(dear, years=YEARS)
    _, known, late = plans_of(book, 2027, step("build project", First_year=2028))
    assert one(known.projects, year=2028)["built"] == near(1)
    assert one(late.projects, year=2028)["built"] == near(1 if is_built else 0)


# ---- plants that are begun in part ---------------------------------------------------------------


@pytest.mark.parametrize("row", [(2027, 0.5), (2025, 0.5), (2026, 0.25)])
@pytest.mark.parametrize("whole", ["no", "yes"])
def test_a_scenario_completes_what_built_says_is_begun(row: tuple[int, float], whole: str) -> None:
    """No budget is left, so the base builds nothing; from 2027 on the rest is built for 2028."""
    book = begun(row, budget=0, Whole_projects=whole)
    base, _, late = plans_of(book, 2027, step("build project", First_year=2028))
    assert built(base)[2028] == 0
    assert built(late)[2028] == near(1 - row[1])


def test_a_scenario_completes_no_plant_that_the_plan_has_begun() -> None:
    """The base pays for the rest in 2026; what is built for 2027 stays as it is."""
    book = begun((2026, 0.5), budget=0.001)
    base, _, late = plans_of(book, 2027, step("build project", First_year=2028))
    assert built(base)[2027] == near(0.5)
    assert built(late) == near(built(base))


@pytest.mark.parametrize("off", [1e-7, -1e-7, 0.0])
def test_what_is_built_whole_is_kept_without_rounding(off: float) -> None:
    """The solver's 0.9999999 of what is left is all of it: 0.6 of the plant, decided in 2027."""
    case = read_tables(begun((2027, 0.4), Whole_projects="yes")).case
    plan = solve_case(case)
    for columns in (BUILT, REST):
        plan.x[plan.column_at(columns, ("P", 2028))] *= 1.0 + off
    kept = {(name, key): t for name, key, t in decisions_before(plan, 2028).amounts}
    assert kept["rest_built", ("P", 2028)] == 1.0
    assert kept["built", ("P", 2028)] == 1.0 - 0.4
    late = Unforeseen(Variant("Base"), decisions_before(plan, 2028))(case)
    assert solve_case(late).objective == near(plan.objective)


def test_effects_before_the_year_did_not_happen() -> None:
    """A cap of half in all years: 2026 as in the base, 1,000; 2027 50 x 10 + 50 x 20 = 1,500."""
    book = make(jin(), sur(), years=(2026, 2027))
    base, known, late = plans_of(book, 2027, max_country_share=0.5)
    assert [p.objective for p in (base, known, late)] == near([2000, 3000, 2500])
    limit = {"Limit": "max", "Supplier group": "country", "Share": 0.5}
    book["Share limits"] = [limit]
    base, known, late = plans_of(book, 2027, step("drop share limits"))
    assert [p.objective for p in (base, known, late)] == near([3000, 2000, 2500])
    base, known, late = plans_of(book, 2027, step("scale cost", 2, Last_year=2026))
    assert [p.objective for p in (base, known, late)] == near([3000, 4500, 3000])


def test_a_contract_is_taken_as_agreed() -> None:
    """A contract of 100 at 15 with Sur, spot 20; in the base Jin, 10, sells 60 of 100 a year.

    2026: 60 x 10 + 40 x 15 = 1,200 whatever comes; in 2027 Jin sells 100: 1,000. Known: the same.
    """
    contract = {"Refiner": "Sur", "Mineral": "copper", "Member": "A", "Price (USD/t)": 15}
    contract |= {"Min (t/yr)": 0, "Max (t/yr)": 100, "First year": 2026, "Last year": 2027}
    book = make(jin(60), sur(), years=(2026, 2027), Contracts=[contract])
    more = step("add capacity", 40, Refiner="Jin", First_year=2027)
    base, known, late = plans_of(book, 2027, more)
    assert [p.objective for p in (base, known, late)] == near([2400, 2200, 2200])
    assert tonnes(late, refiner="Sur", year=2026) == near(40)
    assert set(late.flows[late.flows["year"] == 2026]["contract"]) == {-1, 0}


def test_two_equal_contracts_are_each_taken_as_agreed() -> None:
    """Two of 20 t at 3, spot 5, demand 30: 20 + 10 in each year, 90."""
    contract = {"Refiner": "Jin", "Mineral": "copper", "Member": "A", "Price (USD/t)": 3}
    contract |= {"Min (t/yr)": 0, "Max (t/yr)": 20}
    book = make(jin(), demand=30, years=(2026, 2027), Contracts=[contract, dict(contract)])
    base, _, late = plans_of(book, 2027, step("scale capacity", 1, First_year=2027))
    holds_what_was_decided(base, late, 2027)
    assert [p.objective for p in (base, late)] == near([180, 180])


# ---- of any book ---------------------------------------------------------------------------------


def study(case: Case, year: int) -> tuple[list[ComparedCase], Outcomes[Plan]]:
    """Plan the scenarios of a case, foreseen and unforeseen."""
    cases = compared_cases(case, scenarios.scenario_names(case), None)
    return plan_cases(case, with_unforeseen(case, cases, year), Here(), None)


@pytest.mark.slow
@pytest.mark.parametrize("action", few((a for a in ACTIONS if a != "remove member"), 7))
def test_not_to_know_is_never_cheaper(action: str) -> None:
    """On random books: against the same events known from the first year; what was decided stands.

    Of the first year the two plans are one, to the bit.
    """
    planned = 0
    for seed in range(1, 7):
        if planned == at_length(1, 3):  # books that take their time, and are enough
            break
        book = random_book(np.random.default_rng([91, seed]), 2 + seed % 2, SECURE)
        row = draw_step([92, seed], book, action)
        if row is None:
            continue
        years = read_tables(book).case.years
        year = years[1] if len(years) > 1 else years[0]
        if "First year" in row or action not in {"set max country share", "drop share limits"}:
            row = row | {"First year": year, "Last year": None}
        if action == "build project":
            row.pop("Last year")
        case = read_tables(with_steps(book, row)).case
        cases, found = study(case, year)
        of = {outcome.name: outcome for outcome in found}
        base, late = found[0], of.get(cases[-1].name)
        if base.result is None or late is None or not cases[-1].foreseen:
            continue  # the scenario contradicts the rules, or does nothing from the year on
        known = of[cases[-1].foreseen]
        assert late.result is not None, late.error
        planned += 1
        assert late.objective >= known.objective - 1e-6 * abs(known.objective)
        holds_what_was_decided(base.result.plan, late.result.plan, year)
        _, (_, first, again) = study(case, years[0])
        assert first.result is not None
        assert again.result is not None
        assert np.array_equal(first.result.plan.x, again.result.plan.x)
        assert np.array_equal(first.result.plan.prices, again.result.plan.prices)
    assert planned


def holds_what_was_decided(base: Plan, late: Plan, year: int) -> None:
    """Compare every decision of earlier years, and what follows from them in these years."""
    there, here = decisions_before(base, year), decisions_before(late, year)
    of = {(name, key): amount for name, key, amount in there.amounts}
    found = {(name, key): amount for name, key, amount in here.amounts}
    assert found == near(of)
    before = [plan.supply[plan.supply["year"] < year] for plan in (base, late)]
    assert before[1]["short"].to_numpy() == near(before[0]["short"].to_numpy(), abs=1e-6)


def test_every_decision_says_when_it_is_taken() -> None:
    """Flows, ore, stocks and builds are decided; all else follows from them."""
    names = ("spot", "contracted", "ore", "stock", "built")
    assert all(columns_named(name).decided is not None for name in names)
    others = ("shortage", "untaken", "stock_shortfall", "switched", "excess", "tier_shortage")
    assert all(columns_named(name).decided is None for name in others)


def test_what_removes_a_member_has_no_year() -> None:
    """It is left out, and a warning says so."""
    book = make(jin(), demand={"A": 50, "B": 50}, years=(2026, 2027))
    case = read_tables(with_steps(book, step("remove member", Member="B"))).case
    cases = with_unforeseen(case, compared_cases(case, (NAME,), None), 2027)
    assert [each.name for each in cases] == ["Base", NAME]
    (said,) = cases[1].warnings
    assert "`remove member` holds for all years" in said.message


def test_without_a_base_nothing_unforeseen_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was decided is not known; the others say so."""
    solve = Session.solve

    def failing(self: Session, case: Case) -> Plan:
        if case.scenario == "Base":
            msg = "no proven optimum"
            raise PlannerError(msg)
        return solve(self, case)

    monkeypatch.setattr(Session, "solve", failing)
    book = make(jin(), sur(), years=(2026, 2027))
    lost = step("scale capacity", 0, Refiner="Jin", First_year=2027)
    _, (base, known, late) = study(read_tables(with_steps(book, lost)).case, 2027)
    assert base.result is None
    assert known.objective == near(3000)
    kept = "not run: the base, whose earlier decisions are kept"
    assert late.error == f"{kept}, has no proven plan: no proven optimum"


def test_nothing_decided_is_0() -> None:
    """A column that the earlier plan did not use stays at 0 before the year, and is free after."""
    case = read_tables(make(jin(), sur(), years=(2026, 2027))).case
    plan = solve_case(case.change(fixed_decisions=FixedDecisions(2027)))
    assert plan.objective == near(50_000 + 1000)


# ---- plants that are late as a surprise ----------------------------------------------------------


@pytest.mark.parametrize(
    ("year", "late", "parts"),
    [
        (2027, {"First year": None}, {2028: 0.5}),
        (2027, {"First year": 2028}, {2027: 0.5}),
        (2028, {"First year": None}, {2027: 0.5}),
        (2026, {"First year": None}, {2028: 0.5}),
    ],
)
@pytest.mark.parametrize("row", [True, False])
def test_what_is_begun_is_late_as_a_surprise(
    year: int, late: dict[str, Any], parts: dict[int, float], row: bool
) -> None:
    """Half of the plant is due in 2027, paid in 2026: by the sheet Built, or by the plan's budget.

    Late by a year, it is charged as before, and nothing else can be paid.
    """
    book = begun(*([(2027, 0.5)] if row else []), budget=0)
    book["Budget"][0]["Capex (USD m)"] = 0.001
    base, _, plan = plans_of(book, year, step("delay project", 1, **late))
    assert built(base)[2027] == near(0.5)
    if year > 2026 or row:
        assert {y: part for y, part in built(plan).items() if part} == near(parts)
        assert cost(plan, "capital") == near(1000)
