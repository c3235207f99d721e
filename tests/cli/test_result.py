"""What solve says of its plan on stderr."""

from __future__ import annotations

import re

import pytest

from planner.workbook.template import EVERY_CASE, template_tables
from tests.books import write_book
from tests.small_book import small_book

FEW = {"Settings", "Minerals", "Members"}


def test_warnings_are_counted_once_with_the_command_that_lists_them(folder, call):
    tables = template_tables()
    for i in range(7):
        tables["Refiners"][0][f"Odd {i}"] = "x"
    write_book(folder / "case.xlsx", tables, sheets=EVERY_CASE)
    code, _, err = call("solve", "case.xlsx")
    assert code == 0
    said = "The input has 7 warnings: allowed, but perhaps a slip. See them with planner check"
    assert err.count(f"{said} case.xlsx") == 1
    assert "Refiners!" not in err


def shares(folder, call, limits):
    """The largest supplier of Copper, its shares of purchases without and with limits, and what is
    served if it stops. Three countries sell, the dearer the later in the alphabet."""
    tables = {name: rows for name, rows in small_book().items() if name in FEW}
    tables["Minerals"] = tables["Minerals"][:1]
    columns = ("Refiner", "Mineral", "Country", "Capacity (t/yr)", "Cost (USD/t)")
    tables["Refiners"] = [
        dict(zip(columns, row, strict=True))
        for row in (
            ("A", "Copper", "Chile", 1000, 10),
            ("B", "Copper", "Peru", 1000, 20),
            ("C", "Copper", "Zambia", 1000, 30),
        )
    ]
    tables["Demand"] = [
        {"Mineral": "Copper", "Member": m, "2026": 100, "2027": 100} for m in ("Japan", "Korea")
    ]
    tables["Settings"].append({"Setting": "Default freight (USD/t)", "Value": 0})
    tables["Share limits"] = limits
    write_book(folder / "case.xlsx", tables)
    code, _, err = call("solve", "case.xlsx")
    assert code == 0
    line = next(line for line in err.splitlines() if line.startswith("Copper"))
    return re.split(r"\s{2,}", line.strip())[4:8]


def limit(share, **more):
    row = {"Limit": "max", "Supplier group": "country", "Share": share}
    return {**row, "Share 2027": more.pop("then", None), **more}


@pytest.mark.parametrize(
    ("limits", "line"),
    [
        ([limit(0.85, then=0.65)], ["Chile", "100 %", "65 %", "35 %"]),
        ([limit(0.3, Supplier="Chile")], ["Peru", "100 %", "70 %", "30 %"]),
        ([limit(0.5)], ["Chile", "100 %", "50 %", "50 %"]),
        (
            [
                limit(0.5, then=0.1, Supplier="Chile"),
                limit(0.5, then=0.45, Supplier="Peru"),
                limit(0.45, Supplier="Zambia"),
            ],
            ["Peru", "100 %", "45 %", "55 %"],
        ),
        ([limit(0.85, Buyer="each")], ["Chile", "100 %", "85 %", "15 %"]),
    ],
    ids=["one that tightens", "none of its own", "equal shares", "equal at the end", "on members"],
)
def test_the_largest_supplier_in_the_last_year(folder, call, limits, line):
    assert shares(folder, call, limits=limits) == line
