"""What solve says of its plan on stderr."""

from __future__ import annotations

import re

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


def test_a_limit_that_tightens_is_shown_with_its_last_year(folder, call):
    line = shares(folder, call, limits=[limit(0.85, then=0.65)])
    assert line == ["Chile", "100 %", "65 %", "35 %"]


def test_a_country_without_a_limit_of_its_own_has_none(folder, call):
    line = shares(folder, call, limits=[limit(0.3, Supplier="Chile")])
    assert line == ["Peru", "100 %", "70 %", "30 %"]


def test_of_equal_shares_the_country_of_the_workbook_is_named(folder, call):
    line = shares(folder, call, limits=[limit(0.5)])
    assert line == ["Chile", "100 %", "50 %", "50 %"]
    rows = [limit(0.5, then=0.1, Supplier="Chile"), limit(0.5, then=0.45, Supplier="Peru")]
    rows.append(limit(0.45, Supplier="Zambia"))
    line = shares(folder, call, limits=rows)
    assert line == ["Peru", "100 %", "45 %", "55 %"]


def test_limits_on_members_are_none_of_the_coalition(folder, call):
    line = shares(folder, call, limits=[limit(0.85, Buyer="each")])
    assert line == ["Chile", "100 %", "85 %", "15 %"]
