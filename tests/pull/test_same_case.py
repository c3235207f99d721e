"""A case that is kept in a database is the case of the workbook, to the cell."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from models.plan import solve
from models.schema.evidence import FILLED
from planner.documents import data_in
from planner.workbook import read, read_tables
from planner.workbook.excel import open_excel
from planner.workbook.grid import header_and_rows
from planner.workbook.template import write_book
from tests.budget import at_length
from tests.csv_book import write_csv_book
from tests.reference.cases import EVERYTHING, random_book
from tests.reference.cases_sheets import BookT

PLAIN = Path(__file__).parents[2] / "inputs" / "plain.xlsx"


def book_of(seed: int) -> BookT:
    """Return a random book with numbers of 15 digits, which a workbook keeps."""
    tables = random_book(np.random.default_rng(seed), features=EVERYTHING)
    return {
        sheet: [{h: _short(v) for h, v in row.items()} for row in rows]
        for sheet, rows in tables.items()
    }


def _short(value):
    return float(f"{value:.15g}") if isinstance(value, float) else value


def headers_of(rows) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row))


def emptied(tables: BookT, place: str) -> BookT:
    """Return a book whose sheets with a key are empty, and filled from a table of their name."""
    filled = [sheet for sheet in FILLED if tables.get(sheet)]
    sources = [{"Sheet": s, "From": place, "Table or query": s} for s in filled]
    return {s: [] if s in filled else rows for s, rows in tables.items()} | {"Sources": sources}


def into_sqlite(path: Path, tables: BookT) -> None:
    file = sqlite3.connect(path)
    with file:
        for sheet, rows in tables.items():
            headers = headers_of(rows)
            names = ", ".join(f'"{h}"' for h in headers)
            marks = ", ".join("?" * len(headers))
            file.execute(f'CREATE TABLE "{sheet}" ({names})')
            file.executemany(
                f'INSERT INTO "{sheet}" VALUES ({marks})',
                [[row.get(h) for h in headers] for row in rows],
            )
    file.close()


def pulled(folder: Path, tables: BookT, place: str, *, as_csv: bool = False) -> Path:
    """Write the emptied book, pull, and return the copy."""
    if as_csv:
        book = emptied(tables, place)
        headers = {s: rows or [dict.fromkeys(headers_of(tables[s]))] for s, rows in book.items()}
        source = write_csv_book(folder / "empty", headers)
    else:
        source = folder / "empty.xlsx"
        write_book(source, emptied(tables, place))
    target = folder / ("full" if as_csv else "full.xlsx")
    return data_in.write_pulled(data_in.pull(source), target)


def assert_same(folder: Path, seed: int) -> None:
    tables = book_of(seed)
    folder.mkdir(exist_ok=True)
    into_sqlite(folder / "case.db", tables)
    wanted = read_tables(tables).case
    assert read(pulled(folder, tables, "case.db")).case.change(sources=()) == wanted
    (folder / "empty").mkdir()
    into_sqlite(folder / "empty" / "case.db", tables)
    folder_case = read(pulled(folder, tables, "case.db", as_csv=True)).case
    assert folder_case.change(sources=()) == wanted


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(2, 15)))
def test_random_books_from_a_database(tmp_path, seed) -> None:
    assert_same(tmp_path, seed)


def test_the_plain_input_from_a_database_gives_the_same_plan(tmp_path) -> None:
    grids = [g for g in open_excel(PLAIN).grids if g.title in {*FILLED, "Settings", "Share limits"}]
    tables: BookT = {}
    for grid in grids:
        header, *rows = header_and_rows(grid)
        full = [{h: v for h, v in zip(header, row, strict=True) if v != ""} for row in rows]
        tables[grid.title] = [{h: row.get(h) for h in header} for row in full]
    into_sqlite(tmp_path / "case.db", tables)
    given = read(pulled(tmp_path, tables, "case.db")).case.change(sources=())
    wanted = read_tables(tables).case
    assert given == wanted
    one, other = solve(given), solve(wanted)
    assert one.objective == other.objective
    assert one.flows.equals(other.flows)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(at_length(1, 3)))
def test_random_books_from_postgresql(tmp_path, postgres, monkeypatch, seed) -> None:
    sql, url = postgres
    monkeypatch.setenv("CASE_URL", url)
    tables = book_of(seed)
    sql("DROP SCHEMA IF EXISTS book CASCADE; CREATE SCHEMA book")
    sql("GRANT USAGE ON SCHEMA book TO buyer")
    for sheet, rows in tables.items():
        headers = headers_of(rows)
        cells = {h: [row.get(h) for row in rows] for h in headers}
        kinds = {
            h: "text" if any(isinstance(v, str) for v in values) else "double precision"
            for h, values in cells.items()
        }
        columns = ", ".join(f'"{h}" {kind}' for h, kind in kinds.items())
        lines = ", ".join(
            "(" + ", ".join(_sql(row.get(h), kinds[h]) for h in headers) + ")" for row in rows
        )
        sql(f'CREATE TABLE book."{sheet}" ({columns}); INSERT INTO book."{sheet}" VALUES {lines}')
    sql("GRANT SELECT ON ALL TABLES IN SCHEMA book TO buyer")
    book = emptied(tables, "CASE_URL")
    for row in book["Sources"]:
        row["Table or query"] = f"book.{row['Sheet']}"
    write_book(tmp_path / "empty.xlsx", book)
    full = data_in.write_pulled(data_in.pull(tmp_path / "empty.xlsx"), tmp_path / "full.xlsx")
    assert read(full).case.change(sources=()) == read_tables(tables).case


def _sql(value: object, kind: str) -> str:
    if value is None:
        return "NULL"
    if kind == "text":
        text = str(value).replace("'", "''")
        return f"'{text}'"
    return repr(float(value))
