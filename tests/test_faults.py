"""Each fault in a workbook is found at its cell, with what is expected, and nothing follows."""

from __future__ import annotations

import datetime as dt
import math

import pytest

from models.errors import InputError, Severity
from planner.workbook import read_tables
from planner.workbook.cells import described
from tests.small_book import add, both, column, head, put, small_book, without

R, L, C, P = "Refiners", "Share limits", "Contracts", "Projects"
S, D, F, K = "Scenarios", "Demand", "Freight", "Stockpiles"
M, LA, SET = "Minerals", "Lanes", "Settings"
CAP = "Capacity (t/yr)"

CELLS = [
    (put(R, 2, CAP, "1,200"), "Refiners!D2", "is 1.2 or 1200 meant?"),
    (put(R, 2, CAP, "1200"), "Refiners!D2", "stored as text"),
    (put(R, 2, CAP, "n/a"), "Refiners!D2", "type a number"),
    (put(R, 2, CAP, "#REF!"), "Refiners!D2", "'#REF!'"),
    (put(R, 2, CAP, dt.datetime(2026, 1, 2)), "Refiners!D2", "the date 2026-01-02"),
    (put(R, 2, CAP, dt.date(2026, 1, 2)), "Refiners!D2", "the date 2026-01-02"),
    (put(R, 2, CAP, dt.time(1, 2)), "Refiners!D2", "the time 01:02"),
    (put(R, 2, CAP, True), "Refiners!D2", "TRUE"),
    (put(R, 2, CAP, math.nan), "Refiners!D2", "the number nan"),
    (put(R, 2, CAP, math.inf), "Refiners!D2", "the number inf"),
    (put(R, 2, CAP, 10**400), "Refiners!D2", "the number"),
    (put(R, 2, CAP, -1), "Refiners!D2", "a number from 0 to 10 billion (t/yr)"),
    (put(R, 2, CAP, 1.1e10), "Refiners!D2", "from 0 to 10 billion"),
    (put(R, 2, CAP, None), "Refiners!D2", "Capacity must be filled"),
    (put(R, 2, CAP, "  "), "Refiners!D2", "must be filled"),
    (put(R, 3, "Capacity 2028 (t/yr)", "x"), "Refiners!E3", "a number"),
    (put(R, 2, "Cost (USD/t)", 2e8), "Refiners!F2", "from 0 to 100 million (USD/t)"),
    (put(R, 2, "Cost (USD/t)", None), "Refiners!F2", "must be filled"),
    (put(R, 2, "Kind", "primry"), "Refiners!G2", "did you mean 'primary'?"),
    (put(R, 2, "Kind", 3), "Refiners!G2", "primary or recycled"),
    (put(R, 2, "Owner country", "Chlie"), "Refiners!H2", "did you mean 'Chile'?"),
    (put(R, 2, "Country", "Chinna"), "Refiners!C2", "did you mean 'China'?"),
    (put(R, 2, "Country", 7), "Refiners!C2", "a country (English name"),
    (put(R, 2, "Country", None), "Refiners!C2", "must be filled"),
    (put(R, 2, "First year", 2026.5), "Refiners!I2", "a year from 1900 to 2300"),
    (put(R, 2, "First year", 26), "Refiners!I2", "a year from 1900 to 2300"),
    (put(R, 2, "First year", "2026"), "Refiners!I2", "stored as text"),
    (put(R, 2, "First year", dt.datetime(2026, 1, 1)), "Refiners!I2", "the date"),
    (put(R, 3, "Last year", 2019), "Refiners!J3", "is before the first year 2020"),
    (put(R, 2, "Available share", 65), "Refiners!K2", "did you mean 0.65 (65 %)?"),
    (put(R, 2, "Available share", "65 %"), "Refiners!K2", "did you mean 0.65 (65 %)?"),
    (put(R, 2, "Available share", 1.01), "Refiners!K2", "a fraction from 0 to 1"),
    (put(R, 2, "Recovery", 0), "Refiners!L2", "above 0 up to 1"),
    (put(R, 2, "Available share", 7.000001), "Refiners!K2", "did you mean 0.07 (7 %)?"),
    (put(R, 2, "Recovery", 95), "Refiners!L2", "did you mean 0.95 (95 %)?"),
    (put(R, 2, "Needs ore", "maybe"), "Refiners!M2", "yes or no"),
    (put(R, 2, "Needs ore", 1), "Refiners!M2", "yes or no"),
    (put(R, 2, "Mineral", "Coper"), "Refiners!B2", "did you mean 'Copper'?"),
    (put(R, 2, "Refiner", None), "Refiners!A2", "must be filled"),
    (put(M, 2, "Price (USD/t)", None), "Minerals!B2", "must be filled"),
    (put(M, 2, "Shortage cost (USD/t)", "high"), "Minerals!C2", "a number"),
    (put("Members", 2, "Country", "Jpan"), "Members!B2", "did you mean 'Japan'?"),
    (put("Members", 2, "Country", "ROW"), "Members!B2", "Rest of world is not a member's country"),
    (put("Members", 2, "Member", dt.datetime(2026, 1, 1)), "Members!A2", "a name"),
    (put("Countries", 2, "Country", "Chilly"), "Countries!A2", "not a known country"),
    (put("Countries", 2, "Bloc", "friends, large"), "Countries!B2", "separate names with ;"),
    (put("Countries", 2, "Governance", "good"), "Countries!C2", "a number"),
    (put(D, 2, "2026", "600"), "Demand!C2", "stored as text"),
    (put(D, 2, "2026", -5), "Demand!C2", "from 0 to 10 billion (t)"),
    (put(D, 2, "2027", True), "Demand!D2", "TRUE"),
    (put(D, 2, "Member", "Jappan"), "Demand!B2", "did you mean 'Japan'?"),
    (put(D, 2, "Mineral", None), "Demand!A2", "must be filled"),
    (put(F, 2, "Japan", "free"), "Freight!B2", "a number"),
    (put(F, 2, "Korea", -3), "Freight!C2", "from 0 to 100 million (USD/t)"),
    (put(F, 5, "From country", "Austrlia"), "Freight!A5", "did you mean 'Australia'?"),
    (put(LA, 2, "Tariff", 25), "Lanes!F2", "did you mean 0.25 (25 %)?"),
    (put(LA, 2, "Open", "open"), "Lanes!G2", "yes or no"),
    (put(LA, 2, "Max (t/yr)", "none"), "Lanes!H2", "leave the cell blank"),
    (put(LA, 2, "To member", "Jopan"), "Lanes!D2", "did you mean 'Japan'?"),
    (put(LA, 3, "Refiner", "Gangfeng"), "Lanes!C3", "did you mean 'Ganfeng'?"),
    (put(LA, 3, "Last year", 2025), "Lanes!J3", "is before the first year 2026"),
    (put(L, 2, "Limit", "maximum"), "Share limits!A2", "max or min"),
    (put(L, 2, "Share", 65), "Share limits!F2", "did you mean 0.65 (65 %)?"),
    (put(L, 2, "Share", None), "Share limits!F2", "must be filled"),
    (put(L, 2, "Supplier group", None), "Share limits!D2", "must be filled"),
    (put(L, 2, "Penalty (USD/t)", "hard"), "Share limits!I2", "a number"),
    (put(C, 2, "Member", None), "Contracts!D2", "must be filled"),
    (put(C, 2, "Refiner", "Codelko"), "Contracts!B2", "did you mean 'Codelco'?"),
    (put(C, 2, "Refiner", "Tianqi"), "Contracts!B2", "is not in Refiners"),
    (put(C, 2, "Mineral", "Lithium"), "Contracts!C2", "Codelco does not refine Lithium"),
    (put(C, 2, "Max (t/yr)", 5), "Contracts!F2", "at least the Min of the row, 10 t/yr"),
    (put(P, 2, "Capex (USD m)", 2e7), "Projects!F2", "from 0 to 10 million (USD m)"),
    (put(P, 2, "Life (yr)", 0), "Projects!L2", "a whole number from 1"),
    (put(P, 2, "Life (yr)", 12.5), "Projects!L2", "a whole number"),
    (put(P, 2, "Lead time (yr)", -1), "Projects!I2", "a whole number from 0"),
    (put(P, 2, "Mineral", "Lihtium"), "Projects!C2", "did you mean 'Lithium'?"),
    (
        both(head(M, "Price (USD/t)", "Price (USD/kg)"), put(M, 2, "Price (USD/kg)", 1e6)),
        "Minerals!B2",
        "1000000 USD/kg, which is 1 billion USD/t; expected at most 100 million USD/t",
    ),
    (put("Budget", 2, "Year", None), "Budget!A2", "must be filled"),
    (put("Budget", 2, "Capex (USD m)", "-"), "Budget!B2", "a number"),
    (put(K, 2, "Opening (t)", 101), "Stockpiles!D2", "at most the Max of the row, 100 t"),
    (put(K, 2, "Max (t)", None), "Stockpiles!C2", "must be filled"),
    (put("Mines", 2, CAP, None), "Mines!C2", "must be filled"),
    (put("Mines", 2, "Premium (USD/t)", "?"), "Mines!D2", "a number"),
    (put("Ore lanes", 2, "Open", "ja"), "Ore lanes!E2", "yes or no"),
    (put("Ore lanes", 2, "Mine country", "Perru"), "Ore lanes!B2", "did you mean 'Peru'?"),
]

HEADERS = [
    (head(R, CAP, "Capacity"), "Refiners!D1", "Capacity (t/yr), (kg/yr)"),
    (head(R, CAP, "Capacity (MT/yr)"), "Refiners!D1", "traders write MT for tonnes"),
    (head(R, CAP, "Capacity (t)"), "Refiners!D1", "accepted are (t/yr)"),
    (head(R, CAP, "Capacity (boxes/yr)"), "Refiners!D1", "accepted are (t/yr)"),
    (head(R, CAP, "Output (t/yr)"), "Refiners!E1", "there is no value for the years before the"),
    (without(R, "Cost (USD/t)"), "Refiners!M1", "the column 'Cost' is missing"),
    (head(R, "Cost (USD/t)", "Cost (EUR/t)"), "Refiners!F1", "accepted are (USD/t)"),
    (
        head(R, "Available share", "Available share (%)"),
        "Refiners!K1",
        "format the cells as percent",
    ),
    (head(R, "Refiner", "Refiner (t)"), "Refiners!A1", "without a unit"),
    (head(R, CAP, "capacity  (KT/YR)"), "Refiners!D1", "accepted are (t/yr)"),
    (head(R, "Capacity 2028 (t/yr)", "CAPACITY (kt/yr)"), "Refiners!E1", "first in D1"),
    (head(R, "Capacity 2028 (t/yr)", "Capacity 1028 (t/yr)"), "Refiners!E1", "1900 to 2300"),
    (head(R, "Kind", " recovery "), "Refiners!L1", "first in G1"),
    (column(R, "NOTE", "a"), None, ""),
    (both(column(R, "Note", "a"), column(R, "note ", "b")), "Refiners!O1", "first in N1"),
    (both(column(R, "Odd", "a"), column(R, "odd ", "b")), "Refiners!O1", "first in N1"),
    (column(D, "Remark", "x"), "Demand!E1", "neither a known column nor a year"),
    (column(D, "Membr", "x"), "Demand!E1", "did you mean 'Member'?"),
    (column(D, "2025", 5, 5, 5), "Demand!E1", "the year 2025 comes after 2027"),
    (column(D, "2028 (MT)", 5, 5, 5), "Demand!E1", "traders write MT"),
    (column(D, "2028 (USD)", 5, 5, 5), "Demand!E1", "accepted are (t)"),
    (column(D, "2027 (kt)", 5, 5, 5), "Demand!E1", "first in D1"),
    (column(D, "9999", 5, 5, 5), "Demand!E1", "1900 to 2300"),
    (column(D, "2028 (t", 5, 5, 5), "Demand!E1", "neither a known column nor a year"),
    (without(D, "2026", "2027"), "Demand!A1", "no year column"),
    (without(D, "Member"), "Demand!D1", "the column 'Member' is missing"),
    (head(F, "Korea", "Koera"), "Freight!C1", "did you mean 'Korea'?"),
    (column(F, "Atlantis", 5, 5, 5), "Freight!E1", "not a member"),
    (head(F, "Korea", "Korea (USD)"), "Freight!C1", "accepted are (USD/t)"),
    (column(F, "japan", 5, 5, 5), "Freight!E1", "first in B1"),
    (without(M, "Price (USD/t)"), "Minerals!E1", "'Price (USD/t)'"),
    (without(M), "Minerals", "the sheet Minerals is missing"),
    (without("Members"), "Members", "the sheet Members is missing"),
    (without(R), "Refiners", "the sheet Refiners is missing"),
    (without(D), "Demand", "the sheet Demand is missing"),
    (head(SET, "Value", "Amount"), "Settings!C1", "the column 'Value' is missing"),
    (add(SET, "Curency", "EUR"), "Settings!A10", "did you mean 'Currency'?"),
    (add(SET, "currency", "EUR"), "Settings!A10", "first in A3"),
    (add(SET, "Default freight", 5), "Settings!A10", "Default freight (USD/t)"),
    (add(SET, "Default freight (EUR/t)", 5), "Settings!A10", "accepted are (USD/t)"),
    (add(SET, "Cost of capital (%)", 0.5), "Settings!A10", "the unit (%)"),
    (add(SET, "Cost of capital", 8), "Settings!B10", "did you mean 0.08 (8 %)?"),
    (add(SET, None, 8), "Settings!A10", "without the name of a setting"),
    (put(SET, 3, "Value", "Dollar"), "Settings!B3", "three-letter currency code"),
    (put(SET, 3, "Value", 5), "Settings!B3", "three-letter currency code"),
    (put(SET, 6, "Value", "perhaps"), "Settings!B6", "yes or no"),
    (put(SET, 7, "Value", "supply"), "Settings!B7", "demand or purchases"),
    (put(SET, 8, "Value", 1001), "Settings!B8", "from 0 to 1000"),
    (put(SET, 9, "Value", 1), "Settings!B9", "to below 1"),
]

KEYS = [
    (add(M, " copper ", 1), "Minerals!A4", "first in A2"),
    (add("Members", "JAPAN"), "Members!A5", "first in A2"),
    (add("Countries", "chl"), "Countries!A4", "first in A2"),
    (add(R, "codelco", "COPPER", "Chile", 1, 1, 1, _ := None, _, _, _, 1), "Refiners!A6", "in A2"),
    (add(D, "Copper", "Korea", 1, 1), "Demand!A5", "first in A3"),
    (add(F, "CN", 1, 1, 1), "Freight!A6", "first in A3"),
    (add(P, "kwinana", "T", "Copper", "Chile", 1, 1, 1, 2026), "Projects!A3", "first in A2"),
    (add("Mines", "Copper", "Peru", 1), "Mines!A4", "Copper + Peru appears twice"),
    (add("Countries", "chl"), "Countries!A4", "Chile appears twice"),
    (add("Budget", 2026.0, 1), "Budget!A4", "first in A2"),
    (add(K, "copper", "japan", 1), "Stockpiles!A3", "first in A2"),
    (add("Mines", "Copper", "PER", 1), "Mines!A4", "first in A3"),
]

LIMITS = [
    (add(L, "max", _, "Asien", "country", _, 0.5), "Share limits!C7", "did you mean 'Asia'?"),
    (add(L, "max", _, "coalition", "country", _, 0.5), "Share limits!C7", "a blank cell for the"),
    (add(L, "max", _, _, "country", "Chinna", 0.5), "Share limits!E7", "did you mean 'China'?"),
    (add(L, "max", _, _, "country", "each", 0.5), "Share limits!E7", "leave the cell blank"),
    (add(L, "max", _, _, "owner", "Xanadu", 0.5), "Share limits!E7", "not a known country"),
    (add(L, "max", _, _, "bloc", "frends", 0.5), "Share limits!E7", "did you mean 'friends'?"),
    (add(L, "max", _, _, "country", "each outside est", 0.5), "Share limits!E7", "mean 'east'?"),
    (add(L, "max", _, _, "kind", "recycling", 0.5), "Share limits!E7", "did you mean 'recycled'?"),
    (add(L, "max", _, _, "refiner", "Codelca", 0.5), "Share limits!E7", "did you mean 'Codelco'?"),
    (add(L, "max", _, _, "refiner", "each outside east", 0.5), "Share limits!E7", "group refiner"),
    (add(L, "max", _, _, "bloc", "each outside east", 0.5), "Share limits!E7", "group country"),
    (add(L, "min", _, _, "country", _, 0.5), "Share limits!E7", "names no supplier"),
    (
        add(L, "min", _, _, "country", "each outside east", 0.5),
        "Share limits!E7",
        "names no supplier",
    ),
    (add(L, "max", _, "each", "country", _, 0.5, _, _, _, "mining"), "Share limits!C7", "blank"),
    (add(L, "max", _, _, "owner", _, 0.5, _, _, _, "mining"), "Share limits!D7", "country or bloc"),
    (add(L, "max", "Gold", _, "country", _, 0.5), "Share limits!B7", "is not in Minerals"),
]

RESERVED = [
    (add("Members", "Each", "France"), "Members!A5", "the name 'Each' for a member"),
    (add("Members", "Note"), "Members!A5", "Freight has another column of that name"),
    (add("Members", "source"), "Members!A5", "another name"),
    (add("Members", "From country"), "Members!A5", "another name"),
    (put("Members", 4, "Group", "japan"), "Members!C4", "the name of a member"),
    (put("Members", 4, "Group", "each"), "Members!C4", "the name 'each' for a group"),
    (add(S, "base", "drop share limits"), "Scenarios!A5", "the name 'base' for a scenario"),
]

STEPS = [
    (add(S, None, "drop share limits"), "Scenarios!A5", "must be filled"),
    (add(S, "X", "embargo"), "Scenarios!B5", "block lanes"),
    (add(S, "X", "scale demnd"), "Scenarios!B5", "did you mean 'scale demand'?"),
    (
        add(S, "X", "scale demand", _, "CHN", _, _, _, _, 2),
        "Scenarios!D5",
        "which says 'China'",
    ),
    (add(S, "X", "scale capacity", _, _, _, _, _, _, -1), "Scenarios!I5", "from 0 to 1000"),
    (add(S, "X", "set tariff", _, _, _, _, _, _, 25), "Scenarios!I5", "did you mean 0.25 (25 %)?"),
    (add(S, "X", "set max country share", _, _, _, _, _, _, 65), "Scenarios!I5", "0.65 (65 %)?"),
    (add(S, "X", "add capacity", _, _, _, _, _, _, -2e10), "Scenarios!I5", "from -10 billion"),
    (add(S, "X", "build project", _, _, "Codelco"), "Scenarios!E5", "no project of Codelco"),
    (add(S, "X", "build project", _, _, "Tianqi", _, 2031), "Scenarios!G5", "2026 to 2027"),
    (
        both(put(P, 2, "First year", 2035), add(S, "X", "build project")),
        "Scenarios!G5",
        "in its First year 2035",
    ),
]

FREIGHT = [
    (put(F, 2, "Korea", None), "Freight!C2", "no freight from Chile to Korea"),
    (without(F, "Korea"), "Freight!A2", "to Korea"),
    (
        add(R, "A", "Copper", "Peru", 1000, _, 7000, _, _, _, _, 1),
        "Refiners!C6",
        "from Peru to Japan",
    ),
]

FAULTS = CELLS + HEADERS + KEYS + LIMITS + RESERVED + STEPS + FREIGHT
SEVERAL = {"Freight!A2", "Refiners!O1", "Members!A5"}


def test_the_small_book_has_no_findings() -> None:
    assert read_tables(small_book()).warnings == ()


@pytest.mark.slow
@pytest.mark.parametrize(("change", "place", "fragment"), FAULTS)
def test_a_fault_is_found_at_its_cell(change, place, fragment) -> None:
    book = small_book()
    change(book)
    if place is None:
        read_tables(book)
        return
    with pytest.raises(InputError) as caught:
        read_tables(book)
    errors = [f for f in caught.value.findings if f.severity is Severity.ERROR]
    told = [(f.place, f.message) for f in errors]
    assert any(at == place and fragment in message for at, message in told), told
    assert len(errors) == 1 or place in SEVERAL, told


def test_a_number_too_long_to_print_is_described() -> None:
    """Python prints no whole number of more than 4,300 digits."""
    assert described(10**5000) == "the number inf"
