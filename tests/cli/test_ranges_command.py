"""The command ranges: what it writes, what it says, and how it is refused."""

from __future__ import annotations

import openpyxl
import pytest

from models.errors import SolverError
from tests.cli.desk import sheets

HERE = ("--workers", "1")


def test_what_is_written(plain, call, folder):
    """Ranges and the plan that takes least beside them, which says what is proven of it."""
    code, out, err = call("ranges", plain, "--slack", "5%", "--least", "China", *HERE)
    assert (code, out) == (0, "")
    made = folder / "outputs" / "plain-ranges.xlsx"
    assert sheets(made) == [
        "Overview", "Ranges", "Charts", "Least plan", "About", "Runs", "Chart data",
    ]  # fmt: skip
    plan = folder / "outputs" / "plain-ranges-least-CHN.xlsx"
    assert str(plan.relative_to(folder)) in err
    book = openpyxl.load_workbook(plan)
    assert "buys least from China at the lowest cost, among plans with at most 5 % more" in str(
        book["Checks"]["F2"].value
    )
    assert call("verify", "outputs/plain-ranges-least-CHN.xlsx", plain)[0] != 0


def test_what_a_program_hears(plain, ask):
    code, said = ask("ranges", plain, "--by", "refiner", "--least", "CHN", *HERE)
    assert (code, said["status"], said["by"], said["slack"]) == (0, "optimal", "refiner", 0.01)
    for row in said["ranges"]:
        assert row["least"] <= row["now"] <= row["most"]
    assert {row["mineral"] for row in said["least"]} == {"Lithium", "Rare earths"}
    assert said["plan"].endswith("plain-ranges-least-CHN.xlsx")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--least", "Narnia"), "not a country"),
        (("--least", "France"), "the workbook has no refiner or project there"),
        (("--slack", "5"), "did you mean 0.05"),
        (("--by", "mine"), "--by"),
    ],
)
def test_wrong_words(plain, call, options, words):
    code, _, err = call("ranges", plain, *options, *HERE)
    assert code == 2
    assert words in err


def test_a_mineral_that_failed_is_named(plain, call, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        msg = "no proven range of Lithium"
        raise SolverError(msg)

    monkeypatch.setattr("planner.studies.ranges.ranges", broken)
    code, _, err = call("ranges", plain, *HERE)
    assert code == 3
    assert "no proven range" in err
