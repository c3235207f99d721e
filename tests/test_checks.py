"""What must hold across records: on workbooks, and on the Cases that scenarios make of them."""

from __future__ import annotations

import dataclasses
import inspect
import math

import pytest

from models.case import Case
from models.checks import ADVICE, RULES, check_rules
from models.errors import Severity
from models.schema import ByYear, ScenarioStep
from planner.scenarios import actions
from planner.workbook import read_tables
from tests.small_book import (
    Change,
    Tables,
    add,
    both,
    column,
    faults,
    head,
    put,
    small_book,
    without,
)

_ = None


def case_of(*changes) -> Case:
    """The small book, changed, as a case."""
    book = small_book()
    both(*changes)(book)
    return read_tables(book).case


def warnings_of(*changes) -> list[tuple[str, str]]:
    """Place and message of the warnings on the small book, changed."""
    book = small_book()
    both(*changes)(book)
    return [(f.place, f.message) for f in read_tables(book).warnings]


def errors_of(case: Case) -> list[tuple[str, str]]:
    """Place and message of the errors in a case."""
    return [(f.place, f.message) for f in check_rules(case) if f.severity is Severity.ERROR]


def change_first(case: Case, records: str, **fields) -> Case:
    """The case with its first record of a sheet changed."""
    first, *rest = getattr(case, records)
    return case.change(**{records: (dataclasses.replace(first, **fields), *rest)})


def test_every_rule_is_a_sentence() -> None:
    for rule in RULES + ADVICE:
        assert rule.__doc__
        assert rule.__doc__.splitlines()[0].endswith(".")


_OF_AN_ACTION = "(case: 'Case', step: 'schema.ScenarioStep') -> 'Case'"


def test_every_action_says_what_it_takes() -> None:
    """A function of a case and a step is an action: without its cells nobody could ask for it."""
    written = {
        function
        for name, function in vars(actions).items()
        if inspect.isfunction(function) and not name.startswith("_")
        if str(inspect.signature(function)) == _OF_AN_ACTION
    }
    assert written == {*actions.ACTIONS.values()}


def test_a_good_case_has_no_findings() -> None:
    assert check_rules(case_of()) == ()


# ---- a scenario cannot smuggle in what the reader refuses --------------------------------------


@pytest.mark.parametrize(
    ("records", "fields", "said"),
    [
        ("refiners", {"capacity": ByYear(2e10)}, "from 0 to 10 billion"),
        ("refiners", {"capacity": ByYear(1.0, ((2027, -1.0),))}, "from 0 to 10 billion"),
        ("refiners", {"cost": ByYear(math.nan)}, "the number nan"),
        ("refiners", {"cost": ByYear(math.inf)}, "the number inf"),
        ("refiners", {"cost": ByYear(_, ((2027, 1.0),))}, "must be filled for 2026"),
        ("refiners", {"recovery": 0.0}, "the number 0"),
        ("refiners", {"extra_usable": ByYear(0.0, ((2026, 2e10),))}, "the number 2e+10"),
        ("refiners", {"mineral": "Gold"}, "is not in Minerals"),
        ("demand", {"tonnes": ((2026, 2e10), (2027, 0.0))}, "the number 2e+10"),
        ("freight", {"costs": (("Japan", 2e8),)}, "from 0 to 100 million"),
        ("lanes", {"tariff": 11.0}, "from 0 to 10"),
        ("stockpiles", {"target": ByYear(2e10)}, "from 0 to 10 billion"),
        ("stockpiles", {"max": 10.0}, "at most the Max of the row"),
        ("mines", {"capacity": ByYear(math.inf)}, "the number inf"),
        ("share_limits", {"share": ByYear(1.5)}, "from 0 to 1"),
        ("minerals", {"price": ByYear(2e8)}, "from 0 to 100 million"),
        ("contracts", {"member": "Nobody"}, "is not in Members"),
        ("projects", {"life": 0}, "from 1 to 1000"),
    ],
)
def test_bounds_and_references_hold_for_every_case(records, fields, said) -> None:
    told = errors_of(change_first(case_of(), records, **fields))
    assert any(said in message for _place, message in told), told


def test_settings_keep_their_bounds() -> None:
    case = case_of()
    wrong = dataclasses.replace(case.settings, fair_shortage_weight=1.0)
    assert "Settings" in errors_of(case.change(settings=wrong))[0][0]


def test_a_case_without_years() -> None:
    assert ("Demand", "no year column; expected one column per year, headed 2026, 2027, ...") in (
        errors_of(case_of().change(years=()))
    )


def test_freight_that_scenarios_multiply_keeps_its_bound() -> None:
    case = case_of()
    row = dataclasses.replace(case.lanes[0], freight_factor=500.0, tariff=_, max=_, open=_)
    other = dataclasses.replace(row, country="Chile")
    assert errors_of(case.change(lanes=(row, other))) == []
    assert errors_of(case.change(lanes=(row, row))) == []
    assert "from 0 to 100 million" in errors_of(case.change(lanes=(row, row, row)))[0][1]


def test_steps_are_checked_as_records_too() -> None:
    steps = (ScenarioStep(name="X", action="scale demand", country="CHN", value=2.0),)
    assert len(errors_of(case_of().change(scenarios=steps))) == 1


# ---- freight -----------------------------------------------------------------------------------

NO_CHILE_KOREA = put("Freight", 2, "Korea", _)


@pytest.mark.parametrize(
    "row",
    [
        (_, "Chile", _, "Korea", 5),
        (_, _, _, "Korea", 5),
        ("Copper", "Chile", "Codelco", "Korea", 5),
        (_, "Chile", _, "Korea", _, _, "no"),
        ("Lithium", "Chile", _, "Korea", 5),
        (_, "Chile", _, "Korea", _, 0.1, "yes"),
    ],
)
def test_lanes_do_not_stand_for_the_freight_of_a_pair(row) -> None:
    book = small_book()
    both(NO_CHILE_KOREA, add("Lanes", *row))(book)
    assert [place for place, _said in faults(read_tables, book)] == ["Freight!C2"]


@pytest.mark.parametrize("name", ["korea", "Korea"])
def test_a_member_that_stands_twice_lacks_no_freight(name) -> None:
    """One error, at the second row; the sheet Freight has the member's column."""
    book = small_book()
    add("Members", name)(book)
    ((place, said),) = faults(read_tables, book)
    assert place.startswith("Members!")
    assert "appears twice" in said


def test_a_default_freight_is_enough() -> None:
    case_of(without("Freight"), add("Settings", "Default freight (USD/t)", 0))


# ---- what is likely not meant ------------------------------------------------------------------


WHOLE = put("Settings", 6, "Value", "yes")
CARRIED = both(
    WHOLE, column("Demand", "2028", 1, 1, 1), add("Settings", "Carry over budget", "yes")
)
"""30 in 2026 and 10 in 2027, of which it can be spent in 2026 and, for 2028, in 2027."""


def capex(amount: float) -> Change:
    return put("Projects", 2, "Capex (USD m)", amount)


def _budget_of_2027(book: Tables) -> None:
    book["Budget"] = [{"Year": 2027, "Capex (USD m)": 1}]


def later_capacity(tonnes: float) -> Change:
    header = "Capacity 2028 (t/yr)"
    return both(put("Refiners", 3, header, 500), put("Refiners", 2, header, tonnes))


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        (column("Demand", "2030", 1, 1, 1), "Demand!E1", "no column for 2028 to 2029"),
        (put("Lanes", 3, "First year", _), "Lanes!J3", ""),
        (put("Lanes", 2, "First year", 2035), "Lanes!I2", "the row never applies"),
        (put("Refiners", 3, "Last year", 2024), "Refiners!J3", "the row never applies"),
        (add("Budget", 2040, 1), "Budget!A4", "the row never applies"),
        (
            put("Refiners", 3, "Available share", _),
            "Refiners!K3",
            "Jiangxi has a country outside the coalition and a blank Available share",
        ),
        (add("Minerals", "Cobalt", 5, 6), "Minerals!A4", ""),
        (put("Refiners", 4, "Cost (USD/t)", 99_980), "Refiners!F4", "delivered in 2026, more than"),
        (put("Refiners", 5, "Kind", "primary"), "Share limits!E6", "belongs to the kind recycled"),
        (
            add("Share limits", "max", "Lithium", _, "country", _, 0.5, _, _, _, "mining"),
            "Share limits!J7",
            "no mine of Lithium is in the sheet Mines. the limit never applies",
        ),
        (
            add("Share limits", "min", "Lithium", _, "country", "Chile", 0.5, _, _, _, "mining"),
            "Share limits!J7",
            "no mine of Lithium is in the sheet Mines. the whole share will be missed and paid for",
        ),
        (put("Stockpiles", 2, "Target (t)", 101), "Stockpiles!E2", "above the Max of 100 t"),
        (add("Lanes", _, "Peru", _, _, 5), "Lanes!B4", "no refiner is in Peru"),
        (add("Lanes", "Lithium", _, "Codelco", _, 5), "Lanes!A4", "matches nothing"),
        (add("Scenarios", "X", "scale cost", _, "Peru", _, _, _, _, 2), "Scenarios!D5", "in Peru"),
        (add("Lanes", _, "China", "Codelco", _, 5), "Lanes!B4", "no Codelco in China"),
        (add("Lanes", "Lithium", "Chile", _, _, 5), "Lanes!B4", "no refiner of Lithium in Chile"),
        (add("Ore lanes", _, "Japan", _, 5), "Ore lanes!B3", "no mine in Japan"),
        (add("Ore lanes", "Lithium", _, _, 5), "Ore lanes!A3", "no mine of Lithium"),
        (add("Ore lanes", _, _, "Peru", 5), "Ore lanes!C3", "no refiner in Peru"),
        (
            add("Scenarios", "X", "set stock target", "Lithium", _, _, "Korea", _, _, 2),
            "Scenarios!F5",
            "matches no stockpile of Korea for Lithium",
        ),
        (
            add("Scenarios", "X", "scale demand", "Lithium", _, _, "Japan", _, _, 2),
            "Scenarios!F5",
            "matches no row of Demand of Japan for Lithium",
        ),
        (
            add("Scenarios", "X", "scale mines", "Lithium", _, _, _, _, _, 2),
            "Scenarios!C5",
            "matches no mine of Lithium",
        ),
        (add("Scenarios", "X", "block ore", _, "Japan"), "Scenarios!D5", "no mine in Japan"),
        (
            add("Scenarios", "X", "scale capacity", _, "Chile", "Jiangxi", _, _, _, 2),
            "Scenarios!D5",
            "no Jiangxi in Chile",
        ),
        (
            add("Scenarios", "X", "build project", _, _, "Tianqi", _, 2026),
            "Scenarios!G5",
            "the scenario builds Kwinana in 2026, before its First year 2027",
        ),
        (add("Scenarios", "X", "remove member"), "Scenarios!F5", "removes all members"),
        (
            add("Scenarios", "X", "block lanes", _, _, _, _, _, _, 2),
            "Scenarios!I5",
            "takes no Value",
        ),
        (
            both(WHOLE, capex(31)),
            "Projects!F2",
            "costs 31 m to build, more than 30 m, the largest budget",
        ),
        (
            both(CARRIED, capex(41)),
            "Projects!F2",
            "41 m to build, more than 40 m, all budgets together",
        ),
        (
            both(CARRIED, capex(40), put("Projects", 2, "Lead time (yr)", 2)),  # all of it in 2026
            "Projects!F2",
            "more than 30 m",
        ),
        (add("Budget", 2025, 5), "Budget!A4", "never applies"),
        (both(CARRIED, add("Budget", 2025, 5)), "Budget!A4", "carried over"),
        (
            add("Countries", "Japan", "Asia; friends", 1),
            "Countries!B4",
            "limits on `each outside coalition` apply to them",
        ),
        (add("Countries", "Japan", "Asia; coalition", 1), "Countries!B4", ""),
        (later_capacity(33), "Refiners!E2", "kt typed as t"),
        (
            both(
                head("Refiners", "Capacity (t/yr)", "Capacity (kt/yr)"),
                head("Refiners", "Capacity 2028 (t/yr)", "Capacity 2028 (kt/yr)"),
            ),
            "Refiners!D4",
            "largest yearly demand for it",
        ),
        (add("Countries", "ROW", "coalition"), "Countries!B4", "Rest of world is listed"),
        (add("Refiners", "A", "Copper", "Chile", 9, _, 5, _, _, _, _, 1), "Refiners!F6", "1/"),
    ],
)
def test_what_is_likely_not_meant_is_a_warning(change, place, said) -> None:
    told = warnings_of(change)
    if not said:
        assert told == []
    else:
        assert any(at == place and said in message for at, message in told), told


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (capex(31), "budget"),
        (both(CARRIED, capex(40)), "budget"),
        (both(WHOLE, capex(3000), _budget_of_2027), "budget"),
        (later_capacity(34), "kt typed as t"),
    ],
    ids=["in parts", "all budgets pay", "a year without a budget", "a fifteenth"],
)
def test_what_may_be_meant_is_no_warning(change, word) -> None:
    assert not [said for _place, said in warnings_of(change) if word in said]


def test_a_project_that_a_scenario_builds_needs_no_budget() -> None:
    case = case_of(WHOLE, capex(31))
    decided = tuple(dataclasses.replace(p, built_in=2027) for p in case.projects)
    assert [f.message for f in check_rules(case) if "never built" in f.message]
    assert not [f for f in check_rules(case.change(projects=decided)) if "never built" in f.message]


def test_a_mineral_that_nobody_refines() -> None:
    told = warnings_of(add("Minerals", "Cobalt", 5, 6), add("Demand", "Cobalt", "Japan", 1, 1))
    assert told == [
        ("Minerals!A4", "no refiner and no project makes Cobalt. all of its demand will be short")
    ]
