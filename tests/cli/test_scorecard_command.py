"""The command scorecard: what it writes, what it says, and how it is refused."""

from __future__ import annotations

import csv

import openpyxl
import pytest

from models.errors import SolverError
from models.plan import Session
from models.results import Benchmarks
from planner.studies.kind import Tables
from planner.studies.scorecard import CAN_BE_MET, ScorecardStudy
from tests.cli.desk import sheets

HERE = ("--workers", "1")


def test_what_is_written(plain, call, folder):
    """A workbook beside the plans, CSV where asked for, and the missed benchmarks on stderr."""
    code, out, err = call("scorecard", plain, "--csv", "tables", *HERE)
    assert (code, out) == (0, "")
    made = folder / "outputs" / "plain-scorecard.xlsx"
    assert str(made.relative_to(folder)) in err
    assert sheets(made) == ["Overview", "Scorecard", "EU benchmarks", "About", "Runs"]
    assert {p.name for p in (folder / "tables").iterdir()} == {
        "scorecard.csv", "eu-benchmarks.csv", "tables.json",
    }  # fmt: skip
    book = openpyxl.load_workbook(made)
    with (folder / "tables" / "eu-benchmarks.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    told = [row[7] for row in book["Scorecard"].iter_rows(min_row=2, values_only=True)]
    met, missed = told.count("✓ met"), told.count("✗ missed")
    assert len(rows) == missed > 0
    assert f"{met} of {met + missed} benchmarks met" in err
    asked = [row for row in rows if row["Can it be met"] != "– not planned"]
    assert len(list(book["Runs"].iter_rows(min_row=2))) == 1 + len(asked)
    for name in ("Scorecard", "EU benchmarks"):
        assert all(cell.comment for cell in book[name][1]), name


def test_the_plan_of_solve_has_the_same_scorecard(plain, call, folder):
    """The sheet of solve's plan and that of the command are equal, cell by cell."""
    assert call("solve", plain)[0] == 0
    assert call("scorecard", plain, *HERE)[0] == 0
    one, other = (
        list(openpyxl.load_workbook(folder / "outputs" / f"plain-{name}.xlsx")["Scorecard"].values)
        for name in ("plan", "scorecard")
    )
    assert one == other


def test_the_finding_names_whose_benchmarks_are_missed():
    """The EU's are counted apart from the coalition's, and the farthest off says whose it is."""
    rows = [
        {"benchmark": "Processing inside", "mineral": "Graphite", "buyer": buyer, "required": 0.4,
         "worst_share": got, "can_be_met": CAN_BE_MET[can]}
        for buyer, got, can in (("", 0.13, True), ("EU", 0.0, False), ("EU", 0.39, True))
    ]  # fmt: skip
    found = ScorecardStudy.headline(Tables([Benchmarks.of_rows(rows)]))
    assert found.finding == (
        "For the coalition, the plan misses 1 benchmark, and 1 could be met. For the EU, the plan"
        " misses 2 benchmarks, and 1 could be met. The EU is farthest from the benchmark Processing"
        " inside for Graphite: it reaches 0.0 %, and 40.0 % is required."
    )
    assert found.figures[0].value == "1 of the coalition and 2 of the EU"
    assert found.figures[1].value == "1 of the coalition and 1 of the EU"


def test_what_a_program_hears(plain, ask):
    """Numbers, null where there are none, never a word in their place."""
    code, said = ask("scorecard", plain, *HERE)
    assert (code, said["status"], said["errors"]) == (0, "optimal", [])
    assert {s["measure"] for s in said["scores"]} >= {"Processing inside", "Days of cover"}
    assert all(s["met"] in {True, False, None} for s in said["scores"])
    missed = [s for s in said["scores"] if s["met"] is False]
    assert len(missed) == len(said["benchmarks"])
    for row in said["benchmarks"]:
        assert (row["extra_cash"] is None) == (row["can_be_met"] is None)


def test_a_scenario_and_what_ifs_are_of_the_plan(case, ask):
    """Every sheet of the template; a lost country is in no plan."""
    code, said = ask("scorecard", case, "--lose", "China", *HERE)
    assert code == 0
    third = [s for s in said["scores"] if s["measure"] == "Refined in one country outside"]
    assert third
    assert all("China" not in s["remark"].partition("2026: ")[2] for s in third)


def test_results_do_not_depend_on_where(case, ask):
    """One process or two: the same numbers to the bit."""
    one, two = (ask("scorecard", case, "--workers", n)[1] for n in (1, 2))
    assert one["benchmarks"] == two["benchmarks"]


def test_a_run_without_a_plan_stands_with_its_reason(plain, ask, monkeypatch, folder):
    """The others are written; the exit code is 3."""
    kept = Session.solve

    def fail(self, case):
        if case.share_limits[-1].group == "bloc" and case.share_limits[-1].mineral == "Lithium":
            message = "no luck"
            raise SolverError(message)
        return kept(self, case)

    monkeypatch.setattr(Session, "solve", fail)
    code, said = ask("scorecard", plain, *HERE)
    assert (code, said["status"]) == (3, "solver_error")
    reasons = {row["remark"] for row in said["benchmarks"] if row["mineral"] == "Lithium"}
    assert reasons == {"no luck"}
    assert any(row["can_be_met"] is not None for row in said["benchmarks"])
    assert (folder / said["output"]).exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--max-country-share", "65"), "did you mean 0.65 (65 %)?"),
        (("--scenario", "Bas"), "did you mean 'Base'?"),
        (("--lose", "Chin"), "did you mean"),
        (("--output", "plain.xlsx"), "choose another output"),
    ],
)
def test_wrong_usage(plain, call, options, said):
    """Refused with what was likely meant, before anything is written."""
    code, _, err = call("scorecard", plain, *options, *HERE)
    assert code == 2
    assert said in err
    assert not (plain.parent / "outputs").exists()


def test_nowhere_to_write(plain, ask, folder):
    """The scores are told all the same; the exit code is 4."""
    (folder / "taken").write_text("a file, no folder", encoding="utf-8")
    code, said = ask("scorecard", plain, "--output", "taken/book.xlsx", *HERE)
    assert (code, said["status"], said["output"]) == (4, "write_error", None)
    assert said["scores"]


def test_a_broken_workbook(broken, call, ask):
    """Its errors are listed with their cells, as by every command."""
    code, _, err = call("scorecard", broken, *HERE)
    assert code == 1
    assert "Chille" in err
    assert ask("scorecard", broken, *HERE)[1]["status"] == "input_error"
