"""The plan's tables: headers, totals, and Summary against figures worked out by hand."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from models.plan import solve
from models.results import Figure
from planner.sheets import SHEETS, Table, tables
from planner.workbook import read_tables
from tests.reference.cases import random_book
from tests.sheets.desk import made, measures, plans, refiner, rows

INPUTS = Path(__file__).parents[2] / "inputs"
HEADERS = {
    "Summary": ["Measure", "Value", "Unit"],
    "Plan": [
        "Year", "Mineral", "Refiner", "Country", "Member", "Contract", "Tonnes", "Cost (USD/t)",
        "Tariff (USD/t)", "Freight (USD/t)", "Landed cost (USD/t)", "Total (USD)",
    ],
    "Shortages": [
        "Year", "Mineral", "Member", "Demand (t)", "Short (t)", "Share short", "Cause",
    ],
    "Country shares": [
        "Year", "Mineral", "Buyer", "Country", "Tonnes", "Share of demand", "Share of purchases",
        "Limit", "Headroom",
    ],
    "Refiners": [
        "Year", "Refiner", "Mineral", "Country", "Capacity (t/yr)", "Tonnes", "Utilization",
        "Scarcity rent (USD/t)",
    ],
    "Prices": [
        "Year", "Mineral", "Member", "Marginal price (USD/t)", "Average landed cost (USD/t)",
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def sheets() -> dict[str, Table]:
    return made(rows())


@pytest.mark.parametrize("name", HEADERS)
def test_the_contracts_headers_come_first(sheets, name):
    assert list(sheets[name].headers[: len(HEADERS[name])]) == HEADERS[name]


def test_sheets_stand_in_order_and_only_where_the_input_has_them(sheets):
    assert list(sheets) == [
        "Decide now", "Summary", "By mineral", "By year", "Members", "Scorecard", "Plan",
        "Shortage causes",
        "Shortages", "Country shares", "Share limits", "Refiners",
        "Prices", "About", "Checks", "Glossary", "Chart data", "Values", "Duals",
    ]  # fmt: skip
    assert all(sheet.__doc__ for sheet in SHEETS)


def test_headers_do_not_repeat(sheets):
    for table in sheets.values():
        normalized = [h.casefold() for h in table.headers]
        assert len(set(normalized)) == len(normalized)
        assert len({len(c.values) for c in table.columns}) == 1


def test_summary_says_what_a_hand_finds(sheets):
    of = measures(sheets["Summary"])
    assert of["Plan title"] == "Two works"
    assert of["Status"] == "optimal"
    assert of["Scenario"] == "Base; max country share 60 %"
    expected = {
        "Total cost": 24_976,
        "Cash cost": 2_976,
        "Purchases cost": 2_976,
        "Cost per tonne": 2_976 / 216,
        "Cost: shortage": 22_000,
        "Demand": 260,
        "Tonnes purchased": 216,
        "Shortage": 44,
        "Served share": 1 - 44 / 260,
        "Shortage: copper": 44,
        "Largest country's share of demand: copper": 0.6,
        "Largest country's share of demand in 2027: copper": 0.6,
        "Limit on it in 2027: copper": 0.6,
        "HHI by capacity: copper": (100 / 1.3) ** 2 + (30 / 1.3) ** 2,
        "HHI by purchases: copper": (156 / 2.16) ** 2 + (60 / 2.16) ** 2,
        "Limits cost in all": 24_976 - 17_830,
        "Limits cost in cash": 2_976 - 2_830,
        "Limits cost a year, same tonnes": 315 / 2,
        "Limits cost a year in shortage": 14 * 500 / 2,
        # without limits a tonne costs 11 in 2026, and 1,730 / 130 in 2027
        # by member: B's 30 t in 2026 and A's 30 t in 2027 at 21, and B's 47.25 t in 2027 at 11
        "Extra cost of the same tonnes": (300 + 300 - 285) / 216,
        "Extra cost of the same tonnes: copper": (300 + 300 - 285) / 216,
        "Extra cost of the same tonnes (share)": 315 / 2661,
        "Missing without share limits": 30,
        "Missing because of limits": 14,
        "Missing without share limits: copper": 30,
        "Missing because of limits: copper": 14,
        f"{Figure.IF_IT_STOPS}: copper": 30 / 160,
        Figure.KEEP_ENOUGH: 0,
        "Binding limits": 2,
        "Time: read": 0.25,
    }
    assert {k: of[k] for k in expected} == pytest.approx(expected)
    assert of["Option: Max country share"] == "0.6"
    assert of["Solver version"].startswith("HiGHS")
    assert len(of["Input SHA-256"]) == 64


def test_summary_without_share_limits():
    book = rows()
    del book["Share limits"]
    of = measures(made(book)["Summary"])
    assert of["Share limits"] == "none"
    assert of["Limit on it in 2027: copper"] is None
    assert of["Shortage"] == pytest.approx(30)


def test_summary_says_where_the_plan_without_limits_is_not_known():
    read = read_tables(rows())
    of = tables(solve(read.case), read)
    assert measures(of["Summary"])["Share limits"] == "not known"
    mineral = of["By mineral"]
    assert mineral.column("Missing because of limits (t)").values == [None]
    assert mineral.column("Extra cost of the same tonnes (USD/t)").values == [None]


def test_a_limit_that_tightens_is_shown_as_it_is_at_the_end():
    book = rows()
    book["Share limits"][0] |= {"Share 2027": 0.5}
    sheets = made(book)
    of = measures(sheets["Summary"])
    assert of["Largest country's share of demand: copper"] == pytest.approx(0.6)
    assert of["Limit on it in 2027: copper"] == pytest.approx(0.5)
    assert of["Largest country's share of demand in 2027: copper"] == pytest.approx(0.5)
    (mineral,) = sheets["By mineral"].to_frame().to_dict("records")
    assert (mineral["Largest country in 2027"], mineral["Limit in 2027"]) == ("China", 0.5)
    assert mineral["Years at limit"] == 2


def test_limits_on_members_are_told_of_and_are_not_the_countrys():
    book = rows()
    book["Share limits"][0] |= {"Buyer": "each"}
    sheets = made(book)
    (mineral,) = sheets["By mineral"].to_frame().to_dict("records")
    assert mineral["Years at limit"] is None or np.isnan(mineral["Years at limit"])
    assert mineral["Binding limits on members"] == 4
    of = measures(sheets["Summary"])
    assert of["Limit on it in 2027: copper"] is None
    assert of["Binding limits on members: copper"] == 4


def test_discounting_is_spoken_of_where_there_is_any():
    for rate, told in ((0, False), (0.05, True)):
        book = rows()
        book["Settings"].append({"Setting": "Discount rate", "Value": rate})
        summary = made(book)["Summary"]
        said = " ".join(str(v) for c in summary.columns for v in c.values)
        assert ("discounted" in said) == told


def test_what_is_bought_less_is_said_before_a_cost_below_nothing():
    book = rows()
    book["Share limits"][0] |= {"Share": 0.3}
    summary = made(book)["Summary"].to_frame().set_index("Measure")
    assert summary.loc["Limits cost in cash", "Value"] < 0
    assert summary.loc["Limits cost in cash", "Remark"].startswith("With the limits, 9")


@pytest.mark.slow
def test_totals_are_the_plans():
    for seed in range(8):
        read = read_tables(random_book(np.random.default_rng(seed)))
        plan, free = plans(read)
        of = tables(plan, read, without_limits=free)
        currency = read.case.settings.currency
        flows = of["Plan"].to_frame()
        assert flows["Tonnes"].sum() == pytest.approx(plan.tonnes, abs=1e-3)
        assert flows[f"Total ({currency})"].sum() == pytest.approx(plan.purchases, abs=1)
        short = sum(v or 0.0 for v in of["By mineral"].column("Missing (t)").values)
        assert short == pytest.approx(plan.shortage, abs=1e-6)
        table = of["By mineral"].to_frame().set_index("Mineral")
        largest = table[f"Largest share of {read.case.settings.share_basis}"].fillna(0.0)
        assert largest.to_dict() == pytest.approx(plan.max_country_share)
        checks = of["Checks"].to_frame()
        assert "no" not in set(checks["Passed"]), checks.to_string()
        expected = {
            "Contracts": read.case.contracts,
            "Stocks": read.case.stockpiles,
            "Projects": read.case.projects,
            "Ore": read.case.mines,
            "Changes": read.case.current_supply,
        }
        assert {n: n in of for n in expected} == {n: bool(r) for n, r in expected.items()}


def test_notes_sources_units_and_owners_travel(sheets):
    refiners = sheets["Refiners"].to_frame().set_index(["Refiner", "Year"])
    assert refiners.loc[("China works", 2026), "Note"] == "the large one"
    assert refiners.loc[("China works", 2026), "Source"] == "a table"
    assert set(sheets["Plan"].column("Unit").values) == {"t Cu"}
    limits = sheets["Share limits"].to_frame()
    assert set(limits["Row in input"]) == {2}
    assert set(limits["Buyer"]) == {"Coalition"}


def test_utilization_is_tonnes_over_capacity(sheets):
    refiners = sheets["Refiners"].to_frame().set_index(["Refiner", "Year"])
    assert refiners.loc[("China works", 2027), "Utilization"] == pytest.approx(0.96)
    assert refiners.loc[("Chile works", 2027), "Utilization"] == pytest.approx(1.0)
    assert refiners.loc[("Chile works", 2027), "Scarcity rent (USD/t)"] == pytest.approx(479)


def test_limit_and_headroom_are_shares_of_the_basis(sheets):
    shares = sheets["Country shares"].to_frame()
    china = shares[(shares["Buyer"] == "Coalition") & (shares["Country"] == "China")]
    assert china["Share of demand"].tolist() == pytest.approx([0.6, 0.6])
    assert china["Share of purchases"].tolist() == pytest.approx([60 / 90, 96 / 126])
    assert china["Headroom"].tolist() == pytest.approx([0.0, 0.0], abs=1e-9)
    book = rows()
    book["Settings"].append({"Setting": "Share basis", "Value": "purchases"})
    shares = made(book)["Country shares"].to_frame()
    coalition = shares[shares["Buyer"] == "Coalition"]
    assert coalition["Headroom"].to_numpy() == pytest.approx(
        0.6 - coalition["Share of purchases"].to_numpy()
    )
    assert set(coalition["Limit is of"]) == {"purchases"}


def test_money_is_the_workbooks():
    book = rows()
    book["Settings"] = [
        {"Setting": "Currency", "Value": "EUR"},
        {"Setting": "Default freight (EUR/t)", "Value": 1},
    ]
    book["Minerals"] = [{"Mineral": "copper", "Price (EUR/t)": 50}]
    book["Refiners"] = [
        {("Cost (EUR/t)" if k == "Cost (USD/t)" else k): v for k, v in row.items()}
        for row in book["Refiners"]
    ]
    headers = [h for table in made(book).values() for h in table.headers]
    assert "Landed cost (EUR/t)" in headers
    assert not [h for h in headers if "USD" in h]


def test_cells_do_not_depend_on_the_order_of_rows():
    shuffler = random.Random(3)
    book = random_book(np.random.default_rng(11))
    turned = {
        name: table if name in {"Settings", "Lanes", "Ore lanes"} else shuffled(shuffler, table)
        for name, table in book.items()
    }
    one, other = made(book), made(turned)
    assert list(one) == list(other)
    for name, table in one.items():
        for column in table.columns:
            if column.header in {"Row in input", "Cause"} or name in {"Summary", "Checks"}:
                continue
            assert column.values == other[name].column(column.header).values, (name, column.header)
    kept = [k for k in measures(one["Summary"]) if k not in {"Input SHA-256", "Written"}]
    before, after = measures(one["Summary"]), measures(other["Summary"])
    assert {k: before[k] for k in kept} == {k: after[k] for k in kept}


def shuffled(shuffler: random.Random, table: list) -> list:
    return shuffler.sample(table, len(table))


def test_checks_tell_of_warnings_and_defaults():
    book = rows()
    book["Refiners"].append(refiner("third", "Peru", 0, 30) | {"Colour": "red"})
    checks = made(book)["Checks"].to_frame()
    warned = checks[checks["Check"] == "warning"]
    assert "Colour" in set(warned["Column"])
    defaults = checks[checks["Check"] == "default"].set_index(["Sheet", "Column"])
    assert defaults.loc[("Refiners", "Recovery"), "Value"] == 3
    assert checks.iloc[0]["Check"] == "verdict"
    assert checks.iloc[0]["Passed"] == "yes"


def test_checks_measure_small_minerals_by_their_own_demand():
    book = rows()
    book["Minerals"].append({"Mineral": "gallium", "Price (USD/t)": 50})
    book["Refiners"].append(refiner("small", "Japan", 1e-3, 20) | {"Mineral": "gallium"})
    book["Demand"].append({"Mineral": "gallium", "Member": "A", "2026": 1e-3, "2027": 2e-3})
    checks = made(book)["Checks"].to_frame()
    own = checks[checks["What"].str.contains("its largest demand|of the same minerals")]
    assert len(own) == 2
    assert (own["Value"] <= 1e-9).all()
    assert set(own["Unit"]) == {"relative"}
