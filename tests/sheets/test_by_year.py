"""By year and Shortage causes: what a hand finds; how many pages a plan is in print."""

from __future__ import annotations

import math
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils import column_index_from_string, range_boundaries

from models.answers.explain import explain, members_short_together
from models.plan import solve
from models.results import CATALOGUE
from planner.workbook import read, read_tables
from tests.sheets.desk import made, rows, written

EXAMPLE = Path(__file__).parents[2] / "inputs" / "critical-minerals.xlsx"


def by_year(book):
    """Return By year's cells of each year by measure."""
    frame = made(book)["By year"].to_frame()
    of = frame[frame["Mineral"] == "copper"].set_index("Measure")
    return {name: list(of.loc[name, ["2026", "2027"]]) for name in of.index}


def test_by_year_says_what_a_hand_finds():
    of = by_year(rows())
    assert of["Demand"] == [100, 160]
    assert of["Purchases"] == pytest.approx([90, 126])
    assert of["Short"] == pytest.approx([10, 34])
    assert of["Served"] == pytest.approx([0.9, 1 - 34 / 160])
    assert of["Largest supplier"] == ["China", "China"]
    assert of["Share of demand"] == pytest.approx([0.6, 0.6])
    assert of["Share of purchases"] == pytest.approx([60 / 90, 96 / 126])
    assert of["Limit"] == [0.6, 0.6]
    assert of["Average landed cost"] == pytest.approx([
        (60 * 11 + 30 * 21) / 90, (96 * 11 + 30 * 21) / 126,
    ])  # fmt: skip


def test_by_year_is_blank_where_there_is_nothing_to_say():
    book = rows()
    for row in book["Demand"]:
        row["2026"] = 0
    of = by_year(book)
    assert not of["Demand"][0]
    assert of["Served"][0] is None
    assert of["Average landed cost"][0] is None


def test_one_row_where_all_members_share_a_cause_and_shortages_keeps_its_own():
    sheets = made(rows())
    (row,) = sheets["Shortage causes"].to_frame().to_dict("records")
    assert (row["Members"], row["Years"]) == ("Both members", "2026, 2027")
    assert row["Missing (t)"] == pytest.approx(44)
    assert row["Missing (share)"] == pytest.approx(44 / 260)
    assert row["Cause"].startswith("Capacity open to the coalition is used up at Chile works")
    assert len(sheets["Shortages"]) == 4


def test_members_are_named_where_not_all_are_short():
    book = rows()
    book["Lanes"] = [{"To member": "A", "Refiner": "China works", "Open": "no"}]
    del book["Share limits"]
    said = list(made(book)["Shortage causes"].column("Members").values)
    assert said
    assert all(not who.startswith("All") for who in said if who in {"A", "B"} or "of 2" in who)


def test_no_shortage_no_sheet():
    book = rows()
    del book["Share limits"]
    for row in book["Demand"]:
        row["2027"] = 10
    assert "Shortage causes" not in made(book)


def test_explain_says_it_in_one_line():
    plan = solve(read_tables(rows()).case)
    assert members_short_together(plan, "copper", 2027) == 2
    assert explain(plan, "copper", "A", 2027).members_short == 2


# ---- in print ----------------------------------------------------------------------------------


def size_and_pages(sheet) -> tuple[float, int]:
    """Return how large a sheet's letters are printed, in points, and on how many pages.

    By the heights and widths that are written.
    """
    area = str(sheet.print_area).rpartition("!")[2].replace("$", "")
    left, top, right, bottom = range_boundaries(area)
    if left > sheet.max_column:  # a blank cell
        return 10.0, 0
    every = sheet.column_dimensions.values()  # one for all neighbours of one width
    widths = {i: each.width for each in every for i in range(each.min, each.max + 1)}
    wide = [widths[i] for i in range(left, right + 1)]
    again = (sheet.print_title_cols or "A").rpartition(":")[2].replace("$", "")
    keys = wide[: column_index_from_string(again)] if sheet.print_title_cols else []
    heights = [sheet.row_dimensions[r].height or 15.75 for r in range(top, bottom + 1)]
    across, down = (842, 595) if sheet.page_setup.orientation == "landscape" else (595, 842)
    assert int(sheet.page_setup.paperSize) == 9  # A4
    beside = int(sheet.page_setup.fitToWidth or 1)
    total = 5.25 * (sum(wide) + (beside - 1) * sum(keys))
    size = min(1.0, (across - 58) * beside / total)
    each = math.ceil(sum(heights[1:]) / ((down - 80) / size - heights[0]))
    return 10 * size, each * beside


def pages(sheet) -> int:
    """Return the pages of a sheet in print."""
    if sheet.title in {"Overview", "Charts"}:
        return 1 + len(sheet.row_breaks.brk)
    return size_and_pages(sheet)[1]


@pytest.mark.slow
def test_the_example_is_at_most_20_pages_in_print(tmp_path):
    from planner.sheets import write_plan

    example = read(EXAMPLE)
    write_plan(tmp_path / "plan.xlsx", solve(example.case), example)
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    of = {sheet.title: pages(sheet) for sheet in book}
    assert sum(of.values()) <= 20, of
    assert of.pop("Charts") <= 3  # a chart for each of ten minerals
    assert max(of.values()) <= 2, of
    tables = [sheet for sheet in book if sheet.title not in {"Overview", "Charts"}]
    assert {s.title: size_and_pages(s)[0] for s in tables if size_and_pages(s)[0] < 6.5} == {}
    assert (of["By mineral"], book["By mineral"].print_title_cols) == (2, "$A:$A")
    assert size_and_pages(book["By mineral"])[0] > 8
    unprinted = {sheet.title for sheet in tables if not size_and_pages(sheet)[1]}
    unread = {t.TABLE for t in CATALOGUE.values() if not t.PRINTED} & {*book.sheetnames}
    assert unprinted == {*unread, "Shortages"}
    assert all(sheet.sheet_state == "visible" for sheet in book)  # verify refuses hidden ones
    sheet = book["Decide now"]
    assert sheet.oddHeader.left.text.startswith("Printed: ")
    assert sheet.print_title_rows == "$1:$1"


def test_every_sheet_has_a_print_area(tmp_path):
    """A program that finds one prints no sheet without."""
    book = written(tmp_path / "plan.xlsx", rows())
    assert all(sheet.print_area for sheet in book)
    for name, cell in (("Values", "$E$1"), ("Prices", "$J$1")):
        assert book[name].print_area.endswith(cell)
        assert book[name][cell.replace("$", "")].value is None
        assert book[name].oddHeader.left.text.startswith("Not printed: ")
