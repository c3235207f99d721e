"""The model in other hands: what is added to it, other solvers, files of it."""

from __future__ import annotations

import pickle
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pyomo.environ as pyo
import pytest

import planner
from models.errors import SolverError, UsageError
from models.plan import model
from models.plan import solve as solve_case
from models.program import outside
from models.program.outside import find_solver, solve_by, write_model
from planner.cli import main
from tests.models.desk import jin, make, read, refiner, short, sur, tonnes
from tests.models.test_hand_projects import plant, shelf
from tests.models.test_laws import draw

ROOT = Path(__file__).parents[2]
near = pytest.approx
needs_glpk = pytest.mark.skipif(shutil.which("glpsol") is None, reason="GLPK is not installed")
PAGE = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    """What the docs' example defines, run as it stands there."""
    code = re.search(r"```python\n(.+?)```", PAGE, re.DOTALL)
    assert code
    said = code[1].replace("inputs/", f"{ROOT.as_posix()}/inputs/").replace("print(", "str(")
    names: dict[str, Any] = {}
    exec(said, names)
    return names


def glpk(made: Any, folder: Path, form: str = "lp") -> float:
    """Write a model and let GLPK solve the file; return the objective."""
    file, told = folder / f"model.{form}", folder / "told.txt"
    write_model(made, file, form, ["a test"])
    option = {"lp": "--lp", "mps": "--freemps"}[form]
    subprocess.run(["glpsol", option, file, "-o", told], check=True, capture_output=True)
    found = re.search(r"Objective:\s+cost = (\S+)", told.read_text(encoding="utf-8"))
    assert found
    return float(found[1])


def highs(file: Path) -> float:
    """Let HiGHS read a file and solve it."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    assert solver.readModel(str(file)) == highspy.HighsStatus.kOk
    solver.run()
    return float(solver.getInfo().objective_function_value)


# ---- extensions ----------------------------------------------------------------------------------


@needs_glpk
def test_single_sourcing_as_in_the_docs(page: dict[str, Any], tmp_path: Path) -> None:
    """Ten lines; GLPK finds the same optimum of the file of the extended model."""
    plan, case = page["plan"], page["case"]
    assert f"# {plan.extension.words}\n" in PAGE
    bought = plan.flows.groupby(["mineral", "member", "year"])["refiner"].nunique()
    assert bought.max() == 1
    assert f"{plan.shortage:,.0f} t short in place of {solve_case(case).shortage:,.0f} t" in PAGE
    made = model(case)
    page["single_source"](made)
    assert glpk(made, tmp_path) == near(plan.objective, rel=1e-8)
    assert plan.proof.gap <= 1e-7


def one_plant(made: Any) -> None:
    """At most one plant."""
    plants = sorted({project for project, _ in made.built})
    made.open = pyo.Var(plants, domain=pyo.Binary)
    made.opened = pyo.Constraint(
        plants,
        rule=lambda made, plant: (
            sum(made.built[key] for key in made.built if key[0] == plant) <= made.open[plant]
        ),
    )
    made.few = pyo.Constraint(expr=sum(made.open.values()) <= 1)


@needs_glpk
def test_at_most_one_plant(tmp_path: Path) -> None:
    """Of three plants that are all built one may be: the one that serves most, and GLPK agrees."""
    plants = [plant(f"P{i}", **{"Capacity (t/yr)": 30 + i, "Mineral": "copper"}) for i in range(3)]
    case = read(shelf(*plants, demand=100.0))
    assert (solve_case(case).projects.groupby("project")["built"].sum() > 0.9).all()
    plan = solve_case(case, extend=one_plant)
    built = plan.projects.groupby("project")["built"].sum()
    assert built.to_dict() == near({"P0": 0, "P1": 0, "P2": 1})
    assert plan.shortage == near(2 * (100 - 32))
    made = model(case)
    one_plant(made)
    assert glpk(made, tmp_path) == near(plan.objective, rel=1e-8)


def least_of_jin(made: Any) -> None:
    """At most 30 t of Jin, or a fine of 4 a t beyond."""
    made.beyond = pyo.Var(domain=pyo.NonNegativeReals)
    made.jin = pyo.Constraint(
        expr=sum(made.spot[key] for key in made.spot if key[0] == "Jin") <= 30 + made.beyond
    )
    made.cost.expr += 4 * made.beyond


def test_values_duals_and_costs_by_hand() -> None:
    """100 t, Jin at 10, Sur at 20; each t of Jin beyond 30 costs 4: taken, and worth 4 a t."""
    case = read(make(jin(), sur()))
    plan = solve_case(case, extend=least_of_jin)
    assert plan.objective == near(100 * 10 + 70 * 4)
    assert plan.extension is not None
    assert plan.extension.values == {"beyond": {None: near(70)}}
    assert plan.extension.duals == {"jin": {None: near(-4)}}
    assert plan.extension.cost == near(280)
    assert plan.extension.words == "1 constraint (jin 1), 1 variable (beyond 1)"
    again = pickle.loads(pickle.dumps(plan))
    assert again.extension == plan.extension
    assert tonnes(again, refiner="Jin") == near(100)


def test_more_than_needed_may_be_asked_for() -> None:
    """1 t is needed and 30 t are to be bought: 29 t are stored, as the stockpile's Max allows."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 50}
    case = read(make(jin(), demand=1, Stockpiles=[pile]))

    def more(made: Any) -> None:
        made.more = pyo.Constraint(expr=sum(made.spot.values()) >= 30)

    plan = solve_case(case, extend=more)
    assert plan.stocks["closing"].tolist() == [near(29)]
    assert model(case).stock["copper", "A", 2026].ub == 50


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("tonne", [1.0, 1e7])
def test_a_row_may_be_written_in_any_unit(size: float, tonne: float) -> None:
    """At most 30 % from Jin, in tonnes, kilotonnes or shares, of little or much."""
    case = read(make(jin(100 * tonne), sur(100 * tonne), demand=100.0 * tonne))

    def less(made: Any) -> None:
        flows = (made.spot[key] for key in made.spot if key[0] == "Jin")
        made.jin = pyo.Constraint(expr=sum(size * flow for flow in flows) <= 30 * tonne * size)

    plan = solve_case(case, extend=less)
    assert tonnes(plan, refiner="Jin") == near(30 * tonne)
    assert plan.extension is not None
    assert plan.extension.duals["jin"][None] == near(-10 / size)


@pytest.mark.parametrize("seed", range(2))
def test_what_is_added_never_saves(seed: int) -> None:
    """Nothing added: the same plan; a limit that binds: no cheaper, and all of it proven."""
    case = read(draw(seed))
    plan = solve_case(case)
    same = solve_case(case, extend=lambda _: None)
    assert same.objective == near(plan.objective, rel=1e-9, abs=1e-6)
    assert same.extension is None or same.extension.words == "nothing"

    def half(made: Any) -> None:
        made.half = pyo.Block()
        most = plan.tonnes / 2
        flows = [made.spot[key] for key in made.spot]
        made.half.most = pyo.Constraint(expr=pyo.quicksum(flows) <= most) if flows else 0

    less = solve_case(case, extend=half)
    assert less.objective >= plan.objective * (1 - 1e-9) - 1e-6
    assert less.proof.gap <= 1e-7


def _sos(made: Any) -> None:
    made.sos = pyo.SOSConstraint(var=made.spot, sos=1)


def _square(made: Any) -> None:
    made.square = pyo.Constraint(expr=sum(x**2 for x in made.spot.values()) <= 1)


def _other(made: Any) -> None:
    elsewhere = pyo.ConcreteModel()
    elsewhere.x = pyo.Var()
    made.other = pyo.Constraint(expr=elsewhere.x <= 1)


def _loosen(made: Any) -> None:
    for row in made.refining_capacity.values():
        row.deactivate()


def _cheaper(made: Any) -> None:
    made.cost.expr += -5 * sum(made.spot.values())


def _sold(made: Any) -> None:
    made.more = pyo.Var(domain=pyo.NonNegativeReals)
    key = next(iter(made.balance))
    body = made.balance[key].body + made.more
    made.balance[key].set_value(body == 100)


def _most(made: Any) -> None:
    made.cost.deactivate()
    made.mine = pyo.Objective(expr=sum(made.spot.values()), sense=pyo.maximize)


@pytest.mark.parametrize(
    ("extend", "said"),
    [
        (_sos, "sos is a SOSConstraint"),
        (_square, "not linear"),
        (_other, "other has a variable that is not of this model"),
        (_loosen, "refining_capacity.* is missing"),
        (_cheaper, "the cost of spot.* differs"),
        (_sold, r"a coefficient of balance.* differs"),
        (_most, "the one objective"),
        (lambda made: next(iter(made.spot.values())).fix(3), "the bounds of spot.* differs"),
        (lambda made: next(iter(made.spot.values())).setub(3), "the bounds of spot.* differs"),
    ],
)
def test_what_is_no_addition_is_refused(extend: Callable[[Any], None], said: str) -> None:
    """Each with the name of what it is about."""
    with pytest.raises(ValueError, match=said):
        solve_case(read(make(jin(), sur())), extend=extend)


def test_what_cannot_be_kept_gives_no_plan() -> None:
    """Nothing that was added lapses in silence."""

    def more(made: Any) -> None:
        made.more = pyo.Constraint(expr=sum(made.spot.values()) >= 1000)

    with pytest.raises(SolverError, match="Infeasible"):
        solve_case(read(make(jin(), sur())), extend=more)


def test_a_case_of_nothing_is_extended_by_nothing() -> None:
    """There is no model to hand over."""
    case = read(make(jin())).change(minerals=(), refiners=(), demand=())
    assert solve_case(case, extend=least_of_jin).objective == 0


def test_the_workbook_says_what_was_added(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """First page, Summary and Checks; verify refuses, and says why."""
    book = planner.read(ROOT / "inputs" / "plain.xlsx")

    def few(made: Any) -> None:
        made.few = pyo.Var(domain=pyo.Binary)
        every = (x for key, x in made.spot.items() if key[0] == "China lithium")
        made.most = pyo.Constraint(expr=pyo.quicksum(every) <= 1000 + 1e6 * made.few)
        made.cost.expr += 1e9 * made.few

    plan = planner.solve(book.case, extend=few)
    made = planner.write_plan(tmp_path / "plan.xlsx", plan, book)
    words = "1 constraint (most 1), 1 variable (few 1)"
    named = (made["Summary"].column(name).values for name in ("Measure", "Value"))
    summary = dict(zip(*named, strict=True))
    assert summary["Extended by"] == words
    assert summary["Scenario"] == f"Base; extended by {words}"
    assert summary["Cost: what was added to the model"] == near(1e9)
    checks = made["Checks"]
    assert words in checks.column("What").values[0]
    assert "no" not in checks.column("Passed").values
    assert main(["verify", str(tmp_path / "plan.xlsx"), str(ROOT / "inputs" / "plain.xlsx")]) == 1
    assert (
        "Python code extended the model of this plan: 1 constraint (most 1)"
        in capsys.readouterr().err
    )


# ---- other solvers -------------------------------------------------------------------------------


@needs_glpk
@pytest.mark.parametrize("name", ["glpk", "appsi_highs"])
def test_another_solver_finds_the_same_plan(name: str) -> None:
    """Whole projects and a random book: the objective, and a proof computed apart."""
    whole = shelf(plant(), plant("Q"), demand=150.0, settings={"Whole projects": "yes"})
    for case in (read(whole), read(draw(1)), read(draw(3))):
        plan, other = solve_case(case), solve_case(case, solver=name)
        assert other.objective == near(plan.objective, rel=1e-7, abs=1e-6)
        assert other.proof.gap <= 1e-7
        assert {block.attempt for block in other.blocks} <= {name}


@needs_glpk
def test_prices_that_a_solver_keeps_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof is as good; the plan says whose they are."""

    def silent(*said: Any) -> tuple[Any, None, float]:
        x, _, gap = solve_by(*said)
        return x, None, gap

    monkeypatch.setattr(outside, "solve_by", silent)
    plan = solve_case(read(make(jin(60), sur())), solver="glpk")
    assert plan.objective == near(60 * 10 + 40 * 20)
    assert [block.attempt for block in plan.blocks] == ["glpk, prices by HiGHS"]


@needs_glpk
@pytest.mark.parametrize("wrong", [0, 1])
def test_a_solver_that_errs_is_found_out(monkeypatch: pytest.MonkeyPatch, wrong: int) -> None:
    """Values or duals a little off: no plan."""

    def off(*said: Any) -> tuple[Any, ...]:
        found = list(solve_by(*said))
        found[wrong] = np.asarray(found[wrong]) * 1.001
        return tuple(found)

    monkeypatch.setattr(outside, "solve_by", off)
    with pytest.raises(SolverError, match="no proven optimum for copper 2026: glpk: violation"):
        solve_case(read(make(jin(60), sur())), solver="glpk")


@pytest.mark.parametrize("name", ["nosolver", "cplx", "no such; name"])
def test_an_unknown_solver_is_wrong_usage(name: str) -> None:
    """It says which there are."""
    with pytest.raises(UsageError, match=r"Pyomo finds no such solver here; it finds .*highs"):
        find_solver(name)


# ---- files ---------------------------------------------------------------------------------------

ODD = ('Jin, "the" 1st', "Jin; the_1st", "金川", "Ørsted & søn", "9e5", "x" * 230, "x" * 231)


@needs_glpk
@pytest.mark.parametrize("form", ["lp", "mps"])
def test_names_of_any_script_make_a_file_that_is_read(form: str, tmp_path: Path) -> None:
    """No two become one; GLPK and HiGHS read it and find the plan's objective."""
    book = make(*(refiner(name, "CHL", 10, 10 + i) for i, name in enumerate(ODD)), demand=60.0)
    case = read(book)
    plan = solve_case(case)
    assert glpk(model(case), tmp_path, form) == near(plan.objective, rel=1e-8)
    file = tmp_path / f"model.{form}"
    assert highs(file) == near(plan.objective, rel=1e-9)
    text = file.read_text(encoding="ascii")
    assert "u91D1u5DDD" in text  # 金川
    assert len(set(re.findall(r"spot\(\S+", text))) >= len(ODD)
    assert "Demand of a member that is not met." in text


def test_short_of_nothing_is_no_trouble() -> None:
    """A member without demand: the model is built, written and solved all the same."""
    case = read(make(jin(), demand={"A": 100.0, "B": 0.0}))
    plan = solve_case(case, extend=least_of_jin)
    assert short(plan) == near(0)
