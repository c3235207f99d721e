"""Every program has its second try: where the solver refuses one, other settings are asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.answers.cost_sharing import sharing_of
from models.answers.payment import payments
from models.answers.ranges import ranges
from models.errors import SolverError
from models.plan import solve as solve_case
from models.plan.plan import Plan
from models.solve import Solution, highs
from tests.models.desk import jin, make, read, sur
from tests.models.test_sharing import crossed

ROOT = Path(__file__).parents[2]
Patch = pytest.MonkeyPatch


def plan() -> Plan:
    return solve_case(read(crossed()))


ASKED: dict[str, Callable[[], Any]] = {
    "who is tempted": lambda: [t.gain for t in sharing_of(plan()).tempted.values()],
    "bills": lambda: [*sharing_of(plan()).bills.values()],
    "ranges": lambda: [(r.least, r.most) for r in ranges(plan(), "copper", 0.1)],
    "payments": lambda: [
        n.payment for n in payments(solve_case(read(make(jin(), sur()))), "copper")
    ],
}


def refused(patch: Patch, attempts: Callable[[str], bool]) -> list[str]:
    """Let the solver refuse some attempts; return the names of those that were asked."""
    run, asked = highs.PersistentSolver.run, list[str]()

    def faulty(self: highs.PersistentSolver) -> Solution:
        asked.append(self.attempt.name)
        if attempts(self.attempt.name):
            said = "the solver ended with: Unknown"
            raise SolverError(said)
        return run(self)

    patch.setattr(highs.PersistentSolver, "run", faulty)
    return asked


@pytest.mark.parametrize("what", ASKED)
@pytest.mark.parametrize("failing", [1, 2, 5])
def test_what_is_refused_is_asked_in_another_way(
    what: str, failing: int, monkeypatch: Patch
) -> None:
    """The first attempts fail, from where a program was, too: the answer is the same."""
    expected = ASKED[what]()
    names = {a.name for a in (*highs.ATTEMPTS[:failing], highs.AGAIN, highs.WARM_START)}
    asked = refused(monkeypatch, names.__contains__)
    found = ASKED[what]()
    assert highs.ATTEMPTS[0].name in asked
    np.testing.assert_allclose(
        np.array(found, dtype=float), np.array(expected, dtype=float), rtol=1e-6, atol=1e-6
    )


def test_the_last_attempt_has_presolve_and_the_solvers_own_tolerances() -> None:
    """At 1e-9 HiGHS may say Unknown of a program that it solves so."""
    options = dict(highs.ATTEMPTS[-1].options)
    assert options["presolve"] == "on"
    for tolerance in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
        assert options[tolerance] == 1e-7


def test_where_all_attempts_are_refused_each_is_named(monkeypatch: Patch) -> None:
    refused(monkeypatch, lambda _: True)
    with pytest.raises(SolverError) as caught:
        solve_case(read(crossed()))
    assert all(attempt.name in str(caught.value) for attempt in highs.ATTEMPTS)


def once() -> Iterator[str]:
    """Yield the lines of the code, but the solver's own, that run one attempt of a program."""
    for folder in ("models", "planner"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.parent.name != "solve":
                text = path.read_text(encoding="utf-8")
                for found in re.finditer(
                    r"^.*((solver|highs)\.solve\(|\b_?solver\.run\(\)).*$", text, re.MULTILINE
                ):
                    yield f"{path.relative_to(ROOT)}: {found[0].strip()}"


_SOLVED = "highs.solve(scale.scaled(rows),"


def test_no_program_is_asked_in_one_way_alone() -> None:
    """What runs an attempt is inside a loop over them, or goes to one where it is refused."""
    allowed = {
        "models/answers/pool.py: solution = piece.scale.unscaled(solver.run())",  # then _cold
        f"models/answers/search.py: solution = scale.unscaled({_SOLVED} attempt, **limits))",
        # then first_proven
        "models/answers/search.py: solution = self._scale.unscaled(self._solver.run())",
        "models/plan/parts.py: solution = part.scale.unscaled(part.solver.run())",  # as session
        f"models/plan/block_solver.py: solved = {_SOLVED} attempt, *basis, **limits)",
        "models/plan/by_model.py: solution = highs.solve(scale.scaled(rows), attempt)",
        "models/plan/session.py: return warm.solver.run()",  # then BlockSolver.solve
        (  # only a basis to start from: without it each program starts cold
            "models/plan/variation.py: return"
            " highs.statuses(highs.solve(scale.scaled(program.rows)).basis)"
        ),
        (
            "models/plan/session.py: certificate, result = result.certificate,"
            " solver.solve(b, start=start)"  # of a BlockSolver
        ),
        "models/program/outside.py: result = solver.solve(model, options=options)",  # not HiGHS
    }
    assert {*once()} == allowed
