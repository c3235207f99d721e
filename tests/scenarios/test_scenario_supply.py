"""Actions on supply, by hand: capacity, projects, lanes, costs, mines.

Jin of China sells at 10, Sur of Chile at 20, a tonne short costs 500, 100 t are wanted a year.
"""

from __future__ import annotations

import pytest

from tests.models.desk import BookT, cost, jin, make, new_works, one, short, solve, sur, tonnes
from tests.scenarios.edits import Row
from tests.scenarios.what_if import base_of, case_of, objective, plan_of, step, warnings_of

near = pytest.approx
TWO = (2026, 2027)


def add(t: float, **selectors: object) -> Row:
    """Capacity added to Jin."""
    return step("add capacity", t, Refiner="Jin", **selectors)


def scale(factor: float, **selectors: object) -> Row:
    """Jin's capacity multiplied."""
    return step("scale capacity", factor, Refiner="Jin", **selectors)


# ---- capacity ----------------------------------------------------------------------------------


def test_capacity_is_floored_at_nothing() -> None:
    """100 - 150 is 0: 100 x 20. Then + 30 is 30, not -20: 30 x 10 + 70 x 20 = 1,700."""
    book = make(jin(100), sur())
    assert objective(book, add(-150)) == near(2000)
    assert objective(book, add(-150), add(30)) == near(1700)
    assert objective(book, add(-100)) == near(2000)


def test_what_was_added_is_scaled_later() -> None:
    """(100 + 20) x 0.5 = 60: 60 x 10 + 40 x 20 = 1,400. 100 x 0.5 + 20 = 70: 1,300.

    (100 - 150, floored) x 2 = 0: 2,000.
    """
    book = make(jin(100), sur())
    assert objective(book, add(20), scale(0.5)) == near(1400)
    assert objective(book, scale(0.5), add(20)) == near(1300)
    assert objective(book, add(-150), scale(2)) == near(2000)
    assert objective(book, scale(0), add(30)) == near(1700)


def test_added_capacity_is_usable_in_full() -> None:
    """Half of 100 is open. 50 + 20 = 70: 1,300; x 0.5 = 35: 35 x 10 + 65 x 20 = 1,650.

    50 - 50 = 0: 2,000, whereas half of (100 - 50) would be 25.
    """
    book = make(jin(100, Available_share=0.5), sur())
    assert objective(book, add(20)) == near(1300)
    assert objective(book, add(20), scale(0.5)) == near(1650)
    assert objective(book, add(-50)) == near(2000)


def test_taken_in_thirds_nothing_is_left() -> None:
    """0.3 less three times 0.1 leaves nothing, not what rounding leaves of it."""
    book = make(jin(0.3), sur(), demand=1)
    plan = plan_of(book, add(-0.1), add(-0.1), add(-0.1))
    assert one(plan.sources, refiner="Jin")["usable"] == 0


def test_capacity_is_added_in_the_refiners_own_years() -> None:
    """Jin of 40 t ends in 2026. + 30 t: 700 + 30 x 20 in 2026, 2,000 in 2027."""
    book = make(jin(40, Last_year=2026), sur(), years=TWO)
    assert objective(book, add(30)) == near(1300 + 2000)


def test_capacity_is_added_in_the_steps_years() -> None:
    """40 t: 400 + 60 x 20 = 1,600 in 2026; 70 t in 2027: 1,300."""
    book = make(jin(40), sur(), years=TWO)
    assert objective(book, add(30, First_year=2027)) == near(2900)
    # capacity by year is kept: 40 and 10 t, + 30 in 2026 alone: 70 and 10 t
    book["Refiners"][0]["Capacity 2027 (t/yr)"] = 10
    assert objective(book, add(30, Last_year=2026)) == near(1300 + 1900)


def test_capacity_is_not_added_to_projects() -> None:
    """Jin has no capacity and a plant of 10 t under its name: + 30 t is 30 + 10.

    Jin's 30 at 10, the plant's 10 at 10, 60 at 20: 1,600, and capital of 1 USD m in one year.
    """
    book = make(jin(0), sur(), settings={"Cost of capital": 0}, Projects=[plant(Refiner="Jin")])
    book["Projects"][0] |= {"Capacity (t/yr)": 10, "Life (yr)": 1}
    built = step("build project", First_year=2026)
    assert objective(book, add(30), built) == near(1600 + 1e6)
    # scaling reaches both: (0 + 30) x 2 and 10 x 2 leave 20 for Sur
    assert objective(book, add(30), scale(2), built) == near(800 + 400 + 1e6)


def test_scaled_capacity_of_a_project_by_year() -> None:
    """A plant of 100 t, half of it in 2027: 1,000 and 500 + 50 x 20, and capital of 1 USD m."""
    book = make(jin(0), sur(), years=TWO, settings={"Cost of capital": 0}, Projects=[plant()])
    half = step("scale capacity", 0.5, Refiner="New", First_year=2027)
    assert objective(book, step("build project"), half) == near(1000 + 1500 + 1e6)


def test_scaled_cost_of_a_project_by_year_and_not_of_a_contract() -> None:
    """Twice in 2027. A plant at 10: 1,000 and 2,000, and capital of 1 USD m.

    Jin under contract at 12 for 30 t a year, spot at 10: 360 + 700, and in 2027 360 + 70 x 20.
    """
    twice = step("scale cost", 2, First_year=2027)
    book = make(jin(0), years=TWO, settings={"Cost of capital": 0}, Projects=[plant()])
    assert objective(book, step("build project"), twice) == near(3000 + 1e6)
    signed = {"Refiner": "Jin", "Mineral": "copper", "Member": "A", "Min (t/yr)": 30}
    signed |= {"Max (t/yr)": 30, "Price (USD/t)": 12}
    book = make(jin(), years=TWO, Contracts=[signed])
    assert objective(book, twice) == near(360 + 700 + 360 + 1400)
    # without a price of its own it is the refiner's cost of the year: 1,000 and 2,000
    book["Contracts"][0]["Price (USD/t)"] = None
    assert objective(book, twice) == near(3000)


# ---- projects ----------------------------------------------------------------------------------


def plant(name: str = "P", **more: object) -> Row:
    """A project of 100 t/yr for 1 USD m, at 10 a t, from 2026 on, life 2: 500,000 a year."""
    return (
        new_works()
        | {"Project": name, "Life (yr)": 2}
        | {header.replace("_", " "): said for header, said in more.items()}
    )


def site(*projects: Row, years: tuple[int, ...] = TWO, **more: object) -> BookT:
    """A book that needs no project: Jin sells 100 t at 10, 1,000 a year; capital at no cost."""
    settings = {"Cost of capital": 0}
    return make(jin(), years=years, settings=settings, Projects=list(projects), **more)


BUILD = step("build project")


def built(book: BookT, *steps: Row) -> dict[tuple[str, int], float]:
    """What is built: (project, year) -> fraction, zeros left out."""
    rows = plan_of(book, *steps).projects.to_dict("records")
    return {(row["project"], row["year"]): row["built"] for row in rows if row["built"] > 0}


def test_built_in_its_own_first_year_and_charged() -> None:
    """Nobody would build it: 2,000. Built from 2026 on: 2,000 + 2 x 500,000; from 2027 on once."""
    book = site(plant())
    assert solve(book).objective == near(2000)
    plan = plan_of(book, BUILD)
    assert plan.objective == near(1_002_000)
    assert cost(plan, "capital") == near(1e6)
    assert built(book, BUILD) == {("P", 2026): 1}
    assert objective(site(plant(First_year=2027)), BUILD) == near(502_000)


def test_own_first_year_before_the_horizon() -> None:
    """2024: built in 2026, the first year of the horizon, whole life to come: 1,002,000."""
    book = site(plant(First_year=2024))
    assert objective(book, BUILD) == near(1_002_000)
    assert built(book, BUILD) == {("P", 2026): 1}


def test_own_first_year_in_a_gap() -> None:
    """2027 is left out: built in 2028, runs in 2028 and 2029: 3,000 + 1,000,000."""
    book = site(plant(First_year=2027), years=(2026, 2028, 2029))
    assert objective(book, BUILD) == near(1_003_000)
    assert built(book, BUILD) == {("P", 2028): 1}


def test_built_in_a_named_year() -> None:
    """In 2027, also where its own first year is earlier or later: 2,000 + 500,000."""
    named = step("build project", Refiner="New", First_year=2027)
    for own in (2020, 2026, 2027, 2030):
        book = site(plant(First_year=own))
        assert objective(book, named) == near(502_000), own
        assert built(book, named) == {("P", 2027): 1}


def test_of_two_rows_the_later_holds() -> None:
    """2026 then 2027: 502,000; 2027 then 2026: 1,002,000. Built once, never twice."""
    book = site(plant())
    early, late = (step("build project", First_year=year) for year in TWO)
    assert objective(book, early, late) == near(502_000)
    assert objective(book, late, early) == near(1_002_000)
    assert built(book, early, late) == {("P", 2027): 1}
    # a row for one project leaves what the row before said of another
    two = site(plant(), plant("Q", Refiner="Other"))
    again = step("build project", Refiner="Other", First_year=2027)
    assert built(two, early, again) == {("P", 2026): 1, ("Q", 2027): 1}


def test_outside_the_budget() -> None:
    """P by decree, and Q, wanted too, has the budget of 2026 for itself: 1 USD m.

    200 t a year at a shortage cost of 100,000: 2 x 200 x 10 + 2,000,000. Without the decree the
    budget builds one of the two: 2 x (1,000 + 500,000 + 100 x 100,000) = 21,002,000.
    """
    budget = [{"Year": year, "Capex (USD m)": usd} for year, usd in ((2026, 1), (2027, 0))]
    book = site(plant(), plant("Q", Refiner="Other"), demand=200, Budget=budget)
    book["Minerals"][0]["Price (USD/t)"] = 10_000
    book["Refiners"][0]["Capacity (t/yr)"] = 0
    assert solve(book).objective == near(21_002_000)
    decree = step("build project", Refiner="New")
    assert objective(book, decree) == near(2_004_000)
    assert built(book, decree) == near({("P", 2026): 1, ("Q", 2026): 1})


def test_a_life_that_ends_and_one_beyond_the_horizon() -> None:
    """Life 1 from 2026 on: charged once, 1,000,000. Life 4: two quarters of it, 500,000."""
    assert objective(site(plant(**{"Life (yr)": 1})), BUILD) == near(1_002_000)
    assert objective(site(plant(**{"Life (yr)": 4})), BUILD) == near(502_000)


def test_one_beyond_the_horizon_stays_unbuilt_beside_another() -> None:
    """P in 2026, Late in 2030: 1,002,000, Late not built and not decided."""
    book = site(plant(), plant("Late", First_year=2030))
    assert objective(book, BUILD) == near(1_002_000)
    assert {p.name: p.built_in for p in case_of(book, BUILD).projects} == {"P": 2026, "Late": None}


def test_built_whole_and_at_its_scaled_size() -> None:
    """Whole projects and half the capacity: all of the capital is charged, 1,002,000."""
    book = site(plant())
    book["Settings"].append({"Setting": "Whole projects", "Value": "yes"})
    half = step("scale capacity", 0.5, Refiner="New")
    plan = plan_of(book, BUILD, half)
    assert plan.objective == near(1_002_000)
    assert one(plan.projects, year=2027)["capacity"] == near(50)


# ---- lanes -------------------------------------------------------------------------------------


def test_a_blocked_lane_takes_no_contract_either() -> None:
    """B's contract with Jin at 12, 30 t at least, lapses: B buys from Sur, 50 x 20; A 50 x 10."""
    signed = {"Refiner": "Jin", "Mineral": "copper", "Member": "B", "Min (t/yr)": 30}
    book = make(jin(), sur(), demand={"A": 50, "B": 50}, Contracts=[signed | {"Price (USD/t)": 12}])
    assert solve(book).objective == near(30 * 12 + 70 * 10)
    plan = plan_of(book, step("block lanes", Country="CHN", Member="B"))
    assert plan.objective == near(1500)
    assert tonnes(plan, refiner="Jin", member="B") == 0


def test_max_of_a_country_or_of_a_refiner() -> None:
    """Jin and a second refiner of China, Kun at 11, 100 t each; Sur at 20.

    40 t of the country: 40 x 10 + 60 x 20 = 1,600. 40 t of each of its refiners, by name:
    40 x 10 + 60 x 11 = 1,060 for Jin alone; both named: 400 + 440 + 20 x 20 = 1,240.
    """
    kun = jin() | {"Refiner": "Kun", "Cost (USD/t)": 11}
    book = make(jin(), kun, sur())
    named = [step("set lane max", 40, Refiner=name) for name in ("Jin", "Kun")]
    assert objective(book, step("set lane max", 40, Country="CHN")) == near(1600)
    assert objective(book, named[0]) == near(1060)
    assert objective(book, *named) == near(1240)


def test_freight_is_scaled_as_it_stands() -> None:
    """Freight 4, twice x 2 is 16: Jin at 26, Sur, scaled once, at 28; a tariff of 0.5: Jin at 31.

    100 x 26 before the tariff, 100 x 28 with it.
    """
    book = make(jin(), sur())
    book["Settings"][0]["Value"] = 4
    twice, china = step("scale freight", 2), step("scale freight", 2, Country="CHN")
    assert objective(book, twice, china) == near(2600)
    tariff = step("set tariff", 0.5, Country="CHN")
    assert objective(book, twice, china, tariff) == near(2800)


def test_a_tariff_is_raised_from_what_stands() -> None:
    """Tariff 0.2 and 0.1 more: 13 a t; then 0.5, 15; raised and set in any order; 0 is nothing."""
    book = make(jin(), sur(), Lanes=[{"From country": "China", "Tariff": 0.2}])
    more, to = step("raise tariff", 0.1, Country="CHN"), step("set tariff", 0.5)
    assert objective(book, more) == near(1300)
    assert objective(book, more, more) == near(1400)
    assert objective(book, step("raise tariff", 0)) == near(1200)
    assert objective(book, more, to) == near(1500)
    assert objective(book, to, more) == near(1600)
    assert objective(book, step("raise tariff", 0.1, Country="CHL")) == near(1200)


# ---- ore ---------------------------------------------------------------------------------------


def test_mines_scaled_and_blocked() -> None:
    """Ore of COD 80 t and of ZMB 60 t at a premium of 1: 80 x 10 + 20 x 11 = 1,020.

    COD x 0.5: 400 + 60 x 11 = 1,060. COD blocked: 60 x 11 + 40 x 500 = 20,660.
    """
    mines = [
        {"Mineral": "copper", "Country": "COD", "Capacity (t/yr)": 80, "Premium (USD/t)": 0},
        {"Mineral": "copper", "Country": "ZMB", "Capacity (t/yr)": 60, "Premium (USD/t)": 1},
    ]
    book = make(jin(), Mines=mines)
    assert solve(book).objective == near(1020)
    assert objective(book, step("scale mines", 0.5, Country="COD")) == near(1060)
    plan = plan_of(book, step("block ore", Country="COD"))
    assert plan.objective == near(20_660)
    assert short(plan) == near(40)


def test_a_blocked_country_of_no_mine_changes_nothing() -> None:
    """Ore of Peru, where nobody mines: a warning, and the case as it was."""
    mines = [{"Mineral": "copper", "Country": "COD", "Capacity (t/yr)": 80}]
    book, peru = make(jin(), Mines=mines), step("block ore", Country="PER")
    assert case_of(book, peru).change(scenario="Base") == base_of(book, peru)
    assert len(warnings_of(book, peru)) == 1


def test_a_budget_scaled_in_its_years() -> None:
    """A budget of 0.5 a year builds half in 2026 and half in 2027; twice that of 2026: all at once.

    All at once 2 x (100 x 10 + 500,000); with no budget 2 x 100 t are short at 100,000.
    """
    budget = [{"Year": year, "Capex (USD m)": 0.5} for year in TWO]
    book = site(plant(), Budget=budget)
    book["Minerals"][0]["Price (USD/t)"] = 10_000
    book["Refiners"][0]["Capacity (t/yr)"] = 0
    halves = {("P", 2026): 0.5, ("P", 2027): 0.5}
    assert built(book, step("scale budget", 2, First_year=2027)) == near(halves)
    assert built(book, step("scale budget", 2, Last_year=2026)) == near({("P", 2026): 1})
    assert objective(book, step("scale budget", 2)) == near(1_002_000)
    assert objective(book, step("scale budget", 0)) == near(20_000_000)
