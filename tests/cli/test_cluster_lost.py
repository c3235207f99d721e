"""A cluster that is lost while a study runs: what is finished is kept and written."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.budget import few
from tests.cli.test_stopped import STUDIES
from tests.study.variants import Falling

pytestmark = pytest.mark.slow

LOST = "not run: the cluster was lost"
ASKED = STUDIES | {"scorecard": ()}


@pytest.fixture
def lose(monkeypatch):
    """Let the cluster be lost after so many runs."""

    def after(runs: int) -> None:
        monkeypatch.setattr("planner.cli.common.place", lambda *_: Falling(runs))

    return after


@pytest.mark.parametrize("command", few(ASKED, 2))
def test_what_is_finished_is_written(case, ask, call, lose, command) -> None:
    _, whole = ask(command, case, *ASKED[command])
    runs = whole["runs"] - 1
    lose(runs)
    code, answer = ask(command, case, *ASKED[command])
    assert (code, answer["status"], answer["stopped"]) == (3, "solver_error", False)
    assert (answer["runs"], answer["runs_finished"]) == (runs + 1, runs)
    assert [LOST in each["message"] for each in answer["errors"]] == [True]
    book = openpyxl.load_workbook(answer["output"])
    said = [str(cell.value) for row in book["Runs"].iter_rows() for cell in row]
    assert sum(LOST in cell for cell in said) == 1
    lose(runs)
    code, _, err = call(command, case, *ASKED[command])
    assert code == 3
    assert "the cluster was lost" in err


@pytest.mark.parametrize("command", few([c for c in ASKED if c != "scorecard"], 2))
def test_a_later_part_that_finds_no_cluster(case, ask, lose, command) -> None:
    """The runs with share limits, or of the agreed plan, are done; then the cluster is gone."""
    _, whole = ask(command, case, *ASKED[command])
    lose(whole["runs"] // 2)
    code, answer = ask(command, case, *ASKED[command])
    assert code == 3
    assert answer["runs_finished"] == whole["runs"] // 2
    assert (answer["output"] is not None) or command == "risk"


@pytest.mark.parametrize("command", ASKED)
def test_a_cluster_that_was_never_there(case, ask, lose, command) -> None:
    lose(0)
    code, answer = ask(command, case, *ASKED[command])
    assert (code, answer["status"]) == (2, "usage_error")
    assert not list(Path("outputs").glob("*"))
