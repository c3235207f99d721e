"""Plans and studies as tables: their sums are the workbook's, and a run is there once."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

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


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    file = sqlite3.connect(path)
    try:
        return file.execute(query).fetchall()
    finally:
        file.close()


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


def test_sums_are_those_of_the_workbooks(made, books, tmp_path) -> None:
    assert main(["data", *map(str, books), "-o", str(tmp_path / "all.sqlite")]) == 0
    compared = Counter()
    for book in books:
        run, sums = data_of(book).run, sums_of(book)
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
    cells = {
        (row[names.index("measure")], row[names.index("mineral")]): row
        for row in zip(*table.values, strict=True)
    }
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


def test_a_file_of_an_earlier_version_gains_columns(made, tmp_path) -> None:
    out = tmp_path / "old.sqlite"
    assert main(["data", str(made / "small-plan.xlsx"), "-o", str(out)]) == 0
    file = sqlite3.connect(out)
    file.execute("ALTER TABLE plan DROP COLUMN landed")
    file.close()
    assert main(["data", str(made / "two-plan.xlsx"), "-o", str(out)]) == 0
    missing = rows(out, "SELECT COUNT(*) FROM plan WHERE landed IS NULL")
    assert missing == rows(
        out, "SELECT COUNT(*) FROM plan JOIN runs USING (run_id) WHERE file = 'small-plan.xlsx'"
    )


# ---- refused -------------------------------------------------------------------------------------


def test_what_is_refused(made, tmp_path, capsys) -> None:
    plan = str(made / "small-plan.xlsx")
    other = tmp_path / "other.sqlite"
    file = sqlite3.connect(other)
    file.execute("CREATE TABLE mine (a)")
    file.commit()
    file.close()
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


def test_all_runs_or_none(made, tmp_path, monkeypatch) -> None:
    out, plan = tmp_path / "one.sqlite", str(made / "small-plan.xlsx")
    assert main(["data", plan, "-o", str(out)]) == 0
    before = counts(out)
    insert = data_out._insert_table

    def fails(file, table, run) -> None:
        if table.name == "prices":
            msg = "database or disk is full"
            raise sqlite3.OperationalError(msg)
        insert(file, table, run)

    monkeypatch.setattr(data_out, "_insert_table", fails)
    assert main(["data", str(made / "two-plan.xlsx"), "-o", str(out)]) == 4
    assert counts(out) == before
    assert main(["data", plan, "-o", str(tmp_path / "new.sqlite")]) == 4
    assert not (tmp_path / "new.sqlite").exists()


def test_json_of_a_run(made, tmp_path, capsys) -> None:
    out = tmp_path / "one.sqlite"
    capsys.readouterr()
    assert main(["data", str(made / "small-plan.xlsx"), "-o", str(out), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    (run,) = answer["runs"]
    assert run["rows"]["plan"] == counts(out)["plan"]
    assert rows(out, "SELECT run_id FROM runs") == [(run["run_id"],)]


# ---- Parquet -------------------------------------------------------------------------------------


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


def test_without_pyarrow_the_extra_is_named(made, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert main(["data", str(made / "small-plan.xlsx"), "-o", str(tmp_path / "tables")]) == 2
    assert 'pip install ".[data]"' in capsys.readouterr().err


# ---- the page ------------------------------------------------------------------------------------


def test_examples_of_the_page(made, books, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["data", *map(str, books), "-o", "plans.sqlite"]) == 0
    queries = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    assert len(queries) == 3
    for query in queries:
        assert rows(Path("plans.sqlite"), query), query
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Copper" in done.stdout
