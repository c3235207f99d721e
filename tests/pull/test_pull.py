"""Sheets filled from files: rows by their key, cell by cell, and nothing else touched."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
from pathlib import Path

import openpyxl
import pytest

from models.errors import InputError
from planner.cli import main
from planner.documents import data_in, tables_in
from planner.documents.tables_in import SourceError, refuse_writing
from planner.workbook import read
from planner.workbook.edit import formula_cells
from planner.workbook.template import write_book
from tests.cli.roll.book import save_values
from tests.csv_book import write_csv_book
from tests.parts import parts_of
from tests.pull.desk import (
    COLUMNS,
    HEADER,
    PLANTS,
    book,
    changes,
    pull,
    rows_of,
    words,
    write,
    write_csv,
    write_sqlite,
)

WANTED = {
    ("Codelco + Copper", "Cost (USD/t)"): (8000, 8100.0),
    ("Ganfeng + Lithium", "Capacity (t/yr)"): (900, 950.5),
    ("Atacama + Lithium", "Refiner"): (None, "Atacama"),
    ("Atacama + Lithium", "Mineral"): (None, "Lithium"),
    ("Atacama + Lithium", "Country"): (None, "Chile"),
    ("Atacama + Lithium", "Capacity (t/yr)"): (None, 400.0),
    ("Atacama + Lithium", "Cost (USD/t)"): (None, 9000.0),
}


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_parquet(path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = dict(zip(HEADER, map(list, zip(*PLANTS, strict=True)), strict=True))
    parquet.write_table(pa.table(columns), path)


def write_excel(path: Path) -> None:
    made = openpyxl.Workbook()
    made.active.title = "Plants"
    for row in (HEADER, *PLANTS):
        made.active.append(row)
    made.create_sheet("Notes")["A1"] = "nothing here"
    made.save(path)


FILES = {
    "plants.csv": (write_csv, ""),
    "plants.xlsx": (write_excel, "plants"),
    "plants.parquet": (write_parquet, ""),
    "plants.sqlite": (write_sqlite, ""),
    "named.db": (write_sqlite, "Plants"),
    "asked.db": (write_sqlite, "SELECT *, 'a;b' FROM plants WHERE tons > 0 -- all"),
}


@pytest.mark.parametrize("name", FILES)
def test_each_kind_of_file_gives_the_same_changes(desk, capsys, name) -> None:
    make, table = FILES[name]
    make(desk / name)
    case = write(desk / "case.xlsx", ("Refiners", name, table, COLUMNS))
    before = case.read_bytes()
    code, answer = pull(capsys, case)
    assert code == 0, words(answer)
    assert changes(answer) == WANTED
    assert answer["sheets"] == {"Refiners": {"rows": 4, "new": 1, "only_here": 1}}
    assert answer["output"] is None
    assert case.read_bytes() == before
    assert list(desk.glob("*.xlsx")) in ([case], [case, desk / name], [desk / name, case])


def test_copy_has_the_values_and_pulling_again_changes_nothing(desk, capsys) -> None:
    write_csv(desk / "plants.csv")
    case = write(desk / "case.xlsx", ("Refiners", "plants.csv", None, COLUMNS))
    before = case.read_bytes()
    code, answer = pull(capsys, case, "-o", "new.xlsx")
    assert (code, answer["output"]) == (0, "new.xlsx")
    assert case.read_bytes() == before
    refiners = {r.name: r for r in read(desk / "new.xlsx").case.refiners}
    assert refiners["Atacama"].capacity.base == 400
    assert refiners["Codelco"].cost.base == 8100
    today = dt.datetime.now(dt.UTC).date().isoformat()
    assert refiners["Codelco"].source == f"Cost: plants.csv, {today}"
    assert refiners["Atacama"].source == f"Country, Capacity, Cost: plants.csv, {today}"
    assert refiners["Onsan"].source == ""
    code, answer = pull(capsys, "new.xlsx", "-o", "again.xlsx")
    assert (code, answer["cells"]) == (0, [])
    assert parts_of("new.xlsx") == parts_of("again.xlsx")


def test_rows_typed_by_hand_survive(desk, capsys) -> None:
    write_csv(desk / "plants.csv")
    tables = book(("Refiners", "plants.csv", None, COLUMNS))
    tables["Refiners"][3]["Note"] = "typed by hand"
    tables["Refiners"][0]["Source"] = "USGS 2025; Cost: plants.csv, 2020-01-01"
    write_book(desk / "case.xlsx", tables)
    assert pull(capsys, "case.xlsx", "-o", "new.xlsx")[0] == 0
    old, new = rows_of(desk / "case.xlsx", "Refiners"), rows_of(desk / "new.xlsx", "Refiners")
    assert new[4] == old[4]
    assert new[4][old[0].index("Note")] == "typed by hand"
    source = new[1][new[0].index("Source")]
    assert re.fullmatch(r"USGS 2025; Cost: plants.csv, 20\d\d-\d\d-\d\d", source)
    before, after = (openpyxl.load_workbook(desk / name) for name in ("case.xlsx", "new.xlsx"))
    for sheet in set(book()) - {"Refiners", "Sources"}:
        assert [*before[sheet].values] == [*after[sheet].values]


def test_formats_formulas_and_tables_stay(desk, capsys) -> None:
    write_csv(desk / "plants.csv")
    made = openpyxl.load_workbook(
        write(desk / "plain.xlsx", ("Refiners", "plants.csv", None, COLUMNS))
    )
    sheet = made["Refiners"]
    header = [cell.value for cell in sheet[1]]
    capacity = header.index("Capacity (t/yr)") + 1
    sheet.cell(4, capacity).number_format = '0.0" t"'
    sheet.cell(4, capacity).font = openpyxl.styles.Font(bold=True)
    sheet.cell(2, header.index("Cost (USD/t)") + 1).value = "=4000*2"
    made.save(desk / "case.xlsx")
    place = f"{openpyxl.utils.get_column_letter(header.index('Cost (USD/t)') + 1)}2"
    save_values(desk / "case.xlsx", {"Refiners": {place: 8000}})
    assert formula_cells(desk / "case.xlsx")["Refiners"] == {place}
    code, answer = pull(capsys, "case.xlsx", "-o", "new.xlsx")
    assert code == 0, words(answer)
    kept = {(c["row"], c["column"]): c["note"] for c in answer["cells"] if c["note"]}
    assert kept == {("Codelco + Copper", "Cost (USD/t)"): "kept: a formula"}
    new = openpyxl.load_workbook("new.xlsx")["Refiners"]
    assert new.cell(4, capacity).value == 950.5
    assert new.cell(4, capacity).number_format == '0.0" t"'
    assert new.cell(4, capacity).font.bold
    assert new.cell(2, header.index("Cost (USD/t)") + 1).value == "=4000*2"
    assert read(desk / "new.xlsx").case.refiners  # its saved value is still there
    (cell,) = pull(capsys, "new.xlsx")[1]["cells"]
    assert cell["note"] == "kept: a formula"


def test_an_excel_table_grows(desk, capsys) -> None:
    from openpyxl.worksheet.table import Table

    write_csv(desk / "plants.csv")
    made = openpyxl.load_workbook(
        write(desk / "plain.xlsx", ("Refiners", "plants.csv", None, COLUMNS))
    )
    sheet = made["Refiners"]
    sheet.auto_filter.ref = None
    last = openpyxl.utils.get_column_letter(sheet.max_column)
    sheet.add_table(Table(displayName="plants", ref=f"A1:{last}5"))
    made.save(desk / "case.xlsx")
    assert pull(capsys, "case.xlsx", "-o", "new.xlsx")[0] == 0
    table = openpyxl.load_workbook("new.xlsx")["Refiners"].tables["plants"]
    assert table.ref == f"A1:{last}6"


def test_a_folder_of_csv_files(desk, capsys) -> None:
    folder = write_csv_book(
        desk / "case", book(("Refiners", "in/plants.csv", None, COLUMNS)), separator=";", mark=","
    )
    (folder / "in").mkdir()
    write_csv(folder / "in" / "plants.csv")
    before = {p.name: p.read_bytes() for p in folder.glob("*.csv")}
    code, answer = pull(capsys, "case", "-o", "new")
    assert code == 0, words(answer)
    assert changes(answer) == WANTED
    after = {p.name: p.read_bytes() for p in (desk / "new").glob("*.csv")}
    assert {n for n in before if after[n] != before[n]} == {"refiners.csv"}
    assert {p.name: p.read_bytes() for p in folder.glob("*.csv")} == before
    refiners = {r.name: r for r in read(desk / "new").case.refiners}
    assert refiners["Ganfeng"].capacity.base == 950.5
    (desk / "new" / "in").mkdir()
    write_csv(desk / "new" / "in" / "plants.csv")
    assert pull(capsys, "new")[1]["cells"] == []
    assert pull(capsys, "case", "-o", "case")[0] == 2
    assert pull(capsys, "case", "-o", "new")[0] == 4


def test_units_columns_by_year_and_conditions(desk, capsys) -> None:
    (desk / "d.csv").write_text(
        "who,what,kt26,kt30,status\nJapan,Copper,0.7,1.5,final\nKorea,Copper,9,9,draft\n", "utf-8"
    )
    case = write(
        desk / "case.xlsx",
        ("Demand", "d.csv", None, "who=Member; what=Mineral; kt26=2026 (kt)", "status=FINAL"),
        ("Refiners", "p.csv", None, "p=Refiner; m=Mineral; c=Capacity 2029 (kt/yr)"),
    )
    (desk / "p.csv").write_text("p,m,c\nOnsan,Copper,0.75\n", "utf-8")
    code, answer = pull(capsys, case, "-o", "new.xlsx")
    assert code == 0, words(answer)
    assert changes(answer) == {
        ("Japan + Copper", "2026"): (600, 700.0),
        ("Onsan + Copper", "Capacity 2029 (t/yr)"): (None, 750.0),
    }
    onsan = next(r for r in read(desk / "new.xlsx").case.refiners if r.name == "Onsan")
    assert dict(onsan.capacity.steps)[2029] == 750
    assert pull(capsys, "new.xlsx")[1]["cells"] == []


def test_columns_of_the_same_name_need_no_mapping(desk, capsys) -> None:
    write_csv(desk / "x.csv", [("Copper", 9100)], ("mineral", "price (USD/t)"))
    case = write(desk / "case.xlsx", ("Minerals", "x.csv"))
    assert changes(pull(capsys, case)[1]) == {("Copper", "Price (USD/t)"): (9000, 9100)}


def test_a_source_that_names_its_own_source(desk, capsys) -> None:
    header = ("mineral", "price (USD/t)", "Source", "Note")
    write_csv(desk / "x.csv", [("Copper", 9100, "LME of today", "spot")], header)
    case = write(desk / "case.xlsx", ("Minerals", "x.csv"))
    assert pull(capsys, case, "-o", "new.xlsx")[0] == 0
    copper = read(desk / "new.xlsx").case.minerals[0]
    assert re.fullmatch(r"LME of today; Price, Note: x.csv, \d{4}-\d\d-\d\d", copper.source)
    assert copper.note == "spot"
    assert pull(capsys, "new.xlsx")[1]["cells"] == []


def test_a_blank_cell_of_theirs_leaves_ours(desk, capsys) -> None:
    write_csv(desk / "x.csv", [("Copper", ""), ("Lithium", 11000)], ("mineral", "price (USD/t)"))
    case = write(desk / "case.xlsx", ("Minerals", "x.csv"))
    assert changes(pull(capsys, case)[1]) == {("Lithium", "Price (USD/t)"): (12000.5, 11000)}


WRONG = {
    "no such file": ("B", ("Minerals", "none.csv"), "none.csv: there is no such file"),
    "no such sheet": ("A", ("Refinery", "x.csv"), "Did you mean 'Refiners'?"),
    "a sheet without a key": ("A", ("Lanes", "x.csv"), "expected Minerals"),
    "no such column of theirs": ("D", ("Minerals", "x.csv", None, "minerals=Mineral"),
                                 "did you mean 'mineral'?"),
    "no such column of ours": ("D", ("Minerals", "x.csv", None, "mineral=Mineral; price=Prise"),
                               "did you mean 'Price'?"),
    "no key": ("D", ("Minerals", "x.csv", None, "price=Price"),
               "is for Mineral, which is needed to identify rows"),
    "a unit that cannot be": ("D", ("Minerals", "x.csv", None, "mineral=Mineral; price=Price (t)"),
                              "Price (t)"),
    "no pair": ("D", ("Minerals", "x.csv", None, "mineral"), "write pairs as theirs=ours"),
    "no condition": ("E", ("Minerals", "x.csv", None, None, "state=1"), "has no column 'state'"),
    "half a condition": ("E", ("Minerals", "x.csv", None, None, "Chile"), "theirs=ours"),
    "a table of a file of one": ("C", ("Minerals", "x.csv", "prices"),
                                 "leave Table or query blank"),
    "no such sheet of theirs": ("C", ("Minerals", "x.xlsx", "Nobody"), "has no sheet 'Nobody'"),
    "a query that writes": ("C", ("Minerals", "x.db", "SELECT 1; DROP TABLE plants"), "more than"),
    "a query with a slip": ("C", ("Minerals", "x.db", "SELECT nothing FROM plants"), "nothing"),
    "a path outside": ("B", ("Minerals", "../secret.csv"), "is not in the workbook's folder"),
    "an absolute path": ("B", ("Minerals", "/etc/secret.csv"), "is not in the workbook's folder"),
    "no variable": ("B", ("Minerals", "NO_SUCH_DATABASE", "prices"), "NO_SUCH_DATABASE is not set"),
    "neither": ("B", ("Minerals", "a file.txt"), "neither a file (.csv, .parquet"),
    "words in a number": ("B", ("Minerals", "bad.csv"),
                          "bad.csv, row 2, price (USD/t): the text 'n/a'"),
    "out of bounds": ("B", ("Minerals", "low.csv"),
                      "low.csv, row 3, price (USD/t): the number -1"),
    "twice": ("B", ("Minerals", "twice.csv"), "has copper twice, in rows 2 and 3"),
    "a strange encoding": ("B", ("Minerals", "latin.csv"), "latin.csv, row 2"),
    "two columns for one": (
        "D", ("Minerals", "x.csv", None, "mineral=Mineral; price=Price; price=Price"),
        "two columns of x.csv are for Price",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("column", "source", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_at_its_cell(desk, capsys, column, source, message) -> None:
    (desk / "inner").mkdir()
    write_csv(desk / "secret.csv", [("Copper", 1)], ("mineral", "price"))
    here = desk / "inner"
    header = ("mineral", "price (USD/t)")
    write_csv(here / "x.csv", [("Copper", 1)], ("mineral", "price"))
    write_csv(here / "bad.csv", [("Copper", "n/a")], header)
    write_csv(here / "low.csv", [("Copper", 1), ("Lithium", -1)], header)
    write_csv(here / "twice.csv", [("Copper", 1), ("copper", 2)], header)
    write_sqlite(here / "x.db")
    write_excel(here / "x.xlsx")
    (here / "latin.csv").write_bytes("mineral,price\nCôpper,1\n".encode("cp1252"))
    case = write(here / "case.xlsx", source)
    code, answer = pull(capsys, case, "-o", here / "new.xlsx")
    assert code == 1
    assert message in words(answer)
    assert [(e["sheet"], e["cell"]) for e in answer["errors"]] == [("Sources", f"{column}2")]
    assert not (here / "new.xlsx").exists()


def test_without_sources_it_says_so(desk, capsys) -> None:
    from tests.small_book import small_book

    write_book(desk / "case.xlsx", small_book())
    text = words(pull(capsys, "case.xlsx")[1])
    assert "there is no source" in text
    assert " planner new FILE --with Sources writes an example." in text


def test_never_over_the_input_and_in_its_own_kind(desk, capsys) -> None:
    write_csv(desk / "plants.csv")
    case = write(desk / "case.xlsx", ("Refiners", "plants.csv", None, COLUMNS))
    before = case.read_bytes()
    (desk / "link.xlsx").symlink_to(case)
    for output in ("case.xlsx", "./case.xlsx", "link.xlsx", "new.csv", "new"):
        assert pull(capsys, case, "-o", output)[0] == 2
    assert case.read_bytes() == before


def test_a_workbook_with_errors_can_be_filled(desk, capsys) -> None:
    write_csv(desk / "plants.csv")
    tables = book(("Refiners", "plants.csv", None, COLUMNS))
    tables["Refiners"][2]["Capacity (t/yr)"] = "n/a"
    write_book(desk / "case.xlsx", tables)
    code, answer = pull(capsys, "case.xlsx", "-o", "new.xlsx")
    assert code == 0
    assert changes(answer)["Ganfeng + Lithium", "Capacity (t/yr)"] == ("n/a", 950.5)
    assert main(["check", "new.xlsx"]) == 0


def test_text_for_a_person(desk, capsys) -> None:
    write_csv(desk / "plants.csv")
    case = write(desk / "case.xlsx", ("Refiners", "plants.csv", None, COLUMNS))
    assert main(["pull", str(case)]) == 0
    text = capsys.readouterr().err
    assert "Codelco + Copper Cost (USD/t): 8000 -> 8100" in text
    assert "4 rows read, 1 row new, 1 row only here; 7 cells differ" in text
    assert "name a copy to write: -o NEW" in text


def test_formulas_from_a_source_are_texts(desk, capsys) -> None:
    write_sqlite(desk / "p.db", [("=cmd|' /C calc'!A1", "Copper", "Chile", 1.0, 1.0)])
    case = write(desk / "case.xlsx", ("Refiners", "p.db", None, COLUMNS))
    assert pull(capsys, case, "-o", "new.xlsx")[0] == 0
    cell = openpyxl.load_workbook("new.xlsx")["Refiners"]["A6"]
    assert (cell.data_type, cell.value) == ("s", "=cmd|' /C calc'!A1")
    folder = write_csv_book(desk / "case", book(("Refiners", "p.db", None, COLUMNS)))
    shutil.copy(desk / "p.db", folder / "p.db")
    assert pull(capsys, "case", "-o", "new")[0] == 0
    assert "'=cmd|" in (desk / "new" / "refiners.csv").read_text(encoding="utf-8")
    assert read(desk / "new").case.refiners[0].name.startswith("=cmd")


# ---- hostile files -------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["rows", "columns", "long text", "no parquet", "cut off"])
def test_parquet_bombs(desk, capsys, kind) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    if kind == "rows":
        column = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000_000, pa.int8()), ["Copper"])
        table = pa.table({"mineral": column})
    elif kind == "columns":
        table = pa.table({f"c{i}": [1] * 2000 for i in range(5000)})
    else:
        texts = pa.DictionaryArray.from_arrays(
            pa.array([0] * 100_000, pa.int8()), ["x" * 1_000_000]
        )
        table = pa.table({"mineral": texts})
    parquet.write_table(table, desk / "x.parquet", compression="zstd")
    size = (desk / "x.parquet").stat().st_size
    if kind in {"no parquet", "cut off"}:
        content = (desk / "x.parquet").read_bytes()
        (desk / "x.parquet").write_bytes(
            b"PAR1" + b"\0" * 99 if kind[0] == "n" else content[: size // 2]
        )
    case = write(desk / "case.xlsx", ("Minerals", "x.parquet"))
    code, answer = pull(capsys, case)
    assert code == 1
    wanted = {
        "rows": "20,000,000 rows of 1 columns",
        "columns": "2,000 rows of 5,000 columns",
        "long text": "a text of more than 32,767 characters",
    }.get(kind, "not a Parquet file")
    assert wanted in words(answer)


def test_a_query_that_never_ends_is_stopped(desk, capsys) -> None:
    write_sqlite(desk / "p.db")
    query = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    case = write(desk / "case.xlsx", ("Refiners", "p.db", query, COLUMNS))
    code, answer = pull(capsys, case, "--seconds", 1)
    assert (code, "no answer within 1 seconds" in words(answer).lower()) == (1, True)


def test_a_query_of_endless_rows_is_stopped(desk, capsys, monkeypatch) -> None:
    monkeypatch.setattr(tables_in.archive, "MOST_ROWS", 5000)
    write_sqlite(desk / "p.db")
    query = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    case = write(desk / "case.xlsx", ("Refiners", "p.db", query, COLUMNS))
    assert "has more than 5,000 rows" in words(pull(capsys, case)[1])


# ---- statements ----------------------------------------------------------------------------------

WRITING = [
    "DELETE FROM plants",
    "UPDATE plants SET tons = 0",
    "DROP TABLE plants",
    "PRAGMA user_version = 1",
    "INSERT INTO plants VALUES (1)",
    "SELECT 1; DELETE FROM plants",
    "ATTACH 'x.db' AS x",
    "WITH gone AS (DELETE FROM plants RETURNING *) SELECT * FROM gone",
    "SELECT * INTO copy FROM plants",
    "SELECT 1 /*!; DROP TABLE plants */",
    "EXEC xp_cmdshell 'dir'",
    "CALL f()",
    "SELECT '\\'; DROP TABLE x",
    "VACUUM INTO 'x.db'",
    "COPY plants TO PROGRAM 'sh'",
    "SET ROLE postgres",
    "EXPLAIN ANALYZE SELECT 1",
    "SELECT * FROM plants FOR UPDATE",
    "/* SELECT */ DELETE FROM plants",
    "-- SELECT\nDELETE FROM plants",
    "SELECT 'a",
    "CREATE TABLE a (b)",
    "( DELETE FROM plants )",
    "DO $$ BEGIN END $$",
]


@pytest.mark.parametrize("statement", WRITING)
def test_a_statement_that_writes_is_refused(desk, capsys, statement) -> None:
    write_sqlite(desk / "p.db")
    before = (desk / "p.db").read_bytes()
    with pytest.raises(SourceError):
        refuse_writing(statement)
    case = write(desk / "case.xlsx", ("Refiners", "p.db", statement, COLUMNS))
    assert pull(capsys, case)[0] == 1
    assert (desk / "p.db").read_bytes() == before
    assert not (desk / "x.db").exists()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "select replace(a, 'delete', '') from t;",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "VALUES (1)",
        'SELECT "update" FROM t -- drop it',
        "SELECT $$drop$$",
        "SELECT a /* insert */ FROM t",
        "SELECT 'it''s; drop'",
    ],
)
def test_a_statement_that_reads_is_not(statement) -> None:
    refuse_writing(statement)


def test_sqlite_refuses_by_itself_what_the_check_lets_through(desk, capsys, monkeypatch) -> None:
    monkeypatch.setattr(tables_in, "refuse_writing", lambda _: None)
    write_sqlite(desk / "p.db")
    before = (desk / "p.db").read_bytes()
    for statement in (
        "WITH x AS (SELECT 1) DELETE FROM plants",
        "WITH x AS (SELECT 1) INSERT INTO plants SELECT 1, 1, 1, 1, 1",
        "SELECT load_extension('x')",
    ):
        case = write(desk / "case.xlsx", ("Refiners", "p.db", statement, COLUMNS))
        code, answer = pull(capsys, case)
        assert code == 1
        assert "more than read" in words(answer) or "readonly" in words(answer)
    assert (desk / "p.db").read_bytes() == before
    assert not (desk / "x.db").exists()


def test_the_api_says_what_changes(desk) -> None:
    write_csv(desk / "plants.csv")
    case = write(desk / "case.xlsx", ("Refiners", "plants.csv", None, COLUMNS))
    pulled = data_in.pull(case, today=dt.date(2026, 1, 2))
    assert sum(new for _, new, _ in pulled.rows.values()) == 1
    written = data_in.write_pulled(pulled, desk / "new.xlsx")
    assert "plants.csv, 2026-01-02" in str(rows_of(written, "Refiners"))
    with pytest.raises(InputError):
        data_in.pull(desk / "none.xlsx")
    assert json.dumps([c.name for c in pulled.cells])
    assert os.path.exists(written)  # noqa: PTH110
