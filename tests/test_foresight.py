"""Warnings where supply, limits and time are looked at together, at the cell that causes it."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from planner.workbook import read_tables
from tests.models import desk

Rows = list[dict[str, Any]]
Tables = dict[str, Rows]
refiner = partial(desk.refiner, Mineral="Lithium", Available_share=1)


def book(china: float = 120, chile: float = 60, **sheets: Rows) -> Tables:
    """Return lithium for Japan: 100 t a year from China (at 10) and Chile (at 12)."""
    tables: Tables = {
        "Settings": [{"Setting": "Default freight (USD/t)", "Value": 1}],
        "Minerals": [{"Mineral": "Lithium", "Price (USD/t)": 20}],
        "Members": [{"Member": "Japan", "Country": "Japan"}],
        "Refiners": [
            refiner("Tianqi", "China", china, 10),
            refiner("SQM", "Chile", chile, 12),
        ],
        "Demand": [{"Mineral": "Lithium", "Member": "Japan", "2026": 100, "2027": 100}],
    }
    return tables | {name.replace("_", " "): rows for name, rows in sheets.items()}


def warnings(tables: Tables) -> list[tuple[str, str]]:
    """Return place and message of every warning."""
    return [(w.place, w.message) for w in read_tables(tables).warnings]


def cap(share: float, **cells: Any) -> Rows:
    """Return a limit on each country alone."""
    return [{"Limit": "max", "Supplier group": "country", "Share": share, **cells}]


LANES = {"To member": "Japan", "Open": "no"}
CONTRACT = {"Refiner": "SQM", "Mineral": "Lithium", "Member": "Japan", "Min (t/yr)": 70}
PROJECT = {
    "Project": "P", "Refiner": "New", "Mineral": "Lithium", "Country": "Chile",
    "Capacity (t/yr)": 10, "Capex (USD m)": 1, "Cost (USD/t)": 5, "First year": 2027,
}  # fmt: skip
SHARE = "all demand can be met if the share is at least "


@pytest.mark.parametrize(
    ("tables", "place", "said"),
    [
        # two countries at 0.4 serve 0.8
        (
            book(Share_limits=cap(0.4)),
            "Share limits!C2",
            "only 2 countries can supply Lithium in 2026, and each may supply at most 0.4 of ",
        ),
        # at 0.5 each serves half, and Chile has 60 t
        (book(Share_limits=cap(0.4)), "Share limits!C2", f"{SHARE}0.5"),
        # Chile gives its 20 t whole, so China has to give 80 t of 100 t
        (book(120, 20, Share_limits=cap(0.4)), "Share limits!C2", f"{SHARE}0.8"),
        # 20 t and 60 t never serve 100 t
        (book(20, 60, Share_limits=cap(0.4)), "Share limits!C2", "no share is large enough"),
        (
            book(Lanes=[LANES]),
            "Demand!B2",
            "every lane that could bring Lithium to Japan is closed",
        ),
        # 70 t owed of 60 t
        (
            book(Contracts=[CONTRACT]),
            "Contracts!D2",
            "SQM ask for at least 70 t in 2026, more than the 60 t that it can sell to the ",
        ),
        # of 20 years from 2027 one lies within 2026 and 2027
        (book(Projects=[PROJECT]), "Projects!H2", "1 of the 20 years"),
    ],
)
def test_what_cannot_be_met_is_told_at_its_cell(tables: Tables, place: str, said: str) -> None:
    ((at, message),) = warnings(tables)
    assert at == place
    assert said in message


@pytest.mark.parametrize(
    "sheets",
    [
        {"Lanes": [LANES | {"First year": 2027}]},
        {"Contracts": [CONTRACT | {"Min (t/yr)": 60}]},
        {"Projects": [PROJECT | {"Life (yr)": 4}]},
    ],
)
def test_what_just_can_be_says_nothing(sheets: Tables) -> None:
    """A lane open in a year, all of a capacity owed, a quarter of a plant's life in the plan."""
    assert warnings(book(**sheets)) == []


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
