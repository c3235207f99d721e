"""A scenario is a function from case to case: what it is given stays as it was."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest

from models.case import BASE
from models.errors import Severity
from planner import scenarios
from planner.workbook import read_tables
from tests.models.desk import jin, make, new_works, sur
from tests.reference.cases import SECURE, random_book
from tests.scenarios.draws import ACTIONS, draw_step
from tests.scenarios.edits import BookT, Row
from tests.scenarios.what_if import NAME, base_of, case_of, step, warnings_of, with_steps

BOOKS = 8
"""Books for each action."""


def full() -> BookT:
    """A book with something for every action: a mine, a project, a stock, a limit."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 50, "Target (t)": 10}
    limit = {"Limit": "max", "Mineral": "copper", "Supplier group": "country", "Share": 0.6}
    mine = {"Mineral": "copper", "Country": "COD", "Capacity (t/yr)": 500}
    project = new_works()
    return make(
        jin(),
        sur(Last_year=2026),
        demand={"A": 50, "B": 50},
        years=(2026, 2027),
        Stockpiles=[pile],
        Share_limits=[limit],
        Mines=[mine],
        Projects=[project],
    )


@pytest.mark.parametrize("action", ACTIONS)
def test_a_case_is_never_changed(action: str) -> None:
    """Equal to a copy made before and written out the same, with one row and with rows twice."""
    held, seed = 0, 0
    while held < BOOKS:
        seed += 1
        book = random_book(np.random.default_rng([31, seed]), 1 + seed % 3, SECURE)
        row = draw_step([32, seed], book, action)
        if row is None:
            continue
        held += 1
        case = base_of(book, row, row)
        before, said = copy.deepcopy(case), repr(case)
        changed, _ = scenarios.apply_with_findings(case, NAME)
        assert case == before, row
        assert repr(case) == said, row
        assert case.scenario == BASE
        assert changed.scenario == NAME
        assert scenarios.apply(case, NAME) == changed, "the same again"


def test_cases_and_records_are_frozen() -> None:
    case = case_of(full(), step("scale capacity", 2))
    with pytest.raises(dataclasses.FrozenInstanceError):
        case.years = (2030,)
    with pytest.raises(dataclasses.FrozenInstanceError):
        case.refiners[0].cost = None
    with pytest.raises(dataclasses.FrozenInstanceError):
        case.scenarios[0].value = 3.0


def test_functions_of_shares_leave_their_case() -> None:
    """What the option of the commands and a sweep call."""
    case = base_of(full(), step("drop share limits"))
    before = copy.deepcopy(case)
    capped = scenarios.set_max_country_share(case, 0.3)
    dropped = scenarios.drop_share_limits(case)
    assert case == before
    assert [row.share.base for row in capped.share_limits] == [0.3]
    assert dropped.share_limits == ()
    assert scenarios.set_max_country_share(case, 0.3, " COPPER ") == capped
    with pytest.raises(KeyError):
        scenarios.set_max_country_share(case, 0.3, "tin")
    with pytest.raises(KeyError):
        scenarios.drop_share_limits(case, "tin")


@pytest.mark.parametrize("name", ["Base", "base", " BASE "])
def test_base_is_the_case_itself(name: str) -> None:
    case = base_of(full(), step("scale demand", 2))
    assert scenarios.apply(case, name) is case
    assert scenarios.apply_with_findings(case, name) == (case, ())


def test_base_without_any_scenario() -> None:
    case = read_tables(full()).case
    assert scenarios.scenario_names(case) == ()
    assert scenarios.apply(case, BASE) is case


@pytest.mark.parametrize("name", ["", "Whatif", "What if?", "scale demand"])
def test_an_unknown_name_is_a_key_error(name: str) -> None:
    case = base_of(full(), step("scale demand", 2))
    with pytest.raises(KeyError):
        scenarios.apply(case, name)
    with pytest.raises(KeyError):
        scenarios.apply(read_tables(full()).case, NAME)


def test_names_without_regard_to_case_and_spaces() -> None:
    case = base_of(full(), step("scale demand", 2))
    for spelt in ("what if", "  WHAT   IF "):
        changed = scenarios.apply(case, spelt)
        assert changed == scenarios.apply(case, NAME)
        assert changed.scenario == NAME


def test_rows_of_one_name_apply_wherever_they_stand() -> None:
    """Rows of two scenarios, mixed: 100 x 2 x 3 t wanted in one, 100 x 0.5 in the other."""
    rows = [
        step("scale demand", 2),
        step("scale demand", 0.5) | {"Scenario": "Calm"},
        step("scale demand", 3),
    ]
    case = read_tables(with_steps(make(jin()), *rows)).case
    assert scenarios.scenario_names(case) == (NAME, "Calm")
    assert scenarios.apply(case, NAME).total_demand == pytest.approx(600)
    assert scenarios.apply(case, "Calm").total_demand == pytest.approx(50)
    assert case.total_demand == pytest.approx(100)


NOTHING = [
    step("block lanes", Refiner="Sur", Country="CHN"),
    step("set lane max", 5, Refiner="New", Country="CHN"),
    step("set tariff", 0.5, Refiner="Jin", Country="CHL"),
    step("scale freight", 1),
    step("scale capacity", 1),
    step("scale capacity", 2, Refiner="Jin", Country="CHL"),
    step("add capacity", 0),
    step("add capacity", 5, Refiner="New"),
    step("scale cost", 1),
    step("scale cost", 2, Refiner="Sur", Country="CHN"),
    step("scale demand", 1),
    step("scale mines", 1),
    step("scale mines", 2, Country="PER"),
    step("block ore", Country="PER"),
    step("set stock target", 10),
    step("set stock target", 20, Member="B"),
    step("set max country share", 0.6),
]
"""Steps that touch nothing of the full book: nobody matches, or the value is already so."""


@pytest.mark.parametrize("row", NOTHING, ids=lambda row: row["Action"])
def test_a_step_that_touches_nothing_warns(row: Row) -> None:
    """One warning, at its row (the second of the scenario, row 3 of the sheet), with its action."""
    steps = (step("scale demand", 2), row)
    (found,) = warnings_of(full(), *steps)
    assert found.severity is Severity.WARNING
    assert (found.sheet, found.row, found.column) == ("Scenarios", 3, "Action")
    assert row["Action"] in found.found
    assert NAME in found.found
    told = base_of(full(), *steps)
    without = case_of(full(), steps[0]).change(
        scenarios=told.scenarios, country_names=told.country_names
    )
    assert scenarios.apply(told, NAME) == without


def test_a_second_step_that_repeats_the_first_warns() -> None:
    """Nothing is left to drop, to cap or to build."""
    for row in (
        step("drop share limits"),
        step("set max country share", 0.3),
        step("build project"),
        step("set stock target", 5),
        step("remove member", Member="A"),
    ):
        assert [found.row for found in warnings_of(full(), row, row)] == [3], row


def test_years_outside_the_horizon_touch_nothing() -> None:
    """Where a value is changed by year; the row is warned of."""
    for action in ("scale capacity", "scale cost", "scale demand", "scale mines"):
        rows = warnings_of(full(), step(action, 2, First_year=2030))
        assert [found.row for found in rows] == [2], action
