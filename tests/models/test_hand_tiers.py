"""End use by hand: a supplier that may sell to some tiers of a member's demand, and not to others.

Unless a test says otherwise, Jin of China has 100 t at 1 a tonne and is closed to defence; Sur of
Chile has 15 t at 3. Defence needs 20 t (50 a tonne short), other 80 t (10 a tonne short).
"""

from __future__ import annotations

from typing import Any

import pytest

from models.errors import InputError
from models.plan import Plan
from planner.workbook import read_tables
from tests.models.desk import BookT, make, one, price, refiner, solve

near = pytest.approx
BAN = {"From country": "CHN", "Tier": "defence", "Open": "no"}
_NEED = {"defence": 20.0, "other": 80.0}
_TIERS = {"defence": 50, "other": 10}


def demand(member: str = "A", need: dict[str, float] | None = None, years: int = 1) -> list[Any]:
    """Return the rows of Demand of a member, with the tonnes of each tier in every year."""
    names = [str(2026 + i) for i in range(years)]
    return [
        {"Mineral": "copper", "Member": member, "Tier": tier or None} | dict.fromkeys(names, tonnes)
        for tier, tonnes in (need or _NEED).items()
    ]


def book(*lanes: dict[str, object], sellers: list[Any] | None = None, **sheets: list[Any]) -> BookT:
    sold = sellers or [refiner("Jin", "CHN", 100, 1), refiner("Sur", "CHL", 15, 3)]
    made = make(*sold, Lanes=list(lanes))
    made["Minerals"][0]["Price (USD/t)"] = 1
    made["Demand"] = demand()
    made["Tiers"] = [{"Tier": t, "Shortage cost multiple": times} for t, times in _TIERS.items()]
    return made | {name.replace("_", " "): rows for name, rows in sheets.items()}


def reserve(**more: object) -> list[Any]:
    stock = {"Max (t)": 100, "Opening (t)": 10, "Target (t)": 0}
    return [{"Mineral": "copper", "Member": "A"} | stock | more]


def tier(plan: Plan, name: str, member: str = "A", year: int = 2026) -> Any:
    """Return the row of a tier in the plan's table."""
    return one(plan.tiers, tier=name, member=member, year=year)


def test_the_closed_forms_of_the_contract() -> None:
    """Sur's 15 t serve defence, 5 t of it are short, Jin serves the rest: 45 + 250 + 80 = 375.

    Without the ban Jin serves all: 100. A reserve of 10 t leaves 10 t to Sur: 30 + 80 = 110. With
    Max draw 4, Sur's 15 t and 1 t short: 45 + 50 + 80 = 175. One more tonne for defence is short
    (50); for other it is Jin's (1).
    """
    plan = solve(book(BAN))
    assert plan.objective == near(375)
    defence, other = tier(plan, "defence"), tier(plan, "other")
    assert (defence["suppliers"], other["suppliers"]) == ("Sur 15 t", "Jin 80 t")
    assert (defence["served"], defence["short"], other["short"]) == near((15, 5, 0))
    assert (defence["price"], other["price"], price(plan)) == near((50, 1, 50))
    assert solve(book()).objective == near(100)
    plan = solve(book(BAN, Stockpiles=reserve()))
    assert plan.objective == near(110)
    assert (tier(plan, "defence")["from_stock"], tier(plan, "other")["from_stock"]) == near((10, 0))
    plan = solve(book(BAN, Stockpiles=reserve(**{"Max draw (t/yr)": 4})))
    assert plan.objective == near(175)
    assert tier(plan, "defence")["from_stock"] == near(4)


# ---- rows that name a tier -----------------------------------------------------------------------

STEP = {"Scenario": "X", "Action": "block lanes", "Tier": "defence"}


@pytest.mark.parametrize(
    ("sheet", "row", "place", "said"),
    [
        ("Lanes", BAN | {"Freight (USD/t)": 3}, "Freight", "sets only Open"),
        ("Lanes", BAN | {"Tariff": 0.1}, "Tariff", "sets only Open"),
        ("Lanes", BAN | {"Max (t/yr)": 0}, "Max", "sets only Open"),
        ("Lanes", BAN | {"Tier": "defense"}, "Tier", "did you mean 'defence'"),
        ("Lanes", BAN | {"To member": "B"}, "Tier", "no demand of B has the tier 'defence'"),
        ("Scenarios", STEP | {"Tier": "defense"}, "Tier", "did you mean 'defence'"),
        ("Scenarios", STEP | {"Action": "set tariff", "Value": 1}, "Tier", "does not read"),
        ("Scenarios", STEP | {"Member": "B"}, "Tier", "no demand of B has the tier 'defence'"),
    ],
)
def test_rows_that_name_a_tier(sheet: str, row: dict[str, Any], place: str, said: str) -> None:
    """Found at their cells."""
    made = book(**{sheet: [row]})
    made["Members"].append({"Member": "B", "Country": None})
    made["Demand"].append({"Mineral": "copper", "Member": "B", "Tier": None, "2026": 5})
    try:
        found = read_tables(made).warnings
    except InputError as error:
        found = error.findings
    at = [(f.column, f.message) for f in found if f.sheet == sheet and f.row == 2]
    assert any(column == place and said in text for column, text in at), at
