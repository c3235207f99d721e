"""What the tests of pull share: a workbook with sources, and what a command says of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

import openpyxl

from planner.cli import main
from planner.workbook.template import write_book
from tests.small_book import Tables, small_book

HEADERS = ("Sheet", "From", "Table or query", "Columns", "Where")
PLANTS = [  # name, mineral, country, tonnes, cost
    ("Codelco", "Copper", "CHL", 1000.0, 8100.0),
    ("jiangxi", "copper", "China", 5000.0, 7500.0),
    ("Ganfeng", "Lithium", "China", 950.5, 10000.0),
    ("Atacama", "Lithium", "Chile", 400.0, 9000.0),
]
COLUMNS = "plant=Refiner; metal=Mineral; land=Country; tons=Capacity (t/yr); cost=Cost"
HEADER = ("plant", "metal", "land", "tons", "cost")


def book(*sources: Sequence[object]) -> Tables:
    """The small book with rows in Sources."""
    tables = small_book()
    tables["Sources"] = [dict(zip(HEADERS, row, strict=False)) for row in sources]
    return tables


def write(path: Path, *sources: Sequence[object]) -> Path:
    """Write the small book, with sources, as a workbook."""
    write_book(path, book(*sources))
    return path


def write_csv(path: Path, rows: Iterable[Sequence[object]] = PLANTS, header=HEADER) -> None:
    lines = [header, *rows]
    path.write_text("\n".join(",".join(map(str, line)) for line in lines), encoding="utf-8")


def write_sqlite(path: Path, rows: Iterable[Sequence[object]] = PLANTS) -> None:
    file = sqlite3.connect(path)
    with file:
        file.execute("CREATE TABLE plants (plant, metal, land, tons REAL, cost REAL)")
        file.executemany("INSERT INTO plants VALUES (?, ?, ?, ?, ?)", rows)
    file.close()


def pull(capsys, *arguments: object) -> tuple[int, dict]:
    """Run the command; return its exit code and answer."""
    capsys.readouterr()
    code = main(["pull", *map(str, arguments), "--json"])
    return code, json.loads(capsys.readouterr().out)


def changes(answer: dict) -> dict[tuple[str, str], tuple[object, object]]:
    """Return each change: row and column to before and after."""
    return {(c["row"], c["column"]): (c["before"], c["after"]) for c in answer["cells"]}


def rows_of(path: Path, sheet: str) -> list[tuple[object, ...]]:
    return list(openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True))


def words(answer: dict) -> str:
    return " ".join(error["message"] for error in answer["errors"])
