"""What a scenario does to flows of inputs: lanes to the members whose country is the plant's."""

from __future__ import annotations

import pytest

from models.checks import check_rules
from models.errors import InputError
from models.plan import Plan, solve
from models.schema import ScenarioStep
from planner.scenarios.actions import ACTIONS
from planner.workbook import read_tables
from tests.models.desk import BookT, read
from tests.models.stages import ALLY, CHINA, made, plant, stages

near = pytest.approx


def two_plants() -> BookT:
    """Oxide of China at 1 and of Chile at 5; alloy of plants in China, an ally and Germany."""
    return stages(
        {"oxide": 50, "alloy": 100},
        [
            plant("Bao", "oxide", CHINA, 1), plant("Cod", "oxide", "CHL", 5),
            plant("Zhong", "alloy", CHINA, 1, 10), plant("Lyn", "alloy", ALLY, 1, 10),
            plant("Vac", "alloy", "DEU", 1, 10),
        ],
        [made("alloy", "oxide")],
        {"alloy": 30},
        members={"A": ALLY, "B": CHINA, "C": None},
    )  # fmt: skip


def after(action: str, **of: object) -> Plan:
    """Return the plan of the book after one step."""
    step = ScenarioStep(name="S", action=action, **of)
    return solve(ACTIONS[action](read(two_plants()), step))


def bought(plan: Plan) -> dict[tuple[str, str], float]:
    """Return tonnes of oxide by supplier and plant."""
    return plan.inputs.groupby(["refiner", "plant"])["tonnes"].sum().to_dict()


ALL_CHINESE = {("Bao", "Zhong"): 10, ("Bao", "Lyn"): 10, ("Bao", "Vac"): 10}


def test_a_block_of_all_reaches_plants_abroad() -> None:
    """China's own plant still gets its oxide, the others Chile's; alloy to members is blocked."""
    plan = after("block lanes", mineral="oxide", country=CHINA)
    assert bought(plan) == near({("Bao", "Zhong"): 10, ("Cod", "Lyn"): 10, ("Cod", "Vac"): 10})


def test_a_block_of_a_member_reaches_plants_in_its_country() -> None:
    """Whoever sells there; a plant in the supplier's own country, too."""
    plan = after("block lanes", mineral="oxide", country=CHINA, member="A")
    assert bought(plan) == near(
        ALL_CHINESE | {("Bao", "Lyn"): 0, ("Cod", "Lyn"): 10}, abs=1e-6
    ) or (("Bao", "Lyn") not in bought(plan) and bought(plan)["Cod", "Lyn"] == near(10))
    home = after("block lanes", mineral="oxide", country=CHINA, member="B")
    assert ("Bao", "Zhong") not in bought(home)
    assert bought(home)["Cod", "Zhong"] == near(10)


def test_a_member_without_a_country_reaches_no_plant() -> None:
    """It stands for several."""
    plan = after("block lanes", mineral="oxide", country=CHINA, member="C")
    assert bought(plan) == near(ALL_CHINESE)


def test_a_tariff_is_paid_abroad_alone() -> None:
    """20 of 30 t of oxide at 1 pay 50 %: 10; a freight that is scaled stays 0."""
    plan = after("set tariff", mineral="oxide", country=CHINA, value=0.5)
    assert plan.purchases == near(30 + 30 + 10)
    assert after("scale freight", mineral="oxide", value=3).purchases == near(60)


def test_a_max_reaches_members_only() -> None:
    """Plants buy as before."""
    assert bought(after("set lane max", mineral="oxide", country=CHINA, value=1)) == near(
        ALL_CHINESE
    )


def test_capacity_and_cost_act_on_the_source() -> None:
    """Whoever buys of it."""
    lost = after("scale capacity", mineral="oxide", country=CHINA, value=0)
    assert {refiner for refiner, _ in bought(lost)} == {"Cod"}
    assert after("scale cost", mineral="oxide", country=CHINA, value=2).purchases == near(90)


# ---- a plant that is cut off ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "oxide"),
    [
        ({"mineral": "oxide", "country": CHINA, "plant": "Lyn"}, {"Lyn": "Cod"}),
        ({"country": CHINA, "plant": "Zhong"}, {"Zhong": "Cod"}),  # its own country, too
        ({"refiner": "Bao", "plant": "Vac", "first_year": 2026}, {"Vac": "Cod"}),
        ({"country": CHINA, "plant": "Vac", "first_year": 2027}, {}),
        ({"country": "CHL", "plant": "Vac"}, {}),
        ({"plant": "Vac"}, {"Vac": ""}),
    ],
)
def test_a_plant_that_is_cut_off(of: dict[str, object], oxide: dict[str, str]) -> None:
    """It alone buys elsewhere, as with a row of Input lanes; members buy oxide as before."""
    seller = {"Lyn": "Bao", "Vac": "Bao", "Zhong": "Bao"} | oxide
    book = two_plants()
    book["Demand"].append({"Mineral": "oxide", "Member": "A", "2026": 7})
    plan = solve(
        ACTIONS["block lanes"](read(book), ScenarioStep(name="S", action="block lanes", **of))
    )
    assert {plant for _, plant in bought(plan)} == {plant for plant in seller if seller[plant]}
    assert bought(plan) == near({(s, plant): 10 for plant, s in seller.items() if s})
    assert plan.flows[plan.flows["mineral"] == "oxide"]["total"].sum() == near(7)
    names = {
        "mineral": "Input",
        "country": "From country",
        "refiner": "Refiner",
        "plant": "To plant",
    }
    row = {names.get(name, name.replace("_", " ").capitalize()): said for name, said in of.items()}
    assert solve(read(book | {"Input lanes": [row | {"Open": "no"}]})).objective == plan.objective


def test_a_plant_that_is_cut_off_with_its_projects() -> None:
    """A project sells under Vac's name, and is cut off with it; a later row opens it again."""
    project = {
        "Project": "P", "Refiner": "Vac", "Mineral": "alloy", "Country": ALLY, "Cost (USD/t)": 0,
        "Capacity (t/yr)": 30, "Capex (USD m)": 0, "First year": 2026,
    }  # fmt: skip
    book = two_plants() | {"Projects": [project]}
    closed = {"To plant": "Vac", "Open": "no", "From country": CHINA}
    assert solve(read(book)).purchases == near(30)  # all of the project
    assert solve(read(book | {"Input lanes": [closed]})).purchases == near(20 + 20 + 50)
    again = closed | {"Open": "yes", "From country": None, "To country": ALLY}
    plan = solve(read(book | {"Input lanes": [closed, again]}))
    assert plan.purchases == near(30)
    tariff = [{"To plant": "Vac", "Tariff": 0.5}, {"To plant": "Lyn", "Freight (USD/t)": 9}]
    assert solve(read(book | {"Input lanes": tariff})).purchases == near(45)


STEP = {"Scenario": "S", "Action": "block lanes", "Country": CHINA, "Plant": "Vac"}


@pytest.mark.parametrize(
    ("step", "column", "said"),
    [
        (STEP | {"Member": "A"}, "Member", "the row names the plant Vac and the member A"),
        (STEP | {"Plant": "Bao"}, "Plant", "Bao does not take a mineral as an input"),
        (STEP | {"Mineral": "alloy"}, "Plant", "it takes oxide"),
        (STEP | {"Plant": "Vak"}, "Plant", "did you mean 'Vac'?"),
        (STEP | {"Action": "set tariff", "Value": 0.5}, "Plant", "`set tariff` does not read"),
        (STEP | {"Action": "scale capacity", "Value": 0}, "Plant", "does not read this column"),
    ],
)
def test_rows_with_a_plant_that_are_wrong(step: dict[str, object], column: str, said: str) -> None:
    """In Scenarios and in Risks, at the cell."""
    event = {name: value for name, value in step.items() if name != "Scenario"}
    event |= {"Event": "E", "Yearly probability": 0.1}
    for sheet, row in (("Scenarios", step), ("Risks", event)):
        with pytest.raises(InputError) as refused:
            read_tables(two_plants() | {sheet: [row]})
        (found,) = [f for f in refused.value.findings if f.severity == "error"]
        assert (found.sheet, found.row, found.column) == (sheet, 2, column)
        assert said in found.message


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"To plant": "Bao", "Open": "no"}, "Bao does not take a mineral as an input"),
        ({"To plant": "Vac", "Input": "alloy", "Open": "no"}, "Vac does not take alloy"),
        ({"To plant": "Vak", "Open": "no"}, "did you mean 'Vac'?"),
    ],
)
def test_lanes_to_a_plant_that_are_wrong(row: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as refused:
        read_tables(two_plants() | {"Input lanes": [row]})
    (found,) = [f for f in refused.value.findings if f.severity == "error"]
    assert (found.sheet, found.row, found.column) == ("Input lanes", 2, "To plant")
    assert said in found.message


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ([STEP], 1),
        ([STEP | {"Mineral": "oxide"}], 1),
        ([STEP | {"Plant": "Lyn"}], 0),  # in a country without a member that stores oxide
        ([STEP | {"First year": 2027}], 0),
        ([STEP | {"Country": "DEU"}], 0),
        ([STEP, STEP | {"Plant": None}], 0),
        ([STEP, STEP | {"Plant": None, "Member": "B"}], 0),
        ([STEP, STEP | {"Plant": None, "Member": "A"}], 1),
        ([STEP, STEP | {"Plant": None, "Member": "B", "Scenario": "T"}], 1),
    ],
)
def test_a_member_that_still_reaches_the_plant(rows: list[dict[str, object]], count: int) -> None:
    """It is warned of at the cell of the plant, unless the scenario closes its lane, too."""
    book = two_plants()
    book["Members"][1]["Country"] = "DEU"
    book["Stockpiles"] = [{"Mineral": "oxide", "Member": "B", "Max (t)": 0}]
    headers = {header: None for row in rows for header in row}
    case = read(book | {"Scenarios": [headers | row for row in rows]})
    found = [f for f in check_rules(case) if "can still buy" in f.found]
    assert [(f.sheet, f.row, f.column) for f in found] == [("Scenarios", 2, "Plant")] * count
    assert all("B can still buy oxide from Bao" in f.found for f in found)
    lane = {"To plant": "Vac", "From country": CHINA}
    for is_open, times in (("no", 1), ("yes", 0), (None, 0)):
        case = read(book | {"Input lanes": [lane | {"Open": is_open, "Tariff": 0}]})
        assert sum("can still buy" in f.found for f in check_rules(case)) == times
