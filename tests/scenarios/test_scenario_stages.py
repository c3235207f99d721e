"""What a scenario does to flows of inputs: lanes to the members whose country is the plant's."""

from __future__ import annotations

import pytest

from models.plan import Plan, solve
from models.schema import ScenarioStep
from planner.scenarios.actions import ACTIONS
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
