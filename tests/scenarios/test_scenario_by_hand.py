"""Applying an action gives the plan of the workbook edited by hand, on random books.

The edited book goes to the independent reference, which knows no scenarios.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from models.plan import Plan
from models.plan import solve as solve_case
from planner import scenarios
from planner.workbook import read_tables
from tests.budget import at_length
from tests.reference import formulation
from tests.reference.cases import OWNED, random_book
from tests.scenarios.draws import ACTIONS, draw_step
from tests.scenarios.edits import BookT, Row, by_hand, optimum

EACH = at_length(3, 24)
"""Books for each action."""
MOST = 200
"""Draws in which one at least must change the plan."""
SEQUENCES = at_length(12, 48)
"""Books for steps one after the other."""
RELATIVE = 1e-9


def test_every_action_is_drawn() -> None:
    """Those of the contract's table, and no other; price floors have tests of their own."""
    assert {*ACTIONS, "set price floor"} == set(scenarios.ACTIONS)


def applied(book: BookT, steps: Sequence[Row]) -> Plan:
    """The plan of the scenario, the book itself unedited."""
    told = copy.deepcopy(book) | {"Scenarios": [dict(step) for step in steps]}
    return solve_case(scenarios.apply(read_tables(told).case, "What if"))


def agrees(book: BookT, steps: Sequence[Row]) -> Plan:
    """Hold the plan of the scenario against the plans of the edited book."""
    plan = applied(book, steps)
    costs = [
        plan.case.shortage_cost(m.name, y) for m in plan.case.minerals for y in plan.case.years
    ]
    dearest = max((*plan.expanded.deliveries.landed, *costs), default=0.0)
    amounts = [*(t for row in plan.case.demand for _, t in row.tonnes), *_stocks(plan)]
    dust = 1e-12 * max(amounts, default=0.0) * dearest  # of sums that cancel
    expected = optimum(by_hand(book, steps))
    assert plan.objective == pytest.approx(expected, rel=RELATIVE, abs=dust), steps
    return plan


def _stocks(plan: Plan) -> Iterator[float]:
    for pile in plan.case.stockpiles:
        yield pile.max


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("action", ACTIONS)
def test_one_action(action: str) -> None:
    """Selectors, years and values as drawn, until one draw at least moves the objective."""
    held, moved, seed = 0, 0, 0
    while held < EACH or not moved:
        seed += 1
        assert seed < MOST, f"no draw of {action} changes a plan"
        book = random_book(np.random.default_rng([21, seed]), 1 + seed % 3, OWNED)
        step = draw_step([22, seed], book, action)
        if step is None:
            continue
        plan = agrees(book, [step])
        held += 1
        before = formulation.solve(book).objective
        moved += plan.objective != pytest.approx(before, rel=1e-6)


@pytest.mark.fuzz
@pytest.mark.parametrize("batch", range(6))
def test_steps_one_after_the_other(batch: int) -> None:
    """Two or three actions, each on what those before it left."""
    for seed in range(batch * SEQUENCES // 6, (batch + 1) * SEQUENCES // 6):
        book = random_book(np.random.default_rng([23, seed]), 1 + seed % 3, OWNED)
        agrees(book, list(_sequence(book, seed)))


def _sequence(book: BookT, seed: int) -> Iterator[Row]:
    rng = np.random.default_rng([24, seed])
    wanted = 2 + seed % 2
    for at in range(20):
        step = draw_step([25, seed, at], book, str(rng.choice(ACTIONS)))
        if step is not None and wanted:
            wanted -= 1
            yield step
