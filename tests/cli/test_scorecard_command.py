"""The command scorecard: what it writes, what it says, and how it is refused."""

from __future__ import annotations

import csv

import openpyxl

from models.errors import SolverError
from models.plan import Session
from models.results import Benchmarks, Scorecard
from planner.sheets.figures import MET, MISSED, NO_DATA
from planner.studies.kind import Tables
from planner.studies.scorecard import AT_A_SHORTAGE, NO, YES, ScorecardStudy
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
    assert f"Benchmarks met: {met}; missed: {missed};" in err
    asked = [row for row in rows if row["Could be met"] != "– not planned"]
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


NONE = dict.fromkeys(f.name for f in Benchmarks.FIELDS)
CARD = dict.fromkeys(f.name for f in Scorecard.FIELDS)
OUTSIDE = "Refined in one country outside"
MET_AS_LIMITS = (
    "Missed benchmarks that could be met, each by itself as a limit, with no more missing than in"
    " the plan: 1; only with more missing: 1."
)
TAKEN = (
    "Held as a limit, Processing at home (Graphite, Coalition) leaves a further 453 thousand t of"
    " other minerals missing over the planned years, compared with the plan."
)


def test_the_findings_count_what_is_missed_and_name_the_farthest():
    """The EU's row is farthest from its benchmark; meeting the coalition's takes from others."""
    at_home = {"benchmark": "Processing at home", "mineral": "Graphite", "required": 0.4,
               "kind": "min", "worst_year": 2030}  # fmt: skip
    rows = [
        NONE | at_home | {"buyer": buyer, "worst_share": got, "can_be_met": can,
                          "extra_short_others": t}
        for buyer, got, can, t in (
            ("EU", 0.1, NO, 0), ("", 0.13, AT_A_SHORTAGE, 453_000), ("G7", 0.2, YES, 0)
        )
    ]  # fmt: skip
    outside = {"benchmark": OUTSIDE, "buyer": "", "kind": "max"}
    rows += [rows[0] | outside | {"mineral": "Oxide", "required": 0.65, "worst_share": 0.9}]
    lights = [CARD | {"met": light} for light in (MET, MISSED, MISSED, NO_DATA)]
    card = Scorecard.of_rows(lights, words={"first": "2026", "last": "2030"})
    missed = Benchmarks.of_rows(rows, words={"money": "USD"})
    found = ScorecardStudy.findings(Tables([card, missed]))
    assert [sentence.text for sentence in found] == [
        "Benchmarks met: 1; missed: 2; without data: 1.",
        MET_AS_LIMITS,
        "Processing at home (Graphite, EU) is 10 % in 2030; at least 40 % is required.",
        f"{OUTSIDE} (Oxide, Coalition) is 90 % in 2030; at most 65 % is allowed.",
        TAKEN,
    ]
    shown = ScorecardStudy.main_table(Tables([card, missed]))
    assert shown is not None
    assert (len(shown.result), shown.fields[1]) == (4, Benchmarks.buyer)  # as many as are missed
    assert list(shown.result.can_be_met) == [YES, AT_A_SHORTAGE, NO, NO]
    alone = ScorecardStudy.main_table(Tables([missed.take([1])]))
    assert alone is not None
    assert Benchmarks.buyer not in alone.fields


def test_what_a_program_hears(plain, ask):
    """Numbers, null where there are none, never a word in their place."""
    code, said = ask("scorecard", plain, *HERE)
    assert (code, said["status"], said["errors"]) == (0, "optimal", [])
    assert {s["measure"] for s in said["scores"]} >= {"Processing at home", "Days of cover"}
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
