"""The command ranges: what it writes, what it says, and how it is refused."""

from __future__ import annotations

from models.errors import SolverError
from tests.cli.desk import sheets

HERE = ("--workers", "1")


def test_what_is_written(plain, call, folder):
    code, out, _ = call("ranges", plain, "--slack", "5%", *HERE)
    assert (code, out) == (0, "")
    made = sheets(folder / "outputs" / "plain-ranges.xlsx")
    assert made == ["Overview", "Ranges", "Charts", "About", "Runs", "Chart data"]


def test_what_a_program_hears(plain, ask):
    code, said = ask("ranges", plain, "--by", "refiner", *HERE)
    assert (code, said["status"], said["by"], said["slack"]) == (0, "optimal", "refiner", 0.01)
    for row in said["ranges"]:
        assert row["least"] <= row["now"] <= row["most"]


def test_a_mineral_that_failed_is_named(plain, call, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        msg = "no proven range of Lithium"
        raise SolverError(msg)

    monkeypatch.setattr("planner.studies.ranges.ranges", broken)
    code, _, err = call("ranges", plain, *HERE)
    assert code == 3
    assert "no proven range" in err
