"""What the first page says: three numbers by hand, lights and sentences."""

from __future__ import annotations

import pytest

from models.plan import solve
from planner.render.front import State
from planner.render.words import amount, large_form, share, share_form, solid
from planner.run import solve_file
from planner.sheets.context import Context
from planner.sheets.front import overview
from planner.sheets.served import (
    SURGE,
    full_in_plan,
    full_today,
    in_plan,
    largest_supplier,
    today,
    when_lost,
)
from planner.studies import places as where
from planner.studies.agreed import Rules
from planner.studies.losses import stress, without_country
from planner.studies.places import routes_of
from planner.studies.stress import tables_of
from planner.workbook import read_tables
from tests.sheets.desk import context, refiner, rows, with_peru
from tests.small_book import workbook

# ---- the three numbers -------------------------------------------------------------------------


def test_shares_are_of_the_need_of_all_years():
    plan = in_plan(context(rows()))
    assert plan.need == pytest.approx(260 * 50)
    assert plan.share == pytest.approx(216 / 260)
    assert plan.largest == ("CHN", pytest.approx(156 / 260))
    assert plan.countries == pytest.approx({"CHN": 156 / 260, "CHL": 60 / 260})
    assert plan.most_concentrated == ("copper", "CHN", pytest.approx(0.6))
    assert plan.from_stock == 0


def test_what_goes_into_stock_serves_nobody_yet():
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 20, "Target (t)": 10}
    book = rows(Stockpiles=[pile | {"Target penalty (USD/t/yr)": 5000}])
    plan = in_plan(context(book))
    assert plan.share == pytest.approx(sum(plan.countries.values()))


def test_what_comes_out_of_stock_is_told_apart():
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 20, "Opening (t)": 20, "Target (t)": 0}
    plan = in_plan(context(rows(Stockpiles=[pile])))
    assert plan.share == pytest.approx(236 / 260)
    assert plan.from_stock == pytest.approx(20 / 260)


def test_without_the_largest_supplier_the_others_surge():
    """Peru sells 10 + 8 of 40 t in 2026 and all 40 t in 2027; Chile has nothing left to add."""
    country, left = when_lost(context(with_peru(), lost=True))
    assert country == "CHN"
    assert left.countries == pytest.approx({"CHL": 60 / 260, "PER": 58 / 260})
    assert left.share == pytest.approx(118 / 260)


def test_without_a_plan_of_the_loss_nothing_is_bought_instead():
    found = context(with_peru())
    country, left = when_lost(found)
    assert (country, left.share) == ("CHN", pytest.approx(104 / 260))
    assert "Nothing is bought in its stead" in " ".join(overview(found, ()).texts)


def test_a_run_plans_the_loss_too_but_not_of_a_large_case(tmp_path, monkeypatch):
    path = tmp_path / "book.xlsx"
    workbook().save(path)
    found = solve_file(path)
    assert found.lost is not None
    assert found.lost.country == largest_supplier(found.plan)
    monkeypatch.setattr(where, "WORTH_PROCESSES", routes_of(found.plan.case))
    told: list[str] = []
    large = solve_file(path, tell=told.append)
    assert large.lost is None
    assert not any(said.startswith("Planning without ") and "limits" not in said for said in told)


def test_the_loss_is_that_of_the_stress_test():
    read = read_tables(with_peru())
    plan = solve(read.case)
    lost = without_country(plan, "CHN", solve)
    told = tables_of(stress(read.case, Rules()))[0].frame().set_index("country")
    added = lost.left.shortage
    assert added == pytest.approx(told.loc["CHN", "short_t"])
    assert lost.surge == Rules().surge == SURGE


def test_today_is_the_worlds_capacity_as_far_as_it_goes():
    """China has 100 of 130 t of capacity: 76.9 t of the first year's need, then 100 t at most."""
    now = today(context(rows(), lost=True))
    china, chile = 100 * 100 / 130 + 100, 100 * 30 / 130 + 30
    assert now.served.countries == pytest.approx({"CHN": china / 260, "CHL": chile / 260})
    # Without China, Chile adds 6 t in the first year, and has nothing left to add in the second.
    assert now.left.share == pytest.approx((100 * 30 / 130 + 6 + 30) / 260)
    assert (now.lost, now.from_input, now.others) == ("CHN", (), ("copper",))
    # Where the plan buys nothing in its stead, today does not either: like is set against like.
    assert today(context(rows())).left.share == pytest.approx((100 * 30 / 130 + 30) / 260)


def test_a_loss_does_not_mend_what_is_short_today():
    """Half comes from China, 50 t at most: 50 t are short in 2027, though Kobe's surge has 80 t."""
    flows = [
        {"Refiner": "China works", "Mineral": "copper", "Member": "A", "Tonnes (t/yr)": 20},
        {"Refiner": "Kobe", "Mineral": "copper", "Member": "B", "Tonnes (t/yr)": 20},
    ]
    book = rows(**{"Current supply": flows})
    book["Refiners"] = [refiner("China works", "China", 10, 10), refiner("Kobe", "Japan", 400, 20)]
    book["Demand"] = [{"Mineral": "copper", "Member": "A", "2026": 100, "2027": 200}]
    now = today(context(book, lost=True))
    assert now.lost == "CHN"
    assert now.served.share == pytest.approx((100 + 150) / 300)
    assert now.left.share == pytest.approx((100 + 150) / 300)


def test_today_is_the_current_supply_where_it_is_given():
    """Chile sells half today, 50 t of the first year's need though it has 30 t of capacity."""
    flows = [
        {"Refiner": "China works", "Mineral": "copper", "Member": "A", "Tonnes (t/yr)": 20},
        {"Refiner": "Chile works", "Mineral": "copper", "Member": "B", "Tonnes (t/yr)": 20},
    ]
    found = context(rows(**{"Current supply": flows}))
    now = today(found)
    assert now.from_input == ("copper",)
    assert now.served.countries == pytest.approx({"CHN": 130 / 260, "CHL": 100 / 260})
    assert any("Current supply" in said for said in overview(found, ()).origin)


def test_today_is_of_the_workbook_and_not_of_a_scenario():
    read = read_tables(rows())
    refiners = tuple(r for r in read.case.refiners if r.country != "CHN")
    plan = solve(read.case.change(refiners=refiners, scenario="Lost"))
    assert today(Context(plan, read)).lost == "CHN"


def test_a_member_is_no_supplier_to_be_lost():
    """Of 260 t Rest of world gives 120 t, Japan 80 t and Chile 60 t."""
    book = rows()
    book["Refiners"] = [
        refiner("Kobe", "Japan", 200, 6),
        refiner("Chile works", "Chile", 30, 5),
        refiner("World", "Rest of world", 60, 4),
    ]
    del book["Share limits"]
    found = context(book, lost=True)
    assert largest_supplier(found.plan) == "CHL"
    assert overview(found, ()).asked[1].numbers[1].value == pytest.approx(60 / 260)


def test_a_coalition_that_serves_itself_has_no_supplier_to_lose():
    book = rows(Refiners=[refiner("Kobe", "Japan", 130, 5)])
    del book["Share limits"]
    found = context(book, lost=True)
    assert largest_supplier(found.plan) == ""
    assert found.lost is None
    front = overview(found, ())
    stops, largest, _ = front.asked
    assert [n.value for n in stops.numbers] == pytest.approx([230 / 260] * 2)
    assert [n.value for n in largest.numbers] == [0, 0]
    assert {n.of for n in (*stops.numbers, *largest.numbers)} == {"no single country outside"}
    assert states(book)["Can it do without any one country?"] is State.GOOD
    assert front.picture.categories == ("Today", "The plan")
    assert not any("the least is left" in line.said for line in front.fragile)


def test_today_is_the_same_whether_the_plan_has_a_supplier_to_lose_or_not():
    """Without China at all, the plan has nobody to lose; today is as in the base case."""
    read = read_tables(rows(Refiners=[refiner("China works", "China", 100, 1),
                                      refiner("Kobe", "Japan", 100, 5)]))  # fmt: skip
    base = solve(read.case)
    lost = without_country(base, "CHN", solve)
    case = read.case.change(refiners=read.case.refiners[1:], scenario="Lost")
    left = today(Context(solve(case), read)).left.share
    assert largest_supplier(solve(case)) == ""
    assert left == pytest.approx(today(Context(base, read, lost=lost)).left.share)
    assert left == pytest.approx((50 + 20 + 80 + 20) / 260)


def test_no_demand_is_no_question():
    book = rows(Demand=[{"Mineral": "copper", "Member": "A", "2026": 0, "2027": 0}])
    front = overview(context(book, lost=True), ())
    assert front.picture is None
    assert front.asked[0].numbers[0].value is None
    assert front.asked[0].numbers[1].value == 1
    assert states(book)["Is the need met?"] is State.NONE


def test_the_cost_of_the_limits():
    """2,976 USD against 2,830 in two years; 30 of 44 t are short without limits, too."""
    asked = overview(context(rows()), ()).asked[2]
    cash, short = asked.numbers
    assert cash.value == pytest.approx(73)
    assert short.value == pytest.approx(22)
    assert (
        "44 t are short: 30 t that supply cannot give, 14 t that the limits forbid" in asked.said[0]
    )
    assert short.of == "7 t forbidden by the limits, 15 t that supply cannot give; by weight"


def test_why_a_plan_is_worse_off_than_today_is_counted():
    """Chile's 60 of 140 t run full in the plan; today Chile and Peru have room in both years."""
    found = context(with_peru(), lost=True)
    assert when_lost(found)[1].share < today(found).left.share
    assert full_in_plan(found, "CHN") == pytest.approx(60 / 140)
    assert full_today(found, "CHN") == 0
    assert overview(found, ()).asked[0].said[-1] == (
        "Less than today, for plants that run full have no surge to give: they are 42.9 % of the"
        " others' capacity in the plan (today 0 %)."
    )
    # Today Chile is asked for 23.1 t of 30 t, then for 36.9 t.
    assert full_today(context(rows()), "CHN") == pytest.approx(0.5)


def test_a_plan_that_leans_on_the_largest_says_so():
    """Without limits Chile and Peru sell 60 of 260 t; at today's shares 70 of 170."""
    book = with_peru()
    del book["Share limits"]
    said = overview(context(book, lost=True), ()).asked[0].said[-1]
    assert said == "Less than today, for in the plan the others sell 18.1 points less of the need."


def test_a_plan_no_worse_off_than_today_needs_no_reason():
    found = context(rows(), lost=True)
    assert when_lost(found)[1].share >= today(found).left.share
    assert not any("Less than today" in said for said in overview(found, ()).asked[0].said)


def test_without_limits_they_cost_nothing():
    book = rows()
    del book["Share limits"]
    found = overview(context(book), ())
    assert found.asked[2].numbers[0].value == 0
    assert "no share limits" in found.asked[2].numbers[0].of
    assert {light.question: light.state for light in found.lights}[
        "Are the share limits kept?"
    ] is State.NONE


def test_what_the_limits_cost_may_not_be_known():
    read = read_tables(rows())
    found = overview(Context(solve(read.case), read), ())
    assert found.asked[2].numbers[0].value is None


# ---- lights and sentences ----------------------------------------------------------------------


def states(book) -> dict[str, State]:
    return {light.question: light.state for light in overview(context(book), ()).lights}


def test_lights():
    found = states(rows())
    assert found["Is the need met?"] is State.BAD  # 83 % of it
    assert found["Are the share limits kept?"] is State.GOOD
    assert found["Can it do without China?"] is State.BAD
    assert found["Is it proven?"] is State.GOOD
    assert not {"Are the reserves filled?", "Are the contracts taken?"} & set(found)


def test_lights_of_a_soft_limit_a_reserve_and_a_contract():
    book = with_peru()
    book["Share limits"][0]["Penalty (USD/t)"] = 1
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 20, "Target (t)": 20}
    book["Stockpiles"] = [pile | {"Target penalty (USD/t/yr)": 1}]
    book["Contracts"] = [
        {"Refiner": "Peru works", "Mineral": "copper", "Member": "A", "Min (t/yr)": 1,
         "Price (USD/t)": 2},
    ]  # fmt: skip
    found = states(book)
    assert found["Are the share limits kept?"] is State.CARE
    assert found["Are the reserves filled?"] is State.CARE
    assert found["Are the contracts taken?"] is State.GOOD
    said = {light.question: light.said for light in overview(context(book), ()).lights}
    assert said["Are the reserves filled?"] == (
        "Below target in some year: 1 of 1 reserve; in 2027, the last: 1."
    )


def test_a_plan_that_meets_all():
    book = rows(Refiners=[refiner(f"{c} works", c, 90, 10) for c in ("China", "Chile", "Peru")])
    found = states(book)
    assert found["Is the need met?"] is State.GOOD


def test_each_state_has_a_sign_and_a_word_of_its_own():
    signs, words = zip(*(state.value for state in State), strict=True)
    assert len(set(signs)) == len(set(words)) == len(State)


def test_what_changed_and_what_is_fragile():
    found = overview(context(rows(), lost=True), ("Country shares",))
    against = [line.said for line in found.changed]
    # Without limits China serves 200 of 260 t and Chile 30; here 156 and 60.
    assert "China -16.9 points and Chile +11.5 points" in against[1]
    assert any(
        "the least is left of copper: 23.1 % of its need" in line.said for line in found.fragile
    )
    assert any(line.said.startswith("Scarcest: copper") for line in found.fragile)


def test_numbers_in_words():
    assert [share(p) for p in (0.0, 1e-5, 0.305, 0.65, 0.99999, 1.0)] == [
        "0 %", "under 0.1 %", "30.5 %", "65 %", "over 99.9 %", "100 %",
    ]  # fmt: skip
    assert [share(p) for p in (5e-10, 1 - 5e-10, -5e-10)] == ["0 %", "100 %", "0 %"]
    assert [share_form(p) for p in (5e-10, 1 - 5e-10)] == ["0 %", "0 %"]
    assert (solid(1e-4, 1e6), solid(1e-4, 1e4)) == (0.0, 1e-4)
    assert amount(4_072_020, "t") == "4.1 million t"
    assert amount(-2.5e9, "USD") == "-2.5 billion USD"
    assert amount(12, "t") == "12 t"
    assert amount(0.1234, "t") == "0.123 t"
    assert large_form(56e6, "USD") == '#,##0.0,," million USD"'
    forms = [share_form(p) for p in (0.0, 1e-5, 0.003, 0.305, 0.998, 0.99999, 1.0)]
    assert forms == [
        "0 %", '"under 0.1 %"', "0.0 %", "0 %", "0.0 %", '"over 99.9 %"', "0 %",
    ]  # fmt: skip
    assert large_form(73, 'U"D') == '#,##0" UD"'
