"""The rows of a sheet: what is written a column at a time is what the library writes by itself."""

from __future__ import annotations

import random
import re
import tracemalloc
import zipfile

import openpyxl
import pytest
from xlsxwriter.worksheet import Worksheet

from planner.render import xlsx
from planner.render.chart import Form, Picture, Role, Series, chart_table
from planner.render.xlsx import write_workbook
from planner.sheets import Format, Table, TableColumn


class Slow(Worksheet):
    """The library's own worksheet, a cell at a time."""

    def fill(self, columns, heights):
        for row, height in enumerate(heights, start=1):
            self.set_row(row, height)
        for i, column in enumerate(columns):
            mixed = isinstance(column.formats, list)
            formats = column.formats if mixed else [column.formats] * len(column.values)
            for row, (value, fmt) in enumerate(zip(column.values, formats, strict=True), start=1):
                if isinstance(value, str):
                    self.write_string(row, i, value, fmt)
                elif value is not None:
                    self.write_number(row, i, value, fmt)
                elif mixed and fmt is not None:
                    self.write_blank(row, i, None, fmt)

    def add_tall_table(self, rows, last, options):
        self.add_table(0, 0, max(rows, 1), last, options)


def odd_table(rows: int, seed: int) -> Table:
    """A table of every kind of column: full, with gaps, empty, mixed, with sections."""
    draw = random.Random(seed)
    numbers = [draw.choice([1e-9, 12, 3.25, 1 / 3, -7.5e-4, 9.99e14, 0]) for _ in range(rows)]
    words = [
        draw.choice(["Çelik & <sons>", "=1+1", " spaced ", "銅", "100 %s"]) for _ in range(rows)
    ]
    gaps = [None if draw.random() < 0.3 else number for number in numbers]
    either = [draw.choice([None, "text", 5, 2.5]) for _ in range(rows)]
    formats = [draw.choice([Format.LONG, Format.SHARE, Format.MONEY]) for _ in range(rows)]
    return Table(
        f"Odd {seed}",
        (
            TableColumn("Number (t)", Format.TONNES, numbers),
            TableColumn("Year", Format.YEAR, [2026] * rows),
            TableColumn("Word", Format.TEXT, words),
            TableColumn("Empty", Format.TEXT, [None] * rows),
            TableColumn("Gaps", Format.PRICE, gaps),
            TableColumn(
                "Words with gaps",
                Format.SENTENCE,
                [w if g else None for w, g in zip(words, gaps, strict=True)],
            ),
            TableColumn("Either", Format.LONG, either),
            TableColumn("Mixed", Format.TEXT, either, formats),
        ),
        sections=frozenset({1, rows - 1}) if seed % 2 else frozenset(),
    )


def written(path, sheet_class, monkeypatch):
    monkeypatch.setattr(xlsx, "StreamedWorksheet", sheet_class)
    series = Series("Of it", Role.PLAN, (0.5, None, 0.25))
    picture = Picture("A chart", Form.GROUPED, ("a", "b", "c"), (series,), "share", "letters")
    tables = [odd_table(rows, i) for i, rows in enumerate([40, 23, 3, 2_500])]
    blank = Table("Blank rows", (TableColumn("A", Format.TEXT, [None, "x", None, None]),))
    none = Table(
        "No rows", (TableColumn("A", Format.TEXT, []), TableColumn("B", Format.TONNES, []))
    )
    every = [*tables, blank, none, chart_table([picture])]
    write_workbook(path, every, [picture], "T", charts_before="Odd 1")
    return openpyxl.load_workbook(path), zipfile.ZipFile(path)


def formats(cell):
    shown = (cell.font, cell.fill, cell.border, cell.alignment)
    return cell.value, cell.data_type, cell.number_format, tuple(map(repr, shown))


def test_cells_heights_tables_notes_and_charts_are_those_of_the_library(tmp_path, monkeypatch):
    mine, parts = written(tmp_path / "mine.xlsx", xlsx.StreamedWorksheet, monkeypatch)
    other, theirs = written(tmp_path / "theirs.xlsx", Slow, monkeypatch)
    assert mine.sheetnames == other.sheetnames
    for one, two in zip(mine, other, strict=True):
        assert one.dimensions == two.dimensions
        heights = [{k: d.height for k, d in s.row_dimensions.items()} for s in (one, two)]
        assert heights[0] == heights[1]
        for row, like in zip(one.iter_rows(max_row=60), two.iter_rows(max_row=60), strict=True):
            assert list(map(formats, row)) == list(map(formats, like))
        values = [list(s.iter_rows(values_only=True)) for s in (one, two)]
        assert values[0] == values[1]
    names = parts.namelist()
    assert names == theirs.namelist()
    same = [n for n in names if re.search(r"tables/|charts?/|drawings/|comments", n)]
    assert any("charts/" in n for n in same)
    assert any("vmlDrawing" in n for n in same) == any("comments" in n for n in same)
    for name in same:
        assert parts.read(name) == theirs.read(name), name


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_no_cell_holds_is_refused(tmp_path, number):
    table = Table("T", (TableColumn("N", Format.TONNES, [1.0, number]),))
    with pytest.raises(TypeError):
        write_workbook(tmp_path / "t.xlsx", [table], (), "T")


def test_large_numbers_whose_sum_is_infinite_are_written(tmp_path):
    table = Table("T", (TableColumn("N", Format.TONNES, [1.5e308, 1.5e308]),))
    write_workbook(tmp_path / "t.xlsx", [table], (), "T")
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx")["T"]
    assert [sheet["A2"].value, sheet["A3"].value] == [1.5e308, 1.5e308]


def test_a_table_longer_than_a_sheet_goes_on_in_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx, "MOST_ROWS", 3)
    columns = (
        TableColumn("N", Format.COUNT, list(range(7))),
        TableColumn("Year", Format.YEAR, [2026] * 7, meaning="When."),
    )
    table = Table("Plan", columns, sections=frozenset({4}))
    write_workbook(tmp_path / "t.xlsx", [table], (), "T", charts_before="")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    assert book.sheetnames == ["Plan", "Plan 2", "Plan 3"]
    found = [[row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] for sheet in book]
    assert found == [[0, 1, 2], [3, "4", 5], [6]]
    assert [next(iter(s.tables.values())).ref for s in book] == ["A1:B4", "A1:B4", "A1:B2"]
    assert len({name for s in book for name in s.tables}) == 3
    assert all(s["B1"].comment.text == book["Plan"]["B1"].comment.text for s in book)


def test_no_object_is_kept_for_a_cell(tmp_path, monkeypatch):
    """A quarter of a million cells that exist already are written within a few megabytes."""
    monkeypatch.setattr(xlsx, "_IN_MEMORY", 0)
    columns = [TableColumn(f"N{i}", Format.TONNES, [i + 0.5] * 20_000) for i in range(12)]
    table = Table("T", tuple(columns))
    tracemalloc.start()
    write_workbook(tmp_path / "t.xlsx", [table], (), "T")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12e6


@pytest.mark.parametrize("rows", [100, 10_000])
def test_parts_in_memory_and_in_scratch_files_make_one_workbook(tmp_path, monkeypatch, rows):
    """Most workbooks are put together in memory: 90,000 cells within 12 MB, too."""
    table = Table(
        "T", tuple(TableColumn(f"N{i}", Format.TONNES, [i + 0.5] * rows) for i in range(9))
    )
    tracemalloc.start()
    write_workbook(tmp_path / "a.xlsx", [table], (), "T")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12e6
    monkeypatch.setattr(xlsx, "_IN_MEMORY", 0)
    write_workbook(tmp_path / "b.xlsx", [table], (), "T")
    mine, theirs = (zipfile.ZipFile(tmp_path / f"{name}.xlsx") for name in "ab")
    assert mine.namelist() == theirs.namelist()
    for name in mine.namelist():
        if name != "docProps/core.xml":  # it says when
            assert mine.read(name) == theirs.read(name), name
