"""What the command exit tells of a way out: years, money, builds and limits, by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.answers.exit import exit_from
from models.measures import stays_within
from models.plan import PENALTIES
from models.results import About, Figure
from planner.sheets.explain import Cells
from planner.studies.exit import ExitStudy
from planner.studies.exit_tables import (
    BindingLimits,
    Builds,
    Exits,
    WayOut,
    _change_in_words,
    _extra,
    _more_than_plan,
    tables_of,
)
from planner.studies.kind import BASIS, Tables
from planner.workbook import read_tables
from tests.models.desk import BookT, jin, make, solve_case, sur
from tests.models.test_exit import FIVE, GROWING, grown, two_plants

near = pytest.approx
LEVELS = (Exits.half, Exits.quarter, Exits.tenth, Exits.none)


def told(book: BookT, country: str = "CHN", name: str = "China") -> Tables:
    """Return the tables of a book's exit."""
    case = read_tables(book).case
    cells = Cells(case, case, lambda *_: "", lambda *_: None)
    asked = {"Country": name, BASIS: case.settings.share_basis, Figure.LAST_YEAR: case.years[-1]}
    about = About(what=[*map(str, asked)], value=[*asked.values()])
    return Tables([*tables_of(exit_from(solve_case(case), country), cells, name), about])


def only(result: object) -> dict[str, object]:
    """Return the one row of a table."""
    (row,) = result.frame().to_dict("records")  # type: ignore[attr-defined]
    return row


@pytest.mark.parametrize(
    ("shares", "most", "first"),
    [
        ({2026: 0.6, 2027: 0.4, 2028: 0.2}, 0.5, 2027),
        ({2026: 0.4, 2027: 0.6, 2028: 0.5}, 0.5, 2028),
        ({2026: 0.4, 2027: 0.6, 2028: 0.5000001}, 0.5, 2028),
        ({2026: 0.0, 2027: 0.0}, 0.0, 2026),
        ({2026: 0.0, 2027: None}, 0.0, None),
        ({}, 0.5, None),
    ],
)
def test_the_first_year_within(shares, most, first) -> None:
    """It has to stay so; a year without a base is above; what rounding adds is none."""
    assert stays_within(shares, most) == first


def test_the_years_of_the_closed_form() -> None:
    """60, 45, 30, 15 and 0 % of 100 t: 50 % from the second year, none from the fifth."""
    made = told(make(jin(200), grown(*GROWING), years=FIVE))
    row = only(made[Exits])
    assert [row[of.name] for of in LEVELS] == [2027, 2029, 2030, 2030]
    assert (row["planned"], row["left"], row["alone"]) == (near(500), near(150), near(150))
    assert (row["cash"], row["penalties"], row["a_tonne"]) == (near(3_500), 0, near(10))
    assert made[WayOut].left_share == near([0.6, 0.45, 0.3, 0.15, 0.0], abs=1e-7)
    assert made[WayOut].others == near([*GROWING])
    assert row["remark"] == (
        "in 2029 100 t are needed: others sell 85 t, China still sells 15 t; limits reached:"
        " capacity of Sur (CHL) (85 t)"
    )
    assert [
        *made[BindingLimits].rows(BindingLimits.years, BindingLimits.limit, BindingLimits.spares)
    ] == [("2026 to 2029", 85, near(1))]
    said = [each.text for each in ExitStudy.findings(made) if each.place == "answer"]
    falls = (
        "the dependence of copper on China falls: from 100 % of its purchases in the plan to 0 %"
    )
    assert said == ["In 2030, copper can do without China.", f"In 2030, {falls}."]


NONE, FALLS = (
    "No mineral that depends on China can do without it in 2027.",
    "In 2027, the dependence",
)


@pytest.mark.parametrize(
    ("copper_t", "tin_t", "sold_until", "said"),
    [
        (0, 0, None, [NONE, f"{FALLS} on China can fall for no mineral."]),
        (40, 40, None, [NONE, f"{FALLS} of copper on China falls: from 100 %"]),
        (40, 20, None, [f"{NONE} Least is left of copper: 60 %",
                        f"{FALLS} of copper on China falls most: from 100 %"]),
        (100, 100, None, ["In 2027, 2 of 2 minerals that depend on China can do without it.",
                          f"{FALLS} of copper on China falls: from 100 %"]),
        (100, 20, None, ["In 2027, 1 of 2 minerals that depend on China can do without it: copper.",
                         f"{FALLS} of copper on China falls most: from 100 %"]),
        (100, 100, 2026, ["In 2027, no mineral depends on China in the plan."]),
    ],
)  # fmt: skip
def test_what_is_said_of_minerals_is_true_of_those_that_depend(
    copper_t: float, tin_t: float, sold_until: int | None, said: list[str]
) -> None:
    """Jin has 100 t of copper and of tin, perhaps not in the last year; others have so much."""
    pairs = {"copper": copper_t, "tin": tin_t}
    plants = [
        plant | {"Mineral": mineral, "Refiner": f"{plant['Refiner']} {mineral}"}
        for mineral, tonnes in pairs.items()
        for plant in (jin(100, **{"Last year": sold_until}), sur(tonnes))
    ]
    book = make(*plants, years=(2026, 2027))
    book["Minerals"].append(book["Minerals"][0] | {"Mineral": "tin"})
    book["Demand"].append(book["Demand"][0] | {"Mineral": "tin"})
    tables = told(book)
    found = ExitStudy.findings(tables)
    answers = [each.text for each in found if each.place == "answer"]
    assert [text[: len(start)] for text, start in zip(answers, said, strict=False)] == said
    soonest = any(each.text.startswith("Soonest") for each in found)
    assert soonest == (tin_t < copper_t == 100)
    assert not [each for each in found if "Steps of building" in each.text]
    assert "Dependence" not in ExitStudy.front(tables, "").table_note


@pytest.mark.parametrize("tonnes", [0.4, 1e-5])
def test_a_country_that_sells_little_is_left_all_the_same(tonnes: float) -> None:
    """What is above a millionth of a tonne is bought there, and stays there."""
    tables = told(make(jin(200), demand=tonnes, years=(2026, 2027)))
    (row,) = tables[Exits].frame().to_dict("records")
    assert row["left_share"] == pytest.approx(1.0)
    assert "China still sells" in row["remark"]
    said = [each.text for each in ExitStudy.findings(tables) if each.place == "answer"]
    assert said[0] == "No mineral that depends on China can do without it in 2027."


def test_never_within_the_horizon() -> None:
    """40 t of others for a need of 100 t: 60 % stay, and why, in tonnes."""
    made = told(make(jin(200), sur(40), years=(2026, 2027)))
    row = only(made[Exits])
    assert {row[of.name] for of in LEVELS} == {None}
    assert "2027 100 t are needed: others sell 40 t, China still sells 60 t" in str(row["remark"])
    answer = next(each for each in ExitStudy.findings(made) if each.place == "answer")
    assert answer.text == "No mineral that depends on China can do without it in 2027."


@given(before=st.floats(0.0, 1e12), noise=st.floats(-5e-7, 5e-7), more=st.floats(1e-4, 1.0))
def test_a_shortage_that_stays_costs_nothing_extra(before, noise, more) -> None:
    """The search leaves it within a part of demand; what is really more is kept."""

    def plan(money: float) -> SimpleNamespace:
        cost = {"mineral": "copper", "heading": [min(PENALTIES), ""], "money": [money, 10.0]}
        return SimpleNamespace(mineral_costs=pd.DataFrame(cost))

    def extra(after: float) -> float:
        return _extra(
            SimpleNamespace(plan=plan(before), path=plan(after)), "copper", is_penalty=True
        )

    assert extra(before * (1.0 + noise)) == 0.0
    real = before * (1.0 + more) + 1.0
    assert extra(real) == near(real - before)


def test_a_share_of_purchases() -> None:
    """130 t are needed, 100 t of Jin and 20 of Sur there are: of purchases Jin has 100 / 120."""
    book = make(jin(100), sur(20), demand=130, settings={"Share basis": "purchases"})
    row = only(told(book)[Exits])
    assert (row["left_share"], row["planned_share"]) == (near(100 / 120), near(100 / 120))
    assert "10 t are short (also in the plan)" in str(row["remark"])


def test_builds_in_order() -> None:
    """Copper's plant alone is worth its million on the way out, tin has none of it."""
    made = told(two_plants(y2026=1))
    row = only(made[Builds])
    assert (row["rank"], row["project"], row["begin"], row["start"]) == (1, "C", 2026, 2026)
    assert (row["part"], row["capacity"], row["capex"]) == (near(1), near(100), near(1))
    assert row["change"] == "not in the plan"
    rows = {r["mineral"]: r for r in made[Exits].frame().to_dict("records")}
    assert (rows["copper"]["none"], rows["tin"]["left_share"]) == (2026, near(1))
    assert rows["tin"]["alone"] == near(50)


@pytest.mark.parametrize("lead", [0, 1, 3, 6])
def test_the_plant_named_first_is_the_one_that_begins_first(lead: int) -> None:
    """A lead time beyond the first year counts in full, size for nothing, and ties go by name."""
    alike = {"Mineral": "copper", "Country": "CHL", "Capex (USD m)": 1, "Cost (USD/t)": 30,
             "First year": 2027, "Life (yr)": 20}  # fmt: skip
    plants = [
        alike | {"Project": name, "Refiner": name, "Capacity (t/yr)": tonnes}
        | {"Lead time (yr)": years}
        for name, tonnes, years in (("Zulu", 10, lead), ("Big", 60, 0), ("Alpha", 20, 0))
    ]  # fmt: skip
    found = told(make(jin(200), Projects=plants, years=(2026, 2027, 2028)))
    fields = Builds.project, Builds.begin, Builds.more_than_plan
    begun = {plant: year for plant, year, more in found[Builds].rows(*fields) if more}
    first = "Zulu" if lead else "Alpha"
    assert next(iter(begun)) == first
    assert [*begun] == (["Zulu", "Alpha", "Big"] if lead else ["Alpha", "Big", "Zulu"])
    assert begun["Zulu"] == max(2026, 2027 - lead)
    said = [each.text for each in ExitStudy.findings(found)]
    assert f"Building has to begin in {begun[first]}, with {first} for copper." in said


@pytest.mark.parametrize(("country", "name"), [("CHL", "Chile"), ("ROW", "Rest of world")])
def test_nothing_is_bought_there(country: str, name: str) -> None:
    """The share is 0 % from the first year on, and nothing changes."""
    made = told(make(jin(200), sur(50)), country, name)
    row = only(made[Exits])
    assert [row[of.name] for of in LEVELS] == [2026] * 4
    assert (row["cash"], row["remark"]) == (0, "nothing is bought there in the plan")
    assert ExitStudy.findings(made)[0].text == f"The plan buys nothing from {name}."
    assert (ExitStudy.pictures(made), len(made[BindingLimits])) == ((), 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("planned", "built", "said"),
    [
        ({2027: 0.7}, {2027: 0.7, 2029: 0.3}, {2027: "as planned", 2029: "adds this share"}),
        ({2028: 0.4}, {2028: 0.5}, {2028: "has more built by 2028"}),
        ({2028: 0.4}, {2027: 0.4}, {2027: "has more built by 2027"}),
        ({2028: 0.4}, {2029: 0.4}, {2029: "has no more built by 2029"}),
        (
            {2027: 0.4, 2028: 0.2},
            {2027: 0.2, 2028: 0.5},
            {2027: "has no more built by 2027", 2028: "has more built by 2028"},
        ),
        ({}, {2028: 0.5}, {2028: "not in the plan"}),
    ],
)
def test_a_build_adds_to_the_plan_or_replaces_a_part_of_it(planned, built, said) -> None:
    """What was built by then beyond the plan is more; what the plan has by then is no more."""
    changes = {year: _change_in_words(planned, built, year) for year in built}
    assert {year: text.rpartition("the exit path ")[2] for year, text in changes.items()} == said
    more = [y for y in built if not said[y].startswith(("as planned", "has no more"))]
    assert [y for y in built if _more_than_plan(changes[y])] == more
