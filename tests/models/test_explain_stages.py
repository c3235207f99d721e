"""Explanations where minerals are made from one another: prices by stage, changes at any stage."""

from __future__ import annotations

import numpy as np
import pytest

from models.answers.explain import explain
from models.answers.least_change import applied, least_change
from models.plan import Plan
from models.plan import solve as solve_case
from models.program.families.shortage import SHORTAGE
from models.resolve import made_into
from planner.workbook import read_tables
from tests.budget import at_length
from tests.models.desk import solve_once as solve
from tests.models.stages import (
    ALLY,
    CHINA,
    cap,
    made,
    oxide_and_alloy,
    plant,
    random_stages,
    separation,
    stages,
)


def changed(plan: Plan, mineral: str = "alloy") -> dict[str, tuple[float, float]]:
    """Return the smallest change that ends A's shortage, tried: before and after by cell."""
    change = least_change(plan, mineral, "A", 2026)
    assert change is not None
    after = solve_case(applied(plan.case, change.changes))
    assert after.value(SHORTAGE, (mineral, "A", 2026)) <= plan.tolerance(mineral, 2026)
    return {f"{c.place.sheet} {c.place.row} {c.field}": (c.was, c.to) for c in change.changes}


def test_a_cap_on_both_is_widened_at_the_last_stage() -> None:
    """The contract's closed form b is 2 t short: 15 of 20 t of Chinese alloy are 75 %."""
    plan = solve(oxide_and_alloy(cap(0.65, "oxide"), cap(0.65, "alloy")))
    assert changed(plan) == {"Share limits 3 share": (0.65, pytest.approx(0.75, abs=2e-3))}


def test_a_cap_on_an_input_is_widened_a_stage_before() -> None:
    """The closed form d serves 6.5 of 10 t of alloy: all of its oxide has to be China's."""
    refiners = [plant("Bao", "oxide", CHINA, 1), plant("Arafura", "alloy", ALLY, 2)]
    book = stages(
        {"oxide": 50, "alloy": 100}, refiners, [made("alloy", "oxide", 1.2)], {"alloy": 10},
        Share_limits=[cap(0.65, "oxide")],
    )  # fmt: skip
    assert changed(solve(book)) == {"Share limits 2 share": (0.65, 1.0)}


def test_a_capacity_two_stages_before_is_widened() -> None:
    """12 t of ore make 10 of oxide, and 8 of the 20 t of alloy: 30 t would make them all."""
    refiners = [
        plant("Mine", "ore", ALLY, 1, 12), plant("Lyn", "oxide", ALLY, 1),
        plant("Arafura", "alloy", ALLY, 2),
    ]  # fmt: skip
    inputs = [made("alloy", "oxide", 1.25), made("oxide", "ore", 1.2)]
    book = stages({"ore": 9, "oxide": 50, "alloy": 100}, refiners, inputs, {"alloy": 20})
    plan = solve(book)
    assert plan.shortage == pytest.approx(12)
    assert changed(plan) == {"Refiners 2 capacity": (12, pytest.approx(30, rel=2e-3))}


def test_a_closed_lane_between_plants_is_opened() -> None:
    """No oxide comes to the ally's alloy from abroad: the row that says so is opened."""
    refiners = [plant("Bao", "oxide", CHINA, 1), plant("Arafura", "alloy", ALLY, 2)]
    book = stages(
        {"oxide": 50, "alloy": 100}, refiners, [made("alloy", "oxide")], {"alloy": 10},
        Input_lanes=[{"Input": "oxide", "From country": CHINA, "Open": "no"}],
    )  # fmt: skip
    assert changed(solve(book)) == {"Input lanes 2 open": (0, 1)}


@pytest.mark.parametrize(
    ("mineral", "member", "products"),
    [
        ("ore", "A", ["alloy", "oxide"]),
        ("oxide", "A", ["alloy"]),
        ("ore", "B", ["oxide"]),
        ("alloy", "B", []),
        ("oxide", "C", []),
    ],
)
def test_what_a_member_needs_that_is_made_of_a_mineral(
    mineral: str, member: str, products: list[str]
) -> None:
    """A needs alloy and some oxide, B needs oxide alone, and C needs nothing."""
    inputs = [made("alloy", "oxide", 1.25), made("oxide", "ore", 1.2)]
    refiners = [plant(name, name, ALLY, 1) for name in ("ore", "oxide", "alloy")]
    book = stages(
        {"ore": 9, "oxide": 50, "alloy": 100}, refiners, inputs, {"alloy": 20, "oxide": 1}
    )
    book["Members"] += [book["Members"][0] | {"Member": name} for name in ("B", "C")]
    book["Demand"] += [{"Mineral": "oxide", "Member": "B", "2026": 3}]
    assert made_into(read_tables(book).case, mineral, member, 2026) == products


@pytest.mark.parametrize(
    ("capacity", "lane", "why"),
    [
        (10, {}, "that can't get more oxide: all sellers of oxide are at a limit"),
        (10, {"Open": "no"}, "that can't get oxide: no seller of oxide can reach it"),
    ],
)
def test_a_supplier_without_its_input_says_who_limits_it(
    capacity: float, lane: dict[str, object], why: str
) -> None:
    """10 t of oxide make 8 of the 20 t of alloy; none where its lane is closed."""
    refiners = [plant("Lyn", "oxide", CHINA, 1, capacity), plant("Arafura", "alloy", ALLY, 2)]
    lanes = [{"Input": "oxide", "From country": CHINA, **lane}] if lane else []
    book = stages(
        {"oxide": 50, "alloy": 100}, refiners, [made("alloy", "oxide", 1.25)], {"alloy": 20},
        Input_lanes=lanes,
    )  # fmt: skip
    assert f"1 supplier {why}" in explain(solve(book), "alloy", "A", 2026).cause


def test_the_price_of_a_chain_is_that_of_each_stage() -> None:
    """20 t of alloy: a tonne more is China's at each stage, 1 + 1.5 x 1 with a ratio of 1.5."""
    book = oxide_and_alloy()
    book["Inputs"] = [made("alloy", "oxide", 1.5)]
    price = explain(solve(book), "alloy", "A", 2026).price
    assert price is not None
    assert price.amount == pytest.approx(2.5)
    assert {t.what: t.amount for t in price.terms} == {
        "cost at Zhong (CHN)": pytest.approx(1),
        "1.5 t of oxide: cost at Bao (CHN)": pytest.approx(1.5),
    }


def test_the_prices_of_joint_products_add_up_to_their_ore() -> None:
    """The contract's closed form a: 3.774 for NdPr and 84.906 for DyTb."""
    plan = solve(separation())
    for mineral, amount in (("NdPr", 3.774), ("DyTb", 84.906)):
        price = explain(plan, mineral, "A", 2026).price
        assert price is not None
        assert price.amount == pytest.approx(amount, abs=1e-3)
        assert sum(t.amount for t in price.terms) == pytest.approx(price.amount)
        assert [t.what for t in price.terms if t.amount] == [
            f"ore East for {mineral} at East in 2026"
        ]


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", [*range(at_length(3, 20)), 40, 117])
def test_prices_and_changes_of_random_chains(seed: int) -> None:
    """Terms add up to the price, none of them twice with both signs; changes end the shortage."""
    plan = solve(random_stages(seed))
    short = [key for key in plan.amounts(SHORTAGE) if plan.value(SHORTAGE, key) > 1e-3]
    for mineral, member, year in short[:2]:
        change = least_change(plan, mineral, member, year)
        if change is not None and change.changes:
            after = solve_case(applied(plan.case, change.changes))
            left = after.value(SHORTAGE, (mineral, member, year))
            assert left <= plan.tolerance(mineral, year)
    for (mineral, member), year in _wanted(plan):
        answer = explain(plan, mineral, member, year)
        if answer.price is None or not answer.price.terms:
            continue
        parts = [(t.what, t.amount) for t in answer.price.terms]
        scale = max(abs(amount) for _, amount in parts)
        assert sum(a for _, a in parts) == pytest.approx(answer.price.amount, abs=1e-5 * scale)
        costs = [(t.what, round(t.amount, 9)) for t in answer.price.terms if t.kind == "cost"]
        assert not [1 for what, amount in costs if amount > 0 and (what, -amount) in costs]


def _wanted(plan: Plan) -> list[tuple[tuple[str, str], int]]:
    """Return up to three minerals and members with demand, and a year."""
    keys = [key for key, tonnes in plan.case.demand_of.items() if tonnes > 0]
    rng = np.random.default_rng(len(keys))
    return [((keys[i][0], keys[i][1]), keys[i][2]) for i in rng.permutation(len(keys))[:3]]
