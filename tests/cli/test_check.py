"""The command check: every finding, for people and for programs."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import openpyxl
import pytest

from models.errors import Finding
from planner.cli import words
from planner.workbook.template import template_tables
from tests.books import write_book
from tests.budget import IS_LONG
from tests.cli.desk import sheets
from tests.small_book import small_book


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
    assert "Did you mean 0.65 (65 %)?" in out
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


def test_what_is_there_comes_first_then_the_fix_and_lists_are_short(broken, call, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = call("check", broken)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", out).splitlines()
    assert max(map(len, lines[:-1])) <= 80  # the last has a path
    line = next(line for line in lines if "Refiners!C3" in line)
    assert line.split("error")[1].startswith("  'Chille' is not a known country; expected")
    assert "Did you mean 'Chile'?" in lines[lines.index(line) + 1]


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ("a, b, c, d, e, f or g", "a, b, c, d, e, ... (7 in all)"),
        ("a, b, c, d, e or f", "a, b, c, d, e or f"),
        ("a sheet with the columns A, B, C, D, E, F, G", None),
    ],
)
def test_long_lists_of_values_are_shortened(expected, said):
    assert words.first_values(expected) == (said or expected)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("ly", ""), ("li2.xlsx", "li.xlsx"), ("li", "li.xlsx"), ("cobalt.xls", "Cobalt.XLSM")],
)
@pytest.mark.parametrize("command", ["check", "solve"])
def test_a_missing_file_names_the_one_that_may_be_meant(folder, call, command, name, hint):
    for there in ("li.xlsx", "Cobalt.XLSM", "~$li2.xlsx", "li2.csv"):
        (folder / there).touch()
    code, out, err = call(command, folder / name)
    assert code == 1
    assert "there is no such file" in out + err
    assert (f"Did you mean {folder / hint}?" in out + err) == bool(hint)


# ---- a marked copy -------------------------------------------------------------------------------


def test_a_marked_copy_of_a_workbook_with_errors(broken, call, ask):
    before = broken.read_bytes()
    code, out, err = call("check", broken, "--marked", "copies/marked")
    assert code == 1
    assert "3 errors" in out
    assert "Wrote copies/marked.xlsx: 3 cells marked" in err.replace(os.sep, "/")
    assert sheets("copies/marked.xlsx")[0] == "Findings"
    code, answer = ask("check", broken, "--marked", "copies/marked.xlsx")  # a copy is replaced
    assert (code, answer["status"], answer["marked_cells"]) == (1, "input_error", 3)
    assert answer["marked"] == str(Path("copies/marked.xlsx"))
    assert len(answer["errors"]) == 3
    assert broken.read_bytes() == before


def test_a_marked_copy_of_a_workbook_without_errors(case, ask):
    code, answer = ask("check", case, "--marked", "marked.xlsx")
    assert (code, answer["status"]) == (0, "ok")
    assert sheets("marked.xlsx")[0] == "Findings"
    assert ask("check", "marked.xlsx")[1]["warnings"] == answer["warnings"]


def test_what_is_no_workbook_has_nothing_to_mark(folder, call, ask):
    (folder / "text.xlsx").write_text("words")
    assert call("new", "cells", "--csv", "--empty")[0] == 0
    for name in ("text.xlsx", "missing.xlsx", "cells"):
        code, _, err = call("check", name, "--marked", "copy.xlsx")
        assert code == (name != "cells")
        assert f"copy.xlsx was not written: {name} cannot be read as a workbook" in err
        assert ask("check", name, "--marked", "copy.xlsx")[1]["marked"] is None
    assert not (folder / "copy.xlsx").exists()


def faults(folder, rows):
    """A workbook with ten faults in each of so many rows of Demand."""
    tables = small_book()
    wide = dict.fromkeys([str(year) for year in range(2026, 2036)], "n/a")
    tables["Demand"] = [{"Mineral": "Copper", "Member": f"M{i}", **wide} for i in range(rows)]
    book = openpyxl.Workbook(write_only=True)
    for title, of in tables.items():
        sheet = book.create_sheet(title)
        sheet.append([int(h) if h.isdigit() else h for h in of[0]])
        for row in of:
            sheet.append(list(row.values()))
    book.save(folder / "faults.xlsx")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "seconds"),
    [
        (300, 30),
        pytest.param(
            10_000,
            60,
            marks=[
                pytest.mark.fuzz,
                pytest.mark.skipif(not IS_LONG, reason="takes long"),
            ],
        ),
    ],
)
def test_very_many_faults_take_seconds_and_are_counted(folder, call, rows, seconds):
    faults(folder, rows)
    began = time.process_time()
    code, out, err = call("check", "faults.xlsx", "--marked", "marked.xlsx")
    took = time.process_time() - began
    assert code == 1
    assert len(out.splitlines()) < 250
    errors = int(re.search(r"faults.xlsx: ([\d,]+) errors", out)[1].replace(",", ""))
    assert errors >= 10 * rows
    assert f"... and {errors - 200:,} more" in out
    assert "2,000 cells marked" in err
    assert took < seconds  # a thirtieth of it on a core of its own
