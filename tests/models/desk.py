"""Tiny books, their plans, and what is read off a plan: what the tests of the model share."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pytest

from models.case import Case
from models.plan import Plan
from models.plan import solve as solve_case
from planner.workbook import read_tables
from tests.reference.agreement import solved
from tests.reference.formulation import Flows

Row = dict[str, Any]
BookT = dict[str, list[Row]]

FIRST = 2026


def make(
    *refiners: Row,
    demand: float | Mapping[str, float | Sequence[float]] = 100.0,
    years: Sequence[int] = (FIRST,),
    settings: Mapping[str, object] | None = None,
    **sheets: list[Row],
) -> BookT:
    """Return a book of one mineral, copper, at 50 a t: a tonne short costs 500. Freight is 0.

    ``demand`` is by member, one number for all years or one a year; a sheet of two words is given
    with an underscore.
    """
    wanted = demand if isinstance(demand, Mapping) else {"A": demand}
    book: BookT = {
        "Settings": [{"Setting": "Default freight (USD/t)", "Value": 0}],
        "Minerals": [{"Mineral": "copper", "Price (USD/t)": 50}],
        "Members": [{"Member": name, "Country": None} for name in wanted],
        "Refiners": list(refiners),
        "Demand": [_wants(name, t, years) for name, t in wanted.items()],
    }
    for setting, value in (settings or {}).items():
        book["Settings"].append({"Setting": setting, "Value": value})
    for name, rows in sheets.items():
        book[name.replace("_", " ")] = rows
    return book


def _wants(member: str, tonnes: float | Sequence[float], years: Sequence[int]) -> Row:
    of_year = [tonnes] * len(years) if isinstance(tonnes, int | float) else tonnes
    return {"Mineral": "copper", "Member": member} | {
        str(year): t for year, t in zip(years, of_year, strict=True)
    }


def refiner(name: str, country: str, capacity: float, cost: float, **more: object) -> Row:
    """Return a row of Refiners for copper; ``more`` are columns, spaces as underscores."""
    return {
        "Refiner": name,
        "Mineral": "copper",
        "Country": country,
        "Capacity (t/yr)": capacity,
        "Cost (USD/t)": cost,
    } | {header.replace("_", " "): value for header, value in more.items()}


def jin(capacity: float = 100, **more: object) -> Row:
    """Return Jin of China, at 10 a t."""
    return refiner("Jin", "CHN", capacity, 10, **more)


def sur(capacity: float = 100, **more: object) -> Row:
    """Return Sur of Chile, at 20 a t."""
    return refiner("Sur", "CHL", capacity, 20, **more)


def new_works() -> Row:
    """Return a project of New in Australia: 100 t a year for 1 USD m, at 10 a t, from 2026 on."""
    return {
        "Project": "P",
        "Refiner": "New",
        "Mineral": "copper",
        "Country": "AUS",
        "Capacity (t/yr)": 100,
        "Capex (USD m)": 1,
        "Cost (USD/t)": 10,
        "First year": 2026,
    }


# ---- solving -----------------------------------------------------------------------------------


def read(book: Mapping[str, Sequence[Mapping[str, object]]]) -> Case:
    """Return the case of a book."""
    return read_tables(book).case


def solve_once(book: Mapping[str, Sequence[Mapping[str, object]]]) -> Plan:
    """Return the plan of a book."""
    return solve_case(read(book))


def solve(book: Mapping[str, Sequence[Mapping[str, object]]]) -> Plan:
    """Return the plan of a book, which costs what the second formulation says that it does."""
    plan = solve_once(book)
    assert plan.objective == pytest.approx(solved(book).objective, rel=1e-9, abs=1e-6)
    return plan


def changed(book: BookT, sheet: str, row: int, **cells: object) -> BookT:
    """Return a copy of a book with cells of one row set."""
    copied = copy.deepcopy(book)
    copied[sheet][row].update(cells)
    return copied


def slope(book: BookT, sheet: str, row: int, header: str, by: float = 1.0) -> float:
    """Return by how much the objective rises for each unit more in one cell, by solving again."""
    before = book[sheet][row][header]
    after = changed(book, sheet, row, **{header: before + by})
    return (solve(after).objective - solve(book).objective) / by


# ---- reading a plan ----------------------------------------------------------------------------


def tonnes(plan: Plan, **where: object) -> float:
    """Return the tonnes of the flows that match, such as refiner="Jin", year=2027."""
    return float(_matching(plan.flows, where)["tonnes"].sum())


def price(plan: Plan, member: str = "A", year: int = FIRST, mineral: str = "copper") -> float:
    """Return the marginal price of supply."""
    return float(one(plan.supply, member=member, year=year, mineral=mineral)["marginal_price"])


def short(plan: Plan, member: str = "A", year: int = FIRST, mineral: str = "copper") -> float:
    """Return the tonnes a member is short."""
    return float(one(plan.supply, member=member, year=year, mineral=mineral)["short"])


def rent(plan: Plan, name: str, year: int = FIRST) -> float:
    """Return the scarcity rent of a refiner's own capacity, not its projects'."""
    return float(one(plan.sources, refiner=name, project="", year=year)["rent"])


def one(table: pd.DataFrame, **where: object) -> pd.Series:
    """Return the one row of a table that matches."""
    found = _matching(table, where)
    assert len(found) == 1, found
    return found.iloc[0]


def cost(plan: Plan, heading: str) -> float:
    """Return the undiscounted money under a cost heading."""
    return float(one(plan.costs, heading=heading)["money"])


def _matching(table: pd.DataFrame, where: Mapping[str, object]) -> pd.DataFrame:
    for column, value in where.items():
        table = table[table[column] == value]
    return table


def neutral(plan: Plan) -> Flows:
    """Return a plan's tables in the reference's form; contracts go by their rows in the book."""
    rows = sorted(range(len(plan.case.contracts)), key=lambda k: plan.case.contracts[k].row)
    place = {k: i for i, k in enumerate(rows)}
    flows = Flows()
    for row in plan.flows.to_dict("records"):
        year, t = row["year"], row["tonnes"]
        if row["contract"] >= 0:
            flows.contracts.append((place[row["contract"]], year, t))
        else:
            source = (row["refiner"], row["project"] or None, row["mineral"])
            flows.spot.append((*source, row["member"], year, t))
    flows.stock = [
        (row["mineral"], row["member"], row["year"], row["closing"])
        for row in plan.stocks.to_dict("records")
    ]
    flows.builds = [
        (row["project"], row["year"], row["built"])
        for row in plan.projects.to_dict("records")
        if row["built"]
    ]
    flows.ore = [
        (row["mine_country"], row["refiner"], row["project"] or None, row["mineral"], row["year"],
         row["tonnes"])
        for row in plan.ore.to_dict("records")
    ]  # fmt: skip
    return flows
