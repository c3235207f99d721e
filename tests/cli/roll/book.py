"""A small workbook whose rolled plans are known by hand, and one with formulas."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl

from planner.workbook.template import write_book
from tests.books import editing
from tests.models import desk
from tests.parts import parts_of, write_parts

PLAN = "outputs/three-plan.xlsx"
Rows = dict[str, list[dict[str, Any]]]
refiner = partial(desk.refiner, Mineral="Copper")


def fill(path: Path, sheet: str = "Deliveries", **cells: Any) -> None:
    """Fill cells of the actuals, by address."""
    with editing(path) as book:
        for address, value in cells.items():
            book[sheet][address] = value


def places(path: Path, sheet: str = "Deliveries") -> tuple[dict[str, str], dict[str, int]]:
    """Return the column of each header, and the row of each refiner's order."""
    book = openpyxl.load_workbook(path)[sheet]
    letters = {str(c.value).partition(" (")[0]: c.column_letter for c in book[1]}
    refiners = letters.get("Refiner", "A")
    rows = {book[f"{refiners}{row}"].value: row for row in range(2, book.max_row + 1)}
    return letters, {name: row for name, row in rows.items() if name}


def deliver(path: Path, **orders: Any) -> None:
    """Fill in what came of each refiner's order: tonnes, or tonnes and price."""
    letters, rows = places(path)
    for name, came in orders.items():
        tonnes, *price = came if isinstance(came, tuple) else (came,)
        fill(path, **{f"{letters['Delivered']}{rows[name]}": tonnes})
        fill(path, **{f"{letters['Paid']}{rows[name]}": paid for paid in price})


def change(path: Path | str, sheet: str, header: str, row: int, value: Any) -> None:
    """Set a cell of a workbook by its header."""
    with editing(path) as book:
        cells = {c.value: c.column for c in book[sheet][1]}
        book[sheet].cell(row, cells[header]).value = value


def three_rows(**changes: Any) -> Rows:
    """Return three years of copper, a plant that takes a year, a reserve, a carried-over budget.

    A needs 100 t a year. Near sells 60 t at 1, far as much as it is asked at 2. The plant gives 40
    t at 0.5 from 2027 on, and costs 12 USD, a year after it is begun: at no cost of capital over
    its life of 3 years that is 4 a year. In 2026 60 t come from near and 40 from far: 140. From
    2027 on the plant takes the place of far: 60 + 20 + 4 = 84 a year. The reserve of 10 t stays, as
    its target says.
    """
    rows: Rows = {
        "Settings": [
            {"Setting": "Plan title", "Value": "Three years"},
            {"Setting": "Default freight (USD/t)", "Value": 0},
            {"Setting": "Cost of capital", "Value": 0},
            {"Setting": "Carry over budget", "Value": "yes"},
        ],
        "Minerals": [{"Mineral": "Copper", "Price (USD/t)": 50}],
        "Members": [{"Member": "A", "Country": "France"}],
        "Refiners": [
            refiner("Near", "Germany", 60, 1),
            refiner("Far", "Chile", 1000, 2),
        ],
        "Demand": [{"Mineral": "Copper", "Member": "A", "2026": 100, "2027": 100, "2028": 100}],
        "Projects": [
            {
                "Project": "New", "Refiner": "New works", "Mineral": "Copper", "Country": "France",
                "Capacity (t/yr)": 40, "Capex (USD m)": 12e-6, "Cost (USD/t)": 0.5,
                "First year": 2027, "Lead time (yr)": 1, "Life (yr)": 3,
            },
        ],
        "Budget": [
            {"Year": 2026, "Capex (USD m)": 20e-6}, {"Year": 2027, "Capex (USD m)": 5e-6},
            {"Year": 2028, "Capex (USD m)": 5e-6},
        ],
        "Stockpiles": [{"Mineral": "Copper", "Member": "A", "Max (t)": 20, "Opening (t)": 10}],
        "Scenarios": [
            _step("Early", "block lanes", first=2026, last=2026),
            _step("Early", "scale demand", first=2026, last=2028, value=1.1),
            _step("Later", "scale demand", first=2028, last=2028, value=1.2),
        ],
    }  # fmt: skip
    return rows | changes


def write_three(path: Path, **changes: Any) -> Path:
    """Write the workbook, and return its path."""
    rows = three_rows(**changes)
    write_book(path, rows, sheets=tuple(rows))
    return path


def _step(name: str, action: str, first: int, last: int, value: float | None = None) -> Any:
    country = "Chile" if action == "block lanes" else None
    return {
        "Scenario": name, "Action": action, "Country": country, "First year": first,
        "Last year": last, "Value": value,
    }  # fmt: skip


def add_formulas(path: Path) -> None:
    """Add formulas, as people do, and a sheet of their own."""
    with editing(path) as book:
        demand, piles, own = book["Demand"], book["Stockpiles"], book.create_sheet("My notes")
        own["A1"], own["B1"], own["C1"] = "Growth", 1.0, "=B1*100"
        assert demand["D1"].value == "2026"
        demand["E2"] = "=D2*'My notes'!B1"
        piles["A4"] = None
        holding = _letter(piles, "Max (t)")
        piles[f"{holding}2"] = f"={_letter(piles, 'Opening (t)')}2*2"
        own["A3"] = "=Budget!B2*2"
    save_values(path, {
        "Demand": {"E2": 100.0}, "Stockpiles": {f"{holding}2": 20.0},
        "My notes": {"C1": 100.0, "A3": 40e-6},
    })  # fmt: skip


def _letter(sheet: Any, header: str) -> str:
    return {cell.value: cell.column_letter for cell in sheet[1]}[header]


def save_values(path: Path, values: dict[str, dict[str, float]]) -> None:
    """Put the values of formulas into a file that openpyxl wrote, as Excel would."""
    parts = parts_of(path)
    titles = openpyxl.load_workbook(path).sheetnames
    for title, cells in values.items():
        part = f"xl/worksheets/sheet{titles.index(title) + 1}.xml"
        for cell, number in cells.items():
            pattern = rb'(<c r="%s"[^>]*><f>[^<]*</f>)<v\s*(?:/>|></v>)' % cell.encode()
            value = rb"\1<v>%s</v>" % repr(number).encode()
            parts[part], count = re.subn(pattern, value, parts[part])
            assert count == 1, (title, cell)
    write_parts(path, parts)
