"""The commands as a user and another program meet them."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import openpyxl
import pytest

import models.plan
from models.errors import Finding, InputError, SolverError
from models.plan import Plan
from planner import _version, run
from planner.cli import main, words
from planner.cli.answer import print_json
from planner.cli.commands import planner
from planner.workbook.template import EVERY_CASE, template_tables, write_book

ROOT = Path(__file__).resolve().parent.parent
POSIX = pytest.mark.skipif(os.name != "posix", reason="links, signals and pipes of POSIX")
ANSWER = {
    "status",
    "objective_usd",
    "purchases_usd",
    "tonnes",
    "shortage_t",
    "served_share",
    "scenario",
    "currency",
    "output",
    "max_country_share",
    "warnings",
    "seconds",
    "errors",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder that the commands run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def case(folder):
    """A workbook with every sheet, scenarios among them."""
    write_book(folder / "case.xlsx", template_tables())
    return folder / "case.xlsx"


@pytest.fixture
def broken(folder):
    """A workbook with a few errors."""
    tables = template_tables()
    tables["Refiners"][0]["Capacity (t/yr)"] = "n/a"
    tables["Refiners"][1]["Country"] = "Chille"
    tables["Share limits"][0]["Share"] = 65
    write_book(folder / "broken.xlsx", tables, sheets=EVERY_CASE)
    return folder / "broken.xlsx"


@pytest.fixture
def call(capsys):
    """Run a command here; returns exit code, stdout and stderr."""

    def run_here(*arguments: object) -> tuple[int, str, str]:
        code = main([str(a) for a in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run_here


@pytest.fixture
def ask(call):
    """Run a command with --json; returns exit code and the one object on stdout."""

    def run_here(*arguments: object) -> tuple[int, dict[str, object]]:
        code, out, _ = call(*arguments, "--json")
        return code, json.loads(out, parse_constant=pytest.fail)

    return run_here


def apart(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "planner", *map(str, arguments)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=env, timeout=120, **options
    )


def sheets(path):
    return [name for name in openpyxl.load_workbook(path).sheetnames if name != "Lists"]


# ---- the command as a whole ----------------------------------------------------------------------


def test_help_lists_whole_commands_alone(call):
    code, out, _ = call("--help")
    assert code == 0
    listed = out.split("Commands:")[1].split()
    assert [w for w in listed if w in planner.commands] == ["check", "new", "solve"]
    assert "compare" not in out


@pytest.mark.parametrize("command", sorted(planner.commands))
def test_every_command_and_option_is_described(call, command):
    code, out, _ = call(command, "--help")
    assert code == 0
    assert planner.commands[command].help
    for parameter in planner.commands[command].params:
        if parameter.param_type_name == "option":
            assert parameter.help, parameter.name
            assert parameter.opts[0] in out


def test_version(call):
    assert call("--version") == (0, f"planner {_version.__version__}\n", "")


def test_no_command_is_wrong_usage(call):
    code, out, err = call()
    assert (code, out) == (2, "")
    assert "Usage: planner" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["solve"],
        ["solve", "a.xlsx", "--frobnicate"],
        ["solve", "a.xlsx", "b.xlsx"],
        ["new", "x.xls"],
        ["new", "x.xlsx", "--with", "Projcts"],
        ["new", "x.xlsx", "--example", "--all"],
        ["solve", "a.xlsx", "--output", "plan.csv"],
        ["solve", "a.xlsx", "--output", "a.xlsx"],
    ],
)
def test_wrong_usage(folder, call, ask, arguments):
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert "Error: " in err
    code, answer = ask(*arguments)
    assert code == 2
    assert answer["status"] == "usage_error"
    assert [set(e) for e in answer["errors"]] == [{"sheet", "cell", "message"}]
    assert not any(folder.iterdir())


def test_a_word_after_two_dashes_is_no_option(folder, call):
    code, out, _ = call("check", "--", "--json")
    assert code == 1
    assert "no such file" in out


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from planner.cli import main; main(['--help'])\n"
        "heavy = {'pandas', 'numpy', 'pyomo', 'openpyxl', 'xlsxwriter', 'rich', 'highspy'}\n"
        "print(heavy & set(sys.modules), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stderr.strip() == "set()"


def test_the_module_is_the_command(folder):
    ran = apart("--version", cwd=folder)
    assert (ran.returncode, ran.stdout) == (0, f"planner {_version.__version__}\n")


def test_a_fault_of_ours_is_told_as_one(folder, ask, call, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        msg = "odd"
        raise ZeroDivisionError(msg)

    monkeypatch.setattr(run, "check_file", fail)
    code, answer = ask("check", "a.xlsx")
    assert code == 70
    assert answer["status"] == "fault"
    _, _, err = call("check", "a.xlsx")
    assert "ZeroDivisionError: odd" in err
    assert "please report it" in err


def test_interrupted(folder, call, monkeypatch):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "check_file", interrupt)
    assert call("check", "a.xlsx") == (130, "", "")


@POSIX
def test_a_reader_that_has_gone(case):
    command = [sys.executable, "-m", "planner", "check", str(case)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    read, write = os.pipe()
    os.close(read)
    ran = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False, env=env)
    os.close(write)
    assert (ran.returncode, ran.stderr) == (141, b"")


@POSIX
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_quietly_and_leaves_nothing(case, sent, code):
    slow = (
        "import sys, time\n"
        "import planner.sheets as sheets\n"
        "def write(path, *a, **k):\n"
        "    path.write_text('half')\n"
        "    print('writing', file=sys.stderr, flush=True)\n"
        "    time.sleep(60)\n"
        "sheets.write_plan = write\n"
        "from planner.cli import main\n"
        "sys.exit(main(['solve', 'case.xlsx', '--json']))\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", slow],
        cwd=case.parent,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "writing\n"
        time.sleep(0.1)
        process.send_signal(sent)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (code, "", "")
    assert list((case.parent / "outputs").iterdir()) == []


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_no_number_of_the_json_is_other_than_finite(capsys, number):
    print_json({"a": [number, {"b": number}], "c": 1.5})
    said = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert said == {"a": [None, {"b": None}], "c": 1.5}


# ---- new -----------------------------------------------------------------------------------------


def test_new_writes_the_sheets_that_every_case_needs(folder, call):
    code, out, err = call("new", "case.xlsx")
    assert (code, out) == (0, "")
    assert "planner check case.xlsx" in err
    assert set(sheets(folder / "case.xlsx")) == {"Read me", *EVERY_CASE}


@pytest.mark.parametrize(
    "options", [["--with", "projects, share  limits,ore lanes"], ["--all"]], ids=["with", "all"]
)
def test_new_adds_sheets(folder, call, options):
    code, _, _ = call("new", "case", *options)
    assert code == 0
    assert {"Projects", "Ore lanes"} <= set(sheets(folder / "case.xlsx"))
    assert ("Mines" in sheets(folder / "case.xlsx")) == (options == ["--all"])


def test_new_names_the_closest_sheet(folder, call):
    code, _, err = call("new", "case.xlsx", "--with", "Projcts")
    assert code == 2
    assert "no sheet 'Projcts'; did you mean 'Projects'?" in err


def test_new_keeps_a_file_unless_forced(folder, call, ask):
    (folder / "case.xlsx").write_text("mine")
    code, _, err = call("new", "case.xlsx")
    assert code == 2
    assert "--force" in err
    assert (folder / "case.xlsx").read_text() == "mine"
    assert ask("new", "case.xlsx", "--force") == (
        0,
        {"status": "ok", "output": "case.xlsx", "errors": []},
    )
    assert "Minerals" in sheets(folder / "case.xlsx")


def test_new_beside_a_file_that_is_open(folder, call):
    (folder / "case.xlsx").write_text("open")
    (folder / "~$case.xlsx").touch()
    code, _, err = call("new", "case.xlsx", "--force")
    assert code == 0
    assert "case.xlsx is open in another program or read-only: written to case (2).xlsx" in err


def test_new_example_is_the_case_of_the_project(folder, call):
    code, _, _ = call("new", "case.xlsx", "--example")
    assert code == 0
    wanted = (ROOT / "inputs" / "critical-minerals.xlsx").read_bytes()
    assert (folder / "case.xlsx").read_bytes() == wanted


def test_new_with_nowhere_to_write(folder, call, ask):
    (folder / "file").touch()
    code, out, err = call("new", "file/case.xlsx")
    assert (code, out) == (4, "")
    assert "cannot be written" in err
    code, answer = ask("new", "file/case.xlsx")
    assert (code, answer["status"]) == (4, "write_error")


@pytest.mark.parametrize("options", [[], ["--all"], ["--example"]])
def test_a_new_workbook_is_right_as_it_is(folder, call, ask, options):
    assert call("new", "case.xlsx", *options)[0] == 0
    code, answer = ask("check", "case.xlsx")
    assert (code, answer["errors"]) == (0, [])


def test_the_template_solves_and_its_limit_binds(folder, call, ask):
    call("new", "case.xlsx")
    code, answer = ask("solve", "case.xlsx")
    assert code == 0
    assert answer["max_country_share"] == pytest.approx({"Lithium": 0.65, "Cobalt": 0.65})
    assert answer["shortage_t"] == 0
    assert answer["served_share"] == 1


# ---- check ---------------------------------------------------------------------------------------


def test_check_finds_nothing(case, call, ask):
    code, out, _ = call("check", case)
    assert code == 0
    assert "no errors" in out
    code, answer = ask("check", case)
    assert code == 0
    assert set(answer) == {"status", "file", "errors", "warnings"}
    assert (answer["status"], answer["errors"]) == ("ok", [])


def test_check_lists_every_error_with_its_cell(broken, call, ask):
    code, out, err = call("check", broken)
    assert (code, err) == (1, "")
    for place in ("Refiners!D2", "Refiners!C3", "Share limits!F2"):
        line = next(line for line in out.splitlines() if place in line)
        assert "error" in line
    assert "Chile" in out
    assert "did you mean 0.65" in out
    assert "3 errors" in out
    code, answer = ask("check", broken)
    assert (code, answer["status"]) == (1, "input_error")
    cells = {(e["sheet"], e["cell"]) for e in answer["errors"]}
    assert cells == {("Refiners", "D2"), ("Refiners", "C3"), ("Share limits", "F2")}
    assert all(e["message"] for e in answer["errors"])


@pytest.mark.parametrize("command", ["check", "solve"])
def test_a_file_that_is_missing_or_no_workbook(folder, call, ask, command):
    (folder / "text.xlsx").write_text("words")
    for name in ("missing.xlsx", "text.xlsx", "."):
        code, out, err = call(command, name)
        assert code == 1
        assert "error" in out + err
        assert "Traceback" not in out + err
        code, answer = ask(command, name)
        assert (code, answer["status"]) == (1, "input_error")
        assert len(answer["errors"]) >= 1
    assert sorted(p.name for p in folder.iterdir()) == ["text.xlsx"]


def test_check_tries_every_scenario(folder, ask):
    tables = template_tables()
    tables["Scenarios"].append({"Scenario": "Idle", "Action": "block lanes", "Country": "Fiji"})
    write_book(folder / "case.xlsx", tables)
    code, answer = ask("check", "case.xlsx")
    assert code == 0
    row = len(tables["Scenarios"]) + 1
    assert ("Scenarios", f"B{row}") in {(w["sheet"], w["cell"]) for w in answer["warnings"]}


def test_many_findings_are_counted(folder, capsys):
    findings = [Finding("Demand", row, "2026", f"'x{row}'", "a number") for row in range(2, 502)]
    words.show_findings(Path("case.xlsx"), findings)
    out = capsys.readouterr().out
    assert out.count("a number") == 200
    assert "... and 300 more" in out
    assert out.endswith("case.xlsx: 500 errors, no warnings\n")


def test_findings_stand_in_the_order_of_sheets_and_rows(capsys):
    places = [("Demand", 9, "C9"), ("Refiners", 3, "AA3"), ("Refiners", 3, "B3"), ("", 0, "")]
    findings = [Finding(s, r, "x", found="f", cell=c) for s, r, c in places]
    words.show_findings(Path("case.xlsx"), findings)
    out = capsys.readouterr().out
    order = [out.index(p) for p in ("Refiners!B3", "Refiners!AA3", "Demand!C9", "Workbook")]
    assert order == sorted(order)


def test_a_cell_cannot_steer_the_terminal(capsys):
    words.show_findings(Path("a.xlsx"), [Finding("Lanes", 2, "Open", "'\x1b[2J[bold]no'")])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert r"\x1b[2J[bold]no" in out


# ---- solve ---------------------------------------------------------------------------------------


def test_solve_writes_a_plan_and_says_what_it_holds(case, call):
    before = case.read_bytes()
    code, out, err = call("solve", "case.xlsx")
    assert (code, out) == (0, "")
    assert case.read_bytes() == before
    assert {"Summary", "Plan", "Checks"} <= set(sheets("outputs/case-plan.xlsx"))
    for said in ("Lithium", "65.0%  China", "limit 65.0%", "Shortage", "case-plan.xlsx"):
        assert said in err


def test_solve_answers_another_program(case, ask):
    code, answer = ask("solve", case, "--output", "plans/a.xlsx", "--csv", "tables")
    assert code == 0
    assert set(answer) == ANSWER
    assert answer["status"] == "optimal"
    assert answer["scenario"] == "Base"
    assert answer["output"] == str(Path("plans/a.xlsx"))
    assert Path("plans/a.xlsx").is_file()
    assert Path("tables/plan.csv").is_file()
    assert set(answer["seconds"]) == {"read", "build", "solve", "write"}
    assert all(s > 0 for s in answer["seconds"].values())
    assert answer["purchases_usd"] > 0
    assert answer["errors"] == []


def test_nothing_but_the_object_is_printed(case):
    ran = apart("solve", case.name, "--json", cwd=case.parent)
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


@POSIX
def test_the_output_is_never_the_input(case, ask):
    link = case.parent / "link.xlsx"
    link.symlink_to(case)
    hard = case.parent / "hard.xlsx"
    os.link(case, hard)
    (case.parent / "sub").mkdir()
    before = case.read_bytes()
    for output in ("case.xlsx", "./sub/../case.xlsx", case, link, hard, "case"):
        code, answer = ask("solve", "case.xlsx", "--output", output)
        assert (code, answer["status"]) == (2, "usage_error"), output
    assert ask("solve", link, "--output", case)[0] == 2
    assert case.read_bytes() == before


def test_a_workbook_with_errors_gives_no_plan(broken, call, ask):
    code, out, err = call("solve", broken)
    assert (code, out) == (1, "")
    assert "Refiners!D2" in err
    code, answer = ask("solve", broken)
    assert (code, len(answer["errors"])) == (1, 3)
    assert not Path("outputs").exists()


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
    assert set(answer) == ANSWER
    assert answer["status"] == "write_error"
    assert answer["output"] is None
    assert answer["tonnes"] > 0
    assert "cannot be written" in answer["errors"][0]["message"]
    code, out, err = call("solve", case)
    assert (code, out) == (4, "")
    assert "Purchases" in err
    assert "Error: " in err


def test_a_folder_as_output(case, ask):
    Path("plans").mkdir()
    code, answer = ask("solve", case, "--output", "plans")
    assert code == 4
    assert "is a folder" in answer["errors"][0]["message"]


def test_csv_with_nowhere_to_write(case, ask):
    Path("tables").write_text("a file")
    code, answer = ask("solve", case, "--csv", "tables")
    assert (code, answer["status"]) == (4, "write_error")
    assert answer["output"] == str(Path("outputs/case-plan.xlsx"))


def refuse(*_: object, **__: object) -> Plan:
    msg = "no proven optimum for Lithium 2026"
    raise SolverError(msg)


def test_no_proven_optimum(case, call, ask, monkeypatch):
    monkeypatch.setattr(models.plan, "solve", refuse)
    code, out, err = call("solve", case)
    assert (code, out) == (3, "")
    assert "no proven optimum for Lithium 2026" in err
    code, answer = ask("solve", case)
    assert (code, answer["status"]) == (3, "solver_error")
    assert not Path("outputs").exists()


def test_a_plan_is_not_lost_for_want_of_the_one_without_limits(case, call, monkeypatch):
    solve = models.plan.solve
    monkeypatch.setattr(models.plan, "solve", lambda c: solve(c) if c.share_limits else refuse(c))
    code, _, err = call("solve", case)
    assert code == 0
    assert "what the share limits cost is not known" in err


def test_what_a_scenario_does_wrong_is_told_with_its_cell(case, ask, monkeypatch):
    def wrong(*_: object) -> Plan:
        raise InputError([Finding("Refiners", 2, "Capacity", "3e10", "at most 1e10 t/yr")])

    monkeypatch.setattr(models.plan, "solve", wrong)
    code, answer = ask("solve", case, "--scenario", "Half")
    assert code == 1
    assert answer["errors"] == [
        {
            "sheet": "Refiners",
            "cell": "D2",
            "message": "in scenario Half: 3e10; expected at most 1e10 t/yr",
        }
    ]


def test_letters_of_every_alphabet(folder):
    tables = template_tables()
    tables["Settings"][0]["Value"] = "銅と鋰 Ω"
    write_book(folder / "plän 銅.xlsx", tables, sheets=EVERY_CASE)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "planner", "solve", "plän 銅.xlsx"]
    ran = subprocess.run(command, capture_output=True, check=False, env=env, cwd=folder)
    assert ran.returncode == 0, ran.stderr
    assert "銅と鋰 Ω" in ran.stderr.decode()
    assert (folder / "outputs" / "plän 銅-plan.xlsx").is_file()
