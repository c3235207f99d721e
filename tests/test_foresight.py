"""Warnings where supply, limits and time are looked at together, at the cell that causes it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from models.checks import check_rules
from planner.workbook import read_tables
from tests.small_book import add, head, put, small_book

Rows = list[dict[str, Any]]


def book(**sheets: Rows) -> dict[str, Rows]:
    """Return lithium for Japan: 100 t a year from China (120 t at 10) and Chile (60 t at 12)."""
    tables: dict[str, Rows] = {
        "Settings": [{"Setting": "Default freight (USD/t)", "Value": 1}],
        "Minerals": [{"Mineral": "Lithium", "Price (USD/t)": 20}],
        "Members": [{"Member": "Japan", "Country": "Japan"}],
        "Refiners": [
            refiner("Tianqi", "China", 120, 10),
            refiner("SQM", "Chile", 60, 12),
        ],
        "Demand": [{"Mineral": "Lithium", "Member": "Japan", "2026": 100, "2027": 100}],
    }
    return tables | {name.replace("_", " "): rows for name, rows in sheets.items()}


def refiner(name: str, country: str, capacity: float, cost: float) -> dict[str, Any]:
    """Return a row of Refiners, wholly open."""
    return {
        "Refiner": name,
        "Mineral": "Lithium",
        "Country": country,
        "Capacity (t/yr)": capacity,
        "Cost (USD/t)": cost,
        "Available share": 1,
    }


def warnings(tables: dict[str, Rows]) -> list[tuple[str, str]]:
    """Return place and message of every warning."""
    return [(w.place, w.message) for w in read_tables(tables).warnings]


def cap(share: float, **cells: Any) -> Rows:
    """Return a limit on each country alone."""
    return [{"Limit": "max", "Supplier group": "country", "Share": share, **cells}]


def test_a_cap_that_too_few_countries_share() -> None:
    """Two countries at 0.4 serve 0.8; with all of Chile's 60 t, China has to give 0.4 of 100 t.

    At 0.5 each serves half, and Chile has 60 t: 0.5 is enough.
    """
    ((place, said),) = warnings(book(Share_limits=cap(0.4)))
    assert place == "Share limits!C2"
    assert (
        "only 2 countries can supply Lithium in 2026, and each may supply at most 0.4 of demand"
        in said
    )
    assert "all demand can be met if the share is at least 0.5" in said


def test_the_smallest_share_where_one_country_is_small() -> None:
    """Chile gives its 20 t whole, so China has to give 80 t of 100 t: 0.8."""
    tables = book(Share_limits=cap(0.4))
    tables["Refiners"][1]["Capacity (t/yr)"] = 20
    ((_, said),) = warnings(tables)
    assert "if the share is at least 0.8" in said


def test_no_share_is_enough() -> None:
    """20 t and 60 t never serve 100 t."""
    tables = book(Share_limits=cap(0.4))
    tables["Refiners"][0]["Capacity (t/yr)"] = 20
    ((_, said),) = warnings(tables)
    assert "no share is large enough" in said


@pytest.mark.parametrize(
    "limit",
    [
        cap(0.5),
        cap(0.4, **{"Penalty (USD/t)": 5}),
        cap(0.4, Supplier="China"),
        cap(0.4, Buyer="each"),
        cap(0.4, **{"First year": 2030}),
    ],
)
def test_a_cap_that_can_be_met_or_paid_says_nothing(limit: Rows) -> None:
    """Enough countries, a price, one name only, other buyers, other years."""
    said = [message for _, message in warnings(book(Share_limits=limit))]
    assert not [message for message in said if "can supply" in message]


def test_a_supplier_that_is_not_capped_says_nothing() -> None:
    """A refiner in the coalition is outside `each outside coalition`."""
    tables = book(Share_limits=cap(0.1, Supplier="each outside coalition"))
    tables["Refiners"].append(refiner("Naraha", "Japan", 5, 15))
    assert warnings(tables) == []


def test_a_member_without_an_open_lane() -> None:
    """All lanes closed in all years; open in one of them says nothing."""
    ((place, said),) = warnings(book(Lanes=[{"To member": "Japan", "Open": "no"}]))
    assert place == "Demand!B2"
    assert "every lane that could bring Lithium to Japan is closed" in said
    closed = [{"To member": "Japan", "Open": "no", "First year": 2027}]
    assert warnings(book(Lanes=closed)) == []


def test_contracts_above_what_the_refiner_can_give() -> None:
    """70 t owed of 60 t; with half of the capacity open, of 30 t."""
    contract = {"Refiner": "SQM", "Mineral": "Lithium", "Member": "Japan", "Min (t/yr)": 70}
    ((place, said),) = warnings(book(Contracts=[contract]))
    assert place == "Contracts!D2"
    assert (
        "SQM ask for at least 70 t in 2026, more than the 60 t that it can sell to the coalition"
        in said
    )
    assert warnings(book(Contracts=[contract | {"Min (t/yr)": 60}])) == []


def test_capital_beyond_the_horizon() -> None:
    """Of 20 years from 2027 one lies within 2026 and 2027; of a life of 4 a quarter does."""
    project = {
        "Project": "P",
        "Refiner": "New",
        "Mineral": "Lithium",
        "Country": "Chile",
        "Capacity (t/yr)": 10,
        "Capex (USD m)": 1,
        "Cost (USD/t)": 5,
        "First year": 2027,
    }
    ((place, said),) = warnings(book(Projects=[project]))
    assert place == "Projects!H2"
    assert "1 of the 20 years" in said
    assert warnings(book(Projects=[project | {"Life (yr)": 4}])) == []


@pytest.mark.parametrize(("whole", "said"), [("yes", True), ("no", False)])
def test_a_whole_project_that_no_budget_can_pay(whole: str, said: bool) -> None:
    tables = small_book()
    put("Settings", 6, "Value", whole)(tables)
    put("Projects", 2, "Capex (USD m)", 31)(tables)
    found = [f for f in warnings(tables) if "budget" in f[1]]
    assert bool(found) == said
    if said:
        assert found[0][0] == "Projects!F2"
        assert "costs 31 m to build, more than 30 m, the largest budget" in found[0][1]
        assert "never built" in found[0][1]


def test_a_year_without_a_budget_can_pay_any_project() -> None:
    tables = small_book()
    put("Settings", 6, "Value", "yes")(tables)
    put("Projects", 2, "Capex (USD m)", 3000)(tables)
    tables["Budget"] = [{"Year": 2027, "Capex (USD m)": 1}]
    assert not [f for f in warnings(tables) if "budget" in f[1]]


@pytest.mark.parametrize(
    ("capex", "said"), [(40, ""), (41, "41 m to build, more than 40 m, all budgets together")]
)
def test_a_whole_project_that_all_budgets_together_can_pay(capex: float, said: str) -> None:
    """30 in 2026 and 10 in 2027, of which it can be spent in 2026 and, for 2028, in 2027."""
    tables = small_book()
    for row in tables["Demand"]:
        row["2028"] = row["2027"]
    put("Settings", 6, "Value", "yes")(tables)
    add("Settings", "Carry over budget", "yes")(tables)
    put("Projects", 2, "Capex (USD m)", capex)(tables)
    found = [f for f in warnings(tables) if "budget" in f[1]]
    assert [place for place, _ in found] == (["Projects!F2"] if said else [])
    assert all(said in text for _, text in found)
    put("Projects", 2, "Lead time (yr)", 2)(tables)  # all of it in 2026
    assert "more than 30 m" in next(text for _, text in warnings(tables) if "budget" in text)


def test_a_project_that_a_scenario_builds_needs_no_budget() -> None:
    tables = small_book()
    put("Settings", 6, "Value", "yes")(tables)
    put("Projects", 2, "Capex (USD m)", 31)(tables)
    case = read_tables(tables).case
    decided = tuple(dataclasses.replace(p, built_in=2027) for p in case.projects)
    assert [f.message for f in check_rules(case) if "never built" in f.message]
    assert not [f for f in check_rules(case.change(projects=decided)) if "never built" in f.message]


def test_a_budget_before_the_first_year() -> None:
    """It never applies, but where it is carried over."""
    tables = small_book()
    add("Budget", 2025, 5)(tables)
    assert [(at, "never applies" in said) for at, said in warnings(tables)] == [("Budget!A4", True)]
    add("Settings", "Carry over budget", "yes")(tables)
    assert [(at, "carried over" in said) for at, said in warnings(tables)] == [("Budget!A4", True)]


def test_a_member_s_country_whose_blocs_lack_the_coalition() -> None:
    tables = small_book()
    add("Countries", "Japan", "Asia; friends", 1)(tables)
    ((place, said),) = warnings(tables)
    assert place == "Countries!B4"
    assert "count as outside the coalition" in said
    assert "limits on `each outside coalition` apply to them" in said
    put("Countries", 4, "Bloc", "Asia; coalition")(tables)
    assert not warnings(tables)


def test_a_capacity_of_a_later_year_typed_in_another_unit() -> None:
    tables = small_book()
    put("Refiners", 3, "Capacity 2028 (t/yr)", 500)(tables)
    put("Refiners", 2, "Capacity 2028 (t/yr)", 34)(tables)
    found = [f for f in warnings(tables) if "kt typed as t" in f[1]]
    assert [at for at, _ in found] == []
    put("Refiners", 2, "Capacity 2028 (t/yr)", 33)(tables)
    found = [f for f in warnings(tables) if "kt typed as t" in f[1]]
    assert [at for at, _ in found] == ["Refiners!E2"]


def test_a_column_of_capacities_in_another_unit() -> None:
    tables = small_book()
    head("Refiners", "Capacity (t/yr)", "Capacity (kt/yr)")(tables)
    head("Refiners", "Capacity 2028 (t/yr)", "Capacity 2028 (kt/yr)")(tables)
    found = [f for f in warnings(tables) if "largest yearly demand for it" in f[1]]
    assert [at for at, _ in found] == ["Refiners!D2", "Refiners!D4"]
