"""The command sensitivity: what it writes and says."""

from __future__ import annotations

import openpyxl
import pytest

from tests.cli.desk import sheets

HERE = ("--workers", "1")


def test_what_is_written(plain, call, folder):
    code, out, err = call("sensitivity", plain, "--group", *HERE)
    assert (code, out) == (0, "")
    assert "No number in its range would change what is built." in err
    made = folder / "outputs" / "plain-sensitivity.xlsx"
    assert sheets(made) == [
        "Overview", "Sensitivity", "Charts", "Groups", "As it stands", "About", "Runs",
        "Chart data",
    ]  # fmt: skip
    front = openpyxl.load_workbook(made)["Overview"]
    said = [str(cell.value) for row in front.iter_rows() for cell in row if cell.value]
    assert said[said.index("Its missing share at high") + 1] == "Cost of China lithium"


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
