"""Sources that are odd: columns of one name, long rows and texts, letters that no cell can hold."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import openpyxl
import pytest

from tests.budget import few
from tests.csv_book import write_csv_book
from tests.pull.desk import COLUMNS, HEADER, PLANTS, book, pull, words, write, write_sqlite


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_excel(path: Path, *rows: tuple[object, ...]) -> None:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    made.save(path)


def write_parquet(path: Path, headers: tuple[str, ...], *columns: list[object]) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    with path.open("wb") as file:
        parquet.write_table(pa.table([pa.array(c) for c in columns], names=headers), file)


# ---- two columns of one name, rows longer than their header --------------------------------------

PRICES = "name=Mineral; price=Price (USD/t)"
TWICE = {
    "CSV": ("a.csv", None, lambda path: path.write_text("name,price,price\nCopper,1,2\n")),
    "CSV, in another case": (
        "a.csv", None, lambda path: path.write_text("name,price,PRICE \nCopper,1,2\n"),
    ),
    "workbook": (
        "a.xlsx", None, lambda path: write_excel(path, ("name", "price", "price"),
                                                 ("Copper", 1, 2)),
    ),
    "query": (
        "a.db", "SELECT plant AS name, tons AS price, cost AS price FROM plants", write_sqlite,
    ),
    "query of two tables": (
        "a.db", "SELECT a.metal AS name, a.cost AS price, b.tons AS Price FROM plants a, plants b",
        write_sqlite,
    ),
    "Parquet": (
        "a.parquet", None,
        lambda path: write_parquet(path, ("name", "price", "price"), ["Copper"], [1], [2]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", TWICE)
def test_two_columns_of_one_name_are_an_error(desk, capsys, kind) -> None:
    name, query, make = TWICE[kind]
    make(desk / name)
    case = write(desk / "case.xlsx", ("Minerals", name, query, PRICES))
    code, answer = pull(capsys, case, "-o", "new.xlsx")
    assert code == 1
    assert "has 2 columns named" in words(answer)
    assert not (desk / "new.xlsx").exists()


LONGER = {
    "CSV": ("a.csv", lambda path: path.write_text("name,price\nCopper,1,5\n"), "row 2"),
    "CSV with commas of decimals": (
        "a.csv", lambda path: path.write_text("name,price\nLithium,1\nCopper,1,5\n"), "row 3",
    ),
    "CSV, blank at its end": (
        "a.csv", lambda path: path.write_text("name,price\nCopper,1,,\n"), "row 2",
    ),
    "workbook": (
        "a.xlsx", lambda path: write_excel(path, ("name", "price"), ("Copper", 1, 2)), "C2",
    ),
    "workbook, a column without a header": (
        "a.xlsx", lambda path: write_excel(path, ("name", None, "price"), ("Copper", 1, 2)), "B2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", LONGER)
def test_a_row_longer_than_its_header_is_an_error(desk, capsys, kind) -> None:
    name, make, place = LONGER[kind]
    make(desk / name)
    case = write(desk / "case.xlsx", ("Minerals", name, None, PRICES))
    code, answer = pull(capsys, case, "-o", "new.xlsx")
    assert code == 1
    assert place in words(answer)


# ---- texts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["plant", "metal", "note"])
@pytest.mark.parametrize(("letter", "count"), [("x", 32_768), ("\U0001f600", 16_384)])
def test_a_text_that_no_cell_holds_is_an_error(desk, capsys, column, letter, count) -> None:
    """A cell holds 32,767 UTF-16 units; some letters are two."""
    plant = {"plant": "Atacama", "metal": "Lithium", "land": "Chile", "tons": 1.0, "note": "new"}
    plant[column] = letter * count
    with sqlite3.connect(desk / "p.db") as file:
        file.execute(f"CREATE TABLE plants ({', '.join(plant)})")
        file.execute("INSERT INTO plants VALUES (?, ?, ?, ?, ?)", [*plant.values()])
    file.close()
    columns = "plant=Refiner; metal=Mineral; land=Country; tons=Capacity (t/yr); note=Note"
    case = write(desk / "case.xlsx", ("Refiners", "p.db", None, columns))
    code, answer = pull(capsys, case, "-o", "new.xlsx")
    assert code == 1
    assert f"p.db, plants, row 1, {column}: the text has 32,768 characters" in words(answer)


NAMES = [
    "Ata\0cama",
    "Ata\x07cama",
    "Ata\x1f\x01cama",
    "Ata\ufffecama",
    "\x0bAtacama\x85",
    "A\u200bta",
]


@pytest.mark.parametrize("name", few(NAMES, 3))
@pytest.mark.parametrize("kind", ["workbook", "folder"])
def test_a_name_with_letters_that_no_cell_holds_is_added_once(desk, capsys, kind, name) -> None:
    write_sqlite(desk / "p.db", [(name, "Lithium", "Chile", 400.0, 9000.0)])
    source = ("Refiners", "p.db", None, COLUMNS)
    if kind == "workbook":
        case, new = write(desk / "case.xlsx", source), "new.xlsx"
    else:
        case, new = write_csv_book(desk / "case", book(source)), "new"
        (desk / "p.db").rename(case / "p.db")
    code, answer = pull(capsys, case, "-o", new)
    assert code == 0, words(answer)
    assert answer["sheets"]["Refiners"]["new"] == 1
    if kind == "folder":
        (case / "p.db").rename(desk / new / "p.db")
    code, again = pull(capsys, new)
    assert (code, again["cells"]) == (0, [])


@pytest.mark.parametrize("tonnes", [1.234, 12.345, 123.456, 1234.5, 0.125])
def test_tonnes_that_could_be_thousands_come_back(desk, capsys, tonnes) -> None:
    """In a folder whose cells semicolons separate, 1.234 alone is not clear."""
    case = write_csv_book(
        desk / "case", book(("Budget", "b.csv", None, "y=Year; m=Capex (USD m)")), separator=";"
    )
    (case / "b.csv").write_text(f"y,m\n2026,{tonnes}\n", encoding="utf-8")
    code, answer = pull(capsys, case, "-o", "new")
    assert code == 0, words(answer)
    (case / "b.csv").rename(desk / "new" / "b.csv")
    code, again = pull(capsys, "new")
    assert (code, again["cells"]) == (0, []), words(again)


# ---- folders -------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="names that are bytes")
@pytest.mark.parametrize("name", ["p.csv", "p.xlsx", "p.db", "p.parquet"])
def test_a_folder_whose_name_is_not_utf_8(desk, capsys, name) -> None:
    folder = desk / os.fsdecode(b"caf\xe9 \xff")
    folder.mkdir()
    write_excel(folder / "p.xlsx", HEADER, *PLANTS)
    write_sqlite(folder / "p.db")
    lines = [HEADER, *PLANTS]
    (folder / "p.csv").write_text("\n".join(",".join(map(str, line)) for line in lines))
    if name == "p.parquet":
        write_parquet(folder / name, HEADER, *map(list, zip(*PLANTS, strict=True)))
    case = write(folder / "case.xlsx", ("Refiners", name, None, COLUMNS))
    os.chdir(folder)
    code, answer = pull(capsys, case, "-o", folder / "new.xlsx")
    assert code == 0, words(answer)
    assert answer["sheets"]["Refiners"] == {"rows": 4, "new": 1, "only_here": 1}
    assert (folder / "new.xlsx").exists()
