"""What is written: native tables and charts, numbers, texts that stay texts, CSV."""

from __future__ import annotations

import csv
import dataclasses
import re
import zipfile

import pytest

from models.case import Case
from models.plan import solve
from planner.documents.folder import write_csv
from planner.render.style import (
    LINE_HEIGHT,
    ROW_HEIGHT,
    column_widths,
    footer,
    line_count,
    mixed_format,
    most_money,
    number_format,
)
from planner.render.words import MOST_CHARACTERS, clean_text
from planner.sheets import Format, TableColumn, tables, write_plan
from planner.sheets.context import RunRecord
from planner.workbook import read_tables
from tests.sheets.desk import made, parts, refiner, rows, written

RECORD = RunRecord()
ODD = (
    "=1+1",
    "+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "-2",
    "https://example.org/a",
    "مصفاة النحاس",
    "🏭 works 🇨🇱",
    "<b> & \"quoted\" 'name'",
    "_x0041_",
    "123",
    "n" * 300,
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    path = tmp_path_factory.mktemp("plan") / "plan.xlsx"
    return path, written(path, rows())


def test_what_is_thrown_away_is_stored_as_it_is_and_the_same(tmp_path):
    read, files = read_tables(rows()), []
    plan = solve(read.case)
    for is_packed in (True, False):
        path = tmp_path / f"{is_packed}.xlsx"
        write_plan(path, plan, read, is_packed=is_packed, record=RECORD)
        with zipfile.ZipFile(path) as archive:
            kinds = {part.compress_type for part in archive.infolist()}
            assert kinds == {zipfile.ZIP_DEFLATED if is_packed else zipfile.ZIP_STORED}
            files.append({name: archive.read(name) for name in archive.namelist()})
    assert files[0] == files[1]


def test_parts_are_stored_to_the_byte_as_zipfile_stores_them(opened, tmp_path):
    path, again = opened[0], tmp_path / "again.xlsx"
    with zipfile.ZipFile(path) as given, zipfile.ZipFile(again, "w") as new:
        for part in given.infolist():
            new.writestr(zipfile.ZipInfo(part.filename), given.read(part), part.compress_type, 5)
    assert again.read_bytes() == path.read_bytes()


def test_every_sheet_is_a_table_with_filters_and_a_frozen_header(opened):
    _, book = opened
    for sheet in book:
        if sheet.title in {"Overview", "Charts"}:
            continue
        (table,) = sheet.tables.values()
        assert table.ref == sheet.dimensions
        assert (table.autoFilter is not None) == (sheet.title != "Chart data")
        assert sheet.freeze_panes == "A2"
        assert sheet.page_setup.paperSize in {8, 9}
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows == "$1:$1"


def test_headers_carry_their_notes(opened):
    _, book = opened
    for name in ("By mineral", "Plan", "Share limits", "Refiners", "Prices"):
        for cell in book[name][1]:
            assert cell.comment is not None, (name, cell.value)
            assert len(cell.comment.text) > 10
    notes = {c.value: c.comment.text for c in book["Prices"][1]}
    assert "fair shortage" in notes["Marginal price (USD/t)"]


def test_rows_have_heights_of_their_own_and_causes_two_lines_at_most(opened):
    _, book = opened
    for sheet in book:
        heights = [sheet.row_dimensions[i].height for i in range(1, sheet.max_row + 1)]
        assert all(heights), sheet.title
    tallest = max(book["Shortages"].row_dimensions[i].height for i in range(2, 4))
    assert tallest <= ROW_HEIGHT + LINE_HEIGHT


def test_what_is_printed_is_the_contracts_and_legible(opened):
    _, book = opened
    assert book["Members"].print_area.startswith("'Members'!$A$1:")
    assert book["By mineral"].print_area.endswith(f"$U${book['By mineral'].max_row}")


def test_scenario_and_options_stand_at_the_charts_and_on_every_page(opened):
    _, book = opened
    assert book["Charts"]["A2"].value.startswith("Scenario: Base; max country share 60 %.")
    for sheet in book:
        assert "Base; max country share 60 %" in sheet.oddFooter.left.text


def test_the_footer_keeps_to_what_a_program_reads():
    assert footer("A & B") == "&LA && B&RPage &P of &N"
    assert len(footer("&" * 500)) < 255
    assert footer("&" * 500).count("&") % 2 == 0


def test_numbers_are_numbers_with_formats(opened):
    _, book = opened
    for name, header, shown in (
        ("Plan", "Year", "0"),
        ("Plan", "Tonnes", "#,##0"),
        ("Plan", "Landed cost (USD/t)", "#,##0"),
        ("Country shares", "Share of demand", "0.0%"),
    ):
        sheet = book[name]
        at = next(c.column for c in sheet[1] if c.value == header)
        cells = [row[at - 1] for row in sheet.iter_rows(min_row=2)]
        assert all(isinstance(c.value, int | float) for c in cells)
        assert all(shown in c.number_format for c in cells)


def test_charts_are_native_with_titles_and_axes(opened):
    path, book = opened
    charts = parts(path, "xl/charts/chart")
    assert len(charts) >= 5
    assert book.sheetnames.index("Charts") < book.sheetnames.index("Plan")
    for chart in charts:
        titles = re.findall(r"<a:t>(.*?)</a:t>", chart)
        is_first_page = "share of what is bought" in chart  # its title says what its axis counts
        assert len(titles) >= (1 if is_first_page else 3), titles
        assert "Chart data" in chart
    assert sum("Limit" in chart for chart in charts) >= 2
    assert any("Share of coalition demand" in chart for chart in charts)


def test_chart_ranges_hold_what_they_say(opened):
    path, book = opened
    data = book["Chart data"]
    for chart in parts(path, "xl/charts/chart"):
        for name, categories, values in re.findall(
            r"<c:ser>.*?<c:tx>.*?<c:f>(.*?)</c:f>.*?<c:cat>.*?<c:f>(.*?)</c:f>"
            r".*?<c:val>.*?<c:f>(.*?)</c:f>",
            chart,
        ):
            at = data[name.split("!")[1].replace("$", "")]
            block = data[values.split("!")[1].replace("$", "")]
            others = data[categories.split("!")[1].replace("$", "")]
            block = block if isinstance(block, tuple) else ((block,),)
            others = others if isinstance(others, tuple) else ((others,),)
            first, last = block[0][0].row, block[-1][0].row
            assert (others[0][0].row, others[-1][0].row) == (first, last)
            keys = {(data.cell(r, 1).value, data.cell(r, 2).value) for r in range(first, last + 1)}
            assert keys == {(data.cell(first, 1).value, at.value)}


def test_text_stays_text(tmp_path):
    odd = [refiner(name, "Peru", 5, 30 + i, Note=name) for i, name in enumerate(ODD)]
    book = rows()
    book["Refiners"] += odd
    book["Settings"][1]["Value"] = "=HYPERLINK(1)"
    opened = written(tmp_path / "odd.xlsx", book)
    assert not any("<f>" in part for part in parts(tmp_path / "odd.xlsx", "xl/worksheets/sheet"))
    found = {c.value for c in opened["Refiners"]["B"][1:]}
    assert set(ODD) <= found
    assert all(c.data_type == "s" for c in opened["Refiners"]["B"])
    links = re.findall(r"<hyperlink .*?/>", "".join(parts(tmp_path / "odd.xlsx", "xl/worksh")))
    assert links  # of the first page, to the others
    assert all("location=" in link and "r:id" not in link for link in links)
    assert max(d.width for d in opened["Refiners"].column_dimensions.values()) < 60


@pytest.mark.parametrize("kept", [(), ("minerals", "members")])
def test_an_empty_plan_is_written(tmp_path, kept):
    read = read_tables(rows())
    case = Case(years=(2026,)).change(**{name: getattr(read.case, name) for name in kept})
    read = dataclasses.replace(read, case=case)
    plan = solve(case)
    write_plan(tmp_path / "empty.xlsx", plan, read, without_limits=None, options={}, timings={})
    for table in tables(plan, read).values():
        table.to_frame()
    assert not parts(tmp_path / "empty.xlsx", "xl/charts/chart")
    made_csv = write_csv(tmp_path / "csv", tables(plan, read).values())
    assert all(path.stat().st_size for path in made_csv)


def test_long_and_forbidden_text():
    assert clean_text("a\x00b\x1bc\ud800d") == "abcd"
    assert clean_text("one\r\ntwo\tthree") == "one two three"
    emoji = clean_text("🏭" * 20_000)
    assert emoji.endswith("🏭…")
    assert len(emoji.encode("utf-16-le")) // 2 <= MOST_CHARACTERS
    assert clean_text("n" * MOST_CHARACTERS) == "n" * MOST_CHARACTERS


def test_csv_is_for_programs_and_for_excel(tmp_path):
    book = rows()
    book["Refiners"].append(refiner("=1+1", "Peru", 500, 5))
    of = made(book)
    files = write_csv(tmp_path / "deep" / "folder", of.values())
    names = [f.name for f in files]
    assert [n for n in names if n != "members.csv"][:5] == [
        "decide-now.csv", "summary.csv", "by-mineral.csv", "by-year.csv", "scorecard.csv",
    ]  # fmt: skip
    plan = files[names.index("plan.csv")]
    assert plan.read_bytes().startswith(b"\xef\xbb\xbf")
    with plan.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [float(line["Tonnes"]) for line in lines] == of["Plan"].column("Tonnes").values
    assert "'=1+1" in {line["Refiner"] for line in lines}
    assert {line["Contract"] for line in lines} == {""}


def test_digits_that_matter():
    assert number_format(Format.TONNES, [1e6, 2.5]) == "[=0]0;[<100]#,##0.0;#,##0"
    assert number_format(Format.MONEY, [1e6]) == "#,##0"
    assert number_format(Format.TONNES, [-500.0, 3.0]) == "#,##0"
    assert number_format(Format.SHARE, [0.5]) == "0.0%"
    assert number_format(Format.TONNES, [0.002]) == "0.000"


def test_money_of_a_column_is_in_one_scale():
    """2 trillion above 37,244,467: both in millions; where none is so much, none is."""
    money = [2e12, 37_244_467.0, -190_000.0, 1_500.0, 12.0]
    forms = [mixed_format(Format.MONEY, amount, max(money)) for amount in money]
    assert forms[:4] == [
        '#,##0,," m"', '#,##0.0,," m"', '#,##0.0,," m"', '#,##0.000,," m"',
    ]  # fmt: skip
    column = TableColumn("Value", Format.LONG, money, [Format.MONEY] * 4 + [Format.TONNES])
    assert most_money(column) == 2e12
    assert mixed_format(Format.MONEY, 37_244_467.0, 4e7) == "#,##0"
    assert mixed_format(Format.TONNES, 37_244_467.0, 2e12) == "[=0]0;[<100]#,##0.0;#,##0"


def test_columns_are_wide_enough_for_header_and_cells():
    tonnes = TableColumn(
        "Nameplate capacity (t/yr)", Format.TONNES, [1_234_567_890.0, -9_876_543_210.0]
    )
    assert min(column_widths(tonnes, filtered=True)) >= len("-9,876,543,210")
    short = TableColumn("Average landed cost (USD/t)", Format.PRICE, [1.0])
    assert min(column_widths(short, filtered=True)) >= len("Average landed")
    words = TableColumn("Refiner", Format.TEXT, ["漢字" * 10])
    assert min(column_widths(words, filtered=True)) >= 40


def test_lines_of_a_text():
    assert line_count("short", 20, Format.LONG) == 1
    assert line_count("n" * 100, 20, Format.LONG) > 3
    assert line_count("n" * 1000, 100, Format.SENTENCE) == 4
    assert line_count(12.0, 5, Format.LONG) == 1
