"""The command line as a whole: help, wrong usage, signals."""

from __future__ import annotations

import json
import math
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from planner import _version
from planner.cli.answer import print_json
from planner.cli.commands import COMMANDS, planner
from tests.cli.desk import POSIX, ROOT, python
from tests.waiting import HANG


def test_help_lists_whole_commands_alone(call):
    code, out, _ = call("--help")
    assert code == 0
    lines = out.split("Commands:")[1].splitlines()
    listed = [line.split()[0] for line in lines if line[2:3].strip()]  # not a wrapped summary
    names = sorted(command.name for command in COMMANDS)
    assert listed == names
    assert "130 stopped by Ctrl-C" in " ".join(out.split())
    assert all(command.callback is not None and command.help for command in COMMANDS)


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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("exit", "--country is missing; choose from "),
        ("exit --country Chna", "'Chna' is not a country; did you mean 'China'?"),
        ("exit --country Congo", "did you mean DR Congo or Republic of the Congo?"),
        ("exit --country ' '", "name one country"),
        ("exit --country '*'", "name one country"),
        ("exit --country China --max-country-share 65", "did you mean 0.65 (65 %)?"),
        ("ranges --slack 5", "did you mean 0.05"),
        ("ranges --by mine", "--by"),
        ("scorecard --max-country-share 65", "did you mean 0.65 (65 %)?"),
        ("scorecard --scenario Bas", "did you mean 'Base'?"),
        ("scorecard --lose Chin", "did you mean"),
        ("sensitivity --by price", "--by"),
        ("stress --year 2031", "did you mean 2028?"),
        ("stress --surge 20", "did you mean 0.2 (20 %)?"),
        ("stress --surge -1", "such as 0.65"),
        ("stress --surge -1 --lose Chna", "--surge '-1' is not a share"),
        ("stress --surge -1 --lose Chna", "--lose 'Chna': "),
        ("stress --scenario Bas", "did you mean 'Base'? Choose from Base"),
        ("stress --country China", "No such option"),
        ("stress --scenari Base", "Did you mean"),
        ("stress --output plain.xlsx", "choose another output"),
        ("sweep --step 0", "--step 0 is not a step"),
        ("sweep --from 65", "did you mean 0.65 (65 %)?"),
        ("sweep --from 0,9", "'0,9' is not a number such as 0.65 or 65%"),
        ("sweep --step nan", "'nan' is not a number"),
        ("sweep --step 0.0001", "6,001 points, more than 1,000"),
        (
            "sweep --over embargo",
            "choose from cap, demand, capacity, cost, tariff, floor, freight, mines",
        ),
        ("sweep --over capacity:Chian", "did you mean 'China'?"),
        ("sweep --over tariff:CHN --to 25", "did you mean 0.25 (25 %)?"),
    ],
)  # fmt: skip
def test_wrong_usage_of_a_study(plain, call, ask, words, said):
    """Refused with what was likely meant, before anything is written."""
    command, *options = shlex.split(words)
    words = (command, plain, *options, "--workers", "1")
    code, out, err = call(*words)
    assert (code, out) == (2, "")
    assert said in err
    assert ask(*words)[1]["status"] == "usage_error"
    assert not Path("outputs").exists()


def test_a_word_after_two_dashes_is_no_option(folder, call):
    code, out, _ = call("check", "--", "--json")
    assert code == 1
    assert "no such file" in out


HEAVY = "pandas numpy pyomo openpyxl xlsxwriter rich highspy"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("heavy", "arguments"),
    [
        (HEAVY, ["--help"]),
        ("pandas pyomo xlsxwriter highspy", ["check", str(ROOT / "inputs" / "plain.xlsx")]),
        ("pyomo plotly dask", ["verify", "plan.xlsx", str(ROOT / "inputs" / "plain.xlsx")]),
    ],
)
def test_a_command_loads_nothing_heavy_that_it_does_not_need(heavy, arguments, folder, call):
    call("solve", arguments[-1], "--output", "plan.xlsx")
    code = (
        f"import sys; from planner.cli import main; code = main({arguments})\n"
        f"print(code, {{*{heavy.split()}}} & set(sys.modules), file=sys.stderr)"
    )
    ran = python("-c", code)
    assert ran.stderr.splitlines()[-1] == "0 set()"


def test_a_fault_of_ours_is_told_as_one(folder, ask, call, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        msg = "odd"
        raise ZeroDivisionError(msg)

    monkeypatch.setattr("planner.scenarios.start.check_file", fail)
    code, answer = ask("check", "a.xlsx")
    assert code == 70
    assert answer["status"] == "fault"
    _, _, err = call("check", "a.xlsx")
    assert "ZeroDivisionError: odd" in err
    assert "please report it" in err


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
@pytest.mark.parametrize(("sent", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_ends_in_a_sentence_and_leaves_nothing(case, sent, code):
    slow = (
        "import sys, time\n"
        "import planner.sheets as sheets\n"
        "def write(path, *a, **k):\n"
        "    path.write_text('half')\n"
        "    print('writing', file=sys.stderr, flush=True)\n"
        "    time.sleep(600)\n"
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
        process.send_signal(getattr(signal, sent))
        out, err = process.communicate(timeout=HANG)
    assert (process.returncode, err) == (code, "Stopped before the command was finished\n")
    answer = json.loads(out)
    assert (answer["status"], answer["stopped"]) == ("stopped", True)
    assert list((case.parent / "outputs").iterdir()) == []


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_no_number_of_the_json_is_other_than_finite(capsys, number):
    print_json({"a": [number, {"b": number}], "c": 1.5})
    said = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert said == {"a": [None, {"b": None}], "c": 1.5}
