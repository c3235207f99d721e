"""Changes of a case as vectors of its base's program: the plans are those of the cases laid out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest

from models.case import Case
from models.plan import Session
from models.plan.variation import Part, Parts, Selection
from models.schema import ScenarioStep
from planner.scenarios.actions import ActionKind
from planner.studies.draws import waive
from tests.budget import BUDGET
from tests.models.desk import read
from tests.reference.cases import SECURE, random_book


def kind(action: str, value: float | None = None, **selectors: str) -> ActionKind:
    """A kind of change: an action on all that its step selects."""
    return ActionKind(ScenarioStep(name="x", action=action, value=value, **selectors))


def changes(case: Case) -> Iterator[Parts]:
    """Yield changes by country, member and year, alone and two at once."""
    one, late = frozenset({case.years[0]}), frozenset(case.years[1:])
    countries = sorted({r.country for r in case.refiners})[:3]
    lost, closed = kind("scale capacity", 0.0), kind("block lanes")
    alone = [
        *(Part(lost, Selection(country=country)) for country in countries),
        *(Part(lost, Selection(refiner=r.name)) for r in case.refiners[:2]),
        *(
            Part(closed, Selection(country=country, member=member.name))
            for country in countries
            for member in case.members[:2]
        ),
        Part(waive, Selection(years=one)),
        Part(waive, Selection(years=late)),
        Part(kind("scale demand", 1.2), Selection(years=late)),
        Part(kind("scale capacity", 0.6, country=countries[0]), Selection(years=one)),
        Part(kind("scale mines", 0.5), Selection(years=late)),
        Part(kind("block ore"), Selection(years=one)),
        Part(kind("block lanes", country=countries[-1]), Selection(years=late)),
        Part(kind("raise tariff", 0.3, country=countries[-1]), Selection(years=late)),
        Part(kind("scale cost", 1.4)),
    ]
    yield from (Parts((part,)) for part in alone)
    yield from map(Parts, list(combinations(alone, 2))[::7])


def check(seed: int) -> tuple[int, int]:
    """Compare a book's plans by vectors with those laid out: how many, and how many are refused."""
    case = read(random_book(np.random.default_rng([61, seed]), 1 + seed % 3, SECURE))
    if seed % 3:  # what is to be served without one country is of no one country
        case = case.change(security=())
    session, planned, refused = Session(case, is_compared=False), 0, 0
    for change in changes(case):
        session.restart()
        plan = session.vary(change.parts)
        if plan is None:
            refused += 1
            continue
        planned += 1
        laid_out = session.solve_cold(change(case))
        assert plan.objective == pytest.approx(laid_out.objective, rel=1e-9, abs=1e-6), change
        assert plan.cash == pytest.approx(laid_out.cash, rel=1e-6) or plan.shortage > 0
        assert plan.proof.violation <= plan.proof.allowed
    return planned, refused


def test_vectors_give_the_plans_of_cases_laid_out() -> None:
    """Losses, closed lanes, events of some years and waived limits, alone and two at once."""
    planned, refused = map(sum, zip(*map(check, range(6)), strict=True))
    assert planned > 2 * refused


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(100, 100 + BUDGET // 20))
def test_more_books(seed: int) -> None:
    """The same on more books."""
    check(seed)
