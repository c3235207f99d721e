"""The command model, and solve with another solver."""

from __future__ import annotations

import shutil

import pytest

needs_glpk = pytest.mark.skipif(shutil.which("glpsol") is None, reason="GLPK is not installed")


def test_a_file_and_a_scenario(call, ask, case, folder) -> None:
    """Where it goes without --output, what it is called, and that it differs."""
    assert call("model", case)[0] == 0
    base = folder / "outputs" / "case-model.lp"
    assert base.read_text(encoding="ascii").startswith("\\ case.xlsx, scenario Base, ")
    code, answer = ask("model", case, "--lose", "CHN")
    assert (code, answer["output"]) == (0, ["outputs/case-what-if lose CHN-model.lp"])
    assert (folder / answer["output"][0]).read_text(encoding="ascii") != base.read_text("ascii")
    code, answer = ask("model", case, "-o", folder / "b" / "m.MPS")
    assert code == 0
    assert "ENDATA" in (folder / "b" / "m.MPS").read_text("ascii")


@pytest.mark.parametrize("name", ["m.txt", "m", "plain.xlsx"])
def test_other_formats_are_wrong_usage(call, plain, name) -> None:
    """The input above all."""
    before = plain.read_bytes()
    code, _, err = call("model", plain, "-o", name)
    assert code == 2
    assert "must end in .lp or .mps" in err or "choose another output" in err
    assert plain.read_bytes() == before


@needs_glpk
def test_a_plan_by_glpk_verifies(call, ask, plain, folder) -> None:
    """Summary names it; the plan is proven again from its workbook."""
    code, _, err = call("solve", plain, "--solver", "glpk", "--output", "p.xlsx")
    assert code == 0
    assert "glpk" in err
    assert call("verify", "p.xlsx", plain)[0] == 0
    (_, one), (_, other) = ask("solve", plain), ask("solve", plain, "--solver", "glpk")
    assert one["objective_usd"] == pytest.approx(other["objective_usd"], rel=1e-9)


def test_a_solver_that_is_not_there(ask, plain, folder) -> None:
    """Wrong usage, before anything is read or written."""
    code, answer = ask("solve", plain, "--solver", "gurobbi")
    assert (code, answer["status"]) == (2, "usage_error")
    assert "'gurobbi': Pyomo finds no such solver here" in answer["errors"][0]["message"]
    assert not (folder / "outputs").exists()
