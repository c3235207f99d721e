"""The command new: a workbook to start from."""

from __future__ import annotations

import openpyxl
import pytest

from models.schema import SHEETS
from planner.workbook.template import EVERY_CASE
from tests.cli.desk import ROOT, sheets


def test_new_writes_the_sheets_that_every_case_needs(folder, call):
    code, out, err = call("new", "case.xlsx")
    assert (code, out) == (0, "")
    assert "planner check case.xlsx" in err
    assert set(sheets(folder / "case.xlsx")) == {"Read me", *EVERY_CASE}


@pytest.mark.parametrize(
    "options", [["--with", "projects, share  limits,ore lanes"], ["--all"]], ids=["with", "all"]
)
def test_new_adds_sheets(folder, call, options):
    code, _, _ = call("new", "case", *options)
    assert code == 0
    assert {"Projects", "Ore lanes"} <= set(sheets(folder / "case.xlsx"))
    assert ("Mines" in sheets(folder / "case.xlsx")) == (options == ["--all"])


def test_new_names_the_closest_sheet(folder, call):
    code, _, err = call("new", "case.xlsx", "--with", "Projcts")
    assert code == 2
    assert "no sheet 'Projcts'; did you mean 'Projects'?" in err


def test_new_keeps_a_file_unless_forced(folder, call, ask):
    (folder / "case.xlsx").write_text("mine")
    code, _, err = call("new", "case.xlsx")
    assert code == 2
    assert "--force" in err
    assert (folder / "case.xlsx").read_text() == "mine"
    assert ask("new", "case.xlsx", "--force") == (
        0,
        {"status": "ok", "output": "case.xlsx", "errors": [], "warnings": []},
    )
    assert "Minerals" in sheets(folder / "case.xlsx")


def test_new_beside_a_file_that_is_open(folder, call):
    (folder / "case.xlsx").write_text("open")
    (folder / "~$case.xlsx").touch()
    code, _, err = call("new", "case.xlsx", "--force")
    assert code == 0
    why = "case.xlsx is open in another program (see its lock file ~$case.xlsx)"
    assert f"{why}: written to case (2).xlsx" in err


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["case.xlsx", "--example"], "critical-minerals"),
        (["--example", "case.xlsx"], "critical-minerals"),
        *(
            (["case.xlsx", "--example", path.stem], path.stem)
            for path in ROOT.glob("inputs/*.xlsx")
        ),
        (["case.xlsx", "--example", "Magnets"], "magnets"),
    ],
)
def test_new_example_is_a_case_of_the_project(folder, call, words, name):
    assert call("new", *words)[0] == 0
    wanted = (ROOT / "inputs" / f"{name}.xlsx").read_bytes()
    assert (folder / "case.xlsx").read_bytes() == wanted


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("magnts", "did you mean 'magnets'?"),
        ("critical minerals", "did you mean 'critical-minerals'?"),
        ("", "choose from "),
        ("zzz", "choose from critical-minerals, critical-minerals-first-use, "),
        ("../plain", "'plain'"),
    ],
)
def test_an_unknown_example_names_the_closest(folder, call, name, hint):
    code, _, err = call("new", "case.xlsx", "--example", name)
    assert (code, list(folder.glob("case*"))) == (2, [])
    assert f"there is no example {name!r}; " in err
    assert hint in err


@pytest.mark.parametrize("words", [["--empty"], ["--all"], ["--with", "Projects"]])
def test_an_example_is_copied_as_it_is(folder, call, words):
    code, _, err = call("new", "case.xlsx", "--example", "plain", *words)
    assert (code, "leave out --empty, --all and --with" in err) == (2, True)


@pytest.mark.parametrize("words", [[], ["--all"], ["--with", "Projects"]])
def test_an_empty_case_has_headers_notes_and_drop_downs_alone(folder, call, ask, words):
    for name, more in (("full", []), ("empty", ["--empty"])):
        assert call("new", f"{name}.xlsx", *words, *more)[0] == 0
    full, empty = (openpyxl.load_workbook(f"{name}.xlsx") for name in ("full", "empty"))
    assert full.sheetnames == empty.sheetnames
    for sheet in full.sheetnames[1:-1]:
        heads = [[cell.value for cell in book[sheet][1] if cell.comment] for book in (full, empty)]
        assert heads[1] == [head for head in heads[0] if head in heads[1]] != []
        assert bool(full[sheet].data_validations.count) == bool(empty[sheet].data_validations.count)
        rows = empty[sheet].iter_rows(min_row=2, values_only=True)
        assert sheet == "Settings" or not any(value for row in rows for value in row)
    code, answer = ask("check", "empty.xlsx")
    assert (code, answer["errors"]) == (0, [])
    told = {warning["sheet"] for warning in answer["warnings"]}
    assert told == {"Minerals", "Members", "Refiners", "Demand"}


def test_an_empty_folder_of_csv_files_has_headers_alone(folder, call):
    assert call("new", "case", "--csv", "--empty")[0] == 0
    lines = (folder / "case" / "refiners.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 1
    assert "Refiner" in lines[0]


@pytest.mark.parametrize("options", [[], ["--all"], ["--example"]])
def test_a_new_workbook_is_right_as_it_is(folder, call, ask, options):
    assert call("new", "case.xlsx", *options)[0] == 0
    code, answer = ask("check", "case.xlsx")
    assert (code, answer["errors"]) == (0, [])


def test_the_template_solves_and_its_limit_binds(folder, call, ask):
    call("new", "case.xlsx")
    code, answer = ask("solve", "case.xlsx")
    assert code == 0
    assert answer["max_country_share"] == pytest.approx({"Lithium": 0.65, "Cobalt": 0.65})
    assert answer["shortage_t"] == 0
    assert answer["served_share"] == 1


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_new_with_no_sheet_is_wrong_usage(folder, call, text):
    code, _, err = call("new", "case.xlsx", "--with", text)
    assert code == 2
    assert "names no sheet; choose from" in err
    assert call("new", "case.xlsx", "--all", "--with", text)[0] == 2
    assert not any(folder.iterdir())


def test_help_names_the_sheets_that_can_be_added(call):
    _, out, _ = call("new", "--help")
    listed = " ".join(out.split("Sheets that --with takes:")[1].split()).split(", ")
    assert listed == [record.SHEET for record in SHEETS if record.SHEET not in EVERY_CASE]
