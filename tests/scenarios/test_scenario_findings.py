"""What a scenario may not say, and bounds on what it makes."""

from __future__ import annotations

import pytest

from models import checks
from models.errors import InputError, Severity
from models.plan import solve as solve_case
from planner import scenarios
from planner.workbook import read_tables
from tests.models.desk import jin, make, new_works, sur
from tests.scenarios.draws import SELECTORS, VALUES
from tests.scenarios.edits import BookT, Row
from tests.scenarios.what_if import NAME, case_of, errors_of, step, with_steps

FILLED: Row = {
    "Mineral": "copper",
    "Country": "CHN",
    "Refiner": "Jin",
    "Owner": "Jin Group",
    "Member": "A",
    "First year": 2026,
    "Last year": 2027,
}
"""A selector each that the desk knows."""


def listed(action: str) -> set[str]:
    """The columns that an action may fill, as the contract's table has them."""
    found = set(SELECTORS[action])
    return found - {"years"} | ({"First year", "Last year"} if "years" in found else set())


def desk() -> BookT:
    """Two years, and a project under Jin's name."""
    project = new_works() | {"Refiner": "Jin", "Country": "CHN", "Owner": "Jin Group"}
    mine = {"Mineral": "copper", "Country": "CHN", "Capacity (t/yr)": 500}
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 50}
    return make(
        jin(Owner="Jin Group"),
        sur(),
        demand={"A": 50, "B": 50},
        years=(2026, 2027),
        Projects=[project],
        Mines=[mine],
        Stockpiles=[pile],
    )


def plain(action: str) -> Row:
    """A step of an action with nothing but its Value."""
    if action not in VALUES:
        return step(action)
    return step(action, 1 if VALUES[action] == "years" else 0.5)


# ---- selectors ---------------------------------------------------------------------------------


@pytest.mark.parametrize("action", SELECTORS)
def test_selectors_that_are_listed_may_be_filled(action: str) -> None:
    """Each alone and all together."""
    good = {header: FILLED[header] for header in listed(action)}
    assert errors_of(desk(), plain(action)) == []
    assert errors_of(desk(), plain(action) | good) == []
    for header, said in good.items():
        assert errors_of(desk(), plain(action) | {header: said}) == []


@pytest.mark.parametrize(
    ("action", "header"),
    [(action, header) for action in SELECTORS for header in FILLED if header not in listed(action)],
)
def test_a_selector_that_is_not_listed(action: str, header: str) -> None:
    """An error at its cell that names what the action takes."""
    good = plain("scale demand")
    (found,) = errors_of(desk(), good, plain(action) | {header: FILLED[header]})
    assert (found.sheet, found.row, found.column) == ("Scenarios", 3, header)
    assert found.cell
    assert f"`{action}`" in found.message
    assert "blank" in found.expected


def test_names_that_are_not_defined() -> None:
    """At their cells, with the closest; all in one go."""
    found = errors_of(
        desk(),
        step("scale demand", 2, Mineral="coper"),
        step("scale demand", 2, Member="C"),
        step("scale cost", 2, Refiner="Jim"),
        step("scale cost", 2, Country="Chna"),
        step("scale costs", 2),
    )
    places = [(f.row, f.column) for f in found]
    assert places == [(2, "Mineral"), (3, "Member"), (4, "Refiner"), (5, "Country"), (6, "Action")]
    for finding, closest in zip(found, ("copper", "A", "Jin", "China", "scale cost"), strict=True):
        assert closest in finding.message


def test_last_year_before_first_year() -> None:
    (found,) = errors_of(desk(), step("scale demand", 2, First_year=2027, Last_year=2026))
    assert (found.row, found.column) == (2, "Last year")


# ---- Value -------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", VALUES)
def test_a_value_that_is_missing(action: str) -> None:
    (found,) = errors_of(desk(), step(action))
    assert (found.sheet, found.row, found.column) == ("Scenarios", 2, "Value")
    assert f"`{action}` needs a Value" in found.message


@pytest.mark.parametrize("action", VALUES)
def test_a_value_that_is_negative(action: str) -> None:
    """An error but in add capacity."""
    found = errors_of(desk(), step(action, -1))
    if action == "add capacity":
        assert found == []
        return
    assert [(f.row, f.column) for f in found] == [(2, "Value")]


@pytest.mark.parametrize("action", [a for a in SELECTORS if a not in VALUES])
@pytest.mark.parametrize("value", [3, -1])
def test_a_value_that_is_not_used(action: str, value: float) -> None:
    """No error: a warning at its cell, and the step does what it does."""
    book = read_tables(with_steps(desk(), step(action, value)))
    (found,) = [f for f in book.warnings if (f.sheet, f.column) == ("Scenarios", "Value")]
    assert found.row == 2
    assert "is ignored" in found.message
    changed = scenarios.apply(book.case, NAME)
    without = read_tables(with_steps(desk(), step(action))).case
    told = scenarios.apply(without, NAME).scenarios
    assert changed.change(scenarios=told) == scenarios.apply(without, NAME)


@pytest.mark.parametrize(
    ("action", "most", "over"),
    [
        ("set lane max", 1e10, 1.1e10),
        ("set tariff", 10, 10.5),
        ("raise tariff", 10, 10.5),
        ("scale freight", 1000, 1001),
        ("scale capacity", 1000, 1001),
        ("add capacity", 1e10, 1.1e10),
        ("scale cost", 1000, 1001),
        ("scale demand", 1000, 1001),
        ("scale mines", 1000, 1001),
        ("set stock target", 1e10, 1.1e10),
        ("set max country share", 1, 1.01),
        ("delay project", 100, 101),
        ("delay project", 2, 1.5),
        ("delay project", 1, 0),
    ],
)
def test_bounds_of_a_value(action: str, most: float, over: float) -> None:
    assert errors_of(desk(), step(action, most)) == []
    assert {(f.row, f.column) for f in errors_of(desk(), step(action, over))} == {(2, "Value")}


def test_the_least_that_capacity_may_change_by() -> None:
    assert errors_of(desk(), step("add capacity", -1e10)) == []
    assert {f.column for f in errors_of(desk(), step("add capacity", -1.1e10))} == {"Value"}


# ---- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Base", "base", " BASE "])
def test_a_scenario_named_base(name: str) -> None:
    (found,) = errors_of(desk(), step("scale demand", 2) | {"Scenario": name})
    assert (found.sheet, found.row, found.column) == ("Scenarios", 2, "Scenario")
    assert "Base" in found.hint


def test_a_row_without_a_name_or_an_action() -> None:
    good = step("scale demand", 2)
    found = errors_of(desk(), good, good | {"Scenario": None}, good | {"Action": None})
    assert [(f.row, f.column) for f in found] == [(3, "Scenario"), (4, "Action")]


# ---- builds ------------------------------------------------------------------------------------


def test_a_build_outside_the_horizon_or_of_no_project() -> None:
    """Its year is one of Demand's; there is a project that it selects."""
    found = errors_of(
        desk(),
        step("build project", First_year=2025),
        step("build project", First_year=2028),
        step("build project", Refiner="Sur"),
        step("build project", Country="CHL"),
    )
    assert [f.row for f in found] == [2, 3, 4, 5]
    assert [f.column for f in found[:3]] == ["First year", "First year", "Refiner"]


def test_a_build_in_a_year_left_out() -> None:
    """2027 is not planned."""
    book = desk()
    book["Demand"] = [
        {("2028" if header == "2027" else header): said for header, said in row.items()}
        for row in book["Demand"]
    ]
    assert [f.column for f in errors_of(book, step("build project", First_year=2027))] == [
        "First year"
    ]
    assert errors_of(book, step("build project", First_year=2028)) == []


def test_a_build_in_its_own_first_year_beyond_the_horizon() -> None:
    """An error if nothing would be built, a warning beside a project that is."""
    book = desk()
    book["Projects"][0]["First year"] = 2030
    (found,) = errors_of(book, step("build project"))
    assert "2030" in found.message
    assert errors_of(book, step("build project", First_year=2027)) == []
    book["Projects"].append(book["Projects"][0] | {"Project": "Q", "First year": 2026})
    read = read_tables(with_steps(book, step("build project")))
    (advice,) = [f for f in read.warnings if f.sheet == "Scenarios"]
    assert advice.row == 2
    assert "P" in advice.message


def test_a_build_before_its_first_year_is_advised_against() -> None:
    book = desk()
    book["Projects"][0]["First year"] = 2027
    read = read_tables(with_steps(book, step("build project", First_year=2026)))
    (advice,) = [f for f in read.warnings if f.sheet == "Scenarios"]
    assert (advice.row, advice.column) == (2, "First year")


# ---- bounds on what a scenario makes -----------------------------------------------------------


def refused(book: BookT, *steps: Row) -> list[str]:
    """What solving the scenario's case refuses: the sheets. Reading found nothing."""
    assert errors_of(book, *steps) == []
    case = case_of(book, *steps)
    try:
        solve_case(case)
    except InputError as error:
        errors = [f for f in error.findings if f.severity is Severity.ERROR]
        assert errors == [f for f in checks.check_rules(case) if f.severity is Severity.ERROR]
        return sorted({f.sheet for f in errors})
    return []


@pytest.mark.parametrize(
    ("action", "sheets"),
    [
        ("scale capacity", ["Projects", "Refiners"]),
        ("scale cost", ["Projects", "Refiners"]),
        ("scale demand", ["Demand"]),
        ("scale mines", ["Mines"]),
    ],
)
def test_a_thousand_times_a_thousand_times(action: str, sheets: list[str]) -> None:
    """100 t x 1e9 are above 1e10 t, 10 a t x 1e9 above 1e8; x 1e6, or back to 0, are not."""
    thrice = [step(action, 1000)] * 3
    assert refused(desk(), *thrice) == sheets
    assert refused(desk(), *thrice[:2]) == []
    assert refused(desk(), *thrice, step(action, 0)) == []


def test_capacity_that_is_added_beyond_the_bound() -> None:
    """100 + 1e10 is above it, 100 + (1e10 - 100) is not; two halves that make more are."""
    book = desk()
    assert refused(book, step("add capacity", 1e10)) == ["Refiners"]
    assert refused(book, step("add capacity", 1e10 - 100)) == []
    half = step("add capacity", 6e9, Refiner="Jin")
    assert refused(book, half) == []
    assert refused(book, half, half) == ["Refiners"]


def test_capacity_that_is_taken_has_no_bound() -> None:
    """Floored at 0, as often as one likes."""
    assert refused(desk(), *[step("add capacity", -1e10)] * 3) == []


def test_freight_beyond_the_bound() -> None:
    """Freight 1 x 1e8 is at the bound, x 2 above it; on one lane alone as well; 0 stays 0."""
    book = desk()
    book["Settings"][0]["Value"] = 1
    steps = [step("scale freight", 1000), step("scale freight", 1000), step("scale freight", 100)]
    assert refused(book, *steps) == []
    twice = step("scale freight", 2, Refiner="Sur", Member="B", First_year=2027)
    assert refused(book, *steps, twice) == ["Lanes"]
    assert refused(book, *steps, twice, step("scale freight", 0)) == []
    assert refused(desk(), *steps, twice) == []


def test_a_tariff_raised_beyond_the_bound() -> None:
    """4 more twice is 8, thrice is above 10; on one lane alone as well."""
    more = step("raise tariff", 4)
    assert refused(desk(), more, more) == []
    assert refused(desk(), more, more, step("raise tariff", 3, Refiner="Sur")) == ["Lanes"]


def test_cost_beyond_the_bound_in_one_year() -> None:
    """10 a t x 1e6 x 10 is at it, x 11 above."""
    million = [step("scale cost", 1000, Refiner="Jin", First_year=2027)] * 2
    assert refused(desk(), *million, step("scale cost", 10, Refiner="Jin")) == []
    assert refused(desk(), *million, step("scale cost", 11, Refiner="Jin")) == [
        "Projects",
        "Refiners",
    ]


def test_a_scenario_beyond_the_bounds_leaves_the_others() -> None:
    """The workbook and its other scenarios have their plans."""
    rows = [step("scale demand", 1000)] * 3 + [step("scale demand", 2) | {"Scenario": "Calm"}]
    case = read_tables(with_steps(desk(), *rows)).case
    assert solve_case(case).status == "optimal"
    assert solve_case(scenarios.apply(case, "Calm")).status == "optimal"
    with pytest.raises(InputError):
        solve_case(scenarios.apply(case, NAME))
