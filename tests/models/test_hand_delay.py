"""Plants that are late, by hand: their output, their capital, their budget, what is built again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.case import Case
from models.plan import Plan
from models.plan import solve as solve_case
from models.plan.by_model import solve_model
from models.resolve import free_budgets
from models.schema import ScenarioStep
from planner.scenarios.actions import apply_steps
from tests.models.desk import BookT, cost, jin, make, read

near = pytest.approx
YEARS = (2026, 2027, 2028, 2029, 2030)
PLANT = {
    "Project": "P", "Refiner": "New", "Mineral": "copper", "Country": "AUS", "Owner": "Acme",
    "Capacity (t/yr)": 40, "Capex (USD m)": 0.003, "Cost (USD/t)": 5, "First year": 2026,
    "Lead time (yr)": 1, "Life (yr)": 3,
}  # fmt: skip
"""3,000 of capital, charged as 1,000 in each of three years."""


def late(
    *steps: ScenarioStep,
    rows: tuple[tuple[int, float], ...] = (),
    budget: dict[int, float] | None = None,
    whole: bool = False,
    **plant: Any,
) -> Case:
    """Return a case of Jin with 60 of the 100 t that are needed, and a plant of 40 t at 5.

    ``budget`` is in USD m. The steps are applied.
    """
    more = {"Cost of capital": 0} | ({"Whole projects": "yes"} if whole else {})
    of = PLANT | {name.replace("_", " "): value for name, value in plant.items()}
    book: BookT = make(jin(60), years=YEARS, settings=more, Projects=[of])
    book["Built"] = [{"Project": "P", "Year": y, "Fraction": part} for y, part in rows]
    if budget is not None:
        book["Budget"] = [{"Year": y, "Capex (USD m)": usd} for y, usd in budget.items()]
    return apply_steps(read(book), steps)


def delay(years: int, **of: Any) -> ScenarioStep:
    return ScenarioStep(name="s", action="delay project", value=float(years), **of)


def build(year: int | None = None) -> ScenarioStep:
    return ScenarioStep(name="s", action="build project", first_year=year)


def built(plan: Plan) -> dict[int, float]:
    """Return what starts output by year, if anything."""
    rows = plan.projects[plan.projects["built"] > 0]
    return dict(zip(rows["year"].tolist(), rows["built"].tolist(), strict=True))


def money(running: dict[int, float], charged: float) -> float:
    """Return the cost if so much of the plant runs: 60 t at 10, its own at 5, the rest short."""
    parts = [running.get(year, 0.0) for year in YEARS]
    return sum(600 + 40 * part * 5 + 40 * (1 - part) * 500 for part in parts) + charged


def runs(first: int, last: int, part: float = 1.0) -> dict[int, float]:
    return dict.fromkeys(range(first, last + 1), part)


ROWS = ((2027, 0.5), (2029, 0.5))
CASES: dict[str, tuple[Case, dict[int, float], float]] = {
    "not begun": (late(), runs(2026, 2028), 3000),
    "not begun, FY 2029": (late(delay(3)), runs(2029, 2030), 2000),
    "from the first planned year": (late(delay(3), First_year=2020), runs(2029, 2030), 2000),
    "from its own first year": (late(delay(2), First_year=2028), runs(2030, 2030), 1000),
    "beyond the horizon": (late(delay(5)), {}, 0),
    "begun: output later, charged as before": (
        late(delay(2), rows=((2026, 1),)), runs(2028, 2030), 3000,
    ),
    "begun: the end of its life is beyond": (
        late(delay(2), rows=((2027, 1),)), runs(2029, 2030), 3000,
    ),
    "begun, and past the horizon": (late(delay(4), rows=((2027, 1),)), {}, 3000),
    "late in the horizon, and past it": (late(delay(2), rows=((2029, 1),)), {}, 2000),
    "rows of earlier years stay": (
        late(delay(1, first_year=2028), rows=ROWS),
        {2027: 0.5, 2028: 0.5, 2029: 0.5, 2030: 0.5}, 1500 + 1000,
    ),
    "rows in First year move": (
        late(delay(1, first_year=2027), rows=ROWS),
        {2028: 0.5, 2029: 0.5, 2030: 1.0}, 1500 + 1000,
    ),
    "what stands stays": (late(delay(1), rows=((2025, 1),)), runs(2026, 2027), 2000),
    "what stands moves if First year says so": (
        late(delay(2, first_year=2020), rows=((2025, 1),)), runs(2027, 2029), 2000,
    ),
    "delays add up": (late(delay(1), delay(1), rows=((2026, 1),)), runs(2028, 2030), 3000),
    "a later delay counts from the later year": (
        late(delay(1), delay(1, first_year=2028), rows=((2027, 1),)), runs(2029, 2030), 3000,
    ),
    "a build that is fixed moves": (late(build(2027), delay(2)), runs(2029, 2030), 2000),
    "a build in its own year moves": (late(build(), delay(4)), runs(2030, 2030), 1000),
    "it moves whatever First year is": (
        late(build(2026), delay(1, first_year=2030)), runs(2027, 2029), 3000,
    ),
    "it moves beyond the horizon": (late(build(2029), delay(2)), {}, 0),
    "a later build holds as written": (late(delay(3), build(2026)), runs(2026, 2028), 3000),
    "a later build in the year of a late row": (
        late(delay(1), build(2029), rows=((2028, 0.5),)), runs(2029, 2030), 1500 + 1000,
    ),
    "others are not delayed": (
        late(delay(3, country="CHN"), delay(3, refiner="Jin"), delay(3, company="Acme 2")),
        runs(2026, 2028), 3000,
    ),
    "of the owner": (late(delay(3, company="Acme", country="AUS")), runs(2029, 2030), 2000),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_runs_and_what_is_charged(name: str) -> None:
    """Twice: by the arrays, and by the model in Pyomo."""
    case, running, charged = CASES[name]
    plan = solve_case(case)
    shown = {row["year"]: row["running"] for row in plan.projects.to_dict("records")}
    if not (name.startswith("not begun") and charged == 3000):  # any three years are as good
        assert shown == near({y: running.get(y, 0.0) for y in YEARS})
        assert plan.projects["charge"].sum() == near(charged)
    assert plan.objective == near(money(running, charged))
    assert cost(plan, "capital") == near(charged)
    assert solve_model(case).objective == near(plan.objective)


def test_the_budget_is_that_of_the_rows_own_year() -> None:
    """A row of 2028 is paid in 2027, late or not; what is not begun pays by its new year."""
    budget = dict.fromkeys(YEARS, 0.003)
    case = late(delay(2), rows=((2028, 0.5),), budget=budget)
    assert free_budgets(case) == near(budget | {2027: 0.0015})
    only = {2026: 0.003} | dict.fromkeys(YEARS[1:], 0.0)
    assert solve_case(late(budget=only)).objective == near(money(runs(2026, 2028), 3000))
    assert solve_case(late(delay(1), budget=only)).objective == near(money(runs(2027, 2029), 3000))
    assert built(solve_case(late(delay(2), budget=only))) == {}
    begun = solve_case(late(delay(2), rows=((2026, 1),), budget=only | {2026: 0}))
    assert begun.objective == near(money(runs(2028, 2030), 3000))  # it is paid in any case


@pytest.mark.parametrize("whole", [False, True])
def test_a_year_that_a_late_row_left_is_built_in_again(whole: bool) -> None:
    """First year becomes 2027: the half due in 2028 comes in 2029, the other half in 2028.

    Paid in 2027, the other half can run in 2028 at the latest; with a delay by 2, First year is
    2028, and by 3 it can't be built at all.
    """
    budget = {2026: 0.0, 2027: 0.003} | dict.fromkeys(YEARS[2:], 0.0)
    for years, parts in ((1, {2028: 0.5, 2029: 0.5}), (2, {2028: 0.5, 2030: 0.5}), (3, {})):
        plan = solve_case(late(delay(years), rows=((2028, 0.5),), budget=budget, whole=whole))
        assert built(plan) == near(parts)


def test_years_of_supports_stay() -> None:
    case = late(rows=((2027, 1),))
    moved = apply_steps(case, [delay(2)])
    assert {f for f in case.SHEET_FIELDS.values() if getattr(case, f) != getattr(moved, f)} == {
        "projects", "built",
    }  # fmt: skip
    (row,) = moved.built
    assert (row.year, row.due, row.fraction) == (2029, 2027, 1.0)


PARTS = st.lists(
    st.tuples(st.integers(2024, 2031), st.sampled_from([0.0, 0.25, 0.5])),
    max_size=2, unique_by=lambda row: row[0],
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(PARTS, st.integers(1, 3), st.integers(1, 3), st.none() | st.integers(2025, 2031))
def test_two_delays_are_one_and_none_is_gained(
    rows: list[tuple[int, float]], one_delay: int, other: int, first: int | None
) -> None:
    """Rows that move move on, and what is not begun is never cheaper; the two halves agree."""
    base = late(rows=tuple(rows))
    twice = apply_steps(base, [delay(one_delay, first_year=first), delay(other, first_year=first)])
    assert twice == apply_steps(base, [delay(one_delay + other, first_year=first)])
    due = [row.due or row.year for row in twice.built]
    assert sorted(due) == sorted(row.year for row in base.built)
    assert solve_case(twice).objective == near(solve_model(twice).objective)
    free = [solve_case(late(*steps)).objective for steps in ((), (delay(other),))]
    assert free[0] <= free[1] * (1 + 1e-9)
