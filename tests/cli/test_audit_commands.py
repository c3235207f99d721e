"""The command verify, as a user types it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.audit.tampering import cell
from tests.books import editing


@pytest.fixture
def plan(case, call):
    """A plan with a scenario, what-ifs and a limit."""
    code, _, _ = call(
        "solve", case, "--output", "plan.xlsx", "--max-country-share", "0.3543219876",
        "--what-if", "scale demand; mineral=*; value=1.1",
    )  # fmt: skip
    assert code == 0
    return case.with_name("plan.xlsx")


@pytest.fixture
def base(case, template_plan):
    """A plan of the case as given."""
    return Path(shutil.copy(template_plan, case.with_name("base.xlsx")))


def test_a_plan_is_verified_with_the_options_that_it_was_made_with(plan, case, call, ask):
    code, out, err = call("verify", plan, case)
    assert (code, out) == (0, "")
    assert "plan.xlsx is the proven plan of" in err
    assert "Proof" in err
    code, answer = ask("verify", plan, case)
    assert code == 0
    assert answer["status"] == "verified"
    assert answer["errors"] == []
    assert answer["cells"] > 1000
    assert answer["gap"] < 1e-7


@pytest.mark.slow
def test_what_does_not_match_is_listed_with_its_cell(base, case, call, ask):
    with editing(base) as book:
        book["Plan"]["H2"] = 1
    code, _, err = call("verify", base, case)
    assert code == 1
    assert "Plan!H2: 1; expected" in err
    code, answer = ask("verify", base, case)
    assert (code, answer["status"]) == (1, "differs")
    assert [(e["sheet"], e["cell"]) for e in answer["errors"]] == [("Plan", "H2")]


def test_another_input_is_told_first(base, case, call):
    with editing(case, "other.xlsx") as book:
        book["Demand"]["D2"] = book["Demand"]["D2"].value + 1
    code, _, err = call("verify", base, "other.xlsx")
    assert code == 1
    assert "plan was made from another file than other.xlsx" in err.splitlines()[1]
    assert sum(line.startswith("  ") for line in err.splitlines()) <= 4  # few that follow from it


@pytest.mark.slow
def test_options_that_cannot_be_applied_are_told(plan, case, call):
    with editing(plan) as book:
        row = next(r for r in book["Checks"].iter_rows() if r[0].value == "run")
        row[5].value = row[5].value.replace("scale demand", "scale demnd")
    code, _, err = call("verify", plan, case)
    assert code == 1
    assert "cannot be applied" in err
    assert "scale demnd" in err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "given"),
    [
        ("--help", None), ("--output", "x.xlsx"), ("--json", None), ("--workers", "3"),
        (None, "more.xlsx"), ("--scenario", None), ("--", "more.xlsx"),
    ],
)  # fmt: skip
def test_options_that_are_none_of_a_case_are_refused(plan, case, call, option, given):
    """What a plan says it was made with cannot make verify print help, write or end well."""
    with editing(plan) as book:
        row = next(r for r in book["Checks"].iter_rows() if r[0].value == "run")
        row[4].value, row[5].value = option, given
    code, out, err = call("verify", plan, case)
    assert (code, out) == (1, "")
    assert "cannot be applied" in err


@pytest.mark.parametrize("becomes", [lambda typed: typed.replace("0.354", "0.355"), None])
def test_other_options_make_another_plan(plan, case, ask, becomes):
    with editing(plan) as book:
        row = next(r for r in book["Checks"].iter_rows() if r[4].value == "--max-country-share")
        if becomes is None:
            book["Checks"].delete_rows(row[0].row)
        else:
            row[5].value = becomes(row[5].value)
    code, answer = ask("verify", plan, case)
    assert (code, answer["status"], answer["proven"]) == (1, "differs", False)


def test_another_name_of_the_input_is_told(base, case, call, ask):
    case.rename("renamed.xlsx")
    code, _, err = call("verify", base, "renamed.xlsx")
    assert code == 0
    assert f"Input name    the plan was made from a file named {case.name}" in err
    assert ask("verify", base, "renamed.xlsx")[1]["input_file"] == case.name


@pytest.mark.slow
def test_sentences_of_another_version_may_differ_but_no_number(base, case, call, ask):
    """Its fields are compared by their headers: names and numbers, wherever they stand."""
    with editing(base) as book:
        version = cell(book, "Summary", "Planner version")
        here, version.value = version.value, "0.0.1"
        book["Overview"]["A1"] = "Another page"
        row = next(r for r in book["Checks"].iter_rows() if r[0].value == "verdict")
        row[5].value = "Passed, in other words."
    code, _, err = call("verify", base, case)
    assert code == 0, err
    assert f"written by planner 0.0.1; this is planner {here}" in err
    assert "was written by another version; its fields equal the proven plan" in err
    assert "Not proven    first page, sentences" in err
    book["Prices"]["D2"] = book["Prices"]["D2"].value + 1
    book.save(base)
    code, answer = ask("verify", base, case)
    assert (code, answer["compared"]) == (1, "field by field")
    assert [e["cell"] for e in answer["errors"]] == ["D2"]
    assert (answer["made_by"], answer["verified_by"]) == ("0.0.1", here)


def test_a_figure_of_summary_is_compared_whatever_version_wrote_it(base, case, ask):
    """Whoever claims another version may not halve the plan's cost, nor say another status."""
    with editing(base) as book:
        cell(book, "Summary", "Planner version").value = "0.0.1"
        cost, status = (cell(book, "Summary", name) for name in ("Total cost", "Status"))
        cost.value *= 0.5
        status.value = "better than optimal"
    code, answer = ask("verify", base, case)
    assert (code, answer["compared"]) == (1, "field by field")
    assert {e["cell"] for e in answer["errors"]} == {cost.coordinate, status.coordinate}


@pytest.mark.slow
def test_what_is_proven_is_told_apart_from_what_other_cells_say(base, case, call, ask):
    with editing(base) as book:
        book["Summary"]["B11"] = 1
    code, _, err = call("verify", base, case)
    assert code == 1
    assert "holds for the flows, values and duals in the file" in err
    assert ask("verify", base, case)[1]["proven"] is True
    book["Duals"]["D3"] = book["Duals"]["D3"].value * 1.5 + 1
    book.save(base)
    code, _, err = call("verify", base, case)
    assert "none: see the findings above" in err
    assert ask("verify", base, case)[1]["proven"] is False


@pytest.mark.parametrize("sheet", ["Values", "Duals"])
def test_without_the_solution_nothing_can_be_verified(base, case, ask, sheet):
    with editing(base) as book:
        del book[sheet]
    code, answer = ask("verify", base, case)
    assert (code, answer["status"]) == (1, "cannot_verify")
    assert answer["errors"][0]["sheet"] == sheet


def test_files_in_the_wrong_place_are_told(base, case, call, broken):
    code, _, err = call("verify", case, base)
    assert code == 1
    assert "this is an input workbook, not a plan" in err
    code, _, err = call("verify", base, base)
    assert code == 2
    assert "planner verify PLAN INPUT" in err
    code, _, err = call("verify", base, broken)
    assert code == 1
    assert "Refiners!" in err
    code, _, err = call("verify", "missing.xlsx", case)
    assert code == 1
    assert "there is no such file" in err


@pytest.mark.slow
def test_sheets_that_someone_added_are_named_and_not_vouched_for(base, case, call, ask):
    with editing(base) as book:
        book.create_sheet("Notes")["A1"] = "approved"
    code, _, err = call("verify", base, case)
    assert code == 0
    assert "was saved by another program; its cells equal the proven plan of" in err
    assert "Not proven    the sheet Notes, which the planner does not write" in err
    assert any("Notes" in text for text in ask("verify", base, case)[1]["not_proven"])


def test_a_table_that_someone_sorted_is_one_finding(base, case, ask):
    with editing(base) as book:
        sheet = book["Prices"]
        rows = [[c.value for c in row] for row in sheet.iter_rows(2)]
        assert rows != rows[::-1]
        for row, values in zip(sheet.iter_rows(2), reversed(rows), strict=True):
            for cell, value in zip(row, values, strict=True):
                cell.value = value
    code, answer = ask("verify", base, case)
    [error] = answer["errors"]
    assert (code, error["sheet"]) == (1, "Prices")
    assert "rows are in another order from here on" in error["message"]
