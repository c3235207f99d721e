"""Rest of world is many small suppliers: however it is spelt, it is no largest country."""

from __future__ import annotations

import json

import pytest

from planner.cli import main
from planner.report.plan import charts
from planner.workbook.plan_file import read_plan
from tests.books import write_book
from tests.sheets.desk import refiner, rows

SPELLINGS = ["ROW", "Rest of world"]


@pytest.fixture(params=SPELLINGS)
def plan(request, tmp_path):
    """A plan in which Rest of world sells most: 100 t at 10, Chile 30 t at 20."""
    case, path = tmp_path / "case.xlsx", tmp_path / "plan.xlsx"
    works = [refiner("Works", request.param, 100, 10), refiner("Chile works", "Chile", 30, 20)]
    book = rows(Refiners=works)
    book["Current supply"] = [
        {"Refiner": who, "Mineral": "copper", "Member": "A", "Tonnes (t/yr)": tonnes}
        for who, tonnes in (("Works", 70), ("Chile works", 20))
    ]
    del book["Share limits"]
    write_book(case, book)
    assert main(["solve", str(case), "--output", str(path), "--json"]) == 0
    return path


def test_report_draws_the_largest_country(plan):
    drawn = charts(read_plan(plan))
    assert [picture.categories for picture in drawn["largest"]] == [("copper: Chile",)]
    (years,) = drawn["years"]
    assert [*years.series[0].values] == pytest.approx([0.0, 30 / 160])


def test_difference_tells_the_largest_country(plan, tmp_path, capsys):
    other = tmp_path / "other.xlsx"
    other.write_bytes(plan.read_bytes())
    capsys.readouterr()
    assert main(["diff", str(plan), str(other), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["minerals"][0]["share"]["old"] == pytest.approx(30 / 160)
