"""A plan waits for its background process: no plan comes out of another model."""

from __future__ import annotations

import errno
import os
import signal
import sys
from pathlib import Path

import pytest

from models.background import BackgroundProcess
from models.errors import SolverError
from models.plan import Session, solve
from planner.cli import main
from planner.workbook import read
from tests.books import write_book
from tests.small_book import small_book

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a process is forked on Linux")


def test_nothing_wrong_and_something_wrong() -> None:
    """The outcome is what the check said there."""
    here = os.getpid()

    def elsewhere() -> None:
        assert os.getpid() != here

    BackgroundProcess(elsewhere).result()

    def wrong() -> None:
        msg = "another program"
        raise SolverError(msg)

    background = BackgroundProcess(wrong)
    with pytest.raises(SolverError, match="another program"):
        background.result()


@pytest.mark.parametrize("end", [lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: 1 / 0])
def test_no_answer(end) -> None:
    """A check that was ended, or failed otherwise, is made by the process that waits."""
    here, made = os.getpid(), list[int]()

    def check() -> None:
        if os.getpid() != here:
            end()
        made.append(os.getpid())

    BackgroundProcess(check).result()
    assert made == [here]


def test_same_plan_and_proof(tmp_path: Path) -> None:
    """A session that compares models in the background gives the same plan and proof."""
    write_book(tmp_path / "case.xlsx", small_book())
    case = read(tmp_path / "case.xlsx").case
    session = Session(case, in_background=True)
    background, plain = session.base, solve(case)
    session.confirm()
    assert (background.solver_x == plain.solver_x).all()
    assert background.proof == plain.proof
    assert background.proof.models > 0


@pytest.mark.parametrize(
    "command", ["solve", "sweep --from 0.9 --to 0.8 --csv {csv}", "stress", "compare --json"]
)
def test_other_model_is_no_plan(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """If the model is not the case's, a command ends with 3 and leaves nothing behind."""
    write_book(tmp_path / "case.xlsx", small_book())
    monkeypatch.setattr("models.program.compile.differences", lambda *_: ["a cost differs"])
    monkeypatch.setattr("models.background.cores", lambda: 2)
    monkeypatch.setattr("planner.studies.places.MIN_ROUTES_IN_BACKGROUND", 0)
    monkeypatch.setattr("planner.studies.places.uses_every_core", lambda *_: True)
    made, (name, *more) = tmp_path / "made", command.format(csv=tmp_path / "csv").split()
    output = ["--output", str(made / "plan.xlsx")]
    assert main([name, str(tmp_path / "case.xlsx"), *more, *output]) == 3
    printed = capsys.readouterr()
    why = "the Pyomo model differs from the case's arrays: a cost differs"
    assert why in printed.out + printed.err
    assert not [*made.glob("*"), *tmp_path.glob("csv")]


def test_no_number_of_another_model_is_shown_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk is no way round the comparison."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    write_book(tmp_path / "case.xlsx", small_book())
    monkeypatch.setattr("models.program.compile.differences", lambda *_: ["a cost differs"])
    monkeypatch.setattr("planner.studies.workbook.write_study", full)
    monkeypatch.setattr("planner.studies.places.uses_every_core", lambda *_: True)
    sweep = ["sweep", str(tmp_path / "case.xlsx"), "--from", "0.9", "--to", "0.8"]
    assert main([*sweep, "--output", str(tmp_path / "made" / "sweep.xlsx")]) == 3
    printed = capsys.readouterr()
    assert "the Pyomo model differs" in printed.err
    assert "90 %" not in printed.out + printed.err


def test_a_stop_while_a_study_is_compared_keeps_its_finished_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are written as a partial result, which replaces no complete one."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    write_book(tmp_path / "case.xlsx", small_book())
    monkeypatch.setattr("models.program.compile.differences", stop)
    monkeypatch.setattr("planner.studies.places.uses_every_core", lambda *_: True)
    sweep = ["sweep", str(tmp_path / "case.xlsx"), "--from", "0.9", "--to", "0.8"]
    assert main([*sweep, "--output", str(tmp_path / "made" / "sweep.xlsx")]) == 130
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["sweep-partial.xlsx"]
    assert "The study is not finished" in capsys.readouterr().err
