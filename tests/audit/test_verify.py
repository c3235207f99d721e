"""Verify: a plan as written matches; whatever is changed in it, or in its input, is found."""

from __future__ import annotations

import hashlib
import math
import re
import shutil

import openpyxl
import pytest

from planner.audit.file import open_sheets
from planner.audit.verify import is_other_input, verify
from planner.cli import main
from planner.scenarios.start import start_file
from planner.seal import SEAL
from tests.audit import raw
from tests.audit.tampering import ALONE, TOGETHER, cell, first
from tests.books import editing
from tests.small_book import workbook

CELLS = 100
"""A small plan has more cells than this."""


def found(plan, case):
    """Return what verify finds."""
    start = start_file(case)
    sheets = open_sheets(plan)
    return sheets, start, verify(sheets, start.book, start.case, start.variant)


def test_a_plan_as_written_is_verified(made):
    sheets, start, verdict = found(made / "plan.xlsx", made / "case.xlsx")
    assert verdict.findings == ()
    assert not verdict.findings
    assert verdict.cells > CELLS
    assert verdict.records == 5
    assert verdict.violation <= verdict.allowed
    assert max(verdict.gap, verdict.dual_infeasibility) < 1e-9
    assert not is_other_input(sheets, start.book)


def is_named(place, findings):
    """Return whether findings name a place: sheet, row (0: any) and cell ("": any)."""
    sheet, row, at_cell = place
    return any(
        sheet in {"", f.sheet} and row in {0, f.row} and at_cell in {"", f.cell} for f in findings
    )


def missed(made, target, *tamperings):
    """Return the places of changes in a plan that verify does not name."""
    with editing(made / "plan.xlsx", target) as book:
        places = [place for tamper in tamperings for place in tamper(book)]
        assert places
    findings = found(target, made / "case.xlsx")[2].findings
    return [place for place in places if not is_named(place, findings)]


@pytest.mark.slow
@pytest.mark.parametrize("name", ALONE)
def test_every_cell_that_is_changed_is_named(made, tmp_path, name):
    assert missed(made, tmp_path / "plan.xlsx", ALONE[name]) == []


@pytest.mark.slow
@pytest.mark.parametrize("changes", TOGETHER, ids=range(len(TOGETHER)))
def test_what_is_changed_in_a_solution_is_found_and_named(made, tmp_path, changes):
    """Changes of several sheets at once, none of which hides another."""
    tamperings = [lambda book, change=change: [change(book)] for change in changes]
    assert missed(made, tmp_path / "plan.xlsx", *tamperings) == []


def test_saved_again_by_another_program_it_still_matches(made, tmp_path):
    openpyxl.load_workbook(made / "plan.xlsx").save(tmp_path / "plan.xlsx")
    _, _, verdict = found(tmp_path / "plan.xlsx", made / "case.xlsx")
    assert verdict.findings == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sheet", "place", "value"),
    [("Refiners", "F2", 7900), ("Demand", "C2", 601), ("Share limits", "F2", 0.6)],
)
def test_an_input_that_was_changed_is_found_even_if_its_hash_was_updated(
    made, tmp_path, sheet, place, value
):
    with editing(made / "case.xlsx", tmp_path / "case.xlsx") as book:
        assert book[sheet][place].value != value
        book[sheet][place] = value
    sheets, start, verdict = found(made / "plan.xlsx", tmp_path / "case.xlsx")
    assert is_other_input(sheets, start.book)
    assert verdict.findings
    with editing(made / "plan.xlsx", tmp_path / "plan.xlsx") as plan:
        digest = hashlib.sha256((tmp_path / "case.xlsx").read_bytes()).hexdigest()
        cell(plan, "Summary", "Input SHA-256").value = digest
    sheets, start, verdict = found(tmp_path / "plan.xlsx", tmp_path / "case.xlsx")
    assert not is_other_input(sheets, start.book)
    assert verdict.findings


def test_the_inputs_name_and_place_do_not_matter(made, tmp_path):
    shutil.copy(made / "case.xlsx", tmp_path / "copy of the case.xlsx")
    _, _, verdict = found(made / "plan.xlsx", tmp_path / "copy of the case.xlsx")
    assert verdict.findings == ()


@pytest.mark.slow
def test_a_plan_that_is_feasible_but_not_the_cheapest_is_found(made, tmp_path):
    """All sheets agree with one another: the plan of another scenario, passed off as the base's."""
    assert main([
        "solve", str(made / "case.xlsx"), "--scenario", "Embargo",
        "--output", str(tmp_path / "embargo.xlsx"),
    ]) == 0  # fmt: skip
    with editing(tmp_path / "embargo.xlsx", tmp_path / "plan.xlsx") as book:
        row = first("Checks", "Check", "run")(book)
        book["Checks"].delete_rows(row)
        cell(book, "Summary", "Scenario").value = "Base"
    _, _, verdict = found(tmp_path / "plan.xlsx", made / "case.xlsx")
    said = " ".join(f.message for f in verdict.findings)
    assert "not proven to be the cheapest" in said or "do not prove" in said


@pytest.mark.slow
def test_whole_projects_are_verified_for_the_builds_as_they_are(tmp_path):
    book = workbook()
    for row in book["Settings"].iter_rows():
        if row[0].value == "Whole projects":
            row[1].value = "yes"
    book.save(tmp_path / "case.xlsx")
    plan = tmp_path / "plan.xlsx"
    assert main(["solve", str(tmp_path / "case.xlsx"), "--output", str(plan)]) == 0
    _, _, verdict = found(plan, tmp_path / "case.xlsx")
    assert verdict.findings == ()
    assert verdict.whole_projects


def _next(cell_of):
    return cell_of[1] + f"{math.nextafter(float(cell_of[2]), math.inf):.17G}".encode()


@pytest.mark.parametrize("sheet", ["Plan", "Values", "Duals"])
def test_a_number_changed_in_its_last_digit_breaks_the_seal(made, tmp_path, sheet):
    """Though it fits the proof, and all cells computed from it to a billionth."""
    book = openpyxl.load_workbook(made / "plan.xlsx", read_only=True)
    part = f"xl/worksheets/sheet{book.sheetnames.index(sheet) + 1}.xml"
    column = {"Plan": b"G"}.get(sheet, b"D")

    def change(parts):
        cell_of = re.compile(rb'(<c r="' + column + rb'\d+" s="\d+"><v>)([1-9][\d.]+)(?=</v>)')
        raw.change(parts, part, lambda text: cell_of.sub(_next, text, count=1))

    raw.write(made / "plan.xlsx", tmp_path / "plan.xlsx", change)
    _, _, verdict = found(tmp_path / "plan.xlsx", made / "case.xlsx")
    assert verdict.is_proven
    assert {f.sheet for f in verdict.findings} == {"Checks"}
    assert SEAL in verdict.findings[0].found
