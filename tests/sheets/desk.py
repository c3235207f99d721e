"""A tiny case whose plan is known by hand, and what the tests of the sheets share."""

from __future__ import annotations

import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl

from models.plan import Plan, solve
from planner.sheets import Table, tables, write_plan
from planner.sheets.context import Context
from planner.workbook import Book, read_tables
from tests.models import desk

BookT = dict[str, list[dict[str, Any]]]

OPTIONS = {"Max country share": "0.6"}
TIMINGS = {"read": 0.25}
refiner = partial(desk.refiner, Available_share=1)


def rows(**changes: Any) -> BookT:
    """Return two refiners, two members, two years; China may give 60 % of demand.

    2026: China 60 t at 11, Chile 30 t at 21, short 10 t. 2027: China 96, Chile 30, short 34.
    Without the limit China gives 100 t in both years, and 30 t are short in 2027 alone.
    """
    book: BookT = {
        "Settings": [
            {"Setting": "Default freight (USD/t)", "Value": 1},
            {"Setting": "Plan title", "Value": "Two works"},
        ],
        "Minerals": [{"Mineral": "copper", "Price (USD/t)": 50, "Unit": "t Cu"}],
        "Members": [{"Member": "A", "Country": "France"}, {"Member": "B", "Country": "Japan"}],
        "Refiners": [
            refiner("China works", "China", 100, 10, Note="the large one", Source="a table"),
            refiner("Chile works", "Chile", 30, 20),
        ],
        "Demand": [
            {"Mineral": "copper", "Member": "A", "2026": 60, "2027": 100},
            {"Mineral": "copper", "Member": "B", "2026": 40, "2027": 60},
        ],
        "Share limits": [{"Limit": "max", "Supplier group": "country", "Share": 0.6}],
    }
    return book | changes


def plans(book: Book) -> tuple[Plan, Plan | None]:
    """Return the plan, and the one without share limits where there are any."""
    free = solve(book.case.change(share_limits=())) if book.case.share_limits else None
    return solve(book.case), free


def context(book) -> Context:
    read = read_tables(book)
    plan, free = plans(read)
    return Context(plan, read, free)


def with_peru(**changes):
    """Peru may give 40 t at 60: dearer than the others, cheaper than a shortage.

    2026: China 60, Chile 30, Peru 10 of 100 t. 2027: China 96, Chile 30, Peru 34 of 160 t.
    """
    book = rows(**changes)
    book["Refiners"] = [*book["Refiners"], refiner("Peru works", "Peru", 40, 60)]
    return book


def made(book: BookT) -> dict[str, Table]:
    """Return the sheets of a book's plan."""
    read = read_tables(book)
    plan, free = plans(read)
    return tables(plan, read, without_limits=free, options=OPTIONS, timings=TIMINGS)


def written(path: Path, book: BookT) -> openpyxl.Workbook:
    """Write a book's plan and open it."""
    read = read_tables(book)
    plan, free = plans(read)
    write_plan(path, plan, read, without_limits=free, options=OPTIONS, timings=TIMINGS)
    return openpyxl.load_workbook(path)


def measures(table: Table) -> dict[str, Any]:
    """Return Summary's values by measure, those of a mineral as ``Shortage: copper``."""
    names = table.column("Measure").values
    columns = {"": table.column("Value").values}
    columns |= {f": {c.header}": c.values for c in table.columns[3:-1]}
    return {
        f"{name}{of}": value
        for of, values in columns.items()
        for name, value in zip(names, values, strict=True)
    }


def parts(path: Path, folder: str) -> list[str]:
    """Return the texts of a workbook's parts below a folder of its archive."""
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.startswith(folder) and n.endswith(".xml")]
        return [archive.read(name).decode() for name in sorted(names)]
