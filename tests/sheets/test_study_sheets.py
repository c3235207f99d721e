"""The workbooks of studies: what charts choose, what is printed, what chance alone may be."""

from __future__ import annotations

from dataclasses import replace

import openpyxl
import pytest

from models.results import Runs
from models.results.field import Colour, Format
from planner.render.chart import Form, Picture, Role, Series, chart_table
from planner.render.claims import Sentence
from planner.render.front import FirstPage
from planner.render.table import Table, table_column
from planner.render.xlsx import write_workbook
from planner.studies import Here
from planner.studies.agreed_plan import Rules
from planner.studies.compare_tables import Comparison
from planner.studies.kind import Tables
from planner.studies.losses import stress
from planner.studies.stress import StressTest, stress_sheets
from planner.studies.stress_tables import tables_of
from planner.studies.sweep_tables import Frontier, Reference
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
    (missing,) = StressTest.pictures(many())
    assert missing.title == "Further missing of the mineral hit hardest"
    assert len(missing.categories) == 12
    assert missing.categories[0] == "CHN: copper"


def test_a_loss_is_printed_to_its_extra_cost():
    case = read_tables(make(refiner("R CHN", "CHN", 100, 10))).case
    of = next(t for t in stress_sheets(many(), case) if t.name == "Stress")
    assert of.headers[of.printed - 1] == "Extra cost with shortage (USD m)"
    assert of.printed < len(of.headers)


@pytest.mark.parametrize("pictures", ["bars", "two panels", "small", "none"])
@pytest.mark.parametrize("asked", [0, 2])
def test_the_first_page_fills_the_width_of_its_paper(asked, pictures, tmp_path):
    """Charts end where the page ends, and what is printed is as wide as paper for its height."""
    line = Series("A", Role.PLAN, (0.1, 0.2))
    fmt = {"small": pictures == "small", "is_panel": pictures == "two panels"}
    form, count = {
        "bars": (Form.BARS, 1), "two panels": (Form.LINES, 2), "small": (Form.BARS, 5),
        "none": (Form.BARS, 0),
    }[pictures]  # fmt: skip
    shown = [Picture("T", form, (1, 2), (line,), "Share", "", **fmt)] * count
    said = [Sentence("This. " * 15, "answer", "")]
    said += [Sentence("a remark " * 12, "figure", "", (), "N", "12.3 m USD")] * 3
    said += [Sentence("Do as it was.", "decide", "")] * asked
    front = FirstPage("T", "What?", tuple(said), pictures=tuple(shown))
    path = tmp_path / "study.xlsx"
    tables = [Table("T", (table_column("A", Format.COUNT, [1]),)), chart_table(shown)]
    write_workbook(path, tables, shown, "T", charts_before="", front=front)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    high = sum(sheet.row_dimensions[row].height for row in sheet.row_dimensions)
    wide = sheet.column_dimensions["A"].width * 18 * 5.25
    assert wide / high > 1.45  # a higher page leaves the right of the paper blank
    if pictures not in {"none", "bars"}:
        assert wide / high < 1.9  # a lower one its foot
    ends = {chart.anchor.to.col for chart in sheet._charts}
    assert not ends or max(ends) >= 17
    heights = [chart.anchor.to.row - chart.anchor._from.row for chart in sheet._charts]
    assert all(h >= 11 for h in heights)
    remark = next(
        c for row in sheet.iter_rows() for c in row if str(c.value).startswith("a remark")
    )
    merged = next(area for area in sheet.merged_cells.ranges if remark.coordinate in area)
    assert merged.size["columns"] == 6
    assert remark.alignment.wrap_text
    assert sheet.row_dimensions[remark.row].height > 2 * 12


@pytest.mark.parametrize(("rows", "kept"), [(12, 2), (13, 1)])
def test_the_rows_that_are_left_out_are_said_in_words_too(rows, kept):
    """Title, question and two headings have 6 words: 160 with two cautions of 77.

    With a row more than there is room for, "and 1 more: T" is too much.
    """
    said = (Sentence("word " * 77, "care", ""),) * 2
    table = Table("T", (table_column("A", Format.COUNT, range(rows)),))
    assert len(FirstPage("T", "What?", said, table).findings) == kept


def test_long_tables_of_a_study_are_for_the_screen(tmp_path):
    numbers = [Table(f"T {n}", (table_column("A", Format.COUNT, range(n)),)) for n in (500, 501)]
    path = tmp_path / "study.xlsx"
    write_workbook(path, [*map(on_paper, numbers)], (), "T", charts_before="")
    book = openpyxl.load_workbook(path)
    assert book["T 501"].print_area == "'T 501'!$B$1"
    assert "501 rows" in book["T 501"].oddHeader.left.text
    assert book["T 500"].print_area.startswith("'T 500'!$A$1:$A$")
    assert "of 500 rows" in book["T 500"].oddHeader.left.text
    assert len(list(book["T 501"].iter_rows())) == 502


def test_shares_are_coloured_against_the_first_row(tmp_path):
    """The base's row and text beside it are not; the rules of a column read from its own top."""
    cobalt = replace(
        table_column("Cobalt", Format.SHARE, [0.5, 0.7, None]), colour=Colour.AGAINST_FIRST
    )
    columns = (table_column("Scenario", Format.TEXT, "abc"), cobalt)
    path = tmp_path / "shares.xlsx"
    write_workbook(path, [Table("S", columns)], (), "T")
    (over,) = openpyxl.load_workbook(path)["S"].conditional_formatting
    assert str(over.sqref) == "B2:B4"
    assert [rule.formula for rule in over.rules] == [
        [f"AND(ISNUMBER(B2),ISNUMBER(B$2),B2-B$2{by})"]
        for by in (">=0.1", ">=0.005", "<=-0.1", "<=-0.005")
    ]


def test_one_name_for_what_the_program_minimises():
    for total in (Comparison.objective, Frontier.objective, Reference.objective):
        assert "discounted" in total.meaning
    assert Runs.objective.meaning.startswith("Total cost, ")
