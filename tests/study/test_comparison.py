"""Compare: hand-computed plans side by side, what differs in inputs and flows, what fails."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from models.background import can_fork
from models.plan import solve
from models.results import About
from planner import scenarios
from planner.render.words import span
from planner.run import Start
from planner.scenarios import Variant, WhatIf
from planner.sheets.changes import input_differences
from planner.sheets.context import Context
from planner.studies import Here, compare, run_study
from planner.studies.cases import compare_study, compared_cases, with_tables
from planner.studies.compare import Compare, Entry, comparison, results, sheets
from planner.studies.compare_tables import WhoPaysByScenario
from planner.studies.kind import YEARS, Tables
from planner.workbook import read_tables
from tests.models.desk import jin, make, refiner, sur
from tests.reference.cases import SECURE, random_book
from tests.scenarios.draws import ACTIONS, draw_step
from tests.scenarios.what_if import base_of, step


def tables(entries):
    """Return the sheets of a comparison."""
    return sheets(entries, results(entries))


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


def entries(read, chosen=None, asked=None):
    """The cases of a workbook, planned here."""
    names = scenarios.names(read.case) if chosen is None else chosen
    cases = compared_cases(read.case, names, asked)
    outcomes = {o.name: o for o in run_study(compare_study(read.case, cases), Here())}
    found = []
    for each in cases:
        outcome = outcomes.get(each.name)
        planned = outcome and outcome.result
        context = planned and Context(planned.plan, read)
        error = "; ".join(f.message for f in each.errors) or (outcome.error if outcome else "")
        changed = each.variant(read.case)
        found.append(Entry(each.name, changed, context, error, read.layout.cell))
    return found


def pictures(found):
    """The charts, of the tables alone."""
    about = About(what=[YEARS], value=[span(found[0].case.years)])
    return Compare.pictures(Tables([*results(found), about]))


def table(found, name):
    return next(t for t in tables(found) if t.name == name)


def column(of, header):
    return list(of.column(header).values)


@pytest.fixture(scope="module")
def found():
    return entries(book())


def test_every_scenario_by_hand(found):
    of = table(found, "Comparison")
    assert column(of, "Scenario") == ["Base", "No Jin for A", "Jin gone", "Dear"]
    costs = [2000, 3000, 1000 + 1200 + 40 * 500, 4000]
    assert column(of, "Total cost (USD m)") == pytest.approx([c / 1e6 for c in costs])
    more = [0, 1000, 20200, 2000]
    assert column(of, "Total cost against base (USD m)") == pytest.approx([m / 1e6 for m in more])
    assert column(of, "Total cost against base (%)") == pytest.approx([0, 0.5, 10.1, 1])
    assert column(of, "Cash cost (USD m)") == pytest.approx(
        [c / 1e6 for c in (2000, 3000, 2200, 4000)]
    )
    assert column(of, "Tonnes purchased (t)") == pytest.approx([200, 200, 160, 200])
    assert column(of, "Short (t)") == pytest.approx([0, 0, 40, 0])
    assert column(of, "Served share of demand") == pytest.approx([1, 1, 0.8, 1])
    assert column(of, "Minerals that keep 80 % if their largest supplier stops") == [0, 0, 0, 0]
    assert column(of, "Inputs changed") == [0, 1, 1, 2]
    assert set(column(of, "Result")) == {"proven optimal"}


def test_by_mineral_and_matrices(found):
    of = table(found, "By mineral")
    assert column(of, "Short against base (t)") == pytest.approx([0, 0, 40, 0])
    assert column(of, "Average landed cost (USD/t)") == pytest.approx([10, 15, 2200 / 160, 20])
    assert column(of, "Landed cost against base (USD/t)") == pytest.approx([0, 5, 3.75, 10])
    assert column(of, "Largest country in 2027") == ["CHN", "CHL", "CHL", "CHN"]  # a tie in 2027
    assert column(of, "Largest share in 2027") == pytest.approx([1, 0.5, 0.6, 1])
    # without the largest: nobody; Jin or Sur; nobody again
    assert column(of, "Served if it stops, in 2027") == pytest.approx([0, 0.5, 0, 0])
    assert column(of, "HHI by purchases") == pytest.approx(
        [10000, 5000, 6.25**2 * 100 + 37.5**2, 10000]
    )
    assert column(table(found, "Short by mineral"), "copper") == pytest.approx([0, 0, 0.2, 0])
    assert column(table(found, "Largest shares"), "copper") == pytest.approx([1, 0.5, 0.6, 1])


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
        assert made.headers[0] == "Scenario"
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


def test_differences_name_the_flows(found):
    """What A buys of China moves to Chile, 50 t in each year; the same at the level of refiners."""
    of = table(found, "Differences").to_frame()
    mine = of[of["Scenario"] == "No Jin for A"]
    flows = {
        (row["Level"], row["From"], row["To"]): (
            row["Base (t)"],
            row["In the scenario (t)"],
            row["Change (t)"],
        )
        for row in mine.to_dict("records")
    }
    assert flows == {
        ("country to member", "CHL", "A"): pytest.approx((0, 100, 100)),
        ("country to member", "CHN", "A"): pytest.approx((100, 0, -100)),
        ("refiner to coalition", "Jin", "Coalition"): pytest.approx((200, 100, -100)),
        ("refiner to coalition", "Sur", "Coalition"): pytest.approx((0, 100, 100)),
    }


def test_differences_leave_out_and_say_so():
    """Twelve countries move; ten are listed, two counted. A mineral that is as before is named."""
    codes = ["ARG", "AUS", "AUT", "BEL", "BOL", "BRA", "CAN", "CHL", "COL", "CUB", "DEU", "DNK"]
    plants = [refiner(f"R {code}", code, 10 + i, 20) for i, code in enumerate(codes)]
    made = make(
        jin(1000),
        *plants,
        demand=190,
        Scenarios=rows_of(
            named("No Jin", step("scale capacity", 0, Refiner="Jin", Mineral="copper"))
        ),
    )
    made["Minerals"].append({"Mineral": "tin", "Price (USD/t)": 50})
    made["Refiners"].append(refiner("T", "PER", 10, 5) | {"Mineral": "tin"})
    made["Demand"].append({"Mineral": "tin", "Member": "A", "2026": 7})
    of = table(entries(read_tables(made)), "Differences").to_frame()
    first = of[of["Level"] == "country to member"]
    assert len(first) == 11
    assert next(iter(first["From"])) == "CHN"
    assert list(first["From"])[-1] == "3 other flows"
    assert first["Change (t)"].sum() == pytest.approx(-190 + sum(range(10, 22)))
    assert list(of["From"])[-1] == "Same cost and shortage as in the base: tin"


def test_what_the_command_asks_is_one_case_more():
    read = book()
    half = WhatIf("--what-if", "scale demand; value=0.5", "scale demand: 0.5", ())
    one = entries(read, (), Variant(what_ifs=(half,), max_country_share=0.5))
    assert [e.name for e in one] == ["Base", "What if scale demand: 0.5; Max country share 0.5"]
    assert [e.name for e in entries(read, (), Variant())] == ["Base"]
    many = entries(read, (), Variant(what_ifs=(half,) * 4, max_country_share=0.5))
    assert many[1].name == "What if scale demand: 0.5; What if scale demand: 0.5; 3 more"
    long = WhatIf("--lose", "*", " and ".join(["Sur"] * 30), ())
    (_, told) = entries(read, (), Variant(what_ifs=(long, half)))
    assert told.name == "Lose Sur and Sur and Sur and Sur and Sur and Sur and Sur an…; 1 more"
    assert [e.name for e in entries(read, ("Dear", "Base", "Dear"))] == ["Base", "Dear"]
    # the cap: 50 t of Jin, 50 of Sur a year
    assert one[1].context.plan.objective == pytest.approx(3000)


def test_a_scenario_that_contradicts_the_rules_does_not_lose_the_others():
    twice = named("Too dear", step("scale cost", 1000))
    steps = rows_of(*([twice] * 3), named("Dear", step("scale cost", 2)))
    found = entries(book(Scenarios=steps))
    of = table(found, "Comparison")
    assert column(of, "Scenario") == ["Base", "Too dear", "Dear"]
    assert [e.context is None for e in found] == [False, True, False]
    assert column(of, "Total cost (USD m)")[1] is None
    assert "expected a number from 0 to 100 million" in column(of, "Result")[1]
    assert column(table(found, "By mineral"), "Scenario") == ["Base", "Dear"]
    assert set(column(table(found, "Plan"), "Scenario")) == {"Base", "Dear"}
    assert column(table(found, "Short by mineral"), "copper") == [0, None, 0]


def test_base_alone_and_a_case_without_anything():
    found = entries(book(), ())
    names = [t.name for t in tables(found)]
    assert "Changes" not in names
    assert "Differences" not in names
    empty = book().case.change(minerals=(), refiners=(), demand=(), scenarios=())
    blank = Entry("Base", empty)
    assert [t.name for t in tables([blank])] == ["Comparison"]
    assert pictures([blank]) == ()


def test_charts(found):
    made = {p.title: p for p in pictures(found)}
    cost = made["Total cost, 2026 to 2027"]
    assert cost.categories == ("Base", "No Jin for A", "Jin gone", "Dear")
    paid, fines = (s.values for s in cost.series)
    assert paid == pytest.approx([c / 1e6 for c in (2000, 3000, 2200, 4000)])
    assert fines == pytest.approx([c / 1e6 for c in (0, 0, 20000, 0)])
    short = made["Shortage at the mineral's price, 2026 to 2027"]
    assert [s.name for s in short.series] == ["copper"]
    assert short.series[0].values == pytest.approx([0, 0, 40 * 50 / 1e6, 0])
    assert made["copper: largest country in 2027"].series[0].values == pytest.approx(
        [1, 0.5, 0.6, 1]
    )
    assert made["copper: short, 2026 to 2027"].series[0].values == pytest.approx([0, 0, 0.2, 0])


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
    found = entries(sharing_a_budget())
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
    most = column(table(found, "Comparison"), "Projects that change most, capex (USD m)")
    assert most == [None, "C +40.0, T -30.0", None]
    said = column(table(found, "Differences"), "From")
    assert (
        said.count(
            "Projects of several minerals change, and they share one budget: see the sheet Projects"
            " built"
        )
        == 1
    )


def test_without_a_budget_no_mineral_takes_from_another():
    found = entries(sharing_a_budget(None))
    of = table(found, "Projects built").to_frame()
    assert list(of["Project"]) == ["C", "All projects"]
    assert not any(
        "share a budget" in (v or "") for v in column(table(found, "Differences"), "From")
    )


def test_a_case_without_projects_says_nothing_of_them(found):
    assert "Projects built" not in [t.name for t in tables(found)]
    headers = table(found, "Comparison").headers
    assert not any(header.startswith("Projects") for header in headers)


def test_names_that_are_long_or_alike_stay_apart_in_charts():
    ends = ["to Japan", "to the United States", "to South Korea"]
    start = "No heavy rare earths and no gallium or germanium whatever from anywhere "
    twins = ["x" * 80 + "one" + "y" * 80, "x" * 80 + "two" + "y" * 80]
    names = [*(start + end for end in ends), *twins]
    steps = rows_of(*(named(name, step("scale cost", 2)) for name in names))
    made = entries(book(Scenarios=steps))
    drawn = pictures(made)
    for picture in drawn:
        assert len(set(picture.categories)) == len(names) + (not picture.is_panel)
        assert all(len(name) <= 48 for name in picture.categories)
    shown = next(picture for picture in drawn if not picture.is_panel).categories
    assert shown[0] == "Base"
    assert [name.endswith(end) for name, end in zip(shown[1:4], ends, strict=True)] == [True] * 3
    assert [name.split(":")[0] for name in shown[4:]] == ["5", "6"]


def test_charts_of_the_largest_country_show_its_limit():
    """At most 80 % from one country: Jin's 80 t reach it, Sur's 60 leave room."""
    limit = {"Limit": "max", "Supplier group": "country", "Share": 0.8}
    steps = rows_of(named("Jin at 30", step("scale capacity", 0.3, Refiner="Jin")))
    made = entries(book(**{"Share limits": [limit]}, Scenarios=steps))
    of = {p.title: p for p in pictures(made)}["copper: largest country in 2027, limit 80 %"]
    shares, room = of.series
    assert shares.values == pytest.approx([0.8, 0.6])  # of Jin; of Sur, with Jin's 30 t
    assert room.name == "Headroom up to its limit"
    assert room.values == pytest.approx([0, 0.2])


def test_charts_tell_what_is_beyond_a_limit_that_has_a_penalty():
    limit = {"Limit": "max", "Supplier group": "country", "Share": 0.4, "Penalty (USD/t)": 1}
    made = entries(book(**{"Share limits": [limit]}), ())
    of = {p.title: p for p in pictures(made)}["copper: largest country in 2027, limit 40 %"]
    assert [s.name for s in of.series] == ["Largest country share", "Beyond its limit"]
    assert [s.values[0] for s in of.series] == pytest.approx([0.4, 0.6])


# ---- inputs that differ ------------------------------------------------------------------------


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
        assert comparison([Entry("Base", base), Entry("Changed", case)], {}).inputs == [
            0,
            len(found),
        ]
        told += len(found)
    assert told


def cells(made, *steps):
    base = base_of(made, *steps)
    read = read_tables(made)
    return {
        (d.sheet, d.row and read.layout.cell(d.sheet, d.row, d.column), d.what, d.before, d.after)
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
    project = {
        "Project": "P",
        "Refiner": "New",
        "Mineral": "copper",
        "Country": "AUS",
        "Capacity (t/yr)": 100,
        "Capex (USD m)": 1,
        "Cost (USD/t)": 10,
        "First year": 2026,
    }
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


# ---- who pays ------------------------------------------------------------------------------------


def paying(entries):
    """Return who pays, None where the comparison does not say it."""
    return next((of for of in results(entries) if isinstance(of, WhoPaysByScenario)), None)


def test_who_pays_by_hand():
    """Without Jin A pays 50 x 20 a year, not 50 x 10; dear, both pay twice as much."""
    made = paying(entries(book()))
    rows = {(r["case"], r["member"]): r for r in made.frame().to_dict("records")}
    assert list(dict.fromkeys(made.case)) == ["No Jin for A", "Jin gone", "Dear"]
    a, b = rows["No Jin for A", "A"], rows["No Jin for A", "B"]
    assert (a["paid_a_year"], a["extra"], a["dearer"]) == pytest.approx((1000, 500, 1))
    assert (b["paid_a_year"], b["extra"], b["dearer"]) == pytest.approx((500, 0, 0))
    assert a["extra_shortage"] == b["extra_shortage"] == 0
    for member in "AB":
        assert rows["Dear", member]["extra"] == pytest.approx(500)
    gone = [rows["Jin gone", member] for member in "AB"]  # in the second of two years alone
    assert sum(r["extra"] for r in gone) == pytest.approx(60 * 10 / 2)
    assert sum(r["extra_shortage"] for r in gone) == pytest.approx(40 * 500 / 2)


def test_who_pays_is_in_the_workbook_and_the_report():
    found = entries(book())
    of = table(found, "Who pays")
    assert of.headers[:2] == ("Scenario", "Member")
    about = About(what=[YEARS], value=[span(found[0].case.years)])
    sections = Compare.sections(Tables([*results(found), about]))
    assert "members" in [section.key for section in sections]
    members_of = table(found, "Members")
    assert "Limits: dearer" not in members_of.headers
    assert len(members_of) == 2 * 4


def test_of_the_base_alone_nobody_pays():
    assert paying(entries(book(), chosen=())) is None


# ---- where it is made ----------------------------------------------------------------------------


def never(*_):
    """What must not be called."""
    msg = "laid out again"
    raise AssertionError(msg)


def test_of_a_plan_that_was_sent_no_program_is_laid_out_again(monkeypatch):
    read = book()
    plans = [solve(Variant(name)(read.case)) for name in ("Base", "No Jin for A")]
    plans = [pickle.loads(pickle.dumps(with_tables(plan).plan)) for plan in plans]
    monkeypatch.setattr("models.plan.plan.build_program", never)
    base, other = (Entry(p.case.scenario, p.case, Context(p, read)) for p in plans)
    assert [t.name for t in tables([base, other])]


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
            start, chosen=(), asked=lambda _: (), max_country_share=None, unforeseen=None,
            bills=False,
        )  # fmt: skip
        study.plan(Here(), None, never)
        sheets_of.append(study.sheets(Tables(study.tables())))
        assert len(processes) == (not forks)
    assert sheets_of[0] == sheets_of[1]
