"""The command sweep: the frontier, what is said of it, and every way to fail."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import openpyxl
import pytest

import planner.studies.engine
from models.errors import SolverError
from models.plan import Session
from planner.cli import main
from planner.workbook.template import EVERY_CASE, template_tables
from tests.books import write_book
from tests.cli.desk import ROOT, apart, sheets

SPAN = ("--from", "0.7", "--to", "50%", "--step", "0.1", "--workers", "1")


@pytest.mark.slow
def test_workers_end_without_a_word(tmp_path):
    """Python tells of locks that processes leave behind as they are ended."""
    words = (*SPAN[:-2], "--workers", "2", "--output", str(tmp_path / "a.xlsx"), "--json")
    ran = apart("sweep", ROOT / "inputs/critical-minerals.xlsx", *words)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_sweep_writes_the_frontier_and_says_what_it_holds(case, call):
    before = case.read_bytes()
    code, out, err = call("sweep", "case.xlsx", *SPAN)
    assert (code, out) == (0, "")
    assert case.read_bytes() == before
    path = Path("outputs/case-sweep.xlsx")
    assert sheets(path) == [
        "Overview",
        "Frontier",
        "Charts",
        "Smallest caps",
        "Reference",
        "About",
        "Runs",
        "Chart data",
    ]
    for said in ("share of demand from 70 % to 50 %", "70 %", "50 %", "case-sweep.xlsx"):
        assert said in err
    frontier = list(openpyxl.load_workbook(path)["Frontier"].iter_rows(values_only=True))
    assert frontier[0][:2] == ("Cap", "Mineral")
    assert [row[0] for row in frontier[1:] if row[1] == "all"] == [0.7, 0.6, 0.5]


def test_the_workbooks_own_path_is_a_point(folder, call, ask):
    """On the terminal, in the sheet, on the first page, in JSON; it costs what solve says."""
    tables = template_tables()
    for row in tables["Share limits"]:
        row["Share 2028"] = 0.5
    write_book(folder / "path.xlsx", tables)
    code, _, err = call("sweep", "path.xlsx", "-v", *SPAN)
    assert code == 0
    said = " ".join(err.split())
    assert "As in the workbook" in said
    assert "The workbook's own caps differ by year, mineral or buyer." in said
    book = openpyxl.load_workbook("outputs/path-sweep.xlsx", read_only=True)
    head, *rows = book["Frontier"].iter_rows(values_only=True)
    assert head[:3] == ("Point", "Cap", "Mineral")
    own = "As in the workbook: from 65 % in 2026 to 50 % in 2028"
    assert rows[0][:3] == (own, None, "all")
    assert [row[1] for row in rows if row[2] == "all"] == [None, 0.7, 0.6, 0.5]
    about = dict(row[:2] for row in book["About"].iter_rows(values_only=True))
    assert about["As in the workbook"] == "from 65 % in 2026 to 50 % in 2028"
    code, answer = ask("sweep", "path.xlsx", *SPAN)
    _, alone = ask("solve", "path.xlsx")
    own = answer["as_in_workbook"]
    assert own["objective_usd"] == pytest.approx(alone["objective_usd"])
    assert own["caps"] == "from 65 % in 2026 to 50 % in 2028"
    assert [row["cap"] for row in answer["rows"]] == [0.7, 0.6, 0.5]


def test_a_sweep_answers_another_program(case, ask):
    code, answer = ask("sweep", case, *SPAN, "--output", "made/a", "--csv", "tables")
    assert code == 0
    assert answer["status"] == "optimal"
    assert (answer["over"], answer["scenario"], answer["errors"]) == ("cap", "Base", [])
    assert answer["output"] == str(Path("made/a.xlsx"))
    assert [row["cap"] for row in answer["rows"]] == [0.7, 0.6, 0.5]
    for row in answer["rows"]:
        assert row["error"] is None
        assert max(row["max_country_share"].values()) <= row["cap"] + 1e-9
        assert row["tonnes"] == pytest.approx(sum(m["tonnes"] for m in row["by_mineral"].values()))
    least = answer["smallest_cap"]
    assert set(least) == set(answer["rows"][0]["by_mineral"])
    assert all(0 <= cap <= 1 for cap in least.values())
    with Path("tables/frontier.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    total = float(rows[0]["Total cost, undiscounted (USD)"])
    assert total == pytest.approx(answer["rows"][0]["objective_usd"])
    assert Path("tables/smallest-caps.csv").is_file()


def test_a_sweep_of_a_scenario_with_a_what_if(case, ask):
    _, base = ask("sweep", case, *SPAN)
    code, ban = ask("sweep", case, *SPAN, "--scenario", "export ban")
    assert (code, ban["scenario"]) == (0, "Export ban")
    assert ban["reference"]["shortage_t"] > base["reference"]["shortage_t"]
    code, lost = ask("sweep", case, *SPAN, "--lose", "China")
    assert (code, lost["what_ifs"][0]["option"]) == (0, "--lose")
    assert lost["rows"][0]["objective_usd"] > base["rows"][0]["objective_usd"]


def test_another_knob(case, ask, call):
    span = ("--from", "1", "--to", "0.8", "--step", "10%", "--workers", "1")
    code, answer = ask("sweep", case, "--over", "capacity:CHN:Lithium", *span)
    assert code == 0
    assert [row["value"] for row in answer["rows"]] == [1, 0.9, 0.8]
    assert {row["over"] for row in answer["rows"]} == {"capacity:CHN:Lithium"}
    assert answer["rows"][0]["objective_usd"] == answer["reference"]["objective_usd"]
    assert answer["rows"][0]["slope_usd_per_point"] is None
    assert answer["smallest_cap"] == {}
    code, _, err = call("sweep", case, "--over", "capacity:CHN:Lithium", *span)
    assert code == 0
    assert "Capacity of China, Lithium from 100 % to 80 %" in err
    assert "Reference" in sheets("outputs/case-capacity-CHN-Lithium-sweep.xlsx")


def test_what_a_scenario_does_wrong_is_told_once(folder, ask):
    tables = template_tables()
    tables["Scenarios"] = [
        {"Scenario": "Much", "Action": "scale capacity", "Value": 1000},
        {"Scenario": "Much", "Action": "scale capacity", "Value": 1000},
    ]
    tables["Refiners"][0]["Capacity (t/yr)"] = 1e9
    write_book(folder / "much.xlsx", tables, sheets=(*EVERY_CASE, "Scenarios"))
    code, answer = ask("sweep", "much.xlsx", *SPAN, "--scenario", "Much")
    assert (code, answer["status"]) == (1, "input_error")
    assert "In scenario Much" in answer["errors"][0]["message"]


@pytest.fixture
def laid_out(monkeypatch):
    """Every point is laid out and solved; none is a change of the base's vectors."""
    monkeypatch.setattr(Session, "vary", lambda *_: None)


def failing(cap: float | None):
    """Return a solver that fails at one cap, or at all."""
    solve = Session.solve

    def fail(self, case):
        limits = [row for row in case.share_limits if row.caps_each_country]
        if cap is None or (limits and math.isclose(limits[0].share.value(2026), cap)):
            msg = "no proven optimum for Lithium 2026"
            raise SolverError(msg)
        return solve(self, case)

    return fail


@pytest.mark.usefixtures("laid_out")
def test_a_point_without_a_plan_does_not_lose_the_others(case, call, ask, monkeypatch):
    monkeypatch.setattr(planner.studies.engine.Session, "solve", failing(0.6))
    code, answer = ask("sweep", case, *SPAN)
    assert (code, answer["status"]) == (3, "solver_error")
    lost = answer["rows"][1]
    assert (lost["cap"], lost["objective_usd"]) == (0.6, None)
    assert lost["error"] == "no proven optimum for Lithium 2026"
    assert answer["rows"][2]["objective_usd"] > answer["rows"][0]["objective_usd"]
    assert "Cap 60 %: no proven optimum" in answer["errors"][0]["message"]
    assert Path(answer["output"]).is_file()
    code, out, err = call("sweep", case, *SPAN)
    assert (code, out) == (3, "")
    assert "No plan: 60 %: no proven optimum for Lithium 2026" in err.splitlines()
    assert "case-sweep" in err


@pytest.mark.usefixtures("laid_out")
def test_ctrl_c_keeps_what_is_done(case, monkeypatch, capsys):
    solve = Session.solve
    planned: list[object] = []

    def stop(self, variant):
        planned.append(variant)
        if len(planned) > 2:  # two points; the reference is planned cold
            raise KeyboardInterrupt
        return solve(self, variant)

    monkeypatch.setattr(planner.studies.engine.Session, "solve", stop)
    assert main(["sweep", str(case), *SPAN]) == 130
    assert Path("outputs/case-sweep-partial.xlsx").is_file()
    assert "Not run: 50 %: the study was stopped before" in capsys.readouterr().err


def test_the_price_of_security(case, ask, capsys):
    """Of a workbook without the sheet, too: what lacks and what is survived at each point."""
    code, said = ask(
        "sweep", case, "--over", "security", "--to", "0", "--step", "1", "--workers", "1"
    )
    assert (code, said["over"]) == (0, "security")
    first, last = said["rows"]
    assert (first["value"], first["missing_if_lost_t"], first["losses_survived"]) == (1, 0, 1)
    assert first["objective_usd"] == pytest.approx(said["reference"]["objective_usd"])
    assert last["objective_usd"] > first["objective_usd"]
    assert last["losses_survived"] < 1
    assert "Reference" in sheets(Path("outputs/case-security-sweep.xlsx"))
    main(["sweep", str(case), "--over", "security", "--from", "0.2", "--to", "0.2"])
    assert "If up to 20 % of demand may be short after the" in capsys.readouterr().err
