"""Companies by hand: limits on what one owns anywhere, and its loss; names are compared loosely."""

from __future__ import annotations

from typing import Any

import pytest

from models.plan import solve as solve_case
from models.plan.solving import case_of, linked_minerals
from planner import scenarios
from planner.scenarios import events
from planner.workbook import read_tables
from tests.models.desk import BookT, jin, make, one, refiner, solve, sur
from tests.small_book import faults

near = pytest.approx


def most(share: float, **more: object) -> dict[str, Any]:
    """A max on companies; ``more`` are columns."""
    return {"Limit": "max", "Supplier group": "company", "Share": share} | more


def nord(**more: object) -> dict[str, Any]:
    """Nord of Finland, at 40 a t, of nobody."""
    return refiner("Nord", "FIN", 100, 40, **more)


def two_countries(*limits: dict[str, Any], **sheets: Any) -> BookT:
    """Acme has Jin of China and Sur of Chile, spelt in two ways; Nord has no Owner."""
    owned = (jin(Owner="Acme Metals"), sur(Owner="  ACME   metals "), nord())
    return make(*owned, **({"Share_limits": list(limits)} if limits else {}), **sheets)


def project(refiner_name: str, cost: float, **more: object) -> dict[str, Any]:
    """A project that costs nothing to build, in Chile."""
    return {
        "Project": "P", "Refiner": refiner_name, "Mineral": "copper", "Country": "CHL",
        "Capacity (t/yr)": 100, "Capex (USD m)": 0, "Cost (USD/t)": cost, "First year": 2026,
    } | more  # fmt: skip


@pytest.mark.parametrize("named", [None, "Acme Metals", "acme metals", " ACME  METALS"])
def test_a_company_in_two_countries(named: str | None) -> None:
    """At most half of 100 t: 50 x 10 from China, nothing from Chile, 50 x 40 from Nord = 2,500.

    A tonne of relief saves 40 - 10. Countries are not limited.
    """
    plan = solve(two_countries(most(0.5, Supplier=named)))
    assert plan.objective == near(2500)
    row = one(plan.limits)
    assert row["supplier"].casefold().split() == ["acme", "metals"]
    assert (row["tonnes"], row["base"], row["shadow_price"]) == near((50, 100, 30))


def test_both_plants_count_together() -> None:
    """China gives 30 t at most: 30 x 10 + 20 x 20 + 50 x 40 = 2,700, the limit reached by both."""
    book = two_countries(most(0.5))
    book["Refiners"][0]["Capacity (t/yr)"] = 30
    plan = solve(book)
    assert plan.objective == near(2700)
    assert one(plan.limits)["tonnes"] == near(50)


def test_who_has_no_owner_is_in_no_company() -> None:
    """A limit of 0 on each company alone leaves Nord: 100 x 40."""
    assert solve(two_countries(most(0.0))).objective == near(4000)


def test_each_company_alone() -> None:
    """At most 0.4 from each of two: 40 x 10 + 40 x 20 + 20 x 40 = 2,000."""
    book = make(jin(Owner="Acme"), sur(Owner="Beta"), nord(), Share_limits=[most(0.4)])
    assert solve(book).objective == near(2000)


def test_a_soft_limit_is_paid_for() -> None:
    """50 t beyond at 5 a tonne cost less than Nord: 100 x 10 + 50 x 5."""
    assert solve(two_countries(most(0.5) | {"Penalty (USD/t)": 5})).objective == near(1250)


def test_each_buyer_and_one_member() -> None:
    """Only B may have no more than a fifth from Acme: 50 x 10 + 10 x 10 + 40 x 40 = 2,200."""
    book = two_countries(most(0.2, Buyer="B", Supplier="Acme metals"))
    book |= {
        "Members": [{"Member": "A", "Country": None}, {"Member": "B", "Country": None}],
        "Demand": [{"Mineral": "copper", "Member": name, "2026": 50} for name in "AB"],
    }
    assert solve(book).objective == near(2200)


def test_a_least_share_of_a_company() -> None:
    """At least 0.3 from Beta, which has the dear plant: 70 x 10 + 30 x 40 = 1,900."""
    row = {"Limit": "min", "Supplier group": "company", "Supplier": "beta", "Share": 0.3}
    book = make(jin(), nord(Owner="Beta"), Share_limits=[row])
    assert solve(book).objective == near(1900)


def test_a_project_under_a_refiners_name_has_an_owner_of_its_own() -> None:
    """Jin is Acme's, the project under its name Beta's: 30 x 10 + 70 x 15 = 1,350."""
    book = make(
        jin(Owner="Acme"),
        nord(),
        Projects=[project("Jin", 15, Owner="Beta")],
        Share_limits=[most(0.3, Supplier="Acme")],
    )
    assert solve(book).objective == near(1350)
    book["Share limits"][0]["Supplier"] = "Beta"  # binds nobody: Jin is cheaper
    assert solve(book).objective == near(1000)
    book["Share limits"][0] |= {"Supplier group": "refiner", "Supplier": "Jin"}  # both together
    assert solve(book).objective == near(30 * 10 + 70 * 40)


def test_a_blank_mineral_counts_where_the_company_has_a_source() -> None:
    """Acme has copper alone: of tin nothing is missed, and so nothing is paid."""
    row = {"Limit": "min", "Supplier group": "company", "Supplier": "Acme", "Share": 0.5}
    book = make(jin(Owner="Acme"), Share_limits=[row | {"Penalty (USD/t)": 7}])
    book["Minerals"].append({"Mineral": "tin", "Price (USD/t)": 50})
    book["Refiners"].append(sur() | {"Mineral": "tin", "Owner": None})
    book["Demand"].append({"Mineral": "tin", "Member": "A", "2026": 100})
    assert solve(book).objective == near(1000 + 2000)
    book["Share limits"][0]["Mineral"] = "tin"  # named, it counts: 50 t are missed
    assert solve(book).objective == near(1000 + 2000 + 50 * 7)


def test_a_limit_that_names_a_company_of_another_mineral_ties_the_two() -> None:
    """What each part of a case is planned with knows the company."""
    row = most(0.5, Mineral="tin", Supplier="Acme")
    book = make(jin(Owner="Acme"), Share_limits=[row])
    book["Minerals"].append({"Mineral": "tin", "Price (USD/t)": 50})
    book["Refiners"].append(sur() | {"Mineral": "tin"})
    book["Demand"].append({"Mineral": "tin", "Member": "A", "2026": 100})
    case = read_tables(book).case
    assert linked_minerals(case) == (("copper", "tin"),)
    book["Share limits"][0]["Mineral"] = "copper"
    case = read_tables(book).case
    assert linked_minerals(case) == (("copper",), ("tin",))
    assert [len(case_of(case, names).share_limits) for names in linked_minerals(case)] == [1, 0]


@pytest.mark.parametrize(
    ("row", "place", "said"),
    [
        (most(0.5, Supplier="Acme Metal"), "C", "did you mean"),
        (most(0.5, Supplier="Jin"), "C", "is not an Owner in Refiners or Projects"),
        (most(0.5, Supplier="each outside coalition"), "C", "the supplier group company"),
        (most(0.5) | {"Limit": "min"}, "C", "the row is a min and names no supplier"),
        (most(0.5, Stage="mining"), "B", "the stage mining and the supplier group company"),
    ],
)
def test_what_a_limit_on_companies_is_refused_for(row, place, said) -> None:
    book = two_countries({"Limit": "max", "Supplier group": "company", "Supplier": None} | row)
    headers = list(book["Share limits"][0])
    wanted = {"B": "Supplier group", "C": "Supplier"}[place]
    letter = "ABCDEFG"[headers.index(wanted)]
    found = faults(read_tables, book)
    assert any(at == f"Share limits!{letter}2" and said in message for at, message in found), found


# ---- scenarios -----------------------------------------------------------------------------------


def after(book: BookT, *steps: dict[str, Any]) -> float:
    """The objective after the steps of a scenario."""
    told = book | {"Scenarios": [{"Scenario": "X"} | step for step in steps]}
    return solve_case(scenarios.apply(read_tables(told).case, "X")).objective


BLOCK = {"Action": "block lanes", "Owner": "acme METALS"}


def test_nothing_from_a_company_anywhere_is_one_row() -> None:
    """Neither China nor Chile is left: 100 x 40. A contract with Jin lapses, unpaid."""
    contract = {
        "Contract": "C", "Refiner": "Jin", "Mineral": "copper", "Member": "A",
        "Min (t/yr)": 60, "Price (USD/t)": 5,
    }  # fmt: skip
    book = two_countries(Contracts=[contract])
    assert solve(book).objective == near(500)
    assert after(book, BLOCK) == near(4000)


def test_a_company_with_other_selectors() -> None:
    """Both must match: Acme's plants in Chile; a company's years; Jin, which is Acme's."""
    book = two_countries()
    assert after(book, BLOCK | {"Country": "CHN"}) == near(2000)
    assert after(book, BLOCK | {"Refiner": "Sur"}) == near(1000)
    assert after(book, BLOCK | {"First year": 2030}) == near(1000)


@pytest.mark.parametrize(
    ("step", "cost"),
    [
        ({"Action": "set tariff", "Value": 2.5}, 10 * 3.5 * 100),
        ({"Action": "scale capacity", "Value": 0.5}, 50 * 10 + 50 * 20),
        ({"Action": "scale capacity", "Value": 0}, 4000),
        ({"Action": "add capacity", "Value": -80}, 20 * 10 + 20 * 20 + 60 * 40),
        ({"Action": "scale cost", "Value": 3}, 3000),
    ],
)
def test_every_action_on_plants_takes_a_company(step, cost) -> None:
    assert after(two_countries(), step | {"Owner": "Acme Metals"}) == near(cost)


def test_freight_of_a_companys_plants() -> None:
    """10 a tonne from everywhere, four times that from Acme: 100 x (10 + 40)."""
    book = two_countries()
    book["Settings"][0]["Value"] = 10
    assert after(book, {"Action": "scale freight", "Owner": "Acme Metals", "Value": 4}) == near(
        5000
    )
    assert after(book, {"Action": "scale freight", "Value": 4}) == near(5000)


def test_build_a_companys_project() -> None:
    """Only Beta's of two projects under Jin's name is built; a lost Acme leaves it."""
    book = make(
        jin(Owner="Acme"), nord(), Projects=[project("Jin", 60, Owner="Beta", Country="CHL")]
    )
    book["Projects"][0]["Capex (USD m)"] = 0.001
    charge = 1000 * 0.08 / (1 - 1.08**-20)
    assert after(book, {"Action": "build project", "Owner": "beta"}) == near(1000 + charge)
    assert after(book, {"Action": "scale capacity", "Owner": "Acme", "Value": 0}) == near(4000)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (BLOCK | {"Owner": "Acme Metal"}, "did you mean"),
        ({"Action": "build project", "Owner": "Acme Metals"}, "no project of"),
        (
            {"Action": "set lane max", "Owner": "Acme Metals", "Value": 1},
            "does not read this column",
        ),
        (
            {"Action": "scale demand", "Owner": "Acme Metals", "Value": 1},
            "does not read this column",
        ),
        (
            {"Action": "scale mines", "Owner": "Acme Metals", "Value": 1},
            "does not read this column",
        ),
    ],
)
def test_what_a_row_with_a_company_is_refused_for(step, said) -> None:
    book = two_countries() | {"Scenarios": [{"Scenario": "X"} | step]}
    ((place, message),) = faults(read_tables, book)
    assert said in message
    assert place.startswith("Scenarios!")


def test_a_company_that_matches_nothing_is_a_warning() -> None:
    book = two_countries() | {"Scenarios": [{"Scenario": "X"} | BLOCK | {"Country": "FIN"}]}
    found = [f.message for f in read_tables(book).warnings if f.sheet == "Scenarios"]
    assert any("no refiner of" in message and "in FIN" in message for message in found), found


def test_an_event_may_be_a_companys() -> None:
    row = {
        "Event": "Ban", "Action": "block lanes", "Owner": "ACME metals", "Yearly probability": 0.1,
    }  # fmt: skip
    case = read_tables(two_countries(Risks=[row])).case
    struck = events.apply_events(case, ((0, 2026),))
    assert solve_case(struck).objective == near(4000)
    assert events.affected_minerals(case, case.risks[0]) == {"copper"}
