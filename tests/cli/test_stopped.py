"""Ctrl-C and a polite request to end: what is kept, and what everyone hears of it."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import openpyxl
import pytest

import planner.studies.engine
from models.errors import SolverError
from models.plan import Session
from planner.studies.kind import PARTIAL
from tests.budget import few
from tests.cli.desk import POSIX, python, shell

STUDIES = {
    "sweep": ("--from", "0.7", "--to", "0.5", "--step", "0.1"),
    "stress": (), "compare": (), "risk": ("--draws", "30", "--seed", "3"), "sensitivity": (),
}  # fmt: skip
"""Each command's options; all in this process."""

BEFORE = {"stress": 1, "risk": 1}
"""How many plans a command makes that way before its runs: without share limits, or Security."""

SOLVE = {name: getattr(Session, name) for name in ("solve", "solve_cold", "vary")}
"""What plans a run; ``vary`` returns None where ``solve`` is called then."""


def stopped(monkeypatch, after: int, by: BaseException | None = None) -> None:
    """A study that is stopped when it has made so many plans."""
    planned: list[str] = []

    def stopping(name: str):
        def stop(self, variant):
            if len(planned) >= after:
                raise by or KeyboardInterrupt
            plan = SOLVE[name](self, variant)
            planned.extend([name] if plan else [])
            return plan

        return stop

    for name in SOLVE:
        monkeypatch.setattr(planner.studies.engine.Session, name, stopping(name))


def asked(command: str, case: Path) -> tuple[object, ...]:
    return (command, case, *STUDIES[command], "--workers", "1")


@pytest.mark.parametrize("command", STUDIES)
def test_nothing_finished_is_said(case, call, ask, monkeypatch, command) -> None:
    stopped(monkeypatch, 0)
    code, out, err = call(*asked(command, case))
    assert (code, out) == (130, "")
    assert " runs finished. Nothing was written\n" in err
    assert "Stopped: 0 of " in err
    assert "Error" not in err
    code, answer = ask(*asked(command, case))
    assert (code, answer["status"], answer["stopped"]) == (130, "stopped", True)
    assert answer["runs_finished"] == 0
    assert answer["output"] is None
    assert answer["errors"] == []
    assert not Path("outputs").exists()


@pytest.mark.parametrize("command", [*BEFORE, "scorecard"])
@pytest.mark.parametrize("by", [KeyboardInterrupt(), SystemExit(143)])
def test_nothing_is_finished_where_what_is_agreed_has_no_plan(  # noqa: PLR0917 - as below
    case, call, ask, monkeypatch, command, by
) -> None:
    """The plan of the case itself is that of ``Session.base``, or of ``solve``."""

    def stop(*_):
        raise by

    monkeypatch.setattr(planner.studies.engine.Session, "base", property(stop))
    monkeypatch.setattr("planner.studies.scorecard.solve", stop)
    code, out, err = call(command, case, "--workers", "1")
    assert (code, out) == (143 if isinstance(by, SystemExit) else 130, "")
    assert "Stopped: 0 of 0 runs finished. Nothing was written\n" in err
    _, answer = ask(command, case, "--workers", "1")
    assert (answer["status"], answer["stopped"], answer["errors"]) == ("stopped", True, [])
    assert answer["runs"] == answer["runs_finished"] == 0
    assert not Path("outputs").exists()


@pytest.mark.parametrize(("command", "after"), [("sweep", 2), ("stress", 3), ("compare", 3)])
def test_what_is_kept_says_that_it_was_stopped(  # noqa: PLR0917 - fixtures, and a case
    case, call, ask, monkeypatch, command, after
) -> None:
    plans = after + BEFORE.get(command, 0)
    stopped(monkeypatch, plans)
    code, out, err = call(*asked(command, case))
    assert (code, out) == (130, "")
    lines = err.splitlines()
    (told,) = (line for line in lines if line.startswith("Stopped"))
    assert f" {after} of " in told
    (missing,) = (line for line in lines if line.startswith("Not run: "))
    assert missing.endswith(": the study was stopped before")
    assert PARTIAL in lines
    book = openpyxl.load_workbook(f"outputs/case-{command}-partial.xlsx")
    if command != "compare":
        assert f"(stopped: {after} of " in book.properties.title  # and above the charts
    assert PARTIAL in [cell.value for row in book["Overview"].iter_rows() for cell in row]
    about = book["About"]
    said = {row[0].value: row[1].value for row in about.iter_rows()}
    assert told.split(maxsplit=1)[1] in said["Stopped"]
    stopped(monkeypatch, plans)
    code, answer = ask(*asked(command, case))
    assert (code, answer["status"], answer["stopped"]) == (130, "stopped", True)
    assert (answer["runs_finished"], answer["errors"]) == (after, [])


@pytest.mark.parametrize("command", few(STUDIES, 2))
def test_what_is_not_stopped_says_so(case, call, ask, command) -> None:
    code, answer = ask(*asked(command, case))
    assert (code, answer["status"], answer["stopped"]) == (0, "optimal", False)
    assert answer["runs"] == answer["runs_finished"] > 1
    assert PARTIAL not in call(*asked(command, case))[2]


def test_numbers_that_had_no_turn_are_not_said_to_decide_nothing(case, call, ask, monkeypatch):
    """Half of the ends; the same numbers as in a whole study."""
    _, whole = ask(*asked("sensitivity", case))
    stopped(monkeypatch, 20)
    code, answer = ask(*asked("sensitivity", case))
    assert (code, answer["status"], answer["stopped"]) == (130, "stopped", True)
    assert 2 < answer["runs_finished"] < answer["runs"] == whole["runs"]
    known = [row for row in answer["factors"] if row["swing_usd"] is not None]
    assert 0 < len(known) < len(answer["factors"]) == len(whole["factors"])
    every = {(row["sheet"], *row["cells"]): row for row in whole["factors"]}
    for row in known:
        assert row["swing_usd"] == every[row["sheet"], *row["cells"]]["swing_usd"]
    stopped(monkeypatch, 20)
    _, _, err = call(*asked("sensitivity", case))
    said = " ".join(err.split())
    assert PARTIAL in said
    assert "critical" not in said
    assert Path("outputs/case-sensitivity-partial.xlsx").is_file()
    assert "How sure" not in call("solve", case)[2]


def test_the_worst_losses_say_among_how_many(case, call, monkeypatch) -> None:
    stopped(monkeypatch, BEFORE["stress"] + 3)  # nothing lost, and the first two in the alphabet
    _, _, err = call(*asked("stress", case))
    assert PARTIAL in err.splitlines()
    book = openpyxl.load_workbook("outputs/case-stress-partial.xlsx")
    cells = [str(cell.value) for row in book["Stress"].iter_rows() for cell in row]
    assert "not run: the study was stopped before" in cells
    assert "nan" not in cells
    told = [str(c.value) for sheet in book for row in sheet.iter_rows() for c in row]
    assert not any("the others cost nothing" in title and " of 2;" not in title for title in told)


def about(name: str) -> str:
    """Return the values of the sheet About of a workbook."""
    sheet = openpyxl.load_workbook(f"outputs/{name}.xlsx")["About"]
    return " ".join(str(value) for _, value, *_ in sheet.iter_rows(values_only=True))


def test_draws_that_were_finished_early_are_no_fair_sample(case, call, ask, monkeypatch) -> None:
    """All runs of the agreed plan are finished, and all but one of those planned anew."""
    _, whole = ask(*asked("risk", case))
    stopped(monkeypatch, BEFORE["risk"] + whole["runs"] // 2)
    assert call(*asked("risk", case))[0] == 130
    assert "random sample" not in about("case-risk-partial")  # all draws, or none
    stopped(monkeypatch, BEFORE["risk"] + whole["runs"] - 1)
    code, _, err = call(*asked("risk", case))
    assert code == 130
    assert "the others are not a random sample of all draws" in about("case-risk-partial (2)")
    assert "without a plan" not in err
    assert PARTIAL in err.splitlines()


@pytest.mark.slow
def test_what_is_finished_never_replaces_a_whole_result(case, call, ask, monkeypatch) -> None:
    """Nor what an earlier study that was stopped had finished; with or without --output."""
    for options in ((), ("--output", "mine.xlsx", "--csv", "tables")):
        for name, solve in SOLVE.items():
            monkeypatch.setattr(planner.studies.engine.Session, name, solve)
        _, whole = ask(*asked("sweep", case), *options)
        place = Path(whole["output"])
        before = {p: p.read_bytes() for p in (place, *Path().glob("tables/*"))}
        made = set()
        for after in (2, 3):
            stopped(monkeypatch, after)
            code, answer = ask(*asked("sweep", case), *options)
            assert code == 130
            made.add(answer["output"])
        stem = place.with_suffix("")
        assert made == {f"{stem}-partial.xlsx", f"{stem}-partial (2).xlsx"}
        assert {p: p.read_bytes() for p in before} == before
        stopped(monkeypatch, 2)
        _, _, err = call(*asked("sweep", case), *options)
        assert (
            f"is not finished, so it was written to {stem}-partial (3).xlsx, not to {place}" in err
        )
    tables = {p.name for p in Path().iterdir() if p.is_dir() and p.name.startswith("tables")}
    partial = {f"tables-partial{n}" for n in ("", " (2)", " (3)")}
    assert tables == {"tables", *partial}
    assert {p.name for p in Path("tables").iterdir()} == {
        p.name for p in Path("tables-partial").iterdir()
    }


@POSIX
def test_a_terminal_that_has_gone_keeps_what_is_finished(case) -> None:
    """SIGHUP comes after two points, and from then on nobody is left to be told."""
    script = (
        "import os, signal, sys\n"
        "from models.plan import Session\n"
        "runs = []\n"
        "def stopping(solve):\n"
        "    def stop(self, variant):\n"
        "        runs.append(variant)\n"
        "        if len(runs) == 3:\n"
        "            os.dup2(os.open('/dev/full', os.O_WRONLY), 2)\n"
        "            os.kill(os.getpid(), signal.SIGHUP)\n"
        "        return solve(self, variant)\n"
        "    return stop\n"
        "Session.solve, Session.solve_cold = map(stopping, (Session.solve, Session.solve_cold))\n"
        "Session.vary = lambda *_: None\n"
        "from planner.cli import main\n"
        "sys.exit(main(['sweep', 'case.xlsx', '--workers', '1']))\n"
    )
    ran = python("-c", script)
    assert (ran.returncode, ran.stderr) == (129, "")
    book = openpyxl.load_workbook("outputs/case-sweep-partial.xlsx")
    assert "(stopped: 2 of " in book.properties.title
    assert [p.name for p in Path("outputs").iterdir()] == ["case-sweep-partial.xlsx"]


@POSIX
def test_a_command_that_shall_outlive_its_terminal_does(case) -> None:
    """As ``nohup`` asks for."""
    line = "trap '' HUP; $P sweep case.xlsx & sleep 1; kill -HUP $!; wait $!"
    assert shell(line).returncode == 0
    assert (case.parent / "outputs/case-sweep.xlsx").is_file()


def test_a_request_to_end_ends_with_its_own_code(case, call, monkeypatch) -> None:
    stopped(monkeypatch, 2, SystemExit(143))
    code, _, err = call(*asked("sweep", case))
    assert code == 143
    assert "Stopped       2 of 4 runs finished\n" in err


def test_a_run_that_failed_before_is_still_a_failure(case, ask, monkeypatch) -> None:
    runs = itertools.count(1)

    def fail(self, variant):
        at = next(runs)
        if at == 1:
            msg = "no proven optimum"
            raise SolverError(msg)
        if at > 2:
            raise KeyboardInterrupt
        return SOLVE["solve"](self, variant)

    monkeypatch.setattr(planner.studies.engine.Session, "solve", fail)
    monkeypatch.setattr(planner.studies.engine.Session, "vary", lambda *_: None)
    code, answer = ask(*asked("sweep", case))
    assert (code, answer["status"], answer["stopped"]) == (130, "solver_error", True)
    assert [e["message"] for e in answer["errors"]] == ["Cap 70 %: no proven optimum"]


def test_nothing_but_the_answer_is_on_stdout_when_a_model_is_cut_off(case) -> None:
    """Pyomo logs on stdout that a component could not be made."""
    script = (
        "import sys\n"
        "import pyomo.core as pyo\n"
        "from models.program import families\n"
        "from models.program.family import Family\n"
        "def stop(*_):\n"
        "    raise KeyboardInterrupt\n"
        "def cut_off(f):\n"
        "    f.model.cut_off = pyo.Constraint([1], rule=stop)\n"
        "families.FAMILIES = (*families.FAMILIES, Family(cut_off, stop))\n"
        "from planner.cli import main\n"
        "sys.exit(main(['solve', 'case.xlsx', '--json']))\n"
    )
    ran = python("-c", script)
    assert (ran.returncode, ran.stderr) == (130, "Stopped before the command was finished\n")
    assert json.loads(ran.stdout)["stopped"] is True
