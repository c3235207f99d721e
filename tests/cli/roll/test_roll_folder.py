"""A folder of CSV files rolls to a folder of CSV files: the same case as the workbook's."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from planner.cli import main
from planner.workbook import read
from tests.cli.roll.book import PLAN, three_rows
from tests.csv_book import write_csv_book

DIALECTS = {
    "commas": {},
    "a European Excel": {"separator": ";", "mark": ",", "encoding": "utf-8-sig"},
    "semicolons and points": {"separator": ";", "end": "\n"},
    "tabs": {"separator": "\t", "mark": ",", "end": "\r"},
    "UTF-16": {"encoding": "utf-16"},
}
CAME = (
    "Year;Mineral;Refiner;Member;Delivered (t);Paid (USD/t)\n"
    "2026;Copper;Near;A;1,234;1,5\n2026;Copper;Far;A;30,25;\n"
)


def rolled(ask, source: str, to: int = 2027, target: str = "next") -> dict:
    """Roll a folder with what came, and return the answer."""
    Path("came.csv").write_text(CAME, encoding="utf-8")
    assert main(["solve", source, "-o", f"{source}-plan.xlsx"]) == 0
    more = ["--actuals", "came.csv"] if to == 2027 else []
    code, answer = ask("roll", f"{source}-plan.xlsx", source, "--to", to, *more, "-o", target)
    assert code == 0, answer
    return answer


@pytest.mark.slow
@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_a_folder_rolls_to_the_case_of_the_workbook(three, ask, dialect) -> None:
    """Tonnes of 1.234, which could be thousands, come back as they were."""
    write_csv_book(Path("case"), three_rows(), **dialect)
    before = {path.name: path.read_bytes() for path in Path("case").iterdir()}
    answer = rolled(ask, "case")
    options = ["--to", 2027, "--actuals", "came.csv", "-o", "next.xlsx"]
    code, wanted = ask("roll", PLAN, "three.xlsx", *options)
    assert code == 0
    differ = {"output", "seconds"}
    assert {k: v for k, v in answer.items() if k not in differ} == {
        k: v for k, v in wanted.items() if k not in differ
    }
    with Path("next/rolled.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell.replace("\u00a0", " ") for row in csv.reader(file) for cell in row]
    assert [cells.count(each["sentence"]) for each in answer["findings"]] == [1] * len(
        answer["findings"]
    )
    given, of_workbook = read(Path("next")), read(Path("next.xlsx"))
    assert given.case == of_workbook.case
    assert given.before == of_workbook.before
    assert sorted(r.tonnes for r in given.case.current_supply) == [1.234, 30.25]
    after = {path.name: path.read_bytes() for path in Path("next").iterdir()}
    assert {path.name: path.read_bytes() for path in Path("case").iterdir()} == before
    assert all(after[f"{name}.csv"] == before[f"{name}.csv"] for name in ("refiners", "projects"))
    assert {"rolled.csv", "carried-over.csv", "built.csv"} <= after.keys() - before.keys()


@pytest.mark.slow
def test_a_second_roll_replaces_the_files_of_the_first(three, ask) -> None:
    write_csv_book(Path("case"), three_rows(), separator=";", mark=",")
    (Path("case") / "my-own.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    rolled(ask, "case")
    rolled(ask, "next", 2028, "last")
    assert {path.name for path in Path("last").iterdir()} == {
        path.name for path in Path("next").iterdir()
    }
    assert "2027" in Path("last/rolled.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert read(Path("last")).case.years == (2028,)


@pytest.mark.parametrize(
    ("target", "code"),
    [("next.xlsx", 2), ("case", 2), ("filled", 4), ("came.csv", 2), ("filled/a.txt", 2)],
)
def test_targets_that_are_refused(three, ask, target, code) -> None:
    write_csv_book(Path("case"), three_rows())
    Path("filled").mkdir()
    Path("filled/a.txt").write_text("mine", encoding="utf-8")
    Path("came.csv").write_text(CAME, encoding="utf-8")
    assert main(["solve", "case", "-o", "case-plan.xlsx"]) == 0
    found, _ = ask("roll", "case-plan.xlsx", "case", "--to", 2027, "-o", target)
    assert found == code
    assert [path.name for path in Path("filled").iterdir()] == ["a.txt"]


def test_a_next_case_that_cannot_be_planned_leaves_no_folder(three, ask) -> None:
    """What came is more than a cell of the next input may hold."""
    write_csv_book(Path("case"), three_rows())
    Path("came.csv").write_text(CAME.replace("1,234", "9e17"), encoding="utf-8")
    assert main(["solve", "case", "-o", "case-plan.xlsx"]) == 0
    options = ["--to", 2027, "--actuals", "came.csv", "-o", "next"]
    assert ask("roll", "case-plan.xlsx", "case", *options)[0] == 1
    assert not Path("next").exists()
