"""The command solve: a plan, what is said of it, and every way to fail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import models.plan
from models.errors import Finding, InputError, SolverError
from models.plan import Plan
from planner.workbook.template import EVERY_CASE, template_tables
from tests.books import write_book
from tests.cli.desk import apart, sheets


def test_solve_writes_a_plan_and_says_what_it_holds(case, call):
    before = case.read_bytes()
    code, out, err = call("solve", "case.xlsx")
    assert (code, out) == (0, "")
    assert case.read_bytes() == before
    assert {"Summary", "Plan", "Checks"} <= set(sheets("outputs/case-plan.xlsx"))
    for said in (
        "Lithium",
        "Yes: no mineral runs short.",
        " t of Lithium for ",
        "Proven: ",
        "case-plan.xlsx",
    ):
        assert said in err


def test_solve_answers_another_program(case, ask):
    code, answer = ask("solve", case, "--output", "plans/a.xlsx", "--csv", "tables")
    assert code == 0
    assert answer["status"] == "optimal"
    assert answer["scenario"] == "Base"
    assert answer["output"] == str(Path("plans/a.xlsx"))
    assert Path("plans/a.xlsx").is_file()
    assert Path("tables/plan.csv").is_file()
    assert set(answer["seconds"]) == {"read", "build", "solve", "write"}
    assert all(s > 0 for s in answer["seconds"].values())
    assert answer["purchases_usd"] > 0
    assert answer["errors"] == []
    assert answer["findings"][0]["sentence"] == "Yes: no mineral runs short."


def test_nothing_but_the_object_is_printed(case):
    ran = apart("solve", case.name, "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["status"] == "optimal"
    assert ran.stderr == ""


def test_a_scenario_and_a_limit(case, ask):
    _, base = ask("solve", case)
    code, ban = ask("solve", case, "--scenario", "export  BAN")
    assert (code, ban["scenario"]) == (0, "Export ban")
    assert ban["shortage_t"] > 0
    assert 0 < ban["served_share"] < 1
    code, half = ask("solve", case, "--max-country-share", "50%")
    assert code == 0
    assert max(half["max_country_share"].values()) <= 0.5 + 1e-9
    assert half["objective_usd"] > base["objective_usd"]
    _, same = ask("solve", case, "--scenario", "Half")
    assert same["objective_usd"] == pytest.approx(half["objective_usd"])


def test_an_unknown_scenario(case, call, ask):
    code, _, err = call("solve", case, "--scenario", "Export bann")
    assert code == 2
    assert "did you mean 'Export ban'?" in err
    assert ask("solve", case, "--scenario", "zzz")[1]["status"] == "usage_error"
    assert not Path("outputs").exists()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("65", "did you mean 0.65 (65 %)?"),
        ("100", "did you mean 1 (100 %)?"),
        ("1.5", "did you mean 0.015 (1.5 %)?"),
        ("-0.1", "such as 0.65"),
        ("0,65", "such as 0.65"),
        ("nan", "such as 0.65"),
        ("inf", "such as 0.65"),
        ("165%", "such as 0.65"),
    ],
)
def test_a_share_that_is_none(case, call, text, hint):
    code, out, err = call("solve", case, "--max-country-share", text)
    assert (code, out) == (2, "")
    assert f"{text!r} is not a share from 0 to 1; " in err
    assert hint in err


@pytest.mark.parametrize("text", ["0", "1", "65%", "65 %", "6.5e-1"])
def test_a_share_that_is_one(case, call, text):
    assert call("solve", case, "--max-country-share", text)[0] == 0


def test_a_plan_that_is_open_is_kept(case, call, ask):
    Path("outputs").mkdir()
    Path("outputs/case-plan.xlsx").write_text("open")
    Path("outputs/~$case-plan.xlsx").touch()
    code, _, err = call("solve", case)
    assert code == 0
    assert "written to" in err
    code, answer = ask("solve", case)
    assert (code, answer["output"]) == (0, str(Path("outputs/case-plan (3).xlsx")))
    assert Path("outputs/case-plan.xlsx").read_text() == "open"


def test_nowhere_to_write_still_tells_the_result(case, call, ask):
    Path("outputs").write_text("a file")
    code, answer = ask("solve", case)
    assert code == 4
    assert answer["status"] == "write_error"
    assert answer["output"] is None
    assert answer["tonnes"] > 0
    assert "cannot be written" in answer["errors"][0]["message"]
    code, out, err = call("solve", case)
    assert (code, out) == (4, "")
    assert "Yes: no mineral runs short." in err
    assert "Error: " in err


def test_a_file_as_the_folder_of_the_tables(case, ask, monkeypatch):
    monkeypatch.setattr(models.plan, "Session", pytest.fail)
    Path("tables").write_text("a file")
    code, answer = ask("solve", case, "--csv", "tables")
    assert (code, answer["status"]) == (4, "write_error")
    assert answer["errors"][0]["message"] == "tables is a file: name a folder for the tables"
    assert not Path("outputs").exists()


def test_csv_with_nowhere_to_write(case, ask):
    Path("tables").write_text("a file")
    code, answer = ask("solve", case, "--csv", "tables/csv")
    assert (code, answer["status"]) == (4, "write_error")
    assert answer["output"] == str(Path("outputs/case-plan.xlsx"))


def refuse(*_: object, **__: object) -> Plan:
    msg = "no proven optimum for Lithium 2026"
    raise SolverError(msg)


def test_no_proven_optimum(case, call, ask, monkeypatch):
    monkeypatch.setattr(models.plan.Session, "base", property(refuse))
    code, out, err = call("solve", case)
    assert (code, out) == (3, "")
    assert "no proven optimum for Lithium 2026" in err
    code, answer = ask("solve", case)
    assert (code, answer["status"]) == (3, "solver_error")
    assert not Path("outputs").exists()


def test_a_plan_is_not_lost_for_want_of_the_one_without_limits(case, call, monkeypatch):
    for name in ("solve", "solve_cold"):
        monkeypatch.setattr(models.plan.Session, name, refuse)
    code, _, err = call("solve", case)
    assert code == 0
    assert "the cost of the share limits is unknown" in err


def test_what_a_scenario_does_wrong_is_told_with_its_cell(case, ask, monkeypatch):
    def wrong(*_: object) -> Plan:
        raise InputError([Finding("Refiners", 2, "Capacity", "3e10", "at most 1e10 t/yr")])

    monkeypatch.setattr(models.plan.Session, "base", property(wrong))
    code, answer = ask("solve", case, "--scenario", "Half")
    assert code == 1
    assert answer["errors"] == [
        {
            "sheet": "Refiners",
            "cell": "D2",
            "message": "In scenario Half: 3e10; expected at most 1e10 t/yr.",
        }
    ]


def test_letters_of_every_alphabet(folder):
    tables = template_tables()
    tables["Settings"][0]["Value"] = "銅と鋰 Ω"
    write_book(folder / "plän 銅.xlsx", tables, sheets=EVERY_CASE)
    ran = apart("solve", "plän 銅.xlsx", LC_ALL="C", PYTHONUTF8="0")
    assert ran.returncode == 0, ran.stderr
    assert "銅と鋰 Ω" in ran.stderr
    assert (folder / "outputs" / "plän 銅-plan.xlsx").is_file()


@pytest.mark.parametrize("command", ["solve", "check", "scorecard", "stress"])
def test_a_plan_given_for_its_input(case, call, command):
    assert call("solve", case, "--output", "made.xlsx")[0] == 0
    code, out, err = call(command, "made.xlsx")
    assert code == 1
    assert "This workbook is a plan" in out + err
    assert (out + err).count(" error ") == 1
