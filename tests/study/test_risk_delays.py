"""Plants that are late by chance: each draw by hand, and mean and tail of all outcomes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from models.answers.futures import Future
from models.answers.recourse import Tail
from models.case import Case
from models.plan import Session, solve
from models.schema import ScenarioStep
from planner.scenarios.actions import apply_steps
from planner.studies.draws import Chances, RiskResults, foreseen, plan_draws
from planner.studies.places import Here
from planner.studies.risk_tables import delays, event_effects
from planner.studies.spread import spread
from planner.studies.under_risk import plan_together
from tests.models.desk import BookT, Row, jin, make, read

near = pytest.approx
SIZES = (5.0, 6.0, 7.0, 8.0, 9.0, 5.5, 6.5, 7.5, 8.5, 9.5)
"""Capacity of each plant [t/yr]: 72.5 t of the 100 t that are needed; the first five are begun."""
CHANCE = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
CHARGE = 10.0
"""The yearly capital of each plant."""


def plants(*risks: Row, years: tuple[int, ...] = (2026,), begun: int = 5, **of: Any) -> BookT:
    """Return a book of Jin with 40 t at 10, and ten plants at 5; a tonne short costs 500."""
    book = make(jin(40), years=years, settings={"Cost of capital": 0})
    book["Projects"] = [
        {
            "Project": f"P{i}", "Refiner": f"New {i}", "Mineral": "copper", "Country": "AUS",
            "Capacity (t/yr)": size, "Capex (USD m)": 20 * CHARGE / 1e6, "Cost (USD/t)": 5,
            "First year": years[0], "Life (yr)": 20,
        } | of
        for i, size in enumerate(SIZES)
    ]  # fmt: skip
    book["Built"] = [{"Project": f"P{i}", "Year": years[0], "Fraction": 1} for i in range(begun)]
    return book | {"Risks": list(risks)}


def late(i: int, chance: float, years: int = 1, **of: Any) -> Row:
    row = {
        "Event": f"Late {i}", "Action": "delay project", "Refiner": f"New {i}", "Value": years,
        "First year": None, "Yearly probability": chance, "Duration (yr)": None,
    }  # fmt: skip
    return row | {name.replace("_", " "): value for name, value in of.items()}


def drawn(book: BookT, number: int) -> RiskResults:
    return plan_draws(read(book), Chances(number, 3, 0.2), Here())


def as_agreed(lost: frozenset[int]) -> float:
    """Jin can sell the 27.5 t agreed and a surge of 8 t; all capital is charged."""
    here = sum(size for i, size in enumerate(SIZES) if i not in lost)
    more = min(100 - here, 35.5)
    return 5 * here + 10 * more + 500 * (100 - here - more) + 10 * CHARGE


def again(lost: frozenset[int]) -> float:
    """Jin can sell 40 t; a late plant that is not begun is not charged."""
    here = sum(size for i, size in enumerate(SIZES) if i not in lost)
    more = min(100 - here, 40.0)
    spared = CHARGE * sum(i >= 5 for i in lost)
    return 5 * here + 10 * more + 500 * (100 - here - more) + 10 * CHARGE - spared


@pytest.mark.slow
def test_ten_plants_that_may_be_late() -> None:
    """Each draw is its outcome's cost; mean and tail are those of all 1,024 outcomes."""
    found = drawn(plants(*(late(i, chance) for i, chance in enumerate(CHANCE))), 240)
    drawn_sets = [frozenset(position for position, _ in draw.hits) for draw in found.draws]
    assert len(set(drawn_sets)) > 100
    outcomes = [frozenset(np.flatnonzero(of)) for of in itertools.product((0, 1), repeat=10)]
    chances = np.array([
        np.prod([p if i in lost else 1 - p for i, p in enumerate(CHANCE)]) for lost in outcomes
    ])  # fmt: skip
    for sample, cost in ((found.as_agreed, as_agreed), (found.replanned, again)):
        assert sample.objective == near([cost(lost) for lost in drawn_sets])
        costs = np.array([cost(lost) for lost in outcomes])
        order = np.argsort(-costs)
        worst = np.minimum(np.diff(np.minimum(np.cumsum(chances[order]), 0.05), prepend=0.0), 1.0)
        exact, tail = float(chances @ costs), float(worst @ costs[order]) / 0.05
        statistics = spread(sample.objective)
        assert abs(statistics.mean - exact) < 3 * statistics.error
        assert abs(statistics.tail - tail) < 3 * statistics.tail_error
    effects = event_effects(found)
    table = effects.frame().set_index("event")
    assert table["duration"].tolist() == [1] * 10
    assert table["cost_agreed"].idxmax() == "Late 9"
    assert table["years"].tolist() == near([
        np.mean([i in lost for lost in drawn_sets]) for i in range(10)
    ])  # fmt: skip
    (hurt,) = delays(found, effects)
    assert hurt.frame()["project"].tolist()[0] == "P9"
    assert hurt.frame().set_index("project")["probability"].to_dict() == {
        f"P{i}": chance for i, chance in enumerate(CHANCE)
    }  # fmt: skip
    assert {*hurt.data["due"]} == {2026}


TWO = (2026, 2027)
ALONE: dict[str, tuple[BookT, float, float]] = {
    # each: years without plant 0 as agreed, and years without its capital if it were known
    "each year again": (plants(late(0, 1.0), years=TWO), 2, 0),
    "its Duration has no effect": (plants(late(0, 1.0) | {"Duration (yr)": 3}, years=TWO), 2, 0),
    "from 2027 on: what is due in 2026 comes": (
        plants(late(0, 1.0, First_year=2027), years=TWO), 0, 0,
    ),
    "not begun, and the plan begins it": (plants(late(0, 1.0), years=TWO, begun=0), 2, 2),
    "begun in time": (plants(late(0, 1.0, First_year=2027), years=TWO, begun=0), 0, 0),
    "all of it is beyond": (plants(late(0, 1.0, 5), years=TWO), 2, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", ALONE)
def test_one_plant_that_is_late_for_certain(name: str) -> None:
    """Its 5 t are bought from Jin at 10 in place of 5."""
    book, without, spared = ALONE[name]
    found = drawn(book, 3)
    base = 2 * as_agreed(frozenset())
    assert found.as_agreed.objective == near([base + without * 25] * 3)
    assert found.replanned.objective == near([base + without * 25 - spared * CHARGE] * 3)


def known(case: Case, *years: int) -> Case:
    """Return the case after delays of plant 0 by a year, as the sheet Scenarios has them."""
    of = {"name": "s", "action": "delay project", "refiner": "New 0", "value": 1.0}
    return apply_steps(case, [ScenarioStep(first_year=year, **of) for year in years])


@pytest.mark.parametrize("begun", [0, 5])
def test_a_draw_in_the_first_year_is_the_row_of_scenarios(begun: int) -> None:
    """Re-planned: of what is begun and of what is not."""
    case = read(plants(late(0, 0.5), years=(2026, 2027, 2028), begun=begun))
    found = plan_draws(case, Chances(30, 3, 0.2), Here())
    seen = set()
    for draw, objective in zip(found.draws, found.replanned.objective, strict=True):
        years = tuple(year for _, year in draw.hits)
        if years in {(), (2026,), (2026, 2027)}:
            seen.add(years)
            assert objective == near(solve(known(case, *years)).objective)
    assert len(seen) == 3


# ---- one plan for all futures --------------------------------------------------------------------

THREE = (2026, 2027, 2028)
NEED = {2026: 60.0, 2027: 60.0, 2028: 100.0}
FUTURES = {(): 0.4, (2027,): 0.25, (2028,): 0.2, (2027, 2028): 0.15}
"""Years in which a delay by a year begins, with the probability."""


def cost_if(start: int | None, events: tuple[int, ...], lead: int) -> float:
    """Return the cost of a plant of 40 t at 5 with a life of two years, due in ``start``.

    Jin has 60 t at 10. What is begun before an event stays charged as it was: 1,500 a year.
    """
    output = charged = start or 2100
    for event in events:
        if output >= event:
            output += 1
            charged += max(charged - lead, 2026) >= event
    total = 0.0
    for year, need in NEED.items():
        here = 40.0 if output <= year < output + 2 else 0.0
        bought = min(60.0, need - here)
        total += 5 * here + 10 * bought + 500 * (need - here - bought)
        total += 1500.0 * (charged <= year < charged + 2)
    return total


@pytest.mark.parametrize("lead", [0, 1, 3])
@pytest.mark.parametrize("is_whole", [False, True])
def test_one_plan_for_plants_that_may_be_late(lead: int, is_whole: bool) -> None:
    """The plan under risk is the best start for all futures; each known, the best of its own."""
    book = plants(late(0, 0.5), years=THREE, begun=0)
    plant = book["Projects"][0] | {
        "Capacity (t/yr)": 40, "Capex (USD m)": 0.003, "Life (yr)": 2, "Lead time (yr)": lead,
    }  # fmt: skip
    book["Projects"], book["Refiners"] = [plant], [jin(60)]
    book["Demand"] = [row | {str(y): t for y, t in NEED.items()} for row in book["Demand"]]
    if is_whole:
        book["Settings"].append({"Setting": "Whole projects", "Value": "yes"})
    case = read(book)
    session, number = Session(case), dict[tuple[int, ...], int]()
    plan = session.base

    def observed(events: tuple[int, ...]) -> np.ndarray:
        histories = ((year, *(e for e in events if e <= year)) for year in THREE)
        return np.array([[number.setdefault(of, len(number) + 1) for of in histories]])

    futures = [
        Future(foreseen(case, tuple((0, year) for year in events)), chance, observed(events))
        for events, chance in FUTURES.items()
    ]
    how = {"futures": futures, "calm": observed(()), "tail": Tail()}
    made = plan_together(plan, session, **how)
    starts = [None, *THREE]
    expected = {s: sum(p * cost_if(s, e, lead) for e, p in FUTURES.items()) for s in starts}
    chances = np.array(list(FUTURES.values()))
    assert plan.objective == near(min(cost_if(s, (), lead) for s in starts))
    assert chances @ made.by_future.costs == near(min(expected.values()))
    assert chances @ made.plain.costs == near(expected[2028])
    if lead < 3:
        assert min(expected.values()) < expected[2028]  # building early pays
    for future, events in zip(futures, FUTURES, strict=True):
        best = min(cost_if(s, events, lead) for s in starts)
        assert solve(future.change(case)).objective == near(best)


def test_the_half_that_is_due_after_the_event_is_late() -> None:
    """Half of plant 0 is due in 2026, half in 2027: a delay in 2027 takes 2.5 t of that year."""
    book = plants(late(0, 1.0, First_year=2027), years=TWO)
    book["Built"][0]["Fraction"] = 0.5
    book["Built"].append({"Project": "P0", "Year": 2027, "Fraction": 0.5})
    found = drawn(book, 2)
    base = solve(read(book)).objective
    assert base == near(2 * as_agreed(frozenset()) + 2.5 * 5 - CHARGE / 2)
    for sample in found.samples:
        assert sample.objective == near([base + 2.5 * 5] * 2)
