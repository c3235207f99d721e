"""The command sensitivity: what it writes and says."""

from __future__ import annotations

import openpyxl

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
