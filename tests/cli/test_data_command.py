"""Plans and studies as tables: their sums are the workbook's, and a run is there once."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from models.errors import WriteError
from models.results import CATALOGUE
from planner.cli import main
from planner.documents import data_out
from planner.documents.data_out import RUN, data_of, table_name
from planner.studies import STUDIES
from tests.cli.desk import ROOT
from tests.csv_book import write_csv_book
from tests.order_book import write_order_book
from tests.small_book import small_book

PAGE = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
STUDIES_MADE = ("sweep", "stress", "compare", "ranges")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Plans and studies of the small book and of another."""
    folder = tmp_path_factory.mktemp("data")
    write_csv_book(folder / "small", small_book())
    write_order_book(folder / "two.xlsx")
    assert main(["solve", str(folder / "small"), "-o", str(folder / "small-plan.xlsx")]) == 0
    assert main(["solve", str(folder / "two.xlsx"), "-o", str(folder / "two-plan.xlsx")]) == 0
    for study in STUDIES_MADE:
        output = str(folder / f"small-{study}.xlsx")
        assert main([study, str(folder / "small"), "-o", output]) == 0
    return folder


@pytest.fixture
def books(made):
    return sorted(made.glob("*-*.xlsx"))


def rows(path: Path, *queries: str) -> list[tuple[object, ...]]:
    """Return what the last query selects."""
    with closing(sqlite3.connect(path)) as file, file:
        return [file.execute(query).fetchall() for query in queries][-1]


def counts(path: Path) -> dict[str, int]:
    names = [name for (name,) in rows(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: rows(path, f'SELECT COUNT(*) FROM "{name}"')[0][0] for name in names}


def sums_of(book: Path) -> dict[tuple[str, str], float]:
    """Return the sum of each column of numbers of a workbook, by sheet and header."""
    sums = {}
    for sheet in openpyxl.load_workbook(book).worksheets:
        header, *lines = sheet.iter_rows(values_only=True)
        for place, title in enumerate(header):
            cells = [line[place] for line in lines if len(line) > place]
            numbers = [c for c in cells if isinstance(c, int | float) and not isinstance(c, bool)]
            if numbers and isinstance(title, str):
                sums[sheet.title, title] = sum(numbers)
    return sums


# ---- the same numbers ----------------------------------------------------------------------------


@pytest.mark.slow
def test_sums_are_those_of_the_workbooks(made, books, tmp_path) -> None:
    assert main(["data", *map(str, books), "-o", str(tmp_path / "all.sqlite")]) == 0
    compared = Counter()
    for book in books:
        run, sums = data_of(book).run_id, sums_of(book)
        listed = rows(
            tmp_path / "all.sqlite",
            "SELECT table_name, column_name, sheet, header, unit FROM columns"
            " WHERE column_name NOT LIKE '%\\_code' ESCAPE '\\'"
            " AND column_name NOT IN ('text', 'value')",
        )
        for table, column, sheet, header, unit in listed:
            query = f'SELECT SUM("{column}") FROM "{table}" WHERE {RUN} = \'{run}\''
            ((total,),) = rows(tmp_path / "all.sqlite", query)
            title = f"{header} ({unit.replace('money', 'USD')})" if unit else header
            numbers = (sheet, title)
            if total not in {None, 0} and numbers in sums and isinstance(total, int | float):
                wanted = sums[numbers]
                if table in {"summary", "by_year"}:
                    continue
                assert total == pytest.approx(wanted, rel=1e-12), (book.name, table, column)
                compared[book.name] += 1
    assert all(compared[book.name] >= 10 for book in books), compared


@pytest.mark.slow
def test_every_row_of_every_declared_sheet_is_there(made, books) -> None:
    for book in books:
        data = data_of(book)
        read = openpyxl.load_workbook(book)
        for table in data.tables:
            if table.name in {"summary", "by_year"}:
                continue
            filled = [r for r in read[table.sheet].iter_rows(values_only=True) if any(r)]
            assert len(table) == len(filled) - 1, table.name
        declared = {r.TABLE for r in CATALOGUE.values()}
        sheets = {t.sheet for t in data.tables}
        assert sheets == {s for s in read.sheetnames if s in declared and s in sheets}
    plan = data_of(made / "small-plan.xlsx")
    assert len(plan.tables) >= 18


def test_summary_has_a_row_a_measure_and_mineral(made) -> None:
    (table,) = [t for t in data_of(made / "small-plan.xlsx").tables if t.name == "summary"]
    names = [column.name for column in table.columns]
    cells = {(row[names.index("measure")], row[names.index("mineral")]): row for row in table.rows}
    sheet = pd.read_excel(made / "small-plan.xlsx", "Summary", engine="openpyxl").set_index(
        "Measure"
    )
    value, text = names.index("value"), names.index("text")
    for mineral in ("Copper", "Lithium"):
        assert cells["Demand", mineral][value] == sheet.loc["Demand", mineral]
    assert cells["Plan title", ""][text] == "Small"
    assert cells["Total cost", ""][value] == sheet.loc["Total cost", "Value"]


def test_units_and_keys_are_listed(made, tmp_path) -> None:
    out = tmp_path / "one.db"
    assert main(["data", str(made / "small-plan.xlsx"), "-o", str(out)]) == 0
    wanted = [("cost", "money/t", 0), ("tonnes", "", 0), ("year", "", 1)]
    found = rows(
        out,
        "SELECT column_name, unit, is_key FROM columns WHERE table_name = 'plan'"
        " AND column_name IN ('cost', 'tonnes', 'year') ORDER BY 1",
    )
    assert found == wanted
    ((currency, sha, kind),) = rows(out, "SELECT currency, input_sha256, kind FROM runs")
    assert (currency, kind, len(sha)) == ("USD", "plan", 64)
    code = rows(out, "SELECT DISTINCT country, country_code FROM plan WHERE country = 'China'")
    assert code == [("China", "CHN")]


def test_names_of_tables_and_columns_are_unlike() -> None:
    for study in STUDIES.values():
        assert study.kind.RESULTS
    kept = [r for r in CATALOGUE.values() if r.BOOK not in {"orders", "difference"}]
    names = Counter(table_name(each) for each in kept if each.__module__.split(".")[0] != "tests")
    assert not [name for name, count in names.items() if count > 1]
    for kind in kept:
        fields = [f.name for f in kind.FIELDS]
        assert RUN not in fields
        assert not ({"text"} & {*fields} and "value" in fields), kind


# ---- once ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_same_plan_twice_doubles_no_row(made, books, tmp_path) -> None:
    out = tmp_path / "all.sqlite"
    assert main(["data", *map(str, books), "-o", str(out)]) == 0
    first = counts(out)
    assert first["runs"] == len(books)
    assert main(["data", *map(str, books), "-o", str(out)]) == 0
    assert counts(out) == first
    again = tmp_path / "again.xlsx"
    assert main(["solve", str(made / "small"), "-o", str(again)]) == 0
    assert main(["data", str(again), "-o", str(out)]) == 0
    assert counts(out) == first  # planned again, it is the same plan
    assert main(["solve", str(made / "small"), "--lose", "CHN", "-o", str(again)]) == 0
    assert main(["data", str(again), "-o", str(out)]) == 0
    assert counts(out)["runs"] == first["runs"] + 1
    assert counts(out)["plan"] > first["plan"]


OTHER = "the table {} in {} has other columns"
MINE = "{1} has a table {0}, not from planner data"


@pytest.mark.parametrize(
    ("statement", "book", "said"),
    [("ALTER TABLE plan DROP COLUMN landed", "two-plan", OTHER),
     ("ALTER TABLE plan RENAME COLUMN landed TO price", "two-plan", OTHER),
     ("ALTER TABLE runs ADD COLUMN more TEXT", "two-plan", OTHER),
     ("ALTER TABLE columns DROP COLUMN unit", "two-plan", OTHER),
     ("ALTER TABLE prices ADD COLUMN mine REAL", "two-plan", OTHER),
     ("CREATE TABLE sweep_frontier (a)", "small-sweep", MINE),
     ("CREATE TABLE Sweep_Frontier (a)", "small-sweep", MINE),
     ("CREATE VIEW sweep_frontier AS SELECT 1 AS a", "small-sweep", MINE),
     ("CREATE TABLE sweep_frontier (run_id, value)", "small-sweep", MINE),
     ("CREATE TABLE SWEEP_SMALLEST_CAPS (x)", "small-sweep", MINE)],
)  # fmt: skip
def test_nothing_is_added_to_a_table_of_others(  # noqa: PLR0917 - fixtures, and a case
    made, tmp_path, capsys, statement, book, said
) -> None:
    out = tmp_path / "old.sqlite"
    assert main(["data", str(made / "small-plan.xlsx"), "-o", str(out)]) == 0
    rows(out, statement)
    before = counts(out)
    assert main(["data", str(made / f"{book}.xlsx"), "-o", str(out)]) == 4
    assert said.format(statement.split()[2], out) in capsys.readouterr().err
    assert counts(out) == before


def test_parquet_of_another_version_is_refused(made, tmp_path, capsys) -> None:
    parquet, folder = pytest.importorskip("pyarrow.parquet"), tmp_path / "tables"
    assert main(["data", str(made / "small-plan.xlsx"), "-o", str(folder)]) == 0
    (file,) = (folder / "prices").iterdir()
    parquet.write_table(parquet.read_table(file).drop_columns(["year"]), file)
    assert main(["data", str(made / "two-plan.xlsx"), "-o", str(folder)]) == 4
    assert "the table prices in" in capsys.readouterr().err
    file.write_bytes(b"PAR1 but no more")
    assert main(["data", str(made / "two-plan.xlsx"), "-o", str(folder)]) == 4
    assert "is damaged or not a Parquet file" in capsys.readouterr().err
    assert parquet.read_table(folder / "runs").num_rows == 1


# ---- the user's own tables -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("CREATE TABLE mine (a)", "mine"),
        ("CREATE TABLE notes (a, b); INSERT INTO notes SELECT run_id, 'chosen' FROM runs", "notes"),
        ("CREATE TABLE [two words] (x)", "two words"),
        ("CREATE VIEW dear AS SELECT * FROM plan WHERE landed > 9000", "dear"),
        ("CREATE TABLE runs_of_mine AS SELECT * FROM runs", "runs_of_mine"),
    ],
)
def test_tables_of_the_user_stay_and_are_named(made, tmp_path, capsys, statement, name) -> None:
    out, plan = tmp_path / "one.sqlite", str(made / "small-plan.xlsx")
    assert main(["data", plan, "-o", str(out)]) == 0
    rows(out, *statement.split("; "))
    before = rows(out, f'SELECT * FROM "{name}"')
    assert main(["data", plan, str(made / "two-plan.xlsx"), "-o", str(out)]) == 0
    assert f"the table {name} is not from planner data" in capsys.readouterr().err
    if name != "dear":
        assert rows(out, f'SELECT * FROM "{name}"') == before


# ---- names ---------------------------------------------------------------------------------------


def test_names_of_columns_are_the_names_of_rows(tmp_path) -> None:
    """Members 007 and 7, one of 20 digits, and minerals whose columns had to be renamed."""
    members = {"Japan": "007", "Korea": "7", "Other EU": "12345678901234567890"}
    minerals = {"Copper": "Value", "Lithium": "L" * 220}
    new = members | minerals
    book = {
        sheet: [
            {new.get(k, k): v if "ountry" in k else new.get(v, v) for k, v in row.items()}
            for row in lines
        ]
        for sheet, lines in small_book().items()
    }
    book["Share limits"] = book["Share limits"][:1]
    write_csv_book(tmp_path / "odd", book)
    plan, out = str(tmp_path / "plan.xlsx"), tmp_path / "odd.sqlite"
    assert main(["solve", str(tmp_path / "odd"), "-o", plan]) == 0
    assert main(["bills", str(tmp_path / "odd"), "-o", str(tmp_path / "bills.xlsx")]) == 0
    assert main(["data", plan, str(tmp_path / "bills.xlsx"), "-o", str(out)]) == 0
    for table in ("summary", "prices", "by_mineral"):
        found = rows(out, f"SELECT DISTINCT mineral FROM {table} WHERE mineral != ''")
        assert {name for (name,) in found} == {*minerals.values()}, table
    found = rows(out, "SELECT DISTINCT member FROM bills_savings")
    assert {name for (name,) in found} - {"", "Coalition"} == {*members.values()}
    assert rows(out, "SELECT DISTINCT year FROM by_year ORDER BY 1") == [(2026,), (2027,)]


# ---- refused -------------------------------------------------------------------------------------


def test_what_is_refused(made, tmp_path, capsys) -> None:
    plan = str(made / "small-plan.xlsx")
    other = tmp_path / "other.sqlite"
    rows(other, "CREATE TABLE mine (a)")
    before = other.read_bytes()
    assert main(["data", plan, "-o", str(other)]) == 4
    assert other.read_bytes() == before
    (tmp_path / "text.db").write_text("not a database" * 100, encoding="utf-8")
    assert main(["data", plan, "-o", str(tmp_path / "text.db")]) == 4
    assert main(["data", plan, "-o", str(tmp_path / "plans.csv")]) == 2
    assert main(["data", str(made / "two.xlsx"), "-o", str(tmp_path / "x.db")]) == 1
    assert main(["data", "-o", str(tmp_path / "x.db")]) == 2
    assert main(["data", str(tmp_path / "none.xlsx"), "-o", str(tmp_path / "x.db")]) == 1
    assert not (tmp_path / "x.db").exists()
    capsys.readouterr()
    shutil.copy(plan, tmp_path / "plan.db")
    assert main(["data", str(tmp_path / "plan.db"), "-o", str(tmp_path / "plan.db")]) == 2


def test_a_file_that_another_program_writes_to(made, tmp_path, monkeypatch, capsys) -> None:
    out, plan = tmp_path / "one.sqlite", str(made / "small-plan.xlsx")
    assert main(["data", plan, "-o", str(out)]) == 0
    before = counts(out)
    monkeypatch.setattr("planner.documents.data_out._SECONDS", 0.2)
    other = sqlite3.connect(out)
    other.execute("BEGIN IMMEDIATE")
    assert main(["data", str(made / "two-plan.xlsx"), "-o", str(out)]) == 4
    assert "cannot be written: database is locked" in capsys.readouterr().err
    other.rollback()
    other.close()
    assert counts(out) == before
    assert main(["data", str(made / "two-plan.xlsx"), "-o", str(out)]) == 0


def fail_at_prices(monkeypatch) -> None:
    insert = data_out._insert_table

    def fails(file, path, table, run) -> None:
        if table.name == "prices":
            msg = "database or disk is full"
            raise sqlite3.OperationalError(msg)
        insert(file, path, table, run)

    monkeypatch.setattr(data_out, "_insert_table", fails)


def test_all_runs_or_none(made, tmp_path, monkeypatch) -> None:
    out, plan = tmp_path / "one.sqlite", str(made / "small-plan.xlsx")
    assert main(["data", plan, "-o", str(out)]) == 0
    before = counts(out)
    fail_at_prices(monkeypatch)
    assert main(["data", str(made / "two-plan.xlsx"), "-o", str(out)]) == 4
    assert counts(out) == before
    assert main(["data", plan, "-o", str(tmp_path / "new.sqlite")]) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["one.sqlite"]


def test_a_file_that_was_empty_stays_one(made, tmp_path, monkeypatch) -> None:
    out, plan = tmp_path / "one.sqlite", str(made / "small-plan.xlsx")
    out.touch()
    with monkeypatch.context() as patch:
        fail_at_prices(patch)
        assert main(["data", plan, "-o", str(out)]) == 4
    assert out.read_bytes() == b""
    assert main(["data", plan, "-o", str(out)]) == 0
    assert counts(out)["runs"] == 1


def test_a_file_still_empty_whose_lock_another_planner_has(made, tmp_path, monkeypatch) -> None:
    """The first has begun its transaction: the second gives up, and deletes nothing."""
    out, plan = tmp_path / "one.sqlite", str(made / "small-plan.xlsx")
    monkeypatch.setattr("planner.documents.data_out._SECONDS", 0.2)
    first = sqlite3.connect(out)
    first.execute("BEGIN IMMEDIATE")
    assert out.stat().st_size == 0
    assert main(["data", plan, "-o", str(out)]) == 4
    first.execute("CREATE TABLE mine (a)")
    first.commit()
    first.close()
    assert counts(out) == {"mine": 0}


def test_a_file_that_another_planner_makes_meanwhile(made, tmp_path, monkeypatch) -> None:
    out, plan = tmp_path / "one.sqlite", str(made / "small-plan.xlsx")
    link = os.link

    def later(source, target) -> None:
        monkeypatch.setattr(os, "link", link)
        assert main(["data", str(made / "two-plan.xlsx"), "-o", str(out)]) == 0
        link(source, target)

    monkeypatch.setattr(os, "link", later)
    assert main(["data", plan, "-o", str(out)]) == 0
    assert counts(out)["runs"] == 2


def test_a_file_system_without_links(made, tmp_path, monkeypatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refused)
    assert main(["data", str(made / "small-plan.xlsx"), "-o", str(tmp_path / "one.db")]) == 0
    assert counts(tmp_path / "one.db")["runs"] == 1


def test_json_of_a_run(made, tmp_path, capsys) -> None:
    out = tmp_path / "one.sqlite"
    capsys.readouterr()
    assert main(["data", str(made / "small-plan.xlsx"), "-o", str(out), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    (run,) = answer["runs"]
    assert run["rows"]["plan"] == counts(out)["plan"]
    assert rows(out, "SELECT run_id FROM runs") == [(run["run_id"],)]


@pytest.mark.parametrize(
    ("book", "cell", "value", "found"),
    [
        ("plan", "Plan!Year", 1e300, "1e+300 is not a whole number"),
        ("plan", "Plan!Year", 2026.5, "2026.5 is not a whole number"),
        ("plan", "By mineral!Years at limit", 10**20, "is not a whole number"),
        ("plan", "Plan!Owner country", 7, "7 is not a name"),
        ("compare", "Missing by year!Year", 2026.5, "2026.5 is not a whole number"),
        ("stress", "Stress by mineral!Mineral", 1e300, "1e+300 is not a name"),
    ],
)
def test_an_edited_year_count_or_name_is_an_error_at_its_cell(  # noqa: PLR0917 - fixtures, and a case
    made, tmp_path, capsys, book, cell, value, found
) -> None:
    edited = openpyxl.load_workbook(made / f"small-{book}.xlsx")
    sheet, _, header = cell.partition("!")
    column = next(c.column_letter for c in edited[sheet][1] if c.value == header)
    edited[sheet][f"{column}3"] = value
    edited.save(tmp_path / "edited.xlsx")
    for command, output in {"data": "x.db", "report": "x.html"}.items():
        assert main([command, str(tmp_path / "edited.xlsx"), "-o", str(tmp_path / output)]) == 1
        assert f"{sheet}!{column}3  error" in (err := capsys.readouterr().err)
        assert found in err
        assert not (tmp_path / output).exists()


# ---- Parquet -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_parquet_holds_what_sqlite_does(made, books, tmp_path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    out, folder = tmp_path / "all.sqlite", tmp_path / "tables"
    for _ in range(2):
        assert main(["data", *map(str, books), "-o", str(folder)]) == 0
    assert main(["data", *map(str, books), "-o", str(out)]) == 0
    for name, count in counts(out).items():
        table = parquet.read_table(folder / name)
        if name not in {"columns", "runs"}:
            assert table.num_rows == count, name
            wanted = rows(out, f'SELECT * FROM "{name}"')
            listed = [tuple(row.values()) for row in table.to_pylist()]
            assert sorted(map(repr, listed)) == sorted(map(repr, wanted))
    schema = parquet.read_schema(next((folder / "plan").iterdir()))
    assert schema.field("cost").metadata[b"unit"] == b"money/t"
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert main(["data", str(books[0]), "-o", str(tmp_path / "file")]) == 2


def test_a_run_is_listed_once_its_tables_are_there(made, books, tmp_path, monkeypatch) -> None:
    pytest.importorskip("pyarrow")
    put, done = data_out.save_file, []

    def until_prices(path, write, **more):
        if len(done) == 30:
            msg = "the disk is full"
            raise WriteError(msg)
        done.append(path.parent.name)
        return put(path, write, **more)

    monkeypatch.setattr(data_out, "save_file", until_prices)
    assert main(["data", *map(str, books), "-o", str(tmp_path / "tables")]) == 4
    assert "plan" in done
    assert not {"runs", "columns"} & {*done}
    monkeypatch.setattr(data_out, "save_file", lambda path, *_, **__: done.append(path.parent.name))
    assert main(["data", *map(str, books), "-o", str(tmp_path / "tables")]) == 0
    assert done[-len(books) :] == ["runs"] * len(books)


def test_without_pyarrow_the_extra_is_named(made, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert main(["data", str(made / "small-plan.xlsx"), "-o", str(tmp_path / "tables")]) == 2
    assert 'pip install "coalition-sourcing-planner[data]"' in capsys.readouterr().err


# ---- the page ------------------------------------------------------------------------------------


def test_examples_of_the_page(made, books, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["data", *map(str, books), "-o", "plans.sqlite"]) == 0
    queries = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    assert len(queries) == 2
    for query in queries:
        assert rows(Path("plans.sqlite"), query), query
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Copper" in done.stdout
