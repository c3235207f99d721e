"""Databases: a real PostgreSQL server, read and never written to; no secret is ever shown."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
import traceback

import pytest

from models.errors import InputError
from planner.cli import main
from planner.documents import data_in, tables_in
from tests.cli.desk import ROOT
from tests.pull.conftest import PASSWORD
from tests.pull.desk import COLUMNS, PLANTS, changes, pull, words, write, write_sqlite
from tests.pull.test_pull import WANTED

pytestmark = pytest.mark.slow

pytest.importorskip("sqlalchemy")

NAME = "PLANTS_DB"


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def plants(postgres, monkeypatch):
    """A server with a table of plants; returns what runs SQL as the owner of all."""
    sql, url = postgres
    monkeypatch.setenv(NAME, url)
    rows = ", ".join(f"('{p}', '{m}', '{c}', {t}, {k})" for p, m, c, t, k in PLANTS)
    sql(
        "DROP SCHEMA IF EXISTS erp CASCADE; DROP VIEW IF EXISTS plants; DROP TABLE IF EXISTS stock;"
        "CREATE SCHEMA erp; CREATE TABLE erp.plants"
        " (plant text, metal text, land text, tons numeric(12, 2), cost double precision);"
        f"INSERT INTO erp.plants VALUES {rows};"
        "CREATE VIEW plants AS SELECT * FROM erp.plants; CREATE TABLE stock (a int);"
        "GRANT USAGE ON SCHEMA erp TO buyer;"
        "GRANT ALL ON ALL TABLES IN SCHEMA erp, public TO buyer;"
    )
    return sql


TABLES = {
    "a view": "plants",
    "a table of a schema": "erp.Plants",
    "a query": "SELECT *, '10%'::text, 'a:b' FROM erp.plants WHERE plant NOT LIKE '%x:y%'",
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_rows_of_a_server(desk, capsys, plants, table) -> None:
    case = write(desk / "case.xlsx", ("Refiners", NAME, table, COLUMNS))
    code, answer = pull(capsys, case, "-o", "new.xlsx")
    assert code == 0, words(answer)
    assert changes(answer) == WANTED
    assert pull(capsys, "new.xlsx")[1]["cells"] == []
    assert plants("SELECT count(*) FROM erp.plants").strip() == "4"


def test_the_same_plan_from_workbook_folder_and_database(desk, capsys, plants) -> None:
    from planner.workbook import read
    from tests.pull.desk import write_csv

    write_csv(desk / "plants.csv")
    write_sqlite(desk / "plants.db")
    cases = []
    for place, table in ((NAME, "plants"), ("plants.csv", None), ("plants.db", None)):
        case = write(desk / "case.xlsx", ("Refiners", place, table, COLUMNS))
        assert pull(capsys, case, "-o", "new.xlsx", "--force")[0] == 0
        cases.append(read(desk / "new.xlsx").case.change(sources=()))
    assert cases[0] == cases[1] == cases[2]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM erp.plants",
        "SELECT 1; DELETE FROM erp.plants",
        "WITH gone AS (DELETE FROM erp.plants RETURNING *) SELECT * FROM gone",
        "SELECT * INTO erp.copy FROM erp.plants",
    ],
)
def test_a_statement_that_writes_is_refused_twice(
    desk, capsys, plants, monkeypatch, statement
) -> None:
    case = write(desk / "case.xlsx", ("Refiners", NAME, statement, COLUMNS))
    assert "planner pull only reads" in words(pull(capsys, case)[1]) or "more than one" in words(
        pull(capsys, case)[1]
    )
    monkeypatch.setattr(tables_in, "refuse_writing", lambda _: None)
    code, _ = pull(capsys, case)  # the server refuses what the check would let through
    assert code == 1
    assert plants("SELECT count(*) FROM erp.plants").strip() == "4"
    assert plants("SELECT to_regclass('erp.copy')").strip() == ""


def test_a_function_that_writes_is_refused_by_the_server(desk, capsys, plants) -> None:
    plants(
        "CREATE OR REPLACE FUNCTION public.sneak() RETURNS text LANGUAGE sql AS"
        " $$ INSERT INTO stock VALUES (1) RETURNING 'x' $$"
    )
    query = "SELECT sneak() AS plant, 'x' AS metal, 'x' AS land, 1 AS tons, 1 AS cost"
    case = write(desk / "case.xlsx", ("Refiners", NAME, query, COLUMNS))
    assert "read-only transaction" in words(pull(capsys, case)[1])
    query = "SELECT set_config('transaction_read_only', 'off', true) AS plant"
    case = write(desk / "case.xlsx", ("Refiners", NAME, query, COLUMNS))
    assert pull(capsys, case)[0] == 1
    assert plants("SELECT count(*) FROM stock").strip() == "0"


def test_a_query_that_takes_too_long_is_stopped_by_the_server(desk, capsys, plants) -> None:
    case = write(desk / "case.xlsx", ("Refiners", NAME, "SELECT pg_sleep(600)", COLUMNS))
    code, answer = pull(capsys, case, "--seconds", 2)
    assert code == 1
    assert "too long" in words(answer) or "no answer within 2 seconds" in words(answer).lower()


def test_a_server_that_accepts_and_never_answers(desk, capsys, monkeypatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        kept = []
        thread = threading.Thread(target=lambda: kept.append(silent.accept()), daemon=True)
        thread.start()
        monkeypatch.setenv(NAME, f"postgresql://someone:{PASSWORD_URL}@127.0.0.1:{port}/secrets")
        case = write(desk / "case.xlsx", ("Refiners", NAME, "plants", COLUMNS))
        code, answer = pull(capsys, case, "--seconds", 3)
        assert code == 1
        for connection, _ in kept:
            connection.close()
    shown = str(answer).lower()
    assert "no answer" in shown or "cannot be reached" in shown
    assert not any(part.lower() in shown for part in (PASSWORD, PASSWORD_URL, "someone", "secrets"))


PASSWORD_URL = PASSWORD.replace("/", "%2F").replace(":", "%3A")
SECRETS = (PASSWORD, PASSWORD_URL, "hidden.example", "secret_base", "secretary")
ADDRESSES = {
    "a host that is not there": f"postgresql://secretary:{PASSWORD_URL}@hidden.example.invalid:5432/secret_base",
    "a port that is closed": f"postgresql://secretary:{PASSWORD_URL}@127.0.0.1:1/secret_base",
    "an unknown kind": f"nosuch://secretary:{PASSWORD_URL}@hidden.example/secret_base",
    "a driver that is not there": f"mysql+nosuchdriver://secretary:{PASSWORD_URL}@hidden.example/secret_base",
    "no address": f"secretary:{PASSWORD_URL}@hidden.example",
    "a port that is no number": f"postgresql://secretary:{PASSWORD_URL}@hidden.example:p0rt/secret_base",
    "options": f"postgresql://secretary@127.0.0.1:1/secret_base?password={PASSWORD_URL}&sslmode=nosuch",
    "another driver's module": f"mssql+pyodbc://secretary:{PASSWORD_URL}@hidden.example/secret_base",
    "a file that is not there": f"sqlite:////nosuch/secret_base/{PASSWORD_URL}.db",
}


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES)
def test_no_part_of_an_address_is_shown(desk, capsys, monkeypatch, caplog, address) -> None:
    monkeypatch.setenv(NAME, address)
    caplog.set_level(logging.DEBUG)
    case = write(desk / "case.xlsx", ("Refiners", NAME, "plants", COLUMNS))
    assert main(["pull", str(case), "--seconds", "5"]) == 1
    said = capsys.readouterr()
    with pytest.raises(InputError) as caught:
        data_in.pull(case, 5.0)
    trace = "".join(traceback.format_exception(caught.value))
    chained = repr(caught.value.__context__) + repr(caught.value.__cause__)
    stored = b"".join(p.read_bytes() for p in desk.iterdir() if p.is_file() and p != case)
    everything = said.out + said.err + trace + chained + caplog.text + stored.decode("latin-1")
    assert NAME in said.out + said.err
    assert not [secret for secret in SECRETS if secret in everything], everything


def test_no_part_of_a_real_servers_address_is_shown(desk, capsys, plants, monkeypatch) -> None:
    url = os.environ[NAME]
    for query in (
        "SELECT nothing FROM plants",
        "SELECT * FROM nowhere",
        "nowhere",
        "SELECT 1/0",
        "SELECT current_user::int",
    ):
        case = write(desk / "case.xlsx", ("Refiners", NAME, query, COLUMNS))
        code, answer = pull(capsys, case)
        assert code == 1
        assert NAME in words(answer)
        assert PASSWORD not in str(answer)
        assert "buyer" not in str(answer)
        assert "127.0.0.1" not in str(answer)
    wrong = url.replace(PASSWORD_URL, "wrong-Pass")
    monkeypatch.setenv(NAME, wrong)
    case = write(desk / "case.xlsx", ("Refiners", NAME, "plants", COLUMNS))
    code, answer = pull(capsys, case)
    assert "refuses the login" in words(answer)
    assert not [s for s in ("wrong-Pass", "buyer", "127.0.0.1") if s in str(answer)]


def test_an_address_in_the_workbook_is_an_error_that_does_not_repeat_it(desk, capsys) -> None:
    address = f"postgresql://secretary:{PASSWORD}@hidden.example/secret_base"
    case = write(desk / "case.xlsx", ("Refiners", address, "plants", COLUMNS))
    for command in (["pull"], ["check"], ["solve"], ["check", "--json"], ["pull", "--json"]):
        assert main([*command, str(case)]) == 1
        said = capsys.readouterr()
        assert "which may hold a password" in said.out + said.err
        assert not [secret for secret in SECRETS if secret in said.out + said.err]


def test_the_copy_holds_no_address(desk, capsys, plants) -> None:
    case = write(desk / "case.xlsx", ("Refiners", NAME, "plants", COLUMNS))
    assert pull(capsys, case, "-o", "new.xlsx")[0] == 0
    import zipfile

    with zipfile.ZipFile("new.xlsx") as book:
        parts = b"".join(map(book.read, book.namelist()))
    assert PASSWORD.encode() not in parts
    assert b"127.0.0.1" not in parts
    assert f"{NAME}, plants".encode() in parts


def test_a_fault_shows_no_address_either(desk, monkeypatch) -> None:
    """Whatever breaks, the traceback of a fault does not hold it."""
    write(desk / "case.xlsx", ("Refiners", NAME, "plants", COLUMNS))
    env = {**os.environ, NAME: next(iter(ADDRESSES.values())), "PYTHONPATH": str(ROOT)}
    code = (
        "import sys; from planner.documents import tables_in;"
        "tables_in._reason = lambda *_: 1 / 0;"
        "from planner.cli import main; sys.exit(main(['pull', 'case.xlsx', '--seconds', '5']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False
    )
    assert not [secret for secret in SECRETS if secret in done.stdout + done.stderr], done.stderr


def test_a_server_of_another_encoding_and_many_rows(desk, capsys, plants) -> None:
    query = (
        "SELECT 'Plant é ' || i AS plant, 'Copper' AS metal, 'Chile' AS land, i AS tons, 1 AS cost"
        " FROM generate_series(1, 3000) AS i"
    )
    case = write(desk / "case.xlsx", ("Refiners", NAME, query, COLUMNS))
    code, answer = pull(capsys, case, "-o", "new.xlsx")
    assert code == 0, words(answer)
    assert answer["sheets"]["Refiners"]["new"] == 3000


def test_without_sqlalchemy_the_extra_is_named(desk, capsys, monkeypatch) -> None:
    monkeypatch.setenv(NAME, "postgresql://x/y")
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    case = write(desk / "case.xlsx", ("Refiners", NAME, "plants", COLUMNS))
    assert 'pip install "coalition-sourcing-planner[data]"' in words(pull(capsys, case)[1])
