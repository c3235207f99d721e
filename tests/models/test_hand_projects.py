"""Projects by hand: capital, budgets, lead times, lives, whole builds."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from models.answers.explain import explain
from models.answers.least_change import least_change
from tests.models.desk import (
    BookT,
    changed,
    cost,
    jin,
    make,
    new_works,
    one,
    price,
    read,
    refiner,
    short,
    slope,
    solve,
    solve_case,
    tonnes,
)

near = pytest.approx
TWO_YEARS = (2026, 2027)
SHORT = 100_000
"""What a tonne short costs here [USD/t]: a price of 10,000."""


def plant(name: str = "P", **more: object) -> dict[str, Any]:
    """Return a project of 100 t/yr for 1 USD m, at 10 a t, from 2026 on, life 2."""
    return new_works() | {"Project": name, "Lead time (yr)": 0, "Life (yr)": 2} | more


def shelf(*projects: dict[str, Any], years: tuple[int, ...] = TWO_YEARS, **more: Any) -> BookT:
    """Return a book of 100 t a year, no other supply, capital at no cost."""
    settings = {"Cost of capital": 0} | more.pop("settings", {})
    book = make(jin(0), years=years, settings=settings, Projects=list(projects), **more)
    book["Minerals"][0]["Price (USD/t)"] = 10_000
    return book


def budget(**money: float) -> list[dict[str, Any]]:
    """Return the sheet, such as y2026=0.5."""
    return [{"Year": int(year[1:]), "Capex (USD m)": m} for year, m in money.items()]


def test_built_at_once() -> None:
    """Capital 1e6 / 2 a year, 10 a tonne: 2 x (1,000 + 500,000) = 1,002,000."""
    plan = solve(shelf(plant()))
    assert plan.objective == near(1_002_000)
    assert cost(plan, "capital") == near(1e6)
    assert tonnes(plan, project="P", refiner="New") == near(200)
    assert one(plan.projects, year=2026)["built"] == near(1)


def test_capital_recovery_factor() -> None:
    """Cost of capital 0.1, life 2: 0.1 / (1 - 1.1^-2) = 0.5761905 of 1e6 a year."""
    plan = solve(shelf(plant(), settings={"Cost of capital": 0.1}))
    factor = 0.1 / (1 - 1.1**-2)
    assert factor == near(0.5761905)
    assert plan.objective == near(2000 + 2e6 * factor)


def test_a_budget_builds_half() -> None:
    """A budget of 0.5 in 2026 and none in 2027: half in 2026: 1,000 + 500,000 + 100 x 100,000.

    One more million builds the other half and would save 2 x 50 x (100,000 - 10) - 500,000 a half:
    19,998,000 - 1,000,000 = 18,998,000 a million.
    """
    book = shelf(plant(), Budget=budget(y2026=0.5, y2027=0))
    plan = solve(book)
    assert plan.objective == near(10_501_000)
    assert short(plan, year=2027) == near(50)
    assert plan.dual("budget", 2026) == near(-18_998_000)
    assert slope(book, "Budget", 0, "Capex (USD m)", 0.1) == near(-18_998_000)


def test_lead_time_across_the_start_of_the_horizon() -> None:
    """Lead time 3: an output from 2026 or 2027 on is paid from the budget of 2026, the first year.

    Half is built, in 2026: as above 10,501,000. A budget of 2027 of 0 does not matter.
    """
    book = shelf(plant(**{"Lead time (yr)": 3}), Budget=budget(y2026=0.5, y2027=0))
    plan = solve(book)
    assert plan.objective == near(10_501_000)
    assert one(plan.projects, year=2026)["built"] == near(0.5)


def test_lead_time_chooses_the_budgets_year() -> None:
    """Lead time 1, life 3, three years; budgets 0 in 2026, 1 in 2027: output from 2028 alone.

    2026, 2027: 200 x 100,000; 2028: 100 x 10 + 1e6 / 3.
    """
    book = shelf(
        plant(**{"Lead time (yr)": 1, "Life (yr)": 3}),
        years=(2026, 2027, 2028),
        Budget=budget(y2026=0, y2027=1),
    )
    plan = solve(book)
    assert plan.objective == near(20_000_000 + 1000 + 1e6 / 3)
    assert one(plan.projects, year=2028)["built"] == near(1)


def test_life_ends_inside_the_horizon() -> None:
    """Life 1: one start in all, so one year of two is served: 1,000 + 1,000,000 + 100 x 100,000."""
    plan = solve(shelf(plant(**{"Life (yr)": 1})))
    assert plan.objective == near(11_001_000)
    assert plan.projects["built"].sum() == near(1)


def test_life_runs_on_in_a_gap() -> None:
    """2026 and 2028, life 2: built for 2026 it has ended in 2028; so one of the two is served.

    Capital 500,000 a year of the horizon in output, 1,000 + 500,000 + 10,000,000.
    """
    plan = solve(shelf(plant(), years=(2026, 2028)))
    assert plan.objective == near(10_501_000)


def test_first_year_of_output() -> None:
    """From 2027 on: 100 x 100,000 + 1,000 + 500,000."""
    plan = solve(shelf(plant(**{"First year": 2027})))
    assert plan.objective == near(10_501_000)
    assert one(plan.projects, year=2026)["built"] == 0


def test_capital_and_discount() -> None:
    """Rate 0.25: 501,000 + 501,000 / 1.25 = 901,800, prices undiscounted.

    With demand 90 of 100 in both years: built 0.9, a tonne in both years costs 10 and 5,000 of
    capital each; 90 x 5,010 x 1.8.
    """
    rate = {"Discount rate": 0.25}
    assert solve(shelf(plant(), settings=rate)).objective == near(901_800)
    book = shelf(plant(), settings=rate)
    book["Demand"][0] |= {"2026": 90, "2027": 90}
    plan = solve(book)
    assert plan.objective == near(90 * 5010 * 1.8)
    assert one(plan.projects, year=2027)["running"] == near(0.9)
    # a tonne more in both years; where the capital's price falls between the two is not unique
    both = price(plan, year=2026) + price(plan, year=2027) / 1.25
    assert both == near(5010 * 1.8)


def test_whole_projects() -> None:
    """Half cannot be built: within 0.5 nothing is, 200 x 100,000; within 1 all is, 1,002,000.

    Shadow prices are those of the builds as they are: without any, a tonne costs a shortage.
    """
    book = shelf(plant(), settings={"Whole projects": "yes"}, Budget=budget(y2026=0.5, y2027=0.5))
    plan = solve(book)
    assert plan.objective == near(20_000_000)
    assert price(plan) == near(SHORT)
    assert plan.proof.mip_gap == 0
    book["Budget"][0]["Capex (USD m)"] = 1
    plan = solve(book)
    assert plan.objective == near(1_002_000)
    assert one(plan.projects, year=2026)["built"] == 1


def test_whole_project_is_dearer_than_the_part_needed() -> None:
    """60 t a year of a plant of 100 t for 0.5 USD m, Dear sells at 4,000.

    In parts 0.6 is built: 60 x (10 + 2,500) a year, 301,200 in all. Whole it is 600 + 250,000 a
    year, 501,200, dearer than Dear's 2 x 60 x 4,000 = 480,000: nothing is built.
    """
    book = shelf(plant(**{"Capex (USD m)": 0.5}))
    book["Refiners"] = [refiner("Dear", "CHN", 100, 4000)]
    book["Demand"][0] |= {"2026": 60, "2027": 60}
    assert solve(book).objective == near(301_200)
    book["Settings"].append({"Setting": "Whole projects", "Value": "yes"})
    plan = solve(book)
    assert plan.objective == near(480_000)
    assert price(plan) == near(4000)


def test_two_projects_for_one_budget() -> None:
    """Good: 100 t for 1 USD m; Poor: 50 t for 1 USD m, both at 10. Budget 1.2, demand 150 in 2026.

    Good in full and 0.2 of Poor: 110 t: 1,100 + 600,000 + 40 x 100,000 = 4,601,100. A million more
    builds 50 t: 50 x (100,000 - 10) - 500,000 = 4,499,500. Good's capacity is worth what it spares
    of Poor's.
    """
    poor = plant("Poor", **{"Capacity (t/yr)": 50})
    book = shelf(plant("Good"), poor, years=(2026,), Budget=budget(y2026=1.2))
    book["Demand"][0]["2026"] = 150
    plan = solve(book)
    assert plan.objective == near(4_601_100)
    assert one(plan.projects, project="Poor")["built"] == near(0.2)
    assert plan.dual("budget", 2026) == near(-4_499_500)
    assert slope(book, "Budget", 0, "Capex (USD m)", 0.1) == near(-4_499_500)
    assert one(plan.projects, project="Good")["rent"] == near(SHORT - 10)
    assert slope(book, "Projects", 0, "Capacity (t/yr)", 1) == near(-(SHORT - 10))


def test_capacity_row_of_a_project() -> None:
    """40 t wanted of a plant of 100: 0.4 built; the rent is the capital a tonne, 5,000.

    One year: 40 x (10 + 500,000 / 100).
    """
    book = shelf(plant(), years=(2026,))
    book["Demand"][0]["2026"] = 40
    plan = solve(book)
    assert plan.objective == near(40 * 5010)
    assert price(plan) == near(5010)
    assert one(plan.projects)["rent"] == near(5000)
    assert slope(book, "Demand", 0, "2026") == near(5010)


def test_a_build_decided_is_outside_the_budget() -> None:
    """Built in full in 2027 by decree, with a budget of nothing: its capital is charged.

    2026: 100 x 100,000. 2027: 1,000 + 500,000.
    """
    case = read(shelf(plant(), Budget=budget(y2026=0, y2027=0)))
    (project,) = case.projects
    plan = solve_case(case.change(projects=(dataclasses.replace(project, built_in=2027),)))
    assert plan.objective == near(10_501_000)
    assert one(plan.projects, year=2027)["built"] == 1


def test_a_budget_ties_minerals() -> None:
    """A plant of copper and one of nickel, 1 USD m each, budget 1, a tonne short of nickel costs 5.

    Nickel is not built: 501,000 + 100 x 5, one year.
    """
    book = shelf(plant(), plant("N", Mineral="nickel"), years=(2026,), Budget=budget(y2026=1))
    book["Minerals"].append(
        {"Mineral": "nickel", "Price (USD/t)": 1, "Shortage cost (USD/t)": 20_000}
    )
    book["Demand"].append({"Mineral": "nickel", "Member": "A", "2026": 100})
    # copper saves 100 x 99,990 a million, nickel 100 x 19,990
    plan = solve(book)
    assert plan.objective == near(501_000 + 2_000_000)
    assert plan.proof.blocks == 1
    assert plan.dual("budget", 2026) == near(-(100 * 19_990 - 500_000))
    assert slope(book, "Budget", 0, "Capex (USD m)", 0.1) == near(-1_499_000)
    free = changed(book, "Budget", 0, Year=2030)
    assert solve(free).objective == near(501_000 * 2)


# ---- budgets whose rest is carried over --------------------------------------------------------

CARRIED = {"Carry over budget": "yes"}


def test_what_is_left_of_a_budget_is_spent_later() -> None:
    """From 2027 on, budgets of 0.3 in 2026 and 0.2 in 2027: 0.5 is built, else 0.2.

    2026: 100 x 100,000. 2027: 500 + 250,000 + 50 x 100,000. A million more of either year builds
    another 100 t for 500,000: 100 x 99,990 - 500,000.
    """
    book = shelf(
        plant(**{"First year": 2027}), settings=CARRIED, Budget=budget(y2026=0.3, y2027=0.2)
    )
    plan = solve(book)
    assert plan.objective == near(15_250_500)
    assert one(plan.projects, year=2027)["built"] == near(0.5)
    for row, year in enumerate(TWO_YEARS):
        assert plan.dual("budget", year) == near(-9_499_000)
        assert slope(book, "Budget", row, "Capex (USD m)", 0.1) == near(-9_499_000)
    alone = solve(changed(book, "Settings", -1, Value="no"))
    assert one(alone.projects, year=2027)["built"] == near(0.2)
    assert alone.objective == near(10_000_000 + 200 + 100_000 + 80 * SHORT)


def test_a_whole_plant_is_saved_for() -> None:
    """Half of it in 2026, half in 2027: whole in 2027, 10,000,000 + 1,000 + 500,000; else never."""
    settings = {"Whole projects": "yes"} | CARRIED
    book = shelf(plant(), settings=settings, Budget=budget(y2027=0.5, y2026=0.5))
    plan = solve(book)
    assert plan.objective == near(10_501_000)
    assert one(plan.projects, year=2027)["built"] == 1
    assert solve(changed(book, "Settings", -1, Value="no")).objective == near(20_000_000)


def test_nothing_is_spent_before_it_is_there() -> None:
    """Nothing in 2026, 1 in 2027: built in 2027, as without the setting. 2026: 10,000,000."""
    book = shelf(plant(), settings=CARRIED, Budget=budget(y2026=0, y2027=1))
    for value in ("yes", "no"):
        plan = solve(changed(book, "Settings", -1, Value=value))
        assert plan.objective == near(10_501_000)


def test_a_year_without_a_row_is_outside_the_sum() -> None:
    """A, from 2027 on, is paid without limit; B, from 2028 on, with 0.4 of 2026 and 0.1 of 2028.

    200 t a year. 2026: 20,000,000 short. 2027: 1,000 + 500,000 + 10,000,000. 2028: the same A,
    501,000, half of B, 500 + 250,000, and 50 short.
    """
    plants = (plant("A", **{"First year": 2027}), plant("B", **{"First year": 2028}))
    book = shelf(
        *plants, years=(2026, 2027, 2028), settings=CARRIED, demand=200,
        Budget=budget(y2026=0.4, y2028=0.1),
    )  # fmt: skip
    plan = solve(book)
    assert plan.objective == near(20_000_000 + 10_501_000 + 501_000 + 250_500 + 5_000_000)
    assert one(plan.projects, project="B", year=2028)["built"] == near(0.5)


def test_a_budget_before_the_first_year_is_carried_into_it() -> None:
    """Nothing is spent in 2025, so 2026 has 0.2 + 0.3: half is built, as above 10,501,000."""
    book = shelf(plant(), settings=CARRIED, Budget=budget(y2025=0.2, y2026=0.3, y2027=0))
    plan = solve(book)
    assert plan.objective == near(10_501_000)
    assert slope(book, "Budget", 0, "Capex (USD m)", 0.1) == near(-18_998_000)


def test_a_decided_build_takes_nothing_of_what_is_carried_over() -> None:
    """P by decree in 2026, outside; Q, from 2027 on, is built by half with the 0.5 of 2026.

    200 t a year. 2026: 501,000 + 10,000,000. 2027: 501,000 + 250,500 + 5,000,000.
    """
    book = shelf(
        plant(), plant("Q", **{"First year": 2027}), demand=200, settings=CARRIED,
        Budget=budget(y2026=0.5, y2027=0),
    )  # fmt: skip
    case = read(book)
    decided = tuple(
        dataclasses.replace(p, built_in=2026 if p.name == "P" else None) for p in case.projects
    )
    plan = solve_case(case.change(projects=decided))
    assert plan.objective == near(10_501_000 + 5_751_500)


def test_what_binds_where_budgets_are_carried_over() -> None:
    """The budget of 2027, of which the 0.2 in its cell say the last; 0.1 more saves 949,900."""
    book = shelf(
        plant(**{"First year": 2027}), settings=CARRIED, Budget=budget(y2026=0.3, y2027=0.2)
    )
    found = explain(solve(book), "copper", "A", 2027)
    (bound,) = (b for b in found.binding if b.kind == "budget")
    assert bound.words == "the budget of 2027 and the money left of earlier ones"
    assert (bound.place.sheet, bound.place.row, bound.limit) == ("Budget", 3, near(0.2))
    assert (bound.shadow_price, bound.low, bound.high) == near((9_499_000, 0, 0.7), abs=1e-6)
    assert bound.saves == near(9_499_000 / 2)


def test_the_least_change_where_budgets_are_carried_over() -> None:
    """100 t in 2027 take 1: 0.2 more, which is a third of 2026's 0.6 and all of 2027's 0.2."""
    book = shelf(
        plant(**{"First year": 2027}), settings=CARRIED, Budget=budget(y2026=0.6, y2027=0.2)
    )
    book["Refiners"] = [jin(0, Last_year=2025)]
    found = least_change(solve(book), "copper", "A", 2027)
    assert found is not None
    (change,) = found.changes
    assert (change.place.sheet, change.place.row) == ("Budget", 2)
    assert (change.was, change.to) == near((0.6, 0.8))


def test_the_least_change_leaves_others_what_they_need_later() -> None:
    """Nickel's plant, from 2027 on, takes all of 2026's 1; copper's of 2026 needs one more.

    A tonne of nickel is worth as much as two of copper, and one year of it as one of copper's.
    """
    nickel = plant("N", Mineral="nickel", **{"First year": 2027})
    book = shelf(
        plant(**{"Life (yr)": 1}), nickel, settings=CARRIED, Budget=budget(y2026=1, y2027=0)
    )
    book["Minerals"].append({"Mineral": "nickel", "Price (USD/t)": 20_000})
    book["Demand"].append({"Mineral": "nickel", "Member": "A", "2026": 0, "2027": 100})
    plan = solve(book)
    assert one(plan.projects, project="N", year=2027)["built"] == near(1)
    found = least_change(plan, "copper", "A", 2026)
    assert found is not None
    (change,) = found.changes
    assert (change.place.row, change.was, change.to) == (2, near(1), near(2))
    assert found.outcome is not None
    assert found.outcome.elsewhere == 0


# ---- plants that the budget keeps from being built ----------------------------------------------


def lacking(book: BookT, year: int = 2026) -> list[tuple[str, float, float, float, int]]:
    """Return of each plant that a budget does not pay: name, part built, needs, left, year."""
    found = explain(solve(book), "copper", "A", year).unpaid
    return [(u.project.name, u.built, u.needs, u.left, u.year) for u in found]


def test_the_budget_keeps_the_other_half_from_being_built() -> None:
    """As above half is built; 0.5 more would build the rest. Without a budget nothing lacks."""
    book = shelf(plant(), Budget=budget(y2026=0.5, y2027=0))
    assert lacking(book, 2027) == [("P", near(0.5), near(0.5), near(0), 2026)]
    assert lacking(shelf(plant()), 2027) == []
    assert lacking(shelf(plant(), Budget=budget(y2026=1)), 2026) == []


@pytest.mark.parametrize("carry", ["no", "yes"])
def test_a_budget_is_too_small_for_the_whole(carry: str) -> None:
    """0.5 in 2026 and 0.2 in 2027 for a plant of 1, whole: carried over 0.7 are there in 2027."""
    settings = {"Whole projects": "yes", "Carry over budget": carry}
    book = shelf(plant(), settings=settings, Budget=budget(y2026=0.5, y2027=0.2))
    assert lacking(book) == [("P", 0, near(1), near(0.5), 2026)]
    left, year = (0.7, 2027) if carry == "yes" else (0.5, 2026)
    assert lacking(book, 2027) == [("P", 0, near(1), near(left), year)]
    assert explain(solve(book), "copper", "A", 2027).unpaid[0].place.sheet == "Budget"


def test_a_plant_is_not_built_for_another_reason_than_the_budget() -> None:
    """Too dear at any budget; or whole, and worth it for its first tonnes alone; or never so late.

    One tonne is short: that saves 2 x 99,990 and not 1,000,000, though 100 t would.
    """
    small = budget(y2026=0.5, y2027=0.2)
    for whole in ("no", "yes"):
        settings = {"Whole projects": whole}
        dear = plant(**{"Cost (USD/t)": SHORT})
        assert lacking(shelf(dear, settings=settings, Budget=small)) == []
        late = plant(**{"First year": 2027})
        assert lacking(shelf(late, settings=settings, Budget=small), 2026) == []
        free = shelf(dear, settings=settings, Budget=budget(y2027=0))
        assert lacking(free) == []
    book = shelf(plant(), demand=1, settings={"Whole projects": "yes"}, Budget=small)
    assert lacking(book) == []


def test_a_plant_built_later_is_not_one_that_is_never_built() -> None:
    """Whole, with a budget in 2027 alone: built then, and not lacking by 2026."""
    book = shelf(plant(), settings={"Whole projects": "yes"}, Budget=budget(y2026=0.5, y2027=1))
    assert one(solve(book).projects, year=2027)["built"] == 1
    assert lacking(book, 2026) == []


@pytest.mark.parametrize(
    ("built", "need", "money"),
    [(0.995, 1e7, None), (0.999, 1e7, None), (0.5, 1e9, None), (0.4, 1e9, 0.5), (0.495, 1e7, 0.5)],
)
def test_a_plant_or_a_budget_is_full_in_its_own_unit(
    built: float, need: float, money: float | None
) -> None:
    """What is left of a plant, or of a budget [USD m], is rounding whatever other minerals need."""
    works = plant(**{"Capacity (t/yr)": 10_000})
    sheets = {} if money is None else {"Budget": budget(y2026=money)}
    book = shelf(works, years=(2026,), demand=10_000 * built, **sheets)
    book["Minerals"].append({"Mineral": "iron", "Price (USD/t)": 100})
    book["Refiners"].append(refiner("Mill", "CHL", 2 * need, 1) | {"Mineral": "iron"})
    book["Demand"].append({"Mineral": "iron", "Member": "A", "2026": need})
    found = explain(solve_case(read(book)), "copper", "A", 2026).price
    assert found is not None
    assert found.has_slack
    assert found.up == near(10_000 * ((money or 1.0) - built))


@pytest.mark.parametrize("money", [500.0, 1_500.0, 2_000.0, 2_500.0, 2_900.0])
def test_a_large_budget_is_not_free_to_move(money: float) -> None:
    """The other part of a plant for 4,000 USD m is all that more money builds."""
    works = plant(**{"Capacity (t/yr)": 10_000, "Capex (USD m)": 4_000})
    book = shelf(works, years=(2026,), demand=10_000, Budget=budget(y2026=money))
    book["Minerals"][0]["Price (USD/t)"] = 1_000_000
    found = explain(solve_case(read(book)), "copper", "A", 2026)
    (bound,) = [limit for limit in found.binding if limit.unit == "money m"]
    assert (bound.limit, bound.high) == (near(money), near(4_000))
