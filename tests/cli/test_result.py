"""What solve says of its plan on stderr."""

from __future__ import annotations

import pytest

from planner.workbook.template import EVERY_CASE, template_tables, write_book
from tests.small_book import small_book

FEW = {"Settings", "Minerals", "Members"}


def test_the_first_warnings_are_told(folder, call):
    tables = template_tables()
    for i in range(7):
        tables["Refiners"][0][f"Odd {i}"] = "x"
    write_book(folder / "case.xlsx", tables, sheets=EVERY_CASE)
    code, _, err = call("solve", "case.xlsx")
    assert code == 0
    told = [line for line in err.splitlines() if "Refiners!" in line]
    assert len(told) == 5
    assert told[0].strip().endswith("The column 'Odd 0' is not known and is kept as a note.")
    assert "  and 2 more, on the sheet Checks" in err


@pytest.mark.parametrize("rate", [0, 0.05])
def test_discounted_is_said_where_it_is_so(folder, call, rate):
    tables = small_book()
    next(r for r in tables["Settings"] if r["Setting"] == "Discount rate")["Value"] = rate
    write_book(folder / "case.xlsx", tables)
    code, _, err = call("solve", "case.xlsx")
    assert code == 0
    assert ("discounted, penalties included" in err) == (rate > 0)


def shares(folder, call, limits):
    """The line of Copper, which three countries sell, the dearer the later in the alphabet."""
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
    return next(line for line in err.splitlines() if line.startswith("  Copper"))


def limit(share, **more):
    row = {"Limit": "max", "Supplier group": "country", "Share": share}
    return {**row, "Share 2027": more.pop("then", None), **more}


def test_a_limit_that_tightens_is_shown_with_its_last_year(folder, call):
    line = shares(folder, call, limits=[limit(0.85, then=0.65)])
    assert "Chile sells 65 % of purchases in 2027 (without limits Chile 100 %)" in line
    assert "; 65 % of demand, with a limit of 65 % of demand" in line


def test_a_country_without_a_limit_of_its_own_has_none(folder, call):
    line = shares(folder, call, limits=[limit(0.3, Supplier="Chile")])
    assert "Peru sells 70 % of purchases in 2027" in line
    assert ", limit" not in line


def test_of_equal_shares_the_country_of_the_workbook_is_named(folder, call):
    line = shares(folder, call, limits=[limit(0.5)])
    assert "Chile sells 50 % of purchases in 2027" in line
    assert "; 50 % of demand, with a limit of 50 % of demand" in line
    rows = [limit(0.5, then=0.1, Supplier="Chile"), limit(0.5, then=0.45, Supplier="Peru")]
    rows.append(limit(0.45, Supplier="Zambia"))
    line = shares(folder, call, limits=rows)
    assert "Peru sells 45 % of purchases in 2027" in line
    assert "; 45 % of demand, with a limit of 45 % of demand" in line


def test_limits_on_members_are_none_of_the_coalition(folder, call):
    line = shares(folder, call, limits=[limit(0.85, Buyer="each")])
    assert "Chile sells 85 % of purchases in 2027" in line
    assert ", limit" not in line
    assert line.endswith("2 of 3 members each buy 85 % in Chile")
