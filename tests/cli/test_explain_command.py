"""The command explain: what it says, as words and as data, and how it is refused."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from planner.workbook.template import template_tables
from tests.books import editing, write_book

INPUTS = Path(__file__).parents[2] / "inputs"
BAN = ("--scenario", "export ban")


def asked(mineral: str = "lithium", member: str = "japan", year: int = 2027) -> tuple[str, ...]:
    """The options that name a cell."""
    return ("--mineral", mineral, "--member", member, "--year", str(year))


def test_a_price_is_told_with_what_it_is_made_of(case, call):
    """Chinese lithium at 42,000 + 70 of freight + 100 for ore from Chile: nothing of it scarce."""
    code, out, err = call("explain", case, *asked())
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == "Lithium (t Li content) for Japan in 2027"
    assert lines[1] == "Needs 15,000 t, buys 15,000 t; nothing is missing."
    assert "42,000.00 cost at Sichuan hydroxide plants (China) [Refiners!E2]" in lines
    assert "70.00 freight to Japan" in lines
    assert "42,170.00 in all, USD/t" in lines
    assert "Marginal price of supply: 42,170 USD/t (sheet Prices)." in lines
    assert not any("smallest change" in line for line in lines)


def test_a_cell_told_is_the_cell_of_the_workbook(case, ask):
    """What is told to stand in a cell stands there."""
    code, said = ask("explain", case, *asked())
    assert code == 0
    sheet, cell = said["terms"][0]["cell"].split("!")
    book = openpyxl.load_workbook(case)
    assert book[sheet][cell].value == 42000
    assert sum(term["amount"] for term in said["terms"]) == pytest.approx(said["marginal_price"])
    assert sum(move["cost"] for move in said["moves"]) == pytest.approx(said["marginal_price"])


def test_the_change_told_removes_the_shortage_once_it_is_typed_in(case, ask, folder):
    """The workbook is edited cell by cell as told, read again and planned: nothing is short."""
    code, said = ask("explain", case, *asked(), *BAN)
    assert code == 0
    assert said["short_t"] > 1
    assert said["set_by"] == "shortage"
    book = openpyxl.load_workbook(case)
    for each in said["change"]["cells"]:
        sheet, cell = each["cell"].split("!")
        assert book[sheet][cell].value == pytest.approx(each["from"])
    edited = typed_in(case, said["change"], folder / "edited.xlsx")
    code, after = ask("explain", edited, *asked(), *BAN)
    assert code == 0
    assert after["short_t"] == pytest.approx(0, abs=0.02)
    assert after["change"] is None
    assert said["change"]["removes"] == "mineral and year"


def test_words_name_cells_values_and_years(case, call):
    """`Share limits!F2: 65 % -> 74 %`, and that the cell holds for other years, too."""
    code, out, _ = call("explain", case, *asked(), *BAN)
    assert code == 0
    assert "Scenario: Export ban" in out
    assert "Share limits!F2: 65 % -> " in out
    assert "the cell also applies to 2026 and 2028" in out
    assert "Why short: " in out


def typed_in(case, change, path):
    """Save a copy of a workbook with the cells changed as told."""
    with editing(case, path) as book:
        assert change["cells"]
        for each in change["cells"]:
            sheet, cell = each["cell"].split("!")
            book[sheet][cell].value = each["to"]
    return path


def test_what_a_scenario_says_is_left_as_it_is(case, ask, folder):
    """Under `Half` the caps are 50 % whatever their cell says: other cells are told, and do."""
    flags = (*asked(), "--scenario", "Half", "--lose", "Chile")
    code, said = ask("explain", case, *flags)
    assert code == 0
    assert {each["said_by"] for each in said["change"]["cells"]} == {"workbook"}
    assert all(each["cell"] != "Share limits!F2" for each in said["change"]["cells"])
    code, after = ask("explain", typed_in(case, said["change"], folder / "edited.xlsx"), *flags)
    assert (code, after["change"]) == (0, None)


def test_what_only_a_scenario_says_is_told_as_such(call, folder):
    """Chinese capacity alone, and a cap of the command line on it."""
    tables = template_tables()
    tables["Refiners"] = [r for r in tables["Refiners"] if r["Country"] == "China"]
    gone = (
        "Contracts", "Projects", "Built", "Scenarios", "Current supply", "Budget", "Supports",
        "Rights", "Inputs",
    )  # fmt: skip
    for sheet in gone:
        tables.pop(sheet, None)
    tables["Share limits"] = tables["Share limits"][:1]
    write_book(folder / "china.xlsx", tables)
    code, out, err = call("explain", folder / "china.xlsx", *asked(), "--max-country-share", "0.3")
    assert code == 0, err
    assert "Share limits!F2: 30 % -> " in out
    assert "(a scenario or what-if sets this value, not the workbook: change it there)" in out


def test_where_only_a_what_if_is_in_the_way(case, call, ask):
    """Every lane to Japan is blocked: no cell helps, and without the block nothing is short."""
    code, out, _ = call("explain", case, *asked(), "--block", "*:Japan")
    assert code == 0
    assert "No change of capacities and the part of them that is open, lanes, " in out
    assert "A new refiner would not end it either; smaller demand would." in out
    assert "Without scenario and what-ifs, Japan is not short in 2027." in out
    code, said = ask("explain", case, *asked(), "--block", "*:Japan")
    assert (code, said["change"]["cells"], said["change"]["new_refiner"]) == (0, [], None)
    assert said["short_without_what_ifs_t"] == pytest.approx(0, abs=0.02)


def test_a_limit_of_the_command_line_has_no_cell(call, folder):
    """It is told without a row, and is no change of the workbook."""
    tables = template_tables()
    del tables["Share limits"]
    write_book(folder / "free.xlsx", tables)
    code, out, _ = call(
        "explain", folder / "free.xlsx", *asked("cobalt"), "--max-country-share", "0.3"
    )
    assert code == 0
    assert "the limit (at most 30 % from China, for the coalition)" in out
    assert "Share limits!" not in out


@pytest.mark.parametrize(
    ("mineral", "says"),
    [
        ("ndpr oxide", "NdPr oxide is used to make Magnets, which Japan needs: explain it with"),
        (
            "magnet alloy",
            "Magnet alloy is used to make Magnets, which Japan needs: explain it with",
        ),
    ],
)
def test_where_only_what_is_made_of_a_mineral_is_needed_that_is_said(call, mineral, says):
    code, out, _ = call("explain", INPUTS / "magnets.xlsx", "--mineral", mineral,
                        "--member", "Japan", "--year", 2027)  # fmt: skip
    assert code == 0
    assert f'{says} --mineral "Magnets".' in out


def test_no_demand_is_said(folder, call, ask):
    """Germany needs no cobalt in 2027."""
    tables = template_tables()
    for row in tables["Demand"]:
        if (row["Mineral"], row["Member"]) == ("Cobalt", "Germany"):
            row["2027"] = 0
    tables["Stockpiles"] = [r for r in tables["Stockpiles"] if r["Member"] != "Germany"]
    write_book(folder / "none.xlsx", tables)
    code, out, _ = call("explain", folder / "none.xlsx", *asked("cobalt", "germany"))
    assert code == 0
    assert "Germany has no demand for Cobalt in 2027, and no reserve." in out
    code, said = ask("explain", folder / "none.xlsx", *asked("cobalt", "germany"))
    assert (code, said["marginal_price"], said["terms"], said["change"]) == (0, None, [], None)


def test_unknown_names_have_the_closest(case, call):
    """All that is wrong is told at once, exit 2."""
    code, out, err = call("explain", case, *asked("lithum", "Japn", 2030))
    assert (code, out) == (2, "")
    assert "--mineral: 'lithum' is not a mineral in the workbook; did you mean 'Lithium'?" in err
    assert "did you mean 'Japan'?" in err
    assert "--year 2030 is not a year of the sheet Demand; did you mean 2028?" in err
    code, _, err = call("explain", case, *asked(member="*"))
    assert code == 2
    assert "names several: name one" in err


def test_all_missing_options_are_named_with_their_choices(case, call):
    code, _, err = call("explain", case)
    assert code == 2
    for option, choice in (("--mineral", "Lithium"), ("--member", "Japan"), ("--year", "2028")):
        [line] = [line for line in err.splitlines() if f"{option} is missing; choose from " in line]
        assert choice in line
    code, _, err = call("explain", case, "--mineral", "Lithium")
    assert (code, "--mineral" in err, "--member is missing" in err) == (2, False, True)


def test_a_member_by_its_country(case, ask):
    """JPN is Japan."""
    code, said = ask("explain", case, *asked(member="JPN"))
    assert (code, said["member"]) == (0, "Japan")


def test_nothing_is_written(case, call, folder):
    """The command tells; it leaves no file."""
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert call("explain", case, *asked())[0] == 0
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


UNITS = ("--mineral", "Li", "--member", "Alfa", "--year", "2027")


def in_units(path, *, capacity="kt/yr", lane=None, cost=2.0, demand=0.3):
    """Write a book in other units than the catalogue's: kt, USD/kg, USD/lb."""
    book = openpyxl.Workbook()
    book.active.title = "Settings"
    sheets = {
        "Settings": [["Setting", "Value"], ["Default freight (USD/t)", 1]],
        "Minerals": [
            ["Mineral", "Price (USD/kg)", "Shortage cost (USD/kg)", "Shortage cost 2028 (USD/lb)"],
            ["Li", 10, 12, 8],
        ],
        "Members": [["Member", "Country"], ["Alfa", "Japan"]],
        "Refiners": [
            ["Refiner", "Mineral", "Country", f"Capacity ({capacity})", "Cost (USD/lb)"],
            ["Jin", "Li", "China", 5 if lane else 0.1, cost],
        ],
        "Demand": [["Mineral", "Member", "2026 (kt)", "2027 (kt)"], ["Li", "Alfa", 0.1, demand]],
    }
    if lane:
        sheets["Lanes"] = [["Mineral", "From country", "Max (kt/yr)"], ["Li", "China", lane]]
    for title, rows in sheets.items():
        sheet = book[title] if title in book.sheetnames else book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ({}, "Refiners!D2: 0.1 kt/yr -> 0.3 kt/yr"),
        ({"demand": 0.12345}, "Refiners!D2: 0.1 kt/yr -> 0.1235 kt/yr"),
        ({"capacity": "lb/yr", "demand": 0.3}, "Refiners!D2: 0.1 lb/yr -> 661,400 lb/yr"),
        ({"lane": 0.1}, "Lanes!C2: 0.1 kt/yr -> 0.3 kt/yr"),
        ({"lane": 0.1, "cost": 9.0, "demand": 0.1}, "Minerals!C2: 12 USD/kg -> 19.85 USD/kg"),
    ],
)
def test_a_change_is_told_as_it_is_typed(made, told, call, ask, folder):
    """In the unit of the cell's own header: typed in as told, in words or data, it does."""
    path = in_units(folder / "units.xlsx", **made)
    code, out, _ = call("explain", path, *UNITS)
    assert code == 0
    assert told in out
    words, _, unit = told.partition(" -> ")[2].partition(" ")
    _, said = ask("explain", path, *UNITS)
    (cell,) = said["change"]["cells"]
    assert (cell["to"], cell["unit"]) == (float(words.replace(",", "")), unit)
    sheet, place = cell["cell"].split("!")
    assert openpyxl.load_workbook(path)[sheet][place].value == cell["from"]
    code, after = ask("explain", typed_in(path, said["change"], folder / "typed.xlsx"), *UNITS)
    assert code == 0
    assert (after["short_t"], after["change"]) == (pytest.approx(0, abs=1e-6), None)


def test_cells_of_other_units_are_said_with_theirs(call, ask, folder):
    """100 t beside a cell that says 0.1: the cell is in kt/yr."""
    path = in_units(folder / "units.xlsx")
    _, out, _ = call("explain", path, *UNITS)
    assert "Capacity of Jin (China), at 100 t  [Refiners!D2, in kt/yr]" in out
    assert "12,000.00  the cost of a tonne short  [Minerals!C2, in USD/kg]" in out
    _, said = ask("explain", path, *UNITS)
    assert [b["cell_unit"] for b in said["binding"]] == ["kt/yr"]
    assert [t["cell_unit"] for t in said["terms"]] == ["USD/kg"]


def test_a_shortage_cost_by_default_has_the_cells_of_both(call, ask, folder):
    """The price alone is not what a tonne short costs: price and multiple are cited."""
    path = in_units(folder / "units.xlsx")
    with editing(path) as book:
        book["Minerals"].delete_cols(3, 2)
    words = "100,000.00  the cost of a tonne short (price x shortage cost multiple 10)"
    _, out, _ = call("explain", path, *UNITS)
    assert f"{words}  [Minerals!B2, in USD/kg; Settings, Shortage cost multiple]" in out
    book["Settings"].append(["Shortage cost multiple", 12])
    book.save(path)
    _, said = ask("explain", path, *UNITS)
    (term,) = said["terms"]
    assert (term["cell"], term["times_cell"]) == ("Minerals!B2", "Settings!B3")
    assert term["amount"] == pytest.approx(120_000)
