"""A plan is rolled: the next workbook follows from it, and from what was delivered."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from planner.workbook import read
from planner.workbook.template import write_book
from tests.books import editing
from tests.cli.roll.book import (
    PLAN,
    add_formulas,
    change,
    fill,
    save_values,
    three_rows,
    write_three,
)
from tests.models.stages import cap, oxide_and_alloy
from tests.order_book import table


def rows(path, sheet):
    """The rows of a sheet of the input as records."""
    return read(Path(path)).case.records(sheet)


# ---- what the years that are over leave behind ---------------------------------------------------


def test_all_that_is_carried_over(three, ask):
    """Stock, target, plant, sales and budget, as computed by hand."""
    code, answer = ask("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "next.xlsx")
    assert code == 0
    assert answer["dropped_usd"] == pytest.approx(140)
    assert (answer["planned_t"], answer["delivered_t"]) == (pytest.approx(100),) * 2
    assert answer["price_variance_usd"] == answer["quantity_variance_usd"] == 0
    assert answer["as_planned"] == answer["figures"] == 2 + 1 + 1
    case = read(Path("next.xlsx")).case
    assert case.years == (2027, 2028)
    (pile,) = case.stockpiles
    assert (pile.opening, pile.target.base, pile.max) == (10, 10, 20)
    assert [(b.year, b.fraction) for b in case.built] == [(2027, 1)]
    sold = {(s.refiner, s.member): s.tonnes for s in case.current_supply}
    assert sold == {("Near", "A"): 60, ("Far", "A"): 40}
    left = {b.year: b.capex for b in case.budget}
    assert left == pytest.approx({2026: 8e-6, 2027: 5e-6, 2028: 5e-6})


def test_next_plan_costs_the_rest(three, ask):
    """By hand: 84 in 2027 and in 2028."""
    ask("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "next.xlsx")
    _, whole = ask("solve", "three.xlsx")
    _, rest = ask("solve", "next.xlsx")
    assert whole["objective_usd"] == pytest.approx(140 + 84 + 84, rel=1e-9)
    assert rest["objective_usd"] == pytest.approx(84 + 84, rel=1e-9)


@pytest.mark.slow
def test_twice_by_a_year_is_once_by_two(three, ask):
    """Rolled, planned and rolled again, or rolled at once: the same input, cell by cell."""
    ask("roll", PLAN, "three.xlsx", "--to", 2028, "-o", "once.xlsx")
    ask("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "first.xlsx")
    ask("solve", "first.xlsx")
    ask("roll", "outputs/first-plan.xlsx", "first.xlsx", "--to", 2028, "-o", "twice.xlsx")
    once, twice = (read(Path(f"{name}.xlsx")).case for name in ("once", "twice"))
    assert once == twice


def test_debts_of_a_budget_are_taken_from_the_next(folder, ask, call):
    """What is begun costs more than the first budget has: the next one has less."""
    write_three(
        folder / "three.xlsx",
        Built=[{"Project": "New", "Year": 2027, "Fraction": 1}],
        Budget=[{"Year": 2026, "Capex (USD m)": 4e-6}, {"Year": 2027, "Capex (USD m)": 5e-6},
                {"Year": 2028, "Capex (USD m)": 9e-6}],
    )  # fmt: skip
    assert call("solve", "three.xlsx")[0] == 0
    _, answer = ask("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "next.xlsx")
    left = {b.year: b.capex for b in rows("next.xlsx", "Budget")}
    assert left == pytest.approx({2026: 0, 2027: 0, 2028: 6e-6}, abs=1e-15)
    assert any("budget of 2028" in note for note in answer["notes"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("budget", "part", "carries_over", "is_beyond"),
    [
        (5, 1, "no", True),
        (12, 1, "no", False),
        (5, 0.4, "no", False),
        (0, 0.4, "no", True),
        (5, 1, "yes", False),
    ],
)
def test_a_late_plant_that_takes_all_of_the_next_budget_is_said(
    folder, ask, call, *, budget, part, carries_over, is_beyond
):
    """New, of 12 USD, is begun in 2027 instead of 2026. ``planner check`` says the same after."""
    names = ("Default freight (USD/t)", 0), ("Cost of capital", 0)
    write_three(
        folder / "three.xlsx",
        Settings=[{"Setting": name, "Value": value}
                  for name, value in (*names, ("Carry over budget", carries_over))],
        Budget=[{"Year": year, "Capex (USD m)": capex * 1e-6}
                for year, capex in ((2026, 20), (2027, budget), (2028, 5))],
    )  # fmt: skip
    assert call("solve", "three.xlsx")[0] == 0
    assert call("new", "--actuals", PLAN, "-o", "actuals.xlsx")[0] == 0
    fill(folder / "actuals.xlsx", "Built", D2=0, A3="New", B3=2028, D3=part)
    _, answer = ask("roll", PLAN, "three.xlsx", "--to", 2027, "--actuals", "actuals.xlsx",
                    "-o", "next.xlsx")  # fmt: skip
    noted = [note for note in answer["notes"] if note.startswith("The plants in Built need")]
    _, checked = ask("check", "next.xlsx")
    warned = [w["message"] for w in checked["warnings"] if "plants in Built need" in w["message"]]
    assert len(noted) == len(warned) == is_beyond
    for note, warning in zip(noted, warned, strict=True):
        assert f"more than the {budget * 1e-6:g} m of the budget of 2027" in note
        assert note.endswith("has nothing left for new plants")
        assert note.partition(":")[0] in warning


def test_units_of_the_input_are_kept(folder, ask, call):
    """A reserve in kt, supply in kt: numbers are written in them."""
    piles = [{"Mineral": "Copper", "Member": "A", "Max (kt)": 0.02, "Opening (kt)": 0.01}]
    supply = [{"Refiner": "Near", "Mineral": "Copper", "Member": "A", "Tonnes (kt/yr)": 0.5}]
    write_three(folder / "three.xlsx", Stockpiles=piles, **{"Current supply": supply})
    assert call("solve", "three.xlsx")[0] == 0
    ask("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "next.xlsx")
    sold = {s.refiner: s.tonnes for s in rows("next.xlsx", "Current supply")}
    assert sold == pytest.approx({"Near": 60, "Far": 40})
    assert table("next.xlsx", "Current supply")[0]["Tonnes (kt/yr)"] == pytest.approx(0.06)
    (pile,) = rows("next.xlsx", "Stockpiles")
    assert (pile.opening, pile.max, pile.target.base) == pytest.approx((10, 20, 10))


def test_rows_of_years_that_are_over_go_and_are_listed(three, ask):
    """Of three rows of Scenarios one has no year left."""
    _, answer = ask("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "next.xlsx")
    assert [(gone["sheet"], gone["row"]) for gone in answer["left_out"]] == [("Scenarios", 2)]
    steps = [(step.name, step.action) for step in rows("next.xlsx", "Scenarios")]
    assert steps == [("Early", "scale demand"), ("Later", "scale demand")]
    gone = [row for row in table("next.xlsx", "Carried over") if row["Was"] == "the row"]
    assert [(row["Sheet"], row["Cell"]) for row in gone] == [("Scenarios", "A2")]
    assert gone[0]["What"].startswith("Early: block lanes")


# ---- nothing else changes ------------------------------------------------------------------------


def test_nothing_of_the_input_is_lost(folder, call, ask):
    """Each cell is as it was, or is listed; so are formulas. Formats: as in any copy."""
    add_formulas(write_three(folder / "three.xlsx"))
    assert call("solve", "three.xlsx")[0] == 0
    assert ask("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "next.xlsx")[0] == 0
    before, after = (openpyxl.load_workbook(name) for name in ("three.xlsx", "next.xlsx"))
    listed = {(row["Sheet"], row["Cell"]) for row in table("next.xlsx", "Carried over")}
    rows_gone = {(s, c[1:]) for s, c in listed if s == "Scenarios"}
    for sheet in before.worksheets:
        for cell in [cell for line in sheet.iter_rows() for cell in line]:
            new = after[sheet.title][cell.coordinate]
            is_listed = (sheet.title, cell.coordinate) in listed
            is_listed |= (sheet.title, str(cell.row)) in rows_gone
            assert new.value == cell.value or is_listed, (sheet.title, cell.coordinate)
    values = openpyxl.load_workbook("next.xlsx", data_only=True)
    assert after["Demand"]["E2"].value.startswith("=")
    assert values["Demand"]["E2"].value == 100
    assert values["My notes"]["C1"].value == 100
    # a formula that counts on a budget that is used up is its value, and is listed
    assert ("My notes", "A3") in listed
    assert after["My notes"]["A3"].value == pytest.approx(40e-6)


def test_a_second_roll_replaces_the_sheets_of_the_first(three, ask):
    """The first sheet is of the last roll alone."""
    ask("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "first.xlsx")
    ask("solve", "first.xlsx")
    ask("roll", "outputs/first-plan.xlsx", "first.xlsx", "--to", 2028, "-o", "second.xlsx")
    names = openpyxl.load_workbook("second.xlsx").sheetnames
    assert names[:2] == ["Rolled", "Carried over"]
    assert len(names) == len(set(names))
    headers = [c.value for c in openpyxl.load_workbook("second.xlsx")["Demand"][1]]
    assert {"Past 2026", "Past 2027", "2028"} <= set(headers)


@pytest.mark.parametrize("name", ["what differed", "Rolled", "Decide now"])
def test_own_sheets_with_names_of_the_rolls_are_refused(name, folder, ask):
    """The findings are about the roll's sheets: with such a name they would be about another."""
    write_three(folder / "three.xlsx")
    with editing("three.xlsx") as book:
        book.create_sheet(name).append(["Mine"])
    ask("solve", "three.xlsx")
    code, answer = ask("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "next.xlsx")
    assert code == 1
    assert [each["sheet"] for each in answer["errors"]] == [name]
    assert not Path("next.xlsx").exists()


def test_orders_of_the_plan_before_are_replaced(three, ask):
    """Also if the page of the last roll is gone."""
    ask("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "first.xlsx")
    with editing("first.xlsx") as book:
        for sheet in book.sheetnames[: book.sheetnames.index("Settings")]:
            del book[sheet]
    ask("solve", "first.xlsx")
    ask("roll", "outputs/first-plan.xlsx", "first.xlsx", "--to", 2028, "-o", "second.xlsx")
    assert {row["Year"] for row in table("second.xlsx", "Orders before")} == {2028}


@pytest.mark.slow
def test_the_price_of_changing(folder, ask, call):
    """Near is dear from 2027 on: a switching cost below 0.5 a tonne does not keep the agreed plan.

    By hand: 200 at 0, 218 at 0.3, 229.4 at 0.49, and 230, the agreed plan, from 0.5 on.
    """
    refiners = [
        {"Refiner": name, "Mineral": "Copper", "Country": country, "Capacity (t/yr)": capacity,
         "Cost (USD/t)": cost, "Cost 2027 (USD/t)": later}
        for name, country, capacity, cost, later in (
            ("A", "Chile", 60, 1, 2.5), ("B", "Germany", 100, 2, 2))
    ]  # fmt: skip
    for price, cost in ((0, 200), (0.3, 218), (0.49, 229.4), (0.5, 230), (3, 230)):
        settings = [
            {"Setting": "Default freight (USD/t)", "Value": 0},
            {"Setting": "Switching cost (USD/t)", "Value": price},
        ]
        demand = [{"Mineral": "Copper", "Member": "A", "2026": 100, "2027": 100}]
        write_three(
            folder / "three.xlsx", Settings=settings, Refiners=refiners, Demand=demand,
            Projects=[], Budget=[], Stockpiles=[], Scenarios=[],
        )  # fmt: skip
        assert call("solve", "three.xlsx")[0] == 0
        ask("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "next.xlsx", "--force")
        _, answer = ask("solve", "next.xlsx")
        assert answer["objective_usd"] == pytest.approx(cost, rel=1e-9)


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("year", [2025, 2026, 2029])
def test_a_year_that_no_plan_goes_on_from(three, ask, year):
    """The first year, and years outside."""
    code, answer = ask("roll", PLAN, "three.xlsx", "--to", year, "-o", "next.xlsx")
    assert code == 2
    assert "2027, 2028" in answer["errors"][0]["message"]
    assert not Path("next.xlsx").exists()


def test_a_plan_that_was_changed(three, folder, ask):
    """Tonnes of the sheet Plan were typed over."""
    with editing(PLAN, folder / "typed.xlsx") as book:
        sheet = book["Plan"]
        column = next(c.column for c in sheet[1] if str(c.value).startswith("Tonnes"))
        sheet.cell(2, column).value = 1.0
    code, _ = ask("roll", "typed.xlsx", "three.xlsx", "--to", 2027, "-o", "next.xlsx")
    assert code == 1
    assert not Path("next.xlsx").exists()


def test_the_plan_of_a_scenario(three, ask):
    """What it decided is taken over; the next workbook is the base case, and says so."""
    ask("solve", "three.xlsx", "--scenario", "Early", "-o", "early.xlsx")
    _, answer = ask("roll", "early.xlsx", "three.xlsx", "--to", 2027, "-o", "next.xlsx")
    assert answer["planned_t"] == pytest.approx(60)  # no lane from Chile, 110 t needed
    assert any("scenario Early" in note for note in answer["notes"])
    sold = {s.refiner: s.tonnes for s in rows("next.xlsx", "Current supply")}
    assert sold == {"Near": 60}


def test_years_in_other_units_and_as_formulas(folder, ask, call):
    """Demand in kt, the years of the header counted on from the first."""
    demand = [{"Mineral": "Copper", "Member": "A", "2026 (kt)": 0.1, "2027": 100, "2028": 100}]
    path = write_three(folder / "three.xlsx", Demand=demand)
    with editing(path) as book:
        sheet = book["Demand"]
        letters = {cell.value: cell.column_letter for cell in sheet[1]}
        cell = f"{letters['2028']}1"
        sheet[cell] = f"={letters['2027']}1+1"
        sheet[f"{letters['2027']}1"] = 2027
    save_values(path, {"Demand": {cell: 2028}})
    assert call("solve", "three.xlsx")[0] == 0
    assert ask("roll", PLAN, "three.xlsx", "--to", 2028, "-o", "next.xlsx")[0] == 0
    assert read(Path("next.xlsx")).case.years == (2028,)
    headers = [cell.value for cell in openpyxl.load_workbook("next.xlsx")["Demand"][1]]
    assert {"Past 2026 (kt)", "Past 2027", 2028} <= set(headers)


def test_what_was_not_begun_in_time_is_not_built_in_the_past(folder, ask, call):
    """The plant is too dear at first, and cheap in the next workbook: it can come in 2028."""
    dear = three_rows()["Projects"][0] | {"Capex (USD m)": 1}
    write_three(folder / "three.xlsx", Projects=[dear])
    assert call("solve", "three.xlsx")[0] == 0
    ask("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "next.xlsx")
    assert [(b.year, b.fraction) for b in rows("next.xlsx", "Built")] == [(2027, 0)]
    change("next.xlsx", "Projects", "Capex (USD m)", 2, 12e-6)
    ask("solve", "next.xlsx")
    started = {r["Year"]: r["Started"] for r in table("outputs/next-plan.xlsx", "Projects")}
    assert started == {2027: 0, 2028: 1}


@pytest.mark.slow
def test_inputs_that_plants_bought_count_as_planned(folder, ask, call):
    """Of 20 t of alloy and 20 t of oxide there are orders for alloy alone; oxide is counted."""
    write_book(folder / "three.xlsx", oxide_and_alloy_of_two_years())
    assert call("solve", "three.xlsx")[0] == 0
    assert call("new", "--actuals", PLAN, "-o", "actuals.xlsx")[0] == 0
    orders = table(Path("actuals.xlsx"), "Deliveries")
    assert {row["Mineral"] for row in orders} == {"alloy"}
    with editing("actuals.xlsx") as book:
        for row, order in enumerate(orders, start=2):
            book["Deliveries"].cell(row, 10, order["Planned (t)"])
    bought = [row for row in table(PLAN, "Inputs") if row["Year"] == 2026 and row["Supplier"]]
    assert len(bought) >= 2
    rolled = "roll", PLAN, "three.xlsx", "--to", 2027
    code, answer = ask(*rolled, "--actuals", "actuals.xlsx", "-o", "next.xlsx")
    assert (code, answer["as_planned"]) == (0, len(bought))
    assert answer["figures"] == len(orders) + len(bought)


def oxide_and_alloy_of_two_years():
    """Return the book of two stages with a second year like the first."""
    book = oxide_and_alloy(cap(0.65, "oxide"))
    for row in book["Demand"]:
        row["2027"] = row["2026"]
    return {name: rows for name, rows in book.items() if rows}
