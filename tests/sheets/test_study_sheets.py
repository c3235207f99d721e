"""The workbooks of studies: what charts choose, what is printed, what chance alone may be."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import openpyxl
import pytest

from models.plan import solve
from models.results import Runs
from models.results.field import Colour, Look
from planner.render.chart import Form, Picture, Role, Series, chart_table
from planner.render.front import StudyFront
from planner.render.table import Table, column
from planner.render.xlsx import write_workbook
from planner.sheets.context import Context
from planner.studies import Here
from planner.studies.agreed import Rules
from planner.studies.compare import Comparison, Entry, results
from planner.studies.compare import sheets as comparison_sheets
from planner.studies.kind import Tables
from planner.studies.losses import stress
from planner.studies.risk import significant
from planner.studies.stress import Losses, StressTest, sheets, tables_of
from planner.studies.sweep_tables import AsGiven, Frontier
from planner.studies.workbook import on_paper
from planner.workbook import read_tables
from tests.models.desk import make, refiner


def lost_in(*plants, **more):
    case = read_tables(make(*plants, **more)).case
    return Tables(tables_of(stress(case, Rules(0.0), where=Here())))


def many():
    """Twelve countries of 100 t; the last ones sell a tonne each, no one can sell more."""
    codes = ["CHN", "CHL", "PER", "IDN", "COD", "CUB", "IND", "RUS", "ZAF", "BRA", "ARG", "BOL"]
    sold = [40, 30, 20, 15, 10, 8, 6, 4, 2, 2, 1, 1]
    plants = [refiner(f"R {c}", c, t, 10) for c, t in zip(codes, sold, strict=True)]
    return lost_in(*plants, demand=sum(sold), years=(2026, 2027))


def test_charts_of_losses_say_what_they_choose():
    missing, costs, left, *small = StressTest.pictures(many())
    assert missing.title.startswith(
        "Missing part of need of the mineral hit hardest, by lost country, 2026 to"
    )
    assert costs.title == "What losing a country costs, 2026 to 2027 (the 10 dearest of 12)"
    assert left.title == "N-1: supply without its largest country"
    assert [p.title.split(" lost")[0] for p in small] == list(costs.categories[:6])
    assert [p.across for p in small] == [f"No. {n} of 12 by cost" for n in range(1, 7)]


def test_minerals_left_out_are_counted():
    book = {
        "Refiners": [refiner("Tin", "PER", 100, 5) | {"Mineral": "tin"}],
        "Demand": [{"Mineral": "tin", "Member": "A", "2026": 100}],
        "Minerals": [{"Mineral": "tin", "Price (USD/t)": 50}],
    }
    made = make(refiner("Jin", "CHN", 100, 10))
    for name, rows in book.items():
        made[name] += rows
    of = Tables(tables_of(stress(read_tables(made).case, Rules(0.0), where=Here())))
    small = [p for p in StressTest.pictures(of) if p.small]
    said = "1 of 2 minerals are left out: at most 0.5 %"
    assert [p.across for p in small] == [f"No. {n} of 2 by cost; {said}" for n in (1, 2)]


def test_a_loss_is_printed_to_its_extra_cost():
    case = read_tables(make(refiner("R CHN", "CHN", 100, 10))).case
    of = next(t for t in sheets(many(), case) if t.name == "Stress")
    assert of.headers[of.printed - 1] == "Extra cost with shortage (USD m)"
    assert of.printed < len(of.headers)


@pytest.mark.parametrize("pictures", ["bars", "two panels", "small", "none"])
@pytest.mark.parametrize("asked", [0, 4, 12, 40])
def test_the_first_page_fills_the_width_of_its_paper(asked, pictures, tmp_path):
    """Charts end where the page ends, and what is printed is as wide as paper for its height."""
    line = Series("A", Role.PLAN, (0.1, 0.2))
    look = {"small": pictures == "small", "is_panel": pictures == "two panels"}
    form, count = {
        "bars": (Form.BARS, 1), "two panels": (Form.LINES, 2), "small": (Form.BARS, 5),
        "none": (Form.BARS, 0),
    }[pictures]  # fmt: skip
    shown = [Picture("T", form, (1, 2), (line,), "Share", "", **look)] * count
    assumed = {f"What {n}": "as it is, and as it was " * 5 for n in range(asked)}
    numbers = (("N", "12.3 m USD", "a remark " * 20),) * 3
    front = StudyFront("T", "What?", "This. " * 30, numbers, assumed, ("T",), shown)
    path = tmp_path / "study.xlsx"
    tables = [Table("T", (column("A", Look.COUNT, [1]),)), chart_table(shown)]
    write_workbook(path, tables, shown, "T", charts_before="", front=front)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    high = sum(sheet.row_dimensions[row].height for row in range(1, sheet.max_row + 1))
    wide = sheet.column_dimensions["A"].width * 12 * 5.25
    assert wide / high > 1.45  # a higher page leaves the right of the paper blank
    if pictures != "none":
        assert wide / high < 1.6  # a lower one its foot
    ends = {chart.anchor.to.col for chart in sheet._charts}
    assert not ends or max(ends) >= 11
    heights = [chart.anchor.to.row - chart.anchor._from.row for chart in sheet._charts]
    assert all(h >= 11 for h in heights)
    remark = next(
        c for row in sheet.iter_rows() for c in row if str(c.value).startswith("a remark")
    )
    merged = next(area for area in sheet.merged_cells.ranges if remark.coordinate in area)
    assert merged.size["columns"] == 4
    assert remark.alignment.wrap_text
    assert sheet.row_dimensions[remark.row].height > 3 * 12


def test_long_tables_of_a_study_are_for_the_screen(tmp_path):
    numbers = [Table(f"T {n}", (column("A", Look.COUNT, range(n)),)) for n in (500, 501)]
    path = tmp_path / "study.xlsx"
    write_workbook(path, [*map(on_paper, numbers)], (), "T", charts_before="")
    book = openpyxl.load_workbook(path)
    assert book["T 501"].print_area == "'T 501'!$B$1"
    assert "501 rows" in book["T 501"].oddHeader.left.text
    assert book["T 500"].print_area.startswith("'T 500'!$A$1:$A$")
    assert "of 500 rows" in book["T 500"].oddHeader.left.text
    assert len(list(book["T 501"].iter_rows())) == 502


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({}, "cost alone"),
        ({"short": 30_000.0}, "cost and shortage"),
        ({"cost": -1.9e6}, "neither"),
        ({"cost": 1.9e6, "short": -26_000.0}, "shortage alone"),
        ({"cost": 0.0, "cost_error": 0.0}, "neither"),
        ({"cost_error": math.nan, "short_error": math.nan}, ""),
    ],
)
def test_what_a_year_of_an_event_adds_is_told_from_chance(cells, said):
    usual = {"cost": 3e6, "cost_error": 1e6, "short": -1_543.0, "short_error": 12_836.0}
    assert significant(*(np.array([v]) for v in (usual | cells).values())) == [said]


def test_shares_are_coloured_against_the_first_row(tmp_path):
    """The base's row and text beside it are not; the rules of a column read from its own top."""
    cobalt = replace(column("Cobalt", Look.SHARE, [0.5, 0.7, None]), colour=Colour.AGAINST_FIRST)
    columns = (column("Scenario", Look.TEXT, "abc"), cobalt)
    path = tmp_path / "shares.xlsx"
    write_workbook(path, [Table("S", columns)], (), "T")
    (over,) = openpyxl.load_workbook(path)["S"].conditional_formatting
    assert str(over.sqref) == "B2:B4"
    assert [rule.formula for rule in over.rules] == [
        [f"AND(ISNUMBER(B2),ISNUMBER(B$2),B2-B$2{by})"]
        for by in (">=0.1", ">=0.005", "<=-0.1", "<=-0.005")
    ]


def meaning(sheet, header="copper"):
    """What a column, a mineral's unless said, of a sheet of a comparison says that it is."""
    read = read_tables(make(refiner("Jin", "CHN", 100, 10)))
    entries = [Entry("Base", read.case, Context(solve(read.case), read))]
    made = comparison_sheets(entries, results(entries))
    return next(t for t in made if t.name == sheet).column(header).meaning


@pytest.mark.parametrize("sheet", ["Short by mineral", "Largest shares"])
def test_a_mineral_s_column_says_what_its_shares_are_of(sheet):
    assert "differs from the base" in meaning(sheet)
    assert not meaning(sheet, "Scenario")
    assert "last year" in meaning("Largest shares")


def test_one_name_for_what_the_program_minimises():
    for total in (Comparison.total, Frontier.objective, AsGiven.objective):
        assert "discounted" in total.meaning
    assert Runs.objective.meaning.startswith("Total cost, ")


def test_losses_that_cost_nothing_have_no_bar():
    of = many()
    losses = of[Losses]
    cost = [c if i < 3 else 0.0 for i, c in enumerate(losses.cost)]
    of.results[Losses] = Losses(words=losses.words, **{**losses.data, "cost": cost})
    _, costs, *_ = StressTest.pictures(of)
    assert len(costs.categories) == 3
    assert costs.title.endswith("2026 to 2027 (3 of 12; the others cost nothing)")
