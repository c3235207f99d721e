"""The model is a genuine Pyomo model: another solver, by Pyomo's own interface, finds the same."""

from __future__ import annotations

import shutil

import pyomo.environ as pyo
import pytest

from models.plan import solve
from models.program.program import split
from models.program.sourcing import build
from models.resolve import Expanded
from tests.models.desk import read
from tests.models.test_laws import draw

pytestmark = pytest.mark.skipif(shutil.which("glpsol") is None, reason="GLPK is not installed")


@pytest.mark.parametrize("seed", range(6))
def test_glpk_finds_the_same_optimum(seed: int) -> None:
    """Each block's model solved by GLPK; the sum is the plan's objective."""
    case = read(draw(seed))
    expanded, total = Expanded(case), 0.0
    for cells in split(case):
        model = build(expanded, cells).model
        if next(model.component_data_objects(pyo.Var), None) is None:
            continue
        found = pyo.SolverFactory("glpk").solve(model)
        assert found.solver.termination_condition == pyo.TerminationCondition.optimal
        total += pyo.value(model.cost)
    assert total == pytest.approx(solve(case).objective, rel=1e-6, abs=1e-3)


def test_the_model_reads_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Components have the field's names, and print as Pyomo models do."""
    case = read(draw(0))
    model = build(Expanded(case), split(case)[0]).model
    names = {c.local_name for c in model.component_objects((pyo.Var, pyo.Constraint))}
    assert {"spot", "shortage", "balance", "refining_capacity", "share_limit"} <= names
    model.balance.pprint()
    assert "balance" in capsys.readouterr().out
