"""The command sensitivity: what it writes and says, and what other commands say of it after."""

from __future__ import annotations

import openpyxl
import pytest

from models.results import Figure
from planner.audit.file import RECORDS
from tests.cli.desk import sheets

HERE = ("--workers", "1")


def test_what_is_written_and_what_a_plan_then_says(plain, call, folder):
    code, out, err = call("sensitivity", plain, "--group", *HERE)
    assert (code, out) == (0, "")
    assert KEEPS in err
    made = folder / "outputs" / "plain-sensitivity.xlsx"
    assert sheets(made) == [
        "Overview", "Sensitivity", "Charts", "Groups", "As it stands", "About", "Runs",
        "Chart data",
    ]  # fmt: skip
    front = openpyxl.load_workbook(made)["Overview"]
    said = [str(cell.value) for row in front.iter_rows() for cell in row if cell.value]
    assert said[said.index("Its missing share at high") + 1] == "Cost of China lithium"

    assert call("solve", plain)[0] == 0
    assert how_sure(folder / "outputs" / "plain-plan.xlsx").startswith(KEEPS)
    assert call("verify", "outputs/plain-plan.xlsx", plain)[0] == 0


def test_a_study_of_other_numbers_says_nothing_of_a_plan(plain, call, folder):
    assert call("sensitivity", plain, *HERE)[0] == 0
    book = openpyxl.load_workbook(folder / plain)
    book["Demand"]["D6"] = 1.0
    book.save(folder / plain)
    assert call("solve", plain)[0] == 0
    assert not how_sure(folder / "outputs" / "plain-plan.xlsx")


@pytest.mark.slow
def test_a_study_of_another_case_of_the_workbook_says_nothing_of_a_plan(plain, call, folder):
    study = ("--output", "outputs/plain-sensitivity.xlsx", *HERE)
    cap = ("--max-country-share", "0.5")
    plan = folder / "outputs" / "plain-plan.xlsx"
    assert call("sensitivity", plain, *cap, *study)[0] == 0
    for options, is_sure in ((cap, True), ((), False), (("--max-country-share", "0.6"), False)):
        assert call("solve", plain, *options, "--output", plan)[0] == 0
        assert bool(how_sure(plan)) is is_sure, options
        plan.unlink()


def how_sure(path) -> str:
    """Return what the Summary of a plan says of an earlier study; "" without one."""
    rows = openpyxl.load_workbook(path)["Summary"].iter_rows(values_only=True)
    return {row[0]: str(row[1]) for row in rows}.get(Figure.SURE, "")


def test_what_a_program_hears(plain, ask):
    code, said = ask("sensitivity", plain, "--by", "shortage", *HERE)
    assert (code, said["status"], said["by"]) == (0, "optimal", "shortage")
    swings = [row["swing_short_t"] for row in said["factors"]]
    assert swings == sorted(swings, reverse=True)
    first = said["factors"][0]
    assert (first["sheet"], first["cells"]) == ("Demand", ["D6", "E6", "F6"])
    assert {
        "low", "high", "cost_low_usd", "cost_high_usd", "short_low_t", "short_high_t",
    } <= first.keys()  # fmt: skip
    assert said["groups"] == []
    assert not {"draws", "decisions"} & said.keys()


@pytest.mark.slow
def test_ends_are_what_solve_says_of_the_edited_workbook(plain, ask, folder):
    """Each in a workbook of its own, as a user edits it."""
    _, said = ask("sensitivity", plain, *HERE)
    rows = said["factors"]
    for row in (rows[0], rows[7], rows[-1]):
        for end in ("low", "high"):
            book = openpyxl.load_workbook(plain)
            for cell in row["cells"]:
                book[row["sheet"]][cell].value *= row[end]
            book.save(folder / "edited.xlsx")
            _, plan = ask("solve", "edited.xlsx")
            assert plan["objective_usd"] == pytest.approx(row[f"cost_{end}_usd"], rel=1e-6)
            assert plan["shortage_t"] == pytest.approx(row[f"short_{end}_t"], rel=1e-6, abs=1e-6)


def test_wrong_words(plain, call):
    code, _, err = call("sensitivity", plain, "--by", "price", *HERE)
    assert code == 2
    assert "--by" in err


BUILDS = "Price of X decides what is built: look it up first."
KEEPS = "No number in its range would change what is built."
HIT = (
    "Demand of J for X changes most what is missing of a mineral: 9.6 % of the need for X at its"
    " low end, 16 % at its high end."
)


@pytest.mark.parametrize(
    ("words", "is_answer"),
    [
        (BUILDS, True),
        (HIT, True),
        (f"{BUILDS} {HIT}", True),
        (f"{KEEPS} {HIT}", True),
        (f"{KEEPS} No number in its range changes what is missing.", True),
        ("All is sure.", False),
        (BUILDS.removesuffix("."), False),
        (f"{BUILDS} {HIT} All is sure.", False),
        (f"{BUILDS}\n{HIT}", False),
    ],
)
def test_verify_knows_the_form_of_what_a_study_answers(words, is_answer) -> None:
    assert bool(RECORDS[Figure.SURE].fullmatch(words)) is is_answer
