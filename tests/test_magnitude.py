"""Slips of magnitude: each rule fires exactly when its definition says, and a row is told once."""

from __future__ import annotations

import copy
import itertools
import statistics
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.checks.magnitude import CHECKED, slips_of_magnitude, targets_above_max
from planner.workbook import read, read_tables
from planner.workbook.template import template_tables
from tests.budget import few
from tests.reference.cases import OWNED, random_book
from tests.small_book import Tables

INPUTS = Path(__file__).parents[1] / "inputs"


def told(tables: Tables) -> list[tuple[str, str]]:
    """Place and message of what the rules find in a book."""
    book = read_tables(tables)
    found = {*slips_of_magnitude(book.case), *targets_above_max(book.case)}
    return [(f.place, f.message) for f in book.warnings if _as_found(f) in map(_as_found, found)]


def _as_found(finding) -> tuple[str, int, str, str]:
    return finding.sheet, finding.row, finding.column, finding.message


def small(**sheets: list[dict[str, object]]) -> Tables:
    """Three refiners of lithium, of 20,000 t or so; two members that need about 21,000 t each."""
    book: Tables = {
        "Settings": [{"Setting": "Default freight (USD/t)", "Value": 0}],
        "Minerals": [{"Mineral": "Lithium", "Price (USD/t)": 49000}],
        "Members": [{"Member": "Japan", "Country": "JP"}, {"Member": "Ireland", "Country": "IE"}],
        "Refiners": [
            {
                "Refiner": name, "Mineral": "Lithium", "Country": "Chile",
                "Capacity (t/yr)": tonnes, "Cost (USD/t)": 42000,
            }
            for name, tonnes in (("A", 20000), ("B", 21000), ("C", 85000))
        ],
        "Demand": [
            {"Mineral": "Lithium", "Member": "Japan", "2026": 18000, "2027": 21000, "2028": 25000},
            {"Mineral": "Lithium", "Member": "Ireland", "2026": 3500, "2027": 3700, "2028": 3900},
        ],
    }  # fmt: skip
    return book | {name.replace("_", " "): rows for name, rows in sheets.items()}


LIMIT = {"Limit": "max", "Supplier group": "country", "Share": 0.65}
CONTRACT = {
    "Refiner": "A", "Mineral": "Lithium", "Member": "Japan", "Price (USD/t)": 49000,
}  # fmt: skip
SUPPORT = {"Plant": "A", "Mineral": "Lithium", "Strike price (USD/t)": 49000}
PILE = {"Mineral": "Lithium", "Member": "Ireland", "Max (t)": 1000, "Target (days)": 90}


def slipped(
    sheet: str, row: int, header: str, value: object, start: Tables | None = None
) -> Tables:
    """The book with one cell changed; row 2 is the first."""
    book = small() if start is None else start
    book[sheet][row - 2][header] = value
    return book


def test_a_book_without_slips() -> None:
    sheets = {"Share_limits": [LIMIT], "Contracts": [CONTRACT], "Supports": [SUPPORT]}
    assert told(small(**sheets, Stockpiles=[PILE])) == []


@pytest.mark.parametrize(
    ("book", "place", "said"),
    [
        (slipped("Demand", 2, "2027", 210000), "Demand!D2", "210,000 t is 12 times the 18,000 t"),
        (slipped("Demand", 2, "2028", 250000), "Demand!E2", "12 times the 21,000 t of 2027"),
        (slipped("Demand", 2, "2026", 180000), "Demand!C2", "8 times the median of the other"),
        (slipped("Demand", 3, "2027", 35), "Demand!D3", "35 t is 1/100 of the 3,500 t of 2026"),
        (slipped("Demand", 3, "2026", 35), "Demand!C3", "35 t is 1/106 of the 3,700 t of 2027"),
        (slipped("Demand", 3, "2028", 390), "Demand!E3", "390 t is 1/9 of the median of the other"),
        (
            slipped("Minerals", 2, "Price 2028 (USD/t)", 4900),
            "Minerals!C2",
            "4,900 is 1/10 of the 49,000 of Price",
        ),
        (slipped("Refiners", 4, "Capacity (t/yr)", 85), "Refiners!D4", "1/235 of the median"),
        (slipped("Refiners", 3, "Capacity (t/yr)", 2.1e6), "Refiners!D3", "73 times the largest"),
        (slipped("Refiners", 2, "Cost (USD/t)", 42), "Refiners!E2", "42 is 1/1,000 of the median"),
        (
            slipped("Share limits", 2, "Share", 0.065, small(Share_limits=[dict(LIMIT)])),
            "Share limits!C2",
            "6.5 % is a very small cap; ",
        ),
        (
            small(Scenarios=[
                {"Scenario": "X", "Action": "set max country share", "Value": 0.065}
            ]),
            "Scenarios!C2",
            "6.5 % is a very small cap; ",
        ),
        (
            slipped("Contracts", 2, "Price (USD/t)", 4900, small(Contracts=[dict(CONTRACT)])),
            "Contracts!D2",
            "4,900 is 1/10 of the price of Lithium in 2026, 49,000",
        ),
        (
            slipped("Supports", 2, "Strike price (USD/t)", 490, small(Supports=[dict(SUPPORT)])),
            "Supports!C2",
            "490 is 1/100 of the price of Lithium in 2026, 49,000",
        ),
        (
            slipped("Stockpiles", 2, "Max (t)", 100, small(Stockpiles=[dict(PILE)])),
            "Stockpiles!C2",
            "the Max of 100 t is below the target of 90 days of demand (962 t in 2028)",
        ),
    ],
)  # fmt: skip
def test_a_slip_is_told_at_its_cell(book: Tables, place: str, said: str) -> None:
    ((at, message),) = told(book)
    assert at == place
    assert said in message


def test_a_capacity_beyond_all_demand() -> None:
    """210,000 for 21,000 where 4,000 t are needed: no median of two plants could tell."""
    book = small()
    del book["Demand"][0], book["Refiners"][2]
    assert told(book) == []
    book["Refiners"][1]["Capacity (t/yr)"] = 210000
    ((at, message),) = told(book)
    assert at == "Refiners!D3"
    assert "210,000 t/yr is 54 times the largest yearly demand for Lithium, 3,900 t" in message


def test_zeros_bans_and_least_shares_are_no_slips() -> None:
    least = {"Limit": "min", "Supplier group": "country", "Supplier": "Chile", "Share": 0.05}
    book = small(Share_limits=[LIMIT | {"Share": 0}, least], Contracts=[CONTRACT])
    book["Contracts"][0] = CONTRACT | {"Price (USD/t)": 0}
    book["Demand"][0]["2027"] = 0
    book["Refiners"][0]["Capacity (t/yr)"] = 0
    assert told(book) == []


def test_a_figure_that_was_checked_is_left_alone() -> None:
    book = slipped("Refiners", 4, "Capacity (t/yr)", 85)
    ((_, message),) = told(book)
    assert f'if the number is right, write "{CHECKED}" in the row\'s Note' in message
    for row, said in itertools.zip_longest(
        book["Refiners"], ("", "", "Estimate: x. Figure  checked")
    ):
        row["Note"] = said
    assert told(book) == []


def test_a_row_is_told_once_at_the_number_that_is_farthest_out() -> None:
    book = slipped("Refiners", 2, "Capacity (t/yr)", 200)
    book["Refiners"][0]["Cost (USD/t)"] = 42
    assert [at for at, _ in told(book)] == ["Refiners!E2"]


@pytest.mark.parametrize("kilo", [False, True])
def test_kilotonnes_are_no_slip(kilo: bool) -> None:
    """The same places whatever the unit of the header; amounts are told with their unit."""
    book = slipped("Refiners", 4, "Capacity (t/yr)", 85)
    if kilo:
        for row in book["Refiners"]:
            row["Capacity (kt/yr)"] = row.pop("Capacity (t/yr)") / 1000
    ((at, message),) = told(book)
    assert (at[:9], at[-1]) == ("Refiners!", "4")
    assert message.startswith("85 t/yr is 1/235 of the median of Lithium, 20,000 t/yr")


@pytest.mark.parametrize(
    "name", ["critical-minerals", "critical-minerals-first-use", "magnets", "plain"]
)
def test_the_examples_have_no_slips(name: str) -> None:
    """The floors of magnets are on what a plant asks for its own work, as its notes say."""
    warnings = read(INPUTS / f"{name}.xlsx").warnings
    assert [w for w in warnings if not w.found.startswith("the price floor of")] == []


def test_the_template_has_no_slips() -> None:
    assert told(template_tables()) == []


# ---- against the definitions, on random books ----------------------------------------------------

SIZES = st.sampled_from([0, 1, 3, 9, 10, 11, 29, 30, 31, 49, 50, 51, 100, 290, 301, 1000, 31000])


@pytest.mark.slow
@given(rows=st.lists(st.lists(SIZES, min_size=3, max_size=3), min_size=1, max_size=5))
@settings(max_examples=200, deadline=None)
def test_demand(rows: list[list[int]]) -> None:
    """A row is told exactly if a year jumps, is out of line, or is far from its column's median."""
    book = small()
    names = [f"M{i}" for i in range(len(rows))]
    book["Members"] = [{"Member": name, "Country": None} for name in names]
    book["Demand"] = [
        {"Mineral": "Lithium", "Member": name}
        | dict(zip(("2026", "2027", "2028"), row, strict=True))
        for name, row in zip(names, rows, strict=True)
    ]
    book["Refiners"] = book["Refiners"][:2]
    wanted = set()
    for i, row in enumerate(rows):
        jumps = any(a and b and max(a, b) >= 10 * min(a, b) for a, b in itertools.pairwise(row))
        odd = all(row) and any(
            (x >= 5 * max(others) or 5 * x <= min(others)) and max(others) <= 2 * min(others)
            for k, x in enumerate(row)
            for others in [row[:k] + row[k + 1 :]]
        )
        far = any(
            row[t] and len(of) >= 3 and max(row[t], mid) >= 30 * min(row[t], mid)
            for t in range(3)
            for of in [[r[t] for r in rows if r[t]]]
            for mid in [statistics.median(of) if of else 0]
        )
        if jumps or odd or far:
            wanted.add(f"{i + 2}")
    found = [at for at, _ in told(book) if at.startswith("Demand!")]
    assert Counter(at.removeprefix("Demand!")[1:] for at in found) == Counter(wanted)


@pytest.mark.slow
@given(
    capacities=st.lists(SIZES, min_size=1, max_size=6),
    demand=st.sampled_from([0, 1, 2, 10, 600, 1000]),
)
@settings(max_examples=200, deadline=None)
def test_capacities(capacities: list[int], demand: int) -> None:
    """A plant is told exactly if it is far from the median, or above 50 times all demand."""
    book = small()
    book["Demand"] = [{"Mineral": "Lithium", "Member": "Japan", "2026": demand}]
    book["Refiners"] = [
        book["Refiners"][0] | {"Refiner": f"R{i}", "Capacity (t/yr)": tonnes}
        for i, tonnes in enumerate(capacities)
    ]
    known = [c for c in capacities if c]
    middle = statistics.median(known) if known else 0
    wanted = {
        f"Refiners!D{i + 2}"
        for i, c in enumerate(capacities)
        if c
        and (
            (len(known) >= 3 and max(c, middle) >= 30 * min(c, middle))
            or (demand and c > 50 * demand)
        )
    }
    found = [at for at, message in told(book) if "total capacity" not in message]
    whole = [at for at, message in told(book) if "total capacity" in message]
    assert len(set(found) | set(whole)) == len(found) + len(whole)
    assert set(found) | (set(whole) & wanted) == wanted


@given(
    price=st.sampled_from([0, 1, 49, 490, 4900, 4901, 49000, 489999, 490000, 490001]),
    share=st.sampled_from([0, 0.01, 0.065, 0.0999, 0.1, 0.65, 1]),
    is_min=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_prices_and_caps(price: int, share: float, is_min: bool) -> None:
    limit = LIMIT | {"Share": share, "Supplier": "Chile", "Limit": "min" if is_min else "max"}
    book = small(
        Contracts=[CONTRACT | {"Price (USD/t)": price}],
        Supports=[SUPPORT | {"Strike price (USD/t)": price}],
        Share_limits=[limit],
    )
    far = price > 0 and (10 * price <= 49000 or price >= 490000)
    wanted = {"Contracts!D2", "Supports!C2"} if far else set()
    wanted |= {"Share limits!C2"} if not is_min and 0 < share < 0.1 else set()
    assert {at for at, _ in told(book)} == wanted


@pytest.mark.parametrize("seed", few(range(60), 20))
def test_a_row_of_a_random_book_is_told_once_and_never_stops_a_plan(seed: int) -> None:
    book = random_book(np.random.default_rng([41, seed]), 1 + seed % 3, OWNED)
    case = read_tables(copy.deepcopy(book)).case
    places = Counter((f.sheet, f.row) for f in slips_of_magnitude(case))
    assert all(count == 1 for count in places.values())
