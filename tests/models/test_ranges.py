"""Ranges: by hand, against a small program of scipy's, against PyPSA, and laws on random books."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from models.answers.ranges import BY_COUNTRY, BY_PROJECT, BY_REFINER, ranges
from models.plan import Plan
from tests.budget import at_length
from tests.models.desk import BookT, make, refiner, sur
from tests.models.desk import solve_once as solve
from tests.models.stages import ALLY, CHINA, cap, made, random_stages, separation, stages
from tests.models.stages import plant as plant_row
from tests.models.test_laws import draw

NEAR = 1e-6


def range_of(plan: Plan, supplier: str, slack: float, by: str = BY_COUNTRY) -> tuple[float, ...]:
    """Return what a country or plant sells now, least and most."""
    found = ranges(plan, plan.expanded.minerals[0], slack, by)
    (of,) = (r for r in found if supplier in {r.country, r.refiner, r.project})
    return of.now, of.least, of.most


# ---- by hand ------------------------------------------------------------------------------------


def cheap_and_dear(**more: object) -> BookT:
    return make(refiner("Jin", "CHN", 100, 10), refiner("Sur", "CHL", 100, 11), **more)


def test_half_of_the_dearer_for_five_per_cent() -> None:
    """1,000 x 1.05 = 10 a + 11 (100 - a), so a = 50."""
    plan = solve(cheap_and_dear())
    assert range_of(plan, "CHL", 0.05) == pytest.approx((0, 0, 50))
    assert range_of(plan, "CHN", 0.05) == pytest.approx((100, 50, 100))


def test_without_slack_the_plan_is_the_only_one() -> None:
    plan = solve(cheap_and_dear())
    assert range_of(plan, "CHN", 0.0) == pytest.approx((100, 100, 100), abs=1e-4)


def test_equal_costs_are_a_choice_for_nothing() -> None:
    plan = solve(make(refiner("Jin", "CHN", 100, 10), refiner("Sur", "CHL", 80, 10)))
    assert range_of(plan, "CHN", 0.0)[1:] == pytest.approx((20, 100), abs=1e-4)


def test_a_tonne_short_pays_for_no_dear_tonne() -> None:
    """120 t are needed and 110 there: all are bought, whatever the slack."""
    plan = solve(make(refiner("Jin", "CHN", 100, 10), refiner("Sur", "CHL", 10, 11), demand=120))
    assert range_of(plan, "CHN", 0.5) == pytest.approx((100, 100, 100))
    assert range_of(plan, "CHL", 0.5) == pytest.approx((10, 10, 10))


def test_a_year_is_no_shorter_for_another() -> None:
    """Jin sells in both years, Sur in the second alone; what is short is short in the first."""
    book = make(
        refiner("Jin", "CHN", 60, 10), refiner("Sur", "CHL", 100, 10, First_year=2027),
        demand={"A": [100, 100]}, years=(2026, 2027),
    )  # fmt: skip
    assert range_of(solve(book), "CHN", 0.0)[1:] == pytest.approx((60, 120), abs=1e-4)


def test_the_cap_holds_in_every_plan() -> None:
    limit = {"Limit": "max", "Supplier group": "country", "Share": 0.6}
    plan = solve(cheap_and_dear(Share_limits=[limit]))
    assert range_of(plan, "CHN", 1.0) == pytest.approx((60, 40, 60))


def test_what_is_more_than_needed_is_stored() -> None:
    """Of 10 t that are paid for at 12 a t the plan takes the 1 t needed: 10 x 12 + 5 of freight.

    For half as much again the other 9 t come too, at 5 a t, and (62.5 - 45) / 15 t of spot.
    """
    book = make(
        refiner("Jin", "CHN", 100, 10), demand=1,
        Contracts=[{"Refiner": "Jin", "Mineral": "copper", "Member": "A", "Min (t/yr)": 10,
                    "Price (USD/t)": 12}],
        Stockpiles=[{"Mineral": "copper", "Member": "A", "Max (t)": 50}],
        Freight=[{"From country": "CHN", "A": 5}],
    )  # fmt: skip
    plan = solve(book)
    assert plan.cash == pytest.approx(125)
    assert range_of(plan, "CHN", 0.5) == pytest.approx((1, 1, 10 + 17.5 / 15))
    assert range_of(plan, "CHN", 50.0)[2] == pytest.approx(51)


def plant(**more: object) -> dict[str, object]:
    """A plant of 100 t at 5 a t and 0.001 m: at no interest over 10 years 1 a t and year."""
    return {
        "Project": "New", "Refiner": "New", "Mineral": "copper", "Country": "AUS",
        "Capacity (t/yr)": 100, "Capex (USD m)": 0.001, "Cost (USD/t)": 5, "First year": 2026,
        "Life (yr)": 10, **more,
    }  # fmt: skip


FREE = {"Cost of capital": 0}


def test_builds_stand_but_by_project() -> None:
    """The plant costs 6 a t, Sur 6.1: at 1 % more, 60 t of 600 x 1.01 = 6 a + 6.1 (100 - a)."""
    book = make(refiner("Sur", "CHL", 100, 6.1), Projects=[plant()], settings=FREE)
    plan = solve(book)
    assert range_of(plan, "New", 0.01, BY_PROJECT) == pytest.approx((100, 40, 100))
    # what is built is paid for: a tonne from Sur costs 1.1 more
    assert range_of(plan, "New", 0.01, BY_REFINER) == pytest.approx((100, 100 - 6 / 1.1, 100))


def test_a_whole_plant_is_built_or_not() -> None:
    book = make(
        refiner("Sur", "CHL", 100, 6.1), Projects=[plant()],
        settings={**FREE, "Whole projects": "yes"},
    )  # fmt: skip
    plan = solve(book)
    assert range_of(plan, "New", 0.017, BY_PROJECT)[1] == pytest.approx(0)
    assert range_of(plan, "New", 0.016, BY_PROJECT)[1] == pytest.approx(100 - 9.6 / 1.1)


def test_other_minerals_keep_their_part_of_the_budget() -> None:
    """Copper's plant may take what the budget leaves beside tin's: a half."""
    tin = plant(Project="Tin", Refiner="Tin", Mineral="tin")
    book = make(
        refiner("Sur", "CHL", 100, 6.0), Projects=[plant(), tin], settings=FREE,
        Budget=[{"Year": 2026, "Capex (USD m)": 0.0015}],
    )  # fmt: skip
    book["Minerals"].append({"Mineral": "tin", "Price (USD/t)": 50})
    book["Demand"].append({"Mineral": "tin", "Member": "A", "2026": 100})
    plan = solve(book)
    (new,) = ranges(plan, "copper", 0.0, BY_PROJECT)
    assert new.most == pytest.approx(50, abs=1e-3)


def test_a_case_with_nothing_to_plan_has_no_ranges() -> None:
    plan = solve(make(sur(), demand=0))
    assert [r.most for r in ranges(plan, "copper", 0.01)] in ([], [0.0])


# ---- laws ---------------------------------------------------------------------------------------


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(3, 16)))
def test_ranges_hold_the_plan_and_widen_with_the_slack(seed: int) -> None:
    plan = solve(draw(seed))
    by = (BY_COUNTRY, BY_REFINER, BY_PROJECT)[seed % 3]
    for name in plan.expanded.minerals:
        narrow, wide = (ranges(plan, name, slack, by) for slack in (0.01, 0.1))
        for one, other in zip(narrow, wide, strict=True):
            near = 1e-5 * max(plan.case.largest_demand, 1.0)
            assert one.least - near <= one.now <= one.most + near
            assert other.least <= one.least + near
            assert other.most >= one.most - near


# ---- second formulations ------------------------------------------------------------------------


def plain(seed: int) -> tuple[BookT, np.ndarray, np.ndarray, np.ndarray]:
    """A book of five refiners in three countries and two members; costs, capacities, needs."""
    dice = np.random.default_rng([5, seed])
    cost, room = dice.uniform(5, 15, 5).round(2), dice.uniform(20, 80, 5).round(1)
    need = dice.uniform(20, 0.45 * room.sum(), 2).round(1)
    freight = dice.uniform(0, 2, (3, 2)).round(2)
    where = [COUNTRIES[i % 3] for i in range(5)]
    book = make(
        *(refiner(f"R{i}", where[i], room[i], cost[i]) for i in range(5)),
        demand={"A": need[0], "B": need[1]},
        Freight=[
            {"From country": c, "A": freight[k][0], "B": freight[k][1]}
            for k, c in enumerate(COUNTRIES)
        ],
    )
    landed = np.array([[cost[i] + freight[i % 3][j] for j in range(2)] for i in range(5)])
    return book, landed, room, need


COUNTRIES = ("CHN", "CHL", "AUS")


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(2, 8)))
def test_ranges_are_those_of_a_program_of_scipy(seed: int) -> None:
    book, landed, room, need = plain(seed)
    rows = np.kron(np.eye(5), np.ones(2)), np.tile(np.eye(2), 5)
    cheapest = linprog(landed.ravel(), rows[0], room, rows[1], need)
    limits = np.vstack([rows[0], landed.ravel()]), [*room, 1.03 * cheapest.fun]
    plan = solve(book)
    for k, country in enumerate(COUNTRIES):
        of = np.repeat([float(i % 3 == k) for i in range(5)], 2)
        least, most = (linprog(sign * of, *limits, rows[1], need).fun * sign for sign in (1, -1))
        assert range_of(plan, country, 0.03)[1:] == pytest.approx(
            (least, most), abs=NEAR * need.max()
        )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(3))
def test_the_least_is_that_of_pypsa(seed: int) -> None:
    """A refiner is a generator at a bus of its own, a lane a link, a member a load."""
    pypsa = pytest.importorskip("pypsa")
    book, landed, room, need = plain(seed)
    net = pypsa.Network()
    net.set_snapshots([0])
    for j in range(2):
        net.add("Bus", f"member {j}")
        net.add("Load", f"load {j}", bus=f"member {j}", p_set=need[j])
    for i in range(5):
        net.add("Bus", f"refiner {i}")
        net.add("Generator", f"R{i}", bus=f"refiner {i}", p_nom=room[i])
        for j in range(2):
            net.add(
                "Link", f"R{i} to {j}", bus0=f"refiner {i}", bus1=f"member {j}", p_nom=room[i],
                marginal_cost=landed[i][j],
            )  # fmt: skip
    net.optimize(solver_name="highs", log_to_console=False)
    plan = solve(book)
    assert plan.objective == pytest.approx(net.objective, rel=NEAR)
    of_china = pd.DataFrame({f"R{i}": [float(i % 3 == 0)] for i in range(5)}, index=net.snapshots)
    net.optimize.optimize_mga(
        weights={"Generator": {"p": of_china}}, slack=0.03, solver_name="highs",
        log_to_console=False,
    )  # fmt: skip
    least = float(net.generators_t.p[["R0", "R3"]].sum().sum())
    assert range_of(plan, "CHN", 0.03)[1] == pytest.approx(least, abs=NEAR * need.max())


# ---- minerals made from one another -------------------------------------------------------------


def test_ranges_of_the_separation_lines() -> None:
    """The contract's closed form a has one plan at its cost; more may change it at both mines."""
    plan = solve(separation())
    for name, tonnes in (("ore West", 43.396), ("ore East", 2.264)):
        (of,) = ranges(plan, name, 0.0)
        assert (of.least, of.now, of.most) == pytest.approx((tonnes,) * 3, abs=2e-3)
        (of,) = ranges(plan, name, 0.1)
        assert of.least < tonnes - 0.1 or of.most > tonnes + 0.1


def test_a_cap_on_the_only_maker_of_an_input_leaves_no_choice() -> None:
    """The contract's closed form d: 6.5 t of oxide and of alloy, whatever the slack."""
    refiners = [plant_row("Bao", "oxide", CHINA, 1), plant_row("Lyn", "alloy", ALLY, 2)]
    book = stages(
        {"oxide": 50, "alloy": 100}, refiners, [made("alloy", "oxide")], {"alloy": 10},
        Share_limits=[cap(0.65, "oxide")],
    )  # fmt: skip
    plan = solve(book)
    for name in ("oxide", "alloy"):
        (of,) = ranges(plan, name, 0.5)
        assert (of.least, of.now, of.most) == pytest.approx((6.5,) * 3, abs=1e-4)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(2, 10)))
def test_ranges_of_random_chains_hold_the_plan(seed: int) -> None:
    plan = solve(random_stages(seed))
    need = max(plan.case.largest_demand, 1.0)
    for name in plan.expanded.minerals:
        for of in ranges(plan, name, 0.02):
            assert of.least is not None
            assert of.most is not None
            assert of.least - NEAR * need <= of.now <= of.most + NEAR * need
