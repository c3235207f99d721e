"""The published schema: each answer keeps to it, and so does each case."""

from __future__ import annotations

import contextlib
import copy
import json
import re

import click
import jsonschema
import numpy as np
import pytest

from planner.cli import main
from planner.cli.commands import COMMANDS
from planner.cli.schema import DIALECT, names, schema_of, whole_schema
from planner.studies import STUDIES
from planner.workbook.template import template_tables, write_book
from tests.csv_book import write_csv_book
from tests.pull.desk import COLUMNS, write, write_csv
from tests.reference.cases import EVERYTHING, random_book
from tests.small_book import small_book

CALLS = {
    "new": ("new", "n.xlsx"),
    "check": ("check", "case.xlsx"),
    "check of a folder, marked": ("check", "wrong", "--marked", "m.xlsx"),
    "solve": ("solve", "case.xlsx", "-o", "plan.xlsx"),
    "solve of a what-if": ("solve", "case.xlsx", "--lose", "CHN", "-o", "plan2.xlsx"),
    "under-risk": ("solve", "case.xlsx", "--under-risk", "--futures", "4", "-o", "u.xlsx"),
    "compare": ("compare", "case.xlsx", "-o", "c.xlsx", "--unforeseen", "2027"),
    "compare with bills": ("compare", "case.xlsx", "-o", "c.xlsx", "--bills"),
    "sweep": ("sweep", "case.xlsx", "-o", "s.xlsx", "--step", "0.3"),
    "sweep over another number": (
        "sweep", "case.xlsx", "-o", "s.xlsx", "--over", "tariff:China", "--to", "0.5",
        "--step", "0.25",
    ),
    "sweep over a floor": (
        "sweep", "case.xlsx", "-o", "s.xlsx", "--over", "floor:cobalt", "--from", "30000",
        "--to", "40000", "--step", "5000",
    ),
    "sweep over security": (
        "sweep", "case.xlsx", "-o", "s.xlsx", "--over", "security", "--from", "1", "--to", "0",
        "--step", "0.5",
    ),
    "stress": ("stress", "case.xlsx", "-o", "t.xlsx", "--pairs", "--refiners"),
    "stress without solidarity": ("stress", "case.xlsx", "-o", "t.xlsx", "--solidarity", "none"),
    "risk": ("risk", "case.xlsx", "-o", "r.xlsx", "--draws", "20"),
    "exit": ("exit", "case.xlsx", "--country", "China", "-o", "e.xlsx"),
    "ranges": ("ranges", "case.xlsx", "-o", "ra.xlsx"),
    "bills": ("bills", "case.xlsx", "-o", "b.xlsx", "--wishes"),
    "support": ("support", "case.xlsx", "-o", "su.xlsx"),
    "sensitivity": ("sensitivity", "case.xlsx", "-o", "se.xlsx", "--group", "--draws", "2"),
    "roll": ("roll", "plan.xlsx", "case.xlsx", "--to", "2027", "-o", "next.xlsx", "--force"),
    "orders by quarter": ("orders", "plan.xlsx", "quarters", "--periods", "quarter"),
    "scorecard": ("scorecard", "case.xlsx", "-o", "sc.xlsx"),
    "explain": (
        "explain", "case.xlsx", "--mineral", "Cobalt", "--member", "Japan", "--year", "2027",
    ),
    "explain a shortage": (
        "explain", "case.xlsx", "--mineral", "Cobalt", "--member", "Japan", "--year", "2027",
        "--lose", "CHN", "--lose", "COD",
    ),
    "orders": ("orders", "plan.xlsx", "orders"),
    "verify": ("verify", "plan.xlsx", "case.xlsx"),
    "verify of another": ("verify", "plan2.xlsx", "small.xlsx"),
    "redact": ("redact", "plan.xlsx", "--member", "Japan", "-o", "red.xlsx"),
    "report": ("report", "plan.xlsx", "-o", "r.html"),
    "brief": ("brief", "plan.xlsx", "-o", "b.pptx"),
    "model": ("model", "case.xlsx", "-o", "m.lp"),
    "diff": ("diff", "plan.xlsx", "plan2.xlsx", "-o", "d.xlsx"),
    "data": ("data", "plan.xlsx", "-o", "d.sqlite"),
    "pull": ("pull", "source.xlsx", "-o", "pulled.xlsx"),
}  # fmt: skip
FAILED = {
    "input": ("solve", "broken.xlsx"),
    "folder": ("check", "wrong"),
    "usage": ("solve", "case.xlsx", "--scenario", "Nothing"),
    "write": ("solve", "case.xlsx", "-o", "/proc/nothing/plan.xlsx"),
    "no file": ("sweep", "none.xlsx"),
    "pull": ("pull", "case.xlsx"),
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with a case of every sheet, and others that are broken."""
    folder = tmp_path_factory.mktemp("schema")
    tables = template_tables()
    del tables["Sources"]
    write_book(folder / "case.xlsx", tables)
    write_book(folder / "small.xlsx", small_book())
    tables = small_book()
    tables["Refiners"][0]["Capacity (t/yr)"] = "n/a"
    write_book(folder / "broken.xlsx", tables)
    write_csv_book(folder / "wrong", tables)
    write_csv(folder / "plants.csv")
    write(folder / "source.xlsx", ("Refiners", "plants.csv", None, COLUMNS))
    with contextlib.chdir(folder):
        for call in ("solve", "solve of a what-if"):
            assert main([*CALLS[call]]) == 0
    return folder


@pytest.fixture(scope="module")
def document():
    return whole_schema()


def errors_of(document, name: str, answer: object, part: int | None = 0) -> list[str]:
    """Return what in an answer breaks its schema: as a success (0), a failure (1) or either."""
    schema = {"$defs": document["$defs"], **document["$defs"][name]}
    if part is not None:
        schema = {"$defs": document["$defs"], **document["$defs"][name]["anyOf"][part]}
    found = jsonschema.Draft202012Validator(schema).iter_errors(answer)
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in found]


def name_of(call: str) -> str:
    words = call.split(maxsplit=1)[0]
    return words if words in names() else CALLS[call][0]


@pytest.mark.parametrize("call", CALLS)
def test_each_answer_keeps_to_its_schema(desk, document, monkeypatch, capsys, call) -> None:
    monkeypatch.chdir(desk)
    capsys.readouterr()
    main([*CALLS[call], "--json"])
    answer = json.loads(capsys.readouterr().out)
    is_failure = call == "check of a folder, marked"
    assert not errors_of(document, name_of(call), answer, None)
    if not is_failure:
        assert not errors_of(document, name_of(call), answer)
        assert errors_of(document, name_of(call), {**answer, "another_key": 1})
        assert errors_of(
            document, name_of(call), {k: v for k, v in answer.items() if k != "status"}
        )


@pytest.mark.parametrize("call", FAILED)
def test_each_failure_keeps_to_the_schema(desk, document, monkeypatch, capsys, call) -> None:
    monkeypatch.chdir(desk)
    capsys.readouterr()
    assert main([*FAILED[call], "--json"]) != 0
    answer = json.loads(capsys.readouterr().out)
    assert not errors_of(document, FAILED[call][0], answer, None)
    assert not errors_of(document, FAILED[call][0], answer, 1)
    assert errors_of(document, FAILED[call][0], {**answer, "errors": []})


def test_every_command_with_json_has_a_schema() -> None:
    with_json = {
        command.name
        for command in COMMANDS
        if any(p.name == "as_json" for p in command.get_params(click.Context(command)))
    }
    assert with_json | {"case", "under-risk"} == set(names())
    assert {name for name in STUDIES if name not in with_json} == {"under-risk"}
    tried = {name_of(call) for call in CALLS}
    assert set(names()) - tried == {"case", "page", "watch"}  # held by tests of their own


def test_the_command_prints_it(capsys) -> None:
    assert main(["schema"]) == 0
    whole = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(whole)
    assert whole["$schema"] == DIALECT
    assert set(whole["$defs"]) == {*names(), "finding", "failure"}
    for name in names():
        assert main(["schema", name]) == 0
        one = json.loads(capsys.readouterr().out)
        jsonschema.Draft202012Validator.check_schema(one)
        assert one == json.loads(json.dumps(schema_of(name)))
    assert main(["schema", "solv"]) == 2
    assert "did you mean 'solve'?" in capsys.readouterr().err


def test_columns_say_their_unit_and_meaning(document) -> None:
    rows = document["$defs"]["solve"]["anyOf"][0]["properties"]["minerals"]["items"]
    demand = next(each for each in rows["properties"].values() if each.get("title") == "Demand (t)")
    assert demand["description"] == "Demand of all years together."


# ---- a case --------------------------------------------------------------------------------------


def faults(tables: object) -> list[str]:
    schema = schema_of("case")
    return [e.message for e in jsonschema.Draft202012Validator(schema).iter_errors(tables)]


def test_cases_keep_to_it() -> None:
    assert not faults(template_tables())
    assert not faults(small_book())
    for seed in range(20):
        tables = random_book(np.random.default_rng(seed), features=EVERYTHING)
        assert not faults(json.loads(json.dumps(tables)))


WRONG = {
    "a negative capacity": ("Refiners", "Capacity (t/yr)", -1),
    "words for a number": ("Refiners", "Capacity (t/yr)", "many"),
    "no country": ("Refiners", "Country", None),
    "a share above 1": ("Share limits", "Share", 65),
    "no choice": ("Share limits", "Limit", "most"),
    "no setting": ("Settings", "Setting", "Titel"),
    "a year in words": ("Projects", "First year (yr)", None),
    "a demand in words": ("Demand", "2026", "600"),
    "half a year": ("Contracts", "First year", 2026.5),
}


@pytest.mark.parametrize(("sheet", "header", "value"), WRONG.values(), ids=WRONG)
def test_what_is_no_case_does_not(sheet, header, value) -> None:
    tables = copy.deepcopy(small_book())
    if header not in tables[sheet][0]:
        header, value = "First year", "soon"
    tables[sheet][0][header] = value
    assert faults(tables)


def test_a_missing_sheet_or_column_is_an_error() -> None:
    tables = small_book()
    del tables["Minerals"]
    assert re.search("'Minerals' is a required property", " ".join(faults(tables)))
    tables = small_book()
    del tables["Refiners"][0]["Mineral"]
    assert faults(tables)
