"""Redact: no text that somebody wrote gives a member away, in whatever form its name stands."""

from __future__ import annotations

import openpyxl
import pytest

from planner.audit.file import open_plan
from planner.audit.redact import GONE, _folded, name_pattern, redact, write_redacted
from planner.cli import main
from tests.audit.test_redact import book_of_three, parts, rows

NOTES = (
    "日本向け 40 t; Koreas Anteil 17 t",
    "Japanese stockholding 41 t; JPN quota 12 t",
    "n/a: 43",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A plan of a book full of remarks, and its copy without two members."""
    folder = tmp_path_factory.mktemp("texts")
    book = book_of_three()
    sheet = book["Refiners"]
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, 11).value = None  # the available share: a warning that names a refiner
    sheet["N1"], sheet["O1"] = "Note", "Source"
    for row, note in enumerate(NOTES, start=2):
        sheet.cell(row, 14, note)
        sheet.cell(row, 15, f"as told: {note}")
    book["Settings"]["B2"] = "Supply of the Korean\N{NO-BREAK SPACE}grid"
    book.save(folder / "case.xlsx")
    plan = folder / "plan.xlsx"
    assert main([
        "solve", str(folder / "case.xlsx"), "--output", str(plan),
        "--what-if", "scale demand; member=jpn; value=1.13579",
    ]) == 0  # fmt: skip
    write_redacted(folder / "copy.xlsx", redact(open_plan(plan), ("Japan", "Korea")))
    return folder


def test_no_remark_of_the_input_is_left(made):
    """Not even one that names nobody: what it says of whom no pattern can tell."""
    before = "\n".join(parts(made / "plan.xlsx").values())
    words = ("日本向け", "Koreas Anteil", "stockholding 41", "quota 12", "n/a: 43", "jpn",
             "1.13579", "Korean\N{NO-BREAK SPACE}grid")  # fmt: skip
    assert [word for word in words if word not in before] == []
    for name, text in parts(made / "copy.xlsx").items():
        assert [word for word in words if word in text] == [], name
    refiners = rows(openpyxl.load_workbook(made / "copy.xlsx")["Refiners"])
    assert {r[head] for r in refiners for head in ("Note", "Source")} <= {GONE, None}
    assert any(r["Note"] == GONE for r in refiners)


def test_what_the_planner_says_of_its_scores_stays(made):
    plan, copy = (
        {r["Source"] for r in rows(openpyxl.load_workbook(made / name)["Scorecard"])}
        for name in ("plan.xlsx", "copy.xlsx")
    )
    assert GONE not in copy
    assert copy <= plan


@pytest.mark.parametrize(
    "text",
    [
        "Japan", "for JAPAN alone", "Japanese demand", "the Japans", "JPN:Lithium", "(JP)",
        "Ja\N{SOFT HYPHEN}pan", "\uff2a\uff41\uff50\uff41\uff4e", "Südkorea", "Koreas Anteil",
        "koreanisch", "South\N{NO-BREAK SPACE}Korea", "ROK", "KOR", "日本向け", "an EU's own",
    ],
)  # fmt: skip
def test_a_name_is_known_in_all_its_forms(text):
    gone = frozenset({"Japan", "Korea", "日本", "EU"})
    assert name_pattern([], gone, gone).search(_folded(text)), text


@pytest.mark.parametrize(
    "text", ["China sells 40 t", "it can be had", "neutral", "Jiangxi, 12 t", "a jar, kept"]
)
def test_other_words_are_left(text):
    gone = frozenset({"Japan", "Korea", "Italy", "Canada", "EU"})
    assert not name_pattern([], gone, gone).search(_folded(text)), text


def test_warnings_are_blanked_on_every_sheet(made):
    """They may quote any cell of the input."""
    told = [
        (r["Sheet"], r["What"]) for r in rows(openpyxl.load_workbook(made / "copy.xlsx")["Checks"])
        if r["Check"] == "warning"
    ]  # fmt: skip
    assert ("Refiners", GONE) in told
    assert {what for _, what in told} == {GONE}


def test_a_company_with_a_members_name_is_told_nowhere(tmp_path):
    """Neither as the Owner of a plant nor as the supplier of a limit; other companies stay."""
    book = book_of_three()
    sheet = book["Refiners"]
    at = sheet.max_column + 1
    sheet.cell(1, at, "Owner")
    for row, name in enumerate(("Japan Metals", "Acme", "Acme"), start=2):
        sheet.cell(row, at, name)
    book["Share limits"].append(["max", None, None, "company", None, 0.9])
    book.save(tmp_path / "case.xlsx")
    plan = tmp_path / "plan.xlsx"
    assert main(["solve", str(tmp_path / "case.xlsx"), "--output", str(plan)]) == 0
    write_redacted(tmp_path / "copy.xlsx", redact(open_plan(plan), ("Japan", "Korea")))
    before, copy = openpyxl.load_workbook(plan), openpyxl.load_workbook(tmp_path / "copy.xlsx")
    for name, head in (("Refiners", "Owner"), ("Plan", "Owner"), ("Share limits", "Supplier")):
        assert "Japan Metals" in {r[head] for r in rows(before[name])}, name
        told = {r[head] for r in rows(copy[name])}
        assert "Japan Metals" not in told, name
        assert {"Acme", GONE} <= told or name == "Plan", name
    assert not [n for n, text in parts(tmp_path / "copy.xlsx").items() if "Japan Metals" in text]
