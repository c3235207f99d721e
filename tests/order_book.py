"""A tiny workbook whose plan is known by hand: a contract, a stock, a tariff, a shortage."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import openpyxl

from tests.books import write_book
from tests.models.desk import refiner

PLAN = "outputs/two-plan.xlsx"
"""Where the plan of the workbook goes, called two.xlsx."""

Rows = dict[str, list[dict[str, Any]]]


def order_rows(**changes: Any) -> Rows:
    """Return two refiners, two members, two years.

    Freight is 1. 2026: all 100 t of demand come from China at 11 a tonne. The contract of A with
    Chile asks for 10 t at 20, but with the tariff of that year 10 t from China are cheaper: they
    are paid for and not taken, 200. 2027: China gives 100 t at 11 and Chile 30 t at 21, 10 t of
    them under the contract; the stock of B/C gives 5 t; 25 t are short, by demand 15.625 and 9.375.
    Purchases cost 1,100 + 1,100 + 630 = 2,830 for 230 t: A has 60 and 84.375 t, B/C 40 and 45.625.
    """
    rows: Rows = {
        "Settings": [
            {"Setting": "Plan title", "Value": "Two works"},
            {"Setting": "Default freight (USD/t)", "Value": 1},
            {"Setting": "Price year", "Value": 2026},
        ],
        "Minerals": [{"Mineral": "Copper", "Price (USD/t)": 50, "Unit": "t Cu"}],
        "Members": [{"Member": "A", "Country": "France"}, {"Member": "B/C", "Country": "Japan"}],
        "Refiners": [
            refiner("China works", "China", 100, 10, Mineral="Copper"),
            refiner("Chile works", "Chile", 30, 20, Mineral="Copper"),
        ],
        "Demand": [
            {"Mineral": "Copper", "Member": "A", "2026": 60, "2027": 100},
            {"Mineral": "Copper", "Member": "B/C", "2026": 40, "2027": 60},
        ],
        "Lanes": [
            {"From country": "Chile", "To member": "A", "Tariff": 2, "Last year": 2026},
        ],
        "Contracts": [
            {
                "Contract": "Offtake", "Refiner": "Chile works", "Mineral": "Copper",
                "Member": "A", "Min (t/yr)": 10, "Max (t/yr)": 10, "Price (USD/t)": 20,
            },
        ],
        "Stockpiles": [
            {"Mineral": "Copper", "Member": "B/C", "Max (t)": 5, "Opening (t)": 5, "Target (t)": 0},
        ],
    }  # fmt: skip
    return rows | changes


def write_order_book(path: Path, **changes: Any) -> Path:
    """Write the workbook to a file and return its path."""
    write_book(path, order_rows(**changes), sheets=tuple(order_rows(**changes)))
    return path


def lines(path: str = "orders/orders.csv") -> list[dict[str, str]]:
    """Return the rows of the CSV of orders."""
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def table(path: str | Path, sheet: str) -> list[dict[str, Any]]:
    """Return the rows of a sheet by its headers."""
    rows = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    header = [str(name) for name in next(rows)]
    return [dict(zip(header, row, strict=True)) for row in rows]


def summary(path: str | Path) -> dict[str, Any]:
    """Return the measures of a workbook's Summary."""
    return {row["Measure"]: row["Value"] for row in table(path, "Summary")}
