"""What stands or is begun, by hand: fixed builds, their charge, their budget, and what is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from models.answers import cost_sharing
from models.case import Case
from models.errors import InputError, Severity
from models.plan import Plan
from models.plan import solve as solve_case
from models.resolve import free_budgets
from models.schema import ScenarioStep
from planner.cli import main
from planner.scenarios.actions import apply_steps
from planner.workbook import read_tables
from tests.books import write_book
from tests.budget import at_length
from tests.models.desk import BookT, cost, jin, make, one, read, solve
from tests.models.test_laws import draw, no_dearer, rounding

near = pytest.approx
YEARS = (2026, 2027, 2028)
PLANT = {
    "Project": "P", "Refiner": "New", "Mineral": "copper", "Country": "AUS",
    "Capacity (t/yr)": 40, "Capex (USD m)": 0.002, "Cost (USD/t)": 5, "First year": 2027,
    "Lead time (yr)": 1, "Life (yr)": 2,
}  # fmt: skip
"""2,000 of capital, charged as 1,000 in each of two years; a budget of 0.001 pays half of it."""


def begun(*rows: tuple[int, float], budget: float | None = None, **more: Any) -> BookT:
    """Return a book of Jin with 60 of the 100 t that are needed, and a plant of 40 t at 5.

    ``budget`` [USD m] is that of 2026 and of 2027; ``more`` are settings.
    """
    settings = {"Cost of capital": 0} | {k.replace("_", " "): v for k, v in more.items()}
    book = make(jin(60), years=YEARS, settings=settings, Projects=[dict(PLANT)])
    book["Built"] = [{"Project": "P", "Year": y, "Fraction": part} for y, part in rows]
    if budget is not None:
        book["Budget"] = [{"Year": y, "Capex (USD m)": budget} for y in YEARS[:2]]
    return book


def built(plan: Plan) -> dict[int, float]:
    """Return what is built by year."""
    return {int(row["year"]): row["built"] for row in plan.projects.to_dict("records")}


def money(running: dict[int, float], charged: float) -> float:
    """Return what it costs where so much of the plant runs: 60 t at 10, its at 5, the rest short.

    ``charged`` are the charges in all.
    """
    parts = [running.get(year, 0.0) for year in YEARS]
    return sum(600 + 40 * part * 5 + 40 * (1 - part) * 500 for part in parts) + charged


def test_begun_within_the_horizon() -> None:
    """Free, all of it runs from 2027 on: 2,000 of charges. A half is begun, the rest is built, too.

    A half begun for 2028 alone leaves half for 2027: one half charged twice, the other once.
    """
    assert solve(begun()).objective == near(money({2027: 1, 2028: 1}, 2000))
    plan = solve(begun((2027, 0.5)))
    assert plan.objective == near(money({2027: 0.5, 2028: 1}, 1000 + 500))
    assert built(plan) == near({2026: 0, 2027: 0.5, 2028: 0.5})
    plan = solve(begun((2028, 0.5)))
    assert plan.objective == near(money({2027: 0.5, 2028: 1}, 1000 + 500))
    assert built(plan) == near({2026: 0, 2027: 0.5, 2028: 0.5})


def test_a_year_with_a_row_is_decided() -> None:
    """0 in 2027 is no build for 2027, and all of it is left for 2028; 0 in both is none."""
    assert built(solve(begun((2027, 0)))) == near({2026: 0, 2027: 0, 2028: 1})
    plan = solve(begun((2027, 0), (2028, 0)))
    assert plan.objective == near(money({}, 0))


def test_what_stands_before_the_horizon_runs_to_the_end_of_its_life() -> None:
    """A quarter from 2025 runs in 2026, its last year, and is charged for it; the rest is free.

    What began in 2020 is over: nothing of that part is left to build.
    """
    plan = solve(begun((2025, 0.25)))
    assert plan.objective == near(money({2026: 0.25, 2027: 0.75, 2028: 0.75}, 250 + 1500))
    assert one(plan.projects, year=2026)["running"] == near(0.25)
    assert one(plan.projects, year=2026)["charge"] == near(250)
    assert cost(plan, "capital") == near(1750)
    plan = solve(begun((2020, 0.25)))
    assert plan.objective == near(money({2027: 0.75, 2028: 0.75}, 1500))


def test_a_build_before_its_first_year_counts() -> None:
    """From 2026 on, before First year: it runs in 2026 and 2027."""
    plan = solve(begun((2026, 1)))
    assert plan.objective == near(money({2026: 1, 2027: 1}, 2000))


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        ((), {2026: 0.001, 2027: 0.001}),
        (((2027, 0.25),), {2026: 0.0005, 2027: 0.001}),  # due in 2026
        (((2028, 0.25),), {2026: 0.001, 2027: 0.0005}),
        (((2026, 0.25),), {2026: 0.001, 2027: 0.001}),  # due in 2025: paid
        (((2029, 0.25),), {2026: 0.001, 2027: 0.001}),  # due in 2028, which has no budget
        (((2027, 1),), {2026: 0.0, 2027: 0.001}),  # twice the budget
    ],
)
def test_what_falls_due_takes_of_the_budget(
    rows: tuple[tuple[int, float], ...], left: dict[int, float]
) -> None:
    """Lead time before the output; beyond the budget, that counts as so much."""
    assert free_budgets(read(begun(*rows, budget=0.001))) == near(left)


def test_the_rest_is_built_as_the_budget_allows() -> None:
    """0.001 a year pays half of the plant: a quarter begun for 2027 leaves a quarter for 2027.

    But 2027 is decided: so the budget of 2027 builds a half for 2028.
    """
    plan = solve(begun((2027, 0.25), budget=0.001))
    assert built(plan) == near({2026: 0, 2027: 0.25, 2028: 0.5})
    plan = solve(begun((2028, 0.25), budget=0.001))
    assert built(plan) == near({2026: 0, 2027: 0.5, 2028: 0.25})


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        (((2027, 0.25),), {2026: 0.0005, 2027: 0.001}),
        (((2027, 0.75),), {2026: 0.0, 2027: 0.0005}),  # 0.0015 of a sum of 0.002 in 2027
        (((2028, 0.75),), {2026: 0.001, 2027: -0.0005}),  # it takes of what 2026 left
        (((2027, 1),), {2026: 0.0, 2027: 0.0}),
    ],
)
def test_carried_over_the_sums_count(
    rows: tuple[tuple[int, float], ...], left: dict[int, float]
) -> None:
    """What all budgets up to a year leave, year by year."""
    book = begun(*rows, budget=0.001, Carry_over_budget="yes")
    assert free_budgets(read(book)) == near(left)


def test_what_later_payments_need_is_not_spent_before() -> None:
    """Three quarters for 2028 need 0.0015 in 2027: of 2026's 0.001 one half is left, a quarter."""
    plan = solve(begun((2028, 0.75), budget=0.001, Carry_over_budget="yes"))
    assert built(plan) == near({2026: 0, 2027: 0.25, 2028: 0.75})
    plan = solve(begun((2028, 0.75), budget=0.001))
    assert built(plan) == near({2026: 0, 2027: 0.25, 2028: 0.75})
    plan = solve(begun((2028, 0.75), budget=0.0008, Carry_over_budget="yes"))
    assert built(plan) == near({2026: 0, 2027: 0.05, 2028: 0.75})


def test_of_whole_projects_the_rest_is_built_whole_or_not() -> None:
    """Half is left: a budget of 0.001 pays it, one of 0.0009 pays nothing of it."""
    whole = {"Whole_projects": "yes"}
    plan = solve(begun((2028, 0.5), budget=0.001, **whole))
    assert built(plan) == near({2026: 0, 2027: 0.5, 2028: 0.5})
    assert plan.status == "optimal"
    plan = solve(begun((2028, 0.5), budget=0.0009, **whole))
    assert built(plan) == near({2026: 0, 2027: 0, 2028: 0.5})
    free = solve(begun((2028, 0.5), budget=0.0009))
    assert built(free) == near({2026: 0, 2027: 0.45, 2028: 0.5})


def stepped(book: BookT, **more: Any) -> Plan:
    """Return the plan with the project built by a scenario."""
    step = ScenarioStep(name="s", action="build project", refiner="New", **more)
    return solve_case(apply_steps(read(book), [step]))


def test_build_project_builds_what_is_left() -> None:
    """Outside the budget, whose payments for what is begun stay; also for a year with a row."""
    plan = stepped(begun((2028, 0.25), budget=0))
    assert built(plan) == near({2026: 0, 2027: 0.75, 2028: 0.25})
    plan = stepped(begun((2028, 0.25), budget=0), first_year=2028)
    assert built(plan) == near({2026: 0, 2027: 0, 2028: 1})
    assert free_budgets(plan.case) == near({2026: 0, 2027: 0})
    other = begun((2028, 0.25), budget=0.001)
    plan = stepped(other, first_year=2028)
    assert free_budgets(plan.case) == near({2026: 0.001, 2027: 0.0005})
    plan = stepped(begun((2027, 1)))
    assert built(plan) == near({2026: 0, 2027: 1, 2028: 0})
    assert plan.case == read(begun((2027, 1)))  # nothing is left: a step that changes nothing


def test_members_divide_what_is_begun_by_their_rights() -> None:
    """Bills by dual prices add up to what all cost, a plant begun among it."""
    book = make(
        jin(60), years=YEARS, demand={"A": 60, "B": 40}, settings={"Cost of capital": 0},
        Projects=[dict(PLANT)], Built=[{"Project": "P", "Year": 2027, "Fraction": 0.5}],
        Budget=[{"Year": y, "Capex (USD m)": 0.001} for y in YEARS[:2]],
        Rights=[{"Member": "A", "Refiner": "New", "Share": 1}],
    )  # fmt: skip
    for case in (book, book | {"Price floors": [{"Mineral": "copper", "Floor (USD/t)": 12}]}):
        sharing = cost_sharing.sharing_of(solve(case))
        assert sum(sharing.bills[cost_sharing.DUAL_PRICES]) == near(sharing.cost, rel=1e-6)


def two_minerals() -> BookT:
    """Return a book in which zinc's plant is begun, and copper's shares its budget."""
    book = begun(budget=0.001)
    book["Minerals"].append({"Mineral": "zinc", "Price (USD/t)": 40})
    book["Demand"].append({"Mineral": "zinc", "Member": "A", "2026": 9, "2027": 9, "2028": 9})
    book["Projects"].append(PLANT | {"Project": "Z", "Mineral": "zinc", "Refiner": "Zed"})
    book["Built"] = [{"Project": "Z", "Year": 2027, "Fraction": 0.25}]
    return book


@pytest.mark.parametrize("carried", ["no", "yes"])
def test_a_part_of_a_case_knows_what_the_others_take_of_a_budget(carried: str) -> None:
    """Of copper alone no more is left than beside zinc, whose plant is begun."""
    book = two_minerals()
    book["Settings"].append({"Setting": "Carry over budget", "Value": carried})
    case = read(book)
    left = {2026: 0.0005, 2027: 0.001}
    for part in (case, case.of_minerals(["copper"]), case.of_minerals(["zinc"])):
        assert free_budgets(part) == near(left)
    alone = case.of_minerals(["copper", "zinc"]).of_minerals(["copper"])
    assert free_budgets(alone) == near(left)


def test_under_risk_what_is_begun_is_no_decision(tmp_path: Path, monkeypatch: Any) -> None:
    """It is in the plan of all futures, also of a year before the horizon, and in no advice."""
    monkeypatch.chdir(tmp_path)
    book = two_minerals() | {
        "Risks": [{"Event": "stop", "Action": "block lanes", "Country": "CHN",
                   "Yearly probability": 0.3, "Duration (yr)": 1}],
    }  # fmt: skip
    book["Built"].append({"Project": "P", "Year": 2025, "Fraction": 0.5})
    write_book(tmp_path / "case.xlsx", book)
    words = ["solve", "case.xlsx", "--under-risk", "--futures", "4", "-o", "risk.xlsx"]
    assert main(words) == 0
    head, *rows = openpyxl.load_workbook("risk.xlsx")["Decisions"].iter_rows(values_only=True)
    built_for = {row[2:4] for row in rows if row[0] == "built"}
    assert head[:4] == ("Decision", "Mineral", "Of whom", "Year")
    assert built_for
    assert not built_for & {("Z", 2027), ("P", 2025)}


# ---- what is wrong with it -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "cell", "words"),
    [
        ([("Q", 2027, 0.5)], ("Project", 2), "'Q' is not in Projects"),
        ([("P", 2027, 0.5), ("P", 2028, 0.6)], ("Fraction", 3), "add up to a fraction of 1.1"),
        ([("P", 2027, 0.5), ("p", 2027, 0.2)], ("Project", 3), "appears twice"),
        ([("P", 2027, 1.5)], ("Fraction", 2), ""),
        ([("P", None, 0.5)], ("Year", 2), "must be filled"),
    ],
)
def test_errors(rows: list[tuple[object, ...]], cell: tuple[str, int], words: str) -> None:
    """Each at its cell."""
    heads = ("Project", "Year", "Fraction")
    book = begun() | {"Built": [dict(zip(heads, row, strict=True)) for row in rows]}
    with pytest.raises(InputError) as error:
        read(book)
    found = [f for f in error.value.findings if f.severity is Severity.ERROR]
    assert [(f.sheet, f.column, f.row) for f in found] == [("Built", *cell)]
    assert words in found[0].found


@pytest.mark.parametrize(
    ("book", "words"),
    [
        (begun((2026, 0.5)), "before its First year 2027"),
        (begun((2024, 0.5)), "end of its life in 2026"),
        (begun((2027, 1), budget=0.001), "the plants in Built need 0.002 m"),
        (begun((2028, 1), budget=0.0009, Carry_over_budget="yes"), "of all budgets up to 2027"),
    ],
)
def test_warnings(book: BookT, words: str) -> None:
    """Likely slips, and what is paid beyond the budget."""
    assert any(words in f.found for f in read_tables(book).warnings)


def test_fractions_that_miss_1_by_rounding_are_all_of_it() -> None:
    """Three thirds, and a billionth more: nothing is left, nothing is wrong."""
    parts = [(2027, 1 / 3), (2028, 1 / 3), (2029, 1 / 3 + 5e-10)]
    plan = solve(begun(*parts))
    assert built(plan) == near({2026: 0, 2027: 1 / 3, 2028: 1 / 3})


# ---- laws ----------------------------------------------------------------------------------------

SEEDS = range(at_length(6, 60))


def with_projects(seed: int) -> BookT | None:
    """Return a random book that has projects; None where it drew none."""
    book = draw(seed)
    return book if book.get("Projects") else None


def rows_of(plan: Plan) -> list[dict[str, object]]:
    """Return the rows of Built that say what a plan builds."""
    return [
        {"Project": row["project"], "Year": row["year"], "Fraction": min(1.0, row["built"])}
        for row in plan.projects.to_dict("records")
        if row["built"] > 1e-7
    ]


def is_due_before(case: Case, rows: list[dict[str, Any]]) -> bool:
    """Whether anything of what is built would be paid for before the first year."""
    lead = {p.name: p.lead_time for p in case.projects}
    return any(row["Year"] - lead[row["Project"]] < case.years[0] for row in rows)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_plan_builds_is_built_at_the_same_cost(seed: int) -> None:
    """Built of the plan's own builds; less, where what is due before the first year is paid."""
    book = with_projects(seed)
    if book is None:
        return
    plan = solve(book)
    rows = rows_of(plan)
    again = solve(book | {"Built": rows})
    if book.get("Budget") and is_due_before(plan.case, rows):
        assert no_dearer(again, plan)
    else:
        assert again.objective == near(plan.objective, rel=1e-6, abs=10 * rounding(plan))


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_in_all_years_is_a_plant_that_is_not_there(seed: int) -> None:
    """A fraction of 0 in each year: as a project that begins beyond the horizon."""
    book = with_projects(seed)
    if book is None:
        return
    years = sorted(int(h) for h in book["Demand"][0] if h.isdigit())
    name = book["Projects"][0]["Project"]
    none = [{"Project": name, "Year": year, "Fraction": 0} for year in years]
    first, *others = book["Projects"]
    late = book | {"Projects": [first | {"First year": 2200}, *others]}
    plan = solve(late)
    assert solve(book | {"Built": none}).objective == near(
        plan.objective, rel=1e-7, abs=rounding(plan)
    )


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", SEEDS)
def test_begun_at_random(seed: int) -> None:
    """Any fractions in any years: a proven plan, which costs no less than the free one.

    But for what is paid before the horizon, and what is built before its First year.
    """
    book = with_projects(seed)
    if book is None:
        return
    rng, case = np.random.default_rng([18, seed]), read(book)
    rows = []
    for project in case.projects:
        years = rng.choice(np.arange(case.years[0] - 3, case.years[-1] + 3), size=3, replace=False)
        parts = rng.dirichlet([1.0] * 4)[:3]
        rows += [
            {"Project": project.name, "Year": int(y), "Fraction": float(part)}
            for y, part in zip(years, parts, strict=True)
        ]
    plan = solve(book | {"Built": rows})
    assert plan.proof.violation <= plan.proof.allowed
    assert plan.proof.gap <= 1e-7
    for row in rows:
        assert plan.value("built", (row["Project"], row["Year"])) == near(row["Fraction"], abs=1e-7)
    early = any(row["Year"] < max(case.years[0], p.first_year) or not
                is_due_later(case, row) for row in rows for p in case.projects
                if p.name == row["Project"])  # fmt: skip
    if not early:
        assert no_dearer(solve(book), plan)


def is_due_later(case: Case, row: dict[str, Any]) -> bool:
    """Whether a build is paid for within the horizon."""
    return not is_due_before(case, [row])
