"""The command exit: what it writes, what it says, and how it is refused."""

from __future__ import annotations

import openpyxl
import pytest

from models.answers import exit as answers
from models.errors import SolverError
from tests.cli.desk import sheets

HERE = ("--workers", "1")


def test_what_is_written(plain, call, folder):
    """A workbook beside the plans with all its sheets, CSV, and the finding on stderr."""
    code, out, err = call("exit", plain, "--country", "China", "--csv", "tables", *HERE)
    assert (code, out) == (0, "")
    made = folder / "outputs" / "plain-CHN-exit.xlsx"
    assert str(made.relative_to(folder)) in err
    assert "No mineral that depends on China can do without it in 2028." in err
    assert sheets(made) == [
        "Overview", "Exit", "Charts", "Way out", "Builds in order", "What holds it up",
        "Decide now", "About", "Runs", "Chart data",
    ]  # fmt: skip
    assert {p.name for p in (folder / "tables").iterdir()} == {
        "exit.csv", "way-out.csv", "builds-in-order.csv", "what-holds-it-up.csv",
        "decide-now.csv", "tables.json",
    }  # fmt: skip
    book = openpyxl.load_workbook(made)
    runs = [row[:2] for row in book["Runs"].iter_rows(min_row=2, values_only=True)]
    assert runs[0][0] == "The plan"
    assert runs[-1][0] == "The exit path"
    assert {proven for _, proven in runs} == {"yes"}
    assert all(cell.comment for cell in book["Exit"][1])


def test_what_a_program_hears(plain, ask):
    """The tables by their keys; the way out costs no less than the plan."""
    code, said = ask("exit", plain, "--country", "CN", *HERE)
    assert (code, said["status"], said["country"]) == (0, "optimal", "CHN")
    assert said["objective_usd"] >= said["plan_objective_usd"]
    for row in said["rows"]:
        assert row["left"] <= row["planned"] + 1e-6
        assert row["at_most_0_from"] is None or row["at_most_50_from"] <= row["at_most_0_from"]
    assert {row["mineral"] for row in said["path"]} == {row["mineral"] for row in said["rows"]}
    assert {"builds", "limits"} <= said.keys()


@pytest.mark.parametrize(
    ("country", "said"),
    [
        ("Chad", "no plant and no mine there"),
        ("FJ", "no plant and no mine there"),
        ("Monaco", "no plant and no mine there"),
        ("Japan", "no plant and no mine there"),
        ("China", "that depends on China can do without it"),
    ],
)
def test_a_country_without_a_plant_is_said_to_have_none(plain, call, country, said):
    code, _, err = call("exit", plain, "--country", country, *HERE)
    assert code == 0
    assert said in " ".join(err.split())
    assert ("no plant" in " ".join(err.split())) == (country != "China")


def test_a_scenario_and_what_ifs(case, ask):
    """A country that is lost is left already."""
    code, said = ask("exit", case, "--country", "prc", "--lose", "China", *HERE)
    assert code == 0
    assert all((row["planned"], row["at_most_0_from"]) == (0, 2026) for row in said["rows"])


def test_no_proven_way_out(plain, ask, monkeypatch):
    """Why is said, and nothing is written; the exit code is 3."""

    def fail(*_):
        message = "no luck"
        raise SolverError(message)

    monkeypatch.setattr(answers._ExitProgram, "_solved", fail)
    code, said = ask("exit", plain, "--country", "China", *HERE)
    assert (code, said["status"]) == (3, "solver_error")
    assert "no luck" in str(said["errors"])


def test_a_search_that_fails_leaves_the_other_minerals(plain, call, ask, monkeypatch):
    """The way out of one mineral is not proven: it is named, and what is known is written."""
    expected = ask("exit", plain, "--country", "China", *HERE)[1]["rows"]
    refused, *others = [row["mineral"] for row in expected]
    asked, why = answers._ExitProgram.least_together, "no proven least"

    def failing(fenced):
        if refused in fenced.columns:
            raise SolverError(why)
        return asked(fenced)

    monkeypatch.setattr(answers._ExitProgram, "least_together", failing)
    code, said = ask("exit", plain, "--country", "China", "--output", "again.xlsx", *HERE)
    assert code == 0
    assert [row["mineral"] for row in said["rows"]] == others
    assert said["rows"] == [row for row in expected if row["mineral"] in others]
    assert said["trouble"] == f"the exit path of {refused} is not known: {why}"
    _, _, err = call("exit", plain, "--country", "China", "--output", "again.xlsx", *HERE)
    assert f"the exit path of {refused} is not known" in err
