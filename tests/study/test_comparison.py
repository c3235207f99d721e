"""Compare: hand-computed plans side by side, what differs in inputs and flows, what fails."""

from __future__ import annotations

import os

import numpy as np
import pytest

from models.background import can_fork
from models.results import DecideNow
from planner import scenarios
from planner.scenarios import Variant, WhatIf
from planner.scenarios.start import Start
from planner.sheets.changes import input_differences
from planner.studies import Here, compare
from planner.studies.cases import compared_cases
from planner.studies.compare import Compare
from planner.studies.kind import Tables
from planner.studies.variant_tables import hardest_hit
from planner.workbook import read_tables
from tests.models.desk import jin, make, new_works, refiner, sur
from tests.reference.cases import SECURE, random_book
from tests.scenarios.draws import ACTIONS, draw_step
from tests.scenarios.what_if import base_of, step
from tests.study.planned import said, tables_of


def tables(found):
    """Return the sheets of a comparison."""
    return found.sheets(tables_of(found))


def rows_of(*steps):
    headers = list(dict.fromkeys(h for row in steps for h in row))
    return [{h: row.get(h) for h in headers} for row in steps]


def named(name, row):
    return row | {"Scenario": name}


def book(**more):
    """Copper: Jin of China 100 t at 10, Sur of Chile 60 t at 20; A wants 50, B 50 in two years.

    Base: 100 t a year from Jin, 2 x 1000. "No Jin for A": 50 t of Sur, 50 of Jin, 2 x 1500.
    "Jin gone": Sur's 60 t, 40 t short at 500; from 2027 on. "Dear": costs x 2, 2 x 2000.
    """
    steps = rows_of(
        named("No Jin for A", step("block lanes", Country="CHN", Member="A")),
        named("Jin gone", step("scale capacity", 0, Refiner="Jin", First_year=2027)),
        named("Dear", step("scale cost", 2)),
    )
    made = make(
        jin(),
        sur(60),
        demand={"A": 50, "B": 50},
        years=(2026, 2027),
        settings={"Fair shortage weight": 0},
        Scenarios=steps,
    )
    return read_tables(made | more)


def compared(read, chosen=None, asked=None):
    """The comparison of a workbook's scenarios, planned here."""
    change = asked or Variant()
    found = Compare(
        Start(read, read.case, Variant("Base"), 0.0), chosen=(), asked=lambda _: change.what_ifs,
        max_country_share=change.max_country_share, unforeseen=None,
    )  # fmt: skip
    if chosen is not None:
        found.cases = compared_cases(read.case, chosen, found.asked)
    found.plan(Here(), None, never)
    return found


def never(*_):
    """What must not be called."""
    msg = "laid out again"
    raise AssertionError(msg)


def table(found, name):
    return next(t for t in tables(found) if t.name == name)


def column(of, header):
    return list(of.column(header).values)


@pytest.fixture(scope="module")
def found():
    return compared(book())


def test_every_scenario_by_hand(found):
    of = table(found, "Comparison")
    assert column(of, "Scenario") == ["Base", "No Jin for A", "Jin gone", "Dear"]
    costs = [2000, 3000, 1000 + 1200 + 40 * 500, 4000]
    assert column(of, "Total cost, undiscounted (USD)") == pytest.approx(costs)
    more = [0, 1000, 20200, 2000]
    assert column(of, "Total cost against base (USD)") == pytest.approx(more)
    assert column(of, "Cash cost (USD)") == pytest.approx([2000, 3000, 2200, 4000])
    assert column(of, "Bought by members (t)") == pytest.approx([200, 200, 160, 200])
    assert column(of, "Missing (t)") == pytest.approx([0, 0, 40, 0])
    assert column(of, "Missing (share)") == pytest.approx([0, 0, 0.2, 0])
    assert column(of, "Mineral hit hardest") == [None, None, "copper", None]
    # 160 t are bought in "Jin gone", of which 100 in the first year cost as before
    same = column(of, "Extra cost of the same tonnes (USD)")
    assert same == pytest.approx([0, 1000, 60 * 10, 2000])


def test_by_mineral_and_heat_map(found):
    of = table(found, "By mineral")
    assert column(of, "Further missing (t)") == pytest.approx([0, 0, 40, 0])
    assert column(of, "Extra cost of the same tonnes (USD/t)") == pytest.approx([0, 5, 3.75, 10])
    assert column(of, "Largest supplier in 2027") == ["CHN", "CHL", "CHL", "CHN"]  # a tie in 2027
    assert column(of, "Its share of purchases in 2027") == pytest.approx([1, 0.5, 1, 1])
    assert column(of, "Its share of demand in 2027") == pytest.approx([1, 0.5, 0.6, 1])
    assert column(table(found, "Heat map"), "copper") == pytest.approx([0, 0.2, 0])


def test_the_plans_stand_under_one_another(found):
    """The plan's sheets with the column Scenario first; tonnes by scenario as in Comparison."""
    of = table(found, "Plan").to_frame()
    assert list(of.columns[:3]) == ["Scenario", "Year", "Mineral"]
    sums = of.groupby("Scenario")["Tonnes"].sum()
    assert dict(sums) == pytest.approx(
        {"Base": 200, "No Jin for A": 200, "Jin gone": 160, "Dear": 200}
    )
    short = table(found, "Shortages").to_frame()
    assert set(short["Scenario"]) == {"Jin gone"}
    assert short["Short (t)"].sum() == pytest.approx(40)
    names = [t.name for t in tables(found)]
    assert {"Country shares", "Refiners", "Prices", "Share limits"} <= set(names)
    assert len(set(names)) == len(names)
    assert not {"Summary", "Checks", "Chart data"} & set(names)
    for made in tables(found):
        assert made.headers[0] == ("Case" if made.name == DecideNow.TABLE else "Scenario")
        assert len({len(c.values) for c in made.columns}) == 1


def test_long_sheets_have_the_rows_that_differ(found, monkeypatch):
    """In the workbook: of the base those from which any case differs; a last row says how many."""
    every = {t.name: t.to_frame() for t in tables(found)}
    monkeypatch.setattr("planner.studies.compare_tables.MOST_UNCUT_ROWS", 0)
    cut = {t.name: t.to_frame() for t in tables(found)}
    *kept, note = cut["Plan"].to_dict("records")
    assert {row["Scenario"] for row in kept} == {"Base", "No Jin for A", "Jin gone"}
    left = len(every["Plan"]) - len(kept)
    assert note["Scenario"].startswith(
        f"{left} rows are left out, because their tonnes differ from Base"
    )
    assert not any(row["Scenario"] == "Dear" for row in kept)  # which buys the same for more
    assert {"Base", "Dear"} <= {*cut["Prices"]["Scenario"]}
    assert cut["Members"].equals(every["Members"])


def test_changes_name_the_cells(found):
    of = table(found, "Changes").to_frame()
    rows = [tuple(row) for row in of.itertuples(index=False)]
    lane = "From country CHN, To member A: Open"
    assert rows == [
        ("No Jin for A", "Lanes", "added", lane, None, "no"),
        ("Jin gone", "Refiners", "D2", "Jin, copper: Capacity (t/yr) 2027", 100.0, 0.0),
        ("Dear", "Refiners", "E2", "Jin, copper: Cost (USD/t) 2026 to 2027", 10.0, 20.0),
        ("Dear", "Refiners", "E3", "Sur, copper: Cost (USD/t) 2026 to 2027", 20.0, 40.0),
    ]


def test_what_the_command_asks_is_one_case_more():
    read = book()
    half = WhatIf("--what-if", "scale demand; value=0.5", "scale demand: 0.5", ())
    one = compared(read, (), Variant(what_ifs=(half,), max_country_share=0.5))
    assert [e.name for e in one.entries] == [
        "Base",
        "What if scale demand: 0.5; Max country share 0.5",
    ]
    assert [e.name for e in compared(read, (), Variant()).entries] == ["Base"]
    many = compared(read, (), Variant(what_ifs=(half,) * 4, max_country_share=0.5))
    assert many.entries[1].name == "What if scale demand: 0.5; What if scale demand: 0.5; 3 more"
    long = WhatIf("--lose", "*", " and ".join(["Sur"] * 30), ())
    _, told = compared(read, (), Variant(what_ifs=(long, half))).entries
    assert told.name == "Lose Sur and Sur and Sur and Sur and Sur and Sur and Sur an…; 1 more"
    assert [e.name for e in compared(read, ("Dear", "Base", "Dear")).entries] == ["Base", "Dear"]
    # the cap: 50 t of Jin, 50 of Sur a year
    assert one.entries[1].context.plan.objective == pytest.approx(3000)


def test_a_scenario_that_contradicts_the_rules_does_not_lose_the_others():
    twice = named("Too dear", step("scale cost", 1000))
    steps = rows_of(*([twice] * 3), named("Dear", step("scale cost", 2)))
    found = compared(book(Scenarios=steps))
    of = table(found, "Comparison")
    assert column(of, "Scenario") == ["Base", "Too dear", "Dear"]
    assert [e.context is None for e in found.entries] == [False, True, False]
    assert column(of, "Total cost, undiscounted (USD)")[1] is None
    assert "expected a number from 0 to 100 million" in column(of, "Trouble")[1]
    assert column(table(found, "By mineral"), "Scenario") == ["Base", "Dear"]
    assert set(column(table(found, "Plan"), "Scenario")) == {"Base", "Dear"}


def test_base_alone_and_a_case_without_anything():
    found = compared(book(), ())
    names = [t.name for t in tables(found)]
    assert "Changes" not in names
    assert "Projects built" not in names


def test_charts(found):
    """Without the reference, in the order of the scenarios."""
    (cost,) = found.pictures(tables_of(found))  # a single bar of what is missing is not drawn
    assert cost.title.startswith("Extra cost of the same tonnes")
    assert cost.categories == ("No Jin for A", "Jin gone", "Dear")
    assert cost.series[0].values == pytest.approx([0.5, 600 / 1600, 1])


def test_findings(found):
    """Jin gone is hardest; dear is dearest."""
    most = "20 % of the need for copper is further missing than in the base."
    assert said(found) == [
        f"Hardest is the scenario Jin gone: {most}",
        "In Jin gone, 1 of 1 minerals is further missing than in the base.",
        "In no other scenario is a mineral further missing than in the base.",
        "In the base, no mineral is missing.",
        "In Dear, the same tonnes cost 100 % more than in the base.",
        "In No Jin for A: buy 50 t of copper for A from Sur in 2026, 0 t in the base.",
        "All 2 decisions: sheet Decide now.",
        "Each scenario is planned as if it were known from the beginning.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("jin_t", "sur_t", "more_t", "answers"),
    [
        (60, 40, 0, ["Hardest is the scenario No Jin: 60 %", "Next is No Sur: 40 %"]),
        (50, 50, 0, ["In No Jin: 50 %", "As much is missing in No Sur: 50 %"]),
        (50.01, 49.99, 0, ["In No Jin: 50 %", "As much is missing in No Sur: 50 %"]),
        (60, 20, 20, ["Hardest is the scenario No Jin: 60 %", "In No Sur: 20 %"]),
        (100, 40, 0, ["Hardest is the scenario No Jin: 60 %", "In no other scenario"]),
        (0, 0, 0, ["In no scenario is a mineral further missing", "Each"]),
    ],
)
def test_of_scenarios_that_leave_as_much_missing_none_is_hardest(jin_t, sur_t, more_t, answers):
    """Of 100 t, each of up to three suppliers is gone in one scenario."""
    sellers = {"Jin": jin_t, "Sur": sur_t, "Oro": more_t}
    steps = [named(f"No {name}", step("scale capacity", 0, Refiner=name))
             for name, tonnes in sellers.items() if tonnes or name != "Oro"]  # fmt: skip
    plants = (refiner(name, "CHN", tonnes, 10) for name, tonnes in sellers.items())
    found = compared(read_tables(make(*plants, Scenarios=rows_of(*steps))))
    texts = [text for text in said(found) if " minerals " not in text and "base, 100" not in text]
    for text, start in zip(texts, answers, strict=False):
        assert text.startswith(start)


@pytest.mark.parametrize(
    ("action", "factor", "is_said"),
    [("scale capacity", 1.5, True), ("scale demand", 0.7, False), ("scale demand", 0.5, False)],
)
def test_less_is_missing_only_of_the_same_need(action, factor, is_said):
    """Jin has 60 t of 100 t; 40 t less of a need of 50 t would be 80 % of it."""
    steps = rows_of(named("Less", step(action, factor)))
    less = "In Less, 30 % less of the need for copper is missing than in the base."
    assert (said(compared(read_tables(make(jin(60), Scenarios=steps))))[1] == less) is is_said


def test_where_nothing_is_needed_nothing_is_compared():
    steps = rows_of(named("No Jin", step("scale capacity", 0, Refiner="Jin")))
    found = compared(read_tables(make(jin(), demand=0, Scenarios=steps)))
    assert said(found)[0] == "Nothing is needed in the planned years."


def sharing_a_budget(budget=60):
    """A wants 100 t of copper, which Sur has, and 100 t of tin, which nobody has.

    A tin plant T of 100 t takes 50 m, a copper plant C of 100 t 40. The base builds T. Without Sur
    a tonne of C takes less of the budget, so that C is built whole, and T with the 20 m left.
    """
    plants = [
        {
            "Project": name,
            "Refiner": f"{name} works",
            "Mineral": mineral,
            "Country": "AUS",
            "Capacity (t/yr)": 100,
            "Capex (USD m)": capex,
            "Cost (USD/t)": 10,
            "First year": 2026,
        }
        for name, mineral, capex in (("C", "copper", 40), ("T", "tin", 50))
    ]
    made = make(
        sur(100),
        demand=100,
        Projects=plants,
        Scenarios=rows_of(
            named("No Sur", step("scale capacity", 0, Refiner="Sur")),
            named("Dear", step("scale cost", 1.5, Refiner="Sur")),
        ),
    )
    made["Minerals"][0]["Shortage cost (USD/t)"] = 1e7
    made["Minerals"].append({"Mineral": "tin", "Price (USD/t)": 50, "Shortage cost (USD/t)": 1e7})
    made["Demand"].append({"Mineral": "tin", "Member": "A", "2026": 100})
    if budget is not None:
        made["Budget"] = [{"Year": 2026, "Capex (USD m)": budget}]
    return read_tables(made)


def test_projects_built_tell_what_one_mineral_takes_from_another():
    found = compared(sharing_a_budget())
    of = table(found, "Projects built").to_frame()
    assert set(of["Scenario"]) == {"No Sur"}  # dearer copper builds nothing else
    capex = {
        row["Project"]: (
            row["Base capex (USD m)"],
            row["Capex in the scenario (USD m)"],
            row["Change of capex (USD m)"],
        )
        for row in of.to_dict("records")
    }
    assert list(capex) == ["C", "T", "All projects"]  # the largest change first
    assert capex["C"] == pytest.approx((0, 40, 40))
    assert capex["T"] == pytest.approx((50, 20, -30))
    assert capex["All projects"] == pytest.approx((50, 60, 10))
    assert list(of["Base output starts"]) == [None, "100% in 2026", None]
    assert list(of["Output starts in the scenario"]) == ["100% in 2026", "40% in 2026", None]
    assert list(of["Change of output (t)"]) == pytest.approx([100, -60, 40])


def test_without_a_budget_no_mineral_takes_from_another():
    found = compared(sharing_a_budget(None))
    of = table(found, "Projects built").to_frame()
    assert list(of["Project"]) == ["C", "All projects"]


def test_a_case_without_projects_says_nothing_of_them(found):
    assert "Projects built" not in [t.name for t in tables(found)]


# ---- inputs that differ ------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("action", ACTIONS)
def test_inputs_differ_where_a_case_differs(action):
    """Of every action, on random books: no change is missed, and none is told that is none."""
    told = 0
    for seed in range(1, 40):
        made = random_book(np.random.default_rng([81, seed]), 1 + seed % 3, SECURE)
        row = draw_step([82, seed], made, action)
        if row is None:
            continue
        base = base_of(made, row)
        case = scenarios.apply(base, "What if")
        found = list(input_differences(base, case))
        same = case.change(scenario=base.scenario, scenarios=base.scenarios) == base
        assert (not found) == same, (row, found)
        assert all(d.before != d.after for d in found)
        told += len(found)
    assert told


def cells(made, *steps):
    base = base_of(made, *steps)
    read = read_tables(made)
    return {
        (
            d.sheet,
            d.row and read.layout.address(d.sheet, d.row, d.column),
            d.what,
            d.before,
            d.after,
        )
        for d in input_differences(base, scenarios.apply(base, "What if"))
    }


def test_a_number_by_year_is_told_at_the_cell_that_holds_it():
    """Capacity 100, from 2027 on 80, all halved: two cells; 2028 and 2029 in one row."""
    plant = jin() | {"Capacity 2027 (t/yr)": 80}
    made = make(plant, years=(2026, 2027, 2028, 2029))
    assert cells(made, step("scale capacity", 0.5, Last_year=2028)) == {
        ("Refiners", "D2", "Jin, copper: Capacity (t/yr) 2026", 100, 50),
        ("Refiners", "F2", "Jin, copper: Capacity (t/yr) 2027 to 2028", 80, 40),
    }


def test_what_has_no_cell_is_told_beside_one():
    project = new_works()
    limit = {"Limit": "max", "Supplier group": "country", "Share": 0.6}
    made = make(jin(), sur(), years=(2026, 2027), Projects=[project], Share_limits=[limit])
    said = cells(
        made,
        step("build project", First_year=2027),
        step("add capacity", 5, Refiner="Jin", First_year=2027),
        step("set max country share", 0.5),
        step("scale demand", 2, Last_year=2026),
    )
    assert said == {
        ("Projects", "H2", "P: year in which it is built in full", None, 2027),
        ("Refiners", "D2", "Jin, copper: usable capacity added (t/yr) 2027", 0, 5),
        ("Share limits", "C2", "Limit max, Supplier group country: Share 2026 to 2027", 0.6, 0.5),
        ("Demand", "C2", "copper, A: Demand (t) 2026", 100, 200),
    }


def test_what_a_scenario_adds_and_removes():
    made = make(jin(), sur(), demand={"A": 50, "B": 50})
    assert cells(made, step("set max country share", 0.5)) == {
        ("Share limits", 0, "Limit max, Mineral copper, Supplier group country: Share", None, 0.5)
    }
    assert cells(made, step("remove member", Member="B")) == {
        ("Members", "A3", "B", None, "removed"),
        ("Demand", "A3", "copper, B", None, "removed"),
    }


# ---- where it is made ----------------------------------------------------------------------------


@pytest.mark.skipif(not can_fork(), reason="a process is forked on Linux, with a core of its own")
def test_sheets_of_plans_are_the_same_from_a_background_process(monkeypatch):
    read, sheets_of, processes = book(), [], []
    start = Start(read, read.case, Variant("Base"), 0.0)
    made = compare.sheets_of_plans

    def noted(*of, **how):
        processes.append(os.getpid())
        return made(*of, **how)

    monkeypatch.setattr(compare, "sheets_of_plans", noted)
    for forks in (True, False):
        monkeypatch.setattr(compare, "builds_in_background", lambda *_, forks=forks: forks)
        study = Compare(
            start, chosen=(), asked=lambda _: (), max_country_share=None, unforeseen=None
        )
        study.plan(Here(), None, never)
        sheets_of.append(study.sheets(Tables(study.tables())))
        assert len(processes) == (not forks)
    assert sheets_of[0] == sheets_of[1]


def test_hardest_hit_is_by_share_of_need_and_of_equal_ones_the_first():
    parts = ("", 99.0, 0.9), ("copper", 40.0, 0.4), ("tin", 5.0, 1.0), ("zinc", 9.0, 1.0)
    names = "mineral", "further_missing", "further_missing_share"
    rows = [dict(zip(names, part, strict=True)) for part in parts]
    assert hardest_hit(rows) == {"hit": "tin", "hit_share": 1.0}
    assert hardest_hit(rows[:1]) == {"hit_share": 0.0}
